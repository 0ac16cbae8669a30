//! What an operator likes: theme, language, keys, the mouse, and how the end of a deployment is told. Whoever starts a session
//! brings them and may bring others while it runs; where they are written is not known here.

use domain::Trouble;

use crate::capabilities::Ground;
use crate::keys::Keymap;
use crate::words::Language;

/// Says how the end of a deployment is told beside the note on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Notice {
    /// Not at all.
    Off,
    /// By the terminal's bell.
    #[default]
    Bell,
    /// By a notification of the desktop, which the terminal passes on (OSC 9 and 777).
    Desktop,
    /// By both.
    Both,
}

impl Notice {
    /// The words that stand for them.
    pub const WORDS: [(&'static str, Self); 4] =
        [("off", Self::Off), ("bell", Self::Bell), ("desktop", Self::Desktop), ("both", Self::Both)];

    /// Reads a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(known, _)| *known == word).map(|(_, notice)| *notice)
    }

    /// Tells whether the bell rings.
    pub const fn rings(self) -> bool {
        matches!(self, Self::Bell | Self::Both)
    }

    /// Tells whether the desktop says it.
    pub const fn shows(self) -> bool {
        matches!(self, Self::Desktop | Self::Both)
    }
}

/// Holds what an operator likes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Preferences {
    /// The theme's name; absent or `auto` for a dark or a light one, as the terminal's ground is.
    pub theme: Option<String>,
    /// The operator's own themes: name and text. One of these takes the place of one that comes with the program.
    pub themes: Vec<(String, String)>,
    /// The language.
    pub language: Language,
    /// Which keys the operator gave to commands.
    pub keymap: Keymap,
    /// Whether the console takes the mouse; with Shift the terminal keeps it.
    pub mouse: bool,
    /// How the end of a deployment is told.
    pub ends: Notice,
    /// Filters with a name: name and text.
    pub filters: Vec<(String, String)>,
    /// What holds in one context only.
    pub contexts: Vec<OfContext>,
}

/// Holds what holds while one works on a context.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OfContext {
    /// The context.
    pub name: String,
    /// The theme.
    pub theme: Option<String>,
    /// The namespace that lists are narrowed to.
    pub namespace: Option<String>,
}

/// Tells a session what changed around it.
#[derive(Debug, Clone, PartialEq)]
pub enum News {
    /// Other preferences, in place of those before.
    Preferences(Box<Preferences>),
    /// The ground that the terminal draws on.
    Ground(Ground),
    /// Something that is wrong with what surrounds it: a file of preferences that cannot be read.
    Trouble(Box<Trouble>),
    /// The configuration changed, and what it says is taken up.
    Changed,
    /// Something worth a short note.
    Note(String),
}
