//! Credentials: the fields of each sort, and the Secret that comes of them, with the keys that Flux documents.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::check::{Check, Fault};
use super::fields::{Field, Shape};
use super::{Form, Values};

/// Where the Secret's type is told by what it holds.
const DOCKER: &str = ".dockerconfigjson";

const fn plain(id: &'static str, key: &'static str, words: &'static [&'static str], help: &'static str) -> Field {
    Field::new(id, Shape::Data(key), help).when("auth", words)
}

const fn hidden(id: &'static str, key: &'static str, words: &'static [&'static str], help: &'static str) -> Field {
    Field { hidden: true, ..plain(id, key, words, help) }
}

/// The fields of every sort of credential. A form offers the sorts that its kind takes.
pub(super) const FIELDS: [Field; 17] = [
    plain("server", "", &["registry"], "The registry's host, for example ghcr.io.").check(Check::Host).needed(),
    plain("username", "username", &["basic", "registry"], "The user name; with a token most servers take any.").needed(),
    hidden("password", "password", &["basic", "registry"], "The password or token.").needed(),
    hidden("bearer-token", "bearerToken", &["bearer"], "The token, sent as a bearer token.").needed(),
    hidden("identity", "identity", &["ssh"], "The private ssh key.").check(Check::Pem("PRIVATE KEY")).needed().long(),
    hidden("identity-pub", "identity.pub", &["ssh"], "The public ssh key.").long(),
    hidden("known-hosts", "known_hosts", &["ssh"], "The server's host keys, as ssh-keyscan prints them.").needed().long(),
    hidden("key-password", "password", &["ssh"], "The private key's passphrase, when it has one."),
    plain("app-id", "githubAppID", &["github-app"], "The GitHub App's id.").check(Check::Number(1, i64::MAX)).needed(),
    plain("installation-id", "githubAppInstallationID", &["github-app"], "The installation's id.")
        .check(Check::Number(1, i64::MAX)),
    plain(
        "installation-owner",
        "githubAppInstallationOwner",
        &["github-app"],
        "The owner of the installation, instead of its id.",
    ),
    hidden("private-key", "githubAppPrivateKey", &["github-app"], "The GitHub App's private key.")
        .check(Check::Pem("PRIVATE KEY"))
        .needed()
        .long(),
    plain("base-url", "githubAppBaseURL", &["github-app"], "The API's URL, for GitHub Enterprise Server.")
        .check(Check::Url(&["https", "http"])),
    plain("access-key", "accesskey", &["bucket"], "The access key's id.").needed(),
    hidden("secret-key", "secretkey", &["bucket"], "The secret access key.").needed(),
    hidden("tls-crt", "tls.crt", &["tls"], "The client's certificate.").check(Check::Pem("CERTIFICATE")).long(),
    hidden("tls-key", "tls.key", &["tls"], "The client's private key.").check(Check::Pem("PRIVATE KEY")).long(),
];

/// The certificate authority, which goes with several sorts.
pub(super) const AUTHORITY: Field =
    hidden("ca-crt", "ca.crt", &["tls"], "The certificate authority that the server is checked with.")
        .check(Check::Pem("CERTIFICATE"))
        .long();

/// The certificate authority beside user and token, where one Secret holds both.
pub(super) const AUTHORITY_TOO: Field = AUTHORITY.when("auth", &["tls", "basic", "bearer", "github-app"]);

const fn auth(options: &'static [&'static str], gate: Shape) -> Field {
    Field {
        shape: gate,
        ..Field::choice(
            "auth",
            "",
            options,
            "Where its credentials come from: nowhere, a Secret that exists, or a new one of this sort.",
        )
    }
    .under("credentials")
}

const EXISTS: Shape = Shape::Gate(&[("existing", "/spec/secretRef/name")]);

/// What a form offers: the sorts of credential that its kind takes.
pub(super) const fn sorts(options: &'static [&'static str]) -> Field {
    auth(options, EXISTS)
}

/// The name of the Secret, the one that exists or the new one.
pub(super) const REFERENCE: Field =
    Field::text("secret", super::SECRET_REF, "The Secret's name; a new one is called like the object, with -auth.")
        .check(Check::Name)
        .when("auth", &["existing", "ssh", "basic", "bearer", "registry", "github-app", "bucket", "tls"]);

/// The Secret with certificates, where the kind has a reference of its own for it.
pub(super) const CERTIFICATES: Field =
    Field::text("cert-secret", "/spec/certSecretRef/name", "A Secret that exists, with certificates for TLS.").check(Check::Name);

/// Says what is wrong with several fields taken together.
pub(super) fn faults(values: &Values, shown: &[&Field]) -> Vec<Fault> {
    let has = |id: &str| !values.get(id).trim().is_empty();
    let asked = |id: &str| shown.iter().any(|field| field.id == id);
    let mut out = Vec::new();
    match values.get("auth") {
        "github-app" if has("installation-id") == has("installation-owner") => {
            out.push(Fault::new("installation-id", "installation", ""));
        }
        "tls" if has("tls-crt") != has("tls-key") => out.push(Fault::new("tls-crt", "pair", "")),
        "tls" if !has("tls-crt") && !has("ca-crt") => out.push(Fault::new("tls-crt", "certificates", "")),
        "existing" if asked("secret") && !has("secret") => out.push(Fault::new("secret", "needed", "")),
        "none" if asked("bucket-name") && values.get("provider") == "generic" => {
            out.push(Fault::new("auth", "generic-bucket", ""));
        }
        _ => {}
    }
    out
}

/// Returns what stands in the fields, by the keys of the Secret.
fn texts(form: &Form, values: &Values) -> BTreeMap<&'static str, String> {
    let mut out = BTreeMap::new();
    for field in form.all().filter(|field| form.shows(field, values)) {
        let Shape::Data(key) = field.shape else { continue };
        let text = values.get(field.id);
        if key.is_empty() || text.trim().is_empty() {
            continue;
        }
        // Keys and certificates end with a line break, as the programs that made them write them.
        let text = if field.long { format!("{}\n", text.trim_end()) } else { text.trim().to_owned() };
        out.insert(key, text);
    }
    out
}

/// Returns what goes into the new Secret; nothing when none is wanted.
pub(super) fn data(form: &Form, values: &Values) -> Option<Map<String, Value>> {
    let auth = values.get("auth");
    if matches!(auth, "" | "none" | "existing") {
        return None;
    }
    let texts = texts(form, values);
    if auth == "registry" {
        let login = json!({ "username": texts.get("username"), "password": texts.get("password") });
        let config = json!({ "auths": { values.get("server").trim(): login } });
        return Some(Map::from_iter([(DOCKER.to_owned(), config.to_string().into())]));
    }
    Some(texts.into_iter().map(|(key, text)| (key.to_owned(), text.into())).collect())
}

/// Puts data and type into a Secret.
pub(super) fn fill(secret: &mut Value, auth: &str, data: Map<String, Value>) {
    let Some(map) = secret.as_object_mut() else { return };
    map.shift_remove("spec");
    let kind = if auth == "registry" { "kubernetes.io/dockerconfigjson" } else { "Opaque" };
    map.insert("type".to_owned(), kind.into());
    map.insert("stringData".to_owned(), Value::Object(data));
}
