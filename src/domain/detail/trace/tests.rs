//! Ways through clusters written down as JSON.

use serde_json::json;

use super::*;
use crate::ident::ContextName;

const ONE: &str = "1111111111111111111111111111111111111111";
const TWO: &str = "2222222222222222222222222222222222222222";

fn key(kind: &str, namespace: &str, name: &str) -> ObjectKey {
    ObjectKey::new(&ContextName::from("one"), kind, namespace, name)
}

fn owned(kind: &str, name: &str) -> Value {
    json!({ "metadata": { "ownerReferences": [{ "kind": kind, "name": name, "controller": true }] } })
}

fn labelled(group: &str, namespace: &str, name: &str) -> Value {
    json!({ format!("{group}/namespace"): namespace, format!("{group}/name"): name })
}

fn cluster() -> Known {
    let fleet = labelled("kustomize.toolkit.fluxcd.io", "flux", "fleet");
    let ready = json!([{ "type": "Ready", "status": "True" }]);
    let objects = [
        (key("Pod", "shop", "web-1-x"), owned("ReplicaSet", "web-1")),
        (key("ReplicaSet", "shop", "web-1"), owned("Deployment", "web")),
        (
            key("Deployment", "shop", "web"),
            json!({ "metadata": { "labels": labelled("kustomize.toolkit.fluxcd.io", "flux", "shop") } }),
        ),
        (
            key("Kustomization", "flux", "shop"),
            json!({ "kind": "Kustomization", "metadata": { "labels": fleet }, "spec": { "path": "./prod",
                "sourceRef": { "kind": "GitRepository", "name": "shop" } },
                "status": { "lastAppliedRevision": format!("main@sha1:{ONE}"), "conditions": ready } }),
        ),
        (
            key("GitRepository", "flux", "shop"),
            json!({ "spec": { "url": "https://git.example/acme/shop" }, "status": { "artifact": { "revision": format!("main@sha1:{TWO}") } } }),
        ),
        (
            key("Kustomization", "flux", "fleet"),
            json!({ "metadata": { "labels": fleet }, "spec": { "sourceRef": { "kind": "OCIRepository", "name": "fleet" } },
                "status": { "lastAppliedRevision": "latest@sha256:abc" } }),
        ),
        (
            key("OCIRepository", "flux", "fleet"),
            json!({ "spec": { "url": "oci://reg.example/fleet" }, "status": { "artifact": { "revision": "latest@sha256:abc", "metadata": {
                "org.opencontainers.image.source": "https://git.example/acme/fleet", "org.opencontainers.image.revision": format!("main@sha1:{TWO}") } } } }),
        ),
        (
            key("ConfigMap", "shop", "chart-made"),
            json!({ "metadata": { "labels": labelled("helm.toolkit.fluxcd.io", "shop", "web") } }),
        ),
        (
            key("HelmRelease", "shop", "web"),
            json!({ "spec": { "chart": { "spec": { "chart": "web", "sourceRef": { "kind": "HelmRepository", "name": "web" } } } },
                "status": { "helmChart": "flux/shop-web", "lastAttemptedRevision": "1.2.0" } }),
        ),
        (
            key("HelmChart", "flux", "shop-web"),
            json!({ "spec": { "chart": "web", "sourceRef": { "kind": "HelmRepository", "name": "web" } }, "status": { "artifact": { "revision": "1.2.0" } } }),
        ),
        (key("HelmRepository", "flux", "web"), json!({ "spec": { "url": "https://charts.example" } })),
        (key("ConfigMap", "shop", "by-hand"), json!({})),
    ];
    let mut known: Known = objects.into_iter().map(|(key, object)| (key, Ok(object))).collect();
    known.insert(key("ConfigMap", "shop", "gone"), Err((State::Gone, String::new())));
    known
}

fn told(trace: &Trace) -> Vec<String> {
    let step = |s: &Step| {
        let key = s.key.as_ref().map_or_else(|| s.url.clone().unwrap_or_default(), ToString::to_string);
        let revision = s.revision.as_ref().map(|r| format!(" {}", r.short())).unwrap_or_default();
        format!("{:?} {key}{revision}", s.what)
    };
    trace.steps.iter().map(step).collect()
}

