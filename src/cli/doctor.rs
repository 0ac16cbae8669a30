//! `doctor`: looks at what the console stands on (terminal, configuration, kubeconfig, cluster, permissions, Git, credentials,
//! store) and says of each whether it is well and what to do when it is not. Nothing is changed, and no secret is printed.

mod ground;
mod reach;

use clap::Args;
use domain::Trouble;
use domain::toolkit::{Check, State};
use serde::Serialize;

use super::{Format, output};
use crate::config::Config;
use crate::global::Global;
use crate::launch::Settings;

/// Looks at everything.
#[derive(Debug, Args)]
#[command(
    after_long_help = "Each line says ok, warn or fail, what was found, and what to do. Of the cluster the server's version, what you may do \
    there and Flux's controllers are looked at; each project's repository is asked for its branches.\n\n\
    Examples:\n  \
    quarterdeck doctor\n  \
    quarterdeck doctor --offline -o json\n\n\
    JSON: a list of id, state (ok, warn, fail), said, next. It ends with 1 when something fails."
)]
pub(crate) struct Doctor {
    /// Asks neither the cluster nor any Git server.
    #[arg(long)]
    offline: bool,
}

/// Holds what was found of one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Finding {
    id: String,
    state: &'static str,
    said: String,
    next: String,
}

impl From<Check> for Finding {
    fn from(check: Check) -> Self {
        let state = match check.state {
            State::Ok => "ok",
            State::Warn | State::Unknown => "warn",
            State::Bad => "fail",
        };
        Self { id: check.id.to_owned(), state, said: check.said, next: check.next }
    }
}

/// Returns a check that failed for a reason.
fn failed(id: &'static str, trouble: Trouble) -> Check {
    let next = trouble.next.clone();
    Check::new(id, State::Bad, Trouble { next: String::new(), ..trouble }.to_string()).next(next)
}

/// Looks at everything and prints what was found.
pub(crate) async fn run(global: &Global, format: Format, doctor: &Doctor) -> Result<(), Trouble> {
    let mut checks = ground::terminal();
    let settings = match Settings::gather(global) {
        Ok(settings) => {
            checks.push(ground::config(&settings.config));
            Some(settings)
        }
        Err(trouble) => {
            checks.push(failed("config", trouble));
            // A broken configuration is no reason not to look at the rest.
            Settings::without(global, Config::default()).ok()
        }
    };
    checks.extend(ground::programs());
    if let Some(settings) = &settings {
        checks.push(ground::kubeconfig(settings));
        checks.push(ground::store(settings));
        checks.extend(reach::checks(settings, doctor.offline).await);
    }
    print(format, checks)
}

fn print(format: Format, checks: Vec<Check>) -> Result<(), Trouble> {
    let found: Vec<Finding> = checks.into_iter().map(Finding::from).collect();
    match format {
        Format::Table | Format::Wide => {
            let wide = found.iter().map(|finding| finding.id.len()).max().unwrap_or(0);
            for finding in &found {
                output::line(&format!("{:<4}  {:<wide$}  {}", finding.state, finding.id, finding.said.replace('\n', "\n      ")));
                if !finding.next.is_empty() {
                    output::line(&format!("      \u{2192} {}", finding.next));
                }
            }
        }
        Format::Name => found.iter().for_each(|finding| output::line(&finding.id)),
        Format::Json | Format::Yaml => output::show(format, &found, &[])?,
    }
    let failing: Vec<&str> = found.iter().filter(|f| f.state == "fail").map(|f| f.id.as_str()).collect();
    if failing.is_empty() {
        return Ok(());
    }
    Err(Trouble::failed("Something has to be mended first", failing.join(", ")))
}
