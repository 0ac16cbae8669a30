//! Which proxy leads to a server, as the environment says it, and whom it spares. Pure: the variables come in, nobody is connected.

use std::fmt;
use std::net::IpAddr;

use crate::redact;
use crate::text::unescaped;

/// Holds what the environment says about proxies.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Proxies {
    http: Option<String>,
    https: Option<String>,
    spared: String,
}

/// A proxy's address may hold a password.
impl fmt::Debug for Proxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = |address: &Option<String>| address.is_some();
        write!(f, "Proxies(http {}, https {}, but {:?})", named(&self.http), named(&self.https), self.spared)
    }
}

impl Proxies {
    /// Reads `http_proxy`, `https_proxy` and `no_proxy`, or the same in capitals. The small name comes first; an empty one says none.
    pub fn read(get: impl Fn(&str) -> Option<String>) -> Self {
        let first = |name: &str| get(name).or_else(|| get(&name.to_uppercase()));
        let address = |name: &str| first(name).filter(|text| !text.is_empty()).map(with_scheme);
        Self { http: address("http_proxy"), https: address("https_proxy"), spared: first("no_proxy").unwrap_or_default() }
    }

    /// Returns the address of the proxy for a server: the one for encrypted connections or the one for the others, unless the
    /// server is spared.
    pub fn to(&self, secure: bool, host: &str, port: u16) -> Option<&str> {
        let address = if secure { &self.https } else { &self.http };
        address.as_deref().filter(|_| !spares(&self.spared, host, port))
    }
}

/// Returns an address with its scheme; without one it is http.
pub fn with_scheme(address: String) -> String {
    if address.contains("://") { address } else { format!("http://{address}") }
}

/// Returns the user and the password that stand in an address, and makes the password known, so that nothing tells it.
pub fn login(address: &str) -> Option<(String, String)> {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next()?;
    let (login, _) = authority.rsplit_once('@')?;
    let (user, password) = login.split_once(':').unwrap_or((login, ""));
    let plain = |text: &str| String::from_utf8_lossy(&unescaped(text)).into_owned();
    let (user, plain) = (plain(user), plain(password));
    redact::know(password);
    redact::know_login(&user, &plain);
    Some((user, plain))
}

/// Tells whether a list such as `NO_PROXY` spares a server, as curl and the programs of Kubernetes understand it.
///
/// Its entries are separated by commas or white space: `*` for all, a host or a domain with all below it (a `.` or `*.` before
/// it changes nothing), an address, or a network such as `10.0.0.0/8`; each but a network with a port behind it or not.
pub fn spares(list: &str, host: &str, port: u16) -> bool {
    let host = bare(host);
    let address = host.parse::<IpAddr>().ok().map(|address| address.to_canonical());
    let means = |entry: &str| {
        if entry == "*" {
            return true;
        }
        let (name, only) = parted(entry);
        if only.is_some_and(|only| only != port) {
            return false;
        }
        match (network(bare(name)), address) {
            (Some(network), Some(address)) => holds(network, address),
            (Some(_), None) | (None, Some(_)) => false,
            (None, None) => below(host, name.trim_start_matches('*').trim_start_matches('.')),
        }
    };
    list.split([',', ' ', '\t']).filter(|entry| !entry.is_empty()).any(means)
}

fn bare(host: &str) -> &str {
    host.trim_start_matches('[').trim_end_matches(']')
}

/// Parts an entry into its name and its port; an IPv6 address has colons of its own.
fn parted(entry: &str) -> (&str, Option<u16>) {
    if entry.contains('/') || entry.parse::<IpAddr>().is_ok() {
        return (entry, None);
    }
    let port = |text: &str| text.parse::<u16>().ok();
    entry.rsplit_once(':').and_then(|(name, text)| Some((name, port(text)?))).map_or((entry, None), |(n, p)| (n, Some(p)))
}

