//! Actions against the mock: what goes over the wire, and what comes back as words.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use std::time::Duration;

use domain::{Trouble, TroubleKind};
use serde_json::json;

use super::*;
use crate::mock::Mock;

const KS: &str = "/apis/kustomize.toolkit.fluxcd.io/v1/kustomizations";
const GIT: &str = "/apis/source.toolkit.fluxcd.io/v1/gitrepositories";

fn key(kind: &str, name: &str) -> ObjectKey {
    ObjectKey::new(&"test".into(), kind, "shop", name)
}

fn setup() -> (Mock, Connection) {
    let mock = Mock::new();
    mock.put(KS, "shop", "app", json!({ "spec": { "sourceRef": { "kind": "GitRepository", "name": "repo" } } }));
    mock.put(GIT, "shop", "repo", json!({}));
    let connection = Connection::from_service("test".into(), mock.clone());
    (mock, connection)
}

#[tokio::test]
async fn suspending_carries_marks_and_guards_the_version() {
    let (mock, connection) = setup();
    let app = key("Kustomization", "app");
    let before = get_flux(&connection, &app).await.unwrap();
    let marks = vec![("by".to_owned(), Some("ana".to_owned()))];
    let steer = Steer { expect: Some(before.resource_version.clone()), marks };
    let suspended = suspend(&connection, &app, &steer).await.unwrap();
    assert!(suspended.suspended());
    assert_eq!(suspended.marks, [("by".into(), "ana".into())]);
    assert_eq!(
        mock.asked("PATCH /apis/kustomize.toolkit.fluxcd.io/v1/namespaces/shop/kustomizations/app?fieldManager=quarterdeck"),
        1
    );

    let conflict = Trouble::from(resume(&connection, &app, &steer).await.unwrap_err());
    assert_eq!(conflict.what, "Somebody changed it meanwhile");
    let steer = Steer { expect: None, marks: vec![("by".to_owned(), None)] };
    let resumed = resume(&connection, &app, &steer).await.unwrap();
    assert!(!resumed.suspended() && resumed.marks.is_empty());
}

#[tokio::test]
async fn the_source_comes_first_and_its_answer_is_awaited() {
    let (mock, connection) = setup();
    let controller = mock.clone();
    let controller = tokio::spawn(async move {
        // As source-controller does: it notices the request and says when it is done.
        loop {
            let asked = controller.state().bodies.iter().any(|b| b.pointer("/metadata/annotations").is_some());
            if asked {
                let patched = controller.asked("kustomizations/app?fieldManager");
                controller.put(GIT, "shop", "repo", json!({ "status": { "lastHandledReconcileAt": "t1" } }));
                return patched;
            }
            tokio::task::yield_now().await;
        }
    });
    let object = reconcile(&connection, &key("Kustomization", "app"), Some(Duration::from_secs(5)), "t1").await.unwrap();
    assert_eq!(object.requested_at.as_deref(), Some("t1"));
    assert_eq!(controller.await.unwrap(), 0, "the object is asked after its source");
}

#[tokio::test(start_paused = true)]
async fn a_source_that_does_not_answer_and_one_that_is_suspended_are_said() {
    let (mock, connection) = setup();
    let app = key("Kustomization", "app");
    let late = reconcile(&connection, &app, Some(Duration::from_secs(5)), "t1").await.unwrap_err();
    assert!(matches!(&late, Error::TimedOut { object, .. } if object == "GitRepository/shop/repo"), "{late}");
    assert_eq!(Trouble::from(late).kind, TroubleKind::TimedOut);
    suspend(&connection, &key("GitRepository", "repo"), &Steer::default()).await.unwrap();
    let off = reconcile(&connection, &app, Some(Duration::from_secs(5)), "t2").await.unwrap_err();
    assert_eq!(off, Error::Suspended { object: "GitRepository/shop/repo".into() });
    assert_eq!(mock.asked("kustomizations/app?fieldManager"), 0, "nothing was asked of the object");
}

