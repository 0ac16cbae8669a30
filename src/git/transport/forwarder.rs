//! https for libgit2, which is built without TLS: a forwarder on the loopback interface for the time of one operation.
//!
//! libgit2 speaks http to the forwarder, the forwarder speaks TLS to the one server that the repository's URL names; each
//! request has a connection of its own. Whoever else on this machine finds the port cannot use it: every target begins
//! with a secret of the operation. The token never comes this way: libgit2 gets a stand-in for it, which is replaced
//! behind TLS. The listener lives as long as libgit2 may still speak to it, so that nobody can take its port meanwhile.
//!
//! A proxy of libgit2's own would not do: it sends plain http past its proxy, straight to the server.

mod dial;
mod head;
mod pump;
mod trust;

use std::io::{self, ErrorKind, Read};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use rustix::event::{PollFd, PollFlags, poll};
use rustls::ClientConfig;

use crate::address::Origin;
use crate::credential::Login;
use crate::error::{Error, Result};
use crate::patience::{Pulse, open};
use head::Route;

/// How long a connection may take to send its head: libgit2 sends it at once.
const HEAD_TIME: Duration = Duration::from_secs(10);

/// The longest head of a request or an answer, in bytes.
const LONGEST_HEAD: usize = 64 * 1024;

/// The most connections at once; libgit2 needs one.
const MOST: usize = 16;

/// Says why the forwarder could not do what libgit2 asked; libgit2 itself sees a closed connection only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reason {
    /// The certificate is not good.
    Untrusted(String),
    /// No connection, or it broke before an answer came.
    Unreachable(String),
    /// The server sent us to another origin.
    Elsewhere(String),
    /// The proxy wants to know who we are.
    Proxy(String),
}

impl Reason {
    /// Returns the words.
    pub(super) fn words(&self) -> &str {
        let (Self::Untrusted(words) | Self::Unreachable(words) | Self::Elsewhere(words) | Self::Proxy(words)) = self;
        words
    }

    /// Builds the error that a person is told.
    pub(super) fn error(self, url: String) -> Error {
        match self {
            Self::Untrusted(words) => Error::Untrusted { url, words },
            Self::Unreachable(words) => Error::Unreachable { url, words },
            Self::Elsewhere(elsewhere) => Error::Elsewhere { url, elsewhere },
            Self::Proxy(words) => Error::Auth { url, status: Some(407), words },
        }
    }
}

/// Holds what is needed to reach an https server.
#[derive(Clone)]
pub(super) struct Secure {
    pub(super) origin: Origin,
    /// Goes to the server in place of the stand-in that libgit2 sends.
    pub(super) login: Option<Arc<Login>>,
    /// Certificates to trust instead of the machine's.
    pub(super) ca_file: Option<PathBuf>,
    /// The longest time for one connection to be made.
    pub(super) longest: Duration,
}

/// Forwards until it is dropped.
pub(super) struct Forwarder {
    shared: Arc<Shared>,
    pulse: Arc<Pulse>,
    /// Its end wakes the thread that accepts.
    _wake: UnixStream,
}

struct Shared {
    secure: Secure,
    route: Route,
    config: Arc<ClientConfig>,
    stopped: AtomicBool,
    sockets: Mutex<Vec<(u64, TcpStream)>>,
    next: Mutex<u64>,
    reason: Mutex<Option<Reason>>,
}

impl Forwarder {
    /// Opens the port; stops when nobody waits for the operation any more.
    pub(super) fn start(secure: Secure, url: &str, pulse: &Arc<Pulse>) -> Result<Self> {
        let config = trust::config(secure.ca_file.as_deref());
        let config = config.map_err(|words| Error::Untrusted { url: url.to_owned(), words })?;
        let system = |error: io::Error| Error::Unreachable { url: url.to_owned(), words: format!("on this machine: {error}") };
        let listener = TcpListener::bind("127.0.0.1:0").map_err(system)?;
        listener.set_nonblocking(true).map_err(system)?;
        let port = listener.local_addr().map_err(system)?.port();
        let secret = secret(&config).map_err(system)?;
        let authorization = secure.login.as_ref().map(|login| basic(&login.user, &login.token));
        let route =
            Route { origin: secure.origin.clone(), base: format!("http://127.0.0.1:{port}/{secret}"), secret, authorization };
        let shared = Arc::new(Shared {
            secure,
            route,
            config,
            stopped: AtomicBool::new(false),
            sockets: Mutex::default(),
            next: Mutex::new(0),
            reason: Mutex::default(),
        });
        let (wake, woken) = UnixStream::pair().map_err(system)?;
        let accepting = Arc::clone(&shared);
        let run = move || accept(&accepting, &listener, &woken);
        thread::Builder::new().name("git-tls".to_owned()).spawn(run).map_err(system)?;
        let stopping = Arc::clone(&shared);
        pulse.on_stop(Some(Box::new(move || stopping.stop())));
        Ok(Self { shared, pulse: Arc::clone(pulse), _wake: wake })
    }

