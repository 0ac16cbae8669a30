//! A long text that is read: where one is in it, and how one moves. The same commands as in lists.

use std::cell::Cell;

use crate::command::{Command, command};

/// The commands of every long text; a tab adds them to its own.
pub const SCROLL: &[Command] = &[
    command("scroll.down", &["j", "down"], 0),
    command("scroll.up", &["k", "up"], 0),
    command("scroll.half-down", &["ctrl-d"], 0),
    command("scroll.half-up", &["ctrl-u"], 0),
    command("scroll.page-down", &["pgdn", "ctrl-f", "space"], 0),
    command("scroll.page-up", &["pgup", "ctrl-b"], 0),
    command("scroll.first", &["g g", "home"], 0),
    command("scroll.last", &["G", "end"], 0),
    command("scroll.left", &["h", "left"], 0),
    command("scroll.right", &["l", "right"], 0),
];

/// Holds where one is in a long text.
#[derive(Debug, Clone, Default)]
pub struct Scroll {
    top: Cell<usize>,
    /// How many columns are scrolled away at the left.
    pub left: usize,
    page: Cell<usize>,
    total: Cell<usize>,
}

impl Scroll {
    /// Says how many lines there are and how many fit, and returns the first line to draw.
    pub fn fit(&self, total: usize, page: usize) -> usize {
        self.total.set(total);
        self.page.set(page.max(1));
        self.top.set(self.top.get().min(total.saturating_sub(page)));
        self.top.get()
    }

    /// Puts a line into sight, a third from the top.
    pub fn show(&self, line: usize) {
        self.top.set(line.saturating_sub(self.page.get() / 3));
    }

    /// Puts a line at the top.
    pub fn to(&self, line: usize) {
        self.top.set(line);
    }

    /// Goes back to the start.
    pub fn reset(&mut self) {
        self.top.set(0);
        self.left = 0;
    }

    /// Returns the first line in sight.
    pub const fn top(&self) -> usize {
        self.top.get()
    }

    /// Carries out one of [`SCROLL`]; tells whether it was one.
    pub fn command(&mut self, id: &str) -> bool {
        let (top, page) = (self.top.get(), self.page.get().max(1));
        let last = self.total.get().saturating_sub(page);
        let to = match id {
            "scroll.down" => top + 1,
            "scroll.up" => top.saturating_sub(1),
            "scroll.half-down" => top + page.div_ceil(2),
            "scroll.half-up" => top.saturating_sub(page.div_ceil(2)),
            "scroll.page-down" => top + page,
            "scroll.page-up" => top.saturating_sub(page),
            "scroll.first" => 0,
            "scroll.last" => last,
            "scroll.left" => {
                self.left = self.left.saturating_sub(8);
                top
            }
            "scroll.right" => {
                self.left += 8;
                top
            }
            _ => return false,
        };
        self.top.set(to.min(last));
        true
    }
}
