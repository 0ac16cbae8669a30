//! What the rows of the form stand for: sections, single fields, and entries that have a name of their own.

use domain::edit::{Bound, Field, Probe, ProbePart, Resource};

use crate::cx::Cx;

/// Names a section of the form, in the order in which they stand there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Section {
    /// Version of a chart.
    Chart,
    /// Image, tag, digest, pull policy.
    Image,
    /// Replicas.
    Scale,
    /// Variables.
    Environment,
    /// Requests and limits.
    Resources,
    /// Ports of the container.
    Ports,
    /// Probes of the container.
    Probes,
    /// Labels and annotations.
    Metadata,
    /// Service and Ingress.
    Network,
    /// Values of a chart.
    Values,
    /// Keys of generated ConfigMaps and Secrets.
    Config,
}

impl Section {
    /// All sections, in order.
    pub(super) const ALL: [Self; 11] = [
        Self::Chart,
        Self::Image,
        Self::Scale,
        Self::Environment,
        Self::Resources,
        Self::Ports,
        Self::Probes,
        Self::Metadata,
        Self::Network,
        Self::Values,
        Self::Config,
    ];

    /// Tells whether its rows are put away under one line when there are many.
    pub(super) const fn folds(self) -> bool {
        matches!(self, Self::Ports | Self::Probes | Self::Metadata | Self::Network | Self::Values | Self::Config)
    }

    /// Returns the key of its title.
    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Ports => "deploy.section.ports",
            Self::Probes => "deploy.section.probes",
            Self::Metadata => "deploy.section.metadata",
            Self::Network => "deploy.section.network",
            Self::Values => "deploy.section.values",
            Self::Config => "deploy.section.config",
            Self::Chart | Self::Image | Self::Scale | Self::Environment | Self::Resources => "",
        }
    }
}

/// Names a kind of entry: a field of which there may be many, each with a name, written `NAME=value`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    /// An environment variable, plain or a reference.
    Variable,
    /// A container port.
    Port,
    /// A label of the workload.
    Label,
    /// An annotation of the workload.
    Annotation,
    /// A label of its Pods.
    PodLabel,
    /// An annotation of its Pods.
    PodAnnotation,
    /// A value of a chart.
    Value,
    /// A key of a generated ConfigMap or Secret.
    Config,
}

impl Kind {
    /// All kinds, in the order of the form.
    pub(super) const ALL: [Self; 8] = [
        Self::Variable,
        Self::Port,
        Self::Label,
        Self::Annotation,
        Self::PodLabel,
        Self::PodAnnotation,
        Self::Value,
        Self::Config,
    ];

    /// Returns the kind of entry that a field is.
    pub(super) const fn of(field: &Field) -> Option<Self> {
        Some(match field {
            Field::Env(_) | Field::EnvRef(_) => Self::Variable,
            Field::Port(_) => Self::Port,
            Field::Label(_) => Self::Label,
            Field::Annotation(_) => Self::Annotation,
            Field::PodLabel(_) => Self::PodLabel,
            Field::PodAnnotation(_) => Self::PodAnnotation,
            Field::Value(_) => Self::Value,
            Field::Config(..) => Self::Config,
            _ => return None,
        })
    }

    /// Returns the word by which it is found among the words: `deploy.kind.<word>`, `deploy.new.<word>`.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Variable => "variable",
            Self::Port => "port",
            Self::Label => "label",
            Self::Annotation => "annotation",
            Self::PodLabel => "pod-label",
            Self::PodAnnotation => "pod-annotation",
            Self::Value => "value",
            Self::Config => "config",
        }
    }

    /// Returns the section that it stands in.
    pub(super) const fn section(self) -> Section {
        match self {
            Self::Variable => Section::Environment,
            Self::Port => Section::Ports,
            Self::Label | Self::Annotation | Self::PodLabel | Self::PodAnnotation => Section::Metadata,
            Self::Value => Section::Values,
            Self::Config => Section::Config,
        }
    }

    /// Builds the field of this name; nothing when the name is not whole. A variable is a plain one.
    pub(super) fn field(self, name: &str) -> Option<Field> {
        let name = name.to_owned();
        Some(match self {
            Self::Variable => Field::Env(name),
            Self::Port => Field::Port(name),
            Self::Label => Field::Label(name),
            Self::Annotation => Field::Annotation(name),
            Self::PodLabel => Field::PodLabel(name),
            Self::PodAnnotation => Field::PodAnnotation(name),
            Self::Value => Field::Value(name),
            Self::Config => {
                let (generator, key) =
                    name.split_once('/').filter(|(generator, key)| !generator.is_empty() && !key.is_empty())?;
                Field::Config(generator.to_owned(), key.to_owned())
            }
        })
    }
}

