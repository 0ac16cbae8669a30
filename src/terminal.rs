//! The terminal: raw mode and alternate screen, keys, size, suspension, hang-up, and putting all of it back.
//!
//! Keys are read by a thread of our own that asks the descriptor for hang-up before it lets crossterm read, because
//! crossterm's reader never ends on a terminal that is gone. SIGHUP and SIGTERM end the process within a second even when
//! everything else is stuck. A panic writes its report into the state folder; the terminal is restored by whoever unwinds
//! out of the console, not by the hook, since the hook also runs for tasks whose panic is caught.
#![expect(clippy::disallowed_methods, reason = "the terminal itself: sequences of our own are written here, and words as Shown")]

use std::any::Any;
use std::fs::OpenOptions;
use std::io::{self, IsTerminal, PipeReader, PipeWriter, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crossterm::event::{self, DisableBracketedPaste, EnableBracketedPaste, Event, KeyCode, KeyModifiers};
use crossterm::terminal::{Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use crossterm::{cursor, execute};
use domain::text::Shown;
use domain::{Trouble, redact};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::termios::{LocalModes, OptionalActions};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGTSTP, SIGWINCH};
use signal_hook::iterator::Signals;
use tokio::sync::mpsc;
use tui::capabilities::Ground;

use crate::ground::{Ear, QUESTION};

/// How long a look at the keys may take: the reader looks at nothing when it is given no time at all.
///
/// A little more than a millisecond: the reader sleeps whole ones and asks without a pause for the rest of the time.
const GLANCE: Duration = Duration::from_micros(1_100);

/// Whether the terminal is lent to another program: then no key is read here, and Ctrl-C is meant for that program.
static LENT: Mutex<Lent> = Mutex::new(Lent { to_another: false, resting: false, bell: None });
/// Rings when the reader of keys has gone to rest, or may go on.
static TURN: Condvar = Condvar::new();

/// Says who has the terminal's keys.
struct Lent {
    to_another: bool,
    /// Whether the reader of keys has stopped.
    resting: bool,
    /// Wakes the reader of keys out of its waiting; there is none as long as no key is read.
    bell: Option<PipeWriter>,
}

static ENTERED: AtomicBool = AtomicBool::new(false);

/// Whether the mouse is wanted while the console has the terminal.
static MOUSE: AtomicBool = AtomicBool::new(false);

/// Whether the terminal shows one screen only, so that what the console drew has to be wiped off at the end.
static ONE_SCREEN: AtomicBool = AtomicBool::new(false);

/// Presses, the wheel and movement while a button is held, in a form without bounds; not movement as such, which would send bytes
/// for nothing.
const MOUSE_ON: &[u8] = b"\x1b[?1000h\x1b[?1002h\x1b[?1006h";
const MOUSE_OFF: &[u8] = b"\x1b[?1006l\x1b[?1002l\x1b[?1000l";

/// Where a panic's report is written.
static REPORT: OnceLock<PathBuf> = OnceLock::new();

/// Holds the terminal while the console has it; dropping it gives it back.
#[derive(Debug)]
pub(crate) struct Guard(());

/// Takes the terminal: raw mode, alternate screen, bracketed paste, and the mouse if it is wanted; with Shift the mouse stays the
/// terminal's own, for selecting text. `one_screen` says that it has no second screen to come back from.
pub(crate) fn enter(mouse: bool, one_screen: bool) -> Result<Guard, Trouble> {
    needed()?;
    MOUSE.store(mouse, Ordering::SeqCst);
    ONE_SCREEN.store(one_screen, Ordering::SeqCst);
    take().map_err(|e| Trouble::failed("Could not take the terminal", "standard output").why(e))?;
    Ok(Guard(()))
}

fn take() -> io::Result<()> {
    enable_raw_mode()?;
    let mut out = io::stdout().lock();
    ENTERED.store(true, Ordering::SeqCst);
    execute!(out, EnterAlternateScreen, EnableBracketedPaste, cursor::Hide)?;
    if MOUSE.load(Ordering::SeqCst) {
        out.write_all(MOUSE_ON)?;
        out.flush()?;
    }
    Ok(())
}

/// Takes the mouse, or leaves it to the terminal.
pub(crate) fn mouse(on: bool) {
    let mut out = io::stdout().lock();
    if MOUSE.swap(on, Ordering::SeqCst) != on && ENTERED.load(Ordering::SeqCst) {
        let _ = out.write_all(if on { MOUSE_ON } else { MOUSE_OFF }).and_then(|()| out.flush());
    }
}

/// Asks for the ground that the terminal draws on; the answer comes among the keys.
pub(crate) fn ask_ground() {
    let _ = Out.write_all(QUESTION).and_then(|()| Out.flush());
}

/// Gives the terminal back; doing it twice does no harm.
pub(crate) fn leave() {
    let mut out = io::stdout().lock();
    if ENTERED.swap(false, Ordering::SeqCst) {
        if MOUSE.load(Ordering::SeqCst) {
            let _ = out.write_all(MOUSE_OFF);
        }
        if ONE_SCREEN.load(Ordering::SeqCst) {
            let _ = execute!(out, Clear(ClearType::All), cursor::MoveTo(0, 0));
        }
        let _ = execute!(out, DisableBracketedPaste, LeaveAlternateScreen, cursor::Show);
        let _ = disable_raw_mode();
    }
}

/// Gives the terminal back to the console, or to whoever had it, when it is dropped.
#[derive(Debug)]
pub(crate) struct Away {
    entered: bool,
}

/// Lends the terminal to another program: what the console has of it is given back, and no key is read meanwhile.
pub(crate) fn lend() -> Away {
    let mut lent = LENT.lock().unwrap_or_else(PoisonError::into_inner);
    lent.to_another = true;
    if let Some(bell) = &mut lent.bell {
        let rung = bell.write_all(b"x").is_ok();
        while rung && !lent.resting {
            // A reader that is gone rests for ever; a moment is enough for one that is there.
            let waited = TURN.wait_timeout(lent, Duration::from_millis(500)).unwrap_or_else(PoisonError::into_inner);
            lent = waited.0;
            if waited.1.timed_out() {
                break;
            }
        }
    }
    drop(lent);
    let entered = ENTERED.load(Ordering::SeqCst);
    leave();
    Away { entered }
}

impl Drop for Away {
    fn drop(&mut self) {
        if self.entered {
            let _ = take();
        }
        LENT.lock().unwrap_or_else(PoisonError::into_inner).to_another = false;
        TURN.notify_all();
    }
}

/// Tells whether the terminal is lent to another program.
fn is_lent() -> bool {
    LENT.lock().unwrap_or_else(PoisonError::into_inner).to_another
}

/// Rests while the terminal is lent.
fn rest(bell: &mut PipeReader) {
    // What rang is taken out, so that the next ring is heard.
    let _ = bell.read(&mut [0; 64]);
    let mut lent = LENT.lock().unwrap_or_else(PoisonError::into_inner);
    lent.resting = lent.to_another;
    TURN.notify_all();
    while lent.to_another {
        lent = TURN.wait(lent).unwrap_or_else(PoisonError::into_inner);
    }
    lent.resting = false;
}

/// Writes to the terminal while the console has it. What comes later, from a frame that was being drawn when the terminal was
/// given back, is dropped instead of landing among the shell's lines.
#[derive(Debug)]
pub(crate) struct Out;

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut out = io::stdout().lock();
        if ENTERED.load(Ordering::SeqCst) { out.write(bytes) } else { Ok(bytes.len()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut out = io::stdout().lock();
        if ENTERED.load(Ordering::SeqCst) { out.flush() } else { Ok(()) }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        leave();
    }
}

/// Keeps what is in memory, and with it every secret, out of files that the system writes when a process dies.
pub(crate) fn leave_no_core() {
    let none = rustix::process::Rlimit { current: Some(0), maximum: Some(0) };
    // Where that is not allowed it is the system's choice, as it was.
    let _ = rustix::process::setrlimit(rustix::process::Resource::Core, none);
}

/// Tells whether somebody can be asked on the terminal: there is one, and no screen is drawn on it.
pub(crate) fn may_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal() && !ENTERED.load(Ordering::SeqCst)
}

