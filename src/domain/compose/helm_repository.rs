//! The form of a HelmRepository.

use super::Form;
use super::check::Check;
use super::credential::{AUTHORITY, CERTIFICATES, FIELDS, REFERENCE, sorts};
use super::fields::{FETCH_TIMEOUT, Field, IDENTITY, INSECURE, SUSPEND, interval};

pub(super) const FORM: Form = Form {
    kind: "HelmRepository",
    word: "helmrepository",
    api_version: "source.toolkit.fluxcd.io/v1",
    certificates: "/spec/certSecretRef/name",
    fields: &[
        &IDENTITY,
        &[
            Field::choice("type", "/spec/type", &["default", "oci"], "Whether it is a repository with an index or a registry.")
                .under("source"),
            Field::text("helm-url", "/spec/url", "The repository's URL: https, http or oci.")
                .check(Check::Url(&["https", "http", "oci"]))
                .needed(),
            INSECURE.when("type", &["oci"]),
            interval("1h").under("reconciliation"),
            FETCH_TIMEOUT,
            SUSPEND.when("type", &["default"]),
            sorts(&["none", "existing", "basic", "registry", "tls"]),
            Field::switch(
                "pass-credentials",
                "/spec/passCredentials",
                "Whether credentials are also sent to other hosts that the index names.",
            ),
            Field::choice("provider", "/spec/provider", &["generic", "aws", "azure", "gcp"], "Whose way of signing in is used.")
                .when("type", &["oci"]),
            REFERENCE,
            CERTIFICATES,
        ],
        &FIELDS,
        &[AUTHORITY],
    ],
};
