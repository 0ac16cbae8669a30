//! Keys as data: chords, how they are written in files and on the screen, and which command has which.

use std::collections::HashMap;
use std::ops::Range;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use domain::Trouble;
use toml::Spanned;

use crate::command::Command;

/// Holds one key press with its modifiers. Shift is part of the character.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Chord {
    /// The key.
    pub code: KeyCode,
    /// Whether Control is held.
    pub ctrl: bool,
    /// Whether Alt is held.
    pub alt: bool,
}

/// Holds keys that are pressed one after another.
pub type Chords = Vec<Chord>;

const NAMES: &[(&str, KeyCode, &str)] = &[
    ("enter", KeyCode::Enter, "⏎"),
    ("esc", KeyCode::Esc, "Esc"),
    ("tab", KeyCode::Tab, "⇥"),
    ("s-tab", KeyCode::BackTab, "⇤"),
    ("up", KeyCode::Up, "↑"),
    ("down", KeyCode::Down, "↓"),
    ("left", KeyCode::Left, "←"),
    ("right", KeyCode::Right, "→"),
    ("pgup", KeyCode::PageUp, "PgUp"),
    ("pgdn", KeyCode::PageDown, "PgDn"),
    ("home", KeyCode::Home, "Home"),
    ("end", KeyCode::End, "End"),
    ("space", KeyCode::Char(' '), "Space"),
    ("backspace", KeyCode::Backspace, "⌫"),
    ("delete", KeyCode::Delete, "Del"),
    ("insert", KeyCode::Insert, "Ins"),
];

impl Chord {
    /// Reads `q`, `ctrl-d`, `alt-1`, `enter`, `s-tab`, `f1`.
    pub fn parse(text: &str) -> Option<Self> {
        let (mut ctrl, mut alt, mut rest) = (false, false, text);
        loop {
            if let Some(tail) = rest.strip_prefix("ctrl-").filter(|t| !t.is_empty()) {
                (ctrl, rest) = (true, tail);
            } else if let Some(tail) = rest.strip_prefix("alt-").filter(|t| !t.is_empty()) {
                (alt, rest) = (true, tail);
            } else {
                break;
            }
        }
        let mut chars = rest.chars();
        let code = match (chars.next(), chars.next()) {
            (Some(only), None) => KeyCode::Char(only),
            _ => match NAMES.iter().find(|(name, ..)| *name == rest) {
                Some((_, code, _)) => *code,
                None => KeyCode::F(rest.strip_prefix('f')?.parse().ok().filter(|n| (1..=24).contains(n))?),
            },
        };
        Some(Self { code, ctrl, alt })
    }

    /// Takes a key event as it comes from the terminal.
    pub fn of(event: KeyEvent) -> Self {
        let ctrl = event.modifiers.contains(KeyModifiers::CONTROL);
        let code = match event.code {
            KeyCode::Char(c) if ctrl => KeyCode::Char(c.to_ascii_lowercase()),
            KeyCode::Tab if event.modifiers.contains(KeyModifiers::SHIFT) => KeyCode::BackTab,
            code => code,
        };
        Self { code, ctrl, alt: event.modifiers.contains(KeyModifiers::ALT) }
    }

    /// Tells whether a text field would take it as text.
    pub const fn is_text(self) -> bool {
        matches!(self.code, KeyCode::Char(_)) && !self.ctrl && !self.alt
    }

    /// Tells whether a text field uses it to move or delete.
    pub const fn edits(self) -> bool {
        matches!(self.code, KeyCode::Left | KeyCode::Right | KeyCode::Home | KeyCode::End | KeyCode::Backspace | KeyCode::Delete)
    }

