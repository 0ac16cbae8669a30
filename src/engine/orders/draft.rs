//! Keeping and dropping a draft.

use std::sync::Arc;

use domain::Trouble;
use domain::orders::{DropDraft, KeepDraft, Outcome};

use crate::orders::{Done, Fault};
use crate::shared::Core;

pub(super) async fn keep(core: &Arc<Core>, order: KeepDraft) -> Result<Done, Fault> {
    let draft = order.draft;
    let said = format!("The draft for {} is kept.", draft.environment);
    core.on_store("the drafts", move |store| store.drafts().save(&draft)).await?.map_err(Trouble::from)?;
    Ok(Done { outcome: Outcome::said(said), change: None, check: None })
}

pub(super) async fn forget(core: &Arc<Core>, order: DropDraft) -> Result<Done, Fault> {
    let environment = order.environment;
    let said = format!("The draft for {environment} was dropped.");
    core.on_store("the drafts", move |store| store.drafts().remove(&environment)).await?.map_err(Trouble::from)?;
    Ok(Done::said(said))
}
