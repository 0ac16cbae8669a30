//! Which Pods a log is of: one, those of a workload's selector, or those of the controller that reconciles an object.

use cluster::Connection;
use cluster::act;
use domain::Trouble;
use domain::flux::ObjectKey;
use domain::logs::Containers;
use serde_json::Value;

/// The namespace that Flux lives in unless somebody chose another.
const HOME: &str = "flux-system";
/// The annotation by which a Pod says which of its containers is meant when nobody says.
const DEFAULT: &str = "/metadata/annotations/kubectl.kubernetes.io~1default-container";

/// Says where Pods are looked for.
#[derive(Debug)]
pub(super) enum Scope {
    /// This one Pod.
    One(ObjectKey),
    /// What a selector picks in a namespace.
    Picked { key: ObjectKey, selector: String },
    /// The Pods of a controller, in the first of these places (namespace, empty for all; selector) where there are any.
    Controller { name: &'static str, places: Vec<(String, String)> },
}

/// Holds a Pod, as far as its logs go.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) key: ObjectKey,
    pub(super) uid: String,
    containers: Vec<String>,
    init: Vec<String>,
    ephemeral: Vec<String>,
    main: String,
    restarts: Vec<(String, i32)>,
}

impl Scope {
    /// Finds out where the Pods of an object are.
    pub(super) async fn find(connection: &Connection, key: &ObjectKey) -> Result<Self, Trouble> {
        if &*key.kind == "Pod" {
            return Ok(Self::One(key.clone()));
        }
        if let Some(kind) = key.flux_kind() {
            let app = format!("app={}", kind.controller);
            let named = format!("app.kubernetes.io/name={}", kind.controller);
            let places = [(HOME, app.clone()), ("", format!("app.kubernetes.io/part-of=flux,{app}")), ("", app), ("", named)];
            let places = places.into_iter().map(|(namespace, selector)| (namespace.to_owned(), selector)).collect();
            return Ok(Self::Controller { name: kind.controller, places });
        }
        let object = act::get(connection, key).await?;
        let selector = selector(&object["spec"]["selector"]).ok_or_else(|| {
            Trouble::usage("That has no log", key)
                .why("only Pods write logs, and this has no selector that picks any")
                .next("Name a Pod, a workload or a Flux object.")
        })?;
        Ok(Self::Picked { key: key.clone(), selector })
    }

    /// Tells whether only one Pod is meant.
    pub(super) const fn is_one(&self) -> bool {
        matches!(self, Self::One(_))
    }

    /// Tells whether only lines about one object are wanted.
    pub(super) const fn filters(&self) -> bool {
        matches!(self, Self::Controller { .. })
    }

    /// Tells whether Pods may come where there are none.
    pub(super) const fn may_come(&self) -> bool {
        matches!(self, Self::Picked { .. })
    }

    /// Returns the Pods that there are now, oldest first.
    pub(super) async fn pods(&self, connection: &Connection) -> Result<Vec<Found>, cluster::Error> {
        let objects = match self {
            Self::One(key) => vec![act::get(connection, key).await?],
            Self::Picked { key, selector } => listed(connection, &key.namespace, selector).await?,
            Self::Controller { places, .. } => searched(connection, places).await?,
        };
        let mut objects: Vec<&Value> = objects.iter().collect();
        objects.sort_by_key(|pod| pod["metadata"]["creationTimestamp"].as_str().unwrap_or_default().to_owned());
        Ok(objects.into_iter().map(|pod| Found::read(connection, pod)).collect())
    }

    /// Says that there is no Pod, and where it was looked.
    pub(super) fn nothing(&self, key: &ObjectKey) -> Trouble {
        let Self::Controller { name, places } = self else {
            return Trouble::not_found("There is no Pod", key).next("Look at its events: they say why none is made.");
        };
        let place = |(namespace, selector): &(String, String)| match namespace.as_str() {
            "" => format!("{selector} in all namespaces"),
            namespace => format!("{selector} in {namespace}"),
        };
        let looked: Vec<String> = places.iter().map(place).collect();
        Trouble::not_found("No Pod of the controller was found", format!("{name}, which reconciles {key}"))
            .why(format!("looked for {}", looked.join("; ")))
            .next("If the controller runs outside the cluster or under other labels, its log has to be read there.")
    }
}

async fn listed(connection: &Connection, namespace: &str, selector: &str) -> Result<Vec<Value>, cluster::Error> {
    act::labelled(connection, ("v1", "Pod"), namespace, selector).await
}

