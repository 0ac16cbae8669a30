//! A store damaged anywhere, journal or index, by chance from a seed: it is rebuilt or refused in words, and nothing is lost silently.
//!
//! `STORE_HARM=500` makes 500 cases of each kind instead of a few; `STORE_SEED` chooses others.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc::channel;
use std::time::Duration;

use domain::deployment::Deployment;
use domain::journal::Change;
use domain::project::EnvironmentType;
use store::{AuditFilter, Store, verify};

use crate::support::*;

/// How many cases of each kind there are when nobody asks for more.
const FEW: u64 = 10;

/// The line of each entry, by its number.
type Lines = BTreeMap<u64, Vec<u8>>;

fn filled(dir: &Path) -> Lines {
    let (store, _) = Store::open_with(dir, SMALL).unwrap();
    store.append(with(Change::Project(project("shop")), 1)).unwrap();
    store.append(with(Change::Environment(environment("shop/production", EnvironmentType::Production)), 2)).unwrap();
    for n in 0..150 {
        let steps = if n % 30 == 29 { 1..=2 } else { 1..=4 };
        store.commit(|_| Ok(steps.map(|s| step(n, s)).chain([record("flux.sync", "thing", n)]).collect())).unwrap();
    }
    // More than opening reads when it has an index.
    store.commit(|_| Ok((0..600).map(|n| record("flux.sync", "tail", n)).collect())).unwrap();
    drop(store);
    lines(dir)
}

/// Reads every line of the journal that stands there whole, by the number that it says.
fn lines(dir: &Path) -> Lines {
    let segments = files_under(&dir.join("journal")).into_iter().filter(|path| path.extension().is_some_and(|e| e == "jsonl"));
    let mut out = Lines::new();
    for path in segments {
        for line in fs::read(path).unwrap().split(|b| *b == b'\n') {
            if let Ok(value) = serde_json::from_slice::<serde_json::Value>(line) {
                out.insert(value["seq"].as_u64().unwrap_or_default(), line.to_vec());
            }
        }
    }
    out
}

#[derive(Debug, Clone, Copy)]
enum Harm {
    Flip,
    Zero,
    Cut,
    Stray,
}

fn some_file(dir: &Path, chance: &mut Chance) -> PathBuf {
    let part = if chance.below(2) == 0 { "journal" } else { "index" };
    let files: Vec<_> = files_under(&dir.join(part)).into_iter().filter(|f| fs::metadata(f).unwrap().len() > 0).collect();
    files[usize::try_from(chance.below(files.len() as u64)).unwrap()].clone()
}

/// Does the harm and says what it was.
fn harm(dir: &Path, kind: Harm, chance: &mut Chance) -> String {
    let file = some_file(dir, chance);
    let mut bytes = fs::read(&file).unwrap();
    // What is used of the data file is its beginning; the rest is room.
    let used = bytes.iter().rposition(|b| *b != 0).map_or(1, |at| at as u64 + 1);
    let at = usize::try_from(chance.below(used)).unwrap();
    let name = file.strip_prefix(dir).unwrap().display().to_string();
    match kind {
        Harm::Flip => {
            bytes[at] ^= 1 << chance.below(8);
            fs::write(&file, bytes).unwrap();
        }
        Harm::Zero => {
            let block = at / 4096 * 4096;
            let end = (block + 4096).min(bytes.len());
            bytes[block..end].fill(0);
            fs::write(&file, bytes).unwrap();
        }
        Harm::Cut => fs::write(&file, &bytes[..at]).unwrap(),
        Harm::Stray => {
            let stray = match chance.below(4) {
                0 => "index/snap.00000000000FFFFF.generating".to_owned(),
                1 => format!("index/snap.{:016X}", chance.below(1 << 20)),
                2 => format!("journal/{:06}.jsonl.partial", chance.below(4)),
                _ => format!("index/blobs/{}", chance.below(1 << 20)),
            };
            let stray = dir.join(stray);
            fs::create_dir_all(stray.parent().unwrap()).unwrap();
            fs::write(&stray, &bytes[..at]).unwrap();
            return format!("{at} bytes of {name} as {}", stray.display());
        }
    }
    format!("{kind:?} at {at} of {name}")
}

/// Waits until what opening took on the index's word is verified.
fn wait_verified(store: &Store) {
    let (tell, told) = channel();
    store.subscribe(Box::new(move |_| _ = tell.send(())));
    store.verify_behind().unwrap();
    while !store.verified().is_through() && store.notices().is_empty() {
        let _ = told.recv_timeout(Duration::from_millis(200));
    }
}

