//! Decides which mode was asked for: the console, the demo, or a subcommand.

mod bridge;
mod cli;
mod config;
mod console;
mod demo;
mod editor;
mod global;
mod ground;
mod helm;
mod kustomize;
mod launch;
mod local;
mod program;
mod remembered;
mod sealing;
mod sieve;
mod taste;
mod terminal;
mod watching;

use std::panic::{self, AssertUnwindSafe};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use domain::Trouble;

use cli::{Cli, Command};
use launch::Settings;

fn main() -> ExitCode {
    terminal::leave_no_core();
    terminal::outlive_large_files();
    // A shell that asks what to offer gets its answer, and nothing else happens.
    cli::complete();
    match start(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(trouble) => {
            cli::complain(&trouble);
            ExitCode::from(trouble.kind.exit_code())
        }
    }
}

fn start(cli: Cli) -> Result<(), Trouble> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|e| Trouble::failed("Could not start", "the runtime").why(e))?;
    // What unwinds out of the console has given the terminal back on its way; here it becomes a sentence.
    let done = panic::catch_unwind(AssertUnwindSafe(|| runtime.block_on(run(cli))));
    // Threads that wait for another process's lease end with the process.
    runtime.shutdown_timeout(Duration::from_millis(200));
    done.unwrap_or_else(|broken| Err(terminal::broke(broken.as_ref())))
}

async fn run(cli: Cli) -> Result<(), Trouble> {
    match cli.command {
        Some(Command::Demo(arguments)) => {
            terminal::needed()?;
            demo::run(&cli.global, &arguments).await
        }
        None => {
            terminal::needed()?;
            console::run(Settings::gather(&cli.global)?).await
        }
        Some(command) => cli::run(&cli.global, command).await,
    }
}
