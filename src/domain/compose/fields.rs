//! What a field of a form is: where its value lives in the object, what may stand in it, and when it is asked for.

use super::check::Check;

/// Says where a field's value lives in the object, and in which shape. Places are JSON pointers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// `metadata.name`.
    Name,
    /// `metadata.namespace`.
    Namespace,
    /// A text.
    Text(&'static str),
    /// A truth value.
    Switch(&'static str),
    /// A whole number.
    Number(&'static str),
    /// A piece of YAML.
    Yaml(&'static str),
    /// A reference with kind, name and perhaps namespace, written `Kind/name` or `Kind/namespace/name`, to one of these kinds.
    Reference(&'static str, &'static [&'static str]),
    /// A list of references of the object's own kind, written `name` or `namespace/name` and parted by commas.
    Names(&'static str),
    /// A list of objects to look at, written `Kind/namespace/name` and parted by commas.
    Checks(&'static str),
    /// A choice that decides which other fields are asked for; each word with a place whose presence tells it.
    Gate(&'static [(&'static str, &'static str)]),
    /// A key of the Secret that goes with the object.
    Data(&'static str),
}

impl Shape {
    /// Returns where it lives; empty where that is no one place.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Name => "/metadata/name",
            Self::Namespace => "/metadata/namespace",
            Self::Text(at)
            | Self::Switch(at)
            | Self::Number(at)
            | Self::Yaml(at)
            | Self::Reference(at, _)
            | Self::Names(at)
            | Self::Checks(at) => at,
            Self::Gate(_) | Self::Data(_) => "",
        }
    }
}

/// Describes a field.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Its id: what its option is called, and its label in the language files, under `compose.field`.
    pub id: &'static str,
    /// Where its value lives.
    pub shape: Shape,
    /// The words to choose from; empty where anything may be written.
    pub options: &'static [&'static str],
    /// What stands in it in the form of a new object.
    pub default: &'static str,
    /// What it says when the object says nothing: then nothing is written.
    pub unset: &'static str,
    /// What may stand in it.
    pub check: Check,
    /// Whether something must stand in it.
    pub needed: bool,
    /// Of which other field it depends whether it is asked for, and on which words in that.
    pub when: Option<(&'static str, &'static [&'static str])>,
    /// Whether it is never shown, not even while it is typed.
    pub hidden: bool,
    /// Whether it has several lines.
    pub long: bool,
    /// Under which heading it stands, of the language files' `compose.section`; empty where none begins.
    pub section: &'static str,
    /// A sentence that says what it is.
    pub help: &'static str,
}

impl Field {
    pub(super) const fn new(id: &'static str, shape: Shape, help: &'static str) -> Self {
        Self {
            id,
            shape,
            options: &[],
            default: "",
            unset: "",
            check: Check::Any,
            needed: false,
            when: None,
            hidden: false,
            long: false,
            section: "",
            help,
        }
    }

    pub(super) const fn text(id: &'static str, at: &'static str, help: &'static str) -> Self {
        Self::new(id, Shape::Text(at), help)
    }

    pub(super) const fn switch(id: &'static str, at: &'static str, help: &'static str) -> Self {
        Self { unset: "false", default: "false", options: &["true", "false"], ..Self::new(id, Shape::Switch(at), help) }
    }

    /// A choice; the first word is what the object says by saying nothing.
    pub(super) const fn choice(id: &'static str, at: &'static str, options: &'static [&'static str], help: &'static str) -> Self {
        Self { options, default: options[0], unset: options[0], ..Self::new(id, Shape::Text(at), help) }
    }

    pub(super) const fn duration(id: &'static str, at: &'static str, help: &'static str) -> Self {
        Self::text(id, at, help).check(Check::Duration)
    }

    pub(super) const fn check(self, check: Check) -> Self {
        Self { check, ..self }
    }

    pub(super) const fn needed(self) -> Self {
        Self { needed: true, ..self }
    }

    pub(super) const fn default(self, default: &'static str) -> Self {
        Self { default, ..self }
    }

    pub(super) const fn when(self, field: &'static str, words: &'static [&'static str]) -> Self {
        Self { when: Some((field, words)), ..self }
    }

    pub(super) const fn under(self, section: &'static str) -> Self {
        Self { section, ..self }
    }

    pub(super) const fn long(self) -> Self {
        Self { long: true, ..self }
    }

    /// Tells whether it is a choice between on and off.
    pub const fn is_switch(&self) -> bool {
        matches!(self.shape, Shape::Switch(_))
    }
}

/// Name and namespace, which every object has.
pub(super) const IDENTITY: [Field; 2] = [
    Field::new("name", Shape::Name, "The object's name.").check(Check::Name).needed().under("object"),
    Field::new("namespace", Shape::Namespace, "The object's namespace.").check(Check::Label).needed().default("flux-system"),
];

/// The interval, of which kinds have a default of their own.
pub(super) const fn interval(default: &'static str) -> Field {
    Field::duration("interval", "/spec/interval", "How often it is reconciled, for example 10m.").needed().default(default)
}

pub(super) const SUSPEND: Field = Field::switch("suspend", "/spec/suspend", "Whether Flux leaves it alone.");
pub(super) const TIMEOUT: Field = Field::duration("timeout", "/spec/timeout", "How long one attempt may take.");
/// The timeout of sources, which is never counted in hours.
pub(super) const FETCH_TIMEOUT: Field = TIMEOUT.check(Check::Short);
pub(super) const TARGET: Field =
    Field::text("target-namespace", "/spec/targetNamespace", "The namespace that everything goes into.").check(Check::Label);
pub(super) const ACCOUNT: Field =
    Field::text("service-account", "/spec/serviceAccountName", "The ServiceAccount whose rights are used.").check(Check::Name);
pub(super) const DEPENDS: Field = Field::new(
    "depends-on",
    Shape::Names("/spec/dependsOn"),
    "What must be ready before: name or namespace/name, parted by commas.",
)
.check(Check::Names);
pub(super) const INSECURE: Field = Field::switch("insecure", "/spec/insecure", "Whether it is fetched without TLS.");
