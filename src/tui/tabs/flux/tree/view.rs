//! Drawing the tree: what stands where on the left, then its state, revision, age and sentence.

use domain::flux::{Health, ObjectKey};
use domain::lineage::{Name, Node, Way};
use domain::link::LinkOf;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::rows::{MOST, Row};
use super::{HELD, SCOPE, Tree, words};
use crate::cx::Cx;
use crate::spots::Aim;
use crate::theme::Role;
use crate::widgets::format;
use crate::widgets::link;
use crate::widgets::pane;
use crate::widgets::put::{
    Piece, columns, cut_middle, lay, piece, put, put_pieces, put_right, put_wrapped, width, width_of, wrap,
};
use crate::widgets::summary::{self, Line};
use crate::widgets::table::{self, scrollbar};

/// How wide states are.
const STATE: u16 = 16;
/// The same where room is short.
const STATE_NARROW: u16 = 11;
/// How wide revisions are.
const REVISION: u16 = 18;
/// How wide ages are.
const AGE: u16 = 4;
/// How many rows are measured.
const SAMPLE: usize = 300;
/// The space between columns.
const GAP: u16 = 2;

/// Says which columns there are, and how wide.
struct Places {
    name: u16,
    state: u16,
    revision: u16,
    age: u16,
    message: u16,
}

