//! `history` and `follow`: deployments and their four stages.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use std::{fs, io};

use clap::Args;
use clap_complete::engine::ArgValueCompleter;
use domain::deployment::{Deployment, StageName, StageState, Status};
use domain::history::Brief;
use domain::ident::DeploymentId;
use domain::proposal::Proposal;
use domain::{Trouble, TroubleKind};
use tokio::signal::unix::{SignalKind, signal};

use super::{Format, output, shells, sieve};
use crate::launch::{self, Deck};

/// How a change is made that is committed and followed: the flags that all of them have.
#[derive(Debug, Args)]
pub(super) struct Going {
    #[command(flatten)]
    pub(super) message: Message,
    /// Only says what would happen.
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Answers the question.
    #[arg(long, short)]
    pub(super) yes: bool,
    /// Follows the deployment for at most so long, for example 5m; exit status 1 when it fails, 5 when that is over.
    #[arg(long, value_name = "DURATION", num_args = 0..=1, default_missing_value = "15m")]
    pub(super) wait: Option<String>,
    /// Goes on only when the result is exactly what was reviewed (the digest that --dry-run prints).
    #[arg(long, value_name = "DIGEST")]
    pub(super) reviewed: Option<String>,
}

/// What is said of a change: the flags of everything that commits.
#[derive(Debug, Clone, Args)]
pub(super) struct Message {
    /// The commit message; proposed from the change when absent. What finds the deployment again is added below it.
    #[arg(short, long)]
    message: Option<String>,
    /// Reads the commit message from a file; - is standard input.
    #[arg(long, value_name = "FILE", conflicts_with = "message")]
    message_file: Option<PathBuf>,
}

impl Message {
    /// Tells whether one is given.
    pub(super) const fn is_given(&self) -> bool {
        self.message.is_some() || self.message_file.is_some()
    }

    /// Reads the file once, whatever follows.
    pub(super) fn read(self) -> Result<Self, Trouble> {
        Ok(Self { message: self.text()?, message_file: None })
    }

    /// Returns the message that was given in words, or that [`Message::read`] has read.
    pub(super) fn words(&self) -> Option<&str> {
        self.message.as_deref()
    }

    /// Returns the message, if one is given.
    pub(super) fn text(&self) -> Result<Option<String>, Trouble> {
        let Some(path) = &self.message_file else { return Ok(self.message.clone()) };
        let read = if path.as_os_str() == "-" { io::read_to_string(io::stdin().lock()) } else { fs::read_to_string(path) };
        let shown = path.display();
        let text =
            read.map_err(|e| Trouble::usage("The commit message cannot be read", shown).why(e).next("Name a text file."))?;
        let text = text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n").trim_matches('\n').to_owned();
        if text.trim().is_empty() {
            return Err(
                Trouble::usage("There is no commit message in the file", path.display()).next("Write one, or leave it out.")
            );
        }
        Ok(Some(text))
    }
}

/// Follows a deployment to its end.
#[derive(Debug, Args)]
#[command(
    after_long_help = "Ends with 0 when it succeeded, 1 when it failed, 3 when it waits for approval on the Git host or for a manual sync, 5 when the time is over. \
    Interrupting it does not stop the deployment.\n\n\
    Examples:\n  \
    quarterdeck follow bqs33\n  \
    quarterdeck follow 01m8072qmkpm39045fhfhbqs33 --wait 5m -o json\n\n\
    JSON: see history."
)]
pub(crate) struct Follow {
    /// The deployment's id or the end of it.
    #[arg(add = ArgValueCompleter::new(shells::deployments))]
    deployment: String,
    /// At most so long.
    #[arg(long, value_name = "DURATION", default_value = "15m")]
    wait: String,
}

/// Lists deployments.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:\n  quarterdeck history shop production\n  \
    quarterdeck history --filter 'status=failed method=gitops-git by=ada age<7d env=production'\n\n\
    A filter is several terms, each of which must hold: text, !text, ~letters, /regex/, and before = != < > one of id, project, \
    environment, status, stage, method, by, change, commit, branch, file, act, took (seconds), age, finished.\n\n\
    JSON: a list of id, environment (project, name), method, actor, requested, finished, status, edits, workload, \
    message, branch, files, base, commit, reviewed, summary, expect_images, expect_replicas, stages (state, started, ended, detail), \
    of a rollback rolls_back and restore (to, undoes), where others must approve proposal (branch, commit, opened, link, arrived), and \
    of a manual one applied.")]
