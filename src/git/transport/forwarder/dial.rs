//! Connecting to the server, straight or through the proxy that the environment names. Knows no TLS.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use super::{Noted, Reason, Shared, basic};
use crate::address::Origin;

/// The longest answer of a proxy to our wish, in bytes.
const LONGEST: usize = 16 * 1024;

/// Holds a proxy.
#[derive(Debug, PartialEq, Eq)]
struct Proxy {
    host: String,
    port: String,
    authorization: Option<String>,
}

/// Connects to the server; stopping the forwarder ends the connection.
pub(super) fn dial(shared: &Arc<Shared>) -> Result<(TcpStream, Noted), Reason> {
    let origin = &shared.secure.origin;
    let proxy = proxy(origin, |name| std::env::var(name).ok())?;
    let (host, port) = proxy.as_ref().map_or((origin.host(), origin.port()), |proxy| (&proxy.host, &proxy.port));
    let stream = connect(shared, host, port)?;
    let local = |error: io::Error| Reason::Unreachable(format!("on this machine: {error}"));
    let noted = shared.note(&stream).map_err(local)?;
    stream.set_nodelay(true).map_err(local)?;
    if let Some(proxy) = &proxy {
        tunnel(&stream, proxy, origin, shared.secure.longest)?;
    }
    Ok((stream, noted))
}

fn connect(shared: &Shared, host: &str, port: &str) -> Result<TcpStream, Reason> {
    let unknown = |why: &dyn std::fmt::Display| Reason::Unreachable(format!("failed to resolve address for {host}: {why}"));
    let number: u16 = port.parse().map_err(|error| unknown(&error))?;
    let mut last = unknown(&"it has no address");
    for address in (host, number).to_socket_addrs().map_err(|error| unknown(&error))? {
        if shared.is_stopped() {
            break;
        }
        match TcpStream::connect_timeout(&address, shared.secure.longest) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = Reason::Unreachable(format!("failed to connect to {host}: {error}")),
        }
    }
    Err(last)
}

/// Asks the proxy for a connection to the server.
fn tunnel(mut stream: &TcpStream, proxy: &Proxy, origin: &Origin, longest: Duration) -> Result<(), Reason> {
    let broken = |error: &dyn std::fmt::Display| Reason::Unreachable(format!("the proxy {}: {error}", proxy.host));
    let place = origin.place();
    let login = proxy.authorization.as_ref().map_or(String::new(), |value| format!("Proxy-Authorization: {value}\r\n"));
    let wish = format!("CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n{login}\r\n");
    stream.set_read_timeout(Some(longest)).map_err(|error| broken(&error))?;
    stream.write_all(wish.as_bytes()).map_err(|error| broken(&error))?;
    let (mut head, mut byte) = (Vec::new(), [0; 1]);
    // One byte at a time: what follows the head is not ours to read.
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).map_err(|error| broken(&error))?;
        head.extend_from_slice(&byte);
        if head.len() > LONGEST {
            return Err(broken(&"its answer is no HTTP"));
        }
    }
    let status = String::from_utf8_lossy(&head).split(' ').nth(1).and_then(|status| status.parse::<u16>().ok());
    match status {
        Some(200..=299) => Ok(()),
        Some(407) => Err(Reason::Proxy(format!("the proxy {} wants a user name and a password that it accepts", proxy.host))),
        Some(status) => Err(broken(&format!("proxy returned unexpected status: {status}"))),
        None => Err(broken(&"its answer is no HTTP")),
    }
}

