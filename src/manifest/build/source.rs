//! The texts that a rendering reads, numbered, so that a value can say which of them it was written in.

use crate::error::Error;
use crate::yaml::{Data, Kind, NodeId, Style, SyntaxFault, Tree, Val, read};

/// How many bytes one rendering may read.
const TOTAL_LIMIT: usize = 64 << 20;
/// How many values one rendering may hold, those that aliases repeat included.
const VALUE_LIMIT: usize = 2_000_000;

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

/// Holds a source with the line of each of its nodes.
#[derive(Debug)]
struct Read {
    source: Source,
    lines: Vec<usize>,
    /// How many lines of its file stand before its first one.
    lead: usize,
}

/// Holds all texts of one rendering.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    list: Vec<Read>,
    total: usize,
    values: usize,
}

impl Sources {
    /// Returns a source.
    pub(crate) fn get(&self, number: u32) -> &Source {
        &self.list[number as usize].source
    }

    /// Adds a text and reads its documents; those that say nothing are left out.
    pub(crate) fn add(&mut self, source: Source) -> Result<(u32, Vec<Val>), Error> {
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
        let tree = Tree::parse(&source.text).map_err(fault)?;
        let values = documents(&tree, (number, source.role), &mut self.values).map_err(fault)?;
        if self.values > VALUE_LIMIT {
            return Err(Error::Limit { file: source.file, why: format!("the manifests hold more than {VALUE_LIMIT} values") });
        }
        let breaks: Vec<usize> = source.text.match_indices('\n').map(|(at, _)| at).collect();
        let lines = tree.nodes().map(|(_, node)| breaks.partition_point(|at| *at < node.span.start) + 1).collect();
        self.list.push(Read { source, lines, lead });
        Ok((number, values))
    }

    /// Returns all sources with their numbers.
    pub(crate) fn all(&self) -> impl Iterator<Item = (u32, &Source)> {
        (0..).zip(self.list.iter().map(|r| &r.source))
    }

    /// Returns how many lines of its file stand before the first line of an inline patch.
    pub(crate) fn lead(&self, source: &Source) -> usize {
        let Some((number, node)) = source.host else { return 0 };
        let Some(host) = self.list.get(number as usize) else { return 0 };
        let line = host.lines.get(node.0).copied().unwrap_or(1);
        // The content of a block scalar starts on the line after its header.
        let block = Tree::parse(&host.source.text)
            .is_ok_and(|tree| host.source.text[tree.node(tree.target(node)).span.start..].starts_with(['|', '>']));
        line - usize::from(!block) + host.lead
    }

    /// Returns the line of its file that a value was written on; 1 for values that were computed.
    pub(crate) fn line(&self, from: Option<(u32, NodeId)>) -> usize {
        let Some(read) = from.and_then(|(number, _)| self.list.get(number as usize)) else { return 1 };
        let line = from.and_then(|(_, node)| read.lines.get(node.0)).copied().unwrap_or(1);
        line + read.lead
    }

    /// Returns the file that a value was written in.
    pub(crate) fn file(&self, from: Option<(u32, NodeId)>) -> &str {
        from.map_or("", |(number, _)| &self.get(number).file)
    }
}

fn documents(tree: &Tree<'_>, (number, role): (u32, Role), count: &mut usize) -> Result<Vec<Val>, SyntaxFault> {
    let mut values = Vec::new();
    for document in tree.documents() {
        let mut value = read(tree, document.root, number, count)?;
        let listed = matches!(value.data, Data::List(_)) && !tree.text.trim_start().starts_with('[');
        // kustomize reads its own files and JSON patches by the older rules, in which `on` is a boolean.
        if role == Role::Kustomization || (role == Role::Patch && listed) {
            older(tree, &mut value);
        }
        if !value.is_null() {
            values.push(value);
        }
    }
    Ok(values)
}

fn older(tree: &Tree<'_>, value: &mut Val) {
    match &mut value.data {
        Data::List(items) => items.iter_mut().for_each(|item| older(tree, item)),
        Data::Map(map) => map.values_mut().for_each(|item| older(tree, item)),
        Data::Text(text) => {
            let plain = value.from.is_some_and(|(_, node)| {
                let node = tree.node(tree.target(node));
                node.tag.is_none() && matches!(node.kind, Kind::Scalar { style: Style::Plain, .. })
            });
            let flag = match text.as_str() {
                "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => true,
                "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => false,
                _ => return,
            };
            if plain {
                value.data = Data::Bool(flag);
            }
        }
        _ => {}
    }
}
