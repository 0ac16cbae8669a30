//! Frames as bytes: none when nothing changes, few when little does, and a terminal that reads them shows the frame.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test says which input failed by failing, and draws its own words"
)]

use ratatui::style::{Color, Modifier, Style};

use super::*;
use crate::capabilities::Depth;
use crate::fixture::{Rolls, Stage};
use crate::widgets::put::put;
use crate::words::Language;

#[test]
fn not_one_byte_is_written_when_nothing_changes() {
    let mut screen = Screen::new(Vec::new(), Size::new(20, 3), Capabilities::full());
    let frame = |text: &'static str, cursor| {
        move |buf: &mut Buffer| {
            buf.set_string(0, 0, text, Style::new());
            cursor
        }
    };
    assert!(screen.draw(frame("one", None)).unwrap() > 0);
    let written = screen.writer().len();
    assert_eq!(screen.draw(frame("one", None)).unwrap(), 0);
    assert_eq!(screen.writer().len(), written);
    assert!(screen.draw(frame("one", Some(Position::new(1, 1)))).unwrap() > 0);
    assert_eq!(screen.draw(frame("one", Some(Position::new(1, 1)))).unwrap(), 0);
    assert!(screen.draw(frame("two", Some(Position::new(1, 1)))).unwrap() > 0);
    screen.resize(Size::new(30, 3));
    assert!(screen.draw(frame("two", None)).unwrap() > 0);
}

#[test]
fn a_terminal_without_utf8_gets_ascii_only() {
    let mut screen = Screen::new(Vec::new(), Size::new(20, 1), Capabilities { utf8: false, ..Capabilities::full() });
    screen
        .draw(|buf| {
            buf.set_string(0, 0, "✓ ready … 生产", Style::new());
            None
        })
        .unwrap();
    assert!(screen.writer().is_ascii());
}

/// Returns what a terminal shows that has read these bytes: symbol, colours and attributes of each cell.
fn shown(parser: &vt100::Parser, x: u16, y: u16) -> (String, vt100::Color, vt100::Color, [bool; 4]) {
    let cell = parser.screen().cell(y, x).unwrap();
    let symbol = if cell.has_contents() { cell.contents().to_owned() } else { " ".to_owned() };
    (symbol, cell.fgcolor(), cell.bgcolor(), [cell.bold(), cell.italic(), cell.underline(), cell.inverse()])
}

/// Returns what it should show.
fn meant(buf: &Buffer, at: (u16, u16)) -> (String, vt100::Color, vt100::Color, [bool; 4]) {
    let cell = &buf[at];
    let colour = |color: Color| match color {
        Color::Rgb(r, g, b) => vt100::Color::Rgb(r, g, b),
        Color::Indexed(n) => vt100::Color::Idx(n),
        Color::Reset => vt100::Color::Default,
        named => vt100::Color::Idx(named_index(named)),
    };
    let on = |attribute| cell.modifier.contains(attribute);
    let attributes = [on(Modifier::BOLD), on(Modifier::ITALIC), on(Modifier::UNDERLINED), on(Modifier::REVERSED)];
    (cell.symbol().to_owned(), colour(cell.fg), colour(cell.bg), attributes)
}

fn named_index(color: Color) -> u8 {
    const ALL: [Color; 16] = [
        Color::Black,
        Color::Red,
        Color::Green,
        Color::Yellow,
        Color::Blue,
        Color::Magenta,
        Color::Cyan,
        Color::Gray,
        Color::DarkGray,
        Color::LightRed,
        Color::LightGreen,
        Color::LightYellow,
        Color::LightBlue,
        Color::LightMagenta,
        Color::LightCyan,
        Color::White,
    ];
    ALL.iter().position(|c| *c == color).and_then(|at| u8::try_from(at).ok()).unwrap()
}

