//! One operator's console: takes messages, changes the state of the screen, and says what it wants of the engine.
//!
//! Synchronous and pure: no I/O, no clock, no task. The loop in [`crate::run`] brings messages and carries out wishes.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::Arc;

use crossterm::event::Event;
use domain::Time;
use domain::actor::Actor;
use domain::flux::ObjectKey;
use domain::orders::Order;
use domain::world::{Mishap, World};
use jiff::tz::Offset;
use ratatui::layout::{Rect, Size};

use crate::capabilities::Capabilities;
use crate::cx::{Cx, Marks};
use crate::desk::Desk;
use crate::editing::Errand;
use crate::effects::{OrderTicket, Reply, Ticket, Toast, Wish};
use crate::keys::{Chord, Conflict};
use crate::later::Later;
use crate::place::TabId;
use crate::preferences::{News, Preferences};
use crate::tab::{Tab, TabMsg};
use crate::tabs::TABS;
use crate::theme::Theme;
use crate::trail::{Stop, Trail};
use crate::words::Words;

mod context;
mod deliver;
mod dress;
mod effects;
mod ends;
mod idle;
mod keys;
mod memory;
mod pointer;
#[cfg(test)]
mod pointer_tests;
#[cfg(test)]
mod random_tests;
#[cfg(test)]
mod steady_tests;
#[cfg(test)]
mod tests;
mod tour;
#[cfg(test)]
mod tour_tests;
mod waiting;

use dress::Dress;
use pointer::Pointer;
use tour::Tour;
use waiting::Asked;

/// Holds what a session is told when it begins.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The operator.
    pub actor: Actor,
    /// The kubeconfig context that the console was told to use; empty when it was not.
    pub context: String,
    /// What the operator likes.
    pub preferences: Preferences,
    /// What the terminal can show.
    pub capabilities: Capabilities,
    /// The operator's distance from UTC.
    pub offset: Offset,
    /// The screen's size.
    pub size: Size,
}

/// Tells a session something.
#[derive(Debug, Clone, PartialEq)]
pub enum Msg {
    /// A key, a paste, a new size.
    Input(Event),
    /// A new world.
    World(Arc<World>),
    /// Something came back from the engine.
    Reply(Reply),
    /// Something around the session changed.
    News(News),
    /// The screen has another size.
    Resize(u16, u16),
    /// The moment that [`Session::deadline`] named has come.
    Wake,
}

/// Says what the loop has to do.
#[expect(clippy::large_enum_variant, reason = "made, moved once and used up; never kept in numbers")]
#[derive(Debug, Clone, PartialEq)]
pub enum Act {
    /// Give this to the engine.
    Wish(Wish),
    /// Put this on the clipboard.
    Copy(String),
    /// Let the desktop open this web address.
    Visit(String),
    /// Run an errand to the operator's editor.
    Editor(Ticket, Errand),
    /// Take the mouse, or leave it to the terminal.
    Mouse(bool),
    /// Let the desktop say something, by way of the terminal.
    Notify(String),
    /// Ring the terminal's bell.
    Bell,
    /// End the session.
    Quit,
    /// End it, and begin the demo in its place.
    Demo,
}

/// Names the one that asked for something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Place {
    Tab(TabId),
    Layer(u64),
}

/// Holds an overlay that lies over the tab.
#[derive(Debug)]
struct Layer {
    id: u64,
    /// The shell's command that opens it, which is not offered over it again.
    by: &'static str,
    /// The object that it is about, when it is about one.
    object: Option<ObjectKey>,
    pane: Box<dyn Tab>,
}

/// Holds everything that [`Cx`] shows.
#[derive(Debug)]
pub(crate) struct Base {
    pub(crate) world: Arc<World>,
    pub(crate) actor: Actor,
    pub(crate) context: String,
    pub(crate) theme: Theme,
    pub(crate) words: Words,
    pub(crate) preferences: Preferences,
    pub(crate) dress: Dress,
    pub(crate) trail: Trail,
    pub(crate) below: Option<u16>,
    pub(crate) beside: Option<u16>,
    pub(crate) capabilities: Capabilities,
    pub(crate) size: Size,
    pub(crate) now: Time,
    pub(crate) offset: Offset,
    pub(crate) desk: Desk,
    pub(crate) running: BTreeMap<OrderTicket, Order>,
    pub(crate) marks: Marks,
}

