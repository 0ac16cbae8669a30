//! Cells written as bytes, and as few as can be: attributes and colours are said when they change, only those that do; what is
//! empty is erased instead of written, and the cursor goes the shortest way.

use std::io::Write;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

use crate::widgets::put::width;

/// From so many blanks on erasing them and going over them is shorter than writing them.
const BLANKS: u16 = 9;

/// From so many blanks on erasing them is shorter where nothing follows.
const REST: u16 = 4;

/// A gap of so many unchanged cells is written again where that is shorter than going over it.
const GAP: u16 = 3;

/// The attributes: what switches each on, and what off. Bold and dim are switched off together.
const ATTRIBUTES: [(Modifier, u8, u8); 5] = [
    (Modifier::BOLD, 1, 22),
    (Modifier::DIM, 2, 22),
    (Modifier::ITALIC, 3, 23),
    (Modifier::UNDERLINED, 4, 24),
    (Modifier::REVERSED, 7, 27),
];

/// How a cell looks.
type Look = (Color, Color, Modifier);

/// Writes cells of one frame.
#[derive(Debug)]
pub(super) struct Pen<'a> {
    out: &'a mut Vec<u8>,
    /// Whether what is erased takes the ground that is set.
    erases: bool,
    look: Look,
    /// Where the next character would land; nowhere when that is not sure.
    at: Option<(u16, u16)>,
}

const PLAIN: Look = (Color::Reset, Color::Reset, Modifier::empty());

const fn look(cell: &Cell) -> Look {
    (cell.fg, cell.bg, cell.modifier)
}

/// Tells whether a cell shows nothing but its ground.
fn blank(cell: &Cell) -> bool {
    cell.symbol() == " " && !cell.modifier.intersects(Modifier::UNDERLINED.union(Modifier::REVERSED))
}

impl<'a> Pen<'a> {
    /// Takes a place to write to, of a terminal whose look is plain.
    pub(super) const fn new(out: &'a mut Vec<u8>, erases: bool) -> Self {
        Self { out, erases, look: PLAIN, at: None }
    }

    /// Writes the cells that changed, row by row. Where a change of look costs more than going to
    /// another place of the row, what looks alike is written together.
    pub(super) fn write(&mut self, updates: &[(u16, u16, &Cell)], frame: &Buffer) {
        for row in updates.chunk_by(|one, other| one.1 == other.1) {
            let mut parts = parts(row);
            if parts.iter().any(|part| dear(part[0].2)) {
                let first = |part: &&[(u16, u16, &Cell)], all: &[&[(u16, u16, &Cell)]]| {
                    all.iter().position(|other| look(other[0].2) == look(part[0].2))
                };
                let order: Vec<Option<usize>> = parts.iter().map(|part| first(part, &parts)).collect();
                let mut numbered: Vec<_> = order.into_iter().zip(parts).collect();
                numbered.sort_by_key(|(first, _)| *first);
                parts = numbered.into_iter().map(|(_, part)| part).collect();
            }
            for part in parts {
                self.part(part, frame);
            }
        }
    }

    /// Leaves the look plain.
    pub(super) fn rest(&mut self) {
        self.put_on(PLAIN);
    }

    /// Writes cells of one row that look alike if that does not make more bytes than so many; tells whether it did.
    pub(super) fn try_part(&mut self, updates: &[(u16, u16, &Cell)], frame: &Buffer, most: usize) -> bool {
        let (long, look, at) = (self.out.len(), self.look, self.at);
        self.part(updates, frame);
        let fits = self.out.len() <= most;
        if !fits {
            self.out.truncate(long);
            (self.look, self.at) = (look, at);
        }
        fits
    }

    /// Writes cells of one row that look alike, and blanks between them.
    fn part(&mut self, updates: &[(u16, u16, &Cell)], frame: &Buffer) {
        let mut next = 0;
        while let Some((x, y, cell)) = updates.get(next).copied() {
            self.go((x, y), frame);
            let run = blanks(&updates[next..]);
            // Where the run reaches the edge, the rest of the line is erased: three bytes, whatever its length.
            let to_edge = x + run == frame.area.right();
            let may = self.erases || to_edge && cell.bg == Color::Reset;
            if run >= (if to_edge { REST } else { BLANKS }) && may {
                let kept = self.look.2.difference(Modifier::REVERSED.union(Modifier::UNDERLINED));
                self.put_on((self.look.0, cell.bg, kept));
                let _ = if to_edge { write!(self.out, "\u{1b}[K") } else { write!(self.out, "\u{1b}[{run}X") };
                next += usize::from(run);
                continue;
            }
            // A blank shows its ground alone, whatever ink is set.
            let inked = !blank(cell) || self.look.2.intersects(Modifier::UNDERLINED.union(Modifier::REVERSED));
            self.put_on(if inked { look(cell) } else { (self.look.0, cell.bg, self.look.2) });
            self.symbol(cell.symbol(), (x, y));
            next += 1;
        }
    }

    fn symbol(&mut self, symbol: &str, (x, y): (u16, u16)) {
        self.out.extend_from_slice(symbol.as_bytes());
        // How far a terminal goes after what is not one column wide is its own affair.
        self.at = (width(symbol) == 1).then_some((x + 1, y));
    }

