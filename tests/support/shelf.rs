//! Artifacts for sources that nobody fetches here: files packed as source-controller packs them, behind an address on loopback.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Command;
use std::thread;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Packs files and returns the artifact as a source's status has it; it is served until the process ends.
pub(crate) fn artifact(files: &[(&str, &str)], revision: &str) -> Value {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (path, text) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a file in a folder")).expect("a folder of our own");
        std::fs::write(path, text).expect("a file of our own");
    }
    let packed = Command::new("tar").arg("-C").arg(folder.path()).args(["-czf", "-", "."]).output().expect("there is tar");
    assert!(packed.status.success(), "{}", String::from_utf8_lossy(&packed.stderr));
    let bytes = packed.stdout;
    json!({
        "digest": format!("sha256:{}", hex::encode(Sha256::digest(&bytes))), "revision": revision, "path": "artifact.tar.gz",
        "size": bytes.len(), "lastUpdateTime": "2026-11-20T14:02:30Z", "url": serve(bytes),
    })
}

/// Answers every request on a free loopback port with these bytes; returns the address.
fn serve(bytes: Vec<u8>) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut asked = Vec::new();
            let mut piece = [0; 1024];
            while !asked.windows(4).any(|end| end == b"\r\n\r\n") {
                match stream.read(&mut piece) {
                    Ok(count @ 1..) => asked.extend_from_slice(&piece[..count]),
                    _ => break,
                }
            }
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", bytes.len());
            // Whoever asked may have gone.
            drop(stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&bytes)));
        }
    });
    format!("http://{address}/artifact.tar.gz")
}
