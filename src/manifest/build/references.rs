//! Names that objects call each other by: when an object's name changed, those that refer to it follow.

mod table;

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::build::config::{Config, Referrers, merge};
use crate::build::fieldspec::{FieldSpec, Made};
use crate::build::kinds::NOWHERE;
use crate::build::resource::{Id, Resource};
use crate::build::source::Sources;
use crate::error::Error;
use crate::yaml::{Data, Val};

static DEFAULTS: LazyLock<Vec<Referrers>> = LazyLock::new(table::defaults);

/// What the others see of an object.
struct Known {
    api_version: String,
    kind: String,
    former: Vec<Id>,
    first: Id,
    name: String,
    namespace: String,
    space: String,
    prefixes: Vec<String>,
    suffixes: Vec<String>,
}

impl Known {
    fn of(resource: &Resource) -> Self {
        let id = resource.id();
        Self {
            api_version: resource.api_version().to_owned(),
            kind: id.kind,
            former: resource.before.clone(),
            first: resource.first(),
            name: id.name,
            namespace: id.namespace,
            space: resource.space(),
            prefixes: resource.prefixes.clone(),
            suffixes: resource.suffixes.clone(),
        }
    }

    fn scoped(&self) -> bool {
        self.space != NOWHERE
    }

    /// Tells whether it was of a kind at some time.
    fn was(&self, target: &FieldSpec) -> bool {
        self.former.iter().any(|id| target.selects(&self.api_version, &id.kind))
    }

    /// Tells whether two objects went through the same prefixes and suffixes, as far as the shorter list goes.
    fn around(&self, other: &Self, loose: bool) -> bool {
        let same = |a: &[String], b: &[String]| {
            (loose && (a.is_empty() || b.is_empty()))
                || (a.is_empty() == b.is_empty() && a.iter().rev().zip(b.iter().rev()).all(|(x, y)| x == y))
        };
        same(&self.prefixes, &other.prefixes) && same(&self.suffixes, &other.suffixes)
    }
}

/// Rewrites every reference whose target has a new name.
pub(super) fn fix(sources: &Sources, config: &Config, resources: &mut [Resource]) -> Result<(), Error> {
    let known: Vec<Known> = resources.iter().map(Known::of).collect();
    let mut by_name: HashMap<&str, Vec<usize>> = HashMap::new();
    for (at, one) in known.iter().enumerate() {
        for id in &one.former {
            let list = by_name.entry(&id.name).or_default();
            if list.last() != Some(&at) {
                list.push(at);
            }
        }
    }
    if by_name.is_empty() {
        return Ok(());
    }
    let own;
    let all = if config.references.is_empty() {
        &*DEFAULTS
    } else {
        own = merged(config).map_err(|why| Error::Meaning { file: String::new(), line: 1, why })?;
        &own
    };
    for (me, resource) in known.iter().zip(resources.iter_mut()) {
        let (source, line) = (resource.source, resource.line);
        let finder =
            Finder { sources, known: &known, by_name: &by_name, me, bound: bound(&resource.val), role: role(&resource.val) };
        for referrers in all {
            for field in referrers.fields.iter().filter(|f| f.selects(&me.api_version, &me.first.kind)) {
                let mut follow = |slot: &mut Val| finder.follow(slot, &referrers.target, &field.path);
                field.walk(&mut resource.val, Made::Nothing, &mut follow).map_err(|why| Error::Meaning {
                    file: sources.get(source).file.clone(),
                    line,
                    why: format!("{} {}: {why}", me.kind, me.name),
                })?;
            }
        }
    }
    Ok(())
}

fn merged(config: &Config) -> Result<Vec<Referrers>, String> {
    let mut all = DEFAULTS.clone();
    for new in &config.references {
        match all.iter_mut().find(|old| old.target == new.target) {
            Some(old) => merge(&mut old.fields, &new.fields)?,
            None => all.push(new.clone()),
        }
    }
    Ok(all)
}

/// Returns the namespaces of the accounts that a role binding binds.
fn bound(object: &Val) -> Vec<String> {
    if object.get("kind").and_then(Val::as_text) != Some("RoleBinding") {
        return Vec::new();
    }
    let subjects = object.get("subjects").map(Val::items).unwrap_or_default().iter();
    subjects
        .filter(|s| s.get("kind").and_then(Val::as_text) == Some("ServiceAccount"))
        .filter_map(|s| s.get("namespace").and_then(Val::scalar))
        .collect()
}

