//! The registry of Flux kinds: one line per kind, with what distinguishes it.
//!
//! Group, served versions in order of preference, names and how it is suspended come from the Flux API packages
//! (`source-controller/api`, `kustomize-controller/api`, …). The version that a cluster really serves is found by discovery.

/// Says which part of the toolkit a kind belongs to; decides its place in lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// Where content comes from.
    Source,
    /// What applies it.
    Apply,
    /// Image automation.
    Image,
    /// Events in and out.
    Notify,
    /// The Flux operator's kinds.
    Operator,
}

/// Holds what is known of a kind before any cluster is asked.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Kind {
    /// The kind's name.
    pub name: &'static str,
    /// The resource's plural name in URLs.
    pub plural: &'static str,
    /// The API group.
    pub group: &'static str,
    /// Versions to prefer, newest first.
    pub versions: &'static [&'static str],
    /// What people type: `ks`, `hr`, `gitrepo`.
    pub aliases: &'static [&'static str],
    /// Which part of the toolkit it belongs to.
    pub family: Family,
    /// Whether `spec.suspend` exists.
    pub suspends: bool,
    /// Whether it reports conditions.
    pub has_status: bool,
    /// The controller that reconciles it.
    pub controller: &'static str,
    /// What its list shows besides what all lists show, by the names of aspects.
    pub columns: &'static [&'static str],
}

const SOURCE: &str = "source.toolkit.fluxcd.io";
const KUSTOMIZE: &str = "kustomize.toolkit.fluxcd.io";
const HELM: &str = "helm.toolkit.fluxcd.io";
const IMAGE: &str = "image.toolkit.fluxcd.io";
const NOTIFY: &str = "notification.toolkit.fluxcd.io";
const EXTENSIONS: &str = "source.extensions.fluxcd.io";
const OPERATOR: &str = "fluxcd.controlplane.io";

macro_rules! kinds {
    ($($name:literal, $plural:literal, $group:expr, $versions:expr, $aliases:expr, $family:ident, $suspends:literal, $status:literal, $controller:literal, $columns:expr;)*) => {
        /// Every kind that is known, in the order in which lists show them.
        pub const KINDS: &[Kind] = &[$(Kind {
            name: $name, plural: $plural, group: $group, versions: $versions, aliases: $aliases,
            family: Family::$family, suspends: $suspends, has_status: $status, controller: $controller,
            columns: $columns,
        }),*];
    };
}

kinds! {
    "GitRepository", "gitrepositories", SOURCE, &["v1", "v1beta2"], &["gitrepo", "git"], Source, true, true, "source-controller", &["url", "ref", "revision"];
    "OCIRepository", "ocirepositories", SOURCE, &["v1", "v1beta2"], &["ocirepo", "oci"], Source, true, true, "source-controller", &["url", "ref", "revision"];
    "HelmRepository", "helmrepositories", SOURCE, &["v1", "v1beta2"], &["helmrepo"], Source, true, true, "source-controller", &["type", "url", "revision"];
    "HelmChart", "helmcharts", SOURCE, &["v1", "v1beta2"], &["hc"], Source, true, true, "source-controller", &["chart", "version", "source", "revision"];
    "Bucket", "buckets", SOURCE, &["v1", "v1beta2"], &[], Source, true, true, "source-controller", &["bucket", "endpoint", "provider", "revision"];
    "ExternalArtifact", "externalartifacts", SOURCE, &["v1"], &["ea"], Source, false, true, "source-watcher", &["source", "revision"];
    "ArtifactGenerator", "artifactgenerators", EXTENSIONS, &["v1beta1"], &["ag"], Source, false, true, "source-watcher", &["sources", "artifacts"];
    "Kustomization", "kustomizations", KUSTOMIZE, &["v1", "v1beta2"], &["ks"], Apply, true, true, "kustomize-controller", &["source", "path", "revision", "prune", "depends", "objects"];
    "HelmRelease", "helmreleases", HELM, &["v2", "v2beta2"], &["hr"], Apply, true, true, "helm-controller", &["chart", "version", "app", "release", "history", "depends"];
    "ImageRepository", "imagerepositories", IMAGE, &["v1", "v1beta2"], &["imgrepo"], Image, true, true, "image-reflector-controller", &["image", "tags", "scanned"];
    "ImagePolicy", "imagepolicies", IMAGE, &["v1", "v1beta2"], &["imgpol"], Image, false, true, "image-reflector-controller", &["latest"];
    "ImageUpdateAutomation", "imageupdateautomations", IMAGE, &["v1", "v1beta2"], &["iua"], Image, true, true, "image-automation-controller", &["source", "pushed", "commit"];
    "Provider", "providers", NOTIFY, &["v1beta3", "v1beta2"], &[], Notify, true, false, "notification-controller", &["type", "address", "channel"];
    "Alert", "alerts", NOTIFY, &["v1beta3", "v1beta2"], &[], Notify, true, false, "notification-controller", &["provider", "severity", "events"];
    "Receiver", "receivers", NOTIFY, &["v1", "v1beta2"], &[], Notify, true, true, "notification-controller", &["type", "events", "webhook"];
    "FluxInstance", "fluxinstances", OPERATOR, &["v1"], &[], Operator, false, true, "flux-operator", &["version", "registry", "revision", "objects"];
    "FluxReport", "fluxreports", OPERATOR, &["v1"], &[], Operator, false, true, "flux-operator", &["version", "registry"];
    "ResourceSet", "resourcesets", OPERATOR, &["v1"], &["rset"], Operator, false, true, "flux-operator", &["inputs", "objects", "revision", "depends"];
    "ResourceSetInputProvider", "resourcesetinputproviders", OPERATOR, &["v1"], &["rsip"], Operator, false, true, "flux-operator", &["type", "url", "inputs"];
}

impl Kind {
    /// Finds a kind by its exact name.
    pub fn by_name(name: &str) -> Option<&'static Self> {
        KINDS.iter().find(|k| k.name == name)
    }

    /// Finds a kind by its exact name and API group: other projects have a Provider and a Bucket too.
    pub fn of_group(name: &str, group: &str) -> Option<&'static Self> {
        Self::by_name(name).filter(|kind| kind.group == group)
    }

    /// Finds the kind of an object by its `apiVersion`, of any version, and `kind`.
    pub fn of_version(name: &str, api_version: &str) -> Option<&'static Self> {
        Self::of_group(name, api_version.split_once('/').map_or("", |(group, _)| group))
    }

    /// Finds a kind by what a person types: name, plural or alias, in any case.
    pub fn by_word(word: &str) -> Option<&'static Self> {
        let word = word.to_ascii_lowercase();
        KINDS.iter().find(|k| {
            k.name.eq_ignore_ascii_case(&word)
                || k.plural == word
                || k.aliases.contains(&word.as_str())
                || k.plural.strip_suffix('s') == Some(&word)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_finds_one_kind() {
        for kind in KINDS {
            for word in kind.aliases.iter().chain([&kind.name, &kind.plural]) {
                assert_eq!(Kind::by_word(word), Some(kind), "{word}");
            }
        }
        assert_eq!(Kind::by_word("nothing"), None);
    }
}
