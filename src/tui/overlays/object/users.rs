//! Who takes content from a source, sends through a provider, waits for an object: every Flux object that refers to it.

use std::sync::Arc;

use domain::flux::kinds::Family;
use domain::flux::{FluxObject, Health, ObjectKey, Reference};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::running::OPEN;
use super::{Subject, View};
use crate::command::Command;
use crate::cx::Cx;
use crate::effects::{Effect, Effects, Overlay};
use crate::tab::TabMsg;
use crate::theme::Role;
use crate::widgets::format;
use crate::widgets::table::{Cell, Column, Row, Table, Width};

/// Tells whether others refer to objects of a kind.
pub(super) fn suits(key: &ObjectKey) -> bool {
    key.flux_kind().is_some_and(|kind| kind.family == Family::Source || matches!(kind.name, "Kustomization" | "HelmRelease"))
}

/// Holds an object that refers to another, and how.
#[derive(Debug)]
struct User {
    object: Arc<FluxObject>,
    how: &'static str,
}

impl Row for User {
    type Key = (ObjectKey, &'static str);
    type Fields = FluxObject;
    fn key(&self) -> Self::Key {
        (self.object.key.clone(), self.how)
    }
    fn health(&self, cx: &Cx) -> Option<Health> {
        Some(cx.as_known(&self.object.key, FluxObject::health(&self.object)))
    }
    fn fields(&self) -> &FluxObject {
        &self.object
    }
}

static COLUMNS: [Column<User>; 6] = [
    Column {
        id: "kind",
        priority: 0,
        width: Width::KIND,
        right: false,
        cell: |r, _| Cell::name(r.object.key.kind.to_string(), Role::Muted),
        order: Some(|a, b| a.object.key.kind.cmp(&b.object.key.kind)),
    },
    Column {
        id: "namespace",
        priority: 4,
        width: Width::NAMESPACE,
        right: false,
        cell: |r, _| Cell::name(r.object.key.namespace.to_string(), Role::Muted),
        order: Some(|a, b| a.object.key.namespace.cmp(&b.object.key.namespace)),
    },
    Column {
        id: "name",
        priority: 0,
        width: Width::NAME,
        right: false,
        cell: |r, _| Cell::name(r.object.key.name.to_string(), Role::Text),
        order: Some(|a, b| a.object.key.name.cmp(&b.object.key.name)),
    },
    Column {
        id: "use",
        priority: 2,
        width: Width::Fit(6, 20),
        right: false,
        cell: |r, cx| Cell::new(cx.words.get(r.how).to_owned(), Role::Muted),
        order: Some(|a, b| a.how.cmp(b.how)),
    },
    Column {
        id: "revision",
        priority: 3,
        width: Width::REVISION,
        right: false,
        cell: |r, _| r.object.revision().map_or_else(|| Cell::new("–", Role::Faint), |v| Cell::of(format::revision(v))),
        order: Some(|a, b| a.object.revision().cmp(&b.object.revision())),
    },
    Column {
        id: "message",
        priority: 1,
        width: Width::NOTE,
        right: false,
        cell: |r, _| Cell::new(format::sentence(r.object.message()), Role::Muted),
        order: Some(|a, b| a.object.message().cmp(b.object.message())),
    },
];

/// Holds who refers to the object.
#[derive(Debug)]
pub(super) struct Users {
    table: Table<User>,
    seen: Option<Arc<Vec<Arc<FluxObject>>>>,
}

impl Users {
    /// Builds it.
    pub(super) fn new() -> Self {
        Self { table: Table::new(&COLUMNS), seen: None }
    }

    fn refresh(&mut self, cx: &Cx, of: &Subject) {
        let slice = &cx.world.flux;
        if self.seen.as_ref().is_some_and(|seen| Arc::ptr_eq(seen, slice)) {
            return;
        }
        self.seen = Some(Arc::clone(slice));
        let key = of.key;
        let found = slice.iter().filter(|o| o.key.cluster == key.cluster).flat_map(|object| {
            let means = |reference: &Reference, kind: &str| {
                let namespace = reference.namespace.as_deref().filter(|n| !n.is_empty()).unwrap_or(&object.key.namespace);
                let own = if reference.kind.is_empty() { kind } else { &reference.kind };
                *own == *key.kind && *reference.name == *key.name && *namespace == *key.namespace
            };
            let takes = object.source().is_some_and(|source| means(source, ""));
            let waits = object.spec.depends_on.iter().any(|other| means(other, &object.key.kind));
            let user = |how| User { object: Arc::clone(object), how };
            takes.then(|| user("object.takes")).into_iter().chain(waits.then(|| user("object.waits-for")))
        });
        self.table.set(cx, found.collect());
    }
}

impl View for Users {
    fn commands(&self, _cx: &Cx, _of: &Subject) -> Vec<&'static Command> {
        let mut out = self.table.commands();
        out.extend((!self.table.typing() && self.table.selected().is_some()).then_some(&OPEN));
        out
    }

    fn typing(&self) -> bool {
        self.table.typing()
    }

    fn update(&mut self, cx: &Cx, of: &Subject, msg: &TabMsg) -> Effects {
        match msg {
            TabMsg::Command("object.open") => {
                return self.table.selected().map(|r| Effect::Open(Overlay::Object(r.object.key.clone()))).into_iter().collect();
            }
            TabMsg::Command(id) => {
                self.table.command(id);
            }
            TabMsg::Key(key) => self.table.key(*key),
            TabMsg::Paste(text) => self.table.paste(text),
            TabMsg::Enter | TabMsg::World => self.refresh(cx, of),
            _ => {}
        }
        Effects::new()
    }

    fn copy(&self, _cx: &Cx, _of: &Subject) -> Option<String> {
        self.table.selected().map(|r| r.object.key.to_string())
    }

    fn view(&self, cx: &Cx, _of: &Subject, area: Rect, buf: &mut Buffer) {
        self.table.view(cx, area, buf, cx.t("object.no-users"));
    }
}