impl Tree {
    /// Returns the title: what is shown, how many of it, and what is wrong.
    pub(in super::super) fn title(&self, cx: &Cx) -> Vec<Piece<'static>> {
        let what = match (&self.order, &self.scope) {
            (Some(_), _) => cx.t("tree.order").to_owned(),
            (None, Some(key)) => format!("{}/{}", key.kind, key.name),
            (None, None) => cx.t("tree.all").to_owned(),
        };
        let mut out = vec![piece(what, Role::Accent)];
        for (health, count) in Health::ALL.into_iter().zip(self.tally) {
            if count > 0 {
                let glyph = if health == Health::Busy { "◐" } else { cx.glyph(health) };
                out.push(piece("   ", Role::Text));
                out.push(piece(format!("{glyph} {count} {}", cx.health(health)), health.into()));
            }
        }
        if self.beyond > 0 {
            let values = [("count", &*self.beyond.to_string()), ("most", &HELD.to_string())];
            out.push(piece(format!("   {}", cx.tf("tree.beyond", &values)), Role::Warn));
        }
        if self.rows.len() >= MOST {
            out.push(piece(format!("   {}", cx.tf("tree.most", &[("count", &MOST.to_string())])), Role::Warn));
        }
        out
    }

    /// Counts the Flux objects in sight by their states.
    pub(super) fn tallied(&self, cx: &Cx) -> [usize; Health::ALL.len()] {
        let mut out = [0; Health::ALL.len()];
        let fresh = !cx.world.links.iter().any(|link| link.state.is_stale());
        let of = |row: &Row| match self.lineage.flux(row.node) {
            Some(object) if fresh => Some(object.health()),
            _ => words::health(cx, &self.lineage, row.node),
        };
        let flux = |row: &&Row| matches!(row.node, Node::Flux(_)) && row.way != Way::Points;
        for health in self.rows.iter().filter(flux).filter_map(of) {
            out.iter_mut().zip(Health::ALL).filter(|(_, state)| *state == health).for_each(|(count, _)| *count += 1);
        }
        out
    }

    /// Draws it, with more about the selected row beside it or below.
    pub(in super::super) fn view(&self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        let area = self.rings(cx, area, buf);
        let widest = || (0..self.rows.len().min(SAMPLE)).map(|at| columns(width_of(&self.name(cx, at)))).max().unwrap_or(0);
        let (wide, rows) = self.settled.of(cx, self.rows.len(), widest);
        let list = pane::around(cx, area, buf, rows, |room| self.about(cx, room));
        self.list(cx, list, buf, wide);
    }

    /// Names the first of the rings of objects that wait for each other: no row of them can ever go on.
    fn rings(&self, cx: &Cx, area: Rect, buf: &mut Buffer) -> Rect {
        let rings = self.lineage.rings();
        let Some(ring) = rings.first().filter(|_| area.height > 6) else { return area };
        let names: Vec<_> = ring.iter().chain(ring.first()).filter_map(|n| self.lineage.name(*n)).map(|n| n.name).collect();
        let mut text = cx.tf("tree.ring", &[("names", &names.join(" → "))]);
        if rings.len() > 1 {
            text = format!("{text}  {}", cx.tf("link.more", &[("count", &(rings.len() - 1).to_string())]));
        }
        let line = [piece(cx.glyph(Health::Bad), Role::Bad), piece(" ", Role::Text), piece(text, Role::Bad)];
        put_pieces(cx, buf, (area.x + 1, area.y), area.width.saturating_sub(2), &line);
        Rect { y: area.y + 1, height: area.height - 1, ..area }
    }

    fn list(&self, cx: &Cx, area: Rect, buf: &mut Buffer, widest: u16) {
        if area.height < 2 || area.width < 12 {
            return;
        }
        let filtered = self.typing || !self.filter.text().is_empty() || !self.marks.is_empty();
        let body = Rect { y: area.y + 1, height: area.height - 1 - u16::from(filtered), ..area };
        let height = usize::from(body.height);
        self.page.set(height.max(1));
        let mut offset = self.offset.get().min(self.rows.len().saturating_sub(height));
        if self.cursor < offset {
            offset = self.cursor;
        } else if self.cursor >= offset + height {
            offset = self.cursor + 1 - height;
        }
        self.offset.set(offset);
        let to = self.pointed.clone();
        cx.spot(body, Aim::Rows { first: offset, total: self.rows.len(), to, command: "list.point" });
        let visible: Vec<(usize, Vec<Piece>)> =
            (offset..self.rows.len()).take(height).map(|at| (at, self.name(cx, at))).collect();
        let places = places(area.width - 2, widest);
        titles(cx, area, buf, &places);
        for (y, (at, name)) in (body.top()..body.bottom()).zip(&visible) {
            let place = Rect { y, height: 1, ..body };
            self.row(cx, place, buf, (*at, name), &places);
        }
        let rows = Rect { width: body.width - 1, ..body };
        cx.looks_later(rows, body.y + columns(self.cursor.saturating_sub(offset)));
        if self.rows.len() == 0 {
            let text = self.nothing(cx, usize::from(body.width.saturating_sub(4)));
            let inner =
                Rect { x: body.x + 3, y: body.y + 1, width: body.width.saturating_sub(4), height: body.height.saturating_sub(1) };
            put_wrapped(buf, inner, &text, cx.style(Role::Muted));
        }
        if filtered {
            let foot = Rect { y: area.bottom() - 1, height: 1, ..area };
            let mut standing = Vec::new();
            if !self.marks.is_empty() {
                let marked = cx.tf("list.marked", &[("count", &self.marks.len().to_string())]);
                standing.push(piece(format!("{marked}   "), Role::Accent));
            }
            standing.push(piece(self.rows.len().to_string(), Role::Muted));
            table::foot(cx, foot, buf, (&self.filter, self.sought.fault.as_ref(), self.typing), &standing);
        }
        scrollbar(cx, body, buf, offset, self.rows.len());
    }

    /// Says why there is no row, in lines of so many columns.
    fn nothing(&self, cx: &Cx, wide: usize) -> String {
        let filter = self.filter.text();
        match (filter.is_empty(), &self.order, &self.scope) {
            (true, None, Some(key)) => {
                let object = format!("{}/{}", key.kind, key.name);
                cx.tf("tree.scope-gone", &[("object", &object), ("key", &cx.key(&SCOPE))])
            }
            (false, ..) => cx.tf("list.no-match", &[("filter", filter)]),
            (true, Some(_), _) => cx.t("tree.empty-order").to_owned(),
            (true, None, None) => {
                // That nothing is here is not known of what is not heard.
                let silence = link::silence(cx, wide, |of| matches!(of, LinkOf::Cluster(_)));
                if silence.is_empty() { cx.t("flux.empty").to_owned() } else { silence.join("\n") }
            }
        }
    }

    /// Returns what stands in a row's first column: branches, fold, glyph, kind and name, and the namespace where it changes.
    fn name(&self, cx: &Cx, at: usize) -> Vec<Piece<'static>> {
        let Some(row) = self.rows.get(at) else { return Vec::new() };
        let Some(name) = self.lineage.name(row.node) else { return Vec::new() };
        let fold = match (row.open, row.way) {
            (Some(true), _) => "▾ ",
            (Some(false), _) => "▸ ",
            (None, Way::Points) => "→ ",
            (None, _) if row.depth > 0 => "─ ",
            (None, _) => "  ",
        };
        let health = words::health(cx, &self.lineage, row.node);
        let glyph = health.map_or("·", |h| cx.glyph(h));
        let mut out = vec![
            piece(self.rows.front(at), Role::Line),
            piece(fold, if row.open.is_some() { Role::Muted } else { Role::Line }),
            piece(glyph, health.map_or(Role::Faint, Role::from)),
            piece(format!(" {}/", name.kind), Role::Muted),
            piece(name.name.into_owned(), if row.way == Way::Points || !row.hit { Role::Muted } else { Role::Text }),
        ];
        let above = self.rows.up(at).and_then(|up| self.rows.get(up)).and_then(|up| self.lineage.name(up.node));
        if above.map(|n| n.namespace) != Some(name.namespace) && !name.namespace.is_empty() {
            out.push(piece(format!("  {}", name.namespace), Role::Faint));
        }
        if row.depth == 0 && cx.world.contexts.len() > 1 {
            out.push(piece(format!("  {}", name.cluster), Role::Faint));
        }
        out
    }

    fn row(&self, cx: &Cx, area: Rect, buf: &mut Buffer, (at, name): (usize, &Vec<Piece<'static>>), places: &Places) {
        let Some(row) = self.rows.get(at) else { return };
        let mut x = area.x + 1;
        let taken = columns(width_of(name));
        if taken > places.name {
            put_pieces(cx, buf, (x, area.y), places.name, &shortened(name, usize::from(places.name)));
        } else {
            put_pieces(cx, buf, (x, area.y), places.name, name);
        }
        x += places.name + GAP;
        put_pieces(cx, buf, (x, area.y), places.state, &[words::state(cx, &self.lineage, row.node)]);
        x += places.state + GAP;
        if places.revision > 0 {
            if let Some(revision) = self.lineage.flux(row.node).and_then(|o| o.revision()) {
                put_pieces(cx, buf, (x, area.y), places.revision - GAP, &format::revision(revision));
            }
            x += places.revision;
        }
        if places.age > 0 {
            if let Some(created) = self.created(row.node) {
                let place = Rect { x, width: places.age - GAP, ..area };
                put_right(buf, place, &cx.age(created), cx.style(Role::Muted));
            }
            x += places.age;
        }
        put_pieces(cx, buf, (x, area.y), places.message, &words::message(cx, (&self.lineage, self.order.as_ref()), row.node));
        if at == self.cursor {
            lay(buf, area, cx.style(Role::Selection));
            put(buf, (area.x, area.y), 1, "▌", cx.style(Role::Accent));
        }
        if !self.marks.is_empty() && self.lineage.flux(row.node).is_some_and(|object| self.marks.contains(&object.key)) {
            let left = area.x + u16::from(at == self.cursor);
            put(buf, (left, area.y), 1, "◆", cx.style(Role::Accent));
        }
    }

    fn created(&self, node: Node) -> Option<domain::Time> {
        match node {
            Node::Flux(_) => self.lineage.flux(node)?.created,
            Node::Workload(_) => self.lineage.workload(node)?.created,
            Node::Pod(_) => self.lineage.pod(node)?.created,
            Node::Set(_) | Node::Entry(..) => None,
        }
    }

    /// Returns what the pane says of the selected row.
    fn about(&self, cx: &Cx, room: pane::Room) -> Vec<Vec<Piece<'static>>> {
        let wide = room.wide;
        let Some(row) = self.rows.get(self.cursor) else { return Vec::new() };
        let mut out = Vec::new();
        match (row.node, self.lineage.name(row.node).map(Name::key)) {
            (Node::Flux(_), _) => {
                let Some(object) = self.lineage.flux(row.node) else { return out };
                out = if room.whole { summary::whole(cx, object, wide) } else { summary::short(cx, object, wide) };
                if let Some(wait) = self.lineage.waits(row.node) {
                    let text = words::waits(cx, &self.lineage, row.node, &wait);
                    let role: Role = cx.as_known(&object.key, wait.health()).into();
                    let lines = wrap(&text, wide).into_iter().map(|line| vec![piece(line, role)]);
                    out.splice(1..1, lines);
                }
            }
            (Node::Workload(_), Some(key)) => {
                out.push(head(&key));
                out.extend(workload(cx, &key, wide));
            }
            (Node::Pod(_), Some(key)) => {
                out.push(head(&key));
                out.extend(self.pod_lines(cx, &key, row.node, wide));
            }
            (_, Some(key)) => {
                out.push(head(&key));
                out.push(words::message(cx, (&self.lineage, None), row.node));
            }
            _ => {}
        }
        out
    }

    /// Returns the lines about a Pod's containers.
    fn pod_lines(&self, cx: &Cx, key: &ObjectKey, node: Node, wide: usize) -> Vec<Vec<Piece<'static>>> {
        let mut out = Vec::new();
        for container in self.lineage.pod(node).iter().flat_map(|pod| &pod.containers) {
            let health = if container.ready { Health::Ok } else { Health::Busy };
            let health = if container.waiting.as_deref().is_some_and(|w| w.contains("Err") || w.contains("BackOff")) {
                Health::Bad
            } else {
                health
            };
            let health = cx.as_known(key, health);
            let mut line = vec![piece(cx.glyph(health), health.into()), piece(format!(" {}  ", container.name), Role::Text)];
            line.extend(format::image(&container.image, wide / 2));
            if let Some(waiting) = &container.waiting {
                line.push(piece(format!("  {waiting}"), health.into()));
            }
            if container.restarts > 0 {
                line.push(piece(
                    format!("  {}", cx.tf("tree.restarts", &[("count", &container.restarts.to_string())])),
                    Role::Warn,
                ));
            }
            out.push(line);
            let said = wrap(&domain::text::one_line(&container.message), wide.saturating_sub(2));
            out.extend(said.into_iter().filter(|l| !l.is_empty()).map(|l| vec![piece("  ", Role::Text), piece(l, Role::Muted)]));
        }
        out
    }
}

