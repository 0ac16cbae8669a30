//! Splices that take an entry out of a mapping or an item out of a sequence, with its line and the comment on it.
//!
//! Comments on lines of their own stay, unless they stand within what goes. The last entry leaves `{}` or `[]` behind; who wants the key gone removes the key.

use std::ops::Range;

use crate::yaml::lex;
use crate::yaml::splice::{Splice, SpliceFault, owned};
use crate::yaml::tree::{Kind, NodeId, Tree};

/// Removes the entry with the given position from a mapping.
pub fn remove_entry(tree: &Tree<'_>, mapping: NodeId, at: usize) -> Result<Vec<Splice>, SpliceFault> {
    let place = owned(tree, mapping)?;
    let Kind::Mapping { entries, flow } = &tree.node(place).kind else {
        return Err(SpliceFault::Unfit("there is no mapping"));
    };
    let parts: Vec<Range<usize>> = entries
        .iter()
        .map(|e| {
            let key = tree.node(e.key).start;
            let start = if tree.text[..key].trim_end_matches(' ').ends_with('?') {
                tree.text[..key].trim_end_matches(' ').len() - 1
            } else {
                key
            };
            let value = tree.node(e.value);
            start..value.span.end.max(value.start).max(e.colon.map_or(0, |c| c + 1))
        })
        .collect();
    remove(tree, place, &parts, (at, *flow, "{}"))
}

/// Removes the item with the given position from a sequence.
pub fn remove_item(tree: &Tree<'_>, sequence: NodeId, at: usize) -> Result<Vec<Splice>, SpliceFault> {
    let place = owned(tree, sequence)?;
    let Kind::Sequence { items, flow } = &tree.node(place).kind else {
        return Err(SpliceFault::Unfit("there is no list"));
    };
    let parts: Vec<Range<usize>> = items
        .iter()
        .map(|(dash, item)| {
            let node = tree.node(*item);
            let start = if *flow { node.start } else { *dash };
            start..node.span.end.max(node.start).max(start + 1)
        })
        .collect();
    remove(tree, place, &parts, (at, *flow, "[]"))
}

fn remove(
    tree: &Tree<'_>,
    place: NodeId,
    parts: &[Range<usize>],
    (at, flow, empty): (usize, bool, &str),
) -> Result<Vec<Splice>, SpliceFault> {
    let Some(part) = parts.get(at) else { return Err(SpliceFault::Unfit("there is no such entry")) };
    if parts.len() == 1 {
        return Ok(emptied(tree, place, empty));
    }
    let text = tree.text;
    if flow {
        let range = match parts.get(at + 1) {
            Some(next) => part.start..next.start,
            None => parts.get(at.wrapping_sub(1)).map_or(part.start, |p| p.end)..part.end,
        };
        return Ok(vec![Splice::new(range, "")]);
    }
    let begins_line = text[lex::line_start(text, part.start)..part.start].trim().is_empty();
    if !begins_line {
        // The first entry stands on the line of a dash: the next one moves up to it.
        let next = parts.get(at + 1).map_or(part.end, |n| n.start);
        return Ok(vec![Splice::new(part.start..next, "")]);
    }
    let (start, end) = (lex::line_start(text, part.start), lex::next_line(text, part.end));
    if end == text.len() && !text.ends_with('\n') && start > 0 {
        // The text ends without a line break: the one before goes, so that it still does.
        let before = if text[..start].ends_with("\r\n") { start - 2 } else { start - 1 };
        return Ok(vec![Splice::new(before..end, "")]);
    }
    Ok(vec![Splice::new(start..end, "")])
}

fn emptied(tree: &Tree<'_>, place: NodeId, empty: &str) -> Vec<Splice> {
    let node = tree.node(place);
    let text = tree.text;
    let before = text[..node.span.start].trim_end_matches([' ', '\t', '\r', '\n']).len();
    let same_line = !text[before..node.span.start].contains('\n');
    if text[node.span.start..].starts_with(['{', '[']) || same_line {
        return vec![Splice::new(node.span.clone(), empty)];
    }
    let entry = node.parent.and_then(|p| tree.entries(p).iter().find(|e| e.value == place).copied());
    let Some(colon) = entry.and_then(|e| e.colon).filter(|_| node.anchor.is_none() && node.tag.is_none()) else {
        return vec![Splice::new(node.span.clone(), empty)];
    };
    let first_line = lex::line_end(text, colon);
    let last_line = lex::line_end(text, node.span.end);
    let from = lex::line_start(text, node.span.start);
    let cut = if text[..from].ends_with("\r\n") { from - 2 } else { from.saturating_sub(1) };
    vec![Splice::new(colon + 1..colon + 1, format!(" {empty}")), Splice::new(cut.max(first_line)..last_line, "")]
}
