//! Which fields of which kinds a transformation touches, and the walk to them.

use crate::build::resource::Resource;
use crate::yaml::{Data, Val};

/// Names a field of some kinds. An empty kind, group or version means any.
#[derive(Debug, Clone, Copy)]
pub(super) struct FieldSpec {
    pub(super) group: &'static str,
    pub(super) version: &'static str,
    pub(super) kind: &'static str,
    /// Keys separated by `/`; lists on the way are walked through; `[]` says that the field must be a list.
    pub(super) path: &'static str,
    /// Whether missing mappings are made.
    pub(super) create: bool,
}

/// Builds a field specification for any group and version.
pub(super) const fn spec(kind: &'static str, path: &'static str, create: bool) -> FieldSpec {
    FieldSpec { group: "", version: "", kind, path, create }
}

/// Builds a field specification for one group.
pub(super) const fn grouped(group: &'static str, kind: &'static str, path: &'static str, create: bool) -> FieldSpec {
    FieldSpec { group, version: "", kind, path, create }
}

impl FieldSpec {
    /// Tells whether it speaks of a resource.
    pub(super) fn covers(&self, resource: &Resource) -> bool {
        let (group, version) = resource.group_version();
        (self.kind.is_empty() || self.kind == resource.kind())
            && (self.group.is_empty() || self.group == group)
            && (self.version.is_empty() || self.version == version)
    }

    /// Calls a function for every value at the path of a resource.
    pub(super) fn visit(&self, resource: &mut Resource, change: &mut dyn FnMut(&mut Val)) {
        if self.covers(resource) {
            let path: Vec<&str> = self.path.split('/').collect();
            walk(&mut resource.val, &path, self.create, change);
        }
    }
}

/// Calls a function for every value at a path, lists on the way walked through.
pub(super) fn walk(val: &mut Val, path: &[&str], create: bool, change: &mut dyn FnMut(&mut Val)) {
    if let Data::List(items) = &mut val.data
        && !path.is_empty()
    {
        for item in items {
            walk(item, path, create, change);
        }
        return;
    }
    let Some((key, rest)) = path.split_first() else {
        change(val);
        return;
    };
    let (key, list) = key.strip_suffix("[]").map_or((*key, false), |k| (k, true));
    let Data::Map(map) = &mut val.data else { return };
    if create && !list {
        let slot = map.entry(key.to_owned()).or_insert_with(Val::null);
        if slot.is_null() && !rest.is_empty() {
            slot.data = Val::map().data;
        }
        walk(slot, rest, create, change);
    } else if let Some(slot) = map.get_mut(key)
        && !slot.is_null()
    {
        walk(slot, rest, create, change);
    }
}
