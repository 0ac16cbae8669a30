//! Answers that name a line, taken from the commit at which they were given to another one.
//!
//! A line that is still there is found again, wherever it stands now; one that is not takes its answer with it, so that the
//! question comes again.

use domain::change::Draft;
use domain::edit::{Choice, Edit};
use domain::revision::CommitId;
use git::Mirror;

/// Takes a draft to a commit; nothing is done to one that does not say what its answers speak of.
pub(super) fn follow(mirror: &Mirror, head: &CommitId, draft: &Draft) -> Draft {
    let Some(base) = draft.base.as_ref().filter(|base| *base != head) else { return draft.clone() };
    let text = |commit: &CommitId, file: &str| {
        let bytes = mirror.file(commit, file).ok().flatten()?;
        String::from_utf8(bytes).ok()
    };
    let edits = draft.edits.iter().map(|edit| {
        let Some(Choice::At { file, line }) = &edit.choice else { return edit.clone() };
        let sides = text(base, file).zip(text(head, file));
        let now = sides.and_then(|(before, after)| manifest::diff::followed(&before, &after, *line));
        Edit { choice: now.map(|line| Choice::At { file: file.clone(), line }), ..edit.clone() }
    });
    Draft { edits: edits.collect(), base: Some(head.clone()), ..draft.clone() }
}

/// Returns the edits whose answers name a line.
pub(super) fn answered(draft: &Draft) -> Vec<Edit> {
    draft.edits.iter().filter(|edit| matches!(edit.choice, Some(Choice::At { .. }))).cloned().collect()
}
