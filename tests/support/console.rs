//! The program as people and scripts use it: as subcommands, and as a console in a real pseudo-terminal.

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// The program under test; a benchmark, for which none is named, says itself what it starts.
const PROGRAM: &str = match option_env!("CARGO_BIN_EXE_quarterdeck") {
    Some(path) => path,
    None => "quarterdeck",
};

/// Holds an operator's state folder and the cluster that their commands go to.
pub(crate) struct Operator {
    state: PathBuf,
    kubeconfig: PathBuf,
    home: tempfile::TempDir,
    /// Whether a console begins where the last one was left; else each is like the first.
    restores: bool,
}

/// What a subcommand said and how it ended.
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    /// Returns what was printed, of a command that must have succeeded.
    pub(crate) fn ok(self) -> String {
        assert_eq!(self.code, 0, "stdout:\n{}\nstderr:\n{}", self.out, self.err);
        self.out
    }

    /// Returns the printed JSON of a command that must have succeeded.
    pub(crate) fn json(self) -> Value {
        let text = self.ok();
        serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e} in {text}"))
    }

    /// Returns the error stream of a command that must have ended with this status.
    pub(crate) fn failed(self, code: i32) -> String {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.out, self.err);
        self.err
    }
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Operator {
    /// Makes an operator with an empty state folder who works on the cluster of this kubeconfig.
    pub(crate) fn new(kubeconfig: &Path) -> Self {
        let home = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(home.path().join(".gitconfig"), "[user]\n\tname = Ada Byron\n\temail = ada@acme.example\n")
            .expect("a file of our own");
        std::fs::write(home.path().join("fresh.toml"), "restore = false\n").expect("a file of our own");
        Self { state: home.path().join("state"), kubeconfig: kubeconfig.to_owned(), home, restores: false }
    }

    /// Lets consoles begin where the last one was left, by the operator's own configuration.
    pub(crate) fn restoring(mut self) -> Self {
        self.restores = true;
        self
    }

    /// Returns what a console knows besides: where its configuration is.
    fn configuration(&self) -> Option<(&'static str, String)> {
        let file = self.home.path().join("fresh.toml");
        (!self.restores).then(|| ("QUARTERDECK_CONFIG", file.to_string_lossy().into_owned()))
    }

    /// Returns the state folder.
    pub(crate) fn state(&self) -> &Path {
        &self.state
    }

    fn environment(&self) -> Vec<(&'static str, String)> {
        let path = |p: &Path| p.to_string_lossy().into_owned();
        vec![
            ("HOME", path(self.home.path())),
            ("KUBECONFIG", path(&self.kubeconfig)),
            ("QUARTERDECK_STATE", path(&self.state)),
            ("USER", "ada".to_owned()),
            ("LANG", "C.UTF-8".to_owned()),
            ("TERM", "xterm-256color".to_owned()),
            ("PATH", std::env::var("PATH").unwrap_or_default()),
        ]
    }

    fn command<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Command {
        let mut command = Command::new(PROGRAM);
        command.args(arguments).env_clear().envs(self.environment()).stdin(Stdio::null());
        command
    }

    /// Makes an operator without any kubeconfig.
    pub(crate) fn lost() -> Self {
        let mut operator = Self::new(Path::new(""));
        operator.kubeconfig = operator.home.path().join("no-kubeconfig");
        operator
    }

    /// Keeps the state in another folder from now on.
    pub(crate) fn with_state(mut self, state: &Path) -> Self {
        state.clone_into(&mut self.state);
        self
    }

    /// Writes a file below the home folder and returns where it is.
    pub(crate) fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.home.path().join(name);
        std::fs::write(&path, text).expect("a file of our own");
        path
    }

    /// Runs a subcommand in a shell, as `quarterdeck ARGUMENTS REST`; its status is that of the last part of a pipe.
    pub(crate) fn shell(&self, line: &str) -> Said {
        let mut command = Command::new("sh");
        command.arg("-c").arg(line).env_clear().envs(self.environment()).env("QUARTERDECK", PROGRAM).stdin(Stdio::null());
        command.output().expect("a shell").into()
    }

    /// Runs a subcommand to its end.
    pub(crate) fn run<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Said {
        self.command(arguments).output().expect("the program starts").into()
    }

    /// Runs a subcommand with further environment variables.
    pub(crate) fn run_with(&self, arguments: &[&str], more: &[(&str, &str)]) -> Said {
        self.command(arguments).envs(more.iter().copied()).output().expect("the program starts").into()
    }

    /// Runs a subcommand in a folder, with further environment variables.
    pub(crate) fn run_in(&self, folder: &Path, arguments: &[&str], more: &[(&str, &str)]) -> Said {
        self.command(arguments).current_dir(folder).envs(more.iter().copied()).output().expect("the program starts").into()
    }

    /// Starts a subcommand and leaves it running.
    pub(crate) fn start(&self, arguments: &[&str]) -> std::process::Child {
        self.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts")
    }

    /// Opens the console in a pseudo-terminal.
    pub(crate) fn console(&self, columns: u16, rows: u16) -> Console {
        self.console_with(columns, rows, &[])
    }

    /// Opens the console in a pseudo-terminal with further arguments.
    pub(crate) fn console_with(&self, columns: u16, rows: u16, arguments: &[&str]) -> Console {
        let mut builder = CommandBuilder::new(PROGRAM);
        builder.args(arguments);
        self.open(builder, columns, rows)
    }

    /// Opens the console in a pseudo-terminal that says of itself what these variables say.
    pub(crate) fn console_as(&self, columns: u16, rows: u16, more: &[(&str, &str)]) -> Console {
        let mut builder = CommandBuilder::new(PROGRAM);
        builder.env_clear();
        if let Some((name, value)) = self.configuration() {
            builder.env(name, value);
        }
        for (name, value) in self.environment().iter().map(|(n, v)| (*n, v.as_str())).chain(more.iter().copied()) {
            builder.env(name, value);
        }
        Console::start(builder, columns, rows)
    }

    /// Runs a line in a shell in a pseudo-terminal; the program is `$QUARTERDECK` there.
    pub(crate) fn shell_in_terminal(&self, line: &str, columns: u16, rows: u16) -> Console {
        let mut builder = CommandBuilder::new("sh");
        builder.args(["-c", line]);
        self.open(builder, columns, rows)
    }

    fn open(&self, mut builder: CommandBuilder, columns: u16, rows: u16) -> Console {
        builder.env_clear();
        builder.env("QUARTERDECK", PROGRAM);
        for (name, value) in self.environment().into_iter().chain(self.configuration()) {
            builder.env(name, value);
        }
        Console::start(builder, columns, rows)
    }
}

