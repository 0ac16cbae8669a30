//! The kind chooser: every kind with how many objects it has, found by its letters or alias.

use crossterm::event::KeyEvent;
use domain::flux::{Health, KINDS};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::command::{Command, command};
use crate::cx::Cx;
use crate::theme::Role;
use crate::widgets::dialog;
use crate::widgets::input::Input;
use crate::widgets::put::{columns, lay, put, put_right};

static TAKE: Command = command("kinds.take", &["enter"], 1);
static DOWN: Command = command("kinds.down", &["down", "tab", "ctrl-n"], 0);
static UP: Command = command("kinds.up", &["up", "s-tab", "ctrl-p"], 0);
static CLOSE: Command = command("kinds.close", &["esc"], 80);

#[derive(Debug)]
struct Line {
    kind: Option<&'static str>,
    count: usize,
    worst: Option<Health>,
}

/// Holds the kinds and which one is selected.
#[derive(Debug)]
pub(super) struct Chooser {
    lines: Vec<Line>,
    shown: Vec<usize>,
    at: usize,
    input: Input,
}

impl Chooser {
    pub(super) fn new(cx: &Cx) -> Self {
        let count = |kind: Option<&'static str>| {
            let objects = cx.world.flux.iter().filter(|o| kind.is_none_or(|k| *o.key.kind == *k));
            let healths: Vec<Health> = objects.map(|o| o.health()).collect();
            Line { kind, count: healths.len(), worst: healths.into_iter().min() }
        };
        let mut lines: Vec<Line> = std::iter::once(count(None)).chain(KINDS.iter().map(|k| count(Some(k.name)))).collect();
        // Kinds that have no object stand below those that have some, each in the registry's order.
        lines.sort_by_key(|l| l.count == 0 && l.kind.is_some());
        let shown = (0..lines.len()).collect();
        let at = lines.iter().position(|l| l.kind == cx.desk.kind).unwrap_or(0);
        Self { lines, shown, at, input: Input::default() }
    }

    /// Returns the chosen kind: an inner nothing stands for all kinds.
    #[expect(clippy::option_option, reason = "nothing chosen and all kinds chosen are two things")]
    pub(super) fn chosen(&self) -> Option<Option<&'static str>> {
        self.shown.get(self.at).and_then(|at| self.lines.get(*at)).map(|l| l.kind)
    }

    pub(super) fn commands() -> Vec<&'static Command> {
        vec![&TAKE, &DOWN, &UP, &CLOSE]
    }

    pub(super) fn command(&mut self, id: &str) {
        let count = self.shown.len().max(1);
        match id {
            "kinds.down" => self.at = (self.at + 1) % count,
            "kinds.up" => self.at = (self.at + count - 1) % count,
            _ => {}
        }
    }

    pub(super) fn key(&mut self, key: KeyEvent) {
        if !self.input.key(key) {
            return;
        }
        let text = self.input.text().to_lowercase();
        let by_word = domain::flux::Kind::by_word(&text).map(|k| k.name);
        let fits = |l: &Line| match l.kind {
            None => text.is_empty(),
            kind @ Some(name) => name.to_lowercase().contains(&text) || (by_word.is_some() && kind == by_word),
        };
        self.shown = (0..self.lines.len()).filter(|at| fits(&self.lines[*at])).collect();
        // An alias typed whole means its kind, whatever else contains these letters.
        self.at = self.shown.iter().position(|at| by_word.is_some() && self.lines[*at].kind == by_word).unwrap_or(0);
    }

    pub(super) fn view(&self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        let high = columns(self.lines.len() + 4).min(area.height);
        let inner = dialog::frame(cx, dialog::centred(area, 46, high), buf, cx.t("flux.kinds"));
        if inner.height < 3 {
            return;
        }
        put(buf, (inner.x, inner.y), 2, "/", cx.style(Role::Accent));
        self.input.view(cx, Rect { x: inner.x + 2, width: inner.width - 2, height: 1, ..inner }, buf, true, "ks, hr, gitrepo …");
        let list = Rect { y: inner.y + 2, height: inner.height - 2, ..inner };
        let top = (self.at + 1).saturating_sub(usize::from(list.height));
        for (y, at) in (list.top()..list.bottom()).zip(top..self.shown.len()) {
            let line = &self.lines[self.shown[at]];
            let name = line.kind.unwrap_or_else(|| cx.words.get("flux.all-kinds"));
            let role = if line.count == 0 { Role::Faint } else { Role::Text };
            if let Some(health) = line.worst {
                let glyph = if health == Health::Busy { "◐" } else { cx.glyph(health) };
                put(buf, (list.x, y), 1, glyph, cx.style(health.into()));
            }
            put(buf, (list.x + 2, y), list.width - 8, name, cx.style(role));
            let place = Rect { y, height: 1, ..list };
            put_right(buf, place, &line.count.to_string(), cx.style(role));
            if at == self.at {
                lay(buf, place, cx.style(Role::Selection));
            }
        }
    }
}
