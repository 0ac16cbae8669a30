//! Flux: all objects of all kinds, live.
//!
//! ```text
//!  All kinds  14   ✗ 2 failed  ◐ 1 reconciling  ‖ 2 suspended  ✓ 9 ready
//!    KIND           NAMESPACE    NAME            READY      REVISION       AGE  MESSAGE
//!  ▌ ✓ GitRepository  flux-system  shop-production ready      main@9e1c21d   40d  stored artifact …
//! ```

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use domain::Time;
use domain::flux::{FluxObject, Health, ObjectKey};
use domain::link::LinkOf;
use domain::orders::KeepFavourites;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::acts;
use crate::command::{Command, command};
use crate::cx::Cx;
use crate::desk::Change;
use crate::effects::{Effect, Effects, OrderTicket, Overlay};
use crate::memory::Kept;
use crate::tab::{Tab, TabMsg};
use crate::theme::Role;
use crate::widgets::dialog;
use crate::widgets::link;
use crate::widgets::pane;
use crate::widgets::put::{Piece, piece, put_pieces};
use crate::widgets::summary;
use crate::widgets::table::{Only, Scope, Table};

mod chooser;
mod columns;
#[cfg(test)]
mod tests;
mod tree;

use chooser::{Choice, Chooser};
use tree::Tree;

static OPEN: Command = command("flux.open", &["enter"], 1);
static KIND: Command = command("flux.kind", &["f"], 5);
static ALL: Command = command("flux.all", &["F"], 6);
static NAMESPACE: Command = command("flux.namespace", &["n"], 91);
static EVERYWHERE: Command = command("flux.everywhere", &["N"], 0);
static FAVOUR: Command = command("flux.favour", &["*"], 0);
static COPY: Command = command("flux.copy", &["c"], 0);
static NEW: Command = command("flux.new", &["+"], 0);
static TREE: Command = command("flux.tree", &["t"], 3);

type Objects = Table<Arc<FluxObject>>;

/// Holds the tab's state.
#[derive(Debug)]
pub struct Flux {
    /// The list that is shown, and of which kind it is; the others rest with their filter, order, marks and place.
    table: Objects,
    kind: Option<&'static str>,
    resting: HashMap<Option<&'static str>, Objects>,
    namespace: Option<Arc<str>>,
    /// Whether kind or namespace changed since rows were looked at.
    moved: bool,
    favourites: Arc<Vec<ObjectKey>>,
    chooser: Option<Chooser>,
    /// The order that was given for the marked objects.
    acting: Option<OrderTicket>,
    tree: Option<Tree>,
}

/// Returns the names of objects, one a line.
fn names<'a>(objects: impl IntoIterator<Item = &'a FluxObject>) -> String {
    let names: Vec<String> = objects.into_iter().map(|object| object.key.to_string()).collect();
    names.join("\n")
}

fn list(kind: Option<&str>) -> Objects {
    Table::of(columns::of(kind)).marked()
}

impl Flux {
    /// Builds it.
    pub fn new() -> Self {
        Self {
            table: list(None),
            kind: None,
            resting: HashMap::new(),
            namespace: None,
            moved: true,
            favourites: Arc::default(),
            chooser: None,
            acting: None,
            tree: None,
        }
    }

    fn refresh(&mut self, cx: &Cx) {
        let kind = cx.desk.kind;
        if self.kind != kind {
            let next = self.resting.remove(&kind).unwrap_or_else(|| list(kind));
            let mut last = std::mem::replace(&mut self.table, next);
            last.rest();
            self.resting.insert(self.kind, last);
            (self.kind, self.moved) = (kind, true);
        }
        if !Arc::ptr_eq(&self.favourites, &cx.world.favourites) {
            self.favourites = Arc::clone(&cx.world.favourites);
            self.moved = true;
        }
        if self.moved {
            self.moved = false;
            self.narrow(cx);
        }
        // Objects come sorted by cluster; where all are in one, its name in each row says nothing.
        let one = cx.world.flux.first().zip(cx.world.flux.last()).is_some_and(|(a, b)| a.key.cluster == b.key.cluster);
        self.table.hide("cluster", one);
        self.table.share(cx, Arc::clone(&cx.world.flux));
    }

