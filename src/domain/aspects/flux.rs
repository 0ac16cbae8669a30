//! What Flux objects say of themselves, whatever their kind; which of it a kind's list shows stands in the registry of kinds.

use std::borrow::Cow;

use crate::filter::{Aspect, Fields, Sort, Value};
use crate::flux::{Chart, Facts, FluxObject, Kind, Reference};
use crate::text::Text;

/// What every kind shows, before and after what is its own.
pub const COMMON: [&[&str]; 2] = [&["kind", "cluster", "namespace", "name", "ready"], &["changed", "age", "message"]];

#[expect(clippy::ref_option, reason = "the fields are options of owned texts")]
fn some(text: &Option<Text>) -> Value<'_> {
    Value::some(text.as_deref())
}

fn kind(word: &str) -> Option<&'static str> {
    Kind::by_word(word).map(|k| k.name)
}

fn ready(object: &FluxObject) -> Value<'_> {
    match object.ready().map(|c| c.status.as_str()) {
        Some("True") => Value::Flag(true),
        Some("False") => Value::Flag(false),
        // What has no conditions has nothing that could fail.
        None if object.key.flux_kind().is_some_and(|k| !k.has_status) => Value::Flag(true),
        _ => Value::None,
    }
}

fn revision(object: &FluxObject) -> Value<'_> {
    object.revision().map_or(Value::None, |r| Value::text(r.0.as_str()))
}

/// Writes what of a source is followed: its branch or tag, the range that counts before both.
fn reference(object: &FluxObject) -> Value<'_> {
    let Some(reference) = &object.spec.reference else { return Value::None };
    let parts = [&reference.commit, &reference.name, &reference.semver, &reference.tag, &reference.branch];
    Value::some(parts.into_iter().flatten().next().map(Text::as_str))
}

fn referred(reference: Option<&Reference>) -> Value<'_> {
    reference.map_or(Value::None, |r| {
        if r.kind.is_empty() { Value::text(r.name.as_str()) } else { Value::text(format!("{}/{}", r.kind, r.name)) }
    })
}

fn depends(object: &FluxObject) -> Value<'_> {
    let names: Vec<&str> = object.spec.depends_on.iter().map(|d| d.name.as_str()).collect();
    Value::text(names.join(","))
}

fn chart(object: &FluxObject) -> Value<'_> {
    match (object.spec.chart.as_deref(), object.facts()) {
        (Some(Chart::Name(name)), _) => Value::text(name.as_str()),
        (Some(Chart::Template { spec }), _) => Value::text(spec.chart.as_str()),
        (None, Some(Facts::Release { chart, .. })) => Value::text(&**chart),
        (None, _) => referred(object.spec.chart_ref.as_deref()),
    }
}

/// Writes the version that is there: the installed chart's, the instance's, else what is asked for.
fn version(object: &FluxObject) -> Value<'_> {
    match (object.facts(), object.spec.chart.as_deref()) {
        (Some(Facts::Release { version, .. }), _) if !version.is_empty() => Value::text(&**version),
        (Some(Facts::Chart { version } | Facts::Instance { version, .. }), _) => Value::text(&**version),
        (_, Some(Chart::Template { spec })) => some(&spec.version),
        _ => Value::None,
    }
}

macro_rules! fact {
    ($($pattern:pat => $value:expr),+ $(,)?) => {
        |object| match object.facts() {
            $(Some($pattern) => $value,)+
            _ => Value::None,
        }
    };
}

fn held(object: &FluxObject) -> Value<'_> {
    object.status.inventory.as_ref().map_or(Value::None, |i| Value::Number(i64::try_from(i.len()).unwrap_or(i64::MAX)))
}

const TEXT: &[&str] = &[];

