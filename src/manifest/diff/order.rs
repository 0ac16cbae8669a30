//! Items of lists that stand at another place, where the place means something: containers, init containers, and variables
//! that refer to others.

use serde_json::Value;

/// Says in words which containers and variables of an object come earlier than before.
pub(super) fn moved(before: &Value, after: &Value) -> Vec<String> {
    let mut out = Vec::new();
    walk(before, after, &mut out);
    out
}

fn walk(before: &Value, after: &Value, out: &mut Vec<String>) {
    let (Some(old), Some(new)) = (before.as_object(), after.as_object()) else { return };
    for (key, is) in new {
        let Some(was) = old.get(key) else { continue };
        match (key.as_str(), was.as_array(), is.as_array()) {
            ("containers" | "initContainers", Some(a), Some(b)) => {
                out.extend(forward(if key == "containers" { "container" } else { "init container" }, a, b));
                for item in b {
                    if let Some(was) = a.iter().find(|was| name(was) == name(item)) {
                        walk(was, item, out);
                    }
                }
            }
            ("env", Some(a), Some(b)) => out.extend(references(a, b)),
            (_, None, None) => walk(was, is, out),
            _ => {}
        }
    }
}

fn name(item: &Value) -> &str {
    item.get("name").and_then(Value::as_str).unwrap_or_default()
}

/// Returns the names that are on both sides, in the order of the first.
fn common<'v>(list: &'v [Value], other: &[Value]) -> Vec<&'v str> {
    let there = |wanted: &str| other.iter().any(|item| name(item) == wanted);
    list.iter().map(name).filter(|name| !name.is_empty() && there(name)).collect()
}

/// Names the items that come before some that they came after.
fn forward(word: &str, before: &[Value], after: &[Value]) -> Vec<String> {
    let (old, new) = (common(before, after), common(after, before));
    let place = |wanted: &str| old.iter().position(|name| *name == wanted);
    // An item moved forward when it stands before the next one of those that kept their order.
    let mut out = Vec::new();
    let mut behind = old.len();
    for (at, name) in new.iter().enumerate().rev() {
        match place(name) {
            Some(was) if was < behind => behind = was,
            Some(_) if at == 0 || new[..at].iter().all(|n| place(n) > Some(behind)) => {
                out.push(format!("moves {word} {name} to the front"));
            }
            _ => out.push(format!("moves {word} {name} forward")),
        }
    }
    out.reverse();
    out
}

/// Names the variables that come before one they refer to, and did not before.
fn references(before: &[Value], after: &[Value]) -> Vec<String> {
    let early = |list: &[Value], one: &str, other: &str| {
        let place = |wanted: &str| list.iter().position(|item| name(item) == wanted);
        matches!((place(one), place(other)), (Some(a), Some(b)) if a < b)
    };
    let mut out = Vec::new();
    for item in after {
        let text = item.get("value").and_then(Value::as_str).unwrap_or_default();
        for other in after.iter().map(name).filter(|other| *other != name(item) && text.contains(&format!("$({other})"))) {
            if early(after, name(item), other) && !early(before, name(item), other) {
                out.push(format!("moves env {} before {other}, which it refers to", name(item)));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pod(first: &[&str], env: &[(&str, &str)]) -> Value {
        let named = |names: &[&str]| names.iter().map(|name| json!({ "name": name })).collect::<Vec<_>>();
        let env: Vec<Value> = env.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
        json!({ "spec": { "template": { "spec": { "initContainers": named(first), "containers": [{ "name": "web", "env": env }] } } } })
    }

    #[test]
    fn what_comes_earlier_is_named_where_it_matters() {
        let none: &[(&str, &str)] = &[];
        for (before, after, said) in [
            (["a", "b", "c"].as_slice(), ["c", "a", "b"].as_slice(), ["moves init container c to the front"].as_slice()),
            (&["a", "b", "c"], &["b", "c", "a"], &["moves init container b to the front", "moves init container c to the front"]),
            (&["a", "b", "c"], &["a", "c", "b"], &["moves init container c forward"]),
            (&["a", "b"], &["new", "a", "b"], &[]),
            (&["a", "b"], &["b"], &[]),
        ] {
            assert_eq!(moved(&pod(before, none), &pod(after, none)), said, "{before:?} {after:?}");
        }
        let (host, url) = (("HOST", "db"), ("URL", "pg://$(HOST)/x"));
        let turned = moved(&pod(&[], &[host, url]), &pod(&[], &[url, host]));
        assert_eq!(turned, ["moves env URL before HOST, which it refers to"]);
        assert!(moved(&pod(&[], &[host, ("A", "1")]), &pod(&[], &[("A", "1"), host])).is_empty());
    }
}
