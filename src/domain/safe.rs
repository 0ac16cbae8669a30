//! Sealed credentials: what a safe can do, and how its key is kept. The safe itself is an adapter.

use std::fmt;

use serde::Serialize;

use crate::Trouble;
use crate::ident::Slug;
use crate::private::Private;

/// Says where the key of a safe is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// In the operating system's keyring.
    Keyring,
    /// Nowhere: it is made of a passphrase each time.
    Passphrase,
    /// In a file that only its owner can read.
    File,
}

impl Way {
    /// Returns all ways, the best first.
    pub const ALL: [Self; 3] = [Self::Keyring, Self::Passphrase, Self::File];

    /// Returns the word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Keyring => "keyring",
            Self::Passphrase => "passphrase",
            Self::File => "file",
        }
    }
}

/// Holds what may be told of a safe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Content {
    /// What is in it, by name.
    pub names: Vec<Slug>,
    /// Where its key is; nothing as long as nothing was sealed.
    pub key: Option<Way>,
    /// What that protects, in a sentence; empty as long as nothing was sealed.
    pub protects: String,
}

/// Keeps values encrypted. All of it blocks.
pub trait Safe: Send + Sync {
    /// Returns a value.
    fn open(&self, name: &Slug) -> Result<Private, Trouble>;
    /// Seals a value, in place of one of the same name. `way` says where the key is to be kept when this is the first value; absent:
    /// the best way that there is. Returns where it is.
    fn seal(&self, name: &Slug, value: &Private, way: Option<Way>) -> Result<Way, Trouble>;
    /// Forgets a value.
    fn remove(&self, name: &Slug) -> Result<(), Trouble>;
    /// Returns what is in it, without opening anything.
    fn content(&self) -> Result<Content, Trouble>;
}

impl fmt::Debug for dyn Safe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Safe")
    }
}

/// Is there where no safe is: it is empty and takes nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoSafe;

impl Safe for NoSafe {
    fn open(&self, name: &Slug) -> Result<Private, Trouble> {
        Err(unknown(name))
    }
    fn seal(&self, name: &Slug, _: &Private, _: Option<Way>) -> Result<Way, Trouble> {
        Err(Trouble::failed("Nothing can be sealed here", name))
    }
    fn remove(&self, name: &Slug) -> Result<(), Trouble> {
        Err(unknown(name))
    }
    fn content(&self) -> Result<Content, Trouble> {
        Ok(Content { names: Vec::new(), key: None, protects: String::new() })
    }
}

/// Returns the trouble that nothing of that name is sealed.
pub fn unknown(name: &Slug) -> Trouble {
    Trouble::not_found("Nothing is sealed under that name", name).next(format!("Seal it with: quarterdeck credential add {name}"))
}
