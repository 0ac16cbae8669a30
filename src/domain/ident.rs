//! Names that the product gives to things, each a type of its own, checked once where they enter.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::trouble::Trouble;

/// Holds a DNS label: what Kubernetes accepts as a namespace and this product as a slug (RFC 1123, 1 to 63 characters).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Slug(String);

impl Slug {
    /// Checks a text and makes a slug of it.
    pub fn new(text: impl Into<String>) -> Result<Self, Trouble> {
        let text = text.into();
        match label_fault(&text) {
            None => Ok(Self(text)),
            Some(why) => Err(Trouble::usage("That is not a usable name", format!("\u{201c}{text}\u{201d}"))
                .why(why)
                .next("Use lower-case letters, digits and hyphens, for example shop-web.")),
        }
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Returns what keeps a text from being a DNS label (RFC 1123), or nothing when it is one.
pub fn label_fault(text: &str) -> Option<&'static str> {
    if text.is_empty() {
        return Some("it is empty");
    }
    if text.len() > 63 {
        return Some("it is longer than 63 characters");
    }
    if !text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') {
        return Some("only a-z, 0-9 and - are allowed");
    }
    if text.starts_with('-') || text.ends_with('-') {
        return Some("it starts or ends with a hyphen");
    }
    None
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Slug {
    type Err = Trouble;
    fn from_str(text: &str) -> Result<Self, Trouble> {
        Self::new(text)
    }
}

impl TryFrom<String> for Slug {
    type Error = Trouble;
    fn try_from(text: String) -> Result<Self, Trouble> {
        Self::new(text)
    }
}

impl From<Slug> for String {
    fn from(slug: Slug) -> Self {
        slug.0
    }
}

impl Borrow<str> for Slug {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Slug {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// Names one environment of one project; written `project/environment`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EnvironmentId {
    /// The project's slug.
    pub project: Slug,
    /// The environment's name within the project.
    pub name: Slug,
}

impl EnvironmentId {
    /// Joins a project and an environment name.
    pub const fn new(project: Slug, name: Slug) -> Self {
        Self { project, name }
    }
}

impl fmt::Display for EnvironmentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.project, self.name)
    }
}

impl FromStr for EnvironmentId {
    type Err = Trouble;
    fn from_str(text: &str) -> Result<Self, Trouble> {
        let (project, name) = text.split_once('/').ok_or_else(|| {
            Trouble::usage("That names no environment", format!("\u{201c}{text}\u{201d}"))
                .next("Write it as project/environment.")
        })?;
        Ok(Self::new(Slug::new(project)?, Slug::new(name)?))
    }
}

/// Identifies a deployment; sorts by the time at which it was requested (26 characters of Crockford base 32).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DeploymentId(String);

impl DeploymentId {
    /// Takes an identifier as it stands in a trailer, an argument or the journal.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into().to_ascii_lowercase())
    }

    /// Takes an identifier as another one gave it.
    pub(crate) fn verbatim(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// Returns the whole identifier, lower-case.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the last six characters, enough to tell deployments apart on a screen.
    pub fn short(&self) -> &str {
        self.0.get(self.0.len().saturating_sub(6)..).unwrap_or(&self.0)
    }

    /// Tells whether a text that a person typed (whole, or its end) means this deployment.
    pub fn matches(&self, text: &str) -> bool {
        !text.is_empty() && self.0.ends_with(&text.to_ascii_lowercase())
    }
}

impl fmt::Display for DeploymentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Names a cluster the way a kubeconfig does: by context.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct ContextName(pub String);

impl fmt::Display for ContextName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for ContextName {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

/// Names an object within a cluster: namespace and name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct ObjectName {
    /// The namespace; empty for an object that has none.
    pub namespace: String,
    /// The name.
    pub name: String,
}

impl ObjectName {
    /// Joins a namespace and a name.
    pub fn new(namespace: impl Into<String>, name: impl Into<String>) -> Self {
        Self { namespace: namespace.into(), name: name.into() }
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.namespace.is_empty() { f.write_str(&self.name) } else { write!(f, "{}/{}", self.namespace, self.name) }
    }
}
