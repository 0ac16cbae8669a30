//! The loop: input, world, replies and deadlines in; frames and wishes out. Generic over where keys come from and where
//! frames go, so that a terminal, an SSH channel and a test run the same code.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use crossterm::event::Event;
use domain::world::World;
use domain::{Time, Trouble};
use futures::{FutureExt, Stream, StreamExt};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use crate::capabilities::Notes;
use crate::editing::{Editor, Errand, Written};
use crate::effects::{Reply, Ticket, Wish};
use crate::later::Later;
use crate::memory::Memory;
use crate::preferences::News;
use crate::screen::Screen;
use crate::session::{Act, Msg, Session};
use crate::shell;

/// Connects a session to the engine. All channels are bounded.
pub struct Link {
    /// The world; the newest version wins.
    pub world: watch::Receiver<Arc<World>>,
    /// What the session wants. While it is full, wishes wait in the loop in their order; none is lost.
    pub wishes: mpsc::Sender<Wish>,
    /// What comes back.
    pub replies: mpsc::Receiver<Reply>,
    /// What time it is.
    pub clock: Arc<dyn Fn() -> Time + Send + Sync>,
    /// The operator's editor, where there is one.
    pub editor: Option<Editor>,
    /// What changes around the session; nothing comes any more when its senders are gone.
    pub news: mpsc::Receiver<News>,
    /// Takes the mouse for the session, or leaves it to the terminal; must not block.
    pub mouse: Option<Switch>,
    /// Opens a web address on the operator's desktop, where there is one; must not block.
    pub opener: Option<Opener>,
    /// Keeps what is to be remembered of the session when it ends.
    pub keep: Option<Keep>,
}

/// Keeps what is to be remembered.
pub type Keep = Box<dyn FnOnce(Memory) + Send>;

/// Switches something on or off.
pub type Switch = Arc<dyn Fn(bool) + Send + Sync>;

/// Opens a web address.
pub type Opener = Arc<dyn Fn(&str) + Send + Sync>;

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Link").finish_non_exhaustive()
    }
}

/// Says why a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The operator left.
    Quit,
    /// The operator left for the demo.
    Demo,
    /// There is no more input: the terminal is gone.
    InputGone,
    /// The engine is gone.
    EngineGone,
}

/// What is wanted of the editor, in order.
type Errands = VecDeque<(Ticket, Errand)>;

/// The shortest time between two frames that nobody asked for.
const FRAME: Duration = Duration::from_millis(16);

/// How long a new world may wait because keys keep coming.
const LATE: Duration = Duration::from_millis(250);

/// How long the selection rests before what says more about it follows.
const REST: Duration = Duration::from_millis(40);

/// Runs a session until it ends. `acts` are what [`Session::new`] wanted.
pub async fn run<S, W>(
    mut session: Session,
    acts: Vec<Act>,
    input: S,
    screen: &mut Screen<W>,
    mut link: Link,
) -> io::Result<Ended>
where
    S: Stream<Item = Event> + Unpin,
    W: Write,
{
    let mut backlog = VecDeque::new();
    let ended = sail(&mut session, acts, input, screen, (&mut link, &mut backlog)).await;
    if let Some(keep) = link.keep.take() {
        keep(session.memory());
    }
    // What was typed last is kept too, however the session ends.
    let last = session.leave((link.clock)()).into_iter();
    backlog.extend(last.filter_map(|act| if let Act::Wish(wish) = act { Some(wish) } else { None }));
    hand_over(&link.wishes, backlog).await;
    ended
}

