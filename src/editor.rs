//! A text in the operator's editor or pager: a file that only they can read, gone afterwards unless something in it would be lost.
//!
//! The file is in the session's runtime folder, which lives in memory; where there is none, in a folder of its own that only the
//! operator can enter.

use std::fmt::Display;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;

use domain::Trouble;
use domain::live::Private;
use tui::editing::{Editor, Errand, Written};

use crate::{launch, terminal};

/// Holds a text that is being edited. Dropped without a word, it is kept when it was changed and not applied.
#[derive(Debug)]
pub(crate) struct Sheet {
    path: PathBuf,
    given: String,
    changed: bool,
    over: bool,
}

impl Sheet {
    /// Writes a text to a new file, named after what it is about.
    pub(crate) fn new(about: &impl Display, text: &str) -> Result<Self, Trouble> {
        let failed =
            |e: io::Error| Trouble::failed("The text cannot be written to a file", about).why(e).next("Make room for it.");
        let folder = folder().map_err(failed)?;
        let name: String =
            about.to_string().chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '-' }).take(60).collect();
        for number in 0..1000 {
            let path = folder.join(format!("{name}-{}-{number}.yaml", std::process::id()));
            // Never through a link or into a file that is there already.
            match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
                Ok(mut file) => {
                    file.write_all(text.as_bytes()).map_err(failed)?;
                    return Ok(Self { path, given: text.to_owned(), changed: false, over: false });
                }
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
                Err(e) => return Err(failed(e)),
            }
        }
        Err(failed(io::Error::other("a thousand of them are there already")))
    }

    /// Opens the file in the editor and returns the text once the operator has left it.
    pub(crate) async fn edit(&mut self) -> Result<String, Trouble> {
        let (editor, path) = (program(), self.path.clone());
        let failed = |why: &dyn Display| {
            Trouble::failed("The editor did not end well", &editor).why(why).next("Name one that works: VISUAL or EDITOR.")
        };
        let ended = lent(&editor, &path).await.map_err(|e| failed(&e))?;
        let text = fs::read_to_string(&path).map_err(|e| failed(&e))?;
        self.changed |= text != self.given;
        if !ended.success() {
            return Err(failed(&ended));
        }
        Ok(text)
    }

    /// Tells whether the text is another than the one that was given out.
    pub(crate) const fn changed(&self) -> bool {
        self.changed
    }

    /// Puts remarks on top of the text as it was edited, in place of those that stood among its first lines.
    pub(crate) fn note(&mut self, notes: &[String]) -> Result<(), Trouble> {
        let failed = |e: io::Error| Trouble::failed("The text cannot be read again", "the edited file").why(e);
        let text = fs::read_to_string(&self.path).map_err(failed)?;
        // Line ends, and whether there is one at the end, are the author's.
        let top: usize = text.split_inclusive('\n').take_while(|line| line.starts_with('#')).map(str::len).sum();
        let kept = text[..top].split_inclusive('\n').filter(|line| !line.starts_with("# ! "));
        let head = notes.iter().flat_map(|note| note.lines()).map(|line| format!("# ! {line}\n"));
        let whole: String = head.chain(kept.map(str::to_owned)).chain([text[top..].to_owned()]).collect();
        fs::write(&self.path, whole).map_err(failed)
    }

    /// Puts another text in the place of the edited one, which is kept beside it.
    pub(crate) fn renew(&mut self, text: &str) -> Result<(), Trouble> {
        let failed = |e: io::Error| Trouble::failed("The text cannot be written to a file", "the edited file").why(e);
        fs::copy(&self.path, self.aside()).map_err(failed)?;
        fs::write(&self.path, format!("# ! Your text as it was: {}\n{text}", self.aside().display())).map_err(failed)
    }

    fn aside(&self) -> PathBuf {
        self.path.with_extension("before.yaml")
    }

    /// Removes the file: nothing in it is needed any more.
    pub(crate) fn discard(&mut self) {
        self.over = true;
        for path in [self.path.clone(), self.aside()] {
            let _ = fs::remove_file(path);
        }
    }

    /// Keeps the file when it was changed and returns where it is; removes it otherwise.
    pub(crate) fn keep(&mut self) -> Option<PathBuf> {
        if self.changed && self.path.exists() {
            self.over = true;
            return Some(self.path.clone());
        }
        self.discard();
        None
    }
}

impl Drop for Sheet {
    fn drop(&mut self) {
        if !self.over {
            self.keep();
        }
    }
}

/// Holds the one text that a console has in the editor.
#[derive(Debug, Default)]
pub(crate) struct Desktop(tokio::sync::Mutex<Option<Sheet>>);

impl Desktop {
    /// Returns what runs a session's errands.
    pub(crate) fn editor(self: Arc<Self>) -> Editor {
        Arc::new(move |errand| {
            let desktop = Arc::clone(&self);
            Box::pin(async move { desktop.run(errand).await })
        })
    }

