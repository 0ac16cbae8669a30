//! `vars`: `$(NAME)` in some fields stands for a field of another object. kustomize calls them outdated, but renders them.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::build::config::{Config, Part};
use crate::build::fieldspec::{FieldSpec, Made, spec};
use crate::build::layer::Layer;
use crate::build::path;
use crate::build::resource::Resource;
use crate::build::source::Sources;
use crate::error::Error;
use crate::yaml::{Data, Val};

/// Where a Pod's specification stands in the kinds whose fields may speak of variables.
const PODS: &[(&str, &str)] = &[
    ("Pod", "spec"),
    ("Deployment", "spec/template/spec"),
    ("ReplicaSet", "spec/template/spec"),
    ("DaemonSet", "spec/template/spec"),
    ("StatefulSet", "spec/template/spec"),
    ("Job", "spec/template/spec"),
    ("CronJob", "spec/jobTemplate/spec/template/spec"),
];
const IN_CONTAINERS: &[&str] = &["args", "command", "env/value", "volumeMounts/mountPath"];
const FIELDS: &[FieldSpec] = &[
    spec("CronJob", "spec/jobTemplate/spec/template/volumes/nfs/server", false),
    spec("DaemonSet", "spec/template/spec/volumes/nfs/server", false),
    spec("Deployment", "spec/template/spec/volumes/nfs/server", false),
    spec("Deployment", "spec/template/metadata/annotations", false),
    spec("Job", "spec/template/spec/volumes/nfs/server", false),
    spec("ReplicaSet", "spec/template/spec/volumes/nfs/server", false),
    spec("Pod", "spec/volumes/nfs/server", false),
    spec("Ingress", "spec/rules/host", false),
    spec("Ingress", "spec/tls/hosts", false),
    spec("Ingress", "spec/tls/secretName", false),
    spec("Service", "spec/ports/port", false),
    spec("Service", "spec/ports/targetPort", false),
    spec("StatefulSet", "spec/volumeClaimTemplates/spec/nfs/server", false),
    spec("PersistentVolume", "spec/nfs/server", false),
    spec("", "metadata/labels", false),
    spec("", "metadata/annotations", false),
];

static DEFAULTS: LazyLock<Vec<FieldSpec>> = LazyLock::new(|| {
    let mut all = Vec::new();
    for (kind, base) in PODS {
        for list in ["containers", "initContainers"] {
            for field in IN_CONTAINERS {
                all.push(FieldSpec { path: format!("{base}/{list}/{field}").into(), ..spec(kind, "", false) });
            }
        }
    }
    all.extend_from_slice(FIELDS);
    all
});

/// Holds one variable.
#[derive(Debug, Clone)]
pub(super) struct Var {
    name: String,
    field: String,
    file: String,
    line: usize,
}

/// Reads the variables of a kustomization and marks the objects that they read from.
pub(super) fn gather(sources: &Sources, layer: &Layer, resources: &mut [Resource], vars: &mut Vec<Var>) -> Result<(), Error> {
    for item in layer.list(sources, "vars")? {
        layer.keys(sources, &item, ("vars", &["name", "objref", "fieldref"]))?;
        let text = |path: &[&str]| item.at(path).and_then(Val::scalar).unwrap_or_default();
        let (name, mut version) = (text(&["name"]), text(&["objref", "apiVersion"]));
        if version.is_empty() {
            let (group, own) = (text(&["objref", "group"]), text(&["objref", "version"]));
            version = if group.is_empty() { own } else { format!("{group}/{own}") };
        }
        let wanted = (text(&["objref", "kind"]), text(&["objref", "name"]), text(&["objref", "namespace"]));
        let meant = |r: &Resource| {
            let (kind, object, namespace) = &wanted;
            r.api_version() == version
                && r.ids()
                    .iter()
                    .any(|id| id.kind == *kind && id.name == *object && (namespace.is_empty() || id.space == *namespace))
        };
        let mut there: Vec<&mut Resource> = resources.iter_mut().filter(|r| meant(r)).collect();
        match there.as_mut_slice() {
            [] => {}
            [one] => one.vars.push(name.clone()),
            several => {
                let why = format!("vars: {name} may read from any of {} objects", several.len());
                return Err(layer.meaning(sources, &item, why));
            }
        }
        if vars.iter().any(|var| var.name == name) {
            return Err(layer.meaning(sources, &item, format!("vars: {name} is there twice")));
        }
        let field = Some(text(&["fieldref", "fieldPath"])).filter(|f| !f.is_empty());
        let field = field.unwrap_or_else(|| "metadata.name".to_owned());
        vars.push(Var { name, field, file: layer.file.clone(), line: sources.line(item.from) });
    }
    Ok(())
}

