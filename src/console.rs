//! The console: one session on this terminal, over an engine of its own.

use std::io;
use std::path::Path;
use std::sync::Arc;

use crossterm::event::Event;
use domain::Trouble;
use futures::stream::{Stream, poll_fn};
use jiff::tz::TimeZone;
use tokio::sync::mpsc;
use tui::capabilities::{Capabilities, Depth, Ground};
use tui::preferences::News;
use tui::run::{Ended, Keep, Link, run as sail};
use tui::screen::Screen;
use tui::session::Session;

use crate::editor::Desktop;
use crate::launch::{self, Deck, Settings};
use crate::{bridge, ground, program, remembered, taste, terminal, watching};

/// How many wishes and replies may wait before their sender does.
const WAITING: usize = 64;

/// Opens the console on the clusters of the kubeconfig.
pub(crate) async fn run(settings: Settings) -> Result<(), Trouble> {
    if let Some(trouble) = launch::start_log(&settings)? {
        crate::cli::remark(&trouble);
    }
    terminal::catch_panics(&settings.state);
    let deck = launch::deck(&settings)?;
    let opening = if settings.config.restore { Opening::Restored(&settings.state) } else { Opening::Plain };
    let done = show(&deck, opening).await;
    deck.close().await;
    match done? {
        Next::Nothing => Ok(()),
        // The keys and the signals of this process belong to the console that was: the demo gets a process of its own.
        Next::Demo => Err(program::become_demo()),
    }
}

/// Says how a session begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Opening<'a> {
    /// As if it were the first.
    Plain,
    /// With the tour.
    Tour,
    /// Where the last one was left that kept something in this folder; what is to be remembered of it goes there too.
    Restored(&'a Path),
}

/// Says what comes after a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// Nothing.
    Nothing,
    /// The demo.
    Demo,
}

/// Shows a session until its operator leaves or the terminal is gone.
pub(crate) async fn show(deck: &Deck, opening: Opening<'_>) -> Result<Next, Trouble> {
    let env = |name: &str| std::env::var(name).ok();
    let capabilities = Capabilities::detect(env);
    let term = env("TERM").unwrap_or_default();
    let context = deck.context().ok();
    let (preferences, faults) = taste::gather(&deck.config.told(context.as_ref()), env);
    let asks = ground::may_ask(&term);
    let failed = |e: io::Error| Trouble::failed("The terminal failed", "standard output").why(e);
    let guard = terminal::enter(preferences.mouse && asks, !asks)?;
    let size = crossterm::terminal::size().map_err(failed)?.into();
    let settings = tui::session::Settings {
        actor: deck.actor.clone(),
        context: context.as_ref().map_or_else(String::new, |context| context.0.clone()),
        preferences,
        capabilities,
        offset: TimeZone::system().to_offset(launch::now()),
        size,
    };
    let (tell, news) = mpsc::channel(WAITING);
    for news in surroundings(env("COLORFGBG").as_deref(), faults) {
        let _ = tell.try_send(news);
    }
    let grounds = tell.clone();
    let events = terminal::events(move |ground| drop(grounds.try_send(News::Ground(ground))))?;
    if asks && capabilities.depth > Depth::None {
        terminal::ask_ground();
    }
    let watching = watching::begin(&deck.config, context, tell);
    // The first world and the ear for the others are one: what comes in between would never be shown, if nothing changed after it.
    let mut worlds = deck.worlds();
    let world = Arc::clone(&worlds.borrow_and_update());
    let (mut session, mut acts) = Session::new(settings, launch::now(), world);
    // Whoever stays hears whether the old entries of the journal are what they were, too.
    if let Err(trouble) = deck.engine.verify_behind() {
        tracing::warn!(%trouble, "the journal is not verified");
    }
    let kept = match opening {
        Opening::Plain => None,
        Opening::Tour => {
            session.tour();
            None
        }
        Opening::Restored(state) => {
            acts.extend(remembered::load(state).map(|memory| session.recall(&memory)).unwrap_or_default());
            Some(state.to_owned())
        }
    };
    let (wishes, wish_queue) = mpsc::channel(WAITING);
    let editing = Arc::new(Desktop::default());
    let (replies, reply_queue) = mpsc::channel(WAITING);
    let carrying = tokio::spawn(bridge::carry(deck.engine.clone(), deck.actor.clone(), wish_queue, replies));
    let link = Link {
        world: worlds,
        wishes,
        replies: reply_queue,
        clock: Arc::new(launch::now),
        news,
        mouse: Some(Arc::new(move |on| terminal::mouse(on && asks))),
        editor: Some(Arc::clone(&editing).editor()),
        opener: launch::variable("PATH").and_then(|path| program::opener(&path)),
        keep: kept.map(|state| -> Keep { Box::new(move |memory| remembered::keep(&state, &memory)) }),
    };
    let mut screen = Screen::new(terminal::Out, size, capabilities);
    let ended = sail(session, acts, broken_on_purpose(stream(events)), &mut screen, link).await;
    drop(guard);
    drop(watching);
    carrying.abort();
    if let Some(path) = editing.kept() {
        crate::cli::remark(&Trouble::failed("What you were editing was not applied", path.display()).next("It is kept there."));
    }
    match ended.map_err(failed)? {
        Ended::Quit | Ended::InputGone => Ok(Next::Nothing),
        Ended::Demo => Ok(Next::Demo),
        Ended::EngineGone => Err(Trouble::failed("The engine ended beneath the screen", "")
            .next("Start the console again: what was begun goes on. The log in the state folder says more.")),
    }
}

/// Returns what a session is told first: the ground as the environment knows it, and what is wrong with the preferences.
fn surroundings(colours: Option<&str>, faults: Vec<Trouble>) -> Vec<News> {
    let ground = colours.and_then(Ground::of_numbers).map(News::Ground);
    ground.into_iter().chain(faults.into_iter().map(|trouble| News::Trouble(Box::new(trouble)))).collect()
}

fn stream(mut events: mpsc::Receiver<Option<Event>>) -> impl Stream<Item = Event> + Unpin {
    poll_fn(move |cx| events.poll_recv(cx).map(Option::flatten))
}

/// Lets the next event panic on the screen's own thread where a test asks for it (`QUARTERDECK_PANIC`, debug builds only): that
/// the terminal is given back can only be seen on a whole program in a real terminal.
#[cfg(debug_assertions)]
fn broken_on_purpose(mut events: impl Stream<Item = Event> + Unpin) -> impl Stream<Item = Event> + Unpin {
    use futures::StreamExt;
    let words = std::env::var("QUARTERDECK_PANIC").ok();
    poll_fn(move |cx| {
        let event = events.poll_next_unpin(cx);
        let key = matches!(event, std::task::Poll::Ready(Some(Event::Key(_))));
        assert!(!(key && words.is_some()), "the console was asked to panic: {}", words.as_deref().unwrap_or_default());
        event
    })
}

/// Passes events on.
#[cfg(not(debug_assertions))]
const fn broken_on_purpose<S: Stream<Item = Event> + Unpin>(events: S) -> S {
    events
}
