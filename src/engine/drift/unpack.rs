//! What is packed: an artifact's files, and the release that Helm keeps in a Secret. Sizes are bounded before anything is read.

use std::io::Read;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::GzDecoder;
use manifest::files::{FILE_LIMIT, Files};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// How many bytes an artifact may have when it is unpacked.
const ARTIFACT: u64 = 512 << 20;
/// How many bytes a release may have when it is unpacked.
const RELEASE: u64 = 64 << 20;

/// Verifies a digest such as `sha256:9f86…`.
pub(super) fn verified(bytes: &[u8], digest: &str) -> Result<(), String> {
    let Some(wanted) = digest.strip_prefix("sha256:") else {
        return Err(format!("its digest \u{201c}{digest}\u{201d} is of a kind that is not known here"));
    };
    let found = hex::encode(Sha256::digest(bytes));
    if found == wanted { Ok(()) } else { Err(format!("its digest is {found}, and {wanted} was promised")) }
}

/// Reads the files of a `.tar.gz`. Of files that are too large only the names are kept; links stay links.
pub(super) fn files(bytes: &[u8]) -> Result<Files, String> {
    let mut archive = tar::Archive::new(GzDecoder::new(bytes).take(ARTIFACT));
    let mut files = Files::new();
    for entry in archive.entries().map_err(|e| said(&e))? {
        let mut entry = entry.map_err(|e| said(&e))?;
        let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let path = path.trim_start_matches("./").trim_end_matches('/').to_owned();
        if path.is_empty() || path.starts_with('/') || path.split('/').any(|part| part == "..") {
            continue;
        }
        let kind = entry.header().entry_type();
        if kind.is_symlink() {
            if let Some(target) = entry.link_name_bytes() {
                files.insert_link(path, String::from_utf8_lossy(&target).into_owned());
            }
        } else if kind.is_file() && entry.size() > FILE_LIMIT as u64 {
            files.insert_large(path, usize::try_from(entry.size()).unwrap_or(usize::MAX));
        } else if kind.is_file() {
            let mut content = Vec::new();
            entry.read_to_end(&mut content).map_err(|e| said(&e))?;
            files.insert(path, content);
        }
    }
    Ok(files)
}

fn said(error: &std::io::Error) -> String {
    format!("it cannot be unpacked: {error}")
}

/// Reads a release out of the Secret that holds it: base64 of base64 of gzip of JSON.
pub(super) fn release(secret: &Value) -> Result<Value, String> {
    let packed = secret.pointer("/data/release").and_then(Value::as_str).ok_or("it holds no release")?;
    let decode = |text: &[u8]| STANDARD.decode(text).map_err(|error| format!("it cannot be decoded: {error}"));
    let packed = decode(&decode(packed.as_bytes())?)?;
    let json = if packed.starts_with(&[0x1f, 0x8b]) {
        let mut json = Vec::new();
        GzDecoder::new(packed.as_slice()).take(RELEASE).read_to_end(&mut json).map_err(|e| said(&e))?;
        json
    } else {
        packed
    };
    serde_json::from_slice(&json).map_err(|error| format!("it cannot be read: {error}"))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by failing")]
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::Write as _;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn an_artifact_is_unpacked_and_its_digest_verified() {
        let mut builder = tar::Builder::new(Vec::new());
        for (path, text) in [("./k8s/a.yaml", "a: 1\n"), ("k8s/b.yaml", "b: 1\n")] {
            let mut header = tar::Header::new_gnu();
            header.set_size(text.len() as u64);
            header.set_mode(0o644);
            header.set_cksum();
            builder.append_data(&mut header, path, text.as_bytes()).unwrap();
        }
        let packed = gzip(&builder.into_inner().unwrap());
        let files = files(&packed).unwrap();
        assert_eq!(files.paths().collect::<Vec<_>>(), ["k8s/a.yaml", "k8s/b.yaml"]);
        let digest = format!("sha256:{}", hex::encode(Sha256::digest(&packed)));
        assert_eq!(verified(&packed, &digest), Ok(()));
        assert!(verified(b"other", &digest).is_err() && verified(&packed, "md5:x").is_err());
        assert!(super::files(b"no archive").is_err());
    }

    #[test]
    fn a_file_that_is_too_large_is_named() {
        let mut builder = tar::Builder::new(Vec::new());
        let text = vec![b'#'; FILE_LIMIT + 1];
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_cksum();
        builder.append_data(&mut header, "k8s/big.yaml", text.as_slice()).unwrap();
        let files = files(&gzip(&builder.into_inner().unwrap())).unwrap();
        assert!(matches!(manifest::build(&files, "k8s"), Err(manifest::Error::Limit { file, .. }) if file == "k8s/big.yaml"));
    }

    #[test]
    fn a_release_is_read_out_of_its_secret() {
        let json = br#"{"name":"web","version":2,"manifest":"kind: A\n"}"#;
        for inner in [gzip(json), json.to_vec()] {
            let packed = STANDARD.encode(STANDARD.encode(inner));
            let release = release(&serde_json::json!({"data": {"release": packed}})).unwrap();
            assert_eq!(release["version"], 2);
        }
        assert!(release(&serde_json::json!({"data": {}})).is_err());
    }
}
