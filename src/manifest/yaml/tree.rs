//! A YAML text as nodes with byte spans: all documents, styles, anchors and aliases; nothing is expanded or dropped.

use std::ops::Range;
use std::sync::OnceLock;

use crate::yaml::fault::SyntaxFault;
use crate::yaml::lex;
use crate::yaml::reader::{Reader, Shifted};

/// The largest text that is read, in bytes. Bundles of resource definitions have up to 4 MiB in practice.
pub const FILE_LIMIT: usize = 8 << 20;

/// Names a node within its tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub usize);

/// Says how a scalar is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Without quotes.
    Plain,
    /// `'…'`.
    Single,
    /// `"…"`.
    Double,
    /// `|`.
    Literal,
    /// `>`.
    Folded,
}

/// Holds one entry of a mapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The key.
    pub key: NodeId,
    /// The value; an empty plain scalar when nothing is written.
    pub value: NodeId,
    /// The byte position of the colon, when there is one.
    pub colon: Option<usize>,
}

/// Holds one use of an anchor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Alias {
    /// The anchored node.
    pub target: NodeId,
}

/// Says what a node is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A scalar with its value, escapes and folding resolved.
    Scalar {
        /// The text meant.
        value: String,
        /// How it is written.
        style: Style,
    },
    /// A mapping; `flow` when it is written with braces (or as a pair within brackets).
    Mapping {
        /// The entries in order.
        entries: Vec<Entry>,
        /// Whether it is in flow style.
        flow: bool,
    },
    /// A sequence; each item with the byte position of its dash (in flow style: of its start).
    Sequence {
        /// Dash and item, in order.
        items: Vec<(usize, NodeId)>,
        /// Whether it is in flow style.
        flow: bool,
    },
    /// A use of an anchor.
    Alias(Alias),
}

/// Holds one node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// What it is.
    pub kind: Kind,
    /// The bytes of the value itself: quotes, braces and block scalar header included, anchor and tag not.
    pub span: Range<usize>,
    /// Where it starts with its anchor and tag.
    pub start: usize,
    /// Its anchor.
    pub anchor: Option<String>,
    /// The suffix of its tag (`str` for `!!str`).
    pub tag: Option<String>,
    /// The collection that holds it.
    pub parent: Option<NodeId>,
}

/// Holds one document of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Document {
    /// Its root.
    pub root: NodeId,
    /// Where it starts.
    pub start: usize,
}

/// Holds a text with all its nodes.
#[derive(Debug, Clone)]
pub struct Tree<'t> {
    /// The text.
    pub text: &'t str,
    nodes: Vec<Node>,
    documents: Vec<Document>,
    regardless: bool,
    lines: OnceLock<Lines>,
}

/// Holds where lines end: counted once, and only when somebody asks for a place.
#[derive(Debug, Clone)]
struct Lines {
    breaks: Vec<usize>,
    /// Whether every character is one byte.
    ascii: bool,
}

impl<'t> Tree<'t> {
    /// Reads a text; an error when it is no YAML or passes a limit.
    pub fn parse(text: &'t str) -> Result<Self, SyntaxFault> {
        if text.len() > FILE_LIMIT {
            return Err(SyntaxFault { line: 1, column: 1, why: format!("the text has more than {FILE_LIMIT} bytes") });
        }
        if let Some(at) = text.find('\0') {
            let line = text[..at].matches('\n').count() + 1;
            return Err(SyntaxFault { line, column: lex::column(text, at) + 1, why: "there is a NUL character".to_owned() });
        }
        let (nodes, documents) = match Reader::new(text).stream() {
            Ok(read) => read,
            // Brackets that close at the column of their key are no YAML by the letter, but everybody writes and reads them.
            Err(fault) => Shifted::new(text).and_then(|s| Reader::shifted(text, &s).stream().ok()).ok_or(fault)?,
        };
        Ok(Self { text, nodes, documents, regardless: false, lines: OnceLock::new() })
    }

    /// Returns it with edits allowed where others use the same value through an anchor: who calls this has asked about them.
    pub(crate) fn regardless(self) -> Self {
        Self { regardless: true, ..self }
    }

    /// Tells whether edits may change what others use too.
    pub(crate) const fn is_regardless(&self) -> bool {
        self.regardless
    }

    /// Returns the documents in order.
    pub fn documents(&self) -> &[Document] {
        &self.documents
    }