    /// Returns it as screens show it: `^D`, `⏎`, `M-1`.
    pub fn label(self) -> String {
        let name = match self.code {
            KeyCode::Char(' ') => "Space".to_owned(),
            KeyCode::Char(c) if self.ctrl => c.to_ascii_uppercase().to_string(),
            KeyCode::Char(c) => c.to_string(),
            KeyCode::F(n) => format!("F{n}"),
            code => NAMES.iter().find(|(_, c, _)| *c == code).map_or("?", |(.., label)| label).to_owned(),
        };
        format!("{}{}{name}", if self.alt { "M-" } else { "" }, if self.ctrl { "^" } else { "" })
    }
}

/// Reads keys that follow one another, separated by blanks: `g r`.
pub fn parse(text: &str) -> Option<Chords> {
    let chords: Option<Chords> = text.split_whitespace().map(Chord::parse).collect();
    chords.filter(|c| !c.is_empty())
}

/// Returns keys that follow one another as screens show them.
pub fn label(chords: &[Chord]) -> String {
    chords.iter().map(|c| c.label()).collect::<Vec<_>>().join(" ")
}

/// Says what a few keys mean among some commands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Meaning {
    /// They are a command.
    Command(&'static Command),
    /// They begin one or several.
    Prefix,
    /// Nothing.
    Nothing,
}

/// Holds what the operator wrote for one command.
#[derive(Debug, Clone, PartialEq)]
struct Binding {
    keys: Vec<Chords>,
    line: usize,
}

/// Holds which keys the operator gave to commands in place of their own.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Keymap {
    /// The file's name, for those who are told what is wrong in it.
    file: String,
    bound: HashMap<String, Binding>,
}

/// Says that keys which the operator gave to one command are another's too, where both are possible.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Conflict {
    /// The keys, as screens show them.
    pub keys: String,
    /// Whose they are by the operator's file.
    pub command: &'static str,
    /// Whose they are as well, or whose keys begin or go on so.
    pub other: &'static str,
    /// Where that stands: `keymap.toml:3`.
    pub place: String,
}

impl From<Conflict> for Trouble {
    fn from(conflict: Conflict) -> Self {
        Self::usage("A key has two meanings in one place", format!("{} in {}", conflict.keys, conflict.place))
            .why(format!("it is {} and {}", conflict.command, conflict.other))
            .next("Give one of them another key.")
    }
}

/// Returns the line of a place in a text as it is written after a file's name: `:3`; nothing when the place is not known.
pub fn line_of(text: &str, span: Option<Range<usize>>) -> String {
    let line = |span: Range<usize>| text.get(..span.start).map(|before| before.matches('\n').count() + 1);
    span.and_then(line).map_or_else(String::new, |line| format!(":{line}"))
}

/// What a file of bindings looks like: ids with their keys, each with its place.
type Lines = HashMap<Spanned<String>, Spanned<Vec<Spanned<String>>>>;

impl Keymap {
    /// Reads lines such as `"flux.reconcile" = ["r"]`; an empty list takes all keys away. `known` tells which ids there are.
    ///
    /// What is wrong is returned with its line; the other lines hold. `file` is the name that it is told by.
    pub fn read(file: &str, text: &str, known: impl Fn(&str) -> bool) -> (Self, Vec<Trouble>) {
        let mut map = Self { file: file.to_owned(), bound: HashMap::new() };
        let at = |span: Range<usize>| format!("{file}{}", line_of(text, Some(span)));
        let lines: Lines = match toml::from_str(text) {
            Ok(lines) => lines,
            Err(e) => {
                let place = format!("{file}{}", line_of(text, e.span()));
                let trouble = Trouble::usage("The key bindings cannot be read", place).why(e.message());
                return (map, vec![trouble.next("Correct the file.")]);
            }
        };
        let mut faults = Vec::new();
        for (id, keys) in lines {
            if !known(id.get_ref()) {
                let object = format!("\u{201c}{}\u{201d} in {}", id.get_ref(), at(id.span()));
                faults.push((
                    id.span().start,
                    Trouble::usage("There is no such command", object).next("The help (?) names those that there are."),
                ));
                continue;
            }
            let mut all = Vec::new();
            for text in keys.get_ref() {
                if let Some(chords) = parse(text.get_ref()) {
                    all.push(chords);
                } else {
                    let object = format!("\u{201c}{}\u{201d} in {}", text.get_ref(), at(text.span()));
                    let next = "Write keys as q, ctrl-d, alt-1, enter, f1, or several with a blank between: g r.";
                    faults.push((text.span().start, Trouble::usage("That is no key", object).next(next)));
                }
            }
            // A command none of whose keys can be read keeps its own; one that is given none has none.
            if all.is_empty() && !keys.get_ref().is_empty() {
                continue;
            }
            let line = text[..id.span().start].matches('\n').count() + 1;
            map.bound.insert(id.into_inner(), Binding { keys: all, line });
        }
        faults.extend(map.doubles());
        faults.sort_by_key(|(at, _)| *at);
        (map, faults.into_iter().map(|(_, trouble)| trouble).collect())
    }

