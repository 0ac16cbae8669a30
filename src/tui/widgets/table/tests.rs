//! Selection, filter, order, columns and the cost of ten thousand rows.

use std::borrow::Cow;
use std::sync::atomic::{AtomicUsize, Ordering as Sync};

use crossterm::event::KeyModifiers;
use domain::filter::{Aspect, Sort, Value};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::sieve::TINT;
use super::*;
use crate::fixture::Bench;
use crate::words::Language;

#[derive(Debug, Clone)]
struct Item(u32, &'static str);

impl Row for Item {
    type Key = u32;
    type Fields = Self;
    fn key(&self) -> u32 {
        self.0
    }
    fn health(&self, _cx: &Cx) -> Option<Health> {
        match self.1.chars().next() {
            Some('x') => Some(Health::Bad),
            Some('o') => Some(Health::Ok),
            _ => None,
        }
    }
    fn compare(&self, other: &Self) -> Option<Ordering> {
        Some(self.0.cmp(&other.0))
    }
    fn fields(&self) -> &Self {
        self
    }
    fn same(&self, other: &Self) -> bool {
        self.0 == other.0 && self.1 == other.1
    }
    fn version(&self) -> u64 {
        self.1.len() as u64
    }
}

impl Fields for Item {
    fn aspects() -> &'static [Aspect<Self>] {
        static ASPECTS: &[Aspect<Item>] = &[
            Aspect::text("name", &[], |i| Value::text(i.1)),
            Aspect::new("age", &[], Sort::Time, |i| Value::time(Time::from_second(1_795_269_600 - i64::from(i.0) * 60).ok())),
        ];
        ASPECTS
    }
    fn texts(&self, look: &mut dyn FnMut(&str) -> bool) -> bool {
        look(self.1)
    }
    fn title(&self) -> Cow<'_, str> {
        self.1.into()
    }
}

static DRAWN: AtomicUsize = AtomicUsize::new(0);

static COLUMNS: [Column<Item>; 3] = [
    Column {
        id: "seq",
        priority: 0,
        width: Width::Fixed(6),
        right: true,
        cell: |i, _| Cell::new(i.0.to_string(), Role::Text),
        order: Some(|a, b| a.0.cmp(&b.0)),
    },
    Column {
        id: "name",
        priority: 0,
        width: Width::Grow(8),
        right: false,
        cell: |i, _| {
            DRAWN.fetch_add(1, Sync::Relaxed);
            Cell::name(i.1, Role::Text)
        },
        order: Some(|a, b| a.1.cmp(b.1)),
    },
    Column {
        id: "detail",
        priority: 5,
        width: Width::Fixed(30),
        right: false,
        cell: |_, _| Cell::new("detail", Role::Muted),
        order: None,
    },
];

fn draw(table: &Table<Item>, bench: &Bench, wide: u16) -> Vec<String> {
    let area = Rect::new(0, 0, wide, 12);
    let mut buf = Buffer::empty(area);
    table.view(&bench.cx(), area, &mut buf, "nothing here");
    (0..12).map(|y| (0..wide).map(|x| buf[(x, y)].symbol().to_owned()).collect::<String>().trim_end().to_owned()).collect()
}

