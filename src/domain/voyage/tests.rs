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
    let mut voyage = voyage();
    let mut observation = seen();
    observation.workloads = vec![workload("shop:2", 0)];
    observation.faults = vec![fault("ImagePullBackOff", false)];
    // The status alone says little: events are asked first, and once.
    assert!(voyage.step(at(1), &observation).contains(&Want::Why));
    assert!(!voyage.step(at(2), &observation).contains(&Want::Why));
    observation.why = Some(Vec::new());
    voyage.step(at(2), &observation);
    assert_eq!((voyage.deployment.current(), voyage.deployment.status), (Some(StageName::Health), Status::Failed));
    let text = voyage.deployment.trouble().unwrap().to_string();
    assert!(text.contains("ImagePullBackOff") && text.contains("shop:missing"), "{text}");
}

#[test]
fn evidence_that_takes_long_to_read_is_not_asked_for_again_and_again() {
    let mut voyage = voyage();
    let mut observation = seen();
    observation.workloads = vec![workload("shop:2", 0)];
    observation.faults = vec![fault("ImagePullBackOff", false)];
    // What was found long ago is no evidence; what is found now took half a minute.
    observation.why = Some(Vec::new());
    assert!(voyage.step(at(1), &observation).contains(&Want::Why));
    voyage.step(at(31), &observation);
    assert_eq!(voyage.deployment.status, Status::Failed);
}

