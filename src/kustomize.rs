//! The kustomize program, for what is not rendered in-process: found on the PATH, kept to a copy of the files, and bounded.
//!
//! It gets a home of its own and nothing else of the environment but the PATH; no plugin is switched on, and what it would
//! fetch is looked for beforehand. It ends with its whole process group when it takes too long or prints too much.

mod reach;

use std::io;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use domain::Trouble;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;

use crate::local::Export;

pub(crate) use reach::reach;

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

/// Holds a program that renders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Program {
    path: PathBuf,
    /// Its name as it is told: `kustomize`, `kubectl kustomize`.
    pub(crate) name: &'static str,
    verb: &'static str,
}

/// What a program printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Printed {
    /// The manifests.
    pub(crate) text: String,
    /// What it said on its error stream.
    pub(crate) remarks: String,
}

impl Program {
    /// Finds `kustomize`, else `kubectl`, in the folders of a PATH; a relative folder is passed by.
    pub(crate) fn find(path: &str) -> Option<Self> {
        let programs = [("kustomize", "kustomize", "build"), ("kubectl", "kubectl kustomize", "kustomize")];
        programs.into_iter().find_map(|(file, name, verb)| {
            let places = std::env::split_paths(path).filter(|folder| folder.is_absolute()).map(|folder| folder.join(file));
            let path = places
                .into_iter()
                .find(|place| place.is_file() && rustix::fs::access(place, rustix::fs::Access::EXEC_OK).is_ok())?;
            Some(Self { path, name, verb })
        })
    }

    /// Renders a folder of a copy.
    pub(crate) async fn render(
        &self,
        export: &Export,
        folder: &str,
        (path, helm): (&str, bool),
        bounds: Bounds,
    ) -> Result<Printed, Trouble> {
        let root = export.root();
        let mut command = Command::new(&self.path);
        command.arg(self.verb).arg(root.join(folder));
        if helm {
            command.arg("--enable-helm");
        }
        command.current_dir(&root).env_clear().env("PATH", path).env("HOME", export.home());
        let (status, out, err) = run(command, bounds).await.map_err(|fault| self.told(&fault, bounds))?;
        // The folder is ours, and says nothing to whoever reads the message.
        let remarks =
            String::from_utf8_lossy(&err).replace(&format!("{}/", root.display()), "").replace(&*root.to_string_lossy(), ".");
        if !status.success() {
            return Err(Trouble::failed(format!("{} could not render this", self.name), folder).why(remarks.trim()).next(""));
        }
        let text = String::from_utf8(out).map_err(|_| Trouble::failed(format!("{} printed no UTF-8 text", self.name), folder))?;
        Ok(Printed { text, remarks })
    }

    fn told(&self, fault: &Fault, bounds: Bounds) -> Trouble {
        let name = self.path.display();
        match fault {
            Fault::Io(e) => Trouble::failed("The program could not be run", name).why(e),
            Fault::Late => Trouble::timed_out("The program took too long and was ended", name)
                .why(format!("it had {} s", bounds.time.as_secs()))
                .next("Run it by hand to see what it waits for."),
            Fault::Flood => Trouble::refused("The program printed too much and was ended", name)
                .why(format!("more than {} MiB", bounds.output >> 20)),
            Fault::Stopped => Trouble::failed("Interrupted", name),
        }
    }
}

/// Why a program did not come to its end.
#[derive(Debug)]
enum Fault {
    Io(io::Error),
    Late,
    Flood,
    Stopped,
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

#[cfg(test)]
#[path = "kustomize/tests.rs"]
mod tests;
