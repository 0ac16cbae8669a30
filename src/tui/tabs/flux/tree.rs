//! The tree of the Flux tab: source → Kustomization or HelmRelease → what it applied → workloads → `ReplicaSets` → Pods, or the
//! other way to look: what waits for what.
//!
//! ```text
//!  Tree  GitRepository/flux-system   9 rows
//!  ▌ ✓ ▾ GitRepository/flux-system      ready        main@9e1c21d  stored artifact …
//!    ✗ ├─▾ Kustomization/infra          failed       main@9e1c21d  kustomize build failed: …
//!    ◐ └─▸ Kustomization/apps           reconciling                waits for infra, which failed: kustomize build …
//! ```
//!
//! What is unfolded is looked into: its namespaces are held, so that workloads and Pods are there and live.

mod marks;
mod rows;
mod settled;
mod sought;
#[cfg(test)]
mod tests;
mod view;
mod words;

use std::cell::Cell;
use std::collections::{HashMap, HashSet};

use crossterm::event::{KeyCode, KeyEvent};
use domain::Time;
use domain::flux::kinds::Family;
use domain::flux::{Health, ObjectKey};
use domain::ident::ContextName;
use domain::lineage::{Lineage, Name, Node, Order, Way};
use domain::query::Query;

use crate::command::{Command, command};
use crate::cx::Cx;
use crate::effects::{Effect, Effects, OrderTicket, Ticket};
use crate::spots::Pointed;
use crate::tab::TabMsg;
use crate::widgets::input::Input;
use crate::widgets::table::{CLEAR, LIST, typing_commands};
use rows::{Row, Rows};
use settled::Settled;
use sought::Sought;

static FOLD: Command = command("tree.fold", &["left"], 0);
static UNFOLD: Command = command("tree.unfold", &["right"], 0);
static TOGGLE: Command = command("tree.toggle", &["space"], 2);
static ALL: Command = command("tree.all", &["z"], 3);
static SCOPE: Command = command("tree.scope", &["a"], 4);
static ORDER: Command = command("tree.order", &["w"], 5);
static LINEAGE: Command = command("tree.lineage", &["w"], 5);
static CLOSE: Command = command("tree.close", &["t", "esc"], 4);

/// What other lists can do and rows that stand under each other cannot.
const NOT_HERE: [&str; 5] = ["list.sort", "list.reverse", "list.faults", "list.state", "list.next-fault"];
/// How many namespaces are looked into at once.
const HELD: usize = 40;
/// A tree of at most so many appliers opens unfolded.
const FEW: usize = 12;

/// Names a row: what stands there, and under what.
type Place = (ObjectKey, Option<ObjectKey>);

/// Holds the tree and where one is in it.
#[derive(Debug)]
pub(super) struct Tree {
    lineage: Lineage,
    /// Set while what waits for what is shown.
    order: Option<Order>,
    /// The root that it is narrowed to.
    scope: Option<ObjectKey>,
    /// The object that it was narrowed for.
    opened: Option<ObjectKey>,
    rows: Rows,
    folds: HashMap<ObjectKey, bool>,
    /// Whether everything is unfolded or folded, by one key.
    all: Option<bool>,
    few: bool,
    /// Whether rows were walked since what follows from them was looked at.
    moved: bool,
    /// How many Flux objects in sight are in each state, in the order of [`Health::ALL`].
    tally: [usize; Health::ALL.len()],
    cursor: usize,
    pointed: Pointed,
    selected: Option<Place>,
    filter: Input,
    sought: Sought,
    /// When the mere age of a row changes what the filter lets through, and what time it was last.
    turns: Option<Time>,
    now: Time,
    marks: HashSet<ObjectKey>,
    anchor: Option<ObjectKey>,
    /// The order that was given for the marked objects.
    acting: Option<OrderTicket>,
    typing: bool,
    held: Option<(Ticket, Vec<(ContextName, String)>)>,
    /// How many namespaces of unfolded rows are not held, since there are too many.
    beyond: usize,
    offset: Cell<usize>,
    page: Cell<usize>,
    settled: Settled,
}

