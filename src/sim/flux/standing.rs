//! The kinds of Flux that the simulation keeps without doing their work: they become ready in their own words.
//!
//! No chart is rendered, no registry asked, no message sent. What they say of versions and digests is taken from their spec.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::api::write::Hand;
use crate::clock;
use crate::controllers::record::{Note, Tone};
use crate::controllers::{Reconciler, done, own};
use crate::flux::conditions::{self, Said};
use crate::flux::{REQUESTED, asks};
use crate::json;
use crate::resource::{self, Resource};
use crate::state::{Shared, State};
use crate::store::{Change, Key, Object, Verb};

/// How long each takes, in ordinary life.
const WORK: Duration = Duration::from_millis(1500);

/// Keeps one such kind.
pub(crate) struct Standing {
    resource: &'static Resource,
}

impl Standing {
    /// Builds the controller of a kind.
    pub(crate) const fn new(resource: &'static Resource) -> Self {
        Self { resource }
    }
}

/// Returns the kinds.
pub(crate) fn kinds() -> impl Iterator<Item = &'static Resource> {
    let real = ["GitRepository", "Kustomization"];
    resource::RESOURCES.iter().filter(move |r| r.custom && r.traits.status && !real.contains(&r.kind))
}

impl Reconciler for Standing {
    fn affected(&self, state: &State, change: &Change) -> Vec<Key> {
        if change.verb == Verb::Deleted {
            return Vec::new();
        }
        // What is not ready may wait for this one: it looks again.
        if change.previous.is_none() && awaits(self.resource.kind, json::text(&change.object, "/kind")) {
            let all = state.list(self.resource, None);
            return all
                .iter()
                .filter(|object| conditions::status(object, "Ready") != "True")
                .map(|object| Key::of(object))
                .collect();
        }
        own(self.resource, change).filter(|_| asks(change)).into_iter().collect()
    }

    fn reconcile(self: Arc<Self>, state: Shared, key: Key) -> BoxFuture<'static, Option<Duration>> {
        let Some(object) = state.get(self.resource, &key.namespace, &key.name) else { return done(None) };
        if json::deleting(&object) || json::flag(&object, "/spec/suspend") {
            return done(None);
        }
        Box::pin(async move {
            let now = state.pace.stamp();
            let controller = controller(self.resource.kind);
            state.touch(self.resource, &object, Hand::status(controller), |object| {
                let message = "reconciliation in progress";
                conditions::set(object, &Said::new("Reconciling", "True", "Progressing", message), &now);
            });
            state.pause(WORK).await;
            let object = state.get(self.resource, &key.namespace, &key.name)?;
            let outcome = outcome(&state, self.resource.kind, &object);
            write(&state, self.resource, &object, outcome);
            // Only what says when it last looked has to look again.
            let looks = matches!(self.resource.kind, "ImageRepository" | "ImageUpdateAutomation");
            looks.then(|| clock::parse_go(json::text(&object, "/spec/interval")).unwrap_or(Duration::from_mins(10)))
        })
    }
}

/// Tells whether objects of a kind cannot be ready without one of another kind.
fn awaits(kind: &str, other: &str) -> bool {
    match kind {
        "HelmRelease" => matches!(other, "HelmRepository" | "HelmChart" | "GitRepository" | "OCIRepository" | "Bucket"),
        "ImagePolicy" => other == "ImageRepository",
        _ => false,
    }
}

fn controller(kind: &str) -> &'static str {
    domain::flux::Kind::by_name(kind).map_or("flux", |kind| kind.controller)
}

/// Holds what a kind says in the end.
struct Outcome {
    well: bool,
    reason: &'static str,
    message: String,
    /// What else goes into the status, by pointer.
    fields: Vec<(&'static str, Value)>,
    /// Conditions beside Ready that are true or false, each with its reason and message.
    beside: Vec<(&'static str, bool, &'static str, String)>,
}

impl Outcome {
    fn well(reason: &'static str, message: String) -> Self {
        Self { well: true, reason, message, fields: Vec::new(), beside: Vec::new() }
    }

    fn ill(reason: &'static str, message: String) -> Self {
        Self { well: false, ..Self::well(reason, message) }
    }

