//! What all controllers that make Pods share: templates, hashes, owner references, counting.

use serde_json::{Value, json};

use crate::api::delete::Deletion;
use crate::api::write::Hand;
use crate::controllers::quota;
use crate::controllers::record::{Note, Tone};
use crate::json;
use crate::resource;
use crate::state::{SAFE, State};
use crate::store::Key;

/// The field manager of all of them.
pub(crate) const MANAGER: &str = "kube-controller-manager";

/// Returns the reference to a controlling owner.
pub(crate) fn owned_by(owner: &Value) -> Value {
    json!([{"apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": json::name(owner), "uid": json::uid(owner),
        "controller": true, "blockOwnerDeletion": true}])
}

/// Tells whether a Pod is ready.
pub(crate) fn ready(pod: &Value) -> bool {
    let conditions = json::list(pod, "/status/conditions");
    conditions.iter().any(|c| json::text(c, "/type") == "Ready" && json::text(c, "/status") == "True")
}

/// Tells whether a Pod has come to its end.
pub(crate) fn finished(pod: &Value) -> bool {
    matches!(json::text(pod, "/status/phase"), "Succeeded" | "Failed")
}

/// Returns the hash of a Pod template, in the letters that Kubernetes uses.
pub(crate) fn hash(template: &Value) -> String {
    let mut bare = template.clone();
    json::take(&mut bare, "/metadata/labels/pod-template-hash");
    let mut text = String::new();
    canonical(&bare, &mut text);
    let hash = text.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    hash.to_string().bytes().map(|digit| char::from(SAFE.get(usize::from(digit) % SAFE.len()).copied().unwrap_or(b'x'))).collect()
}

/// Writes a value with its fields in order, so that equal values give equal text.
fn canonical(value: &Value, out: &mut String) {
    match value {
        Value::Object(map) => {
            let mut fields: Vec<_> = map.iter().collect();
            fields.sort_by_key(|(field, _)| *field);
            for (field, value) in fields {
                out.push_str(field);
                out.push('{');
                canonical(value, out);
                out.push('}');
            }
        }
        Value::Array(items) => items.iter().for_each(|item| {
            out.push('[');
            canonical(item, out);
            out.push(']');
        }),
        other => out.push_str(&other.to_string()),
    }
}

/// Returns a Pod made of an owner's template; `name` ends with a hyphen when the ending is to be generated.
pub(crate) fn from_template(owner: &Value, name: &str) -> Value {
    let template = owner.pointer("/spec/template").cloned().unwrap_or_default();
    let mut pod = json!({"metadata": template.get("metadata").cloned().unwrap_or_else(|| json!({})), "spec": template["spec"]});
    json::set(&mut pod, "/metadata/namespace", json::namespace(owner).into());
    let field = if name.ends_with('-') { "/metadata/generateName" } else { "/metadata/name" };
    json::set(&mut pod, field, name.into());
    json::set(&mut pod, "/metadata/ownerReferences", owned_by(owner));
    pod
}

impl State {
    /// Makes a Pod and says so; returns why there is none when it is refused.
    pub(crate) fn make_pod(&self, owner: &Value, pod: Value, component: &str) -> Option<String> {
        let refused = match quota::refusal(self, &pod) {
            Some(refused) => refused,
            None => match self.create(resource::of("Pod"), pod, Hand::main(MANAGER)) {
                Ok(pod) => {
                    let message = format!("Created pod: {}", json::name(&pod));
                    self.record(owner, &Note::new(component, Tone::Normal, "SuccessfulCreate", &message));
                    return None;
                }
                Err(fault) if fault.code == 409 => return None,
                Err(fault) => fault.message,
            },
        };
        let message = format!("Error creating: {refused}");
        self.record(owner, &Note::new(component, Tone::Warning, "FailedCreate", &message));
        Some(refused)
    }

    /// Deletes a Pod and says so.
    pub(crate) fn drop_pod(&self, owner: &Value, pod: &Value, component: &str) {
        if self.delete(resource::of("Pod"), &Key::of(pod), &Deletion::default()).is_ok() {
            let message = format!("Deleted pod: {}", json::name(pod));
            self.record(owner, &Note::new(component, Tone::Normal, "SuccessfulDelete", &message));
        }
    }
}
