//! An object in short: what is wanted, what is, and every condition with its sentence.

use std::sync::Arc;

use domain::detail::waiting::{STATE, waiting};
use domain::detail::words::{self, Clause, Sentence};
use domain::flux::kinds::Family;
use domain::flux::{Condition, FluxObject, Health, ObjectKey};

use crate::cx::Cx;
use crate::theme::Role;
use crate::widgets::format;
use crate::widgets::put::{Piece, piece, wrap};
use crate::widgets::why;

/// Holds a line in its pieces.
pub(crate) type Line = Vec<Piece<'static>>;

/// How many columns a label takes.
pub(crate) const LABEL: usize = 14;

/// Returns a line of a label and what stands beside it.
pub(crate) fn field(cx: &Cx, key: &'static str, value: Vec<Piece<'static>>) -> Line {
    let label = cx.t(key);
    let pad = LABEL.saturating_sub(crate::widgets::put::width(label));
    let mut line = vec![piece(format!("{label}{}", " ".repeat(pad)), Role::Muted)];
    line.extend(value);
    line
}

fn text(value: impl Into<String>) -> Vec<Piece<'static>> {
    vec![piece(value.into(), Role::Text)]
}

/// How many of the objects that it applied are named.
const NAMED: usize = 24;

/// Returns what an object waits for, as far as that is known now.
pub(crate) fn waits(cx: &Cx, object: &FluxObject, wide: usize) -> Vec<Line> {
    let role = cx.as_known(&object.key, Health::Busy).into();
    block(cx, "object.waits", waiting(cx.world, object).iter().map(|c| clause(cx, c)), wide, role)
}

/// Returns everything that the world knows of a Flux object: what [`short`] says, what it does in words, what it waits for, its
/// revision, and what it applied with the state of each as far as that is watched.
pub(crate) fn whole(cx: &Cx, object: &FluxObject, wide: usize) -> Vec<Line> {
    let mut out = short(cx, object, wide);
    out.push(Line::new());
    out.push(state(cx, object));
    out.extend(block(cx, "object.does", words::of_lean(object).iter().map(|s| said(cx, s)), wide, Role::Text));
    out.extend(waits(cx, object, wide));
    if let Some(revision) = object.revision() {
        out.push(field(cx, "object.revision", format::revision(revision)));
    }
    out.push(field(cx, "object.age", text(cx.age_of(object.created))));
    out.extend(applied(cx, object));
    out
}

/// Names what an object applied.
pub(crate) fn applied(cx: &Cx, object: &FluxObject) -> Vec<Line> {
    let Some(inventory) = object.status.inventory.as_ref().filter(|inventory| !inventory.is_empty()) else { return Vec::new() };
    let count = inventory.len();
    let mut out = vec![Line::new(), vec![piece(format!("{}  {count}", cx.t("object.inventory")), Role::Accent)]];
    let keys = inventory.entries().filter_map(|entry| {
        let (namespace, _, _, kind) = entry.parts()?;
        Some(ObjectKey::new(&object.key.context(), kind, namespace, &entry.name()?))
    });
    for key in keys.take(NAMED) {
        let known = cx.world.flux_object(&key).map(|o| o.health()).or_else(|| {
            let workloads = &cx.world.workloads;
            workloads.binary_search_by(|w| w.key.cmp(&key)).ok().and_then(|at| workloads.get(at)).map(|w| w.health())
        });
        let health = known.map(|health| cx.as_known(&key, health));
        out.push(vec![
            health.map_or_else(|| piece("· ", Role::Faint), |health| piece(format!("{} ", cx.glyph(health)), health.into())),
            piece(format!("{}/", key.kind), Role::Muted),
            piece(key.name.to_string(), Role::Text),
            piece(format!("  {}", key.namespace), Role::Faint),
        ]);
    }
    if count > NAMED {
        out.push(vec![piece(cx.tf("link.more", &[("count", &(count - NAMED).to_string())]), Role::Muted)]);
    }
    out
}

