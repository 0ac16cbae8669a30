//! A deployment on its way: a pure state machine from commit over sync and apply to health.
//!
//! The engine shows it what it sees ([`Observation`]) and carries out what it wants ([`Want`]); nothing here waits, asks or
//! reads a clock. One file per stage. The deployment inside is the whole state: it is persisted whenever a step changes it,
//! so a voyage goes on after any interruption from the record alone; asking for a reconcile twice does no harm.

mod apply;
mod commit;
mod health;
mod release;
mod sync;

use std::sync::Arc;

use crate::Time;
use crate::deployment::{Deployment, Stage, StageName, StageState, Status};
use crate::flux::{Condition, ObjectKey};
use crate::ident::DeploymentId;
use crate::trouble::Trouble;
use crate::why::{self, Cause};
use crate::workload::{PodFault, Workload};

/// How old evidence may be when a stage fails by it, in milliseconds.
const EVIDENCE: i64 = 5_000;

/// Says how a revision stands to our commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ancestry {
    /// It is our commit.
    Exact,
    /// It is a later commit that contains ours.
    Past,
    /// It does not contain ours.
    Behind,
    /// There is no revision, or its history is not known here.
    #[default]
    Unknown,
}

impl Ancestry {
    /// Tells whether our commit is in it.
    pub const fn reached(self) -> bool {
        matches!(self, Self::Exact | Self::Past)
    }
}

/// Says what is known of the commit on the server.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum GitSeen {
    /// Nothing new.
    #[default]
    Unknown,
    /// The server's branch contains it.
    Landed,
    /// It waits on a branch of its own until others let it onto the environment's; in which state, in a sentence.
    Waits(String),
    /// It will not land.
    Refused(Trouble),
}

/// Holds what is seen of the source.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SourceSeen {
    /// How its artifact stands to our commit.
    pub artifact: Ancestry,
    /// The artifact's revision in short.
    pub revision: String,
    /// Whether it is suspended.
    pub suspended: bool,
    /// Whether it is ready; while it tries again after a failure it is neither ready nor at fault.
    pub ready: bool,
    /// Reason and message of a failure, if it has one.
    pub fault: Option<(String, String)>,
}

/// Holds what is seen of the Kustomization.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ApplySeen {
    /// How the revision last applied stands to our commit.
    pub applied: Ancestry,
    /// How the revision last tried stands to our commit.
    pub attempted: Ancestry,
    /// The applied revision in short.
    pub revision: String,
    /// Whether it is suspended.
    pub suspended: bool,
    /// Ready's status, reason and message.
    pub ready: (String, String, String),
    /// Reconciling's message, while it is at work.
    pub working: Option<String>,
    /// Whether it checks the health of what it applied (`spec.wait`).
    pub waits: bool,
    /// What it depends on and what of that is not ready, each with its own words.
    pub behind: Vec<String>,
}

/// Holds what is seen of a HelmRelease that the Kustomization has applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseSeen {
    /// Which one.
    pub key: ObjectKey,
    /// Whether what follows speaks of its present spec.
    pub current: bool,
    /// Whether it is suspended.
    pub suspended: bool,
    /// The Ready condition, when there is one.
    pub ready: Option<Condition>,
    /// The Released condition, when there is one: how the last install or upgrade went.
    pub released: Option<Condition>,
    /// Reconciling's message, while it is at work.
    pub working: Option<String>,
    /// Stalled's message, when helm-controller tries no more.
    pub stalled: Option<String>,
}

/// Holds everything that a step looks at.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Observation {
    /// What is known of the commit.
    pub git: GitSeen,
    /// Whether the cluster is live; else nothing is concluded from what follows.
    pub live: bool,
    /// The source, when it exists.
    pub source: Option<SourceSeen>,
    /// The Kustomization, when it exists.
    pub apply: Option<ApplySeen>,
    /// Whether the environment is synced by hand.
    pub manual_sync: bool,
    /// The HelmReleases that the Kustomization has applied.
    pub releases: Vec<ReleaseSeen>,
    /// The workloads of the environment.
    pub workloads: Vec<Arc<Workload>>,
    /// The generations read directly after apply: workload name and generation; none until [`Want::Look`] was carried out.
    pub looked: Option<Vec<(String, i64)>>,
    /// What is wrong with Pods of the present templates.
    pub faults: Vec<PodFault>,
    /// The last lines of the log that [`Want::Log`] asked for.
    pub log: Option<Vec<String>>,
    /// The causes that [`Want::Why`] asked for, the root first; empty when nothing was found or could be read.
    pub why: Option<Vec<Cause>>,
    /// A later deployment of the same environment that got past apply.
    pub superseded_by: Option<DeploymentId>,
}