/// Tells whether nothing that is whole is missing, and whether what is missing is told.
fn check(dir: &Path, (whole, at): (&Lines, &str)) -> &'static str {
    let intact: BTreeSet<u64> =
        lines(dir).into_iter().filter(|(seq, line)| whole.get(seq) == Some(line)).map(|(seq, _)| seq).collect();
    let opened = Store::open_with(dir, SMALL);
    let store = match opened {
        Ok((store, _)) => store,
        Err(error) => {
            let trouble = domain::Trouble::from(error);
            assert!(!trouble.why.is_empty() && !trouble.next.is_empty(), "{at}: {trouble}");
            return "refused";
        }
    };
    let found: BTreeSet<u64> = store.audit(&AuditFilter::default(), usize::MAX).unwrap().iter().map(|e| e.seq).collect();
    let lost: Vec<u64> = intact.difference(&found).copied().collect();
    assert!(lost.is_empty(), "{at}: whole entries are not found: {lost:?}");
    assert!(found.iter().all(|seq| whole.contains_key(seq)), "{at}: entries that nobody wrote");
    wait_verified(&store);
    let missing = whole.len() - found.len();
    assert!(missing == 0 || !store.notices().is_empty(), "{at}: {missing} entries are missing and nobody says so");
    records(&store, whole, &intact, at);
    let kinds: Vec<_> = store.notices().iter().map(|n| n.kind).collect();
    if let Err(trouble) = store.append(record("a", "behind the damage", 1)) {
        assert!(!trouble.why.is_empty(), "{at}: {trouble}");
    }
    let state = store.state();
    drop(store);
    assert!(missing == 0 || verify(dir).unwrap().first_bad.is_some() || lines(dir).len() > intact.len(), "{at}");
    let (store, _) = Store::open_with(dir, SMALL).unwrap();
    assert_eq!(
        (store.state().seq, store.state().deployments.len()),
        (state.seq, state.deployments.len()),
        "{at}: the second time"
    );
    if kinds.is_empty() { "harmless" } else { "told" }
}

/// Each deployment is as its newest whole entry says, or as an earlier one where that is damaged and told, or refused in words.
fn records(store: &Store, whole: &Lines, intact: &BTreeSet<u64>, at: &str) {
    let mut written: BTreeMap<String, Vec<(u64, Deployment)>> = BTreeMap::new();
    for (seq, line) in whole {
        let value: serde_json::Value = serde_json::from_slice(line).unwrap();
        if let Ok(Change::Deployment(deployment)) = serde_json::from_value(value["change"].clone()) {
            written.entry(deployment.id.to_string()).or_default().push((*seq, *deployment));
        }
    }
    for (id, versions) in &written {
        let (newest, last) = versions.last().unwrap();
        let known = store.state().deployments.get(&last.id).cloned();
        let Some(brief) = known else {
            assert!(versions.iter().all(|(seq, _)| !intact.contains(seq)), "{at}: {id} is not known");
            continue;
        };
        match store.recall(&brief) {
            Ok(found) if intact.contains(newest) => assert!(*found == *last, "{at}: {id} is an older one"),
            Ok(found) => assert!(versions.iter().any(|(_, version)| *version == *found), "{at}: {id} was never so"),
            Err(error) => assert!(!intact.contains(newest), "{at}: {id}: {error}"),
        }
    }
}

#[test]
fn a_store_damaged_anywhere_loses_nothing_silently() {
    let many = std::env::var("STORE_HARM").ok().map_or(FEW, |count| count.parse().expect("STORE_HARM is a number"));
    let source = place();
    let whole = filled(source.path());
    let mut chance = Chance::new("harm");
    for kind in [Harm::Flip, Harm::Zero, Harm::Cut, Harm::Stray] {
        let mut outcomes: BTreeMap<&str, u64> = BTreeMap::new();
        for case in 0..many {
            let dir = place();
            copy_dir(source.path(), dir.path());
            let at = format!("{kind:?} {case}: {}", harm(dir.path(), kind, &mut chance));
            let outcome = catch_unwind(AssertUnwindSafe(|| check(dir.path(), (&whole, &at))));
            *outcomes.entry(outcome.unwrap_or_else(|_| panic!("{at}"))).or_default() += 1;
        }
        eprintln!("{kind:?}: {outcomes:?}");
    }
}
