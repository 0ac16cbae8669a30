//! A journal of schema version 1 as it was once written. It replays for ever; nobody regenerates it to please a change.

use std::fs;
use std::path::{Path, PathBuf};

use domain::journal::{Change, Phase, Record};
use domain::project::EnvironmentType;
use store::{NoticeKind, Options, Store, verify};

use crate::support::*;

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/v1")
}

/// Writes the fixture; run once for a new schema version, never again for an old one.
#[test]
#[ignore = "writes the fixture of a new schema version"]
fn write_fixture() {
    let dir = place();
    let (store, _) = Store::open_with(dir.path(), Options { segment_bytes: 4 << 10, ..SMALL_PLAIN }).unwrap();
    let changes = [
        Change::Project(project("shop")),
        Change::Project(project("bakery")),
        Change::Environment(environment("shop/development", EnvironmentType::Development)),
        Change::Environment(environment("shop/production", EnvironmentType::Production)),
        Change::Environment(environment("bakery/staging", EnvironmentType::Staging)),
        Change::Deployment(Box::new(deployment(1, 1))),
        Change::Promise(promise("shop/production", 5)),
        Change::Promise(promise("bakery/staging", 5)),
        Change::Deployment(Box::new(deployment(1, 4))),
        Change::PromiseKept(env("bakery/staging")),
        Change::Deployment(Box::new(deployment(2, 2))),
        Change::EnvironmentRemoved(env("shop/development")),
        Change::ProjectRemoved(slug("bakery")),
    ];
    for (n, change) in (1..).zip(changes) {
        store.append(Record { phase: Phase::Intent, ..record("fixture", "thing", n) }).unwrap();
        store.append(with(change, n)).unwrap();
    }
    fs::create_dir_all(fixture()).unwrap();
    for file in files_under(&dir.path().join("journal")).into_iter().filter(|f| f.extension().is_some()) {
        fs::copy(&file, fixture().join(file.file_name().unwrap())).unwrap();
    }
    eprintln!("head {}", store.state().hash);
}

fn copied() -> tempfile::TempDir {
    let dir = place();
    copy_dir(&fixture(), &dir.path().join("journal"));
    dir
}

#[test]
fn a_journal_of_version_1_replays() {
    let dir = copied();
    let check = verify(dir.path()).unwrap();
    assert_eq!((check.holds(), check.entries), (true, 26));
    assert_eq!(check.head_hash, "5e9b00964a715ca09c405bec1f38b0821452bba435a41d4a296291861b63b774");
    for options in [SMALL_PLAIN, SMALL, SMALL] {
        let (store, notices) = Store::open_with(dir.path(), options).unwrap();
        assert_eq!(notices, []);
        let state = store.state();
        assert_eq!(state.projects.values().map(|p| (**p).clone()).collect::<Vec<_>>(), [project("shop")]);
        let production = environment("shop/production", EnvironmentType::Production);
        assert_eq!(state.environments.values().map(|e| (**e).clone()).collect::<Vec<_>>(), [production]);
        assert_eq!(deployments(&store), [deployment(2, 2), deployment(1, 4)]);
        assert_eq!(state.promises.values().map(|p| (**p).clone()).collect::<Vec<_>>(), [promise("shop/production", 5)]);
        assert_eq!(state.tail.len(), 26);
        assert_eq!(state.tail[0].record.phase, Phase::Intent);
    }
}

#[test]
fn what_a_later_version_wrote_is_kept_and_never_written_behind() {
    let dir = copied();
    let last = files_under(&dir.path().join("journal")).into_iter().rfind(|f| f.extension().is_some()).unwrap();
    let body = format!("{{\"v\":2,\"seq\":27,\"news\":[1,2],\"prev\":\"{}\"", verify(dir.path()).unwrap().head_hash);
    let hash = sha256(&body);
    let mut text = fs::read_to_string(&last).unwrap();
    text.push_str(&body);
    text.push_str(",\"hash\":\"");
    text.push_str(&hash);
    text.push_str("\"}\n");
    fs::write(&last, &text).unwrap();
    assert_eq!(verify(dir.path()).unwrap().head_hash, hash, "the chain is checked without understanding the entry");
    let (store, notices) = Store::open_with(dir.path(), SMALL).unwrap();
    assert_eq!(notices.iter().map(|n| n.kind).collect::<Vec<_>>(), [NoticeKind::Newer]);
    assert_eq!(store.state().projects.len(), 1);
    let trouble = store.append(record("a", "b", 1)).unwrap_err();
    assert!(trouble.why.contains("later version"), "{trouble}");
    assert_eq!(fs::read_to_string(&last).unwrap(), text);
}

fn sha256(body: &str) -> String {
    use sha2::Digest as _;
    hex::encode(sha2::Sha256::digest(body))
}
