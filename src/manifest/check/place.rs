//! Where a value stands in its file: line and column, inline patches included.

use crate::build::source::{Source, Sources};
use crate::yaml::Place;

/// Holds where the values of one rendering were written.
#[derive(Debug)]
pub(crate) struct Places {
    sources: Sources,
}

/// Names a place in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Spot {
    /// The file.
    pub(crate) file: String,
    /// The line, from 1.
    pub(crate) line: usize,
    /// The column, from 1, when it is known.
    pub(crate) column: Option<usize>,
}

impl Places {
    /// Builds it over what a rendering read.
    pub(crate) const fn new(sources: Sources) -> Self {
        Self { sources }
    }

    /// Returns where a value was written; `inner` is a line within a value of several lines.
    pub(crate) fn spot(&self, place: Place, inner: Option<&str>) -> Spot {
        let source = self.sources.get(place.0);
        let line = self.sources.line(Some(place));
        let lead = self.sources.lead(source);
        let at = self.sources.start(place);
        let spot = Spot { file: source.file.clone(), line, column: None };
        let Some(at) = at else { return spot };
        let own = line.saturating_sub(lead);
        let (line, column) = inner.and_then(|inner| below(&source.text, own, inner)).unwrap_or((own, column(&source.text, at)));
        let shift = if source.host.is_some() { self.shift(source, line, line + lead) } else { Some(0) };
        Spot { line: line + lead, column: shift.map(|shift| column + shift), ..spot }
    }

    /// Returns how far a line of an inline patch is moved to the right in the file that holds it.
    fn shift(&self, source: &Source, own: usize, outer: usize) -> Option<usize> {
        let (number, _) = source.host?;
        let inner = source.text.lines().nth(own.checked_sub(1)?)?;
        let held = self.sources.get(number).text.lines().nth(outer.checked_sub(1)?)?;
        held.strip_suffix(inner).map(|indent| indent.chars().count())
    }
}

/// Returns line and column of the first line at or after a line that says what is looked for.
fn below(text: &str, from: usize, wanted: &str) -> Option<(usize, usize)> {
    let wanted = wanted.trim();
    let mut lines = text.lines().enumerate().skip(from.saturating_sub(1));
    lines
        .find(|(_, line)| line.trim() == wanted)
        .map(|(at, line)| (at + 1, line.chars().count() - line.trim_start().chars().count() + 1))
}

/// Returns the column of a byte position, in characters, from 1.
fn column(text: &str, at: usize) -> usize {
    let at = text.floor_char_boundary(at);
    let start = text[..at].rfind('\n').map_or(0, |n| n + 1);
    text[start..at].trim_start_matches('\u{feff}').chars().count() + 1
}
