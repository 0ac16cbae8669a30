//! One object while it is being rendered: its value, the names it has had, and what is still to be done to it.

use crate::build::kinds;
use crate::build::origin::Origin;
use crate::yaml::Val;

/// The namespace that objects without one are taken to be in.
pub(super) const DEFAULT: &str = "default";

/// Holds a name that an object had at some step.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Id {
    /// The kind.
    pub(crate) kind: String,
    /// The name.
    pub(crate) name: String,
    /// The namespace, empty when there is none.
    pub(crate) namespace: String,
    /// The namespace, where none means `default`; a made-up name for what stands in none.
    pub(super) space: String,
}

/// Holds what must not be there twice: group, version, kind, name and effective namespace.
pub(super) type Key = (String, String, String, String);

/// Holds an object on its way.
#[derive(Debug, Clone)]
pub(crate) struct Resource {
    /// The object.
    pub(crate) val: Val,
    /// The names before the present one, oldest first.
    pub(crate) before: Vec<Id>,
    /// The prefixes that were put before its name.
    pub(crate) prefixes: Vec<String>,
    /// The suffixes that were put behind its name.
    pub(crate) suffixes: Vec<String>,
    /// Whether its name gets a hash of its content.
    pub(crate) hashed: bool,
    /// The number of the source that it comes from.
    pub(crate) source: u32,
    /// The line in that source's file.
    pub(crate) line: usize,
    /// Where it comes from, when that is asked for.
    pub(crate) origin: Option<Origin>,
    /// What changed it, when that is asked for.
    pub(crate) changes: Vec<Origin>,
    /// The names of the variables that read from it.
    pub(crate) vars: Vec<String>,
    /// Whether it has been JSON in between, so that nothing is known of how its values are written.
    pub(crate) plain: bool,
}

impl Resource {
    /// Builds a resource out of what a file says.
    pub(crate) fn new(val: Val, source: u32, line: usize) -> Self {
        Self {
            val,
            before: Vec::new(),
            prefixes: Vec::new(),
            suffixes: Vec::new(),
            hashed: false,
            source,
            line,
            origin: None,
            changes: Vec::new(),
            vars: Vec::new(),
            plain: false,
        }
    }

    fn text(&self, path: &[&str]) -> String {
        self.val.at(path).and_then(Val::scalar).unwrap_or_default()
    }

    /// Returns `apiVersion`, empty when it is no text.
    pub(super) fn api_version(&self) -> &str {
        self.val.get("apiVersion").and_then(Val::as_text).unwrap_or_default()
    }

    /// Returns the kind, empty when it is no text.
    pub(super) fn kind_text(&self) -> &str {
        self.val.get("kind").and_then(Val::as_text).unwrap_or_default()
    }

    /// Returns the kind.
    pub(crate) fn kind(&self) -> String {
        self.kind_text().to_owned()
    }

    /// Returns group and version.
    pub(crate) fn group_version(&self) -> (String, String) {
        let (group, version) = self.typed();
        (group.to_owned(), version.to_owned())
    }

    /// Returns group and version as they are written.
    pub(super) fn typed(&self) -> (&str, &str) {
        split(self.api_version())
    }

    /// Returns the present name and namespace.
    pub(crate) fn id(&self) -> Id {
        let namespace = self.text(&["metadata", "namespace"]);
        let space = self.space();
        Id { kind: self.kind(), name: self.text(&["metadata", "name"]), namespace, space }
    }

    /// Returns the namespace, where none means `default`; the same made-up name for everything without a namespace.
    pub(super) fn space(&self) -> String {
        if self.cluster_scoped() {
            return kinds::NOWHERE.to_owned();
        }
        let written = self.text(&["metadata", "namespace"]);
        if written.is_empty() { DEFAULT.to_owned() } else { written }
    }

    /// Returns what must not be there twice.
    pub(super) fn key(&self) -> Key {
        (self.api_version().to_owned(), self.kind(), self.text(&["metadata", "name"]), self.space())
    }

    /// Returns the name in the manifests.
    pub(crate) fn written_name(&self) -> &str {
        match self.before.first() {
            Some(id) => &id.name,
            None => self.val.at(&["metadata", "name"]).and_then(Val::as_text).unwrap_or_default(),
        }
    }

    /// Returns all names, oldest first, the present one last.
    pub(crate) fn ids(&self) -> Vec<Id> {
        let mut ids = self.before.clone();
        ids.push(self.id());
        ids
    }

    /// Returns the oldest name.
    pub(super) fn first(&self) -> Id {
        self.before.first().cloned().unwrap_or_else(|| self.id())
    }

    /// Tells whether it is or was called so; version, name and effective namespace have to be equal.
    pub(super) fn called(&self, other: &Key) -> bool {
        let (version, kind, name, space) = other;
        if self.api_version() != version {
            return false;
        }
        let same = |id: &Id| id.kind == *kind && id.name == *name && id.space == *space;
        self.before.iter().any(same) || self.key() == *other
    }

    /// Keeps the present name as a former one; a change of name or namespace follows.
    pub(crate) fn remember(&mut self) {
        let id = self.id();
        if self.before.last() != Some(&id) {
            self.before.push(id);
        }
    }

    /// Forgets what it was called and where it comes from.
    pub(super) fn forget(&mut self) {
        self.before.clear();
        self.prefixes.clear();
        self.suffixes.clear();
        self.changes.clear();
        self.origin = None;
        self.hashed = false;
    }

    /// Gives it a new name.
    pub(crate) fn rename(&mut self, name: String) {
        let from = self.val.at(&["metadata", "name"]).and_then(|v| v.from);
        self.val.with(&["metadata", "name"], |slot| {
            *slot = Val::text(name);
            slot.from = from;
        });
    }

    /// Tells whether it is of a kind whose lists have known merge keys.
    pub(crate) fn built_in(&self) -> bool {
        kinds::shape(self.api_version(), self.kind_text()).is_some()
    }

    /// Tells whether it is known to stand in no namespace.
    pub(crate) fn cluster_scoped(&self) -> bool {
        kinds::cluster_scoped(self.api_version(), self.kind_text())
    }
}

/// Splits `apiVersion` into group and version.
pub(super) fn split(api_version: &str) -> (&str, &str) {
    api_version.split_once('/').unwrap_or(("", api_version))
}

/// Tells whether two namespaces are the same, where none means `default`.
pub(crate) fn same_namespace(a: &str, b: &str) -> bool {
    let effective = |ns: &str| if ns.is_empty() { DEFAULT.to_owned() } else { ns.to_owned() };
    effective(a) == effective(b)
}
