//! What other rooms say in English, said in the operator's language: sentences with places, sentences after each other, and a
//! trouble in one line. Words of somebody else's, such as a server's, stay as they are.

use std::cell::RefCell;
use std::collections::HashMap;

use super::filled;

/// How deep sentences within sentences are looked up.
const DEPTH: usize = 3;
/// How many sentences are remembered; then they are looked up anew.
const MEMORY: usize = 2000;
/// A sentence with no more letters than these beside its places says nothing by itself: `{one} or {other}`.
const FEW: usize = 3;
/// The place that holds the words of a commit.
const THEIRS: &str = "subject";

/// A sentence in English, and in the operator's language.
type Pair = (String, String);

/// Tells whether a sentence in English holds for what stands in its places.
type Holds<'a> = &'a dyn Fn(&str, &[(&str, &str)]) -> bool;

/// Holds the sentences of other rooms; none when the operator's language is theirs.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Said {
    /// What is said wherever something is told.
    sentences: Vec<Pair>,
    /// What is said of orders and deployments alone: too short to be looked for elsewhere.
    acts: Vec<Pair>,
    /// What was looked up: a list draws the same rows again and again.
    known: RefCell<HashMap<(bool, String), String>>,
}

impl Said {
    /// Takes them out of the texts of both languages.
    pub(super) fn of(english: &HashMap<String, String>, own: &HashMap<String, String>) -> Self {
        let pairs = |prefixes: &[&str]| {
            let ours = english.iter().filter(|(key, _)| prefixes.iter().any(|prefix| key.starts_with(prefix)));
            let mut pairs: Vec<Pair> = ours.filter_map(|(key, text)| Some((text.clone(), own.get(key)?.clone()))).collect();
            // The one with most words of its own first: it says the most.
            let words = |text: &str| text.len() - text.split('{').skip(1).filter_map(|p| p.find('}')).sum::<usize>();
            pairs.sort_by(|a, b| words(&b.0).cmp(&words(&a.0)).then_with(|| a.cmp(b)));
            pairs
        };
        let (sentences, acts) = (pairs(&["said.", "why.", "question.apply."]), pairs(&["act."]));
        Self { sentences, acts, known: RefCell::default() }
    }

    /// Returns a sentence of another room.
    pub(super) fn told(&self, text: &str) -> String {
        self.remembered(false, text)
    }

    /// Returns what is said of an order or a deployment.
    pub(super) fn acted(&self, text: &str) -> String {
        self.remembered(true, text)
    }

    fn remembered(&self, acts: bool, text: &str) -> String {
        if self.sentences.is_empty() {
            return text.to_owned();
        }
        let key = (acts, text.to_owned());
        if let Some(known) = self.known.borrow().get(&key) {
            return known.clone();
        }
        let told = self.within(acts, text, DEPTH);
        let mut known = self.known.borrow_mut();
        if known.len() >= MEMORY {
            known.clear();
        }
        known.insert(key, told.clone());
        told
    }

