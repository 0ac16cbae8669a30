//! What is thought of a change: findings about its manifests, and how risky it is.

use domain::change::{Finding, Risk};
use domain::project::Environment;
use manifest::Object;
use manifest::files::Files;

use super::compute::folder;

/// Judges a change by the objects before and after it and by its files as they will be.
pub(super) fn judge(_objects: &(Vec<Object>, Vec<Object>), changed: &Files, environment: &Environment) -> (Vec<Finding>, Risk) {
    (manifest::check(changed, folder(environment)), Risk::default())
}
