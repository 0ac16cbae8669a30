//! Content that an attacker pushed: names that mean other places, links, trees without end, a file larger than memory. What is not
//! read is said; nothing is written outside of the mirror, nothing runs, and nobody else is asked.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use domain::revision::CommitId;
use git::{Access, Cancel, Error, FileChange, Limits, LogQuery, Mirror, PushOutcome, ReadLimits, Skipped};
use git2::{ObjectType, Oid, Repository};

use crate::place::{Place, access, alone, git_command, push, set_image, text, watched};
use crate::server::Server;

const FILE: &str = "100644";
const LINK: &str = "120000";
const FOLDER: &str = "40000";
const SUBMODULE: &str = "160000";

/// Writes a tree as no honest program would: nothing is checked or put in order.
fn tree(repository: &Repository, entries: &[(&str, &[u8], Oid)]) -> Oid {
    let mut raw = Vec::new();
    for (mode, name, id) in entries {
        raw.extend_from_slice(&[mode.as_bytes(), b" ", name, b"\0", id.as_bytes()].concat());
    }
    repository.odb().unwrap().write(ObjectType::Tree, &raw).unwrap()
}

fn blob(repository: &Repository, content: &[u8]) -> Oid {
    repository.blob(content).unwrap()
}

/// Commits a tree onto main, with an author and a message that are no UTF-8.
fn commit(repository: &Repository, tree: Oid) -> CommitId {
    let parent = repository.refname_to_id("refs/heads/main").map(|id| format!("parent {id}\n")).unwrap_or_default();
    let who = b"E\xff\x1b]0;x\x07ve <eve\xfe@example.org> 1709290000 +0000\n";
    let raw = [
        format!("tree {tree}\n{parent}author ").as_bytes(),
        who,
        b"committer ",
        who,
        b"\n\xff\xfe\x1b[2Jsubject\n\n\xe2\x80\xaebody\x9b31m\n",
    ]
    .concat();
    let id = repository.odb().unwrap().write(ObjectType::Commit, &raw).unwrap();
    repository.reference("refs/heads/main", id, true, "attack").unwrap();
    CommitId::parse(&id.to_string()).unwrap()
}

/// Returns every path in a folder, folders included.
fn inventory(folder: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.is_symlink() {
                open.push(path.clone());
            }
            found.insert(path.to_string_lossy().into_owned());
        }
    }
    found
}

/// The names of one entry that mean another place, or Git's own folder, somewhere.
const NAMES: [&[u8]; 18] = [
    b"..",
    b".",
    b".git",
    b".GIT",
    b".Git ",
    b".git.",
    b".git:$DATA",
    b"git~1",
    b"GIT~1",
    ".g\u{200c}it".as_bytes(),
    "\u{feff}.git".as_bytes(),
    b"../escape",
    b"/etc",
    b"a/b",
    b"a\\..\\b",
    b"line\nbreak",
    b"\xff\xfe",
    b".git\xff",
];

