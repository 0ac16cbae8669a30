//! HelmReleases: what is found in their values and chart, and that an edit changes the one place that decides.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test says which input failed by failing")]

use domain::edit::{Bound, Choice, Edit, Field, Probe, ProbePart, Resource};

use crate::edit::apply;
use crate::edit::facts::facts;
use crate::edit::tests::{check, files};
use crate::error::Error;

const DIGEST: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn head(name: &str) -> String {
    format!("apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata:\n  name: {name}\n")
}

/// A release named `shop` with these values.
fn release(values: &str) -> String {
    let lines: Vec<String> = values.lines().map(|l| if l.is_empty() { String::new() } else { format!("    {l}") }).collect();
    format!(
        "{}spec:\n  chart:\n    spec:\n      chart: shop\n      version: 1.2.3 # pinned\n  values:\n{}\n",
        head("shop"),
        lines.join("\n")
    )
}

fn set(container: &str, field: Field, value: &str) -> Edit {
    let container = Some(container.to_owned()).filter(|c| !c.is_empty());
    Edit { container, ..Edit::set(field, value) }
}

fn tag(container: &str, value: &str) -> Edit {
    set(container, Field::ImageTag, value)
}

fn value(path: &str, text: &str) -> Edit {
    Edit::set(Field::Value(path.to_owned()), text)
}

#[track_caller]
fn values(before: &str, edits: &[Edit], after: &str) {
    let (before, after) = (release(before), release(after));
    check(&[("k/shop.yaml", &before)], "k", edits, ("k/shop.yaml", &after));
}

/// Says of each image `name=image:tag@digest`.
fn images(text: &str) -> Vec<String> {
    let facts = facts(&files(&[("k/shop.yaml", text)]), "k", None).unwrap();
    let of = |container: &str, field: Field, sign: &str| {
        let all = facts.found.iter().find(|f| f.container.as_deref() == Some(container) && f.field == field);
        all.map(|f| format!("{sign}{}", f.value)).unwrap_or_default()
    };
    let one = |c: &String| {
        let (name, tag) = (of(c, Field::ImageName, ""), of(c, Field::ImageTag, ":"));
        format!("{c}={name}{tag}{}", of(c, Field::ImageDigest, "@"))
    };
    facts.containers.iter().map(one).collect()
}

#[test]
fn every_shape_of_an_image_is_found_under_a_name() {
    let at = format!("1.2.3@{DIGEST}");
    let cases: Vec<(String, Vec<String>)> = vec![
        ("image:\n  repository: acme/shop\n  tag: 1.2.3".into(), vec!["shop=acme/shop:1.2.3".into()]),
        (format!("image:\n  repository: acme/shop\n  tag: {at}"), vec![format!("shop=acme/shop:{at}")]),
        (
            format!("image:\n  registry: ghcr.io\n  repository: acme/shop\n  tag: 1.2.3\n  digest: {DIGEST}"),
            vec![format!("shop=ghcr.io/acme/shop:{at}")],
        ),
        (format!("web:\n  image: acme/web:{at}"), vec![format!("web=acme/web:{at}")]),
        ("a:\n  b:\n    image: {repository: x/y, tag: \"1\"}".into(), vec!["a.b=x/y:1".into()]),
        ("image:\n  tag: 41".into(), vec!["shop=:41".into()]),
        ("redis:\n  enabled: true\n  repository: acme/redis\n  tag: 8.6.2".into(), vec!["redis=acme/redis:8.6.2".into()]),
        ("api:\n  imageRepository: acme/api\n  imageTag: \"2\"".into(), vec!["api=acme/api:2".into()]),
        ("image: acme/shop\nimageTag: v5".into(), vec!["shop=acme/shop:v5".into()]),
        ("image: acme/shop\ntag: v5".into(), vec!["shop=acme/shop:v5".into()]),
        ("sidecarImage: acme/side:1\nlogo:\n  image: logo.png".into(), vec!["sidecarImage=acme/side:1".into()]),
        (
            "images:\n  one: acme/one:1\n  two: acme/two:2".into(),
            vec!["images.one=acme/one:1".into(), "images.two=acme/two:2".into()],
        ),
        (
            "image:\n  repository: a/b\nextraContainers:\n- name: side\n  image: c/d:1".into(),
            vec!["shop=a/b".into(), "side=c/d:1".into()],
        ),
        ("image: https://acme.example/picture\nrepository: https://charts.example\ntag: x".into(), vec![]),
        ("image:\n  repository: ''\n  tag: ''\n  pullPolicy: Always".into(), vec![]),
    ];
    for (values, expect) in cases {
        assert_eq!(images(&release(&values)), expect, "{values}");
    }
}

