//! What runs in one environment as a draft for another: the fields as Git has them at the commit that is applied there, and the
//! commits that lie between the two.

use std::collections::BTreeSet;
use std::sync::Arc;

use domain::Trouble;
use domain::change::{Draft, FormFacts};
use domain::edit::{Edit, Field, WorkloadRef};
use domain::project::Environment;
use domain::promotion::{Promote, PromotePart, Promotion};
use domain::query::{Answer, CommitLine};
use domain::revision::CommitId;
use domain::world::World;
use git::LogQuery;

use crate::plan;
use crate::repos::head_of;
use crate::scene::Scene;
use crate::shared::Core;

/// How many commits are told.
const COMMITS: usize = 100;
/// How old known heads may be.
const HEADS: std::time::Duration = std::time::Duration::from_secs(2);

pub(super) async fn promote(core: &Arc<Core>, wanted: Promote) -> Result<Answer, Trouble> {
    may(&wanted)?;
    let (from, to) = (core.scene(&wanted.from)?, core.scene(&wanted.to)?);
    let world = Arc::clone(&core.world.borrow());
    let mut notes = Vec::new();
    let from_commit = if let Some(commit) = applied(&world, &from.environment) {
        commit
    } else {
        notes.push(format!("What is applied in {} is not known: this is the head of its branch.", wanted.from));
        head(&from).await?
    };
    let to_commit = applied(&world, &to.environment);
    let to_head = head(&to).await?;
    // Both branches are known by now, unless what is applied was never on one of them.
    let theirs = plan::facts(&from, from_commit.clone(), None).await?;
    let ours = plan::facts(&to, to_head.clone(), counterpart(&theirs, &to).await).await?;
    let (images, _) = plan::named(&theirs);
    notes.extend(differing(&world, &from.environment, &images));
    let edits = edits(&theirs, &ours, &wanted.parts, &mut notes);
    let (commits, more) = between(&from, &to, &from_commit, to_commit.as_ref()).await?;
    let draft = Draft { workload: Some(ours.workload.clone()), edits, ..Draft::new(wanted.to.clone()) };
    let promotion = Promotion { from: wanted.from, from_commit, to_commit, images, commits, more, notes, draft };
    Ok(Answer::Promotion(Arc::new(promotion)))
}

fn may(wanted: &Promote) -> Result<(), Trouble> {
    if wanted.from == wanted.to {
        return Err(Trouble::usage("An environment cannot be promoted to itself", &wanted.to).next("Name two environments."));
    }
    if wanted.from.project != wanted.to.project {
        return Err(Trouble::usage("Both environments must be of one project", &wanted.to)
            .why(format!("{} and {} are not", wanted.from, wanted.to))
            .next("Name two environments of the same project."));
    }
    Ok(())
}

/// Returns the commit that Flux has applied last.
fn applied(world: &World, environment: &Environment) -> Option<CommitId> {
    world.kustomization(environment)?.status.last_applied_revision.as_ref()?.commit()
}

async fn head(scene: &Scene) -> Result<CommitId, Trouble> {
    let heads = scene.repo.heads(HEADS).await?;
    head_of(&heads, &scene.environment.gitops.branch, scene.repo.url())
}

/// Returns the workload that takes the values over: the environment's own, else the one of the same kind and name; nothing when
/// there is just one.
async fn counterpart(theirs: &FormFacts, to: &Scene) -> Option<WorkloadRef> {
    if to.environment.workload.is_some() {
        return to.environment.workload.clone();
    }
    let head = head(to).await.ok()?;
    let facts = plan::facts(to, head, None).await.ok()?;
    facts.workloads.into_iter().find(|workload| *workload == theirs.workload)
}

/// Says where what runs is not what Git says at the commit that is applied.
fn differing(world: &World, environment: &Environment, images: &[(String, String)]) -> Option<String> {
    let workloads = world.workloads_of(environment);
    let running: Vec<_> = workloads.iter().flat_map(|workload| &workload.containers).collect();
    let other = images.iter().find_map(|(container, image)| {
        let runs = running.iter().find(|c| c.name == *container).map(|c| &c.image)?;
        (runs != image).then_some((image, runs))
    });
    other.map(|(image, runs)| format!("{} runs {runs}, not {image} as Git says.", environment.id))
}

