//! One console in a pseudo-terminal, and what can be measured of any console from outside.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::CommandBuilder;

use super::cut::Way;
use super::fill::{self, Changes};
use crate::support::cluster::Api;
use crate::support::console::Console;

/// How long a list may take to be there.
const LISTED: Duration = Duration::from_mins(1);
/// How long a key may take to be answered.
const ANSWERED: Duration = Duration::from_secs(2);
/// How long keys are typed at most.
const KEYS: Duration = Duration::from_secs(20);
/// How many keys are typed: of so many the second worst is what 99 % stay below.
const COUNT: usize = 200;
/// How long is looked at rest, and at changes.
pub(super) const LOOK: Duration = Duration::from_secs(15);

/// Says how a console is started and what its screen looks like.
pub(super) struct Tool {
    pub(super) name: &'static str,
    pub(super) program: PathBuf,
    pub(super) arguments: &'static [&'static str],
    /// What is typed at its first frame to see the list.
    pub(super) open: &'static str,
}

/// What one start took.
pub(super) struct Start {
    pub(super) frame: Option<Duration>,
    pub(super) rows: Option<Duration>,
    pub(super) complete: Option<Duration>,
    /// kB.
    pub(super) resident: u64,
    /// kB.
    pub(super) peak: u64,
}

/// What a console does once the list is there.
pub(super) struct Held {
    pub(super) idle_cpu: f64,
    pub(super) idle_bytes: usize,
    /// Whether nothing but figures turned at rest: ages and the clock.
    pub(super) idle_turns: bool,
    pub(super) keys: Latency,
    pub(super) key_bytes: usize,
    pub(super) busy_cpu: f64,
    pub(super) busy_keys: Latency,
    pub(super) rate: f64,
}

/// How long keys took to be answered.
pub(super) struct Latency {
    count: usize,
    median: Duration,
    worst: Duration,
}

impl Latency {
    fn of(mut all: Vec<Duration>) -> Self {
        all.sort_unstable();
        Self { count: all.len(), median: all[all.len() / 2], worst: all[all.len() * 99 / 100] }
    }
}

impl fmt::Display for Latency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = |duration: Duration| duration.as_secs_f64() * 1000.0;
        write!(f, "{:.1} / {:.1} ms", ms(self.median), ms(self.worst))
    }
}

/// Returns the moment when something is so.
fn now(is: bool) -> Option<Instant> {
    is.then(Instant::now)
}

