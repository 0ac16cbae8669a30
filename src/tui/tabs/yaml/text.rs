//! The lines of the YAML tab: documents under their names, code in colours, findings, and which of it is put away.

use std::collections::BTreeSet;

use domain::change::{Finding, Preview};
use manifest::yaml::highlight;

use crate::cx::Cx;
use crate::tabs::deploy::verdict::{self, severity};
use crate::theme::Role;
use crate::widgets::put::{Piece, marked, piece, wrap};
use crate::widgets::yaml::role;

/// How much of the width numbers, glyphs and the edge take.
const MARGIN: usize = 14;

/// Holds one line.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Row {
    /// Nothing.
    Blank,
    /// The line over a document, by its place among them.
    Head(usize),
    /// A line of YAML, its number, and the glyph of the gravest finding about it.
    Code(usize, Vec<Piece<'static>>, Option<(&'static str, Role)>),
    /// What a check says: glyph and sentence, or a further line of it without the glyph; within a document it stands under its
    /// line.
    Finding(&'static str, Role, String, bool),
}

/// Holds a document: a rendered object, or a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Document {
    /// The row of its head among the rows that are shown.
    pub(super) row: usize,
    /// What it is called: kind and name, or the path.
    pub(super) name: String,
    /// The file that it comes from; empty for a file itself.
    pub(super) origin: String,
    /// How many findings speak of it.
    pub(super) findings: usize,
    /// Whether it is put away.
    pub(super) folded: bool,
    /// Its lines: that of its head, and the one after its last.
    lines: (usize, usize),
}

/// Holds all lines, and which of them are shown.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Sheet {
    lines: Vec<Row>,
    documents: Vec<Document>,
    shown: Vec<usize>,
    /// How many digits the greatest number has.
    pub(super) digits: usize,
}

impl Sheet {
    /// Builds the lines of the rendered objects, or of the files that change; documents of these names are put away.
    pub(super) fn build(cx: &Cx, preview: &Preview, files: bool, folded: &BTreeSet<String>) -> Self {
        let mut sheet = Self::default();
        let texts = if files { changed(cx, preview) } else { objects(preview) };
        let placed = |f: &&&Finding| texts.iter().any(|text| text.about(f, files));
        let all = verdict::sorted(&preview.findings);
        for finding in all.iter().filter(|f| !placed(f)) {
            sheet.finding(cx, finding, false, false);
        }
        if !sheet.lines.is_empty() {
            sheet.lines.push(Row::Blank);
        }
        for text in &texts {
            let findings: Vec<&Finding> = all.iter().filter(|f| text.about(f, files)).copied().collect();
            let from = sheet.lines.len();
            sheet.lines.push(Row::Head(sheet.documents.len()));
            let at_line = |f: &&&Finding| files && f.line.is_some();
            for finding in findings.iter().filter(|f| !at_line(f)) {
                sheet.finding(cx, finding, true, false);
            }
            let lines: Vec<&Finding> = findings.iter().filter(at_line).copied().collect();
            sheet.code(cx, text, &lines);
            sheet.documents.push(Document {
                row: 0,
                name: text.name.clone(),
                origin: text.origin.clone(),
                findings: findings.len(),
                folded: false,
                lines: (from, sheet.lines.len()),
            });
            sheet.lines.push(Row::Blank);
        }
        let last = |row: &Row| if let Row::Code(number, ..) = row { *number } else { 0 };
        sheet.digits = sheet.lines.iter().map(last).max().unwrap_or(0).to_string().len().max(2);
        sheet.fold(folded);
        sheet
    }

    /// Puts the documents of these names away and shows the others.
    pub(super) fn fold(&mut self, folded: &BTreeSet<String>) {
        self.shown.clear();
        let mut documents = self.documents.iter_mut().peekable();
        let mut line = 0;
        while line < self.lines.len() {
            if let Some(document) = documents.next_if(|d| d.lines.0 == line) {
                document.row = self.shown.len();
                document.folded = folded.contains(&document.name);
                if document.folded {
                    self.shown.push(line);
                    // The blank line behind it goes with it.
                    line = document.lines.1 + 1;
                    continue;
                }
            }
            self.shown.push(line);
            line += 1;
        }
    }

    fn code(&mut self, cx: &Cx, text: &Text, findings: &[&Finding]) {
        for (at, (line, tokens)) in text.body.lines().zip(highlight(&text.body)).enumerate() {
            let pieces =
                tokens.into_iter().map(|t| piece(line.get(t.range).unwrap_or_default().to_owned(), role(t.kind))).collect();
            let here = || findings.iter().filter(|f| f.line == Some(at + 1));
            let mark = here().next().map(|f| severity(f.severity));
            self.lines.push(Row::Code(text.first + at, marked(pieces), mark));
            for finding in here() {
                self.finding(cx, finding, true, true);
            }
        }
    }

