//! The header line: where one is, how fresh it is, who one is. On a narrow screen clock and counts leave first.

use domain::actor::Role as Permission;
use domain::flux::Health;
use domain::ident::ContextName;
use domain::link::{Link, LinkOf, LinkState};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::cx::Cx;
use crate::session::Session;
use crate::theme::Role;
use crate::widgets::link;
use crate::widgets::put::{Piece, columns, cut_middle, lay, piece, put_pieces, width_of};

/// Draws it.
pub(super) fn view(session: &Session, area: Rect, buf: &mut Buffer) {
    let cx = session.cx();
    lay(buf, area, cx.style(Role::Panel));
    // What the right side cannot do without stays; the left gives way by its place, then by its context.
    let state = width_of(&connection(&cx)) + 2;
    let mut left = left(&cx);
    while left.len() > 1 && width_of(&left) + state + 2 > usize::from(area.width) {
        left.pop();
    }
    let room = usize::from(area.width).saturating_sub(width_of(&left) + 2);
    let mut right = right(&cx, session.trouble_count());
    if session.is_waiting() {
        right.insert(0, (2, vec![piece(format!("{} {}", cx.spinner(), cx.t("header.waits")), Role::Busy)]));
    }
    let need = |right: &[(u8, Vec<Piece>)]| right.iter().map(|(_, p)| width_of(p) + 2).sum::<usize>();
    while need(&right) > room && right.len() > 1 {
        let Some(worst) = right.iter().map(|(rank, _)| *rank).max() else { break };
        right.retain(|(rank, _)| *rank != worst);
    }
    put_pieces(&cx, buf, (area.x + 1, area.y), area.width.saturating_sub(2), &left);
    let mut x = area.right().saturating_sub(columns(need(&right)).saturating_sub(1)).max(area.x + 1);
    for (_, pieces) in right {
        x += put_pieces(&cx, buf, (x, area.y), area.right().saturating_sub(x), &pieces) + 2;
    }
}

fn left(cx: &Cx) -> Vec<Piece<'static>> {
    let mut out = vec![piece("⎈ Quarterdeck", Role::Accent)];
    let context = (!cx.context.is_empty()).then(|| cx.context.to_owned());
    let chosen = cx.desk.environment.as_ref().and_then(|id| cx.world.environment(id)).map(|e| e.cluster.0.clone());
    if let Some(context) = chosen.or(context) {
        out.push(piece(format!("  {}", cut_middle(&context, 20)), Role::Text));
        let closed = cx.world.barred.holds(&ContextName(context)) || !cx.may(Permission::Operator);
        out.extend(closed.then(|| piece(format!(" {}", cx.t("header.read-only")), Role::Warn)));
    }
    let place = match (&cx.desk.environment, &cx.desk.project) {
        (Some(environment), _) => Some(environment.to_string()),
        (None, Some(project)) => Some(project.to_string()),
        (None, None) => None,
    };
    if let Some(place) = place {
        out.push(piece(format!("  {}", cut_middle(&place, 28)), Role::Muted));
    }
    out
}

fn clusters<'a>(cx: &Cx<'a>) -> impl Iterator<Item = &'a Link> {
    cx.world.links.iter().filter(|l| matches!(l.of, LinkOf::Cluster(_)))
}

/// Returns the parts at the right with their ranks: 0 stays to the end.
fn right(cx: &Cx, troubles: usize) -> Vec<(u8, Vec<Piece<'static>>)> {
    let mut out = Vec::new();
    if troubles > 0 {
        let text = cx.tf("header.troubles", &[("count", &troubles.to_string())]);
        out.push((1, vec![piece(format!("✗ {text}"), Role::Bad)]));
    }
    let orders = cx.running.values().filter(|o| o.terms().recorded()).count();
    if orders > 0 {
        let text = cx.tf("header.orders", &[("count", &orders.to_string())]);
        out.push((2, vec![piece(format!("{} {text}", cx.spinner()), Role::Busy)]));
    }
    out.push((0, connection(cx)));
    let count = clusters(cx).count();
    if count > 1 {
        out.push((4, vec![piece(cx.tf("header.clusters", &[("count", &count.to_string())]), Role::Muted)]));
    }
    out.push((3, vec![piece(cx.actor.login.clone(), Role::Muted)]));
    out.push((5, vec![piece(clock(cx), Role::Faint)]));
    out
}

fn connection(cx: &Cx) -> Vec<Piece<'static>> {
    let Some(worst) = clusters(cx).min_by_key(|l| l.state.health()) else {
        return vec![piece("○ ", Role::Faint), piece(cx.t("header.no-cluster").to_owned(), Role::Muted)];
    };
    let mut out = match &worst.state {
        LinkState::Live => vec![piece("● ", Role::Ok), piece(cx.t("link.live").to_owned(), Role::Ok)],
        LinkState::Unauthorized { .. } => vec![piece("✗ ", Role::Bad), piece(cx.t("header.unauthorized").to_owned(), Role::Bad)],
        LinkState::Forbidden { .. } => vec![piece("✗ ", Role::Bad), piece(cx.t("header.forbidden").to_owned(), Role::Bad)],
        state => link::pieces(cx, state),
    };
    if worst.state.health() != Health::Ok
        && clusters(cx).count() > 1
        && let LinkOf::Cluster(name) = &worst.of
    {
        out.insert(0, piece(format!("{} ", cut_middle(name, 16)), Role::Muted));
    }
    out
}

/// Returns the time to the minute and sees to it that it is drawn again when the minute is over.
fn clock(cx: &Cx) -> String {
    let next = (cx.now.as_second().div_euclid(60) + 1) * 60;
    if let Ok(at) = domain::Time::from_second(next) {
        cx.wake_at(at);
    }
    cx.clock(cx.now).get(..5).unwrap_or_default().to_owned()
}