/// Returns the name of an entry as the form writes it.
pub(super) fn name_of(field: &Field) -> Option<String> {
    Some(match field {
        Field::Env(name)
        | Field::EnvRef(name)
        | Field::Port(name)
        | Field::Label(name)
        | Field::Annotation(name)
        | Field::PodLabel(name)
        | Field::PodAnnotation(name)
        | Field::Value(name) => name.clone(),
        Field::Config(generator, key) => format!("{generator}/{key}"),
        _ => return None,
    })
}

/// Says what a row stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Slot {
    /// One field; the label says which.
    One(Field),
    /// An entry, and its name in Git when it is there.
    Entry(Kind, Option<String>),
    /// A field that is shown and not changed here.
    Fixed(Field),
    /// The line under which a section is put away.
    Head,
}

/// Holds a row of the form: its id, its section, what it stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) id: String,
    pub(super) section: Section,
    pub(super) slot: Slot,
}

/// The single fields of a section that every workload may have, in order.
pub(super) const fn plain(section: Section) -> &'static [Field] {
    const FIGURES: &[Field] = &[
        Field::Resource(Bound::Request, Resource::Cpu),
        Field::Resource(Bound::Limit, Resource::Cpu),
        Field::Resource(Bound::Request, Resource::Memory),
        Field::Resource(Bound::Limit, Resource::Memory),
    ];
    match section {
        Section::Chart => &[Field::ChartVersion],
        Section::Image => &[Field::ImageName, Field::ImageTag, Field::ImageDigest, Field::PullPolicy],
        Section::Scale => &[Field::Replicas],
        Section::Resources => FIGURES,
        _ => &[],
    }
}

/// Returns the label of a single field, in the operator's language.
pub(crate) fn label(cx: &Cx, field: &Field) -> String {
    let key = match field {
        Field::ImageName => "image",
        Field::ImageTag => "tag",
        Field::ImageDigest => "digest",
        Field::PullPolicy => "policy",
        Field::Replicas => "replicas",
        Field::Resource(Bound::Request, Resource::Cpu) => "cpu-request",
        Field::Resource(Bound::Limit, Resource::Cpu) => "cpu-limit",
        Field::Resource(Bound::Request, Resource::Memory) => "memory-request",
        Field::Resource(Bound::Limit, Resource::Memory) => "memory-limit",
        Field::ChartVersion => "chart-version",
        Field::ServiceType => "service-type",
        Field::IngressHost => "ingress-host",
        Field::ServicePort(name) => return cx.tf("deploy.field.service-port", &[("name", name)]),
        Field::Probe(probe, part) => {
            let (probe, part) = (format!("deploy.probe.{}", probe.word()), format!("deploy.part.{}", part.word()));
            let word = |key: &str| cx.words.get(key).to_owned();
            return cx.tf("deploy.field.probe", &[("probe", &word(&probe)), ("part", &word(&part))]);
        }
        other => return other.to_string(),
    };
    cx.words.get(&format!("deploy.field.{key}")).to_owned()
}

/// Returns all parts of all probes, in order.
pub(super) fn probes() -> impl Iterator<Item = Field> {
    Probe::ALL.into_iter().flat_map(|probe| ProbePart::ALL.into_iter().map(move |part| Field::Probe(probe, part)))
}
