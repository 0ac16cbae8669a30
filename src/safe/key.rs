//! The key of a safe: where it is, how it is had, and what that protects.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use argon2::{Algorithm, Argon2, Params, Version};
use domain::Trouble;
use domain::private::Private;
use domain::safe::Way;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::disk;
use crate::keyring::Keyring;
use crate::seal::{self, Sealed, Secret};

/// What Argon2id costs: kibibytes of memory, and passes over them.
const COST: (u32, u32) = (64 << 10, 3);

/// Says which passphrase is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// A new one, which is asked for twice.
    New,
    /// The one that was chosen before.
    Known,
}

/// Asks for a passphrase; nothing when nobody can be asked, or none was given.
pub type Asker = Arc<dyn Fn(Wanted) -> Result<Option<Private>, Trouble> + Send + Sync>;

/// Holds how a key can be kept here.
#[derive(Clone)]
pub struct Means {
    /// The keyring, where a program for one is found.
    pub keyring: Option<Keyring>,
    /// Asks for a passphrase.
    pub ask: Asker,
    /// The folder of key files: not the one that holds what they open.
    pub keys: Option<PathBuf>,
}

/// Says how the key is had; stands in a file beside what it opens.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Lock {
    v: u32,
    way: String,
    /// The name that the key is kept under.
    pub(crate) id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    argon: Option<Cost>,
    /// Something known, sealed: tells the right key from others.
    check: Sealed,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Cost {
    salt: String,
    memory: u32,
    passes: u32,
}

const KNOWN: &str = "quarterdeck";

impl Lock {
    /// Returns where the key is.
    pub(crate) fn way(&self) -> Option<Way> {
        Way::ALL.into_iter().find(|way| way.word() == self.way).filter(|_| self.v == 1)
    }

    /// Returns the key.
    pub(crate) fn key(&self, means: &Means) -> Result<Secret, Trouble> {
        let key = match self.way() {
            Some(Way::Keyring) => self.of_keyring(means)?,
            Some(Way::Passphrase) => self.of_passphrase(means)?,
            Some(Way::File) => self.of_file(means)?,
            None => {
                let trouble = Trouble::failed("The safe is of a later version of this program", &self.way);
                return Err(trouble.next("Use that version."));
            }
        };
        if seal::open(&key, &self.id, &self.check).is_some() {
            return Ok(key);
        }
        let (what, next) = match self.way() {
            Some(Way::Passphrase) => ("That is not the passphrase of the safe", "Try again with the one that was chosen."),
            _ => ("That is not the key of the safe", "Bring back the key that belongs to it, or seal the credentials anew."),
        };
        Err(Trouble::refused(what, &self.id).next(next))
    }

    fn of_keyring(&self, means: &Means) -> Result<Secret, Trouble> {
        let locked = |why: String| {
            let trouble = Trouble::failed("The safe's key cannot be read from the keyring", &self.id).why(why);
            trouble.next("Unlock the keyring of this session and try again; over ssh there often is none.")
        };
        let keyring = means.keyring.as_ref().ok_or_else(|| locked("secret-tool is not installed".to_owned()))?;
        let text = keyring.get(&self.id).map_err(locked)?;
        let text = text.ok_or_else(|| locked("it is locked, or it has no such key".to_owned()))?;
        decoded(&text).ok_or_else(|| locked("what it has is no key".to_owned()))
    }

    fn of_passphrase(&self, means: &Means) -> Result<Secret, Trouble> {
        let passphrase = (means.ask)(Wanted::Known)?.ok_or_else(|| {
            Trouble::refused("The safe is locked", &self.id)
                .why("its passphrase was not given")
                .next("Start on a terminal and type it, or name a file that has it in QUARTERDECK_PASSPHRASE_FILE.")
        })?;
        let cost = self.argon.as_ref().ok_or_else(|| Trouble::failed("The safe does not say how its key is made", &self.id))?;
        cost.key(&passphrase)
    }

    fn of_file(&self, means: &Means) -> Result<Secret, Trouble> {
        let path = key_file(means, &self.id)?;
        let text = disk::read(&path)?.map(Zeroizing::new).ok_or_else(|| {
            Trouble::not_found("The safe's key file is gone", path.display())
                .next("Bring it back from where you keep copies, or seal the credentials anew.")
        })?;
        let line = text.lines().find(|line| !line.starts_with('#')).unwrap_or_default();
        decoded(line).ok_or_else(|| Trouble::failed("The safe's key file holds no key", path.display()))
    }
}

