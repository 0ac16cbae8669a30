//! Edits of workloads: where they are made, and that nothing else changes.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test says which input failed by failing")]

use domain::edit::{Bound, Resource};
use proptest::prelude::*;

use super::*;
use crate::locate::facts;

fn files(list: &[(&str, &str)]) -> Files {
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
fn check(list: &[(&str, &str)], path: &str, edits: &[Edit], (file, expect): (&str, &str)) {
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

#[test]
fn shared_values_are_refused_with_both_places() {
    let text = deployment("      - name: a\n        image: &img x:1\n      - name: b\n        image: *img\n");
    for container in ["a", "b"] {
        let edit = Edit { container: Some(container.into()), ..tag("2") };
        let error = apply(&files(&[("k/w.yaml", &text)]), "k", None, &[edit]).unwrap_err();
        let Error::Shared { first, second, .. } = error else { panic!("{error}") };
        assert_eq!((first.as_str(), second.as_str()), ("k/w.yaml:11", "k/w.yaml:13"));
    }
    // Where nobody else uses it, the value is changed where it lives.
    let held = format!("x-image: &img x:1\n{}", deployment("      - name: a\n        image: *img\n"));
    check(&[("k/w.yaml", &held)], "k", &[tag("2")], ("k/w.yaml", &held.replace("x:1", "x:2")));
    // A merged value gets an entry of the container's own.
    let merged = format!(
        "x-res: &res {{limits: {{cpu: 1}}}}\nx-more: *res\n{}",
        deployment("      - name: a\n        image: x\n        resources:\n          <<: *res\n")
    );
    check(
        &[("k/w.yaml", &merged)],
        "k",
        &[cpu("2")],
        ("k/w.yaml", &format!("{merged}          limits:\n            cpu: \"2\"\n")),
    );
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

#[test]
fn what_lives_in_a_base_is_overridden_in_the_overlay() {
    let bare = "# dev\nresources:\n- ../../base\n";
    overlay(bare, &[tag("1.10")], "# dev\nresources:\n- ../../base\nimages:\n- name: ghcr.io/acme/web\n  newTag: \"1.10\"\n");
    overlay(bare, &[Edit::set(Field::Replicas, "3")], "# dev\nresources:\n- ../../base\nreplicas:\n- name: web\n  count: 3\n");
    overlay(
        "resources: [../../base]\nnamePrefix: dev-",
        &[Edit::set(Field::Replicas, "3"), tag("2")],
        "resources: [../../base]\nnamePrefix: dev-\nreplicas:\n  - name: web\n    count: 3\nimages:\n  - name: ghcr.io/acme/web\n    newTag: \"2\"",
    );
    let patch = "# dev\nresources:\n- ../../base\npatches:\n- patch: |-\n    apiVersion: apps/v1\n    kind: Deployment\n    metadata:\n      name: web\n    spec:\n      template:\n        spec:\n          containers:\n            - name: web\n";
    overlay(
        bare,
        &[env("MODE", "dev")],
        &format!("{patch}              env:\n                - name: MODE\n                  value: dev\n"),
    );
    overlay(
        bare,
        &[cpu("1")],
        &format!("{patch}              resources:\n                limits:\n                  cpu: \"1\"\n"),
    );
    overlay(
        bare,
        &[
            env("MODE", "dev"),
            env("NEW", "1"),
            Edit::remove(Field::Resource(Bound::Limit, Resource::Cpu)),
            Edit::set(Field::PullPolicy, "Never"),
        ],
        &format!(
            "{patch}              env:\n                - name: MODE\n                  value: dev\n                - name: NEW\n                  value: \"1\"\n              resources:\n                limits:\n                  cpu: null\n              imagePullPolicy: Never\n"
        ),
    );
    overlay(
        bare,
        &[Edit::remove(Field::Env("MODE".into()))],
        &format!("{patch}              env:\n                - name: MODE\n                  $patch: delete\n"),
    );
}

#[test]
fn what_the_overlay_says_already_is_changed_there() {
    let images = "resources: [../../base]\nimages:\n  - name: ghcr.io/acme/web # ours\n    newTag: 1.0.1 # {\"$imagepolicy\": \"flux-system:web:tag\"}\nreplicas: [{name: web, count: 2}]\n";
    overlay(images, &[tag("1.0.2")], &images.replace("1.0.1", "1.0.2"));
    overlay(images, &[Edit::set(Field::Replicas, "5")], &images.replace("count: 2", "count: 5"));
    overlay(
        images,
        &[Edit::set(Field::ImageName, "mirror/web")],
        &images.replace("# ours\n", "# ours\n    newName: mirror/web\n"),
    );
    let digest = format!("sha256:{}", "b".repeat(64));
    let pinned = format!("resources: [../../base]\nimages:\n- name: ghcr.io/acme/web\n  digest: {digest}\n");
    overlay(&pinned, &[tag("2.0")], "resources: [../../base]\nimages:\n- name: ghcr.io/acme/web\n  newTag: \"2.0\"\n");
    overlay(
        "resources: [../../base]\n",
        &[Edit::set(Field::ImageDigest, &digest)],
        &format!("resources: [../../base]\nimages:\n  - name: ghcr.io/acme/web\n    newTag: 1.0.0\n    digest: {digest}\n"),
    );
}

#[test]
fn patches_of_the_overlay_are_extended() {
    let inline = "resources: [../../base]\r\npatches:\r\n  - patch: |\r\n      apiVersion: apps/v1\r\n      kind: Deployment\r\n      metadata: {name: web}\r\n      spec:\r\n        template:\r\n          spec:\r\n            containers:\r\n              - name: web\r\n                env:\r\n                  - name: MODE # mode\r\n                    value: dev\r\n\r\n# end\r\n";
    overlay(inline, &[env("MODE", "test")], &inline.replace("value: dev", "value: test"));
    overlay(
        inline,
        &[env("A", "1")],
        &inline.replace("value: dev\r\n", "value: dev\r\n                  - name: A\r\n                    value: \"1\"\r\n"),
    );
    overlay(
        inline,
        &[cpu("1")],
        &inline.replace(
            "value: dev\r\n",
            "value: dev\r\n                resources:\r\n                  limits:\r\n                    cpu: \"1\"\r\n",
        ),
    );
    // Taking it out of the patch would show the base's value again, so the patch says that it goes.
    overlay(
        inline,
        &[Edit::remove(Field::Env("MODE".into()))],
        &inline.replace(
            "                env:\r\n                  - name: MODE # mode\r\n                    value: dev\r\n",
            "                env:\r\n                  - name: MODE\r\n                    $patch: delete\r\n",
        ),
    );
    let file = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  replicas: 4 # four\n";
    let list = [
        ("base/kustomization.yaml", "resources: [web.yaml]\n"),
        ("base/web.yaml", BASE),
        ("o/dev/kustomization.yaml", "resources: [../../base]\npatches: [{path: p.yaml}]\n"),
        ("o/dev/p.yaml", file),
    ];
    check(&list, "o/dev", &[Edit::set(Field::Replicas, "7")], ("o/dev/p.yaml", &file.replace('4', "7")));
    check(
        &list,
        "o/dev",
        &[Edit::set(Field::PullPolicy, "Always")],
        (
            "o/dev/p.yaml",
            &format!("{file}  template:\n    spec:\n      containers:\n        - name: web\n          imagePullPolicy: Always\n"),
        ),
    );
    let json = "resources: [../../base]\npatches:\n- target: {kind: Deployment}\n  patch: |-\n    - op: replace\n      path: /spec/replicas\n      value: 6 # six\n    - {op: replace, path: /spec/template/spec/containers/0/image, value: 'x:1'}\n";
    overlay(json, &[Edit::set(Field::Replicas, "8")], &json.replace("6 # six", "8 # six"));
    overlay(json, &[tag("2")], &json.replace("'x:1'", "'x:2'"));
}

#[test]
fn facts_say_what_and_where_and_why() {
    let list = [
        ("base/kustomization.yaml", "resources: [web.yaml]\n"),
        ("base/web.yaml", BASE),
        (
            "o/dev/kustomization.yaml",
            "resources: [../../base]\nnamePrefix: dev-\nimages:\n- name: ghcr.io/acme/web\n  newTag: 1.0.1\npatches:\n- patch: |-\n    kind: Deployment\n    apiVersion: apps/v1\n    metadata: {name: web}\n    spec: {replicas: 3}\n",
        ),
    ];
    let facts = facts(&files(&list), "o/dev", None).unwrap();
    assert_eq!(facts.workload, WorkloadRef { kind: "Deployment".into(), name: "web".into() });
    assert_eq!(facts.containers, ["web"]);
    let told: Vec<String> =
        facts.found.iter().map(|f| format!("{} = {} @ {}:{} ({})", f.field, f.value, f.file, f.line, f.why)).collect();
    assert_eq!(
        told,
        [
            "replicas = 3 @ o/dev/kustomization.yaml:11 (inline patch of the overlay)",
            "image = ghcr.io/acme/web @ base/web.yaml:11 (container web of Deployment web, in the base base)",
            "image tag = 1.0.1 @ o/dev/kustomization.yaml:5 (images: entry of the overlay)",
            "cpu limit = 500m @ base/web.yaml:18 (container web of Deployment web, in the base base)",
            "env MODE = base @ base/web.yaml:14 (container web of Deployment web, in the base base)",
            "env TOKEN =  @ base/web.yaml:15 (comes from Secret login, key token, container web of Deployment web, in the base base)",
        ]
    );
    assert!(facts.find(None, &Field::ImageTag).is_some());
}

#[test]
fn what_cannot_be_done_is_said() {
    let list = files(&[
        ("base/kustomization.yaml", "resources: [web.yaml]\n"),
        ("base/web.yaml", BASE),
        ("o/kustomization.yaml", "resources: [../base]\n"),
    ]);
    let fault = |edit: Edit| apply(&list, "o", None, &[edit]).unwrap_err();
    assert!(matches!(fault(env("TOKEN", "x")), Error::Indirect { line: 15, .. }));
    assert!(matches!(fault(tag("no tag")), Error::Value { .. }));
    assert!(matches!(fault(Edit { container: Some("none".into()), ..tag("2") }), Error::NoSuchContainer { .. }));
    assert!(matches!(fault(Edit::remove(Field::ImageTag)), Error::CannotEdit { .. }));
    let wanted = WorkloadRef { kind: "Deployment".into(), name: "none".into() };
    assert!(matches!(apply(&list, "o", Some(&wanted), &[]), Err(Error::NoSuchWorkload { .. })));
    assert!(matches!(facts(&list, "nowhere", None), Err(Error::Missing { .. })));
    assert!(matches!(facts(&files(&[("a/b.yaml", "kind: A\nmetadata: {name: b}\n")]), "a", None), Err(Error::NoWorkload { .. })));
    let daemon = files(&[(
        "a/b.yaml",
        &deployment("      - name: a\n        image: x\n")
            .replace("kind: Deployment", "kind: DaemonSet")
            .replace("  replicas: 1 # one\n", ""),
    )]);
    assert!(matches!(apply(&daemon, "a", None, &[Edit::set(Field::Replicas, "2")]), Err(Error::CannotEdit { .. })));
}

/// Environment values that can stand in any style.
fn words() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~]{0,12}",
        "[a-z:#\\-{},'\" 值\n]{0,10}",
        "[0-9eExX._:+-]{1,6}",
        Just("on".to_owned()),
        Just("null".to_owned())
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_value_reads_back_as_it_was_meant_and_nothing_else_changes(
        value in words(),
        style in 0..5_usize,
        crlf in any::<bool>(),
    ) {
        let written = ["old", "'old'", "\"old\"", "|-\n            old\n            lines", ">-\n            old\n            lines"][style];
        let before = deployment(&format!("      - name: a # 一\n        image: x:1\n        env:\n        - name: A\n          value: {written} # tail\n        - name: B # other\n          value: b\n"));
        let before = if style > 2 { before.replace(" # tail", "") } else { before };
        let before = if crlf { before.replace('\n', "\r\n") } else { before };
        let files = files(&[("k/w.yaml", &before)]);
        let applied = apply(&files, "k", None, &[env("A", &value)]).unwrap();
        let after = applied.files.first().map_or(before.as_str(), |f| f.after.as_deref().unwrap());
        let read: serde_yaml::Value = serde_yaml::from_str(after).unwrap();
        let env = &read["spec"]["template"]["spec"]["containers"][0]["env"];
        prop_assert_eq!(env[0]["value"].as_str(), Some(value.as_str()));
        prop_assert_eq!(env[1]["value"].as_str(), Some("b"));
        let head = before.find("value: ").unwrap() + "value: ".len();
        prop_assert_eq!(&after[..head], &before[..head]);
        let tail = &before[before.find("- name: B").unwrap()..];
        prop_assert!(after.ends_with(tail));
    }

    #[test]
    fn an_edit_and_its_inverse_give_the_original_bytes(
        new in "[a-z][a-z0-9]{0,6}",
        style in 0..3_usize,
        count in 0..50_u32,
        crlf in any::<bool>(),
    ) {
        let written = ["x:v1", "'x:v1'", "\"x:v1\""][style];
        let before = deployment(&format!("      - name: a\n        image: {written} # tail\n        resources:\n          limits:\n            cpu: 100m\n"));
        let before = if crlf { before.replace('\n', "\r\n") } else { before };
        let edits = [tag(&new), Edit::set(Field::Replicas, count.to_string()), env("X", &new), cpu("7")];
        let inverse = [tag("v1"), Edit::set(Field::Replicas, "1"), Edit::remove(Field::Env("X".into())), cpu("100m")];
        let applied = apply(&files(&[("k/w.yaml", &before)]), "k", None, &edits).unwrap();
        let changed = files(&[("k/w.yaml", applied.files[0].after.as_deref().unwrap())]);
        let back = apply(&changed, "k", None, &inverse).unwrap();
        prop_assert_eq!(back.files[0].after.as_deref(), Some(before.as_str()));
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), cut in 0..400_usize, noise in "[ \\n:\\-#{}\\[\\]'\"&*|>a]{0,6}") {
        let mut set = Files::new();
        set.insert("k/a.yaml", bytes);
        let _ = facts(&set, "k", None);
        let mut text = deployment("      - name: a\n        image: x:1\n        env:\n        - {name: A, value: |\n");
        let at = text.floor_char_boundary(cut.min(text.len()));
        text.insert_str(at, &noise);
        let set = files(&[("k/a.yaml", &text)]);
        let _ = apply(&set, "k", None, &[tag("2"), env("A", "b"), cpu("1"), Edit::set(Field::Replicas, "2")]);
        let set = files(&[("k/kustomization.yaml", &text)]);
        let _ = crate::build::build(&set, "k");
    }
}
