//! Reading at a revision and committing on trees.

use git::{EntryKind, Error, FileChange, NewCommit, ReadLimits, Skipped};

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::place::{Place, author, time, write};

fn new(parent: &domain::revision::CommitId, changes: Vec<FileChange>) -> NewCommit {
    NewCommit { parent: Some(parent.clone()), changes, message: "Change".to_owned(), author: author(), time: time(0) }
}

/// Adds what is odd in a tree: a symlink, a submodule, a large file, names that are not plain ASCII.
fn odd(place: &Place) -> domain::revision::CommitId {
    let work = place.path("seed");
    std::os::unix::fs::symlink("/etc", work.join("k8s/link")).unwrap();
    write(&work.join("k8s/中文 名.yaml"), "a: b\n");
    write(&work.join("k8s/large.bin"), &"x".repeat(2 << 20));
    let first = place.git_in(&work, &["rev-parse", "HEAD"]);
    place.git_in(&work, &["add", "k8s"]);
    place.git_in(&work, &["update-index", "--add", "--cacheinfo", &format!("160000,{first},k8s/other")]);
    place.git_in(&work, &["commit", "-q", "-m", "Odd"]);
    place.git_in(&work, &["push", "-q", "origin", "HEAD:main"]);
    place.head("main").unwrap()
}

#[test]
fn wanted_files_are_read_and_odd_things_are_reported() {
    let place = Place::new();
    let head = odd(&place);
    let mirror = place.mirror(&place.file_url());
    let files = mirror.read(&head, &["k8s", "run.sh", "absent"], ReadLimits::default()).unwrap();
    let expected = ["k8s/base/deployment.yaml", "k8s/overlays/production/kustomization.yaml", "k8s/中文 名.yaml", "run.sh"];
    assert_eq!(files.files.keys().collect::<Vec<_>>(), expected);
    assert_eq!(files.files["k8s/base/deployment.yaml"], b"image: shop:1\n");
    let skipped = [
        Skipped::TooLarge { path: "k8s/large.bin".to_owned(), size: 2 << 20 },
        Skipped::Symlink { path: "k8s/link".to_owned(), target: "/etc".to_owned() },
        Skipped::Submodule { path: "k8s/other".to_owned() },
    ];
    assert_eq!(files.skipped, skipped);
    let few = ReadLimits { files: 2, ..ReadLimits::default() };
    assert!(matches!(mirror.read(&head, &[""], few), Err(Error::TooMuch { .. })));
    assert!(mirror.read(&head, &["../x"], ReadLimits::default()).is_err());
}

#[test]
fn a_reader_finds_files_folders_and_nothing() {
    let place = Place::new();
    let head = odd(&place);
    let mirror = place.mirror(&place.file_url());
    let reader = mirror.tree_reader(&head, ReadLimits::default()).unwrap();
    assert_eq!(reader.get("./README.md").unwrap().unwrap(), b"shop\n");
    assert_eq!(reader.get("k8s/base").unwrap(), None);
    assert_eq!(reader.get("k8s/none/at/all").unwrap(), None);
    assert_eq!(reader.get("README.md/below").unwrap(), None);
    for refused in ["k8s/link", "k8s/other", "k8s/large.bin", "../x", "/etc/passwd", "k8s/../../x"] {
        assert!(reader.get(refused).is_err(), "{refused}");
    }
    assert_eq!(reader.get("k8s/link/passwd").unwrap(), None, "a link is not followed");
    assert_eq!(reader.kind("k8s/base/").unwrap(), Some(EntryKind::Folder));
    assert_eq!(reader.kind("").unwrap(), Some(EntryKind::Folder));
    assert_eq!(reader.kind("run.sh").unwrap(), Some(EntryKind::Executable));
    assert_eq!(reader.kind("nothing").unwrap(), None);
    let root = reader.list("").unwrap().unwrap();
    assert_eq!(root.iter().map(|entry| entry.name.as_str()).collect::<Vec<_>>(), ["README.md", "k8s", "run.sh"]);
    assert_eq!(reader.list("k8s/none").unwrap(), None);
    let absent = domain::revision::CommitId::parse(&"1".repeat(40)).unwrap();
    assert!(matches!(mirror.file(&absent, "x"), Err(Error::NoCommit(_))));
}