impl Tree {
    /// Opens the tree on an object: narrowed to its root and unfolded down to it.
    ///
    /// Without an object all is shown, narrowed by what the list was filtered by: what was looked for there and has not come
    /// yet (or is away for a moment) is found here as soon as it is there.
    pub(super) fn new(cx: &Cx, from: Option<ObjectKey>, filter: &str) -> Self {
        let filter = if from.is_none() { filter } else { "" };
        let lineage = Lineage::new(cx.world);
        let node = from.as_ref().and_then(|key| lineage.find(key));
        let mut folds = HashMap::new();
        let mut up = node;
        while let Some(above) = up {
            folds.extend(lineage.name(above).map(|name| (name.key(), true)));
            up = lineage.above(above);
        }
        let mut tree = Self {
            lineage,
            order: None,
            scope: from.clone(),
            opened: from.clone(),
            selected: from.map(|key| (key, None)),
            rows: Rows::default(),
            folds,
            all: None,
            few: false,
            moved: true,
            tally: [0; Health::ALL.len()],
            cursor: 0,
            pointed: Pointed::default(),
            filter: Input::default(),
            sought: Sought::read(filter),
            turns: None,
            now: cx.now,
            marks: HashSet::new(),
            anchor: None,
            acting: None,
            typing: false,
            held: None,
            beyond: 0,
            offset: Cell::new(0),
            page: Cell::new(1),
            settled: Settled::default(),
        };
        tree.filter.set(filter);
        tree.few = tree.is_small();
        tree.build();
        tree
    }

    /// Tells whether the whole tree may open unfolded.
    fn is_small(&self) -> bool {
        let mut next = self.roots();
        let mut appliers = 0;
        while let Some(node) = next.pop() {
            let Some(name) = self.lineage.name(node) else { continue };
            let of_kind = domain::flux::Kind::by_name(name.kind);
            appliers += usize::from(of_kind.is_some_and(|k| k.family == Family::Apply));
            if appliers > FEW {
                return false;
            }
            let flux = |c: &domain::lineage::Child| c.way != Way::Points && matches!(c.node, Node::Flux(_));
            next.extend(self.lineage.children(node).into_iter().filter(flux).map(|c| c.node));
        }
        true
    }

    fn roots(&self) -> Vec<Node> {
        if let Some(order) = &self.order {
            return order.roots.clone();
        }
        let Some(scope) = &self.scope else { return self.lineage.roots() };
        // A root that is gone for a moment comes again; until then what it was chosen for stands alone.
        let root = |key: &ObjectKey| self.lineage.find(key).map(|node| self.lineage.root_of(node));
        root(scope).or_else(|| self.opened.as_ref().and_then(root)).into_iter().collect()
    }

    /// Tells whether what stands under a node is shown.
    fn opens(&self, node: Node) -> bool {
        let Some(name) = self.lineage.name(node) else { return false };
        let kind = name.kind;
        let said = if self.folds.is_empty() { None } else { self.folds.get(&name.key()).copied() };
        if let Some(said) = said.or(self.all) {
            return said;
        }
        if self.order.is_some() || self.few {
            return true;
        }
        match node {
            Node::Flux(_) => {
                let source = domain::flux::Kind::by_name(kind).is_some_and(|k| k.family == Family::Source);
                let leads = || self.lineage.children(node).iter().any(|c| matches!(c.node, Node::Flux(_)));
                source || leads()
            }
            // Whoever opened what applied a workload wants to see how it runs.
            _ => true,
        }
    }

