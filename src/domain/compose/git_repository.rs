//! The form of a GitRepository.

use super::check::Check;
use super::credential::{AUTHORITY_TOO, FIELDS, REFERENCE, sorts};
use super::fields::{FETCH_TIMEOUT, Field, IDENTITY, SUSPEND, Shape, interval};
use super::{Form, SECRET_REF};

/// What is checked out; the most exact one that an object names is the one that counts.
const REFS: Shape = Shape::Gate(&[
    ("commit", "/spec/ref/commit"),
    ("name", "/spec/ref/name"),
    ("semver", "/spec/ref/semver"),
    ("tag", "/spec/ref/tag"),
    ("branch", "/spec/ref/branch"),
]);

pub(super) const FORM: Form = Form {
    kind: "GitRepository",
    word: "gitrepository",
    api_version: "source.toolkit.fluxcd.io/v1",
    certificates: SECRET_REF,
    fields: &[
        &IDENTITY,
        &[
            Field::text("url", "/spec/url", "The repository's URL: https, http or ssh.")
                .check(Check::Url(&["https", "http", "ssh"]))
                .needed()
                .under("source"),
            Field {
                shape: REFS,
                ..Field::choice("ref", "", &["branch", "tag", "semver", "commit", "name"], "What is checked out.")
            },
            Field::text("branch", "/spec/ref/branch", "The branch that is followed.")
                .check(Check::Branch)
                .default("main")
                .when("ref", &["branch"]),
            Field::text("tag", "/spec/ref/tag", "The tag.").needed().when("ref", &["tag"]),
            Field::text("semver", "/spec/ref/semver", "The range of tags of which the newest is taken.")
                .check(Check::Semver)
                .needed()
                .when("ref", &["semver"]),
            Field::text("commit", "/spec/ref/commit", "The commit.").check(Check::Commit).needed().when("ref", &["commit"]),
            Field::text("ref-name", "/spec/ref/name", "The Git reference, for example refs/pull/1/head.")
                .needed()
                .when("ref", &["name"]),
            Field::text("ignore", "/spec/ignore", "What is left out of the artifact, as in a .gitignore.").long(),
            Field::switch("submodules", "/spec/recurseSubmodules", "Whether submodules are fetched too."),
            interval("1m").under("reconciliation"),
            FETCH_TIMEOUT,
            SUSPEND,
            sorts(&["none", "existing", "basic", "bearer", "ssh", "github-app", "tls"]),
            Field::choice(
                "provider",
                "/spec/provider",
                &["generic", "github", "azure", "aws"],
                "Whose way of signing in is used.",
            ),
            REFERENCE,
        ],
        &FIELDS,
        &[AUTHORITY_TOO],
    ],
};
