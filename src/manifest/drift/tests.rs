//! Comparisons as tables: who changed what, what is ignored, what is hidden.

#![expect(clippy::unwrap_used, reason = "a test fails by failing")]

use domain::drift::Verdict;
use domain::live::MASK;
use serde_json::{Value, json};

use super::*;
use crate::files::Files;
use crate::substitute::Variables;

fn web(replicas: i64, image: &str) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "shop", "labels": {"app": "web"}},
        "spec": {"replicas": replicas, "template": {"spec": {"containers": [{"name": "web", "image": image}]}}}})
}

fn owned(mut object: Value, entries: Value) -> Value {
    object["metadata"]["managedFields"] = entries;
    object["metadata"]["resourceVersion"] = "7".into();
    object["status"] = json!({"replicas": 1});
    object
}

fn entry(manager: &str, operation: &str, sub: &str, fields: &Value) -> Value {
    let mut entry = json!({"manager": manager, "operation": operation, "time": "2026-07-01T10:00:00Z", "fieldsV1": fields});
    if !sub.is_empty() {
        entry["subresource"] = sub.into();
    }
    entry
}

fn compared(desired: &Value, live: &Value, would: &Value, ignore: &Value) -> ObjectDrift {
    let rules = Rules::read(Some(ignore)).unwrap();
    let reading = Reading { applier: Applier::Kustomize, rules: &rules, veil: &Veil::default() };
    compare(Sides { desired, live, would }, reading)
}

#[test]
fn fields_are_named_with_whoever_owns_them() {
    let image =
        json!({"f:spec": {"f:template": {"f:spec": {"f:containers": {"k:{\"name\":\"web\"}": {".": {}, "f:image": {}}}}}}});
    let live = owned(
        web(5, "shop:2"),
        json!([
            entry("kustomize-controller", "Apply", "", &json!({"f:metadata": {"f:labels": {"f:app": {}}}})),
            entry("autoscaler", "Update", "scale", &json!({"f:spec": {"f:replicas": {}}})),
            entry("ci-bot", "Update", "", &image),
        ]),
    );
    let desired = web(2, "shop:1");
    let drift = compared(&desired, &live, &web(2, "shop:1"), &json!([]));
    assert_eq!(drift.verdict, Verdict::Changed);
    let told: Vec<_> = drift
        .fields
        .iter()
        .map(|f| (f.to_string(), f.path.as_str(), f.owners.iter().map(ToString::to_string).collect::<Vec<_>>()))
        .collect();
    assert_eq!(
        told,
        [
            ("replicas 5 → 2".to_owned(), "spec.replicas", vec!["autoscaler (Update of scale)".to_owned()]),
            ("image 2 → 1".to_owned(), "spec.template.spec.containers[web].image", vec!["ci-bot (Update)".to_owned()]),
        ]
    );
    assert!(drift.live.unwrap().contains("replicas: 5") && !drift.desired.unwrap().contains("status"));
    let same = compared(&desired, &live, &live, &json!([]));
    assert_eq!((same.verdict, same.fields.len(), same.live), (Verdict::Agrees, 0, None));
}

#[test]
fn what_people_added_with_kubectl_would_go() {
    let env = json!({"f:spec": {"f:paused": {}, "f:template": {"f:spec": {"f:containers": {"k:{\"name\":\"web\"}":
        {"f:env": {".": {}, "k:{\"name\":\"DEBUG\"}": {".": {}, "f:name": {}, "f:value": {}}}}}}}}});
    for (manager, ssa, goes) in [("kubectl-edit", "", true), ("ci-bot", "", false), ("kubectl-edit", "Merge", false)] {
        let mut live = web(2, "shop:1");
        live["spec"]["paused"] = true.into();
        live["spec"]["template"]["spec"]["containers"][0]["env"] = json!([{"name": "DEBUG", "value": "1"}]);
        if !ssa.is_empty() {
            live["metadata"]["annotations"] = json!({"kustomize.toolkit.fluxcd.io/ssa": ssa});
        }
        // Fields of others stay in a dry run: the server removes only what the applier owned before.
        let would = live.clone();
        let live = owned(live, json!([entry(manager, "Update", "", &env)]));
        let drift = compared(&web(2, "shop:1"), &live, &would, &json!([]));
        let labels: Vec<&str> = drift.fields.iter().map(|f| f.label.as_str()).collect();
        assert_eq!(labels == ["env DEBUG", "spec.paused"], goes, "{manager} {ssa}: {labels:?}");
        assert_eq!(drift.verdict == Verdict::Changed, goes, "{manager} {ssa}");
        // paused, and the variable's name and value: either they go, or they are told as another's.
        assert_eq!(drift.others.first().map(|(_, count)| *count), (!goes).then_some(3), "{manager} {ssa}");
    }
}