const APP: &str = "controllers:\n  shop:\n    replicas: 2\n    initContainers:\n      prepare:\n        image:\n          repository: acme/prepare\n          tag: 1\n    containers:\n      app:\n        image:\n          repository: acme/shop\n          tag: 1.0.0@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef # up\n        env:\n          TZ: Etc/UTC\n          PORT: 80\n          KEY:\n            valueFrom:\n              secretKeyRef:\n                name: shop\n                key: key\n        probes:\n          liveness:\n            spec:\n              periodSeconds: 30\n        resources:\n          requests:\n            cpu: 10m\n  worker:\n    containers:\n      main:\n        image:\n          repository: acme/worker\n          tag: \"2\"\n      prepare:\n        image: {repository: acme/other, tag: 3}";

#[test]
fn the_app_template_names_its_containers() {
    assert_eq!(
        images(&release(APP)),
        [
            format!("app=acme/shop:1.0.0@{DIGEST}"),
            "main=acme/worker:2".into(),
            "worker/prepare=acme/other:3".into(),
            "shop/prepare=acme/prepare:1".into()
        ]
    );
}

#[test]
fn the_app_template_is_edited_in_its_own_shape() {
    values(APP, &[tag("app", "1.1.0")], &APP.replace(&format!("1.0.0@{DIGEST} # up"), "1.1.0 # up"));
    values(
        APP,
        &[tag("app", "1.1.0"), set("app", Field::ImageDigest, &DIGEST.replace("0123", "aaaa"))],
        &APP.replace(&format!("1.0.0@{DIGEST}"), &format!("1.1.0@{}", DIGEST.replace("0123", "aaaa"))),
    );
    values(APP, &[tag("main", "3")], &APP.replace("tag: \"2\"", "tag: \"3\""));
    values(APP, &[set("app", Field::Replicas, "5")], &APP.replace("replicas: 2", "replicas: 5"));
    values(APP, &[set("main", Field::Replicas, "5")], &format!("{APP}\n    replicas: 5"));
    values(APP, &[set("app", Field::Env("TZ".into()), "Asia/Tokyo")], &APP.replace("Etc/UTC", "Asia/Tokyo"));
    values(APP, &[set("app", Field::Env("PORT".into()), "81")], &APP.replace("PORT: 80", "PORT: 81"));
    let key = "          KEY:\n            valueFrom:\n              secretKeyRef:\n                name: shop\n                key: key\n";
    values(APP, &[set("app", Field::Env("NEW".into()), "on")], &APP.replace(key, &format!("{key}          NEW: \"on\"\n")));
    values(
        APP,
        &[set("main", Field::Env("NEW".into()), "x")],
        &APP.replace("          tag: \"2\"\n", "          tag: \"2\"\n        env:\n          NEW: x\n"),
    );
    values(
        APP,
        &[Edit { container: Some("app".into()), ..Edit::remove(Field::Env("TZ".into())) }],
        &APP.replace("          TZ: Etc/UTC\n", ""),
    );
    values(
        APP,
        &[set("app", Field::EnvRef("KEY".into()), "secret:other/key")],
        &APP.replace("                name: shop\n", "                name: other\n"),
    );
    values(
        APP,
        &[set("app", Field::Resource(Bound::Limit, Resource::Memory), "1Gi")],
        &APP.replace("            cpu: 10m\n", "            cpu: 10m\n          limits:\n            memory: 1Gi\n"),
    );
    values(
        APP,
        &[set("app", Field::Probe(Probe::Liveness, ProbePart::Period), "15")],
        &APP.replace("periodSeconds: 30", "periodSeconds: 15"),
    );
    values(
        APP,
        &[set("app", Field::PodAnnotation("a.b/c".into()), "1")],
        &APP.replace("  worker:\n", "    pod:\n      annotations:\n        a.b/c: \"1\"\n  worker:\n"),
    );
}

