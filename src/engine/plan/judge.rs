//! What is thought of a change: findings about its manifests and about what it does, and how risky it is.

use domain::change::{Finding, Risk, Severity};
use domain::project::{Environment, EnvironmentType};
use manifest::files::Files;
use manifest::{Context, Object};

use super::Grounds;
use super::compute::folder;

/// Judges a change by its files before and after it, and by what they render to.
///
/// An error at an object that the change leaves alone is lowered to a warning: it was there before, whoever changes a tag did not
/// make it, and forbidding the change would not mend it. `lint` calls it an error still. What the change itself touches keeps
/// its severity, and so does what belongs to no object, such as a file that is no YAML.
pub(super) fn judge(
    (before, after): (&Files, &Files),
    objects: &(Vec<Object>, Vec<Object>),
    environment: &Environment,
    grounds: &Grounds,
) -> (Vec<Finding>, Risk) {
    let path = folder(environment);
    let production = environment.kind == EnvironmentType::Production;
    let context = Context::new(production, grounds.prune, &objects.0, &objects.1);
    let mut findings = manifest::check_against(after, path, &grounds.schemas);
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