/// Returns the edits that bring the chosen parts over; what is the same already is left out.
fn edits(theirs: &FormFacts, ours: &FormFacts, parts: &[PromotePart], notes: &mut Vec<String>) -> Vec<Edit> {
    let mut out: Vec<Edit> = Vec::new();
    let several = ours.containers.len() > 1;
    let missing: BTreeSet<&str> = theirs
        .found
        .iter()
        .filter(|found| taken(&found.field, parts))
        .filter_map(|found| found.container.as_deref())
        .filter(|container| !ours.containers.iter().any(|c| c == container))
        .filter(|_| several || theirs.containers.len() > 1)
        .collect();
    notes.extend(missing.iter().map(|container| format!("Container {container} is not in {}.", ours.environment)));
    let found = theirs.found.iter().filter(|f| taken(&f.field, parts));
    for found in found.filter(|f| f.container.as_deref().is_none_or(|c| !missing.contains(c))) {
        let container = found.container.clone().filter(|_| several && found.field.is_of_container());
        let now = ours.find(container.as_deref(), &found.field).map(|f| f.value.as_str()).unwrap_or_default();
        if now == found.value {
            continue;
        }
        let value = Some(found.value.clone()).filter(|value| !value.is_empty());
        if value.is_some() || may_go(&found.field) {
            out.push(Edit { container, field: found.field.clone(), value, choice: None });
        }
    }
    out.extend(gone(theirs, ours, parts, several));
    out
}

/// Returns the edits that take a tag or digest away which the image does not have where it runs.
fn gone<'a>(
    theirs: &'a FormFacts,
    ours: &'a FormFacts,
    parts: &'a [PromotePart],
    several: bool,
) -> impl Iterator<Item = Edit> + 'a {
    let left = ours.found.iter().filter(|f| may_go(&f.field) && taken(&f.field, parts) && !f.value.is_empty());
    left.filter(move |f| {
        let container = f.container.as_deref().filter(|_| several);
        let there = container.is_none_or(|c| theirs.containers.iter().any(|t| t == c));
        there && theirs.find(container, &f.field).is_none()
    })
    .map(move |f| Edit { container: f.container.clone().filter(|_| several), ..Edit::remove(f.field.clone()) })
}

const fn may_go(field: &Field) -> bool {
    matches!(field, Field::ImageTag | Field::ImageDigest)
}

/// Tells whether a field is of the parts that are taken over.
fn taken(field: &Field, parts: &[PromotePart]) -> bool {
    PromotePart::of(field).is_some_and(|part| parts.contains(&part))
}

/// Returns the commits that touched what the first environment is made of and that the second has not got yet.
async fn between(
    from: &Scene,
    to: &Scene,
    from_commit: &CommitId,
    to_commit: Option<&CommitId>,
) -> Result<(Vec<CommitLine>, bool), Trouble> {
    let path = from.environment.gitops.path.clone();
    let paths = folders(&plan::made_of(from, from_commit.clone()).await?, &path);
    let same = from.repo.url() == to.repo.url();
    let query = LogQuery { paths, until: to_commit.filter(|_| same).cloned(), limit: COMMITS + 1, ..LogQuery::default() };
    let start = from_commit.clone();
    let log = from.repo.with("the Git history", move |mirror, _| mirror.log(&start, &query)).await?;
    let more = log.len() > COMMITS;
    let line =
        |info: git::CommitInfo| CommitLine { id: info.id, author: info.author, time: Some(info.time), subject: info.subject };
    Ok((log.into_iter().take(COMMITS).map(line).collect(), more))
}

/// Returns the folders that files lie in, those within others left out.
fn folders(files: &[String], own: &str) -> Vec<String> {
    let own = own.trim_start_matches("./").trim_matches('/');
    let parents = files.iter().map(|file| manifest::files::parent(file).to_owned());
    let all: BTreeSet<String> = parents.chain([own.to_owned()]).collect();
    let within = |folder: &String| all.iter().any(|other| other != folder && manifest::files::within(folder, other));
    all.iter().filter(|folder| !within(folder)).cloned().collect()
}
