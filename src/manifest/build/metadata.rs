//! Namespace, name prefix and suffix, labels and annotations.

use crate::build::config::{self, Config, Part};
use crate::build::defaults::{TEMPLATES, UNTOUCHED};
use crate::build::fieldspec::{FieldSpec, Made};
use crate::build::layer::Layer;
use crate::build::resource::Resource;
use crate::build::source::{Sources, size};
use crate::error::Error;
use crate::yaml::{Data, Place, Val};

fn valued(text: &str, from: Option<Place>) -> Val {
    Val { data: Data::Text(text.to_owned()), from, image: None }
}

/// Puts resources into the kustomization's namespace.
pub(super) fn namespace(sources: &Sources, layer: &Layer, config: &Config, resources: &mut [Resource]) -> Result<(), Error> {
    let namespace = layer.text("namespace");
    if namespace.is_empty() {
        return Ok(());
    }
    let value = valued(&namespace, layer.val.get("namespace").and_then(|v| v.from));
    for resource in &mut *resources {
        resource.remember();
        sources.spend(namespace.len()).map_err(|why| layer.fault(sources, "namespace", why))?;
        place(resource, (layer, config), &value).map_err(|why| layer.fault(sources, "namespace", why))?;
    }
    let mut there = std::collections::HashSet::new();
    match resources.iter().find(|r| !there.insert(r.key())) {
        Some(twin) => {
            let why = format!("{} {} is there twice in {namespace}", twin.kind(), twin.id().name);
            Err(layer.fault(sources, "namespace", why))
        }
        None => Ok(()),
    }
}

