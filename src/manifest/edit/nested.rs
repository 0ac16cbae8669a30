//! Edits within one text of a rendering: a file, or a patch that stands inside a kustomization.

use domain::edit::Field;

use crate::edit::{Desk, refused};
use crate::error::Error;
use crate::locate::Located;
use crate::yaml::{Kind, Meant, NodeId, Place, Splice, SpliceFault, Style, Tree, set_scalar, spliced};

/// Makes splices in the text with the given number; `find` gets its tree and returns them.
pub(super) fn change(
    desk: &mut Desk,
    located: &Located,
    (number, field): (u32, &Field),
    find: impl FnOnce(&Tree<'_>) -> Result<Vec<Splice>, SpliceFault>,
) -> Result<(), Error> {
    let source = located.sources.get(number);
    let lead = located.sources.lead(source);
    let tree = parse(&source.file, &source.text)?;
    let splices = find(&tree).map_err(|fault| refused(&source.file, &tree, lead, field, fault))?;
    // A text within a text within a file: outwards, until the file itself is reached.
    let (mut inner, mut splices) = (source, splices);
    while let Some((host, node)) = inner.host {
        let outer = located.sources.get(host);
        let tree = parse(&outer.file, &outer.text)?;
        splices = lift(&tree, node, &inner.text, &splices)
            .map_err(|fault| refused(&outer.file, &tree, located.sources.lead(outer), field, fault))?;
        inner = outer;
    }
    desk.write(&inner.file, field, &splices)
}

/// Tells whether a mapping stands at a place.
pub(super) fn is_mapping(located: &Located, (number, node): Place) -> bool {
    Tree::parse(&located.sources.get(number).text).is_ok_and(|tree| tree.scalar(node).is_none())
}

/// Reads a text of a rendering.
pub(super) fn parse<'t>(file: &str, text: &'t str) -> Result<Tree<'t>, Error> {
    Tree::parse(text).map_err(|f| Error::Syntax { file: file.to_owned(), line: f.line, column: f.column, why: f.why })
}

/// Turns splices of a text that is a scalar's value into splices of the text around it.
pub(super) fn lift(tree: &Tree<'_>, node: NodeId, inner: &str, splices: &[Splice]) -> Result<Vec<Splice>, SpliceFault> {
    let place = tree.target(node);
    let span = tree.node(place).span.clone();
    let literal = matches!(tree.node(place).kind, Kind::Scalar { style: Style::Literal, .. });
    let whole = spliced(inner, splices);
    // Whether the last line has a line break is said by the block's header.
    if !literal || tree.shared(place).is_some() || whole.ends_with('\n') != inner.ends_with('\n') {
        return set_scalar(tree, node, Meant::Text(&whole));
    }
    let text = tree.text;
    let header_end = text[span.start..].find('\n').map_or(text.len(), |n| span.start + n + 1);
    let body = &text[header_end..span.end.max(header_end)];
    // A literal block's lines are the value's lines behind a fixed indentation.
    let indent = body
        .split('\n')
        .zip(inner.split('\n'))
        .find(|(_, i)| !i.is_empty())
        .map_or(0, |(o, i)| o.trim_end_matches('\r').len().saturating_sub(i.len()));
    let eol = if body.contains("\r\n") { "\r\n" } else { "\n" };
    let outer = |at: usize| -> usize {
        let line = inner[..at].matches('\n').count();
        let column = at - inner[..at].rfind('\n').map_or(0, |n| n + 1);
        let mut start = header_end;
        for _ in 0..line {
            start = text[start..].find('\n').map_or(text.len(), |n| start + n + 1);
        }
        if start > span.end {
            return span.end;
        }
        let end = text[start..].find(['\r', '\n']).map_or(text.len(), |n| start + n);
        (start + indent + column).min(end.max(start))
    };
    let pad = " ".repeat(indent);
    let mut out = Vec::new();
    for splice in splices {
        let (mut start, end) = (outer(splice.range.start), outer(splice.range.end));
        let whole_tail = splice.range.end == inner.len() && inner[..splice.range.start].ends_with('\n') && splice.with.is_empty();
        if whole_tail {
            // The last lines go with their indentation and the line break before them.
            start = text[..start].trim_end_matches([' ', '\r', '\n']).len();
        }
        let with = splice.with.replace("\r\n", "\n");
        let with = with
            .split('\n')
            .enumerate()
            .map(|(at, line)| {
                if at == 0 {
                    line.to_owned()
                } else if line.is_empty() {
                    eol.to_owned()
                } else {
                    format!("{eol}{pad}{line}")
                }
            })
            .collect::<String>();
        out.push(Splice::new(start..end.max(start), with));
    }
    Ok(out)
}
