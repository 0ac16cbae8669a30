//! What only one kind or a few have to say: kept beside the lean type, and not at all for the kinds that lists are full of.

use serde::Serialize;

use crate::Time;

/// Holds what is particular to a kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum Facts {
    /// A Bucket.
    Bucket {
        /// The bucket's name.
        name: Box<str>,
        /// Where it is served.
        endpoint: Box<str>,
        /// Who serves it: `generic`, `aws`, `gcp`, `azure`.
        provider: Box<str>,
    },
    /// A HelmChart.
    Chart {
        /// The range of versions that is wanted.
        version: Box<str>,
    },
    /// A HelmRelease: what Helm's newest release is, by `status.history[0]`.
    Release {
        /// The chart's name.
        chart: Box<str>,
        /// The chart's version.
        version: Box<str>,
        /// The version of what it installs, as the chart says.
        app: Box<str>,
        /// Helm's word for how it is: `deployed`, `failed`.
        status: Box<str>,
        /// Helm's number of the release.
        revision: i64,
    },
    /// An ImageRepository: its last scan.
    Scan {
        /// How many tags were found.
        tags: i64,
        /// When.
        time: Option<Time>,
    },
    /// An ImageUpdateAutomation: its last push.
    Push {
        /// When.
        time: Option<Time>,
        /// The commit.
        commit: Box<str>,
        /// The address that its commits carry.
        author: Box<str>,
        /// The folder that it looks after; empty for all.
        path: Box<str>,
        /// The branch that it pushes to, or reads; empty for that of its source.
        branch: Box<str>,
    },
    /// A Provider.
    Provider {
        /// Where events go.
        address: Box<str>,
        /// Which channel they go to.
        channel: Box<str>,
    },
    /// An Alert.
    Alert {
        /// The least severity that is told.
        severity: Box<str>,
        /// The Provider that tells it.
        provider: Box<str>,
        /// What it listens to: `Kustomization/*, GitRepository/shop`.
        sources: Box<str>,
    },
    /// A Receiver.
    Receiver {
        /// The path of its webhook.
        path: Box<str>,
        /// What it reconciles.
        sources: Box<str>,
    },
    /// A FluxInstance or FluxReport: the distribution.
    Instance {
        /// Its version.
        version: Box<str>,
        /// The registry that its images come from.
        registry: Box<str>,
    },
    /// A ResourceSet or ResourceSetInputProvider.
    Inputs {
        /// How many sets of inputs there are.
        count: i64,
    },
    /// An ArtifactGenerator.
    Generator {
        /// How many sources it reads.
        sources: i64,
        /// How many artifacts it makes.
        artifacts: i64,
    },
}

impl Facts {
    /// Returns the texts that a filter looks through.
    pub fn texts(&self) -> Vec<&str> {
        match self {
            Self::Bucket { name, endpoint, provider } => vec![name, endpoint, provider],
            Self::Chart { version } => vec![version],
            Self::Release { chart, version, app, status, .. } => vec![chart, version, app, status],
            Self::Push { commit, .. } => vec![commit],
            Self::Provider { address, channel } => vec![address, channel],
            Self::Alert { severity, provider, sources } => vec![severity, provider, sources],
            Self::Receiver { path, sources } => vec![path, sources],
            Self::Instance { version, registry } => vec![version, registry],
            Self::Scan { .. } | Self::Inputs { .. } | Self::Generator { .. } => Vec::new(),
        }
    }
}
