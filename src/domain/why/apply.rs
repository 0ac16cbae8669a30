//! Causes that the API server names when objects are applied.

use super::Said;
use super::pattern::Values;
use super::rule::{Rule, set, value};

pub(super) const RULES: &[Rule] = &[
    Rule::new("field-conflict", "The field {field} belongs to {manager}", "Let one of the two own it: take the field out of the manifests, or make the other stop setting it; kustomize.toolkit.fluxcd.io/ssa: Override takes it over.")
        .says(&["Apply failed with {count} conflict"]).refine(conflict),
    Rule::new("crd-missing", "The cluster does not know the kind {kind} ({version})", "Install its CustomResourceDefinition first (a Kustomization with dependsOn), or correct apiVersion and kind.")
        .says(&["no matches for kind \"{kind}\" in version \"{version}\"", "no matches for kind \"{kind}\" in group \"{version}\""]),
    Rule::new("namespace-terminating", "The namespace {namespace} is being deleted", "Wait until it is gone, or find the finalizer that holds it.")
        .says(&["unable to create new content in namespace {namespace} because it is being terminated"]),
    Rule::new("namespace-missing", "The namespace {namespace} does not exist", "Create it, or add it to the manifests; spec.targetNamespace creates none.").says(&["namespaces \"{namespace}\" not found"]),
    Rule::new("namespace-unset", "An object of a namespaced kind names no namespace", "Give it a namespace, or set spec.targetNamespace.").says(&["namespace not specified"]),
    Rule::new("rbac-forbidden", "The account {user} may not {verb} {resource} in {namespace}", "Grant it by a Role and RoleBinding, or let another spec.serviceAccountName apply.")
        .says(&["User \"{user}\" cannot {verb} resource \"{resource}\" in API group \"{_}\" in the namespace \"{namespace}\""]),
    Rule::new("rbac-forbidden-cluster", "The account {user} may not {verb} {resource} in the cluster", "Grant it by a ClusterRole and ClusterRoleBinding, or let another spec.serviceAccountName apply.")
        .says(&["User \"{user}\" cannot {verb} resource \"{resource}\" in API group \"{_}\" at the cluster scope"]),
    Rule::new("rbac-escalation", "The account {user} may not grant rights that it does not have", "Give the account those rights, or let another spec.serviceAccountName apply.").says(&["user \"{user}\" ({_}) is attempting to grant RBAC permissions not currently held"]),
    Rule::new("service-account-missing", "The ServiceAccount {account} does not exist", "Create it, or correct the name.")
        .says(&["error looking up service account {account}: ", "serviceaccounts \"{account}\" not found", "serviceaccount \"{account}\" not found", "serviceaccount '{account}' not found"]),
    Rule::new("immutable-field", "The field {field} cannot be changed once the object exists", "Give the object another name, delete it first, or set spec.force (it is then deleted and created anew).")
        .says(&["field is immutable", "is immutable", "immutable field"]).refine(immutable),
    Rule::new("immutable-statefulset", "A StatefulSet's field cannot be changed once it exists", "Delete it without its Pods (kubectl delete --cascade=orphan) and let Flux create it anew, or set spec.force.").says(&["updates to statefulset spec for fields other than"]),
    Rule::new("unknown-field", "The kind has no field {field}", "Correct or remove it; mind the indentation.").says(&["failed to create typed patch object ({_}): {field}: field not declared in schema", "strict decoding error: unknown field \"{field}\""]),
    Rule::new("wrong-type", "The field {field} has the wrong type", "Write it as its kind prescribes; numbers and true or false may need quotes or no quotes.")
        .says(&["cannot unmarshal {_} into Go struct field {field} of type", "failed to create typed patch object ({_}): {field}: expected {_}"]),
    Rule::new("duplicate-entry", "Two entries of a list have the same key: {field}", "Remove one of them.").says(&["failed to create typed patch object ({_}): {field}: duplicate entries for key"]),
    Rule::new("invalid-value", "The value of {field} is not allowed: {why}", "Correct it as the API server says.")
        .says(&[" is invalid: {field}: Invalid value: {why*}", " is invalid: {field}: Unsupported value: {why*}", " is invalid: {field}: Forbidden: {why*}"]),
    Rule::new("required-missing", "The required field {field} is missing", "Add it.").says(&[" is invalid: {field}: Required value"]),
    Rule::new("invalid-object", "The API server does not accept an object", "Correct what it names.").says(&[" is invalid: ", "dry-run failed (Invalid)", "dry-run failed (BadRequest)"]).rank(30),
    Rule::new("prune-failed", "Flux could not delete what left the manifests", "Look at the object it names; a finalizer may hold it.").on(&["PruneFailed"]).rank(30),
    Rule::new("cel-invalid", "An expression of the spec is not valid CEL", "Correct it; the object stands still until its spec changes.").on(&["InvalidCELExpression"]),
    Rule::new("apply-failed", "Flux cannot apply the manifests", "Correct what the API server names.").on(&["ReconciliationFailed"]).rank(8),
];

/// Reads manager and fields of a server-side apply conflict, of one field or of several.
fn conflict(said: &Said, values: &mut Values) -> bool {
    let Some((_, after)) = said.text.split_once("conflict with \"").or_else(|| said.text.split_once("conflicts with \"")) else {
        return false;
    };
    let Some((manager, rest)) = after.split_once('"') else { return false };
    set(values, "manager", manager);
    let listed: Vec<&str> = rest.lines().skip(1).map_while(|line| line.strip_prefix("- ")).collect();
    let field = match listed.as_slice() {
        // "… using apps/v1 at 2026-01-02T03:04:05Z: .spec.replicas"
        [] => rest.lines().next().unwrap_or_default().rsplit(": ").next().unwrap_or_default().trim().to_owned(),
        fields => fields.join(", "),
    };
    let fits = !field.is_empty();
    set(values, "field", field);
    fits
}

/// Finds the field before `Invalid value`, when the message names one.
fn immutable(said: &Said, values: &mut Values) -> bool {
    let marks = ["field is immutable", "is immutable", "immutable field"];
    let head = marks.iter().find_map(|mark| said.text.split_once(mark)).map_or("", |(head, _)| head);
    let named = head.rsplit_once(": Invalid value").or_else(|| head.rsplit_once(": Forbidden"));
    let field = named.and_then(|(before, _)| before.rsplit([' ', '\n']).next()).unwrap_or_default().trim_matches(['[', '"']);
    set(values, "field", if field.is_empty() { "spec" } else { field });
    value(values, "field").is_some()
}
