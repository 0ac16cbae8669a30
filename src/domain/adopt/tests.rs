//! A cluster in a few lines each, and what is proposed for it.
#![expect(clippy::unwrap_used, clippy::needless_pass_by_value, reason = "a test fails by failing; its tables read better so")]

use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::project::{Credential, Provider, Repository};

fn flux(kind: &str, name: &str, labels: &[(&str, &str)], spec: Value, inventory: &[&str]) -> Arc<FluxObject> {
    let mut parts = name.rsplit('/');
    let (name, namespace, cluster) = (parts.next().unwrap(), parts.next().unwrap_or(SYSTEM), parts.next().unwrap_or("c"));
    let entries: Vec<Value> = inventory.iter().map(|id| json!({ "id": id, "v": "v1" })).collect();
    let value = json!({
        "key": ObjectKey::new(&cluster.into(), kind, namespace, name), "uid": name, "resource_version": "1", "generation": 1,
        "created": null, "deleting": false, "requested_at": null, "labels": labels, "marks": [], "spec": spec,
        "status": { "inventory": { "entries": entries } },
    });
    Arc::new(serde_json::from_value(value).unwrap())
}

/// A GitRepository that follows main.
fn git(name: &str, url: &str) -> Arc<FluxObject> {
    flux("GitRepository", name, &[], json!({ "url": url, "ref": { "branch": "main" } }), &[])
}

/// A Kustomization of a GitRepository in its namespace.
fn ks(name: &str, source: &str, path: &str) -> Arc<FluxObject> {
    ks_with(name, json!({ "sourceRef": { "kind": "GitRepository", "name": source }, "path": path, "interval": "5m" }), &[])
}

fn ks_with(name: &str, spec: Value, inventory: &[&str]) -> Arc<FluxObject> {
    flux("Kustomization", name, &[], spec, inventory)
}

fn world(mut objects: Vec<Arc<FluxObject>>) -> World {
    objects.sort_by(|a, b| a.key.cmp(&b.key));
    World { flux: Arc::new(objects), ..World::default() }
}

/// Draws what is proposed: a line per environment, a remark per project, then what is left.
fn draw(survey: &Survey) -> String {
    let mut out = Vec::new();
    for proposal in &survey.proposals {
        out.extend(proposal.remarks.iter().map(|remark| format!("{}: {}", proposal.project.slug, remark.key())));
        for found in &proposal.environments {
            let (e, g) = (&found.environment, &found.environment.gitops);
            let guesses: Vec<&str> = found.guesses.iter().map(|guess| guess.field).collect();
            let known = if proposal.known { "+" } else { "" };
            let sync = if g.auto_sync { "auto" } else { "manual" };
            out.push(format!(
                "{known}{} {} {}@{} {}:{} {sync} {} <- {} ?{}",
                e.id,
                e.kind,
                e.namespace,
                e.cluster,
                g.branch,
                g.path,
                g.interval,
                found.object.name,
                guesses.join(",")
            ));
        }
    }
    out.extend(survey.left.iter().map(|left| format!("- {} {}", left.object, left.why.words())));
    out.join("\n")
}

