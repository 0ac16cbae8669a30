//! Fetching what a source's controller keeps: through the API server's proxy to its Service, or straight when it listens on
//! this machine. No other address is asked: what stands in a status is anybody's who may write it.

use std::time::Duration;

use bytes::Bytes;
use http::Uri;
use kube::{Client, Config};

use crate::connection::{Connection, Purpose};
use crate::error::Error;
use crate::kubeconfig::is_loopback;
use crate::wire::{self, Call, Fault};

/// How long the controller may be silent.
const PAUSE: Duration = Duration::from_secs(15);

/// Says how an address is reached.
#[derive(Debug, PartialEq, Eq)]
enum Route {
    /// Through the API server, by this path.
    Proxy(String),
    /// On this machine: the server, and the path there.
    Here(String, String),
}

/// Fetches the artifact at a URL, as a source's status has it. Whoever calls this verifies its digest.
pub async fn artifact(connection: &Connection, url: &str) -> Result<Bytes, Error> {
    let fail = |fault: Fault| connection.error(fault, "Fetching", url);
    let garbled = |why: &str| fail(Fault::Garbled(why.to_owned()));
    match route(url).map_err(garbled)? {
        Route::Proxy(path) => {
            let client = connection.client(Purpose::Act);
            wire::fetch_long(&client, Call::get(path), PAUSE).await.map_err(fail)
        }
        Route::Here(server, path) => {
            let uri: Uri = server.parse().map_err(|_| garbled("its address cannot be read"))?;
            // A configuration of its own: no credentials of the cluster's travel there.
            let client = Client::try_from(Config::new(uri)).map_err(|error| fail(Fault::Transport(error)))?;
            wire::fetch_long(&client, Call::get(path), PAUSE).await.map_err(fail)
        }
    }
}

fn route(url: &str) -> Result<Route, &'static str> {
    let (scheme, rest) = url.split_once("://").ok_or("it is no address")?;
    if scheme != "http" && scheme != "https" {
        return Err("only http is spoken with a source's controller");
    }
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    if authority.contains('@') || path.split('/').any(|part| part == "..") {
        return Err("it is no address of an artifact");
    }
    let bracketed = authority.rfind(']').map_or(0, |at| at + 1);
    let (host, port) = match authority[bracketed..].rfind(':') {
        Some(at) => (&authority[..bracketed + at], &authority[bracketed + at + 1..]),
        None => (authority, if scheme == "https" { "443" } else { "80" }),
    };
    if is_loopback(host.trim_matches(['[', ']'])) {
        return Ok(Route::Here(format!("{scheme}://{authority}"), format!("/{path}")));
    }
    let labels: Vec<&str> = host.trim_end_matches('.').split('.').collect();
    let name = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    match labels.as_slice() {
        [service, namespace] | [service, namespace, "svc", ..] if name(service) && name(namespace) && name(port) => {
            let way = if scheme == "https" { "https:" } else { "" };
            Ok(Route::Proxy(format!("/api/v1/namespaces/{namespace}/services/{way}{service}:{port}/proxy/{path}")))
        }
        _ => Err("it is neither a service of the cluster nor on this machine"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn artifacts_are_asked_of_the_cluster_and_of_this_machine_only() {
        let proxy = |path: &str| Ok(Route::Proxy(path.to_owned()));
        let place = "/api/v1/namespaces/flux-system/services/source-controller:80/proxy/gitrepository/a/b/c.tar.gz";
        let cases = [
            ("http://source-controller.flux-system.svc.cluster.local./gitrepository/a/b/c.tar.gz", proxy(place)),
            ("http://source-controller.flux-system/gitrepository/a/b/c.tar.gz", proxy(place)),
            ("https://s.n.svc:9/x", proxy("/api/v1/namespaces/n/services/https:s:9/proxy/x")),
            ("http://127.0.0.1:16446/x/y", Ok(Route::Here("http://127.0.0.1:16446".to_owned(), "/x/y".to_owned()))),
            ("http://[::1]:80/x", Ok(Route::Here("http://[::1]:80".to_owned(), "/x".to_owned()))),
        ];
        for (url, expect) in cases {
            assert_eq!(route(url), expect, "{url}");
        }
        for odd in [
            "http://169.254.169.254/latest",
            "http://a.example.com/x",
            "file:///etc/passwd",
            "http://s.n/../../secrets",
            "http://u@s.n/x",
        ] {
            assert!(route(odd).is_err(), "{odd}");
        }
    }
}
