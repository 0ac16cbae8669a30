//! The filter of the tree: the language of the lists, for Flux objects and for what stands under them.
//!
//! Flux objects are asked as their lists ask them; everything else says less of itself. A term that only the one or the other
//! can answer keeps out the rows that cannot; only what neither understands is a fault.

use std::borrow::Cow;
use std::sync::Arc;

use domain::Time;
use domain::filter::{Aspect, Fault, Fields, Filter, Sort, Value};
use domain::flux::{FluxObject, Health, Kind};
use domain::lineage::{Lineage, Name, Node, Standing};
use domain::text::Text;
use domain::workload::{Pod, Workload};

/// Holds a filter as it was typed.
#[derive(Debug, Default)]
pub(super) struct Sought {
    /// What is asked of Flux objects and of the others; nothing where one of the terms cannot be answered.
    flux: Option<Filter<FluxObject>>,
    other: Option<Filter<Thing>>,
    /// What neither understands; the terms before it hold.
    pub(super) fault: Option<Fault>,
    any: bool,
}

impl Sought {
    /// Reads it.
    pub(super) fn read(text: &str) -> Self {
        let (flux, no_flux) = Filter::typed(text);
        let (other, no_other) = Filter::typed(text);
        let any = !(flux.is_empty() && other.is_empty());
        let far = |fault: &Option<Fault>| fault.as_ref().map_or(usize::MAX, |f| f.column);
        let end = far(&no_flux).max(far(&no_other));
        let (flux, other) = ((far(&no_flux) == end).then_some(flux), (far(&no_other) == end).then_some(other));
        let fault = if no_flux.as_ref().is_some_and(|f| f.column == end) { no_flux } else { no_other };
        Self { flux, other, fault: fault.filter(|f| f.column == end), any }
    }

    /// Tells whether there is anything that rows must fulfil.
    pub(super) const fn is_any(&self) -> bool {
        self.any
    }

    /// Tells whether a row fits.
    pub(super) fn fits(&self, lineage: &Lineage, node: Node, now: Time) -> bool {
        if let Some(object) = lineage.flux(node) {
            return self.flux.as_ref().is_some_and(|filter| filter.matches(object, now));
        }
        let filter = self.other.as_ref();
        filter.is_some_and(|filter| Thing::of(lineage, node).is_some_and(|thing| filter.matches(&thing, now)))
    }

    /// Returns the next moment at which the mere age of a row changes whether it fits.
    pub(super) fn turns(&self, lineage: &Lineage, nodes: impl Iterator<Item = Node>, now: Time) -> Option<Time> {
        let timed = self.flux.as_ref().is_some_and(Filter::timed) || self.other.as_ref().is_some_and(Filter::timed);
        let turns = |node: Node| match lineage.flux(node) {
            Some(object) => self.flux.as_ref()?.turns(object, now),
            None => self.other.as_ref()?.turns(&Thing::of(lineage, node)?, now),
        };
        if timed { nodes.filter_map(turns).min() } else { None }
    }
}

/// Something in the tree that is no Flux object.
#[derive(Debug)]
pub(super) struct Thing {
    cluster: String,
    kind: String,
    namespace: String,
    name: String,
    health: Option<Health>,
    workload: Option<Arc<Workload>>,
    pod: Option<Arc<Pod>>,
}

impl Thing {
    fn of(lineage: &Lineage, node: Node) -> Option<Self> {
        let Name { cluster, kind, namespace, name } = lineage.name(node)?;
        let workload = lineage.workload(node).cloned();
        let pod = lineage.pod(node).cloned();
        let standing = match (&workload, &pod) {
            (Some(workload), _) => Standing::Workload(workload),
            (_, Some(pod)) => Standing::Pod(pod),
            _ if matches!(node, Node::Set(_)) => {
                let (ready, all) = lineage.ready_of(node);
                Standing::Set(ready, all)
            }
            _ => Standing::Named,
        };
        let health = standing.health();
        let [cluster, kind, namespace] = [cluster, kind, namespace].map(str::to_owned);
        let name = name.into_owned();
        Some(Self { cluster, kind, namespace, name, health, workload, pod })
    }

