//! Deployments: from the form to healthy Pods, and every way in which that fails.

use std::sync::Arc;

use domain::TroubleKind;
use domain::change::{Draft, FormFacts, Preview};
use domain::deployment::{Deployment, StageName, StageState, Status};
use domain::edit::{Edit, Field};
use domain::orders::{Deploy, KeepDraft, Outcome};
use domain::query::{Answer, Query};

use super::bed::{self, Bed, LONG, ada, development};
use crate::Engine;

pub(super) fn image(tag: &str) -> Edit {
    Edit::set(Field::ImageTag, tag)
}

pub(super) fn draft(edits: Vec<Edit>) -> Draft {
    Draft { edits, ..Draft::new(development().id) }
}

pub(super) async fn preview(engine: &Engine, draft: &Draft) -> Arc<Preview> {
    let answer = engine.ask(&ada(), Query::Preview(draft.clone())).await.unwrap();
    let Answer::Preview(preview) = answer else { panic!("no preview: {answer:?}") };
    preview
}

async fn form(engine: &Engine) -> Arc<FormFacts> {
    let answer = engine.ask(&ada(), Query::Form(development().id)).await.unwrap();
    let Answer::Form(form) = answer else { panic!("no form: {answer:?}") };
    form
}

async fn kept(engine: &Engine) -> Option<Draft> {
    let answer = engine.ask(&ada(), Query::Draft(development().id)).await.unwrap();
    let Answer::Draft(draft) = answer else { panic!("no draft: {answer:?}") };
    draft.map(|draft| *draft)
}

pub(super) async fn submit(engine: &Engine, draft: Draft) -> Result<Outcome, domain::Trouble> {
    engine.give(&ada(), Deploy { draft, reviewed: None, dry_run: false }).await
}

