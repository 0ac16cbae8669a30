//! The form of an OCIRepository.

use super::Form;
use super::check::Check;
use super::credential::{AUTHORITY, CERTIFICATES, FIELDS, REFERENCE, sorts};
use super::fields::{ACCOUNT, FETCH_TIMEOUT, Field, IDENTITY, INSECURE, SUSPEND, Shape, interval};

const REFS: Shape = Shape::Gate(&[("digest", "/spec/ref/digest"), ("semver", "/spec/ref/semver"), ("tag", "/spec/ref/tag")]);

pub(super) const FORM: Form = Form {
    kind: "OCIRepository",
    word: "ocirepository",
    api_version: "source.toolkit.fluxcd.io/v1",
    certificates: "/spec/certSecretRef/name",
    fields: &[
        &IDENTITY,
        &[
            Field::text("oci-url", "/spec/url", "The artifact's URL: oci://host/path, without a tag.")
                .check(Check::Url(&["oci"]))
                .needed()
                .under("source"),
            Field { shape: REFS, ..Field::choice("ref", "", &["tag", "semver", "digest"], "What is checked out.") },
            Field::text("oci-tag", "/spec/ref/tag", "The tag; latest when empty.").when("ref", &["tag"]),
            Field::text("semver", "/spec/ref/semver", "The range of tags of which the newest is taken.")
                .check(Check::Semver)
                .needed()
                .when("ref", &["semver"]),
            Field::text("digest", "/spec/ref/digest", "The digest.").check(Check::Digest).needed().when("ref", &["digest"]),
            INSECURE,
            interval("5m").under("reconciliation"),
            FETCH_TIMEOUT,
            SUSPEND,
            sorts(&["none", "existing", "registry", "tls"]),
            Field::choice("provider", "/spec/provider", &["generic", "aws", "azure", "gcp"], "Whose way of signing in is used."),
            ACCOUNT,
            REFERENCE,
            CERTIFICATES,
        ],
        &FIELDS,
        &[AUTHORITY],
    ],
};
