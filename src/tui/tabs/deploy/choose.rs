//! The form's dialogs: what to add, and which place an edit is meant for. One of several is chosen; Esc leaves it open.

use crossterm::event::{KeyCode, KeyEvent};
use domain::edit::{Ask, Probe};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::open::Open;
use super::slot::Kind;
use crate::command::{Command, command};
use crate::cx::Cx;
use crate::theme::Role;
use crate::widgets::dialog::{centred, frame};
use crate::widgets::put::{columns, cut_path, lay, put, put_wrapped, wrap};

const TAKE: Command = command("choose.take", &["enter"], 1);
const DOWN: Command = command("choose.down", &["down", "tab", "ctrl-n"], 2);
const UP: Command = command("choose.up", &["up", "s-tab", "ctrl-p"], 0);
const CLOSE: Command = command("choose.close", &["esc"], 3);

/// How wide a dialog is at most.
const WIDE: u16 = 84;

/// Names what can be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Addition {
    /// An entry with a name of its own.
    Entry(Kind),
    /// A variable that takes its value from a Secret or a ConfigMap.
    Reference,
    /// The parts of a probe.
    Probe(Probe),
}

/// Says what is chosen from.
#[derive(Debug, Clone, PartialEq)]
enum Matter {
    Add(Vec<Addition>),
    Ask(Ask),
}

/// Says what was chosen.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Chosen {
    /// Something to add.
    Add(Addition),
    /// The answer of this number to a question.
    Answer(Ask, usize),
}

/// Holds an open dialog.
#[derive(Debug, Clone)]
pub(super) struct Dialog {
    matter: Matter,
    at: usize,
    /// The key of what is said below the list.
    note: Option<&'static str>,
}

impl Dialog {
    /// Asks what to add to a workload.
    pub(super) fn add(open: &Open) -> Self {
        let mut all = Vec::new();
        for kind in Kind::ALL.into_iter().filter(|kind| open.takes(*kind)) {
            all.push(Addition::Entry(kind));
            if kind == Kind::Variable {
                all.push(Addition::Reference);
            }
            if kind == Kind::Port {
                all.extend(Probe::ALL.map(Addition::Probe));
            }
        }
        Self { matter: Matter::Add(all), at: 0, note: open.lacks() }
    }

    /// Asks which place is meant.
    pub(super) const fn ask(ask: Ask) -> Self {
        Self { matter: Matter::Ask(ask), at: 0, note: None }
    }

    /// Returns the question that it asks, when it asks one.
    pub(super) const fn question(&self) -> Option<&Ask> {
        if let Matter::Ask(ask) = &self.matter { Some(ask) } else { None }
    }

    const fn count(&self) -> usize {
        match &self.matter {
            Matter::Add(all) => all.len(),
            Matter::Ask(ask) => ask.offers.len(),
        }
    }

    /// Returns what is chosen now.
    pub(super) fn chosen(&self) -> Option<Chosen> {
        match &self.matter {
            Matter::Add(all) => all.get(self.at).map(|addition| Chosen::Add(*addition)),
            Matter::Ask(ask) => ask.offers.get(self.at).map(|_| Chosen::Answer(ask.clone(), self.at)),
        }
    }

