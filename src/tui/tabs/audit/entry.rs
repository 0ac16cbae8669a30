//! One entry of the journal as text: who did what to what, and the record that changed by it.

use domain::journal::Entry;
use serde_json::Value;

use super::phase;
use crate::cx::Cx;
use crate::widgets::put::width;

/// Returns the lines that tell an entry whole.
pub(super) fn lines(cx: &Cx, entry: &Entry) -> Vec<String> {
    let r = &entry.record;
    let by = serde_json::to_value(r.actor.by).ok();
    let by = by.as_ref().and_then(Value::as_str).unwrap_or_default();
    let who = [r.actor.login.as_str(), r.actor.name.as_str(), r.actor.email.as_str(), by];
    let who = who.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("  ");
    let facts = [
        ("column.time", cx.moment(r.time)),
        ("column.actor", who),
        ("column.act", r.act.clone()),
        ("column.object", r.object.clone()),
        ("column.result", phase(r.phase, cx).0),
    ];
    let mut out: Vec<String> = facts.into_iter().map(|(key, value)| format!("{}{value}", padded(cx.words.get(key)))).collect();
    out.push(String::new());
    out.extend(r.detail.lines().map(|line| cx.acted(line)));
    if let Some(Ok(change)) = r.change.as_ref().map(serde_json::to_value) {
        out.push(String::new());
        outline(&change, 0, &mut out);
    }
    out.extend([
        String::new(),
        format!("{}  {}", cx.t("audit.hash"), entry.hash),
        format!("{}  {}", cx.t("audit.prev"), entry.prev),
    ]);
    out
}

fn padded(label: &str) -> String {
    format!("{label}{}", " ".repeat(12usize.saturating_sub(width(label)).max(1)))
}

/// Writes a value as an outline, one key per line; what is empty is left out.
fn outline(value: &Value, depth: usize, out: &mut Vec<String>) {
    let indent = "  ".repeat(depth);
    match value {
        Value::Object(map) => {
            for (key, inner) in map.iter().filter(|(_, inner)| !is_empty(inner)) {
                put_under(&format!("{indent}{key}:"), inner, depth, out);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| put_under(&format!("{indent}-"), item, depth, out)),
        plain => out.push(format!("{indent}{}", word(plain))),
    }
}

fn put_under(head: &str, value: &Value, depth: usize, out: &mut Vec<String>) {
    match value {
        Value::Object(_) | Value::Array(_) => {
            out.push(head.to_owned());
            outline(value, depth + 1, out);
        }
        Value::String(text) if text.contains('\n') => {
            out.push(head.to_owned());
            let indent = "  ".repeat(depth + 1);
            out.extend(text.lines().map(|line| format!("{indent}{line}").trim_end().to_owned()));
        }
        plain => out.push(format!("{head} {}", word(plain))),
    }
}

fn word(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_told_without_what_is_empty() {
        let value = serde_json::json!({"name": "shop", "note": "", "rule": {"required": true, "by": null}, "files": ["a", "b"], "text": "one\ntwo"});
        let mut out = Vec::new();
        outline(&value, 0, &mut out);
        let want = ["name: shop", "rule:", "  required: true", "files:", "  - a", "  - b", "text:", "  one", "  two"];
        assert_eq!(out, want);
    }
}
