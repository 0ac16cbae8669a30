//! Drift: what the cluster has against what Flux desires, object by object, field by field.
//!
//! ```text
//!  GitRepository/flux-system/shop  main@9e1c21d  ./k8s  artifact   checked 4s ago
//!  1 missing   2 changed   17 agree
//!
//!    + missing   ConfigMap/shop/settings
//!  ▌ ~ changed   Deployment/shop/web
//!        replicas 4 → 2          kubectl (Update of scale)  3m
//!        image 1.9.0 → 1.8.4     ci-bot (Update)  12m
//! ```

use std::cell::Cell;
use std::collections::BTreeSet;
use std::sync::Arc;

use domain::Trouble;
use domain::drift::{Against, Drift, ObjectDrift, Verdict};
use domain::flux::ObjectKey;
use domain::link::LinkOf;
use domain::query::{Answer, Query};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::command::{Command, command};
use crate::cx::Cx;
use crate::effects::{Effect, Effects, Overlay, Ticket};
use crate::tab::{Tab, TabMsg};
use crate::theme::Role;
use crate::widgets::dialog;
use crate::widgets::diff_view::unified;
use crate::widgets::link;
use crate::widgets::put::{lay, put, put_pieces, put_wrapped};
use crate::widgets::scroll::{SCROLL, Scroll};
use crate::widgets::table::scrollbar;

mod rows;
#[cfg(test)]
mod tests;

use rows::{Row, Sheet};

static FOLD: Command = command("drift.fold", &["enter"], 1);
static NEXT: Command = command("drift.next", &["n"], 2);
static PREVIOUS: Command = command("drift.previous", &["N"], 0);
static ALL: Command = command("drift.all", &["z"], 3);
static AGREEING: Command = command("drift.agreeing", &["a"], 4);
static RELEASE: Command = command("drift.release", &["p"], 5);
static OBJECT: Command = command("drift.object", &["o"], 6);
static COPY: Command = command("drift.copy", &["c"], 20);
static AGAIN: Command = command("drift.again", &["r"], 7);

/// Holds the comparison of one Flux object.
#[derive(Debug)]
pub struct DriftView {
    key: ObjectKey,
    against: Against,
    waiting: Option<Ticket>,
    drift: Option<Arc<Drift>>,
    trouble: Option<Trouble>,
    /// The objects whose text is shown.
    open: BTreeSet<String>,
    /// Whether objects that agree are listed too.
    agreeing: bool,
    rows: Vec<Row>,
    wide: u16,
    cursor: usize,
    page: Cell<usize>,
    scroll: Scroll,
}

impl DriftView {
    /// Compares a Flux object with its cluster.
    pub fn new(key: ObjectKey) -> Self {
        Self {
            key,
            against: Against::Live,
            waiting: None,
            drift: None,
            trouble: None,
            open: BTreeSet::new(),
            agreeing: false,
            rows: Vec::new(),
            wide: 0,
            cursor: 0,
            page: Cell::new(1),
            scroll: Scroll::default(),
        }
    }

    fn ask(&mut self, cx: &Cx) -> Effects {
        let ticket = cx.ticket();
        let old = self.waiting.replace(ticket);
        self.trouble = None;
        let mut effects: Effects = old.map(Effect::Forget).into_iter().collect();
        effects.push(Effect::Ask(ticket, Query::Drift(self.key.clone(), self.against)));
        effects
    }

    fn reply(&mut self, cx: &Cx, answer: Result<Answer, Trouble>) {
        match answer {
            Ok(Answer::Drift(drift)) => {
                if drift.left == 0 {
                    self.waiting = None;
                }
                // What was found before stays until there is more of the new, so that nothing jumps while it is looked at.
                if drift.left == 0 || self.drift.as_ref().is_none_or(|old| old.left > 0 || old.against != drift.against) {
                    self.drift = Some(drift);
                }
            }
            Ok(_) => self.waiting = None,
            Err(trouble) => {
                self.waiting = None;
                self.trouble = Some(trouble);
                self.drift = None;
            }
        }
        self.build(cx);
    }

