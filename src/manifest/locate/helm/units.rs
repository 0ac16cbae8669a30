//! The images that a HelmRelease's values name, whatever the shape, and what stands beside each of them.

use domain::edit::{Bound, Resource as Compute};
use domain::image::Image as Reference;

use crate::locate::helm::lookup;
use crate::yaml::{Data, Val};

/// Holds the keys under which the parts of an image stand in one mapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Names {
    /// The host that the image comes from.
    pub(crate) registry: &'static str,
    /// The image without host, or with it.
    pub(crate) repository: &'static str,
    /// The tag, with the digest behind it or not.
    pub(crate) tag: &'static str,
    /// The digest.
    pub(crate) digest: &'static str,
    /// The pull policy.
    pub(crate) policy: &'static str,
}

const NESTED: Names =
    Names { registry: "registry", repository: "repository", tag: "tag", digest: "digest", policy: "pullPolicy" };
const FLAT: Names = Names {
    registry: "imageRegistry",
    repository: "imageRepository",
    tag: "imageTag",
    digest: "imageDigest",
    policy: "imagePullPolicy",
};
const BESIDE: Names = Names { repository: "image", ..FLAT };
const BARE: Names = Names { repository: "image", tag: "tag", digest: "digest", ..FLAT };

/// Says how an image is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// In one text.
    Text,
    /// In parts under these keys of a mapping.
    Parts(&'static Names),
}

/// Holds an image in a release's values: what other workloads call a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unit {
    /// Its name.
    pub(crate) name: String,
    /// The path of the text, or of the mapping that has the parts.
    pub(crate) path: Vec<String>,
    /// How it is written.
    pub(crate) shape: Shape,
    /// The path of the mapping that has what goes with the image: resources, variables.
    pub(crate) holder: Option<Vec<String>>,
    /// The path of the controller, in values of the app-template chart, whose whole shape is known.
    pub(crate) controller: Option<Vec<String>>,
    /// Whether it stands in a list as a container of Kubernetes.
    pub(crate) listed: bool,
    /// Whether it runs before the others.
    pub(crate) init: bool,
}

impl Unit {
    /// Returns the path of the pull policy, whether there is one or not.
    pub(crate) fn policy(&self) -> Option<Vec<String>> {
        match self.shape {
            Shape::Parts(names) => Some(child(&self.path, names.policy)),
            Shape::Text => self.holder.as_deref().map(|h| child(h, "imagePullPolicy")),
        }
    }

    /// Returns the path of a resource figure, whether there is one or not.
    pub(crate) fn resources(&self, bound: Bound, resource: Compute) -> Option<Vec<String>> {
        let holder = self.holder.as_deref()?;
        Some(child(&child(&child(holder, "resources"), bound.key()), resource.key()))
    }
}

/// Returns a path with one more key.
pub(crate) fn child(path: &[String], key: &str) -> Vec<String> {
    path.iter().cloned().chain([key.to_owned()]).collect()
}

/// Finds all images in values; `release` names the one at the top.
pub(super) fn find(values: &Val, release: &str) -> Vec<Unit> {
    let mut units = Vec::new();
    walk(values, &mut Vec::new(), &mut units);
    units.sort_by_key(|u| u.init);
    name(values, release, &mut units);
    units
}

/// Returns the path of the number of replicas that is the nearest to an image; for the app-template chart also when there is none.
pub(crate) fn replicas(values: &Val, unit: Option<&Unit>, units: &[Unit]) -> Option<Vec<String>> {
    if let Some(controller) = unit.and_then(|u| u.controller.as_deref()) {
        return Some(child(controller, "replicas"));
    }
    let mut at: &[String] = unit.map_or(&[], |u| u.holder.as_deref().unwrap_or(&u.path));
    loop {
        for keys in [&["replicaCount"][..], &["replicas"], &["deployment", "replicas"]] {
            let path = keys.iter().fold(at.to_vec(), |path, key| child(&path, key));
            let number = lookup(values, &path).and_then(Val::scalar).is_some_and(|t| t.parse::<u32>().is_ok());
            if number {
                return Some(path);
            }
        }
        let (_, above) = at.split_last()?;
        // What stands beside another image belongs to that one.
        if units.iter().any(|u| u.holder.as_deref() == Some(above)) {
            return None;
        }
        at = above;
    }
}

fn walk(val: &Val, path: &mut Vec<String>, units: &mut Vec<Unit>) {
    match &val.data {
        Data::Map(map) => {
            let parts = parts(val, path);
            if let Some(names) = parts {
                add(path, Shape::Parts(names), units);
            }
            for (key, inner) in map {
                path.push(key.clone());
                let beside = matches!(parts, Some(names) if names.repository == key);
                if !beside && inner.as_text().is_some_and(|text| is_image(path, text)) {
                    add(path, Shape::Text, units);
                }
                walk(inner, path, units);
                path.pop();
            }
        }
        Data::List(items) => {
            for (at, item) in items.iter().enumerate() {
                path.push(at.to_string());
                walk(item, path, units);
                path.pop();
            }
        }
        _ => {}
    }
}

