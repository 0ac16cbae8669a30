//! Changes of configuration: the keys that a kustomization generates into ConfigMaps and Secrets, and those of plain
//! ConfigMap objects and of a Secret's `stringData`.
//!
//! A key of the environment's own generator is changed where it stands: a literal, a line of a `.env` file, a whole file.
//! What a base generates is overridden by a generator of the same name with `behavior: merge`; that can replace a key but not
//! take it away, so that a key goes by a patch, as the keys of plain objects of a base do. What is encrypted or binary is left
//! alone. Values of Secrets are changed but never told.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::edit::{Ask, Choice, Edit, Field, Found};

use crate::build::resource::Resource;
use crate::build::source::Role;
use crate::edit::aim::{Aim, Leaf, Step};
use crate::edit::objects::{self, cannot, here};
use crate::edit::{Desk, nested, overlay};
use crate::error::Error;
use crate::locate::Located;
use crate::locate::configs::{self, Generator, How};
use crate::yaml::{
    At, Fragment, Meant, NodeId, Place, Splice, SpliceFault, Tree, Val, insert_entry, insert_item, remove_entry, remove_item,
    set_scalar, spliced,
};

/// Holds a ConfigMap or Secret.
#[derive(Clone, Copy)]
struct Config<'l> {
    resource: &'l Resource,
    secret: bool,
    generated: bool,
}

/// Says what a key has now.
enum Now {
    Absent,
    /// A text; `typed` when it is written as one and not as a number.
    Text {
        text: String,
        typed: bool,
        place: Option<Place>,
    },
    /// Something that is not changed here, and why.
    Odd(&'static str, Option<Place>),
}

/// Tells whether the effective value of a key is the one that an edit asks for.
pub(super) fn met(located: &Located, edit: &Edit) -> Result<bool, Error> {
    let (config, key) = meant(located, edit)?;
    match config.now(key) {
        Now::Absent => Ok(edit.value.is_none()),
        Now::Text { text, typed, .. } => Ok(typed && edit.value.as_deref() == Some(text.as_str())),
        Now::Odd(why, place) => Err(Error::Indirect {
            field: edit.field.to_string(),
            file: located.sources.file(place).to_owned(),
            line: located.sources.line(place),
            why: why.to_owned(),
        }),
    }
}

/// Takes one step towards a key that was asked for.
pub(super) fn step(desk: &mut Desk, located: &Located, edit: &Edit) -> Result<(), Error> {
    let (config, key) = meant(located, edit)?;
    let Now::Text { place, .. } = config.now(key) else {
        return match &edit.value {
            Some(value) => add(desk, located, edit, (config, key, value)),
            None => Ok(()),
        };
    };
    let generated = place.filter(|(number, _)| located.sources.get(*number).role == Role::Kustomization);
    match (generated, &edit.value) {
        (Some(place), _) => in_generator(desk, located, edit, (config, key, place)).map_err(|error| objects::asked(error, edit)),
        (None, Some(value)) => {
            let aim = config.aim(edit, key);
            let ours = aim.value().is_some() && place.is_some_and(|(number, _)| here(located, edit, number));
            if config.generated && !ours {
                return over(desk, located, edit, (config, key, value));
            }
            aim.set(desk, located, &fragment(value))
        }
        (None, None) => config.aim(edit, key).remove(desk, located),
    }
}

/// Returns a value as it is written where it is new.
fn fragment(value: &str) -> Fragment {
    if value.contains('\n') { Fragment::Block(value.to_owned()) } else { Fragment::Text(value.to_owned()) }
}

/// Returns all ConfigMaps and Secrets.
fn all(located: &Located) -> impl Iterator<Item = Config<'_>> {
    located.others.iter().filter(|r| r.group_version().0.is_empty()).filter_map(|resource| {
        let kind = resource.kind();
        let generated = located.sources.get(resource.source).role == Role::Kustomization;
        matches!(kind.as_str(), "ConfigMap" | "Secret").then(|| Config { resource, secret: kind == "Secret", generated })
    })
}

