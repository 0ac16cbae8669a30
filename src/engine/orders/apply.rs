//! Changing a live object as it was edited and reviewed; when somebody changed it meanwhile it fails.

use std::sync::Arc;

use domain::Trouble;
use domain::orders::Apply;
use serde_json::Value;

use crate::live;
use crate::orders::{Done, Fault};
use crate::shared::Core;

/// How often it is tried anew when only the status of the object has changed.
const CONFLICTS: u32 = 5;

pub(super) async fn apply(core: &Arc<Core>, order: Apply) -> Result<Done, Fault> {
    let patch: Value = serde_json::from_str(order.patch.text())
        .map_err(|e| Trouble::usage("The change cannot be read", &order.key).why(e).next("Edit it again."))?;
    carry_out(core, &order, &patch).await?;
    let undone = order.origin.as_ref().map_or_else(String::new, |origin| format!(" {}", origin.warning()));
    Ok(Done::said(format!("{} was changed in the cluster.{undone}", order.key)))
}

/// Changes the object. A controller that writes a status makes a new version too: as long as the rest is what was reviewed, that
/// is no conflict.
async fn carry_out(core: &Core, order: &Apply, patch: &Value) -> Result<(), Trouble> {
    let mut version = order.version.clone();
    for _ in 0..CONFLICTS {
        let Err(trouble) = core.fleet.patch(&order.key, patch, &version, false).await else { return Ok(()) };
        let (now, seen) = live::standing(core, &order.key).await?;
        if now == version || seen.is_empty() || seen != order.seen {
            return Err(trouble);
        }
        version = now;
    }
    core.fleet.patch(&order.key, patch, &version, false).await.map(drop)
}
