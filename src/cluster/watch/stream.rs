//! One list and watch: a kind, in one namespace or in all, kept as it is on the server.
//!
//! A first list is shown as it comes; a later one is gathered aside and swapped in when it is complete, so that nothing
//! that was deleted meanwhile stays. Whether the stream is live is known from the transport (the server holds the watch
//! open), not from objects, which may not change for days.

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use domain::link::LinkState;
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::time::{Instant, sleep, timeout};

use super::backoff::Backoff;
use super::board::Shelved;
use super::narrow::Narrow;
use super::shelf::{Rows, StreamId};
use super::{Ground, given};
use crate::connection::Purpose;
use crate::lean::{Mold, identity};
use crate::resource::Resource;
use crate::wire::{self, Call, Fault, Lines, Refusal};

/// How many objects one page of a list has.
const PAGE: &str = "500";
/// How long a list may pause between two pieces.
const PAUSE: Duration = Duration::from_secs(15);
/// How long the server may take to begin to answer a watch.
const HEAD: Duration = Duration::from_secs(10);
/// The same while the link is still called live: a connection that was lost is opened again without a word, but not for long.
const SOON: Duration = Duration::from_secs(4);
/// How long one watch lasts before the server ends it in order.
const LASTS: u64 = 290;
/// How long a watch may be silent once bookmarks were seen, which come every minute; then it is opened anew.
const SILENCE: Duration = Duration::from_secs(100);
/// A watch that ends in order within this time ended too soon.
const SHORT: Duration = Duration::from_secs(3);
/// How often a refusal is tried again: rights that were given back show within ten seconds.
const REFUSED: Duration = Duration::from_secs(4);
/// How often a kind that vanished is looked for.
const ABSENT: Duration = Duration::from_secs(4);

/// Says what a stream brings.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub(super) resource: Resource,
    pub(super) namespace: String,
}

/// Keeps the objects of one kind in step with the server.
#[derive(Debug)]
pub(super) struct Stream<T> {
    ground: Ground,
    source: Source,
    id: StreamId,
    mold: Mold,
    backoff: Backoff,
    /// The version up to which everything is known; none before the first list and when that version is lost.
    version: Option<String>,
    /// Whether the server offers lists as streams; known only when it refuses one.
    streaming: bool,
    bookmarks: bool,
    /// When the server last said that it no longer keeps our version.
    gone: Option<Instant>,
    opened: Option<Instant>,
    narrow: Narrow,
    lives: PhantomData<fn() -> T>,
}

/// Says why a round of following ended.
enum End {
    /// The server ended the watch in order.
    Closed,
    /// The version that we know is no longer kept: a fresh list is needed.
    Gone,
    /// The server does not offer lists as streams.
    NoStreaming,
    /// Something failed.
    Failed(Fault),
}

impl From<Fault> for End {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Refused(Refusal { code: 410, .. }) => Self::Gone,
            other => Self::Failed(other),
        }
    }
}

#[derive(Deserialize)]
struct Page<'a> {
    #[serde(default)]
    metadata: ListMeta,
    #[serde(borrow, default)]
    items: Option<Vec<&'a RawValue>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ListMeta {
    resource_version: String,
    #[serde(rename = "continue")]
    next: String,
}

/// One event: what happened, and the object's text.
struct Line<'a> {
    what: &'a str,
    object: &'a str,
}

impl<'a> Line<'a> {
    fn read(line: &'a [u8]) -> Result<Self, Fault> {
        #[derive(Deserialize)]
        struct Any<'a> {
            #[serde(rename = "type")]
            what: &'a str,
            #[serde(borrow)]
            object: &'a RawValue,
        }
        let text = std::str::from_utf8(line).map_err(|e| Fault::Garbled(e.to_string()))?;
        if let Some(line) = Self::plain(text) {
            return Ok(line);
        }
        let Any { what, object } = wire::parse(line)?;
        Ok(Self { what, object: object.get() })
    }

    /// Splits an event as the API server writes it, without a look into the object, which is read right afterwards.
    fn plain(text: &'a str) -> Option<Self> {
        let (what, rest) = text.strip_prefix("{\"type\":\"")?.split_once('"')?;
        let object = rest.strip_prefix(",\"object\":")?.trim_ascii_end().strip_suffix('}')?;
        Some(Self { what, object })
    }
}

