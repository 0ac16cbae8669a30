//! Every kind of workload, several containers, and those that run first.

use super::*;

fn of(container: &str, edit: Edit) -> Edit {
    Edit { container: Some(container.into()), ..edit }
}

const POD: &str = "spec:
      initContainers:
      - name: migrate
        image: ghcr.io/acme/migrate:1
      containers:
      - name: app
        image: ghcr.io/acme/app:1
        env:
        - name: A
          value: a
";

/// Returns a workload of a kind with the Pod above.
fn workload(kind: &str) -> String {
    let (api, deeper) = match kind {
        "CronJob" => ("batch/v1", true),
        "Job" => ("batch/v1", false),
        "Rollout" => ("argoproj.io/v1alpha1", false),
        _ => ("apps/v1", false),
    };
    let head = format!("apiVersion: {api}\nkind: {kind}\nmetadata:\n  name: app\nspec:\n");
    if deeper {
        let pod = POD.replace('\n', "\n    ").trim_end().to_owned();
        return format!("{head}  schedule: \"0 3 * * *\"\n  jobTemplate:\n    spec:\n      template:\n        {pod}\n");
    }
    format!("{head}  template:\n    {POD}")
}

const KINDS: [&str; 6] = ["Deployment", "StatefulSet", "DaemonSet", "CronJob", "Job", "Rollout"];

#[test]
fn every_kind_is_edited_where_it_is_written() {
    for kind in KINDS {
        let text = workload(kind);
        let list = [("k/w.yaml", text.as_str())];
        check(&list, "k", &[tag("2")], ("k/w.yaml", &text.replace("app:1", "app:2")));
        check(&list, "k", &[of("migrate", tag("2"))], ("k/w.yaml", &text.replace("migrate:1", "migrate:2")));
        check(&list, "k", &[env("A", "b")], ("k/w.yaml", &text.replace("value: a", "value: b")));
        let facts = facts(&files(&list), "k", None).unwrap();
        assert_eq!(facts.workload, WorkloadRef { kind: kind.into(), name: "app".into() });
        assert_eq!(facts.containers, ["app", "migrate"]);
    }
}

#[test]
fn every_kind_is_overridden_in_the_overlay() {
    let head = "resources: [../base]\npatches:\n  - patch: |-\n";
    for kind in KINDS {
        let text = workload(kind);
        let list = [
            ("base/kustomization.yaml", "resources: [w.yaml]\n"),
            ("base/w.yaml", text.as_str()),
            ("o/kustomization.yaml", "resources: [../base]\n"),
        ];
        let images = "resources: [../base]\nimages:\n  - name: ghcr.io/acme/migrate\n    newTag: \"2\"\n";
        check(&list, "o", &[of("migrate", tag("2"))], ("o/kustomization.yaml", images));
        let apply = |edit: &Edit| {
            let applied = apply(&files(&list), "o", None, std::slice::from_ref(edit)).unwrap();
            assert_eq!(applied.files.len(), 1, "{kind}");
            applied.files[0].after.clone().unwrap()
        };
        let after = apply(&env("A", "b"));
        match kind {
            "Rollout" => assert_eq!(
                after,
                "resources: [../base]\npatches:\n  - target:\n      group: argoproj.io\n      kind: Rollout\n      name: app\n    patch: |-\n      - op: test\n        path: /spec/template/spec/containers/0/name\n        value: app\n      - op: test\n        path: /spec/template/spec/containers/0/env/0/name\n        value: A\n      - op: replace\n        path: /spec/template/spec/containers/0/env/0/value\n        value: b\n"
            ),
            "CronJob" => {
                assert!(after.starts_with(&format!("{head}      apiVersion: batch/v1\n      kind: CronJob\n")), "{after}");
            }
            _ => assert!(after.contains("              - name: app\n                env:\n"), "{after}"),
        }
    }
}

