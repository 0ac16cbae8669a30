//! Changes of a HelmRelease: its chart's version and its values, those that stand for image, replicas and the like included.
//!
//! A field is first turned into the values that it means (`wants`); each of them is then changed where it is written, when
//! that is the environment's own, in `spec.values` or in a file of `valuesFrom`. Everything else is overridden in
//! `spec.values`, which is stronger than all `valuesFrom`: in the release when it is the environment's own, else in a patch.

mod chart;
mod wants;

use domain::edit::{Choice, Edit, Field};
use domain::quantity::Quantity;

use crate::build::resource::Resource;
use crate::edit::aim::{Aim, Step};
use crate::edit::{Desk, images, overlay, unknown};
use crate::error::Error;
use crate::locate::Located;
use crate::locate::helm::{Foreign, Release, lookup, written};
use crate::yaml::{Data, Fragment, Plain, Val, resolve_plain};

/// Holds a value that has to be there for a field to say what is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Want {
    /// Its path in the values.
    path: Vec<String>,
    /// What is to stand there; absent when nothing is to.
    value: Option<Fragment>,
    /// Whether a number that reads the same is not enough.
    strict: bool,
}

impl Want {
    const fn new(path: Vec<String>, value: Option<Fragment>) -> Self {
        Self { path, value, strict: false }
    }

    /// Tells whether it is there.
    fn is_met(&self, release: &Release) -> bool {
        let now = release.value(&self.path);
        match (&self.value, now) {
            (None, now) => now.is_none_or(Val::is_null),
            (Some(_), None) => false,
            (Some(value), Some(now)) => says(now, value, self.strict),
        }
    }
}

/// Tells whether a value says what a fragment says.
fn says(now: &Val, wanted: &Fragment, strict: bool) -> bool {
    let text = now.scalar();
    match wanted {
        Fragment::Text(wanted) | Fragment::Block(wanted) => {
            if strict {
                now.as_text() == Some(wanted)
            } else {
                text.as_deref() == Some(wanted)
            }
        }
        Fragment::Plain(wanted) => match resolve_plain(wanted) {
            Plain::Null => now.is_null(),
            read => text.as_deref() == Some(wanted) || number(&read).is_some_and(|n| number_of(now) == Some(n)),
        },
        Fragment::Quantity(wanted) => {
            let quantity = |text: &str| text.parse::<Quantity>().ok();
            match (text.as_deref().and_then(quantity), quantity(wanted)) {
                (Some(a), Some(b)) => a == b,
                _ => text.as_deref() == Some(wanted),
            }
        }
        Fragment::Map(pairs) => {
            let Some(map) = now.as_map() else { return false };
            map.len() == pairs.len() && pairs.iter().all(|(k, v)| map.get(k).is_some_and(|now| says(now, v, strict)))
        }
        Fragment::List(items) => {
            now.items().len() == items.len() && now.items().iter().zip(items).all(|(now, v)| says(now, v, strict))
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "Helm reads every number as a float")]
fn number(plain: &Plain) -> Option<f64> {
    match plain {
        Plain::Int(n) => Some(*n as f64),
        Plain::Unsigned(n) => Some(*n as f64),
        Plain::Float(n) => Some(*n),
        Plain::Null | Plain::Bool(_) | Plain::Text => None,
    }
}

fn number_of(val: &Val) -> Option<f64> {
    match &val.data {
        Data::Number(n) => n.as_f64(),
        _ => None,
    }
}

/// Tells whether the effective value of a HelmRelease's field is the one that an edit asks for.
pub(super) fn met(located: &Located, edit: &Edit) -> Result<bool, Error> {
    let release = release(located, edit)?;
    if edit.field == Field::ChartVersion {
        return chart::met(located, edit);
    }
    let wants = wants::of(located, release, edit)?;
    // Who says that the place is meant knows what stands there.
    let guarded = edit.choice != Some(Choice::Written);
    for want in wants.iter().filter(|w| guarded && !w.is_met(release)) {
        readable(located, release, edit, want)?;
    }
    Ok(wants.iter().all(|w| w.is_met(release)))
}

/// Takes one step towards a HelmRelease's field that was asked for.
pub(super) fn step(desk: &mut Desk, located: &Located, edit: &Edit) -> Result<(), Error> {
    let release = release(located, edit)?;
    if edit.field == Field::ChartVersion {
        return chart::step(desk, located, edit);
    }
    let wants = wants::of(located, release, edit)?;
    let Some(want) = wants.iter().find(|w| !w.is_met(release)) else { return Ok(()) };
    // kustomize changes the images of lists of containers wherever they stand.
    let holder = want.path.split_last().filter(|(key, _)| *key == "image").and_then(|(_, holder)| release.value(holder));
    if let Some(container) = holder.filter(|c| c.get("image").is_some_and(|image| image.image.is_some()))
        && images::in_overlay(desk, located, container, edit)?
    {
        return Ok(());
    }
    put(desk, located, release, (edit, want))
}

fn release<'l>(located: &'l Located, edit: &Edit) -> Result<&'l Release, Error> {
    located.release.as_ref().ok_or_else(|| unknown(located, edit))
}