#[derive(Default, Deserialize)]
struct Bookmark {
    metadata: BookmarkMeta,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct BookmarkMeta {
    resource_version: String,
    annotations: BTreeMap<String, String>,
}

impl<T: Shelved> Stream<T> {
    /// Prepares the stream; its link appears at once.
    pub(super) fn new(ground: Ground, source: Source) -> Self {
        let id = StreamId::new(&source.resource.kind, &source.namespace);
        ground.board.connecting(&id);
        let mold = Mold::new(&ground.connection.context().0, &source.resource.kind);
        Self {
            ground,
            source,
            id,
            mold,
            backoff: Backoff::new(),
            version: None,
            streaming: true,
            bookmarks: false,
            gone: None,
            opened: None,
            narrow: Narrow::default(),
            lives: PhantomData,
        }
    }

    /// Follows the server for ever.
    pub(super) async fn run(mut self) {
        let mut epoch = self.ground.signals.epoch.subscribe();
        let mut retry = self.ground.signals.retry.subscribe();
        let mut namespaces = self.ground.namespaces.clone();
        loop {
            let end = tokio::select! {
                biased;
                () = given(&mut epoch) => {
                    self.version = None;
                    self.backoff = Backoff::new();
                    continue;
                }
                end = self.follow() => end,
            };
            let pause = self.ended(end).await;
            retry.mark_unchanged();
            tokio::select! {
                () = sleep(pause) => {}
                () = given(&mut retry) => {}
                // Where all may not be read, the wanted namespaces are read one by one.
                Ok(()) = namespaces.changed(), if self.narrow.is_open() => {}
                () = given(&mut epoch) => {
                    self.version = None;
                    self.backoff = Backoff::new();
                }
            }
        }
    }

    /// Shows how a round ended and returns how long to wait before the next.
    async fn ended(&mut self, end: End) -> Duration {
        match end {
            // A server that ends every watch at once is not hammered.
            End::Closed if self.opened.is_none_or(|at| at.elapsed() < SHORT) => self.backoff.failed(),
            End::Closed | End::NoStreaming => Duration::ZERO,
            End::Gone => {
                self.version = None;
                self.ground.board.stale(&self.id, "the server no longer keeps the version that is shown".to_owned());
                // A list follows at once; a server that says so again and again is not hammered.
                let again = self.gone.replace(Instant::now()).is_some_and(|last| last.elapsed() < SHORT);
                if again { self.backoff.failed() } else { Duration::ZERO }
            }
            End::Failed(fault) => self.failed(fault).await,
        }
    }

    async fn failed(&mut self, fault: Fault) -> Duration {
        let (board, id) = (Arc::clone(&self.ground.board), self.id.clone());
        let code = fault.code();
        if matches!(fault, Fault::Garbled(_)) {
            // What a line said that could not be read is lost; only a list knows what is.
            self.version = None;
        }
        let first = self.backoff.is_first();
        let why = self.ground.connection.error(fault, "Watching", &self.source.resource.kind).why();
        tracing::debug!(kind = %self.source.resource.kind, namespace = %self.source.namespace, %why, "a watch ended");
        match code {
            401 => {
                // Said first: a helper may take its time.
                board.set(&id, LinkState::Unauthorized { why });
                if let Err(error) = self.ground.connection.renew().await {
                    tracing::debug!(%error, "credentials could not be renewed");
                }
                self.version = None;
                self.backoff.failed()
            }
            403 => {
                board.set(&id, LinkState::Forbidden { why });
                self.version = None;
                let wanted = self.narrow.is_open() || !self.ground.namespaces.borrow().is_empty();
                if self.source.namespace.is_empty() && wanted {
                    board.empty::<T>(&id);
                    self.narrow.widen::<T>(&self.ground, &self.source.resource).await;
                }
                REFUSED
            }
            404 => {
                board.absent::<T>(&id);
                self.version = None;
                ABSENT
            }
            _ => {
                // A connection that is replaced at once was not worth a flicker, nor a server that is just waking up.
                if !first || (self.version.is_none() && board.was_heard(&id)) {
                    board.stale(&id, why);
                }
                self.backoff.failed()
            }
        }
    }

