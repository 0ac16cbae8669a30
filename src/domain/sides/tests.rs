//! What Git says beside what runs.
#![expect(clippy::unwrap_used, reason = "a test fails by failing")]

use serde_json::json;

use super::*;
use crate::edit::{Found, WorkloadRef};

fn facts(found: &[(Field, Option<&str>, &str)]) -> FormFacts {
    let found = found.iter().map(|(field, container, value)| Found {
        field: field.clone(),
        container: container.map(str::to_owned),
        value: (*value).to_owned(),
        file: "k8s/base/web.yaml".to_owned(),
        line: 1,
        why: String::new(),
    });
    let workload = WorkloadRef { kind: "Deployment".to_owned(), name: "web".to_owned() };
    FormFacts {
        environment: "shop/production".parse().unwrap(),
        head: CommitId::parse(&"a".repeat(40)).unwrap(),
        workloads: vec![workload.clone()],
        workload,
        containers: vec!["web".to_owned(), "prepare".to_owned()],
        init: vec!["prepare".to_owned()],
        found: found.collect(),
    }
}

fn live() -> Value {
    json!({"spec": {"replicas": 3, "template": {"spec": {"containers": [{
        "name": "web", "image": "acme/shop:1.8.4",
        "resources": {"requests": {"cpu": "500m"}, "limits": {"memory": "256Mi"}},
        "env": [
            {"name": "LEVEL", "value": "debug"},
            {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "shop-2kf7mh9bt4", "key": "token"}}},
            {"name": "EXTRA", "value": "1"},
        ],
    }]}}}})
}

fn git() -> FormFacts {
    let web = Some("web");
    facts(&[
        (Field::ImageName, web, "acme/shop"),
        (Field::ImageTag, web, "1.8.5"),
        (Field::ImageName, Some("prepare"), "acme/prepare"),
        (Field::Resource(Bound::Request, Resource::Cpu), web, "0.5"),
        (Field::Env("LEVEL".to_owned()), web, "info"),
        (Field::Env("TOKEN".to_owned()), web, ""),
        (Field::EnvRef("TOKEN".to_owned()), web, "secret:shop/token"),
        (Field::Env("GONE".to_owned()), web, "x"),
    ])
}

/// A field: what it is called, what Git says, what runs, whether they part.
type Row<'a> = (&'a str, Option<&'a str>, Option<&'a str>, Option<bool>);

#[test]
fn fields_part_where_values_mean_something_else() {
    let places = compare(Some(&git()), Some(&live()));
    let said: Vec<Row<'_>> = places.iter().map(|p| (p.field.as_str(), p.git.as_deref(), p.running.as_deref(), p.drift)).collect();
    assert_eq!(
        said,
        [
            ("image", Some("acme/shop:1.8.5"), Some("acme/shop:1.8.4"), Some(true)),
            ("cpu request", Some("0.5"), Some("500m"), Some(false)),
            ("env LEVEL", Some("info"), Some("debug"), Some(true)),
            ("env TOKEN", Some("secret:shop/token"), Some("secret:shop-2kf7mh9bt4/token"), Some(false)),
            ("env GONE", Some("x"), None, Some(true)),
            ("replicas", None, Some("3"), Some(false)),
            ("memory limit", None, Some("256Mi"), Some(false)),
            ("env EXTRA", None, Some("1"), Some(true)),
        ]
    );
    assert_eq!(agrees(&places), Some(false));
}

#[test]
fn what_was_not_read_agrees_with_nothing() {
    for places in [compare(Some(&git()), None), compare(None, Some(&live()))] {
        assert!(!places.is_empty() && places.iter().all(|p| p.drift.is_none()), "{places:?}");
        assert_eq!(agrees(&places), None);
    }
    assert_eq!(agrees(&compare(None, None)), None);
    assert_eq!(agrees(&compare(Some(&git()), Some(&Value::Null))), Some(false), "nothing runs of what Git says");
}

#[test]
fn a_row_marks_what_is_not_as_in_the_first() {
    let side = |name: &str, fields: Vec<Place>| Side {
        environment: format!("shop/{name}").parse().unwrap(),
        kind: EnvironmentType::Staging,
        branch: "main".to_owned(),
        head: None,
        applied: None,
        workload: "Deployment/web".to_owned(),
        agrees: None,
        stale: false,
        fields,
        git_trouble: None,
        live_trouble: None,
    };
    let place = |field: &str, running: &str| Place {
        field: field.to_owned(),
        container: None,
        git: None,
        running: Some(running.to_owned()),
        drift: None,
    };
    let sides = Sides {
        project: Slug::new("shop").unwrap(),
        sides: vec![
            side("a", vec![place("env A", "1"), place("replicas", "2")]),
            side("b", vec![place("replicas", "2"), place("cpu limit", "1")]),
            side("c", vec![place("env A", "2"), place("replicas", "6"), place("cpu limit", "1000m")]),
        ],
    };
    let rows: Vec<(&str, Vec<bool>)> =
        sides.across().into_iter().map(|row| (row.field, row.cells.iter().map(|(_, odd)| *odd).collect())).collect();
    assert_eq!(
        rows,
        [("replicas", vec![false, false, true]), ("cpu limit", vec![true, false, false]), ("env A", vec![false, true, true]),]
    );
}
