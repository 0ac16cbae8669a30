//! The variables of a Kustomization's `postBuild`: written out in it, or in ConfigMaps and Secrets of the cluster.

use cluster::Connection;
use cluster::act::{self, Target};
use domain::Trouble;
use domain::live::MASK;
use manifest::drift::Veil;
use manifest::substitute::Variables;
use serde_json::Value;

/// Holds the variables.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// The real ones, and the same with masks for what came out of Secrets; nothing without a `postBuild`.
    pub(crate) sets: Option<(Variables, Variables)>,
    /// Why some could not be read.
    pub(crate) missing: Option<String>,
    /// What is to be known beside.
    pub(crate) notes: Vec<String>,
}

impl Found {
    /// Hides what came out of Secrets in objects of which nothing else is known; nothing when it could not be read.
    pub(crate) fn veil(&self) -> Option<Veil> {
        if self.missing.is_some() {
            return None;
        }
        let sets = self.sets.as_ref();
        Some(Veil::of_texts(sets.into_iter().flat_map(|(real, masked)| real.others(masked)).map(str::to_owned)))
    }
}

/// Reads the variables. What may not be read is said; then objects that use variables cannot be known.
pub(crate) async fn read(connection: &Connection, kustomization: &Value) -> Result<Found, Trouble> {
    let Some(post) = kustomization.pointer("/spec/postBuild") else { return Ok(Found::default()) };
    let namespace = kustomization.pointer("/metadata/namespace").and_then(Value::as_str).unwrap_or_default();
    let (mut real, mut masked) = (Variables::new(), Variables::new());
    let mut found = Found::default();
    for source in post.get("substituteFrom").and_then(Value::as_array).into_iter().flatten() {
        let text = |key: &str| source.get(key).and_then(Value::as_str).unwrap_or_default();
        let optional = source.get("optional").and_then(Value::as_bool).unwrap_or(false);
        let (kind, name) = (text("kind"), text("name"));
        let target = Target { api_version: "v1".into(), kind: kind.into(), namespace: namespace.into(), name: name.into() };
        match act::live(connection, &target).await {
            Ok(Some(holder)) if kind == "Secret" => {
                real.add_secret(&holder);
                masked.add_masked(&holder, MASK);
            }
            Ok(Some(holder)) => [&mut real, &mut masked].into_iter().for_each(|set| set.add_config_map(&holder)),
            Ok(None) if optional => {}
            Ok(None) => found.missing = Some(format!("postBuild.substituteFrom names {target}, which does not exist")),
            Err(error @ cluster::Error::Refused { .. }) => {
                let why =
                    format!("{target} may not be read, so objects with variables are not known: {}", Trouble::from(error).why);
                found.notes.push(why.clone());
                found.missing = Some(why);
            }
            Err(error) => return Err(error.into()),
        }
    }
    if let Some(inline) = post.get("substitute") {
        real.add_inline(inline);
        masked.add_inline(inline);
    }
    found.sets = Some((real, masked));
    Ok(found)
}