#[test]
fn replicas_are_those_of_the_kind() {
    for (kind, expect) in [
        ("Deployment", Some("replicas:\n  - name: app\n    count: 3\n")),
        ("StatefulSet", Some("replicas:\n  - name: app\n    count: 3\n")),
        (
            "Rollout",
            Some(
                "patches:\n  - patch: |-\n      apiVersion: argoproj.io/v1alpha1\n      kind: Rollout\n      metadata:\n        name: app\n      spec:\n        replicas: 3\n",
            ),
        ),
        ("DaemonSet", None),
        ("Job", None),
        ("CronJob", None),
    ] {
        let text = workload(kind);
        let list = [
            ("base/kustomization.yaml", "resources: [w.yaml]\n"),
            ("base/w.yaml", text.as_str()),
            ("o/kustomization.yaml", "resources: [../base]\n"),
        ];
        let edit = Edit::set(Field::Replicas, "3");
        if let Some(tail) = expect {
            check(&list, "o", &[edit], ("o/kustomization.yaml", &format!("resources: [../base]\n{tail}")));
        } else {
            let error = apply(&files(&list), "o", None, &[edit]).unwrap_err();
            assert!(matches!(&error, Error::CannotEdit { why, .. } if why.contains(kind)), "{error}");
        }
    }
}

#[test]
fn a_rollout_can_refer_to_a_deployment() {
    let rollout = "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata:\n  name: roll\nspec:\n  replicas: 2\n  workloadRef:\n    apiVersion: apps/v1\n    kind: Deployment\n    name: app\n";
    let deployment = workload("Deployment");
    let list = files(&[("k/d.yaml", &deployment), ("k/r.yaml", rollout)]);
    let wanted = WorkloadRef { kind: "Rollout".into(), name: "roll".into() };
    let applied = apply(&list, "k", Some(&wanted), &[tag("2"), Edit::set(Field::Replicas, "5")]).unwrap();
    let after: Vec<String> = applied.files.iter().map(|f| f.after.clone().unwrap()).collect();
    assert_eq!(after, [deployment.replace("app:1", "app:2"), rollout.replace("replicas: 2", "replicas: 5")]);
    assert_eq!(facts(&list, "k", Some(&wanted)).unwrap().containers, ["app", "migrate"]);
}

#[test]
fn json_patches_of_the_overlay_are_extended_and_taken_back() {
    let text = workload("Rollout");
    let list = [
        ("base/kustomization.yaml", "resources: [w.yaml]\n"),
        ("base/w.yaml", text.as_str()),
        ("o/kustomization.yaml", "resources: [../base]\n"),
    ];
    let head = "resources: [../base]\npatches:\n  - target:\n      group: argoproj.io\n      kind: Rollout\n      name: app\n    patch: |-\n";
    let expect = format!(
        "{head}      - op: test\n        path: /spec/template/spec/containers/0/name\n        value: app\n      - op: add\n        path: /spec/template/spec/containers/0/env/-\n        value:\n          name: B\n          value: b\n      - op: add\n        path: /spec/template/spec/containers/0/resources\n        value:\n          limits:\n            cpu: \"1\"\n      - op: test\n        path: /spec/template/spec/containers/0/env/0/name\n        value: A\n      - op: remove\n        path: /spec/template/spec/containers/0/env/0\n"
    );
    check(&list, "o", &[env("B", "b"), cpu("1"), Edit::remove(Field::Env("A".into()))], ("o/kustomization.yaml", &expect));
    let first = apply(&files(&list), "o", None, &[env("B", "b")]).unwrap();
    let mut after = files(&list);
    after.insert("o/kustomization.yaml", first.files[0].after.clone().unwrap());
    let back = apply(&after, "o", None, &[Edit::remove(Field::Env("B".into()))]).unwrap();
    assert_eq!(back.files[0].after.as_deref(), Some(list[2].1), "adding and removing gives the original bytes");
}

#[test]
fn what_runs_on_is_meant_before_what_passes() {
    let (job, app) = (workload("CronJob").replace("name: app\nspec", "name: aaa\nspec"), workload("DaemonSet"));
    let list = files(&[("k/kustomization.yaml", "resources: [a.yaml, b.yaml]\n"), ("k/a.yaml", &job), ("k/b.yaml", &app)]);
    let facts = facts(&list, "k", None).unwrap();
    assert_eq!(facts.workload.kind, "DaemonSet");
    assert_eq!(facts.workloads.len(), 2);
}