    /// Returns a node.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0]
    }

    /// Returns all nodes.
    pub fn nodes(&self) -> impl Iterator<Item = (NodeId, &Node)> {
        self.nodes.iter().enumerate().map(|(at, node)| (NodeId(at), node))
    }

    /// Returns the line of a byte position, counted from 1.
    pub fn line(&self, at: usize) -> usize {
        self.lines().breaks.partition_point(|end| *end < at) + 1
    }

    /// Returns the line and the column, in characters, of a byte position, counted from 1.
    pub fn place(&self, at: usize) -> (usize, usize) {
        let (lines, at) = (self.lines(), self.text.floor_char_boundary(at));
        let line = self.line(at);
        let start = line.checked_sub(2).and_then(|n| lines.breaks.get(n)).map_or(0, |end| end + 1);
        let before = if lines.ascii { at - start } else { self.text[start..at].trim_start_matches('\u{feff}').chars().count() };
        (line, before + 1)
    }

    fn lines(&self) -> &Lines {
        self.lines.get_or_init(|| Lines {
            breaks: self.text.match_indices('\n').map(|(at, _)| at).collect(),
            ascii: self.text.is_ascii(),
        })
    }

    /// Returns the line that a node's value starts on, counted from 1.
    pub fn line_of(&self, id: NodeId) -> usize {
        self.line(self.node(id).span.start)
    }

    /// Returns the node itself, or the anchored node when it is an alias.
    pub fn target(&self, id: NodeId) -> NodeId {
        match self.node(id).kind {
            Kind::Alias(Alias { target }) => target,
            _ => id,
        }
    }

    /// Returns a scalar's value, aliases followed.
    pub fn scalar(&self, id: NodeId) -> Option<&str> {
        match &self.node(self.target(id)).kind {
            Kind::Scalar { value, .. } => Some(value),
            _ => None,
        }
    }

    /// Returns the entries of a mapping, aliases followed; nothing for other nodes.
    pub fn entries(&self, id: NodeId) -> &[Entry] {
        match &self.node(self.target(id)).kind {
            Kind::Mapping { entries, .. } => entries,
            _ => &[],
        }
    }

    /// Returns the items of a sequence, aliases followed; nothing for other nodes.
    pub fn items(&self, id: NodeId) -> &[(usize, NodeId)] {
        match &self.node(self.target(id)).kind {
            Kind::Sequence { items, .. } => items,
            _ => &[],
        }
    }

    /// Returns the position of a key among the entries of a mapping, merge keys not followed.
    pub fn position(&self, mapping: NodeId, key: &str) -> Option<usize> {
        self.entries(mapping).iter().position(|entry| self.scalar(entry.key) == Some(key))
    }

    /// Returns the value of a key of a mapping, merge keys not followed.
    pub fn get(&self, mapping: NodeId, key: &str) -> Option<NodeId> {
        self.position(mapping, key).and_then(|at| self.entries(mapping).get(at)).map(|entry| entry.value)
    }

    /// Returns the value under a path of keys, merge keys not followed.
    pub fn at(&self, root: NodeId, path: &[&str]) -> Option<NodeId> {
        path.iter().try_fold(root, |node, key| self.get(node, key))
    }

    /// Tells whether a node is an empty value or a plain null.
    pub fn is_null(&self, id: NodeId) -> bool {
        matches!(&self.node(id).kind, Kind::Scalar { value, style: Style::Plain } if matches!(value.as_str(), "" | "~" | "null" | "Null" | "NULL"))
    }

    /// Tells whether a node lies within a collection in flow style.
    pub fn in_flow(&self, id: NodeId) -> bool {
        let mut at = self.node(id).parent;
        while let Some(parent) = at {
            match self.node(parent).kind {
                Kind::Mapping { flow: true, .. } | Kind::Sequence { flow: true, .. } => return true,
                _ => at = self.node(parent).parent,
            }
        }
        false
    }

    /// Returns the first alias that uses a node or a collection that holds it, with the anchored node, when there is one.
    pub fn shared(&self, id: NodeId) -> Option<(NodeId, NodeId)> {
        let mut at = Some(id);
        while let Some(node) = at {
            if self.node(node).anchor.is_some()
                && let Some((alias, _)) = self.nodes().find(|(_, n)| n.kind == Kind::Alias(Alias { target: node }))
            {
                return Some((node, alias));
            }
            at = self.node(node).parent;
        }
        None
    }
}

#[cfg(test)]
#[path = "tree_tests.rs"]
mod tests;
