//! Blocks that were moved: lines that vanish at one place and appear at another are one thing to a reader.
//!
//! The rule is the one people know from `git diff --color-moved=zebra --color-moved-ws=allow-indentation-change`: a block
//! counts when it has at least twenty letters and digits, so that a lone brace or `name:` is never called moved, and its lines
//! may all be indented by the same amount more or less.

use std::collections::HashMap;

use crate::diff::{Line, LineKind};

/// How many letters and digits a block has at least (Git's `COLOR_MOVED_MIN_ALNUM_COUNT`).
const LEAST: usize = 20;
/// How many places are tried for one line; texts of one line repeated a thousand times are nobody's moved block.
const CANDIDATES: usize = 32;
/// How many changed lines are looked at; a larger change is no review of single blocks.
const MOST: usize = 20_000;

/// Marks the lines that were moved, each with its number on the other side.
pub(super) fn mark(lines: &mut [&mut Line]) {
    if lines.len() > MOST {
        return;
    }
    let texts: Vec<String> = lines.iter().map(|line| line.text()).collect();
    let ends: Vec<(LineKind, usize)> =
        lines.iter().map(|line| (line.kind, line.old_no.or(line.new_no).unwrap_or_default())).collect();
    let mut places: HashMap<&str, Vec<usize>> = HashMap::new();
    for (at, text) in texts.iter().enumerate().filter(|(at, _)| ends[*at].0 == LineKind::Added) {
        places.entry(text.trim()).or_default().push(at);
    }
    let mut taken = vec![false; lines.len()];
    let mut at = 0;
    while at < lines.len() {
        let removed = ends[at].0 == LineKind::Removed && !taken[at] && !texts[at].trim().is_empty();
        let candidates = if removed { places.get(texts[at].trim()).map(Vec::as_slice).unwrap_or_default() } else { &[] };
        let longest = candidates
            .iter()
            .take(CANDIDATES)
            .filter(|to| !taken[**to])
            .map(|to| (run((&texts, &ends, &taken), at, *to), *to))
            .max_by_key(|(length, to)| (*length, std::cmp::Reverse(*to)));
        let Some((length, to)) = longest.filter(|(length, _)| weighs(&texts[at..at + length])) else {
            at += 1;
            continue;
        };
        for step in 0..length {
            (taken[at + step], taken[to + step]) = (true, true);
            lines[at + step].moved = Some(ends[to + step].1);
            lines[to + step].moved = Some(ends[at + step].1);
        }
        at += length;
    }
}

/// Returns how many lines from a removed and an added one on are the same but for one shift of all.
fn run((texts, ends, taken): (&[String], &[(LineKind, usize)], &[bool]), from: usize, to: usize) -> usize {
    let shift = |at: usize| texts[at].len() - texts[at].trim_start().len();
    let delta = shift(to).wrapping_sub(shift(from));
    let mut length = 0;
    loop {
        let (a, b) = (from + length, to + length);
        if a >= texts.len() || b >= texts.len() || taken[a] || taken[b] {
            return length;
        }
        let follow = ends[a] == (LineKind::Removed, ends[from].1 + length) && ends[b] == (LineKind::Added, ends[to].1 + length);
        let same = texts[a].trim() == texts[b].trim() && (texts[a].trim().is_empty() || shift(b).wrapping_sub(shift(a)) == delta);
        if !follow || !same {
            return length;
        }
        length += 1;
    }
}

fn weighs(block: &[String]) -> bool {
    block.iter().flat_map(|line| line.chars()).filter(|c| c.is_alphanumeric()).take(LEAST).count() == LEAST
}

#[cfg(test)]
mod tests {
    use crate::diff::{LineKind, diff};

    fn moved(before: &str, after: &str) -> Vec<(LineKind, String, usize)> {
        let lines = diff(before, after).into_iter().flat_map(|h| h.lines);
        lines.filter_map(|l| l.moved.map(|to| (l.kind, l.text().trim().to_owned(), to))).collect()
    }

    #[test]
    fn a_block_that_changes_its_place_is_moved_and_not_new() {
        let (block, rest) = (
            "  - name: sidecar\n    image: envoy:1.30\n",
            "  - name: web\n    image: shop:1.8.4\n    tty: true\n    stdin: true\n",
        );
        let told = moved(&format!("c:\n{block}{rest}end: 1\n"), &format!("c:\n{rest}{block}end: 1\n"));
        assert_eq!(
            told,
            [
                (LineKind::Removed, "- name: sidecar".to_owned(), 6),
                (LineKind::Removed, "image: envoy:1.30".to_owned(), 7),
                (LineKind::Added, "- name: sidecar".to_owned(), 2),
                (LineKind::Added, "image: envoy:1.30".to_owned(), 3),
            ]
        );
    }

    #[test]
    fn a_block_may_be_indented_anew() {
        let lines = "name: gateway\nimage: registry/gateway:2\nports: 8080 and 9090\n";
        let deeper = lines.lines().fold(String::new(), |out, line| out + "    " + line + "\n");
        let told = moved(&format!("{lines}a: 1\nb: 2\nc: 3\nd: 4\n"), &format!("a: 1\nb: 2\nc: 3\nd: 4\nspec:\n{deeper}"));
        assert_eq!(told.len(), 6, "{told:?}");
    }

    #[test]
    fn what_is_small_or_only_alike_is_not_moved() {
        assert!(moved("name: a\nx: 1\ny: 2\nz: 3\n", "x: 1\ny: 2\nz: 3\nname: a\n").is_empty());
        assert!(moved("image: ghcr.io/acme/shop:1.8.4\n", "image: ghcr.io/acme/shop:1.8.5\n").is_empty());
    }
}
