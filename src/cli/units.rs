//! Which folders below a folder are rendered by themselves: those with a kustomization that no other one takes in.

use std::collections::BTreeSet;

use manifest::files::{self, Files, parent};
use serde_yaml::Value;

/// The names that a kustomization file may have.
const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// Tells whether a folder has a kustomization.
pub(crate) fn has_kustomization(files: &Files, folder: &str) -> bool {
    let path = |name: &&str| if folder.is_empty() { (*name).to_owned() } else { format!("{folder}/{name}") };
    NAMES.iter().any(|name| files.is_file(&path(name)))
}

/// Returns the folders to render, in order; the folder itself when there are none.
pub(crate) fn units(files: &Files, folder: &str) -> Vec<String> {
    let named = |path: &str| path.rsplit('/').next().is_some_and(|name| NAMES.contains(&name));
    let mut taken = BTreeSet::new();
    let mut found = BTreeSet::new();
    for file in files.paths().filter(|path| named(path)) {
        let value = files.text(file, None).ok().and_then(|text| serde_yaml::from_str::<Value>(text).ok()).unwrap_or_default();
        let here = parent(file);
        for field in ["resources", "bases", "components"] {
            let items = value.get(field).and_then(Value::as_sequence).into_iter().flatten().filter_map(Value::as_str);
            taken.extend(items.filter_map(|item| files.resolve(&files::join(here, item, file).ok()?).ok()));
        }
        let component = value.get("kind").and_then(Value::as_str) == Some("Component");
        if files::within(file, folder) && !component {
            found.insert(here.to_owned());
        }
    }
    let mut units: Vec<String> = found.iter().filter(|unit| *unit == folder || !taken.contains(*unit)).cloned().collect();
    if units.is_empty() {
        units.push(folder.to_owned());
    }
    units
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_another_one_takes_in_is_no_unit_of_its_own() {
        let files: Files = [
            ("a/base/kustomization.yaml", "resources: [x.yaml]\n"),
            ("a/over/dev/kustomization.yaml", "resources: [../../base]\ncomponents: [../../extra]\n"),
            ("a/over/prod/Kustomization", "bases: [../../base]\n"),
            ("a/extra/kustomization.yaml", "kind: Component\n"),
            ("a/broken/kustomization.yml", "resources: [\n"),
            ("b/x.yaml", ""),
        ]
        .into_iter()
        .collect();
        assert_eq!(units(&files, ""), ["a/broken", "a/over/dev", "a/over/prod"]);
        assert_eq!(units(&files, "a/base"), ["a/base"], "the folder that is named is meant");
        assert_eq!(units(&files, "a/extra"), ["a/extra"]);
        assert_eq!(units(&files, "b"), ["b"]);
        assert!(has_kustomization(&files, "a/over/prod") && !has_kustomization(&files, "a"));
    }
}
