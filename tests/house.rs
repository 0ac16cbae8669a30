//! The rules of the house as tests: who may import whom, no circles, sizes, words at the top of each file, no stray clocks.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

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

/// The test module that is written out at the end of a file; one that only names another file is no end of anything.
static TESTS: LazyLock<regex::Regex> = LazyLock::new(|| {
    regex::Regex::new(r"(?m)^#\[cfg\(test\)\]\n(?:#\[[^#;]*?\]\n)*(?:pub(?:\(crate\))? )?mod [a-z_]+ \{")
        .expect("a valid pattern")
});

/// Returns the text before the test module at the end of a file.
fn without_tests(text: &str) -> &str {
    TESTS.find(text).map_or(text, |found| &text[..found.start()])
}

#[test]
fn a_test_module_elsewhere_hides_nothing() {
    let text = "mod a;\n#[cfg(test)]\nmod b_tests;\n\nfn c() {}\n";
    assert_eq!(without_tests(text), text);
    let inline = "fn c() {}\n\n#[cfg(test)]\n#[expect(x, reason = \"y\")]\nmod tests {\n}\n";
    assert_eq!(without_tests(inline), "fn c() {}\n\n");
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
            let clock = ["Timestamp::now(", "Time::now(", "SystemTime::now(", "Zoned::now("].iter().any(|c| line.contains(c));
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

/// Returns the rows of the table of rooms in ARCHITECTURE.md: what the first cell names, and what may be imported.
fn rooms_as_told() -> Vec<(String, String)> {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("readable text");
    let rows = text.lines().filter(|line| line.starts_with("| `src/") || line.starts_with("| root"));
    let cells = rows.map(|row| row.split(" | ").map(str::to_owned).collect::<Vec<_>>());
    cells.map(|cells| (cells[0].trim_start_matches("| ").to_owned(), cells[2].clone())).collect()
}

#[test]
fn the_plan_names_every_room_and_what_it_imports() {
    let told = rooms_as_told();
    let mut faults = Vec::new();
    for (name, allowed) in IMPORTS.iter().filter(|(name, _)| *name != "quarterdeck") {
        let Some((_, imports)) = told.iter().find(|(cell, _)| *cell == format!("`src/{name}`")) else {
            faults.push(format!("ARCHITECTURE.md does not name src/{name}"));
            continue;
        };
        let imports: BTreeSet<&str> = imports.split(", ").filter(|name| *name != "–").collect();
        if imports != allowed.iter().copied().collect() {
            faults.push(format!("ARCHITECTURE.md says that src/{name} imports {imports:?}; the plan says {allowed:?}"));
        }
    }
    let own = told.iter().find(|(cell, _)| cell.starts_with("root")).map_or("", |(cell, _)| cell);
    for entry in fs::read_dir(root().join("src")).expect("the sources") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.extension().is_some_and(|e| e == "rs") && !own.contains(&format!("`src/{name}`")) {
            faults.push(format!("ARCHITECTURE.md does not name src/{name}"));
        }
    }
    report(&faults);
}

/// Returns the documents of the house with their text.
fn documents() -> Vec<(PathBuf, String)> {
    let mut files = vec![root().join("README.md"), root().join("ARCHITECTURE.md"), root().join("tests/cluster/README.md")];
    let pages = fs::read_dir(root().join("docs")).expect("the pages").map(|entry| entry.expect("an entry").path());
    files.extend(pages.filter(|path| path.extension().is_some_and(|e| e == "md")));
    files.sort();
    files.into_iter().map(|path| (path.clone(), fs::read_to_string(path).expect("readable text"))).collect()
}

/// Returns the anchors of a document's headings as they are linked to.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = text.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    let anchor = |heading: &str| {
        let kept = heading.to_lowercase().chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c)).collect::<String>();
        kept.replace(' ', "-")
    };
    headings.map(anchor).collect()
}

#[test]
fn links_in_the_documents_lead_somewhere() {
    let link = regex::Regex::new(r"\]\(([^)\s]+)\)").expect("a valid pattern");
    let (mut faults, mut count) = (Vec::new(), 0);
    for (path, text) in documents() {
        let name = path.strip_prefix(root()).expect("below the root").display().to_string();
        for target in link.captures_iter(&text).map(|found| found[1].to_owned()) {
            count += 1;
            if target.contains("://") {
                faults.push(format!("{name}: {target} leads out of the house, where nobody checks it"));
                continue;
            }
            let (file, place) = target.split_once('#').unwrap_or((&target, ""));
            let there = if file.is_empty() { path.clone() } else { path.parent().expect("a folder").join(file) };
            if !there.exists() {
                faults.push(format!("{name}: {target} is not there"));
            } else if !place.is_empty() && !anchors(&fs::read_to_string(&there).unwrap_or_default()).contains(place) {
                faults.push(format!("{name}: {target} has no such heading"));
            }
        }
    }
    assert!(count > 8, "only {count} links were found");
    report(&faults);
}

/// What a path in a document begins with: it is one from the root, or one from src as ARCHITECTURE.md writes them.
const ROOMS: [&str; 17] = [
    "src/",
    "assets/",
    "tests/",
    "themes/",
    "docs/",
    ".ci/",
    "domain/",
    "manifest/",
    "git/",
    "cluster/",
    "store/",
    "sim/",
    "engine/",
    "tui/",
    "safe/",
    "cli/",
    "local/",
];

#[test]
fn files_that_the_documents_name_are_there() {
    let span = regex::Regex::new(r"`([a-z._/*-]+)`").expect("a valid pattern");
    let block = regex::Regex::new(r"(?s)```.*?```").expect("a valid pattern");
    let (mut faults, mut count) = (Vec::new(), 0);
    for (path, text) in documents() {
        let prose = block.replace_all(&text, "");
        for named in span.captures_iter(&prose).map(|found| found[1].to_owned()) {
            let written = ["rs", "toml", "md", "sh", "json", "yaml"].iter().any(|end| named.ends_with(&format!(".{end}")));
            let folder = ROOMS.iter().any(|room| named.starts_with(room));
            // A folder beside the configuration file, or one that is built.
            if !folder || named.starts_with("git/") && !written || named == "themes/" {
                continue;
            }
            count += 1;
            let plain = named.trim_end_matches("*.rs").trim_end_matches('*');
            let there = [root(), root().join("src"), path.parent().expect("a folder").to_owned()];
            if !there.iter().any(|folder| folder.join(plain).exists()) {
                faults.push(format!("{} names {named}, which is not there", path.display()));
            }
        }
    }
    assert!(count > 30, "only {count} files were found");
    report(&faults);
}
