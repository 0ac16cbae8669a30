//! The configuration file: what an operator sets once instead of saying it each time. Read and checked here, with line and column
//! of whatever is wrong; what it comes to is decided where it is used.
//!
//! It lies in the configuration folder (`config.toml`), with the operator's own themes and keys beside it. Nothing in it is a
//! secret, and nothing in it is a record: those are in the store.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use domain::Trouble;
use domain::barred::Barred;
use domain::filter::{self, Filter, Why};
use domain::flux::FluxObject;
use domain::ident::ContextName;
use serde::{Deserialize, Serialize};
use toml::Spanned;
use tui::preferences;
use tui::words::Language;

use crate::global::Global;
use crate::taste::{self, Told};

/// What `config init` writes.
pub(crate) const TEMPLATE: &str = include_str!("../assets/config.toml");
/// What stands for "find out".
const AUTO: &str = "auto";

/// Holds what a configuration file says; what it leaves open is absent.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(crate) struct Config {
    /// The file, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) file: Option<PathBuf>,
    /// The folder it lies in, or would lie in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) folder: Option<PathBuf>,
    /// The theme's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) theme: Option<String>,
    /// The language's tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) language: Option<String>,
    /// The file of keys, relative to the folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) keymap: Option<PathBuf>,
    /// Whether the console takes the mouse.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) mouse: Option<bool>,
    /// How the end of a deployment is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) deployment: Option<String>,
    /// Whether every order is refused.
    pub(crate) readonly: bool,
    /// Whether the console begins where it was left.
    pub(crate) restore: bool,
    /// The context that is meant when none is named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) context: Option<String>,
    /// Filters that the operator gave a name.
    pub(crate) filters: BTreeMap<String, String>,
    /// What holds in one context only.
    pub(crate) contexts: BTreeMap<String, OfContext>,
}

/// Holds what holds in one context only.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct OfContext {
    /// Whether every order to it is refused.
    pub(crate) readonly: bool,
    /// The theme while it is the one that is worked on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) theme: Option<String>,
    /// The namespace that its lists are narrowed to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) namespace: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Source {
    theme: Option<Spanned<String>>,
    language: Option<Spanned<String>>,
    keymap: Option<Spanned<String>>,
    mouse: Option<bool>,
    readonly: bool,
    restore: Option<bool>,
    context: Option<Spanned<String>>,
    notify: Notify,
    filters: BTreeMap<String, Spanned<String>>,
    contexts: BTreeMap<String, Spanned<OfContext>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Notify {
    deployment: Option<Spanned<String>>,
}

/// Holds something that is wrong with a file, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Fault {
    /// The line, from 1.
    pub(crate) line: usize,
    /// The column, from 1, in characters.
    pub(crate) column: usize,
    /// What is wrong.
    pub(crate) message: String,
}

impl Fault {
    fn at(text: &str, place: usize, message: impl Into<String>) -> Self {
        let before = text.get(..place).unwrap_or(text);
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        let line = before.matches('\n').count() + 1;
        Self { line, column: before[start..].chars().count() + 1, message: message.into() }
    }

    /// Returns it as a compiler would: `config.toml:3:9: no such key`.
    pub(crate) fn told(&self, name: &str) -> String {
        format!("{name}:{}:{}: {}", self.line, self.column, self.message)
    }
}

impl Config {
    /// Returns where the file lies: where it was named, else in the operator's configuration folder.
    pub(crate) fn place(global: &Global) -> Option<PathBuf> {
        let usual = || {
            let dirs = directories::ProjectDirs::from("dev", "quarterdeck", "quarterdeck")?;
            Some(dirs.config_dir().join("config.toml"))
        };
        global.config.clone().or_else(usual)
    }

    /// Reads the file; without one everything is as usual, unless it was named.
    pub(crate) fn gather(global: &Global) -> Result<Self, Trouble> {
        let Some(path) = Self::place(global) else { return Ok(Self::usual(None)) };
        if !path.exists() {
            if global.config.is_some() {
                return Err(Trouble::not_found("There is no such configuration file", path.display())
                    .next("Name one that exists, or write one with: quarterdeck config init"));
            }
            return Ok(Self::usual(path.parent()));
        }
        Self::read(&path)
    }

