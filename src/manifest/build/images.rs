//! `images:` and `replicas:` of a kustomization, with the place that each of their parts was taken from.

use crate::build::accumulate::Layer;
use crate::build::fieldspec::{spec, walk};
use crate::build::resource::Resource;
use crate::build::source::Sources;
use crate::error::Error;
use crate::yaml::{Data, ImageTrace, NodeId, Val};

/// Splits an image text into name, tag and digest, as kustomize does it.
pub(crate) fn split(text: &str) -> (&str, &str, &str) {
    let slash = text.find('/').filter(|&at| at > 0).unwrap_or(0);
    let (rest, digest) = match text[slash..].find('@') {
        Some(at) => (&text[..slash + at], &text[slash + at + 1..]),
        None => (text, ""),
    };
    match rest[slash..].find(':') {
        Some(at) => (&rest[..slash + at], &rest[slash + at + 1..], digest),
        None => (rest, "", digest),
    }
}

/// Tells whether an `images:` entry for a name speaks of an image. The name is read as kustomize reads it, as a pattern.
fn matches(text: &str, pattern: Option<&regex::Regex>) -> bool {
    pattern.is_some_and(|p| p.is_match(text))
}

struct Change {
    pattern: Option<regex::Regex>,
    name: Option<Val>,
    tag: Option<Val>,
    digest: Option<Val>,
    suffix: Option<Val>,
    from: Option<(u32, NodeId)>,
}

/// Does what `images:` says.
pub(super) fn images(sources: &Sources, layer: &Layer, resources: &mut [Resource]) -> Result<(), Error> {
    for item in layer.list(sources, "images")? {
        let name = item.get("name").and_then(Val::scalar).unwrap_or_default();
        let field = |key: &str| {
            let val = item.get(key)?;
            let text = val.scalar().filter(|t| !t.is_empty())?;
            Some(Val { data: Data::Text(text), from: val.from, image: None })
        };
        if let Some((odd, val)) = item
            .as_map()
            .and_then(|m| m.iter().find(|(key, _)| !["name", "newName", "newTag", "digest", "tagSuffix"].contains(&key.as_str())))
        {
            return Err(Error::UnknownField {
                file: layer.file.clone(),
                line: sources.line(val.from),
                field: format!("images.{odd}"),
            });
        }
        if let Some(tag) = item.get("newTag").filter(|t| matches!(t.data, Data::Number(_) | Data::Bool(_))) {
            return Err(layer.meaning(sources, tag, "newTag must be quoted: without quotes it is read as a number"));
        }
        let pattern = regex::Regex::new(&format!("^(?:{name})(:[a-zA-Z0-9_.{{}}-]*)?(@sha256:[a-zA-Z0-9_.{{}}-]*)?$")).ok();
        let change = Change {
            pattern,
            name: field("newName"),
            tag: field("newTag"),
            digest: field("digest"),
            suffix: field("tagSuffix"),
            from: item.from,
        };
        for resource in &mut *resources {
            if resource.kind() == "CustomResourceDefinition" {
                continue;
            }
            everywhere(&mut resource.val, &change);
            for path in [
                &["spec", "volumes[]", "image", "reference"][..],
                &["spec", "template", "spec", "volumes[]", "image", "reference"],
            ] {
                walk(&mut resource.val, path, false, &mut |slot| rewrite(slot, &change));
            }
        }
    }
    Ok(())
}

fn everywhere(val: &mut Val, change: &Change) {
    match &mut val.data {
        Data::List(items) => items.iter_mut().for_each(|item| everywhere(item, change)),
        Data::Map(map) => {
            for (key, value) in map {
                if key == "containers" || key == "initContainers" {
                    for container in value.items_mut() {
                        if let Some(image) = container.get_mut("image") {
                            rewrite(image, change);
                        }
                    }
                } else {
                    everywhere(value, change);
                }
            }
        }
        _ => {}
    }
}

fn rewrite(slot: &mut Val, change: &Change) {
    let Some(text) = slot.as_text().map(str::to_owned) else { return };
    if !matches(&text, change.pattern.as_ref()) {
        return;
    }
    let (name, tag, digest) = split(&text);
    let mut trace = slot.image.take().map_or_else(|| ImageTrace::of(slot.from), |boxed| *boxed);
    name.clone_into(&mut trace.before);
    trace.entry = change.from;
    let mut full = match &change.name {
        Some(new) => {
            trace.name = new.from;
            new.scalar().unwrap_or_default()
        }
        None => name.to_owned(),
    };
    let (mut tag, mut digest) = (tag.to_owned(), digest.to_owned());
    match (&change.tag, &change.digest, &change.suffix) {
        (None, None, None) => {}
        (None, None, Some(suffix)) => {
            tag.push_str(&suffix.scalar().unwrap_or_default());
            trace.tag = suffix.from;
            digest.clear();
        }
        (new_tag, new_digest, _) => {
            tag = new_tag.as_ref().and_then(Val::scalar).unwrap_or_default();
            digest = new_digest.as_ref().and_then(Val::scalar).unwrap_or_default();
            trace.tag = new_tag.as_ref().and_then(|v| v.from);
            trace.digest = new_digest.as_ref().and_then(|v| v.from);
        }
    }
    if !tag.is_empty() {
        full = format!("{full}:{tag}");
    }
    if !digest.is_empty() {
        full = format!("{full}@{digest}");
    }
    slot.data = Data::Text(full);
    slot.image = Some(Box::new(trace));
}

/// Does what `replicas:` says.
pub(super) fn replicas(sources: &Sources, layer: &Layer, resources: &mut [Resource]) -> Result<(), Error> {
    for item in layer.list(sources, "replicas")? {
        let name = item.get("name").and_then(Val::scalar).unwrap_or_default();
        let count =
            item.get("count").cloned().unwrap_or_else(|| Val { data: Data::Number(0.into()), from: item.from, image: None });
        let mut found = false;
        for resource in &mut *resources {
            if !SCALED.contains(&resource.kind().as_str()) || !resource.ids().iter().any(|id| id.name == name) {
                continue;
            }
            found = true;
            let kind = spec("", "spec/replicas", true);
            kind.visit(resource, &mut |slot| *slot = count.clone());
        }
        if !found {
            return Err(layer.meaning(sources, &item, format!("replicas: names {name}, and there is no such workload")));
        }
    }
    Ok(())
}

/// The kinds that `replicas:` speaks of.
pub(crate) const SCALED: &[&str] = &["Deployment", "ReplicationController", "ReplicaSet", "StatefulSet"];