    /// Returns what libgit2 is given instead of scheme, host and port; nothing else begins like this.
    pub(super) fn base(&self) -> &str {
        &self.shared.route.base
    }

    /// Returns why it did not work, if it is known here.
    pub(super) fn reason(&self) -> Option<Reason> {
        open(&self.shared.reason).clone()
    }
}

impl Drop for Forwarder {
    fn drop(&mut self) {
        self.pulse.on_stop(None);
        self.shared.stop();
    }
}

impl Shared {
    /// Ends all connections, and those that are still to come.
    fn stop(&self) {
        self.stopped.store(true, Ordering::SeqCst);
        for (_, socket) in open(&self.sockets).iter() {
            // One that is closed already is as good.
            drop(socket.shutdown(Shutdown::Both));
        }
    }

    fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::SeqCst)
    }

    /// Notes a socket, so that stopping ends it.
    fn note(self: &Arc<Self>, socket: &TcpStream) -> io::Result<Noted> {
        let number = {
            let mut next = open(&self.next);
            *next += 1;
            *next
        };
        open(&self.sockets).push((number, socket.try_clone()?));
        if self.is_stopped() {
            drop(socket.shutdown(Shutdown::Both));
        }
        Ok(Noted { shared: Arc::clone(self), number })
    }

    /// Keeps the first reason; a stopped operation needs none.
    fn fail(&self, reason: Reason) {
        if !self.is_stopped() {
            open(&self.reason).get_or_insert(reason);
        }
    }
}

/// Forgets a socket when dropped.
struct Noted {
    shared: Arc<Shared>,
    number: u64,
}

impl Drop for Noted {
    fn drop(&mut self) {
        open(&self.shared.sockets).retain(|(number, _)| *number != self.number);
    }
}

/// Accepts connections until the forwarder is dropped.
fn accept(shared: &Arc<Shared>, listener: &TcpListener, woken: &UnixStream) {
    loop {
        let mut both = [PollFd::new(listener, PollFlags::IN), PollFd::new(woken, PollFlags::IN)];
        match poll(&mut both, None) {
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => continue,
            Err(_) => return,
        }
        if !both[1].revents().is_empty() {
            return;
        }
        let local = match listener.accept() {
            Ok((local, _)) => local,
            Err(error)
                if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted | ErrorKind::ConnectionAborted) =>
            {
                continue;
            }
            Err(error) => return shared.fail(Reason::Unreachable(format!("on this machine: {error}"))),
        };
        if shared.is_stopped() || open(&shared.sockets).len() >= MOST {
            continue;
        }
        let serving = Arc::clone(shared);
        let run = move || serve(&serving, &local);
        if let Err(error) = thread::Builder::new().name("git-tls".to_owned()).spawn(run) {
            shared.fail(Reason::Unreachable(format!("on this machine: {error}")));
        }
    }
}

/// Serves one request. A failure is noted before the connection closes, so that libgit2's caller finds it.
fn serve(shared: &Arc<Shared>, local: &TcpStream) {
    let Ok(_noted) = shared.note(local) else { return };
    let Some((head, body)) = request(local) else { return };
    // Whoever does not know the secret learns nothing, and is not our conversation.
    let Some(request) = shared.route.request(&head) else { return };
    let forwarded = dial::dial(shared).and_then(|(remote, _noted)| {
        let first = [request.head.as_bytes(), &body].concat();
        pump::run(shared, (local, &remote), request.may_redirect, &first)
    });
    if let Err(reason) = forwarded {
        shared.fail(reason);
    }
    drop(local.shutdown(Shutdown::Both));
}

