//! What only a HelmRelease takes: a release by force, and a new start after failures.

use std::sync::Arc;

use cluster::act::Token;
use domain::Trouble;
use domain::flux::ObjectKey;
use domain::orders::release::KIND;
use domain::orders::{Force, Reset};

use crate::orders::{Done, Fault};
use crate::shared::Core;

pub(super) async fn force(core: &Arc<Core>, order: Force) -> Result<Done, Fault> {
    helm_release(&order.key)?;
    core.fleet.request_with(&order.key, Token::Force).await?;
    Ok(Done::said(format!("{} was asked for a release by force.", order.key)))
}

pub(super) async fn reset(core: &Arc<Core>, order: Reset) -> Result<Done, Fault> {
    helm_release(&order.key)?;
    core.fleet.request_with(&order.key, Token::Reset).await?;
    Ok(Done::said(format!("{} was asked to forget its failures and try again.", order.key)))
}

fn helm_release(key: &ObjectKey) -> Result<(), Trouble> {
    if &*key.kind == KIND {
        return Ok(());
    }
    Err(Trouble::usage("Only a HelmRelease takes that", key)
        .why(format!("{} is a {}", key.name, key.kind))
        .next("Reconcile it instead."))
}
