//! `replacements`: a value of one object is written into fields of others.

use serde_json::Value;

use crate::build::accumulate::Builder;
use crate::build::json;
use crate::build::layer::Layer;
use crate::build::merge::typed;
use crate::build::path::{self, Making};
use crate::build::resource::{Id, Resource};
use crate::build::select::Selector;
use crate::build::source::{Role, Source, Sources, fits_below, size};
use crate::error::Error;
use crate::files;
use crate::yaml::{Data, Kind, Meant, NodeId, Style, Tree, Val, read, set_scalar, spliced};

/// The field that is meant when none is named.
const NAME: &str = "metadata.name";
const FIELDS: &[&str] = &["path", "source", "targets", "sourceValue"];
const SOURCE: &[&str] = &["group", "version", "kind", "name", "namespace", "fieldPath", "options"];
const TARGET: &[&str] = &["select", "reject", "fieldPaths", "options"];
const OPTIONS: &[&str] = &["delimiter", "index", "encoding", "create"];

/// Does what `replacements` says.
pub(super) fn run(builder: &mut Builder<'_>, layer: &Layer, resources: &mut [Resource]) -> Result<(), Error> {
    let mut all = Vec::new();
    for item in layer.list(&builder.sources, "replacements")? {
        layer.keys(&builder.sources, &item, ("replacements", FIELDS))?;
        let Some(file) = item.get("path").filter(|p| p.as_text().is_some_and(|t| !t.is_empty())) else {
            all.push(item);
            continue;
        };
        if item.get("source").is_some() || item.get("targets").is_some() {
            return Err(layer.meaning(&builder.sources, &item, "a replacement is written in a file or here, not both"));
        }
        all.extend(load(builder, layer, file)?);
    }
    for item in &all {
        let replacement = Replacement { sources: &builder.sources, layer, item };
        let value = replacement.value(resources)?;
        replacement.write(&value, resources)?;
    }
    Ok(())
}

fn load(builder: &mut Builder<'_>, layer: &Layer, at: &Val) -> Result<Vec<Val>, Error> {
    builder.local(layer, at)?;
    let path = files::join(&layer.folder, at.as_text().unwrap_or_default(), &layer.file)?;
    let text = builder.files.text(&path, Some(&layer.file))?.to_owned();
    let file = builder.files.resolve(&path)?;
    let source = Source { file, layer: layer.folder.clone(), role: Role::Kustomization, text, targeted: false, host: None };
    let (_, docs) = builder.sources.add_file(builder.files, source)?;
    match docs.into_iter().next() {
        Some(Val { data: Data::List(items), .. }) => Ok(items),
        Some(one @ Val { data: Data::Map(_), .. }) => Ok(vec![one]),
        _ => Err(layer.meaning(&builder.sources, at, "the file holds no replacement")),
    }
}

struct Replacement<'r> {
    sources: &'r Sources,
    layer: &'r Layer,
    item: &'r Val,
}

fn options(val: &Val) -> Option<&Val> {
    val.get("options").filter(|o| !o.is_null())
}

fn delimiter(options: Option<&Val>) -> Option<(String, i64)> {
    let delimiter = options?.get("delimiter").and_then(Val::scalar).filter(|d| !d.is_empty())?;
    let index = options?.get("index").and_then(Val::scalar).and_then(|i| i.parse().ok()).unwrap_or(0);
    Some((delimiter, index))
}

