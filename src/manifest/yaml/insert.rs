//! Splices that add an entry to a mapping or an item to a sequence, indented and written as the neighbours are.

use crate::yaml::lex;
use crate::yaml::scalar::{self, Meant};
use crate::yaml::splice::{Splice, SpliceFault, owned};
use crate::yaml::tree::{Kind, NodeId, Style, Tree};

/// Holds something that is to be written and has no place yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fragment {
    /// A string.
    Text(String),
    /// A number, boolean or null.
    Plain(String),
    /// A resource quantity.
    Quantity(String),
    /// A string of several lines, written as a literal block where that is possible.
    Block(String),
    /// A mapping.
    Map(Vec<(String, Fragment)>),
    /// A sequence.
    List(Vec<Fragment>),
}

impl Fragment {
    /// Returns the text of a single value.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) | Self::Plain(text) | Self::Quantity(text) | Self::Block(text) => Some(text),
            Self::Map(_) | Self::List(_) => None,
        }
    }

    /// Tells whether its last line, as it is written, is the content of a block scalar that ends with a line break: at the end
    /// of a text it needs one.
    pub(crate) fn ends_open(&self) -> bool {
        match self {
            Self::Block(text) => text.ends_with('\n') && scalar::literal_fits(text),
            Self::Map(pairs) => pairs.last().is_some_and(|(_, value)| value.ends_open()),
            Self::List(items) => items.last().is_some_and(Self::ends_open),
            Self::Text(_) | Self::Plain(_) | Self::Quantity(_) => false,
        }
    }

    /// Builds a mapping with one entry.
    pub fn entry(key: impl Into<String>, value: Self) -> Self {
        Self::Map(vec![(key.into(), value)])
    }
}

/// Says where among its neighbours a new entry goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At<'a> {
    /// Before all others.
    First,
    /// After the entry with this key, or at the end when it is not there.
    After(&'a str),
    /// After all others.
    Last,
}

/// How collections are laid out in a text.
#[derive(Debug, Clone, Copy)]
struct Layout {
    /// How much deeper a nested mapping is.
    step: usize,
    /// How much deeper a sequence is than the key that holds it.
    list: usize,
    eol: &'static str,
}

impl Layout {
    fn of(tree: &Tree<'_>) -> Self {
        let mut layout = Self { step: 0, list: usize::MAX, eol: lex::line_break(tree.text) };
        for (id, node) in tree.nodes() {
            let Kind::Mapping { entries, flow: false } = &node.kind else { continue };
            if tree.in_flow(id) {
                continue;
            }
            for entry in entries {
                layout.learn(tree, lex::column(tree.text, tree.node(entry.key).start), entry.value);
            }
        }
        Self {
            step: if layout.step == 0 { 2 } else { layout.step },
            list: if layout.list == usize::MAX { 2 } else { layout.list },
            ..layout
        }
    }

    fn learn(&mut self, tree: &Tree<'_>, outer: usize, value: NodeId) {
        match &tree.node(value).kind {
            Kind::Mapping { entries, flow: false } if self.step == 0 => {
                if let Some(first) = entries.first() {
                    self.step = lex::column(tree.text, tree.node(first.key).start).saturating_sub(outer);
                }
            }
            Kind::Sequence { items, flow: false } if self.list == usize::MAX => {
                if let Some((dash, _)) = items.first() {
                    self.list = lex::column(tree.text, *dash).saturating_sub(outer);
                }
            }
            _ => {}
        }
    }
}