#[test]
fn rules_take_fields_out_of_the_comparison() {
    let (live, desired) = (web(5, "shop:1"), web(2, "shop:1"));
    for (ignore, verdict, ignored) in [
        (json!([{"paths": ["/spec/replicas"]}]), Verdict::Agrees, 1),
        (
            json!([{"paths": ["/spec/replicas"], "target": {"kind": "Deploy.*", "name": "web", "labelSelector": "app in (web)"}}]),
            Verdict::Agrees,
            1,
        ),
        (json!([{"paths": ["/spec/replicas"], "target": {"kind": "Deploy"}}]), Verdict::Changed, 0),
        (json!([{"paths": ["/spec/replicas"], "target": {"labelSelector": "app=api"}}]), Verdict::Changed, 0),
        (json!([{"paths": ["/spec/template/spec/containers/0/image"]}]), Verdict::Changed, 0),
        (json!([{"paths": ["/spec"], "target": {"group": "apps", "version": "v1"}}]), Verdict::Agrees, 1),
    ] {
        let drift = compared(&desired, &live, &desired, &ignore);
        assert_eq!((drift.verdict, drift.ignored), (verdict, ignored), "{ignore}");
    }
    assert!(Rules::read(Some(&json!([{"paths": [], "target": {"name": "("}}]))).is_err());
}

#[test]
fn secrets_show_that_they_differ_and_not_in_what() {
    let secret = |value: &str| {
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "token", "namespace": "shop"},
        "data": {"password": value, "user": "c2FtZQ=="}})
    };
    let drift = compared(&secret("bmV3"), &secret("b2xk"), &secret("bmV3"), &json!([]));
    let text = format!("{drift:?}");
    assert!(!text.contains("bmV3") && !text.contains("b2xk") && !text.contains("c2FtZQ"), "{text}");
    assert_eq!(drift.fields.len(), 1);
    assert_eq!(drift.fields[0].path, "data.password");
    let missing = alone(&secret("bmV3"), Verdict::Missing, &Veil::default());
    assert!(!format!("{missing:?}").contains("bmV3"));
}

#[test]
fn what_came_out_of_a_secret_is_hidden_wherever_it_went() {
    let files: Files = [(
        "app/c.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, namespace: shop}\ndata: {url: 'pg://app:${PASSWORD}@db', level: '${LEVEL}'}\n",
    )]
    .into_iter()
    .collect();
    let kustomization = json!({"metadata": {"namespace": "flux-system", "name": "app"}, "spec": {"path": "./app"}});
    let (mut real, mut masked) = (Variables::new(), Variables::new());
    let secret = json!({"data": {"PASSWORD": "aHVudGVyMg=="}});
    real.add_secret(&secret);
    masked.add_masked(&secret, MASK);
    for set in [&mut real, &mut masked] {
        set.insert("LEVEL", "debug");
    }
    let wanted = wanted(&files, &kustomization, Some(&(real, masked)), None).unwrap();
    let object = &wanted[0].value;
    assert_eq!(object["data"]["url"], "pg://app:hunter2@db");
    assert_eq!(object["metadata"]["labels"]["kustomize.toolkit.fluxcd.io/name"], "app");
    let mut live = object.clone();
    live["data"]["url"] = "pg://app:hunter1@db".into();
    live["data"]["level"] = "info".into();
    let rules = Rules::default();
    let reading = Reading { applier: Applier::Kustomize, rules: &rules, veil: &wanted[0].veil };
    let drift = compare(Sides { desired: object, live: &live, would: object }, reading);
    let text = format!("{drift:?}");
    assert!(!text.contains("hunter") && text.contains("debug") && text.contains("data.url"), "{text}");
    let without = super::wanted(&files, &kustomization, None, Some("Secret/x: forbidden")).unwrap();
    assert_eq!(without[0].unknown.as_deref(), Some("Secret/x: forbidden"));
}

