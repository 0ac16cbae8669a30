//! What a field means in a HelmRelease's values: which values have to be there.
//!
//! What a chart makes of a value that is not written is not guessed, except where the shape is known: the app-template
//! chart, containers as Kubernetes writes them, and what every chart has beside `image`.

use domain::edit::{Ask, Choice, Edit, Field, Offer, Probe, ProbePart};

use super::Want;
use crate::edit::unknown;
use crate::error::Error;
use crate::locate::Located;
use crate::locate::helm::{LISTS, Names, Release, Shape, Unit, Variable, child, keys, replicas, variable};
use crate::yaml::{Data, Fragment, Plain, Val, resolve_plain};

fn text(value: &str) -> Fragment {
    Fragment::Text(value.to_owned())
}

/// Returns what has to be there for a field.
pub(super) fn of(located: &Located, release: &Release, edit: &Edit) -> Result<Vec<Want>, Error> {
    if let Field::Value(path) = &edit.field {
        let path = keys(path);
        let now = release.value(&path);
        let number = |value: &str| matches!(resolve_plain(value), Plain::Int(_) | Plain::Unsigned(_) | Plain::Float(_));
        let kept = |value: &str| now.filter(|now| !(number(value) && unquoted(located, now)));
        let value = edit.value.as_deref().map(|value| typed(kept(value), value));
        return Ok(vec![Want::new(path, value)]);
    }
    if edit.field == Field::Replicas {
        let path = replicas_of(located, release, edit)?;
        return Ok(vec![Want::new(path, edit.value.clone().map(Fragment::Plain))]);
    }
    let unit = unit(located, release, edit)?;
    let one = |path: Option<Vec<String>>, value: Option<Fragment>| {
        path.map(|path| vec![Want::new(path, value)]).ok_or_else(|| unplaced(located, edit))
    };
    let plain = || edit.value.clone().map(Fragment::Plain);
    let quoted = || edit.value.clone().map(Fragment::Text);
    match &edit.field {
        Field::ImageName | Field::ImageTag | Field::ImageDigest => image(located, release, unit, edit),
        Field::PullPolicy => one(policy(release, unit), quoted()),
        Field::Resource(bound, resource) => {
            let path = unit.resources(*bound, *resource).filter(|path| has_resources(release, unit, path));
            one(path, edit.value.clone().map(Fragment::Quantity))
        }
        Field::Env(name) => env(located, release, unit, (name, edit)),
        Field::EnvRef(name) => env_reference(located, release, unit, (name, edit)),
        Field::PodLabel(key) => one(pod(release, unit, ("labels", "podLabels")).map(|p| child(&p, key)), quoted()),
        Field::PodAnnotation(key) => one(pod(release, unit, ("annotations", "podAnnotations")).map(|p| child(&p, key)), quoted()),
        Field::Probe(probe, part) => {
            let value = match part {
                ProbePart::Path => quoted(),
                ProbePart::Port if edit.value.as_deref().is_some_and(|v| v.parse::<u16>().is_err()) => quoted(),
                _ => plain(),
            };
            one(probe_part(release, unit, *probe, *part), value)
        }
        Field::Port(name) => port(located, release, unit, (name, edit)),
        _ => Err(unplaced(located, edit)),
    }
}

/// Builds the error for a field whose place in the values only the chart knows.
fn unplaced(located: &Located, edit: &Edit) -> Error {
    match unknown(located, edit) {
        Error::CannotEdit { field, file, why } => {
            Error::CannotEdit { field, file, why: format!("{why}; the chart's documentation names the value to set") }
        }
        other => other,
    }
}

