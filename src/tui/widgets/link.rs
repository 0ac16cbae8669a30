//! How fresh what is shown is: one line over what is shown, whenever its connection is anything but live.

use domain::flux::Health;
use domain::link::{Link, LinkOf, LinkState};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::cx::Cx;
use crate::theme::Role;
use crate::widgets::put::{Piece, piece, put_pieces};

/// Writes a state: `stale since 14:02:11 (12s)`, `listing 340`, `forbidden: …`.
pub fn words(cx: &Cx, state: &LinkState) -> String {
    match state {
        LinkState::Connecting => cx.t("link.connecting").to_owned(),
        LinkState::Listing { got } => cx.tf("link.listing", &[("got", &got.to_string())]),
        LinkState::Live => cx.t("link.live").to_owned(),
        LinkState::Stale { since, .. } => cx.tf("link.stale", &[("since", &cx.clock(*since)), ("age", &cx.age(*since))]),
        LinkState::Unauthorized { why } => cx.tf("link.unauthorized", &[("why", why)]),
        LinkState::Forbidden { why } => cx.tf("link.forbidden", &[("why", why)]),
        LinkState::KindAbsent => cx.t("link.absent").to_owned(),
    }
}

/// Writes a state with its glyph, and why when it is known.
pub fn pieces(cx: &Cx, state: &LinkState) -> Vec<Piece<'static>> {
    let health = state.health();
    let glyph = if health == Health::Ok { "●" } else { cx.glyph(health) };
    vec![piece(glyph, health.into()), piece(" ", Role::Text), piece(words(cx, state), health.into())]
}

/// Returns the links that matter to a list and are not live, the worst first.
pub fn troubled<'a>(cx: &Cx<'a>, matters: impl Fn(&LinkOf) -> bool) -> Vec<&'a Link> {
    let mut found: Vec<&Link> = cx.world.links.iter().filter(|l| matters(&l.of) && !l.state.is_live()).collect();
    found.sort_by_key(|l| (l.state.health(), l.of.clone()));
    found
}

/// Draws the worst of the links that are not live on the rule above an area, so that nothing moves when a link fails or comes
/// back; on a low screen, which has no rule, as [`banner`] does. Returns the area that is left.
pub fn over(cx: &Cx, area: Rect, buf: &mut Buffer, matters: impl Fn(&LinkOf) -> bool) -> Rect {
    let ruled = area.y > buf.area.y && buf[(area.x, area.y - 1)].symbol() == "─";
    if !ruled {
        return banner(cx, area, buf, matters);
    }
    let mut line = worst(cx, matters);
    if !line.is_empty() {
        let blank = || piece(" ", Role::Text);
        line.insert(0, blank());
        line.push(blank());
        put_pieces(cx, buf, (area.x + 1, area.y - 1), area.width.saturating_sub(2), &line);
    }
    area
}

/// Draws the worst of the links that are not live on an area's first line and returns the area that is left.
pub fn banner(cx: &Cx, area: Rect, buf: &mut Buffer, matters: impl Fn(&LinkOf) -> bool) -> Rect {
    if area.height < 4 {
        return area;
    }
    let line = worst(cx, matters);
    if line.is_empty() {
        return area;
    }
    put_pieces(cx, buf, (area.x + 1, area.y), area.width.saturating_sub(2), &line);
    Rect { y: area.y + 1, height: area.height - 1, ..area }
}

/// Says which link is worst, and how many others are not live; nothing when all are.
///
/// A cluster that is stale speaks for all of its kinds.
fn worst(cx: &Cx, matters: impl Fn(&LinkOf) -> bool) -> Vec<Piece<'static>> {
    let found = troubled(cx, matters);
    let Some(worst) = found.first() else {
        return Vec::new();
    };
    let mut line = pieces(cx, &worst.state);
    line.insert(0, piece(format!("{}  ", worst.of), Role::Muted));
    if let LinkState::Forbidden { why } = &worst.state
        && let Some(part) = domain::rights::part_for(why)
    {
        // Before the server's words, which are long.
        line.insert(1, piece(format!("{}  ", cx.tf("link.role", &[("part", part.word())])), Role::Text));
    }
    if let LinkState::Stale { why, .. } = &worst.state
        && !why.is_empty()
    {
        line.push(piece(format!("  {why}"), Role::Muted));
    }
    if found.len() > 1 {
        line.push(piece(format!("  {}", cx.tf("link.more", &[("count", &(found.len() - 1).to_string())])), Role::Muted));
    }
    line
}
