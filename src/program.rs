//! Programs of others: found on the PATH, run with an environment of their own, within bounds of time and output, and ended
//! with all that they started.
//!
//! What they are asked, and what their answer means, is known where they are used.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use domain::Trouble;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;

use crate::local::Export;

/// How long a program may take, and how many bytes it may print.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// How long it may take.
    pub(crate) time: Duration,
    /// How much it may print.
    pub(crate) output: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { time: Duration::from_mins(1), output: 64 << 20 }
    }
}

/// How much of the error stream is kept.
const WORDS: usize = 64 << 10;

/// What a program printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Printed {
    /// The manifests.
    pub(crate) text: String,
    /// What it said on its error stream.
    pub(crate) remarks: String,
}

/// The variables by which programs are told of proxies, as curl, git, helm and kustomize read them.
const PROXIES: [&str; 6] = ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "no_proxy", "NO_PROXY"];

/// How a program reaches others.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Way<'a> {
    /// The folders in which it finds other programs, as a PATH.
    pub(crate) path: &'a str,
    /// The variables that lead to other hosts; none for a program that is to reach none.
    pub(crate) proxies: &'a [(&'static str, String)],
}

/// Returns what the environment says of proxies, word for word. The passwords in it are known from then on, so that nothing tells them.
pub(crate) fn proxies(get: impl Fn(&str) -> Option<String>) -> Vec<(&'static str, String)> {
    let said: Vec<_> = PROXIES.into_iter().filter_map(|name| Some((name, get(name)?))).collect();
    for (_, address) in &said {
        domain::proxy::login(address);
    }
    said
}

/// Finds a program in the folders of a PATH; a relative folder is passed by.
pub(crate) fn find(path: &str, file: &str) -> Option<PathBuf> {
    let mut places = std::env::split_paths(path).filter(|folder| folder.is_absolute()).map(|folder| folder.join(file));
    places.find(|place| place.is_file() && rustix::fs::access(place, rustix::fs::Access::EXEC_OK).is_ok())
}

/// Returns what opens a web address on the operator's desktop, where a program for that is found.
pub(crate) fn opener(path: &str) -> Option<tui::run::Opener> {
    let name = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let program = find(path, name)?;
    Some(Arc::new(move |url| {
        // Only web addresses come here; the program gets it as one argument, and nothing of the terminal.
        let mut command = std::process::Command::new(&program);
        command.arg(url).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        if let Ok(mut child) = command.spawn() {
            std::thread::spawn(move || child.wait());
        }
    }))
}