/// Checks that a terminal shows a frame, of which what is not to be seen is not compared: the ink of a blank, the second half of
/// a wide character.
fn same(parser: &vt100::Parser, buf: &Buffer, what: &str) {
    for y in 0..buf.area.height {
        let mut skip = 0;
        for x in 0..buf.area.width {
            if skip > 0 {
                skip -= 1;
                continue;
            }
            let (mut want, mut got) = (meant(buf, (x, y)), shown(parser, x, y));
            skip = width(&want.0).saturating_sub(1);
            if want.0 == " " && !want.3[2] && !want.3[3] {
                (want.1, got.1) = (vt100::Color::Default, vt100::Color::Default);
                (want.3, got.3) = ([false; 4], [got.3[2] || got.3[3]; 4]);
            }
            // The terminal of this test is bold or dim, not both.
            if buf[(x, y)].modifier.contains(Modifier::DIM) {
                (want.3[0], got.3[0]) = (false, false);
            }
            assert_eq!(got, want, "{what}: column {x} of row {y}");
        }
    }
}

/// Every frame of a long walk through the screens arrives at a terminal as it was meant, whatever it can show.
#[test]
fn a_terminal_shows_what_was_drawn() {
    for (depth, erases) in [(Depth::True, true), (Depth::Ansi256, false), (Depth::Ansi16, true), (Depth::None, false)] {
        for language in Language::ALL {
            let mut stage = Stage::with(90, 28, language, Capabilities { depth, erases, ..Capabilities::full() });
            let mut screen = Screen::new(Vec::new(), stage.session.size(), stage.session.cx().capabilities);
            let size = |n: u16| std::num::NonZeroU16::new(n).unwrap();
            let mut parser = vt100::Parser::new(size(28), size(90), 0);
            let mut rolls = Rolls::new(7);
            let mut read = 0;
            for step in 0..120 {
                let pressed = stage.roll(&mut rolls);
                screen.draw(|buf| crate::shell::view(&stage.session, buf)).unwrap();
                parser.process(&screen.writer()[read..]);
                read = screen.writer().len();
                same(&parser, &stage.buffer(), &format!("{depth:?} {} step {step} {pressed}", language.tag()));
            }
        }
    }
}

proptest::proptest! {
    /// Whatever a text is, it stays in its place: its cells hold nothing that steers, it takes the columns that are said, and its
    /// neighbours stand where they were put, on the terminal too.
    #[test]
    fn no_text_leaves_its_place(
        bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..48),
        text in ".{0,24}",
        room in 1_u16..24,
    ) {
        // The terminal of this test leaves out what stands for bytes that are no text; others show it.
        let said = String::from_utf8_lossy(&bytes).replace(char::REPLACEMENT_CHARACTER, "?");
        let texts = [said, text.replace(char::REPLACEMENT_CHARACTER, "?"), "\u{1b}[9;9H\u{202e}\u{9b}2J".to_owned()];
        let mut screen = Screen::new(Vec::new(), Size::new(30, 3), Capabilities::full());
        screen.draw(|buf| {
            for (text, y) in texts.iter().zip(0..) {
                let took = put(buf, (2, y), room, text, Style::new());
                assert!(took <= room, "{text:?} takes {took} of {room}");
                let rest = (2 + took..30).all(|x| buf[(x, y)].symbol() == " ");
                assert!(rest, "{text:?} goes on behind its {took} columns");
                let cells = (2..2 + took).flat_map(|x| buf[(x, y)].symbol().chars().collect::<Vec<_>>());
                assert!(!cells.into_iter().any(|c| c.is_control() || domain::text::hidden(c)), "{text:?}");
                put(buf, (0, y), 1, "<", Style::new());
                put(buf, (2 + room, y), 1, ">", Style::new());
            }
            None
        }).unwrap();
        let mut parser = vt100::Parser::new(std::num::NonZeroU16::new(3).unwrap(), std::num::NonZeroU16::new(30).unwrap(), 0);
        parser.process(screen.writer());
        for (text, y) in texts.iter().zip(0..) {
            let (first, last) = (shown(&parser, 0, y).0, shown(&parser, 2 + room, y).0);
            assert_eq!((first.as_str(), last.as_str()), ("<", ">"), "{text:?} in {room}");
        }
    }
}

