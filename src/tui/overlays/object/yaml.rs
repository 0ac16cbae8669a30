//! The object's YAML: bookkeeping folded away, the status when wanted, with a search. Values of Secrets never come here.

use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{Subject, View};
use crate::command::{Command, command};
use crate::cx::Cx;
use crate::effects::Effects;
use crate::tab::TabMsg;
use crate::theme::Role;
use crate::widgets::input::Input;
use crate::widgets::put::{columns, lay, piece, put, put_pieces, put_right};
use crate::widgets::scroll::{SCROLL, Scroll};
use crate::widgets::table::scrollbar;
use crate::widgets::yaml::{YamlText, after};

static MANAGED: Command = command("object.managed", &["m"], 3);
static STATUS: Command = command("object.status", &["z"], 4);
static SEARCH: Command = command("object.search", &["/"], 5);
static NEXT: Command = command("object.next-match", &["n"], 6);
static PREVIOUS: Command = command("object.previous-match", &["N"], 0);
static CLEAR: Command = command("object.clear-search", &["esc"], 7);
static KEEP: Command = command("object.keep-search", &["enter"], 1);

/// Holds a line that is drawn: its number in the text, and how many lines are folded away under it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Shown {
    line: usize,
    folded: usize,
}

/// Holds the YAML and where one is in it.
#[derive(Debug, Default)]
pub(super) struct Manifest {
    source: Option<Arc<str>>,
    text: YamlText,
    shown: Vec<Shown>,
    managed: bool,
    no_status: bool,
    scroll: Scroll,
    search: Input,
    typing: bool,
    /// The places among the shown lines in which the search occurs, and which of them is meant.
    hits: Vec<usize>,
    hit: usize,
}

impl Manifest {
    fn refresh(&mut self, of: &Subject) {
        let Some(whole) = of.whole.here() else { return };
        if self.source.as_ref().is_some_and(|source| Arc::ptr_eq(source, &whole.yaml) || **source == *whole.yaml) {
            return;
        }
        self.source = Some(Arc::clone(&whole.yaml));
        self.text = YamlText::new(Arc::clone(&whole.yaml));
        self.fold();
    }

    fn fold(&mut self) {
        let hidden = |line: &str| {
            (!self.managed && line.trim_end() == "  managedFields:") || (self.no_status && line.trim_end() == "status:")
        };
        self.shown.clear();
        let mut line = 0;
        while line < self.text.len() {
            let folded = if hidden(self.text.line(line)) { below(&self.text, line) } else { 0 };
            self.shown.push(Shown { line, folded });
            line += 1 + folded;
        }
        self.find();
    }

    fn find(&mut self) {
        let wanted = self.search.text().to_lowercase();
        let holds = |shown: &Shown| self.text.line(shown.line).to_lowercase().contains(&wanted);
        let found = self.shown.iter().enumerate().filter(|(_, s)| !wanted.is_empty() && holds(s)).map(|(at, _)| at);
        self.hits = found.collect();
        self.hit = self.hit.min(self.hits.len().saturating_sub(1));
    }

    fn nearest(&mut self) {
        let top = self.scroll.top();
        self.hit = self.hits.iter().position(|at| *at >= top).unwrap_or(0);
        self.show();
    }

    fn show(&self) {
        if let Some(at) = self.hits.get(self.hit) {
            self.scroll.show(*at);
        }
    }

    fn step(&mut self, by: usize) {
        if !self.hits.is_empty() {
            self.hit = (self.hit + by) % self.hits.len();
            self.show();
        }
    }

    fn key(&mut self, key: KeyEvent) {
        if key.code == KeyCode::Backspace && self.search.text().is_empty() {
            self.typing = false;
        } else if self.search.key(key) {
            self.find();
            self.nearest();
        }
    }

    fn command(&mut self, id: &str) {
        match id {
            "object.managed" => {
                self.managed = !self.managed;
                self.fold();
            }
            "object.status" => {
                self.no_status = !self.no_status;
                self.fold();
            }
            "object.search" => self.typing = true,
            "object.keep-search" => self.typing = false,
            "object.next-match" => self.step(1),
            "object.previous-match" => self.step(self.hits.len().saturating_sub(1)),
            "object.clear-search" => {
                self.typing = false;
                self.search.set("");
                self.find();
            }
            id => {
                self.scroll.command(id);
            }
        }
    }

