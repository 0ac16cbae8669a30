//! Names, labels and ports: the forms that every API server asks for, whatever the kind.

use domain::ident::label_fault;

use crate::near::distance;

/// Tells whether a text is a DNS label.
pub(super) fn is_label(text: &str) -> bool {
    label_fault(text).is_none()
}

/// Tells whether a text is a DNS subdomain: at most 253 characters. Its parts are no `label_fault`s of `domain::ident`, as the
/// server lets them be of any length.
pub(super) fn is_subdomain(text: &str) -> bool {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let part = |part: &str| {
        part.bytes().all(|b| inner(b) || b == b'-')
            && part.bytes().next().is_some_and(inner)
            && part.bytes().last().is_some_and(inner)
    };
    text.len() <= 253 && text.split('.').all(part)
}

/// Kinds whose names only have to stand in a path.
const PATH_NAMES: [&str; 8] = [
    "Role",
    "ClusterRole",
    "RoleBinding",
    "ClusterRoleBinding",
    "CertificateSigningRequest",
    "ClusterTrustBundle",
    "IPAddress",
    "StorageVersion",
];

/// Says why a name cannot be that of an object of a kind; nothing when it can.
pub(super) fn wrong_name(api_version: &str, kind: &str, name: &str) -> Option<String> {
    if PATH_NAMES.contains(&kind) && !api_version.contains('.') || PATH_NAMES.contains(&kind) && api_version.contains(".k8s.io/")
    {
        let bad = matches!(name, "" | "." | "..") || name.contains(['/', '%']);
        return bad.then(|| "it cannot be part of a path".to_owned());
    }
    let label = api_version == "v1" && matches!(kind, "Namespace" | "Service");
    if label && !is_label(name) {
        return Some(why(name, 63, false));
    }
    if !is_subdomain(name) {
        return Some(why(name, 253, true));
    }
    (api_version == "batch/v1" && kind == "CronJob" && name.len() > 52)
        .then(|| format!("it has {} characters; the name of a CronJob may have 52", name.len()))
}

fn why(name: &str, most: usize, dots: bool) -> String {
    if name.chars().any(|c| c.is_ascii_uppercase()) {
        return "it may have no capital letters".to_owned();
    }
    if name.len() > most {
        return format!("it has {} characters and may have {most}", name.len());
    }
    let dots = if dots { ", - and . " } else { " and - " };
    format!("it may have lower case letters, digits{dots}only, and has to begin and end with a letter or digit")
}

/// Says why a text cannot be the key of a label or annotation.
pub(super) fn wrong_key(key: &str) -> Option<String> {
    let (prefix, name) = key.split_once('/').map_or((None, key), |(prefix, name)| (Some(prefix), name));
    if prefix.is_some_and(|prefix| !is_subdomain(&prefix.to_ascii_lowercase())) {
        return Some("what stands before the / is no domain name".to_owned());
    }
    if name.is_empty() {
        return Some("there is no name".to_owned());
    }
    word(name)
}

/// Says why a text cannot be the value of a label.
pub(super) fn wrong_value(value: &str) -> Option<String> {
    if value.is_empty() { None } else { word(value) }
}

fn word(text: &str) -> Option<String> {
    let edge = |b: u8| b.is_ascii_alphanumeric();
    if text.len() > 63 {
        return Some(format!("it has {} characters and may have 63", text.len()));
    }
    if let Some(odd) = text.chars().find(|c| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_' | '.')) {
        let odd = if odd.is_whitespace() { "spaces".to_owned() } else { super::scalars::shown(&odd.to_string()) };
        return Some(format!("it may not have {odd}"));
    }
    let good = text.bytes().next().is_some_and(edge) && text.bytes().last().is_some_and(edge);
    (!good).then(|| "it has to begin and end with a letter or digit".to_owned())
}

/// Says why a text cannot be the name of a port.
pub(super) fn wrong_port_name(name: &str) -> Option<&'static str> {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    if name.is_empty() || name.len() > 15 {
        return Some("it has to have 1 to 15 characters");
    }
    if !name.bytes().all(|b| inner(b) || b == b'-') || name.starts_with('-') || name.ends_with('-') || name.contains("--") {
        return Some("it may have lower case letters, digits and single - between them");
    }
    (!name.bytes().any(|b| b.is_ascii_lowercase())).then_some("it has to have a letter")
}

/// Returns the known word that a text was probably meant to be.
pub(super) fn nearest<'n>(text: &str, known: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let lower = text.to_lowercase();
    let most = match text.chars().count() {
        0..=2 => return None,
        3..=5 => 1,
        6..=9 => 2,
        _ => 3,
    };
    let scored = known.map(|word| (distance(&lower, &word.to_lowercase(), most), word));
    scored.filter(|(score, _)| *score <= most).min_by_key(|(score, _)| *score).map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_by_kind() {
        let long = "a".repeat(60);
        for (version, kind, name, good) in [
            ("v1", "Service", "web", true),
            ("v1", "Service", "web.a", false),
            ("v1", "ConfigMap", "web.a", true),
            ("v1", "ConfigMap", "Web", false),
            ("v1", "ConfigMap", "web_a", false),
            ("v1", "ConfigMap", "-web", false),
            ("v1", "ConfigMap", "a..b", false),
            ("v1", "Namespace", "a.b", false),
            ("rbac.authorization.k8s.io/v1", "ClusterRole", "system:node", true),
            ("rbac.authorization.k8s.io/v1", "ClusterRole", "a/b", false),
            ("batch/v1", "CronJob", long.as_str(), false),
            ("apps/v1", "Deployment", long.as_str(), true),
        ] {
            assert_eq!(wrong_name(version, kind, name).is_none(), good, "{kind} {name}");
        }
    }

    #[test]
    fn label_keys_and_values_and_port_names() {
        for (key, good) in
            [("app", true), ("app.kubernetes.io/name", true), ("a/b/c", false), ("/x", false), ("x/", false), ("a b", false)]
        {
            assert_eq!(wrong_key(key).is_none(), good, "{key}");
        }
        for (value, good) in [("", true), ("1.2.3", true), ("-x", false), ("a/b", false), ("a b", false), ("v1_2", true)] {
            assert_eq!(wrong_value(value).is_none(), good, "{value}");
        }
        for (name, good) in
            [("http", true), ("http-2", true), ("80", false), ("a-very-long-name", false), ("HTTP", false), ("a--b", false)]
        {
            assert_eq!(wrong_port_name(name).is_none(), good, "{name}");
        }
    }

    #[test]
    fn the_nearest_word_is_offered_only_when_it_is_near() {
        let known = ["image", "imagePullPolicy", "name", "replicas", "env", "envFrom"];
        for (text, expect) in [
            ("imge", Some("image")),
            ("IMAGE", Some("image")),
            ("replica", Some("replicas")),
            ("imagepullpolicy", Some("imagePullPolicy")),
            ("foo", None),
            ("x", None),
        ] {
            assert_eq!(nearest(text, known.into_iter()), expect, "{text}");
        }
    }
}
