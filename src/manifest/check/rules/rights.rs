//! Roles and bindings that allow everything.

use crate::check::change::Step;
use crate::check::hits::Hits;
use crate::check::subject::{Subject, items};
use crate::yaml::Val;

/// Returns what an object allows that is everything: where it is written, and what it says.
fn everything(subject: &Subject) -> Vec<(&Val, String)> {
    if !subject.in_group("rbac.authorization.k8s.io") {
        return Vec::new();
    }
    match subject.kind.as_str() {
        "Role" | "ClusterRole" => {
            let all = |rule: &Val, field: &str| items(rule, &[field]).iter().any(|item| item.as_text() == Some("*"));
            let rules = items(&subject.val, &["rules"]).iter();
            let wide = rules.filter(|rule| ["apiGroups", "resources", "verbs"].iter().all(|field| all(rule, field)));
            wide.map(|rule| (rule, "allows everything on everything".to_owned())).collect()
        }
        "ClusterRoleBinding" if subject.text(&["roleRef", "name"]).as_deref() == Some("cluster-admin") => {
            let bound = items(&subject.val, &["subjects"]).iter();
            bound
                .map(|who| {
                    let text = |key: &str| who.get(key).and_then(Val::scalar).unwrap_or_default();
                    (who, format!("makes {} {} administrator of the cluster", text("kind"), text("name")))
                })
                .collect()
        }
        _ => Vec::new(),
    }
}

/// Finds roles and bindings that allow everything.
pub(super) fn wide<'s>(subject: &'s Subject, hits: &mut Hits<'s>) {
    for (val, what) in everything(subject) {
        hits.at(subject, val, format!("{} {what}", subject.told()));
    }
}

/// Finds what a change allows anew.
pub(super) fn added<'s>(step: &Step<'s>, hits: &mut Hits<'s>) {
    let Some(after) = step.after else { return };
    let before = step.before.map(everything).unwrap_or_default();
    for (val, what) in everything(after) {
        if !before.iter().any(|(_, old)| *old == what) {
            hits.at(after, val, format!("{} {what}", after.told()));
        }
    }
}
