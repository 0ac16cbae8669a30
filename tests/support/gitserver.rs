//! A smart-HTTP Git server on loopback in front of git's own backend, for real repositories in a temporary folder. It
//! fails on purpose where a test asks for it. Both the product and Flux fetch from it, so hooks, refusals and listings
//! are git's own. It speaks HTTP/1.1 and no TLS.

mod backend;
mod repository;

use std::collections::HashMap;
use std::convert::Infallible;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};

pub(crate) use repository::Repo;

/// Says how the server fails for one repository.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It does not.
    #[default]
    None,
    /// Every request is answered with 401, as for a token that has expired.
    Unauthorized,
    /// Pushes are answered with 403, as for a token that may only read.
    Forbidden,
    /// A push lands, but the connection is closed without an answer.
    CutAfterPack,
    /// The connection is closed before the pack of a push is read; nothing lands.
    CutBeforePack,
    /// Requests are held without an answer until the fault is another one.
    Stall,
}

/// Holds what tests set for one repository, and what it was asked.
#[derive(Debug, Default)]
struct Settings {
    fault: Fault,
    login: Option<(String, String)>,
    requests: Vec<String>,
    commits: u64,
}

/// Holds what the server's thread and the tests share.
#[derive(Debug)]
struct Shared {
    root: TempDir,
    backend: PathBuf,
    repositories: Mutex<HashMap<String, Settings>>,
    changed: watch::Sender<()>,
}

impl Shared {
    fn settings(&self) -> MutexGuard<'_, HashMap<String, Settings>> {
        self.repositories.lock().expect("no one panics while holding it")
    }

    /// Changes a repository's settings, which the server sees at its next request, or at once while it stalls.
    fn change<T>(&self, name: &str, change: impl FnOnce(&mut Settings) -> T) -> T {
        let result = change(self.settings().entry(name.to_owned()).or_default());
        self.changed.send_replace(());
        result
    }

    fn fault(&self, name: &str) -> Fault {
        self.settings().get(name).map_or(Fault::None, |settings| settings.fault)
    }
}

/// Holds the running server; dropping it stops the server and removes its repositories.
pub(crate) struct GitServer {
    shared: Arc<Shared>,
    address: SocketAddr,
    stop: Option<oneshot::Sender<Infallible>>,
    thread: Option<JoinHandle<()>>,
}

impl GitServer {
    /// Starts a server on a free loopback port, in a thread of its own.
    pub(crate) fn start() -> Self {
        let shared = Arc::new(Shared {
            root: tempfile::Builder::new().prefix("quarterdeck-git-").tempdir().expect("a temporary folder"),
            backend: backend::find(),
            repositories: Mutex::default(),
            changed: watch::Sender::new(()),
        });
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a free loopback port");
        listener.set_nonblocking(true).expect("a socket that can wait");
        let address = listener.local_addr().expect("a bound socket");
        let (stop, stopped) = oneshot::channel();
        let served = Arc::clone(&shared);
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime of our own").block_on(serve(listener, served, stopped));
        });
        Self { shared, address, stop: Some(stop), thread: Some(thread) }
    }

    /// Creates an empty repository whose default branch is `main`; pushes are allowed.
    pub(crate) fn create(&self, name: &str) -> Repo {
        let path = self.shared.root.path().join(format!("{name}.git"));
        let url = format!("http://{}/{name}.git", self.address);
        self.shared.change(name, |_| ());
        Repo::create(name, url, path, Arc::clone(&self.shared))
    }
}

impl Drop for GitServer {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            // It panicked where it stood; the test that drops it has seen that as a failed request.
            drop(thread.join());
        }
    }
}

/// Accepts connections until the server is dropped, and then drops those that are open.
async fn serve(listener: std::net::TcpListener, shared: Arc<Shared>, mut stopped: oneshot::Receiver<Infallible>) {
    let listener = TcpListener::from_std(listener).expect("a listening socket");
    loop {
        let stream = tokio::select! {
            _ = &mut stopped => return,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(_) => continue,
            },
        };
        let shared = Arc::clone(&shared);
        let service = service_fn(move |request| answer(Arc::clone(&shared), request));
        tokio::spawn(async move {
            // A connection that was cut, by either side, is what some tests are about.
            drop(http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
        });
    }
}

/// Makes hyper close the connection without an answer.
#[derive(Debug)]
struct Cut;

impl fmt::Display for Cut {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the connection is cut on purpose")
    }
}

impl std::error::Error for Cut {}

async fn answer(shared: Arc<Shared>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Cut> {
    let path = request.uri().path().to_owned();
    let query = request.uri().query().unwrap_or_default().to_owned();
    let method = request.method().clone();
    let Some(name) = path.trim_start_matches('/').split_once(".git/").map(|(name, _)| name.to_owned()) else {
        return Ok(plain(StatusCode::NOT_FOUND, "no repository\n"));
    };
    if !shared.settings().contains_key(&name) {
        return Ok(plain(StatusCode::NOT_FOUND, "repository not found\n"));
    }
    let mark = if query.is_empty() { "" } else { "?" };
    let line = format!("{method} {path}{mark}{query}");
    shared.settings().entry(name.clone()).or_default().requests.push(line);
    wait_out_stall(&shared, &name).await;
    let fault = shared.fault(&name);
    let push = path.ends_with("/git-receive-pack") || query.contains("service=git-receive-pack");
    let pack = method == Method::POST && path.ends_with("/git-receive-pack");
    if fault == Fault::Unauthorized || !allowed(&shared, &name, request.headers()) {
        let mut refusal = plain(StatusCode::UNAUTHORIZED, "Bad credentials: the token is unknown or has expired.\n");
        let realm = header::HeaderValue::from_static("Basic realm=\"repositories\"");
        refusal.headers_mut().insert(header::WWW_AUTHENTICATE, realm);
        return Ok(refusal);
    }
    match fault {
        Fault::Forbidden if push => Ok(plain(StatusCode::FORBIDDEN, "This token may read but not write.\n")),
        Fault::CutBeforePack if pack => Err(Cut),
        _ => {
            let (parts, body) = request.into_parts();
            // The backend wants to know the length beforehand, and libgit2 pushes in chunks.
            let body = body.collect().await.map_err(|_| Cut)?.to_bytes();
            // Before a large pack git asks with an empty one whether it may; that one is answered.
            let cut = fault == Fault::CutAfterPack && pack && &body[..] != b"0000";
            let response = backend::run(&shared.backend, shared.root.path(), &parts, body).await;
            if cut { Err(Cut) } else { Ok(response) }
        }
    }
}

async fn wait_out_stall(shared: &Shared, name: &str) {
    let mut changed = shared.changed.subscribe();
    while shared.fault(name) == Fault::Stall {
        // The sender lives as long as `shared`.
        drop(changed.changed().await);
    }
}

fn allowed(shared: &Shared, name: &str, headers: &header::HeaderMap) -> bool {
    let settings = shared.settings();
    let Some((user, token)) = settings.get(name).and_then(|settings| settings.login.as_ref()) else {
        return true;
    };
    let wanted = format!("Basic {}", STANDARD.encode(format!("{user}:{token}")));
    headers.get(header::AUTHORIZATION).is_some_and(|sent| sent.as_bytes() == wanted.as_bytes())
}

fn plain(status: StatusCode, words: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from_static(words.as_bytes())));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("text/plain"));
    response
}

#[cfg(test)]
mod tests;
