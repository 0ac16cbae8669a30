//! What lives in a base is overridden in the overlay, and facts say where things live.

use super::*;

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
            "env reference TOKEN = secret:login/token @ base/web.yaml:16 (container web of Deployment web, in the base base)",
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

#[test]
fn an_override_that_says_what_the_base_says_stays_and_is_told() {
    let pinned = "resources: [../../base]\nimages:\n  - name: ghcr.io/acme/web\n    newTag: 1.0.1 # {\"$imagepolicy\": \"flux-system:web:tag\"}\nreplicas: [{name: web, count: 2}]\n";
    let set = |text: &str| {
        files(&[
            ("base/kustomization.yaml", "resources: [web.yaml]\n"),
            ("base/web.yaml", BASE),
            ("o/dev/kustomization.yaml", text),
        ])
    };
    let applied = apply(&set(pinned), "o/dev", None, &[tag("1.0.0")]).unwrap();
    assert_eq!(applied.files[0].after.as_deref().unwrap(), pinned.replace("1.0.1", "1.0.0"));
    assert_eq!(applied.places[0].why, "images: entry of the overlay; the base base says the same");
    let other = apply(&set(pinned), "o/dev", None, &[tag("1.0.2"), Edit::set(Field::Replicas, "3")]).unwrap();
    assert!(other.places.iter().all(|place| !place.why.contains("same")), "{:?}", other.places);
    // A variable in a patch: there, and back to what the base says.
    let bare = set("resources: [../../base]\n");
    let there = apply(&bare, "o/dev", None, &[env("MODE", "dev")]).unwrap().files[0].after.clone().unwrap();
    let back = apply(&set(&there), "o/dev", None, &[env("MODE", "base")]).unwrap();
    assert_eq!(back.files[0].after.as_deref().unwrap(), there.replace("value: dev", "value: base"));
    assert!(back.places[0].why.ends_with("; the base base says the same"), "{:?}", back.places);
}

#[test]
fn objects_of_one_name_are_told_apart_by_what_an_inner_kustomization_calls_them() {
    let inner = |name: &str| format!("resources: [../base]\nnameSuffix: -{name}\n");
    let list = |overlay: &str| {
        files(&[
            ("base/kustomization.yaml", "resources: [web.yaml]\n"),
            ("base/web.yaml", BASE),
            ("a/kustomization.yaml", &inner("a")),
            ("b/kustomization.yaml", &inner("b")),
            ("o/kustomization.yaml", overlay),
        ])
    };
    let head = "namePrefix: dev-\nresources:\n- ../a\n- ../b\n";
    let known = facts(&list(head), "o", None).unwrap();
    let names: Vec<&str> = known.workloads.iter().map(|w| w.name.as_str()).collect();
    assert_eq!(names, ["dev-web-a", "dev-web-b"]);
    for (name, other) in [("b", "a"), ("a", "b")] {
        let wanted = WorkloadRef { kind: "Deployment".into(), name: format!("dev-web-{name}") };
        let set = list(head);
        let applied = |edit: &Edit| apply(&set, "o", Some(&wanted), std::slice::from_ref(edit)).unwrap();
        let scaled = applied(&Edit::set(Field::Replicas, "7"));
        assert_eq!(scaled.files[0].after.as_deref().unwrap(), format!("{head}replicas:\n- name: web-{name}\n  count: 7\n"));
        assert_eq!(scaled.others, []);
        let patched = applied(&env("MODE", "x"));
        assert!(patched.files[0].after.as_deref().unwrap().contains(&format!("      name: web-{name}\n")));
        assert_eq!(patched.others, []);
        let Err(Error::Choose(ask)) = apply(&set, "o", Some(&wanted), &[tag("2")]) else { panic!("it asks") };
        assert!(ask.offers[1].what.contains(&format!("Deployment dev-web-{name} and Deployment dev-web-{other}")), "{ask:?}");
    }
}
