//! How the settings look: a head line, and sections to read from top to bottom.

use domain::flux::Health;
use domain::toolkit::{Controller, Mark, State, Toolkit, Work};

use super::{Settings, around};
use crate::cx::Cx;
use crate::theme::Role;
use crate::widgets::put::{Piece, piece, width};
use crate::widgets::sheet::Row;

/// How many lines of work are shown around the one that it is at.
const LINES: usize = 8;

impl Settings {
    /// Says which cluster it is, what is there, and when that was asked.
    pub(super) fn head(&self, cx: &Cx) -> Vec<Piece<'static>> {
        let Some(context) = self.context(cx) else {
            return vec![piece(cx.t("header.no-cluster").to_owned(), Role::Muted)];
        };
        let mut line = vec![piece(cx.tf("settings.title", &[("cluster", &context.0)]), Role::Accent), piece("  ", Role::Text)];
        if let Some(found) = &self.found {
            let version = if found.version.is_empty() { cx.t("settings.no-version").to_owned() } else { found.version.clone() };
            let version = if found.controllers.is_empty() { cx.t("settings.absent").to_owned() } else { version };
            line.push(piece(format!("{version} · Kubernetes {}", found.server), Role::Text));
        }
        if self.asking.is_some() || self.planning.is_some() || self.removing.is_some() {
            line.push(piece(format!("  {}", cx.spinner()), Role::Busy));
        } else if let Some(asked) = self.asked {
            line.push(piece(format!("  {}", cx.tf("settings.asked", &[("time", &cx.clock(asked))])), Role::Faint));
        }
        line
    }

    /// Returns all sections.
    pub(super) fn rows(&self, cx: &Cx) -> Vec<Row> {
        let mut rows = Vec::new();
        if let Some(work) = self.work(cx) {
            progress(cx, work, &mut rows);
        }
        if let Some(trouble) = &self.trouble {
            rows.push(Row::Blank);
            rows.push(Row::text("✗ ", Role::Bad, cx.trouble(trouble), Role::Text));
        }
        if let Some(found) = &self.found {
            let now = domain::controllers::now(found, cx.world);
            checks(cx, &now, &mut rows);
            controllers(cx, &now, &mut rows);
        }
        around::connections(cx, &mut rows);
        around::console(cx, &mut rows);
        rows
    }
}

fn checks(cx: &Cx, found: &Toolkit, rows: &mut Vec<Row>) {
    rows.extend([Row::Blank, Row::heading(cx.t("settings.prerequisites"))]);
    let wide = found.checks.iter().map(|check| width(cx.words.get(&format!("settings.check-{}", check.id)))).max().unwrap_or(0);
    for check in &found.checks {
        let health = check.state.health();
        let name = cx.words.get(&format!("settings.check-{}", check.id)).to_owned();
        let lead = format!("{} {name}{}  ", glyph(cx, check.state), " ".repeat(wide.saturating_sub(width(&name))));
        rows.push(Row::text(lead, health.into(), cx.said(&check.said), Role::Text));
        if !check.next.is_empty() {
            rows.push(Row::text(" ".repeat(wide + 4), Role::Text, cx.said(&check.next), Role::Muted));
        }
    }
    if let Some(owner) = &found.owner {
        rows.push(Row::text(" ".repeat(wide + 4), Role::Text, cx.tf("settings.owner", &[("owner", owner)]), Role::Muted));
    }
}

fn glyph(cx: &Cx, state: State) -> &'static str {
    match state {
        State::Unknown => "?",
        state => cx.glyph(state.health()),
    }
}

