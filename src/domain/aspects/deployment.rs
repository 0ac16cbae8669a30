//! What a deployment says of itself: the words of `history --filter` and of the list's filter.

use std::borrow::Cow;

use crate::deployment::StageName;
use crate::filter::{Aspect, Fields, Sort, Value};
use crate::history::Brief;

impl Fields for Brief {
    fn aspects() -> &'static [Aspect<Self>] {
        static ASPECTS: &[Aspect<Brief>] = &[
            Aspect::text("id", &[], |d| Value::text(d.id())),
            Aspect::text("project", &[], |d| Value::text(d.environment().project.as_str())),
            Aspect::text("environment", &["env"], |d| Value::text(d.environment().name.as_str())),
            Aspect::text("status", &["state", "health"], |d| Value::text(d.status().word())),
            Aspect::text("stage", &[], |d| Value::some(d.current().map(StageName::word))),
            Aspect::text("method", &[], |d| Value::text(d.method().word())),
            Aspect::text("by", &["actor"], |d| Value::text(d.actor().login.as_str())),
            Aspect::text("change", &["summary"], |d| Value::text(d.summary())),
            Aspect::text("commit", &[], |d| Value::text(d.commit())),
            Aspect::text("branch", &[], |d| Value::text(d.branch())),
            Aspect::text("file", &["files"], |d| Value::text(d.files())),
            Aspect::text("act", &["action"], |d| Value::text(d.act().word())),
            Aspect::new("took", &["seconds"], Sort::Number, |d| d.took_ms().map_or(Value::None, |ms| Value::Number(ms / 1000))),
            Aspect::new("age", &["time", "requested"], Sort::Time, |d| Value::Time(d.requested())),
            Aspect::new("finished", &[], Sort::Time, |d| Value::time(d.finished())),
        ];
        ASPECTS
    }

    fn texts(&self, look: &mut dyn FnMut(&str) -> bool) -> bool {
        let plain = [
            self.id(),
            self.summary(),
            self.actor().login.as_str(),
            self.actor().name.as_str(),
            self.commit(),
            self.status().word(),
            self.method().word(),
        ];
        if plain.into_iter().any(&mut *look) {
            return true;
        }
        // A hundred thousand are looked through between two keys: put together without formatting.
        let (project, name) = (self.environment().project.as_str(), self.environment().name.as_str());
        let mut whole = String::with_capacity(project.len() + name.len() + 1);
        whole.extend([project, "/", name]);
        look(&whole)
    }

    fn title(&self) -> Cow<'_, str> {
        format!("{} {}", self.environment(), self.summary()).into()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by failing")]
    use std::sync::Arc;

    use crate::Time;
    use crate::deployment::{Method, Status};
    use crate::filter::Filter;
    use crate::history::Brief;
    use crate::monitor::tests::deployment;

    #[test]
    fn a_history_is_narrowed_by_what_deployments_say_of_themselves() {
        let now: Time = "2026-11-21T14:00:00Z".parse().unwrap();
        let mut one = deployment(1, "shop/production", Status::Failed, ("2026-11-20T14:00:00Z", Some("2026-11-20T14:02:00Z")));
        (one.method, one.actor.login) = (Method::GitopsGit, "ada".to_owned());
        let one = Brief::from(Arc::new(one));
        let fits = |text: &str| Filter::<Brief>::parse(text).unwrap().matches(&one, now);
        for text in [
            "status=failed method=gitops-git by=ada age<7d env=production",
            "project=shop actor=a* took>60",
            "!staging finished<2d branch=main",
            "act=deploy stage=commit",
        ] {
            assert!(fits(text), "{text}");
        }
        for text in ["status=succeeded", "age<12h", "took<60", "env=staging", "by=bob"] {
            assert!(!fits(text), "{text}");
        }
    }
}
