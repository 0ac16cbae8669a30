//! Pushes: what is called landed is in the server's repository, and what is not there is never called so.

use std::path::PathBuf;
use std::time::Duration;

use domain::project::Credential;
use domain::revision::CommitId;
use domain::{Trouble, TroubleKind};
use git::{Access, Base, Cancel, Error, FileChange, Limits, Mirror, NewCommit, PushOutcome};

use crate::place::{Place, access, author, git_command, push, set_image, time, until};
use crate::server::{Fault, Server};

#[test]
fn a_commit_lands_and_the_mirror_knows_it_without_another_fetch() {
    let place = Place::new();
    let server = Server::start(place.dir.path().to_owned());
    let mirror = place.mirror(&server.url());
    let base = mirror.head("main").unwrap().unwrap();
    let commit = set_image(&mirror, &base, "shop:2");
    assert_eq!(mirror.head("main").unwrap().unwrap(), base, "a commit moves no branch");
    server.asked();
    assert_eq!(push(&mirror, &commit, &base).unwrap(), PushOutcome::Landed { head: commit.clone() });
    assert_eq!(server.asked().len(), 3, "listing, pack, fresh listing");
    assert_eq!(place.head("main").unwrap(), commit);
    assert_eq!(mirror.head("main").unwrap().unwrap(), commit);
    assert!(mirror.landed("main", &commit).unwrap());
    assert!(mirror.landed("main", &base).unwrap());
    // Once more: the branch holds it already.
    assert_eq!(push(&mirror, &commit, &base).unwrap(), PushOutcome::Landed { head: commit });
    place.git(&["--git-dir", &place.origin().to_string_lossy(), "fsck", "--strict"]);
}

#[test]
fn a_hook_that_refuses_is_heard_in_its_own_words() {
    let place = Place::new();
    place.hook("pre-receive", "#!/bin/sh\necho 'main is frozen until Monday' >&2\nexit 1\n");
    let server = Server::start(place.dir.path().to_owned());
    for url in [server.url(), place.file_url()] {
        let mirror = place.mirror(&url);
        let base = mirror.head("main").unwrap().unwrap();
        let commit = set_image(&mirror, &base, "shop:2");
        let PushOutcome::Rejected { words } = push(&mirror, &commit, &base).unwrap() else { panic!("not rejected: {url}") };
        assert!(words.contains("main is frozen until Monday"), "{words}");
        assert!(words.contains("pre-receive hook declined"), "{words}");
        assert_eq!(place.head("main").unwrap(), base);
        assert_eq!(mirror.head("main").unwrap().unwrap(), base);
    }
}

#[test]
fn a_branch_that_moved_before_the_push_is_seen_and_known() {
    let place = Place::new();
    let server = Server::start(place.dir.path().to_owned());
    for (at, url) in [server.url(), place.file_url()].into_iter().enumerate() {
        let mirror = place.mirror(&url);
        mirror.fetch(&Cancel::new()).unwrap();
        let base = mirror.head("main").unwrap().unwrap();
        let commit = set_image(&mirror, &base, &format!("shop:{}", 2 + at));
        let other = place.somebody_commits("main", "NEWS", &at.to_string());
        assert_eq!(push(&mirror, &commit, &base).unwrap(), PushOutcome::Moved { head: Some(other.clone()) });
        assert_eq!(mirror.head("main").unwrap().unwrap(), other, "the new head is here to be built upon");
        assert!(!mirror.landed("main", &commit).unwrap());
        let again = set_image(&mirror, &other, &format!("shop:again-{at}"));
        assert_eq!(push(&mirror, &again, &other).unwrap(), PushOutcome::Landed { head: again.clone() });
        assert!(mirror.is_ancestor(&other, &again).unwrap(), "nobody's change is lost");
    }
}

#[test]
fn a_branch_that_moves_while_we_push_is_moved_and_not_rejected() {
    let place = Place::new();
    let server = Server::start(place.dir.path().to_owned());
    let mirror = place.mirror(&server.url());
    let base = mirror.head("main").unwrap().unwrap();
    let commit = set_image(&mirror, &base, "shop:2");
    let origin = place.origin();
    let act = move || {
        let by = ("Quicker", &author(), time(9));
        git::seed::commit_files(&origin, "main", &[FileChange::write("NEWS", "x")], by).unwrap();
    };
    server.fault(Fault::Meanwhile("/git-receive-pack", Some(Box::new(act))));
    let outcome = push(&mirror, &commit, &base).unwrap();
    assert_eq!(outcome, PushOutcome::Moved { head: place.head("main") });
    assert_ne!(place.head("main").unwrap(), commit);
}

