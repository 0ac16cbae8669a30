//! The safe: tokens and keys, encrypted at rest, each in a file of its own.
//!
//! What is sealed lies in `credentials` below the state folder (folder 0700, files 0600), sealed by XChaCha20-Poly1305 together with
//! its name, so that one cannot be put in the place of another. The key is in the operating system's keyring, or made of a
//! passphrase by Argon2id, or in a file of its own elsewhere; never beside what it opens. The safe reads no environment and no
//! clock and asks nobody: how all that is done is given to it.

mod disk;
mod folder;
mod key;
mod keyring;
mod seal;

pub use disk::read as read_private;
pub use folder::SafeFolder;
pub use key::{Asker, Means, Wanted};
pub use keyring::Keyring;