    /// Walks the rows anew; the selection stays on its row, or where it was when that is gone.
    fn build(&mut self) {
        // What has come above the root that it was narrowed to is the root now.
        let root = self.scope.as_ref().and_then(|key| self.lineage.find(key)).map(|node| self.lineage.root_of(node));
        self.scope = root.and_then(|root| self.lineage.name(root)).map(Name::key).or_else(|| self.scope.take());
        let sought = self.sought.is_any();
        let way = (&self.lineage, self.order.as_ref());
        let mut rows = Rows::walk(way, self.roots().into_iter(), |node| sought || self.opens(node));
        self.turns = None;
        if sought {
            self.turns = self.sought.turns(&self.lineage, rows.iter().map(|row| row.node), self.now);
            rows.keep(|row| self.sought.fits(&self.lineage, row.node, self.now));
        }
        self.rows = rows;
        self.moved = true;
        let last = self.rows.len().saturating_sub(1);
        let found = self.find();
        if let (Some(at), offset @ 1..) = (found, self.offset.get()) {
            // What came or went above moves what stands above, not the selected row.
            self.offset.set((offset + at).saturating_sub(self.cursor));
        }
        self.cursor = found.unwrap_or_else(|| self.cursor.min(last));
        if self.rows.get(self.cursor).is_some_and(|row| !row.hit) {
            self.cursor = self.rows.iter().position(|row| row.hit).unwrap_or(self.cursor);
        }
        // What was selected may come again.
        if self.rows.len() > 0 {
            self.select();
        }
    }

    /// Returns the row of the selection: at its place, else wherever it stands now.
    fn find(&self) -> Option<usize> {
        let (key, above) = self.selected.as_ref()?;
        let is = |row: &Row| self.lineage.name(row.node) == Some(Name::of(key));
        let under = |at: usize| self.rows.up(at).and_then(|up| self.rows.get(up)).and_then(|up| self.lineage.name(up.node));
        let mut found = self.rows.iter().enumerate().filter(|(_, row)| is(row)).map(|(at, _)| at);
        let first = found.next()?;
        let exact = |at: &usize| under(*at) == above.as_ref().map(Name::of);
        Some(std::iter::once(first).chain(found).find(exact).unwrap_or(first))
    }

    fn select(&mut self) {
        let up = self.rows.up(self.cursor).and_then(|up| self.rows.get(up));
        let above = up.and_then(|up| self.lineage.name(up.node)).map(Name::key);
        self.selected = self.key().map(|key| (key, above));
    }

    fn go(&mut self, to: usize) {
        self.cursor = to.min(self.rows.len().saturating_sub(1));
        self.select();
    }

    /// Returns the key of the selected row.
    pub(super) fn key(&self) -> Option<ObjectKey> {
        self.rows.get(self.cursor).and_then(|row| self.lineage.name(row.node)).map(Name::key)
    }

    /// Tells whether keys are text now.
    pub(super) const fn typing(&self) -> bool {
        self.typing
    }