/// Returns the image that an edit means: the one that it names, or the only one that does not run before the others.
fn unit<'r>(located: &Located, release: &'r Release, edit: &Edit) -> Result<&'r Unit, Error> {
    let named = |units: &[Unit]| units.iter().map(|u| u.name.clone()).collect::<Vec<_>>().join(", ");
    let missing = |wanted: &str| Error::NoSuchContainer {
        workload: located.reference().to_string(),
        wanted: wanted.to_owned(),
        there: if release.units.is_empty() { "no image in its values".to_owned() } else { named(&release.units) },
    };
    if let Some(name) = edit.container.as_deref() {
        return release.units.iter().find(|u| u.name == name).ok_or_else(|| missing(name));
    }
    let place = |unit: &Unit| {
        let from = release.value(&unit.path).and_then(|v| v.from);
        (located.sources.file(from).to_owned(), located.sources.line(from))
    };
    if let Some(Choice::At { file, line }) = &edit.choice
        && let Some(one) = release.units.iter().find(|u| place(u) == (file.clone(), *line))
    {
        return Ok(one);
    }
    let main: Vec<&Unit> = release.units.iter().filter(|u| !u.init).collect();
    match main.as_slice() {
        [] => release.units.first().ok_or_else(|| missing("at all")),
        [one] => Ok(one),
        several => {
            let offer = |unit: &Unit| {
                let (file, line) = place(unit);
                let what = format!("changes {}", unit.name);
                Offer { choice: Choice::At { file: file.clone(), line }, file, line, what }
            };
            let why = format!("could be meant of {} images", several.len());
            let offers = release.units.iter().map(offer).collect();
            Err(Error::Choose(Box::new(Ask { container: None, field: edit.field.clone(), why, offers })))
        }
    }
}

/// Returns what to write for a text where something stands already, or not: the type stays where it can.
fn typed(now: Option<&Val>, value: &str) -> Fragment {
    let read = resolve_plain(value);
    let data = now.map(|v| &v.data);
    let plain = match (data, &read) {
        (Some(Data::Text(_)), _) | (_, Plain::Text) => false,
        (Some(Data::Number(_) | Data::Bool(_)), read) => *read != Plain::Null,
        // What is new is a number, a boolean or null only when it is written the way that it is read.
        (_, Plain::Null) => value == "null",
        (_, Plain::Bool(flag)) => value == flag.to_string(),
        (_, Plain::Int(n)) => value == n.to_string(),
        (_, Plain::Unsigned(n)) => value == n.to_string(),
        (_, Plain::Float(n)) => value == n.to_string(),
    };
    if plain { Fragment::Plain(value.to_owned()) } else { text(value) }
}

fn replicas_of(located: &Located, release: &Release, edit: &Edit) -> Result<Vec<String>, Error> {
    if edit.container.is_none() {
        let of = |unit: &Unit| replicas(&release.values, Some(unit), &release.units);
        let mut paths: Vec<Vec<String>> = release.units.iter().filter(|u| !u.init).filter_map(of).collect();
        paths.dedup();
        match paths.as_slice() {
            [one] => return Ok(one.clone()),
            [] => return replicas(&release.values, None, &release.units).ok_or_else(|| unplaced(located, edit)),
            _ => {}
        }
    }
    let unit = unit(located, release, edit)?;
    replicas(&release.values, Some(unit), &release.units).ok_or_else(|| unplaced(located, edit))
}

fn image(located: &Located, release: &Release, unit: &Unit, edit: &Edit) -> Result<Vec<Want>, Error> {
    let now = unit.image(release);
    let value = |part: &Option<crate::locate::helm::Part>| part.as_ref().map(|p| p.value.clone());
    let (mut name, mut tag, mut digest) = (value(&now.name), value(&now.tag), value(&now.digest));
    match unit.shape {
        Shape::Text => {
            match edit.field {
                Field::ImageName => name.clone_from(&edit.value),
                Field::ImageTag => tag.clone_from(&edit.value),
                _ => digest.clone_from(&edit.value),
            }
            let name = name.ok_or_else(|| unplaced(located, edit))?;
            Ok(vec![Want::new(unit.path.clone(), Some(Fragment::Text(joined(&name, tag.as_deref(), digest.as_deref()))))])
        }
        Shape::Parts(names) => Ok(match edit.field {
            Field::ImageName => named(release, unit, names, edit.value.as_deref().unwrap_or_default()),
            // Without a tag that is written, a key of its own for it is sure beneath `image` only.
            Field::ImageTag if now.tag.is_none() && names.repository == "imageRepository" && edit.value.is_some() => {
                return Err(unplaced(located, edit));
            }
            Field::ImageTag => {
                // A digest behind the tag stays with it until it is taken away.
                let behind = now.digest.as_ref().filter(|d| d.path.last().is_some_and(|k| k == names.tag));
                let whole = edit.value.as_deref().map(|tag| joined_tag(tag, behind.map(|d| d.value.as_str())));
                let there = now.tag.as_ref().and_then(|tag| release.value(&tag.path));
                let number = there.is_some_and(|v| matches!(v.data, Data::Number(_)) || unquoted(located, v));
                vec![Want::new(child(&unit.path, names.tag), whole.map(|whole| tagged(number, whole)))]
            }
            _ => digested(release, unit, names, edit.value.as_deref()),
        }),
    }
}

