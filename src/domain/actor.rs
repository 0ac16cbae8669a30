//! Who gives an order, and how we know.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Says how an actor was authenticated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Authentication {
    /// By the operating system: whoever may run the process.
    Process,
    /// By an SSH key.
    SshKey,
    /// The console itself, finishing what somebody ordered.
    System,
    /// By a Git commit that somebody else pushed; nothing was checked.
    Commit,
}

/// Says what an actor may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// May look.
    Viewer,
    /// May deploy and steer Flux.
    Operator,
    /// May also change projects and environments.
    Admin,
}

/// Holds the one who gives an order.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Actor {
    /// The short name: the login.
    pub login: String,
    /// The name that commits carry.
    pub name: String,
    /// The address that commits carry.
    pub email: String,
    /// How we know.
    pub by: Authentication,
    /// What they may do.
    pub role: Role,
}

impl Actor {
    /// Returns the actor for what the console does on its own, such as keeping a promise after a restart.
    pub fn system() -> Self {
        Self {
            login: "quarterdeck".to_owned(),
            name: "Quarterdeck".to_owned(),
            email: String::new(),
            by: Authentication::System,
            role: Role::Admin,
        }
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.login)
    }
}
