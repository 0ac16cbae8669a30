//! The way from an object to the commits that brought it about: everything on it is read afresh, the commits from mirrors.

use std::collections::BTreeSet;
use std::sync::Arc;

use cluster::act;
use domain::Trouble;
use domain::detail::trace::{self, Known, Landed, Step, What};
use domain::flux::ObjectKey;
use domain::query::Answer;
use domain::revision::CommitId;
use git::LogQuery;

use super::detail::unread;
use crate::repos::Repo;
use crate::shared::Core;

/// The most objects that are read on one way.
const MOST: usize = 32;

pub(super) async fn trace(core: &Arc<Core>, start: &ObjectKey) -> Result<Answer, Trouble> {
    let connection = core.fleet.connection(&start.context()).await?;
    let mut known = Known::new();
    let mut open = vec![start.clone()];
    let mut seen = BTreeSet::new();
    while let Some(key) = open.pop() {
        if !seen.insert(key.clone()) || seen.len() > MOST {
            continue;
        }
        match act::whole(&connection, &key).await {
            Ok((_, object)) => {
                open.extend(trace::links(&key, &object));
                known.insert(key, Ok(object));
            }
            // Without the object itself there is nothing to tell.
            Err(error) if key == *start => return Err(error.into()),
            Err(error) => {
                known.insert(key, Err(unread(error)));
            }
        }
    }
    let mut found = trace::trace(start, &known);
    for step in found.steps.iter_mut().filter(|step| step.what == What::Commit) {
        fill(core, step).await;
    }
    Ok(Answer::Trace(Arc::new(found)))
}

/// Asks the repository of a commit about it, when we know that repository; else the step says why not.
async fn fill(core: &Arc<Core>, step: &mut Step) {
    let Some(id) = step.revision.as_ref().and_then(|r| CommitId::parse(&r.0)) else { return };
    let url = step.url.clone().unwrap_or_default();
    let projects = core.store.state().projects.clone();
    let Some(project) = projects.values().find(|project| trace::same_repository(&project.repository.url, &url)) else {
        "No project has this repository, so nobody here may read its commits.".clone_into(&mut step.said);
        return;
    };
    let repo = core.repos.get(&project.repository);
    let mut told = commit(&repo, &id).await;
    if told.is_err() {
        // The mirror may be older than the commit.
        told = match repo.fetch().await {
            Ok(_) => commit(&repo, &id).await,
            Err(trouble) => Err(trouble),
        };
    }
    match told {
        Ok(landed) => {
            step.commit = Some(landed);
            step.touched = touched(&repo, &id, step.path.as_deref()).await;
        }
        Err(trouble) => step.said = trouble.to_string(),
    }
}

async fn commit(repo: &Arc<Repo>, id: &CommitId) -> Result<Landed, Trouble> {
    let id = id.clone();
    repo.with("the Git history", move |mirror, _| mirror.commit_info(&id)).await.map(landed)
}

/// Returns the newest commit at or below one that changed something under a path, unless it is that one or the path is all.
async fn touched(repo: &Arc<Repo>, id: &CommitId, path: Option<&str>) -> Option<Landed> {
    let path = path?.trim_start_matches("./").trim_matches('/');
    if path.is_empty() || path == "." {
        return None;
    }
    let query = LogQuery { paths: vec![path.to_owned()], limit: 1, ..LogQuery::default() };
    let from = id.clone();
    let log = repo.with("the Git history", move |mirror, _| mirror.log(&from, &query)).await.ok()?;
    log.into_iter().next().map(landed).filter(|found| found.id != *id)
}

fn landed(info: git::CommitInfo) -> Landed {
    Landed { id: info.id, author: info.author, time: Some(info.time), subject: info.subject, body: info.body }
}