#[test]
fn a_kustomization_that_is_gone_for_good_fails_the_stage() {
    let (mut voyage, mut observation) = (voyage(), seen());
    observation.workloads = vec![workload("shop:2", 0)];
    voyage.step(at(1), &observation);
    observation.apply = None;
    voyage.step(at(2), &observation);
    assert_eq!(voyage.deployment.status, Status::Running);
    voyage.step(at(700), &observation);
    let trouble = voyage.deployment.trouble().unwrap();
    assert_eq!(trouble.kind, crate::trouble::TroubleKind::NotFound, "{trouble}");
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
    // While it tries again it takes its failure back.
    let again = observation.source.as_mut().unwrap().fault.take();
    voyage.step(at(15), &observation);
    observation.source.as_mut().unwrap().fault = again;
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

#[test]
fn a_container_that_ran_out_of_memory_names_its_limit() {
    let mut voyage = voyage();
    let mut observation = seen();
    let mut small = Workload::clone(&workload("shop:missing", 0));
    small.containers[0].resources = vec![("limits.memory".into(), "64Mi".into())];
    observation.workloads = vec![Arc::new(small)];
    let message = "exit code 137 (OOMKilled), restarted 3 times".to_owned();
    observation.faults = vec![PodFault { message, ..fault("CrashLoopBackOff", true) }];
    observation.log = Some(vec!["loading everything".into()]);
    voyage.step(at(1), &observation);
    let trouble = voyage.deployment.trouble().unwrap();
    assert!(trouble.what.contains("limit of 64Mi") && trouble.why.contains("loading everything"), "{trouble}");
}

#[test]
fn what_it_waits_behind_is_said() {
    let apply = |change: &dyn Fn(&mut ApplySeen)| {
        let (stage, _, voyage, _) = stage_after(|s| {
            let apply = s.apply.as_mut().unwrap();
            (apply.applied, apply.attempted, apply.revision) = (Ancestry::Behind, Ancestry::Behind, "main@0000000".into());
            change(apply);
        });
        assert_eq!(stage, Some(StageName::Apply));
        voyage.deployment.stage(StageName::Apply).detail.clone()
    };
    assert_eq!(apply(&|_| ()), "waits behind other reconciliations; applied so far: main@0000000");
    let working = apply(&|a| a.working = Some("Running health checks for revision main@0".into()));
    assert_eq!(working, "waits behind the reconciliation that is under way: Running health checks for revision main@0");
    let message = "dependency 'flux-system/infra' is not ready";
    let depends = |behind: Vec<String>| {
        apply(&move |a| {
            a.ready = ("False".into(), "DependencyNotReady".into(), message.into());
            a.behind.clone_from(&behind);
        })
    };
    assert_eq!(depends(vec![]), format!("waits behind dependsOn flux-system/infra: {message}"));
    let named = depends(vec!["flux-system/infra (kustomize build failed)".into()]);
    assert_eq!(named, "waits behind dependsOn flux-system/infra (kustomize build failed)");

    // While the dependency tries again it says nothing; nothing new is written down for that.
    let mut voyage = voyage();
    let mut observation = seen();
    let behind = |observation: &mut Observation, behind: &str| {
        let apply = observation.apply.as_mut().unwrap();
        (apply.applied, apply.attempted) = (Ancestry::Behind, Ancestry::Behind);
        apply.ready = ("False".into(), "DependencyNotReady".into(), message.into());
        apply.behind = vec![behind.into()];
    };
    behind(&mut observation, "flux-system/infra (no such file)");
    voyage.step(at(1), &observation);
    behind(&mut observation, "flux-system/infra");
    assert!(!voyage.step(at(2), &observation).contains(&Want::Persist));
}

#[test]
fn a_failure_that_may_pass_waits_for_the_next_tries_and_another_does_not() {
    for (message, passes) in [
        ("Deployment/shop/web dry-run failed (InternalError): failed calling webhook \"policy.acme\": connection refused", true),
        ("Deployment/shop/web dry-run failed (Invalid): spec.selector: Invalid value: field is immutable", false),
    ] {
        let mut voyage = voyage();
        let mut observation = seen();
        let apply = observation.apply.as_mut().unwrap();
        apply.applied = Ancestry::Behind;
        apply.ready = ("False".into(), "ReconciliationFailed".into(), message.into());
        voyage.step(at(1), &observation);
        assert_eq!(voyage.deployment.status == Status::Failed, !passes, "{message}");
        voyage.step(at(62), &observation);
        assert_eq!(voyage.deployment.status, Status::Failed, "{message}");
    }
}

fn release(change: impl FnOnce(&mut ReleaseSeen)) -> ReleaseSeen {
    let condition = |kind: &str, status: &str, reason: &str, message: &str| Condition {
        kind: kind.into(),
        status: status.into(),
        reason: reason.into(),
        message: message.into(),
        last_transition_time: None,
        observed_generation: Some(2),
    };
    let failed = "Helm upgrade failed for release shop/cache with chart redis@2.0.0: context deadline exceeded";
    let mut release = ReleaseSeen {
        key: ObjectKey::new(&ContextName::from("c"), "HelmRelease", "shop", "cache"),
        current: true,
        suspended: false,
        ready: Some(condition(
            "Ready",
            "False",
            "RollbackSucceeded",
            "Helm rollback to previous release shop/cache.v1 succeeded",
        )),
        released: Some(condition("Released", "False", "UpgradeFailed", failed)),
        working: None,
        stalled: None,
    };
    change(&mut release);
    release
}

#[test]
fn a_release_that_is_rolled_back_fails_and_one_that_is_tried_again_does_not() {
    let after = |release: ReleaseSeen| {
        let mut voyage = voyage();
        let mut observation = seen();
        observation.releases = vec![release];
        voyage.step(at(1), &observation);
        observation.why = Some(Vec::new());
        voyage.step(at(2), &observation);
        voyage.deployment
    };
    let deployment = after(release(|_| ()));
    assert_eq!(deployment.status, Status::Failed);
    let told = deployment.trouble().unwrap().to_string();
    assert!(told.contains("rolled back") && told.contains("context deadline exceeded"), "{told}");
    for (change, status, detail) in [
        (
            Box::new(|r: &mut ReleaseSeen| r.working = Some("retrying".into())) as Box<dyn Fn(&mut ReleaseSeen)>,
            Status::Running,
            "tries again",
        ),
        (Box::new(|r| r.current = false), Status::Running, "waits for its controller"),
        (Box::new(|r| r.suspended = true), Status::Waiting, "suspended"),
        (
            Box::new(|r| {
                r.released = None;
                r.ready.as_mut().unwrap().reason = "SourceNotReady".into();
            }),
            Status::Running,
            "waits: ",
        ),
        (Box::new(|r| r.ready.as_mut().unwrap().status = "True".into()), Status::Succeeded, "ready"),
    ] {
        let deployment = after(release(|r| change(r)));
        let said = deployment.stage(StageName::Health).detail.clone();
        assert!(deployment.status == status && said.contains(detail), "{status:?} {detail}: {:?} {said}", deployment.status);
    }
}

#[test]
fn a_kustomization_that_checks_health_has_the_last_word() {
    let message = |objects: &str| format!("health check failed after 30s: timeout waiting for: [{objects}]");
    for (objects, status) in [
        ("Job/shop/migrate status: 'InProgress'", Status::Failed),
        // It came right after Flux had given up on it: the next try will see that.
        ("Deployment/shop/shop-web status: 'InProgress'", Status::Running),
    ] {
        let mut voyage = voyage();
        let mut observation = seen();
        let apply = observation.apply.as_mut().unwrap();
        apply.waits = true;
        apply.applied = Ancestry::Behind;
        apply.ready = ("False".into(), "HealthCheckFailed".into(), message(objects));
        observation.why = Some(Vec::new());
        voyage.step(at(1), &observation);
        voyage.step(at(2), &observation);
        assert_eq!(voyage.deployment.status, status, "{objects}");
    }
}

#[test]
fn nobody_is_late_for_time_that_did_not_pass() {
    let (mut slept, mut waited, seen) =
        (voyage(), voyage(), Observation { git: GitSeen::Landed, live: true, ..Observation::default() });
    for voyage in [&mut slept, &mut waited] {
        voyage.step(at(0), &seen);
        assert_eq!(voyage.deployment.current(), Some(StageName::Sync));
    }
    slept.jumped(9 * 3_600_000);
    slept.step(at(9 * 3600 + 1), &seen);
    assert_eq!(slept.deployment.status, Status::Running, "nine hours of sleep and a second");
    waited.step(at(9 * 3600 + 1), &seen);
    assert_eq!(waited.deployment.status, Status::Failed, "nine hours");
    slept.step(at(9 * 3600 + 601), &seen);
    assert_eq!(slept.deployment.status, Status::Failed, "its own time is over as well");
}
