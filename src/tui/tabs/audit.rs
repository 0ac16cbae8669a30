//! Audit: what was done, by whom, to what and with what result, newest first.
//!
//! Without filters it shows the newest entries of the world, live; with a filter it asks the journal.

use std::sync::Arc;

use domain::Time;
use domain::filter::Filter;
use domain::flux::Health;
use domain::journal::{Entry, Phase};
use domain::query::{Answer, AuditFilter, Query};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::command::{Command, command};
use crate::cx::Cx;
use crate::effects::{Effect, Effects, Overlay, Ticket};
use crate::memory::Kept;
use crate::tab::{Tab, TabMsg};
use crate::theme::Role;
use crate::widgets::form::{FORM, Field, Form};
use crate::widgets::format;
use crate::widgets::put::{Piece, piece, put_pieces, rule};
use crate::widgets::table::{self, Cell, Column, Row, Table, Width};

mod entry;

static OPEN: Command = command("audit.open", &["enter"], 1);
static SEARCH: Command = command("audit.search", &["f"], 2);
static CLEAR: Command = command("audit.clear", &["F"], 3);
static APPLY: Command = command("audit.apply", &["enter", "ctrl-s"], 1);
static CANCEL: Command = command("form.cancel", &["esc"], 80);

/// How many entries a search brings.
const LIMIT: usize = 1000;

impl Row for Arc<Entry> {
    type Key = u64;
    type Fields = Entry;
    fn key(&self) -> u64 {
        self.seq
    }
    fn health(&self, _cx: &Cx) -> Option<Health> {
        // What was begun is no news of its own: how it ended stands in the entry after it.
        match self.record.phase {
            Phase::Intent => None,
            Phase::Done => Some(Health::Ok),
            Phase::Failed => Some(Health::Bad),
            Phase::Refused => Some(Health::Warn),
        }
    }
    fn fields(&self) -> &Entry {
        self
    }
    fn same(&self, other: &Self) -> bool {
        Arc::ptr_eq(self, other)
    }
}

/// Below so many columns the year leaves the room to what was done.
const NARROW: u16 = 140;

fn time(cx: &Cx, time: Time) -> String {
    let whole = cx.moment(time);
    if cx.size.width >= NARROW { whole } else { whole.split_once('-').map_or(whole.clone(), |(_, rest)| rest.to_owned()) }
}

fn phase(phase: Phase, cx: &Cx) -> (String, Role) {
    let (key, role) = match phase {
        Phase::Intent => ("phase.intent", Role::Faint),
        Phase::Done => ("phase.done", Role::Ok),
        Phase::Failed => ("phase.failed", Role::Bad),
        Phase::Refused => ("phase.refused", Role::Warn),
    };
    (cx.words.get(key).to_owned(), role)
}

static COLUMNS: [Column<Arc<Entry>>; 7] = [
    Column {
        id: "seq",
        priority: 6,
        width: Width::Fit(5, 8),
        right: true,
        cell: |e, _| Cell::new(e.seq.to_string(), Role::Faint),
        order: Some(|a, b| a.seq.cmp(&b.seq)),
    },
    Column {
        id: "time",
        priority: 0,
        width: Width::Fit(8, 19),
        right: false,
        cell: |e, cx| Cell::new(time(cx, e.record.time), Role::Muted),
        order: Some(|a, b| a.record.time.cmp(&b.record.time)),
    },
    Column {
        id: "actor",
        priority: 2,
        width: Width::Fit(5, 16),
        right: false,
        cell: |e, _| Cell::name(e.record.actor.login.clone(), Role::Muted),
        order: Some(|a, b| a.record.actor.login.cmp(&b.record.actor.login)),
    },
    Column {
        id: "act",
        priority: 0,
        width: Width::Fit(6, 28),
        right: false,
        cell: |e, _| Cell::new(e.record.act.clone(), Role::Text),
        order: Some(|a, b| a.record.act.cmp(&b.record.act)),
    },
    Column {
        id: "object",
        priority: 0,
        width: Width::Fit(10, 40),
        right: false,
        cell: |e, _| Cell::name(e.record.object.clone(), Role::Text),
        order: Some(|a, b| a.record.object.cmp(&b.record.object)),
    },
    Column {
        id: "result",
        priority: 3,
        width: Width::Fit(6, 10),
        right: false,
        cell: |e, cx| {
            let (text, role) = phase(e.record.phase, cx);
            Cell::new(text, role)
        },
        order: Some(|a, b| (a.record.phase as u8).cmp(&(b.record.phase as u8))),
    },
    Column {
        id: "detail",
        priority: 4,
        width: Width::Grow(12),
        right: false,
        cell: |e, cx| Cell::new(cx.acted(&format::sentence(&e.record.detail)), Role::Muted),
        order: Some(|a, b| a.record.detail.cmp(&b.record.detail)),
    },
];

