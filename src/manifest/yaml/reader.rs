//! From the events of the parser to nodes with exact byte spans.
//!
//! An event says what comes and roughly where; where it begins and ends is found in the text itself, since events may end
//! after trailing comments, begin at an anchor, or, for a block scalar, begin at its content.

use std::borrow::Cow;
use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, Span, StrInput, Tag};

use crate::yaml::fault::SyntaxFault;
use crate::yaml::highlight::{Token, TokenKind, highlight};
use crate::yaml::lex;
use crate::yaml::tree::{Alias, Document, Entry, Kind, Node, NodeId, Style};

/// How deep collections may nest.
const DEPTH_LIMIT: usize = 100;
/// How many lines in brackets are moved at most.
const LINE_LIMIT: usize = 5_000;
/// How many documents a file may have.
const DOCUMENT_LIMIT: usize = 1000;

/// Reads one text.
pub(super) struct Reader<'t> {
    text: &'t str,
    parser: Parser<'t, StrInput<'t>>,
    /// Byte position of each character; absent for ASCII texts, where they are the same.
    bytes: Option<Vec<usize>>,
    nodes: Vec<Node>,
    documents: Vec<Document>,
    anchors: HashMap<usize, NodeId>,
    depth: usize,
}

/// How far lines in brackets are moved: further than anything is indented.
const SHIFT: usize = 256;

/// Holds a text whose lines in brackets are moved to the right and whose tabs after colons and dashes are spaces, and where each
/// of its characters was.
pub(super) struct Shifted {
    text: String,
    bytes: Vec<usize>,
}

impl Shifted {
    /// Moves the lines in brackets of a text; nothing when it has none.
    pub(super) fn new(text: &str) -> Option<Self> {
        let (mut out, mut bytes) = (String::with_capacity(text.len()), Vec::with_capacity(text.len() + 1));
        let (mut start, mut depth, mut moved) = (0, 0_usize, 0_usize);
        for (tokens, line) in highlight(text).iter().zip(text.split_inclusive('\n')) {
            if depth > 0 && !line.trim().is_empty() && moved < LINE_LIMIT {
                out.push_str(&" ".repeat(SHIFT));
                bytes.extend(std::iter::repeat_n(start, SHIFT));
                moved += 1;
            }
            let spaced = after_colons(tokens, line);
            moved += usize::from(spaced.is_some());
            out.push_str(spaced.as_deref().unwrap_or(line));
            bytes.extend(line.char_indices().map(|(at, _)| start + at));
            start += line.len();
            for token in tokens.iter().filter(|t| t.kind == TokenKind::Punctuation) {
                match line.get(token.range.clone()) {
                    Some("[" | "{") => depth += 1,
                    Some("]" | "}") => depth = depth.saturating_sub(1),
                    _ => {}
                }
            }
        }
        bytes.push(text.len());
        (moved > 0).then_some(Self { text: out, bytes })
    }
}

/// Returns a line with a space for each tab that separates a key's colon or an item's dash from what follows; nothing when it has none.
fn after_colons(tokens: &[Token], line: &str) -> Option<String> {
    if !line.contains('\t') {
        return None;
    }
    let mut out = line.to_owned();
    for token in
        tokens.iter().filter(|t| t.kind == TokenKind::Punctuation && matches!(line.get(t.range.clone()), Some(":" | "-")))
    {
        let gap = line[token.range.end..].bytes().take_while(|b| matches!(b, b' ' | b'\t')).count();
        out.replace_range(token.range.end..token.range.end + gap, &" ".repeat(gap));
    }
    (out != line).then_some(out)
}

/// Where the anchor and tag of a node were found, and what they say.
struct Properties {
    start: usize,
    end: usize,
    anchor: Option<String>,
}

type Step<'t> = (Event<'t>, Span);

impl<'t> Reader<'t> {
    /// Builds a reader.
    pub(super) fn new(text: &'t str) -> Self {
        let bytes = (!text.is_ascii()).then(|| text.char_indices().map(|(at, _)| at).chain([text.len()]).collect());
        let parser = Parser::new_from_str(text);
        Self { text, parser, bytes, nodes: Vec::new(), documents: Vec::new(), anchors: HashMap::new(), depth: 0 }
    }

