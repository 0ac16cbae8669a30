//! Questions about what happened: the journal filtered, newest first, and its export.

use std::io::{self, Write};
use std::ops::ControlFlow;
use std::sync::Arc;

use domain::journal::{Entry, Phase};
use domain::{Time, text};
use serde::Deserialize;

use crate::error::Error;
use crate::index::{Shelf, guarded};
use crate::line::{Judged, judge};
use crate::lock::enter;
use crate::recall::Lines;
use crate::rows::{Found, Part};
use crate::segments;
use crate::store::Store;

/// Holds which entries are wanted; what is absent does not matter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuditFilter {
    /// The actor's login, whole.
    pub actor: Option<String>,
    /// How the act begins: `kustomization.` finds suspend and resume.
    pub act: Option<String>,
    /// What the object contains.
    pub object: Option<String>,
    /// From when on.
    pub from: Option<Time>,
    /// Until before when.
    pub until: Option<Time>,
    /// Only entries before this number, to go on where an earlier answer ended.
    pub before: Option<u64>,
}

/// Says of a whole entry whether it is wanted.
pub type Fits<'a> = &'a (dyn Fn(&Entry) -> bool + Sync);

/// Says of one part of an entry whether an entry with it can be wanted at all. It spares reading those that cannot.
pub type May<'a> = &'a (dyn Fn(Part<'_>) -> bool + Sync);

/// What is wanted: by the filter, and by the whole entry.
pub type Wanted<'a> = (&'a AuditFilter, Fits<'a>);

/// What is looked for: besides, by the parts of an entry that the index holds.
type Sought<'a> = (&'a AuditFilter, Fits<'a>, May<'a>);

/// What a filter looks at, read without the rest of the entry.
#[derive(Deserialize)]
struct Facets {
    seq: u64,
    time: Time,
    actor: Who,
    act: String,
    object: String,
}

#[derive(Deserialize)]
struct Who {
    login: String,
}

impl AuditFilter {
    /// Tells whether an entry is wanted.
    pub fn accepts(&self, entry: &Entry) -> bool {
        let record = &entry.record;
        self.before.is_none_or(|before| entry.seq < before)
            && self.fits(record.time, &record.actor.login, &record.act, &record.object)
    }

    fn may(&self, part: Part<'_>) -> bool {
        match part {
            Part::Actor(actor) => self.actor.as_ref().is_none_or(|wanted| wanted == actor),
            Part::Act(act) => self.act.as_ref().is_none_or(|wanted| act.starts_with(wanted.as_str())),
            Part::Object(object) => self.object.as_ref().is_none_or(|wanted| object.contains(wanted.as_str())),
            Part::Time(time) => self.from.is_none_or(|from| from <= time) && self.until.is_none_or(|until| time < until),
            Part::Between(first, last) => {
                self.from.is_none_or(|from| from <= last) && self.until.is_none_or(|until| first < until)
            }
            Part::Phase(_) => true,
        }
    }

    fn fits(&self, time: Time, actor: &str, act: &str, object: &str) -> bool {
        [Part::Time(time), Part::Actor(actor), Part::Act(act), Part::Object(object)].into_iter().all(|part| self.may(part))
    }
}

impl Store {
    /// Returns the entries that a filter accepts, newest first, at most `limit` of them.
    pub fn audit(&self, filter: &AuditFilter, limit: usize) -> Result<Vec<Arc<Entry>>, Error> {
        self.audit_where((filter, &|_| true), limit, &|_| true)
    }

    /// Does what [`Store::audit`] does, and leaves of those entries the ones that fit besides. Each of them is read whole for that,
    /// unless one of its parts may not be.
    pub fn audit_where(&self, (filter, fits): Wanted<'_>, limit: usize, may: May<'_>) -> Result<Vec<Arc<Entry>>, Error> {
        let state = self.state();
        let wanted = state.newest_entries().filter(|e| filter.accepts(e) && fits(e)).take(limit);
        let mut found: Vec<Arc<Entry>> = wanted.map(Arc::clone).collect();
        let oldest = state.tail.front().map_or(1, |e| e.seq);
        let before = filter.before.map_or(oldest, |before| before.min(oldest));
        if found.len() >= limit || before <= 1 {
            return Ok(found);
        }
        let so_far = found.len();
        if !self.audit_indexed((filter, fits, may), before, limit, &mut found) {
            found.truncate(so_far);
            self.audit_files((filter, fits, may), before, limit, &mut found)?;
        }
        Ok(found)
    }

    /// Writes the entries that a filter accepts, oldest first, each as it stands in the journal; returns how many.
    pub fn export_jsonl(&self, wanted: Wanted<'_>, out: &mut dyn Write) -> Result<u64, Error> {
        self.export(wanted, |line, _| {
            out.write_all(line)?;
            out.write_all(b"\n")
        })
    }

    /// Writes the entries that a filter accepts, oldest first, as CSV (RFC 4180) with a header; returns how many. No cell
    /// can be taken for a formula by a spreadsheet, and no byte in it steers a terminal.
    pub fn export_csv(&self, wanted: Wanted<'_>, out: &mut dyn Write) -> Result<u64, Error> {
        let header = out.write_all(b"seq,time,actor,act,object,phase,detail,hash\r\n");
        header.map_err(Error::io("cannot write", "the export".as_ref()))?;
        self.export(wanted, |_, entry| {
            let record = &entry.record;
            let (seq, time) = (entry.seq.to_string(), record.time.to_string());
            let cells = [
                seq.as_str(),
                &time,
                &record.actor.login,
                &record.act,
                &record.object,
                phase(record.phase),
                &record.detail,
                &entry.hash,
            ];
            out.write_all(cells.map(cell).join(",").as_bytes())?;
            out.write_all(b"\r\n")
        })
    }

    fn export(&self, (filter, fits): Wanted<'_>, mut write: impl FnMut(&[u8], &Entry) -> io::Result<()>) -> Result<u64, Error> {
        let (dir, last) = (self.dir(), self.state().seq);
        let mut count = 0;
        for number in segments::list(dir)? {
            let bytes = segments::read(dir, number)?;
            for line in segments::lines(&bytes) {
                let Judged::Good(entry) = judge(line) else { continue };
                if entry.seq <= last && filter.accepts(&entry) && fits(&entry) {
                    write(line, &entry).map_err(Error::io("cannot write", "the export".as_ref()))?;
                    count += 1;
                }
            }
        }
        Ok(count)
    }

    /// Looks the entries up by the index; false when there is none here or it does not agree with the journal.
    fn audit_indexed(&self, (filter, fits, may): Sought<'_>, before: u64, limit: usize, found: &mut Vec<Arc<Entry>>) -> bool {
        let Some(db) = enter(&self.core().index).clone() else { return false };
        let mut lines = Lines::new(self.dir());
        let mut agrees = true;
        let mut visit = |row: Found| {
            match entry_at(&mut lines, row) {
                Some(entry) if fits(&entry) => found.push(entry),
                Some(_) => {}
                None => agrees = false,
            }
            agrees && found.len() < limit
        };
        let part = |part: Part<'_>| filter.may(part) && may(part);
        // The database goes within the guard too: this may be the last hand on it.
        let walked = guarded(move || Shelf::rows_before(&db, before, &part, &mut visit));
        if let Err(fault) = &walked {
            tracing::info!(why = fault.why, "the index cannot answer; the journal is read instead");
        }
        agrees && walked.is_ok()
    }

    fn audit_files(
        &self,
        (filter, fits, may): Sought<'_>,
        before: u64,
        limit: usize,
        found: &mut Vec<Arc<Entry>>,
    ) -> Result<(), Error> {
        segments::backwards(self.dir(), (u64::MAX, 0), |_, _, line| {
            let facets = serde_json::from_slice::<Facets>(line);
            let wanted = facets.is_ok_and(|f| {
                let parts = [Part::Time(f.time), Part::Actor(&f.actor.login), Part::Act(&f.act), Part::Object(&f.object)];
                f.seq < before && parts.into_iter().all(|part| filter.may(part) && may(part))
            });
            if wanted
                && let Judged::Good(entry) = judge(line)
                && fits(&entry)
            {
                found.push(Arc::from(entry));
            }
            if found.len() < limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })
    }
}

fn entry_at(lines: &mut Lines, row: Found) -> Option<Arc<Entry>> {
    match judge(&lines.at(row.at).ok()?) {
        Judged::Good(entry) if entry.seq == row.seq => Some(Arc::from(entry)),
        _ => None,
    }
}

const fn phase(phase: Phase) -> &'static str {
    phase.word()
}

/// Returns a cell: hidden characters made visible, nothing at its start that a spreadsheet computes, quoted where needed.
fn cell(value: &str) -> String {
    let mut value = text::display(value, false);
    if value.trim_start().starts_with(['=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}', '|', '%']) {
        value.insert(0, '\'');
    }
    if value.contains(['"', ',', '\n', '\r']) || value.starts_with('\'') {
        value = format!("\"{}\"", value.replace('"', "\"\""));
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula_or_breaks_its_row() {
        let table = [
            ("plain", "plain"),
            ("", ""),
            ("=1+1", "\"'=1+1\""),
            ("  @sum(a1)", "\"'  @sum(a1)\""),
            ("-2", "\"'-2\""),
            ("a,b", "\"a,b\""),
            ("say \"no\"", "\"say \"\"no\"\"\""),
            ("a\nb", "a\u{240a}b"),
            ("\t=1", "\u{2409}=1"),
            ("\u{1b}[31m", "\u{241b}[31m"),
        ];
        for (value, expected) in table {
            assert_eq!(cell(value), expected, "{value:?}");
        }
    }
}