#[test]
fn an_image_is_changed_in_the_shape_that_it_has() {
    for (before, edits, after) in [
        ("image:\n  repository: a/b\n  tag: 1.2.3 # x", vec![tag("", "1.10")], "image:\n  repository: a/b\n  tag: \"1.10\" # x"),
        ("image:\n  tag: 41", vec![tag("", "42")], "image:\n  tag: 42"),
        ("image:\n  tag: 1.2 # x", vec![tag("", "1.3")], "image:\n  tag: 1.3 # x"),
        ("image:\n  tag: 1.9", vec![tag("", "1.10")], "image:\n  tag: \"1.10\""),
        ("image:\n  tag: 41", vec![tag("", "1e3")], "image:\n  tag: \"1e3\""),
        ("image:\n  repository: a/b", vec![tag("", "2")], "image:\n  repository: a/b\n  tag: \"2\""),
        ("web:\n  image: 'a/b:1'", vec![tag("web", "2")], "web:\n  image: 'a/b:2'"),
        ("web: {image: \"a/b:1\"}", vec![set("web", Field::ImageName, "c/d")], "web: {image: \"c/d:1\"}"),
        (
            "image:\n  registry: ghcr.io\n  repository: a/b\n  tag: v1",
            vec![set("", Field::ImageName, "quay.io/c/d")],
            "image:\n  registry: quay.io\n  repository: c/d\n  tag: v1",
        ),
        (
            "image:\n  registry: ghcr.io\n  repository: a/b\n  tag: v1",
            vec![set("", Field::ImageName, "ghcr.io/c/d")],
            "image:\n  registry: ghcr.io\n  repository: c/d\n  tag: v1",
        ),
        (
            "image:\n  registry: ghcr.io/\n  repository: a/b\n  tag: v1",
            vec![set("", Field::ImageName, "quay.io/c/d")],
            "image:\n  registry: quay.io/\n  repository: c/d\n  tag: v1",
        ),
        (
            "image:\n  repository: a/b\n  pullPolicy: Always",
            vec![set("", Field::PullPolicy, "Never")],
            "image:\n  repository: a/b\n  pullPolicy: Never",
        ),
        (
            "extraContainers:\n- name: side\n  image: c/d:1 # {\"$imagepolicy\": \"flux-system:side\"}\n- name: more\n  image: e/f:1",
            vec![tag("side", "2")],
            "extraContainers:\n- name: side\n  image: c/d:2 # {\"$imagepolicy\": \"flux-system:side\"}\n- name: more\n  image: e/f:1",
        ),
        (
            "replicaCount: 1\nimage:\n  repository: a/b",
            vec![set("", Field::Replicas, "3")],
            "replicaCount: 3\nimage:\n  repository: a/b",
        ),
        (
            "web:\n  replicas: 1\n  image: a/b:1\nreplicas: 9\nimage: c/d:1",
            vec![set("web", Field::Replicas, "3")],
            "web:\n  replicas: 3\n  image: a/b:1\nreplicas: 9\nimage: c/d:1",
        ),
        (
            "image:\n  repository: a/b\nresources: {}",
            vec![set("", Field::Resource(Bound::Limit, Resource::Cpu), "1")],
            "image:\n  repository: a/b\nresources:\n  limits:\n    cpu: \"1\"",
        ),
        (
            "image: a/b:1\nextraEnvVars:\n- name: A\n  value: \"1\"",
            vec![set("", Field::Env("A".into()), "2"), set("", Field::Env("B".into()), "3")],
            "image: a/b:1\nextraEnvVars:\n- name: A\n  value: \"2\"\n- name: B\n  value: \"3\"",
        ),
    ] {
        values(before, &edits, after);
    }
    let pinned = format!("image:\n  repository: a/b\n  tag: \"1\"\n  digest: {DIGEST}\n  pullPolicy: Always");
    values(&pinned, &[tag("", "2")], "image:\n  repository: a/b\n  tag: \"2\"\n  pullPolicy: Always");
    let bare = "image:\n  repository: a/b\n  tag: v1";
    values(bare, &[set("", Field::ImageDigest, DIGEST)], &format!("{bare}@{DIGEST}"));
}

