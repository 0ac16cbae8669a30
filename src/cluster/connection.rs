//! The way to one cluster: three clients that share nothing, so that a stuck connection of one does not block the others.
//!
//! A connection can be renewed: the kubeconfig is read again, its credential helper runs again, and no pooled socket of
//! before is used any more.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use bytes::Bytes;
use domain::ident::ContextName;
use domain::text;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use kube::client::Body;
use kube::{Client, Config};
use tokio::time::{Instant, timeout};
use tower::{Service, ServiceExt as _};

use crate::error::{At, Error};
use crate::kubeconfig::{Kubeconfigs, Surroundings};
use crate::resource::Served;
use crate::wire::{Call, Fault};

/// The error type of services and bodies that come from outside.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;
/// The body of the requests that a service given to [`Connection::from_service`] receives.
pub type RequestBody = Full<Bytes>;

/// How long an action may take.
pub(crate) const ACTION: Duration = Duration::from_secs(15);
/// How often, at most, credentials are read anew; less than the heartbeat's pause, which has to find new ones within ten seconds.
const RENEW_PAUSE: Duration = Duration::from_secs(3);

/// Says how a cluster is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionInfo {
    /// The context.
    pub context: ContextName,
    /// The server's address; for an in-process service a word that says so.
    pub server: String,
    /// The namespace that the context names.
    pub namespace: String,
    /// Whether the server's certificate goes unchecked (`insecure-skip-tls-verify`).
    pub insecure: bool,
}

/// Says what a client is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The heartbeat.
    Beat,
    /// Discovery, lists and watches.
    Watch,
    /// Actions.
    Act,
}

/// Reaches one cluster. Cheap to clone; clones are the same connection.
#[derive(Clone)]
pub struct Connection {
    inner: Arc<Inner>,
}

struct Inner {
    context: ContextName,
    /// As of the last renewal: the file may name another server by then.
    info: RwLock<ConnectionInfo>,
    origin: Origin,
    clients: RwLock<[Client; 3]>,
    renewed: tokio::sync::Mutex<Option<Instant>>,
    served: Mutex<Served>,
}

enum Origin {
    Files(Box<Kubeconfigs>),
    Made(Box<dyn Fn() -> Client + Send + Sync>),
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Connection").field(&self.info()).finish()
    }
}

impl Connection {
    /// Prepares the way to a context's cluster; its credential helper runs now, the server is not asked yet.
    pub async fn from_context(files: &Kubeconfigs, context: &ContextName) -> Result<Self, Error> {
        let config = files.config(context).await?;
        let info = reached(&config, context.clone());
        let clients = clients(&config, &info).await?;
        Ok(Self::new(info, Origin::Files(Box::new(files.clone())), clients))
    }

    /// Prepares the way to the cluster of a kubeconfig that came out of another one, by its current context, under another name.
    ///
    /// What in it would run a program here or read a file here is refused.
    pub async fn foreign(kubeconfig: &str, surroundings: Surroundings, name: ContextName) -> Result<Self, Error> {
        let files = Kubeconfigs::foreign(kubeconfig, surroundings)?;
        let config = files.config(&files.current().unwrap_or_else(|| ContextName(String::new()))).await?;
        let info = reached(&config, name);
        let made = clients(&config, &info).await?;
        let client = made[0].clone();
        Ok(Self::new(info, Origin::Made(Box::new(move || client.clone())), made))
    }

    /// Takes a client that exists already.
    pub fn from_client(context: ContextName, client: Client) -> Self {
        let info = in_process(context);
        let clients = [client.clone(), client.clone(), client.clone()];
        Self::new(info, Origin::Made(Box::new(move || client.clone())), clients)
    }

