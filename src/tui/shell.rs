//! What frames every screen: header, tab line, footer, notes; and the commands that work everywhere.
//!
//! ```text
//!  ⎈ Quarterdeck  prod-eu  acme/shop                    ● live  3 clusters  you: admin  14:02
//!   1 Projects  2 Environments  3 Deploy  …
//!  ─────────────────────────────────────────────────────────────────────────────────────────
//!   (the tab)
//!  ⏎ open  d deploy  s sync  / filter  : commands  ? help
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::command::{Command, command};
use crate::session::Session;
use crate::tabs::{TABS, TabId};
use crate::theme::Role;
use crate::widgets::put::{columns, lay, put, rule, width};

mod footer;
mod header;

/// The shell's own commands.
pub const SHELL: &[Command] = &[
    command("shell.palette", &[":", "ctrl-o"], 95),
    command("shell.help", &["?", "f1"], 96),
    command("shell.troubles", &["!", "f2"], 0),
    command("shell.close", &["esc", "q"], 97),
    command("shell.back", &["esc"], 85),
    command("shell.next-tab", &["tab", "]"], 0),
    command("shell.previous-tab", &["s-tab", "["], 0),
    command("tab.projects", &["1", "alt-1"], 0),
    command("tab.environments", &["2", "alt-2"], 0),
    command("tab.deploy", &["3", "alt-3"], 0),
    command("tab.yaml", &["4", "alt-4"], 0),
    command("tab.diff", &["5", "alt-5"], 0),
    command("tab.flux", &["6", "alt-6"], 0),
    command("tab.deployments", &["7", "alt-7"], 0),
    command("tab.audit", &["9", "alt-9"], 0),
    command("shell.quit", &["q", "ctrl-c"], 0),
];

/// Returns the shell's commands that are possible now.
pub fn commands(asks: bool, layered: bool, back: bool) -> Vec<&'static Command> {
    SHELL
        .iter()
        .filter(|c| match c.id {
            "shell.quit" => true,
            _ if asks => false,
            "shell.close" => layered,
            "shell.palette" | "shell.help" | "shell.troubles" => true,
            "shell.back" => back && !layered,
            id if id.starts_with("tab.") => true,
            _ => !layered,
        })
        .collect()
}

/// Tells whether a command is one of the shell's own.
pub fn owns(command: &Command) -> bool {
    SHELL.iter().any(|c| c.id == command.id)
}

/// Returns the tab that a command goes to.
pub fn tab_of(id: &str) -> Option<TabId> {
    TABS.iter().find(|t| t.title == id).map(|t| t.id)
}

/// Holds where the parts of the screen are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Areas {
    /// The header line.
    pub header: Rect,
    /// The tab line.
    pub tabs: Rect,
    /// The line under the tabs; empty on a low screen.
    pub rule: Rect,
    /// The tab itself.
    pub body: Rect,
    /// The footer line.
    pub footer: Rect,
}

/// Returns where the parts of a screen of this size are.
pub fn areas(area: Rect) -> Areas {
    let line =
        |y: u16, high: u16| Rect { y: area.y + y.min(area.height), height: high.min(area.height.saturating_sub(y)), ..area };
    let rule = u16::from(area.height >= 16);
    let top = (2 + rule).min(area.height);
    let foot = u16::from(area.height > 3);
    Areas {
        header: line(0, 1),
        tabs: line(1, 1),
        rule: line(2, rule),
        body: line(top, area.height.saturating_sub(top + foot)),
        footer: line(area.height.saturating_sub(foot), foot),
    }
}

/// Draws the whole screen.
pub fn view(session: &Session, buf: &mut Buffer) {
    let cx = session.cx();
    let area = buf.area;
    if area.width < 20 || area.height < 5 {
        put(buf, (area.x, area.y), area.width, cx.t("shell.too-small"), cx.style(Role::Text));
        return;
    }
    lay(buf, area, cx.style(Role::Text));
    let areas = areas(area);
    header::view(session, areas.header, buf);
    tab_line(session, areas.tabs, buf);
    if areas.rule.height > 0 {
        rule(&cx, buf, areas.rule);
    }
    session.tab().view(&cx, areas.body, buf);
    for pane in session.panes() {
        pane.view(&cx, areas.body, buf);
    }
    footer::notes(session, areas.body, buf);
    footer::view(session, areas.footer, buf);
}

fn tab_line(session: &Session, area: Rect, buf: &mut Buffer) {
    let cx = session.cx();
    let whole: usize = TABS.iter().map(|t| width(cx.words.get(t.title)) + 4).sum();
    let roomy = whole < usize::from(area.width);
    let mut x = area.x + 1;
    for tab in TABS {
        let active = tab.id == session.active();
        let number = tab.number.to_string();
        let role = if active { Role::Accent } else { Role::Faint };
        x += put(buf, (x, area.y), area.width, &number, cx.style(role));
        if roomy || active {
            let title = cx.words.get(tab.title);
            let style = if active {
                cx.style(Role::Accent).add_modifier(ratatui::style::Modifier::UNDERLINED)
            } else {
                cx.style(Role::Muted)
            };
            x += 1;
            put(buf, (x, area.y), area.width, title, style);
            x += columns(width(title));
        }
        x += 2;
    }
}
