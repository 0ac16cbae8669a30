//! The dialogs over the form: when they open, and what becomes of what was chosen.
//!
//! A question does not come up while its field is being typed into: it comes when the operator goes on to another field,
//! asks for it, or submits.

use super::Deploy;
use super::choose::{Addition, Chosen, Dialog};
use super::slot::Kind;
use crate::cx::Cx;
use crate::effects::Effects;

impl Deploy {
    /// Carries out a command of an open dialog; nothing when none is open.
    pub(super) fn dialog_command(&mut self, cx: &Cx, id: &str) -> Option<Effects> {
        let dialog = self.dialog.as_mut()?;
        match id {
            "choose.take" => return Some(self.take(cx)),
            "choose.close" => {
                self.put_off.extend(dialog.question().cloned());
                self.dialog = None;
            }
            id => dialog.command(id),
        }
        Some(Effects::new())
    }

    /// Opens the question that is to be answered next, also one that was put off.
    pub(super) fn ask_again(&mut self) {
        let ask = self.open.as_ref().and_then(|open| open.question(true)).cloned();
        self.dialog = ask.map(Dialog::ask);
    }

    /// Opens a question that belongs to another field than the one that is typed into, unless it was put off.
    pub(super) fn ask_elsewhere(&mut self) {
        if self.dialog.is_some() || !self.shown || !self.focused || self.covered {
            return;
        }
        let ask = self.open.as_ref().and_then(|open| open.question(false)).filter(|ask| !self.put_off.contains(ask));
        self.dialog = ask.cloned().map(Dialog::ask);
    }

    /// Does what is chosen in the dialog.
    pub(super) fn take(&mut self, cx: &Cx) -> Effects {
        let chosen = self.dialog.take().and_then(|dialog| dialog.chosen());
        let (Some(open), Some(chosen)) = (&mut self.open, chosen) else { return Effects::new() };
        match chosen {
            Chosen::Add(Addition::Entry(kind)) => {
                let mut generators: Vec<String> = open.generators().map(str::to_owned).collect();
                generators.dedup();
                let one = if generators.len() == 1 { generators.pop() } else { None };
                let text = one.filter(|_| kind == Kind::Config).map_or_else(String::new, |name| format!("{name}/"));
                open.add(cx, kind, &text);
            }
            Chosen::Add(Addition::Reference) => open.add(cx, Kind::Variable, "=secret:"),
            Chosen::Add(Addition::Probe(probe)) => open.add_probe(cx, probe),
            Chosen::Answer(ask, at) => {
                if let Some(offer) = ask.offers.get(at) {
                    open.answer(&ask, offer.choice.clone());
                    self.refused = None;
                    let mut effects = self.touched(cx);
                    effects.extend(self.preview_now(cx));
                    return effects;
                }
            }
        }
        Effects::new()
    }
}
