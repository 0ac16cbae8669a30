//! What stands in the rows of Flux objects: the same first and last columns for all kinds, and between them each kind's own.

use std::cmp::Ordering;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, OnceLock};

use domain::filter::{Aspect, Sort, Value, aspect};
use domain::flux::{FluxObject, Health, Kind};

use crate::cx::Cx;
use crate::theme::Role;
use crate::widgets::format;
use crate::widgets::put::cut_middle;
use crate::widgets::table::{Cell, Column, Row, Width};

type Shown = Column<Arc<FluxObject>>;

/// Below so many columns kinds and namespaces are shortened, so that the revision has room.
const NARROW: u16 = 100;
/// Below so many columns a revision stands without its branch, which is mostly part of the name, so that the age has room.
const BRANCH: u16 = 180;

impl Row for Arc<FluxObject> {
    type Key = domain::flux::ObjectKey;
    type Fields = FluxObject;
    fn key(&self) -> Self::Key {
        self.key.clone()
    }
    fn fields(&self) -> &FluxObject {
        self
    }
    fn health(&self, cx: &Cx) -> Option<Health> {
        Some(health(self, cx))
    }
    fn version(&self) -> u64 {
        // Only a change of state is worth a look; the server's version also grows with each heartbeat.
        self.reconciled().map_or(0, |t| u64::try_from(t.as_second()).unwrap_or(0))
    }
    fn same(&self, other: &Self) -> bool {
        Self::ptr_eq(self, other)
    }
    fn compare(&self, other: &Self) -> Option<Ordering> {
        Some(self.key.cmp(&other.key))
    }
    fn ground(cx: &Cx) -> u64 {
        // A link that went silent, or is heard again, changes the state of everything it brings.
        let mut hasher = DefaultHasher::new();
        cx.world.links.iter().filter(|l| l.state.is_stale()).for_each(|l| l.of.hash(&mut hasher));
        hasher.finish()
    }
}

/// Returns how an object is doing, as far as that is still known.
pub(super) fn health(object: &FluxObject, cx: &Cx) -> Health {
    if stale(object, cx) { Health::Unknown } else { object.health() }
}

/// Tells whether nothing more was heard of the object, so that its state is not worth its colour.
fn stale(object: &FluxObject, cx: &Cx) -> bool {
    cx.world.is_stale(&object.key)
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
    Cell::new(format::sentence(object.message()), role)
}

/// Shortens a name where the screen is too narrow for all of it; the pane under the list has it whole.
fn short(cx: &Cx, name: &str, most: usize) -> String {
    if cx.size.width < NARROW { cut_middle(name, most).into_owned() } else { name.to_owned() }
}

/// Writes the revision; where the screen is narrow without the branch.
fn revision(object: &Arc<FluxObject>, cx: &Cx) -> Cell {
    let Some(revision) = object.revision() else { return Cell::new("–", Role::Faint) };
    let mut pieces = format::revision(revision);
    if cx.size.width < BRANCH && pieces.len() > 1 {
        pieces.drain(..pieces.len() - 1);
    }
    Cell::of(pieces)
}

/// Writes what an object says of itself.
fn said(aspect: Option<&Aspect<FluxObject>>, object: &FluxObject, cx: &Cx) -> Cell {
    let Some(aspect) = aspect else { return Cell::default() };
    match (aspect.of)(object) {
        Value::None => Cell::new("–", Role::Faint),
        Value::Flag(is) => Cell::new(cx.t(if is { "flux.yes" } else { "flux.no" }).to_owned(), Role::Muted),
        Value::Number(number) => Cell::new(number.to_string(), Role::Muted),
        Value::Time(time) => Cell::new(cx.age(time), Role::Muted),
        Value::Text(text) => match aspect.name {
            "revision" => object.revision().map_or_else(Cell::default, |r| Cell::of(format::revision(r))),
            "image" | "latest" => Cell::of(format::image(&text, 48)),
            "url" | "address" => Cell::name(format::url(&text).to_owned(), Role::Muted),
            "commit" => Cell::new(text.get(..7).unwrap_or(&text).to_owned(), Role::Muted),
            "version" | "path" | "chart" => Cell::name(text.into_owned(), Role::Text),
            _ => Cell::name(text.into_owned(), Role::Muted),
        },
    }
}

fn by(aspect: Option<&Aspect<FluxObject>>, a: &FluxObject, b: &FluxObject) -> Ordering {
    let Some(aspect) = aspect else { return Ordering::Equal };
    let found = (aspect.of)(a).cmp(&(aspect.of)(b));
    // What happened last is the youngest.
    if matches!(aspect.sort, Sort::Time) { found.reverse() } else { found }
}

macro_rules! own {
    ($id:literal, $priority:literal, $width:expr, $right:literal) => {{
        fn found() -> Option<&'static Aspect<FluxObject>> {
            static FOUND: OnceLock<Option<&'static Aspect<FluxObject>>> = OnceLock::new();
            *FOUND.get_or_init(|| aspect($id))
        }
        Column {
            id: $id,
            priority: $priority,
            width: $width,
            right: $right,
            cell: |o, cx| said(found(), o, cx),
            order: Some(|a, b| by(found(), a, b)),
        }
    }};
}

