//! Routes from outside to Services of the rendering, and the ports that they want there.

use crate::check::hits::Hits;
use crate::check::references;
use crate::check::subject::{Known, Scene, Subject, filled_in, items};
use crate::yaml::Val;

/// Finds Ingresses and routes that lead to a port that their Service does not have.
pub(super) fn ports<'s>(scene: &'s Scene, _: &Known, hits: &mut Hits<'s>) {
    for ingress in scene.of_kind("Ingress") {
        for (service, name) in references::backends(ingress) {
            let named = service.at(&["port", "name"]);
            let port = named.or_else(|| service.at(&["port", "number"]));
            look(scene, (ingress, name), port, named.is_some(), hits);
        }
    }
    for kind in ["HTTPRoute", "GRPCRoute", "TCPRoute", "TLSRoute", "UDPRoute"] {
        for route in scene.of_kind(kind) {
            for backend in references::route_backends(&route.val).filter(|b| b.get("namespace").is_none()) {
                if let Some(name) = backend.get("name") {
                    look(scene, (route, name), backend.get("port"), false, hits);
                }
            }
        }
    }
}

fn look<'s>(scene: &Scene, (route, name): (&'s Subject, &Val), port: Option<&Val>, named: bool, hits: &mut Hits<'s>) {
    let Some(service) = scene.find("Service", name.as_text().unwrap_or_default(), &route.namespace) else { return };
    let (Some(port), Some(text)) = (port, port.and_then(Val::scalar)) else { return };
    let field = if named { "name" } else { "port" };
    let there: Vec<String> =
        items(&service.val, &["spec", "ports"]).iter().filter_map(|p| p.get(field).and_then(Val::scalar)).collect();
    let later = filled_in(&text) || there.iter().any(|port| filled_in(port));
    if service.text(&["spec", "type"]).as_deref() == Some("ExternalName") || later || there.contains(&text) {
        return;
    }
    let has = if there.is_empty() { "none".to_owned() } else { there.join(", ") };
    hits.at(route, port, format!("{} leads to the port {text} of {}, which has {has}", route.told(), service.told()));
}
