//! Everything about one object: a row of views, each of them one file below and one line in `VIEWS`.
//!
//! ```text
//! ╭─ Kustomization/flux-system/shop-production ──────────────────────╮
//! │ Overview  Inventory  Events  History  YAML  Trace                │
//! │ …                                                                │
//! ```
//!
//! The object is read whole once and again whenever the world shows another version of it, at most every two seconds; views
//! ask for more only while they are shown, and what they asked is taken back when they are left.

use std::sync::Arc;

use domain::Time;
use domain::detail::Whole;
use domain::flux::ObjectKey;
use domain::ident::ContextName;
use domain::link::LinkOf;
use domain::query::{Answer, Query};
use domain::workload::Workload;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::acts;
use crate::command::{Command, command};
use crate::cx::Cx;
use crate::editing::PAGER;
use crate::effects::{Effect, Effects, Ticket};
use crate::tab::{Tab, TabMsg};
use crate::theme::Role;
use crate::widgets::dialog;
use crate::widgets::link;
use crate::widgets::put::{columns, put, put_right, width};

mod asked;
mod events;
mod history;
mod inventory;
mod lately;
mod logs;
mod overview;
mod running;
#[cfg(test)]
mod tests;
mod trace;
mod users;
mod values;
mod why;
mod yaml;

use asked::Asked;

static NEXT: Command = command("object.next", &["tab"], 1);
static PREVIOUS: Command = command("object.previous", &["s-tab"], 0);
static COPY: Command = command("object.copy", &["c"], 20);
static AGAIN: Command = command("object.again", &["ctrl-r"], 21);

/// How wide it is at most. A screen little wider is its own: strips of a list beside it would tell nothing.
const WIDEST: u16 = 216;
/// The shortest time between two questions that a change brings about, in milliseconds.
const PAUSE: i64 = 2_000;
/// How long an answer about an object that is not watched stands, in milliseconds.
const STANDS: i64 = 10_000;

/// Describes a view.
struct Entry {
    /// Its title's key.
    title: &'static str,
    /// Whether an object of this kind has it.
    suits: fn(&ObjectKey) -> bool,
    /// Builds it.
    build: fn() -> Box<dyn View>,
}

/// All views, in their order: one line each.
static VIEWS: &[Entry] = &[
    Entry { title: "object.overview", suits: |_| true, build: || Box::<overview::Overview>::default() },
    Entry { title: "cause.view", suits: |_| true, build: || Box::<why::Why>::default() },
    Entry { title: "object.pods", suits: running::has_pods, build: || Box::new(running::Pods::new()) },
    Entry { title: "object.inventory", suits: inventory::suits, build: || Box::new(inventory::Inventory::new()) },
    Entry { title: "object.users", suits: users::suits, build: || Box::new(users::Users::new()) },
    Entry { title: "object.events", suits: |_| true, build: || Box::new(events::Events::new()) },
    Entry { title: "values.title", suits: values::suits, build: || Box::<values::Values>::default() },
    Entry { title: "object.history", suits: history::suits, build: || Box::new(history::History::new()) },
    Entry { title: "object.yaml", suits: |_| true, build: || Box::<yaml::Manifest>::default() },
    Entry { title: "object.trace", suits: |_| true, build: || Box::new(trace::Trace::new()) },
    Entry { title: "log.title", suits: acts::has_log, build: || Box::<logs::Logs>::default() },
];

/// Shows a view what is known of the object.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// Which one.
    pub key: &'a ObjectKey,
    /// The object as it was last read.
    pub whole: &'a Asked<Arc<Whole>>,
    /// Grows with every change of the object that is worth asking about.
    pub turn: u64,
}

/// A view of an object.
///
/// Like a tab it is synchronous and draws only what is visible; it hears of the world only while it is shown.
pub trait View: std::fmt::Debug {
    /// Returns what is possible now beside what works in every view.
    fn commands(&self, cx: &Cx, of: &Subject) -> Vec<&'static Command>;

    /// Tells whether keys are text now.
    fn typing(&self) -> bool {
        false
    }

    /// Returns what it wants to know: called when it is shown and whenever the subject's turn has grown.
    fn wants(&mut self, cx: &Cx, of: &Subject) -> Effects {
        let _ = (cx, of);
        Effects::new()
    }

    /// Returns what it takes back, since it is not shown any more.
    fn leave(&mut self) -> Effects {
        Effects::new()
    }

    /// Takes a message: a command, a key, an answer, a new world or a newly read object ([`TabMsg::Desk`] stands for that).
    fn update(&mut self, cx: &Cx, of: &Subject, msg: &TabMsg) -> Effects;

    /// Returns what copying means here; the object's name when nothing.
    fn copy(&self, cx: &Cx, of: &Subject) -> Option<String> {
        let _ = (cx, of);
        None
    }

    /// Draws it.
    fn view(&self, cx: &Cx, of: &Subject, area: Rect, buf: &mut Buffer);
}