#[test]
fn values_keep_their_type_where_they_can() {
    for (before, path, text, after) in [
        ("a: 1", "a", "2", "a: 2"),
        ("a: 1", "a", "two", "a: two"),
        ("a: true", "a", "false", "a: false"),
        ("a: \"1\"", "a", "2", "a: \"2\""),
        ("a: one", "a", "2", "a: 2"),
        ("a: one", "a", "1.10", "a: \"1.10\""),
        ("a: \"one\"", "a", "2", "a: \"2\""),
        ("a: !!str one", "a", "2", "a: !!str 2"),
        ("a: one", "a", "true", "a: \"true\""),
        ("a:", "a", "2", "a: 2"),
        ("a: 1", "b", "true", "a: 1\nb: true"),
        ("a: 1", "b", "1.10", "a: 1\nb: \"1.10\""),
        ("a: 1", "b", "012", "a: 1\nb: \"012\""),
        ("a: 1", "b", "null", "a: 1\nb: null"),
        ("a: 1", "b.c.d", "x", "a: 1\nb:\n  c:\n    d: x"),
        ("a.b: 1", "a\\.b", "2", "a.b: 2"),
        ("a:\n- b: 1\n- b: 2", "a.1.b", "3", "a:\n- b: 1\n- b: 3"),
        ("a:\n- x\n- y", "a.2", "z", "a:\n- x\n- y\n- z"),
        ("a: {b: [1, 2]}", "a.b.0", "3", "a: {b: [3, 2]}"),
    ] {
        values(before, &[value(path, text)], after);
    }
    let remove = |path: &str| Edit::remove(Field::Value(path.to_owned()));
    values("a: 1\nb:\n  c: 2", &[remove("b.c")], "a: 1");
    let empty = format!("{}spec:\n  chart:\n    spec:\n      chart: shop\n", head("shop"));
    let after = format!("{empty}  values:\n    a:\n      b: true\n");
    check(&[("k/r.yaml", &empty)], "k", &[value("a.b", "true")], ("k/r.yaml", &after));
    check(&[("k/r.yaml", &after)], "k", &[remove("a.b")], ("k/r.yaml", &empty));
}

#[track_caller]
fn refused(list: &[(&str, &str)], path: &str, edit: Edit) -> String {
    apply(&files(list), path, None, &[edit]).unwrap_err().to_string()
}

#[test]
fn what_is_not_written_is_not_guessed() {
    let text = release("image:\n  repository: a/b\nserver: {}");
    let list = [("k/shop.yaml", text.as_str())];
    for field in [Field::Replicas, Field::Port("http".into()), Field::IngressHost, Field::Probe(Probe::Liveness, ProbePart::Path)]
    {
        let given = if field == Field::IngressHost { "a.example" } else { "1" };
        let given = if matches!(field, Field::Probe(..)) { "/" } else { given };
        let why = refused(&list, "k", Edit::set(field, given));
        assert!(why.contains("no place for it is known"), "{why}");
    }
    let filled = release("image:\n  repository: a/b\n  tag: ${TAG}");
    let why = refused(&[("k/shop.yaml", &filled)], "k", tag("", "2"));
    assert!(why.contains("k/shop.yaml:13 is filled in by substitution (${TAG})"), "{why}");
}

#[test]
fn several_images_are_asked_about() {
    let text = release("web:\n  image: a/b:1\napi:\n  image: c/d:1");
    let Err(Error::Choose(ask)) = apply(&files(&[("k/shop.yaml", &text)]), "k", None, &[tag("", "2")]) else { panic!() };
    assert_eq!(
        ask.offers.iter().map(|o| (o.line, o.what.as_str())).collect::<Vec<_>>(),
        [(12, "changes web"), (14, "changes api")]
    );
    let chosen = Edit { choice: Some(ask.offers[1].choice.clone()), ..tag("", "2") };
    check(&[("k/shop.yaml", &text)], "k", &[chosen], ("k/shop.yaml", &text.replace("c/d:1", "c/d:2")));
}

const BASE: &str = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n- shop.yaml\n";
const OVER: &str = "kind: Kustomization\nresources:\n- ../base\n";

