//! Answers that are long in coming: the header says so for whatever asked, and Esc takes the question back.
//!
//! An order is not taken back: what was begun ends as a whole, and [`domain::orders::Halt`] stops what has places to stop at.

use domain::query::Query;
use domain::trouble::Trouble;
use domain::{Time, TroubleKind};

use super::{Act, Place, Session};
use crate::effects::{Ticket, Wish};
use crate::tab::TabMsg;

/// From when on a wait is shown, in milliseconds: what is shorter would only flicker.
pub(crate) const SHOWN: i64 = 1000;
/// What a pane is told of a question that its operator took back; that is no fault.
pub(super) const CANCELLED: &str = "It was cancelled";

/// Holds who asked, and since when an answer is waited for; never for what is not answered once.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    pub(super) place: Place,
    since: Option<Time>,
}

impl Asked {
    /// Takes down that a query was asked.
    pub(super) const fn query(place: Place, query: &Query, now: Time) -> Self {
        // The first is never answered, the second goes on as long as somebody looks.
        let once = !matches!(query, Query::Hold(_) | Query::Follow(_));
        Self { place, since: if once { Some(now) } else { None } }
    }

    /// Takes down that the operator's editor is open.
    pub(super) const fn editor(place: Place) -> Self {
        Self { place, since: None }
    }
}

impl Session {
    /// Returns since when what lies in front waits for an answer.
    pub(crate) fn waits(&self) -> Option<Time> {
        let front = self.front();
        self.asked.values().filter(|asked| asked.place == front).filter_map(|asked| asked.since).min()
    }

    /// Returns the moment from which on that is shown.
    pub(crate) fn waits_from(&self) -> Option<Time> {
        self.waits().and_then(|since| Time::from_millisecond(since.as_millisecond() + SHOWN).ok())
    }

    /// Tells whether that has been so for long enough to be said.
    pub(crate) fn is_waiting(&self) -> bool {
        self.waits_from().is_some_and(|from| from <= self.base.now)
    }

    /// Takes back what lies in front has asked, and tells it so.
    pub(super) fn cancel(&mut self, acts: &mut Vec<Act>) {
        let front = self.front();
        let gone: Vec<Ticket> =
            self.asked.iter().filter(|(_, a)| a.place == front && a.since.is_some()).map(|(t, _)| *t).collect();
        for ticket in gone {
            self.asked.remove(&ticket);
            acts.push(Act::Wish(Wish::Forget(ticket)));
            let trouble = Trouble::new(TroubleKind::Refused, CANCELLED, "");
            self.tell(front, TabMsg::Reply(ticket, Err(trouble)), acts);
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::ident::DeploymentId;
    use domain::monitor::Span;

    use super::*;
    use crate::effects::Effect;
    use crate::fixture::{Stage, now};
    use crate::words::Language;

    fn frame(stage: &Stage) -> String {
        stage.lines().lines().next().unwrap_or_default().to_owned()
    }

    #[test]
    fn whatever_is_waited_for_is_shown_after_a_second_and_taken_back_by_esc() {
        for (tab, language) in [("1", Language::English), ("6", Language::Chinese), ("9", Language::English)] {
            let mut stage = Stage::new(120, 36, language);
            stage.keys(tab).wishes();
            let ticket = stage.session.cx().ticket();
            let place = stage.session.front();
            let mut acts = Vec::new();
            stage.session.carry_out(place, vec![Effect::Ask(ticket, Query::Record(DeploymentId::new("01m8")))], &mut acts);
            let quiet = frame(&stage);
            let waits = if language == Language::English { "waits for" } else { "等待应答" };
            assert!(!quiet.contains(waits), "{quiet}");
            assert!(stage.session.deadline().is_some_and(|at| at.as_millisecond() <= now().as_millisecond() + SHOWN));
            stage.pass(SHOWN);
            assert!(frame(&stage).contains(waits), "{}", frame(&stage));
            assert!(stage.lines().lines().last().is_some_and(|foot| foot.contains("Esc")), "{}", stage.lines());
            stage.keys("esc");
            assert!(stage.wishes().contains(&Wish::Forget(ticket)), "tab {tab}");
            assert!(!frame(&stage).contains(waits), "{}", frame(&stage));
        }
    }

    #[test]
    fn what_is_never_answered_is_not_waited_for() {
        let mut stage = Stage::new(120, 36, Language::English);
        let place = stage.session.front();
        let ticket = stage.session.cx().ticket();
        stage.session.carry_out(place, vec![Effect::Ask(ticket, Query::Hold(Vec::new()))], &mut Vec::new());
        stage.pass(60_000);
        assert!(!stage.session.is_waiting());
        let span = Span::days(7, now());
        stage.session.carry_out(place, vec![Effect::Ask(stage.session.cx().ticket(), Query::Monitor(span))], &mut Vec::new());
        stage.pass(SHOWN);
        assert!(stage.session.is_waiting());
    }
}
