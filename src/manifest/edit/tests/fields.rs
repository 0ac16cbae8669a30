//! Variables by reference, ports, probes, labels and annotations.

use domain::edit::{Probe, ProbePart};

use super::*;

fn refer(name: &str, value: &str) -> Edit {
    Edit::set(Field::EnvRef(name.into()), value)
}

fn port(name: &str, value: &str) -> Edit {
    Edit::set(Field::Port(name.into()), value)
}

fn probe(probe: Probe, part: ProbePart, value: &str) -> Edit {
    Edit::set(Field::Probe(probe, part), value)
}

#[track_caller]
fn refused(container: &str, edits: &[Edit]) -> Error {
    apply(&files(&[("k/web.yaml", &deployment(container))]), "k", None, edits).unwrap_err()
}

#[test]
fn variables_take_their_value_from_elsewhere_and_back() {
    let one = "      - name: a\n        image: x\n        env:\n        - name: A # a\n          value: plain # p\n        - name: B\n          valueFrom:\n            secretKeyRef: {name: login, key: token} # s\n";
    plain(
        one,
        &[refer("A", "secret:login/user")],
        &one.replace(
            "          value: plain # p\n",
            "          valueFrom:\n            secretKeyRef:\n              name: login\n              key: user\n",
        ),
    );
    plain(one, &[refer("B", "secret:login/other")], &one.replace("key: token", "key: other"));
    plain(one, &[refer("B", "secret:access/other")], &one.replace("name: login, key: token", "name: access, key: other"));
    plain(
        one,
        &[refer("B", "configmap:settings/b")],
        &one.replace(
            "            secretKeyRef: {name: login, key: token} # s\n",
            "            configMapKeyRef:\n              name: settings\n              key: b\n",
        ),
    );
    plain(
        one,
        &[refer("C", "configmap:settings/c")],
        &format!(
            "{one}        - name: C\n          valueFrom:\n            configMapKeyRef:\n              name: settings\n              key: c\n"
        ),
    );
    let gone =
        one.replace("        - name: B\n          valueFrom:\n            secretKeyRef: {name: login, key: token} # s\n", "");
    plain(one, &[Edit::remove(Field::EnvRef("B".into()))], &gone);
    assert!(matches!(refused(one, &[env("B", "x")]), Error::Indirect { .. }));
    assert!(matches!(refused(one, &[Edit::remove(Field::Env("B".into()))]), Error::Indirect { .. }));
    let turned =
        one.replace("          valueFrom:\n            secretKeyRef: {name: login, key: token} # s\n", "          value: x\n");
    let chosen = Edit { choice: Some(Choice::Own), ..env("B", "x") };
    plain(one, &[chosen], &turned);
    let text = deployment(one);
    for edits in
        [[Edit::remove(Field::EnvRef("B".into())), env("B", "x")], [env("B", "x"), Edit::remove(Field::EnvRef("B".into()))]]
    {
        let applied = apply(&files(&[("k/w.yaml", &text)]), "k", None, &edits).unwrap();
        let read: serde_yaml::Value = serde_yaml::from_str(applied.files[0].after.as_deref().unwrap()).unwrap();
        let variable = &read["spec"]["template"]["spec"]["containers"][0]["env"][1];
        assert_eq!((variable["name"].as_str(), variable["value"].as_str()), (Some("B"), Some("x")));
        assert!(variable.get("valueFrom").is_none());
    }
    // What has no such reference has nothing to remove.
    let none = apply(&files(&[("k/w.yaml", &text)]), "k", None, &[Edit::remove(Field::EnvRef("A".into()))]).unwrap();
    assert!(none.files.is_empty());
    let flow = "      - {name: a, image: x, env: [{name: A, value: v}]}\n";
    plain(
        flow,
        &[refer("A", "secret:s/k")],
        "      - {name: a, image: x, env: [{name: A, valueFrom: {secretKeyRef: {name: s, key: k}}}]}\n",
    );
}

