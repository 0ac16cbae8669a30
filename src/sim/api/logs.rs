//! `pods/log`: what the containers of the simulation say.

use std::collections::HashSet;
use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use domain::Time;
use http::StatusCode;
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use serde_json::Value;
use tokio::sync::mpsc;

use crate::api::path::Target;
use crate::api::{Call, Reply, plain, streaming};
use crate::fault::Fault;
use crate::json;
use crate::output::{self, Line};
use crate::resource;
use crate::state::{Shared, State, locked};
use crate::store::{Key, Object};

const CONTENT: &str = "text/plain";
/// How often a container that is followed is asked for news, in ordinary life.
const LOOK: Duration = Duration::from_millis(500);

/// Answers with the log of a container.
pub(crate) fn serve(state: &Shared, call: &Call, target: &Target) -> Result<Reply, Fault> {
    let pods = resource::of("Pod");
    let (namespace, name) = (target.namespace.as_deref().unwrap_or_default(), target.name.as_deref().unwrap_or_default());
    let pod = state.get(pods, namespace, name).ok_or_else(|| Fault::not_found(pods, name))?;
    let containers: Vec<&str> = json::list(&pod, "/spec/containers").iter().map(|c| json::text(c, "/name")).collect();
    let container = match (call.options.get("container"), containers.as_slice()) {
        (Some(asked), all) if all.contains(&asked) => asked.to_owned(),
        (Some(asked), _) => return Err(Fault::bad(format!("container {asked} is not valid for pod {name}"))),
        (None, [one]) => (*one).to_owned(),
        (None, all) => {
            let all = all.join(" ");
            return Err(Fault::bad(format!("a container name must be specified for pod {name}, choose one of: [{all}]")));
        }
    };
    let previous = call.options.on("previous");
    let instead = locked(&state.faults.written).get(&Key::new(namespace, name)).cloned();
    if let Some(bytes) = instead {
        return Ok(as_written(&bytes, call));
    }
    let all = lines(state, &pod, &container, previous)?;
    let mut lines = all.clone();
    let ago = |seconds: u64| Time::from_second(state.pace.now().as_second() - i64::try_from(seconds).unwrap_or(0)).ok();
    let asked = call.options.get("sinceTime").and_then(|time| time.parse::<Time>().ok());
    if let Some(since) = asked.or_else(|| call.options.number("sinceSeconds").and_then(ago)) {
        lines.retain(|(at, _)| *at >= since);
    }
    if let Some(tail) = call.options.number("tailLines").and_then(|n| usize::try_from(n).ok()) {
        lines.drain(..lines.len().saturating_sub(tail));
    }
    let stamps = call.options.on("timestamps");
    if call.options.on("follow") && started(&pod, &container).is_some() && !previous {
        return Ok(follow(state, pod, container, (lines, all), stamps));
    }
    let text: String = lines.iter().map(|line| written(line, stamps)).collect();
    Ok(plain(StatusCode::OK, &text))
}

/// Answers with bytes as they stand, behind a stamp in each line when stamps are asked for; who follows hears nothing more.
fn as_written(bytes: &Bytes, call: &Call) -> Reply {
    let stamp = if call.options.on("timestamps") { "2026-01-20T09:00:00Z " } else { "" };
    let lines = bytes.split_inclusive(|byte| *byte == b'\n');
    let all: Bytes = lines.flat_map(|line| [stamp.as_bytes(), line]).collect::<Vec<_>>().concat().into();
    let first = futures::stream::once(async { Ok::<_, Infallible>(Frame::data(all)) });
    let body = if call.options.on("follow") {
        StreamBody::new(futures::StreamExt::chain(first, futures::stream::pending())).boxed()
    } else {
        StreamBody::new(first).boxed()
    };
    streaming(StatusCode::OK, CONTENT, body)
}

fn written((at, line): &Line, stamps: bool) -> String {
    if stamps { format!("{at} {line}\n") } else { format!("{line}\n") }
}

fn status<'a>(pod: &'a Value, container: &str) -> Option<&'a Value> {
    json::list(pod, "/status/containerStatuses").iter().find(|s| json::text(s, "/name") == container)
}

/// Returns since when a container runs, when it does.
fn started<'a>(pod: &'a Value, container: &str) -> Option<&'a str> {
    status(pod, container)?.pointer("/state/running/startedAt")?.as_str()
}

fn lines(state: &State, pod: &Value, container: &str, previous: bool) -> Result<Vec<Line>, Fault> {
    let name = json::name(pod);
    let waits = |why: &str| Fault::bad(format!("container \"{container}\" in pod \"{name}\" is waiting to start: {why}"));
    let Some(status) = status(pod, container) else {
        return if json::text(pod, "/spec/nodeName").is_empty() { Ok(Vec::new()) } else { Err(waits("ContainerCreating")) };
    };
    let image = json::text(status, "/image");
    let last = status.pointer("/lastState/terminated");
    if previous {
        let missing = || Fault::bad(format!("previous terminated container \"{container}\" in pod \"{name}\" not found"));
        return Ok(output::ended(image, json::text(last.ok_or_else(missing)?, "/startedAt")));
    }
    if let Some(started) = started(pod, container) {
        return Ok(output::running(state, image, started));
    }
    if let Some(ended) = status.pointer("/state/terminated").or(last) {
        return Ok(output::ended(image, json::text(ended, "/startedAt")));
    }
    match json::text(status, "/state/waiting/reason") {
        "ErrImagePull" | "ImagePullBackOff" => Err(waits("trying and failing to pull image")),
        reason => Err(waits(reason)),
    }
}

/// Keeps a log open and sends what the container says until it ends, its Pod goes, or all streams are cut.
fn follow(state: &Shared, pod: Object, container: String, begin: (Vec<Line>, Vec<Line>), stamps: bool) -> Reply {
    let (sender, mut receiver) = mpsc::channel::<Bytes>(8);
    let state = Shared::clone(state);
    tokio::spawn(async move {
        let mut dropped = state.faults.dropped.subscribe();
        let stop = state.stop.clone();
        let said = sender.clone();
        tokio::select! {
            () = say(&state, &pod, &container, (begin, stamps), &said) => {}
            () = stop.cancelled() => {}
            () = sender.closed() => {}
            _ = dropped.changed() => {}
        }
    });
    let stream = futures::stream::poll_fn(move |context| {
        receiver.poll_recv(context).map(|line| line.map(|bytes| Ok::<_, Infallible>(Frame::data(bytes))))
    });
    streaming(StatusCode::OK, CONTENT, StreamBody::new(stream).boxed())
}

async fn say(
    state: &Shared,
    pod: &Value,
    container: &str,
    ((begin, all), stamps): ((Vec<Line>, Vec<Line>), bool),
    to: &mpsc::Sender<Bytes>,
) {
    let since = started(pod, container);
    // What was left out at the beginning is not said later.
    let mut heard: HashSet<Line> = all.into_iter().collect();
    let mut new = begin;
    loop {
        if !new.is_empty() {
            let text: String = new.iter().map(|line| written(line, stamps)).collect();
            state.thawed().await;
            if to.send(text.into()).await.is_err() {
                return;
            }
        }
        tokio::time::sleep(state.pace.real(LOOK).max(Duration::from_millis(20))).await;
        let now = state.get(resource::of("Pod"), json::namespace(pod), json::name(pod));
        let Some(now) = now.filter(|now| json::uid(now) == json::uid(pod) && started(now, container) == since) else { return };
        new = lines(state, &now, container, false).unwrap_or_default();
        new.retain(|line| !heard.contains(line));
        heard.extend(new.iter().cloned());
    }
}
