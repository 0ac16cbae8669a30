//! What a session wants of the operator's editor and pager, as data. Which program that is, and where its file lies, is not known here.

use std::sync::Arc;

use domain::live::Private;
use domain::trouble::Trouble;
use futures::future::BoxFuture;

use crate::command::{Command, command};

/// Opens in the pager what is read here.
pub(crate) static PAGER: Command = command("text.pager", &["|"], 0);

/// Says what is to be done with the one text that is being edited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Errand {
    /// Write a text to a file named after what it is about, and open it.
    Begin {
        /// What it is about.
        about: String,
        /// The text.
        text: Private,
    },
    /// Open it again, with these remarks on top.
    Again(Vec<String>),
    /// Put another text in its place, keep the old one beside it, and open it.
    Renew(Private),
    /// Write a text to a file that the operator named and that is not there yet; no editor, and nothing that is edited.
    Save {
        /// The file, as it was typed.
        file: String,
        /// The text.
        text: Private,
    },
    /// Show a text in the operator's pager; nothing of it is kept.
    View(Private),
    /// It is not needed any more.
    Discard,
    /// It may be needed: keep it if it was changed.
    Keep,
}

/// Holds what came of an errand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The text as the operator left it.
    pub text: Private,
    /// Whether it is another than the one that was given out.
    pub changed: bool,
    /// Where the file is, as long as there is one.
    pub file: String,
}

/// Runs errands, one after another; the screen is somebody else's meanwhile.
pub type Editor = Arc<dyn Fn(Errand) -> BoxFuture<'static, Result<Written, Trouble>> + Send + Sync>;