/// Runs a program on a copy of files: in their root, with a home beside them and nothing else of the environment but the way.
/// `name` is its name as it is told, `object` what it renders.
pub(crate) async fn render(
    mut command: Command,
    (name, object): (&str, &str),
    (export, way): (&Export, Way<'_>),
    bounds: Bounds,
) -> Result<Printed, Trouble> {
    let root = export.root();
    command.current_dir(&root).env_clear().env("PATH", way.path).env("HOME", export.home()).envs(way.proxies.iter().cloned());
    let program = command.as_std().get_program().to_owned();
    let (status, out, err) = run(command, bounds).await.map_err(|fault| fault.told(Path::new(&program), bounds))?;
    // The folder is ours, and says nothing to whoever reads the message.
    let remarks =
        String::from_utf8_lossy(&err).replace(&format!("{}/", root.display()), "").replace(&*root.to_string_lossy(), ".");
    if !status.success() {
        return Err(Trouble::failed(format!("{name} could not render this"), object).why(remarks.trim()).next(""));
    }
    let text = String::from_utf8(out).map_err(|_| Trouble::failed(format!("{name} printed no UTF-8 text"), object))?;
    Ok(Printed { text, remarks })
}

/// Why a program did not come to its end.
#[derive(Debug)]
enum Fault {
    Io(io::Error),
    Late,
    Flood,
    Stopped,
}

impl Fault {
    fn told(&self, program: &Path, bounds: Bounds) -> Trouble {
        let name = program.display();
        match self {
            Self::Io(e) => Trouble::failed("The program could not be run", name).why(e),
            Self::Late => Trouble::timed_out("The program took too long and was ended", name)
                .why(format!("it had {} s", bounds.time.as_secs()))
                .next("Run it by hand to see what it waits for."),
            Self::Flood => Trouble::refused("The program printed too much and was ended", name)
                .why(format!("more than {} MiB", bounds.output >> 20)),
            Self::Stopped => Trouble::failed("Interrupted", name),
        }
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Ends a process group when it goes.
struct Group(Pid);

impl Drop for Group {
    fn drop(&mut self) {
        // It is gone already when all went well.
        let _ = kill_process_group(self.0, Signal::KILL);
    }
}

/// Runs a program in a process group of its own, to its end or to its bounds.
async fn run(mut command: Command, bounds: Bounds) -> Result<(ExitStatus, Vec<u8>, Vec<u8>), Fault> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0).kill_on_drop(true);
    let mut child = command.spawn()?;
    let number = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
    let _group = number.map(Group);
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let work = async {
        let (out, err) = tokio::try_join!(all(out, bounds.output, true), all(err, WORDS, false))?;
        Ok((child.wait().await?, out, err))
    };
    tokio::select! {
        done = tokio::time::timeout(bounds.time, work) => done.unwrap_or(Err(Fault::Late)),
        () = told_to_end() => Err(Fault::Stopped),
    }
}

/// Waits until this program is told to end: a process group of its own hears nothing of that.
async fn told_to_end() {
    use tokio::signal::unix::{SignalKind, signal};
    let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
    let mut signals: Vec<_> = kinds.into_iter().filter_map(|kind| signal(kind).ok()).collect();
    let waits = signals.iter_mut().map(|signal| Box::pin(signal.recv()));
    if waits.len() > 0 {
        futures::future::select_all(waits).await;
    } else {
        std::future::pending::<()>().await;
    }
}

/// Reads a stream to its end; more than `most` bytes are a fault when `strict`, and forgotten else.
async fn all(stream: Option<impl AsyncRead + Unpin>, most: usize, strict: bool) -> Result<Vec<u8>, Fault> {
    let Some(mut stream) = stream else { return Ok(Vec::new()) };
    let mut kept = Vec::new();
    let mut buffer = vec![0; 64 << 10];
    loop {
        let read = stream.read(&mut buffer).await?;
        if read == 0 {
            return Ok(kept);
        }
        if strict && kept.len() + read > most {
            return Err(Fault::Flood);
        }
        let room = most.saturating_sub(kept.len()).min(read);
        kept.extend_from_slice(&buffer[..room]);
    }
}

/// Becomes the demo, in this very terminal; returns only why that could not be done.
pub(crate) fn become_demo() -> Trouble {
    use std::os::unix::process::CommandExt;
    let failed = |why: io::Error| {
        Trouble::failed("The demo could not be started", "quarterdeck demo").why(why).next("Start it yourself: quarterdeck demo")
    };
    match std::env::current_exe() {
        Ok(program) => failed(std::process::Command::new(program).arg("demo").exec()),
        Err(why) => failed(why),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test says which input failed by failing")]

    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    use std::time::Instant;

    use super::*;

    /// What a shell would take apart arrives whole, as the one argument, and no shell ever sees it.
    #[test]
    fn what_opens_an_address_gets_it_as_one_argument() {
        let folder = tempfile::tempdir().unwrap();
        let (name, told) = (if cfg!(target_os = "macos") { "open" } else { "xdg-open" }, folder.path().join("told"));
        let text = format!("#!/bin/sh\nprintf '%s\\n' \"$#\" \"$@\" > {0}.new\nmv {0}.new {0}\n", told.display());
        let mut file =
            std::fs::OpenOptions::new().create_new(true).write(true).mode(0o700).open(folder.path().join(name)).unwrap();
        file.write_all(text.as_bytes()).unwrap();
        drop(file);
        assert!(opener("/nowhere").is_none());
        let open = opener(&folder.path().to_string_lossy()).unwrap();
        let url = "https://acme.example/a?b=$(touch${IFS}x)&c=`id`;'\"|>*";
        open(url);
        let begun = Instant::now();
        while !told.exists() {
            assert!(begun.elapsed() < Duration::from_mins(1), "it was not opened");
            std::thread::yield_now();
        }
        assert_eq!(std::fs::read_to_string(told).unwrap(), format!("1\n{url}\n"));
    }
}
