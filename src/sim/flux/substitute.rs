//! The variables of a Kustomization's `postBuild`: written out in it, or in ConfigMaps and Secrets of the cluster.
//!
//! How they are replaced is `manifest::substitute`'s.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use manifest::substitute::Variables;
use serde_json::Value;

use crate::json;
use crate::resource;
use crate::state::State;

/// Reads a field of a Secret.
pub(crate) fn decoded(secret: &Value, field: &str) -> Option<String> {
    let text = secret.get("data")?.get(field)?.as_str()?;
    STANDARD.decode(text).ok().and_then(|bytes| String::from_utf8(bytes).ok())
}

/// Gathers the variables of a Kustomization; nothing when it has no `postBuild`.
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
        if kind == "Secret" {
            found.add_secret(&holder);
        } else {
            found.add_config_map(&holder);
        }
    }
    if let Some(inline) = object.pointer("/spec/postBuild/substitute") {
        found.add_inline(inline);
    }
    Ok(Some(found))
}
