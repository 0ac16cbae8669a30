//! The renderer's cases held against the real kustomize: what is kept as its output is its output.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::programs;

/// Holds a case of a bundle: its name, the folder that is rendered, its files, and the output, unless it is refused.
struct Case<'t> {
    name: &'t str,
    folder: &'t str,
    files: Vec<(&'t str, &'t str)>,
    expect: Option<&'t str>,
}

/// Reads a bundle; `src/manifest/build/tests.rs` says how it is written.
fn cases(bundle: &str) -> Vec<Case<'_>> {
    let mut shared = Vec::new();
    let mut all = Vec::new();
    for text in bundle.split("@@ ").skip(1) {
        let (head, mut rest) = text.split_once('\n').expect("a line");
        let (name, folder) = head.split_once(' ').unwrap_or((head, ""));
        let mut case = Case { name, folder, files: shared.clone(), expect: None };
        while let Some((mark, after)) = rest.split_once('\n') {
            let end = if after.starts_with('@') { 0 } else { after.find("\n@").map_or(after.len(), |at| at + 1) };
            let (content, next) = after.split_at(end);
            match mark.strip_prefix('@').expect("a mark") {
                "=" => case.expect = Some(content),
                "!" => {}
                path => case.files.push((path.trim_start(), content)),
            }
            rest = next;
        }
        if name == "*" { shared = case.files } else { all.push(case) }
    }
    all
}

#[test]
fn the_kept_output_is_that_of_the_real_kustomize() {
    let programs = match programs() {
        Ok(programs) => programs,
        Err(skip) => return skip.say(),
    };
    let bundles = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/manifest/tests/bundles");
    let (mut wrong, mut compared) = (Vec::new(), 0);
    for entry in fs::read_dir(bundles).expect("the bundles") {
        let text = fs::read_to_string(entry.expect("a bundle").path()).expect("a text");
        for case in cases(&text) {
            let scratch = tempfile::tempdir().expect("a folder");
            for (path, content) in &case.files {
                let file = scratch.path().join(path);
                fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
                fs::write(file, content).expect("a file");
            }
            let mut command = Command::new(programs.path("kustomize"));
            command.args(["build", "--load-restrictor", "LoadRestrictionsNone"]).arg(scratch.path().join(case.folder));
            let output = command.output().expect("kustomize runs");
            let printed = output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned());
            if printed.as_deref() != case.expect {
                wrong.push(format!("{}:\n{}", case.name, printed.unwrap_or_else(|| "refused\n".to_owned())));
            }
            compared += 1;
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(compared >= 290, "only {compared} cases were compared");
}
