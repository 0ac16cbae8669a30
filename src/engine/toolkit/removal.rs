//! What removing Flux would take away.

use cluster::act::{self, Target, how_many};
use cluster::{Connection, Error};
use domain::Trouble;
use domain::ident::ContextName;
use domain::text::one_line;
use domain::toolkit::release::is_flux_group;
use domain::toolkit::{Defined, NAMESPACE, PART_OF, Removal};
use futures::future::join_all;
use serde_json::Value;

use super::found;
use crate::shared::Core;

/// What belongs to Flux in its namespace, and outside of all.
const INSIDE: [(&str, &str); 5] = [
    ("v1", "Service"),
    ("networking.k8s.io/v1", "NetworkPolicy"),
    ("v1", "ResourceQuota"),
    ("rbac.authorization.k8s.io/v1", "RoleBinding"),
    ("v1", "ServiceAccount"),
];
const OUTSIDE: [(&str, &str); 2] =
    [("rbac.authorization.k8s.io/v1", "ClusterRoleBinding"), ("rbac.authorization.k8s.io/v1", "ClusterRole")];
/// What somebody may run in Flux's namespace who does not belong to it.
const STRANGERS: [(&str, &str); 5] = [
    ("apps/v1", "Deployment"),
    ("apps/v1", "StatefulSet"),
    ("apps/v1", "DaemonSet"),
    ("batch/v1", "CronJob"),
    ("v1", "PersistentVolumeClaim"),
];
/// How many of them are named.
const NAMED: usize = 5;

/// Says what removing Flux would take away.
pub(crate) async fn removal(core: &Core, context: ContextName, with_namespace: bool) -> Result<Removal, Trouble> {
    let connection = core.fleet.connection(&context).await?;
    let there = found::controllers(&connection).await?;
    let namespace = there.first().map_or_else(|| NAMESPACE.to_owned(), |found| found.namespace.clone());
    let mut unread = Vec::new();
    let definitions = definitions(&connection, &mut unread).await;
    let others = others(&connection, &namespace, &mut unread).await;
    let strangers = if with_namespace { strangers(&connection, &namespace, &there).await } else { Vec::new() };
    let home =
        Target { api_version: "v1".to_owned(), kind: "Namespace".to_owned(), namespace: String::new(), name: namespace.clone() };
    let made_for = |object: &Value| object.pointer("/metadata/labels").and_then(|labels| labels.get(PART_OF.0)).is_some();
    let namespace_there = act::live(&connection, &home).await.is_ok_and(|object| object.as_ref().is_some_and(made_for));
    Ok(Removal {
        namespace_there,
        version: found::version(&there),
        owner: found::owner(&there),
        controllers: there.into_iter().map(|found| found.name).collect(),
        context,
        namespace,
        others,
        definitions,
        with_namespace,
        strangers,
        unread,
    })
}

/// Returns the definitions of Flux's kinds, each with how many objects it has.
async fn definitions(connection: &Connection, unread: &mut Vec<String>) -> Vec<Defined> {
    let kind = ("apiextensions.k8s.io/v1", "CustomResourceDefinition");
    let all = read(act::labelled(connection, kind, "", "").await, unread);
    let mut found: Vec<Defined> = all.iter().filter_map(defined).filter(|d| is_flux_group(&d.group)).collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    let counts: Vec<_> = found.iter().map(|defined| how_many(connection, defined)).collect();
    let counts = join_all(counts).await;
    for (defined, count) in found.iter_mut().zip(counts) {
        match count {
            Ok(count) => defined.count = Some(count),
            Err(error) => unread.push(why(&error)),
        }
    }
    found
}

fn defined(object: &Value) -> Option<Defined> {
    let text = |value: &Value, pointer: &str| value.pointer(pointer).and_then(Value::as_str).map(one_line);
    let versions = object.pointer("/spec/versions")?.as_array()?;
    let flag = |version: &Value, name: &str| version.get(name).and_then(Value::as_bool).unwrap_or(false);
    let stored = versions.iter().find(|version| flag(version, "storage") && flag(version, "served"));
    let served = stored.or_else(|| versions.iter().find(|version| flag(version, "served")))?;
    Some(Defined {
        name: text(object, "/metadata/name")?,
        group: text(object, "/spec/group")?,
        version: text(served, "/name")?,
        kind: text(object, "/spec/names/kind")?,
        plural: text(object, "/spec/names/plural")?,
        count: None,
    })
}

async fn others(connection: &Connection, namespace: &str, unread: &mut Vec<String>) -> Vec<(String, String, String)> {
    let label = format!("{}={}", PART_OF.0, PART_OF.1);
    let places = INSIDE.iter().map(|kind| (kind, namespace)).chain(OUTSIDE.iter().map(|kind| (kind, "")));
    let lists = places.map(|(kind, place)| {
        let label = &label;
        async move { (kind.1, place, act::labelled(connection, *kind, place, label).await) }
    });
    let mut found = Vec::new();
    for (kind, place, list) in join_all(lists).await {
        found.extend(read(list, unread).iter().filter_map(name).map(|name| (kind.to_owned(), place.to_owned(), name)));
    }
    found
}

/// Returns what in the namespace is not Flux's own; when it cannot be seen, that.
async fn strangers(connection: &Connection, namespace: &str, ours: &[found::Found]) -> Vec<String> {
    let lists = STRANGERS.iter().map(|kind| async move { (kind.1, act::labelled(connection, *kind, namespace, "").await) });
    let mut found = Vec::new();
    for (kind, list) in join_all(lists).await {
        match list {
            Ok(list) => {
                let names = list.iter().filter_map(name);
                let strange = names.filter(|name| kind != "Deployment" || !ours.iter().any(|own| own.name == *name));
                found.extend(strange.map(|name| format!("{kind}/{name}")));
            }
            Err(error) => found.push(format!("{kind}? ({})", why(&error))),
        }
    }
    let more = found.len().saturating_sub(NAMED);
    found.truncate(NAMED);
    if more > 0 {
        found.push(format!("{more} more"));
    }
    found
}

fn name(object: &Value) -> Option<String> {
    object.pointer("/metadata/name").and_then(Value::as_str).map(one_line)
}

fn read(list: Result<Vec<Value>, Error>, unread: &mut Vec<String>) -> Vec<Value> {
    list.unwrap_or_else(|error| {
        unread.push(why(&error));
        Vec::new()
    })
}

/// Returns the server's words.
fn why(error: &Error) -> String {
    match error {
        Error::Refused { message, .. } => message.clone(),
        other => other.to_string(),
    }
}
