//! The form of a HelmRelease.

use super::Form;
use super::check::Check;
use super::fields::{ACCOUNT, DEPENDS, Field, IDENTITY, SUSPEND, Shape, TARGET, TIMEOUT, interval};

const CHARTS: &[&str] = &["HelmRepository", "GitRepository", "Bucket"];
const REFERENCES: &[&str] = &["OCIRepository", "HelmChart", "ExternalArtifact"];
const CHART: &[&str] = &["chart"];

const fn retries(id: &'static str, at: &'static str, help: &'static str) -> Field {
    Field::new(id, Shape::Number(at), help).check(Check::Number(-1, 1000))
}

pub(super) const FORM: Form = Form {
    kind: "HelmRelease",
    word: "helmrelease",
    api_version: "helm.toolkit.fluxcd.io/v2",
    certificates: "",
    fields: &[
        &IDENTITY,
        &[
            Field {
                shape: Shape::Gate(&[("reference", "/spec/chartRef"), ("chart", "/spec/chart")]),
                ..Field::choice(
                    "from",
                    "",
                    &["chart", "reference"],
                    "Whether the chart is named here or by an object of its own.",
                )
            }
            .under("chart"),
            Field::text("chart", "/spec/chart/spec/chart", "The chart's name, or its path in the source.")
                .needed()
                .when("from", CHART),
            Field::text("chart-version", "/spec/chart/spec/version", "The chart's version or a range of them.")
                .check(Check::Semver)
                .when("from", CHART),
            Field::new(
                "chart-source",
                Shape::Reference("/spec/chart/spec/sourceRef", CHARTS),
                "Where the chart comes from: Kind/name.",
            )
            .check(Check::Reference)
            .needed()
            .when("from", CHART),
            Field::new(
                "chart-ref",
                Shape::Reference("/spec/chartRef", REFERENCES),
                "The object that holds the chart: Kind/name.",
            )
            .check(Check::Reference)
            .needed()
            .when("from", &["reference"]),
            Field::text("release-name", "/spec/releaseName", "The Helm release's name; else that of the object.")
                .check(Check::Name)
                .under("release"),
            TARGET,
            Field::switch(
                "create-namespace",
                "/spec/install/createNamespace",
                "Whether the target namespace is made when it is missing.",
            ),
            Field::new("values", Shape::Yaml("/spec/values"), "The chart's values, in YAML.").check(Check::Mapping).long(),
            interval("10m").under("reconciliation"),
            TIMEOUT,
            retries(
                "install-retries",
                "/spec/install/remediation/retries",
                "How often a failed installation is tried again; -1 without end.",
            ),
            retries(
                "upgrade-retries",
                "/spec/upgrade/remediation/retries",
                "How often a failed upgrade is tried again; -1 without end.",
            ),
            Field::choice(
                "remediation",
                "/spec/upgrade/remediation/strategy",
                &["default", "rollback", "uninstall"],
                "What is done about a failed upgrade.",
            ),
            Field::switch("cleanup-on-fail", "/spec/upgrade/cleanupOnFail", "Whether what a failed upgrade made is deleted."),
            Field::choice(
                "drift-detection",
                "/spec/driftDetection/mode",
                &["disabled", "warn", "enabled"],
                "Whether drift is told, or set right too.",
            ),
            DEPENDS,
            ACCOUNT,
            SUSPEND,
        ],
    ],
};