    /// Returns the keys that the file gives to two commands of one group, which are seldom possible without each other.
    fn doubles(&self) -> Vec<(usize, Trouble)> {
        let group = |id: &str| id.split('.').next().unwrap_or_default().to_owned();
        let mut all: Vec<(&Chords, &str, usize)> =
            self.bound.iter().flat_map(|(id, b)| b.keys.iter().map(|keys| (keys, id.as_str(), b.line))).collect();
        all.sort_by_key(|(_, _, line)| *line);
        let mut out = Vec::new();
        for (at, (keys, id, line)) in all.iter().enumerate() {
            let before = all[..at].iter().find(|(k, i, _)| k == keys && i != id && group(i) == group(id));
            if let Some((_, other, first)) = before {
                let trouble =
                    Trouble::usage("A key is given to two commands", format!("{} in {}:{line}", label(keys), self.file))
                        .why(format!("line {first} gives it to {other}, line {line} to {id}"))
                        .next("Give one of them another key.");
                out.push((usize::MAX - all.len() + at, trouble));
            }
        }
        out
    }

    /// Returns the keys of a command, the one to show first.
    pub fn keys(&self, command: &Command) -> Vec<Chords> {
        match self.bound.get(command.id) {
            Some(binding) => binding.keys.clone(),
            None => own(command),
        }
    }

    /// Returns the key of a command as screens show it; empty when it has none.
    pub fn label(&self, command: &Command) -> String {
        self.keys(command).first().map_or_else(String::new, |c| label(c))
    }

