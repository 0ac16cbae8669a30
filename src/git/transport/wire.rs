//! Speaking to a server through libgit2: http, https, and folders on this machine.

use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use git2::{
    AutotagOption, Cred, CredentialType, Direction, ErrorClass, ErrorCode, FetchOptions, Oid, ProxyOptions, PushOptions,
    PushUpdate, Remote, RemoteCallbacks, RemoteRedirect, Repository,
};

use domain::revision::CommitId;

use super::{Answer, Update, hooks_in};
use crate::address::{Address, Origin, Way};
use crate::credential::Login;
use crate::error::{Error, Result};
use crate::heads::Heads;
use crate::patience::Pulse;
use crate::repository::oid;

/// Speaks to one server through libgit2.
pub(crate) struct Wire {
    url: String,
    origin: Option<Origin>,
    login: Option<Arc<Login>>,
}

/// Says what became of the server's question for a token.
enum Asked {
    /// We have none.
    None,
    /// It came from another place than the stored one.
    Elsewhere(String),
    /// It did not like the one it got.
    Again,
    /// It takes no user name and token.
    Otherwise,
}

/// Holds what the callbacks of one conversation heard.
#[derive(Default)]
struct Talk {
    given: u32,
    asked: Option<Asked>,
    words: Vec<u8>,
    reports: Vec<(String, Option<String>)>,
    instead: Option<Answer>,
}

type Shared = Rc<RefCell<Talk>>;

impl Wire {
    pub(crate) fn new(url: String, origin: Option<Origin>, login: Option<Login>) -> Self {
        Self { url, origin, login: login.map(Arc::new) }
    }

    /// Tells whether the server is a folder with hooks, which libgit2 does not run.
    pub(crate) fn has_hooks(&self) -> bool {
        match Address::parse(&self.url) {
            Ok(Address { way: Way::File(path), .. }) => hooks_in(&path),
            _ => false,
        }
    }

    pub(crate) fn list(&self, repository: &Repository, pulse: &Arc<Pulse>) -> Result<Heads> {
        let talk = Shared::default();
        let mut remote = self.remote(repository)?;
        let connection = remote.connect_auth(Direction::Fetch, Some(self.callbacks(&talk, pulse)), Some(proxy()));
        let connection = connection.map_err(|error| self.explained(&error, &talk))?;
        heads(connection.list().map_err(|error| self.explained(&error, &talk))?)
    }

    /// One request when the repository has everything already: libgit2 asks for a pack only then.
    pub(crate) fn fetch(&self, repository: &Repository, pulse: &Arc<Pulse>) -> Result<Heads> {
        let talk = Shared::default();
        let mut remote = self.remote(repository)?;
        let mut options = FetchOptions::new();
        options
            .remote_callbacks(self.callbacks(&talk, pulse))
            .proxy_options(proxy())
            .follow_redirects(RemoteRedirect::None)
            .custom_headers(self.headers())
            .download_tags(AutotagOption::None);
        remote.download(&["+refs/heads/*:refs/heads/*"], Some(&mut options)).map_err(|error| self.explained(&error, &talk))?;
        heads(remote.list().map_err(|error| self.explained(&error, &talk))?)
    }

    pub(crate) fn push(&self, repository: &Repository, update: &Update, pulse: &Arc<Pulse>) -> Result<Answer> {
        let talk = Shared::default();
        let mut remote = self.remote(repository)?;
        let mut callbacks = self.callbacks(&talk, pulse);
        let (beat, heard) = (Arc::clone(pulse), Rc::clone(&talk));
        let (base, commit) = (update.base.as_ref().map_or(Ok(Oid::ZERO_SHA1), oid)?, oid(&update.commit)?);
        let sent = Arc::clone(&update.sent);
        // Called between the listing and the first byte of the pack: the last moment at which nothing has happened.
        callbacks.push_negotiation(move |updates| {
            let stop = |words| Err(git2::Error::new(ErrorCode::User, ErrorClass::Callback, words));
            let there = updates.first().map(PushUpdate::src);
            if there == Some(commit) || there != Some(base) {
                heard.borrow_mut().instead = Some(if there == Some(commit) { Answer::Taken } else { Answer::Moved });
                return stop("the branch is not where it was expected");
            }
            if !beat.beat() {
                return stop("nobody waits for this push any more");
            }
            sent.store(true, Ordering::SeqCst);
            Ok(())
        });
        let mut options = PushOptions::new();
        options
            .remote_callbacks(callbacks)
            .proxy_options(proxy())
            .follow_redirects(RemoteRedirect::None)
            .custom_headers(self.headers());
        let name = format!("refs/heads/{}", update.branch);
        let pushed = remote.push(&[format!("{}:{name}", update.commit)], Some(&mut options));
        if let Some(answer) = talk.borrow_mut().instead.take() {
            return Ok(answer);
        }
        match pushed {
            Ok(()) => Ok(reported(&talk.borrow(), &name)),
            Err(error) => self.failed(&error, &talk, update.sent.load(Ordering::SeqCst)),
        }
    }

