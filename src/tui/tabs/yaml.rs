//! YAML: the manifests that the form yields, or the files that it changes, with findings at their lines.
//!
//! ```text
//!  RENDERED  4 objects                                     Deployment/shop-web
//!  ▾ Deployment/shop-web  k8s/base/deployment.yaml
//!   1 apiVersion: apps/v1
//!   2 kind: Deployment
//!   …
//!  ▸ Service/shop-web  k8s/base/service.yaml
//! ```
//!
//! Without a draft it shows the manifests as they are. It changes nothing.

use std::collections::BTreeSet;
use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent};
use domain::change::Preview;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::command::{Command, command};
use crate::cx::Cx;
use crate::editing::PAGER;
use crate::effects::{Effect, Effects};
use crate::place::TabId;
use crate::tab::{Tab, TabMsg};
use crate::tabs::deploy::loading::Loading;
use crate::tabs::deploy::verdict::next_of;
use crate::widgets::input::Input;
use crate::widgets::scroll::{SCROLL, Scroll};

#[cfg(test)]
mod tests;
mod text;
mod view;

const VIEW: Command = command("yaml.view", &["v"], 1);
const NEXT_DOCUMENT: Command = command("yaml.next-document", &["}"], 2);
const PREVIOUS_DOCUMENT: Command = command("yaml.previous-document", &["{"], 0);
const SEARCH: Command = command("yaml.search", &["/"], 3);
const NEXT: Command = command("yaml.next-match", &["n"], 4);
const PREVIOUS: Command = command("yaml.previous-match", &["N"], 0);
const CLEAR: Command = command("yaml.clear", &["esc"], 5);
const FOLD: Command = command("yaml.fold", &["z"], 5);
const FOLD_ALL: Command = command("yaml.fold-all", &["Z"], 0);
const NEXT_FINDING: Command = command("yaml.next-finding", &["]"], 3);
const PREVIOUS_FINDING: Command = command("yaml.previous-finding", &["["], 0);
const FORM: Command = command("yaml.form", &["e", "ctrl-y"], 8);
const DIFF: Command = command("yaml.diff", &["ctrl-d"], 9);
const CHOOSE: Command = command("yaml.choose", &["enter"], 1);

/// Holds the tab's state.
#[derive(Debug, Default)]
pub struct Yaml {
    loading: Loading,
    files: bool,
    built: Option<Arc<Preview>>,
    sheet: text::Sheet,
    /// The documents that are put away, by name.
    folded: BTreeSet<String>,
    /// The document that was gone to; else the one at the top is meant.
    document: Option<usize>,
    /// The finding that was jumped to.
    finding: Option<usize>,
    /// The width that sentences were broken for.
    wide: u16,
    scroll: Scroll,
    search: Input,
    typing: bool,
    /// The lines in which the search occurs, and which of them is meant.
    hits: Vec<usize>,
    hit: usize,
}

impl Yaml {
    /// Builds the text again when the preview or what is shown of it has changed.
    fn build(&mut self, cx: &Cx, force: bool) {
        let same = match (&self.built, &cx.desk.preview) {
            (Some(old), Some(new)) => Arc::ptr_eq(old, new),
            (None, None) => true,
            _ => false,
        };
        if same && !force && self.wide == cx.size.width {
            return;
        }
        self.wide = cx.size.width;
        let another = self.built.as_ref().map(|p| &p.environment) != cx.desk.preview.as_ref().map(|p| &p.environment);
        self.built.clone_from(&cx.desk.preview);
        self.sheet = self.built.as_ref().map(|p| text::Sheet::build(cx, p, self.files, &self.folded)).unwrap_or_default();
        if !same || force {
            self.finding = None;
        }
        if another || force {
            self.scroll.reset();
            self.document = None;
        }
        self.find();
    }

    fn find(&mut self) {
        let wanted = self.search.text().to_lowercase();
        self.hits = if wanted.is_empty() { Vec::new() } else { self.sheet.find(&wanted) };
        self.hit = self.hit.min(self.hits.len().saturating_sub(1));
    }

    /// Goes to the first hit at or below what is in sight.
    fn nearest(&mut self) {
        let top = self.sheet.line_of(self.scroll.top()).unwrap_or(0);
        self.hit = self.hits.iter().position(|line| *line >= top).unwrap_or(0);
        self.show();
    }

    fn step(&mut self, by: usize) {
        let count = self.hits.len();
        if count > 0 {
            self.hit = (self.hit + by) % count;
            self.show();
        }
    }

    fn show(&mut self) {
        if let Some(line) = self.hits.get(self.hit).copied() {
            self.show_line(line);
        }
    }

    /// Puts a line into sight; a document that holds it and is put away is opened.
    fn show_line(&mut self, line: usize) {
        if let Some(document) = self.sheet.holder(line)
            && document.folded
        {
            self.folded.remove(&document.name);
            self.sheet.fold(&self.folded);
        }
        if let Some(row) = self.sheet.row_of(line) {
            self.scroll.show(row);
        }
    }