/// Holds an object and its views.
#[derive(Debug)]
pub struct Object {
    key: ObjectKey,
    whole: Asked<Arc<Whole>>,
    views: Vec<(&'static str, Box<dyn View>)>,
    at: usize,
    turn: u64,
    /// The version that was seen last in the world.
    version: Option<String>,
    /// When to ask again.
    due: Option<Time>,
    hold: Option<(Ticket, Vec<String>)>,
}

impl Object {
    /// Shows an object.
    pub fn new(key: ObjectKey) -> Self {
        let views = VIEWS.iter().filter(|v| (v.suits)(&key)).map(|v| (v.title, (v.build)())).collect();
        Self { key, whole: Asked::default(), views, at: 0, turn: 0, version: None, due: None, hold: None }
    }

    fn shown<T>(&mut self, with: impl FnOnce(&mut dyn View, &Subject) -> T) -> T {
        let subject = Subject { key: &self.key, whole: &self.whole, turn: self.turn };
        with(&mut *self.views[self.at].1, &subject)
    }

    fn subject(&self) -> (&dyn View, Subject<'_>) {
        (&*self.views[self.at].1, Subject { key: &self.key, whole: &self.whole, turn: self.turn })
    }

    /// Asks for the object and for what the shown view wants, now.
    fn ask(&mut self, cx: &Cx) -> Effects {
        self.turn += 1;
        self.due = None;
        let mut effects = self.whole.ask(cx, self.turn, Query::Whole(self.key.clone()));
        effects.extend(self.shown(|view, of| view.wants(cx, of)));
        effects
    }

    fn turn_to(&mut self, cx: &Cx, by: usize) -> Effects {
        let mut effects = self.shown(|view, _| view.leave());
        self.at = (self.at + by) % self.views.len();
        effects.extend(self.shown(|view, of| view.update(cx, of, &TabMsg::Enter)));
        effects.extend(self.shown(|view, of| view.wants(cx, of)));
        effects
    }

    /// Looks whether the world shows another version, and asks again as soon as that may be.
    fn world(&mut self, cx: &Cx) -> Effects {
        let version = version(cx, &self.key);
        let mut effects = self.shown(|view, of| view.update(cx, of, &TabMsg::World));
        if version != self.version {
            self.version = version;
            effects.extend(self.soon(cx));
        }
        effects
    }

    fn soon(&mut self, cx: &Cx) -> Effects {
        let earliest = self.whole.asked().map_or(cx.now, |at| later(at, PAUSE));
        if earliest <= cx.now {
            return self.ask(cx);
        }
        self.due = Some(earliest);
        Effects::new()
    }

    fn reply(&mut self, cx: &Cx, msg: &TabMsg) -> Effects {
        let TabMsg::Reply(ticket, answer) = msg else { return Effects::new() };
        let pick = |answer: &Answer| if let Answer::Whole(whole) = answer { Some(Arc::clone(whole)) } else { None };
        if !self.whole.take(cx, *ticket, answer, pick) {
            return self.shown(|view, of| view.update(cx, of, msg));
        }
        // What is not watched is asked about from time to time; what could not be read too.
        if version(cx, &self.key).is_none() {
            self.due = Some(later(cx.now, STANDS));
        }
        let mut effects = self.shown(|view, of| view.update(cx, of, &TabMsg::Desk));
        effects.extend(self.hold(cx));
        effects
    }

    /// Has the namespaces watched in which the object or what it applied lives, so that workloads and Pods are live.
    fn hold(&mut self, cx: &Cx) -> Effects {
        const MOST: usize = 16;
        let Some(whole) = self.whole.here() else { return Effects::new() };
        let flux = self.key.flux_kind().is_some();
        let applied = whole.inventory().into_iter().map(|entry| entry.key.namespace.to_string());
        let own = (!flux).then(|| self.key.namespace.to_string());
        let mut wanted: Vec<String> = applied.chain(own).filter(|namespace| !namespace.is_empty()).collect();
        wanted.sort();
        wanted.dedup();
        wanted.truncate(MOST);
        if wanted.is_empty() || self.hold.as_ref().is_some_and(|(_, held)| *held == wanted) {
            return Effects::new();
        }
        let ticket = cx.ticket();
        let old = self.hold.replace((ticket, wanted.clone()));
        let context: ContextName = self.key.context();
        let query = Query::Hold(wanted.into_iter().map(|namespace| (context.clone(), namespace)).collect());
        // The new one first, so that what both hold is not let go in between.
        [Effect::Ask(ticket, query)].into_iter().chain(old.map(|(ticket, _)| Effect::Forget(ticket))).collect()
    }

    /// Returns what is selected, or the object's name.
    fn copied(&self, cx: &Cx) -> String {
        let (view, of) = self.subject();
        view.copy(cx, &of).unwrap_or_else(|| self.key.to_string())
    }

