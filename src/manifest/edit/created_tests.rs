//! Overrides that are made where there are none yet, in kustomizations of every shape.
#![expect(clippy::unwrap_used, reason = "a test says which input failed by failing")]

use domain::edit::{Edit, Field};

use crate::edit::apply;
use crate::error::Error;
use crate::files::Files;

fn files(kustomization: &str) -> Files {
    let web = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  template:\n    spec:\n      containers:\n      - {name: web, image: 'x:1', envFrom: [{configMapRef: {name: conf}}]}\n";
    let base = "resources: [web.yaml]\nconfigMapGenerator: [{name: conf, literals: [A=1]}]\n";
    [("base/web.yaml", web), ("base/kustomization.yaml", base), ("o/kustomization.yaml", kustomization)].into_iter().collect()
}

#[test]
fn a_list_is_made_in_a_kustomization_of_any_shape() {
    let tag = Edit::set(Field::ImageTag, "2");
    let count = Edit::set(Field::Replicas, "3");
    let key = Edit::set(Field::Config("conf".into(), "A".into()), "2");
    for (before, edit, after) in [
        ("resources:\n- ../base\n", &tag, "resources:\n- ../base\nimages:\n- name: x\n  newTag: \"2\"\n"),
        ("resources:\n  - ../base\n", &tag, "resources:\n  - ../base\nimages:\n  - name: x\n    newTag: \"2\"\n"),
        ("resources:\n- ../base", &tag, "resources:\n- ../base\nimages:\n- name: x\n  newTag: \"2\""),
        ("resources:\r\n- ../base\r\n", &tag, "resources:\r\n- ../base\r\nimages:\r\n- name: x\r\n  newTag: \"2\"\r\n"),
        ("\u{feff}resources: [../base]\n", &tag, "\u{feff}resources: [../base]\nimages:\n  - name: x\n    newTag: \"2\"\n"),
        ("{resources: [../base]}\n", &tag, "{resources: [../base], images: [{name: x, newTag: \"2\"}]}\n"),
        ("{resources: [../base]}", &count, "{resources: [../base], replicas: [{name: web, count: 3}]}"),
        (
            "# a\n\nresources:\n- ../base # b\n# c\n",
            &tag,
            "# a\n\nresources:\n- ../base # b\nimages:\n- name: x\n  newTag: \"2\"\n# c\n",
        ),
        ("---\nresources:\n- ../base\n...\n", &tag, "---\nresources:\n- ../base\nimages:\n- name: x\n  newTag: \"2\"\n...\n"),
        ("resources: [../base]\nimages:\n", &tag, "resources: [../base]\nimages:\n  - name: x\n    newTag: \"2\"\n"),
        (
            "resources: [../base]\nimages: [] # none\n",
            &tag,
            "resources: [../base]\nimages: # none\n  - name: x\n    newTag: \"2\"\n",
        ),
        ("{resources: [../base], images: []}\n", &tag, "{resources: [../base], images: [{name: x, newTag: \"2\"}]}\n"),
        (
            "{\n  resources: [../base],\n  images: [],\n}\n",
            &tag,
            "{\n  resources: [../base],\n  images: [{name: x, newTag: \"2\"}],\n}\n",
        ),
        (
            "{\n  \"resources\": [\"../base\"]\n}\n",
            &tag,
            "{\n  \"resources\": [\"../base\"], images: [{name: x, newTag: \"2\"}]\n}\n",
        ),
        (
            "resources:\r\n- ../base",
            &key,
            "resources:\r\n- ../base\r\nconfigMapGenerator:\r\n- name: conf\r\n  behavior: merge\r\n  literals:\r\n  - A=2",
        ),
        (
            "{resources: [../base]}\n",
            &key,
            "{resources: [../base], configMapGenerator: [{name: conf, behavior: merge, literals: [A=2]}]}\n",
        ),
    ] {
        let mut files = files(before);
        let applied = apply(&files, "o", None, std::slice::from_ref(edit)).unwrap();
        let [change] = applied.files.as_slice() else { unreachable!("{:?}", applied.files) };
        assert_eq!(change.after.as_deref().unwrap(), after, "{before:?}");
        files.insert("o/kustomization.yaml", after);
        assert!(apply(&files, "o", None, std::slice::from_ref(edit)).unwrap().files.is_empty(), "{before:?}");
    }
}

#[test]
fn a_kustomization_that_says_nothing_is_told_as_such() {
    for text in ["", "# only a comment\n", "---\n"] {
        let error = apply(&files(text), "o", None, &[Edit::set(Field::ImageTag, "2")]).unwrap_err();
        assert!(
            matches!(&error, Error::Meaning { file, why, .. } if file == "o/kustomization.yaml" && why.contains("empty")),
            "{error}"
        );
    }
}
