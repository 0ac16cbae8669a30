//! Reading a release of Flux from where the operator said that it is.

use std::io::Read as _;

use cluster::download::download;
use domain::Trouble;
use domain::query::Manifest;
use domain::toolkit::Release;
use domain::toolkit::release::HEAVIEST;
use sha2::{Digest, Sha256};

use crate::shared::Core;
use crate::tasks::blocking;

/// Returns the release at an address, in a file or in a text.
pub(crate) async fn release(core: &Core, from: &Manifest) -> Result<Release, Trouble> {
    let (origin, bytes) = match from {
        Manifest::Address(address) => {
            let bytes = download(address, HEAVIEST, &core.fleet.surroundings()).await?;
            (address.clone(), bytes.to_vec())
        }
        Manifest::Text(origin, text) => (origin.clone(), text.as_bytes().to_vec()),
        Manifest::File(path) => {
            let place = path.clone();
            (path.clone(), blocking("reading a manifest", move || read(&place)).await??)
        }
    };
    blocking("reading a manifest", move || parsed(&origin, bytes)).await?
}

fn read(path: &str) -> Result<Vec<u8>, Trouble> {
    let failed = |why: &dyn std::fmt::Display| {
        Trouble::not_found("The manifest cannot be read", path).why(why).next("Name a file that is there and may be read.")
    };
    let file = std::fs::File::open(path).map_err(|error| failed(&error))?;
    let mut bytes = Vec::new();
    file.take(HEAVIEST as u64 + 1).read_to_end(&mut bytes).map_err(|error| failed(&error))?;
    Ok(bytes)
}

fn parsed(origin: &str, bytes: Vec<u8>) -> Result<Release, Trouble> {
    let refused = |why: String| {
        Trouble::refused("The manifest is no release of Flux", domain::text::one_line(origin))
            .why(why)
            .next("Take install.yaml of an official release.")
    };
    if bytes.len() > HEAVIEST {
        return Err(refused(format!("it is longer than {} MiB", HEAVIEST >> 20)));
    }
    let (digest, size) = (hex::encode(Sha256::digest(&bytes)), bytes.len());
    let text = String::from_utf8(bytes).map_err(|_| refused("it is no text".to_owned()))?;
    if text.trim_start().starts_with('<') {
        let why = "it is a web page: a login page or a proxy may stand in between, or the address is that of a page";
        return Err(refused(why.to_owned()));
    }
    let documents = manifest::yaml::values_of(&text).map_err(refused)?;
    Release::of(origin, (digest, size), &documents)
}
