//! What a row of the tree says: its glyph, its state, its sentence, and what it waits for.

use domain::flux::{Health, ObjectKey};
use domain::lineage::{Fault, Lineage, Node, Order, Standing, Wait};
use domain::link::LinkState;
use domain::workload::{Pod, Workload};

use crate::cx::Cx;
use crate::theme::Role;
use crate::widgets::format;
use crate::widgets::link;
use crate::widgets::put::{Piece, piece};

/// Returns how a row is doing, as far as that is still known.
pub(super) fn health(cx: &Cx, lineage: &Lineage, node: Node) -> Option<Health> {
    match lineage.not_fresh(node, cx.world) {
        Some(_) => Some(Health::Unknown),
        None => lineage.standing(node, cx.world).health(),
    }
}

/// Returns the word of a row's state.
pub(super) fn state(cx: &Cx, lineage: &Lineage, node: Node) -> Piece<'static> {
    if lineage.not_fresh(node, cx.world).is_some() {
        return piece(cx.t("health.stale").to_owned(), Role::Unknown);
    }
    let standing = lineage.standing(node, cx.world);
    let role = standing.health().map_or(Role::Faint, Role::from);
    let word = match standing {
        Standing::Flux(object) => cx.health(object.health()).to_owned(),
        Standing::Workload(workload) => format!("{}/{}", workload.ready, workload.replicas),
        Standing::Set(ready, all) => format!("{ready}/{all}"),
        Standing::Pod(pod) => pod.fault().map_or_else(|| pod_word(cx, pod), |fault| fault.reason),
        Standing::Named => String::new(),
        Standing::Missing => cx.t("tree.missing").to_owned(),
        Standing::Unseen(None) => cx.t("tree.unseen").to_owned(),
        Standing::Unseen(Some(LinkState::Forbidden { .. })) => cx.t("header.forbidden").to_owned(),
        Standing::Unseen(Some(state)) => link::words(cx, state),
    };
    piece(word, role)
}

fn pod_word(cx: &Cx, pod: &Pod) -> String {
    if pod.deleting { cx.t("tree.ending").to_owned() } else { pod.phase.clone() }
}

/// Returns the sentence of a row.
pub(super) fn message(cx: &Cx, (lineage, order): (&Lineage, Option<&Order>), node: Node) -> Vec<Piece<'static>> {
    let mut out = Vec::new();
    let wait = lineage.waits(node);
    if let Some(wait) = &wait {
        out.push(piece(waits(cx, lineage, node, wait), wait.health().into()));
        out.push(piece("  ", Role::Text));
    }
    if let Some(order) = order {
        let other: Vec<Node> = lineage.needs(node).into_iter().filter(|need| order.above(node) != Some(*need)).collect();
        let names: Vec<String> =
            other.iter().filter_map(|need| Some(short(&lineage.name(*need)?.key(), lineage, node))).collect();
        if !names.is_empty() {
            out.push(piece(cx.tf("tree.also-after", &[("names", &names.join(", "))]), Role::Muted));
            out.push(piece("  ", Role::Text));
        }
    }
    if wait.is_some() {
        return out;
    }
    match lineage.standing(node, cx.world) {
        Standing::Flux(object) => {
            let role = if object.health() == Health::Bad { Role::Text } else { Role::Muted };
            out.push(piece(format::sentence(object.message()), role));
        }
        Standing::Workload(workload) => out.extend(of_workload(workload)),
        Standing::Pod(pod) => out.extend(of_pod(cx, pod)),
        Standing::Missing => out.push(piece(cx.t("tree.missing-why").to_owned(), Role::Text)),
        Standing::Named | Standing::Unseen(_) => {
            let group = lineage.group(node).unwrap_or_default().to_owned();
            out.push(piece(group, Role::Faint));
        }
        Standing::Set(..) => {}
    }
    out
}

fn of_workload(workload: &Workload) -> Vec<Piece<'static>> {
    let failing = workload
        .conditions
        .iter()
        .find(|c| (c.kind == "Progressing" && c.status == "False") || (c.kind == "ReplicaFailure" && c.status == "True"));
    if let Some(failing) = failing {
        return vec![piece(domain::text::one_line(&failing.message), Role::Text)];
    }
    let mut out = Vec::new();
    for container in &workload.containers {
        if !out.is_empty() {
            out.push(piece("  ", Role::Text));
        }
        out.extend(format::image(&container.image, 60));
    }
    out
}

fn of_pod(cx: &Cx, pod: &Pod) -> Vec<Piece<'static>> {
    let restarts: i32 = pod.containers.iter().map(|c| c.restarts).sum();
    let mut out = Vec::new();
    if restarts > 0 {
        out.push(piece(format!("{}  ", cx.tf("tree.restarts", &[("count", &restarts.to_string())])), Role::Warn));
    }
    if let Some(fault) = pod.fault() {
        out.push(piece(domain::text::one_line(&fault.message), Role::Text));
    }
    out
}

/// Says what an object waits for, with the fault at the end of the chain.
pub(super) fn waits(cx: &Cx, lineage: &Lineage, node: Node, wait: &Wait) -> String {
    let mut names: Vec<String> = wait.chain.iter().map(|key| short(key, lineage, node)).collect();
    if wait.fault == Fault::Ring {
        names.insert(0, lineage.name(node).map_or_else(String::new, |n| n.name.into_owned()));
        return cx.tf("tree.waits-ring", &[("names", &names.join(" → "))]);
    }
    let names = names.join(" → ");
    let (key, message) = match &wait.fault {
        Fault::Missing => ("tree.waits-missing", ""),
        Fault::Suspended => ("tree.waits-suspended", ""),
        Fault::Failed(message) => ("tree.waits-failed", message.as_str()),
        Fault::Busy(message) => ("tree.waits-busy", message.as_str()),
        Fault::Ring => ("tree.waits-ring", ""),
    };
    let message = format::sentence(message);
    let said = cx.tf(key, &[("names", &names), ("message", &message)]);
    said.trim_end_matches([':', '：', ' ']).to_owned()
}

/// Returns a name as short as it is clear beside a node: without kind and namespace where they are the same.
fn short(key: &ObjectKey, lineage: &Lineage, node: Node) -> String {
    let here = lineage.name(node);
    let kind = if here.as_ref().is_some_and(|h| *h.kind == *key.kind) { String::new() } else { format!("{}/", key.kind) };
    let namespace =
        if here.is_some_and(|h| *h.namespace == *key.namespace) { String::new() } else { format!("{}/", key.namespace) };
    format!("{kind}{namespace}{}", key.name)
}