#[test]
fn a_release_of_a_base_is_overridden_in_the_overlay() {
    let text = release("image:\n  repository: a/b\n  tag: \"1\"\nextra:\n- name: x\n  image: c/d:1");
    let list = [("base/kustomization.yaml", BASE), ("base/shop.yaml", text.as_str()), ("prod/kustomization.yaml", OVER)];
    let patch = "patches:\n- patch: |-\n    apiVersion: helm.toolkit.fluxcd.io/v2\n    kind: HelmRelease\n    metadata:\n      name: shop\n    spec:\n";
    let image = format!("{OVER}{patch}      values:\n        image:\n          tag: \"2\"\n");
    check(&list, "prod", &[tag("shop", "2")], ("prod/kustomization.yaml", &image));
    let chart = format!("{OVER}{patch}      chart:\n        spec:\n          version: 2.0.0\n");
    check(&list, "prod", &[Edit::set(Field::ChartVersion, "2.0.0")], ("prod/kustomization.yaml", &chart));
    let item = format!(
        "{OVER}patches:\n- target:\n    group: helm.toolkit.fluxcd.io\n    kind: HelmRelease\n    name: shop\n  patch: |-\n    - op: replace\n      path: /spec/values/extra/0/image\n      value: c/d:2\n"
    );
    check(&list, "prod", &[tag("x", "2")], ("prod/kustomization.yaml", &item));
    let gone = format!("{OVER}{patch}      values:\n        image:\n          tag: null\n");
    let remove = Edit::remove(Field::Value("image.tag".into()));
    check(&list, "prod", &[remove], ("prod/kustomization.yaml", &gone));
    let written = Edit { choice: Some(Choice::Written), ..tag("shop", "2") };
    check(&list, "prod", &[written], ("base/shop.yaml", &text.replace("tag: \"1\"", "tag: \"2\"")));
}

#[test]
fn a_patch_that_decides_is_where_the_edit_goes() {
    let text = release("image:\n  repository: a/b\n  tag: \"1\"");
    let over = format!("{OVER}patches:\n- path: values.yaml\n  target:\n    kind: HelmRelease\n");
    let patch = format!("{}spec:\n  values:\n    image:\n      tag: '5' # prod\n", head("any"));
    let list = [
        ("base/kustomization.yaml", BASE),
        ("base/shop.yaml", text.as_str()),
        ("prod/kustomization.yaml", over.as_str()),
        ("prod/values.yaml", patch.as_str()),
    ];
    check(&list, "prod", &[tag("", "6")], ("prod/values.yaml", &patch.replace("'5'", "'6'")));
    check(&list, "prod", &[value("a", "1")], ("prod/values.yaml", &format!("{patch}    a: 1\n")));
    let found = facts(&files(&list), "prod", None).unwrap();
    let place = found.find(None, &Field::ImageTag).unwrap();
    assert_eq!(
        (place.file.as_str(), place.line, place.why.as_str()),
        ("prod/values.yaml", 8, "patch values.yaml of the overlay")
    );
}

fn reading(from: &str, values: &str) -> String {
    format!("{}spec:\n  valuesFrom:\n{from}  values:\n{values}", head("shop"))
}

#[test]
fn values_from_a_config_map_are_changed_where_they_are_written() {
    let text = reading(
        "  - kind: ConfigMap\n    name: one\n  - kind: ConfigMap\n    name: two\n    valuesKey: more.yaml\n",
        "    c: 3\n",
    );
    let one = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: one\ndata:\n  values.yaml: |\n    # first\n    image:\n      repository: a/b\n      tag: \"1\" # one\n    b: 1\n    c: 1\n";
    let two = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: two\ndata:\n  more.yaml: |-\n    b: 2\n    c: 2\n";
    let list = [("k/one.yaml", one), ("k/shop.yaml", text.as_str()), ("k/two.yaml", two)];
    check(&list, "k", &[tag("", "2")], ("k/one.yaml", &one.replace("\"1\" # one", "\"2\" # one")));
    check(&list, "k", &[value("b", "9")], ("k/two.yaml", &two.replace("b: 2", "b: 9")));
    check(&list, "k", &[value("c", "9")], ("k/shop.yaml", &text.replace("c: 3", "c: 9")));
    check(&list, "k", &[value("d", "9")], ("k/shop.yaml", &text.replace("c: 3\n", "c: 3\n    d: 9\n")));
    check(
        &list,
        "k",
        &[value("image.pullPolicy", "Always")],
        ("k/one.yaml", &one.replace("# one\n", "# one\n      pullPolicy: Always\n")),
    );
    let found = facts(&files(&list), "k", None).unwrap();
    let place = found.find(None, &Field::ImageTag).unwrap();
    let expect = ("k/one.yaml", 10, "key values.yaml of ConfigMap one (valuesFrom)");
    assert_eq!((place.file.as_str(), place.line, place.why.as_str()), expect);
}

