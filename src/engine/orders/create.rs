//! Creating objects: every one is tried by the server before the first is made, and what exists is never touched.

use std::sync::Arc;

use domain::Trouble;
use domain::orders::{Create, Fresh};
use domain::redact;
use serde_json::Value;

use crate::orders::{Done, Fault};
use crate::shared::Core;

pub(super) async fn create(core: &Arc<Core>, order: Create) -> Result<Done, Fault> {
    rehearse(core, &order).await?;
    let mut made: Vec<String> = Vec::new();
    for fresh in &order.objects {
        if let Err(trouble) = send(core, fresh, false).await {
            // What stands already is named, so that nobody has to look for it.
            let left = (!made.is_empty()).then(|| format!("{}; {} was created before and stays", trouble.why, made.join(", ")));
            return Err(Fault::after(!made.is_empty(), Trouble { why: left.unwrap_or(trouble.why.clone()), ..trouble }));
        }
        made.push(fresh.key.to_string());
    }
    made.reverse();
    Ok(Done::said(format!("Created: {}.", made.join(", "))))
}

/// Lets the server say what it has against any of it; nothing is kept.
pub(crate) async fn rehearse(core: &Core, order: &Create) -> Result<(), Trouble> {
    for fresh in &order.objects {
        send(core, fresh, true).await?;
    }
    Ok(())
}

async fn send(core: &Core, fresh: &Fresh, dry_run: bool) -> Result<(), Trouble> {
    let object: Value = serde_json::from_str(fresh.body.text())
        .map_err(|e| Trouble::usage("The object cannot be read", &fresh.key).why(e).next("Fill in the form again."))?;
    redact::know_secret(&object);
    core.fleet.create(&fresh.key, &object, dry_run).await
}
