//! Everyone's commits: what others push to the branch and path of an environment becomes a deployment of its own and is followed
//! like any other.
//!
//! Nothing about such a commit was checked here: the author is who the commit says it is.

use std::collections::BTreeSet;
use std::sync::Arc;

use domain::Trouble;
use domain::actor::{Actor, Authentication, Role};
use domain::deployment::{Deployment, Method, Stage, StageName, StageState, Status};
use domain::flux::Facts;
use domain::journal::{Change, Phase};
use domain::revision::CommitId;
use git::{CommitInfo, LogQuery, Mirror};
use manifest::files::{Files, parent, within};
use store::Mark;

use crate::driven::Place;
use crate::follow::{land, propose};
use crate::plan;
use crate::scene::Scene;
use crate::scribe::Scribe;
use crate::shared::Core;
use crate::steps::before;

/// How many commits are taken in at once; of more, the newest.
const MOST: usize = 20;
/// How many commits are looked at.
const SCAN: usize = 5_000;
/// A commit that is older than that when it is first seen was on its way while nobody looked: its times are not known.
const LATE: i64 = 3_600_000;

/// Looks, beside whatever else goes on, through what a branch brought since it was last looked at.
pub(crate) fn look(core: &Arc<Core>, scene: &Scene, head: &CommitId) {
    if !scene.environment.gitops.enabled || core.store.read_only().is_some() {
        return;
    }
    // Whoever looks already sees this head too, or leaves the mark behind it for the next look.
    let Some(place) = Place::take(&core.driven, format!("commits of {}", scene.environment.id)) else { return };
    let (task, scene, head) = (Arc::clone(core), scene.clone(), head.clone());
    core.spawn("reading what others committed", async move {
        let _place = place;
        if let Err(trouble) = take_in(&task, &scene, head).await {
            task.mishaps.add(trouble);
        }
    });
}

async fn take_in(core: &Arc<Core>, scene: &Scene, head: CommitId) -> Result<(), Trouble> {
    let id = &scene.environment.id;
    let environment = id.clone();
    let mark = core.on_store("what was seen", move |store| store.seen().load(&environment)).await??;
    let (branch, path) = (&scene.environment.gitops.branch, &scene.environment.gitops.path);
    let known = mark.filter(|mark| mark.branch == *branch && mark.path == *path).map(|mark| mark.commit);
    if known.as_ref() == Some(&head) {
        return Ok(());
    }
    // Under the environment's lease nobody commits to it, and no other process records the same commits.
    let _lease = core.lease(&land::lease_of(id)).await?;
    core.refresh().await?;
    let since = match known {
        Some(commit) => Some(commit),
        None => recorded(core, scene, &head).await,
    };
    if let Some(since) = since {
        for commit in news(scene, since, head.clone()).await? {
            if !is_known(core, scene, &commit).await {
                record(core, scene, commit).await?;
            }
        }
    }
    let mark = Mark { branch: branch.clone(), path: path.clone(), commit: head };
    let environment = id.clone();
    before("the mark of what was seen");
    Ok(core.on_store("what was seen", move |store| store.seen().save(&environment, &mark)).await??)
}

/// Returns the newest commit of the environment's deployments that is on the branch.
async fn recorded(core: &Core, scene: &Scene, head: &CommitId) -> Option<CommitId> {
    let state = core.store.state();
    let on_branch = state.deployments.of(&scene.environment.id).filter(|d| d.branch() == scene.environment.gitops.branch);
    let commits: Vec<CommitId> = on_branch.filter_map(|d| CommitId::parse(d.commit())).take(MOST).collect();
    for commit in commits {
        if scene.repo.contains(commit.clone(), head.clone()).await == Some(true) {
            return Some(commit);
        }
    }
    None
}

/// Returns the commits since one that touch what the environment is made of, the oldest first.
async fn news(scene: &Scene, since: CommitId, head: CommitId) -> Result<Vec<CommitInfo>, Trouble> {
    let (repo, path) = (Arc::clone(&scene.repo), scene.environment.gitops.path.clone());
    let read = move |mirror: &Mirror| {
        // Where it cannot be read before or after, that is told where it is shown; its own folder counts all the same.
        let files = [&since, &head].map(|commit| plan::closure::kept(mirror, &repo.files, commit, &path).ok());
        let paths = watched(&path, files.iter().flatten().map(|files| &**files));
        let query = LogQuery { paths, until: Some(since.clone()), limit: MOST, scan: SCAN, files: true };
        mirror.log(&head, &query)
    };
    let mut commits = scene.repo.with("the Git history", move |mirror, _| read(mirror)).await?;
    commits.reverse();
    Ok(commits)
}

