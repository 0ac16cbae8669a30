//! The rules of the house as tests: who may import whom, no circles, sizes, words at the top of each file, no stray clocks.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Which members of the workspace each member may import (dev-dependencies aside).
const IMPORTS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("manifest", &["domain"]),
    ("git", &["domain"]),
    ("cluster", &["domain"]),
    ("store", &["domain"]),
    ("safe", &["domain"]),
    ("sim", &["domain", "manifest", "git"]),
    ("engine", &["domain", "manifest", "git", "cluster", "store"]),
    ("tui", &["domain", "manifest"]),
    ("quarterdeck", &["domain", "sim", "manifest", "git", "cluster", "store", "safe", "engine", "tui"]),
];

/// Files that may read a clock: where the program is put together, and adapters whose library insists on it.
const CLOCKS: &[&str] = &["src/launch.rs"];

const LINES: usize = 500;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn sources(dir: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = fs::read_dir(dir).expect("a readable folder").map(|e| e.expect("an entry").path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

/// Returns every source file under src with its path from the root and its text.
fn house() -> Vec<(String, String)> {
    let mut files = Vec::new();
    sources(&root().join("src"), &mut files);
    files
        .into_iter()
        .map(|path| {
            let name = path.strip_prefix(root()).expect("below the root").to_string_lossy().into_owned();
            let text = fs::read_to_string(&path).expect("readable text");
            (name, text)
        })
        .collect()
}

/// Returns the modules that a room's lib.rs declares for tests only.
fn test_modules(house: &[(String, String)]) -> BTreeSet<(String, String)> {
    let declared = regex::Regex::new(r"#\[cfg\(test\)\]\n(?:pub(?:\(crate\))? )?mod ([a-z_]+);").expect("a valid pattern");
    let roots = house.iter().filter(|(name, _)| name.ends_with("/lib.rs"));
    roots
        .flat_map(|(name, text)| declared.captures_iter(text).map(|m| (module_of(name).0, m[1].to_owned())).collect::<Vec<_>>())
        .collect()
}

fn is_test_file(name: &str) -> bool {
    name.contains("/tests/") || name.ends_with("/tests.rs") || name.ends_with("_tests.rs") || name.contains("/tests_")
}

/// Returns the text before the test module at the end of a file.
fn without_tests(text: &str) -> &str {
    text.find("#[cfg(test)]\n#[expect").or_else(|| text.find("#[cfg(test)]\nmod ")).map_or(text, |at| &text[..at])
}

fn report(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn rooms_import_only_what_the_plan_allows() {
    let metadata = cargo_metadata::MetadataCommand::new()
        .manifest_path(root().join("Cargo.toml"))
        .no_deps()
        .exec()
        .expect("cargo metadata of this workspace");
    let rooms: BTreeSet<&str> = IMPORTS.iter().map(|(name, _)| *name).collect();
    let mut faults = Vec::new();
    for package in &metadata.packages {
        let Some((_, allowed)) = IMPORTS.iter().find(|(name, _)| *name == package.name.as_str()) else {
            faults.push(format!("{} is in the workspace and not in the plan", package.name));
            continue;
        };
        for dependency in &package.dependencies {
            let inside = rooms.contains(dependency.name.as_str());
            let counts = dependency.kind != cargo_metadata::DependencyKind::Development;
            if inside && counts && !allowed.contains(&dependency.name.as_str()) {
                faults.push(format!("{} must not import {}", package.name, dependency.name));
            }
        }
    }
    report(&faults);
}

/// Returns the crate and the top-level module that a file belongs to.
fn module_of(name: &str) -> (String, String) {
    let rest = name.strip_prefix("src/").unwrap_or(name);
    let mut parts: Vec<&str> = rest.trim_end_matches(".rs").split('/').collect();
    let rooms: Vec<&str> = IMPORTS.iter().map(|(n, _)| *n).collect();
    let room = if parts.len() > 1 && rooms.contains(&parts[0]) { parts.remove(0) } else { "quarterdeck" };
    (room.to_owned(), parts[0].to_owned())
}

#[test]
fn no_circle_inside_a_room() {
    let import = regex::Regex::new(r"\bcrate::(?:\{([^}]*)\}|([a-z_]+))").expect("a valid pattern");
    let mut graph: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    let house = house();
    let tests = test_modules(&house);
    for (name, text) in house {
        let (room, module) = module_of(&name);
        let at_test = is_test_file(&name) || tests.contains(&(room.clone(), module.clone()));
        if at_test || module == "lib" || module == "main" {
            continue;
        }
        let edges = graph.entry((room, module.clone())).or_default();
        let code: String =
            without_tests(&text).lines().filter(|l| !l.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
        for found in import.captures_iter(&code) {
            let list = found.get(1).or(found.get(2)).map_or("", |m| m.as_str());
            for part in list.split(',') {
                let target = part.trim().split("::").next().unwrap_or("");
                if target != module && target.starts_with(|c: char| c.is_ascii_lowercase()) {
                    edges.insert(target.to_owned());
                }
            }
        }
    }
    let mut faults = Vec::new();
    for (room, module) in graph.keys() {
        if let Some(path) = way_back(&graph, room, module) {
            faults.push(format!("{room}: {}", path.join(" → ")));
        }
    }
    report(&faults);
}

/// Returns a way from a module over its imports back to itself, if there is one.
fn way_back(graph: &BTreeMap<(String, String), BTreeSet<String>>, room: &str, start: &str) -> Option<Vec<String>> {
    let mut seen = BTreeSet::new();
    let mut open = vec![vec![start.to_owned()]];
    while let Some(path) = open.pop() {
        let here = path.last()?.clone();
        for next in graph.get(&(room.to_owned(), here)).into_iter().flatten() {
            let mut longer = path.clone();
            longer.push(next.clone());
            if next == start {
                return Some(longer);
            }
            if seen.insert(next.clone()) {
                open.push(longer);
            }
        }
    }
    None
}

#[test]
fn files_are_rooms_with_a_sign_at_the_door() {
    let mut faults = Vec::new();
    for (name, text) in house() {
        if !text.starts_with("//! ") {
            faults.push(format!("{name} does not open with //! and what it is for"));
        }
        let lines = without_tests(&text).lines().count();
        if lines > LINES && !is_test_file(&name) {
            faults.push(format!("{name} has {lines} lines without its tests; {LINES} is the ceiling"));
        }
        if name.ends_with("/mod.rs") {
            faults.push(format!("{name}: write x.rs beside x/ instead of mod.rs"));
        }
        let file = name.rsplit('/').next().unwrap_or(&name);
        if ["util.rs", "utils.rs", "helpers.rs", "common.rs", "manager.rs"].contains(&file) {
            faults.push(format!("{name}: a name that says nothing"));
        }
    }
    report(&faults);
}

#[test]
fn clocks_are_read_in_few_places_and_nothing_prints_past_the_screen() {
    let mut faults = Vec::new();
    for (name, text) in house() {
        if is_test_file(&name) {
            continue;
        }
        let text = without_tests(&text);
        for (at, line) in text.lines().enumerate() {
            if line.trim_start().starts_with("//") {
                continue;
            }
            let clock = ["Timestamp::now(", "Time::now(", "SystemTime::now("].iter().any(|c| line.contains(c));
            if clock && !CLOCKS.contains(&name.as_str()) {
                faults.push(format!("{name}:{} reads a clock", at + 1));
            }
            let prints = ["println!(", "print!(", "eprintln!(", "dbg!("].iter().any(|c| line.contains(c));
            if prints && !name.starts_with("src/cli") && name != "src/main.rs" {
                faults.push(format!("{name}:{} prints", at + 1));
            }
        }
    }
    report(&faults);
}
