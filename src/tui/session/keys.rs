//! From a key to a command: the front pane's own first, then those of the shell; text where text is typed.

use crossterm::event::{Event, KeyEvent, KeyEventKind};
use ratatui::layout::Size;

use super::{Act, Place, Session};
use crate::command::Command;
use crate::everywhere;
use crate::keys::{Chord, Meaning, label};
use crate::tab::TabMsg;

impl Session {
    pub(super) fn input(&mut self, event: Event, acts: &mut Vec<Act>) {
        match event {
            Event::Key(key) if key.kind != KeyEventKind::Release => self.key(key, acts),
            Event::Paste(text) => {
                let front = self.front();
                if self.pane(front).is_some_and(|p| p.typing(&self.base.cx())) {
                    let text = text.replace("\r\n", "\n").replace('\r', "\n");
                    self.tell(front, TabMsg::Paste(text), acts);
                }
            }
            Event::Resize(wide, high) => self.base.size = Size::new(wide, high),
            _ => {}
        }
    }

    fn key(&mut self, key: KeyEvent, acts: &mut Vec<Act>) {
        let chord = Chord::of(key);
        let front = self.front();
        let typing = self.pane(front).is_some_and(|p| p.typing(&self.base.cx()));
        if typing && (chord.is_text() || chord.edits()) {
            self.pending.clear();
            return self.tell(front, TabMsg::Key(key), acts);
        }
        self.pending.push(chord);
        let commands = self.possible();
        match self.base.keymap.meaning(&self.pending, &commands) {
            Meaning::Command(command) => {
                self.pending.clear();
                self.run(command, acts);
            }
            Meaning::Prefix if !typing => {}
            _ => {
                let alone = self.pending.len() == 1;
                self.pending.clear();
                if typing && alone {
                    self.tell(front, TabMsg::Key(key), acts);
                }
            }
        }
    }

    /// Returns the commands that are possible now: the front pane's own, then the shell's.
    pub(crate) fn possible(&self) -> Vec<&'static Command> {
        let cx = self.base.cx();
        let mut commands = self.pane(self.front()).map(|p| p.commands(&cx)).unwrap_or_default();
        let asks = self.layers.last().is_some_and(|l| l.pane.asks());
        let by = self.layers.last().map_or("", |l| l.by);
        commands.extend(
            everywhere::commands(asks, !self.layers.is_empty(), !self.back.is_empty()).into_iter().filter(|c| c.id != by),
        );
        commands
    }

    /// Returns the key of a command that really reaches it now: while text is typed, plain characters do not.
    pub(crate) fn reachable_label(&self, command: &Command) -> String {
        let typing = self.pane(self.front()).is_some_and(|p| p.typing(&self.base.cx()));
        let keys = self.base.keymap.keys(command);
        let reaches = |chords: &[Chord]| !typing || chords.first().is_some_and(|c| !c.is_text() && !c.edits());
        keys.iter().find(|c| reaches(c)).map_or_else(String::new, |c| label(c))
    }

    pub(super) fn run(&mut self, command: &'static Command, acts: &mut Vec<Act>) {
        if everywhere::owns(command) {
            self.shell(command, acts);
        } else {
            self.tell(self.front(), TabMsg::Command(command.id), acts);
        }
    }

    /// Runs a command by id if it is possible now.
    pub(super) fn run_by_id(&mut self, id: &str, acts: &mut Vec<Act>) {
        if let Some(command) = self.possible().into_iter().find(|c| c.id == id) {
            self.run(command, acts);
        }
    }

    pub(super) fn leave_layer(&mut self, place: Place, acts: &mut Vec<Act>) {
        let Place::Layer(id) = place else { return };
        self.layers.retain(|l| l.id != id);
        self.forget(place, acts);
    }
}
