//! What the bases say of a value that the environment overrides.
//!
//! An override that says what the base says stays: who asks for a value wants that one, also after the base has moved on, a
//! line may carry the mark of an automation, and one changed line is what a reviewer expects. That it is the base's value is
//! said.

use domain::edit::{Found, WorkloadRef};

use crate::build::source::Role;
use crate::edit::{facts, overlay};
use crate::files::{self, Files};
use crate::locate::Located;
use crate::yaml::Tree;

/// Says of each place in the overlay whether a base says the same without it.
pub(super) fn told(files: &Files, located: &Located, meant: &WorkloadRef, places: &mut [Found]) {
    let ours = |file: &str| {
        let mut sources = located.sources.all().map(|(_, source)| source);
        sources.any(|s| s.file == file && s.layer == located.folder && s.role != Role::Resource)
    };
    let mut over: Vec<&mut Found> = places.iter_mut().filter(|place| ours(&place.file)).collect();
    if over.is_empty() {
        return;
    }
    for base in bases(files, located) {
        let Ok(below) = facts::facts(files, &base, Some(meant)) else { continue };
        for place in &mut over {
            let same =
                |found: &Found| found.field == place.field && found.container == place.container && found.value == place.value;
            if below.found.iter().any(same) {
                place.why = format!("{}; the base {base} says the same", place.why);
            }
        }
    }
}

/// Returns the folders that the environment's own kustomization builds on.
fn bases(files: &Files, located: &Located) -> Vec<String> {
    let Some(number) = overlay::kustomization(located) else { return Vec::new() };
    let source = located.sources.get(number);
    let Ok(tree) = Tree::parse(&source.text) else { return Vec::new() };
    let lists = tree.documents().iter().flat_map(|d| ["resources", "bases"].map(|key| tree.get(d.root, key)));
    let items = lists.flatten().flat_map(|list| tree.items(list)).filter_map(|(_, item)| tree.scalar(*item));
    let folders = items.filter_map(|written| files::join(&source.layer, written, &source.file).ok());
    folders.filter(|folder| files.is_folder(folder)).collect()
}