/// Adds an entry to a mapping. An empty value becomes a mapping.
pub fn insert_entry(
    tree: &Tree<'_>,
    mapping: NodeId,
    (key, value): (&str, &Fragment),
    at: At<'_>,
) -> Result<Vec<Splice>, SpliceFault> {
    let place = owned(tree, mapping)?;
    let layout = Layout::of(tree);
    let pair = [(key.to_owned(), value.clone())];
    match &tree.node(place).kind {
        Kind::Mapping { entries, flow } if !entries.is_empty() => {
            let index = match at {
                At::First => 0,
                At::After(key) => tree.position(place, key).unwrap_or(entries.len() - 1),
                At::Last => entries.len() - 1,
            };
            let Some(neighbour) = entries.get(index) else { return Err(SpliceFault::Unfit("the mapping is empty")) };
            if *flow {
                braced(tree, place)?;
                let whole = inside(&Fragment::Map(pair.to_vec()), true);
                let bare = whole.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or(&whole);
                let text = format!(", {}", bare.trim());
                return Ok(vec![after_value(tree, neighbour.value, text)]);
            }
            let column = lex::column(tree.text, tree.node(neighbour.key).start);
            let mut text = String::new();
            block_map(&pair, column, layout, &mut text);
            let end = end_of_entry(tree, neighbour.value, neighbour.colon);
            // At the end of a text without a last line break (an inline patch has none) a block scalar would lose its own.
            let last = at != At::First && value.ends_open() && lex::line_end(tree.text, end) == tree.text.len();
            let first = entries.first().filter(|_| at == At::First || last);
            if let Some(first) = first {
                let text = format!("{}{}{}", text.trim_start_matches(['\r', '\n', ' ']), layout.eol, " ".repeat(column));
                let start = tree.node(first.key).start;
                return Ok(vec![Splice::new(start..start, text)]);
            }
            Ok(vec![after_line(tree, place, end, (&text, value, layout))])
        }
        _ => fill(tree, place, &Fragment::Map(pair.to_vec()), layout),
    }
}

/// Adds an item to a sequence: before the others when `first` is set, else at the end. An empty value becomes a sequence.
pub fn insert_item(tree: &Tree<'_>, sequence: NodeId, item: &Fragment, first: bool) -> Result<Vec<Splice>, SpliceFault> {
    let place = owned(tree, sequence)?;
    let layout = Layout::of(tree);
    match &tree.node(place).kind {
        Kind::Sequence { items, flow } if !items.is_empty() => {
            let (Some((dash, head)), Some((_, last))) = (items.first(), items.last()) else {
                return Err(SpliceFault::Unfit("the list is empty"));
            };
            if *flow {
                let written = inside(item, true);
                if first {
                    let at = tree.node(*head).start;
                    return Ok(vec![Splice::new(at..at, format!("{written}, "))]);
                }
                return Ok(vec![after_value(tree, *last, format!(", {written}"))]);
            }
            let column = lex::column(tree.text, *dash);
            let mut text = String::new();
            block_list(std::slice::from_ref(item), column, layout, &mut text);
            if first {
                let text = format!("{}{}{}", text.trim_start_matches(['\r', '\n', ' ']), layout.eol, " ".repeat(column));
                return Ok(vec![Splice::new(*dash..*dash, text)]);
            }
            Ok(vec![after_line(tree, place, end_of_entry(tree, *last, None).max(dash + 1), (&text, item, layout))])
        }
        _ => fill(tree, place, &Fragment::List(vec![item.clone()]), layout),
    }
}

/// Writes a value of its own where an alias is written; `anchor` names it, so that others can use it from there.
pub(crate) fn replace_alias(tree: &Tree<'_>, alias: NodeId, fragment: &Fragment, anchor: Option<&str>) -> Vec<Splice> {
    let node = tree.node(alias);
    let layout = Layout::of(tree);
    let named = anchor.map(|a| format!("&{a}")).unwrap_or_default();
    let entry = node.parent.and_then(|p| tree.entries(p).iter().find(|e| e.value == alias).copied());
    let mut text = String::new();
    if let (Some(entry), Some(colon), false) = (entry, entry.and_then(|e| e.colon), tree.in_flow(alias)) {
        let column = lex::column(tree.text, tree.node(entry.key).start);
        match fragment {
            Fragment::List(items) if !items.is_empty() => block_list(items, column + layout.list, layout, &mut text),
            Fragment::Map(pairs) if !pairs.is_empty() => block_map(pairs, column + layout.step, layout, &mut text),
            _ => {}
        }
        if !text.is_empty() {
            let line = lex::line_end(tree.text, node.span.end);
            let named = if named.is_empty() { named } else { format!(" {named}") };
            return vec![Splice::new(colon + 1..node.span.end, named), Splice::new(line..line, text)];
        }
    }
    let gap = if named.is_empty() { "" } else { " " };
    vec![Splice::new(node.span.clone(), format!("{named}{gap}{}", inside(fragment, tree.in_flow(alias))))]
}

