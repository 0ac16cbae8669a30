//! Whole deployments while cluster, Git server, disk and clock fail by a seed: what was refused is not in Git, what succeeded is there
//! once, every failure is told in words, the journal is unbroken, and once all is well the next deployment goes through.
//!
//! The first seeds are lived through twice, and the same happens. `QUARTERDECK_ENGINE_SEEDS=from-to` runs other seeds. Each runs on threads of its own, which are on a disk of their own.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use domain::Trouble;
use domain::deployment::{StageName, Status};
use domain::orders::Outcome;
use sim::Spoil;
use store::fault::{Disk, Plan};

use super::bed::{self, Bed, LONG, development};
use super::deploy::{draft, image, states, submit};
use super::dice::{Dice, assert_same, seeds_and_again};
use super::disk::{BROKEN, CLOSED, FULL, on_a_disk};
use crate::Engine;

/// What goes wrong. The first group is the API server and the way to it, the second Git.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Status(u16),
    Forbidden(&'static str),
    Frozen,
    Cut,
    Expired,
    Slow,
    Spoiled(Spoil),
    HookRefuses,
    HookDies,
    MovesOnce,
    Locked,
    Rewound,
    Away,
    MirrorLost,
    /// Every write of the store fails from some moment on, with the number of an error of the operating system.
    Disk(i32),
}

const FAULTS: [Fault; 20] = [
    Fault::Status(401),
    Fault::Status(429),
    Fault::Status(500),
    Fault::Status(503),
    Fault::Forbidden("Kustomization"),
    Fault::Frozen,
    Fault::Cut,
    Fault::Expired,
    Fault::Slow,
    Fault::Spoiled(Spoil::Gateway),
    Fault::Spoiled(Spoil::Portal),
    Fault::Spoiled(Spoil::Half),
    Fault::HookRefuses,
    Fault::HookDies,
    Fault::MovesOnce,
    Fault::Locked,
    Fault::Away,
    Fault::Disk(FULL),
    Fault::Disk(BROKEN),
    Fault::Disk(CLOSED),
];
/// Those that need a branch that nobody else moves meanwhile.
const CALM: [Fault; 2] = [Fault::Rewound, Fault::MirrorLost];
/// What no deployment fails of, however long it lasts.
const HARMLESS: [Fault; 4] = [Fault::Cut, Fault::Expired, Fault::Slow, Fault::MovesOnce];
/// How far the cluster's clock is from ours, in hours.
const HOURS: [i64; 4] = [0, -7, 5, 30];

const OVERLAY: &str = "develop:k8s/overlays/development/kustomization.yaml";

struct Run {
    bed: Bed,
    disk: Disk,
    engine: Engine,
    dice: Dice,
    told: Vec<String>,
    /// What of it depends on nothing but the seed.
    same: Vec<String>,
}

impl Run {
    async fn new(seed: u64, disk: Disk) -> Self {
        let mut dice = Dice::new(seed);
        let hours = dice.pick(&HOURS);
        let bed = Bed::skewed(hours);
        let engine = bed.engine();
        let told = vec![format!("seed {seed}"), format!("the cluster's clock is {hours} h ahead")];
        let same = told.clone();
        bed.furnish(&engine, &[development()]).await;
        let what = format!("the first rollout of {told:?}");
        bed::until(&engine, &what, |w| w.agreement(&development()) == Some(true)).await;
        Self { bed, disk, engine, dice, told, same }
    }

    /// Notes what is the same whenever it is lived through.
    fn tell(&mut self, what: String) {
        self.same.push(what.clone());
        self.told.push(what);
    }

