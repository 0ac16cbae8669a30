//! The lines of the YAML tab: code in colours, findings, and where each document begins.

use domain::change::{Finding, Preview};
use manifest::yaml::highlight;

use crate::cx::Cx;
use crate::tabs::deploy::verdict::severity;
use crate::theme::Role;
use crate::widgets::put::{Piece, piece};
use crate::widgets::yaml::role;

/// Holds one line.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Row {
    /// Nothing.
    Blank,
    /// The name of a file.
    Title(String),
    /// A line of YAML and its number.
    Code(usize, Vec<Piece<'static>>),
    /// What a check says: glyph and sentence; within code it stands under its line.
    Finding(&'static str, Role, String, bool),
}

impl Row {
    /// Returns its text, without number and glyph.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Blank => String::new(),
            Self::Title(text) | Self::Finding(_, _, text, _) => text.clone(),
            Self::Code(_, pieces) => pieces.iter().map(|p| p.text.as_ref()).collect(),
        }
    }
}

/// Holds where a document begins and what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Document {
    pub(super) row: usize,
    pub(super) name: String,
}

/// Holds all lines.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Sheet {
    pub(super) rows: Vec<Row>,
    documents: Vec<Document>,
    /// How many digits the greatest number has.
    pub(super) digits: usize,
}

impl Sheet {
    /// Builds the lines of the rendered objects, or of the files that change.
    pub(super) fn build(cx: &Cx, preview: &Preview, files: bool) -> Self {
        let mut sheet = Self::default();
        let placed = |f: &&Finding| files && f.line.is_some() && preview.files.iter().any(|c| Some(&c.path) == f.file.as_ref());
        for finding in preview.findings.iter().filter(|f| !placed(f)) {
            sheet.finding(finding, false);
        }
        if !sheet.rows.is_empty() {
            sheet.rows.push(Row::Blank);
        }
        if files {
            for file in &preview.files {
                sheet.documents.push(Document { row: sheet.rows.len(), name: file.path.clone() });
                let title = if file.after.is_some() { file.path.clone() } else { cx.tf("yaml.deleted", &[("file", &file.path)]) };
                sheet.rows.push(Row::Title(title));
                let own = |f: &&Finding| f.file.as_ref() == Some(&file.path);
                let found: Vec<&Finding> = preview.findings.iter().filter(own).collect();
                sheet.code(file.after.as_deref().unwrap_or_default(), &found);
                sheet.rows.push(Row::Blank);
            }
        } else {
            let found: Vec<&Finding> = preview.findings.iter().filter(|f| f.file.is_none()).collect();
            let from = sheet.rows.len();
            sheet.code(&preview.yaml, &found);
            sheet.documents = documents(&preview.yaml, from);
        }
        let last = |row: &Row| if let Row::Code(number, _) = row { *number } else { 0 };
        sheet.digits = sheet.rows.iter().map(last).max().unwrap_or(0).to_string().len().max(2);
        sheet
    }

    fn code(&mut self, text: &str, findings: &[&Finding]) {
        for (at, (line, tokens)) in text.lines().zip(highlight(text)).enumerate() {
            let pieces =
                tokens.into_iter().map(|t| piece(line.get(t.range).unwrap_or_default().to_owned(), role(t.kind))).collect();
            self.rows.push(Row::Code(at + 1, pieces));
            for finding in findings.iter().filter(|f| f.line == Some(at + 1)) {
                self.finding(finding, true);
            }
        }
    }

    fn finding(&mut self, finding: &Finding, within: bool) {
        let (glyph, role) = severity(finding.severity);
        let place = match (&finding.file, finding.line) {
            _ if within => String::new(),
            (Some(file), Some(line)) => format!("{file}:{line}  "),
            (Some(file), None) => format!("{file}  "),
            _ => String::new(),
        };
        self.rows.push(Row::Finding(glyph, role, format!("{place}{}", finding.message), within));
    }

    /// Returns where the documents (or files) begin.
    pub(super) fn documents(&self) -> &[Document] {
        &self.documents
    }

    /// Returns the rows in which a lower-case text occurs.
    pub(super) fn find(&self, text: &str) -> Vec<usize> {
        self.rows.iter().enumerate().filter(|(_, row)| row.text().to_lowercase().contains(text)).map(|(at, _)| at).collect()
    }
}

/// Finds where the documents of a stream begin: kind and name as they stand at the start of its lines.
fn documents(text: &str, from: usize) -> Vec<Document> {
    let mut out: Vec<Document> = Vec::new();
    let (mut start, mut kind, mut metadata) = (true, String::new(), false);
    for (at, line) in text.lines().enumerate() {
        if line.starts_with("---") {
            start = true;
            continue;
        }
        if start && !line.trim().is_empty() {
            out.push(Document { row: from + at, name: String::new() });
            (start, kind, metadata) = (false, String::new(), false);
        }
        if let Some(value) = line.strip_prefix("kind:") {
            value.trim().clone_into(&mut kind);
        } else if !line.starts_with([' ', '#']) {
            metadata = line.starts_with("metadata:");
        } else if let Some(value) = line.strip_prefix("  name:").filter(|_| metadata)
            && let Some(last) = out.last_mut()
        {
            value.trim().clone_into(&mut last.name);
        }
        if let Some(last) = out.last_mut().filter(|d| !d.name.is_empty() && !kind.is_empty() && !d.name.contains('/')) {
            last.name = format!("{kind}/{}", last.name);
        }
    }
    out
}