    /// Returns what is possible beside the acts on the selected object.
    pub(super) fn commands(&self) -> Vec<&'static Command> {
        if self.typing {
            return typing_commands();
        }
        let mut out: Vec<&'static Command> = Vec::new();
        out.extend((!self.filter.text().is_empty() || !self.marks.is_empty()).then_some(&CLEAR));
        let foldable = self.rows.get(self.cursor).is_some_and(|row| row.open.is_some());
        out.extend(foldable.then_some(&TOGGLE));
        out.extend([&FOLD, &UNFOLD, &ALL]);
        out.push(if self.order.is_some() { &LINEAGE } else { &ORDER });
        out.extend(self.order.is_none().then_some(&SCOPE));
        out.push(&CLOSE);
        out.extend(&marks::MARKS);
        out.extend(LIST.iter().filter(|c| !NOT_HERE.contains(&c.id)));
        out
    }

    /// Takes a message; what it holds of the cluster follows what is unfolded.
    pub(super) fn update(&mut self, cx: &Cx, msg: &TabMsg) -> Effects {
        self.now = cx.now;
        self.settled.hear(cx, msg);
        match msg {
            TabMsg::Wake if self.turns.is_some_and(|at| at <= cx.now) => self.build(),
            TabMsg::Enter | TabMsg::World => {
                if self.lineage.update(cx.world) {
                    self.order = self.order.is_some().then(|| self.lineage.order());
                    self.few = self.few && self.is_small();
                    self.forget_marks(cx);
                    self.build();
                }
                // A link that went silent changes what rows are, and nothing is held since the tab was left.
                self.moved = true;
            }
            TabMsg::Leave => return self.close(),
            TabMsg::Command(id) => self.command(id),
            TabMsg::Key(key) if self.typing => self.typed(*key),
            TabMsg::Paste(text) if self.typing => {
                if self.filter.paste(text) {
                    self.seek();
                }
            }
            TabMsg::Reply(ticket, _) if self.held.as_ref().is_some_and(|(held, _)| held == ticket) => {
                (self.held, self.moved) = (None, true);
            }
            _ => return Effects::new(),
        }
        // Where the cursor is matters only while not everything can be held.
        if !self.moved && self.beyond == 0 {
            return Effects::new();
        }
        if std::mem::take(&mut self.moved) {
            self.tally = self.tallied(cx);
        }
        self.hold(cx)
    }

    fn command(&mut self, id: &str) {
        let page = self.page.get().max(1);
        match id {
            "list.down" => self.go(self.cursor + 1),
            "list.up" => self.go(self.cursor.saturating_sub(1)),
            "list.half-down" => self.go(self.cursor + page.div_ceil(2)),
            "list.half-up" => self.go(self.cursor.saturating_sub(page.div_ceil(2))),
            "list.page-down" => self.go(self.cursor + page),
            "list.page-up" => self.go(self.cursor.saturating_sub(page)),
            "list.first" => self.go(0),
            "list.last" => self.go(usize::MAX),
            "list.point" => self.go(self.pointed.take().unwrap_or(self.cursor)),
            "list.filter" => self.typing = true,
            "list.keep" => self.typing = false,
            "list.clear" => {
                let typed = std::mem::take(&mut self.typing);
                if !typed && !self.marks.is_empty() {
                    return self.unmark();
                }
                self.filter.set("");
                self.sought = Sought::default();
                self.lead();
                self.build();
            }
            "tree.toggle" => self.fold(None),
            "tree.fold" => self.fold(Some(false)),
            "tree.unfold" => self.fold(Some(true)),
            "tree.all" => {
                let open = self.rows.iter().any(|row| row.open == Some(true) && row.depth > 0);
                self.folds.clear();
                self.all = Some(!open);
                self.lead_to_root();
                self.build();
            }
            "tree.scope" => self.turn_scope(),
            "tree.order" => {
                self.order = Some(self.lineage.order());
                self.build();
            }
            "tree.lineage" => {
                self.order = None;
                self.lead();
                self.build();
            }
            id => self.mark_command(id),
        }
    }

    /// Folds or unfolds the selected row; where there is nothing to do, goes to the row above or the first one below.
    fn fold(&mut self, open: Option<bool>) {
        let Some(row) = self.rows.get(self.cursor).copied() else { return };
        match (row.open, open) {
            (Some(is), None) => self.set_fold(!is),
            (Some(true), Some(false)) => self.set_fold(false),
            (Some(false), Some(true)) => self.set_fold(true),
            (Some(true), Some(true)) => self.go(self.cursor + 1),
            (_, Some(false)) => {
                if let Some(up) = self.rows.up(self.cursor) {
                    self.go(up);
                }
            }
            // A pointer leads to where the thing stands.
            (None, Some(true)) if row.way == Way::Points => {
                self.lead();
                self.selected = self.key().map(|key| {
                    let above = self.lineage.above(row.node).and_then(|up| self.lineage.name(up)).map(Name::key);
                    (key, above)
                });
                self.build();
            }
            _ => {}
        }
    }

    fn set_fold(&mut self, open: bool) {
        if let Some(key) = self.key() {
            self.folds.insert(key, open);
            self.build();
        }
    }

    /// Unfolds what stands above the selected object, so that it is seen.
    fn lead(&mut self) {
        let mut at = self.rows.up(self.cursor);
        while let Some(row) = at.and_then(|at| self.rows.get(at)) {
            self.folds.extend(self.lineage.name(row.node).map(|name| (name.key(), true)));
            at = at.and_then(|at| self.rows.up(at));
        }
        let mut up = self.rows.get(self.cursor).and_then(|row| self.lineage.above(row.node));
        while let Some(above) = up {
            self.folds.extend(self.lineage.name(above).map(|name| (name.key(), true)));
            up = self.lineage.above(above);
        }
        let scoped = |root: &Node| self.lineage.name(*root).map(Name::key) == self.scope;
        let root = self.rows.get(self.cursor).map(|row| self.lineage.root_of(row.node));
        if root.is_some_and(|root| matches!(root, Node::Flux(_)) && !scoped(&root)) {
            self.scope = None;
        }
    }

    /// Puts the selection on the root above, which stays in sight when everything is folded.
    fn lead_to_root(&mut self) {
        let mut at = self.cursor;
        while let Some(up) = self.rows.up(at) {
            at = up;
        }
        if self.all == Some(false) {
            self.go(at);
        }
    }

    /// Narrows to the root of the selected row, or widens to all.
    fn turn_scope(&mut self) {
        let mut at = self.cursor;
        while let Some(up) = self.rows.up(at) {
            at = up;
        }
        let root = self.rows.get(at).and_then(|row| self.lineage.name(row.node)).map(Name::key);
        self.scope = if self.scope.is_some() { None } else { root };
        self.opened = self.key();
        self.few = self.is_small();
        self.build();
    }

    fn typed(&mut self, key: KeyEvent) {
        if self.filter.text().is_empty() && key.code == KeyCode::Backspace {
            self.typing = false;
        } else if self.filter.key(key) {
            self.seek();
        }
    }

    fn seek(&mut self) {
        self.sought = Sought::read(self.filter.text());
        self.build();
    }

    /// Returns the moment at which the age of a row changes what the filter lets through.
    pub(super) const fn deadline(&self) -> Option<Time> {
        self.turns
    }

    /// Lets go of what it holds.
    pub(super) fn close(&mut self) -> Effects {
        self.held.take().map(|(ticket, _)| Effect::Forget(ticket)).into_iter().collect()
    }

    /// Holds the namespaces of what is unfolded, those nearest to the selection first.
    fn hold(&mut self, cx: &Cx) -> Effects {
        let mut open: Vec<(usize, Node)> = Vec::new();
        if self.order.is_none() {
            let unfolded = self.rows.iter().enumerate().filter(|(_, r)| r.open == Some(true) && matches!(r.node, Node::Flux(_)));
            open = unfolded.map(|(at, row)| (at.abs_diff(self.cursor), row.node)).collect();
            open.sort_unstable();
        }
        let mut wanted: Vec<(ContextName, String)> = Vec::new();
        let mut known: HashSet<(&str, &str)> = HashSet::new();
        for (_, node) in open {
            let Some(name) = self.lineage.name(node) else { continue };
            for namespace in self.lineage.namespaces(node) {
                if known.insert((name.cluster, namespace)) && wanted.len() < HELD {
                    wanted.push((ContextName(name.cluster.to_owned()), namespace.to_owned()));
                }
            }
        }
        self.beyond = known.len() - wanted.len();
        wanted.sort();
        if self.held.as_ref().map_or(&[][..], |(_, held)| held.as_slice()) == wanted {
            return Effects::new();
        }
        let mut effects = self.close();
        if !wanted.is_empty() {
            let ticket = cx.ticket();
            self.held = Some((ticket, wanted.clone()));
            // The new hold comes before the old one goes, so that what is in both is never let go.
            effects.insert(0, Effect::Ask(ticket, Query::Hold(wanted)));
        }
        effects
    }
}
