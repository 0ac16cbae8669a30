//! Listing the branches at a server without a mirror.

use crate::address::Address;
use crate::credential::Access;
use crate::error::{Error, Result};
use crate::heads::Heads;
use crate::patience::{Cancel, guarded};
use crate::repository;
use crate::transport::Transport;

/// Lists the branches at a server, without a mirror: the test of a connection.
pub fn ls_remote(url: &str, access: &Access, cancel: &Cancel) -> Result<Heads> {
    let address = Address::parse(url)?;
    let transport = Transport::of(&address, access)?;
    guarded(access.limits, cancel, url, move |pulse| {
        // An own empty repository: neither the folder we stand in nor the user's configuration has a say.
        let scratch = tempfile::tempdir().map_err(|error| Error::disk(std::env::temp_dir(), error))?;
        let repository = repository::create(scratch.path(), "main")?;
        transport.list(&repository, pulse)
    })
}
