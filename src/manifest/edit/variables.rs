//! Changes of environment variables: plain ones, and those that take their value from a Secret or a ConfigMap.
//!
//! A plain value does not take the place of a reference by itself: only when the edits remove the reference too, or when
//! that is chosen. A reference takes the place of a plain value, which is what setting it says.

use domain::edit::{Choice, Edit, Field, Found};

use crate::edit::aim::{Aim, Step};
use crate::edit::{Desk, container};
use crate::error::Error;
use crate::locate::{Container, Located};
use crate::yaml::{Fragment, Val};

/// Returns a variable of a container.
fn variable<'v>(container: &'v Val, name: &str) -> Option<&'v Val> {
    let list = container.get("env").map(Val::items).unwrap_or_default();
    list.iter().find(|e| e.get("name").and_then(Val::scalar).as_deref() == Some(name))
}

/// Says where a variable's value comes from when it is not written out.
fn indirect(env: &Val) -> Option<String> {
    let from = env.get("valueFrom").filter(|v| !v.is_null())?;
    let text = |path: &[&str]| from.at(path).and_then(Val::scalar).unwrap_or_default();
    Some(if from.get("secretKeyRef").is_some() {
        format!("comes from Secret {}, key {}", text(&["secretKeyRef", "name"]), text(&["secretKeyRef", "key"]))
    } else if from.get("configMapKeyRef").is_some() {
        format!("comes from ConfigMap {}, key {}", text(&["configMapKeyRef", "name"]), text(&["configMapKeyRef", "key"]))
    } else if from.get("fieldRef").is_some() {
        format!("comes from the Pod's field {}", text(&["fieldRef", "fieldPath"]))
    } else if from.get("resourceFieldRef").is_some() {
        format!("comes from the container's {}", text(&["resourceFieldRef", "resource"]))
    } else {
        "comes from elsewhere (valueFrom)".to_owned()
    })
}

/// The kinds of reference: what an edit calls them, and the key under `valueFrom`.
const REFERENCES: [(&str, &str); 2] = [("secret", "secretKeyRef"), ("configmap", "configMapKeyRef")];

/// Returns a variable's reference as an edit writes it, and the value that says it.
fn reference(env: &Val) -> Option<(String, &Val)> {
    let from = env.get("valueFrom").filter(|v| !v.is_null())?;
    REFERENCES.iter().find_map(|(word, key)| {
        let val = from.get(key).filter(|v| !v.is_null())?;
        let text = |key: &str| val.get(key).and_then(Val::scalar).unwrap_or_default();
        Some((format!("{word}:{}/{}", text("name"), text("key")), val))
    })
}

/// Tells whether a plain value may take the place of a reference.
fn replaces(edit: &Edit) -> bool {
    edit.choice == Some(Choice::Own) && edit.value.is_some()
}

/// Tells whether the effective value is the one that an edit asks for.
pub(super) fn met(located: &Located, edit: &Edit) -> Result<bool, Error> {
    let container = located.meant(edit)?;
    let wanted = edit.value.as_deref();
    let (name, plain) = match &edit.field {
        Field::Env(name) => (name, true),
        Field::EnvRef(name) => (name, false),
        _ => return Ok(true),
    };
    let Some(env) = variable(container.val, name) else { return Ok(wanted.is_none()) };
    let value = env.get("value").filter(|v| !v.is_null());
    if !plain {
        // To remove a reference leaves a plain value alone.
        let from = env.get("valueFrom").filter(|v| !v.is_null());
        let only = value.is_none() && from.and_then(Val::as_map).is_none_or(|m| m.values().filter(|v| !v.is_null()).count() == 1);
        return Ok(match wanted {
            None => from.is_none(),
            Some(wanted) => only && reference(env).is_some_and(|(now, _)| now == wanted),
        });
    }
    if let Some(why) = indirect(env) {
        if replaces(edit) {
            return Ok(false);
        }
        let (file, line) = (located.sources.file(env.from).to_owned(), located.sources.line(env.from));
        return Err(Error::Indirect { field: edit.field.to_string(), file, line, why });
    }
    // A number without quotes is no valid value, although it reads the same.
    let text = value.map_or(Some(""), Val::as_text);
    Ok(wanted.is_some() && text == wanted)
}

