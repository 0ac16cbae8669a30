//! What a controller's log says about one object: its JSON lines, read and put into words.

use serde_json::{Map, Value};

use super::level::Level;
use crate::Time;
use crate::flux::ObjectKey;
use crate::text::one_line;

/// Holds one line of a controller's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// When it was written.
    pub time: Option<Time>,
    /// How grave it is.
    pub level: Option<Level>,
    /// The message, then what failed, then the fields that say more than which object it is.
    pub text: String,
}

/// Fields that name the object, the library or the place in the code; what they say is known or of no use here.
const KNOWN: &[&str] = &[
    "level",
    "ts",
    "time",
    "timestamp",
    "msg",
    "message",
    "logger",
    "caller",
    "stacktrace",
    "error",
    "err",
    "controller",
    "controllerGroup",
    "controllerKind",
    "namespace",
    "name",
    "reconcileID",
    "kind",
    "apiVersion",
    "object",
    "eventInvolvedObject",
    "involvedObject",
];

/// Reads a line of a controller's log if it is about this object; a line that is no JSON is about none.
///
/// Controllers name the object as controller-runtime does (`controllerKind`, `namespace`, `name`, or `{"Kustomization": {…}}`), or,
/// where they pass on events, as `eventInvolvedObject`.
pub fn about(line: &str, key: &ObjectKey) -> Option<Told> {
    // Most lines are about others: the name alone rules those out without reading them.
    if !line.trim_start().starts_with('{') || !line.contains(&*key.name) {
        return None;
    }
    let fields: Map<String, Value> = serde_json::from_str(line).ok()?;
    if !is_about(&fields, key) {
        return None;
    }
    let text = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default();
    let said = |names: [&str; 2]| names.into_iter().map(text).find(|t| !t.is_empty()).unwrap_or_default();
    let mut words = one_line(said(["msg", "message"]));
    let error = said(["error", "err"]);
    if !error.is_empty() {
        words = format!("{words}: {}", one_line(error));
    }
    for (name, value) in fields.iter().filter(|(name, _)| !KNOWN.contains(&name.as_str()) && **name != *key.kind) {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        words = format!("{words}  {}={}", one_line(name), one_line(&value));
    }
    Some(Told { time: time(&fields), level: Level::of_word(text("level")), text: words })
}

fn is_about(fields: &Map<String, Value>, key: &ObjectKey) -> bool {
    let is = |object: &Value, kind: Option<&str>| {
        let has = |name: &str, want: &str| object.get(name).and_then(Value::as_str) == Some(want);
        has("name", &key.name) && has("namespace", &key.namespace) && kind.is_none_or(|kind| has("kind", kind))
    };
    if let Some(named) = fields.get(&*key.kind) {
        return is(named, None);
    }
    if let Some(object) = ["eventInvolvedObject", "involvedObject", "object"].iter().find_map(|n| fields.get(*n)) {
        return is(object, Some(&key.kind)) || (object.get("kind").is_none() && kind_is(fields, key) && is(object, None));
    }
    let flat = |name: &str, want: &str| fields.get(name).and_then(Value::as_str) == Some(want);
    kind_is(fields, key) && flat("name", &key.name) && flat("namespace", &key.namespace)
}

fn kind_is(fields: &Map<String, Value>, key: &ObjectKey) -> bool {
    let kind = ["controllerKind", "kind", "reconciler kind"].iter().find_map(|name| fields.get(*name).and_then(Value::as_str));
    kind.is_some_and(|kind| kind == &*key.kind)
}

/// Reads the moment, which is written out or in seconds.
fn time(fields: &Map<String, Value>) -> Option<Time> {
    let value = ["ts", "time", "timestamp"].iter().find_map(|name| fields.get(*name))?;
    if let Some(text) = value.as_str() {
        return text.parse().ok();
    }
    let seconds = value.as_f64().filter(|s| s.is_finite() && s.abs() < 1e11)?;
    #[expect(clippy::cast_possible_truncation, reason = "bounded just above")]
    let millis = (seconds * 1000.0) as i64;
    Time::from_millisecond(millis).ok()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test says what failed by failing")]
mod tests {
    use super::*;
    use crate::ident::ContextName;

    #[test]
    fn the_lines_about_an_object_are_found() {
        let key = ObjectKey::new(&ContextName::from("c"), "Kustomization", "flux-system", "shop");
        let table = [
            (
                r#"{"level":"info","ts":"2026-11-21T14:02:11.123Z","msg":"server-side apply completed","controller":"kustomization","controllerGroup":"kustomize.toolkit.fluxcd.io","controllerKind":"Kustomization","Kustomization":{"name":"shop","namespace":"flux-system"},"namespace":"flux-system","name":"shop","reconcileID":"1-2","output":{"Service/shop/web":"created"},"revision":"main@sha1:abc"}"#,
                Some("server-side apply completed  output={\"Service/shop/web\":\"created\"}  revision=main@sha1:abc"),
            ),
            (
                r#"{"level":"error","ts":1795269731.5,"msg":"Reconciler error","controllerKind":"Kustomization","namespace":"flux-system","name":"shop","error":"path not found:\n./k8s"}"#,
                Some("Reconciler error: path not found: ./k8s"),
            ),
            (
                r#"{"level":"info","msg":"dispatching event","eventInvolvedObject":{"kind":"Kustomization","namespace":"flux-system","name":"shop"}}"#,
                Some("dispatching event"),
            ),
            (r#"{"level":"info","msg":"x","controllerKind":"Kustomization","namespace":"flux-system","name":"shop-2"}"#, None),
            (r#"{"level":"info","msg":"x","controllerKind":"Kustomization","namespace":"other","name":"shop"}"#, None),
            (r#"{"level":"info","msg":"x","controllerKind":"GitRepository","namespace":"flux-system","name":"shop"}"#, None),
            (r#"{"level":"info","msg":"shop","Kustomization":"shop"}"#, None),
            ("I1121 shop", None),
            ("{\"shop", None),
        ];
        for (line, want) in table {
            assert_eq!(about(line, &key).map(|told| told.text).as_deref(), want, "{line}");
        }
        let told = about(table[1].0, &key).unwrap();
        assert_eq!((told.level, told.time.map(|t| t.to_string())), (Some(Level::Error), Some("2026-11-21T14:02:11.5Z".into())));
    }
}
