//! How everything grows with its size, as a table and a picture: the write path beside git, a rendering beside kustomize, differences,
//! lint, and the journal when its own benchmark is built.

use std::path::PathBuf;
use std::process::Command;

use crate::chart::{Curve, Panel, picture};
use crate::{manifests, write};

/// Says what to measure and where the picture goes.
pub(crate) struct Options {
    /// Of how many runs each figure is the median.
    pub(crate) runs: usize,
    /// No size above this one.
    pub(crate) most: usize,
    /// Where the picture is written.
    pub(crate) out: PathBuf,
}

/// One size with the milliseconds of ours and, where there is one, of the other program.
type Point = (usize, f64, Option<f64>);

/// Measures everything, prints the table and writes the picture.
pub(crate) fn measure(options: &Options) {
    let (runs, few) = (options.runs, options.runs.div_ceil(3));
    let mut panels = Vec::new();
    println!("| what | size | Quarterdeck | the program | ratio |\n|---|---|---|---|---|");
    let mut take =
        |title: &str, of: &'static str, other: &'static str, sizes: &[usize], point: &dyn Fn(usize) -> Option<Point>| {
            let points: Vec<Point> = sizes.iter().filter(|size| **size <= options.most).filter_map(|size| point(*size)).collect();
            for (size, ours, theirs) in &points {
                let beside = theirs.map_or(("–".to_owned(), "–".to_owned()), |t| (figure(t), format!("{:.2}", ours / t)));
                println!("| {title} | {} {of} | {} | {} | {} |", grouped(*size), figure(*ours), beside.0, beside.1);
            }
            panels.extend(panel(title, of, other, &points));
        };
    let both = |size: usize, (ours, theirs): (f64, f64)| Some((size, ours, Some(theirs)));
    take("edit → commit → push", "commits", "git", &[100, 1_000, 10_000, 30_000], &|n| both(n, write::measure(n, 100, runs)));
    take("edit → commit → push", "files", "git", &[100, 1_000, 10_000], &|n| both(n, write::measure(100, n, runs)));
    take("build", "objects", "kustomize", &[20, 100, 500, 2_000], &|n| {
        let (ours, theirs) = manifests::build(n / 2, few);
        Some((n, ours, theirs))
    });
    take("diff", "lines", "", &[1_000, 10_000, 50_000, 200_000], &|n| Some((n, manifests::diff(n, few), None)));
    take("lint", "files", "", &[100, 500, 2_000, 5_000], &|n| Some((n, manifests::lint(n, few), None)));
    take("open the journal", "entries", "", &[1_000, 10_000, 100_000, 1_000_000], &|n| Some((n, journal(n)?, None)));
    std::fs::write(&options.out, picture(&panels)).expect("the picture is written");
    println!("\nThe picture is {}.", options.out.display());
}

fn panel(title: &str, of: &'static str, other: &'static str, points: &[Point]) -> Option<Panel> {
    let place = |size: usize| f64::from(u32::try_from(size).unwrap_or(u32::MAX));
    let ours = points.iter().map(|(size, ours, _)| (place(*size), *ours)).collect();
    let theirs: Vec<_> = points.iter().filter_map(|(size, _, theirs)| Some((place(*size), (*theirs)?))).collect();
    let mut curves = vec![Curve { name: "Quarterdeck", points: ours }];
    if !theirs.is_empty() {
        curves.push(Curve { name: other, points: theirs });
    }
    (!points.is_empty()).then(|| Panel { title: title.to_owned(), of, curves })
}

/// Returns the milliseconds that a store with so many entries takes to open, by the store's own benchmark; nothing when it is not
/// built (`cargo build --release -p store --example journal`).
fn journal(entries: usize) -> Option<f64> {
    let program = std::env::current_exe().ok()?.with_file_name("journal");
    if !program.exists() {
        return None;
    }
    let said = Command::new(program).arg(entries.to_string()).output().ok()?;
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    let row = said.lines().find(|line| line.starts_with("| open the store"))?;
    row.split('|').nth(2)?.trim().trim_end_matches(" ms").parse().ok()
}

/// Writes milliseconds with as many digits as say something.
fn figure(milliseconds: f64) -> String {
    match milliseconds {
        m if m < 10.0 => format!("{m:.2} ms"),
        m => format!("{m:.0} ms"),
    }
}

fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> = digits.as_bytes().rchunks(3).rev().filter_map(|group| std::str::from_utf8(group).ok()).collect();
    groups.join(",")
}
