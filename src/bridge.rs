//! The bridge between one screen and the engine: wishes go in, replies come out, and nothing else passes.

use std::collections::BTreeMap;

use domain::actor::Actor;
use engine::Engine;
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};
use tui::effects::{Reply, Ticket, Wish};

/// Carries wishes to the engine and replies back until the screen is gone.
///
/// A query that is taken back is aborted. An order that was given goes on in the engine whatever happens here.
pub(crate) async fn carry(engine: Engine, actor: Actor, mut wishes: mpsc::Receiver<Wish>, replies: mpsc::Sender<Reply>) {
    let mut running = JoinSet::new();
    let mut asked: BTreeMap<Ticket, AbortHandle> = BTreeMap::new();
    loop {
        tokio::select! {
            wish = wishes.recv() => match wish {
                None => return,
                Some(Wish::Ask(ticket, query)) => {
                    let (engine, actor) = (engine.clone(), actor.clone());
                    let replies = replies.clone();
                    // What comes early may be dropped when the screen is behind; the answer itself is not.
                    let more = move |answer| drop(replies.try_send(Reply::More(ticket, answer)));
                    let handle =
                        running.spawn(async move { Reply::Answer(ticket, engine.ask_with(&actor, query, &more).await) });
                    asked.insert(ticket, handle);
                }
                Some(Wish::Forget(ticket)) => {
                    if let Some(handle) = asked.remove(&ticket) {
                        handle.abort();
                    }
                }
                Some(Wish::Give(ticket, order)) => {
                    let (engine, actor) = (engine.clone(), actor.clone());
                    running.spawn(async move { Reply::Order(ticket, engine.give(&actor, order).await) });
                }
            },
            Some(done) = running.join_next() => {
                // An aborted query has no answer, and nobody waits for one.
                let Ok(reply) = done else { continue };
                if let Reply::Answer(ticket, _) = &reply {
                    asked.remove(ticket);
                }
                if replies.send(reply).await.is_err() {
                    return;
                }
            }
        }
    }
}
