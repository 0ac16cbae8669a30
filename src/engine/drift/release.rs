//! HelmReleases: the manifest of the release that Helm stored against the cluster, and against the release before it.
//!
//! Reads the Secrets in which Helm keeps its releases, and only when asked to.

use std::collections::BTreeMap;
use std::sync::Arc;

use cluster::Connection;
use cluster::act::{self, Target};
use domain::Trouble;
use domain::drift::{Against, Desired, Drift, ObjectDrift, Verdict, Way};
use domain::flux::ObjectKey;
use manifest::drift::{Applier, Veil, Wanted, between, documents, encode, veil_places, veil_values};
use serde_json::{Value, json};

use super::compare::Job;
use super::source::said;
use super::{Tell, begun, remote, rules, target, unpack};
use crate::shared::Core;

/// The kind under which values are shown beside objects.
const VALUES: &str = "Values";

/// Names a release: what Helm calls it, and where it keeps it.
struct Stored {
    name: String,
    storage: String,
    version: i64,
    before: Option<i64>,
}

fn text<'v>(object: &'v Value, pointer: &str) -> &'v str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// Finds out which release a HelmRelease has.
fn stored(key: &ObjectKey, object: &Value) -> Result<Stored, Trouble> {
    let history = object.pointer("/status/history").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let number = |entry: &Value| entry.get("version").and_then(Value::as_i64);
    let last = history.iter().max_by_key(|entry| number(entry)).ok_or_else(|| {
        Trouble::not_found("It has no release yet", key)
            .why("its status has no history")
            .next("See what its conditions say; then compare again.")
    })?;
    let version = number(last).unwrap_or_default();
    let before = history.iter().filter_map(number).filter(|v| *v < version).max();
    let storage = [text(object, "/status/storageNamespace"), text(object, "/spec/storageNamespace"), &key.namespace];
    let storage = storage.into_iter().find(|text| !text.is_empty()).unwrap_or_default();
    Ok(Stored {
        name: text(last, "/name").to_owned(),
        storage: storage.to_owned(),
        version,
        before: before.or((version > 1).then(|| version - 1)),
    })
}

/// Returns a HelmRelease, and the way to where Helm keeps its releases, which is where it installs them.
async fn found(core: &Arc<Core>, key: &ObjectKey, notes: &mut Vec<String>) -> Result<(Connection, Value), Trouble> {
    let home = core.fleet.connection(&key.context()).await?;
    let object = act::get(&home, key).await?;
    let connection = remote::reach(core, &home, (key, &object), notes).await?;
    Ok((connection, object))
}

/// Reads one version of a release.
async fn read(connection: &Connection, stored: &Stored, version: i64) -> Result<Value, Trouble> {
    let name = format!("sh.helm.release.v1.{}.v{version}", stored.name);
    let target = Target { api_version: "v1".into(), kind: "Secret".into(), namespace: stored.storage.clone(), name };
    let secret = act::live(connection, &target).await.map_err(|error| {
        let trouble = Trouble::from(error);
        Trouble::new(trouble.kind, "The release cannot be read", &target)
            .why(said(trouble))
            .next("Helm keeps its releases in Secrets: allow get on this one, or compare something else.")
    })?;
    let secret = secret.ok_or_else(|| {
        Trouble::not_found("The release is not stored any more", &target)
            .next("Helm keeps only the last ones; see spec.maxHistory.")
    })?;
    unpack::release(&secret).map_err(|why| Trouble::failed("The release cannot be read", &target).why(why))
}

/// Returns what in releases, newest first, may not be seen.
///
/// While some values come from Secrets, it is every value that does not stand in the HelmRelease itself. Else none do today, but
/// what an older release had besides may have come from a Secret that was named then.
fn veil(object: &Value, releases: &[&Value]) -> Veil {
    let from = object.pointer("/spec/valuesFrom").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let shown = object.pointer("/spec/values").unwrap_or(&Value::Null);
    let mut configs = releases.iter().filter_map(|release| release.get("config"));
    if from.iter().any(|source| text(source, "/kind") == "Secret") {
        return Veil::of_texts(configs.flat_map(|config| veil_values(config, shown)));
    }
    // Until what is written now was handled, the newest release is an older one too.
    let number = |pointer: &str| object.pointer(pointer).and_then(Value::as_i64);
    let handled = number("/status/observedGeneration") >= number("/metadata/generation");
    let known = if handled { configs.next().unwrap_or(shown) } else { shown };
    Veil::of_texts(configs.flat_map(|config| veil_places(config, known)))
}

