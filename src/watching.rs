//! Looking after the configuration while the console is open: a change is taken up as soon as the file is whole, and said; what is
//! wrong with it is said too, and the old one goes on.

use std::path::{Path, PathBuf};
use std::time::Duration;

use domain::ident::ContextName;
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::mpsc;
use tui::preferences::News;

use crate::config::Config;
use crate::taste;

/// How long a file is left alone after it changed: whoever writes it may write more than once.
const SETTLING: Duration = Duration::from_millis(120);

/// Watches a configuration as long as it is not dropped.
#[derive(Debug)]
pub(crate) struct Watching {
    _watcher: Option<RecommendedWatcher>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Begins to watch the folder of a configuration; where that cannot be had, changes are taken up at the next start.
pub(crate) fn begin(config: &Config, context: Option<ContextName>, tell: mpsc::Sender<News>) -> Option<Watching> {
    let path = config.file.clone().or_else(|| config.folder.as_ref().map(|folder| folder.join("config.toml")))?;
    let folder = path.parent().filter(|folder| folder.is_dir())?.to_owned();
    let (told, mut changes) = mpsc::channel(1);
    let heard = move |event: notify::Result<Event>| {
        // Reading the files is an event too, and must not lead to reading them again.
        if !matches!(event, Ok(Event { kind: EventKind::Access(_), .. })) {
            let _ = told.try_send(());
        }
    };
    let watcher = notify::recommended_watcher(heard).and_then(|mut watcher| {
        watcher.watch(&folder, RecursiveMode::NonRecursive)?;
        let themes = folder.join("themes");
        if themes.is_dir() {
            watcher.watch(&themes, RecursiveMode::NonRecursive)?;
        }
        Ok(watcher)
    });
    let watcher = watcher.inspect_err(|error| tracing::info!(%error, "no file events for the configuration")).ok()?;
    let task = tokio::spawn(async move {
        let mut known = stamp(&folder, &path);
        while changes.recv().await.is_some() {
            tokio::time::sleep(SETTLING).await;
            while changes.try_recv().is_ok() {}
            let now = stamp(&folder, &path);
            if now == known {
                continue;
            }
            known = now;
            for news in reread(&path, context.as_ref()) {
                if tell.send(news).await.is_err() {
                    return;
                }
            }
        }
    });
    Some(Watching { _watcher: Some(watcher), task })
}

/// Returns what tells a change of the files: their names and texts, in short.
fn stamp(folder: &Path, path: &Path) -> Vec<(PathBuf, Option<Vec<u8>>)> {
    let themes = std::fs::read_dir(folder.join("themes")).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
    let beside = std::fs::read_dir(folder).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
    let mut paths: Vec<PathBuf> = themes.chain(beside).filter(|p| p.extension().is_some_and(|e| e == "toml")).collect();
    paths.push(path.to_owned());
    paths.sort();
    paths.dedup();
    paths.into_iter().map(|path| (path.clone(), std::fs::read(&path).ok())).collect()
}

/// Reads everything again and returns what the session is told.
fn reread(path: &Path, context: Option<&ContextName>) -> Vec<News> {
    let config = if path.exists() { Config::read(path) } else { Ok(Config::usual(path.parent())) };
    let config = match config {
        Ok(config) => config,
        Err(trouble) => return vec![News::Trouble(Box::new(trouble))],
    };
    let (preferences, faults, of_keys) = taste::apart(&config.told(context), |name| std::env::var(name).ok());
    let whole = faults.is_empty();
    let mut news: Vec<News> = faults.into_iter().chain(of_keys).map(|trouble| News::Trouble(Box::new(trouble))).collect();
    // A line of the keys that is wrong hinders none of the others, and no theme.
    if whole {
        news.extend([News::Preferences(Box::new(preferences)), News::Changed]);
    }
    news
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test says which input failed by failing")]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_in_the_keys_is_told_and_hinders_no_theme() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        std::fs::write(&path, "theme = \"kelp\"\n").unwrap();
        std::fs::write(folder.path().join("keymap.toml"), "\"list.dwon\" = [\"m\"]\n").unwrap();
        let news = reread(&path, None);
        assert!(matches!(&news[0], News::Trouble(trouble) if trouble.to_string().contains("keymap.toml:1")), "{news:?}");
        assert!(matches!(&news[1], News::Preferences(found) if found.theme.as_deref() == Some("kelp")), "{news:?}");
        // A theme that there is not leaves everything as it was.
        std::fs::write(&path, "theme = \"nobodys\"\n").unwrap();
        assert!(reread(&path, None).iter().all(|news| matches!(news, News::Trouble(_))));
    }
}
