//! `rollback` and `revert`: deployments are taken back by a commit of their own, which is reviewed, pushed and followed.

use clap::{Args, ValueEnum};
use clap_complete::engine::ArgValueCompleter;
use domain::Trouble;
use domain::change::{Draft, Preview};
use domain::ident::EnvironmentId;
use domain::link::LinkState;
use domain::orders::{Deploy as Order, Terms};
use domain::query::{Answer, Query};
use domain::restore::{Back, Overlap, Restore, Side};

use super::{Format, ask, deploy, deployments, output, shells};
use crate::launch::Deck;
use crate::terminal;

/// Takes an environment back to what an earlier deployment made of it.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:\n  \
    quarterdeck rollback shop production --previous --dry-run\n  \
    quarterdeck rollback shop production --to 8fk2qa --yes --wait 5m\n  \
    quarterdeck rollback shop production --restore --suspend-automation --yes\n\n\
    What is taken back is the deployment right after the one that is named, and every later one that went out from here; only \
    what they did to this environment's files goes, what other people pushed in the meantime stays. Where the one right after it \
    was somebody else's, that is said, and a script has to say --including-others. \
    Where somebody has changed the same lines since, both sides are shown and it is asked; a script answers with --theirs or \
    --restore, and with --shared for files that other environments use too. Files that were renamed, removed or made come \
    back as well.\n\n\
    JSON: the deployment (see history), with rolls_back and restore (to, undoes); with --dry-run its preview, with restoring \
    (overlaps: file, line, theirs, restored, by, mark, answer; shared: file, environments; left) and overwriters \
    (automation, policy, file, line, latest).")]
pub(crate) struct Rollback {
    /// The project.
    #[arg(add = ArgValueCompleter::new(shells::projects))]
    project: String,
    /// The environment.
    #[arg(add = ArgValueCompleter::new(shells::environments))]
    environment: String,
    /// The deployment whose state is wanted: its id or the end of it.
    #[arg(long, value_name = "DEPLOYMENT", conflicts_with = "previous")]
    to: Option<String>,
    /// The last healthy deployment before the present one; that is also what happens when nothing is named.
    #[arg(long)]
    previous: bool,
    /// Also when that takes back what somebody else did; without a terminal it is refused otherwise.
    #[arg(long)]
    including_others: bool,
    #[command(flatten)]
    how: How,
}

/// Takes back what one deployment did, as git revert does, and leaves what came after it.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:\n  \
    quarterdeck revert 8fk2qa --dry-run\n  \
    quarterdeck revert 8fk2qa --theirs --yes --wait\n\n\
    The same rules as for rollback hold for lines that somebody has changed since.\n\n\
    JSON: see rollback.")]
pub(crate) struct Revert {
    /// The deployment: its id or the end of it.
    deployment: String,
    #[command(flatten)]
    how: How,
}

/// How it is done.
#[derive(Debug, Args)]
struct How {
    /// Where somebody has changed the same lines since, theirs stays.
    #[arg(long, conflicts_with = "restore")]
    theirs: bool,
    /// Where somebody has changed the same lines since, what was there comes back.
    #[arg(long)]
    restore: bool,
    /// What becomes of files that other environments use too.
    #[arg(long, value_name = "WHAT")]
    shared: Option<Shared>,
    /// Suspends image automations that would undo it first; they stay so until they are resumed.
    #[arg(long)]
    suspend_automation: bool,
    #[command(flatten)]
    going: deployments::Going,
}

/// What becomes of files that other environments use too.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Shared {
    /// They stay as they are.
    Keep,
    /// They go back as well.
    Restore,
}

pub(crate) async fn rollback(deck: &Deck, format: Format, rollback: Rollback) -> Result<(), Trouble> {
    let environment = deck.environment(&rollback.project, &rollback.environment)?.id;
    let back = match &rollback.to {
        Some(text) => Back::To(deck.deployment(text)?.to_id()),
        None => Back::Previous,
    };
    go(deck, format, (environment, back, rollback.including_others), rollback.how).await
}

