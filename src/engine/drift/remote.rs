//! The cluster in which an applier's objects are: its own, or the one of `spec.kubeConfig`, by the kubeconfig in its Secret.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cluster::Connection;
use cluster::act::{self, Target};
use domain::Trouble;
use domain::flux::ObjectKey;
use domain::ident::ContextName;
use serde_json::Value;

use super::source::said;
use crate::shared::Core;

/// The keys under which Flux looks for a kubeconfig where none is named.
const KEYS: [&str; 2] = ["value", "value.yaml"];

/// Returns the way to the cluster in which the objects of a Flux object are, and says when it is another one.
pub(super) async fn reach(
    core: &Core,
    home: &Connection,
    (key, object): (&ObjectKey, &Value),
    notes: &mut Vec<String>,
) -> Result<Connection, Trouble> {
    let Some(spec) = object.pointer("/spec/kubeConfig").filter(|spec| !spec.is_null()) else { return Ok(home.clone()) };
    let secret = spec.pointer("/secretRef/name").and_then(Value::as_str).ok_or_else(|| {
        Trouble::failed("Its objects are in another cluster", key)
            .why("spec.kubeConfig.configMapRef lets its controller in there under an identity of its own, which nobody else has")
            .next("Compare it with a context of that cluster.")
    })?;
    let target =
        Target { api_version: "v1".into(), kind: "Secret".into(), namespace: key.namespace.to_string(), name: secret.into() };
    let fail = |why: String| {
        Trouble::failed("Its objects are in another cluster, which cannot be reached from here", key)
            .why(format!("{target}: {why}"))
            .next("Allow get on this Secret and the way there, or compare it with a context of that cluster.")
    };
    let found = act::live(home, &target).await.map_err(|error| fail(said(error.into())))?;
    let found = found.ok_or_else(|| fail("it does not exist".to_owned()))?;
    let text = kubeconfig(&found, spec.pointer("/secretRef/key").and_then(Value::as_str)).map_err(fail)?;
    let name = ContextName(format!("{}/{secret}", key.namespace));
    let there = Connection::foreign(&text, core.fleet.surroundings(), name).await.map_err(|error| fail(said(error.into())))?;
    let info = there.info();
    let unsure = if info.insecure { "; its certificate is not checked" } else { "" };
    notes.push(format!("Compared in another cluster, {}, by spec.kubeConfig{unsure}", info.server));
    Ok(there)
}

/// Reads a kubeconfig out of its Secret.
fn kubeconfig(secret: &Value, key: Option<&str>) -> Result<String, String> {
    let at = |key: &str| secret.get("data").and_then(|data| data.get(key)).and_then(Value::as_str);
    let (name, data) = match key.filter(|key| !key.is_empty()) {
        Some(key) => (key, at(key)),
        None => (KEYS[0], KEYS.iter().find_map(|key| at(key))),
    };
    let data = data.ok_or_else(|| format!("it has no key {name}"))?;
    let bytes = STANDARD.decode(data).map_err(|error| format!("{name} cannot be decoded: {error}"))?;
    String::from_utf8(bytes).map_err(|_| format!("{name} is no text"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_kubeconfig_is_found_where_flux_looks_for_it() {
        let (one, two) = (STANDARD.encode("one"), STANDARD.encode("two"));
        let secret = json!({"data": {"value.yaml": one, "far": two, "odd": "%"}});
        assert_eq!(kubeconfig(&secret, None).as_deref(), Ok("one"));
        assert_eq!(kubeconfig(&secret, Some("far")).as_deref(), Ok("two"));
        assert!(kubeconfig(&secret, Some("value")).is_err_and(|why| why == "it has no key value"));
        assert!(kubeconfig(&secret, Some("odd")).is_err() && kubeconfig(&json!({}), None).is_err());
    }
}
