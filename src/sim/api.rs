//! The simulated API server: a tower service over the store, in Kubernetes' own dialect.
//!
//! It knows paths, verbs, content types and `Status` answers; what objects mean is the controllers' business.

mod defaults;
pub(crate) mod delete;
mod discovery;
mod events;
mod fields;
mod logs;
mod merge;
mod path;
mod proxy;
mod read;
mod request;
mod review;
mod rights;
mod select;
mod shape;
mod table;
mod validate;
mod watch;
pub(crate) mod write;

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use serde_json::Value;

use crate::api::path::{Options, Target};
use crate::api::rights::{Ask, Caller};
use crate::fault::Fault;
use crate::resource::Resource;
use crate::spoil::spoiled;
use crate::state::{Shared, State, locked};

/// The body of an answer: whole, or a stream that lasts as long as a watch.
pub type Body = BoxBody<Bytes, Infallible>;

type Reply = Response<Body>;

/// Answers HTTP requests as a Kubernetes API server does. Clones share the cluster.
#[derive(Clone)]
pub struct ApiService {
    state: Shared,
}

impl ApiService {
    /// Builds the service of a cluster.
    pub(crate) const fn new(state: Shared) -> Self {
        Self { state }
    }
}

impl<B> tower::Service<Request<B>> for ApiService
where
    B: http_body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Send,
{
    type Response = Reply;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Reply, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let state = Shared::clone(&self.state);
        Box::pin(async move {
            let (head, body) = request.into_parts();
            // What was cut off on its way asks for something else than was meant.
            let Ok(body) = body.collect().await.map(http_body_util::Collected::to_bytes) else {
                return Ok(refuse(&Fault::bad("unexpected EOF")));
            };
            state.thawed().await;
            let latency = *locked(&state.faults.latency);
            if !latency.is_zero() {
                tokio::time::sleep(latency).await;
            }
            let Some(caller) = Caller::of(&head.headers) else { return Ok(refuse(&Fault::unauthorized())) };
            let call = Call {
                caller,
                options: Options::read(head.uri.query()),
                path: head.uri.path().to_owned(),
                method: head.method,
                headers: head.headers,
                body,
            };
            let reply = answer(&state, &call);
            state.thawed().await;
            let spoil = *locked(&state.faults.spoil);
            Ok(spoiled(spoil, reply).await)
        })
    }
}

/// Holds one request, read whole.
pub(crate) struct Call {
    method: Method,
    path: String,
    options: Options,
    headers: HeaderMap,
    body: Bytes,
    caller: Caller,
}

impl Call {
    /// Returns a header, or nothing's text.
    fn header(&self, name: header::HeaderName) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Returns the name under which the caller's changes are recorded.
    fn manager(&self) -> String {
        if let Some(manager) = self.options.get("fieldManager") {
            return manager.to_owned();
        }
        let agent = self.header(header::USER_AGENT).split('/').next().unwrap_or_default().trim();
        if agent.is_empty() { "unknown".to_owned() } else { agent.to_owned() }
    }

    /// Tells whether nothing is to be kept.
    fn dry(&self) -> bool {
        self.options.get("dryRun") == Some("All")
    }
}

fn answer(state: &Shared, call: &Call) -> Reply {
    if let Some(code) = denied_path(state, &call.path) {
        return refuse(&Fault::other(code));
    }
    if let Some(reply) = about(state, call) {
        return reply;
    }
    let known_root = call.path.starts_with("/api/v1/") || call.path.starts_with("/apis/");
    let Some(target) = Target::read(&call.path).filter(|t| state.serves(t.resource)) else {
        let served = call.path.split('/').nth(2).is_some_and(|group| discovery::group(state, group).is_some());
        return if call.path.starts_with("/api/v1/") || known_root && served {
            refuse(&Fault::no_resource())
        } else {
            not_a_page()
        };
    };
    if let Some(fault) = denied_kind(state, call, &target).or_else(|| forbidden_kind(state, call, &target)) {
        return refuse(&fault);
    }
    request::serve(state, call, &target).unwrap_or_else(|fault| refuse(&fault))
}

