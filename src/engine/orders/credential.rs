//! Sealing a token or a key, and forgetting it.

use std::sync::Arc;

use domain::Trouble;
use domain::orders::{DropCredential, KeepCredential};
use domain::project::Credential;
use domain::redact;

use crate::orders::{Done, Fault};
use crate::shared::Core;
use crate::tasks::blocking;

pub(super) async fn keep(core: &Arc<Core>, order: KeepCredential) -> Result<Done, Fault> {
    let KeepCredential { name, value, way } = order;
    redact::know(value.text());
    if value.text().trim().is_empty() {
        return Err(Trouble::usage("There is nothing to seal", &name).why("the value is empty").into());
    }
    let (safe, kept) = (Arc::clone(&core.safe), name.clone());
    let way = blocking("the safe", move || safe.seal(&kept, &value, way)).await??;
    Ok(Done::said(format!("{name} was sealed; the key is kept by way of: {}.", way.word())))
}

pub(super) async fn forget(core: &Arc<Core>, order: DropCredential) -> Result<Done, Fault> {
    let name = order.name;
    core.refresh().await?;
    let used = |credential: &Credential| matches!(credential, Credential::Sealed { name: other, .. } if *other == name);
    let state = core.store.state();
    let others = state.projects.values().filter(|p| used(&p.repository.credential) && !order.used_by.contains(&p.slug));
    if let Some(other) = others.map(|p| p.slug.clone()).next() {
        let trouble = Trouble::refused("Git is read with it for another project than was shown", &name).why(other);
        return Err(trouble.next("Look again and decide anew.").into());
    }
    let (safe, gone) = (Arc::clone(&core.safe), name.clone());
    blocking("the safe", move || safe.remove(&gone)).await??;
    Ok(Done::said(format!("{name} is forgotten.")))
}
