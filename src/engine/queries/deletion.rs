//! What deleting an object would do, read from the cluster just before it is asked.

use std::sync::Arc;

use domain::Trouble;
use domain::flux::{InventoryEntry, ObjectKey};
use domain::ident::EnvironmentId;
use domain::orders::{Consequences, Delete, Pruning};
use domain::project::EnvironmentType;
use domain::query::Answer;
use domain::text::one_line;
use domain::world::World;
use serde_json::Value;

use crate::objects;
use crate::shared::Core;

/// How many names are told at most.
const NAMED: usize = 20;

pub(super) async fn deletion(core: &Arc<Core>, keys: Vec<ObjectKey>) -> Result<Answer, Trouble> {
    let world = Arc::clone(&core.world.borrow());
    let mut out = Vec::with_capacity(keys.len());
    for key in keys {
        let object = core.fleet.object(&key).await?.ok_or_else(|| {
            Trouble::not_found("It does not exist there", &key).next("Refresh and check the name and the namespace.")
        })?;
        let uid = object.pointer("/metadata/uid").and_then(Value::as_str).map(str::to_owned);
        let facts = consequences(&world, &key, &object);
        out.push(Delete { uid, facts: Some(facts), ..Delete::new(key) });
    }
    Ok(Answer::Deletion(out))
}

/// Says what deleting an environment's Flux objects would do: a source that others take too is left out.
pub(super) async fn removal(core: &Arc<Core>, id: &EnvironmentId) -> Result<Answer, Trouble> {
    let environment = core.scene(id)?.environment;
    let [source, kustomization] = domain::departure::keys(&environment);
    let secret =
        ObjectKey::new(&source.context(), "Secret", &source.namespace, &objects::secret_name(&environment.gitops.source));
    let mut out: Vec<Delete> = Vec::new();
    let mut shared = false;
    for key in [kustomization.clone(), source, secret] {
        let ours = &*key.kind == "Kustomization" || !shared;
        if !ours || core.fleet.object(&key).await?.is_none() {
            continue;
        }
        let Answer::Deletion(found) = deletion(core, vec![key]).await? else { continue };
        for mut delete in found {
            let facts = delete.facts.get_or_insert_default();
            facts.dependents.retain(|name| *name != kustomization.to_string());
            shared |= !facts.dependents.is_empty();
            if facts.dependents.is_empty() {
                out.push(delete);
            }
        }
    }
    Ok(Answer::EnvironmentRemoval(out))
}

/// Says what deleting an object would do. Pure.
fn consequences(world: &World, key: &ObjectKey, object: &Value) -> Consequences {
    let flag = |pointer: &str| object.pointer(pointer).and_then(Value::as_bool).unwrap_or(false);
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).map(one_line);
    let suspended = flag("/spec/suspend");
    let mut facts = Consequences {
        finalizers: names(object.pointer("/metadata/finalizers")),
        dependents: dependents(world, key),
        production: production(world, key),
        applied_by: applied_by(object),
        ..Consequences::default()
    };
    let is_kustomization =
        &*key.kind == "Kustomization" && text("/apiVersion").is_some_and(|v| v.starts_with("kustomize.toolkit"));
    if is_kustomization {
        let entries = object.pointer("/status/inventory/entries").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        facts.count = entries.len();
        facts.first = entries.iter().take(NAMED).filter_map(entry).collect();
        // As kustomize-controller decides it when it finalizes the object.
        facts.pruning = match text("/spec/deletionPolicy").as_deref() {
            _ if entries.is_empty() => Pruning::None,
            _ if suspended => Pruning::Suspended,
            Some("Delete" | "WaitForTermination") => Pruning::Removes,
            Some("Orphan") => Pruning::Orphans,
            _ if flag("/spec/prune") => Pruning::Removes,
            _ => Pruning::Off,
        };
    }
    if &*key.kind == "HelmRelease" && object.pointer("/status/storageNamespace").is_some() {
        let release = release(object, key);
        if suspended { facts.left = Some(release) } else { facts.release = Some(release) }
    }
    facts
}

/// Returns the names in a list of texts.
fn names(list: Option<&Value>) -> Vec<String> {
    list.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).map(one_line).collect()
}

/// Returns an entry of an inventory as `Kind/namespace/name`.
fn entry(value: &Value) -> Option<String> {
    let entry = InventoryEntry { id: value.get("id").and_then(Value::as_str)?, v: "" };
    let ((namespace, _, _, kind), name) = (entry.parts()?, entry.name()?);
    Some(one_line(&if namespace.is_empty() { format!("{kind}/{name}") } else { format!("{kind}/{namespace}/{name}") }))
}

