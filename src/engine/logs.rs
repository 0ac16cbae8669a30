//! Logs as they come: the containers of the Pods that are meant, read side by side and told in batches.
//!
//! Everything lives in the one future of the question: when that is dropped, every request ends with it.

mod place;
mod pods;
mod status;
mod tail;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use cluster::Connection;
use domain::Trouble;
use domain::logs::{Batch, Follow, From, Line, Mark, What};
use futures::StreamExt as _;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use crate::shared::Core;
use pods::{Found, Scope};
use tail::Tail;

/// How often lines are told at most.
const BEAT: Duration = Duration::from_millis(60);
/// How long the first lines of several containers are gathered, so that they come in the order of their time.
const FIRST: Duration = Duration::from_millis(400);
/// How many lines are told at once; what writes faster is read no faster.
const MOST: usize = 2_000;
/// How often it is looked which Pods there are.
const LOOK: Duration = Duration::from_secs(2);
/// How many containers are read at once.
const CROWD: usize = 30;

/// Reads the logs and tells what comes; returns when nothing more can come.
pub(crate) async fn follow(core: &Arc<Core>, follow: Follow, tell: &(dyn Fn(Batch) + Send + Sync)) -> Result<Batch, Trouble> {
    let connection = core.fleet.connection(&follow.key.context()).await?;
    let scope = Scope::find(&connection, &follow.key).await?;
    let (lines, mut inbox) = mpsc::channel(256);
    let mut pour = Pour {
        core,
        connection,
        scope,
        follow,
        lines,
        tails: FuturesUnordered::new(),
        known: BTreeSet::new(),
        told: Told::new(tell),
    };
    pour.look(true).await?;
    let mut look = Instant::now() + LOOK;
    loop {
        let due = pour.told.due;
        tokio::select! {
            biased;
            () = sleep_until(due.unwrap_or(look)), if due.is_some() => pour.told.flush(),
            line = inbox.recv(), if pour.told.waiting.len() < MOST => pour.told.lines(line.into_iter()),
            Some(done) = pour.tails.next(), if !pour.tails.is_empty() => {
                while let Ok(line) = inbox.try_recv() {
                    pour.told.lines(std::iter::once(line));
                }
                if pour.ended(done)? {
                    return Ok(pour.told.last());
                }
            }
            () = sleep_until(look), if pour.follow.follow && !pour.scope.is_one() => {
                pour.look(false).await?;
                look = Instant::now() + LOOK;
            }
        }
    }
}

/// Says how the reading of one container ended.
type Ended = Result<(), Trouble>;

/// Holds what is read.
struct Pour<'a> {
    core: &'a Arc<Core>,
    connection: Connection,
    scope: Scope,
    follow: Follow,
    lines: mpsc::Sender<Line>,
    tails: FuturesUnordered<BoxFuture<'a, Ended>>,
    /// The containers that were seen: the Pod's identity and the container's name.
    known: BTreeSet<(String, String)>,
    told: Told<'a>,
}