/// Holds the tab's state.
#[derive(Debug)]
pub struct Audit {
    table: Table<Arc<Entry>>,
    seen: Option<Arc<Vec<Arc<Entry>>>>,
    form: Option<Form>,
    filter: AuditFilter,
    waiting: Option<Ticket>,
}

impl Audit {
    /// Builds it.
    pub fn new() -> Self {
        Self { table: Table::new(&COLUMNS), seen: None, form: None, filter: AuditFilter::default(), waiting: None }
    }

    fn filtered(&self) -> bool {
        self.filter != AuditFilter::default()
    }

    fn refresh(&mut self, cx: &Cx) {
        if !self.filtered() && self.seen.as_ref().is_none_or(|s| !Arc::ptr_eq(s, &cx.world.audit)) {
            self.table.share(cx, Arc::clone(&cx.world.audit));
            self.seen = Some(Arc::clone(&cx.world.audit));
        }
    }

    fn ask(&mut self, cx: &Cx) -> Effects {
        let ticket = cx.ticket();
        let old = self.waiting.replace(ticket).map(Effect::Forget);
        old.into_iter().chain([Effect::Ask(ticket, Query::Audit(self.filter.clone()))]).collect()
    }

    fn form(&self, cx: &Cx) -> Form {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        Form::new(vec![
            Field::text("actor", cx.t("audit.who"), text(&self.filter.actor)).note(cx.t("audit.actor-note")),
            Field::text("act", cx.t("audit.what"), text(&self.filter.act)).note(cx.t("audit.act-note")),
            Field::text("object", cx.t("audit.which"), text(&self.filter.object)).note(cx.t("audit.object-note")),
            Field::text("from", cx.t("audit.from"), self.filter.from.map(|t| t.to_string()).unwrap_or_default())
                .placeholder("2026-11-21T08:00:00Z"),
            Field::text("to", cx.t("audit.to"), self.filter.to.map(|t| t.to_string()).unwrap_or_default())
                .placeholder("2026-11-21T18:00:00Z"),
            Field::text("fits", cx.t("audit.fits"), self.filter.fits.clone()).note(cx.t("audit.fits-note")),
        ])
    }

    fn apply(&mut self, cx: &Cx) -> Effects {
        let Some(form) = &mut self.form else { return Effects::new() };
        let some = |id: &str| Some(form.value(id).trim().to_owned()).filter(|v| !v.is_empty());
        let time = |id: &str| some(id).map(|v| v.parse::<Time>());
        let (from, to) = (time("from"), time("to"));
        let filter = AuditFilter {
            actor: some("actor"),
            act: some("act"),
            object: some("object"),
            from: from.clone().and_then(Result::ok),
            to: to.clone().and_then(Result::ok),
            fits: some("fits").unwrap_or_default(),
            limit: LIMIT,
        };
        for (id, time) in [("from", from), ("to", to)] {
            form.fault(id, time.and_then(Result::err).map(|_| cx.t("audit.bad-time").to_owned()));
        }
        let fault = Filter::<Entry>::parse(&filter.fits).err();
        form.fault("fits", fault.map(|fault| table::said(cx, &fault)));
        if form.faulty() {
            form.to_fault();
            return Effects::new();
        }
        self.form = None;
        if filter == (AuditFilter { limit: LIMIT, ..AuditFilter::default() }) {
            return self.clear(cx);
        }
        self.filter = filter;
        // What was found for another question is no answer to this one.
        self.table.set(cx, Vec::new());
        self.ask(cx)
    }

