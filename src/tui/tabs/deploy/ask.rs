//! What the form asks of the engine, and when: facts and draft at the start, a preview a moment after the last key, the
//! draft kept a little later. The latest question wins; answers to older ones are not looked at.

use std::sync::Arc;

use domain::change::{Draft, Preview};
use domain::orders::KeepDraft;
use domain::query::{Answer, Query};
use domain::revision::CommitId;
use domain::{Time, Trouble};

use super::edits::sound;
use super::open::Open;
use super::{Deploy, Submit, pane};
use crate::cx::Cx;
use crate::desk::Change;
use crate::effects::{Effect, Effects, OrderTicket, Ticket, Toast};

/// How long after the last key a preview is asked for, in milliseconds.
const PREVIEW: i64 = 150;
/// How long after the last key the draft is kept, in milliseconds.
const KEEP: i64 = 600;

/// Says what the form begins with.
#[derive(Debug, Default)]
enum Begin {
    /// That is not known yet, or the form has begun.
    #[default]
    Open,
    /// With this draft, or with what Git says.
    With(Option<Box<Draft>>),
}

/// Holds what is asked and what was answered.
#[derive(Debug, Default)]
pub(super) struct Asks {
    form: Option<Ticket>,
    draft: Option<Ticket>,
    preview: Option<Ticket>,
    begin: Begin,
    facts: Option<Arc<domain::change::FormFacts>>,
    shown: Option<Arc<Preview>>,
    trouble: Option<Trouble>,
    preview_at: Option<Time>,
    keep_at: Option<Time>,
    /// The draft that went to the desk last.
    published: Option<Draft>,
    /// The head at which facts were asked for last.
    asked_at: Option<CommitId>,
    choosing: Option<OrderTicket>,
    /// The order that keeps the draft as it was last.
    keeping: Option<OrderTicket>,
    /// Whether the draft could not be kept.
    lost: bool,
}

fn later(now: Time, ms: i64) -> Time {
    Time::from_millisecond(now.as_millisecond() + ms).unwrap_or(now)
}

impl Asks {
    /// Takes back everything that is asked.
    pub(super) fn forget(&mut self) -> Effects {
        [self.form.take(), self.draft.take(), self.preview.take()].into_iter().flatten().map(Effect::Forget).collect()
    }

    /// Takes a draft that lies on the desk already.
    pub(super) fn given(&mut self, draft: Option<Draft>) {
        self.published.clone_from(&draft);
        if draft.is_some() {
            self.begin = Begin::With(draft.map(Box::new));
        }
    }

    /// Tells whether nothing is there and nothing is asked for.
    pub(super) const fn idle(&self, open: bool) -> bool {
        !open && self.form.is_none()
    }

    /// Tells whether the preview is not one of what was typed last.
    pub(super) const fn stale(&self) -> bool {
        self.preview_at.is_some() || self.preview.is_some()
    }

    /// Tells whether something is asked for.
    pub(super) const fn busy(&self) -> bool {
        self.form.is_some() || self.draft.is_some() || self.preview.is_some() || self.preview_at.is_some()
    }

    pub(super) fn preview(&self) -> Option<Arc<Preview>> {
        self.shown.clone()
    }

    pub(super) const fn trouble(&self) -> Option<&Trouble> {
        self.trouble.as_ref()
    }

    /// Returns the message that the last preview proposed.
    pub(super) fn message(&self) -> String {
        self.shown.as_ref().filter(|p| !p.is_empty()).map(|p| p.message.clone()).unwrap_or_default()
    }

    /// Tells whether something was typed since the draft was kept, or it could not be kept.
    pub(super) const fn unkept(&self) -> bool {
        self.keep_at.is_some() || self.lost
    }

    /// Takes what came of an order that kept the draft; what came of an older one says nothing of what was typed since.
    pub(super) fn was_kept(&mut self, ticket: OrderTicket, kept: bool) {
        if self.keeping.take_if(|keeping| *keeping == ticket).is_some() {
            self.lost = !kept;
        }
    }

