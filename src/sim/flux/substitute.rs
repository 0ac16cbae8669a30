//! Variable substitution after the build: `${name}` and its defaults, as Flux's `postBuild` does it.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::json;
use crate::resource;
use crate::state::State;

/// Holds the variables; absent when a Kustomization has no `postBuild`.
pub(crate) type Variables = BTreeMap<String, String>;

/// Reads a field of a Secret.
pub(crate) fn decoded(secret: &Value, field: &str) -> Option<String> {
    let text = secret.get("data")?.get(field)?.as_str()?;
    STANDARD.decode(text).ok().and_then(|bytes| String::from_utf8(bytes).ok())
}

/// Gathers the variables of a Kustomization.
pub(crate) fn variables(state: &State, object: &Value) -> Result<Option<Variables>, String> {
    if object.pointer("/spec/postBuild").is_none() {
        return Ok(None);
    }
    let namespace = json::namespace(object);
    let mut found = Variables::new();
    for source in json::list(object, "/spec/postBuild/substituteFrom") {
        let (kind, name) = (json::text(source, "/kind"), json::text(source, "/name"));
        let resource = if kind == "Secret" { resource::of("Secret") } else { resource::of("ConfigMap") };
        let Some(holder) = state.get(resource, namespace, name) else {
            if json::flag(source, "/optional") {
                continue;
            }
            return Err(format!("substitute from '{kind}/{name}' error: {} \"{name}\" not found", resource.plural));
        };
        for (key, value) in holder.get("data").and_then(Value::as_object).into_iter().flatten() {
            let value = if kind == "Secret" { decoded(&holder, key) } else { value.as_str().map(str::to_owned) };
            found.insert(key.clone(), value.unwrap_or_default().replace('\n', ""));
        }
    }
    for (key, value) in object.pointer("/spec/postBuild/substitute").and_then(Value::as_object).into_iter().flatten() {
        found.insert(key.clone(), value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    }
    Ok(Some(found))
}

/// Substitutes in an object, unless it says that it does not want that.
pub(crate) fn apply(object: &mut Value, variables: &Variables) -> Result<(), String> {
    const SWITCH: &str = "kustomize.toolkit.fluxcd.io/substitute";
    if json::label(object, SWITCH) == Some("disabled") || json::annotation(object, SWITCH) == Some("disabled") {
        return Ok(());
    }
    let name = json::name(object).to_owned();
    let text = serde_yaml::to_string(object).map_err(|error| error.to_string())?;
    if !text.contains("${") {
        return Ok(());
    }
    let wrap = |why: String| format!("post build failed for '{name}': envsubst error: variable substitution failed: {why}");
    let text = expand(&text, variables).map_err(wrap)?;
    *object = serde_yaml::from_str(&text).map_err(|error| wrap(error.to_string()))?;
    Ok(())
}

fn expand(text: &str, variables: &Variables) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        let (before, after) = rest.split_at(at);
        if let Some(plain) = before.strip_suffix('$') {
            // A doubled dollar sign stands for itself.
            out.push_str(plain);
            out.push_str("${");
            rest = after.get(2..).unwrap_or_default();
            continue;
        }
        out.push_str(before);
        let end = after.find('}').ok_or_else(|| "unable to parse variable name".to_owned())?;
        let inner = after.get(2..end).unwrap_or_default();
        let (name, default) = match inner.find([':', '-', '=']) {
            Some(at) => (
                inner.get(..at).unwrap_or_default(),
                Some(inner.get(at..).unwrap_or_default().trim_start_matches([':', '-', '='])),
            ),
            None => (inner, None),
        };
        match (variables.get(name).filter(|value| !value.is_empty() || default.is_none()), default) {
            (Some(value), _) => out.push_str(value),
            (None, Some(default)) => out.push_str(default),
            (None, None) => return Err(format!("variable not set (strict mode): \"{name}\"")),
        }
        rest = after.get(end + 1..).unwrap_or_default();
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn variables_are_put_in_as_flux_does() {
        let variables: Variables = [("n".to_owned(), "3".to_owned()), ("host".to_owned(), "a.example".to_owned())].into();
        let mut object = json!({"metadata": {"name": "x"}, "spec": {"replicas": "${n}", "host": "${host}", "mode": "${mode:=fast}", "raw": "$${n}"}});
        assert_eq!(apply(&mut object, &variables), Ok(()));
        assert_eq!(object["spec"], json!({"replicas": 3, "host": "a.example", "mode": "fast", "raw": "${n}"}));
        let mut object = json!({"metadata": {"name": "x"}, "data": {"a": "${gone}"}});
        assert!(apply(&mut object, &variables).is_err_and(|why| why.contains("variable not set (strict mode): \"gone\"")));
    }
}
