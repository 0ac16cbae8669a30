//! The journal, filtered.

use std::sync::Arc;
use std::time::Duration;

use domain::Trouble;
use domain::filter::{Filter, Value};
use domain::journal::Entry;
use domain::query::{Answer, AuditFilter};
use store::Part;

use crate::shared::Core;

pub(super) async fn audit(core: &Arc<Core>, filter: AuditFilter) -> Result<Answer, Trouble> {
    let limit = if filter.limit == 0 { usize::MAX } else { filter.limit };
    let fits = Filter::<Entry>::parse(&filter.fits).map_err(|fault| {
        let trouble = Trouble::usage("The filter cannot be read", format!("\u{201c}{}\u{201d}", filter.fits));
        trouble.why(format!("character {}: {}", fault.column, fault.why)).next("Correct it.")
    })?;
    let now = core.now();
    let wanted = store::AuditFilter {
        actor: filter.actor,
        act: filter.act,
        object: filter.object,
        from: filter.from,
        // Theirs ends before its bound, ours at it.
        until: filter.to.map(|to| to.saturating_add(Duration::from_nanos(1)).unwrap_or(to)),
        before: None,
    };
    let read = move |store: &store::Store| {
        if fits.is_empty() {
            store.audit(&wanted, limit)
        } else {
            let may = |part: Part<'_>| match part {
                Part::Actor(login) => fits.admits("actor", &Value::text(login), now),
                Part::Act(word) => fits.admits("action", &Value::text(word), now),
                Part::Object(name) => fits.admits("object", &Value::text(name), now),
                Part::Phase(phase) => fits.admits("result", &Value::text(phase.word()), now),
                Part::Between(..) => true,
                Part::Time(time) => fits.admits("age", &Value::Time(time), now),
            };
            store.audit_where((&wanted, &|entry| fits.matches(entry, now)), limit, &may)
        }
    };
    Ok(Answer::Audit(core.on_store("the journal", read).await??))
}
