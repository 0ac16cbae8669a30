//! Committing to a folder of a repository that no deployment watches: planned at the branch's head, pushed, and looked for in the
//! cluster afterwards.

use std::sync::Arc;
use std::time::Duration;

use domain::change::FileChange;
use domain::detail::trace::same_repository;
use domain::flux::{FluxObject, ObjectKey};
use domain::ident::ContextName;
use domain::journal::Phase;
use domain::orders::FolderChange;
use domain::project::plain_path;
use domain::revision::CommitId;
use domain::text::display;
use domain::world::World;
use domain::{Time, Trouble};
use git::{Author, Base, NewCommit, PushOutcome};

use crate::follow::land::answered;
use crate::repos::Repo;
use crate::scribe::Scribe;
use crate::shared::Core;

/// How often a commit is made anew because the branch moved.
const ATTEMPTS: u32 = 5;
/// How long the objects are waited for after the push; Flux brings them whether anybody waits or not.
const PATIENCE: Duration = Duration::from_secs(20);

/// Commits and pushes; when the branch moved, again on its new head, as long as the same comes out.
pub(super) async fn land<Plan>(
    core: &Arc<Core>,
    scribe: &Scribe,
    (shown, message): (&FolderChange, &str),
    anew: impl Fn() -> Plan + Send + Sync,
) -> Result<CommitId, Trouble>
where
    Plan: Future<Output = Result<FolderChange, Trouble>> + Send,
{
    let home = core.project(&shown.fleet.project)?;
    let repo = core.repos.get(&home.repository);
    let object = format!("{} on {}", shown.fleet, shown.branch);
    let mut last = String::new();
    // One moment for all attempts: on the same base it is the same commit that is sent again.
    let time = core.now();
    for _ in 0..ATTEMPTS {
        let now = anew().await?;
        if now.files != shown.files {
            return Err(Trouble::refused("What was shown has changed", &object)
                .why("somebody changed the same files meanwhile")
                .next("Look again and decide anew."));
        }
        let commit = commit((scribe, time), &repo, (&now, message)).await?;
        scribe.write(Phase::Intent, format!("pushes {} to {}", commit.short(), now.branch), None).await?;
        let (branch, base, ours) = (now.branch.clone(), Base::Head(now.base.clone()), commit.clone());
        let push = move |mirror: &git::Mirror, cancel: &git::Cancel| mirror.push(&branch, &ours, &base, cancel);
        let outcome = repo.attempt("the Git push", push).await.map_err(Trouble::from)?;
        repo.outdated();
        match outcome {
            PushOutcome::Landed { .. } => {
                repo.poke();
                return Ok(commit);
            }
            PushOutcome::Moved { .. } => "the branch moves all the time".clone_into(&mut last),
            PushOutcome::Rejected { words } => {
                return Err(Trouble::failed("The server refused the push", &object)
                    .why(display(words.trim_end(), true))
                    .next("Nothing was changed in Git; do what the server says, then try again."));
            }
            PushOutcome::Unknown { words } => match answered(core, || there(&repo, &now.branch, &commit)).await {
                Some(true) => {
                    repo.poke();
                    return Ok(commit);
                }
                // It is sent again on the same base, and lands once.
                Some(false) => last = display(words.trim_end(), true),
                None => {
                    return Err(Trouble::failed("It is not known whether the commit landed", &object)
                        .why(display(words.trim_end(), true))
                        .next(format!("Look for {} on the branch before you try again.", commit.short())));
                }
            },
        }
    }
    Err(Trouble::failed("The commit did not get onto the branch", &object).why(last).next("Try again."))
}

async fn commit(
    (scribe, time): (&Scribe, Time),
    repo: &Arc<Repo>,
    (change, message): (&FolderChange, &str),
) -> Result<CommitId, Trouble> {
    let write = |file: &FileChange| git::FileChange::write(file.path.clone(), file.after.clone().unwrap_or_default());
    let new = NewCommit {
        parent: Some(change.base.clone()),
        changes: change.files.iter().map(write).collect(),
        message: message.to_owned(),
        author: Author { name: scribe.actor().name.clone(), email: scribe.actor().email.clone() },
        time,
    };
    repo.with("the Git commit", move |mirror, _| mirror.commit(&new)).await
}

/// Tells whether a commit is on the server's branch.
async fn there(repo: &Arc<Repo>, branch: &str, commit: &CommitId) -> Result<bool, Trouble> {
    let heads = repo.fetch().await?;
    let Some(head) = heads.get(branch).cloned() else { return Ok(false) };
    let contained = repo.contains(commit.clone(), head).await;
    contained.ok_or_else(|| Trouble::failed("The branch could not be read", branch))
}

/// Asks Flux to apply the folder and waits a while for objects; says what came of it.
pub(super) async fn brought(core: &Arc<Core>, cluster: &ContextName, change: &FolderChange, wanted: &[ObjectKey]) -> String {
    let world = Arc::clone(&core.world.borrow());
    let keys: Vec<ObjectKey> = appliers(&world, cluster, change).iter().map(|object| object.key.clone()).collect();
    if keys.is_empty() {
        return format!("No Kustomization in {cluster} applies {}: nothing brings it about yet.", change.fleet);
    }
    for key in &keys {
        if let Err(trouble) = core.fleet.reconcile(key, true).await {
            core.mishaps.add(trouble);
        }
    }
    let all = |world: &World| wanted.iter().all(|key| world.flux_object(key).is_some()).then_some(());
    let names = keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    match core.wait_world(PATIENCE, all).await {
        Some(()) => format!("{names} has applied it."),
        None => format!("{names} was asked to apply it and has not yet."),
    }
}

/// Returns the Kustomizations of a cluster that apply a folder.
pub(super) fn appliers<'w>(world: &'w World, cluster: &ContextName, change: &FolderChange) -> Vec<&'w FluxObject> {
    let applies = |object: &&FluxObject| {
        let path = plain_path(object.spec.path.as_deref().unwrap_or_default());
        let within = path.is_empty() || change.fleet.path == path || change.fleet.path.starts_with(&format!("{path}/"));
        let source = cluster::act::source_of(object).and_then(|key| world.flux_object(&key));
        let fed = source.is_some_and(|source| {
            let branch = source.spec.reference.as_ref().and_then(|r| r.branch.as_ref());
            let url = source.spec.url.as_deref().unwrap_or_default();
            same_repository(url, &change.url) && branch.is_none_or(|branch| *branch == change.branch)
        });
        *object.key.cluster == *cluster.0 && &*object.key.kind == "Kustomization" && within && fed
    };
    world.flux.iter().map(AsRef::as_ref).filter(applies).collect()
}
