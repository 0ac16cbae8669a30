//! Fields changed where they live, to the byte.

use std::process::Command;
use std::time::Duration;

use serde_json::json;

use super::super::input::refused;
use super::{OVERLAY, OVERLAY_TEXT, Repository, WEB, WEB_TEXT};

const LIMIT: Duration = Duration::from_secs(20);

const TAG_DIFF: &str = "\
--- a/k8s/overlays/dev/kustomization.yaml
+++ b/k8s/overlays/dev/kustomization.yaml
@@ -5,4 +5,4 @@
 - ../../base
 images:
 - name: ghcr.io/acme/shop
-  newTag: \"1.2.0\"  # keep in step with api
+  newTag: \"1.3.0\"  # keep in step with api
";

#[test]
fn a_changed_tag_is_a_diff_of_one_line_and_is_written_when_told_to() {
    let repository = Repository::new();
    let said = repository.set(&["--tag", "1.3.0"]);
    assert!(said.err.contains("--write"), "{}", said.err);
    assert_eq!(said.ok(), TAG_DIFF);
    assert_eq!(repository.text(OVERLAY), OVERLAY_TEXT, "nothing is written unless it is said");
    let said = repository.set(&["--tag", "1.3.0", "--write"]);
    assert_eq!(said.err, "Written: k8s/overlays/dev/kustomization.yaml.\n");
    assert_eq!(said.ok(), TAG_DIFF);
    assert_eq!(repository.text(OVERLAY), OVERLAY_TEXT.replace("1.2.0", "1.3.0"));
    assert_eq!(repository.text(WEB), WEB_TEXT);
    let again = repository.set(&["--tag", "1.3.0", "--write"]);
    assert!(again.err.starts_with("Nothing to change"), "{}", again.err);
    assert_eq!(again.ok(), "");
}

#[test]
fn what_is_printed_can_be_applied_by_git() {
    let repository = Repository::new();
    let crlf = OVERLAY_TEXT.replace('\n', "\r\n");
    for (text, fields) in [
        (OVERLAY_TEXT.to_owned(), &["--tag", "1.3.0", "--replicas", "3", "--env", "LOG_LEVEL=debug"][..]),
        (crlf, &["--tag", "1.3.0"]),
        (OVERLAY_TEXT.trim_end().to_owned(), &["--image", "ghcr.io/acme/shop:2.0.0", "--memory", ":1Gi"]),
    ] {
        repository.file(OVERLAY, &text);
        let diff = repository.set(fields).ok();
        std::fs::write(repository.path("change.diff"), &diff).expect("a file of our own");
        let git = Command::new("git").args(["apply", "change.diff"]).current_dir(repository.folder.path()).output().expect("git");
        assert!(git.status.success(), "{}\n{diff}", String::from_utf8_lossy(&git.stderr));
        let applied = repository.text(OVERLAY);
        assert_ne!(applied, text);
        repository.file(OVERLAY, &text);
        repository.set(&[fields, &["--write"]].concat()).ok();
        assert_eq!(repository.text(OVERLAY), applied, "what is printed is what is written");
        assert!(repository.set(fields).ok().is_empty(), "and then it reads so");
    }
}

#[test]
fn without_fields_it_lists_what_it_finds() {
    let repository = Repository::new();
    let table = repository.set(&[]).ok();
    assert!(table.starts_with("FIELD "), "{table}");
    for parts in [
        ["tag ", "1.2.0", "k8s/overlays/dev/kustomization.yaml:8", "images: entry of the overlay"],
        ["replicas ", "1", "k8s/base/web.yaml:7", "in the base k8s/base"],
        ["env=LOG_LEVEL ", "info", "k8s/base/web.yaml:19", "container web"],
        ["memory-limit ", "64Mi", "k8s/base/web.yaml:22", "container web"],
    ] {
        assert!(table.lines().any(|line| parts.iter().all(|part| line.contains(part))), "{parts:?} in {table}");
    }
    let found = repository.set(&["-o", "json"]).json();
    let tag = found.as_array().and_then(|all| all.iter().find(|one| one["field"] == "tag")).expect("a tag");
    assert_eq!(
        tag,
        &json!({"field": "tag", "workload": "Deployment/shop-web", "container": "web", "value": "1.2.0",
            "file": OVERLAY, "line": 8, "why": "images: entry of the overlay"})
    );
    // A place is shown from where one stands, so that an editor finds it.
    let inside = repository.operator.run_in(&repository.path("k8s/overlays/dev"), &["set", "."], &[]).ok();
    assert!(inside.contains(" kustomization.yaml:8 ") && inside.contains(" ../../base/web.yaml:7 "), "{inside}");
}

