//! What the checks say, line by line, and how that ends.

use super::super::input::refused;
use super::{OVERLAY, OVERLAY_TEXT, Repository, WEB, WEB_TEXT};
use crate::support::ground::{Ground, Kind};

#[test]
fn sound_manifests_end_with_0_and_faults_with_1() {
    let repository = Repository::new();
    let said = repository.run(&["lint", "."]);
    assert_eq!(said.err, "0 errors, 0 warnings, 0 notes in 3 files.\n");
    assert_eq!(said.ok(), "");
    repository.run(&["lint", ".", "--strict"]).ok();
    // A warning ends with 1 only where it is said.
    repository.file(OVERLAY, &OVERLAY_TEXT.replace("1.2.0", "latest"));
    let said = repository.run(&["lint", "."]);
    assert!(said.err.starts_with("0 errors, 1 warning, "), "{}", said.err);
    let out = said.ok();
    assert!(out.starts_with("k8s/overlays/dev/kustomization.yaml:8:"), "{out}");
    assert!(out.contains(": warning image-latest: "), "{out}");
    let strict = repository.run(&["lint", ".", "--strict"]);
    assert!(strict.err.contains("The manifests have warnings"), "{}", strict.err);
    strict.failed(1);
    // An error does so always, and the rest is still looked at.
    repository.file(WEB, &WEB_TEXT.replace("spec:\n  replicas", "spec:\n\treplicas"));
    repository.file("other/a.yaml", "a: [1\n");
    let said = repository.run(&["lint", "."]);
    assert!(said.err.contains("quarterdeck: The manifests have errors"), "{}", said.err);
    let out = said.out.clone();
    assert!(out.lines().any(|line| line.starts_with("k8s/base/web.yaml:7:") && line.contains(": error yaml-syntax: ")), "{out}");
    assert!(out.lines().any(|line| line.starts_with("other/a.yaml:2:") && line.contains(": error yaml-syntax: ")), "{out}");
    said.failed(1);
}

#[test]
fn findings_are_sorted_said_once_and_stable_as_json() {
    let repository = Repository::new();
    let open = WEB_TEXT.replace("          limits: {cpu: 100m, memory: 64Mi}\n", "");
    repository.file(WEB, &open);
    repository.file("k8s/overlays/prod/kustomization.yaml", OVERLAY_TEXT);
    let out = repository.run(&["lint", "."]).ok();
    assert_eq!(out.matches("no-limits").count(), 1, "two overlays say it of the same line: {out}");
    let mut lines: Vec<&str> = out.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, out.lines().collect::<Vec<_>>());
    let found = repository.run(&["lint", ".", "-o", "json"]).json();
    let one = found.as_array().and_then(|all| all.iter().find(|f| f["rule"] == "no-limits")).expect("the finding");
    assert_eq!((one["file"].as_str(), one["severity"].as_str()), (Some(WEB), Some("warning")), "{one}");
    assert!(one["line"].is_u64() && one["message"].is_string() && one["object"] == "Deployment/shop-web", "{one}");
    // From another folder the place is told as it is seen from there.
    let inside = repository.operator.run_in(&repository.path("k8s/overlays"), &["lint", "dev"], &[]).ok();
    assert!(inside.starts_with("../base/web.yaml:"), "{inside}");
}

#[test]
fn what_nobody_takes_in_is_looked_at_too() {
    let repository = Repository::new();
    repository.file("loose/secret.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: x}\nstringData: {a: b}\n  c: d\n");
    let said = repository.run(&["lint", "loose"]);
    assert!(said.out.starts_with("loose/secret.yaml:"), "{}", said.out);
    said.failed(1);
    repository.file("k8s/components/extra/kustomization.yaml", "kind: Component\napiVersion: kustomize.config.k8s.io/v1alpha1\n");
    repository.run(&["lint", "k8s"]).ok();
    refused(repository.run(&["lint", "nowhere"]), 4, &["nowhere"]);
}

#[test]
fn fields_that_no_schema_knows_are_named_with_their_column() {
    let repository = Repository::new();
    repository.file(WEB, &WEB_TEXT.replace("  replicas: 1\n", "  replica: 1\n  paused: \"yes\"\n"));
    let said = repository.run(&["lint", "k8s/base"]);
    let lines: Vec<&str> = said.out.lines().collect();
    assert!(lines.iter().any(|line| line.starts_with("k8s/base/web.yaml:7:3: ") && line.contains("replica")), "{lines:?}");
    assert!(lines.iter().any(|line| line.starts_with("k8s/base/web.yaml:8:") && line.contains("paused")), "{lines:?}");
    said.failed(1);
}

const CRD: &str = "\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: boats.acme.example}
spec:
  group: acme.example
  names: {kind: Boat, plural: boats}
  scope: Namespaced
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec: {type: object, properties: {sails: {type: integer}}}
";

#[test]
fn kinds_that_the_folder_defines_are_checked_and_others_are_noted() {
    let repository = Repository::new();
    let boat = "apiVersion: acme.example/v1\nkind: Boat\nmetadata: {name: may}\nspec:\n  sails: many\n";
    repository.file("boats/may.yaml", boat);
    let said = repository.run(&["lint", "boats"]);
    assert!(said.err.contains("1 note in 1 file (-o wide shows the notes)"), "{}", said.err);
    assert_eq!(said.ok(), "");
    assert!(repository.run(&["lint", "boats", "-o", "wide"]).ok().contains("info schema-kind: "));
    repository.file("boats/crd.yaml", CRD);
    let said = repository.run(&["lint", "boats"]);
    assert!(said.out.starts_with("boats/may.yaml:5:"), "{}", said.out);
    said.failed(1);
}

#[test]
fn a_cluster_says_what_it_serves_when_it_is_asked() {
    let repository = Repository::new();
    let source = "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {name: x, namespace: x}\nspec:\n  \
                  url: https://git.example/x\n  interval: 1m\n  branch: main\n";
    repository.file("flux/source.yaml", source);
    repository.run(&["lint", "flux"]).ok();
    refused(repository.run(&["lint", "flux", "--context", "nowhere"]), 4, &["no kubeconfig"]);
    let Some(ground) = Ground::new(Kind::Real, "lint") else { return };
    let path = ground.kubeconfig().display().to_string();
    let kubeconfig = std::fs::read_to_string(&path).expect("a kubeconfig");
    let context = kubeconfig.lines().find_map(|line| line.trim().strip_prefix("current-context:")).expect("a context");
    let lint = |context: &str| repository.run(&["lint", "flux", "--kubeconfig", &path, "--context", context]);
    refused(lint("nowhere"), 4, &["nowhere", "no such context"]);
    let said = lint(context.trim());
    assert!(said.out.starts_with("flux/source.yaml:7:3: error ") && said.out.contains("branch"), "{}", said.out);
    said.failed(1);
}