/// Returns how the room is divided.
fn places(room: u16, widest: u16) -> Places {
    let state = if room >= 96 { STATE } else { STATE_NARROW };
    let revision = if room >= 116 { REVISION + GAP } else { 0 };
    let age = if room >= 104 { AGE + GAP } else { 0 };
    let most = room * if room >= 140 { 9 } else { 11 } / 20;
    let name = widest.min(most.max(20)).min(room.saturating_sub(state + GAP));
    let message = room.saturating_sub(name + GAP + state + GAP + revision + age);
    Places { name, state, revision, age, message }
}

fn head(key: &ObjectKey) -> Vec<Piece<'static>> {
    vec![
        piece(format!("{}/", key.kind), Role::Muted),
        piece(key.name.to_string(), Role::Accent),
        piece(format!("  {}", key.namespace), Role::Muted),
    ]
}

/// Cuts the name, in its middle, and then what stands behind it.
fn shortened(pieces: &[Piece<'static>], room: usize) -> Vec<Piece<'static>> {
    const NAME: usize = 4;
    let before = width_of(&pieces[..NAME.min(pieces.len())]);
    let mut out = pieces.to_vec();
    out.truncate(NAME + 1);
    if let Some(name) = out.get_mut(NAME) {
        let left = room.saturating_sub(before);
        if left >= 8 {
            name.text = cut_middle(&name.text, left).into_owned().into();
        }
    }
    if width_of(&out) > room {
        // The kind gives way before the name does.
        let kind = out.get(3).map_or(0, |kind| width(&kind.text));
        let over = width_of(&out) - room;
        if let Some(piece) = out.get_mut(3).filter(|_| kind > over + 3) {
            piece.text = format!("{}/", cut_middle(piece.text.trim_end_matches('/'), kind - over - 1)).into();
        }
    }
    out
}

fn titles(cx: &Cx, area: Rect, buf: &mut Buffer, places: &Places) {
    let style = cx.style(Role::Muted);
    let mut x = area.x + 1;
    put(buf, (x + 4, area.y), places.name, cx.t("column.object"), style);
    x += places.name + GAP;
    put(buf, (x, area.y), places.state, cx.t("column.ready"), style);
    x += places.state + GAP;
    if places.revision > 0 {
        put(buf, (x, area.y), places.revision, cx.t("column.revision"), style);
        x += places.revision;
    }
    if places.age > 0 {
        put_right(buf, Rect { x, width: places.age - GAP, height: 1, ..area }, cx.t("column.age"), style);
        x += places.age;
    }
    put(buf, (x, area.y), places.message, cx.t("column.message"), style);
}

/// Returns a workload's rollout, images and conditions.
fn workload(cx: &Cx, key: &ObjectKey, wide: usize) -> Vec<Line> {
    let workloads = &cx.world.workloads;
    let found = workloads.binary_search_by(|w| w.key.cmp(key)).ok().and_then(|at| workloads.get(at));
    let Some(workload) = found else { return Vec::new() };
    let health = cx.as_known(key, workload.health());
    let mut out = vec![vec![
        piece(cx.glyph(health), health.into()),
        piece(format!(" {}/{}", workload.ready, workload.replicas), Role::Text),
    ]];
    for container in &workload.containers {
        let mut line = vec![piece(format!("{}  ", container.name), Role::Muted)];
        line.extend(format::image(&container.image, wide.saturating_sub(container.name.len() + 2)));
        out.push(line);
    }
    out.extend(summary::conditions(cx, &workload.conditions, cx.world.is_stale(key), wide));
    out
}
