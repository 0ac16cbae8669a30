//! The secrets that this process has read, and the last sieve before a text leaves it: the log, the journal, troubles, exports,
//! the report of a crash, the screen.
//!
//! A value is made known where it is read, and is looked for as it stands, in base64, percent-encoded and as JSON and YAML
//! escape it; of a value of several lines each line counts. What is shorter than [`SHORTEST`] characters is not looked for: it
//! would stand in every other word. What is a secret by its place (the data of a Secret) is masked before, by its structure.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock};

use memchr::memmem;

use crate::private::MASK;

/// How many characters a value must have to be looked for.
pub const SHORTEST: usize = 6;

static ANY: AtomicBool = AtomicBool::new(false);
static KNOWN: RwLock<Redactor> = RwLock::new(Redactor { values: BTreeSet::new(), forms: Vec::new() });

/// Holds values and the forms in which they are looked for.
#[derive(Default)]
pub struct Redactor {
    values: BTreeSet<String>,
    /// The longest first, so that no rest of one stays.
    forms: Vec<String>,
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Redactor({} values)", self.values.len())
    }
}

impl Redactor {
    /// Takes a value; one that is known already costs nothing.
    pub fn know(&mut self, value: &str) {
        let value = value.trim_matches(['\r', '\n']);
        if value.chars().count() < SHORTEST || self.values.contains(value) {
            return;
        }
        self.values.insert(value.to_owned());
        let mut forms: BTreeSet<String> = self.forms.drain(..).collect();
        let lines = value.lines().map(str::trim).filter(|line| line.len() >= SHORTEST && !line.starts_with("-----"));
        for piece in std::iter::once(value).chain(lines) {
            forms.extend(forms_of(piece));
        }
        self.forms = forms.into_iter().collect();
        self.forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
    }

    /// Returns a text in which every known value is masked.
    pub fn clean<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut out = Cow::Borrowed(text);
        for form in &self.forms {
            if form.len() <= out.len() && memmem::find(out.as_bytes(), form.as_bytes()).is_some() {
                out = Cow::Owned(out.replace(form.as_str(), MASK));
            }
        }
        out
    }

    /// Returns where known values stand in a text, as ranges of bytes.
    pub fn places(&self, text: &str) -> Vec<std::ops::Range<usize>> {
        let found = |form: &String| {
            let ends = form.len();
            memmem::find_iter(text.as_bytes(), form.as_bytes()).map(move |at| at..at + ends).collect::<Vec<_>>()
        };
        self.forms.iter().flat_map(found).collect()
    }
}

/// Makes a value known to this process.
pub fn know(value: &str) {
    KNOWN.write().unwrap_or_else(PoisonError::into_inner).know(value);
    ANY.store(true, Ordering::Release);
}

/// Makes a token known, and what it becomes together with a user name in the head of a request.
pub fn know_login(user: &str, token: &str) {
    know(token);
    if token.chars().count() >= SHORTEST {
        know(&encoded(format!("{user}:{token}").as_bytes(), STANDARD));
    }
}

/// Makes every string known that stands in the data of a Secret.
pub fn know_secret(object: &serde_json::Value) {
    if object.get("kind").and_then(serde_json::Value::as_str) != Some("Secret") {
        return;
    }
    for field in ["stringData", "data"] {
        let values = object.get(field).and_then(serde_json::Value::as_object).into_iter().flat_map(serde_json::Map::values);
        values.filter_map(serde_json::Value::as_str).for_each(know);
    }
}

/// Returns a text in which every value that this process knows is masked.
pub fn clean(text: &str) -> Cow<'_, str> {
    if !ANY.load(Ordering::Acquire) {
        return Cow::Borrowed(text);
    }
    KNOWN.read().unwrap_or_else(PoisonError::into_inner).clean(text)
}

/// Does what [`clean`] does, to a text that is owned.
pub fn cleaned(text: String) -> String {
    match clean(&text) {
        Cow::Borrowed(_) => text,
        Cow::Owned(clean) => clean,
    }
}

/// Returns where values that this process knows stand in a text; nothing is looked for when none is known.
pub fn places(text: &str) -> Vec<std::ops::Range<usize>> {
    KNOWN.read().unwrap_or_else(PoisonError::into_inner).places(text)
}