impl Replacement<'_> {
    fn fault(&self, at: &Val, why: impl Into<String>) -> Error {
        let (file, line) = (self.sources.file(at.from), self.sources.line(at.from));
        let file = if file.is_empty() { self.layer.file.as_str() } else { file };
        Error::Meaning { file: file.to_owned(), line, why: format!("replacements: {}", why.into()) }
    }

    /// Returns the value that is to be written.
    fn value(&self, resources: &[Resource]) -> Result<Val, Error> {
        let given = self.item.get("sourceValue").filter(|v| !v.is_null());
        let source = self.item.get("source").filter(|s| !s.is_null());
        let (source, given) = match (source, given) {
            (Some(source), None) => (source, None),
            (None, Some(given)) => (given, given.scalar()),
            (Some(_), Some(given)) => return Err(self.fault(given, "source and sourceValue exclude each other")),
            (None, None) => return Err(self.fault(self.item, "there is no source")),
        };
        if self.item.get("targets").is_none_or(Val::is_null) {
            return Err(self.fault(self.item, "there are no targets"));
        }
        if let Some(text) = given {
            return Ok(Val { from: source.from, ..Val::text(text) });
        }
        self.layer.keys(self.sources, source, ("replacements.source", SOURCE))?;
        let from = self.source(source, resources)?;
        let field = source.get("fieldPath").and_then(Val::scalar).filter(|f| !f.is_empty()).unwrap_or_else(|| NAME.to_owned());
        let found = path::lookup(&from.val, &path::parts(&field)).map_err(|why| self.fault(source, why))?;
        let empty = |val: &&Val| match &val.data {
            Data::Null => true,
            Data::List(items) => items.is_empty(),
            Data::Map(map) => map.is_empty(),
            _ => false,
        };
        let Some(found) = found.filter(|val| !empty(val)) else {
            return Err(self.fault(source, format!("there is no {field} in {} {}", from.kind(), from.id().name)));
        };
        let Some((delimiter, index)) = delimiter(options(source)) else { return Ok(found.clone()) };
        if found.scalar().is_none() {
            return Err(self.fault(source, "only a single value can be split"));
        }
        let text = self.sources.written(found);
        let part = usize::try_from(index).ok().and_then(|at| text.split(delimiter.as_str()).nth(at));
        let part = part.ok_or_else(|| self.fault(source, format!("the value has no part {index}")))?;
        let data = if found.as_text().is_some() { Data::Text(part.to_owned()) } else { typed(part).data };
        Ok(Val { data, from: found.from, image: None })
    }

    /// Returns the one object that a source speaks of.
    fn source<'v>(&self, source: &Val, resources: &'v [Resource]) -> Result<&'v Resource, Error> {
        let text = |key: &str| source.get(key).and_then(Val::scalar).unwrap_or_default();
        let (group, version, kind, name, namespace) =
            (text("group"), text("version"), text("kind"), text("name"), text("namespace"));
        let is = |wanted: &str, there: &str| wanted.is_empty() || wanted == there;
        let space = |ns: &str| if ns.is_empty() { "default".to_owned() } else { ns.to_owned() };
        let called = |id: &Id, place: &str| {
            is(&kind, &id.kind) && is(&name, &id.name) && (namespace.is_empty() || space(&namespace) == place)
        };
        let meant = |r: &&Resource| {
            let (g, v) = r.typed();
            is(&group, g)
                && is(&version, v)
                && (r.before.iter().any(|id| called(id, &id.space)) || called(&r.id(), &space(&r.id().namespace)))
        };
        let mut there = resources.iter().filter(meant);
        match (there.next(), there.next()) {
            (Some(one), None) => Ok(one),
            (None, _) => Err(self.fault(source, "the source is not there")),
            (Some(_), Some(_)) => Err(self.fault(source, "the source may be any of several objects")),
        }
    }

    fn write(&self, value: &Val, resources: &mut [Resource]) -> Result<(), Error> {
        for target in self.item.get("targets").map(Val::items).unwrap_or_default() {
            self.layer.keys(self.sources, target, ("replacements.targets", TARGET))?;
            if let Some(options) = options(target) {
                self.layer.keys(self.sources, options, ("replacements.options", OPTIONS))?;
            }
            let Some(select) = target.get("select").filter(|s| !s.is_null()) else {
                return Err(self.fault(target, "a target has to say what it selects"));
            };
            let select = Selector::read(self.layer, self.sources, select)?;
            let reject = target.get("reject").map(Val::items).unwrap_or_default();
            let reject: Vec<Selector> =
                reject.iter().map(|r| Selector::read(self.layer, self.sources, r)).collect::<Result<_, _>>()?;
            let named = target.get("fieldPaths").map(Val::items).unwrap_or_default();
            let mut fields: Vec<String> = named.iter().filter_map(Val::scalar).collect();
            if fields.is_empty() {
                fields.push(NAME.to_owned());
            }
            for resource in &mut *resources {
                let rejected = |r: &Selector| (r.asks_marks() && r.marked(resource)) || (r.asks_name() && r.any_name(resource));
                if !select.marked(resource) || !select.any_name(resource) || reject.iter().any(rejected) {
                    continue;
                }
                for field in &fields {
                    self.set(resource, (target, field), value)?;
                }
            }
        }
        Ok(())
    }

    fn set(&self, resource: &mut Resource, (target, field): (&Val, &str), value: &Val) -> Result<(), Error> {
        let parts = path::parts(field);
        let create = options(target).and_then(|o| o.get("create")).is_some_and(Val::is_true);
        let making = if create { Making::of(value) } else { Making::Nothing };
        let text = self.sources.written(value);
        let at = format!("{field} of {} {}", resource.kind_text(), resource.id().name);
        fits_below(parts.len(), Some(value)).map_err(|why| self.fault(target, format!("{at}: {why}")))?;
        let spend = |bytes: usize| self.sources.spend(bytes);
        let inner = within_text(&mut resource.val, &parts, (&text, value), (making, &spend));
        if inner.map_err(|why| self.fault(target, format!("{at}: {why}")))? {
            return Ok(());
        }
        let split = delimiter(options(target));
        let mut set = |slot: &mut Val| self.assign(slot, split.as_ref(), value);
        match path::visit(&mut resource.val, &parts, making, &mut set) {
            Ok(0) => Err(self.fault(target, format!("there is no {at}"))),
            Ok(_) => Ok(()),
            Err(why) => Err(self.fault(target, format!("{at}: {why}"))),
        }
    }

    fn assign(&self, slot: &mut Val, split: Option<&(String, i64)>, value: &Val) -> Result<(), String> {
        let whole = matches!(slot.data, Data::List(_) | Data::Map(_));
        self.sources.spend(size(value) + size(slot))?;
        let mut text = self.sources.written(value);
        if let Some((delimiter, index)) = split {
            if whole {
                return Err("only a single value can be split".to_owned());
            }
            let old = self.sources.written(slot);
            let mut parts: Vec<&str> = if slot.is_null() { vec![""] } else { old.split(delimiter.as_str()).collect() };
            match usize::try_from(*index) {
                Err(_) => parts.insert(0, &text),
                Ok(at) => match parts.get_mut(at) {
                    Some(part) => *part = &text,
                    None => parts.push(&text),
                },
            }
            text = parts.join(delimiter);
        }
        if whole {
            *slot = value.clone();
            return Ok(());
        }
        slot.data = retyped(slot, &text)?;
        slot.from = value.from;
        slot.image = None;
        Ok(())
    }
}

