//! Lines that went up or down together: a list that is scrolled, a log that goes on. The terminal moves them itself, which costs
//! a few bytes instead of all that stands on them.

use std::io::Write;

use ratatui::buffer::Buffer;

/// By how many lines at most it is looked for; the wheel goes three.
const FARTHEST: u16 = 4;

/// Lines are moved when that spares so many cells at least.
const WORTH: usize = 80;

/// Says that lines moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shift {
    /// The first line of those that change.
    top: u16,
    /// The one after their last.
    bottom: u16,
    /// By how many lines.
    by: u16,
    /// Whether upwards.
    up: bool,
}

/// Counts the cells of a line whose text differs from that of a line of another frame, as long as they are not too many.
fn apart(one: (&Buffer, u16), other: (&Buffer, u16), most: usize) -> usize {
    let line = |(frame, y): (&Buffer, u16)| {
        let wide = usize::from(frame.area.width);
        usize::from(y) * wide..usize::from(y + 1) * wide
    };
    let pairs = one.0.content[line(one)].iter().zip(&other.0.content[line(other)]);
    pairs.filter(|(one, other)| one.symbol() != other.symbol()).take(most).count()
}

impl Shift {
    /// Finds the lines of a frame that stood elsewhere in the last one, if moving them spares anything.
    pub(super) fn find(shown: &Buffer, next: &Buffer) -> Option<Self> {
        let (wide, high) = (usize::from(next.area.width), next.area.height);
        if shown.area != next.area {
            return None;
        }
        let stays: Vec<usize> = (0..high).map(|y| apart((shown, y), (next, y), wide)).collect();
        if stays.iter().sum::<usize>() < WORTH {
            return None;
        }
        let all = (1..=FARTHEST.min(high / 2)).flat_map(|by| [(by, true), (by, false)]);
        let best = all.filter_map(|(by, up)| Self::spared(shown, next, &stays, (by, up))).max_by_key(|(spared, _)| *spared);
        best.filter(|(spared, _)| *spared >= WORTH).map(|(_, shift)| shift)
    }

    /// Returns the best of all runs of lines that moved by so many, and how many cells it spares.
    fn spared(shown: &Buffer, next: &Buffer, stays: &[usize], (by, up): (u16, bool)) -> Option<(usize, Self)> {
        let high = next.area.height;
        // A line that is much different is another one.
        let most = usize::from(next.area.width) / 5 + 1;
        let was = |y: u16| if up { Some(y + by).filter(|y| *y < high) } else { y.checked_sub(by) };
        let moved: Vec<Option<usize>> =
            (0..high).map(|y| was(y).map(|from| apart((shown, from), (next, y), most)).filter(|cells| *cells < most)).collect();
        let mut best: Option<(usize, Self)> = None;
        let mut from = 0;
        while from < high {
            let run = (from..high).take_while(|y| moved[usize::from(*y)].is_some()).count();
            let to = from + u16::try_from(run).unwrap_or(0);
            if run > 0 {
                let (top, bottom) = if up { (from, to + by) } else { (from - by, to) };
                let shift = Self { top, bottom, by, up };
                let spared = shift.worth(next, stays, &moved, from..to);
                if best.is_none_or(|(most, _)| spared > most) {
                    best = Some((spared, shift));
                }
            }
            from = to + 1;
        }
        best
    }

    /// Counts the cells that need not be written when these lines move.
    fn worth(self, next: &Buffer, stays: &[usize], moved: &[Option<usize>], run: std::ops::Range<u16>) -> usize {
        let wide = usize::from(next.area.width);
        let lines = |y: u16| usize::from(y) * wide..usize::from(y + 1) * wide;
        let (mut without, mut with) = (0, 0);
        for y in self.top..self.bottom {
            without += stays[usize::from(y)];
            with += match moved[usize::from(y)].filter(|_| run.contains(&y)) {
                Some(cells) => cells,
                None => next.content[lines(y)].iter().filter(|cell| cell.symbol() != " ").count(),
            };
        }
        without.saturating_sub(with)
    }

    /// Does to a frame what the terminal does: the lines move, and those that become free are empty.
    pub(super) fn apply(self, frame: &mut Buffer) {
        let wide = usize::from(frame.area.width);
        let lines = &mut frame.content[usize::from(self.top) * wide..usize::from(self.bottom) * wide];
        let cells = usize::from(self.by) * wide;
        let free = if self.up {
            lines.rotate_left(cells);
            lines.len() - cells..lines.len()
        } else {
            lines.rotate_right(cells);
            0..cells
        };
        lines[free].iter_mut().for_each(ratatui::buffer::Cell::reset);
    }

    /// Writes what makes the terminal do it: it scrolls these lines and nothing else. Every terminal since the VT100 can.
    pub(super) fn write(self, out: &mut Vec<u8>) {
        let _ = write!(out, "\u{1b}[{};{}r", self.top + 1, self.bottom);
        if self.up {
            let _ = write!(out, "\u{1b}[{}H", self.bottom);
        } else {
            let _ = write!(out, "\u{1b}[{}H", self.top + 1);
        }
        let step: &[u8] = if self.up { b"\n" } else { b"\x1bM" };
        (0..self.by).for_each(|_| out.extend_from_slice(step));
        out.extend_from_slice(b"\x1b[r");
    }
}

#[cfg(test)]
mod tests {
    #![expect(
        clippy::unwrap_used,
        clippy::disallowed_methods,
        reason = "a test says which input failed by failing, and draws its own words"
    )]

    use ratatui::layout::Rect;
    use ratatui::style::Style;

    use super::*;

    fn frame(lines: &[&str]) -> Buffer {
        let mut buf = Buffer::empty(Rect::new(0, 0, 40, u16::try_from(lines.len()).unwrap_or(0)));
        for (y, line) in (0u16..).zip(lines) {
            buf.set_string(0, y, line, Style::new());
        }
        buf
    }

    #[test]
    fn lines_that_moved_are_found_and_what_frames_them_stays() {
        let row = |name: &str| format!("{name:>12} is one of the many rows");
        let rows: Vec<String> = ["anchor", "bollard", "capstan", "davit", "ensign", "fender", "galley"].map(row).to_vec();
        let of = |from: usize| frame(&["title", &rows[from], &rows[from + 1], &rows[from + 2], &rows[from + 3], "foot"]);
        let found = Shift::find(&of(0), &of(1));
        // Rows that are much alike would cost as much to move as to write.
        assert_eq!(found, None);
        let rows: Vec<String> = ('a'..='j').map(|c| c.to_string().repeat(30)).collect();
        let of = |from: usize| {
            let lines: Vec<&str> = rows[from..from + 6].iter().map(String::as_str).collect();
            frame(&[&["title"], &lines[..], &["foot"]].concat())
        };
        let shift = Shift::find(&of(0), &of(1)).unwrap();
        assert_eq!(shift, Shift { top: 1, bottom: 7, by: 1, up: true });
        let mut moved = of(0);
        shift.apply(&mut moved);
        let mut want = of(1);
        want.set_string(0, 6, " ".repeat(30), Style::new());
        assert_eq!(moved, want);
        let shift = Shift::find(&of(2), &of(0)).unwrap();
        assert_eq!(shift, Shift { top: 1, bottom: 7, by: 2, up: false });
        let mut out = Vec::new();
        shift.write(&mut out);
        assert_eq!(out, b"\x1b[2;7r\x1b[2H\x1bM\x1bM\x1b[r");
        assert_eq!(Shift::find(&of(0), &of(0)), None);
    }
}