    /// Goes to a cell.
    fn go(&mut self, to: (u16, u16), frame: &Buffer) {
        if self.at == Some(to) {
            return;
        }
        let (x, y) = to;
        match self.at {
            Some((from, row)) if row == y && from < x => {
                let gap = x - from;
                let same = |x: u16| {
                    let cell = &frame[(x, y)];
                    look(cell) == self.look && cell.symbol().is_ascii()
                };
                if gap <= GAP && (from..x).all(same) {
                    for x in from..x {
                        self.out.extend_from_slice(frame[(x, y)].symbol().as_bytes());
                    }
                } else if gap == 1 {
                    self.out.extend_from_slice(b"\x1b[C");
                } else {
                    let _ = write!(self.out, "\u{1b}[{gap}C");
                }
            }
            // The last column may be left or not once it is written: only a whole place is sure.
            _ if x == 0 && y == 0 => self.out.extend_from_slice(b"\x1b[H"),
            _ if x == 0 => drop(write!(self.out, "\u{1b}[{}H", y + 1)),
            _ => drop(write!(self.out, "\u{1b}[{};{}H", y + 1, x + 1)),
        }
        self.at = Some(to);
    }

    /// Changes the look to another by as few words as that takes.
    fn put_on(&mut self, wanted: Look) {
        if wanted == self.look {
            return;
        }
        let mut words: Vec<u8> = Vec::new();
        let (fg, bg, modifier) = wanted;
        let (mut front, mut ground, mut was) = self.look;
        if wanted == PLAIN {
            words.extend(b"0");
            (front, ground, was) = PLAIN;
        }
        for (attribute, _, off) in ATTRIBUTES {
            if was.contains(attribute) && !modifier.contains(attribute) {
                say(&mut words, off);
                was -= if off == 22 { Modifier::BOLD | Modifier::DIM } else { attribute };
            }
        }
        for (attribute, on, _) in ATTRIBUTES {
            if modifier.contains(attribute) && !was.contains(attribute) {
                say(&mut words, on);
            }
        }
        if fg != front {
            colour(&mut words, fg, 30);
        }
        if bg != ground {
            colour(&mut words, bg, 40);
        }
        self.out.extend_from_slice(b"\x1b[");
        self.out.append(&mut words);
        self.out.push(b'm');
        self.look = wanted;
    }
}

/// Tells whether to change to the look of a cell takes many bytes.
const fn dear(cell: &Cell) -> bool {
    matches!(cell.fg, Color::Rgb(..) | Color::Indexed(16..)) || matches!(cell.bg, Color::Rgb(..) | Color::Indexed(16..))
}

/// Divides the cells of a row where their look changes; blanks belong to what stands before them on the same ground.
pub(super) fn parts<'u, 'c>(row: &'u [(u16, u16, &'c Cell)]) -> Vec<&'u [(u16, u16, &'c Cell)]> {
    let mut out = Vec::new();
    let mut from = 0;
    for (at, (_, _, cell)) in row.iter().enumerate() {
        let (first, same_ground) = (row[from].2, row[from].2.bg == cell.bg);
        let alike = look(first) == look(cell) || blank(cell) && same_ground && !blank(first);
        if !alike {
            out.push(&row[from..at]);
            from = at;
        }
    }
    out.push(&row[from..]);
    out
}

/// Counts the blank cells of one ground from the first on, on its line.
fn blanks(updates: &[(u16, u16, &Cell)]) -> u16 {
    let Some((x, y, first)) = updates.first() else { return 0 };
    let fits =
        |(nth, (at, row, cell)): &(u16, &(u16, u16, &Cell))| *at == x + nth && row == y && cell.bg == first.bg && blank(cell);
    (0..).zip(updates).take_while(fits).map(|(nth, _)| nth + 1).last().unwrap_or(0)
}

fn say(words: &mut Vec<u8>, word: u8) {
    if !words.is_empty() {
        words.push(b';');
    }
    let _ = write!(words, "{word}");
}

/// Says a colour: of the ink from 30 on, of the ground from 40 on.
fn colour(words: &mut Vec<u8>, color: Color, base: u8) {
    let named = |n: u8| if n < 8 { base + n } else { base + 52 + n };
    match color {
        Color::Reset => say(words, base + 9),
        Color::Rgb(r, g, b) => {
            say(words, base + 8);
            let _ = write!(words, ";2;{r};{g};{b}");
        }
        Color::Indexed(n @ 16..) => {
            say(words, base + 8);
            let _ = write!(words, ";5;{n}");
        }
        Color::Indexed(n) => say(words, named(n)),
        Color::Black => say(words, named(0)),
        Color::Red => say(words, named(1)),
        Color::Green => say(words, named(2)),
        Color::Yellow => say(words, named(3)),
        Color::Blue => say(words, named(4)),
        Color::Magenta => say(words, named(5)),
        Color::Cyan => say(words, named(6)),
        Color::Gray => say(words, named(7)),
        Color::DarkGray => say(words, named(8)),
        Color::LightRed => say(words, named(9)),
        Color::LightGreen => say(words, named(10)),
        Color::LightYellow => say(words, named(11)),
        Color::LightBlue => say(words, named(12)),
        Color::LightMagenta => say(words, named(13)),
        Color::LightCyan => say(words, named(14)),
        Color::White => say(words, named(15)),
    }
}