#[test]
fn marks_on_objects_are_honoured() {
    let with = |key: &str, value: &str| {
        let mut object = web(1, "x");
        object["metadata"]["annotations"] = json!({ key: value });
        object
    };
    let plain = web(1, "x");
    let (reconcile, ssa) = ("kustomize.toolkit.fluxcd.io/reconcile", "kustomize.toolkit.fluxcd.io/ssa");
    let (kustomize, helm) = (Applier::Kustomize, Applier::Helm);
    for (applier, desired, live, skipped) in [
        (kustomize, &plain, Some(with(reconcile, "Disabled")), true),
        (kustomize, &with(reconcile, "disabled"), None, true),
        (kustomize, &with(ssa, "ignore"), None, true),
        (kustomize, &with(ssa, "IfNotPresent"), None, false),
        (kustomize, &with(ssa, "IfNotPresent"), Some(plain.clone()), true),
        (kustomize, &with(ssa, "Merge"), Some(plain.clone()), false),
        (helm, &plain, Some(with(reconcile, "disabled")), false),
        (helm, &plain, Some(with("helm.toolkit.fluxcd.io/driftDetection", "disabled")), true),
    ] {
        let said = standing(applier, desired, live.as_ref());
        assert_eq!(said != Standing::Compared, skipped, "{applier:?} {desired} {live:?}");
    }
    assert_eq!(leftover(&plain, true).0, Verdict::Extra);
    assert_eq!(leftover(&plain, false).0, Verdict::Orphaned);
    assert_eq!(leftover(&with("kustomize.toolkit.fluxcd.io/prune", "disabled"), true).0, Verdict::Orphaned);
}

#[test]
fn sops_is_recognised() {
    for (object, is) in [
        (json!({"kind": "Secret", "data": {"a": "ENC[AES256_GCM,data:x]"}}), true),
        (json!({"kind": "ConfigMap", "sops": {"mac": "x"}}), true),
        (json!({"kind": "Secret", "data": {"a": "eA=="}}), false),
    ] {
        assert_eq!(encrypted(&object), is, "{object}");
    }
}

#[test]
fn releases_are_compared_object_by_object() {
    let read = |image: &str| {
        documents(
            "m",
            &format!("---\n# Source: x\napiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec: {{image: '{image}'}}\n---\n"),
        )
        .unwrap()
    };
    let (old, new) = (read("a:1"), read("a:2"));
    let drift = between(old.first(), new.first(), &Veil::default()).unwrap();
    assert_eq!((drift.verdict, drift.fields.len()), (Verdict::Changed, 1));
    assert_eq!(between(None, new.first(), &Veil::default()).unwrap().verdict, Verdict::Missing);
    assert!(documents("m", "a: [").is_err());
}

#[test]
fn numbers_and_texts_with_a_line_break_at_their_end_are_hidden_too() {
    let values = json!({"pin": 48151, "password": "hunter2\n", "shown": "plain"});
    let veil = Veil::of_texts(veil_values(&values, &json!({"shown": "plain"})));
    let object = json!({"kind": "ConfigMap", "metadata": {"name": "c"},
        "data": {"pin": 48151, "url": "pg://app:hunter2@db", "quoted": "pin=48151", "shown": "plain"}});
    let text = format!("{:?}", alone(&object, Verdict::Extra, &veil));
    assert!(!text.contains("48151") && !text.contains("hunter2") && text.contains("plain"), "{text}");
    let gone = veil_places(&json!({"password": "hunter2", "tag": "1.8.4"}), &json!({"tag": "1.8.5"}));
    assert_eq!(gone.into_iter().collect::<Vec<_>>(), ["hunter2"]);
}

#[test]
fn every_item_of_one_name_is_hidden() {
    let env = |first: &str, second: &str| json!({"env": [{"name": "A", "value": first}, {"name": "A", "value": second}]});
    let veil = Veil::of(&env("x1", "x2"), &env(MASK, MASK));
    let drift = between(Some(&env("y1", "y2")), Some(&env("x1", "x2")), &veil).unwrap();
    let text = format!("{drift:?}");
    assert!(["x1", "x2", "y1", "y2"].iter().all(|secret| !text.contains(secret)), "{text}");
}

