//! kustomize-controller: from an artifact to applied, pruned and healthy objects, with every step told as Flux tells it.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use manifest::drift::Rules;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::time::Instant;

use crate::api::write::Hand;
use crate::clock;
use crate::controllers::record::{Note, Tone};
use crate::controllers::{Reconciler, own};
use crate::flux::apply::{self, Ref};
use crate::flux::conditions::{self, Said};
use crate::flux::plan::{self, NoPlan};
use crate::flux::source::{claim, interval, release};
use crate::flux::{Artifacts, REQUESTED, asks, health, substitute};
use crate::json;
use crate::resource;
use crate::state::{Shared, State};
use crate::store::{Change, Key, Object};

const NAME: &str = "kustomize-controller";
const STATUS: &str = "gotk-kustomize-controller";
/// How soon a Kustomization looks again for what it waits for.
const DEPENDENCY: Duration = Duration::from_secs(30);
const LEAST_TIMEOUT: Duration = Duration::from_secs(30);
const HISTORY: usize = 5;

/// Keeps Kustomizations.
pub(crate) struct Kustomizations {
    artifacts: Arc<Artifacts>,
}

impl Kustomizations {
    /// Builds the controller.
    pub(crate) const fn new(artifacts: Arc<Artifacts>) -> Self {
        Self { artifacts }
    }
}

/// Holds why a reconciliation ended early.
struct Stop {
    reason: &'static str,
    message: String,
    /// What the event says, when not the same.
    note: Option<String>,
    tone: Tone,
    after: Duration,
    /// Whether the attempt counts in the history.
    counts: bool,
}

impl Reconciler for Kustomizations {
    fn affected(&self, state: &State, change: &Change) -> Vec<Key> {
        let mine = resource::of("Kustomization");
        if let Some(key) = own(mine, change) {
            return if asks(change) { vec![key] } else { Vec::new() };
        }
        let kind = json::text(&change.object, "/kind");
        if !matches!(kind, "GitRepository" | "OCIRepository" | "Bucket") {
            return Vec::new();
        }
        let revision = |object: &Value| json::text(object, "/status/artifact/revision").to_owned();
        if change.previous.as_ref().is_some_and(|before| revision(before) == revision(&change.object)) {
            return Vec::new();
        }
        let uses = |object: &Object| source_key(object) == (kind.to_owned(), change.key.clone());
        state.list(mine, None).iter().filter(|object| uses(object)).map(|object| Key::of(object)).collect()
    }

    fn reconcile(self: Arc<Self>, state: Shared, key: Key) -> BoxFuture<'static, Option<Duration>> {
        Box::pin(async move {
            let object = state.get(resource::of("Kustomization"), &key.namespace, &key.name)?;
            if json::deleting(&object) {
                clear_up(&state, &object);
                return None;
            }
            let object = claim(&state, &object, STATUS)?;
            if json::flag(&object, "/spec/suspend") {
                return None;
            }
            let run =
                Run { state, started: Instant::now(), asked: json::annotation(&object, REQUESTED).map(str::to_owned), object };
            Some(run.go(&self.artifacts).await)
        })
    }
}

/// Returns the kind and key of a Kustomization's source.
fn source_key(object: &Value) -> (String, Key) {
    let namespace = match json::text(object, "/spec/sourceRef/namespace") {
        "" => json::namespace(object),
        namespace => namespace,
    };
    (json::text(object, "/spec/sourceRef/kind").to_owned(), Key::new(namespace, json::text(object, "/spec/sourceRef/name")))
}

/// Deletes what was applied, unless that is to stay, and lets the object go.
fn clear_up(state: &State, object: &Object) {
    let suspended = json::flag(object, "/spec/suspend");
    if json::flag(object, "/spec/prune") && !suspended {
        let gone = apply::prune(state, &apply::inventory(object), &[]);
        if !gone.is_empty() {
            state.record(object, &Note::new(NAME, Tone::Normal, "ReconciliationSucceeded", &gone.join("\n")));
        }
    }
    release(state, object, STATUS);
}

/// Holds one reconciliation.
struct Run {
    state: Shared,
    started: Instant,
    asked: Option<String>,
    object: Object,
}

