//! `check`: what Flux needs in a cluster and how it is doing there, and the roles that allow what this program does.

use clap::{Args, ValueEnum};
use domain::query::{Answer, Query};
use domain::rights::{Part, Subject};
use domain::toolkit::{State, Toolkit};
use domain::{Trouble, rights};

use super::install::Source;
use super::{Format, output};
use crate::launch::Deck;

/// Looks at a cluster.
#[derive(Debug, Args)]
#[command(
    after_long_help = "It asks the server for its version, what we may do there, and how the controllers are. No other host is \
    asked for anything unless a manifest is named.\n\n\
    Examples:\n  \
    quarterdeck check\n  \
    quarterdeck check --version 2.8.3                       # can the manifest be fetched, and what is its SHA-256\n  \
    quarterdeck check --role viewer | kubectl apply -f -    # the role that a viewer needs\n  \
    quarterdeck check --role operator -n apps --user eve    # in one namespace, bound to a user\n\n\
    JSON: cluster, server, version, namespace, checks (id, state, said, next), controllers (name, namespace, version, image, ready, \
    wanted, restarts, queue, queue_unread, said), owner. It ends with 1 when a check fails."
)]
pub(crate) struct Check {
    #[command(flatten)]
    source: Source,
    /// Prints the role that allows a viewer, an operator or an installer everything; asks no cluster.
    #[arg(long, value_enum, value_name = "WHO", conflicts_with_all = ["from", "url", "version"])]
    role: Option<Who>,
    /// Prints a Role for this namespace instead of a ClusterRole.
    #[arg(long, short, requires = "role")]
    namespace: Option<String>,
    /// Prints the binding for a user, too.
    #[arg(long, requires = "role", group = "subject", value_name = "NAME")]
    user: Option<String>,
    /// Prints the binding for a group, too.
    #[arg(long, requires = "role", group = "subject", value_name = "NAME")]
    group: Option<String>,
    /// Prints the binding for a ServiceAccount, too.
    #[arg(long, requires = "role", group = "subject", value_name = "NAMESPACE/NAME")]
    service_account: Option<String>,
}

/// For whom a role is.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Who {
    /// Looks at everything, and reads no Secret.
    Viewer,
    /// Also steers Flux, and makes and deletes Flux objects.
    Operator,
    /// Also installs, upgrades and removes Flux itself.
    Installer,
}

impl From<Who> for Part {
    fn from(who: Who) -> Self {
        match who {
            Who::Viewer => Self::Viewer,
            Who::Operator => Self::Operator,
            Who::Installer => Self::Installer,
        }
    }
}

impl Check {
    /// Tells whether only a role is printed.
    pub(crate) const fn prints_role(&self) -> bool {
        self.role.is_some()
    }

    fn subject(&self) -> Result<Option<Subject>, Trouble> {
        let account = |text: &str| {
            let (namespace, name) = text.split_once('/')?;
            Some(Subject::Account(namespace.to_owned(), name.to_owned())).filter(|_| !namespace.is_empty() && !name.is_empty())
        };
        match (&self.user, &self.group, &self.service_account) {
            (Some(name), ..) => Ok(Some(Subject::User(name.clone()))),
            (_, Some(name), _) => Ok(Some(Subject::Group(name.clone()))),
            (.., Some(text)) => account(text).map(Some).ok_or_else(|| {
                Trouble::usage("That names no ServiceAccount", format!("\u{201c}{text}\u{201d}"))
                    .next("Write it as NAMESPACE/NAME.")
            }),
            _ => Ok(None),
        }
    }
}

/// Prints the role that allows a part everything.
pub(crate) fn role(check: &Check) -> Result<(), Trouble> {
    let Some(who) = check.role else { return Ok(()) };
    output::text(&rights::role(who.into(), check.namespace.as_deref(), check.subject()?.as_ref()));
    Ok(())
}

/// Looks at the cluster and says how Flux is doing there.
pub(crate) async fn run(deck: &Deck, format: Format, check: &Check) -> Result<(), Trouble> {
    let context = deck.context()?;
    let manifest = check.source.named()?;
    let Answer::Toolkit(found) = deck.ask(Query::Toolkit(context.clone(), manifest)).await? else {
        return Err(Trouble::failed("The engine answered something else", &context));
    };
    match format {
        Format::Table | Format::Wide => people(&found, matches!(format, Format::Wide)),
        Format::Name => found.controllers.iter().for_each(|controller| output::line(&controller.name)),
        Format::Json | Format::Yaml => output::show(format, &*found, &[])?,
    }
    if !found.fails() {
        return Ok(());
    }
    let failing: Vec<&str> = found.checks.iter().filter(|c| c.state == State::Bad).map(|c| c.id).collect();
    Err(Trouble::failed("A check fails", &context).why(failing.join(", ")))
}

const fn word(state: State) -> &'static str {
    match state {
        State::Ok => "✓",
        State::Warn => "▲",
        State::Unknown => "?",
        State::Bad => "✗",
    }
}

fn people(found: &Toolkit, wide: bool) {
    for check in &found.checks {
        output::line(&format!("{} {}: {}", word(check.state), check.id, check.said));
        if !check.next.is_empty() {
            output::line(&format!("  → {}", check.next));
        }
    }
    if let Some(owner) = &found.owner {
        output::line(&format!("  {owner} keeps Flux as it is there."));
    }
    if found.controllers.is_empty() {
        return;
    }
    let unknown = |text: Option<String>| text.unwrap_or_else(|| "?".to_owned());
    let mut rows = vec![output::row(["CONTROLLER", "VERSION", "READY", "RESTARTS", "QUEUE"])];
    for controller in &found.controllers {
        let (ready, restarts) = (format!("{}/{}", controller.ready, controller.wanted), controller.restarts);
        let queue = match controller.queue {
            None if wide => format!("? ({})", controller.queue_unread),
            queue => unknown(queue.map(|queue| queue.to_string())),
        };
        let restarts = unknown(restarts.map(|count| count.to_string()));
        rows.push(vec![controller.name.clone(), controller.version.clone(), ready, restarts, queue]);
    }
    output::line("");
    output::table(&rows);
    let unread = found.controllers.iter().find(|controller| controller.queue.is_none());
    if let Some(controller) = unread.filter(|_| !wide) {
        output::note(&format!("The queue of {} is not known: {}", controller.name, controller.queue_unread));
    }
}
