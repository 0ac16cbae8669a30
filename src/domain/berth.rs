//! Where a new object may be written in Git: the folders that bring about the objects of its namespace in its cluster.

use crate::flux::{FluxObject, Inventory, ObjectKey};
use crate::ident::{ContextName, EnvironmentId};
use crate::project::{Environment, plain_path};
use crate::world::World;

/// Names a folder that a new object can be written to: a change there goes through the deployments of its environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Berth {
    /// The environment.
    pub environment: EnvironmentId,
    /// The Kustomization that applies the folder.
    pub by: ObjectKey,
    /// The repository.
    pub url: String,
    /// The branch.
    pub branch: String,
    /// The folder, from the repository's root.
    pub path: String,
}

/// Tells whether a Kustomization applies objects to a namespace of its own cluster.
fn feeds(kustomization: &FluxObject, namespace: &str) -> bool {
    let aimed = kustomization.spec.target_namespace.as_deref();
    let within = || {
        let entries = kustomization.status.inventory.iter().flat_map(Inventory::entries);
        entries.filter_map(crate::flux::Applied::parts).any(|(of, ..)| of == namespace)
    };
    !kustomization.spec.remote && aimed.map_or_else(within, |aimed| aimed == namespace)
}

/// Returns the folders that a new object of a namespace can be written to, in the order of the environments.
pub fn berths(world: &World, cluster: &ContextName, namespace: &str) -> Vec<Berth> {
    let berth = |environment: &Environment| {
        let kustomization = world.kustomization(environment)?;
        let aimed = kustomization.spec.target_namespace.as_deref();
        let own = environment.namespace == namespace && aimed.is_none_or(|aimed| aimed == namespace);
        let here = environment.cluster == *cluster && environment.gitops.enabled && !kustomization.spec.remote;
        (here && (own || feeds(kustomization, namespace))).then(|| Berth {
            environment: environment.id.clone(),
            by: kustomization.key.clone(),
            url: world.project(&environment.id.project).map(|project| project.repository.url.clone()).unwrap_or_default(),
            branch: environment.gitops.branch.clone(),
            path: plain_path(&environment.gitops.path),
        })
    };
    world.environments.iter().filter_map(|environment| berth(environment)).collect()
}

/// Returns the Kustomizations that bring about objects of a namespace and that no environment has.
pub fn strangers(world: &World, cluster: &ContextName, namespace: &str) -> Vec<ObjectKey> {
    let known = |key: &ObjectKey| world.environments.iter().any(|e| world.kustomization(e).is_some_and(|own| own.key == *key));
    let of_here = |o: &&std::sync::Arc<FluxObject>| *o.key.cluster == *cluster.0 && &*o.key.kind == "Kustomization";
    let found = world.flux.iter().filter(of_here).filter(|o| feeds(o, namespace) && !known(&o.key));
    found.map(|o| o.key.clone()).collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by failing")]
    use std::sync::Arc;

    use super::*;
    use crate::ident::Slug;
    use crate::project::EnvironmentType;

    fn kustomization(name: &str, target: Option<&str>, inventory: &[&str]) -> Arc<FluxObject> {
        let entries: Vec<serde_json::Value> = inventory.iter().map(|id| serde_json::json!({ "id": id, "v": "v1" })).collect();
        let value = serde_json::json!({
            "key": ObjectKey::new(&"c".into(), "Kustomization", "flux-system", name), "uid": name, "resource_version": "1",
            "generation": 1, "created": null, "deleting": false, "requested_at": null, "labels": [], "marks": [],
            "spec": { "targetNamespace": target }, "status": { "inventory": { "entries": entries } },
        });
        Arc::new(serde_json::from_value(value).unwrap())
    }

    fn environment(name: &str, kustomization: &str, namespace: &str) -> Arc<Environment> {
        let id = EnvironmentId::new(Slug::new("shop").unwrap(), Slug::new(name).unwrap());
        let mut environment = Environment::with_defaults(id, EnvironmentType::Development, "c".into());
        environment.namespace = namespace.to_owned();
        environment.gitops.enabled = true;
        environment.gitops.kustomization.namespace = "flux-system".into();
        environment.gitops.kustomization.name = kustomization.into();
        Arc::new(environment)
    }

    #[test]
    fn a_folder_takes_the_objects_of_the_namespaces_that_it_feeds() {
        let world = World {
            flux: Arc::new(vec![
                kustomization("aimed", Some("apps"), &["other_web_apps_Deployment"]),
                kustomization("fleet", None, &["flux-system_shop_source.toolkit.fluxcd.io_GitRepository"]),
                kustomization("shop", None, &["shop_web_apps_Deployment"]),
            ]),
            environments: Arc::new(vec![environment("dev", "shop", "shop"), environment("prod", "aimed", "other")]),
            ..World::default()
        };
        let c = "c".into();
        let found = |namespace: &str| {
            let names: Vec<String> = berths(&world, &c, namespace).iter().map(|b| b.environment.to_string()).collect();
            let others: Vec<String> = strangers(&world, &c, namespace).iter().map(|key| key.name.to_string()).collect();
            (names.join(" "), others.join(" "))
        };
        assert_eq!(found("shop"), ("shop/dev".into(), String::new()));
        assert_eq!(found("apps"), ("shop/prod".into(), String::new()));
        assert_eq!(found("other"), (String::new(), String::new()), "everything of it goes to another namespace");
        assert_eq!(found("flux-system"), (String::new(), "fleet".into()));
        assert!(berths(&world, &"d".into(), "shop").is_empty());
    }
}
