//! Which objects a selector speaks of: patterns on names and kinds, and selectors on labels and annotations.

use crate::build::layer::Layer;
use crate::build::pattern::Pattern;
use crate::build::resource::Resource;
use crate::build::source::Sources;
use crate::error::Error;
use crate::yaml::Val;

/// The fields of a selector.
const FIELDS: &[&str] = &["group", "version", "kind", "name", "namespace", "labelSelector", "annotationSelector"];
/// How long a label's value may be.
const LONGEST: usize = 63;

/// Holds a selector that was read.
pub(super) struct Selector {
    group: Option<Pattern>,
    version: Option<Pattern>,
    kind: Option<Pattern>,
    name: Option<Pattern>,
    namespace: Option<Pattern>,
    labels: Vec<Term>,
    annotations: Vec<Term>,
}

/// Holds one term of a label selector.
#[derive(Debug, PartialEq, Eq)]
struct Term {
    key: String,
    test: Test,
}

#[derive(Debug, PartialEq, Eq)]
enum Test {
    There,
    Absent,
    In(Vec<String>),
    NotIn(Vec<String>),
    Above(i64),
    Below(i64),
}

impl Test {
    fn holds(&self, value: Option<&str>) -> bool {
        let number = || value.and_then(|v| v.parse::<i64>().ok());
        match self {
            Self::There => value.is_some(),
            Self::Absent => value.is_none(),
            Self::In(set) => value.is_some_and(|v| set.iter().any(|s| s == v)),
            Self::NotIn(set) => value.is_none_or(|v| !set.iter().any(|s| s == v)),
            Self::Above(limit) => number().is_some_and(|n| n > *limit),
            Self::Below(limit) => number().is_some_and(|n| n < *limit),
        }
    }
}

fn fits(pattern: Option<&Pattern>, text: &str) -> bool {
    pattern.is_none_or(|p| p.fits(text))
}

impl Selector {
    /// Reads a selector of a kustomization.
    pub(super) fn read(layer: &Layer, sources: &Sources, val: &Val) -> Result<Self, Error> {
        layer.keys(sources, val, ("target", FIELDS))?;
        let pattern = |key: &str| -> Result<Option<Pattern>, Error> {
            let Some(text) = val.get(key).and_then(Val::scalar).filter(|t| !t.is_empty()) else { return Ok(None) };
            Pattern::new(&text)
                .map(Some)
                .ok_or_else(|| layer.meaning(sources, val, format!("{key}: \u{201c}{text}\u{201d} is no pattern")))
        };
        let terms = |key: &str| -> Result<Vec<Term>, Error> {
            let text = val.get(key).and_then(Val::scalar).unwrap_or_default();
            terms(&text).map_err(|why| layer.meaning(sources, val, format!("{key}: {why}")))
        };
        Ok(Self {
            group: pattern("group")?,
            version: pattern("version")?,
            kind: pattern("kind")?,
            name: pattern("name")?,
            namespace: pattern("namespace")?,
            labels: terms("labelSelector")?,
            annotations: terms("annotationSelector")?,
        })
    }

    /// Returns the positions of the resources that it selects by their present or their first name.
    pub(super) fn select(&self, resources: &[Resource]) -> Vec<usize> {
        let chosen = |r: &Resource| {
            let (first, name, space) = (r.first(), r.id().name, r.space());
            let placed = fits(self.namespace.as_ref(), &first.space) || fits(self.namespace.as_ref(), &space);
            let named = fits(self.name.as_ref(), &first.name) || fits(self.name.as_ref(), &name);
            placed && named && self.typed(r, r.kind_text()) && self.marked(r)
        };
        resources.iter().enumerate().filter(|(_, r)| chosen(r)).map(|(at, _)| at).collect()
    }

    fn typed(&self, resource: &Resource, kind: &str) -> bool {
        let (group, version) = resource.typed();
        fits(self.group.as_ref(), group) && fits(self.version.as_ref(), version) && fits(self.kind.as_ref(), kind)
    }

    /// Tells whether labels and annotations of a resource satisfy it.
    pub(super) fn marked(&self, resource: &Resource) -> bool {
        let satisfied = |field: &str, terms: &[Term]| {
            let map = resource.val.at(&["metadata", field]);
            terms.iter().all(|term| term.test.holds(map.and_then(|m| m.get(&term.key)).and_then(Val::scalar).as_deref()))
        };
        satisfied("labels", &self.labels) && satisfied("annotations", &self.annotations)
    }

    /// Tells whether it asks for labels or annotations at all.
    pub(super) const fn asks_marks(&self) -> bool {
        !self.labels.is_empty() || !self.annotations.is_empty()
    }

