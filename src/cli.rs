//! The command line: what can be said, and which file answers it.
//!
//! Every order is a subcommand as well; the console is one way to give it, a script is another. Exit status: 0 done, 1 failed,
//! 2 wrong usage, 3 refused by policy or waiting for approval, 4 not found, 5 timed out.

mod adopt;
mod ask;
mod audit;
mod build;
mod carry;
mod check;
mod compare;
mod config;
mod create;
mod credential;
mod delete;
mod deploy;
mod deployments;
mod diff;
mod doctor;
mod edit;
mod environment;
mod fields;
mod flux;
mod get;
mod install;
mod kinds;
mod lint;
mod logs;
mod monitor;
mod output;
mod project;
mod promote;
mod rollback;
mod scaffold;
mod schema;
mod set;
pub(crate) mod shells;
mod sieve;
mod targets;
mod trace;
mod tree;
mod units;
mod values;
mod why;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use domain::Trouble;

use crate::global::{Format, Global};
use crate::launch::{self, Deck, Settings};
use crate::terminal;

pub(crate) use output::{complain, remark};
pub(crate) use shells::complete;

/// An operator console for GitOps with Flux that also owns the write path. Without a command it opens the console.
#[derive(Debug, Parser)]
#[command(name = "quarterdeck", bin_name = "quarterdeck", version, about, max_term_width = 110, disable_help_subcommand = true)]
#[command(
    after_help = "Exit status: 0 done, 1 failed, 2 wrong usage, 3 refused or waiting for approval, 4 not found, 5 timed out.\n\
    Look around first, with nothing but this program: quarterdeck demo"
)]
pub(crate) struct Cli {
    /// What every command understands.
    #[command(flatten)]
    pub(crate) global: Global,
    /// What to do; the console when absent.
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Opens the console on a simulated cluster and a local Git repository, in a folder of its own.
    Demo(DemoArgs),
    /// Lists Flux objects (ks, hr, gitrepo, …, all) or projects, environments, deployments.
    Get(get::Get),
    /// Shows what came of an object (KIND/NAME), down to its Pods, and what it waits for.
    Tree(tree::Tree),
    /// Adds, edits, shows or removes projects.
    #[command(subcommand)]
    Project(project::Verb),
    /// Adds, edits, shows or removes environments.
    #[command(subcommand, visible_alias = "env")]
    Environment(Box<environment::Verb>),
    /// Seals tokens and keys, lists their names, forgets them.
    #[command(subcommand)]
    Credential(credential::Verb),
    /// Makes projects and environments of what Flux already runs.
    Adopt(adopt::Adopt),
    /// Changes fields of an environment's workload, commits, pushes and follows.
    Deploy(Box<deploy::Deploy>),
    /// Changes fields of manifests in a local folder, and nothing else in their files: prints a diff, --write writes.
    Set(Box<set::Set>),
    /// Makes manifests for a project that has none: prints them as a diff, --write writes.
    Scaffold(scaffold::Scaffold),
    /// Renders a local folder as kustomize build does.
    Build(build::Build),
    /// Says what is wrong with the manifests of a local folder, with file, line and column.
    Lint(lint::Lint),
    /// Follows a deployment to its end.
    Follow(deployments::Follow),
    /// Lists deployments, newest first.
    History(deployments::History),
    /// Says how deliveries are doing: success, speed, the four figures of delivery, objects and components.
    Monitor(monitor::Monitor),
    /// Takes an environment back to what an earlier deployment made of it.
    Rollback(rollback::Rollback),
    /// Takes back what one deployment did, and leaves what came after it.
    Revert(rollback::Revert),
    /// Deploys to one environment what runs in another.
    Promote(promote::Promote),
    /// Lets a manually synced environment apply its commit.
    Sync(flux::Sync),
    /// Asks Flux to reconcile objects (KIND/NAME).
    Reconcile(flux::Reconcile),
    /// Suspends objects (KIND/NAME).
    #[command(after_long_help = "Examples:\n  \
    quarterdeck suspend ks/shop-production\n  \
    quarterdeck suspend hr --all -n apps --yes\n\n\
    JSON: object, said for each.")]
    Suspend(targets::Targets),
    /// Resumes objects (KIND/NAME).
    #[command(after_long_help = "Examples:\n  \
    quarterdeck resume ks/shop-production\n  \
    quarterdeck resume --filter 'suspended=true ns=apps'\n\n\
    JSON: object, said for each.")]
    Resume(targets::Targets),
    /// Has Helm install or upgrade HelmReleases once more, even if nothing changed.
    #[command(after_long_help = "Examples:\n  \
    quarterdeck force hr/podinfo -n apps\n\n\
    JSON: object, said for each.")]
    Force(targets::Targets),
    /// Sets the failure counters of HelmReleases to zero, so that they are tried again.
    #[command(after_long_help = "Examples:\n  \
    quarterdeck reset hr/podinfo -n apps\n\n\
    JSON: object, said for each.")]
    Reset(targets::Targets),
    /// Replaces the Pods of a workload (KIND/NAME), one after another.
    Restart(flux::Restart),
    /// Deletes objects of any kind, after saying what goes along.
    Delete(delete::Delete),
    /// Creates Flux objects and Secrets with their credentials, by the fields of a form.
    Create(Box<create::Create>),
    /// Edits an object of the cluster in $VISUAL or $EDITOR, and shows what changes before it is applied.
    Edit(edit::Edit),
    /// Says from which repository, commit and file an object comes.
    #[command(after_long_help = "Examples:\n  \
    quarterdeck origin deploy/shop-web -n shop\n  \
    quarterdeck origin hr/podinfo -n apps -o json")]
    Origin(targets::One),
    /// Compares what a Kustomization, HelmRelease or environment desires with what the cluster has, or shows what fields would change.
    Diff(Box<diff::Diff>),
    /// Looks at what Flux needs in the cluster and how its controllers are, or prints the role that allows what we do.
    Check(check::Check),
    /// Installs or upgrades Flux from the manifest of a release, object by object.
    Install(install::Install),
    /// Removes Flux with its definitions and custom resources; what it applied stays.
    Uninstall(install::Uninstall),
    /// Lists, verifies or exports the journal.
    Audit(audit::Audit),
    /// Writes projects and environments as one YAML document.
    Export(carry::Export),
    /// Takes projects and environments in from such a document.
    Import(carry::Import),
    /// Tells what applied an object, from which source, revision and commit (KIND/NAME).
    Trace(trace::Trace),
    /// Says why an object is broken (KIND/NAME), from evidence, and what to do.
    Why(why::Why),
    /// Says what this machine, its configuration and its cluster lack, and what to do about it.
    Doctor(doctor::Doctor),
    /// Writes, checks or shows the configuration file.
    #[command(subcommand)]
    Config(config::Verb),
    /// Prints what a shell needs to complete commands, contexts, kinds and names.
    Completions(shells::Completions),
    /// Prints the manual page, or writes all of them.
    Man(shells::Man),
    /// Prints the JSON Schema of what -o json prints.
    Schema(schema::Schema),
    /// Prints the values that Helm gets of a HelmRelease, and where each comes from; Secrets masked.
    Values(values::Values),
    /// Prints logs: of a Pod, of a workload's Pods together, or of a controller about a Flux object (KIND/NAME).
    Logs(logs::Logs),
}

