//! The form of a Kustomization.

use super::Form;
use super::check::Check;
use super::fields::{ACCOUNT, DEPENDS, Field, IDENTITY, SUSPEND, Shape, TARGET, TIMEOUT, interval};

const SOURCES: &[&str] = &["GitRepository", "OCIRepository", "Bucket", "ExternalArtifact"];

pub(super) const FORM: Form = Form {
    kind: "Kustomization",
    word: "kustomization",
    api_version: "kustomize.toolkit.fluxcd.io/v1",
    certificates: "",
    fields: &[
        &IDENTITY,
        &[
            Field::new("source", Shape::Reference("/spec/sourceRef", SOURCES), "Where the manifests come from: Kind/name.")
                .check(Check::Reference)
                .needed()
                .under("source"),
            Field::text("path", "/spec/path", "The folder in the source that is built.").check(Check::Path).default("./"),
            TARGET,
            interval("10m").under("reconciliation"),
            Field::duration("retry-interval", "/spec/retryInterval", "How soon it is tried again after a failure."),
            TIMEOUT,
            Field { unset: "", ..Field::switch("prune", "/spec/prune", "Whether what is gone from the source is deleted.") }
                .default("true"),
            Field::switch("wait", "/spec/wait", "Whether it is ready only when everything it applied is."),
            Field::new(
                "health-checks",
                Shape::Checks("/spec/healthChecks"),
                "What must be healthy: Kind/namespace/name, parted by commas.",
            )
            .check(Check::Objects)
            .when("wait", &["false"]),
            DEPENDS,
            ACCOUNT,
            SUSPEND,
            Field::choice("decryption", "/spec/decryption/provider", &["none", "sops"], "How encrypted manifests are decrypted.")
                .under("decryption"),
            Field::text("decryption-secret", "/spec/decryption/secretRef/name", "The Secret with the keys for decryption.")
                .check(Check::Name)
                .when("decryption", &["sops"]),
        ],
    ],
};
