//! The host under which an Ingress, or a route of the Gateway API, leads to a Service of the workload.

use domain::edit::{Choice, Edit, Field, Found};

use crate::build::resource::{Resource, same_namespace};
use crate::edit::network::{no_service, pick, services, tell};
use crate::edit::objects::{self, cannot, here};
use crate::edit::{Desk, nested, operations};
use crate::error::Error;
use crate::locate::Located;
use crate::yaml::{
    At, Fragment, Kind, Meant, NodeId, Place, Plain, Splice, SpliceFault, Style, Tree, Val, insert_entry, quote, remove_item,
    resolve_plain, set_scalar,
};

/// Holds a host of an Ingress or route.
struct Host<'l> {
    object: &'l Resource,
    /// The host; absent where the rule answers for every name.
    text: Option<String>,
    /// Every place that says it.
    spots: Vec<Spot>,
    service: &'l Resource,
}

/// Holds one place of a rendered object.
#[derive(Clone)]
struct Spot {
    /// Its JSON pointer.
    pointer: String,
    /// Where it is written: the value, or what would hold it.
    place: Option<Place>,
    what: What,
}

/// Says what is to be done at a place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    /// Write the new host there.
    Set,
    /// Add the new host to the mapping there, under this key.
    Add(&'static str),
    /// Take the item out of its list: the new host is in it already.
    Remove,
}

const NONE: &str = "an Ingress or route without a host answers for every name";

/// Tells whether a host is the one that an edit asks for.
pub(super) fn met(located: &Located, edit: &Edit) -> Result<bool, Error> {
    let Some(wanted) = &edit.value else { return Err(cannot(located, edit, None, NONE)) };
    let all = hosts(located);
    let chosen = all.iter().any(|h| objects::chosen(located, edit, first(h)));
    // Where nothing else is said, a host that is there already is what was asked for.
    if !chosen && all.iter().any(|h| h.text.as_ref() == Some(wanted)) {
        return Ok(true);
    }
    Ok(one(located, edit)?.text.as_ref() == Some(wanted))
}

/// Changes a host at every place of its object, the `tls` entry included.
pub(super) fn step(desk: &mut Desk, located: &Located, edit: &Edit) -> Result<(), Error> {
    let host = one(located, edit)?;
    let Some(new) = &edit.value else { return Err(cannot(located, edit, None, NONE)) };
    let mut spots = host.spots.clone();
    spots.extend(host.text.as_ref().map(|old| tls(host.object, old, new)).unwrap_or_default());
    let (ours, foreign): (Vec<Spot>, Vec<Spot>) =
        spots.into_iter().partition(|s| s.place.is_some_and(|(number, _)| here(located, edit, number)));
    let mut numbers: Vec<u32> = ours.iter().filter_map(|s| s.place).map(|(number, _)| number).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let mut fresh = None;
    for number in numbers {
        let spots: Vec<(NodeId, What)> =
            ours.iter().filter_map(|s| s.place.filter(|(n, _)| *n == number).map(|(_, node)| (node, s.what))).collect();
        let there = edit.choice == Some(Choice::Written);
        nested::change(desk, fresh.as_ref().unwrap_or(located), (number, &edit.field), |tree| {
            if there { written(&tree.clone().regardless(), &spots, new) } else { written(tree, &spots, new) }
        })
        .map_err(|error| objects::asked(error, edit))?;
        // The next text may stand in the same file, which has changed.
        fresh = Some(Located::new(&desk.files, &located.folder, Some(&located.reference()))?);
    }
    if foreign.is_empty() {
        return Ok(());
    }
    let text = Fragment::Text(new.clone());
    let operation = |spot: Spot| {
        let (op, value) = match spot.what {
            What::Set => ("replace", Some(text.clone())),
            What::Add("hostnames") => ("add", Some(Fragment::List(vec![text.clone()]))),
            What::Add(_) => ("add", Some(text.clone())),
            What::Remove => ("remove", None),
        };
        let mut pairs =
            vec![("op".to_owned(), Fragment::Plain(op.to_owned())), ("path".to_owned(), Fragment::Text(spot.pointer))];
        pairs.extend(value.map(|value| ("value".to_owned(), value)));
        Fragment::Map(pairs)
    };
    // What goes goes last, and from behind, so that no position before it moves.
    let (gone, kept): (Vec<Spot>, Vec<Spot>) = foreign.into_iter().partition(|s| s.what == What::Remove);
    let operations: Vec<_> = kept.into_iter().chain(gone.into_iter().rev()).map(operation).collect();
    operations::append(desk, fresh.as_ref().unwrap_or(located), (host.object, &edit.field), &operations)
}

