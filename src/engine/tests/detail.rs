//! The detail of objects: whole, their inventory judged, the events around them, the way back to the commit.

use domain::TroubleKind;
use domain::detail::State;
use domain::detail::trace::What;
use domain::flux::ObjectKey;
use domain::query::{Answer, Query};

use super::bed::{self, Bed, ada, development};
use crate::follow::promise;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kustomization_is_read_whole_with_what_it_applied() {
    let bed = Bed::new();
    let engine = bed.engine();
    bed.furnish(&engine, &[development()]).await;
    bed::until(&engine, "the Pods", |w| w.pods.iter().filter(|p| p.is_ready()).count() == 2).await;
    let ask = async |query| engine.ask(&ada(), query).await;
    let key = promise::kustomization(&development());

    let Answer::Whole(whole) = ask(Query::Whole(key.clone())).await.unwrap() else { panic!("not whole") };
    assert!(whole.yaml.contains("managedFields:") && whole.json.pointer("/metadata/managedFields").is_none(), "{}", whole.yaml);
    assert_eq!(whole.words().len(), 2, "{:?}", whole.words());
    assert!(!whole.inventory().is_empty() && !whole.history().is_empty(), "{}", whole.yaml);

    let Answer::Inventory(standings) = ask(Query::Inventory(key.clone())).await.unwrap() else { panic!("no inventory") };
    assert_eq!(standings.len(), whole.inventory().len());
    assert!(standings.iter().all(|s| s.state == State::Current), "{standings:?}");

    let happenings = async |around| match ask(Query::Happenings(key.clone(), around)).await.unwrap() {
        Answer::Happenings(found) => found,
        other => panic!("{other:?}"),
    };
    assert!(happenings(false).await.iter().all(|h| h.about == key));
    assert!(happenings(true).await.iter().any(|h| &*h.about.kind == "Deployment" || &*h.about.kind == "ReplicaSet"));
    engine.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pod_is_traced_to_its_commit() {
    let bed = Bed::new();
    let engine = bed.engine();
    bed.furnish(&engine, &[development()]).await;
    let world = bed::until(&engine, "the Pods", |w| w.pods.iter().filter(|p| p.is_ready()).count() == 2).await;
    let pod = world.pods[0].key.clone();
    let Answer::Trace(way) = engine.ask(&ada(), Query::Trace(pod.clone())).await.unwrap() else { panic!("no way") };
    let told: Vec<String> =
        way.steps.iter().map(|s| format!("{:?} {}", s.what, s.key.as_ref().map_or("", |k| &k.kind))).collect();
    assert_eq!(
        told,
        ["Object Pod", "Owner ReplicaSet", "Owner Deployment", "Applier Kustomization", "Source GitRepository", "Commit "]
    );
    let commit = way.steps.iter().find(|s| s.what == What::Commit).unwrap();
    let landed = commit.commit.as_ref().unwrap();
    assert_eq!(Some(landed.id.as_str()), commit.revision.as_ref().map(|r| r.0.as_str()));
    assert!(!landed.author.is_empty() && !landed.subject.is_empty() && way.end.is_empty(), "{way:?}");

    let absent = ObjectKey { name: "absent".into(), ..pod };
    assert_eq!(engine.ask(&ada(), Query::Trace(absent)).await.unwrap_err().kind, TroubleKind::NotFound);
    engine.stop().await;
}
