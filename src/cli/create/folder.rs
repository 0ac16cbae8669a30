//! `create --git=PROJECT:PATH`: an object goes into a folder of a repository that belongs to no environment.

use std::time::Duration;

use domain::Trouble;
use domain::flux::{Health, ObjectKey};
use domain::orders::{Create, CreateInGit, Fleet, FolderPlan, Order};
use domain::query::{Answer, Query};
use domain::world::World;

use super::Place;
use crate::cli::{Format, ask, deployments, output};
use crate::launch::Deck;

/// Shows what would be committed, asks, commits, and waits for the object when that was asked for.
pub(super) async fn write(
    deck: &Deck,
    format: Format,
    (order, fleet): (Create, Fleet),
    place: &Place,
    (yes, dry_run): (bool, bool),
) -> Result<(), Trouble> {
    let wait = place.follow.as_deref().map(deployments::duration).transpose()?;
    let mut objects = order.objects;
    let Some(fresh) = objects.pop() else { return Ok(()) };
    let key = fresh.key.clone();
    // Who applies the folder is known once the lists are complete.
    drop(deck.listed(&key.context(), &["GitRepository", "Kustomization", &key.kind]).await);
    let Answer::FolderPlan(plan) = deck.ask(Query::FolderPlan(fleet, fresh.clone())).await? else {
        return Err(Trouble::failed("The engine gave another answer than was asked for", &key));
    };
    if dry_run {
        return show(format, &plan);
    }
    output::shown(&plan.change.files);
    let applied = !plan.by.is_empty();
    let order = Order::CreateInGit(CreateInGit { object: fresh, plan: *plan, message: place.message.clone() });
    deck.may(order.terms().object())?;
    ask::confirm(&order.terms().question(), yes)?;
    if !objects.is_empty() {
        let outcome = ask::give(deck, Order::Create(Create { objects }), yes).await?;
        output::note(&outcome.said);
    }
    let outcome = deck.give(order).await?;
    if let Some(wait) = wait.filter(|_| applied) {
        there(deck, &key, wait).await?;
    }
    output::Done::new(&key, outcome.said).show(format)
}

fn show(format: Format, plan: &FolderPlan) -> Result<(), Trouble> {
    match format {
        Format::Json | Format::Yaml => output::show(format, &plan.change.files, &[])?,
        Format::Name => plan.change.files.iter().for_each(|file| output::line(&file.path)),
        Format::Table | Format::Wide => output::changed(&plan.change.files),
    }
    match plan.by.as_slice() {
        [] => output::note("No Kustomization applies that folder: nothing would bring it about yet."),
        by => by.iter().for_each(|by| output::note(&format!("{by} would bring it about."))),
    }
    output::note("Nothing was committed: that was asked for.");
    Ok(())
}

/// Waits until an object is in the cluster and ready.
async fn there(deck: &Deck, key: &ObjectKey, wait: Duration) -> Result<(), Trouble> {
    let mut worlds = deck.worlds();
    let over = |world: &World| world.flux_object(key).is_some_and(|object| matches!(object.health(), Health::Ok | Health::Off));
    let ready = worlds.wait_for(|world| over(world));
    if tokio::time::timeout(wait, ready).await.is_ok() {
        return Ok(());
    }
    let said = deck.world().flux_object(key).map(|object| object.message().to_owned());
    let why = said.unwrap_or_else(|| "it is not in the cluster yet".to_owned());
    let late = Trouble::timed_out("It is committed, but not ready within the time given", key);
    Err(late.why(why).next(format!("Ask why {key}.")))
}
