//! The environment variables that a release's values give a container, in the shapes that charts use.

use crate::locate::helm::units::{Unit, child};
use crate::locate::helm::{Release, lookup};
use crate::yaml::{Data, Place, Val};

/// The keys beside an image under which charts take variables.
pub(crate) const LISTS: [&str; 8] =
    ["env", "extraEnv", "extraEnvs", "extraEnvVars", "envVars", "additionalEnv", "additionalEnvVars", "environment"];

/// Holds a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Variable {
    /// Its name.
    pub(crate) name: String,
    /// Its value, when it is written out.
    pub(crate) value: Option<String>,
    /// Whether the value is a text; Kubernetes takes no number.
    pub(crate) text: bool,
    /// Where it comes from, when it is not written out.
    pub(crate) reference: Option<Reference>,
    /// Where it is written.
    pub(crate) place: Option<Place>,
    /// The path of its value, or of the variable when it has none.
    pub(crate) path: Vec<String>,
    /// The path of the variable: an item of a list, an entry of a mapping.
    pub(crate) whole: Vec<String>,
}

/// Says where a variable that is not written out comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reference {
    /// In words: `comes from Secret shop, key token`.
    pub(crate) words: String,
    /// As the value of a field, when it is a Secret or a ConfigMap: `secret:shop/token`.
    pub(crate) value: Option<String>,
}

/// Returns the variables of a container, in order.
pub(crate) fn variables(release: &Release, unit: &Unit) -> Vec<Variable> {
    let mut out: Vec<Variable> = Vec::new();
    let Some(holder) = unit.holder.as_deref() else { return out };
    for key in LISTS {
        let path = child(holder, key);
        let Some(val) = lookup(&release.values, &path) else { continue };
        match &val.data {
            Data::Map(map) => out.extend(map.iter().filter_map(|(name, val)| entry(name, val, child(&path, name)))),
            Data::List(items) => {
                let named = |(at, item): (usize, &Val)| {
                    let name = item.get("name").and_then(Val::scalar)?;
                    Some(item_of(&name, item, &child(&path, &at.to_string())))
                };
                out.extend(items.iter().enumerate().filter_map(named));
            }
            _ => {}
        }
    }
    out
}

/// Returns a variable by name.
pub(crate) fn variable(release: &Release, unit: &Unit, name: &str) -> Option<Variable> {
    variables(release, unit).into_iter().find(|v| v.name == name)
}

/// Reads an entry of a mapping: `NAME: value`, `NAME: {value: …}`, `NAME: {valueFrom: …}`; null means that it is not there.
fn entry(name: &str, val: &Val, path: Vec<String>) -> Option<Variable> {
    match &val.data {
        Data::Map(_) => Some(item_of(name, val, &path)),
        Data::Null | Data::List(_) => None,
        _ => Some(Variable {
            name: name.to_owned(),
            value: val.scalar(),
            // A chart that takes a mapping writes the texts itself.
            text: true,
            reference: None,
            place: val.from,
            whole: path.clone(),
            path,
        }),
    }
}

fn item_of(name: &str, item: &Val, path: &[String]) -> Variable {
    let mut variable = Variable {
        name: name.to_owned(),
        value: None,
        text: true,
        reference: None,
        place: item.from,
        path: path.to_vec(),
        whole: path.to_vec(),
    };
    let from = item.get("valueFrom").filter(|v| !v.is_null());
    if let Some(from) = from.or_else(|| ["secretKeyRef", "configMapKeyRef"].iter().any(|k| item.get(k).is_some()).then_some(item))
    {
        variable.reference = Some(reference(from));
    } else if let Some(value) = item.get("value") {
        variable.value = Some(value.scalar().unwrap_or_default());
        variable.text = value.as_text().is_some() || value.is_null();
        variable.place = value.from;
        variable.path = child(path, "value");
    } else {
        variable.value = Some(String::new());
    }
    variable
}

fn reference(from: &Val) -> Reference {
    let text = |path: &[&str]| from.at(path).and_then(Val::scalar).unwrap_or_default();
    for (field, word, kind) in [("secretKeyRef", "secret", "Secret"), ("configMapKeyRef", "configmap", "ConfigMap")] {
        if from.get(field).is_some() {
            let (name, key) = (text(&[field, "name"]), text(&[field, "key"]));
            let value = Some(format!("{word}:{name}/{key}"));
            return Reference { words: format!("comes from {kind} {name}, key {key}"), value };
        }
    }
    let path = text(&["fieldRef", "fieldPath"]);
    let words = if path.is_empty() {
        "comes from elsewhere (valueFrom)".to_owned()
    } else {
        format!("comes from the Pod's field {path}")
    };
    Reference { words, value: None }
}
