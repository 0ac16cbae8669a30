//! Forms as tables: what is written, what is read back, what is refused, and what stays.
#![expect(clippy::unwrap_used, reason = "a test fails by failing")]

use std::collections::BTreeSet;

use serde_json::json;

use super::*;

/// JSON is YAML enough here.
const YAML: Yaml = Yaml { read: |text| serde_json::from_str(text).map_err(|e| e.to_string()), write: Value::to_string };

fn form(kind: &str) -> &'static Form {
    Form::by_word(kind).unwrap()
}

fn filled(form: &Form, pairs: &[(&str, &str)]) -> Values {
    let mut values = form.defaults();
    values.set("name", "shop");
    for (id, value) in pairs {
        values.set(id, *value);
    }
    values
}

fn specs(kind: &str, pairs: &[(&str, &str)]) -> Vec<Value> {
    form(kind).compose(&filled(form(kind), pairs), YAML).unwrap()
}

fn wrong(kind: &str, pairs: &[(&str, &str)]) -> Vec<String> {
    let faults = form(kind).faults(&filled(form(kind), pairs), YAML);
    faults.iter().map(|fault| format!("{} {}", fault.field, fault.key)).collect()
}

#[test]
fn a_form_becomes_an_object() {
    let made = specs(
        "ks",
        &[
            ("source", "gitrepo/shop"),
            ("path", "./k8s"),
            ("depends-on", "db, infra/cert"),
            ("health-checks", "Deployment/shop/web"),
        ],
    );
    assert_eq!(
        made,
        [json!({
            "apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
            "metadata": { "name": "shop", "namespace": "flux-system" },
            "spec": {
                "sourceRef": { "kind": "GitRepository", "name": "shop" }, "path": "./k8s", "interval": "10m", "prune": true,
                "healthChecks": [{ "apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "namespace": "shop" }],
                "dependsOn": [{ "name": "db" }, { "name": "cert", "namespace": "infra" }],
            },
        })]
    );
    let made = specs(
        "hr",
        &[
            ("chart", "redis"),
            ("chart-version", ">=1.0 <2"),
            ("chart-source", "HelmRepository/charts"),
            ("values", r#"{"a":{"b":1}}"#),
            ("upgrade-retries", "3"),
            ("remediation", "rollback"),
            ("cleanup-on-fail", "true"),
        ],
    );
    assert_eq!(
        made[0]["spec"],
        json!({
            "chart": { "spec": { "chart": "redis", "version": ">=1.0 <2", "sourceRef": { "kind": "HelmRepository", "name": "charts" } } },
            "values": { "a": { "b": 1 } }, "interval": "10m",
            "upgrade": { "remediation": { "retries": 3, "strategy": "rollback" }, "cleanupOnFail": true },
        })
    );
    let made = specs("hr", &[("from", "reference"), ("chart", "left over"), ("chart-ref", "oci/podinfo")]);
    assert_eq!(made[0]["spec"]["chartRef"], json!({ "kind": "OCIRepository", "name": "podinfo" }));
    assert_eq!(made[0]["spec"].get("chart"), None, "what is not asked for is not written");
}

#[test]
fn a_credential_becomes_a_secret_with_the_keys_that_flux_reads() {
    const KEY: &str = "-----BEGIN OPENSSH PRIVATE KEY-----\nx\n-----END OPENSSH PRIVATE KEY-----";
    const CERT: &str = "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n\n";
    let git = |pairs: &[(&str, &str)]| specs("git", &[&[("url", "https://git.example/shop")], pairs].concat());
    let keys = |made: &[Value]| made[0]["stringData"].as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ");

    let made = git(&[("auth", "basic"), ("username", "bot"), ("password", "hunter2")]);
    assert_eq!(made[0]["metadata"], json!({ "name": "shop-auth", "namespace": "flux-system" }));
    assert_eq!(made[0]["stringData"], json!({ "username": "bot", "password": "hunter2" }));
    assert_eq!(made[1]["spec"]["secretRef"], json!({ "name": "shop-auth" }));
    assert!(!masked(&made[0]).to_string().contains("hunter2") && !masked(&made[0]).to_string().contains("bot"));

    let made =
        git(&[("auth", "ssh"), ("identity", KEY), ("known-hosts", "git.example ssh-ed25519 AAAA"), ("secret", "deploy-key")]);
    assert_eq!((keys(&made), &made[1]["spec"]["secretRef"]["name"]), ("identity known_hosts".to_owned(), &json!("deploy-key")));
    assert!(made[0]["stringData"]["identity"].as_str().unwrap().ends_with("KEY-----\n"), "ssh wants the last line whole");

    let made = git(&[("auth", "github-app"), ("app-id", "7"), ("installation-owner", "acme"), ("private-key", KEY)]);
    assert_eq!(keys(&made), "githubAppID githubAppInstallationOwner githubAppPrivateKey");
    assert_eq!(made[1]["spec"]["provider"], "github", "source-controller takes such a Secret only so");

    let made = git(&[("auth", "tls"), ("ca-crt", CERT)]);
    assert_eq!((keys(&made), &made[1]["spec"]["secretRef"]["name"]), ("ca.crt".to_owned(), &json!("shop-auth")));

    let made = specs("oci", &[("oci-url", "oci://ghcr.io/acme/shop"), ("auth", "tls"), ("tls-crt", CERT), ("tls-key", KEY)]);
    assert_eq!((keys(&made), &made[1]["spec"]["certSecretRef"]["name"]), ("tls.crt tls.key".to_owned(), &json!("shop-auth")));
    assert_eq!(made[1]["spec"].get("secretRef"), None);

    let registry = [
        ("oci-url", "oci://ghcr.io/acme/shop"),
        ("auth", "registry"),
        ("server", "ghcr.io"),
        ("username", "u"),
        ("password", "p"),
    ];
    let made = specs("oci", &registry);
    let config: Value = serde_json::from_str(made[0]["stringData"][".dockerconfigjson"].as_str().unwrap()).unwrap();
    assert_eq!(config, json!({ "auths": { "ghcr.io": { "username": "u", "password": "p" } } }));
    assert_eq!(made[0]["type"], "kubernetes.io/dockerconfigjson");

    let made = specs(
        "bucket",
        &[("bucket-name", "b"), ("endpoint", "minio:9000"), ("auth", "bucket"), ("access-key", "a"), ("secret-key", "s")],
    );
    assert_eq!(keys(&made), "accesskey secretkey");
    let made = specs("secret", &[("username", "bot"), ("password", "hunter2")]);
    assert_eq!((made.len(), &made[0]["type"], made[0].get("spec")), (1, &json!("Opaque"), None));
}

#[test]
fn what_cannot_stand_is_told_at_its_field() {
    type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str);
    let table: &[Case] = &[
        ("ks", &[], "source needed"),
        ("ks", &[("source", "GitRepository/a"), ("name", "Shop")], "name name"),
        ("ks", &[("source", "GitRepository/a"), ("interval", "5")], "interval duration"),
        ("ks", &[("source", "HelmRepository/a")], "source reference"),
        ("ks", &[("source", "GitRepository/a"), ("path", "../x")], "path path"),
        ("ks", &[("source", "GitRepository/a"), ("depends-on", "a, B")], "depends-on names"),
        ("ks", &[("source", "GitRepository/a"), ("health-checks", "web")], "health-checks objects"),
        ("git", &[("url", "git@h:shop")], "url url"),
        ("git", &[("url", "https://h/shop"), ("timeout", "1h")], "timeout short"),
        ("git", &[("url", "https://h/shop"), ("ref", "semver"), ("semver", "main")], "semver semver"),
        ("git", &[("url", "https://h/shop"), ("ref", "commit"), ("commit", "abc")], "commit commit"),
        ("git", &[("url", "https://h/shop"), ("provider", "gitlab")], "provider option"),
        ("git", &[("url", "https://h/shop"), ("auth", "existing")], "secret needed"),
        ("git", &[("url", "https://h/shop"), ("auth", "tls"), ("ca-crt", "x")], "ca-crt pem"),
        ("hr", &[("chart", "r"), ("chart-source", "HelmRepository/c"), ("values", "[1]")], "values mapping"),
        ("hr", &[("chart", "r"), ("chart-source", "HelmRepository/c"), ("install-retries", "x")], "install-retries number"),
        ("oci", &[("oci-url", "https://h/x")], "oci-url url"),
        ("bucket", &[("bucket-name", "b"), ("endpoint", "a b"), ("provider", "aws")], "endpoint host"),
        ("bucket", &[("bucket-name", "b"), ("endpoint", "minio")], "auth generic-bucket"),
    ];
    for (kind, pairs, want) in table {
        assert_eq!(wrong(kind, pairs), [*want], "{kind} {pairs:?}");
    }
}

#[test]
fn only_what_was_changed_changes() {
    let object = json!({
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization", "metadata": { "name": "shop", "namespace": "a" },
        "spec": {
            "interval": "odd", "path": "./a", "prune": true, "sourceRef": { "kind": "GitRepository", "name": "s", "apiVersion": "x" },
            "dependsOn": [{ "name": "db", "readyExpr": "self.ready" }], "postBuild": { "substitute": { "a": "b" } },
            "decryption": { "provider": "sops", "secretRef": { "name": "keys" } },
        },
    });
    let form = form("ks");
    let before = form.read(&object, YAML);
    let read =
        [before.get("path"), before.get("source"), before.get("depends-on"), before.get("decryption"), before.get("suspend")];
    assert_eq!(read, ["./a", "GitRepository/s", "db", "sops", "false"]);
    assert_eq!(form.amend(&object, &before, &before, YAML).unwrap(), object);

    let mut after = before.clone();
    for (id, value) in [("path", "./b"), ("depends-on", "db, cache"), ("decryption", "none"), ("suspend", "true")] {
        after.set(id, value);
    }
    let amended = form.amend(&object, &before, &after, YAML).unwrap();
    let mut want = object.clone();
    want["spec"]["path"] = json!("./b");
    want["spec"]["suspend"] = json!(true);
    want["spec"]["dependsOn"] = json!([{ "name": "db", "readyExpr": "self.ready" }, { "name": "cache" }]);
    want["spec"].as_object_mut().unwrap().shift_remove("decryption");
    assert_eq!(amended, want, "the odd interval is nobody's business now, and what the form does not know stays");

    after.set("path", "/x");
    assert_eq!(form.amend(&object, &before, &after, YAML).unwrap_err()[0].field, "path");
}

#[test]
fn a_choice_of_what_is_checked_out_takes_the_others_away() {
    let object = json!({ "metadata": { "name": "s", "namespace": "n" }, "spec": { "url": "ssh://git@h/s", "interval": "1m",
        "ref": { "branch": "main", "commit": "0123456789012345678901234567890123456789" }, "secretRef": { "name": "k" } } });
    let form = form("git");
    let before = form.read(&object, YAML);
    assert_eq!(
        [before.get("ref"), before.get("branch"), before.get("auth"), before.get("secret")],
        ["commit", "main", "existing", "k"]
    );
    let mut after = before.clone();
    after.set("ref", "tag");
    after.set("tag", "v1");
    after.set("auth", "none");
    let amended = form.amend(&object, &before, &after, YAML).unwrap();
    assert_eq!(amended["spec"]["ref"]["tag"], "v1");
    assert_eq!((amended["spec"]["ref"].get("commit"), amended["spec"].get("secretRef")), (None, None));
}

#[test]
fn a_secret_is_edited_without_being_read() {
    let masked = json!({ "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/basic-auth",
        "metadata": { "name": "s", "namespace": "n" }, "data": { "username": "•••", "password": "•••" } });
    let form = form("secret");
    let before = form.read(&masked, YAML);
    assert_eq!((before.get("auth"), before.get("username"), before.get("password")), ("basic", "", ""));
    assert_eq!(form.amend(&masked, &before, &before, YAML).unwrap(), masked);
    let mut after = before.clone();
    after.set("password", "new");
    let mut want = masked.clone();
    want["stringData"] = json!({ "password": "new" });
    assert_eq!(form.amend(&masked, &before, &after, YAML).unwrap(), want);
}

#[test]
fn the_server_names_the_field() {
    let form = form("git");
    let values = form.defaults();
    let blamed = |words: &str| form.blamed(words, &values).map_or("", |field| field.id);
    assert_eq!(blamed(r#"GitRepository "x" is invalid: spec.interval: Invalid value: "1d": must match"#), "interval");
    assert_eq!(blamed("spec.urlx is wrong"), "");
    assert_eq!(blamed("spec.ref.branch: wrong"), "branch");
    assert_eq!(blamed("no"), "");
}

#[test]
fn descriptions_hold_together() {
    for form in FORMS {
        let ids: Vec<&str> = form.all().map(|field| field.id).collect();
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "{}: every id once", form.kind);
        for field in form.all() {
            assert!(field.help.ends_with('.') && !field.help.contains('\n'), "{}", field.id);
            if let Some((gate, words)) = field.when {
                let known = form.field(gate).is_some_and(|gate| words.iter().any(|word| gate.options.contains(word)));
                assert!(known || matches!(field.shape, Shape::Data(_)), "{}: {} depends on {gate}", form.kind, field.id);
            }
            assert!(field.options.is_empty() || field.options.contains(&field.default), "{}", field.id);
        }
    }
    let values = filled(form("git"), &[("password", "hunter2")]);
    assert!(!format!("{values:?}").contains("hunter2"));
}