impl Pour<'_> {
    /// Looks which Pods there are, and begins to read what is new.
    async fn look(&mut self, first: bool) -> Result<(), Trouble> {
        let found = match self.scope.pods(&self.connection).await {
            Ok(found) => found,
            Err(error) if first => return Err(error.into()),
            // What is read goes on; the next look may succeed.
            Err(_) => return Ok(()),
        };
        if first && found.is_empty() && !(self.follow.follow && self.scope.may_come()) {
            return Err(self.scope.nothing(&self.follow.key));
        }
        self.told.names(&found);
        let mut crowd = 0;
        for pod in &found {
            let wanted = pod.wanted(&self.follow.containers);
            if first && wanted.is_empty() && self.scope.is_one() {
                return Err(pod.lacks(&self.follow.containers));
            }
            for container in wanted {
                if self.known.contains(&(pod.uid.clone(), container.clone())) {
                    continue;
                }
                if self.tails.len() >= CROWD {
                    crowd += usize::from(first);
                    continue;
                }
                self.known.insert((pod.uid.clone(), container.clone()));
                self.begin(pod, container, first);
            }
        }
        if crowd > 0 {
            let line = Line { from: None, time: Some(self.core.now()), what: What::Mark(Mark::Crowd(crowd)) };
            self.told.lines(std::iter::once(line));
        }
        Ok(())
    }

    fn begin(&mut self, pod: &Found, container: String, first: bool) {
        let restarts = pod.restarts(&container);
        let from = Arc::new(From { pod: pod.key.name.to_string(), container });
        self.told.reads(&from);
        if !first {
            // Without a time it stands before what the Pod wrote before it was noticed.
            let line = Line { from: Some(Arc::clone(&from)), time: None, what: What::Mark(Mark::Came) };
            self.told.lines(std::iter::once(line));
        }
        let tail = Tail {
            core: Arc::clone(self.core),
            connection: self.connection.clone(),
            pod: pod.key.clone(),
            uid: pod.uid.clone(),
            follow: self.follow.clone(),
            about: self.scope.filters().then(|| self.follow.key.clone()),
            // Of a Pod that came while one was looking, everything is new.
            whole: !first,
            restarts,
            from,
            lines: self.lines.clone(),
        };
        self.tails.push(Box::pin(tail.run()));
    }

    /// Takes note that a container will say no more; tells whether nothing else will.
    fn ended(&mut self, done: Ended) -> Result<bool, Trouble> {
        if let Err(trouble) = done
            && self.tails.is_empty()
            && (self.scope.is_one() || !self.follow.follow)
        {
            if self.told.is_silent() {
                return Err(trouble);
            }
            let line = Line { from: None, time: Some(self.core.now()), what: What::Mark(Mark::Refused(trouble.why)) };
            self.told.lines(std::iter::once(line));
        }
        Ok(self.tails.is_empty() && (!self.follow.follow || self.scope.is_one()))
    }
}

/// Holds the lines that wait to be told.
struct Told<'a> {
    tell: &'a (dyn Fn(Batch) + Send + Sync),
    waiting: Vec<Line>,
    due: Option<Instant>,
    before: u64,
    first: bool,
    containers: Arc<Vec<String>>,
    reading: Arc<Vec<Arc<From>>>,
}

impl<'a> Told<'a> {
    fn new(tell: &'a (dyn Fn(Batch) + Send + Sync)) -> Self {
        // The first batch comes even without a line: then it is known what is read.
        let due = Some(Instant::now() + FIRST);
        Self { tell, waiting: Vec::new(), due, before: 0, first: true, containers: Arc::default(), reading: Arc::default() }
    }

    fn names(&mut self, found: &[Found]) {
        let mut names: Vec<String> = self.containers.to_vec();
        for name in found.iter().flat_map(Found::names) {
            if !names.iter().any(|n| n == name) {
                names.push(name.to_owned());
            }
        }
        if names.len() != self.containers.len() {
            self.containers = Arc::new(names);
        }
    }

    fn reads(&mut self, from: &Arc<From>) {
        Arc::make_mut(&mut self.reading).push(Arc::clone(from));
        self.due.get_or_insert_with(|| Instant::now() + BEAT);
    }

    fn lines(&mut self, lines: impl Iterator<Item = Line>) {
        self.waiting.extend(lines);
        let beat = if self.first { FIRST } else { BEAT };
        self.due.get_or_insert_with(|| Instant::now() + beat);
    }

    fn is_silent(&self) -> bool {
        self.before == 0 && self.waiting.is_empty()
    }

    fn flush(&mut self) {
        let batch = self.batch();
        self.first = false;
        (self.tell)(batch);
    }

    fn batch(&mut self) -> Batch {
        self.due = None;
        let mut lines = std::mem::take(&mut self.waiting);
        // Lines of one container stay in their order even where their times do not.
        if self.reading.len() > 1 {
            lines.sort_by_key(|line| line.time);
        }
        let before = self.before;
        self.before += u64::try_from(lines.len()).unwrap_or(u64::MAX);
        Batch { before, lines, containers: Arc::clone(&self.containers), reading: Arc::clone(&self.reading), over: false }
    }

    fn last(&mut self) -> Batch {
        Batch { over: true, ..self.batch() }
    }
}