    /// Asks a plain http server to close after each answer.
    ///
    /// libgit2 writes a request in several small pieces. On a connection that has been used before, the system holds back
    /// the second piece until the server's system acknowledges the first, which takes it 40 ms; a new connection has no
    /// such wait and costs one round trip. With https a new connection costs more than the wait.
    fn headers(&self) -> &'static [&'static str] {
        if self.url.to_ascii_lowercase().starts_with("http://") { &["Connection: close"] } else { &[] }
    }

    /// Builds a remote that only the given URL speaks for; the repository was opened with its own configuration only.
    fn remote<'r>(&self, repository: &'r Repository) -> Result<Remote<'r>> {
        repository.remote_anonymous(&self.url).map_err(|error| Error::git("preparing the connection", &error))
    }

    fn callbacks(&self, talk: &Shared, pulse: &Arc<Pulse>) -> RemoteCallbacks<'static> {
        let mut callbacks = RemoteCallbacks::new();
        let (origin, login, heard) = (self.origin.clone(), self.login.clone(), Rc::clone(talk));
        callbacks.credentials(move |url, _, allowed| {
            let mut talk = heard.borrow_mut();
            give(origin.as_ref(), login.as_deref(), &mut talk, (url, allowed))
        });
        let beat = Arc::clone(pulse);
        callbacks.transfer_progress(move |_| beat.beat());
        let (beat, heard) = (Arc::clone(pulse), Rc::clone(talk));
        callbacks.sideband_progress(move |words| {
            let mut talk = heard.borrow_mut();
            if talk.words.len() < 64 * 1024 {
                talk.words.extend_from_slice(words);
            }
            beat.beat()
        });
        let beat = Arc::clone(pulse);
        callbacks.push_transfer_progress(move |_, _, _| {
            beat.beat();
        });
        let beat = Arc::clone(pulse);
        callbacks.pack_progress(move |_, _, _| {
            beat.beat();
        });
        let heard = Rc::clone(talk);
        callbacks.push_update_reference(move |name, complaint| {
            heard.borrow_mut().reports.push((name.to_owned(), complaint.map(str::to_owned)));
            Ok(())
        });
        callbacks
    }

    /// Says what an error during the sending of a push means: refused, not even tried, or nobody knows.
    fn failed(&self, error: &git2::Error, talk: &Shared, sent: bool) -> Result<Answer> {
        if error.code() == ErrorCode::NotFastForward {
            return Ok(Answer::Moved);
        }
        let words = said(&talk.borrow().words, error.message());
        if error.message().contains("unpacking the sent packfile failed") {
            return Ok(Answer::Rejected(words));
        }
        match self.explained(error, talk) {
            refused @ (Error::Auth { .. } | Error::Elsewhere { .. }) => Err(refused),
            Error::Server { status: Some(status @ 400..=499), .. } => {
                Ok(Answer::Rejected(format!("HTTP status {status}: {words}")))
            }
            Error::NoRepository { words, .. } => Ok(Answer::Rejected(words)),
            Error::Unreachable { .. } | Error::Server { .. } | Error::Untrusted { .. } if sent => Ok(Answer::Unknown(words)),
            other => Err(other),
        }
    }

    /// Turns libgit2's words into what they mean.
    fn explained(&self, error: &git2::Error, talk: &Shared) -> Error {
        let url = self.url.clone();
        let words = error.message().to_owned();
        let status = words.split_once("unexpected http status code: ").and_then(|(_, code)| code.trim().parse::<u16>().ok());
        match &talk.borrow().asked {
            Some(Asked::None) => {
                let words = "it wants a user name and a token, and the repository has no credential".to_owned();
                return Error::Auth { url, status: Some(401), words };
            }
            Some(Asked::Again) => {
                return Error::Auth { url, status: Some(401), words: "it did not accept the user name and token".to_owned() };
            }
            Some(Asked::Otherwise) => {
                return Error::Auth { url, status: Some(401), words: "it takes no user name and token".to_owned() };
            }
            Some(Asked::Elsewhere(elsewhere)) => return Error::Elsewhere { url, elsewhere: elsewhere.clone() },
            None => {}
        }
        match (status, error.code(), error.class()) {
            (Some(403), ..) => {
                let words = "Forbidden: the user or token may not do this".to_owned();
                Error::Auth { url, status, words }
            }
            (Some(401 | 407), ..) | (_, ErrorCode::Auth, _) => Error::Auth { url, status, words },
            (Some(404 | 410), ..) => Error::NoRepository { url, words },
            (Some(_), ..) => Error::Server { url, status, words },
            (_, ErrorCode::Certificate, _) => Error::Untrusted { url, words },
            (_, _, ErrorClass::Repository | ErrorClass::Os) if self.origin.is_none() => Error::NoRepository { url, words },
            (_, _, ErrorClass::Net) if words.starts_with("cannot redirect") => Error::Elsewhere { url, elsewhere: words },
            (_, _, ErrorClass::Http) if words.starts_with("invalid content-type") => {
                Error::NoRepository { url, words: format!("the answer is no Git answer: {words}") }
            }
            (_, _, ErrorClass::Net | ErrorClass::Http | ErrorClass::Os | ErrorClass::Ssl) => Error::Unreachable { url, words },
            (_, _, ErrorClass::Odb | ErrorClass::Zlib | ErrorClass::Object | ErrorClass::Indexer | ErrorClass::Reference) => {
                Error::Damaged { dir: Path::new("").to_owned(), words }
            }
            _ => Error::Git { doing: "talking to the server", words },
        }
    }
}

