//! Flux: all objects of all kinds, live.
//!
//! ```text
//!  All kinds  14   ✗ 2 failed  ◐ 1 reconciling  ‖ 2 suspended  ✓ 9 ready
//!    KIND           NAMESPACE    NAME            READY      REVISION       AGE  MESSAGE
//!  ▌ ✓ GitRepository  flux-system  shop-production ready      main@9e1c21d   40d  stored artifact …
//! ```

use std::sync::Arc;

use domain::flux::{FluxObject, Health};
use domain::link::LinkOf;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::acts;
use crate::command::{Command, command};
use crate::cx::Cx;
use crate::desk::Change;
use crate::effects::{Effect, Effects, Overlay};
use crate::tab::{Tab, TabMsg};
use crate::theme::Role;
use crate::widgets::dialog;
use crate::widgets::link;
use crate::widgets::pane;
use crate::widgets::put::{Piece, piece, put_pieces};
use crate::widgets::summary;
use crate::widgets::table::Table;

mod chooser;
mod columns;

use chooser::Chooser;
use columns::COLUMNS;

static OPEN: Command = command("flux.open", &["enter"], 1);
static DRIFT: Command = command("flux.drift", &["d"], 4);
static KIND: Command = command("flux.kind", &["f"], 5);
static ALL: Command = command("flux.all", &["F"], 6);
static COPY: Command = command("flux.copy", &["c"], 0);
static EDIT: Command = command("flux.edit", &["e"], 0);

/// Holds the tab's state.
#[derive(Debug)]
pub struct Flux {
    table: Table<Arc<FluxObject>>,
    seen: Option<Arc<Vec<Arc<FluxObject>>>>,
    kind: Option<&'static str>,
    counts: Vec<(Health, usize)>,
    chooser: Option<Chooser>,
}

impl Flux {
    /// Builds it.
    pub fn new() -> Self {
        Self { table: Table::new(&COLUMNS), seen: None, kind: None, counts: Vec::new(), chooser: None }
    }

    fn refresh(&mut self, cx: &Cx) {
        let (slice, kind) = (&cx.world.flux, cx.desk.kind);
        if self.kind == kind && self.seen.as_ref().is_some_and(|s| Arc::ptr_eq(s, slice)) {
            return;
        }
        let rows: Vec<_> = slice.iter().filter(|o| kind.is_none_or(|k| *o.key.kind == *k)).cloned().collect();
        let all = [Health::Bad, Health::Warn, Health::Busy, Health::Unknown, Health::Off, Health::Ok];
        let healths: Vec<Health> = rows.iter().map(|o| columns::health(o, cx)).collect();
        self.counts = all.map(|h| (h, healths.iter().filter(|x| **x == h).count())).to_vec();
        self.table.set(cx, rows);
        self.seen = Some(Arc::clone(slice));
        self.kind = kind;
    }

    fn order(&self, cx: &Cx, id: &str) -> Effects {
        let Some(object) = self.table.selected() else { return Effects::new() };
        if let Some(effects) = acts::act(cx, id, object) {
            return effects;
        }
        let key = object.key.clone();
        match id {
            "flux.drift" => vec![Effect::Open(Overlay::Drift(key))],
            "flux.open" => vec![Effect::Open(Overlay::Object(key))],
            "flux.edit" => vec![Effect::Open(Overlay::Edit(key))],
            _ => vec![Effect::Copy(key.to_string())],
        }
    }

    fn title(&self, cx: &Cx) -> Vec<Piece<'static>> {
        let kind = cx.desk.kind.map_or_else(|| cx.t("flux.all-kinds").to_owned(), str::to_owned);
        let mut out = vec![piece(kind, Role::Accent), piece(format!("  {}", self.table.rows().len()), Role::Text)];
        for (health, count) in self.counts.iter().filter(|(_, count)| *count > 0) {
            let glyph = if *health == Health::Busy { "◐" } else { cx.glyph(*health) };
            out.push(piece("   ", Role::Text));
            out.push(piece(format!("{glyph} {count} {}", cx.health(*health)), (*health).into()));
        }
        out
    }
}

impl Default for Flux {
    fn default() -> Self {
        Self::new()
    }
}

impl Tab for Flux {
    fn commands(&self, cx: &Cx) -> Vec<&'static Command> {
        if self.chooser.is_some() {
            return Chooser::commands();
        }
        if self.table.typing() {
            return self.table.commands();
        }
        let mut out: Vec<&'static Command> = Vec::new();
        if let Some(object) = self.table.selected() {
            out.push(&OPEN);
            out.extend(acts::commands(cx, object));
            out.extend(matches!(&*object.key.kind, "Kustomization" | "HelmRelease").then_some(&DRIFT));
            out.push(&COPY);
            out.extend(cx.may(domain::actor::Role::Operator).then_some(&EDIT));
        }
        out.push(&KIND);
        out.extend(cx.desk.kind.is_some().then_some(&ALL));
        out.extend(self.table.commands());
        out
    }

    fn typing(&self, _cx: &Cx) -> bool {
        self.chooser.is_some() || self.table.typing()
    }

    fn update(&mut self, cx: &Cx, msg: TabMsg) -> Effects {
        match msg {
            TabMsg::Enter | TabMsg::World | TabMsg::Desk => self.refresh(cx),
            TabMsg::Command("flux.kind") => self.chooser = Some(Chooser::new(cx)),
            TabMsg::Command("flux.all") => return vec![Effect::Desk(Change::Kind(None))],
            TabMsg::Command("kinds.close") => self.chooser = None,
            TabMsg::Command("kinds.take") => {
                let chosen = self.chooser.take().and_then(|c| c.chosen());
                return chosen.map(|kind| Effect::Desk(Change::Kind(kind))).into_iter().collect();
            }
            TabMsg::Command(id) => match &mut self.chooser {
                Some(chooser) => chooser.command(id),
                None if !self.table.command(id) => return self.order(cx, id),
                None => {}
            },
            TabMsg::Key(key) => match &mut self.chooser {
                Some(chooser) => chooser.key(key),
                None => self.table.key(key),
            },
            TabMsg::Paste(text) if self.chooser.is_none() => self.table.paste(&text),
            _ => {}
        }
        Effects::new()
    }

    fn view(&self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        put_pieces(cx, buf, (area.x + 1, area.y), area.width.saturating_sub(2), &self.title(cx));
        let rest = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
        let wanted = cx.desk.kind;
        let rest = link::banner(cx, rest, buf, |of| match of {
            LinkOf::Cluster(_) => true,
            LinkOf::Kind { kind, .. } => domain::flux::Kind::by_name(kind).is_some() && wanted.is_none_or(|w| w == kind),
            LinkOf::Repository(_) => false,
        });
        let empty = wanted.map_or_else(
            || cx.t("flux.empty").to_owned(),
            |kind| cx.tf("flux.empty-kind", &[("kind", kind), ("key", &cx.key(&KIND))]),
        );
        let wide = usize::from(rest.width.saturating_sub(4));
        let lines = self.table.selected().map(|o| summary::short(cx, o, wide)).unwrap_or_default();
        let (list, below) = pane::split(rest, self.table.rows().len(), lines.len());
        self.table.view(cx, list, buf, &empty);
        pane::view(cx, below, buf, &lines);
        if let Some(chooser) = &self.chooser {
            dialog::dim(cx, buf, area);
            chooser.view(cx, area, buf);
        }
    }
}
