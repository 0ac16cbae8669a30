//! Figures that anybody can measure again: manifests beside the kustomize program, the write path beside the git program, the
//! first frame, and silence; the list of a large cluster beside other consoles.
//!
//! `cargo build --release && cargo run --release --example bench` prints a Markdown table. Medians of interleaved runs, so that
//! a machine whose speed drifts slows both sides alike. Needs the git program; servers listen on loopback only.
//!
//! `… --example bench -- cluster [OBJECTS…] [--runs N] [--peers FOLDER] [--kubeconfig FILE]` measures the list of a test cluster
//! with so many objects (10,000), one table for each number, or of one that is filled already.
//!
//! `… --example bench -- growth [--runs N] [--most SIZE] [--out FILE]` measures how all of it grows with its size and draws
//! `assets/growth.svg`.
//!
//! A journal of a million entries is measured without the rest: `cargo run --release -p store --example journal`.
#![expect(clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "a benchmark that cannot go on says why and stops")]

/// What the stories stand on.
#[expect(dead_code, reason = "the benchmark uses a part of it")]
#[path = "../support"]
mod support {
    pub(crate) mod cluster;
    pub(crate) mod console;
    pub(crate) mod gitserver;
    pub(crate) mod many;
    mod programs;
    pub(crate) mod proxy;
    mod waiting;

    pub(crate) use waiting::{Skip, note, wait};
}

mod chart;
mod cluster;
mod growth;
mod manifests;
mod screen;
mod write;

use std::time::Duration;

/// Returns the median of some durations in milliseconds.
pub(crate) fn median(mut all: Vec<Duration>) -> f64 {
    all.sort();
    all[all.len() / 2].as_secs_f64() * 1000.0
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.split_first() {
        Some((what, rest)) if what == "cluster" => cluster::measure(&options(rest)),
        Some((what, rest)) if what == "growth" => growth::measure(&sizes(rest)),
        Some((what, _)) => println!(
            "There is nothing called {what} to be measured: leave it out, or say cluster or growth; a long journal is an example of the store."
        ),
        None => own(),
    }
}

fn options(arguments: &[String]) -> cluster::Options {
    let mut options = cluster::Options { objects: Vec::new(), runs: 5, peers: None, kubeconfig: None };
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        let mut value = || words.next().expect("a value after each option");
        match word.as_str() {
            "--runs" => options.runs = value().parse().expect("a number"),
            "--peers" => options.peers = Some(value().into()),
            "--kubeconfig" => options.kubeconfig = Some(value().into()),
            count => options.objects.push(count.parse().expect("a number of objects")),
        }
    }
    if options.objects.is_empty() {
        options.objects.push(10_000);
    }
    options
}

fn sizes(arguments: &[String]) -> growth::Options {
    let out = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/growth.svg");
    let mut options = growth::Options { runs: 9, most: usize::MAX, out };
    for pair in arguments.chunks(2) {
        let value = pair.get(1).expect("a value after each option");
        match pair[0].as_str() {
            "--runs" => options.runs = value.parse().expect("a number"),
            "--most" => options.most = value.parse().expect("a size"),
            "--out" => options.out = value.into(),
            other => panic!("there is no option {other}"),
        }
    }
    options
}

fn own() {
    println!("| what | Quarterdeck | the program | ratio |\n|---|---|---|---|");
    manifests();
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

fn manifests() {
    println!("| edit of one field among 436 files, locating it included | {:.2} ms | – | – |", manifests::edit(436, 15));
    let (ours, theirs) = manifests::build(10, 15);
    let (theirs, ratio) =
        theirs.map_or(("–".to_owned(), "–".to_owned()), |t| (format!("{t:.1} ms"), format!("{:.3}", ours / t)));
    println!("| build of an overlay with 21 objects | {ours:.2} ms | {theirs} | {ratio} |");
    println!("| diff of two texts of 50,000 lines, 1,000 changes | {:.0} ms | – | – |", manifests::diff(50_000, 15));
    for fields in [1_000, 4_000] {
        let (took, size) = manifests::definitions(fields, 5);
        println!("| lint of a definition of {} kB that three overlays take in | {took:.0} ms | – | – |", size / 1000);
    }
    println!("| lint of 500 files | {:.0} ms | – | – |", manifests::lint(500, 15));
}