    fn ready(&self) -> Value<'_> {
        match self.health {
            Some(Health::Ok) => Value::Flag(true),
            Some(Health::Bad | Health::Warn | Health::Busy) => Value::Flag(false),
            _ => Value::None,
        }
    }

    fn message(&self) -> Value<'_> {
        Value::some(self.pod.as_ref().and_then(|pod| pod.fault()).map(|fault| fault.message))
    }

    fn images(&self) -> Vec<&str> {
        match (&self.workload, &self.pod) {
            (Some(workload), _) => workload.containers.iter().map(|c| c.image.as_str()).collect(),
            (_, Some(pod)) => pod.containers.iter().map(|c| c.image.as_str()).collect(),
            _ => Vec::new(),
        }
    }
}

/// Finds a kind by its short name.
fn kind(word: &str) -> Option<&'static str> {
    const SHORT: [(&str, &str); 8] = [
        ("po", "Pod"),
        ("deploy", "Deployment"),
        ("sts", "StatefulSet"),
        ("ds", "DaemonSet"),
        ("rs", "ReplicaSet"),
        ("svc", "Service"),
        ("cm", "ConfigMap"),
        ("ns", "Namespace"),
    ];
    let short = SHORT.into_iter().find(|(short, _)| short.eq_ignore_ascii_case(word)).map(|(_, kind)| kind);
    short.or_else(|| Kind::by_word(word).map(|kind| kind.name))
}

impl Fields for Thing {
    fn aspects() -> &'static [Aspect<Self>] {
        static ASPECTS: &[Aspect<Thing>] = &[
            Aspect::new("kind", &["k"], Sort::Named(kind), |t| Value::text(t.kind.as_str())),
            Aspect::text("cluster", &["context"], |t| Value::text(t.cluster.as_str())),
            Aspect::text("namespace", &["ns", "n"], |t| Value::text(t.namespace.as_str())),
            Aspect::text("name", &[], |t| Value::text(t.name.as_str())),
            Aspect::new("ready", &[], Sort::Flag, Thing::ready),
            Aspect::text("status", &["state"], |t| Value::text(t.health.map_or("", Health::word))),
            Aspect::text("phase", &[], |t| Value::some(t.pod.as_ref().map(|p| p.phase.as_str()))),
            Aspect::text("image", &[], |t| Value::text(t.images().join(","))),
            Aspect::text("message", &[], Thing::message),
            Aspect::new("restarts", &[], Sort::Number, |t| {
                t.pod.as_ref().map_or(Value::None, |p| Value::Number(p.containers.iter().map(|c| i64::from(c.restarts)).sum()))
            }),
            Aspect::new("age", &["created"], Sort::Time, |t| {
                Value::time(t.pod.as_ref().map_or_else(|| t.workload.as_ref().and_then(|w| w.created), |p| p.created))
            }),
        ];
        ASPECTS
    }

    fn texts(&self, look: &mut dyn FnMut(&str) -> bool) -> bool {
        let word = self.health.map_or("", Health::word);
        if look(&self.name)
            || look(&self.namespace)
            || look(&self.kind)
            || look(word)
            || self.images().into_iter().any(&mut *look)
        {
            return true;
        }
        let Some(pod) = &self.pod else { return false };
        look(&pod.phase) || pod.fault().is_some_and(|fault| look(&fault.reason) || look(&fault.message))
    }

    fn title(&self) -> Cow<'_, str> {
        format!("{}/{}", self.namespace, self.name).into()
    }

    fn labels(&self) -> &[(Text, Text)] {
        self.pod.as_ref().map_or(&[], |pod| &pod.labels)
    }
}