impl Run {
    async fn go(&self, artifacts: &Artifacts) -> Duration {
        let mut revision = String::new();
        let mut digest = String::new();
        let ended = self.steps(artifacts, &mut revision, &mut digest).await;
        let (after, outcome) = match &ended {
            Ok(()) => (interval(&self.object), Some("ReconciliationSucceeded")),
            Err(stop) => (stop.after, stop.counts.then_some(stop.reason)),
        };
        if let Err(stop) = &ended {
            self.fail(stop, &revision);
        }
        self.finish(ended.is_ok(), (&revision, &digest), outcome);
        if ended.is_ok() {
            let took = clock::write_go(self.state.pace.life(self.started.elapsed()));
            let message = format!("Reconciliation finished in {took}, next run in {}", clock::write_go(after));
            let mut note = Self::annotations(&revision);
            note["kustomize.toolkit.fluxcd.io/commit_status"] = "update".into();
            self.state.record(
                &self.object,
                &Note { annotations: note, ..Note::new(NAME, Tone::Normal, "ReconciliationSucceeded", &message) },
            );
        }
        after
    }

    async fn steps(&self, artifacts: &Artifacts, revision: &mut String, digest: &mut String) -> Result<(), Stop> {
        let source = self.source()?;
        let found = json::text(&source, "/status/artifact/revision").to_owned();
        revision.clone_from(&found);
        self.dependencies(&source, &found)?;
        self.progress(&format!("Fetching manifests for revision {found} with a timeout of {}", self.timeout_text()));
        let objects = match artifacts.get(&Key::of(&source)) {
            Some(held) => self.build(&held, &found).await?,
            None if json::text(&source, "/kind") == "GitRepository" => {
                return Err(Self::wait_for_source(format!(
                    "Source artifact not found, retrying in {}",
                    clock::write_go(DEPENDENCY)
                )));
            }
            // Sources without real content: there is nothing to apply, and that is applied at once.
            None => Vec::new(),
        };
        let bytes = serde_json::to_vec(&objects).unwrap_or_default();
        *digest = format!("sha256:{}", hex::encode(Sha256::digest(&bytes)));
        let applied = self.apply(&objects, &found)?;
        self.check_health(&applied, &found).await
    }

    fn wait_for_source(message: String) -> Stop {
        Stop { reason: "ArtifactFailed", message, note: None, tone: Tone::Normal, after: DEPENDENCY, counts: false }
    }

    fn source(&self) -> Result<Object, Stop> {
        let (kind, key) = source_key(&self.object);
        let resource = resource::by_group_kind("source.toolkit.fluxcd.io", &kind);
        let found = resource.and_then(|resource| self.state.get(resource, &key.namespace, &key.name));
        let Some(source) = found else {
            let mut stop = Self::wait_for_source(format!("{kind}.source.toolkit.fluxcd.io \"{}\" not found", key.name));
            stop.after = self.retry();
            return Err(stop);
        };
        if json::text(&source, "/status/artifact/revision").is_empty() {
            return Err(Self::wait_for_source(format!("Source artifact not found, retrying in {}", clock::write_go(DEPENDENCY))));
        }
        Ok(source)
    }

    fn dependencies(&self, source: &Object, revision: &str) -> Result<(), Stop> {
        let refuse = |message: String| Stop {
            reason: "DependencyNotReady",
            message,
            note: Some(format!("Dependencies do not meet ready condition, retrying in {}", clock::write_go(DEPENDENCY))),
            tone: Tone::Normal,
            after: DEPENDENCY,
            counts: false,
        };
        for dependency in json::list(&self.object, "/spec/dependsOn") {
            let name = json::text(dependency, "/name");
            let namespace = match json::text(dependency, "/namespace") {
                "" => json::namespace(&self.object),
                namespace => namespace,
            };
            let full = format!("{namespace}/{name}");
            let Some(found) = self.state.get(resource::of("Kustomization"), namespace, name) else {
                let why =
                    format!("dependency '{full}' not found: kustomizations.kustomize.toolkit.fluxcd.io \"{name}\" not found");
                return Err(refuse(why));
            };
            let seen = json::number(&found, "/status/observedGeneration") == json::number(&found, "/metadata/generation");
            if !seen || conditions::status(&found, "Ready") != "True" {
                return Err(refuse(format!("dependency '{full}' is not ready")));
            }
            let shared = source_key(&found) == (json::text(source, "/kind").to_owned(), Key::of(source));
            if shared && json::text(&found, "/status/lastAppliedRevision") != revision {
                return Err(refuse(format!("dependency '{full}' revision is not up to date")));
            }
        }
        Ok(())
    }