/// Options of the demo.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:\n  \
    quarterdeck demo\n  \
    quarterdeck demo --speed 4 --no-tour\n  \
    quarterdeck demo --folder /tmp/deck         # it goes on from there the next time")]
pub(crate) struct DemoArgs {
    /// How many times faster than life the simulated cluster runs.
    #[arg(long, default_value_t = 1.0, value_name = "FACTOR")]
    pub(crate) speed: f64,
    /// Begins without the tour; :tour begins it.
    #[arg(long)]
    pub(crate) no_tour: bool,
    /// The moment at which it begins, for pictures that are drawn again.
    #[arg(long, hide = true, value_name = "TIME")]
    pub(crate) at: Option<domain::Time>,
    /// Keeps the demo's folder instead of a fresh one.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) folder: Option<PathBuf>,
}

/// Runs a subcommand; the console and the demo are not among them.
pub(crate) async fn run(global: &Global, command: Command) -> Result<(), Trouble> {
    let format = global.output.unwrap_or(Format::Table);
    match command {
        Command::Set(set) => set::run(format, &set),
        Command::Scaffold(scaffold) => scaffold::run(format, &scaffold),
        Command::Build(build) => build::run(global.output, build).await,
        Command::Lint(lint) => lint::run(global, &lint).await,
        Command::Check(check) if check.prints_role() => check::role(&check),
        Command::Doctor(doctor) => doctor::run(global, format, &doctor).await,
        Command::Config(verb) => config::run(global, format, &verb),
        Command::Completions(which) => shells::completions(&which),
        Command::Man(man) => shells::man(&man),
        Command::Schema(which) => schema::run(&which),
        command => with_state(&Settings::gather(global)?, format, command).await,
    }
}

