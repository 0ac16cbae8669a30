//! The document in Git that an object of a cluster is written in, or why there is none that can be edited here.

use std::sync::Arc;

use domain::Trouble;
use domain::detail::trace::same_repository;
use domain::flux::ObjectKey;
use domain::ident::EnvironmentId;
use domain::live::Private;
use domain::orders::Fresh;
use domain::origin::Origin;
use domain::query::Answer;
use domain::written::{Listing, Written, not_through_git};
use serde_json::Value;

use super::origin;
use crate::plan;
use crate::shared::Core;

/// What a person can always do instead.
const ELSE: &str = "or edit it in the cluster only.";

pub(super) async fn written(core: &Arc<Core>, key: ObjectKey) -> Result<Answer, Trouble> {
    let object = core.fleet.object(&key).await?.ok_or_else(|| {
        Trouble::not_found("It does not exist there", &key).next("Refresh and check the name and the namespace.")
    })?;
    let Some(origin) = origin::of(core, &key, &object).await else {
        return Err(Trouble::refused("It does not come from Git", &key)
            .why("it has no label of a Kustomization or a HelmRelease")
            .next("Edit it in the cluster."));
    };
    let environment = editable(core, &key, &origin)?;
    let scene = core.scene(&environment)?;
    let branch = scene.environment.gitops.branch.clone();
    let head = scene.repo.fresh_head(&branch).await?;
    let found = plan::document(core, &scene, &head, &key).await?;
    Ok(Answer::Written(Arc::new(Written {
        key,
        origin,
        environment,
        url: domain::text::one_line(scene.repo.url()),
        branch,
        head,
        file: found.file,
        line: found.line,
        whole: Private::new(found.whole),
        span: found.span,
        decided: found.decided,
        others: found.others,
        fresh: None,
    })))
}

/// Finds the file that a new object would be written to.
pub(super) async fn unwritten(core: &Arc<Core>, id: &EnvironmentId, fresh: Fresh) -> Result<Answer, Trouble> {
    let key = fresh.key;
    if let Some(refused) = not_through_git(&key) {
        return Err(refused);
    }
    let scene = core.scene(id)?;
    let world = Arc::clone(&core.world.borrow());
    let berths = domain::berth::berths(&world, &key.context(), &key.namespace);
    let Some(berth) = berths.into_iter().find(|berth| berth.environment == *id) else {
        return Err(Trouble::refused("That environment does not bring about objects of that namespace", id)
            .why(format!("its Kustomization applies nothing to {} of {}", key.namespace, key.cluster))
            .next("Choose another environment, or create it in the cluster only."));
    };
    let object: Value = serde_json::from_str(fresh.body.text())
        .map_err(|e| Trouble::usage("The object cannot be read", &key).why(e).next("Fill in the form again."))?;
    let head = scene.repo.fresh_head(&berth.branch).await?;
    let (file, list) = plan::berth(&scene, &head, &key, manifest::yaml::text_of(&object)).await?;
    let origin = Origin {
        url: domain::text::one_line(&berth.url),
        branch: Some(berth.branch.clone()),
        path: berth.path,
        environments: vec![id.clone()],
        ..Origin::by(berth.by)
    };
    Ok(Answer::Written(Arc::new(Written {
        key,
        origin,
        environment: id.clone(),
        url: domain::text::one_line(scene.repo.url()),
        branch: berth.branch,
        head,
        file,
        line: 1,
        whole: Private::new(""),
        span: 0..0,
        decided: Vec::new(),
        others: Vec::new(),
        fresh: Some(Listing(list)),
    })))
}

/// Returns the environment through which an object is changed in Git; a trouble when it cannot be.
fn editable(core: &Core, key: &ObjectKey, origin: &Origin) -> Result<EnvironmentId, Trouble> {
    let by = &origin.by;
    if &*by.kind != "Kustomization" {
        return Err(Trouble::refused("A chart makes it", key)
            .why(format!("its values are in {by}"))
            .next(format!("Edit {by}, {ELSE}")));
    }
    if let Some(refused) = not_through_git(key) {
        return Err(refused);
    }
    if let Some(environment) = origin.environments.first() {
        return Ok(environment.clone());
    }
    if origin.source.as_ref().is_some_and(|source| &*source.kind != "GitRepository") {
        let source = origin.source.as_ref().map(ToString::to_string).unwrap_or_default();
        return Err(Trouble::refused("Its source is no Git repository", key)
            .why(format!("{by} takes it from {source}"))
            .next(format!("Change what is published there, {ELSE}")));
    }
    let world = Arc::clone(&core.world.borrow());
    let project = world.projects.iter().find(|project| same_repository(&project.repository.url, &origin.url));
    Err(match project {
        Some(project) => Trouble::refused("No environment has what applies it", key)
            .why(format!("{by} applies {}, and no environment of {} has that path and branch", origin.path, project.slug))
            .next(format!("Add one with environment add {} or adopt, {ELSE}", project.slug)),
        None => Trouble::refused("No project has its repository", key)
            .why(if origin.url.is_empty() { format!("the source of {by} cannot be read") } else { origin.url.clone() })
            .next(format!("Add one with project add or adopt, which knows a credential for it, {ELSE}")),
    })
}
