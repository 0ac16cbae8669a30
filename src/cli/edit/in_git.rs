//! Editing the document in Git that an object is written in: the change goes the way of a deployment.

use std::sync::Arc;

use domain::change::{Draft, Preview, Severity};
use domain::live::told;
use domain::orders::{Deploy, Order, Terms as _};
use domain::query::{Answer, Query};
use domain::written::Written;
use domain::{Trouble, TroubleKind};

use super::super::{Format, ask, create, deploy, deployments, output};
use super::Edit;
use crate::editor::Sheet;
use crate::launch::Deck;
use crate::terminal;

/// Decides where an object that comes from Git is changed: the document when in Git, nothing when in the cluster only.
pub(super) async fn place(deck: &Deck, edit: &Edit, base: &domain::live::LiveText) -> Result<Option<Arc<Written>>, Trouble> {
    if edit.place.cluster || (base.origin.is_none() && !edit.place.git) {
        return Ok(None);
    }
    let asked = deck.ask(Query::Written(base.key.clone())).await;
    let person = terminal::may_ask() && !edit.place.git && !edit.yes;
    let warning = base.origin.as_ref().map(domain::origin::Origin::warning).unwrap_or_default();
    match asked {
        Ok(Answer::Written(written)) if person => {
            output::note(&format!("Git: {} of {}.", written.place(), written.environment));
            output::note(&format!("Cluster only: {warning}"));
            let git = ask::choice("Change it in Git, or in the cluster only?", &["git", "cluster"])? == "git";
            Ok(git.then_some(written))
        }
        Ok(Answer::Written(written)) => Ok(Some(written)),
        Ok(_) => Ok(None),
        Err(trouble) if person && trouble.kind != TroubleKind::NotFound => {
            output::note(&format!("Not in Git: {trouble}"));
            output::note(&format!("Cluster only: {warning}"));
            ask::choice("Change it in the cluster only, or not at all?", &["no", "cluster"])
                .and_then(|answer| if answer == "cluster" { Ok(None) } else { Err(trouble) })
        }
        Err(trouble) if edit.place.git => Err(trouble),
        Err(trouble) => {
            let next = format!("{} --cluster says so.", trouble.next.trim_end());
            Err(Trouble { next, ..trouble })
        }
    }
}

/// How a change in Git goes: its message, whether it is asked about, and how long it is followed.
#[derive(Debug, Clone, Copy)]
pub(in crate::cli) struct Way<'a> {
    pub(in crate::cli) message: Option<&'a str>,
    pub(in crate::cli) wait: Option<&'a str>,
    pub(in crate::cli) yes: bool,
    pub(in crate::cli) dry_run: bool,
}

impl Edit {
    fn way(&self) -> Way<'_> {
        let (message, wait) = (self.message.words(), self.wait.as_deref());
        Way { message, wait, yes: self.yes, dry_run: self.dry_run }
    }
}

/// Commits a text as what a document becomes, when nothing is wrong with it.
pub(in crate::cli) async fn put(
    deck: &Deck,
    format: Format,
    (written, text): (&Written, &str),
    way: Way<'_>,
) -> Result<(), Trouble> {
    let Some(draft) = written.change(text) else {
        return output::Done::new(&written.key, "Git says so already; nothing was changed.").show(format);
    };
    let draft = Draft { message: way.message.map(str::to_owned), ..draft };
    let preview = reviewed(deck, &draft).await?;
    let faults = faults(&preview, written);
    if !faults.is_empty() {
        return Err(unfit(written, &faults));
    }
    submit(deck, format, way, (draft, &preview)).await
}

