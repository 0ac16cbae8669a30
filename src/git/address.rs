//! Where a repository is: which URLs are accepted, which way they go, and what a token may be given to.

use std::path::PathBuf;

use crate::error::{Error, Result};

/// Says which way a repository is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Way {
    /// http or https, through libgit2.
    Http(Origin),
    /// A folder on this machine.
    File(PathBuf),
    /// ssh, through the `git` program.
    Ssh,
}

/// Holds what must be equal before a token is given: scheme, host and port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin {
    scheme: String,
    host: String,
    port: String,
}

impl Origin {
    /// Reads the origin of an http or https URL.
    pub(crate) fn of(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let scheme = scheme.to_ascii_lowercase();
        let usual = match scheme.as_str() {
            "http" => "80",
            "https" => "443",
            _ => return None,
        };
        let authority = rest.split(['/', '?', '#']).next()?;
        let place = authority.rsplit_once('@').map_or(authority, |(_, place)| place);
        let colon = place.rfind(':').filter(|at| !place.get(*at..).is_some_and(|tail| tail.contains(']')));
        let (host, port) = colon.map_or((place, usual), |at| (place.get(..at).unwrap_or(""), place.get(at + 1..).unwrap_or("")));
        let port = if port.is_empty() { usual } else { port };
        (!host.is_empty()).then(|| Self { scheme, host: host.to_ascii_lowercase(), port: port.to_owned() })
    }
}

impl Origin {
    /// Returns the host in lower case, without the brackets of an IPv6 address.
    pub(crate) fn host(&self) -> &str {
        self.host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(&self.host)
    }

    /// Returns the port.
    pub(crate) fn port(&self) -> &str {
        &self.port
    }

    /// Tells whether what is said there is encrypted.
    pub(crate) fn is_secure(&self) -> bool {
        self.scheme == "https"
    }

    /// Returns what stands in a Host header: the port only when it is not the usual one of https.
    pub(crate) fn authority(&self) -> String {
        if self.port == "443" { self.host.clone() } else { format!("{}:{}", self.host, self.port) }
    }

    /// Returns host and port, as a proxy is asked for them.
    pub(crate) fn place(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}://{}:{}", self.scheme, self.host, self.port)
    }
}

/// Holds a URL that was found usable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    /// The URL as it is given to libgit2 or the program; carries no password.
    pub(crate) url: String,
    /// The way it is reached.
    pub(crate) way: Way,
}

impl Address {
    /// Takes a URL apart; refuses what cannot be used or would carry a secret.
    pub(crate) fn parse(url: &str) -> Result<Self> {
        let bad = |why| Err(Error::BadUrl { url: hidden_password(url), why });
        if url.starts_with('-') {
            return bad("it begins with a dash");
        }
        if url.is_empty() || url.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return bad("it is empty, or holds white space or control characters");
        }
        let Some((scheme, rest)) = url.split_once("://") else { return Self::without_scheme(url) };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or("");
        let user = authority.rsplit_once('@').map(|(user, _)| user);
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        if host.starts_with('-') || user.is_some_and(|user| user.starts_with('-')) {
            return bad("its host or user begins with a dash");
        }
        if user.is_some_and(|user| user.contains(':')) {
            return bad("a password or token does not belong in a URL; store where it is as the credential");
        }
        match scheme.to_ascii_lowercase().as_str() {
            "http" | "https" => {
                let Some(origin) = Origin::of(url) else { return bad("it names no host") };
                let url = user.map_or_else(|| url.to_owned(), |user| url.replacen(&format!("{user}@"), "", 1));
                Ok(Self { url, way: Way::Http(origin) })
            }
            "file" if rest.starts_with('/') => Ok(Self { url: url.to_owned(), way: Way::File(unescaped(rest)) }),
            "file" => bad("a file URL has three slashes and an absolute path"),
            "ssh" if host.is_empty() => bad("it names no host"),
            "ssh" => Ok(Self { url: url.to_owned(), way: Way::Ssh }),
            _ => bad("only https, http, ssh and file are spoken here"),
        }
    }

    fn without_scheme(url: &str) -> Result<Self> {
        let bad = |why| Err(Error::BadUrl { url: hidden_password(url), why });
        if url.starts_with('/') {
            return Ok(Self { url: url.to_owned(), way: Way::File(PathBuf::from(url)) });
        }
        match url.split_once(':') {
            Some((host, path)) if !host.contains('/') && !host.is_empty() && !path.is_empty() && !path.starts_with(':') => {
                let bare = host.rsplit_once('@').map_or(host, |(_, bare)| bare);
                if bare.is_empty() || bare.starts_with('-') || host.starts_with('-') {
                    return bad("its host begins with a dash or is missing");
                }
                Ok(Self { url: url.to_owned(), way: Way::Ssh })
            }
            _ => bad("it is neither a URL nor user@host:path nor an absolute path"),
        }
    }
}

