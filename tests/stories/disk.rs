//! A disk that is full at any moment of a deployment, or fails: said in words, nothing that was confirmed is lost, nothing is committed twice, and
//! with room again all goes on.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use serde_json::Value;

use crate::support::console::{Operator, Said};
use crate::support::ground::{Ground, Kind};
use crate::support::mount::Mount;
use crate::support::note;

const PAGE: usize = 4096;
/// How many pages are left of the disk when the order is given: all few ones, and ever more until it comes through.
const LEFT: [usize; 16] = [0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 30, 45, 70, 400];

/// Fills a disk and gives some pages back.
fn fill(disk: &Path, left: usize) {
    let path = disk.join("filler");
    let mut filler = File::create(&path).expect("a file");
    let mut pages = 0_u64;
    while filler.write(&[1; PAGE]).is_ok_and(|written| written == PAGE) {
        pages += 1;
    }
    let keep = pages.saturating_sub(left as u64) * PAGE as u64;
    filler.set_len(keep).expect("our own file");
}

#[test]
fn a_deployment_on_a_full_disk_is_refused_or_comes_to_its_end() {
    let ground = Ground::new(Kind::Sim, "full").expect("the simulator is always there");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let Some(mount) = Mount::new(&["-t", "tmpfs", "-o", "size=6m", "quarterdeck-test"], &folder.path().join("small")) else {
        return;
    };
    let operator = ground.operator().with_state(&mount.path().join("state"));
    ground.seed();
    ground.add(&operator, &["development"]);
    let (mut refused, mut done) = (0, 0);
    for left in LEFT {
        let tag = format!("5.0.{left}");
        let before = ground.repo.log("main").len();
        fill(mount.path(), left);
        let said = operator.run(&["deploy", &ground.app, "development", "--tag", &tag, "--yes"]);
        // Looking works on the full disk too.
        let history = operator.run(&["history", &ground.app, "-o", "json"]).json();
        fs::remove_file(mount.path().join("filler")).expect("our own file");
        let fine = judge(&ground, &operator, (&tag, before), (&said, &history), "No space left");
        (refused, done) = (refused + usize::from(!fine), done + usize::from(fine));
    }
    assert!(refused > 0 && done > 0, "{refused} refused, {done} done");
}

/// Calls that fail with an error of the disk, each at its first, second, … time in every thread: those that the store, its index and
/// the mirror end their writes with, and by which the index reads.
const CALLS: [(&str, u32); 4] =
    [("fsync,fdatasync", 3), ("pwrite64", 3), ("rename,renameat,renameat2,link,linkat", 3), ("pread64,ftruncate,fallocate", 2)];

/// A disk that answers with errors, and a limit on the size of files: in the store and its index as in the mirror. All moments with
/// `QUARTERDECK_DISK=all`, else the first of each call.
#[test]
fn a_deployment_on_a_failing_disk_is_refused_or_comes_to_its_end() {
    let ground = Ground::new(Kind::Sim, "failing").expect("the simulator is always there");
    let operator = ground.operator();
    ground.seed();
    ground.add(&operator, &["development"]);
    let strace = operator.shell("strace -f -qq -o /dev/null -e trace=none true").code == 0;
    if !strace {
        note("a part of a disk story is skipped: strace cannot be used here");
    }
    let all = std::env::var("QUARTERDECK_DISK").is_ok_and(|which| which == "all");
    let calls = CALLS.iter().filter(|_| strace).flat_map(|(calls, times)| {
        (1..=if all { *times } else { 1 }).map(move |at| {
            (format!("strace -f -qq -o /dev/null -e trace={calls} -e inject={calls}:error=EIO:when={at}"), "Input/output error")
        })
    });
    let sizes: &[u32] = if all { &[0, 1, 2, 4, 8, 16, 64] } else { &[0, 4] };
    let limits = sizes.iter().map(|size| (format!("ulimit -f {size};"), "File too large"));
    let (mut refused, mut round) = (0, 0);
    for (how, words) in calls.chain(limits) {
        round += 1;
        let (tag, before) = (format!("7.0.{round}"), ground.repo.log("main").len());
        let said = operator.shell(&format!("{how} \"$QUARTERDECK\" deploy {} development --tag {tag} --yes", ground.app));
        let history = operator.run(&["history", &ground.app, "-o", "json"]).json();
        let fine = judge(&ground, &operator, (&tag, before), (&said, &history), words);
        refused += usize::from(!fine);
    }
    assert!(refused > 0, "nothing ever failed");
}

/// Looks that a deployment was refused in words or done, that it is committed once at most, and that it comes to its end now that the
/// disk works; tells whether it was done.
fn judge(
    ground: &Ground,
    operator: &Operator,
    (tag, before): (&str, usize),
    (said, history): (&Said, &Value),
    words: &str,
) -> bool {
    let app = ground.app.as_str();
    let at = format!("{tag}: {}{}", said.out, said.err);
    assert!(!at.contains("panicked") && !operator.state().join("crash.txt").exists(), "{at}");
    operator.run(&["audit", "verify"]).ok();
    let count = || ground.repo.log("main").iter().filter(|commit| commit.subject.contains(tag)).count();
    let commits = count();
    assert!(commits <= 1 && ground.repo.log("main").len() == before + commits, "{at}");
    let begun = history[0]["summary"].as_str().is_some_and(|summary| summary.contains(tag));
    if said.code == 0 {
        assert!(begun && commits == 1, "{at}");
    } else {
        assert!(said.err.contains("quarterdeck: ") && said.err.contains(words), "{at}");
    }
    if begun {
        // Whatever was written down comes to its end.
        let id = history[0]["id"].as_str().expect("an id");
        operator.run(&["follow", id, "--wait", "2m"]);
        let over = operator.run(&["history", app, "-l", "1", "-o", "json"]).json();
        assert!(matches!(over[0]["status"].as_str(), Some("succeeded" | "failed")), "{at}: {over}");
        assert!(count() <= 1, "{at}: committed {} times", count());
    }
    said.code == 0
}
