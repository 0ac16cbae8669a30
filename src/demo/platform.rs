//! The demo's platform: what a cluster needs before applications, applied by Flux from a repository of its own. One part
//! cannot be built, and another waits for it.

use domain::Trouble;
use sim::Sim;

use git::FileChange;
use git::seed::{commit_files, init_bare};

use super::{Fleet, Manifests, history};
use crate::launch;

const FILES: Manifests = manifests!(
    "platform",
    "cluster/gateway.yaml",
    "cluster/kustomization.yaml",
    "cluster/monitoring.yaml",
    "cluster/policies.yaml",
    "cluster/reports.yaml",
    "cluster/images.yaml",
    "gateway/gateway.yaml",
    "gateway/kustomization.yaml",
    "images/beacon.yaml",
    "images/kustomization.yaml",
    "monitoring/kustomization.yaml",
    "monitoring/metrics.yaml",
    "policies/kustomization.yaml",
    "reports/kustomization.yaml",
    "reports/reports.yaml",
);

impl Fleet {
    /// Makes the repository and the two objects from which everything else of the platform follows.
    pub(super) fn platform(&self, sim: &Sim, fresh: bool) -> Result<(), Trouble> {
        let path = self.git.join("platform.git");
        let url = format!("file://{}", path.display());
        if fresh {
            init_bare(&path, "main")?;
            let changes: Vec<FileChange> = FILES.iter().map(|(path, text)| FileChange::write(*path, *text)).collect();
            let by = history::author(&history::person(0));
            commit_files(&path, "main", &changes, ("Begin\n", &by, history::before(launch::now(), 40 * 86_400)))?;
        }
        let text = format!(
            "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata:\n  name: platform\n  namespace: flux-system\n\
             spec:\n  interval: 5m\n  url: {url}\n  ref:\n    branch: main\n---\n\
             apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata:\n  name: platform\n  namespace: flux-system\n\
             spec:\n  interval: 10m\n  path: ./cluster\n  prune: true\n  sourceRef:\n    kind: GitRepository\n    name: platform\n"
        );
        let planted = sim.apply_yaml(&text).map(drop);
        planted.map_err(|error| Trouble::failed("The demo's platform could not be made", "platform").why(error))
    }
}
