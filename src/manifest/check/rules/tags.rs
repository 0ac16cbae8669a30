//! Images and charts whose version a change moves back, lets go of, or takes from elsewhere.

use std::cmp::Ordering;

use crate::build::split_image;
use crate::check::change::Step;
use crate::check::hits::Hits;
use crate::check::subject::{Subject, filled_in};
use crate::check::version;
use crate::yaml::{Data, Place, Val};

/// Holds something with a version in an object.
struct Versioned {
    /// What it is, as it stands in a sentence.
    what: String,
    /// What it is a version of.
    name: String,
    tag: String,
    digest: String,
    place: Option<Place>,
}

/// Returns all that has a version: images of containers and in values, charts.
fn versioned(subject: &Subject) -> Vec<Versioned> {
    let mut list = Vec::new();
    for container in subject.containers() {
        let Some((image, text)) = container.val.get("image").and_then(|image| Some((image, image.as_text()?))) else { continue };
        let (name, tag, digest) = split_image(text);
        let place = image.image.as_ref().and_then(|trace| trace.tag.or(trace.digest).or(trace.name)).or(image.from);
        let what = format!("the image of {}", subject.whose(container));
        list.push(Versioned { what, name: name.to_owned(), tag: tag.to_owned(), digest: digest.to_owned(), place });
    }
    if subject.in_group("toolkit.fluxcd.io") {
        if let Some(values) = subject.at(&["spec", "values"]) {
            in_values(subject, "", values, &mut list);
        }
        let chart = subject.at(&["spec", "chart", "spec"]);
        if let Some((val, version)) = chart.and_then(|c| c.get("version")).and_then(|v| Some((v, v.scalar()?))) {
            let name = chart.and_then(|c| c.get("chart")).and_then(Val::scalar).unwrap_or_default();
            let what = format!("the chart of {}", subject.told());
            list.push(Versioned { what, name, tag: version, digest: String::new(), place: val.from });
        }
        if subject.kind == "OCIRepository"
            && let Some((val, tag)) = subject.at(&["spec", "ref", "tag"]).and_then(|v| Some((v, v.scalar()?)))
        {
            let name = subject.text(&["spec", "url"]).unwrap_or_default();
            list.push(Versioned {
                what: format!("the tag of {}", subject.told()),
                name,
                tag,
                digest: String::new(),
                place: val.from,
            });
        }
    }
    list.retain(|v| !filled_in(&v.tag) && !filled_in(&v.name));
    list
}

fn in_values(subject: &Subject, path: &str, val: &Val, list: &mut Vec<Versioned>) {
    match &val.data {
        Data::List(items) => items.iter().for_each(|item| in_values(subject, path, item, list)),
        Data::Map(map) => {
            let text = |key: &str| map.get(key).and_then(Val::scalar);
            if let (Some(name), Some(tag)) = (text("repository"), text("tag")) {
                let (tag, inner) = tag.split_once('@').map_or((tag.as_str(), ""), |(tag, digest)| (tag, digest));
                let digest = text("digest").unwrap_or_else(|| inner.to_owned());
                let what = format!("the image {path} in the values of {}", subject.told());
                let place = map.get("tag").and_then(|tag| tag.from);
                list.push(Versioned { what, name, tag: tag.to_owned(), digest, place });
            }
            for (key, item) in map {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                in_values(subject, &path, item, list);
            }
        }
        _ => {}
    }
}

/// Returns what has a version on both sides.
fn pairs<'s>(step: &Step<'s>) -> Vec<(&'s Subject, Versioned, Versioned)> {
    let (Some(before), Some(after)) = (step.before, step.after) else { return Vec::new() };
    let mut old = versioned(before);
    let mut pairs = Vec::new();
    for new in versioned(after) {
        if let Some(at) = old.iter().position(|o| o.what == new.what) {
            pairs.push((after, old.swap_remove(at), new));
        }
    }
    pairs
}

/// Finds versions that go back.
pub(super) fn back<'s>(step: &Step<'s>, hits: &mut Hits<'s>) {
    for (after, old, new) in pairs(step) {
        if old.name == new.name && version::order(&new.tag, &old.tag) == Some(Ordering::Less) {
            hits.push(after, new.place, format!("{} goes back from {} to {}", new.what, old.tag, new.tag));
        }
    }
}

/// Finds versions that were pinned and are not any more.
pub(super) fn loosened<'s>(step: &Step<'s>, hits: &mut Hits<'s>) {
    let loose = |v: &Versioned| v.digest.is_empty() && matches!(v.tag.as_str(), "" | "latest");
    for (after, old, new) in pairs(step) {
        if loose(&new) && !loose(&old) {
            let from = if old.tag.is_empty() { &old.digest } else { &old.tag };
            let to = if new.tag.is_empty() { "no tag" } else { &new.tag };
            hits.push(after, new.place, format!("{} goes from {from} to {to}", new.what));
        }
    }
}

/// Finds images and charts that come from elsewhere.
pub(super) fn other<'s>(step: &Step<'s>, hits: &mut Hits<'s>) {
    for (after, old, new) in pairs(step) {
        if old.name != new.name {
            hits.push(after, new.place, format!("{} is {} instead of {}", new.what, new.name, old.name));
        }
    }
}