#[test]
fn json_holds_every_change_with_its_place() {
    let repository = Repository::new();
    let said = repository.set(&["--tag", "1.3.0", "--env", "LOG_LEVEL=info", "-o", "json"]).json();
    assert_eq!(
        said,
        json!({
            "written": false,
            "workload": "Deployment/shop-web",
            "changes": [{"field": "tag", "container": "web", "before": "1.2.0", "after": "1.3.0", "file": OVERLAY, "line": 8,
                "why": "images: entry of the overlay"}],
            "others": [],
            "files": [{"path": OVERLAY, "before": OVERLAY_TEXT, "after": OVERLAY_TEXT.replace("1.2.0", "1.3.0")}],
        })
    );
    assert_eq!(repository.set(&["--tag", "1.3.0", "-o", "name"]).ok(), format!("{OVERLAY}\n"));
}

#[test]
fn every_field_that_is_given_with_a_name_is_taken_out_by_it() {
    let repository = Repository::new();
    let base = |fields: &[&str]| repository.run(&[&["set", "k8s/base", "--write"], fields].concat()).ok();
    for (given, gone) in [
        (&["--env", "A=1"][..], &["--env", "A-"][..]),
        (&["--env", "A=1"], &["--unset-env", "A"]),
        (&["--env", "A=1"], &["--unset", "env=A"]),
        (&["--memory", "16Mi:128Mi"], &["--memory", "16Mi:64Mi"]),
        (&["--env-from", "A=secret:keys/a"], &["--unset", "env-from=A"]),
        (&["--pull-policy", "Always"], &["--unset", "pull-policy"]),
        (&["--port", "http=8080"], &["--port", "http-"]),
        (
            &["--probe", "readiness.path=/healthz", "--probe", "readiness.port=8080"],
            &["--probe", "readiness.path-", "--probe", "readiness.port-"],
        ),
        (&["--label", "team=shop"], &["--label", "team-"]),
        (&["--annotation", "acme.example/owner=shop"], &["--unset", "annotation=acme.example/owner"]),
        (&["--pod-label", "team=shop"], &["--pod-label", "team-"]),
        (&["--pod-annotation", "a=b"], &["--unset", "pod-annotation=a"]),
    ] {
        assert_ne!(base(given), "", "{given:?}");
        assert_ne!(repository.text(WEB), WEB_TEXT, "{given:?}");
        assert_ne!(base(gone), "", "{gone:?}");
        assert_eq!(repository.text(WEB), WEB_TEXT, "{given:?} and {gone:?} leave nothing");
    }
}

#[test]
fn of_several_workloads_one_is_chosen() {
    let repository = Repository::new();
    repository.file("k8s/base/kustomization.yaml", "resources:\n- web.yaml\n- worker.yaml\n");
    repository.file("k8s/base/worker.yaml", &WEB_TEXT.replace("shop-web", "shop-worker").replace("acme/shop", "acme/worker"));
    refused(
        repository.set(&["--tag", "2"]),
        2,
        &["There are several workloads", "Deployment/shop-web, Deployment/shop-worker", "--workload Deployment/"],
    );
    let list = repository.set(&["-o", "name"]).ok();
    assert_eq!(list.matches("replicas").count(), 2, "{list}");
    let diff = repository.set(&["--tag", "2", "--workload", "Deployment/shop-worker"]).ok();
    assert!(diff.contains("acme/worker") && !diff.contains("+  newTag: \"1"), "{diff}");
    refused(repository.set(&["--tag", "2", "--workload", "Deployment/no"]), 4, &["Deployment/no", "Deployment/shop-web"]);
    refused(repository.set(&["--tag", "2", "--workload", "no"]), 2, &["names no workload"]);
    let workload = ["--workload", "Deployment/shop-web"];
    refused(repository.set(&[&workload[..], &["--tag", "2", "-c", "no"]].concat()), 4, &["no container no", "web"]);
    refused(repository.set(&[&workload[..], &["-c", "no"]].concat()), 4, &["no container no", "web"]);
}

