//! What Git says about each environment: repositories are asked from time to time, and at once when there is a hint of news.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::Trouble;
use domain::ident::EnvironmentId;
use domain::project::{Environment, Repository};
use domain::revision::{CommitId, Revision};
use domain::world::{GitView, World};
use git::Heads;

use crate::driven::Place;
use crate::plan;
use crate::repos::head_of;
use crate::scene::Scene;
use crate::shared::Core;
use crate::tasks::open;
use crate::witness;

/// Keeps a poller running for every repository that an environment lives in, and tells it of hints.
pub(crate) async fn run(core: Arc<Core>) {
    let mut worlds = core.world.subscribe();
    let mut before: Option<Arc<World>> = None;
    let mut artifacts: BTreeMap<EnvironmentId, Revision> = BTreeMap::new();
    loop {
        let world = Arc::clone(&worlds.borrow_and_update());
        let same = before
            .as_ref()
            .is_some_and(|b| Arc::ptr_eq(&b.environments, &world.environments) && Arc::ptr_eq(&b.projects, &world.projects));
        if !same {
            begin(&core, &world);
        }
        if before.as_ref().is_none_or(|b| !Arc::ptr_eq(&b.flux, &world.flux)) {
            hint(&core, &world, &mut artifacts);
        }
        before = Some(world);
        if worlds.changed().await.is_err() {
            return;
        }
    }
}

/// Starts the pollers that are missing and wakes those whose environments may have changed.
fn begin(core: &Arc<Core>, world: &World) {
    for environment in world.environments.iter() {
        let Some(project) = world.project(&environment.id.project) else { continue };
        let repository = &project.repository;
        let name = format!("git {} {}", repository.credential, repository.url);
        match Place::take(&core.driven, name) {
            Some(place) => core.spawn("reading a repository", poll(Arc::clone(core), repository.clone(), place)),
            None => core.repos.get(repository).poke(),
        }
    }
}

/// Pokes the repositories of sources whose artifact has moved to a commit that we do not show.
fn hint(core: &Core, world: &World, artifacts: &mut BTreeMap<EnvironmentId, Revision>) {
    for environment in world.environments.iter() {
        let Some(artifact) = world.source(environment).and_then(|s| s.status.artifact.as_ref()) else { continue };
        let known = artifacts.insert(environment.id.clone(), artifact.revision.clone());
        if known.as_ref() == Some(&artifact.revision) {
            continue;
        }
        let head = world.git_view(&environment.id).and_then(|view| view.head.clone());
        if head.is_some()
            && head != artifact.revision.commit()
            && let Ok(scene) = core.scene(&environment.id)
        {
            scene.repo.poke();
        }
    }
}

/// What a view was made from: as long as it stays, so does the view.
type Ground = (CommitId, Arc<Environment>);

/// Asks one repository from time to time, as long as an environment lives in it.
async fn poll(core: Arc<Core>, repository: Repository, _place: Place) {
    let repo = core.repos.get(&repository);
    let mut grounds: BTreeMap<EnvironmentId, Ground> = BTreeMap::new();
    let mut failures = 0;
    loop {
        let scenes = scenes(&core, &repository);
        if scenes.is_empty() {
            return;
        }
        let fetched = repo.fetch().await;
        failures = if fetched.is_ok() { 0 } else { failures + 1 };
        match &fetched {
            Ok(heads) => {
                for scene in &scenes {
                    renew(&core, scene, heads, &mut grounds).await;
                }
            }
            Err(trouble) => {
                for scene in &scenes {
                    trouble_in(&core, scene, trouble);
                }
                grounds.clear();
            }
        }
        core.nudge.notify_one();
        let pause = if failures > 0 { core.pace.pause(failures).min(core.pace.git_poll) } else { core.pace.git_poll };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = repo.poked() => {}
        }
    }
}

fn scenes(core: &Core, repository: &Repository) -> Vec<Scene> {
    let state = core.store.state();
    let scenes = state.environments.keys().filter_map(|id| core.scene(id).ok());
    let same = |r: &Repository| r.url == repository.url && r.credential == repository.credential;
    scenes.filter(|scene| same(&scene.project.repository)).collect()
}

/// Reads an environment's manifests anew, if its head or its record has changed.
async fn renew(core: &Arc<Core>, scene: &Scene, heads: &Heads, grounds: &mut BTreeMap<EnvironmentId, Ground>) {
    let id = &scene.environment.id;
    let head = match head_of(heads, &scene.environment.gitops.branch, scene.repo.url()) {
        Ok(head) => head,
        Err(trouble) => {
            grounds.remove(id);
            return put(core, empty(id, None, Some(trouble)));
        }
    };
    witness::look(core, scene, &head);
    let ground = (head.clone(), Arc::clone(&scene.environment));
    if grounds.get(id) == Some(&ground) {
        return;
    }
    let view = read(scene, head).await;
    if view.trouble.is_none() {
        grounds.insert(id.clone(), ground);
    }
    put(core, view);
}

async fn read(scene: &Scene, head: CommitId) -> GitView {
    let id = &scene.environment.id;
    let wanted = head.clone();
    let info = match scene.repo.with("the Git history", move |mirror, _| mirror.commit_info(&wanted)).await {
        Ok(info) => info,
        Err(trouble) => return empty(id, Some(head), Some(trouble)),
    };
    let mut view = empty(id, Some(head.clone()), None);
    view.subject = info.subject;
    view.author = info.author;
    view.time = Some(info.time);
    match plan::facts(scene, head, None).await {
        Ok(facts) => (view.images, view.replicas) = plan::named(&facts),
        Err(trouble) => view.trouble = Some(trouble),
    }
    view
}

fn empty(id: &EnvironmentId, head: Option<CommitId>, trouble: Option<Trouble>) -> GitView {
    let (subject, author) = (String::new(), String::new());
    GitView { environment: id.clone(), head, subject, author, time: None, images: Vec::new(), replicas: None, trouble }
}

/// Notes that an environment could not be read; what was read before stays beside it.
fn trouble_in(core: &Core, scene: &Scene, trouble: &Trouble) {
    let id = &scene.environment.id;
    let known = open(&core.views).get(id).map(|view| (**view).clone());
    let view = known.unwrap_or_else(|| empty(id, None, None));
    put(core, GitView { trouble: Some(trouble.clone()), ..view });
}

fn put(core: &Core, view: GitView) {
    let mut views = open(&core.views);
    if views.get(&view.environment).is_none_or(|known| **known != view) {
        views.insert(view.environment.clone(), Arc::new(view));
    }
}
