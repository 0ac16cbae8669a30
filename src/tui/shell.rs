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
use ratatui::layout::{Position, Rect};

use crate::session::Session;
use crate::spots::Aim;
use crate::tabs::{TABS, TabEntry};
use crate::theme::Role;
use crate::widgets::dialog::dim;
use crate::widgets::put::{columns, lay, put, rule, width};

mod footer;
mod header;
mod tour;

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

/// Draws the whole screen; returns where the cursor belongs, nothing when it is hidden.
pub fn view(session: &Session, buf: &mut Buffer) -> Option<Position> {
    session.base().marks.clear();
    draw(session, buf);
    session.base().marks.cursor()
}

fn draw(session: &Session, buf: &mut Buffer) {
    let cx = session.cx();
    let area = buf.area;
    if area.width < 20 || area.height < 5 {
        put(buf, (area.x, area.y), area.width, cx.t("shell.too-small"), cx.style(Role::Text));
        return;
    }
    lay(buf, area, cx.style(Role::Text).patch(cx.style(Role::Ground)));
    let areas = areas(area);
    header::view(session, areas.header, buf);
    tab_line(session, areas.tabs, buf);
    if areas.rule.height > 0 {
        rule(&cx, buf, areas.rule);
    }
    session.tab().view(&cx, areas.body, buf);
    // The cursor belongs to what lies in front.
    for pane in session.panes() {
        session.base().marks.hide_cursor();
        dim(&cx, buf, areas.body);
        pane.view(&cx, areas.body, buf);
    }
    footer::notes(session, areas.body, buf);
    footer::view(session, areas.footer, buf);
    tour::view(session, areas.body, buf);
}

fn tab_line(session: &Session, area: Rect, buf: &mut Buffer) {
    let cx = session.cx();
    // Names stand closer together and get shorter before they leave; only the active one stays where there is no room for them.
    let short = |tab: &TabEntry| cx.words.find(&format!("{}-short", tab.title)).unwrap_or(cx.words.get(tab.title)).to_owned();
    let long = |tab: &TabEntry| cx.words.get(tab.title).to_owned();
    let whole = |title: &dyn Fn(&TabEntry) -> String| TABS.iter().map(|t| width(&title(t)) + 2).sum::<usize>();
    let room = usize::from(area.width);
    let close = TABS.len();
    let title: &dyn Fn(&TabEntry) -> String = if whole(&long) + close < room { &long } else { &short };
    let roomy = whole(title) + close < room;
    let gap = if roomy && whole(title) + 2 * close >= room { 1 } else { 2 };
    let mut x = area.x + 1;
    for tab in TABS {
        let active = tab.id == session.active();
        let number = tab.number.to_string();
        let role = if active { Role::Accent } else { Role::Faint };
        let from = x;
        x += put(buf, (x, area.y), area.width, &number, cx.style(role));
        if roomy || active {
            let title = title(tab);
            let style = if active {
                cx.style(Role::Accent).add_modifier(ratatui::style::Modifier::UNDERLINED)
            } else {
                cx.style(Role::Muted)
            };
            x += 1;
            put(buf, (x, area.y), area.width, &title, style);
            x += columns(width(&title));
        }
        cx.spot(Rect { x: from, width: x - from, ..area }, Aim::Command(tab.title));
        x += gap;
    }
}
