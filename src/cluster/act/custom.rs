//! The custom resources of a definition: how many there are, which, and letting them go without their controller.

use domain::flux::{Kind, ObjectKey};
use domain::toolkit::Defined;
use serde::Deserialize;
use serde_json::json;

use super::{MANAGER, MERGE};
use crate::connection::Connection;
use crate::error::Error;
use crate::resource::Resource;
use crate::wire::{self, Call};

/// How many are read at once.
const PAGE: &str = "500";

#[derive(Deserialize)]
struct List {
    metadata: Page,
    #[serde(default)]
    items: Vec<Item>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Page {
    #[serde(rename = "continue")]
    next: String,
    remaining_item_count: Option<usize>,
}

#[derive(Deserialize)]
struct Item {
    metadata: Meta,
}

#[derive(Deserialize)]
struct Meta {
    name: String,
    #[serde(default)]
    namespace: String,
}

fn resource(of: &Defined) -> Resource {
    Resource::new(&of.group, &of.version, &of.plural, &of.kind, true)
}

async fn page(connection: &Connection, of: &Defined, limit: &str, next: &str) -> Result<List, Error> {
    let mut call = Call::get(resource(of).collection("")).with("limit", limit);
    if !next.is_empty() {
        call = call.with("continue", next);
    }
    let bytes = connection.act(call, "Listing", &of.plural).await?;
    wire::parse(&bytes).map_err(|fault| connection.error(fault, "Listing", &of.plural))
}

/// Returns how many objects a definition has.
pub async fn how_many(connection: &Connection, of: &Defined) -> Result<usize, Error> {
    let first = page(connection, of, "1", "").await?;
    match first.metadata.remaining_item_count {
        Some(more) => Ok(first.items.len() + more),
        None if first.metadata.next.is_empty() => Ok(first.items.len()),
        None => Ok(custom_keys(connection, of).await?.len()),
    }
}

/// Returns the objects of a definition; none when it is not served any more.
pub async fn custom_keys(connection: &Connection, of: &Defined) -> Result<Vec<ObjectKey>, Error> {
    let (mut keys, mut next) = (Vec::new(), String::new());
    loop {
        let list = match page(connection, of, PAGE, &next).await {
            Err(Error::Refused { code: 404, .. }) => return Ok(keys),
            // What was listed so far is too old to go on from: all of it anew, in one answer.
            Err(Error::Refused { code: 410, .. }) if !next.is_empty() => {
                keys.clear();
                page(connection, of, "0", "").await?
            }
            list => list?,
        };
        keys.extend(
            list.items
                .iter()
                .map(|item| ObjectKey::new(connection.context(), &of.kind, &item.metadata.namespace, &item.metadata.name)),
        );
        if list.metadata.next.is_empty() {
            return Ok(keys);
        }
        next = list.metadata.next;
    }
}

/// Suspends an object where that can be done, and takes its finalizers away: it then goes without its controller taking along
/// what it applied. An object that is gone is fine.
pub async fn set_free(connection: &Connection, of: &Defined, key: &ObjectKey) -> Result<(), Error> {
    let suspends = Kind::of_group(&of.kind, &of.group).is_some_and(|kind| kind.suspends);
    let mut patch = json!({ "metadata": { "finalizers": null } });
    if suspends {
        // Should its controller still run somewhere, it takes nothing along of what is suspended.
        patch["spec"] = json!({ "suspend": true });
    }
    let place = resource(of).object(&key.namespace, &key.name);
    let call = Call::send(http::Method::PATCH, place, MERGE, patch.to_string().into_bytes()).with("fieldManager", MANAGER);
    match connection.act(call, "Releasing", &key.to_string()).await {
        Ok(_) | Err(Error::Refused { code: 404, .. }) => Ok(()),
        Err(error) => Err(error),
    }
}