/// Prints a sequence as a text of its own.
pub(crate) fn print_list(items: &[Fragment]) -> String {
    let mut out = String::new();
    block_list(items, 0, Layout { step: 2, list: 2, eol: "\n" }, &mut out);
    if items.last().is_some_and(Fragment::ends_open) {
        out.push('\n');
    }
    out.trim_start().to_owned()
}

/// Prints a mapping as a text of its own.
pub(crate) fn print(pairs: &[(String, Fragment)]) -> String {
    let mut out = String::new();
    block_map(pairs, 0, Layout { step: 2, list: 2, eol: "\n" }, &mut out);
    if pairs.last().is_some_and(|(_, value)| value.ends_open()) {
        out.push('\n');
    }
    out.trim_start().to_owned()
}

fn braced(tree: &Tree<'_>, place: NodeId) -> Result<(), SpliceFault> {
    let open = tree.text[tree.node(place).span.start..].starts_with('{');
    if open { Ok(()) } else { Err(SpliceFault::Unfit("it is a single pair within brackets")) }
}

/// Returns where an entry's text ends: after its value, or after the colon when nothing is written.
fn end_of_entry(tree: &Tree<'_>, value: NodeId, colon: Option<usize>) -> usize {
    let node = tree.node(value);
    node.span.end.max(node.start).max(colon.map_or(0, |c| c + 1))
}

fn after_value(tree: &Tree<'_>, value: NodeId, with: String) -> Splice {
    let end = end_of_entry(tree, value, None);
    Splice::new(end..end, with)
}

fn after_line(tree: &Tree<'_>, place: NodeId, end: usize, (text, what, layout): (&str, &Fragment, Layout)) -> Splice {
    // A collection within a flow collection of several lines has no lines of its own.
    let at = if tree.in_flow(place) { end } else { lex::line_end(tree.text, end) };
    Splice::new(at..at, closed(tree, at, text.to_owned(), (what, layout)))
}

/// Adds the line break that a new text needs where it becomes the end of the whole.
fn closed(tree: &Tree<'_>, at: usize, text: String, (what, layout): (&Fragment, Layout)) -> String {
    if at == tree.text.len() && what.ends_open() { text + layout.eol } else { text }
}

/// Puts a collection where nothing, null, `{}` or `[]` is written now.
fn fill(tree: &Tree<'_>, place: NodeId, fragment: &Fragment, layout: Layout) -> Result<Vec<Splice>, SpliceFault> {
    let node = tree.node(place);
    let empty = match &node.kind {
        Kind::Scalar { .. } => tree.is_null(place),
        Kind::Mapping { entries, .. } => entries.is_empty() && matches!(fragment, Fragment::Map(_)),
        Kind::Sequence { items, .. } => items.is_empty() && matches!(fragment, Fragment::List(_)),
        Kind::Alias(_) => false,
    };
    if !empty {
        return Err(SpliceFault::Unfit("something else than a list or a mapping of fields stands there"));
    }
    let entry = node.parent.and_then(|p| tree.entries(p).iter().find(|e| e.value == place).copied());
    let (Some(entry), false) = (entry, tree.in_flow(place)) else {
        let lead = if tree.text[..node.span.start].ends_with([' ', '[', '{', '\n']) { "" } else { " " };
        return Ok(vec![Splice::new(node.span.clone(), format!("{lead}{}", inside(fragment, true)))]);
    };
    let column = lex::column(tree.text, tree.node(entry.key).start);
    let mut text = String::new();
    match fragment {
        Fragment::List(items) => block_list(items, column + layout.list, layout, &mut text),
        Fragment::Map(pairs) => block_map(pairs, column + layout.step, layout, &mut text),
        _ => return Err(SpliceFault::Unfit("a single value cannot fill a collection")),
    }
    let from = entry.colon.map_or(node.span.start, |c| c + 1);
    let from = if node.anchor.is_some() || node.tag.is_some() { node.span.start } else { from };
    let line = lex::line_end(tree.text, node.span.end.max(from));
    let gap = if node.span.is_empty() { node.span.clone() } else { from.min(node.span.start)..node.span.end };
    Ok(vec![Splice::new(gap, ""), Splice::new(line..line, closed(tree, line, text, (fragment, layout)))])
}

