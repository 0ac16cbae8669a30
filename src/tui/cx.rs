//! What a tab may look at, read-only: the world, the operator, how things look and are said, and what time it is.
//!
//! Small cells lie behind it: the next ticket, the moment at which something drawn will look different, where the cursor
//! belongs, and why what is shown is broken. Drawing code says the second and third by asking for an age, a spinner or a cursor.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Weak};

use domain::Time;
use domain::actor::{Actor, Role as Permission};
use domain::deployment::Method;
use domain::flux::{Health, ObjectKey};
use domain::ident::ContextName;
use domain::orders::Order;
use domain::trouble::Trouble;
use domain::why::{Cause, Found, explain};
use domain::world::World;
use jiff::tz::{Offset, TimeZone};
use ratatui::layout::{Position, Rect, Size};
use ratatui::style::Style;

use crate::capabilities::Capabilities;
use crate::command::Command;
use crate::desk::Desk;
use crate::effects::{Effect, Effects, OrderTicket, Ticket};
use crate::keys::Keymap;
use crate::later::Later;
use crate::preferences::Preferences;
use crate::spots::{Aim, Spot, Spots};
use crate::theme::{Role, Theme};
use crate::trail::Trail;
use crate::words::Words;

/// Holds what drawing and updating leave behind for the session.
#[derive(Debug, Default)]
pub struct Marks {
    next: Cell<u64>,
    wake: Cell<Option<Time>>,
    cursor: Cell<Option<Position>>,
    causes: RefCell<Causes>,
    spots: RefCell<Spots>,
    later: RefCell<Later>,
}

/// How many columns of a row say that it is selected before the rest does: its name, whatever else stands there.
const BEGINNING: u16 = 26;

/// Holds what was explained of a world, so that a frame need not explain what the last one did.
#[derive(Debug, Default)]
struct Causes {
    /// The world; a newer one lies elsewhere as long as this names it.
    of: Weak<World>,
    known: HashMap<ObjectKey, Arc<Vec<Cause>>>,
}

impl Marks {
    /// Forgets what the last drawing said.
    pub fn clear(&self) {
        self.wake.set(None);
        self.cursor.set(None);
        self.spots.borrow_mut().clear();
        *self.later.borrow_mut() = Later::default();
    }

    /// Returns what the last drawing left at a cell, for a pointer.
    pub fn spot_at(&self, x: u16, y: u16) -> Option<Spot> {
        self.spots.borrow().at(x, y).cloned()
    }

    /// Returns what may follow the selection a moment later: areas that say more about the selected row, and how the rest of rows
    /// looks.
    pub fn later(&self) -> Later {
        self.later.borrow().clone()
    }

    /// Returns the places where the last drawing left a command.
    pub fn places(&self, command: &str) -> Vec<Rect> {
        self.spots.borrow().of(command).collect()
    }

    /// Takes away from pointers what something was drawn over.
    pub fn cover(&self, area: Rect) {
        self.spots.borrow_mut().cover(area);
    }

    /// Returns the moment at which something drawn will look different.
    pub const fn wake(&self) -> Option<Time> {
        self.wake.get()
    }

    /// Hides the cursor, since something lies over where it was.
    pub fn hide_cursor(&self) {
        self.cursor.set(None);
    }

    /// Returns where the cursor belongs; nowhere when it is hidden.
    pub const fn cursor(&self) -> Option<Position> {
        self.cursor.get()
    }
}

/// Shows a tab everything that it may look at.
#[derive(Debug, Clone, Copy)]
pub struct Cx<'a> {
    /// The world as the engine last saw it.
    pub world: &'a Arc<World>,
    /// The operator.
    pub actor: &'a Actor,
    /// What the console was told to connect to; empty when it was not.
    pub context: &'a str,
    /// How things look.
    pub theme: &'a Theme,
    /// How things are said.
    pub words: &'a Words,
    /// What the operator likes.
    pub preferences: &'a Preferences,
    /// The places one was at.
    pub trail: &'a Trail,
    /// How many rows the pane under a list has, when somebody moved the line between them.
    pub below: Option<u16>,
    /// How many columns the pane beside a list has, when somebody moved the line between them.
    pub beside: Option<u16>,
    /// Which keys the operator gave to commands.
    pub keymap: &'a Keymap,
    /// What the terminal can show.
    pub capabilities: Capabilities,
    /// The size of the whole screen.
    pub size: Size,
    /// What time it is.
    pub now: Time,
    /// The operator's distance from UTC.
    pub offset: Offset,
    /// What tabs share.
    pub desk: &'a Desk,
    /// Orders that are under way.
    pub running: &'a BTreeMap<OrderTicket, Order>,
    /// What is left behind for the session.
    pub marks: &'a Marks,
}

/// How long one picture of a spinner stands, in milliseconds.
const SPIN: i64 = 125;

impl<'a> Cx<'a> {
    /// Returns the style of a role.
    pub fn style(&self, role: Role) -> Style {
        self.theme.style(role)
    }

