//! Leases: one at a time, handed over when the holder dies.

use std::fs;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use store::Store;

use crate::support::*;

#[test]
fn a_lease_is_held_once_and_free_after_dropping() {
    let dir = place();
    let (store, _) = Store::open_with(dir.path(), SMALL_PLAIN).unwrap();
    let held = store.lease("voyage/shop/../x").unwrap().unwrap();
    assert!(store.lease("voyage/shop/../x").unwrap().is_none());
    assert!(store.lease("another").unwrap().is_some());
    assert_eq!(
        files_under(&dir.path().join("leases")).len(),
        1,
        "names with slashes stay in the folder, and go with their lease"
    );
    drop(held);
    assert!(store.lease("voyage/shop/../x").unwrap().is_some());
    assert_eq!(fs::read_dir(dir.path().join("leases")).unwrap().count(), 0);
}

#[test]
fn a_lease_goes_to_the_next_when_its_holder_is_killed() {
    let dir = place();
    let (store, _) = Store::open_with(dir.path(), SMALL_PLAIN).unwrap();
    let mut helper = Helper::start("lease", dir.path(), &["voyage"]);
    assert_eq!(helper.says().as_deref(), Some("held"));
    assert!(store.lease("voyage").unwrap().is_none());
    let (tx, rx) = mpsc::channel();
    let waiting = store.clone();
    thread::spawn(move || tx.send(waiting.wait_lease("voyage").unwrap()).unwrap());
    assert!(rx.recv_timeout(Duration::from_millis(100)).is_err(), "it waits");
    let begun = Instant::now();
    helper.kill();
    let lease = rx.recv_timeout(Duration::from_secs(2)).unwrap();
    eprintln!("handed over after {:?}", begun.elapsed());
    drop(lease);
}

#[test]
fn the_file_of_a_lease_may_vanish_at_any_moment_and_still_one_has_it() {
    let dir = place();
    let (store, _) = Store::open_with(dir.path(), SMALL_PLAIN).unwrap();
    let (taken, inside) = (AtomicU32::new(0), AtomicBool::new(false));
    thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                for _ in 0..200 {
                    let lease = store.wait_lease("contested").unwrap();
                    assert!(!inside.swap(true, Ordering::SeqCst), "two have it");
                    taken.fetch_add(1, Ordering::SeqCst);
                    thread::yield_now();
                    inside.store(false, Ordering::SeqCst);
                    drop(lease);
                }
            });
        }
    });
    assert_eq!(taken.load(Ordering::SeqCst), 1200);
}
