//! Checks a record as a whole before it is kept: what is wrong with it in itself, whatever cluster and repository say.
//!
//! Asks nobody. Whether a branch exists or a context is known is for those to say who can look.

use crate::edit::WORKLOAD_KINDS;
use crate::ident::{ObjectName, label_fault};
use crate::project::{Environment, Project};
use crate::trouble::Trouble;

/// The most approvers that a rule may ask for.
pub const MOST_APPROVERS: u32 = 20;

/// Checks a project's own fields.
pub fn project(project: &Project) -> Result<(), Trouble> {
    if project.name.trim().is_empty() {
        return Err(wrong("name", &project.name, "it is empty", "Say what people call it."));
    }
    if let Some(why) = label_fault(&project.organization) {
        return Err(wrong("organization", &project.organization, why, "Write its slug: lower-case letters, digits and hyphens."));
    }
    branch(&project.repository.default_branch)
}

/// Checks an environment's own fields.
pub fn environment(environment: &Environment) -> Result<(), Trouble> {
    if let Some(why) = label_fault(&environment.namespace) {
        let next = "Use lower-case letters, digits and hyphens, as Kubernetes asks of a namespace.";
        return Err(wrong("namespace", &environment.namespace, why, next));
    }
    let gitops = &environment.gitops;
    branch(&gitops.branch)?;
    if let Some(why) = path_fault(&gitops.path) {
        return Err(wrong(
            "path",
            &gitops.path,
            why,
            "Name a folder within the repository, for example k8s/overlays/production.",
        ));
    }
    if !is_interval(&gitops.interval) {
        return Err(wrong("interval", &gitops.interval, "it is no duration that Flux takes", "Write it as 30s, 5m or 1h30m."));
    }
    for (field, object) in [("source", &gitops.source), ("kustomization", &gitops.kustomization)] {
        if let Some(why) = object_fault(object) {
            let next = "Write it as namespace/name, for example flux-system/shop.";
            return Err(wrong(field, &object.to_string(), why, next));
        }
    }
    if environment.approval.approvers > MOST_APPROVERS {
        let count = environment.approval.approvers.to_string();
        return Err(wrong("number of approvers", &count, "nobody could gather so many", "Write a number from 0 to 20."));
    }
    if let Some(why) = branch_fault(&format!("{}x", environment.proposal_prefix)) {
        let next = "Write how the branches begin on which changes wait for approval, for example quarterdeck/.";
        return Err(wrong("branch prefix", &environment.proposal_prefix, why, next));
    }
    if let Some(workload) = &environment.workload {
        let kind = (!WORKLOAD_KINDS.contains(&workload.kind.as_str())).then_some("its kind is none that can be deployed");
        if let Some(why) = kind.or_else(|| name_fault(&workload.name)) {
            return Err(wrong("workload", &workload.to_string(), why, "Write it as Kind/name, for example Deployment/shop-web."));
        }
    }
    Ok(())
}

fn branch(text: &str) -> Result<(), Trouble> {
    match branch_fault(text) {
        Some(why) => Err(wrong("branch", text, why, "Write a branch's name, for example main.")),
        None => Ok(()),
    }
}

fn wrong(field: &str, value: &str, why: &str, next: &str) -> Trouble {
    Trouble::usage(format!("That cannot be the {field}"), format!("\u{201c}{value}\u{201d}")).why(why).next(next)
}

/// Returns why a text cannot name a branch (the rules of `git check-ref-format --branch`), or nothing when it can.
pub fn branch_fault(text: &str) -> Option<&'static str> {
    if text.is_empty() {
        return Some("it is empty");
    }
    if text.starts_with('-') || text == "@" {
        return Some("Git takes no such name");
    }
    if text.chars().any(|c| c.is_whitespace() || c.is_control() || "~^:?*[\\".contains(c)) {
        return Some("a branch has no white space and none of ~ ^ : ? * [ \\");
    }
    let parts =
        text.split('/').all(|part| !part.is_empty() && !part.starts_with('.') && !part.to_ascii_lowercase().ends_with(".lock"));
    if !parts || text.contains("..") || text.contains("@{") || text.ends_with('.') {
        return Some("its dots or slashes stand where Git takes none");
    }
    None
}

/// Returns why a text cannot be a path in a repository, or nothing when it can (the empty path is the root).
pub fn path_fault(text: &str) -> Option<&'static str> {
    if text.starts_with('/') {
        return Some("it is absolute");
    }
    if text.split('/').any(|part| part == "..") {
        return Some("it leads out of the repository");
    }
    text.chars().any(|c| c.is_control() || c == '\\').then_some("it has a backslash or a control character")
}

