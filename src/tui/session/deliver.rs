//! What comes from outside, brought to those whom it concerns: a new world, answers, moments.

use std::sync::Arc;

use domain::flux::Health;
use domain::world::{Mishap, World};

use super::{Act, Place, READ, Session, TOAST};
use crate::effects::{Effect, Reply, Toast};
use crate::tab::TabMsg;

/// How many troubles are kept: a cluster that comes and goes for weeks makes one each time.
const TROUBLES: usize = 1000;

impl Session {
    pub(super) fn world(&mut self, world: Arc<World>, acts: &mut Vec<Act>) {
        let old = std::mem::replace(&mut self.base.world, world);
        if !Arc::ptr_eq(&old.mishaps, &self.base.world.mishaps) {
            self.mishaps(&old);
        }
        self.tell_ends(&old, acts);
        if !self.base.world.deployments.is_same(&old.deployments) {
            self.look_for_news();
        }
        self.tell_shown(&TabMsg::World, acts);
    }

    fn mishaps(&mut self, old: &World) {
        let new: Vec<Mishap> = self.base.world.mishaps.iter().filter(|m| !old.mishaps.contains(m)).cloned().collect();
        for mishap in new.into_iter().rev() {
            self.toast(Toast { health: Health::Bad, text: self.base.words.said(&mishap.trouble.what) });
            self.keep_trouble(mishap);
        }
    }

    /// Keeps what went wrong for the list of it; the oldest goes when there are too many.
    pub(super) fn keep_trouble(&mut self, mishap: Mishap) {
        if self.troubles.len() >= TROUBLES {
            self.troubles.remove(0);
        }
        self.troubles.push(mishap);
    }

    /// Tells the tab that is shown and every overlay something.
    pub(super) fn tell_shown(&mut self, msg: &TabMsg, acts: &mut Vec<Act>) {
        let layers: Vec<Place> = self.layers.iter().map(|l| Place::Layer(l.id)).collect();
        self.tell(Place::Tab(self.active), msg.clone(), acts);
        for place in layers {
            self.tell(place, msg.clone(), acts);
        }
    }

    pub(super) fn reply(&mut self, reply: Reply, acts: &mut Vec<Act>) {
        match reply {
            Reply::Answer(ticket, answer) => {
                if let Some(asked) = self.asked.remove(&ticket) {
                    self.tell(asked.place, TabMsg::Reply(ticket, answer), acts);
                }
            }
            Reply::Written(ticket, written) => {
                match (self.asked.remove(&ticket), written) {
                    (Some(asked), written) => self.tell(asked.place, TabMsg::Written(ticket, Box::new(written)), acts),
                    // Nobody waits for a pager, though why it did not come is worth knowing.
                    (None, Err(trouble)) => self.trouble(trouble),
                    (None, Ok(_)) => {}
                }
            }
            Reply::More(ticket, answer) => {
                if let Some(asked) = self.asked.get(&ticket).copied() {
                    self.tell(asked.place, TabMsg::Reply(ticket, Ok(answer)), acts);
                }
            }
            Reply::Order(ticket, result) => {
                let order = self.base.running.remove(&ticket);
                let silent = order.is_some_and(|o| !o.terms().recorded());
                let faults: Vec<_> = result.iter().flat_map(|outcome| outcome.faults().cloned()).collect();
                match &result {
                    Ok(outcome) if !faults.is_empty() => {
                        for trouble in faults {
                            self.trouble(trouble);
                        }
                        self.toast(Toast { health: Health::Warn, text: self.base.words.acted(&outcome.said) });
                    }
                    Ok(outcome) if !silent && !outcome.said.is_empty() => {
                        self.toast(Toast { health: Health::Ok, text: self.base.words.acted(&outcome.said) });
                    }
                    Ok(_) => {}
                    Err(trouble) => self.carry_out(self.front(), vec![Effect::Trouble(trouble.clone())], acts),
                }
                if let Some(place) = self.ordered.remove(&ticket) {
                    self.tell(place, TabMsg::OrderDone(ticket, result), acts);
                }
            }
        }
    }

    pub(super) fn wake(&mut self, acts: &mut Vec<Act>) {
        let now = self.base.now;
        self.toasts.retain(|(until, _)| *until > now);
        let tabs = crate::tabs::TABS.iter().map(|t| Place::Tab(t.id));
        let places: Vec<Place> = tabs.chain(self.layers.iter().map(|l| Place::Layer(l.id))).collect();
        for place in places {
            if self.pane(place).and_then(crate::tab::Tab::deadline).is_some_and(|at| at <= now) {
                self.tell(place, TabMsg::Wake, acts);
            }
        }
    }

    pub(super) fn toast(&mut self, toast: Toast) {
        let after = |ms: i64| domain::Time::from_millisecond(self.base.now.as_millisecond() + ms).unwrap_or(self.base.now);
        let until = after(TOAST);
        self.toasts.retain(|(_, old)| *old != toast);
        for (old, _) in self.toasts.iter_mut().filter(|(old, _)| *old > after(TOAST - READ)) {
            *old = after(TOAST + READ);
        }
        while self.toasts.len() >= 4 {
            self.toasts.pop_front();
        }
        self.toasts.push_back((until, toast));
    }
}
