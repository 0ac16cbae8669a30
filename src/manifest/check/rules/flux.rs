//! Flux's own objects: charts without a version, Kustomizations that leave things behind or lead nowhere.

use domain::change::Severity;

use crate::check::hits::Hits;
use crate::check::subject::{Known, Scene, Subject, filled_in};
use crate::yaml::Val;

/// The kind under which the folders that are there are known.
pub(crate) const FOLDER: &str = "folder";

/// Finds charts whose version is whatever is newest.
pub(super) fn unpinned<'s>(subject: &'s Subject, hits: &mut Hits<'s>) {
    if !subject.in_group("toolkit.fluxcd.io") {
        return;
    }
    match subject.kind.as_str() {
        "HelmRelease" => {
            let chart = subject.at(&["spec", "chart", "spec"]);
            let source = chart.and_then(|c| c.at(&["sourceRef", "kind"])).and_then(Val::as_text);
            // A chart in a Git repository or a bucket is as old as its source.
            if source != Some("HelmRepository") {
                return;
            }
            let version = chart.and_then(|c| c.get("version"));
            let text = version.and_then(Val::scalar).unwrap_or_default();
            if matches!(text.as_str(), "" | "*" | "x" | ">=0.0.0" | ">0.0.0" | ">=0.0.0-0") {
                let name = chart.and_then(|c| c.get("chart")).and_then(Val::scalar).unwrap_or_default();
                let message = format!("{} takes whatever version of the chart {name} is newest", subject.told());
                hits.near(subject, &[version, chart], message);
            }
        }
        "OCIRepository" => {
            let reference = subject.at(&["spec", "ref"]);
            let tag = reference.and_then(|r| r.get("tag"));
            let pinned = reference.is_some_and(|r| r.get("digest").is_some() || r.get("semver").is_some());
            if !pinned && tag.and_then(Val::scalar).is_none_or(|tag| tag == "latest") {
                let message = format!("{} takes whatever is pushed as latest", subject.told());
                hits.near(subject, &[tag, reference, subject.val.get("spec")], message).as_grave_as(Severity::Info);
            }
        }
        _ => {}
    }
}

/// Finds Kustomizations that do not prune.
pub(super) fn prune<'s>(subject: &'s Subject, hits: &mut Hits<'s>) {
    if !subject.is("kustomize.toolkit.fluxcd.io", "Kustomization") {
        return;
    }
    if let Some(flag) = subject.at(&["spec", "prune"]).filter(|flag| flag.scalar().as_deref() == Some("false")) {
        hits.at(subject, flag, format!("{} does not prune: what is removed from Git stays in the cluster", subject.told()));
    }
}

/// Finds Kustomizations whose path is not there. Only folders that were looked into can be missed.
pub(super) fn path<'s>(scene: &'s Scene, known: &Known, hits: &mut Hits<'s>) {
    let folders = || known.iter().filter(|(kind, _)| kind == FOLDER).map(|(_, name)| name.as_str());
    let Some(root) = folders().find(|folder| folder.ends_with("/*")).map(|root| root.trim_end_matches('*')) else { return };
    for subject in scene.of_kind("Kustomization").filter(|s| s.in_group("kustomize.toolkit.fluxcd.io")) {
        let own = subject.text(&["spec", "sourceRef", "kind"]).as_deref() == Some("GitRepository")
            && subject.text(&["spec", "sourceRef", "name"]).as_deref() == Some("flux-system");
        let Some(val) = subject.at(&["spec", "path"]).filter(|_| own) else { continue };
        let Some(text) = val.as_text().filter(|text| !filled_in(text)) else { continue };
        let path = text.trim_start_matches("./").trim_matches('/');
        let inside = root == "/" || path.starts_with(root);
        if inside && !path.is_empty() && !folders().any(|folder| folder == path) {
            hits.at(subject, val, format!("{} wants the path {text}, which is not there", subject.told()));
        }
    }
}
