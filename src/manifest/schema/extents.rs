//! What the files of a repository are to its kustomizations: objects, bases, patches, or data.

use std::collections::{BTreeMap, BTreeSet};

use crate::build::NAMES;
use crate::files::{self, Files};
use crate::schema::Extent;
use crate::yaml::{Tree, Val, read};

/// What one kustomization says about other files.
#[derive(Default)]
struct Layer {
    /// Whether it changes the objects that come to it.
    patches: bool,
    /// What it takes in: files, and folders with kustomizations.
    takes: BTreeSet<String>,
}

/// Returns what each file is that a kustomization or a Flux Kustomization speaks of; all others hold whole objects.
///
/// A file is a base when some overlay that takes it in patches anything. Folders are among the paths, too.
pub fn extents(files: &Files) -> BTreeMap<String, Extent> {
    let mut known = BTreeMap::new();
    let mut layers: BTreeMap<String, Layer> = BTreeMap::new();
    // Folders whose objects a Flux Kustomization patches.
    let mut patched: BTreeSet<String> = BTreeSet::new();
    for path in files.paths().filter(|path| files::is_yaml(path) || path.rsplit('/').next() == Some("Kustomization")) {
        let Ok(text) = files.text(path, None) else { continue };
        let named = NAMES.contains(&path.rsplit('/').next().unwrap_or(path));
        if !named && !text.contains("kustomize.toolkit.fluxcd.io/") {
            continue;
        }
        for val in documents(text) {
            let api_version = val.get("apiVersion").and_then(Val::as_text).unwrap_or_default();
            if api_version.starts_with("kustomize.toolkit.fluxcd.io/") {
                let changes = ["patches", "components"].iter().any(|list| !list_of(val.get("spec"), list).is_empty());
                let path = val.at(&["spec", "path"]).and_then(Val::as_text).unwrap_or_default();
                if let (true, Ok(folder)) = (changes, files::join("", path.trim_start_matches('/'), path)) {
                    patched.insert(folder);
                }
            } else if named {
                let folder = files::parent(path);
                layers.insert(folder.to_owned(), layer(&val, folder, &mut known));
            }
        }
    }
    bases(&layers, &patched, &mut known);
    known
}

fn documents(text: &str) -> Vec<Val> {
    let Ok(tree) = Tree::parse(text) else { return Vec::new() };
    let mut total = 0;
    tree.documents().iter().filter_map(|document| read(&tree, document.root, 0, &mut total).ok()).collect()
}

fn list_of<'v>(val: Option<&'v Val>, list: &str) -> &'v [Val] {
    val.and_then(|val| val.get(list)).map(Val::items).unwrap_or_default()
}

fn layer(val: &Val, folder: &str, known: &mut BTreeMap<String, Extent>) -> Layer {
    let mut layer = Layer::default();
    let join = |path: &str| files::join(folder, path, folder).ok();
    for list in ["resources", "bases", "components"] {
        let items = list_of(Some(val), list);
        layer.takes.extend(items.iter().filter_map(Val::as_text).filter_map(join));
        layer.patches |= list == "components" && !items.is_empty();
    }
    let mut mark = |path: &str, extent: Extent| {
        if let Some(path) = join(path) {
            known.insert(path, extent);
        }
    };
    for list in ["patches", "patchesJson6902", "patchesStrategicMerge", "replacements", "transformers", "configurations"] {
        for item in list_of(Some(val), list) {
            layer.patches |= list != "configurations";
            let extent = if list.starts_with("patches") { Extent::Patch } else { Extent::Data };
            if let Some(path) = item.get("path").unwrap_or(item).as_text().filter(|path| !path.contains('\n')) {
                mark(path, extent);
            }
        }
    }
    for generator in ["configMapGenerator", "secretGenerator"] {
        for item in list_of(Some(val), generator) {
            for list in ["files", "envs"] {
                for file in list_of(Some(item), list).iter().filter_map(Val::as_text) {
                    mark(file.split_once('=').map_or(file, |(_, path)| path), Extent::Data);
                }
            }
        }
    }
    // Labels that go into selectors add to objects, too.
    let selects = |labels: &Val| labels.get("includeSelectors").is_some_and(Val::is_true);
    layer.patches |= val.get("commonLabels").is_some() || list_of(Some(val), "labels").iter().any(selects);
    if val.get("kind").and_then(Val::as_text) == Some("Component") {
        layer.patches = true;
    }
    layer
}

/// Marks what is taken in by an overlay that patches, whether directly or through others.
fn bases(layers: &BTreeMap<String, Layer>, patched: &BTreeSet<String>, known: &mut BTreeMap<String, Extent>) {
    let mut open: Vec<String> = layers.iter().filter(|(_, layer)| layer.patches).map(|(folder, _)| folder.clone()).collect();
    open.extend(layers.keys().filter(|folder| patched.iter().any(|above| files::within(folder, above))).cloned());
    let mut seen: BTreeSet<String> = BTreeSet::new();
    while let Some(folder) = open.pop() {
        if !seen.insert(folder.clone()) {
            continue;
        }
        for path in layers.get(&folder).into_iter().flat_map(|layer| &layer.takes) {
            known.entry(path.clone()).or_insert(Extent::Base);
            open.push(path.clone());
        }
    }
    for path in layers.values().flat_map(|layer| &layer.takes) {
        known.entry(path.clone()).or_insert(Extent::Taken);
    }
}
