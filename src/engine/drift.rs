//! What the cluster has against what is desired, for any Kustomization and HelmRelease.
//!
//! The desired state comes from where Flux takes it; what Flux would change is asked of the server by a dry run. Nothing is
//! changed here, and nothing of a Secret leaves these modules.

mod chart;
mod compare;
mod release;
mod remote;
mod source;
mod trial;
mod tried;
mod unpack;
pub(crate) mod variables;

use std::collections::BTreeSet;
use std::sync::Arc;

use cluster::act::{self, Target};
use domain::Trouble;
use domain::drift::{Against, Desired, Drift, ObjectDrift, Verdict};
use domain::flux::{InventoryEntry, ObjectKey};
use manifest::drift::{Applier, Rules, Wanted, encrypted_files, named, nameless, settle_names, wanted};
use serde_json::Value;

use crate::shared::Core;
use compare::Job;
pub(crate) use release::{previous, release};
pub(crate) use trial::trial;
pub(crate) use tried::tried;

/// Takes what is known of a comparison so far.
pub(crate) type Tell<'a> = &'a (dyn Fn(Drift) + Send + Sync);

/// Compares what a Kustomization desires with what its cluster has.
pub(crate) async fn kustomization(core: &Arc<Core>, key: &ObjectKey, tell: Tell<'_>) -> Result<Drift, Trouble> {
    let home = core.fleet.connection(&key.context()).await?;
    let object = act::get(&home, key).await?;
    let mut notes = Vec::new();
    let connection = remote::reach(core, &home, (key, &object), &mut notes).await?;
    let source = source::read(core, &home, (key, &object)).await?;
    let variables = variables::read(&home, &object).await?;
    let beside = variables.veil();
    notes.extend(source.notes);
    notes.extend(variables.notes.iter().cloned());
    let rules = rules(object.pointer("/spec/ignore"), "spec.ignore", &mut notes);
    standing(&object, &source.desired, &mut notes);
    let (mut rendered, sealed) = {
        let (object, files) = (object.clone(), source.files);
        let (sets, missing) = (variables.sets, variables.missing);
        let render = move || {
            let rendered = wanted(&files, &object, sets.as_ref(), missing.as_deref())?;
            let sealed = encrypted_files(&files, &rendered);
            Ok::<_, manifest::Error>((rendered, sealed))
        };
        crate::tasks::blocking("rendering a Kustomization", render).await??
    };
    closed(&mut rendered, &sealed, &object, &mut notes);
    let flag = |pointer: &str| object.pointer(pointer).and_then(Value::as_bool).unwrap_or(false);
    let job = Job {
        core,
        connection: &connection,
        applier: Applier::Kustomize,
        rules: &rules,
        force: flag("/spec/force"),
        decrypts: object.pointer("/spec/decryption").is_some(),
    };
    let drift = begun(core, key, (Against::Live, source.desired), notes);
    let left = leftovers(&object, &rendered.iter().map(|w| target(&w.value)).collect::<Vec<_>>());
    let hidden = rendered.iter().any(|w| nameless(&w.value));
    let mut drift = job.all(drift, rendered, left.len(), tell).await;
    job.leftovers(&mut drift, &left, (flag("/spec/prune"), &object), beside.as_ref()).await;
    if hidden {
        unsure(&mut drift, &left);
    }
    drift.sort();
    Ok(drift)
}

/// Says which files are encrypted, and calls generated Secrets by the names that they were applied with.
fn closed(rendered: &mut [Wanted], files: &BTreeSet<String>, object: &Value, notes: &mut Vec<String>) {
    if files.is_empty() {
        return;
    }
    let names = files.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    notes.push(format!("Encrypted with SOPS and not read: {names}. Everything else is compared"));
    let applied: Vec<_> = inventory(object).filter(|t| t.kind == "Secret").map(|t| (t.namespace, t.name)).collect();
    let unsettled = settle_names(rendered, &applied);
    if !unsettled.is_empty() {
        let names = unsettled.join(", ");
        notes.push(format!(
            "These Secrets have names that depend on what is encrypted, and what names them differs in that: {names}"
        ));
    }
}

/// Takes back that objects are desired no more: one of them may be what is encrypted with its name.
fn unsure(drift: &mut Drift, left: &[Target]) {
    let titles: BTreeSet<String> = left.iter().map(ToString::to_string).collect();
    for object in drift.objects.iter_mut().filter(|o| o.verdict == Verdict::Extra && titles.contains(&o.title())) {
        object.verdict = Verdict::Unknown;
        "it may be one of those that SOPS encrypted whole, names and all".clone_into(&mut object.why);
    }
}

/// Begins a comparison of which nothing is known yet.
fn begun(core: &Core, key: &ObjectKey, (against, desired): (Against, Desired), notes: Vec<String>) -> Drift {
    Drift { key: key.clone(), against, desired, checked: core.now(), objects: Vec::new(), left: 0, notes }
}