/// Runs a subcommand that needs the state folder.
async fn with_state(settings: &Settings, format: Format, command: Command) -> Result<(), Trouble> {
    if let Some(trouble) = launch::start_log(settings)? {
        remark(&trouble);
    }
    terminal::catch_panics(&settings.state);
    if let Command::Audit(audit) = &command
        && audit.offline()
    {
        return audit::without_engine(settings, format, audit);
    }
    let deck = launch::deck(settings)?;
    for notice in &deck.notices {
        output::note(notice);
    }
    let done = dispatch(&deck, format, command).await;
    deck.close().await;
    done
}

async fn dispatch(deck: &Deck, format: Format, command: Command) -> Result<(), Trouble> {
    match command {
        Command::Demo(_)
        | Command::Set(_)
        | Command::Scaffold(_)
        | Command::Build(_)
        | Command::Lint(_)
        | Command::Doctor(_)
        | Command::Config(_)
        | Command::Completions(_)
        | Command::Man(_)
        | Command::Schema(_) => Err(Trouble::usage("That needs no engine", "this command").next("Start it by itself.")),
        Command::Get(get) => get::run(deck, format, get).await,
        Command::Tree(tree) => tree::run(deck, format, tree).await,
        Command::Project(verb) => project::run(deck, format, verb).await,
        Command::Environment(verb) => environment::run(deck, format, *verb).await,
        Command::Credential(verb) => credential::run(deck, format, verb).await,
        Command::Adopt(adopt) => adopt::run(deck, format, adopt).await,
        Command::Deploy(deploy) => deploy::run(deck, format, *deploy).await,
        Command::Follow(follow) => deployments::follow(deck, format, follow).await,
        Command::History(history) => deployments::history(deck, format, &history).await,
        Command::Monitor(monitor) => monitor::run(deck, format, &monitor).await,
        Command::Rollback(rollback) => rollback::rollback(deck, format, rollback).await,
        Command::Revert(revert) => rollback::revert(deck, format, revert).await,
        Command::Promote(promote) => promote::run(deck, format, promote).await,
        Command::Sync(sync) => flux::sync(deck, format, sync).await,
        Command::Reconcile(reconcile) => flux::reconcile(deck, format, reconcile).await,
        Command::Suspend(targets) => flux::suspend(deck, format, targets).await,
        Command::Resume(targets) => flux::resume(deck, format, targets).await,
        Command::Force(targets) => flux::force(deck, format, targets).await,
        Command::Reset(targets) => flux::reset(deck, format, targets).await,
        Command::Restart(restart) => flux::restart(deck, format, restart).await,
        Command::Delete(delete) => delete::run(deck, format, delete).await,
        Command::Create(create) => create::run(deck, format, *create).await,
        Command::Edit(edit) => edit::run(deck, format, edit).await,
        Command::Origin(which) => edit::origin(deck, format, &which).await,
        Command::Diff(diff) => diff::run(deck, format, *diff).await,
        Command::Check(check) => check::run(deck, format, &check).await,
        Command::Install(install) => install::install(deck, format, install).await,
        Command::Uninstall(uninstall) => install::uninstall(deck, format, &uninstall).await,
        Command::Audit(audit) => audit::run(deck, format, audit).await,
        Command::Export(export) => carry::export(deck, format, &export),
        Command::Import(import) => carry::import(deck, format, &import).await,
        Command::Trace(trace) => trace::run(deck, format, trace).await,
        Command::Why(why) => why::run(deck, format, &why).await,
        Command::Values(values) => values::run(deck, format, &values).await,
        Command::Logs(logs) => logs::run(deck, format, logs).await,
    }
}

#[cfg(test)]
mod docs_tests;

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::Cli;

    #[test]
    fn no_option_of_a_command_is_one_of_all_commands_too() {
        let whole = Cli::command();
        let names = |arg: &clap::Arg| [Some(arg.get_id().to_string()), arg.get_long().map(str::to_owned)];
        let of_all: Vec<String> = whole.get_arguments().filter(|arg| arg.is_global_set()).flat_map(names).flatten().collect();
        assert!(of_all.iter().any(|name| name == "context"), "{of_all:?}");
        let mut left: Vec<&clap::Command> = whole.get_subcommands().collect();
        while let Some(command) = left.pop() {
            for arg in command.get_arguments() {
                let both: Vec<_> = names(arg).into_iter().flatten().filter(|name| of_all.contains(name)).collect();
                assert!(both.is_empty(), "{}: {both:?}", command.get_name());
            }
            left.extend(command.get_subcommands());
        }
    }
}
