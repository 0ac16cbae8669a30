//! A small smart-HTTP server for tests: `git http-backend` behind a socket, with or without TLS, with faults on order.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

type Meanwhile = Box<dyn FnOnce() + Send>;

/// Says what the server does wrong. All but `Nothing` concern the request whose target holds `at`.
pub(crate) enum Fault {
    /// Nothing.
    Nothing,
    /// It answers with a status and no more.
    Status(u16, &'static str),
    /// It reads the request, does what it asks, and closes without an answer.
    CloseAfter(&'static str),
    /// It reads the request and closes without doing anything.
    CloseBefore(&'static str),
    /// It sends everybody to another place.
    Redirect(String),
    /// It sends who asks for one path to another: what is replaced by what, and who is asked there.
    Renamed(&'static str, &'static str, String),
    /// It answers, but closes in the middle of the body.
    Torn(&'static str),
    /// It answers at once, without reading the body, and closes.
    Early(u16, &'static str),
    /// It answers something else: where, as what content type, and what.
    Says(&'static str, &'static str, &'static [u8]),
    /// It never answers until the test ends.
    Silent(&'static str),
    /// Something happens between the listing and this request.
    Meanwhile(&'static str, Option<Meanwhile>),
}

/// Holds what was asked.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) authorization: Option<String>,
}

struct State {
    root: PathBuf,
    fault: Mutex<Fault>,
    asked: Mutex<Vec<Asked>>,
    /// What an `Authorization` header must be.
    wanted: Mutex<Option<String>>,
    ended: AtomicBool,
    release: Mutex<Vec<Sender<()>>>,
    silence: Condvar,
    /// How many connections something may still come of.
    busy: Mutex<usize>,
    quiet: Condvar,
}

/// A connection of which something may come, until it is over or kept in silence.
struct Busy<'a>(&'a State);

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        *self.0.busy.lock().unwrap() -= 1;
        self.0.quiet.notify_all();
    }
}

/// Runs until it is dropped.
pub(crate) struct Server {
    state: Arc<State>,
    port: u16,
    scheme: &'static str,
}

impl Server {
    /// Serves the repositories in a folder on a free loopback port.
    pub(crate) fn start(root: PathBuf) -> Self {
        Self::start_with(root, None)
    }

    /// Serves them over TLS.
    pub(crate) fn start_secure(root: PathBuf, config: Arc<ServerConfig>) -> Self {
        Self::start_with(root, Some(config))
    }

    fn start_with(root: PathBuf, config: Option<Arc<ServerConfig>>) -> Self {
        let scheme = if config.is_some() { "https" } else { "http" };
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(State {
            root,
            fault: Mutex::new(Fault::Nothing),
            asked: Mutex::default(),
            wanted: Mutex::default(),
            ended: AtomicBool::new(false),
            release: Mutex::default(),
            silence: Condvar::new(),
            busy: Mutex::default(),
            quiet: Condvar::new(),
        });
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if shared.ended.load(Ordering::SeqCst) {
                    break;
                }
                let (shared, config) = (Arc::clone(&shared), config.clone());
                *shared.busy.lock().unwrap() += 1;
                thread::spawn(move || {
                    stream.set_nodelay(true).unwrap();
                    match config {
                        None => serve(stream, &shared),
                        Some(config) => serve(StreamOwned::new(ServerConnection::new(config).unwrap(), stream), &shared),
                    }
                });
            }
        });
        Self { state, port, scheme }
    }

    pub(crate) fn url(&self) -> String {
        format!("{}://127.0.0.1:{}/origin.git", self.scheme, self.port)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn fault(&self, fault: Fault) {
        *self.state.fault.lock().unwrap() = fault;
    }

    /// Lets in only who sends this `Authorization` header.
    pub(crate) fn want(&self, header: &str) {
        *self.state.wanted.lock().unwrap() = Some(header.to_owned());
    }

    /// Waits until as many requests got no answer.
    pub(crate) fn await_silence(&self, requests: usize) {
        let silent = self.state.release.lock().unwrap();
        drop(self.state.silence.wait_while(silent, |silent| silent.len() < requests).unwrap());
    }

    /// Waits until nothing more comes of what was asked, also by those who have left meanwhile.
    pub(crate) fn await_quiet(&self) {
        // Whoever came before this one has been let in when it is answered.
        let mut last = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        last.shutdown(Shutdown::Write).unwrap();
        drop(last.read(&mut [0]));
        let busy = self.state.busy.lock().unwrap();
        let (busy, _) = self.state.quiet.wait_timeout_while(busy, Duration::from_mins(1), |busy| *busy > 0).unwrap();
        assert_eq!(*busy, 0, "the server still works");
    }

    /// Returns what was asked since the last call.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut *self.state.asked.lock().unwrap())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.state.ended.store(true, Ordering::SeqCst);
        self.state.release.lock().unwrap().clear();
        // Wakes the accept loop so that it sees the end.
        drop(TcpStream::connect(("127.0.0.1", self.port)));
    }
}

struct Request {
    asked: Asked,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Request {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

enum Deed {
    Answer,
    Status(u16, Vec<(String, String)>),
    Says(&'static str, &'static [u8]),
    Torn,
    Close { act: bool },
    Wait(Receiver<()>),
}

fn serve(stream: impl Read + Write, state: &State) {
    let busy = Busy(state);
    let mut reader = BufReader::new(stream);
    while let Some(head) = read_head(&mut reader) {
        let early = match &*state.fault.lock().unwrap() {
            Fault::Early(status, at) if head.asked.target.contains(*at) => Some(*status),
            _ => None,
        };
        if let Some(status) = early {
            state.asked.lock().unwrap().push(head.asked);
            drop(answer(reader.get_mut(), status, &[], b"no\n"));
            return;
        }
        let Some(request) = read_body(&mut reader, head) else { return };
        state.asked.lock().unwrap().push(request.asked.clone());
        let close = request.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
        match deed(&request, state) {
            Deed::Answer => {
                let (status, mut headers, body) = backend(&request, state);
                if close {
                    headers.push(("Connection".to_owned(), "close".to_owned()));
                }
                if answer(reader.get_mut(), status, &headers, &body).is_err() || close {
                    return;
                }
            }
            Deed::Status(status, headers) => {
                if answer(reader.get_mut(), status, &headers, b"no\n").is_err() {
                    return;
                }
            }
            Deed::Says(kind, words) => {
                if answer(reader.get_mut(), 200, &[("Content-Type".to_owned(), kind.to_owned())], words).is_err() {
                    return;
                }
            }
            Deed::Torn => {
                let (_, _, body) = backend(&request, state);
                let half = body.len() / 2;
                let head = format!(
                    "HTTP/1.1 200 OK\r\nContent-Type: application/x-git-upload-pack-result\r\nContent-Length: {}\r\n\r\n",
                    body.len()
                );
                drop(reader.get_mut().write_all(&[head.as_bytes(), &body[..half]].concat()));
                drop(reader.get_mut().flush());
                return;
            }
            Deed::Close { act } => {
                if act {
                    backend(&request, state);
                }
                return;
            }
            Deed::Wait(release) => {
                drop(busy);
                release.recv().unwrap_err();
                return;
            }
        }
    }
}

fn deed(request: &Request, state: &State) -> Deed {
    let target = &request.asked.target;
    let wanted = state.wanted.lock().unwrap();
    if wanted.is_some() && *wanted != request.asked.authorization {
        return Deed::Status(401, vec![("WWW-Authenticate".to_owned(), "Basic realm=\"git\"".to_owned())]);
    }
    match &mut *state.fault.lock().unwrap() {
        Fault::Status(status, at) if target.contains(*at) => {
            let ask = ("WWW-Authenticate".to_owned(), "Basic realm=\"git\"".to_owned());
            Deed::Status(*status, if *status == 401 { vec![ask] } else { Vec::new() })
        }
        Fault::CloseAfter(at) if target.contains(*at) => Deed::Close { act: true },
        Fault::CloseBefore(at) if target.contains(*at) => Deed::Close { act: false },
        Fault::Redirect(to) => Deed::Status(302, vec![("Location".to_owned(), format!("{to}{target}"))]),
        Fault::Renamed(from, to, place) if target.contains(*from) => {
            Deed::Status(301, vec![("Location".to_owned(), format!("{place}{}", target.replace(*from, to)))])
        }
        Fault::Torn(at) if target.contains(*at) => Deed::Torn,
        Fault::Says(at, kind, words) if target.contains(*at) => Deed::Says(kind, words),
        Fault::Silent(at) if target.contains(*at) => {
            let (sender, release) = channel();
            state.release.lock().unwrap().push(sender);
            state.silence.notify_all();
            Deed::Wait(release)
        }
        Fault::Meanwhile(at, act) if target.contains(*at) => {
            if let Some(act) = act.take() {
                act();
            }
            Deed::Answer
        }
        _ => Deed::Answer,
    }
}

fn read_head(reader: &mut impl BufRead) -> Option<Request> {
    let first = line(reader)?;
    let mut parts = first.split(' ');
    let (method, target) = (parts.next()?.to_owned(), parts.next()?.to_owned());
    let mut headers = Vec::new();
    loop {
        let line = line(reader)?;
        if line.is_empty() {
            break;
        }
        let (key, value) = line.split_once(':')?;
        headers.push((key.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let authorization = headers.iter().find(|(key, _)| key == "authorization").map(|(_, value)| value.clone());
    Some(Request { asked: Asked { method, target, authorization }, headers, body: Vec::new() })
}

fn read_body(reader: &mut impl BufRead, request: Request) -> Option<Request> {
    let find = |name: &str| request.header(name).map(str::to_owned);
    let mut body = Vec::new();
    if find("transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked")) {
        loop {
            let size = usize::from_str_radix(line(reader)?.split(';').next()?, 16).ok()?;
            let mut piece = vec![0; size];
            reader.read_exact(&mut piece).ok()?;
            line(reader)?;
            body.extend(piece);
            if size == 0 {
                break;
            }
        }
    } else if let Some(length) = find("content-length") {
        body = vec![0; length.parse().ok()?];
        reader.read_exact(&mut body).ok()?;
    }
    Some(Request { body, ..request })
}

fn line(reader: &mut impl BufRead) -> Option<String> {
    let mut line = String::new();
    (reader.read_line(&mut line).ok()? > 0).then(|| line.trim_end_matches(['\r', '\n']).to_owned())
}

/// Runs `git http-backend` for a request.
fn backend(request: &Request, state: &State) -> (u16, Vec<(String, String)>, Vec<u8>) {
    let (path, query) = request.asked.target.split_once('?').unwrap_or((&request.asked.target, ""));
    let mut child = Command::new("git")
        .arg("http-backend")
        .env("GIT_PROJECT_ROOT", &state.root)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("PATH_INFO", path)
        .env("QUERY_STRING", query)
        .env("REQUEST_METHOD", &request.asked.method)
        .env("CONTENT_TYPE", request.header("content-type").unwrap_or(""))
        .env("CONTENT_LENGTH", request.body.len().to_string())
        .env("HTTP_CONTENT_ENCODING", request.header("content-encoding").unwrap_or(""))
        .env("GIT_PROTOCOL", request.header("git-protocol").unwrap_or(""))
        .env("REMOTE_ADDR", "127.0.0.1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let body = request.body.clone();
    let feeder = thread::spawn(move || drop(input.write_all(&body)));
    let mut out = Vec::new();
    child.stdout.take().unwrap().read_to_end(&mut out).unwrap();
    feeder.join().unwrap();
    child.wait().unwrap();
    let end = out.windows(4).position(|window| window == b"\r\n\r\n").expect("http-backend answers with headers");
    let head = String::from_utf8_lossy(&out[..end]).into_owned();
    let mut headers: Vec<(String, String)> =
        head.lines().filter_map(|line| line.split_once(':')).map(|(k, v)| (k.to_owned(), v.trim().to_owned())).collect();
    let status = headers.iter().find(|(key, _)| key == "Status").map_or(200, |(_, value)| value[..3].parse().unwrap());
    headers.retain(|(key, _)| key != "Status");
    (status, headers, out[end + 4..].to_vec())
}

fn answer(writer: &mut impl Write, status: u16, headers: &[(String, String)], body: &[u8]) -> std::io::Result<()> {
    let mut out = format!("HTTP/1.1 {status} Said\r\nContent-Length: {}\r\n", body.len()).into_bytes();
    for (key, value) in headers {
        out.extend(format!("{key}: {value}\r\n").bytes());
    }
    out.extend(b"\r\n");
    out.extend(body);
    writer.write_all(&out)?;
    writer.flush()
}
