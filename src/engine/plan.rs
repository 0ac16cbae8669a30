//! What a set of edits would do at a commit: files before and after, rendered objects, findings, message, digest.
//!
//! The same code makes the preview that is reviewed and the change that is committed, so that they cannot differ.

mod answers;
mod back;
mod berth;
pub(crate) mod closure;
mod compute;
mod judge;
mod overwriters;
mod restore;
mod texts;

use std::sync::Arc;

use domain::Trouble;
use domain::actor::Actor;
use domain::change::{Draft, FormFacts, Preview};
use domain::edit::{Edit, Field, WorkloadRef};
use domain::flux::ObjectKey;
use domain::revision::CommitId;
use manifest::Release;
use manifest::files::Files;
use manifest::schema::Schemas;

use crate::scene::Scene;
use crate::schemas;
use crate::shared::Core;
pub(crate) use berth::{berth, berth_in};
pub(crate) use compute::with;
pub(crate) use texts::{document, of_commit};

/// Holds what a change is judged by, besides the manifests: what its cluster says.
#[derive(Debug, Clone)]
pub(crate) struct Grounds {
    /// Whether Flux deletes from the cluster what leaves the manifests.
    pub(crate) prune: bool,
    /// The schemas of the kinds that the cluster serves, as far as they are known.
    pub(crate) schemas: Arc<Schemas>,
    /// Their version; 0 when only the built-in kinds are known.
    pub(crate) version: u64,
    /// The image automations that work on the environment's branch.
    pub(crate) automations: Vec<overwriters::Automation>,
}

/// Holds a preview and what is needed to carry it out.
#[derive(Debug)]
pub(crate) struct Plan {
    /// What is shown and reviewed.
    pub(crate) preview: Preview,
    /// The files to commit.
    pub(crate) changes: Vec<git::FileChange>,
    /// The workload that changes; absent when it cannot be told, or when texts change none.
    pub(crate) workload: Option<WorkloadRef>,
    /// What changes, in short.
    pub(crate) summary: String,
    /// The images that should run afterwards, where they change.
    pub(crate) expect_images: Vec<(String, String)>,
    /// The replicas that should run afterwards, when they change.
    pub(crate) expect_replicas: Option<i32>,
    /// The images and replicas that the manifests name after the change.
    pub(crate) named: (Vec<(String, String)>, Option<i32>),
    /// The HelmReleases that change, before and after.
    pub(crate) releases: Vec<(Option<Release>, Option<Release>)>,
}

impl Plan {
    /// Takes into edits where the lines stand now that their answers name.
    pub(crate) fn renumber(&self, edits: &mut [Edit]) {
        for answer in &self.preview.answers {
            let same = |edit: &&mut Edit| edit.container == answer.container && edit.field == answer.field;
            if let Some(edit) = edits.iter_mut().find(same) {
                edit.choice.clone_from(&answer.choice);
            }
        }
    }

    /// Returns the plan when nothing has to be asked first; else the question.
    pub(crate) fn settled(self) -> Result<Self, Trouble> {
        if let Some(ask) = self.preview.asks.first() {
            return Err(manifest::Error::Choose(Box::new(ask.clone())).into());
        }
        match self.preview.restoring.as_ref().filter(|restoring| restoring.open() > 0) {
            Some(restoring) => Err(back::question(&self.preview.environment, restoring)),
            None => Ok(self),
        }
    }
}

/// Reads the fields of an environment's workload at a commit; its own or only workload when none is named.
pub(crate) async fn facts(scene: &Scene, head: CommitId, workload: Option<WorkloadRef>) -> Result<FormFacts, Trouble> {
    let (environment, repo) = (scene.environment.clone(), Arc::clone(&scene.repo));
    let read = move |mirror: &git::Mirror| {
        Ok(closure::kept(mirror, &repo.files, &head, &environment.gitops.path).and_then(|files| {
            let workload = workload.or_else(|| environment.workload.clone());
            compute::facts(&files, &environment, &head, workload.as_ref())
        }))
    };
    scene.repo.with("reading manifests", move |mirror, _| read(mirror)).await?
}

