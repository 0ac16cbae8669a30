//! The Flux toolkit itself: its controllers, what a release of it holds, what installing and removing it would do, and how
//! it is doing. Pure: manifests are fetched and clusters asked elsewhere.

pub mod plan;
pub mod release;
pub mod removal;
pub mod standing;
pub mod work;

use crate::trouble::Trouble;

pub use plan::{Doing, Installation, Step};
pub use release::{Piece, Release};
pub use removal::{Defined, Removal};
pub use standing::{Check, Controller, State, Toolkit};
pub use work::{Line, Mark, Work};

/// The namespace that Flux is installed into unless its manifest says another.
pub const NAMESPACE: &str = "flux-system";
/// The field manager under which Flux's own program installs it: an upgrade by either takes over from the other.
pub const MANAGER: &str = "flux";
/// The label that everything of a release carries, and its value.
pub const PART_OF: (&str, &str) = ("app.kubernetes.io/part-of", "flux");
/// The label with the controller that a thing belongs to.
pub const COMPONENT: &str = "app.kubernetes.io/component";
/// The label with the version of the release.
pub const VERSION: &str = "app.kubernetes.io/version";
/// The address of the newest official release's manifest.
pub const LATEST: &str = "https://github.com/fluxcd/flux2/releases/latest/download/install.yaml";

/// Holds what is known of a controller before any release is read.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Component {
    /// Its name, which its Deployment has too.
    pub name: &'static str,
    /// What people type.
    pub word: &'static str,
    /// Whether it is installed only when it is asked for.
    pub extra: bool,
}

/// Every controller, in the order in which Flux lists them.
pub const COMPONENTS: &[Component] = &[
    Component { name: "source-controller", word: "source", extra: false },
    Component { name: "kustomize-controller", word: "kustomize", extra: false },
    Component { name: "helm-controller", word: "helm", extra: false },
    Component { name: "notification-controller", word: "notification", extra: false },
    Component { name: "image-reflector-controller", word: "image-reflector", extra: true },
    Component { name: "image-automation-controller", word: "image-automation", extra: true },
    Component { name: "source-watcher", word: "source-watcher", extra: true },
];

impl Component {
    /// Finds a controller by its name.
    pub fn by_name(name: &str) -> Option<&'static Self> {
        COMPONENTS.iter().find(|component| component.name == name)
    }

    /// Finds a controller by its name or by what people type.
    pub fn by_word(word: &str) -> Option<&'static Self> {
        COMPONENTS.iter().find(|component| component.name == word || component.word == word)
    }
}

/// Reads which controllers are meant, in any order; the result has theirs.
pub fn components(words: &[String]) -> Result<Vec<&'static Component>, Trouble> {
    let known = || COMPONENTS.iter().map(|component| component.word).collect::<Vec<_>>().join(", ");
    let mut chosen = Vec::new();
    for word in words {
        let found = Component::by_word(word.trim()).ok_or_else(|| {
            Trouble::usage("Flux has no such component", format!("\u{201c}{word}\u{201d}"))
                .next(format!("Choose some of {}.", known()))
        })?;
        chosen.push(found);
    }
    Ok(COMPONENTS.iter().filter(|component| chosen.contains(component)).collect())
}

/// Returns the address of the manifest of a release, `2.8.3` or `v2.8.3`.
pub fn address(version: &str) -> String {
    let version = version.strip_prefix('v').unwrap_or(version);
    format!("https://github.com/fluxcd/flux2/releases/download/v{version}/install.yaml")
}

/// Reads the first two numbers of a version such as `v1.36.3+k3s1`.
pub fn minor_of(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.strip_prefix('v').unwrap_or(version).split('.');
    let major = parts.next()?.parse().ok()?;
    let minor: String = parts.next()?.chars().take_while(char::is_ascii_digit).collect();
    Some((major, minor.parse().ok()?))
}

/// Returns the oldest Kubernetes that a release of Flux supports.
///
/// Flux supports the three newest minor versions of Kubernetes at the time of each of its own: 1.31 with 2.6, 1.33 with 2.8
/// (fluxcd.io/flux/installation/#prerequisites).
pub fn oldest_kubernetes(release: &str) -> Option<(u32, u32)> {
    match minor_of(release)? {
        (2, minor) => Some((1, 25 + minor)),
        _ => None,
    }
}

/// Returns the tag of an image, or its digest in short when it has no tag.
pub fn tag_of(image: &str) -> &str {
    let (named, digest) = image.split_once('@').map_or((image, None), |(named, digest)| (named, Some(digest)));
    let last = named.rsplit('/').next().unwrap_or(named);
    match (last.split_once(':'), digest) {
        (Some((_, tag)), _) => tag,
        (None, Some(digest)) => digest.get(..19).unwrap_or(digest),
        (None, None) => "latest",
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by failing")]
    use super::*;

    #[test]
    fn versions_are_read_as_servers_and_releases_write_them() {
        assert_eq!(minor_of("v1.36.3+k3s1"), Some((1, 36)));
        assert_eq!(minor_of("1.30+"), Some((1, 30)));
        assert_eq!(minor_of("unknown"), None);
        for (release, kubernetes) in [("v2.6.4", (1, 31)), ("2.7.0", (1, 32)), ("v2.8.0-rc.1", (1, 33))] {
            assert_eq!(oldest_kubernetes(release), Some(kubernetes), "{release}");
        }
        assert_eq!(oldest_kubernetes(""), None);
        assert_eq!(address("2.8.3"), address("v2.8.3"));
    }

    #[test]
    fn components_are_found_by_any_of_their_names_and_kept_in_order() {
        let words = ["helm", "source-controller"].map(str::to_owned);
        let names: Vec<&str> = components(&words).unwrap().iter().map(|c| c.name).collect();
        assert_eq!(names, ["source-controller", "helm-controller"]);
        assert!(components(&["flagger".to_owned()]).unwrap_err().next.contains("image-reflector"));
    }

    #[test]
    fn an_images_tag_is_its_version() {
        for (image, tag) in [
            ("ghcr.io/fluxcd/source-controller:v1.9.0", "v1.9.0"),
            ("localhost:5000/source-controller", "latest"),
            ("a/b:v1@sha256:0123456789abcdef", "v1"),
            ("a/b@sha256:0123456789abcdef", "sha256:0123456789ab"),
        ] {
            assert_eq!(tag_of(image), tag, "{image}");
        }
    }
}
