//! The form of a Secret with credentials.

use super::Form;
use super::credential::{AUTHORITY_TOO, FIELDS};
use super::fields::{Field, IDENTITY, Shape};

pub(super) const FORM: Form = Form {
    kind: "Secret",
    word: "secret",
    api_version: "v1",
    certificates: "",
    fields: &[
        &IDENTITY,
        &[Field {
            shape: Shape::Gate(&[
                ("ssh", "/data/identity"),
                ("github-app", "/data/githubAppID"),
                ("bearer", "/data/bearerToken"),
                ("registry", "/data/.dockerconfigjson"),
                ("bucket", "/data/accesskey"),
                ("basic", "/data/username"),
                ("tls", "/data/ca.crt"),
                ("tls", "/data/tls.crt"),
            ]),
            ..Field::choice(
                "auth",
                "",
                &["basic", "ssh", "bearer", "github-app", "tls", "registry", "bucket"],
                "Where its credentials come from: nowhere, a Secret that exists, or a new one of this sort.",
            )
        }
        .under("credentials")],
        &FIELDS,
        &[AUTHORITY_TOO],
    ],
};
