//! Values read from a tree, each of which remembers the node that it was written at.
//!
//! Rendering and locating share these: what a kustomization does to an object moves values with their places, so that the
//! place that decides an effective value is known without a second set of rules.

use indexmap::IndexMap;
use indexmap::map::Entry as Slot;
use serde_json::{Map, Number, Value};

use crate::yaml::fault::SyntaxFault;
use crate::yaml::lex;
use crate::yaml::scalar::{Plain, resolve_plain};
use crate::yaml::tree::{Kind, NodeId, Style, Tree};

/// How many values one document may hold, those that its aliases repeat included.
const VALUE_LIMIT: usize = 200_000;

/// Holds a value.
#[derive(Debug, Clone, PartialEq)]
pub enum Data {
    /// Nothing.
    Null,
    /// A boolean.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A string.
    Text(String),
    /// A sequence.
    List(Vec<Val>),
    /// A mapping, in order.
    Map(IndexMap<String, Val>),
}

/// Names a place: the number of a source and the node there.
pub type Place = (u32, NodeId);

/// Holds where the parts of an image text come from, once an `images:` entry has spoken of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageTrace {
    /// Where the name was written.
    pub name: Option<Place>,
    /// Where the tag was written.
    pub tag: Option<Place>,
    /// Where the digest was written.
    pub digest: Option<Place>,
    /// The last `images:` entry that spoke of the image.
    pub entry: Option<Place>,
    /// The image's name before that entry: what an entry has to call it.
    pub before: String,
}

impl ImageTrace {
    /// Builds the trace of an image that is written at one place.
    pub const fn of(place: Option<Place>) -> Self {
        Self { name: place, tag: place, digest: place, entry: None, before: String::new() }
    }
}

/// Holds a value and where it was written: the number of its source and the node there.
#[derive(Debug, Clone)]
pub struct Val {
    /// The value.
    pub data: Data,
    /// The source's number and the node; absent for values that were computed.
    pub from: Option<Place>,
    /// For an image that an `images:` entry spoke of: where its parts come from.
    pub image: Option<Box<ImageTrace>>,
}

impl PartialEq for Val {
    fn eq(&self, other: &Self) -> bool {
        self.data == other.data
    }
}

impl Val {
    /// Builds a string that was computed.
    pub fn text(text: impl Into<String>) -> Self {
        Self { data: Data::Text(text.into()), from: None, image: None }
    }

    /// Builds an empty mapping.
    pub fn map() -> Self {
        Self { data: Data::Map(IndexMap::new()), from: None, image: None }
    }

    /// Builds an empty sequence.
    pub const fn list() -> Self {
        Self { data: Data::List(Vec::new()), from: None, image: None }
    }

    /// Builds a null.
    pub const fn null() -> Self {
        Self { data: Data::Null, from: None, image: None }
    }