    fn inflict(&mut self, fault: Fault) {
        self.tell(format!("{fault:?}"));
        if let Fault::Disk(errno) = fault {
            let after = u32::try_from(self.dice.roll(12)).unwrap();
            self.tell(format!("from operation {after}"));
            self.disk.arm(Some(Plan { after, errno, lasting: true }));
        }
        let (bed, sim) = (&self.bed, self.bed.sim());
        match fault {
            Fault::Status(code) => sim.deny("/", code),
            Fault::Forbidden(kind) => sim.deny(kind, 403),
            Fault::Frozen => sim.freeze(),
            Fault::Cut => sim.drop_watches(),
            Fault::Expired => {
                sim.expire();
                sim.drop_watches();
            }
            Fault::Slow => sim.latency(Duration::from_millis(250)),
            Fault::Spoiled(spoil) => {
                sim.spoil(Some(spoil));
                sim.drop_watches();
            }
            Fault::HookRefuses => bed.hook("pre-receive", "#!/bin/sh\necho 'main is frozen' >&2\nexit 1\n"),
            Fault::HookDies => bed.hook("pre-receive", "#!/bin/sh\nkill -9 $PPID\n"),
            Fault::MovesOnce => bed.hook("pre-receive", &bed.script_that_commits_once("develop", "once")),
            Fault::Locked => std::fs::write(bed.remote().join("refs/heads/develop.lock"), "").unwrap(),
            Fault::Rewound => drop(bed.git(&["update-ref", "refs/heads/develop", "develop~1"])),
            Fault::Away => std::fs::rename(bed.remote(), bed.remote().with_extension("away")).unwrap(),
            Fault::MirrorLost => drop(std::fs::remove_dir_all(bed.dir().join("mirrors"))),
            Fault::Disk(_) => {}
        }
    }

    fn mend(&self, fault: Fault) {
        let (bed, sim) = (&self.bed, self.bed.sim());
        sim.thaw();
        sim.allow();
        sim.spoil(None);
        sim.latency(Duration::ZERO);
        self.disk.arm(None);
        match fault {
            Fault::HookRefuses | Fault::HookDies | Fault::MovesOnce => bed.unhook("pre-receive"),
            Fault::Locked => drop(std::fs::remove_file(bed.remote().join("refs/heads/develop.lock"))),
            Fault::Away => std::fs::rename(bed.remote().with_extension("away"), bed.remote()).unwrap(),
            _ => {}
        }
    }

    /// Deploys with a fault that comes before the order or soon after it, and looks at what is said of it.
    async fn round(&mut self, number: u64) {
        let tag = format!("2.{number}.0");
        let all: Vec<Fault> = FAULTS.into_iter().chain(CALM).collect();
        let fault = self.dice.pick(&all);
        let before = self.dice.roll(2) == 0;
        let lasts = Duration::from_millis(self.dice.roll(1500));
        self.tell(format!("round {number}, {} the order, for {lasts:?}", if before { "before" } else { "after" }));
        if before {
            self.inflict(fault);
        }
        let given = {
            let give = submit(&self.engine, draft(vec![image(&tag)]));
            let mut give = std::pin::pin!(give);
            // An order waits for a server that says nothing; what fails comes to an end meanwhile.
            if let Ok(given) = tokio::time::timeout(lasts, &mut give).await {
                given
            } else {
                if before {
                    self.mend(fault);
                }
                give.await
            }
        };
        if before {
            self.mend_once(fault);
        } else {
            self.inflict(fault);
            tokio::time::sleep(lasts).await;
            self.mend_once(fault);
        }
        self.judge(given, &tag, (fault, before)).await;
    }

    /// Mends what may have been mended while the order waited.
    fn mend_once(&self, fault: Fault) {
        let there = match fault {
            Fault::HookRefuses | Fault::HookDies | Fault::MovesOnce => self.bed.remote().join("hooks/pre-receive").exists(),
            Fault::Away => !self.bed.remote().exists(),
            _ => true,
        };
        if there {
            self.mend(fault);
        }
    }

    async fn judge(&mut self, given: Result<Outcome, Trouble>, tag: &str, (fault, before): (Fault, bool)) {
        let taken_back = fault == Fault::Rewound && !before;
        let id = match given {
            Err(trouble) => {
                self.told.push(format!("refused: {trouble}"));
                assert!(!trouble.what.is_empty(), "nothing is said: {:#?}", self.told);
                // A disk that fails behind the intent leaves a record, which comes to its end like any other.
                let begun = self.bed.begun(tag).filter(|_| matches!(fault, Fault::Disk(_)));
                let Some(id) = begun else { return assert!(!self.deployed(tag), "it is in Git: {:#?}", self.told) };
                id
            }
            Ok(outcome) => outcome.deployment.unwrap_or_else(|| panic!("no deployment: {:#?}", self.told)),
        };
        let over = self.engine.wait_over(&id, LONG).await.unwrap_or_else(|late| panic!("{late}: {:#?}", self.told));
        self.told.push(format!("{tag}: {:?}: {}", over.status, states(&over)));
        if HARMLESS.contains(&fault) {
            self.tell(format!("{tag}: {:?}", over.status));
        }
        let commits = self.bed.with_trailer(id.as_str());
        match over.status {
            // Taken back when the cluster had it already, it is not on the branch any more and has succeeded all the same.
            Status::Succeeded => assert!(commits == 1 || (taken_back && self.ran(tag)), "{commits} commits: {:#?}", self.told),
            Status::Failed => {
                let trouble = over.trouble().unwrap_or_else(|| panic!("it does not say why: {:#?}", self.told));
                assert!(!trouble.what.is_empty(), "{:#?}", self.told);
                let at_git = !over.stage(StageName::Commit).is_through();
                assert!(commits == usize::from(!at_git) || taken_back, "{commits} commits: {:#?}", self.told);
            }
            other => panic!("{other:?}: {:#?}", self.told),
        }
    }