/// Tells whether a text stands without quotes: a number that takes its place needs none either, as it may have been one.
fn unquoted(located: &Located, now: &Val) -> bool {
    now.as_text().is_some() && located.sources.is_plain(now.from)
}

/// Returns what to write for a tag: without quotes where something without quotes stands and a number that is printed as it
/// is written follows.
fn tagged(number: bool, tag: String) -> Fragment {
    let short = tag.len() < 7 && tag.starts_with(|c: char| c.is_ascii_digit());
    if number && short { typed(None, &tag) } else { Fragment::Text(tag) }
}

fn joined(name: &str, tag: Option<&str>, digest: Option<&str>) -> String {
    let tag = tag.map(|t| format!(":{t}")).unwrap_or_default();
    let digest = digest.map(|d| format!("@{d}")).unwrap_or_default();
    format!("{name}{tag}{digest}")
}

fn joined_tag(tag: &str, digest: Option<&str>) -> String {
    digest.map_or_else(|| tag.to_owned(), |digest| format!("{tag}@{digest}"))
}

/// Returns the values that name an image; a registry that stands apart stays apart.
fn named(release: &Release, unit: &Unit, names: &Names, name: &str) -> Vec<Want> {
    let repository = child(&unit.path, names.repository);
    let registry = child(&unit.path, names.registry);
    let apart = release.value(&registry).and_then(Val::scalar).filter(|r| !r.is_empty());
    let Some(apart) = apart else { return vec![Want::new(repository, Some(text(name)))] };
    // A chart that joins the two without a slash has it at the registry's end: it stays there.
    let bare = apart.trim_end_matches('/');
    if let Some(rest) = name.strip_prefix(&format!("{bare}/")) {
        return vec![Want::new(repository, Some(text(rest)))];
    }
    let (host, rest) = match name.split_once('/') {
        Some((host, rest)) if host.contains(['.', ':']) || host == "localhost" => (host, rest),
        _ => ("docker.io", name),
    };
    let host = format!("{host}{}", &apart[bare.len()..]);
    vec![Want::new(repository, Some(text(rest))), Want::new(registry, Some(text(&host)))]
}

/// Returns the values that give an image's digest: a key of its own, or the end of the tag, which every chart passes on.
fn digested(release: &Release, unit: &Unit, names: &Names, digest: Option<&str>) -> Vec<Want> {
    let (key, tag) = (child(&unit.path, names.digest), child(&unit.path, names.tag));
    let keyed = release.value(&key).is_some_and(|v| v.scalar().is_some());
    let whole = release.value(&tag).and_then(Val::scalar).filter(|t| !t.is_empty());
    let bare = whole.as_deref().map(|t| t.split('@').next().unwrap_or(t).to_owned());
    match (digest, bare) {
        (Some(digest), Some(bare)) if !keyed => vec![Want::new(tag, Some(text(&joined_tag(&bare, Some(digest)))))],
        (digest, bare) => {
            let mut wants = vec![Want::new(key, digest.map(text))];
            // A tag that was nothing but a digest goes with it.
            wants.extend(bare.map(|bare| Want::new(tag, Some(bare).filter(|b| !b.is_empty()).map(Fragment::Text))));
            wants
        }
    }
}