    /// Takes a service that speaks the Kubernetes API, such as the simulator; must be called within a tokio runtime.
    pub fn from_service<S, B>(context: ContextName, service: S) -> Self
    where
        S: Service<Request<RequestBody>, Response = Response<B>> + Clone + Send + Sync + 'static,
        S::Future: Send + 'static,
        S::Error: Into<BoxError> + Send + 'static,
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let make = move || Client::new(Adapter(service.clone()), "default");
        let clients = [make(), make(), make()];
        Self::new(in_process(context), Origin::Made(Box::new(make)), clients)
    }

    fn new(info: ConnectionInfo, origin: Origin, clients: [Client; 3]) -> Self {
        let inner = Inner {
            context: info.context.clone(),
            info: RwLock::new(info),
            origin,
            clients: RwLock::new(clients),
            renewed: tokio::sync::Mutex::new(None),
            served: Mutex::new(Served::default()),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Returns the context's name.
    pub fn context(&self) -> &ContextName {
        &self.inner.context
    }

    /// Returns how the cluster is reached.
    pub fn info(&self) -> ConnectionInfo {
        self.inner.info.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Makes new clients: reads the kubeconfig and asks its helper again, and leaves all old sockets behind.
    ///
    /// Called again within a few seconds it does nothing. When it fails, the old clients stay.
    pub async fn renew(&self) -> Result<(), Error> {
        let mut last = self.inner.renewed.lock().await;
        if last.is_some_and(|at| at.elapsed() < RENEW_PAUSE) {
            return Ok(());
        }
        *last = Some(Instant::now());
        let fresh = match &self.inner.origin {
            Origin::Made(make) => [make(), make(), make()],
            Origin::Files(files) => {
                // A file that is being rewritten just now must not cost the connection: then the old words serve.
                let config = match files.again() {
                    Ok(again) => again.config(self.context()).await?,
                    Err(_) => files.config(self.context()).await?,
                };
                let info = reached(&config, self.context().clone());
                let made = clients(&config, &info).await?;
                *self.inner.info.write().unwrap_or_else(PoisonError::into_inner) = info;
                made
            }
        };
        *self.inner.clients.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }

    /// Renews it for an action, which does not wait for ever for a helper that may wait for a person; tells whether it could.
    pub(crate) async fn renewed(&self) -> bool {
        timeout(ACTION, self.renew()).await.is_ok_and(|done| done.is_ok())
    }

    pub(crate) fn client(&self, purpose: Purpose) -> Client {
        let clients = self.inner.clients.read().unwrap_or_else(PoisonError::into_inner);
        let [beat, watch, act] = &*clients;
        match purpose {
            Purpose::Beat => beat.clone(),
            Purpose::Watch => watch.clone(),
            Purpose::Act => act.clone(),
        }
    }

    /// Returns what is remembered of the kinds that are served.
    pub(crate) fn served(&self) -> std::sync::MutexGuard<'_, Served> {
        self.inner.served.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Turns a fault into an error that names this cluster.
    pub(crate) fn error(&self, fault: Fault, doing: &str, object: &str) -> Error {
        Error::of(fault, At { context: self.context(), server: &self.info().server, doing, object })
    }

    /// Sends an action's request and returns the whole answer; credentials that ran out are renewed once.
    pub(crate) async fn act(&self, call: Call, doing: &str, object: &str) -> Result<Bytes, Error> {
        let first = crate::wire::fetch(&self.client(Purpose::Act), call.clone(), ACTION).await;
        let done = match first {
            Err(fault) if fault.code() == 401 && self.renewed().await => {
                crate::wire::fetch(&self.client(Purpose::Act), call, ACTION).await
            }
            other => other,
        };
        done.map(|(_, bytes)| bytes).map_err(|fault| self.error(fault, doing, object))
    }
}

/// Says how a cluster is reached by a configuration.
fn reached(config: &Config, context: ContextName) -> ConnectionInfo {
    ConnectionInfo {
        context,
        server: text::one_line(&config.cluster_url.to_string()),
        namespace: text::one_line(&config.default_namespace),
        insecure: config.accept_invalid_certs,
    }
}

fn in_process(context: ContextName) -> ConnectionInfo {
    ConnectionInfo { context, server: "in this process".to_owned(), namespace: "default".to_owned(), insecure: false }
}

/// Builds the three clients; the helper runs on a thread of its own, since the library waits for it.
async fn clients(config: &Config, info: &ConnectionInfo) -> Result<[Client; 3], Error> {
    let build = || {
        let config = config.clone();
        let runtime = tokio::runtime::Handle::current();
        tokio::task::spawn_blocking(move || {
            let _entered = runtime.enter();
            Client::try_from(config)
        })
    };
    // The first alone: a helper that asks for a login then asks once, and has its answer in its cache for the others.
    let beat = built(build().await, info)?;
    let (watch, act) = tokio::join!(build(), build());
    Ok([beat, built(watch, info)?, built(act, info)?])
}

fn built(outcome: Result<Result<Client, kube::Error>, tokio::task::JoinError>, info: &ConnectionInfo) -> Result<Client, Error> {
    let client =
        outcome.map_err(|e| Error::Context { context: info.context.to_string(), why: crate::error::short(&e.to_string()) })?;
    client.map_err(|e| Error::transport(&e, &info.context, &info.server))
}

/// Stands between the client library's body type and a service that does not know it.
#[derive(Clone)]
struct Adapter<S>(S);

impl<S, B> Service<Request<Body>> for Adapter<S>
where
    S: Service<Request<RequestBody>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Into<BoxError> + Send + 'static,
    B: Send + 'static,
{
    type Response = Response<B>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Response<B>, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), BoxError>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let service = self.0.clone();
        Box::pin(async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await?.to_bytes();
            service.oneshot(Request::from_parts(head, Full::new(body))).await.map_err(Into::into)
        })
    }
}
