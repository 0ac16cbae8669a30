//! Flux objects: one lean type for every kind.

use std::borrow::Cow;

use domain::flux::{Chart, FluxObject, FluxSpec, FluxStatus, ObjectKey, Reference, SourceRef};
use domain::private::without_credentials;
use domain::text::Text;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Lean, Meta, Mold, facts, owned, unreadable};

const REQUESTED_AT: &str = "reconcile.fluxcd.io/requestedAt";
const MARK: &str = "quarterdeck.dev/";

/// An object whose parts are as its kind prescribes.
#[derive(Deserialize)]
struct Whole<'a> {
    #[serde(borrow)]
    metadata: Meta<'a>,
    #[serde(default)]
    spec: Option<FluxSpec>,
    #[serde(default)]
    status: Option<FluxStatus>,
}

/// An object whose parts are read one by one.
#[derive(Deserialize)]
struct Parts<'a> {
    #[serde(borrow)]
    metadata: Meta<'a>,
    #[serde(borrow, default)]
    spec: Option<&'a RawValue>,
    #[serde(borrow, default)]
    status: Option<&'a RawValue>,
}

type Read<'a> = (Meta<'a>, FluxSpec, FluxStatus);

impl Lean for FluxObject {
    fn read(json: &str, mold: &mut Mold) -> Result<Self, String> {
        let whole = if facts::are_of(&mold.kind) { None } else { serde_json::from_str::<Whole<'_>>(json).ok() };
        let (metadata, mut spec, mut status) = match whole {
            Some(Whole { metadata, spec, status }) => (metadata, spec.unwrap_or_default(), status.unwrap_or_default()),
            None => by_parts(json, &mold.kind)?,
        };
        let key = mold.key(&metadata)?;
        clean_spec(&mut spec, mold);
        clean_status(&mut status, mold);
        let marks = metadata.annotations.iter().filter_map(|(k, v)| Some((k.strip_prefix(MARK)?, v)));
        Ok(Self {
            marks: marks.map(|(k, v)| (mold.text(k), mold.text(v))).collect(),
            requested_at: metadata.annotations.get(REQUESTED_AT).map(|v| mold.text(v)),
            labels: metadata.labels(mold),
            key,
            uid: owned(metadata.uid),
            resource_version: owned(metadata.resource_version),
            generation: metadata.generation,
            created: metadata.creation_timestamp,
            deleting: metadata.deletion_timestamp.is_some(),
            spec,
            status,
        })
    }

    fn key(&self) -> &ObjectKey {
        &self.key
    }

    fn stamp(&self) -> (&str, &str) {
        (&self.uid, &self.resource_version)
    }
}

/// Reads what else a kind has, and leaves a part empty that is not as the kind prescribes: a condition says so.
fn by_parts<'a>(json: &'a str, kind: &str) -> Result<Read<'a>, String> {
    let Parts { metadata, spec, status } = serde_json::from_str(json).map_err(|e| e.to_string())?;
    let own = facts::read(kind, spec, status);
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
    status.latest_image = own.latest.map(Into::into).or(status.latest_image);
    Ok((metadata, spec, status))
}

fn part<'a, T: Default + Deserialize<'a>>(raw: Option<&'a RawValue>) -> Result<T, serde_json::Error> {
    raw.map_or_else(|| Ok(T::default()), |raw| serde_json::from_str::<Option<T>>(raw.get()).map(Option::unwrap_or_default))
}

fn clean_reference(reference: &mut Reference, mold: &mut Mold) {
    clean([Some(&mut reference.kind), Some(&mut reference.name), reference.namespace.as_mut()], mold);
}

/// Makes texts safe to draw and shares them with the objects that were read before.
fn clean<'a>(texts: impl IntoIterator<Item = Option<&'a mut Text>>, mold: &mut Mold) {
    for text in texts.into_iter().flatten() {
        mold.share(text);
    }
}

fn clean_spec(spec: &mut FluxSpec, mold: &mut Mold) {
    if let Some(Cow::Owned(masked)) = spec.url.as_deref().map(without_credentials) {
        spec.url = Some(masked.into());
    }
    let texts = [
        spec.interval.as_mut(),
        spec.timeout.as_mut(),
        spec.url.as_mut(),
        spec.path.as_mut(),
        spec.target_namespace.as_mut(),
        spec.image.as_mut(),
        spec.type_.as_mut(),
    ];
    clean(texts, mold);
    if let Some(SourceRef { branch, tag, semver, commit, name }) = spec.reference.as_deref_mut() {
        clean([branch.as_mut(), tag.as_mut(), semver.as_mut(), commit.as_mut(), name.as_mut()], mold);
    }
    spec.depends_on.shrink_to_fit();
    let references = spec.source_ref.iter_mut().chain(spec.chart_ref.as_deref_mut()).chain(&mut spec.depends_on);
    references.for_each(|reference| clean_reference(reference, mold));
    match spec.chart.as_deref_mut() {
        Some(Chart::Name(name)) => mold.share(name),
        Some(Chart::Template { spec }) => {
            clean([Some(&mut spec.chart), spec.version.as_mut()], mold);
            spec.source_ref.iter_mut().for_each(|reference| clean_reference(reference, mold));
        }
        None => {}
    }
}

fn clean_status(status: &mut FluxStatus, mold: &mut Mold) {
    status.conditions = mold.conditions(std::mem::take(&mut status.conditions));
    clean([status.last_handled_reconcile_at.as_mut(), status.latest_image.as_mut()], mold);
    let revisions = [
        status.artifact.as_mut().map(|artifact| &mut artifact.revision.0),
        status.last_applied_revision.as_mut().map(|revision| &mut revision.0),
        status.last_attempted_revision.as_mut().map(|revision| &mut revision.0),
    ];
    clean(revisions, mold);
}