impl Base {
    pub(crate) fn new(settings: Settings, now: Time, world: Arc<World>) -> Self {
        let dress = Dress::default();
        Self {
            world,
            theme: dress.theme(&settings.preferences, settings.capabilities.depth).0,
            dress,
            trail: Trail::default(),
            below: None,
            beside: None,
            words: Words::load(settings.preferences.language),
            preferences: settings.preferences,
            actor: settings.actor,
            context: settings.context,
            capabilities: settings.capabilities,
            size: settings.size,
            now,
            offset: settings.offset,
            desk: Desk::default(),
            running: BTreeMap::new(),
            marks: Marks::default(),
        }
    }

    pub(crate) const fn cx(&self) -> Cx<'_> {
        Cx {
            world: &self.world,
            actor: &self.actor,
            context: self.context.as_str(),
            theme: &self.theme,
            words: &self.words,
            preferences: &self.preferences,
            trail: &self.trail,
            below: self.below,
            beside: self.beside,
            keymap: &self.preferences.keymap,
            capabilities: self.capabilities,
            size: self.size,
            now: self.now,
            offset: self.offset,
            desk: &self.desk,
            running: &self.running,
            marks: &self.marks,
        }
    }
}

/// Holds one operator's console.
#[derive(Debug)]
pub struct Session {
    base: Base,
    tabs: Vec<Box<dyn Tab>>,
    active: TabId,
    back: Vec<TabId>,
    layers: Vec<Layer>,
    next_layer: u64,
    asked: HashMap<Ticket, Asked>,
    ordered: HashMap<OrderTicket, Place>,
    pending: Vec<Chord>,
    /// The count that is being typed before a key.
    count: Option<usize>,
    /// What happened since the last frame: nothing yet, or whether it was keys alone that only moved the selection of a list.
    moved: Option<bool>,
    /// Whether the key that is being taken did only that.
    moving: bool,
    /// The areas that said more about the selected row in the last frame.
    told: Vec<Rect>,
    /// What is being done with the mouse.
    pointer: Pointer,
    toasts: VecDeque<(Time, Toast)>,
    troubles: Vec<Mishap>,
    /// What was told of keys with two meanings.
    conflicts: HashSet<Conflict>,
    /// Where the tour is, while there is one.
    tour: Option<Tour>,
    /// When the session before this was left.
    left: Option<Time>,
    /// Whether deployments began or ended since.
    news: bool,
    /// What keeps the chosen context watched.
    held: Option<Ticket>,
}

/// How many things the tour points at.
pub(crate) const STOPS: usize = tour::STOPS.len();

/// How long a note stays, in milliseconds.
const TOAST: i64 = 5000;
/// How long it stays after newer ones, which take its room before it was read.
const READ: i64 = 2500;

impl Session {
    /// Begins a session and returns what it wants at once.
    pub fn new(settings: Settings, now: Time, world: Arc<World>) -> (Self, Vec<Act>) {
        let troubles: Vec<Mishap> = world.mishaps.iter().rev().cloned().collect();
        let mut session = Self {
            base: Base::new(settings, now, world),
            tabs: TABS.iter().map(|t| (t.build)()).collect(),
            active: TabId::Environments,
            back: Vec::new(),
            layers: Vec::new(),
            next_layer: 0,
            asked: HashMap::new(),
            ordered: HashMap::new(),
            pending: Vec::new(),
            count: None,
            moved: None,
            moving: false,
            told: Vec::new(),
            pointer: Pointer::default(),
            toasts: VecDeque::new(),
            troubles,
            conflicts: HashSet::new(),
            tour: None,
            left: None,
            news: false,
            held: None,
        };
        if session.base.world.projects.is_empty() {
            session.active = TabId::Projects;
        }
        let mut acts = Vec::new();
        session.tell(Place::Tab(session.active), TabMsg::Enter, &mut acts);
        session.check_keys();
        session.understand();
        session.mark();
        (session, acts)
    }

    /// Takes a message at a moment and returns what it wants of the loop.
    pub fn update(&mut self, now: Time, msg: Msg) -> Vec<Act> {
        self.base.now = now;
        let mut acts = Vec::new();
        if matches!(msg, Msg::Input(Event::Key(_) | Event::Mouse(_))) {
            self.tour_acted();
        }
        match msg {
            Msg::Input(event) => {
                // Whoever only moves says so.
                self.moving = false;
                self.input(event, &mut acts);
                self.moved = Some(self.moving && self.moved.unwrap_or(true));
            }
            Msg::World(world) => {
                // What its change costs is spent anyway, and does not push the selection's look into a later frame.
                self.moved = Some(false);
                self.world(world, &mut acts);
            }
            Msg::Reply(reply) => self.reply(reply, &mut acts),
            Msg::News(news) => self.news(news, &mut acts),
            Msg::Resize(wide, high) => self.base.size = Size::new(wide, high),
            Msg::Wake => self.wake(&mut acts),
        }
        self.tour_on();
        self.mark();
        acts
    }

