//! A text read as values, with what tells afterwards where each of them stands; free of the text, so that it can be kept.

use std::collections::HashMap;
use std::ops::Range;

use crate::yaml::fault::SyntaxFault;
use crate::yaml::tree::{Alias, Kind, NodeId, Tree};
use crate::yaml::value::{Data, Val, older, read};

/// Says by which rules plain words are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rules {
    /// By those of Kubernetes.
    Newer,
    /// By the older ones, in which `on` is a boolean.
    Older,
    /// Block lists by the older ones, all else by those of Kubernetes.
    OlderLists,
}

/// How many rules there are.
pub(crate) const RULES: usize = 3;

/// Holds what a text says and where its nodes stand.
#[derive(Debug)]
pub(crate) struct Reading {
    /// The documents that say something; their source has the number 0.
    pub(crate) values: Vec<Val>,
    /// How many values they hold, those that aliases repeat included.
    pub(crate) count: usize,
    /// The bytes of each node (for a use of an anchor, those of the use).
    spans: Vec<Range<usize>>,
    /// For a use of an anchor: the node that is anchored.
    targets: HashMap<usize, NodeId>,
    /// The positions of the line breaks.
    breaks: Vec<usize>,
}

impl Reading {
    /// Reads a text.
    pub(crate) fn of(text: &str, rules: Rules) -> Result<Self, SyntaxFault> {
        let tree = Tree::parse(text)?;
        let (mut values, mut count) = (Vec::with_capacity(tree.documents().len()), 0);
        for document in tree.documents() {
            let mut value = read(&tree, document.root, 0, &mut count)?;
            let listed = matches!(value.data, Data::List(_)) && !text.trim_start().starts_with('[');
            if rules == Rules::Older || (rules == Rules::OlderLists && listed) {
                older(&tree, &mut value);
            }
            if !value.is_null() {
                values.push(value);
            }
        }
        let anchored = |kind: &Kind| if let Kind::Alias(Alias { target }) = kind { Some(*target) } else { None };
        Ok(Self {
            values,
            count,
            spans: tree.nodes().map(|(_, node)| node.span.clone()).collect(),
            targets: tree.nodes().filter_map(|(id, node)| Some((id.0, anchored(&node.kind)?))).collect(),
            breaks: text.match_indices('\n').map(|(at, _)| at).collect(),
        })
    }

    /// Returns the documents as those of a source with a number.
    pub(crate) fn numbered(&self, source: u32) -> Vec<Val> {
        let mut values = self.values.clone();
        if source != 0 {
            for value in &mut values {
                number(value, source);
            }
        }
        values
    }

    /// Returns the line of a node, counted from 1.
    pub(crate) fn line(&self, node: NodeId) -> usize {
        let start = self.spans.get(node.0).map_or(0, |span| span.start);
        self.breaks.partition_point(|at| *at < start) + 1
    }

    /// Returns the bytes of a node's value, anchors followed.
    pub(crate) fn span(&self, node: NodeId) -> Option<Range<usize>> {
        let node = self.targets.get(&node.0).copied().unwrap_or(node);
        self.spans.get(node.0).cloned()
    }

    /// Returns where a node's value starts, anchors not followed.
    pub(crate) fn start(&self, node: NodeId) -> Option<usize> {
        self.spans.get(node.0).map(|span| span.start)
    }
}

fn number(value: &mut Val, source: u32) {
    if let Some(from) = &mut value.from {
        from.0 = source;
    }
    match &mut value.data {
        Data::List(items) => items.iter_mut().for_each(|item| number(item, source)),
        Data::Map(map) => map.values_mut().for_each(|item| number(item, source)),
        _ => {}
    }
}