#[test]
fn what_a_server_says_quotes_no_secret() {
    let secret = json!({"kind": "Secret", "data": {"password": "aHVudGVyMg==", "pin": "NDI="}});
    let said = "data: Invalid value: \"aHVudGVyMg==\": no; \"hunter2\" and \"42\" are, in line 42";
    let covered = Veil::default().cover_text(said, &[&secret]);
    assert_eq!(covered, "data: Invalid value: \"•••\": no; \"•••\" and \"•••\" are, in line 42");
    let (real, masked) = (json!({"data": {"url": "a \"b\"\nc", "port": 5432}}), json!({"data": {"url": "•••", "port": "•••"}}));
    let veil = Veil::of(&real, &masked);
    let said = "ConfigMap invalid: data.url: Invalid value: \"a \\\"b\\\"\\nc\", data.port: 5432";
    assert_eq!(veil.cover_text(said, &[&real]), "ConfigMap invalid: data.url: Invalid value: \"•••\", data.port: •••");
    assert_eq!(veil.cover_text("the object is immutable", &[&real]), "the object is immutable");
}

#[test]
fn credentials_in_an_address_show_that_they_differ_and_not_in_what() {
    let source = |user: &str, interval: &str| {
        json!({"apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository", "metadata": {"name": "a", "namespace": "n"},
            "spec": {"url": format!("https://{user}@git.example/a"), "interval": interval}})
    };
    let told = |live: &Value, would: &Value| {
        let drift = compared(would, live, would, &json!([]));
        let text = format!("{drift:?}");
        assert!(!text.contains("hunter") && !text.contains("ann"), "{text}");
        drift.fields.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let same = told(&source("ann:hunter2", "1m"), &source("ann:hunter2", "5m"));
    assert_eq!(same, ["spec.interval 1m → 5m"]);
    let other = told(&source("ann:hunter2", "1m"), &source("ann:hunter3", "1m"));
    assert_eq!(other, [format!("spec.url https://{MASK} (live)@git.example/a → https://{MASK} (desired)@git.example/a")]);
    let text = format!("{:?}", alone(&source("ann:hunter2", "1m"), Verdict::Missing, &Veil::default()));
    assert!(!text.contains("hunter") && text.contains(MASK), "{text}");
}

#[test]
fn what_is_encrypted_is_named_and_the_rest_is_known() {
    let sops = "apiVersion: v1\nkind: Secret\nmetadata: {name: login, namespace: shop}\nstringData: {user: 'ENC[AES256_GCM,data:x]'}\nsops: {mac: 'ENC[AES256_GCM,data:y]'}\n";
    let mut files = Files::new();
    for (path, text) in [
        (
            "k8s/kustomization.yaml",
            "namespace: shop\nresources: [login.yaml, web.yaml]\nsecretGenerator:\n- name: app\n  envs: [app.env]\n",
        ),
        ("k8s/login.yaml", sops),
        ("k8s/app.env", "PASSWORD=ENC[AES256_GCM,data:z,type:str]\n"),
        (
            "k8s/web.yaml",
            "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: web, envFrom: [{secretRef: {name: app}}]}]}\n",
        ),
    ] {
        files.insert(path, text);
    }
    let kustomization = json!({"metadata": {"name": "shop", "namespace": "flux-system"}, "spec": {"path": "./k8s"}});
    let rendered = wanted(&files, &kustomization, None, None).unwrap();
    let named: Vec<String> = encrypted_files(&files, &rendered).into_iter().collect();
    assert_eq!(named, ["k8s/app.env", "k8s/login.yaml"]);
    assert_eq!(rendered.iter().filter(|w| encrypted(&w.value)).count(), 2);

    let refers = |all: &[Wanted]| {
        let web = all.iter().find(|w| w.value["kind"] == "Pod").unwrap();
        web.value["spec"]["containers"][0]["envFrom"][0]["secretRef"]["name"].as_str().unwrap().to_owned()
    };
    // The one that was applied has the hash of what is hidden.
    let applied = |name: &str| ("shop".to_owned(), name.to_owned());
    let mut known = rendered.clone();
    assert!(settle_names(&mut known, &[applied("app-2m6c5t8g7h"), applied("app-settings"), applied("login")]).is_empty());
    assert_eq!(refers(&known), "app-2m6c5t8g7h");
    assert!(known.iter().any(|w| w.value["metadata"]["name"] == "app-2m6c5t8g7h"));
    assert!(known.iter().any(|w| w.value["metadata"]["name"] == "login"), "a name that is written stays");

    let mut first = rendered.clone();
    assert_eq!(settle_names(&mut first, &[]), ["app"]);
    assert_eq!(first.iter().filter(|w| w.unknown.is_some()).count(), 1);
    let whole = json!({"apiVersion": "ENC[AES256_GCM,data:a]", "kind": "ENC[AES256_GCM,data:b]", "sops": {"mac": "x"}});
    assert!(nameless(&whole) && !nameless(&rendered[0].value));
}
