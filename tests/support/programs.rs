//! The programs of the test cluster: built once with Go out of the modules in `tests/cluster`, kept under the target
//! folder as long as those modules stay the same. It starts none of them.

mod build;

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use sha2::{Digest, Sha256};

use super::{Skip, note};

/// The Go modules whose programs are built.
const MODULES: [&str; 4] = ["control", "flux", "kwok", "logs"];

/// Holds the folder in which the built programs and their data lie.
#[derive(Debug)]
pub(crate) struct Programs {
    folder: PathBuf,
}

impl Programs {
    /// Returns where the program of that name lies: `control`, `kwok`, `logs`, `kustomize`, `helm` or a Flux controller.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join("bin").join(name)
    }

    /// Returns kwok's stages, the failing Pods' included.
    pub(crate) fn stages(&self) -> PathBuf {
        self.folder.join("stages.yaml")
    }

    /// Returns Flux's resource definitions, one document a file.
    pub(crate) fn definitions(&self) -> Vec<PathBuf> {
        let folder = fs::read_dir(self.folder.join("crds")).expect("the resource definitions are copied");
        folder.map(|entry| entry.expect("a readable folder").path()).collect()
    }
}

/// Returns the folder for everything of the test cluster that outlives one run.
pub(crate) fn folder() -> PathBuf {
    // Tests lie in deps/ of a profile's folder, benchmarks in examples/.
    let here = env::current_exe().expect("a running program has a path");
    here.ancestors().nth(3).expect("a program of the target folder").join("cluster")
}

/// Builds the test cluster's programs where that has not been done, and returns them.
pub(crate) fn programs() -> Result<&'static Programs, Skip> {
    static PROGRAMS: OnceLock<Result<Programs, Skip>> = OnceLock::new();
    PROGRAMS.get_or_init(find).as_ref().map_err(Clone::clone)
}

fn find() -> Result<Programs, Skip> {
    if env::var("QUARTERDECK_CLUSTER").as_deref() == Ok("off") {
        // Asked for by name, so not a failure on a build machine either.
        return Err(Skip { why: "QUARTERDECK_CLUSTER=off".to_owned() });
    }
    let folder = folder();
    fs::create_dir_all(folder.join("bin")).expect("the target folder can be written");
    let key = key();
    let stamp = folder.join("key");
    let built = || fs::read_to_string(&stamp).is_ok_and(|text| text == key);
    if !built() {
        let lock = File::create(folder.join("lock")).expect("the target folder can be written");
        if lock.try_lock().is_err() {
            note("waiting for another test process that builds the test cluster's programs …");
            lock.lock().expect("a lock on a file in the target folder");
        }
        if !built() {
            build::build(&folder)?;
            fs::write(&stamp, key).expect("the target folder can be written");
        }
    }
    Ok(Programs { folder })
}

/// Returns what the programs depend on as one word: every file of the modules, and the way they are built.
fn key() -> String {
    let mut hash = Sha256::new();
    let mut files = vec![sources().join("stages.yaml")];
    for module in MODULES {
        let entries = fs::read_dir(sources().join(module)).expect("the modules of the test cluster");
        files.extend(entries.map(|entry| entry.expect("a readable folder").path()));
    }
    files.sort();
    for file in files {
        hash.update(file.strip_prefix(sources()).expect("a file of the modules").as_os_str().as_encoded_bytes());
        hash.update(fs::read(&file).expect("a readable file"));
    }
    hash.update(include_str!("programs/build.rs"));
    hex::encode(hash.finalize())
}

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cluster")
}
