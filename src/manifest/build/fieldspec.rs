//! Which fields of which kinds a transformation touches, and the walk to them.

use std::borrow::Cow;

use crate::build::resource::{Resource, split};
use crate::build::source::fits_below;
use crate::yaml::{Data, Val};

/// Names a field of some kinds. An empty kind, group or version means any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FieldSpec {
    pub(super) group: Cow<'static, str>,
    pub(super) version: Cow<'static, str>,
    pub(super) kind: Cow<'static, str>,
    /// Keys separated by `/` (`\/` within a key); lists on the way are walked through; `[]` says that the field is a list.
    pub(super) path: Cow<'static, str>,
    /// Whether missing fields are made.
    pub(super) create: bool,
}

/// Says what a missing field at the end of a path is made as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Made {
    /// Not at all.
    Nothing,
    /// As a value to be set.
    Scalar,
    /// As a mapping.
    Map,
}

/// Changes a value that was found; an error says why it cannot be changed.
pub(super) type Change<'c> = &'c mut dyn FnMut(&mut Val) -> Result<(), String>;

const fn plain(text: &'static str) -> Cow<'static, str> {
    Cow::Borrowed(text)
}

/// Builds a field specification for any group and version.
pub(super) const fn spec(kind: &'static str, path: &'static str, create: bool) -> FieldSpec {
    grouped("", kind, path, create)
}

/// Builds a field specification for one group.
pub(super) const fn grouped(group: &'static str, kind: &'static str, path: &'static str, create: bool) -> FieldSpec {
    FieldSpec { group: plain(group), version: plain(""), kind: plain(kind), path: plain(path), create }
}

/// Builds a field specification for version `v1` of any group.
pub(super) const fn first(kind: &'static str, path: &'static str, create: bool) -> FieldSpec {
    FieldSpec { group: plain(""), version: plain("v1"), kind: plain(kind), path: plain(path), create }
}

impl FieldSpec {
    /// Tells whether it speaks of a kind in a version.
    pub(super) fn selects(&self, api_version: &str, kind: &str) -> bool {
        let (group, version) = split(api_version);
        (self.kind.is_empty() || self.kind == kind)
            && (self.group.is_empty() || self.group == group)
            && (self.version.is_empty() || self.version == version)
    }

    /// Tells whether it speaks of a resource.
    pub(super) fn covers(&self, resource: &Resource) -> bool {
        self.selects(resource.api_version(), resource.kind_text())
    }

    /// Calls a function for every value at the path of a resource that it speaks of.
    pub(super) fn visit(&self, resource: &mut Resource, made: Made, change: Change<'_>) -> Result<(), String> {
        if self.covers(resource) { self.walk(&mut resource.val, made, change) } else { Ok(()) }
    }

    /// Calls a function for every value at the path, whatever the kind.
    pub(super) fn walk(&self, val: &mut Val, made: Made, change: Change<'_>) -> Result<(), String> {
        let path = parts(&self.path);
        let made = if self.create { made } else { Made::Nothing };
        fits_below(path.len(), None).and_then(|()| walk(val, &path, made, change)).map_err(|why| format!("{}: {why}", self.path))
    }
}

/// Splits a path at its slashes.
pub(super) fn parts(path: &str) -> Vec<Cow<'_, str>> {
    let path = path.strip_prefix('/').unwrap_or(path);
    let mut out: Vec<Cow<'_, str>> = Vec::new();
    for part in path.split('/') {
        if let Some(last) = out.last_mut()
            && let Some(head) = last.strip_suffix('\\')
        {
            *last = Cow::Owned(format!("{head}/{part}"));
        } else {
            out.push(Cow::Borrowed(part));
        }
    }
    out
}

fn walk(val: &mut Val, path: &[Cow<'_, str>], made: Made, change: Change<'_>) -> Result<(), String> {
    let Some((key, rest)) = path.split_first() else { return change(val) };
    match &mut val.data {
        Data::Null => Ok(()),
        Data::List(items) => items.iter_mut().try_for_each(|item| walk(item, path, made, change)),
        Data::Map(map) => {
            let (key, listed) = key.strip_suffix("[]").map_or((key.as_ref(), false), |k| (k, true));
            let made_here = made != Made::Nothing && !listed;
            if made_here && !map.contains_key(key) {
                map.insert(key.to_owned(), Val::null());
            }
            let Some(slot) = map.get_mut(key) else { return Ok(()) };
            if slot.is_null() {
                if listed {
                    slot.data = Data::List(Vec::new());
                } else if made_here && (!rest.is_empty() || made == Made::Map) {
                    slot.data = Val::map().data;
                }
            }
            walk(slot, rest, made, change)
        }
        _ => Err("there is neither a list nor a mapping on the way".to_owned()),
    }
}
