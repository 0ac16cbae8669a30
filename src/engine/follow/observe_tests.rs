//! Observations, from small worlds.
#![expect(clippy::unwrap_used, reason = "a test fails by failing")]

use super::*;
use domain::actor::Actor;
use domain::deployment::{Method, Stage, StageState, Status};
use domain::flux::{Artifact, Condition, FluxSpec, FluxStatus, ObjectKey};
use domain::ident::{ContextName, EnvironmentId, Slug};
use domain::link::Link;
use domain::project::EnvironmentType;
use domain::workload::{Container, ContainerState};

fn commit(digit: char) -> CommitId {
    CommitId::parse(&digit.to_string().repeat(40)).unwrap()
}

fn environment() -> Environment {
    let id = EnvironmentId::new(Slug::new("shop").unwrap(), Slug::new("dev").unwrap());
    Environment::with_defaults(id, EnvironmentType::Development, ContextName::from("c"))
}

fn deployment(id: &str, apply: StageState) -> Deployment {
    let mut stages: [Stage; 4] = std::array::from_fn(|_| Stage::pending());
    stages[StageName::Apply as usize].state = apply;
    Deployment {
        id: DeploymentId::new(id),
        environment: environment().id,
        method: Method::GitopsUi,
        actor: Actor::system(),
        requested: Time::UNIX_EPOCH,
        finished: None,
        status: Status::Running,
        edits: vec![],
        workload: None,
        message: String::new(),
        branch: "develop".into(),
        files: vec![],
        base: None,
        commit: Some(commit('a')),
        reviewed: String::new(),
        summary: String::new(),
        expect_images: vec![],
        expect_replicas: None,
        automation: None,
        rolls_back: None,
        restore: None,
        proposal: None,
        applied: Vec::new(),
        stages,
    }
}

fn flux(kind: &str, status: FluxStatus) -> Arc<FluxObject> {
    Arc::new(FluxObject {
        key: ObjectKey::new(&ContextName::from("c"), kind, "flux-system", "shop-dev"),
        uid: String::new(),
        resource_version: String::new(),
        generation: 1,
        created: None,
        deleting: false,
        requested_at: None,
        labels: vec![],
        marks: vec![],
        spec: FluxSpec::default(),
        status,
    })
}

fn revision(digit: char) -> Revision {
    Revision::of_branch("develop", &commit(digit))
}

fn world() -> World {
    let artifact = Artifact { revision: revision('b'), last_update_time: None };
    let source = FluxStatus { artifact: Some(Box::new(artifact)), ..FluxStatus::default() };
    let failed = Condition {
        kind: "Ready".into(),
        status: "False".into(),
        reason: "BuildFailed".into(),
        message: "no such file".into(),
        last_transition_time: None,
        observed_generation: None,
    };
    let apply = FluxStatus {
        last_applied_revision: Some(revision('0')),
        last_attempted_revision: Some(revision('b')),
        conditions: vec![failed],
        ..FluxStatus::default()
    };
    let mut links: Vec<Link> = KINDS
        .iter()
        .map(|kind| {
            let namespace = if kind.ends_with("ory") || *kind == "Kustomization" { "" } else { "shop-dev" };
            let of = LinkOf::Kind { cluster: "c".into(), kind: (*kind).into(), namespace: namespace.into() };
            Link { of, state: LinkState::Live }
        })
        .collect();
    links.push(Link { of: LinkOf::Cluster("c".into()), state: LinkState::Live });
    World {
        flux: Arc::new(vec![flux("GitRepository", source), flux("Kustomization", apply)]),
        links: Arc::new(links),
        ..World::default()
    }
}

#[test]
fn revisions_stand_as_history_says() {
    let (world, environment) = (world(), environment());
    assert_eq!(commits(&world, &environment, &deployment("01a", StageState::Pending)), [commit('0'), commit('b')]);
    let ancestry = [(commit('b'), Ancestry::Past), (commit('0'), Ancestry::Behind)].into_iter().collect();
    let known = Known { ancestry, ..Known::default() };
    let seen = observe(&world, &environment, &deployment("01a", StageState::Pending), &known);
    let (source, apply) = (seen.source.unwrap(), seen.apply.unwrap());
    assert_eq!((source.artifact, apply.applied, apply.attempted), (Ancestry::Past, Ancestry::Behind, Ancestry::Past));
    assert_eq!(apply.ready.1, "BuildFailed");
    assert!(seen.live && source.fault.is_none());
}

