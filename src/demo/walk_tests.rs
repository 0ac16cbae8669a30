//! Anything at all on the demo: random keys and sizes over its real world, engine, cluster and repositories, in every language.
//! No panic, no misaligned row.
//!
//! `QUARTERDECK_RANDOM=100000` presses so many keys and takes a tenth as many sizes, by `QUARTERDECK_SEED`.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test says which step failed by failing")]

use std::time::Duration;

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use domain::orders::Order;
use domain::{Time, Trouble};
use tokio::sync::mpsc;
use tui::capabilities::Capabilities;
use tui::effects::{OrderTicket, Reply, Ticket, Wish};
use tui::preferences::Preferences;
use tui::session::{Act, Msg, Session};
use tui::words::Language;

use super::*;
use crate::bridge;
use course::Dice;

/// After how many steps it begins again, so that no dead end swallows the rest.
const ROUND: usize = 400;
/// How long an answer is waited for now and then, so that there is something to be seen.
const PATIENCE: Duration = Duration::from_millis(30);

/// Returns a number that the environment names.
fn named<T: std::str::FromStr>(name: &str, usual: T) -> T {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

fn pick<T: Copy>(dice: &mut Dice, of: &[T]) -> T {
    let last = i64::try_from(of.len()).unwrap() - 1;
    of[usize::try_from(dice.between(0, last)).unwrap()]
}

/// Throws a key: of those that mean something to a console, or a letter.
fn key(dice: &mut Dice, session: &Session) -> Event {
    const NAMED: [KeyCode; 14] = [
        KeyCode::Enter,
        KeyCode::Esc,
        KeyCode::Tab,
        KeyCode::BackTab,
        KeyCode::Up,
        KeyCode::Down,
        KeyCode::Left,
        KeyCode::Right,
        KeyCode::Home,
        KeyCode::End,
        KeyCode::PageUp,
        KeyCode::PageDown,
        KeyCode::Backspace,
        KeyCode::Delete,
    ];
    const LETTERS: &str = "abcdefghijklmnoprstuvwxyzABDEFGLNORZ0123456789/:?![]#*=+-. 生产é";
    let (code, modifiers) = match dice.between(0, 9) {
        0..3 => (pick(dice, &NAMED), KeyModifiers::NONE),
        3 => (KeyCode::Char(pick(dice, &['d', 'u', 's', 'w', 'n', 'p'])), KeyModifiers::CONTROL),
        4..7 => match possible(dice, session) {
            Some(event) => return event,
            None => (KeyCode::Down, KeyModifiers::NONE),
        },
        _ => (KeyCode::Char(pick(dice, &LETTERS.chars().collect::<Vec<_>>())), KeyModifiers::NONE),
    };
    Event::Key(KeyEvent::new(code, modifiers))
}

/// Throws a key of a command that is possible now, but the one that leaves.
fn possible(dice: &mut Dice, session: &Session) -> Option<Event> {
    let commands: Vec<_> = session.possible().into_iter().filter(|c| c.id != "shell.quit" && !c.keys.is_empty()).collect();
    let keys = pick(dice, &commands).keys.first()?;
    let chord = tui::keys::parse(keys)?.first().copied()?;
    let mut modifiers = KeyModifiers::NONE;
    modifiers.set(KeyModifiers::CONTROL, chord.ctrl);
    modifiers.set(KeyModifiers::ALT, chord.alt);
    Some(Event::Key(KeyEvent::new(chord.code, modifiers)))
}

/// Throws a size: mostly one that people have, now and then one that nobody has.
fn size(dice: &mut Dice) -> (u16, u16) {
    let (wide, high) = match dice.between(0, 3) {
        0 => (dice.between(1, 12), dice.between(1, 8)),
        1 => (dice.between(1, 60), dice.between(1, 20)),
        2 => (dice.between(60, 160), dice.between(16, 56)),
        _ => (dice.between(1, 320), dice.between(1, 100)),
    };
    (u16::try_from(wide).unwrap(), u16::try_from(high).unwrap())
}

/// One session over the demo, with the engine behind it.
struct Walk<'a> {
    deck: &'a launch::Deck,
    session: Session,
    wishes: mpsc::Sender<Wish>,
    replies: mpsc::Receiver<Reply>,
    carrying: tokio::task::JoinHandle<()>,
    language: Language,
    now: Time,
    over: bool,
    done: Vec<String>,
}

