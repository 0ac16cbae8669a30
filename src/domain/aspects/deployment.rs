//! What a deployment says of itself: the words of `history --filter` and of the list's filter.

use std::borrow::Cow;

use crate::deployment::{Deployment, StageName};
use crate::filter::{Aspect, Fields, Sort, Value};
use crate::revision::CommitId;

impl Fields for Deployment {
    fn aspects() -> &'static [Aspect<Self>] {
        static ASPECTS: &[Aspect<Deployment>] = &[
            Aspect::text("id", &[], |d| Value::text(d.id.as_str())),
            Aspect::text("project", &[], |d| Value::text(d.environment.project.as_str())),
            Aspect::text("environment", &["env"], |d| Value::text(d.environment.name.as_str())),
            Aspect::text("status", &["state", "health"], |d| Value::text(d.status.word())),
            Aspect::text("stage", &[], |d| Value::some(d.current().map(StageName::word))),
            Aspect::text("method", &[], |d| Value::text(d.method.word())),
            Aspect::text("by", &["actor"], |d| Value::text(d.actor.login.as_str())),
            Aspect::text("change", &["summary"], |d| Value::text(d.summary.as_str())),
            Aspect::text("commit", &[], |d| Value::some(d.commit.as_ref().map(CommitId::as_str))),
            Aspect::text("branch", &[], |d| Value::text(d.branch.as_str())),
            Aspect::text("file", &["files"], |d| Value::text(d.files.join(" "))),
            Aspect::text("act", &["action"], |d| Value::text(d.act())),
            Aspect::new("took", &["seconds"], Sort::Number, |d| d.took_ms().map_or(Value::None, |ms| Value::Number(ms / 1000))),
            Aspect::new("age", &["time", "requested"], Sort::Time, |d| Value::Time(d.requested)),
            Aspect::new("finished", &[], Sort::Time, |d| Value::time(d.finished)),
        ];
        ASPECTS
    }

    fn texts(&self, look: &mut dyn FnMut(&str) -> bool) -> bool {
        let plain = [
            self.id.as_str(),
            self.summary.as_str(),
            self.actor.login.as_str(),
            self.actor.name.as_str(),
            self.commit.as_ref().map_or("", CommitId::as_str),
            self.status.word(),
            self.method.word(),
        ];
        plain.into_iter().any(&mut *look) || look(&self.environment.to_string())
    }

    fn title(&self) -> Cow<'_, str> {
        format!("{} {}", self.environment, self.summary).into()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by failing")]
    use crate::Time;
    use crate::deployment::{Deployment, Method, Status};
    use crate::filter::Filter;
    use crate::monitor::tests::deployment;

    #[test]
    fn a_history_is_narrowed_by_what_deployments_say_of_themselves() {
        let now: Time = "2026-11-21T14:00:00Z".parse().unwrap();
        let mut one = deployment(1, "shop/production", Status::Failed, ("2026-11-20T14:00:00Z", Some("2026-11-20T14:02:00Z")));
        (one.method, one.actor.login) = (Method::GitopsGit, "ada".to_owned());
        let fits = |text: &str| Filter::<Deployment>::parse(text).unwrap().matches(&one, now);
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