/// Returns a text as the type that a field has already.
fn retyped(slot: &Val, text: &str) -> Result<Data, String> {
    let new = typed(text).data;
    match (&slot.data, &new) {
        (Data::Text(_), _) => Ok(Data::Text(text.to_owned())),
        (Data::Number(old), Data::Number(number)) if old.is_f64() || !number.is_f64() => Ok(new),
        (Data::Bool(_), Data::Bool(_)) | (Data::Null, Data::Null) => Ok(new),
        // A field that was made for the value; a null that is written is one for good.
        (Data::Null, _) if slot.from.is_none() => Ok(new),
        // It may be a secret, which is not repeated.
        _ => Err("the value has another type than the field".to_owned()),
    }
}

/// Counts bytes that are written; an error when there are too many.
type Spend<'s> = &'s dyn Fn(usize) -> Result<(), String>;

/// Writes into a text that is YAML or JSON itself; tells whether it could.
fn within_text(
    object: &mut Val,
    parts: &[String],
    value: (&str, &Val),
    (making, spend): (Making, Spend<'_>),
) -> Result<bool, String> {
    let found = (1..parts.len()).find(|at| {
        let (outer, _) = parts.split_at(*at);
        matches!(path::lookup(object, outer), Ok(Some(Val { data: Data::Text(_), .. })))
    });
    let Some(at) = found else { return Ok(false) };
    let (outer, inner) = parts.split_at(at);
    let Ok(Some(Val { data: Data::Text(text), .. })) = path::lookup(object, outer) else { return Ok(false) };
    let text = text.clone();
    spend(text.len())?;
    let new = if text.trim_start().starts_with(['{', '[']) {
        in_json(&text, inner, value, (making, spend))?
    } else {
        in_yaml(&text, inner, value.0, spend)?
    };
    let Some(new) = new else { return Ok(false) };
    let mut put = |slot: &mut Val| {
        slot.data = Data::Text(new.clone());
        Ok(())
    };
    Ok(path::visit(object, outer, Making::Nothing, &mut put).is_ok())
}

fn in_json(
    text: &str,
    inner: &[String],
    (word, value): (&str, &Val),
    (making, spend): (Making, Spend<'_>),
) -> Result<Option<String>, String> {
    let Some(mut val) = parsed(text) else { return Ok(None) };
    let mut counted = Ok(());
    let mut put = |slot: &mut Val| {
        counted = spend(size(value));
        counted.clone()?;
        if matches!(slot.data, Data::List(_) | Data::Map(_)) {
            *slot = value.clone();
        } else {
            slot.data = retyped(slot, word)?;
        }
        Ok(())
    };
    let count = path::visit(&mut val, inner, making, &mut put);
    counted?;
    let json: Value = val.to_json();
    let lines = text.contains('\n') && text.contains("  ");
    let done = count.is_ok_and(|count| count > 0);
    Ok(done.then(|| if lines { json::pretty(&json) } else { json::compact(&json) }))
}

fn parsed(text: &str) -> Option<Val> {
    let tree = Tree::parse(text).ok()?;
    read(&tree, tree.documents().first()?.root, 0, &mut 0).ok()
}

fn in_yaml(text: &str, inner: &[String], word: &str, spend: Spend<'_>) -> Result<Option<String>, String> {
    let Ok(tree) = Tree::parse(text) else { return Ok(None) };
    let Some(document) = tree.documents().first() else { return Ok(None) };
    let mut at = vec![document.root];
    for part in inner {
        at = at.into_iter().flat_map(|node| below(&tree, node, part)).collect();
    }
    let mut splices = Vec::new();
    for node in &at {
        spend(word.len())?;
        let Kind::Scalar { style, .. } = &tree.node(tree.target(*node)).kind else { return Ok(None) };
        let meant = if *style == Style::Plain { Meant::Plain(word) } else { Meant::Text(word) };
        let Ok(more) = set_scalar(&tree, *node, meant) else { return Ok(None) };
        splices.extend(more);
    }
    Ok((!at.is_empty()).then(|| spliced(text, &splices).trim().to_owned()))
}

fn below(tree: &Tree<'_>, node: NodeId, part: &str) -> Vec<NodeId> {
    let items = || tree.items(node).iter().map(|(_, item)| *item);
    if let Ok(at) = part.parse::<usize>() {
        return items().nth(at).into_iter().collect();
    }
    if part == "*" {
        return items().collect();
    }
    if let Some((key, wanted)) = part.strip_prefix('[').and_then(|p| p.strip_suffix(']')).and_then(|p| p.split_once('=')) {
        let Ok(pattern) = regex::Regex::new(wanted) else { return Vec::new() };
        let named = |item: &NodeId| if key.is_empty() { Some(*item) } else { tree.get(*item, key) };
        let fits = |item: &NodeId| named(item).and_then(|n| tree.scalar(n)).is_some_and(|text| pattern.is_match(text));
        return items().filter(fits).collect();
    }
    tree.get(node, part).into_iter().collect()
}
