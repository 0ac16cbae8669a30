//! Changes to a workload, named the way an operator thinks of them and not the way a file stores them.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::quantity::Quantity;

/// The kinds of workload whose fields can be changed: those of Kubernetes that make Pods, the Rollout of Argo Rollouts, and
/// Flux's HelmRelease, whose values stand for the workload that its chart makes.
pub const WORKLOAD_KINDS: [&str; 7] = ["Deployment", "StatefulSet", "DaemonSet", "CronJob", "Job", "Rollout", "HelmRelease"];

/// Names a workload of an application: kind and name, and the container meant within it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct WorkloadRef {
    /// One of [`WORKLOAD_KINDS`].
    pub kind: String,
    /// The object's name, as it is in the manifests (before any prefix that an overlay adds).
    pub name: String,
}

impl fmt::Display for WorkloadRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind, self.name)
    }
}

/// Says whether a resource figure is a request or a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Bound {
    /// What the scheduler reserves: `resources.requests`.
    Request,
    /// What the kernel enforces: `resources.limits`.
    Limit,
}

/// Names a compute resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Resource {
    /// `cpu`.
    Cpu,
    /// `memory`.
    Memory,
}

impl Resource {
    /// Returns the key under `requests` and `limits`.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Memory => "memory",
        }
    }
}

impl Bound {
    /// Returns the key under `resources`.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Request => "requests",
            Self::Limit => "limits",
        }
    }
}

/// Names one of a container's probes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Probe {
    /// `livenessProbe`: when it fails, the container is started again.
    Liveness,
    /// `readinessProbe`: while it fails, no traffic is sent.
    Readiness,
    /// `startupProbe`: until it succeeds, the others wait.
    Startup,
}

impl Probe {
    /// All probes, in the order in which they matter to an operator.
    pub const ALL: [Self; 3] = [Self::Liveness, Self::Readiness, Self::Startup];

    /// Returns the word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Liveness => "liveness",
            Self::Readiness => "readiness",
            Self::Startup => "startup",
        }
    }

    /// Returns the key in the container.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Liveness => "livenessProbe",
            Self::Readiness => "readinessProbe",
            Self::Startup => "startupProbe",
        }
    }
}

/// Names one part of a probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProbePart {
    /// `httpGet.path`.
    Path,
    /// `httpGet.port`, `tcpSocket.port` or `grpc.port`, whichever the probe has.
    Port,
    /// `initialDelaySeconds`.
    Delay,
    /// `periodSeconds`.
    Period,
    /// `timeoutSeconds`.
    Timeout,
    /// `failureThreshold`.
    Failures,
    /// `successThreshold`.
    Successes,
}

impl ProbePart {
    /// All parts, in the order of a probe.
    pub const ALL: [Self; 7] =
        [Self::Path, Self::Port, Self::Delay, Self::Period, Self::Timeout, Self::Failures, Self::Successes];

    /// Returns the word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Port => "port",
            Self::Delay => "delay",
            Self::Period => "period",
            Self::Timeout => "timeout",
            Self::Failures => "failures",
            Self::Successes => "successes",
        }
    }
}

/// Names one field that can be read from and written to manifests.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Field {
    /// The image without tag and digest.
    ImageName,
    /// The image's tag.
    ImageTag,
    /// The image's digest.
    ImageDigest,
    /// `imagePullPolicy`.
    PullPolicy,
    /// `spec.replicas`.
    Replicas,
    /// A plain environment variable, by name.
    Env(String),
    /// A variable that takes its value from elsewhere, by name: `secret:NAME/KEY` or `configmap:NAME/KEY`.
    EnvRef(String),
    /// A resource figure.
    Resource(Bound, Resource),
    /// A container port, by its name (by its number when it has none): a number, with `/UDP` or `/SCTP` when it is not TCP.
    Port(String),
    /// A part of a probe.
    Probe(Probe, ProbePart),
    /// A label of the workload object itself, by key.
    Label(String),
    /// An annotation of the workload object itself, by key.
    Annotation(String),
    /// A label of the Pods that the workload makes, by key.
    PodLabel(String),
    /// An annotation of the Pods that the workload makes, by key.
    PodAnnotation(String),
    /// The type of the Service that selects the workload's Pods.
    ServiceType,
    /// The port of that Service, by its name (by its number when it has none).
    ServicePort(String),
    /// The host of the Ingress that leads to that Service.
    IngressHost,
    /// The version of a HelmRelease's chart: `spec.chart.spec.version`, or the tag of the OCIRepository that it names.
    ChartVersion,
    /// A value of a HelmRelease, by its path with dots (`ingress.enabled`; a dot within a key is written `\\.`).
    Value(String),
    /// A key of a `configMapGenerator` or `secretGenerator`: the generator's name, the key.
    Config(String, String),
}

