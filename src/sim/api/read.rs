//! Reading objects: one, or a list in pages that all show the same revision.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{StatusCode, header};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value, json};

use crate::api::path::Target;
use crate::api::select::Selector;
use crate::api::{Call, Reply, events, object, table, whole};
use crate::fault::Fault;
use crate::json;
use crate::resource::{self, Resource};
use crate::state::State;
use crate::store::{Key, Object};

/// Answers with one object, as a table when that was asked for.
pub(crate) fn one(state: &State, call: &Call, resource: &Resource, found: &Object) -> Reply {
    if table::wanted(call.header(header::ACCEPT)) {
        let rows = table::rows(resource, std::slice::from_ref(found), state.pace.now());
        return crate::api::json(StatusCode::OK, &table::document(resource, &rows, &json!({})));
    }
    object(StatusCode::OK, resource, found)
}

/// Holds where a list goes on.
struct Token {
    revision: u64,
    start: Key,
}

impl Token {
    fn write(&self) -> String {
        let start = format!("{}/{}", self.start.namespace, self.start.name);
        URL_SAFE_NO_PAD.encode(json!({"v": "meta.k8s.io/v1", "rv": self.revision, "start": start}).to_string())
    }

    fn read(text: &str) -> Result<Self, Fault> {
        let refuse = || Fault::bad("invalid continue token: continue key is not valid");
        let bytes = URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).map_err(|_| refuse())?;
        let value: Value = serde_json::from_slice(&bytes).map_err(|_| refuse())?;
        let (namespace, name) = json::text(&value, "/start").split_once('/').ok_or_else(refuse)?;
        let revision = value.get("rv").and_then(Value::as_u64).ok_or_else(refuse)?;
        Ok(Self { revision, start: Key::new(namespace, name) })
    }
}

/// Answers with a list.
pub(crate) fn list(state: &State, call: &Call, target: &Target, selector: &Selector) -> Result<Reply, Fault> {
    let resource = if target.resource.mirrors_events() { resource::of("Event") } else { target.resource };
    let limit = call.options.number("limit").filter(|n| *n > 0).and_then(|n| usize::try_from(n).ok()).unwrap_or(usize::MAX);
    let namespace = target.namespace.as_deref();
    let (revision, mut items) = match call.options.get("continue") {
        Some(token) => rest(state, resource, &Token::read(token)?)?,
        None => first(state, call, resource, namespace)?,
    };
    items.retain(|item| namespace.is_none_or(|ns| json::namespace(item) == ns) && selector.picks(item));
    let mut metadata = Map::new();
    metadata.insert("resourceVersion".into(), revision.to_string().into());
    if items.len() > limit {
        let left = items.len() - limit;
        let start = items.get(limit).map_or_else(|| Key::new("", ""), |item| Key::of(item));
        metadata.insert("continue".into(), Token { revision, start }.write().into());
        if call.options.get("labelSelector").is_none() && call.options.get("fieldSelector").is_none() {
            metadata.insert("remainingItemCount".into(), left.into());
        }
        items.truncate(limit);
    }
    if table::wanted(call.header(header::ACCEPT)) {
        let rows = table::rows(target.resource, &items, state.pace.now());
        return Ok(crate::api::json(StatusCode::OK, &table::document(target.resource, &rows, &Value::Object(metadata))));
    }
    let list = List { resource: target.resource, metadata, items };
    let bytes = serde_json::to_vec(&list).unwrap_or_default();
    Ok(whole(StatusCode::OK, "application/json", bytes.into()))
}

fn first(state: &State, call: &Call, resource: &Resource, namespace: Option<&str>) -> Result<(u64, Vec<Object>), Fault> {
    let store = state.store();
    let asked = call.options.number("resourceVersion").filter(|n| *n > 0);
    if let Some(asked) = asked.filter(|_| call.options.get("resourceVersionMatch") == Some("Exact")) {
        let table = store.list_at(resource, asked).ok_or_else(|| Fault::expired(asked, store.oldest()))?;
        return Ok((asked, table.into_values().collect()));
    }
    if let Some(asked) = asked.filter(|asked| *asked > store.revision()) {
        return Err(Fault::too_large(asked, store.revision()));
    }
    Ok((store.revision(), store.list(resource, namespace)))
}

fn rest(state: &State, resource: &Resource, token: &Token) -> Result<(u64, Vec<Object>), Fault> {
    let store = state.store();
    // Revision 0 in a token stands for whatever is there now: what is offered when the revision was forgotten.
    let revision = if token.revision == 0 { store.revision() } else { token.revision };
    let Some(table) = store.list_at(resource, revision) else {
        let resume = Token { revision: 0, start: token.start.clone() };
        return Err(Fault::stale_page(resume.write()));
    };
    Ok((revision, table.range(token.start.clone()..).map(|(_, object)| Object::clone(object)).collect()))
}

/// Writes a list without copying what is in it.
struct List<'a> {
    resource: &'a Resource,
    metadata: Map<String, Value>,
    items: Vec<Object>,
}

impl Serialize for List<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(4))?;
        map.serialize_entry("kind", &format!("{}List", self.resource.kind))?;
        map.serialize_entry("apiVersion", &self.resource.api_version())?;
        map.serialize_entry("metadata", &self.metadata)?;
        if self.resource.mirrors_events() {
            let items: Vec<Value> = self.items.iter().map(|item| events::second_view(item)).collect();
            map.serialize_entry("items", &items)?;
        } else if self.resource.custom {
            let items: Vec<&Value> = self.items.iter().map(|item| &**item).collect();
            map.serialize_entry("items", &items)?;
        } else {
            let items: Vec<Bare<'_>> = self.items.iter().map(|item| Bare(item)).collect();
            map.serialize_entry("items", &items)?;
        }
        map.end()
    }
}

/// Writes an object of a built-in kind as lists hold it: without kind and version.
struct Bare<'a>(&'a Value);

impl Serialize for Bare<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let fields =
            self.0.as_object().into_iter().flatten().filter(|(field, _)| !matches!(field.as_str(), "kind" | "apiVersion"));
        serializer.collect_map(fields)
    }
}
