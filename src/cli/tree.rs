//! `tree`: what came of an object, down to its Pods, and what it came from.

use std::collections::HashSet;
use std::time::Duration;

use clap::Args;
use domain::Trouble;
use domain::flux::{KINDS, ObjectKey};
use domain::ident::ContextName;
use domain::lineage::{Fault, Lineage, Name, Node, Standing, Wait, Way};
use domain::link::{LinkOf, LinkState};
use domain::query::Query;
use domain::world::World;
use serde::Serialize;

use super::targets::{One, running_kind};
use super::{Format, output};
use crate::launch::Deck;

/// How long the workloads and Pods of the namespaces may take to be there.
const LOOK: Duration = Duration::from_secs(10);
/// How many namespaces are looked into.
const NAMESPACES: usize = 40;

/// Shows the tree of an object.
#[derive(Debug, Args)]
#[command(
    after_long_help = "Shows what a source feeds, what a Kustomization or HelmRelease applied, and the ReplicaSets and Pods of workloads. \
    What waits for another object says for which one, and what is wrong with that.\n\n\
    Examples:\n  quarterdeck tree gitrepo/platform\n  quarterdeck tree ks/apps -n team-a -o json\n  quarterdeck tree deployment/web -n shop\n\n\
    JSON: cluster, kind, namespace, name, way (feeds, applies, owns, points), health, state, message, waits_for (a list of kind, \
    namespace, name), below (a list of the same)."
)]
pub(crate) struct Tree {
    #[command(flatten)]
    which: One,
}

/// What `tree -o json` prints for each object.
#[derive(Debug, Serialize)]
struct View {
    cluster: String,
    kind: String,
    namespace: String,
    name: String,
    way: &'static str,
    health: Option<&'static str>,
    state: String,
    message: String,
    waits_for: Vec<Named>,
    below: Vec<Self>,
}

/// Names an object.
#[derive(Debug, Serialize)]
struct Named {
    kind: String,
    namespace: String,
    name: String,
}

pub(crate) async fn run(deck: &Deck, format: Format, tree: Tree) -> Result<(), Trouble> {
    let context = deck.context()?;
    let wanted = tree.which.key(deck, running_kind).await?;
    let kinds: Vec<&str> = KINDS.iter().map(|k| k.name).collect();
    if let Err(trouble) = deck.listed(&context, &kinds).await {
        // Some kinds may be kept from view; what can be seen is shown, and what is missing is said.
        if deck.world().flux.is_empty() {
            return Err(trouble);
        }
        output::remark(&trouble);
    }
    let first = Lineage::new(&deck.world());
    let mut namespaces = of_flux(&first, first.find(&wanted));
    if wanted.flux_kind().is_none() {
        namespaces = vec![wanted.namespace.to_string()];
    }
    if namespaces.len() > NAMESPACES {
        output::note(&format!("Only the first {NAMESPACES} of {} namespaces are looked into.", namespaces.len()));
        namespaces.truncate(NAMESPACES);
    }
    let places: Vec<_> = namespaces.iter().map(|namespace| (context.clone(), namespace.clone())).collect();
    tokio::select! {
        answer = deck.ask(Query::Hold(places)) => drop(answer?),
        () = looked_into(deck, &context, &namespaces) => {}
    }
    let world = deck.world();
    let lineage = Lineage::new(&world);
    let Some(node) = lineage.find(&wanted) else {
        return Err(Trouble::not_found("There is no such object", &wanted).next("List them: quarterdeck get all -A"));
    };
    if matches!(format, Format::Table | Format::Wide) {
        for up in lineage.parents(&wanted).iter().rev() {
            output::line(&format!("{up}  >"));
        }
    }
    let view = view(&world, &lineage, (node, "root"), &mut HashSet::new());
    match format {
        Format::Json | Format::Yaml => output::show(format, &view, &[]),
        Format::Table | Format::Wide | Format::Name => {
            let mut rows = vec![output::row(["NAME", "STATE", "MESSAGE"])];
            walk(&view, ("", ""), format, &mut rows);
            output::show(format, &view, &rows)
        }
    }
}

/// Returns the namespaces in which something of a node and of all below it runs.
fn of_flux(lineage: &Lineage, node: Option<Node>) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut next: Vec<Node> = node.into_iter().collect();
    while let Some(node) = next.pop() {
        for namespace in lineage.namespaces(node) {
            if !out.iter().any(|known| known == namespace) {
                out.push(namespace.to_owned());
            }
        }
        let below = lineage.children(node).into_iter().filter(|c| c.way != Way::Points && matches!(c.node, Node::Flux(_)));
        next.extend(below.map(|c| c.node));
    }
    out
}

