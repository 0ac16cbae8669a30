//! What stands in the rows of environments, gathered once per change of the world.

use std::borrow::Cow;
use std::sync::Arc;

use domain::Time;
use domain::departure::{self, Departure};
use domain::filter::{Aspect, Fields, Sort, Value};
use domain::flux::Health;
use domain::ident::EnvironmentId;
use domain::link::LinkState;
use domain::project::Environment;
use domain::revision::Revision;

use crate::cx::Cx;
use crate::theme::Role;
use crate::widgets::format;
use crate::widgets::put::{piece, width};
use crate::widgets::table::{Cell, Column, Row, Width};

/// How wide the screen must be for versions that Git does not name.
const WIDE: u16 = 100;
/// How wide the column of what runs gets at most.
const RUNNING: u16 = 24;

/// Holds a row.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) environment: Arc<Environment>,
    pub(super) repository: String,
    pub(super) health: Health,
    pub(super) why: String,
    /// The versions that Git names and that run, joined.
    pub(super) in_git: String,
    pub(super) running: String,
    /// How many of the running ones Git names too; the rest is not compared and stands back.
    compared: usize,
    pub(super) agrees: Option<bool>,
    pub(super) ready: Option<(i32, i32)>,
    pub(super) pods: usize,
    changed: Option<Time>,
    revision: Option<Revision>,
    /// Whether the project stands in front of the name.
    whole: bool,
    /// Where record and cluster part; absent when that is not known.
    pub(super) departures: Option<Vec<Departure>>,
    /// Whether anything that says how it is doing is stale.
    stale: bool,
}

impl Line {
    pub(super) fn new(cx: &Cx, environment: &Arc<Environment>, whole: bool) -> Self {
        let world = cx.world;
        let (health, why) = world.environment_health(environment);
        let workloads = world.workloads_of(environment);
        let git = world.git_view(&environment.id);
        let named = |name: &str| git.is_some_and(|g| g.images.iter().any(|(container, _)| container == name));
        let containers = || workloads.iter().flat_map(|w| &w.containers);
        // What Git names comes first, so that like stands beside like.
        let same = versions(containers().filter(|c| named(&c.name)).map(|c| format::version(&c.image)));
        let others = versions(containers().filter(|c| !named(&c.name)).map(|c| format::version(&c.image)));
        let compared = same.len();
        let running: Vec<String> = same.into_iter().chain(others).collect();
        let ready = (!workloads.is_empty())
            .then(|| (workloads.iter().map(|w| w.ready).sum(), workloads.iter().map(|w| w.replicas).sum()));
        let reconciled = world.kustomization(environment).and_then(|k| k.reconciled());
        Self {
            repository: world.project(&environment.id.project).map(|p| p.repository.url.clone()).unwrap_or_default(),
            health,
            why,
            in_git: join(&git.map(|g| versions(g.images.iter().map(|(_, image)| format::version(image)))).unwrap_or_default()),
            compared: if compared == 0 { running.len() } else { compared },
            running: join(&running),
            agrees: world.agreement(environment),
            ready,
            pods: workloads.iter().map(|w| world.pods_of(w).count()).sum(),
            revision: world.kustomization(environment).and_then(|k| k.revision().cloned()),
            changed: reconciled.max(git.and_then(|g| g.time)),
            whole,
            departures: departure::departures(world, environment),
            stale: world.is_environment_stale(environment),
            environment: Arc::clone(environment),
        }
    }

    /// Returns the running versions that Git names too, and the others.
    pub(super) fn running(&self) -> (String, String) {
        let parts: Vec<&str> = self.running.split(' ').collect();
        let (same, others) = parts.split_at(self.compared.clamp(1, parts.len()));
        (same.join(" "), others.join(" "))
    }

    /// Says since when what is known of it is stale; nothing when it is not.
    pub(super) fn stale(&self, cx: &Cx) -> Option<String> {
        match cx.world.cluster_link(&self.environment.cluster) {
            Some(LinkState::Stale { since, .. }) => Some(cx.tf("environments.stale", &[("since", &cx.clock(*since))])),
            Some(LinkState::Unreached { .. }) => Some(cx.t("environments.unreached").to_owned()),
            // Its credentials are at fault, which is said instead.
            Some(LinkState::Unauthorized { .. }) => Some(format::reason(cx, self.health, &self.why)),
            _ => self.stale.then(|| cx.t("health.stale").to_owned()),
        }
    }

    pub(super) fn name(&self) -> String {
        if self.whole { self.environment.id.to_string() } else { self.environment.id.name.to_string() }
    }
}

fn versions(found: impl Iterator<Item = String>) -> Vec<String> {
    let mut all: Vec<String> = found.collect();
    all.dedup();
    all
}

