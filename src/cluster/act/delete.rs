//! Deleting one object.

use domain::flux::ObjectKey;
use http::Method;

use crate::connection::Connection;
use crate::discovery;
use crate::error::Error;
use crate::wire::Call;

/// Deletes an object; what it owns goes in the background. With `uid`, only that very object and not a namesake.
pub async fn delete(connection: &Connection, key: &ObjectKey, uid: Option<&str>) -> Result<(), Error> {
    let resource = discovery::by_kind(connection, &key.kind).await?;
    let mut options = serde_json::json!({ "apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background" });
    if let (Some(uid), Some(map)) = (uid, options.as_object_mut()) {
        map.insert("preconditions".to_owned(), serde_json::json!({ "uid": uid }));
    }
    let path = resource.object(&key.namespace, &key.name);
    let call = Call::send(Method::DELETE, path, "application/json", options.to_string().into_bytes());
    connection.act(call, "Deleting", &key.to_string()).await.map(|_| ())
}
