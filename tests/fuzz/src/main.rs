//! Arbitrary bytes as manifests: nothing panics, and what is edited keeps every byte outside of the edit. As words that are shown they
//! steer no terminal.
//!
//! `tests/fuzz/run SECONDS` builds and runs it. The first byte chooses what is tried, so that one corpus serves all.
#![no_main]

use domain::edit::{Bound, Edit, Field, Resource};
use domain::text::{Shown, hidden};
use libfuzzer_sys::fuzz_target;
use manifest::Files;

fuzz_target!(|data: &[u8]| {
    let Some((what, bytes)) = data.split_first() else { return };
    match what % 4 {
        0 => {
            tell(bytes);
            read(bytes);
        }
        1 => edit(bytes, what / 4),
        2 => build(bytes),
        _ => compare(bytes),
    }
});

/// Shows bytes as words of somebody and as lines of a log: nothing of them steers a terminal.
fn tell(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let line = Shown::line(&text);
    assert!(!line.as_str().chars().any(|c| c.is_control() || hidden(c)), "a line steers: {line:?}");
    let safe = |text: &str| !text.chars().any(|c| !matches!(c, '\n' | '\t') && (c.is_control() || hidden(c)));
    assert!(safe(Shown::lines(&text).as_str()), "lines steer: {text:?}");
    assert!(safe(&domain::text::one_line(&text)), "one line of it steers: {text:?}");
    for line in text.lines() {
        let painted = domain::logs::paint(line);
        assert!(safe(&painted.text), "a line of a log steers: {line:?}");
        assert_eq!(painted.pieces().map(|(text, _)| text).collect::<String>(), painted.text, "all of it is in pieces");
    }
}

/// Reads a text, colours it, checks it.
fn read(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let lines = manifest::highlight(text);
    assert_eq!(lines.len(), text.lines().count(), "each line is coloured");
    if let Ok(tree) = manifest::yaml::Tree::parse(text) {
        for (_, node) in tree.nodes() {
            assert!(text.get(node.span.clone()).is_some(), "each value is some bytes of the text");
        }
    }
    drop(manifest::check_text(Some("a.yaml"), text));
    lint([("a.yaml", bytes)].into_iter().collect());
}

/// Says everything that can be said of a folder, with the kinds that it defines itself.
fn lint(files: Files) {
    let mut schemas = manifest::schema::Schemas::built_in();
    schemas.add_defined(&files);
    for finding in manifest::lint(&files, "", &schemas) {
        assert!(finding.line != Some(0) && finding.column != Some(0), "lines and columns count from 1");
    }
}

/// Edits a workload and looks at what became of the bytes.
fn edit(bytes: &[u8], which: u8) {
    let mut files = Files::new();
    files.insert("k/a.yaml", bytes);
    let set = |field, value: &str| Edit::set(field, value);
    let edits = match which % 6 {
        0 => vec![set(Field::ImageTag, "9.9.9")],
        1 => vec![set(Field::Replicas, "7")],
        2 => vec![set(Field::Env("FUZZ".to_owned()), "a: 'b' # c\n值")],
        3 => vec![set(Field::Resource(Bound::Limit, Resource::Cpu), "250m")],
        4 => vec![Edit::remove(Field::Env("A".to_owned()))],
        _ => vec![set(Field::ImageName, "ghcr.io/acme/shop"), set(Field::PullPolicy, "Always")],
    };
    drop(manifest::facts(&files, "k", None));
    let Ok(applied) = manifest::apply(&files, "k", None, &edits) else { return };
    for change in &applied.files {
        let after = change.after.as_deref().unwrap_or_default();
        assert!(manifest::yaml::Tree::parse(after).is_ok(), "what was written is YAML");
        files.insert(change.path.clone(), after);
    }
    let again = manifest::apply(&files, "k", None, &edits).expect("what could be set once can be set again");
    assert!(again.files.is_empty(), "what is set already changes nothing: {:?}", again.files);
}

/// Renders bytes as a kustomization over a base, and as a folder of its own.
fn build(bytes: &[u8]) {
    let base = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  replicas: 1\n  template:\n    spec:\n      containers:\n      - {name: web, image: 'x:1'}\n";
    let mut files = Files::new();
    files.insert("base/kustomization.yaml", "resources: [web.yaml]\n");
    files.insert("base/web.yaml", base);
    files.insert("o/kustomization.yaml", bytes);
    files.insert("o/patch.yaml", bytes);
    files.insert("plain/a.yaml", bytes);
    if let Ok(objects) = manifest::build(&files, "o") {
        drop(manifest::render(&objects));
    }
    drop(manifest::build(&files, "plain"));
    let schemas = manifest::schema::Schemas::built_in();
    drop(manifest::verdict((&files, &files), "o", &schemas, (false, true)));
}

/// Compares two halves.
fn compare(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let middle = text.floor_char_boundary(text.len() / 2);
    let (before, after) = text.split_at(middle);
    let hunks = manifest::diff(before, after);
    assert_eq!(hunks.is_empty(), before == after, "equal texts have no differences, others have");
    drop(manifest::unified("a.yaml", before, after));
}
