//! The manifest of a release of Flux, made of the controllers' own configuration in their Go modules, as the official one is.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const CONTROLLERS: [&str; 6] = [
    "source-controller",
    "kustomize-controller",
    "helm-controller",
    "notification-controller",
    "image-reflector-controller",
    "image-automation-controller",
];

const NAMESPACE: &str = "\
apiVersion: v1
kind: Namespace
metadata: {name: flux-system}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: cluster-reconciler}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{kind: ServiceAccount, name: kustomize-controller, namespace: flux-system}]
";

/// Returns the manifest, with the labels of a release of that version; `kustomize` is the program.
pub(crate) fn manifest(kustomize: &Path, version: &str) -> String {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("a folder of our own");
    for controller in CONTROLLERS {
        let module = module(controller);
        for part in ["config/crd", "config/manager"] {
            let place = folder.path().join(controller).join(part.trim_start_matches("config/"));
            copy(&module.join(part), &place);
        }
        let text = format!("resources: [crd, manager]\nlabels: [{{pairs: {{app.kubernetes.io/component: {controller}}}}}]\n");
        write(&format!("{controller}/kustomization.yaml"), &text);
    }
    write("namespace.yaml", NAMESPACE);
    let parts = CONTROLLERS.join(", ");
    let labels =
        format!("app.kubernetes.io/part-of: flux, app.kubernetes.io/instance: flux-system, app.kubernetes.io/version: {version}");
    let text = format!("namespace: flux-system\nresources: [namespace.yaml, {parts}]\nlabels: [{{pairs: {{{labels}}}}}]\n");
    write("kustomization.yaml", &text);
    let output = Command::new(kustomize).arg("build").arg(folder.path()).output().expect("kustomize is built");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("YAML is text")
}

/// Returns where Go keeps the sources of a controller.
fn module(controller: &str) -> PathBuf {
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cluster/flux");
    let mut go = Command::new("go");
    go.current_dir(ours).env("GOWORK", "off").env("GOFLAGS", "-mod=readonly");
    let output = go.args(["list", "-m", "-f", "{{.Dir}}", &format!("github.com/fluxcd/{controller}")]).output();
    let output = output.expect("Go built the test cluster");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    PathBuf::from(String::from_utf8_lossy(&output.stdout).trim())
}

/// Writes a folder's files anew, since those in Go's module cache are read-only.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder of our own");
    for entry in fs::read_dir(from).expect("a Flux controller has a configuration") {
        let entry = entry.expect("a readable folder");
        let place = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &place);
        } else {
            fs::write(place, fs::read(entry.path()).expect("a readable file")).expect("a folder of our own");
        }
    }
}
