//! One request and its answer: bodies with limits, the server's refusals, and streams of JSON lines.
//!
//! Everything that is read from a server passes through here, so that nothing waits for ever and nothing grows without
//! bound. It knows paths and bytes, not kinds.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body::Frame;
use http_body_util::BodyExt as _;
use kube::client::{Body, Client};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::time::{Instant, timeout, timeout_at};

/// The most that one answer may weigh.
const MAX_BODY: usize = 256 << 20;
/// The most that one line of a stream may weigh (an object is at most about 3 MiB on the server).
const MAX_LINE: usize = 32 << 20;
/// How long a line that has begun may pause, and how long it may take until it ends: a server writes it in one go.
const LINE_PAUSE: Duration = Duration::from_secs(15);
const LINE_WHOLE: Duration = Duration::from_mins(1);
/// The most that is read of a refusal, and how many characters of its words are kept.
const MAX_REFUSAL: usize = 1 << 20;
const WORDS: usize = 8 << 10;

/// Says why a request did not bring what it should.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The server refused, in its own words.
    Refused(Refusal),
    /// The request did not reach the server, or the answer did not come through.
    Transport(kube::Error),
    /// Nothing came within the time allowed.
    TimedOut(Duration),
    /// What came is not what the protocol says.
    Garbled(String),
}

/// Holds a refusal: the fields of a `Status` object, or what stands for them.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Refusal {
    /// The HTTP status.
    pub(crate) code: u16,
    /// The word for machines.
    pub(crate) reason: String,
    /// The sentence for people.
    pub(crate) message: String,
}

impl Fault {
    /// Returns the HTTP status when the server refused, else 0.
    pub(crate) fn code(&self) -> u16 {
        match self {
            Self::Refused(refusal) => refusal.code,
            _ => 0,
        }
    }
}

/// Holds a request before it is sent.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    method: Method,
    path: String,
    query: String,
    body: Option<(&'static str, Vec<u8>)>,
}

impl Call {
    /// Builds a GET of a path.
    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self { method: Method::GET, path: path.into(), query: String::new(), body: None }
    }

    /// Builds a request with a body.
    pub(crate) fn send(method: Method, path: impl Into<String>, content: &'static str, body: Vec<u8>) -> Self {
        Self { method, path: path.into(), query: String::new(), body: Some((content, body)) }
    }

    /// Adds a query parameter.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.query.push(if self.query.is_empty() { '?' } else { '&' });
        self.query.push_str(name);
        self.query.push('=');
        self.query.push_str(&crate::resource::encode(value));
        self
    }

    fn request(self) -> Result<Request<Body>, Fault> {
        let mut builder = Request::builder().method(self.method).uri(format!("{}{}", self.path, self.query));
        // Watches of newer servers gzip every event for itself, which no decoder here reads.
        builder = builder.header(http::header::ACCEPT, "application/json").header(http::header::ACCEPT_ENCODING, "identity");
        let body = match self.body {
            Some((content, body)) => {
                builder = builder.header(http::header::CONTENT_TYPE, content);
                Body::from(body)
            }
            None => Body::empty(),
        };
        builder.body(body).map_err(|e| Fault::Garbled(format!("the request could not be built: {e}")))
    }
}

/// Sends a request and returns the answer's head once it is a success; a refusal becomes a [`Fault`].
pub(crate) async fn open(client: &Client, call: Call, limit: Duration) -> Result<Response<Body>, Fault> {
    let request = call.request()?;
    let response = timeout(limit, client.send(request)).await.map_err(|_| Fault::TimedOut(limit))?.map_err(Fault::Transport)?;
    if response.status().is_success() {
        return Ok(response);
    }
    let status = response.status();
    // The words may be long in coming or endless; the status alone is then enough.
    let body = timeout(limit, collect(response.into_body(), MAX_REFUSAL, limit)).await;
    Err(Fault::Refused(refusal(status, body.ok().and_then(Result::ok).unwrap_or_default().as_ref())))
}

/// Sends a request and returns the whole body, and with it the answer's headers. The limit covers all of it.
pub(crate) async fn fetch(client: &Client, call: Call, limit: Duration) -> Result<(HeaderMap, Bytes), Fault> {
    let end = Instant::now() + limit;
    let response = open(client, call, limit).await?;
    let (head, body) = response.into_parts();
    let bytes = timeout_at(end, collect(body, MAX_BODY, limit)).await.map_err(|_| Fault::TimedOut(limit))??;
    Ok((head.headers, bytes))
}

