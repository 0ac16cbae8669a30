//! Label selectors as Kubernetes writes them: equality, sets, presence.

use crate::text::Text;

/// Holds one requirement of a selector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Requirement {
    /// The label is there.
    Has(String),
    /// It is not.
    Lacks(String),
    /// It has one of these values.
    In(String, Vec<String>),
    /// It has none of these values, or is not there.
    NotIn(String, Vec<String>),
}

impl Requirement {
    pub(super) fn holds(&self, labels: &[(Text, Text)]) -> bool {
        let value = |key: &str| labels.iter().find(|(k, _)| k == key).map(|(_, v)| v);
        match self {
            Self::Has(key) => value(key).is_some(),
            Self::Lacks(key) => value(key).is_none(),
            Self::In(key, values) => value(key).is_some_and(|v| values.iter().any(|wanted| wanted == v)),
            Self::NotIn(key, values) => value(key).is_none_or(|v| values.iter().all(|wanted| wanted != v)),
        }
    }
}
