//! Deleting an object, with what goes along: what prune removes, the Helm release, whoever takes its content from it.

use super::{Question, Sentence, Terms};
use crate::actor::Role;
use crate::flux::ObjectKey;
use crate::ident::EnvironmentId;

/// Says what becomes of the objects that the deleted one owns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Propagation {
    /// They go after it.
    #[default]
    Background,
    /// They go before it.
    Foreground,
    /// They stay, without an owner.
    Orphan,
}

impl Propagation {
    /// Returns Kubernetes' word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Background => "Background",
            Self::Foreground => "Foreground",
            Self::Orphan => "Orphan",
        }
    }
}

/// Says what becomes of the objects that a Kustomization applied when it is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Pruning {
    /// It applied nothing, or is no Kustomization.
    #[default]
    None,
    /// Its controller deletes them.
    Removes,
    /// They stay: `spec.prune` is off.
    Off,
    /// They stay: `spec.deletionPolicy` is Orphan.
    Orphans,
    /// They stay: it is suspended.
    Suspended,
}

/// Holds what deleting an object would do, as it was read from the cluster just before.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Consequences {
    /// What becomes of the objects that it applied.
    pub pruning: Pruning,
    /// How many it applied.
    pub count: usize,
    /// The first of them, as `Kind/namespace/name`.
    pub first: Vec<String>,
    /// The Helm release that is uninstalled, as `namespace/name`.
    pub release: Option<String>,
    /// The Helm release that stays because the HelmRelease is suspended.
    pub left: Option<String>,
    /// Its finalizers: it goes only when whoever put them there has taken them away.
    pub finalizers: Vec<String>,
    /// The objects that take their content from it.
    pub dependents: Vec<String>,
    /// The production environment that it belongs to.
    pub production: Option<EnvironmentId>,
    /// The Flux object that applied it and will bring it back, as `Kind/namespace/name`.
    pub applied_by: Option<String>,
}

impl Consequences {
    /// Tells whether the objects that it applied go with it.
    pub fn takes_along(&self) -> bool {
        self.pruning == Pruning::Removes && self.count > 0
    }
}

/// Deletes an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delete {
    /// Which one.
    pub key: ObjectKey,
    /// The server's identity for it: a namesake is not deleted.
    pub uid: Option<String>,
    /// What becomes of what it owns.
    pub propagation: Propagation,
    /// What it would do; absent as long as nobody looked, then it has to be looked up (`Query::Deletion`) before it is asked.
    pub facts: Option<Consequences>,
}

impl Delete {
    /// Builds the order as long as nobody looked what it would do.
    pub const fn new(key: ObjectKey) -> Self {
        Self { key, uid: None, propagation: Propagation::Background, facts: None }
    }

    /// Tells whether its name has to be typed: something goes along, or users are there.
    pub fn is_grave(&self) -> bool {
        let Some(facts) = &self.facts else { return true };
        let namespace =
            matches!(&*self.key.kind, "Namespace" | "CustomResourceDefinition" | "PersistentVolume" | "PersistentVolumeClaim");
        facts.takes_along() || facts.release.is_some() || facts.production.is_some() || namespace
    }