#[test]
fn hostile_content_is_read_compared_and_pushed_to_without_an_effect() {
    let place = Place::new();
    let (server, trap) = (Server::start(place.dir.path().to_owned()), Server::start(place.dir.path().to_owned()));
    let canary = place.path("canary");
    let touch = format!("touch {}", canary.display());
    let origin = Repository::open(place.origin()).unwrap();
    let write = |content: &str| blob(&origin, content.as_bytes());
    let script = write(&format!("#!/bin/sh\n{touch}\n"));
    let config = write(&format!(
        "[core]\n\tfsmonitor = {touch}\n\thooksPath = hooks\n\tsshCommand = {touch}\n[filter \"x\"]\n\tsmudge = {touch}\n\tclean = {touch}\n\
         [url \"http://127.0.0.1:{0}/\"]\n\tinsteadOf = {1}\n[http]\n\tproxy = http://127.0.0.1:{0}\n[include]\n\tpath = /etc/passwd\n",
        trap.port(),
        server.url().replace("/origin.git", "/")
    ));
    let hooks = tree(&origin, &[("100755", b"post-checkout", script), ("100755", b"pre-push", script)]);
    let folder = tree(&origin, &[(FILE, b"config", config), (FOLDER, b"hooks", hooks)]);
    let info = tree(&origin, &[(FILE, b"alternates", write("/\n"))]);
    let mut entries: Vec<(&str, &[u8], Oid)> = NAMES.iter().map(|name| (FOLDER, *name, folder)).collect();
    let attributes = write("* filter=x diff=x merge=x\n");
    let modules = write(&format!("[submodule \"s\"]\n\tpath = s\n\turl = http://127.0.0.1:{}/origin.git\n", trap.port()));
    entries.extend([
        (FILE, b".gitattributes".as_slice(), attributes),
        (FILE, b".gitmodules", modules),
        (SUBMODULE, b"s", Oid::from_str(place.head("main").unwrap().as_str()).unwrap()),
        (LINK, b"link", write("/etc/passwd")),
        (LINK, b"up", write("../../../../etc")),
        // A bare repository within the repository.
        (FILE, b"HEAD", write("ref: refs/heads/main\n")),
        (FILE, b"config", config),
        (FOLDER, b"hooks", hooks),
        (FOLDER, b"objects", tree(&origin, &[(FOLDER, b"info", info)])),
        (FILE, b"plain.yaml", write("a: 1\n")),
        (FILE, b"\x1b]0;title\x07.yaml", write("b: 1\n")),
    ]);
    let before = place.head("main").unwrap();
    let head = commit(&origin, tree(&origin, &entries));
    let outside = inventory(place.dir.path());

    let mirror = place.mirror(&server.url());
    let fresh = inventory(mirror.dir());
    let files = mirror.read(&head, &[""], ReadLimits::default()).unwrap();
    let read: Vec<&str> = files.files.keys().map(String::as_str).collect();
    let expected = [
        "\u{1b}]0;title\u{7}.yaml",
        ".gitattributes",
        ".gitmodules",
        "HEAD",
        "config",
        "hooks/post-checkout",
        "hooks/pre-push",
        "objects/info/alternates",
        "plain.yaml",
    ];
    assert_eq!(read, expected, "what has a name of its own is read, as text");
    let bad = files.skipped.iter().filter(|skipped| matches!(skipped, Skipped::BadName { .. })).count();
    assert_eq!(bad, NAMES.len(), "and the rest is said: {:?}", files.skipped);
    assert!(files.skipped.contains(&Skipped::Submodule { path: "s".to_owned() }));
    assert!(files.skipped.contains(&Skipped::Symlink { path: "link".to_owned(), target: "/etc/passwd".to_owned() }));
    let reader = mirror.tree_reader(&head, ReadLimits::default()).unwrap();
    // `./config` is another way to write `config`.
    for name in NAMES.into_iter().filter(|name| *name != b".") {
        let path = format!("{}/config", String::from_utf8_lossy(name));
        assert!(!matches!(reader.get(&path), Ok(Some(_))), "{path:?} is not read");
        let asked = git::NewCommit { changes: vec![FileChange::write(path.clone(), "x")], ..new(&head) };
        // One that is no UTF-8 is told by another name, which is a plain one.
        let made = mirror.commit(&asked);
        assert!(std::str::from_utf8(name).is_err() || name == b"a/b" || made.is_err(), "{path:?}: {made:?}");
    }
    let told = mirror.log(&head, &LogQuery { files: true, ..LogQuery::default() }).unwrap();
    let said = format!("{}{}{}{}", told[0].subject, told[0].author, told[0].email, told[0].body);
    assert!(!said.chars().any(|c| domain::text::hidden(c) && c != '\n'), "{said:?}");
    assert!(!mirror.compare(&before, &head).unwrap().is_empty());
    assert!(!mirror.changed_files(&head).unwrap().is_empty());
    let change = git::NewCommit { changes: vec![FileChange::write("plain.yaml", "a: 2\n")], ..new(&head) };
    let ours = mirror.commit(&change).unwrap();
    assert!(matches!(push(&mirror, &ours, &head).unwrap(), PushOutcome::Landed { .. }));
    assert_eq!(mirror.file(&ours, "plain.yaml").unwrap().unwrap(), b"a: 2\n");

    assert!(!canary.exists(), "nothing of it ran");
    assert!(trap.asked().is_empty(), "nobody else was asked: {:?}", trap.asked());
    let new = inventory(mirror.dir());
    let strange: Vec<_> = new.difference(&fresh).filter(|path| !path.contains("/objects/") && !path.contains("/refs/")).collect();
    assert!(strange.is_empty(), "only objects and branches came: {strange:?}");
    let mirrors = place.path("mirrors").to_string_lossy().into_owned();
    let now = inventory(place.dir.path());
    let strange: Vec<_> =
        now.difference(&outside).filter(|path| !path.starts_with(&mirrors) && !path.contains("/origin.git/")).collect();
    assert!(strange.is_empty(), "nothing was written elsewhere: {strange:?}");

    let home = tempfile::tempdir().unwrap();
    if let Some((output, connected)) = watched("hostile::child_works_on_it", home.path(), &[("TEST_URL", &server.url())]) {
        assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
        assert_eq!(connected, [format!("127.0.0.1:{}", server.port())].into(), "nobody else is spoken to");
    }
    assert!(!canary.exists() && trap.asked().is_empty());
}