    /// Lists if needed, then watches until something ends it.
    async fn follow(&mut self) -> End {
        if self.narrow.is_open() {
            // Asked first, so that no object is ever brought by two streams.
            let call = Call::get(self.source.resource.collection("")).with("limit", "1");
            if let Err(fault) = self.open(call).await {
                return fault.into();
            }
            self.narrow.close::<T>(&self.ground, &self.source.resource).await;
        }
        let outcome = match self.version.clone() {
            Some(version) => self.resume(&version).await,
            None if self.streaming => self.stream_list().await,
            None => self.page_list().await,
        };
        match outcome {
            Ok(()) => End::Closed,
            Err(end) => end,
        }
    }

    fn watch_call(&self) -> Call {
        let path = self.source.resource.collection(&self.source.namespace);
        Call::get(path).with("watch", "true").with("allowWatchBookmarks", "true").with("timeoutSeconds", &LASTS.to_string())
    }

    async fn open(&self, call: Call) -> Result<Lines, Fault> {
        let client = self.ground.connection.client(Purpose::Watch);
        Ok(Lines::new(wire::open(&client, call, if self.backoff.is_early() { SOON } else { HEAD }).await?.into_body()))
    }

    async fn resume(&mut self, version: &str) -> Result<(), End> {
        let lines = self.open(self.watch_call().with("resourceVersion", version)).await?;
        self.ground.board.live(&self.id);
        self.backoff.works();
        self.watch(lines).await
    }

    /// Reads pages and swaps the whole in.
    async fn page_list(&mut self) -> Result<(), End> {
        let permit = Arc::clone(&self.ground.lists).acquire_owned().await;
        let first = self.ground.board.count::<T>(&self.id) == 0;
        let mut rows = Rows::default();
        let mut next = String::new();
        let version = loop {
            let mut call = Call::get(self.source.resource.collection(&self.source.namespace)).with("limit", PAGE);
            if !next.is_empty() {
                call = call.with("continue", &next);
            }
            let bytes = wire::fetch_long(&self.ground.connection.client(Purpose::Watch), call, PAUSE).await?;
            let page: Page<'_> = wire::parse(&bytes)?;
            self.take(page.items.iter().flatten().map(|item| item.get()), &mut rows)?;
            self.ground.board.listing(&self.id, rows.len());
            if first {
                self.show(&rows);
            }
            if page.metadata.next.is_empty() {
                break page.metadata.resource_version;
            }
            next = page.metadata.next;
        };
        drop(permit);
        if version.is_empty() {
            return Err(Fault::Garbled("a list without resourceVersion".to_owned()).into());
        }
        self.ground.board.replace(&self.id, rows);
        self.version = Some(version.clone());
        self.resume(&version).await
    }

    fn take<'a>(&mut self, items: impl IntoIterator<Item = &'a str>, rows: &mut Rows<T>) -> Result<(), Fault> {
        for item in items {
            let object = T::read(item, &mut self.mold).map_err(Fault::Garbled)?;
            // What did not change is not held twice while a second list comes in.
            let object = self.ground.board.known(&self.id, object);
            rows.insert(object);
        }
        Ok(())
    }

    /// Shows a first list as far as it is.
    fn show(&self, rows: &Rows<T>) {
        self.ground.board.show(&self.id, rows);
    }

