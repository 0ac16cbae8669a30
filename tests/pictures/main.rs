//! Pictures of every screen of the demo, as SVG: drawn by the program itself in a pseudo-terminal, from a clock that begins at the
//! same moment each time.
//!
//! `cargo build && cargo run --example pictures` draws what is kept in the repository into `assets/screens`;
//! `cargo run --example pictures -- --all FOLDER` draws every screen in four sizes, in a dark and a light theme, in two of high
//! contrast, in sixteen colours and in none, in English and in Chinese. `--only NAME` draws one screen, `--way NAME` one way.
#![expect(clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "an example that cannot go on says why and stops")]

/// What the stories stand on.
#[expect(dead_code, reason = "the pictures use a part of it")]
#[path = "../support"]
mod support {
    pub(crate) mod console;
    mod waiting;

    pub(crate) use waiting::wait;
}

mod svg;

use std::path::{Path, PathBuf};
use std::time::Duration;

use portable_pty::CommandBuilder;
use support::console::Console;

/// A screen: its name, the keys that lead to it from anywhere, and what shows that it is there, in any language.
struct Screen {
    name: &'static str,
    keys: &'static [&'static str],
}

const ESC: &str = "\u{1b}";
const ENTER: &str = "\r";

/// Leaves whatever is open, and goes to a tab.
macro_rules! screens {
    ($($name:literal: $($key:expr),*;)*) => { &[$(Screen { name: $name, keys: &[$($key),*] }),*] };
}

const SCREENS: &[Screen] = screens! {
    "projects": "\u{1b}1";
    "project-form": "\u{1b}1", "a", ESC;
    "environments": "\u{1b}2", "G";
    "environment-form": "\u{1b}2", "e", ESC;
    "environment-object": "\u{1b}2", ENTER, ESC;
    "sides": "\u{1b}2", "v", ESC;
    "deploy": "\u{1b}2", "d";
    "yaml": "\u{1b}4";
    "diff": "\u{1b}5";
    "flux": "\u{1b}6";
    "tree": "\u{1b}6", "t", "t";
    "object": "\u{1b}6", ENTER, ESC;
    "why": "\u{1b}6", "g", "f", ENTER, "\t", ESC;
    "deployments": "\u{1b}7";
    "monitor": "\u{1b}8";
    "audit": "\u{1b}9";
    "settings": "\u{1b}0";
    "question": "\u{1b}6", "s", ESC;
    "palette": "\u{1b}6", ":", ESC;
    "themes": "\u{1b}6", ":", "theme ha", ESC;
    "help": "\u{1b}6", "?", ESC;
};

/// The sizes, in columns and rows.
const SIZES: [(u16, u16); 4] = [(80, 24), (120, 36), (160, 45), (200, 50)];

/// A way to look: its name, the theme, what a terminal says of its colours, and the language.
struct Way {
    name: &'static str,
    theme: &'static str,
    colours: (&'static str, &'static str),
    language: &'static str,
}

/// A terminal that shows any colour, one that shows sixteen, and an operator who wants none.
const FULL: (&str, &str) = ("COLORTERM", "truecolor");
const SIXTEEN: (&str, &str) = ("COLORTERM", "");
const NONE: (&str, &str) = ("NO_COLOR", "1");

const WAYS: [Way; 12] = [
    Way { name: "dark-en", theme: "dark", colours: FULL, language: "en" },
    Way { name: "dark-zh", theme: "dark", colours: FULL, language: "zh-CN" },
    Way { name: "light-en", theme: "light", colours: FULL, language: "en" },
    Way { name: "light-zh", theme: "light", colours: FULL, language: "zh-CN" },
    Way { name: "sixteen-en", theme: "sixteen", colours: SIXTEEN, language: "en" },
    Way { name: "sixteen-zh", theme: "sixteen", colours: SIXTEEN, language: "zh-CN" },
    Way { name: "contrast-en", theme: "contrast", colours: FULL, language: "en" },
    Way { name: "contrast-zh", theme: "contrast", colours: FULL, language: "zh-CN" },
    Way { name: "contrast-light-en", theme: "contrast-light", colours: FULL, language: "en" },
    Way { name: "contrast-light-zh", theme: "contrast-light", colours: FULL, language: "zh-CN" },
    Way { name: "mono-en", theme: "mono", colours: NONE, language: "en" },
    Way { name: "mono-zh", theme: "mono", colours: NONE, language: "zh-CN" },
];

/// What is kept in the repository: every screen in one way and of one size, and some in others.
const KEPT: (&str, usize) = ("dark-en", 1);
const KEPT_TOO: [(&str, &str, usize); 4] =
    [("monitor", "light-en", 1), ("environments", "dark-zh", 1), ("tree", "contrast-light-en", 1), ("deployments", "mono-en", 1)];

