//! Resource quotas of Pods: what is asked for, used and allowed, in the API server's words when it is too much.

use domain::quantity::Quantity;
use serde_json::Value;

use crate::controllers::pods;
use crate::json;
use crate::resource;
use crate::state::State;

/// Returns what the API server says when a Pod would pass a quota of its namespace.
pub(crate) fn refusal(state: &State, pod: &Value) -> Option<String> {
    let namespace = json::namespace(pod);
    let quotas = state.list(resource::of("ResourceQuota"), Some(namespace));
    let others = state.list(resource::of("Pod"), Some(namespace));
    let others = || others.iter().filter(|pod| !pods::finished(pod));
    for quota in &quotas {
        let hard = quota.pointer("/spec/hard").and_then(Value::as_object);
        let mut over: Vec<[String; 3]> = Vec::new();
        for (what, limit) in hard.into_iter().flatten() {
            let (limit, asked) = (text(limit), amount(pod, what));
            let used: i128 = others().map(|pod| amount(pod, what)).sum();
            if asked > 0 && used + asked > parsed(&limit) {
                let said = |n| format!("{what}={}", shown(what, n));
                over.push([said(asked), said(used), format!("{what}={limit}")]);
            }
        }
        if !over.is_empty() {
            over.sort();
            let part = |at: usize| over.iter().map(|o| o[at].as_str()).collect::<Vec<_>>().join(",");
            let name = format!("{}{}", json::text(pod, "/metadata/generateName"), json::name(pod));
            let ending = pods::hash(pod).chars().take(5).collect::<String>();
            let name = if name.ends_with('-') { format!("{name}{ending}") } else { name };
            return Some(format!(
                "pods \"{name}\" is forbidden: exceeded quota: {}, requested: {}, used: {}, limited: {}",
                json::name(quota),
                part(0),
                part(1),
                part(2)
            ));
        }
    }
    None
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn parsed(text: &str) -> i128 {
    text.parse::<Quantity>().map_or(0, |q| q.millis())
}

/// Returns how much of a resource a Pod counts for, in thousandths.
fn amount(pod: &Value, what: &str) -> i128 {
    let (which, resource) = match what {
        "pods" | "count/pods" => return 1_000,
        "cpu" | "memory" => ("requests", what),
        _ => match what.split_once('.') {
            Some((which @ ("requests" | "limits"), resource)) => (which, resource),
            _ => return 0,
        },
    };
    let containers = json::list(pod, "/spec/containers").iter();
    containers.filter_map(|c| c.pointer(&format!("/resources/{which}/{resource}"))).map(|v| parsed(&text(v))).sum()
}

/// Writes an amount as Kubernetes does: memory in the largest unit that is whole, others in units or thousandths.
fn shown(what: &str, millis: i128) -> String {
    let whole = millis / 1_000;
    if what.ends_with("memory") {
        for (unit, size) in [("Gi", 1_i128 << 30), ("Mi", 1 << 20), ("Ki", 1 << 10)] {
            if whole > 0 && whole % size == 0 {
                return format!("{}{unit}", whole / size);
            }
        }
    }
    if millis % 1_000 == 0 { whole.to_string() } else { format!("{millis}m") }
}
