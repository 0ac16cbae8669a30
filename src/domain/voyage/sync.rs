//! The second stage: the source has an artifact at or past our commit.

use super::{Observation, Voyage, Want};
use crate::Time;
use crate::deployment::StageName;
use crate::trouble::Trouble;

pub(super) fn step(voyage: &mut Voyage, now: Time, seen: &Observation, wants: &mut Vec<Want>) -> bool {
    const STAGE: StageName = StageName::Sync;
    if !seen.live {
        return voyage.say(STAGE, "the cluster does not answer; waiting for it");
    }
    let Some(source) = &seen.source else {
        if voyage.late(STAGE, now, voyage.patience.source_fault, wants) {
            let trouble = Trouble::not_found("Flux has no source for this environment", voyage.object())
                .why("its GitRepository does not exist in the cluster")
                .next("Create it (environment edit --create), or correct the source's name in the environment.");
            return voyage.fail(STAGE, now, trouble);
        }
        return voyage.say(STAGE, "no GitRepository yet");
    };
    if source.artifact.reached() {
        return voyage.done(STAGE, now, source.revision.clone());
    }
    if source.suspended {
        return voyage.wait(STAGE, "the GitRepository is suspended; resume it");
    }
    if !voyage.asked_source {
        voyage.asked_source = true;
        wants.push(Want::ReconcileSource);
    }
    if let Some((reason, message)) = &source.fault {
        let since = *voyage.fault_since.get_or_insert(now);
        if now.as_millisecond() - since.as_millisecond() >= voyage.patience.source_fault {
            let trouble = voyage.fault_of("GitRepository", reason, message);
            return voyage.fail(STAGE, now, trouble);
        }
        if let Ok(at) = Time::from_millisecond(since.as_millisecond() + voyage.patience.source_fault) {
            wants.push(Want::WakeAt(at));
        }
        return voyage.say(STAGE, format!("{reason}: {message}"));
    }
    // A controller that tries again takes its failure back while it does; that is no end of it.
    if source.ready {
        voyage.fault_since = None;
    }
    if voyage.late(STAGE, now, voyage.patience.sync, wants) {
        let trouble = Trouble::timed_out("Flux did not fetch the commit in time", voyage.object())
            .why(format!("its artifact is still {}", source.revision))
            .next("Look at source-controller; the commit is pushed and stays.");
        return voyage.fail(STAGE, now, trouble);
    }
    voyage.say(
        STAGE,
        if source.revision.is_empty() { "no artifact yet".to_owned() } else { format!("artifact is {}", source.revision) },
    )
}