/// Looks at one place after another; what may not be read counts only when no other place has any.
async fn searched(connection: &Connection, places: &[(String, String)]) -> Result<Vec<Value>, cluster::Error> {
    let mut refused = None;
    for (namespace, selector) in places {
        match listed(connection, namespace, selector).await {
            Ok(pods) if !pods.is_empty() => return Ok(pods),
            Ok(_) => {}
            Err(error @ cluster::Error::Refused { code: 403, .. }) => refused = refused.or(Some(error)),
            Err(error) => return Err(error),
        }
    }
    match refused {
        Some(error) => Err(error),
        None => Ok(Vec::new()),
    }
}

impl Found {
    fn read(connection: &Connection, pod: &Value) -> Self {
        let text = |pointer: &str| domain::text::one_line(pod.pointer(pointer).and_then(Value::as_str).unwrap_or_default());
        let names = |pointer: &str| -> Vec<String> {
            let all = pod.pointer(pointer).and_then(Value::as_array).into_iter().flatten();
            all.map(|c| domain::text::one_line(c["name"].as_str().unwrap_or_default())).collect()
        };
        let containers = names("/spec/containers");
        let main = Some(text(DEFAULT)).filter(|name| containers.contains(name)).or_else(|| containers.first().cloned());
        Self {
            key: ObjectKey::new(connection.context(), "Pod", &text("/metadata/namespace"), &text("/metadata/name")),
            uid: text("/metadata/uid"),
            init: names("/spec/initContainers"),
            ephemeral: names("/spec/ephemeralContainers"),
            main: main.unwrap_or_default(),
            restarts: super::status::restarts(pod),
            containers,
        }
    }

    /// Returns the names of its containers: those that stay, then init, then ephemeral ones.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.containers.iter().chain(&self.init).chain(&self.ephemeral).map(String::as_str)
    }

    /// Returns how often a container was started again.
    pub(super) fn restarts(&self, container: &str) -> i32 {
        self.restarts.iter().find(|(name, _)| name == container).map_or(0, |(_, count)| *count)
    }

    /// Returns the containers that are meant.
    pub(super) fn wanted(&self, which: &Containers) -> Vec<String> {
        match which {
            Containers::Main => vec![self.main.clone()],
            Containers::All => self.init.iter().chain(&self.containers).chain(&self.ephemeral).cloned().collect(),
            Containers::Named(name) => self.names().filter(|n| n == name).map(str::to_owned).collect(),
        }
    }

    /// Says that it has no such container.
    pub(super) fn lacks(&self, which: &Containers) -> Trouble {
        let Containers::Named(name) = which else { return Trouble::not_found("The Pod has no container", &self.key) };
        let names: Vec<&str> = self.names().collect();
        Trouble::not_found("The Pod has no such container", format!("{name} in {}", self.key))
            .why(format!("it has {}", names.join(", ")))
            .next("Choose one of these.")
    }
}

/// Writes a selector as a query wants it; nothing when it picks nothing.
fn selector(value: &Value) -> Option<String> {
    let map = value.as_object()?;
    let plain = !map.contains_key("matchLabels") && !map.contains_key("matchExpressions");
    let labels = if plain { Some(map) } else { map.get("matchLabels").and_then(Value::as_object) };
    let equal = labels.into_iter().flatten().filter_map(|(name, value)| Some(format!("{name}={}", value.as_str()?)));
    let rules = map.get("matchExpressions").and_then(Value::as_array).into_iter().flatten();
    let rules = rules.filter_map(|rule| {
        let key = rule["key"].as_str()?;
        let values: Vec<&str> = rule["values"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let values = values.join(",");
        Some(match rule["operator"].as_str()? {
            "In" => format!("{key} in ({values})"),
            "NotIn" => format!("{key} notin ({values})"),
            "Exists" => key.to_owned(),
            "DoesNotExist" => format!("!{key}"),
            _ => return None,
        })
    });
    let all: Vec<String> = equal.chain(rules).collect();
    (!all.is_empty()).then(|| all.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_selector_is_written_as_a_query_wants_it() {
        let both = json!({"matchLabels": {"app": "web"}, "matchExpressions": [{"key": "tier", "operator": "In", "values": ["a", "b"]},
            {"key": "old", "operator": "DoesNotExist"}]});
        assert_eq!(selector(&both).as_deref(), Some("app=web,tier in (a,b),!old"));
        assert_eq!(selector(&json!({"app": "web"})).as_deref(), Some("app=web"));
        assert_eq!(selector(&json!({})), None);
        assert_eq!(selector(&json!(null)), None);
    }
}
