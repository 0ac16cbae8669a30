//! Container image references, as the kubelet reads them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::trouble::Trouble;

/// Holds an image reference: `[registry[:port]/]path[:tag][@digest]` (the grammar of the OCI distribution reference).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Image {
    /// Registry and path, without tag and digest: `ghcr.io/acme/shop`.
    pub name: String,
    /// The tag, when one is written.
    pub tag: Option<String>,
    /// The digest with its algorithm, when one is written: `sha256:…`.
    pub digest: Option<String>,
}

impl Image {
    /// Returns the registry when the first component names a host, as the container runtimes decide it.
    pub fn registry(&self) -> Option<&str> {
        let (first, _) = self.name.split_once('/')?;
        (first.contains('.') || first.contains(':') || first == "localhost").then_some(first)
    }

    /// Returns what distinguishes versions of one image: the tag, else the digest, else `latest`.
    pub fn version(&self) -> &str {
        self.tag.as_deref().or(self.digest.as_deref()).unwrap_or("latest")
    }
}

impl fmt::Display for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

impl FromStr for Image {
    type Err = Trouble;
    fn from_str(text: &str) -> Result<Self, Trouble> {
        split(text).map_err(|why| {
            Trouble::usage("That is not an image reference", format!("\u{201c}{text}\u{201d}"))
                .why(why)
                .next("Write it as registry/path:tag, for example ghcr.io/acme/shop:1.8.5.")
        })
    }
}

impl TryFrom<String> for Image {
    type Error = Trouble;
    fn try_from(text: String) -> Result<Self, Trouble> {
        text.parse()
    }
}

impl From<Image> for String {
    fn from(image: Image) -> Self {
        image.to_string()
    }
}

fn split(text: &str) -> Result<Image, String> {
    let (rest, digest) = match text.split_once('@') {
        Some((rest, digest)) => (rest, Some(digest_of(digest)?)),
        None => (text, None),
    };
    let slash = rest.rfind('/').map_or(0, |at| at + 1);
    let (name, tag) = match rest.get(slash..).and_then(|last| last.find(':')) {
        Some(colon) => (&rest[..slash + colon], Some(&rest[slash + colon + 1..])),
        None => (rest, None),
    };
    if let Some(tag) = tag {
        check_tag(tag)?;
    }
    check_name(name)?;
    Ok(Image { name: name.to_owned(), tag: tag.map(str::to_owned), digest })
}

/// Checks a tag on its own: 1 to 128 of letters, digits, `_`, `.`, `-`, not starting with `.` or `-`.
pub fn check_tag(tag: &str) -> Result<(), String> {
    if tag.is_empty() {
        return Err("the tag is empty".to_owned());
    }
    if tag.len() > 128 {
        return Err("the tag is longer than 128 characters".to_owned());
    }
    if let Some(odd) = tag.chars().find(|c| !(c.is_ascii_alphanumeric() || "_.-".contains(*c))) {
        return Err(format!("\u{201c}{odd}\u{201d} cannot stand in a tag"));
    }
    if tag.starts_with(['.', '-']) {
        return Err("a tag starts with a letter, a digit or _".to_owned());
    }
    Ok(())
}

fn digest_of(digest: &str) -> Result<String, String> {
    let (algorithm, hex) = digest.split_once(':').ok_or("a digest is written algorithm:hex")?;
    let length = match algorithm {
        "sha256" => 64,
        "sha384" => 96,
        "sha512" => 128,
        _ => return Err(format!("\u{201c}{algorithm}\u{201d} is no known digest algorithm")),
    };
    if hex.len() != length || !hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)) {
        return Err(format!("a {algorithm} digest has {length} lower-case hexadecimal digits"));
    }
    Ok(digest.to_owned())
}

fn check_name(name: &str) -> Result<(), String> {
    if name.is_empty() {
        return Err("the name is empty".to_owned());
    }
    if name.len() > 255 {
        return Err("the name is longer than 255 characters".to_owned());
    }
    for (at, part) in name.split('/').enumerate() {
        let host = at == 0 && name.contains('/') && (part.contains('.') || part.contains(':') || part == "localhost");
        if host {
            let (domain, port) = part.split_once(':').unwrap_or((part, "1"));
            let fine = !domain.is_empty() && domain.chars().all(|c| c.is_ascii_alphanumeric() || ".-".contains(c));
            if !fine || port.is_empty() || !port.bytes().all(|b| b.is_ascii_digit()) {
                return Err(format!("\u{201c}{part}\u{201d} is no registry host"));
            }
            continue;
        }
        if part.is_empty() {
            return Err("there is an empty part between slashes".to_owned());
        }
        if part.chars().any(|c| c.is_ascii_uppercase()) {
            return Err(format!("\u{201c}{part}\u{201d} has upper-case letters; image paths are lower-case"));
        }
        if let Some(odd) = part.chars().find(|c| !(c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(*c))) {
            return Err(format!("\u{201c}{odd}\u{201d} cannot stand in an image path"));
        }
        if part.starts_with(['.', '_', '-']) || part.ends_with(['.', '_', '-']) {
            return Err(format!("\u{201c}{part}\u{201d} starts or ends with a separator"));
        }
    }
    Ok(())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test says which input failed by failing")]
mod tests {
    use super::*;

    #[test]
    fn references_are_split_where_the_runtimes_split_them() {
        let table = [
            ("nginx", "nginx", None, None),
            ("nginx:1.27", "nginx", Some("1.27"), None),
            ("localhost:5000/a/b", "localhost:5000/a/b", None, None),
            ("ghcr.io/acme/shop:1.8.5", "ghcr.io/acme/shop", Some("1.8.5"), Some("ghcr.io")),
        ];
        for (text, name, tag, registry) in table {
            let image: Image = text.parse().unwrap();
            assert_eq!((image.name.as_str(), image.tag.as_deref()), (name, tag), "{text}");
            assert_eq!(image.to_string(), text);
            if registry.is_some() {
                assert_eq!(image.registry(), registry, "{text}");
            }
        }
        let pinned = format!("ghcr.io/a/b:1@sha256:{}", "0".repeat(64));
        assert_eq!(pinned.parse::<Image>().unwrap().to_string(), pinned);
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, why) in [
            ("", "empty"),
            ("Shop:1", "upper-case"),
            ("shop:", "tag is empty"),
            ("shop:a b", "cannot stand in a tag"),
            ("a//b", "empty part"),
            ("a@sha256:12", "64 lower-case"),
            ("a@md5:12", "no known digest"),
        ] {
            let trouble = text.parse::<Image>().unwrap_err();
            assert!(trouble.why.contains(why), "{text}: {trouble}");
        }
    }
}
