//! The demo's past is the same each time, ends in what the files say today, and is told in the engine's own records.

#![expect(clippy::unwrap_used, reason = "a test says which input failed by failing")]

use std::collections::BTreeSet;
use std::sync::Arc;

use domain::history::History;
use domain::monitor::{Span, monitor};

use super::*;

const NOW: i64 = 1_795_000_000;

fn records() -> Vec<Record> {
    let folder = tempfile::tempdir().unwrap();
    past(folder.path(), Time::from_second(NOW).unwrap()).unwrap()
}

fn last(records: &[Record]) -> Vec<Deployment> {
    let mut out: Vec<Deployment> = Vec::new();
    for record in records {
        if let Some(Change::Deployment(deployment)) = &record.change {
            out.retain(|known| known.id != deployment.id);
            out.push((**deployment).clone());
        }
    }
    out
}

#[test]
fn it_is_the_same_each_time() {
    let without_folders = |records: Vec<Record>| -> Vec<Record> {
        records.into_iter().filter(|r| !matches!(r.change, Some(Change::Project(_)))).collect()
    };
    assert_eq!(without_folders(records()), without_folders(records()));
}

#[test]
fn weeks_of_deployments_end_in_what_runs_today() {
    let records = records();
    assert!(records.is_sorted_by_key(|record| record.time));
    assert!(records.iter().all(|record| record.time.as_second() < NOW));
    let deployments = last(&records);
    assert!(deployments.len() > 90, "{}", deployments.len());
    assert!(deployments.iter().all(|d| d.status.is_over() && d.commit.is_some()));
    for application in &APPLICATIONS {
        for kind in application.environments {
            let id = application.environment(*kind).unwrap().id;
            let newest = deployments.iter().filter(|d| d.environment == id).max_by_key(|d| d.requested).unwrap();
            assert_eq!(
                (tag_deployed(newest), newest.status),
                (course::today(application, *kind).as_str(), Status::Succeeded),
                "{id}"
            );
        }
    }
    let methods: BTreeSet<&str> = deployments.iter().map(|d| d.method.word()).collect();
    assert_eq!(methods.len(), 2, "{methods:?}");
    assert!(deployments.iter().any(|d| d.automation.is_some()));
    assert!(deployments.iter().any(|d| d.rolls_back.is_some()));
    assert!(deployments.iter().any(|d| d.trouble().is_some_and(|t| !t.next.is_empty())));
}

#[test]
fn identifiers_sort_by_time_and_the_figures_have_something_to_count() {
    let deployments: Vec<_> = last(&records()).into_iter().map(Arc::new).collect();
    for d in &deployments {
        assert_eq!(d.id.as_str().len(), 26);
    }
    let (a, b) = (&deployments[0], &deployments[deployments.len() - 1]);
    assert_eq!(a.requested < b.requested, a.id < b.id);
    let history: History = deployments.into_iter().collect();
    let figures = monitor(history.iter(), &Span::days(30, Time::from_second(NOW).unwrap()));
    assert!(figures.all.failure_rate.is_some() && figures.all.restore_time.is_some(), "{:?}", figures.all);
}