async fn sail<S, W>(
    session: &mut Session,
    acts: Vec<Act>,
    input: S,
    screen: &mut Screen<W>,
    (link, backlog): (&mut Link, &mut VecDeque<Wish>),
) -> io::Result<Ended>
where
    S: Stream<Item = Event> + Unpin,
    W: Write,
{
    let mut input = input.fuse();
    let mut errands: Errands = VecDeque::new();
    if let Some(ended) = perform(acts, screen, (backlog, &mut errands), (session, link))? {
        return Ok(ended);
    }
    let mut dirty = true;
    // Whether a key has not been answered yet: that does not wait for the next frame's turn.
    let mut asked = false;
    let mut drawn: Option<Instant> = None;
    let mut put_off: Option<Instant> = None;
    // When what was held back of the last frame follows.
    let mut rest: Option<Instant> = None;
    loop {
        send(&link.wishes, backlog);
        if dirty && (asked || drawn.is_none_or(|at| at.elapsed() >= FRAME)) {
            screen.resize(session.size());
            // What says more about a row follows when the selection rests: a held key goes through a list without it.
            let first = asked && session.only_moved();
            let later = || if first { session.later() } else { Later::default() };
            let held = screen.draw_first(|buf| shell::view(session, buf), later)?.held;
            session.drawn();
            (dirty, asked, drawn) = (false, false, Some(Instant::now()));
            rest = held.then(|| Instant::now() + REST);
        }
        let wake = [next_wake(session, link, dirty, drawn), rest].into_iter().flatten().min();
        let mut inbox = Vec::new();
        tokio::select! {
            biased;
            event = input.next() => match event {
                Some(event) => inbox.push(Msg::Input(event)),
                None => return Ok(Ended::InputGone),
            },
            changed = link.world.changed() => match changed {
                Ok(()) => inbox.push(Msg::World(Arc::clone(&link.world.borrow_and_update()))),
                Err(_) => return Ok(Ended::EngineGone),
            },
            Some(news) = link.news.recv() => inbox.push(Msg::News(news)),
            reply = link.replies.recv() => match reply {
                Some(reply) => inbox.push(Msg::Reply(reply)),
                None => return Ok(Ended::EngineGone),
            },
            permit = link.wishes.reserve(), if !backlog.is_empty() => {
                let Ok(permit) = permit else { return Ok(Ended::EngineGone) };
                if let Some(wish) = backlog.pop_front() {
                    permit.send(wish);
                }
                continue;
            },
            () = sleep(wake) => {
                if rest.is_some_and(|at| at <= Instant::now()) {
                    (dirty, rest) = (true, None);
                    continue;
                }
                if !dirty || session.deadline().is_some_and(|at| at <= (link.clock)()) {
                    inbox.push(Msg::Wake);
                }
            },
        }
        drain(&mut input, link, &mut inbox, &mut put_off);
        // A new size, or the terminal given back after a stop: what it shows is not known.
        if inbox.iter().any(|msg| matches!(msg, Msg::Input(Event::Resize(..)))) {
            screen.forget();
        }
        asked |= inbox.iter().any(|msg| matches!(msg, Msg::Input(_)));
        let mut inbox = VecDeque::from(inbox);
        while let Some(msg) = inbox.pop_front() {
            dirty = true;
            let acts = session.update((link.clock)(), msg);
            if let Some(ended) = perform(acts, screen, (backlog, &mut errands), (session, link))? {
                return Ok(ended);
            }
            while let Some((ticket, errand)) = errands.pop_front() {
                // What is wanted of the engine need not wait for a person at an editor.
                send(&link.wishes, backlog);
                inbox.push_back(Msg::Reply(Reply::Written(ticket, run_errand(link.editor.as_ref(), errand).await)));
                screen.forget();
            }
        }
    }
}

/// Takes everything that is already there, so that a burst of keys or of world versions makes one frame.
///
/// A new world is put off while there are keys, though not for long: what thousands of objects cost to look at is not in a key's
/// way, and the key means what its operator sees.
fn drain<S: Stream<Item = Event> + Unpin>(
    input: &mut futures::stream::Fuse<S>,
    link: &mut Link,
    inbox: &mut Vec<Msg>,
    put_off: &mut Option<Instant>,
) {
    const MOST: usize = 1024;
    while inbox.len() < MOST {
        let Some(Some(event)) = input.next().now_or_never() else { break };
        inbox.push(Msg::Input(event));
    }
    if link.world.has_changed().unwrap_or(false) {
        let keys = inbox.iter().any(|msg| matches!(msg, Msg::Input(_)));
        if keys && put_off.get_or_insert_with(Instant::now).elapsed() < LATE {
            return;
        }
        inbox.push(Msg::World(Arc::clone(&link.world.borrow_and_update())));
    }
    *put_off = None;
    while inbox.len() < MOST {
        let Ok(reply) = link.replies.try_recv() else { break };
        inbox.push(Msg::Reply(reply));
    }
}