#[test]
fn one_watch_that_is_not_heard_makes_everything_uncertain_but_only_in_its_own_namespace() {
    let environment = environment();
    for (namespace, expect) in [("shop-dev", false), ("elsewhere", true), ("", false)] {
        let mut world = world();
        let state = LinkState::Stale { since: Time::UNIX_EPOCH, why: "silence".into() };
        let of = LinkOf::Kind { cluster: "c".into(), kind: "Pod".into(), namespace: namespace.into() };
        Arc::make_mut(&mut world.links).push(Link { of, state });
        assert_eq!(live(&world, &environment, Method::GitopsUi), expect, "{namespace}");
    }
    let mut world = world();
    Arc::make_mut(&mut world.links).retain(|l| !l.of.to_string().starts_with("Pod"));
    assert!(!live(&world, &environment, Method::GitopsUi), "a watch that was never begun is not live");
}

#[test]
fn a_workload_that_may_not_be_seen_is_not_waited_for_but_flux_is() {
    for (kind, expect) in [("StatefulSet", true), ("Kustomization", false)] {
        let mut world = world();
        for link in Arc::make_mut(&mut world.links).iter_mut().filter(|l| l.of.to_string().starts_with(kind)) {
            link.state = LinkState::Forbidden { why: "no".into() };
        }
        assert_eq!(live(&world, &environment(), Method::GitopsUi), expect, "{kind}");
    }
}

#[test]
fn only_a_later_deployment_that_is_applied_supersedes() {
    let ours = deployment("01b", StageState::Pending);
    // What was recorded later may have been committed before.
    for (id, state, stands, expect) in [
        ("01c", StageState::Done, Ancestry::Past, true),
        ("01a", StageState::Done, Ancestry::Past, true),
        ("01c", StageState::Running, Ancestry::Past, false),
        ("01c", StageState::Done, Ancestry::Behind, false),
        ("01c", StageState::Done, Ancestry::Unknown, false),
    ] {
        let mut world = world();
        let theirs = Deployment { commit: Some(commit('d')), ..deployment(id, state) };
        world.deployments = [theirs, ours.clone()].into_iter().map(Arc::new).collect();
        let known = Known { ancestry: [(commit('d'), stands)].into_iter().collect(), ..Known::default() };
        assert_eq!(superseded_by(&world, &ours, &known).is_some(), expect, "{id} {stands:?}");
    }
    for (id, expect) in [("01c", true), ("01a", false)] {
        let mut world = world();
        let by_hand = Deployment { method: Method::Manual, ..deployment(id, StageState::Done) };
        world.deployments = [by_hand, ours.clone()].into_iter().map(Arc::new).collect();
        assert_eq!(superseded_by(&world, &ours, &Known::default()).is_some(), expect, "{id} by hand");
    }
}

fn workload(updated: i32) -> Arc<Workload> {
    Arc::new(Workload {
        key: ObjectKey::new(&ContextName::from("c"), "Deployment", "shop-dev", "web"),
        uid: String::new(),
        resource_version: String::new(),
        generation: 2,
        observed_generation: 2,
        created: None,
        replicas: 2,
        updated,
        ready: 1,
        available: 1,
        total: 2,
        containers: vec![Container { name: "web".into(), image: "shop:2".into(), resources: vec![] }],
        selector: vec![("app".into(), "web".into())],
        conditions: vec![],
        applied_by: None,
        released_by: None,
    })
}

fn pod(name: &str, image: &str, hash: &str, created: i64) -> Arc<Pod> {
    Arc::new(Pod {
        key: ObjectKey::new(&ContextName::from("c"), "Pod", "shop-dev", name),
        uid: String::new(),
        resource_version: String::new(),
        created: Time::from_second(created).ok(),
        phase: "Pending".into(),
        deleting: false,
        labels: vec![("app".into(), "web".into()), ("pod-template-hash".into(), hash.into())],
        owner: None,
        conditions: vec![],
        containers: vec![ContainerState {
            name: "web".into(),
            image: image.into(),
            waiting: Some("ImagePullBackOff".into()),
            ..ContainerState::default()
        }],
    })
}

#[test]
fn only_pods_of_the_present_template_are_at_fault() {
    let names = |pods: Vec<Arc<Pod>>, updated, looked: Option<&[(String, i64)]>| {
        let world = World { pods: Arc::new(pods), ..world() };
        let found: Vec<_> = faults(&world, &[workload(updated)], looked).into_iter().map(|f| f.pod).collect();
        found.join(" ")
    };
    let old = pod("old", "shop:1", "h1", 1);
    assert_eq!(names(vec![old.clone(), pod("new", "shop:2", "h2", 2)], 1, None), "new");
    assert_eq!(names(vec![old.clone()], 1, None), "");
    assert_eq!(names(vec![pod("a", "shop:2", "h1", 1), pod("b", "shop:2", "h2", 2)], 1, None), "b");
    assert_eq!(names(vec![pod("a", "shop:2", "h1", 1)], 0, None), "", "its controller has made no new Pod yet");
    assert_eq!(names(vec![pod("a", "shop:2", "h1", 1)], 1, Some(&[("web".to_owned(), 3)])), "", "the watch lags behind");
    assert_eq!(names(vec![pod("a", "registry.example/shop:2", "h1", 1)], 1, None), "a");
}