impl Field {
    /// Tells whether it belongs to a container, so that an edit of it may have to name one.
    pub const fn is_of_container(&self) -> bool {
        matches!(
            self,
            Self::ImageName
                | Self::ImageTag
                | Self::ImageDigest
                | Self::PullPolicy
                | Self::Env(_)
                | Self::EnvRef(_)
                | Self::Resource(..)
                | Self::Port(_)
                | Self::Probe(..)
        )
    }

    /// Tells whether its value may be a secret, so that it is not repeated where more people read than in the file.
    pub const fn is_private(&self) -> bool {
        matches!(self, Self::Env(_) | Self::Config(..) | Self::Value(_))
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ImageName => f.write_str("image"),
            Self::ImageTag => f.write_str("image tag"),
            Self::ImageDigest => f.write_str("image digest"),
            Self::PullPolicy => f.write_str("pull policy"),
            Self::Replicas => f.write_str("replicas"),
            Self::Env(name) => write!(f, "env {name}"),
            Self::EnvRef(name) => write!(f, "env reference {name}"),
            Self::Resource(bound, resource) => write!(f, "{} {}", resource.key(), bound.key().trim_end_matches('s')),
            Self::Port(name) => write!(f, "port {name}"),
            Self::Probe(probe, part) => write!(f, "{} {}", probe.word(), part.word()),
            Self::Label(key) => write!(f, "label {key}"),
            Self::Annotation(key) => write!(f, "annotation {key}"),
            Self::PodLabel(key) => write!(f, "pod label {key}"),
            Self::PodAnnotation(key) => write!(f, "pod annotation {key}"),
            Self::ServiceType => f.write_str("service type"),
            Self::ServicePort(name) => write!(f, "service port {name}"),
            Self::IngressHost => f.write_str("ingress host"),
            Self::ChartVersion => f.write_str("chart version"),
            Self::Value(path) => write!(f, "value {path}"),
            Self::Config(name, key) => write!(f, "config {name} {key}"),
        }
    }
}

/// Sets one field to a value, or removes it when the value is absent.
///
/// Values are the text that the field means, not the text of a file: `3` for replicas, `a b` for an env value whatever its
/// quoting. An edit that asks for the value that is already there changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Edit {
    /// The container meant; absent when the workload has just one (those that run before the others do not count). Among
    /// several, none named means the one that the Pod's annotation `kubectl.kubernetes.io/default-container` names; without
    /// that it is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    /// The field.
    pub field: Field,
    /// The new value; absent to remove (environment variables, digest, resources).
    pub value: Option<String>,
    /// Which place is meant, when the operator was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub choice: Option<Choice>,
}

/// Says which place an edit goes to when there is more than one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Choice {
    /// An override in the environment's own folder: what happens when nothing is chosen and the value comes from a base.
    Overlay,
    /// The place where the value is written, although others use it too: the base, or the anchored value.
    Written,
    /// A value of its own at the place that uses an anchor; the others keep theirs.
    Own,
    /// The candidate that starts on this line (counted from 1) of this file.
    At {
        /// The file, relative to the repository's root.
        file: String,
        /// The line.
        line: usize,
    },
}

/// Holds a question that has to be answered before an edit can be made.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Ask {
    /// The container of the edit that asks.
    pub container: Option<String>,
    /// The field of the edit that asks.
    pub field: Field,
    /// Why it cannot be decided: `the value is written once and used by 3 containers`.
    pub why: String,
    /// The answers, the least far-reaching first; never empty.
    pub offers: Vec<Offer>,
}

