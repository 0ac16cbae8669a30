//! The one way in which text reaches the screen: measured in columns, cut to its place, and safe to show.

use std::borrow::Cow;

use domain::text::{Shown, hidden};
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::cx::Cx;
use crate::theme::Role;

/// Holds a piece of text and what it means.
#[derive(Debug, Clone, PartialEq)]
pub struct Piece<'a> {
    /// The text.
    pub text: Cow<'a, str>,
    /// What it means.
    pub role: Role,
}

/// Builds a piece.
pub fn piece<'a>(text: impl Into<Cow<'a, str>>, role: Role) -> Piece<'a> {
    Piece { text: text.into(), role }
}

/// Returns how many columns a text takes.
pub fn width(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.width() }
}

/// Returns how many columns pieces take together.
pub fn width_of(pieces: &[Piece]) -> usize {
    pieces.iter().map(|p| width(&p.text)).sum()
}

/// Returns how many columns pieces take together when that is at most so many; else more than that. Texts from outside may be
/// long, and a place on the screen is not: no more of them is measured than could stand there.
pub fn width_up_to(pieces: &[Piece], max: usize) -> usize {
    let mut taken = 0;
    for piece in pieces {
        let seen = beginning(&piece.text, max);
        taken += if seen.len() < piece.text.len() { max + 1 } else { width(seen) };
        if taken > max {
            return max + 1;
        }
    }
    taken
}

/// How many bytes stand in one column at most, on average over a line: a few marks over a character, and not thousands.
const BYTES: usize = 32;

/// Returns as much of a text as could stand in so many columns, and a little more.
fn beginning(text: &str, max: usize) -> &str {
    let most = max.saturating_add(1).saturating_mul(BYTES);
    if text.len() <= most {
        return text;
    }
    let end = (0..=most).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    &text[..end]
}

/// Returns columns as the screen counts them.
pub fn columns(count: usize) -> u16 {
    u16::try_from(count).unwrap_or(u16::MAX)
}

/// Cuts a text at its end: `a long na…`.
pub fn cut(text: &str, max: usize) -> Cow<'_, str> {
    if fits(text, max) {
        return Cow::Borrowed(text);
    }
    ended(beginning(text, max), max)
}

/// Tells whether a text takes at most so many columns.
fn fits(text: &str, max: usize) -> bool {
    beginning(text, max).len() == text.len() && width(text) <= max
}

/// Returns the beginning of a text with a sign that it goes on, in so many columns.
fn ended(text: &str, max: usize) -> Cow<'_, str> {
    if max == 0 {
        return Cow::Borrowed("");
    }
    let mut out = head(text, max - 1).to_owned();
    out.push('…');
    Cow::Owned(out)
}

/// Cuts a text in the middle: `ghcr.io/ac…/shop`.
pub fn cut_middle(text: &str, max: usize) -> Cow<'_, str> {
    if fits(text, max) {
        return Cow::Borrowed(text);
    }
    if max < 5 {
        return cut(text, max);
    }
    let back = (max - 1) / 2;
    let mut tail = Vec::new();
    let mut taken = 0;
    for grapheme in text.graphemes(true).rev() {
        taken += width(grapheme);
        if taken > back {
            break;
        }
        tail.push(grapheme);
    }
    let mut out = head(text, max - 1 - back).to_owned();
    out.push('…');
    out.extend(tail.into_iter().rev());
    Cow::Owned(out)
}

/// Cuts a path at its beginning, at a slash where it can: `…/production/kustomization.yaml:7`; nothing when not even that fits.
pub fn cut_path(path: &str, max: usize) -> Cow<'_, str> {
    if width(path) <= max {
        return Cow::Borrowed(path);
    }
    let tails = path.char_indices().filter(|(_, c)| *c == '/').map(|(at, _)| &path[at..]);
    let fitting = tails.into_iter().find(|tail| width(tail) < max);
    fitting.map_or(Cow::Borrowed(""), |tail| Cow::Owned(format!("…{tail}")))
}

