//! Mirrors: opened, fetched, followed, healed.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use domain::{Trouble, TroubleKind};
use git::{Access, Cancel, Error, Limits, Mirror, Moved, PushOutcome, ReadLimits, ls_remote};

use crate::place::{Place, access, executable, git_command, push, set_image, write};
use crate::server::{Fault, Server};

#[test]
fn a_mirror_holds_all_branches_and_asks_once_when_nothing_moved() {
    let place = Place::new();
    place.somebody_commits("develop", "a", "1");
    let server = Server::start(place.dir.path().to_owned());
    let mirror = place.mirror(&server.url());
    let heads = mirror.branches().unwrap();
    assert_eq!(heads.branches.keys().collect::<Vec<_>>(), ["develop", "main"]);
    assert_eq!(heads.default.as_deref(), Some("main"));
    server.asked();
    let again = place.mirror(&server.url());
    assert!(server.asked().is_empty(), "an existing mirror is opened without asking");
    let fetched = again.fetch(&Cancel::new()).unwrap();
    assert_eq!(server.asked().len(), 1, "one listing");
    assert_eq!(fetched.heads, heads);
    assert!(fetched.moved.is_empty());
}

#[test]
fn a_fetch_says_what_moved_what_is_new_and_what_is_gone() {
    let place = Place::new();
    let origin = place.origin();
    let old = place.head("main").unwrap();
    place.somebody_commits("gone", "a", "1");
    let server = Server::start(place.dir.path().to_owned());
    for url in [server.url(), place.file_url()] {
        git::seed::set_branch(&origin, "gone", &old).unwrap();
        git::seed::set_branch(&origin, "main", &old).unwrap();
        let mirror = place.mirror(&url);
        mirror.fetch(&Cancel::new()).unwrap();
        place.git(&["--git-dir", &origin.to_string_lossy(), "branch", "-q", "-D", "gone"]);
        let new = place.somebody_commits("main", "a", "2");
        let nested = place.somebody_commits("gone/deeper", "a", &url);
        let mut moved = mirror.fetch(&Cancel::new()).unwrap().moved;
        moved.sort_by(|a, b| a.branch.cmp(&b.branch));
        let expected = [
            Moved { branch: "gone".to_owned(), from: Some(old.clone()), to: None },
            Moved { branch: "gone/deeper".to_owned(), from: None, to: Some(nested.clone()) },
            Moved { branch: "main".to_owned(), from: Some(old.clone()), to: Some(new) },
        ];
        assert_eq!(moved, expected, "{url}");
        assert_eq!(mirror.head("gone").unwrap(), None);
        // Rewritten history is followed as well: the mirror tells what is there.
        git::seed::set_branch(&origin, "main", &old).unwrap();
        mirror.fetch(&Cancel::new()).unwrap();
        assert_eq!(mirror.head("main").unwrap().unwrap(), old);
        place.git(&["--git-dir", &origin.to_string_lossy(), "branch", "-q", "-D", "gone/deeper"]);
    }
}

#[test]
fn a_connection_is_tested_by_listing() {
    let place = Place::new();
    let server = Server::start(place.dir.path().to_owned());
    for url in [server.url(), place.file_url(), place.origin().to_string_lossy().into_owned()] {
        let heads = ls_remote(&url, &access(), &Cancel::new()).unwrap();
        assert_eq!(heads.get("main"), place.head("main").as_ref(), "{url}");
        assert_eq!(heads.default.as_deref(), Some("main"), "{url}");
    }
    let missing = [server.url().replace("origin", "nothing"), place.file_url().replace("origin", "nothing")];
    for url in missing {
        let error = ls_remote(&url, &access(), &Cancel::new()).unwrap_err();
        assert!(matches!(error, Error::NoRepository { .. }), "{url}: {error:?}");
        assert_eq!(Trouble::from(error).kind, TroubleKind::NotFound);
    }
    let error = ls_remote("http://127.0.0.1:1/x", &access(), &Cancel::new()).unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }), "{error:?}");
    assert!(matches!(ls_remote("-oProxyCommand=x", &access(), &Cancel::new()), Err(Error::BadUrl { .. })));
}

#[test]
fn a_failed_clone_leaves_no_mirror() {
    let place = Place::new();
    let server = Server::start(place.dir.path().to_owned());
    let root = place.path("mirrors");
    server.fault(Fault::CloseBefore("/git-upload-pack"));
    assert!(Mirror::open_or_clone(&root, &server.url(), &access(), &Cancel::new()).is_err());
    let left: Vec<_> = std::fs::read_dir(&root).unwrap().flatten().filter(|entry| entry.path().is_dir()).collect();
    assert!(left.is_empty(), "{left:?}");
    assert!(Mirror::open(&root, &server.url(), &access()).unwrap().is_none());
    server.fault(Fault::Nothing);
    assert!(place.mirror(&server.url()).head("main").unwrap().is_some());
}

/// Breaks something in a mirror.
type Damage = fn(&Mirror);