/// Says what a voyage would like to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Want {
    /// Write the record down.
    Persist,
    /// Ask Flux to reconcile the source.
    ReconcileSource,
    /// Read the workloads afresh, past any lag of the watch.
    Look,
    /// Read the last lines of the log of a crashed container.
    Log {
        /// The Pod.
        pod: String,
        /// The container.
        container: String,
    },
    /// Look for the causes of what keeps it, with everything that can be read about it.
    Why,
    /// Step again at this moment even if nothing changes.
    WakeAt(Time),
    /// Nothing more will happen.
    Over,
}

/// Holds how patient a voyage is, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// How long a source may fail before the stage fails.
    pub source_fault: i64,
    /// How long the source may take to get our commit.
    pub sync: i64,
    /// How long the Kustomization may take to apply it.
    pub apply: i64,
    /// How long Flux's next tries are waited for where the cause may pass by itself.
    pub retries: i64,
    /// How long the workloads may take to be ready.
    pub health: i64,
}

impl Default for Patience {
    fn default() -> Self {
        Self { source_fault: 20_000, sync: 600_000, apply: 900_000, retries: 60_000, health: 600_000 }
    }
}

/// Holds a deployment that is followed.
#[derive(Debug, Clone)]
pub struct Voyage {
    /// The record.
    pub deployment: Deployment,
    /// How patient it is.
    pub patience: Patience,
    asked_source: bool,
    asked_log: bool,
    /// When causes were asked for; once they are there, when they came.
    asked_why: Option<Time>,
    /// Whether those that were asked for are still to come.
    awaits_why: bool,
    fault_since: Option<Time>,
    /// The milliseconds by which the clock jumped since the present stage began.
    jumped: i64,
}

impl Voyage {
    /// Takes up a deployment, new or after an interruption.
    pub const fn new(deployment: Deployment, patience: Patience) -> Self {
        let (asked_source, asked_log, awaits_why) = (false, false, false);
        Self { deployment, patience, asked_source, asked_log, asked_why: None, awaits_why, fault_since: None, jumped: 0 }
    }

    /// Hears that the clock jumped by so many milliseconds: the machine slept, or somebody set it. Nobody is late for time that
    /// did not pass.
    pub fn jumped(&mut self, by: i64) {
        self.jumped += by;
        let moved = |at: Time| Time::from_millisecond(at.as_millisecond() + by).unwrap_or(at);
        (self.asked_why, self.fault_since) = (self.asked_why.map(moved), self.fault_since.map(moved));
    }

    /// Looks at what is seen, moves on as far as that allows, and says what it would like to be done.
    pub fn step(&mut self, now: Time, seen: &Observation) -> Vec<Want> {
        if self.deployment.status.is_over() {
            return vec![Want::Over];
        }
        let before = self.deployment.clone();
        let mut wants = Vec::new();
        if let Some(by) = seen.superseded_by.as_ref().filter(|_| self.deployment.current() != Some(StageName::Commit)) {
            self.supersede(now, by);
        }
        while !self.deployment.status.is_over() {
            let Some(stage) = self.deployment.current() else {
                self.finish(now, Status::Succeeded);
                break;
            };
            self.begin(stage, now);
            let on = match stage {
                StageName::Commit => commit::step(self, now, seen),
                StageName::Sync => sync::step(self, now, seen, &mut wants),
                StageName::Apply => apply::step(self, now, seen, &mut wants),
                StageName::Health => health::step(self, now, seen, &mut wants),
            };
            if !on {
                break;
            }
        }
        if self.deployment != before {
            wants.insert(0, Want::Persist);
        }
        if self.deployment.status.is_over() {
            wants.push(Want::Over);
        }
        wants
    }

    fn begin(&mut self, stage: StageName, now: Time) {
        let stage = self.deployment.stage_mut(stage);
        if stage.state == StageState::Pending {
            stage.state = StageState::Running;
            stage.started = Some(now);
            self.jumped = 0;
        }
    }

    fn finish(&mut self, now: Time, status: Status) {
        self.deployment.status = status;
        self.deployment.finished = Some(now);
    }