fn items(names: &[&'static str]) -> Vec<Item> {
    (0..).zip(names).map(|(at, name)| Item(at, name)).collect()
}

#[test]
fn the_selection_stays_on_its_row_when_rows_move() {
    let bench = Bench::new(80, 24, Language::English);
    let mut table = Table::new(&COLUMNS);
    table.set(&bench.cx(), items(&["a", "b", "c"]));
    table.command("list.down");
    assert_eq!(table.selected().map(|i| i.1), Some("b"));
    table.set(&bench.cx(), vec![Item(7, "new"), Item(0, "a"), Item(1, "b"), Item(2, "c")]);
    assert_eq!(table.selected().map(|i| i.1), Some("b"));
    table.set(&bench.cx(), vec![Item(0, "a"), Item(2, "c")]);
    assert_eq!(table.selected().map(|i| i.1), Some("c"));
    table.set(&bench.cx(), Vec::new());
    assert!(table.selected().is_none());
}

#[test]
fn a_filter_keeps_rows_with_all_words_or_without_them() {
    let bench = Bench::new(80, 24, Language::English);
    let mut table = Table::new(&COLUMNS);
    table.set(&bench.cx(), items(&["shop web", "shop api", "portal web"]));
    for (filter, want) in [("shop", 2), ("web shop", 1), ("!web", 1), ("nothing", 0), ("", 3)] {
        table.command("list.filter");
        table.key(KeyEvent::new(KeyCode::Char('u'), KeyModifiers::CONTROL));
        table.paste(filter);
        assert_eq!(table.count(), want, "{filter}");
    }
}

#[test]
fn columns_leave_by_rank_and_come_back() {
    let bench = Bench::new(80, 24, Language::English);
    let mut table = Table::new(&COLUMNS);
    table.set(&bench.cx(), items(&["shop"]));
    assert!(draw(&table, &bench, 80)[0].contains("DETAIL"));
    assert!(!draw(&table, &bench, 40)[0].contains("DETAIL"));
    for key in ["list.sort", "list.pick-next", "list.pick-keep", "list.reverse"] {
        assert!(table.command(key), "{key}");
    }
    assert!(draw(&table, &bench, 80)[0].contains("NAME↓"));
}

#[test]
fn ten_thousand_rows_cost_no_more_than_those_in_sight() {
    let bench = Bench::new(80, 24, Language::English);
    let mut table = Table::new(&COLUMNS);
    table.set(&bench.cx(), (0..10_000).map(|at| Item(at, "row")).collect());
    table.command("list.last");
    let before = DRAWN.load(Sync::Relaxed);
    let lines = draw(&table, &bench, 80);
    assert!(lines.iter().any(|l| l.contains("9999")), "{lines:?}");
    // Other tests draw at the same time, each a handful of rows.
    assert!(DRAWN.load(Sync::Relaxed) - before < 200);
}

#[test]
fn a_row_that_changed_is_tinted_for_a_second() {
    let mut bench = Bench::new(80, 24, Language::English);
    let mut table = Table::new(&COLUMNS);
    table.set(&bench.cx(), items(&["a", "b"]));
    draw(&table, &bench, 80);
    assert_eq!(bench.base.marks.wake(), None);
    table.set(&bench.cx(), items(&["a", "bb"]));
    draw(&table, &bench, 80);
    let until = bench.base.marks.wake();
    assert_eq!(until.map(|t| t.as_millisecond() - bench.base.now.as_millisecond()), Some(TINT));
    bench.base.marks.clear();
    bench.base.now = until.unwrap_or(bench.base.now);
    draw(&table, &bench, 80);
    assert_eq!(bench.base.marks.wake(), None);
}

fn keys(table: &mut Table<Item>, keys: &str) {
    for key in keys.chars() {
        table.key(KeyEvent::new(KeyCode::Char(key), KeyModifiers::NONE));
    }
}

fn names(table: &Table<Item>) -> Vec<&'static str> {
    table.shown().map(|i| i.1).collect()
}

#[test]
fn a_column_is_picked_by_its_number_and_the_old_order_comes_back() {
    let bench = Bench::new(80, 24, Language::English);
    let mut table = Table::new(&COLUMNS);
    table.set(&bench.cx(), items(&["b", "c", "a"]));
    table.command("list.down");
    table.command("list.sort");
    assert!(table.typing());
    keys(&mut table, "2");
    assert_eq!((names(&table), table.selected().map(|i| i.1)), (vec!["a", "b", "c"], Some("c")));
    assert!(draw(&table, &bench, 80)[0].contains("2NAME↑"), "{:?}", draw(&table, &bench, 80)[0]);
    keys(&mut table, "2");
    assert_eq!(names(&table), ["c", "b", "a"]);
    table.command("list.pick-keep");
    table.command("list.sort");
    table.command("list.pick-cancel");
    assert_eq!((names(&table), table.typing()), (vec!["c", "b", "a"], false));
    table.command("list.sort");
    keys(&mut table, "0");
    assert_eq!(names(&table), ["b", "c", "a"]);
}

#[test]
fn a_bad_filter_says_so_and_the_rows_stay() {
    let bench = Bench::new(80, 24, Language::English);
    let mut table = Table::new(&COLUMNS);
    table.set(&bench.cx(), items(&["shop web", "shop api", "portal web"]));
    table.command("list.filter");
    keys(&mut table, "web name=");
    assert_eq!(names(&table), ["shop web", "portal web"]);
    let last = draw(&table, &bench, 80).pop().unwrap_or_default();
    assert!(last.contains("10: something must follow name="), "{last}");
    keys(&mut table, "portal*");
    assert_eq!(names(&table), ["portal web"]);
}

#[test]
fn rows_come_of_age_while_nothing_else_happens() {
    let mut bench = Bench::new(80, 24, Language::English);
    let mut table = Table::new(&COLUMNS);
    table.set(&bench.cx(), items(&["a", "b", "c", "d", "e"]));
    table.set_filter("age>152m");
    let at = table.deadline().unwrap_or_else(|| unreachable!("a moment"));
    let before = table.count();
    bench.base.now = at;
    table.wake(bench.base.now);
    assert_eq!(table.count(), before + 1);
}

