//! The form of a Bucket.

use super::Form;
use super::check::Check;
use super::credential::{AUTHORITY, CERTIFICATES, FIELDS, REFERENCE, sorts};
use super::fields::{FETCH_TIMEOUT, Field, IDENTITY, INSECURE, SUSPEND, interval};

pub(super) const FORM: Form = Form {
    kind: "Bucket",
    word: "bucket",
    api_version: "source.toolkit.fluxcd.io/v1",
    certificates: "/spec/certSecretRef/name",
    fields: &[
        &IDENTITY,
        &[
            Field::choice("provider", "/spec/provider", &["generic", "aws", "gcp", "azure"], "Whose way of signing in is used.")
                .under("source"),
            Field::text("bucket-name", "/spec/bucketName", "The bucket.").needed(),
            Field::text("endpoint", "/spec/endpoint", "The storage's host, for example minio.example.com:9000.")
                .check(Check::Endpoint)
                .needed(),
            Field::text("region", "/spec/region", "The region."),
            Field::text("prefix", "/spec/prefix", "Only what is under this in the bucket."),
            Field::text("ignore", "/spec/ignore", "What is left out of the artifact, as in a .gitignore.").long(),
            INSECURE,
            interval("5m").under("reconciliation"),
            FETCH_TIMEOUT,
            SUSPEND,
            sorts(&["none", "existing", "bucket", "tls"]),
            REFERENCE,
            CERTIFICATES,
        ],
        &FIELDS,
        &[AUTHORITY],
    ],
};
