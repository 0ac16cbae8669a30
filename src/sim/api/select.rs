//! Label and field selectors.

use serde_json::Value;

use crate::fault::Fault;
use crate::json;
use crate::resource::Resource;

/// Holds the selectors of a request.
#[derive(Debug, Default, Clone)]
pub(crate) struct Selector {
    labels: Vec<Need>,
    fields: Vec<(String, bool, String)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Need {
    In(String, Vec<String>),
    NotIn(String, Vec<String>),
    Has(String),
    HasNot(String),
}

impl Selector {
    /// Reads both selectors.
    pub(crate) fn read(resource: &Resource, labels: Option<&str>, fields: Option<&str>) -> Result<Self, Fault> {
        let labels = split(labels.unwrap_or_default()).into_iter().map(|term| need(&term)).collect::<Result<_, _>>()?;
        let mut found = Vec::new();
        for term in fields.unwrap_or_default().split(',').filter(|term| !term.is_empty()) {
            let (name, equal, value) = if let Some((name, value)) = term.split_once("!=") {
                (name, false, value)
            } else {
                let (name, value) = term
                    .split_once("==")
                    .or_else(|| term.split_once('='))
                    .ok_or_else(|| Fault::bad(format!("invalid selector: '{term}'; can't understand '{term}'")))?;
                (name, true, value)
            };
            if !known(resource, name) {
                return Err(Fault::bad(format!("field label not supported: {name}")));
            }
            found.push((name.to_owned(), equal, value.to_owned()));
        }
        Ok(Self { labels, fields: found })
    }

    /// Tells whether an object is selected.
    pub(crate) fn picks(&self, object: &Value) -> bool {
        self.labels.iter().all(|need| need.holds(object))
            && self.fields.iter().all(|(name, equal, value)| (field(object, name) == *value) == *equal)
    }
}

fn known(resource: &Resource, name: &str) -> bool {
    matches!(name, "metadata.name" | "metadata.namespace")
        || match resource.kind {
            "Pod" => matches!(
                name,
                "spec.nodeName"
                    | "spec.restartPolicy"
                    | "spec.schedulerName"
                    | "spec.serviceAccountName"
                    | "status.phase"
                    | "status.podIP"
                    | "status.nominatedNodeName"
                    | "spec.hostNetwork"
            ),
            "Event" => {
                name.starts_with("involvedObject.")
                    || name.starts_with("regarding.")
                    || matches!(name, "reason" | "type" | "reportingComponent" | "source")
            }
            "Namespace" => name == "status.phase",
            "Secret" => name == "type",
            "Node" => name == "spec.unschedulable",
            "Job" => name == "status.successful",
            _ => false,
        }
}

fn field(object: &Value, name: &str) -> String {
    let name = name.replace("regarding.", "involvedObject.");
    let pointer = if name == "source" { "/source/component".to_owned() } else { format!("/{}", name.replace('.', "/")) };
    match object.pointer(&pointer) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None if matches!(name.as_str(), "spec.unschedulable" | "spec.hostNetwork") => "false".to_owned(),
        Some(Value::Null) | None => String::new(),
        Some(other) => other.to_string(),
    }
}

/// Splits at commas outside of parentheses.
fn split(text: &str) -> Vec<String> {
    let (mut terms, mut depth, mut term) = (Vec::new(), 0, String::new());
    for c in text.chars() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if c == ',' && depth == 0 {
            terms.push(std::mem::take(&mut term));
        } else {
            term.push(c);
        }
    }
    terms.push(term);
    terms.into_iter().map(|term| term.trim().to_owned()).filter(|term| !term.is_empty()).collect()
}

fn need(term: &str) -> Result<Need, Fault> {
    let refuse = || Fault::bad(format!("unable to parse requirement: found '{term}', expected: identifier"));
    let values = |text: &str| -> Option<Vec<String>> {
        let inner = text.trim().strip_prefix('(')?.strip_suffix(')')?;
        Some(inner.split(',').map(|value| value.trim().to_owned()).collect())
    };
    if let Some((key, list)) = term.split_once(" notin ") {
        return Ok(Need::NotIn(key.trim().to_owned(), values(list).ok_or_else(refuse)?));
    }
    if let Some((key, list)) = term.split_once(" in ") {
        return Ok(Need::In(key.trim().to_owned(), values(list).ok_or_else(refuse)?));
    }
    let good = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c));
    let pair = |key: &str, value: &str| {
        let (key, value) = (key.trim(), value.trim());
        if good(key) && (value.is_empty() || good(value)) { Ok((key.to_owned(), vec![value.to_owned()])) } else { Err(refuse()) }
    };
    if let Some((key, value)) = term.split_once("!=") {
        return pair(key, value).map(|(key, values)| Need::NotIn(key, values));
    }
    if let Some((key, value)) = term.split_once("==").or_else(|| term.split_once('=')) {
        return pair(key, value).map(|(key, values)| Need::In(key, values));
    }
    match term.strip_prefix('!') {
        Some(key) if good(key.trim()) => Ok(Need::HasNot(key.trim().to_owned())),
        None if good(term) => Ok(Need::Has(term.to_owned())),
        _ => Err(refuse()),
    }
}

impl Need {
    fn holds(&self, object: &Value) -> bool {
        match self {
            Self::In(key, values) => json::label(object, key).is_some_and(|label| values.iter().any(|v| v == label)),
            Self::NotIn(key, values) => json::label(object, key).is_none_or(|label| values.iter().all(|v| v != label)),
            Self::Has(key) => json::label(object, key).is_some(),
            Self::HasNot(key) => json::label(object, key).is_none(),
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test says what failed by failing")]
mod tests {
    use super::*;
    use crate::resource;
    use serde_json::json;

    #[test]
    fn selectors_pick_as_kubernetes_does() {
        let pod = json!({"metadata": {"name": "a", "labels": {"app": "web", "tier": "front"}}, "status": {"phase": "Running"}});
        for (labels, fields, picked) in [
            ("app=web", "", true),
            ("app==web,tier!=back", "", true),
            ("app in (web, api),!gone", "", true),
            ("app notin (web)", "", false),
            ("tier", "status.phase=Running", true),
            ("", "metadata.name!=a", false),
            ("gone", "", false),
        ] {
            let selector = Selector::read(resource::of("Pod"), Some(labels), Some(fields)).unwrap();
            assert_eq!(selector.picks(&pod), picked, "{labels} {fields}");
        }
        assert!(Selector::read(resource::of("Pod"), None, Some("spec.x=1")).is_err());
        assert!(Selector::read(resource::of("Pod"), Some("a==="), None).is_err());
    }
}