    /// Reads a file that is there.
    pub(crate) fn read(path: &Path) -> Result<Self, Trouble> {
        let text = text_of(path)?;
        Self::parse(&text, path).map_err(|faults| {
            let name = path.display().to_string();
            let said: Vec<String> = faults.iter().map(|fault| fault.told(&name)).collect();
            Trouble::usage("The configuration cannot be used", said.join("\n"))
                .next("Correct the file; quarterdeck config check looks at it again.")
        })
    }

    /// Returns what holds without a file that would lie in this folder.
    pub(crate) fn usual(folder: Option<&Path>) -> Self {
        Self { folder: folder.map(Path::to_owned), restore: true, ..Self::default() }
    }

    /// Reads a text; says everything that is wrong with it, in the order of its lines.
    pub(crate) fn parse(text: &str, path: &Path) -> Result<Self, Vec<Fault>> {
        let source: Source = toml::from_str(text).map_err(|error| {
            let place = error.span().map_or(0, |span| span.start);
            vec![Fault::at(text, place, error.message().lines().next().unwrap_or("it cannot be read"))]
        })?;
        let mut faults = source.faults(text);
        if !faults.is_empty() {
            faults.sort_by_key(|fault| (fault.line, fault.column));
            return Err(faults);
        }
        let plain = |value: Option<Spanned<String>>| value.map(Spanned::into_inner).filter(|v| !v.is_empty() && v != AUTO);
        Ok(Self {
            file: Some(path.to_owned()),
            folder: path.parent().map(Path::to_owned),
            theme: plain(source.theme),
            language: plain(source.language),
            keymap: plain(source.keymap).map(PathBuf::from),
            mouse: source.mouse,
            deployment: plain(source.notify.deployment),
            readonly: source.readonly,
            restore: source.restore.unwrap_or(true),
            context: plain(source.context),
            filters: source.filters.into_iter().map(|(name, text)| (name, text.into_inner())).collect(),
            contexts: source.contexts.into_iter().map(|(name, of)| (name, of.into_inner())).collect(),
        })
    }

    /// Returns what holds in a context.
    pub(crate) fn of(&self, context: &ContextName) -> OfContext {
        self.contexts.get(&context.0).cloned().unwrap_or_default()
    }

    /// Returns the contexts in which orders are refused.
    pub(crate) fn barred(&self) -> Barred {
        let names = self.contexts.iter().filter(|(_, of)| of.readonly).map(|(name, _)| ContextName(name.clone()));
        Barred::new(names.map(|context| (context, self.named())))
    }

    /// Names itself and its file.
    pub(crate) fn named(&self) -> String {
        self.file
            .as_ref()
            .map_or_else(|| "the configuration".to_owned(), |file| format!("the configuration ({})", file.display()))
    }

    /// Returns the theme to begin with in a context.
    fn theme_in(&self, context: Option<&ContextName>) -> Option<String> {
        context.and_then(|context| self.of(context).theme).or_else(|| self.theme.clone())
    }

    /// Returns what it says of what the operator likes, where a session begins in this context.
    pub(crate) fn told(&self, context: Option<&ContextName>) -> Told {
        let contexts = self.contexts.iter().map(|(name, of)| preferences::OfContext {
            name: name.clone(),
            theme: of.theme.clone(),
            namespace: of.namespace.clone(),
        });
        Told {
            folder: self.folder.clone(),
            theme: self.theme_in(context),
            language: self.language.clone(),
            keymap: self.keymap.clone(),
            mouse: self.mouse,
            deployment: self.deployment.clone(),
            filters: self.filters.iter().map(|(name, text)| (name.clone(), text.clone())).collect(),
            contexts: contexts.collect(),
        }
    }
}

