//! The end of a deployment that was under way: a note, and the bell or the desktop where the operator likes that.

use std::sync::Arc;

use domain::deployment::{Deployment, Status};
use domain::flux::Health;
use domain::world::World;

use super::{Act, Session};
use crate::effects::Toast;

impl Session {
    /// Tells of deployments that have ended since another world.
    pub(super) fn tell_ends(&mut self, old: &World, acts: &mut Vec<Act>) {
        if Arc::ptr_eq(&old.deployments, &self.base.world.deployments) {
            return;
        }
        let was_under_way = |d: &Deployment| old.deployments.iter().any(|o| o.id == d.id && !o.status.is_over());
        let ended: Vec<Arc<Deployment>> =
            self.base.world.deployments.iter().filter(|d| d.status.is_over() && was_under_way(d)).cloned().collect();
        let wanted = self.base.preferences.ends;
        for deployment in &ended {
            let (key, health) = match deployment.status {
                Status::Succeeded => ("ends.succeeded", Health::Ok),
                Status::Failed => ("ends.failed", Health::Bad),
                _ => ("ends.superseded", Health::Off),
            };
            let text = self.base.cx().tf(key, &[("environment", &deployment.environment.to_string())]);
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
