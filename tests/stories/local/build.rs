//! Folders rendered in-process, and by the kustomize program where that knows more.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use super::super::input::refused;
use super::{OVERLAY, Repository};
use crate::support::note;

const BUILT: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop-web
spec:
  replicas: 1
  selector:
    matchLabels:
      app: shop-web
  template:
    metadata:
      labels:
        app: shop-web
    spec:
      containers:
      - env:
        - name: LOG_LEVEL
          value: info
        image: ghcr.io/acme/shop:1.2.0
        name: web
        resources:
          limits:
            cpu: 100m
            memory: 64Mi
          requests:
            cpu: 10m
            memory: 16Mi
";

/// Puts a script in place of a program; returns the folder that it is in.
pub(super) fn fake(repository: &Repository, program: &str, script: &str) -> PathBuf {
    let program = format!("bin/{program}");
    repository.file(&program, &format!("#!/bin/sh\n{script}\n"));
    let path = repository.path(&program);
    fs::set_permissions(&path, Permissions::from_mode(0o755)).expect("our own file");
    repository.path("bin")
}

#[test]
fn what_is_printed_is_what_kustomize_prints() {
    let repository = Repository::new();
    let bin = fake(&repository, "kustomize", "echo the program ran; exit 1");
    let said = repository.run_on(&bin, &["build", "k8s/overlays/dev"]);
    assert_eq!(said.err, "");
    assert_eq!(said.ok(), BUILT, "and no program is asked");
    let Some((program, verb)) = real() else { return };
    let output = Command::new(program).arg(verb).arg(repository.path("k8s/overlays/dev")).output().expect("it starts");
    assert_eq!(String::from_utf8_lossy(&output.stdout), BUILT, "{}", String::from_utf8_lossy(&output.stderr));
}

/// Returns the real program, when there is one.
fn real() -> Option<(&'static str, &'static str)> {
    let there =
        |program: &str, arguments: &[&str]| Command::new(program).args(arguments).output().is_ok_and(|o| o.status.success());
    let found = [("kustomize", "build", &["version"][..]), ("kubectl", "kustomize", &["kustomize", "--help"])]
        .into_iter()
        .find(|(program, _, asked)| there(program, asked));
    if found.is_none() {
        note("a story goes without the real kustomize: neither it nor kubectl is on the PATH");
    }
    found.map(|(program, verb, _)| (program, verb))
}

#[test]
fn objects_are_printed_in_every_form() {
    let repository = Repository::new();
    let build = |form: &str| repository.run(&["build", "k8s/overlays/dev", "-o", form]);
    assert_eq!(build("yaml").ok(), BUILT);
    assert_eq!(build("name").ok(), "Deployment/shop-web\n");
    assert!(build("table").ok().contains("Deployment/shop-web   apps/v1      k8s/base/web.yaml:2"));
    let objects = build("json").json();
    assert_eq!(objects[0]["spec"]["template"]["spec"]["containers"][0]["image"], "ghcr.io/acme/shop:1.2.0");
}

/// A field that kustomize hands to helm; never rendered in-process.
const CHARTS: &str = "resources:\n- ../../base\nhelmCharts:\n- name: chart\n";

#[test]
fn what_is_not_known_here_goes_to_the_program_with_a_copy() {
    let repository = Repository::new();
    repository.file(OVERLAY, CHARTS);
    repository.file("secret.txt", "only in the repository\n");
    repository.link("k8s/outside", "/etc");
    let bin = fake(
        &repository,
        "kustomize",
        "echo \"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: made\ndata:\n  args: '$1 $#'\n  copied: '$(/bin/ls $2/../../..)'\n  state: '$QUARTERDECK_STATE'\"; \
         echo a remark >&2",
    );
    let said = repository.run_on(&bin, &["build", "k8s/overlays/dev"]);
    let mut lines = said.err.lines();
    let first = lines.next().unwrap_or_default();
    assert!(first.contains("k8s/overlays/dev/kustomization.yaml:4") && first.contains("kustomize"), "one line says so: {first}");
    assert_eq!(lines.collect::<Vec<_>>(), ["a remark"]);
    let out = said.ok();
    assert!(out.contains("args: 'build 3'") && out.contains("secret.txt") && out.contains("state: ''"), "{out}");
    let object = repository.run_on(&bin, &["build", "k8s/overlays/dev", "-o", "json"]).json();
    assert_eq!(object[0]["metadata"]["name"], "made");
    assert_eq!(repository.run_on(&bin, &["build", "k8s/overlays/dev", "-o", "name"]).ok(), "ConfigMap/made\n");
}