/// Makes characters in pieces that draw nothing, or that steer how others are drawn, visible, and gives them a role of their
/// own.
pub fn marked(pieces: Vec<Piece<'_>>) -> Vec<Piece<'_>> {
    if !pieces.iter().any(|p| p.text.chars().any(hidden)) {
        return pieces;
    }
    let mut out: Vec<Piece<'_>> = Vec::new();
    for part in pieces {
        let mut plain = String::new();
        for c in part.text.chars() {
            if !hidden(c) {
                plain.push(c);
                continue;
            }
            if !plain.is_empty() {
                out.push(piece(std::mem::take(&mut plain), part.role));
            }
            // A tab is nothing to fear, only nothing to see.
            out.push(if c == '\t' {
                piece("→   ", Role::Faint)
            } else {
                piece(Shown::line(c.encode_utf8(&mut [0; 4])).to_string(), Role::Bad)
            });
        }
        if !plain.is_empty() {
            out.push(piece(plain, part.role));
        }
    }
    out
}

fn head(text: &str, max: usize) -> &str {
    let mut taken = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        taken += width(grapheme);
        if taken > max {
            return &text[..at];
        }
    }
    text
}

/// Puts a text at a place, at most `max` columns of it, and returns the columns it took. Outside the buffer nothing happens.
pub fn put(buf: &mut Buffer, (x, y): (u16, u16), max: u16, text: &str, style: Style) -> u16 {
    let area = buf.area;
    if y < area.top() || y >= area.bottom() || x < area.left() || x >= area.right() {
        return 0;
    }
    let room = usize::from(max.min(area.right() - x));
    let seen = beginning(text, room);
    let safe = Shown::line(seen);
    let shown = safe.cut(|safe| if seen.len() < text.len() { ended(safe, room) } else { cut(safe, room) });
    write(buf, (x, y), room, &shown, style)
}

/// Writes into cells: the one place where text becomes some.
#[expect(clippy::disallowed_methods, reason = "what is Shown steers nothing")]
fn write(buf: &mut Buffer, (x, y): (u16, u16), room: usize, text: &Shown, style: Style) -> u16 {
    // A wide character that reaches into the place would keep half of it.
    if x > buf.area.left() && !text.as_str().is_empty() && width(buf[(x - 1, y)].symbol()) > 1 {
        blank(&mut buf[(x - 1, y)]);
    }
    let (end, _) = buf.set_stringn(x, y, text.as_str(), room, style);
    end - x
}

/// Takes what a cell shows away, and leaves its look.
#[expect(clippy::disallowed_methods, reason = "a blank steers nothing")]
pub fn blank(cell: &mut Cell) {
    cell.set_symbol(" ");
}

/// Puts a text so that it ends at the right edge of an area's first line.
pub fn put_right(buf: &mut Buffer, area: Rect, text: &str, style: Style) -> u16 {
    let took = columns(width(text)).min(area.width);
    put(buf, (area.right() - took, area.y), took, text, style)
}

/// Puts pieces one after another and returns the columns they took together.
pub fn put_pieces(cx: &Cx, buf: &mut Buffer, (x, y): (u16, u16), max: u16, pieces: &[Piece]) -> u16 {
    let mut taken = 0;
    for piece in pieces {
        if taken >= max {
            break;
        }
        let took = put(buf, (x + taken, y), max - taken, &piece.text, cx.style(piece.role));
        if matches!(piece.role, Role::Bad | Role::Unknown | Role::Off) {
            bare(buf, Rect { x: x + taken, y, width: took, height: 1 });
        }
        taken += took;
    }
    taken
}

