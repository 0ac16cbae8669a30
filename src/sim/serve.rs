//! The service on a socket: HTTP/1.1, on loopback only.

use std::net::SocketAddr;

use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};

use crate::api::ApiService;
use crate::error::Error;
use crate::state::Shared;

/// Listens; connections end with the cluster.
pub(crate) async fn listen(state: &Shared, service: ApiService, address: SocketAddr) -> Result<SocketAddr, Error> {
    if !address.ip().is_loopback() {
        return Err(Error::NotLoopback(address));
    }
    let refuse = |source| Error::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(refuse)?;
    let bound = listener.local_addr().map_err(refuse)?;
    let stop = state.stop.clone();
    tokio::spawn(async move {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => {
                        let (service, stop) = (service.clone(), stop.clone());
                        tokio::spawn(async move {
                            tokio::select! {
                                () = stop.cancelled() => {}
                                () = connection(stream, service) => {}
                            }
                        });
                    }
                    Err(error) => tracing::debug!(%error, "a connection could not be taken"),
                },
            }
        }
    });
    Ok(bound)
}

async fn connection(stream: TcpStream, service: ApiService) {
    // Small answers must not wait for larger ones.
    drop(stream.set_nodelay(true));
    if let Err(error) = http1::Builder::new().serve_connection(TokioIo::new(stream), TowerToHyperService::new(service)).await {
        tracing::debug!(%error, "a connection ended early");
    }
}