#[test]
fn a_generated_config_map_has_its_values_in_a_file() {
    let text = reading("  - kind: ConfigMap\n    name: shop-values\n", "    a: 1\n");
    let over = "kind: Kustomization\nresources:\n- shop.yaml\nconfigMapGenerator:\n- name: shop-values\n  files:\n  - values.yaml=prod.yaml\n";
    let list = [
        ("k/kustomization.yaml", over),
        ("k/shop.yaml", text.as_str()),
        ("k/prod.yaml", "image: {repository: a/b, tag: v1}\r\n"),
    ];
    check(&list, "k", &[tag("", "v2")], ("k/prod.yaml", "image: {repository: a/b, tag: v2}\r\n"));
}

#[test]
fn values_of_a_base_are_overridden_in_the_release_or_a_patch() {
    let text = reading("  - kind: ConfigMap\n    name: common\n", "    a: 1\n");
    let common = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: common\ndata:\n  values.yaml: |\n    image:\n      repository: a/b\n      tag: v1\n    list:\n    - image: c/d:1\n";
    let over = "kind: Kustomization\nresources:\n- ../base/common.yaml\n- shop.yaml\n";
    let list = [("base/common.yaml", common), ("prod/kustomization.yaml", over), ("prod/shop.yaml", text.as_str())];
    check(&list, "prod", &[tag("shop", "v2")], ("prod/shop.yaml", &text.replace("a: 1\n", "a: 1\n    image:\n      tag: v2\n")));
    let why = refused(&list, "prod", value("list.0.image", "c/d:2"));
    assert!(why.contains("the list list is written in key values.yaml of ConfigMap common"), "{why}");
}

#[test]
fn a_text_within_a_patch_within_a_file_is_reached() {
    let text = reading("  - kind: ConfigMap\n    name: one\n", "    a: 1\n");
    let one = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: one\n";
    let base = "kind: Kustomization\nresources:\n- one.yaml\n- shop.yaml\n";
    let over = "kind: Kustomization\nresources:\n- ../base\npatches:\n- patch: |\n    apiVersion: v1\n    kind: ConfigMap\n    metadata:\n      name: one\n    data:\n      values.yaml: |\n        image:\n          repository: a/b\n          tag: v1 # here\n";
    let list = [
        ("base/kustomization.yaml", base),
        ("base/one.yaml", one),
        ("base/shop.yaml", text.as_str()),
        ("prod/kustomization.yaml", over),
    ];
    check(&list, "prod", &[tag("", "v2")], ("prod/kustomization.yaml", &over.replace("v1 # here", "v2 # here")));
    let found = facts(&files(&list), "prod", None).unwrap();
    let place = found.find(None, &Field::ImageTag).unwrap();
    assert_eq!((place.file.as_str(), place.line), ("prod/kustomization.yaml", 14));
}

#[test]
fn what_is_not_in_the_manifests_is_named() {
    let from =
        "  - kind: Secret\n    name: keys\n    valuesKey: tag\n    targetPath: image.tag\n  - kind: Secret\n    name: more\n";
    let text = reading(from, "    image:\n      repository: a/b\n");
    let why = refused(&[("k/shop.yaml", &text)], "k", tag("", "2"));
    assert!(why.contains("k/shop.yaml:7 comes from key tag of Secret keys"), "{why}");
    let secret = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: more\nstringData:\n  values.yaml: |\n    image:\n      tag: hidden\n    password: hunter2\n";
    let list = [("k/secret.yaml", secret), ("k/shop.yaml", text.as_str())];
    let found = facts(&files(&list), "k", None).unwrap();
    assert!(found.found.iter().all(|f| f.value != "hunter2"));
    let encrypted = format!("{secret}sops:\n  mac: x\n");
    let one =
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: one\ndata:\n  values.yaml: 'image: {repository: a/b, tag: v1}'\n";
    let text = reading("  - kind: ConfigMap\n    name: one\n  - kind: Secret\n    name: more\n", "    a: 1\n");
    let list = [("k/one.yaml", one), ("k/secret.yaml", encrypted.as_str()), ("k/shop.yaml", text.as_str())];
    let found = facts(&files(&list), "k", None).unwrap();
    assert_eq!(
        found.find(None, &Field::ImageTag).unwrap().why,
        "key values.yaml of ConfigMap one (valuesFrom); key values.yaml of Secret more, which is encrypted, may override it"
    );
    check(&list, "k", &[tag("", "v2")], ("k/one.yaml", &one.replace("tag: v1", "tag: v2")));
}