pub(super) fn states(deployment: &Deployment) -> String {
    let word = |state: &StageState| match state {
        StageState::Pending => "pending".to_owned(),
        StageState::Running => "running".to_owned(),
        StageState::Waiting => "waiting".to_owned(),
        StageState::Done => "done".to_owned(),
        StageState::Skipped => "skipped".to_owned(),
        StageState::Failed { trouble } => format!("failed ({trouble})"),
    };
    deployment.stages.iter().map(|s| word(&s.state)).collect::<Vec<_>>().join(", ")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_travels_from_the_form_to_healthy_pods() {
    let bed = Bed::new();
    let engine = bed.engine();
    bed.furnish(&engine, &[development()]).await;
    bed::until(&engine, "the first rollout", |w| w.agreement(&development()) == Some(true)).await;
    let form = form(&engine).await;
    assert_eq!(form.find(None, &Field::ImageTag).unwrap().value, "1.8.4");
    let draft = draft(vec![image("1.8.5"), Edit::set(Field::Replicas, "3")]);
    engine.give(&ada(), KeepDraft { draft: draft.clone() }).await.unwrap();
    let shown = preview(&engine, &draft).await;
    let order = Deploy { draft: draft.clone(), reviewed: Some(shown.digest.clone()), dry_run: false };
    let outcome = engine.give(&ada(), order).await.unwrap();
    let id = outcome.deployment.unwrap();
    let deployment = engine.wait_over(&id, LONG).await.unwrap();
    assert_eq!(states(&deployment), "done, done, done, done");
    assert_eq!(deployment.status, Status::Succeeded);
    assert!(deployment.summary.contains("1.8.5"), "{}", deployment.summary);
    let world = bed::until(&engine, "agreement", |w| {
        let environment = development();
        let replicas = w.workloads_of(&environment).iter().all(|x| x.replicas == 3 && x.ready == 3);
        replicas && w.agreement(&environment) == Some(true) && w.git_view(&environment.id).is_some_and(|g| g.replicas == Some(3))
    })
    .await;
    assert!(kept(&engine).await.is_none(), "the draft goes when it has landed");
    let message = bed.git(&["log", "-1", "--format=%an <%ae>%n%B", "develop"]);
    assert!(message.starts_with("Ada <ada@acme.example>\n"), "{message}");
    for trailer in [format!("Deployment-Id: {id}"), "Environment: shop/dev".into(), "Deployment-Method: gitops-ui".into()] {
        assert!(message.contains(&trailer), "{message}");
    }
    let changed = bed.git(&["show", "--format=", "--numstat", "develop"]);
    assert_eq!(changed, "2\t2\tk8s/overlays/development/kustomization.yaml", "only the lines that change");
    let acts: Vec<_> = world.audit.iter().rev().filter(|e| e.record.act == "deploy").map(|e| e.record.phase.word()).collect();
    assert_eq!(acts, ["intent", "intent", "done"]);
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_image_that_cannot_be_pulled_and_one_that_crashes_fail_in_words() {
    let bed = Bed::new();
    let engine = bed.engine();
    bed.furnish(&engine, &[development()]).await;
    for (tag, words) in [("missing", &["ImagePullBackOff", "missing"][..]), ("crash", &["CrashLoopBackOff", "log lines"][..])] {
        let outcome = submit(&engine, draft(vec![image(tag)])).await.unwrap();
        let deployment = engine.wait_over(&outcome.deployment.unwrap(), LONG).await.unwrap();
        assert_eq!(deployment.status, Status::Failed, "{tag}: {}", states(&deployment));
        assert_eq!(deployment.current(), Some(StageName::Health), "{tag}");
        let trouble = deployment.trouble().unwrap().to_string();
        assert!(words.iter().all(|word| trouble.contains(word)), "{tag}: {trouble}");
    }
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_branch_that_moved_loses_nobodys_change_and_a_changed_review_is_asked_again() {
    let bed = Bed::new();
    let engine = bed.engine();
    bed.furnish(&engine, &[development()]).await;
    let draft = draft(vec![image("1.8.5")]);
    let shown = preview(&engine, &draft).await;
    bed.commit("develop", "README.md", "# read me\n");
    let order = Deploy { draft: draft.clone(), reviewed: Some(shown.digest.clone()), dry_run: false };
    let outcome = engine.give(&ada(), order).await.unwrap();
    assert_eq!(bed.git(&["show", "develop:README.md"]), "# read me");
    assert_eq!(bed.git(&["rev-list", "--merges", "--count", "develop"]), "0");
    engine.wait_over(&outcome.deployment.unwrap(), LONG).await.unwrap();

    let draft = Draft { edits: vec![image("1.8.6")], ..draft };
    let shown = preview(&engine, &draft).await;
    let overlay = bed.git(&["show", "develop:k8s/overlays/development/kustomization.yaml"]);
    bed.commit(
        "develop",
        "k8s/overlays/development/kustomization.yaml",
        &format!("{}\n", overlay.replace("count: 2", "count: 4")),
    );
    let order = Deploy { draft: draft.clone(), reviewed: Some(shown.digest.clone()), dry_run: false };
    let head = bed.git(&["rev-parse", "develop"]);
    let trouble = engine.give(&ada(), order.clone()).await.unwrap_err();
    assert_eq!((trouble.kind, trouble.what.as_str()), (TroubleKind::Refused, "What was reviewed has changed"));
    assert_eq!(bed.git(&["rev-parse", "develop"]), head, "nothing was pushed");
    let shown = preview(&engine, &draft).await;
    engine.give(&ada(), Deploy { reviewed: Some(shown.digest.clone()), ..order }).await.unwrap();
    let overlay = bed.git(&["show", "develop:k8s/overlays/development/kustomization.yaml"]);
    assert!(overlay.contains("count: 4") && overlay.contains("1.8.6"), "{overlay}");
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_branch_that_moves_between_fetch_and_push_is_followed() {
    let bed = Bed::new();
    let engine = bed.engine();
    bed.furnish(&engine, &[development()]).await;
    // The server itself takes somebody else's commit while ours is on its way, once.
    bed.hook("pre-receive", &bed.script_that_commits_once("develop", "NOTES.md"));
    let outcome = submit(&engine, draft(vec![image("1.8.5")])).await.unwrap();
    let deployment = engine.wait_over(&outcome.deployment.unwrap(), LONG).await.unwrap();
    assert_eq!(deployment.status, Status::Succeeded, "{}", states(&deployment));
    assert_eq!(bed.git(&["show", "develop:NOTES.md"]), "theirs");
    assert_eq!(bed.git(&["rev-list", "--merges", "--count", "develop"]), "0");
    assert_eq!(bed.ours("develop").len(), 1);
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_push_shows_the_servers_words_and_keeps_the_draft() {
    let bed = Bed::new();
    let engine = bed.engine();
    bed.furnish(&engine, &[development()]).await;
    bed.hook("pre-receive", "#!/bin/sh\necho 'this branch is protected by the harbour master' >&2\nexit 1\n");
    let draft = draft(vec![image("1.8.5")]);
    let trouble = submit(&engine, draft.clone()).await.unwrap_err();
    assert!(trouble.to_string().contains("protected by the harbour master"), "{trouble}");
    assert_eq!(kept(&engine).await, Some(draft.clone()), "the draft stays");
    let world = bed::until(&engine, "the failure", |w| w.deployments.first().is_some_and(|d| d.status() == Status::Failed)).await;
    assert_eq!(world.deployments.first().unwrap().current(), Some(StageName::Commit));
    assert!(bed.ours("develop").is_empty());
    bed.unhook("pre-receive");
    let outcome = submit(&engine, draft).await.unwrap();
    let deployment = engine.wait_over(&outcome.deployment.unwrap(), LONG).await.unwrap();
    assert_eq!(deployment.status, Status::Succeeded, "{}", states(&deployment));
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_makes_no_sense_is_refused_before_anything_is_written() {
    let bed = Bed::new();
    let engine = bed.engine();
    let mut guarded = development();
    bed.furnish(&engine, std::slice::from_ref(&guarded)).await;
    let head = bed.git(&["rev-parse", "develop"]);
    let nothing = submit(&engine, draft(vec![image("1.8.4")])).await.unwrap_err();
    assert_eq!(nothing.what, "Nothing would change");
    let dry = Deploy { draft: draft(vec![image("1.8.5")]), reviewed: None, dry_run: true };
    let dry = engine.give(&ada(), dry).await.unwrap().preview.unwrap();
    assert_eq!(dry.files.len(), 1);
    guarded.gitops.enabled = false;
    let save = domain::orders::SaveEnvironment { environment: guarded, new: false, create_objects: false, setup: None };
    engine.give(&ada(), save).await.unwrap();
    let trouble = submit(&engine, draft(vec![image("1.8.5")])).await.unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::Usage, "{trouble}");
    assert_eq!(bed.git(&["rev-parse", "develop"]), head);
    assert!(engine.now().deployments.is_empty());
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_later_deployment_takes_the_place_of_one_that_hangs() {
    let bed = Bed::new();
    let engine = bed.engine();
    bed.furnish(&engine, &[development()]).await;
    let first = submit(&engine, draft(vec![image("slow")])).await.unwrap().deployment.unwrap();
    engine.wait_until(&first, LONG, |d| d.current() == Some(StageName::Health)).await.unwrap();
    let second = submit(&engine, draft(vec![image("1.8.5")])).await.unwrap().deployment.unwrap();
    let second = engine.wait_over(&second, LONG).await.unwrap();
    assert_eq!(second.status, Status::Succeeded, "{}", states(&second));
    let first = engine.wait_over(&first, LONG).await.unwrap();
    assert_eq!(first.status, Status::Superseded, "{}", states(&first));
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_dies_in_the_middle_ends_in_the_truth() {
    let bed = Bed::new();
    let engine = bed.engine();
    bed.furnish(&engine, &[development()]).await;
    // After the branch was updated: it landed, though nobody said so. Before: it did not, and is sent once more.
    for (hook, tag) in [("post-update", "1.8.5"), ("pre-receive", "1.8.6")] {
        bed.hook(hook, &bed.script_that_kills_once(tag));
        let outcome = submit(&engine, draft(vec![image(tag)])).await.unwrap();
        let id = outcome.deployment.unwrap();
        let deployment = engine.wait_over(&id, LONG).await.unwrap();
        assert_eq!(deployment.status, Status::Succeeded, "{hook}: {}", states(&deployment));
        assert_eq!(bed.with_trailer(id.as_str()), 1, "{hook}");
        bed.unhook(hook);
    }
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_goes_on_when_its_caller_leaves() {
    let bed = Bed::new();
    let engine = bed.engine();
    bed.furnish(&engine, &[development()]).await;
    let left = tokio::time::timeout(std::time::Duration::ZERO, submit(&engine, draft(vec![image("1.8.5")]))).await;
    assert!(left.is_err(), "it cannot be through at once");
    let done = |w: &domain::world::World| w.deployments.first().is_some_and(|d| d.status() == Status::Succeeded);
    bed::until(&engine, "the deployment", done).await;
    engine.settle().await;
    engine.stop().await;
}