/// Says on the terminal what went wrong, before something is asked once more.
pub(crate) fn tell(trouble: &Trouble) {
    let _ = writeln!(io::stderr().lock(), "{}", Shown::lines(&trouble.to_string()));
}

/// Asks for a line that is not shown while it is typed; Ctrl-C and Ctrl-D give none.
pub(crate) fn ask_hidden(question: &str) -> Result<String, Trouble> {
    let failed = |e: io::Error| Trouble::failed("Could not read the answer", "terminal").why(e);
    let stdin = io::stdin();
    let before = rustix::termios::tcgetattr(&stdin).map_err(|e| failed(e.into()))?;
    let mut raw = before.clone();
    raw.local_modes.remove(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG);
    rustix::termios::tcsetattr(&stdin, OptionalActions::Flush, &raw).map_err(|e| failed(e.into()))?;
    // Whoever sees the question can type without being seen.
    let _ = write!(io::stderr().lock(), "{question}");
    let typed = typed(&mut stdin.lock());
    let restored = rustix::termios::tcsetattr(&stdin, OptionalActions::Now, &before);
    let _ = writeln!(io::stderr().lock());
    restored.map_err(|e| failed(e.into()))?;
    typed.map_err(failed)
}

/// Reads keys up to the end of a line.
fn typed(keys: &mut impl Read) -> io::Result<String> {
    let (mut bytes, mut key) = (Vec::new(), [0]);
    while keys.read(&mut key)? == 1 {
        match key[0] {
            b'\r' | b'\n' => break,
            // Ctrl-C, Ctrl-D.
            3 | 4 => return Ok(String::new()),
            // Ctrl-U.
            21 => bytes.clear(),
            // Backspace takes a whole character.
            8 | 127 => while bytes.pop().is_some_and(|byte: u8| byte & 0xc0 == 0x80) {},
            byte => bytes.push(byte),
        }
    }
    String::from_utf8(bytes).map_err(|_| io::Error::from(io::ErrorKind::InvalidData))
}

