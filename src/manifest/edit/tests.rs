//! Edits of workloads: where they are made, and that nothing else changes.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test says which input failed by failing")]

mod choices;
mod fields;
mod kinds;
mod order;
mod overlays;
mod properties;

use domain::edit::{Bound, Resource};

use super::*;
use crate::edit::facts::facts;

pub(super) fn files(list: &[(&str, &str)]) -> Files {
    list.iter().copied().collect()
}

fn tag(value: &str) -> Edit {
    Edit::set(Field::ImageTag, value)
}

fn env(name: &str, value: &str) -> Edit {
    Edit::set(Field::Env(name.into()), value)
}

fn cpu(value: &str) -> Edit {
    Edit::set(Field::Resource(Bound::Limit, Resource::Cpu), value)
}

/// Applies edits and compares the one file that changes.
#[track_caller]
pub(super) fn check(list: &[(&str, &str)], path: &str, edits: &[Edit], (file, expect): (&str, &str)) {
    let files = files(list);
    let applied = apply(&files, path, None, edits).unwrap();
    let names: Vec<&str> = applied.files.iter().map(|f| f.path.as_str()).collect();
    assert_eq!(names, [file]);
    assert_eq!(applied.files[0].after.as_deref().unwrap(), expect);
    let mut after = files.clone();
    for change in &applied.files {
        after.insert(change.path.clone(), change.after.clone().unwrap());
        let documents = serde_yaml::Deserializer::from_str(change.after.as_deref().unwrap().trim_start_matches('\u{feff}'));
        for document in documents {
            <serde_yaml::Value as serde::Deserialize>::deserialize(document).unwrap();
        }
    }
    assert!(apply(&after, path, None, edits).unwrap().files.is_empty(), "the same edits again change nothing");
}

/// A Deployment whose container is given.
fn deployment(container: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  replicas: 1 # one\n  template:\n    spec:\n      containers:\n{container}"
    )
}

#[track_caller]
fn plain(container: &str, edits: &[Edit], expect: &str) {
    let (before, after) = (deployment(container), deployment(expect));
    check(&[("k/web.yaml", &before)], "k", edits, ("k/web.yaml", &after));
}

#[test]
fn a_value_is_replaced_in_the_style_that_it_is_written_in() {
    let digest = format!("sha256:{}", "a".repeat(64));
    plain("      - name: a\n        image: x:1 # keep\n", &[tag("2")], "      - name: a\n        image: x:2 # keep\n");
    plain("      - name: a\n        image: 'x:1'\n", &[tag("1.10")], "      - name: a\n        image: 'x:1.10'\n");
    plain("      - {name: a, image: \"x:1\"}\n", &[tag("2")], "      - {name: a, image: \"x:2\"}\n");
    plain("      - name: a\n        image: &i x\n", &[tag("2")], "      - name: a\n        image: &i x:2\n");
    plain(
        "      - name: a\n        image: >-\n          x:1\n",
        &[tag("2")],
        "      - name: a\n        image: >-\n          x:2\n",
    );
    plain(&format!("      - name: a\n        image: x:1@{digest}\n"), &[tag("2")], "      - name: a\n        image: x:2\n");
    plain(
        "      - name: a\n        image: localhost:5000/x\n",
        &[tag("2")],
        "      - name: a\n        image: localhost:5000/x:2\n",
    );
    plain(
        "      - name: a\n        image: x:1\n",
        &[Edit::set(Field::ImageName, "ghcr.io/y/z"), Edit::set(Field::ImageDigest, &digest)],
        &format!("      - name: a\n        image: ghcr.io/y/z:1@{digest}\n"),
    );
}

#[test]
fn replicas_and_policies_are_set_where_they_belong() {
    let list = [("k/web.yaml", deployment("      - name: a\n        image: x:1\n"))];
    let before = list[0].1.as_str();
    check(
        &[("k/web.yaml", before)],
        "k",
        &[Edit::set(Field::Replicas, "3")],
        ("k/web.yaml", &before.replace("replicas: 1 # one", "replicas: 3 # one")),
    );
    let bare = before.replace("  replicas: 1 # one\n", "");
    check(&[("k/web.yaml", &bare)], "k", &[Edit::set(Field::Replicas, "3")], ("k/web.yaml", &before.replace("1 # one", "3")));
    plain(
        "      - name: a\n        image: x:1\n        args: [b]\n",
        &[Edit::set(Field::PullPolicy, "Always")],
        "      - name: a\n        image: x:1\n        imagePullPolicy: Always\n        args: [b]\n",
    );
}

