//! What an object's status keeps of its past: a Kustomization's snapshots, a HelmRelease's releases.

use serde::Serialize;
use serde_json::Value;

use super::{list, moment, number, text};
use crate::Time;
use crate::flux::Health;
use crate::revision::Revision;

/// Holds one entry of `status.history`, the newest first in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "of")]
pub enum Past {
    /// Content that was applied (Kustomization, ResourceSet, FluxInstance).
    Snapshot(Snapshot),
    /// A release of a chart (HelmRelease).
    Release(Release),
}

/// Holds content that was applied, once or again and again.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Snapshot {
    /// The digest of what was applied.
    pub digest: String,
    /// The revision that it came from.
    pub revision: Revision,
    /// The revision of the origin, when the source is an artifact made of one.
    pub origin: Revision,
    /// When it was applied first.
    pub first: Option<Time>,
    /// When it was applied last.
    pub last: Option<Time>,
    /// How long that took, in Go's notation.
    pub took: String,
    /// What came of it: `ReconciliationSucceeded`, `HealthCheckFailed`, …
    pub status: String,
    /// How often it was applied.
    pub times: i64,
}

/// Holds a release of a chart.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Release {
    /// Its number.
    pub version: i64,
    /// Helm's word for it: `deployed`, `superseded`, `failed`, …
    pub status: String,
    /// The chart's name.
    pub chart: String,
    /// The chart's version.
    pub chart_version: String,
    /// The version of what the chart installs.
    pub app_version: String,
    /// The digest of the values.
    pub config: String,
    /// The digest of the release.
    pub digest: String,
    /// The digest of the chart's OCI artifact.
    pub oci: String,
    /// What was done: `install`, `upgrade`, … when it is known.
    pub action: String,
    /// When it was first deployed.
    pub first: Option<Time>,
    /// When it was last deployed.
    pub last: Option<Time>,
    /// When it was deleted.
    pub deleted: Option<Time>,
    /// Its tests.
    pub tests: Vec<Tested>,
}

/// Holds what came of a test hook of a release.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Tested {
    /// The hook's name.
    pub name: String,
    /// `Succeeded`, `Failed`, `Running`, …
    pub phase: String,
    /// When it began.
    pub started: Option<Time>,
    /// When it was over.
    pub completed: Option<Time>,
}

impl Past {
    /// Returns how that ended.
    pub fn health(&self) -> Health {
        match self {
            Self::Snapshot(s) if s.status.ends_with("Succeeded") => Health::Ok,
            Self::Snapshot(s) if s.status.ends_with("Failed") => Health::Bad,
            Self::Snapshot(_) => Health::Busy,
            Self::Release(r) => match r.status.as_str() {
                "deployed" if r.tests.iter().any(|t| t.phase == "Failed") => Health::Warn,
                "deployed" => Health::Ok,
                "failed" => Health::Bad,
                "superseded" | "uninstalled" => Health::Off,
                status if status.starts_with("pending") || status == "uninstalling" => Health::Busy,
                _ => Health::Unknown,
            },
        }
    }
}

/// Reads the history out of an object's JSON; empty when its kind keeps none.
pub fn history(object: &Value) -> Vec<Past> {
    list(object, "/status/history").iter().map(entry).collect()
}

fn entry(entry: &Value) -> Past {
    let own = |pointer: &str| text(entry, pointer).to_owned();
    if entry.get("chartName").is_none() {
        return Past::Snapshot(Snapshot {
            digest: own("/digest"),
            revision: Revision(own("/metadata/revision").into()),
            origin: Revision(own("/metadata/originRevision").into()),
            first: moment(entry, "/firstReconciled"),
            last: moment(entry, "/lastReconciled"),
            took: own("/lastReconciledDuration"),
            status: own("/lastReconciledStatus"),
            times: number(entry, "/totalReconciliations").unwrap_or(1),
        });
    }
    let hooks = entry.get("testHooks").and_then(Value::as_object);
    let tested = |(name, hook): (&String, &Value)| Tested {
        name: name.clone(),
        phase: text(hook, "/phase").to_owned(),
        started: moment(hook, "/lastStarted"),
        completed: moment(hook, "/lastCompleted"),
    };
    Past::Release(Release {
        version: number(entry, "/version").unwrap_or(0),
        status: own("/status"),
        chart: own("/chartName"),
        chart_version: own("/chartVersion"),
        app_version: own("/appVersion"),
        config: own("/configDigest"),
        digest: own("/digest"),
        oci: own("/ociDigest"),
        action: own("/action"),
        first: moment(entry, "/firstDeployed"),
        last: moment(entry, "/lastDeployed"),
        deleted: moment(entry, "/deleted"),
        tests: hooks.into_iter().flatten().map(tested).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn both_kinds_of_history_are_read() {
        let object = json!({ "status": { "history": [
            { "digest": "sha256:a", "firstReconciled": "2026-11-21T10:00:00Z", "lastReconciled": "2026-11-21T11:00:00Z",
              "lastReconciledDuration": "1.2s", "lastReconciledStatus": "ReconciliationSucceeded", "totalReconciliations": 4,
              "metadata": { "revision": "main@sha1:abc" } },
            { "chartName": "web", "chartVersion": "1.2.0", "appVersion": "9", "configDigest": "sha256:c", "version": 3,
              "status": "deployed", "firstDeployed": "2026-11-21T10:00:00Z", "lastDeployed": "2026-11-21T10:00:00Z",
              "testHooks": { "ping": { "phase": "Failed" } } },
        ] } });
        let found = history(&object);
        let [Past::Snapshot(snapshot), Past::Release(release)] = found.as_slice() else { unreachable!("{found:?}") };
        assert_eq!((snapshot.times, snapshot.took.as_str(), snapshot.revision.0.as_str()), (4, "1.2s", "main@sha1:abc"));
        assert_eq!((release.version, release.chart_version.as_str(), release.tests[0].name.as_str()), (3, "1.2.0", "ping"));
        assert_eq!(found.iter().map(Past::health).collect::<Vec<_>>(), [Health::Ok, Health::Warn]);
    }
}