    fn clear(&mut self, cx: &Cx) -> Effects {
        self.filter = AuditFilter::default();
        self.seen = None;
        self.refresh(cx);
        self.waiting.take().map(Effect::Forget).into_iter().collect()
    }

    fn open(&self, cx: &Cx) -> Effects {
        let Some(entry) = self.table.selected() else { return Effects::new() };
        let lines = entry::lines(cx, entry);
        vec![Effect::Open(Overlay::Text(cx.tf("audit.entry", &[("seq", &entry.seq.to_string())]), lines))]
    }

    fn said(&self, cx: &Cx) -> Vec<Piece<'static>> {
        let count = self.table.rows().len().to_string();
        if !self.filtered() {
            let newest = cx.tf("audit.newest", &[("count", &count), ("key", &cx.key(&SEARCH))]);
            return chain(cx).into_iter().chain([piece(newest, Role::Muted)]).collect();
        }
        let mut parts: Vec<Piece<'static>> = chain(cx).into_iter().collect();
        let found =
            if self.waiting.is_some() { cx.t("audit.searching").to_owned() } else { cx.tf("audit.found", &[("count", &count)]) };
        parts.push(piece(found, Role::Text));
        for (key, value) in
            [("column.actor", &self.filter.actor), ("column.act", &self.filter.act), ("column.object", &self.filter.object)]
        {
            if let Some(value) = value {
                parts.push(piece(format!("  {} ", cx.words.get(key)), Role::Muted));
                parts.push(piece(value.clone(), Role::Accent));
            }
        }
        if self.waiting.is_some() {
            parts.push(piece(format!("  {}", cx.spinner()), Role::Busy));
        }
        parts
    }
}

/// Says how far the journal is verified, as long as it is not, and what is known to be damaged.
fn chain(cx: &Cx) -> Option<Piece<'static>> {
    let chain = &cx.world.chain;
    if let Some(seq) = chain.first_bad {
        return Some(piece(format!("✗ {}   ", cx.tf("audit.damaged", &[("seq", &seq.to_string())])), Role::Bad));
    }
    let share = chain.hundredths().to_string();
    (!chain.is_through())
        .then(|| piece(format!("{} {}   ", cx.spinner(), cx.tf("audit.verifying", &[("share", &share)])), Role::Busy))
}

impl Default for Audit {
    fn default() -> Self {
        Self::new()
    }
}