fn policy(release: &Release, unit: &Unit) -> Option<Vec<String>> {
    let path = unit.policy()?;
    let there = release.value(&path).is_some();
    (there || matches!(unit.shape, Shape::Parts(_)) || unit.listed).then_some(path)
}

/// Tells whether figures can stand beside an image: some do already, or its shape is one that has them.
fn has_resources(release: &Release, unit: &Unit, path: &[String]) -> bool {
    let all = path.get(..path.len().saturating_sub(2)).unwrap_or_default();
    let usual = unit.path.last().is_some_and(|key| key == "image") && !unit.path.iter().any(|key| key == "global");
    release.value(all).is_some() || usual || unit.controller.is_some() || unit.listed
}

fn env(located: &Located, release: &Release, unit: &Unit, (name, edit): (&str, &Edit)) -> Result<Vec<Want>, Error> {
    if let Some(now) = variable(release, unit, name) {
        if let (Some(reference), Some(_)) = (&now.reference, &edit.value) {
            let (file, line) = (located.sources.file(now.place).to_owned(), located.sources.line(now.place));
            return Err(Error::Indirect { field: edit.field.to_string(), file, line, why: reference.words.clone() });
        }
        let Some(value) = &edit.value else {
            // A reference is not a plain value: it has a field of its own.
            return Ok(if now.reference.is_some() { Vec::new() } else { vec![Want::new(now.whole, None)] });
        };
        if now.path == now.whole && release.value(&now.whole).is_some_and(|v| v.as_map().is_some()) {
            return Ok(vec![Want::new(child(&now.whole, "value"), Some(text(value)))]);
        }
        let in_list = now.path != now.whole;
        let fragment = if in_list { text(value) } else { typed(release.value(&now.path), value) };
        return Ok(vec![Want { strict: in_list, ..Want::new(now.path, Some(fragment)) }]);
    }
    let Some(value) = &edit.value else { return Ok(Vec::new()) };
    added(located, release, unit, (name, edit, ("value", text(value))))
}

/// Returns the value that a new variable is.
fn added(
    located: &Located,
    release: &Release,
    unit: &Unit,
    (name, edit, (key, value)): (&str, &Edit, (&str, Fragment)),
) -> Result<Vec<Want>, Error> {
    let holder = unit.holder.as_deref().ok_or_else(|| unplaced(located, edit))?;
    let item = || Fragment::Map(vec![("name".to_owned(), text(name)), (key.to_owned(), value.clone())]);
    let entry = || if key == "value" { value.clone() } else { Fragment::entry(key, value.clone()) };
    for list in LISTS {
        let path = child(holder, list);
        match release.value(&path).map(|v| &v.data) {
            Some(Data::Map(map)) if !map.is_empty() => return Ok(vec![Want::new(child(&path, name), Some(entry()))]),
            Some(Data::List(items)) => {
                return Ok(vec![Want::new(child(&path, &items.len().to_string()), Some(item()))]);
            }
            _ => {}
        }
    }
    let path = child(holder, "env");
    if unit.listed {
        return Ok(vec![Want::new(path, Some(Fragment::List(vec![item()])))]);
    }
    if unit.controller.is_some() {
        return Ok(vec![Want::new(child(&path, name), Some(entry()))]);
    }
    Err(unplaced(located, edit))
}

fn env_reference(located: &Located, release: &Release, unit: &Unit, (name, edit): (&str, &Edit)) -> Result<Vec<Want>, Error> {
    let now = variable(release, unit, name);
    let Some(value) = &edit.value else {
        return Ok(now.filter(|v| v.reference.is_some()).map(|v| vec![Want::new(v.whole, None)]).unwrap_or_default());
    };
    let (kind, rest) = value.split_once(':').unwrap_or_default();
    let (object, key) = rest.split_once('/').unwrap_or_default();
    let (field, other) = if kind == "secret" { ("secretKeyRef", "configMapKeyRef") } else { ("configMapKeyRef", "secretKeyRef") };
    let pairs = Fragment::Map(vec![("name".to_owned(), text(object)), ("key".to_owned(), text(key))]);
    let Some(now) = now else {
        return added(located, release, unit, (name, edit, ("valueFrom", Fragment::entry(field, pairs))));
    };
    if release.value(&now.whole).is_some_and(|v| v.as_map().is_none()) {
        let why = "it is written as a plain value there; remove that first".to_owned();
        return Err(super::refused(located, edit, why));
    }
    Ok(referring(release, &now, (field, other), (object, key, pairs)))
}

