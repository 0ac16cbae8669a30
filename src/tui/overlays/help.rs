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
use crate::widgets::put::{columns, put, width, wrap};
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
        let frame_wide = area.width.saturating_sub(4).min(100);
        let room = frame_wide.saturating_sub(4);
        let entries = || lines.iter().filter_map(|l| if let Line::Entry(c, keys) = l { Some((c, keys)) } else { None });
        let wide = columns(entries().map(|(_, keys)| width(keys)).max().unwrap_or(0)).min(room / 3) + 2;
        let titles = columns(entries().map(|(c, _)| width(cx.title(c))).max().unwrap_or(0)).min(room / 3) + 2;
        let rows = rows(cx, &lines, usize::from(room.saturating_sub(wide + titles + 4)));
        let high = area.height.min(columns(rows.len()) + 2);
        let inner = dialog::frame(cx, dialog::centred(area, frame_wide, high), buf, cx.t("help.title"));
        let top = self.scroll.fit(rows.len(), usize::from(inner.height));
        for (y, row) in (inner.top()..inner.bottom()).zip(rows.iter().skip(top)) {
            let x = inner.x + 2;
            match row.line {
                Some(Line::Heading(key)) => {
                    put(buf, (inner.x, y), inner.width, cx.words.get(key), cx.style(Role::Text).add_modifier(Modifier::BOLD));
                }
                Some(Line::Entry(command, keys)) => {
                    put(buf, (x, y), wide, keys, cx.style(Role::Accent));
                    put(buf, (x + wide, y), titles - 1, cx.title(command), cx.style(Role::Text));
                }
                Some(Line::Blank) | None => {}
            }
            put(buf, (x + wide + titles, y), inner.width, &row.sentence, cx.style(Role::Muted));
        }
        crate::widgets::table::scrollbar(cx, inner, buf, top, rows.len());
    }
}

/// Holds a row: the line that begins on it, and as much of what it says as has room.
struct Shown<'l> {
    line: Option<&'l Line>,
    sentence: String,
}

/// Divides lines into rows: a sentence goes on under its own beginning.
fn rows<'l>(cx: &Cx, lines: &'l [Line], room: usize) -> Vec<Shown<'l>> {
    let mut out = Vec::new();
    for line in lines {
        let said = if let Line::Entry(command, _) = line { wrap(cx.words.command(command.id).1, room) } else { Vec::new() };
        let mut parts = said.into_iter();
        out.push(Shown { line: Some(line), sentence: parts.next().unwrap_or_default() });
        out.extend(parts.map(|sentence| Shown { line: None, sentence }));
    }
    out
}
