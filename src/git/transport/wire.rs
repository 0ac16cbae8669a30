//! Speaking to a server through libgit2: http, https by way of a forwarder, and folders on this machine.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use git2::{
    AutotagOption, Cred, CredentialType, Direction, ErrorClass, ErrorCode, FetchOptions, Oid, ProxyOptions, PushOptions,
    PushUpdate, Remote, RemoteCallbacks, RemoteRedirect, Repository,
};

use domain::revision::CommitId;

use super::forwarder::{Forwarder, Reason, Secure};
use super::{Answer, Update, hooks_in};
use crate::address::{self, Address, Origin};
use crate::credential::{Access, Login};
use crate::error::{Error, Result};
use crate::heads::Heads;
use crate::patience::Pulse;
use crate::repository::oid;

/// Asks a server to close after each answer.
///
/// libgit2 writes a request in several small pieces. On a connection that has been used before, the system holds back the
/// second piece until the server's system acknowledges the first, which takes it 40 ms; a new connection has no such wait
/// and costs one round trip. For https the forwarder asks the same.
const HEADERS: [&str; 1] = ["Connection: close"];

/// What is said of a repository that has no whole history: nothing could be said of what came before.
pub(super) const SHALLOW: &str = "it is a clone without its whole history (shallow), which cannot be worked with";
const SHALLOW_TOO: &str = "a clone without its whole history (shallow) answers so, which cannot be worked with";

/// The shortest time that a connection to an https server gets, whatever the limits say.
const SHORTEST: Duration = Duration::from_millis(1);

/// Speaks to one server through libgit2.
pub(crate) struct Wire {
    url: String,
    way: Way,
}

/// Says how libgit2 comes to the server.
enum Way {
    /// A folder on this machine.
    Local,
    Plain(Origin, Option<Arc<Login>>),
    /// Through a forwarder that speaks TLS.
    Secure(Secure),
}

/// Holds what one conversation goes by.
struct Line {
    /// What libgit2 is given.
    url: String,
    keeper: Keeper,
    forwarder: Option<Forwarder>,
}

/// Holds who gets a token: an origin, or whatever begins as our forwarder does.
#[derive(Clone)]
struct Keeper {
    origin: Option<Origin>,
    base: Option<String>,
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
    /// Reads a folder on this machine.
    pub(crate) fn local(url: String) -> Self {
        Self { url, way: Way::Local }
    }

    /// Speaks http or https.
    pub(crate) fn http(url: String, origin: Origin, login: Option<Arc<Login>>, access: &Access) -> Self {
        let way = if origin.is_secure() {
            let longest = access.limits.idle.min(access.limits.total).max(SHORTEST);
            Way::Secure(Secure { origin, login, ca_file: access.ca_file.clone(), longest })
        } else {
            Way::Plain(origin, login)
        };
        Self { url, way }
    }

    /// Opens the way for one conversation; for https, a forwarder that lives as long.
    fn line(&self, pulse: &Arc<Pulse>) -> Result<Line> {
        let plain = |origin: Option<&Origin>, login: Option<&Arc<Login>>| Line {
            url: self.url.clone(),
            keeper: Keeper { origin: origin.cloned(), base: None, login: login.cloned() },
            forwarder: None,
        };
        let secure = match &self.way {
            Way::Local => return Ok(plain(None, None)),
            Way::Plain(origin, login) => return Ok(plain(Some(origin), login.as_ref())),
            Way::Secure(secure) => secure,
        };
        let forwarder = Forwarder::start(secure.clone(), &self.url, pulse)?;
        let rest = self.url.split_once("://").map_or("", |(_, rest)| rest);
        let path = rest.find(['/', '?', '#']).and_then(|at| rest.get(at..)).unwrap_or("/");
        let url = format!("{}{path}", forwarder.base());
        // libgit2 says "I have a token" with this; the forwarder has the real one.
        let login = secure.login.as_ref().map(|_| Arc::new(Login { user: "token".to_owned(), token: "elsewhere".to_owned() }));
        let keeper = Keeper { origin: Origin::of(&url), base: Some(format!("{}/", forwarder.base())), login };
        Ok(Line { url, keeper, forwarder: Some(forwarder) })
    }

    /// Tells whether the server is a folder with hooks, which libgit2 does not run.
    pub(crate) fn has_hooks(&self) -> bool {
        self.folder().is_some_and(|path| hooks_in(&path))
    }

    fn folder(&self) -> Option<PathBuf> {
        match Address::parse(&self.url) {
            Ok(Address { way: address::Way::File(path), .. }) => Some(path),
            _ => None,
        }
    }