    /// Returns what is to be known before, each with its English sentence.
    fn told(&self) -> Vec<(Sentence, String)> {
        let object = self.key.to_string();
        let mut out = vec![(Sentence::new("delete.ask", [("object", object.clone())]), format!("Delete {object}?"))];
        let Some(facts) = &self.facts else { return out };
        let mut tell =
            |key: &'static str, values: Vec<(&'static str, String)>, text: String| out.push((Sentence::new(key, values), text));
        let (count, names) = (facts.count.to_string(), shown(&facts.first, facts.count));
        let both = || vec![("count", count.clone()), ("names", names.clone())];
        match facts.pruning {
            Pruning::Removes if facts.count > 0 => {
                tell("delete.prunes", both(), format!("With it go the {count} objects that it applied: {names}."));
            }
            Pruning::Off if facts.count > 0 => {
                tell("delete.prune-off", both(), format!("The {count} objects that it applied stay: spec.prune is off."));
            }
            Pruning::Orphans if facts.count > 0 => {
                tell(
                    "delete.orphans",
                    both(),
                    format!("The {count} objects that it applied stay: its deletionPolicy is Orphan."),
                );
            }
            Pruning::Suspended if facts.count > 0 => {
                tell("delete.suspended", both(), format!("The {count} objects that it applied stay: it is suspended."));
            }
            _ => {}
        }
        if let Some(release) = &facts.release {
            tell("delete.release", vec![("release", release.clone())], format!("The Helm release {release} is uninstalled."));
        }
        if let Some(release) = &facts.left {
            tell(
                "delete.release-left",
                vec![("release", release.clone())],
                format!("The Helm release {release} stays: it is suspended."),
            );
        }
        if !facts.dependents.is_empty() {
            let names = shown(&facts.dependents, facts.dependents.len());
            tell("delete.dependents", vec![("names", names.clone())], format!("Without it these have no source: {names}."));
        }
        if let Some(owner) = &facts.applied_by {
            tell("delete.comes-back", vec![("owner", owner.clone())], format!("{owner} applied it and will bring it back."));
        }
        if !facts.finalizers.is_empty() {
            let names = facts.finalizers.join(", ");
            tell(
                "delete.finalizers",
                vec![("names", names.clone())],
                format!("It goes only when its finalizers are taken away: {names}."),
            );
        }
        if let Some(environment) = &facts.production {
            tell(
                "delete.production",
                vec![("environment", environment.to_string())],
                format!("It belongs to {environment}: production."),
            );
        }
        match self.propagation {
            Propagation::Background => {}
            Propagation::Foreground => {
                tell("delete.foreground", Vec::new(), "What it owns goes first.".to_owned());
            }
            Propagation::Orphan => tell("delete.orphan", Vec::new(), "What it owns stays.".to_owned()),
        }
        out
    }
}

/// Returns the first names, and how many there are besides, in signs that need no translation.
pub(super) fn shown(names: &[String], count: usize) -> String {
    const NAMED: usize = 5;
    let text = names.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    let besides = count.saturating_sub(NAMED.min(names.len()));
    if besides > 0 { format!("{text} (+{besides})") } else { text }
}

impl Terms for Delete {
    fn permission(&self) -> Role {
        Role::Operator
    }

    fn question(&self) -> Question {
        let text = self.told().into_iter().map(|(_, text)| text).collect::<Vec<_>>().join(" ");
        if self.is_grave() { Question::Type { text, word: self.key.name.to_string() } } else { Question::Confirm { text } }
    }

    fn sentences(&self) -> Vec<Sentence> {
        self.told().into_iter().map(|(sentence, _)| sentence).collect()
    }

    fn act(&self) -> &'static str {
        "object.delete"
    }

    fn object(&self) -> String {
        self.key.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(facts: Consequences) -> (String, bool) {
        let key = ObjectKey::new(&"c".into(), "Kustomization", "flux-system", "shop");
        match (Delete { facts: Some(facts), ..Delete::new(key) }).question() {
            Question::Confirm { text } => (text, false),
            Question::Type { text, word } => {
                assert_eq!(word, "shop");
                (text, true)
            }
            Question::None => unreachable!("it always asks"),
        }
    }

    #[test]
    fn the_question_says_what_goes_along_and_a_name_is_typed_when_something_does() {
        let first = vec!["Deployment/shop/web".to_owned(), "Service/shop/web".to_owned()];
        let of = |pruning| Consequences { pruning, count: 9, first: first.clone(), ..Consequences::default() };
        let (text, grave) = ask(of(Pruning::Removes));
        assert!(text.contains("the 9 objects that it applied: Deployment/shop/web, Service/shop/web (+7)."), "{text}");
        assert!(grave);
        for (pruning, word) in
            [(Pruning::Off, "spec.prune is off"), (Pruning::Orphans, "deletionPolicy"), (Pruning::Suspended, "it is suspended")]
        {
            let (text, grave) = ask(of(pruning));
            assert!(text.contains("stay") && text.contains(word) && !grave, "{text}");
        }
        let (text, grave) = ask(Consequences { release: Some("shop/redis".to_owned()), ..Consequences::default() });
        assert!(text.contains("Helm release shop/redis is uninstalled") && grave, "{text}");
        let finalizers = vec!["finalizers.fluxcd.io".to_owned()];
        let (text, grave) = ask(Consequences { finalizers, ..Consequences::default() });
        assert!(text.contains("finalizers.fluxcd.io") && !grave, "{text}");
    }

    #[test]
    fn what_nobody_looked_at_is_grave() {
        assert!(Delete::new(ObjectKey::new(&"c".into(), "ConfigMap", "a", "b")).is_grave());
    }
}
