//! Projects, their repositories and their environments, with the defaults by environment type.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::edit::WorkloadRef;
use crate::ident::{ContextName, EnvironmentId, ObjectName, Slug};
use crate::trouble::Trouble;

/// Holds an application that is deployed: its repository and what it is called.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Project {
    /// The slug, unique in the store.
    pub slug: Slug,
    /// The name that people say.
    pub name: String,
    /// What it is.
    #[serde(default)]
    pub description: String,
    /// The organization's slug.
    #[serde(default = "default_organization")]
    pub organization: String,
    /// The repository its manifests live in.
    pub repository: Repository,
}

fn default_organization() -> String {
    "default".to_owned()
}

/// Says who hosts a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// GitHub.
    Github,
    /// GitLab.
    Gitlab,
    /// Gitea or Forgejo.
    Gitea,
    /// Any Git server.
    #[default]
    Git,
}

impl Provider {
    /// Guesses who hosts a repository from its URL.
    pub fn of(url: &str) -> Self {
        if url.contains("github.com") {
            Self::Github
        } else if url.contains("gitlab.") {
            Self::Gitlab
        } else if url.contains("gitea.") || url.contains("codeberg.org") {
            Self::Gitea
        } else {
            Self::Git
        }
    }
}

/// Returns a path in a repository as environments write it: without `./` in front and slashes around.
pub fn plain_path(path: &str) -> String {
    path.split('/').filter(|part| !matches!(*part, "" | ".")).collect::<Vec<_>>().join("/")
}

/// Holds where a repository is and how it is reached.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Repository {
    /// Who hosts it.
    #[serde(default)]
    pub provider: Provider,
    /// Its URL: https, http, ssh, scp-like or file.
    pub url: String,
    /// The branch that is meant when none is named.
    #[serde(default = "default_branch")]
    pub default_branch: String,
    /// How to authenticate.
    #[serde(default)]
    pub credential: Credential,
}

fn default_branch() -> String {
    "main".to_owned()
}

/// Says where a credential comes from. The secret itself is never part of a record.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "from")]
pub enum Credential {
    /// None: anonymous http, file, or ssh with the operator's own agent and keys.
    #[default]
    None,
    /// A token read from an environment variable at each use.
    Env {
        /// The user name sent with it.
        user: String,
        /// The variable.
        name: String,
    },
    /// A token read from a file at each use.
    File {
        /// The user name sent with it.
        user: String,
        /// The file.
        path: String,
    },
    /// A token or key that this console keeps encrypted, opened at each use.
    Sealed {
        /// The user name sent with it.
        user: String,
        /// The name that it is sealed under.
        name: Slug,
    },
}

impl Credential {
    /// Reads `none`, `env:NAME`, `file:PATH` or `sealed:NAME`, with an optional `USER@` in front (default user `git`).
    pub fn parse(text: &str) -> Result<Self, Trouble> {
        let (user, rest) = match text.split_once('@') {
            Some((user, rest)) if !user.contains(':') && !user.is_empty() => (user.to_owned(), rest),
            _ => ("git".to_owned(), text),
        };
        match rest.split_once(':') {
            None if rest.is_empty() || rest == "none" => Ok(Self::None),
            Some(("env", name)) if !name.is_empty() => Ok(Self::Env { user, name: name.to_owned() }),
            Some(("file", path)) if !path.is_empty() => Ok(Self::File { user, path: path.to_owned() }),
            Some(("sealed", name)) if !name.is_empty() => Ok(Self::Sealed { user, name: Slug::new(name)? }),
            _ => Err(Trouble::usage("That names no credential", "the repository's credential")
                .why("a token itself is never stored in a record, only where it is")
                .next("Write env:NAME, file:PATH or sealed:NAME, with USER@ in front when the server wants a user name.")),
        }
    }
}

impl fmt::Display for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Env { user, name } => write!(f, "{user}@env:{name}"),
            Self::File { user, path } => write!(f, "{user}@file:{path}"),
            Self::Sealed { user, name } => write!(f, "{user}@sealed:{name}"),
        }
    }
}

/// Says what an environment is for; decides its defaults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EnvironmentType {
    /// Where developers try things.
    Development,
    /// Where tests run.
    Testing,
    /// Where a release is rehearsed.
    Staging,
    /// Where users are.
    Production,
}

impl EnvironmentType {
    /// All types, in the order in which a change travels.
    pub const ALL: [Self; 4] = [Self::Development, Self::Testing, Self::Staging, Self::Production];

