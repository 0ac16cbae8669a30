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

/// Holds what a terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Capabilities {
    /// How many colours.
    pub depth: Depth,
    /// Whether it shows UTF-8; else glyphs become ASCII.
    pub utf8: bool,
    /// Whether a web address can be opened beside it: it is on this machine, and so is a desktop.
    pub opens: bool,
}

impl Capabilities {
    /// Returns a terminal that can show everything.
    pub const fn full() -> Self {
        Self { depth: Depth::True, utf8: true, opens: true }
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
        Self { depth: depth(&set, &term), utf8: utf8 && term != "linux" && term != "vt100", opens }
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