    fn command(&mut self, cx: &Cx, id: &'static str) -> Effects {
        match id {
            "object.next" => return self.turn_to(cx, 1),
            "object.previous" => return self.turn_to(cx, self.views.len() - 1),
            "object.again" => return self.ask(cx),
            "object.copy" => return vec![Effect::Copy(self.copied(cx))],
            "text.pager" => return vec![Effect::Pager(self.copied(cx))],
            _ => {}
        }
        // What a row of the view can do goes before what the object itself can.
        let (view, of) = self.subject();
        if !view.commands(cx, &of).iter().any(|own| own.id == id)
            && let Some(effects) = acts::act_at(cx, id, &self.key)
        {
            return effects;
        }
        self.shown(|view, of| view.update(cx, of, &TabMsg::Command(id)))
    }

    /// Draws the titles of the views, as many as fit around the shown one, and what is going on at the right.
    fn titles(&self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        let titles: Vec<&str> = self.views.iter().map(|(key, _)| cx.words.get(key)).collect();
        let room = usize::from(area.width.saturating_sub(4));
        let wide = |from: usize| titles[from..=self.at].iter().map(|t| width(t) + 2).sum::<usize>();
        let from = (0..=self.at).find(|from| wide(*from) <= room).unwrap_or(self.at);
        let mut x = area.x;
        for (at, title) in titles.iter().enumerate().skip(from) {
            if x + columns(width(title)) > area.right().saturating_sub(2) {
                break;
            }
            let role = if at == self.at { Role::Accent } else { Role::Muted };
            x += put(buf, (x, area.y), area.width, title, cx.style(role)) + 2;
        }
        if self.whole.waiting() {
            put_right(buf, area, cx.spinner(), cx.style(Role::Busy));
        }
    }
}

impl Tab for Object {
    fn commands(&self, cx: &Cx) -> Vec<&'static Command> {
        let (view, of) = self.subject();
        let own = view.commands(cx, &of);
        if view.typing() {
            return own;
        }
        let acts = acts::possible_at(cx, &self.key);
        let acts: Vec<_> = acts.into_iter().filter(|act| own.iter().all(|one| one.id != act.id)).collect();
        own.into_iter().chain([&NEXT, &PREVIOUS]).chain(acts).chain([&COPY, &PAGER, &AGAIN]).collect()
    }

    fn typing(&self, _cx: &Cx) -> bool {
        self.views[self.at].1.typing()
    }

    fn update(&mut self, cx: &Cx, msg: TabMsg) -> Effects {
        match msg {
            TabMsg::Enter => {
                self.version = version(cx, &self.key);
                let mut effects = self.shown(|view, of| view.update(cx, of, &TabMsg::Enter));
                effects.extend(self.ask(cx));
                effects
            }
            TabMsg::World => self.world(cx),
            TabMsg::Wake => {
                if self.due.is_some_and(|due| due <= cx.now) {
                    return self.ask(cx);
                }
                self.shown(|view, of| view.update(cx, of, &msg))
            }
            TabMsg::Reply(..) => self.reply(cx, &msg),
            TabMsg::Command(id) => self.command(cx, id),
            // What the desk holds is nothing to an object.
            TabMsg::Desk => Effects::new(),
            msg => self.shown(|view, of| view.update(cx, of, &msg)),
        }
    }

    fn view(&self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        let place = dialog::centred(area, area.width.saturating_sub(2).min(WIDEST), area.height);
        // What lives in no namespace is named without one.
        let inner = dialog::frame(cx, place, buf, &self.key.to_string().replace("//", "/"));
        let cluster = &self.key.cluster;
        let inner = link::banner(cx, inner, buf, |of| matches!(of, LinkOf::Cluster(name) if name == &**cluster));
        if inner.height < 3 {
            return;
        }
        self.titles(cx, inner, buf);
        let body = Rect { y: inner.y + 2, height: inner.height - 2, ..inner };
        let (view, of) = self.subject();
        view.view(cx, &of, body, buf);
    }

    fn deadline(&self) -> Option<Time> {
        self.due
    }
}

/// Returns the version of an object that the world shows; nothing when it does not watch it.
fn version(cx: &Cx, key: &ObjectKey) -> Option<String> {
    if key.flux_kind().is_some() {
        return cx.world.flux_object(key).map(|o| o.resource_version.clone());
    }
    if &*key.kind == "Pod" {
        let pods = &cx.world.pods;
        return pods.binary_search_by(|p| p.key.cmp(key)).ok().map(|at| pods[at].resource_version.clone());
    }
    workload(cx, key).map(|w| w.resource_version.clone())
}

/// Returns a workload when the world has it.
fn workload<'a>(cx: &Cx<'a>, key: &ObjectKey) -> Option<&'a Arc<Workload>> {
    let workloads = &cx.world.workloads;
    workloads.binary_search_by(|w| w.key.cmp(key)).ok().and_then(|at| workloads.get(at))
}

fn later(time: Time, ms: i64) -> Time {
    Time::from_millisecond(time.as_millisecond() + ms).unwrap_or(time)
}