fn repository(reference: &str) -> String {
    format!(
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: OCIRepository\nmetadata:\n  name: chart\nspec:\n  interval: 1h\n{reference}  url: oci://acme/shop\n"
    )
}

#[test]
fn the_version_of_a_chart_is_changed_where_it_is_written() {
    let text = release("a: 1");
    let version = |v: &str| Edit::set(Field::ChartVersion, v);
    check(&[("k/shop.yaml", &text)], "k", &[version("1.3.0")], ("k/shop.yaml", &text.replace("1.2.3 #", "1.3.0 #")));
    let bare = text.replace("      version: 1.2.3 # pinned\n", "");
    let expect = bare.replace("chart: shop\n", "chart: shop\n      version: 1.3.0\n");
    check(&[("k/shop.yaml", &bare)], "k", &[version("1.3.0")], ("k/shop.yaml", &expect));
    let by = |kind: &str| format!("{}spec:\n  chartRef:\n    kind: {kind}\n    name: chart\n", head("shop"));
    let oci = by("OCIRepository");
    for (before, after) in [
        ("  ref:\n    tag: 1.2.3 # up\n", "  ref:\n    tag: 1.3.0 # up\n"),
        ("  ref:\n    semver: 1.x\n    tag: latest\n", "  ref:\n    semver: 1.3.0\n    tag: latest\n"),
        ("  ref:\n    tag: 1.2.3\n    digest: sha256:abc\n", "  ref:\n    tag: 1.3.0\n"),
        ("", "  ref:\n    tag: 1.3.0\n"),
    ] {
        let list = [("k/repo.yaml", repository(before)), ("k/shop.yaml", oci.clone())];
        let list: Vec<(&str, &str)> = list.iter().map(|(a, b)| (*a, b.as_str())).collect();
        let expect = if before.is_empty() { format!("{}{after}", repository("")) } else { repository(after) };
        check(&list, "k", &[version("1.3.0")], ("k/repo.yaml", &expect));
    }
    let chart = "apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmChart\nmetadata:\n  name: chart\nspec:\n  chart: shop\n  version: 1.2.3\n";
    check(
        &[("k/chart.yaml", chart), ("k/shop.yaml", &by("HelmChart"))],
        "k",
        &[version("2.0.0")],
        ("k/chart.yaml", &chart.replace("1.2.3", "2.0.0")),
    );
    let why = refused(&[("k/shop.yaml", &oci)], "k", version("2.0.0"));
    assert!(why.contains("comes from OCIRepository chart, which is not in these manifests"), "{why}");
}

#[test]
fn a_chart_that_other_releases_have_too_is_asked_about() {
    let of = |name: &str| format!("{}spec:\n  chartRef:\n    kind: OCIRepository\n    name: chart\n", head(name));
    let (one, two, repo) = (of("shop"), of("shop-worker"), repository("  ref:\n    tag: 1.2.3\n"));
    let list = [("k/one.yaml", one.as_str()), ("k/repo.yaml", repo.as_str()), ("k/two.yaml", two.as_str())];
    let edit = Edit::set(Field::ChartVersion, "1.3.0");
    let Err(Error::Choose(ask)) = apply(&files(&list), "k", None, std::slice::from_ref(&edit)) else { panic!() };
    assert_eq!(ask.offers[0].what, "changes HelmRelease shop and HelmRelease shop-worker");
    let chosen = Edit { choice: Some(ask.offers[0].choice.clone()), ..edit };
    check(&list, "k", &[chosen], ("k/repo.yaml", &repo.replace("1.2.3", "1.3.0")));
}

#[test]
fn an_images_entry_that_changes_a_list_of_containers_is_where_the_tag_is() {
    let text = release("pod:\n  containers:\n  - name: side\n    image: a/b:1");
    let over = "kind: Kustomization\nresources:\n- shop.yaml\nimages:\n- name: a/b\n  newTag: \"5\"\n";
    let list = [("k/kustomization.yaml", over), ("k/shop.yaml", text.as_str())];
    check(&list, "k", &[tag("side", "6")], ("k/kustomization.yaml", &over.replace("\"5\"", "\"6\"")));
    let found = facts(&files(&list), "k", None).unwrap();
    let place = found.find(None, &Field::ImageTag).unwrap();
    assert_eq!((place.line, place.why.as_str()), (6, "images: entry of the overlay"));
}