/// Returns the folders and files that an environment is made of: its path and whatever that leads to.
fn watched<'a>(path: &str, files: impl Iterator<Item = &'a Files>) -> Vec<String> {
    let path = path.trim_start_matches('.').trim_matches('/');
    let mut wanted: BTreeSet<String> = [path.to_owned()].into();
    for file in files.flat_map(Files::paths) {
        let folder = parent(file);
        // A file at the root does not make the whole repository part of the environment.
        let place = if folder.is_empty() { file } else { folder };
        if !within(place, path) {
            wanted.insert(place.to_owned());
        }
    }
    wanted.into_iter().collect()
}

/// Tells whether a commit is one of ours, brings what we asked others to merge, or was taken in before.
async fn is_known(core: &Core, scene: &Scene, commit: &CommitInfo) -> bool {
    let state = core.store.state();
    let named = |id: &str| commit.trailers.iter().any(|(key, value)| key.eq_ignore_ascii_case(land::TRAILER) && value == id);
    let mut awaited = Vec::new();
    for deployment in state.deployments.of(&scene.environment.id) {
        let ours = [deployment.commit(), deployment.proposed()].contains(&commit.id.as_str());
        // Whoever merges may change the content and keep the trailer: then it is theirs.
        if ours || (!deployment.is_proposed() && named(deployment.id())) {
            return true;
        }
        // One that is over was over before this commit came, or names it.
        if deployment.is_proposed() && (!deployment.is_over() || named(deployment.id())) {
            let whole = core.recall(deployment).await;
            awaited.extend(whole.ok().and_then(|whole| propose::sought(&whole)));
        }
    }
    let id = commit.id.clone();
    let brings = move |mirror: &Mirror| {
        for sought in &awaited {
            if mirror.arrives_with(&id, sought)? {
                return Ok(true);
            }
        }
        Ok(false)
    };
    scene.repo.with("the Git history", move |mirror, _| brings(mirror)).await.unwrap_or(false)
}

async fn record(core: &Arc<Core>, scene: &Scene, commit: CommitInfo) -> Result<(), Trouble> {
    let now = core.now();
    let late = now.as_millisecond() - commit.time.as_millisecond() > LATE;
    let requested = if late { now } else { commit.time.min(now) };
    let (was, will_be) = match commit.parents.first() {
        Some(parent) => (images(scene, parent).await, images(scene, &commit.id).await),
        None => (None, images(scene, &commit.id).await),
    };
    let was = was.unwrap_or_default();
    let will_be = will_be.unwrap_or_default();
    let mut stages: [Stage; 4] = std::array::from_fn(|_| Stage::pending());
    stages[StageName::Commit as usize] =
        Stage { state: StageState::Done, started: Some(requested), ended: Some(now), detail: commit.id.short().to_owned() };
    let deployment = Deployment {
        id: (core.ids)(now),
        environment: scene.environment.id.clone(),
        method: Method::GitopsGit,
        actor: author(&commit),
        requested,
        finished: None,
        status: Status::Running,
        edits: Vec::new(),
        workload: None,
        message: if commit.body.is_empty() { commit.subject.clone() } else { format!("{}\n\n{}", commit.subject, commit.body) },
        branch: scene.environment.gitops.branch.clone(),
        files: commit.files.iter().map(|file| domain::text::one_line(&file.path)).collect(),
        base: commit.parents.first().cloned(),
        commit: Some(commit.id.clone()),
        reviewed: String::new(),
        summary: summary(&commit, &was, &will_be),
        expect_images: will_be.0.iter().filter(|image| !was.0.contains(image)).cloned().collect(),
        expect_replicas: will_be.1.filter(|n| was.1 != Some(*n)),
        automation: automation(core, scene, &commit),
        rolls_back: None,
        restore: None,
        proposal: None,
        applied: Vec::new(),
        stages,
    };
    let scribe = Scribe::of_system(core, "commit.seen", &scene.environment.id);
    let by = deployment.automation.as_ref().map_or_else(|| commit.author.clone(), |name| format!("image automation {name}"));
    let detail = format!("{} on {} by {by}: {}", commit.id.short(), deployment.branch, commit.subject);
    scribe.write(Phase::Done, detail, Some(Change::Deployment(Box::new(deployment)))).await
}

