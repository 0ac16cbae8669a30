//! Flux itself: how it is doing, what installing a release would do, what removing it would take away.

use std::sync::Arc;

use domain::Trouble;
use domain::ident::ContextName;
use domain::query::{Answer, Manifest};

use crate::shared::Core;
use crate::toolkit as flux;

pub(super) async fn toolkit(core: &Arc<Core>, context: ContextName, manifest: Option<Manifest>) -> Result<Answer, Trouble> {
    Ok(Answer::Toolkit(Arc::new(flux::toolkit(core, context, manifest).await?)))
}

pub(super) async fn installation(
    core: &Arc<Core>,
    context: ContextName,
    from: &Manifest,
    components: &[String],
) -> Result<Answer, Trouble> {
    Ok(Answer::Installation(Arc::new(flux::installation(core, context, from, components).await?)))
}

pub(super) async fn removal(core: &Arc<Core>, context: ContextName, with_namespace: bool) -> Result<Answer, Trouble> {
    Ok(Answer::Removal(Arc::new(flux::removal(core, context, with_namespace).await?)))
}