/// Holds one answer to an [`Ask`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Offer {
    /// What is put into [`Edit::choice`].
    pub choice: Choice,
    /// The file that would change.
    pub file: String,
    /// The line, counted from 1.
    pub line: usize,
    /// What would happen, in words: `changes container api only`, `changes api and worker`.
    pub what: String,
}

impl Edit {
    /// Builds an edit that names no container.
    pub fn set(field: Field, value: impl Into<String>) -> Self {
        Self { container: None, field, value: Some(value.into()), choice: None }
    }

    /// Builds an edit that removes a field.
    pub const fn remove(field: Field) -> Self {
        Self { container: None, field, value: None, choice: None }
    }

    /// Returns why the value cannot stand in its field, or nothing when it can.
    pub fn fault(&self) -> Option<String> {
        let Some(value) = &self.value else {
            let why = match self.field {
                Field::ImageName => "it cannot be taken away: a container has an image",
                Field::Replicas => "it cannot be taken away: without it Kubernetes runs one Pod; set a number, 0 for none",
                _ => return None,
            };
            return Some(why.to_owned());
        };
        match &self.field {
            Field::ImageName => value.parse::<crate::image::Image>().map_or_else(
                |t| Some(t.why),
                |image| (image.tag.is_some() || image.digest.is_some()).then(|| "the tag has a field of its own".to_owned()),
            ),
            Field::ImageTag => crate::image::check_tag(value).err(),
            Field::ImageDigest => format!("x@{value}").parse::<crate::image::Image>().err().map(|t| t.why),
            Field::PullPolicy => {
                (!PULL_POLICIES.contains(&value.as_str())).then(|| "it is one of Always, IfNotPresent, Never".to_owned())
            }
            Field::Replicas => match value.parse::<u32>() {
                Ok(count) if count <= 10_000 => None,
                Ok(_) => Some("more than 10000 replicas is not believable".to_owned()),
                Err(_) => Some("it is a whole number, 0 or more".to_owned()),
            },
            Field::Env(name) => env_name_fault(name).map(str::to_owned),
            Field::EnvRef(name) => env_name_fault(name).map_or_else(|| reference_fault(value), |why| Some(why.to_owned())),
            Field::Port(_) => port_fault(value),
            Field::ServicePort(_) => number_fault(value, 1, 65_535),
            Field::Probe(_, part) => probe_fault(*part, value),
            Field::Label(key) | Field::PodLabel(key) => key_fault(key).or_else(|| label_value_fault(value)),
            Field::Annotation(key) | Field::PodAnnotation(key) => key_fault(key),
            Field::ServiceType => {
                (!SERVICE_TYPES.contains(&value.as_str())).then(|| format!("it is one of {}", SERVICE_TYPES.join(", ")))
            }
            Field::IngressHost => host_fault(value),
            Field::ChartVersion => value.trim().is_empty().then(|| "it is empty".to_owned()),
            Field::Value(path) => path.split('.').any(str::is_empty).then(|| "a part of its path is empty".to_owned()),
            Field::Config(_, key) => config_key_fault(key),
            Field::Resource(..) => match value.parse::<Quantity>() {
                Ok(quantity) if quantity.millis() < 0 => Some("it cannot be negative".to_owned()),
                Ok(_) => None,
                Err(trouble) => Some(trouble.why),
            },
        }
    }
}

/// The values that a Service's `type` may have.
pub const SERVICE_TYPES: [&str; 4] = ["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"];

fn number_fault(value: &str, least: u32, most: u32) -> Option<String> {
    match value.parse::<u32>() {
        Ok(number) if (least..=most).contains(&number) => None,
        _ => Some(format!("it is a whole number from {least} to {most}")),
    }
}

/// A port's name (IANA_SVC_NAME, RFC 6335): at most 15 of a-z, 0-9 and single hyphens within, with at least one letter.
fn port_name_fault(value: &str) -> bool {
    let inner = value.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    let hyphens = value.starts_with('-') || value.ends_with('-') || value.contains("--");
    !inner || hyphens || value.is_empty() || value.len() > 15 || !value.bytes().any(|b| b.is_ascii_lowercase())
}

