//! One container's log, read to its end and beyond: over breaks of the connection without a line lost or doubled, and over
//! restarts of the container.

use std::sync::Arc;
use std::time::Duration;

use cluster::Connection;
use cluster::act::{self, LogStream, RawLine, Tap};
use domain::Trouble;
use domain::flux::ObjectKey;
use domain::ident::ContextName;
use domain::link::LinkState;
use domain::logs::{Follow, From, Line, Mark, Painted, What, about, level_of, paint};
use domain::world::World;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

use super::place::Place;
use super::status::{State, state};
use crate::shared::Core;

/// How long to wait before the same is tried again, at first and at most.
const PAUSE: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(8);
/// How often it is looked whether a container that ended runs again.
const LOOK: Duration = Duration::from_secs(1);
/// A stream that was silent for so long before it broke was only closed for its silence: nothing is said of it.
const SILENT: Duration = Duration::from_mins(1);
/// How many lines of a controller's log are searched for those about one object.
const SEARCHED: u32 = 20_000;

/// Reads one container's log.
pub(super) struct Tail {
    pub(super) core: Arc<Core>,
    pub(super) connection: Connection,
    pub(super) pod: ObjectKey,
    pub(super) uid: String,
    pub(super) from: Arc<From>,
    pub(super) follow: Follow,
    /// The object that lines must be about, of a controller's log.
    pub(super) about: Option<ObjectKey>,
    /// How often the container was started again before.
    pub(super) restarts: i32,
    /// Whether all that the container said is wanted.
    pub(super) whole: bool,
    pub(super) lines: mpsc::Sender<Line>,
}

/// Says what is known while it is read.
struct Run {
    place: Place,
    pause: Duration,
    /// Why the container was not yet readable, as it was said last.
    waits: String,
    broken: bool,
    restarts: i32,
    whole: bool,
    /// Whether the end of the present run was said.
    ended: bool,
}

/// Says how one request ended.
enum End {
    /// The server closed the log in order.
    Closed,
    /// The connection broke; since it was silent for long or not.
    Broken(String, bool),
    /// Nobody listens any more.
    Unheard,
}

impl Tail {
    /// Reads until nothing more can come. Only what could not be read at all is an error.
    pub(super) async fn run(self) -> Result<(), Trouble> {
        let (whole, restarts) = (self.whole, self.restarts);
        let mut run =
            Run { place: Place::default(), pause: PAUSE, waits: String::new(), broken: false, restarts, whole, ended: false };
        loop {
            let tap = self.tap(&run);
            // Only a request for what is not yet there may wait for ever.
            let opened = tokio::select! {
                opened = act::tap(&self.connection, &tap) => opened,
                why = self.lost() => {
                    self.broke(&mut run, why).await;
                    self.back().await;
                    continue;
                }
            };
            let going_on = match opened {
                Ok(stream) => self.opened(&mut run, stream).await,
                Err(error) => self.failed(&mut run, error).await?,
            };
            if !going_on {
                return Ok(());
            }
        }
    }

    fn tap(&self, run: &Run) -> Tap {
        let tail = if self.about.is_some() { SEARCHED } else { self.follow.tail };
        let from = run.place.from();
        Tap {
            pod: self.pod.clone(),
            container: self.from.container.clone(),
            previous: self.follow.previous,
            tail: (!run.whole && from.is_none()).then_some(tail),
            since: self.follow.since.filter(|_| !run.whole),
            from,
            follow: self.follow.follow,
        }
    }

    /// Reads what was opened; tells whether to try again.
    async fn opened(&self, run: &mut Run, mut stream: LogStream) -> bool {
        run.waits.clear();
        run.place.resume();
        if std::mem::take(&mut run.broken) {
            self.mark(Mark::Resumed).await;
        }
        let end = self.pour(run, &mut stream).await;
        drop(stream);
        match end {
            End::Unheard => false,
            _ if !self.follow.follow || self.follow.previous => false,
            End::Closed => self.closed(run).await,
            End::Broken(why, silent) => {
                if !silent {
                    self.broke(run, why).await;
                    self.back().await;
                    self.rest(run).await;
                }
                true
            }
        }
    }

    async fn pour(&self, run: &mut Run, stream: &mut LogStream) -> End {
        let mut heard = Instant::now();
        loop {
            let next = tokio::select! {
                next = stream.next() => next,
                why = self.lost() => return End::Broken(why, false),
                () = self.lines.closed() => return End::Unheard,
            };
            match next {
                Ok(Some(raw)) => {
                    (heard, run.pause) = (Instant::now(), PAUSE);
                    if run.place.is_new(&raw)
                        && let Some(line) = self.line(&raw)
                        && self.lines.send(line).await.is_err()
                    {
                        return End::Unheard;
                    }
                }
                Ok(None) => return End::Closed,
                Err(error) => return End::Broken(Trouble::from(error).why, heard.elapsed() > SILENT),
            }
        }
    }

    fn line(&self, raw: &RawLine) -> Option<Line> {
        let (time, what) = match &self.about {
            None => {
                let painted = paint(&raw.text);
                let level = level_of(&painted.text);
                (raw.time, What::Said(painted, level))
            }
            Some(key) => {
                let told = about(&raw.text, key)?;
                (told.time.or(raw.time), What::Said(Painted::plain(told.text), told.level))
            }
        };
        Some(Line { from: Some(Arc::clone(&self.from)), time, what })
    }