/// Edits the document: in the editor, or by fields.
pub(super) async fn run(deck: &Deck, format: Format, edit: &Edit, written: Arc<Written>) -> Result<(), Trouble> {
    if !edit.set.is_empty() {
        return by_fields(deck, format, edit, &written).await;
    }
    let mut sheet = Sheet::new(&written.key, &written.draft(&[]))?;
    let result = rounds(deck, format, edit, &written, &mut sheet).await;
    // What was only shown is committed by nobody: it must not be lost.
    if edit.dry_run
        && result.is_ok()
        && let Some(path) = sheet.keep()
    {
        output::note(&format!("Your text is kept in {}.", path.display()));
        return Ok(());
    }
    super::ended(sheet, result)
}

async fn by_fields(deck: &Deck, format: Format, edit: &Edit, written: &Written) -> Result<(), Trouble> {
    let key = &written.key;
    let object = create::amended(key, written.text(), &edit.set)?;
    let text = manifest::amended(written.text(), &object).map_err(|why| {
        Trouble::failed("That cannot be changed by a field", format!("{}:{}", written.file, written.line))
            .why(why)
            .next("Leave --set out and edit the text.")
    })?;
    put(deck, format, (written, &text), edit.way()).await
}

/// Goes round: editor, checks, diff, question; once more when something is wrong and a person is there to mend it.
async fn rounds(deck: &Deck, format: Format, edit: &Edit, written: &Written, sheet: &mut Sheet) -> Result<(), Trouble> {
    loop {
        let text = sheet.edit().await?;
        let Some(draft) = written.change(&text).filter(|_| sheet.changed()) else {
            return output::Done::new(&written.key, "Nothing was changed.").show(format);
        };
        let draft = Draft { message: edit.message.text()?, ..draft };
        let preview = reviewed(deck, &draft).await?;
        let faults = faults(&preview, written);
        if faults.is_empty() {
            return submit(deck, format, edit.way(), (draft, &preview)).await;
        }
        for fault in &faults {
            output::note(fault);
        }
        ask::again(&format!("Edit {} again?", written.key)).map_err(|_| unfit(written, &faults))?;
        sheet.note(&faults)?;
    }
}

async fn reviewed(deck: &Deck, draft: &Draft) -> Result<Arc<Preview>, Trouble> {
    match deck.ask(Query::Preview(draft.clone())).await? {
        Answer::Preview(preview) => Ok(preview),
        _ => Err(Trouble::failed("The engine gave another answer than was asked for", "preview")),
    }
}

/// Returns what forbids a change, a sentence each; lines of the edited document as its editor counts them.
fn faults(preview: &Preview, written: &Written) -> Vec<String> {
    let here = |finding: &domain::change::Finding| match finding.line.and_then(|line| written.line_within(line)) {
        Some(line) if finding.file.as_deref() == Some(&*written.file) => {
            told(&domain::change::Finding { line: Some(line), ..finding.clone() })
        }
        _ => told(finding),
    };
    let errors = preview.findings.iter().filter(|finding| finding.severity == Severity::Error);
    errors.map(here).chain(preview.render_trouble.iter().map(ToString::to_string)).collect()
}

fn unfit(written: &Written, faults: &[String]) -> Trouble {
    Trouble::usage("That cannot be committed", &written.key).why(faults.join("; ")).next("Edit it again.")
}

/// Shows a change, asks, and lets it go the way of a deployment.
async fn submit(deck: &Deck, format: Format, way: Way<'_>, (draft, preview): (Draft, &Preview)) -> Result<(), Trouble> {
    if way.dry_run || matches!(format, Format::Table | Format::Wide) {
        deploy::print(format, preview, false, (&preview.rendered, None))?;
    }
    if way.dry_run {
        output::note("Nothing was committed: that was asked for.");
        return Ok(());
    }
    deck.may_for(&draft.environment)?;
    let order = Deploy { draft, reviewed: Some(preview.digest.clone()), dry_run: false };
    ask::confirm(&order.question(), way.yes)?;
    let outcome = deck.give(Order::Deploy(order)).await?;
    let wait = way.wait.map(deployments::duration).transpose()?;
    deploy::landed(deck, format, outcome, wait).await
}
