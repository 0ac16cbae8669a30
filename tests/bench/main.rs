//! Figures that anybody can measure again: the write path beside the git program, the first frame, and silence.
//!
//! `cargo build --release && cargo run --release --example bench` prints a Markdown table. Medians of interleaved runs, so that
//! a machine whose speed drifts slows both sides alike. Needs the git program; servers listen on loopback only.
#![expect(clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "a benchmark that cannot go on says why and stops")]

#[path = "../support/gitserver.rs"]
mod gitserver;
mod screen;
mod write;

use std::time::Duration;

/// Waits for an answer; the Git server's support code asks for it by this name.
pub(crate) fn wait<T>(what: &str, limit: Duration, mut ask: impl FnMut() -> Option<T>) -> T {
    let start = std::time::Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(start.elapsed() < limit, "waited {limit:?} in vain: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Returns the median of some durations in milliseconds.
pub(crate) fn median(mut all: Vec<Duration>) -> f64 {
    all.sort();
    all[all.len() / 2].as_secs_f64() * 1000.0
}

fn main() {
    println!("| what | Quarterdeck | git program | ratio |\n|---|---|---|---|");
    for (commits, files) in [(100, 100), (30_000, 100), (100, 10_000)] {
        let (ours, theirs) = write::measure(commits, files, 15);
        println!(
            "| edit → commit → push, {commits} commits, {files} files | {ours:.0} ms | {theirs:.0} ms | {:.2} |",
            ours / theirs
        );
    }
    match screen::measure(15) {
        Some((frame, idle)) => {
            println!("| start → first frame | {frame:.0} ms | – | – |");
            println!("| bytes to the terminal in 10 s when nothing changes | {idle} | – | – |");
        }
        None => println!("\nThe program is not built: run `cargo build --release` first for the screen's figures."),
    }
}
