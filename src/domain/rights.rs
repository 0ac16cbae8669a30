//! What the product asks of an API server, as one table: the roles that allow it, what a role lacks, and which role a refusal
//! calls for all come from it.
//!
//! Nobody needs to read Secrets to see anything. Where something is forbidden all the same, the rest works on.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::flux::KINDS;

/// Names what somebody wants to do, each with all that the one before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// Looks at everything.
    Viewer,
    /// Steers Flux, and makes and deletes Flux objects.
    Operator,
    /// Installs, upgrades and removes Flux itself.
    Installer,
}

impl Part {
    /// All of them, in order.
    pub const ALL: [Self; 3] = [Self::Viewer, Self::Operator, Self::Installer];

    /// Returns its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Installer => "installer",
        }
    }
}

/// Holds a right on some resources of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Right {
    /// The least part that needs it.
    pub part: Part,
    /// The API group; empty for the core group.
    pub group: &'static str,
    /// The plurals, with their subresource: `pods/log`.
    pub resources: Vec<&'static str>,
    /// The verbs.
    pub verbs: &'static [&'static str],
    /// Whether the resources live outside namespaces.
    pub cluster: bool,
}

const LOOK: &[&str] = &["get", "list", "watch"];
const READ: &[&str] = &["get", "list"];
const STEER: &[&str] = &["create", "patch", "delete"];
const KEEP: &[&str] = &["get", "list", "create", "patch", "delete"];
const RBAC: &str = "rbac.authorization.k8s.io";
const NETWORK: &str = "networking.k8s.io";

type Row = (Part, &'static str, &'static [&'static str], &'static [&'static str], bool);

/// What is asked besides the Flux kinds.
const TABLE: &[Row] = &[
    // Lists, trees, details, causes: what Flux applied and what became of it.
    (Part::Viewer, "", &["pods", "events"], LOOK, false),
    (Part::Viewer, "", &["pods/log"], &["get"], false),
    (Part::Viewer, "apps", &["deployments", "statefulsets", "daemonsets", "replicasets"], LOOK, false),
    (
        Part::Viewer,
        "",
        &["services", "configmaps", "serviceaccounts", "persistentvolumeclaims", "resourcequotas", "limitranges"],
        READ,
        false,
    ),
    (Part::Viewer, "batch", &["jobs", "cronjobs"], READ, false),
    (Part::Viewer, "autoscaling", &["horizontalpodautoscalers"], READ, false),
    (Part::Viewer, NETWORK, &["ingresses", "networkpolicies"], READ, false),
    (Part::Viewer, "policy", &["poddisruptionbudgets"], READ, false),
    (Part::Viewer, "", &["namespaces", "nodes"], READ, true),
    (Part::Viewer, "apiextensions.k8s.io", &["customresourcedefinitions"], READ, true),
    // The forms make the Secrets with the credentials of sources; none is ever read.
    (Part::Operator, "", &["secrets"], &["create"], false),
    // A workload is restarted by a mark on its template.
    (Part::Operator, "apps", &["deployments", "statefulsets", "daemonsets"], &["patch"], false),
    // A release of Flux, and taking it away again.
    (Part::Installer, "apps", &["deployments"], KEEP, false),
    (Part::Installer, "", &["services", "serviceaccounts", "configmaps", "resourcequotas"], KEEP, false),
    (Part::Installer, NETWORK, &["networkpolicies"], KEEP, false),
    (Part::Installer, RBAC, &["roles"], &["get", "list", "create", "patch", "delete", "escalate", "bind"], false),
    (Part::Installer, RBAC, &["rolebindings"], KEEP, false),
    (Part::Installer, RBAC, &["clusterroles"], &["get", "list", "create", "patch", "delete", "escalate", "bind"], true),
    (Part::Installer, RBAC, &["clusterrolebindings"], KEEP, true),
    (Part::Installer, "", &["namespaces"], KEEP, true),
    (Part::Installer, "apiextensions.k8s.io", &["customresourcedefinitions"], KEEP, true),
    // How many objects wait in a controller's queue.
    (Part::Installer, "", &["pods/proxy"], &["get"], false),
];

/// Returns everything that a part needs, what the parts before it need included.
pub fn rights(part: Part) -> Vec<Right> {
    let mut groups: Vec<&'static str> = Vec::new();
    for kind in KINDS {
        if !groups.contains(&kind.group) {
            groups.push(kind.group);
        }
    }
    let of = |group: &'static str| KINDS.iter().filter(|k| k.group == group).map(|k| k.plural).collect::<Vec<_>>();
    let flux = |part: Part, verbs: &'static [&'static str]| {
        groups.clone().into_iter().map(move |group| Right { part, group, resources: of(group), verbs, cluster: false })
    };
    let table = TABLE.iter().map(|(part, group, resources, verbs, cluster)| Right {
        part: *part,
        group,
        resources: resources.to_vec(),
        verbs,
        cluster: *cluster,
    });
    flux(Part::Viewer, LOOK).chain(flux(Part::Operator, STEER)).chain(table).filter(|right| right.part <= part).collect()
}

/// Names one thing that somebody may be allowed to do.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Deed {
    /// The API group; empty for the core group.
    pub group: &'static str,
    /// The plural, with its subresource.
    pub resource: &'static str,
    /// The verb.
    pub verb: &'static str,
}

impl std::fmt::Display for Deed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.verb, self.resource)?;
        if self.group.is_empty() { Ok(()) } else { write!(f, ".{}", self.group) }
    }
}

