//! How the programs of the test cluster are built, and what is taken out of the Go modules beside them.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use super::{folder, sources};
use crate::support::{Skip, note};

/// The Kubernetes version of `tests/cluster/control/go.mod`; without it the server would call itself v0.0.0.
const KUBERNETES: &str = "v1.36.3";

/// The Flux controllers, which bring their own resource definitions.
const CONTROLLERS: [&str; 6] = [
    "source-controller",
    "kustomize-controller",
    "helm-controller",
    "notification-controller",
    "image-reflector-controller",
    "image-automation-controller",
];

/// The stages of kwok's own that a healthy node and its Pods need.
const STAGES: [&str; 5] = [
    "node/fast/node-initialize.yaml",
    "node/heartbeat-with-lease/node-heartbeat-with-lease.yaml",
    "pod/fast/pod-ready.yaml",
    "pod/fast/pod-complete.yaml",
    "pod/fast/pod-delete.yaml",
];

/// Builds everything into a folder: programs, resource definitions, stages.
pub(super) fn build(folder: &Path) -> Result<(), Skip> {
    let version = Command::new("go").arg("version").output();
    if !version.is_ok_and(|output| output.status.success()) {
        return Err(Skip::because("Go is not installed, and the test cluster is built with it"));
    }
    note(
        "building the test cluster's programs with Go, once: about 9 minutes on two cores, \
         seconds where Go has built them before (QUARTERDECK_CLUSTER=off skips) …",
    );
    let start = Instant::now();
    let log = File::create(folder.join("build.log")).expect("the target folder can be written");
    let bin = folder.join("bin");
    let version = "k8s.io/component-base/version";
    let named = format!("-s -w -X {version}.gitVersion={KUBERNETES} -X {version}.gitMajor=1 -X {version}.gitMinor=36");
    compile("control", &named, &bin.join("control"), ".", &log)?;
    compile("flux", "-s -w", &bin.join(""), "tool", &log)?;
    compile("kwok", "-s -w", &bin.join(""), "tool", &log)?;
    compile("logs", "-s -w", &bin.join("logs"), ".", &log)?;
    copy_definitions(&folder.join("crds"))?;
    let stages = stages(&module_folder("kwok", "sigs.k8s.io/kwok")?.join("kustomize/stage"));
    fs::write(folder.join("stages.yaml"), stages).expect("the target folder can be written");
    note(&format!("built the test cluster's programs in {} s", start.elapsed().as_secs()));
    Ok(())
}

/// Returns a Go command that works in one of the modules and changes none of its files.
fn go(module: &str) -> Command {
    let mut go = Command::new("go");
    go.current_dir(sources().join(module)).env("GOWORK", "off").env("GOFLAGS", "-mod=readonly");
    go
}

fn compile(module: &str, linker: &str, target: &Path, what: &str, log: &File) -> Result<(), Skip> {
    let share = || log.try_clone().expect("a second handle of the log");
    let mut go = go(module);
    go.args(["build", "-trimpath", "-buildvcs=false", "-ldflags", linker, "-o"]).arg(target).arg(what);
    let status = go.stdout(share()).stderr(share()).status().expect("go was there a moment ago");
    if status.success() {
        return Ok(());
    }
    let said = fs::read_to_string(folder().join("build.log")).unwrap_or_default();
    let last = said.lines().last().unwrap_or("without a word");
    Err(Skip::because(format!("Go cannot build tests/cluster/{module}: {last}")))
}

/// Returns where Go keeps the sources of a module that one of ours requires.
fn module_folder(ours: &str, theirs: &str) -> Result<PathBuf, Skip> {
    let output = go(ours).args(["list", "-m", "-f", "{{.Dir}}", theirs]).output();
    let output = output.expect("go was there a moment ago");
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(Skip::because(format!("Go does not know the folder of {theirs}: {}", said.trim())));
    }
    Ok(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()))
}

fn copy_definitions(target: &Path) -> Result<(), Skip> {
    // A definition that a new version no longer has must not stay.
    if let Err(error) = fs::remove_dir_all(target) {
        assert_eq!(error.kind(), io::ErrorKind::NotFound, "{error}");
    }
    fs::create_dir_all(target).expect("the target folder can be written");
    for controller in CONTROLLERS {
        let bases = module_folder("flux", &format!("github.com/fluxcd/{controller}"))?.join("config/crd/bases");
        for entry in fs::read_dir(bases).expect("a Flux controller has resource definitions") {
            let entry = entry.expect("a readable folder");
            // Written anew, not copied: files in Go's module cache are read-only.
            let text = fs::read(entry.path()).expect("a readable file");
            fs::write(target.join(entry.file_name()), text).expect("the target folder can be written");
        }
    }
    Ok(())
}

/// Returns kwok's stages with ours; those of kwok that would heal a failing Pod get an expression that spares it.
fn stages(theirs: &Path) -> String {
    const ANCHOR: &str = "    matchExpressions:\n";
    const SPARE: &str = "    - key: '.spec.containers.[] | select( .image | test(\"missing|crash|slow\") ) | .image'\n      operator: 'DoesNotExist'\n";
    const SPARE_FAILED: &str = "    - key: '.spec.containers.[] | select( .image | test(\"missing|crash\") ) | .image'\n      operator: 'DoesNotExist'\n";
    let mut all = fs::read_to_string(sources().join("stages.yaml")).expect("our own stages");
    for stage in STAGES {
        let text = fs::read_to_string(theirs.join(stage)).expect("a stage of kwok's");
        assert!(text.contains(ANCHOR), "kwok's {stage} has another shape than it had");
        let text = match stage {
            "pod/fast/pod-ready.yaml" => text.replacen(ANCHOR, &format!("{ANCHOR}{SPARE}"), 1),
            "pod/fast/pod-complete.yaml" => text.replacen(ANCHOR, &format!("{ANCHOR}{SPARE_FAILED}"), 1),
            _ => text,
        };
        all.push_str("\n---\n");
        all.push_str(&text);
    }
    all
}