    /// Returns the value under a key.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.as_map().and_then(|map| map.get(key))
    }

    /// Returns the value under a key for changing.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Self> {
        match &mut self.data {
            Data::Map(map) => map.get_mut(key),
            _ => None,
        }
    }

    /// Returns the value under a path of keys.
    pub fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |val, key| val.get(key))
    }

    /// Changes the value under a path of keys; mappings are made where there is nothing.
    pub fn with(&mut self, path: &[&str], change: impl FnOnce(&mut Self)) {
        let Some((key, rest)) = path.split_first() else { return change(self) };
        if !matches!(self.data, Data::Map(_)) {
            self.data = Data::Map(IndexMap::new());
        }
        if let Data::Map(map) = &mut self.data {
            map.entry((*key).to_owned()).or_insert_with(Self::null).with(rest, change);
        }
    }

    /// Sets a key of a mapping; anything else becomes one.
    pub fn set(&mut self, key: &str, value: Self) {
        self.with(&[key], |slot| *slot = value);
    }

    /// Removes a key of a mapping.
    pub fn remove(&mut self, key: &str) -> Option<Self> {
        match &mut self.data {
            Data::Map(map) => map.shift_remove(key),
            _ => None,
        }
    }

    /// Returns the string, when it is one.
    pub fn as_text(&self) -> Option<&str> {
        match &self.data {
            Data::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns a scalar as text, whatever its type; nothing for null, lists and mappings.
    pub fn scalar(&self) -> Option<String> {
        match &self.data {
            Data::Text(text) => Some(text.clone()),
            Data::Bool(flag) => Some(flag.to_string()),
            Data::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    /// Returns the items, when it is a sequence.
    pub fn items(&self) -> &[Self] {
        match &self.data {
            Data::List(items) => items,
            _ => &[],
        }
    }

    /// Returns the items for changing, when it is a sequence.
    pub fn items_mut(&mut self) -> &mut [Self] {
        match &mut self.data {
            Data::List(items) => items,
            _ => &mut [],
        }
    }

    /// Returns the mapping, when it is one.
    pub const fn as_map(&self) -> Option<&IndexMap<String, Self>> {
        match &self.data {
            Data::Map(map) => Some(map),
            _ => None,
        }
    }

    /// Tells whether it is null.
    pub const fn is_null(&self) -> bool {
        matches!(self.data, Data::Null)
    }

    /// Tells whether it is the boolean `true`.
    pub const fn is_true(&self) -> bool {
        matches!(self.data, Data::Bool(true))
    }

    /// Returns it as JSON, places dropped.
    pub fn to_json(&self) -> Value {
        match &self.data {
            Data::Null => Value::Null,
            Data::Bool(flag) => Value::Bool(*flag),
            Data::Number(number) => Value::Number(whole(number)),
            Data::Text(text) => Value::String(text.clone()),
            Data::List(items) => Value::Array(items.iter().map(Self::to_json).collect()),
            Data::Map(map) => Value::Object(map.iter().map(|(k, v)| (k.clone(), v.to_json())).collect::<Map<_, _>>()),
        }
    }
}

impl From<Val> for Value {
    fn from(val: Val) -> Self {
        match val.data {
            Data::Null => Self::Null,
            Data::Bool(flag) => Self::Bool(flag),
            Data::Number(number) => Self::Number(whole(&number)),
            Data::Text(text) => Self::String(text),
            Data::List(items) => Self::Array(items.into_iter().map(Self::from).collect()),
            Data::Map(map) => Self::Object(map.into_iter().map(|(key, val)| (key, Self::from(val))).collect::<Map<_, _>>()),
        }
    }
}

/// Returns a number without a fraction as a whole number, which is how JSON carries it.
fn whole(number: &Number) -> Number {
    match number.as_f64().filter(|_| number.is_f64()) {
        Some(float) if float.fract() == 0.0 && float.abs() < 1e21 => {
            let digits = float.to_string();
            let signed = digits.parse::<i64>().map(Number::from);
            signed.or_else(|_| digits.parse::<u64>().map(Number::from)).unwrap_or_else(|_| number.clone())
        }
        _ => number.clone(),
    }
}

/// Reads the value of a node with aliases and merge keys resolved; an error for repeated keys and for aliases that explode.
/// Adds the number of values to `total`.
pub(crate) fn read(tree: &Tree<'_>, id: NodeId, source: u32, total: &mut usize) -> Result<Val, SyntaxFault> {
    let mut reader = Reader { tree, source, count: 0 };
    let value = reader.value(id, 0);
    *total += reader.count;
    value
}

/// Reads plain words by the older rules of YAML, in which `on` is a boolean.
pub(crate) fn older(tree: &Tree<'_>, value: &mut Val) {
    match &mut value.data {
        Data::List(items) => items.iter_mut().for_each(|item| older(tree, item)),
        Data::Map(map) => map.values_mut().for_each(|item| older(tree, item)),
        Data::Text(text) => {
            let plain = value.from.is_some_and(|(_, node)| {
                let node = tree.node(tree.target(node));
                node.tag.is_none() && matches!(node.kind, Kind::Scalar { style: Style::Plain, .. })
            });
            let flag = match text.as_str() {
                "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => true,
                "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => false,
                _ => return,
            };
            if plain {
                value.data = Data::Bool(flag);
            }
        }
        _ => {}
    }
}

struct Reader<'a, 't> {
    tree: &'a Tree<'t>,
    source: u32,
    count: usize,
}

impl Reader<'_, '_> {
    fn fault(&self, id: NodeId, why: String) -> SyntaxFault {
        let at = self.tree.node(id).start;
        SyntaxFault { line: self.tree.line(at), column: lex::column(self.tree.text, at) + 1, why }
    }

    fn value(&mut self, id: NodeId, depth: usize) -> Result<Val, SyntaxFault> {
        self.count += 1;
        if self.count > VALUE_LIMIT || depth > 200 {
            return Err(self.fault(id, "its aliases expand to too much".to_owned()));
        }
        let data = match &self.tree.node(id).kind {
            Kind::Alias(alias) => {
                let mut val = self.value(alias.target, depth + 1)?;
                // The use is the place that an edit is asked for; where the value lives is found from it.
                val.from = Some((self.source, id));
                return Ok(val);
            }
            Kind::Scalar { value, style } => self.scalar(id, value, *style),
            Kind::Sequence { items, .. } => {
                Data::List(items.iter().map(|(_, item)| self.value(*item, depth + 1)).collect::<Result<_, _>>()?)
            }
            Kind::Mapping { .. } => Data::Map(self.mapping(id, depth)?),
        };
        Ok(Val { data, from: Some((self.source, id)), image: None })
    }

    fn scalar(&self, id: NodeId, value: &str, style: Style) -> Data {
        let node = self.tree.node(id);
        if style != Style::Plain || node.tag.as_deref() == Some("str") {
            return Data::Text(value.to_owned());
        }
        match resolve_plain(value) {
            Plain::Null => Data::Null,
            Plain::Bool(flag) => Data::Bool(flag),
            Plain::Int(number) => Data::Number(number.into()),
            Plain::Unsigned(number) => Data::Number(number.into()),
            Plain::Float(number) => Number::from_f64(number).map_or_else(|| Data::Text(value.to_owned()), Data::Number),
            Plain::Text => Data::Text(value.to_owned()),
        }
    }

    fn mapping(&mut self, id: NodeId, depth: usize) -> Result<IndexMap<String, Val>, SyntaxFault> {
        let entries = self.tree.entries(id);
        let mut map = IndexMap::with_capacity(entries.len());
        let mut merged: Vec<Val> = Vec::new();
        for entry in entries {
            let key =
                self.tree.scalar(entry.key).ok_or_else(|| self.fault(entry.key, "a key is no plain text".to_owned()))?.to_owned();
            let merge = key == "<<" && matches!(&self.tree.node(entry.key).kind, Kind::Scalar { style: Style::Plain, .. });
            let value = self.value(entry.value, depth + 1)?;
            if merge {
                match value.data {
                    Data::List(items) => merged.extend(items),
                    _ => merged.push(value),
                }
            } else {
                match map.entry(key) {
                    Slot::Vacant(slot) => drop(slot.insert(value)),
                    Slot::Occupied(slot) => {
                        let why = format!("the key \u{201c}{}\u{201d} is there twice", slot.key());
                        return Err(self.fault(entry.key, why));
                    }
                }
            }
        }
        for base in merged {
            let Data::Map(base) = base.data else {
                return Err(self.fault(id, "what << merges is no mapping".to_owned()));
            };
            for (key, value) in base {
                map.entry(key).or_insert(value);
            }
        }
        Ok(map)
    }
}
