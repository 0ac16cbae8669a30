//! The environments of a project side by side: manifests read at each branch's head, workloads read from each cluster.

use std::sync::Arc;
use std::time::Duration;

use domain::Trouble;
use domain::change::FormFacts;
use domain::flux::ObjectKey;
use domain::ident::{EnvironmentId, Slug};
use domain::project::Environment;
use domain::query::Answer;
use domain::revision::CommitId;
use domain::sides::{Side, Sides, agrees, compare};
use futures::{StreamExt as _, stream};
use serde_json::Value;

use crate::plan;
use crate::repos::head_of;
use crate::shared::Core;

/// How many environments are read at the same time.
const AT_ONCE: usize = 4;
/// How old a branch's known head may be.
const OLDEST: Duration = Duration::from_secs(10);

pub(super) async fn sides(core: &Arc<Core>, project: &Slug) -> Result<Answer, Trouble> {
    core.project(project)?;
    let mut environments: Vec<Arc<Environment>> = core.store.state().environments_of(project).cloned().collect();
    environments.sort_by(|a, b| (a.kind, &a.id.name).cmp(&(b.kind, &b.id.name)));
    let sides = stream::iter(environments).map(|environment| side(core, environment)).buffered(AT_ONCE).collect().await;
    Ok(Answer::Sides(Arc::new(Sides { project: project.clone(), sides })))
}

async fn side(core: &Arc<Core>, environment: Arc<Environment>) -> Side {
    let (head, facts) = match written(core, &environment.id).await {
        Ok((head, facts)) => (Some(head), facts),
        Err(trouble) => (None, Err(trouble)),
    };
    let (facts, git_trouble) = match facts {
        Ok(facts) => (Some(facts), None),
        Err(trouble) => (None, Some(trouble)),
    };
    let (key, applied, stale) = {
        let world = core.world.borrow();
        let kustomization = world.kustomization(&environment);
        let stale = world.cluster_link(&environment.cluster).is_some_and(domain::link::LinkState::is_stale);
        (workload(&world, &environment, facts.as_ref()), kustomization.and_then(|k| k.revision().cloned()), stale)
    };
    let (live, live_trouble) = match &key {
        None => (Some(Value::Null), None),
        Some(key) => match core.fleet.object(key).await {
            Ok(found) => (Some(found.unwrap_or(Value::Null)), None),
            Err(trouble) => (None, Some(trouble)),
        },
    };
    let fields = compare(facts.as_ref(), live.as_ref());
    Side {
        environment: environment.id.clone(),
        kind: environment.kind,
        branch: environment.gitops.branch.clone(),
        head,
        applied,
        workload: key.map(|key| format!("{}/{}", key.kind, key.name)).unwrap_or_default(),
        agrees: agrees(&fields).filter(|_| !stale),
        stale,
        fields,
        git_trouble,
        live_trouble,
    }
}

/// Reads the manifests of an environment at its branch's head.
async fn written(core: &Arc<Core>, id: &EnvironmentId) -> Result<(CommitId, Result<FormFacts, Trouble>), Trouble> {
    let scene = core.scene(id)?;
    let heads = scene.repo.heads(OLDEST).await?;
    let head = head_of(&heads, &scene.environment.gitops.branch, scene.repo.url())?;
    let facts = plan::facts(&scene, head.clone(), None).await;
    Ok((head, facts))
}

/// Returns the live workload that the manifests speak of: overlays may have put something before or after its name. Without a
/// word of Git it is the first that runs; where none is seen, the one of that very name is looked for.
fn workload(world: &domain::world::World, environment: &Environment, facts: Option<&FormFacts>) -> Option<ObjectKey> {
    let seen = world.workloads_of(environment);
    let Some(named) = facts.map(|facts| &facts.workload) else { return seen.first().map(|w| w.key.clone()) };
    let kind = || seen.iter().filter(|w| *w.key.kind == *named.kind);
    let exact = kind().find(|w| *w.key.name == *named.name);
    let close = || kind().find(|w| w.key.name.contains(named.name.as_str()));
    let found = exact.or_else(close).or_else(|| seen.first().filter(|_| named.kind == "HelmRelease"));
    let guess = || ObjectKey::new(&environment.cluster, &named.kind, &environment.namespace, &named.name);
    Some(found.map_or_else(guess, |w| w.key.clone()))
}