static ASPECTS: &[Aspect<FluxObject>] = &[
    Aspect::new("kind", &["k"], Sort::Named(kind), |o| Value::text(&*o.key.kind)),
    Aspect::text("namespace", &["ns", "n"], |o| Value::text(&*o.key.namespace)),
    Aspect::text("name", TEXT, |o| Value::text(&*o.key.name)),
    Aspect::text("cluster", &["context"], |o| Value::text(&*o.key.cluster)),
    Aspect::new("ready", TEXT, Sort::Flag, ready),
    Aspect::text("health", &["state", "status"], |o| Value::text(o.health().word())),
    Aspect::new("suspended", &["suspend"], Sort::Flag, |o| Value::Flag(o.suspended())),
    Aspect::text("reason", TEXT, |o| Value::some(o.ready().map(|c| c.reason.as_str()))),
    Aspect::text("message", &["msg"], |o| Value::text(o.message())),
    Aspect::text("revision", &["rev"], revision),
    Aspect::new("age", &["created"], Sort::Time, |o| Value::time(o.created)),
    Aspect::new("changed", &["reconciled"], Sort::Time, |o| Value::time(o.reconciled())),
    Aspect::text("url", TEXT, |o| some(&o.spec.url)),
    Aspect::text("ref", &["follows"], reference),
    Aspect::text("source", &["src"], |o| referred(o.source())),
    Aspect::text("path", TEXT, |o| some(&o.spec.path)),
    Aspect::new("prune", TEXT, Sort::Flag, |o| o.spec.prune.map_or(Value::None, Value::Flag)),
    Aspect::text("depends", &["dependson"], depends),
    Aspect::text("interval", TEXT, |o| some(&o.spec.interval)),
    Aspect::text("target", TEXT, |o| some(&o.spec.target_namespace)),
    Aspect::text("chart", TEXT, chart),
    Aspect::text("version", TEXT, version),
    Aspect::text("app", TEXT, fact!(Facts::Release { app, .. } => Value::text(&**app))),
    Aspect::text("release", TEXT, fact!(Facts::Release { status, .. } => Value::text(&**status))),
    Aspect::new("history", TEXT, Sort::Number, fact!(Facts::Release { revision, .. } => Value::Number(*revision))),
    Aspect::text("image", TEXT, |o| some(&o.spec.image)),
    Aspect::new("tags", TEXT, Sort::Number, fact!(Facts::Scan { tags, .. } => Value::Number(*tags))),
    Aspect::new("scanned", TEXT, Sort::Time, fact!(Facts::Scan { time, .. } => Value::time(*time))),
    Aspect::text("latest", TEXT, |o| some(&o.status.latest_image)),
    Aspect::new("pushed", TEXT, Sort::Time, fact!(Facts::Push { time, .. } => Value::time(*time))),
    Aspect::text("commit", TEXT, fact!(Facts::Push { commit, .. } => Value::text(&**commit))),
    Aspect::text("type", TEXT, |o| some(&o.spec.type_)),
    Aspect::text("address", TEXT, fact!(Facts::Provider { address, .. } => Value::text(&**address))),
    Aspect::text("channel", TEXT, fact!(Facts::Provider { channel, .. } => Value::text(&**channel))),
    Aspect::text("severity", TEXT, fact!(Facts::Alert { severity, .. } => Value::text(&**severity))),
    Aspect::text(
        "provider",
        TEXT,
        fact!(Facts::Alert { provider, .. } | Facts::Bucket { provider, .. } => Value::text(&**provider)),
    ),
    Aspect::text(
        "events",
        TEXT,
        fact!(Facts::Alert { sources, .. } | Facts::Receiver { sources, .. } => Value::text(&**sources)),
    ),
    Aspect::text("webhook", TEXT, fact!(Facts::Receiver { path, .. } => Value::text(&**path))),
    Aspect::text("bucket", TEXT, fact!(Facts::Bucket { name, .. } => Value::text(&**name))),
    Aspect::text("endpoint", TEXT, fact!(Facts::Bucket { endpoint, .. } => Value::text(&**endpoint))),
    Aspect::text("registry", TEXT, fact!(Facts::Instance { registry, .. } => Value::text(&**registry))),
    Aspect::new("inputs", TEXT, Sort::Number, fact!(Facts::Inputs { count } => Value::Number(*count))),
    Aspect::new("artifacts", TEXT, Sort::Number, fact!(Facts::Generator { artifacts, .. } => Value::Number(*artifacts))),
    Aspect::new("sources", TEXT, Sort::Number, fact!(Facts::Generator { sources, .. } => Value::Number(*sources))),
    Aspect::new("objects", &["inventory"], Sort::Number, held),
];

impl Fields for FluxObject {
    fn aspects() -> &'static [Aspect<Self>] {
        ASPECTS
    }

    fn texts(&self, look: &mut dyn FnMut(&str) -> bool) -> bool {
        let (key, spec, status) = (&self.key, &self.spec, &self.status);
        if look(&key.name) || look(&key.namespace) || look(&key.kind) || look(self.health().word()) || look(self.message()) {
            return true;
        }
        let mut texts = [&spec.url, &spec.path, &spec.image, &spec.type_, &status.latest_image].into_iter().flatten();
        if look(&key.cluster) || texts.any(|t| look(t)) || self.revision().is_some_and(|r| look(&r.0)) {
            return true;
        }
        if self.source().is_some_and(|s| look(&s.name)) || spec.depends_on.iter().any(|d| look(&d.name)) {
            return true;
        }
        if let Value::Text(chart) = chart(self)
            && look(&chart)
        {
            return true;
        }
        self.facts().is_some_and(|facts| facts.texts().into_iter().any(look))
    }

    fn title(&self) -> Cow<'_, str> {
        format!("{}/{}", self.key.namespace, self.key.name).into()
    }

    fn labels(&self) -> &[(Text, Text)] {
        &self.labels
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flux::KINDS;

    #[test]
    fn every_column_of_every_kind_is_an_aspect_and_every_name_is_one() {
        let mut seen = std::collections::BTreeSet::new();
        for aspect in ASPECTS {
            for word in aspect.aliases.iter().chain([&aspect.name]) {
                assert!(seen.insert(*word), "{word} twice");
            }
        }
        for column in KINDS.iter().flat_map(|k| k.columns).chain(COMMON.into_iter().flatten()) {
            assert!(ASPECTS.iter().any(|a| a.name == *column), "{column}");
        }
    }
}
