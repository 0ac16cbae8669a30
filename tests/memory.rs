//! What the console holds in memory: with 10,000 objects after its start, after another list of them, and after 100,000 changes.
//!
//! It is the program itself that is looked at, from outside: the memory of its own that is resident (`RssAnon`), which what it maps
//! of its file is no part of, so that a debug build holds as much as a release build.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::console::{Console, Operator};
use crate::support::many::{NAMESPACES, object, place, status};
use crate::support::simulator::Simulator;

const OBJECTS: usize = 10_000;
const CHANGES: usize = 100_000;
/// Few objects change, again and again.
const CHANGING: usize = 200;
/// How long each step may take on a machine that is at other work.
const LIMIT: Duration = Duration::from_mins(3);

/// The bounds in kB: of all with the first list, of what another list adds to it, at its worst and afterwards, and of what changes add.
const FIRST: u64 = 24 << 10;
const PEAK: u64 = 16 << 10;
const AGAIN: u64 = 4 << 10;
const GROWTH: u64 = 3 << 10;

/// Returns one as the server has it, in a round. What changes often has no inventory, so that a hundred thousand are soon written.
fn whole(n: usize, round: usize) -> Value {
    let mut whole = object(n);
    let entries = if n < CHANGING { 0 } else { 25 };
    whole["metadata"]["uid"] = format!("00000000-0000-4000-8000-{n:012}").into();
    whole["metadata"]["generation"] = 1.into();
    whole["metadata"]["creationTimestamp"] = "2026-01-20T09:00:00Z".into();
    whole["metadata"]["finalizers"] = json!(["finalizers.fluxcd.io"]);
    whole["status"] = status(n, round, entries);
    whole
}

/// Holds what a process has resident of its own, in kB.
struct Held {
    /// Now.
    own: u64,
    /// At most so far, with what is mapped of files.
    most: u64,
    /// Now, with what is mapped of files.
    all: u64,
}

fn held(console: &Console) -> Held {
    let text = fs::read_to_string(format!("/proc/{}/status", console.pid())).expect("a process that runs");
    let field = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)).expect("a field of every process");
        line.trim_matches(|c: char| !c.is_ascii_digit()).parse().expect("a number of kB")
    };
    Held { own: field("RssAnon:"), most: field("VmHWM:"), all: field("VmRSS:") }
}

/// Returns what is held once that does not change any more.
fn settled(console: &Console) -> Held {
    let end = Instant::now() + LIMIT;
    let mut before = held(console);
    let mut same = 0;
    while same < 4 && Instant::now() < end {
        thread::sleep(Duration::from_millis(250));
        let now = held(console);
        same = if now.own.abs_diff(before.own) <= 64 { same + 1 } else { 0 };
        before = now;
    }
    before
}

/// Gives the first row another revision and waits until it is seen: then everything before it has been seen too.
fn mark(ground: &Simulator, console: &Console, round: usize) {
    let revision = format!("{:07x}", 0xabc_0000 + round);
    let mut first = whole(0, 0);
    first["status"]["lastAppliedRevision"] = format!("main@sha1:{revision}{:033x}", 0).into();
    ground.overwrite(first);
    console.until(&format!("revision {revision}"), LIMIT, |screen| screen.contains(&revision));
}

#[test]
fn ten_thousand_objects_another_list_of_them_and_a_hundred_thousand_changes_stay_within_bounds() {
    let ground = Simulator::start();
    for n in 0..NAMESPACES {
        ground.overwrite(json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": place(n).0 } }));
    }
    (0..OBJECTS).for_each(|n| ground.overwrite(whole(n, 0)));
    let operator = Operator::new(ground.kubeconfig());
    let mut console = operator.console(140, 30);
    console.see("Quarterdeck");
    console.keys("6");
    let count = |word: &str| word.replace(',', "").parse().is_ok_and(|count: usize| count >= OBJECTS);
    console.until("the whole list", LIMIT, |screen| screen.split_whitespace().any(count));
    mark(&ground, &console, 1);
    let first = settled(&console);
    assert!(first.own <= FIRST, "{} kB with {OBJECTS} objects", first.own);

    // The version that the console knows is forgotten while it cannot hear of a newer one: only another list helps.
    ground.freeze();
    ground.overwrite(whole(1, 1));
    ground.expire();
    ground.drop_watches();
    ground.thaw();
    mark(&ground, &console, 2);
    let again = settled(&console);
    assert!(again.own <= first.own + AGAIN, "{} kB after another list, {} kB before it", again.own, first.own);
    assert!(again.most <= first.all + PEAK, "{} kB at most during another list, {} kB before it", again.most, first.all);

    for change in 0..CHANGES {
        ground.overwrite(whole(1 + change % (CHANGING - 1), change));
    }
    mark(&ground, &console, 3);
    let after = settled(&console);
    assert!(after.own <= again.own + GROWTH, "{} kB after {CHANGES} changes, {} kB before them", after.own, again.own);
    eprintln!("{} kB at first, {} kB after another list, {} kB after {CHANGES} changes", first.own, again.own, after.own);
}
