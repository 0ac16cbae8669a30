//! Sentences that the language files have: their names, and what stands in their places.

/// Names a sentence of the language files and what stands in its places. Whoever says it knows in which part it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentence {
    /// The sentence's name.
    pub key: String,
    /// The values of its places, by name.
    pub values: Vec<(&'static str, String)>,
}

impl Sentence {
    /// Joins a name and the values.
    pub fn new(key: impl Into<String>, values: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        Self { key: key.into(), values: values.into_iter().collect() }
    }
}