fn port_fault(value: &str) -> Option<String> {
    let (number, protocol) = value.split_once('/').unwrap_or((value, "TCP"));
    if !["TCP", "UDP", "SCTP"].contains(&protocol) {
        return Some("the protocol is one of TCP, UDP, SCTP".to_owned());
    }
    number_fault(number, 1, 65_535)
}

fn probe_fault(part: ProbePart, value: &str) -> Option<String> {
    match part {
        ProbePart::Path => (!value.starts_with('/')).then(|| "a path starts with /".to_owned()),
        ProbePart::Port if value.bytes().all(|b| b.is_ascii_digit()) => number_fault(value, 1, 65_535),
        ProbePart::Port => port_name_fault(value).then(|| "it is a port's number or its name".to_owned()),
        ProbePart::Delay => number_fault(value, 0, 86_400),
        ProbePart::Period | ProbePart::Timeout | ProbePart::Failures | ProbePart::Successes => number_fault(value, 1, 86_400),
    }
}

fn reference_fault(value: &str) -> Option<String> {
    let fine = value.split_once(':').is_some_and(|(kind, rest)| {
        let named = rest.split_once('/').is_some_and(|(name, key)| !name.is_empty() && config_key_fault(key).is_none());
        ["secret", "configmap"].contains(&kind) && named
    });
    (!fine).then(|| "it is written secret:NAME/KEY or configmap:NAME/KEY".to_owned())
}

/// A key of a ConfigMap or Secret: at most 253 of letters, digits, `-`, `_` and `.`.
fn config_key_fault(key: &str) -> Option<String> {
    let fine = key.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)) && key != "." && !key.starts_with("..");
    (!fine || key.is_empty() || key.len() > 253).then(|| "a key has letters, digits, -, _ and . only".to_owned())
}

/// A label's or annotation's key: an optional DNS prefix and a name of at most 63 characters.
fn key_fault(key: &str) -> Option<String> {
    let (prefix, name) = key.split_once('/').map_or((None, key), |(prefix, name)| (Some(prefix), name));
    let fine = prefix.is_none_or(|p| host_fault(p).is_none()) && !name.is_empty() && label_value_fault(name).is_none();
    (!fine).then(|| "the key has letters, digits, -, _ and ., with an optional domain/ in front".to_owned())
}

/// A label's value: at most 63 of letters, digits, `-`, `_` and `.`, with a letter or digit at both ends, or nothing.
fn label_value_fault(value: &str) -> Option<String> {
    let edge = |b: Option<&u8>| b.is_none_or(u8::is_ascii_alphanumeric);
    let bytes = value.as_bytes();
    let fine = bytes.iter().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(b)) && edge(bytes.first()) && edge(bytes.last());
    (!fine || bytes.len() > 63)
        .then(|| "a label has at most 63 letters, digits, -, _ and ., and begins and ends with one of the first two".to_owned())
}

fn host_fault(value: &str) -> Option<String> {
    let rest = value.strip_prefix("*.").unwrap_or(value);
    let fine = rest.len() <= 253 && rest.split('.').all(|part| crate::ident::label_fault(part).is_none());
    (!fine).then(|| "a host is a domain name in lower case".to_owned())
}

/// The values that `imagePullPolicy` may have.
pub const PULL_POLICIES: [&str; 3] = ["Always", "IfNotPresent", "Never"];

/// Returns why a text cannot name an environment variable (any printable ASCII except `=`, as Kubernetes has it since 1.32).
pub fn env_name_fault(name: &str) -> Option<&'static str> {
    if name.is_empty() {
        return Some("the name is empty");
    }
    if name.contains('=') {
        return Some("a name cannot contain =");
    }
    if !name.bytes().all(|b| (0x20..0x7f).contains(&b)) {
        return Some("a name has printable ASCII only");
    }
    None
}

/// Tells where the current value of a field was found in the manifests.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Found {
    /// The field.
    pub field: Field,
    /// The container it belongs to, for container fields.
    pub container: Option<String>,
    /// Its value, as meant.
    pub value: String,
    /// The file, relative to the repository's root.
    pub file: String,
    /// The line, counted from 1.
    pub line: usize,
    /// Why this is the place: `images: entry of the overlay`, `container web of Deployment shop-web`.
    pub why: String,
}
