//! A fleet for tests: projects, environments and deployments in every state, at a fixed moment; and a stage that plays
//! keys to a session and shows what it draws.
#![expect(clippy::unwrap_used, reason = "a fixture that does not hold fails its test")]

use std::fmt::Write as _;
use std::sync::Arc;

use crossterm::event::{Event, KeyEvent, KeyModifiers};
use domain::Time;
use domain::actor::{Actor, Authentication, Role as Permission};
use domain::monitor::monitor;
use domain::query::{Answer, Query};
use domain::world::World;
use jiff::tz::Offset;
use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};
use ratatui::style::{Color, Modifier};

use crate::capabilities::Capabilities;
use crate::cx::Cx;
use crate::effects::{Reply, Wish};
use crate::keys;
use crate::preferences::Preferences;
use crate::session::{Act, Base, Msg, Session, Settings};
use crate::words::Language;

mod fleet;
mod voyages;

pub(crate) use fleet::{commit, document, world};

/// The moment at which everything in the fixture is looked at: 2026-11-21 14:02:30 UTC.
pub(crate) fn now() -> Time {
    "2026-11-21T14:02:30Z".parse().unwrap()
}

/// The operator of the fixture: an admin.
pub(crate) fn actor() -> Actor {
    Actor {
        login: "ada".to_owned(),
        name: "Ada Byron".to_owned(),
        email: "ada@example.org".to_owned(),
        by: Authentication::Process,
        role: Permission::Admin,
    }
}

fn settings(wide: u16, high: u16, language: Language) -> Settings {
    Settings {
        actor: actor(),
        context: "prod-eu".to_owned(),
        preferences: Preferences { theme: Some("dark".to_owned()), language, mouse: true, ..Preferences::default() },
        capabilities: Capabilities::full(),
        offset: Offset::UTC,
        size: Size::new(wide, high),
    }
}

/// Holds what a tab looks at, for tests of one tab alone.
pub(crate) struct Bench {
    pub(crate) base: Base,
}

impl Bench {
    /// Sets up the fleet on a screen of this size.
    pub(crate) fn new(wide: u16, high: u16, language: Language) -> Self {
        Self { base: Base::new(settings(wide, high, language), now(), Arc::new(world())) }
    }

    /// Returns what a tab looks at.
    pub(crate) fn cx(&self) -> Cx<'_> {
        self.base.cx()
    }
}

/// Rolls dice by a seed, the same ones every time.
pub(crate) struct Rolls(u64);

impl Rolls {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed ^ 0x9e37_79b9_7f4a_7c15)
    }

    /// Returns a number below another.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 16).unwrap() % limit.max(1)
    }

    /// Returns a column or a row within a size.
    pub(crate) fn cell(&mut self, size: u16) -> u16 {
        u16::try_from(self.below(usize::from(size))).unwrap()
    }
}

/// Holds a session on a stage: keys go in, acts and frames come out.
pub(crate) struct Stage {
    pub(crate) session: Session,
    /// Everything that the session wanted so far.
    pub(crate) acts: Vec<Act>,
    pub(crate) now: Time,
}

impl Stage {
    /// Begins a session over the fleet.
    pub(crate) fn new(wide: u16, high: u16, language: Language) -> Self {
        Self::over(world(), wide, high, language)
    }

    /// Begins a session over another world.
    pub(crate) fn over(world: World, wide: u16, high: u16, language: Language) -> Self {
        let (session, acts) = Session::new(settings(wide, high, language), now(), Arc::new(world));
        let stage = Self { session, acts, now: now() };
        // Pages are as long as what was drawn last.
        stage.buffer();
        stage
    }

    /// Begins a session of an operator with a lesser role.
    pub(crate) fn as_role(role: Permission) -> Self {
        let mut settings = settings(100, 30, Language::English);
        settings.actor.role = role;
        let (session, acts) = Session::new(settings, now(), Arc::new(world()));
        Self { session, acts, now: now() }
    }

