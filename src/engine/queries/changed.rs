//! What the commit of a deployment changed, read from the mirror: no server is asked as long as the commit is in it.

use std::sync::Arc;

use domain::Trouble;
use domain::change::FileChange;
use domain::ident::DeploymentId;
use domain::query::Answer;
use domain::revision::CommitId;

use crate::shared::Core;

/// How many files are told; whoever changed more reads them elsewhere.
const MOST: usize = 200;

pub(super) async fn changed(core: &Arc<Core>, id: &DeploymentId) -> Result<Answer, Trouble> {
    let state = core.store.state();
    let deployment = state
        .deployments
        .get(id)
        .ok_or_else(|| Trouble::not_found("There is no such deployment", id).next("List them with history."))?;
    let Some(commit) = CommitId::parse(deployment.commit()) else {
        return Err(Trouble::not_found("The deployment has no commit", id).why("it was over before one was made"));
    };
    let scene = core.scene(deployment.environment())?;
    let read = move |mirror: &git::Mirror| {
        let info = mirror.commit_info(&commit)?;
        let parent = info.parents.first();
        let files = mirror.changed_files(&commit)?;
        let changes = files.into_iter().take(MOST).map(|file| {
            let before = parent.map(|parent| side(mirror, parent, &file.path)).transpose()?.flatten();
            let mut after = side(mirror, &commit, &file.path)?;
            // What is not shown is another one than before, or it would not be here.
            if let (Some(Err(was)), Some(Err(is))) = (&before, &mut after)
                && was == is
            {
                is.push_str("it is another one than before\n");
            }
            let text = |side: Option<Result<String, String>>| side.map(|side| side.unwrap_or_else(|why| why));
            Ok(FileChange { before: text(before), after: text(after), path: file.path })
        });
        changes.collect::<Result<Vec<FileChange>, git::Error>>()
    };
    let changes = scene.repo.with("reading a commit", move |mirror, _| read(mirror)).await?;
    Ok(Answer::Changed(Arc::new(changes)))
}

/// Reads one side of a file: its text, or what is to be said instead of it.
fn side(mirror: &git::Mirror, commit: &CommitId, path: &str) -> git::Result<Option<Result<String, String>>> {
    match mirror.file(commit, path) {
        Ok(bytes) => {
            Ok(bytes
                .map(|bytes| String::from_utf8(bytes).map_err(|e| format!("{} bytes that are no text\n", e.as_bytes().len()))))
        }
        // One file that cannot be shown keeps none of the others from it.
        Err(error @ (git::Error::BadPath { .. } | git::Error::TooMuch { .. })) => Ok(Some(Err(format!("{error}\n")))),
        Err(error) => Err(error),
    }
}
