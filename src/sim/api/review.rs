//! Who asks and what they may do: by their roles, unless something is denied on purpose.

use http::StatusCode;
use serde_json::{Value, json};

use crate::api::rights::{Ask, Caller};
use crate::api::{Reply, json as send};
use crate::json;
use crate::resource::Resource;
use crate::state::{State, locked};

/// Answers a review.
pub(crate) fn answer(state: &State, (resource, caller): (&Resource, &Caller), asked: &Value) -> Reply {
    let spec = asked.get("spec").cloned().unwrap_or_default();
    let mut review = json!({"kind": resource.kind, "apiVersion": resource.api_version(), "metadata": {}});
    match resource.kind {
        "SelfSubjectReview" => {
            json::set(&mut review, "/metadata/creationTimestamp", state.pace.stamp().into());
            review["status"] = json!({"userInfo": {"username": caller.name(), "groups": caller.groups()}});
        }
        "SelfSubjectRulesReview" => {
            review["spec"] = json!({});
            review["status"] = json!({
                "resourceRules": [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}],
                "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}], "incomplete": false});
        }
        _ => {
            let plural = json::text(&spec, "/resourceAttributes/resource").to_owned();
            let denied = locked(&state.faults.denied).iter().any(|(what, code)| {
                *code == 403
                    && crate::resource::RESOURCES.iter().any(|r| r.plural == plural && (what == r.plural || what == r.kind))
            });
            let of = |name: &str| json::text(&spec, &format!("/resourceAttributes/{name}"));
            let part = of("subresource");
            let resource = if part.is_empty() { plural.clone() } else { format!("{plural}/{part}") };
            let namespace = Some(of("namespace")).filter(|namespace| !namespace.is_empty());
            let ask = Ask { verb: of("verb"), group: of("group"), resource: &resource, namespace, name: of("name") };
            let allowed = !denied && caller.may(state, &ask);
            review["spec"] = spec;
            review["status"] = json!({ "allowed": allowed });
        }
    }
    send(StatusCode::CREATED, &review)
}
