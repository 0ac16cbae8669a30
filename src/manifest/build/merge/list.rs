//! Merging of lists whose items are known by keys: what the patch names comes first, in its order, then the rest.

use crate::build::kinds::{Keys, Shape};
use crate::build::merge::{DIRECTIVE, Directive, From, Known, Merger, directive_of, missing};
use crate::yaml::{Data, Plain, Val, resolve_plain};

/// The values of an item's keys; empty texts for keys that it has not.
type Names = Vec<String>;

impl Merger<'_> {
    /// Merges two lists by the keys of their items (by the words themselves when there are no keys).
    pub(super) fn merged_list(
        &self,
        dest: Option<Val>,
        patch: From<'_>,
        shape: Option<Shape>,
        keys: Keys,
    ) -> Result<Option<Val>, String> {
        let words = [""];
        let keys = if keys.is_empty() { &words[..] } else { keys };
        if missing(dest.as_ref()) {
            let Some(new) = patch.given().filter(|val| !val.is_null()) else { return Ok(None) };
            return self.items(new.clone(), From::Itself, shape, keys).map(Some);
        }
        let Some(mut dest) = dest else { return Ok(None) };
        match patch {
            From::Patch(val) if val.is_null() => Ok(None),
            From::Patch(val) => {
                let mut patch = val.clone();
                match self.list_directive(&mut patch)? {
                    Directive::Delete => Ok(None),
                    Directive::Replace => self.items(patch, From::Itself, shape, keys).map(Some),
                    Directive::Merge => self.items(dest, From::Patch(&patch), shape, keys).map(Some),
                }
            }
            From::Itself => match self.list_directive(&mut dest)? {
                Directive::Delete => Ok(None),
                _ => self.items(dest, From::Itself, shape, keys).map(Some),
            },
            From::Nothing => self.items(dest, From::Nothing, shape, keys).map(Some),
        }
    }

    /// Takes the directive out of a list: an item with nothing but `$patch`.
    fn list_directive(&self, list: &mut Val) -> Result<Directive, String> {
        let Some(item) = list.items().iter().find(|item| item.get(DIRECTIVE).is_some()) else { return Ok(Directive::Merge) };
        if item.as_map().is_some_and(|map| map.len() > 1) {
            return Ok(Directive::Merge);
        }
        let word = item.get(DIRECTIVE).map(|val| self.text(val)).unwrap_or_default();
        let found = directive_of(&word)?;
        if let Data::List(items) = &mut list.data {
            self.place(items, None, &[DIRECTIVE], &[word])?;
        }
        Ok(found)
    }

    fn items(&self, dest: Val, patch: From<'_>, shape: Option<Shape>, keys: &[&'static str]) -> Result<Val, String> {
        let Val { data, from, image } = dest;
        let Data::List(mut items) = data else { return Ok(Val { data, from, image }) };
        let changes: &[Val] = patch.given().map(Val::items).unwrap_or_default();
        let mut all: Vec<Names> = Vec::new();
        for item in changes.iter().chain(&items) {
            let names: Names = keys.iter().map(|key| self.name(item, key)).collect();
            if !all.contains(&names) {
                all.push(names);
            }
        }
        if keys.len() > 1 {
            complete(&mut all);
        }
        let mut front: Vec<Val> = Vec::new();
        let mut last: Vec<&str> = keys.to_vec();
        for names in &all {
            let (valid, values) = valid(&all, names, keys);
            self.item((&mut items, &mut front), (patch, changes), (&valid, &values), shape)?;
            last = valid;
        }
        if !all.is_empty() {
            self.append(&mut front, &items, &last)?;
            items = front;
        }
        Ok(Val { data: Data::List(items), from, image })
    }

    /// Merges the items of one name.
    fn item(
        &self,
        (items, front): (&mut Vec<Val>, &mut Vec<Val>),
        (patch, changes): (From<'_>, &[Val]),
        (keys, values): (&[&str], &[String]),
        shape: Option<Shape>,
    ) -> Result<(), String> {
        let (exact_keys, exact) = valid(&[values.to_vec()], values, keys);
        let same = |item: &Val| self.is_named(item, &exact_keys, &exact);
        let at = items.iter().position(same);
        let change = changes.iter().find(|item| same(item));
        let part = match (patch, change) {
            (From::Itself, _) => From::Itself,
            (_, Some(change)) => From::Patch(change),
            _ => From::Nothing,
        };
        let replaces = change.and_then(|c| c.get(DIRECTIVE)).and_then(Val::as_text) == Some("replace");
        let merged = self.walk(at.and_then(|at| items.get(at)).cloned(), part, Known { shape, keys: None })?;
        let Some(mut merged) = merged.filter(|val| !val.is_null() && val.as_map().is_none_or(|map| !map.is_empty())) else {
            return self.place(items, None, keys, values);
        };
        for (key, value) in keys.iter().zip(values) {
            if !key.is_empty() && merged.get(key).is_none() && !value.is_empty() {
                merged.set(key, typed(value));
            }
        }
        if let (Some(slot), false) = (at.and_then(|at| items.get_mut(at)), replaces) {
            slot.clone_from(&merged);
        }
        self.place(front, Some(&merged), keys, values)
    }

    /// Returns the value of an item's key, empty when there is none; the item itself for the empty key.
    fn name(&self, item: &Val, key: &str) -> String {
        if key.is_empty() {
            return self.text(item);
        }
        match item.get(key) {
            Some(val) if !val.is_null() => self.text(val),
            _ => String::new(),
        }
    }

    fn is_named(&self, item: &Val, keys: &[&str], values: &[String]) -> bool {
        if keys.first().is_none_or(|key| key.is_empty()) {
            return item.scalar().is_some() && values.first().is_some_and(|value| self.text(item) == *value);
        }
        let same = |(key, value): (&&str, &String)| item.get(key).is_some_and(|val| self.text(val) == *value);
        item.as_map().is_some() && keys.iter().zip(values).all(same)
    }

    /// Puts an item in the place of those with its name, or at the end; without an item, takes those with the name out.
    fn place(&self, list: &mut Vec<Val>, item: Option<&Val>, keys: &[&str], values: &[String]) -> Result<(), String> {
        let mapping = keys.first().is_some_and(|key| !key.is_empty()) && values.first().is_some_and(|value| !value.is_empty());
        let mut found = false;
        let mut out = Vec::with_capacity(list.len() + 1);
        for old in list.drain(..) {
            if old.is_null() || old.as_map().is_some_and(indexmap::IndexMap::is_empty) {
                continue;
            }
            if mapping && old.as_map().is_none() {
                out.push(old);
            } else if self.fits(&old, keys, values)? {
                found = true;
                out.extend(item.cloned());
            } else if !values.is_empty() {
                out.push(old);
            }
        }
        if let (Some(item), false) = (item, found) {
            out.push(item.clone());
        }
        *list = out;
        Ok(())
    }

    /// Tells whether an item has the name; where no value is given, having the key is enough.
    fn fits(&self, item: &Val, keys: &[&str], values: &[String]) -> Result<bool, String> {
        if values.is_empty() {
            return Ok(false);
        }
        for (key, value) in keys.iter().zip(values) {
            let fits = match (key.is_empty(), &item.data) {
                (true, Data::List(_) | Data::Map(_)) | (false, Data::List(_)) => {
                    return Err("a list holds items of several types".to_owned());
                }
                (true, _) => self.text(item) == *value,
                (false, Data::Map(map)) => map.get(*key).is_some_and(|val| value.is_empty() || self.text(val) == *value),
                (false, _) => return Err("a list holds items of several types".to_owned()),
            };
            if !fits {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Adds the items of a list to those at the front, each in the place of those with its name.
    fn append(&self, front: &mut Vec<Val>, rest: &[Val], keys: &[&str]) -> Result<(), String> {
        for item in rest {
            if keys.first().is_none_or(|key| key.is_empty()) {
                self.place(front, Some(item), &[""], &[self.text(item)])?;
                continue;
            }
            let mut values = Vec::new();
            for key in keys {
                match item.get(key) {
                    Some(val) => values.push(self.text(val)),
                    None if item.as_map().is_none() => return Err("a list holds items of several types".to_owned()),
                    None => front.push(item.clone()),
                }
            }
            if keys.len() > 1 {
                self.place(front, None, keys, &values)?;
            }
            self.place(front, Some(item), keys, &values)?;
        }
        Ok(())
    }
}

/// Leaves out the keys that no item has a value for, unless that would leave none.
fn valid<'k>(all: &[Names], names: &[String], keys: &[&'k str]) -> (Vec<&'k str>, Names) {
    let used: Vec<bool> =
        (0..keys.len()).map(|at| all.iter().any(|names| names.get(at).is_some_and(|name| !name.is_empty()))).collect();
    if !used.contains(&true) {
        return (keys.to_vec(), names.to_vec());
    }
    keys.iter().zip(names).zip(used).filter(|(_, used)| *used).map(|((key, name), _)| (*key, name.clone())).unzip()
}

/// Completes names that leave a key out by those that have it and agree in the others.
fn complete(all: &mut [Names]) {
    for one in 0..all.len() {
        for other in 0..all.len() {
            if let Some(names) = agree(&all[one], &all[other]) {
                all[one].clone_from(&names);
                all[other] = names;
            }
        }
    }
}

fn agree(one: &Names, other: &Names) -> Option<Names> {
    let mut common = false;
    let mut out = Vec::with_capacity(one.len());
    for (a, b) in one.iter().zip(other) {
        if a == b {
            common = true;
        } else if !a.is_empty() && !b.is_empty() {
            return None;
        }
        out.push(if a.is_empty() { b.clone() } else { a.clone() });
    }
    common.then_some(out)
}

/// Returns a text as a plain scalar is read.
pub(in crate::build) fn typed(text: &str) -> Val {
    let data = match resolve_plain(text) {
        Plain::Null => Data::Null,
        Plain::Bool(flag) => Data::Bool(flag),
        Plain::Int(number) => Data::Number(number.into()),
        Plain::Unsigned(number) => Data::Number(number.into()),
        Plain::Float(number) => serde_json::Number::from_f64(number).map_or_else(|| Data::Text(text.to_owned()), Data::Number),
        Plain::Text => Data::Text(text.to_owned()),
    };
    Val { data, from: None, image: None }
}