fn block_map(pairs: &[(String, Fragment)], column: usize, layout: Layout, out: &mut String) {
    for (key, value) in pairs {
        out.push_str(layout.eol);
        out.push_str(&" ".repeat(column));
        entry(key, value, column, layout, out);
    }
}

fn entry(key: &str, value: &Fragment, column: usize, layout: Layout, out: &mut String) {
    out.push_str(&scalar::write(Meant::Text(key), Style::Plain, false));
    out.push(':');
    match value {
        Fragment::Map(pairs) if !pairs.is_empty() => block_map(pairs, column + layout.step, layout, out),
        Fragment::List(items) if !items.is_empty() => block_list(items, column + layout.list, layout, out),
        Fragment::Block(text) if text.contains('\n') && scalar::literal_fits(text) => {
            out.push(' ');
            literal(text, column + layout.step, layout, out);
        }
        other => {
            out.push(' ');
            out.push_str(&inside(other, false));
        }
    }
}

/// Writes a text as a literal block scalar whose lines start at a column.
fn literal(text: &str, column: usize, layout: Layout, out: &mut String) {
    let content = text.trim_end_matches('\n');
    out.push_str(match text.len() - content.len() {
        0 => "|-",
        1 => "|",
        _ => "|+",
    });
    for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
        out.push_str(layout.eol);
        if !line.is_empty() {
            out.push_str(&" ".repeat(column));
            out.push_str(line);
        }
    }
}

fn block_list(items: &[Fragment], column: usize, layout: Layout, out: &mut String) {
    for item in items {
        out.push_str(layout.eol);
        out.push_str(&" ".repeat(column));
        out.push_str("- ");
        match item {
            Fragment::Map(pairs) if !pairs.is_empty() => {
                let mut text = String::new();
                block_map(pairs, column + 2, layout, &mut text);
                out.push_str(text.trim_start_matches(['\r', '\n', ' ']));
            }
            Fragment::Block(text) if text.contains('\n') && scalar::literal_fits(text) => {
                literal(text, column + layout.step, layout, out);
            }
            other => out.push_str(&inside(other, false)),
        }
    }
}

/// Writes a fragment on one line.
fn inside(fragment: &Fragment, flow: bool) -> String {
    match fragment {
        // A quantity that looks like a number is quoted where it is new, as the tools print it.
        Fragment::Text(text) | Fragment::Block(text) | Fragment::Quantity(text) => {
            scalar::write(Meant::Text(text), Style::Plain, flow)
        }
        Fragment::Plain(text) => text.clone(),
        Fragment::Map(pairs) => {
            let parts: Vec<String> = pairs
                .iter()
                .map(|(k, v)| format!("{}: {}", scalar::write(Meant::Text(k), Style::Plain, true), inside(v, true)))
                .collect();
            format!("{{{}}}", parts.join(", "))
        }
        Fragment::List(items) => format!("[{}]", items.iter().map(|i| inside(i, true)).collect::<Vec<_>>().join(", ")),
    }
}
