//! Strategic merge of a patch into an object: mappings merge, lists of known kinds merge by their keys, other lists are
//! replaced. `$patch: delete`, `replace` and `merge` are followed; what kustomize does in odd cases (items without their
//! key, items that are there twice) is done here too.

mod list;

pub(super) use list::typed;

use indexmap::IndexMap;

use crate::build::kinds::{self, Keys, Shape};
use crate::build::source::Sources;
use crate::yaml::{Data, Val};

/// The key of a directive.
const DIRECTIVE: &str = "$patch";

/// Merges a patch into an object. Returns nothing when the patch deletes it; an error says what does not fit.
pub(super) fn merge(sources: &Sources, into: Val, patch: &Val) -> Result<Option<Val>, String> {
    Merger { sources }.walk(Some(into), From::Patch(patch), Known::default())
}

struct Merger<'s> {
    sources: &'s Sources,
}

/// Says what is merged in.
#[derive(Clone, Copy)]
enum From<'p> {
    /// Nothing: the value is only walked through.
    Nothing,
    /// The value itself: it came out of a patch as a whole.
    Itself,
    /// A part of a patch.
    Patch(&'p Val),
}

impl<'p> From<'p> {
    fn given(self) -> Option<&'p Val> {
        match self {
            Self::Patch(val) => Some(val),
            Self::Nothing | Self::Itself => None,
        }
    }
}

/// Says what is known of a value: its shape, and its keys when it is a list that merges.
#[derive(Default, Clone, Copy)]
struct Known {
    shape: Option<Shape>,
    keys: Option<Keys>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Directive {
    Merge,
    Replace,
    Delete,
}

fn directive_of(word: &str) -> Result<Directive, String> {
    match word {
        "merge" => Ok(Directive::Merge),
        "replace" => Ok(Directive::Replace),
        "delete" => Ok(Directive::Delete),
        other => Err(format!("$patch: {other} is no directive")),
    }
}

/// Takes the directive out of a mapping.
fn directive(map: &mut IndexMap<String, Val>) -> Result<Directive, String> {
    match map.shift_remove(DIRECTIVE) {
        Some(word) => directive_of(&word.scalar().unwrap_or_default()),
        None => Ok(Directive::Merge),
    }
}

fn missing(val: Option<&Val>) -> bool {
    val.is_none_or(Val::is_null)
}

impl Merger<'_> {
    fn text(&self, val: &Val) -> String {
        self.sources.written(val)
    }

    fn walk(&self, dest: Option<Val>, patch: From<'_>, known: Known) -> Result<Option<Val>, String> {
        let there = [dest.as_ref(), patch.given()];
        let decides = there.into_iter().flatten().find(|val| !val.is_null());
        let fits = |same: fn(&Data) -> bool| {
            let odd = there.into_iter().flatten().any(|val| !val.is_null() && !same(&val.data));
            if odd { Err("the patch has another type than the field that it changes".to_owned()) } else { Ok(()) }
        };
        match decides.map(|val| &val.data) {
            None | Some(Data::Map(_)) => {
                fits(|data| matches!(data, Data::Map(_)))?;
                let shape = known.shape.or_else(|| there.into_iter().flatten().find_map(shape));
                self.mapping(dest, patch, shape)
            }
            Some(Data::List(_)) => {
                fits(|data| matches!(data, Data::List(_)))?;
                match known.keys {
                    Some(keys) => self.merged_list(dest, patch, known.shape, keys),
                    None => Ok(patch.given().cloned().or(dest).filter(|val| !val.is_null())),
                }
            }
            Some(_) => {
                fits(|data| !matches!(data, Data::List(_) | Data::Map(_)))?;
                Ok(patch.given().cloned().or(dest).filter(|val| !val.is_null()))
            }
        }
    }

    fn mapping(&self, dest: Option<Val>, patch: From<'_>, shape: Option<Shape>) -> Result<Option<Val>, String> {
        if missing(dest.as_ref()) {
            return match patch {
                // A null that is written out stays; a field with nothing behind its colon goes.
                From::Nothing => Ok(dest.filter(|val| !self.sources.blank(val))),
                From::Patch(val) if !val.is_null() => {
                    let mut new = val.clone();
                    let Data::Map(map) = &mut new.data else { return Ok(None) };
                    if directive(map).is_ok_and(|d| d == Directive::Delete) {
                        return Ok(None);
                    }
                    self.fields(new, From::Itself, shape).map(Some)
                }
                _ => Ok(None),
            };
        }
        let Some(mut dest) = dest else { return Ok(None) };
        match patch {
            From::Patch(val) if val.is_null() => Ok(None),
            From::Patch(val) => {
                let mut patch = val.clone();
                let Data::Map(map) = &mut patch.data else { return Ok(Some(dest)) };
                match directive(map)? {
                    Directive::Delete => Ok(None),
                    Directive::Replace => self.fields(patch, From::Itself, shape).map(Some),
                    Directive::Merge => self.fields(dest, From::Patch(&patch), shape).map(Some),
                }
            }
            From::Itself => {
                let Data::Map(map) = &mut dest.data else { return Ok(Some(dest)) };
                match directive(map)? {
                    Directive::Delete => Ok(None),
                    _ => self.fields(dest, From::Itself, shape).map(Some),
                }
            }
            From::Nothing => self.fields(dest, From::Nothing, shape).map(Some),
        }
    }

    /// Merges field by field.
    fn fields(&self, dest: Val, patch: From<'_>, shape: Option<Shape>) -> Result<Val, String> {
        let Val { data, from, image } = dest;
        let Data::Map(map) = data else { return Ok(Val { data, from, image }) };
        let changes = patch.given().and_then(Val::as_map);
        let mut out = IndexMap::with_capacity(map.len());
        let mut gone: Vec<String> = Vec::new();
        for (key, value) in map {
            let part = match (patch, changes.and_then(|changes| changes.get(&key))) {
                (From::Itself, _) => From::Itself,
                (_, Some(change)) => From::Patch(change),
                (_, None) => From::Nothing,
            };
            let known = known_field(shape, &key);
            if let Some(value) = self.walk(Some(value), part, known).map_err(|why| at(&key, &why))? {
                out.insert(key, value);
            } else {
                gone.push(key);
            }
        }
        for (key, change) in changes.into_iter().flatten() {
            if !change.is_null()
                && !gone.contains(key)
                && !out.contains_key(key)
                && let Some(value) = self.walk(None, From::Patch(change), known_field(shape, key)).map_err(|why| at(key, &why))?
            {
                out.insert(key.clone(), value);
            }
        }
        Ok(Val { data: Data::Map(out), from, image })
    }
}

fn at(key: &str, why: &str) -> String {
    if why.contains(": ") { format!("{key}.{why}") } else { format!("{key}: {why}") }
}

fn known_field(shape: Option<Shape>, key: &str) -> Known {
    match shape.and_then(|shape| kinds::field(shape, key)) {
        Some((shape, keys)) => Known { shape: Some(shape), keys },
        None => Known::default(),
    }
}

/// Returns the shape of an object by its own word.
fn shape(val: &Val) -> Option<Shape> {
    kinds::shape(val.get("apiVersion")?.as_text()?, val.get("kind")?.as_text()?)
}