/// Reads the head of a request, and what came with it.
fn request(local: &TcpStream) -> Option<(Vec<u8>, Vec<u8>)> {
    local.set_nonblocking(false).ok()?;
    local.set_nodelay(true).ok()?;
    local.set_read_timeout(Some(HEAD_TIME)).ok()?;
    let (mut got, mut piece, mut stream) = (Vec::new(), [0; 4096], local);
    loop {
        let count = stream.read(&mut piece).ok().filter(|count| *count > 0)?;
        got.extend_from_slice(piece.get(..count)?);
        if let Some(end) = head::end(&got) {
            let body = got.split_off(end);
            return Some((got, body));
        }
        if got.len() > LONGEST_HEAD {
            return None;
        }
    }
}

/// Makes a secret of 128 random bits, in hexadecimal digits.
fn secret(config: &ClientConfig) -> io::Result<String> {
    let mut bytes = [0; 16];
    let filled = config.crypto_provider().secure_random.fill(&mut bytes);
    filled.map_err(|_| io::Error::other("no random numbers can be had"))?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}

/// Returns the value of a header that names a user with a password.
fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}")))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]
    use super::*;
    use crate::patience::{Cancel, Limits, guarded};
    use std::io::Write;

    /// Makes what leads to a listener that never answers.
    fn silent() -> (TcpListener, Secure, String, tempfile::TempDir) {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("ca.pem");
        let key = rcgen::KeyPair::generate().unwrap();
        std::fs::write(&file, rcgen::CertificateParams::default().self_signed(&key).unwrap().pem()).unwrap();
        let url = format!("https://127.0.0.1:{}/x", server.local_addr().unwrap().port());
        let login = Some(Arc::new(Login { user: "bot".to_owned(), token: "sesame".to_owned() }));
        let longest = Duration::from_mins(1);
        let secure = Secure { origin: Origin::of(&url).unwrap(), login, ca_file: Some(file), longest };
        (server, secure, url, dir)
    }

    #[test]
    fn a_stranger_on_this_machine_gets_nothing_and_asks_nobody() {
        let (server, secure, url, _dir) = silent();
        server.set_nonblocking(true).unwrap();
        let reason = guarded(Limits::default(), &Cancel::new(), "u", move |pulse| {
            let forwarder = Forwarder::start(secure, &url, pulse)?;
            let (place, secret) = forwarder.base().strip_prefix("http://").unwrap().split_once('/').unwrap();
            assert_eq!(secret.len(), 32);
            for target in ["/x".to_owned(), format!("/{}/x", "0".repeat(32)), format!("/{secret}"), url.clone()] {
                let mut stranger = TcpStream::connect(place).unwrap();
                write!(stranger, "GET {target} HTTP/1.1\r\nAuthorization: Basic x\r\n\r\n").unwrap();
                let mut heard = Vec::new();
                stranger.read_to_end(&mut heard).unwrap();
                assert!(heard.is_empty(), "{target}");
            }
            Ok(forwarder.reason())
        });
        assert_eq!(reason.unwrap(), None, "what a stranger does is not our failure");
        assert!(server.accept().is_err(), "the server was not asked");
    }

    #[test]
    fn nothing_is_left_of_a_forwarder_that_ended_in_the_middle() {
        let (server, secure, url, _dir) = silent();
        let done = guarded(Limits::default(), &Cancel::new(), "u", move |pulse| {
            let forwarder = Forwarder::start(secure, &url, pulse)?;
            let (place, secret) = forwarder.base().strip_prefix("http://").unwrap().split_once('/').unwrap();
            let mut client = TcpStream::connect(place).unwrap();
            write!(client, "GET /{secret}/x HTTP/1.1\r\n\r\n").unwrap();
            let (mut asked, _) = server.accept().unwrap();
            asked.read_exact(&mut [0; 1]).unwrap();
            let left = Arc::downgrade(&forwarder.shared);
            drop(forwarder);
            let begin = std::time::Instant::now();
            while left.strong_count() > 0 && begin.elapsed() < HEAD_TIME {
                thread::yield_now();
            }
            Ok(left.strong_count())
        });
        assert_eq!(done.unwrap(), 0, "its threads have ended");
    }
}
