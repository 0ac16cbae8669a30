//! Damage to what is on disk, disks that are full or closed, and the program's own panics: all of it is said once, nothing that
//! was recorded is lost.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::{refused, simulated};
use crate::support::console::Operator;
use crate::support::mount::Mount;

const LIMIT: Duration = Duration::from_secs(20);

/// Makes an operator with two projects, so that the journal holds something.
fn with_records() -> Operator {
    let operator = Operator::lost();
    for slug in ["shop", "ledger"] {
        operator.run(&["project", "add", slug, "--repo", "https://git.example/acme/shop.git", "--no-test"]).ok();
    }
    operator
}

fn journal(operator: &Operator) -> PathBuf {
    operator.state().join("journal/000001.jsonl")
}

fn names(operator: &Operator) -> Vec<String> {
    operator.run(&["get", "projects", "-o", "name"]).ok().lines().map(str::to_owned).collect()
}

#[test]
fn a_changed_entry_is_named_and_the_rest_is_used() {
    let operator = with_records();
    let path = journal(&operator);
    let text = fs::read_to_string(&path).expect("a journal");
    // The second line is the first project's record.
    fs::write(&path, text.replacen("\"description\":\"\"", "\"description\":\"changed\"", 1)).expect("our own file");
    let told = operator.run(&["get", "projects"]);
    assert_eq!(told.err.matches("The journal is damaged").count(), 1, "said once, on the error stream: {}", told.err);
    assert!(told.err.contains("000001.jsonl") && told.err.contains("entry 2"), "{}", told.err);
    assert!(told.ok().contains("ledger"), "what is whole is used");
    let verdict = refused(operator.run(&["audit", "verify"]), 1, &["chain is broken", "000001.jsonl", "line 2", "entry 2"]);
    assert!(!verdict.contains("unbroken"), "{verdict}");
    let said = operator.run(&["audit", "verify", "-o", "json"]);
    assert_eq!(said.code, 1);
    let verdict: serde_json::Value = serde_json::from_str(&said.out).expect("JSON also where the chain is broken");
    assert_eq!((verdict["unbroken"].as_bool(), verdict["first_bad"]["seq"].as_u64()), (Some(false), Some(2)), "{verdict}");
    // Work goes on behind it.
    operator.run(&["project", "edit", "ledger", "--name", "The ledger"]).ok();
    operator.run(&["audit", "verify"]).failed(1);
}

#[test]
fn half_a_line_at_the_end_is_put_aside_once() {
    let operator = with_records();
    let path = journal(&operator);
    let before = fs::read(&path).expect("a journal");
    fs::write(&path, [before.as_slice(), b"{\"v\":1,\"seq\":5,\"ti"].concat()).expect("our own file");
    let told = operator.run(&["project", "edit", "shop", "--name", "The shop"]);
    assert_eq!(told.err.lines().count(), 1, "said once: {}", told.err);
    told.ok();
    let again = operator.run(&["get", "projects"]);
    assert_eq!(again.err, "", "and not again");
    assert!(again.ok().contains("The shop"));
    operator.run(&["audit", "verify"]).ok();
}

#[test]
fn a_journal_that_was_cut_is_noticed() {
    let operator = with_records();
    let path = journal(&operator);
    let text = fs::read_to_string(&path).expect("a journal");
    let cut: usize = text.lines().take(2).map(|line| line.len() + 1).sum();
    fs::write(&path, text.get(..cut).expect("two lines")).expect("our own file");
    let told = operator.run(&["get", "projects", "-o", "name"]);
    assert!(told.err.contains("shorter than it was") && told.err.contains("000001.jsonl"), "{}", told.err);
    assert_eq!(told.ok().trim(), "shop");
    assert_eq!(operator.run(&["get", "projects"]).err, "", "told once");
}

#[test]
fn a_damaged_index_is_put_aside_and_built_again() {
    let operator = with_records();
    let index = operator.state().join("index");
    for entry in fs::read_dir(&index).expect("an index") {
        let path = entry.expect("an entry").path();
        if path.is_file() {
            let spoiled: Vec<u8> = fs::read(&path)
                .expect("our own file")
                .iter()
                .enumerate()
                .map(|(n, b)| if n % 7 == 0 { b ^ 0x55 } else { *b })
                .collect();
            fs::write(&path, spoiled).expect("our own file");
        }
    }
    let told = operator.run(&["get", "projects", "-o", "name"]);
    assert!(told.err.contains("nothing is lost") && told.err.contains("index.damaged"), "{}", told.err);
    assert!(!told.err.contains("panicked"), "{}", told.err);
    assert_eq!(told.ok().lines().collect::<Vec<_>>(), ["ledger", "shop"]);
    assert_eq!(operator.run(&["get", "projects"]).err, "", "told once");
    assert!(!operator.state().join("crash.txt").exists(), "the database's own panics are no crash of ours");
    // A half-written snapshot is what a full disk leaves behind.
    fs::write(index.join("snap.0000000000000001.generating"), "half").expect("our own file");
    fs::write(index.join("snap.0000000000000009"), "junk").expect("our own file");
    assert_eq!(names(&operator), ["ledger", "shop"]);
    operator.run(&["audit", "verify"]).ok();
}