/// Returns the lines of a Flux object without what its row says already: its conditions with their sentences first, then what
/// it follows.
pub(crate) fn short(cx: &Cx, object: &FluxObject, wide: usize) -> Vec<Line> {
    let mut out = vec![vec![
        piece(format!("{}/", object.key.kind), Role::Muted),
        piece(object.key.name.to_string(), Role::Accent),
        piece(format!("  {}", object.key.namespace), Role::Muted),
    ]];
    let stale = cx.world.is_stale(&object.key);
    let bad = cx.as_known(&object.key, Health::Bad);
    // What it comes from says more than what it says itself, when that is elsewhere.
    // A source is well whatever becomes of what it feeds.
    let concerns = object.health() != Health::Ok || object.key.flux_kind().is_some_and(|kind| kind.family == Family::Apply);
    let causes = if concerns { cx.causes(&object.key) } else { Arc::default() };
    if let Some(cause) = causes.first().filter(|cause| !cause.vague()) {
        let mut text = why::what(cx, cause);
        if cause.object != object.key {
            text = format!("{}/{}  {text}", cause.object.kind, cause.object.name);
        }
        let lines = wrap(&text, wide.saturating_sub(2));
        out.extend(lines.into_iter().enumerate().map(|(at, line)| {
            vec![
                piece(if at == 0 { format!("{} ", cx.glyph(bad)) } else { "  ".to_owned() }, bad.into()),
                piece(line, bad.into()),
            ]
        }));
    }
    out.extend(conditions(cx, &object.status.conditions, stale, wide));
    out.push(Line::new());
    out.extend(wanted(cx, object));
    out
}

/// Returns what is wanted of an object.
pub(crate) fn wanted(cx: &Cx, object: &FluxObject) -> Vec<Line> {
    let mut out = Vec::new();
    let spec = &object.spec;
    if let Some(url) = &spec.url {
        out.push(field(cx, "object.url", text(url.to_string())));
    }
    if let Some(reference) = &spec.reference {
        let parts = [&reference.branch, &reference.tag, &reference.semver, &reference.commit, &reference.name];
        let shown: Vec<&str> = parts.into_iter().flatten().map(domain::text::Text::as_str).collect();
        out.push(field(cx, "object.ref", text(shown.join(" "))));
    }
    if let Some(source) = object.source() {
        let namespace = source.namespace.as_deref().unwrap_or(&object.key.namespace);
        out.push(field(cx, "object.source", text(format!("{}/{namespace}/{}", source.kind, source.name))));
    }
    for (key, value) in [
        ("object.path", &spec.path),
        ("object.interval", &spec.interval),
        ("object.timeout", &spec.timeout),
        ("object.target", &spec.target_namespace),
        ("object.image", &spec.image),
    ] {
        if let Some(value) = value {
            out.push(field(cx, key, text(value.to_string())));
        }
    }
    if !spec.depends_on.is_empty() {
        let names: Vec<&str> = spec.depends_on.iter().map(|d| d.name.as_str()).collect();
        out.push(field(cx, "object.depends", text(names.join(", "))));
    }
    out
}

/// Says what a condition means for the object that has it; nothing when its kind is not known here.
fn judge(condition: &Condition) -> Option<Health> {
    let is = condition.status.as_str();
    if is == "Unknown" {
        return Some(Health::Busy);
    }
    // What it means that it holds, and what that it does not.
    let (holds, lacks) = match condition.kind.as_str() {
        "Ready" | "Healthy" | "Available" | "Progressing" | "Released" | "TestSuccess" | "SourceVerified"
        | "ArtifactInStorage" | "PodScheduled" | "Established" | "NamesAccepted" | "Remediated" => (Health::Ok, Health::Bad),
        "ContainersReady" | "Initialized" | "PodReadyToStartContainers" | "Complete" | "SuccessCriteriaMet" => {
            (Health::Ok, Health::Busy)
        }
        "Stalled"
        | "ReplicaFailure"
        | "FetchFailed"
        | "BuildFailed"
        | "StorageOperationFailed"
        | "IncludeUnavailable"
        | "Failed"
        | "FailureTarget" => (Health::Bad, Health::Ok),
        "DisruptionTarget" => (Health::Warn, Health::Ok),
        "Reconciling" | "ArtifactOutdated" => (Health::Busy, Health::Ok),
        "Suspended" => (Health::Off, Health::Ok),
        _ => return None,
    };
    Some(if is == "True" { holds } else { lacks })
}

