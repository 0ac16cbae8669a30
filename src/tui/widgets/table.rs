//! A list: columns that leave from the right when room is short, a selection that follows its row, a filter, an order, marks.
//!
//! Only the visible rows are drawn, and only the rows that changed are looked at anew, so ten thousand cost no more than
//! fifty. What stays where it is while rows change, and when it is settled anew, says `settled`.

use std::cell::Cell as Slot;
use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};
use std::fmt::Debug;
use std::hash::Hash;
use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent};
use domain::Time;
use domain::filter::{Fault, Fields, Filter};
use domain::flux::Health;

use crate::command::{Command, command};
use crate::cx::Cx;
#[cfg(test)]
use crate::memory::Kept;
use crate::spots::Pointed;
use crate::theme::Role;
use crate::widgets::input::Input;
use crate::widgets::put::{Piece, piece};

mod kept;
mod marks;
mod pick;
mod settled;
mod sieve;
#[cfg(test)]
mod tests;
mod view;

use settled::Settled;
pub use view::{foot, said, scrollbar};

/// The commands of every list; a tab adds them to its own.
pub const LIST: &[Command] = &[
    command("list.down", &["j", "down", "ctrl-n"], 0),
    command("list.up", &["k", "up", "ctrl-p"], 0),
    command("list.half-down", &["ctrl-d"], 0),
    command("list.half-up", &["ctrl-u"], 0),
    command("list.page-down", &["pgdn", "ctrl-f"], 0),
    command("list.page-up", &["pgup", "ctrl-b"], 0),
    command("list.first", &["g g", "home"], 0),
    command("list.last", &["G", "end"], 0),
    command("list.filter", &["/"], 90),
    PICK_ONE,
    command("list.reverse", &["O"], 0),
    command("list.faults", &["z"], 0),
    command("list.state", &["Z"], 0),
    command("list.next-fault", &["g f"], 0),
];

/// Picks the column to sort by.
pub const PICK_ONE: Command = command("list.sort", &["o"], 0);

/// The commands of a list whose rows can be marked.
pub const MARKS: &[Command] =
    &[command("list.mark", &["space"], 0), command("list.mark-range", &["v"], 0), command("list.mark-all", &["a"], 0)];

/// Ends the typing of the filter and leaves it set.
pub const KEEP: Command = command("list.keep", &["enter"], 1);

/// Clears marks, then the filter, then the state that rows are narrowed to; possible while there is one of them.
pub const CLEAR: Command = command("list.clear", &["esc"], 80);

/// Returns what is possible while a list's filter is typed: the other commands have keys that edit text.
pub fn typing_commands() -> Vec<&'static Command> {
    const MOVES: [&str; 4] = ["list.down", "list.up", "list.page-down", "list.page-up"];
    [&KEEP, &CLEAR].into_iter().chain(LIST.iter().filter(|c| MOVES.contains(&c.id))).collect()
}

/// Says how wide a column is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// So many columns.
    Fixed(u16),
    /// As wide as its widest text, within bounds.
    Fit(u16, u16),
    /// At least so many columns, and its share of what is left.
    Grow(u16),
    /// At least so many columns, and of what is left as many as make it so wide: what follows is not pushed far away from it.
    Upto(u16, u16),
}

/// What stands in many lists is as wide in each of them.
impl Width {
    /// A kind of object.
    pub const KIND: Self = Self::Fit(6, 26);
    /// A namespace.
    pub const NAMESPACE: Self = Self::Fit(9, 24);
    /// The name of an object.
    pub const NAME: Self = Self::Fit(12, 44);
    /// A cluster.
    pub const CLUSTER: Self = Self::Fit(7, 20);
    /// A branch.
    pub const BRANCH: Self = Self::Fit(6, 20);
    /// A revision: branch and commit.
    pub const REVISION: Self = Self::Fit(8, 26);
    /// A commit.
    pub const COMMIT: Self = Self::Fixed(7);
    /// How long ago something came to be or happened.
    pub const AGE: Self = Self::Fixed(4);
    /// How long ago something changed.
    pub const CHANGED: Self = Self::Fixed(7);
    /// A sentence.
    pub const MESSAGE: Self = Self::Grow(24);
    /// A sentence in the list of a pane, where there is less room for it.
    pub const NOTE: Self = Self::Grow(16);
}

