//! Manifests in a local folder: what `set`, `build` and `lint` print and write. None of them asks a cluster or keeps state.

mod build;
mod charts;
mod lint;
mod scaffold;
mod set;
mod write;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::support::console::{Operator, Said};

const OVERLAY: &str = "k8s/overlays/dev/kustomization.yaml";
const OVERLAY_TEXT: &str = "\
# The development overlay.
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources:
- ../../base
images:
- name: ghcr.io/acme/shop
  newTag: \"1.2.0\"  # keep in step with api
";
const WEB: &str = "k8s/base/web.yaml";
const WEB_TEXT: &str = "\
# The storefront.
apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop-web
spec:
  replicas: 1
  selector:
    matchLabels: {app: shop-web}
  template:
    metadata:
      labels: {app: shop-web}
    spec:
      containers:
      - name: web
        image: ghcr.io/acme/shop:1.0.0
        env:
        - name: LOG_LEVEL
          value: \"info\"   # debug is loud
        resources:
          requests: {cpu: 10m, memory: 16Mi}
          limits: {cpu: 100m, memory: 64Mi}
";

/// Holds a repository with a base and an overlay, and an operator who has no cluster.
struct Repository {
    operator: Operator,
    folder: tempfile::TempDir,
}

impl Repository {
    fn new() -> Self {
        let repository = Self { operator: Operator::lost(), folder: tempfile::tempdir().expect("a temporary folder") };
        fs::create_dir(repository.path(".git")).expect("a folder of our own");
        repository.file("k8s/base/kustomization.yaml", "resources:\n- web.yaml\n");
        repository.file(WEB, WEB_TEXT);
        repository.file(OVERLAY, OVERLAY_TEXT);
        repository
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn file(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder of our own");
        fs::write(path, text).expect("a file of our own");
    }

    fn link(&self, path: &str, target: &str) {
        symlink(target, self.path(path)).expect("a link of our own");
    }

    fn text(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).expect("a file of our own")
    }

    /// Runs a subcommand in the repository's root.
    fn run(&self, arguments: &[&str]) -> Said {
        self.operator.run_in(self.folder.path(), arguments, &[])
    }

    /// Runs a subcommand with a folder in front of the PATH.
    fn run_on(&self, path: &Path, arguments: &[&str]) -> Said {
        self.operator.run_in(self.folder.path(), arguments, &[("PATH", &path.to_string_lossy())])
    }

    fn set(&self, arguments: &[&str]) -> Said {
        self.run(&[&["set", "k8s/overlays/dev"], arguments].concat())
    }
}

impl Drop for Repository {
    fn drop(&mut self) {
        assert!(!self.operator.state().exists(), "none of this keeps state");
    }
}

#[test]
fn what_is_no_folder_with_manifests_is_told() {
    let repository = Repository::new();
    repository.file("empty/README.md", "nothing\n");
    for command in ["set", "build", "lint"] {
        let missing = repository.run(&[command, "nowhere"]);
        super::input::refused(missing, 4, &["There is no such folder", "nowhere"]);
        let file = repository.run(&[command, WEB]);
        super::input::refused(file, 2, &["This is not a folder", WEB, "k8s/base"]);
        let elsewhere = repository.run(&[command, "k8s", "--root", "empty"]);
        super::input::refused(elsewhere, 2, &["not in that repository", "--root"]);
        repository.run(&[command]).failed(2);
    }
    super::input::refused(repository.run(&["set", "empty"]), 4, &["There is no workload", "empty"]);
}

#[test]
fn a_folder_outside_of_git_is_its_own_root_unless_one_is_named() {
    let repository = Repository::new();
    fs::remove_dir(repository.path(".git")).expect("our own folder");
    for command in ["set", "build"] {
        let refusal = repository.run(&[command, "k8s/overlays/dev"]);
        super::input::refused(refusal, 3, &["../../base", "out of the repository", "--root"]);
        repository.run(&[command, "k8s/overlays/dev", "--root", "k8s"]).ok();
    }
}
