//! Questions to the journal, answered by the index and by the files alike, and its export.

use std::path::Path;

use store::{AuditFilter, Options, Store, TAIL};

use crate::support::*;

const COUNT: u64 = TAIL as u64 + 1500;

fn filled(dir: &Path) {
    let (store, _) = Store::open_with(dir, Options { segment_bytes: 128 << 10, ..SMALL }).unwrap();
    let act = |n: u64| if n.is_multiple_of(2) { "kustomization.suspend" } else { "kustomization.resume" };
    for part in 0..COUNT / 100 {
        let records =
            (part * 100..part * 100 + 100).map(|n| record(act(n), &format!("Kustomization/flux-system/app-{}", n % 50), n));
        store.commit(|_| Ok(records.collect())).unwrap();
    }
}

fn filter(change: impl FnOnce(&mut AuditFilter)) -> AuditFilter {
    let mut filter = AuditFilter::default();
    change(&mut filter);
    filter
}

#[test]
fn the_index_and_the_files_give_the_same_answers() {
    let dir = place();
    filled(dir.path());
    let (with_index, _) = Store::open(dir.path()).unwrap();
    let (without, _) = Store::open(dir.path()).unwrap();
    let table = [
        (filter(|_| {}), usize::MAX, COUNT),
        (filter(|_| {}), 1700, 1700),
        (filter(|f| f.actor = Some("mara".to_owned())), usize::MAX, COUNT.div_ceil(3)),
        (filter(|f| f.act = Some("kustomization.".to_owned())), usize::MAX, COUNT),
        (filter(|f| f.act = Some("kustomization.s".to_owned())), usize::MAX, COUNT / 2),
        (filter(|f| f.object = Some("app-7".to_owned())), usize::MAX, COUNT / 50),
        (filter(|f| f.from = Some(moment(10))), usize::MAX, COUNT - 10),
        (filter(|f| f.until = Some(moment(10))), usize::MAX, 10),
        (filter(|f| f.before = Some(101)), usize::MAX, 100),
        (filter(|f| (f.before, f.object) = (Some(1001), Some("app-3".to_owned()))), 12, 12),
        (filter(|f| f.actor = Some("nobody".to_owned())), usize::MAX, 0),
    ];
    for (filter, limit, count) in table {
        let one = with_index.audit(&filter, limit).unwrap();
        let two = without.audit(&filter, limit).unwrap();
        assert_eq!(one.len() as u64, count, "{filter:?}");
        assert_eq!(one, two, "{filter:?}");
        assert!(one.is_sorted_by(|a, b| a.seq > b.seq), "newest first");
        assert!(one.iter().all(|e| filter.accepts(e)));
    }
}

#[test]
fn exports_hold_every_entry_and_nothing_that_computes() {
    let dir = place();
    let (store, _) = Store::open_with(dir.path(), SMALL_PLAIN).unwrap();
    store.append(record("a", "plain", 1)).unwrap();
    store.append(record("=cmd|' /C calc'!A0", "b,\"c\"\nd", 2)).unwrap();
    store.append(record("a", "last", 3)).unwrap();
    let mut out = Vec::new();
    assert_eq!(store.export_jsonl((&AuditFilter::default(), &|_| true), &mut out).unwrap(), 3);
    assert_eq!(out, std::fs::read(dir.path().join("journal/000001.jsonl")).unwrap(), "what is exported can be verified");
    let mut out = Vec::new();
    assert_eq!(store.export_csv((&filter(|f| f.from = Some(moment(2))), &|_| true), &mut out).unwrap(), 2);
    let text = String::from_utf8(out).unwrap();
    let rows: Vec<_> = text.split("\r\n").collect();
    assert_eq!(rows[0], "seq,time,actor,act,object,phase,detail,hash");
    assert!(
        rows[1].starts_with("2,2025-10-09T08:53:22Z,tom,\"'=cmd|' /C calc'!A0\",\"b,\"\"c\"\"\u{240a}d\",done,"),
        "{}",
        rows[1]
    );
    assert_eq!(rows.len(), 4);
}
