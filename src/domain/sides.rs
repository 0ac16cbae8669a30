//! The environments of a project side by side: what Git says of each, what runs there, whether they agree, and where they part,
//! field by field.
//!
//! Only what the manifests say of the workload is compared: image, replicas, resources, environment variables. What Git is silent
//! about and something else may rightly set (an autoscaler the replicas, a limit range the resources) is shown and parts from
//! nothing.

#[cfg(test)]
mod tests;

use serde::Serialize;
use serde_json::Value;

use crate::change::FormFacts;
use crate::edit::{Bound, Field, Resource};
use crate::ident::{EnvironmentId, Slug};
use crate::project::EnvironmentType;
use crate::quantity::Quantity;
use crate::revision::{CommitId, Revision};
use crate::trouble::Trouble;

/// Holds the environments of a project, in the order in which a change travels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sides {
    /// The project.
    pub project: Slug,
    /// The environments.
    pub sides: Vec<Side>,
}

/// Holds one environment as it is compared with the others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Side {
    /// Which one.
    pub environment: EnvironmentId,
    /// What it is for.
    #[serde(rename = "type")]
    pub kind: EnvironmentType,
    /// Its branch.
    pub branch: String,
    /// The branch's head.
    pub head: Option<CommitId>,
    /// The revision that Flux has applied.
    pub applied: Option<Revision>,
    /// The workload, as `Kind/name`.
    pub workload: String,
    /// Whether Git and what runs agree in every field; absent when one of them is not known.
    pub agrees: Option<bool>,
    /// Whether what is known of its cluster is old.
    pub stale: bool,
    /// The fields.
    pub fields: Vec<Place>,
    /// Why Git could not be read, if so.
    pub git_trouble: Option<Trouble>,
    /// Why the cluster could not be read, if so.
    pub live_trouble: Option<Trouble>,
}

/// Holds one field of one environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    /// What it is called: `image`, `replicas`, `cpu request`, `env LOG_LEVEL`.
    pub field: String,
    /// The container that it belongs to.
    pub container: Option<String>,
    /// What Git says.
    pub git: Option<String>,
    /// What runs.
    pub running: Option<String>,
    /// Whether they part; absent when that cannot be said.
    pub drift: Option<bool>,
}

/// Holds one field across the environments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Across<'a> {
    /// What it is called.
    pub field: &'a str,
    /// The container that it belongs to.
    pub container: Option<&'a str>,
    /// What stands in each environment, and whether it is another value than in the first that has one.
    pub cells: Vec<(Option<&'a Place>, bool)>,
}

impl Place {
    /// Returns what is shown where there is room for one value: what runs, else what Git says.
    pub fn value(&self) -> Option<&str> {
        self.running.as_deref().or(self.git.as_deref())
    }
}

impl Sides {
    /// Returns the fields across the environments, in the order in which they are first met.
    pub fn across(&self) -> Vec<Across<'_>> {
        let mut names: Vec<(u8, &str, Option<&str>)> = Vec::new();
        for place in self.sides.iter().flat_map(|side| &side.fields) {
            let name = (rank(&place.field), place.field.as_str(), place.container.as_deref());
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names.sort_by_key(|(rank, ..)| *rank);
        names.into_iter().map(|(_, field, container)| self.field(field, container)).collect()
    }

    fn field<'a>(&'a self, field: &'a str, container: Option<&'a str>) -> Across<'a> {
        let of = |side: &'a Side| side.fields.iter().find(|p| p.field == field && p.container.as_deref() == container);
        let places: Vec<Option<&Place>> = self.sides.iter().map(of).collect();
        let first = places.iter().flatten().find_map(|place| place.value());
        let other = |place: Option<&Place>| match (place.and_then(Place::value), first) {
            (Some(value), Some(first)) => !same(field, value, first),
            (None, Some(_)) => true,
            _ => false,
        };
        let cells = places.iter().map(|place| (*place, other(*place))).collect();
        Across { field, container, cells }
    }
}

/// The order of fields: what is looked for first comes first.
fn rank(field: &str) -> u8 {
    match field {
        "image" => 0,
        "replicas" => 1,
        _ if field.starts_with("env ") => 3,
        _ => 2,
    }
}

/// Compares what the manifests say with a live workload.
///
/// `facts` are absent when Git could not be read, `live` when the cluster could not; `live` may be JSON's null for a workload that
/// is not there.
pub fn compare(facts: Option<&FormFacts>, live: Option<&Value>) -> Vec<Place> {
    let git = facts.map(written).unwrap_or_default();
    let running = live.map(running).unwrap_or_default();
    let mut names: Vec<(&str, &Option<String>)> = Vec::new();
    for (field, container, _) in git.iter().chain(&running) {
        if !names.contains(&(field, container)) {
            names.push((field, container));
        }
    }
    let value = |from: &[Said], field: &str, container: &Option<String>| {
        from.iter().find(|(f, c, _)| f == field && c == container).map(|(.., value)| value.clone())
    };
    let place = |(field, container): (&str, &Option<String>)| {
        let (git, running) = (value(&git, field, container), value(&running, field, container));
        let known = facts.is_some() && live.is_some();
        let drift = match (&git, &running) {
            (Some(git), Some(running)) => Some(!same(field, git, running)),
            (Some(_), None) => Some(true),
            // Others may rightly set what Git is silent about; a variable comes from nowhere else.
            (None, _) => Some(field.starts_with("env ")),
        };
        Place { field: field.to_owned(), container: container.clone(), drift: drift.filter(|_| known), git, running }
    };
    names.into_iter().map(place).collect()
}

