//! What the operator likes, read for the console: themes and keys out of their folder, the rest as it was told, else by the
//! environment.
//!
//! Which file says it is not known here; see [`Told`].

use std::fs;
use std::path::{Path, PathBuf};

use domain::Trouble;
use tui::keys::Keymap;
use tui::preferences::{Notice, OfContext, Preferences};
use tui::theme::{AUTO, Theme};
use tui::words::{Language, Words};

/// The longest file of keys or colours that is read.
const LONGEST: u64 = 256 << 10;

/// Holds what was told of an operator's preferences; what is absent comes from the environment, or is as usual.
#[derive(Debug, Clone, Default)]
pub(crate) struct Told {
    /// The folder of the operator's own files: `themes/*.toml` and, unless another is named, `keymap.toml`.
    pub(crate) folder: Option<PathBuf>,
    /// The theme's name.
    pub(crate) theme: Option<String>,
    /// The language's tag.
    pub(crate) language: Option<String>,
    /// The file of keys; relative to the folder.
    pub(crate) keymap: Option<PathBuf>,
    /// Whether the console takes the mouse.
    pub(crate) mouse: Option<bool>,
    /// How the end of a deployment is told: `off`, `bell`, `desktop` or `both`.
    pub(crate) deployment: Option<String>,
    /// Filters with a name: name and text.
    pub(crate) filters: Vec<(String, String)>,
    /// What holds in one context only.
    pub(crate) contexts: Vec<OfContext>,
}

/// Returns what the operator likes, and what is wrong with how they say it; what is right holds.
pub(crate) fn gather(told: &Told, env: impl Fn(&str) -> Option<String>) -> (Preferences, Vec<Trouble>) {
    let (preferences, mut faults, of_keys) = apart(told, env);
    faults.extend(of_keys);
    (preferences, faults)
}