/// Takes from the blanks around a text what would be seen of them: they keep it from its neighbours, and say nothing themselves.
fn bare(buf: &mut Buffer, place: Rect) {
    let place = place.intersection(buf.area);
    let blank = |buf: &Buffer, x: &u16| buf[(*x, place.y)].symbol() == " ";
    let before = (place.left()..place.right()).take_while(|x| blank(buf, x)).count();
    let behind = (place.left()..place.right()).rev().take_while(|x| blank(buf, x)).count();
    let text = place.left() + columns(before)..place.right().saturating_sub(columns(behind));
    for x in (place.left()..place.right()).filter(|x| !text.contains(x)) {
        buf[(x, place.y)].modifier.remove(Modifier::REVERSED | Modifier::UNDERLINED);
    }
}

/// Puts text on as many lines as it needs and the area has, and returns how many it took.
pub fn put_wrapped(buf: &mut Buffer, area: Rect, text: &str, style: Style) -> u16 {
    let lines = wrap(beginning(text, usize::from(area.width) * usize::from(area.height)), usize::from(area.width));
    let mut took = 0;
    for (line, y) in lines.iter().zip(area.top()..area.bottom()) {
        put(buf, (area.x, y), area.width, line, style);
        took += 1;
    }
    took
}

/// Breaks text into lines of at most so many columns, at blanks where it can. It is as it will be drawn: what becomes visible
/// takes its columns.
pub fn wrap(text: &str, max: usize) -> Vec<String> {
    let mut out = Vec::new();
    if max == 0 {
        return out;
    }
    for line in Shown::lines(text).as_str().lines() {
        if fits(line, max) {
            out.push(line.trim_end().to_owned());
            continue;
        }
        let mut current = String::new();
        let mut taken = 0;
        for word in units(line, max) {
            let wide = width(word);
            if taken + wide > max && taken > 0 {
                out.push(std::mem::take(&mut current).trim_end().to_owned());
                taken = 0;
                if word.trim().is_empty() {
                    continue;
                }
            }
            if wide > max {
                for grapheme in word.graphemes(true) {
                    if taken + width(grapheme) > max {
                        out.push(std::mem::take(&mut current));
                        taken = 0;
                    }
                    current.push_str(grapheme);
                    taken += width(grapheme);
                }
                continue;
            }
            current.push_str(word);
            taken += wide;
        }
        out.push(current.trim_end().to_owned());
    }
    out
}

/// Divides a line into what stays together: blanks, words with their punctuation, wide characters one by one; a path that is
/// longer than a line after its slashes.
fn units(line: &str, max: usize) -> Vec<&str> {
    let wide = |c: Option<char>| c.is_some_and(|c| width(c.encode_utf8(&mut [0; 4])) > 1);
    let closes = |c: Option<char>| c.is_some_and(|c| "。，、；：！？）」』】》”’.,;:!?)]".contains(c));
    let (mut out, mut start, mut last) = (Vec::new(), 0, None);
    for (at, segment) in line.split_word_bound_indices() {
        let first = segment.chars().next();
        let blank = |c: Option<char>| c.is_some_and(char::is_whitespace);
        let between = blank(last) != blank(first) || (wide(last) || wide(first)) && !closes(first);
        if at > start && between {
            out.push(&line[start..at]);
            start = at;
        }
        last = segment.chars().next_back();
    }
    out.push(&line[start..]);
    out.into_iter().flat_map(|unit| if width(unit) > max { unit.split_inclusive('/').collect() } else { vec![unit] }).collect()
}

/// Lays a style over an area and leaves its text.
pub fn lay(buf: &mut Buffer, area: Rect, style: Style) {
    buf.set_style(area.intersection(buf.area), style);
}

/// Empties an area.
pub fn clear(buf: &mut Buffer, area: Rect) {
    let area = area.intersection(buf.area);
    for y in area.top()..area.bottom() {
        for x in area.left()..area.right() {
            buf[(x, y)].reset();
        }
    }
}

/// Draws a horizontal line along an area's first row.
pub fn rule(cx: &Cx, buf: &mut Buffer, area: Rect) {
    put(buf, (area.x, area.y), area.width, &"─".repeat(usize::from(area.width)), cx.style(Role::Line));
}