pub(crate) struct History {
    /// Only those of this project.
    #[arg(add = ArgValueCompleter::new(shells::projects))]
    project: Option<String>,
    /// Only those of this environment.
    #[arg(add = ArgValueCompleter::new(shells::environments))]
    environment: Option<String>,
    /// Only those that fit: status=failed method=gitops-git by=ada age<7d env=production (see --help).
    #[arg(long, value_name = "FILTER", allow_hyphen_values = true)]
    filter: Option<String>,
    /// At most so many; 0 for all.
    #[arg(long, short = 'l', value_name = "COUNT", default_value_t = 50)]
    limit: usize,
}

/// Reads a duration such as 90s, 5m or 1h30m.
pub(crate) fn duration(text: &str) -> Result<Duration, Trouble> {
    let wrong = |why: &str| {
        Trouble::usage("That is not a duration", format!("\u{201c}{text}\u{201d}")).why(why).next("Write it as 90s, 5m or 1h30m.")
    };
    let parsed: jiff::SignedDuration = text.parse().map_err(|_| wrong("it needs a number and a unit"))?;
    let duration = Duration::try_from(parsed).map_err(|_| wrong("it is negative"))?;
    Ok(duration.min(super::deploy::LONGEST))
}

/// Prints deployments, newest first.
pub(crate) async fn history(deck: &Deck, format: Format, history: &History) -> Result<(), Trouble> {
    if let Some(project) = &history.project {
        match &history.environment {
            Some(environment) => drop(deck.environment(project, environment)?),
            None => drop(deck.project(project)?),
        }
    }
    let filter = sieve::read::<Brief>(history.filter.as_deref().unwrap_or_default(), "history")?;
    let now = launch::now();
    let found: Vec<Brief> = deck
        .world()
        .deployments
        .iter()
        .filter(|d| history.project.as_ref().is_none_or(|p| d.environment().project.as_str() == p))
        .filter(|d| history.environment.as_ref().is_none_or(|e| d.environment().name.as_str() == e))
        .filter(|d| filter.matches(d, now))
        .take(if history.limit == 0 { usize::MAX } else { history.limit })
        .cloned()
        .collect();
    let mut rows = vec![header(format)];
    rows.extend(found.iter().map(|d| row(format, d)));
    // Tables need no whole records; there may be very many.
    let whole = if matches!(format, Format::Table | Format::Wide) { Vec::new() } else { deck.engine.recall_all(found).await? };
    output::show(format, &whole, &rows)
}

fn header(format: Format) -> Vec<String> {
    let mut header = output::row(["DEPLOYMENT", "ENVIRONMENT", "STATUS", "STAGE", "COMMIT", "CHANGE", "BY", "AGE"]);
    if format == Format::Wide {
        header.extend(output::row(["REQUESTED", "FINISHED", "BRANCH", "METHOD"]));
    }
    header
}

fn row(format: Format, deployment: &Brief) -> Vec<String> {
    let moment = |time: Option<domain::Time>| time.map_or_else(|| "-".to_owned(), |time| format!("{time:.0}"));
    let mut row = vec![
        deployment.id().to_owned(),
        deployment.environment().to_string(),
        deployment.status().word().to_owned(),
        deployment.current().map_or("-", StageName::title).to_owned(),
        deployment.commit().get(..7).unwrap_or("-").to_owned(),
        deployment.summary().to_owned(),
        deployment.actor().login.clone(),
        output::age(launch::now(), Some(deployment.requested())),
    ];
    if format == Format::Wide {
        row.extend([moment(Some(deployment.requested())), moment(deployment.finished())]);
        row.extend([deployment.branch().to_owned(), deployment.method().word().to_owned()]);
    }
    row
}

/// Prints one deployment as it is.
pub(crate) async fn show_one(deck: &Deck, format: Format, id: &DeploymentId) -> Result<(), Trouble> {
    // What was just ordered is in the store; the published world follows a moment later.
    let deployment = deck.engine.wait_until(id, Duration::from_secs(5), |_| true).await?;
    output::show(format, &*deployment, &[header(format), row(format, &Brief::from(Arc::clone(&deployment)))])
}

/// Follows a deployment that was named on the command line.
pub(crate) async fn follow(deck: &Deck, format: Format, follow: Follow) -> Result<(), Trouble> {
    let limit = duration(&follow.wait)?;
    let id = deck.deployment(&follow.deployment)?.to_id();
    watch(deck, format, &id, Patience { limit, waits: false }).await
}

/// How patient following is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// At most so long.
    pub(crate) limit: Duration,
    /// Whether it goes on while the deployment waits for a manual sync: one is under way. For an approval nobody is at it.
    pub(crate) waits: bool,
}

