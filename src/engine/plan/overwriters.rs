//! Which image automations would overwrite the lines that a change writes: they run on the same branch of the same repository,
//! look after a folder that the file is in, and have a policy whose marker stands on the line.

use domain::change::{FileChange, Finding, Severity};
use domain::detail::trace::same_repository;
use domain::flux::{Facts, FluxObject, ObjectKey};
use domain::project::Environment;
use domain::restore::Overwriter;
use domain::world::World;
use manifest::diff::LineKind;

/// Stands before the name of a policy on a line.
const MARKER: &str = "{\"$imagepolicy\":";

/// Holds an image automation that works on an environment's branch.
#[derive(Debug, Clone)]
pub(crate) struct Automation {
    key: ObjectKey,
    /// The folder that it looks after; empty for all.
    path: String,
    /// The policies that it knows, as `namespace:name`, and the image that each has chosen.
    policies: Vec<(String, Option<String>)>,
}

/// Returns the image automations that work on an environment's branch and are not suspended.
pub(super) fn of(world: &World, environment: &Environment, url: &str) -> Vec<Automation> {
    let here = |object: &&std::sync::Arc<FluxObject>| *object.key.cluster == *environment.cluster.0;
    let automations = world.flux.iter().filter(here).filter(|o| &*o.key.kind == "ImageUpdateAutomation" && !o.suspended());
    let automation = |object: &std::sync::Arc<FluxObject>| {
        let Some(Facts::Push { path, branch, .. }) = object.status.facts.as_deref() else { return None };
        let reference = object.spec.source_ref.as_ref()?;
        let namespace = reference.namespace.as_deref().unwrap_or(&object.key.namespace);
        let source = world.flux_object(&ObjectKey::new(&environment.cluster, "GitRepository", namespace, &reference.name))?;
        let followed = source.spec.reference.as_ref().and_then(|r| r.branch.as_ref()).map(ToString::to_string);
        let branch = Some(branch.to_string()).filter(|branch| !branch.is_empty()).or(followed);
        // It pushes where it reads unless it is told another branch; what is not said is taken for ours.
        let same =
            source.spec.url.as_deref().is_some_and(|theirs| same_repository(theirs, url)) || is_source(source, environment);
        if !same || branch.is_some_and(|branch| branch != environment.gitops.branch) {
            return None;
        }
        let policy = |policy: &&std::sync::Arc<FluxObject>| {
            &*policy.key.kind == "ImagePolicy" && policy.key.namespace == object.key.namespace
        };
        let policies = world.flux.iter().filter(here).filter(policy).map(|policy| {
            (
                format!("{}:{}", policy.key.namespace, policy.key.name),
                policy.status.latest_image.as_ref().map(ToString::to_string),
            )
        });
        let path = path.trim_start_matches("./").trim_matches('/').to_owned();
        Some(Automation { key: object.key.clone(), path, policies: policies.collect() })
    };
    automations.filter_map(automation).collect()
}

fn is_source(source: &FluxObject, environment: &Environment) -> bool {
    let name = &environment.gitops.source;
    *source.key.namespace == name.namespace && *source.key.name == name.name
}

/// Returns which lines of a change would be overwritten, and by what.
pub(super) fn overwriters(automations: &[Automation], files: &[FileChange]) -> Vec<Overwriter> {
    let mut out = Vec::new();
    for file in files {
        let Some(after) = &file.after else { continue };
        let looks_after = |a: &&Automation| manifest::files::within(&file.path, &a.path);
        let those: Vec<&Automation> = automations.iter().filter(looks_after).collect();
        if those.is_empty() || !after.contains(MARKER) {
            continue;
        }
        let hunks = manifest::diff(file.before.as_deref().unwrap_or_default(), after);
        for line in hunks.iter().flat_map(|hunk| &hunk.lines).filter(|line| line.kind == LineKind::Added) {
            let text = line.text();
            let Some((policy, part, value)) = marked(&text) else { continue };
            for automation in &those {
                let Some((_, latest)) = automation.policies.iter().find(|(name, _)| *name == policy) else { continue };
                let latest = latest.as_deref().map(|image| part_of(image, &part));
                if latest.as_deref() == Some(value.as_str()) {
                    continue;
                }
                out.push(Overwriter {
                    automation: automation.key.clone(),
                    policy: policy.replacen(':', "/", 1),
                    file: file.path.clone(),
                    line: line.new_no.unwrap_or_default(),
                    latest,
                });
            }
        }
    }
    out
}

