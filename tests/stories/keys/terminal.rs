//! The console as a guest of its terminal: silent while nothing changes, gone when it is gone, and tidy when it leaves.

use std::time::Instant;

use rustix::process::Signal;

use super::*;
use crate::support::wait;

/// How long nothing is written when nothing changes.
const QUIET: Duration = Duration::from_secs(5);

story!(silent_at_rest);
fn silent_at_rest(ground: &Ground) {
    let operator = prepared(ground, "development");
    let mut console = console(&operator);
    // The projects show no age, and the form shows a cursor.
    console.keys("1");
    console.until("settled", SOON, |screen| line(screen, &format!("{} ", ground.app)).contains('✓') && screen.contains("never"));
    quiet_for(&console, QUIET);
    form(&mut console, "development");
    console.see("nothing yet; the form says what Git says");
    // What the cluster serves is read meanwhile, and the preview is made once more with it; the clock in the corner may speak once a
    // minute. After that there is nothing to say.
    quiet_for(&console, QUIET);
}

/// Waits until nothing was written for so long.
pub(super) fn quiet_for(console: &Console, span: Duration) {
    let mut last = (console.bytes(), Instant::now());
    wait("it rests", SOON, || {
        let bytes = console.bytes();
        if bytes != last.0 {
            last = (bytes, Instant::now());
        }
        (last.1.elapsed() > span).then_some(())
    });
}

story!(terminal_gone);
fn terminal_gone(ground: &Ground) {
    let operator = prepared(ground, "development");
    let mut console = console(&operator);
    let before = cpu(&console);
    console.hang_up();
    let gone = Instant::now();
    wait("the end", Duration::from_secs(5), || is_over(&console).then_some(()));
    let took = gone.elapsed();
    assert!(took <= Duration::from_secs(1), "it ended after {took:?}");
    if let (Some(before), Some(after)) = (before, cpu(&console)) {
        assert!(after - before <= 50, "it used {} hundredths of a second of the processor", after - before);
    }
    console.ended(SOON);
    operator.run(&["audit", "verify"]).ok();
}

/// Returns the fields of a process after its name, as Linux tells them.
fn process(console: &Console) -> Option<Vec<String>> {
    let text = std::fs::read_to_string(format!("/proc/{}/stat", console.pid())).ok()?;
    Some(text.rsplit_once(')')?.1.split_whitespace().map(str::to_owned).collect())
}