/// Returns when to look again by itself: at the next frame while one is due, else at the session's deadline, else never.
fn next_wake(session: &Session, link: &Link, dirty: bool, drawn: Option<Instant>) -> Option<Instant> {
    let frame = drawn.filter(|_| dirty).map(|at| at + FRAME);
    let deadline = session.deadline().map(|at| {
        let ms = at.as_millisecond() - (link.clock)().as_millisecond();
        // One more, because the clock's milliseconds are cut off and waking too early would mean waking twice.
        Instant::now() + Duration::from_millis(u64::try_from(ms.max(0)).unwrap_or(0) + 1)
    });
    match (frame, deadline) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

async fn sleep(until: Option<Instant>) {
    match until {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// Runs an errand; the terminal is the editor's until it ends.
async fn run_errand(editor: Option<&Editor>, errand: Errand) -> Result<Written, Trouble> {
    match editor {
        Some(editor) => editor(errand).await,
        None => Err(Trouble::refused("There is no editor here", "").next("Edit it where you have a terminal of your own.")),
    }
}

fn send(wishes: &mpsc::Sender<Wish>, backlog: &mut VecDeque<Wish>) {
    while let Some(wish) = backlog.pop_front() {
        if let Err(mpsc::error::TrySendError::Full(wish) | mpsc::error::TrySendError::Closed(wish)) = wishes.try_send(wish) {
            backlog.push_front(wish);
            return;
        }
    }
}

/// Hands over what was still wanted at the end; an order that was given is given.
async fn hand_over(wishes: &mpsc::Sender<Wish>, backlog: VecDeque<Wish>) {
    for wish in backlog.into_iter().filter(|w| matches!(w, Wish::Give(..))) {
        if wishes.send(wish).await.is_err() {
            return;
        }
    }
}

/// Carries out acts; says how the session ended, if it is over.
fn perform<W: Write>(
    acts: Vec<Act>,
    screen: &mut Screen<W>,
    (backlog, errands): (&mut VecDeque<Wish>, &mut Errands),
    (session, link): (&Session, &Link),
) -> io::Result<Option<Ended>> {
    for act in acts {
        match act {
            Act::Wish(Wish::Forget(ticket)) => {
                // A query that was not sent yet need not be.
                let before = backlog.len();
                backlog.retain(|w| !matches!(w, Wish::Ask(t, _) if *t == ticket));
                if backlog.len() == before {
                    backlog.push_back(Wish::Forget(ticket));
                }
            }
            Act::Wish(wish) => backlog.push_back(wish),
            Act::Copy(text) => screen.raw(format!("\u{1b}]52;c;{}\u{7}", base64(text.as_bytes())).as_bytes())?,
            Act::Editor(ticket, errand) => errands.push_back((ticket, errand)),
            Act::Visit(url) => link.opener.iter().for_each(|open| open(&url)),
            Act::Mouse(on) => link.mouse.iter().for_each(|switch| switch(on)),
            Act::Notify(text) => screen.raw(notification(&text, session.cx().capabilities.notes).as_bytes())?,
            Act::Bell => screen.raw(b"\x07")?,
            Act::Quit => return Ok(Some(Ended::Quit)),
            Act::Demo => return Ok(Some(Ended::Demo)),
        }
    }
    Ok(None)
}

/// Returns what makes a terminal let the desktop say something. The text has no character that could end it.
fn notification(text: &str, notes: Notes) -> String {
    let text = domain::text::one_line(text);
    match notes {
        Notes::Nine => format!("\u{1b}]9;{text}\u{7}"),
        Notes::Seven => format!("\u{1b}]777;notify;Quarterdeck;{}\u{7}", text.replace(';', ",")),
    }
}

/// Writes bytes in base 64, as the clipboard sequence (OSC 52) wants them.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for at in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * at) & 63) as usize];
            out.push(if at <= chunk.len() { char::from(digit) } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests;
