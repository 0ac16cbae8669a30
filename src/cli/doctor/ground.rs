//! What can be looked at without asking anybody: the terminal, the configuration, programs, the kubeconfig, the store.
#![expect(clippy::disallowed_methods, reason = "the terminal is asked how wide its characters are, in a sequence of our own")]

use std::io::{self, IsTerminal, Write};
use std::path::Path;

use domain::Trouble;
use domain::toolkit::{Check, State};
use tui::capabilities::{Capabilities, Depth};

use super::failed;
use crate::cli::config::beside;
use crate::config::Config;
use crate::launch::{self, Settings};
use crate::{helm, program};

/// The smallest screen on which everything can be reached.
const SMALL: (u16, u16) = (80, 24);

/// Looks at the terminal, its colours and its characters.
pub(super) fn terminal() -> Vec<Check> {
    let found = Capabilities::detect(|name| std::env::var(name).ok());
    let term = launch::variable("TERM").unwrap_or_default();
    vec![screen(&term), colours(found, &term), characters(found, &term)]
}

fn screen(term: &str) -> Check {
    if !(io::stdin().is_terminal() && io::stdout().is_terminal()) {
        return Check::new(
            "terminal",
            State::Warn,
            "Standard input and output are no terminal; subcommands work, the console does not",
        )
        .next("Look from the terminal that you will use.");
    }
    match crossterm::terminal::size() {
        Ok((wide, high)) if wide < SMALL.0 || high < SMALL.1 => {
            Check::new("terminal", State::Warn, format!("{term}, {wide}\u{d7}{high}: small"))
                .next(format!("Make it {}\u{d7}{} or larger to see everything at once.", SMALL.0, SMALL.1))
        }
        Ok((wide, high)) => Check::new("terminal", State::Ok, format!("{term}, {wide}\u{d7}{high}")),
        Err(e) => Check::new("terminal", State::Bad, format!("Its size cannot be asked for: {e}")).next("Use another terminal."),
    }
}

fn colours(found: Capabilities, term: &str) -> Check {
    let (state, said, next) = match found.depth {
        Depth::True => (State::Ok, "16 million", ""),
        Depth::Ansi256 => (State::Ok, "256", ""),
        Depth::Ansi16 => (State::Warn, "16: themes look alike", "Set COLORTERM=truecolor if your terminal shows more."),
        Depth::None if launch::variable("NO_COLOR").is_some() => (State::Ok, "none, as NO_COLOR says", ""),
        Depth::None => (State::Warn, "none, by TERM", "Set TERM to what your terminal is, for example xterm-256color."),
    };
    Check::new("colours", state, format!("{said} (TERM={term})")).next(next)
}

/// Says whether characters of other scripts are shown, and as wide as they are taken for.
fn characters(found: Capabilities, term: &str) -> Check {
    if !found.utf8 {
        return Check::new("characters", State::Warn, "No UTF-8: signs are letters here").next(
            if term == "linux" || term == "vt100" {
                "Use a terminal that has them; everything works all the same."
            } else {
                "Set LANG to a UTF-8 locale, for example C.UTF-8; everything works all the same."
            },
        );
    }
    match wide() {
        Some(2) => Check::new("characters", State::Ok, "UTF-8; wide characters take two columns"),
        Some(columns) => {
            Check::new("characters", State::Warn, format!("UTF-8; a wide character takes {columns} columns instead of 2")).next(
                "Choose a font and settings in which \u{4e16} is twice as wide as a letter, or leave the console in English.",
            )
        }
        None => Check::new("characters", State::Ok, "UTF-8; how wide characters are could not be asked here"),
    }
}

/// Asks the terminal how far a wide character takes the cursor.
fn wide() -> Option<u16> {
    if !(io::stdin().is_terminal() && io::stdout().is_terminal()) {
        return None;
    }
    crossterm::terminal::enable_raw_mode().ok()?;
    let asked = || -> io::Result<u16> {
        let mut out = io::stdout().lock();
        out.write_all("\r\u{4e16}".as_bytes())?;
        out.flush()?;
        let column = crossterm::cursor::position()?.0;
        out.write_all(b"\r\x1b[K")?;
        out.flush()?;
        Ok(column)
    };
    let found = asked().ok();
    let _ = crossterm::terminal::disable_raw_mode();
    found
}