/// Says that a console needs a terminal where there is none, before anything is begun.
pub(crate) fn needed() -> Result<(), Trouble> {
    if io::stdin().is_terminal() && io::stdout().is_terminal() {
        return Ok(());
    }
    Err(Trouble::usage("The console needs a terminal", "standard input and output")
        .next("Use a subcommand in scripts; quarterdeck --help lists them."))
}

/// Starts reading keys; `ground` is told what the terminal answers to [`ask_ground`]. Nothing comes as the last item, when the terminal is gone or the process was told to end.
pub(crate) fn events(ground: impl Fn(Ground) + Send + 'static) -> Result<mpsc::Receiver<Option<Event>>, Trouble> {
    let (sender, receiver) = mpsc::channel(256);
    let failed = |e: io::Error| Trouble::failed("Could not read the terminal", "standard input").why(e);
    let mut signals = Signals::new([SIGHUP, SIGTERM, SIGINT, SIGWINCH]).map_err(failed)?;
    let resizes = sender.clone();
    let (bell, ring) = io::pipe().map_err(failed)?;
    LENT.lock().unwrap_or_else(PoisonError::into_inner).bell = Some(ring);
    thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || {
            for signal in signals.forever() {
                if signal == SIGWINCH {
                    if let Ok((width, height)) = crossterm::terminal::size() {
                        let _ = resizes.blocking_send(Some(Event::Resize(width, height)));
                    }
                } else if signal != SIGINT || !is_lent() {
                    end_soon(&resizes);
                }
            }
        })
        .map_err(failed)?;
    thread::Builder::new()
        .name("keys".to_owned())
        .spawn(move || {
            read(&sender, bell, &ground);
            let _ = sender.blocking_send(None);
        })
        .map_err(failed)?;
    Ok(receiver)
}

