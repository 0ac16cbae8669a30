//! YAML: the manifests that the form yields, or the files that it changes, with findings at their lines.
//!
//! ```text
//!  RENDERED  4 objects                                     Deployment/shop-web
//!  ▲ no-limits  k8s/base/deployment.yaml:12  the container has no memory limit
//!
//!   1 apiVersion: apps/v1
//!   2 kind: Deployment
//! ```
//!
//! Without a draft it shows the manifests as they are. It changes nothing.

use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent};
use domain::change::Preview;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::command::{Command, command};
use crate::cx::Cx;
use crate::effects::{Effect, Effects};
use crate::place::TabId;
use crate::tab::{Tab, TabMsg};
use crate::tabs::deploy::loading::Loading;
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
    scroll: Scroll,
    search: Input,
    typing: bool,
    /// The rows in which the search occurs, and which of them is meant.
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
        if same && !force {
            return;
        }
        let another = self.built.as_ref().map(|p| &p.environment) != cx.desk.preview.as_ref().map(|p| &p.environment);
        self.built.clone_from(&cx.desk.preview);
        self.sheet = self.built.as_ref().map(|p| text::Sheet::build(cx, p, self.files)).unwrap_or_default();
        if another || force {
            self.scroll.reset();
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
        let top = self.scroll.top();
        self.hit = self.hits.iter().position(|row| *row >= top).unwrap_or(0);
        self.show();
    }

    fn step(&mut self, by: usize) {
        let count = self.hits.len();
        if count > 0 {
            self.hit = (self.hit + by) % count;
            self.show();
        }
    }

    fn show(&self) {
        if let Some(row) = self.hits.get(self.hit) {
            self.scroll.show(*row);
        }
    }

    fn document(&self, next: bool) {
        let top = self.scroll.top();
        let starts = || self.sheet.documents().iter().map(|d| d.row);
        let to = if next { starts().find(|row| *row > top) } else { starts().rfind(|row| *row < top) };
        if let Some(row) = to {
            self.scroll.to(row);
        }
    }

    fn command(&mut self, cx: &Cx, id: &str) -> Effects {
        match id {
            "yaml.view" => {
                self.files = !self.files;
                self.build(cx, true);
            }
            "yaml.next-document" => self.document(true),
            "yaml.previous-document" => self.document(false),
            "yaml.search" => self.typing = true,
            "yaml.next-match" => self.step(1),
            "yaml.previous-match" => self.step(self.hits.len().saturating_sub(1)),
            "yaml.clear" => {
                self.typing = false;
                self.search.set("");
                self.find();
            }
            "yaml.form" => return vec![Effect::Switch(TabId::Deploy)],
            "yaml.diff" => return vec![Effect::Switch(TabId::Diff)],
            "yaml.choose" => return vec![Effect::Switch(TabId::Environments)],
            id => {
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
        let mut out: Vec<&'static Command> = vec![&VIEW, &NEXT_DOCUMENT, &PREVIOUS_DOCUMENT, &SEARCH];
        if !self.hits.is_empty() {
            out.extend([&NEXT, &PREVIOUS]);
        }
        if self.typing || !self.search.text().is_empty() {
            out.push(&CLEAR);
        }
        out.extend([&FORM, &DIFF]);
        // ^D is the way to the Diff tab here, as it is in the form.
        out.extend(SCROLL);
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
