//! The files of one revision of a repository, held in memory: what Git gives and what edits change.
//!
//! Paths are relative to the repository's root, with `/`, without `.` and `..`. Nothing here touches a disk; links are
//! resolved within the map and never lead out of it.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use crate::error::Error;
pub use crate::yaml::FILE_LIMIT;
use crate::yaml::{RULES, Reading, Rules, SyntaxFault};

/// How many links are followed for one path.
const LINK_LIMIT: usize = 16;

/// What a text says, or why it says nothing.
type Read = Result<Arc<Reading>, SyntaxFault>;

/// Holds a file, and what it says once somebody has asked: renderings ask many times for the same base.
#[derive(Debug)]
struct Content {
    bytes: Vec<u8>,
    readings: [OnceLock<Read>; RULES],
}

impl Content {
    fn reading(&self, rules: Rules) -> Option<&Read> {
        let text = std::str::from_utf8(&self.bytes).ok()?;
        Some(self.readings[rules as usize].get_or_init(|| Reading::of(text, rules).map(Arc::new)))
    }
}

impl PartialEq for Content {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for Content {}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Entry {
    Content(Arc<Content>),
    Link(String),
    /// A file that was too large to be read: its size in bytes.
    Large(usize),
}

/// Holds files by their path relative to the repository's root. A copy shares their contents.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Files {
    entries: BTreeMap<String, Entry>,
}

impl Files {
    /// Builds an empty set.
    pub const fn new() -> Self {
        Self { entries: BTreeMap::new() }
    }

    /// Adds or replaces a file. The path is taken as it is: relative, with `/`.
    pub fn insert(&mut self, path: impl Into<String>, content: impl Into<Vec<u8>>) {
        let content = Content { bytes: content.into(), readings: [const { OnceLock::new() }; RULES] };
        self.entries.insert(path.into(), Entry::Content(Arc::new(content)));
    }

    /// Adds a symbolic link with the target that Git stores for it.
    pub fn insert_link(&mut self, path: impl Into<String>, target: impl Into<String>) {
        self.entries.insert(path.into(), Entry::Link(target.into()));
    }

    /// Adds a file that is there but too large to be read, with its size in bytes: whoever needs its content is told so.
    pub fn insert_large(&mut self, path: impl Into<String>, size: usize) {
        self.entries.insert(path.into(), Entry::Large(size));
    }

    /// Removes a file or link.
    pub fn remove(&mut self, path: &str) {
        self.entries.remove(path);
    }

    /// Returns the number of files and links.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Tells whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Tells whether any of them is a symbolic link.
    pub fn has_links(&self) -> bool {
        self.entries.values().any(|entry| matches!(entry, Entry::Link(_)))
    }

    /// Returns all paths in order.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    /// Returns a file's bytes, links followed; nothing when it does not exist or was too large to be read.
    pub fn bytes(&self, path: &str) -> Option<&[u8]> {
        match self.entry(path)? {
            Entry::Content(content) => Some(&content.bytes),
            Entry::Link(_) | Entry::Large(_) => None,
        }
    }

    fn entry(&self, path: &str) -> Option<&Entry> {
        self.entries.get(&self.resolve(path).ok()?)
    }

    /// Returns a file's bytes, links followed; an error when it is missing or was too large to be read. `by` is the file that
    /// names it.
    pub fn content(&self, path: &str, by: Option<&str>) -> Result<&[u8], Error> {
        match self.entries.get(&self.resolve(path)?) {
            Some(Entry::Content(content)) => Ok(&content.bytes),
            Some(Entry::Large(size)) => Err(too_large(path, *size)),
            Some(Entry::Link(_)) | None => Err(Error::Missing { path: path.to_owned(), by: by.map(str::to_owned) }),
        }
    }

    /// Returns a manifest's text; an error when it is missing, too large or no UTF-8. `by` is the file that names it.
    pub fn text(&self, path: &str, by: Option<&str>) -> Result<&str, Error> {
        let bytes = self.content(path, by)?;
        if bytes.len() > FILE_LIMIT {
            return Err(too_large(path, bytes.len()));
        }
        std::str::from_utf8(bytes).map_err(|_| Error::NotText { file: path.to_owned() })
    }

    /// Tells whether a file is at the path that was too large to be read, links followed.
    pub fn is_large(&self, path: &str) -> bool {
        matches!(self.entry(path), Some(Entry::Large(_)))
    }

    /// Returns what a file says, read once however often it is asked; nothing when it is missing or no UTF-8.
    pub(crate) fn reading(&self, path: &str, rules: Rules) -> Option<Result<Arc<Reading>, SyntaxFault>> {
        match self.entry(path)? {
            Entry::Content(content) => content.reading(rules).cloned(),
            Entry::Link(_) | Entry::Large(_) => None,
        }
    }

    /// Tells whether a file is at the path, read or not, links followed.
    pub fn is_file(&self, path: &str) -> bool {
        matches!(self.entry(path), Some(Entry::Content(_) | Entry::Large(_)))
    }

    /// Tells whether a folder is at the path, links followed.
    pub fn is_folder(&self, path: &str) -> bool {
        let Ok(real) = self.resolve(path) else { return false };
        real.is_empty() || self.below(&real).next().is_some()
    }