#[test]
fn the_program_is_not_run_when_it_is_forbidden_absent_or_would_fetch() {
    let repository = Repository::new();
    let bin = fake(&repository, "kustomize", "echo ran > \"${0%/*}/ran\"");
    let empty = repository.path("none");
    let dev = ["build", "k8s/overlays/dev"];
    repository.file(OVERLAY, CHARTS);
    let place = "k8s/overlays/dev/kustomization.yaml:4";
    refused(repository.run_on(&bin, &[&dev[..], &["--in-process"]].concat()), 1, &[place, "helmCharts"]);
    refused(repository.run_on(&empty, &dev), 1, &[place, "helmCharts", "Put kustomize or kubectl on the PATH"]);
    for remote in [
        "resources:\n- ../../base\n- https://nowhere.invalid/x.yaml\n",
        "resources:\n- ../../base\nhelmCharts:\n- {name: x, repo: https://nowhere.invalid}\n",
        "resources:\n- ../../base\n- github.com/nowhere.invalid/x?ref=1\n",
    ] {
        repository.file(OVERLAY, remote);
        refused(
            repository.run_on(&bin, &dev),
            3,
            &["Nothing is fetched", "kustomization.yaml:", "nowhere.invalid", "--allow-remote"],
        );
    }
    // A base may hide what the overlay does not name.
    repository.file(OVERLAY, CHARTS);
    repository.file("k8s/base/kustomization.yaml", "resources:\n- web.yaml\n- ssh://git@nowhere.invalid/x\n");
    refused(repository.run_on(&bin, &dev), 3, &["k8s/base/kustomization.yaml:3", "nowhere.invalid"]);
    assert!(!repository.path("bin/ran").exists(), "it never ran");
    repository.run_on(&bin, &[&dev[..], &["--allow-remote"]].concat()).ok();
    assert!(repository.path("bin/ran").exists());
}

#[test]
fn the_words_of_the_program_are_passed_on() {
    let repository = Repository::new();
    repository.file(OVERLAY, CHARTS);
    let bin = fake(&repository, "kustomize", "echo \"Error: no chart in $2\" >&2; exit 7");
    let said = repository.run_on(&bin, &["build", "k8s/overlays/dev"]);
    let err = said.failed(1);
    assert!(err.contains("kustomize could not render this: k8s/overlays/dev: Error: no chart in k8s/overlays/dev"), "{err}");
    assert!(!err.contains("/tmp"), "{err}");
}

#[test]
fn told_to_end_it_ends_the_program_and_leaves_no_copy() {
    let repository = Repository::new();
    repository.file(OVERLAY, CHARTS);
    let bin = fake(&repository, "kustomize", "sleep 600 & echo $! > \"${0%/*}/started\"; wait");
    let said = repository.operator.shell(&format!(
        "cd {}; mkdir tmp; export TMPDIR=$PWD/tmp PATH={}:$PATH; \"$QUARTERDECK\" build k8s/overlays/dev & \
         until [ -s bin/started ]; do sleep 0.02; done; kill -TERM $!; wait $!; echo \"status $?\"; ls tmp; \
         until ! kill -0 $(cat bin/started) 2>/dev/null || grep -q ') Z' /proc/$(cat bin/started)/stat; do sleep 0.02; done; echo gone",
        repository.folder.path().display(),
        bin.display()
    ));
    assert_eq!(said.out, "status 1\ngone\n", "{}", said.err);
    assert!(said.err.contains("quarterdeck: Interrupted: "), "{}", said.err);
}

#[test]
fn a_broken_pipe_ends_it_quietly() {
    let repository = Repository::new();
    // More than a pipe holds.
    for file in 0..20 {
        let objects = (0..100).map(|n| format!("---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: m{file}-{n}}}\n"));
        repository.file(&format!("many/{file}.yaml"), &objects.collect::<String>());
    }
    let said = repository.operator.shell(&format!("\"$QUARTERDECK\" build {} | head -n 1", repository.path("many").display()));
    assert_eq!((said.err.as_str(), said.out.as_str()), ("", "apiVersion: v1\n"));
    let objects: Vec<Value> = serde_json::from_value(repository.run(&["build", "many", "-o", "json"]).json()).expect("a list");
    assert_eq!(objects.len(), 2000);
}

#[test]
fn variables_are_replaced_as_flux_does() {
    let repository = Repository::new();
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  region: ${REGION}\n  count: \"${COUNT:=3}\"\n  plain: ${WHO}\n";
    repository.file("flux/map.yaml", map);
    repository.file("settings.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: s}\ndata: {REGION: eu, WHO: map}\n");
    repository.file("secret.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {WHO: c2VjcmV0}\n");
    repository.file("vars.env", "# who\nWHO=env\nREGION=us\n");
    let build = |more: &[&str]| repository.run(&[&["build", "flux"], more].concat());
    assert!(build(&[]).ok().contains("region: ${REGION}"), "nothing is replaced unless it is said");
    let data = |more: &[&str]| build(&[more, &["-o", "json"]].concat()).json()[0]["data"].clone();
    let expect = |region: &str, who: &str| serde_json::json!({"region": region, "count": 3, "plain": who});
    // Flux replaces in the text that kustomize prints, where the quotes are gone.
    assert_eq!(data(&["--substitute", "REGION=x", "--substitute", "WHO=me"]), expect("x", "me"));
    assert_eq!(data(&["--substitute-file", "settings.yaml"]), expect("eu", "map"));
    assert_eq!(data(&["--substitute-file", "settings.yaml", "--substitute-file", "secret.yaml"]), expect("eu", "secret"));
    assert_eq!(data(&["--substitute-file", "vars.env", "--substitute", "WHO=me"]), expect("us", "me"));
    refused(build(&["--substitute", "WHO=me"]), 1, &["ConfigMap/a", "REGION", "--substitute"]);
    refused(build(&["--substitute", "WHO"]), 2, &["WHO", "NAME=VALUE"]);
    refused(build(&["--substitute-file", "none"]), 1, &["none"]);
    refused(
        build(&["--substitute-file", "flux/map.yaml", "--substitute-file", "k8s/base/web.yaml"]),
        1,
        &["k8s/base/web.yaml", "no ="],
    );
}
