//! What is wrong with a text as YAML, with line and column.

use domain::change::{Finding, Severity};

use crate::yaml::tree::Tree;

/// Says where and why a text is no YAML that is read here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxFault {
    /// The line, counted from 1.
    pub line: usize,
    /// The column, counted from 1, in characters.
    pub column: usize,
    /// What is wrong.
    pub why: String,
}

/// Checks a text as YAML and returns a finding with line and column in its message when it is none.
pub fn syntax(file: Option<&str>, text: &str) -> Option<Finding> {
    let fault = Tree::parse(text).err()?;
    let message = format!("line {}, column {}: {}", fault.line, fault.column, fault.why);
    Some(Finding {
        file: file.map(str::to_owned),
        line: Some(fault.line),
        column: Some(fault.column),
        ..Finding::new(Severity::Error, "yaml-syntax", message)
    })
}
