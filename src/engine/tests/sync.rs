//! Environments that are synced by hand.

use domain::TroubleKind;
use domain::change::Draft;
use domain::deployment::{StageName, Status};
use domain::journal::SyncPromise;
use domain::orders::{Deploy, ManualSync, SaveEnvironment};
use domain::project::{ApprovalRule, Environment, EnvironmentType};
use domain::revision::CommitId;
use domain::world::World;

use super::bed::{self, Bed, LONG, ada};
use super::deploy::{image, states};
use crate::Engine;
use crate::follow::promise;

fn production() -> Environment {
    let mut environment = Bed::environment("prod", EnvironmentType::Production);
    environment.approval = ApprovalRule::default();
    environment
}

async fn deploy(engine: &Engine, environment: &Environment, tag: &str) -> domain::ident::DeploymentId {
    let draft = Draft { edits: vec![image(tag)], ..Draft::new(environment.id.clone()) };
    let outcome = engine.give(&ada(), Deploy { draft, reviewed: None, dry_run: false }).await.unwrap();
    outcome.deployment.unwrap()
}

fn suspended(world: &World, environment: &Environment) -> bool {
    world.kustomization(environment).is_some_and(|k| k.suspended() && k.marks.is_empty())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deployment_waits_for_the_sync_which_suspends_again() {
    let bed = Bed::new();
    let engine = bed.engine();
    let production = production();
    bed.furnish(&engine, std::slice::from_ref(&production)).await;
    bed::until(&engine, "the suspended object", |w| suspended(w, &production)).await;
    let id = deploy(&engine, &production, "1.8.5").await;
    let waiting = engine.wait_settled(&id, LONG).await.unwrap();
    assert_eq!((waiting.status, waiting.current()), (Status::Waiting, Some(StageName::Apply)), "{}", states(&waiting));
    let outcome = engine.give(&ada(), ManualSync { environment: production.id.clone(), commit: None }).await.unwrap();
    assert!(outcome.said.contains("suspended again"), "{}", outcome.said);
    let deployment = engine.wait_over(&id, LONG).await.unwrap();
    assert_eq!(deployment.status, Status::Succeeded, "{}", states(&deployment));
    let world = bed::until(&engine, "suspended again", |w| suspended(w, &production) && w.promises.is_empty()).await;
    let applied = world.kustomization(&production).unwrap().status.last_applied_revision.clone().unwrap();
    assert_eq!(applied.commit(), deployment.commit);
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_the_source_does_not_hold_is_refused_and_nothing_is_resumed() {
    let bed = Bed::new();
    let engine = bed.engine();
    let production = production();
    bed.furnish(&engine, std::slice::from_ref(&production)).await;
    bed::until(&engine, "the suspended object", |w| suspended(w, &production)).await;
    let wanted = deploy(&engine, &production, "1.8.5").await;
    let wanted = engine.wait_settled(&wanted, LONG).await.unwrap().commit.clone();
    let later = bed.commit("main", "later.txt", "not approved\n");
    let trouble = engine.give(&ada(), ManualSync { environment: production.id.clone(), commit: wanted }).await.unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::Refused, "{trouble}");
    assert!(trouble.to_string().contains(later.short()), "{trouble}");
    let world = engine.now();
    assert!(suspended(&world, &production) && world.promises.is_empty());
    assert!(world.kustomization(&production).unwrap().status.last_applied_revision.is_none());
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sync_that_was_cut_off_is_finished_by_the_next_engine() {
    let bed = Bed::new();
    let production = production();
    let engine = bed.engine();
    bed.furnish(&engine, std::slice::from_ref(&production)).await;
    bed::until(&engine, "the suspended object", |w| suspended(w, &production)).await;
    let mut engine = engine;
    // Cut off at other moments each time: at the promise, at the resumed object, and while it is applied.
    for (round, tag) in ["1.8.5", "1.8.6", "1.8.7"].into_iter().enumerate() {
        let id = deploy(&engine, &production, tag).await;
        engine.wait_settled(&id, LONG).await.unwrap();
        let (giver, order) = (engine.clone(), ManualSync { environment: production.id.clone(), commit: None });
        let running = tokio::spawn(async move { giver.give(&ada(), order).await });
        bed::until(&engine, "the moment", |w| {
            let kustomization = w.kustomization(&production).unwrap();
            match round {
                0 => !w.promises.is_empty(),
                1 => !kustomization.suspended(),
                _ => kustomization.condition("Reconciling").is_some() || !w.promises.is_empty(),
            }
        })
        .await;
        engine.stop().await;
        drop(running.await);
        drop(engine);
        engine = bed.engine();
        bed::until(&engine, "the kept promise", |w| w.promises.is_empty() && suspended(w, &production)).await;
        let deployment = engine.wait_until(&id, LONG, |d| d.is_over() || d.status() == Status::Waiting).await.unwrap();
        if deployment.status == Status::Waiting {
            // It was cut off before anything was resumed, or suspended before it was applied: then the sync is running again.
            engine.give(&ada(), ManualSync { environment: production.id.clone(), commit: None }).await.unwrap();
        }
        let deployment = engine.wait_over(&id, LONG).await.unwrap();
        assert_eq!(deployment.status, Status::Succeeded, "{tag}: {}", states(&deployment));
        bed::until(&engine, "suspended again", |w| w.promises.is_empty() && suspended(w, &production)).await;
    }
    engine.stop().await;
}

fn promise_of(environment: &Environment, commit: &CommitId) -> SyncPromise {
    SyncPromise {
        environment: environment.id.clone(),
        kustomization: environment.gitops.kustomization.clone(),
        commit: commit.to_string(),
        actor: ada(),
        since: domain::Time::now(),
        token: "ours".into(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_somebody_else_resumed_on_purpose_is_left_so() {
    let bed = Bed::new();
    let engine = bed.engine();
    let production = production();
    bed.furnish(&engine, std::slice::from_ref(&production)).await;
    bed::until(&engine, "the suspended object", |w| suspended(w, &production)).await;
    let head = CommitId::parse(&bed.git(&["rev-parse", "main"])).unwrap();
    let promise = promise_of(&production, &head);
    let key = promise::kustomization(&production);
    for by_hand in [false, true] {
        let said = promise::apply(&engine.core, &production, &promise).await.unwrap();
        assert!(said.contains(head.short()), "{said}");
        if by_hand {
            engine.give(&ada(), domain::orders::Resume { key: key.clone() }).await.unwrap();
        }
        let kept = promise::suspend_again(&engine.core, &production, &promise).await.unwrap();
        assert_eq!(matches!(kept, promise::Kept::Left(_)), by_hand);
        let object = bed.object("Kustomization", "flux-system", "shop-prod").unwrap();
        assert_eq!(object["spec"]["suspend"], !by_hand, "{object}");
    }
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_branch_that_moves_on_between_check_and_apply_is_told() {
    let bed = Bed::new();
    let engine = bed.engine();
    let production = production();
    bed.furnish(&engine, std::slice::from_ref(&production)).await;
    bed::until(&engine, "the suspended object", |w| suspended(w, &production)).await;
    let wanted = CommitId::parse(&bed.git(&["rev-parse", "main"])).unwrap();
    let later = bed.commit("main", "later.txt", "not approved\n");
    engine.give(&ada(), domain::orders::Reconcile { key: promise::source(&production), with_source: false }).await.unwrap();
    let holds = |w: &World| w.source(&production).and_then(|s| s.status.artifact.as_ref()).and_then(|a| a.revision.commit());
    bed::until(&engine, "the later commit", |w| holds(w).as_ref() == Some(&later)).await;
    let trouble = promise::apply(&engine.core, &production, &promise_of(&production, &wanted)).await.unwrap_err();
    assert_eq!(trouble.what, "Another commit than the wanted one was applied");
    assert!(trouble.why.contains(later.short()) && trouble.why.contains(wanted.short()), "{trouble}");
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_setting_of_auto_sync_suspends_and_resumes() {
    let bed = Bed::new();
    let engine = bed.engine();
    let mut environment = production();
    bed.furnish(&engine, std::slice::from_ref(&environment)).await;
    for auto_sync in [true, false] {
        environment.gitops.auto_sync = auto_sync;
        let order = SaveEnvironment { environment: environment.clone(), new: false, create_objects: false, setup: None };
        engine.give(&ada(), order).await.unwrap();
        bed::until(&engine, "the change", |w| w.kustomization(&environment).is_some_and(|k| k.suspended() != auto_sync)).await;
    }
    let order = ManualSync { environment: environment.id.clone(), commit: None };
    engine.give(&ada(), domain::orders::Resume { key: promise::kustomization(&environment) }).await.unwrap();
    let trouble = engine.give(&ada(), order).await.unwrap_err();
    assert_eq!(trouble.what, "It is not suspended");
    engine.stop().await;
}