/// Sends a request and reads a body of any length as long as it keeps coming: the limit is for each pause.
pub(crate) async fn fetch_long(client: &Client, call: Call, pause: Duration) -> Result<Bytes, Fault> {
    collect(open(client, call, pause).await?.into_body(), MAX_BODY, pause).await
}

/// Sends a request and reads the JSON that answers it.
pub(crate) async fn json<T: DeserializeOwned>(client: &Client, call: Call, limit: Duration) -> Result<T, Fault> {
    let (_, bytes) = fetch(client, call, limit).await?;
    parse(&bytes)
}

/// Reads JSON.
pub(crate) fn parse<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, Fault> {
    serde_json::from_slice(bytes).map_err(|e| Fault::Garbled(e.to_string()))
}

/// Reads a body of at most so many bytes; the limit is for each pause in it.
pub(crate) async fn collect(mut body: Body, most: usize, pause: Duration) -> Result<Bytes, Fault> {
    let mut all = BytesMut::new();
    while let Some(frame) = timeout(pause, body.frame()).await.map_err(|_| Fault::TimedOut(pause))? {
        let frame = frame.map_err(Fault::Transport)?;
        if let Ok(data) = frame.into_data() {
            if all.len() + data.len() > most {
                return Err(Fault::Garbled(format!("the answer is longer than {} MiB", most >> 20)));
            }
            all.extend_from_slice(&data);
        }
    }
    Ok(all.freeze())
}

fn refusal(status: StatusCode, body: &[u8]) -> Refusal {
    let mut refusal: Refusal = serde_json::from_slice(body).unwrap_or_default();
    if refusal.message.is_empty() {
        // Proxies and gateways answer in plain text or HTML; the first words of it are better than none.
        let text = String::from_utf8_lossy(body);
        refusal.message = text.chars().take(300).collect();
    }
    if refusal.message.trim().is_empty() {
        status.canonical_reason().unwrap_or("no reason given").clone_into(&mut refusal.message);
    }
    refusal.code = status.as_u16();
    if let Some((end, _)) = refusal.message.char_indices().nth(WORDS) {
        refusal.message.truncate(end);
        refusal.message.push('…');
    }
    refusal.message = domain::text::one_line(&refusal.message);
    refusal.reason = domain::text::one_line(&refusal.reason);
    refusal
}

/// Reads a body line by line.
#[derive(Debug)]
pub(crate) struct Lines {
    body: Body,
    buffer: BytesMut,
    searched: usize,
    /// Since when the line that is being read is waited for.
    begun: Option<Instant>,
}

impl Lines {
    /// Begins with an answer's body.
    pub(crate) fn new(body: Body) -> Self {
        Self { body, buffer: BytesMut::new(), searched: 0, begun: None }
    }

    /// Returns the next line that is not empty, or nothing when the server ended the stream.
    ///
    /// Cancelling it loses nothing. A last line without its end is dropped: it was cut off. Between lines it waits for ever, within
    /// one it does not.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, Fault> {
        loop {
            let fresh = self.buffer.get(self.searched..).unwrap_or_default();
            if let Some(at) = memchr::memchr(b'\n', fresh) {
                let line = self.buffer.split_to(self.searched + at + 1).freeze();
                (self.searched, self.begun) = (0, None);
                let line = line.slice(..line.len() - 1);
                if line.iter().all(u8::is_ascii_whitespace) {
                    continue;
                }
                return Ok(Some(line));
            }
            self.searched = self.buffer.len();
            if self.searched > MAX_LINE {
                return Err(Fault::Garbled("a line of the stream does not end".to_owned()));
            }
            match self.frame().await? {
                None => return Ok(None),
                Some(Err(error)) => return Err(Fault::Transport(error)),
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        self.buffer.extend_from_slice(&data);
                    }
                }
            }
        }
    }

    /// Waits for the next piece of the body; not long when a line has begun.
    async fn frame(&mut self) -> Result<Option<Result<Frame<Bytes>, kube::Error>>, Fault> {
        if self.buffer.is_empty() {
            return Ok(self.body.frame().await);
        }
        let now = Instant::now();
        let whole = *self.begun.get_or_insert(now) + LINE_WHOLE;
        let end = whole.min(now + LINE_PAUSE);
        timeout_at(end, self.body.frame()).await.map_err(|_| Fault::TimedOut(LINE_PAUSE))
    }
}