    /// Finds out why a log ended; tells whether to ask again.
    async fn closed(&self, run: &mut Run) -> bool {
        loop {
            let now = match state(&self.connection, &self.pod, &self.uid, &self.from.container).await {
                Ok(now) => now,
                Err(error) => {
                    self.broke(run, Trouble::from(error).why).await;
                    self.back().await;
                    self.rest(run).await;
                    continue;
                }
            };
            match now {
                State::Gone => {
                    self.mark(Mark::Gone).await;
                    return false;
                }
                State::Over { code, reason } => {
                    self.end_said(run, code, reason).await;
                    return false;
                }
                // A run that was so short that it is over already is read whole, too.
                State::Running(restarts) | State::Down { restarts, .. } if run.restarts < restarts => {
                    self.mark(Mark::Began(restarts)).await;
                    (run.place, run.whole, run.ended, run.restarts) = (Place::default(), true, false, restarts);
                    return true;
                }
                State::Running(_) => {
                    self.broke(run, "the server ended it while the container runs".to_owned()).await;
                    self.rest(run).await;
                    return true;
                }
                State::Down { code, reason, .. } => self.end_said(run, code, reason).await,
                State::Waiting => {}
            }
            if self.lines.is_closed() {
                return false;
            }
            sleep(LOOK).await;
        }
    }

    async fn end_said(&self, run: &mut Run, code: i32, reason: String) {
        if !std::mem::replace(&mut run.ended, true) {
            self.mark(Mark::Ended(code, reason)).await;
        }
    }

    /// Says why a log could not be opened; tells whether to try again.
    async fn failed(&self, run: &mut Run, error: cluster::Error) -> Result<bool, Trouble> {
        let code = if let cluster::Error::Refused { code, .. } = &error { *code } else { 0 };
        let mut trouble = Trouble::from(error);
        if code == 400 {
            // A server refuses a log that is not there, or not yet, as a bad request.
            trouble = Trouble::not_found("There is no such log", trouble.object).why(trouble.why);
        }
        let lasting = matches!(code, 401 | 403 | 404) || self.follow.previous || !self.follow.follow;
        match code {
            404 if run.place.from().is_some() => {
                self.mark(Mark::Gone).await;
                return Ok(false);
            }
            _ if lasting => {
                self.mark_unless_alone(Mark::Refused(trouble.why.clone())).await;
                return Err(trouble);
            }
            // The container is on its way, in the server's words.
            400 => {
                if run.waits != trouble.why {
                    run.waits.clone_from(&trouble.why);
                    self.mark(Mark::Waiting(trouble.why)).await;
                }
                let now = state(&self.connection, &self.pod, &self.uid, &self.from.container).await;
                if matches!(now, Ok(State::Gone)) {
                    self.mark(Mark::Gone).await;
                    return Ok(false);
                }
            }
            _ => {
                self.broke(run, trouble.why).await;
                self.back().await;
            }
        }
        if self.lines.is_closed() {
            return Ok(false);
        }
        self.rest(run).await;
        Ok(true)
    }

    /// Where several are read, each says for itself that it cannot be; a single one is an error as a whole.
    async fn mark_unless_alone(&self, mark: Mark) {
        if &*self.follow.key.kind != "Pod" || self.follow.containers == domain::logs::Containers::All {
            self.mark(mark).await;
        }
    }

    async fn broke(&self, run: &mut Run, why: String) {
        if !std::mem::replace(&mut run.broken, true) {
            self.mark(Mark::Broken(why)).await;
        }
    }

    async fn rest(&self, run: &mut Run) {
        sleep(run.pause).await;
        run.pause = (run.pause * 2).min(LONGEST);
    }

    async fn mark(&self, mark: Mark) {
        let line = Line { from: Some(Arc::clone(&self.from)), time: Some(self.core.now()), what: What::Mark(mark) };
        // An error means that nobody listens any more, which the next look finds out.
        let _ = self.lines.send(line).await;
    }

    /// Waits until the cluster is not heard any more: a socket may stay open for hours after that.
    async fn lost(&self) -> String {
        let context = self.pod.context();
        let mut worlds = self.core.world.subscribe();
        let gone = worlds.wait_for(|world| stale(world, &context).is_some()).await;
        let why = gone.ok().and_then(|world| stale(&world, &context));
        match why {
            Some(why) => why,
            // The engine ends, and this with it.
            None => std::future::pending().await,
        }
    }

    /// Waits until the cluster is heard again.
    async fn back(&self) {
        let context = self.pod.context();
        let mut worlds = self.core.world.subscribe();
        // An error means that the engine ends.
        let _ = worlds.wait_for(|world| stale(world, &context).is_none()).await;
    }
}

/// Returns why a cluster is not heard any more, when it is not.
fn stale(world: &World, context: &ContextName) -> Option<String> {
    match world.cluster_link(context) {
        Some(LinkState::Stale { why, .. } | LinkState::Unreached { why, .. }) => Some(why.clone()),
        _ => None,
    }
}