    /// Returns the sentence or word of a key in the operator's language; the key itself when there is none.
    pub fn t(&self, key: &'a str) -> &'a str {
        self.words.get(key)
    }

    /// Returns a sentence with its places filled: `{name}` by the value beside `name`.
    pub fn tf(&self, key: &str, values: &[(&str, &str)]) -> String {
        self.words.fill(key, values)
    }

    /// Returns a sentence that another room says, in the operator's language where the language file knows it.
    pub fn said(&self, text: &str) -> String {
        self.words.said(text)
    }

    /// Returns what the journal says an order came to, or what a deployment changes, in the operator's language as far as it is known.
    pub fn acted(&self, text: &str) -> String {
        self.words.acted(text)
    }

    /// Returns what a deployment changes, in short. What somebody else's commit says stays as it is.
    pub fn changes(&self, method: Method, summary: &str) -> String {
        let theirs = method == Method::GitopsGit && !summary.contains(" \u{2192} ");
        domain::text::one_line(&if theirs { summary.to_owned() } else { self.acted(summary) })
    }

    /// Returns a trouble in the operator's language, as far as the language file knows what it says.
    pub fn told(&self, trouble: &Trouble) -> Trouble {
        self.words.told(trouble)
    }

    /// Returns a trouble in one line, in the operator's language.
    pub fn trouble(&self, trouble: &Trouble) -> String {
        self.told(trouble).to_string()
    }

    /// Returns a key's label in letters where the terminal has no signs for it.
    pub fn spelled(&self, label: &str) -> String {
        const LETTERS: [(&str, &str); 8] = [
            ("⏎", "Enter"),
            ("⇥", "Tab"),
            ("⇤", "S-Tab"),
            ("⌫", "Bksp"),
            ("↑", "Up"),
            ("↓", "Down"),
            ("←", "Left"),
            ("→", "Right"),
        ];
        if self.capabilities.utf8 {
            return label.to_owned();
        }
        LETTERS.iter().fold(label.to_owned(), |text, (sign, letters)| text.replace(sign, letters))
    }

    /// Returns a command's short title.
    pub fn title(&self, command: &Command) -> &'a str {
        self.words.command(command.id).0
    }

    /// Returns the key of a command as screens show it, for sentences that name it.
    pub fn key(&self, command: &Command) -> String {
        self.spelled(&self.keymap.label(command))
    }

