//! Going on: what runs in one environment as a draft for another.

use std::cmp::Reverse;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::change::Draft;
use crate::edit::Field;
use crate::ident::EnvironmentId;
use crate::project::Environment;
use crate::revision::{CommitId, CommitLine};

/// Asks what runs in one environment as a draft for another.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Promote {
    /// Where it runs.
    pub from: EnvironmentId,
    /// Where it shall run.
    pub to: EnvironmentId,
    /// What is taken over.
    pub parts: Vec<PromotePart>,
}

/// Names what is taken over from another environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PromotePart {
    /// The image: name, tag and digest; of a HelmRelease also the chart's version.
    Image,
    /// The number of replicas.
    Replicas,
    /// Environment variables, plain and from elsewhere.
    Env,
    /// Requests and limits.
    Resources,
    /// Probes.
    Probes,
    /// The values of a HelmRelease.
    Values,
}

impl PromotePart {
    /// All parts.
    pub const ALL: [Self; 6] = [Self::Image, Self::Replicas, Self::Env, Self::Resources, Self::Probes, Self::Values];

    /// Returns the part that a field is of; nothing when it is never taken over.
    pub const fn of(field: &Field) -> Option<Self> {
        Some(match field {
            Field::ImageName | Field::ImageTag | Field::ImageDigest | Field::ChartVersion => Self::Image,
            Field::Replicas => Self::Replicas,
            Field::Env(_) | Field::EnvRef(_) => Self::Env,
            Field::Resource(..) => Self::Resources,
            Field::Probe(..) => Self::Probes,
            Field::Value(_) => Self::Values,
            _ => return None,
        })
    }

    /// Returns the word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Replicas => "replicas",
            Self::Env => "env",
            Self::Resources => "resources",
            Self::Probes => "probes",
            Self::Values => "values",
        }
    }
}

/// Returns the environments from which something can come to another, the likeliest first: the last one before it on the way to
/// production, then the others of its project.
pub fn sources<'a>(all: &'a [Arc<Environment>], to: &Environment) -> Vec<&'a Arc<Environment>> {
    let others = all.iter().filter(|e| e.id.project == to.id.project && e.id != to.id && e.gitops.enabled);
    let mut found: Vec<_> = others.collect();
    found.sort_by_key(|e| (e.kind >= to.kind, Reverse(e.kind)));
    found
}

/// Holds what runs in one environment as a draft for another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Promotion {
    /// Where it runs.
    pub from: EnvironmentId,
    /// The commit that is applied there, which the values were read at.
    pub from_commit: CommitId,
    /// The commit that is applied where it shall run; absent when nothing is known to be.
    pub to_commit: Option<CommitId>,
    /// The images that it brings, as Git has them: container and image.
    pub images: Vec<(String, String)>,
    /// The commits in between that touched the manifests, the newest first.
    pub commits: Vec<CommitLine>,
    /// Whether there are more of them than are told.
    pub more: bool,
    /// What is worth knowing before it goes on.
    pub notes: Vec<String>,
    /// The draft.
    pub draft: Draft,
}
