//! What can be done to the objects that are meant: the marked ones, else the selected one; one question for all of them.

use std::sync::Arc;

use domain::actor::Role as Permission;
use domain::flux::FluxObject;
use domain::orders::{Delete, Force, Many, Order, Reconcile, Reset, Resume, Suspend};

use crate::command::{Command, command};
use crate::cx::Cx;

static RECONCILE: Command = command("flux.reconcile", &["r"], 2);
static WITH_SOURCE: Command = command("flux.reconcile-source", &["R"], 3);
static SUSPEND: Command = command("flux.suspend", &["s"], 4);
static RESUME: Command = command("flux.resume", &["u"], 4);

static FORCE: Command = command("flux.force", &["ctrl-r"], 0);
static RESET: Command = command("flux.reset", &["ctrl-x"], 0);
static DELETE: Command = command("flux.delete", &["x", "delete"], 0);

static ACTS: [&Command; 7] = [&RECONCILE, &WITH_SOURCE, &SUSPEND, &RESUME, &FORCE, &RESET, &DELETE];

/// Returns what can be done to any of these objects.
pub(super) fn possible(cx: &Cx, objects: &[&Arc<FluxObject>]) -> Vec<&'static Command> {
    if !cx.may(Permission::Operator) {
        return Vec::new();
    }
    ACTS.into_iter().filter(|act| objects.iter().any(|o| suits(act.id, o))).collect()
}

/// Tells whether something can be done to an object.
fn suits(id: &str, object: &FluxObject) -> bool {
    let kind = object.key.flux_kind();
    let suspends = kind.is_some_and(|k| k.suspends);
    match id {
        "flux.reconcile" => kind.is_some_and(|k| k.has_status),
        "flux.reconcile-source" => object.source().is_some(),
        "flux.suspend" => suspends && !object.suspended(),
        "flux.resume" => suspends && object.suspended(),
        "flux.force" | "flux.reset" => &*object.key.kind == domain::orders::release::KIND,
        "flux.delete" => !object.deleting,
        _ => false,
    }
}

/// Returns the order for those of the objects that it suits: one question, whatever their number.
pub(super) fn order(id: &str, objects: &[&Arc<FluxObject>]) -> Option<Order> {
    let orders = objects.iter().filter(|o| suits(id, o)).filter_map(|object| {
        let key = object.key.clone();
        Some(match id {
            "flux.reconcile" => Order::from(Reconcile { key, with_source: false }),
            "flux.reconcile-source" => Reconcile { key, with_source: true }.into(),
            "flux.suspend" => Suspend { key }.into(),
            "flux.resume" => Resume { key }.into(),
            "flux.force" => Force { key }.into(),
            "flux.reset" => Reset { key }.into(),
            "flux.delete" => Delete { uid: Some(object.uid.clone()), ..Delete::new(key) }.into(),
            _ => return None,
        })
    });
    Many::of(orders)
}
