//! What rendering the chart of a HelmRelease takes, read out of the manifests: the release's name and namespace, where the
//! chart is, its values come together; and what becomes of the rendered text afterwards.
//!
//! Charts are rendered by another program. Nothing is fetched or run here.

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::build::resource::{Resource, same_namespace};
use crate::build::source::{Role, Source, Sources};
use crate::build::{Object, build, traced};
use crate::error::Error;
use crate::files::{self, Files};
use crate::locate::helm;
use crate::yaml::Val;

/// The longest name that Helm gives a release; Flux shortens longer ones.
const LONGEST: usize = 53;

/// Says where a chart is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ChartAt {
    /// In a folder of a Git repository.
    Git {
        /// The namespace and the name of the GitRepository; the namespace is empty when nothing says it.
        source: (String, String),
        /// The GitRepository's URL, when it is among the manifests.
        url: Option<String>,
        /// The chart's folder or archive, from the repository's root.
        path: String,
        /// The files that stand for the chart's own values, from the repository's root.
        values: Vec<String>,
    },
    /// On another host.
    Remote {
        /// The object that names it, as `Kind/name`.
        source: String,
        /// The repository's URL, `oci://…` for an OCI one; absent when the object is not among the manifests.
        url: Option<String>,
        /// The chart's name; empty when the URL names it.
        chart: String,
        /// The version or range, when one is written.
        version: Option<String>,
    },
    /// Somewhere that is not known here: why.
    Unknown(String),
}

/// Holds what rendering the chart of a HelmRelease takes.
#[derive(Debug, Clone, PartialEq)]
pub struct Release {
    /// The HelmRelease, as [`Object::key`] names it.
    pub key: String,
    /// The name of the release in Helm.
    pub name: String,
    /// The namespace that it is installed in; empty when the manifests do not say it.
    pub namespace: String,
    /// Where its chart is.
    pub chart: ChartAt,
    /// The values as JSON, which is YAML too.
    pub values: String,
    /// Where values come from that are not known here, in words.
    pub unknown: Vec<String>,
    /// Whether the chart's resource definitions are left out.
    pub skip_crds: bool,
    /// What its `postRenderers` ask of kustomize, one kustomization each.
    post: Vec<Map<String, Value>>,
    /// Its `commonMetadata`.
    common: Value,
}

/// Finds every HelmRelease that the folder at `path` renders to.
pub fn releases(files: &Files, path: &str) -> Result<Vec<Release>, Error> {
    let (resources, mut sources) = traced(files, path)?;
    let is_release = |r: &&Resource| r.kind() == "HelmRelease" && r.group_version().0 == "helm.toolkit.fluxcd.io";
    Ok(resources.iter().filter(is_release).map(|release| of(release, &resources, &mut sources, files)).collect())
}

fn of(release: &Resource, all: &[Resource], sources: &mut Sources, files: &Files) -> Release {
    let text = |path: &[&str]| release.val.at(path).and_then(Val::scalar).filter(|text| !text.is_empty());
    let (own, target) = (release.id(), text(&["spec", "targetNamespace"]));
    let name = text(&["spec", "releaseName"]).unwrap_or_else(|| match &target {
        Some(target) => format!("{target}-{}", own.name),
        None => own.name.clone(),
    });
    let read = helm::Release::read(release, all, sources, files);
    let post = release.val.at(&["spec", "postRenderers"]).map(Val::items).unwrap_or_default();
    let post = post.iter().filter_map(|p| p.get("kustomize")?.to_json().as_object().cloned()).collect();
    let key = if own.namespace.is_empty() {
        format!("HelmRelease/{}", own.name)
    } else {
        format!("{}/HelmRelease/{}", own.namespace, own.name)
    };
    Release {
        key,
        name: short(&name),
        namespace: target.unwrap_or(own.namespace),
        chart: chart(release, all),
        values: read.values.to_json().to_string(),
        unknown: read.foreign.into_iter().map(|foreign| foreign.what).collect(),
        skip_crds: text(&["spec", "install", "crds"]).is_some_and(|how| how == "Skip"),
        post,
        common: release.val.at(&["spec", "commonMetadata"]).map(Val::to_json).unwrap_or_default(),
    }
}

/// Shortens a release's name as Flux does: what is cut off is told apart by a hash of the whole.
fn short(name: &str) -> String {
    if name.len() <= LONGEST {
        return name.to_owned();
    }
    let hash = hex::encode(Sha256::digest(name));
    let kept: String = name.chars().take(LONGEST - 13).collect();
    format!("{kept}-{}", &hash[..12])
}