    /// Narrows the list to the kind and the namespace that are chosen.
    fn narrow(&mut self, cx: &Cx) {
        self.table.pin(cx, self.favourites.iter().cloned());
        let (kind, namespace) = (self.kind, self.namespace.clone());
        let all = kind.is_none() && namespace.is_none();
        self.table.within(
            cx,
            (!all).then(|| {
                Box::new(move |o: &Arc<FluxObject>| {
                    namespace.as_ref().is_none_or(|n| *o.key.namespace == **n) && kind.is_none_or(|k| *o.key.kind == *k)
                }) as Scope<Arc<FluxObject>>
            }),
        );
    }

    fn choose(&mut self, cx: &Cx, choice: Choice) -> Effects {
        match choice {
            Choice::Kind(kind) => vec![Effect::Desk(Change::Kind(kind))],
            Choice::Namespace(namespace) => {
                if self.namespace != namespace {
                    self.namespace = namespace;
                    self.narrow(cx);
                }
                Effects::new()
            }
        }
    }

    /// Puts what is meant on top of the lists, or takes it from there when it is.
    fn favour(&self, cx: &Cx) -> Effects {
        let meant: HashSet<_> = self.table.meant().into_iter().map(|o| o.key.clone()).collect();
        let mut keys = self.favourites.to_vec();
        let known: HashSet<_> = self.favourites.iter().collect();
        if meant.iter().all(|key| known.contains(key)) {
            keys.retain(|key| !meant.contains(key));
        } else {
            keys.extend(meant);
            keys.sort();
            keys.dedup();
        }
        cx.give(KeepFavourites { keys })
    }

    fn command(&mut self, cx: &Cx, id: &str) -> Effects {
        match id {
            "flux.kind" => self.chooser = Some(Chooser::kinds(cx)),
            "flux.namespace" => self.chooser = Some(Chooser::namespaces(cx, self.kind, self.namespace.as_ref())),
            "flux.all" => return vec![Effect::Desk(Change::Kind(None))],
            "flux.everywhere" => return self.choose(cx, Choice::Namespace(None)),
            "flux.favour" => return self.favour(cx),
            "flux.new" => {
                let beside = self.table.selected().map(|o| o.key.namespace.to_string());
                let namespace = self.namespace.as_ref().map(ToString::to_string).or(beside).unwrap_or_default();
                return vec![Effect::Open(Overlay::New(cx.desk.kind, namespace))];
            }
            "kinds.close" => self.chooser = None,
            "kinds.take" => {
                let chosen = self.chooser.take().and_then(|c| c.chosen());
                return chosen.map(|choice| self.choose(cx, choice)).unwrap_or_default();
            }
            id => match &mut self.chooser {
                Some(chooser) => chooser.command(id),
                None if self.table.command(id) => {}
                None => return self.act(cx, id),
            },
        }
        Effects::new()
    }

    fn act(&mut self, cx: &Cx, id: &str) -> Effects {
        let meant = self.table.meant();
        match (id, meant.as_slice()) {
            ("flux.open", _) => self.table.selected().map(|o| Effect::Open(Overlay::Object(o.key.clone()))).into_iter().collect(),
            ("flux.copy", meant) => vec![Effect::Copy(names(meant.iter().map(|o| &***o)))],
            (id, [one]) if self.table.mark_count() == 0 => acts::act(cx, id, one).unwrap_or_default(),
            (id, meant) => {
                let Some(order) = acts::order(id, meant.iter().map(|o| &***o)) else { return Effects::new() };
                let ticket = cx.order_ticket();
                self.acting = Some(ticket);
                vec![Effect::Give(ticket, order)]
            }
        }
    }