    /// Goes to the finding after or before the one that was jumped to last, round and round.
    fn go_to_finding(&mut self, next: bool) {
        let lines = self.sheet.findings();
        let Some(at) = next_of(lines.len(), self.finding, next) else { return };
        self.finding = Some(at);
        self.show_line(lines[at]);
    }

    /// Returns the document that is meant: the one that was gone to, else the one at the top.
    fn here(&self) -> Option<usize> {
        self.document.or_else(|| self.sheet.at(self.scroll.top())).or(Some(0)).filter(|at| *at < self.sheet.documents().len())
    }

    fn go_to_document(&mut self, next: bool) {
        let Some(here) = self.here() else { return };
        let top = self.scroll.top();
        let row = |at: usize| self.sheet.documents().get(at).map(|d| d.row);
        // From within a document, back leads to its own beginning first.
        let inside = self.document.is_none() && row(here).is_some_and(|row| row < top);
        let to = match next {
            true if self.document.is_none() && row(here).is_some_and(|row| row > top) => here,
            true => here + 1,
            false if inside => here,
            false => here.saturating_sub(1),
        };
        if let Some(row) = row(to) {
            self.document = Some(to);
            self.scroll.to(row);
        }
    }

    /// Puts the document that is meant away, or shows it again; with `all`, every one.
    fn fold(&mut self, all: bool) {
        let documents = self.sheet.documents();
        let Some(here) = self.here() else { return };
        let names: Vec<String> =
            if all { documents.iter().map(|d| d.name.clone()).collect() } else { vec![documents[here].name.clone()] };
        let open = names.iter().any(|name| !self.folded.contains(name));
        for name in names {
            if open {
                self.folded.insert(name)
            } else {
                self.folded.remove(&name)
            };
        }
        self.sheet.fold(&self.folded);
        self.document = Some(here);
        if let Some(document) = self.sheet.documents().get(here) {
            self.scroll.show(document.row);
        }
    }

    fn command(&mut self, cx: &Cx, id: &str) -> Effects {
        match id {
            "yaml.view" => {
                self.files = !self.files;
                self.build(cx, true);
            }
            "yaml.next-document" => self.go_to_document(true),
            "yaml.previous-document" => self.go_to_document(false),
            "yaml.fold" => self.fold(false),
            "yaml.fold-all" => self.fold(true),
            "yaml.next-finding" => self.go_to_finding(true),
            "yaml.previous-finding" => self.go_to_finding(false),
            "yaml.search" => self.typing = true,
            "yaml.next-match" => self.step(1),
            "yaml.previous-match" => self.step(self.hits.len().saturating_sub(1)),
            "yaml.clear" => {
                self.typing = false;
                self.search.set("");
                self.find();
            }
            "text.pager" => return vec![Effect::Pager(self.sheet.whole())],
            "yaml.form" => return vec![Effect::Switch(TabId::Deploy)],
            "yaml.diff" => return vec![Effect::Switch(TabId::Diff)],
            "yaml.choose" => return vec![Effect::Switch(TabId::Environments)],
            id => {
                // Whoever scrolls on looks at something else.
                self.document = None;
                self.scroll.command(id);
            }
        }
        Effects::new()
    }

    fn key(&mut self, key: KeyEvent) {
        if key.code == KeyCode::Enter || (key.code == KeyCode::Backspace && self.search.text().is_empty()) {
            self.typing = false;
        } else if self.search.key(key) {
            self.find();
            self.nearest();
        }
    }
}

impl Tab for Yaml {
    fn commands(&self, cx: &Cx) -> Vec<&'static Command> {
        if cx.desk.environment.is_none() {
            return vec![&CHOOSE];
        }
        let mut out: Vec<&'static Command> = vec![&VIEW, &NEXT_DOCUMENT, &PREVIOUS_DOCUMENT, &FOLD, &FOLD_ALL, &SEARCH];
        if !self.sheet.findings().is_empty() {
            out.extend([&NEXT_FINDING, &PREVIOUS_FINDING]);
        }
        if !self.hits.is_empty() {
            out.extend([&NEXT, &PREVIOUS]);
        }
        if self.typing || !self.search.text().is_empty() {
            out.push(&CLEAR);
        }
        out.extend([&FORM, &DIFF, &PAGER]);
        // ^D is the way to the Diff tab here, as it is in the form.
        out.extend(SCROLL.iter().filter(|command| command.id != "scroll.half-down"));
        out
    }

    fn typing(&self, _: &Cx) -> bool {
        self.typing
    }

    fn update(&mut self, cx: &Cx, msg: TabMsg) -> Effects {
        let effects = self.loading.update(cx, &msg);
        self.build(cx, false);
        match msg {
            TabMsg::Command(id) => return self.command(cx, id),
            TabMsg::Key(key) => self.key(key),
            TabMsg::Paste(text) => {
                self.search.paste(&text);
                self.find();
                self.nearest();
            }
            _ => {}
        }
        effects
    }

    fn view(&self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        self.draw(cx, area, buf);
    }
}