/// Finds the ConfigMap or Secret that an edit speaks of, and its key.
fn meant<'l, 'e>(located: &'l Located, edit: &'e Edit) -> Result<(Config<'l>, &'e str), Error> {
    let Field::Config(name, key) = &edit.field else { return Err(crate::edit::unknown(located, edit)) };
    let mut fit: Vec<Config<'l>> = all(located).filter(|c| c.resource.written_name() == name).collect();
    if fit.is_empty() {
        fit = all(located).filter(|c| c.resource.ids().iter().any(|id| id.name == *name)).collect();
    }
    let keep = |fit: Vec<Config<'l>>, wanted: &dyn Fn(&Config<'l>) -> bool| {
        if fit.len() > 1 && fit.iter().any(wanted) { fit.into_iter().filter(|c| wanted(c)).collect() } else { fit }
    };
    let space = located.workload.id().namespace;
    fit = keep(fit, &|c| c.resource.id().namespace == space);
    fit = keep(fit, &|c| !matches!(c.now(key), Now::Absent));
    fit = keep(fit, &|c| objects::chosen(located, edit, c.resource.val.from));
    match fit.as_slice() {
        [one] => Ok((*one, key)),
        [] => {
            let mut names: Vec<&str> = all(located).map(|c| c.resource.written_name()).collect();
            names.dedup();
            let there = if names.is_empty() { "there is none".to_owned() } else { format!("there are {}", names.join(", ")) };
            Err(cannot(located, edit, None, format!("no generator, ConfigMap or Secret is called {name}; {there}")))
        }
        several => {
            let offers = several.iter().map(|c| {
                let what = format!("changes {} {name}", c.resource.kind());
                objects::offer(located, c.resource.val.from, what)
            });
            let why = format!("{} objects are called {name}", several.len());
            Err(Error::Choose(Box::new(Ask { container: None, field: edit.field.clone(), why, offers: offers.collect() })))
        }
    }
}

const ENCRYPTED: &str = "is encrypted with SOPS";

fn encrypted(text: &str) -> bool {
    text.contains("ENC[AES256_GCM,")
}

impl Config<'_> {
    fn now(&self, key: &str) -> Now {
        let val = &self.resource.val;
        let of = |field: &str| val.get(field).and_then(|m| m.get(key)).filter(|v| !v.is_null());
        let clear = |slot: &Val| {
            let text = slot.scalar().unwrap_or_default();
            if encrypted(&text) {
                return Now::Odd(ENCRYPTED, slot.from);
            }
            Now::Text { text, typed: slot.as_text().is_some(), place: slot.from }
        };
        if let Some(slot) = of("binaryData") {
            return Now::Odd("is binary", slot.from);
        }
        if let Some(slot) = of("stringData") {
            return clear(slot);
        }
        let Some(slot) = of("data") else { return Now::Absent };
        if !self.secret {
            return clear(slot);
        }
        if !self.generated {
            return Now::Odd("is kept in base64 in a Secret", slot.from);
        }
        let coded: String = slot.scalar().unwrap_or_default().split_whitespace().collect();
        match STANDARD.decode(coded).map(String::from_utf8) {
            Ok(Ok(text)) if encrypted(&text) => Now::Odd(ENCRYPTED, slot.from),
            Ok(Ok(text)) => Now::Text { text, typed: true, place: slot.from },
            _ => Now::Odd("is binary", slot.from),
        }
    }

    /// Returns the way to a key in the object.
    fn aim<'a>(&'a self, edit: &'a Edit, key: &str) -> Aim<'a> {
        let there = |field: &str| self.resource.val.at(&[field, key]).is_some_and(|v| !v.is_null());
        let plain = self.secret && !(edit.value.is_none() && there("data") && !there("stringData"));
        Aim::new(self.resource, Step::keys(&[if plain { "stringData" } else { "data" }, key]), 1, edit)
    }

    /// Tells whether a generator of the environment can override a value: it is generated, no component comes after that, and
    /// it is not the environment's own or meant to be changed where it is.
    fn mergeable(&self, located: &Located, place: Option<Place>, edit: &Edit) -> bool {
        let late = |number: u32| objects::in_component(located, number) && !overlay::own(located, number);
        self.generated
            && !late(self.resource.source)
            && place.is_none_or(|(number, _)| !late(number) && !here(located, edit, number))
    }

    fn keys(&self) -> Vec<&str> {
        let of = |field: &str| self.resource.val.get(field).and_then(Val::as_map);
        let mut keys: Vec<&str> = ["data", "stringData", "binaryData"]
            .iter()
            .filter_map(|f| of(f))
            .flat_map(|m| m.keys().map(String::as_str))
            .collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    /// Returns the generators that make it, in the order in which they were read.
    fn generators<'l>(&self, located: &'l Located) -> impl DoubleEndedIterator<Item = &'l Generator> + use<'l> {
        let (secret, ids) = (self.secret, self.resource.ids());
        located.generators.iter().filter(move |g| g.secret == secret && ids.iter().any(|id| id.name == g.name))
    }
}

