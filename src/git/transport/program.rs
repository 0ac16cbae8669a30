//! Speaking to a server through the `git` program, which knows the operator's ssh keys, agent and jump hosts.

use std::io::{ErrorKind, Read, Write as _};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use git2::Repository;
use rustix::process::{Pid, Signal, kill_process_group};

use domain::revision::CommitId;

use super::wire::{SHALLOW, said};
use super::{Answer, Update, has, has_all};
use crate::credential::Access;
use crate::error::{Error, Result};
use crate::heads::Heads;
use crate::patience::Pulse;
use crate::repository::reference;

/// The most that is kept of what the program writes: a listing of some 200,000 branches.
const LONGEST: u64 = 16 * 1024 * 1024;
/// How long a program that was asked to end may take.
const GRACE: Duration = Duration::from_secs(2);

/// Variables that would lead the program into another repository or configuration.
const REMOVED: [&str; 11] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_NAMESPACE",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_PARAMETERS",
    "GIT_SSH",
    "GIT_TRACE",
    "GIT_PROXY_COMMAND",
];

/// Speaks to one server through the program.
pub(crate) struct Program {
    url: String,
    ssh: Option<String>,
}

/// Holds how the program ended and what it said.
struct Said {
    fine: bool,
    out: String,
    words: Vec<u8>,
}

impl Program {
    pub(crate) fn new(url: String, access: &Access) -> Self {
        Self { url, ssh: access.ssh.clone() }
    }

    pub(crate) fn list(&self, repository: &Repository, pulse: &Arc<Pulse>) -> Result<Heads> {
        let said = self.run(repository, &["ls-remote", "--symref", "--", &self.url, "HEAD", "refs/heads/*"], "", pulse)?;
        if said.fine { Ok(listed(&said.out)) } else { Err(self.explained(&said.words)) }
    }