#[test]
#[ignore = "run by hostile_content_is_read_compared_and_pushed_to_without_an_effect"]
fn child_works_on_it() {
    let url = std::env::var("TEST_URL").unwrap();
    let root = tempfile::tempdir().unwrap();
    let mirror = Mirror::open_or_clone(root.path(), &url, &access(), &Cancel::new()).unwrap();
    let head = mirror.head("main").unwrap().unwrap();
    assert!(!mirror.read(&head, &[""], ReadLimits::default()).unwrap().skipped.is_empty());
    assert!(!mirror.log(&head, &LogQuery { files: true, ..LogQuery::default() }).unwrap().is_empty());
    let change = git::NewCommit { changes: vec![FileChange::write("plain.yaml", "a: 3\n")], ..new(&head) };
    let ours = mirror.commit(&change).unwrap();
    assert!(!mirror.compare(&head, &ours).unwrap().is_empty());
    assert!(matches!(push(&mirror, &ours, &head).unwrap(), PushOutcome::Landed { .. }));
    mirror.fetch(&Cancel::new()).unwrap();
}

fn new(parent: &CommitId) -> git::NewCommit {
    let (author, time) = (crate::place::author(), crate::place::time(0));
    git::NewCommit { parent: Some(parent.clone()), changes: Vec::new(), message: "Change".to_owned(), author, time }
}

/// Makes a mirror into which a tree was pushed.
fn attacked(place: &Place, make: impl FnOnce(&Repository) -> Oid) -> (Mirror, CommitId, CommitId) {
    let mirror = place.mirror(&place.file_url());
    let before = mirror.head("main").unwrap().unwrap();
    let repository = Repository::open(mirror.dir()).unwrap();
    let head = commit(&repository, make(&repository));
    (mirror, before, head)
}

#[track_caller]
fn refused<T: std::fmt::Debug>(what: &str, result: &git::Result<T>) {
    assert!(matches!(result, Err(Error::TooMuch { .. })), "{what}: {result:?}");
}

#[test]
fn a_tree_that_unfolds_without_end_is_refused_in_words() {
    let place = Place::new();
    // Ten folders of the same ten folders, twelve times over: a million million, in thirteen small objects.
    for leaf in ["file", "nothing"] {
        let (mirror, before, head) = attacked(&place, |repository| {
            let mut below = match leaf {
                "file" => tree(repository, &[(FILE, b"f", blob(repository, b"x"))]),
                _ => tree(repository, &[]),
            };
            for _ in 0..12 {
                let names: Vec<String> = (0..10).map(|n| n.to_string()).collect();
                let entries: Vec<_> = names.iter().map(|name| (FOLDER, name.as_bytes(), below)).collect();
                below = tree(repository, &entries);
            }
            below
        });
        refused("read", &mirror.read(&head, &[""], ReadLimits::default()));
        refused("read below", &mirror.read(&head, &["1/2/3"], ReadLimits::default()));
        refused("compared", &mirror.compare(&before, &head));
        refused("told", &mirror.changed_files(&head));
        let mut deep = mirror.read(&head, &["1/2/3/4/5/6/7/8/9/0/1"], ReadLimits::default()).unwrap();
        assert_eq!(deep.files.len(), if leaf == "file" { 10 } else { 0 });
        deep.files.clear();
        let ours = set_image(&mirror, &head, "shop:2");
        assert_eq!(mirror.file(&ours, "k8s/base/deployment.yaml").unwrap().unwrap(), b"image: shop:2\n");
    }
}

