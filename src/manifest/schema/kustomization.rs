//! Kustomization files: fields that kustomize does not know.

use crate::build::FIELDS;
use crate::schema::names;
use crate::schema::walk::Walk;
use crate::yaml::Val;

/// What kustomize knows and is not rendered in-process; the renderer names it when it matters.
const FOREIGN: &[&str] = &[
    "crds",
    "openapi",
    "generators",
    "transformers",
    "validators",
    "helmCharts",
    "helmGlobals",
    "helmChartInflationGenerator",
    "inventory",
];

const GENERATOR: &[&str] = &["name", "namespace", "behavior", "files", "literals", "envs", "env", "options", "type", "kind"];

/// The fields of the items of lists.
const ITEMS: &[(&str, &[&str])] = &[
    ("images", &["name", "newName", "newTag", "tagSuffix", "digest"]),
    ("replicas", &["name", "count"]),
    ("patches", &["path", "patch", "target", "options"]),
    ("patchesJson6902", &["path", "patch", "target", "options"]),
    ("labels", &["pairs", "includeSelectors", "includeTemplates", "fields"]),
    ("configMapGenerator", GENERATOR),
    ("secretGenerator", GENERATOR),
];

/// The fields of a patch's target.
const TARGET: &[&str] = &["group", "version", "kind", "name", "namespace", "labelSelector", "annotationSelector"];

/// Checks a kustomization or component.
pub(super) fn check<'a>(walk: &mut Walk<'a>, val: &'a Val) {
    let known: Vec<&str> = FIELDS.iter().chain(FOREIGN).copied().collect();
    fields(walk, val, &known);
    for (list, known) in ITEMS {
        for item in val.get(list).map(Val::items).unwrap_or_default() {
            walk.below(list, |walk| {
                fields(walk, item, known);
                if let Some(target) = item.get("target") {
                    walk.below("target", |walk| fields(walk, target, TARGET));
                }
            });
        }
    }
}

fn fields<'a>(walk: &mut Walk<'a>, val: &'a Val, known: &[&str]) {
    for (key, value) in val.as_map().into_iter().flatten() {
        // The readers of kustomize do not mind capitals.
        if !known.iter().any(|name| name.eq_ignore_ascii_case(key)) && !key.starts_with("x-") {
            let meant =
                names::nearest(key, known.iter().copied()).map_or_else(String::new, |near| format!("; did you mean {near}?"));
            let message = format!("a kustomization has no field {}{meant}", walk.path_to(&[key]));
            walk.wrong_key("schema-unknown-field", value, message);
        }
    }
}
