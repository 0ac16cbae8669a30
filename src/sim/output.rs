//! What simulated containers write: a few lines at their start, a last word when they crash, and while they run a line every
//! few seconds; Flux's controllers say what they recorded as events, in JSON as the real ones do.
//!
//! Nothing is kept: the lines follow from the image, the moment of the start and the present.

use domain::Time;
use serde_json::{Value, json};

use crate::json;
use crate::resource;
use crate::state::State;

/// A line and its stamp.
pub(crate) type Line = (Time, String);

/// The last line of a container whose image says `crash`.
pub(crate) const CRASH: &str = "panic: cannot open configuration /etc/app/config.yaml: no such file";
/// Seconds of ordinary life between the lines of a running container, again and again.
const GAPS: [i64; 8] = [1, 4, 2, 6, 1, 3, 5, 2];
/// How many lines of a running container are kept, as a node's rotation does.
const KEPT: i64 = 2_000;

/// Returns the log of one run of a container that is over.
pub(crate) fn ended(image: &str, started: &str) -> Vec<Line> {
    let (name, tag) = name(image);
    let lines = [
        format!("level=info msg=\"starting {name}\" version={tag}"),
        "level=info msg=\"reading configuration\" path=/etc/app/config.yaml".to_owned(),
        CRASH.to_owned(),
    ];
    at_start(started, lines)
}

/// Returns the log of a container that runs, so far.
pub(crate) fn running(state: &State, image: &str, started: &str) -> Vec<Line> {
    let (name, tag) = name(image);
    if image.starts_with("fluxcd/") {
        return controller(state, name, tag, started);
    }
    let lines = [
        format!("level=info msg=\"starting {name}\" version={tag}"),
        "level=info msg=\"configuration read\"".to_owned(),
        "level=info msg=\"listening\" address=0.0.0.0:8080".to_owned(),
    ];
    let mut all = at_start(started, lines);
    let Ok(start) = started.parse::<Time>() else { return all };
    let second = state.pace.real(std::time::Duration::from_secs(1)).as_millis().max(1);
    let second = i64::try_from(second).unwrap_or(1000);
    let passed = (state.pace.now().as_millisecond() - start.as_millisecond()) / second;
    let round: i64 = GAPS.iter().sum();
    let first = (passed / round * 8 - KEPT).max(0);
    for nth in first.. {
        let offset = nth / 8 * round + GAPS.iter().take(usize::try_from(nth % 8).unwrap_or(0) + 1).sum::<i64>();
        let at = Time::from_millisecond(start.as_millisecond() + offset * second + nth * 37 % 100);
        let (true, Ok(at)) = (offset < passed, at) else { break };
        all.push((at, work(name, nth)));
    }
    all
}

fn name(image: &str) -> (&str, &str) {
    let last = image.rsplit('/').next().unwrap_or(image);
    last.split_once([':', '@']).unwrap_or((last, "latest"))
}

fn at_start(started: &str, lines: [String; 3]) -> Vec<Line> {
    let Ok(start) = started.parse::<Time>() else { return Vec::new() };
    let stamp = |nth: i64| Time::from_nanosecond(start.as_nanosecond() + i128::from(nth)).unwrap_or(start);
    (0..).zip(lines).map(|(nth, line)| (stamp(nth), line)).collect()
}

/// Returns the nth line of a program at work.
fn work(name: &str, nth: i64) -> String {
    const PATHS: [&str; 5] = ["/", "/products", "/products/41", "/cart", "/healthz"];
    let took = 3 + nth * 7919 % 61;
    let path = PATHS.get(usize::try_from(nth * 31 % 5).unwrap_or(0)).copied().unwrap_or("/");
    match nth * 13 % 29 {
        7 => format!("level=warn msg=\"slow query\" table=orders took={}ms", took * 20),
        11 => "\u{1b}[33mWARN\u{1b}[0m cache: \u{1b}[36m412\u{1b}[0m entries are older than an hour".to_owned(),
        19 => "level=error msg=\"payment provider did not answer\" attempt=1 error=\"context deadline exceeded\"".to_owned(),
        20 => "level=info msg=\"payment provider answered\" attempt=2".to_owned(),
        _ => format!("level=info msg=\"request\" app={name} method=GET path={path} status=200 took={took}ms"),
    }
}

/// Returns what a controller of Flux has said: its start, and each event that it recorded, at the last time it did.
fn controller(state: &State, name: &str, tag: &str, started: &str) -> Vec<Line> {
    let say = |message: &str| json!({"level": "info", "msg": message, "logger": "setup"}).to_string();
    let lines =
        [say("starting manager"), say(&format!("{name} {tag}")), say("attempting to acquire leader lease flux-system/leader")];
    let mut all = at_start(started, lines);
    for event in state.list(resource::of("Event"), None) {
        if json::text(&event, "/source/component") != name {
            continue;
        }
        let Ok(at) = json::text(&event, "/lastTimestamp").parse::<Time>() else { continue };
        all.push((at, told(&event, at)));
    }
    all.sort_by_key(|(at, _)| *at);
    all
}

fn told(event: &Value, at: Time) -> String {
    let text = |pointer: &str| json::text(event, pointer);
    let (kind, namespace, name) = (text("/involvedObject/kind"), text("/involvedObject/namespace"), text("/involvedObject/name"));
    let group = text("/involvedObject/apiVersion").split('/').next().unwrap_or_default();
    let warning = text("/type") == "Warning";
    let mut line = json!({
        "level": if warning { "error" } else { "info" }, "ts": at.to_string(),
        "msg": if warning { "Reconciler error" } else { text("/message") },
        "controller": kind.to_lowercase(), "controllerGroup": group, "controllerKind": kind,
        kind: {"name": name, "namespace": namespace}, "namespace": namespace, "name": name,
    });
    if warning {
        json::set(&mut line, "/error", text("/message").into());
    }
    if let Some(revision) = event.pointer("/metadata/annotations").and_then(Value::as_object) {
        let found = revision.iter().find(|(name, _)| name.ends_with("/revision")).and_then(|(_, value)| value.as_str());
        if let Some(found) = found {
            json::set(&mut line, "/revision", found.into());
        }
    }
    line.to_string()
}
