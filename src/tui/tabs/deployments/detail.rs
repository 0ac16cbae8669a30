//! One deployment, followed: what it is, where it stands, which workloads and Pods it waits for, why it failed.

use domain::deployment::{Deployment, Method, StageName, StageState, Status};
use domain::flux::Health;
use domain::history::{Act, Brief, History, Mark};
use domain::proposal::{How, Proposal};
use domain::trouble::Trouble;
use domain::workload::{Pod, Workload};

use super::{estimate, list};
use crate::cx::{Cx, fine};
use crate::theme::Role;
use crate::widgets::put::{Piece, piece};
use crate::widgets::sheet::Row;
use crate::widgets::stages;
use crate::widgets::why;

/// What the log lines in a failure's reason follow.
const LOG_MARK: &str = "last log lines:";
/// How many Pods of a workload are named.
const PODS: usize = 6;

/// Returns the line that says which deployment it is, and at its right how long it has taken.
pub(super) fn title(cx: &Cx, deployment: &Brief) -> (Vec<Piece<'static>>, Vec<Piece<'static>>) {
    let health = list::health(deployment.status());
    let role = health.map_or(Role::Faint, Role::from);
    let left = vec![
        piece(format!("{} ", health.map_or("·", |h| cx.glyph(h))), role),
        piece(format!("{}  ", deployment.short()), Role::Accent),
        piece(deployment.environment().project.to_string(), Role::Text),
        piece(" → ", Role::Faint),
        piece(format!("{}   ", deployment.environment().name), Role::Text),
        piece(list::change(cx, deployment), Role::Text),
    ];
    let word = list::status(cx, deployment.status());
    let (over, finished) = (deployment.is_over(), deployment.finished());
    let took = if over && finished.is_none() { String::new() } else { cx.took(deployment.requested(), finished) };
    let mut right = vec![piece(format!("{word} {took}").trim_end().to_owned(), role)];
    if !over && let Some(usual) = estimate::usual(&cx.world.deployments, deployment) {
        right.push(piece(format!(" {}", cx.tf("deployments.usually", &[("time", &fine(usual))])), Role::Faint));
    }
    (left, right)
}

/// Says who asked for it and how, and when.
pub(super) fn origin(cx: &Cx, deployment: &Brief) -> Vec<Piece<'static>> {
    let who = match deployment.automation() {
        "" => cx.tf("deployments.by", &[("who", &deployment.actor().login)]),
        name => cx.tf("deployments.by-automation", &[("name", name)]),
    };
    let commit = deployment.commit().get(..7).map(|short| format!("{}@{short}", deployment.branch())).unwrap_or_default();
    vec![
        piece(who, Role::Muted),
        piece(format!("  {}", list::method(cx, deployment.method())), Role::Faint),
        piece(format!("  {}", cx.moment(deployment.requested())), Role::Faint),
        piece(format!("  {commit}"), Role::Muted),
    ]
}

/// Says which deployments it takes back, and which one took it back.
fn taken_back(cx: &Cx, deployment: &Deployment, takers: &[Brief]) -> Vec<Row> {
    let mut rows = Vec::new();
    if let Some(restore) = &deployment.restore {
        let undone = restore.undoes.iter().map(|undone| undone.deployment.short()).collect::<Vec<_>>().join(", ");
        let told = match &restore.to {
            Some(to) => cx.tf("diff.back-to", &[("deployment", to.short()), ("undone", &undone)]),
            None => cx.tf("diff.reverts", &[("undone", &undone)]),
        };
        rows.push(Row::text("↶ ", Role::Accent, told, Role::Text));
    }
    let undoes = |d: &Brief| d.undoes().split(' ').any(|id| id == deployment.id.as_str());
    if let Some(by) = takers.iter().find(|d| undoes(d)) {
        let told = cx.tf("deployments.taken-back", &[("deployment", by.short())]);
        rows.push(Row::text("↶ ", Role::Muted, told, Role::Muted));
    }
    rows
}

/// Returns those that took others back, the newest first; a refused one took nothing back.
pub(super) fn takers(all: &History) -> Vec<Brief> {
    let took = |d: &&Brief| d.act() != Act::Deploy && d.mark(StageName::Commit) == Mark::Done;
    all.iter().filter(took).cloned().collect()
}

/// Says why the whole record cannot be shown.
pub(super) fn unread(cx: &Cx, trouble: &Trouble) -> Vec<Row> {
    let mut rows = vec![Row::text("✗ ", Role::Bad, cx.said(&trouble.what), Role::Bad)];
    rows.push(Row::text("  ", Role::Text, cx.said(&trouble.why), Role::Text));
    rows.push(Row::text("  → ", Role::Accent, cx.said(&trouble.next), Role::Text));
    rows
}