impl<'a> Walk<'a> {
    fn begin(deck: &'a launch::Deck, language: Language) -> Self {
        let terminal = |name: &str| {
            let value = [("TERM", "xterm-256color"), ("COLORTERM", "truecolor"), ("LANG", "en_US.UTF-8")];
            value.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        let settings = tui::session::Settings {
            actor: deck.actor.clone(),
            context: CONTEXT.to_owned(),
            preferences: Preferences { theme: Some("dark".to_owned()), language, mouse: true, ..Preferences::default() },
            capabilities: Capabilities::detect(terminal),
            offset: jiff::tz::Offset::UTC,
            size: (100, 30).into(),
        };
        let now = launch::now();
        let (session, acts) = Session::new(settings, now, deck.world());
        let (wishes, queue) = mpsc::channel(4096);
        let (answers, replies) = mpsc::channel(4096);
        let carrying = tokio::spawn(bridge::carry(deck.engine.clone(), deck.actor.clone(), queue, answers));
        let mut walk = Self { deck, session, wishes, replies, carrying, language, now, over: false, done: Vec::new() };
        walk.carry_out(acts);
        walk
    }

    fn msg(&mut self, msg: Msg) {
        let acts = self.session.update(self.now, msg);
        self.carry_out(acts);
    }

    fn carry_out(&mut self, acts: Vec<Act>) {
        for act in acts {
            match act {
                Act::Wish(Wish::Give(ticket, order)) if takes_away(&order) => self.refuse(ticket),
                Act::Wish(wish) => drop(self.wishes.try_send(wish)),
                Act::Editor(ticket, _) => self.no_editor(ticket),
                Act::Quit | Act::Demo => self.over = true,
                _ => {}
            }
        }
    }

    fn refuse(&mut self, ticket: OrderTicket) {
        let refused = Trouble::refused("That is not permitted", "the demo").next("Ask somebody who may.");
        self.msg(Msg::Reply(Reply::Order(ticket, Err(refused))));
    }

    fn no_editor(&mut self, ticket: Ticket) {
        self.msg(Msg::Reply(Reply::Written(ticket, Err(Trouble::failed("There is no editor", "EDITOR")))));
    }

    /// Does one step, and brings what has come meanwhile.
    async fn step(&mut self, dice: &mut Dice, step: usize) {
        self.now = Time::from_millisecond(self.now.as_millisecond() + 100).unwrap();
        if step % 10 == 9 {
            let (wide, high) = size(dice);
            self.done.push(format!("{wide}×{high}"));
            self.msg(Msg::Resize(wide, high));
        } else {
            let event = key(dice, &self.session);
            self.done.push(event.as_key_event().map(|key| format!("{:?}", key.code)).unwrap_or_default());
            self.msg(Msg::Input(event));
        }
        if step % 8 == 7
            && let Ok(Some(reply)) = tokio::time::timeout(PATIENCE, self.replies.recv()).await
        {
            self.msg(Msg::Reply(reply));
        }
        while let Ok(reply) = self.replies.try_recv() {
            self.msg(Msg::Reply(reply));
        }
        if self.session.deadline().is_some_and(|at| at <= self.now) {
            self.msg(Msg::Wake);
        }
        self.msg(Msg::World(self.deck.world()));
    }
}

impl Drop for Walk<'_> {
    fn drop(&mut self) {
        self.carrying.abort();
        if std::thread::panicking() {
            let last = self.done.len().saturating_sub(30);
            println!("{}: {}", self.language.tag(), self.done[last..].join(", "));
        }
    }
}

/// Tells whether an order would leave less and less to look at.
const fn takes_away(order: &Order) -> bool {
    matches!(
        order,
        Order::Many(_)
            | Order::Delete(_)
            | Order::Uninstall(_)
            | Order::RemoveProject(_)
            | Order::RemoveEnvironment(_)
            | Order::Install(_)
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_keys_and_sizes_on_the_demo_break_nothing() {
    let (keys, seed): (usize, String) = (named("QUARTERDECK_RANDOM", 500), named("QUARTERDECK_SEED", "20261122".to_owned()));
    println!("{keys} keys, seed {seed}");
    let folder = tempfile::tempdir().expect("a folder of our own");
    let settings = Settings {
        state: folder.path().join("state"),
        kubeconfigs: Vec::new(),
        context: None,
        readonly: false,
        log: "off".to_owned(),
        config: Config::usual(None),
    };
    let (deck, sim, fleet, fresh) = stage(&settings, folder.path(), 1.0).expect("the demo");
    fleet.sail(&sim, fresh).await;
    assert!(deck.world().environments.len() > 6, "the demo's world is there");
    for language in Language::ALL {
        let mut dice = Dice::of(&seed);
        let mut walk = Walk::begin(&deck, language);
        for step in 0..keys / Language::ALL.len() {
            walk.step(&mut dice, step).await;
            assert_eq!(tui::shell::misaligned(&walk.session), None, "seed {seed}, step {step}");
            if walk.over || step % ROUND == ROUND - 1 {
                walk = Walk::begin(&deck, language);
            }
        }
    }
    deck.close().await;
}
