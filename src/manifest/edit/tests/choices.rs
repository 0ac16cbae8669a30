//! Where there is more than one place for an edit, it is asked, and the answer is followed.

use domain::edit::Ask;

use super::*;

/// Returns the question that an edit asks.
#[track_caller]
pub(super) fn question(list: &[(&str, &str)], path: &str, edit: &Edit) -> Ask {
    match apply(&files(list), path, None, std::slice::from_ref(edit)) {
        Err(Error::Choose(ask)) => *ask,
        other => panic!("{other:?}"),
    }
}

/// Returns the offers as one line each.
fn told(ask: &Ask) -> Vec<String> {
    ask.offers.iter().map(|o| format!("{:?} {}:{} {}", o.choice, o.file, o.line, o.what)).collect()
}

fn with(choice: Choice, edit: &Edit) -> Edit {
    Edit { choice: Some(choice), ..edit.clone() }
}

fn of(container: &str, edit: Edit) -> Edit {
    Edit { container: Some(container.into()), ..edit }
}

#[test]
fn a_shared_value_is_asked_about_and_the_answer_followed() {
    let text = deployment("      - name: a\n        image: &img x:1 # ours\n      - name: b\n        image: *img\n");
    let list = [("k/w.yaml", text.as_str())];
    let at_anchor = of("a", tag("2"));
    let ask = question(&list, "k", &at_anchor);
    assert_eq!(ask.why, "is written once, at k/w.yaml:11 and used at k/w.yaml:13");
    assert_eq!(
        told(&ask),
        ["Own k/w.yaml:11 changes container a only", "Written k/w.yaml:11 changes container a and container b"]
    );
    let at_use = of("b", tag("2"));
    assert_eq!(
        told(&question(&list, "k", &at_use)),
        ["Own k/w.yaml:13 changes container b only", "Written k/w.yaml:11 changes container b and container a"]
    );
    let both = text.replace("x:1", "x:2");
    check(&list, "k", &[with(Choice::Written, &at_anchor)], ("k/w.yaml", &both));
    check(&list, "k", &[with(Choice::Written, &at_use)], ("k/w.yaml", &both));
    check(&list, "k", &[with(Choice::Own, &at_use)], ("k/w.yaml", &text.replace("*img", "x:2")));
    let handed = text.replace("&img x:1", "x:2").replace("*img", "&img x:1");
    check(&list, "k", &[with(Choice::Own, &at_anchor)], ("k/w.yaml", &handed));
}

#[test]
fn a_shared_mapping_can_be_parted_from() {
    let text = deployment(
        "      - name: a\n        image: x\n        resources: &res # small\n          limits: {cpu: 1, memory: 1Gi}\n      - name: b\n        image: y\n        resources: *res # same\n        tty: true\n",
    );
    let list = [("k/w.yaml", text.as_str())];
    let own = "        resources: # same\n          limits:\n            cpu: \"2\"\n            memory: 1Gi\n";
    check(
        &list,
        "k",
        &[with(Choice::Own, &of("b", cpu("2")))],
        ("k/w.yaml", &text.replace("        resources: *res # same\n", own)),
    );
    let handed = text
        .replace("resources: &res # small", "resources: # small")
        .replace("cpu: 1,", "cpu: 2,")
        .replace("*res # same\n", "&res # same\n          limits:\n            cpu: 1\n            memory: 1Gi\n");
    check(&list, "k", &[with(Choice::Own, &of("a", cpu("2")))], ("k/w.yaml", &handed));
    let memory = Edit::remove(Field::Resource(Bound::Limit, Resource::Memory));
    let own = "        resources: # same\n          limits:\n            cpu: 1\n";
    check(
        &list,
        "k",
        &[with(Choice::Own, &of("b", memory.clone()))],
        ("k/w.yaml", &text.replace("        resources: *res # same\n", own)),
    );
    check(
        &list,
        "k",
        &[with(Choice::Written, &of("b", memory))],
        ("k/w.yaml", &text.replace("{cpu: 1, memory: 1Gi}", "{cpu: 1}")),
    );
}

