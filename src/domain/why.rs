//! Why something is broken, in words, from evidence: conditions, Pods, events, the last log lines.
//!
//! Every cause is an entry of one of the lists below: what recognizes it in the words of Flux, the API server, the scheduler
//! or the kubelet, what it means, and what to do. Deterministic, and without I/O: whoever asks brings what the world lacks
//! ([`Found`]). The same explanation is shown everywhere, so that one cause has one wording.

mod admission;
mod apply;
mod automation;
mod build;
mod container;
mod flow;
mod helm;
mod image;
mod network;
pub mod pattern;
mod rollout;
mod rule;
mod schedule;
mod source;
#[cfg(test)]
mod tests;
mod walk;

use std::fmt;

use serde::Serialize;

use crate::flux::{Condition, ObjectKey};
use crate::trouble::Trouble;
use crate::workload::{PodFault, Workload};
use crate::world::World;
use pattern::{Values, fill};
pub use rule::Rule;

/// The lists of causes; of several that fit a statement the first one counts.
const LISTS: [&[Rule]; 13] = [
    source::FIRST,
    image::RULES,
    build::RULES,
    container::RULES,
    admission::RULES,
    apply::RULES,
    schedule::RULES,
    rollout::RULES,
    source::RULES,
    network::RULES,
    helm::RULES,
    automation::RULES,
    flow::RULES,
];

/// Causes of at most this rank say little, and count when no other fits.
const VAGUE: u8 = 8;
/// How many log lines are quoted.
const LOG_LINES: usize = 5;

/// Returns every cause that is known.
pub fn causes() -> impl Iterator<Item = &'static Rule> {
    LISTS.into_iter().flatten().chain(flow::SEEN)
}

/// Says where quoted words come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Origin {
    /// A condition.
    Condition {
        /// Its type.
        name: String,
        /// Its status.
        status: String,
        /// Its reason.
        reason: String,
    },
    /// An event.
    Event {
        /// Its reason.
        reason: String,
        /// How often it was seen.
        count: i32,
    },
    /// The state of a container.
    Container {
        /// Which one.
        name: String,
        /// The reason of its state.
        reason: String,
    },
    /// The log of a container's last run.
    Log {
        /// Which one.
        container: String,
    },
    /// A field of the object.
    Field {
        /// Its path.
        path: String,
    },
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Condition { name, status, reason } => write!(f, "{name}={status} {reason}"),
            Self::Event { reason, count: 0 | 1 } => write!(f, "event {reason}"),
            Self::Event { reason, count } => write!(f, "event {reason} ×{count}"),
            Self::Container { name, reason } if name.is_empty() => f.write_str(reason),
            Self::Container { name, reason } => write!(f, "container {name} {reason}"),
            Self::Log { container } => write!(f, "log of {container}"),
            Self::Field { path } => f.write_str(path),
        }
    }
}

/// Quotes what somebody said about an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Quote {
    /// Where it comes from.
    pub origin: Origin,
    /// About which object.
    pub object: ObjectKey,
    /// The words; may have several lines.
    pub text: String,
}

/// Holds a statement that is to be understood.
#[derive(Debug, Clone)]
struct Said {
    object: ObjectKey,
    origin: Origin,
    reason: String,
    text: String,
    /// What is known beside it: container, image, limit, …
    given: Values,
}

/// Holds one cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// Its name, a promise to scripts: `quota-exceeded`.
    pub id: &'static str,
    /// What it means, with places; [`Cause::what`] fills them.
    pub meaning: &'static str,
    /// What to do, with places; [`Cause::next`] fills them.
    pub advice: &'static str,
    /// What stands in the places.
    pub values: Values,
    /// The object that has it: the one named in the message where one is.
    pub object: ObjectKey,
    /// Where that is known from.
    pub evidence: Vec<Quote>,
    /// Whether it is concluded rather than said by the cluster.
    pub inferred: bool,
    /// How near to the root it is: the chain's depth, then the cause's own rank.
    pub rank: (i32, u8),
}

impl Cause {
    fn of(rule: &'static Rule, values: Values, said: &Said, depth: i32) -> Self {
        Self {
            id: rule.id,
            meaning: rule.what,
            advice: rule.next,
            values,
            object: named_object(said).unwrap_or_else(|| said.object.clone()),
            evidence: vec![Quote { origin: said.origin.clone(), object: said.object.clone(), text: said.text.clone() }],
            inferred: rule.inferred,
            rank: (depth, rule.rank),
        }
    }

    /// Says in English what it is.
    pub fn what(&self) -> String {
        fill(self.meaning, &self.values)
    }

    /// Says in English what to do.
    pub fn next(&self) -> String {
        fill(self.advice, &self.values)
    }

    /// Tells whether it says little: it stands for what nothing else explains, or for what may pass by itself.
    pub const fn vague(&self) -> bool {
        self.rank.1 <= VAGUE
    }

    /// Returns the value of a place.
    pub fn value(&self, name: &str) -> Option<&str> {
        rule::value(&self.values, name)
    }