/// Adds the variables of another kustomization.
pub(super) fn absorb(vars: &mut Vec<Var>, more: Vec<Var>) -> Result<(), Error> {
    for new in more {
        if vars.iter().any(|var| var.name == new.name) {
            return Err(Error::Meaning { why: format!("vars: {} is there twice", new.name), file: new.file, line: new.line });
        }
        vars.push(new);
    }
    Ok(())
}

/// Puts the values in.
pub(super) fn resolve(sources: &Sources, config: &Config, vars: &[Var], resources: &mut [Resource]) -> Result<(), Error> {
    if vars.is_empty() {
        return Ok(());
    }
    let mut values = BTreeMap::new();
    for var in vars {
        let fault = |why: String| Error::Meaning { file: var.file.clone(), line: var.line, why };
        let holder = resources.iter().find(|r| r.vars.contains(&var.name));
        let holder = holder.ok_or_else(|| fault(format!("vars: there is no object for {}", var.name)))?;
        let found = path::lookup(&holder.val, &indexed(&path::parts(&var.field))).map_err(fault)?;
        let found = found.ok_or_else(|| fault(format!("vars: there is no {} for {}", var.field, var.name)))?;
        values.insert(var.name.clone(), found.clone());
    }
    for resource in resources {
        for field in DEFAULTS.iter().chain(config.fields(Part::Vars)) {
            let (file, line) = vars.first().map(|v| (v.file.clone(), v.line)).unwrap_or_default();
            field.visit(resource, Made::Nothing, &mut |slot| put(sources, slot, &values)).map_err(|why| Error::Meaning {
                file,
                line,
                why: format!("vars: {why}"),
            })?;
        }
    }
    Ok(())
}

/// Splits `a[0]` into two parts.
fn indexed(parts: &[String]) -> Vec<String> {
    let mut out = Vec::new();
    for part in parts {
        let split = part.strip_suffix(']').and_then(|p| p.rsplit_once('[')).filter(|(_, at)| at.parse::<usize>().is_ok());
        match split {
            Some((name, at)) => {
                out.extend((!name.is_empty()).then(|| name.to_owned()));
                out.push(at.to_owned());
            }
            None => out.push(part.clone()),
        }
    }
    out
}

fn put(sources: &Sources, slot: &mut Val, values: &BTreeMap<String, Val>) -> Result<(), String> {
    match &mut slot.data {
        Data::Text(text) => {
            let new = expanded(text, values, &|bytes| sources.spend(bytes))?;
            if new != Data::Text(text.clone()) {
                slot.data = new;
            }
            Ok(())
        }
        Data::List(items) => items.iter_mut().try_for_each(|item| match item.data {
            Data::Text(_) => put(sources, item, values),
            _ => Err("there is something else than a text in a list".to_owned()),
        }),
        Data::Map(map) => map.values_mut().filter(|v| v.as_text().is_some()).try_for_each(|v| put(sources, v, values)),
        _ => Ok(()),
    }
}

/// Returns a text with its variables replaced; the value itself when the text is nothing but one variable.
fn expanded(text: &str, values: &BTreeMap<String, Val>, spend: &dyn Fn(usize) -> Result<(), String>) -> Result<Data, String> {
    let single = |name: &str| values.get(name).filter(|v| v.scalar().is_some());
    if let Some(value) = text.strip_prefix("$(").and_then(|t| t.strip_suffix(')')).and_then(single) {
        return Ok(value.data.clone());
    }
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        rest = if let Some(name) = after.strip_prefix('(').and_then(|t| t.split_once(')')).map(|(name, _)| name) {
            match single(name).and_then(Val::scalar) {
                Some(value) => {
                    spend(value.len())?;
                    out.push_str(&value);
                }
                None => out.push_str(&rest[at..at + name.len() + 3]),
            }
            &after[name.len() + 2..]
        } else if let Some(more) = after.strip_prefix('$') {
            out.push('$');
            more
        } else {
            out.push('$');
            after
        };
    }
    out.push_str(rest);
    Ok(Data::Text(out))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_put_in_and_doubled_signs_halved() {
        let values =
            [("A".to_owned(), Val::text("x")), ("N".to_owned(), Val { data: Data::Number(3.into()), from: None, image: None })]
                .into();
        for (text, expect) in [
            ("$(A)", Data::Text("x".into())),
            ("$(N)", Data::Number(3.into())),
            ("a-$(N)-$(A)", Data::Text("a-3-x".into())),
            ("$$(A) $(B) $x $(", Data::Text("$(A) $(B) $x $(".into())),
        ] {
            assert_eq!(expanded(text, &values, &|_| Ok(())), Ok(expect), "{text}");
        }
    }
}
