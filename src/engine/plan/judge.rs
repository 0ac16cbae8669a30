//! What is thought of a change: findings about its manifests and about what it does, and how risky it is.

use domain::change::{Finding, Risk, Severity};
use domain::project::{Environment, EnvironmentType};
use manifest::files::Files;
use manifest::schema::Schemas;
use manifest::{Context, Object};

use super::compute::folder;

/// Judges a change by its files before and after it, and by what they render to.
///
/// What was wrong before with objects that the change leaves alone is told of and forbids nothing.
pub(super) fn judge(
    (before, after): (&Files, &Files),
    objects: &(Vec<Object>, Vec<Object>),
    environment: &Environment,
) -> (Vec<Finding>, Risk) {
    let path = folder(environment);
    let production = environment.kind == EnvironmentType::Production;
    let context = Context::new(production, true, &objects.0, &objects.1);
    let mut findings = manifest::check_against(after, path, &Schemas::built_in());
    for finding in &mut findings {
        let left_alone = finding.object.as_ref().is_some_and(|object| !context.touched.contains(object));
        if left_alone && finding.severity == Severity::Error {
            finding.severity = Severity::Warning;
        }
    }
    // Where one side cannot be rendered, the preview says so itself.
    findings.extend(manifest::check_change_of(before, after, path, &context).unwrap_or_default());
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    let risk = manifest::risk(&findings, &context);
    (findings, risk)
}
