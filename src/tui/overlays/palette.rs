//! Everything that can be done or gone to, found by a few letters: commands, tabs, projects, environments, kinds.

use crossterm::event::KeyCode;
use domain::flux::KINDS;
use domain::ident::{EnvironmentId, Slug};
use nucleo_matcher::pattern::{AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::command::{Command, command};
use crate::cx::Cx;
use crate::desk::Change;
use crate::effects::{Effect, Effects};
use crate::place::TabId;
use crate::tab::{Tab, TabMsg};
use crate::theme::Role;
use crate::widgets::dialog;
use crate::widgets::input::Input;
use crate::widgets::put::{columns, lay, piece, put, put_pieces, put_right, rule, width};

static TAKE: Command = command("palette.take", &["enter"], 1);
static DOWN: Command = command("palette.down", &["down", "ctrl-n", "tab"], 0);
static UP: Command = command("palette.up", &["up", "ctrl-p", "s-tab"], 0);

/// What a name that fits is ahead of a sentence that does.
const NAME: u32 = 1000;

/// What choosing an entry does.
#[derive(Debug, Clone)]
enum Aim {
    Run(&'static str),
    Project(Slug),
    Environment(EnvironmentId),
    Kind(&'static str),
}

#[derive(Debug, Clone)]
struct Entry {
    name: String,
    /// A sentence about it.
    said: String,
    hint: String,
    class: &'static str,
    aim: Aim,
}

/// Holds the entries and what was typed.
#[derive(Debug)]
pub struct Palette {
    entries: Vec<Entry>,
    shown: Vec<usize>,
    at: usize,
    input: Input,
}

impl Palette {
    /// Gathers what is possible over something that has these commands.
    pub fn new(cx: &Cx, commands: &[&'static Command]) -> Self {
        let mut entries = Vec::new();
        for command in commands.iter().filter(|c| !c.id.starts_with("list.") && !c.id.starts_with("scroll.")) {
            let (title, sentence) = cx.words.command(command.id);
            let class = if command.id.starts_with("tab.") { "palette.tab" } else { "palette.command" };
            let (name, said, hint) = (title.to_owned(), sentence.to_owned(), cx.keymap.label(command));
            entries.push(Entry { name, said, hint, class, aim: Aim::Run(command.id) });
        }
        for project in cx.world.projects.iter() {
            let aim = Aim::Project(project.slug.clone());
            entries.push(Entry {
                name: project.slug.to_string(),
                said: project.name.clone(),
                hint: String::new(),
                class: "palette.project",
                aim,
            });
        }
        for environment in cx.world.environments.iter() {
            let aim = Aim::Environment(environment.id.clone());
            let hint = environment.cluster.to_string();
            entries.push(Entry {
                name: environment.id.to_string(),
                said: String::new(),
                hint,
                class: "palette.environment",
                aim,
            });
        }
        for kind in KINDS {
            let hint = kind.aliases.join(" ");
            entries.push(Entry {
                name: kind.name.to_owned(),
                said: String::new(),
                hint,
                class: "palette.kind",
                aim: Aim::Kind(kind.name),
            });
        }
        let mut palette = Self { entries, shown: Vec::new(), at: 0, input: Input::default() };
        palette.search();
        palette
    }

    fn search(&mut self) {
        let mut matcher = Matcher::new(Config::DEFAULT);
        let pattern = Pattern::new(self.input.text(), CaseMatching::Ignore, Normalization::Smart, AtomKind::Fuzzy);
        let mut letters = Vec::new();
        let wanted = self.input.text().trim().to_lowercase();
        let mut found: Vec<(u32, usize)> = Vec::new();
        for (at, entry) in self.entries.iter().enumerate() {
            // A name that fits counts more than a sentence in which the letters occur as they were typed.
            let mut text = entry.name.clone();
            if matches!(entry.aim, Aim::Kind(_)) {
                text.push(' ');
                text.push_str(&entry.hint);
            }
            let score = pattern.score(Utf32Str::new(&text, &mut letters), &mut matcher);
            let in_sentence = !wanted.is_empty() && entry.said.to_lowercase().contains(&wanted);
            if let Some(score) = score.map(|s| s + NAME).or(in_sentence.then_some(0)) {
                found.push((score, at));
            }
        }
        found.sort_by_key(|(score, at)| (std::cmp::Reverse(*score), *at));
        self.shown = found.into_iter().map(|(_, at)| at).collect();
        self.at = 0;
    }

    fn take(&self) -> Effects {
        let Some(entry) = self.shown.get(self.at).and_then(|at| self.entries.get(*at)) else {
            return Effects::new();
        };
        let mut effects = vec![Effect::Close];
        effects.extend(match entry.aim.clone() {
            Aim::Run(id) => vec![Effect::Run(id)],
            Aim::Project(slug) => vec![Effect::Desk(Change::Project(Some(slug))), Effect::Switch(TabId::Environments)],
            Aim::Environment(id) => vec![Effect::Desk(Change::Environment(Some(id))), Effect::Switch(TabId::Environments)],
            Aim::Kind(kind) => vec![Effect::Desk(Change::Kind(Some(kind))), Effect::Switch(TabId::Flux)],
        });
        effects
    }
}

impl Tab for Palette {
    fn commands(&self, _cx: &Cx) -> Vec<&'static Command> {
        vec![&TAKE, &DOWN, &UP]
    }

    fn typing(&self, _cx: &Cx) -> bool {
        true
    }

    fn update(&mut self, _cx: &Cx, msg: TabMsg) -> Effects {
        let last = self.shown.len().saturating_sub(1);
        match msg {
            TabMsg::Command("palette.take") => return self.take(),
            TabMsg::Command("palette.down") => self.at = if self.at == last { 0 } else { self.at + 1 },
            TabMsg::Command("palette.up") => self.at = if self.at == 0 { last } else { self.at - 1 },
            TabMsg::Key(key) if key.code == KeyCode::Backspace && self.input.text().is_empty() => return vec![Effect::Close],
            TabMsg::Key(key) if self.input.key(key) => self.search(),
            TabMsg::Paste(text) if self.input.paste(&text) => self.search(),
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
        if self.shown.is_empty() {
            put(buf, (list.x, list.y), list.width, cx.t("palette.nothing"), cx.style(Role::Muted));
        }
    }
}