fn join(versions: &[String]) -> String {
    if versions.is_empty() { "–".to_owned() } else { versions.join(" ") }
}

impl Row for Line {
    type Key = EnvironmentId;
    type Fields = Self;
    fn key(&self) -> EnvironmentId {
        self.environment.id.clone()
    }
    fn health(&self, _cx: &Cx) -> Option<Health> {
        Some(self.health)
    }
    fn fields(&self) -> &Self {
        self
    }
}

impl Fields for Line {
    fn aspects() -> &'static [Aspect<Self>] {
        static ASPECTS: &[Aspect<Line>] = &[
            Aspect::text("project", &[], |l| Value::text(l.environment.id.project.as_str())),
            Aspect::text("environment", &["name", "env"], |l| Value::text(l.environment.id.name.as_str())),
            Aspect::text("type", &[], |l| Value::text(l.environment.kind.word())),
            Aspect::text("cluster", &["context"], |l| Value::text(l.environment.cluster.0.as_str())),
            Aspect::text("namespace", &["ns", "n"], |l| Value::text(l.environment.namespace.as_str())),
            Aspect::text("branch", &[], |l| Value::text(l.environment.gitops.branch.as_str())),
            Aspect::text("path", &[], |l| Value::text(l.environment.gitops.path.as_str())),
            Aspect::text("git", &[], |l| Value::text(l.in_git.as_str())),
            Aspect::text("running", &[], |l| Value::text(l.running.as_str())),
            Aspect::text("health", &["state", "status"], |l| Value::text(l.health.word())),
            Aspect::new("auto", &["sync"], Sort::Flag, |l| Value::Flag(l.environment.gitops.auto_sync)),
            Aspect::new("departs", &["parted"], Sort::Flag, |l| {
                Value::Flag(l.departures.as_ref().is_some_and(|d| !d.is_empty()))
            }),
            Aspect::new("changed", &["age"], Sort::Time, |l| Value::time(l.changed)),
        ];
        ASPECTS
    }
    fn texts(&self, look: &mut dyn FnMut(&str) -> bool) -> bool {
        let e = &self.environment;
        look(&e.id.to_string())
            || look(&e.cluster.0)
            || look(&e.gitops.branch)
            || look(&self.in_git)
            || look(&self.running)
            || look(self.health.word())
    }
    fn title(&self) -> Cow<'_, str> {
        self.environment.id.to_string().into()
    }
}

/// Writes the name, with a mark where record and cluster part.
fn name(line: &Line, _cx: &Cx) -> Cell {
    let mut cell = Cell::name(line.name(), Role::Text);
    if line.departures.as_ref().is_some_and(|found| !found.is_empty()) {
        cell.pieces.push(piece(" ≠", Role::Warn));
    }
    cell
}

fn running(line: &Line, cx: &Cx) -> Cell {
    let role = match line.agrees {
        _ if line.stale => Role::Unknown,
        Some(false) => Role::Warn,
        _ => Role::Text,
    };
    let (same, others) = line.running();
    let mut pieces = vec![piece(same, if line.running == "–" { Role::Faint } else { role })];
    // A narrow screen needs the room for what is wrong; the pane under the list names all of them.
    if !others.is_empty() && cx.size.width >= WIDE {
        let room = usize::from(RUNNING).saturating_sub(width(&pieces[0].text) + 2);
        pieces.push(piece(format!("  {}", as_many(&others, room)), Role::Faint));
    }
    Cell::of(pieces)
}

/// Returns as many words as have room, and how many more there are: half a version would be taken for another one.
fn as_many(words: &str, room: usize) -> String {
    let all: Vec<&str> = words.split(' ').collect();
    let told = |count: usize| match all.len() - count {
        0 => words.to_owned(),
        more => [all[..count].join(" "), format!("+{more}")].join(" ").trim_start().to_owned(),
    };
    (0..=all.len()).rev().map(told).find(|text| width(text) <= room).unwrap_or_else(|| told(0))
}

fn ready(line: &Line, _cx: &Cx) -> Cell {
    let Some((ready, wanted)) = line.ready else { return Cell::new("–", Role::Faint) };
    let role = if line.stale {
        Role::Unknown
    } else if ready >= wanted {
        Role::Text
    } else if line.health == Health::Bad {
        Role::Bad
    } else {
        Role::Busy
    };
    Cell::new(format!("{ready}/{wanted}"), role)
}

fn sync(line: &Line, cx: &Cx) -> Cell {
    let gitops = &line.environment.gitops;
    if !gitops.enabled {
        return Cell::new("–", Role::Faint);
    }
    let interval: &[(&str, &str)] = &[("interval", &gitops.interval)];
    if gitops.auto_sync {
        Cell::new(cx.tf("environments.auto", interval), Role::Muted)
    } else {
        Cell::of(vec![piece("‖ ", Role::Off), piece(cx.tf("environments.manual", interval), Role::Text)])
    }
}

