//! Flux objects: one lean type for every kind.

use std::borrow::Cow;

use domain::flux::{Chart, FluxObject, FluxSpec, FluxStatus, ObjectKey, Reference};
use domain::private::without_credentials;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Lean, Meta, Mold, conditions, owned, unreadable};

const REQUESTED_AT: &str = "reconcile.fluxcd.io/requestedAt";
const MARK: &str = "quarterdeck.dev/";

#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(borrow)]
    metadata: Meta<'a>,
    #[serde(borrow, default)]
    spec: Option<&'a RawValue>,
    #[serde(borrow, default)]
    status: Option<&'a RawValue>,
}

impl Lean for FluxObject {
    fn read(json: &str, mold: &mut Mold) -> Result<Self, String> {
        let Wire { mut metadata, spec, status } = serde_json::from_str(json).map_err(|e| e.to_string())?;
        let key = mold.key(&metadata)?;
        let own = super::facts::read(&key.kind, spec, status);
        let mut odd = None;
        let spec: FluxSpec = part(spec).unwrap_or_else(|why| {
            odd = Some(unreadable("spec", &why));
            FluxSpec::default()
        });
        let mut status: FluxStatus = part(status).unwrap_or_else(|why| {
            odd = Some(unreadable("status", &why));
            FluxStatus::default()
        });
        if let Some(odd) = odd
            && !status.conditions.iter().any(|c| c.kind == "Ready")
        {
            status.conditions.push(odd);
        }
        status.facts = own.facts;
        status.latest_image = own.latest.or(status.latest_image);
        let marks = metadata.annotations.iter().filter_map(|(k, v)| Some((super::safe(k.strip_prefix(MARK)?), super::safe(v))));
        Ok(Self {
            marks: marks.collect(),
            requested_at: metadata.annotations.get(REQUESTED_AT).map(|v| super::safe(v)),
            labels: metadata.labels(),
            key,
            uid: owned(metadata.uid),
            resource_version: owned(metadata.resource_version),
            generation: metadata.generation,
            created: metadata.creation_timestamp,
            deleting: metadata.deletion_timestamp.is_some(),
            spec: clean_spec(spec),
            status: clean_status(status),
        })
    }

    fn key(&self) -> &ObjectKey {
        &self.key
    }

    fn stamp(&self) -> (&str, &str) {
        (&self.uid, &self.resource_version)
    }
}

fn part<'a, T: Default + Deserialize<'a>>(raw: Option<&'a RawValue>) -> Result<T, serde_json::Error> {
    raw.map_or_else(|| Ok(T::default()), |raw| serde_json::from_str::<Option<T>>(raw.get()).map(Option::unwrap_or_default))
}

fn clean_reference(reference: Reference) -> Reference {
    Reference { kind: owned(reference.kind), name: owned(reference.name), namespace: reference.namespace.map(owned) }
}

fn clean_spec(mut spec: FluxSpec) -> FluxSpec {
    let texts = [
        &mut spec.interval,
        &mut spec.timeout,
        &mut spec.url,
        &mut spec.path,
        &mut spec.target_namespace,
        &mut spec.image,
        &mut spec.type_,
    ];
    for text in texts {
        *text = text.take().map(owned);
    }
    if let Some(Cow::Owned(masked)) = spec.url.as_deref().map(without_credentials) {
        spec.url = Some(masked);
    }
    if let Some(reference) = &mut spec.reference {
        for text in [&mut reference.branch, &mut reference.tag, &mut reference.semver, &mut reference.commit, &mut reference.name]
        {
            *text = text.take().map(owned);
        }
    }
    spec.source_ref = spec.source_ref.map(clean_reference);
    spec.chart_ref = spec.chart_ref.map(|reference| Box::new(clean_reference(*reference)));
    spec.depends_on = spec.depends_on.into_iter().map(clean_reference).collect();
    spec.depends_on.shrink_to_fit();
    spec.chart = spec.chart.map(|chart| match *chart {
        Chart::Name(name) => Box::new(Chart::Name(owned(name))),
        Chart::Template { mut spec } => {
            spec.chart = owned(spec.chart);
            spec.version = spec.version.map(owned);
            spec.source_ref = spec.source_ref.map(clean_reference);
            Box::new(Chart::Template { spec })
        }
    });
    spec
}

fn clean_status(mut status: FluxStatus) -> FluxStatus {
    status.conditions = conditions(status.conditions);
    status.last_handled_reconcile_at = status.last_handled_reconcile_at.map(owned);
    status.latest_image = status.latest_image.map(owned);
    for revision in [&mut status.last_applied_revision, &mut status.last_attempted_revision].into_iter().flatten() {
        revision.0 = owned(std::mem::take(&mut revision.0));
    }
    if let Some(artifact) = &mut status.artifact {
        artifact.revision.0 = owned(std::mem::take(&mut artifact.revision.0));
    }
    status
}