#[test]
fn a_commit_changes_what_it_names_and_keeps_modes() {
    let place = Place::new();
    let mirror = place.mirror(&place.file_url());
    let head = mirror.head("main").unwrap().unwrap();
    let changes = vec![
        FileChange::write("run.sh", "#!/bin/sh\nexit 0\n"),
        FileChange::write("k8s/overlays/staging/deep/er.yaml", "new: true\n"),
        FileChange::remove("k8s/overlays/production/kustomization.yaml"),
        FileChange::remove("not/there"),
    ];
    let commit = mirror.commit(&new(&head, changes.clone())).unwrap();
    assert_eq!(mirror.commit(&new(&head, changes)).unwrap(), commit, "the same content is the same commit");
    let tree = place.git(&[
        "--git-dir",
        &mirror.dir().to_string_lossy(),
        "ls-tree",
        "-r",
        "--format=%(objectmode) %(path)",
        commit.as_str(),
    ]);
    let expected = "100644 README.md\n100644 k8s/base/deployment.yaml\n100644 k8s/overlays/staging/deep/er.yaml\n100755 run.sh";
    assert_eq!(tree, expected, "a folder that became empty is gone");
    place.git(&["--git-dir", &mirror.dir().to_string_lossy(), "fsck", "--strict", commit.as_str()]);
    let raw = place.git(&["--git-dir", &mirror.dir().to_string_lossy(), "cat-file", "commit", commit.as_str()]);
    assert!(raw.contains("author Ann Author <ann@example.org> 1709290000 +0000"), "{raw}");
    assert!(raw.contains("committer Ann Author <ann@example.org> 1709290000 +0000"), "{raw}");
    assert_eq!(mirror.head("main").unwrap().unwrap(), head);
}

#[test]
fn a_commit_refuses_paths_that_are_not_plain_files() {
    let place = Place::new();
    let head = odd(&place);
    let mirror = place.mirror(&place.file_url());
    for path in [
        "../x",
        "/x",
        "",
        "a//b",
        ".git/config",
        "k8s/.GIT/x",
        "a/",
        "k8s/link",
        "k8s/link/x",
        "k8s/other",
        "k8s/other/x",
        "k8s/base",
        "README.md/below",
    ] {
        let made = mirror.commit(&new(&head, vec![FileChange::write(path, "x")]));
        assert!(matches!(made, Err(Error::BadPath { .. })), "{path}: {made:?}");
    }
    let both = vec![FileChange::write("n", "x"), FileChange::write("n/below", "x")];
    assert!(matches!(mirror.commit(&new(&head, both)), Err(Error::BadPath { .. })));
    let same = vec![FileChange::write("README.md", "shop\n"), FileChange::remove("absent")];
    assert!(matches!(mirror.commit(&new(&head, same)), Err(Error::Unchanged)));
    let mut nameless = new(&head, vec![FileChange::write("x", "y")]);
    nameless.author.name = "A <b>\nc".to_owned();
    assert!(matches!(mirror.commit(&nameless), Err(Error::BadAuthor(_))));
}

#[test]
fn seeds_make_repositories_that_git_accepts() {
    let place = Place::empty();
    let path = place.path("demo.git");
    git::seed::init_bare(&path, "main").unwrap();
    git::seed::init_bare(&path, "main").unwrap();
    let commit = |content: &str| {
        let by = ("Seed", &author(), time(1));
        git::seed::commit_files(&path, "main", &[FileChange::write("k8s/a.yaml", content)], by).unwrap()
    };
    commit("1");
    let head = commit("2");
    git::seed::set_branch(&path, "develop", &head).unwrap();
    assert_eq!(git::seed::head(&path, "develop").unwrap(), Some(head.clone()));
    assert_eq!(place.git(&["--git-dir", &path.to_string_lossy(), "rev-list", "--count", "main"]), "2");
    place.git(&["--git-dir", &path.to_string_lossy(), "fsck", "--strict"]);
    let mirror = place.mirror(&path.to_string_lossy());
    assert_eq!(mirror.head("develop").unwrap(), Some(head));
}