    fn build(&mut self, cx: &Cx) {
        let held = self.object_at(self.cursor).map(ObjectDrift::title);
        self.wide = cx.size.width;
        let Some(drift) = &self.drift else {
            self.rows.clear();
            return;
        };
        self.rows = Sheet { cx, drift, open: &self.open, agreeing: self.agreeing }.rows();
        let found = held.and_then(|title| self.rows.iter().position(|row| self.is_head_of(row, &title)));
        let first = || self.rows.iter().position(|row| matches!(row, Row::Object(_)));
        // The cursor stays with its object; on a line of its text it stays on that line.
        let same = self.object_at(self.cursor).map(ObjectDrift::title);
        let kept = found.and_then(|at| self.title_at(at));
        if self.cursor >= self.rows.len() || same != kept || kept.is_none() {
            self.cursor = found.or_else(first).unwrap_or(0);
        }
    }

    fn is_head_of(&self, row: &Row, title: &str) -> bool {
        matches!(row, Row::Object(at) if self.object(*at).is_some_and(|o| o.title() == title))
    }

    fn title_at(&self, row: usize) -> Option<String> {
        self.object_at(row).map(ObjectDrift::title)
    }

    fn object(&self, at: usize) -> Option<&ObjectDrift> {
        self.drift.as_ref()?.objects.get(at)
    }

    /// Returns the object that a row belongs to.
    fn object_at(&self, row: usize) -> Option<&ObjectDrift> {
        let upto = self.rows.get(..=row)?;
        let head = upto.iter().rev().find_map(|row| if let Row::Object(at) = row { Some(*at) } else { None })?;
        self.object(head)
    }

    fn jump(&mut self, next: bool) {
        let stops = |row: &Row| match row {
            Row::Object(at) => self.object(*at).is_some_and(|o| o.verdict.differs() || o.verdict == Verdict::Unknown),
            Row::Hunk(..) => true,
            _ => false,
        };
        let mut places = self.rows.iter().enumerate().filter(|(_, row)| stops(row)).map(|(at, _)| at);
        let to = if next { places.find(|at| *at > self.cursor) } else { places.take_while(|at| *at < self.cursor).last() };
        if let Some(to) = to {
            self.cursor = to;
            self.scroll.show(to);
        }
    }

    fn fold(&mut self, cx: &Cx) {
        let Some(title) = self.title_at(self.cursor) else { return };
        if !self.open.remove(&title) {
            self.open.insert(title.clone());
        }
        self.build(cx);
        let head = self.rows.iter().position(|row| self.is_head_of(row, &title));
        self.cursor = head.unwrap_or(self.cursor);
    }

    fn fold_all(&mut self, cx: &Cx) {
        let shown = self.drift.iter().flat_map(|d| &d.objects).filter(|o| o.live.is_some() || o.desired.is_some());
        let titles: BTreeSet<String> = shown.map(ObjectDrift::title).collect();
        self.open = if self.open.is_empty() { titles } else { BTreeSet::new() };
        self.build(cx);
    }

    fn moved(&mut self, id: &str) {
        let page = self.page.get();
        let last = self.rows.len().saturating_sub(1);
        self.cursor = match id {
            "scroll.down" => self.cursor + 1,
            "scroll.up" => self.cursor.saturating_sub(1),
            "scroll.half-down" => self.cursor + page / 2,
            "scroll.half-up" => self.cursor.saturating_sub(page / 2),
            "scroll.page-down" => self.cursor + page,
            "scroll.page-up" => self.cursor.saturating_sub(page),
            "scroll.first" => 0,
            "scroll.last" => last,
            other => {
                self.scroll.command(other);
                self.cursor
            }
        }
        .min(last);
    }

    fn command(&mut self, cx: &Cx, id: &'static str) -> Effects {
        match id {
            "drift.fold" => self.fold(cx),
            "drift.all" => self.fold_all(cx),
            "drift.next" => self.jump(true),
            "drift.previous" => self.jump(false),
            "drift.agreeing" => {
                self.agreeing = !self.agreeing;
                self.build(cx);
            }
            "drift.again" => return self.ask(cx),
            "drift.release" => {
                self.against = if self.against == Against::Live { Against::Previous } else { Against::Live };
                (self.drift, self.open) = (None, BTreeSet::new());
                self.build(cx);
                return self.ask(cx);
            }
            "drift.object" => {
                let context = self.key.context();
                let open =
                    |o: &ObjectDrift| Effect::Open(Overlay::Object(ObjectKey::new(&context, &o.kind, &o.namespace, &o.name)));
                return self.object_at(self.cursor).map(open).into_iter().collect();
            }
            "drift.copy" => return self.title_at(self.cursor).map(Effect::Copy).into_iter().collect(),
            id => self.moved(id),
        }
        Effects::new()
    }
}

