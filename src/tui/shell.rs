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

use crate::cx::Cx;
use crate::place::TabId;
use crate::session::Session;
use crate::spots::Aim;
use crate::tabs::{TABS, TabEntry};
use crate::theme::Role;
use crate::widgets::dialog::dim;
use crate::widgets::put::{columns, lay, put, rule, width};

mod aligned;
mod footer;
mod header;
mod tour;

#[cfg(test)]
pub(crate) use aligned::fault;
pub use aligned::misaligned;

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
    // What can be done with a row is said when the selection rests on it.
    cx.later(areas.footer);
    footer::view(session, areas.footer, buf);
    footer::notes(session, &areas, buf);
    tour::view(session, areas.body, buf);
}

fn tab_line(session: &Session, area: Rect, buf: &mut Buffer) {
    let cx = session.cx();
    let (named, gap) = names(&cx, session.active(), usize::from(area.width));
    let mut x = area.x + 1;
    for (tab, name) in TABS.iter().zip(named) {
        let active = tab.id == session.active();
        let role = if active { Role::Accent } else { Role::Faint };
        let from = x;
        x += put(buf, (x, area.y), area.width, &tab.number.to_string(), cx.style(role));
        if let Some(name) = name {
            let style = if active {
                cx.style(Role::Accent).add_modifier(ratatui::style::Modifier::UNDERLINED)
            } else {
                cx.style(Role::Muted)
            };
            x += 1;
            put(buf, (x, area.y), area.width, name, style);
            x += columns(width(name));
        }
        cx.spot(Rect { x: from, width: x - from, ..area }, Aim::Command(tab.title));
        x += gap;
    }
}

/// Returns the tabs' names as far as there is room, and the space between tabs: names stand closer together and get shorter
/// before any leaves; then the active one stays, and of the others as many as fit, from the first on.
fn names<'a>(cx: &Cx<'a>, active: TabId, room: usize) -> (Vec<Option<&'a str>>, u16) {
    let words = cx.words;
    let long: Vec<&str> = TABS.iter().map(|tab| words.get(tab.title)).collect();
    let short = |tab: &TabEntry| words.find(&format!("{}-short", tab.title)).unwrap_or(words.get(tab.title));
    let short: Vec<&str> = TABS.iter().map(short).collect();
    let whole = |names: &[&str], gap: usize| 1 + names.iter().map(|name| width(name) + 2 + gap).sum::<usize>() - gap;
    for (names, gap) in [(&long, 2), (&long, 1), (&short, 2), (&short, 1)] {
        if whole(names, usize::from(gap)) < room {
            return (names.iter().map(|name| Some(*name)).collect(), gap);
        }
    }
    let mut out = vec![None; TABS.len()];
    // Every number, the spaces between them, and the one before.
    let mut taken = 2 * TABS.len();
    let first = TABS.iter().position(|tab| tab.id == active);
    for at in first.into_iter().chain(0..TABS.len()) {
        let need = width(short[at]) + 1;
        if out[at].is_none() && (Some(at) == first || taken + need < room) {
            out[at] = Some(short[at]);
            taken += need;
        }
    }
    (out, 1)
}