/// Works out what a draft would do on top of a commit.
pub(crate) async fn plan(core: &Arc<Core>, scene: &Scene, head: CommitId, draft: &Draft, actor: &Actor) -> Result<Plan, Trouble> {
    let (schemas, version) = schemas::of(core, &scene.environment.cluster);
    let grounds = {
        let world = core.world.borrow();
        let automations = overwriters::of(&world, &scene.environment, scene.repo.url());
        Grounds { prune: world.prunes(&scene.environment), schemas, version, automations }
    };
    let (environment, draft, actor) = (scene.environment.clone(), draft.clone(), actor.clone());
    let repo = Arc::clone(&scene.repo);
    let alone = draft.texts.is_empty() && draft.restore.is_none();
    let around = if alone { Vec::new() } else { texts::neighbours(core, scene) };
    let work = move |mirror: &git::Mirror| {
        let draft = texts::taken(mirror, &head, answers::follow(mirror, &head, &draft))?;
        let path = &environment.gitops.path;
        let files = closure::kept(mirror, &repo.files, &head, path)?;
        let Some(restore) = &draft.restore else {
            let touched: Vec<&str> = draft.texts.iter().map(|text| text.path.as_str()).collect();
            let others = texts::users(mirror, &head, &around, &touched);
            return compute::plan(&files, (&environment, &grounds), &head, (&draft, &others), &actor);
        };
        let place = restore::Place { mirror, kept: &repo.files, head: &head, environment: &environment, neighbours: &around };
        let (taken, restoring) = restore::take_back(&place, restore)?;
        let changed = closure::load_changed(mirror, &head, path, &taken)?;
        let sides = (&*files, &changed);
        Ok(compute::restored(sides, (&environment, &grounds), &head, (&draft, &actor), (taken, restoring)))
    };
    scene.repo.with("working out a change", move |mirror, _| Ok(work(mirror))).await?
}

/// Finds the file and the line that an object of a cluster was written in, at a commit and under a path.
pub(crate) async fn written(
    scene: &Scene,
    commit: CommitId,
    path: String,
    key: ObjectKey,
) -> Result<Option<(String, usize)>, Trouble> {
    let work = move |mirror: &git::Mirror| {
        Ok(closure::load(mirror, &commit, &path).and_then(|files| {
            let objects = manifest::build(&files, &path)?;
            Ok(called(&objects, &key).map(|o| (domain::text::one_line(&o.file), o.line)))
        }))
    };
    scene.repo.with("reading manifests", move |mirror, _| work(mirror)).await?
}

/// Finds an object of a cluster among rendered ones.
fn called<'o>(objects: &'o [manifest::Object], key: &ObjectKey) -> Option<&'o manifest::Object> {
    let same = objects.iter().filter(|o| o.kind() == &*key.kind && o.name() == &*key.name);
    // Flux may put it into another namespace than its manifest says.
    same.min_by_key(|o| o.namespace() != &*key.namespace)
}

/// Returns the files that an environment is made of at a commit.
pub(crate) async fn made_of(scene: &Scene, commit: CommitId) -> Result<Vec<String>, Trouble> {
    let (environment, repo) = (scene.environment.clone(), Arc::clone(&scene.repo));
    let read = move |mirror: &git::Mirror| {
        let files = closure::kept(mirror, &repo.files, &commit, &environment.gitops.path);
        Ok(files.map(|files| files.paths().map(str::to_owned).collect()))
    };
    scene.repo.with("reading manifests", move |mirror, _| read(mirror)).await?
}

/// Reads files and folders at a commit.
pub(crate) async fn read(scene: &Scene, head: CommitId, wanted: Vec<String>) -> Result<Files, Trouble> {
    scene.repo.with("reading a chart", move |mirror, _| Ok(closure::read(mirror, &head, &wanted))).await?
}

/// Returns the images that the manifests name, by container, and the replicas that they ask for.
pub(crate) fn named(facts: &FormFacts) -> (Vec<(String, String)>, Option<i32>) {
    let value = |container: &str, field: &Field| facts.find(Some(container), field).map(|found| found.value.as_str());
    let image = |container: &String| {
        let mut image = value(container, &Field::ImageName)?.to_owned();
        if let Some(tag) = value(container, &Field::ImageTag).filter(|tag| !tag.is_empty()) {
            image = format!("{image}:{tag}");
        }
        if let Some(digest) = value(container, &Field::ImageDigest).filter(|digest| !digest.is_empty()) {
            image = format!("{image}@{digest}");
        }
        Some((container.clone(), image))
    };
    // What runs before the others is over when they run, so it is not looked for in the cluster.
    let images = facts.containers.iter().filter(|c| !facts.init.contains(c)).filter_map(image).collect();
    let replicas = facts.find(None, &Field::Replicas).and_then(|found| found.value.parse().ok());
    (images, replicas)
}