#[test]
fn a_branch_that_was_rewound_does_not_get_back_what_was_taken_from_it() {
    let place = Place::new();
    let first = place.head("main").unwrap();
    let second = place.somebody_commits("main", "BAD", "x");
    let server = Server::start(place.dir.path().to_owned());
    for url in [server.url(), place.file_url()] {
        git::seed::set_branch(&place.origin(), "main", &second).unwrap();
        let mirror = place.mirror(&url);
        let commit = set_image(&mirror, &second, "shop:2");
        git::seed::set_branch(&place.origin(), "main", &first).unwrap();
        assert_eq!(push(&mirror, &commit, &second).unwrap(), PushOutcome::Moved { head: Some(first.clone()) });
        assert_eq!(place.head("main").unwrap(), first);
    }
}

/// Holds a commit that is to be pushed to a branch whose lock somebody holds.
struct Locked {
    place: Place,
    _server: Server,
    mirror: Mirror,
    base: CommitId,
    commit: CommitId,
    lock: PathBuf,
}

impl Locked {
    fn new() -> Self {
        let place = Place::new();
        let server = Server::start(place.dir.path().to_owned());
        let mirror = place.mirror(&server.url());
        let base = mirror.head("main").unwrap().unwrap();
        let commit = set_image(&mirror, &base, "shop:2");
        let lock = place.origin().join("refs/heads/main.lock");
        std::fs::write(&lock, "").unwrap();
        Self { place, _server: server, mirror, base, commit, lock }
    }
}

#[test]
fn a_locked_branch_of_the_server_rejects() {
    let Locked { place: _place, _server, mirror, base, commit, lock } = Locked::new();
    let PushOutcome::Rejected { words } = push(&mirror, &commit, &base).unwrap() else { panic!("not rejected") };
    assert!(words.contains("failed to update ref"), "{words}");
    std::fs::remove_file(lock).unwrap();
    assert_eq!(push(&mirror, &commit, &base).unwrap(), PushOutcome::Landed { head: commit });
}

/// Two pushes meet at the branch's lock: the one that comes second lands as well, once the first lets go.
#[test]
fn a_branch_that_another_push_holds_for_a_moment_is_asked_for_again() {
    let Locked { place, _server, mirror, base, commit, lock } = Locked::new();
    // A hook runs before the lock is taken, and cannot know of it; the second time it finds the lock to be gone.
    let script = format!("#!/bin/sh\n[ -e met ] && rm -f '{}'\n: > met\n", lock.display());
    place.hook("pre-receive", &script);
    assert_eq!(push(&mirror, &commit, &base).unwrap(), PushOutcome::Landed { head: commit });
    assert!(place.origin().join("met").exists() && !lock.exists(), "the first attempt met the lock");
}

/// A push to a repository on this machine that is cancelled while the branch is locked leaves no lock behind.
#[test]
fn a_cancelled_push_leaves_no_lock_on_this_machine() {
    let place = Place::new();
    let mirror = place.mirror(&place.file_url());
    let base = mirror.head("main").unwrap().unwrap();
    let commit = set_image(&mirror, &base, "shop:2");
    let (met, lock) = (place.origin().join("met"), place.origin().join("refs/heads/main.lock"));
    place.hook("reference-transaction", "#!/bin/sh\n[ \"$1\" = prepared ] || exit 0\n: > met\nexec sleep 60\n");
    let cancel = Cancel::new();
    let outcome = std::thread::scope(|scope| {
        let pushing = scope.spawn(|| mirror.push("main", &commit, &Base::Head(base.clone()), &cancel));
        until("the lock is held", || met.exists() && lock.exists());
        cancel.cancel();
        pushing.join().unwrap()
    });
    assert!(matches!(outcome, Ok(PushOutcome::Unknown { .. })), "{outcome:?}");
    until("the lock is gone", || !lock.exists());
    std::fs::remove_file(place.origin().join("hooks/reference-transaction")).unwrap();
    assert_eq!(push(&mirror, &commit, &base).unwrap(), PushOutcome::Landed { head: commit });
}

