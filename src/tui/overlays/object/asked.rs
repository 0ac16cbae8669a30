//! Something that was asked of the engine: what came, what is awaited, why nothing came. What came before stays in sight while
//! it is asked again.

use domain::Time;
use domain::query::{Answer, Query};
use domain::trouble::Trouble;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::cx::Cx;
use crate::effects::{Effect, Effects, Ticket};
use crate::theme::Role;
use crate::widgets::put::{columns, put, put_wrapped, width, wrap};

/// Holds a question and its answer.
#[derive(Debug)]
pub struct Asked<T> {
    waiting: Option<Ticket>,
    when: Option<Time>,
    turn: u64,
    here: Option<(T, Time)>,
    failed: Option<String>,
}

impl<T> Default for Asked<T> {
    fn default() -> Self {
        Self { waiting: None, when: None, turn: 0, here: None, failed: None }
    }
}

impl<T> Asked<T> {
    /// Asks, and takes back what was asked before and is not answered yet.
    pub fn ask(&mut self, cx: &Cx, turn: u64, query: Query) -> Effects {
        let ticket = cx.ticket();
        (self.when, self.turn) = (Some(cx.now), turn);
        let old = self.waiting.replace(ticket);
        old.map(Effect::Forget).into_iter().chain([Effect::Ask(ticket, query)]).collect()
    }

    /// Asks unless that was done in this turn.
    pub fn want(&mut self, cx: &Cx, turn: u64, query: impl FnOnce() -> Query) -> Effects {
        if self.turn == turn { Effects::new() } else { self.ask(cx, turn, query()) }
    }

    /// Takes an answer if it is the one that is awaited; tells whether it was.
    pub fn take(
        &mut self,
        cx: &Cx,
        ticket: Ticket,
        answer: &Result<Answer, Trouble>,
        pick: impl FnOnce(&Answer) -> Option<T>,
    ) -> bool {
        if self.waiting != Some(ticket) {
            return false;
        }
        self.waiting = None;
        self.failed = None;
        match answer {
            Ok(answer) => self.here = pick(answer).map(|found| (found, cx.now)),
            Err(trouble) => self.failed = Some(cx.trouble(trouble)),
        }
        true
    }

    /// Takes back what is not answered yet, and asks anew the next time.
    pub fn leave(&mut self) -> Effects {
        let old = self.waiting.take();
        if old.is_some() {
            self.turn = 0;
        }
        old.map(Effect::Forget).into_iter().collect()
    }

    /// Returns what came last.
    pub const fn here(&self) -> Option<&T> {
        match &self.here {
            Some((found, _)) => Some(found),
            None => None,
        }
    }

    /// Tells whether an answer is awaited.
    pub const fn waiting(&self) -> bool {
        self.waiting.is_some()
    }

    /// Returns when it was asked last.
    pub const fn asked(&self) -> Option<Time> {
        self.when
    }

    /// Returns when what is here came.
    pub fn came(&self) -> Option<Time> {
        self.here.as_ref().map(|(_, at)| *at)
    }

    /// Returns why the last question was not answered.
    pub fn failed(&self) -> Option<&str> {
        self.failed.as_deref()
    }

    /// Draws why the last question was not answered, or that an answer is awaited, and returns the area that is left. With
    /// something here, waiting takes no room.
    pub fn head(&self, cx: &Cx, area: Rect, buf: &mut Buffer) -> Rect {
        if let Some(why) = &self.failed {
            let lines = columns(wrap(why, usize::from(area.width)).len()).min(area.height);
            put_wrapped(buf, area, why, cx.style(Role::Bad));
            let took = (lines + 1).min(area.height);
            return Rect { y: area.y + took, height: area.height - took, ..area };
        }
        if self.here.is_none() && self.waiting.is_some() {
            put(buf, (area.x, area.y), area.width, &format!("{} {}", cx.spinner(), cx.t("object.asking")), cx.style(Role::Muted));
            return Rect { height: 0, ..area };
        }
        area
    }

    /// Draws at the right of a line how old what is here is, or that it is asked again.
    pub fn age(&self, cx: &Cx, area: Rect, buf: &mut Buffer) -> u16 {
        let Some(came) = self.came() else { return 0 };
        let text = if self.waiting.is_some() { cx.spinner().to_owned() } else { cx.tf("object.read", &[("age", &cx.age(came))]) };
        let took = columns(width(&text));
        crate::widgets::put::put_right(buf, area, &text, cx.style(Role::Faint));
        took
    }
}
