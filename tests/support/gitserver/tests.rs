//! The Git server itself, asked by the git program.

use std::path::Path;
use std::process::Output;
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

use super::repository::git_in;
use super::{Fault, GitServer, Repo};
use crate::support::wait;

/// Returns a server with one repository that has one commit, and a clone with a second one that is not pushed.
fn stage(url: impl FnOnce(&Repo) -> String) -> (GitServer, Repo, TempDir) {
    let server = GitServer::start();
    let repo = server.create("app");
    repo.commit("main", &[("README.md", "# app\n"), ("k8s/base/app.yaml", "a: 1\n")], "Begin\n\nWith a base.");
    let clone = tempfile::tempdir().expect("a temporary folder");
    let url = url(&repo);
    for step in [
        &["clone", "--quiet", &url, "."][..],
        &["config", "user.name", "Ada Kim"],
        &["config", "user.email", "ada@example.test"],
        &["commit", "--quiet", "--allow-empty", "-m", "Change\n\nWhy.\n\nEnvironment: production"],
    ] {
        let output = git_in(clone.path(), step, "");
        assert!(output.status.success(), "{step:?}: {}", words(&output));
    }
    (server, repo, clone)
}

fn push(clone: &Path) -> Output {
    git_in(clone, &["push", "--quiet", "origin", "main"], "")
}

fn words(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn takes_a_push_and_tells_the_commit() {
    let (_server, repo, clone) = stage(|repo| repo.url.clone());
    let first = repo.head("main").expect("a first commit");
    let output = push(clone.path());
    assert!(output.status.success(), "{}", words(&output));
    let log = repo.log("main");
    assert_eq!(log.len(), 2);
    assert_eq!(log[0].id, repo.head("main").expect("a branch"));
    assert_eq!(log[0].parents, [first]);
    assert_eq!(log[0].author, "Ada Kim <ada@example.test>");
    assert_eq!(log[0].subject, "Change");
    assert_eq!(log[0].body, "Why.\n\nEnvironment: production\n");
    assert_eq!(log[0].trailers, [("Environment".to_owned(), "production".to_owned())]);
    assert_eq!(log[1].subject, "Begin");
    let pushes = repo.requests().iter().filter(|line| *line == "POST /app.git/git-receive-pack").count();
    assert_eq!(pushes, 1);
}

#[test]
fn commits_and_removes_files() {
    let server = GitServer::start();
    let repo = server.create("files");
    assert_eq!(repo.head("main"), None);
    repo.commit("main", &[("a", "one\n"), ("b/c", "grüße")], "Begin");
    let second = repo.remove("main", &["a"], "End");
    assert_eq!(repo.head("main"), Some(second));
    assert_eq!(repo.file("main", "a"), None);
    assert_eq!(repo.file("main", "b/c").as_deref(), Some("grüße"));
    let twin = server.create("twin");
    assert_eq!(twin.commit("main", &[("a", "one\n"), ("b/c", "grüße")], "Begin"), repo.log("main")[1].id);
}

#[test]
fn asks_for_user_and_token() {
    let (_server, repo, clone) = stage(|repo| repo.url.clone());
    repo.require_login("deck", "s3cret");
    let output = push(clone.path());
    assert!(!output.status.success());
    let url = repo.url.replace("http://", "http://deck:s3cret@");
    git_in(clone.path(), &["remote", "set-url", "origin", &url], "");
    let output = push(clone.path());
    assert!(output.status.success(), "{}", words(&output));
}

#[test]
fn passes_on_the_words_of_a_hook() {
    let (_server, repo, clone) = stage(|repo| repo.url.clone());
    repo.set_hook("pre-receive", "#!/bin/sh\necho 'main is protected: open a merge request' >&2\nexit 1\n");
    let output = push(clone.path());
    assert!(!output.status.success());
    assert!(words(&output).contains("remote: main is protected: open a merge request"), "{}", words(&output));
    assert_eq!(repo.log("main").len(), 1);
}

#[test]
fn fails_as_it_is_told() {
    // Fault, what git says about it, and whether the push landed nevertheless.
    let faults = [
        (Fault::Unauthorized, "Authentication failed", false),
        (Fault::Forbidden, "403", false),
        (Fault::CutBeforePack, "RPC failed", false),
        (Fault::CutAfterPack, "RPC failed", true),
    ];
    for (fault, said, landed) in faults {
        let (_server, repo, clone) = stage(|repo| repo.url.replace("http://", "http://deck:token@"));
        repo.fault(fault);
        let output = push(clone.path());
        assert!(!output.status.success(), "{fault:?}");
        let words = words(&output);
        assert!(words.contains(said), "{fault:?}: {words}");
        assert_eq!(repo.log("main").len() == 2, landed, "{fault:?}");
        repo.fault(Fault::None);
        let output = push(clone.path());
        assert!(output.status.success(), "after {fault:?}: {}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(repo.log("main").len(), 2, "after {fault:?}");
    }
}

#[test]
fn holds_requests_while_it_stalls() {
    let (_server, repo, clone) = stage(|repo| repo.url.clone());
    repo.fault(Fault::Stall);
    let asked = repo.requests().len();
    let folder = clone.path().to_owned();
    let pushing = thread::spawn(move || push(&folder));
    wait("the push has asked", Duration::from_secs(30), || (repo.requests().len() > asked).then_some(()));
    assert!(!pushing.is_finished());
    assert_eq!(repo.log("main").len(), 1);
    repo.fault(Fault::None);
    wait("the push goes on", Duration::from_secs(30), || pushing.is_finished().then_some(()));
    assert!(pushing.join().expect("no panic").status.success());
    assert_eq!(repo.log("main").len(), 2);
}
