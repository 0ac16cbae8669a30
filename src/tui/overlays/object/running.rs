//! What runs: the overview of a Pod, a workload or any other object, and the list of a workload's Pods.

use domain::detail::running::{Container, Running, running};
use domain::filter::{Aspect, Fields, Sort, Value};
use domain::flux::{Health, ObjectKey};
use domain::workload::{Pod, Workload};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::borrow::Cow;
use std::sync::Arc;

use super::overview::written;
use super::{Subject, View, workload};
use crate::acts;
use crate::command::{Command, command};
use crate::cx::Cx;
use crate::effects::{Effect, Effects, Overlay};
use crate::tab::TabMsg;
use crate::theme::Role;
use crate::widgets::format;
use crate::widgets::put::{piece, wrap};
use crate::widgets::summary::{Line, conditions, field};
use crate::widgets::table::{Cell, Column, Row, Table, Width};

pub(super) static OPEN: Command = command("object.open", &["enter"], 2);

/// Returns the lines of an object that is none of Flux's.
pub(super) fn lines(cx: &Cx, of: &Subject, wide: usize) -> Vec<Line> {
    let Some(whole) = of.whole.here() else { return Vec::new() };
    let old = cx.world.is_stale(of.key);
    let (state, said) = whole.judge();
    let health = cx.as_known(of.key, state.health());
    let key = format!("standing.{}", state.word());
    let word = cx.words.get(if old { "health.stale" } else { &key });
    let mut value = vec![piece(cx.glyph(health), health.into()), piece(format!(" {word}"), health.into())];
    if !said.is_empty() {
        value.push(piece(format!("  {}", cx.said(&domain::text::one_line(&said))), Role::Muted));
    }
    let mut out = vec![field(cx, "object.state", value)];
    let workload = workload(cx, of.key);
    out.extend(workload.map(|w| rollout(cx, w)));
    let found = running(&whole.json);
    if let Some(found) = &found {
        out.extend(facts(cx, found));
    }
    if let Some(applier) = whole.applier() {
        out.push(field(cx, "object.applied-by", vec![piece(written(&applier), Role::Text)]));
    }
    out.push(field(cx, "object.cluster", vec![piece(of.key.cluster.to_string(), Role::Text)]));
    out.push(field(cx, "object.age", vec![piece(cx.age_of(whole.created()), Role::Text)]));
    for container in found.iter().flat_map(|f| &f.containers) {
        out.push(Line::new());
        out.extend(contained(cx, container, old, wide));
    }
    let pods: Vec<_> = workload.into_iter().flat_map(|w| cx.world.pods_of(w)).collect();
    if !pods.is_empty() {
        out.push(Line::new());
        out.push(vec![piece(cx.t("object.pods").to_owned(), Role::Accent)]);
        out.extend(pods.into_iter().map(|pod| pod_line(cx, pod)));
    }
    let all = whole.conditions();
    if !all.is_empty() {
        out.push(Line::new());
        out.extend(conditions(cx, &all, old, wide));
    }
    out
}

fn rollout(cx: &Cx, workload: &Workload) -> Line {
    let text = cx.tf(
        "object.rollout-counts",
        &[
            ("ready", &workload.ready.to_string()),
            ("wanted", &workload.replicas.to_string()),
            ("updated", &workload.updated.to_string()),
            ("available", &workload.available.to_string()),
            ("total", &workload.total.to_string()),
        ],
    );
    field(cx, "object.rollout", vec![piece(text, cx.as_known(&workload.key, workload.health()).into())])
}

fn facts(cx: &Cx, found: &Running) -> Vec<Line> {
    let owner = found.owner.as_ref().map(|(kind, name)| format!("{kind} {name}")).unwrap_or_default();
    let phase = if found.why.is_empty() { found.phase.clone() } else { format!("{}  {}", found.phase, found.why) };
    let all = [
        ("object.phase", phase),
        ("object.node", found.node.clone()),
        ("object.address", found.address.clone()),
        ("object.owner", owner),
        ("object.quality", found.quality.clone()),
        ("object.account", found.account.clone()),
        ("object.strategy", found.strategy.clone()),
    ];
    let shown = all.into_iter().filter(|(_, value)| !value.is_empty());
    let mut out: Vec<Line> = shown.map(|(key, value)| field(cx, key, vec![piece(value, Role::Text)])).collect();
    out.extend(found.started.map(|at| field(cx, "object.started", vec![piece(cx.age(at), Role::Text)])));
    out
}

