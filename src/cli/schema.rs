//! `schema`: the JSON Schemas of what `-o json` prints, so that scripts can rely on it and be checked against it.

use clap::Args;
use domain::Trouble;
use serde_json::{Map, Value};

use super::output;

/// The schemas by name; a test compares them with what the commands print.
const SCHEMAS: &str = include_str!("../../assets/schema/output.json");

/// Prints a schema.
#[derive(Debug, Args)]
#[command(
    after_long_help = "Without a name it prints the names. A field that a schema does not name may be added; one that it requires \
    stays, and keeps its type.\n\n\
    Examples:\n  \
    quarterdeck schema\n  \
    quarterdeck schema deployments > deployments.schema.json"
)]
pub(crate) struct Schema {
    /// Of what: done, deployment, deployments, objects, ….
    name: Option<String>,
}

/// Prints it.
pub(crate) fn run(schema: &Schema) -> Result<(), Trouble> {
    let all: Map<String, Value> =
        serde_json::from_str(SCHEMAS).map_err(|e| Trouble::failed("The schemas cannot be read", "output.json").why(e))?;
    let Some(name) = &schema.name else {
        for (name, schema) in all.iter().filter(|(name, _)| !name.starts_with('$')) {
            output::line(&format!("{name:<14}{}", schema["description"].as_str().unwrap_or_default()));
        }
        return Ok(());
    };
    let Some(found) = all.get(name).filter(|_| !name.starts_with('$')) else {
        let names: Vec<&str> = all.keys().map(String::as_str).filter(|name| !name.starts_with('$')).collect();
        return Err(Trouble::not_found("There is no such schema", format!("\u{201c}{name}\u{201d}"))
            .next(format!("Choose one of them: {}.", names.join(", "))));
    };
    let mut whole = found.clone();
    whole["$schema"] = "https://json-schema.org/draft/2020-12/schema".into();
    whole["$defs"] = all.get("$defs").cloned().unwrap_or_default();
    let text = serde_json::to_string_pretty(&whole).map_err(|e| Trouble::failed("Could not print", "JSON").why(e))?;
    output::line(&text);
    Ok(())
}
