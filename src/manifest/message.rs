//! The commit message that is proposed for a set of edits.
//!
//! Values of environment variables are not repeated: a message is read at more places than the file.

use domain::edit::{Edit, Field};

use crate::locate::Facts;

/// Returns a commit message for edits of a project in an environment: a subject for what matters most, and a line for each
/// further change. Edits that ask for what is there already are left out.
pub fn proposed_message(project: &str, environment: &str, edits: &[Edit], facts: &Facts) -> String {
    let mut changes: Vec<&Edit> = edits.iter().filter(|e| changes(e, facts)).collect();
    if changes.is_empty() {
        return format!("Deploy {project} to {environment}");
    }
    // A digest beside a tag belongs to it and needs no line of its own.
    let tagged = changes.iter().any(|e| e.field == Field::ImageTag && e.value.is_some());
    changes.retain(|e| !(tagged && e.field == Field::ImageDigest));
    let rank = |field: &Field| match field {
        Field::ImageTag => 0,
        Field::ImageDigest => 1,
        Field::ImageName => 2,
        Field::Replicas => 3,
        _ => 4,
    };
    let Some(main) = changes.iter().copied().min_by_key(|e| rank(&e.field)) else {
        return format!("Deploy {project} to {environment}");
    };
    let vague = rank(&main.field) == 4 && changes.len() > 1;
    let subject = if vague { format!("Configure {project} in {environment}") } else { subject(project, environment, main) };
    let lines: Vec<String> = changes.iter().filter(|e| vague || !std::ptr::eq(**e, main)).map(|e| line(e, facts)).collect();
    if lines.is_empty() { subject } else { format!("{subject}\n\n{}", lines.join("\n")) }
}

fn changes(edit: &Edit, facts: &Facts) -> bool {
    let now = facts.find(edit.container.as_deref(), &edit.field);
    now.map(|f| f.value.as_str()) != edit.value.as_deref()
}

fn subject(project: &str, environment: &str, edit: &Edit) -> String {
    match (&edit.field, edit.value.as_deref()) {
        (Field::ImageTag, Some(tag)) => format!("Deploy {project} {tag} to {environment}"),
        (Field::ImageDigest, Some(digest)) => format!("Deploy {project} {} to {environment}", digest.get(..19).unwrap_or(digest)),
        (Field::ImageName, Some(name)) => format!("Deploy {project} from {name} to {environment}"),
        (Field::Replicas, Some(count)) => format!("Scale {project} to {count} in {environment}"),
        (Field::Env(name), Some(_)) => format!("Set {name} of {project} in {environment}"),
        (Field::Env(name), None) => format!("Remove {name} from {project} in {environment}"),
        (field, Some(value)) => format!("Set {field} of {project} to {value} in {environment}"),
        (field, None) => format!("Remove {field} of {project} in {environment}"),
    }
}

fn line(edit: &Edit, facts: &Facts) -> String {
    let first = facts.containers.first().map(String::as_str);
    let container =
        edit.container.as_deref().filter(|c| Some(*c) != first).map(|c| format!(" of container {c}")).unwrap_or_default();
    let now = facts.find(edit.container.as_deref(), &edit.field).map(|f| f.value.as_str());
    match (&edit.field, now, edit.value.as_deref()) {
        (Field::Env(name), None, Some(_)) => format!("- add env {name}{container}"),
        (Field::Env(name), Some(_), Some(_)) => format!("- change env {name}{container}"),
        (field, Some(old), Some(new)) => format!("- {field}{container}: {old} \u{2192} {new}"),
        (field, None, Some(new)) => format!("- {field}{container}: {new}"),
        (field, _, None) => format!("- remove {field}{container}"),
    }
}

#[cfg(test)]
mod tests {
    use domain::edit::{Bound, Found, Resource, WorkloadRef};

    use super::*;

    #[test]
    fn the_subject_says_what_matters_most() {
        let found = |field: Field, value: &str| Found {
            container: (field != Field::Replicas).then(|| "web".to_owned()),
            field,
            value: value.to_owned(),
            file: "k/web.yaml".to_owned(),
            line: 1,
            why: String::new(),
        };
        let facts = Facts {
            workload: WorkloadRef { kind: "Deployment".into(), name: "web".into() },
            workloads: Vec::new(),
            containers: vec!["web".into(), "side".into()],
            found: vec![found(Field::ImageTag, "1.8.4"), found(Field::Replicas, "2"), found(Field::Env("A".into()), "x")],
        };
        let tag = Edit::set(Field::ImageTag, "1.8.5");
        let scale = Edit::set(Field::Replicas, "3");
        let env = Edit::set(Field::Env("A".into()), "hunter2");
        let cpu = Edit { container: Some("side".into()), ..Edit::set(Field::Resource(Bound::Limit, Resource::Cpu), "1") };
        for (edits, expect) in [
            (vec![tag.clone()], "Deploy shop 1.8.5 to production"),
            (vec![scale.clone()], "Scale shop to 3 in production"),
            (vec![scale.clone(), tag.clone()], "Deploy shop 1.8.5 to production\n\n- replicas: 2 \u{2192} 3"),
            (vec![Edit::set(Field::Replicas, "2"), tag], "Deploy shop 1.8.5 to production"),
            (vec![env.clone()], "Set A of shop in production"),
            (vec![env, cpu], "Configure shop in production\n\n- change env A\n- cpu limit of container side: 1"),
            (vec![Edit::remove(Field::Env("A".into()))], "Remove A from shop in production"),
            (Vec::new(), "Deploy shop to production"),
        ] {
            assert_eq!(proposed_message("shop", "production", &edits, &facts), expect);
        }
    }
}
