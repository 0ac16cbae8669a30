//! What the detail of an object asks: the object whole, how everything that it applied is doing, the events around it.

use std::collections::BTreeSet;
use std::sync::Arc;

use cluster::{Connection, act};
use domain::Trouble;
use domain::detail::{Entry, Happening, Standing, State, Whole, inventory, judge, text};
use domain::flux::ObjectKey;
use domain::query::Answer;
use futures::{StreamExt as _, stream};

use crate::shared::Core;

/// How many objects are read at the same time.
const AT_ONCE: usize = 8;

pub(super) async fn whole(core: &Arc<Core>, key: &ObjectKey) -> Result<Answer, Trouble> {
    let connection = core.fleet.connection(&key.context()).await?;
    let (yaml, json) = act::whole(&connection, key).await?;
    let resource_version = text(&json, "/metadata/resourceVersion").to_owned();
    let whole = Whole { key: key.clone(), resource_version, read: core.now(), yaml: yaml.into(), json };
    Ok(Answer::Whole(Arc::new(whole)))
}

/// Reads every entry of an object's inventory afresh and judges it.
pub(super) async fn inventory(core: &Arc<Core>, key: &ObjectKey) -> Result<Answer, Trouble> {
    let connection = core.fleet.connection(&key.context()).await?;
    let entries = entries(&connection, key).await?;
    let standings = stream::iter(entries).map(|entry| standing(&connection, entry)).buffered(AT_ONCE);
    Ok(Answer::Inventory(Arc::new(standings.collect().await)))
}

async fn entries(connection: &Connection, key: &ObjectKey) -> Result<Vec<Entry>, Trouble> {
    if key.flux_kind().is_none() {
        return Ok(Vec::new());
    }
    let (_, object) = act::whole(connection, key).await?;
    Ok(inventory::entries(&key.context(), &object))
}

async fn standing(connection: &Connection, entry: Entry) -> Standing {
    let (state, said) = match act::read(connection, &entry.api_version(), &entry.key).await {
        Ok(object) => judge::judge(&object),
        Err(error) => unread(error),
    };
    Standing { entry, state, said }
}

/// Says why an object could not be read: that it is gone, that it is forbidden, or in the words of whoever failed.
pub(super) fn unread(error: cluster::Error) -> (State, String) {
    match error {
        cluster::Error::Refused { code: 404, .. } => (State::Gone, String::new()),
        cluster::Error::KindAbsent { .. } => (State::Gone, "the cluster does not serve its kind".to_owned()),
        cluster::Error::Refused { code: 401 | 403, message, .. } => (State::Forbidden, message),
        error => (State::Unread, Trouble::from(error).to_string()),
    }
}

/// Reads the events about an object and, when wanted, about what it applied and what that owns.
pub(super) async fn happenings(core: &Arc<Core>, key: &ObjectKey, around: bool) -> Result<Answer, Trouble> {
    let connection = core.fleet.connection(&key.context()).await?;
    let mut out = Vec::new();
    if around {
        let entries = entries(&connection, key).await?;
        let mut keys: BTreeSet<ObjectKey> = entries.into_iter().map(|entry| entry.key).collect();
        keys.insert(key.clone());
        let namespaces: BTreeSet<_> = keys.iter().map(|k| k.namespace.clone()).collect();
        let read = stream::iter(namespaces).map(|namespace| {
            let connection = &connection;
            async move { (namespace.clone(), act::events_in(connection, &namespace).await) }
        });
        let mut read = read.buffered(AT_ONCE);
        while let Some((namespace, found)) = read.next().await {
            let ours = |(kind, name, line): (String, String, act::EventLine)| {
                let about = ObjectKey { kind: kind.into(), namespace: namespace.clone(), name: name.into(), ..key.clone() };
                belongs(&keys, &about).then(|| happening(about, line))
            };
            out.extend(found?.into_iter().filter_map(ours));
        }
    } else {
        out.extend(act::events(&connection, key).await?.into_iter().map(|line| happening(key.clone(), line)));
    }
    out.sort_by_key(|happening| std::cmp::Reverse(happening.time));
    Ok(Answer::Happenings(Arc::new(out)))
}

/// Tells whether an event's object is one of these, or made by one of them: ReplicaSets, Pods and Jobs are named after it.
fn belongs(keys: &BTreeSet<ObjectKey>, about: &ObjectKey) -> bool {
    let made = matches!(&*about.kind, "ReplicaSet" | "Pod" | "Job");
    let parent = |key: &ObjectKey| {
        let works = matches!(&*key.kind, "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" | "Job" | "CronJob");
        works && key.namespace == about.namespace && about.name.strip_prefix(&*key.name).is_some_and(|rest| rest.starts_with('-'))
    };
    keys.contains(about) || made && keys.iter().any(parent)
}

fn happening(about: ObjectKey, line: act::EventLine) -> Happening {
    Happening {
        about,
        time: line.time,
        warning: line.kind == "Warning",
        reason: line.reason,
        message: line.message,
        count: line.count,
        from: line.source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::ident::ContextName;

    #[test]
    fn what_a_workload_makes_belongs_to_it_and_namesakes_elsewhere_do_not() {
        let key = |kind: &str, namespace: &str, name: &str| ObjectKey::new(&ContextName::from("one"), kind, namespace, name);
        let keys = BTreeSet::from([key("Deployment", "shop", "web"), key("ConfigMap", "shop", "settings")]);
        for (about, belonging) in [
            (key("Deployment", "shop", "web"), true),
            (key("Pod", "shop", "web-7d9f-x2v"), true),
            (key("ReplicaSet", "shop", "web-7d9f"), true),
            (key("Pod", "blog", "web-7d9f-x2v"), false),
            (key("Pod", "shop", "webshop-7d9f-x2v"), false),
            (key("Pod", "shop", "settings-1"), false),
            (key("Deployment", "shop", "web-admin"), false),
        ] {
            assert_eq!(belongs(&keys, &about), belonging, "{about}");
        }
    }
}
