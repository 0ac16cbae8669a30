//! Drafts of deployments on disk: one file per environment, replaced whole, never half written.
//!
//! A draft is not an operation and so not in the journal.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use domain::change::Draft;
use domain::ident::EnvironmentId;
use serde::{Deserialize, Serialize};

use crate::disk;
use crate::error::Error;
use crate::lock::Held;

#[derive(Serialize, Deserialize)]
struct Sheet<D> {
    v: u32,
    draft: D,
}

/// Holds the folder of the drafts.
#[derive(Debug, Clone)]
pub struct Drafts {
    folder: PathBuf,
}

impl Drafts {
    pub(crate) fn new(dir: &Path) -> Self {
        Self { folder: dir.join("drafts") }
    }

    /// Keeps a draft, in place of the one that its environment had. It is on the disk when this returns.
    pub fn save(&self, draft: &Draft) -> Result<(), Error> {
        let bytes = serde_json::to_vec(&Sheet { v: 1, draft })?;
        let _held = self.lock()?;
        let path = self.path(&draft.environment);
        disk::write_whole(&path.with_extension("new"), &path, &bytes).map_err(Error::io("cannot write", &path))
    }

    /// Returns the draft of an environment. One that cannot be read is put aside and named in the error; the next call
    /// then finds none.
    pub fn load(&self, environment: &EnvironmentId) -> Result<Option<Draft>, Error> {
        let path = self.path(environment);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::io("cannot read", &path)(error)),
        };
        let why = match serde_json::from_slice::<Sheet<Draft>>(&bytes) {
            Ok(sheet) if sheet.draft.environment == *environment => return Ok(Some(sheet.draft)),
            Ok(sheet) => format!("it is a draft for {}", sheet.draft.environment),
            Err(error) => error.to_string(),
        };
        let kept = disk::free_name(&path, "damaged");
        let kept = if fs::rename(&path, &kept).is_ok() { kept } else { path.clone() };
        Err(Error::Draft { path, kept, why })
    }

    /// Removes the draft of an environment; nothing happens when there is none.
    pub fn remove(&self, environment: &EnvironmentId) -> Result<(), Error> {
        let path = self.path(environment);
        if !path.exists() {
            return Ok(());
        }
        let _held = self.lock()?;
        match disk::remove(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(Error::io("cannot remove", &path)(error)),
            _ => disk::sync_dir(&self.folder).map_err(Error::io("cannot write", &self.folder)),
        }
    }

    /// Returns the environments that have a draft.
    pub fn list(&self) -> Result<Vec<EnvironmentId>, Error> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(Error::io("cannot read", &self.folder)(error)),
        };
        let mut found = Vec::new();
        for entry in entries {
            let name = entry.map_err(Error::io("cannot read", &self.folder))?.file_name();
            let id = name.to_str().and_then(|n| n.strip_suffix(".json")).map(|n| n.replacen('.', "/", 1));
            found.extend(id.and_then(|id| id.parse::<EnvironmentId>().ok()));
        }
        found.sort();
        Ok(found)
    }

    /// A slug has no full stop, so that this name says which environment it is.
    fn path(&self, id: &EnvironmentId) -> PathBuf {
        self.folder.join(format!("{}.{}.json", id.project, id.name))
    }

    /// Two processes that save at once would otherwise write into one temporary file.
    fn lock(&self) -> Result<Held, Error> {
        disk::make_dir(&self.folder)?;
        let path = self.folder.join("lock");
        let file: File = disk::open_append(&path).map_err(Error::io("cannot open", &path))?;
        Held::exclusive(&Arc::new(file)).map_err(Error::io("cannot lock", &path))
    }
}
