//! Whether the cluster would take what a change renders to: object by object, by server-side dry run, as Flux would apply it.

use std::sync::Arc;

use cluster::Connection;
use cluster::act;
use domain::Trouble;
use domain::change::{Finding, Preview, Severity};
use domain::flux::ObjectKey;
use futures::StreamExt as _;
use manifest::Overlay;
use manifest::drift::{Applier, Veil, Wanted, encrypted, wanted};
use manifest::files::Files;
use serde_json::{Value, json};

use super::source::said;
use super::{remote, variables};
use crate::plan::{self, closure};
use crate::scene::Scene;
use crate::shared::Core;

/// How many objects are tried, and how many at once.
const MOST: usize = 40;
const AT_ONCE: usize = 8;
/// The rule that the findings are of.
const RULE: &str = "dry-run";

/// Tries what a change makes of an environment; what could not be tried is said and forbids nothing.
pub(crate) async fn tried(core: &Arc<Core>, scene: &Scene, preview: &Preview) -> Vec<Finding> {
    attempt(core, scene, preview).await.unwrap_or_else(|trouble| {
        let why = format!("the cluster could not be asked whether it takes this: {trouble}");
        vec![Finding::new(Severity::Warning, RULE, why)]
    })
}

/// Holds what a change makes of an environment's Kustomization, and what is needed to ask its cluster about it.
pub(super) struct Stage {
    pub(super) connection: Connection,
    /// The Kustomization.
    pub(super) object: Value,
    /// What it renders to before the change, and after it.
    pub(super) old: Vec<Wanted>,
    pub(super) new: Vec<Wanted>,
    /// What nobody may see of objects that leave.
    pub(super) veil: Option<Veil>,
    /// What is to be known beside it.
    pub(super) notes: Vec<String>,
}

/// Renders a change as the environment's Kustomization would; where there is none yet, the environment's folder as it is.
pub(super) async fn stage(core: &Arc<Core>, scene: &Scene, preview: &Preview) -> Result<Stage, Trouble> {
    let environment = &scene.environment;
    let name = &environment.gitops.kustomization;
    let key = ObjectKey::new(&environment.cluster, "Kustomization", &name.namespace, &name.name);
    let home = core.fleet.connection(&environment.cluster).await?;
    let mut notes = Vec::new();
    let object = match act::get(&home, &key).await {
        Ok(object) => object,
        Err(cluster::Error::Refused { code: 404, .. } | cluster::Error::KindAbsent { .. }) => {
            notes.push(format!("{key} does not exist yet: what it would add, such as a target namespace, is not known."));
            json!({"metadata": {"namespace": &key.namespace, "name": &key.name}, "spec": {"path": environment.gitops.path}})
        }
        Err(error) => return Err(error.into()),
    };
    let connection = remote::reach(core, &home, (&key, &object), &mut notes).await?;
    let variables = variables::read(&home, &object).await?;
    let veil = variables.veil();
    notes.extend(variables.notes.iter().cloned());
    let overlay = Overlay::new(object.get("spec").unwrap_or(&Value::Null));
    let path = object.pointer("/spec/path").and_then(Value::as_str).unwrap_or_default().to_owned();
    let head = preview.base.clone();
    let read = move |mirror: &git::Mirror| closure::load_for(mirror, &head, &path, Some(&overlay));
    let before = scene.repo.with("reading manifests", move |mirror, _| Ok(read(mirror))).await??;
    let after = plan::with(&before, &preview.files);
    let shape = object.clone();
    let sides = crate::tasks::blocking("rendering a Kustomization", move || {
        let render = |files: &Files| wanted(files, &shape, variables.sets.as_ref(), variables.missing.as_deref());
        Ok::<_, manifest::Error>((render(&before).unwrap_or_default(), render(&after)?))
    });
    let (old, new) = sides.await??;
    Ok(Stage { connection, object, old, new, veil, notes })
}

async fn attempt(core: &Arc<Core>, scene: &Scene, preview: &Preview) -> Result<Vec<Finding>, Trouble> {
    let Stage { connection, old, new, .. } = stage(core, scene, preview).await?;
    let changed = new.into_iter().filter(|new| !old.iter().any(|old| old.value == new.value));
    let one = |wanted: Wanted| {
        let connection = &connection;
        async move { judged(connection, &wanted).await }
    };
    let found = futures::stream::iter(changed.take(MOST).map(one)).buffered(AT_ONCE);
    Ok(found.filter_map(|finding| async { finding }).collect().await)
}

async fn judged(connection: &Connection, wanted: &Wanted) -> Option<Finding> {
    let text = |pointer: &str| wanted.value.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let named = format!("{}/{}", text("/kind"), text("/metadata/name"));
    let say = |severity, why: String| {
        Some(Finding { file: wanted.file.clone(), ..Finding::new(severity, RULE, format!("{named}: {why}")).of(&named) })
    };
    if let Some(why) = &wanted.unknown {
        return say(Severity::Warning, format!("it was not tried: {why}"));
    }
    if encrypted(&wanted.value) {
        return None;
    }
    let error = act::would(connection, &wanted.value, Applier::Kustomize.manager()).await.err()?;
    // Whether we may do what Flux may is no question of the content.
    let severity = match &error {
        cluster::Error::Refused { code: 400 | 422, .. } | cluster::Error::KindAbsent { .. } => Severity::Error,
        _ => Severity::Warning,
    };
    say(severity, said(error.into()))
}
