//! What may stand in a field, told while it is typed.

use super::fields::{Field, Shape};
use super::shape;
use super::{Values, Yaml};
use crate::check::{branch_fault, is_interval, name_fault, path_fault};
use crate::ident::label_fault;

/// Says what may stand in a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// Anything.
    Any,
    /// An object's name: a DNS subdomain.
    Name,
    /// A DNS label.
    Label,
    /// A duration in Go's notation: ms, s, m, h.
    Duration,
    /// A duration without hours.
    Short,
    /// A URL with one of these schemes.
    Url(&'static [&'static str]),
    /// A range of semantic versions.
    Semver,
    /// A path within a repository.
    Path,
    /// A branch.
    Branch,
    /// A commit: 40 hexadecimal digits, or 64.
    Commit,
    /// A digest: `sha256:` and 64 hexadecimal digits.
    Digest,
    /// A whole number within these bounds.
    Number(i64, i64),
    /// A host, perhaps with a port.
    Host,
    /// The same, perhaps with `https://` or `http://` before it.
    Endpoint,
    /// A mapping in YAML.
    Mapping,
    /// A reference `Kind/name` or `Kind/namespace/name`.
    Reference,
    /// Names parted by commas.
    Names,
    /// Objects parted by commas.
    Objects,
    /// PEM text with this in its first line.
    Pem(&'static str),
}

/// Says what is wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The field.
    pub field: &'static str,
    /// What is wrong: a key of [`FAULTS`] and of the language files' `compose.wrong`.
    pub key: &'static str,
    /// What stands in the sentence's place `{detail}`.
    pub detail: String,
}

/// What can be wrong, in words.
pub const FAULTS: &[(&str, &str)] = &[
    ("needed", "something must stand here"),
    ("name", "that is no name: {detail}"),
    ("duration", "that is no duration: write it as 30s, 5m or 1h30m"),
    ("short", "that is no duration that a source takes: write it as 30s or 5m, without hours"),
    ("url", "that is no URL that begins with {detail}"),
    ("user", "a URL holds no user name and no password: they go into a Secret"),
    ("semver", "that is no range of versions: write it as 1.2.3, 1.x or >=1.2.0 <2.0.0"),
    ("path", "that is no path in a repository: {detail}"),
    ("branch", "that is no branch: {detail}"),
    ("commit", "a commit has 40 hexadecimal digits"),
    ("digest", "a digest is written sha256: and 64 hexadecimal digits"),
    ("number", "that is no whole number from {detail}"),
    ("host", "that is no host: write it as host or host:port, without a scheme"),
    ("mapping", "that is no mapping in YAML: {detail}"),
    ("reference", "write it as Kind/name or Kind/namespace/name, of {detail}"),
    ("names", "write each as name or namespace/name: {detail}"),
    ("objects", "write each as Kind/namespace/name or group/version/Kind/namespace/name: {detail}"),
    ("option", "choose one of {detail}"),
    ("pem", "that is not what belongs here: its first line should say {detail}"),
    ("pair", "certificate and key go together"),
    ("certificates", "a certificate authority, or a certificate with its key, must be given"),
    ("installation", "exactly one of installation id and owner must be given"),
    ("generic-bucket", "a bucket of the provider generic needs credentials"),
];

impl Fault {
    pub(super) fn new(field: &'static str, key: &'static str, detail: impl Into<String>) -> Self {
        Self { field, key, detail: detail.into() }
    }

    /// Returns it in words.
    pub fn words(&self) -> String {
        let text = FAULTS.iter().find(|(key, _)| *key == self.key).map_or(self.key, |(_, text)| text);
        text.replace("{detail}", &self.detail)
    }
}

/// Says what is wrong with one field.
pub(super) fn field(field: &Field, values: &Values, yaml: Yaml) -> Option<Fault> {
    let text = if field.hidden || field.long { values.get(field.id) } else { values.get(field.id).trim() };
    if text.trim().is_empty() {
        return field.needed.then(|| Fault::new(field.id, "needed", ""));
    }
    if text == field.unset {
        return None;
    }
    if !field.options.is_empty() && !field.options.contains(&text) {
        return Some(Fault::new(field.id, "option", field.options.join(", ")));
    }
    let (key, detail) = wrong(field, text, yaml)?;
    Some(Fault::new(field.id, key, detail))
}