/// Holds what stands in one place of a list.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Cell {
    /// The text.
    pub pieces: Vec<Piece<'static>>,
    /// Whether it is cut in the middle (names) and not at the end (sentences).
    pub middle: bool,
}

impl Cell {
    /// Builds a cell of one text.
    pub fn new(text: impl Into<std::borrow::Cow<'static, str>>, role: Role) -> Self {
        Self { pieces: vec![piece(text, role)], middle: false }
    }

    /// Builds a cell of a name, which is cut in the middle.
    pub fn name(text: impl Into<std::borrow::Cow<'static, str>>, role: Role) -> Self {
        Self { pieces: vec![piece(text, role)], middle: true }
    }

    /// Builds a cell of pieces.
    pub const fn of(pieces: Vec<Piece<'static>>) -> Self {
        Self { pieces, middle: false }
    }
}

/// Describes a column. Its title stands in the language files under `column.<id>`.
pub struct Column<T: 'static> {
    /// The id.
    pub id: &'static str,
    /// When it leaves: 0 never, then the highest first.
    pub priority: u8,
    /// How wide it is.
    pub width: Width,
    /// Whether its texts end at the right edge.
    pub right: bool,
    /// What stands in it.
    pub cell: fn(&T, &Cx) -> Cell,
    /// How it is sorted, when it can be.
    pub order: Option<fn(&T, &T) -> Ordering>,
}

/// What a list shows: something with a key of its own.
pub trait Row: Debug {
    /// What distinguishes it from others, and stays while it changes.
    type Key: Clone + Eq + Hash + Debug;
    /// What a filter sees of it.
    type Fields: Fields;
    /// Returns the key.
    fn key(&self) -> Self::Key;
    /// Returns what a filter sees of it.
    fn fields(&self) -> &Self::Fields;
    /// Returns how it is doing: its glyph stands in front.
    fn health(&self, cx: &Cx) -> Option<Health>;
    /// Returns something that changes when the row does; a change tints it for a second.
    fn version(&self) -> u64 {
        0
    }
    /// Tells whether another row is this very one, unchanged; cheap, and false where that is not known.
    fn same(&self, other: &Self) -> bool {
        let _ = other;
        false
    }
    /// Compares with another row by the order in which they come, for rows that always come sorted by key.
    fn compare(&self, other: &Self) -> Option<Ordering> {
        let _ = other;
        None
    }
    /// Returns something that changes when the health of all rows has to be looked at anew.
    fn ground(cx: &Cx) -> u64 {
        let _ = cx;
        0
    }
}

/// Says which states a list is narrowed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Only {
    /// What is failed or degraded.
    Faults,
    /// One state.
    State(Health),
}

/// Says which rows are in a list at all.
pub type Scope<T> = Box<dyn Fn(&T) -> bool>;

/// The order of a list: a column's place, and whether it is turned round.
type Order = Option<(usize, bool)>;

/// Holds a list and where one is in it.
pub struct Table<T: Row + 'static> {
    spec: Vec<&'static Column<T>>,
    hidden: Vec<&'static str>,
    rows: Arc<Vec<T>>,
    /// How each row is doing, and whether it is within the scope at all.
    states: Vec<sieve::State>,
    shown: Vec<u32>,
    scope: Option<Scope<T>>,
    only: Option<Only>,
    settled: Settled,
    cursor: usize,
    selected: Option<T::Key>,
    /// The title of the row that is to be selected as soon as it is there.
    sought: Option<String>,
    input: Input,
    filter: Filter<T::Fields>,
    fault: Option<Fault>,
    typing: bool,
    sort: Order,
    /// The order before a column was being picked.
    pick: Option<Order>,
    marking: bool,
    marks: HashSet<T::Key>,
    /// The places of the marked rows.
    marked: Vec<u32>,
    anchor: Option<T::Key>,
    pinned: HashSet<T::Key>,
    offset: Slot<usize>,
    pointed: Pointed,
    /// The column whose title was pointed at.
    titled: Pointed,
    page: Slot<usize>,
    fresh: HashMap<T::Key, Time>,
    /// The moment at which rows were last looked at, and the next at which their mere age changes what the filter lets through.
    now: Time,
    turns: Option<Time>,
    ground: u64,
}