fn desired(release: &Value, key: &ObjectKey) -> Desired {
    let chart = |field: &str| text(release, &format!("/chart/metadata/{field}"));
    let version = release.get("version").and_then(Value::as_i64).unwrap_or_default();
    Desired {
        source: format!("{key} release {}/{}", text(release, "/namespace"), text(release, "/name")),
        revision: format!("v{version}"),
        path: format!("{}@{}", chart("name"), chart("version")),
        way: Way::Release,
    }
}

/// Returns the objects of a release, as Helm applied them.
async fn objects(connection: &Connection, key: &ObjectKey, release: &Value) -> Result<Vec<Value>, Trouble> {
    let objects = documents(&key.to_string(), text(release, "/manifest"))?;
    Ok(dressed(connection, (text(release, "/name"), text(release, "/namespace")), objects).await)
}

/// Gives objects of a chart the namespace and the marks that Helm gives them.
pub(super) async fn dressed(connection: &Connection, (name, namespace): (&str, &str), objects: Vec<Value>) -> Vec<Value> {
    let mut out = Vec::new();
    let mut kinds: BTreeMap<(String, String), bool> = BTreeMap::new();
    for mut object in objects {
        let at = target(&object);
        let kind = (at.api_version.clone(), at.kind.clone());
        if at.namespace.is_empty() {
            let namespaced = match kinds.get(&kind) {
                Some(known) => *known,
                // A kind that is not served is said of each object of it, when that is asked for.
                None => act::namespaced(connection, &kind.0, &kind.1).await.unwrap_or(false),
            };
            kinds.insert(kind, namespaced);
            if namespaced {
                set(&mut object, "/metadata/namespace", namespace);
            }
        }
        encode(&mut object);
        for (part, key, value) in [
            ("labels", "app.kubernetes.io/managed-by", "Helm"),
            ("annotations", "meta.helm.sh/release-name", name),
            ("annotations", "meta.helm.sh/release-namespace", namespace),
        ] {
            mark(&mut object, part, key, value);
        }
        out.push(object);
    }
    out
}

fn set(object: &mut Value, pointer: &str, value: &str) {
    let (parent, key) = pointer.rsplit_once('/').unwrap_or(("", pointer));
    if let Some(map) = object.pointer_mut(parent).and_then(Value::as_object_mut) {
        map.insert(key.to_owned(), value.into());
    }
}

fn mark(object: &mut Value, part: &str, key: &str, value: &str) {
    let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) else { return };
    let slot = metadata.entry(part).or_insert_with(|| json!({}));
    if slot.is_null() {
        *slot = json!({});
    }
    if let Some(map) = slot.as_object_mut() {
        map.insert(key.to_owned(), value.into());
    }
}

/// Compares the manifest of a HelmRelease's last release with what its cluster has.
pub(crate) async fn release(core: &Arc<Core>, key: &ObjectKey, tell: Tell<'_>) -> Result<Drift, Trouble> {
    let mut notes = Vec::new();
    let (connection, object) = found(core, key, &mut notes).await?;
    let stored = stored(key, &object)?;
    let release = read(&connection, &stored, stored.version).await?;
    let mode = text(&object, "/spec/driftDetection/mode");
    notes.push(match mode {
        "enabled" => "spec.driftDetection.mode is enabled: helm-controller corrects what differs".to_owned(),
        "warn" => "spec.driftDetection.mode is warn: helm-controller only reports what differs".to_owned(),
        _ => "spec.driftDetection.mode is disabled: helm-controller leaves what differs until the next upgrade".to_owned(),
    });
    let rules = rules(object.pointer("/spec/driftDetection/ignore"), "spec.driftDetection.ignore", &mut notes);
    if object.pointer("/spec/suspend").and_then(Value::as_bool) == Some(true) {
        notes.push("It is suspended: Flux changes nothing until it is resumed".to_owned());
    }
    let veil = veil(&object, &[&release]);
    let wanted = objects(&connection, key, &release).await?;
    let wanted = wanted.into_iter().map(|value| Wanted { value, file: None, veil: veil.clone(), unknown: None });
    let drift = begun(core, key, (Against::Live, desired(&release, key)), notes);
    let job = Job { core, connection: &connection, applier: Applier::Helm, rules: &rules, force: false, decrypts: false };
    let mut drift = job.all(drift, wanted.collect(), 0, tell).await;
    drift.checked = core.now();
    drift.sort();
    Ok(drift)
}