    /// Returns the paths of all files below a folder (not through links), in order.
    pub fn below<'a>(&'a self, folder: &str) -> impl Iterator<Item = &'a str> + use<'a> {
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        self.entries.range(prefix.clone()..).map(|(path, _)| path.as_str()).take_while(move |path| path.starts_with(&prefix))
    }

    /// Returns a path with all links in it followed; an error when they lead out or in a circle.
    pub fn resolve(&self, path: &str) -> Result<String, Error> {
        let outside = || Error::Outside { path: path.to_owned(), by: None };
        let mut current = normal("", path).ok_or_else(outside)?;
        for _ in 0..LINK_LIMIT {
            let Some((at, target)) = self.first_link(&current) else { return Ok(current) };
            let folder = parent(&current[..at]);
            let rest = current[at..].trim_start_matches('/');
            let joined = if rest.is_empty() { target.to_owned() } else { format!("{target}/{rest}") };
            current = normal(folder, &joined).ok_or_else(outside)?;
        }
        Err(outside())
    }

    fn first_link(&self, path: &str) -> Option<(usize, &str)> {
        let mut ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
        ends.find_map(|end| match self.entries.get(&path[..end]) {
            Some(Entry::Link(target)) => Some((end, target.as_str())),
            _ => None,
        })
    }
}

impl<P: Into<String>, C: Into<Vec<u8>>> FromIterator<(P, C)> for Files {
    fn from_iter<T: IntoIterator<Item = (P, C)>>(iter: T) -> Self {
        let mut files = Self::new();
        for (path, content) in iter {
            files.insert(path, content);
        }
        files
    }
}

fn too_large(path: &str, size: usize) -> Error {
    Error::Limit { file: path.to_owned(), why: format!("the file has {size} bytes, more than {FILE_LIMIT}") }
}

/// Returns the folder of a path, empty for the root.
pub fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Joins a folder and a path written in a file of it; an error when it is absolute or leads out of the root.
pub fn join(folder: &str, written: &str, by: &str) -> Result<String, Error> {
    normal(folder, written).ok_or_else(|| Error::Outside { path: written.to_owned(), by: Some(by.to_owned()) })
}

/// Tells whether a path is the folder itself or lies below it.
pub fn within(path: &str, folder: &str) -> bool {
    folder.is_empty() || path == folder || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

/// Tells whether a path has the name of a YAML file.
pub fn is_yaml(path: &str) -> bool {
    matches!(path.rsplit_once('.').map(|(_, ext)| ext), Some("yaml" | "yml"))
}

fn normal(folder: &str, written: &str) -> Option<String> {
    if written.starts_with('/') || written.contains('\\') || written.contains('\0') {
        return None;
    }
    let mut parts: Vec<&str> = folder.split('/').filter(|p| !p.is_empty()).collect();
    for part in written.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by failing")]
    use super::*;

    #[test]
    fn paths_never_leave_the_root() {
        for (folder, written, expect) in [
            ("k8s/overlays/dev", "../../base", Some("k8s/base")),
            ("k8s", "./a.yaml", Some("k8s/a.yaml")),
            ("k8s", "..", Some("")),
            ("k8s", "../..", None),
            ("", "..", None),
            ("k8s", "/etc/passwd", None),
            ("k8s", "a/../../../b", None),
        ] {
            assert_eq!(join(folder, written, "k").ok().as_deref(), expect, "{folder} + {written}");
        }
    }

    #[test]
    fn links_are_followed_within_and_refused_without() {
        let mut files: Files = [("real/a.yaml", "a: 1\n"), ("other/b.yaml", "b: 1\n")].into_iter().collect();
        files.insert_link("here", "real");
        files.insert_link("out", "../../etc");
        files.insert_link("abs", "/etc");
        files.insert_link("x", "y");
        files.insert_link("y", "x");
        assert_eq!(files.text("here/a.yaml", None), Ok("a: 1\n"));
        assert!(files.is_folder("here"));
        for path in ["out/passwd", "abs/passwd", "x/z", "x"] {
            assert!(matches!(files.text(path, None), Err(Error::Outside { .. })), "{path}");
        }
        assert!(matches!(files.text("real/none.yaml", Some("k.yaml")), Err(Error::Missing { .. })));
        assert_eq!(files.below("real").collect::<Vec<_>>(), ["real/a.yaml"]);
    }

    #[test]
    fn bytes_that_are_no_text_and_files_that_are_too_large_are_named() {
        let mut files = Files::new();
        files.insert("bin", vec![0xff, 0xfe]);
        files.insert("big", vec![b'a'; FILE_LIMIT + 1]);
        assert!(matches!(files.text("bin", None), Err(Error::NotText { .. })));
        assert!(matches!(files.text("big", None), Err(Error::Limit { .. })));
        files.insert_large("k/huge.yaml", 9 << 20);
        assert!(files.is_file("k/huge.yaml") && files.is_large("k/huge.yaml") && !files.is_large("big"));
        assert_eq!(files.below("k").collect::<Vec<_>>(), ["k/huge.yaml"]);
        let error = crate::build(&files, "k").unwrap_err().to_string();
        assert!(error.contains("k/huge.yaml") && error.contains("9437184 bytes"), "{error}");
        files.insert("k/kustomization.yaml", "configMapGenerator: [{name: c, files: [huge.yaml]}]\n");
        assert!(matches!(crate::build(&files, "k"), Err(Error::Limit { file, .. }) if file == "k/huge.yaml"));
        let findings = crate::lint(&files, "k", &crate::schema::Schemas::built_in());
        let told = findings.iter().find(|f| f.file.as_deref() == Some("k/huge.yaml")).unwrap();
        assert!(told.severity >= domain::change::Severity::Warning && told.message.contains("bytes"), "{told:?}");
    }
}
