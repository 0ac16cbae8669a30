//! Looking for text in text, whatever its case: ten thousand rows are looked through between two keys.

/// How often letters occur, the most frequent first; what is not here is rarer still.
const FREQUENT: &[u8] = b"e-taoinsrlcdmu.pfhg/bywv0k12:x";

/// Holds a text to look for, whatever its case.
#[derive(Debug, Clone)]
pub(super) struct Needle {
    text: String,
    /// The place of its rarest byte: there the search leaps.
    rare: usize,
    /// Whether letters beyond ASCII have a case that counts.
    cased: bool,
}

impl Needle {
    pub(super) fn new(text: &str) -> Self {
        let text = text.to_lowercase();
        let rank = |byte: u8| FREQUENT.iter().position(|b| *b == byte).unwrap_or(FREQUENT.len());
        let rare = (0..text.len()).max_by_key(|at| rank(text.as_bytes()[*at])).unwrap_or(0);
        let cased = text.chars().any(|c| !c.is_ascii() && c.to_uppercase().ne([c]));
        Self { text, rare, cased }
    }

    pub(super) fn within(&self, text: &str) -> bool {
        if self.cased {
            return text.to_lowercase().contains(&self.text);
        }
        let (hay, needle) = (text.as_bytes(), self.text.as_bytes());
        let Some(&byte) = needle.get(self.rare) else { return true };
        if hay.len() < needle.len() {
            return false;
        }
        // The rarest byte stands between what must be before it and what must come after.
        let places = &hay[self.rare..hay.len() - (needle.len() - 1 - self.rare)];
        let at = |from: usize| hay[from..from + needle.len()].eq_ignore_ascii_case(needle);
        if byte.is_ascii_lowercase() {
            memchr::memchr2_iter(byte, byte.to_ascii_uppercase(), places).any(at)
        } else {
            memchr::memchr_iter(byte, places).any(at)
        }
    }
}

/// Tells whether letters (in lower case) occur in a text one after another, whatever stands between them.
pub(super) fn fuzzy(letters: &str, text: &str) -> bool {
    let mut wanted = letters.chars().peekable();
    for c in text.chars().flat_map(char::to_lowercase) {
        if wanted.peek() == Some(&c) {
            wanted.next();
        }
    }
    wanted.peek().is_none()
}

/// Holds a text in which `*` stands for any letters; the case does not count.
#[derive(Debug, Clone)]
pub(super) struct Glob {
    parts: Vec<String>,
}

impl Glob {
    pub(super) fn new(text: &str) -> Self {
        Self { parts: text.to_lowercase().split('*').map(str::to_owned).collect() }
    }

    pub(super) fn exact(text: &str) -> Self {
        Self { parts: vec![text.to_lowercase()] }
    }

    pub(super) fn fits(&self, text: &str) -> bool {
        let (first, rest) = self.parts.split_first().map_or(("", &[][..]), |(f, r)| (f.as_str(), r));
        let Some((last, middle)) = rest.split_last() else {
            return if text.is_ascii() { text.eq_ignore_ascii_case(first) } else { text.to_lowercase() == first };
        };
        let text = text.to_lowercase();
        let Some(mut left) = text.strip_prefix(first) else { return false };
        for part in middle {
            let Some(at) = left.find(part.as_str()) else { return false };
            left = &left[at + part.len()..];
        }
        left.ends_with(last.as_str())
    }
}
