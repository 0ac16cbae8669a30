//! Whether a text is a secret, by what it is and by what it is called. What it says is never repeated.

/// What a name must not end with to be the name of a secret itself: these speak about one, or name where it is.
const ABOUT: &[&str] = &[
    "file",
    "files",
    "path",
    "paths",
    "dir",
    "directory",
    "name",
    "names",
    "url",
    "uri",
    "host",
    "endpoint",
    "ttl",
    "enabled",
    "disabled",
    "expiry",
    "expiration",
    "expires",
    "duration",
    "lifetime",
    "interval",
    "validity",
    "length",
    "size",
    "count",
    "id",
    "ids",
    "timeout",
    "type",
    "ref",
    "refs",
    "policy",
    "mode",
    "header",
    "issuer",
    "audience",
    "method",
    "min",
    "max",
    "class",
    "store",
    "provider",
    "algorithm",
    "algo",
    "alg",
    "format",
    "prefix",
    "suffix",
    "namespace",
    "required",
    "field",
    "claim",
    "claims",
    "scope",
    "scopes",
    "env",
    "var",
    "variable",
    "template",
    "rotation",
    "manager",
    "backend",
    "engine",
    "version",
    "mount",
    "location",
    "generator",
    "user",
    "username",
    "key",
    "keys",
    "cost",
    "rounds",
    "days",
    "limit",
    "limits",
    "strategy",
    "source",
    "sources",
    "secret",
    "secrets",
    "driver",
    "projection",
    "annotations",
    "labels",
    "resource",
];
/// What a name may begin with that makes it a switch.
const SWITCHES: &[&str] = &["disable", "enable", "use", "allow", "require", "no", "has", "skip", "show", "is", "existing"];
/// What stands for a value that is given elsewhere.
const REFERENCES: &[&str] = &[
    "vault:",
    "ref+",
    "op://",
    "secret://",
    "secretref:",
    "aws-sm:",
    "awssm:",
    "gcp-sm:",
    "azkv:",
    "bao:",
    "file:",
    "env:",
    "!",
];
/// Words that stand in for a value.
const STAND_INS: &[&str] = &[
    "changeme",
    "change-me",
    "change_me",
    "placeholder",
    "example",
    "dummy",
    "todo",
    "redacted",
    "replace",
    "insert",
    "update_",
    "updateme",
    "from_overlay",
    "your-",
    "your_",
    "xxxx",
    "****",
    "none",
    "null",
    "true",
    "false",
];

/// Returns what a text certainly is, whatever it is called: a private key, a token of a known form.
pub(crate) fn certain(text: &str) -> Option<&'static str> {
    if text.len() < 16 {
        return None;
    }
    if text.contains("-----BEGIN ") && text.contains("PRIVATE KEY") {
        return Some("a private key");
    }
    if text.contains("AGE-SECRET-KEY-1") {
        return Some("an age key");
    }
    if text.split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ',')).any(password_in_url) {
        return Some("an address with a password");
    }
    text.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))).find_map(token)
}

/// Returns what kind of token a word is by its form.
fn token(word: &str) -> Option<&'static str> {
    let long = |prefix: &str, least: usize| word.strip_prefix(prefix).is_some_and(|rest| rest.len() >= least && varied(rest));
    if word.len() == 20 && long("AKIA", 16) && word.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()) {
        return Some("an AWS access key");
    }
    if ["ghp_", "gho_", "ghs_", "ghu_", "github_pat_"].iter().any(|p| long(p, 30)) {
        return Some("a GitHub token");
    }
    if long("glpat-", 20) {
        return Some("a GitLab token");
    }
    if ["xoxb-", "xoxp-", "xoxa-"].iter().any(|p| long(p, 20)) {
        return Some("a Slack token");
    }
    if ["sk_live_", "rk_live_"].iter().any(|p| long(p, 20)) {
        return Some("a Stripe key");
    }
    if word.len() == 39 && long("AIza", 35) {
        return Some("a Google API key");
    }
    let parts: Vec<&str> = word.split('.').collect();
    let web =
        matches!(parts.as_slice(), [head, body, sign] if head.starts_with("eyJ") && body.starts_with("eyJ") && sign.len() > 20);
    web.then_some("a signed web token")
}

