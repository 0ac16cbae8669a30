//! A disk that is full at any moment of a deployment: said in words, nothing that was confirmed is lost, nothing is committed twice, and
//! with room again all goes on.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use crate::support::ground::{Ground, Kind};
use crate::support::mount::Mount;

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
    let app = ground.app.as_str();
    let (mut refused, mut done) = (0, 0);
    for left in LEFT {
        let tag = format!("5.0.{left}");
        let before = ground.repo.log("main").len();
        fill(mount.path(), left);
        let said = operator.run(&["deploy", app, "development", "--tag", &tag, "--yes"]);
        let at = format!("{left} pages left: {}{}", said.out, said.err);
        assert!(!at.contains("panicked") && !operator.state().join("crash.txt").exists(), "{at}");
        // Looking works on the full disk too.
        let history = operator.run(&["history", app, "-o", "json"]).json();
        fs::remove_file(mount.path().join("filler")).expect("our own file");
        operator.run(&["audit", "verify"]).ok();
        let commits = ground.repo.log("main").iter().filter(|commit| commit.subject.contains(&tag)).count();
        assert!(commits <= 1 && ground.repo.log("main").len() == before + commits, "{at}");
        let begun = history[0]["summary"].as_str().is_some_and(|summary| summary.contains(&tag));
        if said.code == 0 {
            done += 1;
            assert!(begun && commits == 1, "{at}");
        } else {
            refused += 1;
            assert!(said.err.contains("quarterdeck: ") && said.err.contains("No space left"), "{at}");
        }
        if begun {
            // Whatever was written down comes to its end with room again.
            let id = history[0]["id"].as_str().expect("an id");
            operator.run(&["follow", id, "--wait", "2m"]);
            let over = operator.run(&["history", app, "-l", "1", "-o", "json"]).json();
            assert!(matches!(over[0]["status"].as_str(), Some("succeeded" | "failed")), "{at}: {over}");
            let commits = ground.repo.log("main").iter().filter(|commit| commit.subject.contains(&tag)).count();
            assert!(commits <= 1, "{at}: committed {commits} times");
        }
    }
    assert!(refused > 0 && done > 0, "{refused} refused, {done} done");
}
