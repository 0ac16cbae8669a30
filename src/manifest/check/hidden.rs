//! Characters that are not what they seem: those that nobody sees, and letters of one script that pass for another's.

use domain::change::Severity;

use crate::check::text::{Mark, Text};
use crate::yaml::Kind;

/// Finds characters that nobody sees or that steer how others are drawn; one finding a line.
pub(crate) fn hidden(text: &Text<'_>, marks: &mut Vec<Mark>) {
    if text.text.is_ascii() && !text.text.bytes().any(|b| (b < 0x20 && !matches!(b, b'\n' | b'\r' | b'\t')) || b == 0x7f) {
        return;
    }
    for (at, line) in text.text.trim_start_matches('\u{feff}').split('\n').enumerate() {
        let line = line.strip_suffix('\r').unwrap_or(line);
        if line.bytes().all(|b| matches!(b, b' '..=b'~' | b'\t')) {
            continue;
        }
        let chars: Vec<char> = line.chars().collect();
        let odd = chars.iter().enumerate().find_map(|(n, c)| Some((n, *c, odd(&chars, n)?)));
        let Some((column, c, (severity, what))) = odd else { continue };
        let mut mark = Mark::new(at + 1, column + 1, format!("{what}: U+{:04X}", u32::from(c)));
        mark.severity = Some(severity);
        marks.push(mark);
    }
}

/// Returns what is odd about a character of a line, and how grave that is.
fn odd(line: &[char], at: usize) -> Option<(Severity, &'static str)> {
    let c = *line.get(at)?;
    let before = at.checked_sub(1).and_then(|n| line.get(n)).copied();
    match c {
        '\t' => None,
        // Joins pictures of people and things into one.
        '\u{200d}' if before.is_some_and(pictorial) && line.get(at + 1).copied().is_some_and(pictorial) => None,
        '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}' => {
            Some((Severity::Info, "there is a character that only some fonts draw"))
        }
        '\u{a0}' | '\u{2007}' | '\u{202f}' => {
            let indent = line.iter().take(at).all(|c| c.is_whitespace());
            let separates = before.is_some_and(|c| matches!(c, ':' | '-')) && !line.contains(&'#');
            (indent || separates).then_some((Severity::Warning, "there is a space that YAML does not take for one"))
        }
        c if domain::text::hidden(c) => Some((Severity::Warning, "there is a character that nobody sees")),
        _ => None,
    }
}

const fn pictorial(c: char) -> bool {
    matches!(c, '\u{2190}'..='\u{2bff}' | '\u{fe0f}' | '\u{1f000}'..='\u{1faff}')
}

/// Finds words that mix Latin letters with lookalikes of another script: names of images, hosts and objects.
pub(crate) fn mixed(text: &Text<'_>, marks: &mut Vec<Mark>) {
    let Ok(tree) = text.tree else { return };
    if text.text.is_ascii() {
        return;
    }
    for (_, node) in tree.nodes() {
        let Kind::Scalar { value, .. } = &node.kind else { continue };
        // Sentences may hold words of several languages; what has no spaces is a name.
        let sentence = value.chars().any(|c| c.is_whitespace() || matches!(c, '\u{2e80}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}'));
        if value.is_ascii() || sentence || !value.chars().any(|c| c.is_ascii_alphabetic()) {
            continue;
        }
        let written = text.text.get(node.span.clone()).unwrap_or_default();
        let Some((at, c)) = written.char_indices().find(|(_, c)| lookalike(*c)) else { continue };
        let at = node.span.start + at;
        let message = format!(
            "\u{201c}{value}\u{201d} mixes scripts: {c} is {}, U+{:04X}, and looks like another letter",
            script(c),
            u32::from(c)
        );
        let (line, column) = tree.place(at);
        marks.push(Mark::new(line, column, message));
    }
}

/// Tells whether a letter of another script passes for a Latin one.
fn lookalike(c: char) -> bool {
    "аеорсухіјѕԁһԛԝӏкмтвнАВЕКМНОРСТХІЈЅԌαοντρικΑΒΕΖΗΙΚΜΝΟΡΤΥΧ".contains(c)
        || matches!(c, '\u{ff10}'..='\u{ff19}' | '\u{ff21}'..='\u{ff3a}' | '\u{ff41}'..='\u{ff5a}')
}

const fn script(c: char) -> &'static str {
    match c {
        '\u{370}'..='\u{3ff}' => "Greek",
        '\u{400}'..='\u{52f}' => "Cyrillic",
        _ => "a full-width form",
    }
}