/// What a list is left in after each key, and what follows when it rests.
struct Costs {
    /// The most bytes that a key cost.
    most: usize,
    /// The most that followed.
    late: usize,
}

/// Presses a key some times, without a rest but for the last, and checks that the terminal shows what was meant in the end.
fn pressed(stage: &mut Stage, keys: &[&str]) -> Costs {
    let size = stage.session.size();
    let mut screen = Screen::new(Vec::new(), size, stage.session.cx().capabilities);
    screen.draw(|buf| crate::shell::view(&stage.session, buf)).unwrap();
    stage.session.drawn();
    let mut costs = Costs { most: 0, late: 0 };
    for rests in [true, false] {
        for key in keys {
            stage.keys(key);
            assert!(stage.session.only_moved(), "{key}");
            let drawn = screen.draw_first(|buf| crate::shell::view(&stage.session, buf), || stage.session.later()).unwrap();
            costs.most = costs.most.max(drawn.bytes);
            stage.session.drawn();
            if rests {
                costs.late = costs.late.max(screen.draw(|buf| crate::shell::view(&stage.session, buf)).unwrap());
            }
        }
    }
    screen.draw(|buf| crate::shell::view(&stage.session, buf)).unwrap();
    let cells = |n: u16| std::num::NonZeroU16::new(n).unwrap();
    let mut parser = vt100::Parser::new(cells(size.height), cells(size.width), 0);
    parser.process(screen.writer());
    same(&parser, &stage.buffer(), "what was held back has come");
    costs
}

const LISTS: [(&str, &str); 6] =
    [("projects", "1"), ("environments", "2"), ("flux", "6"), ("tree", "6 t"), ("deployments", "7"), ("audit", "9")];

/// A key that meets a new world is answered whole: what the change costs leaves no look for later.
#[test]
fn a_key_beside_a_new_world_is_answered_whole() {
    let mut stage = Stage::with(120, 36, Language::English, Capabilities::full());
    stage.keys("6").session.drawn();
    stage.keys("j");
    assert!(stage.session.only_moved());
    stage.session.drawn();
    let world = std::sync::Arc::clone(stage.session.cx().world);
    stage.session.update(crate::fixture::now(), crate::session::Msg::World(world));
    stage.keys("j");
    assert!(!stage.session.only_moved());
}

/// Going one row down costs few bytes, whatever the terminal shows, so that a slow line is no torment.
#[test]
fn moving_the_selection_costs_few_bytes() {
    let mut over = Vec::new();
    for (wide, high) in [(80, 24), (120, 36), (200, 50)] {
        for depth in [Depth::True, Depth::Ansi256, Depth::Ansi16, Depth::None] {
            for (name, keys) in LISTS {
                let mut stage = Stage::with(wide, high, Language::English, Capabilities { depth, ..Capabilities::full() });
                stage.keys(keys).keys("j");
                let costs = pressed(&mut stage, &["k", "j", "j", "j"]);
                println!("{name} {wide}×{high} {depth:?}: {} bytes, {} for what follows", costs.most, costs.late);
                if costs.most > MOST {
                    over.push((costs.most, name, wide, depth));
                }
            }
        }
    }
    assert!(over.is_empty(), "{over:?}");
}

/// Where a list is longer than the screen its rows are moved by the terminal; only the new one is written.
#[test]
fn going_beyond_the_last_row_in_sight_writes_one_row() {
    for depth in [Depth::True, Depth::None] {
        for language in Language::ALL {
            let mut stage = Stage::with(110, 12, language, Capabilities { depth, ..Capabilities::full() });
            stage.keys("6 G");
            let costs = pressed(&mut stage, &["k"; 14]);
            println!("{depth:?} {}: {} bytes, {} for what follows", language.tag(), costs.most, costs.late);
            assert!(costs.most <= 2 * MOST + 100, "{} bytes", costs.most);
        }
    }
}
