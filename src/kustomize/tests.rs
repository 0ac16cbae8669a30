//! Programs that render, print too much, or never end: small scripts in place of the real one.
#![expect(clippy::unwrap_used, reason = "a test fails by failing")]

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use domain::TroubleKind;
use rustix::process::{Pid, test_kill_process, test_kill_process_group};

use super::*;
use crate::local::Local;

/// Runs a script as `kustomize` on a copy of a folder with one file.
async fn rendered(script: &str, bounds: Bounds) -> Result<Printed, Trouble> {
    let folder = tempfile::tempdir().unwrap();
    let programs = tempfile::tempdir().unwrap();
    let program = programs.path().join("kustomize");
    fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&program, Permissions::from_mode(0o755)).unwrap();
    fs::create_dir_all(folder.path().join("k")).unwrap();
    fs::write(folder.path().join("k/kustomization.yaml"), "resources: []\n").unwrap();
    let export = Local::at(&folder.path().join("k"), Some(folder.path())).unwrap().export().unwrap();
    let path = format!("{}:{}", programs.path().display(), std::env::var("PATH").unwrap());
    Program::find(&path).unwrap().render(&export, "k", (Way { path: &path, proxies: &[] }, false), bounds).await
}

#[tokio::test]
async fn it_gets_a_copy_a_home_of_its_own_and_nothing_else() {
    let script = "env | sed 's/=.*//' | grep -v -e PWD -e SHLVL -e '^_$' | sort | tr '\\n' ' '; ls \"$HOME\" | wc -l; \
                  cat \"$2/kustomization.yaml\"; echo \"$1 $#\"; echo 'a remark' >&2";
    let printed = rendered(script, Bounds::default()).await.unwrap();
    assert_eq!(printed.text, "HOME PATH 0\nresources: []\nbuild 2\n");
    assert_eq!(printed.remarks, "a remark\n");
}

#[tokio::test]
async fn its_words_are_told_without_the_folder_of_the_copy() {
    let trouble = rendered("echo \"Error: $2/x.yaml is odd\" >&2; exit 3", Bounds::default()).await.unwrap_err();
    assert_eq!(trouble.to_string(), "kustomize could not render this: k: Error: k/x.yaml is odd");
}

#[tokio::test]
async fn too_much_and_too_long_end_it_with_all_that_it_started() {
    let marks = tempfile::tempdir().unwrap();
    let mark = marks.path().join("pid");
    let bounds = Bounds { time: Duration::from_millis(500), output: 1 << 20 };
    let start = Instant::now();
    let slow = format!("sleep 600 & echo $! > {}; wait", mark.display());
    let trouble = rendered(&slow, bounds).await.unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::TimedOut, "{trouble}");
    assert!(start.elapsed() < Duration::from_secs(20));
    gone(&mark).await;
    let flood = format!("echo $$ > {}; yes", mark.display());
    let trouble = rendered(&flood, Bounds { time: Duration::from_secs(20), ..bounds }).await.unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::Refused, "{trouble}");
    gone(&mark).await;
}

/// Waits until a process is gone or nothing but a zombie that nobody has fetched yet.
async fn gone(mark: &Path) {
    let pid = Pid::from_raw(fs::read_to_string(mark).unwrap().trim().parse().unwrap()).unwrap();
    for _ in 0..200 {
        let zombie = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).is_ok_and(|stat| stat.contains(") Z"));
        if zombie || test_kill_process(pid).is_err() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(test_kill_process_group(pid).is_err(), "the process still runs");
}

#[test]
fn a_relative_folder_of_the_path_is_passed_by() {
    assert_eq!(Program::find("bin:."), None);
    assert_eq!(Program::find(""), None);
}
