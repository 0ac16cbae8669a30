//! `audit`: the journal, read, verified, exported.

use clap::{Args, Subcommand};
use domain::Trouble;
use domain::journal::Entry;
use domain::query::{Answer, AuditFilter, Query};

use super::{Format, output};
use crate::launch::{self, Deck, Settings};

/// Reads the journal.
#[derive(Debug, Args)]
pub(crate) struct Audit {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    filter: Filter,
}

/// What to do with the journal.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Verb {
    /// Lists entries, newest first.
    List,
    /// Checks the chain of hashes and names the first bad entry; exit status 1 when there is one.
    Verify,
    /// Writes every matching entry as JSON Lines (default) or CSV to standard output.
    Export {
        /// Writes CSV.
        #[arg(long)]
        csv: bool,
    },
}

#[derive(Debug, Args)]
struct Filter {
    /// Only acts of this login.
    #[arg(long, global = true)]
    actor: Option<String>,
    /// Only acts whose word starts so, for example deploy or flux.
    #[arg(long, global = true)]
    act: Option<String>,
    /// Only objects whose name contains this.
    #[arg(long, global = true)]
    object: Option<String>,
    /// Not before this moment (RFC 3339).
    #[arg(long, global = true)]
    from: Option<String>,
    /// Not after this moment (RFC 3339).
    #[arg(long, global = true)]
    to: Option<String>,
    /// At most so many; 0 for all.
    #[arg(long, short = 'l', global = true, default_value_t = 100)]
    limit: usize,
}

impl Audit {
    /// Tells whether this needs the journal only, and no engine.
    pub(crate) const fn offline(&self) -> bool {
        matches!(self.verb, Some(Verb::Verify | Verb::Export { .. }))
    }
}

fn moment(text: Option<&str>) -> Result<Option<domain::Time>, Trouble> {
    text.map(|text| {
        text.parse().map_err(|e| {
            Trouble::usage("That is no moment", format!("\u{201c}{text}\u{201d}")).why(e).next("Write it as 2026-11-21T14:02:00Z.")
        })
    })
    .transpose()
}

/// Lists entries, newest first.
pub(crate) async fn run(deck: &Deck, format: Format, audit: Audit) -> Result<(), Trouble> {
    let filter = AuditFilter {
        from: moment(audit.filter.from.as_deref())?,
        to: moment(audit.filter.to.as_deref())?,
        actor: audit.filter.actor,
        act: audit.filter.act,
        object: audit.filter.object,
        limit: audit.filter.limit,
    };
    let Answer::Audit(entries) = deck.ask(Query::Audit(filter)).await? else {
        return Err(Trouble::failed("The engine gave another answer than was asked for", "audit"));
    };
    let entries: Vec<Entry> = entries.iter().map(|e| (**e).clone()).collect();
    let mut rows = vec![output::row(["SEQ", "TIME", "ACTOR", "ACT", "OBJECT", "PHASE", "DETAIL"])];
    rows.extend(entries.iter().map(|e| {
        let r = &e.record;
        let (time, phase) = (format!("{:.0}", r.time), r.phase.word().to_owned());
        vec![e.seq.to_string(), time, r.actor.login.clone(), r.act.clone(), r.object.clone(), phase, r.detail.clone()]
    }));
    output::show(format, &entries, &rows)
}

/// Verifies or exports, with nothing but the journal.
pub(crate) fn without_engine(settings: &Settings, format: Format, audit: &Audit) -> Result<(), Trouble> {
    match audit.verb {
        Some(Verb::Export { csv }) => export(settings, &audit.filter, csv),
        _ => verify(settings, format),
    }
}

fn export(settings: &Settings, filter: &Filter, csv: bool) -> Result<(), Trouble> {
    let (store, notices) = launch::open_store(&settings.state)?;
    notices.iter().for_each(|notice| output::note(notice));
    let filter = store::AuditFilter {
        from: moment(filter.from.as_deref())?,
        until: moment(filter.to.as_deref())?,
        actor: filter.actor.clone(),
        act: filter.act.clone(),
        object: filter.object.clone(),
        before: None,
    };
    let mut out = std::io::stdout().lock();
    let written = if csv { store.export_csv(&filter, &mut out)? } else { store.export_jsonl(&filter, &mut out)? };
    output::note(&format!("{written} entries"));
    Ok(())
}

fn verify(settings: &Settings, format: Format) -> Result<(), Trouble> {
    let verification = store::verify(&settings.state)?;
    let row = match &verification.first_bad {
        None => format!("{} entries, unbroken, head {}", verification.entries, verification.head_hash),
        Some(bad) => format!("entry {} is bad: {} ({} line {})", bad.seq, bad.why, bad.file, bad.line),
    };
    if verification.first_bad.is_some() {
        return Err(Trouble::failed("The journal's chain is broken", settings.state.display()).why(row).next(
            "Entries before it are sound. Compare with another copy; the file was changed or damaged from outside.",
        ));
    }
    if matches!(format, Format::Json | Format::Yaml) {
        let value = serde_json::json!({ "entries": verification.entries, "head": verification.head_hash, "unbroken": true });
        return output::show(format, &value, &[]);
    }
    output::line(&row);
    output::line("The chain shows changes in the middle; it cannot show that its owner rewrote all of it, or cut its end.");
    Ok(())
}