/// Chooses the proxy for a server by what the environment says: `https_proxy` and `no_proxy`, or the same in capitals.
fn proxy(origin: &Origin, get: impl Fn(&str) -> Option<String>) -> Result<Option<Proxy>, Reason> {
    let Some(text) = get("https_proxy").or_else(|| get("HTTPS_PROXY")).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let spared = get("no_proxy").or_else(|| get("NO_PROXY")).unwrap_or_default();
    if spared.split(',').any(|pattern| spares(pattern.trim(), origin)) {
        return Ok(None);
    }
    let (scheme, rest) = text.split_once("://").unwrap_or(("http", &text));
    if !scheme.eq_ignore_ascii_case("http") {
        return Err(Reason::Unreachable(format!("the environment names a {scheme} proxy; only an http proxy can be used")));
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or("");
    let place = Origin::of(&format!("http://{authority}"));
    let place = place.ok_or_else(|| Reason::Unreachable("the environment names a proxy without a host".to_owned()))?;
    let authorization = authority.rsplit_once('@').map(|(login, _)| {
        let (user, password) = login.split_once(':').unwrap_or((login, ""));
        basic(&unescaped(user), &unescaped(password))
    });
    Ok(Some(Proxy { host: place.host().to_owned(), port: place.port().to_owned(), authorization }))
}

/// Undoes percent escapes.
fn unescaped(text: &str) -> String {
    crate::address::unescaped(text).to_string_lossy().into_owned()
}

/// Tells whether a pattern of `no_proxy` means the server: `*`, a host, `.domain` or `*.domain`, each with a port or not.
fn spares(pattern: &str, origin: &Origin) -> bool {
    let pattern = pattern.to_ascii_lowercase();
    if pattern == "*" {
        return true;
    }
    if pattern == origin.host() {
        return true;
    }
    let (name, port) = pattern.rsplit_once(':').map_or((pattern.as_str(), None), |(name, port)| (name, Some(port)));
    if port.is_some_and(|port| port != origin.port()) {
        return false;
    }
    let domain = name.strip_prefix("*.").or_else(|| name.strip_prefix('.'));
    match domain {
        None => !name.is_empty() && name.trim_start_matches('[').trim_end_matches(']') == origin.host(),
        Some(domain) => {
            let before = origin.host().strip_suffix(domain);
            !domain.is_empty() && before.is_some_and(|before| before.is_empty() || before.ends_with('.'))
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]
    use super::*;

    fn chosen(url: &str, variables: &[(&str, &str)]) -> Option<Proxy> {
        let get = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        proxy(&Origin::of(url).unwrap(), get).unwrap()
    }

    #[test]
    fn the_environment_names_the_proxy() {
        let proxy = |host: &str, port: &str, authorization: Option<&str>| {
            Some(Proxy { host: host.to_owned(), port: port.to_owned(), authorization: authorization.map(str::to_owned) })
        };
        let url = "https://git.example/a";
        assert_eq!(chosen(url, &[]), None);
        assert_eq!(chosen(url, &[("HTTP_PROXY", "http://p:1")]), None);
        assert_eq!(chosen(url, &[("HTTPS_PROXY", "http://p:1/")]), proxy("p", "1", None));
        assert_eq!(chosen(url, &[("HTTPS_PROXY", "p:1"), ("https_proxy", "http://q")]), proxy("q", "80", None));
        assert_eq!(chosen(url, &[("HTTPS_PROXY", "p:1"), ("https_proxy", "")]), None, "the small one comes first, and says none");
        // `me:se same` in base64.
        assert_eq!(chosen(url, &[("HTTPS_PROXY", "http://me:se%20same@p:1")]), proxy("p", "1", Some("Basic bWU6c2Ugc2FtZQ==")));
        let odd = super::proxy(&Origin::of(url).unwrap(), |name| (name == "https_proxy").then(|| "socks5://p:1".to_owned()));
        assert!(matches!(odd, Err(Reason::Unreachable(words)) if words.contains("socks5")));
    }

    #[test]
    fn no_proxy_spares_hosts_domains_and_ports() {
        let spared = |url: &str, patterns: &str| chosen(url, &[("HTTPS_PROXY", "p:1"), ("NO_PROXY", patterns)]).is_none();
        for patterns in ["*", "git.example", "a, git.example", ".example", "*.git.example", "GIT.example:443", "*.example:443"] {
            assert!(spared("https://git.example/a", patterns), "{patterns}");
        }
        for patterns in ["", ",", "example", "it.example", ".it.example", "git.example:80", "git.example.org", ".", "*."] {
            assert!(!spared("https://git.example/a", patterns), "{patterns}");
        }
        assert!(spared("https://[::1]/a", "::1"));
        assert!(spared("https://[::1]:8443/a", "[::1]:8443"));
    }
}
