//! The schemas of the kinds that a cluster serves besides the built-in ones, as documents that a validator reads.
//!
//! The CustomResourceDefinitions say most and are read first; who may not list them gets the OpenAPI documents of the groups
//! that they bring, which every authenticated user may read. What the documents mean is not known here.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use crate::connection::{Connection, Purpose};
use crate::error::Error;
use crate::wire::{self, Call, Fault};

/// How long the server may pause within one answer.
const PAUSE: Duration = Duration::from_secs(15);
/// How many definitions one page has: they weigh up to a megabyte each.
const PAGE: &str = "50";
/// How many pages and documents are read at most.
const MOST: usize = 200;

/// Holds what a cluster says about the kinds that are not built in.
#[derive(Debug, Clone, PartialEq)]
pub enum Served {
    /// The CustomResourceDefinitions.
    Definitions(Vec<Value>),
    /// OpenAPI v3 documents, one for each version of a group.
    Documents(Vec<Value>),
}

#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    metadata: Next,
    #[serde(default)]
    items: Vec<Value>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Next {
    #[serde(rename = "continue")]
    token: Option<String>,
}

#[derive(Deserialize)]
struct Index {
    #[serde(default)]
    paths: BTreeMap<String, Entry>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(rename = "serverRelativeURL")]
    url: String,
}

/// Reads the schemas of the custom kinds of a cluster. Its texts are the server's own and not yet safe to draw.
pub async fn schemas(connection: &Connection) -> Result<Served, Error> {
    let fail = |fault| connection.error(fault, "Reading the schemas of", "the kinds that are served");
    match definitions(connection).await {
        Ok(items) => Ok(Served::Definitions(items)),
        Err(fault) if matches!(fault.code(), 403 | 404) => documents(connection).await.map(Served::Documents).map_err(fail),
        Err(fault) => Err(fail(fault)),
    }
}

/// Returns a text that changes when a cluster's custom kinds or their schemas do; nothing where it cannot tell.
///
/// It costs one small answer, so that the schemas themselves need not be read again.
pub async fn schemas_mark(connection: &Connection) -> Result<Option<String>, Error> {
    let fail = |fault| connection.error(fault, "Reading the schemas of", "the kinds that are served");
    match index(connection).await {
        // The address of each document has its hash as its query.
        Ok(index) => {
            let lines: Vec<String> = custom(index).map(|(path, entry)| format!("{path} {}", entry.url)).collect();
            Ok(Some(lines.join("\n")))
        }
        Err(fault) if matches!(fault.code(), 403 | 404) => Ok(None),
        Err(fault) => Err(fail(fault)),
    }
}

async fn index(connection: &Connection) -> Result<Index, Fault> {
    wire::parse(&wire::fetch_long(&connection.client(Purpose::Act), Call::get("/openapi/v3"), PAUSE).await?)
}

/// Returns the groups' versions that are not the API server's own.
fn custom(index: Index) -> impl Iterator<Item = (String, Entry)> {
    index.paths.into_iter().filter(|(path, _)| group(path).is_some_and(|group| !built_in(group)))
}

async fn definitions(connection: &Connection) -> Result<Vec<Value>, Fault> {
    let mut all = Vec::new();
    let mut token = String::new();
    for _ in 0..MOST {
        let mut call = Call::get("/apis/apiextensions.k8s.io/v1/customresourcedefinitions").with("limit", PAGE);
        if !token.is_empty() {
            call = call.with("continue", &token);
        }
        let bytes = wire::fetch_long(&connection.client(Purpose::Act), call, PAUSE).await?;
        let page: Page = wire::parse(&bytes)?;
        all.extend(page.items.into_iter().map(lean));
        match page.metadata.token.filter(|token| !token.is_empty()) {
            Some(next) => token = next,
            None => break,
        }
    }
    Ok(all)
}

async fn documents(connection: &Connection) -> Result<Vec<Value>, Fault> {
    let mut all = Vec::new();
    for (_, entry) in custom(index(connection).await?).take(MOST) {
        let bytes = wire::fetch_long(&connection.client(Purpose::Act), Call::get(entry.url), PAUSE).await?;
        all.push(lean(wire::parse(&bytes)?));
    }
    Ok(all)
}

/// Returns the group of a path of the index that is one of a group's version.
fn group(path: &str) -> Option<&str> {
    path.strip_prefix("apis/").and_then(|rest| rest.split_once('/')).map(|(group, _)| group)
}

