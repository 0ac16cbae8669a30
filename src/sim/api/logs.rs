//! `pods/log`: what the containers of the simulation say.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use serde_json::Value;
use tokio::sync::mpsc;

use crate::api::path::Target;
use crate::api::{Call, Reply, plain, streaming};
use crate::fault::Fault;
use crate::json;
use crate::output;
use crate::resource;
use crate::state::Shared;

const CONTENT: &str = "text/plain";

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
    let mut lines = lines(&pod, &container, previous)?;
    if let Some(tail) = call.options.number("tailLines").and_then(|n| usize::try_from(n).ok()) {
        lines.drain(..lines.len().saturating_sub(tail));
    }
    let stamps = call.options.on("timestamps");
    let text: String = lines.iter().map(|line| written(line, stamps)).collect();
    let running = status(&pod, &container).is_some_and(|s| s.pointer("/state/running").is_some());
    if call.options.on("follow") && running && !previous {
        return Ok(follow(state, &pod, text.into()));
    }
    Ok(plain(StatusCode::OK, &text))
}

fn written((at, line): &(String, String), stamps: bool) -> String {
    if stamps { format!("{at} {line}\n") } else { format!("{line}\n") }
}

fn status<'a>(pod: &'a Value, container: &str) -> Option<&'a Value> {
    json::list(pod, "/status/containerStatuses").iter().find(|s| json::text(s, "/name") == container)
}

fn lines(pod: &Value, container: &str, previous: bool) -> Result<Vec<(String, String)>, Fault> {
    let name = json::name(pod);
    let waits = |why: &str| Fault::bad(format!("container \"{container}\" in pod \"{name}\" is waiting to start: {why}"));
    let Some(status) = status(pod, container) else {
        return if json::text(pod, "/spec/nodeName").is_empty() { Ok(Vec::new()) } else { Err(waits("ContainerCreating")) };
    };
    let image = json::text(status, "/image");
    let last = status.pointer("/lastState/terminated");
    if previous {
        let missing = || Fault::bad(format!("previous terminated container \"{container}\" in pod \"{name}\" not found"));
        return Ok(output::of(image, json::text(last.ok_or_else(missing)?, "/startedAt"), true));
    }
    if let Some(started) = status.pointer("/state/running/startedAt").and_then(Value::as_str) {
        return Ok(output::of(image, started, false));
    }
    if let Some(ended) = status.pointer("/state/terminated").or(last) {
        return Ok(output::of(image, json::text(ended, "/startedAt"), true));
    }
    match json::text(status, "/state/waiting/reason") {
        "ErrImagePull" | "ImagePullBackOff" => Err(waits("trying and failing to pull image")),
        reason => Err(waits(reason)),
    }
}

/// Keeps a log open until its Pod goes.
fn follow(state: &Shared, pod: &Value, text: Bytes) -> Reply {
    let (sender, mut receiver) = mpsc::channel::<Bytes>(8);
    let (state, uid) = (Shared::clone(state), json::uid(pod).to_owned());
    let (namespace, name) = (json::namespace(pod).to_owned(), json::name(pod).to_owned());
    tokio::spawn(async move {
        let mut revisions = state.revisions();
        let stop = state.stop.clone();
        let here = || state.get(resource::of("Pod"), &namespace, &name).is_some_and(|pod| json::uid(&pod) == uid);
        state.thawed().await;
        if sender.send(text).await.is_err() {
            return;
        }
        while here() {
            tokio::select! {
                changed = revisions.changed() => if changed.is_err() { return },
                () = sender.closed() => return,
                () = stop.cancelled() => return,
                () = tokio::time::sleep(Duration::from_hours(1)) => return,
            }
        }
    });
    let stream = futures::stream::poll_fn(move |context| {
        receiver.poll_recv(context).map(|line| line.map(|bytes| Ok::<_, Infallible>(Frame::data(bytes))))
    });
    streaming(StatusCode::OK, CONTENT, StreamBody::new(stream).boxed())
}
