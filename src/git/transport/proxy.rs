//! The proxy that the environment names for an https server, of which the forwarder asks a connection. Plain http goes straight:
//! libgit2 takes a proxy for it, and sends past it what it would have to send there.

use domain::proxy::{Proxies, login};

use crate::address::Origin;

/// Holds a proxy.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Proxy {
    pub(super) host: String,
    pub(super) port: String,
    /// Who we are to it.
    pub(super) login: Option<(String, String)>,
}

impl Proxy {
    /// Returns the proxy for a server, or why the one that is named cannot be used.
    pub(super) fn named(server: &Origin) -> Result<Option<Self>, String> {
        Self::of(server, &Proxies::read(|name| std::env::var(name).ok()))
    }

    /// Returns why it cannot be used when it wants to know who we are.
    pub(super) fn refused(&self) -> String {
        format!("the proxy {} wants a user name and a password that it accepts", self.host)
    }

    fn of(server: &Origin, proxies: &Proxies) -> Result<Option<Self>, String> {
        let port = server.port().parse().unwrap_or_default();
        let Some(url) = proxies.to(server.is_secure(), server.host(), port) else { return Ok(None) };
        let login = login(url);
        let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
        if !scheme.eq_ignore_ascii_case("http") {
            let scheme = domain::text::one_line(scheme);
            return Err(format!("the environment names a {scheme} proxy; only an http proxy can be used"));
        }
        let authority = rest.split(['/', '?', '#']).next().unwrap_or("");
        let place = Origin::of(&format!("http://{authority}"))
            .ok_or_else(|| "the environment names a proxy without a host".to_owned())?;
        Ok(Some(Self { host: place.host().to_owned(), port: place.port().to_owned(), login }))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]
    use super::*;

    fn chosen(url: &str, variables: &[(&str, &str)]) -> Result<Option<Proxy>, String> {
        let get = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        Proxy::of(&Origin::of(url).unwrap(), &Proxies::read(get))
    }

    #[test]
    fn the_environment_names_the_proxy() {
        let proxy = |(host, port): (&str, &str), login: Option<(&str, &str)>| Proxy {
            host: host.to_owned(),
            port: port.to_owned(),
            login: login.map(|(user, password)| (user.to_owned(), password.to_owned())),
        };
        let url = "https://git.example/a";
        assert_eq!(chosen(url, &[]).unwrap(), None);
        assert_eq!(chosen(url, &[("HTTP_PROXY", "http://p:1")]).unwrap(), None);
        assert_eq!(chosen(url, &[("HTTPS_PROXY", "http://p:1/")]).unwrap(), Some(proxy(("p", "1"), None)));
        assert_eq!(chosen(url, &[("HTTPS_PROXY", "p:1"), ("https_proxy", "")]).unwrap(), None);
        assert_eq!(chosen(url, &[("HTTPS_PROXY", "p:1"), ("NO_PROXY", "git.example:443")]).unwrap(), None);
        let asked = chosen(url, &[("https_proxy", "me:se%20same@p")]).unwrap();
        assert_eq!(asked, Some(proxy(("p", "80"), Some(("me", "se same")))));
        assert!(chosen(url, &[("https_proxy", "socks5://p:1")]).unwrap_err().contains("socks5"));
        assert!(chosen(url, &[("https_proxy", "http:///x")]).unwrap_err().contains("without a host"));
    }
}