/// Adds the hosts that lead to the workload with their places.
pub(super) fn found(located: &Located, found: &mut Vec<Found>) {
    for host in hosts(located) {
        let Some(text) = &host.text else { continue };
        let mut one = tell(located, host.object, (Field::IngressHost, text.clone(), first(&host)));
        let tls = host.object.val.at(&["spec", "tls"]).map(Val::items).unwrap_or_default();
        let names = |entry: &Val| entry.get("hosts").map(Val::items).unwrap_or_default().iter().any(|h| covers(h, text));
        let secure = match (tls, tls.iter().any(names)) {
            ([], _) => "",
            (_, true) => ", with its tls",
            (_, false) => "; its tls names other hosts",
        };
        one.why = format!("{}, which leads to Service {}{secure}", one.why, host.service.written_name());
        found.push(one);
    }
}

/// Tells whether a host of a `tls` entry is a name or a wildcard for it.
fn covers(host: &Val, name: &str) -> bool {
    let Some(host) = host.as_text() else { return false };
    host == name || host.strip_prefix("*.").is_some_and(|rest| name.split_once('.').is_some_and(|(_, tail)| rest == tail))
}

fn first(host: &Host<'_>) -> Option<Place> {
    host.spots.first().and_then(|s| s.place)
}

/// Returns the host that an edit means.
fn one<'l>(located: &'l Located, edit: &Edit) -> Result<Host<'l>, Error> {
    let all = hosts(located);
    let why = format!("{} hosts lead to {}", all.len(), located.reference());
    let candidates = all
        .into_iter()
        .map(|host| {
            let place = first(&host);
            let now = host.text.clone().unwrap_or_else(|| "every host".to_owned());
            let what = format!("changes {now} of {} {}", host.object.kind(), host.object.written_name());
            (host, place, what)
        })
        .collect();
    if let Some(host) = pick(located, edit, candidates, &why)? {
        return Ok(host);
    }
    let services = services(located);
    if services.is_empty() {
        return Err(no_service(located, edit));
    }
    let names: Vec<&str> = services.iter().map(|s| s.written_name()).collect();
    Err(cannot(located, edit, None, format!("no rule of an Ingress or route leads to Service {}", names.join(", "))))
}

/// Returns the hosts that lead to the workload's Services, each once for its object.
fn hosts(located: &Located) -> Vec<Host<'_>> {
    let services = services(located);
    let mut out = Vec::new();
    for object in &located.others {
        let (group, _) = object.group_version();
        let kind = object.kind();
        let ingress = kind == "Ingress" && matches!(group.as_str(), "networking.k8s.io" | "extensions");
        let route = matches!(kind.as_str(), "HTTPRoute" | "GRPCRoute" | "TLSRoute") && group == "gateway.networking.k8s.io";
        let near = |s: &&&Resource| same_namespace(&s.id().namespace, &object.id().namespace);
        if ingress {
            services.iter().filter(near).for_each(|s| of_ingress(object, s, &mut out));
        } else if route {
            services.iter().filter(|s| routed(object, s)).for_each(|s| of_route(object, s, &mut out));
        }
    }
    out
}

fn text(val: &Val, path: &[&str]) -> String {
    val.at(path).and_then(Val::scalar).unwrap_or_default()
}

/// Tells whether a backend of an Ingress is a Service.
fn backend(val: Option<&Val>, service: &Resource) -> bool {
    let name = service.id().name;
    val.is_some_and(|b| text(b, &["service", "name"]) == name || text(b, &["serviceName"]) == name)
}

fn of_ingress<'l>(object: &'l Resource, service: &'l Resource, out: &mut Vec<Host<'l>>) {
    let rules = object.val.at(&["spec", "rules"]).map(Val::items).unwrap_or_default();
    let spec = |key: &str| object.val.at(&["spec", key]);
    let fallback = backend(spec("defaultBackend"), service) || backend(spec("backend"), service);
    let leads = |rule: &Val| match rule.at(&["http", "paths"]) {
        Some(paths) => paths.items().iter().any(|p| backend(p.get("backend"), service)),
        None => fallback,
    };
    for rule in rules.iter().filter(|r| leads(r)) {
        let host = rule.get("host").and_then(Val::scalar).filter(|h| !h.is_empty());
        let known = out.iter().any(|h| std::ptr::eq(h.object, object) && h.text == host);
        if known && host.is_some() {
            continue;
        }
        let mut spots = Vec::new();
        for (at, other) in rules.iter().enumerate() {
            let pointer = format!("/spec/rules/{at}/host");
            match (&host, other.get("host")) {
                // All rules of one host are one site, whatever their paths lead to.
                (Some(host), Some(val)) if val.as_text() == Some(host) => {
                    spots.push(Spot { pointer, place: val.from, what: What::Set });
                }
                (None, Some(val)) if std::ptr::eq(other, rule) => spots.push(Spot { pointer, place: val.from, what: What::Set }),
                (None, None) if std::ptr::eq(other, rule) => {
                    spots.push(Spot { pointer, place: rule.from, what: What::Add("host") });
                }
                _ => {}
            }
        }
        out.push(Host { object, text: host, spots, service });
    }
}