#[tokio::test(start_paused = true)]
async fn a_repository_that_is_but_an_address_is_not_waited_for() {
    let (mock, connection) = setup();
    for (kind, plural) in [("HelmRepository", "helmrepositories"), ("HelmChart", "helmcharts")] {
        mock.state().serve("source.toolkit.fluxcd.io/v1", plural, kind);
    }
    mock.state().serve("helm.toolkit.fluxcd.io/v2", "helmreleases", "HelmRelease");
    let (repository, chart) = (GIT.replace("gitrepositories", "helmrepositories"), GIT.replace("gitrepositories", "helmcharts"));
    let source = json!({ "kind": "HelmRepository", "name": "charts" });
    mock.put(&repository, "shop", "charts", json!({ "spec": { "type": "oci", "url": "oci://registry.example/charts" } }));
    mock.put(&chart, "shop", "shop-web", json!({ "spec": { "chart": "web" }, "status": { "lastHandledReconcileAt": "t1" } }));
    let release = json!({ "spec": { "chart": { "spec": { "chart": "web", "sourceRef": source } } } });
    mock.put("/apis/helm.toolkit.fluxcd.io/v2/helmreleases", "shop", "web", release);
    reconcile(&connection, &key("HelmRelease", "web"), Some(Duration::from_secs(5)), "t1").await.unwrap();
    assert_eq!((mock.asked("PATCH /apis/source"), mock.asked("helmcharts/shop-web?fieldManager")), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_an_object_outlives_a_server_that_is_away_for_a_while() {
    let (mock, connection) = setup();
    let (api_version, kind) = ("kustomize.toolkit.fluxcd.io/v1".to_owned(), "Kustomization".to_owned());
    let target = Target { api_version, kind, namespace: "shop".to_owned(), name: "app".to_owned() };
    // What is served is known by then.
    assert!(live(&connection, &target).await.unwrap().is_some());
    let wait = |seconds| until_live(&connection, &target, Duration::from_secs(seconds), |object| object.is_some());
    mock.state().refuse.insert("kustomizations/app".to_owned(), 503);
    let away = mock.clone();
    let back = async move {
        tokio::time::sleep(Duration::from_secs(20)).await;
        away.state().refuse.clear();
    };
    let (waited, ()) = tokio::join!(wait(60), back);
    waited.unwrap();
    mock.state().refuse.insert("kustomizations/app".to_owned(), 503);
    assert!(matches!(wait(10).await, Err(Error::Refused { code: 503, .. })), "its own words, when it stays away");
    mock.state().refuse.insert("kustomizations/app".to_owned(), 403);
    assert!(matches!(wait(60).await, Err(Error::Refused { code: 403, .. })));
}

#[tokio::test]
async fn a_kind_is_found_past_a_group_whose_server_is_away_and_when_it_came_later() {
    let (mock, connection) = setup();
    mock.state().serve("certs.example/v1", "certificates", "Certificate");
    mock.state().serve("away.example/v1", "metrics", "Metric");
    mock.state().refuse.insert("/apis/away.example".to_owned(), 503);
    let found = discovery::by_kind(&connection, "Certificate").await.unwrap();
    assert_eq!(found.plural, "certificates");
    // Whether the silent one has it nobody knows.
    let unknown = discovery::by_kind(&connection, "Issuer").await.unwrap_err();
    assert!(matches!(unknown, Error::Refused { code: 503, .. }), "{unknown}");
    mock.state().refuse.clear();
    assert!(matches!(discovery::by_kind(&connection, "Issuer").await, Err(Error::KindAbsent { .. })));
    mock.state().serve("certs.example/v1", "issuers", "Issuer");
    assert_eq!(discovery::by_kind(&connection, "Issuer").await.unwrap().plural, "issuers");
}

#[tokio::test]
async fn what_is_left_out_of_a_look_is_said() {
    let (mock, connection) = setup();
    for number in 0..501 {
        let event = json!({ "type": "Warning", "reason": "BackOff", "involvedObject": { "kind": "Pod", "name": "p", "namespace": "shop" } });
        mock.put("/api/v1/namespaces/shop/events", "shop", &format!("event-{number}"), event);
    }
    let seen = Box::pin(look(&connection, "shop", false)).await;
    assert_eq!((seen.events.len(), seen.unread.len()), (500, 0));
    assert_eq!(seen.left_out, ["events in shop: the first 500 are read, there are more"]);
    assert!(Box::pin(look(&connection, "other", true)).await.left_out.is_empty());
}

#[tokio::test(start_paused = true)]
async fn refusals_become_words_with_what_to_do() {
    let table = [
        (401, TroubleKind::Refused, "Log in"),
        (403, TroubleKind::Refused, "role"),
        (404, TroubleKind::NotFound, "name"),
        (409, TroubleKind::Failed, "present state"),
        (422, TroubleKind::Usage, "Mend"),
        (500, TroubleKind::Failed, "log"),
    ];
    for (code, kind, next) in table {
        let (mock, connection) = setup();
        mock.state().refuse.insert("kustomizations/app".to_owned(), code);
        let trouble = Trouble::from(get_flux(&connection, &key("Kustomization", "app")).await.unwrap_err());
        assert_eq!(trouble.kind, kind, "{code}");
        assert!(trouble.next.contains(next), "{code}: {trouble}");
        assert!(trouble.why.contains("as the test wants"), "{code}: {trouble}");
    }
    let (mock, connection) = setup();
    mock.freeze();
    let trouble = Trouble::from(get(&connection, &key("Secret", "x")).await.unwrap_err());
    assert_eq!(trouble.kind, TroubleKind::TimedOut);
}

#[tokio::test]
async fn what_cannot_be_applied_is_said_before_it_is_sent() {
    let (mock, connection) = setup();
    let nameless = apply(&connection, &json!({ "apiVersion": "v1", "kind": "Secret" }), Apply::default()).await.unwrap_err();
    assert!(matches!(nameless, Error::Garbled { .. }));
    let object = json!({ "apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
        "metadata": { "namespace": "shop", "name": "app" }, "spec": { "path": "./b" } });
    let stored = apply(&connection, &object, Apply { dry_run: true, force: true }).await.unwrap();
    assert_eq!(stored.pointer("/spec/path"), Some(&json!("./b")));
    assert_eq!(mock.asked("app?fieldManager=quarterdeck&force=true&dryRun=All"), 1);
    let absent = json!({ "apiVersion": "nobody.example/v1", "kind": "Thing", "metadata": { "namespace": "shop", "name": "x" } });
    let absent = apply(&connection, &absent, Apply::default()).await.unwrap_err();
    assert!(matches!(absent, Error::KindAbsent { .. }), "{absent}");
}

#[tokio::test]
async fn an_address_where_nobody_listens_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    // Port 1 of loopback: nothing listens there.
    let text =
        "clusters:\n- {name: c, cluster: {server: 'https://127.0.0.1:1'}}\ncontexts:\n- {name: c, context: {cluster: c}}\n";
    std::fs::write(&path, text).unwrap();
    let files = crate::Kubeconfigs::read(&[path], crate::Surroundings::default()).unwrap();
    let connection = Connection::from_context(&files, &"c".into()).await.unwrap();
    let error = probe(&connection).await.unwrap_err();
    assert!(
        matches!(&error, Error::Unreachable { address, why, .. } if address.contains("127.0.0.1:1") && why.contains("refused")),
        "{error}"
    );
}

#[cfg(unix)]
#[tokio::test]
async fn a_helper_that_fails_is_quoted_and_its_answer_is_not_shown() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let helper = folder.path().join("helper");
    std::fs::write(&helper, "#!/bin/sh\necho secret-token\necho your login has expired >&2\nexit 3\n").unwrap();
    std::fs::set_permissions(&helper, std::fs::Permissions::from_mode(0o700)).unwrap();
    let path = folder.path().join("config");
    let text = "clusters:\n- {name: c, cluster: {server: 'https://127.0.0.1:1'}}\ncontexts:\n- {name: c, context: {cluster: c, user: u}}\n\
        users:\n- {name: u, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: ./helper}}}\n";
    std::fs::write(&path, text).unwrap();
    let files = crate::Kubeconfigs::read(&[path], crate::Surroundings::default()).unwrap();
    let error = Connection::from_context(&files, &"c".into()).await.unwrap_err();
    assert!(matches!(&error, Error::Helper { why, .. } if why.contains("your login has expired")), "{error}");
    assert!(!Trouble::from(error).to_string().contains("secret-token"));
}