/// Tells whether nothing parts; nothing when that cannot be said of some field.
pub fn agrees(fields: &[Place]) -> Option<bool> {
    if fields.iter().any(|place| place.drift == Some(true)) {
        return Some(false);
    }
    (!fields.is_empty() && fields.iter().all(|place| place.drift.is_some())).then_some(true)
}

/// A field's name, its container, its value.
type Said = (String, Option<String>, String);

/// Returns what the manifests say.
fn written(facts: &FormFacts) -> Vec<Said> {
    let mut out = Vec::new();
    for container in facts.containers.iter().filter(|c| !facts.init.contains(c)) {
        let value =
            |field: &Field| facts.find(Some(container), field).map(|found| found.value.as_str()).filter(|v| !v.is_empty());
        if let Some(name) = value(&Field::ImageName) {
            let tag = value(&Field::ImageTag).map(|tag| format!(":{tag}")).unwrap_or_default();
            let digest = value(&Field::ImageDigest).map(|digest| format!("@{digest}")).unwrap_or_default();
            out.push(("image".to_owned(), Some(container.clone()), format!("{name}{tag}{digest}")));
        }
    }
    for found in &facts.found {
        // What takes its value from elsewhere is told by where from.
        let referred = matches!(&found.field, Field::Env(key) if facts.found.iter().any(|other| {
            other.container == found.container && matches!(&other.field, Field::EnvRef(its) if its == key)
        }));
        let of_init = found.container.as_ref().is_some_and(|c| facts.init.contains(c));
        if !of_init
            && !referred
            && matches!(found.field, Field::Replicas | Field::Resource(..) | Field::Env(_) | Field::EnvRef(_))
        {
            out.push((name(&found.field), found.container.clone(), found.value.clone()));
        }
    }
    out
}

/// Returns what a live workload says.
fn running(live: &Value) -> Vec<Said> {
    let mut out = Vec::new();
    if let Some(replicas) = live.pointer("/spec/replicas").and_then(Value::as_i64) {
        out.push((name(&Field::Replicas), None, replicas.to_string()));
    }
    let containers = live.pointer("/spec/template/spec/containers").and_then(Value::as_array);
    for container in containers.into_iter().flatten() {
        let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
        let Some(of) = text(container.get("name")) else { continue };
        let mut put = |field: String, value: String| out.push((field, Some(of.clone()), value));
        if let Some(image) = text(container.get("image")) {
            put("image".to_owned(), image);
        }
        for bound in [Bound::Request, Bound::Limit] {
            for resource in [Resource::Cpu, Resource::Memory] {
                let path = format!("/resources/{}/{}", bound.key(), resource.key());
                if let Some(value) = text(container.pointer(&path)) {
                    put(name(&Field::Resource(bound, resource)), value);
                }
            }
        }
        for variable in container.get("env").and_then(Value::as_array).into_iter().flatten() {
            let Some(key) = text(variable.get("name")) else { continue };
            if let Some(value) = taken_from(variable).or_else(|| text(variable.get("value"))) {
                put(format!("env {key}"), value);
            } else if variable.get("valueFrom").is_none() {
                put(format!("env {key}"), String::new());
            }
        }
    }
    out
}

/// Returns what a field is called; a variable is called the same wherever it takes its value from.
fn name(field: &Field) -> String {
    match field {
        Field::EnvRef(key) => format!("env {key}"),
        field => field.to_string(),
    }
}

/// Returns where a variable takes its value from: `secret:NAME/KEY`. The value itself is not looked at.
fn taken_from(variable: &Value) -> Option<String> {
    let from = variable.get("valueFrom")?;
    [("secretKeyRef", "secret"), ("configMapKeyRef", "configmap")].into_iter().find_map(|(key, word)| {
        let place = from.get(key)?;
        Some(format!("{word}:{}/{}", place.get("name")?.as_str()?, place.get("key")?.as_str()?))
    })
}

/// Tells whether two values mean the same: quantities by what they come to, a generated name by what it was made of.
fn same(field: &str, one: &str, other: &str) -> bool {
    if one == other {
        return true;
    }
    if field.starts_with("env ") {
        return generated(one, other) || generated(other, one);
    }
    if rank(field) == 2 {
        return matches!((one.parse::<Quantity>(), other.parse::<Quantity>()), (Ok(a), Ok(b)) if a == b);
    }
    false
}

/// Tells whether a reference is another one with the suffix that kustomize gives to generated names.
fn generated(plain: &str, whole: &str) -> bool {
    let (Some((name, key)), Some((longer, its))) = (plain.rsplit_once('/'), whole.rsplit_once('/')) else { return false };
    let suffix = longer.strip_prefix(name).and_then(|rest| rest.strip_prefix('-'));
    name.contains(':') && key == its && suffix.is_some_and(|s| s.len() == 10 && s.chars().all(|c| c.is_ascii_alphanumeric()))
}