/// Tells whether a URL can be used here, and why not; asks nobody.
pub fn check_url(url: &str) -> Result<()> {
    Address::parse(url).map(drop)
}

/// Returns the URL with the password part of its user information replaced.
fn hidden_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    match authority.rsplit_once('@') {
        Some((user, host)) if user.contains(':') => {
            format!("{scheme}://{}:***@{host}{path}", user.split(':').next().unwrap_or(""))
        }
        _ => url.to_owned(),
    }
}

/// Undoes percent escapes, as libgit2 and git do for file URLs.
pub(crate) fn unescaped(text: &str) -> PathBuf {
    use std::os::unix::ffi::OsStringExt;
    PathBuf::from(std::ffi::OsString::from_vec(domain::text::unescaped(text)))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a failed parse is a failed test")]
    use super::*;

    #[test]
    fn urls_go_their_way_and_bad_ones_nowhere() {
        let http = |url: &str| matches!(Address::parse(url).unwrap().way, Way::Http(_));
        assert!(http("https://git.example/a/b.git"));
        assert!(http("http://127.0.0.1:8080/a"));
        assert_eq!(Address::parse("https://me@git.example/a").unwrap().url, "https://git.example/a");
        assert_eq!(Address::parse("file:///a%20b").unwrap().way, Way::File("/a b".into()));
        assert_eq!(Address::parse("/srv/x").unwrap().way, Way::File("/srv/x".into()));
        for ssh in ["ssh://git@h:22/x", "git@h:x/y.git", "h:x"] {
            assert_eq!(Address::parse(ssh).unwrap().way, Way::Ssh, "{ssh}");
        }
        for bad in [
            "",
            "-oProxyCommand=x",
            "ssh://-oProxyCommand=x/a",
            "-h:x",
            "u@-h:x",
            "git://h/x",
            "ext::sh -c x",
            "ext::sh",
            "relative/x",
            "https://",
            "http://u:p@h/x",
            "file://h/x",
            "https://a b/",
        ] {
            assert!(Address::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_password_in_a_url_is_refused_and_not_repeated() {
        let error = Address::parse("https://me:sesame@git.example/a").unwrap_err();
        assert!(!error.to_string().contains("sesame"));
        assert!(error.to_string().contains("me:***@git.example"));
    }

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        let same = |a: &str, b: &str| Origin::of(a).unwrap() == Origin::of(b).unwrap();
        assert!(same("https://H/x", "https://h:443/y"));
        assert!(same("http://u@h/x", "http://h:80"));
        assert!(same("http://[::1]:8080/x", "http://[::1]:8080"));
        assert!(!same("http://h/x", "https://h/x"));
        assert!(!same("https://h/x", "https://h:8443/x"));
        assert!(!same("https://h/x", "https://h.evil/x"));
        assert_eq!(Origin::of("ssh://h/x"), None);
    }
}
