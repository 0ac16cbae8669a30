//! Random values, styles and bytes.

use domain::edit::{Probe, ProbePart};
use proptest::prelude::*;

use super::*;

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

/// Edits of every family, each with values that can stand there.
fn edits() -> impl Strategy<Value = Edit> {
    let name = || prop_oneof![Just("A"), Just("B"), Just("NEW")].prop_map(str::to_owned);
    let key = || prop_oneof![Just("team"), Just("acme.io/on"), Just("1")].prop_map(str::to_owned);
    let probe = || (0..3_usize).prop_map(|n| Probe::ALL[n]);
    prop_oneof![
        "[a-z0-9][a-z0-9.]{0,5}".prop_map(|v| Edit::set(Field::ImageTag, v)),
        (0..99_u32).prop_map(|n| Edit::set(Field::Replicas, n.to_string())),
        (name(), proptest::option::of(words())).prop_map(|(n, v)| Edit { value: v, ..Edit::remove(Field::Env(n)) }),
        (name(), "[a-z]{1,4}").prop_map(|(n, v)| Edit::set(Field::EnvRef(n), format!("secret:{v}/key"))),
        name().prop_map(|n| Edit::remove(Field::EnvRef(n))),
        (proptest::option::of(1..9_u32)).prop_map(|n| {
            let field = Field::Resource(Bound::Limit, Resource::Cpu);
            Edit { value: n.map(|n| format!("{n}00m")), ..Edit::remove(field) }
        }),
        ("[a-c]", proptest::option::of(1..9999_u32))
            .prop_map(|(n, v)| Edit { value: v.map(|v| v.to_string()), ..Edit::remove(Field::Port(n)) }),
        (probe(), 1..9999_u32).prop_map(|(p, v)| Edit::set(Field::Probe(p, ProbePart::Port), v.to_string())),
        (probe(), "/[a-z]{0,5}").prop_map(|(p, v)| Edit::set(Field::Probe(p, ProbePart::Path), v)),
        (probe(), 0..5_usize).prop_map(|(p, n)| Edit::remove(Field::Probe(p, ProbePart::ALL[n]))),
        (key(), proptest::option::of("[a-z0-9]{1,6}")).prop_map(|(k, v)| Edit { value: v, ..Edit::remove(Field::Label(k)) }),
        (key(), proptest::option::of(words())).prop_map(|(k, v)| Edit { value: v, ..Edit::remove(Field::PodAnnotation(k)) }),
        (key(), proptest::option::of("[a-z0-9]{1,6}")).prop_map(|(k, v)| Edit { value: v, ..Edit::remove(Field::PodLabel(k)) }),
    ]
}

const WORKLOAD: &str = "apiVersion: apps/v1 # 一
kind: Deployment
metadata:
  name: web
  labels: {team: a}
spec:
  replicas: 2 # two
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels:
        app: web
    spec:
      containers:
      # the one
      - name: web
        image: \"ghcr.io/acme/web:1\" # {\"$imagepolicy\": \"flux-system:web\"}
        env:
        - name: A
          value: 'a'
        - {name: B, valueFrom: {secretKeyRef: {name: s, key: k}}}
        ports:
        - containerPort: 80
          name: a
        livenessProbe:
          httpGet: {path: /live, port: a}
          periodSeconds: 5

