//! Fetching one document from an address that the operator named. No other host is asked for anything.

#[cfg(test)]
mod tests;

use std::time::Duration;

use bytes::Bytes;
use domain::text::one_line;
use http::{Request, Response, StatusCode, Uri, Version, header};
use kube::client::{Body, Client};
use kube::config::Config;
use tokio::time::timeout;

use crate::error::{Error, short};
use crate::kubeconfig::{Surroundings, is_loopback, proxied, proxy_to};
use crate::wire::{self, Fault};

/// How long is waited.
#[derive(Debug, Clone, Copy)]
struct Patience {
    /// How long the server may be silent.
    silence: Duration,
    /// How long it may take altogether.
    whole: Duration,
}

/// How long is waited for a release; an official one has less than a megabyte.
const PATIENCE: Patience = Patience { silence: Duration::from_secs(30), whole: Duration::from_mins(5) };
/// How often an address may point at another.
const TURNS: usize = 5;
/// Whose releases lie elsewhere than where their addresses say.
const KEEPER: &str = "github.com";
/// Where they lie.
const STORES: [&str; 2] = ["release-assets.githubusercontent.com", "objects.githubusercontent.com"];

/// Returns the document at an address, of at most so many bytes.
///
/// Only https, and http on this machine. An address may point at another of the same host; those of GitHub's releases also at
/// where GitHub keeps them. Anything else is refused with the host's name, so that it can be named instead.
pub async fn download(address: &str, heaviest: usize, surroundings: &Surroundings) -> Result<Bytes, Error> {
    within(PATIENCE, address, heaviest, surroundings).await
}

async fn within(patience: Patience, address: &str, heaviest: usize, surroundings: &Surroundings) -> Result<Bytes, Error> {
    let refused = |why: String| Error::Download { address: shown(address), why };
    let late = |_| refused(format!("it takes longer than {} s", patience.whole.as_secs()));
    timeout(patience.whole, fetch(patience, address, heaviest, surroundings)).await.map_err(late)?.map_err(refused)
}

async fn fetch(patience: Patience, address: &str, heaviest: usize, surroundings: &Surroundings) -> Result<Bytes, String> {
    let mut at: Uri = address.parse().map_err(|_| "it is no address".to_owned())?;
    for _ in 0..TURNS {
        check(&at)?;
        let asked = timeout(patience.silence, ask(&at, surroundings)).await;
        let response = asked.map_err(|_| format!("{} does not answer within {} s", host(&at), patience.silence.as_secs()))??;
        let status = response.status();
        if status.is_redirection() {
            let to = response.headers().get(header::LOCATION).and_then(|to| to.to_str().ok()).unwrap_or_default();
            at = turned(&at, to)?;
            continue;
        }
        if status != StatusCode::OK {
            return Err(format!("{} answers {status}", host(&at)));
        }
        if !ends(&response) {
            return Err(format!("{} does not say how long it is, so that nobody could tell whether it is whole", host(&at)));
        }
        return wire::collect(response.into_body(), heaviest, patience.silence).await.map_err(|fault| broken(&fault, heaviest));
    }
    Err("it points at another address again and again".to_owned())
}

/// Tells whether the end of an answer can be told from a connection that was cut.
fn ends(response: &Response<Body>) -> bool {
    let says = |name| response.headers().contains_key(name);
    response.version() >= Version::HTTP_2 || says(header::CONTENT_LENGTH) || says(header::TRANSFER_ENCODING)
}

fn broken(fault: &Fault, heaviest: usize) -> String {
    match fault {
        Fault::Garbled(_) => format!("it is longer than {} MiB", heaviest >> 20),
        Fault::TimedOut(pause) => format!("it stops in the middle: nothing more came for {} s", pause.as_secs()),
        Fault::Transport(error) => format!("it breaks off: {}", crate::error::words(error)),
        Fault::Refused(refusal) => refusal.message.clone(),
    }
}

fn host(at: &Uri) -> String {
    one_line(at.host().unwrap_or_default())
}

/// Returns an address without what may be secret in it.
fn shown(address: &str) -> String {
    one_line(address.split(['?', '#']).next().unwrap_or_default())
}

fn check(at: &Uri) -> Result<(), String> {
    let name = at.host().unwrap_or_default();
    if at.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        return Err("it has a user or a password in it, which addresses do not keep to themselves".to_owned());
    }
    match at.scheme_str() {
        Some("https") if !name.is_empty() => Ok(()),
        Some("http") if is_loopback(name) => Ok(()),
        Some("http") => Err("what is installed is not fetched over plain http".to_owned()),
        _ => Err("it is no https address".to_owned()),
    }
}

/// Returns where an address points at, when that may be followed.
fn turned(from: &Uri, to: &str) -> Result<Uri, String> {
    let nowhere = || format!("{} points nowhere", host(from));
    let relative = !to.contains("://") && !to.starts_with("//");
    if relative && !to.is_empty() {
        let folder = from.path().rsplit_once('/').map_or("", |(folder, _)| folder);
        let path = if to.starts_with('/') { to.to_owned() } else { format!("{folder}/{to}") };
        let mut parts = from.clone().into_parts();
        parts.path_and_query = Some(path.parse().map_err(|_| nowhere())?);
        return Uri::from_parts(parts).map_err(|_| nowhere());
    }
    let next: Uri = to.parse().map_err(|_| nowhere())?;
    let (old, new) = (host(from), host(&next));
    let same = old == new && from.scheme() == next.scheme() && from.port_u16() == next.port_u16();
    let kept = old == KEEPER && from.scheme_str() == Some("https") && next.scheme_str() == Some("https");
    if same || (kept && STORES.contains(&new.as_str())) {
        return Ok(next);
    }
    Err(format!("{old} points at another host, {new}, which nobody named"))
}

async fn ask(at: &Uri, surroundings: &Surroundings) -> Result<Response<Body>, String> {
    let base = format!("{}://{}", at.scheme_str().unwrap_or("https"), at.authority().map_or("", |a| a.as_str()));
    let base: Uri = base.parse().map_err(|_| "it is no address".to_owned())?;
    let mut config = Config::new(base);
    config.connect_timeout = Some(Duration::from_secs(10));
    config.default_retry = false;
    config.proxy_url = proxy_to(at, &surroundings.proxies).map(proxied).transpose()?;
    let client = Client::try_from(config).map_err(|error| short(&error.to_string()))?;
    let path = at.path_and_query().map_or("/", |path| path.as_str());
    let request = Request::get(path)
        .header(header::USER_AGENT, "quarterdeck")
        .header(header::ACCEPT, "*/*")
        .header(header::ACCEPT_ENCODING, "identity")
        .body(Body::empty())
        .map_err(|error| short(&error.to_string()))?;
    client.send(request).await.map_err(|error| crate::error::words(&error))
}