/// Returns the group and kind of the role that a binding speaks of.
fn role(object: &Val) -> Option<(String, String)> {
    let text = |key: &str| object.at(&["roleRef", key]).filter(|v| !v.is_null()).and_then(Val::scalar);
    Some((text("apiGroup")?, text("kind")?))
}

/// Says how a name is written.
#[derive(Clone, Copy)]
enum Written<'n> {
    /// By itself.
    Name,
    /// Beside a place for a namespace in which nothing is written.
    Pair,
    /// Beside a namespace.
    Placed(&'n str),
}

/// Finds what a name in an object means.
struct Finder<'k> {
    sources: &'k Sources,
    known: &'k [Known],
    by_name: &'k HashMap<&'k str, Vec<usize>>,
    me: &'k Known,
    bound: Vec<String>,
    role: Option<(String, String)>,
}

impl<'k> Finder<'k> {
    fn follow(&self, slot: &mut Val, target: &FieldSpec, path: &str) -> Result<(), String> {
        match &mut slot.data {
            Data::Null => Ok(()),
            Data::List(items) => items.iter_mut().try_for_each(|item| match &item.data {
                Data::List(_) => Err("a list within a list names nothing".to_owned()),
                _ => self.follow(item, target, path),
            }),
            Data::Map(_) => self.follow_mapping(slot, target, path),
            _ => {
                let name = slot.scalar().unwrap_or_default();
                if let Some(found) = self.choose(&name, (target, path), Written::Name)? {
                    self.sources.spend(found.name.len())?;
                    slot.data = Data::Text(found.name.clone());
                }
                Ok(())
            }
        }
    }

    fn follow_mapping(&self, slot: &mut Val, target: &FieldSpec, path: &str) -> Result<(), String> {
        let Some(name) = slot.get("name") else { return Err("there is no name to follow".to_owned()) };
        let name = name.scalar().unwrap_or_default();
        let namespace = slot.get("namespace").map(|ns| ns.scalar().unwrap_or_default());
        let Some(found) = self.choose(&name, (target, path), namespace.as_deref().map_or(Written::Pair, Written::Placed))? else {
            return Ok(());
        };
        if found.name == name && found.namespace.is_empty() {
            return Ok(());
        }
        let keep = |slot: &Val, key: &str| slot.get(key).and_then(|v| v.from);
        for (key, text) in [("name", &found.name), ("namespace", &found.namespace)] {
            if !text.is_empty() {
                let from = keep(slot, key);
                slot.set(key, Val { data: Data::Text(text.clone()), from, image: None });
            }
        }
        Ok(())
    }

    /// Tells whether an object may be referred to from here at all.
    fn reachable(&self, other: &Known) -> bool {
        !self.me.scoped() || !other.scoped() || other.space == self.me.space || self.bound.contains(&other.namespace)
    }

    /// Returns the object that a name means.
    fn choose(&self, name: &str, (target, path): (&FieldSpec, &str), written: Written<'_>) -> Result<Option<&'k Known>, String> {
        let Some(named) = self.by_name.get(name) else { return Ok(None) };
        let known = self.known;
        let mut there: Vec<&'k Known> = named.iter().filter_map(|at| known.get(*at)).filter(|k| self.reachable(k)).collect();
        if let Written::Placed(namespace) = written {
            // Whether anything at all was in that namespace decides by which names objects are taken to be in it.
            let before = |k: &Known| k.first.space == namespace && namespace != NOWHERE;
            let any = self.known.iter().any(|k| self.reachable(k) && before(k));
            there.retain(|k| if any { before(k) } else { k.scoped() && k.space == namespace });
        }
        let role = self.role.as_ref().filter(|_| path.ends_with("roleRef/name"));
        there.retain(|k| {
            let asked = role.is_none_or(|(group, kind)| {
                (group.is_empty() || k.api_version.split_once('/').map_or("", |(g, _)| g) == group)
                    && (kind.is_empty() || k.former.iter().any(|id| id.kind == *kind))
            });
            let here = !self.me.scoped() || !k.scoped() || k.kind == "ServiceAccount" || k.space == self.me.space;
            k.was(target) && asked && here
        });
        if let [one] = there.as_slice() {
            return Ok(Some(*one));
        }
        there.retain(|k| k.around(self.me, true));
        if there.len() > 1 {
            there.retain(|k| k.around(self.me, false));
        }
        let spaced = !matches!(written, Written::Name);
        match there.as_slice() {
            [] => Ok(None),
            [first, rest @ ..] if rest.iter().all(|k| k.name == first.name && (!spaced || k.namespace == first.namespace)) => {
                Ok(Some(*first))
            }
            _ => Err(format!("it may refer to any of {} objects called {name}", there.len())),
        }
    }
}
