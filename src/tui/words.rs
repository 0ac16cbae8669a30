//! What the screen says, in the operator's language. No view has a sentence of its own.

use std::collections::HashMap;

use domain::trouble::Trouble;

mod said;

use said::Said;

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
    /// What other rooms say.
    said: Said,
    fault: Option<Trouble>,
}

impl Words {
    /// Loads a language.
    pub fn load(language: Language) -> Self {
        Self::read(language, language.text())
    }

    /// Reads a language out of its file's text. What cannot be read is said in English, and the fault is kept.
    fn read(language: Language, text: &str) -> Self {
        let name = format!("{}.toml", language.tag());
        let (texts, fault) = match (parsed(&name, text), language) {
            (Ok(texts), _) => (texts, None),
            (Err(fault), Language::English) => (HashMap::new(), Some(fault)),
            (Err(fault), _) => return Self { language, fault: Some(fault), ..Self::load(Language::English) },
        };
        let said = match language {
            Language::English => Said::default(),
            Language::Chinese => Said::of(&Self::load(Language::English).texts, &texts),
        };
        Self { language, texts, said, fault }
    }

    /// Returns what is wrong with the language's file; nothing when it could be read.
    pub const fn fault(&self) -> Option<&Trouble> {
        self.fault.as_ref()
    }

    /// Returns a sentence that another room says, in this language where the language file knows it; else as it is.
    ///
    /// What stands in its places is looked up too: `container web of Deployment shop` within a sentence.
    pub fn said(&self, text: &str) -> String {
        self.said.told(text)
    }

    /// Returns what the journal says an order came to, or what a deployment changes, in this language as far as it is known.
    pub fn acted(&self, text: &str) -> String {
        self.said.acted(text)
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

fn parsed(name: &str, text: &str) -> Result<HashMap<String, String>, Trouble> {
    let table: toml::Table = toml::from_str(text).map_err(|e| {
        let place = format!("{name}{}", crate::keys::line_of(text, e.span()));
        Trouble::failed("The language cannot be read", place)
            .why(e.message())
            .next("Everything is said in English until it is mended.")
    })?;
    let mut texts = HashMap::new();
    flatten("", table, &mut texts);
    Ok(texts)
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
