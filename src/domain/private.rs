//! Texts that may have a secret in them.

use std::fmt;
use std::sync::Arc;

/// Holds a text that may have a secret in it: it is never printed by accident.
#[derive(Clone, PartialEq, Eq)]
pub struct Private(Arc<str>);

impl Private {
    /// Wraps a text.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// Returns the text.
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Private {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Private({} bytes)", self.0.len())
    }
}