const SHOP: &str = "https://git.example/acme/shop.git";
const FLEET: &str = "ssh://git@git.example/acme/fleet";

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn pairs_become_projects_and_environments() {
    let target = |source: &str, path: &str, target: &str| json!({ "sourceRef": { "kind": "GitRepository", "name": source }, "path": path, "interval": "1m", "targetNamespace": target });
    let cases: [(&str, Vec<Arc<FluxObject>>, &str); 13] = [
        (
            "overlays of one repository are one project",
            vec![
                git("shop", SHOP),
                ks("shop-dev", "shop", "./k8s/overlays/dev"),
                ks("shop-prod", "shop", "k8s/overlays/production/"),
            ],
            "shop/development development default@c main:k8s/overlays/dev auto 5m <- shop-dev ?type,namespace\n\
             shop/production production default@c main:k8s/overlays/production auto 5m <- shop-prod ?type,namespace,approval",
        ),
        (
            "the target namespace is certain, and a suspended one is synced by hand",
            vec![
                git("shop", SHOP),
                ks_with(
                    "shop",
                    json!({ "sourceRef": { "kind": "GitRepository", "name": "shop" }, "path": "deploy", "interval": "10m0s",
                        "targetNamespace": "shop-staging", "suspend": true }),
                    &[],
                ),
            ],
            "shop/staging staging shop-staging@c main:deploy manual 10m0s <- shop ?type",
        ),
        (
            "the inventory tells the namespace",
            vec![
                git("shop", SHOP),
                ks_with(
                    "shop-qa",
                    json!({ "sourceRef": { "kind": "GitRepository", "name": "shop" }, "path": "deploy", "interval": "1m" }),
                    &["_store__Namespace", "store_web_apps_Deployment", "monitoring_web_monitoring.coreos.com_ServiceMonitor"],
                ),
            ],
            "shop/testing testing store@c main:deploy auto 1m <- shop-qa ?type",
        ),
        (
            "applications are told apart by path where it is clear",
            vec![
                git("fleet", FLEET),
                ks("blog", "fleet", "./apps/blog/overlays/prod"),
                ks("shop-dev", "fleet", "./apps/shop/overlays/dev"),
                ks("shop-prod", "fleet", "./apps/shop/overlays/prod"),
            ],
            "blog: by-path\n\
             blog/production production default@c main:apps/blog/overlays/prod auto 5m <- blog ?type,namespace,approval\n\
             shop: by-path\n\
             shop/development development default@c main:apps/shop/overlays/dev auto 5m <- shop-dev ?type,namespace\n\
             shop/production production default@c main:apps/shop/overlays/prod auto 5m <- shop-prod ?type,namespace,approval",
        ),
        (
            "else they are one project, and that is said",
            vec![
                git("fleet", FLEET),
                ks("apps", "fleet", "./apps/staging"),
                ks("infra", "fleet", "./infrastructure/controllers"),
            ],
            "fleet: unclear\n\
             fleet/staging staging default@c main:apps/staging auto 5m <- apps ?type,namespace\n\
             fleet/production production default@c main:infrastructure/controllers auto 5m <- infra ?type,namespace,approval",
        ),
        (
            "one repository by several addresses is one project; what is taken is called otherwise",
            vec![
                git("a/flux-system/shop", SHOP),
                git("b/flux-system/shop", "git@git.example:acme/shop"),
                ks("a/flux-system/shop", "shop", "./k8s/prod"),
                ks("b/flux-system/shop", "shop", "./k8s/prod"),
            ],
            "shop: urls\n\
             shop/production production default@a main:k8s/prod auto 5m <- shop ?type,namespace,approval\n\
             shop/shop production default@b main:k8s/prod auto 5m <- shop ?type,namespace,approval,name",
        ),
        (
            "a path that several have does not tell them apart",
            vec![
                git("shop", SHOP),
                ks("shop-dev", "shop", "./k8s/overlays/production"),
                ks("shop-live", "shop", "./k8s/overlays/production"),
            ],
            "shop/development development default@c main:k8s/overlays/production auto 5m <- shop-dev ?type,namespace\n\
             shop/production production default@c main:k8s/overlays/production auto 5m <- shop-live ?type,namespace,approval",
        ),
        (
            "a source in another namespace, a branch as a full name",
            vec![
                flux(
                    "GitRepository",
                    "c/sources/shop",
                    &[],
                    json!({ "url": SHOP, "ref": { "name": "refs/heads/develop" } }),
                    &[],
                ),
                ks_with(
                    "c/team/web",
                    json!({ "sourceRef": { "kind": "GitRepository", "name": "shop", "namespace": "sources" },
                    "path": "./web", "interval": "1m" }),
                    &[],
                ),
            ],
            "shop/development development default@c develop:web auto 1m <- web ?type,namespace",
        ),
        (
            "a HelmRelease belongs to the Kustomization that applies it",
            vec![
                git("shop", SHOP),
                ks_with("shop-stg", target("shop", "./release", ""), &["flux-system_shop_helm.toolkit.fluxcd.io_HelmRelease"]),
                flux(
                    "HelmRelease",
                    "shop",
                    &[("kustomize.toolkit.fluxcd.io/name", "shop-stg"), ("kustomize.toolkit.fluxcd.io/namespace", SYSTEM)],
                    json!({ "targetNamespace": "store", "chart": { "spec": { "chart": "./chart", "sourceRef": { "kind": "GitRepository", "name": "shop" } } } }),
                    &[],
                ),
            ],
            "shop/staging staging store@c main:release auto 1m <- shop-stg ?type",
        ),
        (
            "what follows no branch, or no Git, is left with the reason",
            vec![
                flux("GitRepository", "tag", &[], json!({ "url": SHOP, "ref": { "tag": "v1" } }), &[]),
                flux("GitRepository", "range", &[], json!({ "url": SHOP, "ref": { "semver": ">=1" } }), &[]),
                flux("GitRepository", "pin", &[], json!({ "url": SHOP, "ref": { "branch": "main", "commit": "abc" } }), &[]),
                ks("a", "tag", "./k8s"),
                ks("b", "range", "./k8s"),
                ks("d", "pin", "./k8s"),
                ks("e", "nowhere", "./k8s"),
                ks_with("f", json!({ "sourceRef": { "kind": "OCIRepository", "name": "x" }, "path": "./k8s" }), &[]),
                ks_with("g", json!({ "sourceRef": { "kind": "Bucket", "name": "x" } }), &[]),
            ],
            "- Kustomization/flux-system/a its source follows the tag v1, not a branch: a commit would not reach it\n\
             - Kustomization/flux-system/b its source follows the semver >=1, not a branch: a commit would not reach it\n\
             - Kustomization/flux-system/d its source follows the commit abc, not a branch: a commit would not reach it\n\
             - Kustomization/flux-system/e GitRepository/flux-system/nowhere is not there\n\
             - Kustomization/flux-system/f its content comes from a OCIRepository: there is nothing in Git that a deployment could change\n\
             - Kustomization/flux-system/g its content comes from a Bucket: there is nothing in Git that a deployment could change",
        ),
        (
            "Flux itself, the root of a fleet, the whole repository and other clusters are left",
            vec![
                git("flux-system", FLEET),
                ks("flux-system", "flux-system", "./clusters/prod"),
                ks_with(
                    "tenants",
                    target("flux-system", "./tenants", ""),
                    &["apps_a_kustomize.toolkit.fluxcd.io_Kustomization", "apps_b_kustomize.toolkit.fluxcd.io_Kustomization"],
                ),
                ks_with(
                    "far",
                    json!({ "sourceRef": { "kind": "GitRepository", "name": "flux-system" }, "path": "./far",
                    "kubeConfig": { "secretRef": { "name": "far" } } }),
                    &[],
                ),
                ks("whole", "flux-system", "./"),
            ],
            "- Kustomization/flux-system/far it is applied to another cluster (spec.kubeConfig), where nothing can be watched from here\n\
             - Kustomization/flux-system/flux-system it is Flux itself\n\
             - Kustomization/flux-system/tenants it applies 2 other Kustomizations; they are looked at by themselves\n\
             - Kustomization/flux-system/whole its path is the whole repository: which part of it is the application is not clear",
        ),
        (
            "a HelmRelease without Git, or made by hand",
            vec![
                git("shop", SHOP),
                flux(
                    "HelmRelease",
                    "redis",
                    &[],
                    json!({ "chart": { "spec": { "chart": "redis", "sourceRef": { "kind": "HelmRepository", "name": "x" } } } }),
                    &[],
                ),
                flux(
                    "HelmRelease",
                    "web",
                    &[],
                    json!({ "chart": { "spec": { "chart": "./chart", "sourceRef": { "kind": "GitRepository", "name": "shop" } } } }),
                    &[],
                ),
            ],
            "- HelmRelease/flux-system/redis its content comes from a HelmRepository: there is nothing in Git that a deployment could change\n\
             - HelmRelease/flux-system/web its chart chart comes from GitRepository/flux-system/shop, but no Kustomization applies the HelmRelease: its values are only in the cluster, where no commit reaches them; commit it to a folder that a Kustomization applies, and adopt that",
        ),
        (
            "a record that would not be taken is left",
            vec![git("shop", SHOP), ks("shop-dev", "shop", "../elsewhere")],
            "- Kustomization/flux-system/shop-dev That cannot be the path: \u{201c}../elsewhere\u{201d}: it leads out of the repository. \
             Name a folder within the repository, for example k8s/overlays/production.",
        ),
    ];
    for (case, objects, expect) in cases {
        let world = world(objects);
        let found = survey(&world, None);
        assert_eq!(draw(&found), expect, "{case}");
        assert_eq!(found, survey(&world, None), "{case}: the same world, the same words");
    }
}

