//! `audit`: the journal, read, verified, exported.

use std::io::{self, Write};

use clap::{Args, Subcommand};
use domain::Trouble;
use domain::journal::Entry;
use domain::query::{Answer, AuditFilter, Query};
use serde::Serialize;

use super::{Format, output, sieve};
use crate::launch::{self, Deck, Settings};
use crate::sieve::Sieve;

/// Reads the journal.
#[derive(Debug, Args)]
#[command(
    after_long_help = "Examples:\n  quarterdeck audit --act deploy --from 2026-11-01T00:00:00Z\n  quarterdeck audit verify\n  \
    quarterdeck audit export --object shop/production --csv > shop.csv\n\n\
    JSON: a list of v, seq, time, actor (login, name, email, by, role), act, object, phase, detail, change, prev, hash.\n\
    JSON of verify: entries, head, unbroken, unfinished, first_bad (seq, why, file, line)."
)]
pub(crate) struct Audit {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    filter: Wanted,
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
struct Wanted {
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
    /// Only entries that fit: by=ada action=deploy* object=shop/* result=failed age<7d.
    #[arg(long = "filter", global = true, value_name = "FILTER", allow_hyphen_values = true)]
    fits: Option<String>,
    /// At most so many, 0 for all; 100 when absent. Only for the list.
    #[arg(long, short = 'l', global = true, value_name = "COUNT")]
    limit: Option<usize>,
}

impl Wanted {
    const fn narrows(&self) -> bool {
        self.actor.is_some()
            || self.act.is_some()
            || self.object.is_some()
            || self.from.is_some()
            || self.to.is_some()
            || self.fits.is_some()
            || self.limit.is_some()
    }
}

impl Audit {
    /// Tells whether this needs the journal only, and no engine.
    pub(crate) const fn offline(&self) -> bool {
        matches!(self.verb, Some(Verb::Verify | Verb::Export { .. }))
    }
}

fn moment(text: Option<&str>) -> Result<Option<domain::Time>, Trouble> {
    text.map(|text| {
        text.parse().map_err(|_| {
            Trouble::usage("That is no moment", format!("\u{201c}{text}\u{201d}")).next("Write it as 2026-11-21T14:02:00Z.")
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
        fits: audit.filter.fits.unwrap_or_default(),
        limit: audit.filter.limit.unwrap_or(100),
    };
    let Answer::Audit(entries) = deck.ask(Query::Audit(filter)).await? else {
        return Err(Trouble::failed("The engine gave another answer than was asked for", "audit"));
    };
    let entries: Vec<Entry> = entries.iter().map(|e| (**e).clone()).collect();
    let wide = format == Format::Wide;
    let mut header = output::row(["SEQ", "TIME", "ACTOR", "ACT", "OBJECT", "PHASE"]);
    if wide {
        header.extend(output::row(["NAME", "EMAIL", "HASH"]));
    }
    header.push("DETAIL".to_owned());
    let mut rows = vec![header];
    rows.extend(entries.iter().map(|e| {
        let r = &e.record;
        let (time, phase) = (format!("{:.0}", r.time), r.phase.word().to_owned());
        let mut row = vec![e.seq.to_string(), time, r.actor.login.clone(), r.act.clone(), r.object.clone(), phase];
        if wide {
            row.extend([r.actor.name.clone(), r.actor.email.clone(), e.hash.clone()]);
        }
        row.push(r.detail.clone());
        row
    }));
    output::show(format, &entries, &rows)
}

/// Verifies or exports, with nothing but the journal.
pub(crate) fn without_engine(settings: &Settings, format: Format, audit: &Audit) -> Result<(), Trouble> {
    match audit.verb {
        Some(Verb::Export { csv }) => export(settings, &audit.filter, csv),
        _ if audit.filter.narrows() => {
            Err(Trouble::usage("The whole journal is verified", "audit verify").next("Leave out what narrows the list."))
        }
        _ => verify(settings, format),
    }
}

fn export(settings: &Settings, filter: &Wanted, csv: bool) -> Result<(), Trouble> {
    if filter.limit.is_some() {
        return Err(Trouble::usage("An export holds every entry that matches", "--limit")
            .next("Leave --limit out; narrow it with --from and --to."));
    }
    let (store, notices) = launch::open_store(&settings.state)?;
    for notice in &notices {
        output::note(notice);
    }
    let (fits, now) = (sieve::read::<Entry>(filter.fits.as_deref().unwrap_or_default(), "audit")?, launch::now());
    let filter = store::AuditFilter {
        from: moment(filter.from.as_deref())?,
        until: moment(filter.to.as_deref())?,
        actor: filter.actor.clone(),
        act: filter.act.clone(),
        object: filter.object.clone(),
        before: None,
    };
    #[expect(clippy::disallowed_methods, reason = "exports escape what steers a terminal, each in its format's way")]
    let mut out = Pipe { to: Sieve::new(io::stdout().lock()), closed: false };
    let wanted: store::Wanted<'_> = (&filter, &|entry| fits.matches(entry, now));
    let written = if csv { store.export_csv(wanted, &mut out) } else { store.export_jsonl(wanted, &mut out) };
    if !out.closed {
        output::note(&format!("{} entries", written?));
    }
    Ok(())
}

/// Passes text on, and remembers that nobody reads any more.
struct Pipe<W> {
    to: W,
    closed: bool,
}

impl<W: Write> Write for Pipe<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let done = self.to.write(bytes);
        self.closed |= done.as_ref().is_err_and(|e| e.kind() == io::ErrorKind::BrokenPipe);
        done
    }

    fn flush(&mut self) -> io::Result<()> {
        let done = self.to.flush();
        self.closed |= done.as_ref().is_err_and(|e| e.kind() == io::ErrorKind::BrokenPipe);
        done
    }
}

/// What `audit verify -o json` prints.
#[derive(Debug, Serialize)]
struct Verdict {
    entries: u64,
    head: String,
    unbroken: bool,
    /// Bytes of a line that was never finished, at the journal's end; the next start puts them aside.
    unfinished: u64,
    first_bad: Option<Bad>,
}

/// The first entry that is not as it was written.
#[derive(Debug, Serialize)]
struct Bad {
    seq: u64,
    why: String,
    file: String,
    line: u64,
}

fn verify(settings: &Settings, format: Format) -> Result<(), Trouble> {
    let verification = store::verify(&settings.state)?;
    let bad = verification.first_bad.map(|bad| Bad { seq: bad.seq, why: bad.why, file: bad.file, line: bad.line });
    let (entries, head, unfinished) = (verification.entries, verification.head_hash, verification.unfinished);
    let verdict = Verdict { entries, head, unbroken: bad.is_none(), unfinished, first_bad: bad };
    if matches!(format, Format::Json | Format::Yaml) {
        output::show(format, &verdict, &[])?;
    }
    if let Some(bad) = &verdict.first_bad {
        let place = settings.state.join("journal").join(&bad.file);
        return Err(Trouble::failed("The journal's chain is broken", format!("{} line {}", place.display(), bad.line))
            .why(format!("entry {}: {}", bad.seq, bad.why))
            .next("The entries before it are sound. Compare it with another copy; it was changed or damaged from outside."));
    }
    if matches!(format, Format::Table | Format::Wide | Format::Name) {
        output::line(&format!("{} entries, unbroken, head {}", verdict.entries, verdict.head));
        output::note("The chain shows changes in the middle; it cannot show that its owner rewrote all of it, or cut its end.");
    }
    Ok(())
}
