//! About a repository: whether it answers, and its recent commits.

use std::sync::Arc;

use domain::Trouble;
use domain::ident::Slug;
use domain::project::Repository;
use domain::query::{Answer, CommitLine, Connected};
use git::LogQuery;

use crate::repos::head_of;
use crate::shared::Core;
use crate::tasks::blocking;

/// The most commits that are told at once.
const MOST: usize = 1_000;

pub(super) async fn connect(core: &Arc<Core>, repository: &Repository) -> Result<Answer, Trouble> {
    let access = git::Access::new(repository.credential.clone()).with_safe(Arc::clone(&core.safe));
    let (url, cancel) = (repository.url.clone(), core.repos.cancel());
    let heads = blocking("the test of a connection", move || git::ls_remote(&url, &access, &cancel)).await??;
    Ok(Answer::Connected(Connected { branches: heads.branches.into_iter().collect() }))
}

pub(super) async fn commits(core: &Arc<Core>, slug: &Slug, branch: &str, path: String, limit: usize) -> Result<Answer, Trouble> {
    let project = core.project(slug)?;
    let repo = core.repos.get(&project.repository);
    let head = head_of(&*repo.fetch().await?, branch, repo.url())?;
    let paths = if path.is_empty() { Vec::new() } else { vec![path] };
    let query = LogQuery { paths, limit: limit.min(MOST), ..LogQuery::default() };
    let log = repo.with("the Git history", move |mirror, _| mirror.log(&head, &query)).await?;
    let line =
        |info: git::CommitInfo| CommitLine { id: info.id, author: info.author, time: Some(info.time), subject: info.subject };
    Ok(Answer::Commits(log.into_iter().map(line).collect()))
}
