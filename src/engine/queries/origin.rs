//! Where an object comes from: its Kustomization, the source of that, and the line of the file when the repository is a project's.

use std::sync::Arc;

use domain::Trouble;
use domain::detail::trace::same_repository;
use domain::flux::ObjectKey;
use domain::origin::{Origin, Place, applied_by};
use domain::project::{Environment, plain_path};
use domain::query::Answer;
use domain::revision::{CommitId, Revision};
use domain::text::one_line;
use domain::world::World;
use serde_json::Value;

use crate::plan;
use crate::shared::Core;

pub(super) async fn origin(core: &Arc<Core>, key: &ObjectKey) -> Result<Answer, Trouble> {
    let object = core.fleet.object(key).await?.ok_or_else(|| {
        Trouble::not_found("It does not exist there", key).next("Refresh and check the name and the namespace.")
    })?;
    Ok(Answer::Origin(of(core, key, &object).await.map(Box::new)))
}

/// Finds where an object comes from; nothing when Flux did not apply it.
pub(crate) async fn of(core: &Core, key: &ObjectKey, object: &Value) -> Option<Origin> {
    let labels = object.pointer("/metadata/labels")?;
    let (kind, namespace, name) = applied_by(|name| labels.get(name).and_then(Value::as_str))?;
    let by = ObjectKey::new(&key.context(), kind, &one_line(namespace), &one_line(name));
    let world = Arc::clone(&core.world.borrow());
    let applied = core.fleet.flux(&by).await.ok().flatten();
    let mut origin = Origin::by(by);
    let Some(applied) = applied else {
        origin.unplaced = format!("{} cannot be read", origin.by);
        return Some(origin);
    };
    origin.suspended = applied.suspended();
    origin.interval = applied.spec.interval.as_ref().map(ToString::to_string);
    origin.revision = applied.revision().cloned();
    origin.path = applied.spec.path.as_deref().map(|path| one_line(&plain_path(path))).unwrap_or_default();
    origin.source = cluster::act::source_of(&applied);
    if let Some(source) = &origin.source
        && let Ok(Some(source)) = core.fleet.flux(source).await
    {
        origin.url = source.spec.url.as_ref().map(ToString::to_string).unwrap_or_default();
        origin.branch = source.spec.reference.as_ref().and_then(|r| r.branch.as_ref().map(ToString::to_string));
    }
    let environments = environments(&world, &origin);
    origin.environments = environments.iter().map(|e| e.id.clone()).collect();
    match environments.first() {
        Some(environment) => place(core, &mut origin, environment, key).await,
        None => "no project here has that repository".clone_into(&mut origin.unplaced),
    }
    Some(origin)
}

/// Returns the environments that this Kustomization brings about, or that have its repository, branch and path.
fn environments(world: &World, origin: &Origin) -> Vec<Arc<Environment>> {
    // A HelmRelease may have the name of a Kustomization.
    let of_kustomization = &*origin.by.kind == "Kustomization";
    let is = |e: &&Arc<Environment>| {
        let name = &e.gitops.kustomization;
        let ours = *e.cluster.0 == *origin.by.cluster;
        let named = ours && of_kustomization && *name.namespace == *origin.by.namespace && *name.name == *origin.by.name;
        let repository = world.project(&e.id.project).is_some_and(|p| same_repository(&p.repository.url, &origin.url));
        let branch = origin.branch.as_ref().is_none_or(|branch| *branch == e.gitops.branch);
        named || (ours && repository && branch && plain_path(&e.gitops.path) == origin.path)
    };
    world.environments.iter().filter(is).cloned().collect()
}

/// Finds the file and the line that an object was written in, at the commit that was applied.
async fn place(core: &Core, origin: &mut Origin, environment: &Environment, key: &ObjectKey) {
    let found = async {
        let scene = core.scene(&environment.id)?;
        let commit = origin.revision.as_ref().and_then(Revision::commit);
        let commit = match commit {
            Some(commit) => commit,
            None => scene.repo.fresh_head(&environment.gitops.branch).await?,
        };
        let found = plan::written(&scene, commit.clone(), origin.path.clone(), key.clone()).await?;
        Ok::<(Option<(String, usize)>, CommitId), Trouble>((found, commit))
    };
    match found.await {
        Ok((Some((file, line)), commit)) => origin.place = Some(Place { file, line, commit: commit.to_string() }),
        Ok((None, _)) => "the manifests at that commit do not write it by this name".clone_into(&mut origin.unplaced),
        Err(trouble) => origin.unplaced = trouble.to_string(),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by failing")]
    use super::*;
    use domain::ident::{EnvironmentId, Slug};
    use domain::project::EnvironmentType;

    #[test]
    fn a_release_is_no_kustomization_of_the_same_name() {
        let id = EnvironmentId::new(Slug::new("shop").unwrap(), Slug::new("dev").unwrap());
        let mut environment = Environment::with_defaults(id.clone(), EnvironmentType::Development, "c".into());
        environment.gitops.kustomization.namespace = "flux-system".into();
        environment.gitops.kustomization.name = "shop".into();
        let world = World { environments: Arc::new(vec![Arc::new(environment)]), ..World::default() };
        for (kind, expect) in [("Kustomization", 1), ("HelmRelease", 0)] {
            let by = ObjectKey::new(&"c".into(), kind, "flux-system", "shop");
            let origin = Origin { path: "elsewhere".to_owned(), ..Origin::by(by) };
            assert_eq!(environments(&world, &origin).len(), expect, "{kind}");
        }
    }
}
