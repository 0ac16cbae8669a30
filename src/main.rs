//! Decides which mode was asked for: the console, the demo, or a subcommand.

mod bridge;
mod cli;
mod console;
mod demo;
mod launch;
mod terminal;

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use domain::Trouble;

use cli::{Cli, Command};
use launch::Settings;

fn main() -> ExitCode {
    let cli = Cli::parse();
    match start(cli) {
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
    let done = runtime.block_on(run(cli));
    // Threads that wait for another process's lease end with the process.
    runtime.shutdown_timeout(Duration::from_millis(200));
    done
}

async fn run(cli: Cli) -> Result<(), Trouble> {
    match cli.command {
        Some(Command::Demo(arguments)) => demo::run(&cli.global, &arguments).await,
        None => console::run(Settings::gather(&cli.global)?).await,
        Some(command) => {
            let settings = Settings::gather(&cli.global)?;
            launch::start_log(&settings)?;
            cli::run(settings, cli.global.output, command).await
        }
    }
}
