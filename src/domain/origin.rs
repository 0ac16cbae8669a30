//! Where an object of the cluster comes from: the Flux object that applied it, and the repository, path and commit behind that.

use serde::Serialize;

use crate::flux::ObjectKey;
use crate::ident::EnvironmentId;
use crate::revision::Revision;

/// Says where an object of the cluster comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Origin {
    /// The Kustomization or HelmRelease that applied it.
    pub by: ObjectKey,
    /// The source of that, when it is known.
    pub source: Option<ObjectKey>,
    /// Where the source is: a repository's URL; empty when it is not known.
    pub url: String,
    /// The branch that the source follows, when it follows one.
    pub branch: Option<String>,
    /// What was applied last.
    pub revision: Option<Revision>,
    /// The path within the source.
    pub path: String,
    /// How often what applied it reconciles, in Go's duration notation.
    pub interval: Option<String>,
    /// Whether what applied it is suspended.
    pub suspended: bool,
    /// The file and the line, counted from 1, when the repository is one of a project.
    pub place: Option<Place>,
    /// Why there is no file and line, in a sentence; empty when there is, or when nobody can tell.
    pub unplaced: String,
    /// The environments whose repository, branch and path this is: a change goes through their deployments.
    pub environments: Vec<EnvironmentId>,
}

/// Names a line of a file in a repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The path from the repository's root.
    pub file: String,
    /// The line, counted from 1.
    pub line: usize,
    /// The commit that was read.
    pub commit: String,
}

impl Origin {
    /// Names what applied an object; nothing else is known of it.
    pub const fn by(by: ObjectKey) -> Self {
        Self {
            by,
            source: None,
            url: String::new(),
            branch: None,
            revision: None,
            path: String::new(),
            interval: None,
            suspended: false,
            place: None,
            unplaced: String::new(),
            environments: Vec::new(),
        }
    }

    /// Tells whether what applied it compares again and again, as all but a HelmRelease do: then a change in the cluster alone is undone at the next reconciliation.
    pub fn reverts(&self) -> bool {
        &*self.by.kind != "HelmRelease" && !self.suspended
    }

    /// Returns what becomes of a change in the cluster alone, in a sentence.
    pub fn warning(&self) -> String {
        let by = &self.by;
        if self.suspended {
            return format!("{by} is suspended: the change stays until it is resumed, then what Git says comes back.");
        }
        if !self.reverts() {
            return format!("{by} may undo this at its next upgrade, or at once when it detects drift.");
        }
        match &self.interval {
            Some(interval) => {
                format!("{by} will undo this at its next reconciliation, within {interval}, where Git says otherwise.")
            }
            None => format!("{by} will undo this at its next reconciliation, where Git says otherwise."),
        }
    }

    /// Returns where it comes from in one line: repository, commit, file and line or path.
    pub fn line(&self) -> String {
        let mut parts: Vec<String> = Vec::new();
        if !self.url.is_empty() {
            parts.push(self.url.clone());
        }
        if let Some(revision) = &self.revision {
            parts.push(revision.short());
        }
        match &self.place {
            Some(place) => parts.push(format!("{}:{}", place.file, place.line)),
            None if !self.path.is_empty() => parts.push(self.path.clone()),
            None => {}
        }
        if parts.is_empty() { self.by.to_string() } else { parts.join("  ") }
    }
}

/// The kinds that apply objects, and the labels with namespace and name that each puts on what it applied.
pub const APPLIERS: [(&str, &str, &str); 4] = [
    ("Kustomization", "kustomize.toolkit.fluxcd.io/namespace", "kustomize.toolkit.fluxcd.io/name"),
    ("HelmRelease", "helm.toolkit.fluxcd.io/namespace", "helm.toolkit.fluxcd.io/name"),
    ("ResourceSet", "resourceset.fluxcd.controlplane.io/namespace", "resourceset.fluxcd.controlplane.io/name"),
    ("FluxInstance", "fluxcd.controlplane.io/namespace", "fluxcd.controlplane.io/name"),
];

/// Returns who applied an object, from the labels that Flux's controllers put on it: kind, namespace, name.
pub fn applied_by<'a>(label: impl Fn(&str) -> Option<&'a str>) -> Option<(&'static str, &'a str, &'a str)> {
    APPLIERS.into_iter().find_map(|(kind, namespace, name)| Some((kind, label(namespace)?, label(name)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(kind: &str, interval: Option<&str>, suspended: bool) -> Origin {
        Origin {
            by: ObjectKey::new(&"c".into(), kind, "flux-system", "shop"),
            source: None,
            url: "https://git.example/shop".to_owned(),
            branch: None,
            revision: None,
            path: "k8s".to_owned(),
            interval: interval.map(str::to_owned),
            suspended,
            place: None,
            unplaced: String::new(),
            environments: Vec::new(),
        }
    }

    #[test]
    fn the_warning_says_who_undoes_it_and_when() {
        for (origin, words) in [
            (origin("Kustomization", Some("10m"), false), "will undo this at its next reconciliation, within 10m"),
            (origin("Kustomization", None, true), "stays until it is resumed"),
            (origin("HelmRelease", Some("10m"), false), "next upgrade"),
            (origin("ResourceSet", None, false), "will undo this at its next reconciliation"),
        ] {
            assert!(origin.warning().contains(words), "{}", origin.warning());
        }
    }

    #[test]
    fn the_labels_name_who_applied_it() {
        let labels = [("helm.toolkit.fluxcd.io/name", "redis"), ("helm.toolkit.fluxcd.io/namespace", "db")];
        let label = |name: &str| labels.iter().find(|(key, _)| *key == name).map(|(_, value)| *value);
        assert_eq!(applied_by(label), Some(("HelmRelease", "db", "redis")));
        assert_eq!(applied_by(|_| None), None);
        let labels = [
            ("resourceset.fluxcd.controlplane.io/name", "apps"),
            ("resourceset.fluxcd.controlplane.io/namespace", "flux-system"),
        ];
        let label = |name: &str| labels.iter().find(|(key, _)| *key == name).map(|(_, value)| *value);
        assert_eq!(applied_by(label), Some(("ResourceSet", "flux-system", "apps")));
    }
}
