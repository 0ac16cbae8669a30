//! Object by object: what is there, what it would be, and how they differ. Several at once, but never many.

use std::collections::BTreeSet;
use std::time::Duration;

use cluster::Connection;
use cluster::act::{self, Target};
use domain::Trouble;
use domain::drift::{Drift, ObjectDrift, Verdict};
use futures::StreamExt as _;
use manifest::drift::{
    Applier, Reading, Rules, Sides, Standing, Veil, Wanted, alone, compare, encrypted, forced, leftover, named, nameless,
    standing,
};
use serde_json::Value;
use tokio::time::Instant;

use super::source::said;
use super::{Tell, target, unknown};
use crate::shared::Core;

/// How many objects are asked about at once.
const AT_ONCE: usize = 8;
/// How often, at most, what is known so far is told.
const PAUSE: Duration = Duration::from_millis(250);
/// The label that a Kustomization writes on what it applies; with `name` and `namespace` behind it.
const OWNER: &str = "kustomize.toolkit.fluxcd.io";

/// Holds what all objects of a comparison share.
#[derive(Clone, Copy)]
pub(super) struct Job<'a> {
    pub(super) core: &'a Core,
    pub(super) connection: &'a Connection,
    pub(super) applier: Applier,
    pub(super) rules: &'a Rules,
    /// Whether what cannot be changed is deleted and created anew.
    pub(super) force: bool,
    /// Whether Flux decrypts.
    pub(super) decrypts: bool,
}