    async fn run(&self, errand: Errand) -> Result<Written, Trouble> {
        if let Errand::Save { file, text } = &errand {
            let path = save(file, text.text())?;
            return Ok(Written { text: Private::new(""), changed: false, file: path.display().to_string() });
        }
        if let Errand::View(text) = &errand {
            view(text.text()).await?;
            return Ok(Written { text: Private::new(""), changed: false, file: String::new() });
        }
        let mut held = self.0.lock().await;
        let file = |sheet: &Sheet| sheet.path.display().to_string();
        match (&errand, held.as_mut()) {
            (Errand::Begin { about, text }, _) => *held = Some(Sheet::new(about, text.text())?),
            (Errand::Save { .. } | Errand::View(_), Some(_)) => {}
            (Errand::Again(notes), Some(sheet)) => sheet.note(notes)?,
            (Errand::Renew(text), Some(sheet)) => sheet.renew(text.text())?,
            (Errand::Again(_) | Errand::Renew(_) | Errand::Save { .. } | Errand::View(_), None) => {
                return Err(Trouble::failed("There is no text to go on with", "the editor").next("Edit the object anew."));
            }
            (Errand::Discard | Errand::Keep, _) => {
                let mut sheet = held.take();
                if errand == Errand::Discard {
                    sheet.iter_mut().for_each(Sheet::discard);
                }
                let kept = sheet.as_mut().and_then(Sheet::keep).filter(|_| errand == Errand::Keep);
                let file = kept.map(|path| path.display().to_string()).unwrap_or_default();
                return Ok(Written { text: Private::new(""), changed: false, file });
            }
        }
        let Some(sheet) = held.as_mut() else { return Err(Trouble::failed("There is no text", "the editor")) };
        let text = sheet.edit().await?;
        Ok(Written { text: Private::new(text), changed: sheet.changed(), file: file(sheet) })
    }

    /// Ends it with the console: returns where a text is kept that was changed and not applied.
    pub(crate) fn kept(&self) -> Option<PathBuf> {
        self.0.try_lock().ok()?.take()?.keep()
    }
}

/// Writes a text to a new file that only the operator can read, and returns where it is.
fn save(file: &str, text: &str) -> Result<PathBuf, Trouble> {
    let failed = |e: io::Error| Trouble::failed("The text cannot be written to a file", file).why(e).next("Name another file.");
    let home = file.strip_prefix("~/").zip(launch::variable("HOME"));
    let path = home.map_or_else(|| PathBuf::from(file), |(rest, home)| Path::new(&home).join(rest));
    let mut open = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).map_err(failed)?;
    open.write_all(text.as_bytes()).map_err(failed)?;
    fs::canonicalize(&path).map_err(failed)
}

/// Shows a text in the pager, from a file that is gone afterwards.
async fn view(text: &str) -> Result<(), Trouble> {
    let pager = pager();
    let failed =
        |why: &dyn Display| Trouble::failed("The pager did not end well", &pager).why(why).next("Name one that works: PAGER.");
    let mut sheet = Sheet::new(&"quarterdeck", &domain::redact::clean(text))?;
    let ended = lent(&pager, &sheet.path).await;
    sheet.discard();
    let ended = ended.map_err(|e| failed(&e))?;
    if ended.success() { Ok(()) } else { Err(failed(&ended)) }
}

/// Returns the pager as the operator names it.
fn pager() -> String {
    launch::variable("PAGER").unwrap_or_else(|| "less".to_owned())
}

/// Tells whether nothing is left of a text but remarks.
pub(crate) fn is_blank(text: &str) -> bool {
    text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#'))
}

/// Returns the editor as the operator names it.
fn program() -> String {
    launch::variable("VISUAL").or_else(|| launch::variable("EDITOR")).unwrap_or_else(|| "vi".to_owned())
}

/// Runs a program on a file; the terminal is its own until it ends.
async fn lent(program: &str, path: &Path) -> io::Result<ExitStatus> {
    let _away = terminal::lend();
    let (program, path) = (program.to_owned(), path.to_owned());
    tokio::task::spawn_blocking(move || run(&program, &path)).await.map_err(io::Error::other)?
}

/// Runs an editor or a pager as the shell would, since its name may come with options.
fn run(editor: &str, path: &Path) -> io::Result<ExitStatus> {
    std::process::Command::new("sh")
        .arg("-c")
        .arg(format!("{editor} \"$1\""))
        .arg(editor)
        .arg(path)
        .stdin(Stdio::inherit())
        .stdout(Stdio::inherit())
        .stderr(Stdio::inherit())
        .status()
}

/// Returns the folder for such files, which only the operator can enter.
fn folder() -> io::Result<PathBuf> {
    let runtime = launch::variable("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|folder| folder.is_dir());
    let user = rustix::process::getuid().as_raw();
    let folder = runtime.map_or_else(|| std::env::temp_dir().join(format!("quarterdeck-{user}")), |r| r.join("quarterdeck"));
    DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
    let what = fs::symlink_metadata(&folder)?;
    // Somebody else's folder, or a link to one, would let them read or swap the file.
    if !what.is_dir() || what.uid() != user || what.mode() & 0o077 != 0 {
        return Err(io::Error::other(format!("{} is not a folder of your own alone", folder.display())));
    }
    Ok(folder)
}