    /// Returns the word for it, which is also the last folder of its default path.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Development => "development",
            Self::Testing => "testing",
            Self::Staging => "staging",
            Self::Production => "production",
        }
    }

    /// Returns the branch that it follows by default.
    pub const fn branch(self) -> &'static str {
        match self {
            Self::Development => "develop",
            Self::Testing => "testing",
            Self::Staging => "staging",
            Self::Production => "main",
        }
    }

    /// Returns the path in the repository by default.
    pub fn path(self) -> String {
        format!("k8s/overlays/{}", self.word())
    }

    /// Returns the sync interval by default, in Go's duration notation.
    pub const fn interval(self) -> &'static str {
        match self {
            Self::Development | Self::Testing => "1m",
            Self::Staging => "5m",
            Self::Production => "10m",
        }
    }

    /// Tells whether Flux applies on its own by default.
    pub const fn auto_sync(self) -> bool {
        !matches!(self, Self::Production)
    }

    /// Returns the approval rule by default.
    pub const fn approval(self) -> ApprovalRule {
        match self {
            Self::Production => ApprovalRule { required: true, approvers: 2 },
            _ => ApprovalRule { required: false, approvers: 0 },
        }
    }
}

impl fmt::Display for EnvironmentType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for EnvironmentType {
    type Err = Trouble;
    fn from_str(text: &str) -> Result<Self, Trouble> {
        Self::ALL.into_iter().find(|t| t.word() == text).ok_or_else(|| {
            Trouble::usage("That is no environment type", format!("\u{201c}{text}\u{201d}"))
                .next("Choose development, testing, staging or production.")
        })
    }
}

/// Says whether people must agree before a deployment goes out, and how many besides its requester.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct ApprovalRule {
    /// Whether it is required.
    pub required: bool,
    /// The least number of approvers.
    pub approvers: u32,
}

/// Holds how Flux brings an environment about.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct GitOps {
    /// Whether Flux manages it.
    pub enabled: bool,
    /// The branch that is followed.
    pub branch: String,
    /// The path in the repository, without a leading `./`.
    pub path: String,
    /// The sync interval in Go's duration notation (`1m`, `10m0s`).
    pub interval: String,
    /// Whether Flux applies on its own; else its Kustomization stays suspended between manual syncs.
    pub auto_sync: bool,
    /// The GitRepository object.
    pub source: ObjectName,
    /// The Kustomization object.
    pub kustomization: ObjectName,
}

/// Holds where a project runs.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Environment {
    /// Project and name.
    pub id: EnvironmentId,
    /// What it is for.
    #[serde(rename = "type")]
    pub kind: EnvironmentType,
    /// The cloud it runs in: free text (`aws`, `gcp`, `azure`, `on-premises`).
    #[serde(default)]
    pub cloud: String,
    /// The region, free text.
    #[serde(default)]
    pub region: String,
    /// The kubeconfig context of its cluster.
    pub cluster: ContextName,
    /// The namespace that its workloads run in.
    pub namespace: String,
    /// Who must agree.
    pub approval: ApprovalRule,
    /// What the names of branches begin with on which changes wait for approval.
    #[serde(default = "default_proposal_prefix")]
    pub proposal_prefix: String,
    /// How Flux brings it about.
    pub gitops: GitOps,
    /// The workload that the deploy form changes; absent when there is just one.
    #[serde(default)]
    pub workload: Option<WorkloadRef>,
}

fn default_proposal_prefix() -> String {
    "quarterdeck/".to_owned()
}

impl Environment {
    /// Builds an environment with the defaults of its type.
    ///
    /// Its namespace and its Flux objects (in `flux-system`) are called `<project>-<environment>`.
    pub fn with_defaults(id: EnvironmentId, kind: EnvironmentType, cluster: ContextName) -> Self {
        let both = format!("{}-{}", id.project, id.name);
        let object = ObjectName::new("flux-system", both.clone());
        Self {
            kind,
            cloud: String::new(),
            region: String::new(),
            cluster,
            namespace: both,
            approval: kind.approval(),
            proposal_prefix: default_proposal_prefix(),
            gitops: GitOps {
                enabled: true,
                branch: kind.branch().to_owned(),
                path: kind.path(),
                interval: kind.interval().to_owned(),
                auto_sync: kind.auto_sync(),
                source: object.clone(),
                kustomization: object,
            },
            workload: None,
            id,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_path_has_many_spellings() {
        for path in ["./k8s/overlays/production/", "k8s/overlays/production", "/k8s//overlays/./production"] {
            assert_eq!(plain_path(path), "k8s/overlays/production", "{path}");
        }
        assert_eq!(
            (plain_path("./"), plain_path("."), plain_path(".hidden/a")),
            (String::new(), String::new(), ".hidden/a".to_owned())
        );
    }
}
