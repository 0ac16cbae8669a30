//! Keeping the operator's favourites.

use std::sync::Arc;

use domain::Trouble;
use domain::orders::{KeepFavourites, Outcome};

use crate::orders::{Done, Fault};
use crate::shared::Core;
use crate::tasks::open;

pub(super) async fn keep(core: &Arc<Core>, order: KeepFavourites) -> Result<Done, Fault> {
    let keys = order.keys.clone();
    core.on_store("the favourites", move |store| store.favourites().save(&keys)).await?.map_err(Trouble::from)?;
    *open(&core.favourites) = Arc::new(order.keys);
    core.nudge.notify_one();
    Ok(Done { outcome: Outcome::default(), change: None, check: None })
}