/// Ends the process within a second: asks the session to end, and ends without it when it is stuck.
///
/// The terminal is then restored from a thread of its own, since a dead terminal may block whoever writes to it.
fn end_soon(session: &mpsc::Sender<Option<Event>>) {
    let _ = session.try_send(None);
    thread::sleep(Duration::from_millis(600));
    thread::spawn(leave);
    thread::sleep(Duration::from_millis(200));
    std::process::exit(0);
}

fn read(sender: &mpsc::Sender<Option<Event>>, mut bell: PipeReader, ground: &dyn Fn(Ground)) {
    let stdin = io::stdin();
    let mut ear = Ear::new(Instant::now());
    loop {
        let mut descriptors =
            [PollFd::from_borrowed_fd(stdin.as_fd(), PollFlags::IN), PollFd::from_borrowed_fd(bell.as_fd(), PollFlags::IN)];
        match poll(&mut descriptors, None) {
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => continue,
            Err(_) => return,
        }
        let (state, rung) = (descriptors[0].revents(), descriptors[1].revents());
        if rung.contains(PollFlags::IN) {
            rest(&mut bell);
            continue;
        }
        if state.intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL) {
            return;
        }
        // A look without any time does not even take what was read and understood already: keys that came together would wait
        // for the next one.
        while let Ok(true) = event::poll(GLANCE) {
            let Ok(event) = event::read() else { return };
            if is_suspend(&event) {
                suspend(sender);
                continue;
            }
            let (events, found) = ear.hear(event, Instant::now());
            found.into_iter().for_each(ground);
            for event in events {
                if sender.blocking_send(Some(event)).is_err() {
                    return;
                }
            }
        }
    }
}

fn is_suspend(event: &Event) -> bool {
    matches!(event, Event::Key(key) if key.code == KeyCode::Char('z') && key.modifiers == KeyModifiers::CONTROL)
}

/// Stops the process as Ctrl-Z does outside raw mode, and takes the terminal again when it goes on.
fn suspend(sender: &mpsc::Sender<Option<Event>>) {
    leave();
    let _ = signal_hook::low_level::emulate_default_handler(SIGTSTP);
    if take().is_ok()
        && let Ok((width, height)) = crossterm::terminal::size()
    {
        let _ = sender.blocking_send(Some(Event::Resize(width, height)));
    }
}

/// Makes panics write a report into a folder instead of over the screen.
///
/// The report holds the place, the message and the stack, and nothing of the program's data. Where it cannot be written, the
/// panic is told the usual way as long as that does not go over the screen.
pub(crate) fn catch_panics(folder: &Path) {
    let report = REPORT.get_or_init(|| folder.join("crash.txt"));
    std::panic::set_hook(Box::new(move |info| {
        let stack = std::backtrace::Backtrace::force_capture();
        let text = format!("quarterdeck {}\n{info}\n\n{stack}\n", env!("CARGO_PKG_VERSION"));
        // The message of a panic may hold anything, and the report is read in a terminal.
        let text = Shown::lines(&redact::cleaned(text)).to_string();
        let written =
            OpenOptions::new().create(true).append(true).mode(0o600).open(report).and_then(|mut f| f.write_all(text.as_bytes()));
        tracing::error!(report = %report.display(), "a panic was caught: {info}");
        if written.is_err() && !ENTERED.load(Ordering::SeqCst) {
            let _ = writeln!(io::stderr().lock(), "{}", Shown::lines(&redact::clean(&info.to_string())));
        }
    }));
}

/// Makes a file that must not grow any more (`ulimit -f`) an error like any other instead of the end of the process.
pub(crate) fn outlive_large_files() {
    // Where that cannot be had, the process ends there as by any other signal, and the next start goes on.
    let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, Arc::default());
}

/// Turns a panic that unwound out of the program into what its operator reads once the screen is gone.
pub(crate) fn broke(panic: &(dyn Any + Send)) -> Trouble {
    let words = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    let report = REPORT.get().filter(|report| report.exists()).map(|report| format!("; the report is in {}", report.display()));
    Trouble::failed("Something in it broke, and it stopped", "")
        .why(format!("{}{}", words.unwrap_or("it panicked"), report.unwrap_or_default()))
        .next("Nothing that was recorded is lost: start it again, and it goes on where it was.")
}
