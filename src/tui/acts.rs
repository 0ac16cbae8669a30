//! What an operator can do with one Flux object: the same commands in the list, in its detail and wherever else one stands.

use domain::actor::Role;
use domain::flux::FluxObject;
use domain::orders::{Reconcile, Resume, Suspend};

use crate::command::{Command, command};
use crate::cx::Cx;
use crate::effects::Effects;

static RECONCILE: Command = command("flux.reconcile", &["r"], 2);
static WITH_SOURCE: Command = command("flux.reconcile-source", &["R"], 3);
static SUSPEND: Command = command("flux.suspend", &["s"], 4);
static RESUME: Command = command("flux.resume", &["u"], 4);

/// Returns the commands that are possible with an object now.
pub fn commands(cx: &Cx, object: &FluxObject) -> Vec<&'static Command> {
    let may = cx.may(Role::Operator);
    let kind = object.key.flux_kind();
    let suspends = may && kind.is_some_and(|k| k.suspends);
    let mut out: Vec<&'static Command> = Vec::new();
    out.extend((may && kind.is_some_and(|k| k.has_status)).then_some(&RECONCILE));
    out.extend((may && object.source().is_some()).then_some(&WITH_SOURCE));
    out.extend((suspends && !object.suspended()).then_some(&SUSPEND));
    out.extend((suspends && object.suspended()).then_some(&RESUME));
    out
}

/// Returns what a command wants when it is one of these.
pub fn act(cx: &Cx, id: &str, object: &FluxObject) -> Option<Effects> {
    let key = object.key.clone();
    Some(match id {
        "flux.reconcile" => cx.give(Reconcile { key, with_source: false }),
        "flux.reconcile-source" => cx.give(Reconcile { key, with_source: true }),
        "flux.suspend" => cx.give(Suspend { key }),
        "flux.resume" => cx.give(Resume { key }),
        _ => return None,
    })
}
