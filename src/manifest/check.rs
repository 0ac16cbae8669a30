//! What is worth saying about manifests and changes: texts that are no YAML, objects that will not run well, names that lead
//! nowhere, secrets in the clear, changes that stop something; and how risky a change is.
//!
//! A finding is no error: it is shown, and policy may act on it. Each rule is one file below `check/rules` and one line in
//! [`RULES`]. The file, line and column of a finding are those of the value that it speaks of, wherever in bases and patches
//! that was written. What a value says is never repeated where it may be a secret.

mod change;
mod hidden;
mod hits;
mod lint;
mod place;
mod references;
mod risk;
mod rules;
mod secrets;
mod subject;
mod text;
mod verdict;
mod version;

use domain::change::{Finding, Severity};

use crate::build::source::Sources;
use crate::error::Error;
use crate::files::{self, Files};
use crate::yaml::{Kind, Tree};

use hits::Hits;
use rules::Look;
use subject::{Known, Scene};

pub use change::Context;
pub use lint::lint;
pub use risk::risk;
pub use rules::{RULES, Rule};
pub use text::check_text;
pub use verdict::{Verdict, verdict};

/// Reads every YAML text below a folder: which were read, and what was found.
fn texts(files: &Files, path: &str) -> (Vec<String>, Vec<Finding>) {
    let folder = files::join("", path, path).unwrap_or_default();
    let (mut seen, mut findings) = (Vec::new(), Vec::new());
    for file in files.below(&folder).filter(|f| files::is_yaml(f)) {
        read(files, file, &mut seen, &mut findings);
    }
    (seen, findings)
}

/// Reads the texts that a rendering came of and that were not read yet.
fn read_all(files: &Files, sources: &Sources, (seen, findings): &mut (Vec<String>, Vec<Finding>)) {
    for (_, source) in sources.all().filter(|(_, s)| s.host.is_none()) {
        read(files, &source.file, seen, findings);
    }
}

/// Says why a folder cannot be rendered; what is no YAML was said by its own finding already.
fn unrendered(files: &Files, error: &Error, findings: &mut Vec<Finding>) {
    if !matches!(error, Error::Syntax { .. }) || !findings.iter().any(|f| f.severity == Severity::Error) {
        findings.push(broken(files, error));
    }
}

fn read(files: &Files, file: &str, seen: &mut Vec<String>, findings: &mut Vec<Finding>) {
    if seen.iter().any(|s| s == file) {
        return;
    }
    seen.push(file.to_owned());
    match files.text(file, None) {
        Ok(text) => findings.extend(check_text(Some(file), text)),
        Err(error) => findings.push(broken(files, &error)),
    }
}

/// Lets all rules for objects look at a rendering; `known` are names of objects that are there beyond it.
fn look(scene: &Scene, known: &Known) -> Vec<Finding> {
    let mut findings = Vec::new();
    for rule in RULES {
        let mut hits = Hits::default();
        match rule.look {
            Look::Object(look) => scene.subjects.iter().for_each(|subject| look(subject, &mut hits)),
            Look::Rendering(look) => look(scene, known, &mut hits),
            _ => continue,
        }
        findings.extend(hits.findings(rule, scene));
    }
    findings
}

/// Puts the gravest first, then by file and place; what is said twice is said once.
fn ordered(findings: &mut Vec<Finding>) {
    let place = |f: &Finding| (f.file.clone(), f.line, f.column, f.rule.clone(), f.message.clone());
    findings.sort_by(|a, b| b.severity.cmp(&a.severity).then_with(|| place(a).cmp(&place(b))));
    findings.dedup();
}

/// Says why a folder cannot be rendered.
fn broken(files: &Files, error: &Error) -> Finding {
    let (severity, rule, file, line) = match error {
        Error::Syntax { file, line, .. } => (Severity::Error, "yaml-syntax", Some(file), Some(*line)),
        Error::Meaning { file, line, .. } | Error::UnknownField { file, line, .. } => {
            (Severity::Error, "build", Some(file), Some(*line))
        }
        // kustomize itself may well do these.
        Error::Unsupported { file, line, .. } | Error::Remote { file, line, .. } => {
            (Severity::Info, "not-rendered", Some(file), Some(*line))
        }
        Error::NotText { file } => (Severity::Error, "unreadable", Some(file), None),
        Error::Limit { file, .. } => (Severity::Warning, "unreadable", Some(file), None),
        Error::Missing { by, .. } | Error::Outside { by, .. } => (Severity::Error, "build", by.as_ref(), None),
        _ => (Severity::Error, "build", None, None),
    };
    let told = error.to_string();
    // The place stands beside the message.
    let place = file.zip(line).map(|(file, line)| format!("{file}:{line}: ")).unwrap_or_default();
    let finding = Finding::new(severity, rule, told.strip_prefix(place.as_str()).unwrap_or(&told));
    let named = match error {
        Error::Missing { path, by: Some(by) } | Error::Outside { path, by: Some(by) } => written(files, by, path),
        _ => None,
    };
    match named {
        Some((line, column)) => Finding { file: file.cloned(), line: Some(line), column: Some(column), ..finding },
        None => Finding { file: file.cloned(), line: line.or_else(|| file.map(|_| 1)), ..finding },
    }
}

/// Returns line and column of the text in a file that names a path.
fn written(files: &Files, file: &str, path: &str) -> Option<(usize, usize)> {
    let text = files.text(file, None).ok()?;
    let tree = Tree::parse(text).ok()?;
    let means = |written: &str| {
        let written = written.split_once('=').map_or(written, |(_, path)| path);
        let joined = files::join(files::parent(file), written, file).ok();
        written == path || joined.is_some_and(|joined| files::within(path, &joined) && !joined.is_empty())
    };
    let found =
        tree.nodes().find(|(_, node)| matches!(&node.kind, Kind::Scalar { value, .. } if !value.is_empty() && means(value)))?;
    Some(tree.place(found.1.span.start))
}

#[cfg(test)]
#[path = "check/tests.rs"]
mod tests;
