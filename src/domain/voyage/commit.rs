//! The first stage: our commit is on the server's branch. The engine pushes; this only takes note.

use super::{GitSeen, Observation, Voyage};
use crate::Time;
use crate::deployment::StageName;

pub(super) fn step(voyage: &mut Voyage, now: Time, seen: &Observation) -> bool {
    const STAGE: StageName = StageName::Commit;
    match &seen.git {
        GitSeen::Landed => {
            let commit = voyage.deployment.commit.as_ref().map_or_else(String::new, |c| c.short().to_owned());
            let arrived = voyage.deployment.proposal.as_ref().and_then(|proposal| proposal.arrived.as_ref());
            let detail = match arrived {
                Some(arrived) => format!("{commit}, {} by {}", arrived.how.word(), arrived.by),
                None => commit,
            };
            voyage.done(STAGE, now, detail)
        }
        GitSeen::Waits(detail) => voyage.wait(STAGE, detail.clone()),
        GitSeen::Refused(trouble) => voyage.fail(STAGE, now, trouble.clone()),
        GitSeen::Unknown => false,
    }
}