impl Source {
    /// Returns what is wrong with values that are of the right type.
    fn faults(&self, text: &str) -> Vec<Fault> {
        let mut out = Vec::new();
        let mut wrong = |value: &Spanned<String>, message: String| out.push(Fault::at(text, value.span().start, message));
        if let Some(language) = &self.language
            && !is_language(language.get_ref())
        {
            wrong(language, format!("there is no language \u{201c}{}\u{201d} here: write auto, en or zh-CN", language.get_ref()));
        }
        if let Some(word) = &self.notify.deployment
            && !["off", "bell", "desktop", "both"].contains(&word.get_ref().as_str())
        {
            wrong(word, format!("\u{201c}{}\u{201d} tells nothing: write off, bell, desktop or both", word.get_ref()));
        }
        for (name, filter) in &self.filters {
            if filter.get_ref().trim().is_empty() {
                wrong(filter, format!("the filter {name} lets everything through: write what it is to look for"));
            } else if let Some(fault) = unreadable(filter.get_ref()) {
                wrong(filter, format!("the filter {name} cannot be read: character {}: {}", fault.column, fault.why));
            }
        }
        out
    }
}

/// Returns why no list can read a filter; which names it may compare, and with what, is for the list to say that it is set in.
fn unreadable(text: &str) -> Option<filter::Fault> {
    let fault = Filter::<FluxObject>::parse(text).err()?;
    matches!(fault.why, Why::Empty(_) | Why::Open(_) | Why::Regex(_) | Why::Label).then_some(fault)
}

fn is_language(tag: &str) -> bool {
    tag.is_empty() || tag == AUTO || Language::ALL.iter().any(|language| language.tag() == tag)
}

fn text_of(path: &Path) -> Result<String, Trouble> {
    taste::text_of(path, ("The configuration cannot be read", "Make it a file that you may read."))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test says which input failed by failing")]
mod tests {
    use super::*;

    fn faults(text: &str) -> Vec<String> {
        let faults = Config::parse(text, Path::new("config.toml")).unwrap_err();
        faults.iter().map(|fault| fault.told("config.toml")).collect()
    }

    #[test]
    fn what_init_writes_can_be_read_and_changes_nothing() {
        let config = Config::parse(TEMPLATE, Path::new("/home/ada/.config/quarterdeck/config.toml")).unwrap();
        let usual = Config::usual(Some(Path::new("/home/ada/.config/quarterdeck")));
        assert_eq!(Config { file: None, mouse: None, deployment: None, ..config }, usual);
        // Every line that is commented out would be one that can be read.
        let whole: String = TEMPLATE.lines().map(|l| l.strip_prefix("#> ").unwrap_or(l)).fold(String::new(), |t, l| t + l + "\n");
        let config = Config::parse(&whole, Path::new("config.toml")).unwrap();
        let barred = config.barred();
        assert!(barred.holds(&ContextName::from("production-eu")) && !barred.holds(&ContextName::from("kind")));
        assert_eq!(config.theme_in(Some(&ContextName::from("production-eu"))).as_deref(), Some("light"));
        assert!(!config.filters.is_empty());
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line_and_column() {
        assert!(faults("theme = \"dark\"\nthem = 1\n")[0].starts_with("config.toml:2:1: unknown field `them`"));
        assert!(faults("# \u{65e5}\u{672c}\nmouse = \"yes\"\n")[0].starts_with("config.toml:2:9: invalid type"));
        assert!(faults("a = [\n")[0].starts_with("config.toml:"));
        assert_eq!(
            faults("language = \"tlh\"\n[notify]\n  deployment = \"whistle\"\n[filters]\nall = \" \"\n"),
            [
                "config.toml:1:12: there is no language \u{201c}tlh\u{201d} here: write auto, en or zh-CN",
                "config.toml:3:16: \u{201c}whistle\u{201d} tells nothing: write off, bell, desktop or both",
                "config.toml:5:7: the filter all lets everything through: write what it is to look for",
            ]
        );
        assert!(faults("[contexts.a]\nread-only = true\n")[0].contains("read-only"));
        let unread = faults("[filters]\nodd = '/a(/'\nopen = 'say \"x'\nlater = 'approval=on status=failed'\n");
        assert_eq!(unread.len(), 2, "{unread:?}");
        assert!(unread.iter().any(|told| told.starts_with("config.toml:2:7: the filter odd cannot be read")), "{unread:?}");
    }
}