#[test]
fn variables_are_set_added_and_removed() {
    let two = "      - name: a\n        image: x:1\n        env:\n        # first\n        - name: A\n          value: \"1\"   # one\n        - {name: B, value: two}\n        ports: []\n";
    plain(two, &[env("A", "9")], &two.replace("\"1\"", "\"9\""));
    plain(two, &[env("B", "on")], &two.replace("value: two", "value: \"on\""));
    plain(two, &[env("B", "a,b {c}")], &two.replace("value: two", "value: \"a,b {c}\""));
    plain(
        two,
        &[env("C", "值: x")],
        &two.replace("value: two}\n", "value: two}\n        - name: C\n          value: \"值: x\"\n"),
    );
    plain(two, &[Edit::remove(Field::Env("A".into()))], &two.replace("        - name: A\n          value: \"1\"   # one\n", ""));
    plain(
        two,
        &[Edit::remove(Field::Env("A".into())), Edit::remove(Field::Env("B".into()))],
        "      - name: a\n        image: x:1\n        ports: []\n",
    );
    plain(
        "      - name: a\n        image: x:1\n",
        &[env("A", "x")],
        "      - name: a\n        image: x:1\n        env:\n        - name: A\n          value: x\n",
    );
    plain(
        "      - image: x\n        name: a\n        env: []\n",
        &[env("A", "x")],
        "      - image: x\n        name: a\n        env:\n        - name: A\n          value: x\n",
    );
    plain("      - {name: a, image: x}\n", &[env("A", "x")], "      - {name: a, image: x, env: [{name: A, value: x}]}\n");
    plain(
        "      - name: a\n        image: x\n        env:\n        - name: A\n          value: |\n            old\n            text\n        - name: B\n          value: z\n",
        &[env("A", "new\n\nlines\n")],
        "      - name: a\n        image: x\n        env:\n        - name: A\n          value: |\n            new\n\n            lines\n        - name: B\n          value: z\n",
    );
    plain(
        "      - name: a\n        image: x\n        env:\n        - name: A\n          value: 5\n",
        &[env("A", "5")],
        "      - name: a\n        image: x\n        env:\n        - name: A\n          value: \"5\"\n",
    );
}

#[test]
fn resources_are_set_and_removed() {
    let one = "      - name: a\n        image: x\n        resources: {} # none\n        tty: true\n";
    plain(
        one,
        &[cpu("500m"), Edit::set(Field::Resource(Bound::Request, Resource::Memory), "1Gi")],
        "      - name: a\n        image: x\n        resources: # none\n          limits:\n            cpu: 500m\n          requests:\n            memory: 1Gi\n        tty: true\n",
    );
    let two = "      - name: a\n        image: x\n        resources:\n            limits: {cpu: 1, memory: 1Gi}\n            requests:\n                cpu: \"1\"\n";
    plain(two, &[cpu("2")], &two.replace("cpu: 1,", "cpu: 2,"));
    plain(
        two,
        &[Edit::set(Field::Resource(Bound::Request, Resource::Memory), "64Mi")],
        &format!("{two}                memory: 64Mi\n"),
    );
    plain(two, &[Edit::remove(Field::Resource(Bound::Limit, Resource::Cpu))], &two.replace("cpu: 1, ", ""));
    plain(
        two,
        &[Edit::remove(Field::Resource(Bound::Request, Resource::Cpu))],
        &two.replace("            requests:\n                cpu: \"1\"\n", ""),
    );
    let files = files(&[("k/w.yaml", &deployment(two))]);
    assert!(apply(&files, "k", None, &[cpu("1000m")]).unwrap().files.is_empty(), "an equal quantity is no change");
}

#[test]
fn every_way_of_ending_lines_and_files_stays() {
    let unix = deployment("      - name: a\n        image: x:1\n");
    for (text, expect) in [
        (
            unix.replace('\n', "\r\n"),
            unix.replace("x:1", "x:2").replace('\n', "\r\n") + "        env:\r\n        - name: A\r\n          value: b\r\n",
        ),
        (
            format!("\u{feff}{unix}"),
            format!("\u{feff}{}        env:\n        - name: A\n          value: b\n", unix.replace("x:1", "x:2")),
        ),
        (
            unix.trim_end().to_owned(),
            format!("{}\n        env:\n        - name: A\n          value: b", unix.trim_end().replace("x:1", "x:2")),
        ),
        (
            format!("kind: A\nmetadata: {{name: 一}}\n---\n{unix}---\n# 尾\nkind: B\nmetadata: {{name: b}}\n...\n"),
            format!(
                "kind: A\nmetadata: {{name: 一}}\n---\n{}        env:\n        - name: A\n          value: b\n---\n# 尾\nkind: B\nmetadata: {{name: b}}\n...\n",
                unix.replace("x:1", "x:2")
            ),
        ),
    ] {
        check(&[("k/w.yaml", &text)], "k", &[tag("2"), env("A", "b")], ("k/w.yaml", &expect));
        let added = apply(&files(&[("k/w.yaml", &text)]), "k", None, &[env("A", "b")]).unwrap();
        let after = files(&[("k/w.yaml", added.files[0].after.as_deref().unwrap())]);
        let back = apply(&after, "k", None, &[Edit::remove(Field::Env("A".into()))]).unwrap();
        assert_eq!(back.files[0].after.as_deref(), Some(text.as_str()), "adding and removing gives the original bytes");
    }
}

const BASE: &str = "apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 1
  template:
    spec:
      containers:
      - name: web
        image: ghcr.io/acme/web:1.0.0
        env:
        - name: MODE
          value: base
        - name: TOKEN
          valueFrom: {secretKeyRef: {name: login, key: token}}
        resources:
          limits: {cpu: 500m}
";

#[track_caller]
fn overlay(kustomization: &str, edits: &[Edit], expect: &str) {
    let list = [
        ("base/kustomization.yaml", "resources: [web.yaml]\n"),
        ("base/web.yaml", BASE),
        ("o/dev/kustomization.yaml", kustomization),
    ];
    check(&list, "o/dev", edits, ("o/dev/kustomization.yaml", expect));
}