/// Tells whether any value is known.
pub fn any() -> bool {
    ANY.load(Ordering::Acquire)
}

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const IN_URLS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Returns every form in which a piece is looked for.
fn forms_of(piece: &str) -> Vec<String> {
    let escaped = serde_json::to_string(piece).unwrap_or_default();
    let escaped = escaped.trim_matches('"').to_owned();
    let mut forms = vec![piece.to_owned(), escaped, piece.replace('\'', "''")];
    forms.extend([percent(piece, true), percent(piece, false)]);
    for alphabet in [STANDARD, IN_URLS] {
        // Within a longer text, such as `user:token`, it begins at any of three places of a group.
        forms.extend((0..3).map(|before| within(piece.as_bytes(), before, alphabet)));
    }
    forms.retain(|form| form.chars().count() >= SHORTEST);
    forms
}

fn percent(text: &str, upper: bool) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing into a text does not fail.
            let _ = if upper { write!(out, "%{byte:02X}") } else { write!(out, "%{byte:02x}") };
        }
        out
    })
}

/// Returns base64 without padding.
fn encoded(bytes: &[u8], alphabet: &[u8; 64]) -> String {
    let mut out = String::with_capacity(bytes.len() * 4 / 3 + 3);
    for group in bytes.chunks(3) {
        let at = |n: usize| u32::from(group.get(n).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for n in 0..=group.len() {
            let index = (bits >> (18 - 6 * n)) & 63;
            out.push(char::from(alphabet[index as usize]));
        }
    }
    out
}

/// Returns the part of a base64 text that is the same whatever stands around these bytes, of which so many stand before.
fn within(bytes: &[u8], before: usize, alphabet: &[u8; 64]) -> String {
    let mut padded = vec![0; before];
    padded.extend_from_slice(bytes);
    let text = encoded(&padded, alphabet);
    let begin = (before * 8).div_ceil(6);
    let end = padded.len() * 8 / 6;
    text.get(begin..end.min(text.len())).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn knowing(values: &[&str]) -> Redactor {
        let mut redactor = Redactor::default();
        for value in values {
            redactor.know(value);
        }
        redactor
    }

    #[test]
    fn a_value_is_found_in_every_form() {
        let redactor = knowing(&["p@ss'w\"ord/ä+1"]);
        for text in [
            "it said p@ss'w\"ord/ä+1.",
            "https://bot:p%40ss%27w%22ord%2F%C3%A4%2B1@host/",
            "https://bot:p%40ss%27w%22ord%2f%c3%a4%2b1@host/",
            r#"{"password":"p@ss'w\"ord/ä+1"}"#,
            "password: 'p@ss''w\"ord/ä+1'",
        ] {
            let clean = redactor.clean(text);
            assert!(clean.contains(MASK) && !clean.contains("p@ss") && !clean.contains("+1"), "{text} → {clean}");
        }
    }

    #[test]
    fn base64_is_found_wherever_it_begins() {
        let redactor = knowing(&["tok-2f9c1e77aa"]);
        for user in ["", "a:", "ab:", "abc:", "user:"] {
            let text = encoded(format!("{user}tok-2f9c1e77aa\n").as_bytes(), STANDARD);
            let clean = redactor.clean(&text).into_owned();
            assert!(clean.contains(MASK), "{user}: {text} → {clean}");
        }
        assert_eq!(encoded(b"hello", STANDARD), "aGVsbG8");
    }

    #[test]
    fn of_several_lines_each_counts_and_short_ones_do_not() {
        let key = "-----BEGIN KEY-----\nAAAAB3NzaC1yc2E\nshort\nZZZZc2lnbmF0dXJl\n-----END KEY-----\n";
        let redactor = knowing(&[key, "abc"]);
        assert_eq!(redactor.clean("line 2: AAAAB3NzaC1yc2E"), format!("line 2: {MASK}"));
        assert_eq!(redactor.clean("a short abc"), "a short abc");
        assert_eq!(redactor.clean("-----BEGIN KEY-----"), "-----BEGIN KEY-----");
        assert_eq!(redactor.clean(key), format!("{MASK}\n"));
        assert_eq!(format!("{redactor:?}"), "Redactor(1 values)");
    }

    #[test]
    fn a_text_without_any_is_passed_on_as_it_is() {
        let redactor = knowing(&["s3cret-value"]);
        assert!(matches!(redactor.clean("nothing here"), Cow::Borrowed(_)));
        assert_eq!(redactor.places("x s3cret-value"), std::slice::from_ref(&(2..14)));
    }
}