#[test]
fn references_override_what_a_base_says() {
    let bare = "resources:\n- ../../base\n";
    let patch = "resources:\n- ../../base\npatches:\n- patch: |-\n    apiVersion: apps/v1\n    kind: Deployment\n    metadata:\n      name: web\n    spec:\n      template:\n        spec:\n          containers:\n            - name: web\n              env:\n";
    overlay(
        bare,
        &[refer("MODE", "secret:s/k")],
        &format!(
            "{patch}                - name: MODE\n                  valueFrom:\n                    secretKeyRef:\n                      name: s\n                      key: k\n                  value: null\n"
        ),
    );
    overlay(
        bare,
        &[Edit { choice: Some(Choice::Own), ..env("TOKEN", "x") }],
        &format!("{patch}                - name: TOKEN\n                  value: x\n                  valueFrom: null\n"),
    );
    overlay(
        bare,
        &[refer("TOKEN", "configmap:c/k")],
        &format!(
            "{patch}                - name: TOKEN\n                  valueFrom:\n                    configMapKeyRef:\n                      name: c\n                      key: k\n                    secretKeyRef: null\n"
        ),
    );
    overlay(
        bare,
        &[Edit::remove(Field::EnvRef("TOKEN".into()))],
        &format!("{patch}                - name: TOKEN\n                  $patch: delete\n"),
    );
}

#[test]
fn ports_are_known_by_their_names() {
    let one = "      - name: a\n        image: x\n        ports:\n        - containerPort: 8080 # web\n          name: http\n        - {containerPort: 53, name: dns, protocol: UDP}\n        - containerPort: 9000\n";
    plain(one, &[port("http", "8081")], &one.replace("8080", "8081"));
    plain(one, &[port("http", "8080/UDP")], &one.replace("8080 # web\n", "8080 # web\n          protocol: UDP\n"));
    plain(one, &[port("dns", "5353/UDP")], &one.replace("53,", "5353,"));
    plain(one, &[port("dns", "53")], &one.replace("UDP", "TCP"));
    plain(one, &[port("9000", "9001")], &one.replace("9000", "9001"));
    plain(one, &[port("metrics", "9100")], &format!("{one}        - name: metrics\n          containerPort: 9100\n"));
    plain(
        one,
        &[Edit::remove(Field::Port("dns".into()))],
        &one.replace("        - {containerPort: 53, name: dns, protocol: UDP}\n", ""),
    );
    plain(
        "      - name: a\n        image: x\n",
        &[port("http", "80")],
        "      - name: a\n        image: x\n        ports:\n        - name: http\n          containerPort: 80\n",
    );
    let text = deployment(one);
    let same = apply(
        &files(&[("k/w.yaml", &text)]),
        "k",
        None,
        &[port("http", "8080/TCP"), port("none", "1"), Edit::remove(Field::Port("none".into()))],
    )
    .unwrap();
    assert!(same.files.is_empty(), "adding and removing gives the original bytes");
}