/// Returns a line and the sentence of each condition, with its age; stale ones say how it was, not how it is.
pub(crate) fn conditions(cx: &Cx, conditions: &[Condition], stale: bool, wide: usize) -> Vec<Line> {
    let mut out = Vec::new();
    for condition in conditions {
        let health = if stale { Some(Health::Unknown) } else { judge(condition) };
        out.push(vec![
            health.map_or_else(|| piece("·", Role::Faint), |health| piece(cx.glyph(health), health.into())),
            piece(format!(" {}={}", condition.kind, condition.status), Role::Text),
            piece(format!("  {}", condition.reason), health.map_or(Role::Text, Role::from)),
            piece(format!("  {}", cx.age_of(condition.last_transition_time)), Role::Faint),
        ]);
        out.extend(
            wrap(&format::short_digests(&condition.message), wide.saturating_sub(2))
                .into_iter()
                .map(|l| vec![piece("  ", Role::Text), piece(l, Role::Muted)]),
        );
    }
    out
}

/// Says how an object is, and since when.
pub(crate) fn state(cx: &Cx, object: &FluxObject) -> Line {
    let stale = cx.world.is_stale(&object.key);
    let health = if stale { Health::Unknown } else { object.health() };
    let word = if stale { cx.t("health.stale") } else { cx.health(health) };
    let mut value = vec![piece(cx.glyph(health), health.into()), piece(format!(" {word}"), health.into())];
    if let Some(since) = object.ready().and_then(|c| c.last_transition_time) {
        value.push(piece(format!("  {}", cx.tf("object.since", &[("age", &cx.age(since))])), Role::Faint));
    }
    field(cx, "object.state", value)
}

/// Returns sentences one under the other behind one label; nothing without a sentence.
pub(crate) fn block(cx: &Cx, key: &'static str, sentences: impl Iterator<Item = String>, wide: usize, role: Role) -> Vec<Line> {
    let mut out = Vec::new();
    for line in sentences.flat_map(|s| wrap(&s, wide.saturating_sub(LABEL))) {
        let text = vec![piece(line, role)];
        out.push(if out.is_empty() {
            field(cx, key, text)
        } else {
            [piece(" ".repeat(LABEL), Role::Text)].into_iter().chain(text).collect()
        });
    }
    out
}

/// Writes a sentence of clauses in the operator's language.
pub(crate) fn said(cx: &Cx, sentence: &Sentence) -> String {
    let clauses: Vec<String> = sentence.iter().map(|c| clause(cx, c)).collect();
    clauses.join(cx.t("words.and"))
}

/// Writes a clause in the operator's language.
pub(crate) fn clause(cx: &Cx, clause: &Clause) -> String {
    let health = |word: &str| Health::ALL.into_iter().find(|health| health.word() == word);
    let told = |place: &str, value: &str| match health(value).filter(|_| place == STATE) {
        Some(health) => cx.health(health).to_owned(),
        None => cx.said(value),
    };
    let values: Vec<(&str, String)> = clause.values.iter().map(|(place, value)| (*place, told(place, value))).collect();
    let values: Vec<(&str, &str)> = values.iter().map(|(place, value)| (*place, value.as_str())).collect();
    cx.tf(clause.key, &values).trim_end_matches([':', '：', ' ']).to_owned()
}

#[cfg(test)]
#[path = "summary_tests.rs"]
mod tests;
