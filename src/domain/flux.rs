//! Flux objects, lean: one type with the union of the fields that any screen shows.

pub mod facts;
mod inventory;
pub mod kinds;

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::Time;
use crate::ident::ContextName;
use crate::revision::Revision;
use crate::text::Text;
pub use facts::Facts;
pub use inventory::{Applied, Inventory, InventoryEntry};
pub use kinds::{KINDS, Kind};

/// Names an object of one kind in one cluster.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ObjectKey {
    /// The cluster.
    pub cluster: Arc<str>,
    /// The kind's name: `Kustomization`.
    pub kind: Arc<str>,
    /// The namespace.
    pub namespace: Arc<str>,
    /// The name.
    pub name: Arc<str>,
}

impl ObjectKey {
    /// Joins the four parts.
    pub fn new(cluster: &ContextName, kind: &str, namespace: &str, name: &str) -> Self {
        Self { cluster: cluster.0.as_str().into(), kind: kind.into(), namespace: namespace.into(), name: name.into() }
    }

    /// Returns the cluster as a context name.
    pub fn context(&self) -> ContextName {
        ContextName(self.cluster.to_string())
    }

    /// Returns the registered kind, when it is one.
    pub fn flux_kind(&self) -> Option<&'static Kind> {
        Kind::by_name(&self.kind)
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.kind, self.namespace, self.name)
    }
}

/// Holds a status condition (metav1.Condition).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Condition {
    /// `Ready`, `Reconciling`, `Stalled`, `Healthy`, …
    #[serde(rename = "type")]
    pub kind: Text,
    /// `True`, `False` or `Unknown`.
    pub status: Text,
    /// A word for machines.
    #[serde(default)]
    pub reason: Text,
    /// A sentence for people, as the controller wrote it.
    #[serde(default)]
    pub message: Text,
    /// When the status last changed.
    #[serde(default)]
    pub last_transition_time: Option<Time>,
    /// The generation that it speaks of.
    #[serde(default)]
    pub observed_generation: Option<i64>,
}

/// Refers to another object.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Reference {
    /// Its kind.
    #[serde(default)]
    pub kind: Text,
    /// Its name.
    #[serde(default)]
    pub name: Text,
    /// Its namespace; the referrer's own when absent.
    #[serde(default)]
    pub namespace: Option<Text>,
}

/// Holds what a source's `spec.ref` says.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SourceRef {
    /// The branch.
    pub branch: Option<Text>,
    /// The tag.
    pub tag: Option<Text>,
    /// A semantic version range.
    pub semver: Option<Text>,
    /// A commit.
    pub commit: Option<Text>,
    /// A full reference name.
    pub name: Option<Text>,
}

/// Holds the union of the spec fields that are shown or steered, for all kinds.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct FluxSpec {
    /// Whether reconciliation is suspended.
    pub suspend: Option<bool>,
    /// How often it reconciles, in Go's duration notation.
    pub interval: Option<Text>,
    /// How long it may take.
    pub timeout: Option<Text>,
    /// Where a source is.
    pub url: Option<Text>,
    /// What of a source is followed.
    #[serde(rename = "ref")]
    pub reference: Option<Box<SourceRef>>,
    /// The path within the source.
    pub path: Option<Text>,
    /// Whether objects that left the source are deleted.
    pub prune: Option<bool>,
    /// Whether it waits for everything it applied.
    pub wait: Option<bool>,
    /// The namespace that objects are put in.
    pub target_namespace: Option<Text>,
    /// The source of a Kustomization.
    pub source_ref: Option<Reference>,
    /// What must be ready first.
    pub depends_on: Vec<Reference>,
    /// The chart of a HelmRelease (its `spec.chart.spec`), or a HelmChart's chart name.
    pub chart: Option<Box<Chart>>,
    /// The chart source of a HelmRelease that names one directly.
    pub chart_ref: Option<Box<Reference>>,
    /// The image of an ImageRepository.
    pub image: Option<Text>,
    /// The provider's or bucket's type.
    #[serde(rename = "type")]
    pub type_: Option<Text>,
    /// Whether it is applied to another cluster (`spec.kubeConfig`).
    #[serde(rename(deserialize = "kubeConfig"), deserialize_with = "there")]
    pub remote: bool,
}

