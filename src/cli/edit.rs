//! `edit`: an object in an editor, checked, tried by the server and shown as a diff before it is applied; `origin`.
//!
//! What comes from Git is changed there, or in the cluster only when that is asked for.

pub(super) mod in_git;

use std::sync::Arc;

use clap::Args;
use domain::Trouble;
use domain::live::{Edited, LiveReview, LiveText, Private};
use domain::orders::Order;
use domain::query::{Answer, Query};

use super::deployments::Message;
use super::targets::{One, any_kind};
use super::{Format, ask, create, output};
use crate::editor::{self, Sheet};
use crate::launch::Deck;

/// Where it is changed.
#[derive(Debug, Args)]
struct Place {
    /// Changes it in Git; an object that comes from Git is, unless a person answers otherwise.
    #[arg(long, conflicts_with = "cluster")]
    git: bool,
    /// Changes it in the cluster only.
    #[arg(long)]
    cluster: bool,
}

/// Edits an object.
#[derive(Debug, Args)]
#[command(
    after_long_help = "An object that comes from Git is edited in the file that it is written in, and the change is committed, pushed \
    and followed as a deployment of the environment that applies it; --cluster changes it in the cluster only, which Flux undoes.\n\n\
    The editor is $VISUAL, $EDITOR or vi. What comes back is checked (YAML, schema), tried by the server \
    in a dry run and shown as a diff; a newer version of the object is noticed. Secret values are masked: a masked one that is left \
    as it is stays what it is. When something fails your text is kept, and it is said where.\n\n\
    Examples:\n  \
    quarterdeck edit ks/shop-production\n  \
    quarterdeck edit hr/podinfo -n apps --set interval=30m --git --dry-run\n  \
    quarterdeck edit cm/shop-settings -n shop --cluster\n\n\
    JSON: object, said; of a change in Git the deployment (see history), with --dry-run its preview."
)]
pub(crate) struct Edit {
    #[command(flatten)]
    which: One,
    /// Sets a field of the kind's form instead of opening the editor; the fields are the options of `create KIND`.
    #[arg(long, value_name = "FIELD=VALUE")]
    set: Vec<String>,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    message: Message,
    /// Follows the deployment for at most so long, for example 5m; exit status 1 when it fails, 5 when that is over.
    #[arg(long, value_name = "DURATION", num_args = 0..=1, default_missing_value = "15m", conflicts_with = "cluster")]
    wait: Option<String>,
    /// Answers the question.
    #[arg(long, short)]
    yes: bool,
    /// Only shows what would change.
    #[arg(long)]
    dry_run: bool,
}

/// Edits an object of the cluster.
pub(crate) async fn run(deck: &Deck, format: Format, edit: Edit) -> Result<(), Trouble> {
    let edit = Edit { message: edit.message.read()?, ..edit };
    let key = edit.which.key(deck, any_kind).await?;
    if !edit.dry_run {
        deck.may_in(&key, &key.context())?;
    }
    let Answer::Edit(base) = deck.ask(Query::Edit(key.clone())).await? else { return Ok(()) };
    if let Some(written) = in_git::place(deck, &edit, &base).await? {
        return in_git::run(deck, format, &edit, written).await;
    }
    if edit.message.is_given() || edit.wait.is_some() {
        return Err(Trouble::usage("--message, --message-file and --wait go with a change in Git", &key)
            .why("this one is made in the cluster")
            .next("Leave them out."));
    }
    if !edit.set.is_empty() {
        return by_fields(deck, format, &edit, &base).await;
    }
    let mut sheet = Sheet::new(&key, &base.draft(&[]))?;
    let result = match rounds(deck, format, &edit, base, &mut sheet).await {
        // What was typed is applied by nobody: it must not be lost.
        Ok(Round::Shown) => {
            let kept = sheet.keep().map(|path| format!(" Your text is kept in {}.", path.display())).unwrap_or_default();
            return output::Done::new(&key, format!("Nothing was applied: that was asked for.{kept}")).show(format);
        }
        Ok(Round::Done(done)) => done.show(format),
        Err(trouble) => Err(trouble),
    };
    ended(sheet, result)
}

/// Ends it: the file goes when all went well, and is named when not.
fn ended(mut sheet: Sheet, result: Result<(), Trouble>) -> Result<(), Trouble> {
    match result {
        Ok(()) => {
            sheet.discard();
            Ok(())
        }
        Err(trouble) => Err(match sheet.keep() {
            Some(path) => Trouble { why: join(&trouble.why, &format!("your text is kept in {}", path.display())), ..trouble },
            None => trouble,
        }),
    }
}

