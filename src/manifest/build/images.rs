//! `images:` and `replicas:` of a kustomization, with the place that each of their parts was taken from.

use crate::build::config::{Config, Part};
use crate::build::fieldspec::Made;
use crate::build::layer::Layer;
use crate::build::pattern::ImageName;
use crate::build::resource::Resource;
use crate::build::source::Sources;
use crate::error::Error;
use crate::yaml::{Data, ImageTrace, Place, Val};

/// The fields of an entry of `images:`.
const FIELDS: &[&str] = &["name", "newName", "newTag", "digest", "tagSuffix"];

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

struct Change<'s> {
    sources: &'s Sources,
    /// The name is read as kustomize reads it, as a pattern.
    pattern: ImageName,
    name: Option<Val>,
    tag: Option<Val>,
    digest: Option<Val>,
    suffix: Option<Val>,
    from: Option<Place>,
}

impl<'s> Change<'s> {
    fn read(sources: &'s Sources, layer: &Layer, item: &Val) -> Result<Self, Error> {
        layer.keys(sources, item, ("images", FIELDS))?;
        let name = item.get("name").and_then(Val::scalar).unwrap_or_default();
        let field = |key: &str| -> Result<Option<Val>, Error> {
            let Some(val) = item.get(key) else { return Ok(None) };
            Ok(Some(layer.worded(sources, val, key)?).filter(|v| v.as_text() != Some("")))
        };
        let pattern = ImageName::new(&name)
            .ok_or_else(|| layer.meaning(sources, item, format!("images: \u{201c}{name}\u{201d} is no name")))?;
        Ok(Self {
            sources,
            pattern,
            name: field("newName")?,
            tag: field("newTag")?,
            digest: field("digest")?,
            suffix: field("tagSuffix")?,
            from: item.from,
        })
    }
}

/// Does what one item of `images` says.
pub(super) fn image(
    sources: &Sources,
    (layer, item): (&Layer, &Val),
    config: &Config,
    resources: &mut [Resource],
) -> Result<(), Error> {
    let change = Change::read(sources, layer, item)?;
    let fault = |why: String| layer.meaning(sources, item, format!("images: {why}"));
    for resource in &mut *resources {
        if resource.kind_text() == "CustomResourceDefinition" {
            continue;
        }
        everywhere(&mut resource.val, &change).map_err(fault)?;
        for field in config.fields(Part::Images) {
            field.visit(resource, Made::Nothing, &mut |slot| rewrite(slot, &change)).map_err(fault)?;
        }
    }
    Ok(())
}

/// Goes to every list of containers, wherever it stands.
fn everywhere(val: &mut Val, change: &Change<'_>) -> Result<(), String> {
    match &mut val.data {
        Data::List(items) => items.iter_mut().try_for_each(|item| everywhere(item, change)),
        Data::Map(map) => map.iter_mut().try_for_each(|(key, value)| {
            everywhere(value, change)?;
            if key != "containers" && key != "initContainers" {
                return Ok(());
            }
            value.items_mut().iter_mut().try_for_each(|container| match &mut container.data {
                Data::Map(container) => container.get_mut("image").map_or(Ok(()), |image| rewrite(image, change)),
                Data::Null => Ok(()),
                _ => Err("a container is no mapping".to_owned()),
            })
        }),
        _ => Ok(()),
    }
}

fn rewrite(slot: &mut Val, change: &Change<'_>) -> Result<(), String> {
    let text = match &slot.data {
        Data::Text(text) => text.clone(),
        Data::List(_) | Data::Map(_) => return Err("an image is no text".to_owned()),
        _ => return Ok(()),
    };
    if !change.pattern.fits(&text) {
        return Ok(());
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
    change.sources.spend(full.len())?;
    slot.data = Data::Text(full);
    slot.image = Some(Box::new(trace));
    Ok(())
}

/// Does what one item of `replicas` says.
pub(super) fn replica(
    sources: &Sources,
    (layer, item): (&Layer, &Val),
    config: &Config,
    resources: &mut [Resource],
) -> Result<(), Error> {
    layer.keys(sources, item, ("replicas", &["name", "count"]))?;
    let name = item.get("name").and_then(Val::scalar).unwrap_or_default();
    let count = item.get("count").cloned().unwrap_or_else(|| Val { data: Data::Number(0.into()), from: item.from, image: None });
    if !matches!(&count.data, Data::Number(number) if number.is_i64()) {
        return Err(layer.meaning(sources, &count, "replicas: count is no whole number"));
    }
    let mut found = false;
    for field in config.fields(Part::Replicas) {
        let meant = |r: &Resource| r.ids().iter().any(|id| id.name == name && field.selects(r.api_version(), &id.kind));
        for resource in resources.iter_mut().filter(|r| meant(r)) {
            found = true;
            field
                .visit(resource, Made::Scalar, &mut |slot| {
                    *slot = count.clone();
                    Ok(())
                })
                .map_err(|why| layer.meaning(sources, item, format!("replicas: {why}")))?;
        }
    }
    if found {
        Ok(())
    } else {
        Err(layer.meaning(sources, item, format!("replicas: names {name}, and there is no such workload")))
    }
}

/// The kinds that `replicas:` speaks of.
pub(crate) const SCALED: &[&str] = &["Deployment", "ReplicationController", "ReplicaSet", "StatefulSet"];
