//! What rules found, on its way to being findings.

use domain::change::{Finding, Severity};

use crate::check::rules::Rule;
use crate::check::subject::{Scene, Subject};
use crate::yaml::{Place, Val};

/// Holds one thing that a rule found.
#[derive(Debug)]
pub(crate) struct Hit<'s> {
    subject: &'s Subject,
    place: Option<Place>,
    /// A line within a value of several lines.
    inner: Option<String>,
    severity: Option<Severity>,
    message: String,
}

impl Hit<'_> {
    /// Makes it as grave as is said here, whatever its rule says.
    pub(crate) const fn as_grave_as(&mut self, severity: Severity) {
        self.severity = Some(severity);
    }

    /// Names the line within a value of several lines that it speaks of.
    pub(crate) fn on(&mut self, line: &str) {
        self.inner = Some(line.to_owned());
    }
}

/// Collects what one rule finds.
#[derive(Debug, Default)]
pub(crate) struct Hits<'s> {
    list: Vec<Hit<'s>>,
}

impl<'s> Hits<'s> {
    /// Says something of a value of an object.
    pub(crate) fn at(&mut self, subject: &'s Subject, val: &Val, message: impl Into<String>) -> &mut Hit<'s> {
        self.push(subject, val.from, message.into())
    }

    /// Says something of the first of several values that was written somewhere.
    pub(crate) fn near(&mut self, subject: &'s Subject, vals: &[Option<&Val>], message: impl Into<String>) -> &mut Hit<'s> {
        let place = vals.iter().flatten().find_map(|val| val.from);
        self.push(subject, place, message.into())
    }

    /// Says something of a place of an object.
    pub(crate) fn push(&mut self, subject: &'s Subject, place: Option<Place>, message: String) -> &mut Hit<'s> {
        let at = self.list.len();
        self.list.push(Hit { subject, place, inner: None, severity: None, message });
        &mut self.list[at]
    }

    /// Turns all into findings of a rule. Nothing that an object says can steer a terminal through them.
    pub(crate) fn findings(self, rule: &Rule, scene: &Scene) -> impl Iterator<Item = Finding> {
        self.list.into_iter().map(move |hit| {
            let severity = hit.severity.unwrap_or(rule.severity);
            let message = domain::text::one_line(&hit.message);
            let finding = Finding::new(severity, rule.id, message).of(domain::text::one_line(&hit.subject.label()));
            let place = hit.place.or(hit.subject.val.from);
            if let Some((places, place)) = scene.places().zip(place) {
                let spot = places.spot(place, hit.inner.as_deref());
                return Finding { column: spot.column, ..finding.at(spot.file, spot.line) };
            }
            let (file, line) = &hit.subject.home;
            if file.is_empty() { finding } else { finding.at(file, *line) }
        })
    }
}
