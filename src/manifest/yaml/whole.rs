//! A whole value as YAML and back, for texts that nobody's hand has formed yet.

use serde_json::Value;

use super::{SyntaxFault, Tree, older, read};

/// Writes a value as YAML.
pub fn text_of(value: &Value) -> String {
    // What came as JSON has no value that YAML cannot say.
    serde_yaml::to_string(value).unwrap_or_default()
}

/// Reads the one document of a text, or says what is wrong with it; an empty text is nothing.
pub fn value_of(text: &str) -> Result<Value, String> {
    let mut found = values_of(text)?;
    match found.len() {
        0 | 1 => Ok(found.pop().unwrap_or_default()),
        _ => Err("it is more than one document".to_owned()),
    }
}

/// Reads all documents of a text but the empty ones, or says what is wrong with one.
pub fn values_of(text: &str) -> Result<Vec<Value>, String> {
    let tree = Tree::parse(text).map_err(|fault| told(&fault))?;
    let mut total = 0;
    let mut found = Vec::new();
    for document in tree.documents() {
        let mut val = read(&tree, document.root, 0, &mut total).map_err(|fault| told(&fault))?;
        older(&tree, &mut val);
        found.push(val.to_json());
    }
    found.retain(|value| !value.is_null());
    Ok(found)
}

fn told(fault: &SyntaxFault) -> String {
    format!("line {}: {}", fault.line, fault.why)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by failing")]
    use super::*;

    #[test]
    fn a_value_comes_back_as_it_went() {
        let value = serde_json::json!({ "b": "true", "a": [1, "1", null, { "c": "two\nlines\n" }], "d": {} });
        assert_eq!(value_of(&text_of(&value)).unwrap(), value);
        assert_eq!(value_of("").unwrap(), Value::Null);
        assert!(value_of("a: [").is_err() && value_of("a: 1\n---\nb: 1\n").is_err());
    }
}
