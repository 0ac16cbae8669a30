//! Selection, filter, order, columns and the cost of ten thousand rows.

use std::sync::atomic::{AtomicUsize, Ordering as Sync};

use crossterm::event::KeyModifiers;

use super::*;
use crate::fixture::Bench;
use crate::words::Language;

#[derive(Debug, Clone)]
struct Item(u32, &'static str);

impl Row for Item {
    type Key = u32;
    fn key(&self) -> u32 {
        self.0
    }
    fn health(&self, _cx: &Cx) -> Option<Health> {
        None
    }
    fn matches(&self, text: &str) -> bool {
        self.1.contains(text)
    }
    fn version(&self) -> u64 {
        self.1.len() as u64
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
    table.command("list.sort");
    table.command("list.sort");
    table.command("list.reverse");
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