    pub(crate) fn fetch(&self, repository: &Repository, pulse: &Arc<Pulse>) -> Result<Heads> {
        let heads = self.list(repository, pulse)?;
        if has_all(repository, &heads) {
            return Ok(heads);
        }
        // No destination: the objects come, no branch moves, and the branches of the listing are taken over after. Git takes no
        // pattern without a destination, so each is named; a server may list what is no name at all.
        let lacking = heads.branches.iter().filter(|(_, id)| !has(repository, id));
        let names: String = lacking.filter_map(|(branch, _)| Some(reference(branch).ok()? + "\n")).collect();
        let arguments = ["fetch", "--progress", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--no-auto-gc"];
        let said = self.run(repository, &[&arguments[..], &["--stdin", "--", &self.url]].concat(), &names, pulse)?;
        if !said.fine && String::from_utf8_lossy(&said.words).contains("find remote ref") {
            return self.fetch_again(repository, pulse);
        }
        if !said.fine {
            return Err(self.explained(&said.words));
        }
        if has_all(repository, &heads) {
            return Ok(heads);
        }
        // "rejected refs/heads/main because shallow roots are not allowed to be updated"
        if String::from_utf8_lossy(&said.words).contains("because shallow roots") {
            return Err(Error::Server { url: self.url.clone(), status: None, words: SHALLOW.to_owned() });
        }
        self.fetch_again(repository, pulse)
    }

    /// A branch went or moved backwards between listing and fetch: what was listed is not what came.
    fn fetch_again(&self, repository: &Repository, pulse: &Arc<Pulse>) -> Result<Heads> {
        let heads = self.list(repository, pulse)?;
        if has_all(repository, &heads) {
            return Ok(heads);
        }
        let words = "its branches moved while they were fetched".to_owned();
        Err(Error::Server { url: self.url.clone(), status: None, words })
    }

    /// Pushes with the old head as a condition. Together with our commit standing on that head, which the caller has made
    /// sure of, that is compare-and-swap and always a fast-forward; it never overwrites.
    pub(crate) fn push(&self, repository: &Repository, update: &Update, pulse: &Arc<Pulse>) -> Result<Answer> {
        let name = format!("refs/heads/{}", update.branch);
        let base = update.base.as_ref().map_or("", CommitId::as_str);
        let condition = format!("--force-with-lease={name}:{base}");
        let spec = format!("{}:{name}", update.commit);
        let arguments = ["push", "--porcelain", "--no-verify", "--no-signed", &condition, "--", &self.url, &spec];
        // From here on nobody but the server knows.
        update.sent.store(true, Ordering::SeqCst);
        let said = self.run(repository, &arguments, "", pulse)?;
        pushed(&said, &name).map_or_else(|| self.unreported(&said), Ok)
    }

    /// Says what a push means about which the server reported nothing.
    fn unreported(&self, said: &Said) -> Result<Answer> {
        match self.explained(&said.words) {
            Error::Server { words, .. } => Ok(Answer::Unknown(words)),
            other => Err(other),
        }
    }

    fn run(&self, repository: &Repository, arguments: &[&str], input: &str, pulse: &Arc<Pulse>) -> Result<Said> {
        let mut command = Command::new("git");
        command
            .arg("--git-dir")
            .arg(repository.path())
            .args(["-c", "core.hooksPath=/dev/null", "-c", "gc.auto=0", "-c", "maintenance.auto=false"])
            .args(arguments)
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_ASKPASS", "")
            .env("SSH_ASKPASS_REQUIRE", "never")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_ALLOW_PROTOCOL", "ssh:file")
            .env("GIT_SSH_COMMAND", self.ssh_command())
            .env("LC_ALL", "C")
            .stdin(if input.is_empty() { Stdio::null() } else { Stdio::piped() })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        for name in REMOVED {
            command.env_remove(name);
        }
        let mut child = command.spawn().map_err(|error| match error.kind() {
            ErrorKind::NotFound => Error::NoProgram(self.url.clone()),
            _ => Error::disk("git", error),
        })?;
        let group = Pid::from_child(&child);
        let (ends, ended) = channel::<()>();
        pulse.on_stop(Some(Box::new(move || end(group, ended))));
        if let Some(mut stdin) = child.stdin.take() {
            // It reads all of it before it says anything; why it does not is in its words.
            let _ = stdin.write_all(input.as_bytes());
        }
        let errors = child.stderr.take().map(|errors| {
            let pulse = Arc::clone(pulse);
            thread::spawn(move || read(errors, &pulse))
        });
        let out = child.stdout.take().map(|out| read(out, pulse)).unwrap_or_default();
        let words = errors.and_then(|thread| thread.join().ok()).unwrap_or_default();
        let status = child.wait().map_err(|error| Error::disk("git", error))?;
        drop(ends);
        pulse.on_stop(None);
        Ok(Said { fine: status.success(), out: String::from_utf8_lossy(&out).into_owned(), words })
    }

    /// Returns the ssh command: the given one, else the operator's, in any case without questions.
    fn ssh_command(&self) -> String {
        let own = || std::env::var("GIT_SSH_COMMAND").ok().filter(|command| !command.is_empty());
        let configured = || git2::Config::open_default().ok()?.snapshot().ok()?.get_string("core.sshCommand").ok();
        let command = self.ssh.clone().or_else(own).or_else(configured).unwrap_or_else(|| "ssh".to_owned());
        format!("{command} -o BatchMode=yes")
    }

    /// Turns the program's words into what they mean.
    fn explained(&self, words: &[u8]) -> Error {
        let url = self.url.clone();
        let words = said(words, "");
        let has = |parts: &[&str]| parts.iter().any(|part| words.contains(part));
        if has(&["Host key verification failed", "REMOTE HOST IDENTIFICATION HAS CHANGED"]) {
            Error::Untrusted { url, words }
        } else if has(&["Permission denied", "Authentication failed", "access denied", "Too many authentication failures"]) {
            Error::Auth { url, status: None, words }
        } else if has(&["does not appear to be a git repository", "epository not found", "does not exist"]) {
            Error::NoRepository { url, words }
        } else if has(&["Could not resolve hostname", "Connection refused", "Connection timed out", "No route to host"])
            || has(&["Could not read from remote repository", "cannot run ssh", "Network is unreachable"])
        {
            Error::Unreachable { url, words }
        } else {
            Error::Server { url, status: None, words }
        }
    }
}

/// Asks a group of processes to end, and makes it end when it has not a while later.
///
/// The group holds ssh as well, which would otherwise wait for a server that never answers. Of a repository on this machine it
/// holds the serving process too: killed at once, that would leave the branch locked for good; asked, it lets go
/// (`lockfile.h` of Git: lock files are removed at a signal that can be caught).
fn end(group: Pid, ended: Receiver<()>) {
    // It fails only when the group is gone already.
    let send = move |signal| kill_process_group(group, signal).unwrap_or_default();
    send(Signal::TERM);
    thread::spawn(move || {
        if ended.recv_timeout(GRACE) == Err(RecvTimeoutError::Timeout) {
            send(Signal::KILL);
        }
    });
}

/// Reads all that is written, up to the limit, with a sign of life for each piece.
fn read(mut from: impl Read, pulse: &Pulse) -> Vec<u8> {
    let mut all = Vec::new();
    let mut piece = [0; 8192];
    loop {
        match from.read(&mut piece) {
            Ok(0) => return all,
            Ok(length) if (all.len() as u64) < LONGEST => all.extend_from_slice(piece.get(..length).unwrap_or_default()),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => return all,
        }
        pulse.beat();
    }
}

/// Reads the lines of `git ls-remote --symref`.
fn listed(out: &str) -> Heads {
    let mut heads = Heads::default();
    for line in out.lines() {
        let Some((left, name)) = line.split_once('\t') else { continue };
        if let Some(target) = left.strip_prefix("ref: ") {
            heads.default = target.strip_prefix("refs/heads/").filter(|_| name == "HEAD").map(str::to_owned);
        } else if let (Some(branch), Some(id)) = (name.strip_prefix("refs/heads/"), CommitId::parse(left)) {
            heads.branches.insert(branch.to_owned(), id);
        }
    }
    heads
}

/// Reads the line of `git push --porcelain` about the branch; absent when there is none.
fn pushed(said_all: &Said, name: &str) -> Option<Answer> {
    for line in said_all.out.lines() {
        let mut parts = line.splitn(3, '\t');
        let (Some(flag), Some(spec), Some(summary)) = (parts.next(), parts.next(), parts.next()) else { continue };
        if spec.rsplit_once(':').is_none_or(|(_, to)| to != name) {
            continue;
        }
        return Some(match flag {
            " " | "*" | "=" if said_all.fine => Answer::Taken(said(&remote_words(&said_all.words), "")),
            "!" if summary.starts_with("[remote failure]") => Answer::Unknown(said(&said_all.words, summary)),
            "!" if summary.starts_with("[rejected]") => Answer::Moved,
            "!" => Answer::Rejected(said(&remote_words(&said_all.words), summary)),
            _ => Answer::Unknown(said(&said_all.words, summary)),
        });
    }
    None
}

/// Returns what the server said, without what the program says about it.
fn remote_words(words: &[u8]) -> Vec<u8> {
    let words = String::from_utf8_lossy(words);
    let lines = words.lines().filter_map(|line| line.strip_prefix("remote: ")).map(str::trim_end);
    lines.collect::<Vec<_>>().join("\n").into_bytes()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "an absent answer is a failed test")]
    use super::*;

    fn answer(line: &str, fine: bool) -> Option<Answer> {
        let words = b"remote: no entry\nerror: failed to push some refs\n".to_vec();
        pushed(&Said { fine, out: format!("To host:x\n{line}\nDone\n"), words }, "refs/heads/main")
    }

    #[test]
    fn the_porcelain_lines_mean_what_they_say() {
        assert!(matches!(answer(" \tc:refs/heads/main\ta..b", true), Some(Answer::Taken(_))));
        assert!(matches!(answer("*\tc:refs/heads/main\t[new branch]", true), Some(Answer::Taken(_))));
        assert!(matches!(answer("!\tc:refs/heads/main\t[rejected] (stale info)", false), Some(Answer::Moved)));
        assert!(matches!(answer("!\tc:refs/heads/main\t[remote failure] (x)", false), Some(Answer::Unknown(_))));
        assert!(answer(" \tc:refs/heads/other\ta..b", true).is_none());
        let refused = answer("!\tc:refs/heads/main\t[remote rejected] (pre-receive hook declined)", false).unwrap();
        let Answer::Rejected(words) = refused else { unreachable!("{refused:?}") };
        assert_eq!(words, "no entry\n[remote rejected] (pre-receive hook declined)");
    }
}
