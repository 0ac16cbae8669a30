//! Flux itself: looked at, installed, upgraded and removed; and the printed roles, each with nothing but what it allows.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use super::story;
use crate::support::console::Operator;
use crate::support::ground::{Ground, Kind};
use crate::support::wait;

const SOON: Duration = Duration::from_secs(20);

/// A source and what it feeds, as Flux leaves them with its finalizers, and something that they applied.
const APPLIED: &str = "\
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: shop, namespace: flux-system, finalizers: [finalizers.fluxcd.io]}
spec: {url: 'https://git.example/shop', interval: 10m}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: shop, namespace: flux-system, finalizers: [finalizers.fluxcd.io]}
spec: {interval: 10m, prune: true, path: ./k8s, sourceRef: {kind: GitRepository, name: shop}}
---
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: applied
  namespace: shop
  labels: {kustomize.toolkit.fluxcd.io/name: shop, kustomize.toolkit.fluxcd.io/namespace: flux-system}
";

/// Tells a story on both grounds where Flux is not installed.
macro_rules! bare {
    ($name:ident) => {
        mod $name {
            #[test]
            fn on_the_simulator() {
                tell(super::Kind::Sim);
            }
            #[test]
            fn on_the_real_cluster() {
                tell(super::Kind::Real);
            }
            fn tell(kind: super::Kind) {
                if let Some(ground) = super::Ground::bare(kind, &stringify!($name).replace('_', "-")) {
                    super::$name(&ground);
                }
            }
        }
    };
}

fn file(ground: &Ground, operator: &Operator, version: &str) -> String {
    let path: PathBuf = operator.file(&format!("install-{version}.yaml"), &ground.release(version));
    path.to_string_lossy().into_owned()
}

fn check(operator: &Operator) -> Value {
    operator.run(&["check", "-o", "json"]).json()
}

/// Returns how a check ended.
fn state<'a>(found: &'a Value, id: &str) -> &'a str {
    let checks = found["checks"].as_array().map_or(&[][..], Vec::as_slice);
    checks.iter().find(|check| check["id"] == id).and_then(|check| check["state"].as_str()).unwrap_or_default()
}

/// Returns how many objects a dry run would do something to.
fn count(plan: &Value, does: &str) -> usize {
    plan["steps"].as_array().into_iter().flatten().filter(|step| step["does"] == does).count()
}

fn names(found: &Value) -> Vec<&str> {
    found["controllers"].as_array().into_iter().flatten().filter_map(|c| c["name"].as_str()).collect()
}

bare!(flux_is_installed_upgraded_and_removed);
fn flux_is_installed_upgraded_and_removed(ground: &Ground) {
    let operator = ground.operator();
    let found = check(&operator);
    assert_eq!(["kubernetes", "viewer", "installer", "components"].map(|id| state(&found, id)), ["ok", "ok", "ok", "warn"]);

    // What it would do is said, and nothing is done.
    let old = file(ground, &operator, "v2.8.0");
    let plan = operator.run(&["install", "--from", &old, "--components", "source,kustomize", "--dry-run", "-o", "json"]).json();
    assert_eq!((plan["version"].as_str(), plan["before"].as_str()), (Some("v2.8.0"), Some("")));
    super::shell::fits(&operator, "installation", &plan);
    assert_eq!(plan["sha256"].as_str().map(str::len), Some(64));
    assert_eq!(count(&plan, "create"), plan["steps"].as_array().map_or(0, Vec::len), "{plan:#}");
    let why = operator.run(&["install", "--from", &old]).failed(2);
    assert!(why.contains("Install Flux v2.8.0 in deck?") && why.contains("SHA-256"), "{why}");
    let why = operator.run(&["install", "--from", &old, "--yes", "--readonly"]).failed(3);
    assert!(why.contains("--readonly"), "{why}");
    assert!(names(&check(&operator)).is_empty());

    let said = operator.run(&["install", "--from", &old, "--components", "source,kustomize", "--yes"]);
    assert!(said.err.contains("Namespace/flux-system: created") && said.err.contains("source-controller: runs"), "{}", said.err);
    said.ok();
    let found = check(&operator);
    assert_eq!(names(&found), ["source-controller", "kustomize-controller"]);
    assert_eq!((state(&found, "components"), found["version"].as_str()), ("ok", Some("v2.8.0")));
    // Given again it changes nothing; a newer release changes what is there.
    let again = ["install", "--from", &old, "--components", "source,kustomize", "--dry-run", "-o", "json"];
    let plan = operator.run(&again).json();
    assert_eq!((count(&plan, "create"), count(&plan, "change")), (0, 0), "{plan:#}");
    let new = file(ground, &operator, "v2.9.0");
    let why = operator.run(&["install", "--from", &new]).failed(2);
    assert!(why.contains("Upgrade Flux v2.8.0 to v2.9.0 in deck?"), "{why}");
    operator.run(&["install", "--from", &new, "--yes"]).ok();
    let found = check(&operator);
    assert_eq!((names(&found).len(), found["version"].as_str()), (4, Some("v2.9.0")));
    let why = operator.run(&["install", "--from", &old]).failed(2);
    assert!(why.contains("Go back from Flux v2.9.0 to v2.8.0"), "{why}");

    // Removing it takes the custom resources along and leaves what they applied.
    ground.apply(APPLIED);
    let removal = operator.run(&["uninstall", "--dry-run", "-o", "json"]).json();
    super::shell::fits(&operator, "removal", &removal);
    let objects = |plural: &str| {
        let of = removal["definitions"]
            .as_array()
            .into_iter()
            .flatten()
            .find(|d| d["name"].as_str().is_some_and(|n| n.starts_with(plural)));
        of.and_then(|d| d["objects"].as_u64())
    };
    assert_eq!([objects("gitrepositories"), objects("kustomizations"), objects("helmreleases")], [Some(1), Some(1), Some(0)]);
    assert_eq!(removal["namespace_goes"], true, "{removal:#}");
    let why = operator.run(&["uninstall"]).failed(2);
    assert!(why.contains("Remove Flux v2.9.0 from deck?") && why.contains("2 custom resources"), "{why}");
    assert!(operator.run(&["uninstall", "--yes", "--readonly"]).failed(3).contains("--readonly"));
    let said = operator.run(&["uninstall", "--yes"]).ok();
    assert!(said.contains("What it applied stays"), "{said}");
    assert!(ground.object("/api/v1/namespaces/shop/configmaps/applied").is_some(), "what Flux applied stays");
    assert_eq!(ground.object("/apis/kustomize.toolkit.fluxcd.io/v1/kustomizations"), None);
    assert_eq!(ground.object("/api/v1/namespaces/flux-system"), None);
    operator.run(&["uninstall", "--yes"]).failed(4);
    assert_eq!(state(&check(&operator), "components"), "warn");
    operator.run(&["audit", "verify"]).ok();
}

