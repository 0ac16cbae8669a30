//! What the generators of a rendering say, key by key: which item of a list, which line of a `.env` file, which file.
//!
//! Rendering knows the item that a value came from; this knows what kind of item that is, and so how it is changed.

use crate::build::source::{Role, Sources};
use crate::error::Error;
use crate::files::{self, Files};
use crate::yaml::{Place, Tree, Val, read};

/// Holds one entry of a `configMapGenerator` or `secretGenerator`.
pub(crate) struct Generator {
    /// The name of what it generates, as it is written.
    pub(crate) name: String,
    /// Whether it generates a Secret.
    pub(crate) secret: bool,
    /// Where it is written.
    pub(crate) item: Place,
    /// The list of its literals, when it has any.
    pub(crate) literals: Option<Place>,
    /// The `.env` files that it reads.
    pub(crate) envs: Vec<String>,
    /// Its keys.
    pub(crate) keys: Vec<Key>,
}

/// Holds one key of a generator.
pub(crate) struct Key {
    /// Its name.
    pub(crate) name: String,
    /// The item that it comes from.
    pub(crate) item: Place,
    /// How it is written.
    pub(crate) how: How,
}

/// Says how a key's value is written.
#[derive(Clone)]
pub(crate) enum How {
    /// `literals: [key=value]`.
    Literal,
    /// A line (counted from 1) of a `.env` file.
    Line(String, usize),
    /// A whole file.
    File(String),
}

impl Generator {
    /// Returns the field of the kustomization that it stands in.
    pub(crate) const fn field(&self) -> &'static str {
        field(self.secret)
    }
}

/// Returns the field of a kustomization that generates Secrets or ConfigMaps.
pub(crate) const fn field(secret: bool) -> &'static str {
    if secret { "secretGenerator" } else { "configMapGenerator" }
}

/// Reads the generators of all kustomizations of a rendering, in the order in which they were read.
pub(super) fn generators(files: &Files, sources: &Sources) -> Result<Vec<Generator>, Error> {
    let mut all = Vec::new();
    for (number, source) in sources.all().filter(|(_, s)| s.role == Role::Kustomization && s.text.contains("Generator")) {
        // It was read before, so that there is no fault in it.
        let Ok(tree) = Tree::parse(&source.text) else { continue };
        let folder = (source.layer.as_str(), source.file.as_str());
        for root in tree.documents().iter().map(|d| d.root) {
            let Ok(val) = read(&tree, root, number, &mut 0) else { continue };
            for secret in [false, true] {
                for item in val.get(field(secret)).map(Val::items).unwrap_or_default() {
                    all.extend(generator(files, folder, item, secret)?);
                }
            }
        }
    }
    Ok(all)
}

fn generator(files: &Files, (folder, by): (&str, &str), item: &Val, secret: bool) -> Result<Option<Generator>, Error> {
    let (Some(name), Some(place)) = (item.get("name").and_then(Val::scalar), item.from) else { return Ok(None) };
    let literals = item.get("literals").filter(|l| !l.items().is_empty()).and_then(|l| l.from);
    let mut out = Generator { name, secret, item: place, literals, envs: Vec::new(), keys: Vec::new() };
    let resolve = |path: &str| files.resolve(&files::join(folder, path, by)?);
    for at in item.get("envs").map(Val::items).unwrap_or_default().iter().chain(item.get("env")) {
        let (Some(path), Some(from)) = (at.scalar(), at.from) else { continue };
        let file = resolve(&path)?;
        let text = std::str::from_utf8(files.bytes(&file).unwrap_or_default()).unwrap_or_default();
        let keys = lines(text).into_iter().map(|line| {
            let how = How::Line(file.clone(), line.number);
            Key { name: line.key.to_owned(), item: from, how }
        });
        out.keys.extend(keys);
        out.envs.push(file.clone());
    }
    for at in item.get("literals").map(Val::items).unwrap_or_default() {
        let (Some(text), Some(from)) = (at.scalar(), at.from) else { continue };
        let key = text.split_once('=').map_or(text.as_str(), |(key, _)| key).to_owned();
        out.keys.push(Key { name: key, item: from, how: How::Literal });
    }
    for at in item.get("files").map(Val::items).unwrap_or_default() {
        let (Some(text), Some(from)) = (at.scalar(), at.from) else { continue };
        let (key, path) = text.split_once('=').unwrap_or_else(|| (text.rsplit('/').next().unwrap_or(&text), &text));
        out.keys.push(Key { name: key.to_owned(), item: from, how: How::File(resolve(path)?) });
    }
    Ok(Some(out))
}

/// Holds one line of a `.env` file that has a key.
pub(crate) struct Line<'t> {
    /// Its number, counted from 1.
    pub(crate) number: usize,
    /// The key.
    pub(crate) key: &'t str,
    /// Where it starts, white space in front included.
    pub(crate) start: usize,
    /// Where its key ends.
    pub(crate) key_end: usize,
    /// Where its text ends, before the line break.
    pub(crate) end: usize,
}

/// Returns the lines of a `.env` file that have a key: empty lines and those that start with `#` say nothing, the first `=`
/// ends the key, and all that follows is the value, quotes, blanks and `#` included.
pub(crate) fn lines(text: &str) -> Vec<Line<'_>> {
    let mut out = Vec::new();
    let mut start = 0;
    for (at, whole) in text.split('\n').enumerate() {
        let line = whole.strip_suffix('\r').unwrap_or(whole);
        let unmarked = if at == 0 { line.trim_start_matches('\u{feff}') } else { line };
        let body = unmarked.trim_start();
        if !body.is_empty() && !body.starts_with('#') {
            let end = start + line.len();
            let key = body.split_once('=').map_or(body, |(key, _)| key);
            out.push(Line { number: at + 1, key, start: end - unmarked.len(), key_end: end - body.len() + key.len(), end });
        }
        start += whole.len() + 1;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_an_env_file_is_key_and_all_that_follows() {
        let text = "\u{feff}A=1\r\n\r\n  # B=2\n  C=\"x\" # no comment\nD\nE=a=b \n";
        let told: Vec<String> =
            lines(text).iter().map(|l| format!("{}:{}|{}", l.number, l.key, &text[l.key_end..l.end])).collect();
        assert_eq!(told, ["1:A|=1", "4:C|=\"x\" # no comment", "5:D|", "6:E|=a=b "]);
    }
}
