//! Logs of containers: their last lines at once, or line by line as they come.

use std::time::Duration;

use bytes::BytesMut;
use domain::Time;
use domain::flux::ObjectKey;
use domain::logs::bounded;
use http_body_util::BodyExt as _;
use kube::client::Body;

use crate::connection::{Connection, Purpose};
use crate::error::Error;
use crate::lean::safe;
use crate::resource::Resource;
use crate::wire::{self, Call, Fault};

/// The most bytes that are asked for.
const BYTES: &str = "4194304";
/// The most characters of a line that are kept.
const LINE: usize = 4096;

/// Says which log, and how much of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogQuery {
    /// The Pod.
    pub pod: ObjectKey,
    /// The container; the Pod's only one when absent.
    pub container: Option<String>,
    /// Whether the run before the present one is meant, as after a crash.
    pub previous: bool,
    /// How many lines from the end.
    pub tail: u32,
}

/// Returns the lines, each safe to draw.
pub async fn logs(connection: &Connection, query: &LogQuery) -> Result<Vec<String>, Error> {
    let pods = Resource::new("", "v1", "pods", "Pod", true);
    let path = format!("{}/log", pods.object(&query.pod.namespace, &query.pod.name));
    let mut call = Call::get(path).with("tailLines", &query.tail.to_string()).with("limitBytes", BYTES);
    if let Some(container) = &query.container {
        call = call.with("container", container);
    }
    if query.previous {
        call = call.with("previous", "true");
    }
    let bytes = connection.act(call, "Reading", &format!("log of {}", query.pod)).await?;
    let text = String::from_utf8_lossy(&bytes);
    Ok(text.lines().map(|line| safe(&line.chars().take(LINE).collect::<String>())).collect())
}

/// How long the server may take to begin a log that is not followed.
const HEAD: Duration = Duration::from_secs(15);
/// How long it may take when it is followed: a container that says nothing has no first byte.
const PATIENT: Duration = Duration::from_hours(24);
/// The most bytes of a line that are kept.
const KEPT: usize = 8 << 10;

/// Says which log is to be read as it comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tap {
    /// The Pod.
    pub pod: ObjectKey,
    /// The container.
    pub container: String,
    /// Whether the run before the present one is meant.
    pub previous: bool,
    /// How many lines from the end to begin with; all when absent.
    pub tail: Option<u32>,
    /// Only lines of the last so many seconds.
    pub since: Option<u32>,
    /// Only lines from this moment on; servers look at whole seconds.
    pub from: Option<Time>,
    /// Whether it stays open for what comes.
    pub follow: bool,
}

/// Holds one line as the server sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawLine {
    /// When the container wrote it.
    pub time: Option<Time>,
    /// The text, not yet safe to draw.
    pub text: String,
}

/// Opens a log.
pub async fn tap(connection: &Connection, tap: &Tap) -> Result<LogStream, Error> {
    let pods = Resource::new("", "v1", "pods", "Pod", true);
    let path = format!("{}/log", pods.object(&tap.pod.namespace, &tap.pod.name));
    let mut call = Call::get(path).with("timestamps", "true").with("container", &tap.container);
    if tap.follow && !tap.previous {
        call = call.with("follow", "true");
    }
    if tap.previous {
        call = call.with("previous", "true");
    }
    if let Some(tail) = tap.tail {
        call = call.with("tailLines", &tail.to_string());
    }
    match (tap.from, tap.since) {
        (Some(from), _) => {
            let whole = Time::from_second(from.as_second()).unwrap_or(from);
            call = call.with("sinceTime", &whole.to_string());
        }
        (None, Some(since)) => call = call.with("sinceSeconds", &since.to_string()),
        (None, None) => {}
    }
    let limit = if tap.follow { PATIENT } else { HEAD };
    let object = format!("log of {}", tap.pod);
    let first = wire::open(&connection.client(Purpose::Act), call.clone(), limit).await;
    let opened = match first {
        Err(fault) if fault.code() == 401 && connection.renewed().await => {
            wire::open(&connection.client(Purpose::Act), call, limit).await
        }
        other => other,
    };
    let response = opened.map_err(|fault| connection.error(fault, "Reading", &object))?;
    let body = response.into_body();
    Ok(LogStream { connection: connection.clone(), object, body, buffer: BytesMut::new(), lost: 0, over: false })
}

/// Reads a log line by line; what it holds is bounded, whatever the container writes.
#[derive(Debug)]
pub struct LogStream {
    connection: Connection,
    object: String,
    body: Body,
    buffer: BytesMut,
    /// How many bytes of the line that is being read were left out.
    lost: usize,
    over: bool,
}

impl LogStream {
    /// Returns the next line, or nothing when the server ended the log. Cancelling it loses nothing.
    pub async fn next(&mut self) -> Result<Option<RawLine>, Error> {
        loop {
            if let Some(at) = self.buffer.iter().position(|b| *b == b'\n') {
                let line = self.buffer.split_to(at + 1);
                return Ok(Some(self.line(&line[..at])));
            }
            if self.over {
                let rest = self.buffer.split();
                return Ok((!rest.is_empty()).then(|| self.line(&rest)));
            }
            // The rest of a line that is too long is counted, not kept.
            if self.buffer.len() > KEPT {
                self.lost += self.buffer.len() - KEPT;
                self.buffer.truncate(KEPT);
            }
            match self.body.frame().await {
                None => self.over = true,
                Some(Err(error)) => return Err(self.connection.error(Fault::Transport(error), "Reading", &self.object)),
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        self.buffer.extend_from_slice(&data);
                    }
                }
            }
        }
    }

    fn line(&mut self, bytes: &[u8]) -> RawLine {
        let whole = bytes.len() + std::mem::take(&mut self.lost);
        let text = bounded(bytes, whole, KEPT);
        let stamp = text.split_once(' ').unwrap_or((&text, ""));
        match stamp.0.parse::<Time>() {
            Ok(time) => RawLine { time: Some(time), text: stamp.1.to_owned() },
            Err(_) => RawLine { time: None, text: text.into_owned() },
        }
    }
}