/// Finds where the chart of a release is.
fn chart(release: &Resource, all: &[Resource]) -> ChartAt {
    let home = release.id().namespace;
    let Some((kind, name, namespace)) = helm::reference(release) else {
        return match release.val.at(&["spec", "chart", "spec"]) {
            Some(spec) => template(spec, &home, all),
            None => ChartAt::Unknown("it names no chart".to_owned()),
        };
    };
    let object = source(all, (&kind, &name, &namespace));
    match (kind.as_str(), object.and_then(|object| object.val.get("spec"))) {
        ("HelmChart", Some(spec)) => template(spec, &namespace, all),
        ("OCIRepository", spec) => {
            let said = |path: &[&str]| spec?.at(path).and_then(Val::scalar).filter(|text| !text.is_empty());
            let version = said(&["ref", "semver"]).or_else(|| said(&["ref", "tag"]));
            let url = said(&["url"]).map(|url| match said(&["ref", "digest"]) {
                Some(digest) => format!("{url}@{digest}"),
                None => url,
            });
            ChartAt::Remote { source: format!("{kind}/{name}"), url, chart: String::new(), version }
        }
        _ => ChartAt::Unknown(format!("{kind}/{name} is not in these manifests")),
    }
}

/// Finds where the chart of a `spec.chart.spec`, or of a HelmChart, is.
fn template(spec: &Val, home: &str, all: &[Resource]) -> ChartAt {
    let text = |path: &[&str]| spec.at(path).and_then(Val::scalar).filter(|text| !text.is_empty());
    let (Some(chart), Some(kind), Some(name)) = (text(&["chart"]), text(&["sourceRef", "kind"]), text(&["sourceRef", "name"]))
    else {
        return ChartAt::Unknown("its chart has no name or no source".to_owned());
    };
    let namespace = text(&["sourceRef", "namespace"]).unwrap_or_else(|| home.to_owned());
    let object = source(all, (&kind, &name, &namespace));
    let url = object.and_then(|object| object.val.at(&["spec", "url"])).and_then(Val::scalar);
    match kind.as_str() {
        "GitRepository" => {
            let written = spec.get("valuesFiles").map(Val::items).unwrap_or_default();
            let inside = |path: &str| files::join("", path, "").ok();
            let Some(path) = inside(&chart) else { return ChartAt::Unknown(format!("{chart} leads out of the repository")) };
            let values = written.iter().filter_map(Val::scalar).filter_map(|file| inside(&file)).collect();
            ChartAt::Git { source: (namespace, name), url, path, values }
        }
        "HelmRepository" => ChartAt::Remote { source: format!("{kind}/{name}"), url, chart, version: text(&["version"]) },
        _ => ChartAt::Unknown(format!("charts of {kind}/{name} are not fetched")),
    }
}

fn source<'r>(all: &'r [Resource], (kind, name, namespace): (&str, &str, &str)) -> Option<&'r Resource> {
    let named = |r: &Resource| r.ids().iter().any(|id| id.name == name) && same_namespace(&r.id().namespace, namespace);
    all.iter().find(|r| r.kind() == kind && r.group_version().0 == "source.toolkit.fluxcd.io" && named(r))
}

impl Release {
    /// Returns what stands for the chart's own values, as YAML; nothing when the chart's `values.yaml` does.
    pub fn defaults(&self, files: &Files) -> Result<Option<String>, Error> {
        let ChartAt::Git { values, .. } = &self.chart else { return Ok(None) };
        if values.is_empty() {
            return Ok(None);
        }
        let (mut sources, mut merged) = (Sources::default(), Val::map());
        for file in values {
            for document in documents(&mut sources, file, files.text(file, None)?)?.into_iter().take(1) {
                helm::merge(&mut merged, &document);
            }
        }
        Ok(Some(merged.to_json().to_string()))
    }

    /// Reads what Helm printed and does what Flux does to it: post-renderers and common labels and annotations.
    pub fn objects(&self, printed: &str) -> Result<Vec<Object>, Error> {
        const ALL: &str = "templates.yaml";
        let mut sources = Sources::default();
        let object = |val: Val| Object { value: val.to_json(), written_name: String::new(), file: String::new(), line: 0 };
        let mut objects: Vec<Object> = documents(&mut sources, ALL, printed)?.into_iter().map(object).collect();
        objects.retain(|object| !object.value.is_null());
        for step in &self.post {
            let mut kustomization = step.clone();
            kustomization.insert("resources".to_owned(), Value::from(vec![ALL]));
            let text = Value::Object(kustomization).to_string();
            let files: Files = [("kustomization.yaml", text), (ALL, crate::build::render(&objects))].into_iter().collect();
            objects = build(&files, "")?;
        }
        for object in &mut objects {
            self.mark(&mut object.value);
        }
        Ok(objects)
    }

    fn mark(&self, object: &mut Value) {
        for part in ["labels", "annotations"] {
            let Some(wanted) = self.common.get(part).and_then(Value::as_object) else { continue };
            let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) else { continue };
            let held = metadata.entry(part).or_insert_with(|| Value::Object(Map::new()));
            if let Some(held) = held.as_object_mut() {
                held.extend(wanted.iter().map(|(key, value)| (key.clone(), value.clone())));
            }
        }
    }
}

fn documents(sources: &mut Sources, file: &str, text: &str) -> Result<Vec<Val>, Error> {
    let layer = files::parent(file).to_owned();
    let source =
        Source { file: file.to_owned(), layer, role: Role::Resource, text: text.to_owned(), targeted: false, host: None };
    Ok(sources.add(source)?.1)
}

#[cfg(test)]
#[path = "release_tests.rs"]
mod tests;