/// Returns the lines of one container: its state, image, last end, resources and probes.
fn contained(cx: &Cx, container: &Container, stale: bool, wide: usize) -> Vec<Line> {
    let bad = container.state == "waiting" && !matches!(container.reason.as_str(), "ContainerCreating" | "PodInitializing" | "");
    let over = container.state == "terminated" && container.reason == "Completed";
    let health = match container.ready {
        None => None,
        Some(_) if stale => Some(Health::Unknown),
        Some(_) if bad => Some(Health::Bad),
        Some(ready) => Some(if ready || over { Health::Ok } else { Health::Busy }),
    };
    let mut head = vec![piece(health.map_or("·", |h| cx.glyph(h)), health.map_or(Role::Faint, Role::from))];
    head.push(piece(format!(" {}", container.name), Role::Accent));
    head.extend(container.init.then(|| piece(format!("  {}", cx.t("object.init")), Role::Faint)));
    if !container.state.is_empty() {
        head.push(piece(
            format!("  {}", cx.words.get(&format!("container.{}", container.state))),
            health.map_or(Role::Text, Role::from),
        ));
    }
    if !container.reason.is_empty() {
        head.push(piece(format!("  {}", container.reason), health.map_or(Role::Text, Role::from)));
    }
    head.extend(container.since.map(|at| piece(format!("  {}", cx.age(at)), Role::Faint)));
    let mut out = vec![head];
    out.extend(
        wrap(&container.message, wide.saturating_sub(2))
            .into_iter()
            .map(|l| vec![piece("  ", Role::Text), piece(l, Role::Muted)]),
    );
    let mut image = vec![piece("  ", Role::Text)];
    image.extend(format::image(&container.image, wide.saturating_sub(2)));
    out.push(image);
    if container.restarts > 0 {
        let mut text = cx.tf("object.restarts", &[("count", &container.restarts.to_string())]);
        if let Some(last) = &container.last {
            let values = [("code", last.code.to_string()), ("reason", last.reason.clone()), ("age", cx.age_of(last.at))];
            let values: Vec<(&str, &str)> = values.iter().map(|(k, v)| (*k, v.as_str())).collect();
            text = format!("{text}  {}", cx.tf("object.last-end", &values));
        }
        out.push(vec![piece(format!("  {text}"), Role::Warn)]);
        let message = container.last.as_ref().map(|l| l.message.as_str()).unwrap_or_default();
        out.extend(wrap(message, wide.saturating_sub(4)).into_iter().map(|l| vec![piece(format!("    {l}"), Role::Muted)]));
    }
    let resources: Vec<String> = container
        .resources
        .iter()
        .map(|(name, request, limit)| {
            let side = |text: &str| if text.is_empty() { "–".to_owned() } else { text.to_owned() };
            format!("{name} {}/{}", side(request), side(limit))
        })
        .collect();
    if !resources.is_empty() {
        out.push(vec![piece(format!("  {}", cx.tf("object.resources", &[("list", &resources.join("  "))])), Role::Muted)]);
    }
    if !container.probes.is_empty() {
        out.push(vec![piece(format!("  {}", cx.tf("object.probes", &[("list", &container.probes.join(", "))])), Role::Muted)]);
    }
    out
}

fn pod_said(cx: &Cx, pod: &Pod) -> String {
    if pod.deleting {
        return cx.t("standing.terminating").to_owned();
    }
    pod.fault().map_or_else(|| pod.phase.clone(), |f| domain::text::one_line(&format!("{}  {}", f.reason, cx.said(&f.message))))
}

fn pod_line(cx: &Cx, pod: &Pod) -> Line {
    let health = cx.as_known(&pod.key, pod.health());
    vec![
        piece(cx.glyph(health), health.into()),
        piece(format!(" {}", pod.key.name), Role::Text),
        piece(format!("  {}", cx.age_of(pod.created)), Role::Faint),
        piece(format!("  {}", pod_said(cx, pod)), Role::Muted),
    ]
}

/// Tells whether a kind has Pods.
pub(super) fn has_pods(key: &ObjectKey) -> bool {
    matches!(&*key.kind, "Deployment" | "StatefulSet" | "DaemonSet")
}

#[derive(Debug)]
struct PodRow(Arc<Pod>);

impl Row for PodRow {
    type Key = ObjectKey;
    type Fields = Self;
    fn key(&self) -> ObjectKey {
        self.0.key.clone()
    }
    fn health(&self, cx: &Cx) -> Option<Health> {
        Some(cx.as_known(&self.0.key, self.0.health()))
    }
    fn fields(&self) -> &Self {
        self
    }
}

impl Fields for PodRow {
    fn aspects() -> &'static [Aspect<Self>] {
        static ASPECTS: &[Aspect<PodRow>] = &[
            Aspect::text("name", &[], |p| Value::text(&*p.0.key.name)),
            Aspect::text("phase", &["status"], |p| Value::text(p.0.phase.as_str())),
            Aspect::new("age", &["created"], Sort::Time, |p| Value::time(p.0.created)),
        ];
        ASPECTS
    }
    fn texts(&self, look: &mut dyn FnMut(&str) -> bool) -> bool {
        look(&self.0.key.name) || look(&self.0.phase) || self.0.fault().is_some_and(|f| look(&f.reason))
    }
    fn title(&self) -> Cow<'_, str> {
        (&*self.0.key.name).into()
    }
}