bare!(a_namespace_that_others_use_stays);
fn a_namespace_that_others_use_stays(ground: &Ground) {
    let operator = ground.operator();
    let release = file(ground, &operator, "v2.9.0");
    operator.run(&["install", "--from", &release, "--components", "source,kustomize", "--yes"]).ok();
    ground.apply(
        "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: precious, namespace: flux-system}\n\
         spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}\n",
    );
    let why = operator.run(&["uninstall"]).failed(2);
    assert!(why.contains("The namespace flux-system stays, since PersistentVolumeClaim/precious is in it."), "{why}");
    operator.run(&["uninstall", "--yes"]).ok();
    assert!(ground.object("/api/v1/namespaces/flux-system/persistentvolumeclaims/precious").is_some());
}

bare!(what_is_no_release_is_not_applied);
fn what_is_no_release_is_not_applied(ground: &Ground) {
    let operator = ground.operator();
    let release = ground.release("v2.9.0");
    let secret = "---\napiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: flux-system}\n";
    for (name, text, why) in [
        ("secret.yaml", format!("{release}\n{secret}"), "no part of Flux"),
        ("half.yaml", release.replace("name: source-controller\n", "name: sauce-controller\n"), "source-controller"),
        ("page.yaml", "<html><body>Not found</body></html>\n".to_owned(), "The manifest is no release of Flux"),
        ("empty.yaml", String::new(), "no Deployment source-controller"),
    ] {
        let path = operator.file(name, &text).to_string_lossy().into_owned();
        let said = operator.run(&["install", "--from", &path, "--yes"]).failed(3);
        assert!(said.contains(why), "{name}: {said}");
    }
    operator.run(&["install", "--from", "/no/such/file", "--yes"]).failed(4);
    assert!(operator.run(&["install", "--url", "http://mirror.example/x", "--yes"]).failed(1).contains("plain http"));
    let said = operator.run(&["install", "--from", "x", "--components", "flagger"]).failed(2);
    assert!(said.contains("image-reflector"), "{said}");
    assert_eq!(ground.object("/api/v1/namespaces/flux-system"), None, "nothing was applied");
}

/// Returns a Kustomization that Flux leaves alone.
fn suspended(name: &str) -> String {
    format!(
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {{name: {name}, namespace: flux-system}}\n\
         spec: {{interval: 1h, path: ./x, prune: true, suspend: true, sourceRef: {{kind: GitRepository, name: none}}}}\n"
    )
}

/// Makes an operator who has nothing but what a printed role allows.
fn with_role(ground: &Ground, role: &str) -> Operator {
    let name = format!("{}-{role}", ground.app);
    let account = ground.account(&name);
    let subject = format!("flux-system/{name}");
    // The names of the printed role are those of everybody; a story's own are not another's.
    let printed = ground.operator().run(&["check", "--role", role, "--service-account", &subject]).ok();
    ground.apply(&printed.replace(&format!("name: quarterdeck-{role}\n"), &format!("name: {name}\n")));
    account
}