    fn with(mut self, pointer: &'static str, value: Value) -> Self {
        self.fields.push((pointer, value));
        self
    }
}

fn digest_of(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes()))
}

fn outcome(state: &State, kind: &str, object: &Object) -> Outcome {
    let spec = |field: &str| json::text(object, &format!("/spec/{field}")).to_owned();
    let now = state.pace.stamp();
    let full = format!("{}/{}", json::namespace(object), json::name(object));
    let artifact = |revision: &str| {
        json!({"digest": format!("sha256:{}", digest_of(revision)), "lastUpdateTime": now,
        "path": format!("{}/{full}/artifact", kind.to_lowercase()), "revision": revision, "size": 1024,
        "url": format!("http://source-controller.flux-system.svc.cluster.local./{}/{full}/artifact", kind.to_lowercase())})
    };
    match kind {
        "HelmRepository" | "Bucket" => {
            let revision = format!("sha256:{}", digest_of(&format!("{}{}", spec("url"), spec("bucketName"))));
            Outcome::well("Succeeded", format!("stored artifact: revision '{revision}'")).with("artifact", artifact(&revision))
        }
        "OCIRepository" => {
            let tag = ["tag", "semver"]
                .iter()
                .map(|f| json::text(object, &format!("/spec/ref/{f}")))
                .find(|t| !t.is_empty())
                .unwrap_or("latest")
                .to_owned();
            let revision = format!("{tag}@sha256:{}", digest_of(&spec("url")));
            Outcome::well("Succeeded", format!("stored artifact for digest '{revision}'")).with("artifact", artifact(&revision))
        }
        "HelmChart" => {
            let (chart, version) = (spec("chart"), version_of(&spec("version")));
            Outcome::well("ChartPullSucceeded", format!("pulled '{chart}' chart with version '{version}'"))
                .with("artifact", artifact(&version))
        }
        "HelmRelease" => release(state, object),
        "ImageRepository" => Outcome::well("Succeeded", "successful scan: found 5 tags".to_owned())
            .with("canonicalImageName", spec("image").into())
            .with("lastScanResult", json!({"scanTime": now, "tagCount": 5})),
        "ImagePolicy" => policy(state, object),
        "ImageUpdateAutomation" => {
            Outcome::well("Succeeded", "repository up-to-date".to_owned()).with("lastAutomationRunTime", now.into())
        }
        "Receiver" => {
            let path = format!("/hook/{}", digest_of(&full));
            Outcome::well("Succeeded", format!("Receiver initialized for path: {path}")).with("webhookPath", path.into())
        }
        _ => Outcome::well("ReconciliationSucceeded", "Reconciliation finished".to_owned()),
    }
}

/// Returns the version that a range would choose here: the lowest that it names.
fn version_of(range: &str) -> String {
    let text: String =
        range.trim_start_matches(|c: char| !c.is_ascii_digit()).chars().take_while(|c| !c.is_whitespace() && *c != ',').collect();
    let text = text.replace(['x', '*'], "0");
    match text.trim_end_matches('.').split('.').count() {
        _ if text.is_empty() => "1.0.0".to_owned(),
        1 => format!("{text}.0.0"),
        2 => format!("{text}.0"),
        _ => text,
    }
}