    fn finding(&mut self, cx: &Cx, finding: &Finding, within: bool, placed: bool) {
        let (glyph, role) = severity(finding.severity);
        let place = if placed { String::new() } else { verdict::place(finding) };
        let gap = if place.is_empty() { "" } else { "  " };
        let text = format!("{}{gap}{place}", verdict::sentence(cx, finding));
        let wide = usize::from(cx.size.width).saturating_sub(MARGIN).max(20);
        for (at, line) in wrap(&text, wide).into_iter().enumerate() {
            self.lines.push(Row::Finding(if at == 0 { glyph } else { " " }, role, line, within));
        }
    }

    /// Returns the rows that are shown.
    pub(super) fn row(&self, at: usize) -> Option<&Row> {
        self.shown.get(at).and_then(|line| self.lines.get(*line))
    }

    /// Returns how many rows are shown.
    pub(super) const fn len(&self) -> usize {
        self.shown.len()
    }

    /// Returns where the documents (or files) begin.
    pub(super) fn documents(&self) -> &[Document] {
        &self.documents
    }

    /// Returns the document that a row belongs to.
    pub(super) fn at(&self, row: usize) -> Option<usize> {
        self.documents.iter().rposition(|d| d.row <= row)
    }

    /// Returns the document that holds a line, whether it is shown or not.
    pub(super) fn holder(&self, line: usize) -> Option<&Document> {
        self.documents.iter().find(|d| (d.lines.0..d.lines.1).contains(&line))
    }

    /// Returns the row that shows a line.
    pub(super) fn row_of(&self, line: usize) -> Option<usize> {
        self.shown.binary_search(&line).ok()
    }

    /// Returns the line that a row shows.
    pub(super) fn line_of(&self, row: usize) -> Option<usize> {
        self.shown.get(row).copied()
    }

    /// Returns a line's text, without number and glyph.
    pub(super) fn text(&self, line: usize) -> String {
        match self.lines.get(line) {
            None | Some(Row::Blank) => String::new(),
            Some(Row::Head(at)) => self.documents.get(*at).map(|d| d.name.clone()).unwrap_or_default(),
            Some(Row::Finding(_, _, text, _)) => text.clone(),
            Some(Row::Code(_, pieces, _)) => pieces.iter().map(|p| p.text.as_ref()).collect(),
        }
    }

    /// Returns all lines, whether they are shown or not.
    pub(super) fn whole(&self) -> String {
        (0..self.lines.len()).map(|line| self.text(line) + "\n").collect()
    }

    /// Returns the lines in which a lower-case text occurs.
    pub(super) fn find(&self, text: &str) -> Vec<usize> {
        (0..self.lines.len()).filter(|line| self.text(*line).to_lowercase().contains(text)).collect()
    }

    /// Returns the lines that are findings.
    pub(super) fn findings(&self) -> Vec<usize> {
        let found = |(_, row): &(usize, &Row)| matches!(row, Row::Finding(glyph, ..) if *glyph != " ");
        self.lines.iter().enumerate().filter(found).map(|(at, _)| at).collect()
    }
}

/// Holds the text of a document, and the number of its first line.
struct Text {
    name: String,
    origin: String,
    body: String,
    first: usize,
}

impl Text {
    /// Tells whether a finding speaks of this document.
    fn about(&self, finding: &Finding, files: bool) -> bool {
        if files {
            return finding.file.as_deref() == Some(self.name.as_str());
        }
        finding.object.as_ref().is_some_and(|object| *object == self.name)
    }
}

fn changed(cx: &Cx, preview: &Preview) -> Vec<Text> {
    let text = |file: &domain::change::FileChange| Text {
        name: file.path.clone(),
        origin: if file.after.is_some() { String::new() } else { cx.t("yaml.deleted").to_owned() },
        body: file.after.clone().unwrap_or_default(),
        first: 1,
    };
    preview.files.iter().map(text).collect()
}

/// Splits the rendered stream into its objects: kind and name as they stand at the start of its lines.
fn objects(preview: &Preview) -> Vec<Text> {
    let mut out: Vec<Text> = Vec::new();
    let mut start = true;
    for (at, line) in preview.yaml.lines().enumerate() {
        if line.starts_with("---") {
            start = true;
            continue;
        }
        if start && !line.trim().is_empty() {
            let origin = preview.origins.get(out.len()).map(|(_, file)| file.clone()).unwrap_or_default();
            out.push(Text { name: String::new(), origin, body: String::new(), first: at + 1 });
            start = false;
        }
        if let Some(last) = out.last_mut().filter(|_| !start) {
            last.body.push_str(line);
            last.body.push('\n');
        }
    }
    for object in &mut out {
        object.name = name(&object.body);
    }
    out
}

fn name(text: &str) -> String {
    let (mut kind, mut name, mut metadata) = ("", "", false);
    for line in text.lines() {
        if let Some(value) = line.strip_prefix("kind:") {
            kind = value.trim();
        } else if !line.starts_with([' ', '#']) {
            metadata = line.starts_with("metadata:");
        } else if let Some(value) = line.strip_prefix("  name:").filter(|_| metadata) {
            name = value.trim();
        }
    }
    format!("{kind}/{name}")
}
