//! The heartbeat: asks the server every few seconds on a connection of its own whether it is there.
//!
//! A watch whose peer vanished looks well for minutes, so it is the heartbeat that says what is stale. When the server is
//! back, all streams begin anew with fresh lists on fresh connections.

use std::time::Duration;

use domain::Time;
use domain::link::LinkState;
use tokio::time::{Instant, sleep, timeout};

use super::{Ground, given};
use crate::connection::Purpose;
use crate::error::Error;
use crate::wire::{self, Call, Fault};

// A beat that goes unanswered right after a good one is known after PAUSE + FIRST + SECOND: 8.5 s, and a busy machine still shows it within ten.
const PAUSE: Duration = Duration::from_secs(4);
const FIRST: Duration = Duration::from_millis(2500);
const SECOND: Duration = Duration::from_secs(2);
/// How often a server that is away is asked.
const AWAY: Duration = Duration::from_secs(2);
/// How long an outage may last that a quick refusal is not taken for (a server that restarts its listener).
const BREATH: Duration = Duration::from_millis(500);
/// How long new credentials may take before it is said that they are waited for: a helper may wait for a person.
const HELPER: Duration = Duration::from_secs(2);
/// How long they may take after an outage, which old ones may well outlive.
const AFTER: Duration = Duration::from_secs(10);

/// Beats for ever.
pub(super) async fn run(ground: Ground) {
    let mut retry = ground.signals.retry.subscribe();
    let mut last_good: Option<Time> = None;
    loop {
        let pause = match known(&ground, beat(&ground).await).await {
            Ok(()) => {
                last_good = Some(ground.board.now());
                alive(&ground).await;
                PAUSE
            }
            Err((401, why)) => {
                ground.board.set_cluster(LinkState::Unauthorized { why });
                PAUSE
            }
            Err((_, why)) => {
                ground.board.cluster_stale(last_good, why);
                AWAY
            }
        };
        tokio::select! {
            () = sleep(pause) => {}
            () = given(&mut retry) => {}
        }
    }
}

/// Asks once more when the server does not know us: tokens run out, and the kubeconfig and its helper may have new ones by now.
/// Returns the status and the words of what is wrong.
async fn known(ground: &Ground, answer: Result<(), Fault>) -> Result<(), (u16, String)> {
    let answer = match answer {
        Err(fault) if fault.code() == 401 => match renewed(ground, said(ground, fault)).await {
            Ok(()) => ask(ground, SECOND).await,
            Err(error) => return Err((401, error.why())),
        },
        other => other,
    };
    answer.map_err(|fault| (fault.code(), said(ground, fault)))
}

/// Returns the words of what is wrong.
fn said(ground: &Ground, fault: Fault) -> String {
    ground.connection.error(fault, "Asking", "the server").why()
}

/// Gets new credentials; while a helper takes its time nothing looks live that the server has refused.
async fn renewed(ground: &Ground, refusal: String) -> Result<(), Error> {
    let renewal = ground.connection.renew();
    tokio::pin!(renewal);
    if let Ok(done) = timeout(HELPER, &mut renewal).await {
        return done;
    }
    let why = format!("{refusal}; the credential helper has not answered yet");
    ground.board.set_cluster(LinkState::Unauthorized { why });
    renewal.await
}

/// Shows the cluster as there; after an outage everything begins anew.
async fn alive(ground: &Ground) {
    let recovered = ground.board.cluster_live();
    if recovered {
        // Sockets of before may be dead without knowing it. Whoever waits for a helper does not beat.
        match timeout(AFTER, ground.connection.renew()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%error, "the old clients stay after an outage"),
            Err(_) => tracing::debug!("the credential helper takes too long; the old clients stay after an outage"),
        }
        ground.signals.restart();
    }
}

/// Asks once, and once more at once when that failed; the second time no socket of before is left in the pool.
async fn beat(ground: &Ground) -> Result<(), Fault> {
    let began = Instant::now();
    match ask(ground, FIRST).await {
        Err(fault) if fault.code() != 401 => {
            if began.elapsed() < BREATH {
                sleep(BREATH).await;
            }
            ask(ground, SECOND).await
        }
        other => other,
    }
}

async fn ask(ground: &Ground, limit: Duration) -> Result<(), Fault> {
    let client = ground.connection.client(Purpose::Beat);
    match wire::fetch(&client, Call::get("/readyz"), limit).await {
        // Refusing to say whether it is ready is an answer too; only credentials that fail concern us.
        Err(fault) if matches!(fault.code(), 400 | 402..=499) => Ok(()),
        other => other.map(|_| ()),
    }
}