    fn line(&self, cx: &Cx, area: Rect, buf: &mut Buffer, (at, shown): (usize, Shown)) {
        let gutter = columns(self.text.len().to_string().len()) + 2;
        let number = format!("{:>1$}", shown.line + 1, usize::from(gutter) - 2);
        put(buf, (area.x, area.y), gutter, &number, cx.style(Role::Faint));
        let mut pieces = self.text.pieces(shown.line);
        if shown.folded > 0 {
            let text = cx.tf("object.folded", &[("count", &shown.folded.to_string())]);
            pieces.push(piece(format!("  {text}"), Role::Faint));
        }
        let place = Rect { x: area.x + gutter, width: area.width.saturating_sub(gutter), ..area };
        put_pieces(cx, buf, (place.x, place.y), place.width, &after(pieces, self.scroll.left));
        if self.hits.binary_search(&at).is_ok() {
            let meant = self.hits.get(self.hit) == Some(&at);
            lay(buf, if meant { area } else { Rect { width: gutter.saturating_sub(1), ..area } }, cx.style(Role::Match));
        }
    }
}

/// Counts the lines that belong to the key on a line: deeper ones, and list items that stand no deeper than it.
fn below(text: &YamlText, line: usize) -> usize {
    let depth = |line: &str| line.len() - line.trim_start().len();
    let own = depth(text.line(line));
    let belongs = |line: &str| depth(line) > own || (depth(line) == own && own > 0 && line.trim_start().starts_with("- "));
    (line + 1..text.len()).take_while(|at| belongs(text.line(*at))).count()
}

impl View for Manifest {
    fn commands(&self, _cx: &Cx, _of: &Subject) -> Vec<&'static Command> {
        if self.typing {
            return vec![&KEEP, &CLEAR];
        }
        let mut out = vec![&MANAGED, &STATUS, &SEARCH];
        if !self.hits.is_empty() {
            out.extend([&NEXT, &PREVIOUS]);
        }
        out.extend((!self.search.text().is_empty()).then_some(&CLEAR));
        out.extend(SCROLL);
        out
    }

    fn typing(&self) -> bool {
        self.typing
    }

    fn update(&mut self, _cx: &Cx, of: &Subject, msg: &TabMsg) -> Effects {
        match msg {
            TabMsg::Command(id) => self.command(id),
            TabMsg::Key(key) => self.key(*key),
            TabMsg::Paste(text) => {
                self.search.paste(text);
                self.find();
                self.nearest();
            }
            TabMsg::Enter | TabMsg::Desk => self.refresh(of),
            _ => {}
        }
        Effects::new()
    }

    /// Copies what is shown: without what is folded away.
    fn copy(&self, _cx: &Cx, _of: &Subject) -> Option<String> {
        let lines = self.shown.iter().filter(|s| s.folded == 0).map(|s| self.text.line(s.line));
        (!self.shown.is_empty()).then(|| lines.flat_map(|line| [line, "\n"]).collect())
    }

    fn view(&self, cx: &Cx, of: &Subject, area: Rect, buf: &mut Buffer) {
        let area = of.whole.head(cx, area, buf);
        let searched = self.typing || !self.search.text().is_empty();
        let body = Rect { height: area.height.saturating_sub(u16::from(searched)), ..area };
        let top = self.scroll.fit(self.shown.len(), usize::from(body.height));
        for (y, (at, shown)) in (body.top()..body.bottom()).zip(self.shown.iter().enumerate().skip(top)) {
            self.line(cx, Rect { y, height: 1, ..body }, buf, (at, *shown));
        }
        scrollbar(cx, body, buf, top, self.shown.len());
        if searched && area.height > 0 {
            let foot = Rect { y: area.bottom() - 1, height: 1, ..area };
            let at = if self.hits.is_empty() { 0 } else { self.hit + 1 };
            put(buf, (foot.x, foot.y), 1, "/", cx.style(Role::Accent));
            self.search.view(cx, Rect { x: foot.x + 2, width: foot.width.saturating_sub(14), ..foot }, buf, self.typing, "");
            put_right(buf, foot, &format!("{at}/{}", self.hits.len()), cx.style(Role::Muted));
        }
    }
}
