//! Services that a change opens to the outside.

use crate::check::change::Step;
use crate::check::hits::Hits;
use crate::check::subject::Subject;

/// Finds Services that become reachable from outside of the cluster.
pub(super) fn exposed<'s>(step: &Step<'s>, hits: &mut Hits<'s>) {
    let Some(after) = step.after.filter(|s| s.kind == "Service" && s.group.is_empty()) else { return };
    let open = |subject: &Subject| subject.text(&["spec", "type"]).filter(|t| matches!(t.as_str(), "NodePort" | "LoadBalancer"));
    let (Some(now), None) = (open(after), step.before.and_then(open)) else { return };
    hits.near(after, &[after.at(&["spec", "type"])], format!("{} can be reached from outside: its type is {now}", after.told()));
}
