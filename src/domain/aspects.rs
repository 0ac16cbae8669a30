//! What the rows of lists say of themselves: by these names they are filtered and sorted, on the screen and by `get`.

use std::borrow::Cow;

use crate::detail::history::Past;
use crate::filter::{Aspect, Fields, Sort, Value};
use crate::journal::Entry;
use crate::query::CommitLine;

mod deployment;
mod flux;

pub use flux::COMMON;

impl Fields for Entry {
    fn aspects() -> &'static [Aspect<Self>] {
        static ASPECTS: &[Aspect<Entry>] = &[
            Aspect::text("actor", &["by"], |e| Value::text(e.record.actor.login.as_str())),
            Aspect::text("action", &["act"], |e| Value::text(e.record.act.as_str())),
            Aspect::text("object", &[], |e| Value::text(e.record.object.as_str())),
            Aspect::text("result", &["phase"], |e| Value::text(e.record.phase.word())),
            Aspect::text("detail", &[], |e| Value::text(e.record.detail.as_str())),
            Aspect::new("age", &["time"], Sort::Time, |e| Value::Time(e.record.time)),
        ];
        ASPECTS
    }
    fn texts(&self, look: &mut dyn FnMut(&str) -> bool) -> bool {
        let r = &self.record;
        look(&r.actor.login) || look(&r.act) || look(&r.object) || look(&r.detail) || look(r.phase.word())
    }
    fn title(&self) -> Cow<'_, str> {
        self.record.object.as_str().into()
    }
}

impl Fields for Past {
    fn aspects() -> &'static [Aspect<Self>] {
        static ASPECTS: &[Aspect<Past>] = &[
            Aspect::text("revision", &["version"], |p| match p {
                Past::Snapshot(s) => Value::text(s.revision.0.as_str()),
                Past::Release(r) => Value::text(r.chart_version.as_str()),
            }),
            Aspect::text("status", &["result"], |p| match p {
                Past::Snapshot(s) => Value::text(s.status.as_str()),
                Past::Release(r) => Value::text(r.status.as_str()),
            }),
        ];
        ASPECTS
    }
    fn texts(&self, look: &mut dyn FnMut(&str) -> bool) -> bool {
        match self {
            Self::Snapshot(s) => look(&s.revision.0) || look(&s.status) || look(&s.digest),
            Self::Release(r) => {
                look(&r.chart) || look(&r.chart_version) || look(&r.app_version) || look(&r.status) || look(&r.digest)
            }
        }
    }
    fn title(&self) -> Cow<'_, str> {
        match self {
            Self::Snapshot(s) => s.revision.0.as_str().into(),
            Self::Release(r) => r.chart_version.as_str().into(),
        }
    }
}

impl Fields for CommitLine {
    fn aspects() -> &'static [Aspect<Self>] {
        static ASPECTS: &[Aspect<CommitLine>] = &[
            Aspect::text("commit", &["id"], |c| Value::text(c.id.as_str())),
            Aspect::text("author", &["by"], |c| Value::text(c.author.as_str())),
            Aspect::text("subject", &[], |c| Value::text(c.subject.as_str())),
            Aspect::new("age", &["time"], Sort::Time, |c| Value::time(c.time)),
        ];
        ASPECTS
    }
    fn texts(&self, look: &mut dyn FnMut(&str) -> bool) -> bool {
        look(self.id.as_str()) || look(&self.author) || look(&self.subject)
    }
    fn title(&self) -> Cow<'_, str> {
        self.subject.as_str().into()
    }
}
