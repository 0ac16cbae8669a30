//! Logs as they come.

use std::sync::Arc;

use domain::Trouble;
use domain::logs::Follow;
use domain::query::Answer;

use super::More;
use crate::logs;
use crate::shared::Core;

pub(super) async fn follow(core: &Arc<Core>, follow: Follow, more: More<'_>) -> Result<Answer, Trouble> {
    let tell = |batch| more(Answer::Lines(Arc::new(batch)));
    Ok(Answer::Lines(Arc::new(logs::follow(core, follow, &tell).await?)))
}
