//! The safe of this program: where keys are kept on this machine, and how a passphrase is asked for.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use domain::Trouble;
use domain::private::Private;
use domain::project::{Credential, Project};
use domain::safe::{Safe as _, Way};
use safe::{Keyring, Means, SafeFolder, Wanted};

use crate::{program, terminal};

/// How often a passphrase is asked for.
const TRIES: usize = 3;
/// What the keyring's program needs of the environment.
const PASSED_ON: [&str; 8] =
    ["PATH", "HOME", "DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR", "DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "LANG"];

/// Whether the operator has said that no passphrase comes.
static GIVEN_UP: AtomicBool = AtomicBool::new(false);

/// Returns the safe of a state folder.
pub(crate) fn safe(state: &Path) -> Arc<SafeFolder> {
    let environment = PASSED_ON.iter().filter_map(|name| Some(((*name).into(), std::env::var_os(name)?))).collect();
    let path = std::env::var("PATH").unwrap_or_default();
    let means = Means {
        keyring: program::find(&path, "secret-tool").map(|program| Keyring::new(program, environment)),
        ask: Arc::new(passphrase),
        keys: directories::ProjectDirs::from("dev", "quarterdeck", "quarterdeck").map(|dirs| dirs.config_dir().join("keys")),
    };
    Arc::new(SafeFolder::new(state, means))
}

/// Has a passphrase typed before the screen is taken, when Git is read with what it opens; returns what went wrong.
pub(crate) fn unlock<'p>(safe: &SafeFolder, projects: impl IntoIterator<Item = &'p Project>) -> Vec<Trouble> {
    let sealed = |project: &Project| matches!(project.repository.credential, Credential::Sealed { .. });
    let wanted = projects.into_iter().any(sealed);
    let way = match safe.content() {
        Ok(content) => content.key,
        Err(trouble) => return if wanted { vec![trouble] } else { Vec::new() },
    };
    let mut said = Vec::new();
    while wanted && way == Some(Way::Passphrase) && said.len() < TRIES {
        match safe.unlock() {
            Ok(()) => return Vec::new(),
            Err(trouble) => {
                let asked = terminal::may_ask() && !GIVEN_UP.load(Ordering::Relaxed);
                if asked {
                    terminal::tell(&trouble);
                }
                said.push(trouble);
                if !asked {
                    break;
                }
            }
        }
    }
    GIVEN_UP.store(!said.is_empty(), Ordering::Relaxed);
    said.pop().into_iter().collect()
}

/// Reads a passphrase: from the file that is named for it, else from the terminal as long as no screen is drawn on it.
fn passphrase(wanted: Wanted) -> Result<Option<Private>, Trouble> {
    if let Some(path) = std::env::var_os("QUARTERDECK_PASSPHRASE_FILE").filter(|path| !path.is_empty()).map(PathBuf::from) {
        let text = safe::read_private(&path)?.ok_or_else(|| {
            Trouble::not_found("The passphrase's file is not there", path.display()).next("Correct QUARTERDECK_PASSPHRASE_FILE.")
        })?;
        return Ok(kept(text.trim_end_matches(['\r', '\n'])));
    }
    if !terminal::may_ask() || GIVEN_UP.load(Ordering::Relaxed) {
        return Ok(None);
    }
    if wanted == Wanted::Known {
        let typed = terminal::ask_hidden("Passphrase of the sealed credentials: ")?;
        GIVEN_UP.store(typed.is_empty(), Ordering::Relaxed);
        return Ok(kept(&typed));
    }
    let first = terminal::ask_hidden("A passphrase for the sealed credentials (empty: a key file): ")?;
    if !first.is_empty() && terminal::ask_hidden("Once more: ")? != first {
        return Err(Trouble::usage("The two passphrases are not the same", "the safe").next("Try again."));
    }
    Ok(kept(&first))
}

/// Makes a passphrase known, so that it is told nowhere; an empty one is none.
fn kept(text: &str) -> Option<Private> {
    domain::redact::know(text);
    Some(text).filter(|text| !text.is_empty()).map(Private::new)
}