/// Tells whether a text is a duration in Go's notation as Flux takes it, such as `1m` or `10m0s`: unlike Go, it wants a digit before
/// and behind each point.
pub fn is_interval(text: &str) -> bool {
    let whole = |number: &str| number.split('.').all(|digits| !digits.is_empty());
    let mut numbers = text.split(|c: char| !c.is_ascii_digit() && c != '.').filter(|number| !number.is_empty());
    interval_millis(text).is_some() && numbers.all(whole)
}

/// Returns how many milliseconds a duration in Go's notation has; nothing when it is none.
pub fn interval_millis(text: &str) -> Option<u64> {
    let mut rest = text;
    let mut total = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, tail) = rest.split_at(digits);
        let units = [("ms", 1.0), ("s", 1e3), ("m", 6e4), ("h", 3.6e6)];
        let (unit, factor) = units.into_iter().find(|(unit, _)| tail.starts_with(unit))?;
        total += number.parse::<f64>().ok()? * factor;
        rest = tail.get(unit.len()..).unwrap_or_default();
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a sum of numbers without a sign, in milliseconds"
    )]
    let millis = total.round() as u64;
    (!text.is_empty()).then_some(millis)
}

fn object_fault(object: &ObjectName) -> Option<&'static str> {
    label_fault(&object.namespace).or_else(|| name_fault(&object.name))
}

/// Returns why a text cannot be an object's name (a DNS subdomain, RFC 1123), or nothing when it can.
pub fn name_fault(text: &str) -> Option<&'static str> {
    if text.is_empty() {
        return Some("the name is empty");
    }
    if text.len() > 253 {
        return Some("the name is longer than 253 characters");
    }
    let fine = |part: &str| {
        let ends = part.starts_with('-') || part.ends_with('-');
        !part.is_empty() && !ends && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    (!text.split('.').all(fine)).then_some("only a-z, 0-9, - and . are allowed in a name")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by failing")]
    use super::*;
    use crate::edit::WorkloadRef;
    use crate::ident::{ContextName, EnvironmentId};
    use crate::project::EnvironmentType;

    fn sound() -> Environment {
        let id: EnvironmentId = "shop/production".parse().unwrap();
        Environment::with_defaults(id, EnvironmentType::Production, ContextName::from("prod"))
    }

    #[test]
    fn the_defaults_are_sound_and_each_wrong_field_is_named() {
        type Spoil = fn(&mut Environment);
        environment(&sound()).unwrap();
        let spoil: [(&str, Spoil); 9] = [
            ("namespace", |e| e.namespace = "UPPER".to_owned()),
            ("branch", |e| e.gitops.branch = "a b".to_owned()),
            ("path", |e| e.gitops.path = "k8s/../../etc".to_owned()),
            ("interval", |e| e.gitops.interval = "5".to_owned()),
            ("source", |e| e.gitops.source.name = "b/c".to_owned()),
            ("kustomization", |e| e.gitops.kustomization.name = "UPPER".to_owned()),
            ("approvers", |e| e.approval.approvers = 21),
            ("branch prefix", |e| e.proposal_prefix = "a..b/".into()),
            ("workload", |e| e.workload = Some(WorkloadRef { kind: "Service".to_owned(), name: "x".to_owned() })),
        ];
        for (field, spoil) in spoil {
            let mut record = sound();
            spoil(&mut record);
            let trouble = environment(&record).unwrap_err();
            assert!(trouble.what.contains(field), "{field} in {trouble}");
        }
    }

    #[test]
    fn branches_are_those_that_git_takes() {
        for fine in ["main", "release/1.2", "feature/a_b", "v1.0"] {
            assert_eq!(branch_fault(fine), None, "{fine}");
        }
        for wrong in ["", "-x", "a b", "../x", "a..b", "a//b", "/a", "a/", "a.lock", "x.", "a~1", "@", "a@{1}", ".a"] {
            assert!(branch_fault(wrong).is_some(), "{wrong}");
        }
    }

    #[test]
    fn intervals_are_those_that_flux_takes() {
        for (text, fine) in [
            ("1m", true),
            ("10m0s", true),
            ("1.5h", true),
            ("250ms", true),
            ("", false),
            ("5", false),
            ("1d", false),
            ("m", false),
            ("-1m", false),
            (".5s", false),
            ("1.m", false),
            ("1.5.5m", false),
        ] {
            assert_eq!(is_interval(text), fine, "{text}");
        }
    }
}
