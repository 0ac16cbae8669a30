//! `config`: writes a configuration file with comments, checks one, and says what holds.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::Path;

use clap::{Args, Subcommand};
use domain::Trouble;
use domain::ident::ContextName;

use super::{Format, output};
use crate::config::{Config, TEMPLATE};
use crate::global::Global;
use crate::taste;

/// What is done with the configuration file.
#[derive(Debug, Subcommand)]
#[command(
    after_long_help = "The file is config.toml in the configuration folder, or the one that --config-file names; themes and keys of your \
    own lie beside it.\n\n\
    Examples:\n  \
    quarterdeck config init\n  \
    quarterdeck config check -o json"
)]
pub(crate) enum Verb {
    /// Writes the file with every setting and what it does.
    Init(Init),
    /// Says what is wrong with the file, and the files beside it, with line and column.
    Check,
    /// Prints where the file is, or would be.
    Path,
    /// Prints what the file says.
    Show,
}

/// Writes the file.
#[derive(Debug, Args)]
pub(crate) struct Init {
    /// Writes over a file that is there; it is kept beside the new one as config.toml.old.
    #[arg(long)]
    force: bool,
}

/// Runs the command; it needs neither state nor cluster.
pub(crate) fn run(global: &Global, format: Format, verb: &Verb) -> Result<(), Trouble> {
    let path = Config::place(global).ok_or_else(|| {
        Trouble::usage("There is no home folder to keep a configuration in", "HOME")
            .next("Set HOME, or name a file with --config-file.")
    })?;
    match verb {
        Verb::Init(init) => write(&path, init.force, format),
        Verb::Check => check(global, &path, format),
        Verb::Path => output::Done::new(path.display(), path.display().to_string()).show(format),
        Verb::Show => show(global, format),
    }
}

fn write(path: &Path, force: bool, format: Format) -> Result<(), Trouble> {
    let failed = |e: std::io::Error| {
        Trouble::failed("The configuration could not be written", path.display())
            .why(e)
            .next("Name another file with --config-file.")
    };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    if force && path.exists() {
        let mut kept = path.as_os_str().to_owned();
        kept.push(".old");
        fs::rename(path, kept).map_err(failed)?;
    }
    let mut file = OpenOptions::new().write(true).create_new(true).open(path).map_err(|e| match e.kind() {
        ErrorKind::AlreadyExists => Trouble::refused("There is a configuration already", path.display())
            .next("Edit it; --force writes a new one and keeps the old beside it."),
        _ => failed(e),
    })?;
    file.write_all(TEMPLATE.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
    output::Done::new(path.display(), format!("Written: {}. Everything in it is as it is without it.", path.display()))
        .show(format)
}

fn check(global: &Global, path: &Path, format: Format) -> Result<(), Trouble> {
    let config = Config::gather(global)?;
    if let Some(trouble) = beside(&config).into_iter().next() {
        return Err(trouble);
    }
    let said = if config.file.is_some() {
        format!("{}: nothing is wrong with it.", path.display())
    } else {
        format!("{}: there is none, and everything is as usual. quarterdeck config init writes one.", path.display())
    };
    output::Done::new(path.display(), said).show(format)
}

/// Returns what is wrong with the files that lie beside the configuration, and with what it names of them.
pub(crate) fn beside(config: &Config) -> Vec<Trouble> {
    let mut faults = Vec::new();
    let contexts = config.contexts.keys().map(|name| ContextName(name.clone())).map(Some);
    for context in std::iter::once(None).chain(contexts) {
        let (_, found) = taste::gather(&config.told(context.as_ref()), |_| None);
        faults.extend(found.into_iter().filter(|trouble| !faults.contains(trouble)).collect::<Vec<_>>());
    }
    faults
}

fn show(global: &Global, format: Format) -> Result<(), Trouble> {
    let config = Config::gather(global)?;
    let format = if matches!(format, Format::Table | Format::Wide | Format::Name) { Format::Yaml } else { format };
    output::show(format, &config, &[])
}
