//! How the console behaves on terminals of every kind: few bytes for a row, letters for signs, the mouse and the ground.

use super::*;
use crate::support::wait;

story!(few_bytes_for_a_row);
/// Going through a list costs few bytes, in all colours and in every size; what says more follows when the selection rests.
fn few_bytes_for_a_row(ground: &Ground) {
    let operator = prepared(ground, "development");
    let mut console = operator.console_as(80, 24, &[("TERM", "xterm"), ("COLORTERM", "truecolor")]);
    console.see("● live");
    for (columns, rows) in [(80, 24), (120, 36)] {
        console.resize(columns, rows);
        for (keys, shows) in [("6", "All kinds"), (":", "Go to or do")] {
            console.keys(keys);
            console.see(shows);
            let mut costs: Vec<usize> = ["\u{1b}[B", "\u{1b}[A"].repeat(4).iter().map(|key| cost(&mut console, key)).collect();
            // Something else may have changed together with one of them.
            costs.sort_unstable();
            assert!(costs[costs.len() / 2] <= 400, "{keys} at {columns}×{rows}: {costs:?}");
        }
        console.keys(ESC);
        console.until("the palette is gone", SOON, |screen| !screen.contains("Go to or do"));
    }
}

/// Presses a key and returns how many bytes the frame has that answers it.
fn cost(console: &mut Console, key: &str) -> usize {
    const ENDS: &[u8] = b"\x1b[?2026l";
    // Ages that change every second are a frame of their own.
    terminal::quiet_for(console, Duration::from_millis(150));
    let before = console.bytes();
    console.keys(key);
    wait("another row", SOON, || {
        console.raw()[before..].windows(ENDS.len()).position(|part| part == ENDS).map(|at| at + ENDS.len())
    })
}

story!(terminals_of_every_kind);
/// A terminal without UTF-8, without colours or with nothing gets what it can show, and is left as it was.
fn terminals_of_every_kind(ground: &Ground) {
    let operator = prepared(ground, "development");
    let kinds: [(&str, &[(&str, &str)]); 5] = [
        ("vt100", &[("TERM", "vt100")]),
        ("linux", &[("TERM", "linux")]),
        ("screen", &[("TERM", "screen"), ("LANG", "C")]),
        ("tmux", &[("TERM", "tmux-256color"), ("TMUX", "/nowhere,1,0")]),
        ("no colour", &[("TERM", "xterm-256color"), ("NO_COLOR", "1")]),
    ];
    for (kind, environment) in kinds {
        let mut console = operator.console_as(100, 30, environment);
        console.until(kind, SOON, |screen| screen.contains("Quarterdeck") && screen.contains(" live"));
        console.keys(&format!("6/{}\r", ground.app));
        console.until(kind, SOON, |screen| screen.contains(&format!("{}-development", ground.app)));
        console.keys("?");
        console.until(kind, SOON, |screen| screen.contains("Keys that work here"));
        let raw = console.raw();
        let plain = ["vt100", "linux", "screen"].contains(&kind);
        assert_eq!(raw.is_ascii(), plain, "{kind}");
        let text = String::from_utf8_lossy(&raw).into_owned();
        assert_eq!(coloured(&text), !["vt100", "no colour"].contains(&kind), "{kind}");
        assert_eq!(text.contains("\u{1b}[?1000h"), !["vt100", "linux"].contains(&kind), "{kind}: the mouse");
        assert_eq!(text.contains("\u{1b}]11;?"), ["screen", "tmux"].contains(&kind), "{kind}: the ground");
        console.keys("\u{1b}");
        console.until(kind, SOON, |screen| !screen.contains("Keys that work here"));
        console.keys("q");
        assert_eq!(console.ended(SOON), 0, "{kind}");
        wait("the terminal is given back", SOON, || console.is_plain().then_some(()));
    }
}

story!(pointed_at);
/// Clicks and the wheel arrive, and the ground that the terminal answers with chooses the theme.
fn pointed_at(ground: &Ground) {
    let operator = prepared(ground, "development");
    let mut console = operator.console_as(120, 36, &[("COLORTERM", "truecolor")]);
    console.see("● live");
    let dark = console.colour("Quarterdeck");
    console.keys("\u{1b}]11;rgb:ffff/ffff/ffff\u{7}");
    wait("the theme follows the ground", SOON, || (console.colour("Quarterdeck") != dark).then_some(()));
    let line = console.text();
    let (row, column) = line.lines().enumerate().find_map(|(row, line)| Some((row, line.find("6 Flux")?))).expect("the tab line");
    console.keys(&format!("\u{1b}[<0;{};{}M\u{1b}[<0;{};{}m", column + 1, row + 1, column + 1, row + 1));
    console.see("All kinds");
}

/// Tells whether colours are set anywhere in what was written.
fn coloured(text: &str) -> bool {
    let numbers = text.split("\u{1b}[").filter_map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != ';')?;
        rest[end..].starts_with('m').then(|| rest[..end].split(';').filter_map(|n| n.parse::<u8>().ok()).collect::<Vec<_>>())
    });
    numbers.flatten().any(|n| matches!(n, 30..=38 | 40..=48 | 90..=97 | 100..=107))
}