#[test]
fn what_is_recorded_is_left_out_and_its_project_gets_the_rest() {
    let mut world = world(vec![git("shop", SHOP), ks("shop-dev", "shop", "./k8s/dev"), ks("shop-prod", "shop", "./k8s/prod")]);
    let project = Project {
        slug: "store".parse().unwrap(),
        name: "Store".to_owned(),
        description: String::new(),
        organization: "acme".to_owned(),
        repository: Repository {
            provider: Provider::Git,
            url: "git@git.example:acme/shop.git".to_owned(),
            default_branch: "main".to_owned(),
            credential: Credential::None,
        },
    };
    let mut environment =
        Environment::with_defaults("store/production".parse().unwrap(), EnvironmentType::Production, "c".into());
    environment.gitops.kustomization = ObjectName::new(SYSTEM, "shop-prod");
    world.projects = Arc::new(vec![Arc::new(project)]);
    world.environments = Arc::new(vec![Arc::new(environment)]);
    assert_eq!(
        draw(&survey(&world, None)),
        "+store/development development default@c main:k8s/dev auto 5m <- shop-dev ?type,namespace"
    );
    assert!(survey(&world, Some(&"other".into())).is_empty());

    // Another repository of the same name does not come into a project that is not its own.
    let mut objects: Vec<_> = world.flux.iter().cloned().collect();
    objects.extend([git("other", "https://git.example/else/store"), ks("other-dev", "other", "./k8s/dev")]);
    objects.sort_by(|a, b| a.key.cmp(&b.key));
    world.flux = Arc::new(objects);
    assert!(draw(&survey(&world, None)).contains("store-2: taken\nstore-2/development "), "{}", draw(&survey(&world, None)));
}

#[test]
fn what_cannot_be_renamed_stays_as_it_was() {
    let world = world(vec![git("shop", SHOP), ks("shop", "shop", "./k8s"), git("fleet", FLEET), ks("fleet", "fleet", "./apps")]);
    let before = survey(&world, None);
    let [one, other] = before.proposals.as_slice() else { unreachable!("{}", draw(&before)) };
    let taken = other.environments[0].environment.id.clone();
    let beside = EnvironmentId::new(taken.project.clone(), "beside".parse().unwrap());
    let fine = EnvironmentId::new(one.project.slug.clone(), "beside".parse().unwrap());
    let mut found = before.clone();
    assert!(found.rename(&world, (0, 0), &taken, None).unwrap_err().what.contains("exists already"));
    assert!(found.rename(&world, (0, 0), &beside, None).unwrap_err().what.contains("another repository"));
    assert_eq!(found, before);
    found.rename(&world, (0, 0), &fine, None).unwrap();
    assert_eq!(found.proposals[0].environments[0].environment.id, fine);
}
