//! Keeping the operator's favourites: on disk after each change, not an operation.

use super::{Question, Terms};
use crate::actor::Role;
use crate::flux::ObjectKey;

/// Keeps the favourites, in place of those that were.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeepFavourites {
    /// All of them.
    pub keys: Vec<ObjectKey>,
}

impl Terms for KeepFavourites {
    fn permission(&self) -> Role {
        Role::Viewer
    }
    fn question(&self) -> Question {
        Question::None
    }
    fn act(&self) -> &'static str {
        "favourites.keep"
    }
    fn object(&self) -> String {
        format!("{} favourites", self.keys.len())
    }
    fn recorded(&self) -> bool {
        false
    }
}
