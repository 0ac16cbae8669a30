//! Which `apiVersion` has which kind: kinds that are unknown in a known group, and versions that are no longer served.

use domain::change::Severity;

use crate::schema::{Found, Schemas, names};

/// Since which release of Kubernetes a version of a group is not served any more, for a kind or for all of them.
const REMOVED: &[(&str, &str, &str)] = &[
    ("extensions/v1beta1", "Ingress", "1.22"),
    ("extensions/v1beta1", "", "1.16"),
    ("apps/v1beta1", "", "1.16"),
    ("apps/v1beta2", "", "1.16"),
    ("admissionregistration.k8s.io/v1beta1", "MutatingWebhookConfiguration", "1.22"),
    ("admissionregistration.k8s.io/v1beta1", "ValidatingWebhookConfiguration", "1.22"),
    ("apiextensions.k8s.io/v1beta1", "", "1.22"),
    ("apiregistration.k8s.io/v1beta1", "", "1.22"),
    ("authentication.k8s.io/v1beta1", "TokenReview", "1.22"),
    ("authorization.k8s.io/v1beta1", "", "1.22"),
    ("certificates.k8s.io/v1beta1", "CertificateSigningRequest", "1.22"),
    ("coordination.k8s.io/v1beta1", "Lease", "1.22"),
    ("networking.k8s.io/v1beta1", "Ingress", "1.22"),
    ("networking.k8s.io/v1beta1", "IngressClass", "1.22"),
    ("rbac.authorization.k8s.io/v1beta1", "", "1.22"),
    ("scheduling.k8s.io/v1beta1", "PriorityClass", "1.22"),
    ("storage.k8s.io/v1beta1", "CSIStorageCapacity", "1.27"),
    ("storage.k8s.io/v1beta1", "", "1.22"),
    ("batch/v1beta1", "", "1.25"),
    ("discovery.k8s.io/v1beta1", "", "1.25"),
    ("events.k8s.io/v1beta1", "", "1.25"),
    ("autoscaling/v2beta1", "", "1.25"),
    ("policy/v1beta1", "", "1.25"),
    ("node.k8s.io/v1beta1", "", "1.25"),
    ("autoscaling/v2beta2", "", "1.26"),
    ("flowcontrol.apiserver.k8s.io/v1beta1", "", "1.26"),
    ("flowcontrol.apiserver.k8s.io/v1beta2", "", "1.29"),
    ("flowcontrol.apiserver.k8s.io/v1beta3", "", "1.32"),
];

/// What is known of a kind.
pub(super) enum Known<'s> {
    /// Its schema.
    Shape(Found<'s>),
    /// A list of objects of a kind.
    List,
    /// Nothing: no schema is here.
    Nothing,
    /// It cannot be right. Whether the fault is in the `apiVersion`, and what it is.
    Wrong(Wrong),
}

/// What is wrong with an `apiVersion` and kind.
pub(super) struct Wrong {
    pub(super) severity: Severity,
    pub(super) rule: &'static str,
    pub(super) message: String,
    /// The field that it speaks of.
    pub(super) field: &'static str,
}

/// Looks a kind up.
pub(super) fn look<'s>(schemas: &'s Schemas, api_version: &str, kind: &str) -> Known<'s> {
    if let Some(found) = schemas.find(api_version, kind) {
        return Known::Shape(found);
    }
    let listed = kind.strip_suffix("List").filter(|of| of.is_empty() || schemas.find(api_version, of).is_some());
    if listed.is_some_and(|of| !of.is_empty() || api_version == "v1") {
        return Known::List;
    }
    let group = group_of(api_version);
    let mut versions: Vec<&str> = schemas.kinds().filter(|(v, k)| *k == kind && group_of(v) == group).map(|(v, _)| v).collect();
    versions.sort_by_key(|version| stability(version));
    if let Some(best) = versions.last() {
        return Known::Wrong(not_served(api_version, kind, &format!("write {best}")));
    }
    // Groups that a cluster's own kinds are in may have others that were not read.
    let built_in = group == "extensions" || schemas.built_in.kinds().any(|(v, ..)| group_of(v) == group);
    if !built_in {
        return Known::Nothing;
    }
    let mut others: Vec<&str> = schemas.built_in.kinds().filter(|(_, k, _)| *k == kind).map(|(v, ..)| v).collect();
    others.sort_by_key(|version| stability(version));
    if let Some(best) = others.last() {
        let wrong = not_served(api_version, kind, &format!("write {best}"));
        return Known::Wrong(if group == "extensions" { wrong } else { Wrong { rule: "schema-kind", ..wrong } });
    }
    if kind.starts_with("PodSecurityPolicy") {
        return Known::Wrong(not_served(api_version, kind, "Pod Security admission takes its place"));
    }
    let near = names::nearest(kind, schemas.kinds().filter(|(v, _)| *v == api_version).map(|(_, k)| k));
    let near = near.or_else(|| names::nearest(kind, schemas.kinds().filter(|(v, _)| group_of(v) == group).map(|(_, k)| k)));
    let meant = near.map_or_else(String::new, |near| format!("; did you mean {near}?"));
    // A version of a built-in group that is older or newer than these schemas may have it.
    let sure = schemas.built_in.kinds.contains_key(api_version);
    // Without a group there is v1 alone; another version is that of a program's own configuration.
    if group.is_empty() && !sure && near.is_none() {
        return Known::Nothing;
    }
    let severity = if sure || near.is_some() { Severity::Error } else { Severity::Warning };
    Known::Wrong(Wrong {
        severity,
        rule: "schema-kind",
        message: format!("{api_version} has no kind {kind}{meant}"),
        field: "kind",
    })
}

fn not_served(api_version: &str, kind: &str, instead: &str) -> Wrong {
    let gone = REMOVED.iter().find(|(version, of, _)| *version == api_version && (of.is_empty() || *of == kind));
    let message = match gone {
        Some((.., since)) => format!("{kind} of {api_version} is not served since Kubernetes {since}; {instead}"),
        None => format!("{kind} of {api_version} is not served; {instead}"),
    };
    Wrong { severity: Severity::Error, rule: "api-removed", message, field: "apiVersion" }
}

fn group_of(api_version: &str) -> &str {
    api_version.split_once('/').map_or("", |(group, _)| group)
}

/// Orders versions: alpha before beta before stable, then by number.
fn stability(api_version: &str) -> (u8, u32, u32) {
    let version = api_version.rsplit('/').next().unwrap_or_default().trim_start_matches('v');
    let number = |text: &str| text.parse().unwrap_or(0);
    for (rank, word) in [(0, "alpha"), (1, "beta")] {
        if let Some((major, minor)) = version.split_once(word) {
            return (rank, number(major), number(minor));
        }
    }
    (2, number(version), 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_by_their_stability() {
        let mut versions = ["a/v1beta2", "a/v2", "a/v1alpha3", "a/v1", "a/v1beta1", "a/v2beta1"];
        versions.sort_by_key(|version| stability(version));
        assert_eq!(versions, ["a/v1alpha3", "a/v1beta1", "a/v1beta2", "a/v2beta1", "a/v1", "a/v2"]);
    }
}