/// Returns the policy that a line's marker names, which part of the image it means, and the value before it.
fn marked(line: &str) -> Option<(String, String, String)> {
    let (value, marker) = line.split_once('#')?;
    let rest = marker.trim().strip_prefix(MARKER)?;
    let named = rest.trim().strip_prefix('"')?.split('"').next()?;
    let mut parts = named.splitn(3, ':');
    let policy = format!("{}:{}", parts.next()?, parts.next()?);
    let value = value.split_once(": ").map_or(value, |(_, value)| value).trim().trim_start_matches("- ").trim();
    Some((policy, parts.next().unwrap_or_default().to_owned(), value.trim_matches(['"', '\'']).to_owned()))
}

/// Returns the part of an image that a marker means.
fn part_of(image: &str, part: &str) -> String {
    let Ok(parsed) = image.parse::<domain::image::Image>() else { return image.to_owned() };
    match part {
        "tag" => parsed.tag.unwrap_or_default(),
        "digest" => parsed.digest.unwrap_or_default(),
        "name" => domain::image::Image { tag: None, digest: None, ..parsed }.to_string(),
        _ => image.to_owned(),
    }
}

/// Says of an overwriter what it would do.
pub(super) fn finding(overwriter: &Overwriter) -> Finding {
    let (automation, policy) = (&overwriter.automation, &overwriter.policy);
    let what = match &overwriter.latest {
        Some(latest) => format!("{automation} would set this to {latest} again (ImagePolicy {policy})"),
        None => format!("{automation} may overwrite this (ImagePolicy {policy})"),
    };
    Finding::new(Severity::Warning, "image-automation", what).at(overwriter.file.clone(), overwriter.line)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by failing")]
    use super::*;
    use domain::ident::ContextName;

    fn automation(path: &str, latest: Option<&str>) -> Automation {
        let key = ObjectKey::new(&ContextName::from("c"), "ImageUpdateAutomation", "flux-system", "shop");
        Automation { key, path: path.into(), policies: vec![("flux-system:shop".into(), latest.map(str::to_owned))] }
    }

    fn change(line: &str) -> FileChange {
        let text = |line: &str| Some(format!("images:\n  - name: shop\n{line}\n"));
        FileChange { path: "k8s/overlays/dev/kustomization.yaml".into(), before: text("    newTag: \"9\""), after: text(line) }
    }

    #[test]
    fn a_marked_line_below_its_folder_is_overwritten_unless_it_says_the_same() {
        let tag = "    newTag: 1.8.4 # {\"$imagepolicy\": \"flux-system:shop:tag\"}";
        let whole = "    image: 'r.example/shop:1.8.4' # {\"$imagepolicy\": \"flux-system:shop\"}";
        let (newer, same) = (Some("r.example/shop:1.9.0"), Some("r.example/shop:1.8.4"));
        for (path, latest, line, expect) in [
            ("k8s", newer, tag, Some(Some("1.9.0"))),
            ("", newer, whole, Some(Some("r.example/shop:1.9.0"))),
            ("k8s", None, tag, Some(None)),
            ("k8s", same, tag, None),
            ("k8s", same, whole, None),
            ("k8s/overlays/prod", newer, tag, None),
            ("k8s", newer, "    newTag: 1.8.4 # by hand", None),
            ("k8s", newer, "    newTag: 1.8.4 # {\"$imagepolicy\": \"other:shop:tag\"}", None),
        ] {
            let found = overwriters(&[automation(path, latest)], &[change(line)]);
            let told: Option<Option<&str>> = found.first().map(|o| o.latest.as_deref());
            assert_eq!(told, expect, "{path} {latest:?} {line}");
            assert!(found.iter().all(|o| o.line == 3 && o.policy == "flux-system/shop"), "{found:?}");
        }
        let found = overwriters(&[automation("k8s", newer)], &[change(tag)]);
        let said = finding(found.first().unwrap());
        assert!(said.message.contains("ImageUpdateAutomation/flux-system/shop would set this to 1.9.0 again"), "{said:?}");
    }
}
