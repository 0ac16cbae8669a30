//! The operating system's keyring, by way of the program that speaks to it: `secret-tool` for the Secret Service.
//!
//! The program is used instead of a library because each of those either links the system's D-Bus or brings some forty packages along.
//! The value goes through pipes and never stands in an argument. A keyring that is absent over ssh often does not answer at all, so
//! the program is ended after its time.

use std::ffi::OsString;
use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

/// How long a keyring may take.
const LIMIT: Duration = Duration::from_secs(2);
/// How often it is looked whether the program has ended, once it has said all.
const GLANCE: Duration = Duration::from_millis(2);

/// Speaks to the keyring.
#[derive(Debug, Clone)]
pub struct Keyring {
    program: PathBuf,
    environment: Vec<(OsString, OsString)>,
}

impl Keyring {
    /// Takes the program and the variables that it finds the keyring by.
    pub const fn new(program: PathBuf, environment: Vec<(OsString, OsString)>) -> Self {
        Self { program, environment }
    }

    /// Returns what is kept under a name; nothing when there is nothing.
    pub(crate) fn get(&self, name: &str) -> Result<Option<Zeroizing<String>>, String> {
        let (fine, said) = self.run(&["lookup", "application", "quarterdeck", "key", name], "")?;
        let said = Zeroizing::new(said.trim().to_owned());
        Ok(Some(said).filter(|said| fine && !said.is_empty()))
    }

    /// Keeps a value under a name.
    pub(crate) fn put(&self, name: &str, value: &str) -> Result<(), String> {
        let label = "--label=Quarterdeck: the key of sealed credentials";
        let (fine, _) = self.run(&["store", label, "application", "quarterdeck", "key", name], value)?;
        if fine { Ok(()) } else { Err("the keyring did not take it".to_owned()) }
    }

    fn run(&self, arguments: &[&str], input: &str) -> Result<(bool, Zeroizing<String>), String> {
        let end = Instant::now() + LIMIT;
        let mut command = Command::new(&self.program);
        command.args(arguments).env_clear().envs(self.environment.iter().cloned());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(|e| e.to_string())?;
        let done = talk(&mut child, input, end);
        if done.is_err() {
            // It may have ended by itself meanwhile.
            let _ = child.kill();
            let _ = child.wait();
        }
        done
    }
}

/// Writes to the program, reads what it says and waits for its end.
fn talk(child: &mut Child, input: &str, end: Instant) -> Result<(bool, Zeroizing<String>), String> {
    let late = || format!("the keyring did not answer within {} s", LIMIT.as_secs());
    if let Some(mut stdin) = child.stdin.take() {
        // A program that does not read is told apart by how it ends; what is written fits into a pipe.
        let _ = stdin.write_all(input.as_bytes());
    }
    let Some(mut stdout) = child.stdout.take() else { return Err("it has no output".to_owned()) };
    let (tell, told) = sync_channel(1);
    let reader = thread::Builder::new().name("keyring".to_owned()).spawn(move || {
        let mut text = Zeroizing::new(String::new());
        let read = stdout.read_to_string(&mut text);
        let _ = tell.send(read.map(|_| text));
    });
    reader.map_err(|e| e.to_string())?;
    let text = match told.recv_timeout(end.saturating_duration_since(Instant::now())) {
        Ok(text) => text.map_err(|e| e.to_string())?,
        Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return Err(late()),
    };
    loop {
        match child.try_wait().map_err(|e| e.to_string())? {
            Some(status) => return Ok((status.success(), text)),
            None if Instant::now() >= end => return Err(late()),
            None => thread::sleep(GLANCE),
        }
    }
}
