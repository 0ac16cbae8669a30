//! Installing and upgrading Flux, removing it, and stopping either on its way.

use std::sync::Arc;

use super::{Question, Sentence, Terms};
use crate::actor::Role;
use crate::ident::ContextName;
use crate::toolkit::{Installation, Removal};

/// Applies a release of Flux and waits until its controllers run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Install {
    /// What it would do, as it was looked up just before.
    pub plan: Arc<Installation>,
}

/// Removes Flux: its controllers, its definitions and with them its custom resources. What Flux applied stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uninstall {
    /// What it would take away, as it was looked up just before.
    pub removal: Arc<Removal>,
}

/// Stops an installation or a removal after the object that it is at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Halt {
    /// The cluster on which it goes on.
    pub context: ContextName,
}

/// Joins sentences in English.
fn joined(told: &[(Sentence, String)]) -> String {
    told.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>().join(" ")
}

impl Install {
    fn told(&self) -> Vec<(Sentence, String)> {
        let plan = &*self.plan;
        let (version, before) = (plan.version().to_owned(), plan.before.clone());
        let cluster = plan.context.to_string();
        let values = [("version", version.clone()), ("before", before.clone()), ("cluster", cluster.clone())];
        let mut out = Vec::new();
        let mut tell = |key: &'static str, values: Vec<(&'static str, String)>, text: String| {
            out.push((Sentence::new(format!("install.{key}"), values), text));
        };
        if before.is_empty() {
            tell("new", values.into(), format!("Install Flux {version} in {cluster}?"));
        } else if plan.goes_back() {
            tell("back", values.into(), format!("Go back from Flux {before} to {version} in {cluster}?"));
        } else if before == version {
            tell("again", values.into(), format!("Apply Flux {version} in {cluster} again?"));
        } else {
            tell("upgrade", values.into(), format!("Upgrade Flux {before} to {version} in {cluster}?"));
        }
        let [create, change, keep, refused] = plan.counts();
        let counts = [("create", create), ("change", change), ("keep", keep)].map(|(name, n)| (name, n.to_string()));
        tell("counts", counts.into(), format!("{create} objects are created, {change} changed, {keep} are so already."));
        let names = plan.components.iter().map(|c| c.name).collect::<Vec<_>>().join(", ");
        tell("components", vec![("names", names.clone())], format!("Controllers: {names}."));
        let (origin, digest) = (plan.release.origin.clone(), plan.release.digest.clone());
        let text = format!("From {origin}, SHA-256 {digest}.");
        tell("origin", vec![("origin", origin), ("digest", digest)], text);
        if refused > 0 {
            let text = format!("The server has something against {refused} of them.");
            tell("refused", vec![("count", refused.to_string())], text);
        }
        if !plan.stays.is_empty() {
            let names = plan.stays.join(", ");
            tell("stays", vec![("names", names.clone())], format!("{names} are not among them and stay as they are."));
        }
        if let Some(server) = &plan.too_old {
            let text = format!("Kubernetes {server} is older than this release supports.");
            tell("too-old", vec![("server", server.clone())], text);
        }
        if let Some(owner) = &plan.owner {
            let text = format!("{owner} put Flux there and will undo this: change it where that comes from.");
            tell("owner", vec![("owner", owner.clone())], text);
        }
        out
    }
}

impl Terms for Install {
    fn permission(&self) -> Role {
        Role::Admin
    }

    fn question(&self) -> Question {
        Question::Confirm { text: joined(&self.told()) }
    }

    fn sentences(&self) -> Vec<Sentence> {
        self.told().into_iter().map(|(sentence, _)| sentence).collect()
    }

    fn act(&self) -> &'static str {
        "flux.install"
    }

    fn object(&self) -> String {
        format!("Flux in {}", self.plan.context)
    }
}

impl Uninstall {
    fn told(&self) -> Vec<(Sentence, String)> {
        let removal = &*self.removal;
        let cluster = removal.context.to_string();
        let version = if removal.version.is_empty() { String::new() } else { format!(" {}", removal.version) };
        let mut out = Vec::new();
        let mut tell = |key: &'static str, values: Vec<(&'static str, String)>, text: String| {
            out.push((Sentence::new(format!("uninstall.{key}"), values), text));
        };
        let text = format!("Remove Flux{version} from {cluster}?");
        tell("ask", vec![("version", version), ("cluster", cluster)], text);
        let (count, names) = (removal.controllers.len().to_string(), removal.controllers.join(", "));
        let text = format!("{count} controllers go: {names}.");
        tell("controllers", vec![("count", count), ("names", names)], text);
        let (objects, all) = removal.objects();
        let (count, objects) = (removal.definitions.len().to_string(), objects.to_string());
        let key = if all { "definitions" } else { "definitions-at-least" };
        let at_least = if all { "" } else { "at least " };
        let text = format!("{count} definitions go, and with them {at_least}{objects} custom resources.");
        tell(key, vec![("count", count), ("objects", objects)], text);
        let namespace = removal.namespace.clone();
        if removal.with_namespace && removal.strangers.is_empty() {
            let text = format!("The namespace {namespace} goes with everything in it.");
            tell("namespace", vec![("namespace", namespace)], text);
        } else if removal.with_namespace {
            let names = removal.strangers.join(", ");
            let text = format!("The namespace {namespace} stays, since {names} is in it.");
            tell("namespace-stays", vec![("namespace", namespace), ("names", names)], text);
        }
        tell("stays", Vec::new(), "What Flux applied stays: workloads, Helm releases, their namespaces.".to_owned());
        if let Some(owner) = &removal.owner {
            let text = format!("{owner} put Flux there; what it comes from will not be followed any more.");
            tell("owner", vec![("owner", owner.clone())], text);
        }
        if !removal.unread.is_empty() {
            let why = removal.unread.join("; ");
            tell("unread", vec![("why", why.clone())], format!("Not everything could be seen: {why}."));
        }
        out
    }
}

