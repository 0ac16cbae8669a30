//! The commit message that is proposed for a set of edits.
//!
//! Values that may be secret (variables, generated keys, a release's values) are not repeated: a message is read at more
//! places than the file. Neither are values that are no short line.

use domain::edit::{Edit, Field};

use crate::edit::facts::Facts;

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
        Field::ImageName | Field::ChartVersion => 2,
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
        (Field::ChartVersion, Some(version)) => format!("Deploy chart {version} of {project} to {environment}"),
        (Field::Env(name), Some(_)) => format!("Set {name} of {project} in {environment}"),
        (Field::Env(name) | Field::EnvRef(name), None) => format!("Remove {name} from {project} in {environment}"),
        (Field::EnvRef(name), Some(value)) => format!("Take {name} of {project} from {} in {environment}", source(value)),
        (field, Some(value)) if !shown(field, value) => format!("Set {field} of {project} in {environment}"),
        (field, Some(value)) => format!("Set {field} of {project} to {value} in {environment}"),
        (field, None) => format!("Remove {field} of {project} in {environment}"),
    }
}

/// Tells whether a value can stand in a message.
fn shown(field: &Field, value: &str) -> bool {
    !field.is_private() && value.chars().count() <= 60 && !value.contains(['\n', '\r'])
}

/// Says in words what `secret:NAME/KEY` names.
fn source(value: &str) -> String {
    let (kind, rest) = value.split_once(':').unwrap_or(("secret", value));
    let name = rest.split('/').next().unwrap_or(rest);
    format!("{} {name}", if kind == "configmap" { "ConfigMap" } else { "Secret" })
}

fn line(edit: &Edit, facts: &Facts) -> String {
    let first = facts.containers.first().map(String::as_str);
    let named = edit.container.as_deref().filter(|_| edit.field.is_of_container());
    let container = named.filter(|c| Some(*c) != first).map(|c| format!(" of container {c}")).unwrap_or_default();
    let now = facts.find(edit.container.as_deref(), &edit.field).map(|f| f.value.as_str());
    match (&edit.field, now, edit.value.as_deref()) {
        (field, None, Some(new)) if !shown(field, new) => format!("- add {field}{container}"),
        (field, Some(old), Some(new)) if !shown(field, new) || !shown(field, old) => format!("- change {field}{container}"),
        (Field::EnvRef(name), _, Some(new)) => format!("- env {name}{container} from {}", source(new)),
        (field, Some(old), Some(new)) => format!("- {field}{container}: {old} \u{2192} {new}"),
        (field, None, Some(new)) => format!("- {field}{container}: {new}"),
        (field, _, None) => format!("- remove {field}{container}"),
    }
}

#[cfg(test)]
mod tests {
    use domain::edit::{Bound, Found, Probe, ProbePart, Resource, WorkloadRef};

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
            init: Vec::new(),
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
            (vec![Edit::set(Field::EnvRef("B".into()), "secret:login/b")], "Take B of shop from Secret login in production"),
            (vec![Edit::set(Field::Port("http".into()), "80")], "Set port http of shop to 80 in production"),
            (
                vec![Edit::set(Field::Probe(Probe::Liveness, ProbePart::Path), "/up")],
                "Set liveness path of shop to /up in production",
            ),
            (vec![Edit::set(Field::Label("team".into()), "a")], "Set label team of shop to a in production"),
            (vec![Edit::set(Field::Annotation("a".into()), "one\ntwo")], "Set annotation a of shop in production"),
            (vec![Edit::set(Field::ChartVersion, "4.2.0")], "Deploy chart 4.2.0 of shop to production"),
            (vec![Edit::set(Field::Value("db.password".into()), "hunter2")], "Set value db.password of shop in production"),
            (
                vec![
                    Edit::set(Field::Config("settings".into(), "LEVEL".into()), "hunter2"),
                    Edit::set(Field::EnvRef("B".into()), "configmap:settings/b"),
                    Edit { container: Some("side".into()), ..Edit::set(Field::IngressHost, "shop.example.org") },
                ],
                "Configure shop in production\n\n- add config settings LEVEL\n- env B from ConfigMap settings\n- ingress host: shop.example.org",
            ),
            (Vec::new(), "Deploy shop to production"),
        ] {
            assert_eq!(proposed_message("shop", "production", &edits, &facts), expect);
        }
    }
}