    /// Tells whether it asks for a kind or a name at all.
    pub(super) const fn asks_name(&self) -> bool {
        self.group.is_some() || self.version.is_some() || self.kind.is_some() || self.name.is_some() || self.namespace.is_some()
    }

    /// Tells whether any name that a resource had or has is meant, its namespace taken as it is written.
    pub(super) fn any_name(&self, resource: &Resource) -> bool {
        let fits = |kind: &str, name: &str, namespace: &str| {
            self.typed(resource, kind) && fits(self.name.as_ref(), name) && fits(self.namespace.as_ref(), namespace)
        };
        let now = resource.id();
        resource.before.iter().any(|id| fits(&id.kind, &id.name, &id.space)) || fits(&now.kind, &now.name, &now.namespace)
    }
}

/// Tells whether labels, or annotations, satisfy a label selector; an error when it cannot be read.
pub(crate) fn satisfied<'v>(selector: &str, of: impl Fn(&str) -> Option<&'v str>) -> Result<bool, String> {
    Ok(terms(selector)?.iter().all(|term| term.test.holds(of(&term.key))))
}

/// Reads a label selector.
fn terms(text: &str) -> Result<Vec<Term>, String> {
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    let (mut depth, mut start, mut out) = (0_usize, 0, Vec::new());
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                out.push(term(&text[start..at])?);
                start = at + 1;
            }
            _ => {}
        }
    }
    out.push(term(&text[start..])?);
    Ok(out)
}

fn term(text: &str) -> Result<Term, String> {
    let text = text.trim();
    let set = |set: &str| -> Result<Vec<String>, String> {
        let inner = set.trim().strip_prefix('(').and_then(|s| s.strip_suffix(')'));
        let inner = inner.ok_or_else(|| format!("\u{201c}{set}\u{201d} is no set in parentheses"))?;
        inner.split(',').map(|word| value(word.trim())).collect()
    };
    let number = |text: &str| text.trim().parse::<i64>().map_err(|_| format!("{text} is no whole number"));
    let mut words = text.split_whitespace();
    let (first, second) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let behind = |word: &str| text[first.len()..].trim_start()[word.len()..].to_owned();
    let (label, asks) = if let Some(name) = text.strip_prefix('!') {
        (name, Test::Absent)
    } else if second == "in" || second.starts_with("in(") {
        (first, Test::In(set(&behind("in"))?))
    } else if second == "notin" || second.starts_with("notin(") {
        (first, Test::NotIn(set(&behind("notin"))?))
    } else if let Some((name, word)) = text.split_once("!=") {
        (name, Test::NotIn(vec![value(word.trim())?]))
    } else if let Some((name, word)) = text.split_once("==").or_else(|| text.split_once('=')) {
        (name, Test::In(vec![value(word.trim())?]))
    } else if let Some((name, word)) = text.split_once('>') {
        (name, Test::Above(number(word)?))
    } else if let Some((name, word)) = text.split_once('<') {
        (name, Test::Below(number(word)?))
    } else {
        (text, Test::There)
    };
    Ok(Term { key: key(label.trim())?, test: asks })
}

fn word(text: &str) -> bool {
    let edge = |c: char| c.is_ascii_alphanumeric();
    text.len() <= LONGEST
        && text.starts_with(edge)
        && text.ends_with(edge)
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

fn key(text: &str) -> Result<String, String> {
    let name = text.rsplit_once('/').map_or(text, |(_, name)| name);
    if word(name) { Ok(text.to_owned()) } else { Err(format!("\u{201c}{text}\u{201d} is no label")) }
}

fn value(text: &str) -> Result<String, String> {
    if text.is_empty() || word(text) { Ok(text.to_owned()) } else { Err(format!("\u{201c}{text}\u{201d} is no label's value")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn label_selectors_are_read_as_kubernetes_reads_them() {
        let test = |text: &str, value: Option<&str>| terms(text).map(|all| all.iter().all(|t| t.test.holds(value)));
        for (selector, value, holds) in [
            ("a", Some("x"), true),
            ("a", None, false),
            ("!a", None, true),
            ("a=x", Some("x"), true),
            ("a == x", Some("y"), false),
            ("a!=x", None, true),
            ("a in (x, y)", Some("y"), true),
            ("a in (x)", None, false),
            ("a notin (x)", None, true),
            ("a notin(x)", Some("x"), false),
            ("a=x,a!=y", Some("x"), true),
            ("a>3", Some("4"), true),
            ("a<3", Some("4"), false),
            ("example.org/a=x", Some("x"), true),
            ("", None, true),
        ] {
            assert_eq!(test(selector, value), Ok(holds), "{selector}");
        }
        for odd in ["a in x", "=x", "a=b c", "a=-x"] {
            assert!(terms(odd).is_err(), "{odd}");
        }
    }
}