fn release(state: &State, object: &Object) -> Outcome {
    let namespace = json::namespace(object);
    let chart = json::text(object, "/spec/chart/spec/chart").to_owned();
    let version = version_of(json::text(object, "/spec/chart/spec/version"));
    let source =
        object.pointer("/spec/chart/spec/sourceRef").or_else(|| object.pointer("/spec/chartRef")).cloned().unwrap_or_default();
    let home = Some(json::text(&source, "/namespace")).filter(|n| !n.is_empty()).unwrap_or(namespace).to_owned();
    let (kind, name) = (json::text(&source, "/kind"), json::text(&source, "/name"));
    let there = resource::by_group_kind("source.toolkit.fluxcd.io", kind).is_some_and(|r| state.get(r, &home, name).is_some());
    if !there {
        let message = format!(
            "HelmChart '{home}/{namespace}-{}' is not ready: {kind}.source.toolkit.fluxcd.io \"{name}\" not found",
            json::name(object)
        );
        return Outcome::ill("SourceNotReady", message);
    }
    let (chart, version) = if chart.is_empty() { (name.to_owned(), "1.0.0".to_owned()) } else { (chart, version) };
    let target = Some(json::text(object, "/spec/targetNamespace")).filter(|n| !n.is_empty()).unwrap_or(namespace);
    let given = json::text(object, "/spec/releaseName");
    let released = if given.is_empty() { json::name(object) } else { given };
    let mut history = json::list(object, "/status/history").to_vec();
    let seen = json::number(object, "/status/observedGeneration") == json::number(object, "/metadata/generation");
    let (force, reset) = (token(object, FORCE, "lastHandledForceAt"), token(object, RESET, "lastHandledResetAt"));
    let forced = force.as_ref().is_some_and(|token| token.fresh);
    let number = json::number(object, "/status/history/0/version").unwrap_or(0) + i64::from(!seen || forced);
    let number = number.max(1);
    let now = state.pace.stamp();
    if !seen || forced || history.is_empty() {
        if let Some(last) = history.first_mut() {
            last["status"] = "superseded".into();
        }
        let digest = format!("sha256:{}", digest_of(&format!("{released}{number}{version}")));
        history.insert(0, json!({"appVersion": version, "chartName": chart, "chartVersion": version, "configDigest": digest, "digest": digest,
            "firstDeployed": now, "lastDeployed": now, "name": released, "namespace": target, "status": "deployed", "version": number}));
        history.truncate(5);
    }
    let (reason, word) = if number == 1 { ("InstallSucceeded", "install") } else { ("UpgradeSucceeded", "upgrade") };
    let full = format!("{target}/{released}");
    let message = format!("Helm {word} succeeded for release {full}.v{number} with chart {chart}@{version}");
    let mut done = if fails(object) {
        failed(object, (number, &full), &format!("{chart}@{version}"))
    } else {
        Outcome::well(reason, message)
    };
    done.fields.extend(force.map(|token| ("lastHandledForceAt", token.value.into())));
    if let Some(token) = reset {
        done.fields.push(("lastHandledResetAt", token.value.into()));
        if token.fresh {
            done.fields.extend(["failures", "installFailures", "upgradeFailures"].map(|counter| (counter, 0.into())));
        }
    }
    done.with("history", history.into())
        .with("helmChart", format!("{home}/{namespace}-{}", json::name(object)).into())
        .with("lastAttemptedRevision", version.into())
        .with("lastAttemptedReleaseAction", word.into())
        .with("lastAttemptedGeneration", object["metadata"]["generation"].clone())
        .with("storageNamespace", namespace.into())
}

/// Tells whether what a release installs cannot start: its values speak of an image that crashes or cannot be pulled.
fn fails(object: &Object) -> bool {
    let values = object.pointer("/spec/values").map(Value::to_string).unwrap_or_default();
    values.contains("crash") || values.contains("missing")
}

/// Returns how a release fails that cannot start: remediated where its spec asks for that, and tried no more.
fn failed(object: &Object, (number, full): (i64, &str), chart: &str) -> Outcome {
    let (word, reason) = if number == 1 { ("install", "InstallFailed") } else { ("upgrade", "UpgradeFailed") };
    let why = "1 error occurred:\n\t* timed out waiting for the condition";
    let message = format!("Helm {word} failed for release {full} with chart {chart}: {word} hooks failed: {why}");
    let retries = json::number(object, &format!("/spec/{word}/remediation/retries"));
    let attempts = retries.unwrap_or(0) + 1;
    let stalled = ("Stalled", true, "RetriesExceeded", format!("Failed to {word} after {attempts} attempt(s)"));
    let released = ("Released", false, reason, message.clone());
    let last = object.pointer(&format!("/spec/{word}/remediation/remediateLastFailure")).and_then(Value::as_bool);
    if !last.unwrap_or(retries.unwrap_or(0) > 0 && word == "upgrade") {
        return Outcome { beside: vec![stalled, released], ..Outcome::ill(reason, message) };
    }
    let before = number - 1;
    let (reason, message) = if before == 0 {
        ("UninstallSucceeded", format!("Helm uninstall remediation for release {full}.v1 with chart {chart} succeeded"))
    } else {
        ("RollbackSucceeded", format!("Helm rollback to previous release {full}.v{before} with chart {chart} succeeded"))
    };
    let remediated = ("Remediated", true, reason, message.clone());
    Outcome { beside: vec![stalled, released, remediated], ..Outcome::ill(reason, message) }
}

