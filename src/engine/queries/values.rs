//! The values that Helm gets of a HelmRelease: its sources are read, Secrets masked before anything else is done with them.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::Trouble;
use domain::detail::values::{self, Read, Source};
use domain::flux::ObjectKey;
use domain::query::Answer;
use serde_json::Value;

use crate::shared::Core;

pub(super) async fn values(core: &Arc<Core>, key: &ObjectKey) -> Result<Answer, Trouble> {
    let release = core.fleet.object(key).await?.ok_or_else(|| {
        Trouble::not_found("It does not exist there", key).next("Refresh and check the name and the namespace.")
    })?;
    let mut found = Vec::new();
    for source in values::sources(&release) {
        let read = read(core, key, &source).await;
        found.push((source, read));
    }
    Ok(Answer::Values(Arc::new(values::effective(&release, found))))
}

async fn read(core: &Core, key: &ObjectKey, source: &Source) -> Read {
    let of = ObjectKey::new(&key.context(), &source.kind, &key.namespace, &source.name);
    let object = match core.fleet.object(&of).await {
        Ok(Some(object)) => object,
        Ok(None) => return Read::Absent,
        Err(trouble) => return Read::Unread(if trouble.why.is_empty() { trouble.what } else { trouble.why }),
    };
    said(&object, source)
}

/// Returns what an object says under a key; of a Secret only the shape.
fn said(object: &Value, source: &Source) -> Read {
    let of = |part: &str| object.get(part).and_then(|part| part.get(&source.key)).and_then(Value::as_str);
    let secret = source.kind == "Secret";
    let decoded = || STANDARD.decode(of("data")?).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let text = if secret { decoded() } else { of("data").map(str::to_owned) };
    let Some(text) = text else {
        let there = of("data").is_some() || of("binaryData").is_some();
        return if there { Read::Unfit("it is no text".to_owned()) } else { Read::Absent };
    };
    let value = if source.target.is_empty() { manifest::yaml::value_of(&text) } else { Ok(Value::from(text)) };
    match value {
        Ok(value) if secret => Read::Value(values::masked(value)),
        Ok(value) => Read::Value(value),
        // What a parser says of a Secret may repeat a part of it.
        Err(_) if secret => Read::Unfit("it is no YAML".to_owned()),
        Err(why) => Read::Unfit(format!("it is no YAML: {why}")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn source(kind: &str, target: &str) -> Source {
        Source { kind: kind.into(), name: "a".into(), key: "values.yaml".into(), target: target.into(), optional: false }
    }

    #[test]
    fn of_a_secret_only_the_shape_is_told() {
        let secret = |text: &str| json!({ "data": { "values.yaml": STANDARD.encode(text) } });
        let told = |object: &Value, target: &str| format!("{:?}", said(object, &source("Secret", target)));
        for (text, target) in [("auth: {password: hunter2}", ""), ("hunter2", "auth.password"), ("hunter2: [", "")] {
            let told = told(&secret(text), target);
            assert!(!told.contains("hunter2"), "{told}");
        }
        assert!(told(&secret("auth: {password: hunter2}"), "").contains("password"));
        let map = json!({ "data": { "values.yaml": "a: 1" } });
        assert_eq!(said(&map, &source("ConfigMap", "")), Read::Value(json!({ "a": 1 })));
        assert_eq!(said(&json!({}), &source("ConfigMap", "")), Read::Absent);
        assert_eq!(
            said(&json!({ "binaryData": { "values.yaml": "AA==" } }), &source("ConfigMap", "")),
            Read::Unfit("it is no text".into())
        );
    }
}