/// Reads a network, or an address as the network that has it alone: the address, and how many of its bits count.
fn network(text: &str) -> Option<(IpAddr, u32)> {
    let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
    let address: IpAddr = address.parse().ok()?;
    let all = if address.is_ipv4() { 32 } else { 128 };
    let bits = bits.map_or(Some(all), |bits| bits.parse().ok().filter(|bits| *bits <= all))?;
    Some((address, bits))
}

fn holds((network, bits): (IpAddr, u32), address: IpAddr) -> bool {
    let same = |difference: u128, all: u32| difference.checked_shr(all - bits).unwrap_or(0) == 0;
    match (network, address) {
        (IpAddr::V4(network), IpAddr::V4(address)) => same(u128::from(network.to_bits() ^ address.to_bits()), 32),
        (IpAddr::V6(network), IpAddr::V6(address)) => same(network.to_bits() ^ address.to_bits(), 128),
        _ => false,
    }
}

fn below(host: &str, domain: &str) -> bool {
    let Some(at) = host.len().checked_sub(domain.len()).filter(|_| !domain.is_empty()) else { return false };
    let ends = host.get(at..).is_some_and(|end| end.eq_ignore_ascii_case(domain));
    ends && (at == 0 || host.as_bytes().get(at - 1) == Some(&b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Proxies {
        Proxies::read(|name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn each_way_has_its_own_proxy_and_small_names_come_first() {
        let all = read(&[("HTTP_PROXY", "plain:1"), ("HTTPS_PROXY", "http://me:secret@safe:2"), ("NO_PROXY", "near.example")]);
        assert_eq!(all.to(false, "far.example", 80), Some("http://plain:1"));
        assert_eq!(all.to(true, "far.example", 443), Some("http://me:secret@safe:2"));
        assert_eq!(all.to(true, "near.example", 443), None);
        assert!(!format!("{all:?}").contains("secret"));
        assert_eq!(read(&[("HTTP_PROXY", "p:1")]).to(true, "far.example", 443), None);
        assert_eq!(read(&[("HTTPS_PROXY", "p:1"), ("https_proxy", "socks5://q")]).to(true, "x", 1), Some("socks5://q"));
        assert_eq!(read(&[("HTTPS_PROXY", "p:1"), ("https_proxy", "")]).to(true, "x", 1), None, "the small one says none");
        let named = |user: &str, password: &str| Some((user.to_owned(), password.to_owned()));
        assert_eq!(login("http://me:se%20same%@p:1/x"), named("me", "se same%"));
        assert_eq!((login("me@p:1"), login("http://p:1/@")), (named("me", ""), None));
    }

    #[test]
    fn hosts_domains_addresses_and_networks_are_spared() {
        for (host, lists) in [
            (
                "git.example",
                &["*", "a, git.example", "GIT.example:443", ".example", "*.example:443", "example", "a\tgit.example"][..],
            ),
            ("10.2.3.4", &["10.2.3.4", "10.0.0.0/8", "0.0.0.0/0", "10.2.3.4:443", "192.168.0.0/16,10.2.3.0/24", "10.2.3.4/32"]),
            ("[fd00::1]", &["fd00::1", "[fd00::1]", "[fd00::1]:443", "fd00::/8", "::/0"]),
            ("::ffff:10.2.3.4", &["10.0.0.0/8"]),
        ] {
            for list in lists {
                assert!(spares(list, host, 443), "{host} by {list}");
            }
        }
        for (host, lists) in [
            (
                "git.example",
                &["", ",", "it.example", ".it.example", "git.example:80", "git.example.org", ".", "*.", "10.0.0.0/8"][..],
            ),
            ("10.2.3.4", &["11.0.0.0/8", "10.2.3.5", "3.4", "10.2.3.4/33", "10.2.3.4/x", "10.2.3.4:80", "fd00::/8", "/8"]),
            ("fd00::1", &["fe00::/8", "fd00::2", "[fd00::1]:80", "0.0.0.0/0"]),
        ] {
            for list in lists {
                assert!(!spares(list, host, 443), "{host} by {list}");
            }
        }
    }
}