    /// Returns the next moment at which something is to be asked or kept.
    pub(super) fn deadline(&self) -> Option<Time> {
        self.preview_at.into_iter().chain(self.keep_at).min()
    }

    /// Tells whether this order kept the choice of another workload.
    pub(super) fn chosen(&mut self, ticket: OrderTicket) -> bool {
        let ours = self.choosing == Some(ticket);
        self.not_chosen(ticket);
        ours
    }

    /// Forgets a choice that was not kept.
    pub(super) fn not_chosen(&mut self, ticket: OrderTicket) {
        if self.choosing == Some(ticket) {
            self.choosing = None;
        }
    }
}

impl Deploy {
    /// Asks what the form starts from.
    pub(super) fn ask_form(&mut self, cx: &Cx) -> Effects {
        let Some(environment) = self.environment.clone() else { return Effects::new() };
        let mut effects: Effects = self.asks.form.take().map(Effect::Forget).into_iter().collect();
        let ticket = cx.ticket();
        self.asks.form = Some(ticket);
        self.asks.asked_at = cx.world.git_view(&environment).and_then(|g| g.head.clone());
        self.asks.trouble = None;
        effects.extend([Effect::Ask(ticket, Query::Form(environment)), Effect::Desk(Change::Busy(true))]);
        effects
    }

    /// Asks for the draft that was kept, unless one lies on the desk.
    pub(super) fn ask_draft(&mut self, cx: &Cx) -> Effects {
        let Some(environment) = self.environment.clone().filter(|_| matches!(self.asks.begin, Begin::Open)) else {
            return Effects::new();
        };
        let ticket = cx.ticket();
        self.asks.draft = Some(ticket);
        vec![Effect::Ask(ticket, Query::Draft(environment))]
    }

    /// Says that something was typed: a preview and the keeping of the draft are due soon.
    pub(super) fn touched(&mut self, cx: &Cx) -> Effects {
        self.asks.preview_at = Some(later(cx.now, PREVIEW));
        self.asks.keep_at = Some(later(cx.now, KEEP));
        self.publish()
    }

    /// Keeps the draft with the message that was written in the review; what it would change is the same.
    pub(super) fn keep_message(&mut self, cx: &Cx) -> Effects {
        self.asks.published.clone_from(&cx.desk.draft);
        let mut effects = self.publish();
        effects.extend(self.keep_now(cx));
        effects
    }

    fn publish(&mut self) -> Effects {
        let draft = self.open.as_ref().map(|o| o.draft()).filter(|d| !d.is_empty());
        if self.asks.published == draft {
            return Effects::new();
        }
        self.asks.published.clone_from(&draft);
        vec![Effect::Desk(Change::Draft(draft))]
    }

    pub(super) fn wake(&mut self, cx: &Cx) -> Effects {
        let due = |at: Option<Time>| at.is_some_and(|at| at <= cx.now);
        let mut effects = Effects::new();
        if due(self.asks.preview_at) {
            effects.extend(self.preview_now(cx));
        }
        if due(self.asks.keep_at) {
            effects.extend(self.keep_now(cx));
        }
        effects
    }

    /// Asks what the draft would change, at once.
    pub(super) fn preview_now(&mut self, cx: &Cx) -> Effects {
        let Some(open) = &self.open else { return Effects::new() };
        self.asks.preview_at = None;
        let mut effects: Effects = self.asks.preview.take().map(Effect::Forget).into_iter().collect();
        let ticket = cx.ticket();
        self.asks.preview = Some(ticket);
        effects.extend([Effect::Ask(ticket, Query::Preview(sound(&open.draft()))), Effect::Desk(Change::Busy(true))]);
        effects
    }

