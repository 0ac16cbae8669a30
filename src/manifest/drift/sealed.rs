//! What SOPS encrypted: it is recognised and named, and never opened.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::Wanted;
use crate::files::{self, Files};
use crate::substitute::decode;

/// What every encrypted value begins with.
const MARK: &str = "ENC[AES256_GCM,";
/// The letters of the hash that ends a generated name, and how many there are.
const LETTERS: &str = "2456789bcdfghkmt";
const HASH: usize = 10;

/// Tells whether an object is encrypted with SOPS, whole or in a value of its data.
pub fn encrypted(object: &Value) -> bool {
    if object.get("sops").is_some_and(Value::is_object) {
        return true;
    }
    let data = |part: &str| object.get(part).and_then(Value::as_object).into_iter().flat_map(Map::values);
    object.get("kind").and_then(Value::as_str) == Some("Secret")
        && data("data")
            .chain(data("stringData"))
            .filter_map(Value::as_str)
            .any(|text| text.contains(MARK) || decode(text).is_some_and(|decoded| decoded.contains(MARK)))
}

/// Tells whether even what an object is called is encrypted.
pub fn nameless(object: &Value) -> bool {
    let told = ["/apiVersion", "/kind", "/metadata/name", "/metadata/namespace"];
    told.iter().any(|pointer| object.pointer(pointer).and_then(Value::as_str).is_some_and(|text| text.contains(MARK)))
}

/// Returns the files that hold what is encrypted of these objects: their own, or those that a generated one is made from.
pub fn encrypted_files(files: &Files, wanted: &[Wanted]) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    for file in wanted.iter().filter(|w| encrypted(&w.value)).filter_map(|w| w.file.as_deref()) {
        let marked = |path: &str| files.bytes(path).is_some_and(|bytes| bytes.windows(MARK.len()).any(|w| w == MARK.as_bytes()));
        let before = out.len();
        if marked(file) {
            out.insert(file.to_owned());
        } else {
            out.extend(files.below(files::parent(file)).filter(|path| marked(path)).map(str::to_owned));
        }
        if out.len() == before && !out.iter().any(|known| files::within(known, files::parent(file))) {
            out.insert(file.to_owned());
        }
    }
    out
}

/// Returns a generated name without the hash at its end.
fn stem(name: &str) -> Option<&str> {
    let (stem, hash) = name.rsplit_once('-')?;
    (hash.len() == HASH && hash.chars().all(|c| LETTERS.contains(c)) && !stem.is_empty()).then_some(stem)
}

/// Calls generated Secrets that are encrypted what the cluster calls them, everywhere: the hash at the end of a name is one of
/// what SOPS hides. `applied` are the namespaces and names of the Secrets that were applied last.
///
/// One whose name cannot be found out is not known; returns its name without the hash.
pub fn settle_names(wanted: &mut [Wanted], applied: &[(String, String)]) -> Vec<String> {
    let text = |value: &Value, pointer: &str| value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut unsettled = Vec::new();
    for at in 0..wanted.len() {
        let value = &wanted[at].value;
        let (namespace, name) = (text(value, "/metadata/namespace"), text(value, "/metadata/name"));
        let made = wanted[at].file.as_deref().is_some_and(is_kustomization) && encrypted(value);
        let Some(stem) = stem(&name).filter(|_| made && text(value, "/kind") == "Secret") else { continue };
        let mut same = applied.iter().filter(|(ns, other)| *ns == namespace && self::stem(other) == Some(stem));
        if let (Some((_, there)), None) = (same.next(), same.next()) {
            for w in &mut *wanted {
                rename(&mut w.value, &name, there);
            }
        } else {
            unsettled.push(stem.to_owned());
            wanted[at].unknown = Some("it is encrypted with SOPS, and its name ends in a hash of what is hidden".to_owned());
        }
    }
    unsettled
}

fn is_kustomization(file: &str) -> bool {
    matches!(file.rsplit('/').next(), Some("kustomization.yaml" | "kustomization.yml" | "Kustomization"))
}

/// Puts another text in the place of every text that is this one.
fn rename(value: &mut Value, from: &str, to: &str) {
    match value {
        Value::String(text) if text == from => to.clone_into(text),
        Value::Array(items) => items.iter_mut().for_each(|item| rename(item, from, to)),
        Value::Object(map) => map.iter_mut().for_each(|(_, value)| rename(value, from, to)),
        _ => {}
    }
}
