//! Changes to a workload, named the way an operator thinks of them and not the way a file stores them.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::quantity::Quantity;

/// Names a workload of an application: kind and name, and the container meant within it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct WorkloadRef {
    /// `Deployment`, `StatefulSet` or `DaemonSet`.
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
    /// A resource figure.
    Resource(Bound, Resource),
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
            Self::Resource(bound, resource) => write!(f, "{} {}", resource.key(), bound.key().trim_end_matches('s')),
        }
    }
}

/// Sets one field to a value, or removes it when the value is absent.
///
/// Values are the text that the field means, not the text of a file: `3` for replicas, `a b` for an env value whatever its
/// quoting. An edit that asks for the value that is already there changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Edit {
    /// The container meant; absent when the workload has just one (or means the first).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    /// The field.
    pub field: Field,
    /// The new value; absent to remove (environment variables, digest, resources).
    pub value: Option<String>,
}

impl Edit {
    /// Builds an edit of the workload's first container.
    pub fn set(field: Field, value: impl Into<String>) -> Self {
        Self { container: None, field, value: Some(value.into()) }
    }

    /// Builds an edit that removes a field.
    pub const fn remove(field: Field) -> Self {
        Self { container: None, field, value: None }
    }

    /// Returns why the value cannot stand in its field, or nothing when it can.
    pub fn fault(&self) -> Option<String> {
        let Some(value) = &self.value else {
            let needed = matches!(self.field, Field::ImageName | Field::Replicas);
            return needed.then(|| "it cannot be empty".to_owned());
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
            Field::Resource(..) => match value.parse::<Quantity>() {
                Ok(quantity) if quantity.millis() < 0 => Some("it cannot be negative".to_owned()),
                Ok(_) => None,
                Err(trouble) => Some(trouble.why),
            },
        }
    }
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
