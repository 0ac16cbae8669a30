//! source-controller's part for GitRepositories: fetches from the real repository and says what it stored.

use std::sync::Arc;
use std::time::Duration;

use domain::project::Credential;
use domain::revision::{CommitId, Revision};
use futures::future::BoxFuture;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::api::write::Hand;
use crate::clock;
use crate::controllers::record::{Note, Tone};
use crate::controllers::{Reconciler, own};
use crate::flux::conditions::{self, Said};
use crate::flux::{Artifacts, FINALIZER, Held, REQUESTED, asks};
use crate::json;
use crate::resource;
use crate::state::{Shared, State};
use crate::store::{Change, Key, Object, Verb};

const NAME: &str = "source-controller";
/// How long a fetch takes at least, in ordinary life.
const FETCH: Duration = Duration::from_millis(300);
/// How soon a failed fetch is tried again.
const RETRY: Duration = Duration::from_secs(15);

/// Keeps GitRepositories.
pub(crate) struct Sources {
    artifacts: Arc<Artifacts>,
}

impl Sources {
    /// Builds the controller.
    pub(crate) const fn new(artifacts: Arc<Artifacts>) -> Self {
        Self { artifacts }
    }
}

/// Holds what a fetch brought.
struct Fetched {
    revision: Revision,
    held: Held,
    subject: String,
}

/// Holds why a fetch failed: Flux's reason and its sentence.
struct Failed {
    reason: &'static str,
    message: String,
}

impl Reconciler for Sources {
    fn affected(&self, _: &State, change: &Change) -> Vec<Key> {
        let mine = own(resource::of("GitRepository"), change);
        if mine.is_some() && change.verb == Verb::Deleted {
            self.artifacts.forget(&change.key);
            return Vec::new();
        }
        mine.filter(|_| asks(change)).into_iter().collect()
    }

    fn reconcile(self: Arc<Self>, state: Shared, key: Key) -> BoxFuture<'static, Option<Duration>> {
        Box::pin(async move {
            let repositories = resource::of("GitRepository");
            let object = state.get(repositories, &key.namespace, &key.name)?;
            if json::deleting(&object) {
                self.artifacts.forget(&key);
                release(&state, &object, NAME);
                return None;
            }
            let object = claim(&state, &object, NAME)?;
            if json::flag(&object, "/spec/suspend") {
                return None;
            }
            self.work(&state, &object).await
        })
    }
}

/// Adds the finalizer.
pub(crate) fn claim(state: &State, object: &Object, manager: &str) -> Option<Object> {
    if json::list(object, "/metadata/finalizers").iter().any(|f| f == FINALIZER) {
        return Some(Object::clone(object));
    }
    let resource = state.resource_of(object)?;
    state.touch(resource, object, Hand::main(manager), |object| {
        let mut all = json::list(object, "/metadata/finalizers").to_vec();
        all.push(FINALIZER.into());
        json::set(object, "/metadata/finalizers", all.into());
    })
}

/// Removes the finalizer.
pub(crate) fn release(state: &State, object: &Object, manager: &str) {
    let Some(resource) = state.resource_of(object) else { return };
    state.touch(resource, object, Hand::main(manager), |object| {
        let mut all = json::list(object, "/metadata/finalizers").to_vec();
        all.retain(|f| f != FINALIZER);
        json::set(object, "/metadata/finalizers", all.into());
    });
}

/// Returns how often an object reconciles.
pub(crate) fn interval(object: &Value) -> Duration {
    clock::parse_go(json::text(object, "/spec/interval")).unwrap_or(Duration::from_mins(1))
}

impl Sources {
    async fn work(&self, state: &Shared, object: &Object) -> Option<Duration> {
        let asked = json::annotation(object, REQUESTED).map(str::to_owned);
        let stored = json::text(object, "/status/artifact/revision").to_owned();
        begin(state, object, asked.as_deref());
        state.pause(FETCH).await;
        let fetched = self.fetch(state, object).await;
        match fetched {
            Ok(fetched) => {
                if fetched.revision.0 == stored && self.artifacts.get(&Key::of(object)).is_some() {
                    let message = format!("no changes since last reconciliation: observed revision '{stored}'");
                    state.record(object, &Note::new(NAME, Tone::Normal, "GitOperationSucceeded", &message));
                }
                say_new(state, object, &fetched.revision.0);
                self.store(state, object, fetched, asked.as_deref());
                Some(interval(object))
            }
            Err(failed) => {
                fail(state, object, &failed, asked.as_deref());
                Some(RETRY.min(interval(object)))
            }
        }
    }