impl Tab for DriftView {
    fn commands(&self, _cx: &Cx) -> Vec<&'static Command> {
        let mut out: Vec<&'static Command> = Vec::new();
        if let Some(object) = self.object_at(self.cursor) {
            out.extend((object.live.is_some() || object.desired.is_some()).then_some(&FOLD));
            out.extend([&NEXT, &PREVIOUS, &ALL]);
            out.extend((!object.api_version.is_empty() && object.verdict != Verdict::Missing).then_some(&OBJECT));
            out.push(&COPY);
        }
        out.extend(self.drift.as_ref().is_some_and(|d| d.count(Verdict::Agrees) > 0).then_some(&AGREEING));
        out.extend((&*self.key.kind == "HelmRelease").then_some(&RELEASE));
        out.push(&AGAIN);
        out.extend(SCROLL);
        out
    }

    fn update(&mut self, cx: &Cx, msg: TabMsg) -> Effects {
        if self.wide != cx.size.width {
            self.build(cx);
        }
        match msg {
            TabMsg::Enter if self.drift.is_none() && self.trouble.is_none() && self.waiting.is_none() => self.ask(cx),
            TabMsg::Reply(ticket, answer) if self.waiting == Some(ticket) => {
                self.reply(cx, answer);
                Effects::new()
            }
            TabMsg::Command(id) => self.command(cx, id),
            _ => Effects::new(),
        }
    }

    fn view(&self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        let place = dialog::centred(area, area.width.saturating_sub(2).min(160), area.height);
        let title = if self.against == Against::Live { "drift.title" } else { "drift.title-previous" };
        let inner = dialog::frame(cx, place, buf, &cx.tf(title, &[("object", &self.key.to_string())]));
        let cluster = &self.key.cluster;
        let inner = link::banner(cx, inner, buf, |of| matches!(of, LinkOf::Cluster(name) if name == &**cluster));
        if inner.height < 2 {
            return;
        }
        if let Some(trouble) = &self.trouble {
            put_wrapped(buf, inner, &cx.trouble(trouble), cx.style(Role::Bad));
            return;
        }
        let Some(drift) = &self.drift else {
            let text = format!("{} {}", cx.spinner(), cx.t("drift.asking"));
            put(buf, (inner.x, inner.y), inner.width, &text, cx.style(Role::Muted));
            return;
        };
        let mut y = inner.y;
        for line in rows::head(cx, drift, self.waiting.is_some()) {
            if y >= inner.bottom() {
                return;
            }
            put_pieces(cx, buf, (inner.x, y), inner.width, &line);
            y += 1;
        }
        self.list(cx, Rect { y: y + 1, height: inner.bottom().saturating_sub(y + 1), ..inner }, buf);
    }
}

impl DriftView {
    fn list(&self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        let high = usize::from(area.height);
        if high == 0 {
            return;
        }
        self.page.set(high);
        let mut top = self.scroll.fit(self.rows.len(), high);
        if self.cursor < top || self.cursor >= top + high {
            let to = if self.cursor < top { self.cursor } else { self.cursor + 1 - high };
            self.scroll.to(to);
            top = self.scroll.fit(self.rows.len(), high);
        }
        for (at, row) in self.rows.iter().enumerate().skip(top).take(high) {
            let y = area.y + u16::try_from(at - top).unwrap_or(u16::MAX);
            let line = Rect { x: area.x + 2, y, width: area.width.saturating_sub(3), height: 1 };
            match row {
                Row::Blank => {}
                Row::Object(at) => {
                    if let Some(object) = self.object(*at) {
                        put_pieces(cx, buf, (line.x, y), line.width, &rows::object(cx, object, &self.open));
                    }
                }
                Row::Said(pieces) => {
                    put_pieces(cx, buf, (line.x, y), line.width, pieces);
                }
                Row::Hunk(old, new) => {
                    put(
                        buf,
                        (line.x + 4, y),
                        line.width.saturating_sub(4),
                        &format!("@@ -{old} +{new} @@"),
                        cx.style(Role::Changed),
                    );
                }
                Row::Line(text, digits) => {
                    let place = Rect { x: line.x + 4, width: line.width.saturating_sub(4), ..line };
                    unified(cx, place, buf, text, (*digits, self.scroll.left));
                }
            }
            if at == self.cursor {
                put(buf, (area.x, y), 1, "▌", cx.style(Role::Accent));
                if matches!(row, Row::Object(_)) {
                    lay(buf, Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..line }, cx.style(Role::Selection));
                }
            }
        }
        scrollbar(cx, area, buf, top, self.rows.len());
    }
}
