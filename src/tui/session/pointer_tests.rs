//! The mouse over the fleet.
#![expect(clippy::unwrap_used, reason = "a test says which input failed by failing")]

use crossterm::event::{Event, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

use super::{Act, Msg};
use crate::fixture::Stage;
use crate::place::TabId;
use crate::preferences::{News, Preferences};
use crate::words::Language;

fn stage() -> Stage {
    Stage::new(100, 30, Language::English)
}

/// Does something with the mouse where a text begins on the screen.
fn at(stage: &mut Stage, text: &str, kind: MouseEventKind, modifiers: KeyModifiers) {
    let lines = stage.lines();
    let (row, line) = lines.lines().enumerate().find(|(_, l)| l.contains(text)).unwrap();
    let column = crate::widgets::put::width(&line[..line.find(text).unwrap()]);
    let event = MouseEvent { kind, column: column.try_into().unwrap(), row: row.try_into().unwrap(), modifiers };
    stage.msg(Msg::Input(Event::Mouse(event)));
}

fn click(stage: &mut Stage, text: &str) {
    at(stage, text, MouseEventKind::Down(MouseButton::Left), KeyModifiers::NONE);
}

#[test]
fn a_click_selects_another_opens_and_the_wheel_moves() {
    let mut stage = stage();
    click(&mut stage, "6 Flux");
    assert_eq!(stage.session.active(), TabId::Flux);
    let name = "billing-testing";
    click(&mut stage, name);
    assert!(stage.lines().lines().any(|l| l.contains('▌') && l.contains(name)), "{}", stage.lines());
    stage.pass(500);
    click(&mut stage, name);
    assert_eq!(stage.session.panes().count(), 0, "two clicks far from each other open nothing");
    stage.pass(100);
    click(&mut stage, name);
    assert_eq!(stage.session.panes().count(), 1);
    assert!(stage.lines().contains("GitRepository/flux-system/billing-testing"), "{}", stage.lines());
    stage.keys("esc g g");
    let first = stage.lines();
    at(&mut stage, "6 Flux", MouseEventKind::ScrollDown, KeyModifiers::NONE);
    let down = stage.lines();
    assert_ne!(down, first);
    stage.keys("k k k");
    assert_eq!(stage.lines(), first);
}

#[test]
fn keys_in_the_footer_are_taken_and_what_is_covered_is_not() {
    let mut stage = stage();
    stage.keys("6");
    click(&mut stage, "? help");
    assert_eq!(stage.session.panes().count(), 1);
    click(&mut stage, "Esc close");
    assert_eq!(stage.session.panes().count(), 0);
    stage.keys(":");
    let before = stage.session.cx().desk.clone();
    let rows = stage.lines().lines().count();
    for row in 3..u16::try_from(rows).unwrap() - 1 {
        let kind = MouseEventKind::Down(MouseButton::Left);
        stage.msg(Msg::Input(Event::Mouse(MouseEvent { kind, column: 1, row, modifiers: KeyModifiers::NONE })));
    }
    stage.keys("esc");
    assert_eq!(stage.session.cx().desk, &before);
}

#[test]
fn the_line_between_a_list_and_its_pane_is_moved() {
    let mut stage = stage();
    stage.keys("2");
    let line = |stage: &Stage| stage.lines().lines().skip(3).position(|l| l.contains("────")).unwrap();
    let before = line(&stage);
    let press = |stage: &mut Stage, kind, row: usize| {
        let event = MouseEvent { kind, column: 10, row: row.try_into().unwrap(), modifiers: KeyModifiers::NONE };
        stage.msg(Msg::Input(Event::Mouse(event)));
    };
    press(&mut stage, MouseEventKind::Down(MouseButton::Left), before + 3);
    press(&mut stage, MouseEventKind::Drag(MouseButton::Left), before + 6);
    press(&mut stage, MouseEventKind::Up(MouseButton::Left), before + 6);
    assert_eq!(line(&stage), before + 3, "{}", stage.lines());
    press(&mut stage, MouseEventKind::Drag(MouseButton::Left), before + 9);
    assert_eq!(line(&stage), before + 3, "let go is let go");
}

/// Beside each other the line is moved as well, and neither side can be made to vanish.
#[test]
fn the_line_beside_a_list_is_moved_within_bounds() {
    let mut stage = Stage::new(180, 30, Language::English);
    stage.keys("6");
    let line = |stage: &Stage| stage.lines().lines().nth(20).unwrap().chars().position(|c| c == '│').unwrap();
    let before = line(&stage);
    let press = |stage: &mut Stage, kind, column: usize| {
        let event = MouseEvent { kind, column: column.try_into().unwrap(), row: 20, modifiers: KeyModifiers::NONE };
        stage.msg(Msg::Input(Event::Mouse(event)));
    };
    press(&mut stage, MouseEventKind::Down(MouseButton::Left), before);
    for (to, want) in [(before + 10, before + 10), (before - 7, before - 7), (179, 156), (0, 80)] {
        press(&mut stage, MouseEventKind::Drag(MouseButton::Left), to);
        assert_eq!(line(&stage), want, "dragged to {to}\n{}", stage.lines());
    }
    press(&mut stage, MouseEventKind::Up(MouseButton::Left), before);
    press(&mut stage, MouseEventKind::Drag(MouseButton::Left), before);
    assert_eq!(line(&stage), 80, "let go is let go");
    // A place beside the line drags nothing.
    press(&mut stage, MouseEventKind::Down(MouseButton::Left), 120);
    press(&mut stage, MouseEventKind::Drag(MouseButton::Left), 140);
    assert_eq!(line(&stage), 80);
}

#[test]
fn with_shift_and_when_it_is_not_wanted_the_mouse_is_the_terminals() {
    let mut stage = stage();
    at(&mut stage, "6 Flux", MouseEventKind::Down(MouseButton::Left), KeyModifiers::SHIFT);
    assert_ne!(stage.session.active(), TabId::Flux);
    stage.msg(Msg::News(News::Preferences(Box::new(Preferences { mouse: false, ..Preferences::default() }))));
    assert!(stage.acts.contains(&Act::Mouse(false)), "{:?}", stage.acts);
    click(&mut stage, "6 Flux");
    assert_ne!(stage.session.active(), TabId::Flux);
}

#[test]
fn a_form_is_entered_where_it_is_clicked() {
    let mut stage = stage();
    stage.keys("1 a");
    click(&mut stage, "Description");
    stage.text("beside the till");
    let lines = stage.lines();
    assert!(lines.lines().any(|l| l.contains("Description") && l.contains("beside the till")), "{lines}");
}

#[test]
fn a_click_on_a_title_sorts_and_another_turns_it_round() {
    let mut stage = Stage::new(120, 36, Language::English);
    stage.keys("6");
    let names = |stage: &mut Stage| -> Vec<String> {
        let lines = stage.lines();
        let from = lines.lines().skip_while(|line| !line.contains("NAMESPACE")).skip(1);
        from.take(5).map(|line| line.trim_matches(|c| c == '▌' || c == ' ').to_owned()).collect()
    };
    let before = names(&mut stage);
    click(&mut stage, "MESSAGE");
    assert!(stage.lines().contains("MESSAGE↑"), "{}", stage.lines());
    let sorted = names(&mut stage);
    click(&mut stage, "MESSAGE");
    assert!(stage.lines().contains("MESSAGE↓"), "a second click opens nothing: {}", stage.lines());
    assert!(sorted != before && names(&mut stage) != sorted, "{before:?} {sorted:?}");
}