/// Returns a HelmRelease's release as `namespace/name`, as its status tells it.
fn release(object: &Value, key: &ObjectKey) -> String {
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str);
    let name = text("/status/history/0/name").or_else(|| text("/spec/releaseName")).unwrap_or(&key.name);
    let namespace = text("/status/history/0/namespace").or_else(|| text("/spec/targetNamespace")).unwrap_or(&key.namespace);
    one_line(&format!("{namespace}/{name}"))
}

/// Returns the Flux objects that take their content from an object.
fn dependents(world: &World, key: &ObjectKey) -> Vec<String> {
    let takes = |o: &&Arc<domain::flux::FluxObject>| cluster::act::source_of(o).as_ref() == Some(key);
    world.flux.iter().filter(takes).take(NAMED).map(|o| o.key.to_string()).collect()
}

/// Returns the production environment that an object belongs to: it is of its namespace, or one of its Flux objects.
fn production(world: &World, key: &ObjectKey) -> Option<EnvironmentId> {
    let mut all = world.environments.iter().filter(|e| e.kind == EnvironmentType::Production && *e.cluster.0 == *key.cluster);
    let found = all.find(|e| {
        let here = |name: &domain::ident::ObjectName| *name.namespace == *key.namespace && *name.name == *key.name;
        let flux = match &*key.kind {
            "Kustomization" => here(&e.gitops.kustomization),
            "GitRepository" => here(&e.gitops.source),
            "Namespace" => *e.namespace == *key.name,
            _ => false,
        };
        flux || (!key.namespace.is_empty() && *e.namespace == *key.namespace)
    });
    found.map(|e| e.id.clone())
}

/// Returns the Flux object that applied an object, from the labels that its controller puts on it.
fn applied_by(object: &Value) -> Option<String> {
    let labels = object.pointer("/metadata/labels")?;
    let (kind, namespace, name) = domain::origin::applied_by(|name| labels.get(name).and_then(Value::as_str))?;
    Some(one_line(&format!("{kind}/{namespace}/{name}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(kind: &str, object: &Value) -> Consequences {
        consequences(&World::default(), &ObjectKey::new(&"c".into(), kind, "apps", "shop"), object)
    }

    #[test]
    fn pruning_is_what_the_controller_will_do() {
        let entries = json!([{ "id": "shop_web_apps_Deployment", "v": "v1" }, { "id": "_shop__Namespace", "v": "v1" }]);
        for (spec, expect) in [
            (json!({ "prune": true }), Pruning::Removes),
            (json!({ "prune": false }), Pruning::Off),
            (json!({ "prune": true, "suspend": true }), Pruning::Suspended),
            (json!({ "prune": false, "deletionPolicy": "Delete" }), Pruning::Removes),
            (json!({ "prune": true, "deletionPolicy": "Orphan" }), Pruning::Orphans),
            (json!({ "prune": true, "deletionPolicy": "MirrorPrune" }), Pruning::Removes),
        ] {
            let object = json!({ "apiVersion": "kustomize.toolkit.fluxcd.io/v1", "spec": spec, "status": { "inventory": { "entries": entries } } });
            let facts = of("Kustomization", &object);
            assert_eq!((facts.pruning, facts.count), (expect, 2), "{object}");
            assert_eq!(facts.first, ["Deployment/shop/web", "Namespace/shop"]);
        }
    }

    #[test]
    fn a_helm_release_takes_its_release_along_unless_it_is_suspended() {
        let mut object = json!({ "metadata": { "finalizers": ["finalizers.fluxcd.io"] }, "spec": {},
            "status": { "storageNamespace": "apps", "history": [{ "name": "shop-x", "namespace": "prod" }] } });
        let facts = of("HelmRelease", &object);
        assert_eq!((facts.release.as_deref(), facts.finalizers.len()), (Some("prod/shop-x"), 1));
        object["spec"]["suspend"] = json!(true);
        assert_eq!(of("HelmRelease", &object).left.as_deref(), Some("prod/shop-x"));
        assert_eq!(of("HelmRelease", &json!({})).release, None, "nothing was installed");
    }

    #[test]
    fn who_applied_it_will_bring_it_back() {
        let labels =
            json!({ "kustomize.toolkit.fluxcd.io/name": "apps", "kustomize.toolkit.fluxcd.io/namespace": "flux-system" });
        let facts = of("Deployment", &json!({ "metadata": { "labels": labels } }));
        assert_eq!(facts.applied_by.as_deref(), Some("Kustomization/flux-system/apps"));
    }
}
