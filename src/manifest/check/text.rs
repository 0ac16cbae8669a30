//! What can be said of one YAML text alone: its syntax, keys that are there twice, characters that nobody sees.

use domain::change::{Finding, Severity};

use crate::yaml::{Kind, NodeId, Tree, syntax};

/// How many findings of one kind a text yields at most.
const MOST: usize = 20;

/// Checks one YAML text.
pub fn check_text(file: Option<&str>, text: &str) -> Vec<Finding> {
    let mut findings = hidden(file, text);
    match Tree::parse(text) {
        Ok(tree) => findings.extend(repeated(file, &tree)),
        Err(_) => findings.extend(syntax(file, text)),
    }
    findings
}

fn repeated(file: Option<&str>, tree: &Tree<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (_, node) in tree.nodes() {
        let Kind::Mapping { entries, .. } = &node.kind else { continue };
        let mut seen: std::collections::HashMap<&str, NodeId> = std::collections::HashMap::new();
        for entry in entries {
            let Some(key) = tree.scalar(entry.key).filter(|k| *k != "<<") else { continue };
            let Some(first) = seen.insert(key, entry.key) else { continue };
            let line = tree.line_of(entry.key);
            let message = format!("the key \u{201c}{key}\u{201d} is there twice, first on line {}", tree.line_of(first));
            findings.push(Finding {
                file: file.map(str::to_owned),
                line: Some(line),
                ..Finding::new(Severity::Error, "duplicate-key", message)
            });
        }
    }
    findings.truncate(MOST);
    findings
}

fn hidden(file: Option<&str>, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (at, line) in text.trim_start_matches('\u{feff}').split('\n').enumerate() {
        let line = line.strip_suffix('\r').unwrap_or(line);
        if let Some(odd) = line.chars().find(|c| *c != '\t' && domain::text::hidden(*c)) {
            let message = format!("there is a character that nobody sees: U+{:04X}", u32::from(odd));
            findings.push(Finding {
                file: file.map(str::to_owned),
                line: Some(at + 1),
                ..Finding::new(Severity::Warning, "hidden-character", message)
            });
        }
    }
    findings.truncate(MOST);
    findings
}