    async fn fetch(&self, state: &Shared, object: &Object) -> Result<Fetched, Failed> {
        let credential = credential(state, object)?;
        let (root, spec) = (state.git_root.clone(), object["spec"].clone());
        let work = move || fetch_blocking(&root, &spec, credential);
        tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| {
            Err(Failed { reason: "GitOperationFailed", message: format!("failed to checkout and determine revision: {error}") })
        })
    }

    fn store(&self, state: &State, object: &Object, fetched: Fetched, asked: Option<&str>) {
        let (repositories, now) = (resource::of("GitRepository"), state.pace.stamp());
        let revision = fetched.revision.0.clone();
        let new = json::text(object, "/status/artifact/revision") != revision;
        let digest = format!("sha256:{}", hex::encode(Sha256::digest(fetched.held.commit.as_str().as_bytes())));
        let path = format!("gitrepository/{}/{}/{}.tar.gz", json::namespace(object), json::name(object), fetched.held.commit);
        let artifact = json!({"digest": digest, "lastUpdateTime": now, "path": path, "revision": revision, "size": 1024,
            "url": format!("http://source-controller.flux-system.svc.cluster.local./{path}")});
        let subject = fetched.subject.clone();
        self.artifacts.put(&Key::of(object), fetched.held);
        let message = format!("stored artifact for revision '{revision}'");
        if new {
            let note = json!({"source.toolkit.fluxcd.io/digest": digest, "source.toolkit.fluxcd.io/revision": revision});
            let said = format!("stored artifact for commit '{subject}'");
            state.record(object, &Note { annotations: note, ..Note::new(NAME, Tone::Normal, "NewArtifact", &said) });
        }
        // Two writes, as in life: whoever believes the condition alone is too early.
        state.touch(repositories, object, Hand::status(NAME), |object| {
            conditions::clear(object, &["Reconciling", "Stalled", "FetchFailed", "ArtifactOutdated"]);
            conditions::set(object, &Said::new("Ready", "True", "Succeeded", &message), &now);
            conditions::set(object, &Said::new("ArtifactInStorage", "True", "Succeeded", &message), &now);
        });
        state.touch(repositories, object, Hand::status(NAME), |object| {
            if new {
                json::set(object, "/status/artifact", artifact);
            }
            let generation = object["metadata"]["generation"].clone();
            json::set(object, "/status/observedGeneration", generation);
            conditions::handled(object, asked);
        });
    }
}

fn begin(state: &State, object: &Object, asked: Option<&str>) {
    let now = state.pace.stamp();
    let seen = json::number(object, "/status/observedGeneration").unwrap_or(-1);
    let generation = json::number(object, "/metadata/generation").unwrap_or(1);
    let stored = object.pointer("/status/artifact").is_some();
    let fresh = format!("processing object: new generation {seen} -> {generation}");
    let requested = asked.is_some_and(|asked| asked != json::text(object, "/status/lastHandledReconcileAt"));
    let message = match (seen == generation, stored) {
        (false, _) => fresh.as_str(),
        (true, false) => "building artifact",
        (true, true) if requested => "reconciliation in progress",
        // A look at an unchanged repository is not worth a word.
        (true, true) => return,
    };
    state.touch(resource::of("GitRepository"), object, Hand::status(NAME), |object| {
        conditions::set(object, &Said::new("Reconciling", "True", "Progressing", message), &now);
        if !stored || seen != generation {
            conditions::set(object, &Said::new("Ready", "Unknown", "Progressing", message), &now);
        }
    });
}

/// Says that there is something new, before it is stored.
fn say_new(state: &State, object: &Object, revision: &str) {
    let stored = json::text(object, "/status/artifact/revision");
    if stored == revision {
        return;
    }
    let now = state.pace.stamp();
    let (found, building) =
        (format!("new upstream revision '{revision}'"), format!("building artifact: new upstream revision '{revision}'"));
    state.touch(resource::of("GitRepository"), object, Hand::status(NAME), |object| {
        conditions::set(object, &Said::new("Reconciling", "True", "Progressing", &building), &now);
        conditions::set(object, &Said::new("Ready", "Unknown", "Progressing", &building), &now);
        if !stored.is_empty() {
            conditions::set(object, &Said::new("ArtifactOutdated", "True", "NewRevision", &found), &now);
        }
    });
}

fn fail(state: &State, object: &Object, failed: &Failed, asked: Option<&str>) {
    let now = state.pace.stamp();
    state.record(object, &Note::new(NAME, Tone::Warning, failed.reason, &failed.message));
    state.touch(resource::of("GitRepository"), object, Hand::status(NAME), |object| {
        conditions::set(object, &Said::new("Reconciling", "True", "ProgressingWithRetry", "building artifact"), &now);
        conditions::set(object, &Said::new("Ready", "False", failed.reason, &failed.message), &now);
        conditions::set(object, &Said::new("FetchFailed", "True", failed.reason, &failed.message), &now);
        conditions::handled(object, asked);
    });
}