/// The moment at which the demo begins.
const MOMENT: &str = "2026-11-21T14:02:00Z";

/// How long a screen may take to come to rest.
const SOON: Duration = Duration::from_secs(20);

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let value = |name: &str| arguments.iter().position(|a| a == name).and_then(|at| arguments.get(at + 1)).cloned();
    let all = value("--all").map(PathBuf::from);
    let only = value("--only");
    let one_way = value("--way");
    let here = std::env::current_exe().expect("this program");
    let program = here.parent().and_then(Path::parent).map(|folder| folder.join("quarterdeck")).expect("a target folder");
    assert!(program.exists(), "build the program first: cargo build");
    let folder = all.clone().unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/screens"));
    std::fs::create_dir_all(&folder).expect("a folder for pictures");
    for way in WAYS.iter().filter(|way| one_way.as_deref().is_none_or(|name| name == way.name)) {
        let wanted = |screen: &str, size: usize| {
            let shown = all.is_some() || (way.name, size) == KEPT || KEPT_TOO.contains(&(screen, way.name, size));
            shown && only.as_deref().is_none_or(|name| name == screen)
        };
        let sizes: Vec<usize> = (0..SIZES.len()).filter(|size| SCREENS.iter().any(|s| wanted(s.name, *size))).collect();
        if sizes.is_empty() {
            continue;
        }
        let mut console = demo(&program, way);
        for size in sizes {
            console.resize(SIZES[size].0, SIZES[size].1);
            for screen in SCREENS {
                draw(&mut console, screen, &|| {
                    let (columns, rows) = SIZES[size];
                    wanted(screen.name, size).then(|| match all {
                        Some(_) => folder.join(format!("{}-{columns}x{rows}-{}.svg", screen.name, way.name)),
                        None => folder.join(format!("{}-{}.svg", screen.name, way.name)),
                    })
                });
            }
        }
        println!("{}", way.name);
    }
}

/// Starts the demo and waits until its rollouts are under way.
fn demo(program: &Path, way: &Way) -> Console {
    let home = std::env::temp_dir().join(format!("pictures-{}", std::process::id()));
    std::fs::create_dir_all(&home).expect("a folder of our own");
    let mut builder = CommandBuilder::new(program);
    builder.args(["demo", "--speed", "4", "--at", MOMENT]);
    builder.env_clear();
    let path = std::env::var("PATH").unwrap_or_default();
    for (name, value) in [
        ("PATH", path.as_str()),
        ("HOME", &home.to_string_lossy()),
        ("USER", "ada"),
        ("LANG", "C.UTF-8"),
        ("TZ", "UTC"),
        ("TERM", "xterm"),
        way.colours,
        ("QUARTERDECK_LANG", way.language),
        ("QUARTERDECK_THEME", way.theme),
    ] {
        builder.env(name, value);
    }
    let mut console = Console::start(builder, 150, 45);
    console.keys("\u{1b}7");
    console.until("a deployment that failed today", Duration::from_mins(2), |screen| {
        screen.contains("5.5.0-crash") && (screen.contains("✗") || screen.contains("◐"))
    });
    console
}

/// Tells whether a note of something that ended lies over the screen; it goes by itself.
fn noted(screen: &str) -> bool {
    ["The deployment to", "的部署已", "的部署失败"].iter().any(|note| screen.contains(note))
}

/// Goes to a screen, draws it where a file is named, and comes back.
fn draw(console: &mut Console, screen: &Screen, file: &dyn Fn() -> Option<PathBuf>) {
    let Some(file) = file() else { return };
    let (keys, leave) = match screen.keys.split_last() {
        Some((last, keys)) if !keys.is_empty() && (*last == ESC || *last == "t") => (keys, Some(*last)),
        _ => (screen.keys, None),
    };
    for key in keys {
        console.keys(key);
        rest(console);
    }
    let drawn = console
        .when(SOON, |screen| (!noted(&screen.contents())).then(|| svg::picture(screen)))
        .unwrap_or_else(|| panic!("{} was not drawn without a note over it", screen.name));
    std::fs::write(&file, drawn).expect("a file of our own");
    if let Some(key) = leave {
        console.keys(key);
        rest(console);
    }
}

/// Waits until a moment passes without a byte, or a few with no more than a clock writes.
fn rest(console: &Console) {
    let mut calm = 0;
    for _ in 0..40 {
        let before = console.bytes();
        std::thread::sleep(Duration::from_millis(60));
        let written = console.bytes() - before;
        calm = if written < 160 { calm + 1 } else { 0 };
        if calm >= 4 {
            return;
        }
    }
}
