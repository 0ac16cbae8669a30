//! What a terminal can show, found out from the values of a few environment variables that the caller reads.

/// Says how many colours a terminal shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Depth {
    /// None: meaning is carried by glyph, word, bold and reverse video.
    None,
    /// The sixteen that the terminal's own palette names.
    Ansi16,
    /// The 256 of xterm's cube.
    Ansi256,
    /// Any.
    True,
}

/// Says what a terminal draws on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ground {
    /// Something dark.
    #[default]
    Dark,
    /// Something light.
    Light,
}

impl Ground {
    /// Takes a colour as a terminal answers it (OSC 11): `rgb:1e1e/1e1e/2e2e`, with one to four digits for each part.
    pub fn of(answer: &str) -> Option<Self> {
        let mut parts = answer.strip_prefix("rgb:").or_else(|| answer.strip_prefix("rgba:"))?.split('/').map(|digits| {
            let most = 16_u32.checked_pow(u32::try_from(digits.len()).ok()?)?.checked_sub(1)?;
            Some(u32::from_str_radix(digits, 16).ok()? * 255 / most.max(1))
        });
        let mut next = || parts.next().flatten().filter(|part| *part <= 255);
        let (red, green, blue) = (next()?, next()?, next()?);
        // How bright the eye takes it to be.
        Some(if 299 * red + 587 * green + 114 * blue > 127_500 { Self::Light } else { Self::Dark })
    }

    /// Takes what some terminals leave in `COLORFGBG`: `15;0`, ink and ground by their numbers.
    pub fn of_numbers(text: &str) -> Option<Self> {
        let ground: u8 = text.rsplit(';').next()?.parse().ok()?;
        Some(if matches!(ground, 7 | 9..=15) { Self::Light } else { Self::Dark })
    }
}

/// Says by which sequence a terminal lets the desktop say something; one that knows neither passes over it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Notes {
    /// OSC 9.
    Nine,
    /// OSC 777.
    Seven,
}

/// Holds what a terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::struct_excessive_bools, reason = "each is an ability of its own")]
pub struct Capabilities {
    /// How many colours.
    pub depth: Depth,
    /// Whether it shows UTF-8; else glyphs become ASCII.
    pub utf8: bool,
    /// Whether what it erases takes the ground that is set.
    pub erases: bool,
    /// Whether it moves lines within bounds (DECSTBM), as everything since the VT100 does.
    pub scrolls: bool,
    /// By which sequence it lets the desktop say something.
    pub notes: Notes,
    /// Whether a web address can be opened beside it: it is on this machine, and so is a desktop.
    pub opens: bool,
}

impl Capabilities {
    /// Returns a terminal that can show everything.
    pub const fn full() -> Self {
        Self { depth: Depth::True, utf8: true, erases: true, scrolls: true, notes: Notes::Nine, opens: true }
    }

    /// Finds out from the environment, given as a function from a variable's name to its value.
    ///
    /// Looks at `NO_COLOR`, `TERM`, `COLORTERM`, `TERM_PROGRAM`, `LC_ALL`, `LC_CTYPE`, `LANG`, and for a desktop at
    /// `SSH_CONNECTION`, `DISPLAY`, `WAYLAND_DISPLAY`.
    pub fn detect(env: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| env(name).filter(|v| !v.is_empty());
        let term = set("TERM").unwrap_or_default();
        let utf8 = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set).is_none_or(|locale| {
            let locale = locale.to_ascii_lowercase();
            locale.contains("utf-8") || locale.contains("utf8")
        });
        let desktop = cfg!(target_os = "macos") || ["DISPLAY", "WAYLAND_DISPLAY"].into_iter().any(|name| set(name).is_some());
        let opens = desktop && set("SSH_CONNECTION").is_none();
        let seven = set("VTE_VERSION").is_some() || term.starts_with("rxvt") || term.starts_with("foot");
        let notes = if seven { Notes::Seven } else { Notes::Nine };
        let scrolls = !["", "dumb"].contains(&term.as_str());
        let erases = scrolls && !term.starts_with("vt") && !term.starts_with("screen");
        Self { depth: depth(&set, &term), erases, scrolls, notes, utf8: utf8 && term != "linux" && term != "vt100", opens }
    }
}

fn depth(set: &impl Fn(&str) -> Option<String>, term: &str) -> Depth {
    if set("NO_COLOR").is_some() || term == "dumb" || term.starts_with("vt") {
        return Depth::None;
    }
    let color = set("COLORTERM").unwrap_or_default();
    let direct = term.ends_with("-direct") || ["xterm-kitty", "alacritty", "xterm-ghostty", "wezterm"].contains(&term);
    let known = set("TERM_PROGRAM").is_some_and(|p| ["iTerm.app", "WezTerm", "vscode", "ghostty"].contains(&p.as_str()));
    if color == "truecolor" || color == "24bit" || direct || known {
        Depth::True
    } else if term.contains("256color") {
        Depth::Ansi256
    } else {
        Depth::Ansi16
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ground_is_dark_or_light() {
        let table = [
            ("rgb:1e1e/1e1e/2e2e", Some(Ground::Dark)),
            ("rgb:ffff/ffff/ffff", Some(Ground::Light)),
            ("rgb:fd/f6/e3", Some(Ground::Light)),
            ("rgba:0/0/0/f", Some(Ground::Dark)),
            ("rgb:1e1e/1e1e", None),
            ("rgb:////", None),
            ("rgb:fffffffff/0/0", None),
            ("#ffffff", None),
        ];
        for (answer, ground) in table {
            assert_eq!(Ground::of(answer), ground, "{answer}");
        }
        assert_eq!(Ground::of_numbers("0;15"), Some(Ground::Light));
        assert_eq!(Ground::of_numbers("15;default;0"), Some(Ground::Dark));
        assert_eq!(Ground::of_numbers("15;default"), None);
    }

    #[test]
    fn a_terminal_is_known_by_its_variables() {
        type Env = &'static [(&'static str, &'static str)];
        let table: [(Env, Depth, bool); 7] = [
            (&[("TERM", "xterm-256color"), ("LANG", "en_US.UTF-8")], Depth::Ansi256, true),
            (&[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")], Depth::True, true),
            (&[("TERM", "xterm-256color"), ("NO_COLOR", "1")], Depth::None, true),
            (&[("TERM", "xterm-256color"), ("NO_COLOR", "")], Depth::Ansi256, true),
            (&[("TERM", "linux"), ("LANG", "C.UTF-8")], Depth::Ansi16, false),
            (&[("TERM", "screen"), ("LANG", "C")], Depth::Ansi16, false),
            (&[("TERM", "dumb")], Depth::None, true),
        ];
        for (env, depth, utf8) in table {
            let found = Capabilities::detect(|name| env.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned()));
            assert_eq!((found.depth, found.utf8), (depth, utf8), "{env:?}");
        }
    }
}