/// Returns the credential of a source's Secret: user, and the folder-private file that holds the password while it is used.
fn credential(state: &State, object: &Object) -> Result<Option<(String, String)>, Failed> {
    let name = json::text(object, "/spec/secretRef/name");
    if name.is_empty() {
        return Ok(None);
    }
    let namespace = json::namespace(object);
    let refuse = |why: String| Failed { reason: "AuthenticationFailed", message: why };
    let secret = state.get(resource::of("Secret"), namespace, name).ok_or_else(|| {
        refuse(format!(
            "failed to get secret '{namespace}/{name}': failed to get secret '{namespace}/{name}': secrets \"{name}\" not found"
        ))
    })?;
    let part = |field: &str| super::substitute::decoded(&secret, field);
    match (part("username"), part("password")) {
        (Some(user), Some(password)) => Ok(Some((user, password))),
        (None, None) => Ok(None),
        _ => Err(refuse(format!("invalid '{namespace}/{name}' secret data: required fields 'username' and 'password'"))),
    }
}

fn fetch_blocking(root: &std::path::Path, spec: &Value, login: Option<(String, String)>) -> Result<Fetched, Failed> {
    let url = json::text(spec, "/url").to_owned();
    let words = |why: String| Failed {
        reason: "GitOperationFailed",
        message: format!("failed to checkout and determine revision: {why}"),
    };
    let file = login.as_ref().map(|(_, password)| secret_file(root, password)).transpose();
    let file = file.map_err(|error| words(format!("unable to use the secret: {error}")))?;
    let credential = match (login, &file) {
        (Some((user, _)), Some(file)) => Credential::File { user, path: file.path().to_string_lossy().into_owned() },
        _ => Credential::None,
    };
    let (access, cancel) = (git::Access::new(credential), git::Cancel::new());
    let clone = |error: &git::Error| words(format!("unable to clone '{url}': {}", said(error)));
    let mirror = git::Mirror::open_or_clone(root, &url, &access, &cancel).map_err(|error| clone(&error))?;
    mirror.fetch(&cancel).map_err(|error| clone(&error))?;
    let (revision, commit) = resolve(&mirror, spec, &url)?;
    let subject = mirror.commit_info(&commit).map(|info| info.subject).unwrap_or_default();
    Ok(Fetched { revision, held: Held::new(mirror, commit), subject })
}

fn secret_file(root: &std::path::Path, password: &str) -> std::io::Result<tempfile::NamedTempFile> {
    use std::io::Write as _;
    std::fs::create_dir_all(root)?;
    let mut file = tempfile::NamedTempFile::new_in(root)?;
    file.write_all(password.as_bytes())?;
    Ok(file)
}

fn resolve(mirror: &git::Mirror, spec: &Value, url: &str) -> Result<(Revision, CommitId), Failed> {
    let fail = |why: String| Failed {
        reason: "GitOperationFailed",
        message: format!("failed to checkout and determine revision: unable to clone '{url}': {why}"),
    };
    let part = |field: &str| Some(json::text(spec, &format!("/ref/{field}"))).filter(|text| !text.is_empty());
    if part("tag").or(part("semver")).is_some() {
        return Err(fail("tags are not simulated: follow a branch or a commit".to_owned()));
    }
    let named = part("name").map(|name| (name, name.strip_prefix("refs/heads/").unwrap_or(name)));
    let (shown, branch) = named.or(part("branch").map(|branch| (branch, branch))).unwrap_or(("master", "master"));
    if let Some(commit) = part("commit").and_then(CommitId::parse) {
        let known = mirror.commit_info(&commit).map_err(|_| fail(format!("object not found: {commit}")))?;
        let revision = part("branch")
            .map_or_else(|| Revision::from(format!("sha1:{commit}")), |branch| Revision::of_branch(branch, &commit));
        return Ok((revision, known.id));
    }
    let head = mirror.head(branch).map_err(|error| fail(said(&error)))?;
    let commit = head.ok_or_else(|| fail(format!("couldn't find remote ref \"refs/heads/{branch}\"")))?;
    Ok((Revision::of_branch(shown, &commit), commit))
}

/// Says in Flux's words why Git failed.
fn said(error: &git::Error) -> String {
    match error {
        git::Error::NoRepository { .. } => "repository not found: ".to_owned(),
        git::Error::Auth { .. } => "authentication required: ".to_owned(),
        other => other.to_string(),
    }
}
