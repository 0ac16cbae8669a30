//! What a Flux Kustomization desires: its folder rendered with all that it asks for, its variables replaced.

use serde_json::{Map, Value};

use crate::build::{Overlay, build_with, render_value};
use crate::drift::Veil;
use crate::error::Error;
use crate::files::Files;
use crate::substitute::{SubstituteError, Variables, disabled, substitute};
use crate::yaml::{Reading, Rules, Val};

/// Holds one desired object.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    /// The object, as it is applied.
    pub value: Value,
    /// The file that it is written in.
    pub file: Option<String>,
    /// What in it came out of a Secret.
    pub veil: Veil,
    /// Why it cannot be known, when it cannot.
    pub unknown: Option<String>,
}

/// Renders a Flux Kustomization (the whole object) out of its source's files.
///
/// `variables` are those of its `postBuild`, real and with masks in the place of what came out of Secrets; without them
/// nothing is replaced. `missing` says why variables could not be read; objects that use any are then unknown.
pub fn wanted(
    files: &Files,
    kustomization: &Value,
    variables: Option<&(Variables, Variables)>,
    missing: Option<&str>,
) -> Result<Vec<Wanted>, Error> {
    let text = |pointer: &str| kustomization.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let path = text("/spec/path").trim_start_matches("./").trim_matches('/');
    let path = if path == "." { "" } else { path };
    if !path.is_empty() && !files.is_folder(path) {
        return Err(Error::Missing { path: path.to_owned(), by: None });
    }
    let overlay = Overlay::new(kustomization.get("spec").unwrap_or(&Value::Null));
    let owner = (text("/metadata/namespace"), text("/metadata/name"));
    let built = build_with(files, path, &overlay)?;
    let finish = |object: crate::build::Object| {
        let (mut value, mut unknown, mut veil) = (object.value, None, Veil::default());
        if missing.is_some() && needs_variables(&value) {
            unknown = missing.map(str::to_owned);
        } else if let Some((real, masked)) = variables {
            match replaced(&value, real, masked) {
                Ok((new, hidden)) => (value, veil) = (new, hidden),
                Err(why) => unknown = Some(format!("post build failed: {why}")),
            }
        }
        overlay.mark(&mut value, owner);
        drop_nulls(&mut value);
        encode(&mut value);
        Wanted { file: Some(object.file).filter(|f| !f.is_empty()), veil, unknown, value }
    };
    Ok(built.into_iter().map(finish).collect())
}

fn replaced(value: &Value, real: &Variables, masked: &Variables) -> Result<(Value, Veil), SubstituteError> {
    let new = substitute(value, real, true)?;
    // What cannot be told apart is hidden whole.
    let other = if real == masked { None } else { Some(substitute(value, masked, true).unwrap_or(Value::Null)) };
    let veil = other.map(|other| Veil::of(&new, &other)).unwrap_or_default();
    Ok((new, veil))
}

/// Tells whether an object has variables in it that would be replaced.
pub fn needs_variables(object: &Value) -> bool {
    !disabled(object) && render_value(object).contains("${")
}

/// Takes out what is written as nothing: a server-side apply would own it, and Flux sends it neither.
fn drop_nulls(value: &mut Value) {
    if let Some(created) = value.pointer_mut("/metadata").and_then(Value::as_object_mut) {
        created.retain(|_, v| !v.is_null());
    }
}

/// Writes the texts of a Secret (`stringData`) as its data, as Flux does before it applies.
pub fn encode(object: &mut Value) {
    if object.get("kind").and_then(Value::as_str) != Some("Secret") {
        return;
    }
    let Some(map) = object.as_object_mut() else { return };
    let Some(Value::Object(texts)) = map.shift_remove("stringData") else { return };
    let data = map.entry("data").or_insert_with(|| Value::Object(Map::new()));
    if data.is_null() {
        *data = Value::Object(Map::new());
    }
    for (key, text) in texts {
        let text = text.as_str().map_or_else(|| text.to_string(), str::to_owned);
        if let Some(data) = data.as_object_mut() {
            data.insert(key, crate::substitute::encode(&text).into());
        }
    }
}

/// Reads the documents of a YAML text as objects; empty ones are passed over.
pub fn documents(name: &str, text: &str) -> Result<Vec<Value>, Error> {
    let syntax = |fault: crate::yaml::SyntaxFault| Error::Syntax {
        file: name.to_owned(),
        line: fault.line,
        column: fault.column,
        why: fault.why,
    };
    let reading = Reading::of(text, Rules::Older).map_err(syntax)?;
    Ok(reading.values.iter().map(Val::to_json).collect())
}
