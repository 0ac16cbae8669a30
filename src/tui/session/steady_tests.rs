//! Nothing jumps when data changes. On every tab, whatever becomes of an object: the selection stays on its row, columns and the
//! line between list and pane stay where they are, and no line changes but those that tell of that object.
#![expect(clippy::unwrap_used, reason = "what does not hold fails the test")]

use std::sync::Arc;

use domain::deployment::Status;
use domain::flux::{FluxObject, ObjectKey};
use domain::ident::{ContextName, DeploymentId};
use domain::link::LinkState;
use domain::revision::Revision;
use domain::world::World;

use super::Msg;
use crate::fixture::{Stage, commit, world};
use crate::words::Language;

/// Something that happens in the world.
struct Change {
    what: &'static str,
    /// Lines that name one of these may become others; where it is empty, any line may.
    of: &'static [&'static str],
    /// Whether rows come or go, so that others may move up or down.
    moves: bool,
    make: fn(&mut World),
}

const LONG: &str = "a-name-that-is-much-longer-than-any-other-name-that-stood-there-before";

const CHANGES: &[Change] = &[
    Change {
        what: "an object fails",
        of: &["app-05", "Kustomization     66"],
        moves: false,
        make: |w| tell(w, "app-05", "False", "HealthCheckFailed"),
    },
    Change {
        what: "an object becomes ready",
        of: &["billing-testing", "billing/testing", "billing ", " testing ", "Kustomization     66"],
        moves: false,
        make: |w| tell(w, "billing-testing", "True", "ReconciliationSucceeded"),
    },
    Change {
        what: "a revision gets longer",
        of: &["app-05"],
        moves: false,
        make: |w| {
            let revision = Revision::of_branch("a-branch-of-a-very-long-name", &commit("abc"));
            object(w, "app-05").status.last_applied_revision = Some(revision);
        },
    },
    Change {
        what: "a row comes above all others",
        of: &[LONG, "a-name-that", "Bucket"],
        moves: true,
        make: |w| {
            let mut new = (*w.flux[0]).clone();
            new.key = ObjectKey::new(&ContextName::from("edge-us"), "Bucket", LONG, LONG);
            Arc::make_mut(&mut w.flux).insert(0, Arc::new(new));
        },
    },
    Change {
        what: "a row goes above all others",
        of: &["billing"],
        moves: true,
        make: |w| {
            Arc::make_mut(&mut w.flux).remove(0);
        },
    },
    Change { what: "ten Pods", of: &["shop/production", "shop-web"], moves: false, make: |w| count(w, 10) },
    Change { what: "a hundred Pods", of: &["shop/production", "shop-web"], moves: false, make: |w| count(w, 100) },
    Change {
        what: "a Pod starts again",
        of: &["shop-web-6c4b-k8s2p"],
        moves: false,
        make: |w| {
            let pod = Arc::make_mut(&mut Arc::make_mut(&mut w.pods)[0]);
            pod.containers[0].restarts += 12;
        },
    },
    Change {
        what: "Git names a longer version",
        of: &["shop/production", "shop "],
        moves: false,
        make: |w| {
            let view = Arc::make_mut(&mut w.git).iter_mut().find(|g| g.environment.to_string() == "shop/production").unwrap();
            Arc::make_mut(view).images = vec![("web".to_owned(), "ghcr.io/acme/shop:1.10.0-candidate.12".to_owned())];
        },
    },
    Change {
        what: "a cluster falls silent",
        of: &[],
        moves: false,
        make: |w| link(w, LinkState::Stale { since: crate::fixture::now(), why: "no route to host".to_owned() }),
    },
    Change { what: "a cluster is heard again", of: &[], moves: false, make: |w| link(w, LinkState::Live) },
    Change { what: "a deployment begins", of: &["portal"], moves: true, make: |w| deploy(w, 901, Status::Running) },
    Change {
        what: "it ends",
        of: &["portal", "67 deployments", "success ", " all  "],
        moves: false,
        make: |w| deploy(w, 901, Status::Succeeded),
    },
    Change {
        what: "an operation is written down",
        of: &[LONG, "a-name-that", "10001"],
        moves: true,
        make: |w| {
            let mut entry = (*w.audit[0]).clone();
            entry.seq = 10_001;
            entry.record.object = LONG.to_owned();
            entry.record.act = "an.act.of.another.name".to_owned();
            Arc::make_mut(&mut w.audit).insert(0, Arc::new(entry));
        },
    },
];

