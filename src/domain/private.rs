//! Texts that may have a secret in them.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// Stands in the place of a secret value; where it still stands after editing, the value stays what it is.
pub const MASK: &str = "•••";

/// Holds a text that may have a secret in it: it is never printed by accident.
#[derive(Clone, PartialEq, Eq)]
pub struct Private(Arc<str>);

impl Private {
    /// Wraps a text.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// Returns the text.
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Private {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Private({} bytes)", self.0.len())
    }
}

/// Returns the host of an address, or what could be one when it has no scheme.
pub fn host(address: &str) -> &str {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let host = rest.split(['/', '?', '#', ';']).next().unwrap_or(rest);
    host.rsplit_once('@').map_or(host, |(_, host)| host)
}

/// Returns the scheme and the host of an address. The rest of one may be a secret in itself, as with chat webhooks.
pub fn site(address: &str) -> String {
    let plain = |scheme: &str| scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
    match address.split_once("://") {
        Some((scheme, _)) if plain(scheme) => format!("{scheme}://{}", host(address)),
        _ => host(address).to_owned(),
    }
}

/// Returns a text in whose addresses no credentials stand: `https://user:password@host` loses both, ssh keeps its user.
pub fn without_credentials(text: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let (mut kept, mut from) = (0, 0);
    while let Some(at) = text[from..].find("://") {
        let start = from + at + 3;
        let ends = |c: char| matches!(c, '/' | '?' | '#' | '"' | '\'' | '<' | '>') || c.is_whitespace();
        let end = text[start..].find(ends).map_or(text.len(), |end| start + end);
        if let Some((user, _)) = text[start..end].rsplit_once('@') {
            let (name, secret) = user.split_once(':').map_or((user, false), |(name, _)| (name, true));
            let ssh = text[..start - 3].ends_with("ssh");
            if secret || !ssh {
                out.push_str(&text[kept..start]);
                out.extend([if ssh { name } else { "" }, if ssh { ":" } else { "" }, MASK]);
                kept = start + user.len();
            }
        }
        from = end;
    }
    if kept == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[kept..]);
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_credentials_stay_in_an_address() {
        for (text, want) in [
            ("https://git.example/a.git", "https://git.example/a.git"),
            ("https://u:p@git.example/a.git", "https://•••@git.example/a.git"),
            ("https://token@git.example", "https://•••@git.example"),
            ("https://u:p@ss@git.example/a@b", "https://•••@git.example/a@b"),
            ("ssh://git@git.example/a", "ssh://git@git.example/a"),
            ("ssh://git:p@git.example/a", "ssh://git:•••@git.example/a"),
            ("git@git.example:a", "git@git.example:a"),
            ("cannot clone 'https://u:p@a/b' nor \"oci://t@c\"", "cannot clone 'https://•••@a/b' nor \"oci://•••@c\""),
            ("生://生:p@生", "生://•••@生"),
            ("://", "://"),
        ] {
            assert_eq!(without_credentials(text), want);
        }
    }

    #[test]
    fn of_an_address_only_scheme_and_host_are_told() {
        for (address, want) in [
            ("https://u:p@hooks.example/T0/secret", "https://hooks.example"),
            ("hooks.example/T0/secret?token=1", "hooks.example"),
            ("Endpoint=sb://bus.example/;SharedAccessKey=secret", "bus.example"),
            ("host;secret", "host"),
            ("", ""),
        ] {
            assert_eq!(site(address), want);
        }
    }
}
