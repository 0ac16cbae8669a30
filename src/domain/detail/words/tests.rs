//! A table of specs, one at least of every kind, and the clauses that are said of them.

use serde_json::json;

use super::*;
use crate::flux::KINDS;

fn told(kind: &str, spec: &Value) -> String {
    let clause = |c: &Clause| {
        let values: Vec<&str> = c.values.iter().map(|(_, v)| v.as_str()).collect();
        format!("{}({})", c.key.trim_start_matches("words."), values.join("; "))
    };
    let sentence = |s: &Sentence| s.iter().map(clause).collect::<Vec<_>>().join(" ");
    words(kind, "flux-system", spec).iter().map(sentence).collect::<Vec<_>>().join(". ")
}

fn table() -> Vec<(&'static str, Value, &'static str)> {
    vec![
        (
            "Kustomization",
            json!({ "interval": "10m", "path": "./k8s/prod", "prune": true, "wait": true, "timeout": "5m",
                "sourceRef": { "kind": "GitRepository", "name": "apps" }, "dependsOn": [{ "name": "infra" }, { "name": "db", "namespace": "data" }],
                "postBuild": { "substitute": { "region": "eu" }, "substituteFrom": [{ "kind": "ConfigMap", "name": "vars" }] },
                "decryption": { "provider": "sops" }, "serviceAccountName": "deployer" }),
            "every(10m) from(GitRepository flux-system/apps) at(./k8s/prod). prunes() waits-all(5m) after(infra, data/db). \
            substitutes(region) substitutes-from(ConfigMap flux-system/vars) decrypts(sops). as(deployer)",
        ),
        (
            "Kustomization",
            json!({ "suspend": true, "interval": "1h", "prune": false, "sourceRef": { "kind": "Bucket", "name": "b", "namespace": "x" },
                "healthChecks": [{}, {}], "targetNamespace": "shop" }),
            "suspended(). every(1h) from(Bucket x/b) at(./) into(shop). keeps() waits-some(2; 1h)",
        ),
        (
            "HelmRelease",
            json!({ "interval": "30m", "chart": { "spec": { "chart": "podinfo", "version": ">=6", "sourceRef": { "kind": "HelmRepository", "name": "podinfo" } } },
                "values": { "replicas": 2 }, "valuesFrom": [{ "kind": "Secret", "name": "own" }], "driftDetection": { "mode": "warn" },
                "upgrade": { "remediation": { "retries": -1, "strategy": "rollback" } }, "test": { "enable": true } }),
            "every(30m) chart(podinfo; >=6) from(HelmRepository flux-system/podinfo). values(replicas) values-from(Secret flux-system/own). \
            tests() drift(warn). upgrade-retries(∞) remediation(rollback)",
        ),
        ("HelmRelease", json!({ "chartRef": { "kind": "OCIRepository", "name": "c" } }), "chart-of(OCIRepository flux-system/c)"),
        (
            "GitRepository",
            json!({ "interval": "1m", "url": "https://git.example/a", "ref": { "branch": "main", "semver": ">1" }, "secretRef": { "name": "key" },
                "verify": { "mode": "HEAD", "secretRef": { "name": "pgp" } } }),
            "follows-semver(>1; https://git.example/a) every(1m). secret(key). verify(HEAD; pgp)",
        ),
        ("GitRepository", json!({ "url": "u" }), "follows-branch(master; u)"),
        (
            "OCIRepository",
            json!({ "url": "oci://r/a", "interval": "5m", "provider": "aws", "ref": { "tag": "v1" }, "verify": { "provider": "cosign" } }),
            "follows-tag(v1; oci://r/a) every(5m). cloud(aws). verify(cosign; –)",
        ),
        ("HelmRepository", json!({ "url": "https://charts", "interval": "1h" }), "charts(https://charts) every(1h)"),
        ("HelmRepository", json!({ "url": "oci://r", "interval": "1h", "type": "oci" }), "charts-oci(oci://r)"),
        (
            "HelmChart",
            json!({ "chart": "./web", "interval": "1m", "reconcileStrategy": "Revision", "sourceRef": { "kind": "GitRepository", "name": "g" } }),
            "chart(./web; *) from(GitRepository flux-system/g) every(1m). each-revision()",
        ),
        (
            "Bucket",
            json!({ "bucketName": "b", "endpoint": "s3.example", "interval": "1m", "prefix": "p/", "insecure": true }),
            "bucket(b; s3.example) prefix(p/) every(1m). insecure()",
        ),
        (
            "ExternalArtifact",
            json!({ "sourceRef": { "kind": "ArtifactGenerator", "name": "g" } }),
            "made-by(ArtifactGenerator flux-system/g)",
        ),
        (
            "ArtifactGenerator",
            json!({ "artifacts": [{ "name": "a" }, { "name": "b" }], "sources": [{ "kind": "GitRepository", "name": "g", "alias": "x" }] }),
            "generates(a, b; GitRepository flux-system/g)",
        ),
        ("ImageRepository", json!({ "image": "r/a", "interval": "1m" }), "scans(r/a) every(1m)"),
        (
            "ImagePolicy",
            json!({ "imageRepositoryRef": { "name": "r" }, "policy": { "semver": { "range": "1.x" } }, "filterTags": { "pattern": "^v" } }),
            "newest-semver(1.x; flux-system/r) tags(^v)",
        ),
        (
            "ImagePolicy",
            json!({ "imageRepositoryRef": { "name": "r" }, "policy": { "numerical": { "order": "desc" } } }),
            "newest-numerical(desc; flux-system/r)",
        ),
        (
            "ImageUpdateAutomation",
            json!({ "interval": "5m", "sourceRef": { "kind": "GitRepository", "name": "g" }, "update": { "path": "./k8s" },
                "git": { "commit": { "author": { "email": "bot@x", "name": "bot" } }, "push": { "branch": "updates" } } }),
            "every(5m) writes(GitRepository flux-system/g) at(./k8s). commits-as(bot) pushes(updates)",
        ),
        (
            "Provider",
            json!({ "type": "slack", "address": "https://u:p@hooks.example/T0/secret", "channel": "ops", "secretRef": { "name": "s" } }),
            "sends(slack) address(hooks.example) channel(ops). secret(s)",
        ),
        (
            "Alert",
            json!({ "eventSeverity": "error", "providerRef": { "name": "slack" }, "eventSources": [{ "kind": "Kustomization", "name": "*" }] }),
            "tells-errors(flux-system/slack; Kustomization flux-system/*)",
        ),
        (
            "Receiver",
            json!({ "type": "github", "events": ["push"], "resources": [{ "kind": "GitRepository", "name": "g" }], "secretRef": { "name": "t" } }),
            "receives(github; GitRepository flux-system/g) on-events(push). secret(t)",
        ),
        (
            "FluxInstance",
            json!({ "distribution": { "version": "2.x", "registry": "ghcr.io/fluxcd" }, "components": ["a", "b"], "cluster": { "multitenant": true },
                "sync": { "kind": "GitRepository", "url": "u", "ref": "refs/heads/main", "path": "p" } }),
            "installs(2.x; ghcr.io/fluxcd) with-components(a, b). multitenant(). syncs(GitRepository; u; refs/heads/main) at(p)",
        ),
        ("FluxReport", json!({}), "report()"),
        (
            "ResourceSet",
            json!({ "resources": [{}, {}], "inputs": [{}], "wait": true, "dependsOn": [{ "kind": "Kustomization", "name": "k" }] }),
            "templates(2) inputs(1). waits-all(–) after(Kustomization flux-system/k)",
        ),
        (
            "ResourceSetInputProvider",
            json!({ "type": "GitHubPullRequest", "url": "https://github.com/a/b", "filter": { "labels": ["preview"] }, "secretRef": { "name": "t" } }),
            "provides(GitHubPullRequest; https://github.com/a/b) labelled(preview). secret(t)",
        ),
    ]
}

#[test]
fn every_kind_is_said_in_words() {
    let table = table();
    for (kind, spec, want) in &table {
        assert_eq!(told(kind, spec), *want, "{kind}");
    }
    for kind in KINDS {
        assert!(table.iter().any(|(k, ..)| *k == kind.name), "{}", kind.name);
    }
}

#[test]
fn no_credentials_in_an_address_are_said() {
    for kind in ["GitRepository", "OCIRepository", "HelmRepository", "Bucket", "ResourceSetInputProvider", "FluxInstance"] {
        let url = "https://ann:hunter2@git.example/a";
        let said = told(kind, &json!({ "url": url, "endpoint": url, "sync": { "url": url } }));
        assert!(said.contains("•••@git.example/a") && !said.contains("hunter2") && !said.contains("ann"), "{said}");
    }
}

#[test]
fn a_webhooks_secret_path_is_not_said() {
    assert!(!told("Provider", &json!({ "type": "slack", "address": "https://hooks.example/T0/secret" })).contains("secret"));
}
