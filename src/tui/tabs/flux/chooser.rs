//! The choosers of kind and namespace: each with how many objects it has and how they are doing, found by a few letters.

use std::collections::BTreeMap;
use std::sync::Arc;

use crossterm::event::KeyEvent;
use domain::flux::{Health, KINDS, Kind};
use domain::link::{LinkOf, LinkState};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::columns::health;
use crate::command::{Command, command};
use crate::cx::Cx;
use crate::spots::{Aim, Pointed};
use crate::theme::Role;
use crate::widgets::dialog;
use crate::widgets::input::Input;
use crate::widgets::put::{columns, lay, put, put_right};

static TAKE: Command = command("kinds.take", &["enter"], 1);
static DOWN: Command = command("kinds.down", &["down", "tab", "ctrl-n"], 0);
static UP: Command = command("kinds.up", &["up", "s-tab", "ctrl-p"], 0);
static CLOSE: Command = command("kinds.close", &["esc"], 80);

/// What is chosen: a kind or a namespace, or all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Choice {
    Kind(Option<&'static str>),
    Namespace(Option<Arc<str>>),
}

impl Choice {
    const fn is_all(&self) -> bool {
        matches!(self, Self::Kind(None) | Self::Namespace(None))
    }

    fn name<'a>(&'a self, cx: &'a Cx) -> &'a str {
        match self {
            Self::Kind(None) => cx.words.get("flux.all-kinds"),
            Self::Namespace(None) => cx.words.get("flux.all-namespaces"),
            Self::Kind(Some(kind)) => kind,
            Self::Namespace(Some(namespace)) => namespace,
        }
    }
}

#[derive(Debug)]
struct Line {
    choice: Choice,
    count: usize,
    worst: Option<Health>,
    /// Why there is nothing, when that is known: it is not installed, or may not be seen.
    note: Option<(&'static str, Role)>,
}

/// Holds what there is to choose and which one is selected.
#[derive(Debug)]
pub(super) struct Chooser {
    title: &'static str,
    lines: Vec<Line>,
    shown: Vec<usize>,
    at: usize,
    input: Input,
    pointed: Pointed,
}

/// How many objects there are and how the worst is doing.
type Sum = (usize, Option<Health>);

fn add(sum: &mut Sum, health: Health) {
    *sum = (sum.0 + 1, Some(sum.1.map_or(health, |worst| worst.min(health))));
}

impl Chooser {
    /// Offers every kind that is known.
    pub(super) fn kinds(cx: &Cx) -> Self {
        let mut sums: BTreeMap<&str, Sum> = BTreeMap::new();
        let mut all = Sum::default();
        for object in cx.world.flux.iter() {
            let state = health(object, cx);
            add(sums.entry(&object.key.kind).or_default(), state);
            add(&mut all, state);
        }
        let line = |kind: &'static Kind| {
            let (count, worst) = sums.get(kind.name).copied().unwrap_or_default();
            Line { choice: Choice::Kind(Some(kind.name)), count, worst, note: note(cx, kind.name).filter(|_| count == 0) }
        };
        let whole = Line { choice: Choice::Kind(None), count: all.0, worst: all.1, note: None };
        let mut lines: Vec<Line> = std::iter::once(whole).chain(KINDS.iter().map(line)).collect();
        // Kinds that have no object stand below those that have some, those that are not there at all last.
        lines.sort_by_key(|l| (l.count == 0 && !l.choice.is_all(), l.note.is_some()));
        Self::new("flux.kinds", lines, &Choice::Kind(cx.desk.kind))
    }

    /// Offers the namespaces in which there is an object of this kind.
    pub(super) fn namespaces(cx: &Cx, kind: Option<&str>, now: Option<&Arc<str>>) -> Self {
        let mut sums: BTreeMap<&Arc<str>, Sum> = BTreeMap::new();
        let mut all = Sum::default();
        for object in cx.world.flux.iter().filter(|o| kind.is_none_or(|k| *o.key.kind == *k)) {
            let state = health(object, cx);
            add(sums.entry(&object.key.namespace).or_default(), state);
            add(&mut all, state);
        }
        let line = |(name, (count, worst)): (&Arc<str>, Sum)| Line {
            choice: Choice::Namespace(Some(Arc::clone(name))),
            count,
            worst,
            note: None,
        };
        let whole = Line { choice: Choice::Namespace(None), count: all.0, worst: all.1, note: None };
        let lines = std::iter::once(whole).chain(sums.into_iter().map(line)).collect();
        Self::new("flux.namespaces", lines, &Choice::Namespace(now.cloned()))
    }