/// Returns the rows under the stages.
pub(super) fn rows(cx: &Cx, (brief, deployment): (&Brief, &Deployment), takers: &[Brief]) -> Vec<Row> {
    let mut rows = Vec::new();
    if let Some(trouble) = deployment.trouble() {
        rows.extend(failure(cx, deployment, trouble));
    } else if let Some(name) = deployment.current() {
        let stage = deployment.stage(name);
        let by_hand =
            super::waits_for_sync(cx, brief).then(|| cx.tf("deployments.sync-hint", &[("key", &cx.keymap.label(&super::SYNC))]));
        let said = by_hand.unwrap_or_else(|| cx.acted(&stage.detail));
        if !said.is_empty() {
            let (glyph, role) = stages::glyph(cx, stage);
            rows.push(Row::text(format!("{glyph} {}  ", stages::title(cx, name)), role, said, Role::Text));
        }
        rows.extend(deployment.awaits().map(|proposal| waits(cx, deployment, proposal)).into_iter().flatten());
        rows.extend(hindrance(cx, deployment, name));
    }
    rows.extend(taken_back(cx, deployment, takers));
    if deployment.status == Status::Superseded {
        rows.push(Row::text("· ", Role::Faint, cx.t("deployments.superseded"), Role::Muted));
    }
    if is_present(cx, deployment) {
        rows.extend(workloads(cx, deployment));
    }
    rows.push(Row::Blank);
    rows.extend(commit(cx, deployment));
    rows
}

/// Says where a change waits for approval, and that nothing here can give it.
fn waits(cx: &Cx, deployment: &Deployment, proposal: &Proposal) -> Vec<Row> {
    let pair = |key: &str, value: String, role| Row::text(format!("  {}  ", cx.words.get(key)), Role::Muted, value, role);
    let mut rows = vec![pair("deployments.own-branch", format!("{} → {}", proposal.branch, deployment.branch), Role::Text)];
    match &proposal.link {
        Some(link) => {
            rows.push(pair("deployments.merge-request", link.clone(), Role::Accent));
            let (open, copy) = (cx.keymap.label(&super::VISIT), cx.keymap.label(&super::COPY_LINK));
            rows.push(Row::text(
                "  ",
                Role::Text,
                cx.tf("deployments.link-hint", &[("open", &open), ("copy", &copy)]),
                Role::Muted,
            ));
        }
        None => {
            rows.push(Row::text("  ", Role::Text, cx.tf("deployments.no-link", &[("branch", &deployment.branch)]), Role::Muted));
        }
    }
    rows
}

/// Says how the reviewed content came onto the environment's branch, as the commit that brought it says.
fn arrived(cx: &Cx, deployment: &Deployment) -> Option<Row> {
    let proposal = deployment.proposal.as_ref()?;
    let arrived = proposal.arrived.as_ref()?;
    let how = cx.t(match arrived.how {
        How::FastForward => "deployments.arrival.fast-forward",
        How::Merge => "deployments.arrival.merge",
        How::Rebase => "deployments.arrival.rebase",
        How::Squash => "deployments.arrival.squash",
    });
    let values = [("how", how), ("branch", &proposal.branch), ("who", &arrived.by), ("when", &cx.moment(arrived.at))];
    Some(Row::text("  ", Role::Text, cx.tf("deployments.arrived", &values), Role::Muted))
}

/// Says what keeps a stage that is under way, when something is seen that does.
fn hindrance(cx: &Cx, deployment: &Deployment, stage: StageName) -> Vec<Row> {
    let Some(environment) = cx.world.environment(&deployment.environment) else { return Vec::new() };
    let object = match stage {
        StageName::Commit => None,
        StageName::Sync => cx.world.source(environment),
        StageName::Apply | StageName::Health => cx.world.kustomization(environment),
    };
    object.map(|object| why::brief(cx, &object.key)).unwrap_or_default()
}

/// Tells whether what runs now is this deployment's doing: it is being applied, or is the newest of its environment.
fn is_present(cx: &Cx, deployment: &Deployment) -> bool {
    let newest = cx.world.deployments.of(&deployment.environment).next();
    let begun = !matches!(deployment.stage(StageName::Apply).state, StageState::Pending | StageState::Waiting);
    begun && (!deployment.status.is_over() || newest.is_some_and(|d| d.id() == deployment.id.as_str()))
}