#[test]
fn marks_are_for_what_is_meant_and_go_with_their_rows() {
    let bench = Bench::new(80, 24, Language::English);
    let mut table = Table::new(&COLUMNS).marked();
    table.set(&bench.cx(), items(&["a", "b", "c", "d"]));
    let meant = |table: &Table<Item>| table.meant().iter().map(|i| i.1).collect::<Vec<_>>();
    assert_eq!(meant(&table), ["a"]);
    table.command("list.mark");
    table.command("list.down");
    table.command("list.mark-range");
    assert_eq!(meant(&table), ["a", "b", "c"]);
    table.set_filter("d");
    table.command("list.mark-all");
    assert_eq!(meant(&table), ["a", "b", "c", "d"], "marks outlive the filter");
    table.set(&bench.cx(), vec![Item(0, "a"), Item(3, "d")]);
    assert_eq!(meant(&table), ["a", "d"]);
    assert!(draw(&table, &bench, 80).iter().any(|l| l.contains("2 marked")));
    table.command("list.clear");
    assert_eq!((table.mark_count(), table.filter()), (0, "d"));
    table.command("list.clear");
    assert_eq!(table.filter(), "");
}

#[test]
fn states_are_counted_narrowed_to_and_gone_to() {
    let bench = Bench::new(80, 24, Language::English);
    let mut table = Table::new(&COLUMNS);
    table.set(&bench.cx(), items(&["o1", "x1", "o2", "x2"]));
    assert_eq!((table.tally(Health::Bad), table.tally(Health::Ok), table.total()), (2, 2, 4));
    table.command("list.next-fault");
    table.command("list.next-fault");
    assert_eq!(table.selected().map(|i| i.1), Some("x2"));
    table.command("list.faults");
    assert_eq!(names(&table), ["x1", "x2"]);
    table.command("list.state");
    table.command("list.state");
    assert_eq!((names(&table), table.only()), (vec!["o1", "o2"], Some(Only::State(Health::Ok))));
    table.command("list.state");
    assert_eq!(names(&table).len(), 4);
}

/// Whatever changes: looking only at what changed shows what looking at everything would.
#[test]
fn looking_at_changes_only_shows_the_same() {
    const NAMES: [&str; 8] = ["x one", "o two", "three", "x four", "five", "o six", "seven", "o"];
    let bench = Bench::new(80, 24, Language::English);
    let cx = bench.cx();
    for seed in 0..300_u64 {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut roll = |below: u64| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            usize::try_from(state % below).unwrap_or(0)
        };
        let mut rows: Vec<Item> =
            (0..200_u32).zip(NAMES.iter().cycle()).filter(|_| roll(3) > 0).map(|(at, name)| Item(at, name)).collect();
        let mut table = Table::new(&COLUMNS).marked();
        table.set(&cx, rows.clone());
        table.set_filter(["", "x", "!o", "name=*e*"][roll(4)]);
        if roll(2) == 0 {
            table.command("list.sort");
            keys(&mut table, ["1", "2", "22"][roll(3)]);
            table.command("list.pick-keep");
        }
        if roll(4) == 0 {
            table.command("list.faults");
        }
        table.pin(&cx, (0..roll(3)).map(|_| 40 + u32::try_from(roll(9)).unwrap_or(0)).collect::<Vec<_>>());
        for _ in 0..6 {
            (0..roll(70)).for_each(|_| {
                table.command("list.down");
            });
            let before = table.selected().map(Row::key);
            for _ in 0..roll(6) {
                match roll(3) {
                    0 if !rows.is_empty() => {
                        let at = roll(rows.len() as u64);
                        rows[at].1 = NAMES[roll(8)];
                    }
                    1 if !rows.is_empty() => {
                        rows.remove(roll(rows.len() as u64));
                    }
                    _ => {
                        let key = u32::try_from(roll(300)).unwrap_or(0);
                        if let Err(at) = rows.binary_search_by_key(&key, |r| r.0) {
                            rows.insert(at, Item(key, NAMES[roll(8)]));
                        }
                    }
                }
            }
            table.set(&cx, rows.clone());
            let shown: Vec<u32> = table.shown().map(|i| i.0).collect();
            let selected = table.selected().map(Row::key);
            if let Some(key) = before.filter(|key| shown.contains(key)) {
                assert_eq!(selected, Some(key), "seed {seed}");
            }
            table.arrange();
            assert_eq!(shown, table.shown().map(|i| i.0).collect::<Vec<_>>(), "seed {seed}");
            assert_eq!(selected, table.selected().map(Row::key), "seed {seed}");
        }
    }
}

