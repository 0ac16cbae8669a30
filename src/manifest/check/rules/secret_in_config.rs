//! Secrets where nobody looks for them: in ConfigMaps, in variables, in the values of Helm releases.

use domain::change::Severity;

use crate::check::hits::Hits;
use crate::check::secrets;
use crate::check::subject::{Subject, name_of};
use crate::yaml::{Data, Val};

/// Finds secrets that are written where they are not protected.
pub(super) fn config<'s>(subject: &'s Subject, hits: &mut Hits<'s>) {
    for container in subject.containers() {
        for variable in container.env() {
            let Some(value) = variable.get("value") else { continue };
            let (name, text) = (name_of(variable), value.scalar().unwrap_or_default());
            if let Some(why) = suspicion(name, &text) {
                let message = format!("the variable {name} of {} {why} and is written in the clear", subject.whose(container));
                hits.at(subject, value, message);
            }
        }
    }
    if subject.kind == "ConfigMap" && subject.group.is_empty() {
        for (key, value) in subject.at(&["data"]).and_then(Val::as_map).into_iter().flatten() {
            held(subject, key, value, hits);
        }
    }
    if subject.is("toolkit.fluxcd.io", "HelmRelease")
        && let Some(values) = subject.at(&["spec", "values"])
    {
        in_values(subject, "", values, hits);
    }
}

/// Returns what speaks for a value being a secret.
fn suspicion(name: &str, text: &str) -> Option<String> {
    match secrets::certain(text) {
        Some(what) => Some(format!("holds {what}")),
        None => secrets::named(name, text).then(|| "looks like a secret".to_owned()),
    }
}

/// Looks into one key of a ConfigMap: a value, or a whole file with lines.
fn held<'s>(subject: &'s Subject, key: &str, value: &Val, hits: &mut Hits<'s>) {
    let Some(text) = value.as_text() else { return };
    if !text.trim_end().contains('\n') {
        if let Some(why) = suspicion(key, text.trim_end()) {
            hits.at(subject, value, format!("{key} of {} {why} and is written in the clear", subject.told()));
        }
        return;
    }
    let certain = text.lines().find_map(|line| Some((line, secrets::certain(line)?)));
    let known = certain.or_else(|| {
        secrets::certain(text).map(|what| (text.lines().find(|l| l.contains("-----BEGIN")).unwrap_or_default(), what))
    });
    if let Some((line, what)) = known {
        hits.at(subject, value, format!("{key} of {} holds {what} in the clear", subject.told())).on(line);
        return;
    }
    if let Some((line, name)) = text.lines().find_map(|line| Some((line, secrets::setting(line)?))) {
        let hit = hits.at(subject, value, format!("{name} in {key} of {} looks like a secret in the clear", subject.told()));
        hit.on(line);
        hit.as_grave_as(Severity::Info);
    }
}

/// Walks over the values of a Helm release; variables in lists go by their names.
fn in_values<'s>(subject: &'s Subject, key: &str, val: &Val, hits: &mut Hits<'s>) {
    match &val.data {
        Data::Map(map) => {
            if let (Some(name), Some(value)) = (map.get("name").and_then(Val::as_text), map.get("value")) {
                in_values(subject, name, value, hits);
            }
            let variable = map.contains_key("name") && map.contains_key("value");
            for (key, item) in map.iter().filter(|(key, _)| !variable || !matches!(key.as_str(), "name" | "value")) {
                in_values(subject, key, item, hits);
            }
        }
        Data::List(list) => list.iter().for_each(|item| in_values(subject, key, item, hits)),
        Data::Text(text) => {
            if text.trim_end().contains('\n') {
                if let Some((line, what)) = text.lines().find_map(|line| Some((line, secrets::certain(line)?))) {
                    hits.at(subject, val, format!("{key} in the values of {} holds {what} in the clear", subject.told()))
                        .on(line);
                }
            } else if let Some(why) = suspicion(key, text) {
                hits.at(subject, val, format!("{key} in the values of {} {why} and is written in the clear", subject.told()));
            }
        }
        _ => {}
    }
}