    async fn build(&self, held: &Arc<super::Held>, revision: &str) -> Result<Vec<Value>, Stop> {
        let refuse = |reason: &'static str, message: String| Stop {
            reason,
            message,
            note: None,
            tone: Tone::Warning,
            after: self.retry(),
            counts: false,
        };
        self.progress(&format!("Building manifests for revision {revision} with a timeout of {}", self.timeout_text()));
        self.touch(|object| json::set(object, "/status/lastAttemptedRevision", revision.into()));
        let variables = substitute::variables(&self.state, &self.object).map_err(|why| refuse("BuildFailed", why))?;
        let (held, object) = (Arc::clone(held), Object::clone(&self.object));
        let work = move || {
            let files = held.files().map_err(|error| NoPlan { reason: "ArtifactFailed", message: error.to_string() })?;
            plan::build(&files, &object, variables.as_ref())
        };
        let built = tokio::task::spawn_blocking(work).await;
        let built = built
            .unwrap_or_else(|error| Err(NoPlan { reason: "BuildFailed", message: format!("kustomize build failed: {error}") }));
        built.map_err(|no| refuse(no.reason, no.message))
    }

    fn apply(&self, objects: &[Value], revision: &str) -> Result<Vec<Ref>, Stop> {
        self.progress(&format!("Detecting drift for revision {revision} with a timeout of {}", self.timeout_text()));
        let force = json::flag(&self.object, "/spec/force");
        let failed = |message: String| Stop {
            reason: "ReconciliationFailed",
            message,
            note: None,
            tone: Tone::Warning,
            after: self.retry(),
            counts: true,
        };
        let ignore = Rules::read(self.object.pointer("/spec/ignore")).map_err(failed)?;
        let lines = apply::apply_all(&self.state, objects, force, &ignore).map_err(failed)?;
        self.say_progress(&lines, revision);
        let applied: Vec<Ref> = objects.iter().map(Ref::of).collect();
        let before = self.state.get(resource::of("Kustomization"), json::namespace(&self.object), json::name(&self.object));
        let before = before.map(|object| apply::inventory(&object)).unwrap_or_default();
        let prunes = json::flag(&self.object, "/spec/prune");
        let mut kept = applied.clone();
        if prunes {
            self.say_progress(&apply::prune(&self.state, &before, &applied), revision);
        } else {
            kept.extend(before.into_iter().filter(|old| !applied.contains(old)));
        }
        self.touch(|object| json::set(object, "/status/inventory", apply::entries(&kept)));
        Ok(applied)
    }

    fn say_progress(&self, lines: &[String], revision: &str) {
        if !lines.is_empty() {
            let message = lines.join("\n");
            let note =
                Note { annotations: Self::annotations(revision), ..Note::new(NAME, Tone::Normal, "Progressing", &message) };
            self.state.record(&self.object, &note);
        }
    }

    async fn check_health(&self, applied: &[Ref], revision: &str) -> Result<(), Stop> {
        let checks = json::list(&self.object, "/spec/healthChecks");
        if applied.is_empty() || !json::flag(&self.object, "/spec/wait") && checks.is_empty() {
            self.touch(|object| conditions::clear(object, &["Healthy"]));
            return Ok(());
        }
        let watched: Vec<Ref> =
            if json::flag(&self.object, "/spec/wait") { applied.to_vec() } else { checks.iter().map(named).collect() };
        let message = format!("Running health checks for revision {revision} with a timeout of {}", self.timeout_text());
        let was = conditions::status(&self.object, "Healthy").to_owned();
        let now = self.state.pace.stamp();
        self.progress(&message);
        self.touch(|object| conditions::set(object, &Said::new("Healthy", "Unknown", "Progressing", &message), &now));
        let began = Instant::now();
        let result = health::wait(&self.state, &watched, self.timeout()).await;
        let took = clock::write_go(self.state.pace.life(began.elapsed()));
        let now = self.state.pace.stamp();
        match result {
            Ok(()) => {
                let message = format!("Health check passed in {took}");
                self.touch(|object| conditions::set(object, &Said::new("Healthy", "True", "Succeeded", &message), &now));
                if was != "True" || json::text(&self.object, "/status/lastAppliedRevision") != revision {
                    self.say_progress(&[message], revision);
                }
                Ok(())
            }
            Err(why) => {
                self.touch(|object| conditions::set(object, &Said::new("Healthy", "False", "HealthCheckFailed", &why), &now));
                let message = format!("health check failed after {took}: {why}");
                Err(Stop {
                    reason: "HealthCheckFailed",
                    message,
                    note: None,
                    tone: Tone::Warning,
                    after: self.retry(),
                    counts: true,
                })
            }
        }
    }

    fn progress(&self, message: &str) {
        let now = self.state.pace.stamp();
        self.touch(|object| {
            conditions::set(object, &Said::new("Reconciling", "True", "Progressing", message), &now);
            conditions::set(object, &Said::new("Ready", "Unknown", "Progressing", "Reconciliation in progress"), &now);
        });
    }

    fn fail(&self, stop: &Stop, revision: &str) {
        let now = self.state.pace.stamp();
        self.touch(|object| {
            conditions::set(object, &Said::new("Ready", "False", stop.reason, &stop.message), &now);
            let last = json::list(object, "/status/conditions").iter().find(|c| json::text(c, "/type") == "Reconciling");
            if let Some(said) = last.map(|c| json::text(c, "/message").to_owned()) {
                conditions::set(object, &Said::new("Reconciling", "True", "ProgressingWithRetry", &said), &now);
            }
        });
        // Of a source that is not there yet the real controller speaks in the condition only.
        if !(stop.reason == "ArtifactFailed" && stop.tone == Tone::Normal) {
            let message = stop.note.as_deref().unwrap_or(&stop.message);
            self.state.record(
                &self.object,
                &Note { annotations: Self::annotations(revision), ..Note::new(NAME, stop.tone, stop.reason, message) },
            );
        }
    }

    fn finish(&self, well: bool, (revision, digest): (&str, &str), outcome: Option<&str>) {
        let now = self.state.pace.stamp();
        let took = clock::write_go(self.state.pace.life(self.started.elapsed()));
        let generation = self.object["metadata"]["generation"].clone();
        // Two writes, as in life: whoever believes the condition alone is too early.
        if well {
            self.touch(|object| {
                conditions::clear(object, &["Reconciling"]);
                conditions::set(
                    object,
                    &Said::new("Ready", "True", "ReconciliationSucceeded", &format!("Applied revision: {revision}")),
                    &now,
                );
            });
        }
        self.touch(|object| {
            if well {
                json::set(object, "/status/lastAppliedRevision", revision.into());
                json::set(object, "/status/lastAttemptedRevision", revision.into());
                json::set(object, "/status/observedGeneration", generation);
            }
            if let Some(outcome) = outcome {
                remember(object, (revision, digest), (&took, outcome, &now));
            }
            conditions::handled(object, self.asked.as_deref());
        });
    }

    fn touch(&self, edit: impl FnOnce(&mut Value)) {
        self.state.touch(resource::of("Kustomization"), &self.object, Hand::status(STATUS), edit);
    }

    fn annotations(revision: &str) -> Value {
        if revision.is_empty() { Value::Null } else { json!({ "kustomize.toolkit.fluxcd.io/revision": revision }) }
    }

    fn retry(&self) -> Duration {
        clock::parse_go(json::text(&self.object, "/spec/retryInterval")).unwrap_or_else(|| interval(&self.object))
    }

    fn timeout(&self) -> Duration {
        let said = clock::parse_go(json::text(&self.object, "/spec/timeout"));
        said.unwrap_or_else(|| interval(&self.object).saturating_sub(LEAST_TIMEOUT)).max(LEAST_TIMEOUT)
    }

    fn timeout_text(&self) -> String {
        clock::write_go(self.timeout())
    }
}

fn named(check: &Value) -> Ref {
    Ref::of(
        &json!({"apiVersion": check["apiVersion"], "kind": check["kind"], "metadata": {"name": check["name"], "namespace": check["namespace"]}}),
    )
}

/// Writes the attempt into the history: the newest first, one entry for each content.
fn remember(object: &mut Value, (revision, digest): (&str, &str), (took, outcome, now): (&str, &str, &str)) {
    let mut history = json::list(object, "/status/history").to_vec();
    let at = history.iter().position(|entry| json::text(entry, "/digest") == digest);
    let old = at.map(|at| history.remove(at)).unwrap_or_default();
    let first = Some(json::text(&old, "/firstReconciled")).filter(|text| !text.is_empty()).unwrap_or(now).to_owned();
    let total = json::number(&old, "/totalReconciliations").unwrap_or(0) + 1;
    let entry = json!({"digest": digest, "firstReconciled": first, "lastReconciled": now, "lastReconciledDuration": took,
        "lastReconciledStatus": outcome, "metadata": {"revision": revision}, "totalReconciliations": total});
    history.insert(0, entry);
    history.truncate(HISTORY);
    json::set(object, "/status/history", history.into());
}
