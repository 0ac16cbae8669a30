//! One document of a file: where it stands, and changes of its values that leave every other byte alone.

use std::ops::Range;

use serde_json::Value;

use crate::yaml::{
    At, Fragment, Meant, NodeId, Splice, SpliceFault, Tree, insert_entry, insert_item, remove_entry, remove_item, set_scalar,
    spliced, value_of,
};

/// How many single changes one change of a document may come to.
const STEPS: usize = 1_000;

/// Finds the document that stands at a line of a file (counted from 1) and writes the object of this kind and name; the bytes
/// between its separators, comments included. None when something else stands there: a list, a generator, a template.
pub fn document(text: &str, line: usize, (kind, name): (&str, &str)) -> Option<Range<usize>> {
    let (mut start, mut at) = (0, 0);
    let mut found = None;
    for (number, part) in text.split_inclusive('\n').enumerate() {
        let rest = part.strip_prefix("---").filter(|rest| rest.trim_end().is_empty() || rest.starts_with([' ', '\t']));
        if let Some(rest) = rest {
            if number + 1 > line {
                found = Some(start..at);
                break;
            }
            let bare = rest.trim().is_empty() || rest.trim_start().starts_with('#');
            start = if bare { at + part.len() } else { at };
        }
        at += part.len();
    }
    let range = found.unwrap_or(start..text.len());
    let value = value_of(text.get(range.clone())?).ok()?;
    let says = |pointer: &str, wanted: &str| value.pointer(pointer).and_then(Value::as_str) == Some(wanted);
    (says("/kind", kind) && says("/metadata/name", name)).then_some(range)
}

/// Changes the values of a document to those of `after`, value by value where they are written; what they have in common keeps
/// its comments, quoting and line ends. An error says what cannot be changed so.
pub fn amended(text: &str, after: &Value) -> Result<String, String> {
    let mut text = text.to_owned();
    for _ in 0..STEPS {
        let was = value_of(&text)?;
        if was == *after {
            return Ok(text);
        }
        let tree = Tree::parse(&text).map_err(|fault| format!("line {}: {}", fault.line, fault.why))?;
        let root = tree.documents().first().map(|document| document.root).ok_or("there is no document")?;
        let splices = step(&tree, root, &was, after).map_err(|fault| told(&tree, fault))?;
        if splices.is_empty() {
            return Err("a value is written in a way that cannot be changed alone".to_owned());
        }
        text = spliced(&text, &splices);
    }
    Err("it changes too much at once".to_owned())
}

/// Finds the first difference and makes one change that lessens it.
fn step(tree: &Tree<'_>, node: NodeId, was: &Value, is: &Value) -> Result<Vec<Splice>, SpliceFault> {
    const ELSEWHERE: SpliceFault = SpliceFault::Unfit("a value comes from an anchor");
    match (was, is) {
        (Value::Object(old), Value::Object(new)) => {
            if let Some(gone) = old.keys().find(|key| !new.contains_key(*key)) {
                let at = tree.position(tree.target(node), gone).ok_or(ELSEWHERE)?;
                return remove_entry(tree, node, at);
            }
            let Some((key, value)) = new.iter().find(|(key, value)| old.get(*key) != Some(*value)) else { return Ok(Vec::new()) };
            let Some(before) = old.get(key) else { return insert_entry(tree, node, (key, &fragment(value)), At::Last) };
            let at = tree.position(tree.target(node), key).ok_or(ELSEWHERE)?;
            if unlike(before, value) {
                return remove_entry(tree, node, at);
            }
            let child = tree.entries(tree.target(node)).get(at).ok_or(ELSEWHERE)?.value;
            step(tree, child, before, value)
        }
        (Value::Array(old), Value::Array(new)) => {
            let differs = old.iter().zip(new).position(|(one, other)| one != other);
            let Some(at) = differs else {
                return match new.get(old.len()) {
                    Some(item) => insert_item(tree, node, &fragment(item), false),
                    None => remove_item(tree, node, old.len() - 1),
                };
            };
            // What is only one item less is taken out where it stood, so that its neighbours keep what is written about them.
            if old.len() > new.len() || unlike(&old[at], &new[at]) {
                return remove_item(tree, node, at);
            }
            let (_, child) = tree.items(tree.target(node)).get(at).copied().ok_or(ELSEWHERE)?;
            step(tree, child, &old[at], &new[at])
        }
        (Value::Null, Value::Object(new)) => match new.iter().next() {
            Some((key, value)) => insert_entry(tree, node, (key, &fragment(value)), At::Last),
            None => set_scalar(tree, node, Meant::Plain("{}")),
        },
        (Value::Null, Value::Array(new)) => match new.first() {
            Some(item) => insert_item(tree, node, &fragment(item), false),
            None => set_scalar(tree, node, Meant::Plain("[]")),
        },
        (_, Value::String(text)) => set_scalar(tree, node, Meant::Text(text)),
        (_, other) => set_scalar(tree, node, Meant::Plain(&other.to_string())),
    }
}