/// What grew in memory is what commits one by one make, and Git accepts it; what failed on the way leaves nothing.
#[test]
fn a_repository_that_grows_in_memory_is_the_same() {
    let place = Place::empty();
    let (one, other) = (place.path("one.git"), place.path("other.git"));
    let steps: Vec<(&str, FileChange)> = (0..40)
        .map(|n| {
            let branch = ["main", "develop"][n % 2];
            (branch, FileChange::write(format!("k8s/{}/a.yaml", n % 3), format!("text {n}\n").repeat(9)))
        })
        .collect();
    for path in [&one, &other] {
        git::seed::init_bare(path, "main").unwrap();
    }
    let failed: Result<(), Error> = git::seed::grow(&other, |growth| {
        growth.commit("main", &[FileChange::write("x", "y")], ("Lost", &author(), time(1)))?;
        Err(Error::Unchanged)
    });
    assert!(matches!(failed, Err(Error::Unchanged)));
    assert_eq!(git::seed::head(&other, "main").unwrap(), None);
    let grown = git::seed::grow(&other, |growth| {
        steps
            .iter()
            .map(|(branch, change)| growth.commit(branch, std::slice::from_ref(change), ("Grow", &author(), time(2))))
            .collect()
    });
    let grown: Vec<_> = Result::<_, Error>::unwrap(grown);
    let made: Vec<_> = steps
        .iter()
        .map(|(branch, change)| {
            git::seed::commit_files(&one, branch, std::slice::from_ref(change), ("Grow", &author(), time(2))).unwrap()
        })
        .collect();
    assert_eq!(grown, made);
    for branch in ["main", "develop"] {
        assert_eq!(git::seed::head(&other, branch).unwrap(), git::seed::head(&one, branch).unwrap());
    }
    place.git(&["--git-dir", &other.to_string_lossy(), "fsck", "--strict"]);
    let mirror = place.mirror(&other.to_string_lossy());
    assert_eq!(mirror.head("develop").unwrap(), made.last().cloned());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// Any series of changes leaves exactly the files that a plain map would hold.
    #[test]
    fn commits_agree_with_a_map(
        series in prop::collection::vec(prop::collection::vec(("[ab](/[ab]){0,2}/f[12]", prop::option::of("[a-z]{0,9}")), 1..6), 1..6),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let origin = dir.path().join("origin.git");
        git::seed::init_bare(&origin, "main").unwrap();
        let mirror = git::Mirror::open_or_clone(
            &dir.path().join("mirrors"), &origin.to_string_lossy(), &crate::place::access(), &git::Cancel::new(),
        ).unwrap();
        let mut model: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        let mut parent = None;
        for changes in series {
            let before = model.clone();
            for (path, content) in &changes {
                match content {
                    Some(content) => drop(model.insert(path.clone(), content.clone().into_bytes())),
                    None => drop(model.remove(path)),
                }
            }
            let changes = changes.into_iter()
                .map(|(path, content)| FileChange { path, content: content.map(String::into_bytes) }).collect();
            let new = NewCommit { parent: parent.clone(), changes, message: "m".to_owned(), author: author(), time: time(0) };
            match mirror.commit(&new) {
                Ok(commit) => {
                    let read = mirror.read(&commit, &[""], ReadLimits::default()).unwrap();
                    prop_assert_eq!(&read.files, &model);
                    parent = Some(commit);
                }
                Err(Error::Unchanged) => prop_assert_eq!(&before, &model),
                Err(error) => prop_assert!(false, "{}", error),
            }
        }
    }
}
