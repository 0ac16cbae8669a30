//! Causes in sources: credentials, references, artifacts, charts.

use super::Said;
use super::pattern::Values;
use super::rule::{Rule, set, value};

/// Read before all others: what a source's own message says inside of it is told where the source is looked at.
pub(super) const FIRST: &[Rule] = &[Rule::new(
    "source-not-ready",
    "The source has no artifact yet",
    "Look at the source: what keeps it from an artifact keeps this from going on.",
)
.refine(waits_for_source)
.rank(10)];

pub(super) const RULES: &[Rule] = &[
    Rule::new(
        "secret-incomplete",
        "The Secret {secret} lacks {fields}",
        "Put the named keys into the Secret; the object reconciles by itself then.",
    )
    .says(&["invalid '{secret}' secret data: required fields {fields*}", "invalid '{secret}' secret data: required field {fields*}", "secret '{secret}': key '{fields}' not found"]),
    Rule::new("ssh-rejected", "The Git server rejects the SSH key", "Add the public key of the source's Secret to the repository as a deploy key, or put the right key into the Secret.")
        .says(&["ssh: unable to authenticate", "Permission denied (publickey", "ssh: handshake failed: EOF"]),
    Rule::new("ssh-host-unknown", "The Git server's SSH host key is not among the known hosts", "Add the server's key to known_hosts in the source's Secret (ssh-keyscan shows it; compare it with what the provider publishes).")
        .says(&["knownhosts: key is unknown", "Host key verification failed"]),
    Rule::new("ssh-host-changed", "The Git server's SSH host key is not the known one", "Find out whether the server's key was changed on purpose; only then replace it in known_hosts of the source's Secret.")
        .says(&["knownhosts: key mismatch", "knownhosts: key type mismatch"]),
    Rule::new("source-unauthorized", "The server wants other credentials (401)", "Check user, password or token in the Secret that the source names; a token may have expired.")
        .says(&["authentication required", "401 Unauthorized", "status code: 401", "UNAUTHORIZED:", "invalid credentials", "Invalid username or token", "Invalid username or password"]),
    Rule::new("source-forbidden", "The credentials may not read the source (403)", "Give the account or token of the source's Secret the right to read it.")
        .says(&["authorization failed", "403 Forbidden", "status code: 403", "DENIED:", "AccessDenied", "Access Denied"]),
    Rule::new("branch-missing", "The branch {branch} does not exist in the repository", "Push the branch, or correct spec.ref.branch of the source.")
        .says(&["couldn't find remote ref \"refs/heads/{branch}\"", "unable to sparse checkout branch '{branch}'"]),
    Rule::new("tag-missing", "The tag {tag} does not exist in the repository", "Push the tag, or correct spec.ref.tag of the source.")
        .says(&["couldn't find remote ref \"refs/tags/{tag}\"", "unable to find reference for tag '{tag}'"]),
    Rule::new("ref-missing", "The reference {ref} does not exist in the repository", "Correct spec.ref of the source.")
        .says(&["couldn't find remote ref \"{ref}\"", "unable to resolve ref '{ref}' to a specific commit"]),
    Rule::new("commit-missing", "The commit {commit} is not in the repository", "Correct spec.ref.commit of the source, or push that commit.")
        .says(&["unable to resolve commit object for '{commit}'", "unable to clone '{_}': object not found: {commit}"]),
    Rule::new("semver-no-match", "No tag matches the range {range}", "Widen the range, or push a tag that is in it.")
        .says(&["no match found for semver: {range*}"]),
    Rule::new("repository-missing", "The server has no such repository, or does not show it to these credentials", "Correct spec.url of the source; a private repository also needs a Secret.")
        .says(&["repository not found", "Repository not found", "remote repository is empty", "git repository is empty"]),
    Rule::new("bucket-missing", "The bucket {bucket} does not exist", "Create it, or correct spec.bucketName.").says(&["bucket '{bucket}' not found", "bucket '{bucket}' does not exist"]),
    Rule::new("oci-missing", "The registry has no such artifact", "Push the artifact, or correct spec.url and spec.ref.")
        .says(&["MANIFEST_UNKNOWN", "NAME_UNKNOWN", "manifest unknown"]),
    Rule::new("chart-missing", "The chart {chart} has no version {version} in its repository", "Correct chart and version, or publish that version.")
        .says(&["no '{chart}' chart with version matching '{version}' found", "chart \"{chart}\" version \"{version}\" not found"]),
    Rule::new("chart-unknown", "The repository has no chart {chart}", "Correct the chart's name.").says(&["no chart name found: {chart}", "chart \"{chart}\" not found", "'{chart}' chart not found", "no chart found: {chart}"]),
    Rule::new("chart-path-missing", "The source has no chart at {path}", "Correct spec.chart.spec.chart, a path in the source.")
        .says(&["failed to load chart from '{path}'", "could not load chart: stat {path}: no such file or directory"]).refine(in_source),
    Rule::new("signature-wrong", "The signature of {commit} is not one of the trusted keys'", "Sign with a key that the verification Secret holds, or add the signer's public key to it.")
        .says(&["signature verification of commit '{commit}' failed", "signature verification of tag '{commit}' failed", "failed to verify the signature using provider '{commit}'"]),
    Rule::new("url-invalid", "The address of the source is not valid", "Correct spec.url.").says(&["failed to parse url", "invalid Helm repository URL", "invalid OCI registry URL", "URL cannot contain credentials"]),
    Rule::new("cross-namespace", "The reference to {reference} leaves its namespace, and the controllers forbid that", "Put both objects into one namespace, or start the controllers without --no-cross-namespace-refs.")
        .says(&["can't access '{reference}', cross-namespace references have been blocked", "cannot access '{reference}', cross-namespace references have been blocked"]),
    Rule::new("source-missing", "There is no {kind} {name}", "Create the source, or correct the reference to it.")
        .says(&["unable to get source '{_}': {kind}.source.toolkit.fluxcd.io \"{name}\" not found", "could not get Source object: {kind}.source.toolkit.fluxcd.io \"{name}\" not found", "{kind}.source.toolkit.fluxcd.io \"{name}\" not found", "referenced git repository does not exist: {kind}.source.toolkit.fluxcd.io \"{name}\" not found"]),
    Rule::new("path-missing", "The path {path} does not exist in the source", "Correct spec.path, or add the folder to the repository.")
        .says(&["kustomization path not found: stat {path}: no such file or directory", "kustomization path not found: {path*}"]).refine(in_source),
    Rule::new("artifact-gone", "The artifact cannot be downloaded from source-controller", "Check that source-controller runs and is reachable from the other controllers.")
        .says(&["failed to download archive", "failed to fetch artifact", "artifact digest mismatch", "Could not load chart"]).rank(40),
    Rule::new("source-failed", "Flux cannot read the source", "Check the source's URL, reference and credentials; what was applied before stays.")
        .on(&["GitOperationFailed", "OCIArtifactPullFailed", "FetchFailed", "BucketOperationFailed", "IndexationFailed", "ChartPullError", "ChartPullFailed", "AuthenticationFailed", "URLInvalid"]).rank(8),
];

/// Takes the controller's temporary folder off a path: what is left is the path in the source.
pub(super) fn in_source(_: &Said, values: &mut Values) -> bool {
    for name in ["path", "file"] {
        if let Some(path) = value(values, name) {
            let cut = cut_temporary(path).to_owned();
            set(values, name, cut);
        }
    }
    true
}

/// Takes a controller's temporary folder off a path.
fn cut_temporary(path: &str) -> &str {
    let path = path.trim_matches(|c| matches!(c, '\'' | '"' | '`'));
    for mark in ["/kustomization-", "/helmrelease-", "/gitrepository-", "/helmchart-", "/reconcile-"] {
        if let Some((_, rest)) = path.split_once(mark) {
            return rest.split_once('/').map_or("", |(_, inner)| inner);
        }
    }
    path.strip_prefix("./").unwrap_or(path)
}

fn waits_for_source(said: &Said, _: &mut Values) -> bool {
    let texts = [
        "Source artifact not found, retrying in",
        "Source is not ready, artifact not found",
        "Source not ready: artifact not found",
        "does not have an artifact",
    ];
    said.reason == "SourceNotReady" || texts.iter().any(|text| said.text.contains(text))
}
