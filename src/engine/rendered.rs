//! What the charts of a change render to, before and after.
//!
//! The chart comes out of the environment's repository at the very commit that the change is made on. What is on another host
//! is named and not fetched.

use std::sync::Arc;

use domain::Trouble;
use domain::change::ChartState;
use domain::detail::trace::same_repository;
use domain::flux::ObjectKey;
use domain::revision::CommitId;
use manifest::{ChartAt, Object, Release};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::plan;
use crate::scene::Scene;
use crate::shared::Core;

/// What stands for a value of a Secret that a chart makes.
const HIDDEN: &str = "(not shown)";

/// Renders both sides of a change of a release on a commit; a side that is not there renders to nothing.
pub(crate) async fn both(
    core: &Core,
    scene: &Scene,
    head: &CommitId,
    (before, after): (Option<&Release>, Option<&Release>),
) -> Result<(Vec<Object>, Vec<Object>), ChartState> {
    let (old, new) = futures::future::join(side(core, scene, head, before), side(core, scene, head, after)).await;
    Ok((old?, new?))
}

/// Renders one side of a change; a release that is not there renders to nothing.
async fn side(core: &Core, scene: &Scene, head: &CommitId, release: Option<&Release>) -> Result<Vec<Object>, ChartState> {
    let Some(release) = release else { return Ok(Vec::new()) };
    let Some(helm) = &core.charts.helm else { return Err(ChartState::NoHelm) };
    let (path, values) = match &release.chart {
        ChartAt::Git { source, url, path, values } => {
            if !own(core, scene, source, url.as_deref()) {
                return Err(ChartState::Elsewhere(format!("{path} of GitRepository {}", source.1)));
            }
            (path, values)
        }
        ChartAt::Remote { source, url, chart, version } => {
            let name = if chart.is_empty() { url.as_deref().unwrap_or_default() } else { chart };
            let parts = [name, version.as_deref().unwrap_or_default(), "of", source];
            return Err(ChartState::Elsewhere(parts.into_iter().filter(|p| !p.is_empty()).collect::<Vec<_>>().join(" ")));
        }
        ChartAt::Unknown(why) => return Err(ChartState::Failed(why.clone())),
    };
    let failed = |trouble: Trouble| ChartState::Failed(trouble.to_string());
    let key = hex::encode(Sha256::digest(format!("{} {head} {release:?}", scene.repo.url())));
    let text = if let Some(text) = core.charts.known(&key) {
        text
    } else {
        let wanted: Vec<String> = std::iter::once(path).chain(values).cloned().collect();
        let files = plan::read(scene, head.clone(), wanted).await.map_err(failed)?;
        let text: Arc<str> = helm(files, release.clone()).await.map_err(failed)?.into();
        core.charts.keep(key, Arc::clone(&text));
        text
    };
    let mut objects = release.objects(&text).map_err(|error| failed(error.into()))?;
    objects.iter_mut().filter(|object| object.kind() == "Secret").for_each(hide);
    Ok(objects)
}

/// Tells whether a GitRepository is the environment's own repository: by name, else by URL.
fn own(core: &Core, scene: &Scene, (namespace, name): &(String, String), url: Option<&str>) -> bool {
    let ours = &scene.environment.gitops.source;
    if ours.name == *name && (namespace.is_empty() || ours.namespace == *namespace) {
        return true;
    }
    let key = ObjectKey::new(&scene.environment.cluster, "GitRepository", namespace, name);
    let world = Arc::clone(&core.world.borrow());
    let there = world.flux_object(&key).and_then(|object| object.spec.url.as_ref().map(ToString::to_string));
    url.map(str::to_owned).or(there).is_some_and(|url| same_repository(&url, scene.repo.url()))
}

/// Takes the values out of a Secret: charts make up passwords, each time anew.
fn hide(secret: &mut Object) {
    for part in ["data", "stringData"] {
        let values = secret.value.get_mut(part).and_then(Value::as_object_mut);
        values.into_iter().flat_map(|values| values.values_mut()).for_each(|value| *value = HIDDEN.into());
    }
}
