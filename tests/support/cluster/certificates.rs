//! The keys and certificates of a test cluster, made anew for each and written into a folder.

use std::fs;
use std::path::Path;

use rcgen::{BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose};

/// The names by which the API server and the kubelet are called.
const SERVERS: [&str; 4] = ["localhost", "kubernetes", "127.0.0.1", "10.96.0.1"];

/// Writes `ca.crt`, `server.{crt,key}`, `admin.{crt,key}` and the service accounts' `sa.{key,pub}` into a folder.
pub(super) fn write(folder: &Path) {
    fs::create_dir_all(folder).expect("a folder of our own");
    let key = key();
    let mut authority = CertificateParams::default();
    authority.distinguished_name.push(DnType::CommonName, "quarterdeck-test-ca");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
    let certificate = authority.self_signed(&key).expect("a certificate of our own");
    save(folder, "ca.crt", &certificate.pem());
    let issuer = Issuer::new(authority, key);
    issue(folder, "server", None, &issuer);
    issue(folder, "admin", Some("system:masters"), &issuer);
    let accounts = self::key();
    save(folder, "sa.key", &accounts.serialize_pem());
    save(folder, "sa.pub", &accounts.public_key_pem());
}

fn key() -> KeyPair {
    KeyPair::generate().expect("a key pair")
}

fn issue(folder: &Path, name: &str, group: Option<&str>, issuer: &Issuer<'_, KeyPair>) {
    let names: Vec<String> = SERVERS.map(str::to_owned).into();
    let mut params = CertificateParams::new(names).expect("names that a certificate can have");
    params.distinguished_name.push(DnType::CommonName, name);
    if let Some(group) = group {
        params.distinguished_name.push(DnType::OrganizationName, group);
    }
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    let key = key();
    let certificate = params.signed_by(&key, issuer).expect("a certificate of our own");
    save(folder, &format!("{name}.crt"), &certificate.pem());
    save(folder, &format!("{name}.key"), &key.serialize_pem());
}

fn save(folder: &Path, name: &str, text: &str) {
    fs::write(folder.join(name), text).expect("a folder of our own");
}