/// Returns every single thing that a part does and the parts before it do not.
pub fn deeds(part: Part) -> Vec<Deed> {
    let single = |right: &Right| {
        let (group, verbs) = (right.group, right.verbs);
        let of = move |resource: &'static str| verbs.iter().map(move |verb| Deed { group, resource, verb });
        right.resources.clone().into_iter().flat_map(of).collect::<Vec<_>>()
    };
    let all = rights(part);
    let before: BTreeSet<Deed> = all.iter().filter(|right| right.part < part).flat_map(single).collect();
    let mut out: Vec<Deed> = Vec::new();
    for deed in all.iter().filter(|right| right.part == part).flat_map(single) {
        if !before.contains(&deed) && !out.contains(&deed) {
            out.push(deed);
        }
    }
    out
}

/// Says for whom a role is bound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// A user.
    User(String),
    /// A group.
    Group(String),
    /// A ServiceAccount, by namespace and name.
    Account(String, String),
}

/// Returns the YAML of the role that allows a part everything: cluster-wide, or in one namespace, and with it the binding for
/// whoever it is meant for.
pub fn role(part: Part, namespace: Option<&str>, subject: Option<&Subject>) -> String {
    let kind = if namespace.is_some() { "Role" } else { "ClusterRole" };
    let name = format!("quarterdeck-{}", part.word());
    let place = namespace.map_or_else(String::new, |namespace| format!("  namespace: {}\n", quoted(namespace)));
    let mut out = format!("apiVersion: {RBAC}/v1\nkind: {kind}\nmetadata:\n  name: {name}\n{place}rules:\n");
    for (group, resources, verbs) in rules(part, namespace.is_some()) {
        let _ = writeln!(out, "- apiGroups: [{}]", quoted(group));
        let _ = writeln!(out, "  resources: [{}]", list(&resources));
        let _ = writeln!(out, "  verbs: [{}]", list(&verbs));
    }
    let Some(subject) = subject else { return out };
    let _ = write!(
        out,
        "---\napiVersion: {RBAC}/v1\nkind: {kind}Binding\nmetadata:\n  name: {name}\n{place}\
         roleRef:\n  apiGroup: {RBAC}\n  kind: {kind}\n  name: {name}\nsubjects:\n"
    );
    match subject {
        Subject::User(name) => {
            let _ = write!(out, "- apiGroup: {RBAC}\n  kind: User\n  name: {}\n", quoted(name));
        }
        Subject::Group(name) => {
            let _ = write!(out, "- apiGroup: {RBAC}\n  kind: Group\n  name: {}\n", quoted(name));
        }
        Subject::Account(namespace, name) => {
            let _ = write!(out, "- kind: ServiceAccount\n  name: {}\n  namespace: {}\n", quoted(name), quoted(namespace));
        }
    }
    out
}

