//! What a cluster serves: its groups, and the kinds of a group's version.
//!
//! The plain discovery documents are read, not the aggregated one: few small answers, and every server has them.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use domain::flux::kinds::Kind;
use serde::Deserialize;

use crate::connection::{Connection, Purpose};
use crate::error::Error;
use crate::resource::{Resource, root_of};
use crate::wire::{self, Call, Fault};

const LIMIT: Duration = Duration::from_secs(10);

#[derive(Deserialize)]
struct Groups {
    #[serde(default)]
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    name: String,
    #[serde(default)]
    versions: Vec<GroupVersion>,
}

#[derive(Deserialize)]
struct GroupVersion {
    version: String,
}

#[derive(Deserialize)]
struct Resources {
    #[serde(default)]
    resources: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    name: String,
    kind: String,
    #[serde(default)]
    namespaced: bool,
}

/// Reads which versions of which groups are served.
pub(crate) async fn groups(connection: &Connection, purpose: Purpose) -> Result<HashMap<String, Vec<String>>, Fault> {
    let found: Groups = wire::json(&connection.client(purpose), Call::get("/apis"), LIMIT).await?;
    let versions = |g: Group| (g.name, g.versions.into_iter().map(|v| v.version).collect());
    Ok(found.groups.into_iter().map(versions).collect())
}

/// Reads the kinds of a group's version, from memory unless `anew`; a version that is not served has none.
pub(crate) async fn kinds_of(
    connection: &Connection,
    purpose: Purpose,
    (group, version): (&str, &str),
    anew: bool,
) -> Result<Arc<Vec<Resource>>, Fault> {
    let root = root_of(group, version);
    if !anew && let Some(known) = connection.served().lists.get(&root) {
        return Ok(Arc::clone(known));
    }
    let found: Resources = match wire::json(&connection.client(purpose), Call::get(root.clone()), LIMIT).await {
        Err(fault) if fault.code() == 404 => Resources { resources: Vec::new() },
        other => other?,
    };
    let whole = found.resources.into_iter().filter(|entry| !entry.name.contains('/'));
    let list: Vec<Resource> = whole.map(|e| Resource::new(group, version, &e.name, &e.kind, e.namespaced)).collect();
    let list = Arc::new(list);
    connection.served().lists.insert(root, Arc::clone(&list));
    Ok(list)
}

/// Finds a Flux kind among the versions that its group is served in: the preferred ones first, then whatever there is.
pub(crate) async fn flux_kind(
    connection: &Connection,
    purpose: Purpose,
    (kind, versions): (&'static Kind, &[String]),
    anew: bool,
) -> Result<Option<Resource>, Fault> {
    let preferred = kind.versions.iter().copied().filter(|v| versions.iter().any(|served| served == v));
    let others = versions.iter().map(String::as_str).filter(|v| !kind.versions.contains(v));
    for version in preferred.chain(others) {
        let list = kinds_of(connection, purpose, (kind.group, version), anew).await?;
        if let Some(found) = list.iter().find(|r| r.kind == kind.name) {
            return Ok(Some(found.clone()));
        }
    }
    Ok(None)
}

/// Finds the resource of a kind by name, for an action.
pub(crate) async fn by_kind(connection: &Connection, kind: &str) -> Result<Resource, Error> {
    if let Some(known) = Resource::built_in(kind) {
        return Ok(known);
    }
    let failed = |fault| connection.error(fault, "Asking what is served", kind);
    let absent = || Error::KindAbsent { context: connection.context().to_string(), kind: domain::text::one_line(kind) };
    if let Some(flux) = Kind::by_name(kind) {
        for anew in [false, true] {
            // The newest version is right nearly always; then one remembered answer is all that it takes.
            let versions: Vec<String> = if anew {
                groups(connection, Purpose::Act).await.map_err(failed)?.remove(flux.group).unwrap_or_default()
            } else {
                flux.versions.iter().take(1).map(|&v| v.to_owned()).collect()
            };
            let found = flux_kind(connection, Purpose::Act, (flux, &versions), anew).await.map_err(failed)?;
            if let Some(found) = found {
                return Ok(found);
            }
        }
        return Err(absent());
    }
    let mut served: Vec<_> = groups(connection, Purpose::Act).await.map_err(failed)?.into_iter().collect();
    served.sort();
    served.insert(0, (String::new(), vec!["v1".to_owned()]));
    // What is remembered may be older than the kind: then all are asked once more.
    for anew in [false, true] {
        if let Some(found) = searched(connection, &served, kind, anew).await.map_err(failed)? {
            return Ok(found);
        }
    }
    Err(absent())
}

/// Looks for a kind in the preferred version of each group. A group that does not answer, as one does whose own server is away,
/// is an error only when no other has the kind.
async fn searched(
    connection: &Connection,
    served: &[(String, Vec<String>)],
    kind: &str,
    anew: bool,
) -> Result<Option<Resource>, Fault> {
    let mut silent = None;
    for (group, versions) in served {
        let Some(version) = versions.first() else { continue };
        match kinds_of(connection, Purpose::Act, (group, version), anew).await {
            Ok(list) => {
                if let Some(found) = list.iter().find(|r| r.kind == kind) {
                    return Ok(Some(found.clone()));
                }
            }
            Err(fault) => silent = silent.or(Some(fault)),
        }
    }
    silent.map_or(Ok(None), Err)
}

/// Finds the resource of an `apiVersion` and kind, as an object to apply names them.
pub(crate) async fn by_version(connection: &Connection, api_version: &str, kind: &str) -> Result<Resource, Error> {
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    if let Some(known) = Resource::built_in(kind).filter(|known| known.group == group && known.version == version) {
        return Ok(known);
    }
    for anew in [false, true] {
        let list = kinds_of(connection, Purpose::Act, (group, version), anew).await;
        let list = list.map_err(|fault| connection.error(fault, "Asking what is served", api_version))?;
        if let Some(found) = list.iter().find(|r| r.kind == kind) {
            return Ok(found.clone());
        }
    }
    Err(Error::KindAbsent {
        context: connection.context().to_string(),
        kind: domain::text::one_line(&format!("{kind} ({api_version})")),
    })
}