#[test]
fn a_connection_that_dies_after_the_pack_is_asked_about_and_found_landed() {
    let place = Place::new();
    let server = Server::start(place.dir.path().to_owned());
    let mirror = place.mirror(&server.url());
    let base = mirror.head("main").unwrap().unwrap();
    let commit = set_image(&mirror, &base, "shop:2");
    server.fault(Fault::CloseAfter("/git-receive-pack"));
    assert_eq!(push(&mirror, &commit, &base).unwrap(), PushOutcome::Landed { head: commit.clone() });
    assert_eq!(place.head("main").unwrap(), commit);
}

#[test]
fn a_connection_that_dies_before_anything_was_done_is_unknown() {
    let place = Place::new();
    let server = Server::start(place.dir.path().to_owned());
    let mirror = place.mirror(&server.url());
    let base = mirror.head("main").unwrap().unwrap();
    let commit = set_image(&mirror, &base, "shop:2");
    server.fault(Fault::CloseBefore("/git-receive-pack"));
    assert!(matches!(push(&mirror, &commit, &base).unwrap(), PushOutcome::Unknown { .. }));
    assert_eq!(place.head("main").unwrap(), base);
    server.fault(Fault::CloseBefore("service=git-receive-pack"));
    assert!(matches!(push(&mirror, &commit, &base), Err(Error::Unreachable { .. })), "nothing was sent");
    server.fault(Fault::Nothing);
    assert_eq!(push(&mirror, &commit, &base).unwrap(), PushOutcome::Landed { head: commit });
}

#[test]
fn a_server_that_goes_silent_is_left_and_after_the_pack_nobody_knows() {
    let place = Place::new();
    let server = Server::start(place.dir.path().to_owned());
    let mirror = place.mirror(&server.url());
    let base = mirror.head("main").unwrap().unwrap();
    let commit = set_image(&mirror, &base, "shop:2");
    let limits = Limits { idle: Duration::from_millis(700), total: Duration::from_mins(1) };
    let hasty = mirror.with_access(Access { limits, ..access() });
    server.fault(Fault::Silent("git-receive-pack"));
    assert!(matches!(push(&hasty, &commit, &base), Err(Error::TimedOut { .. })), "nothing was sent");
    server.await_silence(1);
    server.fault(Fault::Silent("/git-receive-pack"));
    let cancel = Cancel::new();
    let outcome = std::thread::scope(|scope| {
        let pushing = scope.spawn(|| mirror.push("main", &commit, &Base::Head(base.clone()), &cancel));
        server.await_silence(2);
        cancel.cancel();
        pushing.join().unwrap().unwrap()
    });
    assert!(matches!(outcome, PushOutcome::Unknown { .. }), "the pack is out: {outcome:?}");
    server.fault(Fault::Nothing);
    assert_eq!(push(&mirror, &commit, &base).unwrap(), PushOutcome::Landed { head: commit });
}

#[test]
fn statuses_that_refuse_are_errors_with_the_status() {
    let place = Place::new();
    let server = Server::start(place.dir.path().to_owned());
    let mirror = place.mirror(&server.url());
    let base = mirror.head("main").unwrap().unwrap();
    let commit = set_image(&mirror, &base, "shop:2");
    for status in [401, 403] {
        for at in ["service=git-receive-pack", "/git-receive-pack"] {
            server.fault(Fault::Status(status, at));
            let error = push(&mirror, &commit, &base).unwrap_err();
            assert!(matches!(&error, Error::Auth { .. }), "{status} at {at}: {error:?}");
            let trouble = Trouble::from(error);
            assert_eq!(trouble.kind, TroubleKind::Failed);
            if at.starts_with("service") {
                assert!(trouble.why.contains(&status.to_string()), "{trouble}");
            }
        }
    }
    server.fault(Fault::Status(413, "/git-receive-pack"));
    let PushOutcome::Rejected { words } = push(&mirror, &commit, &base).unwrap() else { panic!("not rejected") };
    assert!(words.contains("413"), "{words}");
    server.fault(Fault::Status(500, "/git-receive-pack"));
    assert!(matches!(push(&mirror, &commit, &base).unwrap(), PushOutcome::Unknown { .. }));
    assert_eq!(place.head("main").unwrap(), base);
}

