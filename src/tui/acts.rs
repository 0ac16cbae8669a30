//! What an operator can do with Flux objects: the same commands in the list, in the tree, in the detail and wherever else
//! one stands. What is done to several is one order with one question.

use domain::actor::Role;
use domain::flux::{FluxObject, ObjectKey};
use domain::orders::{Delete, Force, Many, Order, Reconcile, Reset, Restart, Resume, Suspend};

use crate::command::{Command, command};
use crate::cx::Cx;
use crate::effects::{Effect, Effects, Overlay};

static RECONCILE: Command = command("flux.reconcile", &["r"], 2);
static WITH_SOURCE: Command = command("flux.reconcile-source", &["R"], 3);
static SUSPEND: Command = command("flux.suspend", &["s"], 4);
static RESUME: Command = command("flux.resume", &["u"], 4);
static DRIFT: Command = command("flux.drift", &["d"], 4);
/// Shows the log of an object, or of the row that one is on.
pub static LOGS: Command = command("flux.logs", &["L"], 0);
static EDIT: Command = command("flux.edit", &["e"], 0);
static FORM: Command = command("flux.form", &["E"], 0);
static FORCE: Command = command("flux.force", &["!"], 0);
static RESET: Command = command("flux.reset", &["ctrl-x"], 0);
static RESTART: Command = command("object.restart", &["r"], 2);
static DELETE: Command = command("flux.delete", &["x", "delete"], 0);

/// What may be done to several at once.
static MANY: [&Command; 7] = [&RECONCILE, &WITH_SOURCE, &SUSPEND, &RESUME, &FORCE, &RESET, &DELETE];

/// Returns what can be done to any of these objects.
pub fn possible<'a>(cx: &Cx, objects: impl IntoIterator<Item = &'a FluxObject>) -> Vec<&'static Command> {
    let objects: Vec<&FluxObject> = objects.into_iter().collect();
    let may = |object: &FluxObject| cx.may_in(Role::Operator, &object.key.context());
    let mut out: Vec<&'static Command> =
        MANY.into_iter().filter(|act| objects.iter().any(|o| may(o) && suits(act.id, o))).collect();
    if let [one] = objects.as_slice() {
        let may = may(one);
        out.extend(matches!(&*one.key.kind, "Kustomization" | "HelmRelease").then_some(&DRIFT));
        out.push(&LOGS);
        out.extend(may.then_some(&EDIT));
        out.extend((may && domain::compose::Form::by_word(&one.key.kind).is_some()).then_some(&FORM));
    }
    out
}

/// Tells whether there is a log of what a key names: its own, its Pods', or its controller's about it.
pub fn has_log(key: &ObjectKey) -> bool {
    const RUN: [&str; 6] = ["Pod", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job"];
    key.flux_kind().is_some() || RUN.contains(&&*key.kind)
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
pub fn order<'a>(id: &str, objects: impl IntoIterator<Item = &'a FluxObject>) -> Option<Order> {
    let orders = objects.into_iter().filter(|o| suits(id, o)).filter_map(|object| {
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

/// Returns what can be done to any object by its name: what suits a Flux object, else that it is edited and its log.
pub fn possible_at(cx: &Cx, key: &ObjectKey) -> Vec<&'static Command> {
    if let Some(object) = cx.world.flux_object(key) {
        return possible(cx, [&**object]);
    }
    let may = cx.may_in(Role::Operator, &key.context());
    let edited = may && !matches!(&*key.kind, "Pod" | "ReplicaSet");
    let restarted = may && Restart::suits(key);
    let acts = restarted.then_some(&RESTART).into_iter().chain(edited.then_some(&EDIT));
    acts.chain(has_log(key).then_some(&LOGS)).collect()
}

/// Returns what a command about any object wants when it is one of these.
pub fn act_at(cx: &Cx, id: &str, key: &ObjectKey) -> Option<Effects> {
    match cx.world.flux_object(key) {
        Some(object) => act(cx, id, object),
        None if id == LOGS.id && has_log(key) => Some(vec![Effect::Open(Overlay::Logs(key.clone()))]),
        None if id == RESTART.id && Restart::suits(key) => Some(cx.give(Restart { key: key.clone() })),
        None => (id == EDIT.id).then(|| vec![Effect::Open(Overlay::Place(key.clone(), false))]),
    }
}

/// Returns what a command about one object wants when it is one of these.
pub fn act(cx: &Cx, id: &str, object: &FluxObject) -> Option<Effects> {
    match id {
        "flux.edit" => Some(vec![Effect::Open(Overlay::Place(object.key.clone(), false))]),
        "flux.form" => Some(vec![Effect::Open(Overlay::Place(object.key.clone(), true))]),
        "flux.drift" => Some(vec![Effect::Open(Overlay::Drift(object.key.clone()))]),
        "flux.logs" => Some(vec![Effect::Open(Overlay::Logs(object.key.clone()))]),
        id => order(id, [object]).map(|order| cx.give(order)),
    }
}
