//! Commits that others push: each becomes a deployment, once, and is followed.

use std::sync::Arc;

use domain::deployment::{Deployment, Method, Status};
use domain::history::Brief;
use domain::query::{Answer, Query};
use domain::world::World;
use git::FileChange;

use super::bed::{self, Bed, LONG, QUIET, ada, development};
use super::deploy::{draft, image, states, submit};

const OVERLAY: &str = "k8s/overlays/development/kustomization.yaml";

fn theirs(world: &World) -> Vec<&Brief> {
    world.deployments.iter().filter(|d| d.method() == Method::GitopsGit).collect()
}

/// What was recorded since the start is held whole.
fn whole(world: &World) -> Vec<&Arc<Deployment>> {
    theirs(world).into_iter().filter_map(Brief::whole).collect()
}

fn overlay(bed: &Bed, from: &str, to: &str) -> String {
    bed.git(&["show", &format!("develop:{OVERLAY}")]).replace(from, to)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_others_push_is_followed_and_what_we_push_is_not_taken_for_it() {
    let bed = Bed::new();
    let engine = bed.engine();
    bed.furnish(&engine, &[development()]).await;
    bed::until(&engine, "the first rollout", |w| w.agreement(&development()) == Some(true)).await;

    let outcome = submit(&engine, draft(vec![image("1.8.5")])).await.unwrap();
    engine.wait_over(&outcome.deployment.unwrap(), LONG).await.unwrap();
    bed.commit("develop", "README.md", "elsewhere");
    let large = "k8s/overlays/development/large.txt";
    let both = [FileChange::write(OVERLAY, overlay(&bed, "1.8.5", "1.9.0")), FileChange::write(large, "x".repeat(2 << 20))];
    let pushed = bed.commit_all("develop", &both, "Something else");
    let world = bed::until(&engine, "their deployment", |w| theirs(w).iter().any(|d| d.status() == Status::Succeeded)).await;
    let found = whole(&world);
    assert_eq!(found.len(), 1, "what lies elsewhere, and our own commit, are none: {found:#?}");
    assert_eq!(found[0].commit.as_ref(), Some(&pushed));
    assert_eq!((found[0].actor.login.as_str(), found[0].actor.name.as_str()), ("eve", "Eve"));
    assert_eq!((found[0].summary.as_str(), found[0].message.as_str()), ("image 1.8.5 \u{2192} 1.9.0", "Something else"));
    assert_eq!(found[0].files, [OVERLAY, large]);
    let Answer::Changed(files) = engine.ask(&ada(), Query::Changed(found[0].id.clone())).await.unwrap() else {
        panic!("no files")
    };
    assert!(files[0].after.as_ref().is_some_and(|text| text.contains("1.9.0")), "{:?}", files[0]);
    assert!(files[1].after.as_ref().is_some_and(|text| text.contains("bytes a file")), "one that is too large hides no other");
    assert_eq!(states(found[0]), "done, done, done, done");
    assert_eq!(found[0].expect_images.len(), 1, "{:?}", found[0].expect_images);
    let entry = world.audit.iter().find(|e| e.record.act == "commit.seen").unwrap();
    assert!(entry.record.detail.contains("by Eve: Something else"), "{}", entry.record.detail);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_pushed_meanwhile_is_found_at_the_next_start_and_once() {
    let bed = Bed::new();
    let engine = bed.engine();
    bed.furnish(&engine, &[development()]).await;
    bed::until(&engine, "the first rollout", |w| w.agreement(&development()) == Some(true)).await;
    bed.marked(&development()).await;
    engine.stop().await;

    bed.commit("develop", "k8s/base/service.yaml", "# not used yet\n");
    let last = bed.commit("develop", OVERLAY, &overlay(&bed, "1.8.4", "0.0.1-crash"));
    let engine = bed.engine();
    let world = bed::until(&engine, "both", |w| theirs(w).len() == 2 && theirs(w).iter().all(|d| d.is_over())).await;
    let newest = whole(&world)[0];
    assert_eq!((newest.commit.as_ref(), newest.status), (Some(&last), Status::Failed), "{newest:#?}");
    let why = newest.trouble().unwrap().to_string();
    assert!(why.contains("0.0.1-crash") || why.contains("CrashLoopBackOff"), "{why}");
    engine.stop().await;

    let engine = bed.engine();
    bed::until(&engine, "Git is read", |w| w.git_view(&development().id).is_some_and(|view| view.head.is_some())).await;
    tokio::time::sleep(QUIET).await;
    assert_eq!(theirs(&engine.now()).len(), 2);
}
