//! Where the console was left, kept in the state folder from session to session. It is no record: lost, it is as if one began anew.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use tui::memory::Memory;

/// The longest file that is read, in bytes.
const LONGEST: u64 = 1 << 20;
const NAME: &str = "session.json";

/// Returns what was kept; nothing where there is none, or it cannot be read.
pub(crate) fn load(state: &Path) -> Option<Memory> {
    let path = state.join(NAME);
    if fs::metadata(&path).ok()?.len() > LONGEST {
        return None;
    }
    serde_json::from_str(&fs::read_to_string(path).ok()?).ok()
}

/// Keeps it in place of what was kept before.
pub(crate) fn keep(state: &Path, memory: &Memory) {
    let (path, fresh) = (state.join(NAME), state.join(format!("{NAME}.{}", std::process::id())));
    let written = serde_json::to_string(memory).map_err(std::io::Error::other).and_then(|text| {
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
        file.write_all(text.as_bytes())?;
        fs::rename(&fresh, &path)
    });
    if let Err(error) = written {
        tracing::info!(%error, "where the console was left is not kept");
        drop(fs::remove_file(&fresh));
    }
}