/// Looks at the configuration file and at the files that it names.
pub(super) fn config(config: &Config) -> Check {
    if let Some(trouble) = beside(config).into_iter().next() {
        return failed("config", trouble);
    }
    match &config.file {
        Some(file) => Check::new("config", State::Ok, file.display().to_string()),
        None => Check::new("config", State::Ok, "There is none, and everything is as usual")
            .next("quarterdeck config init writes one."),
    }
}

/// Looks for the programs that some things need.
pub(super) fn programs() -> Vec<Check> {
    let path = launch::search_path();
    let editor = ["VISUAL", "EDITOR"].into_iter().find_map(launch::variable);
    let editing = match editor {
        Some(line) => {
            let name = line.split_whitespace().next().unwrap_or_default().to_owned();
            let there = Path::new(&name).is_file() || program::find(&path, &name).is_some();
            if there {
                Check::new("editor", State::Ok, line)
            } else {
                Check::new("editor", State::Warn, format!("{line} is not found"))
                    .next("Set VISUAL or EDITOR to one that is there.")
            }
        }
        None => Check::new("editor", State::Warn, "Neither VISUAL nor EDITOR is set")
            .next("Set one of them to edit objects and manifests."),
    };
    let helm = if helm::for_engine(path).is_some() {
        Check::new("helm", State::Ok, "found")
    } else {
        Check::new("helm", State::Warn, "The helm program is not found: what charts render to is not shown")
            .next("Install helm 3 if you deploy charts.")
    };
    vec![editing, helm]
}

/// Looks at the kubeconfig.
pub(super) fn kubeconfig(settings: &Settings) -> Check {
    let files: Vec<String> = settings.kubeconfigs.iter().map(|file| file.display().to_string()).collect();
    match launch::kubeconfig(settings) {
        Ok((contexts, Ok(context))) => {
            let count = contexts.len();
            Check::new("kubeconfig", State::Ok, format!("{}: {context} is meant, contexts: {count}", files.join(", ")))
        }
        Ok((_, Err(trouble))) | Err(trouble) => failed("kubeconfig", trouble),
    }
}

/// Looks at the store: that it can be opened and written, and that its journal holds.
pub(super) fn store(settings: &Settings) -> Check {
    let place = settings.state.display();
    if !settings.state.join("journal").is_dir() {
        let mut above = settings.state.as_path();
        while !above.exists() {
            let Some(parent) = above.parent() else { break };
            above = parent;
        }
        return match tempfile::Builder::new().prefix(".quarterdeck").tempfile_in(above) {
            Ok(_) => Check::new("store", State::Ok, format!("{place}: there is none yet, and it can be made")),
            Err(e) => failed(
                "store",
                Trouble::failed("The state folder cannot be made", place).why(e).next("Name another with --state."),
            ),
        };
    }
    let opened = match launch::open_store(&settings.state) {
        Ok((store, notices)) => (store.read_only().map(str::to_owned), notices, store.state().seq),
        Err(trouble) => return failed("store", trouble),
    };
    let verified = match store::verify(&settings.state) {
        Ok(verified) => verified,
        Err(error) => return failed("store", error.into()),
    };
    if let Some(bad) = &verified.first_bad {
        return Check::new(
            "store",
            State::Bad,
            format!("{place}: the journal does not hold at {}:{}: {}", bad.file, bad.line, bad.why),
        )
        .next("quarterdeck audit verify says where; restore it from a copy, and keep this one.");
    }
    let (denied, notices, entries) = opened;
    if let Some(why) = denied {
        return Check::new("store", State::Bad, format!("{place}: nothing can be written: {why}"))
            .next("Make the folder one that you may write, and its disk one with room.");
    }
    match notices.first() {
        Some(notice) => Check::new("store", State::Warn, format!("{place}: {notice}")),
        None => Check::new("store", State::Ok, format!("{place}: {entries} entries, the chain holds")),
    }
}
