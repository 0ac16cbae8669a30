//! What a HelmRelease says: its values with the places that they are written at, the images among them, and its chart.
//!
//! Values come together as Flux and Helm do it: `valuesFrom` in its order, `spec.values` over all of them, mappings merged,
//! everything else replaced. Nothing is known here of what a chart makes of its values.

mod chart;
mod env;
mod image;
mod units;

use domain::edit::{Bound, Field, Found, Resource as Compute};

use crate::build::resource::{Resource, same_namespace};
use crate::build::source::{Role, Source, Sources};
use crate::files::{self, Files};
use crate::locate::Located;
use crate::yaml::{Data, Place, Tree, Val};

pub(crate) use chart::{Chart, reference};
pub(crate) use env::{LISTS, Variable, variable, variables};
pub(crate) use image::Part;
pub(crate) use units::{Names, Shape, Unit, child, replicas};

/// Holds a HelmRelease's values and what is found in them.
pub(crate) struct Release {
    /// What comes together, the weakest first; `spec.values` is the last.
    pub(crate) layers: Vec<Layer>,
    /// All layers merged.
    pub(crate) values: Val,
    /// What values come from that cannot be read here.
    pub(crate) foreign: Vec<Foreign>,
    /// The images, those of init containers last.
    pub(crate) units: Vec<Unit>,
}

/// Holds one text of values.
pub(crate) struct Layer {
    /// The values, as an object that an edit can be made in; absent for `spec.values`, which the release itself holds.
    pub(crate) object: Option<Resource>,
    /// The values.
    pub(crate) val: Val,
    /// Where they come from, in words: `key values.yaml of ConfigMap shop-values`.
    pub(crate) what: String,
    /// Whether they are a Secret's, and not to be shown unasked.
    pub(crate) secret: bool,
}

/// Holds something that values come from and that is not read here.
pub(crate) struct Foreign {
    /// In words, with the reason: `key values.yaml of Secret shop, which is not in these manifests`.
    pub(crate) what: String,
    /// The path of the one value that it gives, when it gives just one.
    pub(crate) target: Option<Vec<String>>,
    /// How many layers are weaker.
    pub(crate) over: usize,
    /// Where the release refers to it.
    pub(crate) place: Option<Place>,
}

/// Returns the value under a path of keys and list positions.
pub(crate) fn lookup<'v>(val: &'v Val, path: &[String]) -> Option<&'v Val> {
    path.iter().try_fold(val, |val, key| match &val.data {
        Data::List(items) => key.parse::<usize>().ok().and_then(|at| items.get(at)),
        _ => val.get(key),
    })
}

/// Splits a written path at its dots; a dot within a key is written `\.`.
pub(crate) fn keys(written: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    let mut escaped = false;
    for c in written.chars() {
        if c == '.' && !escaped {
            out.push(String::new());
        } else if let Some(last) = out.last_mut() {
            if escaped && c != '.' {
                last.push('\\');
            }
            if c != '\\' {
                last.push(c);
            }
        }
        escaped = c == '\\' && !escaped;
    }
    out
}

/// Writes a path the way [`keys`] reads it.
pub(crate) fn written(path: &[String]) -> String {
    path.iter().map(|key| key.replace('.', "\\.")).collect::<Vec<_>>().join(".")
}

impl Release {
    /// Reads a HelmRelease's values; those that stand in other files are added to the sources.
    pub(crate) fn read(release: &Resource, others: &[Resource], sources: &mut Sources, files: &Files) -> Self {
        let (mut layers, mut foreign) = (Vec::new(), Vec::new());
        let references = release.val.at(&["spec", "valuesFrom"]).map(Val::items).unwrap_or_default();
        for reference in references {
            let text = |key: &str| reference.get(key).and_then(Val::scalar).filter(|t| !t.is_empty());
            let (kind, name) = (text("kind").unwrap_or_default(), text("name").unwrap_or_default());
            let key = text("valuesKey").unwrap_or_else(|| "values.yaml".to_owned());
            let what = format!("key {key} of {kind} {name}");
            if let Some(target) = text("targetPath") {
                foreign.push(Foreign { what, target: Some(target_path(&target)), over: layers.len(), place: reference.from });
                continue;
            }
            match content(release, others, sources, files, (&kind, &name, &key)) {
                Ok((number, val)) => {
                    let object = Some(Resource::new(val.clone(), number, 1));
                    layers.push(Layer { object, val, what, secret: kind == "Secret" });
                }
                Err(why) => foreign.push(Foreign {
                    what: format!("{what}, {why}"),
                    target: None,
                    over: layers.len(),
                    place: reference.from,
                }),
            }
        }
        let own = release.val.at(&["spec", "values"]).cloned().unwrap_or_else(Val::map);
        layers.push(Layer { object: None, val: own, what: "spec.values".to_owned(), secret: false });
        let mut values = Val::map();
        for layer in &layers {
            merge(&mut values, &layer.val);
        }
        let units = units::find(&values, release.written_name());
        Self { layers, values, foreign, units }
    }