impl<T: Row + 'static> Debug for Table<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Table")
            .field("rows", &self.rows.len())
            .field("shown", &self.shown.len())
            .field("selected", &self.selected)
            .field("filter", &self.input.text())
            .finish_non_exhaustive()
    }
}

impl<T: Row + 'static> Table<T> {
    /// Builds an empty list in the order in which rows come.
    pub fn new(spec: &'static [Column<T>]) -> Self {
        Self::of(spec.iter().collect())
    }

    /// Builds an empty list of chosen columns.
    pub fn of(spec: Vec<&'static Column<T>>) -> Self {
        Self {
            settled: Settled::new(spec.len()),
            spec,
            rows: Arc::default(),
            states: Vec::new(),
            shown: Vec::new(),
            scope: None,
            only: None,
            cursor: 0,
            selected: None,
            sought: None,
            input: Input::default(),
            filter: Filter::default(),
            fault: None,
            typing: false,
            sort: None,
            hidden: Vec::new(),
            pick: None,
            marking: false,
            marks: HashSet::new(),
            marked: Vec::new(),
            anchor: None,
            pinned: HashSet::new(),
            offset: Slot::new(0),
            pointed: Pointed::default(),
            titled: Pointed::default(),
            page: Slot::new(1),
            fresh: HashMap::new(),
            now: Time::UNIX_EPOCH,
            turns: None,
            ground: 0,
        }
    }

    /// Lets rows be marked.
    pub fn marked(mut self) -> Self {
        self.marking = true;
        self
    }

    /// Sets the rows; the selection stays on its row, or where it was when that is gone.
    pub fn set(&mut self, cx: &Cx, rows: Vec<T>) {
        self.share(cx, Arc::new(rows));
    }

    /// Sets rows that others hold too, without a copy.
    pub fn share(&mut self, cx: &Cx, rows: Arc<Vec<T>>) {
        self.renew(cx, rows);
        self.seek();
    }

    /// Lets the rows go until [`Table::set`] brings them again; filter, order, marks and selection stay.
    pub fn rest(&mut self) {
        (self.typing, self.pick) = (false, None);
        self.rows = Arc::default();
        self.states = Vec::new();
        self.shown = Vec::new();
        self.marked = Vec::new();
        self.settled = Settled::new(self.spec.len());
        self.fresh.clear();
    }

    /// Returns all rows, in the order in which they came.
    pub fn rows(&self) -> &[T] {
        &self.rows
    }

    /// Returns how many rows the filter lets through.
    pub const fn count(&self) -> usize {
        self.shown.len()
    }

    /// Goes through the rows that are shown, in their order.
    pub fn shown(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.shown.iter().filter_map(|at| self.rows.get(*at as usize))
    }

    /// Returns the selected row.
    pub fn selected(&self) -> Option<&T> {
        self.shown.get(self.cursor).and_then(|at| self.rows.get(*at as usize))
    }

    /// Selects the row of a key when it is shown.
    pub fn select(&mut self, key: &T::Key) {
        let found = self.shown().position(|row| &row.key() == key);
        if let Some(at) = found {
            self.go(at);
        }
    }

    /// Leaves a column out, or shows it again where it fits.
    pub fn hide(&mut self, id: &'static str, hidden: bool) {
        self.hidden.retain(|held| *held != id);
        self.hidden.extend(hidden.then_some(id));
    }

    /// Returns the filter's text.
    pub fn filter(&self) -> &str {
        self.input.text()
    }

    /// Returns which states the list is narrowed to.
    pub const fn only(&self) -> Option<Only> {
        self.only
    }

    /// Tells whether plain keys are its own: the filter is being typed or a column picked.
    pub const fn typing(&self) -> bool {
        self.typing || self.pick.is_some()
    }

    /// Returns the moment at which [`Table::wake`] changes what is shown, by nothing but the age of rows.
    pub const fn deadline(&self) -> Option<Time> {
        self.turns
    }

    /// Looks anew at rows whose age the filter asks for.
    pub fn wake(&mut self, now: Time) {
        if self.turns.is_some_and(|at| at <= now) {
            self.now = now;
            self.arrange();
        }
    }

    /// Returns the commands that work on it now. While the filter is typed ([`Table::typing`]) a tab has no others.
    pub fn commands(&self) -> Vec<&'static Command> {
        if self.pick.is_some() {
            return pick::PICK.iter().collect();
        }
        if self.typing {
            return typing_commands();
        }
        let some = !self.rows.is_empty();
        let marks = MARKS.iter().filter(|_| some && self.marking);
        let clear = !self.input.text().is_empty() || self.only.is_some() || !self.marks.is_empty();
        // A filter can be typed before anything came: what follows the key must never be taken for commands.
        let possible = |id: &str| match id {
            "list.filter" => true,
            "list.reverse" => some && self.sort.is_some(),
            "list.next-fault" => self.faulty().next().is_some(),
            _ => some,
        };
        LIST.iter().filter(|c| possible(c.id)).chain(marks).chain(clear.then_some(&CLEAR)).collect()
    }

    /// Carries out one of its commands; tells whether it was one.
    pub fn command(&mut self, id: &str) -> bool {
        self.sought = None;
        let (last, page) = (self.shown.len().saturating_sub(1), self.page.get().max(1));
        match id {
            "list.down" => self.go((self.cursor + 1).min(last)),
            "list.up" => self.go(self.cursor.saturating_sub(1)),
            "list.half-down" => self.go((self.cursor + page.div_ceil(2)).min(last)),
            "list.half-up" => self.go(self.cursor.saturating_sub(page.div_ceil(2))),
            "list.page-down" => self.go((self.cursor + page).min(last)),
            "list.page-up" => self.go(self.cursor.saturating_sub(page)),
            "list.first" => self.go(0),
            "list.last" => self.go(last),
            "list.point" => match self.pointed.take() {
                Some(at) => self.go(at.min(last)),
                None => return false,
            },
            "list.by" => match self.titled.take() {
                Some(at) => self.sort_by_title(at),
                None => return false,
            },
            "list.filter" => self.typing = true,
            "list.keep" => self.typing = false,
            "list.clear" => self.clear(),
            "list.reverse" => {
                if let Some((_, down)) = &mut self.sort {
                    *down = !*down;
                    self.arrange();
                }
            }
            "list.faults" => self.narrow_to(if self.only == Some(Only::Faults) { None } else { Some(Only::Faults) }),
            "list.state" => self.narrow_to(self.next_state()),
            "list.next-fault" => self.next_fault(),
            id => return self.picking(id) || self.mark_command(id),
        }
        true
    }

    /// Clears what is nearest: what is typed, the marks, the filter, the state.
    fn clear(&mut self) {
        if !self.typing && !self.marks.is_empty() {
            return self.unmark();
        }
        let filtered = self.typing || !self.input.text().is_empty();
        self.typing = false;
        if filtered {
            self.input.set("");
            self.refilter();
        } else {
            self.narrow_to(None);
        }
    }

    /// Takes a key while the filter is typed or a column picked.
    pub fn key(&mut self, key: KeyEvent) {
        if self.pick.is_some() {
            return self.pick_key(key);
        }
        let back = self.input.text().is_empty() && key.code == KeyCode::Backspace;
        if back {
            self.typing = false;
        } else if self.input.key(key) {
            self.refilter();
        }
    }

    /// Takes pasted text while the filter is typed.
    pub fn paste(&mut self, text: &str) {
        if self.typing && self.input.paste(text) {
            self.refilter();
        }
    }

    /// Sets the filter's text.
    #[cfg(test)]
    pub(crate) fn set_filter(&mut self, text: &str) {
        self.recall(&Kept { filter: text.to_owned(), selected: None });
    }

    /// Reads the filter. One with a fault says so beside it; the terms before it hold.
    fn refilter(&mut self) {
        (self.filter, self.fault) = Filter::typed(self.input.text());
        self.arrange();
    }

    fn go(&mut self, to: usize) {
        self.cursor = to;
        self.selected = self.selected().map(Row::key);
    }
}