    /// Begins a session on a terminal that can show this much.
    pub(crate) fn with(wide: u16, high: u16, language: Language, capabilities: Capabilities) -> Self {
        let settings = Settings { capabilities, ..settings(wide, high, language) };
        let (session, acts) = Session::new(settings, now(), Arc::new(world()));
        let stage = Self { session, acts, now: now() };
        stage.buffer();
        stage
    }

    /// Does something at random, as a hand on the keys or the mouse might, and says what.
    pub(crate) fn roll(&mut self, rolls: &mut Rolls) -> String {
        use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
        let size = self.session.size();
        match rolls.below(40) {
            0 => {
                let text = ["生产环境 🚢", "e\u{301}tat", "a\tb\n\u{1b}[31m", "\u{202e}gniht"][rolls.below(4)];
                self.msg(Msg::Input(Event::Paste(text.to_owned())));
                format!("paste {text:?}")
            }
            1..4 => {
                let kinds = [
                    MouseEventKind::Down(MouseButton::Left),
                    MouseEventKind::Drag(MouseButton::Left),
                    MouseEventKind::Up(MouseButton::Left),
                    MouseEventKind::ScrollDown,
                    MouseEventKind::ScrollUp,
                ];
                let (column, row) = (rolls.cell(size.width), rolls.cell(size.height));
                let event = MouseEvent { kind: kinds[rolls.below(5)], column, row, modifiers: KeyModifiers::NONE };
                self.msg(Msg::Input(Event::Mouse(event)));
                format!("{event:?}")
            }
            4 => {
                self.pass(500);
                "half a second".to_owned()
            }
            5..23 => {
                let possible = self.session.possible();
                let command = possible[rolls.below(possible.len())];
                match command.keys.first().filter(|_| command.id != "shell.quit") {
                    Some(keys) => {
                        self.keys(keys);
                        format!("{} {keys}", command.id)
                    }
                    None => String::new(),
                }
            }
            23..34 => {
                let keys = [
                    "esc",
                    "enter",
                    "tab",
                    "s-tab",
                    "up",
                    "down",
                    "left",
                    "right",
                    "home",
                    "end",
                    "pgup",
                    "pgdn",
                    "backspace",
                    "delete",
                    "space",
                    "ctrl-u",
                    "ctrl-w",
                    "ctrl-d",
                    "alt-enter",
                    "f1",
                ];
                let key = keys[rolls.below(keys.len())];
                self.keys(key);
                key.to_owned()
            }
            _ => {
                let letters: Vec<char> = "abcdefghijklmnoprstuvwxyzABEFGLNOR0123456789/:?![]#*=+-. 生产é".chars().collect();
                let letter = letters[rolls.below(letters.len())];
                self.text(&letter.to_string());
                letter.to_string()
            }
        }
    }

    /// Begins a session on a terminal of 80×24 that shows so many colours.
    pub(crate) fn in_depth(depth: crate::capabilities::Depth) -> Self {
        let mut settings = settings(80, 24, Language::English);
        settings.capabilities.depth = depth;
        let (session, acts) = Session::new(settings, now(), Arc::new(world()));
        Self { session, acts, now: now() }
    }

    /// Sends a message.
    pub(crate) fn msg(&mut self, msg: Msg) -> &mut Self {
        let acts = self.session.update(self.now, msg);
        // Figures are worked out elsewhere, but from the world alone: they are there at once.
        let figures = |act: &Act| match act {
            Act::Wish(Wish::Ask(ticket, Query::Monitor(span))) => Some((*ticket, *span)),
            _ => None,
        };
        let asked: Vec<_> = acts.iter().filter_map(figures).collect();
        self.acts.extend(acts);
        for (ticket, span) in asked {
            let found = monitor(self.session.cx().world.deployments.iter(), &span);
            self.reply(Reply::Answer(ticket, Ok(Answer::Monitor(Arc::new(found)))));
        }
        self
    }

    /// Presses keys, written with blanks between: `3 ctrl-s enter`.
    pub(crate) fn keys(&mut self, keys: &str) -> &mut Self {
        for chord in keys::parse(keys).unwrap() {
            let mut modifiers = KeyModifiers::NONE;
            modifiers.set(KeyModifiers::CONTROL, chord.ctrl);
            modifiers.set(KeyModifiers::ALT, chord.alt);
            self.msg(Msg::Input(Event::Key(KeyEvent::new(chord.code, modifiers))));
        }
        self
    }

