//! Answers to what the world does not hold: one file per group of queries. Nothing here changes anything.

mod audit;
mod back;
mod changed;
mod charts;
mod deletion;
mod detail;
mod drift;
mod edit;
mod form;
mod history;
mod hold;
mod logs;
mod object;
pub(crate) mod origin;
mod promote;
mod repository;
mod sides;
mod toolkit;
mod trace;
mod values;
mod written;

use std::sync::Arc;

use domain::Trouble;
use domain::actor::Actor;
use domain::query::{Answer, Query};

use crate::causes;
use crate::shared::Core;

/// Takes what is found before an answer is complete.
pub(crate) type More<'a> = &'a (dyn Fn(Answer) + Send + Sync);

/// Answers a query.
///
/// What is found before the answer is complete goes to `more`.
pub(crate) async fn answer(core: &Arc<Core>, actor: &Actor, query: Query, more: More<'_>) -> Result<Answer, Trouble> {
    match query {
        Query::Form(environment) => form::form(core, &environment).await,
        Query::Draft(environment) => form::draft(core, environment).await,
        Query::Preview(draft) => form::preview(core, actor, &draft).await,
        Query::Trial(draft) => Box::pin(form::trial(core, actor, &draft)).await,
        Query::Yaml(key) => object::yaml(core, &key).await,
        Query::Events(key) => object::events(core, &key).await,
        Query::Log(of) => object::log(core, of).await,
        Query::Connect(repository) => repository::connect(core, &repository).await,
        Query::Commits { project, branch, path, limit } => repository::commits(core, &project, &branch, path, limit).await,
        Query::Audit(filter) => audit::audit(core, filter).await,
        Query::Record(id) => history::record(core, &id).await,
        Query::Monitor(span) => history::figures(core, span).await,
        Query::Hold(namespaces) => hold::hold(core, namespaces).await,
        Query::Edit(key) => edit::edit(core, key).await,
        Query::Review(edited) => edit::review(core, &edited).await,
        Query::Origin(key) => origin::origin(core, &key).await,
        Query::Written(key) => written::written(core, key).await,
        Query::Unwritten(environment, fresh) => written::unwritten(core, &environment, fresh).await,
        Query::Deletion(keys) => deletion::deletion(core, keys).await,
        Query::Drift(key, against) => drift::drift(core, &key, against, more).await,
        Query::Whole(key) => detail::whole(core, &key).await,
        Query::Inventory(key) => detail::inventory(core, &key).await,
        Query::Happenings(key, around) => detail::happenings(core, &key, around).await,
        Query::Trace(key) => trace::trace(core, &key).await,
        Query::Why(key) => Box::pin(causes::explained(core, key)).await.map(|found| Answer::Why(Arc::new(found))),
        Query::Values(key) => values::values(core, &key).await,
        Query::Rehearse(order) => crate::orders::create::rehearse(core, &order).await.map(|()| Answer::Rehearsed),
        Query::Toolkit(context, manifest) => toolkit::toolkit(core, context, manifest).await,
        Query::Installation { context, from, components } => toolkit::installation(core, context, &from, &components).await,
        Query::Removal(context, with_namespace) => toolkit::removal(core, context, with_namespace).await,
        Query::Setup(environment) => crate::orders::environment::setup(core, &environment).await.map(Answer::Setup),
        Query::FleetPlan(environment, fleet) => {
            let plan = crate::orders::fleet::plan(core, &environment, fleet).await?;
            Ok(Answer::FleetPlan(Box::new(plan)))
        }
        Query::FolderPlan(fleet, fresh) => {
            let plan = crate::orders::create_in_git::plan(core, fleet, &fresh).await?;
            Ok(Answer::FolderPlan(Box::new(plan)))
        }
        Query::EnvironmentRemoval(id) => deletion::removal(core, &id).await,
        Query::Back(environment, back) => back::back(core, actor, &environment, &back).await,
        Query::Promote(wanted) => promote::promote(core, wanted).await,
        Query::Sides(project) => sides::sides(core, &project).await,
        Query::Changed(id) => changed::changed(core, &id).await,
        Query::Follow(wanted) => logs::follow(core, wanted, more).await,
    }
}
