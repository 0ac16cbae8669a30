//! YAML that stays as its author wrote it: a tree of byte spans, and splices that touch nothing else.
//!
//! Reading is done by the events of `saphyr-parser`, which carry positions; every boundary that an edit needs (quotes, block
//! scalar headers, anchors, empty values) is found again in the text, because an event's end may include trailing comments
//! and blank lines. Writing never prints a tree: an edit is a short list of byte ranges with new text.
//!
//! Why not a finished crate: `yamlpatch` re-emits the value it replaces with a serializer and so chooses quoting and
//! indentation anew; `yaml-edit` keeps a syntax tree of its own and prints it back, which makes its parser a second opinion
//! on what a file means, besides the one that Kubernetes tools have. A tag whose change must be one line of diff wants
//! neither. Spans of a conforming parser and splices leave every other byte alone by construction.

mod fault;
mod highlight;
mod insert;
mod lex;
mod reader;
mod reading;
mod remove;
mod scalar;
mod splice;
mod tree;
mod value;
mod whole;

pub use fault::{SyntaxFault, syntax};
pub use highlight::{Token, TokenKind, highlight};
pub use insert::{At, Fragment, insert_entry, insert_item};
pub(crate) use insert::{print, print_list, replace_alias};
pub(crate) use reading::{RULES, Reading, Rules};
pub use remove::{remove_entry, remove_item};
#[cfg(test)]
pub(crate) use scalar::written;
pub use scalar::{Meant, Plain, resolve_plain};
pub(crate) use scalar::{escaped, quote};
pub(crate) use splice::inert;
pub use splice::{Splice, SpliceFault, set_scalar, spliced};
pub use tree::{Alias, Document, Entry, FILE_LIMIT, Kind, Node, NodeId, Style, Tree};
pub use value::{Data, ImageTrace, Place, Val};
pub(crate) use value::{older, read};
pub use whole::{text_of, value_of, values_of};