    pub(crate) fn list(&self, repository: &Repository, pulse: &Arc<Pulse>) -> Result<Heads> {
        let (talk, line) = (Shared::default(), self.line(pulse)?);
        let mut remote = line.remote(repository)?;
        let connection = remote.connect_auth(Direction::Fetch, Some(line.callbacks(&talk, pulse)), Some(ProxyOptions::new()));
        let connection = connection.map_err(|error| self.explained(&error, &talk, &line))?;
        heads(connection.list().map_err(|error| self.explained(&error, &talk, &line))?)
    }

    /// One request when the repository has everything already: libgit2 asks for a pack only then.
    pub(crate) fn fetch(&self, repository: &Repository, pulse: &Arc<Pulse>) -> Result<Heads> {
        if self.folder().is_some_and(|path| path.join("shallow").exists() || path.join(".git/shallow").exists()) {
            return Err(Error::Server { url: self.url.clone(), status: None, words: SHALLOW.to_owned() });
        }
        let (talk, line) = (Shared::default(), self.line(pulse)?);
        let mut remote = line.remote(repository)?;
        let mut options = FetchOptions::new();
        options
            .remote_callbacks(line.callbacks(&talk, pulse))
            .proxy_options(ProxyOptions::new())
            .follow_redirects(RemoteRedirect::None)
            .custom_headers(&HEADERS)
            .download_tags(AutotagOption::None);
        remote
            .download(&["+refs/heads/*:refs/heads/*"], Some(&mut options))
            .map_err(|error| self.explained(&error, &talk, &line))?;
        heads(remote.list().map_err(|error| self.explained(&error, &talk, &line))?)
    }

