//! What the cluster has instead of what is desired: the answer to `diff`, object by object and field by field.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use crate::Time;
use crate::flux::ObjectKey;

/// Says with what something is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Against {
    /// What is desired with what the cluster has.
    Live,
    /// The last release of a HelmRelease with the one before it.
    Previous,
}

/// Says where a desired state was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Way {
    /// The artifact that the source's controller keeps, its digest verified: exactly what Flux builds from.
    Artifact,
    /// The commit of the artifact's revision, read from Git.
    Git,
    /// The release that Helm stored in the cluster.
    Release,
}

impl Way {
    /// Returns the word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Artifact => "artifact",
            Self::Git => "git",
            Self::Release => "release",
        }
    }
}

/// Names a desired state.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Desired {
    /// What it is of: `GitRepository/flux-system/shop`, or a release's name and namespace.
    pub source: String,
    /// Its revision: a commit, a digest, or a release's version.
    pub revision: String,
    /// The folder in it, or the chart.
    pub path: String,
    /// Where it was read.
    pub way: Way,
}

/// Says how an object stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It is desired and not there; it would be created.
    Missing,
    /// It is there and differs; it would be changed.
    Changed,
    /// It is there and no longer desired; it would be deleted.
    Extra,
    /// It is there, no longer desired, and nobody will delete it.
    Orphaned,
    /// It could not be compared; the reason is said.
    Unknown,
    /// It is not compared because a setting says so.
    Skipped,
    /// It is as desired.
    Agrees,
}

impl Verdict {
    /// Holds all of them, the gravest first.
    pub const ALL: [Self; 7] =
        [Self::Missing, Self::Changed, Self::Extra, Self::Orphaned, Self::Unknown, Self::Skipped, Self::Agrees];

    /// Returns the word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Changed => "changed",
            Self::Extra => "extra",
            Self::Orphaned => "orphaned",
            Self::Unknown => "unknown",
            Self::Skipped => "skipped",
            Self::Agrees => "agrees",
        }
    }

    /// Tells whether it is a difference.
    pub const fn differs(self) -> bool {
        matches!(self, Self::Missing | Self::Changed | Self::Extra | Self::Orphaned)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Names who owns a field, as the server recorded it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Owner {
    /// The field manager.
    pub manager: String,
    /// `Apply` or `Update`.
    pub operation: String,
    /// The part of the API that it wrote through (`scale`, `status`), empty for the object itself.
    pub subresource: String,
    /// When it wrote last.
    pub time: Option<Time>,
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}", self.manager, self.operation)?;
        if !self.subresource.is_empty() {
            write!(f, " of {}", self.subresource)?;
        }
        f.write_str(")")
    }
}

/// Holds one field that differs. Values are shortened; those that may not be seen are masked.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct FieldDrift {
    /// What it is called: `replicas`, `image`, `env LOG_LEVEL`, else its path.
    pub label: String,
    /// Its path: `spec.template.spec.containers[web].image`.
    pub path: String,
    /// What the cluster has (before, between releases); absent when it has nothing there.
    pub live: Option<String>,
    /// What is desired (after, between releases); absent when nothing is.
    pub desired: Option<String>,
    /// Who owns it in the cluster.
    pub owners: Vec<Owner>,
}

impl fmt::Display for FieldDrift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = |value: &Option<String>| match value.as_deref() {
            None => "(nothing)".to_owned(),
            Some("") => "\"\"".to_owned(),
            Some(text) => text.to_owned(),
        };
        if self.live.is_some() && self.live == self.desired {
            return write!(f, "{} changed", self.label);
        }
        write!(f, "{} {} → {}", self.label, side(&self.live), side(&self.desired))
    }
}