#[test]
fn a_pod_leads_to_the_commit_that_was_applied_and_on_to_what_applied_the_applier() {
    let found = trace(&key("Pod", "shop", "web-1-x"), &cluster());
    assert_eq!(
        told(&found),
        [
            "Object Pod/shop/web-1-x",
            "Owner ReplicaSet/shop/web-1",
            "Owner Deployment/shop/web",
            "Applier Kustomization/flux/shop main@1111111",
            "Source GitRepository/flux/shop main@2222222",
            "Commit https://git.example/acme/shop 1111111",
            "Applier Kustomization/flux/fleet latest@sha256:abc",
            "Source OCIRepository/flux/fleet latest@sha256:abc",
            "Commit https://git.example/acme/fleet 2222222",
        ]
        .map(|line| line.replace("latest@sha256:abc", "latest@abc"))
    );
    assert_eq!(found.end, "");
    assert_eq!(found.steps[5].path.as_deref(), Some("./prod"));
}

#[test]
fn a_way_without_a_commit_says_why() {
    for (start, steps, end) in [
        (key("ConfigMap", "shop", "chart-made"), 4, "No Git commit"),
        (key("ConfigMap", "shop", "by-hand"), 1, "none of the labels"),
        (key("ConfigMap", "shop", "gone"), 1, "could not be read"),
        (key("GitRepository", "flux", "shop"), 2, ""),
    ] {
        let found = trace(&start, &cluster());
        assert!(
            found.steps.len() == steps && found.end.contains(end) && end.is_empty() == found.end.is_empty(),
            "{start}: {found:#?}"
        );
    }
}

#[test]
fn artifacts_that_are_made_of_each_other_come_to_an_end() {
    let note = json!({ "org.opencontainers.image.source": "https://git.example/a", "org.opencontainers.image.revision": "main@sha1:1111111111111111111111111111111111111111" });
    let known: Known = [
        (
            key("Kustomization", "flux", "shop"),
            json!({ "spec": { "sourceRef": { "kind": "ExternalArtifact", "name": "made" } } }),
        ),
        (
            key("ExternalArtifact", "flux", "made"),
            json!({ "spec": { "sourceRef": { "kind": "ArtifactGenerator", "name": "maker" } }, "status": { "artifact": { "metadata": note } } }),
        ),
        (
            key("ArtifactGenerator", "flux", "maker"),
            json!({ "spec": { "sources": [{ "kind": "ExternalArtifact", "name": "made" }] } }),
        ),
    ]
    .into_iter()
    .map(|(key, object)| (key, Ok(object)))
    .collect();
    let found = trace(&key("Kustomization", "flux", "shop"), &known);
    let lines = [
        "Object Kustomization/flux/shop",
        "Source ExternalArtifact/flux/made",
        "Source ArtifactGenerator/flux/maker",
        "Commit https://git.example/a 1111111",
    ];
    assert_eq!(told(&found), lines);
}

#[test]
fn everything_on_the_way_is_named_by_the_step_before() {
    let known = cluster();
    let start = key("Pod", "shop", "web-1-x");
    let (mut open, mut seen) = (vec![start.clone()], BTreeSet::new());
    while let Some(at) = open.pop() {
        if seen.insert(at.clone())
            && let Some(Ok(object)) = known.get(&at)
        {
            open.extend(links(&at, object));
        }
    }
    for step in trace(&start, &known).steps {
        assert!(step.key.as_ref().is_none_or(|key| seen.contains(key)), "{step:?}");
    }
}

#[test]
fn one_repository_is_one_place_however_it_is_written() {
    let same = ["https://github.com/acme/shop.git", "git@github.com:acme/shop", "ssh://git@GitHub.com:22/acme/shop.git/"];
    for url in same {
        assert_eq!(place(url), "github.com/acme/shop", "{url}");
    }
    assert_eq!(place("file:///srv/git/shop.git"), "/srv/git/shop");
    assert_ne!(place("https://github.com:8443/acme/shop"), place(same[0]));
    for (one, other, same) in [
        ("https://git.example/acme/shop.git", "ssh://git@git.example/acme/shop", true),
        ("git@git.example:acme/shop.git", "https://git.example/acme/shop/", true),
        ("git@host.example:acme/shop.git", "ssh://git@host.example/acme/shop", true),
        ("https://host.example/acme/shop.git", "https://host.example/acme/shop/", true),
        ("https://git.example/acme/shop", "https://git.example/acme/shop2", false),
        ("https://host.example/acme/shop", "https://host.example/acme/api", false),
        ("file:///srv/shop.git", "file:///srv/shop.git", true),
        ("", "", false),
    ] {
        assert_eq!(same_repository(one, other), same, "{one} {other}");
    }
}
