//! The operator's favourites on disk: one file, replaced whole.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use domain::flux::ObjectKey;
use serde::{Deserialize, Serialize};

use crate::disk;
use crate::error::Error;

#[derive(Serialize, Deserialize)]
struct Sheet<K> {
    v: u32,
    favourites: K,
}

/// Holds where the favourites are kept.
#[derive(Debug, Clone)]
pub struct Favourites {
    path: PathBuf,
}

impl Favourites {
    pub(crate) fn new(dir: &Path) -> Self {
        Self { path: dir.join("favourites.json") }
    }

    /// Keeps them, in place of those that were there. They are on the disk when this returns.
    pub fn save(&self, keys: &[ObjectKey]) -> Result<(), Error> {
        let bytes = serde_json::to_vec(&Sheet { v: 1, favourites: keys })?;
        // Two processes that save at once each write a file of their own; the later one counts.
        let fresh = self.path.with_extension(format!("new-{}", std::process::id()));
        disk::write_whole(&fresh, &self.path, &bytes).map_err(Error::io("cannot write", &self.path))
    }

    /// Returns them; none when there are none, or none that can be read: nothing depends on them.
    pub fn load(&self) -> Result<Vec<ObjectKey>, Error> {
        match fs::read(&self.path) {
            Ok(bytes) => Ok(serde_json::from_slice::<Sheet<Vec<ObjectKey>>>(&bytes).map(|s| s.favourites).unwrap_or_default()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(Error::io("cannot read", &self.path)(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by failing")]
    use super::*;

    #[test]
    fn favourites_come_back_and_damage_costs_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let kept = Favourites::new(dir.path());
        assert_eq!(kept.load().unwrap(), []);
        let key = ObjectKey::new(&"prod".into(), "Kustomization", "apps", "shop");
        kept.save(std::slice::from_ref(&key)).unwrap();
        assert_eq!(kept.load().unwrap(), [key]);
        fs::write(dir.path().join("favourites.json"), b"{").unwrap();
        assert_eq!(kept.load().unwrap(), []);
    }
}
