//! Patterns as kustomization files write them. Most are plain words: for those no machine is built, since building one takes
//! longer than rendering many objects.

use regex::Regex;

/// What may follow the name of an image that an entry speaks of.
const VERSIONS: &str = "(:[a-zA-Z0-9_.{}-]*)?(@sha256:[a-zA-Z0-9_.{}-]*)?$";

/// Holds a pattern that has to fit a whole text.
#[derive(Debug, Clone)]
pub(crate) enum Pattern {
    Words(String),
    Regex(Regex),
}

impl Pattern {
    /// Reads a pattern; nothing when it is none.
    pub(crate) fn new(text: &str) -> Option<Self> {
        if text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'/')) {
            return Some(Self::Words(text.to_owned()));
        }
        Regex::new(&format!("^(?:{text})$")).ok().map(Self::Regex)
    }

    /// Tells whether it fits a text.
    pub(crate) fn fits(&self, text: &str) -> bool {
        match self {
            Self::Words(words) => words == text,
            Self::Regex(regex) => regex.is_match(text),
        }
    }
}

/// Holds the name of an image, which kustomize reads as a pattern, with whatever tag and digest follow it.
pub(super) enum ImageName {
    Words(String),
    Regex(Regex),
}

impl ImageName {
    /// Reads a name; nothing when it is no pattern.
    pub(super) fn new(name: &str) -> Option<Self> {
        if name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'/' | b':' | b'@' | b'.')) {
            return Some(Self::Words(name.to_owned()));
        }
        Regex::new(&format!("^{name}{VERSIONS}")).ok().map(Self::Regex)
    }

    /// Tells whether it speaks of an image.
    pub(super) fn fits(&self, image: &str) -> bool {
        match self {
            Self::Words(name) => after(name, image).is_some_and(version),
            Self::Regex(regex) => regex.is_match(image),
        }
    }
}

/// Returns what follows a name, in which a dot stands for any character as it does in a pattern.
fn after<'i>(name: &str, image: &'i str) -> Option<&'i str> {
    let mut rest = image.chars();
    let same = |wanted: char| rest.next().is_some_and(|c| c == wanted || (wanted == '.' && c != '\n'));
    name.chars().all(same).then_some(rest.as_str())
}

/// Tells whether a text is a tag, a digest, both or nothing.
fn version(text: &str) -> bool {
    let rest = text.strip_prefix(':').map_or(text, behind);
    rest.strip_prefix("@sha256:").map_or(rest, behind).is_empty()
}

/// Returns what follows the word that a text begins with.
fn behind(text: &str) -> &str {
    text.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || "_.{}-".contains(c))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests may panic")]

    use super::*;

    #[test]
    fn plain_words_fit_as_their_patterns_do() {
        let names = ["nginx", "registry.example/app", "localhost:5000/a_b-c", "app@sha256:ab", "", "a.c"];
        let images = [
            "nginx",
            "nginx:",
            "nginx:1.2",
            "nginx:1.2@sha256:ab",
            "nginx@sha256:",
            "nginx:1:2",
            "nginx:1/2",
            "nginxx",
            "ngin",
            "registry.example/app:v1",
            "registryXexample/app",
            "registry\nexample/app",
            "localhost:5000/a_b-c:x",
            "localhost:5000/a_b-c@sha256:1@sha256:2",
            "app@sha256:ab",
            "app@sha256:abc",
            "",
            ":1",
            "aéc:1",
            "a.c",
            "nginx:{{x}}",
            "nginx:1\n",
            "nginx:é",
        ];
        for name in names {
            let regex = Regex::new(&format!("^{name}{VERSIONS}")).unwrap();
            let words = ImageName::new(name).unwrap();
            assert!(matches!(words, ImageName::Words(_)));
            for image in images {
                assert_eq!(words.fits(image), regex.is_match(image), "{name} {image:?}");
            }
        }
        for (pattern, text, fits) in [
            ("Deployment", "Deployment", true),
            ("Deployment", "Deployments", false),
            ("web.*", "web-1", true),
            ("a|b", "ab", false),
        ] {
            assert_eq!(Pattern::new(pattern).unwrap().fits(text), fits, "{pattern} {text}");
        }
        assert!(Pattern::new("(").is_none() && ImageName::new("(").is_none());
    }
}
