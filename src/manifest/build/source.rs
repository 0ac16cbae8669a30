//! The texts that a rendering reads, numbered, so that a value can say which of them it was written in.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::error::Error;
use crate::files::Files;
use crate::yaml::{Data, NodeId, Place, Reading, Rules, SyntaxFault, Val};

/// How many bytes one rendering may read.
const TOTAL_LIMIT: usize = 64 << 20;
/// How many values one rendering may hold, those that aliases repeat included.
const VALUE_LIMIT: usize = 2_000_000;

/// How many bytes a rendering may write: patches, labels and the like are copied into every object that they speak of.
const WRITE_LIMIT: usize = 256 << 20;
/// How deep an object may nest: all that is done with it goes down as far.
const DEPTH_LIMIT: usize = 256;
/// What a value costs besides its text.
const VALUE_COST: usize = 32;

/// Says what a text is to a rendering.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// A kustomization file.
    Kustomization,
    /// Objects.
    Resource,
    /// A patch.
    Patch,
}

impl Role {
    /// kustomize reads its own files and JSON patches by the older rules, in which `on` is a boolean.
    const fn rules(self) -> Rules {
        match self {
            Self::Kustomization => Rules::Older,
            Self::Patch => Rules::OlderLists,
            Self::Resource => Rules::Newer,
        }
    }
}

/// Holds one text that was read.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    /// The file; for an inline patch, the kustomization that holds it.
    pub(crate) file: String,
    /// The folder of the kustomization that reads it.
    pub(crate) layer: String,
    /// What it is.
    pub(crate) role: Role,
    /// The text; for an inline patch, the patch.
    pub(crate) text: String,
    /// For a patch: whether it has a target of its own, so that it may speak of several objects.
    pub(crate) targeted: bool,
    /// For an inline patch: the kustomization's number and the node that holds the patch.
    pub(crate) host: Option<(u32, NodeId)>,
}

/// Holds a source with what it says.
#[derive(Debug)]
struct Read {
    source: Source,
    reading: Arc<Reading>,
    /// How many lines of its file stand before its first one.
    lead: usize,
}

impl Read {
    /// Returns the line of a node in the source's own text.
    fn line(&self, node: NodeId) -> usize {
        self.reading.line(node)
    }

    /// Returns the text of a node's value, anchors followed.
    fn text(&self, node: NodeId) -> &str {
        self.reading.span(node).and_then(|span| self.source.text.get(span)).unwrap_or_default()
    }
}

/// Holds all texts of one rendering.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    list: Vec<Read>,
    total: usize,
    values: usize,
    written: AtomicUsize,
}

impl Sources {
    /// Returns a source.
    pub(crate) fn get(&self, number: u32) -> &Source {
        &self.list[number as usize].source
    }

    /// Adds a text and reads its documents; those that say nothing are left out.
    pub(crate) fn add(&mut self, source: Source) -> Result<(u32, Vec<Val>), Error> {
        let reading = Reading::of(&source.text, source.role.rules()).map(Arc::new);
        self.take(source, reading)
    }

    /// Adds a text that is a whole file: what it says is known when somebody has read it before.
    pub(crate) fn add_file(&mut self, files: &Files, source: Source) -> Result<(u32, Vec<Val>), Error> {
        match files.reading(&source.file, source.role.rules()) {
            Some(reading) => self.take(source, reading),
            None => self.add(source),
        }
    }

    fn take(&mut self, source: Source, reading: Result<Arc<Reading>, SyntaxFault>) -> Result<(u32, Vec<Val>), Error> {
        self.total += source.text.len();
        if self.total > TOTAL_LIMIT {
            return Err(Error::Limit { file: source.file, why: format!("the manifests have more than {TOTAL_LIMIT} bytes") });
        }
        let number = u32::try_from(self.list.len())
            .map_err(|_| Error::Limit { file: source.file.clone(), why: "there are too many files".to_owned() })?;
        let lead = self.lead(&source);
        let fault = |fault: SyntaxFault| Error::Syntax {
            file: source.file.clone(),
            line: fault.line + lead,
            column: fault.column,
            why: fault.why,
        };
        let reading = reading.map_err(fault)?;
        self.values += reading.count;
        if self.values > VALUE_LIMIT {
            return Err(Error::Limit { file: source.file, why: format!("the manifests hold more than {VALUE_LIMIT} values") });
        }
        let values = reading.numbered(number);
        self.list.push(Read { source, reading, lead });
        Ok((number, values))
    }

    /// Tells whether the value at a place is written without quotes, on one line.
    pub(crate) fn is_plain(&self, place: Option<Place>) -> bool {
        let text = place.and_then(|(number, node)| self.list.get(number as usize).map(|read| read.text(node)));
        text.is_some_and(|text| !text.is_empty() && !text.starts_with(['"', '\'', '|', '>']))
    }