# end
";

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
    fn numbers_and_pinned_tags_of_a_release_come_back_as_they_were(
        old in 1..99_999_u32,
        new in 1..99_999_u32,
        style in 0..4_usize,
        word in "[0-9]{1,2}\\.[0-9]{1,2}",
    ) {
        let digest = format!("sha256:{}", "a".repeat(64));
        let other = format!("sha256:{}", "b".repeat(64));
        let written = [format!("tag: {old}"), format!("tag: {old} # up"), format!("tag: {word}@{digest}"), format!("tag: v{old}@{digest} # up")];
        let release = |tag: &str| format!("apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata:\n  name: shop\nspec:\n  values:\n    image:\n      repository: a/b\n      {tag}\n");
        let before = release(&written[style]);
        let pin = |digest: &str| Edit::set(Field::ImageDigest, digest);
        let (there, back) = if style < 2 {
            (vec![tag(&new.to_string())], vec![tag(&old.to_string())])
        } else {
            let first = if style == 2 { word.clone() } else { format!("v{old}") };
            (vec![tag(&format!("{new}.{new}")), pin(&other)], vec![tag(&first), pin(&digest)])
        };
        let applied = apply(&files(&[("k/shop.yaml", &before)]), "k", None, &there).unwrap();
        let Some(change) = applied.files.first() else { return Ok(()) };
        let after = change.after.as_deref().unwrap();
        prop_assert!(!after.contains('"'), "{}", after);
        let back = apply(&files(&[("k/shop.yaml", after)]), "k", None, &back).unwrap();
        prop_assert_eq!(back.files[0].after.as_deref(), Some(before.as_str()));
    }

    #[test]
    fn a_number_that_passes_through_a_text_comes_back_as_it_was(
        number in prop_oneof!["[1-9][0-9]{0,4}", "[1-9]\\.[1-9]", "0\\.[1-9]{1,2}"],
        text in "v[0-9]{1,3}|[a-z]{1,5}-[0-9]|[1-9]\\.[0-9]\\.[0-9]",
        style in 0..4_usize,
        whole in any::<bool>(),
    ) {
        let tail = ["", " # up", "   # {\"$imagepolicy\": \"flux-system:web:tag\"}", "\n      other: x"][style];
        let before = format!("apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata:\n  name: shop\nspec:\n  values:\n    image:\n      repository: a/b\n      tag: {number}{tail}\n");
        let edit = |to: &str| if whole { tag(to) } else { Edit::set(Field::Value("image.tag".into()), to) };
        let there = apply(&files(&[("k/shop.yaml", &before)]), "k", None, &[edit(&text)]).unwrap();
        let after = there.files[0].after.as_deref().unwrap();
        prop_assert_eq!(after, before.replace(&format!("tag: {number}"), &format!("tag: {text}")));
        let back = apply(&files(&[("k/shop.yaml", after)]), "k", None, &[edit(&number)]).unwrap();
        prop_assert_eq!(back.files[0].after.as_deref(), Some(before.as_str()));
    }

    #[test]
    fn edits_mean_what_they_ask_wherever_they_are_made(list in proptest::collection::vec(edits(), 1..6), overlay in any::<bool>(), crlf in any::<bool>()) {
        let text = if crlf { WORKLOAD.replace('\n', "\r\n") } else { WORKLOAD.to_owned() };
        let mut set = files(&[
            ("base/kustomization.yaml", "resources: [web.yaml]\n"),
            ("base/web.yaml", &text),
            ("o/kustomization.yaml", "# ours\nresources:\n- ../base # base\n"),
        ]);
        let folder = if overlay { "o" } else { "base" };
        for edit in list {
            let Ok(applied) = apply(&set, folder, None, std::slice::from_ref(&edit)) else { continue };
            for change in &applied.files {
                prop_assert_eq!(change.path.as_str(), if overlay { "o/kustomization.yaml" } else { "base/web.yaml" });
                let after = change.after.clone().unwrap();
                for comment in ["# 一", "# the one", "# end", "# two", "# {\"$imagepolicy\": \"flux-system:web\"}", "# ours", "# base"] {
                    prop_assert_eq!(change.before.as_deref().unwrap().contains(comment), after.contains(comment), "{:?}\n{}", edit, after);
                }
                prop_assert_eq!(crlf && !overlay, after.contains("\r\n"));
                set.insert(change.path.clone(), after);
            }
            let known = facts(&set, folder, None).unwrap();
            let now = known.find(None, &edit.field).map(|f| f.value.clone());
            let whole_probe = matches!(edit.field, Field::Probe(..)) && edit.value.is_none();
            if !whole_probe {
                prop_assert_eq!(&now, &edit.value, "{:?}", edit);
            }
            // The rest of the program reads it without places.
            let objects = crate::build::build(&set, folder).unwrap();
            let read = crate::build::render(&objects);
            prop_assert!(serde_yaml::from_str::<serde_yaml::Value>(&read).is_ok());
        }
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
