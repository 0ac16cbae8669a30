//! The files that a Kustomization is built from: its source's artifact, else its commit read from Git.
//!
//! The artifact comes first: it is exactly what Flux builds from, whatever kind of source it is, and needs no credential of
//! Git. Its digest is verified.

use std::borrow::Cow;
use std::sync::Arc;

use cluster::Connection;
use cluster::act;
use domain::Trouble;
use domain::detail::trace::same_repository;
use domain::drift::{Desired, Way};
use domain::flux::ObjectKey;
use domain::private::without_credentials;
use domain::project::{Credential, Repository};
use domain::revision::Revision;
use manifest::Overlay;
use manifest::files::Files;
use serde_json::Value;

use super::unpack;
use crate::plan::closure;
use crate::shared::Core;
use crate::tasks::blocking;

/// Holds what was read.
pub(super) struct Source {
    pub(super) files: Files,
    pub(super) desired: Desired,
    pub(super) notes: Vec<String>,
}

fn text<'v>(object: &'v Value, pointer: &str) -> &'v str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// Reads the files of a Kustomization's source at the revision of its artifact.
pub(super) async fn read(
    core: &Arc<Core>,
    connection: &Connection,
    (key, kustomization): (&ObjectKey, &Value),
) -> Result<Source, Trouble> {
    let reference = |field: &str| text(kustomization, &format!("/spec/sourceRef/{field}"));
    let namespace = if reference("namespace").is_empty() { &*key.namespace } else { reference("namespace") };
    let name = ObjectKey::new(&key.context(), reference("kind"), namespace, reference("name"));
    let source = act::get(connection, &name).await?;
    let revision = text(&source, "/status/artifact/revision").to_owned();
    if revision.is_empty() {
        return Err(Trouble::failed("The source has no artifact yet", &name)
            .why(text(&source, "/status/conditions/0/message"))
            .next("See what its conditions say, or reconcile it."));
    }
    let path = text(kustomization, "/spec/path").to_owned();
    let desired = |way| Desired { source: name.to_string(), revision: revision.clone(), path: path.clone(), way };
    let why = match artifact(connection, &source).await {
        Ok(files) => return Ok(Source { files, desired: desired(Way::Artifact), notes: Vec::new() }),
        Err(why) => why,
    };
    let overlay = Overlay::new(kustomization.get("spec").unwrap_or(&Value::Null));
    match from_git(core, (&name, &source), &revision, (&path, overlay)).await {
        Ok(files) => {
            let mut notes = vec![format!("Read from Git, since the artifact could not be fetched: {why}")];
            if source.pointer("/spec/ignore").is_some() {
                notes.push("spec.ignore of the source is not applied to what is read from Git".to_owned());
            }
            Ok(Source { files, desired: desired(Way::Git), notes })
        }
        Err(trouble) => Err(Trouble::new(trouble.kind, "The source cannot be read", &name)
            .why(format!("its artifact: {why}; Git: {trouble}"))
            .next("Allow get on services/proxy in the namespace of the source's controller, or add a project with this repository and a credential.")),
    }
}

/// Fetches and unpacks the artifact.
async fn artifact(connection: &Connection, source: &Value) -> Result<Files, String> {
    let (url, digest) = (text(source, "/status/artifact/url"), text(source, "/status/artifact/digest").to_owned());
    if url.is_empty() {
        return Err("its status names no address".to_owned());
    }
    let bytes = act::artifact(connection, url).await.map_err(|error| said(error.into()))?;
    let unpacked = blocking("unpacking an artifact", move || {
        unpack::verified(&bytes, &digest)?;
        unpack::files(&bytes)
    });
    unpacked.await.map_err(|trouble| trouble.why)?
}

/// Returns a trouble's reason, or what it says at all.
pub(super) fn said(trouble: Trouble) -> String {
    if trouble.why.is_empty() { trouble.what } else { trouble.why }
}

/// Reads the files at the artifact's commit out of a mirror: a project's, or one made for this.
async fn from_git(
    core: &Arc<Core>,
    (name, source): (&ObjectKey, &Value),
    revision: &str,
    (path, overlay): (&str, Overlay),
) -> Result<Files, Trouble> {
    let url = text(source, "/spec/url");
    let commit = Revision(revision.into()).commit();
    let (Some(commit), "GitRepository") = (commit, &*name.kind) else {
        return Err(Trouble::failed("That is not in Git", name).why(format!("its revision is {revision}")));
    };
    let repository = repository(core, url).ok_or_else(|| {
        Trouble::refused("No credential is known for this repository", url)
            .why("it is no project's, and it is not read anonymously")
            .next("Add a project with this repository and a credential.")
    })?;
    let repo = core.repos.get(&repository);
    let path = path.to_owned();
    let read = move |mirror: &git::Mirror, cancel: &git::Cancel| {
        if !mirror.knows(&commit)? {
            mirror.fetch(cancel)?;
        }
        Ok(closure::load_for(mirror, &commit, &path, Some(&overlay)))
    };
    repo.with("reading a source", read).await?
}

/// Returns the repository of a URL: a project's with its credential, else one that is read anonymously where that is possible.
fn repository(core: &Core, url: &str) -> Option<Repository> {
    let state = core.store.state();
    let known = state.projects.values().find(|p| same_repository(&p.repository.url, url)).map(|p| p.repository.clone());
    // Credentials that stand in an address are the controller's, not ours.
    let bare = matches!(without_credentials(url), Cow::Borrowed(_));
    let open = bare && ["https://", "http://", "file://"].iter().any(|scheme| url.starts_with(scheme));
    known.or_else(|| {
        open.then(|| Repository {
            provider: domain::project::Provider::default(),
            url: url.to_owned(),
            default_branch: String::new(),
            credential: Credential::None,
        })
    })
}
