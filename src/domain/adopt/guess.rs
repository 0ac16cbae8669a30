//! Guesses from names: what an environment is for, which application a path belongs to, what a project is called.

use super::Pair;
use super::reason::{Evidence, Guess};
use crate::ident::Slug;
use crate::project::EnvironmentType;

/// Words that say what an environment is for.
const WORDS: [(EnvironmentType, &[&str]); 4] = [
    (EnvironmentType::Development, &["dev", "develop", "development", "sandbox", "review"]),
    (EnvironmentType::Testing, &["test", "testing", "tst", "qa", "ci", "integration"]),
    (EnvironmentType::Staging, &["stag", "stage", "staging", "stg", "preprod", "uat", "acceptance", "preview"]),
    (EnvironmentType::Production, &["prod", "production", "prd", "live"]),
];
/// Folders that hold one folder per application.
const SHELVES: [&str; 6] = ["apps", "applications", "services", "projects", "components", "workloads"];
/// Folders that say nothing about the application.
const PLAIN: [&str; 21] = [
    "k8s",
    "kubernetes",
    "deploy",
    "deployment",
    "deployments",
    "manifests",
    "manifest",
    "overlays",
    "overlay",
    "base",
    "bases",
    "environments",
    "environment",
    "envs",
    "env",
    "kustomize",
    "kustomization",
    "flux",
    "gitops",
    "config",
    "clusters",
];

/// Splits a text into words, in lower case; a number at the end of a word does not count (`prod2`).
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric())
        .map(|word| word.trim_end_matches(|c: char| c.is_ascii_digit()))
        .filter(|word| !word.is_empty())
}

/// Returns what a word says an environment is for.
fn type_of_word(word: &str) -> Option<EnvironmentType> {
    let word = word.to_ascii_lowercase();
    WORDS.iter().find(|(_, words)| words.contains(&word.as_str())).map(|(kind, _)| *kind)
}

/// Finds a word in a text that says what an environment is for: the last one, since paths and names end in it.
fn said(text: &str) -> Option<(EnvironmentType, String)> {
    words(text).filter_map(|word| Some((type_of_word(word)?, word.to_owned()))).last()
}

/// Guesses what an environment is for; production, where nothing says it, since that is the careful answer. A path that others
/// of its project have too does not tell them apart, so it is asked last.
pub(super) fn kind(pair: &Pair<'_>, shared: bool) -> (EnvironmentType, Guess) {
    type Place<'a> = (&'a str, fn(String) -> Evidence);
    let key = &pair.object.key;
    let target = pair.object.spec.target_namespace.as_deref().unwrap_or(&key.namespace);
    let mut places: [Place<'_>; 5] = [
        (&pair.path, Evidence::Path),
        (&key.name, Evidence::Name),
        (target, Evidence::Namespace),
        (&pair.branch, Evidence::Branch),
        (&key.cluster, Evidence::Cluster),
    ];
    if shared {
        places.rotate_left(1);
    }
    let found = places.into_iter().find_map(|(text, from)| said(text).map(|(kind, word)| (kind, from(word))));
    let (kind, from) = found.unwrap_or((EnvironmentType::Production, Evidence::Nothing));
    (kind, Guess { field: "type", from })
}

/// Returns the application that a path belongs to: nothing when that is not clear, the empty text when it is the repository's.
pub(super) fn application(path: &str) -> Option<String> {
    let parts: Vec<&str> = path.split('/').collect();
    // apps/shop/overlays/production: what comes after the shelf, unless that is an environment already.
    let shelf = parts.iter().rposition(|part| SHELVES.contains(part));
    if let Some(after) = shelf.and_then(|at| parts.get(at + 1)).map(|part| bare(part)) {
        return Some(after);
    }
    let rest: Vec<&str> = parts.iter().copied().filter(|part| !SHELVES.contains(part) && !PLAIN.contains(part)).collect();
    let mut named: Vec<String> = rest.iter().map(|part| bare(part)).filter(|part| !part.is_empty()).collect();
    match named.len() {
        0 => Some(String::new()),
        1 => named.pop(),
        _ => None,
    }
}

/// Takes the words out of a folder's name that say what an environment is for: `shop-prod` is `shop`.
fn bare(part: &str) -> String {
    let kept = part.split(['-', '_', '.']).filter(|word| words(word).all(|word| type_of_word(word).is_none()));
    slug_text(&kept.collect::<Vec<_>>().join("-"))
}

/// Makes of a text what may be a slug, as far as there is anything in it.
fn slug_text(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c.to_ascii_lowercase() {
            c if c.is_ascii_alphanumeric() => out.push(c),
            _ if out.is_empty() || out.ends_with('-') => {}
            _ => out.push('-'),
        }
    }
    // Namespaces and objects are called after it and an environment, with 63 characters for both.
    out.truncate(40);
    out.trim_end_matches('-').to_owned()
}

/// Makes a slug of a text.
pub fn slug_of(text: &str) -> Option<Slug> {
    Slug::new(slug_text(text)).ok()
}

/// Returns the name of the repository at a URL.
pub(super) fn repository(url: &str) -> String {
    let address = crate::detail::trace::place(url);
    let name = address.rsplit('/').find(|part| !part.is_empty()).unwrap_or("project").to_owned();
    slug_of(&name).map_or_else(|| "project".to_owned(), String::from)
}
