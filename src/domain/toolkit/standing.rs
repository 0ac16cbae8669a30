//! How Flux is doing in a cluster: what it needs, which controllers there are, and how each of them is.

use serde::Serialize;

use crate::flux::Health;
use crate::ident::ContextName;

/// Says how a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It fails.
    Bad,
    /// It works and could be better.
    Warn,
    /// It could not be found out.
    Unknown,
    /// It is fine.
    Ok,
}

impl State {
    /// Returns its colour and glyph.
    pub const fn health(self) -> Health {
        match self {
            Self::Bad => Health::Bad,
            Self::Warn => Health::Warn,
            Self::Unknown => Health::Unknown,
            Self::Ok => Health::Ok,
        }
    }
}

/// Holds one thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// Its name: `kubernetes`, `viewer`, `operator`, `installer`, `manifest`, `components`.
    pub id: &'static str,
    /// How it ended.
    pub state: State,
    /// What was found.
    pub said: String,
    /// What to do about it; empty when nothing has to be done.
    pub next: String,
}

impl Check {
    /// Builds one that needs nothing done.
    pub fn new(id: &'static str, state: State, said: impl Into<String>) -> Self {
        Self { id, state, said: said.into(), next: String::new() }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn next(mut self, next: impl Into<String>) -> Self {
        self.next = next.into();
        self
    }
}

/// Holds one controller as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Controller {
    /// The Deployment's name.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// The tag of its image.
    pub version: String,
    /// The image.
    pub image: String,
    /// How many Pods are ready.
    pub ready: i32,
    /// How many are wanted.
    pub wanted: i32,
    /// How often its containers were restarted; absent when its Pods may not be seen.
    pub restarts: Option<i32>,
    /// How many objects wait in its queues; absent when nobody could say.
    pub queue: Option<u64>,
    /// Why the queue is not known.
    pub queue_unread: String,
    /// How it is doing.
    #[serde(skip)]
    pub health: Health,
    /// That in a few words.
    pub said: String,
}

/// Holds how Flux is doing in a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Toolkit {
    /// The cluster.
    #[serde(rename = "cluster")]
    pub context: ContextName,
    /// The server's version; empty when it did not tell.
    pub server: String,
    /// The release's version by its labels; empty when nothing tells it.
    pub version: String,
    /// The namespace of the controllers; empty when there are none.
    pub namespace: String,
    /// What was looked at.
    pub checks: Vec<Check>,
    /// The controllers.
    pub controllers: Vec<Controller>,
    /// Who put Flux there and keeps it so: a Kustomization or a FluxInstance.
    pub owner: Option<String>,
}

impl Toolkit {
    /// Tells whether something fails.
    pub fn fails(&self) -> bool {
        self.checks.iter().any(|check| check.state == State::Bad)
    }
}

/// Returns how a controller is doing: how many Pods are wanted, whether they all run as meant, and whether something keeps
/// them from it. One that only starts is not broken.
pub const fn doing(wanted: i32, rolled_out: bool, broken: bool) -> Health {
    match (wanted, rolled_out, broken) {
        (0, ..) => Health::Off,
        (_, true, _) => Health::Ok,
        (_, _, true) => Health::Bad,
        _ => Health::Busy,
    }
}

/// Says how many of a controller's Pods are ready.
pub fn said(ready: i32, wanted: i32) -> String {
    format!("{ready}/{wanted} ready")
}

/// Says whether the controllers run; `unseen` is why they may not be looked at.
pub fn components(controllers: &[Controller], unseen: Option<&str>) -> Check {
    let check = |state, said: String| Check::new(COMPONENTS, state, said);
    if let Some(why) = unseen {
        return check(State::Unknown, format!("The controllers may not be seen: {why}"))
            .next("quarterdeck check --role viewer prints a role that allows it.");
    }
    let (starting, failing): (Vec<&Controller>, Vec<&Controller>) =
        controllers.iter().filter(|c| c.health != Health::Ok).partition(|c| c.health == Health::Busy);
    let names = |all: &[&Controller]| all.iter().map(|c| c.name.as_str()).collect::<Vec<_>>().join(", ");
    match (controllers.len(), failing.first(), starting.is_empty()) {
        (0, ..) => check(State::Warn, "Flux is not installed".to_owned()).next("quarterdeck install installs it."),
        (_, Some(first), _) => check(State::Bad, format!("These do not run: {}", names(&failing)))
            .next(format!("quarterdeck why deployment/{} -n {} says why.", first.name, first.namespace)),
        (_, None, false) => check(State::Warn, format!("These are starting: {}", names(&starting))),
        (count, None, true) => check(State::Ok, format!("All {count} controllers run")),
    }
}

/// The check that tells whether the controllers run.
pub const COMPONENTS: &str = "components";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_starts_is_not_broken() {
        let health = |wanted, rolled_out, broken| doing(wanted, rolled_out, broken);
        assert_eq!(
            [health(1, false, false), health(1, false, true), health(1, true, true), health(0, false, false)],
            [Health::Busy, Health::Bad, Health::Ok, Health::Off]
        );
        let controller = |name: &str, health| Controller {
            name: name.to_owned(),
            namespace: "flux-system".to_owned(),
            version: String::new(),
            image: String::new(),
            ready: 0,
            wanted: 1,
            restarts: None,
            queue: None,
            queue_unread: String::new(),
            health,
            said: String::new(),
        };
        let (ok, busy, bad) = (controller("a", Health::Ok), controller("b", Health::Busy), controller("c", Health::Bad));
        let state = |all: &[Controller]| components(all, None).state;
        assert_eq!(state(&[]), State::Warn);
        assert_eq!(state(std::slice::from_ref(&ok)), State::Ok);
        assert_eq!(components(&[ok.clone(), busy.clone()], None).said, "These are starting: b");
        assert_eq!(components(&[ok.clone(), busy, bad], None).said, "These do not run: c");
        assert_eq!(components(&[ok], Some("forbidden")).state, State::Unknown);
    }
}
