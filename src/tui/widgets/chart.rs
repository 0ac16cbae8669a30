//! Charts of one column per value, in eighths of a row; in `#` and `:` where the terminal has no blocks.
//!
//! Two values of a column are told apart by how densely they are filled, not by colour.

use crate::cx::Cx;
use crate::theme::Role;
use crate::widgets::put::{Piece, piece};

const EIGHTHS: [&str; 9] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
const PLAIN: [&str; 9] = [" ", "_", "_", "_", "#", "#", "#", "#", "#"];

/// One column: the value that is filled, and the larger one above it that is dotted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Bar {
    /// The lower value.
    pub solid: i64,
    /// The upper value; what is not above the lower is not seen.
    pub dotted: i64,
}

/// Draws columns so many rows high and each so many columns wide, the topmost row first.
pub fn rows(cx: &Cx, bars: &[Bar], (high, wide): (usize, usize), role: Role) -> Vec<Vec<Piece<'static>>> {
    let most = bars.iter().map(|bar| bar.solid.max(bar.dotted)).max().unwrap_or(0).max(1);
    let utf8 = cx.capabilities.utf8;
    (0..high)
        .map(|row| {
            let under = (high - 1 - row) * 8;
            let cells = bars.iter().map(|bar| {
                let (solid, dotted) = (level(bar.solid, most, high, under), level(bar.dotted, most, high, under));
                let (glyph, role) = match (solid, dotted) {
                    (0, 0) => (" ", Role::Faint),
                    (0, _) => (if utf8 { "░" } else { ":" }, Role::Muted),
                    (full, _) => (if utf8 { EIGHTHS[full] } else { PLAIN[full] }, role),
                };
                piece(glyph.repeat(wide), role)
            });
            cells.collect()
        })
        .collect()
}

/// Returns how many eighths of a row a value fills, above so many eighths; whatever is there fills at least one of the lowest.
fn level(value: i64, most: i64, high: usize, under: usize) -> usize {
    if value <= 0 {
        return 0;
    }
    let eighths = i64::try_from(high * 8).unwrap_or(8);
    let filled = usize::try_from(i128::from(value) * i128::from(eighths) / i128::from(most)).unwrap_or(0).max(1);
    filled.saturating_sub(under).min(8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::Bench;
    use crate::words::Language;

    fn drawn(cx: &Cx, bars: &[Bar], high: usize) -> Vec<String> {
        rows(cx, bars, (high, 1), Role::Ok).iter().map(|row| row.iter().map(|p| p.text.as_ref()).collect()).collect()
    }

    #[test]
    fn columns_are_as_high_as_their_values_and_two_are_told_apart() {
        let mut bench = Bench::new(80, 24, Language::English);
        let bar = |solid, dotted| Bar { solid, dotted };
        let bars = [bar(0, 0), bar(1, 0), bar(500, 0), bar(1000, 0), bar(250, 1000)];
        assert_eq!(drawn(&bench.cx(), &bars, 2), ["   █░", " ▁██▄"]);
        bench.base.capabilities.utf8 = false;
        assert_eq!(drawn(&bench.cx(), &bars, 2), ["   #:", " _###"]);
        assert_eq!(drawn(&bench.cx(), &[], 2), ["", ""]);
    }
}
