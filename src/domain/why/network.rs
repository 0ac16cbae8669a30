//! Causes on the way to a server: names, connections, certificates.

use super::rule::Rule;

pub(super) const RULES: &[Rule] = &[
    Rule::new(
        "tls-untrusted",
        "The server's certificate is signed by an authority that is not trusted",
        "Put the authority's certificate into the Secret that the source names (ca.crt), or correct the address.",
    )
    .says(&[
        "x509: certificate signed by unknown authority",
        "x509: certificate is not trusted",
        "self-signed certificate",
        "unable to get local issuer certificate",
    ]),
    Rule::new(
        "tls-expired",
        "The server's certificate has expired or is not valid yet",
        "Renew the certificate; compare the clocks of both sides.",
    )
    .says(&["x509: certificate has expired or is not yet valid"]),
    Rule::new(
        "tls-wrong-name",
        "The server's certificate is for {names}, not for {host}",
        "Use the name that the certificate is for, or a certificate for this name.",
    )
    .says(&["x509: certificate is valid for {names}, not {host}"]),
    Rule::new("tls-failed", "The encrypted connection could not be made", "Check protocol, port and certificates of the server.")
        .says(&["tls: ", "http: server gave HTTP response to HTTPS client", "x509: "])
        .rank(40),
    Rule::new("dns-failed", "The name {host} cannot be resolved", "Correct the address, or the cluster's DNS.").says(&[
        "lookup {host} on {_}: no such host",
        "lookup {host}: no such host",
        "lookup {host} on {_}: server misbehaving",
        "lookup {host}: Temporary failure in name resolution",
        "Could not resolve host: {host}",
    ]),
    Rule::new("connection-refused", "Nothing listens at {address}", "Check that the server runs there, and the port.")
        .says(&["dial tcp {address}: connect: connection refused"]),
    Rule::new(
        "connection-timeout",
        "No connection to {address} comes about",
        "Check the way there: network policies, firewalls, proxies.",
    )
    .says(&[
        "dial tcp {address}: i/o timeout",
        "dial tcp {address}: connect: no route to host",
        "dial tcp {address}: connect: network is unreachable",
    ]),
    Rule::new("server-busy", "The server answers that it is overloaded or out of order", "Try again later; look at the server.")
        .says(&[
            "503 Service Unavailable",
            "502 Bad Gateway",
            "504 Gateway",
            "500 Internal Server Error",
            "etcdserver: request timed out",
            "the server is currently unable to handle the request",
        ])
        .rank(40),
];
