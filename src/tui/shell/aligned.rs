//! Whether a frame can stand on a terminal as it is: rows as wide as the screen, each wide character with its two cells to itself,
//! and nothing in them that would steer.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::session::Session;
use crate::widgets::put::width;

/// Draws a session and returns what is wrong with a row of it, if anything is.
pub fn misaligned(session: &Session) -> Option<String> {
    let size = session.size();
    let mut buf = Buffer::empty(Rect::new(0, 0, size.width, size.height));
    super::view(session, &mut buf);
    fault(&buf)
}

/// Returns what is wrong with a row of a frame, if anything is.
pub(crate) fn fault(buf: &Buffer) -> Option<String> {
    (0..buf.area.height).find_map(|y| in_row(buf, y).map(|fault| format!("row {y}: {fault}")))
}

fn in_row(buf: &Buffer, y: u16) -> Option<String> {
    let mut x = 0;
    while x < buf.area.width {
        let symbol = buf[(x, y)].symbol();
        let wide = width(symbol);
        if wide > 2 || symbol.chars().any(char::is_control) {
            return Some(format!("{symbol:?} is no character of one cell or two"));
        }
        if usize::from(x) + wide > usize::from(buf.area.width) {
            return Some(format!("it ends in half of {symbol:?}"));
        }
        if wide == 2 && ![" ", ""].contains(&buf[(x + 1, y)].symbol()) {
            return Some(format!("{:?} lies over half of {symbol:?}", buf[(x + 1, y)].symbol()));
        }
        x += u16::try_from(wide.max(1)).unwrap_or(1);
    }
    None
}
