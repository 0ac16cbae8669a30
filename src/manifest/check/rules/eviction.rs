//! Budgets that allow no eviction at all.

use crate::check::hits::Hits;
use crate::check::subject::{Known, Scene, Subject};
use crate::yaml::Val;

/// Finds PodDisruptionBudgets with which no Pod can ever be evicted.
pub(super) fn blocked<'s>(scene: &'s Scene, _: &Known, hits: &mut Hits<'s>) {
    for budget in scene.of_kind("PodDisruptionBudget") {
        if let Some(most) = budget.at(&["spec", "maxUnavailable"]).filter(|v| matches!(v.scalar().as_deref(), Some("0" | "0%"))) {
            hits.at(budget, most, format!("{} allows no eviction: its nodes cannot be drained", budget.told()));
            continue;
        }
        let Some(least) = budget.at(&["spec", "minAvailable"]) else { continue };
        let text = least.scalar().unwrap_or_default();
        if text == "100%" {
            hits.at(budget, least, format!("{} allows no eviction: its nodes cannot be drained", budget.told()));
            continue;
        }
        let (Ok(wanted), Some(labels)) = (text.parse::<u64>(), budget.at(&["spec", "selector", "matchLabels"])) else { continue };
        let makers: Vec<&Subject> = scene.selected(labels, &budget.namespace).collect();
        let Some(total) = makers.iter().try_fold(0_u64, |sum, maker| Some(sum.saturating_add(pods(scene, maker)?))) else {
            continue;
        };
        if !makers.is_empty() && wanted > 0 && total <= wanted {
            let whom = makers.iter().map(|maker| maker.told()).collect::<Vec<_>>().join(", ");
            let message = format!("{} wants {wanted} Pods and {whom} has {total}: its nodes cannot be drained", budget.told());
            hits.at(budget, least, message);
        }
    }
}

/// Returns how many Pods a workload has at least: what its autoscaler says, else what it says itself.
fn pods(scene: &Scene, maker: &Subject) -> Option<u64> {
    let autoscaler = scene.subjects.iter().find(|s| {
        matches!(s.kind.as_str(), "HorizontalPodAutoscaler" | "ScaledObject")
            && s.text(&["spec", "scaleTargetRef", "name"]).as_deref() == Some(&maker.name)
    });
    match autoscaler {
        Some(scaled) => scaled.at(&["spec", "minReplicas"]).and_then(Val::scalar)?.parse().ok(),
        None => maker.replicas().filter(|n| *n > 0),
    }
}
