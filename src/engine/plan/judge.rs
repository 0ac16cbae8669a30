//! What is thought of a change: findings about its manifests and about what it does, and how risky it is.

use domain::Trouble;
use domain::change::{Finding, Risk, Severity};
use domain::project::{Environment, EnvironmentType};
use manifest::Object;
use manifest::files::Files;

use super::Grounds;
use super::compute::folder;

/// Judges a change by its files before and after it, and by what they render to.
///
/// An error at an object that the change leaves alone is lowered to a warning: it was there before, whoever changes a tag did not
/// make it, and forbidding the change would not mend it. `lint` calls it an error still. What the change itself touches keeps
/// its severity, and so does what belongs to no object, such as a file that is no YAML.
pub(super) fn judge(files: (&Files, &Files), environment: &Environment, grounds: &Grounds) -> Judged {
    let production = environment.kind == EnvironmentType::Production;
    let verdict = manifest::verdict(files, folder(environment), &grounds.schemas, (production, grounds.prune));
    let (context, mut findings) = (verdict.context, verdict.findings);
    for finding in &mut findings {
        let left_alone = finding.object.as_ref().is_some_and(|object| !context.touched.contains(object));
        if left_alone && finding.severity == Severity::Error {
            finding.severity = Severity::Warning;
        }
    }
    // Where one side cannot be rendered, the preview says so itself.
    findings.extend(verdict.of_change);
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    let risk = manifest::risk(&findings, &context);
    let (objects, trouble) = match (verdict.before, verdict.after) {
        (Ok(old), Ok(new)) => ((old, new), None),
        (Ok(old), Err(error)) => ((old, Vec::new()), Some(Trouble::from(error))),
        (Err(error), _) => ((Vec::new(), Vec::new()), Some(Trouble::from(error))),
    };
    Judged { objects, trouble, findings, risk }
}

/// Holds what a change renders to and what is thought of it.
pub(super) struct Judged {
    /// The objects before and after.
    pub(super) objects: (Vec<Object>, Vec<Object>),
    /// Why one side could not be rendered.
    pub(super) trouble: Option<Trouble>,
    /// What the checks say, the gravest first.
    pub(super) findings: Vec<Finding>,
    /// How risky it is.
    pub(super) risk: Risk,
}
