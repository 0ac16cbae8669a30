//! Projects, environments, permissions and the journal.

use domain::TroubleKind;
use domain::actor::{Actor, Role};
use domain::ident::Slug;
use domain::journal::Phase;
use domain::orders::{
    Deploy, KeepDraft, ManualSync, Many, Order, RemoveEnvironment, RemoveProject, Resume, SaveEnvironment, SaveProject, Suspend,
};
use domain::project::Environment;
use domain::query::{Answer, AuditFilter, Query};

use super::bed::{self, Bed, ada, development, shop};
use super::deploy::{draft, image};
use crate::Engine;
use crate::follow::promise;

async fn audit(engine: &Engine) -> Vec<String> {
    let answer = engine.ask(&ada(), Query::Audit(AuditFilter::default())).await.unwrap();
    let Answer::Audit(entries) = answer else { panic!("no audit: {answer:?}") };
    entries.iter().rev().map(|e| format!("{} {} {}", e.record.act, e.record.object, e.record.phase.word())).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_are_kept_and_every_order_stands_in_the_journal() {
    let bed = Bed::new();
    let engine = bed.engine();
    let save = SaveProject { project: bed.project(), new: true };
    engine.give(&ada(), save.clone()).await.unwrap();
    let again = engine.give(&ada(), save.clone()).await.unwrap_err();
    assert_eq!(again.kind, TroubleKind::Usage, "{again}");
    engine.give(&ada(), SaveProject { new: false, ..save }).await.unwrap();
    let environment = Bed::environment("dev", domain::project::EnvironmentType::Development);
    let order = SaveEnvironment { environment: environment.clone(), new: true, create_objects: false, setup: None };
    engine.give(&ada(), order).await.unwrap();
    let mut stray = environment.clone();
    stray.id.project = Slug::new("nobody").unwrap();
    let order = SaveEnvironment { environment: stray, new: true, create_objects: false, setup: None };
    assert_eq!(engine.give(&ada(), order).await.unwrap_err().kind, TroubleKind::NotFound);
    bed::until(&engine, "the environment", |w| w.environment(&environment.id).is_some() && w.project(&shop()).is_some()).await;
    engine.give(&ada(), RemoveEnvironment::new(environment.id.clone())).await.unwrap();
    engine.give(&ada(), RemoveProject { slug: shop() }).await.unwrap();
    assert_eq!(engine.give(&ada(), RemoveProject { slug: shop() }).await.unwrap_err().kind, TroubleKind::NotFound);
    bed::until(&engine, "the removal", |w| w.projects.is_empty() && w.environments.is_empty()).await;
    let told = audit(&engine).await;
    let expect = [
        "project.add shop intent",
        "project.add shop done",
        "project.add shop intent",
        "project.add shop refused",
        "project.edit shop intent",
        "project.edit shop done",
        "environment.add shop/dev intent",
        "environment.add shop/dev done",
        "environment.add nobody/dev intent",
        "environment.add nobody/dev refused",
        "environment.remove shop/dev intent",
        "environment.remove shop/dev done",
        "project.remove shop intent",
        "project.remove shop done",
        "project.remove shop intent",
        "project.remove shop refused",
    ];
    assert_eq!(told, expect);
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_not_is_refused_and_that_is_recorded() {
    let bed = Bed::new();
    let engine = bed.engine();
    for role in [Role::Viewer, Role::Operator] {
        let actor = Actor { role, ..ada() };
        let trouble = engine.give(&actor, SaveProject { project: bed.project(), new: true }).await.unwrap_err();
        assert_eq!(trouble.kind, TroubleKind::Refused);
    }
    assert_eq!(audit(&engine).await, ["project.add shop refused", "project.add shop refused"]);
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_in_a_context_that_is_only_looked_at_takes_no_order_wherever_one_comes_from() {
    let bed = Bed::new();
    let engine = bed.engine();
    bed.furnish(&engine, &[development()]).await;
    let suspend = Suspend { key: promise::kustomization(&development()) };
    engine.give(&ada(), suspend.clone()).await.unwrap();
    engine.stop().await;

    let engine = bed.engine_that_bars("harbour");
    let before = engine.now();
    assert!(before.barred.holds(&"harbour".into()));
    let moved = Environment { cluster: "elsewhere".into(), ..development() };
    let orders: [Order; 6] = [
        Resume { key: suspend.key.clone() }.into(),
        Many::of([Resume { key: suspend.key.clone() }, Resume { key: suspend.key.clone() }]).unwrap(),
        Deploy { draft: draft(vec![image("9.9.9")]), reviewed: None, dry_run: false }.into(),
        ManualSync { environment: development().id, commit: None }.into(),
        SaveEnvironment { environment: moved, new: false, create_objects: false, setup: None }.into(),
        RemoveProject { slug: shop() }.into(),
    ];
    for order in orders {
        let act = order.terms().act();
        let found = engine.give(&ada(), order).await;
        let trouble = found.map_or_else(Some, |outcome| outcome.faults().next().cloned()).unwrap();
        let said = (trouble.kind, trouble.what.as_str(), trouble.why.as_str());
        assert_eq!(said, (TroubleKind::Refused, "No order is given", "the test forbids every one in harbour"), "{act}");
    }
    // A draft is nobody's but ours, and what it would come to may be looked at.
    engine.give(&ada(), KeepDraft { draft: draft(vec![image("9.9.9")]) }).await.unwrap();
    engine.give(&ada(), Deploy { draft: draft(vec![image("9.9.9")]), reviewed: None, dry_run: true }).await.unwrap();
    let object = bed.object("Kustomization", "flux-system", "shop-dev").unwrap();
    assert_eq!(object["spec"]["suspend"], true);
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_published_when_nothing_changes() {
    let bed = Bed::new();
    let engine = bed.engine();
    bed.furnish(&engine, &[development()]).await;
    bed::until(&engine, "the objects", |w| w.kustomization(&development()).is_some_and(|k| k.revision().is_some())).await;
    let mut worlds = engine.world();
    // Controllers have settled when nothing was heard for a while; then all must be quiet.
    while tokio::time::timeout(bed::QUIET, worlds.changed()).await.is_ok() {
        worlds.borrow_and_update();
    }
    let before = engine.now();
    engine.give(&ada(), SaveProject { project: bed.project(), new: false }).await.unwrap();
    let after = bed::until(&engine, "the journal", |w| w.audit.len() > before.audit.len() + 1).await;
    assert!(std::sync::Arc::ptr_eq(&before.flux, &after.flux), "a slice that did not change keeps its Arc");
    assert!(std::sync::Arc::ptr_eq(&before.environments, &after.environments));
    assert!(after.audit.iter().any(|e| e.record.phase == Phase::Done));
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_that_could_not_work_is_refused_by_its_field() {
    let bed = Bed::new();
    let engine = bed.engine();
    let mut project = bed.project();
    project.repository.default_branch = "a b".to_owned();
    let trouble = engine.give(&ada(), SaveProject { project, new: true }).await.unwrap_err();
    assert_eq!((trouble.kind, trouble.what.as_str()), (TroubleKind::Usage, "That cannot be the branch"));
    engine.give(&ada(), SaveProject { project: bed.project(), new: true }).await.unwrap();
    let mut environment = development();
    environment.gitops.interval = "soon".to_owned();
    let order = SaveEnvironment { environment, new: true, create_objects: true, setup: None };
    let trouble = engine.give(&ada(), order).await.unwrap_err();
    assert_eq!((trouble.kind, trouble.what.as_str()), (TroubleKind::Usage, "That cannot be the interval"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_that_panics_is_told_and_everything_else_goes_on() {
    let bed = Bed::new();
    let engine = bed.engine();
    engine.core.spawn("the lookout", async { panic!("it fell asleep") });
    bed::until(&engine, "the mishap", |w| {
        w.mishaps.iter().any(|m| m.trouble.object == "the lookout" && m.trouble.why == "it fell asleep")
    })
    .await;
    engine.give(&ada(), SaveProject { project: bed.project(), new: true }).await.unwrap();
    bed::until(&engine, "the project", |w| w.project(&shop()).is_some()).await;
}
