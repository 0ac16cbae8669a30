//! What the screen says, in the operator's language. No view has a sentence of its own.

use std::collections::HashMap;

use domain::trouble::Trouble;

/// How deep sentences within sentences are looked up.
const DEPTH: usize = 3;

/// Names a language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// Simplified Chinese.
    Chinese,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::English, Self::Chinese];

    /// Returns the tag: `en`, `zh-CN`.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Chinese => "zh-CN",
        }
    }

    /// Finds a language by a tag or a locale such as `zh_CN.UTF-8`; English when it is none of ours.
    pub fn of(locale: &str) -> Self {
        if locale.to_ascii_lowercase().starts_with("zh") { Self::Chinese } else { Self::English }
    }

    /// Returns its name in itself.
    pub const fn name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::Chinese => "简体中文",
        }
    }

    const fn text(self) -> &'static str {
        match self {
            Self::English => include_str!("../../assets/lang/en.toml"),
            Self::Chinese => include_str!("../../assets/lang/zh-CN.toml"),
        }
    }
}

/// Holds the words of one language by key.
#[derive(Debug, Clone, PartialEq)]
pub struct Words {
    /// Which language.
    pub language: Language,
    texts: HashMap<String, String>,
    /// Sentences that other rooms say, in English and in this language.
    said: Vec<(String, String)>,
}

impl Words {
    /// Loads a language.
    pub fn load(language: Language) -> Self {
        let mut words = HashMap::new();
        if let Ok(table) = language.text().parse::<toml::Table>() {
            flatten("", table, &mut words);
        }
        let mut said = Vec::new();
        if language != Language::English {
            let english = Self::load(Language::English).texts;
            let ours = english.into_iter().filter(|(key, _)| key.starts_with("said.") || key.starts_with("why."));
            said.extend(ours.filter_map(|(key, text)| words.get(&key).map(|own| (text, own.clone()))));
            // The one with most words of its own first: it says the most.
            let own = |text: &str| text.len() - text.split('{').skip(1).filter_map(|p| p.find('}')).sum::<usize>();
            said.sort_by(|a, b| own(&b.0).cmp(&own(&a.0)).then_with(|| a.cmp(b)));
        }
        Self { language, texts: words, said }
    }

    /// Returns a sentence that another room says, in this language where the language file knows it; else as it is.
    ///
    /// What stands in its places is looked up too: `container web of Deployment shop` within a sentence.
    pub fn said(&self, text: &str) -> String {
        self.said_within(text, DEPTH)
    }

    fn said_within(&self, text: &str, depth: usize) -> String {
        let found = self.said.iter().find_map(|(english, own)| places(english, text).map(|values| (own, values)));
        let Some((own, values)) = found else { return self.said_apart(text, depth) };
        let inner = |value: &str| match depth {
            0 => value.to_owned(),
            depth => self.said_within(value, depth - 1),
        };
        let values: Vec<(&str, String)> = values.into_iter().map(|(name, value)| (name, inner(value))).collect();
        filled(own, &values.iter().map(|(name, value)| (*name, value.as_str())).collect::<Vec<_>>())
    }

    /// Returns sentences that stand beside each other, each by itself; the text as it is when none of them is known.
    fn said_apart(&self, text: &str, depth: usize) -> String {
        if self.said.is_empty() || depth == 0 || !text.contains("; ") {
            return text.to_owned();
        }
        let parts: Vec<String> = text.split("; ").map(|part| self.said_within(part, depth - 1)).collect();
        let same = parts.iter().map(String::as_str).eq(text.split("; "));
        if same { text.to_owned() } else { parts.join("；") }
    }

    /// Returns a trouble in this language, as far as the language file knows what it says.
    pub fn told(&self, trouble: &Trouble) -> Trouble {
        let [what, why, next] = [&trouble.what, &trouble.why, &trouble.next].map(|text| self.said(text));
        Trouble { what, why, next, ..trouble.clone() }
    }

    /// Returns the word of a key; the key itself when there is none.
    pub fn get<'a>(&'a self, key: &'a str) -> &'a str {
        self.texts.get(key).map_or(key, String::as_str)
    }

    /// Returns the word of a key when there is one.
    pub fn find(&self, key: &str) -> Option<&str> {
        self.texts.get(key).map(String::as_str)
    }

    /// Returns a sentence with its places filled.
    pub fn fill(&self, key: &str, values: &[(&str, &str)]) -> String {
        filled(self.get(key), values)
    }

    /// Returns title and sentence of a command.
    pub fn command(&self, id: &'static str) -> (&str, &str) {
        self.texts.get(&format!("command.{id}")).map_or((id, ""), |text| text.split_once(" | ").unwrap_or((text, "")))
    }

    /// Returns all keys, sorted.
    pub fn keys(&self) -> Vec<&str> {
        let mut keys: Vec<_> = self.texts.keys().map(String::as_str).collect();
        keys.sort_unstable();
        keys
    }
}

fn filled(text: &str, values: &[(&str, &str)]) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((head, tail)) = rest.split_once('{') {
        out.push_str(head);
        let Some((name, after)) = tail.split_once('}') else {
            out.push('{');
            rest = tail;
            continue;
        };
        match values.iter().find(|(n, _)| *n == name) {
            Some((_, value)) => out.push_str(value),
            None => out.extend(["{", name, "}"]),
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// Returns what stands in the places of a sentence when a text is that sentence.
fn places<'p, 't>(pattern: &'p str, text: &'t str) -> Option<Vec<(&'p str, &'t str)>> {
    let mut parts = pattern.split('{');
    let mut rest = text.strip_prefix(parts.next()?)?;
    let mut values = Vec::new();
    let mut parts = parts.peekable();
    while let Some(part) = parts.next() {
        let (name, literal) = part.split_once('}')?;
        let last = parts.peek().is_none();
        let (value, after) = if last { (rest.strip_suffix(literal)?, "") } else { rest.split_once(literal)? };
        values.push((name, value));
        rest = after;
    }
    rest.is_empty().then_some(values)
}

fn flatten(prefix: &str, table: toml::Table, into: &mut HashMap<String, String>) {
    for (key, value) in table {
        let key = if prefix.is_empty() { key } else { format!("{prefix}.{key}") };
        match value {
            toml::Value::Table(inner) => flatten(&key, inner, into),
            toml::Value::String(text) => {
                into.insert(key, text);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