    /// Reads a list as a stream of events that ends with a mark, and goes on watching in the same stream.
    async fn stream_list(&mut self) -> Result<(), End> {
        let permit = Arc::clone(&self.ground.lists).acquire_owned().await;
        let call = self.watch_call().with("sendInitialEvents", "true").with("resourceVersionMatch", "NotOlderThan");
        let mut lines = match self.open(call).await {
            Err(Fault::Refused(Refusal { code: 400 | 422, .. })) => {
                self.streaming = false;
                return Err(End::NoStreaming);
            }
            other => other?,
        };
        let first = self.ground.board.count::<T>(&self.id) == 0;
        let mut rows = Rows::default();
        let mut shown = 0;
        loop {
            let line = match timeout(HEAD, lines.next()).await {
                // A server that knows nothing of the mark never sends it.
                Err(_) => {
                    self.streaming = false;
                    return Err(End::NoStreaming);
                }
                Ok(line) => line?,
            };
            let Some(line) = line else {
                return Err(Fault::Garbled("the list ended before its end".to_owned()).into());
            };
            if let Some(version) = self.initial(&line, &mut rows)? {
                self.version = Some(version);
                break;
            }
            // Few looks at the first rows, then fewer: showing costs what is there.
            if rows.len() == 1 || rows.len() >= shown * 2 + 200 {
                shown = rows.len();
                self.ground.board.listing(&self.id, shown);
                if first {
                    self.show(&rows);
                }
            }
        }
        drop(permit);
        self.ground.board.replace(&self.id, rows);
        self.backoff.works();
        self.bookmarks = true;
        self.watch(lines).await
    }

    /// Takes one event of a streamed list; returns the version when it was the mark at its end.
    fn initial(&mut self, line: &Bytes, rows: &mut Rows<T>) -> Result<Option<String>, End> {
        let line = Line::read(line)?;
        match line.what {
            "ADDED" | "MODIFIED" => self.take([line.object], rows)?,
            "DELETED" => {
                let (key, _) = identity(line.object, &mut self.mold).map_err(Fault::Garbled)?;
                rows.remove(&key);
            }
            "BOOKMARK" => {
                let mark: Bookmark = wire::parse(line.object.as_bytes())?;
                let end = mark.metadata.annotations.get("k8s.io/initial-events-end").is_some_and(|v| v == "true");
                return Ok(end.then_some(mark.metadata.resource_version).filter(|v| !v.is_empty()));
            }
            _ => return Err(refusal(line.object)),
        }
        Ok(None)
    }

    /// Applies events until the stream ends.
    async fn watch(&mut self, mut lines: Lines) -> Result<(), End> {
        self.opened = Some(Instant::now());
        loop {
            let patience = if self.bookmarks { SILENCE } else { Duration::from_secs(LASTS + 10) };
            let line = match timeout(patience, lines.next()).await {
                // Silence alone is no failure of the server's: the stream is opened anew where it was.
                Err(_) => return Ok(()),
                Ok(line) => line?,
            };
            let Some(line) = line else { return Ok(()) };
            let line = Line::read(&line)?;
            self.event(&line)?;
        }
    }

    fn event(&mut self, line: &Line<'_>) -> Result<(), End> {
        let version = match line.what {
            "ADDED" | "MODIFIED" => {
                let object = T::read(line.object, &mut self.mold).map_err(Fault::Garbled)?;
                let version = object.stamp().1.to_owned();
                self.ground.board.apply(&self.id, vec![object]);
                version
            }
            "DELETED" => {
                let (key, version) = identity(line.object, &mut self.mold).map_err(Fault::Garbled)?;
                self.ground.board.remove::<T>(&self.id, &key);
                version
            }
            "BOOKMARK" => {
                self.bookmarks = true;
                wire::parse::<Bookmark>(line.object.as_bytes())?.metadata.resource_version
            }
            _ => return Err(refusal(line.object)),
        };
        self.ground.board.heard(&self.id);
        if !version.is_empty() {
            self.version = Some(version);
        }
        Ok(())
    }
}

fn refusal(status: &str) -> End {
    match serde_json::from_str::<Refusal>(status) {
        Ok(mut refusal) => {
            refusal.message = domain::text::one_line(&refusal.message);
            Fault::Refused(refusal).into()
        }
        Err(error) => Fault::Garbled(error.to_string()).into(),
    }
}
