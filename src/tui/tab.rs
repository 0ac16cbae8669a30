//! What a tab, and an overlay too, is: it says what is possible now, takes messages, and draws itself.

use std::fmt::Debug;

use crossterm::event::KeyEvent;
use domain::Time;
use domain::ident::EnvironmentId;
use domain::orders::Outcome;
use domain::query::Answer;
use domain::trouble::Trouble;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::command::Command;
use crate::cx::Cx;
use crate::editing::Written;
use crate::effects::{Effects, OrderTicket, Ticket};
use crate::memory::Kept;

/// Tells a tab something.
#[derive(Debug, Clone, PartialEq)]
pub enum TabMsg {
    /// It is shown from now on; world and desk may have changed meanwhile.
    Enter,
    /// It is not shown any more.
    Leave,
    /// One of its commands, by id: its key was pressed, or it was chosen in the palette.
    Command(&'static str),
    /// A key that is no command of it; comes only while [`Tab::typing`] says so.
    Key(KeyEvent),
    /// Pasted text; comes only while [`Tab::typing`] says so. Line ends are `\n`.
    Paste(String),
    /// `cx.world` is a new one. Compare slices with `Arc::ptr_eq` before doing work.
    World,
    /// `cx.desk` is a new one.
    Desk,
    /// The answer to a query that this tab asked.
    Reply(Ticket, Result<Answer, Trouble>),
    /// What came of an order that this tab gave. The session has already told the operator.
    OrderDone(OrderTicket, Result<Outcome, Trouble>),
    /// An order that this tab wanted was not given: the operator said no, or may not.
    OrderDropped(OrderTicket),
    /// What came of the operator's editor.
    Written(Ticket, Box<Result<Written, Trouble>>),
    /// The moment that [`Tab::deadline`] named has come.
    Wake,
    /// Its list is to be as it was left, or filtered so.
    Recall(Kept),
    /// `cx.context` is another one.
    Context,
}

/// A tab or an overlay.
///
/// `update` is synchronous: it reads no clock, does no I/O and spawns nothing. `view` draws only the rows that are visible.
pub trait Tab: Debug {
    /// Returns what is possible now, in the order of the help; the footer takes those with a place in it.
    fn commands(&self, cx: &Cx) -> Vec<&'static Command>;

    /// Tells whether keys are text now. Commands with Control, Alt or a named key still work then.
    fn typing(&self, cx: &Cx) -> bool {
        let _ = cx;
        false
    }

    /// Takes a message and returns what it wants.
    fn update(&mut self, cx: &Cx, msg: TabMsg) -> Effects;

    /// Draws it.
    fn view(&self, cx: &Cx, area: Rect, buf: &mut Buffer);

    /// Tells whether it hears of the desk while it is not shown too; what does not looks at it when it is shown again.
    fn follows(&self) -> bool {
        false
    }

    /// Tells whether it is a question that has to be answered before anything else.
    fn asks(&self) -> bool {
        false
    }

    /// Returns the environment under its cursor, when it lists environments.
    fn environment(&self) -> Option<EnvironmentId> {
        None
    }

    /// Returns what is to be remembered of its list.
    fn memory(&self, cx: &Cx) -> Option<Kept> {
        let _ = cx;
        None
    }

    /// Returns the moment at which it wants [`TabMsg::Wake`], also while it is not shown.
    fn deadline(&self) -> Option<Time> {
        None
    }
}