fn state(console: &Console) -> Option<String> {
    let output = std::process::Command::new("ps").args(["-o", "stat=", "-p", &console.pid().to_string()]).output().ok()?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Tells whether the process has ended; it stays in the list until it is asked for its status.
fn is_over(console: &Console) -> bool {
    state(console).is_none_or(|state| state.is_empty() || state.starts_with('Z'))
}

/// Returns the time on the processor in hundredths of a second, where the system tells it.
fn cpu(console: &Console) -> Option<u64> {
    let fields = process(console)?;
    Some(fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?)
}

story!(told_to_end);
fn told_to_end(ground: &Ground) {
    let operator = prepared(ground, "development");
    for signal in [Signal::TERM, Signal::HUP, Signal::INT] {
        let mut console = console(&operator);
        assert!(console.is_alternate());
        let told = Instant::now();
        console.signal(signal);
        console.ended(SOON);
        assert!(told.elapsed() <= Duration::from_secs(2), "{signal:?}: it ended after {:?}", told.elapsed());
        wait("the terminal is given back", SOON, || (!console.is_alternate()).then_some(()));
        left(&console);
    }
    let mut console = console(&operator);
    console.keys("q");
    assert_eq!(console.ended(SOON), 0);
    wait("the terminal is given back", SOON, || (!console.is_alternate()).then_some(()));
    left(&console);
}

/// Checks that everything that was switched on was switched off, last of all.
fn left(console: &Console) {
    let raw = String::from_utf8_lossy(&console.raw()).into_owned();
    for (on, off) in [("\u{1b}[?1049h", "\u{1b}[?1049l"), ("\u{1b}[?2004h", "\u{1b}[?2004l"), ("\u{1b}[?25l", "\u{1b}[?25h")] {
        assert!(raw.rfind(off) > raw.rfind(on), "{off:?} after {on:?}");
    }
    let tail = &raw[raw.rfind("\u{1b}[?1049l").expect("it left")..];
    assert!(!tail.contains("\u{1b}[?2026h"), "nothing is drawn afterwards: {tail:?}");
}

story!(pager);
fn pager(ground: &Ground) {
    let operator = prepared(ground, "development");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (script, seen) = (folder.path().join("pager"), folder.path().join("seen"));
    std::fs::write(&script, format!("#!/bin/sh\ncp \"$1\" {0}\necho \"PAGED $1\"\nread line\n", seen.display()))
        .expect("a script");
    let mut console = operator.console_as(150, 44, &[("PAGER", &format!("sh {}", script.display()))]);
    console.see("● live");
    form(&mut console, "development");
    tag(&mut console, "1.9.9");
    console.keys(DIFF);
    console.see("1.9.9");
    console.keys("|");
    let file = console.until("the pager", SOON, |screen| screen.contains("PAGED"));
    assert!(!console.is_alternate(), "the terminal is the pager's");
    let shown = std::fs::read_to_string(&seen).expect("what it was given");
    assert!(shown.contains("@@") && shown.contains('+') && shown.contains("1.9.9"), "{shown}");
    console.keys("\n");
    console.until("it is drawn whole", SOON, |screen| screen.contains("Quarterdeck") && screen.contains("1.9.9"));
    assert!(console.is_alternate(), "it has the terminal again");
    let file = line(&file, "PAGED").trim().trim_start_matches("PAGED ").to_owned();
    wait("nothing of it is kept", SOON, || (!std::path::Path::new(&file).exists()).then_some(()));
}

story!(stopped_and_back);
fn stopped_and_back(ground: &Ground) {
    let operator = prepared(ground, "development");
    let mut console = console(&operator);
    console.keys("1");
    console.see("PROJECT");
    for _ in 0..2 {
        console.keys(SUSPEND);
        wait("it stops", SOON, || state(&console).is_some_and(|state| state.starts_with('T')).then_some(()));
        wait("the terminal is given back", SOON, || (!console.is_alternate()).then_some(()));
        left(&console);
        console.signal(Signal::CONT);
        console.until("it is drawn whole", SOON, |screen| {
            screen.contains("Quarterdeck")
                && screen.contains("7 Deployments")
                && screen.contains("PROJECT")
                && screen.contains("help")
        });
        assert!(console.is_alternate(), "it has the terminal again");
    }
    // Keys arrive as before.
    console.keys(&format!("6/{}\r", ground.app));
    console.see(&format!("{}-development", ground.app));
}

story!(any_size);
fn any_size(ground: &Ground) {
    let operator = prepared(ground, "development");
    let mut console = console(&operator);
    form(&mut console, "development");
    console.keys("\u{1b}1");
    for tab in ["1", "2", "4", "5", "6", "7", "9", "?", ":"] {
        console.keys(tab);
        for (columns, rows) in [(1, 1), (2, 40), (200, 2), (19, 4), (20, 5), (37, 9), (250, 60), (80, 24)] {
            let before = console.bytes();
            console.resize(columns, rows);
            console.until(&format!("tab {tab} at {columns}×{rows}"), SOON, |_| true);
            wait("it is drawn", SOON, || (console.bytes() > before).then_some(()));
        }
        console.resize(150, 44);
        console.see("Quarterdeck");
    }
    console.keys(ESC);
    console.see("commands");
    let crash = operator.state().join("crash.txt");
    assert!(!crash.exists(), "{}", std::fs::read_to_string(crash).unwrap_or_default());
}