    fn deployed(&self, tag: &str) -> bool {
        self.bed.git(&["show", OVERLAY]).contains(tag)
    }

    /// Tells whether the cluster ever began to run a tag: the ReplicaSets of old rollouts stay.
    fn ran(&self, tag: &str) -> bool {
        let image = format!(":{tag}");
        let runs = |set: &serde_json::Value| {
            let containers = set["spec"]["template"]["spec"]["containers"].as_array();
            containers.is_some_and(|all| all.iter().any(|c| c["image"].as_str().is_some_and(|name| name.ends_with(&image))))
        };
        self.bed.sim().dump().iter().any(|object| object["kind"] == "ReplicaSet" && runs(object))
    }

    /// Deploys while all is well.
    async fn calm(&mut self, tag: &str) {
        self.tell(format!("{tag}, with everything well"));
        let given = submit(&self.engine, draft(vec![image(tag)])).await;
        let id = given.unwrap_or_else(|trouble| panic!("{trouble}: {:#?}", self.told)).deployment.unwrap();
        let over = self.engine.wait_over(&id, LONG).await.unwrap_or_else(|late| panic!("{late}: {:#?}", self.told));
        assert_eq!(over.status, Status::Succeeded, "{}: {:#?}", states(&over), self.told);
        assert_eq!(self.bed.with_trailer(id.as_str()), 1, "{:#?}", self.told);
        assert!(self.deployed(tag), "{:#?}", self.told);
    }

    /// Lives through it. Returns what of it depends on nothing but the seed.
    async fn live_through(mut self) -> Vec<String> {
        self.calm("1.9.0").await;
        for number in 1..=2 {
            self.round(number).await;
        }
        let live = |w: &domain::world::World| w.links.iter().all(|link| link.state.is_live());
        bed::until(&self.engine, &format!("everything live after {:#?}", self.told), live).await;
        self.calm("3.0.0").await;
        self.engine.stop().await;
        let check = store::verify(&self.bed.dir().join("store")).unwrap();
        assert!(check.holds(), "{check:?}: {:#?}", self.told);
        assert_eq!(self.bed.git(&["rev-list", "--merges", "--count", "develop"]), "0", "{:#?}", self.told);
        self.same
    }
}

#[test]
fn a_deployment_tells_the_truth_whatever_fails() {
    let seeds = seeds_and_again("QUARTERDECK_ENGINE_SEEDS", 1..9, 2);
    let live_through = |seed| {
        let disk = Disk::default();
        (seed, on_a_disk(&disk, async { Run::new(seed, disk.clone()).await.live_through().await }))
    };
    std::thread::scope(|scope| {
        let parts: Vec<_> = (0..4)
            .map(|part| {
                let mine: Vec<u64> = seeds.iter().copied().skip(part).step_by(4).collect();
                scope.spawn(move || mine.into_iter().map(live_through).collect::<Vec<_>>())
            })
            .collect();
        let lived = parts.into_iter().flat_map(|part| part.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        assert_same(lived);
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_of_ours_that_jumps_by_hours_ends_no_deployment() {
    for jump in [-9, 9] {
        let bed = Bed::new();
        let hours = Arc::new(AtomicI64::new(0));
        let read = Arc::clone(&hours);
        let clock = move || bed::shifted(read.load(Ordering::SeqCst));
        let engine = bed.engine_at(Arc::new(clock));
        bed.furnish(&engine, &[development()]).await;
        bed::until(&engine, "the first rollout", |w| w.agreement(&development()) == Some(true)).await;
        let given = submit(&engine, draft(vec![image("slow")])).await.unwrap().deployment.unwrap();
        hours.store(jump, Ordering::SeqCst);
        let over = engine.wait_over(&given, LONG).await.unwrap();
        assert_eq!(over.status, Status::Succeeded, "{jump} h: {}", states(&over));
        engine.stop().await;
    }
}