/// Waits, not for ever, until the workloads and Pods of namespaces are there or it is known why not.
async fn looked_into(deck: &Deck, context: &ContextName, namespaces: &[String]) {
    let kinds = ["Deployment", "StatefulSet", "DaemonSet", "Pod"];
    let settled = |world: &World| {
        namespaces.iter().all(|wanted| {
            kinds.iter().all(|wanted_kind| {
                world.links.iter().any(|link| {
                    let ours = match &link.of {
                        LinkOf::Kind { cluster, kind, namespace } => {
                            *cluster == context.0 && kind == wanted_kind && namespace == wanted
                        }
                        _ => false,
                    };
                    ours && !matches!(link.state, LinkState::Connecting | LinkState::Listing { .. })
                })
            })
        })
    };
    let mut worlds = deck.worlds();
    let heard = worlds.wait_for(|world| settled(world));
    if tokio::time::timeout(LOOK, heard).await.is_err() {
        output::note("Not every namespace answered in time; what is not known says so.");
    }
}

fn view(world: &World, lineage: &Lineage, (node, way): (Node, &'static str), seen: &mut HashSet<Node>) -> View {
    let name = lineage.name(node).unwrap_or(Name { cluster: "", kind: "", namespace: "", name: "".into() });
    let standing = lineage.standing(node, world);
    let wait = lineage.waits(node);
    let stale = lineage.not_fresh(node, world).is_some();
    let below = if way == "points" || !seen.insert(node) { Vec::new() } else { lineage.children(node) };
    View {
        cluster: name.cluster.to_owned(),
        kind: name.kind.to_owned(),
        namespace: name.namespace.to_owned(),
        name: name.name.into_owned(),
        way,
        health: if stale { Some("unknown") } else { standing.health().map(domain::flux::Health::word) },
        state: if stale { "stale".to_owned() } else { state(&standing) },
        message: wait.as_ref().map_or_else(|| message(&standing), sentence),
        waits_for: wait.iter().flat_map(|w| &w.chain).map(named).collect(),
        below: below.into_iter().map(|child| view(world, lineage, (child.node, word(child.way)), seen)).collect(),
    }
}

fn named(key: &ObjectKey) -> Named {
    Named { kind: key.kind.to_string(), namespace: key.namespace.to_string(), name: key.name.to_string() }
}

const fn word(way: Way) -> &'static str {
    match way {
        Way::Feeds => "feeds",
        Way::Applies => "applies",
        Way::Owns => "owns",
        Way::Points => "points",
    }
}

fn state(standing: &Standing) -> String {
    match standing {
        Standing::Flux(object) => object.health().word().to_owned(),
        Standing::Workload(workload) => format!("{}/{}", workload.ready, workload.replicas),
        Standing::Set(ready, all) => format!("{ready}/{all}"),
        Standing::Pod(pod) if pod.deleting => "Terminating".to_owned(),
        Standing::Pod(pod) => pod.fault().map_or_else(|| pod.phase.clone(), |fault| fault.reason),
        Standing::Named => String::new(),
        Standing::Missing => "missing".to_owned(),
        Standing::Unseen(Some(LinkState::Forbidden { .. })) => "forbidden".to_owned(),
        Standing::Unseen(_) => "not seen".to_owned(),
    }
}

fn message(standing: &Standing) -> String {
    match standing {
        Standing::Flux(object) => object.message().to_owned(),
        Standing::Workload(workload) => workload.containers.iter().map(|c| c.image.as_str()).collect::<Vec<_>>().join(" "),
        Standing::Pod(pod) => pod.fault().map(|fault| fault.message).unwrap_or_default(),
        Standing::Missing => "in the inventory, but not in the cluster".to_owned(),
        Standing::Unseen(Some(LinkState::Forbidden { why })) => why.clone(),
        Standing::Set(..) | Standing::Named | Standing::Unseen(_) => String::new(),
    }
}

/// Says what an object waits for.
fn sentence(wait: &Wait) -> String {
    let names = wait.chain.iter().map(ToString::to_string).collect::<Vec<_>>().join(" -> ");
    match &wait.fault {
        Fault::Missing => format!("waits for {names}, which does not exist"),
        Fault::Failed(message) => format!("waits for {names}, which failed: {message}"),
        Fault::Suspended => format!("waits for {names}, which is suspended"),
        Fault::Busy(message) if message.is_empty() => format!("waits for {names}"),
        Fault::Busy(message) => format!("waits for {names}: {message}"),
        Fault::Ring => format!("waits for itself: {names}"),
    }
}

/// Writes a row for each object, with its branches in front.
fn walk(view: &View, (front, below): (&str, &str), format: Format, rows: &mut Vec<Vec<String>>) {
    let points = if view.way == "points" { "-> " } else { "" };
    let namespace = if view.namespace.is_empty() { String::new() } else { format!(" ({})", view.namespace) };
    rows.push(match format {
        Format::Name => vec![format!("{}/{}/{}", view.kind, view.namespace, view.name)],
        _ => {
            vec![format!("{front}{points}{}/{}{namespace}", view.kind, view.name), view.state.clone(), view.message.clone()]
        }
    });
    let last = view.below.len().saturating_sub(1);
    for (at, child) in view.below.iter().enumerate() {
        let (branch, rest) = if at == last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
        walk(child, (&format!("{below}{branch}"), &format!("{below}{rest}")), format, rows);
    }
}