/// Returns what the operator likes, what is wrong with it, and apart from that what is wrong in the file of keys, whose other
/// lines hold.
pub(crate) fn apart(told: &Told, env: impl Fn(&str) -> Option<String>) -> (Preferences, Vec<Trouble>, Vec<Trouble>) {
    let set = |name: &str| env(name).filter(|v| !v.is_empty());
    let mut faults = Vec::new();
    let themes = own_themes(told.folder.as_deref(), &mut faults);
    let theme = told.theme.clone().or_else(|| set("QUARTERDECK_THEME")).filter(|t| t != AUTO);
    let theme = theme.filter(|name| {
        let names = Theme::names(&themes);
        let known = names.contains(&name.as_str());
        if !known {
            let next = format!("Choose one of them: {AUTO}, {}.", names.join(", "));
            faults.push(Trouble::usage("There is no such theme", format!("\u{201c}{name}\u{201d}")).next(next));
        }
        known
    });
    let locale = ["QUARTERDECK_LANG", "LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find_map(set);
    let language = Language::of(&told.language.clone().or(locale).unwrap_or_default());
    let mut of_keys = Vec::new();
    let keymap = keys(told, &mut of_keys);
    let ends = told.deployment.as_deref().map_or_else(Notice::default, |word| {
        Notice::parse(word).unwrap_or_else(|| {
            let words = Notice::WORDS.map(|(word, _)| word).join(", ");
            let trouble = Trouble::usage("The end of a deployment cannot be told so", format!("\u{201c}{word}\u{201d}"));
            faults.push(trouble.next(format!("Write one of them: {words}.")));
            Notice::default()
        })
    });
    (
        Preferences {
            theme,
            themes,
            language,
            keymap,
            mouse: told.mouse.unwrap_or(true),
            ends,
            filters: told.filters.clone(),
            contexts: told.contexts.clone(),
        },
        faults,
        of_keys,
    )
}

fn keys(told: &Told, faults: &mut Vec<Trouble>) -> Keymap {
    let path = match (&told.folder, &told.keymap) {
        (Some(folder), Some(named)) => folder.join(named),
        (None, Some(named)) => named.clone(),
        (Some(folder), None) => folder.join("keymap.toml"),
        (None, None) => return Keymap::default(),
    };
    if told.keymap.is_none() && !path.exists() {
        return Keymap::default();
    }
    match read(&path) {
        Ok(text) => {
            let words = Words::load(Language::English);
            let name = path.file_name().map_or_else(|| path.to_string_lossy(), |name| name.to_string_lossy());
            let (keymap, wrong) = Keymap::read(&name, &text, |id| words.find(&format!("command.{id}")).is_some());
            faults.extend(wrong);
            keymap
        }
        Err(trouble) => {
            faults.push(trouble);
            Keymap::default()
        }
    }
}

fn own_themes(folder: Option<&Path>, faults: &mut Vec<Trouble>) -> Vec<(String, String)> {
    let Some(entries) = folder.and_then(|folder| fs::read_dir(folder.join("themes")).ok()) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.filter_map(|e| Some(e.ok()?.path())).collect();
    paths.retain(|path| path.extension().is_some_and(|e| e == "toml"));
    paths.sort();
    let mut out = Vec::new();
    for path in paths {
        let Some(name) = path.file_stem().and_then(|name| name.to_str()) else { continue };
        match read(&path) {
            Ok(text) => out.push((name.to_owned(), text)),
            Err(trouble) => faults.push(trouble),
        }
    }
    out
}

fn read(path: &Path) -> Result<String, Trouble> {
    text_of(path, ("The file cannot be read", "Make it one that you may read, or take it away."))
}

/// Reads a file of the configuration folder; a longer one than anybody writes is refused. Says what happened and what to do next.
pub(crate) fn text_of(path: &Path, (what, next): (&'static str, &'static str)) -> Result<String, Trouble> {
    let failed = |why: &dyn std::fmt::Display| Trouble::failed(what, path.display()).why(why).next(next);
    let size = fs::metadata(path).map_err(|e| failed(&e))?.len();
    if size > LONGEST {
        return Err(failed(&format!("it has {size} bytes; {LONGEST} are read at most")));
    }
    fs::read_to_string(path).map_err(|e| failed(&e))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test says which input failed by failing")]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_goes_before_the_environment_and_what_is_wrong_is_said() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("themes")).unwrap();
        fs::write(folder.path().join("themes/mine.toml"), "inherits = \"dark\"").unwrap();
        fs::write(folder.path().join("keymap.toml"), "\"list.down\" = [\"n\"]\n\"list.dwon\" = [\"m\"]\n").unwrap();
        let env = |name: &str| match name {
            "QUARTERDECK_THEME" => Some("light".to_owned()),
            "LANG" => Some("zh_CN.UTF-8".to_owned()),
            _ => None,
        };
        let mut told = Told { folder: Some(folder.path().to_owned()), ..Told::default() };
        let (found, faults) = gather(&told, env);
        assert_eq!((found.theme.as_deref(), found.language, found.mouse), (Some("light"), Language::Chinese, true));
        assert_eq!(found.themes.len(), 1);
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert!(faults[0].to_string().contains("keymap.toml:2"), "{faults:?}");
        (told.theme, told.language, told.mouse) = (Some("mine".to_owned()), Some("en".to_owned()), Some(false));
        told.deployment = Some("whistle".to_owned());
        told.keymap = Some("none.toml".into());
        let (found, faults) = gather(&told, env);
        assert_eq!((found.theme.as_deref(), found.language, found.mouse), (Some("mine"), Language::English, false));
        assert_eq!(faults.len(), 2, "{faults:?}");
        told.theme = Some("nobody's".to_owned());
        let (found, faults) = gather(&told, env);
        assert_eq!(found.theme, None);
        assert!(faults.iter().any(|f| f.to_string().contains("mine, dark")), "{faults:?}");
    }
}