/// Returns the values that make a variable that is there refer to something.
fn referring(
    release: &Release,
    now: &Variable,
    (field, other): (&str, &str),
    (object, key, pairs): (&str, &str, Fragment),
) -> Vec<Want> {
    let direct = [field, other].iter().any(|k| release.value(&child(&now.whole, k)).is_some());
    let holder = if direct { now.whole.clone() } else { child(&now.whole, "valueFrom") };
    let place = child(&holder, field);
    let mut wants = vec![Want::new(child(&now.whole, "value"), None), Want::new(child(&holder, other), None)];
    if release.value(&place).is_some_and(|v| v.as_map().is_some()) {
        wants.push(Want::new(child(&place, "name"), Some(text(object))));
        wants.push(Want::new(child(&place, "key"), Some(text(key))));
    } else {
        wants.push(Want::new(place, Some(pairs)));
    }
    wants
}

fn pod(release: &Release, unit: &Unit, (known, usual): (&str, &str)) -> Option<Vec<String>> {
    if let Some(controller) = unit.controller.as_deref() {
        return Some(child(&child(controller, "pod"), known));
    }
    let path = child(unit.holder.as_deref()?, usual);
    release.value(&path).is_some().then_some(path)
}

/// Returns the path of a probe's part where the probe is written as Kubernetes writes it.
fn probe_part(release: &Release, unit: &Unit, probe: Probe, part: ProbePart) -> Option<Vec<String>> {
    let holder = unit.holder.as_deref()?;
    let own = [child(holder, probe.key()), child(&child(&child(holder, "probes"), probe.word()), "spec")];
    let base = own.into_iter().find(|path| release.value(path).is_some_and(|v| v.as_map().is_some_and(|m| !m.is_empty())))?;
    let handler = ["httpGet", "tcpSocket", "grpc"].iter().map(|key| child(&base, key)).find(|path| release.value(path).is_some());
    match part {
        ProbePart::Path => Some(child(&handler.filter(|h| h.last().is_some_and(|k| k == "httpGet"))?, "path")),
        ProbePart::Port => Some(child(&handler?, "port")),
        ProbePart::Delay => Some(child(&base, "initialDelaySeconds")),
        ProbePart::Period => Some(child(&base, "periodSeconds")),
        ProbePart::Timeout => Some(child(&base, "timeoutSeconds")),
        ProbePart::Failures => Some(child(&base, "failureThreshold")),
        ProbePart::Successes => Some(child(&base, "successThreshold")),
    }
}

fn port(located: &Located, release: &Release, unit: &Unit, (name, edit): (&str, &Edit)) -> Result<Vec<Want>, Error> {
    let ports = unit.holder.as_deref().map(|h| child(h, "ports")).ok_or_else(|| unplaced(located, edit))?;
    let items = release.value(&ports).map(Val::items).unwrap_or_default();
    let called = |item: &Val| {
        let text = |key: &str| item.get(key).and_then(Val::scalar);
        item.get("containerPort").is_some() && text("name").or_else(|| text("containerPort")).as_deref() == Some(name)
    };
    let at = items.iter().position(called).ok_or_else(|| unplaced(located, edit))?;
    let item = child(&ports, &at.to_string());
    let Some(value) = &edit.value else { return Ok(vec![Want::new(item, None)]) };
    let (number, protocol) = value.split_once('/').unwrap_or((value, "TCP"));
    let mut wants = vec![Want::new(child(&item, "containerPort"), Some(Fragment::Plain(number.to_owned())))];
    let path = child(&item, "protocol");
    if protocol != "TCP" || release.value(&path).is_some() {
        wants.push(Want::new(path, Some(text(protocol))));
    }
    Ok(wants)
}
