//! What the lists of deployments do not hold: whole records, and the figures of many.

use std::sync::Arc;

use domain::Trouble;
use domain::ident::DeploymentId;
use domain::monitor::{Span, monitor};
use domain::query::Answer;

use crate::shared::Core;
use crate::tasks::blocking;

/// Returns the whole record of a deployment, read from the journal where it is an old one.
pub(super) async fn record(core: &Arc<Core>, id: &DeploymentId) -> Result<Answer, Trouble> {
    let known = core.store.state().deployments.get(id).cloned();
    let known = known.ok_or_else(|| Trouble::not_found("There is no such deployment", id).next("List them with history."))?;
    core.recall(&known).await.map(Answer::Record)
}

/// Works out the figures of a span on a thread of their own: a hundred thousand deployments take a while.
pub(super) async fn figures(core: &Arc<Core>, span: Span) -> Result<Answer, Trouble> {
    let state = core.store.state();
    let found = blocking("the figures", move || monitor(state.deployments.iter(), &span)).await?;
    Ok(Answer::Monitor(Arc::new(found)))
}
