//! What only one kind has: read in a second pass over its spec and status, so that the kinds lists are full of pay nothing.

use domain::Time;
use domain::flux::Facts;
use domain::private::{site, without_credentials};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::{or_default, safe};

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Spec {
    bucket_name: String,
    endpoint: String,
    provider: String,
    version: String,
    address: String,
    channel: String,
    event_severity: String,
    provider_ref: Named,
    #[serde(deserialize_with = "or_default")]
    event_sources: Vec<Named>,
    #[serde(deserialize_with = "or_default")]
    resources: Vec<Named>,
    #[serde(deserialize_with = "or_default")]
    inputs: Vec<IgnoredAny>,
    #[serde(deserialize_with = "or_default")]
    sources: Vec<IgnoredAny>,
    #[serde(deserialize_with = "or_default")]
    artifacts: Vec<IgnoredAny>,
    distribution: Distribution,
    git: GitSpec,
    update: Update,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct GitSpec {
    commit: CommitSpec,
    checkout: Checkout,
    push: Branch,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Checkout {
    #[serde(rename = "ref")]
    reference: Branch,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Branch {
    branch: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Update {
    path: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Named {
    kind: String,
    name: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct CommitSpec {
    author: Author,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Author {
    email: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Distribution {
    version: String,
    registry: String,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Status {
    #[serde(deserialize_with = "or_default")]
    history: Vec<Release>,
    last_scan_result: Scan,
    latest_ref: Option<Latest>,
    last_push_time: Option<Time>,
    last_push_commit: String,
    webhook_path: String,
    #[serde(deserialize_with = "or_default")]
    exported_inputs: Vec<IgnoredAny>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Release {
    chart_name: String,
    chart_version: String,
    app_version: String,
    status: String,
    version: i64,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Scan {
    tag_count: i64,
    scan_time: Option<Time>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Latest {
    name: String,
    tag: String,
    digest: String,
}

/// Holds what was found.
#[derive(Default)]
pub(super) struct Found {
    pub(super) facts: Option<Box<Facts>>,
    /// An ImagePolicy's newest image, as v1 says it.
    pub(super) latest: Option<String>,
}

/// Reads what is particular to a kind. What cannot be read is absent: the pass over all fields says why.
pub(super) fn read(kind: &str, spec: Option<&RawValue>, status: Option<&RawValue>) -> Found {
    if !are_of(kind) {
        return Found::default();
    }
    let spec: Spec = of(spec);
    let status: Status = of(status);
    if kind == "ImagePolicy" {
        return Found { facts: None, latest: status.latest_ref.map(|l| image(&l)) };
    }
    Found { facts: facts(kind, &spec, status).map(Box::new), latest: None }
}

/// Tells whether there is something particular to a kind.
pub(super) fn are_of(kind: &str) -> bool {
    const OWN: &[&str] = &[
        "Bucket",
        "HelmChart",
        "HelmRelease",
        "ImageRepository",
        "ImagePolicy",
        "ImageUpdateAutomation",
        "Provider",
        "Alert",
        "Receiver",
        "FluxInstance",
        "FluxReport",
        "ResourceSet",
        "ResourceSetInputProvider",
        "ArtifactGenerator",
    ];
    OWN.contains(&kind)
}

fn of<'a, T: Default + Deserialize<'a>>(raw: Option<&'a RawValue>) -> T {
    raw.and_then(|raw| serde_json::from_str::<Option<T>>(raw.get()).ok().flatten()).unwrap_or_default()
}

fn image(latest: &Latest) -> String {
    let digest = if latest.digest.is_empty() { String::new() } else { format!("@{}", latest.digest) };
    safe(&format!("{}:{}{digest}", latest.name, latest.tag))
}

fn text(text: &str) -> Box<str> {
    safe(text).into()
}

fn count<T>(list: &[T]) -> i64 {
    i64::try_from(list.len()).unwrap_or(i64::MAX)
}

fn names(named: &[Named]) -> Box<str> {
    let all: Vec<String> =
        named.iter().map(|n| format!("{}/{}", n.kind, if n.name.is_empty() { "*" } else { &n.name })).collect();
    text(&all.join(", "))
}

fn facts(kind: &str, spec: &Spec, status: Status) -> Option<Facts> {
    Some(match kind {
        "Bucket" => Facts::Bucket {
            name: text(&spec.bucket_name),
            endpoint: text(&without_credentials(&spec.endpoint)),
            provider: text(&spec.provider),
        },
        "HelmChart" => Facts::Chart { version: text(&spec.version) },
        "HelmRelease" => {
            let release = status.history.into_iter().next()?;
            Facts::Release {
                chart: text(&release.chart_name),
                version: text(&release.chart_version),
                app: text(&release.app_version),
                status: text(&release.status),
                revision: release.version,
            }
        }
        "ImageRepository" => Facts::Scan { tags: status.last_scan_result.tag_count, time: status.last_scan_result.scan_time },
        "ImageUpdateAutomation" => {
            let branches = [&spec.git.push.branch, &spec.git.checkout.reference.branch];
            Facts::Push {
                time: status.last_push_time,
                commit: text(&status.last_push_commit),
                author: text(&spec.git.commit.author.email),
                path: text(&spec.update.path),
                branch: text(branches.into_iter().find(|branch| !branch.is_empty()).map_or("", |branch| branch)),
            }
        }
        "Provider" => Facts::Provider { address: text(&site(&spec.address)), channel: text(&spec.channel) },
        "Alert" => Facts::Alert {
            severity: if spec.event_severity.is_empty() { "info".into() } else { text(&spec.event_severity) },
            provider: text(&spec.provider_ref.name),
            sources: names(&spec.event_sources),
        },
        "Receiver" => Facts::Receiver { path: text(&status.webhook_path), sources: names(&spec.resources) },
        "FluxInstance" | "FluxReport" => {
            Facts::Instance { version: text(&spec.distribution.version), registry: text(&spec.distribution.registry) }
        }
        "ResourceSet" => Facts::Inputs { count: count(&spec.inputs) },
        "ResourceSetInputProvider" => Facts::Inputs { count: count(&status.exported_inputs) },
        "ArtifactGenerator" => Facts::Generator { sources: count(&spec.sources), artifacts: count(&spec.artifacts) },
        _ => return None,
    })
}