/// Returns the screen's text with every figure, and the unit that may turn with it, blotted out.
fn without_figures(screen: &vt100::Screen) -> String {
    let text = screen.contents();
    let words = text.split(' ').map(|word| {
        let age = |c: char| c.is_ascii_digit() || matches!(c, 's' | 'm' | 'h' | 'd' | ':');
        if word.trim().starts_with(|c: char| c.is_ascii_digit()) && word.trim().chars().all(age) { "#" } else { word }
    });
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Returns what tells the selected row from the others whatever it says: each row's ground.
fn selection(screen: &vt100::Screen) -> Vec<(vt100::Color, bool)> {
    const COLUMN: u16 = 14;
    (0..screen.size().0.get()).filter_map(|row| screen.cell(row, COLUMN)).map(|c| (c.bgcolor(), c.inverse())).collect()
}

/// A console that runs, and where it keeps what it keeps.
struct Running {
    console: Console,
    start: Instant,
    _home: tempfile::TempDir,
}

impl Tool {
    /// Tells whether it is installed.
    pub(super) fn exists(&self) -> bool {
        self.program.is_file()
    }

    fn run(&self, kubeconfig: &Path) -> (Running, Option<Instant>) {
        let home = tempfile::tempdir().expect("a temporary folder");
        let mut builder = CommandBuilder::new(&self.program);
        builder.args(self.arguments);
        builder.env_clear();
        builder.env("HOME", home.path());
        builder.env("KUBECONFIG", kubeconfig);
        builder.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        builder.env("TERM", "xterm-256color");
        builder.env("LANG", "C.UTF-8");
        let start = Instant::now();
        let mut console = Console::start(builder, 120, 36);
        let frame = console.when(LISTED, |screen| now(screen.contents().split_whitespace().count() > 5));
        console.keys(self.open);
        (Running { console, start, _home: home }, frame)
    }

    /// Starts it, waits for the list and ends it.
    pub(super) fn start(&self, kubeconfig: &Path, objects: usize) -> Start {
        let (running, frame) = self.run(kubeconfig);
        let rows = running.console.when(LISTED, |screen| now(screen.contents().contains("app-0")));
        let complete = running.complete(objects);
        running.settle();
        let (resident, peak) = running.memory();
        let since = |at: Option<Instant>| at.map(|at| at - running.start);
        Start { frame: since(frame), rows: since(rows), complete: since(complete), resident, peak }
    }

    /// Looks at it for a while: at rest, at keys, and while objects change.
    pub(super) fn hold(&self, kubeconfig: &Path, objects: usize, change: impl Fn() -> Changes) -> Held {
        let (mut running, _) = self.run(kubeconfig);
        running.complete(objects);
        running.settle();
        let figures = |running: &Running| running.console.when(ANSWERED, |screen| Some(without_figures(screen)));
        let seen = figures(&running);
        let (idle_cpu, idle_bytes) = running.cost(|_| thread::sleep(LOOK));
        let idle_turns = seen == figures(&running);
        let before = running.console.bytes();
        let keys = running.keys(COUNT, Duration::from_millis(20));
        let key_bytes = (running.console.bytes() - before) / keys.count;
        let changes = change();
        thread::sleep(Duration::from_secs(2));
        let (busy_cpu, _) = running.cost(|_| thread::sleep(LOOK));
        let busy_keys = running.keys(COUNT, Duration::from_millis(50));
        let rate = changes.rate();
        Held { idle_cpu, idle_bytes, idle_turns, keys, key_bytes, busy_cpu, busy_keys, rate }
    }

    /// Cuts it off for a while, in which one object is made; returns how long after it that one was counted.
    pub(super) fn heal(&self, kubeconfig: &Path, objects: usize) -> Option<Duration> {
        let way = Way::to(kubeconfig);
        let (running, _) = self.run(&way.kubeconfig());
        running.complete(objects)?;
        running.settle();
        let api = Api::new(kubeconfig);
        let back = way.outage(|| fill::add(&api, objects));
        let healed = running.complete(objects + 1);
        fill::remove(&api, objects);
        healed.map(|at| at.saturating_duration_since(back))
    }
}

impl Running {
    fn complete(&self, objects: usize) -> Option<Instant> {
        let plain = objects.to_string();
        let (head, tail) = plain.split_at(plain.len().saturating_sub(3));
        let grouped = format!("{head},{tail}");
        self.console.when(LISTED, |screen| {
            let text = screen.contents();
            now(text.contains(&plain) || text.contains(&grouped))
        })
    }

    /// Waits until nothing is written any more, not for ever.
    fn settle(&self) {
        let end = Instant::now() + Duration::from_secs(8);
        let mut before = self.console.bytes();
        while Instant::now() < end {
            thread::sleep(Duration::from_secs(3));
            if std::mem::replace(&mut before, self.console.bytes()) == self.console.bytes() {
                return;
            }
        }
    }

    /// Returns the memory that is resident and that was at most, in kB.
    fn memory(&self) -> (u64, u64) {
        let status = fs::read_to_string(format!("/proc/{}/status", self.console.pid())).unwrap_or_default();
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.trim_matches(|c: char| !c.is_ascii_digit()).parse().ok()
        };
        (field("VmRSS:").unwrap_or(0), field("VmHWM:").unwrap_or(0))
    }

    /// Returns the processor time of all its threads in seconds.
    fn cpu(&self) -> f64 {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.console.pid())).into_iter().flatten().flatten();
        let spent = |task: fs::DirEntry| -> Option<u64> {
            fs::read_to_string(task.path().join("schedstat")).ok()?.split_whitespace().next()?.parse().ok()
        };
        Duration::from_nanos(tasks.filter_map(spent).sum()).as_secs_f64()
    }

    /// Returns the share of one processor, in percent, and the bytes to the terminal that something took.
    fn cost(&self, act: impl FnOnce(&Self)) -> (f64, usize) {
        let (start, cpu, bytes) = (Instant::now(), self.cpu(), self.console.bytes());
        act(self);
        let share = (self.cpu() - cpu) / start.elapsed().as_secs_f64() * 100.0;
        (share, self.console.bytes() - bytes)
    }

    /// Moves the selection up and down and returns how long it took until it was seen elsewhere.
    fn keys(&mut self, count: usize, pause: Duration) -> Latency {
        let (mut all, begun) = (Vec::new(), Instant::now());
        for n in 0..count {
            // One that answers in seconds has been seen enough of.
            if begun.elapsed() > KEYS {
                break;
            }
            let before = self.console.when(ANSWERED, |screen| Some(selection(screen))).unwrap_or_default();
            let start = Instant::now();
            self.console.keys(if n % 20 < 10 { "j" } else { "k" });
            let seen = self.console.when(ANSWERED, |screen| now(selection(screen) != before));
            all.push(seen.map_or(ANSWERED, |at| at - start));
            thread::sleep(pause);
        }
        Latency::of(all)
    }
}
