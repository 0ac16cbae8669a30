//! Splices: byte ranges with new text, and the replacement of one scalar.

use std::ops::Range;

use crate::yaml::lex;
use crate::yaml::scalar::{self, Meant};
use crate::yaml::tree::{Kind, NodeId, Style, Tree};

/// Replaces a range of bytes of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Splice {
    /// The bytes that go.
    pub range: Range<usize>,
    /// The text that comes.
    pub with: String,
}

impl Splice {
    /// Builds a splice.
    pub fn new(range: Range<usize>, with: impl Into<String>) -> Self {
        Self { range, with: with.into() }
    }
}

/// Says why an edit cannot be written into a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpliceFault {
    /// The value is used at another place too, through an anchor: byte positions of the value and of the other use.
    Shared {
        /// Where the value is written.
        first: usize,
        /// Where it is used as well.
        second: usize,
    },
    /// The text at the place does not allow it.
    Unfit(&'static str),
}

/// Returns the text with all splices made; ranges must not overlap, equal positions keep their order.
pub fn spliced(text: &str, splices: &[Splice]) -> String {
    let mut ordered: Vec<&Splice> = splices.iter().collect();
    ordered.sort_by_key(|s| s.range.start);
    let mut out = String::with_capacity(text.len() + 64);
    let mut at = 0;
    for splice in ordered {
        if splice.range.start < at {
            continue;
        }
        out.push_str(&text[at..splice.range.start]);
        out.push_str(&splice.with);
        at = splice.range.end;
    }
    out.push_str(&text[at..]);
    out
}

/// Returns the node that an edit of this place has to change: the node itself, or what its alias means when nobody else
/// uses that.
pub(crate) fn owned(tree: &Tree<'_>, id: NodeId) -> Result<NodeId, SpliceFault> {
    let place = tree.target(id);
    if tree.is_regardless() {
        return Ok(place);
    }
    let uses =
        |anchor: NodeId| tree.nodes().filter(move |(other, _)| *other != id && tree.target(*other) == anchor && *other != anchor);
    let mut at = Some(place);
    while let Some(node) = at {
        if tree.node(node).anchor.is_some()
            && let Some((_, other)) = uses(node).next()
        {
            return Err(SpliceFault::Shared { first: tree.node(place).span.start, second: other.span.start });
        }
        at = tree.node(node).parent;
    }
    if place != id && !inert(tree, place) {
        return Err(SpliceFault::Shared { first: tree.node(place).span.start, second: tree.node(id).span.start });
    }
    Ok(place)
}

/// Tells whether a node stands where Kubernetes reads nothing: under a root key that starts with `x-` or a dot.
pub(crate) fn inert(tree: &Tree<'_>, id: NodeId) -> bool {
    let mut child = id;
    while let Some(parent) = tree.node(child).parent {
        if tree.node(parent).parent.is_none() {
            let key = tree.entries(parent).iter().find(|e| e.value == child).and_then(|e| tree.scalar(e.key));
            return key.is_some_and(|key| key.starts_with("x-") || key.starts_with('.'));
        }
        child = parent;
    }
    false
}

/// Replaces a scalar's value; nothing when it says that already. The style stays when the new value can be written in it.
pub fn set_scalar(tree: &Tree<'_>, id: NodeId, meant: Meant<'_>) -> Result<Vec<Splice>, SpliceFault> {
    let place = tree.target(id);
    let Kind::Scalar { value, style } = &tree.node(place).kind else {
        return Err(SpliceFault::Unfit("a list or a mapping stands where a single value is expected"));
    };
    let retyped = matches!(meant, Meant::Plain(_)) && !matches!(style, Style::Plain);
    if value == meant.text() && !retyped && !(value.is_empty() && *style == Style::Plain) {
        return Ok(Vec::new());
    }
    let place = owned(tree, id)?;
    let node = tree.node(place);
    let flow = tree.in_flow(place);
    let range = node.span.clone();
    if matches!(style, Style::Literal | Style::Folded) && !matches!(meant, Meant::Plain(_)) {
        return Ok(set_block(tree.text, range, *style, meant));
    }
    if node.tag.as_deref() == Some("str") && *style == Style::Plain && scalar::plain_fits(meant.text(), flow) {
        return Ok(vec![Splice::new(range, meant.text())]);
    }
    let written = scalar::write(meant, *style, flow);
    if range.is_empty() {
        let entry = node.parent.and_then(|p| tree.entries(p).iter().find(|e| e.value == place || e.key == place));
        if entry.is_some_and(|e| e.colon.is_none() || e.key == place) {
            return Err(SpliceFault::Unfit("there is no colon to write a value behind"));
        }
        let lead = if tree.text[..range.start].ends_with([' ', '\t', '\n']) { "" } else { " " };
        let tail = if tree.text[range.end..].starts_with('#') { " " } else { "" };
        return Ok(vec![Splice::new(range, format!("{lead}{written}{tail}"))]);
    }
    if matches!(style, Style::Literal | Style::Folded) {
        return Ok(unblock(tree.text, range, &written));
    }
    Ok(vec![Splice::new(range, written)])
}

/// Replaces a block scalar by something on its header's line, keeping the header's comment.
fn unblock(text: &str, range: Range<usize>, written: &str) -> Vec<Splice> {
    let header_end = lex::line_end(text, range.start);
    let signs = range.start + text[range.start..header_end].find([' ', '\t', '#']).unwrap_or(header_end - range.start);
    vec![Splice::new(range.start..signs, written), Splice::new(header_end..range.end.max(header_end), "")]
}

fn set_block(text: &str, range: Range<usize>, style: Style, meant: Meant<'_>) -> Vec<Splice> {
    let value = meant.text();
    let header_end = lex::line_end(text, range.start);
    let signs_end = range.start + text[range.start..header_end].find([' ', '\t', '#']).unwrap_or(header_end - range.start);
    let header = &text[range.start..signs_end];
    let body = &text[header_end..range.end.max(header_end)];
    let indent =
        body.lines().skip(1).find(|line| !line.trim().is_empty()).map(|line| line.len() - line.trim_start_matches(' ').len());
    let fixed = header.bytes().any(|b| b.is_ascii_digit());
    let (Some(indent), true, false) = (indent, scalar::literal_fits(value), fixed) else {
        return unblock(text, range, &scalar::write(meant, Style::Double, false));
    };
    let content = value.trim_end_matches('\n');
    let tail = value.len() - content.len();
    let chomp = match tail {
        0 => "-",
        1 => "",
        _ => "+",
    };
    // Folding says the same of one line; of blank lines at the end readers do not agree.
    let sign = if style == Style::Folded && !content.contains('\n') && tail < 2 { '>' } else { '|' };
    let eol = lex::line_break(text);
    let pad = " ".repeat(indent);
    let mut lines = String::new();
    for line in content.split('\n') {
        lines.push_str(eol);
        if !line.is_empty() {
            lines.push_str(&pad);
            lines.push_str(line);
        }
    }
    for _ in 1..tail {
        lines.push_str(eol);
    }
    if tail > 0 && range.end == text.len() {
        // Without it the last line would have none of its own.
        lines.push_str(eol);
    }
    let mut out = Vec::new();
    let wanted = format!("{sign}{chomp}");
    if wanted != header {
        out.push(Splice::new(range.start..signs_end, wanted));
    }
    out.push(Splice::new(header_end..range.end.max(header_end), lines));
    out
}
