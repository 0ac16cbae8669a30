//! Holding namespaces open: their workloads and Pods are watched as long as the question stands.

use std::sync::Arc;

use domain::Trouble;
use domain::ident::ContextName;
use domain::query::Answer;

use crate::holds::MOST;
use crate::shared::Core;

/// Holds namespaces until it is dropped; never answers.
pub(super) async fn hold(core: &Arc<Core>, wanted: Vec<(ContextName, String)>) -> Result<Answer, Trouble> {
    let (_held, refused) = core.holds.take(wanted);
    if let Some((context, namespace)) = refused.first() {
        let more = if refused.len() > 1 { format!(" and {} more", refused.len() - 1) } else { String::new() };
        core.mishaps.add(
            Trouble::failed("Not every namespace is watched", format!("{namespace} in {context}{more}"))
                .why(format!("at most {MOST} namespaces are looked into at once"))
                .next("Fold what need not be seen; its namespaces are then let go."),
        );
    }
    std::future::pending().await
}
