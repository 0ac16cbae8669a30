//! What is read and written of a folder, on real folders.
#![expect(clippy::unwrap_used, reason = "a test fails by failing")]

use std::os::unix::fs::{PermissionsExt, symlink};

use domain::TroubleKind;
use domain::change::FileChange;
use manifest::build;

use super::*;

struct Ground(tempfile::TempDir);

impl Ground {
    fn new(files: &[(&str, &str)]) -> Self {
        let ground = Self(tempfile::tempdir().unwrap());
        fs::create_dir(ground.path(".git")).unwrap();
        for (path, text) in files {
            ground.file(path, text);
        }
        ground
    }

    fn path(&self, path: &str) -> PathBuf {
        let root = fs::canonicalize(self.0.path()).unwrap();
        if path == "." { root } else { root.join(path) }
    }

    fn file(&self, path: &str, text: &str) {
        fs::create_dir_all(self.path(path).parent().unwrap()).unwrap();
        fs::write(self.path(path), text).unwrap();
    }
}

fn change(path: &str, before: Option<&str>, after: &str) -> FileChange {
    FileChange { path: path.to_owned(), before: before.map(str::to_owned), after: Some(after.to_owned()) }
}

#[test]
fn what_a_kustomization_leads_to_is_read_and_nothing_else() {
    let map = "configMapGenerator:\n- name: x\n  files: [logo.png, ../../data/a.conf]\n";
    let ground = Ground::new(&[
        ("over/dev/kustomization.yaml", &format!("resources: [../../base, ../../linked/x.yaml]\n{map}")),
        ("over/dev/logo.png", "no picture"),
        ("over/dev/other.png", "a picture"),
        ("over/dev/.hidden/x.yaml", "a: 1"),
        ("over/dev/node_modules/x.yaml", "a: 1"),
        ("over/dev/built/CACHEDIR.TAG", "Signature: 8a477f597d28d172789f06886806bc55"),
        ("over/dev/built/x.yaml", "a: 1"),
        ("over/prod/kustomization.yaml", "resources: [../../base]\n"),
        ("base/kustomization.yaml", "resources: [web.yaml]\n"),
        ("base/web.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: web}\n"),
        ("data/a.conf", "a=1\n"),
        ("data/b.conf", "b=1\n"),
        ("real/x.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: x}\n"),
    ]);
    symlink("real", ground.path("linked")).unwrap();
    let mut local = Local::open(&ground.path("over/dev"), None).unwrap();
    assert_eq!((local.root.clone(), local.folder()), (ground.path("."), "over/dev"));
    assert_eq!(local.files().paths().collect::<Vec<_>>(), ["over/dev/kustomization.yaml"]);
    let objects = local.with(|files| build(files, "over/dev")).unwrap().unwrap();
    assert_eq!(objects.len(), 3);
    let read: Vec<&str> = local.files().paths().collect();
    assert!(read.contains(&"over/dev/logo.png") && read.contains(&"data/a.conf") && read.contains(&"linked"), "{read:?}");
    for never in ["over/prod", "other.png", ".hidden", "node_modules", "built"] {
        assert!(!read.iter().any(|path| path.contains(never)), "{never} in {read:?}");
    }
}

#[test]
fn a_link_out_of_the_repository_is_not_followed_and_a_pipe_not_waited_for() {
    let ground =
        Ground::new(&[("k/kustomization.yaml", "resources: [out.yaml]\n"), ("p/kustomization.yaml", "resources: [pipe]\n")]);
    symlink("/etc/hostname", ground.path("k/out.yaml")).unwrap();
    rustix::fs::mknodat(rustix::fs::CWD, ground.path("p/pipe"), rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU, 0).unwrap();
    for (folder, outside) in [("k", true), ("p", false)] {
        let mut local = Local::open(&ground.path(folder), None).unwrap();
        let error = local.with(|files| build(files, folder)).unwrap().unwrap_err();
        assert_eq!(matches!(error, Error::Outside { .. }), outside, "{error}");
    }
}

#[test]
fn limits_are_told_and_a_large_file_is_named() {
    let ground = Ground::new(&[
        ("k/kustomization.yaml", "resources: [big.yaml]\n"),
        ("k/a.yaml", ""),
        ("k/big.yaml", &"#".repeat(FILE_LIMIT + 1)),
    ]);
    let mut local = Local::open(&ground.path("k"), None).unwrap();
    let trouble = local.with(|files| build(files, "k")).unwrap_err();
    assert!(trouble.to_string().contains("k/big.yaml"), "{trouble}");
    // One that nothing names is not passed over in silence either.
    let loose = Ground::new(&[("k/a.yaml", ""), ("k/big.yaml", &"#".repeat(FILE_LIMIT + 1))]);
    let mut open = Local::open(&loose.path("k"), None).unwrap();
    assert!(open.files().is_large("k/big.yaml"));
    let trouble = open.with(|files| build(files, "k")).unwrap_err();
    assert!(trouble.to_string().contains("k/big.yaml"), "{trouble}");
    let mut local = Local::at(&ground.path("k"), None).unwrap();
    local.limits = (1, MOST_BYTES);
    assert_eq!(local.walk("k", true).unwrap_err().kind, TroubleKind::Refused);
}