/// Tells whether a route names a Service.
fn routed(object: &Resource, service: &Resource) -> bool {
    let rules = object.val.at(&["spec", "rules"]).map(Val::items).unwrap_or_default();
    let space = object.id().namespace;
    let names = |backend: &Val| {
        let (kind, name, there) = (text(backend, &["kind"]), text(backend, &["name"]), text(backend, &["namespace"]));
        let there = if there.is_empty() { space.clone() } else { there };
        matches!(kind.as_str(), "" | "Service")
            && service.ids().iter().any(|id| id.name == name)
            && service.ids().iter().any(|id| same_namespace(&id.namespace, &there))
    };
    rules.iter().filter_map(|r| r.get("backendRefs")).flat_map(Val::items).any(names)
}

fn of_route<'l>(object: &'l Resource, service: &'l Resource, out: &mut Vec<Host<'l>>) {
    if out.iter().any(|h| std::ptr::eq(h.object, object)) {
        return;
    }
    let Some(spec) = object.val.get("spec") else { return };
    let names = spec.get("hostnames").map(Val::items).unwrap_or_default();
    if names.is_empty() {
        let place = spec.get("hostnames").map_or(spec.from, |_| None);
        let spot = Spot { pointer: "/spec/hostnames".to_owned(), place, what: What::Add("hostnames") };
        out.push(Host { object, text: None, spots: vec![spot], service });
    }
    for (at, name) in names.iter().enumerate() {
        let spot = Spot { pointer: format!("/spec/hostnames/{at}"), place: name.from, what: What::Set };
        out.push(Host { object, text: name.scalar(), spots: vec![spot], service });
    }
}

/// Returns the items of an Ingress's `tls` that name a host.
fn tls(object: &Resource, old: &str, new: &str) -> Vec<Spot> {
    let mut out = Vec::new();
    for (at, entry) in object.val.at(&["spec", "tls"]).map(Val::items).unwrap_or_default().iter().enumerate() {
        let hosts = entry.get("hosts").map(Val::items).unwrap_or_default();
        let there = hosts.iter().any(|h| h.as_text() == Some(new));
        for (position, host) in hosts.iter().enumerate().filter(|(_, h)| h.as_text() == Some(old)) {
            let what = if there { What::Remove } else { What::Set };
            out.push(Spot { pointer: format!("/spec/tls/{at}/hosts/{position}"), place: host.from, what });
        }
    }
    out
}

/// Writes the new host at the places of one text.
fn written(tree: &Tree<'_>, spots: &[(NodeId, What)], new: &str) -> Result<Vec<Splice>, SpliceFault> {
    let set: Vec<NodeId> = spots.iter().filter(|(_, what)| *what == What::Set).map(|(node, _)| *node).collect();
    let mut out = set_all(tree, &set, new)?;
    for (node, what) in spots {
        let text = Fragment::Text(new.to_owned());
        match what {
            What::Set => {}
            What::Add("hostnames") => {
                let list = Fragment::List(vec![text]);
                let after = if tree.get(*node, "parentRefs").is_some() { At::After("parentRefs") } else { At::First };
                out.extend(insert_entry(tree, *node, ("hostnames", &list), after)?);
            }
            What::Add(key) => out.extend(insert_entry(tree, *node, (key, &text), At::First)?),
            What::Remove => {
                let list = tree.node(*node).parent.ok_or(SpliceFault::Unfit("it stands alone"))?;
                let at = tree.items(list).iter().position(|(_, n)| n == node);
                out.extend(remove_item(tree, list, at.ok_or(SpliceFault::Unfit("it stands in no list"))?)?);
            }
        }
    }
    Ok(out)
}

/// Sets several scalars to one text. A value that all of them share through an anchor is written once.
fn set_all(tree: &Tree<'_>, nodes: &[NodeId], new: &str) -> Result<Vec<Splice>, SpliceFault> {
    let mut out = Vec::new();
    let mut done = Vec::new();
    for node in nodes {
        let target = tree.target(*node);
        if done.contains(&target) {
            continue;
        }
        done.push(target);
        let mut uses = tree.nodes().filter(|(id, _)| *id != target && tree.target(*id) == target).map(|(id, _)| id).peekable();
        let anchored = uses.peek().is_some();
        let held = tree.node(target).parent.is_some_and(|p| tree.shared(p).is_some());
        if anchored && !held && nodes.contains(&target) && uses.all(|id| nodes.contains(&id)) {
            out.push(Splice::new(tree.node(target).span.clone(), styled(tree, target, new)));
        } else {
            out.extend(set_scalar(tree, *node, Meant::Text(new))?);
        }
    }
    Ok(out)
}

/// Writes a host in the style of the one that stands there.
fn styled(tree: &Tree<'_>, node: NodeId, new: &str) -> String {
    match tree.node(node).kind {
        Kind::Scalar { style: Style::Plain, .. } if !new.starts_with('*') && resolve_plain(new) == Plain::Text => new.to_owned(),
        Kind::Scalar { style: Style::Single, .. } => format!("'{new}'"),
        _ => quote(new),
    }
}
