//! Changes of a container's probes.
//!
//! A probe that is not there is made as one over HTTP when its port or its path is set. To remove its port removes the probe,
//! which cannot ask anything without one.

use domain::edit::{Edit, Field, Found, Probe, ProbePart};

use crate::edit::aim::Step;
use crate::edit::{Desk, container};
use crate::error::Error;
use crate::locate::{Container, Located};
use crate::yaml::{Fragment, Val};

/// The ways of asking that have a port.
const PORTED: [&str; 3] = ["httpGet", "tcpSocket", "grpc"];

fn asked(edit: &Edit) -> (Probe, ProbePart) {
    if let Field::Probe(probe, part) = &edit.field { (*probe, *part) } else { (Probe::Liveness, ProbePart::Path) }
}

fn there<'v>(holder: &'v Val, key: &str) -> Option<&'v Val> {
    holder.get(key).filter(|v| !v.is_null())
}

/// Returns the keys of a part within its probe, as the probe is now.
fn keys(probe: Option<&Val>, part: ProbePart) -> Vec<&'static str> {
    match part {
        ProbePart::Path => vec!["httpGet", "path"],
        ProbePart::Port => {
            let way = PORTED.iter().find(|way| probe.is_some_and(|p| there(p, way).is_some()));
            vec![way.copied().unwrap_or("httpGet"), "port"]
        }
        ProbePart::Delay => vec!["initialDelaySeconds"],
        ProbePart::Period => vec!["periodSeconds"],
        ProbePart::Timeout => vec!["timeoutSeconds"],
        ProbePart::Failures => vec!["failureThreshold"],
        ProbePart::Successes => vec!["successThreshold"],
    }
}

/// Tells whether the effective value is the one that an edit asks for.
pub(super) fn met(located: &Located, edit: &Edit) -> Result<bool, Error> {
    let (probe, part) = asked(edit);
    let now = there(located.meant(edit)?.val, probe.key());
    Ok(now.and_then(|p| p.at(&keys(now, part)[..]).filter(|_| p.as_map().is_some())).and_then(Val::scalar) == edit.value)
}

/// Takes one step towards the value that was asked for.
pub(super) fn step(desk: &mut Desk, located: &Located, edit: &Edit) -> Result<(), Error> {
    let (probe, part) = asked(edit);
    let container = located.meant(edit)?;
    let now = there(container.val, probe.key());
    let whole = container::aim(located, edit)?.below(Step::keys(&[probe.key()]));
    let aim = whole.below(Step::keys(&keys(now, part)));
    let Some(value) = &edit.value else {
        return if part == ProbePart::Port { whole.remove(desk, located) } else { aim.remove(desk, located) };
    };
    let way =
        now.and_then(|p| p.as_map()?.keys().find(|k| matches!(k.as_str(), "httpGet" | "tcpSocket" | "grpc" | "exec")).cloned());
    match (part, way.as_deref()) {
        (ProbePart::Path, Some(other)) if other != "httpGet" => {
            Err(whole.refused(located, format!("the probe asks by {other} and has no path")))
        }
        (ProbePart::Port, Some("exec")) => Err(whole.refused(located, "the probe runs a command and has no port")),
        (ProbePart::Path, None) => {
            let first = default_port(container).ok_or_else(|| {
                whole.refused(located, "there is no such probe, and no port that it could ask; set its port too")
            })?;
            let pairs = vec![("path".to_owned(), Fragment::Text(value.clone())), ("port".to_owned(), first)];
            whole.below(Step::keys(&["httpGet"])).set(desk, located, &Fragment::Map(pairs))
        }
        (ProbePart::Path, Some(_)) => aim.set(desk, located, &Fragment::Text(value.clone())),
        (ProbePart::Port, _) => aim.set(desk, located, &number_or_name(value)),
        (_, None) => Err(whole.refused(located, "there is no such probe; set its port or its path first")),
        _ => aim.set(desk, located, &Fragment::Plain(value.clone())),
    }
}

fn number_or_name(value: &str) -> Fragment {
    let number = value.bytes().all(|b| b.is_ascii_digit());
    if number { Fragment::Plain(value.to_owned()) } else { Fragment::Text(value.to_owned()) }
}

/// Returns the port of a container that a new probe asks: its first one.
fn default_port(container: Container<'_>) -> Option<Fragment> {
    let port = container.val.get("ports").map(Val::items).unwrap_or_default().first()?;
    port.get("name").or_else(|| port.get("containerPort")).and_then(Val::scalar).map(|text| number_or_name(&text))
}

/// Adds the parts of a container's probes with their places.
pub(crate) fn found(located: &Located, container: Container<'_>, found: &mut Vec<Found>) {
    for probe in Probe::ALL {
        let Some(now) = there(container.val, probe.key()) else { continue };
        for part in ProbePart::ALL {
            if let Some(val) = now.at(&keys(Some(now), part))
                && let Some(value) = val.scalar()
            {
                found.push(located.found(Field::Probe(probe, part), Some(container.name), value, val.from));
            }
        }
    }
}
