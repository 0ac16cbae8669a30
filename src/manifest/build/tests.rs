//! The renderer against the real kustomize, and what it refuses.
#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test says which input failed by failing, and why it did not run"
)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::*;

/// The kustomize that the test cluster built, or one of the same version on the PATH.
fn program() -> Option<PathBuf> {
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/cluster/bin/kustomize");
    let found = std::env::var_os("PATH").into_iter().flat_map(|path| std::env::split_paths(&path).collect::<Vec<_>>());
    [built].into_iter().chain(found.map(|folder| folder.join("kustomize"))).find(|program| {
        Command::new(program).arg("version").output().is_ok_and(|o| String::from_utf8_lossy(&o.stdout).starts_with("v5.8"))
    })
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

fn load(folder: &Path, prefix: &str, files: &mut Files) {
    let mut entries: Vec<_> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        let name = path.file_name().unwrap().to_str().unwrap();
        let inner = if prefix.is_empty() { name.to_owned() } else { format!("{prefix}/{name}") };
        if path.is_dir() {
            load(&path, &inner, files);
        } else {
            files.insert(inner, std::fs::read(&path).unwrap());
        }
    }
}

#[test]
fn it_prints_what_the_real_kustomize_prints() {
    let Some(program) = program() else {
        eprintln!("skipped: there is no kustomize v5.8 in target/cluster/bin or on the PATH to compare with");
        return;
    };
    let (mut compared, mut wrong) = (0, String::new());
    for case in std::fs::read_dir(fixtures()).unwrap() {
        let root = case.unwrap().path();
        let mut files = Files::new();
        load(&root, "", &mut files);
        let target = if root.join("overlay").is_dir() { "overlay" } else { "." };
        let output = Command::new(&program).arg("build").arg(root.join(target)).output().unwrap();
        let theirs = String::from_utf8(output.stdout).unwrap();
        let ours = build(&files, target).map(|objects| render(&objects));
        if output.status.success() {
            let ours = ours.unwrap_or_else(|e| format!("{}: {e}", root.display()));
            let diff = crate::diff::unified("kustomize | ours", &theirs, &ours);
            if ours != theirs {
                writeln!(wrong, "{}\n{diff}", root.display()).unwrap();
            }
        } else if ours.is_ok() {
            writeln!(wrong, "{}: kustomize refuses it: {}", root.display(), String::from_utf8_lossy(&output.stderr)).unwrap();
        }
        compared += 1;
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(compared >= 8, "only {compared} fixtures were compared");
}

fn built(files: &[(&str, &str)], path: &str) -> Result<String, Error> {
    build(&files.iter().copied().collect(), path).map(|o| render(&o))
}

#[test]
fn what_is_not_known_is_named_and_what_leads_out_is_refused() {
    let one =
        |text: &str| built(&[("k/kustomization.yaml", text), ("k/a.yaml", "kind: A\nmetadata: {name: a}\n")], "k").unwrap_err();
    assert_eq!(
        one("resources: [a.yaml]\nhelmCharts:\n- name: x\n"),
        Error::Unsupported {
            file: "k/kustomization.yaml".into(),
            line: 3,
            field: "helmCharts".into(),
            by: "kustomize build --enable-helm".into(),
        }
    );
    assert!(matches!(one("resources:\n- https://github.com/acme/base?ref=v1\n"), Error::Remote { line: 2, .. }));
    assert!(matches!(one("resources: [github.com/acme/base]"), Error::Remote { .. }));
    assert!(matches!(one("resources: [../../x]"), Error::Outside { .. }));
    assert!(matches!(one("resources: [/etc/passwd]"), Error::Outside { .. }));
    assert!(matches!(one("resources: [none.yaml]"), Error::Missing { .. }));
    assert!(matches!(one("resources: [../k]"), Error::Meaning { .. }));
    assert!(matches!(one("resources: [a.yaml, a.yaml]"), Error::Meaning { .. }));
    assert!(matches!(one("a: [1"), Error::Syntax { .. }));
    assert!(matches!(build(&Files::new(), "none"), Err(Error::Missing { .. })));
}

#[test]
fn a_folder_without_a_kustomization_is_rendered_whole() {
    let files = [
        ("app/b.yaml", "kind: B\napiVersion: v1\nmetadata: {name: b}\n"),
        ("app/sub/a.yml", "kind: A\napiVersion: v1\nmetadata: {name: a}\n"),
        ("app/readme.md", "no yaml: ["),
        ("app/deep/kustomization.yaml", "namePrefix: x-\nresources: [c.yaml]\n"),
        ("app/deep/c.yaml", "kind: C\napiVersion: v1\nmetadata: {name: c}\n"),
    ];
    let objects = build(&files.into_iter().collect(), "app").unwrap();
    let keys: Vec<String> = objects.iter().map(Object::key).collect();
    assert_eq!(keys, ["A/a", "B/b", "C/x-c"]);
    assert_eq!((objects[2].written_name.as_str(), objects[2].file.as_str(), objects[2].line), ("c", "app/deep/c.yaml", 1));
}

#[test]
fn alias_bombs_end() {
    let mut bomb = String::from("kind: A\nmetadata: {name: a}\nx0: &x0 [a,a,a,a,a,a,a,a,a,a]\n");
    for n in 1..12 {
        let uses = vec![format!("*x{}", n - 1); 10].join(",");
        writeln!(bomb, "x{n}: &x{n} [{uses}]").unwrap();
    }
    assert!(matches!(built(&[("k/a.yaml", &bomb)], "k"), Err(Error::Syntax { .. })));
}