    /// Returns the word of a health in the operator's language.
    pub fn health(&self, health: Health) -> &'a str {
        self.words.get(match health {
            Health::Bad => "health.bad",
            Health::Warn => "health.warn",
            Health::Busy => "health.busy",
            Health::Unknown => "health.unknown",
            Health::Off => "health.off",
            Health::Ok => "health.ok",
        })
    }

    /// Tells whether the operator may do what needs this role.
    pub fn may(&self, permission: Permission) -> bool {
        self.actor.role >= permission
    }

    /// Tells whether the operator may do what needs this role in a context.
    pub fn may_in(&self, permission: Permission, context: &ContextName) -> bool {
        self.may(permission) && !self.world.barred.holds(context)
    }

    /// Returns a new number for a query.
    pub fn ticket(&self) -> Ticket {
        Ticket(self.number())
    }

    /// Returns a new number for an order.
    pub fn order_ticket(&self) -> OrderTicket {
        OrderTicket(self.number())
    }

    /// Returns the effects that give an order and do not care which one it was.
    pub fn give(&self, order: impl Into<Order>) -> Effects {
        vec![Effect::Give(self.order_ticket(), order.into())]
    }

    fn number(&self) -> u64 {
        let number = self.marks.next.get() + 1;
        self.marks.next.set(number);
        number
    }

    /// Returns why an object is broken, from what is in the world alone; worked out once in a world.
    pub fn causes(&self, key: &ObjectKey) -> Arc<Vec<Cause>> {
        let mut memo = self.marks.causes.borrow_mut();
        if !std::ptr::eq(memo.of.as_ptr(), Arc::as_ptr(self.world)) {
            *memo = Causes { of: Arc::downgrade(self.world), known: HashMap::new() };
        }
        if let Some(known) = memo.known.get(key) {
            return Arc::clone(known);
        }
        let causes = Arc::new(explain(self.world, key, &Found::default()));
        memo.known.insert(key.clone(), Arc::clone(&causes));
        causes
    }

    /// Says that what is being drawn will look different at this moment.
    pub fn wake_at(&self, at: Time) {
        if self.marks.wake.get().is_none_or(|w| at < w) {
            self.marks.wake.set(Some(at));
        }
    }

    /// Says what a pointer meets at a place.
    pub fn spot(&self, area: Rect, aim: Aim) {
        self.marks.spots.borrow_mut().add(area, aim);
    }

    /// Says that an area tells more about the selected row, and may follow it a moment later.
    pub fn later(&self, area: Rect) {
        self.marks.later.borrow_mut().areas.push(area);
    }

    /// Says that how rows look beyond their beginning may follow a moment later: the selected one is known by that. The others
    /// come first, so that none is left looking as if it were selected.
    pub fn looks_later(&self, rows: Rect, selected: u16) {
        let from = rows.x.saturating_add(BEGINNING).min(rows.right());
        let rest = Rect { x: from, width: rows.right() - from, ..rows };
        let at = selected.clamp(rows.y, rows.bottom());
        let below = (at + 1).min(rows.bottom());
        let looks = &mut self.marks.later.borrow_mut().looks;
        looks.push(Rect { height: at - rows.y, ..rest });
        looks.push(Rect { y: below, height: rows.bottom() - below, ..rest });
        looks.push(Rect { y: at, height: below - at, ..rest });
    }

    /// Says where the cursor belongs.
    pub fn cursor_at(&self, x: u16, y: u16) {
        self.marks.cursor.set(Some(Position { x, y }));
    }

    /// Returns how long ago a moment was (`4s`, `3m`, `2h`, `5d`) and sees to it that it is drawn again when that changes.
    pub fn age(&self, time: Time) -> String {
        self.span(time, self.now)
    }

    /// Returns the age of a moment that may be absent.
    pub fn age_of(&self, time: Option<Time>) -> String {
        time.map_or_else(|| "–".to_owned(), |t| self.age(t))
    }

    /// Returns how long something has taken so far, or took when it is over.
    pub fn took(&self, started: Time, ended: Option<Time>) -> String {
        ended.map_or_else(|| self.span_fine(started), |end| fine(end.as_millisecond() - started.as_millisecond()))
    }

    fn span(&self, time: Time, now: Time) -> String {
        let passed = (now.as_millisecond() - time.as_millisecond()).max(0);
        let (text, unit) = coarse(passed);
        self.again(time, passed, unit);
        text
    }

    fn span_fine(&self, started: Time) -> String {
        let passed = (self.now.as_millisecond() - started.as_millisecond()).max(0) / 1000 * 1000;
        self.again(started, (self.now.as_millisecond() - started.as_millisecond()).max(0), 1000);
        fine(passed)
    }

    fn again(&self, time: Time, passed: i64, unit: i64) {
        let next = time.as_millisecond() + (passed / unit + 1) * unit;
        if let Ok(at) = Time::from_millisecond(next) {
            self.wake_at(at);
        }
    }

    /// Returns the spinner's picture of now and sees to it that it turns.
    pub fn spinner(&self) -> &'static str {
        const PICTURES: [&str; 4] = ["◐", "◓", "◑", "◒"];
        let turn = self.now.as_millisecond().div_euclid(SPIN);
        if let Ok(at) = Time::from_millisecond((turn + 1) * SPIN) {
            self.wake_at(at);
        }
        PICTURES[usize::try_from(turn.rem_euclid(4)).unwrap_or(0)]
    }

    /// Returns a health as far as it is still known: of what is stale nobody knows how it is.
    pub fn as_known(&self, key: &ObjectKey, health: Health) -> Health {
        if self.world.is_stale(key) { Health::Unknown } else { health }
    }

    /// Returns the glyph of a health; the one for busy turns.
    pub fn glyph(&self, health: Health) -> &'static str {
        match health {
            Health::Bad => "✗",
            Health::Warn => "▲",
            Health::Busy => self.spinner(),
            Health::Unknown => "?",
            Health::Off => "‖",
            Health::Ok => "✓",
        }
    }

    /// Returns a moment as the clock on the operator's wall shows it: `14:02:11`.
    pub fn clock(&self, time: Time) -> String {
        time.to_zoned(TimeZone::fixed(self.offset)).strftime("%H:%M:%S").to_string()
    }

    /// Returns a moment with its date: `2026-11-21 14:02:11`.
    pub fn moment(&self, time: Time) -> String {
        time.to_zoned(TimeZone::fixed(self.offset)).strftime("%Y-%m-%d %H:%M:%S").to_string()
    }
}

/// Returns a span in its largest unit and how many milliseconds that unit has.
fn coarse(ms: i64) -> (String, i64) {
    const UNITS: [(i64, &str, i64); 4] =
        [(60_000, "s", 1000), (3_600_000, "m", 60_000), (172_800_000, "h", 3_600_000), (i64::MAX, "d", 86_400_000)];
    let (_, letter, unit) = UNITS.into_iter().find(|(below, ..)| ms < *below).unwrap_or(UNITS[3]);
    (format!("{}{letter}", ms / unit), unit)
}

/// Returns a span in its two largest units: `850ms`, `1.2s`, `31s`, `1m 12s`, `2h 5m`.
pub fn fine(ms: i64) -> String {
    let ms = ms.max(0);
    match ms {
        0..1000 if ms % 1000 != 0 => format!("{ms}ms"),
        0..10_000 if ms % 1000 != 0 => format!("{}.{}s", ms / 1000, ms % 1000 / 100),
        0..60_000 => format!("{}s", ms / 1000),
        60_000..3_600_000 => format!("{}m {}s", ms / 60_000, ms % 60_000 / 1000),
        3_600_000..172_800_000 => format!("{}h {}m", ms / 3_600_000, ms % 3_600_000 / 60_000),
        _ => format!("{}d {}h", ms / 86_400_000, ms % 86_400_000 / 3_600_000),
    }
}