/// Writes a literal: the quotes that it has now stay, and a value with quotes of its own gets some that are taken off.
fn literal(old: &str, key: &str, value: &str) -> String {
    let inner = old.split_once('=').map_or("", |(_, value)| value);
    let around = |text: &str| ['"', '\''].into_iter().find(|q| text.len() > 1 && text.starts_with(*q) && text.ends_with(*q));
    match around(inner).or_else(|| around(value).map(|_| '"')) {
        Some(quote) => format!("{key}={quote}{value}{quote}"),
        None => format!("{key}={value}"),
    }
}

/// Changes or removes a key where a generator has it, when that may be changed.
fn in_generator(
    desk: &mut Desk,
    located: &Located,
    edit: &Edit,
    (config, key, place): (Config<'_>, &str, Place),
) -> Result<(), Error> {
    let found = located.generators.iter().find_map(|g| g.keys.iter().find(|k| k.item == place && k.name == key).map(|k| (g, k)));
    let elsewhere = |desk: &mut Desk| match &edit.value {
        Some(value) => over(desk, located, edit, (config, key, value)),
        // A merge can replace a key but not take it away; a patch can.
        None => overlay::patch(desk, located, &config.aim(edit, key), Leaf::Gone, 0),
    };
    let Some((generator, entry)) = found else { return elsewhere(desk) };
    let ours = match &entry.how {
        How::Literal => true,
        How::Line(file, _) | How::File(file) => located.own(file) || edit.choice == Some(Choice::Written),
    };
    if !ours || !here(located, edit, place.0) {
        return elsewhere(desk);
    }
    let at = (place.0, &edit.field);
    let written = edit.choice == Some(Choice::Written);
    match (&entry.how, &edit.value) {
        (How::Line(file, number), value) => {
            let text = desk.files.text(file, None)?.to_owned();
            let after = match value {
                Some(value) => line_set(&text, *number, value),
                None => Ok(line_removed(&text, *number)),
            };
            desk.replace(file, after.map_err(|why| cannot(located, edit, Some(place), format!("{file}: {why}")))?)
        }
        (How::File(file), Some(value)) => desk.replace(file, value.clone()),
        (How::Literal, Some(value)) => nested::change(desk, located, at, |tree| {
            let old = tree.scalar(place.1).unwrap_or_default();
            let meant = literal(old, key, value);
            let tree = if written { &tree.clone().regardless() } else { tree };
            set_scalar(tree, place.1, Meant::Text(&meant))
        }),
        (How::Literal | How::File(_), None) => nested::change(desk, located, at, |tree| listed_removed(tree, generator, place.1)),
    }
}

/// Takes an item out of a list of a generator; the last one takes the list with it.
fn listed_removed(tree: &Tree<'_>, generator: &Generator, item: NodeId) -> Result<Vec<Splice>, SpliceFault> {
    let list = tree.node(item).parent.ok_or(SpliceFault::Unfit("it stands alone"))?;
    let items = tree.items(list);
    let at = items.iter().position(|(_, n)| *n == item).ok_or(SpliceFault::Unfit("it stands in no list"))?;
    let whole = tree.entries(generator.item.1).iter().position(|e| tree.target(e.value) == list);
    match whole.filter(|_| items.len() == 1) {
        Some(whole) => remove_entry(tree, generator.item.1, whole),
        None => remove_item(tree, list, at),
    }
}

/// Returns why a value cannot stand in a line of a `.env` file.
fn line_fault(value: &str) -> Option<String> {
    value.contains(['\n', '\r']).then(|| "a .env file has one line for a value, and this one has several".to_owned())
}

fn line_set(text: &str, number: usize, value: &str) -> Result<String, String> {
    if let Some(why) = line_fault(value) {
        return Err(why);
    }
    let lines = configs::lines(text);
    let line = lines.iter().find(|l| l.number == number).ok_or("the line is not there")?;
    Ok(spliced(text, &[Splice::new(line.key_end..line.end, format!("={value}"))]))
}

fn line_removed(text: &str, number: usize) -> String {
    let lines = configs::lines(text);
    let Some(line) = lines.iter().find(|l| l.number == number) else { return text.to_owned() };
    let next = text[line.end..].find('\n').map(|n| line.end + n + 1);
    let range = match next {
        Some(next) => line.start..next,
        // The text ends without a line break: the one before goes, so that it still does.
        None if number > 1 => text[..line.start].strip_suffix("\r\n").map_or(line.start - 1, str::len)..line.end,
        None => line.start..line.end,
    };
    spliced(text, &[Splice::new(range, "")])
}

fn line_added(text: &str, key: &str, value: &str) -> String {
    let eol = if text.contains("\r\n") { "\r\n" } else { "\n" };
    match text.trim_start_matches('\u{feff}') {
        "" => format!("{text}{key}={value}{eol}"),
        body if body.ends_with('\n') => format!("{text}{key}={value}{eol}"),
        _ => format!("{text}{eol}{key}={value}"),
    }
}

/// Tells whether a line of a `.env` file can have a key.
fn env_key(key: &str) -> bool {
    !key.starts_with(|c: char| c.is_ascii_digit()) && key.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b))
}