    /// Returns the effective value under a path; null means that the chart's default is taken away.
    pub(crate) fn value(&self, path: &[String]) -> Option<&Val> {
        lookup(&self.values, path)
    }

    /// Returns the number of the layer that decides the value under a path.
    pub(crate) fn layer_of(&self, path: &[String]) -> Option<usize> {
        self.layers.iter().rposition(|layer| lookup(&layer.val, path).is_some())
    }

    /// Returns what gives the value under a path and is not read here, or may give it when the path has a known value.
    pub(crate) fn hidden(&self, path: &[String]) -> Option<&Foreign> {
        let level = self.layer_of(path);
        let stronger = |f: &&Foreign| level.is_none_or(|level| f.over > level);
        let exact = |f: &&Foreign| f.target.as_ref().is_some_and(|target| target == path);
        self.foreign.iter().filter(stronger).find(exact)
    }
}

/// Merges values over others, as Helm does: mappings by key, everything else replaced.
pub(crate) fn merge(into: &mut Val, over: &Val) {
    match (&mut into.data, &over.data) {
        (Data::Map(target), Data::Map(changes)) => {
            for (key, change) in changes {
                match target.get_mut(key) {
                    Some(slot) => merge(slot, change),
                    None => {
                        target.insert(key.clone(), change.clone());
                    }
                }
            }
            if over.from.is_some() {
                into.from = over.from;
            }
        }
        _ => *into = over.clone(),
    }
}

/// Reads Helm's notation of a path: `a.b[0].c`, a dot within a key written `\.`.
fn target_path(written: &str) -> Vec<String> {
    keys(written)
        .iter()
        .flat_map(|key| key.split('[').map(|part| part.trim_end_matches(']').to_owned()).collect::<Vec<_>>())
        .filter(|key| !key.is_empty())
        .collect()
}

/// Reads the values under a key of a ConfigMap or Secret of the same rendering; says in words why they cannot be read.
fn content(
    release: &Resource,
    others: &[Resource],
    sources: &mut Sources,
    files: &Files,
    (kind, name, key): (&str, &str, &str),
) -> Result<(u32, Val), String> {
    let home = release.id().namespace;
    let object = others.iter().find(|o| {
        o.kind() == kind
            && o.group_version().0.is_empty()
            && o.ids().iter().any(|id| id.name == name && same_namespace(&id.namespace, &home))
    });
    let object = object.ok_or("which is not in these manifests")?;
    if object.val.get("sops").is_some() {
        return Err("which is encrypted".to_owned());
    }
    let held =
        ["stringData", "data"].iter().find_map(|field| object.val.at(&[field]).and_then(|m| m.get(key)).map(|v| (*field, v)));
    let (field, val) = held.ok_or("which it does not have")?;
    let (text, place) = val.as_text().zip(val.from).ok_or("which is computed")?;
    let outer = sources.get(place.0);
    let (layer, targeted) = (outer.layer.clone(), outer.targeted);
    let source = if outer.role == Role::Kustomization {
        let file = generated(outer, place).ok_or("which a generator makes of something else than a file")?;
        let text = files.text(&file, None).map_err(|e| format!("which cannot be read: {e}"))?.to_owned();
        let file = files.resolve(&file).map_err(|e| e.to_string())?;
        Source { file, layer, role: Role::Resource, text, targeted: false, host: None }
    } else if kind == "Secret" && field == "data" {
        return Err("which is written in base64".to_owned());
    } else {
        Source { file: outer.file.clone(), layer, role: outer.role, text: text.to_owned(), targeted, host: Some(place) }
    };
    let (number, docs) = sources.add(source).map_err(|e| format!("which cannot be read: {e}"))?;
    let val = docs.into_iter().next().unwrap_or_else(Val::map);
    if val.as_map().is_some() { Ok((number, val)) } else { Err("which holds no values".to_owned()) }
}

/// Returns the file that a generator takes a key from.
fn generated(source: &Source, (_, node): Place) -> Option<String> {
    let tree = Tree::parse(&source.text).ok()?;
    let list = tree.node(node).parent?;
    let holder = tree.node(list).parent?;
    let key = tree.entries(holder).iter().find(|e| e.value == list).and_then(|e| tree.scalar(e.key))?;
    let item = tree.scalar(node).filter(|_| key == "files")?;
    let path = item.split_once('=').map_or(item, |(_, path)| path);
    files::join(&source.layer, path, &source.file).ok()
}

/// Returns the names of the images that a release's values speak of, in order.
pub(crate) fn containers(located: &Located) -> Vec<String> {
    located.release.iter().flat_map(|r| &r.units).map(|u| u.name.clone()).collect()
}

