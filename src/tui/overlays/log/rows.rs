//! Lines of a log as rows of the screen: stamp, Pod, colours, what was found; wrapped or not.

use std::sync::Arc;

use domain::logs::{From, Hue, Level, Line, Mark, What};
use unicode_segmentation::UnicodeSegmentation;

use super::lines::place;
use crate::cx::Cx;
use crate::theme::Role;
use crate::widgets::put::{Piece, piece, width};

/// Says how lines are shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look<'a> {
    /// Whether the time stands before each.
    pub(super) stamps: bool,
    /// Whether the container stands beside the Pod.
    pub(super) containers: bool,
    /// Where lines come from; with more than one it stands before each.
    pub(super) reading: &'a [Arc<From>],
    /// What is searched for.
    pub(super) wanted: &'a str,
}

/// Colours that tell Pods apart, by their order.
const POD: [Role; 6] = [Role::Key, Role::String, Role::Number, Role::Accent, Role::Busy, Role::Changed];

/// Returns a line in pieces.
pub(super) fn pieces<'a>(cx: &Cx, look: Look, line: &'a Line) -> Vec<Piece<'a>> {
    let mut out: Vec<Piece<'a>> = Vec::new();
    if look.stamps {
        let stamp = line.time.map(|t| format!("{}.{:03} ", cx.clock(t), t.subsec_millisecond())).unwrap_or_default();
        out.push(piece(stamp, Role::Faint));
    }
    if look.reading.len() > 1
        && let Some(from) = &line.from
    {
        let at = look.reading.iter().position(|r| r.pod == from.pod).unwrap_or(0);
        out.push(piece(format!("{} ", short(look, from)), POD.get(at % POD.len()).copied().unwrap_or(Role::Key)));
    }
    match &line.what {
        What::Mark(mark) => {
            let role = if mark.is_bad() { Role::Bad } else { Role::Busy };
            out.push(piece(format!("── {} ──", words(cx, mark)), role));
        }
        What::Said(painted, level) => {
            let plain = match level {
                Some(Level::Error) if painted.hues.is_empty() => Role::Bad,
                Some(Level::Warn) if painted.hues.is_empty() => Role::Warn,
                Some(Level::Debug) => Role::Muted,
                _ => Role::Text,
            };
            for (text, hue) in painted.pieces() {
                marked(&mut out, text, hue.map_or(plain, role), look.wanted);
            }
        }
    }
    out
}

/// Adds a text, with what was found in it standing out.
fn marked<'a>(out: &mut Vec<Piece<'a>>, text: &'a str, role: Role, wanted: &str) {
    let mut rest = text;
    while let Some(at) = place(rest, wanted) {
        let end = at + wanted.len();
        let (Some(before), Some(found), Some(after)) = (rest.get(..at), rest.get(at..end), rest.get(end..)) else { break };
        if !before.is_empty() {
            out.push(piece(before, role));
        }
        out.push(piece(found, Role::Match));
        rest = after;
    }
    if !rest.is_empty() {
        out.push(piece(rest, role));
    }
}

/// Returns the shortest name by which a Pod is told from the others: what its owner added to it.
fn short(look: Look, from: &From) -> String {
    let tail = |name: &str, parts: usize| -> String {
        let mut at = name.len();
        for _ in 0..parts {
            at = name[..at].rfind('-').unwrap_or(0);
        }
        name[at..].trim_start_matches('-').to_owned()
    };
    let numbered = from.pod.rsplit('-').next().is_some_and(|t| t.bytes().all(|b| b.is_ascii_digit()));
    let parts = if numbered { 2 } else { 1 };
    let one = tail(&from.pod, parts);
    let twice = look.reading.iter().any(|r| r.pod != from.pod && tail(&r.pod, parts) == one);
    let pod = if twice { from.pod.clone() } else { one };
    if look.containers { format!("{pod}/{}", from.container) } else { pod }
}

/// Returns what a mark says in the operator's language.
fn words(cx: &Cx, mark: &Mark) -> String {
    let key = format!("log.mark-{}", mark.word());
    match mark {
        Mark::Waiting(why) | Mark::Broken(why) | Mark::Refused(why) => cx.tf(&key, &[("why", &cx.said(why))]),
        Mark::Ended(code, reason) => cx.tf(&key, &[("code", &code.to_string()), ("reason", reason)]),
        Mark::Began(count) => cx.tf(&key, &[("count", &count.to_string())]),
        Mark::Crowd(count) => cx.tf(&key, &[("count", &count.to_string())]),
        Mark::Came | Mark::Gone | Mark::Resumed => cx.tf(&key, &[]),
    }
}

const fn role(hue: Hue) -> Role {
    match hue {
        Hue::Red => Role::Bad,
        Hue::Green => Role::Ok,
        Hue::Yellow => Role::Warn,
        Hue::Blue => Role::Accent,
        Hue::Magenta => Role::Number,
        Hue::Cyan => Role::Key,
        Hue::Grey => Role::Muted,
        Hue::Bold => Role::Text,
    }
}

/// Breaks pieces into rows of at most so many columns.
pub(super) fn broken(pieces: Vec<Piece<'_>>, wide: usize) -> Vec<Vec<Piece<'_>>> {
    let mut rows: Vec<Vec<Piece<'_>>> = vec![Vec::new()];
    let mut taken = 0;
    for part in pieces {
        let mut text = String::new();
        for grapheme in part.text.graphemes(true) {
            let columns = width(grapheme);
            if taken + columns > wide && taken > 0 {
                if let Some(row) = rows.last_mut() {
                    row.push(piece(std::mem::take(&mut text), part.role));
                }
                rows.push(Vec::new());
                taken = 0;
            }
            text.push_str(grapheme);
            taken += columns;
        }
        if let Some(row) = rows.last_mut().filter(|_| !text.is_empty()) {
            row.push(piece(text, part.role));
        }
    }
    rows
}