#[test]
fn a_damaged_mirror_is_fetched_again() {
    let place = Place::new();
    let server = Server::start(place.dir.path().to_owned());
    let head = place.head("main").unwrap();
    let damages: [(&str, Damage); 6] = [
        ("no packs", |mirror| {
            std::fs::remove_dir_all(mirror.dir().join("objects")).unwrap();
        }),
        ("torn packs", |mirror| {
            for entry in std::fs::read_dir(mirror.dir().join("objects/pack")).unwrap().flatten() {
                let path = entry.path();
                if path.extension().is_some_and(|end| end == "pack") {
                    std::fs::remove_file(&path).unwrap();
                    std::fs::write(&path, b"PACK").unwrap();
                }
            }
        }),
        ("no head", |mirror| std::fs::remove_file(mirror.dir().join("HEAD")).unwrap()),
        ("a branch to nowhere", |mirror| {
            std::fs::write(mirror.dir().join("refs/heads/odd"), "1234567890123456789012345678901234567890\n").unwrap();
        }),
        ("no folder", |mirror| std::fs::remove_dir_all(mirror.dir()).unwrap()),
        ("no folder of mirrors", |mirror| std::fs::remove_dir_all(mirror.dir().parent().unwrap()).unwrap()),
    ];
    for url in [server.url(), place.file_url()] {
        for (name, damage) in damages {
            let mirror = place.mirror(&url);
            damage(&mirror);
            let healed = place.mirror(&url);
            assert_eq!(healed.head("main").unwrap().as_ref(), Some(&head), "{name}");
            assert!(healed.file(&head, "README.md").unwrap().is_some(), "{name}");
            // And by the one that had it open.
            damage(&mirror);
            drop(mirror.file(&head, "README.md"));
            mirror.fetch(&Cancel::new()).unwrap_or_else(|error| panic!("{name}: {error:?}"));
            assert_eq!(mirror.head("main").unwrap().as_ref(), Some(&head), "{name}, open");
            assert!(mirror.file(&head, "README.md").unwrap().is_some(), "{name}, open");
        }
    }
}

#[test]
fn damage_found_while_reading_is_mended_by_the_next_fetch() {
    let place = Place::new();
    let server = Server::start(place.dir.path().to_owned());
    let mirror = place.mirror(&server.url());
    let head = mirror.head("main").unwrap().unwrap();
    let script = mirror.clone();
    drop(mirror);
    // All loose, so that one blob alone can be lost.
    let packs = script.dir().join("objects/pack");
    for entry in std::fs::read_dir(&packs).unwrap().flatten() {
        let path = entry.path();
        if path.extension().is_some_and(|end| end == "pack") {
            let moved = script.dir().join("moved.pack");
            std::fs::rename(&path, &moved).unwrap();
            let input = std::fs::File::open(&moved).unwrap();
            let unpacked = git_command(script.dir()).arg("unpack-objects").arg("-q").stdin(input).status().unwrap();
            assert!(unpacked.success());
        }
        drop(std::fs::remove_file(path));
    }
    let blob = place.git(&["--git-dir", &place.origin().to_string_lossy(), "rev-parse", "main:README.md"]);
    std::fs::remove_file(script.dir().join("objects").join(&blob[..2]).join(&blob[2..])).unwrap();
    let opened = place.mirror(&server.url());
    assert!(matches!(opened.file(&head, "README.md"), Err(Error::Damaged { .. })));
    opened.fetch(&Cancel::new()).unwrap();
    assert!(opened.file(&head, "README.md").unwrap().is_some());
}

#[test]
fn a_lock_that_a_dead_process_left_does_not_stop_a_fetch() {
    let place = Place::new();
    let server = Server::start(place.dir.path().to_owned());
    let mirror = place.mirror(&server.url());
    let new = place.somebody_commits("main", "a", "1");
    std::fs::write(mirror.dir().join("refs/heads/main.lock"), "").unwrap();
    mirror.fetch(&Cancel::new()).unwrap();
    assert_eq!(mirror.head("main").unwrap().unwrap(), new);
}

#[test]
fn a_silent_server_costs_the_limit_and_cancelling_costs_nothing() {
    let place = Place::new();
    let server = Server::start(place.dir.path().to_owned());
    let mirror = place.mirror(&server.url());
    server.fault(Fault::Silent("info/refs"));
    let limits = Limits { idle: Duration::from_millis(300), total: Duration::from_mins(1) };
    let hasty = mirror.with_access(Access { limits, ..access() });
    let error = hasty.fetch(&Cancel::new()).unwrap_err();
    assert!(matches!(error, Error::TimedOut { .. }), "{error:?}");
    assert_eq!(Trouble::from(error).kind, TroubleKind::TimedOut);
    let cancel = Cancel::new();
    let waiting = {
        let (mirror, cancel) = (mirror.clone(), cancel.clone());
        std::thread::spawn(move || mirror.fetch(&cancel))
    };
    cancel.cancel();
    assert!(matches!(waiting.join().unwrap(), Err(Error::Cancelled(_))));
    // Nobody is kept waiting by the work that was left behind.
    server.fault(Fault::Nothing);
    mirror.fetch(&Cancel::new()).unwrap();
    assert!(mirror.tree_reader(&mirror.head("main").unwrap().unwrap(), ReadLimits::default()).is_ok());
}