impl Terms for Uninstall {
    fn permission(&self) -> Role {
        Role::Admin
    }

    fn question(&self) -> Question {
        Question::Type { text: joined(&self.told()), word: self.removal.context.to_string() }
    }

    fn sentences(&self) -> Vec<Sentence> {
        self.told().into_iter().map(|(sentence, _)| sentence).collect()
    }

    fn act(&self) -> &'static str {
        "flux.uninstall"
    }

    fn object(&self) -> String {
        format!("Flux in {}", self.removal.context)
    }
}

impl Terms for Halt {
    fn permission(&self) -> Role {
        Role::Admin
    }

    fn question(&self) -> Question {
        Question::None
    }

    fn act(&self) -> &'static str {
        "flux.halt"
    }

    fn object(&self) -> String {
        format!("Flux in {}", self.context)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by failing")]
    use super::*;
    use crate::toolkit::release::tests::documents;
    use crate::toolkit::{Defined, Doing, Release, Step};

    fn plan(before: &str) -> Installation {
        let release = Release::of("https://flux.example/install.yaml", ("ab12".to_owned(), 9), &documents()).unwrap();
        let components = release.components();
        let step = |doing| Step { object: "Namespace/flux-system".to_owned(), component: None, doing };
        Installation {
            context: "dev".into(),
            release: Arc::new(release),
            components,
            before: before.to_owned(),
            steps: vec![step(Doing::Create), step(Doing::Keep), step(Doing::Keep)],
            stays: Vec::new(),
            owner: None,
            too_old: None,
        }
    }

    fn asked(order: &dyn Terms) -> String {
        match order.question() {
            Question::Confirm { text } | Question::Type { text, .. } => text,
            Question::None => String::new(),
        }
    }

    #[test]
    fn the_question_says_which_way_it_goes_and_where_the_manifest_is_from() {
        for (before, begins) in [
            ("", "Install Flux v2.8.0 in dev? 1 objects are created, 0 changed, 2 are so already."),
            ("v2.7.5", "Upgrade Flux v2.7.5 to v2.8.0 in dev?"),
            ("v2.10.0", "Go back from Flux v2.10.0 to v2.8.0 in dev?"),
            ("v2.8.0", "Apply Flux v2.8.0 in dev again?"),
        ] {
            let text = asked(&Install { plan: Arc::new(plan(before)) });
            assert!(text.starts_with(begins), "{text}");
            assert!(text.contains("From https://flux.example/install.yaml, SHA-256 ab12."), "{text}");
        }
    }

    #[test]
    fn who_will_undo_it_is_named() {
        let plan = Installation { owner: Some("Kustomization/flux-system/flux-system".to_owned()), ..plan("v2.7.0") };
        let text = asked(&Install { plan: Arc::new(plan) });
        assert!(text.contains("Kustomization/flux-system/flux-system put Flux there and will undo this"), "{text}");
    }

    #[test]
    fn removing_counts_what_goes_says_what_stays_and_wants_the_clusters_name() {
        let defined = |count| Defined {
            name: "kustomizations.kustomize.toolkit.fluxcd.io".to_owned(),
            group: "kustomize.toolkit.fluxcd.io".to_owned(),
            version: "v1".to_owned(),
            kind: "Kustomization".to_owned(),
            plural: "kustomizations".to_owned(),
            count,
        };
        let removal = Removal {
            context: "dev".into(),
            version: "v2.8.0".to_owned(),
            namespace: "flux-system".to_owned(),
            controllers: vec!["source-controller".to_owned()],
            others: Vec::new(),
            definitions: vec![defined(Some(12)), defined(None)],
            with_namespace: true,
            namespace_there: true,
            strangers: vec!["Deployment/web".to_owned()],
            owner: None,
            unread: Vec::new(),
        };
        let order = Uninstall { removal: Arc::new(removal) };
        let text = asked(&order);
        for part in [
            "Remove Flux v2.8.0 from dev?",
            "at least 12 custom resources",
            "The namespace flux-system stays, since Deployment/web is in it.",
            "What Flux applied stays",
        ] {
            assert!(text.contains(part), "{text}");
        }
        assert!(matches!(order.question(), Question::Type { word, .. } if word == "dev"));
    }
}