    pub(crate) fn push(&self, repository: &Repository, update: &Update, pulse: &Arc<Pulse>) -> Result<Answer> {
        let (talk, line) = (Shared::default(), self.line(pulse)?);
        let mut remote = line.remote(repository)?;
        let mut callbacks = line.callbacks(&talk, pulse);
        let (beat, heard) = (Arc::clone(pulse), Rc::clone(&talk));
        let (base, commit) = (update.base.as_ref().map_or(Ok(Oid::ZERO_SHA1), oid)?, oid(&update.commit)?);
        let sent = Arc::clone(&update.sent);
        // Called between the listing and the first byte of the pack: the last moment at which nothing has happened.
        callbacks.push_negotiation(move |updates| {
            let stop = |words| Err(git2::Error::new(ErrorCode::User, ErrorClass::Callback, words));
            let there = updates.first().map(PushUpdate::src);
            if there == Some(commit) || there != Some(base) {
                heard.borrow_mut().instead =
                    Some(if there == Some(commit) { Answer::Taken(String::new()) } else { Answer::Moved });
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
            .proxy_options(ProxyOptions::new())
            .follow_redirects(RemoteRedirect::None)
            .custom_headers(&HEADERS);
        let name = format!("refs/heads/{}", update.branch);
        let pushed = remote.push(&[format!("{}:{name}", update.commit)], Some(&mut options));
        if let Some(answer) = talk.borrow_mut().instead.take() {
            return Ok(answer);
        }
        match pushed {
            Ok(()) => Ok(reported(&talk.borrow(), &name)),
            Err(error) => self.failed(&error, (&talk, &line), update.sent.load(Ordering::SeqCst)),
        }
    }

    /// Says what an error during the sending of a push means: refused, not even tried, or nobody knows.
    fn failed(&self, error: &git2::Error, (talk, line): (&Shared, &Line), sent: bool) -> Result<Answer> {
        if error.code() == ErrorCode::NotFastForward {
            return Ok(Answer::Moved);
        }
        let reason = line.reason().map_or_else(|| line.words(error, &self.url), |reason| reason.words().to_owned());
        let words = said(&talk.borrow().words, &reason);
        if error.message().contains("unpacking the sent packfile failed") {
            return Ok(Answer::Rejected(words));
        }
        match self.explained(error, talk, line) {
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
    fn explained(&self, error: &git2::Error, talk: &Shared, line: &Line) -> Error {
        let url = self.url.clone();
        let words = line.words(error, &url);
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
        if let (None, ErrorClass::Net | ErrorClass::Http | ErrorClass::Os, Some(reason)) = (status, error.class(), line.reason())
        {
            return reason.error(url);
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
            (_, _, ErrorClass::Repository | ErrorClass::Os) if matches!(self.way, Way::Local) => {
                Error::NoRepository { url, words }
            }
            // A plain http server that sends everybody to https.
            (_, _, ErrorClass::Ssl) if !matches!(self.way, Way::Secure(_)) => {
                Error::Elsewhere { url, elsewhere: "an https address".to_owned() }
            }
            (_, _, ErrorClass::Net) if words.starts_with("cannot redirect") => {
                // "cannot redirect from 'here' to 'there'"
                let elsewhere = words.rsplit('\'').nth(1).unwrap_or(&words).to_owned();
                Error::Elsewhere { url, elsewhere }
            }
            (_, _, ErrorClass::Http) if words.starts_with("invalid content-type") => {
                Error::NoRepository { url, words: format!("the answer is no Git answer: {words}") }
            }
            (_, _, ErrorClass::Net) if words.contains("invalid packet line") => {
                let words = format!("its answer is not understood ({words}); {SHALLOW_TOO}");
                Error::Server { url, status: None, words }
            }
            (_, _, ErrorClass::Net | ErrorClass::Http | ErrorClass::Os | ErrorClass::Ssl) => Error::Unreachable { url, words },
            (_, _, ErrorClass::Odb | ErrorClass::Zlib | ErrorClass::Object | ErrorClass::Indexer | ErrorClass::Reference) => {
                Error::Damaged { dir: Path::new("").to_owned(), words }
            }
            _ => Error::Git { doing: "talking to the server", words },
        }
    }
}

impl Line {
    /// Builds a remote that only the given URL speaks for; the repository was opened with its own configuration only.
    fn remote<'r>(&self, repository: &'r Repository) -> Result<Remote<'r>> {
        repository.remote_anonymous(&self.url).map_err(|error| Error::git("preparing the connection", &error))
    }

    /// Returns why the forwarder could not do its part.
    fn reason(&self) -> Option<Reason> {
        self.forwarder.as_ref().and_then(Forwarder::reason)
    }

    /// Returns libgit2's words with the server's name in place of the forwarder's.
    fn words(&self, error: &git2::Error, url: &str) -> String {
        let Some(forwarder) = &self.forwarder else { return error.message().to_owned() };
        let server = Origin::of(url).map_or(String::new(), |origin| format!("https://{}", origin.authority()));
        error.message().replace(forwarder.base(), &server)
    }

    fn callbacks(&self, talk: &Shared, pulse: &Arc<Pulse>) -> RemoteCallbacks<'static> {
        let mut callbacks = RemoteCallbacks::new();
        let (keeper, heard) = (self.keeper.clone(), Rc::clone(talk));
        callbacks.credentials(move |url, _, allowed| {
            let mut talk = heard.borrow_mut();
            keeper.give(&mut talk, (url, allowed))
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
}

impl Keeper {
    /// Gives the token to the place that it is stored for, once.
    fn give(&self, talk: &mut Talk, (url, allowed): (&str, CredentialType)) -> Result<Cred, git2::Error> {
        let refuse = |talk: &mut Talk, asked| {
            talk.asked = Some(asked);
            Err(git2::Error::new(ErrorCode::Auth, ErrorClass::Http, "no token is given here"))
        };
        let here = Origin::of(url);
        if here != self.origin || self.base.as_ref().is_some_and(|base| !url.starts_with(base)) {
            return refuse(talk, Asked::Elsewhere(here.map_or_else(|| url.to_owned(), |here| here.to_string())));
        }
        let Some(login) = &self.login else { return refuse(talk, Asked::None) };
        if !allowed.contains(CredentialType::USER_PASS_PLAINTEXT) {
            return refuse(talk, Asked::Otherwise);
        }
        if talk.given > 0 {
            return refuse(talk, Asked::Again);
        }
        talk.given += 1;
        Cred::userpass_plaintext(&login.user, &login.token)
    }
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
        Some((_, None)) => Answer::Taken(said(&talk.words, "")),
        Some((_, Some(complaint))) => Answer::Rejected(said(&talk.words, complaint)),
        None => Answer::Unknown(said(&talk.words, "the server reported nothing about the branch")),
    }
}

/// Joins what the server said with what was reported, without its progress figures.
pub(super) fn said(words: &[u8], last: &str) -> String {
    let words = String::from_utf8_lossy(words);
    let lines = words.split(['\n', '\r']).map(str::trim_end).filter(|line| !line.trim().is_empty());
    let mut lines: Vec<&str> = lines.filter(|line| !is_progress(line)).collect();
    if !last.is_empty() {
        lines.push(last);
    }
    lines.join("\n")
}

/// Tells whether a line is a figure of progress: "Receiving objects:  42% (5/12)". What a hook says of percentages is none.
fn is_progress(line: &str) -> bool {
    let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    line.split_once("% (").is_some_and(|(before, after)| {
        let figures = after.split_once(')').and_then(|(figures, _)| figures.split_once('/'));
        before.ends_with(|c: char| c.is_ascii_digit()) && figures.is_some_and(|(done, all)| number(done) && number(all))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_left_out_and_nothing_else() {
        let words =
            b"Resolving deltas:  42% (5/12)\rResolving deltas: 100% (12/12), done.\ncoverage 43% (needs 80%)\n7% (of 9/10)\n";
        assert_eq!(said(words, "[remote rejected]"), "coverage 43% (needs 80%)\n7% (of 9/10)\n[remote rejected]");
    }
}
