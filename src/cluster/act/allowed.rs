//! Asking the server what we may do there (SelfSubjectAccessReview).

use http::Method;
use serde::Deserialize;
use serde_json::json;

use crate::connection::Connection;
use crate::error::Error;
use crate::wire::{self, Call};

/// Names one thing that one may do or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deed<'a> {
    /// The API group; empty for the core group.
    pub group: &'a str,
    /// The plural, with its subresource: `pods/log`.
    pub resource: &'a str,
    /// The verb.
    pub verb: &'a str,
    /// The namespace; empty for all.
    pub namespace: &'a str,
}

/// Asks whether we may do something.
pub async fn allowed(connection: &Connection, deed: Deed<'_>) -> Result<bool, Error> {
    #[derive(Deserialize)]
    struct Review {
        status: Status,
    }
    #[derive(Deserialize)]
    struct Status {
        #[serde(default)]
        allowed: bool,
    }
    let (resource, part) = deed.resource.split_once('/').unwrap_or((deed.resource, ""));
    let body = json!({ "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "spec": { "resourceAttributes": {
        "group": deed.group, "resource": resource, "subresource": part, "verb": deed.verb, "namespace": deed.namespace } } });
    let path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    let call = Call::send(Method::POST, path, "application/json", body.to_string().into_bytes());
    let (doing, object) = ("Asking", "what we may do");
    let bytes = connection.act(call, doing, object).await?;
    let review: Review = wire::parse(&bytes).map_err(|fault| connection.error(fault, doing, object))?;
    Ok(review.status.allowed)
}
