//! What a screen wants, as data: nothing is done where it is wanted, so tests compare it.

use std::sync::Arc;

use domain::flux::ObjectKey;
use domain::ident::{DeploymentId, EnvironmentId, Slug};
use domain::orders::{Order, Outcome};
use domain::query::{Answer, LogOf, Query};
use domain::trouble::Trouble;
use domain::written::Written as Document;

use crate::desk;
use crate::editing::{Errand, Written};
use crate::place::TabId;
use crate::trail::Stop;
use crate::words::Language;

/// Numbers a query, so that its answer is recognized and a late one is not taken for another's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// Numbers an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrderTicket(pub u64);

/// Names what can lie over a tab.
#[derive(Debug, Clone, PartialEq)]
pub enum Overlay {
    /// All keys that work here.
    Help,
    /// Everything that can be done or gone to, found by a few letters.
    Palette,
    /// What went wrong so far.
    Troubles,
    /// One trouble, whole.
    Trouble(Box<Trouble>),
    /// The question before an order.
    Confirm(OrderTicket, Box<Order>),
    /// The question before leaving while orders run.
    Leave,
    /// Everything about one Flux object or workload: conditions, events, YAML, inventory.
    Object(ObjectKey),
    /// The question where an object is changed, in Git or in the cluster only: in the editor, or by its form.
    Place(ObjectKey, bool),
    /// An object of the cluster in the operator's editor.
    Edit(ObjectKey),
    /// The document in Git that an object is written in, in the operator's editor; or what becomes of it.
    Change(Arc<Document>, Option<String>),
    /// The form of an object, filled from the document in Git that it is written in.
    FormOf(Arc<Document>),
    /// The form of a new object: its kind, when it is known already, and its namespace.
    New(Option<&'static str>, String),
    /// The form of an object that exists.
    Form(ObjectKey),
    /// What differs between what a Kustomization or HelmRelease desires and what its cluster has.
    Drift(ObjectKey),
    /// A container's log.
    Log(LogOf),
    /// The log of a Pod, of a workload's Pods, or of a controller about a Flux object.
    Logs(ObjectKey),
    /// Recent commits of an environment's branch and path.
    Commits(EnvironmentId),
    /// What the commit of a deployment changed.
    Changed(DeploymentId),
    /// What goes from another environment to this one.
    Promotion(EnvironmentId),
    /// The environments of a project side by side.
    Sides(Slug),
    /// What can be adopted: what Flux runs already.
    Adopt,
    /// Text to read, with a title: `(title, lines)`.
    Text(String, Vec<String>),
}

/// Holds a short note that goes away by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toast {
    /// How it is meant; decides glyph and colour.
    pub health: domain::flux::Health,
    /// What it says.
    pub text: String,
}

/// Says what a screen wants.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// An answer from the engine.
    Ask(Ticket, Query),
    /// No answer any more.
    Forget(Ticket),
    /// An order carried out. The session asks the order's question and checks the operator's role before it goes on.
    Give(OrderTicket, Order),
    /// An order carried out whose question was asked by whoever gives it.
    Answered(OrderTicket, Order),
    /// Something of the operator's editor; what came of it comes as [`crate::tab::TabMsg::Written`].
    Editor(Ticket, Errand),
    /// A text in the operator's pager.
    Pager(String),
    /// A change of what tabs share.
    Desk(desk::Change),
    /// Something laid over the tab.
    Open(Overlay),
    /// This overlay gone.
    Close,
    /// Another tab; Esc comes back.
    Switch(TabId),
    /// A command of what lies below, as if its key had been pressed (the palette wants it).
    Run(&'static str),
    /// The tab of a command, with a note of its key there; nothing is done yet.
    Point(TabId, String),
    /// A text on the clipboard.
    Copy(String),
    /// A web address opened by the operator's desktop; on the clipboard where there is none.
    Visit(String),
    /// Another theme: to look at, or to keep.
    Dress(Dress),
    /// Another language, until the session ends.
    Speak(Language),
    /// A place where one was.
    Return(Box<Stop>),
    /// The terminal's bell.
    Bell,
    /// A short note.
    Toast(Toast),
    /// Something that went wrong, on the list and as a note.
    Trouble(Trouble),
    /// Another context for the one that is worked on.
    Context(String),
    /// The list of the tab that is shown, filtered so.
    Sift(String),
    /// The end.
    Quit,
    /// The end, and the demo in its place.
    Demo,
}

/// Says which theme is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dress {
    /// This one, as long as who wants it lies on top.
    Try(String),
    /// This one, until the session ends.
    Keep(String),
    /// The one before the first that was tried.
    Back,
}

/// Holds several.
pub type Effects = Vec<Effect>;

/// Holds what came back from the engine.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// The answer to a query.
    Answer(Ticket, Result<Answer, Trouble>),
    /// A part of the answer to a query; the rest, or the whole, is still to come.
    More(Ticket, Answer),
    /// What came of an order.
    Order(OrderTicket, Result<Outcome, Trouble>),
    /// What came of the operator's editor.
    Written(Ticket, Result<Written, Trouble>),
}

/// Holds what a session wants of the engine.
#[expect(clippy::large_enum_variant, reason = "made, moved once and used up; never kept in numbers")]
#[derive(Debug, Clone, PartialEq)]
pub enum Wish {
    /// A query.
    Ask(Ticket, Query),
    /// A query taken back; an answer that comes all the same does no harm.
    Forget(Ticket),
    /// An order. It is carried out even if the session ends.
    Give(OrderTicket, Order),
}
