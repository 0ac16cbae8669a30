//! What is known of the selected environment, in a few sentences.

use domain::flux::{Health, ObjectKey};
use domain::project::Environment;
use domain::revision::Revision;
use domain::workload::Workload;

use super::rows::Line;
use super::{EDIT, SYNC, TO_CLUSTER, TO_RECORD};
use crate::cx::Cx;
use crate::theme::Role;
use crate::widgets::format;
use crate::widgets::link;
use crate::widgets::pane::Room;
use crate::widgets::put::{Piece, cut, piece, width, width_of, wrap};
use crate::widgets::recent::{self, Recent};
use crate::widgets::why;

type Pieces = Vec<Piece<'static>>;

/// How many Pods of a workload are named.
const PODS: usize = 8;

/// Returns the Kustomization of an environment as a key, whether it exists or not.
pub(super) fn key(cx: &Cx, environment: &Environment) -> ObjectKey {
    let name = &environment.gitops.kustomization;
    cx.world
        .kustomization(environment)
        .map_or_else(|| ObjectKey::new(&environment.cluster, "Kustomization", &name.namespace, &name.name), |k| k.key.clone())
}

/// Returns the lines of the pane below the list.
pub(super) fn lines(cx: &Cx, line: Option<&Line>, recent: &Recent, room: Room) -> Vec<Pieces> {
    let wide = room.wide;
    let Some(line) = line else { return Vec::new() };
    let environment = &line.environment;
    let mut out = vec![agreement(cx, line, wide)];
    out.extend(silence(cx, line, wide));
    out.extend(commit(cx, environment, wide));
    out.extend(departures(cx, line));
    for fault in faults(cx, environment) {
        out.push(fault);
    }
    if let Some(kustomization) = cx.world.kustomization(environment)
        && kustomization.health() == Health::Bad
    {
        let indent = piece("  ", Role::Text);
        let text = format::sentence(kustomization.message());
        let said = wrap(&text, wide.saturating_sub(4)).into_iter().take(3);
        out.extend(said.map(|l| vec![indent.clone(), piece(l, Role::Text)]));
    }
    for promise in cx.world.promises.iter().filter(|p| p.environment == environment.id) {
        let age = cx.age(promise.since);
        let short = promise.commit.get(..7).unwrap_or(&promise.commit);
        out.push(vec![piece(cx.tf("environments.promise", &[("commit", short), ("age", &age)]), Role::Busy)]);
    }
    let workloads = cx.world.workloads_of(environment);
    // That there is none is not known of what is not heard.
    if workloads.is_empty() && cx.world.cluster_link(&environment.cluster).is_none_or(|link| !link.is_stale()) {
        out.push(vec![piece(cx.tf("environments.no-workload", &[("namespace", &environment.namespace)]), Role::Muted)]);
    }
    if !workloads.is_empty() {
        out.push(Vec::new());
    }
    for found in workloads {
        out.push(workload(cx, found, environment, wide));
        out.extend(pods(cx, found));
    }
    out.push(Vec::new());
    let ours = recent.of(&cx.world.deployments, environment.id.to_string(), |d| *d.environment() == environment.id);
    out.extend(recent::lines(cx, &ours, false, room));
    out
}

/// Says where record and cluster part, and what settles it.
fn departures(cx: &Cx, line: &Line) -> Vec<Pieces> {
    let found = line.departures.as_deref().unwrap_or_default();
    if found.is_empty() {
        return Vec::new();
    }
    let keys = [("record", cx.key(&TO_RECORD)), ("cluster", cx.key(&TO_CLUSTER))];
    let keys = keys.each_ref().map(|(name, key)| (*name, key.as_str()));
    let mut out = vec![vec![
        piece("≠ ", Role::Warn),
        piece(cx.t("departure.title").to_owned(), Role::Warn),
        piece(format!("   {}", cx.tf("departure.settle", &keys)), Role::Muted),
    ]];
    for departure in found {
        let text = if departure.field == "objects" {
            cx.tf("departure.missing", &[("object", &departure.object.to_string())])
        } else {
            let field = cx.t(&format!("departure.field.{}", departure.field)).to_owned();
            cx.tf("departure.line", &[("field", &field), ("record", &departure.record), ("cluster", &departure.cluster)])
        };
        out.push(vec![piece(format!("  {text}"), Role::Text)]);
    }
    let mut named: Vec<&ObjectKey> = found.iter().map(|departure| &departure.object).collect();
    named.dedup();
    for origin in named.into_iter().filter_map(|key| domain::departure::origin(cx.world, key)) {
        out.push(vec![piece(format!("  {}", cx.tf("departure.from", &[("by", &origin.by.to_string())])), Role::Muted)]);
    }
    out
}

/// Names the Pods of a workload, those that are not ready first.
fn pods(cx: &Cx, workload: &Workload) -> Vec<Pieces> {
    let mut found: Vec<_> = cx.world.pods_of(workload).filter(|p| !p.deleting).collect();
    found.sort_by_key(|p| (p.fault().is_none(), p.is_ready(), p.key.clone()));
    let wide = found.iter().map(|p| width(&p.key.name)).max().unwrap_or(0);
    let line = |pod: &domain::workload::Pod| {
        let fault = pod.fault();
        let health = cx.as_known(&pod.key, pod.health());
        let said = fault.map_or_else(|| pod.phase.clone(), |f| f.reason);
        let pad = " ".repeat(wide - width(&pod.key.name));
        vec![
            piece(format!("  {} ", cx.glyph(health)), health.into()),
            piece(format!("{}{pad}", pod.key.name), Role::Muted),
            piece(format!("  {:>4}", cx.age_of(pod.created)), Role::Faint),
            piece(format!("  {said}"), if health == Health::Bad { Role::Bad } else { Role::Muted }),
        ]
    };
    found.into_iter().take(PODS).map(|pod| line(pod)).collect()
}