#[test]
fn the_anchored_place_parts_by_handing_the_anchor_over() {
    let text = deployment(
        "      - name: a\n        image: x\n        env: &env\n        - name: A\n          value: &v one # first\n        - name: B\n          value: two\n      - name: b\n        image: y\n        env: *env\n",
    );
    let handed = "&env\n        - name: A\n          value: one\n        - name: B\n          value: two\n";
    let after = |from: &str, to: &str| text.replace("env: &env\n", "env:\n").replace(from, to).replace("*env\n", handed);
    for (edit, expect) in [
        (env("A", "1"), after("&v one", "&v \"1\"")),
        (env("C", "3"), after("value: two\n", "value: two\n        - name: C\n          value: \"3\"\n")),
        (Edit::remove(Field::Env("B".into())), after("        - name: B\n          value: two\n", "")),
        (
            Edit::set(Field::EnvRef("B".into()), "secret:s/k"),
            after(
                "          value: two\n",
                "          valueFrom:\n            secretKeyRef:\n              name: s\n              key: k\n",
            ),
        ),
    ] {
        check(&[("k/w.yaml", &text)], "k", &[with(Choice::Own, &of("a", edit))], ("k/w.yaml", &expect));
    }
    // All variables gone: what is left is the other's.
    let one = deployment("      - name: a\n        image: &i x\n        tty: true\n      - {name: b, image: *i, tty: true}\n");
    let expect = one.replace("&i x", "z").replace("*i", "&i x");
    let edit = with(Choice::Own, &of("a", Edit::set(Field::ImageName, "z")));
    check(&[("k/w.yaml", &one)], "k", &[edit], ("k/w.yaml", &expect));
}

#[test]
fn merge_keys_are_overridden_beside_them() {
    let text = format!(
        "x-base: &base\n  image: x:1\n  env:\n  - {{name: A, value: a}}\n{}",
        deployment("      - name: a\n        <<: *base\n      - name: b\n        <<: [*base]\n        tty: true\n")
    );
    let expect = text.replace("        <<: *base\n", "        <<: *base\n        image: x:2\n");
    check(&[("k/w.yaml", &text)], "k", &[of("a", tag("2"))], ("k/w.yaml", &expect));
    let expect = text.replace("        tty: true\n", "        tty: true\n        env:\n        - name: A\n          value: b\n");
    check(&[("k/w.yaml", &text)], "k", &[of("b", env("A", "b"))], ("k/w.yaml", &expect));
    let written = text.replace("x:1", "x:2");
    check(&[("k/w.yaml", &text)], "k", &[with(Choice::Written, &of("b", tag("2")))], ("k/w.yaml", &written));
}

#[test]
fn several_images_entries_are_asked_about() {
    let text = "resources: [../../base]\nimages:\n- name: ghcr.io/acme/web\n- name: ghcr.io/acme/web # again\n";
    let list =
        [("base/kustomization.yaml", "resources: [web.yaml]\n"), ("base/web.yaml", BASE), ("o/dev/kustomization.yaml", text)];
    let ask = question(&list, "o/dev", &tag("2"));
    assert_eq!(ask.offers.iter().map(|o| o.line).collect::<Vec<_>>(), [3, 4]);
    let expect = text.replace("# again\n", "# again\n  newTag: \"2\"\n");
    check(&list, "o/dev", &[with(ask.offers[1].choice.clone(), &tag("2"))], ("o/dev/kustomization.yaml", &expect));
    // Where one of them says the tag, that is the one.
    let text = "resources: [../../base]\nimages:\n- {name: ghcr.io/acme/web, newTag: \"2\"}\n- {name: ghcr.io/acme/web}\n";
    overlay(text, &[tag("3")], &text.replace("\"2\"", "\"3\""));
}