fn approval(line: &Line, cx: &Cx) -> Cell {
    let rule = line.environment.approval;
    if rule.required {
        Cell::new(cx.tf("environments.approvers", &[("count", &rule.approvers.to_string())]), Role::Muted)
    } else {
        Cell::new(cx.t("environments.no-approval").to_owned(), Role::Faint)
    }
}

fn state(line: &Line, cx: &Cx) -> Cell {
    // The reason says more than the word, where there is one of its own.
    let text = line.stale(cx).unwrap_or_else(|| format::reason(cx, line.health, &line.why));
    Cell::new(text, line.health.into())
}

/// Returns what the synchronization is sorted by: off, by hand, by itself.
fn synced(line: &Line) -> (bool, bool, &str) {
    let gitops = &line.environment.gitops;
    (gitops.enabled, gitops.auto_sync, &gitops.interval)
}

/// Returns how many have to approve.
fn asked(line: &Line) -> u32 {
    let rule = line.environment.approval;
    if rule.required { rule.approvers } else { 0 }
}

pub(super) static COLUMNS: [Column<Line>; 13] = [
    Column {
        id: "environment",
        priority: 0,
        width: Width::Fit(12, 36),
        right: false,
        cell: name,
        order: Some(|a, b| a.environment.id.cmp(&b.environment.id)),
    },
    Column {
        id: "health",
        priority: 1,
        width: Width::Fit(9, 22),
        right: false,
        cell: state,
        order: Some(|a, b| a.health.cmp(&b.health)),
    },
    Column {
        id: "branch",
        priority: 4,
        width: Width::BRANCH,
        right: false,
        cell: |l, _| Cell::name(l.environment.gitops.branch.clone(), Role::Muted),
        order: Some(|a, b| a.environment.gitops.branch.cmp(&b.environment.gitops.branch)),
    },
    Column {
        id: "in-git",
        priority: 0,
        width: Width::Fit(14, 24),
        right: false,
        cell: |l, _| Cell::new(l.in_git.clone(), if l.in_git == "–" { Role::Faint } else { Role::Text }),
        order: Some(|a, b| a.in_git.cmp(&b.in_git)),
    },
    Column {
        id: "running",
        priority: 0,
        width: Width::Fit(9, RUNNING),
        right: false,
        cell: running,
        order: Some(|a, b| a.running.cmp(&b.running)),
    },
    Column {
        id: "pods",
        priority: 0,
        width: Width::Fit(5, 9),
        right: true,
        cell: ready,
        order: Some(|a, b| a.ready.cmp(&b.ready)),
    },
    Column {
        id: "sync",
        priority: 3,
        width: Width::Fit(8, 16),
        right: false,
        cell: sync,
        order: Some(|a, b| synced(a).cmp(&synced(b))),
    },
    Column {
        id: "changed",
        priority: 5,
        width: Width::CHANGED,
        right: true,
        cell: |l, cx| Cell::new(cx.age_of(l.changed), Role::Muted),
        order: Some(|a, b| b.changed.cmp(&a.changed)),
    },
    Column {
        id: "cluster",
        priority: 7,
        width: Width::CLUSTER,
        right: false,
        cell: |l, _| Cell::name(l.environment.cluster.to_string(), Role::Muted),
        order: Some(|a, b| a.environment.cluster.cmp(&b.environment.cluster)),
    },
    Column {
        id: "type",
        priority: 8,
        width: Width::Fit(4, 12),
        right: false,
        cell: |l, _| Cell::new(l.environment.kind.word(), Role::Muted),
        order: Some(|a, b| a.environment.kind.cmp(&b.environment.kind)),
    },
    Column {
        id: "revision",
        priority: 9,
        width: Width::REVISION,
        right: false,
        cell: |l, _| l.revision.as_ref().map_or_else(|| Cell::new("–", Role::Faint), |r| Cell::of(format::revision(r))),
        order: Some(|a, b| a.revision.cmp(&b.revision)),
    },
    Column {
        id: "path",
        priority: 10,
        width: Width::Fit(4, 36),
        right: false,
        cell: |l, _| Cell::name(l.environment.gitops.path.clone(), Role::Muted),
        order: Some(|a, b| a.environment.gitops.path.cmp(&b.environment.gitops.path)),
    },
    Column {
        id: "approval",
        priority: 6,
        width: Width::Fit(8, 14),
        right: false,
        cell: approval,
        order: Some(|a, b| asked(b).cmp(&asked(a))),
    },
];
