//! Manifests for a project that has none.

use std::fs;
use std::process::Command;

use super::super::input::refused;
use super::Repository;

const SHOP: [&str; 10] =
    ["scaffold", "deploy", "--name", "shop", "--image", "ghcr.io/acme/shop:1.0.0", "--port", "8080", "-e", "development"];

#[test]
fn a_project_without_manifests_gets_a_base_and_overlays() {
    let repository = Repository::new();
    let more = ["-e", "production=shop", "--host", "production=shop.acme.example"];
    let diff = repository.run(&[&SHOP[..], &more].concat()).ok();
    assert!(diff.starts_with("--- /dev/null\n+++ b/deploy/base/deployment.yaml\n"), "{diff}");
    assert!(!repository.path("deploy").exists(), "nothing is written unless it is said");
    // What is printed is what is written.
    fs::write(repository.path("made.diff"), &diff).expect("a file of our own");
    let git = Command::new("git").args(["apply", "made.diff"]).current_dir(repository.folder.path()).output().expect("git");
    assert!(git.status.success(), "{}", String::from_utf8_lossy(&git.stderr));
    let applied = repository.text("deploy/overlays/production/ingress.yaml");
    fs::remove_dir_all(repository.path("deploy")).expect("our own folder");
    let names = repository.run(&[&SHOP[..], &more, &["--write", "-o", "name"]].concat()).ok();
    assert_eq!(names.lines().count(), 6, "{names}");
    assert_eq!(repository.text("deploy/overlays/production/ingress.yaml"), applied);
    assert!(applied.contains("shop.acme.example"), "{applied}");
    // It renders, passes the checks, and can be edited.
    let built = repository.run(&["build", "deploy/overlays/production"]).ok();
    assert!(built.contains("namespace: shop\n") && built.contains("image: ghcr.io/acme/shop:1.0.0"), "{built}");
    assert!(repository.run(&["build", "deploy/overlays/development"]).ok().contains("namespace: shop-development\n"));
    let said = repository.run(&["lint", "deploy", "--strict"]);
    assert!(said.err.starts_with("0 errors, 0 warnings"), "{}\n{}", said.out, said.err);
    repository.run(&["set", "deploy/overlays/production", "--tag", "1.1.0", "--write"]).ok();
    // And it is not made twice.
    let before = repository.text("deploy/overlays/production/kustomization.yaml");
    let again = repository.run(&[&SHOP[..], &more, &["--write"]].concat());
    assert!(again.err.contains("deploy/base/deployment.yaml"), "{}", again.err);
    assert_ne!(again.code, 0);
    assert_eq!(repository.text("deploy/overlays/production/kustomization.yaml"), before);
}

#[test]
fn what_cannot_be_made_is_told() {
    let repository = Repository::new();
    let cases: [(&[&str], &[&str]); 6] = [
        (&["--host", "production=x.example"], &["no host of an environment", "production=x.example"]),
        (&["-e", "Big"], &["names no environment", "Big"]),
        (&["-e", "x=_"], &["namespace", "environment x"]),
        (&["--replicas", "0"], &["replicas", "at least one"]),
        (&["--host", "development=_"], &["ingress host", "lower case"]),
        (&["--no-service", "--host", "development=a.example"], &["ingress host", "needs a Service"]),
    ];
    for (more, parts) in cases {
        refused(repository.run(&[&SHOP[..], more].concat()), 2, parts);
    }
    let odd = ["scaffold", "nowhere/../out", "--name", "x", "--image", "y:1", "--port", "1", "-e", "z"];
    refused(repository.run(&odd), 2, &["nowhere/../out"]);
    let untagged = ["scaffold", "x", "--name", "x", "--image", "y", "--port", "1", "-e", "z"];
    refused(repository.run(&untagged), 2, &["image", "tag"]);
    assert!(!repository.path("deploy").exists());
}
