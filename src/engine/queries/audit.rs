//! The journal, filtered.

use std::sync::Arc;
use std::time::Duration;

use domain::Trouble;
use domain::query::{Answer, AuditFilter};

use crate::shared::Core;

pub(super) async fn audit(core: &Arc<Core>, filter: AuditFilter) -> Result<Answer, Trouble> {
    let limit = if filter.limit == 0 { usize::MAX } else { filter.limit };
    let wanted = store::AuditFilter {
        actor: filter.actor,
        act: filter.act,
        object: filter.object,
        from: filter.from,
        // Theirs ends before its bound, ours at it.
        until: filter.to.map(|to| to.saturating_add(Duration::from_nanos(1)).unwrap_or(to)),
        before: None,
    };
    Ok(Answer::Audit(core.on_store("the journal", move |store| store.audit(&wanted, limit)).await??))
}
