//! Changing a live object as it was edited and reviewed; a newer version of it makes it fail.

use std::sync::Arc;

use domain::Trouble;
use domain::orders::Apply;
use serde_json::Value;

use crate::orders::{Done, Fault};
use crate::shared::Core;

pub(super) async fn apply(core: &Arc<Core>, order: Apply) -> Result<Done, Fault> {
    let patch: Value = serde_json::from_str(order.patch.text())
        .map_err(|e| Trouble::usage("The change cannot be read", &order.key).why(e).next("Edit it again."))?;
    core.fleet.patch(&order.key, &patch, &order.version, false).await?;
    let undone = order.origin.as_ref().map_or_else(String::new, |origin| format!(" {}", origin.warning()));
    Ok(Done::said(format!("{} was changed in the cluster.{undone}", order.key)))
}