/// Holds how one object stands.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct ObjectDrift {
    /// Its API version.
    pub api_version: String,
    /// Its kind.
    pub kind: String,
    /// Its namespace, empty without one.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// How it stands.
    pub verdict: Verdict,
    /// Why it is so, where that needs a word: a setting, or the server's refusal.
    pub why: String,
    /// The fields that differ.
    pub fields: Vec<FieldDrift>,
    /// How many fields differ and are ignored by a rule of the Flux object.
    pub ignored: usize,
    /// Whoever else owns fields that the desired state does not speak of, with how many; status aside.
    pub others: Vec<(Owner, usize)>,
    /// The file that it is written in, when that is known.
    pub file: Option<String>,
    /// Its YAML as the cluster has it (before, between releases), noise left out, secrets masked; for differences only.
    #[serde(skip)]
    pub live: Option<Arc<str>>,
    /// Its YAML as it would be (after, between releases).
    #[serde(skip)]
    pub desired: Option<Arc<str>>,
}

impl ObjectDrift {
    /// Builds one of which nothing is known but its names.
    pub fn new((api_version, kind): (&str, &str), (namespace, name): (&str, &str), verdict: Verdict) -> Self {
        Self {
            api_version: api_version.to_owned(),
            kind: kind.to_owned(),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            verdict,
            why: String::new(),
            fields: Vec::new(),
            ignored: 0,
            others: Vec::new(),
            file: None,
            live: None,
            desired: None,
        }
    }

    /// Says why.
    pub fn why(mut self, why: impl Into<String>) -> Self {
        self.why = why.into();
        self
    }

    /// Returns `Kind/namespace/name`, or `Kind/name` without a namespace.
    pub fn title(&self) -> String {
        let (kind, namespace, name) = (&self.kind, &self.namespace, &self.name);
        if namespace.is_empty() { format!("{kind}/{name}") } else { format!("{kind}/{namespace}/{name}") }
    }
}

/// Holds a comparison.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Drift {
    /// The Flux object.
    pub key: ObjectKey,
    /// With what it was compared.
    pub against: Against,
    /// The desired state.
    pub desired: Desired,
    /// When.
    pub checked: Time,
    /// The objects, what differs first.
    pub objects: Vec<ObjectDrift>,
    /// How many objects are still to be compared; the comparison is complete at 0.
    pub left: usize,
    /// What was honoured and what is to be known beside it, a sentence each.
    pub notes: Vec<String>,
}

impl Drift {
    /// Returns how many objects stand so.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.objects.iter().filter(|o| o.verdict == verdict).count()
    }

    /// Returns how many objects differ.
    pub fn differing(&self) -> usize {
        self.objects.iter().filter(|o| o.verdict.differs()).count()
    }

    /// Tells whether everything was compared and nothing differs.
    pub fn agrees(&self) -> bool {
        self.left == 0 && self.differing() == 0 && self.count(Verdict::Unknown) == 0
    }

    /// Puts what differs first; within that the order stays.
    pub fn sort(&mut self) {
        self.objects.sort_by_key(|o| o.verdict);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_complete_comparison_agrees() {
        let object = |verdict| ObjectDrift::new(("v1", "ConfigMap"), ("shop", "app"), verdict);
        let key = ObjectKey::new(&"c".into(), "Kustomization", "flux-system", "shop");
        let desired = Desired { source: String::new(), revision: String::new(), path: String::new(), way: Way::Git };
        for (verdicts, left, agrees, differing) in [
            (&[Verdict::Agrees, Verdict::Skipped][..], 0, true, 0),
            (&[Verdict::Agrees], 1, false, 0),
            (&[Verdict::Agrees, Verdict::Unknown], 0, false, 0),
            (&[Verdict::Orphaned, Verdict::Missing], 0, false, 2),
        ] {
            let objects = verdicts.iter().map(|v| object(*v)).collect();
            let checked = Time::UNIX_EPOCH;
            let mut drift = Drift {
                key: key.clone(),
                against: Against::Live,
                desired: desired.clone(),
                checked,
                objects,
                left,
                notes: Vec::new(),
            };
            drift.sort();
            assert_eq!((drift.agrees(), drift.differing()), (agrees, differing), "{verdicts:?}");
            assert!(drift.objects.is_sorted_by_key(|o| o.verdict));
        }
    }
}
