//! The end of a deployment that was under way: a note, and the bell or the desktop where the operator likes that.

use domain::deployment::Status;
use domain::flux::Health;
use domain::history::Brief;
use domain::world::World;

use super::{Act, Session};
use crate::effects::Toast;

impl Session {
    /// Tells of deployments that have ended since another world.
    pub(super) fn tell_ends(&mut self, old: &World, acts: &mut Vec<Act>) {
        let now = &self.base.world.deployments;
        if now.is_same(&old.deployments) {
            return;
        }
        let mut ended: Vec<Brief> = old.deployments.open().filter_map(|d| now.get(&d.id).cloned()).collect();
        ended.retain(Brief::is_over);
        ended.reverse();
        let wanted = self.base.preferences.ends;
        for deployment in &ended {
            let (key, health) = match deployment.status() {
                Status::Succeeded => ("ends.succeeded", Health::Ok),
                Status::Failed => ("ends.failed", Health::Bad),
                _ => ("ends.superseded", Health::Off),
            };
            let text = self.base.cx().tf(key, &[("environment", &deployment.environment().to_string())]);
            if wanted.shows() {
                acts.push(Act::Notify(text.clone()));
            }
            self.toast(Toast { health, text });
        }
        if wanted.rings() && !ended.is_empty() {
            acts.push(Act::Bell);
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test says which input failed by failing")]

    use std::sync::Arc;

    use domain::deployment::Deployment;
    use domain::history::Stand;

    use super::*;
    use crate::fixture::{Stage, world};
    use crate::preferences::{News, Notice, Preferences};
    use crate::session::Msg;
    use crate::words::Language;

    /// Returns the fleet after the first deployment that was under way has ended.
    fn after(status: Status) -> World {
        let mut world = world();
        let open = Deployment { status, ..(**world.deployments.open().last().unwrap()).clone() };
        world.deployments.put(Arc::new(open), Stand::default());
        world
    }

    #[test]
    fn an_end_is_told_once_and_as_the_operator_likes() {
        let table = [(Notice::Off, 0, 0), (Notice::Bell, 1, 0), (Notice::Desktop, 0, 1), (Notice::Both, 1, 1)];
        for (ends, bells, notes) in table {
            for status in [Status::Succeeded, Status::Failed] {
                let mut stage = Stage::new(100, 30, Language::English);
                stage.msg(Msg::News(News::Preferences(Box::new(Preferences { ends, ..Preferences::default() }))));
                stage.acts.clear();
                let ended = Arc::new(after(status));
                // The same world again, and one that only differs elsewhere, say nothing more.
                for world in [Arc::clone(&ended), Arc::clone(&ended), Arc::new((*ended).clone())] {
                    stage.msg(Msg::World(world));
                }
                let count = |wanted: fn(&Act) -> bool| stage.acts.iter().filter(|act| wanted(act)).count();
                assert_eq!(count(|act| *act == Act::Bell), bells, "{ends:?}");
                assert_eq!(count(|act| matches!(act, Act::Notify(text) if text.contains("shop/staging"))), notes, "{ends:?}");
                assert!(stage.lines().contains("The deployment to shop/staging"), "{}", stage.lines());
            }
        }
    }

    #[test]
    fn what_had_ended_before_is_not_told() {
        let mut stage = Stage::over(after(Status::Succeeded), 100, 30, Language::English);
        stage.acts.clear();
        stage.msg(Msg::World(Arc::new(after(Status::Succeeded))));
        assert!(!stage.acts.iter().any(|act| matches!(act, Act::Bell | Act::Notify(_))), "{:?}", stage.acts);
    }
}