impl Console {
    /// Starts a program in a pseudo-terminal.
    pub(crate) fn start(builder: CommandBuilder, columns: u16, rows: u16) -> Self {
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).expect("a pseudo-terminal");
        let child = pair.slave.spawn_command(builder).expect("the program starts");
        drop(pair.slave);
        let reader = pair.master.try_clone_reader().expect("a reader");
        let writer = pair.master.take_writer().expect("a writer");
        let screen = Arc::new((
            Mutex::new(Screen {
                parser: vt100::Parser::new(cells(rows), cells(columns), 0),
                raw: Vec::new(),
                torn: false,
                leave: false,
                over: false,
            }),
            Condvar::new(),
        ));
        let seen = Arc::clone(&screen);
        thread::spawn(move || watch(reader, &seen));
        Console { child, writer: Some(writer), screen, master: Some(pair.master) }
    }
}

fn cells(count: u16) -> NonZeroU16 {
    NonZeroU16::new(count).expect("a terminal has cells")
}

struct Screen {
    parser: vt100::Parser,
    /// Everything that was written, as it came.
    raw: Vec<u8>,
    /// Whether the frame that is being drawn has not come whole yet, as its marks say.
    torn: bool,
    /// Whether the reader is to let go of the terminal.
    leave: bool,
    over: bool,
}

fn watch(mut reader: Box<dyn Read + Send>, screen: &(Mutex<Screen>, Condvar)) {
    let mut buffer = [0; 8192];
    loop {
        let got = reader.read(&mut buffer).unwrap_or(0);
        let mut held = screen.0.lock().expect("no panic in the reader");
        if got == 0 || held.leave {
            drop(reader);
            held.over = true;
            screen.1.notify_all();
            return;
        }
        // A mark may have come in two parts.
        let from = held.raw.len().saturating_sub(MARK - 1);
        held.raw.extend_from_slice(&buffer[..got]);
        held.parser.process(&buffer[..got]);
        held.torn = is_torn(&held.raw[from..]).unwrap_or(held.torn);
        screen.1.notify_all();
    }
}

/// How long the marks around a frame are.
const MARK: usize = 8;

/// Tells whether what was written last is the beginning of a frame without its end; nothing when it is neither.
fn is_torn(raw: &[u8]) -> Option<bool> {
    let last = |mark: &[u8; MARK]| raw.windows(MARK).rposition(|part| part == mark);
    let (begins, ends) = (last(b"\x1b[?2026h"), last(b"\x1b[?2026l"));
    (begins.is_some() || ends.is_some()).then_some(begins > ends)
}

/// Holds a console in a pseudo-terminal; dropping it kills it.
pub(crate) struct Console {
    child: Box<dyn portable_pty::Child + Send + Sync>,
    writer: Option<Box<dyn Write + Send>>,
    screen: Arc<(Mutex<Screen>, Condvar)>,
    master: Option<Box<dyn MasterPty + Send>>,
}