/// Tells whether a word has enough different letters to be drawn by chance, unlike `ghp_xxxxxxxx`.
fn varied(word: &str) -> bool {
    let mut letters: Vec<u8> = word.bytes().collect();
    letters.sort_unstable();
    letters.dedup();
    letters.len() >= 8
}

/// Tells whether a word is an address with a password in it that is no stand-in.
fn password_in_url(word: &str) -> bool {
    let Some((_, rest)) = word.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let password = authority.rsplit_once('@').and_then(|(user, _)| user.split_once(':')).map(|(_, password)| password);
    password.is_some_and(|password| !stand_in(password) && !password.contains(['%', '<', '$', '{']))
}

/// Tells whether a value that is called so is a secret.
pub(crate) fn named(name: &str, value: &str) -> bool {
    if stand_in(value) || value.chars().count() < 4 || value.contains('\n') {
        return false;
    }
    let words = words(name);
    let (Some(first), Some(last)) = (words.first(), words.last()) else { return false };
    // A name with a slash is a label's.
    if SWITCHES.contains(&first.as_str()) || value.contains("://") || name.contains('/') {
        return false;
    }
    let ends = |word: &str, tails: &[&str]| word != "onepassword" && tails.iter().any(|tail| word.ends_with(tail));
    if ends(last, &["password", "passwd", "passphrase", "apikey", "secretkey", "privatekey", "accesskey"]) {
        return true;
    }
    let pair = words.len().checked_sub(2).and_then(|at| words.get(at)).map(|before| (before.as_str(), last.as_str()));
    let keys = ["api", "secret", "private", "access", "encryption", "signing", "master", "auth", "license"];
    if pair.is_some_and(|(before, last)| last == "key" && keys.contains(&before)) {
        // Names of objects and of keys are words with hyphens; keys themselves are drawn by chance.
        return !is_name(value);
    }
    if matches!(last.as_str(), "token" | "secret" | "credential" | "credentials") {
        return !is_name(value);
    }
    !ABOUT.contains(&last.as_str())
        && words.iter().any(|word| ends(word, &["password", "passwd", "passphrase"]))
        && !is_name(value)
}

/// Tells whether a value is nothing by itself: empty, filled in later, encrypted, a path, a number, a reference, an example.
pub(crate) fn stand_in(value: &str) -> bool {
    let value = value.trim();
    let lower = value.to_ascii_lowercase();
    value.is_empty()
        || value.contains("${")
        || value.contains("$(")
        || value.contains("{{")
        || value.contains("ENC[AES256_GCM,")
        || value.starts_with("ENC[")
        || (value.starts_with('$') && value[1..].bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'))
        || (value.starts_with('%') && value.ends_with('%'))
        || (value.starts_with('<') && value.ends_with('>'))
        || value.starts_with(['/', '.'])
        || value.bytes().all(|b| b.is_ascii_digit())
        || value.chars().all(|c| matches!(c, '*' | 'x' | 'X' | '.' | '-' | '_'))
        || REFERENCES.iter().any(|prefix| lower.starts_with(prefix))
        || STAND_INS.iter().any(|word| lower == *word || (word.len() > 5 && lower.contains(word)))
}

/// Tells whether a value reads as the name of an object: words with hyphens or dots.
fn is_name(value: &str) -> bool {
    let fine = value.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.' | b'_' | b'/'));
    let words =
        value.split(['-', '.', '_', '/']).all(|part| part.bytes().filter(u8::is_ascii_digit).count() <= 2 && part.len() <= 16);
    fine && words && value.contains(['-', '.', '_', '/'])
}

/// Returns the words of a name in lower case: `dbPassword`, `DB_PASSWORD` and `db-password` have the same.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut before = '_';
    for c in name.chars() {
        if !c.is_alphanumeric() {
            before = '_';
            continue;
        }
        if before == '_' || (c.is_uppercase() && before.is_lowercase()) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.extend(c.to_lowercase());
        }
        before = c;
    }
    words
}

