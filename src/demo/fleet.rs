//! The demo's fleet: which applications there are, which environments they have, and which manifests these are made of.

use domain::Trouble;
use domain::edit::WorkloadRef;
use domain::ident::{ContextName, EnvironmentId, Slug};
use domain::project::{ApprovalRule, Credential, Environment, EnvironmentType, Project, Provider, Repository};

use super::{CONTEXT, Manifests};

const SHOP: Manifests = manifests!(
    "shop",
    "k8s/base/kustomization.yaml",
    "k8s/base/cache.yaml",
    "k8s/base/ingress.yaml",
    "k8s/base/service.yaml",
    "k8s/base/web.yaml",
    "k8s/base/worker.yaml",
    "k8s/overlays/development/kustomization.yaml",
    "k8s/overlays/production/kustomization.yaml",
    "k8s/overlays/production/report.yaml",
    "k8s/overlays/staging/kustomization.yaml",
    "k8s/overlays/testing/kustomization.yaml",
);

const LEDGER: Manifests = manifests!(
    "ledger",
    "k8s/base/kustomization.yaml",
    "k8s/base/ledger.yaml",
    "k8s/overlays/development/kustomization.yaml",
    "k8s/overlays/production/kustomization.yaml",
    "k8s/overlays/staging/kustomization.yaml",
);

const BEACON: Manifests = manifests!(
    "beacon",
    "k8s/base/kustomization.yaml",
    "k8s/base/beacon.yaml",
    "k8s/overlays/development/kustomization.yaml",
    "k8s/overlays/production/kustomization.yaml",
);

/// The applications, in the order in which they were begun.
pub(super) static APPLICATIONS: [Application; 3] = [
    Application {
        slug: "shop",
        name: "Shop",
        description: "The storefront and its worker",
        files: SHOP,
        workload: ("Deployment", "shop-web"),
        image: ("web", "ghcr.io/acme/shop"),
        environments: &EnvironmentType::ALL,
        versions: &[
            "1.5.2", "1.6.0", "1.6.1", "1.6.2", "1.6.3", "1.7.0", "1.7.1", "1.7.2", "1.8.0", "1.8.1", "1.8.2", "1.8.3", "1.9.0",
        ],
    },
    Application {
        slug: "ledger",
        name: "Ledger",
        description: "Double-entry bookkeeping",
        files: LEDGER,
        workload: ("StatefulSet", "ledger"),
        image: ("ledger", "registry.acme.example/finance/ledger"),
        environments: &[EnvironmentType::Development, EnvironmentType::Staging, EnvironmentType::Production],
        versions: &["5.1.3", "5.2.0", "5.2.1", "5.3.0", "5.3.1", "5.4.0", "5.4.1", "5.5.0", "5.5.1"],
    },
    Application {
        slug: "beacon",
        name: "Beacon",
        description: "Mail and push notices",
        files: BEACON,
        workload: ("Deployment", "beacon"),
        image: ("beacon", "ghcr.io/acme/beacon"),
        environments: &[EnvironmentType::Development, EnvironmentType::Production],
        versions: &["2.9.0", "3.0.0", "3.0.1", "3.1.0", "3.2.0", "3.3.0", "3.3.1"],
    },
];

/// Describes an application.
#[derive(Debug)]
pub(super) struct Application {
    /// Its slug, and the name of its repository.
    pub(super) slug: &'static str,
    name: &'static str,
    description: &'static str,
    /// The files of its repository as they are today.
    pub(super) files: Manifests,
    /// The kind and name of the workload that is deployed.
    pub(super) workload: (&'static str, &'static str),
    /// The container and the image that is deployed.
    pub(super) image: (&'static str, &'static str),
    /// Where it runs.
    pub(super) environments: &'static [EnvironmentType],
    /// Its versions, the oldest first; what runs today stands in the files.
    pub(super) versions: &'static [&'static str],
}

impl Application {
    /// Returns its record.
    pub(super) fn project(&self, url: String) -> Result<Project, Trouble> {
        Ok(Project {
            slug: Slug::new(self.slug)?,
            name: self.name.to_owned(),
            description: self.description.to_owned(),
            organization: "acme".to_owned(),
            repository: Repository {
                provider: Provider::Git,
                url,
                default_branch: "main".to_owned(),
                credential: Credential::None,
            },
        })
    }

    /// Returns the workload that is deployed.
    pub(super) fn workload(&self) -> WorkloadRef {
        WorkloadRef { kind: self.workload.0.to_owned(), name: self.workload.1.to_owned() }
    }

    /// Returns the record of one of its environments.
    pub(super) fn environment(&self, kind: EnvironmentType) -> Result<Environment, Trouble> {
        let id = EnvironmentId::new(Slug::new(self.slug)?, Slug::new(kind.word())?);
        let mut environment = Environment::with_defaults(id, kind, ContextName::from(CONTEXT));
        environment.approval = ApprovalRule::default();
        environment.gitops.auto_sync = true;
        environment.workload = Some(self.workload());
        "on-premises".clone_into(&mut environment.cloud);
        Ok(environment)
    }

    /// Returns the text of one of its files as it is today.
    pub(super) fn text(&self, path: &str) -> &'static str {
        self.files.iter().find(|(p, _)| *p == path).map_or("", |(_, text)| text)
    }
}

/// Returns the file in which an environment says which tag runs there.
pub(super) fn overlay(kind: EnvironmentType) -> String {
    format!("{}/kustomization.yaml", kind.path())
}
