//! What a Pod measures of itself, read through the API server.

use domain::flux::ObjectKey;

use crate::connection::Connection;
use crate::error::Error;
use crate::resource::encode;
use crate::wire::Call;

/// Returns the text that a Pod serves at `/metrics` on a port.
pub async fn metrics(connection: &Connection, pod: &ObjectKey, port: u16) -> Result<String, Error> {
    let (namespace, name) = (encode(&pod.namespace), encode(&pod.name));
    let path = format!("/api/v1/namespaces/{namespace}/pods/{name}:{port}/proxy/metrics");
    let bytes = connection.act(Call::get(path), "Measuring", &pod.to_string()).await?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
