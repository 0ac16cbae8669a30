//! Watches against a server that misbehaves in every way that is known.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may fail")]

use std::time::Duration;

use domain::link::{LinkOf, LinkState};
use serde_json::json;
use tokio::time::{Instant, timeout};

use super::*;
use crate::mock::Mock;

const KS: &str = "/apis/kustomize.toolkit.fluxcd.io/v1/kustomizations";
const PODS: &str = "/api/v1/namespaces/shop/pods";
const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/shop/deployments";

fn clock() -> Clock {
    let (began, base) = (Instant::now(), "2026-01-01T00:00:00Z".parse::<Time>().unwrap());
    Arc::new(move || base + began.elapsed())
}

fn start(mock: &Mock, namespaces: &[&str]) -> Watch {
    let connection = Connection::from_service("test".into(), mock.clone());
    let namespaces = namespaces.iter().map(|&n| n.to_owned()).collect();
    Watcher::start(connection, Scope { flux: true, namespaces }, clock())
}

/// Waits until a snapshot is as wanted; says what it was when that does not come about within a minute.
async fn wait(watch: &Watch, wanted: impl Fn(&Snapshot) -> bool) -> Snapshot {
    let mut changed = watch.changed();
    let seen = timeout(Duration::from_secs(90), async {
        loop {
            changed.mark_unchanged();
            let snapshot = watch.snapshot();
            if wanted(&snapshot) {
                return snapshot;
            }
            changed.changed().await.unwrap();
        }
    });
    let outcome = seen.await;
    outcome.unwrap_or_else(|_| panic!("it never came; at last {:#?}", watch.snapshot()))
}

fn link(snapshot: &Snapshot, wanted: &str) -> LinkState {
    let is = |of: &LinkOf| {
        matches!(of, LinkOf::Kind { kind, .. } if kind == wanted) || matches!(of, LinkOf::Cluster(name) if name == wanted)
    };
    snapshot.links.iter().find(|l| is(&l.of)).map_or(LinkState::Connecting, |l| l.state.clone())
}

fn names(snapshot: &Snapshot) -> Vec<String> {
    snapshot.flux.iter().map(|o| o.key.name.to_string()).collect()
}

fn live(snapshot: &Snapshot) -> bool {
    link(snapshot, "Kustomization") == LinkState::Live
}

#[tokio::test(start_paused = true)]
async fn rows_come_change_and_go_and_what_stays_keeps_its_pointer() {
    let mock = Mock::new();
    mock.put(KS, "a", "one", json!({ "spec": { "path": "./\u{1b}[2J" } }));
    mock.put(KS, "a", "two", json!({}));
    let watch = start(&mock, &[]);
    let before = wait(&watch, live).await;
    assert_eq!(names(&before), ["one", "two"]);
    assert_eq!(before.flux.first().unwrap().spec.path.as_deref(), Some("./\u{241b}[2J"), "nothing steers the terminal");
    assert_eq!(link(&before, "Bucket"), LinkState::KindAbsent);

    mock.put(KS, "a", "two", json!({ "spec": { "suspend": true } }));
    mock.put(KS, "b", "three", json!({}));
    let after = wait(&watch, |s| s.flux.len() == 3 && s.flux.iter().any(|o| o.suspended())).await;
    assert!(Arc::ptr_eq(before.flux.first().unwrap(), after.flux.first().unwrap()));
    assert!(after.versions.flux > before.versions.flux);
    assert_eq!(after.versions.pods, before.versions.pods);
    assert!(Arc::ptr_eq(&before.pods, &after.pods), "what did not change is not gathered anew");

    mock.delete(KS, "a", "one");
    let last = wait(&watch, |s| s.flux.len() == 2).await;
    assert_eq!(names(&last), ["two", "three"]);
}

