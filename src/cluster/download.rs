//! Fetching one document from an address that the operator named. No other host is asked for anything.

use std::time::Duration;

use bytes::Bytes;
use domain::text::one_line;
use http::{Request, StatusCode, Uri, header};
use kube::client::{Body, Client};
use kube::config::Config;
use tokio::time::timeout;

use crate::error::{Error, short};
use crate::kubeconfig::{Surroundings, is_loopback, spares};
use crate::wire;

/// How long the server may be silent.
const SILENCE: Duration = Duration::from_secs(30);
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
    let refused = |why: String| Error::Download { address: shown(address), why };
    let mut at: Uri = address.parse().map_err(|_| refused("it is no address".to_owned()))?;
    for _ in 0..TURNS {
        check(&at).map_err(refused)?;
        let response = match timeout(SILENCE, ask(&at, surroundings)).await {
            Err(_) => return Err(refused(format!("no answer within {} s", SILENCE.as_secs()))),
            Ok(response) => response.map_err(refused)?,
        };
        let status = response.status();
        if status.is_redirection() {
            let to = response.headers().get(header::LOCATION).and_then(|to| to.to_str().ok()).unwrap_or_default();
            at = turned(&at, to).map_err(refused)?;
            continue;
        }
        if status != StatusCode::OK {
            return Err(refused(format!("{} answers {status}", host(&at))));
        }
        let body = wire::collect(response.into_body(), heaviest, SILENCE).await;
        return body.map_err(|_| refused(format!("it is longer than {} MiB, or breaks off", heaviest >> 20)));
    }
    Err(refused("it points at another address again and again".to_owned()))
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
    if to.starts_with('/') && !to.starts_with("//") {
        let mut parts = from.clone().into_parts();
        parts.path_and_query = Some(to.parse().map_err(|_| nowhere())?);
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

async fn ask(at: &Uri, surroundings: &Surroundings) -> Result<http::Response<Body>, String> {
    let base = format!("{}://{}", at.scheme_str().unwrap_or("https"), at.authority().map_or("", |a| a.as_str()));
    let base: Uri = base.parse().map_err(|_| "it is no address".to_owned())?;
    let mut config = Config::new(base);
    config.connect_timeout = Some(Duration::from_secs(10));
    config.default_retry = false;
    config.proxy_url = proxy(at.host().unwrap_or_default(), surroundings)?;
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

fn proxy(host: &str, surroundings: &Surroundings) -> Result<Option<Uri>, String> {
    let spared = is_loopback(host) || surroundings.no_proxy.as_deref().is_some_and(|list| spares(list, host));
    let Some(proxy) = surroundings.https_proxy.as_deref().filter(|url| !url.is_empty() && !spared) else { return Ok(None) };
    proxy.parse().map(Some).map_err(|error| format!("the proxy {}: {error}", one_line(proxy)))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by failing")]
    use super::*;

    #[test]
    fn only_named_hosts_are_followed() {
        let from = |address: &str| address.parse::<Uri>().unwrap();
        let github = "https://github.com/fluxcd/flux2/releases/latest/download/install.yaml";
        for (address, to, follows) in [
            (github, "https://github.com/fluxcd/flux2/releases/download/v2.8.0/install.yaml", true),
            (github, "/elsewhere", true),
            (github, "https://release-assets.githubusercontent.com/x?sig=1", true),
            (github, "http://release-assets.githubusercontent.com/x", false),
            (github, "https://evil.example/x", false),
            (github, "//evil.example/x", false),
            ("https://mirror.example/a", "https://release-assets.githubusercontent.com/x", false),
            ("https://mirror.example/a", "https://mirror.example:8443/a", false),
            ("https://mirror.example/a", "http://mirror.example/a", false),
        ] {
            assert_eq!(turned(&from(address), to).is_ok(), follows, "{address} {to}");
        }
        assert!(turned(&from(github), "https://evil.example/x").unwrap_err().contains("evil.example"));
    }

    #[test]
    fn addresses_are_https_or_on_this_machine_and_keep_no_password() {
        for (address, good) in [
            ("https://mirror.example/install.yaml", true),
            ("http://127.0.0.1:8080/install.yaml", true),
            ("http://mirror.example/install.yaml", false),
            ("https://me:secret@mirror.example/install.yaml", false),
            ("file:///etc/passwd", false),
            ("install.yaml", false),
        ] {
            let found = address.parse::<Uri>().is_ok_and(|at| check(&at).is_ok());
            assert_eq!(found, good, "{address}");
        }
    }
}
