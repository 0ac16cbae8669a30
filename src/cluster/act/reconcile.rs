//! Asking a controller to reconcile now, and before it the source that the object takes its content from.

use std::time::Duration;

use domain::flux::{Chart, FluxObject, ObjectKey};
use serde_json::json;

use super::wait::until;
use super::{get_flux, lean, merge};
use crate::connection::Connection;
use crate::error::Error;

/// Asks for a reconciliation and returns the object as it is right after the request.
///
/// `at` becomes the value of the request annotation; the controller copies it to `status.lastHandledReconcileAt` when it is
/// done, so it must differ from every value before. With `source_within`, the source (and the chart between it and a
/// HelmRelease) is asked first, and its answer awaited that long. What is suspended is not asked: it would not answer.
pub async fn reconcile(
    connection: &Connection,
    key: &ObjectKey,
    source_within: Option<Duration>,
    at: &str,
) -> Result<FluxObject, Error> {
    let object = get_flux(connection, key).await?;
    refuse_suspended(&object)?;
    if let Some(limit) = source_within {
        for source in sources(&object) {
            let found = get_flux(connection, &source).await?;
            refuse_suspended(&found)?;
            if answers_nobody(&found) {
                continue;
            }
            ask(connection, &source, at).await?;
            until(connection, &source, limit, |o| o.status.last_handled_reconcile_at.as_deref() == Some(at)).await?;
        }
    }
    ask(connection, key, at).await
}

/// Says what a HelmRelease is asked for besides a reconciliation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token {
    /// A release, even if nothing changed.
    Force,
    /// Its failure counters set to zero.
    Reset,
}

/// Asks for a reconciliation with something besides: helm-controller heeds it when its token is the request's very value.
pub async fn request_with(connection: &Connection, key: &ObjectKey, token: Token, at: &str) -> Result<FluxObject, Error> {
    refuse_suspended(&get_flux(connection, key).await?)?;
    let (name, doing) = match token {
        Token::Force => ("reconcile.fluxcd.io/forceAt", "Forcing a release"),
        Token::Reset => ("reconcile.fluxcd.io/resetAt", "Resetting"),
    };
    let patch = json!({ "metadata": { "annotations": { "reconcile.fluxcd.io/requestedAt": at, name: at } } });
    lean(connection, key, &merge(connection, key, &patch, doing).await?)
}

/// Returns the source that an object takes its content from.
pub fn source_of(object: &FluxObject) -> Option<ObjectKey> {
    let source = object.source()?;
    let namespace = source.namespace.as_deref().filter(|n| !n.is_empty()).unwrap_or(&object.key.namespace);
    Some(ObjectKey::new(&object.key.context(), &source.kind, namespace, &source.name))
}

/// Returns what has to be fetched before an object, in order: a HelmRelease with a chart template owns a HelmChart named
/// after both, in the source's namespace.
fn sources(object: &FluxObject) -> Vec<ObjectKey> {
    let Some(source) = source_of(object) else { return Vec::new() };
    let templated =
        matches!(object.spec.chart.as_deref(), Some(Chart::Template { .. })) && object.key.kind.as_ref() == "HelmRelease";
    let chart = templated.then(|| {
        let name = format!("{}-{}", object.key.namespace, object.key.name);
        ObjectKey::new(&object.key.context(), "HelmChart", &source.namespace, &name)
    });
    std::iter::once(source).chain(chart).collect()
}

/// Tells whether no controller handles requests to an object: a HelmRepository of an OCI registry is but an address.
fn answers_nobody(object: &FluxObject) -> bool {
    &*object.key.kind == "HelmRepository" && object.spec.type_.as_deref() == Some("oci")
}

fn refuse_suspended(object: &FluxObject) -> Result<(), Error> {
    if object.suspended() { Err(Error::Suspended { object: object.key.to_string() }) } else { Ok(()) }
}

async fn ask(connection: &Connection, key: &ObjectKey, at: &str) -> Result<FluxObject, Error> {
    let patch = json!({ "metadata": { "annotations": { "reconcile.fluxcd.io/requestedAt": at } } });
    lean(connection, key, &merge(connection, key, &patch, "Reconciling").await?)
}