    /// Turns it into a trouble of an object, with its evidence as the reason.
    pub fn trouble(&self, object: impl fmt::Display) -> Trouble {
        let logs = |quote: &&Quote| matches!(quote.origin, Origin::Log { .. });
        let mut why: Vec<String> =
            self.evidence.iter().filter(|q| !logs(q)).map(|q| format!("{}: {}", q.origin, q.text)).collect();
        for log in self.evidence.iter().filter(logs) {
            why.push(format!("last log lines:\n{}", log.text));
        }
        Trouble::failed(self.what(), object).why(why.join("\n")).next(self.next())
    }

    /// Adds the last lines of the log of the container that it speaks of.
    #[must_use]
    pub fn with_log(mut self, pod: &ObjectKey, container: &str, lines: &[String]) -> Self {
        if !lines.is_empty() {
            let from = lines.len().saturating_sub(LOG_LINES);
            let origin = Origin::Log { container: container.to_owned() };
            self.evidence.push(Quote { origin, object: pod.clone(), text: lines[from..].join("\n") });
        }
        self
    }
}

/// Holds the end of a container's log.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LogTail {
    /// The Pod's namespace and name.
    pub pod: (String, String),
    /// The container.
    pub container: String,
    /// Its last lines.
    pub lines: Vec<String>,
}

/// Holds an event about an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happened {
    /// About which object.
    pub object: ObjectKey,
    /// Whether it is a warning.
    pub warning: bool,
    /// Its reason.
    pub reason: String,
    /// Its words.
    pub message: String,
    /// How often it was seen.
    pub count: i32,
}

/// Holds what was read beside the world.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Found {
    /// Events, oldest first.
    pub events: Vec<Happened>,
    /// Ends of logs of crashed containers.
    pub logs: Vec<LogTail>,
    /// Claims that have no volume.
    pub claims: Vec<ObjectKey>,
    /// The controller of the object's kind, when its Deployment was found and nothing of it runs.
    pub controller_down: Option<String>,
}

/// Holds the explanation of an object.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Explanation {
    /// The causes, the root first.
    pub causes: Vec<Cause>,
    /// What could not be read for it, in the server's words.
    pub unread: Vec<String>,
}

/// Explains what is wrong with an object and with what it stands on; nothing when nothing is.
///
/// The root comes first: what keeps a dependency, a source or a Pod, then what follows from it.
pub fn explain(world: &World, key: &ObjectKey, found: &Found) -> Vec<Cause> {
    walk::Walk::new(world, found).explain(key)
}

/// Explains a fault of a Pod; its workload's template, where that is known, says what limits its containers have.
pub fn of_fault(key: &ObjectKey, fault: &PodFault, workload: Option<&Workload>) -> Cause {
    let said = walk::of_fault(key, fault, walk::amounts(workload, &fault.container));
    read(&said, 0).unwrap_or_else(|| unknown(&said, 0))
}

/// Explains what a condition says; the object is the condition's.
pub fn of_condition(key: &ObjectKey, condition: &Condition) -> Cause {
    let said = walk::of_condition(key, condition, Values::new());
    read(&said, 0).unwrap_or_else(|| unknown(&said, 0))
}

/// Returns the first cause that fits a statement.
fn read(said: &Said, depth: i32) -> Option<Cause> {
    let first = |plain: bool| {
        let mut rules = LISTS.into_iter().flatten().filter(move |rule| (rule.rank <= VAGUE) == plain);
        rules.find_map(|rule| rule.read(said).map(|values| (rule, values)))
    };
    let (rule, values) = first(false).or_else(|| first(true))?;
    Some(Cause::of(rule, values, said, depth))
}

/// Returns what is left when no cause fits: the statement itself.
fn unknown(said: &Said, depth: i32) -> Cause {
    let mut values = said.given.clone();
    let reason =
        if said.reason.is_empty() { said.text.lines().next().unwrap_or_default().to_owned() } else { said.reason.clone() };
    rule::set(&mut values, "reason", reason);
    Cause::of(&flow::SAID, values, said, depth)
}

/// Returns the object that a message begins with: `Deployment/shop/web dry-run failed …`.
fn named_object(said: &Said) -> Option<ObjectKey> {
    let from_flux = said.object.flux_kind().is_some();
    let word = said.text.split_whitespace().next().filter(|_| from_flux)?;
    let parts: Vec<&str> = word.split('/').collect();
    let (kind, namespace, name) = match parts.as_slice() {
        [kind, name] => (*kind, "", *name),
        [kind, namespace, name] => (*kind, *namespace, *name),
        _ => return None,
    };
    let is_kind = kind.starts_with(|c: char| c.is_ascii_uppercase()) && kind.chars().all(char::is_alphanumeric);
    let plain = |text: &str| text.chars().all(|c| c.is_alphanumeric() || "-.:".contains(c));
    (is_kind && !name.is_empty() && plain(namespace) && plain(name)).then(|| ObjectKey {
        kind: kind.into(),
        namespace: namespace.into(),
        name: name.into(),
        ..said.object.clone()
    })
}
