//! One table of cases: what Flux, the API server, the scheduler and the kubelet really write, and what it is taken for.

#![expect(clippy::unwrap_used, reason = "a test fails by failing")]

mod cases;
mod chains;

use std::collections::BTreeSet;

use super::*;

/// Whose words a case quotes.
#[derive(Clone, Copy)]
enum Place {
    /// Ready=False of an object of a kind, with a reason.
    Ready(&'static str, &'static str),
    /// A condition of a workload: type, status and reason.
    Rollout(&'static str, &'static str, &'static str),
    /// A container's fault, by its reason.
    Container(&'static str),
    /// PodScheduled=False.
    Placing,
    /// An event about an object of a kind, with a reason.
    Event(&'static str, &'static str),
}

use Place::{Container, Event, Placing, Ready, Rollout};

/// Holds one case: where, the message, and what it is: the cause's name, object, and a part of what is said and advised.
type Case = (Place, &'static str, &'static str, &'static str, &'static str);

fn key(kind: &str) -> ObjectKey {
    ObjectKey { cluster: "deck".into(), kind: kind.into(), namespace: "shop".into(), name: "web".into() }
}

fn statement(place: Place, message: &str) -> Said {
    let text = message.to_owned();
    let (kind, origin, reason) = match place {
        Ready(kind, reason) => {
            (kind, Origin::Condition { name: "Ready".into(), status: "False".into(), reason: reason.into() }, reason)
        }
        Rollout(name, status, reason) => {
            ("Deployment", Origin::Condition { name: name.into(), status: status.into(), reason: reason.into() }, reason)
        }
        Container(reason) => ("Pod", Origin::Container { name: "app".into(), reason: reason.into() }, reason),
        Placing => ("Pod", Origin::Container { name: String::new(), reason: "Unschedulable".into() }, "Unschedulable"),
        Event(kind, reason) => (kind, Origin::Event { reason: reason.into(), count: 3 }, reason),
    };
    let mut given = Values::new();
    if kind == "Pod" {
        given = vec![("container", "app".into()), ("image", "ghcr.io/acme/shop:2".into()), ("requests", "cpu 500".into())];
    }
    if kind == "PersistentVolumeClaim" {
        given.push(("claim", "data".into()));
    }
    Said { object: key(kind), origin, reason: reason.to_owned(), text, given }
}

#[test]
fn every_message_is_understood() {
    let mut wrong = Vec::new();
    for (place, message, id, object, part) in cases::CASES {
        let Some(cause) = read(&statement(*place, message), 0) else {
            wrong.push(format!("{id}: nothing found in {message:?}"));
            continue;
        };
        let said = format!("{} → {}", cause.what(), cause.next());
        let about = if object.is_empty() { cause.object.to_string() } else { (*object).to_owned() };
        if cause.id != *id || cause.object.to_string() != about || !said.contains(part) {
            wrong.push(format!("{id} of {about} with {part:?}: got {} of {}: {said}", cause.id, cause.object));
        }
        let places = [cause.meaning, cause.advice].into_iter().flat_map(|text| text.split('{').skip(1));
        for name in places.filter_map(|part| part.split('}').next()) {
            // An example in the advice looks like a place: `${name:=value}`.
            if cause.value(name).is_none() && !name.starts_with("name") {
                wrong.push(format!("{id}: nothing stands in {name}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_cause_has_a_case_and_a_name_of_its_own() {
    let mut names = BTreeSet::new();
    for rule in causes() {
        assert!(names.insert(rule.id), "{} is there twice", rule.id);
        assert!(rule.what.starts_with(|c: char| c.is_uppercase()) && !rule.what.ends_with('.'), "{}", rule.what);
        assert!(rule.next.ends_with('.'), "{}", rule.next);
    }
    let shown: BTreeSet<&str> = cases::CASES.iter().map(|case| case.2).chain(chains::SHOWN).collect();
    let missing: Vec<&str> = names.iter().filter(|name| !shown.contains(*name)).copied().collect();
    assert!(missing.is_empty(), "no case for {missing:?}");
}