impl Console {
    /// Types keys as the terminal sends them.
    pub(crate) fn keys(&mut self, keys: &str) {
        let writer = self.writer.as_mut().expect("the terminal is there");
        writer.write_all(keys.as_bytes()).and_then(|()| writer.flush()).expect("the console reads");
    }

    fn screen(&self) -> MutexGuard<'_, Screen> {
        self.screen.0.lock().expect("no panic in the reader")
    }

    /// Returns what is on the screen.
    pub(crate) fn text(&self) -> String {
        self.screen().parser.screen().contents()
    }

    /// Returns how many bytes the console has written so far.
    pub(crate) fn bytes(&self) -> usize {
        self.screen().raw.len()
    }

    /// Returns everything that the console has written so far, as it came.
    pub(crate) fn raw(&self) -> Vec<u8> {
        self.screen().raw.clone()
    }

    /// Tells whether the terminal shows its alternate screen.
    pub(crate) fn is_alternate(&self) -> bool {
        self.screen().parser.screen().alternate_screen()
    }

    /// Returns the colour in which a text begins that is on the screen.
    pub(crate) fn colour(&self, text: &str) -> Option<vt100::Color> {
        let held = self.screen();
        let screen = held.parser.screen();
        let (rows, columns) = screen.size();
        let found = screen.rows(0, columns.get()).zip(0..rows.get()).find_map(|(line, row)| Some((row, line.find(text)?, line)));
        let (row, at, line) = found?;
        // Everything that stands before it is one cell wide.
        let column = u16::try_from(line[..at].chars().count()).ok()?;
        screen.cell(row, column).map(vt100::Cell::fgcolor)
    }

    /// Waits until the screen satisfies a condition; panics with the screen when that takes too long.
    pub(crate) fn until(&self, what: &str, limit: Duration, fits: impl Fn(&str) -> bool) -> String {
        let seen = self.when(limit, |screen| Some(screen.contents()).filter(|text| fits(text)));
        seen.unwrap_or_else(|| {
            let over = self.screen().over;
            let text = self.text();
            panic!("{what} did not come within {limit:?} (ended: {over}); the screen:\n{}", text.trim_end());
        })
    }

    /// Waits until there is something to be said of a whole screen, and returns it; nothing when that takes too long.
    pub(crate) fn when<T>(&self, limit: Duration, look: impl Fn(&vt100::Screen) -> Option<T>) -> Option<T> {
        let end = Instant::now() + limit;
        let mut held = self.screen();
        loop {
            let found = if held.torn { None } else { look(held.parser.screen()) };
            let left = end.saturating_duration_since(Instant::now());
            if found.is_some() || left.is_zero() || held.over {
                return found;
            }
            held = self.screen.1.wait_timeout(held, left).expect("no panic in the reader").0;
        }
    }

    /// Waits until a text is on the screen.
    pub(crate) fn see(&self, text: &str) -> String {
        self.until(&format!("\u{201c}{text}\u{201d}"), Duration::from_mins(1), |screen| screen.contains(text))
    }

    /// Tells whether nothing of a console is left on the terminal: no second screen, no hidden cursor, no mouse.
    pub(crate) fn is_plain(&self) -> bool {
        let held = self.screen();
        let screen = held.parser.screen();
        !screen.alternate_screen() && !screen.hide_cursor() && screen.mouse_protocol_mode() == vt100::MouseProtocolMode::None
    }

    /// Changes the size of the terminal.
    pub(crate) fn resize(&self, columns: u16, rows: u16) {
        self.screen().parser.screen_mut().set_size(cells(rows), cells(columns));
        let master = self.master.as_ref().expect("the terminal is there");
        master.resize(PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }).expect("a new size");
    }

    /// Sends the console a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.pid()).ok().and_then(Pid::from_raw).expect("a process id");
        kill_process(id, signal).expect("the console lives");
    }

    /// Takes the terminal away, as closing its window does.
    pub(crate) fn hang_up(&mut self) {
        self.screen().leave = true;
        // A reader that waits lets go at the next thing that is drawn.
        let size = self.master.as_ref().expect("the terminal is there").get_size().expect("a size");
        self.resize(size.cols - 1, size.rows);
        super::wait("the reader lets go", Duration::from_secs(10), || self.screen().over.then_some(()));
        self.writer = None;
        self.master = None;
    }

    /// Returns the process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.process_id().expect("a running console")
    }

    /// Kills the console as kill -9 does.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Waits until the console has ended, and returns its exit status.
    pub(crate) fn ended(&mut self, limit: Duration) -> u32 {
        super::wait("the console ends", limit, || self.child.try_wait().expect("a child")).exit_code()
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        self.kill();
    }
}