#[test]
fn a_token_goes_only_where_it_is_stored_for_and_once() {
    let place = Place::new();
    let server = Server::start(place.dir.path().to_owned());
    let other = Server::start(place.dir.path().to_owned());
    // Basic authentication of `bot` with `sesame`.
    server.want("Basic Ym90OnNlc2FtZQ==");
    let token = place.path("token");
    std::fs::write(&token, "sesame\n").unwrap();
    let credential = Credential::File { user: "bot".to_owned(), path: token.to_string_lossy().into_owned() };
    let with_token = Access { credential, ..access() };
    let mirror = place.mirror_with(&server.url(), &with_token);
    let base = mirror.head("main").unwrap().unwrap();
    let commit = set_image(&mirror, &base, "shop:2");
    assert_eq!(push(&mirror, &commit, &base).unwrap(), PushOutcome::Landed { head: commit });
    let config = std::fs::read_to_string(mirror.dir().join("config")).unwrap();
    assert!(!config.contains("sesame"));

    std::fs::write(&token, "wrong\n").unwrap();
    server.asked();
    let error = mirror.fetch(&Cancel::new()).unwrap_err();
    assert!(matches!(error, Error::Auth { status: Some(401), .. }), "{error:?}");
    assert_eq!(server.asked().iter().filter(|asked| asked.authorization.is_some()).count(), 1, "one try, no loop");

    std::fs::write(&token, "sesame\n").unwrap();
    other.want("Basic nothing");
    server.fault(Fault::Redirect(format!("http://127.0.0.1:{}", other.port())));
    let error = mirror.fetch(&Cancel::new()).unwrap_err();
    assert!(matches!(error, Error::Elsewhere { .. }), "{error:?}");
    let leaked = other.asked();
    assert!(
        !leaked.is_empty() && leaked.iter().all(|asked| asked.authorization.is_none()),
        "another port got the token: {leaked:?}"
    );
    server.fault(Fault::Redirect(format!("http://localhost:{}", other.port())));
    let error = mirror.fetch(&Cancel::new()).unwrap_err();
    assert!(matches!(error, Error::Elsewhere { .. }), "{error:?}");

    std::fs::remove_file(&token).unwrap();
    assert!(matches!(mirror.fetch(&Cancel::new()), Err(Error::Credential { .. })));
}

#[test]
fn a_new_branch_is_made_only_where_none_is() {
    let place = Place::new();
    let server = Server::start(place.dir.path().to_owned());
    for (name, url) in [("staging", server.url()), ("testing", place.file_url())] {
        let mirror = place.mirror(&url);
        let base = mirror.head("main").unwrap().unwrap();
        let commit = set_image(&mirror, &base, "shop:2");
        let absent = |commit| mirror.push(name, commit, &Base::Absent, &Cancel::new()).unwrap();
        assert_eq!(absent(&commit), PushOutcome::Landed { head: commit.clone() });
        assert_eq!(place.head(name).unwrap(), commit);
        let next = set_image(&mirror, &commit, "shop:3");
        assert_eq!(absent(&next), PushOutcome::Moved { head: Some(commit.clone()) });
        assert_eq!(place.head(name).unwrap(), commit);
        // And a branch that is gone is not made again behind anybody's back.
        place.git(&["--git-dir", &place.origin().to_string_lossy(), "branch", "-D", name]);
        let outcome = mirror.push(name, &next, &Base::Head(commit), &Cancel::new()).unwrap();
        assert_eq!(outcome, PushOutcome::Moved { head: None });
        assert_eq!(place.head(name), None);
    }
}

#[test]
fn a_commit_that_does_not_stand_on_the_base_is_not_sent() {
    let place = Place::new();
    let server = Server::start(place.dir.path().to_owned());
    let mirror = place.mirror(&server.url());
    let base = mirror.head("main").unwrap().unwrap();
    let (one, two) = (set_image(&mirror, &base, "shop:2"), set_image(&mirror, &base, "shop:3"));
    server.asked();
    assert!(matches!(push(&mirror, &two, &one), Err(Error::NotOnBase { .. })));
    assert!(server.asked().is_empty());
    assert!(matches!(mirror.push("-x", &two, &Base::Absent, &Cancel::new()), Err(Error::BadBranch(_))));
}

#[test]
fn the_first_commit_of_an_empty_repository_lands() {
    let place = Place::empty();
    let server = Server::start(place.dir.path().to_owned());
    let mirror = place.mirror(&server.url());
    assert_eq!(mirror.head("main").unwrap(), None);
    let new = NewCommit {
        parent: None,
        changes: vec![FileChange::write("k8s/base/kustomization.yaml", "resources: []\n")],
        message: "Begin".to_owned(),
        author: author(),
        time: time(0),
    };
    let commit = mirror.commit(&new).unwrap();
    let outcome = mirror.push("main", &commit, &Base::Absent, &Cancel::new()).unwrap();
    assert_eq!(outcome, PushOutcome::Landed { head: commit.clone() });
    assert_eq!(place.head("main").unwrap(), commit);
}