fn controllers(cx: &Cx, found: &Toolkit, rows: &mut Vec<Row>) {
    if found.controllers.is_empty() {
        return;
    }
    rows.extend([Row::Blank, Row::heading(cx.t("settings.controllers"))]);
    let lines: Vec<(Health, [String; 5])> = found.controllers.iter().map(|c| controller(cx, c)).collect();
    let mut wide = [0; 5];
    for (_, cells) in &lines {
        for (wide, cell) in wide.iter_mut().zip(cells) {
            *wide = (*wide).max(width(cell));
        }
    }
    for (health, cells) in lines {
        let mut line = vec![piece(format!("{} ", cx.glyph(health)), health.into())];
        for (at, cell) in cells.into_iter().enumerate() {
            let fill = " ".repeat(wide[at].saturating_sub(width(&cell)) + 3);
            line.push(piece(format!("{cell}{fill}"), if at == 0 { Role::Text } else { Role::Muted }));
        }
        rows.push(Row::Line(line));
    }
    let mut unread: Vec<&str> = Vec::new();
    for controller in found.controllers.iter().filter(|c| c.queue.is_none()) {
        if !unread.contains(&controller.queue_unread.as_str()) {
            unread.push(&controller.queue_unread);
        }
    }
    for why in unread.into_iter().take(2) {
        rows.push(Row::text("? ", Role::Faint, cx.tf("settings.queue-unread", &[("why", why)]), Role::Muted));
    }
}

/// Returns a controller's cells: name, version, readiness, restarts, queue.
fn controller(cx: &Cx, controller: &Controller) -> (Health, [String; 5]) {
    let unknown = |count: Option<String>| count.unwrap_or_else(|| "?".to_owned());
    let restarts = unknown(controller.restarts.map(|count| count.to_string()));
    let queue = unknown(controller.queue.map(|count| count.to_string()));
    let cells = [
        controller.name.clone(),
        controller.version.clone(),
        cx.tf("settings.ready", &[("ready", &controller.ready.to_string()), ("wanted", &controller.wanted.to_string())]),
        cx.tf("settings.restarts", &[("count", &restarts)]),
        cx.tf("settings.queue", &[("count", &queue)]),
    ];
    (controller.health, cells)
}

/// Says how far work is: a line for all of it, and those around the one that it is at.
fn progress(cx: &Cx, work: &Work, rows: &mut Vec<Row>) {
    rows.extend([Row::Blank, Row::heading(cx.t("settings.progress"))]);
    let key = if work.act == "flux.install" { "settings.installing" } else { "settings.removing" };
    let counts = [("done", work.done().to_string()), ("all", work.lines.len().to_string())];
    let counts: Vec<(&str, &str)> = counts.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let head = cx.tf(key, &counts);
    match &work.over {
        None => {
            let role = if work.stopping { Role::Warn } else { Role::Busy };
            let more = if work.stopping { format!("  {}", cx.t("settings.stopping")) } else { String::new() };
            rows.push(Row::Line(vec![piece(format!("{} ", cx.spinner()), role), piece(format!("{head}{more}"), Role::Text)]));
        }
        Some(Ok(said)) => rows.push(Row::text("✓ ", Role::Ok, said.clone(), Role::Text)),
        Some(Err(why)) => rows.push(Row::text("✗ ", Role::Bad, format!("{head}  {why}"), Role::Text)),
    }
    if matches!(work.over, Some(Ok(_))) {
        return;
    }
    let at = work.lines.iter().position(|line| !matches!(line.mark, Mark::Done(_))).unwrap_or(work.lines.len());
    let first = at.saturating_sub(LINES / 2);
    for line in work.lines.iter().skip(first).take(LINES) {
        let (sign, role, said) = match &line.mark {
            Mark::Todo => ("·", Role::Faint, String::new()),
            Mark::Busy(what) => (cx.spinner(), Role::Busy, cx.said(what)),
            Mark::Done(what) => ("✓", Role::Ok, cx.said(what)),
            Mark::Failed(why) => ("✗", Role::Bad, cx.said(why)),
        };
        let sign = piece(format!("  {sign} "), role);
        rows.push(Row::Line(vec![sign, piece(cx.acted(&line.object), Role::Text), piece(format!("  {said}"), Role::Muted)]));
    }
}
