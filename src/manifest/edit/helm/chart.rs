//! Changes of a chart's version.

use domain::edit::{Choice, Edit, Offer};

use crate::edit::aim::{Aim, Step, listed};
use crate::edit::{Desk, overlay};
use crate::error::Error;
use crate::locate::Located;
use crate::locate::helm::{Chart, reference};
use crate::yaml::{Fragment, Val};

fn chart<'l>(located: &'l Located, edit: &Edit) -> Result<Chart<'l>, Error> {
    Chart::of(located).ok_or_else(|| {
        let workload = &located.workload;
        let (field, file) = (edit.field.to_string(), located.sources.get(workload.source).file.clone());
        match reference(workload) {
            Some((kind, name, _)) => {
                let line = located.sources.line(workload.val.at(&["spec", "chartRef"]).and_then(|v| v.from));
                Error::Indirect { field, file, line, why: format!("comes from {kind} {name}, which is not in these manifests") }
            }
            None => Error::CannotEdit { field, file, why: "the release names no chart".to_owned() },
        }
    })
}

/// Tells whether the chart's version is the one that is asked for; a digest beside it would decide instead.
pub(super) fn met(located: &Located, edit: &Edit) -> Result<bool, Error> {
    let chart = chart(located, edit)?;
    let now = chart.object.val.at(&chart.path).and_then(Val::scalar).filter(|t| !t.is_empty());
    Ok(now == edit.value && chart.digest.is_none())
}

/// Takes one step towards it: a digest goes, as it is that of another version.
pub(super) fn step(desk: &mut Desk, located: &Located, edit: &Edit) -> Result<(), Error> {
    let chart = chart(located, edit)?;
    let path = if chart.digest.is_some() { vec!["spec", "ref", "digest"] } else { chart.path.clone() };
    let floor = path.len() - 1;
    let aim = Aim::new(chart.object, Step::keys(&path), floor, edit);
    if !chart.users.is_empty() && !matches!(edit.choice, Some(Choice::Written | Choice::Overlay)) {
        let place = chart.version().and_then(|(_, place)| place).or(chart.object.val.from);
        let (file, line) = (located.sources.file(place).to_owned(), located.sources.line(place));
        let this = located.title(&located.workload);
        let others = listed(&chart.users);
        let own = place.is_some_and(|(number, _)| overlay::own(located, number));
        let choice = if own { Choice::Written } else { Choice::Overlay };
        let offer = Offer { choice, file: file.clone(), line, what: format!("changes {this} and {others}") };
        return Err(aim.choose(format!("is written at {file}:{line} for {this} and {others}"), vec![offer]));
    }
    match &edit.value {
        Some(version) if chart.digest.is_none() => aim.set(desk, located, &Fragment::Text(version.clone())),
        _ => aim.remove(desk, located),
    }
}