/// Tells whether a field is there, whatever stands in it.
fn there<'de, D: serde::Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    Option::<serde::de::IgnoredAny>::deserialize(from).map(|found| found.is_some())
}

/// Holds a chart: a name (HelmChart) or a template (HelmRelease).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Chart {
    /// HelmChart's `spec.chart`.
    Name(Text),
    /// HelmRelease's `spec.chart`.
    Template {
        /// The template's spec.
        spec: ChartSpec,
    },
}

/// Holds the fields of a chart template that are shown.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ChartSpec {
    /// The chart's name or path.
    pub chart: Text,
    /// The version range.
    pub version: Option<Text>,
    /// Where it comes from.
    pub source_ref: Option<Reference>,
}

/// Holds a source's artifact.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Artifact {
    /// What it was made of.
    pub revision: Revision,
    /// When it was stored.
    pub last_update_time: Option<Time>,
}

/// Holds the union of the status fields that are shown, for all kinds.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct FluxStatus {
    /// The conditions.
    pub conditions: Vec<Condition>,
    /// The generation that was last reconciled.
    pub observed_generation: Option<i64>,
    /// A source's artifact.
    pub artifact: Option<Box<Artifact>>,
    /// The revision last applied (Kustomization).
    pub last_applied_revision: Option<Revision>,
    /// The revision last tried.
    pub last_attempted_revision: Option<Revision>,
    /// The value of the last handled reconcile request.
    pub last_handled_reconcile_at: Option<Text>,
    /// What was applied (Kustomization).
    pub inventory: Option<Inventory>,
    /// The newest image (ImagePolicy).
    pub latest_image: Option<Text>,
    /// What only its kind has, of spec and status.
    #[serde(skip_deserializing)]
    pub facts: Option<Box<Facts>>,
}

/// Says how an object is doing, in the words and colours of the whole product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Health {
    /// Something failed.
    Bad,
    /// Degraded or behind.
    Warn,
    /// Working on it.
    Busy,
    /// Nothing is known.
    Unknown,
    /// Suspended on purpose.
    Off,
    /// All well.
    Ok,
}

impl Health {
    /// Every health, worst first.
    pub const ALL: [Self; 6] = [Self::Bad, Self::Warn, Self::Busy, Self::Unknown, Self::Off, Self::Ok];

    /// Returns the word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Bad => "failed",
            Self::Warn => "degraded",
            Self::Busy => "reconciling",
            Self::Unknown => "unknown",
            Self::Off => "suspended",
            Self::Ok => "ready",
        }
    }
}

/// Holds one Flux object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FluxObject {
    /// Which one.
    pub key: ObjectKey,
    /// The server's identity for it.
    pub uid: String,
    /// The server's version of it.
    pub resource_version: String,
    /// The generation of its spec.
    pub generation: i64,
    /// When it was created.
    pub created: Option<Time>,
    /// Whether it is being deleted.
    pub deleting: bool,
    /// The value of the last reconcile request made of it (annotation `reconcile.fluxcd.io/requestedAt`).
    pub requested_at: Option<Text>,
    /// Its labels.
    pub labels: Vec<(Text, Text)>,
    /// The Quarterdeck annotations on it (`quarterdeck.dev/…`), without the prefix.
    pub marks: Vec<(Text, Text)>,
    /// What is wanted.
    pub spec: FluxSpec,
    /// What is.
    pub status: FluxStatus,
}

impl FluxObject {
    /// Returns a condition by its type.
    pub fn condition(&self, kind: &str) -> Option<&Condition> {
        self.status.conditions.iter().find(|c| c.kind == kind)
    }

    /// Returns the Ready condition, whichever generation of the spec it speaks of.
    pub fn ready(&self) -> Option<&Condition> {
        self.condition("Ready")
    }