#[tokio::test(start_paused = true)]
async fn without_streamed_lists_pages_are_read_and_a_second_list_leaves_no_ghost() {
    for http_410 in [false, true] {
        let mock = Mock::new();
        mock.state().streaming = false;
        mock.state().http_410 = http_410;
        for n in 0..1234 {
            mock.put(KS, "a", &format!("ks-{n:04}"), json!({}));
        }
        let watch = start(&mock, &[]);
        let before = wait(&watch, live).await;
        assert_eq!(before.flux.len(), 1234);
        assert_eq!(mock.asked("kustomizations?limit=500"), 3, "{:?}", mock.state().requests);

        // The watch breaks, objects go meanwhile, and the versions in between are no longer kept.
        mock.freeze();
        for n in 3..1234 {
            mock.delete(KS, "a", &format!("ks-{n:04}"));
        }
        mock.state().compacted = 1_000_000;
        mock.thaw();
        mock.hang_up();
        let lists = mock.asked("kustomizations?limit=500");
        let after = wait(&watch, |s| s.flux.len() == 3).await;
        assert!(mock.asked("kustomizations?limit=500") > lists);
        assert!(
            Arc::ptr_eq(before.flux.first().unwrap(), after.flux.first().unwrap()),
            "a second list keeps what did not change"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_gone_version_in_the_stream_and_a_broken_line_lead_to_a_fresh_list() {
    let lines = [
        r#"{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"too old"}}"#,
        r#"{"type":"MODIFIED","object":{"metadata":{"na"#,
        r#"{"type":"ERROR","object":{"kind":"Status","code":500,"message":"etcd\u001b is away"}}"#,
    ];
    for line in lines {
        let mock = Mock::new();
        mock.put(KS, "a", "one", json!({}));
        let watch = start(&mock, &[]);
        wait(&watch, live).await;
        let before = mock.asked("kustomizations?watch");
        mock.line(KS, line);
        tokio::time::sleep(Duration::from_secs(3)).await;
        assert!(mock.asked("kustomizations?watch") > before, "{line}");
        let after = wait(&watch, live).await;
        assert_eq!(names(&after), ["one"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_reconnected_watch_is_live_without_any_event() {
    let mock = Mock::new();
    mock.put(KS, "a", "one", json!({}));
    let watch = start(&mock, &[]);
    wait(&watch, live).await;
    mock.state().refuse.insert("kustomizations".to_owned(), 503);
    mock.hang_up();
    let stale = wait(&watch, |s| matches!(link(s, "Kustomization"), LinkState::Stale { .. })).await;
    assert_eq!(stale.flux.len(), 1, "rows stay, marked");
    assert_eq!(link(&stale, "test"), LinkState::Live);
    mock.state().refuse.clear();
    wait(&watch, live).await;
}

#[tokio::test(start_paused = true)]
async fn refusals_are_states_that_end_by_themselves() {
    let mock = Mock::new();
    mock.put(KS, "a", "one", json!({}));
    mock.state().refuse.insert("v1/kustomizations".to_owned(), 403);
    let watch = start(&mock, &[]);
    let forbidden = wait(&watch, |s| matches!(link(s, "Kustomization"), LinkState::Forbidden { .. })).await;
    assert!(matches!(link(&forbidden, "Kustomization"), LinkState::Forbidden { why } if why.contains("as the test wants")));
    wait(&watch, |s| link(s, "GitRepository") == LinkState::Live).await;

    // On demand at once, else within a minute.
    mock.state().refuse.clear();
    let began = Instant::now();
    watch.retry();
    wait(&watch, live).await;
    assert!(began.elapsed() < Duration::from_secs(1));

    mock.state().refuse.insert("v1/kustomizations".to_owned(), 401);
    mock.hang_up();
    wait(&watch, |s| matches!(link(s, "Kustomization"), LinkState::Unauthorized { .. })).await;
    mock.state().refuse.clear();
    let began = Instant::now();
    wait(&watch, live).await;
    assert!(began.elapsed() < Duration::from_mins(1));
}

#[tokio::test(start_paused = true)]
async fn a_kind_that_is_installed_later_appears_and_one_that_is_removed_goes() {
    let mock = Mock::new();
    let watch = start(&mock, &[]);
    wait(&watch, live).await;
    let buckets = "/apis/source.toolkit.fluxcd.io/v1/buckets";
    mock.state().serve("source.toolkit.fluxcd.io/v1", "buckets", "Bucket");
    mock.put(buckets, "a", "artifacts", json!({}));
    let began = Instant::now();
    wait(&watch, |s| link(s, "Bucket") == LinkState::Live && s.flux.len() == 1).await;
    assert!(began.elapsed() <= Duration::from_secs(31), "{:?}", began.elapsed());

    mock.state().served.retain(|gv, _| gv.starts_with("kustomize"));
    mock.hang_up();
    let gone = wait(&watch, |s| link(s, "Bucket") == LinkState::KindAbsent).await;
    assert!(gone.flux.is_empty());

    // It comes back in another version.
    mock.state().serve("source.toolkit.fluxcd.io/v1beta2", "buckets", "Bucket");
    mock.put("/apis/source.toolkit.fluxcd.io/v1beta2/buckets", "a", "artifacts", json!({}));
    wait(&watch, |s| link(s, "Bucket") == LinkState::Live && s.flux.len() == 1).await;
}

#[tokio::test(start_paused = true)]
async fn namespaces_come_and_go_at_run_time() {
    let mock = Mock::new();
    mock.put(PODS, "shop", "web-1", json!({ "status": { "phase": "Running" } }));
    mock.put(&PODS.replace("shop", "blog"), "blog", "web-2", json!({}));
    mock.put(
        DEPLOYMENTS,
        "shop",
        "web",
        json!({ "spec": { "replicas": 2, "template": { "spec": { "containers": [
        { "name": "web", "image": "web:1", "resources": { "limits": { "cpu": "1" } } }] } } } }),
    );
    let watch = start(&mock, &["shop"]);
    let shop = wait(&watch, |s| s.pods.len() == 1 && s.workloads.len() == 1).await;
    let web = shop.workloads.first().unwrap();
    assert_eq!((web.replicas, web.containers.first().unwrap().resources.clone()), (2, vec![("limits.cpu".into(), "1".into())]));

    watch.set_namespaces(["shop".to_owned(), "blog".to_owned()].into());
    let both = wait(&watch, |s| s.pods.len() == 2).await;
    let order: Vec<&str> = both.pods.iter().map(|p| p.key.namespace.as_ref()).collect();
    assert_eq!(order, ["blog", "shop"]);
    assert!(Arc::ptr_eq(shop.pods.first().unwrap(), both.pods.get(1).unwrap()), "what stays is not disturbed");

    watch.set_namespaces(["blog".to_owned()].into());
    let blog = wait(&watch, |s| s.pods.len() == 1 && s.workloads.is_empty()).await;
    assert!(!blog.links.iter().any(|l| matches!(&l.of, LinkOf::Kind { namespace, .. } if namespace == "shop")));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_stops_answering_is_stale_within_ten_seconds_and_exact_after() {
    for offset in [0, 1300, 2600, 4400] {
        let mock = Mock::new();
        for name in ["one", "two", "three"] {
            mock.put(KS, "a", name, json!({}));
        }
        mock.put(PODS, "shop", "web-1", json!({}));
        let watch = start(&mock, &["shop"]);
        wait(&watch, |s| live(s) && link(s, "Pod") == LinkState::Live && link(s, "test") == LinkState::Live).await;
        tokio::time::sleep(Duration::from_millis(9000 + offset)).await;

        mock.freeze();
        let began = Instant::now();
        let stale = wait(&watch, |s| matches!(link(s, "test"), LinkState::Stale { .. })).await;
        assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
        assert!(stale.links.iter().all(|l| !l.state.is_live()), "{:#?}", stale.links);
        let LinkState::Stale { since, .. } = link(&stale, "Kustomization") else { panic!("not stale") };
        let age = clock()().duration_since(since);
        assert!(age.as_secs() < 20, "since the last good beat");
        assert_eq!(stale.flux.len(), 3, "rows stay, marked");

        // What happens behind our back is known after the thaw, without a key.
        mock.delete(KS, "a", "two");
        mock.delete(PODS, "shop", "web-1");
        mock.put(KS, "a", "four", json!({}));
        tokio::time::sleep(Duration::from_secs(40)).await;
        mock.thaw();
        let began = Instant::now();
        let back = wait(&watch, |s| live(s) && link(s, "Pod") == LinkState::Live).await;
        assert_eq!(names(&back), ["four", "one", "three"]);
        assert!(back.pods.is_empty());
        assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
        wait(&watch, |s| link(s, "GitRepository") == LinkState::Live && link(s, "Bucket") == LinkState::KindAbsent).await;
    }
}

#[tokio::test(start_paused = true)]
async fn one_odd_object_costs_itself_and_not_the_list() {
    let mock = Mock::new();
    mock.put(KS, "a", "odd", json!({ "spec": { "path": 7 }, "status": { "conditions": null } }));
    mock.put(
        KS,
        "a",
        "well",
        json!({ "spec": { "path": "./x" }, "status": { "conditions": [
        { "type": "Ready", "status": "True", "message": "x".repeat(10_000) }] } }),
    );
    let watch = start(&mock, &[]);
    let all = wait(&watch, live).await;
    assert_eq!(names(&all), ["odd", "well"]);
    assert_eq!(all.flux.first().unwrap().ready().unwrap().reason, "Unreadable");
    assert!(all.flux.get(1).unwrap().message().len() < 4200);
}

#[tokio::test(start_paused = true)]
async fn a_silent_watch_is_opened_anew_where_it_was() {
    let mock = Mock::new();
    mock.put(KS, "a", "one", json!({}));
    let watch = start(&mock, &[]);
    let before = wait(&watch, live).await;
    // Only this connection died; the server and the heartbeat are well.
    mock.freeze();
    mock.put(KS, "a", "two", json!({}));
    mock.thaw();
    let began = Instant::now();
    let after = timeout(Duration::from_mins(2), async {
        loop {
            let snapshot = watch.snapshot();
            assert!(live(&snapshot));
            if snapshot.flux.len() == 2 {
                return snapshot;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    });
    let after = after.await.expect("the watch is opened anew");
    assert!(began.elapsed() < Duration::from_secs(105));
    assert!(Arc::ptr_eq(before.flux.first().unwrap(), after.flux.first().unwrap()));
}

#[tokio::test(start_paused = true)]
async fn a_line_that_stops_or_never_ends_is_noticed_before_the_silence_of_a_watch() {
    for (pause, within) in [(Duration::from_secs(200), 20), (Duration::from_secs(5), 70)] {
        let mock = Mock::new();
        mock.put(KS, "a", "one", json!({}));
        let watch = start(&mock, &[]);
        wait(&watch, live).await;
        let (asked, began) = (mock.asked("kustomizations?watch"), Instant::now());
        mock.piece(KS, "{\"type\":\"MODIFIED\",\"object\":{");
        let dripping = mock.clone();
        let drip = tokio::spawn(async move {
            loop {
                tokio::time::sleep(pause).await;
                dripping.piece(KS, " ");
            }
        });
        while mock.asked("kustomizations?watch") == asked {
            tokio::time::sleep(Duration::from_millis(500)).await;
            assert!(began.elapsed() < Duration::from_secs(within), "{pause:?}: {:?}", began.elapsed());
        }
        drip.abort();
        mock.put(KS, "a", "two", json!({}));
        wait(&watch, |s| live(s) && s.flux.len() == 2).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_kind_that_never_answers_is_not_reached_and_leaves_the_others_alone() {
    let mock = Mock::new();
    mock.put(KS, "a", "one", json!({}));
    mock.state().mute.insert("/gitrepositories".to_owned());
    let watch = start(&mock, &[]);
    wait(&watch, live).await;
    let stuck = wait(&watch, |s| matches!(link(s, "GitRepository"), LinkState::Unreached { .. })).await;
    assert!(matches!(link(&stuck, "GitRepository"), LinkState::Unreached { why, .. } if why.contains("no answer within")));
    assert!(live(&stuck) && link(&stuck, "test") == LinkState::Live);
    mock.state().mute.clear();
    wait(&watch, |s| link(s, "GitRepository") == LinkState::Live).await;
}

#[tokio::test(start_paused = true)]
async fn credentials_that_ran_out_are_said_for_the_whole_cluster_and_come_back() {
    let mock = Mock::new();
    mock.put(KS, "a", "one", json!({}));
    let watch = start(&mock, &[]);
    wait(&watch, live).await;
    mock.state().refuse.insert("/".to_owned(), 401);
    let out = wait(&watch, |s| matches!(link(s, "test"), LinkState::Unauthorized { .. })).await;
    assert!(out.links.iter().all(|l| !l.state.is_live()), "{:#?}", out.links);
    mock.state().refuse.clear();
    mock.delete(KS, "a", "one");
    let back = wait(&watch, |s| live(s) && link(s, "test") == LinkState::Live).await;
    assert!(back.flux.is_empty());
}

/// A server that refuses everybody, and a helper that waits as for a person as long as a file is there.
#[cfg(unix)]
#[tokio::test]
async fn nothing_looks_live_while_a_helper_takes_its_time() {
    use std::io::{Read as _, Write as _};
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            std::thread::spawn(move || {
                let _ = stream.read(&mut [0; 4096]);
                let _ = stream.write_all(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            });
        }
    });
    let (helper, config) = (folder.path().join("helper"), folder.path().join("config"));
    let token = r#"{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"t"}}"#;
    let script = "#!/bin/sh\ncd \"$(dirname \"$0\")\"\nwhile [ -e waits ]; do sleep 0.05; done\n";
    std::fs::write(&helper, format!("{script}echo '{token}'\n")).unwrap();
    std::fs::set_permissions(&helper, std::fs::Permissions::from_mode(0o700)).unwrap();
    let text = format!(
        "clusters:\n- {{name: c, cluster: {{server: 'http://127.0.0.1:{port}'}}}}\ncontexts:\n- {{name: c, context: {{cluster: c, user: u}}}}\n\
         users:\n- {{name: u, user: {{exec: {{apiVersion: client.authentication.k8s.io/v1, command: ./helper}}}}}}\n"
    );
    std::fs::write(&config, text).unwrap();
    let files = crate::Kubeconfigs::read(&[config], crate::Surroundings::default()).unwrap();
    let connection = Connection::from_context(&files, &"c".into()).await.unwrap();
    std::fs::write(folder.path().join("waits"), "").unwrap();
    let watch = Watcher::start(connection, Scope { flux: true, namespaces: BTreeSet::new() }, clock());
    let waits = |s: &Snapshot| matches!(link(s, "c"), LinkState::Unauthorized { why } if why.contains("has not answered"));
    let seen = wait(&watch, waits).await;
    assert!(seen.links.iter().all(|l| !l.state.is_live()), "{:#?}", seen.links);
    // With the folder the file goes, and with it the helper.
}

#[tokio::test(start_paused = true)]
async fn a_server_that_was_never_there_says_why_and_is_taken_up_when_it_comes() {
    let mock = Mock::new();
    mock.put(KS, "a", "one", json!({}));
    mock.state().refuse.insert("/".to_owned(), 502);
    let watch = start(&mock, &[]);
    let away = wait(&watch, |s| matches!(link(s, "test"), LinkState::Unreached { .. })).await;
    assert!(matches!(link(&away, "test"), LinkState::Unreached { why, .. } if why.contains("502")));
    tokio::time::sleep(Duration::from_mins(3)).await;
    mock.state().refuse.clear();
    let began = Instant::now();
    wait(&watch, live).await;
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn who_may_not_read_all_namespaces_reads_those_that_are_wanted() {
    let mock = Mock::new();
    mock.put(KS, "shop", "one", json!({}));
    mock.put(KS, "blog", "two", json!({}));
    // As the server routes it: a namespace's list is a collection of its own.
    mock.put(&KS.replace("v1/", "v1/namespaces/shop/"), "shop", "one", json!({}));
    mock.put(&KS.replace("v1/", "v1/namespaces/blog/"), "blog", "two", json!({}));
    mock.state().refuse.insert("v1/kustomizations".to_owned(), 403);
    let watch = start(&mock, &["shop"]);
    let narrow = wait(&watch, |s| s.flux.len() == 1).await;
    assert_eq!(names(&narrow), ["one"]);
    assert!(matches!(link(&narrow, "Kustomization"), LinkState::Forbidden { .. }), "the refusal stays visible");
    watch.set_namespaces(["shop".to_owned(), "blog".to_owned()].into());
    wait(&watch, |s| s.flux.len() == 2).await;

    mock.state().refuse.clear();
    let began = Instant::now();
    let all = wait(&watch, |s| live(s) && s.flux.len() == 2).await;
    assert!(began.elapsed() < Duration::from_secs(62), "{:?}", began.elapsed());
    let streams = all.links.iter().filter(|l| matches!(&l.of, LinkOf::Kind { kind, .. } if kind == "Kustomization"));
    assert_eq!(streams.count(), 1, "one stream brings all of them again");
}
