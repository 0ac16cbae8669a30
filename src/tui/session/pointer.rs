//! The mouse: a click selects, another at once opens, the wheel goes up and down, tabs and keys in the footer are taken, and the
//! line between a list and the pane under it is moved.
//!
//! What there is at a cell was left by the last frame. With Shift the mouse is the terminal's.

use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use domain::Time;

use super::{Act, Session};
use crate::command::Command;
use crate::spots::{Aim, Pointed};
use crate::tab::TabMsg;

/// How many lines a notch of the wheel is.
const NOTCH: usize = 3;

/// How long after a click another one on the same row opens it, in milliseconds.
const TWICE: i64 = 400;

/// A line between a list and its pane.
#[derive(Debug, Clone, Copy)]
enum Line {
    /// Above a pane that reaches down to this row.
    Across(u16),
    /// Before a pane that reaches to this column.
    Down(u16),
}

/// Holds what is being done with the mouse.
#[derive(Debug, Default)]
pub(super) struct Pointer {
    /// The row that was clicked last, and when.
    clicked: Option<(Pointed, usize, Time)>,
    /// The line that is being moved.
    dragged: Option<Line>,
}

impl Session {
    pub(super) fn mouse(&mut self, event: MouseEvent, acts: &mut Vec<Act>) {
        if !self.base.preferences.mouse || event.modifiers.contains(KeyModifiers::SHIFT) {
            return;
        }
        match event.kind {
            MouseEventKind::Down(MouseButton::Left) => self.pressed(event, acts),
            MouseEventKind::Drag(MouseButton::Left) => match self.pointer.dragged {
                Some(Line::Across(bottom)) => self.base.below = Some(bottom.saturating_sub(event.row).max(1)),
                Some(Line::Down(right)) => self.base.beside = Some(right.saturating_sub(event.column).max(1)),
                None => {}
            },
            MouseEventKind::Up(_) => self.pointer.dragged = None,
            MouseEventKind::ScrollDown => self.wheel("down", acts),
            MouseEventKind::ScrollUp => self.wheel("up", acts),
            _ => {}
        }
    }

    fn pressed(&mut self, event: MouseEvent, acts: &mut Vec<Act>) {
        self.pending.clear();
        self.count = None;
        let Some(spot) = self.base.marks.spot_at(event.column, event.row) else { return };
        match spot.aim {
            Aim::Command(id) => self.run_by_id(id, acts),
            Aim::Line(bottom) => self.pointer.dragged = Some(Line::Across(bottom)),
            Aim::Side(right) => self.pointer.dragged = Some(Line::Down(right)),
            Aim::Title { at, to } => {
                to.point(at);
                self.tell(self.front(), TabMsg::Command("list.by"), acts);
                to.take();
            }
            Aim::Rows { first, total, to, command } => {
                let at = first + usize::from(event.row - spot.area.y);
                if at >= total {
                    return;
                }
                to.point(at);
                self.tell(self.front(), TabMsg::Command(command), acts);
                // A number that nobody took would be taken for a later click.
                to.take();
                let now = self.base.now;
                let last = self.pointer.clicked.replace((to.clone(), at, now));
                let twice = |(was, row, time): (Pointed, usize, Time)| {
                    was.same(&to) && row == at && now.as_millisecond() - time.as_millisecond() <= TWICE
                };
                if last.is_some_and(twice) {
                    self.pointer.clicked = None;
                    if let Some(open) = self.on_key("enter") {
                        self.run(open, acts);
                    }
                }
            }
        }
    }

    /// Goes some lines with what the arrow key of that name does here.
    fn wheel(&mut self, key: &str, acts: &mut Vec<Act>) {
        if let Some(command) = self.on_key(key) {
            for _ in 0..NOTCH {
                self.run(command, acts);
            }
        }
    }

    /// Returns the command that has a key by itself, whatever keys the operator gave it.
    fn on_key(&self, key: &str) -> Option<&'static Command> {
        self.possible().into_iter().find(|c| c.keys.contains(&key))
    }
}
