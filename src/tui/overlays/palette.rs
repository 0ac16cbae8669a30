//! Everything that can be done or gone to, found by a few letters: commands, tabs, projects, environments, kinds, themes,
//! languages, and the places one was at.
//!
//! What is possible where one is comes first; the other tabs' commands say where they are, and lead there.
//! A name or alias that is typed whole comes first; the word of a class and a blank leave only that class. A theme is put on as
//! soon as it is selected, and taken off when nothing comes of it.

use crossterm::event::KeyCode;
use nucleo_matcher::pattern::{AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::command::{Command, command};
use crate::cx::Cx;
use crate::effects::{Dress, Effect, Effects};
use crate::spots::{Aim as Spot, Pointed};
use crate::tab::{Tab, TabMsg};
use crate::theme::Role;
use crate::widgets::dialog;
use crate::widgets::input::Input;
use crate::widgets::put::{columns, lay, piece, put, put_pieces, put_right, rule, width};

mod entries;
#[cfg(test)]
mod tests;

use entries::{Aim, Entry, WORDS};

static TAKE: Command = command("palette.take", &["enter"], 1);
static COMPLETE: Command = command("palette.complete", &["tab"], 2);
static DOWN: Command = command("palette.down", &["down", "ctrl-n", "ctrl-j"], 0);
static UP: Command = command("palette.up", &["up", "ctrl-p", "s-tab"], 0);

/// What a name or an alias that was typed whole is ahead of a name that only fits.
const WHOLE: u32 = 10_000;

/// What a name that fits is ahead of a sentence that does.
const NAME: u32 = 1000;

/// Holds the entries and what was typed.
#[derive(Debug)]
pub struct Palette {
    entries: Vec<Entry>,
    shown: Vec<usize>,
    at: usize,
    input: Input,
    pointed: Pointed,
    /// Whether a theme is being looked at.
    dressed: bool,
}

impl Palette {
    /// Gathers what is possible over something that has these commands.
    pub fn new(cx: &Cx, commands: &[&'static Command]) -> Self {
        let entries = entries::all(cx, commands);
        let (input, pointed) = (Input::default(), Pointed::default());
        let mut palette = Self { entries, shown: Vec::new(), at: 0, input, pointed, dressed: false };
        palette.search(cx);
        palette
    }

    /// Returns the class whose word was typed before a blank, and what was typed after it.
    fn class(&self, cx: &Cx) -> Option<(&'static str, &str)> {
        let (word, rest) = self.input.text().trim_start().split_once(' ')?;
        let ours = |(w, class): &&(&str, &'static str)| *w == word || cx.words.get(class) == word;
        WORDS.iter().find(ours).map(|(_, class)| (*class, rest))
    }

    fn search(&mut self, cx: &Cx) {
        let mut matcher = Matcher::new(Config::DEFAULT);
        let class = self.class(cx);
        let typed = class.map_or_else(|| self.input.text(), |(_, rest)| rest);
        let pattern = Pattern::new(typed, CaseMatching::Ignore, Normalization::Smart, AtomKind::Fuzzy);
        let mut letters = Vec::new();
        let wanted = typed.trim().to_lowercase();
        let mut found: Vec<(u32, usize)> = Vec::new();
        for (at, entry) in self.entries.iter().enumerate() {
            let plain = !matches!(entry.class, "palette.theme" | "palette.language" | "palette.place");
            if !class.map_or(plain || wanted.is_empty() && entry.class == "palette.place" || wanted.len() > 2, |(c, _)| {
                c == entry.class
            }) {
                continue;
            }
            let elsewhere = matches!(entry.aim, Aim::Elsewhere(..));
            if elsewhere && wanted.is_empty() {
                continue;
            }
            // A name that fits counts more than a sentence in which the letters occur as they were typed.
            let score = pattern.score(Utf32Str::new(&entry.name, &mut letters), &mut matcher);
            let whole = !wanted.is_empty()
                && (entry.name.to_lowercase() == wanted || entry.aliases.iter().any(|a| a.to_lowercase() == wanted));
            let in_sentence = !wanted.is_empty() && entry.said.to_lowercase().contains(&wanted);
            if let Some(score) =
                whole.then_some(WHOLE).or(score.map(|s| s + if elsewhere { 0 } else { NAME })).or(in_sentence.then_some(0))
            {
                found.push((score, at));
            }
        }
        found.sort_by_key(|(score, at)| (std::cmp::Reverse(*score), *at));
        self.shown = found.into_iter().map(|(_, at)| at).collect();
        self.at = 0;
    }

    fn selected(&self) -> Option<&Entry> {
        self.shown.get(self.at).and_then(|at| self.entries.get(*at))
    }

    /// Puts on the theme that is selected, or takes off the one that was.
    fn look(&mut self) -> Effects {
        let wanted = match self.selected().map(|e| &e.aim) {
            Some(Aim::Theme(name)) => Some(Dress::Try(name.clone())),
            _ => self.dressed.then_some(Dress::Back),
        };
        self.dressed = matches!(wanted, Some(Dress::Try(_)));
        wanted.map(Effect::Dress).into_iter().collect()
    }

    fn take(&mut self, cx: &Cx) -> Effects {
        match self.selected().map(|entry| entry.aim.clone()) {
            None => Effects::new(),
            Some(Aim::Word(_)) => self.complete(cx),
            Some(aim) => std::iter::once(Effect::Close).chain(entries::effects(aim)).collect(),
        }
    }

    /// Writes out what is selected: the word of a class, or after one the name of the entry.
    fn complete(&mut self, cx: &Cx) -> Effects {
        let Some(entry) = self.selected() else { return Effects::new() };
        let word = WORDS.iter().find(|(_, class)| *class == entry.class).map(|(word, _)| *word);
        let text = match (&entry.aim, word) {
            (Aim::Word(word), _) => format!("{word} "),
            (_, Some(word)) => format!("{word} {}", entry.name),
            (_, None) => entry.name.clone(),
        };
        self.input.set(text);
        let kept = self.shown.get(self.at).copied();
        self.search(cx);
        self.at = self.shown.iter().position(|at| Some(*at) == kept).unwrap_or(0);
        self.look()
    }

    /// Goes to an entry.
    fn go(&mut self, to: usize) -> Effects {
        self.at = to;
        self.look()
    }
}

impl Tab for Palette {
    fn commands(&self, _cx: &Cx) -> Vec<&'static Command> {
        vec![&TAKE, &COMPLETE, &DOWN, &UP]
    }

    fn typing(&self, _cx: &Cx) -> bool {
        true
    }

    fn update(&mut self, cx: &Cx, msg: TabMsg) -> Effects {
        let last = self.shown.len().saturating_sub(1);
        match msg {
            TabMsg::Command("palette.take") => return self.take(cx),
            TabMsg::Command("palette.complete") => return self.complete(cx),
            TabMsg::Command("palette.down") => return self.go(if self.at == last { 0 } else { self.at + 1 }),
            TabMsg::Command("palette.up") => return self.go(if self.at == 0 { last } else { self.at - 1 }),
            TabMsg::Command("palette.point") => {
                let to = self.pointed.take().filter(|at| *at <= last);
                return to.map(|to| self.go(to)).unwrap_or_default();
            }
            TabMsg::Key(key) if key.code == KeyCode::Backspace && self.input.text().is_empty() => return vec![Effect::Close],
            TabMsg::Key(key) if self.input.key(key) => {
                self.search(cx);
                return self.look();
            }
            TabMsg::Paste(text) if self.input.paste(&text) => {
                self.search(cx);
                return self.look();
            }
            _ => {}
        }
        Effects::new()
    }

    fn view(&self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        let wide = area.width.saturating_sub(4).min(84);
        let high = area.height.saturating_sub(1).min(20);
        let place = Rect { y: area.y, ..dialog::centred(area, wide, high) };
        let inner = dialog::frame(cx, place, buf, cx.t("palette.title"));
        if inner.height < 3 {
            return;
        }
        put(buf, (inner.x, inner.y), 2, ":", cx.style(Role::Accent));
        let field = Rect { x: inner.x + 2, height: 1, width: inner.width - 2, ..inner };
        self.input.view(cx, field, buf, true, cx.t("palette.hint"));
        rule(cx, buf, Rect { y: inner.y + 1, height: 1, ..inner });
        let list = Rect { y: inner.y + 2, height: inner.height - 2, ..inner };
        let top = (self.at + 1).saturating_sub(usize::from(list.height));
        let to = self.pointed.clone();
        cx.spot(list, Spot::Rows { first: top, total: self.shown.len(), to, command: "palette.point" });
        for (y, at) in (list.top()..list.bottom()).zip(top..self.shown.len()) {
            let entry = &self.entries[self.shown[at]];
            let class = cx.words.get(entry.class);
            let place = Rect { y, height: 1, ..list };
            let took = put_right(buf, place, &entry.hint, cx.style(Role::Accent));
            put(buf, (list.x, y), 12, class, cx.style(Role::Faint));
            let from = columns(width(class)).max(11) + 2;
            let room = list.width.saturating_sub(from + took + 2);
            let line = [piece(entry.name.as_str(), Role::Text), piece(format!("  {}", entry.said), Role::Muted)];
            put_pieces(cx, buf, (list.x + from, y), room, &line);
            if at == self.at {
                lay(buf, place, cx.style(Role::Selection));
            }
        }
        cx.looks_later(list, list.y + columns(self.at.saturating_sub(top)));
        if self.shown.is_empty() {
            put(buf, (list.x, list.y), list.width, cx.t("palette.nothing"), cx.style(Role::Muted));
        }
    }
}
