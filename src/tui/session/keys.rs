//! From a key to a command: the front pane's own first, then those of the shell; text where text is typed.

use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind};
use domain::flux::Health;
use ratatui::layout::Size;

use super::{Act, Place, Session};
use crate::command::Command;
use crate::effects::{Dress, Toast};
use crate::everywhere;
use crate::keys::{Chord, Conflict, Meaning, label};
use crate::place::TabId;
use crate::tab::TabMsg;

/// The highest count.
const MOST: usize = 9999;

/// Returns the digit that a key is.
fn digit(chord: Chord) -> Option<usize> {
    let KeyCode::Char(c) = chord.code else { return None };
    c.to_digit(10).filter(|_| !chord.ctrl && !chord.alt).and_then(|d| usize::try_from(d).ok())
}

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
            Event::Mouse(event) => self.mouse(event, acts),
            Event::Resize(wide, high) => self.base.size = Size::new(wide, high),
            _ => {}
        }
    }

    fn key(&mut self, key: KeyEvent, acts: &mut Vec<Act>) {
        let chord = Chord::of(key);
        let front = self.front();
        let typing = self.pane(front).is_some_and(|p| p.typing(&self.base.cx()));
        if self.count.is_some() && self.counting(chord) {
            return;
        }
        if typing && (chord.is_text() || chord.edits()) {
            self.pending.clear();
            return self.tell(front, TabMsg::Key(key), acts);
        }
        self.pending.push(chord);
        let commands = self.possible();
        match self.base.preferences.keymap.meaning(&self.pending, &commands) {
            Meaning::Command(command) => {
                self.pending.clear();
                match self.count.take() {
                    Some(count) => self.run_counted(command, count, acts),
                    None => self.run(command, acts),
                }
            }
            Meaning::Prefix if !typing => {}
            _ => {
                let alone = self.pending.len() == 1;
                let pressed = std::mem::take(&mut self.pending);
                // Digits that mean nothing here are a count.
                self.count = digit(chord).filter(|_| !typing && alone && self.count.is_none());
                if typing && alone {
                    self.tell(front, TabMsg::Key(key), acts);
                } else if !typing && self.count.is_none() {
                    self.idle(&pressed);
                }
            }
        }
    }

    /// Takes a key while a count is typed; tells whether it belonged to it.
    fn counting(&mut self, chord: Chord) -> bool {
        if let Some(digit) = digit(chord).filter(|_| self.pending.is_empty()) {
            self.count = self.count.map(|count| (count * 10 + digit).min(MOST));
            return true;
        }
        let over = matches!(chord.code, KeyCode::Esc | KeyCode::Backspace) && !chord.ctrl && !chord.alt;
        if over {
            self.count = None;
            self.pending.clear();
        }
        over
    }

    /// Runs a command so many times when it moves; the last line with a number is the line of that number. What does more than
    /// move is done once.
    fn run_counted(&mut self, command: &'static Command, count: usize, acts: &mut Vec<Act>) {
        let (kind, motion) = command.id.split_once('.').unwrap_or_default();
        let moves = ["list", "scroll", "form", "palette"].contains(&kind);
        let (down, times) = match motion {
            "first" | "last" if moves && count > 0 => {
                let (first, down) = if kind == "scroll" { ("scroll.first", "scroll.down") } else { ("list.first", "list.down") };
                self.tell(self.front(), TabMsg::Command(first), acts);
                (down, count - 1)
            }
            "down" | "up" | "half-down" | "half-up" | "page-down" | "page-up" | "left" | "right" | "next" | "previous"
            | "next-fault"
                if moves =>
            {
                (command.id, count.max(1))
            }
            _ => return self.run(command, acts),
        };
        for _ in 0..times {
            self.tell(self.front(), TabMsg::Command(down), acts);
        }
    }

    /// Returns the commands that are possible now: the front pane's own, then the shell's.
    pub fn possible(&self) -> Vec<&'static Command> {
        let cx = self.base.cx();
        let mut commands = self.pane(self.front()).map(|p| p.commands(&cx)).unwrap_or_default();
        let asks = self.layers.last().is_some_and(|l| l.pane.asks());
        let by = self.layers.last().map_or("", |l| l.by);
        let standing = everywhere::Standing {
            asks,
            layered: !self.layers.is_empty(),
            back: !self.back.is_empty(),
            earlier: self.base.trail.leads(false),
            later: self.base.trail.leads(true),
            tour: self.tour.is_some(),
            news: self.news,
            waiting: self.is_waiting(),
        };
        commands.extend(everywhere::commands(standing).into_iter().filter(|c| c.id != by));
        commands
    }

    /// Returns the key of a command that really reaches it now: while text is typed, plain characters do not.
    pub(crate) fn reachable_label(&self, command: &Command) -> String {
        let typing = self.pane(self.front()).is_some_and(|p| p.typing(&self.base.cx()));
        let keys = self.base.preferences.keymap.keys(command);
        let reaches = |chords: &[Chord]| !typing || chords.first().is_some_and(|c| !c.is_text() && !c.edits());
        keys.iter().find(|c| reaches(c)).map_or_else(String::new, |c| label(c))
    }

    /// Says once where keys of the operator's have a second meaning: in any tab, and in what lies on top.
    pub(super) fn check_keys(&mut self) {
        if self.base.preferences.keymap.is_empty() {
            return;
        }
        let cx = self.base.cx();
        let shell = everywhere::commands(everywhere::Standing::ANYWHERE);
        let mut places: Vec<Vec<&'static Command>> =
            self.tabs.iter().map(|tab| tab.commands(&cx).into_iter().chain(shell.iter().copied()).collect()).collect();
        places.push(self.possible());
        let found: Vec<Conflict> = places.iter().flat_map(|commands| cx.keymap.conflicts(commands)).collect();
        for conflict in found {
            if self.conflicts.insert(conflict.clone()) {
                self.trouble(conflict.into());
            }
        }
    }

    pub(super) fn run(&mut self, command: &'static Command, acts: &mut Vec<Act>) {
        const MOVES: [&str; 8] = ["down", "up", "half-down", "half-up", "page-down", "page-up", "first", "last"];
        let motion = command.id.strip_prefix("list.").or_else(|| command.id.strip_prefix("palette."));
        self.moving = motion.is_some_and(|motion| MOVES.contains(&motion));
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

    /// Goes to the tab of a command and says its key there, or that it does not suit what is selected.
    pub(super) fn point(&mut self, tab: TabId, id: &str, acts: &mut Vec<Act>) {
        if tab != self.active {
            self.layers_away(acts);
            self.switch(tab, true, acts);
        }
        let found = self.possible().into_iter().find(|command| command.id == id);
        let cx = self.base.cx();
        let key = format!("command.{id}");
        let text = cx.words.get(&key);
        let (title, said) = text.split_once(" | ").unwrap_or((text, ""));
        let toast = match found.map(|command| cx.key(command)).filter(|key| !key.is_empty()) {
            Some(key) => Toast { health: Health::Ok, text: cx.tf("palette.pointed", &[("key", &key), ("said", said)]) },
            None => Toast { health: Health::Unknown, text: cx.tf("palette.not-now", &[("command", title)]) },
        };
        self.toast(toast);
    }

    pub(super) fn leave_layer(&mut self, place: Place, acts: &mut Vec<Act>) {
        let Place::Layer(id) = place else { return };
        self.layers.retain(|l| l.id != id);
        // What was only tried on is not kept.
        self.dress(Dress::Back);
        self.forget(place, acts);
    }
}