    /// Counts bytes that are written into objects; an error when there are too many.
    pub(super) fn spend(&self, bytes: usize) -> Result<(), String> {
        if self.written.fetch_add(bytes, Ordering::Relaxed) + bytes > WRITE_LIMIT {
            return Err(format!("the objects grow by more than {WRITE_LIMIT} bytes"));
        }
        Ok(())
    }

    /// Tells whether so much was written that the rendering has to end.
    pub(super) fn exhausted(&self) -> bool {
        self.written.load(Ordering::Relaxed) > WRITE_LIMIT
    }

    /// Returns all sources with their numbers.
    pub(crate) fn all(&self) -> impl Iterator<Item = (u32, &Source)> {
        (0..).zip(self.list.iter().map(|r| &r.source))
    }

    /// Returns how many lines of its file stand before the first line of an inline patch.
    pub(crate) fn lead(&self, source: &Source) -> usize {
        let Some((number, node)) = source.host else { return 0 };
        let Some(host) = self.list.get(number as usize) else { return 0 };
        // The content of a block scalar starts on the line after its header.
        host.line(node) - usize::from(!host.text(node).starts_with(['|', '>'])) + host.lead
    }

    /// Returns the byte of its source that a value starts at, anchors not followed.
    pub(crate) fn start(&self, (number, node): Place) -> Option<usize> {
        self.list.get(number as usize)?.reading.start(node)
    }

    /// Returns the line of its file that a value was written on; 1 for values that were computed.
    pub(crate) fn line(&self, from: Option<(u32, NodeId)>) -> usize {
        let Some(read) = from.and_then(|(number, _)| self.list.get(number as usize)) else { return 1 };
        from.map_or(1, |(_, node)| read.line(node)) + read.lead
    }

    fn raw(&self, from: Option<Place>) -> Option<&str> {
        let (number, node) = from?;
        self.list.get(number as usize).map(|read| read.text(node))
    }

    /// Returns a scalar as it was written (`1.10`, not 1.1); the empty text for lists and mappings.
    pub(crate) fn written(&self, val: &Val) -> String {
        match &val.data {
            Data::Text(text) => text.clone(),
            Data::Null => self.raw(val.from).unwrap_or("null").to_owned(),
            Data::Bool(_) | Data::Number(_) => match self.raw(val.from) {
                Some(raw) if !raw.is_empty() && !raw.starts_with(['"', '\'', '|', '>']) => raw.to_owned(),
                _ => val.scalar().unwrap_or_default(),
            },
            Data::List(_) | Data::Map(_) => String::new(),
        }
    }

    /// Tells whether a value is written as a folded block.
    pub(crate) fn folded(&self, val: &Val) -> bool {
        self.raw(val.from).is_some_and(|raw| raw.starts_with('>'))
    }

    /// Tells whether a text is written without quotes.
    pub(crate) fn unquoted(&self, val: &Val) -> bool {
        val.as_text().is_some_and(|text| self.raw(val.from) == Some(text))
    }

    /// Tells whether a value is a null for which nothing is written.
    pub(crate) fn blank(&self, val: &Val) -> bool {
        val.is_null() && val.from.is_some() && self.raw(val.from).is_some_and(str::is_empty)
    }

    /// Returns the file that a value was written in.
    pub(crate) fn file(&self, from: Option<(u32, NodeId)>) -> &str {
        from.map_or("", |(number, _)| &self.get(number).file)
    }
}

/// Returns about how many bytes a value takes.
pub(super) fn size(val: &Val) -> usize {
    VALUE_COST
        + match &val.data {
            Data::Text(text) => text.len(),
            Data::List(items) => items.iter().map(size).sum(),
            Data::Map(map) => map.iter().map(|(key, value)| key.len() + size(value)).sum(),
            _ => 0,
        }
}

/// Checks that a value may stand below so many keys; an error when the object would nest too deep.
pub(super) fn fits_below(keys: usize, val: Option<&Val>) -> Result<(), String> {
    fn within(val: &Val, left: usize) -> bool {
        match &val.data {
            Data::List(items) => left > 0 && items.iter().all(|item| within(item, left - 1)),
            Data::Map(map) => left > 0 && map.values().all(|item| within(item, left - 1)),
            _ => true,
        }
    }
    let left = DEPTH_LIMIT.checked_sub(keys);
    if left.is_some_and(|left| val.is_none_or(|val| within(val, left))) {
        return Ok(());
    }
    Err(format!("the object would nest deeper than {DEPTH_LIMIT}"))
}
