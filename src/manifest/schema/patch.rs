//! Patches: those that are written into a kustomization, and the operations of a JSON patch.

use crate::schema::scalars::shown;
use crate::schema::walk::{Problem, Walk};
use crate::schema::{Extent, Schemas};
use crate::yaml::{Data, Val};

/// Returns the texts in an object that are patches.
pub(super) fn inline(val: &Val, kustomization: bool) -> Vec<&Val> {
    let mut found = Vec::new();
    let holders: Vec<&Val> = if kustomization {
        vec![val]
    } else {
        let post = val.at(&["spec", "postRenderers"]).map(Val::items).unwrap_or_default();
        let flux = val.get("apiVersion").and_then(Val::as_text).is_some_and(|v| v.contains(".toolkit.fluxcd.io/"));
        let spec = val.get("spec").into_iter().chain(post.iter().filter_map(|p| p.get("kustomize")));
        spec.filter(|_| flux).collect()
    };
    for holder in holders {
        for list in ["patches", "patchesJson6902"] {
            let items = holder.get(list).map(Val::items).unwrap_or_default();
            found.extend(items.iter().filter_map(|item| item.get("patch")).filter(|text| text.as_text().is_some()));
        }
        let texts = holder.get("patchesStrategicMerge").map(Val::items).unwrap_or_default();
        found.extend(texts.iter().filter(|text| text.as_text().is_some_and(|t| t.contains('\n'))));
    }
    found
}

/// Checks the operations of a JSON patch.
pub(super) fn operations(schemas: &Schemas, val: &Val) -> Vec<Problem> {
    let mut walk = Walk::new(schemas, Extent::Patch);
    for item in val.items() {
        let Some(op) = item.get("op") else {
            walk.wrong("schema-required", item, "an operation of a JSON patch has no op");
            continue;
        };
        let name = op.as_text().unwrap_or_default();
        if !matches!(name, "add" | "remove" | "replace" | "move" | "copy" | "test") {
            let message =
                format!("a JSON patch has no operation {}; there are add, remove, replace, move, copy, test", shown(name));
            walk.wrong("schema-value", op, message);
            continue;
        }
        let needs: &[&str] = match name {
            "add" | "replace" | "test" => &["path", "value"],
            "move" | "copy" => &["path", "from"],
            _ => &["path"],
        };
        for field in needs {
            match item.get(field) {
                None => walk.wrong("schema-required", item, format!("the operation {name} has no {field}")),
                Some(value) if *field != "value" => pointer(&mut walk, field, value),
                Some(_) => {}
            }
        }
    }
    walk.problems
}

fn pointer(walk: &mut Walk<'_>, field: &str, value: &Val) {
    let Data::Text(text) = &value.data else { return };
    if !text.is_empty() && !text.starts_with('/') {
        walk.wrong("schema-value", value, format!("the {field} of an operation begins with /: {}", shown(text)));
    }
}
