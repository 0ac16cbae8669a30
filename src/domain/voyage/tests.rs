//! Transitions of the voyage, as tables.
#![expect(clippy::unwrap_used, reason = "a test says which input failed by failing")]

use super::*;
use crate::actor::{Actor, Authentication, Role};
use crate::deployment::Method;
use crate::flux::ObjectKey;
use crate::ident::{ContextName, EnvironmentId, Slug};
use crate::revision::CommitId;
use crate::workload::Container;

fn at(seconds: i64) -> Time {
    Time::from_second(1_700_000_000 + seconds).unwrap()
}

fn voyage() -> Voyage {
    let actor = Actor {
        login: "ada".into(),
        name: "Ada".into(),
        email: "ada@acme.example".into(),
        by: Authentication::Process,
        role: Role::Admin,
    };
    let stages = std::array::from_fn(|_| Stage::pending());
    let deployment = Deployment {
        id: DeploymentId::new("01hf"),
        environment: EnvironmentId::new(Slug::new("shop").unwrap(), Slug::new("dev").unwrap()),
        method: Method::GitopsUi,
        actor,
        requested: at(0),
        finished: None,
        status: Status::Running,
        edits: vec![],
        workload: None,
        message: String::new(),
        branch: "main".into(),
        files: vec![],
        base: None,
        commit: CommitId::parse(&"a".repeat(40)),
        reviewed: String::new(),
        summary: String::new(),
        expect_images: vec![("web".into(), "shop:2".into())],
        expect_replicas: None,
        automation: None,
        rolls_back: None,
        restore: None,
        proposal: None,
        applied: Vec::new(),
        stages,
    };
    Voyage::new(deployment, Patience::default())
}

fn workload(image: &str, available: i32) -> Arc<Workload> {
    Arc::new(Workload {
        key: ObjectKey::new(&ContextName::from("c"), "Deployment", "shop", "shop-web"),
        uid: String::new(),
        resource_version: String::new(),
        generation: 2,
        observed_generation: 2,
        created: None,
        replicas: 2,
        updated: 2,
        ready: available,
        available,
        total: 2,
        containers: vec![Container { name: "web".into(), image: image.into(), resources: vec![] }],
        selector: vec![],
        conditions: vec![],
        applied_by: None,
        released_by: None,
    })
}

fn seen() -> Observation {
    Observation {
        git: GitSeen::Landed,
        live: true,
        source: Some(SourceSeen { artifact: Ancestry::Exact, revision: "main@aaaaaaa".into(), ..SourceSeen::default() }),
        apply: Some(ApplySeen {
            applied: Ancestry::Exact,
            attempted: Ancestry::Exact,
            revision: "main@aaaaaaa".into(),
            ready: ("True".into(), "ReconciliationSucceeded".into(), String::new()),
            ..ApplySeen::default()
        }),
        workloads: vec![workload("shop:2", 2)],
        looked: Some(vec![("shop-web".into(), 2)]),
        ..Observation::default()
    }
}

fn stage_after(change: impl FnOnce(&mut Observation)) -> (Option<StageName>, Status, Voyage, Vec<Want>) {
    let mut voyage = voyage();
    let mut observation = seen();
    change(&mut observation);
    let wants = voyage.step(at(1), &observation);
    (voyage.deployment.current(), voyage.deployment.status, voyage, wants)
}

#[test]
fn everything_in_place_goes_through_at_once() {
    let (stage, status, _, wants) = stage_after(|_| ());
    assert_eq!((stage, status), (None, Status::Succeeded));
    assert_eq!(wants, [Want::Persist, Want::Over]);
}

