//! A preview for whoever shows one without the form: of the draft that was kept, or of none, then the manifests as they are.
//!
//! Asks only while the desk has none and the form asks for none itself; asks again when the branch has moved.

use domain::change::Draft;
use domain::ident::EnvironmentId;
use domain::query::{Answer, Query};
use domain::revision::CommitId;
use domain::trouble::Trouble;

use super::edits::sound;
use super::pane::knows_less;
use crate::cx::Cx;
use crate::desk::Change;
use crate::effects::{Effect, Effects, Ticket, Toast};
use crate::tab::TabMsg;

/// Holds what is asked, and for which environment.
#[derive(Debug, Default)]
pub(crate) struct Loading {
    environment: Option<EnvironmentId>,
    draft: Option<Ticket>,
    preview: Option<Ticket>,
    /// What the preview is asked of.
    of: Option<Draft>,
    asked_at: Option<CommitId>,
    shown: bool,
}

impl Loading {
    /// Takes what every tab is told and returns what has to be asked.
    pub(crate) fn update(&mut self, cx: &Cx, msg: &TabMsg) -> Effects {
        match msg {
            TabMsg::Enter => {
                self.shown = true;
                if cx.desk.trouble.is_some() && !cx.desk.busy {
                    // It may be over by now; without it on the desk the question is asked again.
                    return vec![Effect::Desk(Change::Trouble(None))];
                }
                self.look(cx)
            }
            TabMsg::Leave => {
                self.shown = false;
                self.forget()
            }
            TabMsg::Desk | TabMsg::World if self.shown => self.look(cx),
            TabMsg::Reply(ticket, answer) => self.answered(cx, *ticket, answer),
            _ => Effects::new(),
        }
    }

    /// Tells whether the tab that it loads for is shown.
    pub(crate) const fn is_shown(&self) -> bool {
        self.shown
    }

    fn forget(&mut self) -> Effects {
        let asked = self.draft.take().into_iter().chain(self.preview.take());
        let mut effects: Effects = asked.map(Effect::Forget).collect();
        if !effects.is_empty() {
            effects.push(Effect::Desk(Change::Busy(false)));
        }
        effects
    }

    fn asking(&self) -> bool {
        self.draft.is_some() || self.preview.is_some()
    }

    fn look(&mut self, cx: &Cx) -> Effects {
        if self.environment != cx.desk.environment {
            self.environment.clone_from(&cx.desk.environment);
            self.asked_at = None;
            let mut effects: Effects = self.draft.take().into_iter().chain(self.preview.take()).map(Effect::Forget).collect();
            effects.extend(self.look(cx));
            return effects;
        }
        let Some(environment) = self.environment.clone() else { return Effects::new() };
        // An answer to what lay there before would show a question that was answered meanwhile.
        if let Some(old) = self.preview.filter(|_| cx.desk.draft.is_some() && cx.desk.draft != self.of) {
            self.preview = None;
            let mut effects = vec![Effect::Forget(old)];
            effects.extend(self.begin(cx, environment));
            return effects;
        }
        if self.asking() || cx.desk.busy {
            return Effects::new();
        }
        let head = cx.world.git_view(&environment).and_then(|g| g.head.clone());
        match &cx.desk.preview {
            None if cx.desk.trouble.is_none() => self.begin(cx, environment),
            Some(preview) if head.is_some() && head.as_ref() != Some(&preview.base) && head != self.asked_at => {
                let branch = preview.branch.as_str();
                let short = head.as_ref().map(|h| h.short().to_owned()).unwrap_or_default();
                let text = cx.tf("deploy.moved", &[("branch", branch), ("head", &short)]);
                let mut effects = vec![Effect::Toast(Toast { health: domain::flux::Health::Busy, text })];
                effects.extend(self.begin(cx, environment));
                effects
            }
            Some(preview) if knows_less(cx, preview) => self.begin(cx, environment),
            _ => Effects::new(),
        }
    }

    fn begin(&mut self, cx: &Cx, environment: EnvironmentId) -> Effects {
        self.asked_at = cx.world.git_view(&environment).and_then(|g| g.head.clone());
        let ticket = cx.ticket();
        let query = if let Some(draft) = &cx.desk.draft {
            self.preview = Some(ticket);
            self.of = Some(draft.clone());
            Query::Preview(sound(draft))
        } else {
            self.draft = Some(ticket);
            Query::Draft(environment)
        };
        vec![Effect::Ask(ticket, query), Effect::Desk(Change::Busy(true))]
    }

    fn answered(&mut self, cx: &Cx, ticket: Ticket, answer: &Result<Answer, Trouble>) -> Effects {
        let Some(environment) = self.environment.clone() else { return Effects::new() };
        if self.draft == Some(ticket) {
            self.draft = None;
            // A draft that cannot be read is said to be so: what follows looks like there were none.
            let (kept, trouble) = match answer {
                Ok(Answer::Draft(draft)) => (draft.as_deref().cloned(), None),
                Ok(_) => (None, None),
                Err(trouble) => (None, Some(trouble.clone())),
            };
            let next = cx.ticket();
            self.preview = Some(next);
            let draft = kept.clone().unwrap_or_else(|| Draft::new(environment));
            self.of.clone_from(&kept);
            let mut effects: Effects = trouble.map(Effect::Trouble).into_iter().collect();
            effects.push(Effect::Ask(next, Query::Preview(sound(&draft))));
            effects.extend(kept.map(|draft| Effect::Desk(Change::Draft(Some(draft)))));
            return effects;
        }
        if self.preview != Some(ticket) {
            return Effects::new();
        }
        self.preview = None;
        let (preview, trouble) = match answer {
            Ok(Answer::Preview(preview)) => (Some(std::sync::Arc::clone(preview)), None),
            Ok(_) => (None, None),
            Err(trouble) => (None, Some(trouble.clone())),
        };
        // The trouble comes first: with neither it nor a preview on the desk, it would be asked again.
        vec![Effect::Desk(Change::Trouble(trouble)), Effect::Desk(Change::Preview(preview)), Effect::Desk(Change::Busy(false))]
    }
}
