//! What `--filter` and `-l` leave of Flux objects and of records. Each is read by itself: nothing in one changes what the other means.

use std::fmt::Display;

use domain::Trouble;
use domain::filter::{Fault, Fields, Filter};
use domain::flux::FluxObject;

/// Reads what objects have to fit: every filter that is returned.
pub(super) fn filters(filter: Option<&str>, labels: Option<&str>) -> Result<Vec<Filter<FluxObject>>, Trouble> {
    let labels = labels.map(|text| Filter::labels(text).map_err(|fault| none(text, &fault)));
    let filter = filter.map(|text| Filter::parse(text).map_err(|fault| none(text, &fault)));
    labels.into_iter().chain(filter).collect()
}

/// Reads them for something that changes objects: there a filter that leaves everything is no filter.
pub(super) fn narrowing(filter: Option<&str>, labels: Option<&str>) -> Result<Vec<Filter<FluxObject>>, Trouble> {
    let read = filters(filter, labels)?;
    if read.iter().any(Filter::is_empty) {
        return Err(Trouble::usage("An empty filter leaves everything", quoted(filter.unwrap_or_default()))
            .next("Write what the objects have to fit, or --all."));
    }
    Ok(read)
}

/// Reads the filter of records of one sort; `command` names the one whose help explains it.
pub(super) fn read<F: Fields>(text: &str, command: &str) -> Result<Filter<F>, Trouble> {
    Filter::parse(text).map_err(|fault| unread(text, &fault, command))
}

fn none(text: &str, fault: &Fault) -> Trouble {
    unread(text, fault, "get")
}

fn unread(text: &str, fault: &Fault, command: &str) -> Trouble {
    Trouble::usage("The filter cannot be read", quoted(text))
        .why(format!("character {}: {}", fault.column, fault.why))
        .next(format!("See quarterdeck {command} --help."))
}

fn quoted(text: impl Display) -> String {
    format!("\u{201c}{text}\u{201d}")
}