/// Adds a key: to the environment's own generator or object, else as an override.
fn add(desk: &mut Desk, located: &Located, edit: &Edit, (config, key, value): (Config<'_>, &str, &str)) -> Result<(), Error> {
    if config.resource.val.get("sops").is_some() {
        let why = format!("{} {} {ENCRYPTED}", config.resource.kind(), config.resource.written_name());
        return Err(cannot(located, edit, config.resource.val.from, why));
    }
    if let Some(generator) = config.generators(located).rfind(|g| here(located, edit, g.item.0)) {
        return add_to(desk, located, edit, (generator, key, value));
    }
    if config.generated {
        return over(desk, located, edit, (config, key, value));
    }
    config.aim(edit, key).set(desk, located, &fragment(value))
}

/// Adds a key to a generator: beside its literals, else to its `.env` file, else as its first literal.
fn add_to(
    desk: &mut Desk,
    located: &Located,
    edit: &Edit,
    (generator, key, value): (&Generator, &str, &str),
) -> Result<(), Error> {
    if let (None, Some(file)) = (generator.literals, generator.envs.last()) {
        let text = desk.files.text(file, None)?.to_owned();
        if env_key(key) && line_fault(value).is_none() && located.own(file) && !encrypted(&text) {
            return desk.replace(file, line_added(&text, key, value));
        }
    }
    let item = fragment(&literal("", key, value));
    nested::change(desk, located, (generator.item.0, &edit.field), |tree| match generator.literals {
        Some((_, list)) => insert_item(tree, list, &item, false),
        None => match tree.get(generator.item.1, "literals") {
            Some(empty) => insert_item(tree, empty, &item, false),
            None => insert_entry(tree, generator.item.1, ("literals", &Fragment::List(vec![item.clone()])), At::Last),
        },
    })
}

/// Overrides a key from outside of the environment's folder in the environment's own kustomization.
fn over(desk: &mut Desk, located: &Located, edit: &Edit, (config, key, value): (Config<'_>, &str, &str)) -> Result<(), Error> {
    let place = if let Now::Text { place, .. } = config.now(key) { place } else { None };
    if config.mergeable(located, place, edit) {
        let holds = |g: &Generator| g.keys.iter().any(|k| k.name == key);
        match config.generators(located).rfind(|g| overlay::own(located, g.item.0)) {
            None => return overlay::item(desk, located, configs::field(config.secret), &merge(config, key, value), &edit.field),
            Some(generator) if !holds(generator) => return add_to(desk, located, edit, (generator, key, value)),
            // Something that comes after it decides: a patch comes last.
            Some(_) => {}
        }
    }
    overlay::patch(desk, located, &config.aim(edit, key), Leaf::Set(&fragment(value)), 0)
}

/// Builds a generator that merges a key into what a base generates.
fn merge(config: Config<'_>, key: &str, value: &str) -> Fragment {
    let text = |text: &str| Fragment::Text(text.to_owned());
    let mut pairs = vec![("name".to_owned(), text(config.resource.written_name()))];
    if let Some(id) = config.resource.ids().first().filter(|id| !id.namespace.is_empty()) {
        pairs.push(("namespace".to_owned(), text(&id.namespace)));
    }
    pairs.push(("behavior".to_owned(), text("merge")));
    // The type is not merged: left out, it would become Opaque.
    if let Some(kind) = config.resource.val.get("type").and_then(Val::scalar).filter(|kind| config.secret && kind != "Opaque") {
        pairs.push(("type".to_owned(), text(&kind)));
    }
    pairs.push(("literals".to_owned(), Fragment::List(vec![fragment(&literal("", key, value))])));
    Fragment::Map(pairs)
}

/// Adds the keys of the workload's configuration with their places: those that it refers to, and those that no other object
/// refers to.
pub(crate) fn found(located: &Located, found: &mut Vec<Found>) {
    let mut mine = Vec::new();
    references(&located.workload.val, &mut mine);
    let mut others = Vec::new();
    located.others.iter().for_each(|r| references(&r.val, &mut others));
    for config in all(located) {
        let names = [config.resource.id().name, config.resource.written_name().to_owned()];
        let refers = |list: &[(bool, &str)]| list.iter().any(|(s, n)| *s == config.secret && names.iter().any(|name| name == n));
        if refers(&mine) || (config.generated && !refers(&others)) {
            for key in config.keys() {
                found.push(tell(located, config, key));
            }
        }
    }
}

/// Collects what an object refers to: whether it is a Secret, and its name.
fn references<'v>(val: &'v Val, out: &mut Vec<(bool, &'v str)>) {
    let named = |val: &'v Val, key: &str| val.get(key).and_then(Val::as_text);
    for item in val.items() {
        references(item, out);
    }
    for (key, value) in val.as_map().into_iter().flatten() {
        match key.as_str() {
            "configMapRef" | "configMapKeyRef" | "configMap" => out.extend(named(value, "name").map(|n| (false, n))),
            "secretRef" | "secretKeyRef" => out.extend(named(value, "name").map(|n| (true, n))),
            "secret" => out.extend(named(value, "secretName").or_else(|| named(value, "name")).map(|n| (true, n))),
            "imagePullSecrets" => out.extend(value.items().iter().filter_map(|v| named(v, "name")).map(|n| (true, n))),
            "valuesFrom" => {
                let of = |v: &'v Val| named(v, "name").map(|n| (named(v, "kind") == Some("Secret"), n));
                out.extend(value.items().iter().filter_map(of));
            }
            _ => references(value, out),
        }
    }
}

/// Says where a key is and why.
fn tell(located: &Located, config: Config<'_>, key: &str) -> Found {
    let field = Field::Config(config.resource.written_name().to_owned(), key.to_owned());
    let object = format!("{} {}", config.resource.kind(), config.resource.written_name());
    let (value, place, odd) = match config.now(key) {
        Now::Text { text, place, .. } => (text, place, None),
        Now::Odd(why, place) => (String::new(), place, Some(why)),
        Now::Absent => (String::new(), None, None),
    };
    // What a Secret holds is shown nowhere.
    let value = if config.secret { String::new() } else { value };
    let mut one = located.found(field, None, value, place);
    let role = place.map(|(number, _)| located.sources.get(number).role);
    match role {
        Some(Role::Kustomization) => generated(located, key, place, &mut one),
        Some(Role::Resource) => one.why = objects::whence(located, &one.file, &object),
        _ => {}
    }
    if let Some(odd) = odd {
        one.why = format!("{odd}, {}", one.why);
    } else if config.secret {
        one.why = format!("{}; it stands in the clear in Git", one.why);
    }
    one
}

/// Says where a generated key is: the line of the file that has it, when there is one.
fn generated(located: &Located, key: &str, place: Option<Place>, one: &mut Found) {
    let found = located
        .generators
        .iter()
        .find_map(|g| g.keys.iter().find(|k| Some(k.item) == place && k.name == key).map(|k| (g, k.how.clone())));
    let Some((generator, how)) = found else { return };
    let maker = format!("{} {} of {}", generator.field(), generator.name, located.layer(&layer(located, generator)));
    let shared = |file: &str| {
        let reads = |g: &Generator| g.keys.iter().any(|k| matches!(&k.how, How::Line(f, _) | How::File(f) if f == file));
        let others: Vec<&str> =
            located.generators.iter().filter(|g| g.item != generator.item && reads(g)).map(|g| g.name.as_str()).collect();
        if others.is_empty() { String::new() } else { format!(", which {} reads too", others.join(", ")) }
    };
    match how {
        How::Literal => one.why = format!("literal of {maker}"),
        How::Line(file, line) => {
            one.why = format!("line of an env file of {maker}{}", shared(&file));
            (one.file, one.line) = (file, line);
        }
        How::File(file) => {
            one.why = format!("file of {maker}{}", shared(&file));
            (one.file, one.line) = (file, 1);
        }
    }
}

fn layer(located: &Located, generator: &Generator) -> String {
    located.sources.get(generator.item.0).layer.clone()
}

#[cfg(test)]
#[path = "generators_tests.rs"]
mod tests;