#[test]
fn many_at_once_share_one_mirror() {
    let place = Place::new();
    let server = Server::start(place.dir.path().to_owned());
    let (root, url) = (place.path("mirrors"), server.url());
    let threads: Vec<_> = (0..8)
        .map(|_| {
            let (root, url) = (root.clone(), url.clone());
            std::thread::spawn(move || {
                let mirror = Mirror::open_or_clone(&root, &url, &access(), &Cancel::new()).unwrap();
                mirror.fetch(&Cancel::new()).unwrap().heads
            })
        })
        .collect();
    for thread in threads {
        assert_eq!(thread.join().unwrap().get("main"), place.head("main").as_ref());
    }
    let clones = server.asked().iter().filter(|asked| asked.method == "POST").count();
    assert_eq!(clones, 1, "one of them fetched, the others found it");
}

#[test]
fn a_mirror_that_another_process_holds_is_waited_for_and_named_busy() {
    let place = Place::new();
    let mirror = place.mirror(&place.file_url());
    let lock = std::fs::File::options().write(true).open(mirror.dir().with_extension("lock")).unwrap();
    lock.lock().unwrap();
    let limits = Limits { idle: Duration::from_millis(200), total: Duration::from_mins(1) };
    let error = mirror.with_access(Access { limits, ..access() }).fetch(&Cancel::new()).unwrap_err();
    assert!(matches!(error, Error::Busy { .. }), "{error:?}");
    let waiting = {
        let mirror = mirror.clone();
        std::thread::spawn(move || mirror.fetch(&Cancel::new()))
    };
    lock.unlock().unwrap();
    waiting.join().unwrap().unwrap();
}

/// Returns an address for the git program and a way to it that takes no server: what is asked of it is run here.
fn by_ssh(place: &Place) -> (String, Access) {
    let ssh = place.path("ssh");
    write(&ssh, "#!/bin/sh\nfor last; do :; done\nexec sh -c \"$last\"\n");
    executable(&ssh);
    let access = Access { ssh: Some(ssh.to_string_lossy().into_owned()), ..access() };
    (format!("ssh://nowhere{}", place.origin().display()), access)
}

#[test]
fn the_git_program_brings_what_moved_and_what_is_new() {
    let place = Place::new();
    let (url, access) = by_ssh(&place);
    let mirror = place.mirror_with(&url, &access);
    let old = mirror.head("main").unwrap().unwrap();
    assert_eq!(mirror.fetch(&Cancel::new()).unwrap().moved, []);
    let new = place.somebody_commits("main", "a", "1");
    let nested = place.somebody_commits("gone/deeper", "a", "2");
    let mut moved = mirror.fetch(&Cancel::new()).unwrap().moved;
    moved.sort_by(|a, b| a.branch.cmp(&b.branch));
    let expected = [
        Moved { branch: "gone/deeper".to_owned(), from: None, to: Some(nested) },
        Moved { branch: "main".to_owned(), from: Some(old), to: Some(new.clone()) },
    ];
    assert_eq!(moved, expected);
    let commit = set_image(&mirror, &new, "shop:2");
    assert_eq!(push(&mirror, &commit, &new).unwrap(), PushOutcome::Landed { head: commit });
}

/// A small disk over a folder, gone with this value.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn over(folder: &Path) -> Option<Self> {
        std::fs::create_dir_all(folder).unwrap();
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", "size=900k", "tmpfs"]).arg(folder).output();
        if mount.is_ok_and(|output| output.status.success()) {
            return Some(Self(folder.to_owned()));
        }
        #[expect(clippy::print_stderr, reason = "a skipped test says so")]
        {
            eprintln!("skipped: no small disk can be mounted");
        }
        None
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("-l").arg(&self.0).status());
    }
}

#[test]
fn a_full_disk_of_ours_is_not_blamed_on_the_server() {
    let place = Place::new();
    let server = Server::start(place.dir.path().to_owned());
    let Some(_disk) = SmallDisk::over(&place.path("mirrors")) else { return };
    let ways = [(server.url(), access()), (place.file_url(), access()), by_ssh(&place)];
    let mirrors: Vec<Mirror> = ways.iter().map(|(url, access)| place.mirror_with(url, access)).collect();
    // Nothing that can be made smaller.
    let mut number = 88_172_645_463_325_252_u64;
    let large: String = std::iter::repeat_with(|| {
        number ^= number << 13;
        number ^= number >> 7;
        number ^= number << 17;
        format!("{number:x}\n")
    })
    .take(200_000)
    .collect();
    place.somebody_commits("main", "large", &large);
    for mirror in mirrors {
        let error = mirror.fetch(&Cancel::new()).unwrap_err();
        assert!(
            matches!(&error, Error::Disk { source, .. } if source.kind() == ErrorKind::StorageFull),
            "{}: {error:?}",
            mirror.url()
        );
        let trouble = Trouble::from(error);
        assert!(trouble.to_string().contains("No space left") && !trouble.what.contains("server"), "{trouble}");
    }
}