    /// Keeps the draft if it has changed since it was kept, or could not be kept then.
    pub(super) fn keep_now(&mut self, cx: &Cx) -> Effects {
        let Some(open) = self.open.as_ref().filter(|_| self.asks.unkept()) else { return Effects::new() };
        let draft = open.draft();
        self.asks.keep_at = None;
        // Whoever may not deploy can still try what a change would do.
        if !cx.may(domain::actor::Role::Operator) {
            return Effects::new();
        }
        let ticket = cx.order_ticket();
        self.asks.keeping = Some(ticket);
        vec![Effect::Give(ticket, KeepDraft { draft }.into())]
    }

    /// Takes another draft that was laid on the desk for this environment.
    pub(super) fn adopt(&mut self, cx: &Cx) -> Effects {
        let ours = |d: &&Draft| Some(&d.environment) == self.environment.as_ref() && d.restore.is_none();
        let Some(draft) = cx.desk.draft.as_ref().filter(ours).filter(|d| Some(*d) != self.asks.published.as_ref()).cloned()
        else {
            return Effects::new();
        };
        self.asks.published = Some(draft.clone());
        self.asks.begin = Begin::With(Some(Box::new(draft)));
        self.asks.shown = None;
        self.opened(cx)
    }

    /// Asks again when the branch has moved, and says so.
    pub(super) fn moved(&mut self, cx: &Cx) -> Effects {
        let (Some(open), Some(environment)) = (&self.open, &self.environment) else { return Effects::new() };
        let less = self.asks.shown.as_ref().is_some_and(|preview| pane::knows_less(cx, preview));
        if less && !self.asks.stale() && self.submit == Submit::No {
            return self.preview_now(cx);
        }
        let head = cx.world.git_view(environment).and_then(|g| g.head.as_ref());
        let Some(head) = head.filter(|h| **h != open.facts.head && Some(*h) != self.asks.asked_at.as_ref()) else {
            return Effects::new();
        };
        let branch = cx.world.environment(environment).map(|e| e.gitops.branch.clone()).unwrap_or_default();
        let text = cx.tf("deploy.moved", &[("branch", &branch), ("head", head.short())]);
        let mut effects = vec![Effect::Toast(Toast { health: domain::flux::Health::Busy, text })];
        effects.extend(self.ask_form(cx));
        effects.extend(self.preview_now(cx));
        effects
    }

    pub(super) fn answered(&mut self, cx: &Cx, ticket: Ticket, answer: Result<Answer, Trouble>) -> Effects {
        if self.asks.form == Some(ticket) {
            self.asks.form = None;
            return self.form_came(cx, answer);
        }
        if self.asks.draft == Some(ticket) {
            self.asks.draft = None;
            // A draft that cannot be read must not keep the form shut.
            let (draft, trouble) = match answer {
                Ok(Answer::Draft(draft)) => (draft, None),
                Ok(_) => (None, None),
                Err(trouble) => (None, Some(trouble)),
            };
            self.asks.begin = Begin::With(draft);
            let mut effects: Effects = trouble.map(Effect::Trouble).into_iter().collect();
            effects.extend(self.opened(cx));
            return effects;
        }
        if self.asks.preview == Some(ticket) {
            self.asks.preview = None;
            return self.preview_came(cx, answer);
        }
        Effects::new()
    }

    fn form_came(&mut self, cx: &Cx, answer: Result<Answer, Trouble>) -> Effects {
        let facts = match answer {
            Ok(Answer::Form(facts)) => facts,
            Ok(_) => return Effects::new(),
            Err(trouble) => {
                self.asks.trouble = Some(trouble.clone());
                return vec![Effect::Desk(Change::Trouble(Some(trouble))), Effect::Desk(Change::Busy(self.asks.busy()))];
            }
        };
        let mut effects = vec![Effect::Desk(Change::Facts(Some(Arc::clone(&facts))))];
        let proposed = self.asks.message();
        if let Some(open) = &mut self.open {
            let wanted = open.draft().workload;
            open.refresh(cx, Arc::clone(&facts), &proposed);
            if wanted.is_some_and(|w| w != facts.workload) {
                open.keep_workload();
                effects.push(super::warn(cx.t("deploy.workload-fixed")));
            }
        }
        self.asks.facts = Some(facts);
        effects.extend(if self.open.is_some() { self.publish() } else { self.opened(cx) });
        effects.push(Effect::Desk(Change::Busy(self.asks.busy())));
        effects
    }