fn object<'w>(world: &'w mut World, name: &str) -> &'w mut FluxObject {
    let all = Arc::make_mut(&mut world.flux);
    Arc::make_mut(all.iter_mut().find(|o| *o.key.name == *name && *o.key.kind == *"Kustomization").unwrap())
}

fn tell(world: &mut World, name: &str, status: &str, reason: &str) {
    let ready = &mut object(world, name).status.conditions[0];
    ready.status = status.into();
    ready.reason = reason.into();
    ready.message = "health check failed after 5m0s: timeout waiting for: [Deployment/apps/app status: 'InProgress']".into();
}

fn count(world: &mut World, pods: i32) {
    let all = Arc::make_mut(&mut world.workloads);
    let workload = Arc::make_mut(all.iter_mut().find(|w| *w.key.namespace == *"shop-production").unwrap());
    (workload.replicas, workload.ready, workload.updated, workload.available, workload.total) = (pods, pods, pods, pods, pods);
}

fn link(world: &mut World, state: LinkState) {
    let all = Arc::make_mut(&mut world.links);
    all.iter_mut().find(|link| link.of.to_string() == "prod-eu").unwrap().state = state;
}

/// Lets a deployment of portal/production be in a state.
fn deploy(world: &mut World, number: u32, status: Status) {
    let mut all: Vec<_> = world.deployments.iter().map(|d| Arc::clone(d.whole().unwrap())).collect();
    let mut new = (*all[0]).clone();
    new.id = DeploymentId::new(format!("01jd6k0000000000000000{number:04}"));
    new.environment = "portal/production".parse().unwrap();
    new.status = status;
    new.finished = status.is_over().then(crate::fixture::now);
    new.summary = format!("image 3.2.0 → {LONG}");
    all.retain(|d| d.id != new.id);
    all.insert(0, Arc::new(new));
    world.deployments = all.into_iter().collect();
}

/// Returns a fleet with so much in it that lists are scrolled.
fn crowd() -> World {
    let mut world = world();
    let model =
        (**world.flux.iter().find(|o| *o.key.name == *"portal-production" && *o.key.kind == *"Kustomization").unwrap()).clone();
    let flux = Arc::make_mut(&mut world.flux);
    for at in 0..60 {
        let mut one = model.clone();
        one.key = ObjectKey::new(&ContextName::from("prod-eu"), "Kustomization", "apps", &format!("app-{at:02}"));
        one.spec.suspend = None;
        flux.push(Arc::new(one));
    }
    flux.sort_by(|a, b| a.key.cmp(&b.key));
    let mut all: Vec<_> = world.deployments.iter().map(|d| Arc::clone(d.whole().unwrap())).collect();
    let model = (**all.last().unwrap()).clone();
    for at in (100..160).rev() {
        let mut one = model.clone();
        one.id = DeploymentId::new(format!("01jd6k0000000000000000{at:04}"));
        all.push(Arc::new(one));
    }
    world.deployments = all.into_iter().collect();
    let model = (**world.audit.last().unwrap()).clone();
    let audit = Arc::make_mut(&mut world.audit);
    for at in (300..360).rev() {
        let mut one = model.clone();
        one.seq = at;
        audit.push(Arc::new(one));
    }
    world
}

/// Holds what of a frame has to stay.
struct Frame {
    lines: Vec<String>,
    /// The selected row: its line, and what it says first.
    selected: Option<(usize, String)>,
    /// The line between list and pane.
    rule: Option<usize>,
}

impl Frame {
    fn of(stage: &Stage) -> Self {
        let lines: Vec<String> = stage.lines().lines().map(str::to_owned).collect();
        let selected = lines.iter().position(|l| l.starts_with('▌'));
        // The thumb of a list that got longer may be elsewhere.
        let lines: Vec<String> = lines.into_iter().map(|l| l.trim_end_matches('▐').trim_end().replacen('▌', " ", 1)).collect();
        let rule = lines.iter().skip(3).position(|l| l.starts_with("────")).map(|at| at + 3);
        Self { selected: selected.map(|at| (at, lines[at].chars().skip(3).take(40).collect())), rule, lines }
    }

