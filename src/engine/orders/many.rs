//! Several orders after one question: each goes through the gate by itself, a few at a time, and each is told of.

use std::future::Future;

use domain::Trouble;
use domain::orders::{Many, Order, Outcome, Part, Terms};
use futures::{StreamExt, stream};

/// How many are under way at once: the API server answers to others too.
const AT_ONCE: usize = 8;

/// Takes them all through the gate, which is `one`, and returns what came of each, in their order.
pub(crate) async fn give<F>(many: Many, one: impl Fn(Order) -> F) -> Outcome
where
    F: Future<Output = Result<Outcome, Trouble>>,
{
    let act = many.act();
    let give = |order: Order| {
        let object = order.terms().object();
        let given = one(order);
        async move { Part { object, result: given.await.map(|outcome| outcome.said) } }
    };
    let parts: Vec<Part> = stream::iter(many.into_orders()).map(give).buffered(AT_ONCE).collect().await;
    let failed = parts.iter().filter(|part| part.result.is_err()).count();
    let (all, done, past) = (parts.len(), parts.len() - failed, past(act));
    let said = match failed {
        0 => format!("{all} objects: {past}."),
        _ => format!("{done} of {all} objects: {past}; {failed} failed."),
    };
    Outcome { parts, ..Outcome::said(said) }
}

/// Refuses several orders within several: they were made flat when they were put together.
pub(crate) fn nested(many: &Many) -> Trouble {
    Trouble::usage("Several orders cannot be one of several", many.object()).next("Give each by itself.")
}

/// Returns the word for what was done.
fn past(act: &str) -> &'static str {
    match act {
        "flux.suspend" => "suspended",
        "flux.resume" => "resumed",
        "flux.reconcile" => "asked to reconcile",
        "flux.reconcile-with-source" => "asked to reconcile after their sources",
        "flux.force" => "asked for a release by force",
        "flux.reset" => "failure counters reset",
        "object.delete" => "deleted",
        "project.adopt" => "adopted",
        _ => "done",
    }
}