    /// Turns a marker's index, which counts characters, into bytes.
    fn byte(&self, index: usize) -> usize {
        match &self.bytes {
            Some(bytes) => bytes.get(index).copied().unwrap_or(self.text.len()),
            None => index.min(self.text.len()),
        }
    }

    fn fault(&self, at: usize, why: impl Into<String>) -> SyntaxFault {
        let at = self.text.floor_char_boundary(at);
        let line = self.text[..at].matches('\n').count() + 1;
        SyntaxFault { line, column: lex::column(self.text, at) + 1, why: why.into() }
    }

    fn next(&mut self) -> Result<Step<'t>, SyntaxFault> {
        match self.parser.next() {
            Some(Ok(step)) => Ok(step),
            Some(Err(error)) => {
                let (line, column) = (error.marker().line(), error.marker().col() + 1);
                Err(SyntaxFault { line, column, why: error.info().to_owned() })
            }
            None => Err(self.fault(self.text.len(), "the text ends too early")),
        }
    }

    /// Builds a reader whose parser gets a text with the lines in brackets moved to the right.
    pub(super) fn shifted(text: &'t str, shifted: &'t Shifted) -> Self {
        Self { parser: Parser::new_from_str(&shifted.text), bytes: Some(shifted.bytes.clone()), ..Self::new(text) }
    }

    /// Reads all documents.
    pub(super) fn stream(mut self) -> Result<(Vec<Node>, Vec<Document>), SyntaxFault> {
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamEnd => return Ok((self.nodes, self.documents)),
                Event::DocumentStart(explicit) => {
                    let start = self.byte(span.start.index());
                    if self.documents.len() >= DOCUMENT_LIMIT {
                        return Err(self.fault(start, format!("there are more than {DOCUMENT_LIMIT} documents")));
                    }
                    let at = if explicit { self.byte(span.end.index()) } else { start };
                    self.anchors.clear();
                    let step = self.next()?;
                    let root = self.node(step, at, None)?;
                    self.documents.push(Document { root, start });
                }
                _ => {}
            }
        }
    }

    fn push(&mut self, node: Node, anchor: usize) -> NodeId {
        let id = NodeId(self.nodes.len());
        self.nodes.push(node);
        if anchor > 0 {
            self.anchors.insert(anchor, id);
        }
        id
    }

    /// Finds anchor and tag from a position on, and where the value itself may start.
    fn properties(&self, from: usize, anchored: bool, tagged: bool) -> Properties {
        let start = lex::skip_trivia(self.text, from);
        if !anchored && !tagged {
            return Properties { start, end: start, anchor: None };
        }
        let (mut at, mut end, mut anchor, mut tag) = (start, start, None, false);
        loop {
            match self.text.as_bytes().get(at) {
                Some(b'&') if anchored && anchor.is_none() => {
                    end = lex::word_end(self.text, at + 1, false);
                    anchor = Some(self.text[at + 1..end].to_owned());
                }
                Some(b'!') if tagged && !tag => {
                    end = lex::word_end(self.text, at, true);
                    tag = true;
                }
                _ => return Properties { start, end, anchor },
            }
            at = lex::skip_trivia(self.text, end);
        }
    }

    /// Reads one node whose first event is given; `from` is a position before it with nothing but trivia in between.
    fn node(&mut self, step: Step<'t>, from: usize, parent: Option<NodeId>) -> Result<NodeId, SyntaxFault> {
        let (event, span) = step;
        match event {
            Event::Scalar(value, style, anchor, tag) => self.scalar((value, style, span), from, (anchor, tag), parent),
            Event::Alias(anchor) => {
                let start = lex::skip_trivia(self.text, from);
                let target = self.anchors.get(&anchor).copied();
                let (Some(target), true) = (target, self.text[start..].starts_with('*')) else {
                    return Err(self.fault(start, "the alias has no anchor before it"));
                };
                let end = lex::word_end(self.text, start + 1, false);
                let kind = Kind::Alias(Alias { target });
                Ok(self.push(Node { kind, span: start..end, start, anchor: None, tag: None, parent }, 0))
            }
            Event::MappingStart(anchor, tag) => self.collection(true, span, from, (anchor, tag), parent),
            Event::SequenceStart(anchor, tag) => self.collection(false, span, from, (anchor, tag), parent),
            _ => Err(self.fault(from, "something is missing here")),
        }
    }

    fn scalar(
        &mut self,
        (value, style, span): (Cow<'t, str>, ScalarStyle, Span),
        from: usize,
        (anchor, tag): (usize, Option<Cow<'t, Tag>>),
        parent: Option<NodeId>,
    ) -> Result<NodeId, SyntaxFault> {
        let properties = self.properties(from, anchor > 0, tag.is_some());
        let decorated = properties.end > properties.start;
        let tag = tag.map(|t| t.suffix.clone());
        let (style, range, start) = if style == ScalarStyle::Plain && value.is_empty() {
            let at = if decorated { properties.end } else { from };
            (Style::Plain, at..at, if decorated { properties.start } else { at })
        } else {
            let begin = lex::skip_trivia(self.text, properties.end);
            let (style, end) = self.scalar_end(style, begin, self.byte(span.end.index()))?;
            (style, begin..end, properties.start)
        };
        let mut value = value.into_owned();
        // The last line of a text that has no line break gives none to a block scalar, as the tools read it.
        if matches!(style, Style::Literal | Style::Folded) && !self.text[range.end..].contains('\n') && value.ends_with('\n') {
            value.pop();
        }
        let kind = Kind::Scalar { value, style };
        Ok(self.push(Node { kind, span: range, start, anchor: properties.anchor, tag, parent }, anchor))
    }

    fn scalar_end(&self, style: ScalarStyle, begin: usize, event_end: usize) -> Result<(Style, usize), SyntaxFault> {
        let lost = || self.fault(begin, "a value was not found where it should be");
        let first = self.text.as_bytes().get(begin).copied().ok_or_else(lost)?;
        match style {
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => {
                let (style, quote) =
                    if style == ScalarStyle::SingleQuoted { (Style::Single, b'\'') } else { (Style::Double, b'"') };
                let end = lex::quoted_end(self.text, begin).filter(|_| first == quote).ok_or_else(lost)?;
                Ok((style, end))
            }
            ScalarStyle::Plain => {
                let end = event_end.max(begin);
                let end = begin + self.text[begin..end].trim_end().len();
                if end == begin { Err(lost()) } else { Ok((Style::Plain, end)) }
            }
            ScalarStyle::Literal | ScalarStyle::Folded => {
                let (style, sign) = if style == ScalarStyle::Literal { (Style::Literal, b'|') } else { (Style::Folded, b'>') };
                if first != sign {
                    return Err(lost());
                }
                Ok((style, self.block_end(begin, event_end)))
            }
        }
    }

    /// Returns the end of a block scalar: the last line with content, or the last blank one when blank lines are kept.
    fn block_end(&self, begin: usize, event_end: usize) -> usize {
        let header_end = lex::line_end(self.text, begin);
        let header: &str = self.text[begin..header_end].split('#').next().unwrap_or_default();
        let end = event_end.max(header_end);
        let body = &self.text[header_end..end];
        if !header.contains('+') {
            return header_end + body.trim_end().len();
        }
        let whole = body.rfind('\n').map_or(0, |n| if body[n + 1..].trim().is_empty() { n } else { body.len() });
        let cut = body[..whole].strip_suffix('\r').map_or(whole, str::len);
        header_end + cut
    }

    fn collection(
        &mut self,
        mapping: bool,
        span: Span,
        from: usize,
        (anchor, tag): (usize, Option<Cow<'t, Tag>>),
        parent: Option<NodeId>,
    ) -> Result<NodeId, SyntaxFault> {
        if self.depth >= DEPTH_LIMIT {
            return Err(self.fault(from, format!("collections nest deeper than {DEPTH_LIMIT}")));
        }
        let properties = self.properties(from, anchor > 0, tag.is_some());
        let begin = lex::skip_trivia(self.text, properties.end);
        // A block collection may begin with a bracket too (`{a: b}: c`); then its own event ends before it.
        let bracketed =
            self.text.as_bytes().get(begin) == Some(if mapping { &b'{' } else { &b'[' }) && self.byte(span.end.index()) > begin;
        let tag = tag.map(|t| t.suffix.clone());
        let kind = Kind::Alias(Alias { target: NodeId(0) });
        let start = if properties.end > properties.start { properties.start } else { begin };
        let id = self.push(Node { kind, span: begin..begin, start, anchor: properties.anchor, tag, parent }, anchor);
        self.depth += 1;
        let (kind, end) = if mapping { self.mapping(id, begin, bracketed)? } else { self.sequence(id, begin, bracketed)? };
        self.depth -= 1;
        let end = if bracketed { self.close(end, if mapping { b'}' } else { b']' })? } else { end };
        let node = &mut self.nodes[id.0];
        node.kind = kind;
        node.span.end = end;
        Ok(id)
    }

    fn close(&self, from: usize, bracket: u8) -> Result<usize, SyntaxFault> {
        let at = self.after_comma(from);
        match self.text.as_bytes().get(at) {
            Some(&b) if b == bracket => Ok(at + 1),
            _ => Err(self.fault(at, "a bracket is not closed where it should be")),
        }
    }

    fn after_comma(&self, from: usize) -> usize {
        let at = lex::skip_trivia(self.text, from);
        if self.text.as_bytes().get(at) == Some(&b',') { lex::skip_trivia(self.text, at + 1) } else { at }
    }

    fn mapping(&mut self, id: NodeId, begin: usize, bracketed: bool) -> Result<(Kind, usize), SyntaxFault> {
        let mut entries = Vec::new();
        let mut end = if bracketed { begin + 1 } else { begin };
        let mut flow = bracketed;
        loop {
            let step = self.next()?;
            if step.0 == Event::MappingEnd {
                return Ok((Kind::Mapping { entries, flow }, end));
            }
            let mut at = if bracketed { self.after_comma(end) } else { lex::skip_trivia(self.text, end) };
            if self.text[at..].starts_with('?') && self.text[at + 1..].chars().next().is_none_or(char::is_whitespace) {
                at += 1;
            }
            let key = self.node(step, at, Some(id))?;
            let key_end = self.nodes[key.0].span.end;
            let colon = Some(lex::skip_trivia(self.text, key_end)).filter(|&p| self.text.as_bytes().get(p) == Some(&b':'));
            let step = self.next()?;
            let value = self.node(step, colon.map_or(key_end, |c| c + 1), Some(id))?;
            end = self.nodes[value.0].span.end;
            entries.push(Entry { key, value, colon });
            flow = bracketed || self.in_brackets(id);
        }
    }

    fn in_brackets(&self, id: NodeId) -> bool {
        // A pair within brackets (`[a: b]`) has no braces; its sequence's kind is not known yet, so its first byte decides.
        self.nodes[id.0].parent.is_some_and(|p| {
            let node = &self.nodes[p.0];
            self.text.as_bytes().get(node.span.start) == Some(&b'[')
        })
    }

    fn sequence(&mut self, id: NodeId, begin: usize, bracketed: bool) -> Result<(Kind, usize), SyntaxFault> {
        let mut items = Vec::new();
        let mut end = if bracketed { begin + 1 } else { begin };
        loop {
            let step = self.next()?;
            if step.0 == Event::SequenceEnd {
                return Ok((Kind::Sequence { items, flow: bracketed }, end));
            }
            let dash = if bracketed { self.after_comma(end) } else { lex::skip_trivia(self.text, end) };
            if !bracketed && self.text.as_bytes().get(dash) != Some(&b'-') {
                return Err(self.fault(dash, "an item without its dash"));
            }
            let item = self.node(step, if bracketed { dash } else { dash + 1 }, Some(id))?;
            end = self.nodes[item.0].span.end;
            items.push((dash, item));
        }
    }
}