fn failure(cx: &Cx, deployment: &Deployment, trouble: &Trouble) -> Vec<Row> {
    let failed = StageName::ALL.into_iter().find(|n| matches!(deployment.stage(*n).state, StageState::Failed { .. }));
    let stage = failed.map(|name| stages::title(cx, name)).unwrap_or_default();
    let said = cx.said(&trouble.what);
    let what = if trouble.object.is_empty() { said } else { format!("{said}: {}", trouble.object) };
    let mut rows = vec![Row::text(format!("✗ {stage}  "), Role::Bad, what, Role::Bad)];
    let (why, log) = trouble.why.split_once(LOG_MARK).unwrap_or((&trouble.why, ""));
    if !why.trim().is_empty() {
        rows.push(Row::text("  ", Role::Text, cx.said(why.trim()), Role::Text));
    }
    if !trouble.next.is_empty() {
        rows.push(Row::text("  → ", Role::Accent, cx.said(&trouble.next), Role::Text));
    }
    if !log.trim().is_empty() {
        rows.push(Row::Blank);
        rows.push(Row::Line(vec![piece(format!("  {}", cx.t("deployments.log")), Role::Muted)]));
        rows.extend(log.trim().lines().map(|line| Row::text("  │ ", Role::Line, line, Role::Muted)));
    }
    rows
}

fn workloads(cx: &Cx, deployment: &Deployment) -> Vec<Row> {
    let Some(environment) = cx.world.environment(&deployment.environment) else { return Vec::new() };
    let found = cx.world.workloads_of(environment);
    let mut rows = Vec::new();
    for workload in found {
        if rows.is_empty() {
            rows.push(Row::Blank);
        }
        rows.push(workload_row(cx, workload));
        let mut pods: Vec<_> =
            cx.world.pods_of(workload).filter(|p| !p.deleting && (p.fault().is_some() || !p.is_ready())).collect();
        pods.sort_by_key(|p| (p.fault().is_none(), p.key.clone()));
        let more = pods.len().saturating_sub(PODS);
        rows.extend(pods.into_iter().take(PODS).map(|pod| pod_row(cx, pod)));
        if more > 0 {
            rows.push(Row::Line(vec![piece(
                format!("    {}", cx.tf("deployments.more-pods", &[("count", &more.to_string())])),
                Role::Faint,
            )]));
        }
    }
    rows
}

fn workload_row(cx: &Cx, workload: &Workload) -> Row {
    // A rollout that cannot go on is no rollout under way.
    let stuck = cx.world.pods_of(workload).any(|p| p.fault().is_some());
    let health = cx.as_known(&workload.key, if stuck { Health::Bad } else { workload.health() });
    let old = (workload.total - workload.updated).max(0);
    let (key, count) = match (workload.updated < workload.replicas, old > 0) {
        (true, _) => ("deployments.updated", workload.updated),
        (false, true) => ("deployments.ending", workload.updated),
        (false, false) => ("deployments.available", workload.available),
    };
    let values = [("count", count.to_string()), ("wanted", workload.replicas.to_string()), ("old", old.to_string())];
    let said = cx.tf(key, &values.each_ref().map(|(name, value)| (*name, value.as_str())));
    Row::Line(vec![
        piece(format!("{} ", cx.glyph(health)), health.into()),
        piece(format!("{} ", workload.key.kind), Role::Muted),
        piece(format!("{}  ", workload.key.name), Role::Text),
        piece(said, Role::Muted),
    ])
}

fn pod_row(cx: &Cx, pod: &Pod) -> Row {
    let Some((reason, said)) = why::of_pod(cx, pod) else {
        let glyph = cx.glyph(cx.as_known(&pod.key, Health::Busy));
        return Row::text(format!("  {glyph} {}  ", pod.key.name), Role::Muted, pod.phase.clone(), Role::Muted);
    };
    let said = format!("{reason}  {said}");
    let health = cx.as_known(&pod.key, Health::Bad);
    Row::text(format!("  {} {}  ", cx.glyph(health), pod.key.name), health.into(), said, Role::Text)
}

fn commit(cx: &Cx, deployment: &Deployment) -> Vec<Row> {
    let mut rows = vec![Row::heading(cx.t("deployments.commit"))];
    let id = || Row::Line(vec![piece(format!("  {}", cx.tf("deployments.id", &[("id", deployment.id.as_str())])), Role::Faint)]);
    if let Some(commit) = &deployment.commit {
        rows.push(Row::Line(vec![
            piece(format!("  {} ", deployment.branch), Role::Muted),
            piece(commit.to_string(), Role::Text),
        ]));
    }
    if deployment.method == Method::Manual {
        rows.push(Row::text("  ", Role::Text, cx.t("deployments.by-hand"), Role::Muted));
        let object = |name: &String| Row::Line(vec![piece("  ● ", Role::Changed), piece(name.clone(), Role::Muted)]);
        rows.extend(deployment.applied.iter().map(object));
        rows.push(id());
        return rows;
    }
    rows.extend(arrived(cx, deployment));
    rows.extend(deployment.message.trim_end().lines().map(|line| Row::text("  ", Role::Text, line, Role::Text)));
    rows.extend(
        deployment.files.iter().map(|file| Row::Line(vec![piece("  ● ", Role::Changed), piece(file.clone(), Role::Muted)])),
    );
    if !deployment.message.contains(deployment.id.as_str()) {
        rows.push(id());
    }
    rows
}