fn agreement(cx: &Cx, line: &Line, wide: usize) -> Pieces {
    let name = line.environment.id.name.as_str();
    let (text, role) = match line.agrees {
        Some(true) => (cx.tf("environments.agrees", &[("environment", name), ("version", &line.running().0)]), Role::Text),
        Some(false) => {
            let running = line.running().0;
            let values = [("environment", name), ("running", running.as_str()), ("git", &line.in_git)];
            (cx.tf("environments.behind", &values), Role::Warn)
        }
        None => (cx.tf("environments.unknown", &[("environment", name)]), Role::Muted),
    };
    let gitops = &line.environment.gitops;
    let mut out = match line.stale(cx) {
        // What was so when something was last heard need not be so now.
        Some(since) => vec![piece(format!("{text}   "), Role::Unknown), piece(since, Role::Unknown)],
        None => vec![piece(text, role)],
    };
    let hint = if !gitops.enabled {
        Some(cx.tf("environments.sync-off", &[("key", &cx.key(&EDIT))]))
    } else if !gitops.auto_sync && line.agrees != Some(true) {
        Some(cx.tf("environments.sync-manual", &[("key", &cx.key(&SYNC))]))
    } else {
        None
    };
    if let Some(hint) = hint.filter(|h| width(h) + width_of(&out) + 2 <= wide) {
        out.push(piece(format!("   {hint}"), Role::Muted));
    }
    out
}

/// Says why nothing is heard of the cluster, in full.
fn silence(cx: &Cx, line: &Line, wide: usize) -> Vec<Pieces> {
    let why = cx.world.cluster_link(&line.environment.cluster).and_then(link::why);
    let lines = why.map(|why| wrap(why, wide.saturating_sub(2))).unwrap_or_default();
    lines.into_iter().take(3).map(|line| vec![piece(format!("  {line}"), Role::Muted)]).collect()
}

fn commit(cx: &Cx, environment: &Environment, wide: usize) -> Option<Pieces> {
    let branch = environment.gitops.branch.as_str();
    let Some(git) = cx.world.git_view(&environment.id) else {
        return Some(vec![piece(cx.tf("environments.no-head", &[("branch", branch)]), Role::Muted)]);
    };
    if let Some(trouble) = &git.trouble {
        return Some(vec![
            piece("✗ ", Role::Bad),
            piece(cut(&cx.trouble(trouble), wide.saturating_sub(2)).into_owned(), Role::Text),
        ]);
    }
    let revision = Revision::of_branch(branch, git.head.as_ref()?).short();
    let age = cx.age_of(git.time);
    let values = [("revision", revision.as_str()), ("subject", &git.subject), ("age", &age), ("author", &git.author)];
    Some(vec![piece(cx.tf("environments.commit", &values), Role::Muted)])
}

fn faults(cx: &Cx, environment: &Environment) -> Vec<Pieces> {
    let workloads = cx.world.workloads_of(environment);
    let pods = workloads.iter().flat_map(|w| cx.world.pods_of(w));
    let faults = pods.filter_map(|pod| why::of_pod(cx, pod).map(|(reason, said)| (&pod.key, reason, said)));
    faults
        .take(3)
        .map(|(pod, reason, said)| {
            let health = cx.as_known(pod, Health::Bad);
            vec![
                piece(format!("{} ", cx.glyph(health)), health.into()),
                piece(cx.tf("environments.fault", &[("pod", &pod.name), ("reason", &reason)]), health.into()),
                piece(format!("  {said}"), Role::Text),
            ]
        })
        .collect()
}

/// Writes one workload: `shop-web  image ghcr.io/acme/shop:1.8.3  replicas 6/6  cpu 100m–500m  memory 128Mi–512Mi`.
fn workload(cx: &Cx, workload: &Workload, environment: &Environment, wide: usize) -> Pieces {
    // A rollout that cannot go on is no rollout under way.
    let stuck = cx.world.pods_of(workload).any(|p| p.fault().is_some());
    let health = cx.as_known(&workload.key, if stuck { Health::Bad } else { workload.health() });
    let mut out =
        vec![piece(format!("{} ", cx.glyph(health)), health.into()), piece(format!("{}  ", workload.key.name), Role::Text)];
    if let Some(container) = workload.containers.first() {
        out.extend(format::image(&container.image, wide / 2));
    }
    let counts = [("ready", workload.ready.to_string()), ("wanted", workload.replicas.to_string())];
    let counts = counts.each_ref().map(|(k, v)| (*k, v.as_str()));
    let mut parts = vec![(cx.tf("environments.replicas", &counts), Role::Muted)];
    if let Some(container) = workload.containers.first() {
        let find = |key: &str| container.resources.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str());
        for (resource, word) in [("cpu", "environments.cpu"), ("memory", "environments.memory")] {
            let (from, to) = (find(&format!("requests.{resource}")), find(&format!("limits.{resource}")));
            if from.is_some() || to.is_some() {
                parts.push((format!("{} {}–{}", cx.words.get(word), from.unwrap_or("…"), to.unwrap_or("…")), Role::Muted));
            }
        }
    }
    parts.push((cx.tf("environments.in-path", &[("path", &environment.gitops.path)]), Role::Faint));
    // Half a figure would be taken for another one.
    for (text, role) in parts {
        if width_of(&out) + width(&text) + 3 <= wide {
            out.push(piece(format!("   {text}"), role));
        }
    }
    out
}
