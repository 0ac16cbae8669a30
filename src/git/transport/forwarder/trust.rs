//! Whose certificates are trusted: the machine's, or those of one file. Checks no revocation lists.

use std::path::Path;
use std::sync::{Arc, Mutex};

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use crate::patience::open;

/// The machine's certificates take some milliseconds to read, and sessions are resumed through the same configuration.
static MACHINE: Mutex<Option<Arc<ClientConfig>>> = Mutex::new(None);

/// Returns the TLS configuration that trusts the file's certificates, else the machine's; or says what is wrong with them.
pub(super) fn config(file: Option<&Path>) -> Result<Arc<ClientConfig>, String> {
    if let Some(file) = file {
        return trusting(of_file(file)?);
    }
    let mut machine = open(&MACHINE);
    if let Some(known) = machine.as_ref() {
        return Ok(Arc::clone(known));
    }
    let config = trusting(of_machine()?)?;
    *machine = Some(Arc::clone(&config));
    Ok(config)
}

fn trusting(roots: RootCertStore) -> Result<Arc<ClientConfig>, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| error.to_string())?;
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn of_machine() -> Result<RootCertStore, String> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    // Old certificates that cannot be read any more are common and no reason to trust none.
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        let why = found.errors.first().map_or(String::new(), |error| format!(": {error}"));
        return Err(format!("this machine has no certificates of trusted authorities{why}"));
    }
    Ok(roots)
}

fn of_file(file: &Path) -> Result<RootCertStore, String> {
    let bad = |why: &dyn std::fmt::Display| format!("the file {} with trusted certificates: {why}", file.display());
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(file).map_err(|error| bad(&error))? {
        let certificate = certificate.map_err(|error| bad(&error))?;
        roots.add(certificate).map_err(|error| bad(&error))?;
    }
    if roots.is_empty() { Err(bad(&"it holds none")) } else { Ok(roots) }
}