/// Reads the rules that take fields out of the comparison, and says that they are honoured.
fn rules(list: Option<&Value>, name: &str, notes: &mut Vec<String>) -> Rules {
    match Rules::read(list) {
        Ok(rules) => {
            if !rules.is_empty() {
                notes.push(format!("{name} is honoured: rules {}", rules.len()));
            }
            rules
        }
        Err(why) => {
            notes.push(format!("{name} cannot be read and is not honoured: {why}"));
            Rules::default()
        }
    }
}

/// Says what of the object's own standing has to be known beside the differences.
fn standing(object: &Value, desired: &Desired, notes: &mut Vec<String>) {
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    if object.pointer("/spec/suspend").and_then(Value::as_bool) == Some(true) {
        notes.push("It is suspended: Flux changes nothing until it is resumed".to_owned());
    }
    let applied = text("/status/lastAppliedRevision");
    if !applied.is_empty() && applied != desired.revision {
        notes.push(format!("Applied is {applied}; the source is ahead at {}", desired.revision));
    }
}

/// Names an object.
pub(crate) fn target(object: &Value) -> Target {
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    Target {
        api_version: text("/apiVersion"),
        kind: text("/kind"),
        namespace: text("/metadata/namespace"),
        name: text("/metadata/name"),
    }
}

/// Returns the objects of an inventory that are not desired any more.
fn leftovers(kustomization: &Value, desired: &[Target]) -> Vec<Target> {
    inventory(kustomization).filter(|old| !desired.iter().any(|new| same(new, old))).collect()
}

/// Tells whether two names mean the same object, whatever version of its kind they say.
fn same(one: &Target, other: &Target) -> bool {
    fn group(version: &str) -> &str {
        version.split_once('/').map_or("", |(group, _)| group)
    }
    (&one.kind, &one.namespace, &one.name) == (&other.kind, &other.namespace, &other.name)
        && group(&one.api_version) == group(&other.api_version)
}

/// Returns what a Kustomization applied last.
fn inventory(kustomization: &Value) -> impl Iterator<Item = Target> + '_ {
    let entries = kustomization.pointer("/status/inventory/entries").and_then(Value::as_array);
    let read = |entry: &Value| {
        let text = |key: &str| entry.get(key).and_then(Value::as_str).unwrap_or_default();
        let entry = InventoryEntry { id: text("id"), v: text("v") };
        let (namespace, _, group, kind) = entry.parts()?;
        let api_version = if group.is_empty() { entry.v.to_owned() } else { format!("{group}/{}", entry.v) };
        Some(Target { api_version, kind: kind.to_owned(), namespace: namespace.to_owned(), name: entry.name()? })
    };
    entries.into_iter().flatten().filter_map(read)
}

/// Returns an object that could not be compared.
fn unknown(object: &Value, why: impl Into<String>) -> ObjectDrift {
    named(object, Verdict::Unknown).why(why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_may_be_encrypted_with_its_name_is_not_called_left_over() {
        let left = Target { api_version: "v1".into(), kind: "Secret".into(), namespace: "shop".into(), name: "login".into() };
        let extra = |kind: &str, name: &str| ObjectDrift::new(("v1", kind), ("shop", name), Verdict::Extra);
        let mut drift = Drift {
            key: ObjectKey::new(&"c".into(), "Kustomization", "shop", "web"),
            against: Against::Live,
            desired: Desired {
                source: String::new(),
                revision: String::new(),
                path: String::new(),
                way: domain::drift::Way::Git,
            },
            checked: domain::Time::UNIX_EPOCH,
            objects: vec![extra("Secret", "login"), extra("ConfigMap", "other")],
            left: 0,
            notes: Vec::new(),
        };
        unsure(&mut drift, &[left]);
        let verdicts: Vec<_> = drift.objects.iter().map(|o| o.verdict).collect();
        assert_eq!(verdicts, [Verdict::Unknown, Verdict::Extra]);
    }

    #[test]
    fn what_left_the_manifests_is_found_in_the_inventory() {
        let kustomization = json!({"status": {"inventory": {"entries": [
            {"id": "shop_web_apps_Deployment", "v": "v1"},
            {"id": "shop_old__role_rbac.authorization.k8s.io_Role", "v": "v1"},
            {"id": "_shop__Namespace", "v": "v1"},
        ]}}});
        let web = json!({"apiVersion": "apps/v2", "kind": "Deployment", "metadata": {"namespace": "shop", "name": "web"}});
        let left: Vec<String> = leftovers(&kustomization, &[target(&web)]).iter().map(ToString::to_string).collect();
        assert_eq!(left, ["Role/shop/old:role", "Namespace/shop"]);
    }
}
