//! Two that set the same replicas: Git and an autoscaler.

use crate::check::hits::Hits;
use crate::check::subject::{Known, Scene};

/// Finds workloads with replicas in Git that an autoscaler changes.
pub(super) fn fight<'s>(scene: &'s Scene, _: &Known, hits: &mut Hits<'s>) {
    for kind in ["HorizontalPodAutoscaler", "ScaledObject"] {
        for scaler in scene.of_kind(kind) {
            let target = |field: &str| scaler.text(&["spec", "scaleTargetRef", field]);
            let (of, name) = (target("kind").unwrap_or_else(|| "Deployment".to_owned()), target("name").unwrap_or_default());
            let Some(workload) = scene.find(&of, &name, &scaler.namespace) else { continue };
            let bound = |field: &str| scaler.text(&["spec", field]);
            let fixed = bound("minReplicas").is_some() && bound("minReplicas") == bound("maxReplicas");
            if let Some(written) = workload.at(&["spec", "replicas"]).filter(|v| !v.is_null() && !fixed) {
                let number = written.scalar().unwrap_or_default();
                let message = format!(
                    "{} says {number} replicas, and {} changes them: each reconciliation sets them back",
                    workload.told(),
                    scaler.told()
                );
                hits.at(workload, written, message);
            }
        }
    }
}
