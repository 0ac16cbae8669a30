//! Which of two tags is the older one, where that can be said at all.
//!
//! Tags are free text. Versions are compared as semver has it, other tags of the same shape by their numbers, and tags that
//! name a commit or a branch not at all: no answer is better than a wrong one.

use std::cmp::Ordering;

/// Words that mark a version before the one that it names.
const EARLY: [&str; 10] = ["alpha", "beta", "rc", "pre", "preview", "dev", "snapshot", "canary", "nightly", "m"];

/// Returns how a tag stands to another; nothing when they cannot be compared.
pub(crate) fn order(a: &str, b: &str) -> Option<Ordering> {
    if a == b {
        return Some(Ordering::Equal);
    }
    if let (Some(a), Some(b)) = (stamped(a), stamped(b)) {
        return (a.0 == b.0).then(|| a.1.cmp(&b.1));
    }
    let (a, b) = (Version::read(a)?, Version::read(b)?);
    a.order(&b)
}

/// Holds a tag as a version.
struct Version<'t> {
    lead: &'t str,
    numbers: Vec<u64>,
    rest: &'t str,
}

impl<'t> Version<'t> {
    fn read(tag: &'t str) -> Option<Self> {
        if is_commit(tag) {
            return None;
        }
        let start = tag.find(|c: char| c.is_ascii_digit())?;
        let (lead, body) = tag.split_at(start);
        let end = body.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(body.len());
        let (core, rest) = body.split_at(end);
        let core = core.trim_end_matches('.');
        let numbers = core.split('.').map(|part| part.parse().ok()).collect::<Option<Vec<u64>>>()?;
        Some(Self { lead: lead.strip_prefix(['v', 'V']).filter(|l| l.is_empty()).unwrap_or(lead), numbers, rest })
    }

    /// Tells whether it counts years, as `2024.1.3` or `20240103` do.
    fn by_date(&self) -> bool {
        self.numbers.first().is_some_and(|first| (1990..2100).contains(first) || *first > 19_900_000)
    }

    fn order(&self, other: &Self) -> Option<Ordering> {
        if self.lead != other.lead || self.by_date() != other.by_date() {
            return None;
        }
        let shared = self.numbers.iter().zip(&other.numbers).map(|(a, b)| a.cmp(b)).find(|o| o.is_ne());
        if let Some(order) = shared {
            return Some(order);
        }
        // `1.2` moves along with `1.2.3`: neither is the older one.
        if self.numbers.len() != other.numbers.len() {
            return None;
        }
        suffixes(self.rest, other.rest)
    }
}

/// Compares what stands behind the numbers.
fn suffixes(a: &str, b: &str) -> Option<Ordering> {
    if a == b {
        return Some(Ordering::Equal);
    }
    match (early(a), early(b)) {
        (Some(_), None) if b.is_empty() || b.starts_with('+') => Some(Ordering::Less),
        (None, Some(_)) if a.is_empty() || a.starts_with('+') => Some(Ordering::Greater),
        (Some(a), Some(b)) => (a.0 != b.0).then(|| a.0.cmp(b.0)).or_else(|| numbers(a.1, b.1)),
        (None, None) => numbers(a, b),
        _ => None,
    }
}

/// Returns the word that marks an early version, and what follows it.
fn early(rest: &str) -> Option<(&str, &str)> {
    let rest = rest.strip_prefix(['-', '.', '_']).unwrap_or(rest);
    let end = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
    let (word, tail) = rest.split_at(end);
    EARLY.contains(&word).then_some((word, tail))
}

/// Compares two texts by the numbers in them when all else is equal.
fn numbers(a: &str, b: &str) -> Option<Ordering> {
    let split = |text: &str| -> (Vec<String>, Vec<u64>) {
        let words = text.split(|c: char| c.is_ascii_digit()).filter(|w| !w.is_empty()).map(str::to_owned).collect();
        (words, text.split(|c: char| !c.is_ascii_digit()).filter_map(|n| n.parse().ok()).collect())
    };
    let ((words_a, numbers_a), (words_b, numbers_b)) = (split(a), split(b));
    (words_a == words_b && numbers_a.len() == numbers_b.len()).then(|| numbers_a.cmp(&numbers_b))
}

/// Returns branch and time of a tag such as `main-3f2a1b9-1700000000`.
fn stamped(tag: &str) -> Option<(&str, u64)> {
    let (rest, time) = tag.rsplit_once('-')?;
    let (branch, commit) = rest.rsplit_once('-')?;
    let long = (10..=14).contains(&time.len()) && is_commit(commit);
    long.then(|| time.parse().ok().map(|time| (branch, time)))?
}

fn is_commit(tag: &str) -> bool {
    let hex = tag.strip_prefix("sha-").or_else(|| tag.strip_prefix("git-")).unwrap_or(tag);
    let fine = (7..=40).contains(&hex.len()) && hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    fine && hex.bytes().any(|b| b.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_older_newer_or_not_to_be_compared() {
        use Ordering::{Equal, Greater, Less};
        for (a, b, expect) in [
            ("1.9.0", "1.10.0", Some(Less)),
            ("v1.10.0", "1.9.0", Some(Greater)),
            ("1.2.3", "1.2.3", Some(Equal)),
            ("1.2.0-rc.1", "1.2.0", Some(Less)),
            ("1.2.0-rc.2", "1.2.0-rc.10", Some(Less)),
            ("1.2.0-alpha.9", "1.2.0-beta.1", Some(Less)),
            ("1.2.0", "1.2.0-alpine", None),
            ("1.2.0-alpine3.18", "1.2.0-alpine3.19", Some(Less)),
            ("1.3.0-alpine", "1.2.0", Some(Greater)),
            ("1.2", "1.2.3", None),
            ("1.3", "1.2.3", Some(Greater)),
            ("2024.1.5", "2023.12.9", Some(Greater)),
            ("2024.1.5", "1.0.0", None),
            ("20240105", "20231209", Some(Greater)),
            ("RELEASE.2024-01-05T01-02-03Z", "RELEASE.2023-01-05T01-02-03Z", Some(Greater)),
            ("release-12", "release-9", Some(Greater)),
            ("41", "7", Some(Greater)),
            ("main-3f2a1b9-1700000000", "main-a0b1c2d-1600000000", Some(Greater)),
            ("main-3f2a1b9-1700000000", "next-a0b1c2d-1600000000", None),
            ("3f2a1b9", "a0b1c2d", None),
            ("sha-3f2a1b9", "sha-1f2a1b9", None),
            ("latest", "1.0", None),
            ("stable", "edge", None),
        ] {
            assert_eq!(order(a, b), expect, "{a} {b}");
            assert_eq!(order(b, a), expect.map(Ordering::reverse), "{b} {a}");
        }
    }
}