impl Cost {
    fn key(&self, passphrase: &Private) -> Result<Secret, Trouble> {
        let wrong = |why: &dyn std::fmt::Display| Trouble::failed("The passphrase cannot be made into a key", "").why(why);
        let params = Params::new(self.memory, self.passes, 1, Some(32)).map_err(|e| wrong(&e))?;
        let salt = hex::decode(&self.salt).map_err(|e| wrong(&e))?;
        let mut key = Secret::default();
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        argon.hash_password_into(passphrase.text().as_bytes(), &salt, key.as_mut_slice()).map_err(|e| wrong(&e))?;
        Ok(key)
    }
}

/// Makes a new key and keeps it, by the way that is asked for or else by the best that there is.
pub(crate) fn found(means: &Means, way: Option<Way>) -> Result<(Lock, Secret), Trouble> {
    let id = hex::encode(seal::random::<8>()?);
    match way {
        Some(Way::Keyring) => in_keyring(means, &id),
        Some(Way::Passphrase) => of_new_passphrase(means, &id)?.ok_or_else(|| {
            Trouble::usage("A passphrase is needed and there is nobody to ask", "the safe")
                .next("Start on a terminal, or name a file that has it in QUARTERDECK_PASSPHRASE_FILE.")
        }),
        Some(Way::File) => in_file(means, &id),
        None => match in_keyring(means, &id) {
            Ok(done) => Ok(done),
            Err(_) => match of_new_passphrase(means, &id)? {
                Some(done) => Ok(done),
                None => in_file(means, &id),
            },
        },
    }
}

fn in_keyring(means: &Means, id: &str) -> Result<(Lock, Secret), Trouble> {
    let none = |why: String| {
        let trouble = Trouble::failed("There is no keyring to keep the safe's key in", id).why(why);
        trouble.next("Unlock the keyring of this session, or choose --key passphrase or --key file.")
    };
    let keyring = means.keyring.as_ref().ok_or_else(|| none("secret-tool is not installed".to_owned()))?;
    let key = Secret::new(seal::random()?);
    let text = Zeroizing::new(hex::encode(*key));
    keyring.put(id, &text).map_err(none)?;
    // A keyring that forgets at once is none.
    match keyring.get(id).map_err(none)? {
        Some(kept) if *kept == *text => lock(id, Way::Keyring, None, key),
        _ => Err(none("it did not keep what it was given".to_owned())),
    }
}

fn of_new_passphrase(means: &Means, id: &str) -> Result<Option<(Lock, Secret)>, Trouble> {
    let Some(passphrase) = (means.ask)(Wanted::New)? else { return Ok(None) };
    let cost = Cost { salt: hex::encode(seal::random::<16>()?), memory: COST.0, passes: COST.1 };
    let key = cost.key(&passphrase)?;
    lock(id, Way::Passphrase, Some(cost), key).map(Some)
}

fn in_file(means: &Means, id: &str) -> Result<(Lock, Secret), Trouble> {
    let path = key_file(means, id)?;
    disk::make(path.parent().unwrap_or(&path))?;
    let key = Secret::new(seal::random()?);
    let text = Zeroizing::new(format!("# {}\n{}\n", protects(Way::File), *Zeroizing::new(hex::encode(*key))));
    disk::write(&path, &text, false)?;
    lock(id, Way::File, None, key)
}

fn lock(id: &str, way: Way, argon: Option<Cost>, key: Secret) -> Result<(Lock, Secret), Trouble> {
    let check = seal::seal(&key, id, KNOWN.as_bytes())?;
    Ok((Lock { v: 1, way: way.word().to_owned(), id: id.to_owned(), argon, check }, key))
}

fn key_file(means: &Means, id: &str) -> Result<PathBuf, Trouble> {
    let folder: &Path = means.keys.as_deref().ok_or_else(|| {
        Trouble::usage("There is no home folder to keep a key file in", "HOME").next("Set HOME, or choose --key passphrase.")
    })?;
    Ok(folder.join(format!("{id}.key")))
}

fn decoded(text: &str) -> Option<Secret> {
    let bytes = Zeroizing::new(hex::decode(text.trim()).ok()?);
    Some(Secret::new(bytes.as_slice().try_into().ok()?))
}

/// Says what a way protects, and what not.
pub(crate) const fn protects(way: Way) -> &'static str {
    match way {
        Way::Keyring => "The key is in this account's keyring: nothing opens without that account's session.",
        Way::Passphrase => "The key is made of the passphrase: nothing opens without it.",
        Way::File => {
            "This key protects copies and backups of the state folder that lack this file; it does not protect from anybody who can read this account's files."
        }
    }
}
