//! Going back and going on: rollback, revert and promote, with what others did in between.

use std::sync::Arc;

use domain::TroubleKind;
use domain::change::{Draft, Preview};
use domain::deployment::{Deployment, Method, Status};
use domain::edit::{Choice, Edit, Field};
use domain::flux::ObjectKey;
use domain::ident::{DeploymentId, EnvironmentId};
use domain::orders::Deploy;
use domain::project::EnvironmentType;
use domain::promotion::{Promote, PromotePart, Promotion};
use domain::query::{Answer, Query};
use domain::restore::{Back, Side, Undone};
use git::FileChange;
use serde_json::json;

use super::bed::{self, Bed, LONG, ada, development};
use super::deploy::{draft, image, preview, submit};
use crate::Engine;

const OVERLAY: &str = "k8s/overlays/development/kustomization.yaml";

async fn back(engine: &Engine, back: Back) -> Result<Draft, domain::Trouble> {
    match engine.ask(&ada(), Query::Back(development().id, back)).await? {
        Answer::Draft(Some(draft)) => Ok(*draft),
        other => panic!("no draft: {other:?}"),
    }
}

async fn shipped(engine: &Engine, edits: Vec<Edit>) -> Arc<Deployment> {
    let outcome = submit(engine, draft(edits)).await.unwrap();
    engine.wait_over(&outcome.deployment.unwrap(), LONG).await.unwrap()
}

async fn give(engine: &Engine, draft: Draft, shown: &Preview) -> DeploymentId {
    let order = Deploy { draft, reviewed: Some(shown.digest.clone()), dry_run: false };
    engine.give(&ada(), order).await.unwrap().deployment.unwrap()
}