type Rule = (&'static str, Vec<&'static str>, Vec<&'static str>);

/// Returns the rules of a role, each group's resources with the same verbs together.
fn rules(part: Part, namespaced: bool) -> Vec<Rule> {
    let mut verbs: Vec<(&'static str, &'static str, Vec<&'static str>)> = Vec::new();
    for right in rights(part).into_iter().filter(|right| !(namespaced && right.cluster)) {
        for resource in right.resources {
            let known = verbs.iter_mut().find(|(group, name, _)| *group == right.group && *name == resource);
            match known {
                Some((_, _, known)) => {
                    let more: Vec<_> = right.verbs.iter().filter(|verb| !known.contains(*verb)).copied().collect();
                    known.extend(more);
                }
                None => verbs.push((right.group, resource, right.verbs.to_vec())),
            }
        }
    }
    let mut out: Vec<Rule> = Vec::new();
    for (group, resource, verbs) in verbs {
        match out.iter_mut().find(|(of, _, allowed)| *of == group && *allowed == verbs) {
            Some((_, resources, _)) => resources.push(resource),
            None => out.push((group, vec![resource], verbs)),
        }
    }
    out
}

fn list(words: &[&str]) -> String {
    words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(", ")
}

/// Writes a text as a YAML scalar that is nothing but that text.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Reads from a server's refusal what was not allowed, as verb, plural and group.
fn refused(message: &str) -> Option<(&str, &str, &str)> {
    let (_, rest) = message.split_once(" cannot ")?;
    let (verb, rest) = rest.split_once(" resource \"")?;
    let (resource, rest) = rest.split_once('"')?;
    let (_, rest) = rest.split_once(" in API group \"")?;
    let (group, _) = rest.split_once('"')?;
    Some((verb, resource, group))
}

/// Returns the least part whose role allows what a server refused in these words, when the product needs that at all.
pub fn part_for(message: &str) -> Option<Part> {
    let (verb, resource, group) = refused(message)?;
    let allows = |right: &Right| right.group == group && right.resources.contains(&resource) && right.verbs.contains(&verb);
    rights(Part::Installer).iter().filter(|right| allows(right)).map(|right| right.part).min()
}

/// Returns what to do about a refusal in these words: the role to ask for, where one of the printed roles allows it.
pub fn advice(message: &str) -> Option<String> {
    let part = part_for(message)?.word();
    Some(format!("Ask for a role that allows it: quarterdeck check --role {part} prints one."))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by failing")]
    use super::*;

    #[test]
    fn a_viewer_reads_every_flux_kind_and_no_secret() {
        let yaml = role(Part::Viewer, None, None);
        for kind in KINDS {
            assert!(yaml.contains(&format!("\"{}\"", kind.plural)), "{}", kind.plural);
        }
        assert!(!yaml.contains("secrets") && !yaml.contains("patch") && !yaml.contains("create"), "{yaml}");
        assert!(role(Part::Operator, None, None).contains("  resources: [\"secrets\"]\n  verbs: [\"create\"]\n"));
    }

    #[test]
    fn each_part_has_all_that_the_one_before_it_has_and_more() {
        let all = |part: Part| {
            let rules = rules(part, false);
            let single = |(group, resources, verbs): Rule| {
                resources
                    .into_iter()
                    .flat_map(move |r| verbs.clone().into_iter().map(move |v| format!("{group} {r} {v}")))
                    .collect::<Vec<_>>()
            };
            rules.into_iter().flat_map(single).collect::<BTreeSet<_>>()
        };
        let [viewer, operator, installer] = Part::ALL.map(all);
        assert!(viewer.is_subset(&operator) && operator.is_subset(&installer));
        assert!(viewer.len() < operator.len() && operator.len() < installer.len());
        assert_eq!(Part::ALL.map(|part| deeds(part).len()).iter().sum::<usize>(), installer.len());
    }

    #[test]
    fn a_role_for_one_namespace_names_nothing_outside_namespaces_and_is_bound() {
        let subject = Subject::Account("tools".to_owned(), "deck".to_owned());
        let yaml = role(Part::Operator, Some("apps"), Some(&subject));
        assert!(yaml.starts_with("apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata:\n  name: quarterdeck-operator\n  namespace: \"apps\"\nrules:\n"));
        assert!(!yaml.contains("nodes") && yaml.contains("kind: RoleBinding") && yaml.contains("namespace: \"tools\""), "{yaml}");
    }

    #[test]
    fn a_refusal_names_the_role_that_allows_it() {
        let said = |verb: &str, resource: &str, group: &str| {
            format!(
                "{resource} is forbidden: User \"eve\" cannot {verb} resource \"{resource}\" in API group \"{group}\" at the cluster scope"
            )
        };
        for (verb, resource, group, part) in [
            ("list", "kustomizations", "kustomize.toolkit.fluxcd.io", Some(Part::Viewer)),
            ("patch", "kustomizations", "kustomize.toolkit.fluxcd.io", Some(Part::Operator)),
            ("get", "pods/log", "", Some(Part::Viewer)),
            ("create", "clusterrolebindings", RBAC, Some(Part::Installer)),
            ("get", "secrets", "", None),
        ] {
            assert_eq!(part_for(&said(verb, resource, group)), part, "{verb} {resource}");
        }
        assert!(advice(&said("list", "pods", "")).unwrap().contains("--role viewer"));
        assert_eq!(advice("no"), None);
    }
}