const SHARED: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  template:
    spec:
      containers:
      - name: api
        image: &image ghcr.io/acme/shop:1.0.0  # both
      - name: worker
        image: *image
";

#[test]
fn where_there_is_more_than_one_place_it_asks_and_at_answers() {
    let repository = Repository::new();
    repository.file("shared/web.yaml", SHARED);
    let set = |fields: &[&str]| repository.run(&[&["set", "shared", "--tag", "2"], fields].concat());
    let asked = refused(set(&[]), 2, &["There is more than one place for it", "image tag", "2 containers"]);
    let offers: Vec<&str> = asked.lines().skip(1).collect();
    assert_eq!(offers.len(), 2, "{asked}");
    assert!(offers[0].starts_with("  1. --at shared/web.yaml:9 ") && offers[0].ends_with("container api"), "{asked}");
    assert!(offers[1].starts_with("  2. --at shared/web.yaml:11 ") && offers[1].ends_with("container worker"), "{asked}");
    let asked = refused(set(&["-c", "worker"]), 2, &["written once", "1. --at own ", "2. --at written "]);
    assert!(asked.contains("shared/web.yaml:12") && asked.contains("shared/web.yaml:10"), "{asked}");
    // The container by its place asks what its name asks; the place is understood as it is printed where one stands.
    refused(set(&["--at", "shared/web.yaml:11"]), 2, &["of container worker", "--at own"]);
    let inside = repository.operator.run_in(&repository.path("shared"), &["set", ".", "--tag", "2", "--at", "web.yaml:11"], &[]);
    refused(inside, 2, &["of container worker", "web.yaml:12"]);
    let own = set(&["-c", "worker", "--at", "own"]).ok();
    assert!(own.ends_with("       - name: worker\n-        image: *image\n+        image: ghcr.io/acme/shop:2\n"), "{own}");
    let written = set(&["-c", "worker", "--at", "written"]).ok();
    assert!(written.contains("+        image: &image ghcr.io/acme/shop:2  # both\n"), "{written}");
    // What comes from a base goes into the overlay, unless it is told otherwise.
    let replicas = |fields: &[&str]| repository.set(&[&["--replicas", "3", "-o", "name"], fields].concat()).ok();
    assert_eq!(replicas(&[]), format!("{OVERLAY}\n"));
    assert_eq!(replicas(&["--at", "overlay"]), format!("{OVERLAY}\n"));
    assert_eq!(replicas(&["--at", "written"]), format!("{WEB}\n"));
}

const AROUND: &str = "\
apiVersion: v1
kind: Service
metadata:
  name: shop-web
spec:
  selector: {app: shop-web}
  ports:
  - name: http
    port: 80  # outside
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: shop-web
spec:
  rules:
  - host: shop.acme.example
    http:
      paths:
      - path: /
        pathType: Prefix
        backend: {service: {name: shop-web, port: {name: http}}}
";

const RELEASE: &str = "\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata:
  name: shop