    /// Types a text.
    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        for c in text.chars() {
            self.msg(Msg::Input(Event::Key(KeyEvent::new(crossterm::event::KeyCode::Char(c), KeyModifiers::NONE))));
        }
        self
    }

    /// Brings something back from the engine.
    pub(crate) fn reply(&mut self, reply: Reply) -> &mut Self {
        self.msg(Msg::Reply(reply))
    }

    /// Lets time pass, waking the session if it wanted that.
    pub(crate) fn pass(&mut self, ms: i64) -> &mut Self {
        self.now = Time::from_millisecond(self.now.as_millisecond() + ms).unwrap();
        self.msg(Msg::Wake)
    }

    /// Returns what the session wanted of the engine so far, and forgets it.
    pub(crate) fn wishes(&mut self) -> Vec<Wish> {
        let acts = std::mem::take(&mut self.acts);
        acts.into_iter().filter_map(|a| if let Act::Wish(w) = a { Some(w) } else { None }).collect()
    }

    /// Draws into a buffer.
    pub(crate) fn buffer(&self) -> Buffer {
        let size = self.session.size();
        let mut buf = Buffer::empty(Rect::new(0, 0, size.width, size.height));
        crate::shell::view(&self.session, &mut buf);
        buf
    }

    /// Returns the lines as text.
    pub(crate) fn lines(&self) -> String {
        text(&self.buffer())
    }

    /// Returns the frame as text, and its styles in a compact form, for snapshots.
    pub(crate) fn frame(&self) -> String {
        let buf = self.buffer();
        format!("{}\n{}", text(&buf), styles(&buf))
    }
}

pub(crate) fn text(buf: &Buffer) -> String {
    let mut out = String::new();
    for y in 0..buf.area.height {
        let mut line = String::new();
        let mut skip = 0;
        for x in 0..buf.area.width {
            if skip > 0 {
                skip -= 1;
                continue;
            }
            let symbol = buf[(x, y)].symbol();
            skip = crate::widgets::put::width(symbol).saturating_sub(1);
            line.push_str(symbol);
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// Writes for each line the runs of equal style as `from..to style`, styles as short words.
fn styles(buf: &Buffer) -> String {
    let mut out = String::new();
    for y in 0..buf.area.height {
        let mut runs: Vec<(u16, u16, String)> = Vec::new();
        for x in 0..buf.area.width {
            let cell = &buf[(x, y)];
            let mut word = String::new();
            let blank = cell.symbol() == " " && !cell.modifier.contains(Modifier::REVERSED);
            if !blank {
                let _ = write!(word, "{}{}", colour(cell.fg), attributes(cell.modifier));
            }
            if cell.bg != Color::Reset {
                let _ = write!(word, "/{}", colour(cell.bg));
            }
            match runs.last_mut() {
                Some((_, to, last)) if *last == word && *to == x => *to = x + 1,
                _ => runs.push((x, x + 1, word)),
            }
        }
        let shown: Vec<String> = runs.iter().filter(|(.., w)| !w.is_empty()).map(|(a, b, w)| format!("{a}..{b} {w}")).collect();
        if !shown.is_empty() {
            let _ = writeln!(out, "{y:>2}: {}", shown.join("  "));
        }
    }
    out
}

fn colour(color: Color) -> String {
    match color {
        Color::Reset => "·".to_owned(),
        Color::Rgb(r, g, b) => format!("{r:02x}{g:02x}{b:02x}"),
        other => other.to_string().to_lowercase(),
    }
}

fn attributes(modifier: Modifier) -> String {
    let all = [
        (Modifier::BOLD, '*'),
        (Modifier::DIM, '-'),
        (Modifier::ITALIC, '%'),
        (Modifier::UNDERLINED, '_'),
        (Modifier::REVERSED, '!'),
    ];
    all.into_iter().filter(|(m, _)| modifier.contains(*m)).map(|(_, c)| c).collect()
}
