//! Frames as bytes: none when nothing changes, few when little does, and a terminal that reads them shows the frame.
#![expect(clippy::unwrap_used, reason = "a test says which input failed by failing")]

use ratatui::style::{Color, Modifier, Style};

use super::*;
use crate::capabilities::Depth;
use crate::fixture::{Rolls, Stage};
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

/// Returns how many bytes a row further may cost. Two rows are written anew, for their ground changes; what comes on top of their
/// letters is the colours, up to seventeen bytes for each.
const fn most_of(wide: u16, depth: Depth) -> usize {
    match (wide, depth) {
        (80, Depth::None) => 400,
        (80, Depth::Ansi16) => 500,
        (80, _) => 750,
        _ => 950,
    }
}

/// Going one row down costs few bytes, so that a slow line is no torment.
#[test]
fn moving_the_selection_costs_few_bytes() {
    let mut worst = Vec::new();
    for (wide, high) in [(80, 24), (120, 36)] {
        for depth in [Depth::True, Depth::Ansi256, Depth::Ansi16, Depth::None] {
            for (name, keys) in [("projects", "1"), ("environments", "2"), ("flux", "6"), ("deployments", "7"), ("audit", "9")] {
                let mut stage = Stage::with(wide, high, Language::English, Capabilities { depth, ..Capabilities::full() });
                stage.keys(keys);
                let mut screen = Screen::new(Vec::new(), stage.session.size(), stage.session.cx().capabilities);
                screen.draw(|buf| crate::shell::view(&stage.session, buf)).unwrap();
                stage.session.drawn();
                let (mut most, mut late) = (0, 0);
                for _ in 0..4 {
                    stage.keys("j");
                    assert!(stage.session.only_moved(), "{name}");
                    let held =
                        screen.draw_first(|buf| crate::shell::view(&stage.session, buf), || stage.session.later()).unwrap();
                    most = most.max(held.bytes);
                    stage.session.drawn();
                    late = late.max(screen.draw(|buf| crate::shell::view(&stage.session, buf)).unwrap());
                }
                println!("{name} {wide}×{high} {depth:?}: {most} bytes, {late} for what follows");
                worst.push((most, name, wide, depth));
            }
        }
    }
    let over: Vec<_> = worst.into_iter().filter(|(most, _, wide, depth)| *most > most_of(*wide, *depth)).collect();
    assert!(over.is_empty(), "{over:?}");
}