/// Every column that any list of Flux objects has.
static COLUMNS: &[Shown] = &[
    Column {
        id: "kind",
        priority: 0,
        width: Width::KIND,
        right: false,
        cell: |o, cx| Cell::name(short(cx, &o.key.kind, 14), Role::Muted),
        order: Some(|a, b| a.key.kind.cmp(&b.key.kind)),
    },
    Column {
        id: "cluster",
        priority: 5,
        width: Width::CLUSTER,
        right: false,
        cell: |o, _| Cell::name(o.key.cluster.to_string(), Role::Muted),
        order: Some(|a, b| a.key.cluster.cmp(&b.key.cluster)),
    },
    Column {
        id: "namespace",
        priority: 1,
        width: Width::NAMESPACE,
        right: false,
        cell: |o, cx| Cell::name(short(cx, &o.key.namespace, 12), Role::Muted),
        order: Some(|a, b| a.key.namespace.cmp(&b.key.namespace)),
    },
    Column {
        id: "name",
        priority: 0,
        width: Width::NAME,
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
    own!("url", 2, Width::Fit(16, 44), false),
    own!("ref", 3, Width::Fit(6, 20), false),
    own!("source", 3, Width::Fit(12, 36), false),
    own!("path", 2, Width::Fit(8, 36), false),
    own!("chart", 2, Width::Fit(8, 30), false),
    own!("version", 1, Width::Fit(7, 16), false),
    own!("app", 6, Width::Fit(5, 14), false),
    own!("release", 4, Width::Fit(8, 18), false),
    own!("history", 7, Width::Fixed(4), true),
    own!("type", 2, Width::Fit(5, 18), false),
    own!("bucket", 2, Width::Fit(8, 28), false),
    own!("endpoint", 3, Width::Fit(10, 32), false),
    own!("image", 1, Width::Fit(16, 48), false),
    own!("latest", 0, Width::Fit(16, 56), false),
    own!("tags", 3, Width::Fixed(5), true),
    own!("scanned", 3, Width::Fixed(7), true),
    own!("pushed", 2, Width::Fixed(7), true),
    own!("commit", 3, Width::Fixed(7), false),
    own!("address", 3, Width::Fit(12, 40), false),
    own!("channel", 4, Width::Fit(7, 18), false),
    own!("provider", 3, Width::Fit(8, 20), false),
    own!("severity", 3, Width::Fit(8, 9), false),
    own!("events", 2, Width::Fit(12, 40), false),
    own!("webhook", 4, Width::Fit(12, 32), false),
    own!("registry", 4, Width::Fit(10, 32), false),
    own!("inputs", 3, Width::Fixed(6), true),
    own!("sources", 3, Width::Fixed(7), true),
    own!("artifacts", 3, Width::Fixed(9), true),
    Column {
        id: "revision",
        priority: 2,
        width: Width::REVISION,
        right: false,
        cell: revision,
        order: Some(|a, b| a.revision().cmp(&b.revision())),
    },
    own!("prune", 8, Width::Fit(5, 5), false),
    own!("depends", 5, Width::Fit(7, 28), false),
    own!("objects", 6, Width::Fixed(7), true),
    Column {
        id: "changed",
        priority: 4,
        width: Width::CHANGED,
        right: true,
        cell: |o, cx| Cell::new(cx.age_of(o.reconciled()), Role::Muted),
        order: Some(|a, b| b.reconciled().cmp(&a.reconciled())),
    },
    Column {
        id: "age",
        priority: 6,
        width: Width::AGE,
        right: true,
        cell: |o, cx| Cell::new(cx.age_of(o.created), Role::Faint),
        order: Some(|a, b| b.created.cmp(&a.created)),
    },
    Column {
        id: "message",
        priority: 1,
        width: Width::MESSAGE,
        right: false,
        cell: message,
        order: Some(|a, b| a.message().cmp(b.message())),
    },
];

/// Returns the columns of a kind's list, or those of the list of all kinds.
pub(super) fn of(kind: Option<&str>) -> Vec<&'static Shown> {
    let [before, after] = domain::aspects::COMMON;
    let own = kind.and_then(Kind::by_name).map_or(&["revision"][..], |k| k.columns);
    // A list of one kind need not repeat its name on each row.
    let before = before.iter().filter(|id| kind.is_none() || **id != "kind");
    before.chain(own).chain(after).filter_map(|id| COLUMNS.iter().find(|c| c.id == *id)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::{Language, Words};

    #[test]
    fn every_kind_has_its_columns_and_every_column_a_title() {
        let words = Words::load(Language::English);
        for kind in domain::flux::KINDS {
            assert_eq!(of(Some(kind.name)).len(), 4 + kind.columns.len() + 3, "{}", kind.name);
        }
        for column in COLUMNS {
            assert!(words.find(&format!("column.{}", column.id)).is_some(), "{}", column.id);
            assert!(aspect::<FluxObject>(column.id).is_some(), "{}", column.id);
        }
    }
}
