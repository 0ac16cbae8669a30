//! What differs between a desired state and what there is.

use std::sync::Arc;

use domain::Trouble;
use domain::drift::Against;
use domain::flux::ObjectKey;
use domain::query::Answer;

use super::More;
use crate::drift;
use crate::shared::Core;

pub(super) async fn drift(core: &Arc<Core>, key: &ObjectKey, against: Against, more: More<'_>) -> Result<Answer, Trouble> {
    let tell = |drift| more(Answer::Drift(Arc::new(drift)));
    let drift = match (&*key.kind, against) {
        ("Kustomization", Against::Live) => drift::kustomization(core, key, &tell).await?,
        ("HelmRelease", Against::Live) => drift::release(core, key, &tell).await?,
        ("HelmRelease", Against::Previous) => drift::previous(core, key).await?,
        ("Kustomization", Against::Previous) => {
            return Err(Trouble::usage("Only a HelmRelease has a previous release", key)
                .why("Flux keeps no earlier manifests of a Kustomization")
                .next("Compare it with the cluster instead, or read its commits."));
        }
        _ => {
            return Err(Trouble::usage("That has no desired state to compare with", key)
                .why("only a Kustomization or a HelmRelease applies objects")
                .next("Name one of those; the object's labels say which one applied it."));
        }
    };
    Ok(Answer::Drift(Arc::new(drift)))
}