#[test]
fn a_file_is_written_where_it_lives_and_keeps_its_mode() {
    let ground = Ground::new(&[("k/a.yaml", "a: 1\n"), ("b.yaml", "b: 1\n")]);
    fs::set_permissions(ground.path("k/a.yaml"), fs::Permissions::from_mode(0o640)).unwrap();
    let local = Local::open(&ground.path("k"), None).unwrap();
    local.write(&[change("k/a.yaml", Some("a: 1\n"), "a: 2\n"), change("new/c.yaml", None, "c: 1\n")]).unwrap();
    assert_eq!(fs::read_to_string(ground.path("k/a.yaml")).unwrap(), "a: 2\n");
    assert_eq!(fs::read_to_string(ground.path("new/c.yaml")).unwrap(), "c: 1\n");
    assert_eq!(fs::metadata(ground.path("k/a.yaml")).unwrap().permissions().mode() & 0o7777, 0o640);
    let left: Vec<_> = fs::read_dir(ground.path("k")).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left, ["a.yaml"], "no temporary file stays");
}

#[test]
fn what_changed_meanwhile_is_closed_or_lies_behind_a_link_is_refused_and_nothing_is_written() {
    let ground = Ground::new(&[("k/a.yaml", "a: 1\n"), ("k/b.yaml", "b: 1\n"), ("k/c.yaml", "c: 1\n"), ("k/d.yaml", "d: 1\n")]);
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("x.yaml"), "x: 1\n").unwrap();
    symlink(outside.path(), ground.path("away")).unwrap();
    let local = Local::open(&ground.path("k"), None).unwrap();
    fs::write(ground.path("k/b.yaml"), "b: 9\n").unwrap();
    fs::set_permissions(ground.path("k/c.yaml"), fs::Permissions::from_mode(0o444)).unwrap();
    fs::remove_file(ground.path("k/d.yaml")).unwrap();
    let first = change("k/a.yaml", Some("a: 1\n"), "a: 2\n");
    for (second, part) in [
        (change("k/b.yaml", Some("b: 1\n"), "b: 2\n"), "changed it meanwhile"),
        (change("k/c.yaml", Some("c: 1\n"), "c: 2\n"), "reading only"),
        (change("k/d.yaml", Some("d: 1\n"), "d: 2\n"), "it is gone"),
        (change("away/x.yaml", Some("x: 1\n"), "x: 2\n"), "a link stands in its path"),
        (change("away/new/y.yaml", None, "y: 1\n"), "behind a link"),
        (change("k/b.yaml", None, "b: 2\n"), "made it meanwhile"),
    ] {
        let trouble = local.write(&[first.clone(), second]).unwrap_err().to_string();
        assert!(trouble.contains(part), "{trouble}");
        assert_eq!(fs::read_to_string(ground.path("k/a.yaml")).unwrap(), "a: 1\n", "{part}: all or none");
    }
    assert_eq!(fs::read_to_string(outside.path().join("x.yaml")).unwrap(), "x: 1\n");
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 1, "nothing was made outside");
}

#[test]
fn a_copy_holds_no_link_that_leads_out_of_it() {
    let ground = Ground::new(&[("k/a.yaml", "a: 1\n"), (".env", "A=1\n")]);
    symlink("a.yaml", ground.path("k/in.yaml")).unwrap();
    symlink("/etc/hostname", ground.path("k/out.yaml")).unwrap();
    symlink("../../x", ground.path("k/up.yaml")).unwrap();
    fs::create_dir(ground.path("closed")).unwrap();
    fs::set_permissions(ground.path("closed"), fs::Permissions::from_mode(0o0)).unwrap();
    let local = Local::at(&ground.path("k"), None).unwrap();
    let mut export = local.export().unwrap();
    // Nothing is closed to the superuser.
    export.left_out.retain(|path| path != "closed");
    let root = export.root();
    assert_eq!(fs::read_to_string(root.join("k/in.yaml")).unwrap(), "a: 1\n");
    assert_eq!(fs::read_to_string(root.join(".env")).unwrap(), "A=1\n");
    export.left_out.sort();
    assert_eq!(export.left_out, ["k/out.yaml", "k/up.yaml"]);
    assert!(!root.join(".git").exists() && root.join("k/out.yaml").symlink_metadata().is_err());
    let mode = fs::metadata(root.parent().unwrap()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn a_path_is_shown_from_where_one_stands() {
    for (from, to, expect) in [
        ("/r/k", "/r/k/a.yaml", "a.yaml"),
        ("/r/k/o", "/r/b/a.yaml", "../../b/a.yaml"),
        ("/r", "/r/k/a.yaml", "k/a.yaml"),
        ("/r", "/r", "."),
    ] {
        assert_eq!(between(Path::new(from), Path::new(to)), Path::new(expect));
    }
}

#[test]
fn what_is_no_folder_is_told() {
    let ground = Ground::new(&[("k/a.yaml", "a: 1\n")]);
    for (path, kind) in [("none", TroubleKind::NotFound), ("k/a.yaml", TroubleKind::Usage)] {
        assert_eq!(Local::open(&ground.path(path), None).unwrap_err().kind, kind, "{path}");
    }
    let elsewhere = tempfile::tempdir().unwrap();
    assert_eq!(Local::open(&ground.path("k"), Some(elsewhere.path())).unwrap_err().kind, TroubleKind::Usage);
}
