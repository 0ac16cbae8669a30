//! How things look: roles, and what colours and attributes a theme file gives them at each colour depth.

use std::collections::HashMap;

use domain::Trouble;
use domain::flux::Health;
use ratatui::style::{Color, Modifier, Style};
use serde::Deserialize;

use crate::capabilities::Depth;

mod colour;

macro_rules! roles {
    ($($(#[$doc:meta])* $name:ident = $key:literal),* $(,)?) => {
        /// Names what something means; themes say how it looks.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Role { $($(#[$doc])* $name),* }
        impl Role {
            /// All roles.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];
            /// Returns the key in theme files.
            pub const fn key(self) -> &'static str {
                match self { $(Self::$name => $key),* }
            }
        }
    };
}

roles! {
    /// All well.
    Ok = "ok",
    /// At work.
    Busy = "busy",
    /// Degraded or behind.
    Warn = "warn",
    /// Failed.
    Bad = "bad",
    /// Suspended on purpose.
    Off = "off",
    /// Nothing is known, or nothing fresh.
    Unknown = "unknown",
    /// Ordinary text.
    Text = "text",
    /// Text of second rank.
    Muted = "muted",
    /// Text that is only there for order.
    Faint = "faint",
    /// What the eye should find: titles, the active tab, keys in the footer.
    Accent = "accent",
    /// The selected row; laid over what is there.
    Selection = "selection",
    /// The ground of the whole screen.
    Ground = "ground",
    /// The ground of header and dialogs; laid over what is there.
    Panel = "panel",
    /// Lines between panes.
    Line = "line",
    /// A line that was added.
    Added = "added",
    /// A line that was removed.
    Removed = "removed",
    /// Something that was changed.
    Changed = "changed",
    /// The words in an added line that differ.
    AddedWord = "added-word",
    /// The words in a removed line that differ.
    RemovedWord = "removed-word",
    /// A YAML key.
    Key = "key",
    /// A YAML string.
    String = "string",
    /// A YAML number or boolean.
    Number = "number",
    /// A YAML comment.
    Comment = "comment",
    /// The place of a search hit; laid over what is there.
    Match = "match",
    /// A row that has just changed; laid over what is there.
    Fresh = "fresh",
}

impl From<Health> for Role {
    fn from(health: Health) -> Self {
        match health {
            Health::Bad => Self::Bad,
            Health::Warn => Self::Warn,
            Health::Busy => Self::Busy,
            Health::Unknown => Self::Unknown,
            Health::Off => Self::Off,
            Health::Ok => Self::Ok,
        }
    }
}

/// The themes that come with the program: name and text.
pub const BUILT_IN: &[(&str, &str)] = &[
    ("dark", include_str!("../../themes/dark.toml")),
    ("light", include_str!("../../themes/light.toml")),
    ("mono", include_str!("../../themes/mono.toml")),
];

/// Holds a style for each role.
#[derive(Debug, Clone, PartialEq)]
pub struct Theme {
    /// Its name.
    pub name: String,
    styles: Vec<Style>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Source {
    inherits: Option<String>,
    palette: HashMap<String, Shades>,
    roles: HashMap<String, Look>,
}

/// A colour as `#rrggbb` and, where the nearest of sixteen is not the one meant, its ANSI name.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Shades {
    One(String),
    Two(String, String),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Look {
    Fore(String),
    Whole(Parts),
}

#[expect(clippy::struct_excessive_bools, reason = "a terminal's attributes, each on or off")]
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Parts {
    fg: Option<String>,
    bg: Option<String>,
    bold: bool,
    dim: bool,
    italic: bool,
    underline: bool,
    reverse: bool,
}

impl Theme {
    /// Loads a theme that comes with the program; `dark` when there is none of this name.
    pub fn built_in(name: &str, depth: Depth) -> Self {
        let name = if depth == Depth::None { "mono" } else { name };
        Self::load(name, BUILT_IN, depth)
            .or_else(|_| Self::load("dark", BUILT_IN, depth))
            .unwrap_or_else(|_| Self { name: "plain".to_owned(), styles: vec![Style::new(); Role::ALL.len()] })
    }

    /// Loads a theme out of named texts, following `inherits`.
    pub fn load(name: &str, texts: &[(&str, &str)], depth: Depth) -> Result<Self, Trouble> {
        let source = read(name, texts, 0)?;
        let mut styles = Vec::with_capacity(Role::ALL.len());
        for role in Role::ALL {
            let look = source.roles.get(role.key()).ok_or_else(|| {
                Trouble::usage("The theme lacks a role", format!("{} in {name}", role.key())).next("Add it under [roles].")
            })?;
            styles.push(style(name, look, &source.palette, depth)?);
        }
        Ok(Self { name: name.to_owned(), styles })
    }

    /// Returns the style of a role.
    pub fn style(&self, role: Role) -> Style {
        self.styles.get(role as usize).copied().unwrap_or_default()
    }
}

fn read(name: &str, texts: &[(&str, &str)], depth: usize) -> Result<Source, Trouble> {
    let missing = || Trouble::usage("There is no such theme", format!("\u{201c}{name}\u{201d}")).next("Choose another theme.");
    let (_, text) = texts.iter().find(|(n, _)| *n == name).ok_or_else(missing)?;
    let mut own: Source = toml::from_str(text).map_err(|e| {
        Trouble::usage("The theme cannot be read", format!("{name}.toml")).why(e.message()).next("Correct the file.")
    })?;
    if let Some(role) = own.roles.keys().find(|k| !Role::ALL.iter().any(|r| r.key() == **k)) {
        return Err(Trouble::usage("The theme names an unknown role", format!("{role} in {name}")).next("Correct the file."));
    }
    let Some(parent) = own.inherits.take() else {
        return Ok(own);
    };
    if depth > 8 {
        return Err(Trouble::usage("The themes inherit in a circle", name).next("Correct the files."));
    }
    let mut base = read(&parent, texts, depth + 1)?;
    base.palette.extend(own.palette);
    base.roles.extend(own.roles);
    Ok(base)
}

fn style(theme: &str, look: &Look, palette: &HashMap<String, Shades>, depth: Depth) -> Result<Style, Trouble> {
    let parts = match look {
        Look::Fore(fg) => &Parts { fg: Some(fg.clone()), ..Parts::default() },
        Look::Whole(parts) => parts,
    };
    let paint = |name: &Option<String>| -> Result<Option<Color>, Trouble> {
        let Some(name) = name else { return Ok(None) };
        let (full, named) = match palette.get(name) {
            Some(Shades::Two(full, named)) => (full, Some(named.as_str())),
            Some(Shades::One(full)) => (full, None),
            None => (name, None),
        };
        colour::resolve(full, named, depth).map_err(|why| {
            Trouble::usage("The theme has no such colour", format!("\u{201c}{name}\u{201d} in {theme}"))
                .why(why)
                .next("Correct the file.")
        })
    };
    let mut style = Style::new();
    style.fg = paint(&parts.fg)?;
    style.bg = paint(&parts.bg)?;
    for (on, modifier) in [
        (parts.bold, Modifier::BOLD),
        (parts.dim, Modifier::DIM),
        (parts.italic, Modifier::ITALIC),
        (parts.underline, Modifier::UNDERLINED),
        (parts.reverse, Modifier::REVERSED),
    ] {
        if on {
            style = style.add_modifier(modifier);
        }
    }
    Ok(style)
}

#[cfg(test)]
mod tests;