pub(crate) async fn revert(deck: &Deck, format: Format, revert: Revert) -> Result<(), Trouble> {
    let deployment = deck.deployment(&revert.deployment)?;
    go(deck, format, (deployment.environment().clone(), Back::Revert(deployment.to_id()), true), revert.how).await
}

/// Goes back; `others` says that what somebody else did may go with it.
async fn go(
    deck: &Deck,
    format: Format,
    (environment, back, others): (EnvironmentId, Back, bool),
    how: How,
) -> Result<(), Trouble> {
    let wait = how.going.wait.as_deref().map(deployments::duration).transpose()?;
    if !how.going.dry_run {
        deck.may_for(&environment)?;
    }
    watched(deck, &environment).await;
    let Answer::Draft(Some(draft)) = deck.ask(Query::Back(environment, back)).await? else { return Err(other("back")) };
    let restore = Restore {
        overlaps: if how.theirs { Some(Side::Theirs) } else { how.restore.then_some(Side::Restored) },
        shared: how.shared.map(|shared| if matches!(shared, Shared::Keep) { Side::Theirs } else { Side::Restored }),
        ..draft.restore.as_deref().cloned().unwrap_or_default()
    };
    let mut draft = Draft { message: how.going.message.text()?, restore: Some(Box::new(restore)), ..*draft };
    let asks = !how.going.yes && !how.going.dry_run && terminal::may_ask();
    let mut preview = look(deck, &draft).await?;
    if asks && preview.open_questions() > 0 {
        answer(&mut draft, &preview)?;
        preview = look(deck, &draft).await?;
    }
    if how.suspend_automation || (asks && suspends(&preview)?) {
        suspend(&mut draft, &preview);
    }
    if how.going.dry_run {
        return show(format, &preview);
    }
    if asks {
        show(Format::Table, &preview)?;
    } else {
        only_own(&draft, others)?;
        warn(&preview);
    }
    let reviewed = how.going.reviewed.or_else(|| asks.then(|| preview.digest.clone()));
    let order = Order { draft, reviewed, dry_run: false };
    ask::confirm(&order.question(), how.going.yes)?;
    let outcome = deck.give(order.into()).await?;
    deploy::landed(deck, format, outcome, wait).await
}

fn other(what: &str) -> Trouble {
    Trouble::failed("The engine gave another answer than was asked for", what)
}

async fn look(deck: &Deck, draft: &Draft) -> Result<std::sync::Arc<Preview>, Trouble> {
    match deck.ask(Query::Preview(draft.clone())).await? {
        Answer::Preview(preview) => Ok(preview),
        _ => Err(other("preview")),
    }
}

/// Waits until it is known which image automations there are; a cluster that does not answer is no reason not to go back.
async fn watched(deck: &Deck, environment: &EnvironmentId) {
    const KINDS: [&str; 3] = ["GitRepository", "ImagePolicy", "ImageUpdateAutomation"];
    let Some(environment) = deck.world().environment(environment).cloned() else { return };
    let Err(trouble) = deck.listed(&environment.cluster, &KINDS).await else { return };
    let world = deck.world();
    let absent = KINDS.iter().any(|kind| matches!(world.kind_link(&environment.cluster, kind), Some(LinkState::KindAbsent)));
    if !absent {
        output::note(&format!("Whether an image automation would undo it is not known: {trouble}"));
    }
}

/// Asks what is open, one after the other.
fn answer(draft: &mut Draft, preview: &Preview) -> Result<(), Trouble> {
    const WORDS: [&str; 3] = ["theirs", "restore", "cancel"];
    let (Some(restore), Some(restoring)) = (&mut draft.restore, &preview.restoring) else { return Ok(()) };
    let ask = |text: &str| match ask::choice(text, &WORDS)? {
        "theirs" => Ok(Side::Theirs),
        "restore" => Ok(Side::Restored),
        _ => Err(Trouble::refused("Nothing was done", &preview.environment).why("the answer was to cancel")),
    };
    for overlap in restoring.overlaps.iter().filter(|overlap| overlap.answer.is_none()) {
        both(overlap);
        restore.settle(&overlap.mark, ask("Keep theirs, or restore what was there?")?);
    }
    if restore.shared.is_none() && !restoring.shared.is_empty() {
        for shared in &restoring.shared {
            output::line(&format!("# {} belongs to {} as well", shared.file, names(&shared.environments)));
        }
        restore.shared = Some(ask("Keep these files as they are (theirs), or restore them there too?")?);
    }
    Ok(())
}