/// Tells whether one value cannot become another one in its place.
fn unlike(was: &Value, is: &Value) -> bool {
    let holds = |value: &Value| value.is_object() || value.is_array();
    !was.is_null() && (holds(was) || holds(is)) && std::mem::discriminant(was) != std::mem::discriminant(is)
}

fn fragment(value: &Value) -> Fragment {
    match value {
        Value::String(text) if text.contains('\n') => Fragment::Block(text.clone()),
        Value::String(text) => Fragment::Text(text.clone()),
        Value::Object(map) => Fragment::Map(map.iter().map(|(key, value)| (key.clone(), fragment(value))).collect()),
        Value::Array(list) => Fragment::List(list.iter().map(fragment).collect()),
        other => Fragment::Plain(other.to_string()),
    }
}

fn told(tree: &Tree<'_>, fault: SpliceFault) -> String {
    match fault {
        SpliceFault::Shared { first, second } => {
            format!("the value is shared by an anchor: lines {} and {}", tree.line(first), tree.line(second))
        }
        SpliceFault::Unfit(why) => why.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by failing")]
    use super::*;
    use serde_json::json;

    const FILE: &str = "# The licence.\n---\n# One.\nkind: A\nmetadata: {name: a}\ndata:\n  text: |\n    one\n     --- no\n--- # two\n\
                        kind: B\nmetadata:\n  name: b # kept\nspec:\n  interval: \"10m\"   # often\n  list:\n  - a # first\n  - b\n  - c # last\n";

    #[test]
    fn a_document_is_what_stands_between_its_separators() {
        let text = |line, named| document(FILE, line, named).map(|range| &FILE[range]);
        assert!(text(4, ("A", "a")).unwrap().starts_with("# One.\n") && text(4, ("A", "a")).unwrap().ends_with("no\n"));
        assert!(text(11, ("B", "b")).unwrap().starts_with("kind: B\n"));
        assert_eq!(text(4, ("B", "b")), None, "another object stands there");
        let whole = "kind: C\r\nmetadata: {name: c}";
        assert_eq!(document(whole, 1, ("C", "c")), Some(0..whole.len()));
        let inline = "--- {kind: C, metadata: {name: c}}\n";
        assert_eq!(document(inline, 1, ("C", "c")), Some(0..inline.len()));
    }

    #[test]
    fn values_change_where_they_are_written_and_nothing_else_does() {
        let text = &FILE[document(FILE, 11, ("B", "b")).unwrap()];
        let mut value = value_of(text).unwrap();
        value["spec"]["interval"] = json!("1h");
        value["spec"]["suspend"] = json!(true);
        value["spec"]["list"] = json!(["a", "c"]);
        let after = amended(text, &value).unwrap();
        assert_eq!(after.lines().count(), text.lines().count());
        assert!(after.contains("  interval: \"1h\"   # often\n") && after.contains("name: b # kept\n"), "{after}");
        assert!(after.contains("  - a # first\n  - c # last\n") && after.contains("  suspend: true\n"), "{after}");

        value["spec"] = json!({ "interval": "10m", "list": { "now": ["a", "b:c"] }, "text": "one\ntwo\n", "none": null });
        let after = amended(text, &value).unwrap();
        assert_eq!(value_of(&after).unwrap(), value, "{after}");
        let again = value_of(text).unwrap();
        assert_eq!(value_of(&amended(&after, &again).unwrap()).unwrap(), again);
        assert_eq!(amended(text, &again).unwrap(), text);
    }

    #[test]
    fn what_an_anchor_shares_is_not_changed_behind_anybodys_back() {
        let text = "kind: A\na: &x\n  b: 1\nc: *x\n";
        let mut value = value_of(text).unwrap();
        value["a"]["b"] = json!(2);
        assert!(amended(text, &value).unwrap_err().contains("anchor"));
    }
}