    fn new(title: &'static str, lines: Vec<Line>, now: &Choice) -> Self {
        let at = lines.iter().position(|l| l.choice == *now).unwrap_or(0);
        Self { title, shown: (0..lines.len()).collect(), lines, at, input: Input::default(), pointed: Pointed::default() }
    }

    pub(super) fn chosen(&self) -> Option<Choice> {
        self.shown.get(self.at).and_then(|at| self.lines.get(*at)).map(|l| l.choice.clone())
    }

    pub(super) fn commands() -> Vec<&'static Command> {
        vec![&TAKE, &DOWN, &UP, &CLOSE]
    }

    pub(super) fn command(&mut self, id: &str) {
        let count = self.shown.len().max(1);
        match id {
            "kinds.down" => self.at = (self.at + 1) % count,
            "kinds.point" => self.at = self.pointed.take().unwrap_or(self.at).min(count - 1),
            "kinds.up" => self.at = (self.at + count - 1) % count,
            _ => {}
        }
    }

    pub(super) fn key(&mut self, key: KeyEvent) {
        if !self.input.key(key) {
            return;
        }
        let text = self.input.text().to_lowercase();
        let by_word = Kind::by_word(&text).map(|k| k.name);
        let meant = |l: &Line| by_word.is_some() && l.choice == Choice::Kind(by_word);
        let fits = |l: &Line| match &l.choice {
            Choice::Kind(None) | Choice::Namespace(None) => text.is_empty(),
            Choice::Kind(Some(name)) => name.to_lowercase().contains(&text) || meant(l),
            Choice::Namespace(Some(name)) => name.contains(&text),
        };
        self.shown = (0..self.lines.len()).filter(|at| fits(&self.lines[*at])).collect();
        // An alias typed whole means its kind, whatever else contains these letters.
        self.at = self.shown.iter().position(|at| meant(&self.lines[*at])).unwrap_or(0);
    }

    pub(super) fn view(&self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        let high = columns(self.lines.len() + 4).min(area.height);
        let inner = dialog::frame(cx, dialog::centred(area, 46, high), buf, cx.words.get(self.title));
        if inner.height < 3 {
            return;
        }
        put(buf, (inner.x, inner.y), 2, "/", cx.style(Role::Accent));
        self.input.view(cx, Rect { x: inner.x + 2, width: inner.width - 2, height: 1, ..inner }, buf, true, "ks, hr, gitrepo …");
        let list = Rect { y: inner.y + 2, height: inner.height - 2, ..inner };
        let top = (self.at + 1).saturating_sub(usize::from(list.height));
        let to = self.pointed.clone();
        cx.spot(list, Aim::Rows { first: top, total: self.shown.len(), to, command: "kinds.point" });
        for (y, at) in (list.top()..list.bottom()).zip(top..self.shown.len()) {
            let line = &self.lines[self.shown[at]];
            let role = if line.count == 0 { Role::Faint } else { Role::Text };
            if let Some(health) = line.worst {
                let glyph = if health == Health::Busy { "◐" } else { cx.glyph(health) };
                put(buf, (list.x, y), 1, glyph, cx.style(health.into()));
            }
            let place = Rect { y, height: 1, ..list };
            let took = match line.note {
                Some((key, role)) => put_right(buf, place, cx.words.get(key), cx.style(role)),
                None => put_right(buf, place, &line.count.to_string(), cx.style(role)),
            };
            put(buf, (list.x + 2, y), list.width.saturating_sub(took + 4), line.choice.name(cx), cx.style(role));
            if at == self.at {
                lay(buf, place, cx.style(Role::Selection));
            }
        }
    }
}

/// Says why there is nothing of a kind, when every cluster that was asked gives the same reason.
fn note(cx: &Cx, kind: &str) -> Option<(&'static str, Role)> {
    let of_kind = |of: &LinkOf| matches!(of, LinkOf::Kind { kind: k, .. } if k == kind);
    let states: Vec<&LinkState> = cx.world.links.iter().filter(|l| of_kind(&l.of)).map(|l| &l.state).collect();
    let all = |fits: fn(&LinkState) -> bool| !states.is_empty() && states.iter().all(|s| fits(s));
    if all(|s| matches!(s, LinkState::KindAbsent)) {
        Some(("link.absent", Role::Faint))
    } else if all(|s| matches!(s, LinkState::Forbidden { .. } | LinkState::KindAbsent)) {
        Some(("header.forbidden", Role::Bad))
    } else {
        None
    }
}