    /// Does something with the row that is selected in the tree.
    fn act_in_tree(&mut self, cx: &Cx, id: &str) -> Effects {
        let Some((tree, key)) = self.tree.as_mut().and_then(|tree| tree.key().map(|key| (tree, key))) else {
            return Effects::new();
        };
        let meant = tree.meant(cx);
        match id {
            "flux.open" => vec![Effect::Open(Overlay::Object(key))],
            "flux.copy" if tree.mark_count() == 0 => vec![Effect::Copy(key.to_string())],
            "flux.copy" => vec![Effect::Copy(names(meant))],
            id if tree.mark_count() == 0 => acts::act_at(cx, id, &key).unwrap_or_default(),
            id => {
                let Some(order) = acts::order(id, meant.iter().copied()) else {
                    let [one] = meant.as_slice() else { return Effects::new() };
                    return acts::act(cx, id, one).unwrap_or_default();
                };
                let ticket = cx.order_ticket();
                tree.gave(ticket);
                vec![Effect::Give(ticket, order)]
            }
        }
    }

    /// Lets the tree take a message while it is shown; nothing when the list takes it.
    fn of_tree(&mut self, cx: &Cx, msg: &TabMsg) -> Option<Effects> {
        let Some(tree) = &mut self.tree else {
            if *msg != TabMsg::Command("flux.tree") {
                return None;
            }
            let mut tree = Tree::new(cx, self.table.selected().map(|object| object.key.clone()), self.table.filter());
            let effects = tree.update(cx, &TabMsg::Enter);
            self.tree = Some(tree);
            return Some(effects);
        };
        match msg {
            TabMsg::Command("tree.close") => {
                let effects = tree.close();
                if let Some(key) = tree.key() {
                    self.table.select(&key);
                }
                self.tree = None;
                Some(effects)
            }
            TabMsg::Command(id) if id.starts_with("flux.") => Some(self.act_in_tree(cx, id)),
            TabMsg::OrderDone(ticket, Ok(_)) if tree.done(*ticket) => Some(Effects::new()),
            // The list under the tree waits for these too: its ages, and the order that was given for its marks.
            TabMsg::Wake => {
                let effects = tree.update(cx, msg);
                self.table.wake(cx.now);
                Some(effects)
            }
            TabMsg::OrderDone(..) | TabMsg::OrderDropped(_) => None,
            _ => {
                let effects = tree.update(cx, msg);
                if matches!(msg, TabMsg::Enter | TabMsg::World | TabMsg::Desk) {
                    self.refresh(cx);
                }
                Some(effects)
            }
        }
    }

    fn title(&self, cx: &Cx) -> Vec<Piece<'static>> {
        let kind = cx.desk.kind.map_or_else(|| cx.t("flux.all-kinds").to_owned(), str::to_owned);
        let mut out = vec![piece(kind, Role::Accent)];
        if let Some(namespace) = &self.namespace {
            out.push(piece(format!("  {namespace}"), Role::Accent));
        }
        out.push(piece(format!("  {}", self.table.total()), Role::Text));
        for health in Health::ALL {
            let count = self.table.tally(health);
            if count > 0 {
                let glyph = if health == Health::Busy { "◐" } else { cx.glyph(health) };
                let on = self.table.only() == Some(Only::State(health));
                out.push(piece(if on { "  ▸" } else { "   " }, Role::Accent));
                out.push(piece(format!("{glyph} {count} {}", cx.health(health)), health.into()));
            }
        }
        out
    }
}

impl Default for Flux {
    fn default() -> Self {
        Self::new()
    }
}