fn wrong(field: &Field, text: &str, yaml: Yaml) -> Option<(&'static str, String)> {
    let bare = |key: &'static str, fine: bool| (!fine).then(|| (key, String::new()));
    let told = |key: &'static str, why: Option<&str>| why.map(|why| (key, why.to_owned()));
    match field.check {
        Check::Any => None,
        Check::Name => told("name", name_fault(text)),
        Check::Label => told("name", label_fault(text)),
        Check::Duration => bare("duration", is_interval(text)),
        Check::Short => bare("short", is_interval(text) && !text.contains('h')),
        Check::Url(schemes) => url(text, schemes),
        Check::Semver => bare("semver", is_range(text)),
        Check::Path => told("path", path_fault(text)),
        Check::Branch => told("branch", branch_fault(text)),
        Check::Commit => bare("commit", matches!(text.len(), 40 | 64) && is_hex(text)),
        Check::Digest => bare("digest", text.strip_prefix("sha256:").is_some_and(|hex| hex.len() == 64 && is_hex(hex))),
        Check::Number(from, to) => {
            let fine = text.parse::<i64>().is_ok_and(|number| (from..=to).contains(&number));
            (!fine).then(|| ("number", format!("{from} to {to}")))
        }
        Check::Host => bare("host", is_host(text)),
        Check::Endpoint => {
            let host = ["https://", "http://"].iter().find_map(|scheme| text.strip_prefix(scheme)).unwrap_or(text);
            bare("host", is_host(host.trim_end_matches('/')))
        }
        Check::Mapping => match (yaml.read)(text) {
            Ok(value) if value.is_object() || value.is_null() => None,
            Ok(_) => Some(("mapping", "a list or a text is none".to_owned())),
            Err(why) => Some(("mapping", crate::text::one_line(&why))),
        },
        Check::Reference => match field.shape {
            Shape::Reference(_, kinds) if shape::reference(text, kinds).is_none() => Some(("reference", kinds.join(", "))),
            _ => None,
        },
        Check::Names => shape::parts(text).find(|part| shape::named(part).is_none()).map(|part| ("names", part.to_owned())),
        Check::Objects => shape::parts(text).find(|part| shape::object(part).is_none()).map(|part| ("objects", part.to_owned())),
        Check::Pem(word) => {
            let first = text.trim_start().lines().next().unwrap_or_default();
            let fine = first.starts_with("-----BEGIN ") && first.contains(word);
            (!fine).then(|| ("pem", format!("BEGIN … {word}")))
        }
    }
}

fn is_host(text: &str) -> bool {
    !text.is_empty() && !text.contains(['/', '@']) && !text.contains(char::is_whitespace)
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_hexdigit())
}

fn url(text: &str, schemes: &[&str]) -> Option<(&'static str, String)> {
    let rest = schemes.iter().find_map(|scheme| text.strip_prefix(scheme)?.strip_prefix("://"));
    let host = rest.and_then(|rest| rest.split('/').next()).unwrap_or_default();
    if host.is_empty() || text.contains(char::is_whitespace) {
        let all: Vec<String> = schemes.iter().map(|scheme| format!("{scheme}://")).collect();
        return Some(("url", all.join(", ")));
    }
    // A user name belongs to ssh; anywhere else it is the beginning of a credential in the clear.
    let user = host.rsplit_once('@').map(|(user, _)| user);
    user.filter(|user| !text.starts_with("ssh://") || user.contains(':')).map(|_| ("user", String::new()))
}

/// Tells whether a text is a range of semantic versions: comparisons parted by blanks or commas, alternatives by `||`.
fn is_range(text: &str) -> bool {
    let version = |text: &str| {
        let text = text.strip_prefix('v').unwrap_or(text);
        let core = text.split(['-', '+']).next().unwrap_or_default();
        let numbers = core.split('.').count() <= 3
            && core.split('.').all(|n| matches!(n, "x" | "X" | "*") || (!n.is_empty() && n.bytes().all(|b| b.is_ascii_digit())));
        let rest = text.get(core.len()..).unwrap_or_default();
        numbers && (rest.is_empty() || rest.len() > 1) && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b"-+.".contains(&b))
    };
    text.split("||").all(|alternative| {
        let mut operator = false;
        let mut versions = 0;
        for token in alternative.split([' ', ',']).filter(|token| !token.is_empty()) {
            let rest = token.trim_start_matches(['<', '>', '=', '!', '~', '^']);
            let sign = token.len() - rest.len();
            match (rest, sign) {
                ("-", 0) if versions > 0 => operator = true,
                ("", 1..=2) if !operator => operator = true,
                (rest, 0..=2) if version(rest) && !(operator && sign > 0) => {
                    operator = false;
                    versions += 1;
                }
                _ => return false,
            }
        }
        versions > 0 && !operator
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_those_that_flux_takes() {
        for (text, fine) in [
            ("1.2.3", true),
            ("v1.2.3", true),
            ("1.x", true),
            ("*", true),
            (">=1.2.0 <2.0.0", true),
            (">= 1.2, < 3", true),
            ("^1.2", true),
            ("~1.2.3-0", true),
            ("1.0.0 - 2.0.0", true),
            ("1.x || >=2.5.0", true),
            (">=1.0.0-0+meta.1", true),
            ("", false),
            ("main", false),
            ("1.2.3.4", false),
            (">=", false),
            (">> >1", false),
            ("1.0 -", false),
            ("1.0-", false),
        ] {
            assert_eq!(is_range(text), fine, "{text}");
        }
    }

    #[test]
    fn a_url_has_its_scheme_a_host_and_no_credential() {
        let all: &[&str] = &["https", "ssh"];
        for (text, want) in [
            ("https://git.example/shop", None),
            ("ssh://git@git.example/shop", None),
            ("ssh://git:pass@git.example/shop", Some("user")),
            ("https://bot:pass@git.example/shop", Some("user")),
            ("git@git.example:shop", Some("url")),
            ("https://", Some("url")),
            ("http://git.example", Some("url")),
            ("https://git example", Some("url")),
        ] {
            assert_eq!(url(text, all).map(|(key, _)| key), want, "{text}");
        }
    }
}