    /// Tells what is shown that the session is over and returns what it still wants: what was typed last has to be kept.
    pub fn leave(&mut self, now: Time) -> Vec<Act> {
        self.base.now = now;
        let mut acts = Vec::new();
        self.tell(Place::Tab(self.active), TabMsg::Leave, &mut acts);
        acts
    }

    /// Lays something over the tab, as a pane would.
    #[cfg(test)]
    pub(crate) fn open_for_test(&mut self, overlay: crate::effects::Overlay, acts: &mut Vec<Act>) {
        self.open(overlay, acts);
    }

    /// Returns what lies behind [`Session::cx`].
    pub(crate) const fn base(&self) -> &Base {
        &self.base
    }

    /// Returns the moment at which the session wants [`Msg::Wake`]: something that was drawn will look different, or a tab
    /// waits for it. Call it after [`crate::shell::view`].
    pub fn deadline(&self) -> Option<Time> {
        let panes = self.tabs.iter().chain(self.layers.iter().map(|l| &l.pane)).filter_map(|t| t.deadline());
        panes
            .chain(self.waits_from().filter(|at| *at > self.base.now))
            .chain(self.base.marks.wake())
            .chain(self.toasts.iter().map(|(until, _)| *until))
            .min()
    }

    /// Tells whether nothing happened since the last frame but keys that moved the selection of a list.
    pub fn only_moved(&self) -> bool {
        self.moved == Some(true)
    }

    /// Returns what may follow the selection a moment later; call it after [`crate::shell::view`]. None of the areas where they
    /// are not those of the last frame.
    pub fn later(&self) -> Later {
        let later = self.base.marks.later();
        if later.areas == self.told { later } else { Later { areas: Vec::new(), ..later } }
    }

    /// Says that a frame was drawn.
    pub fn drawn(&mut self) {
        self.moved = None;
        self.told = self.base.marks.later().areas;
    }

    /// Returns the screen's size.
    pub const fn size(&self) -> Size {
        self.base.size
    }

    /// Returns what tabs may look at.
    pub const fn cx(&self) -> Cx<'_> {
        self.base.cx()
    }

    /// Returns the tab that is shown.
    pub const fn active(&self) -> TabId {
        self.active
    }

    pub(crate) fn tab(&self) -> &dyn Tab {
        self.tabs[self.active.index()].as_ref()
    }

    pub(crate) fn panes(&self) -> impl Iterator<Item = &dyn Tab> {
        self.layers.iter().map(|l| l.pane.as_ref())
    }

    pub(crate) fn pending(&self) -> &[Chord] {
        &self.pending
    }

    /// Returns the count that is being typed; 0 as long as it has no digit.
    pub(crate) const fn count(&self) -> Option<usize> {
        self.count
    }

    pub(crate) fn toasts(&self) -> impl DoubleEndedIterator<Item = &Toast> {
        self.toasts.iter().map(|(_, toast)| toast)
    }

    pub(crate) fn trouble_count(&self) -> usize {
        self.troubles.len()
    }

    /// Puts where one is on the trail.
    fn mark(&mut self) {
        let object = self.layers.iter().rev().find_map(|l| l.object.clone());
        self.base.trail.mark(Stop::of(self.active, &self.base.desk, object));
    }

    fn front(&self) -> Place {
        self.layers.last().map_or(Place::Tab(self.active), |l| Place::Layer(l.id))
    }

    fn pane(&self, place: Place) -> Option<&dyn Tab> {
        match place {
            Place::Tab(id) => self.tabs.get(id.index()).map(AsRef::as_ref),
            Place::Layer(id) => self.layers.iter().find(|l| l.id == id).map(|l| l.pane.as_ref()),
        }
    }

    /// Tells a pane something and carries out what it wants.
    fn tell(&mut self, place: Place, msg: TabMsg, acts: &mut Vec<Act>) {
        let cx = self.base.cx();
        let pane = match place {
            Place::Tab(id) => self.tabs.get_mut(id.index()),
            Place::Layer(id) => self.layers.iter_mut().find(|l| l.id == id).map(|l| &mut l.pane),
        };
        if let Some(pane) = pane {
            let effects = pane.update(&cx, msg);
            self.carry_out(place, effects, acts);
        }
    }
}