/// Prints each step of a deployment until it is over; its end decides the exit status.
pub(crate) async fn watch(deck: &Deck, format: Format, id: &DeploymentId, patience: Patience) -> Result<(), Trouble> {
    let quiet = !matches!(format, Format::Table | Format::Wide);
    let mut told: Vec<String> = Vec::new();
    let mut world = deck.worlds();
    // From before the first word on, and kept: one that comes between two looks is not lost.
    let mut interrupts = signal(SignalKind::interrupt())
        .map_err(|why| Trouble::failed("The program cannot listen for its interruption", id).why(why))?;
    let end = tokio::time::sleep(patience.limit);
    tokio::pin!(end);
    loop {
        let now = world.borrow_and_update().deployment(id).cloned();
        if let Some(brief) = now {
            let deployment = deck.engine.recall(&brief).await?;
            if !quiet {
                tell(&deployment, &mut told);
            }
            if deployment.status.is_over() {
                return over(format, &deployment);
            }
            let proposal = deployment.awaits().filter(|_| deployment.status == Status::Waiting);
            // What the record says may be from long ago.
            if let Some(proposal) = proposal
                && let Some(detail) = deck.engine.awaits(id).await?
            {
                return Err(waits_for_approval(&deployment, proposal, &detail));
            }
            if !patience.waits && deployment.status == Status::Waiting && waits_for_sync(&deployment) {
                let trouble = Trouble::refused("The deployment waits", &deployment.environment);
                let detail = deployment.current().map_or("", |s| deployment.stage(s).detail.as_str()).to_owned();
                return Err(trouble
                    .why(detail)
                    .next(format!("Run: quarterdeck sync {} {}", deployment.environment.project, deployment.environment.name)));
            }
        }
        tokio::select! {
            changed = world.changed() => {
                if changed.is_err() {
                    return Err(Trouble::failed("The engine ended", id));
                }
            }
            Some(()) = interrupts.recv() => interrupted(id),
            () = &mut end => {
                return Err(Trouble::timed_out("The deployment is not over yet", id)
                    .next(format!("It goes on; take it up with: quarterdeck follow {}", id.short())));
            }
        }
    }
}

/// Says how to go on, and ends the way an interrupted program ends, so that the shell that started it knows.
fn interrupted(id: &DeploymentId) {
    output::note(&format!(
        "quarterdeck: No longer followed: {id}. It goes on; take it up with: quarterdeck follow {}",
        id.short()
    ));
    drop(signal_hook::low_level::emulate_default_handler(signal_hook::consts::SIGINT));
}

/// Says where a change waits for approval, and how to take it up again.
fn waits_for_approval(deployment: &Deployment, proposal: &Proposal, detail: &str) -> Trouble {
    let (branch, own) = (&deployment.branch, &proposal.branch);
    let open = match &proposal.link {
        Some(link) => format!("Merge it: {link}"),
        None => format!("Open a merge request from {own} into {branch} and merge it"),
    };
    Trouble::refused("The deployment waits for approval", &deployment.environment)
        .why(detail)
        .next(format!("{open}. Then go on with: quarterdeck follow {}", deployment.id.short()))
}

fn waits_for_sync(deployment: &Deployment) -> bool {
    deployment.current() == Some(StageName::Apply)
}

fn tell(deployment: &Deployment, told: &mut Vec<String>) {
    for name in StageName::ALL {
        let stage = deployment.stage(name);
        let word = match &stage.state {
            StageState::Pending => continue,
            StageState::Running => "…",
            StageState::Waiting => "waits",
            StageState::Done => "done",
            StageState::Skipped => "no part of it",
            StageState::Failed { .. } => "failed",
        };
        let text = format!("{:<10} {word:<6} {}", name.title(), stage.detail);
        let text = text.trim_end().to_owned();
        if !told.contains(&text) {
            output::line(&text);
            told.push(text);
        }
    }
}

fn over(format: Format, deployment: &Deployment) -> Result<(), Trouble> {
    if !matches!(format, Format::Table | Format::Wide) {
        output::show(format, deployment, &[output::row(["ID"]), vec![deployment.id.to_string()]])?;
    }
    match deployment.status {
        Status::Failed => {
            Err(deployment.trouble().cloned().unwrap_or_else(|| Trouble::failed("The deployment failed", &deployment.id)))
        }
        Status::Superseded => {
            Err(Trouble::new(TroubleKind::Failed, "A later deployment took its place", &deployment.environment))
        }
        _ => Ok(()),
    }
}

/// Builds the arguments of `history` for one project.
pub(crate) fn history_of(project: Option<String>, filter: Option<String>) -> History {
    History { project, environment: None, filter, limit: 0 }
}
