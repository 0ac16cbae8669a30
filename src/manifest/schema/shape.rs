//! Schemas as they are walked: shapes in one list that refer to each other by number.

use std::collections::HashMap;
use std::sync::OnceLock;

use regex::Regex;
use serde_json::Value;

/// The number of a shape in its library.
pub(super) type Id = u32;

/// Which types a value may have, as bits; none means any.
pub(super) mod types {
    pub(in crate::schema) const TEXT: u8 = 1;
    pub(in crate::schema) const WHOLE: u8 = 2;
    pub(in crate::schema) const NUMBER: u8 = 4;
    pub(in crate::schema) const FLAG: u8 = 8;
    pub(in crate::schema) const MAP: u8 = 16;
    pub(in crate::schema) const LIST: u8 = 32;
}

/// What a scalar has to look like besides its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Format {
    #[default]
    Free,
    Int32,
    Byte,
    DateTime,
    Quantity,
}

/// What keys a mapping may have besides its fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Rest {
    /// None.
    #[default]
    Closed,
    /// All, with any value.
    Any,
    /// All, with values of this shape.
    Of(Id),
}

/// The definitions of the built-in kinds at which more is checked than a schema says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hook {
    ObjectMeta,
    LabelSelector,
    PodSpec,
    Workload,
    Container,
    Resources,
    ClaimSpec,
    ContainerPort,
    ServiceSpec,
    ServicePort,
    BackendPort,
    ProbePort,
}

impl Hook {
    pub(super) fn of(definition: &str) -> Option<Self> {
        Some(match definition {
            "apis.meta.v1.ObjectMeta" => Self::ObjectMeta,
            "apis.meta.v1.LabelSelector" => Self::LabelSelector,
            "api.core.v1.PodSpec" => Self::PodSpec,
            "api.apps.v1.DeploymentSpec"
            | "api.apps.v1.StatefulSetSpec"
            | "api.apps.v1.DaemonSetSpec"
            | "api.apps.v1.ReplicaSetSpec" => Self::Workload,
            "api.core.v1.Container" => Self::Container,
            "api.core.v1.ResourceRequirements" => Self::Resources,
            "api.core.v1.PersistentVolumeClaimSpec" => Self::ClaimSpec,
            "api.core.v1.ContainerPort" => Self::ContainerPort,
            "api.core.v1.ServiceSpec" => Self::ServiceSpec,
            "api.core.v1.ServicePort" => Self::ServicePort,
            "api.networking.v1.ServiceBackendPort" => Self::BackendPort,
            "api.core.v1.HTTPGetAction" | "api.core.v1.TCPSocketAction" | "api.core.v1.GRPCAction" => Self::ProbePort,
            _ => return None,
        })
    }
}

/// Bounds and alternatives, which few shapes have.
#[derive(Debug, Default)]
pub(super) struct Rules {
    pub(super) values: Vec<Value>,
    pub(super) pattern: Option<Pattern>,
    pub(super) least: Option<(f64, bool)>,
    pub(super) most: Option<(f64, bool)>,
    pub(super) multiple: Option<f64>,
    /// Characters, items or entries, by the type of the value.
    pub(super) length: [(Option<u64>, Option<u64>); 3],
    pub(super) all: Vec<Id>,
    pub(super) any: Vec<Id>,
    pub(super) one: Vec<Id>,
    pub(super) not: Option<Id>,
    /// The fields that tell the items of a list apart.
    pub(super) keys: Vec<String>,
    /// Whether no item may be there twice.
    pub(super) unique: bool,
}

/// A regular expression, compiled when it is first asked.
#[derive(Debug)]
pub(super) struct Pattern {
    pub(super) text: String,
    compiled: OnceLock<Option<Regex>>,
}

impl Pattern {
    pub(super) fn new(text: &str) -> Self {
        Self { text: text.to_owned(), compiled: OnceLock::new() }
    }

    /// Tells whether a text fits; one that cannot be compiled here fits all.
    pub(super) fn fits(&self, text: &str) -> bool {
        self.compiled.get_or_init(|| Regex::new(&self.text).ok()).as_ref().is_none_or(|regex| regex.is_match(text))
    }
}

/// What a value has to be.
#[derive(Debug, Default)]
pub(super) struct Shape {
    pub(super) types: u8,
    pub(super) format: Format,
    /// Whether it is an object of its own, with `apiVersion`, `kind` and `metadata` besides its fields.
    pub(super) object: bool,
    /// Sorted by name.
    pub(super) fields: Vec<(Box<str>, Id)>,
    pub(super) rest: Rest,
    pub(super) items: Option<Id>,
    pub(super) required: Vec<Box<str>>,
    pub(super) rules: Option<Box<Rules>>,
    pub(super) hook: Option<Hook>,
}

impl Shape {
    pub(super) fn field(&self, name: &str) -> Option<Id> {
        self.fields.binary_search_by(|(known, _)| (**known).cmp(name)).ok().and_then(|at| self.fields.get(at)).map(|(_, id)| *id)
    }
}

/// Holds the shapes of one document and the kinds among them.
#[derive(Debug, Default)]
pub(super) struct Library {
    pub(super) shapes: Vec<Shape>,
    /// By `apiVersion`, then kind.
    pub(super) kinds: HashMap<String, HashMap<String, Id>>,
    /// The shape of the metadata of objects, when the document has it.
    pub(super) metadata: Option<Id>,
}

impl Library {
    pub(super) fn shape(&self, id: Id) -> Option<&Shape> {
        self.shapes.get(id as usize)
    }

    pub(super) fn find(&self, api_version: &str, kind: &str) -> Option<Id> {
        self.kinds.get(api_version).and_then(|kinds| kinds.get(kind)).copied()
    }

    pub(super) fn kinds(&self) -> impl Iterator<Item = (&str, &str, Id)> {
        self.kinds.iter().flat_map(|(version, kinds)| kinds.iter().map(|(kind, id)| (version.as_str(), kind.as_str(), *id)))
    }
}
