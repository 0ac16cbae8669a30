//! The chart of a HelmRelease: where its version is written.

use crate::build::resource::{Resource, same_namespace};
use crate::build::source::Role;
use crate::locate::Located;
use crate::yaml::{Place, Val};

/// Holds what says the version of a release's chart.
pub(crate) struct Chart<'l> {
    /// The object: the release itself, an OCIRepository or a HelmChart.
    pub(crate) object: &'l Resource,
    /// The path of the version in it, whether it is there or not.
    pub(crate) path: Vec<&'static str>,
    /// The digest beside it, which decides when it is there.
    pub(crate) digest: Option<&'l Val>,
    /// The other releases whose chart it is too.
    pub(crate) users: Vec<String>,
}

const REFERENCE: [&str; 2] = ["spec", "chartRef"];

/// Returns kind, name and namespace of what a release's `chartRef` names.
pub(crate) fn reference(release: &Resource) -> Option<(String, String, String)> {
    let reference = release.val.at(&REFERENCE).filter(|v| !v.is_null())?;
    let text = |key: &str| reference.get(key).and_then(Val::scalar).filter(|t| !t.is_empty());
    Some((text("kind")?, text("name")?, text("namespace").unwrap_or_else(|| release.id().namespace)))
}

impl<'l> Chart<'l> {
    /// Finds it; nothing when it is not among the manifests.
    pub(crate) fn of(located: &'l Located) -> Option<Self> {
        let release = &located.workload;
        let Some((kind, name, namespace)) = reference(release) else {
            release.val.at(&["spec", "chart", "spec"])?;
            return Some(Self {
                object: release,
                path: vec!["spec", "chart", "spec", "version"],
                digest: None,
                users: Vec::new(),
            });
        };
        let names =
            |r: &Resource, name: &str| r.ids().iter().any(|id| id.name == name) && same_namespace(&r.id().namespace, &namespace);
        let fits = |r: &&Resource| r.kind() == kind && r.group_version().0 == "source.toolkit.fluxcd.io" && names(r, &name);
        let object = located.others.iter().find(fits)?;
        let same = |r: &&Resource| {
            reference(r).is_some_and(|(k, n, ns)| k == kind && names(object, &n) && same_namespace(&ns, &namespace))
        };
        let users = located.others.iter().filter(|r| r.kind() == "HelmRelease").filter(same);
        let users = users.map(|r| format!("HelmRelease {}", r.written_name())).collect();
        if kind == "HelmChart" {
            return Some(Self { object, path: vec!["spec", "version"], digest: None, users });
        }
        let filled = |key: &str| object.val.at(&["spec", "ref", key]).filter(|v| v.scalar().is_some_and(|t| !t.is_empty()));
        let key = if filled("semver").is_some() { "semver" } else { "tag" };
        Some(Self { object, path: vec!["spec", "ref", key], digest: filled("digest"), users })
    }

    /// Returns the version that is written, or the digest when only that is.
    pub(crate) fn version(&self) -> Option<(String, Option<Place>)> {
        let val = self.object.val.at(&self.path).or(self.digest)?;
        Some((val.scalar()?, val.from))
    }

    /// Says in words why that is the place.
    pub(crate) fn why(&self, located: &Located, place: Option<Place>) -> String {
        let source = place.map(|(number, _)| located.sources.get(number));
        let mut why = format!("{} of {} {}", self.path.join("."), self.object.kind(), self.object.written_name());
        match source {
            Some(source) if source.role == Role::Patch => why = format!("{why}, by the patch in {}", source.file),
            Some(source) if !located.own(&source.file) => {
                why = format!("{why}, in the base {}", crate::files::parent(&source.file));
            }
            _ => {}
        }
        if self.digest.is_some() {
            why.push_str("; the digest beside it decides");
        }
        if !self.users.is_empty() {
            why = format!("{why}; {} use it too", self.users.join(", "));
        }
        why
    }
}