impl Tab for Audit {
    fn commands(&self, _cx: &Cx) -> Vec<&'static Command> {
        if self.form.is_some() {
            return FORM.iter().chain([&APPLY, &CANCEL]).collect();
        }
        if self.table.typing() {
            return self.table.commands();
        }
        let mut out: Vec<&'static Command> = Vec::new();
        out.extend(self.table.selected().is_some().then_some(&OPEN));
        out.push(&SEARCH);
        out.extend(self.filtered().then_some(&CLEAR));
        out.extend(self.table.commands());
        out
    }

    fn typing(&self, _cx: &Cx) -> bool {
        self.table.typing() || self.form.as_ref().is_some_and(|f| f.focused().is_some_and(Field::typing))
    }

    fn memory(&self, _cx: &Cx) -> Option<Kept> {
        Some(self.table.kept())
    }

    fn update(&mut self, cx: &Cx, msg: TabMsg) -> Effects {
        match msg {
            TabMsg::Enter => {
                self.refresh(cx);
                self.table.open(cx);
            }
            TabMsg::World => self.refresh(cx),
            TabMsg::Recall(kept) => self.table.recall(&kept),
            TabMsg::Wake => self.table.wake(cx.now),
            TabMsg::Command("audit.open") => return self.open(cx),
            TabMsg::Command("audit.search") => self.form = Some(self.form(cx)),
            TabMsg::Command("audit.clear") => return self.clear(cx),
            TabMsg::Command("audit.apply") => return self.apply(cx),
            TabMsg::Command("form.cancel") => self.form = None,
            TabMsg::Command(id) => match &mut self.form {
                Some(form) => {
                    form.command(id);
                }
                None => {
                    self.table.command(id);
                }
            },
            TabMsg::Key(key) => match &mut self.form {
                Some(form) => {
                    form.key(key);
                }
                None => self.table.key(key),
            },
            TabMsg::Paste(text) => match &mut self.form {
                Some(form) => {
                    form.paste(&text);
                }
                None => self.table.paste(&text),
            },
            TabMsg::Reply(ticket, answer) if self.waiting == Some(ticket) => {
                self.waiting = None;
                match answer {
                    Ok(Answer::Audit(entries)) => {
                        self.table.set(cx, entries);
                        self.table.open(cx);
                    }
                    Ok(_) => {}
                    Err(trouble) => {
                        let mut effects = self.clear(cx);
                        effects.push(Effect::Trouble(trouble));
                        return effects;
                    }
                }
            }
            _ => {}
        }
        Effects::new()
    }

    fn deadline(&self) -> Option<Time> {
        self.table.deadline()
    }

    fn view(&self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        put_pieces(cx, buf, (area.x + 1, area.y), area.width.saturating_sub(2), &self.said(cx));
        let mut rest = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
        if let Some(form) = &self.form {
            let took = form.view(cx, Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..rest }, buf, true);
            rule(cx, buf, Rect { y: rest.y + took, height: 1, ..rest });
            rest = Rect { y: rest.y + took + 1, height: rest.height.saturating_sub(took + 1), ..rest };
        }
        let empty = match (self.filtered(), self.waiting) {
            (true, Some(_)) => "audit.searching",
            (true, None) => "audit.none-found",
            (false, _) => "audit.empty",
        };
        self.table.view(cx, rest, buf, cx.t(empty));
    }
}

#[cfg(test)]
mod tests {
    use domain::journal::Verified;
    use domain::query::{Answer, Query};

    use crate::effects::{Reply, Wish};
    use crate::fixture::{Stage, world};
    use crate::words::Language;

    #[test]
    fn a_search_shows_what_it_found_and_nothing_else() {
        let searched = |answer| {
            let mut stage = Stage::new(120, 36, Language::English);
            stage.keys("9 f").text("nobody").keys("ctrl-s");
            let asked =
                stage.wishes().into_iter().find_map(|w| if let Wish::Ask(t, Query::Audit(_)) = w { Some(t) } else { None });
            let lines = stage.lines();
            assert!(lines.contains("Searching the whole journal") && !lines.contains(" operations found"), "{lines}");
            assert!(!lines.contains("deploy"), "{lines}");
            let ticket = asked.unwrap_or_else(|| unreachable!("{lines}"));
            stage.reply(Reply::Answer(ticket, answer));
            stage.lines()
        };
        let none = searched(Ok(Answer::Audit(Vec::new())));
        assert!(
            none.contains("0 operations found") && none.contains("No operation") && !none.contains("Nothing was done"),
            "{none}"
        );
        let failed = searched(Err(domain::Trouble::failed("The journal cannot be read", "journal")));
        assert!(!failed.contains("operations found") && failed.contains("The journal cannot be read"), "{failed}");
    }

    #[test]
    fn it_says_how_far_the_journal_is_verified_and_what_is_damaged() {
        for (entries, first_bad, said) in [
            (40, None, Some("verifying the older entries, 40 %")),
            (40, Some(17), Some("entry 17 is damaged")),
            (100, Some(17), Some("entry 17 is damaged")),
            (100, None, None),
        ] {
            let mut fleet = world();
            fleet.chain = Verified { entries, of: 100, first_bad };
            let mut stage = Stage::over(fleet, 120, 36, Language::English);
            let lines = stage.keys("9").lines();
            assert!(said.is_none_or(|said| lines.contains(said)), "{said:?}\n{lines}");
            assert!(said.is_some() || !(lines.contains("verifying") || lines.contains("damaged")), "{lines}");
        }
    }
}