story!(a_viewer_sees_everything_and_changes_nothing);
fn a_viewer_sees_everything_and_changes_nothing(ground: &Ground) {
    let viewer = with_role(ground, "viewer");
    let app = ground.app.as_str();
    ground.apply(&suspended(app));
    let listed = wait("the Kustomization in the list", SOON, || {
        let all = viewer.run(&["get", "all", "-n", "flux-system", "-o", "json"]).json();
        all.as_array().into_iter().flatten().find(|o| o["name"] == app).cloned()
    });
    assert_eq!(listed["suspended"], true);
    for command in [&["tree", "-n", "flux-system"][..], &["why", "-n", "flux-system"], &["trace", "-n", "flux-system"]] {
        viewer.run(&[&command[..1], &[&format!("ks/{app}")], &command[1..]].concat()).ok();
    }
    let found = viewer.run(&["check", "-o", "json"]).json();
    assert_eq!([state(&found, "viewer"), state(&found, "operator")], ["ok", "warn"], "{found:#}");
    for order in ["resume", "reconcile"] {
        let why = viewer.run(&[order, &format!("ks/{app}"), "--yes"]);
        assert!(why.err.contains("cannot patch resource \"kustomizations\"") || why.err.contains("suspended"), "{}", why.err);
        assert_ne!(why.code, 0);
    }
    let why = viewer.run(&["resume", &format!("ks/{app}"), "--yes"]).failed(3);
    assert!(why.contains("cannot patch resource \"kustomizations\"") && why.contains("check --role operator"), "{why}");
    let why = viewer.run(&["uninstall", "--yes"]);
    assert_ne!(why.code, 0, "{}", why.out);
    ground.operator().run(&["delete", &format!("ks/{app}"), "--yes"]).ok();
}

story!(an_operator_steers_what_the_role_allows);
fn an_operator_steers_what_the_role_allows(ground: &Ground) {
    let operator = with_role(ground, "operator");
    let app = ground.app.as_str();
    let object = format!("ks/{app}");
    ground.apply(&suspended(app));
    operator.run(&["resume", &object, "--yes"]).ok();
    operator.run(&["reconcile", &object, "--yes"]).ok();
    operator.run(&["suspend", &object, "--yes"]).ok();
    operator.run(&["edit", &object, "--set", "interval=2h", "--yes"]).ok();
    let path = format!("/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/flux-system/kustomizations/{app}");
    let spec = ground.object(&path).expect("it is there")["spec"].clone();
    assert_eq!((spec["interval"].as_str(), spec["suspend"].as_bool()), (Some("2h"), Some(true)));
    operator.run(&["delete", &object, "--yes"]).ok();
    let why = operator.run(&["delete", "configmap/kube-root-ca.crt", "-n", "flux-system", "--yes"]);
    assert_ne!(why.code, 0, "{}", why.out);
}

story!(whoever_may_nothing_is_told_what_is_missing);
fn whoever_may_nothing_is_told_what_is_missing(ground: &Ground) {
    let stranger = ground.account(&format!("{}-nobody", ground.app));
    let why = stranger.run(&["get", "ks"]).failed(3);
    // A list comes as a watch where the server can do that.
    assert!(why.contains("resource \"kustomizations\"") && why.contains("check --role viewer"), "{why}");
    let said = stranger.run(&["check"]);
    assert_eq!(said.code, 1, "{}", said.err);
    assert!(said.out.contains("list gitrepositories.source.toolkit.fluxcd.io"), "{}", said.out);
    let mut console = stranger.console(150, 44);
    console.see("● live");
    console.keys("6");
    console.until("the role that is missing", SOON, |screen| screen.contains("check --role viewer"));
}

story!(the_settings_say_how_flux_is);
fn the_settings_say_how_flux_is(ground: &Ground) {
    let operator = ground.operator();
    let mut console = operator.console(150, 44);
    console.see("● live");
    console.keys("0");
    console.until("the prerequisites", SOON, |screen| {
        screen.contains("Flux in deck")
            && screen.contains("All of the role installer is allowed")
            && screen.contains("Kubernetes v1.36")
    });
    // The form says where the manifest would come from, and asks nobody before it is told to.
    console.keys("i");
    console.until("the form", SOON, |screen| {
        screen.contains("image-reflector-controller") && screen.contains("github.com/fluxcd/flux2")
    });
    console.keys("\u{1b}");
    console.until("the form gone", SOON, |screen| !screen.contains("github.com/fluxcd/flux2"));
    console.keys("p");
    console.see("quarterdeck-viewer");
}