/// Compares the last release of a HelmRelease with the one before it: values and manifest.
pub(crate) async fn previous(core: &Arc<Core>, key: &ObjectKey) -> Result<Drift, Trouble> {
    let mut notes = Vec::new();
    let (connection, object) = found(core, key, &mut notes).await?;
    let stored = stored(key, &object)?;
    let before = stored.before.ok_or_else(|| {
        Trouble::not_found("There is no release before this one", key)
            .why(format!("{} is at version {}", stored.name, stored.version))
    })?;
    let (new, old) = (read(&connection, &stored, stored.version).await?, read(&connection, &stored, before).await?);
    let veil = veil(&object, &[&new, &old]);
    let mut drift = begun(core, key, (Against::Previous, desired(&new, key)), notes);
    let was = desired(&old, key);
    drift.notes.push(format!("Compared with {} of {}", was.revision, was.path));
    let values = |release: &Value| {
        let config = release.get("config").cloned().unwrap_or_default();
        json!({"apiVersion": "", "kind": VALUES, "metadata": {"name": stored.name}, "values": config})
    };
    drift.objects.extend(between(Some(&values(&old)), Some(&values(&new)), &veil));
    let (old, new) = (objects(&connection, key, &old).await?, objects(&connection, key, &new).await?);
    drift.objects.extend(paired(&old, &new, &veil));
    drift.sort();
    Ok(drift)
}

/// Compares the objects of two releases, matched by kind, namespace and name.
fn paired(old: &[Value], new: &[Value], veil: &Veil) -> Vec<ObjectDrift> {
    let name = |object: &Value| {
        let at = target(object);
        (at.kind, at.namespace, at.name)
    };
    let find = |all: &'_ [Value], wanted: &Value| all.iter().position(|o| name(o) == name(wanted));
    let changed = new.iter().filter_map(|object| between(find(old, object).map(|at| &old[at]), Some(object), veil));
    let gone = old.iter().filter(|object| find(new, object).is_none()).filter_map(|object| between(Some(object), None, veil));
    let mut out: Vec<ObjectDrift> = changed.chain(gone).collect();
    for object in &mut out {
        // Between releases nothing is missing: it is new, or it is gone.
        object.why = match object.verdict {
            Verdict::Missing => "new in this release".to_owned(),
            Verdict::Extra => "gone with this release".to_owned(),
            _ => String::new(),
        };
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(object: &Value, releases: &[&Value]) -> String {
        let veil = veil(object, releases);
        let values = |release: &&Value| json!({"kind": VALUES, "values": release["config"]});
        let shown = releases.iter().map(|release| format!("{:?}", between(None, Some(&values(release)), &veil)));
        shown.collect()
    }

    #[test]
    fn values_of_a_secret_that_is_named_no_more_stay_hidden() {
        let old = json!({"config": {"password": "hunter2", "tag": "1.8.4", "level": "debug"}});
        let new = json!({"config": {"tag": "1.8.5", "level": "debug"}});
        let release = |observed: i64, from: &Value| {
            json!({"metadata": {"generation": 2}, "status": {"observedGeneration": observed},
                "spec": {"values": {"tag": "1.8.5"}, "valuesFrom": from}})
        };
        let gone = told(&release(2, &json!([])), &[&new, &old]);
        assert!(!gone.contains("hunter2") && gone.contains("1.8.4") && gone.contains("debug"), "{gone}");
        // What is written was not handled yet: the newest release is one of before, too.
        let pending = told(&release(1, &json!([])), &[&old]);
        assert!(!pending.contains("hunter2") && pending.contains("1.8.4"), "{pending}");
        let named = told(&release(2, &json!([{"kind": "Secret", "name": "s"}])), &[&new, &old]);
        assert!(!named.contains("hunter2") && !named.contains("1.8.4") && named.contains("1.8.5"), "{named}");
    }
}
