//! The safe as a folder: one file for each sealed value, one that says how the key is had.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use domain::Trouble;
use domain::ident::Slug;
use domain::private::Private;
use domain::redact;
use domain::safe::{Content, Safe, Way, unknown};
use serde::{Deserialize, Serialize};

use crate::disk;
use crate::key::{self, Lock, Means};
use crate::seal::{self, Sealed, Secret};

const LOCK: &str = "lock.json";
const ENDING: &str = ".sealed";

/// Holds a safe in a folder.
pub struct SafeFolder {
    folder: PathBuf,
    means: Means,
    /// The key, once it was had, and the name of the lock that it fits.
    open: Mutex<Option<(String, Secret)>>,
}

#[derive(Serialize, Deserialize)]
struct Sheet {
    v: u32,
    sealed: Sealed,
}

impl SafeFolder {
    /// Takes the state folder and the ways in which a key can be kept. Nothing is read yet.
    pub fn new(state: &Path, means: Means) -> Self {
        Self { folder: state.join("credentials"), means, open: Mutex::default() }
    }

    /// Has the key now, as long as somebody can be asked for a passphrase; does nothing when nothing is sealed.
    pub fn unlock(&self) -> Result<(), Trouble> {
        match self.lock()? {
            Some(lock) => self.with_key(&lock, |_| Ok(())),
            None => Ok(()),
        }
    }

    fn path(&self, name: &Slug) -> PathBuf {
        self.folder.join(format!("{name}{ENDING}"))
    }

    fn lock(&self) -> Result<Option<Lock>, Trouble> {
        match fs::symlink_metadata(&self.folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            _ => disk::private(&self.folder)?,
        }
        read(&self.folder.join(LOCK))
    }

    /// Returns the lock, a new one if there is none. Of two processes that make one at once the first wins.
    fn lock_or_new(&self, way: Option<Way>) -> Result<Lock, Trouble> {
        if let Some(lock) = self.lock()? {
            return Ok(lock);
        }
        disk::make(&self.folder)?;
        let (lock, key) = key::found(&self.means, way)?;
        if disk::write(&self.folder.join(LOCK), &written(&lock)?, true)? {
            *self.open.lock().unwrap_or_else(PoisonError::into_inner) = Some((lock.id.clone(), key));
            return Ok(lock);
        }
        self.lock()?.ok_or_else(|| Trouble::failed("The safe was removed meanwhile", self.folder.display()))
    }

    /// Does something with the key. Whoever else wants it waits, so that one is asked once.
    fn with_key<T>(&self, lock: &Lock, work: impl FnOnce(&Secret) -> Result<T, Trouble>) -> Result<T, Trouble> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        match &*open {
            Some((id, key)) if *id == lock.id => work(key),
            _ => {
                let key = lock.key(&self.means)?;
                let done = work(&key);
                *open = Some((lock.id.clone(), key));
                done
            }
        }
    }
}

impl Safe for SafeFolder {
    fn open(&self, name: &Slug) -> Result<Private, Trouble> {
        let Some(lock) = self.lock()? else { return Err(unknown(name)) };
        let sheet: Sheet = read(&self.path(name))?.ok_or_else(|| unknown(name))?;
        let bytes = self.with_key(&lock, |key| {
            seal::open(key, &about(&lock, name), &sheet.sealed).ok_or_else(|| {
                Trouble::failed("The sealed credential does not open", name)
                    .why("it was changed, or it is another one's file")
                    .next(format!("Seal it again: quarterdeck credential add {name}"))
            })
        })?;
        let text = str::from_utf8(&bytes).map_err(|_| Trouble::failed("The sealed credential is no text", name))?;
        redact::know(text);
        Ok(Private::new(text))
    }

    fn seal(&self, name: &Slug, value: &Private, way: Option<Way>) -> Result<Way, Trouble> {
        redact::know(value.text());
        let lock = self.lock_or_new(way)?;
        let is = lock.way().unwrap_or(Way::File);
        if let Some(other) = way.filter(|way| *way != is) {
            let trouble = Trouble::usage("The safe's key is kept in another way", other.word());
            return Err(trouble.why(format!("it is kept by way of: {}", is.word())).next("Leave --key out."));
        }
        let sealed = self.with_key(&lock, |key| seal::seal(key, &about(&lock, name), value.text().as_bytes()))?;
        disk::write(&self.path(name), &written(&Sheet { v: 1, sealed })?, false)?;
        Ok(is)
    }

    fn remove(&self, name: &Slug) -> Result<(), Trouble> {
        let path = self.path(name);
        match fs::remove_file(&path) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == ErrorKind::NotFound => Err(unknown(name)),
            Err(error) => Err(disk::failed("The sealed credential cannot be removed", &path, &error)),
        }
    }

    fn content(&self) -> Result<Content, Trouble> {
        let lock = self.lock()?;
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let name = |entry: fs::DirEntry| Slug::new(entry.file_name().to_str()?.strip_suffix(ENDING)?).ok();
        let mut names: Vec<Slug> = entries.filter_map(name).collect();
        names.sort();
        let key = lock.and_then(|lock| lock.way());
        Ok(Content { names, key, protects: key.map_or("", key::protects).to_owned() })
    }
}

/// Returns what a value is sealed together with.
fn about(lock: &Lock, name: &Slug) -> String {
    format!("quarterdeck/1/{}/{name}", lock.id)
}

fn read<T: for<'d> Deserialize<'d>>(path: &Path) -> Result<Option<T>, Trouble> {
    let Some(text) = disk::read(path)? else { return Ok(None) };
    serde_json::from_str(&text).map(Some).map_err(|e| {
        Trouble::failed("The safe's file cannot be read", path.display())
            .why(e)
            .next("Seal the credential again, or bring it back.")
    })
}

fn written(value: &impl Serialize) -> Result<String, Trouble> {
    serde_json::to_string(value).map_err(|e| Trouble::failed("The safe's file cannot be written", "").why(e))
}

#[cfg(test)]
mod tests;