#[test]
fn folders_deeper_than_a_stack_are_refused_in_words() {
    let place = Place::new();
    let (mirror, before, head) = attacked(&place, |repository| {
        let mut below = tree(repository, &[(FILE, b"f", blob(repository, b"x"))]);
        for _ in 0..12_000 {
            below = tree(repository, &[(FOLDER, b"d", below)]);
        }
        below
    });
    // On a thread as small as those that read.
    let small = std::thread::Builder::new().stack_size(512 << 10);
    let work = move || {
        refused("read", &mirror.read(&head, &[""], ReadLimits::default()));
        refused("compared", &mirror.compare(&before, &head));
        refused("told", &mirror.changed_files(&head));
        assert!(mirror.read(&head, &["d/d/d/f"], ReadLimits::default()).unwrap().files.is_empty());
    };
    small.spawn(work).unwrap().join().unwrap();
}

/// The size of the large file, in MiB; `QUARTERDECK_LARGE_MIB=5120` is what issue trackers are full of.
fn large() -> u64 {
    std::env::var("QUARTERDECK_LARGE_MIB").ok().and_then(|size| size.parse().ok()).unwrap_or(96)
}

#[test]
fn a_file_larger_than_memory_is_said_and_not_read() {
    let place = Place::new();
    let size = large() << 20;
    let mut import = git_command(&place.origin())
        .args(["-c", "core.bigFileThreshold=1m", "-c", "core.compression=1", "fast-import", "--quiet", "--done"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stream = import.stdin.take().unwrap();
    let from = place.head("main").unwrap();
    write!(
        stream,
        "commit refs/heads/main\ncommitter E <e@example.org> 1709290100 +0000\ndata 5\nlarge\nfrom {from}\nM 100644 inline k8s/large.bin\ndata {size}\n"
    )
    .unwrap();
    let piece = vec![0; 1 << 20];
    for _ in 0..large() {
        stream.write_all(&piece).unwrap();
    }
    stream.write_all(b"\n\ndone\n").unwrap();
    drop(stream);
    assert!(import.wait().unwrap().success());
    let server = Server::start(place.dir.path().to_owned());
    let output = alone("hostile::child_meets_a_large_file", place.dir.path(), &[("TEST_URL", &server.url())]);
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
}

/// Returns how much memory of its own this process has, at most so far, in MiB.
#[cfg(target_os = "linux")]
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() >> 10
}

#[test]
#[cfg(target_os = "linux")]
#[ignore = "run by a_file_larger_than_memory_is_said_and_not_read"]
fn child_meets_a_large_file() {
    let url = std::env::var("TEST_URL").unwrap();
    let root = tempfile::tempdir().unwrap();
    let begun = peak();
    // As long as an operator's fetch may take: all of it is read once to be named.
    let patient = Access { limits: Limits { idle: Duration::from_mins(2), ..Limits::default() }, ..access() };
    let mirror = Mirror::open_or_clone(root.path(), &url, &patient, &Cancel::new()).unwrap();
    let head = mirror.head("main").unwrap().unwrap();
    let before = mirror.commit_info(&head).unwrap().parents.remove(0);
    let size = usize::try_from(large() << 20).unwrap();
    let files = mirror.read(&head, &["k8s"], ReadLimits::default()).unwrap();
    assert_eq!(files.skipped, [Skipped::TooLarge { path: "k8s/large.bin".to_owned(), size }]);
    assert!(matches!(mirror.file(&head, "k8s/large.bin"), Err(Error::TooMuch { .. })));
    assert_eq!(mirror.changed_files(&head).unwrap().len(), 1);
    assert_eq!(mirror.compare(&before, &head).unwrap().len(), 1);
    let ours = set_image(&mirror, &head, "shop:2");
    assert!(matches!(push(&mirror, &ours, &head).unwrap(), PushOutcome::Landed { .. }));
    let grown = peak() - begun;
    assert!(grown < 64, "{grown} MiB for a file of {} MiB that nobody read", large());
}

#[test]
fn a_server_that_has_no_whole_history_is_refused_in_words() {
    let place = Place::new();
    for n in 0..4 {
        place.somebody_commits("main", "NEWS", &n.to_string());
    }
    place.git(&["clone", "-q", "--bare", "--depth=2", &place.file_url(), &place.path("shallow.git").to_string_lossy()]);
    place.git(&["--git-dir", &place.path("shallow.git").to_string_lossy(), "config", "http.receivepack", "true"]);
    let server = Server::start(place.dir.path().to_owned());
    let url = server.url().replace("origin", "shallow");
    for url in [url, format!("file://{}", place.path("shallow.git").display())] {
        let error = Mirror::open_or_clone(&place.path("mirrors"), &url, &access(), &Cancel::new()).unwrap_err();
        assert!(matches!(error, Error::Server { .. }) && error.to_string().contains("without its whole history"), "{error:?}");
    }
}