const PORTS: &str = "apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web, tier: front}}
    spec:
      containers:
      - name: web
        image: ghcr.io/acme/web:1
        env: [{name: A, value: a}]
        ports:
        - {name: http, containerPort: 80, hostPort: 8000}
        - {containerPort: 90}
        livenessProbe: {httpGet: {path: /live, port: http}, periodSeconds: 5}
        readinessProbe: {tcpSocket: {port: 80}}
        startupProbe: {exec: {command: [\"true\"]}}
";

fn base(kustomization: &str) -> Files {
    files(&[
        ("base/kustomization.yaml", "resources: [web.yaml]\n"),
        ("base/web.yaml", PORTS),
        ("o/kustomization.yaml", kustomization),
    ])
}

/// Returns what the effective container comes to after edits in an overlay.
#[track_caller]
fn effective(edits: &[Edit]) -> serde_json::Value {
    let mut set = base("resources: [../base]\n");
    let applied = apply(&set, "o", None, edits).unwrap();
    let names: Vec<&str> = applied.files.iter().map(|f| f.path.as_str()).collect();
    assert_eq!(names, ["o/kustomization.yaml"]);
    set.insert("o/kustomization.yaml", applied.files[0].after.clone().unwrap());
    assert!(apply(&set, "o", None, edits).unwrap().files.is_empty(), "the same edits again change nothing");
    let objects = crate::build::build(&set, "o").unwrap();
    objects[0].value["spec"]["template"]["spec"]["containers"][0].clone()
}

#[test]
fn ports_of_a_base_are_overridden() {
    use serde_json::json;
    assert_eq!(
        effective(&[port("http", "81")])["ports"],
        json!([{"name": "http", "containerPort": 81, "hostPort": 8000}, {"containerPort": 90}])
    );
    assert_eq!(
        effective(&[port("90", "91")])["ports"],
        json!([{"name": "http", "containerPort": 80, "hostPort": 8000}, {"containerPort": 91}])
    );
    assert_eq!(effective(&[Edit::remove(Field::Port("http".into()))])["ports"], json!([{"containerPort": 90}]));
    let more = effective(&[port("grpc", "50051"), port("quic", "443/UDP")]);
    assert_eq!(more["ports"].as_array().unwrap().len(), 4);
}

#[test]
fn probes_are_changed_part_by_part() {
    use Probe::{Liveness, Readiness, Startup};
    let one = "      - name: a\n        image: x\n        ports: [{name: http, containerPort: 80}]\n        livenessProbe:\n          httpGet: {path: /live, port: http} # ask\n          periodSeconds: 5\n        readinessProbe:\n          tcpSocket:\n            port: 80\n        startupProbe:\n          exec: {command: [a]}\n";
    plain(one, &[probe(Liveness, ProbePart::Path, "/healthz")], &one.replace("/live", "/healthz"));
    plain(one, &[probe(Liveness, ProbePart::Port, "8080")], &one.replace("port: http}", "port: 8080}"));
    plain(one, &[probe(Liveness, ProbePart::Period, "9")], &one.replace("periodSeconds: 5", "periodSeconds: 9"));
    plain(
        one,
        &[probe(Liveness, ProbePart::Delay, "3")],
        &one.replace("periodSeconds: 5\n", "periodSeconds: 5\n          initialDelaySeconds: 3\n"),
    );
    plain(one, &[probe(Readiness, ProbePart::Port, "81")], &one.replace("port: 80\n", "port: 81\n"));
    plain(
        one,
        &[Edit::remove(Field::Probe(Readiness, ProbePart::Port))],
        &one.replace("        readinessProbe:\n          tcpSocket:\n            port: 80\n", ""),
    );
    plain(one, &[Edit::remove(Field::Probe(Liveness, ProbePart::Path))], &one.replace("path: /live, ", ""));
    for (edit, reason) in
        [(probe(Readiness, ProbePart::Path, "/x"), "asks by tcpSocket"), (probe(Startup, ProbePart::Port, "1"), "runs a command")]
    {
        let error = refused(one, &[edit]);
        assert!(error.to_string().contains(reason), "{error}");
    }
    let bare = "      - name: a\n        image: x\n        ports: [{name: http, containerPort: 80}]\n";
    plain(
        bare,
        &[probe(Liveness, ProbePart::Path, "/live"), probe(Liveness, ProbePart::Failures, "2")],
        &format!(
            "{bare}        livenessProbe:\n          httpGet:\n            path: /live\n            port: http\n          failureThreshold: 2\n"
        ),
    );
    plain(
        "      - name: a\n        image: x\n",
        &[probe(Startup, ProbePart::Delay, "2"), probe(Startup, ProbePart::Path, "/up"), probe(Startup, ProbePart::Port, "web")],
        "      - name: a\n        image: x\n        startupProbe:\n          httpGet:\n            path: /up\n            port: web\n          initialDelaySeconds: 2\n",
    );
    assert!(matches!(
        refused("      - name: a\n        image: x\n", &[probe(Startup, ProbePart::Path, "/")]),
        Error::CannotEdit { .. }
    ));
}

#[test]
fn probes_of_a_base_are_overridden() {
    use serde_json::json;
    let after = effective(&[
        probe(Probe::Liveness, ProbePart::Path, "/x"),
        probe(Probe::Liveness, ProbePart::Timeout, "2"),
        Edit::remove(Field::Probe(Probe::Readiness, ProbePart::Port)),
    ]);
    assert_eq!(
        after["livenessProbe"],
        json!({"httpGet": {"path": "/x", "port": "http"}, "periodSeconds": 5, "timeoutSeconds": 2})
    );
    assert!(after.get("readinessProbe").is_none());
}

#[test]
fn labels_and_annotations_are_set_where_they_stand() {
    let head = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n  labels: # ours\n    team: a\nspec:\n  selector:\n    matchLabels: {app: web}\n  template:\n    metadata:\n      labels: {app: web, tier: front}\n    spec:\n      containers:\n      - name: a\n        image: x\n";
    for (edit, expect) in [
        (Edit::set(Field::Label("team".into()), "b"), head.replace("team: a", "team: b")),
        (Edit::set(Field::Label("on".into()), "1"), head.replace("team: a\n", "team: a\n    \"on\": \"1\"\n")),
        (Edit::remove(Field::Label("team".into())), head.replace("  labels: # ours\n    team: a\n", "")),
        (
            Edit::set(Field::Annotation("acme.io/note".into()), "two: words"),
            head.replace("team: a\n", "team: a\n  annotations:\n    acme.io/note: \"two: words\"\n"),
        ),
        (Edit::set(Field::PodLabel("tier".into()), "back"), head.replace("tier: front", "tier: back")),
        (Edit::remove(Field::PodLabel("tier".into())), head.replace(", tier: front", "")),
        (
            Edit::set(Field::PodAnnotation("a/b".into()), "c"),
            head.replace("tier: front}\n", "tier: front}\n      annotations:\n        a/b: c\n"),
        ),
    ] {
        check(&[("k/w.yaml", head)], "k", &[edit], ("k/w.yaml", &expect));
    }
    let list = files(&[("k/w.yaml", head)]);
    for edit in [Edit::set(Field::PodLabel("app".into()), "x"), Edit::remove(Field::PodLabel("app".into()))] {
        let error = apply(&list, "k", None, &[edit]).unwrap_err();
        assert!(error.to_string().contains("selector"), "{error}");
    }
    let bare = deployment("      - name: a\n        image: x\n");
    let edit = Edit::set(Field::PodLabel("tier".into()), "x");
    let expect = bare.replace("  template:\n", "  template:\n    metadata:\n      labels:\n        tier: x\n");
    check(&[("k/w.yaml", &bare)], "k", std::slice::from_ref(&edit), ("k/w.yaml", &expect));
    let after = files(&[("k/w.yaml", &expect)]);
    let back = apply(&after, "k", None, &[Edit::remove(Field::PodLabel("tier".into()))]).unwrap();
    assert_eq!(back.files[0].after.as_deref(), Some(bare.as_str()), "adding and removing gives the original bytes");
    let patch = "resources: [../../base]\npatches:\n  - patch: |-\n      apiVersion: apps/v1\n      kind: Deployment\n      metadata:\n        name: web\n";
    overlay(
        "resources: [../../base]\n",
        &[Edit::set(Field::Label("a/b".into()), "c")],
        &format!("{patch}        labels:\n          a/b: c\n"),
    );
}

#[test]
fn labels_of_a_kustomization_are_asked_about() {
    let text = "resources: [../base]\nlabels:\n- pairs: {team: a}\n";
    let two = format!("{PORTS}---\napiVersion: v1\nkind: Service\nmetadata: {{name: web}}\n");
    let list =
        [("base/kustomization.yaml", "resources: [web.yaml]\n"), ("base/web.yaml", two.as_str()), ("o/kustomization.yaml", text)];
    let edit = Edit::set(Field::Label("team".into()), "b");
    let ask = choices::question(&list, "o", &edit);
    assert_eq!(ask.offers.len(), 1);
    assert_eq!(ask.offers[0].what, "changes Deployment web and Service web");
    let chosen = Edit { choice: Some(ask.offers[0].choice.clone()), ..edit };
    check(&list, "o", &[chosen], ("o/kustomization.yaml", &text.replace("team: a", "team: b")));
}

#[test]
fn facts_tell_all_that_is_there() {
    let facts = facts(&base("resources: [../base]\ncommonAnnotations: {by: us}\n"), "o", None).unwrap();
    let told: Vec<String> = facts.found.iter().map(|f| format!("{} = {} @ {}:{}", f.field, f.value, f.file, f.line)).collect();
    assert_eq!(
        told,
        [
            "image = ghcr.io/acme/web @ base/web.yaml:11",
            "image tag = 1 @ base/web.yaml:11",
            "env A = a @ base/web.yaml:12",
            "port http = 80 @ base/web.yaml:14",
            "port 90 = 90 @ base/web.yaml:15",
            "liveness path = /live @ base/web.yaml:16",
            "liveness port = http @ base/web.yaml:16",
            "liveness period = 5 @ base/web.yaml:16",
            "readiness port = 80 @ base/web.yaml:17",
            "annotation by = us @ o/kustomization.yaml:2",
            "pod label app = web @ base/web.yaml:7",
            "pod label tier = front @ base/web.yaml:7",
            "pod annotation by = us @ o/kustomization.yaml:2",
        ]
    );
    let by = facts.find(None, &Field::Annotation("by".into())).unwrap();
    assert_eq!(by.why, "annotations: entry of the overlay");
}

#[test]
fn an_override_that_is_taken_back_leaves_nothing() {
    let bare = "# dev\nresources:\n- ../base\n";
    for (put, take) in [
        (env("NEW", "1"), Edit::remove(Field::Env("NEW".into()))),
        (refer("NEW", "secret:a/b"), Edit::remove(Field::EnvRef("NEW".into()))),
        (cpu("1"), Edit::remove(Field::Resource(Bound::Limit, Resource::Cpu))),
        (Edit::remove(Field::Env("A".into())), env("A", "a")),
        (port("grpc", "5000"), Edit::remove(Field::Port("grpc".into()))),
        (probe(Probe::Liveness, ProbePart::Delay, "3"), Edit::remove(Field::Probe(Probe::Liveness, ProbePart::Delay))),
        (Edit::set(Field::Label("a".into()), "b"), Edit::remove(Field::Label("a".into()))),
        (Edit::set(Field::PodAnnotation("a".into()), "b"), Edit::remove(Field::PodAnnotation("a".into()))),
    ] {
        let applied = apply(&base(bare), "o", None, &[put]).unwrap();
        let after = base(applied.files[0].after.as_deref().unwrap());
        let back = apply(&after, "o", None, std::slice::from_ref(&take)).unwrap();
        assert_eq!(back.files[0].after.as_deref(), Some(bare), "{take:?}");
    }
}

#[test]
fn a_patch_keeps_what_it_says_besides() {
    let text = "resources: [../base]\npatches:\n- patch: |-\n    apiVersion: apps/v1\n    kind: Deployment\n    metadata: {name: web}\n    spec:\n      template:\n        spec:\n          volumes:\n          - name: tmp\n            emptyDir: {}\n";
    let other = "resources: [../base]\npatches:\n- patch: |-\n    apiVersion: apps/v1\n    kind: Deployment\n    metadata: {name: web}\n    spec:\n      minReadySeconds: 3\n      template: {}\n- path: p.yaml\n";
    for bare in [text, other] {
        let mut set = base(bare);
        set.insert("o/p.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: none}\n$patch: delete\n");
        set.insert("base/none.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: none}\n");
        set.insert("base/kustomization.yaml", "resources: [web.yaml, none.yaml]\n");
        for edit in [env("NEW", "1"), cpu("1"), Edit::set(Field::PodAnnotation("a".into()), "b")] {
            let applied = apply(&set, "o", None, std::slice::from_ref(&edit)).unwrap();
            let mut after = set.clone();
            after.insert("o/kustomization.yaml", applied.files[0].after.clone().unwrap());
            let back = apply(&after, "o", None, &[Edit { value: None, ..edit }]).unwrap();
            let expect = bare.replace("      template: {}\n", "");
            assert_eq!(back.files[0].after.as_deref().unwrap().replace("      template: {}\n", ""), expect);
        }
    }
}