    pub(super) fn commands() -> Vec<&'static Command> {
        vec![&TAKE, &DOWN, &UP, &CLOSE]
    }

    pub(super) fn command(&mut self, id: &str) {
        let count = self.count().max(1);
        match id {
            "choose.down" => self.at = (self.at + 1) % count,
            "choose.up" => self.at = (self.at + count - 1) % count,
            _ => {}
        }
    }

    /// Takes a key that is no command; tells whether something is chosen by it.
    pub(super) fn key(&mut self, key: KeyEvent) -> bool {
        match key.code {
            KeyCode::Char('j') => self.command("choose.down"),
            KeyCode::Char('k') => self.command("choose.up"),
            KeyCode::Char(digit) => {
                let wanted = digit.to_digit(10).and_then(|n| usize::try_from(n).ok()?.checked_sub(1));
                if let Some(at) = wanted.filter(|at| *at < self.count()) {
                    self.at = at;
                    return true;
                }
            }
            _ => {}
        }
        false
    }

    pub(super) fn view(&self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        match &self.matter {
            Matter::Add(all) => self.view_add(cx, area, buf, all),
            Matter::Ask(ask) => self.view_ask(cx, area, buf, ask),
        }
    }

    fn view_add(&self, cx: &Cx, area: Rect, buf: &mut Buffer, all: &[Addition]) {
        let wide = 60.min(area.width);
        let note = self.note.map(|key| wrap(cx.words.get(key), usize::from(wide.saturating_sub(6)))).unwrap_or_default();
        let foot = if note.is_empty() { 0 } else { columns(note.len()) + 1 };
        let high = columns(all.len()) + 2 + foot;
        let whole = frame(cx, centred(area, wide, high.min(area.height)), buf, cx.t("deploy.add-title"));
        let inner = Rect { height: whole.height.saturating_sub(foot), ..whole };
        for (y, line) in (inner.bottom() + 1..whole.bottom()).zip(&note) {
            put(buf, (inner.x + 1, y), inner.width.saturating_sub(1), line, cx.style(Role::Muted));
        }
        let top = (self.at + 1).saturating_sub(usize::from(inner.height));
        for (y, at) in (inner.top()..inner.bottom()).zip(top..all.len()) {
            let (name, form) = words(cx, all[at]);
            let name = put(buf, (inner.x + 1, y), inner.width.saturating_sub(1), &name, cx.style(Role::Text));
            let x = (inner.x + 26).max(inner.x + name + 3);
            put(buf, (x, y), inner.right().saturating_sub(x), &form, cx.style(Role::Muted));
            if at == self.at {
                lay(buf, Rect { y, height: 1, ..inner }, cx.style(Role::Selection));
            }
        }
    }

    fn view_ask(&self, cx: &Cx, area: Rect, buf: &mut Buffer, ask: &Ask) {
        let wide = WIDE.min(area.width.saturating_sub(2));
        let text = wide.saturating_sub(6);
        let why = wrap(&super::verdict::question(cx, ask), usize::from(text) + 2);
        let whats: Vec<Vec<String>> = ask.offers.iter().map(|offer| wrap(&cx.said(&offer.what), usize::from(text))).collect();
        let high = why.len() + 1 + whats.iter().map(|lines| lines.len() + 1).sum::<usize>() + 2;
        let title = cx.t("deploy.ask-title");
        let inner = frame(cx, centred(area, wide, columns(high).min(area.height)), buf, title);
        let took = put_wrapped(buf, inner, &why.join("\n"), cx.style(Role::Text));
        let list = Rect { y: inner.y + took + 1, height: inner.height.saturating_sub(took + 1), ..inner };
        // Where there is no room for all, the chosen one is in sight.
        let end: usize = whats.iter().take(self.at + 1).map(|lines| lines.len() + 1).sum();
        let mut skip = end.saturating_sub(usize::from(list.height));
        let mut y = list.y;
        for (at, (offer, lines)) in ask.offers.iter().zip(&whats).enumerate() {
            let chosen = at == self.at;
            let place = format!("{}:{}", offer.file, offer.line);
            let place = cut_path(&place, usize::from(text)).into_owned();
            let rows = lines.iter().map(|l| (l.as_str(), Role::Text)).chain([(place.as_str(), Role::Muted)]);
            for (nth, (line, role)) in rows.enumerate() {
                if skip > 0 {
                    skip -= 1;
                    continue;
                }
                if y >= list.bottom() {
                    return;
                }
                if nth == 0 {
                    put(buf, (list.x, y), 3, &format!("{} ", at + 1), cx.style(if chosen { Role::Accent } else { Role::Faint }));
                }
                put(buf, (list.x + 2, y), list.width.saturating_sub(2), line, cx.style(role));
                if chosen {
                    lay(buf, Rect { y, height: 1, ..list }, cx.style(Role::Selection));
                }
                y += 1;
            }
        }
    }
}

/// Returns what an addition is called and how it is written.
fn words(cx: &Cx, addition: Addition) -> (String, String) {
    let word = |key: String| cx.words.get(&key).to_owned();
    match addition {
        Addition::Entry(kind) => (word(format!("deploy.kind-one.{}", kind.word())), word(format!("deploy.new.{}", kind.word()))),
        Addition::Reference => (cx.t("deploy.kind-one.reference").to_owned(), cx.t("deploy.new.reference").to_owned()),
        Addition::Probe(probe) => {
            let probe = word(format!("deploy.probe.{}", probe.word()));
            (cx.tf("deploy.kind-one.probe", &[("probe", &probe)]), cx.t("deploy.new.probe").to_owned())
        }
    }
}