/// Tells whether what is called so is no secret even when it stands in a Secret.
pub(crate) fn harmless(key: &str) -> bool {
    let words = words(key);
    let Some(last) = words.last() else { return false };
    let public =
        ["crt", "cert", "ca", "pub", "email", "project", "server", "port", "database", "db", "dbname", "region", "bucket"];
    let about = ABOUT.contains(&last.as_str()) && !matches!(last.as_str(), "key" | "keys" | "secret" | "secrets" | "url" | "uri");
    about || public.contains(&last.as_str())
}

/// Returns the name that a line of a configuration file sets to a secret.
pub(crate) fn setting(line: &str) -> Option<&str> {
    let line = line.trim();
    if line.starts_with(['#', ';', '/', '*', '<']) {
        return None;
    }
    let (name, value) = line.split_once(['=', ':'])?;
    let name = name.trim().trim_matches(['"', '\'']);
    let value = value.trim().trim_end_matches([',', ';']).trim_matches(['"', '\'']);
    let fine = !name.is_empty() && name.len() < 64 && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c));
    (fine && !value.contains(' ') && named(name, value)).then_some(name)
}

/// Tells whether a text of several lines sets nothing secret, by its name and its lines.
pub(crate) fn settings(key: &str, text: &str) -> bool {
    let secretive = ["pass", "token", "secret", "key", "cred", "auth"].iter().any(|word| key.to_ascii_lowercase().contains(word));
    text.trim_end().contains('\n') && !secretive && certain(text).is_none() && text.lines().all(|line| setting(line).is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_known_by_their_names() {
        for (name, value, expect) in [
            ("DB_PASSWORD", "hunter2", true),
            ("dbPassword", "hunter2", true),
            ("POSTGRESPASSWORD", "hunter2", true),
            ("PASSWORD_FILE", "/run/x", false),
            ("PASSWORD_FILE", "hunter2", false),
            ("password", "${DB_PASSWORD}", false),
            ("password", "$(DB_PASSWORD)", false),
            ("password", "$DB_PASSWORD", false),
            ("password", "ENC[AES256_GCM,data:x]", false),
            ("password", "changeme", false),
            ("password", "<path:secret/data/db#password>", false),
            ("password", "vault:secret/data/db#password", false),
            ("API_TOKEN", "ab12cd34ef56", true),
            ("API_TOKEN", "monitoring-token", false),
            ("TOKEN_TTL", "3600s", false),
            ("TLS_SECRET", "wildcard-tls", false),
            ("existingSecret", "db-auth", false),
            ("secretName", "dbauth", false),
            ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI", true),
            ("AWS_ACCESS_KEY_ID", "abcdefgh", false),
            ("secretKey", "s3cr3tK3yV4lue", true),
            ("userPasswordKey", "postgres-password", false),
            ("MAX_TOKENS", "4096", false),
            ("ENABLE_PASSWORD", "yes!", false),
            ("tokenizer", "wordpiece", false),
            ("home.arpa/password", "allow", false),
            ("onepassword-connect", "allow", false),
            ("password", "", false),
            ("KEY", "abcdefgh", false),
        ] {
            assert_eq!(named(name, value), expect, "{name} {value}");
        }
    }

    #[test]
    fn secrets_are_known_by_their_form() {
        for (text, expect) in [
            ("postgres://u:hunter2@db/x", true),
            ("url=\"redis://:hunter2@cache:6379\"", true),
            ("postgres://u:${PASSWORD}@db/x", false),
            ("postgres://u@db/some/path", false),
            ("-----BEGIN RSA PRIVATE KEY-----\nMIIE", true),
            ("-----BEGIN CERTIFICATE-----\nMIIE", false),
            ("ghp_0123456789abcdefghijklmnopqrstuvwxyz", true),
            ("ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", false),
            ("image: ghcr.io/acme/shop@sha256:0123456789abcdef", false),
        ] {
            assert_eq!(certain(text).is_some(), expect, "{text}");
        }
    }
}
