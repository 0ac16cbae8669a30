//! What a cause is recognized by, and how it is said.

use super::Said;
use super::pattern::{Values, find};

/// Holds one cause: what recognizes it in a statement, what it means and what to do.
///
/// The sentences stand here in English and in the language files under `why.what` and `why.next`; a test compares them.
#[derive(Debug)]
pub struct Rule {
    /// The name, a promise to scripts: `quota-exceeded`.
    pub id: &'static str,
    /// What it means, with places.
    pub what: &'static str,
    /// What to do, with places.
    pub next: &'static str,
    /// How near to the root of the trouble it is, beside others of the same object: more is nearer.
    pub rank: u8,
    /// Whether it is concluded rather than said by the cluster.
    pub inferred: bool,
    reasons: &'static [&'static str],
    says: &'static [&'static str],
    refine: Option<fn(&Said, &mut Values) -> bool>,
}

impl Rule {
    /// Names a cause and how it is said.
    pub(super) const fn new(id: &'static str, what: &'static str, next: &'static str) -> Self {
        Self { id, what, next, rank: 50, inferred: false, reasons: &[], says: &[], refine: None }
    }

    /// Recognizes it by any of these patterns.
    pub(super) const fn says(mut self, says: &'static [&'static str]) -> Self {
        self.says = says;
        self
    }

    /// Only when the statement has one of these reasons.
    pub(super) const fn on(mut self, reasons: &'static [&'static str]) -> Self {
        self.reasons = reasons;
        self
    }

    /// Only when this agrees; it may add values.
    pub(super) const fn refine(mut self, refine: fn(&Said, &mut Values) -> bool) -> Self {
        self.refine = Some(refine);
        self
    }

    /// Sets the rank.
    pub(super) const fn rank(mut self, rank: u8) -> Self {
        self.rank = rank;
        self
    }

    /// Marks it as concluded.
    pub(super) const fn inferred(mut self) -> Self {
        self.inferred = true;
        self
    }

    /// Reads a statement; returns the values of the sentences' places when this is what it says.
    pub(super) fn read(&self, said: &Said) -> Option<Values> {
        if !self.reasons.is_empty() && !self.reasons.contains(&said.reason.as_str()) {
            return None;
        }
        if self.says.is_empty() && self.reasons.is_empty() && self.refine.is_none() {
            return None;
        }
        let mut values = match self.says {
            [] => Values::new(),
            says => says.iter().find_map(|pattern| find(pattern, &said.text))?,
        };
        for (name, value) in &said.given {
            if !values.iter().any(|(known, _)| known == name) {
                values.push((name, value.clone()));
            }
        }
        match self.refine {
            Some(refine) => refine(said, &mut values).then_some(values),
            None => Some(values),
        }
    }
}

/// Returns the value of a place.
pub(super) fn value<'a>(values: &'a Values, name: &str) -> Option<&'a str> {
    values.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
}

/// Sets the value of a place.
pub(super) fn set(values: &mut Values, name: &'static str, value: impl Into<String>) {
    values.retain(|(known, _)| *known != name);
    values.push((name, value.into()));
}
