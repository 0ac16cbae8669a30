//! How fresh what is shown is: one line over what is shown, whenever its connection is anything but live.

use domain::flux::Health;
use domain::link::{Link, LinkOf, LinkState};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::cx::Cx;
use crate::theme::Role;
use crate::widgets::put::{Piece, cut, piece, put_pieces, width, width_of, wrap};

/// Writes a state: `stale since 14:02:11 (12s)`, `listing 340`, `forbidden: …`.
pub fn words(cx: &Cx, state: &LinkState) -> String {
    match state {
        LinkState::Connecting => cx.t("link.connecting").to_owned(),
        LinkState::Listing { got } => cx.tf("link.listing", &[("got", &got.to_string())]),
        LinkState::Live => cx.t("link.live").to_owned(),
        LinkState::Stale { since, .. } => cx.tf("link.stale", &[("since", &cx.clock(*since)), ("age", &cx.age(*since))]),
        LinkState::Unreached { since, .. } => cx.tf("link.unreached", &[("age", &cx.age(*since))]),
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
    let mut line = worst(cx, usize::from(area.width.saturating_sub(4)), matters);
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
    let line = worst(cx, usize::from(area.width.saturating_sub(2)), matters);
    if line.is_empty() {
        return area;
    }
    put_pieces(cx, buf, (area.x + 1, area.y), area.width.saturating_sub(2), &line);
    Rect { y: area.y + 1, height: area.height - 1, ..area }
}

/// Returns, in lines of so many columns, what is known of the connections that matter to a list in which there is nothing: whoever
/// looks at an empty screen has the room to read all of it. Nothing when they are live.
pub fn silence(cx: &Cx, wide: usize, matters: impl Fn(&LinkOf) -> bool) -> Vec<String> {
    let found = troubled(cx, matters);
    // A cluster speaks for its kinds.
    let spoken = |of: &LinkOf| matches!(of, LinkOf::Kind { cluster, .. } if found.iter().any(|l| l.of == LinkOf::Cluster(cluster.clone())));
    let mut out = Vec::new();
    for link in found.iter().filter(|l| !spoken(&l.of)) {
        let said = match why(&link.state) {
            Some(why) => cx.tf("link.because", &[("state", &words(cx, &link.state)), ("why", why)]),
            None => words(cx, &link.state),
        };
        out.extend(wrap(&format!("{}  {said}", link.of), wide));
    }
    out
}

/// Returns why nothing is heard, where the state's words do not say it.
pub fn why(state: &LinkState) -> Option<&str> {
    match state {
        LinkState::Stale { why, .. } | LinkState::Unreached { why, .. } if !why.is_empty() => Some(why),
        _ => None,
    }
}

/// Cuts a cause to so many columns. What is behind its last colon is the cause itself and stays: `…: connection refused`.
fn cause(why: &str, room: usize) -> String {
    let tails = why.match_indices(": ").map(|(at, sign)| &why[at + sign.len()..]);
    let whole = (width(why) <= room).then(|| why.to_owned());
    whole
        .or_else(|| tails.map(|tail| format!("…: {tail}")).find(|tail| width(tail) <= room))
        .unwrap_or_else(|| cut(why, room).into_owned())
}

/// Says which link is worst, and how many others are not live, in so many columns; nothing when all are.
///
/// A cluster that is stale speaks for all of its kinds.
fn worst(cx: &Cx, wide: usize, matters: impl Fn(&LinkOf) -> bool) -> Vec<Piece<'static>> {
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
    let more = found.len() - 1;
    let more = if more > 0 { format!("  {}", cx.tf("link.more", &[("count", &more.to_string())])) } else { String::new() };
    if let Some(why) = why(&worst.state) {
        let room = wide.saturating_sub(width_of(&line) + width(&more) + 2);
        line.push(piece(format!("  {}", cause(why, room)), Role::Muted));
    }
    line.push(piece(more, Role::Muted));
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_long_cause_the_end_is_kept() {
        let why = "https://10.0.0.1:6443/ cannot be reached: client error: Connection refused";
        for (room, want) in
            [(80, why), (40, "…: client error: Connection refused"), (30, "…: Connection refused"), (12, "https://10.…")]
        {
            assert_eq!(cause(why, room), want, "in {room}");
        }
    }
}
