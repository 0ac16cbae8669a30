//! What can be said of one YAML text alone: its syntax, keys that are there twice, characters that are not what they seem.

use std::collections::HashMap;

use domain::change::{Finding, Severity};

use crate::check::rules::{self, Look};
use crate::yaml::{Kind, NodeId, SyntaxFault, Tree};

/// How many findings of one rule a text yields at most.
const MOST: usize = 20;

/// Holds a text as the rules see it.
pub(crate) struct Text<'t> {
    /// The text.
    pub(crate) text: &'t str,
    /// Its nodes, or why it has none.
    pub(crate) tree: Result<&'t Tree<'t>, &'t SyntaxFault>,
}

/// Holds what a rule found in a text.
pub(crate) struct Mark {
    /// The line, from 1.
    pub(crate) line: usize,
    /// The column, from 1, in characters.
    pub(crate) column: usize,
    /// What it says.
    pub(crate) message: String,
    /// How grave it is, when that is not as grave as its rule.
    pub(crate) severity: Option<Severity>,
}

impl Mark {
    /// Says something of a place.
    pub(crate) const fn new(line: usize, column: usize, message: String) -> Self {
        Self { line, column, message, severity: None }
    }
}

/// Checks one YAML text.
pub fn check_text(file: Option<&str>, text: &str) -> Vec<Finding> {
    let tree = Tree::parse(text);
    check_parsed(file, &Text { text, tree: tree.as_ref() })
}

/// Checks one YAML text that was parsed already.
pub(crate) fn check_parsed(file: Option<&str>, text: &Text<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for rule in rules::RULES {
        let Look::Text(look) = rule.look else { continue };
        let mut marks = Vec::new();
        look(text, &mut marks);
        marks.truncate(MOST);
        findings.extend(marks.into_iter().map(|mark| {
            let message = domain::text::one_line(&mark.message);
            let finding = Finding::new(mark.severity.unwrap_or(rule.severity), rule.id, message);
            Finding { file: file.map(str::to_owned), line: Some(mark.line), column: Some(mark.column), ..finding }
        }));
    }
    findings
}

/// Says why a text is no YAML. A template is no YAML before it is filled in, and nothing can be said of it.
pub(crate) fn syntax(text: &Text<'_>, marks: &mut Vec<Mark>) {
    let Err(fault) = text.tree else { return };
    let template = ["{{", "{%", "<%", "<<["].iter().any(|mark| text.text.contains(mark));
    let message = format!("line {}, column {}: {}", fault.line, fault.column, fault.why);
    let mut mark = Mark::new(fault.line, fault.column, message);
    if template {
        let message = "this looks like a template: it is no YAML before it is filled in, and nothing of it is checked";
        message.clone_into(&mut mark.message);
        mark.severity = Some(Severity::Info);
    }
    marks.push(mark);
}

/// Says which keys of a mapping are there twice.
pub(crate) fn repeated(text: &Text<'_>, marks: &mut Vec<Mark>) {
    let Ok(tree) = text.tree else { return };
    for (_, node) in tree.nodes() {
        let Kind::Mapping { entries, .. } = &node.kind else { continue };
        let mut seen: HashMap<&str, NodeId> = HashMap::with_capacity(entries.len());
        for entry in entries {
            let Some(key) = tree.scalar(entry.key).filter(|k| *k != "<<") else { continue };
            let Some(first) = seen.insert(key, entry.key) else { continue };
            let message = format!("the key \u{201c}{key}\u{201d} is there twice, first on line {}", tree.line_of(first));
            let (line, column) = tree.place(tree.node(entry.key).span.start);
            marks.push(Mark::new(line, column, message));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_told_by_line_and_column() {
        type Row = (&'static str, &'static [(&'static str, Severity, usize, usize)]);
        let table: &[Row] = &[
            ("a: 1\n", &[]),
            ("a: [1,\nb: 2\n", &[("yaml-syntax", Severity::Error, 2, 1)]),
            ("a: {{ .Values.a }}\n{{- if x }}\nb: 1\n", &[("yaml-syntax", Severity::Info, 2, 3)]),
            ("a: 1\nb:\n  c: 1\n  c: 2\n", &[("duplicate-key", Severity::Error, 4, 3)]),
            ("<<: {a: 1}\n<<: {b: 1}\n", &[]),
            ("a: 'pay\u{202e}load'\n", &[("hidden-character", Severity::Warning, 1, 8)]),
            ("\u{feff}a: 1\n", &[]),
            ("a: 1\r\nb: 2\r\n", &[]),
            ("a: x\u{200b}y # \u{200b}\n", &[("hidden-character", Severity::Warning, 1, 5)]),
            ("# \u{1f468}\u{200d}\u{1f469} two people\na: 1\n", &[]),
            ("a: \u{e0b0}\n", &[("hidden-character", Severity::Info, 1, 4)]),
            ("a:\u{a0}1\n", &[("hidden-character", Severity::Warning, 1, 3)]),
            ("image: ghcr.io/\u{430}cme/shop:1\n", &[("mixed-script", Severity::Warning, 1, 16)]),
            ("a: \u{fd}t\u{fd} caf\u{e9}\nb: \u{4e2d}\u{6587} text\nc: \u{43f}\u{440}\u{438} x\n", &[]),
            ("host: \u{ff47}hcr.io\n", &[("mixed-script", Severity::Warning, 1, 7)]),
        ];
        for (text, expect) in table {
            let found: Vec<_> = check_text(None, text)
                .iter()
                .map(|f| (f.rule.clone(), f.severity, f.line.unwrap_or(0), f.column.unwrap_or(0)))
                .collect();
            let expect: Vec<_> = expect.iter().map(|(r, s, l, c)| ((*r).to_owned(), *s, *l, *c)).collect();
            assert_eq!(found, expect, "{text:?}");
        }
    }
}
