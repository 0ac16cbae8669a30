//! Causes that keep an image from being pulled, in the registry's words.

use super::rule::Rule;

/// The reasons of a container that waits for its image, and of the event about it.
const PULL: &[&str] = &["ErrImagePull", "ImagePullBackOff", "Failed"];

pub(super) const RULES: &[Rule] = &[
    Rule::new("image-name-invalid", "The image name {image} is not valid", "Correct the image in the manifests.")
        .on(&["InvalidImageName"]),
    Rule::new(
        "image-never-pulled",
        "The image {image} is not on the node, and the Pod forbids to pull it",
        "Set imagePullPolicy to IfNotPresent, or load the image onto the nodes.",
    )
    .on(&["ErrImageNeverPull"]),
    Rule::new(
        "image-rate-limit",
        "The registry of {image} allows no more pulls for now",
        "Log in to the registry (imagePullSecrets), use a mirror, or wait.",
    )
    .on(PULL)
    .says(&["toomanyrequests", "429 Too Many Requests", "rate limit"]),
    Rule::new(
        "image-unauthorized",
        "The registry does not let the cluster pull {image}",
        "Check that the image exists, and name a Secret with credentials for it (imagePullSecrets).",
    )
    .on(PULL)
    .says(&[
        "insufficient_scope",
        "pull access denied",
        "401 Unauthorized",
        "unauthorized",
        "UNAUTHORIZED",
        "403 Forbidden",
        "no basic auth credentials",
        "authentication required",
        "denied:",
        "DENIED",
    ]),
    Rule::new(
        "image-platform",
        "The image {image} is not made for the node's architecture",
        "Build it for that architecture too, or choose nodes that fit.",
    )
    .on(PULL)
    .says(&["no match for platform in manifest", "no matching manifest for"]),
    Rule::new(
        "image-missing",
        "The registry has no image {image}",
        "Check that the tag exists in the registry, then deploy another tag or roll back.",
    )
    .on(PULL)
    .says(&[
        ": not found",
        "manifest unknown",
        "MANIFEST_UNKNOWN",
        "code = NotFound",
        "name unknown",
        "NAME_UNKNOWN",
        "does not exist",
    ]),
    Rule::new(
        "image-dns",
        "The registry's name {host} cannot be resolved on the node",
        "Correct the image's registry, or the nodes' DNS.",
    )
    .on(PULL)
    .says(&["lookup {host} on {_}: no such host", "lookup {host}: no such host"]),
    Rule::new(
        "image-tls",
        "The node does not trust the certificate of the registry of {image}",
        "Install the registry's authority on the nodes, or correct the registry's name.",
    )
    .on(PULL)
    .says(&["x509: ", "http: server gave HTTP response to HTTPS client"]),
    Rule::new(
        "image-unreachable",
        "The node does not reach the registry of {image}",
        "Check the way there: network, proxy, firewall, and whether the registry runs.",
    )
    .on(PULL)
    .says(&["i/o timeout", "connection refused", "no route to host", "TLS handshake timeout", "context deadline exceeded"]),
    Rule::new("image-no-space", "The node has no room for the image {image}", "Free the node's disk.")
        .on(PULL)
        .says(&["no space left on device"]),
    Rule::new(
        "image-pull-failed",
        "The image {image} cannot be pulled",
        "Check that the tag exists in the registry and that the cluster may pull it, then deploy another tag or roll back.",
    )
    .on(&["ErrImagePull", "ImagePullBackOff"])
    .rank(40),
];
