//! Sealing bytes with a key, and opening them.

use chacha20poly1305::aead::{Aead, KeyInit as _, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use domain::Trouble;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// A key; wiped when it goes.
pub(crate) type Secret = Zeroizing<[u8; 32]>;

/// Holds sealed bytes, as they stand in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sealed {
    nonce: String,
    text: String,
}

/// Returns random bytes of the operating system.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], Trouble> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|e| Trouble::failed("The system gives no random bytes", "").why(e))?;
    Ok(bytes)
}

/// Seals bytes together with what they are about.
pub(crate) fn seal(key: &Secret, about: &str, bytes: &[u8]) -> Result<Sealed, Trouble> {
    let nonce = random::<24>()?;
    let payload = Payload { msg: bytes, aad: about.as_bytes() };
    let text = cipher(key).encrypt(&XNonce::from(nonce), payload);
    let text = text.map_err(|_| Trouble::failed("It could not be sealed", about))?;
    Ok(Sealed { nonce: hex::encode(nonce), text: hex::encode(text) })
}

/// Opens what was sealed about the same; nothing when the key is another one, or something was changed.
pub(crate) fn open(key: &Secret, about: &str, sealed: &Sealed) -> Option<Zeroizing<Vec<u8>>> {
    let nonce: [u8; 24] = hex::decode(&sealed.nonce).ok()?.try_into().ok()?;
    let text = hex::decode(&sealed.text).ok()?;
    let payload = Payload { msg: &text, aad: about.as_bytes() };
    cipher(key).decrypt(&XNonce::from(nonce), payload).ok().map(Zeroizing::new)
}

fn cipher(key: &Secret) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&Key::from(**key))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by failing")]
    use super::*;

    #[test]
    fn what_was_sealed_opens_with_its_key_and_its_name_only() {
        let (key, other) = (Secret::new(random().unwrap()), Secret::new(random().unwrap()));
        let sealed = seal(&key, "git", b"hunter2").unwrap();
        assert_eq!(open(&key, "git", &sealed).unwrap().as_slice(), b"hunter2");
        assert!(open(&other, "git", &sealed).is_none() && open(&key, "hub", &sealed).is_none());
        assert_ne!(seal(&key, "git", b"hunter2").unwrap(), sealed, "no nonce is used twice");
        for at in 0..sealed.text.len() {
            let mut text = sealed.text.clone().into_bytes();
            text[at] = if text[at] == b'0' { b'1' } else { b'0' };
            let bent = Sealed { text: String::from_utf8(text).unwrap(), ..sealed.clone() };
            assert!(open(&key, "git", &bent).is_none(), "{at}");
        }
        assert!(open(&key, "git", &Sealed { nonce: "zz".into(), ..sealed }).is_none());
    }
}