#[test]
fn somebody_who_builds_on_our_commit_at_once_does_not_hide_it() {
    let place = Place::new();
    let server = Server::start(place.dir.path().to_owned());
    let mirror = place.mirror(&server.url());
    let base = mirror.head("main").unwrap().unwrap();
    let commit = set_image(&mirror, &base, "shop:2");
    let origin = place.origin();
    let act = move || {
        let by = ("On top", &author(), time(9));
        git::seed::commit_files(&origin, "main", &[FileChange::write("NEWS", "x")], by).unwrap();
    };
    // The fresh listing comes after the push and after somebody's next commit.
    server.fault(Fault::Meanwhile("service=git-upload-pack", Some(Box::new(act))));
    let outcome = push(&mirror, &commit, &base).unwrap();
    let head = place.head("main").unwrap();
    assert_ne!(head, commit);
    assert_eq!(outcome, PushOutcome::Landed { head });
    assert!(mirror.landed("main", &commit).unwrap());
}

#[test]
fn our_client_hooks_and_configuration_do_not_run_at_a_push_through_the_program() {
    let place = Place::new();
    let mirror = place.mirror(&place.file_url());
    let base = mirror.head("main").unwrap().unwrap();
    let commit = set_image(&mirror, &base, "shop:2");
    let canary = place.path("canary");
    std::fs::create_dir_all(mirror.dir().join("hooks")).unwrap();
    for hook in ["pre-push", "reference-transaction", "post-update"] {
        let path = mirror.dir().join("hooks").join(hook);
        crate::place::write(&path, &format!("#!/bin/sh\ntouch {}\nexit 1\n", canary.display()));
        crate::place::executable(&path);
    }
    assert_eq!(push(&mirror, &commit, &base).unwrap(), PushOutcome::Landed { head: commit });
    assert!(!canary.exists());
    let log = git_command(&place.origin()).args(["log", "--format=%an <%ae> %ct %s", "-1", "main"]).output().unwrap();
    assert_eq!(crate::place::text(&log.stdout), "Ann Author <ann@example.org> 1709290000 Deploy shop:2\n");
}

#[test]
fn writers_at_once_lose_nothing_and_leave_a_straight_line() {
    const WRITERS: usize = 4;
    const EDITS: usize = 4;
    let place = Place::new();
    let server = Server::start(place.dir.path().to_owned());
    let write = |writer: usize, root: PathBuf, url: String| {
        let mirror = Mirror::open_or_clone(&root, &url, &access(), &Cancel::new()).unwrap();
        for edit in 0..EDITS {
            loop {
                let head = mirror.head("main").unwrap().unwrap();
                let new = NewCommit {
                    parent: Some(head.clone()),
                    changes: vec![FileChange::write(format!("k8s/{writer}-{edit}"), "x")],
                    message: format!("Edit {writer}-{edit}"),
                    author: author(),
                    time: time(0),
                };
                let commit = mirror.commit(&new).unwrap();
                match push(&mirror, &commit, &head).unwrap() {
                    PushOutcome::Landed { .. } => break,
                    // The mirror knows the new head already.
                    PushOutcome::Moved { .. } => {}
                    // Two pushes met at the server's lock of the branch, and the other one has not landed either.
                    PushOutcome::Rejected { words } => assert!(words.contains("failed to update ref"), "{words}"),
                    PushOutcome::Unknown { words } => panic!("{words}"),
                }
            }
        }
    };
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            // Two of them share a mirror, as two consoles do.
            let (root, url) = (place.path(&format!("mirrors-{}", writer / 2)), server.url());
            scope.spawn(move || write(writer, root, url));
        }
    });
    let origin = place.origin().to_string_lossy().into_owned();
    let count = |arguments: &[&str]| place.git(&[&["--git-dir", &origin, "rev-list", "--count"], arguments].concat());
    assert_eq!(count(&["main"]), (1 + WRITERS * EDITS).to_string());
    assert_eq!(count(&["--merges", "main"]), "0");
    let files = place.git(&["--git-dir", &origin, "ls-tree", "--name-only", "main:k8s"]);
    assert_eq!(files.lines().filter(|name| name.contains('-')).count(), WRITERS * EDITS);
}