#[test]
fn each_stage_waits_for_its_own_sign() {
    let (stage, status, ..) = stage_after(|s| s.git = GitSeen::Unknown);
    assert_eq!((stage, status), (Some(StageName::Commit), Status::Running));
    let (stage, _, _, wants) = stage_after(|s| s.source.as_mut().unwrap().artifact = Ancestry::Behind);
    assert_eq!(stage, Some(StageName::Sync));
    assert!(wants.contains(&Want::ReconcileSource));
    let (stage, ..) = stage_after(|s| s.apply.as_mut().unwrap().applied = Ancestry::Behind);
    assert_eq!(stage, Some(StageName::Apply));
    let (stage, _, _, wants) = stage_after(|s| s.looked = None);
    assert_eq!(stage, Some(StageName::Health));
    assert!(wants.contains(&Want::Look));
    // The watch lags behind: the old template is still shown as rolled out.
    let (stage, ..) = stage_after(|s| s.workloads = vec![workload("shop:1", 2)]);
    assert_eq!(stage, Some(StageName::Health));
    let (stage, ..) = stage_after(|s| s.looked = Some(vec![("shop-web".into(), 3)]));
    assert_eq!(stage, Some(StageName::Health));
}

#[test]
fn nothing_is_concluded_from_a_cluster_that_does_not_answer() {
    let (stage, status, voyage, _) = stage_after(|s| s.live = false);
    assert_eq!((stage, status), (Some(StageName::Sync), Status::Running));
    assert!(voyage.deployment.stage(StageName::Sync).detail.contains("does not answer"));
}

#[test]
fn a_suspended_kustomization_waits_and_a_refused_push_fails() {
    let (stage, status, ..) = stage_after(|s| {
        s.manual_sync = true;
        let apply = s.apply.as_mut().unwrap();
        apply.applied = Ancestry::Behind;
        apply.suspended = true;
    });
    assert_eq!((stage, status), (Some(StageName::Apply), Status::Waiting));
    let (_, status, voyage, _) = stage_after(|s| s.git = GitSeen::Refused(Trouble::failed("refused", "main")));
    assert_eq!(status, Status::Failed);
    assert_eq!(voyage.deployment.trouble().unwrap().what, "refused");
}

fn fault(reason: &str, wants_log: bool) -> PodFault {
    PodFault {
        pod: "shop-web-1".into(),
        container: "web".into(),
        image: "shop:missing".into(),
        reason: reason.into(),
        message: "not found".into(),
        wants_log,
    }
}

#[test]
fn a_pod_that_cannot_start_fails_with_its_reason() {
    let (stage, status, voyage, _) = stage_after(|s| {
        s.workloads = vec![workload("shop:2", 0)];
        s.faults = vec![fault("ImagePullBackOff", false)];
    });
    assert_eq!((stage, status), (Some(StageName::Health), Status::Failed));
    let text = voyage.deployment.trouble().unwrap().to_string();
    assert!(text.contains("ImagePullBackOff") && text.contains("shop:missing"), "{text}");
}

#[test]
fn a_crash_asks_for_the_log_once_and_shows_it() {
    let mut voyage = voyage();
    let mut observation = seen();
    observation.workloads = vec![workload("shop:2", 0)];
    observation.faults = vec![fault("CrashLoopBackOff", true)];
    let asked = |wants: &[Want]| wants.iter().filter(|w| matches!(w, Want::Log { .. })).count();
    assert_eq!(asked(&voyage.step(at(1), &observation)), 1);
    assert_eq!(asked(&voyage.step(at(2), &observation)), 0);
    observation.log = Some(vec!["starting".into(), "panic: no config".into()]);
    voyage.step(at(3), &observation);
    assert!(voyage.deployment.trouble().unwrap().why.contains("panic: no config"));
}

#[test]
fn a_source_that_fails_for_long_fails_the_stage() {
    let mut voyage = voyage();
    let mut observation = seen();
    let source = observation.source.as_mut().unwrap();
    source.artifact = Ancestry::Behind;
    source.fault = Some(("GitOperationFailed".into(), "authentication required".into()));
    voyage.step(at(1), &observation);
    assert_eq!(voyage.deployment.status, Status::Running);
    voyage.step(at(30), &observation);
    assert!(voyage.deployment.trouble().unwrap().why.contains("authentication required"));
}

#[test]
fn a_later_commit_that_contains_ours_counts() {
    let (stage, status, ..) = stage_after(|s| {
        s.source.as_mut().unwrap().artifact = Ancestry::Past;
        s.apply.as_mut().unwrap().applied = Ancestry::Past;
        s.workloads = vec![workload("shop:3", 2)];
    });
    assert_eq!((stage, status), (None, Status::Succeeded));
}