    /// Opens the form once facts and draft are both there.
    fn opened(&mut self, cx: &Cx) -> Effects {
        let Some(facts) = self.asks.facts.clone() else { return Effects::new() };
        let Begin::With(begin) = std::mem::take(&mut self.asks.begin) else { return Effects::new() };
        // Its edits would land on the wrong workload.
        let (begin, foreign) = match begin {
            Some(draft) if Open::foreign(&facts, &draft) => (None, true),
            begin => (begin, false),
        };
        let laid = begin.is_some() && self.asks.published.is_some();
        self.open = Some(Box::new(Open::new(cx, facts, begin.as_deref(), "")));
        let mut effects = self.publish();
        effects.extend(foreign.then(|| super::warn(cx.t("deploy.workload-fixed"))));
        if laid {
            // What was laid on the desk is not on the disk yet.
            self.asks.keep_at = Some(later(cx.now, KEEP));
        }
        effects.extend(self.preview_now(cx));
        effects
    }

    fn preview_came(&mut self, cx: &Cx, answer: Result<Answer, Trouble>) -> Effects {
        let result = match answer {
            Ok(Answer::Preview(preview)) => Ok(preview),
            Ok(_) => return Effects::new(),
            Err(trouble) => Err(trouble),
        };
        let waits = self.submit == Submit::WhenReady;
        match result {
            Ok(preview) => {
                if let Some(open) = self.open.as_mut().filter(|_| self.asks.preview_at.is_none()) {
                    open.propose(if preview.is_empty() { "" } else { &preview.message });
                }
                if let Some(open) = &mut self.open {
                    open.ask(cx, &preview);
                }
                let diffs = pane::diffs(&preview);
                (self.rows, self.sentence) = (pane::rows(cx, &preview, &diffs), pane::sentence(cx, &preview, &diffs));
                self.asks.shown = Some(Arc::clone(&preview));
                self.asks.trouble = None;
                let mut effects = vec![
                    Effect::Desk(Change::Preview(Some(preview))),
                    Effect::Desk(Change::Trouble(None)),
                    Effect::Desk(Change::Busy(self.asks.busy())),
                ];
                if waits && !self.asks.stale() {
                    effects.extend(self.review(cx));
                } else if !self.asks.stale() {
                    self.ask_elsewhere();
                }
                effects
            }
            Err(trouble) => {
                self.submit = if waits { Submit::No } else { self.submit };
                self.asks.shown = None;
                self.asks.trouble = Some(trouble.clone());
                vec![
                    Effect::Desk(Change::Preview(None)),
                    Effect::Desk(Change::Trouble(Some(trouble))),
                    Effect::Desk(Change::Busy(self.asks.busy())),
                ]
            }
        }
    }

    /// Keeps the choice of another workload and reads the form again.
    pub(super) fn choose_workload(&mut self, cx: &Cx) -> Effects {
        let Some(open) = &mut self.open else { return Effects::new() };
        if open.choose_workload().is_none() {
            return Effects::new();
        }
        let draft = open.draft();
        let ticket = cx.order_ticket();
        self.asks.choosing = Some(ticket);
        let mut effects = self.publish();
        effects.push(Effect::Give(ticket, KeepDraft { draft }.into()));
        effects
    }

    /// Starts over from Git after the draft was dropped.
    pub(super) fn emptied(&mut self, cx: &Cx) -> Effects {
        (self.asks.begin, self.asks.keep_at, self.refused) = (Begin::With(None), None, None);
        let mut effects = self.opened(cx);
        effects.push(Effect::Toast(Toast { health: domain::flux::Health::Ok, text: cx.t("deploy.dropped").to_owned() }));
        effects
    }
}