/// The annotation that asks for a release although nothing changed.
const FORCE: &str = "reconcile.fluxcd.io/forceAt";
/// The annotation that asks for failure counters of zero.
const RESET: &str = "reconcile.fluxcd.io/resetAt";

/// Holds what else a request asks of a HelmRelease.
struct Token {
    value: String,
    /// Whether it is to be heeded: it is new, and the very value of the request.
    fresh: bool,
}

/// Reads a request's annotation as helm-controller does: what is handled is noted, also when it is not heeded.
fn token(object: &Object, name: &str, handled: &str) -> Option<Token> {
    let value = json::annotation(object, name)?;
    let new = json::text(object, &format!("/status/{handled}")) != value;
    Some(Token { value: value.to_owned(), fresh: new && json::annotation(object, REQUESTED) == Some(value) })
}

fn policy(state: &State, object: &Object) -> Outcome {
    let name = json::text(object, "/spec/imageRepositoryRef/name");
    let namespace = Some(json::text(object, "/spec/imageRepositoryRef/namespace"))
        .filter(|n| !n.is_empty())
        .unwrap_or_else(|| json::namespace(object));
    let Some(repository) = state.get(resource::of("ImageRepository"), namespace, name) else {
        let message =
            format!("referenced ImageRepository does not exist: ImageRepository.image.toolkit.fluxcd.io \"{name}\" not found");
        return Outcome::ill("DependencyNotReady", message);
    };
    let image = json::text(&repository, "/spec/image");
    let tag = version_of(json::text(object, "/spec/policy/semver/range"));
    Outcome::well("Succeeded", format!("Latest image tag for {image} resolved to {tag}"))
        .with("latestRef", json!({"name": image, "tag": tag}))
}

fn write(state: &State, resource: &Resource, object: &Object, outcome: Outcome) {
    let now = state.pace.stamp();
    let controller = controller(resource.kind);
    let tone = if outcome.well { Tone::Normal } else { Tone::Warning };
    let before = json::list(object, "/status/conditions").iter().find(|c| json::text(c, "/type") == "Ready");
    if before.is_none_or(|c| json::text(c, "/message") != outcome.message) {
        state.record(object, &Note::new(controller, tone, outcome.reason, &outcome.message));
    }
    let asked = json::annotation(object, REQUESTED).map(str::to_owned);
    state.touch(resource, object, Hand::status(controller), |object| {
        let status = if outcome.well { "True" } else { "False" };
        conditions::clear(object, &["Reconciling", "Stalled", "Remediated"]);
        conditions::set(object, &Said::new("Ready", status, outcome.reason, &outcome.message), &now);
        for (kind, holds, reason, message) in &outcome.beside {
            conditions::set(object, &Said::new(kind, if *holds { "True" } else { "False" }, reason, message), &now);
        }
        let over = outcome.beside.iter().any(|(kind, holds, ..)| *kind == "Stalled" && *holds);
        let stored = outcome.fields.iter().any(|(field, _)| *field == "artifact");
        if stored {
            conditions::set(object, &Said::new("ArtifactInStorage", "True", outcome.reason, &outcome.message), &now);
        }
        if resource.kind == "HelmRelease" && outcome.well {
            conditions::set(object, &Said::new("Released", "True", outcome.reason, &outcome.message), &now);
        }
        for (field, value) in outcome.fields {
            json::set(object, &format!("/status/{field}"), value);
        }
        if outcome.well || over {
            let generation = object["metadata"]["generation"].clone();
            json::set(object, "/status/observedGeneration", generation);
        }
        conditions::handled(object, asked.as_deref());
    });
}
