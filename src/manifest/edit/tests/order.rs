//! Orders that mean something stay, whatever kustomize's rule for patches is.

use super::*;
use crate::diff::summary;

const POD: &str = "apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  template:
    spec:
      initContainers:
      - name: migrate
        image: m:1
      - name: seed
        image: s:1
      containers:
      - name: web
        image: w:1
        env:
        - name: HOST
          value: db
        - name: URL
          value: pg://$(HOST)/x
        - name: MODE
          value: a
      - name: proxy
        image: p:1
";

const HEAD: &str = "resources:\n- ../base\npatches:\n";

fn with(overlay: &str) -> Vec<(&str, &str)> {
    vec![("base/kustomization.yaml", "resources: [w.yaml]\n"), ("base/w.yaml", POD), ("o/kustomization.yaml", overlay)]
}

fn of(container: &str, edit: Edit) -> Edit {
    Edit { container: Some(container.into()), ..edit }
}

/// Makes edits in the overlay, then edits back, and returns the overlay between.
#[track_caller]
fn there_and_back(overlay: &str, edits: &[Edit], back: &[Edit]) -> String {
    let set = files(&with(overlay));
    let applied = apply(&set, "o", None, edits).unwrap();
    let after = applied.files[0].after.clone().unwrap();
    let mut changed = set.clone();
    changed.insert("o/kustomization.yaml", after.clone());
    let (was, is) = (crate::build::build(&set, "o").unwrap(), crate::build::build(&changed, "o").unwrap());
    assert!(!summary(&was, &is).iter().any(|line| line.contains("moves")), "{:?}", summary(&was, &is));
    let again = apply(&changed, "o", None, back).unwrap();
    assert_eq!(again.files[0].after.as_deref().unwrap(), overlay, "{after}");
    after
}

#[test]
fn a_patch_does_not_move_containers() {
    let bare = "resources:\n- ../base\n";
    let op = |list: &str, name: &str, rest: &str| {
        format!(
            "{HEAD}- target:\n    group: apps\n    kind: Deployment\n    name: web\n  patch: |-\n    - op: test\n      path: /spec/template/spec/{list}/1/name\n      value: {name}\n    - op: add\n      path: /spec/template/spec/{list}/1/{rest}\n"
        )
    };
    let pull = Edit::set(Field::PullPolicy, "Never");
    let none = Edit::remove(Field::PullPolicy);
    let seed = there_and_back(bare, &[of("seed", pull.clone())], &[of("seed", none.clone())]);
    assert_eq!(seed, op("initContainers", "seed", "imagePullPolicy\n      value: Never"));
    let proxy = there_and_back(bare, &[of("proxy", env("A", "b"))], &[of("proxy", Edit::remove(Field::Env("A".into())))]);
    assert_eq!(proxy, op("containers", "proxy", "env\n      value:\n        - name: A\n          value: b"));
    let first = there_and_back(bare, &[of("migrate", pull.clone())], &[of("migrate", none.clone())]);
    assert!(first.contains("initContainers:") && !first.contains("op:"), "{first}");
    // Two edits of one item share their guard.
    let both = [of("seed", pull), of("seed", cpu("2"))];
    let back = [of("seed", none), of("seed", Edit::remove(Field::Resource(Bound::Limit, Resource::Cpu)))];
    assert_eq!(there_and_back(bare, &both, &back).matches("op: test").count(), 1);
}

#[test]
fn a_variable_stays_behind_those_that_it_refers_to() {
    let bare = "resources:\n- ../base\n";
    let url = |host: &str| of("web", env("URL", host));
    let applied = |edit: &Edit| apply(&files(&with(bare)), "o", None, std::slice::from_ref(edit)).unwrap();
    let text = |edit: &Edit| applied(edit).files[0].after.clone().unwrap();
    assert!(text(&url("pg://$(HOST)/y")).contains("op: replace"));
    assert!(text(&of("web", env("NEW", "$(MODE)"))).contains("path: /spec/template/spec/containers/0/env/-"));
    // What refers to nothing, and is not referred to by what it passes, goes into a plain patch.
    for edit in [url("pg://other/y"), of("web", env("MODE", "b")), of("web", env("HOST", "c")), of("web", env("NEW", "$(ELSE)"))]
    {
        assert!(!text(&edit).contains("op:"), "{edit:?}");
    }
}

#[test]
fn a_patch_that_names_the_item_is_extended_and_another_is_not() {
    let patch = "- patch: |-\n    apiVersion: apps/v1\n    kind: Deployment\n    metadata:\n      name: web\n    spec:\n      template:\n        spec:\n          initContainers:\n            - name: seed\n              image: s:2\n";
    let overlay = format!("{HEAD}{patch}");
    let pull = Edit::set(Field::PullPolicy, "Never");
    let after = there_and_back(&overlay, &[of("seed", pull.clone())], &[of("seed", Edit::remove(Field::PullPolicy))]);
    assert_eq!(after, format!("{overlay}              imagePullPolicy: Never\n"));
    let after = there_and_back(&overlay, &[of("proxy", pull.clone())], &[of("proxy", Edit::remove(Field::PullPolicy))]);
    assert!(after.starts_with(&overlay) && after.contains("containers/1/imagePullPolicy"), "{after}");
    // An earlier JSON patch counts the items before the other patch has moved them: a new one comes after both.
    let json = "- target:\n    group: apps\n    kind: Deployment\n    name: web\n  patch: |-\n    - op: replace\n      path: /spec/template/spec/containers/1/image\n      value: p:2\n";
    let overlay = format!("{HEAD}{json}{patch}");
    let after = there_and_back(&overlay, &[of("proxy", pull.clone())], &[of("proxy", Edit::remove(Field::PullPolicy))]);
    assert!(after.starts_with(&overlay), "{after}");
    let overlay = format!("{HEAD}{patch}{json}");
    let after = there_and_back(&overlay, &[of("proxy", pull)], &[of("proxy", Edit::remove(Field::PullPolicy))]);
    assert_eq!(after.matches("target:").count(), 1, "{after}");
}

#[test]
fn a_move_that_was_chosen_is_told() {
    let patch = |name: &str| {
        format!(
            "- patch: |-\n    apiVersion: apps/v1\n    kind: Deployment\n    metadata:\n      name: web\n      labels:\n        {name}: x\n"
        )
    };
    let overlay = format!("{HEAD}{}{}", patch("a"), patch("b"));
    let set = files(&with(&overlay));
    let edit = of("seed", Edit::set(Field::PullPolicy, "Never"));
    let chosen = Edit { choice: Some(Choice::At { file: "o/kustomization.yaml".into(), line: 5 }), ..edit };
    let after = apply(&set, "o", None, &[chosen]).unwrap().files[0].after.clone().unwrap();
    let mut changed = set.clone();
    changed.insert("o/kustomization.yaml", after);
    let said = summary(&crate::build::build(&set, "o").unwrap(), &crate::build::build(&changed, "o").unwrap());
    assert!(said.contains(&"moves init container seed to the front in Deployment web".to_owned()), "{said:?}");
}
