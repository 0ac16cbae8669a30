//! The journal damaged: verification names the place, opening goes on with everything that is whole.

use std::fs;
use std::path::Path;

use store::{NoticeKind, Options, Store, verify};

use crate::support::*;

const PLAIN: Options = Options { segment_bytes: 4 << 10, ..SMALL_PLAIN };

fn filled(dir: &Path, options: Options, count: u64) {
    let (store, _) = Store::open_with(dir, options).unwrap();
    for n in 0..count {
        store.append(record("a", &format!("thing-{n}"), n)).unwrap();
    }
}

#[test]
fn a_flipped_bit_anywhere_is_named_and_costs_its_line_only() {
    let source = place();
    filled(source.path(), PLAIN, 36);
    let segments: Vec<_> = files_under(&source.path().join("journal")).into_iter().filter(|p| p.extension().is_some()).collect();
    assert!(segments.len() >= 3);
    let mut chance = Chance::new("bit flips");
    let mut cases = 0;
    for (at, segment) in segments.iter().enumerate() {
        let bytes = fs::read(segment).unwrap();
        let mut offset = 0;
        while offset < bytes.len() {
            let dir = place();
            copy_dir(source.path(), dir.path());
            let mut damaged = bytes.clone();
            damaged[offset] ^= 1 << chance.below(8);
            let path = dir.path().join("journal").join(segment.file_name().unwrap());
            fs::write(&path, &damaged).unwrap();
            let line = bytes[..offset].split(|b| *b == b'\n').count() as u64;
            let last_newline = at + 1 == segments.len() && offset + 1 == bytes.len();
            check_flip(dir.path(), path.file_name().unwrap().to_str().unwrap(), line, last_newline);
            cases += 1;
            offset += 1 + usize::try_from(chance.below(90)).unwrap();
        }
    }
    assert!(cases > 200, "{cases} cases");
}

fn check_flip(dir: &Path, file: &str, line: u64, last_newline: bool) {
    let check = verify(dir).unwrap();
    if last_newline {
        assert!(check.unfinished > 0);
    } else {
        let bad = check.first_bad.clone().unwrap();
        assert_eq!((bad.file.as_str(), bad.line), (file, line), "{bad:?}");
    }
    let (store, notices) = Store::open_with(dir, PLAIN).unwrap();
    assert!(!notices.is_empty());
    let left = everything(&store).len();
    assert!((34..=35).contains(&left), "a newline is shared by two lines at most: {left}");
    let seq = store.append(record("a", "after the damage", 99)).unwrap().seq;
    assert!(seq >= 36, "the number of a damaged entry is not given away again");
    let after = verify(dir).unwrap();
    assert_eq!(after.first_bad, check.first_bad, "the break stays named");
    assert_eq!((after.bad, after.head_seq), (check.bad, seq), "and what was appended behind it is good");
    drop(store);
    let (store, _) = Store::open_with(dir, PLAIN).unwrap();
    assert_eq!(everything(&store).len(), left + 1);
}

#[test]
fn dropped_repeated_reordered_and_rewritten_lines_are_named() {
    type Edit = fn(&mut Vec<String>);
    let table: [(&str, Edit, u64, u64); 5] = [
        ("dropped", |lines| _ = lines.remove(4), 6, 5),
        ("repeated", |lines| lines.insert(5, lines[4].clone()), 5, 6),
        ("swapped", |lines| lines.swap(4, 5), 6, 5),
        ("first gone", |lines| _ = lines.remove(0), 2, 1),
        ("edited", |lines| lines[4] = lines[4].replace("thing-4", "thing-9"), 5, 5),
    ];
    for (name, edit, seq, line) in table {
        let dir = place();
        filled(dir.path(), SMALL_PLAIN, 10);
        let path = dir.path().join("journal/000001.jsonl");
        let mut lines: Vec<String> = fs::read_to_string(&path).unwrap().lines().map(str::to_owned).collect();
        edit(&mut lines);
        fs::write(&path, lines.join("\n") + "\n").unwrap();
        let bad = verify(dir.path()).unwrap().first_bad.expect(name);
        assert_eq!((bad.seq, bad.line, bad.file.as_str()), (seq, line, "000001.jsonl"), "{name}: {bad:?}");
        let (_, notices) = Store::open_with(dir.path(), SMALL_PLAIN).unwrap();
        assert_eq!(notices.iter().map(|n| n.kind).collect::<Vec<_>>(), [NoticeKind::Damaged], "{name}");
    }
}

#[test]
fn a_missing_segment_is_named_and_the_others_count() {
    let dir = place();
    filled(dir.path(), PLAIN, 60);
    let whole = verify(dir.path()).unwrap();
    fs::remove_file(dir.path().join("journal/000002.jsonl")).unwrap();
    let check = verify(dir.path()).unwrap();
    assert_eq!(check.first_bad.as_ref().unwrap().file, "000003.jsonl");
    assert_eq!(check.head_hash, whole.head_hash);
    let (store, notices) = Store::open_with(dir.path(), PLAIN).unwrap();
    assert_eq!(notices[0].kind, NoticeKind::Damaged);
    assert_eq!(store.append(record("a", "b", 1)).unwrap().seq, 61);
    assert_eq!(everything(&store).len() as u64, check.entries + 1);
}

#[test]
fn damage_stays_told_when_the_index_makes_reading_it_needless() {
    let dir = place();
    filled(dir.path(), SMALL_PLAIN, 10);
    let path = dir.path().join("journal/000001.jsonl");
    let text = fs::read_to_string(&path).unwrap().replacen("thing-4", "thing-X", 1);
    fs::write(&path, text).unwrap();
    for round in 0..3 {
        let (store, notices) = Store::open_with(dir.path(), SMALL).unwrap();
        assert_eq!(notices.iter().map(|n| n.kind).collect::<Vec<_>>(), [NoticeKind::Damaged], "round {round}");
        assert!(notices[0].trouble.why.contains("entry 5 in line 5"), "{}", notices[0].trouble);
        store.append(record("a", "more", 1)).unwrap();
    }
}

#[test]
fn a_cut_journal_is_noticed_when_an_index_has_seen_more() {
    let dir = place();
    filled(dir.path(), SMALL, 10);
    let path = dir.path().join("journal/000001.jsonl");
    let lines: Vec<String> = fs::read_to_string(&path).unwrap().lines().take(7).map(str::to_owned).collect();
    fs::write(&path, lines.join("\n") + "\n").unwrap();
    let (store, _) = Store::open_with(dir.path(), SMALL).unwrap();
    drop(store.append(record("a", "b", 1)).unwrap());
    let kinds: Vec<_> = store.notices().iter().map(|n| n.kind).collect();
    assert!(kinds.contains(&NoticeKind::Shortened), "{kinds:?}");
    assert_eq!(everything(&store).len(), 8);
    drop(store);
    let (_, notices) = Store::open_with(dir.path(), SMALL).unwrap();
    assert_eq!(notices, []);
}