type Named = (Vec<(String, String)>, Option<i32>);

/// Returns what the environment's manifests say at a commit, if they can be read there.
async fn images(scene: &Scene, commit: &CommitId) -> Option<Named> {
    plan::facts(scene, commit.clone(), None).await.ok().map(|facts| plan::named(&facts))
}

fn author(commit: &CommitInfo) -> Actor {
    let login = commit.email.split('@').next().filter(|login| !login.is_empty()).unwrap_or(&commit.author);
    Actor {
        login: login.to_owned(),
        name: commit.author.clone(),
        email: commit.email.clone(),
        by: Authentication::Commit,
        role: Role::Viewer,
    }
}

/// Says what a commit changes: its images and replicas where it changes them, else what its author said.
fn summary(commit: &CommitInfo, was: &Named, will_be: &Named) -> String {
    let several = will_be.0.len() > 1;
    let mut told: Vec<String> = Vec::new();
    for (container, image) in &will_be.0 {
        let old = was.0.iter().find(|(name, _)| name == container).map(|(_, image)| image);
        if let Some(old) = old.filter(|old| *old != image) {
            let what = if several { format!("{container} image") } else { "image".to_owned() };
            let (old, new) = shortened(old, image);
            told.push(format!("{what} {old} \u{2192} {new}"));
        }
    }
    if let (Some(old), Some(new)) = (was.1, will_be.1)
        && old != new
    {
        told.push(format!("replicas {old} \u{2192} {new}"));
    }
    if told.is_empty() { commit.subject.clone() } else { told.join(", ") }
}

/// Leaves the name of an image out where only its tag or digest changes.
fn shortened<'a>(old: &'a str, new: &'a str) -> (&'a str, &'a str) {
    let rest =
        |image: &'a str| image.rsplit_once('/').map_or(image, |(_, last)| last).split_once([':', '@']).map(|(_, rest)| rest);
    let name = |image: &'a str, rest: &str| image.len().checked_sub(rest.len() + 1).and_then(|end| image.get(..end));
    match (rest(old), rest(new)) {
        (Some(a), Some(b)) if name(old, a) == name(new, b) => (a, b),
        _ => (old, new),
    }
}

/// Returns the `ImageUpdateAutomation` that made a commit, as `namespace/name`: the one that says that it pushed it, else one
/// whose author it carries.
fn automation(core: &Core, scene: &Scene, commit: &CommitInfo) -> Option<String> {
    let world = core.world.borrow();
    let of_cluster = world.flux.iter().filter(|o| *o.key.cluster == *scene.environment.cluster.0);
    let mut signed = None;
    for object in of_cluster {
        let Some(Facts::Push { commit: pushed, author, .. }) = object.facts() else { continue };
        let name = || format!("{}/{}", object.key.namespace, object.key.name);
        if !pushed.is_empty() && commit.id.as_str().starts_with(&**pushed) {
            return Some(name());
        }
        if !author.is_empty() && **author == *commit.email {
            signed = signed.or_else(|| Some(name()));
        }
    }
    signed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_names_what_differs_of_an_image() {
        let table = [
            ("ghcr.io/acme/shop:1.8.4", "ghcr.io/acme/shop:1.9.0", ("1.8.4", "1.9.0")),
            ("registry.example:5000/shop:1", "registry.example:5000/shop@sha256:ab", ("1", "sha256:ab")),
            ("shop:1", "store:1", ("shop:1", "store:1")),
            ("shop", "shop:2", ("shop", "shop:2")),
        ];
        for (old, new, wanted) in table {
            assert_eq!(shortened(old, new), wanted);
        }
    }

    #[test]
    fn what_an_environment_leads_to_is_watched_and_files_at_the_root_one_by_one() {
        let mut files = Files::new();
        for path in ["k8s/overlays/dev/kustomization.yaml", "k8s/base/web.yaml", "k8s/base/svc.yaml", "common.yaml"] {
            files.insert(path, "");
        }
        assert_eq!(watched("./k8s/overlays/dev/", std::iter::once(&files)), ["common.yaml", "k8s/base", "k8s/overlays/dev"]);
        assert_eq!(watched(".", std::iter::empty()), [""]);
    }
}
