//! Deployments on a disk that fails at its n-th operation, once or from then on: the operator is told in the system's words, what was
//! promised comes to its end when the disk works again, in this process or the next one, and nothing is committed twice.
//!
//! A few moments are met in every run, all of them with `QUARTERDECK_DISK=all`.

use std::time::Duration;

use domain::Trouble;
use domain::deployment::Status;
use domain::orders::Outcome;
use store::fault::{Disk, Plan};

use super::bed::{self, Bed, LONG, development};
use super::deploy::{draft, image, states, submit};
use crate::Engine;

/// No space left on the device.
pub(super) const FULL: i32 = 28;
/// An input or output error.
pub(super) const BROKEN: i32 = 5;
/// A read-only file system.
pub(super) const CLOSED: i32 = 30;
/// More operations than a deployment has.
const TOO_MANY: u32 = 200;
/// The moments of every run.
const FEW: [u32; 7] = [0, 1, 3, 6, 10, 15, 21];

/// Does work on threads that are all on a disk.
pub(super) fn on_a_disk<T>(disk: &Disk, work: impl Future<Output = T>) -> T {
    let each = disk.clone();
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = builder.worker_threads(2).enable_all().on_thread_start(move || each.enter()).build().unwrap();
    disk.enter();
    let done = runtime.block_on(work);
    Disk::default().enter();
    done
}

/// Tells whether the operator is told of an error in the system's words, by the answer to the order or beside it.
fn is_told(engine: &Engine, given: Option<&Trouble>, errno: i32) -> bool {
    let words = std::io::Error::from_raw_os_error(errno).to_string();
    let words = words.split(" (").next().unwrap();
    let world = engine.now();
    given.into_iter().chain(world.mishaps.iter().map(|m| &m.trouble)).any(|trouble| trouble.to_string().contains(words))
}

/// Deploys while the disk fails by a plan; returns whether it did.
async fn round(bed: &Bed, disk: &Disk, plan: Plan) -> bool {
    let at = format!("{plan:?}");
    let tag = format!("8.{}.{}{}", plan.after, plan.errno, u8::from(plan.lasting));
    let mut engine = bed.engine();
    bed::until(&engine, "the cluster", |w| w.links.iter().all(|link| link.state.is_live())).await;
    disk.arm(Some(plan));
    let given = submit(&engine, draft(vec![image(&tag)])).await;
    let over = |engine: &Engine| engine.now().deployments.iter().any(|d| d.summary().contains(&tag) && d.is_over());
    let refused = given.as_ref().err();
    // It has failed and been told of, or it is through without having met it.
    let done =
        || over(&engine) || (disk.is_met() && (refused.is_some() || !plan.lasting || is_told(&engine, refused, plan.errno)));
    let waited = tokio::time::timeout(LONG, async {
        while !done() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    assert!(waited.await.is_ok(), "{at}: nobody is told of it, and it does not come to its end: {given:?}");
    if plan.lasting && disk.is_met() {
        assert!(is_told(&engine, refused, plan.errno), "{at}: nobody is told: {given:?}");
    }
    let met = disk.arm(None);
    // Half of them go on in another process.
    if plan.after % 2 == 1 {
        engine.stop().await;
        engine = bed.engine();
    }
    judge(bed, &engine, given, (&tag, &at)).await;
    engine.stop().await;
    let check = store::verify(&bed.dir().join("store")).unwrap();
    assert!(check.holds() && check.unfinished == 0, "{at}: {check:?}");
    met
}

async fn judge(bed: &Bed, engine: &Engine, given: Result<Outcome, Trouble>, (tag, at): (&str, &str)) {
    let promised = given.is_ok();
    let Some(id) = given.ok().and_then(|outcome| outcome.deployment).or_else(|| bed.begun(tag)) else {
        let overlay = bed.git(&["show", "develop:k8s/overlays/development/kustomization.yaml"]);
        return assert!(!overlay.contains(tag), "{at}: it is in Git, and nobody wrote that down");
    };
    let over = engine.wait_over(&id, LONG).await.unwrap_or_else(|late| panic!("{at}: {late}"));
    let commits = bed.with_trailer(id.as_str());
    assert_eq!(over.status == Status::Succeeded, commits == 1, "{at}: {commits} commits: {}", states(&over));
    assert!(commits <= 1 && (over.status == Status::Succeeded || !promised), "{at}: {commits} commits: {}", states(&over));
}

#[test]
fn a_deployment_whose_disk_fails_at_any_moment_is_told_of_and_lost_nowhere() {
    let all = std::env::var("QUARTERDECK_DISK").is_ok_and(|which| which == "all");
    let disk = Disk::default();
    on_a_disk(&disk, async {
        let bed = Bed::new();
        let engine = bed.engine();
        bed.furnish(&engine, &[development()]).await;
        bed::until(&engine, "the first rollout", |w| w.agreement(&development()) == Some(true)).await;
        engine.stop().await;
        if !all {
            for (nth, after) in FEW.into_iter().enumerate() {
                let errno = [FULL, BROKEN, CLOSED][nth % 3];
                round(&bed, &disk, Plan { after, errno, lasting: nth % 4 != 3 }).await;
            }
            return;
        }
        for (errno, lasting) in [(FULL, true), (BROKEN, true), (BROKEN, false), (CLOSED, true)] {
            let mut after = 0;
            while round(&bed, &disk, Plan { after, errno, lasting }).await {
                after += 1;
                assert!(after < TOO_MANY, "it never came through");
            }
            assert!(after > 10, "only {after} moments");
        }
    });
}