/// Tells whether a group belongs to the API server itself: it has no domain, or the plain one of the project.
fn built_in(group: &str) -> bool {
    let plain =
        |name: &str| !name.contains('.') || matches!(name, "rbac.authorization" | "internal.apiserver" | "flowcontrol.apiserver");
    !group.contains('.') || group.strip_suffix(".k8s.io").is_some_and(plain)
}

/// Drops the prose and what managers wrote, which are most of a definition's weight.
fn lean(mut value: Value) -> Value {
    if let Some(Value::Object(metadata)) = value.get_mut("metadata") {
        metadata.retain(|key, _| key == "name");
    }
    undescribed(&mut value);
    value
}

fn undescribed(value: &mut Value) {
    match value {
        Value::Object(map) => {
            // A field may have that name; then it is a schema and no text.
            map.retain(|key, value| key != "description" || !value.is_string());
            map.values_mut().for_each(undescribed);
        }
        Value::Array(items) => items.iter_mut().for_each(undescribed),
        _ => {}
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::panic, reason = "a test may fail by panicking")]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::mock::Mock;

    const CRDS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

    fn connected(mock: &Mock) -> Connection {
        Connection::from_service("test".into(), mock.clone())
    }

    fn crd(kind: &str) -> Value {
        json!({ "spec": { "group": "x.example", "names": { "kind": kind }, "versions": [{ "name": "v1", "schema": {
            "openAPIV3Schema": { "description": "prose", "properties": { "description": { "type": "string", "description": "prose" } } } } }] } })
    }

    #[tokio::test]
    async fn the_definitions_are_read_in_pages_and_without_their_prose() {
        let mock = Mock::new();
        mock.state().serve("apiextensions.k8s.io/v1", "customresourcedefinitions", "CustomResourceDefinition");
        for at in 0..120 {
            mock.put(CRDS, "", &format!("kind{at}.x.example"), crd(&format!("Kind{at}")));
        }
        let Served::Definitions(items) = schemas(&connected(&mock)).await.unwrap() else { panic!("documents") };
        assert_eq!(items.len(), 120);
        assert_eq!(mock.asked("customresourcedefinitions"), 3);
        let schema = items[0].pointer("/spec/versions/0/schema/openAPIV3Schema").unwrap();
        assert_eq!(schema, &json!({ "properties": { "description": { "type": "string" } } }));
        assert_eq!(items[0]["metadata"], json!({ "name": "kind0.x.example" }));
    }

    #[tokio::test]
    async fn who_may_not_list_them_reads_the_documents_of_their_groups() {
        let mock = Mock::new();
        mock.state().refuse.insert("customresourcedefinitions".to_owned(), 403);
        let entry = |path: &str| json!({ "serverRelativeURL": format!("/openapi/v3/{path}?hash=1") });
        let paths = [
            "api/v1",
            "apis/apps/v1",
            "apis/networking.k8s.io/v1",
            "apis/gateway.networking.k8s.io/v1",
            "apis/x.example/v1",
            ".well-known/x",
        ];
        let index: serde_json::Map<String, Value> = paths.iter().map(|path| ((*path).to_owned(), entry(path))).collect();
        mock.state().documents.insert("/openapi/v3".to_owned(), json!({ "paths": index }));
        for path in &paths[3..5] {
            mock.state().documents.insert(format!("/openapi/v3/{path}"), json!({ "components": { "schemas": { "of": path } } }));
        }
        let Served::Documents(documents) = schemas(&connected(&mock)).await.unwrap() else { panic!("definitions") };
        let of: Vec<&str> =
            documents.iter().filter_map(|d| d.pointer("/components/schemas/of").and_then(Value::as_str)).collect();
        assert_eq!(of, ["apis/gateway.networking.k8s.io/v1", "apis/x.example/v1"]);
        assert_eq!(mock.asked("/openapi/v3"), 3);
        let mark = schemas_mark(&connected(&mock)).await.unwrap().unwrap();
        assert!(mark.contains("apis/x.example/v1 ") && !mark.contains("apps/v1"), "{mark}");
        mock.state().documents.remove("/openapi/v3");
        assert_eq!(schemas_mark(&connected(&mock)).await.unwrap(), None);
    }

    #[tokio::test]
    async fn other_refusals_are_errors() {
        let mock = Mock::new();
        mock.state().refuse.insert("customresourcedefinitions".to_owned(), 500);
        assert!(matches!(schemas(&connected(&mock)).await, Err(Error::Refused { code: 500, .. })));
    }
}
