//! The one shape in which the product says that something went wrong.
//!
//! Every library error becomes a [`Trouble`] in that library's `error.rs`. It carries no error chain: what a person
//! needs is written out once, where the knowledge is. Secrets that are known are masked in it.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::private::without_credentials;
use crate::redact;

/// Says how a trouble ends an order, and with it which exit status a subcommand has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TroubleKind {
    /// It was tried and did not work: exit status 1.
    Failed,
    /// What was asked for makes no sense as it was written: exit status 2.
    Usage,
    /// Policy, permission or a missing approval forbids it, or the reviewed content changed: exit status 3.
    Refused,
    /// The thing it was asked of does not exist: exit status 4.
    NotFound,
    /// It did not happen within the time allowed: exit status 5.
    TimedOut,
}

impl TroubleKind {
    /// Returns the exit status that a subcommand ends with.
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Refused => 3,
            Self::NotFound => 4,
            Self::TimedOut => 5,
        }
    }
}

/// Tells a person what happened, to what, why, and what to do next.
///
/// `what` is a short clause without a full stop ("The push was refused"), `object` names the thing
/// ("shop → production"), `why` carries the other side's words, `next` is an instruction or empty. Credentials in addresses
/// that any of them quotes are masked.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Trouble {
    /// How it ends an order.
    pub kind: TroubleKind,
    /// What happened.
    pub what: String,
    /// To what it happened; may be empty.
    pub object: String,
    /// Why, in the words of whoever knows; may be empty.
    pub why: String,
    /// What to do next; may be empty.
    pub next: String,
}

impl Trouble {
    /// Builds a trouble of a kind out of what happened and to what.
    pub fn new(kind: TroubleKind, what: impl Into<String>, object: impl fmt::Display) -> Self {
        Self { kind, what: told(what.into()), object: told(object.to_string()), why: String::new(), next: String::new() }
    }

    /// Builds a trouble of the kind [`TroubleKind::Failed`].
    pub fn failed(what: impl Into<String>, object: impl fmt::Display) -> Self {
        Self::new(TroubleKind::Failed, what, object)
    }

    /// Builds a trouble of the kind [`TroubleKind::Usage`].
    pub fn usage(what: impl Into<String>, object: impl fmt::Display) -> Self {
        Self::new(TroubleKind::Usage, what, object)
    }

    /// Builds a trouble of the kind [`TroubleKind::Refused`].
    pub fn refused(what: impl Into<String>, object: impl fmt::Display) -> Self {
        Self::new(TroubleKind::Refused, what, object)
    }

    /// Builds a trouble of the kind [`TroubleKind::NotFound`].
    pub fn not_found(what: impl Into<String>, object: impl fmt::Display) -> Self {
        Self::new(TroubleKind::NotFound, what, object)
    }

    /// Builds a trouble of the kind [`TroubleKind::TimedOut`].
    pub fn timed_out(what: impl Into<String>, object: impl fmt::Display) -> Self {
        Self::new(TroubleKind::TimedOut, what, object)
    }

    /// Adds why it happened.
    #[must_use]
    pub fn why(mut self, why: impl fmt::Display) -> Self {
        self.why = told(why.to_string());
        self
    }

    /// Adds what to do next.
    #[must_use]
    pub fn next(mut self, next: impl Into<String>) -> Self {
        self.next = told(next.into());
        self
    }
}

/// Returns a text without the secrets that are known and the credentials in the addresses that it quotes.
fn told(text: String) -> String {
    let text = redact::cleaned(text);
    match without_credentials(&text) {
        Cow::Owned(masked) => masked,
        Cow::Borrowed(_) => text,
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        let mut last = self.what.as_str();
        for part in [&self.object, &self.why] {
            if !part.is_empty() {
                last = part.trim_end();
                write!(f, ": {last}")?;
            }
        }
        if !self.next.is_empty() {
            let stop = if last.ends_with(['.', '!', '?']) { "" } else { "." };
            write!(f, "{stop} {}", self.next)?;
        }
        Ok(())
    }
}

impl std::error::Error for Trouble {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_credentials_in_an_address_are_told() {
        let url = "https://ann:hunter2@git.example/a";
        let trouble = Trouble::failed(format!("No way to {url}"), url).why(format!("cannot clone '{url}'")).next(url);
        let text = format!("{trouble} {trouble:?}");
        assert!(!text.contains("hunter2") && !text.contains("ann:") && text.contains("https://•••@git.example/a"), "{text}");
    }

    #[test]
    fn the_parts_make_one_sentence_after_another() {
        let trouble = Trouble::failed("It broke", "shop").why("no room").next("Make some.");
        assert_eq!(trouble.to_string(), "It broke: shop: no room. Make some.");
        assert_eq!(Trouble::failed("It broke", "").next("Mend it.").to_string(), "It broke. Mend it.");
        assert_eq!(
            Trouble::usage("This needs an answer", "Go on?").next("Add --yes.").to_string(),
            "This needs an answer: Go on? Add --yes."
        );
        assert_eq!(Trouble::failed("It broke", "shop").why("It said so.\n").to_string(), "It broke: shop: It said so.");
    }
}