#[test]
fn on_a_full_disk_orders_fail_clearly_and_all_that_was_recorded_stays() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let Some(mount) = Mount::new(&["-t", "tmpfs", "-o", "size=2m", "quarterdeck-test"], &folder.path().join("small")) else {
        return;
    };
    let operator = Operator::lost().with_state(&mount.path().join("state"));
    operator.run(&["project", "add", "shop", "--repo", "https://git.example/acme/shop.git", "--no-test"]).ok();
    let fill = || {
        // As large as it goes; the rest is what no longer fits.
        let mut filler = fs::File::create(mount.path().join("filler")).expect("a file");
        while std::io::Write::write(&mut filler, &[0; 4096]).is_ok_and(|n| n > 0) {}
    };
    fill();
    // What is left of the journal's last page takes a few more entries; then it is over.
    let text = "x".repeat(900);
    let mut done = 0;
    let refusal = loop {
        let said = operator.run(&["project", "edit", "shop", "--description", &format!("{done} {text}")]);
        if said.code != 0 {
            break said;
        }
        done += 1;
        assert!(done < 20, "the disk is full and orders go on");
    };
    assert_eq!(refusal.code, 1, "{}", refusal.err);
    assert!(refusal.err.contains("No space left on device") && refusal.err.contains("Free some space"), "{}", refusal.err);
    let shown = operator.run(&["project", "show", "shop", "-o", "json"]).json();
    let expected = if done == 0 { String::new() } else { format!("{} {text}", done - 1) };
    assert_eq!(shown["description"], expected, "the last order that was confirmed is what holds");
    operator.run(&["audit", "verify"]).ok();
    // The console opens and says so.
    let mut console = operator.console(120, 36);
    console.see("✗");
    console.keys("!");
    console.until("why", LIMIT, |screen| screen.contains("No space left") || screen.contains("switched off"));
    console.kill();
    fs::remove_file(mount.path().join("filler")).expect("our own file");
    operator.run(&["project", "edit", "shop", "--description", "room again"]).ok();
    operator.run(&["audit", "verify"]).ok();
    assert_eq!(operator.run(&["project", "show", "shop", "-o", "json"]).json()["description"], "room again");
}

#[test]
fn on_a_disk_for_reading_only_everything_can_be_seen_and_nothing_ordered() {
    let operator = with_records();
    let state = operator.state().to_string_lossy().into_owned();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let Some(mount) = Mount::new(&["--bind", &state], &folder.path().join("closed")) else { return };
    let closed = Command::new("mount").args(["-o", "remount,ro,bind"]).arg(mount.path()).status();
    assert!(closed.is_ok_and(|status| status.success()), "what was mounted can be closed");
    let operator = operator.with_state(mount.path());
    let told = operator.run(&["get", "projects", "-o", "name"]);
    assert!(told.err.contains("reading only") && told.err.contains("No log is written"), "{}", told.err);
    assert_eq!(told.ok().lines().collect::<Vec<_>>(), ["ledger", "shop"]);
    operator.run(&["history"]).ok();
    operator.run(&["audit", "verify"]).ok();
    let refusal = operator.run(&["project", "edit", "shop", "--name", "x"]);
    assert!(refusal.err.contains("Nothing can be recorded, so nothing was done"), "{}", refusal.err);
    refusal.failed(1);
}

#[test]
fn a_state_folder_that_is_a_file_is_told_and_left_alone() {
    let operator = Operator::lost();
    let file = operator.file("file", "precious");
    let operator = operator.with_state(&file);
    for arguments in [&["get", "projects"][..], &["audit", "verify"], &["project", "rm", "shop", "--yes"]] {
        refused(operator.run(arguments), 1, &["state folder", "it is a file", "--state"]);
    }
    assert_eq!(fs::read_to_string(&file).expect("the file"), "precious");
    let operator = operator.with_state(Path::new("/proc/nowhere"));
    refused(operator.run(&["get", "projects"]), 1, &["state folder", "/proc/nowhere", "--state"]);
}

#[test]
fn a_log_that_cannot_be_written_is_told_and_work_goes_on() {
    let operator = with_records();
    let log = operator.state().join("quarterdeck.log");
    fs::remove_file(&log).expect("our own file");
    fs::create_dir(&log).expect("a folder in its place");
    let told = operator.run(&["get", "projects", "-o", "name"]);
    assert!(told.err.contains("No log is written") && told.err.contains("quarterdeck.log"), "{}", told.err);
    assert_eq!(told.ok().lines().count(), 2);
}

#[test]
fn a_panic_gives_the_terminal_back_and_names_its_report() {
    let ground = simulated("panic");
    let operator = ground.operator();
    // The slave side shows afterwards what the shell would find: the settings of the terminal, and the last screen.
    let mut console = operator.shell_in_terminal(
        "stty -a >\"$HOME/before\"; QUARTERDECK_PANIC=1 \"$QUARTERDECK\"; echo \"status $?\"; stty -a >\"$HOME/after\"; read -r line",
        120,
        36,
    );
    console.see("Environments");
    console.keys("j");
    let screen = console.until("the end", LIMIT, |screen| screen.contains("status 1"));
    assert!(
        screen.contains("quarterdeck: Something in it broke") && screen.contains("the console was asked to panic"),
        "{screen}"
    );
    assert!(screen.replace(['\n', '\r'], "").contains("the report is in"), "{screen}");
    assert!(!screen.contains("stack backtrace"), "{screen}");
    console.keys("\r");
    console.ended(LIMIT);
    let home = operator.state().parent().expect("a home").to_owned();
    let settings = |name: &str| fs::read_to_string(home.join(name)).expect("what stty said");
    assert_eq!(settings("before"), settings("after"), "the terminal is what it was");
    let report = fs::read_to_string(operator.state().join("crash.txt")).expect("a report");
    assert!(report.contains("console.rs") && report.contains("asked to panic"), "{report}");
    assert!(console.is_plain(), "no alternate screen, no hidden cursor, no mouse");
    operator.run(&["get", "projects"]).ok();
}
