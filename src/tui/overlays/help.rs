//! All keys that work here, with a sentence each, in groups: what this place does first, what works everywhere last.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use crate::command::{Command, command};
use crate::cx::Cx;
use crate::effects::Effects;
use crate::keys;
use crate::tab::{Tab, TabMsg};
use crate::theme::Role;
use crate::widgets::dialog;
use crate::widgets::put::{columns, put, width};
use crate::widgets::scroll::{SCROLL, Scroll};

/// Stands for the commands that go to tabs by number, which need no line each.
static TABS: Command = command("help.tabs", &["1"], 0);

/// The groups in their order: how commands of theirs begin, and their heading. What begins like none belongs to the place.
const GROUPS: [(&[&str], &str); 5] = [
    (&[], "help.here"),
    (&["list."], "help.list"),
    (&["scroll."], "help.scroll"),
    (&["form."], "help.form"),
    (&["shell.", "tab.", "help."], "help.everywhere"),
];

/// One line of it.
enum Line {
    Blank,
    Heading(&'static str),
    Entry(&'static Command, String),
}

/// Holds what was possible when help was asked for.
#[derive(Debug)]
pub struct Help {
    commands: Vec<&'static Command>,
    scroll: Scroll,
}

impl Help {
    /// Shows these commands.
    pub fn new(commands: Vec<&'static Command>) -> Self {
        Self { commands, scroll: Scroll::default() }
    }
}

fn group(command: &Command) -> usize {
    GROUPS.iter().position(|(starts, _)| starts.iter().any(|s| command.id.starts_with(s))).unwrap_or(0)
}

impl Help {
    /// Returns its lines; groups stand apart by an empty one where all of them have room.
    fn lines(&self, cx: &Cx, room: usize) -> Vec<Line> {
        let keys = |command: &Command| {
            let all = cx.keymap.keys(command);
            all.iter().map(|k| cx.spelled(&keys::label(k))).collect::<Vec<_>>().join("  ")
        };
        let mut out = Vec::new();
        for (at, (_, heading)) in GROUPS.iter().enumerate() {
            let all = || self.commands.iter().copied().filter(|c| group(c) == at);
            let mut entries: Vec<Line> = all().filter(|c| !c.id.starts_with("tab.")).map(|c| Line::Entry(c, keys(c))).collect();
            let tabs: Vec<String> = all().filter(|c| c.id.starts_with("tab.")).map(|c| cx.key(c)).collect();
            if let (Some(first), Some(last)) = (tabs.first(), tabs.last()) {
                entries.push(Line::Entry(&TABS, format!("{first} … {last}")));
            }
            if !entries.is_empty() {
                out.extend((!out.is_empty()).then_some(Line::Blank));
                out.push(Line::Heading(heading));
                out.append(&mut entries);
            }
        }
        if out.len() > room {
            out.retain(|line| !matches!(line, Line::Blank));
        }
        out
    }
}

impl Tab for Help {
    fn commands(&self, _cx: &Cx) -> Vec<&'static Command> {
        SCROLL.iter().collect()
    }

    fn update(&mut self, _cx: &Cx, msg: TabMsg) -> Effects {
        if let TabMsg::Command(id) = msg {
            self.scroll.command(id);
        }
        Effects::new()
    }

    fn view(&self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        let lines = self.lines(cx, usize::from(area.height.saturating_sub(2)));
        let high = area.height.min(columns(lines.len()) + 2);
        let place = dialog::centred(area, area.width.saturating_sub(4).min(100), high);
        let inner = dialog::frame(cx, place, buf, cx.t("help.title"));
        let entries = || lines.iter().filter_map(|l| if let Line::Entry(c, keys) = l { Some((c, keys)) } else { None });
        let wide = columns(entries().map(|(_, keys)| width(keys)).max().unwrap_or(0)).min(inner.width / 3) + 2;
        let titles = columns(entries().map(|(c, _)| width(cx.title(c))).max().unwrap_or(0)).min(inner.width / 3) + 2;
        let top = self.scroll.fit(lines.len(), usize::from(inner.height));
        for (y, line) in (inner.top()..inner.bottom()).zip(lines.iter().skip(top)) {
            match line {
                Line::Blank => {}
                Line::Heading(key) => {
                    put(buf, (inner.x, y), inner.width, cx.words.get(key), cx.style(Role::Text).add_modifier(Modifier::BOLD));
                }
                Line::Entry(command, keys) => {
                    let (title, sentence) = cx.words.command(command.id);
                    let x = inner.x + 2;
                    put(buf, (x, y), wide, keys, cx.style(Role::Accent));
                    put(buf, (x + wide, y), titles - 1, title, cx.style(Role::Text));
                    let room = inner.width.saturating_sub(wide + titles + 3);
                    put(buf, (x + wide + titles, y), room, sentence, cx.style(Role::Muted));
                }
            }
        }
        crate::widgets::table::scrollbar(cx, inner, buf, top, lines.len());
    }
}
