//! Keys as data: chords, how they are written in files and on the screen, and which command has which.

use std::collections::HashMap;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use domain::Trouble;

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

/// Holds which keys the operator gave to commands in place of their own.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Keymap {
    bound: HashMap<String, Vec<Chords>>,
}

impl Keymap {
    /// Returns the one that comes with the program.
    pub fn built_in() -> Self {
        Self::parse(include_str!("../../assets/keymap.toml")).unwrap_or_default()
    }

    /// Reads lines such as `"flux.reconcile" = ["r"]`; an empty list takes all keys away.
    pub fn parse(text: &str) -> Result<Self, Trouble> {
        let table: HashMap<String, Vec<String>> = toml::from_str(text).map_err(|e| {
            Trouble::usage("The key bindings cannot be read", "keymap.toml").why(e.message()).next("Correct the file.")
        })?;
        let mut bound = HashMap::new();
        for (id, keys) in table {
            let mut all = Vec::new();
            for text in keys {
                all.push(parse(&text).ok_or_else(|| {
                    Trouble::usage("That is no key", format!("\u{201c}{text}\u{201d} for {id}"))
                        .next("Write keys as q, ctrl-d, alt-1, enter, f1, or several with a blank between: g r.")
                })?);
            }
            bound.insert(id, all);
        }
        Ok(Self { bound })
    }

    /// Returns the keys of a command, the one to show first.
    pub fn keys(&self, command: &Command) -> Vec<Chords> {
        match self.bound.get(command.id) {
            Some(keys) => keys.clone(),
            None => command.keys.iter().filter_map(|k| parse(k)).collect(),
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
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test says which input failed by failing")]
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

    #[test]
    fn an_operator_rebinds_by_id() {
        static DOWN: Command = Command { id: "list.down", keys: &["j", "down"], footer: 0 };
        let keymap = Keymap::parse("\"list.down\" = [\"n\", \"g n\"]").unwrap();
        let press = |text: &str| keymap.meaning(&parse(text).unwrap(), &[&DOWN]);
        assert_eq!(press("n"), Meaning::Command(&DOWN));
        assert_eq!(press("g"), Meaning::Prefix);
        assert_eq!(press("g n"), Meaning::Command(&DOWN));
        assert_eq!(press("j"), Meaning::Nothing);
        assert!(Keymap::parse("\"a\" = [\"what\"]").unwrap_err().object.contains("what"));
    }
}