/// Returns the keys under which a mapping has the parts of an image.
fn parts(val: &Val, path: &[String]) -> Option<&'static Names> {
    let scalar = |key: &str| val.get(key).and_then(Val::scalar).filter(|t| !t.is_empty());
    let named = |key: &str| val.get(key).and_then(Val::as_text).is_some_and(|text| reference(text).is_some());
    let versioned = |names: &Names| scalar(names.tag).is_some() || scalar(names.digest).is_some();
    let image = path.last().is_some_and(|key| key == "image" || key.ends_with("Image"));
    if (named("repository") && (image || versioned(&NESTED))) || (image && versioned(&NESTED)) {
        return Some(&NESTED);
    }
    if named("image") && versioned(&BESIDE) {
        return Some(&BESIDE);
    }
    // A text without a tag of its own, and the tag beside it.
    if named("image") && scalar("tag").is_some() && val.get("image").and_then(Val::as_text).is_some_and(|t| !versioned_text(t)) {
        return Some(&BARE);
    }
    (named("imageRepository") || (scalar("imageTag").is_some() && val.get("image").is_none())).then_some(&FLAT)
}

/// Reads a text as an image; what a later substitution fills in is taken as given.
fn reference(text: &str) -> Option<Reference> {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        let end = rest[at..].find('}').map(|e| at + e)?;
        plain.push_str(&rest[..at]);
        plain.push('x');
        rest = &rest[end + 1..];
    }
    plain.push_str(rest);
    plain.parse().ok()
}

fn versioned_text(text: &str) -> bool {
    reference(text).is_some_and(|image| image.tag.is_some() || image.digest.is_some())
}

/// Names of files that stand under `image` in values and are pictures or disks.
const NO_IMAGES: [&str; 10] = [".png", ".svg", ".jpg", ".jpeg", ".gif", ".ico", ".webp", ".iso", ".qcow2", ".img"];

fn is_image(path: &[String], text: &str) -> bool {
    let Some((key, above)) = path.split_last() else { return false };
    let listed = above.last().is_some_and(|key| key == "images");
    match key.as_str() {
        "image" => reference(text).is_some() && !NO_IMAGES.iter().any(|end| text.ends_with(end)),
        other => (other.ends_with("Image") || listed) && versioned_text(text),
    }
}

fn add(path: &[String], shape: Shape, units: &mut Vec<Unit>) {
    let (last, above) = path.split_last().map_or((None, path), |(last, above)| (Some(last.as_str()), above));
    let keyed = last == Some("image");
    let holder = match shape {
        Shape::Parts(names) if *names != NESTED => Some(path.to_vec()),
        _ if keyed => Some(above.to_vec()),
        // `redis: {repository: …, tag: …}` has its own settings beside.
        Shape::Parts(_) if !last.is_some_and(|key| key.ends_with("Image")) => Some(path.to_vec()),
        _ => None,
    };
    let app = match above {
        [.., controllers, _, kind, _] if keyed && controllers == "controllers" => {
            matches!(kind.as_str(), "containers" | "initContainers").then(|| above[..above.len() - 2].to_vec())
        }
        _ => None,
    };
    let listed = holder.as_deref().and_then(<[String]>::last).is_some_and(|key| key.parse::<usize>().is_ok());
    let init = path.iter().any(|key| key == "initContainers" || key == "extraInitContainers");
    units.push(Unit { name: String::new(), path: path.to_vec(), shape, holder, controller: app, listed, init });
}

/// Gives every unit a name that no other has.
fn name(values: &Val, release: &str, units: &mut [Unit]) {
    let short: Vec<Option<String>> = units.iter().map(|unit| short(values, unit)).collect();
    let long: Vec<String> = units.iter().map(|unit| long(release, unit)).collect();
    for (at, unit) in units.iter_mut().enumerate() {
        let unique = |name: &String| {
            let twice = |list: &[Option<String>]| list.iter().flatten().filter(|n| *n == name).count() > 1;
            let as_long = long.iter().enumerate().any(|(other, n)| other != at && short[other].is_none() && n == name);
            !twice(&short) && !as_long
        };
        let full = || unit.path.join(".");
        unit.name = match &short[at] {
            Some(name) if unique(name) => name.clone(),
            _ if long.iter().filter(|n| **n == long[at]).count() > 1 => full(),
            _ => long[at].clone(),
        };
    }
}

/// Returns the name that a container has of its own.
fn short(values: &Val, unit: &Unit) -> Option<String> {
    let holder = unit.holder.as_deref()?;
    if unit.controller.is_some() {
        return holder.last().cloned();
    }
    unit.listed
        .then(|| lookup(values, holder).and_then(|val| val.get("name")).and_then(Val::as_text).map(str::to_owned))
        .flatten()
}

/// Returns the name that comes from the path.
fn long(release: &str, unit: &Unit) -> String {
    match (&unit.controller, unit.holder.as_deref()) {
        (Some(controller), Some(holder)) => {
            format!("{}/{}", controller.last().map_or("", String::as_str), holder.last().map_or("", String::as_str))
        }
        (None, Some([])) => release.to_owned(),
        (None, Some(holder)) => holder.join("."),
        (_, None) => unit.path.join("."),
    }
}