impl Job<'_> {
    /// Compares all objects; `further` more are to come after them.
    pub(super) async fn all(self, mut drift: Drift, wanted: Vec<Wanted>, further: usize, tell: Tell<'_>) -> Drift {
        drift.left = wanted.len() + further;
        tell(drift.clone());
        let mut told = Instant::now();
        let mut asked =
            futures::stream::iter(wanted.into_iter().enumerate().map(|(at, wanted)| async move { (at, self.one(wanted).await) }))
                .buffer_unordered(AT_ONCE);
        let mut done: Vec<(usize, ObjectDrift)> = Vec::new();
        while let Some((at, object)) = asked.next().await {
            drift.left -= 1;
            drift.objects.push(object.clone());
            done.push((at, object));
            if told.elapsed() >= PAUSE {
                let mut so_far = drift.clone();
                so_far.sort();
                tell(so_far);
                told = Instant::now();
            }
        }
        done.sort_by_key(|(at, _)| *at);
        drift.objects = done.into_iter().map(|(_, object)| object).collect();
        drift
    }

    /// Compares one object.
    pub(super) async fn one(self, wanted: Wanted) -> ObjectDrift {
        let mut drift = self.judged(&wanted).await;
        drift.file = wanted.file;
        drift
    }

    async fn judged(self, wanted: &Wanted) -> ObjectDrift {
        let desired = &wanted.value;
        if let Some(why) = &wanted.unknown {
            return unknown(desired, why);
        }
        if nameless(desired) {
            return unknown(desired, "it is encrypted with SOPS, its name too");
        }
        let live = match act::live(self.connection, &target(desired)).await {
            Ok(live) => live,
            Err(error) => return unknown(desired, said(error.into())),
        };
        if let Standing::Skipped(why) = standing(self.applier, desired, live.as_ref()) {
            return named(desired, Verdict::Skipped).why(why);
        }
        if encrypted(desired) {
            let how = if self.decrypts {
                "spec.decryption opens it with a key that is not read here"
            } else {
                "spec.decryption is not set, so Flux refuses it"
            };
            let verdict = if live.is_some() { Verdict::Unknown } else { Verdict::Missing };
            return named(desired, verdict).why(format!("it is encrypted with SOPS; {how}"));
        }
        let would = act::would(self.connection, desired, self.applier.manager()).await;
        match (live, would) {
            (None, would) => {
                let mut drift = alone(desired, Verdict::Missing, &wanted.veil);
                let why = would.err().map(|error| said(error.into())).unwrap_or_default();
                drift.why = wanted.veil.cover_text(&why, &[desired]);
                drift
            }
            (Some(live), Ok(would)) => self.compared(wanted, &live, &would),
            (Some(live), Err(error)) => self.refused(wanted, &live, error),
        }
    }

    fn compared(self, wanted: &Wanted, live: &Value, would: &Value) -> ObjectDrift {
        let reading = Reading { applier: self.applier, rules: self.rules, veil: &wanted.veil };
        compare(Sides { desired: &wanted.value, live, would }, reading)
    }

    /// Says why an object that is there cannot become what is desired.
    fn refused(self, wanted: &Wanted, live: &Value, error: cluster::Error) -> ObjectDrift {
        let immutable = matches!(&error, cluster::Error::Refused { code: 422, message, .. } if message.contains("immutable"));
        let why = wanted.veil.cover_text(&said(Trouble::from(error)), &[&wanted.value, live]);
        if immutable && (self.force || forced(&wanted.value, live)) {
            let mut drift = named(&wanted.value, Verdict::Changed).why(format!("it is deleted and created anew: {why}"));
            (drift.live, drift.desired) =
                (alone(live, Verdict::Extra, &wanted.veil).live, alone(&wanted.value, Verdict::Missing, &wanted.veil).desired);
            return drift;
        }
        unknown(&wanted.value, why)
    }

    /// Looks for what was applied and is no longer desired, and for what carries the Kustomization's labels and is in no list.
    ///
    /// `veil` says what of them nobody may see; without it nothing but their names is shown.
    pub(super) async fn leftovers(
        self,
        drift: &mut Drift,
        left: &[Target],
        (prune, kustomization): (bool, &Value),
        veil: Option<&Veil>,
    ) {
        for target in left {
            drift.objects.extend(self.left(target, prune, veil).await);
        }
        drift.left = 0;
        self.strays(drift, left, kustomization, veil).await;
        drift.checked = self.core.now();
    }

    /// Looks at what is no longer desired: whether it is still there, and what becomes of it.
    pub(super) async fn left(self, target: &Target, prune: bool, veil: Option<&Veil>) -> Option<ObjectDrift> {
        match act::live(self.connection, target).await {
            Ok(None) => None,
            Ok(Some(live)) => {
                let (verdict, why) = leftover(&live, prune);
                Some(beside(&live, verdict, veil).why(why))
            }
            Err(error) => {
                let names =
                    ((target.api_version.as_str(), target.kind.as_str()), (target.namespace.as_str(), target.name.as_str()));
                Some(ObjectDrift::new(names.0, names.1, Verdict::Unknown).why(said(error.into())))
            }
        }
    }

    /// Looks for objects with the labels of the Kustomization, of the kinds and in the namespaces that it is known for.
    async fn strays(self, drift: &mut Drift, left: &[Target], kustomization: &Value, veil: Option<&Veil>) {
        let text = |pointer: &str| kustomization.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let selector = format!("{OWNER}/name={},{OWNER}/namespace={}", text("/metadata/name"), text("/metadata/namespace"));
        let known = |o: &ObjectDrift| (o.kind.clone(), o.namespace.clone(), o.name.clone());
        let mut seen: BTreeSet<_> = drift.objects.iter().map(known).collect();
        seen.extend(left.iter().map(|t| (t.kind.clone(), t.namespace.clone(), t.name.clone())));
        let places: BTreeSet<(String, String, String)> =
            drift.objects.iter().map(|o| (o.api_version.clone(), o.kind.clone(), o.namespace.clone())).collect();
        let selector = selector.as_str();
        let lists = futures::stream::iter(places.into_iter().map(|(version, kind, namespace)| async move {
            let found = act::labelled(self.connection, (&version, &kind), &namespace, selector).await;
            (version, kind, found)
        }))
        .buffered(AT_ONCE)
        .collect::<Vec<_>>()
        .await;
        let mut blind = BTreeSet::new();
        for (version, kind, found) in lists {
            let Ok(found) = found else {
                blind.insert(kind);
                continue;
            };
            for mut object in found {
                object["apiVersion"] = version.as_str().into();
                object["kind"] = kind.as_str().into();
                let name = target(&object);
                // What a controller made of an applied object carries its labels too.
                let made = object.pointer("/metadata/ownerReferences").is_some();
                if !made && !seen.contains(&(name.kind, name.namespace, name.name)) {
                    let why = "it carries this Kustomization's labels and is neither desired nor in its inventory";
                    drift.objects.push(beside(&object, Verdict::Orphaned, veil).why(why));
                }
            }
        }
        if !blind.is_empty() {
            let kinds = blind.into_iter().collect::<Vec<_>>().join(", ");
            drift.notes.push(format!("Objects that were left behind could not be looked for: {kinds}"));
        }
    }
}

/// Returns an object that is there beside what is desired, with no more of it than may be seen.
fn beside(live: &Value, verdict: Verdict, veil: Option<&Veil>) -> ObjectDrift {
    veil.map_or_else(|| named(live, verdict), |veil| alone(live, verdict, veil))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_lies_beside_shows_no_secret() {
        let live = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "old", "namespace": "shop"},
            "data": {"url": "pg://app:hunter2@db", "level": "debug"}});
        let veil = Veil::of_texts(["hunter2".to_owned()]);
        let text = format!("{:?}", beside(&live, Verdict::Extra, Some(&veil)));
        assert!(!text.contains("hunter2") && text.contains("debug"), "{text}");
        let unknown = beside(&live, Verdict::Extra, None);
        assert_eq!((unknown.live.is_none(), &*unknown.name), (true, "old"));
    }
}
