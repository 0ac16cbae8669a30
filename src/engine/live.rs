//! A live object as it can be edited: read afresh, and told apart from what it was.

use cluster::act::edit::{editable, to_text};
use domain::Trouble;
use domain::flux::ObjectKey;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::shared::Core;

/// Reads an object past any watch.
pub(crate) async fn read(core: &Core, key: &ObjectKey) -> Result<Value, Trouble> {
    core.fleet
        .object(key)
        .await?
        .ok_or_else(|| Trouble::not_found("It does not exist there", key).next("Refresh and check the name and the namespace."))
}

/// Returns an object's version of now, and the digest of what of it can be edited.
pub(crate) async fn standing(core: &Core, key: &ObjectKey) -> Result<(String, String), Trouble> {
    let object = read(core, key).await?;
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let (shown, masked) = editable(&object, None);
    Ok((text("/metadata/resourceVersion").to_owned(), digest(text("/metadata/uid"), &to_text(&shown), masked)))
}

/// Returns the digest of what can be edited of an object; none where masks hide whether it is the same.
pub(crate) fn digest(uid: &str, text: &str, masked: usize) -> String {
    if masked > 0 { String::new() } else { hex::encode(Sha256::digest(format!("{uid}\n{text}"))) }
}