    /// Returns what some keys mean among commands; the first command wins.
    pub fn meaning(&self, pressed: &[Chord], commands: &[&'static Command]) -> Meaning {
        let mut prefix = false;
        for command in commands {
            for keys in self.keys(command) {
                if keys == pressed {
                    return Meaning::Command(command);
                }
                prefix |= keys.starts_with(pressed);
            }
        }
        if prefix { Meaning::Prefix } else { Meaning::Nothing }
    }

    /// Returns where keys of the operator's are another command's too, among commands that are possible together.
    pub fn conflicts(&self, commands: &[&'static Command]) -> Vec<Conflict> {
        let mut out = Vec::new();
        for command in commands {
            let Some(binding) = self.bound.get(command.id) else { continue };
            let own = own(command);
            for keys in binding.keys.iter().filter(|keys| !own.contains(keys)) {
                let meets = |other: &&&'static Command| {
                    let theirs = self.keys(other);
                    other.id != command.id && theirs.iter().any(|k| k.starts_with(keys) || keys.starts_with(k))
                };
                if let Some(other) = commands.iter().find(meets) {
                    let place = format!("{}:{}", self.file, binding.line);
                    out.push(Conflict { keys: label(keys), command: command.id, other: other.id, place });
                }
            }
        }
        out
    }

    /// Tells whether the operator gave no keys at all.
    pub fn is_empty(&self) -> bool {
        self.bound.is_empty()
    }
}

/// Returns the keys that a command has unless the operator gave it others.
fn own(command: &Command) -> Vec<Chords> {
    command.keys.iter().filter_map(|k| parse(k)).collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::panic, reason = "a test says which input failed by failing")]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_and_shown() {
        for (text, label) in [
            ("q", "q"),
            ("ctrl-d", "^D"),
            ("alt-1", "M-1"),
            ("g r", "g r"),
            ("enter", "⏎"),
            ("f1", "F1"),
            ("ctrl-", "?"),
            ("-", "-"),
        ] {
            match parse(text) {
                Some(chords) => assert_eq!(super::label(&chords), label, "{text}"),
                None => assert_eq!(label, "?", "{text}"),
            }
        }
        assert!(parse("nonsense").is_none());
    }

    static DOWN: Command = Command { id: "list.down", keys: &["j", "down"], footer: 0 };
    static UP: Command = Command { id: "list.up", keys: &["k", "up"], footer: 0 };
    static OPEN: Command = Command { id: "flux.open", keys: &["enter"], footer: 0 };

    #[test]
    fn an_operator_rebinds_by_id() {
        let (keymap, faults) = Keymap::read("keymap.toml", "\"list.down\" = [\"n\", \"g n\"]", |_| true);
        assert_eq!(faults, []);
        let press = |text: &str| keymap.meaning(&parse(text).unwrap(), &[&DOWN]);
        assert_eq!(press("n"), Meaning::Command(&DOWN));
        assert_eq!(press("g"), Meaning::Prefix);
        assert_eq!(press("g n"), Meaning::Command(&DOWN));
        assert_eq!(press("j"), Meaning::Nothing);
    }

    #[test]
    fn what_is_wrong_in_a_file_of_keys_is_told_by_its_line_and_the_rest_holds() {
        let text = "# mine\n\"list.down\" = [\"n\", \"what\"]\n\"list.dwon\" = [\"m\"]\n\"list.up\" = [\"n\"]\n";
        let (keymap, faults) = Keymap::read("keymap.toml", text, |id| id != "list.dwon");
        let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
        assert_eq!(faults.len(), 3, "{told:#?}");
        assert!(told[0].contains("\u{201c}what\u{201d} in keymap.toml:2"), "{told:#?}");
        assert!(told[1].contains("\u{201c}list.dwon\u{201d} in keymap.toml:3"), "{told:#?}");
        assert!(told[2].contains("n in keymap.toml:4") && told[2].contains("line 2 gives it to list.down"), "{told:#?}");
        assert_eq!(keymap.keys(&DOWN), [parse("n").unwrap()]);
        let (keymap, _) = Keymap::read("keymap.toml", "\"list.down\" = [\"what\"]\n\"list.up\" = []", |_| true);
        assert_eq!((keymap.keys(&DOWN), keymap.keys(&UP)), (own(&DOWN), Vec::new()), "none that can be read, and none wanted");
        let (_, faults) = Keymap::read("keymap.toml", "\n\"a\" = 3", |_| true);
        assert!(faults[0].to_string().contains("keymap.toml:2"), "{faults:?}");
    }

    #[test]
    fn keys_that_meet_where_both_are_possible_are_found() {
        static FIRST: Command = Command { id: "list.first", keys: &["g g"], footer: 0 };
        let (keymap, _) =
            Keymap::read("keymap.toml", "\"flux.open\" = [\"enter\", \"j\"]\n\"list.up\" = [\"g\", \"up\"]", |_| true);
        let found = keymap.conflicts(&[&OPEN, &DOWN, &UP]);
        let [conflict] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!((conflict.command, conflict.other, conflict.place.as_str()), ("flux.open", "list.down", "keymap.toml:1"));
        assert_eq!(keymap.conflicts(&[&UP, &FIRST]).len(), 1, "one key that begins two");
    }
}
