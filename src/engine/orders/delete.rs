//! Deleting an object: the very one that was looked at, and no namesake.

use std::sync::Arc;

use cluster::act::Removal;
use domain::orders::{Delete, Propagation};

use crate::orders::{Done, Fault};
use crate::shared::Core;

pub(super) async fn delete(core: &Arc<Core>, order: Delete) -> Result<Done, Fault> {
    let removal = Removal { uid: order.uid.clone(), propagation: order.propagation };
    let waiting = core.fleet.delete(&order.key, &removal).await?;
    let said = if waiting.is_empty() {
        format!("{} was deleted.", order.key)
    } else {
        format!("{} is being deleted; it goes when its finalizers are taken away: {}.", order.key, waiting.join(", "))
    };
    let kept = if order.propagation == Propagation::Orphan { " What it owned stays." } else { "" };
    Ok(Done::said(format!("{said}{kept}")))
}
