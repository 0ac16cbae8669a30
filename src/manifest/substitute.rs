//! Variables in rendered objects (`${name}` and what a shell makes of it), as Flux replaces them after a build.
//!
//! Flux prints an object as YAML, replaces in the text, and reads it again: a value may become a number, a list, or several
//! lines. So it is done here. Where the variables come from is the caller's: inline texts, and the data of ConfigMaps and
//! Secrets. Nothing here reads the environment.

mod eval;
mod parse;

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::build::render_value;
use crate::yaml::{Tree, older, read};

/// The label or annotation by which an object says that it does not want this.
const SWITCH: &str = "kustomize.toolkit.fluxcd.io/substitute";
/// How many bytes an object may have afterwards.
const LIMIT: usize = 8 << 20;

/// Says why variables cannot be replaced, in Flux's words where it has any.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SubstituteError {
    /// A variable has a name that no shell would take.
    #[error("'{0}' var name is invalid, must match '^[_[:alpha:]][_[:alpha:][:digit:]]*$'")]
    Name(String),
    /// A variable is asked for that nobody set.
    #[error("variable substitution failed: variable not set (strict mode): {0:?}")]
    Unset(String),
    /// What stands behind `${` cannot be understood.
    #[error("variable substitution failed: {0}")]
    Syntax(&'static str),
    /// The text with the values in it is no YAML.
    #[error("YAMLToJSON: {0}")]
    Yaml(String),
    /// The values make the text too long.
    #[error("variable substitution failed: the result has more than {LIMIT} bytes")]
    Limit,
    /// A pattern is to cut something off a value that is too long for that.
    #[error("variable substitution failed: a pattern is held against more than {} bytes", eval::HELD)]
    Pattern,
}

/// Holds variables by their names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Variables {
    values: BTreeMap<String, String>,
}

impl Variables {
    /// Builds an empty set.
    pub const fn new() -> Self {
        Self { values: BTreeMap::new() }
    }

    /// Tells whether there are none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Adds or replaces a variable. Line breaks are taken out of its value.
    pub fn insert(&mut self, name: impl Into<String>, value: &str) {
        self.values.insert(name.into(), value.replace('\n', ""));
    }

    /// Adds the data of a ConfigMap.
    pub fn add_config_map(&mut self, config_map: &Value) {
        for (name, text) in texts(config_map) {
            self.insert(name, text);
        }
    }

    /// Adds the data of a Secret, decoded. What is no text is passed over.
    pub fn add_secret(&mut self, secret: &Value) {
        for (name, text) in texts(secret) {
            if let Some(text) = decode(text) {
                self.insert(name, &text);
            }
        }
    }

    /// Adds the names of a Secret's data, each with the same text for its value.
    pub fn add_masked(&mut self, secret: &Value, mask: &str) {
        for (name, _) in texts(secret).filter(|(_, text)| decode(text).is_some()) {
            self.insert(name, mask);
        }
    }

    /// Adds the variables that are written out in a Flux Kustomization's `postBuild.substitute`.
    pub fn add_inline(&mut self, substitute: &Value) {
        for (name, value) in substitute.as_object().into_iter().flatten() {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            self.insert(name, &text);
        }
    }

    /// Returns the values that another set does not have under their names.
    pub fn others<'v>(&'v self, other: &'v Self) -> impl Iterator<Item = &'v str> {
        self.values.iter().filter(|(name, value)| other.values.get(*name) != Some(value)).map(|(_, value)| value.as_str())
    }

    fn check(&self) -> Result<(), SubstituteError> {
        let word = |c: char| c == '_' || c.is_ascii_alphanumeric();
        let fits = |name: &str| !name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit()) && name.chars().all(word);
        match self.values.keys().find(|name| !fits(name)) {
            Some(odd) => Err(SubstituteError::Name(odd.clone())),
            None => Ok(()),
        }
    }
}

/// Decodes a value of a Secret; nothing when it is no text.
pub(crate) fn decode(text: &str) -> Option<String> {
    STANDARD.decode(text.replace('\n', "")).ok().and_then(|bytes| String::from_utf8(bytes).ok())
}

/// Encodes a text as a value of a Secret.
pub(crate) fn encode(text: &str) -> String {
    STANDARD.encode(text)
}

fn texts(holder: &Value) -> impl Iterator<Item = (&String, &str)> {
    let data = holder.get("data").and_then(Value::as_object);
    data.into_iter().flatten().filter_map(|(name, value)| Some((name, value.as_str()?)))
}

/// Tells whether an object says by label or annotation that nothing is to be replaced in it.
pub fn disabled(object: &Value) -> bool {
    let says = |part: &str| object.pointer(&format!("/metadata/{part}")).and_then(|map| map.get(SWITCH)).and_then(Value::as_str);
    says("labels") == Some("disabled") || says("annotations") == Some("disabled")
}

/// Replaces the variables in an object, unless it says that it does not want that. In strict mode, which is Flux's default,
/// a variable that is not set and has no default is an error; else it is replaced by nothing.
pub fn substitute(object: &Value, variables: &Variables, strict: bool) -> Result<Value, SubstituteError> {
    if disabled(object) {
        return Ok(object.clone());
    }
    variables.check()?;
    let text = render_value(object);
    let new = expand(&text, variables, strict)?;
    if new == text {
        return Ok(object.clone());
    }
    let fault = |line: usize, why: String| SubstituteError::Yaml(format!("line {line}: {why}"));
    let tree = Tree::parse(&new).map_err(|f| fault(f.line, f.why))?;
    let Some(document) = tree.documents().first() else { return Ok(Value::Null) };
    let mut val = read(&tree, document.root, 0, &mut 0).map_err(|f| fault(f.line, f.why))?;
    older(&tree, &mut val);
    Ok(val.to_json())
}

/// Replaces the variables in a text.
pub fn expand(text: &str, variables: &Variables, strict: bool) -> Result<String, SubstituteError> {
    if !text.contains('$') {
        return Ok(text.to_owned());
    }
    let parts = parse::parse(text).map_err(SubstituteError::Syntax)?;
    let mut out = String::with_capacity(text.len());
    eval::Eval { variables: &variables.values, strict, limit: LIMIT }.all(&parts, &mut out)?;
    Ok(out)
}

#[cfg(test)]
#[path = "substitute/tests.rs"]
mod tests;
