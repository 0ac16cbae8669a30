//! The guard: a small shell process that owns a test cluster's servers and ends them by their ids when this process is
//! gone, whether it returned, panicked or was killed. It knows nothing of what it starts.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Mutex;
use std::time::Duration;

use crate::support::wait;

/// Holds the pipe whose end ends the servers.
#[derive(Debug)]
pub(super) struct Guard {
    folder: PathBuf,
    shell: Child,
    orders: Option<Mutex<ChildStdin>>,
}

impl Guard {
    /// Starts the guard over a folder that it removes in the end; the logs are kept in `logs`.
    pub(super) fn start(folder: &Path, logs: &Path, environment: &BTreeMap<&str, OsString>) -> Self {
        for part in ["log", "pid"] {
            fs::create_dir_all(folder.join(part)).expect("a folder of our own");
        }
        let mut shell = Command::new("sh");
        shell.args(["-c", include_str!("guard.sh"), "guard"]).args([folder, logs]);
        shell.env_clear().envs(environment);
        // A process group of its own: an interrupt from the keyboard must not end it before its servers.
        shell.process_group(0).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut shell = shell.spawn().expect("there is a shell");
        let orders = shell.stdin.take().map(Mutex::new);
        Self { folder: folder.to_owned(), shell, orders }
    }

    /// Starts a server under a name and returns when it has a process id.
    pub(super) fn run(&self, name: &str, program: &Path, arguments: &[String]) {
        let program = program.to_str().expect("a path in Unicode");
        let words: Vec<String> = [program].into_iter().chain(arguments.iter().map(String::as_str)).map(quote).collect();
        self.order(&format!("{name} {}", words.join(" ")));
        wait(&format!("{name} has a process id"), Duration::from_secs(10), || self.id(name));
    }

    /// Ends a server at once, as a machine that loses its power does, and returns when it has ended.
    pub(super) fn kill(&self, name: &str) {
        self.order(&format!("- {name}"));
        wait(&format!("{name} has ended"), Duration::from_secs(10), || self.id(name).is_none().then_some(()));
    }

    fn order(&self, line: &str) {
        let orders = self.orders.as_ref().expect("held until the guard is dropped");
        let mut orders = orders.lock().expect("no one panics while holding it");
        writeln!(orders, "{line}").expect("the guard reads its orders");
    }

    /// Returns the process id of a server, if it was started.
    pub(super) fn id(&self, name: &str) -> Option<i32> {
        fs::read_to_string(self.folder.join("pid").join(name)).ok()?.trim().parse().ok()
    }

    /// Panics with the end of its log if that server has ended by itself.
    pub(super) fn expect_alive(&self, name: &str) {
        let id = self.id(name).expect("the server was started");
        let state = Command::new("ps").args(["-o", "stat=", "-p", &id.to_string()]).output().expect("there is ps");
        let state = String::from_utf8_lossy(&state.stdout);
        // The guard does not collect its children before the end, so one that has ended stays as a zombie.
        let ended = state.trim().is_empty() || state.starts_with('Z');
        assert!(!ended, "the test cluster's {name} has ended: {}", self.end_of_log(name));
    }

    /// Returns the last lines that a server wrote.
    pub(super) fn end_of_log(&self, name: &str) -> String {
        let text = fs::read(self.folder.join("log").join(name)).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(15)..].join("\n")
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.orders = None;
        // It ends as soon as it has ended its servers; its result says nothing more.
        drop(self.shell.wait());
    }
}

/// Returns a word that the shell takes as it is.
fn quote(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns whether a process of that id exists and has not ended.
    fn lives(id: i32) -> bool {
        let state = Command::new("ps").args(["-o", "stat=", "-p", &id.to_string()]).output().expect("there is ps");
        let state = String::from_utf8_lossy(&state.stdout).trim().to_owned();
        !state.is_empty() && !state.starts_with('Z')
    }

    #[test]
    fn ends_its_servers_and_keeps_their_logs() {
        let home = tempfile::tempdir().expect("a temporary folder");
        let (folder, logs) = (home.path().join("it's here"), home.path().join("logs"));
        let path = std::env::var_os("PATH").expect("a search path");
        let guard = Guard::start(&folder, &logs, &BTreeMap::from([("PATH", path)]));
        guard.run("speaker", Path::new("/bin/sh"), &["-c".into(), "echo it\\'s me; exec sleep 600".into()]);
        let id = guard.id("speaker").expect("it was started");
        wait("the server speaks", Duration::from_secs(10), || (guard.end_of_log("speaker") == "it's me").then_some(()));
        assert!(lives(id));
        guard.kill("speaker");
        assert!(!lives(id));
        guard.run("speaker", Path::new("/bin/sh"), &["-c".into(), "echo again; exec sleep 600".into()]);
        wait("it speaks again", Duration::from_secs(10), || guard.end_of_log("speaker").ends_with("again").then_some(()));
        let id = guard.id("speaker").expect("it was started again");
        drop(guard);
        assert!(!lives(id));
        assert!(!folder.exists());
        assert_eq!(fs::read_to_string(logs.join("speaker")).expect("the log is kept"), "it's me\nagain\n");
    }

    #[test]
    #[should_panic(expected = "the test cluster's loser has ended: out of luck")]
    fn tells_that_a_server_has_ended() {
        let home = tempfile::tempdir().expect("a temporary folder");
        let path = std::env::var_os("PATH").expect("a search path");
        let environment = BTreeMap::from([("PATH", path)]);
        let guard = Guard::start(&home.path().join("run"), &home.path().join("logs"), &environment);
        guard.run("loser", Path::new("/bin/sh"), &["-c".into(), "echo out of luck; exit 3".into()]);
        wait("nothing, until it has ended", Duration::from_secs(10), || {
            guard.expect_alive("loser");
            None::<()>
        });
    }
}