/// Takes one step towards the variable that was asked for.
pub(super) fn step(desk: &mut Desk, located: &Located, edit: &Edit) -> Result<(), Error> {
    let (name, plain) = match &edit.field {
        Field::Env(name) => (name, true),
        Field::EnvRef(name) => (name, false),
        _ => return Ok(()),
    };
    let holder = located.meant(edit)?;
    let mut list = container::aim(located, edit)?.below(Step::keys(&["env"]));
    let base = list.path.len();
    let mut item = list.below(vec![Step::named(name)]);
    let now = variable(holder.val, name);
    let Some(value) = &edit.value else { return item.remove(desk, located) };
    list.floor = base;
    item.floor = base + 1;
    let Some(env) = now else {
        let pairs = vec![("name".to_owned(), Fragment::Text(name.clone())), wanted(plain, value)];
        return item.set(desk, located, &Fragment::Map(pairs));
    };
    if plain {
        if indirect(env).is_some() {
            return item.below(Step::keys(&["valueFrom"])).remove(desk, located);
        }
        return item.below(Step::keys(&["value"])).set(desk, located, &Fragment::Text(value.clone()));
    }
    refer(desk, located, (&item, env), value)
}

fn wanted(plain: bool, value: &str) -> (String, Fragment) {
    if plain {
        return ("value".to_owned(), Fragment::Text(value.to_owned()));
    }
    let (key, pairs) = parts(value);
    ("valueFrom".to_owned(), Fragment::entry(key, Fragment::Map(pairs)))
}

/// Reads `secret:NAME/KEY`: the key under `valueFrom`, and what stands there.
fn parts(value: &str) -> (&'static str, Vec<(String, Fragment)>) {
    let (word, rest) = value.split_once(':').unwrap_or(("secret", value));
    let (name, key) = rest.split_once('/').unwrap_or((rest, ""));
    let under = REFERENCES.iter().find(|(w, _)| *w == word).map_or(REFERENCES[0].1, |(_, key)| *key);
    let pair = |key: &str, value: &str| (key.to_owned(), Fragment::Text(value.to_owned()));
    (under, vec![pair("name", name), pair("key", key)])
}

/// Takes one step towards a reference, where the variable is there: one value at a time, what is in the way first.
fn refer(desk: &mut Desk, located: &Located, (item, env): (&Aim<'_>, &Val), value: &str) -> Result<(), Error> {
    if env.get("value").is_some_and(|v| !v.is_null()) {
        return item.below(Step::keys(&["value"])).remove(desk, located);
    }
    let (under, pairs) = parts(value);
    let from = env.get("valueFrom").filter(|v| !v.is_null());
    let there = from.and_then(|f| f.get(under)).filter(|v| !v.is_null());
    if let Some(there) = there {
        for (key, value) in &pairs {
            if there.get(key).and_then(Val::scalar).as_deref() != value.text() {
                return item.below(Step::keys(&["valueFrom", under, key])).set(desk, located, value);
            }
        }
    } else {
        return item.below(Step::keys(&["valueFrom", under])).set(desk, located, &Fragment::Map(pairs));
    }
    let other = from.and_then(Val::as_map).and_then(|m| m.iter().find(|(key, v)| key.as_str() != under && !v.is_null()));
    match other {
        Some((key, _)) => item.below(Step::keys(&["valueFrom", key])).remove(desk, located),
        None => Ok(()),
    }
}

/// Adds a container's variables with their places: those that refer to a Secret or a ConfigMap once more as references.
pub(crate) fn found(located: &Located, container: Container<'_>, found: &mut Vec<Found>) {
    let name = Some(container.name);
    for env in container.val.get("env").map(Val::items).unwrap_or_default() {
        let Some(variable) = env.get("name").and_then(Val::scalar) else { continue };
        let mut one = match env.get("value").filter(|v| !v.is_null()) {
            Some(value) => located.found(Field::Env(variable.clone()), name, value.scalar().unwrap_or_default(), value.from),
            None => located.found(Field::Env(variable.clone()), name, String::new(), env.from),
        };
        if let Some(source) = indirect(env) {
            one.why = format!("{source}, {}", one.why);
        }
        found.push(one);
        if let Some((value, val)) = reference(env) {
            found.push(located.found(Field::EnvRef(variable), name, value, val.from));
        }
    }
}
