//! Texts that may have a secret in them.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde_json::Value;

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

/// Takes the credentials out of every address in a value; returns how many texts had some.
///
/// Where another version of the value has other credentials in the same address at the same place, the mask is followed by
/// `mark`, so that it still shows that they differ.
pub fn mask_addresses(value: &mut Value, other: Option<&Value>, mark: &str) -> usize {
    match value {
        Value::String(text) => {
            let Cow::Owned(masked) = without_credentials(text) else { return 0 };
            let differs = |other: &str| other != text.as_str() && without_credentials(other) == masked;
            let told = other.and_then(Value::as_str).is_some_and(differs);
            *text = if told { masked.replace(MASK, &format!("{MASK}{mark}")) } else { masked };
            1
        }
        Value::Array(items) => {
            let below = |at: usize| other.and_then(|other| other.get(at));
            items.iter_mut().enumerate().map(|(at, item)| mask_addresses(item, below(at), mark)).sum()
        }
        Value::Object(fields) => {
            let below = |name: &str| other.and_then(|other| other.get(name));
            fields.iter_mut().map(|(name, value)| mask_addresses(value, below(name), mark)).sum()
        }
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

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
    fn addresses_in_a_value_lose_their_credentials_and_still_differ() {
        let value = |user: &str| json!({ "url": format!("https://{user}@git.example/a"), "more": ["https://b", 1] });
        let (mut one, other) = (value("ann:hunter2"), value("ann:hunter3"));
        assert_eq!((mask_addresses(&mut one.clone(), None, " (x)"), mask_addresses(&mut json!("https://b"), None, "")), (1, 0));
        mask_addresses(&mut one, Some(&other), " (live)");
        assert_eq!(one["url"], "https://••• (live)@git.example/a");
        let mut same = value("ann:hunter2");
        mask_addresses(&mut same, Some(&value("ann:hunter2")), " (live)");
        assert_eq!(same["url"], "https://•••@git.example/a");
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