/// Gives the token to the place that it is stored for, once.
fn give(
    origin: Option<&Origin>,
    login: Option<&Login>,
    talk: &mut Talk,
    (url, allowed): (&str, CredentialType),
) -> Result<Cred, git2::Error> {
    let refuse = |talk: &mut Talk, asked| {
        talk.asked = Some(asked);
        Err(git2::Error::new(ErrorCode::Auth, ErrorClass::Http, "no token is given here"))
    };
    let here = Origin::of(url);
    if here.as_ref() != origin {
        return refuse(talk, Asked::Elsewhere(here.map_or_else(|| url.to_owned(), |here| here.to_string())));
    }
    let Some(login) = login else { return refuse(talk, Asked::None) };
    if !allowed.contains(CredentialType::USER_PASS_PLAINTEXT) {
        return refuse(talk, Asked::Otherwise);
    }
    if talk.given > 0 {
        return refuse(talk, Asked::Again);
    }
    talk.given += 1;
    Cred::userpass_plaintext(&login.user, &login.token)
}

/// Honours a proxy that the environment names; the configuration has none.
fn proxy() -> ProxyOptions<'static> {
    let mut proxy = ProxyOptions::new();
    proxy.auto();
    proxy
}

fn heads(list: &[git2::RemoteHead<'_>]) -> Result<Heads> {
    let mut heads = Heads::default();
    for head in list {
        if head.name() == "HEAD" {
            heads.default = head.symref_target().and_then(|name| name.strip_prefix("refs/heads/")).map(str::to_owned);
        } else if let Some(branch) = head.name().strip_prefix("refs/heads/") {
            let id = head.oid().to_string();
            let id = CommitId::parse(&id).ok_or(Error::NoCommit(id))?;
            heads.branches.insert(branch.to_owned(), id);
        }
    }
    Ok(heads)
}

/// Says what the server reported about the one branch that was pushed.
fn reported(talk: &Talk, name: &str) -> Answer {
    match talk.reports.iter().find(|(reported, _)| reported == name) {
        Some((_, None)) => Answer::Taken,
        Some((_, Some(complaint))) => Answer::Rejected(said(&talk.words, complaint)),
        None => Answer::Unknown(said(&talk.words, "the server reported nothing about the branch")),
    }
}

/// Joins what the server said with what was reported, without its progress figures.
pub(super) fn said(words: &[u8], last: &str) -> String {
    let words = String::from_utf8_lossy(words);
    let lines = words.split(['\n', '\r']).map(str::trim_end).filter(|line| !line.trim().is_empty());
    let mut lines: Vec<&str> = lines.filter(|line| !line.contains("% (")).collect();
    if !last.is_empty() {
        lines.push(last);
    }
    lines.join("\n")
}