/// What stands in many lists has one rule for how wide it is, and every column of a tab's list can be sorted by.
#[test]
fn like_columns_are_alike_in_every_list() {
    fn sources(folder: &std::path::Path, out: &mut Vec<std::path::PathBuf>) {
        for entry in std::fs::read_dir(folder).into_iter().flatten() {
            let Ok(path) = entry.map(|entry| entry.path()) else { continue };
            match path.is_dir() {
                true => sources(&path, out),
                false if path.extension().is_some_and(|ext| ext == "rs") => out.push(path),
                false => {}
            }
        }
    }
    let mut files = Vec::new();
    sources(std::path::Path::new(env!("CARGO_MANIFEST_DIR")), &mut files);
    let part = |text: &str, from: &str, to: &str| {
        let rest = text.split_once(from).map(|(_, rest)| rest).unwrap_or_default();
        rest.split(to).next().unwrap_or_default().to_owned()
    };
    let mut rules: std::collections::BTreeMap<String, String> = std::collections::BTreeMap::new();
    let mut found = 0;
    for file in files.iter().filter(|file| !file.ends_with("table/tests.rs")) {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        for column in text.split("Column {").skip(1).filter(|column| column.trim_start().starts_with("id: \"")) {
            let id = part(column, "id: \"", "\"").trim_start_matches("deployment.").to_owned();
            let rule =
                format!("{} {}", part(column, "width: ", ", ").lines().next().unwrap_or_default(), part(column, "right: ", ","));
            let shared = ["kind", "namespace", "name", "cluster", "branch", "revision", "commit", "age", "changed", "message"];
            if shared.contains(&id.as_str()) {
                found += 1;
                let pane = id == "message" && file.to_string_lossy().contains("/overlays/");
                let id = if pane { format!("{id} in a pane") } else { id.clone() };
                assert_eq!(*rules.entry(id.clone()).or_insert_with(|| rule.clone()), rule, "{id} in {}", file.display());
            }
            let fixed = ["history.rs", "trace.rs"].iter().any(|name| file.ends_with(name));
            assert!(fixed || !part(column, "order: ", "\n").starts_with("None"), "{id} of {} is not sorted by", file.display());
        }
    }
    assert!(found > 25 && rules.len() == 11, "{found} {rules:?}");
}

static VERSIONS: [Column<Item>; 3] = [
    Column {
        id: "name",
        priority: 0,
        width: Width::Fit(4, 30),
        right: false,
        cell: |i, _| Cell::new(i.1, Role::Text),
        order: Some(|a, b| a.1.cmp(b.1)),
    },
    Column {
        id: "seq",
        priority: 0,
        width: Width::Fixed(9),
        right: true,
        cell: |i, _| Cell::new(i.0.to_string(), Role::Text),
        order: None,
    },
    Column {
        id: "detail",
        priority: 0,
        width: Width::Fit(6, 30),
        right: false,
        cell: |i, _| Cell::new(i.1, Role::Muted),
        order: None,
    },
];

#[test]
fn a_text_that_outgrows_its_column_takes_the_free_room_beside_it_and_nothing_else_moves() {
    let mut bench = Bench::new(80, 24, Language::English);
    let mut table = Table::new(&VERSIONS);
    table.set(&bench.cx(), items(&["1.8.3", "1.8.2"]));
    bench.base.now = Time::from_second(bench.base.now.as_second() + 10).unwrap_or(bench.base.now);
    let before = draw(&table, &bench, 60);
    table.set(&bench.cx(), items(&["1.8.3", "1.9.0-rc2-is-long"]));
    let after = draw(&table, &bench, 60);
    assert_eq!(before[..2], after[..2], "titles and the other row stay");
    let number = |lines: &[String]| lines[2].split_once("  1  ").map(|(before, _)| before.chars().count());
    assert_eq!(number(&before), number(&after), "{after:#?}");
    // Up to two columns before the number; behind it there is room for all of it.
    assert!(after[2].contains("1.9.0-rc2-is…  1  1.9.0-rc2-is-long"), "{after:#?}");
    table.command("list.sort");
    assert!(
        draw(&table, &bench, 60)[2].contains("1.9.0-rc2-is-long          1  1.9.0-rc2-is-long"),
        "sorted anew, all are seen whole"
    );
}

#[test]
fn a_column_that_grows_so_far_leaves_the_rest_behind_the_last() {
    static SPEC: [Column<Item>; 2] = [
        Column {
            id: "name",
            priority: 0,
            width: Width::Upto(8, 20),
            right: false,
            cell: |i, _| Cell::new(i.1, Role::Text),
            order: None,
        },
        Column {
            id: "seq",
            priority: 0,
            width: Width::Fixed(4),
            right: false,
            cell: |i, _| Cell::new(i.0.to_string(), Role::Text),
            order: None,
        },
    ];
    let bench = Bench::new(80, 24, Language::English);
    let mut table = Table::new(&SPEC);
    table.set(&bench.cx(), items(&["one"]));
    let title = |wide| draw(&table, &bench, wide)[0].find('#');
    assert_eq!((title(80), title(60), title(24)), (Some(25), Some(25), Some(19)));
}