static COLUMNS: [Column<PodRow>; 5] = [
    Column {
        id: "name",
        priority: 0,
        width: Width::NAME,
        right: false,
        cell: |r, _| Cell::name(r.0.key.name.to_string(), Role::Text),
        order: Some(|a, b| a.0.key.name.cmp(&b.0.key.name)),
    },
    Column {
        id: "pods",
        priority: 0,
        width: Width::Fixed(5),
        right: true,
        cell: |r, _| {
            let ready = r.0.containers.iter().filter(|c| c.ready).count();
            Cell::new(format!("{ready}/{}", r.0.containers.len()), Role::Text)
        },
        order: Some(|a, b| started(&a.0).cmp(&started(&b.0))),
    },
    Column {
        id: "restarts",
        priority: 2,
        width: Width::Fixed(8),
        right: true,
        cell: |r, _| {
            let count = restarts(&r.0);
            Cell::new(count.to_string(), if count > 0 { Role::Warn } else { Role::Faint })
        },
        order: Some(|a, b| restarts(&b.0).cmp(&restarts(&a.0))),
    },
    Column {
        id: "age",
        priority: 3,
        width: Width::AGE,
        right: true,
        cell: |r, cx| Cell::new(cx.age_of(r.0.created), Role::Faint),
        order: Some(|a, b| b.0.created.cmp(&a.0.created)),
    },
    Column {
        id: "message",
        priority: 1,
        width: Width::NOTE,
        right: false,
        cell: |r, cx| Cell::new(pod_said(cx, &r.0), Role::Muted),
        order: Some(|a, b| said_of(&a.0).cmp(&said_of(&b.0))),
    },
];

/// Returns how many containers are not ready, and how many there are.
fn started(pod: &Pod) -> (usize, usize) {
    (pod.containers.iter().filter(|c| !c.ready).count(), pod.containers.len())
}

/// Returns what a Pod says of itself, whatever the language.
fn said_of(pod: &Pod) -> (Option<String>, &str) {
    (pod.fault().map(|fault| fault.reason), &pod.phase)
}

fn restarts(pod: &Pod) -> i32 {
    pod.containers.iter().map(|c| c.restarts).sum()
}

/// Holds the Pods of a workload.
#[derive(Debug)]
pub(super) struct Pods {
    table: Table<PodRow>,
}

impl Pods {
    /// Builds it.
    pub(super) fn new() -> Self {
        Self { table: Table::new(&COLUMNS) }
    }

    fn refresh(&mut self, cx: &Cx, of: &Subject) {
        let workload = workload(cx, of.key);
        let pods = workload.into_iter().flat_map(|w| cx.world.pods_of(w)).map(|pod| PodRow(Arc::clone(pod)));
        self.table.set(cx, pods.collect());
    }
}

impl View for Pods {
    fn commands(&self, _cx: &Cx, _of: &Subject) -> Vec<&'static Command> {
        let mut out = self.table.commands();
        if let Some(r) = self.table.selected().filter(|_| !self.table.typing()) {
            out.push(&OPEN);
            out.extend(acts::has_log(&r.0.key).then_some(&acts::LOGS));
        }
        out
    }

    fn typing(&self) -> bool {
        self.table.typing()
    }

    fn update(&mut self, cx: &Cx, of: &Subject, msg: &TabMsg) -> Effects {
        match msg {
            TabMsg::Command("object.open") => {
                return self.table.selected().map(|r| Effect::Open(Overlay::Object(r.0.key.clone()))).into_iter().collect();
            }
            TabMsg::Command("flux.logs") => {
                return self.table.selected().map(|r| Effect::Open(Overlay::Logs(r.0.key.clone()))).into_iter().collect();
            }
            TabMsg::Command(id) => {
                self.table.command(id);
            }
            TabMsg::Key(key) => self.table.key(*key),
            TabMsg::Paste(text) => self.table.paste(text),
            TabMsg::Enter | TabMsg::World | TabMsg::Desk => self.refresh(cx, of),
            _ => {}
        }
        Effects::new()
    }

    fn copy(&self, _cx: &Cx, _of: &Subject) -> Option<String> {
        self.table.selected().map(|r| r.0.key.to_string())
    }

    fn view(&self, cx: &Cx, _of: &Subject, area: Rect, buf: &mut Buffer) {
        self.table.view(cx, area, buf, cx.t("object.no-pods"));
    }
}
