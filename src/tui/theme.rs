//! How things look: roles, and what colours and attributes a theme file gives them at each colour depth.

use std::collections::HashMap;

use domain::Trouble;
use domain::flux::Health;
use ratatui::style::{Color, Modifier, Style};
use serde::Deserialize;

use crate::capabilities::{Depth, Ground};

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

macro_rules! themes {
    ($($name:literal),* $(,)?) => { &[$(($name, include_str!(concat!("../../themes/", $name, ".toml")))),*] };
}

/// The themes that come with the program: name and text.
pub const BUILT_IN: &[(&str, &str)] = themes![
    "dark",
    "light",
    "contrast",
    "contrast-light",
    "clear",
    "clear-light",
    "sixteen",
    "mono",
    "fjord",
    "harbour",
    "reef",
    "sandbar",
    "driftwood",
    "lantern",
    "kelp",
    "regatta",
];

/// The name that stands for a dark or a light one, as the terminal's ground is.
pub const AUTO: &str = "auto";

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
    /// Loads the theme of a name, one of the operator's own before one that comes with the program; without a name the one that
    /// suits the ground. Where it cannot be had, it is that one too, and what is wrong is returned beside it.
    pub fn choose(name: Option<&str>, own: &[(String, String)], ground: Ground, depth: Depth) -> (Self, Option<Trouble>) {
        let suits = match (depth, ground) {
            (Depth::None, _) => "mono",
            (_, Ground::Dark) => "dark",
            (_, Ground::Light) => "light",
        };
        let wanted = name.filter(|n| *n != AUTO && depth != Depth::None).unwrap_or(suits);
        let texts: Vec<(&str, &str)> =
            own.iter().map(|(name, text)| (name.as_str(), text.as_str())).chain(BUILT_IN.iter().copied()).collect();
        match Self::load(wanted, &texts, depth) {
            Ok(theme) => (theme, None),
            Err(trouble) => {
                let plain = |_| Self { name: "plain".to_owned(), styles: vec![Style::new(); Role::ALL.len()] };
                (Self::load(suits, BUILT_IN, depth).unwrap_or_else(plain), Some(trouble))
            }
        }
    }

    /// Returns the names of all themes: the operator's own, then those that come with the program.
    pub fn names(own: &[(String, String)]) -> Vec<&str> {
        let built_in = BUILT_IN.iter().map(|(name, _)| *name).filter(|name| own.iter().all(|(n, _)| n != name));
        own.iter().map(|(name, _)| name.as_str()).chain(built_in).collect()
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
    let at = texts.iter().position(|(n, _)| *n == name).ok_or_else(missing)?;
    let mut own: Source = toml::from_str(texts[at].1).map_err(|e| {
        let place = format!("{name}.toml{}", crate::keys::line_of(texts[at].1, e.span()));
        Trouble::usage("The theme cannot be read", place).why(e.message()).next("Correct the file.")
    })?;
    if let Some(role) = own.roles.keys().find(|k| !Role::ALL.iter().any(|r| r.key() == **k)) {
        return Err(Trouble::usage("The theme names an unknown role", format!("{role} in {name}")).next("Correct the file."));
    }
    let Some(parent) = own.inherits.take() else {
        return Ok(own);
    };
    // One that inherits its own name means the next of that name: an operator's own `dark` builds on ours.
    let others = if parent == name { &texts[at + 1..] } else { texts };
    if depth > 8 || parent == name && others.iter().all(|(n, _)| *n != name) {
        return Err(Trouble::usage("The themes inherit in a circle", name).next("Correct the files."));
    }
    let mut base = read(&parent, others, depth + 1)?;
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
    if depth == Depth::Ansi16 && style.fg.is_none() {
        // Not all of sixteen inks can be read on one of sixteen grounds.
        style.fg = style.bg.map(colour::upon);
    }
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