fn names(environments: &[EnvironmentId]) -> String {
    environments.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Shows both sides of an overlap.
fn both(overlap: &Overlap) {
    let place = overlap.line.map_or_else(|| overlap.file.clone(), |line| format!("{}:{line}", overlap.file));
    output::line(&format!("# {place} was changed since"));
    overlap.by.iter().for_each(|by| output::line(&format!("#   {by}")));
    for (name, text) in [("theirs", &overlap.theirs), ("restored", &overlap.restored)] {
        output::line(&format!("# {name}:"));
        match text {
            Some(text) => text.lines().for_each(|line| output::line(&format!("    {line}"))),
            None => output::line("    (no such file)"),
        }
    }
}

/// Returns the image automations that would undo it, each once.
fn automations(preview: &Preview) -> Vec<domain::flux::ObjectKey> {
    let mut keys: Vec<_> = preview.overwriters.iter().map(|overwriter| overwriter.automation.clone()).collect();
    keys.sort();
    keys.dedup();
    keys
}

fn suspends(preview: &Preview) -> Result<bool, Trouble> {
    let keys = automations(preview);
    if keys.is_empty() {
        return Ok(false);
    }
    for finding in preview.findings.iter().filter(|finding| finding.rule == "image-automation") {
        output::line(&format!("# {}", finding.message));
    }
    let named = keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    match ask::choice(&format!("Suspend {named} first?"), &["yes", "no", "cancel"])? {
        "yes" => Ok(true),
        "no" => Ok(false),
        _ => Err(Trouble::refused("Nothing was done", &preview.environment).why("the answer was to cancel")),
    }
}

fn suspend(draft: &mut Draft, preview: &Preview) {
    if let Some(restore) = &mut draft.restore {
        restore.suspend = automations(preview);
    }
}

/// Refuses to take back what somebody else did, unless that was said.
fn only_own(draft: &Draft, others: bool) -> Result<(), Trouble> {
    let theirs = draft.restore.iter().flat_map(|restore| restore.of_others()).collect::<Vec<_>>().join(", ");
    if theirs.is_empty() || others {
        return Ok(());
    }
    Err(Trouble::refused("It would take back what somebody else did", &draft.environment)
        .why(theirs)
        .next("Say --including-others if that is meant, or name another deployment with --to; --dry-run shows it."))
}

/// Says what a script should know that answers every question beforehand.
fn warn(preview: &Preview) {
    for finding in preview.findings.iter().filter(|finding| finding.rule == "image-automation") {
        output::note(&finding.message);
    }
}

/// Prints what would happen, and what is open.
fn show(format: Format, preview: &Preview) -> Result<(), Trouble> {
    if let (true, Some(restoring)) = (matches!(format, Format::Table | Format::Wide), &preview.restoring) {
        for theirs in restoring.restore.of_others() {
            output::line(&format!("# takes back {theirs}"));
        }
        restoring.overlaps.iter().for_each(both);
        for shared in &restoring.shared {
            output::line(&format!("# {} belongs to {} as well", shared.file, names(&shared.environments)));
        }
        for (path, why) in &restoring.left {
            output::line(&format!("# {path} is left as it is: {why}"));
        }
        if let Some(trouble) = &preview.render_trouble {
            output::line(&format!("# It does not build: {trouble}"));
        }
        if preview.is_empty() && preview.open_questions() > 0 {
            output::line("# Nothing changes before the questions above are answered (--theirs, --restore, --shared).");
            return Ok(());
        }
    }
    deploy::print(format, preview, false, (&[], None))
}