/// Adds everything that is known of a release.
pub(crate) fn found(located: &Located, found: &mut Vec<Found>) {
    let Some(release) = &located.release else { return };
    if let Some(chart) = Chart::of(located)
        && let Some((value, place)) = chart.version()
    {
        let mut one = located.found(Field::ChartVersion, None, value, place);
        one.why = chart.why(located, place);
        found.push(one);
    }
    for unit in &release.units {
        unit_facts(located, release, unit, found);
    }
    if release.units.is_empty()
        && let Some(path) = replicas(&release.values, None, &release.units)
        && let Some(value) = release.value(&path)
    {
        push(located, release, (Field::Replicas, None), &path, value, found);
    }
    let mut path = Vec::new();
    leaves(located, release, &release.values, &mut path, found);
}

fn unit_facts(located: &Located, release: &Release, unit: &Unit, found: &mut Vec<Found>) {
    let name = Some(unit.name.as_str());
    let image = unit.image(release);
    for (field, part) in [(Field::ImageName, &image.name), (Field::ImageTag, &image.tag), (Field::ImageDigest, &image.digest)] {
        if let Some(part) = part {
            found.push(place(located, release, (field, name), (part.value.clone(), part.place, &part.path)));
        }
    }
    let mut paths: Vec<(Field, Vec<String>)> = Vec::new();
    paths.extend(unit.policy().map(|path| (Field::PullPolicy, path)));
    paths.extend(replicas(&release.values, Some(unit), &release.units).map(|path| (Field::Replicas, path)));
    for bound in [Bound::Request, Bound::Limit] {
        for resource in [Compute::Cpu, Compute::Memory] {
            paths.extend(unit.resources(bound, resource).map(|path| (Field::Resource(bound, resource), path)));
        }
    }
    for (field, path) in paths {
        if let Some(value) = release.value(&path) {
            push(located, release, (field, name), &path, value, found);
        }
    }
    for variable in variables(release, unit) {
        let value = variable.value.unwrap_or_default();
        let field = Field::Env(variable.name.clone());
        let mut one = place(located, release, (field, name), (value, variable.place, &variable.path));
        let Some(reference) = variable.reference else {
            found.push(one);
            continue;
        };
        let why = std::mem::take(&mut one.why);
        one.why = format!("{}, {why}", reference.words);
        let (file, line) = (one.file.clone(), one.line);
        found.push(one);
        if let Some(value) = reference.value {
            let field = Field::EnvRef(variable.name);
            found.push(Found { field, container: Some(unit.name.clone()), value, file, line, why });
        }
    }
}

fn push(
    located: &Located,
    release: &Release,
    (field, unit): (Field, Option<&str>),
    path: &[String],
    value: &Val,
    found: &mut Vec<Found>,
) {
    if let Some(text) = value.scalar() {
        found.push(place(located, release, (field, unit), (text, value.from, path)));
    }
}

/// Adds every single value; those of Secrets are not shown.
fn leaves(located: &Located, release: &Release, val: &Val, path: &mut Vec<String>, found: &mut Vec<Found>) {
    let mut child = |key: String, val: &Val| {
        path.push(key);
        leaves(located, release, val, path, found);
        path.pop();
    };
    match &val.data {
        Data::Map(map) => map.iter().for_each(|(key, val)| child(key.clone(), val)),
        Data::List(items) => items.iter().enumerate().for_each(|(at, val)| child(at.to_string(), val)),
        Data::Null => {}
        _ => {
            let secret = release.layer_of(path).and_then(|at| release.layers.get(at)).is_some_and(|layer| layer.secret);
            if !secret {
                push(located, release, (Field::Value(written(path)), None), path, val, found);
            }
        }
    }
}

/// Builds what is known of a value: its place, and in words why that place decides it.
fn place(
    located: &Located,
    release: &Release,
    (field, unit): (Field, Option<&str>),
    (value, place, path): (String, Option<Place>, &[String]),
) -> Found {
    let mut found = located.found(field, unit, value, place);
    let layer = release.layer_of(path).unwrap_or(0);
    let from = release.layers.get(layer).filter(|l| l.object.is_some());
    if let Some((number, _)) = place {
        let source = located.sources.get(number);
        let base =
            if located.own(&source.file) { String::new() } else { format!(", in the base {}", files::parent(&source.file)) };
        match (from, source.role) {
            (Some(layer), _) => found.why = format!("{} (valuesFrom){base}", layer.what),
            (None, Role::Resource) => found.why = format!("values of HelmRelease {}{base}", located.workload.written_name()),
            (None, _) => {}
        }
    }
    for foreign in release.foreign.iter().filter(|f| f.target.is_none() && f.over > layer) {
        let comma = if foreign.what.contains(',') { "," } else { "" };
        found.why = format!("{}; {}{comma} may override it", found.why, foreign.what);
    }
    if let Some(foreign) = release.hidden(path) {
        found.why = format!("{}; {} overrides it", found.why, foreign.what);
    }
    found
}
