//! What is known of the selected environment, in a few sentences.

use domain::flux::{Health, ObjectKey};
use domain::project::Environment;
use domain::revision::Revision;
use domain::workload::Workload;

use super::rows::Line;
use super::{EDIT, SYNC};
use crate::cx::Cx;
use crate::theme::Role;
use crate::widgets::format;
use crate::widgets::put::{Piece, cut, piece, width, width_of, wrap};

type Pieces = Vec<Piece<'static>>;

/// Returns the Kustomization of an environment as a key, whether it exists or not.
pub(super) fn key(cx: &Cx, environment: &Environment) -> ObjectKey {
    let name = &environment.gitops.kustomization;
    cx.world
        .kustomization(environment)
        .map_or_else(|| ObjectKey::new(&environment.cluster, "Kustomization", &name.namespace, &name.name), |k| k.key.clone())
}

/// Returns the lines of the pane below the list.
pub(super) fn lines(cx: &Cx, line: Option<&Line>, wide: usize) -> Vec<Pieces> {
    let Some(line) = line else { return Vec::new() };
    let environment = &line.environment;
    let mut out = vec![agreement(cx, line, wide)];
    out.extend(commit(cx, environment, wide));
    for fault in faults(cx, environment) {
        out.push(fault);
    }
    if let Some(kustomization) = cx.world.kustomization(environment)
        && kustomization.health() == Health::Bad
    {
        let indent = piece("  ", Role::Text);
        let text = format::short_digests(&domain::text::one_line(kustomization.message()));
        let said = wrap(&text, wide.saturating_sub(4)).into_iter().take(3);
        out.extend(said.map(|l| vec![indent.clone(), piece(l, Role::Text)]));
    }
    for promise in cx.world.promises.iter().filter(|p| p.environment == environment.id) {
        let age = cx.age(promise.since);
        let short = promise.commit.get(..7).unwrap_or(&promise.commit);
        out.push(vec![piece(cx.tf("environments.promise", &[("commit", short), ("age", &age)]), Role::Busy)]);
    }
    let workloads = cx.world.workloads_of(environment);
    if workloads.is_empty() {
        out.push(vec![piece(cx.tf("environments.no-workload", &[("namespace", &environment.namespace)]), Role::Muted)]);
    }
    out.extend(workloads.iter().map(|w| workload(cx, w, environment, wide)));
    out
}

fn agreement(cx: &Cx, line: &Line, wide: usize) -> Pieces {
    let name = line.environment.id.name.as_str();
    let (text, role) = match line.agrees {
        Some(true) => (cx.tf("environments.agrees", &[("environment", name), ("version", &line.running)]), Role::Text),
        Some(false) => {
            let values = [("environment", name), ("running", line.running.as_str()), ("git", &line.in_git)];
            (cx.tf("environments.behind", &values), Role::Warn)
        }
        None => (cx.tf("environments.unknown", &[("environment", name)]), Role::Muted),
    };
    let gitops = &line.environment.gitops;
    let mut out = vec![piece(text, role)];
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

fn commit(cx: &Cx, environment: &Environment, wide: usize) -> Option<Pieces> {
    let branch = environment.gitops.branch.as_str();
    let Some(git) = cx.world.git_view(&environment.id) else {
        return Some(vec![piece(cx.tf("environments.no-head", &[("branch", branch)]), Role::Muted)]);
    };
    if let Some(trouble) = &git.trouble {
        return Some(vec![
            piece("✗ ", Role::Bad),
            piece(cut(&trouble.to_string(), wide.saturating_sub(2)).into_owned(), Role::Text),
        ]);
    }
    let revision = Revision::of_branch(branch, git.head.as_ref()?).short();
    let age = cx.age_of(git.time);
    let values = [("revision", revision.as_str()), ("subject", &git.subject), ("age", &age), ("author", &git.author)];
    Some(vec![piece(cx.tf("environments.commit", &values), Role::Muted)])
}

fn faults(cx: &Cx, environment: &Environment) -> Vec<Pieces> {
    let workloads = cx.world.workloads_of(environment);
    let faults = workloads.iter().flat_map(|w| cx.world.pods_of(w)).filter_map(|p| p.fault());
    faults
        .take(3)
        .map(|fault| {
            vec![
                piece("✗ ", Role::Bad),
                piece(cx.tf("environments.fault", &[("pod", &fault.pod), ("reason", &fault.reason)]), Role::Bad),
                piece(format!("  {}", domain::text::one_line(&fault.message)), Role::Text),
            ]
        })
        .collect()
}

/// Writes one workload: `shop-web  image ghcr.io/acme/shop:1.8.3  replicas 6/6  cpu 100m–500m  memory 128Mi–512Mi`.
fn workload(cx: &Cx, workload: &Workload, environment: &Environment, wide: usize) -> Pieces {
    let mut out = vec![piece(format!("{}  ", workload.key.name), Role::Text)];
    if let Some(container) = workload.containers.first() {
        out.extend(format::image(&container.image, wide / 2));
    }
    let counts = [("ready", workload.ready.to_string()), ("wanted", workload.replicas.to_string())];
    let counts = counts.each_ref().map(|(k, v)| (*k, v.as_str()));
    out.push(piece(format!("   {}", cx.tf("environments.replicas", &counts)), Role::Muted));
    if let Some(container) = workload.containers.first() {
        let find = |key: &str| container.resources.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str());
        for resource in ["cpu", "memory"] {
            let (from, to) = (find(&format!("requests.{resource}")), find(&format!("limits.{resource}")));
            if from.is_some() || to.is_some() {
                let span = format!("   {resource} {}–{}", from.unwrap_or("…"), to.unwrap_or("…"));
                out.push(piece(span, Role::Muted));
            }
        }
    }
    let place = format!("   {}", cx.tf("environments.in-path", &[("path", &environment.gitops.path)]));
    if width_of(&out) + width(&place) <= wide {
        out.push(piece(place, Role::Faint));
    }
    out
}