spec:
  interval: 10m
  chart:
    spec:
      chart: shop
      version: 1.2.3  # of the chart
      sourceRef: {kind: HelmRepository, name: acme}
  values:
    image: {repository: ghcr.io/acme/shop, tag: \"1.0.0\"}
    ingress:
      enabled: false
";

/// Returns the lines of a diff that are taken out and put in.
fn lines(diff: &str) -> Vec<&str> {
    diff.lines().filter(|line| line.starts_with(['-', '+']) && !line.starts_with("---") && !line.starts_with("+++")).collect()
}

#[test]
fn services_charts_and_generated_keys_are_changed_in_one_line() {
    let repository = Repository::new();
    repository.file(
        "app/kustomization.yaml",
        "resources: [web.yaml, around.yaml]\nconfigMapGenerator:\n- name: shop\n  envs: [shop.env]\n",
    );
    repository.file("app/web.yaml", WEB_TEXT);
    repository.file("app/around.yaml", AROUND);
    repository.file("app/shop.env", "# how loud\nLOG_LEVEL=info\n");
    repository.file("chart/release.yaml", RELEASE);
    for (folder, fields, expect) in [
        ("app", &["--service-port", "http=8080"][..], &["-    port: 80  # outside", "+    port: 8080  # outside"][..]),
        ("app", &["--ingress-host", "a.example"], &["-  - host: shop.acme.example", "+  - host: a.example"]),
        ("app", &["--service-type", "NodePort"], &["+  type: NodePort"]),
        ("app", &["--config", "shop/LOG_LEVEL=debug"], &["-LOG_LEVEL=info", "+LOG_LEVEL=debug"]),
        ("app", &["--config", "shop/LOG_LEVEL-"], &["-LOG_LEVEL=info"]),
        (
            "chart",
            &["--chart-version", "1.3.0"],
            &["-      version: 1.2.3  # of the chart", "+      version: 1.3.0  # of the chart"],
        ),
        ("chart", &["--value", "ingress.enabled=true"], &["-      enabled: false", "+      enabled: true"]),
        (
            "chart",
            &["--tag", "2.0.0"],
            &[
                "-    image: {repository: ghcr.io/acme/shop, tag: \"1.0.0\"}",
                "+    image: {repository: ghcr.io/acme/shop, tag: \"2.0.0\"}",
            ],
        ),
    ] {
        let diff = repository.run(&[&["set", folder], fields].concat()).ok();
        assert_eq!(lines(&diff), expect, "{fields:?}");
    }
    let list = repository.run(&["set", "app"]).ok();
    for field in ["service-port=http ", "ingress-host ", "config=shop/LOG_LEVEL "] {
        assert!(list.lines().any(|line| line.starts_with(field)), "{field} in {list}");
    }
}

#[test]
fn in_a_whole_repository_the_folder_of_the_workload_is_found() {
    let repository = Repository::new();
    repository.file("docs/values.yaml", "no: object\n");
    repository.file(".tool.yaml", "no: object\n");
    assert_eq!(repository.run(&["set", ".", "--tag", "1.3.0"]).ok(), TAG_DIFF);
    repository.file("k8s/overlays/prod/kustomization.yaml", OVERLAY_TEXT);
    let set = |folder: &str, more: &[&str]| repository.run(&[&["set", folder, "--tag", "1.3.0"], more].concat());
    let folders = "k8s/overlays/dev, k8s/overlays/prod";
    refused(set(".", &[]), 2, &["workloads in several folders", folders]);
    refused(set("k8s", &["--workload", "Deployment/shop-web"]), 2, &["Deployment/shop-web is in several folders", folders]);
    // Nor is one taken silently where everything in the repository could be rendered together.
    let clean = Repository::new();
    clean.file("k8s/overlays/prod/kustomization.yaml", OVERLAY_TEXT);
    refused(clean.run(&["set", ".", "--tag", "1.3.0"]), 2, &["workloads in several folders", folders]);
    let named = clean.run(&["set", "k8s", "--tag", "1.3.0", "--workload", "Deployment/shop-web"]);
    refused(named, 2, &["Deployment/shop-web is in several folders", folders]);
    repository.file("other/kustomization.yaml", "resources: [web.yaml]\n");
    repository.file("other/web.yaml", &WEB_TEXT.replace("shop-web", "other"));
    let diff = set(".", &["--workload", "Deployment/other"]).ok();
    assert!(diff.contains("+        image: ghcr.io/acme/shop:1.3.0"), "{diff}");
    let list = repository.run(&["set", "."]).ok();
    assert!(list.contains("k8s/overlays/prod/kustomization.yaml:8") && list.contains("other/web.yaml:7"), "{list}");
}

#[test]
fn a_field_that_makes_no_sense_is_told() {
    let repository = Repository::new();
    let cases: [(&[&str], &[&str]); 18] = [
        (&["--write"], &["Nothing to change", "--tag"]),
        (&["--tag", "a/b"], &["image tag", "a/b", "1.9.0"]),
        (&["--digest", "sha256:1"], &["image digest", "64"]),
        (&["--image", "a", "--digest", "b"], &["cannot be used with"]),
        (&["--env", "A"], &["A", "NAME=VALUE"]),
        (&["--env", "A=1", "--env", "A=2"], &["given twice", "env=A"]),
        (&["--env", "A=1", "--unset", "env=A"], &["given twice", "env=A"]),
        (&["--env-from", "A=b"], &["secret:NAME/KEY"]),
        (&["--probe", "ready=1"], &["ready=1", "readiness.path=/healthz"]),
        (&["--probe", "readiness.path=x"], &["readiness path", "starts with /"]),
        (&["--port", "http=0"], &["port http", "1 to 65535"]),
        (&["--label", "=x"], &["=x", "KEY=VALUE"]),
        (&["--config", "x=y"], &["GENERATOR/KEY=VALUE"]),
        (&["--service-type", "None"], &["service type", "ClusterIP"]),
        (&["--unset", "replicas"], &["replicas", "cannot be taken away", "0 for none"]),
        (&["--unset", "foo"], &["foo", "pull-policy", "label=NAME"]),
        (&["--tag", "2", "--at", "somewhere"], &["names no place", "FILE:LINE"]),
        (&["--memory", "2Gi:1Gi"], &["above its limit"]),
    ];
    for (fields, parts) in cases {
        refused(repository.set(fields), 2, parts);
    }
    assert_eq!(repository.text(OVERLAY), OVERLAY_TEXT);
}

#[test]
fn a_file_that_cannot_be_understood_is_named_with_its_line() {
    let repository = Repository::new();
    for (path, text, code, parts) in [
        (
            OVERLAY,
            "resources:\n- ../../base\nimages:\n- name: x\n   newTag: 1\n",
            1,
            &["kustomization.yaml:5:", "no valid YAML"][..],
        ),
        (WEB, "kind: Deployment\nmetadata: {name: web\nspec: 3\n", 1, &["web.yaml:3:", "no valid YAML"]),
        (OVERLAY, "resources: [none.yaml]\n", 4, &["none.yaml", "does not exist", "kustomization.yaml"]),
        (OVERLAY, "resources: [../../../../etc]\n", 3, &["../../../../etc", "out of the repository"]),
        (OVERLAY, "resources: [https://nowhere.invalid/x]\n", 3, &["kustomization.yaml:1", "nowhere.invalid"]),
        (OVERLAY, "resources: []\n", 4, &["There is no workload"]),
    ] {
        let before = repository.text(path);
        repository.file(path, text);
        refused(repository.set(&["--tag", "2", "--write"]), code, parts);
        assert_eq!(repository.text(path), text);
        repository.file(path, &before);
    }
    std::fs::write(repository.path(WEB), b"kind: \xff\n").expect("a file of our own");
    refused(repository.set(&["--tag", "2"]), 1, &["web.yaml", "not UTF-8"]);
}

#[test]
fn a_terminal_sees_colour_and_a_pipe_does_not() {
    let repository = Repository::new();
    let folder = repository.folder.path().display().to_string();
    let line = |before: &str| {
        format!("cd {folder}; {before} \"$QUARTERDECK\" set k8s/overlays/dev --tag 1.3.0; echo that is all; read -r line")
    };
    let mut coloured = repository.operator.shell_in_terminal(&line(""), 120, 36);
    let both = |screen: &str| screen.contains("+  newTag") && screen.contains("that is all");
    coloured.until("the diff", LIMIT, both);
    assert_eq!(coloured.colour("+  newTag"), Some(vt100::Color::Idx(2)));
    assert_eq!(coloured.colour("-  newTag"), Some(vt100::Color::Idx(1)));
    coloured.keys("\r");
    let mut plain = repository.operator.shell_in_terminal(&line("NO_COLOR=1"), 120, 36);
    plain.until("the diff", LIMIT, both);
    assert_eq!(plain.colour("+  newTag"), Some(vt100::Color::Default));
    plain.keys("\r");
    // What a file holds cannot steer the terminal that it is shown on; a pipe gets its bytes.
    repository.file(OVERLAY, &OVERLAY_TEXT.replace("keep in", "keep \u{202e}in"));
    assert!(repository.set(&["--tag", "1.3.0"]).ok().contains("keep \u{202e}in"));
    let mut marked = repository.operator.shell_in_terminal(&line(""), 120, 36);
    let screen = marked.until("the diff", LIMIT, both);
    assert!(screen.contains("U+202E") && !screen.contains('\u{202e}'), "{screen}");
    marked.keys("\r");
}