fn overlay(bed: &Bed) -> String {
    bed.git(&["show", &format!("develop:{OVERLAY}")]) + "\n"
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_image_goes_back_to_the_last_healthy_one_and_what_others_did_stays() {
    let bed = Bed::new();
    let engine = bed.engine();
    bed.furnish(&engine, &[development()]).await;
    let good = shipped(&engine, vec![image("1.8.5")]).await;
    assert_eq!(good.status, Status::Succeeded);
    let bad = shipped(&engine, vec![image("missing")]).await;
    assert_eq!(bad.status, Status::Failed);
    // Somebody else works on in the same file.
    bed.commit("develop", OVERLAY, &overlay(&bed).replace("count: 2", "count: 3"));
    bed::until(&engine, "their deployment", |w| w.deployments.iter().any(|d| d.method() == Method::GitopsGit)).await;
    let draft = back(&engine, Back::Previous).await.unwrap();
    let restore = draft.restore.clone().unwrap();
    assert_eq!(restore.to.as_ref(), Some(&good.id));
    assert_eq!(restore.undoes.iter().map(|u| &u.deployment).collect::<Vec<_>>(), [&bad.id]);
    let shown = preview(&engine, &draft).await;
    assert_eq!(shown.open_questions(), 0, "{:?}", shown.restoring);
    assert_eq!(shown.files.len(), 1);
    assert_eq!(shown.files[0].after.as_deref(), Some(overlay(&bed).replace("missing", "1.8.5").as_str()));
    let subject = shown.message.lines().next().unwrap().to_owned();
    assert_eq!(subject, format!("Roll back shop dev to deployment {} (image 1.8.5)", good.id.short()));
    let id = give(&engine, draft, &shown).await;
    let over = engine.wait_over(&id, LONG).await.unwrap();
    assert_eq!(over.status, Status::Succeeded);
    assert_eq!(over.rolls_back.as_ref(), Some(&bad.id));
    assert!(over.summary.contains("missing \u{2192} 1.8.5"), "{}", over.summary);
    let message = bed.git(&["log", "-1", "--format=%B", "develop"]);
    for trailer in [format!("Rolls-Back: {}", bad.id), format!("Rolls-Back-To: {}", good.id), format!("Deployment-Id: {id}")] {
        assert!(message.contains(&trailer), "{message}");
    }
    assert!(overlay(&bed).contains("count: 3") && overlay(&bed).contains("newTag: 1.8.5"));
    let acts: Vec<_> =
        engine.now().audit.iter().rev().filter(|e| e.record.act == "rollback").map(|e| e.record.phase.word()).collect();
    assert_eq!(acts, ["intent", "intent", "done"]);

    // There already: said, and nothing is committed.
    let head = bed.git(&["rev-parse", "develop"]);
    let again = back(&engine, Back::To(good.id.clone())).await.unwrap();
    let order = Deploy { draft: again, reviewed: None, dry_run: false };
    let trouble = engine.give(&ada(), order).await.unwrap_err();
    assert_eq!((trouble.kind, trouble.what.as_str()), (TroubleKind::Usage, "Nothing would change"));
    assert_eq!(bed.git(&["rev-parse", "develop"]), head);

    // What was suspended for it before it failed is named: it stays so.
    let kind = "ImageUpdateAutomation";
    let meta = json!({"name": "shop", "namespace": "flux-system"});
    let spec = json!({"interval": "1h", "sourceRef": {"kind": "GitRepository", "name": "flux-system"}});
    bed.put(&json!({"apiVersion": "image.toolkit.fluxcd.io/v1", "kind": kind, "metadata": meta, "spec": spec}));
    let mut draft = back(&engine, Back::Revert(id)).await.unwrap();
    let key = |name: &str| ObjectKey::new(&"harbour".into(), kind, "flux-system", name);
    draft.restore.as_mut().unwrap().suspend = vec![key("shop"), key("gone")];
    let trouble = engine.give(&ada(), Deploy { draft, reviewed: None, dry_run: false }).await.unwrap_err();
    assert!(trouble.object.contains("gone") && trouble.next.contains("flux-system/shop is suspended, and stays so"), "{trouble}");
    assert_eq!(bed.object(kind, "flux-system", "shop").unwrap()["spec"]["suspend"], true);
    assert_eq!(bed.git(&["rev-parse", "develop"]), head);
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_overlap_is_asked_and_a_moved_branch_asks_again() {
    let bed = Bed::new();
    let engine = bed.engine();
    bed.furnish(&engine, &[development()]).await;
    let first = shipped(&engine, vec![image("1.8.5")]).await;
    let second = shipped(&engine, vec![image("1.8.6"), Edit::set(Field::Replicas, "3")]).await;
    bed.commit("develop", OVERLAY, &overlay(&bed).replace("1.8.6", "1.8.7"));
    let mut draft = back(&engine, Back::To(first.id.clone())).await.unwrap();
    let shown = preview(&engine, &draft).await;
    let restoring = shown.restoring.clone().unwrap();
    assert_eq!((restoring.overlaps.len(), shown.open_questions()), (1, 1));
    let overlap = &restoring.overlaps[0];
    assert_eq!((overlap.file.as_str(), overlap.line), (OVERLAY, Some(7)));
    assert!(overlap.theirs.as_deref().unwrap().contains("1.8.7") && overlap.restored.as_deref().unwrap().contains("1.8.5"));
    assert!(overlap.by[0].starts_with("Eve: Something else ("), "{:?}", overlap.by);
    let order = Deploy { draft: draft.clone(), reviewed: None, dry_run: false };
    let trouble = engine.give(&ada(), order).await.unwrap_err();
    assert!(trouble.to_string().contains("kustomization.yaml:7 (Eve"), "{trouble}");
    // Theirs stays, the rest goes back.
    draft.restore.as_mut().unwrap().settle(&overlap.mark, Side::Theirs);
    let shown = preview(&engine, &draft).await;
    assert_eq!(shown.open_questions(), 0);
    let after = shown.files[0].after.clone().unwrap();
    assert!(after.contains("1.8.7") && after.contains("count: 2"), "{after}");
    // Or what was there comes back.
    draft.restore.as_mut().unwrap().settle(&overlap.mark, Side::Restored);
    let shown = preview(&engine, &draft).await;
    let after = shown.files[0].after.clone().unwrap();
    assert!(after.contains("1.8.5") && after.contains("count: 2"), "{after}");
    // Somebody changes the same line between review and push: asked again.
    bed.commit("develop", OVERLAY, &overlay(&bed).replace("1.8.7", "1.8.8"));
    let order = Deploy { draft: draft.clone(), reviewed: Some(shown.digest.clone()), dry_run: false };
    let head = bed.git(&["rev-parse", "develop"]);
    assert_eq!(engine.give(&ada(), order).await.unwrap_err().kind, TroubleKind::Refused);
    assert_eq!(bed.git(&["rev-parse", "develop"]), head);
    let overlap = preview(&engine, &draft).await.restoring.clone().unwrap().overlaps[0].clone();
    assert_eq!(overlap.answer, None, "the answer was to other lines");
    draft.restore.as_mut().unwrap().overlaps = Some(Side::Restored);
    let shown = preview(&engine, &draft).await;
    // And something else while the push is on its way: merged.
    bed.hook("pre-receive", &bed.script_that_commits_once("develop", "NOTES.md"));
    let id = give(&engine, draft, &shown).await;
    assert_eq!(engine.wait_over(&id, LONG).await.unwrap().rolls_back, Some(second.id.clone()));
    assert_eq!(bed.git(&["show", "develop:NOTES.md"]), "theirs");
    assert!(overlay(&bed).contains("1.8.5") && overlay(&bed).contains("count: 2"));
    assert_eq!(bed.with_trailer(id.as_str()), 1);
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_that_were_renamed_removed_or_made_come_back() {
    let bed = Bed::new();
    let engine = bed.engine();
    bed.furnish(&engine, &[development()]).await;
    let first = shipped(&engine, vec![image("1.8.5")]).await;
    shipped(&engine, vec![image("1.8.6")]).await;
    // Somebody moves the overlay: what was deployed is found where it is now.
    let moved = "k8s/overlays/dev/kustomization.yaml";
    let text = overlay(&bed);
    bed.commit_all("develop", &[FileChange::remove(OVERLAY), FileChange::write(moved, text.clone())], "Move");
    let mut environment = development();
    environment.gitops.path = "k8s/overlays/dev".into();
    engine
        .give(&ada(), domain::orders::SaveEnvironment { environment, new: false, create_objects: true, setup: None })
        .await
        .unwrap();
    let draft = back(&engine, Back::To(first.id.clone())).await.unwrap();
    let shown = preview(&engine, &draft).await;
    assert_eq!(shown.files.iter().map(|f| f.path.as_str()).collect::<Vec<_>>(), [moved]);
    assert_eq!(shown.files[0].after.as_deref(), Some(text.replace("1.8.6", "1.8.5").as_str()));
    // Somebody removes it: that is asked, and it can come back.
    bed.commit_all("develop", &[FileChange::remove(moved), FileChange::write("k8s/overlays/dev/other.yaml", "a: 1\n")], "Remove");
    let mut draft = back(&engine, Back::Revert(first.id.clone())).await.unwrap();
    let shown = preview(&engine, &draft).await;
    let overlap = shown.restoring.as_ref().unwrap().overlaps[0].clone();
    assert_eq!((overlap.theirs, overlap.line), (None, None));
    assert!(overlap.restored.unwrap().contains("1.8.4"));
    draft.restore.as_mut().unwrap().overlaps = Some(Side::Restored);
    let shown = preview(&engine, &draft).await;
    assert_eq!(shown.files.len(), 1, "{:?}", shown.files);
    assert!(shown.files[0].before.is_none() && shown.files[0].after.is_some());
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_base_that_others_use_is_asked_and_what_no_longer_builds_is_said() {
    let bed = Bed::new();
    let engine = bed.engine();
    let mut production = Bed::environment("prod", EnvironmentType::Production);
    production.gitops.branch = "develop".into();
    bed.furnish(&engine, &[development(), production.clone()]).await;
    let edit = Edit { choice: Some(Choice::Written), ..Edit::set(Field::Port("8080".into()), "9090") };
    let shared = shipped(&engine, vec![edit]).await;
    assert_eq!(shared.files, ["k8s/base/deployment.yaml"], "{:?}", shared.trouble());
    let mut draft = back(&engine, Back::Revert(shared.id.clone())).await.unwrap();
    let shown = preview(&engine, &draft).await;
    let restoring = shown.restoring.clone().unwrap();
    assert_eq!(restoring.shared[0].environments, [production.id.clone()]);
    assert_eq!((shown.open_questions(), shown.files.len()), (1, 0));
    let order = Deploy { draft: draft.clone(), reviewed: None, dry_run: false };
    let trouble = engine.give(&ada(), order).await.unwrap_err();
    assert!(trouble.to_string().contains("k8s/base/deployment.yaml (shop/prod)"), "{trouble}");
    draft.restore.as_mut().unwrap().shared = Some(Side::Restored);
    assert_eq!(preview(&engine, &draft).await.files.len(), 1);
    draft.restore.as_mut().unwrap().shared = Some(Side::Theirs);
    assert!(preview(&engine, &draft).await.is_empty());

    // What would come back leads to a file that somebody else has taken away since: said, and refused.
    let patch = "k8s/overlays/development/patch.yaml";
    let text = overlay(&bed);
    let patched = text.replace("  - ../../base\n", "  - ../../base\npatches:\n  - path: patch.yaml\n");
    let object = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  paused: false\n";
    bed.commit_all("develop", &[FileChange::write(patch, object), FileChange::write(OVERLAY, patched)], "Patch");
    let commit = bed.commit_all("develop", &[FileChange::write(OVERLAY, text)], "Do not use it");
    bed.commit_all("develop", &[FileChange::remove(patch)], "Remove it");
    // That fetches them.
    back(&engine, Back::Revert(shared.id.clone())).await.unwrap();
    let undone =
        Undone { deployment: shared.id.clone(), summary: String::new(), by: None, commit, since: None, files: Vec::new() };
    draft.restore.as_mut().unwrap().undoes = vec![undone];
    let shown = preview(&engine, &draft).await;
    assert!(shown.render_trouble.as_ref().unwrap().to_string().contains("patch.yaml"), "{:?}", shown.render_trouble);
    let order = Deploy { draft, reviewed: Some(shown.digest.clone()), dry_run: false };
    let trouble = engine.give(&ada(), order).await.unwrap_err();
    assert!(trouble.to_string().contains("patch.yaml"), "{trouble}");
    engine.stop().await;
}

async fn promotion(engine: &Engine, from: &EnvironmentId, to: &EnvironmentId, parts: &[PromotePart]) -> Arc<Promotion> {
    let wanted = Promote { from: from.clone(), to: to.clone(), parts: parts.to_vec() };
    match engine.ask(&ada(), Query::Promote(wanted)).await.unwrap() {
        Answer::Promotion(promotion) => promotion,
        other => panic!("no promotion: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_runs_here_becomes_a_draft_for_there() {
    let bed = Bed::new();
    let engine = bed.engine();
    let mut production = Bed::environment("prod", EnvironmentType::Production);
    production.gitops.auto_sync = true;
    production.approval.required = false;
    bed.furnish(&engine, &[development(), production.clone()]).await;
    bed::until(&engine, "production", |w| w.agreement(&production) == Some(true)).await;
    shipped(&engine, vec![image("1.8.5"), Edit::set(Field::Replicas, "3"), Edit::set(Field::Env("LEVEL".into()), "debug")]).await;
    bed.commit("develop", "README.md", "nothing of it\n");
    bed.commit("develop", "k8s/base/notes.txt", "of the base\n");
    bed::until(&engine, "the applied revision", |w| {
        let head = w.git_view(&development().id).and_then(|g| g.head.clone());
        let applied = w.kustomization(&development()).and_then(|k| k.status.last_applied_revision.as_ref()?.commit());
        head.is_some() && head == applied && bed.git(&["rev-parse", "develop"]) == applied.unwrap().to_string()
    })
    .await;
    let found = promotion(&engine, &development().id, &production.id, &[PromotePart::Image]).await;
    assert_eq!(found.draft.edits, [image("1.8.5")], "{:?}", found.draft.edits);
    assert_eq!(found.images, [("web".to_owned(), "registry.example/acme/shop:1.8.5".to_owned())]);
    let subjects: Vec<&str> = found.commits.iter().map(|c| c.subject.as_str()).collect();
    assert_eq!((subjects.len(), subjects[0], subjects[1]), (2, "Something else", "Deploy shop 1.8.5 to dev"), "{subjects:?}");
    assert!(found.notes.is_empty(), "{:?}", found.notes);
    let all = promotion(&engine, &development().id, &production.id, &PromotePart::ALL).await;
    assert_eq!(all.draft.edits.len(), 3, "{:?}", all.draft.edits);
    let outcome = submit(&engine, found.draft.clone()).await.unwrap();
    assert_eq!(engine.wait_over(&outcome.deployment.unwrap(), LONG).await.unwrap().status, Status::Succeeded);
    let again = promotion(&engine, &development().id, &production.id, &[PromotePart::Image]).await;
    assert!(again.draft.edits.is_empty(), "{:?}", again.draft.edits);
    engine.stop().await;
}
