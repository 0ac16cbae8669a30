//! The third view: what the cluster would make of the change, asked of its server by a dry run when the view is opened.

use std::sync::Arc;

use domain::Trouble;
use domain::change::{Draft, Preview};
use domain::drift::{ObjectDrift, Verdict};
use domain::query::{Answer, Query};
use domain::trial::Trial;

use super::rows::Row;
use crate::cx::Cx;
use crate::effects::{Effect, Effects, Ticket};
use crate::tabs::deploy::edits::sound;
use crate::theme::Role;
use crate::widgets::diff_view::TextDiff;
use crate::widgets::put::{piece, wrap};

/// Holds what was asked of the cluster, and what it said.
#[derive(Debug, Default)]
pub(super) struct Live {
    /// The question that is open, and the digest of the preview that it is about.
    asked: Option<(Ticket, String)>,
    /// The digest of the preview that was answered about, and the answer.
    said: Option<(String, Result<Arc<Trial>, Trouble>)>,
}

impl Live {
    /// Asks about the preview on the desk, unless that is known or asked already.
    pub(super) fn look(&mut self, cx: &Cx) -> Effects {
        let Some(preview) = cx.desk.preview.as_ref().filter(|p| p.open_questions() == 0) else { return Effects::new() };
        let known = self.said.as_ref().map(|(digest, _)| digest).or(self.asked.as_ref().map(|(_, digest)| digest));
        if known == Some(&preview.digest) {
            return Effects::new();
        }
        let mut effects = self.forget();
        let draft = cx.desk.draft.clone().unwrap_or_else(|| Draft::new(preview.environment.clone()));
        let ticket = cx.ticket();
        self.said = None;
        self.asked = Some((ticket, preview.digest.clone()));
        effects.push(Effect::Ask(ticket, Query::Trial(sound(&draft))));
        effects
    }

    /// Takes back what is asked.
    pub(super) fn forget(&mut self) -> Effects {
        self.asked.take().map(|(ticket, _)| Effect::Forget(ticket)).into_iter().collect()
    }

    /// Lets an answer go, so that the cluster is asked anew.
    pub(super) fn again(&mut self) {
        self.said = None;
    }

    /// Takes an answer; tells whether it was one to this.
    pub(super) fn answered(&mut self, ticket: Ticket, answer: &Result<Answer, Trouble>) -> bool {
        let Some((_, digest)) = self.asked.take_if(|(asked, _)| *asked == ticket) else { return false };
        self.said = match answer {
            Ok(Answer::Trial(trial)) => Some((digest, Ok(Arc::clone(trial)))),
            Ok(_) => None,
            Err(trouble) => Some((digest, Err(trouble.clone()))),
        };
        true
    }

    /// Returns what the cluster said to this preview.
    pub(super) fn of(&self, preview: &Preview) -> Option<Result<&Trial, &Trouble>> {
        let (_, said) = self.said.as_ref().filter(|(digest, _)| *digest == preview.digest)?;
        Some(said.as_ref().map(|trial| &**trial))
    }
}

/// Compares the objects as they are with what they would be; of what stays there is nothing to compare.
pub(super) fn diffs(trial: &Trial) -> Vec<TextDiff> {
    let moves = |o: &&ObjectDrift| matches!(o.verdict, Verdict::Missing | Verdict::Changed | Verdict::Extra);
    let diff = |o: &ObjectDrift| TextDiff::new(called(o), o.live.as_deref(), o.desired.as_deref());
    trial.objects.iter().filter(moves).map(diff).collect()
}

/// Names an object as the rendered ones are named.
fn called(object: &ObjectDrift) -> String {
    let (kind, namespace, name) = (&object.kind, &object.namespace, &object.name);
    if namespace.is_empty() { format!("{kind}/{name}") } else { format!("{namespace}/{kind}/{name}") }
}

/// Says how many objects become what, what the server refuses, and what is to be known beside it.
pub(super) fn head(cx: &Cx, trial: &Trial, wide: usize) -> Vec<Row> {
    let counts = [
        (Verdict::Missing, "diff.live-created", Role::Added),
        (Verdict::Changed, "diff.live-changed", Role::Changed),
        (Verdict::Extra, "diff.live-deleted", Role::Removed),
        (Verdict::Unknown, "diff.live-refused", Role::Bad),
        (Verdict::Orphaned, "diff.live-left", Role::Warn),
        (Verdict::Skipped, "diff.live-skipped", Role::Muted),
        (Verdict::Agrees, "diff.live-same", Role::Muted),
    ];
    let tried = cx.tf("diff.live-tried", &[("manager", trial.manager), ("time", &cx.clock(trial.checked))]);
    let mut line = vec![piece(" ", Role::Text)];
    for (verdict, key, role) in counts {
        let count = trial.count(verdict);
        if count > 0 {
            line.push(piece(format!(" {} ", cx.tf(key, &[("count", &count.to_string())])), role));
        }
    }
    let mut rows = vec![Row::Told(vec![piece(tried, Role::Muted)]), Row::Told(line)];
    let mut say = |lead: &str, text: &str, role: Role| {
        for (at, part) in wrap(text, wide.saturating_sub(2)).into_iter().enumerate() {
            let lead = if at == 0 { lead.to_owned() } else { "  ".to_owned() };
            rows.push(Row::Told(vec![piece(lead, role), piece(part, if role == Role::Bad { role } else { Role::Text })]));
        }
    };
    for object in trial.objects.iter().filter(|o| !o.why.is_empty()) {
        let (lead, role) = match object.verdict {
            Verdict::Unknown => ("✗ ", Role::Bad),
            Verdict::Missing | Verdict::Changed | Verdict::Orphaned => ("▲ ", Role::Warn),
            _ => ("· ", Role::Muted),
        };
        say(lead, &format!("{}: {}", called(object), cx.said(&object.why)), role);
    }
    for note in &trial.notes {
        say("· ", &cx.said(note), Role::Muted);
    }
    if trial.beyond > 0 {
        say("▲ ", &cx.tf("diff.live-beyond", &[("count", &trial.beyond.to_string())]), Role::Warn);
    }
    rows
}