fn place(resource: &mut Resource, (layer, config): (&Layer, &Config), value: &Val) -> Result<(), String> {
    let unset = layer.val.get("unsetOnly").is_some_and(Val::is_true);
    let free = |slot: Option<&Val>| !unset || slot.and_then(Val::scalar).is_none_or(|text| text.is_empty());
    let subjects = layer.text("setRoleBindingSubjects");
    if !resource.cluster_scoped() && free(resource.val.at(&["metadata", "namespace"])) {
        resource.val.with(&["metadata", "namespace"], |slot| *slot = value.clone());
    }
    let meant = |subject: &Val| match subjects.as_str() {
        "none" => false,
        "allServiceAccounts" => subject.get("kind").and_then(Val::as_text) == Some("ServiceAccount"),
        _ => subject.get("name").and_then(Val::as_text) == Some("default"),
    };
    let binding = matches!(resource.kind_text(), "RoleBinding" | "ClusterRoleBinding");
    if binding {
        for subject in resource.val.get_mut("subjects").map(Val::items_mut).unwrap_or_default() {
            if meant(subject) && free(subject.get("namespace")) {
                subject.set("namespace", value.clone());
            }
        }
    }
    for field in config.fields(Part::Namespace) {
        let own = field.path == "metadata/namespace";
        let name = field.path == "metadata/name" && resource.api_version() != "v1";
        let subject = binding && field.path == "subjects/namespace" && field.kind.ends_with("RoleBinding");
        if own || name || subject {
            continue;
        }
        field.visit(resource, Made::Scalar, &mut |slot| {
            if matches!(slot.data, Data::List(_) | Data::Map(_)) {
                return Err("it is no text".to_owned());
            }
            if free(Some(slot)) {
                *slot = value.clone();
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// Puts the kustomization's prefix before names.
pub(super) fn prefix(sources: &Sources, layer: &Layer, config: &Config, resources: &mut [Resource]) -> Result<(), Error> {
    affix(sources, layer, (config, Part::Prefix), resources).map_err(|why| layer.fault(sources, "namePrefix", why))
}

/// Puts the kustomization's suffix behind names.
pub(super) fn suffix(sources: &Sources, layer: &Layer, config: &Config, resources: &mut [Resource]) -> Result<(), Error> {
    affix(sources, layer, (config, Part::Suffix), resources).map_err(|why| layer.fault(sources, "nameSuffix", why))
}

fn affix(sources: &Sources, layer: &Layer, (config, part): (&Config, Part), resources: &mut [Resource]) -> Result<(), String> {
    let first = part == Part::Prefix;
    let affix = layer.text(if first { "namePrefix" } else { "nameSuffix" });
    if affix.is_empty() {
        return Ok(());
    }
    for resource in resources {
        let kind = resource.first().kind;
        if UNTOUCHED.iter().any(|field| field.selects(resource.api_version(), &kind)) {
            continue;
        }
        for field in config.fields(part) {
            if !field.selects(resource.api_version(), &kind) {
                continue;
            }
            if field.path == "metadata/name" {
                if first {
                    resource.prefixes.push(affix.clone());
                } else {
                    resource.suffixes.push(affix.clone());
                }
                resource.remember();
            }
            field.visit(resource, Made::Scalar, &mut |slot| {
                let name = slot.scalar().unwrap_or_default();
                sources.spend(affix.len() + 2 * name.len())?;
                if matches!(slot.data, Data::List(_) | Data::Map(_)) {
                    return Err("it is no text".to_owned());
                }
                slot.data = Data::Text(if first { format!("{affix}{name}") } else { format!("{name}{affix}") });
                Ok(())
            })?;
        }
    }
    Ok(())
}

fn pairs(layer: &Layer, sources: &Sources, val: Option<&Val>) -> Result<Vec<(String, Val)>, Error> {
    let Some(val) = val.filter(|v| !v.is_null()) else { return Ok(Vec::new()) };
    let Some(map) = val.as_map() else { return Err(layer.meaning(sources, val, "this is no mapping of texts")) };
    map.iter().map(|(key, value)| Ok((key.clone(), layer.worded(sources, value, key)?))).collect()
}

fn put(sources: &Sources, fields: &[&FieldSpec], resources: &mut [Resource], pairs: &[(String, Val)]) -> Result<(), String> {
    let cost: usize = pairs.iter().map(|(key, value)| key.len() + size(value)).sum();
    for resource in resources {
        for field in fields {
            field.visit(resource, Made::Map, &mut |slot| match &mut slot.data {
                Data::Map(map) => {
                    sources.spend(cost)?;
                    for (key, value) in pairs {
                        map.insert(key.clone(), value.clone());
                    }
                    Ok(())
                }
                Data::Null => Ok(()),
                _ => Err("it is no mapping".to_owned()),
            })?;
        }
    }
    Ok(())
}

/// Adds one item of `labels`.
pub(super) fn label(
    sources: &Sources,
    (layer, item): (&Layer, &Val),
    config: &Config,
    resources: &mut [Resource],
) -> Result<(), Error> {
    let known = ("labels", &["pairs", "includeSelectors", "includeTemplates", "fields"][..]);
    layer.keys(sources, item, known)?;
    let pairs = pairs(layer, sources, item.get("pairs"))?;
    if pairs.is_empty() {
        return Ok(());
    }
    let fault = |why: String| layer.meaning(sources, item, format!("labels: {why}"));
    let own = item.get("fields").map(Val::items).unwrap_or_default();
    let mut fields: Vec<FieldSpec> = own.iter().map(config::field).collect::<Result<_, _>>().map_err(fault)?;
    config::merge(&mut fields, config.fields(Part::Labels)).map_err(fault)?;
    if item.get("includeSelectors").is_some_and(Val::is_true) {
        config::merge(&mut fields, config.fields(Part::CommonLabels)).map_err(fault)?;
    } else {
        if item.get("includeTemplates").is_some_and(Val::is_true) {
            config::merge(&mut fields, config.fields(Part::TemplateLabels)).map_err(fault)?;
        }
        config::merge(&mut fields, &TEMPLATES[..1]).map_err(fault)?;
    }
    put(sources, &fields.iter().collect::<Vec<_>>(), resources, &pairs).map_err(fault)
}

/// Adds `commonLabels`.
pub(super) fn common_labels(sources: &Sources, layer: &Layer, config: &Config, resources: &mut [Resource]) -> Result<(), Error> {
    let pairs = pairs(layer, sources, layer.val.get("commonLabels"))?;
    if pairs.is_empty() {
        return Ok(());
    }
    let fields: Vec<&FieldSpec> = config.fields(Part::CommonLabels).collect();
    put(sources, &fields, resources, &pairs).map_err(|why| layer.fault(sources, "commonLabels", why))
}

/// Adds `commonAnnotations`.
pub(super) fn annotations(sources: &Sources, layer: &Layer, config: &Config, resources: &mut [Resource]) -> Result<(), Error> {
    let pairs = pairs(layer, sources, layer.val.get("commonAnnotations"))?;
    if pairs.is_empty() {
        return Ok(());
    }
    let fields: Vec<&FieldSpec> = config.fields(Part::Annotations).collect();
    put(sources, &fields, resources, &pairs).map_err(|why| layer.fault(sources, "commonAnnotations", why))
}