    /// Returns the sentence that a text is, and what stands in its places.
    fn found<'t>(&self, acts: bool, text: &'t str) -> Option<(&str, Vec<(&str, &'t str)>)> {
        let ours = acts.then(|| first(&self.acts, text, &|_, _| true)).flatten();
        // A sentence with next to no words of its own is one only between words that are ours.
        let ours_between = |english: &str, values: &[(&str, &str)]| {
            own_letters(english) > FEW || values.iter().all(|(_, value)| self.found(false, value).is_some())
        };
        ours.or_else(|| first(&self.sentences, text, &ours_between))
    }

    fn within(&self, acts: bool, text: &str, depth: usize) -> String {
        if let Some(told) = self.listed(acts, text, depth) {
            return told;
        }
        let found = self.found(acts, text);
        let whole = found.as_ref().is_some_and(|(_, values)| values.iter().all(|(_, value)| sentences(value).len() < 2));
        if !whole && let Some(told) = self.one_by_one(acts, text, depth) {
            return told;
        }
        match found {
            Some((own, values)) => self.fill(acts, own, values, depth),
            None => self.apart(acts, text, depth),
        }
    }

    fn fill(&self, acts: bool, own: &str, values: Vec<(&str, &str)>, depth: usize) -> String {
        let inner = |name: &str, value: &str| match depth {
            0 => value.to_owned(),
            _ if name == THEIRS => value.to_owned(),
            depth => self.within(acts, value, depth - 1),
        };
        let values: Vec<(&str, String)> = values.into_iter().map(|(name, value)| (name, inner(name, value))).collect();
        filled(own, &values.iter().map(|(name, value)| (*name, value.as_str())).collect::<Vec<_>>())
    }

    /// Returns changes that are told in a row, when each of them is known: `image 1.8.4 → 1.9.0, replicas 3 → 6`.
    fn listed(&self, acts: bool, text: &str, depth: usize) -> Option<String> {
        let depth = depth.checked_sub(1).filter(|_| acts && text.contains(", ") && !text.ends_with('.'))?;
        let each = |part| self.found(acts, part).map(|(own, values)| self.fill(acts, own, values, depth));
        text.split(", ").map(each).collect::<Option<Vec<_>>>().map(|parts| parts.join("，"))
    }

    /// Returns sentences that follow each other, each by itself, when the first of them is known.
    fn one_by_one(&self, acts: bool, text: &str, depth: usize) -> Option<String> {
        let depth = depth.checked_sub(1)?;
        let mut out = String::new();
        for (at, sentence) in sentences(text).into_iter().enumerate() {
            let told = match self.found(acts, sentence) {
                Some((own, values)) => Some(self.fill(acts, own, values, depth)),
                None => self.headed(acts, sentence, depth),
            };
            match told {
                Some(told) => out.push_str(&told),
                None if at == 0 => return None,
                None => out.extend([if out.ends_with('。') { "" } else { " " }, sentence]),
            }
        }
        Some(out)
    }

    /// Returns a trouble in one line: what happened is known, to what is a name, why may be anybody's words.
    fn headed(&self, acts: bool, text: &str, depth: usize) -> Option<String> {
        let (head, rest) = text.split_once(": ")?;
        // A word alone may be anybody's.
        if !head.contains(' ') || !head.starts_with(|c: char| c.is_ascii_uppercase()) {
            return None;
        }
        let (own, values) = self.found(acts, head)?;
        let head = self.fill(acts, own, values, depth);
        let (rest, stop) = rest.strip_suffix('.').map_or((rest, ""), |rest| (rest, "。"));
        let known = |text: &str| self.found(acts, text).map(|(own, values)| self.fill(acts, own, values, depth));
        let rest = known(rest).unwrap_or_else(|| match rest.split_once(": ") {
            Some((object, why)) => format!("{object}：{}", known(why).unwrap_or_else(|| why.to_owned())),
            None => rest.to_owned(),
        });
        Some(format!("{head}：{rest}{stop}"))
    }

    /// Returns what stands beside each other, each by itself; the text as it is when none of it is known.
    fn apart(&self, acts: bool, text: &str, depth: usize) -> String {
        let between = [("; ", "；"), (", ", "，")];
        let Some((mark, own)) = between.into_iter().find(|(mark, _)| text.contains(mark)).filter(|_| depth > 0) else {
            return text.to_owned();
        };
        if mark == ", " && !acts {
            return text.to_owned();
        }
        let parts: Vec<String> = text.split(mark).map(|part| self.within(acts, part, depth - 1)).collect();
        let same = parts.iter().map(String::as_str).eq(text.split(mark));
        if same { text.to_owned() } else { parts.join(own) }
    }
}

/// Returns the first sentence that a text is, and what stands in its places.
fn first<'p, 't>(pairs: &'p [Pair], text: &'t str, holds: Holds<'_>) -> Option<(&'p str, Vec<(&'p str, &'t str)>)> {
    pairs.iter().find_map(|(english, own)| {
        let values = places(english, text).filter(|values| holds(english, values))?;
        Some((own.as_str(), values))
    })
}

/// Counts the letters of a sentence beside its places.
fn own_letters(text: &str) -> usize {
    let mut within = false;
    let mut count = 0;
    for c in text.chars() {
        within = (within || c == '{') && c != '}';
        count += usize::from(!within && c.is_alphabetic());
    }
    count
}

/// Splits a text where one sentence ends and another begins.
fn sentences(text: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let mut from = 0;
    for (at, _) in text.match_indices(". ") {
        let begins = text.get(at + 2..).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase()));
        if let Some(sentence) = text.get(from..=at).filter(|_| begins) {
            out.push(sentence);
            from = at + 2;
        }
    }
    out.extend(text.get(from..));
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
