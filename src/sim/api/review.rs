//! Who asks and what they may do: everybody is the administrator, unless something is denied on purpose.

use http::StatusCode;
use serde_json::{Value, json};

use crate::api::{Reply, json as send};
use crate::json;
use crate::resource::Resource;
use crate::state::{State, locked};

/// Answers a review.
pub(crate) fn answer(state: &State, resource: &Resource, asked: &Value) -> Reply {
    let spec = asked.get("spec").cloned().unwrap_or_default();
    let mut review = json!({"kind": resource.kind, "apiVersion": resource.api_version(), "metadata": {}});
    match resource.kind {
        "SelfSubjectReview" => {
            json::set(&mut review, "/metadata/creationTimestamp", state.pace.stamp().into());
            review["status"] = json!({"userInfo": {"username": "admin", "groups": ["system:masters", "system:authenticated"]}});
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
            review["spec"] = spec;
            review["status"] = json!({ "allowed": !denied });
        }
    }
    send(StatusCode::CREATED, &review)
}