impl Tab for Flux {
    fn commands(&self, cx: &Cx) -> Vec<&'static Command> {
        if self.chooser.is_some() {
            return Chooser::commands();
        }
        if self.table.typing() {
            return self.table.commands();
        }
        if let Some(tree) = &self.tree {
            let mut out: Vec<&'static Command> = Vec::new();
            if let Some(key) = tree.key().filter(|_| !tree.typing()) {
                out.extend([&OPEN, &COPY]);
                let meant = tree.meant(cx);
                out.extend(if meant.is_empty() { acts::possible_at(cx, &key) } else { acts::possible(cx, meant) });
            }
            out.extend(tree.commands());
            return out;
        }
        let mut out: Vec<&'static Command> = Vec::new();
        if self.table.selected().is_some() {
            out.push(&OPEN);
            out.extend(acts::possible(cx, self.table.meant().into_iter().map(|o| &**o)));
            out.extend([&COPY, &FAVOUR]);
        }
        out.push(&TREE);
        out.extend(cx.may(domain::actor::Role::Operator).then_some(&NEW));
        out.push(&KIND);
        out.extend(cx.desk.kind.is_some().then_some(&ALL));
        out.extend((self.table.total() > 0 || self.namespace.is_some()).then_some(&NAMESPACE));
        out.extend(self.namespace.is_some().then_some(&EVERYWHERE));
        out.extend(self.table.commands());
        out
    }

    fn typing(&self, _cx: &Cx) -> bool {
        self.chooser.is_some() || self.tree.as_ref().map_or(self.table.typing(), Tree::typing)
    }

    fn memory(&self, _cx: &Cx) -> Option<Kept> {
        Some(self.table.kept())
    }

    fn update(&mut self, cx: &Cx, msg: TabMsg) -> Effects {
        if let Some(effects) = self.of_tree(cx, &msg) {
            return effects;
        }
        match msg {
            TabMsg::Enter => {
                self.refresh(cx);
                self.table.open(cx);
            }
            TabMsg::World | TabMsg::Desk => self.refresh(cx),
            TabMsg::Command(id) => return self.command(cx, id),
            TabMsg::Key(key) => match &mut self.chooser {
                Some(chooser) => chooser.key(key),
                None => self.table.key(key),
            },
            TabMsg::Paste(text) if self.chooser.is_none() => self.table.paste(&text),
            TabMsg::OrderDone(ticket, Ok(_)) if self.acting == Some(ticket) => {
                self.acting = None;
                self.table.unmark();
            }
            TabMsg::Recall(kept) => self.table.recall(&kept),
            TabMsg::Wake => self.table.wake(cx.now),
            _ => {}
        }
        Effects::new()
    }

    fn deadline(&self) -> Option<Time> {
        let deadlines = [self.table.deadline(), self.tree.as_ref().and_then(Tree::deadline)];
        deadlines.into_iter().flatten().min()
    }

    fn view(&self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        let wanted = cx.desk.kind;
        let matters = |of: &LinkOf| match of {
            LinkOf::Cluster(_) => true,
            LinkOf::Kind { kind, .. } => domain::flux::Kind::by_name(kind).is_some() && wanted.is_none_or(|w| w == kind),
            LinkOf::Repository(_) => false,
        };
        let area = link::over(cx, area, buf, matters);
        let title = self.tree.as_ref().map_or_else(|| self.title(cx), |tree| tree.title(cx));
        put_pieces(cx, buf, (area.x + 1, area.y), area.width.saturating_sub(2), &title);
        let rest = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
        if let Some(tree) = &self.tree {
            return tree.view(cx, rest, buf);
        }
        let mut empty = wanted.map_or_else(
            || cx.t("flux.empty").to_owned(),
            |kind| cx.tf("flux.empty-kind", &[("kind", kind), ("key", &cx.key(&KIND))]),
        );
        if self.table.total() == 0 {
            // That nothing is here is not known of what is not heard.
            let silence = link::silence(cx, usize::from(area.width.saturating_sub(4)), matters);
            empty = if silence.is_empty() { empty } else { silence.join("\n") };
        }
        let lines = |room: pane::Room| match self.table.selected() {
            Some(object) if room.whole => summary::whole(cx, object, room.wide),
            Some(object) => summary::short(cx, object, room.wide),
            None => Vec::new(),
        };
        let list = pane::around(cx, rest, buf, self.table.room(cx), lines);
        self.table.view(cx, list, buf, &empty);
        if let Some(chooser) = &self.chooser {
            dialog::dim(cx, buf, area);
            chooser.view(cx, area, buf);
        }
    }
}