/// Answers what is not about objects.
fn about(state: &State, call: &Call) -> Option<Reply> {
    let wide = call.header(header::ACCEPT).contains("as=APIGroupDiscoveryList");
    let parts: Vec<&str> = call.path.split('/').filter(|part| !part.is_empty()).collect();
    let document = match parts.as_slice() {
        ["version"] => discovery::version(),
        ["healthz" | "readyz" | "livez", ..] => return Some(plain(StatusCode::OK, "ok")),
        ["api"] if wide => return Some(aggregate(&discovery::aggregated(state, true))),
        ["apis"] if wide => return Some(aggregate(&discovery::aggregated(state, false))),
        ["api"] => discovery::core_versions(),
        ["apis"] => discovery::group_list(state),
        ["api", version] => discovery::resource_list(state, "", version)?,
        ["apis", group] => discovery::group(state, group)?,
        ["apis", group, version] => discovery::resource_list(state, group, version)?,
        ["openapi", "v3"] => discovery::schema_index(state),
        ["openapi", "v3", "api", version] => discovery::schema(state, "", version),
        ["openapi", "v3", "apis", group, version] => discovery::schema(state, group, version),
        _ => return None,
    };
    Some(json(StatusCode::OK, &document))
}

fn denied_path(state: &State, path: &str) -> Option<u16> {
    let denied = locked(&state.faults.denied);
    denied.iter().find(|(what, _)| what.starts_with('/') && path.starts_with(what.as_str())).map(|(_, code)| *code)
}

fn denied_kind(state: &State, call: &Call, target: &Target) -> Option<Fault> {
    let denied = locked(&state.faults.denied);
    let resource = target.resource;
    let code = denied.iter().find(|(what, _)| what == resource.kind || what == resource.plural).map(|(_, code)| *code)?;
    if code != 403 {
        return Some(Fault::other(code));
    }
    Some(forbidden(call, target))
}

/// Refuses what the caller's roles do not allow.
fn forbidden_kind(state: &State, call: &Call, target: &Target) -> Option<Fault> {
    let resource = target.resource;
    let plural = plural_of(target);
    let ask = Ask {
        verb: verb_of(call, target),
        group: resource.group,
        resource: &plural,
        namespace: target.namespace.as_deref(),
        name: target.name.as_deref().unwrap_or_default(),
    };
    let free = resource.review() || call.caller.may(state, &ask);
    (!free).then(|| forbidden(call, target))
}

fn verb_of(call: &Call, target: &Target) -> &'static str {
    match (call.method.as_str(), target.name.is_some()) {
        ("GET", _) if call.options.on("watch") => "watch",
        ("GET", true) => "get",
        ("GET", false) => "list",
        ("POST", _) => "create",
        ("PUT", _) => "update",
        ("PATCH", _) => "patch",
        ("DELETE", false) => "deletecollection",
        _ => "delete",
    }
}

fn plural_of(target: &Target) -> String {
    let part = target.subresource.as_ref().map_or_else(String::new, |part| format!("/{part}"));
    format!("{}{part}", target.resource.plural)
}

fn forbidden(call: &Call, target: &Target) -> Fault {
    let (resource, verb, plural, user) = (target.resource, verb_of(call, target), plural_of(target), call.caller.name());
    let place =
        target.namespace.as_ref().map_or_else(|| "at the cluster scope".to_owned(), |ns| format!("in the namespace \"{ns}\""));
    let why = format!("User \"{user}\" cannot {verb} resource \"{plural}\" in API group \"{}\" {place}", resource.group);
    Fault::forbidden(resource, target.name.as_deref().unwrap_or_default(), &why)
}

/// Writes an answer in JSON.
pub(crate) fn json(status: StatusCode, value: &Value) -> Reply {
    whole(status, "application/json", serde_json::to_vec(value).unwrap_or_default().into())
}

/// Writes an object.
pub(crate) fn object(status: StatusCode, resource: &Resource, value: &Value) -> Reply {
    if resource.mirrors_events() { json(status, &events::second_view(value)) } else { json(status, value) }
}

fn aggregate(value: &Value) -> Reply {
    let content = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
    whole(StatusCode::OK, content, serde_json::to_vec(value).unwrap_or_default().into())
}

/// Writes text.
pub(crate) fn plain(status: StatusCode, text: &str) -> Reply {
    whole(status, "text/plain; charset=utf-8", Bytes::copy_from_slice(text.as_bytes()))
}

fn not_a_page() -> Reply {
    plain(StatusCode::NOT_FOUND, "404 page not found\n")
}

/// Writes a refusal.
pub(crate) fn refuse(fault: &Fault) -> Reply {
    let status = StatusCode::from_u16(fault.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut reply = json(status, &fault.status());
    if fault.code == 429 {
        reply.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from_static("1"));
    }
    reply
}

/// Writes bytes as an answer of known length.
pub(crate) fn whole(status: StatusCode, content: &'static str, bytes: Bytes) -> Reply {
    streaming(status, content, Full::new(bytes).boxed())
}

/// Writes a body as an answer.
pub(crate) fn streaming(status: StatusCode, content: &'static str, body: Body) -> Reply {
    let mut reply = Response::new(body);
    *reply.status_mut() = status;
    let headers = reply.headers_mut();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static(content));
    headers.insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-cache, private"));
    reply
}
