//! An admission webhook as a policy engine has one: a server over TLS on loopback that the API server asks, and that refuses
//! objects of one name. It knows as much of HTTP/1.1 as the API server speaks.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};

/// Holds the running server; dropping it stops the server.
pub(crate) struct Webhook {
    port: u16,
    certificate: String,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Webhook {
    /// Starts a server that refuses objects of a name in these words, and lets all others pass.
    pub(crate) fn start(name: &str, words: &str) -> Self {
        let key = KeyPair::generate().expect("a key pair");
        let params = CertificateParams::new(["127.0.0.1".to_owned()]).expect("a name that a certificate can have");
        let certificate = params.self_signed(&key).expect("a certificate of our own");
        let config = Arc::new(config(certificate.der().clone(), key.serialize_der()));
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free loopback port");
        let port = listener.local_addr().expect("a bound socket").port();
        let stop = Arc::new(AtomicBool::new(false));
        let (stopped, refused) = (Arc::clone(&stop), (name.to_owned(), words.to_owned()));
        let thread = thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                let (config, refused) = (Arc::clone(&config), refused.clone());
                // A connection ends with the API server's interest in it.
                thread::spawn(move || serve(config, stream, &refused));
            }
        });
        Self { port, certificate: certificate.pem(), stop, thread: Some(thread) }
    }

    /// Returns the manifest that has the API server ask it about new `ConfigMap`s of a namespace.
    pub(crate) fn configuration(&self, webhook: &str, namespace: &str) -> String {
        format!(
            "apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingWebhookConfiguration\nmetadata: {{name: {namespace}}}\nwebhooks:\n\
             - name: {webhook}\n  clientConfig: {{url: 'https://127.0.0.1:{}/', caBundle: {}}}\n  \
             rules: [{{apiGroups: [''], apiVersions: [v1], operations: [CREATE], resources: [configmaps]}}]\n  \
             namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: {namespace}}}}}\n  \
             sideEffects: None\n  admissionReviewVersions: [v1]\n",
            self.port,
            STANDARD.encode(&self.certificate)
        )
    }
}

impl Drop for Webhook {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // Wakes it, so that it sees that it is to stop.
        drop(TcpStream::connect(("127.0.0.1", self.port)));
        drop(self.thread.take().map(JoinHandle::join));
    }
}

fn config(certificate: CertificateDer<'static>, key: Vec<u8>) -> ServerConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("what ring can do");
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key));
    config.with_no_client_auth().with_single_cert(vec![certificate], key).expect("a pair of our own")
}

/// Answers the requests of one connection until it is closed.
fn serve(config: Arc<ServerConfig>, stream: TcpStream, refused: &(String, String)) {
    let connection = ServerConnection::new(config).expect("a usable configuration");
    let mut stream = BufReader::new(StreamOwned::new(connection, stream));
    while let Some(review) = request(&mut stream) {
        let answer = answer(&review, refused).to_string();
        let head = format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", answer.len());
        if stream.get_mut().write_all(format!("{head}{answer}").as_bytes()).is_err() {
            return;
        }
    }
}

/// Reads one request; nothing when there is none.
fn request(stream: &mut impl BufRead) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line.trim().is_empty() {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    serde_json::from_slice(&body).ok()
}

fn answer(review: &Value, (name, words): &(String, String)) -> Value {
    let allowed = review["request"]["name"] != name.as_str();
    let status = json!({"code": 403, "reason": "Forbidden", "message": words});
    json!({
        "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
        "response": {"uid": review["request"]["uid"], "allowed": allowed, "status": status},
    })
}
