//! `completions`, `man` and `schema`: what shells and scripts want to know about the program itself.
//!
//! The shells ask the program while somebody types (`QUARTERDECK_COMPLETE=bash quarterdeck`), so what they offer is what there is: contexts of
//! the kubeconfig, kinds, projects and environments of the store. No cluster is asked: an answer that comes late is none.

use std::ffi::OsStr;
use std::io::{self, Write};
use std::path::Path;

use clap::{Args, CommandFactory, Parser, ValueEnum};
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};
use clap_complete::env::{Bash, Elvish, EnvCompleter, Fish, Powershell, Zsh};
use domain::Trouble;
use domain::flux::KINDS;

use super::Cli;
use super::output;
use crate::launch::{self, Settings};

/// The variable by which a shell asks what to offer.
pub(crate) const VARIABLE: &str = "QUARTERDECK_COMPLETE";
/// The program's name.
const NAME: &str = "quarterdeck";

/// Prints what a shell is told so that it completes what is typed.
#[derive(Debug, Args)]
#[command(
    after_long_help = "It offers commands and options, and the contexts, kinds, projects and environments that there are.\n\n\
    Examples:\n  \
    quarterdeck completions bash > ~/.local/share/bash-completion/completions/quarterdeck\n  \
    quarterdeck completions zsh > \"${fpath[1]}/_quarterdeck\"\n  \
    quarterdeck completions fish > ~/.config/fish/completions/quarterdeck.fish"
)]
pub(crate) struct Completions {
    /// The shell.
    #[arg(value_enum)]
    shell: Shell,
}

/// A shell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shell {
    /// Bash.
    Bash,
    /// Zsh.
    Zsh,
    /// Fish.
    Fish,
    /// Elvish.
    Elvish,
    /// PowerShell.
    Powershell,
}

/// Prints manual pages.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:\n  \
    quarterdeck man | man -l -\n  \
    quarterdeck man --to /usr/local/share/man/man1    # a page of its own for each command")]
pub(crate) struct Man {
    /// Writes the page of the program and of each command into a folder instead.
    #[arg(long, value_name = "FOLDER")]
    to: Option<std::path::PathBuf>,
}

/// Prints what a shell is told.
pub(crate) fn completions(completions: &Completions) -> Result<(), Trouble> {
    let shell: &dyn EnvCompleter = match completions.shell {
        Shell::Bash => &Bash,
        Shell::Zsh => &Zsh,
        Shell::Fish => &Fish,
        Shell::Elvish => &Elvish,
        Shell::Powershell => &Powershell,
    };
    let mut script = Vec::new();
    shell.write_registration(VARIABLE, NAME, NAME, NAME, &mut script).map_err(unprinted)?;
    #[expect(clippy::disallowed_methods, reason = "a script for a shell, byte for byte")]
    let mut out = io::stdout().lock();
    // A pipe that is closed ends quietly.
    let _ = out.write_all(&script).and_then(|()| out.flush());
    Ok(())
}

fn unprinted(why: io::Error) -> Trouble {
    Trouble::failed("Could not print", "standard output").why(why)
}

/// Prints the manual page, or writes all of them.
pub(crate) fn man(man: &Man) -> Result<(), Trouble> {
    let command = Cli::command();
    let Some(folder) = &man.to else {
        let mut page = Vec::new();
        clap_mangen::Man::new(command).render(&mut page).map_err(unprinted)?;
        output::text(&String::from_utf8_lossy(&page));
        return Ok(());
    };
    let failed = |e: io::Error| Trouble::failed("The manual pages could not be written", folder.display()).why(e);
    std::fs::create_dir_all(folder).map_err(failed)?;
    clap_mangen::generate_to(command, folder).map_err(failed)
}

/// Answers a shell that asks what to offer; tells whether one asked.
pub(crate) fn complete() {
    // Options of every command know nothing of commands.
    let command = || Cli::command().mut_arg("context", |arg| arg.add(ArgValueCompleter::new(contexts)));
    clap_complete::CompleteEnv::with_factory(command).var(VARIABLE).bin(NAME).completer(NAME).complete();
}

/// Offers the contexts of the kubeconfig.
fn contexts(typed: &OsStr) -> Vec<CompletionCandidate> {
    let Ok(settings) = settings() else { return Vec::new() };
    offered(launch::contexts(&settings).into_iter().map(|context| context.0), typed)
}

/// Offers the kinds that are listed, by name and alias.
pub(crate) fn kinds(typed: &OsStr) -> Vec<CompletionCandidate> {
    let known = KINDS.iter().flat_map(|kind| std::iter::once(kind.name).chain(kind.aliases.iter().copied()));
    let records = ["projects", "environments", "deployments", "all"];
    offered(known.chain(records).map(str::to_lowercase), typed)
}

/// Offers the kinds of Flux objects with the stroke after which the name stands.
pub(crate) fn objects(typed: &OsStr) -> Vec<CompletionCandidate> {
    if !typed.to_string_lossy().contains('/') {
        return offered(KINDS.iter().flat_map(|kind| kind.aliases.iter().take(1)).map(|alias| format!("{alias}/")), typed);
    }
    // The store knows those that environments are made of; the others a cluster would have to be asked for.
    let state = state();
    let of = state.iter().flat_map(|state| state.environments.values()).flat_map(|environment| {
        let (source, kustomization) = (&environment.gitops.source, &environment.gitops.kustomization);
        [format!("ks/{}", kustomization.name), format!("gitrepo/{}", source.name)]
    });
    offered(of, typed)
}

/// Offers the projects of the store.
pub(crate) fn projects(typed: &OsStr) -> Vec<CompletionCandidate> {
    let state = state();
    offered(state.iter().flat_map(|state| state.projects.keys()).map(ToString::to_string), typed)
}

/// Offers the names of environments of the store; the shell does not tell of which project.
pub(crate) fn environments(typed: &OsStr) -> Vec<CompletionCandidate> {
    let state = state();
    offered(state.iter().flat_map(|state| state.environments.keys()).map(|id| id.name.to_string()), typed)
}

/// Offers the newest deployments.
pub(crate) fn deployments(typed: &OsStr) -> Vec<CompletionCandidate> {
    const MOST: usize = 30;
    let state = state();
    let ids = state.iter().flat_map(|state| state.deployments.iter().take(MOST)).map(|d| d.short().to_owned());
    offered(ids, typed)
}

fn offered(names: impl Iterator<Item = String>, typed: &OsStr) -> Vec<CompletionCandidate> {
    let typed = typed.to_string_lossy();
    let mut names: Vec<String> = names.filter(|name| name.starts_with(&*typed)).collect();
    names.sort();
    names.dedup();
    names.into_iter().map(CompletionCandidate::new).collect()
}

fn settings() -> Result<Settings, Trouble> {
    // What the command line would say is not known yet; the environment counts all the same.
    let global = Cli::try_parse_from([NAME]).map(|cli| cli.global).unwrap_or_default();
    Settings::gather(&global)
}

/// Reads the store as it is; nothing is made where there is none.
fn state() -> Option<std::sync::Arc<store::State>> {
    let settings = settings().ok()?;
    let there = |state: &Path| state.join("journal").is_dir();
    there(&settings.state).then(|| launch::open_store(&settings.state).ok()).flatten().map(|(store, _)| store.state())
}
