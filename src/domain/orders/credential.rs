//! Sealing a token or a key under a name, and forgetting it. The journal gets the name and never the value.

use super::{Question, Terms};
use crate::actor::Role;
use crate::ident::Slug;
use crate::private::Private;
use crate::safe::Way;

/// Seals a value under a name, in place of one that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeepCredential {
    /// The name.
    pub name: Slug,
    /// The token, or the ssh key with the lines of its `known_hosts` behind it.
    pub value: Private,
    /// Where the safe's key is to be kept, if this is the first value; absent: the best way that there is.
    pub way: Option<Way>,
}

impl Terms for KeepCredential {
    fn permission(&self) -> Role {
        Role::Admin
    }
    fn question(&self) -> Question {
        Question::None
    }
    fn act(&self) -> &'static str {
        "credential.add"
    }
    fn object(&self) -> String {
        self.name.to_string()
    }
}

/// Forgets a sealed value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DropCredential {
    /// The name.
    pub name: Slug,
    /// The projects that read their repository with it.
    pub used_by: Vec<Slug>,
}

impl Terms for DropCredential {
    fn permission(&self) -> Role {
        Role::Admin
    }
    fn question(&self) -> Question {
        let users = self.used_by.iter().map(Slug::as_str).collect::<Vec<_>>().join(", ");
        let used = if users.is_empty() { String::new() } else { format!(" Git is read with it for {users}.") };
        Question::Confirm { text: format!("Forget the sealed credential {}?{used} It cannot be brought back.", self.name) }
    }
    fn act(&self) -> &'static str {
        "credential.remove"
    }
    fn object(&self) -> String {
        self.name.to_string()
    }
}