    /// Compares with the frame before a change.
    fn after(&self, before: &Self, change: &Change, titled: bool, scrolled: bool) -> Result<(), String> {
        if titled && self.lines[4] != before.lines[4] {
            return Err(format!("columns moved\n{}\n{}", before.lines[4], self.lines[4]));
        }
        if self.rule != before.rule {
            return Err(format!("the line above the pane went from {:?} to {:?}", before.rule, self.rule));
        }
        let named = |line: &str| change.of.is_empty() || change.of.iter().any(|name| line.contains(name));
        if let (Some((now, said)), Some((then, was))) = (&self.selected, &before.selected) {
            if said != was && !named(said) && !named(was) {
                return Err(format!("the selection went from {was:?} to {said:?}"));
            }
            if now != then && (scrolled || !change.moves) {
                return Err(format!("the selected row went from line {then} to {now}"));
            }
        }
        let told = self.selected.as_ref().is_some_and(|(_, said)| named(said));
        let end = self.rule.filter(|_| told).unwrap_or(self.lines.len());
        for (at, line) in self.lines.iter().enumerate().take(end).skip(4).filter(|(_, line)| !named(line)) {
            let same = if change.moves { before.lines.contains(line) } else { before.lines.get(at) == Some(line) };
            // What was hidden comes into sight at the edges of a list that moves; the pane tells of other deployments too.
            let edge = change.moves && self.rule.is_none_or(|rule| at + 2 >= rule);
            let was_named = !change.moves && before.lines.get(at).is_some_and(|line| named(line));
            if !same && !edge && !was_named {
                return Err(format!("line {at} became another\n{}\n{line}", before.lines.get(at).map_or("", |l| l)));
            }
        }
        Ok(())
    }
}

/// The tabs: the keys that lead there, whether the second line has the titles of columns.
const TABS: [(&str, bool); 11] = [
    ("1", true),
    ("2", true),
    ("3", false),
    ("4", false),
    ("5", false),
    ("6", true),
    ("6 t", true),
    ("7", true),
    ("8", false),
    ("9", true),
    ("0", false),
];

#[test]
fn nothing_jumps_when_data_changes() {
    let mut faults = Vec::new();
    for (wide, high) in [(80, 24), (120, 36), (200, 50)] {
        for (keys, titled) in TABS {
            for scrolled in [false, true].into_iter().filter(|scrolled| titled || !scrolled) {
                let mut stage = Stage::over(crowd(), wide, high, Language::English);
                stage.keys(keys);
                if scrolled {
                    stage.keys("ctrl-d ctrl-d ctrl-d k k");
                }
                stage.pass(20_000);
                let mut world = crowd();
                for change in CHANGES {
                    // Each change meets a list that lies as it was opened.
                    let before = Frame::of(&stage);
                    (change.make)(&mut world);
                    world.seq += 1;
                    stage.msg(Msg::World(Arc::new(world.clone())));
                    let moved = scrolled && before.selected.as_ref().is_some_and(|(_, said)| said.contains("app-"));
                    if let Err(why) = Frame::of(&stage).after(&before, change, titled, moved) {
                        faults.push(format!("{wide}x{high} {keys} scrolled {scrolled}, {}: {why}", change.what));
                    }
                }
            }
        }
    }
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults.join("\n\n"));
}

/// An age is as wide as the next unit of it, and nothing else moves when it turns.
#[test]
fn nothing_moves_when_time_passes() {
    for (keys, _) in TABS.iter().filter(|(_, titled)| *titled) {
        let mut stage = Stage::over(crowd(), 120, 36, Language::English);
        stage.keys(keys).pass(20_000);
        let before = Frame::of(&stage);
        for _ in 0..24 {
            stage.pass(3000);
            let now = Frame::of(&stage);
            assert_eq!(now.lines[4], before.lines[4], "{keys}");
            assert_eq!(now.rule, before.rule, "{keys}");
            assert_eq!(now.selected.as_ref().map(|s| s.0), before.selected.as_ref().map(|s| s.0), "{keys}");
            let length =
                |frame: &Frame| frame.lines[5..frame.rule.unwrap_or(12)].iter().map(|l| l.chars().count()).collect::<Vec<_>>();
            assert_eq!(length(&now), length(&before), "{keys}\n{}", stage.lines());
        }
    }
}