    /// Tells whether reconciliation is suspended.
    pub fn suspended(&self) -> bool {
        self.spec.suspend.unwrap_or(false)
    }

    /// Returns what only its kind has.
    pub fn facts(&self) -> Option<&Facts> {
        self.status.facts.as_deref()
    }

    /// Tells whether the controller has seen the present spec.
    pub fn current(&self) -> bool {
        self.status.observed_generation.is_none_or(|seen| seen >= self.generation)
    }

    /// Returns how it is doing (the rules of `kstatus`: Stalled and Ready=False are failures, Reconciling is work).
    pub fn health(&self) -> Health {
        if self.deleting {
            return Health::Busy;
        }
        if self.suspended() {
            return Health::Off;
        }
        let is = |kind: &str, status: &str| self.condition(kind).is_some_and(|c| c.status == status);
        if is("Stalled", "True") {
            return Health::Bad;
        }
        match self.ready().map(|c| c.status.as_str()) {
            Some("True") if self.current() && !is("Reconciling", "True") => Health::Ok,
            Some("False") if self.ready().is_some_and(|c| c.reason == "DependencyNotReady") => Health::Busy,
            Some("False") => Health::Bad,
            Some(_) => Health::Busy,
            None if self.key.flux_kind().is_some_and(|k| !k.has_status) => Health::Ok,
            None if is("Reconciling", "True") => Health::Busy,
            None => Health::Unknown,
        }
    }

    /// Returns the revision to show: what was applied, else the artifact's, else what was tried.
    pub fn revision(&self) -> Option<&Revision> {
        let status = &self.status;
        status
            .last_applied_revision
            .as_ref()
            .or(status.artifact.as_ref().map(|a| &a.revision))
            .or(status.last_attempted_revision.as_ref())
            .filter(|r| !r.is_empty())
    }

    /// Returns the sentence to show: the message of what is wrong or under way, else of Ready.
    pub fn message(&self) -> &str {
        let lit = |kind: &str| self.condition(kind).filter(|c| c.status == "True");
        lit("Stalled")
            .or_else(|| lit("Reconciling").filter(|_| self.health() == Health::Busy))
            .or_else(|| self.ready())
            .map_or("", |c| c.message.as_str())
    }

    /// Returns when it last changed its state.
    pub fn reconciled(&self) -> Option<Time> {
        self.status.conditions.iter().filter_map(|c| c.last_transition_time).max()
    }

    /// Returns the source that it takes its content from.
    pub fn source(&self) -> Option<&Reference> {
        let from_chart = match self.spec.chart.as_deref() {
            Some(Chart::Template { spec }) => spec.source_ref.as_ref(),
            _ => None,
        };
        self.spec.source_ref.as_ref().or(self.spec.chart_ref.as_deref()).or(from_chart)
    }

    /// Returns what a reference of it means: kind, namespace, name. Without a namespace its own is meant, without a kind the usual one.
    pub fn refers<'a>(&'a self, reference: &'a Reference, usual: &'a str) -> (&'a str, &'a str, &'a str) {
        let kind = if reference.kind.is_empty() { usual } else { &reference.kind };
        let namespace = reference.namespace.as_deref().filter(|n| !n.is_empty()).unwrap_or(&self.key.namespace);
        (kind, namespace, &reference.name)
    }

    /// Returns the key of what a reference of it means.
    fn meant(&self, reference: &Reference, usual: &str) -> ObjectKey {
        let (kind, namespace, name) = self.refers(reference, usual);
        ObjectKey { cluster: Arc::clone(&self.key.cluster), kind: kind.into(), namespace: namespace.into(), name: name.into() }
    }

    /// Returns what must be ready first. A ResourceSet names objects of any kind, the others their own.
    pub fn needs(&self) -> impl Iterator<Item = ObjectKey> + '_ {
        self.spec.depends_on.iter().map(|reference| self.meant(reference, &self.key.kind))
    }

    /// Returns the key of the source that it takes its content from.
    pub fn source_key(&self) -> Option<ObjectKey> {
        self.source().map(|reference| self.meant(reference, "GitRepository"))
    }
}
