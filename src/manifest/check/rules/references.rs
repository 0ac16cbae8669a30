//! Names that lead nowhere: slips, keys that are not there, and what has to be in the cluster already.

use std::collections::BTreeSet;

use crate::check::hits::Hits;
use crate::check::references::{self, Reference};
use crate::check::subject::{Known, Scene, Subject, filled_in};
use crate::near;
use crate::yaml::Val;

/// What is in every namespace without being written anywhere.
const GIVEN: [(&str, &str); 8] = [
    ("ServiceAccount", "default"),
    ("ConfigMap", "kube-root-ca.crt"),
    ("ConfigMap", "istio-ca-root-cert"),
    ("Role", "extension-apiserver-authentication-reader"),
    ("Service", "kubernetes"),
    ("Service", "webhook-receiver"),
    ("GitRepository", "flux-system"),
    ("OCIRepository", "flux-system"),
];

/// Says what is the matter with a reference.
enum Fault<'s> {
    /// There is one with nearly the same name.
    Near(&'s str),
    /// There is none.
    Nowhere,
    /// There is one in another namespace only.
    Apart(&'s str),
}

/// Calls back for each reference that leads nowhere.
fn each<'s>(scene: &'s Scene, known: &Known, mut tell: impl FnMut(&'s Subject, Reference<'s>, Fault<'_>)) {
    let there = references::names(scene);
    let mut wanted: BTreeSet<(&str, &str)> = BTreeSet::new();
    let all: Vec<(&Subject, Reference<'_>)> =
        scene.subjects.iter().flat_map(|s| references::of(s).into_iter().map(move |r| (s, r))).collect();
    for (_, reference) in &all {
        wanted.insert((reference.kind, reference.name.as_text().unwrap_or_default()));
    }
    let mut told: BTreeSet<(String, &str, &str)> = BTreeSet::new();
    for (subject, reference) in all {
        let name = reference.name.as_text().unwrap_or_default();
        let key = (reference.kind.to_owned(), name.to_owned());
        let namespace = reference.namespace.and_then(Val::as_text).unwrap_or(&subject.namespace);
        let here = scene.find(reference.kind, name, namespace).is_some();
        let made = there.contains(&key) && scene.named(reference.kind, name).next().is_none();
        if here || made || reference.optional || GIVEN.contains(&(reference.kind, name)) {
            continue;
        }
        if !told.insert((subject.label(), reference.kind, name)) {
            continue;
        }
        if let Some(apart) = scene.named(reference.kind, name).next() {
            tell(subject, reference, Fault::Apart(&apart.namespace));
            continue;
        }
        if known.contains(&key) {
            continue;
        }
        // A name that others want as well is meant, and not the slip of this one.
        let free =
            there.iter().filter(|(kind, name)| kind == reference.kind && !wanted.contains(&(kind.as_str(), name.as_str())));
        match near::meant(name, free.map(|(_, name)| name.as_str()).filter(|name| !filled_in(name))) {
            Some(meant) => tell(subject, reference, Fault::Near(meant)),
            None => tell(subject, reference, Fault::Nowhere),
        }
    }
}

/// Finds names that are nearly those of objects that are there.
pub(super) fn missing<'s>(scene: &'s Scene, known: &Known, hits: &mut Hits<'s>) {
    each(scene, known, |subject, reference, fault| {
        if let Fault::Near(meant) = fault {
            let (kind, name) = (reference.kind, reference.name.as_text().unwrap_or_default());
            let message = format!("{} wants {kind} {name}, which is not there; did you mean {meant}?", subject.told());
            hits.at(subject, reference.name, message);
        }
    });
}

/// Finds names of objects that are not in the rendering: they have to be in the cluster.
pub(super) fn outside<'s>(scene: &'s Scene, known: &Known, hits: &mut Hits<'s>) {
    let charts = scene.of_kind("HelmRelease").next().is_some();
    each(scene, known, |subject, reference, fault| {
        let (kind, name) = (reference.kind, reference.name.as_text().unwrap_or_default());
        let message = match fault {
            Fault::Near(_) => return,
            // A chart makes Services and accounts of its own.
            Fault::Nowhere if charts && matches!(kind, "Service" | "ServiceAccount" | "PersistentVolumeClaim") => return,
            Fault::Nowhere if reference.quiet => return,
            Fault::Nowhere => {
                format!("{} wants {kind} {name}, which is not in this folder: it must be in the cluster", subject.told())
            }
            Fault::Apart(namespace) => {
                format!("{} wants {kind} {name} of its own namespace, but it is in {namespace}", subject.told())
            }
        };
        hits.at(subject, reference.name, message);
    });
}

/// Finds keys that a ConfigMap or Secret of the rendering does not have.
pub(super) fn keys<'s>(scene: &'s Scene, _: &Known, hits: &mut Hits<'s>) {
    for subject in &scene.subjects {
        for reference in references::of(subject) {
            let (Some(key), false) = (reference.key, reference.optional) else { continue };
            let (name, text) = (reference.name.as_text().unwrap_or_default(), key.as_text().unwrap_or_default());
            let Some(found) = scene.find(reference.kind, name, &subject.namespace) else { continue };
            // A Secret without data is filled by something else.
            let fields = ["data", "stringData", "binaryData"];
            let keys: Vec<&str> =
                fields.iter().filter_map(|f| found.at(&[f]).and_then(Val::as_map)).flatten().map(|(k, _)| k.as_str()).collect();
            if text.is_empty() || filled_in(text) || keys.is_empty() || keys.contains(&text) || keys.iter().any(|k| filled_in(k))
            {
                continue;
            }
            let meant =
                near::meant(text, keys.iter().copied()).map_or_else(String::new, |near| format!("; did you mean {near}?"));
            let message = format!("{} wants the key {text} of {}, which it does not have{meant}", subject.told(), found.told());
            hits.at(subject, key, message);
        }
    }
}