    fn supersede(&mut self, now: Time, by: &DeploymentId) {
        if let Some(stage) = self.deployment.current() {
            let stage = self.deployment.stage_mut(stage);
            stage.detail = format!("superseded by {}", by.short());
            stage.ended = Some(now);
        }
        self.finish(now, Status::Superseded);
    }

    fn done(&mut self, name: StageName, now: Time, detail: impl Into<String>) -> bool {
        let stage = self.deployment.stage_mut(name);
        stage.state = StageState::Done;
        stage.ended = Some(now);
        stage.detail = detail.into();
        self.deployment.status = Status::Running;
        self.fault_since = None;
        true
    }

    fn fail(&mut self, name: StageName, now: Time, trouble: Trouble) -> bool {
        let stage = self.deployment.stage_mut(name);
        stage.state = StageState::Failed { trouble };
        stage.ended = Some(now);
        self.finish(now, Status::Failed);
        false
    }

    fn say(&mut self, name: StageName, detail: impl Into<String>) -> bool {
        let stage = self.deployment.stage_mut(name);
        stage.detail = detail.into();
        if stage.state == StageState::Waiting {
            stage.state = StageState::Running;
        }
        self.deployment.status = Status::Running;
        false
    }

    fn wait(&mut self, name: StageName, detail: impl Into<String>) -> bool {
        let stage: &mut Stage = self.deployment.stage_mut(name);
        stage.detail = detail.into();
        stage.state = StageState::Waiting;
        self.deployment.status = Status::Waiting;
        false
    }

    /// Tells whether a stage has taken longer than allowed; else asks to be woken when it will have.
    fn late(&self, name: StageName, now: Time, allowed: i64, wants: &mut Vec<Want>) -> bool {
        let Some(started) = self.deployment.stage(name).started else {
            return false;
        };
        let until = started.as_millisecond() + allowed + self.jumped;
        if now.as_millisecond() >= until {
            return true;
        }
        if let Ok(at) = Time::from_millisecond(until) {
            wants.push(Want::WakeAt(at));
        }
        false
    }

    /// Returns the causes that were found at most so many milliseconds ago; asks for them when there are none. How long it took to
    /// find them does not count: where that is slow they would be asked for again for ever.
    fn causes<'s>(&mut self, now: Time, age: i64, seen: &'s Observation, wants: &mut Vec<Want>) -> Option<&'s [Cause]> {
        if self.awaits_why && seen.why.is_some() {
            (self.asked_why, self.awaits_why) = (Some(now), false);
        }
        let fresh = self.asked_why.is_some_and(|at| now.as_millisecond() - at.as_millisecond() <= age);
        if fresh && let Some(causes) = &seen.why {
            return Some(causes);
        }
        if !fresh {
            (self.asked_why, self.awaits_why) = (Some(now), true);
            wants.push(Want::Why);
        }
        None
    }

    /// Fails a stage by the first cause that fits, and in plain words where none does; looks for causes first.
    fn fail_by(
        &mut self,
        (name, now): (StageName, Time),
        plain: Trouble,
        fits: impl Fn(&Cause) -> bool,
        (seen, wants): (&Observation, &mut Vec<Want>),
    ) -> bool {
        let Some(causes) = self.causes(now, EVIDENCE, seen, wants) else {
            return self.say(name, "looks for the cause");
        };
        let found = causes.iter().find(|cause| !cause.vague() && fits(cause));
        let trouble = found.map_or(plain, |cause| cause.trouble(&cause.object));
        self.fail(name, now, trouble)
    }

    fn object(&self) -> String {
        self.deployment.environment.to_string()
    }

    /// Explains with which words Ready is false.
    fn fault_of(&self, kind: &str, reason: &str, message: &str) -> Trouble {
        self.trouble_of(&self.cause_of(kind, reason, message))
    }

    fn trouble_of(&self, cause: &Cause) -> Trouble {
        let environment = self.object();
        let own = *cause.object.name == *environment.as_str();
        if own { cause.trouble(environment) } else { cause.trouble(format!("{environment} ({})", cause.object)) }
    }

    fn cause_of(&self, kind: &str, reason: &str, message: &str) -> Cause {
        let environment = self.object();
        let key = ObjectKey { cluster: "".into(), kind: kind.into(), namespace: "".into(), name: environment.as_str().into() };
        let condition = Condition {
            kind: "Ready".into(),
            status: "False".into(),
            reason: reason.into(),
            message: message.into(),
            last_transition_time: None,
            observed_generation: None,
        };
        why::of_condition(&key, &condition)
    }
}

#[cfg(test)]
mod tests;