fn refused(located: &Located, edit: &Edit, why: String) -> Error {
    let file = located.sources.get(located.workload.source).file.clone();
    Error::CannotEdit { field: edit.field.to_string(), file, why }
}

/// Refuses to write over what is filled in from elsewhere.
fn readable(located: &Located, release: &Release, edit: &Edit, want: &Want) -> Result<(), Error> {
    let indirect = |place, why: String| {
        let (file, line) = (located.sources.file(place).to_owned(), located.sources.line(place));
        Err(Error::Indirect { field: edit.field.to_string(), file, line, why })
    };
    if let Some(Foreign { what, place, .. }) = release.hidden(&want.path) {
        return indirect(*place, format!("comes from {what}"));
    }
    let Some(now) = release.value(&want.path) else { return Ok(()) };
    let (Some(old), Some(new)) = (now.as_text(), want.value.as_ref().and_then(Fragment::text)) else { return Ok(()) };
    match filled(old).into_iter().find(|part| !new.contains(part)) {
        Some(part) => indirect(now.from, format!("is filled in by substitution ({part})")),
        None => Ok(()),
    }
}

/// Returns the parts of a text that a substitution fills in: `${NAME}`.
fn filled(text: &str) -> Vec<&str> {
    let starts = text.match_indices("${").map(|(at, _)| at);
    starts.filter_map(|at| text[at..].find('}').map(|end| &text[at..=at + end])).collect()
}

/// Makes a value what it is to be, at its place or over it.
fn put(desk: &mut Desk, located: &Located, release: &Release, (edit, want): (&Edit, &Want)) -> Result<(), Error> {
    let steps = steps(release, &want.path);
    let layer = home(located, release, edit, want);
    if let Some(object) = layer {
        return act(desk, located, &Aim::new(object, steps, 0, edit), want);
    }
    let spec = located.workload.val.at(&["spec", "values"]);
    // A list is one value to Helm: an item of one that is written elsewhere cannot be overridden alone.
    let mut there = spec;
    for (at, step) in steps.iter().enumerate() {
        if matches!(step, Step::Index(_)) && there.is_none_or(|v| v.items().is_empty()) {
            let path = written(&want.path[..at]);
            let what = release.layer_of(&want.path[..at]).and_then(|n| release.layers.get(n)).map_or("elsewhere", |l| &l.what);
            return Err(refused(located, edit, format!("the list {path} is written in {what}, outside of the environment")));
        }
        there = there.and_then(|val| lookup(val, &want.path[at..=at]));
    }
    let path: Vec<Step> = Step::keys(&["spec", "values"]).into_iter().chain(steps).collect();
    let aim = Aim::new(&located.workload, path, 1, edit);
    if want.value.is_none() && aim.value().is_none() {
        // What a weaker layer says is taken away by null.
        return aim.set(desk, located, &Fragment::Plain("null".to_owned()));
    }
    act(desk, located, &aim, want)
}

fn act(desk: &mut Desk, located: &Located, aim: &Aim<'_>, want: &Want) -> Result<(), Error> {
    match &want.value {
        Some(value) => aim.set(desk, located, value),
        None => aim.remove(desk, located),
    }
}

/// Returns the steps down a path, positions where lists are.
fn steps(release: &Release, path: &[String]) -> Vec<Step> {
    let at = |depth: usize, key: &String| {
        let list = release.value(&path[..depth]).is_some_and(|val| matches!(val.data, Data::List(_)));
        match key.parse() {
            Ok(at) if list => Step::Index(at),
            _ => Step::Key(key.clone()),
        }
    };
    path.iter().enumerate().map(|(depth, key)| at(depth, key)).collect()
}

/// Returns the text of `valuesFrom` that a value is to be changed in; nothing when that is `spec.values`.
///
/// That is where the value is written, when it may be changed there. A new value goes to where most of its path is written,
/// to `spec.values` when that says as much as others.
fn home<'l>(located: &Located, release: &'l Release, edit: &Edit, want: &Want) -> Option<&'l Resource> {
    let own = |val: &Val| {
        let ours = val.from.is_some_and(|(number, _)| overlay::own(located, number));
        ours || (edit.choice == Some(Choice::Written) && val.from.is_some())
    };
    if let Some(layer) = release.layer_of(&want.path).and_then(|at| release.layers.get(at)) {
        return layer.object.as_ref().filter(|_| lookup(&layer.val, &want.path).is_some_and(own));
    }
    let depth = |val: &Val| {
        (0..want.path.len())
            .rev()
            .find(|len| lookup(val, &want.path[..*len]).is_some_and(|v| own(v) && matches!(v.data, Data::Map(_) | Data::List(_))))
    };
    let best = release.layers.iter().rev().max_by_key(|layer| {
        let reach = depth(&layer.val).map_or(0, |d| d + 1);
        // Of equals the strongest is meant, and the last of equals is taken.
        (reach, layer.object.is_none())
    });
    best.and_then(|layer| layer.object.as_ref())
}

#[cfg(test)]
mod tests;