/// Draws a vertical line along an area's first column.
pub fn bar(cx: &Cx, buf: &mut Buffer, area: Rect) {
    for y in area.top()..area.bottom() {
        put(buf, (area.x, y), 1, "│", cx.style(Role::Line));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_cut_at_its_beginning() {
        let table = [("a/b/c.yaml:7", 20, "a/b/c.yaml:7"), ("a/long/c.yaml:7", 12, "…/c.yaml:7"), ("a/long/c.yaml:7", 5, "")];
        for (path, room, want) in table {
            assert_eq!(cut_path(path, room), want, "{path} in {room}");
        }
    }

    #[test]
    fn hidden_characters_are_marked_apart() {
        let told = marked(vec![piece("pay\u{202e}load", Role::String)]);
        let told: Vec<(&str, Role)> = told.iter().map(|p| (p.text.as_ref(), p.role)).collect();
        assert_eq!(told, [("pay", Role::String), ("\u{27e8}U+202E\u{27e9}", Role::Bad), ("load", Role::String)]);
    }

    #[test]
    fn text_is_cut_by_columns_and_never_inside_a_wide_character() {
        assert_eq!(cut("shop-web", 8), "shop-web");
        assert_eq!(cut("shop-web", 5), "shop…");
        assert_eq!(cut("生产环境", 5), "生产…");
        assert_eq!(cut("生产环境", 6), "生产…");
        assert_eq!(cut_middle("ghcr.io/acme/shop", 9), "ghcr…shop");
        assert_eq!(cut_middle("生产环境部署", 7), "生…署");
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrap("as asked.", 8), ["as", "asked."]);
        assert_eq!(wrap("in k8s/base/web.yaml:8 now", 17), ["in k8s/base/", "web.yaml:8 now"]);
        assert_eq!(wrap("生产环境，部署。", 8), ["生产环", "境，部", "署。"]);
    }

    #[test]
    fn what_would_steer_the_terminal_becomes_visible() {
        let mut buf = Buffer::empty(Rect::new(0, 0, 24, 1));
        put(&mut buf, (0, 0), 24, "a\u{1b}[2Jb\u{202e}c", Style::new());
        let row: String = (0..24).map(|x| buf[(x, 0)].symbol().to_owned()).collect();
        assert_eq!(row.trim_end(), "a␛[2Jb⟨U+202E⟩c");
        assert_eq!(put(&mut buf, (30, 5), 10, "outside", Style::new()), 0);
        assert_eq!(wrap("ab\u{202e}cd\nx", 10), ["ab⟨U+202E⟩", "cd", "x"]);
    }

    #[test]
    fn of_a_long_text_no_more_is_looked_at_than_could_be_shown() {
        let long = "部署 \u{1b}[2J".repeat(1 << 20);
        let mut buf = Buffer::empty(Rect::new(0, 0, 12, 2));
        let started = |text: &str| put(&mut Buffer::empty(Rect::new(0, 0, 12, 1)), (0, 0), 12, text, Style::new());
        assert_eq!(put(&mut buf, (0, 0), 12, &long, Style::new()), started(&long[..55]));
        let row: String = (0..12).map(|x| buf[(x, 0)].symbol().to_owned()).collect();
        assert!(row.starts_with("部") && row.contains('…'), "{row}");
        assert!(cut(&long, 8).ends_with('…') && cut_middle(&long, 8).contains('…'));
        assert_eq!(width_up_to(&[piece("ab", Role::Text), piece(long.as_str(), Role::Text)], 9), 10);
        assert_eq!(width_up_to(&[piece("ab", Role::Text), piece("部署", Role::Text)], 9), 6);
        // Marks over one character take no column, however many they are.
        let marks = format!("a{}", "\u{301}".repeat(1 << 20));
        assert_eq!(put(&mut buf, (0, 1), 12, &marks, Style::new()), 2);
    }
}