#[test]
fn what_only_an_extension_holds_is_changed_there() {
    // Where nobody else uses it, the value is changed where it lives.
    let held = format!("x-image: &img x:1\n{}", deployment("      - name: a\n        image: *img\n"));
    check(&[("k/w.yaml", &held)], "k", &[tag("2")], ("k/w.yaml", &held.replace("x:1", "x:2")));
    let nested = format!(
        "x-res: &res\n  limits: {{cpu: 1}}\n{}",
        deployment("      - name: a\n        image: x\n        resources: *res\n")
    );
    check(&[("k/w.yaml", &nested)], "k", &[cpu("2")], ("k/w.yaml", &nested.replace("cpu: 1", "cpu: 2")));
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

#[test]
fn a_base_is_changed_when_that_is_chosen() {
    let list = [
        ("base/kustomization.yaml", "resources: [web.yaml]\n"),
        ("base/web.yaml", BASE),
        ("o/dev/kustomization.yaml", "resources: [../../base]\n"),
    ];
    for (edit, expect) in [
        (tag("2"), BASE.replace("web:1.0.0", "web:2")),
        (Edit::set(Field::Replicas, "4"), BASE.replace("replicas: 1", "replicas: 4")),
        (env("MODE", "x"), BASE.replace("value: base", "value: x")),
        (Edit::remove(Field::Env("MODE".into())), BASE.replace("        - name: MODE\n          value: base\n", "")),
        (cpu("1"), BASE.replace("500m", "1")),
        (
            Edit::set(Field::Label("team".into()), "a"),
            BASE.replace("  name: web\nspec", "  name: web\n  labels:\n    team: a\nspec"),
        ),
    ] {
        check(&list, "o/dev", &[with(Choice::Written, &edit)], ("base/web.yaml", &expect));
    }
}

#[test]
fn several_containers_and_none_named_is_asked() {
    let two = deployment("      - name: a\n        image: x:1\n      - name: b\n        image: y:1\n");
    let list = [("k/w.yaml", two.as_str())];
    let ask = question(&list, "k", &tag("2"));
    assert_eq!(ask.why, "could be meant of 2 containers");
    assert_eq!(
        told(&ask),
        [
            "At { file: \"k/w.yaml\", line: 10 } k/w.yaml:10 changes container a",
            "At { file: \"k/w.yaml\", line: 12 } k/w.yaml:12 changes container b"
        ]
    );
    check(&list, "k", &[with(ask.offers[1].choice.clone(), &tag("2"))], ("k/w.yaml", &two.replace("y:1", "y:2")));
    check(&list, "k", &[of("a", tag("2"))], ("k/w.yaml", &two.replace("x:1", "x:2")));
    let preferred =
        two.replace("    spec:\n", "    metadata:\n      annotations: {kubectl.kubernetes.io/default-container: b}\n    spec:\n");
    check(&[("k/w.yaml", &preferred)], "k", &[tag("2")], ("k/w.yaml", &preferred.replace("y:1", "y:2")));
}

#[test]
fn several_patches_are_asked_about() {
    let patch = |spec: &str| {
        format!("- patch: |-\n    apiVersion: apps/v1\n    kind: Deployment\n    metadata: {{name: web}}\n    spec: {spec}\n")
    };
    let text = format!("resources: [../../base]\npatches:\n{}{}", patch("{paused: false}"), patch("{minReadySeconds: 1}"));
    let list =
        [("base/kustomization.yaml", "resources: [web.yaml]\n"), ("base/web.yaml", BASE), ("o/dev/kustomization.yaml", &text)];
    let ask = question(&list, "o/dev", &env("A", "1"));
    assert_eq!(ask.why, "could go to 2 patches for Deployment web");
    assert_eq!(ask.offers.iter().map(|o| o.line).collect::<Vec<_>>(), [4, 9]);
    let expect = text.replace(
        "{minReadySeconds: 1}",
        "{minReadySeconds: 1, template: {spec: {containers: [{name: web, env: [{name: A, value: \"1\"}]}]}}}",
    );
    check(&list, "o/dev", &[with(ask.offers[1].choice.clone(), &env("A", "1"))], ("o/dev/kustomization.yaml", &expect));
    // The one that speaks of the container already is the one that is meant.
    let text = format!(
        "resources: [../../base]\npatches:\n{}{}",
        patch("{paused: false}"),
        patch("{template: {spec: {containers: [{name: web, tty: true}]}}}")
    );
    let expect = text.replace("tty: true", "tty: true, env: [{name: A, value: \"1\"}]");
    overlay(&text, &[env("A", "1")], &expect);
}

#[test]
fn a_patch_for_several_objects_is_asked_about() {
    let other = BASE.replace("name: web\nspec", "name: api\nspec");
    let text = "resources: [../../base]\npatches:\n- target: {kind: Deployment}\n  patch: |-\n    - op: replace\n      path: /spec/replicas\n      value: 6\n";
    let list = [
        ("base/kustomization.yaml", "resources: [web.yaml, api.yaml]\n"),
        ("base/api.yaml", other.as_str()),
        ("base/web.yaml", BASE),
        ("o/dev/kustomization.yaml", text),
    ];
    let edit = Edit::set(Field::Replicas, "2");
    let ask = question(&list, "o/dev", &edit);
    assert_eq!(
        told(&ask),
        [
            "Overlay o/dev/kustomization.yaml:1 changes Deployment api only",
            "Written o/dev/kustomization.yaml:7 changes Deployment api and Deployment web"
        ]
    );
    let file = "o/dev/kustomization.yaml";
    check(&list, "o/dev", &[with(Choice::Written, &edit)], (file, &text.replace("value: 6", "value: 2")));
    let own = "- patch: |-\n    apiVersion: apps/v1\n    kind: Deployment\n    metadata:\n      name: api\n    spec:\n      replicas: 2\n";
    check(&list, "o/dev", &[with(Choice::Overlay, &edit)], (file, &format!("{text}{own}")));
}

#[test]
fn what_a_component_of_the_environment_says_is_changed_there() {
    let component = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nimages:\n- name: ghcr.io/acme/web\n  newTag: \"3\"\npatches:\n- patch: |-\n    apiVersion: apps/v1\n    kind: Deployment\n    metadata: {name: web}\n    spec: {replicas: 3}\n";
    let list = [
        ("base/kustomization.yaml", "resources: [web.yaml]\n"),
        ("base/web.yaml", BASE),
        ("o/dev/kustomization.yaml", "resources: [../../base]\ncomponents: [more]\n"),
        ("o/dev/more/kustomization.yaml", component),
        ("o/test/kustomization.yaml", "resources: [../../base]\ncomponents: [../dev/more]\n"),
    ];
    let (own, other) = ("o/dev/more/kustomization.yaml", "o/test/kustomization.yaml");
    check(&list, "o/dev", &[tag("4")], (own, &component.replace("\"3\"", "\"4\"")));
    check(&list, "o/dev", &[Edit::set(Field::Replicas, "4")], (own, &component.replace("replicas: 3", "replicas: 4")));
    // Of another environment it is not the own one, so that it is overridden.
    let shared = list[4].1;
    check(&list, "o/test", &[tag("4")], (other, &format!("{shared}images:\n  - name: ghcr.io/acme/web\n    newTag: \"4\"\n")));
}

#[test]
fn nested_bases_are_overridden_in_the_outermost() {
    let list = [
        ("base/kustomization.yaml", "resources: [web.yaml]\n"),
        ("base/web.yaml", BASE),
        ("mid/kustomization.yaml", "resources: [../base]\nnamePrefix: m-\nimages: [{name: ghcr.io/acme/web, newTag: \"2\"}]\n"),
        ("o/kustomization.yaml", "resources: [../mid]\n"),
    ];
    let text = "resources: [../mid]\nimages:\n  - name: ghcr.io/acme/web\n    newTag: \"3\"\n";
    check(&list, "o", &[tag("3")], ("o/kustomization.yaml", text));
    let mid = list[2].1.replace("\"2\"", "\"3\"");
    check(&list, "o", &[with(Choice::Written, &tag("3"))], ("mid/kustomization.yaml", &mid));
}

#[test]
fn an_image_that_others_have_too_is_asked_about_before_an_entry_is_made_for_all() {
    let worker = BASE.replace("name: web\n", "name: worker\n");
    let pair = [
        ("base/kustomization.yaml", "resources: [web.yaml, worker.yaml]\n"),
        ("base/web.yaml", BASE),
        ("base/worker.yaml", worker.as_str()),
        ("o/dev/kustomization.yaml", "resources: [../../base]\n"),
    ];
    let ask = question(&pair, "o/dev", &tag("2"));
    assert_eq!(ask.why, "is the image of Deployment web and Deployment worker");
    let offers = [
        "Own o/dev/kustomization.yaml:1 changes Deployment web only",
        "Overlay o/dev/kustomization.yaml:1 changes Deployment web and Deployment worker",
    ];
    assert_eq!(told(&ask), offers);
    let file = "o/dev/kustomization.yaml";
    let entry = "resources: [../../base]\nimages:\n  - name: ghcr.io/acme/web\n    newTag: \"2\"\n";
    check(&pair, "o/dev", &[with(Choice::Overlay, &tag("2"))], (file, entry));
    let patch = "resources: [../../base]\npatches:\n  - patch: |-\n      apiVersion: apps/v1\n      kind: Deployment\n      metadata:\n        name: web\n      spec:\n        template:\n          spec:\n            containers:\n              - name: web\n                image: ghcr.io/acme/web:2\n";
    check(&pair, "o/dev", &[with(Choice::Own, &tag("2"))], (file, patch));

    // An entry that is there says for all of them; who changes with it is told.
    let there = [pair[0], pair[1], pair[2], ("o/dev/kustomization.yaml", entry)];
    let applied = apply(&files(&there), "o/dev", None, &[tag("3")]).unwrap();
    assert_eq!(applied.files[0].after.as_deref(), Some(entry.replace("\"2\"", "\"3\"").as_str()));
    assert_eq!(applied.others.iter().map(ToString::to_string).collect::<Vec<_>>(), ["Deployment/worker"]);
    // A patch of its own is changed in its place, and nobody else with it.
    let own = [pair[0], pair[1], pair[2], ("o/dev/kustomization.yaml", patch)];
    let applied = apply(&files(&own), "o/dev", None, &[tag("3")]).unwrap();
    assert_eq!(applied.files[0].after.as_deref(), Some(patch.replace("web:2", "web:3").as_str()));
    assert_eq!(applied.others, []);
}