/// Changes the fields that were set; what is wrong with them ends it.
async fn by_fields(deck: &Deck, format: Format, edit: &Edit, base: &Arc<LiveText>) -> Result<(), Trouble> {
    let key = &base.key;
    let amended = create::amended(key, base.text.text(), &edit.set)?;
    let edited = Edited { base: Arc::clone(base), text: Private::new(manifest::yaml::text_of(&amended)) };
    let Answer::Review(review) = deck.ask(Query::Review(Box::new(edited))).await? else { return Ok(()) };
    let faults = review.faults();
    if !faults.is_empty() {
        return Err(unfit(&review, &faults));
    }
    let Some(order) = review.order.clone() else {
        return output::Done::new(key, "It is so already; nothing was changed.").show(format);
    };
    show(format, &review);
    if edit.dry_run {
        return output::Done::new(key, "Nothing was applied: that was asked for.").show(format);
    }
    let outcome = ask::give(deck, Order::Apply(order), edit.yes).await?;
    output::Done::new(key, outcome.said).show(format)
}

fn join(one: &str, other: &str) -> String {
    if one.is_empty() { other.to_owned() } else { format!("{one}; {other}") }
}

/// Says how the rounds of an edit ended.
enum Round {
    /// With nothing left to do for the text.
    Done(output::Done),
    /// With what would change, which was all that was asked for.
    Shown,
}

/// Goes round: editor, checks, diff, question; once more when something is wrong and a person is there to mend it.
async fn rounds(deck: &Deck, format: Format, edit: &Edit, mut base: Arc<LiveText>, sheet: &mut Sheet) -> Result<Round, Trouble> {
    let key = base.key.clone();
    let done = |said: &str| Ok(Round::Done(output::Done::new(&key, said)));
    loop {
        let text = sheet.edit().await?;
        if !sheet.changed() || editor::is_blank(&text) {
            return done("Nothing was changed.");
        }
        let edited = Edited { base: Arc::clone(&base), text: Private::new(text) };
        let Answer::Review(review) = deck.ask(Query::Review(Box::new(edited))).await? else {
            return done("Nothing was changed.");
        };
        let faults = review.faults();
        if !faults.is_empty() {
            for fault in &faults {
                output::note(fault);
            }
            again(&review, &faults)?;
            if let Some(moved) = &review.moved {
                base = Arc::clone(&moved.newest);
                sheet.renew(&moved.again.draft(&faults))?;
            } else {
                sheet.note(&faults)?;
            }
            continue;
        }
        let Some(order) = review.order.clone() else {
            return done("It is so already; nothing was changed.");
        };
        show(format, &review);
        if edit.dry_run {
            return Ok(Round::Shown);
        }
        let outcome = ask::give(deck, Order::Apply(order), edit.yes).await?;
        return done(&outcome.said);
    }
}

/// Asks whether to go back to the editor; without a person that is the end.
fn again(review: &LiveReview, faults: &[String]) -> Result<(), Trouble> {
    let text = format!("Edit {} again?", review.key);
    ask::again(&text).map_err(|_| unfit(review, faults))
}

/// Says why an edit cannot be applied.
fn unfit(review: &LiveReview, faults: &[String]) -> Trouble {
    match (&review.refused, &review.moved) {
        (Some(trouble), _) => trouble.clone(),
        (None, Some(moved)) if !moved.both.is_empty() => Trouble::failed("Somebody changed it meanwhile", &review.key)
            .why(format!("both changed {}", moved.both.join(", ")))
            .next("Edit it again."),
        _ => Trouble::usage("That cannot be applied", &review.key).why(faults.join("; ")).next("Edit it again."),
    }
}

fn show(format: Format, review: &LiveReview) {
    if let Some(moved) = &review.moved {
        output::note(&format!("Somebody else changed {} meanwhile; that stays.", moved.theirs.join(", ")));
    }
    if matches!(format, Format::Table | Format::Wide) {
        output::diff(&manifest::unified(&review.key.to_string(), &review.before, &review.after));
    }
}

/// Says where an object comes from.
pub(crate) async fn origin(deck: &Deck, format: Format, which: &One) -> Result<(), Trouble> {
    let key = which.key(deck, any_kind).await?;
    let Answer::Origin(found) = deck.ask(Query::Origin(key.clone())).await? else { return Ok(()) };
    let Some(origin) = found else {
        return Err(Trouble::not_found("Flux did not apply it", &key)
            .why("it has no label of a Kustomization or a HelmRelease")
            .next("Ask who made it: its managed fields name the programs."));
    };
    if format == Format::Name {
        return output::Done::new(&origin.by, "").show(format);
    }
    let place = origin.place.as_ref();
    let file = place.map_or_else(|| format!("- ({})", origin.unplaced), |p| format!("{}:{}", p.file, p.line));
    let environments: Vec<String> = origin.environments.iter().map(ToString::to_string).collect();
    let branch = origin.branch.clone().unwrap_or_else(|| "-".to_owned());
    let revision = origin.revision.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
    let rows = [
        ["APPLIED BY", &origin.by.to_string()],
        ["REPOSITORY", if origin.url.is_empty() { "-" } else { &origin.url }],
        ["BRANCH", &branch],
        ["REVISION", &revision],
        ["PATH", &origin.path],
        ["FILE", &file],
        ["ENVIRONMENTS", if environments.is_empty() { "-" } else { &environments.join(", ") }],
        ["A CHANGE HERE", &origin.warning()],
    ];
    output::show(format, &*origin, &rows.map(output::row))
}
