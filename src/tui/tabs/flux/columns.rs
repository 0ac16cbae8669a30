//! What stands in the rows of Flux objects.

use std::sync::Arc;

use domain::flux::{FluxObject, Health};
use domain::link::LinkState;

use crate::cx::Cx;
use crate::theme::Role;
use crate::widgets::format;
use crate::widgets::table::{Cell, Column, Row, Width};

impl Row for Arc<FluxObject> {
    type Key = domain::flux::ObjectKey;
    fn key(&self) -> Self::Key {
        self.key.clone()
    }
    fn health(&self, cx: &Cx) -> Option<Health> {
        Some(health(self, cx))
    }
    fn matches(&self, text: &str) -> bool {
        let key = &self.key;
        let has = |t: &str| t.to_lowercase().contains(text);
        has(&key.name)
            || has(&key.namespace)
            || has(&key.kind)
            || has(&key.cluster)
            || has(FluxObject::health(self).word())
            || has(self.message())
    }
    fn version(&self) -> u64 {
        // Only a change of state is worth a look; the server's version also grows with each heartbeat.
        self.reconciled().map_or(0, |t| u64::try_from(t.as_second()).unwrap_or(0))
    }
}

/// Returns how an object is doing, as far as that is still known.
pub(super) fn health(object: &FluxObject, cx: &Cx) -> Health {
    if stale(object, cx) { Health::Unknown } else { object.health() }
}

/// Tells whether nothing was heard of the object's cluster, so that its state is not worth its colour.
fn stale(object: &FluxObject, cx: &Cx) -> bool {
    matches!(cx.world.cluster_link(&object.key.context()), Some(LinkState::Stale { .. }))
}

fn ready(object: &Arc<FluxObject>, cx: &Cx) -> Cell {
    if stale(object, cx) {
        return Cell::new(cx.t("health.stale").to_owned(), Role::Unknown);
    }
    let health = FluxObject::health(object);
    Cell::new(cx.health(health).to_owned(), health.into())
}

fn message(object: &Arc<FluxObject>, _cx: &Cx) -> Cell {
    let role = if FluxObject::health(object) == Health::Bad { Role::Text } else { Role::Muted };
    Cell::new(format::short_digests(&domain::text::one_line(object.message())), role)
}

pub(super) static COLUMNS: [Column<Arc<FluxObject>>; 9] = [
    Column {
        id: "kind",
        priority: 0,
        width: Width::Fit(6, 22),
        right: false,
        cell: |o, _| Cell::name(o.key.kind.to_string(), Role::Muted),
        order: Some(|a, b| a.key.kind.cmp(&b.key.kind)),
    },
    Column {
        id: "cluster",
        priority: 7,
        width: Width::Fit(7, 18),
        right: false,
        cell: |o, _| Cell::name(o.key.cluster.to_string(), Role::Muted),
        order: Some(|a, b| a.key.cluster.cmp(&b.key.cluster)),
    },
    Column {
        id: "namespace",
        priority: 5,
        width: Width::Fit(9, 22),
        right: false,
        cell: |o, _| Cell::name(o.key.namespace.to_string(), Role::Muted),
        order: Some(|a, b| a.key.namespace.cmp(&b.key.namespace)),
    },
    Column {
        id: "name",
        priority: 0,
        width: Width::Fit(12, 40),
        right: false,
        cell: |o, _| Cell::name(o.key.name.to_string(), Role::Text),
        order: Some(|a, b| a.key.name.cmp(&b.key.name)),
    },
    Column {
        id: "ready",
        priority: 0,
        width: Width::Fixed(11),
        right: false,
        cell: ready,
        order: Some(|a, b| FluxObject::health(a).cmp(&FluxObject::health(b))),
    },
    Column {
        id: "revision",
        priority: 2,
        width: Width::Fit(10, 26),
        right: false,
        cell: |o, _| o.revision().map_or_else(|| Cell::new("–", Role::Faint), |r| Cell::of(format::revision(r))),
        order: Some(|a, b| a.revision().cmp(&b.revision())),
    },
    Column {
        id: "reconciled",
        priority: 4,
        width: Width::Fixed(7),
        right: true,
        cell: |o, cx| Cell::new(cx.age_of(o.reconciled()), Role::Muted),
        order: Some(|a, b| b.reconciled().cmp(&a.reconciled())),
    },
    Column {
        id: "age",
        priority: 6,
        width: Width::Fixed(4),
        right: true,
        cell: |o, cx| Cell::new(cx.age_of(o.created), Role::Faint),
        order: Some(|a, b| b.created.cmp(&a.created)),
    },
    Column { id: "message", priority: 1, width: Width::Grow(24), right: false, cell: message, order: None },
];
