//! The figures by table, at a fixed moment.
#![expect(clippy::unwrap_used, reason = "a test fails by failing")]

use std::sync::Arc;

use super::*;
use crate::actor::{Actor, Authentication, Role};
use crate::deployment::{Deployment, Method, Stage, StageState, Status};
use crate::history::History;
use crate::ident::DeploymentId;
use crate::restore::{Restore, Undone};
use crate::revision::CommitId;

/// Builds a deployment that ended as told, with a commit one second after it was asked for.
pub(crate) fn deployment(id: u32, environment: &str, status: Status, (asked, ended): (&str, Option<&str>)) -> Deployment {
    let requested: Time = asked.parse().unwrap();
    let finished: Option<Time> = ended.map(|t| t.parse().unwrap());
    let done = |ended| Stage { state: StageState::Done, started: Some(requested), ended, detail: String::new() };
    let stages = if status == Status::Succeeded {
        let commit = Time::from_second(requested.as_second() + 1).ok();
        [done(commit), done(finished), done(finished), done(finished)]
    } else {
        [Stage::pending(), Stage::pending(), Stage::pending(), Stage::pending()]
    };
    Deployment {
        id: DeploymentId::new(format!("{id:026}")),
        environment: environment.parse().unwrap(),
        method: Method::GitopsUi,
        actor: Actor {
            login: "ada".to_owned(),
            name: String::new(),
            email: String::new(),
            by: Authentication::Process,
            role: Role::Admin,
        },
        requested,
        finished,
        status,
        edits: Vec::new(),
        workload: None,
        message: String::new(),
        branch: "main".to_owned(),
        files: Vec::new(),
        base: None,
        commit: None,
        reviewed: String::new(),
        summary: String::new(),
        expect_images: Vec::new(),
        expect_replicas: None,
        automation: None,
        rolls_back: None,
        restore: None,
        proposal: None,
        applied: Vec::new(),
        stages,
    }
}

fn span() -> Span {
    Span::days(7, "2026-11-21T00:00:00Z".parse().unwrap())
}

fn fleet() -> History {
    let mut all = vec![
        // Before the span: broken, and restored in it.
        deployment(1, "shop/a", Status::Failed, ("2026-11-13T10:00:00Z", Some("2026-11-13T12:00:00Z"))),
        deployment(2, "shop/a", Status::Succeeded, ("2026-11-14T11:00:00Z", Some("2026-11-14T12:00:00Z"))),
        deployment(3, "shop/a", Status::Succeeded, ("2026-11-15T11:00:00Z", Some("2026-11-15T11:00:31Z"))),
        // Taken back by the next.
        deployment(4, "shop/a", Status::Succeeded, ("2026-11-16T11:00:00Z", Some("2026-11-16T11:01:01Z"))),
        deployment(5, "shop/a", Status::Succeeded, ("2026-11-16T11:05:00Z", Some("2026-11-16T11:06:01Z"))),
        deployment(6, "shop/b", Status::Failed, ("2026-11-20T11:00:00Z", Some("2026-11-20T11:01:00Z"))),
        deployment(7, "shop/b", Status::Failed, ("2026-11-20T12:00:00Z", Some("2026-11-20T12:01:00Z"))),
        deployment(8, "shop/b", Status::Superseded, ("2026-11-20T13:00:00Z", None)),
        deployment(9, "shop/b", Status::Running, ("2026-11-20T14:00:00Z", None)),
    ];
    all[4].rolls_back = Some(all[3].id.clone());
    all.into_iter().map(Arc::new).collect()
}

#[test]
fn the_figures_of_a_week() {
    let found = monitor(fleet().iter(), &span());
    let all = &found.all;
    assert_eq!((all.deployments, all.succeeded, all.failed, all.superseded, all.open), (8, 4, 2, 1, 1));
    assert_eq!(all.success_rate, Some(4.0 / 6.0));
    assert_eq!(all.failure_rate, Some(3.0 / 6.0), "two failed, one was taken back");
    assert!((all.per_day - 4.0 / 7.0).abs() < 1e-9, "{}", all.per_day);
    // 30 s, 60 s, 60 s and 3599 s from the commit on.
    assert_eq!((all.healthy_p50, all.healthy_p95), (Some(60_000), Some(3_599_000)));
    assert_eq!(all.lead_time, Some(61_000));
    // A day for the first, five minutes for the one that was rolled back.
    assert_eq!(all.restore_time, Some(300_000));
    let names: Vec<String> = found.environments.iter().map(|f| f.environment.as_ref().unwrap().to_string()).collect();
    assert_eq!(names, ["shop/a", "shop/b"], "the slowest first");
    let b = &found.environments[1];
    assert_eq!((b.success_rate, b.failure_rate, b.restore_time, b.lead_time), (Some(0.0), Some(1.0), None, None));
    assert_eq!(b.broken_since, Some("2026-11-20T11:01:00Z".parse().unwrap()), "the first of several failures");
    assert_eq!(found.environments[0].broken_since, None);
}

#[test]
fn every_deployment_is_in_one_part() {
    let found = monitor(fleet().iter(), &span());
    assert_eq!(found.parts.len(), 28);
    assert_eq!(found.parts[0].from, span().from);
    let sum: usize = found.parts.iter().map(|p| p.succeeded + p.failed + p.other).sum();
    assert_eq!(sum, 8);
    let busy: Vec<usize> = (0..28).filter(|at| found.parts[*at].succeeded + found.parts[*at].failed > 0).collect();
    // Six hours each, from the 14th on.
    assert_eq!(busy, [1, 5, 9, 25, 26]);
    assert_eq!((found.parts[26].failed, found.parts[26].other), (1, 2));
}

#[test]
fn of_nothing_nothing_is_said() {
    let found = monitor(History::default().iter(), &span());
    let all = found.all;
    assert_eq!((all.success_rate, all.sync_rate, all.failure_rate, all.restore_time), (None, None, None, None));
    assert_eq!((all.healthy_p50, all.healthy_p95, all.lead_time, all.deployments), (None, None, None, 0));
    assert!(found.environments.is_empty());
}

#[test]
fn a_span_is_cut_by_its_length() {
    let now: Time = "2026-11-21T00:00:00Z".parse().unwrap();
    for (days, parts) in [(1, 24), (7, 28), (30, 30), (90, 30)] {
        assert_eq!(Span::days(days, now).parts, parts, "{days} days");
    }
    let span = Span::days(1, now);
    assert_eq!((span.part(span.from), span.part(span.to)), (0, 23));
    assert_eq!(Span::last(0, now).length(), 60_000);
}

#[test]
fn whatever_a_rollback_takes_back_counts_and_each_once() {
    let mut all: Vec<Deployment> = fleet().iter().filter_map(|brief| brief.whole().map(|whole| (**whole).clone())).collect();
    all.sort_by(|a, b| a.id.as_str().cmp(b.id.as_str()));
    let undone = |of: &Deployment| Undone {
        deployment: of.id.clone(),
        summary: String::new(),
        by: None,
        commit: CommitId::parse(&"a".repeat(40)).unwrap(),
        since: None,
        files: Vec::new(),
    };
    let undoes = vec![undone(&all[3]), undone(&all[2])];
    all[4].restore =
        Some(Box::new(Restore { to: None, undoes, overlaps: None, answers: Vec::new(), shared: None, suspend: Vec::new() }));
    let all: History = all.into_iter().map(Arc::new).collect();
    let found = monitor(all.iter(), &span());
    assert_eq!(found.all.failure_rate, Some(4.0 / 6.0), "two failed, two were taken back at once");
}
