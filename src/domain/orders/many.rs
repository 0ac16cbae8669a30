//! One question for many orders of a kind. Each is given on its own: with its own permission, its own intent and outcome in the
//! journal, and its own words when it fails.

use super::delete::{Consequences, Delete, shown};
use super::{Order, Question, Sentence, Terms};
use crate::actor::Role;
use crate::trouble::Trouble;

/// How many names a question shows.
const NAMED: usize = 5;

/// Names an object about which something holds.
fn named(delete: &Delete, holds: bool) -> Vec<String> {
    holds.then(|| delete.key.to_string()).into_iter().collect()
}

/// Gives several orders after one question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Many {
    /// The orders, all of one kind and none of them itself one of many.
    orders: Vec<Order>,
}

/// Holds what came of one of several orders.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// What it was done to.
    pub object: String,
    /// A sentence that says what was done, or why it was not.
    pub result: Result<String, Trouble>,
}

impl Many {
    /// Returns the one order there is, or one that gives them all; nothing for none.
    pub fn of(orders: impl IntoIterator<Item = impl Into<Order>>) -> Option<Order> {
        let mut flat = Vec::new();
        for order in orders {
            match order.into() {
                Order::Many(many) => flat.extend(many.orders),
                order => flat.push(order),
            }
        }
        match flat.len() {
            0 | 1 => flat.pop(),
            _ => Some(Order::Many(Self { orders: flat })),
        }
    }

    /// Returns the orders.
    pub fn orders(&self) -> &[Order] {
        &self.orders
    }

    /// Gives the orders away.
    pub fn into_orders(self) -> Vec<Order> {
        self.orders
    }

    /// Returns the first names, and how many there are besides.
    fn names(&self) -> (String, usize) {
        let shown: Vec<String> = self.orders.iter().take(NAMED).map(|order| order.terms().object()).collect();
        (shown.join(", "), self.orders.len().saturating_sub(NAMED))
    }

    /// Returns what Flux will do with all of them.
    fn verb(&self) -> (&'static str, &'static str) {
        match self.act() {
            "flux.reconcile" => ("Reconcile", ""),
            "flux.reconcile-with-source" => ("Reconcile with their sources", ""),
            "flux.suspend" => ("Suspend", " Flux will not reconcile them until they are resumed."),
            "flux.resume" => ("Resume", " Flux applies whatever their sources hold now."),
            "flux.force" => ("Force a release of", " Helm installs or upgrades each once more, even if nothing changed."),
            "flux.reset" => ("Reset the failure counters of", " Each is installed or upgraded again."),
            "object.delete" => ("Delete", ""),
            "project.adopt" => ("Adopt", " Nothing in the cluster changes."),
            _ => ("Do this to", ""),
        }
    }

    /// Returns what deleting them takes along, as long as that is known of each.
    fn toll(&self) -> Option<(usize, usize, bool)> {
        let (mut objects, mut releases, mut grave) = (0, 0, false);
        for order in &self.orders {
            let Order::Delete(delete) = order else { return None };
            let facts = delete.facts.as_ref()?;
            objects += if facts.takes_along() { facts.count } else { 0 };
            releases += usize::from(facts.release.is_some());
            grave |= delete.is_grave();
        }
        Some((objects, releases, grave))
    }
}

impl Many {
    /// Returns what the question about each one alone would warn of: production, what is left without a source, what comes back,
    /// what waits for finalizers. Each with its English sentence.
    fn warnings(&self) -> Vec<(Sentence, String)> {
        type Of = fn(&Delete, &Consequences) -> Vec<String>;
        const WARNINGS: [(&str, &str, Of); 5] = [
            ("many.production", "Production is among them: {names}.", |_, f| {
                f.production.iter().map(ToString::to_string).collect()
            }),
            ("many.dependents", "Without them these have no source: {names}.", |_, f| f.dependents.clone()),
            ("many.comes-back", "These are applied by others and come back: {names}.", |d, f| named(d, f.applied_by.is_some())),
            ("many.finalizers", "These go only when their finalizers are taken away: {names}.", |d, f| {
                named(d, !f.finalizers.is_empty())
            }),
            ("many.releases-left", "These Helm releases stay, for they are suspended: {names}.", |_, f| {
                f.left.iter().cloned().collect()
            }),
        ];
        let found = |of: Of| {
            let mut names: Vec<String> = Vec::new();
            for order in &self.orders {
                let Order::Delete(delete) = order else { continue };
                for name in delete.facts.iter().flat_map(|facts| of(delete, facts)) {
                    if !names.contains(&name) {
                        names.push(name);
                    }
                }
            }
            names
        };
        let told = WARNINGS.iter().map(|(key, text, of)| (key, text, found(*of))).filter(|(.., names)| !names.is_empty());
        let told = told.map(|(key, text, names)| (key, text, shown(&names, names.len())));
        told.map(|(key, text, names)| (Sentence::new(*key, [("names", names.clone())]), text.replace("{names}", &names)))
            .collect()
    }
}

impl Terms for Many {
    fn permission(&self) -> Role {
        self.orders.iter().map(|order| order.terms().permission()).max().unwrap_or(Role::Viewer)
    }

    fn question(&self) -> Question {
        let (names, besides) = self.names();
        let more = if besides > 0 { format!(" and {besides} more") } else { String::new() };
        let (verb, what) = self.verb();
        let mut text = format!("{verb} {} objects: {names}{more}?{what}", self.orders.len());
        match self.toll() {
            None => Question::Confirm { text },
            Some((objects, releases, grave)) => {
                if objects > 0 {
                    text.extend([" With them go ", &objects.to_string(), " objects that they applied."]);
                }
                if releases > 0 {
                    text.extend([" ", &releases.to_string(), " Helm releases are uninstalled."]);
                }
                for (_, warning) in self.warnings() {
                    text.extend([" ", &warning]);
                }
                if grave { Question::Type { text, word: self.orders.len().to_string() } } else { Question::Confirm { text } }
            }
        }
    }

    fn sentences(&self) -> Vec<Sentence> {
        let (names, besides) = self.names();
        let count = ("count", self.orders.len().to_string());
        let first = if besides > 0 { "many.more" } else { "many.all" };
        let mut out = vec![
            Sentence::new(format!("many.{}", self.act()), [count.clone()]),
            Sentence::new(first, [count, ("names", names), ("more", besides.to_string())]),
        ];
        if let Some((objects, releases, _)) = self.toll() {
            let told = |key: &'static str, count: usize| (count > 0).then(|| Sentence::new(key, [("count", count.to_string())]));
            out.extend(told("many.toll", objects));
            out.extend(told("many.releases", releases));
            out.extend(self.warnings().into_iter().map(|(sentence, _)| sentence));
        }
        out
    }

    fn act(&self) -> &'static str {
        self.orders.first().map_or("many", |order| order.terms().act())
    }

    fn object(&self) -> String {
        format!("{} objects", self.orders.len())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by failing")]
    use super::*;
    use crate::flux::ObjectKey;
    use crate::ident::EnvironmentId;
    use crate::orders::{Reconcile, Suspend};

    fn key(name: &str) -> ObjectKey {
        ObjectKey::new(&"c".into(), "Kustomization", "apps", name)
    }

    #[test]
    fn one_question_names_the_first_and_counts_the_rest() {
        let orders = ["a", "b", "c", "d", "e", "f", "g"].map(|name| Suspend { key: key(name) });
        let many = Many::of(orders).unwrap();
        let Question::Confirm { text } = many.terms().question() else { unreachable!("a question") };
        assert!(text.starts_with("Suspend 7 objects: Kustomization/apps/a, "), "{text}");
        assert!(text.contains("Kustomization/apps/e and 2 more?") && !text.contains("apps/f"), "{text}");
        assert_eq!((many.terms().act(), many.terms().permission()), ("flux.suspend", Role::Operator));
    }

    #[test]
    fn one_order_stays_itself_and_many_of_many_are_flat() {
        let one = Many::of([Suspend { key: key("a") }]);
        assert_eq!(one, Some(Suspend { key: key("a") }.into()));
        assert_eq!(Many::of(Vec::<Order>::new()), None);
        let pair = |a, b| Many::of([a, b].map(|n| Reconcile { key: key(n), with_source: false })).unwrap();
        let Some(Order::Many(many)) = Many::of([pair("a", "b"), pair("c", "d")]) else { unreachable!("many") };
        assert_eq!(many.orders().len(), 4);
        // Even what is harmless to one is asked for many.
        assert!(matches!(many.question(), Question::Confirm { .. }));
    }

    #[test]
    fn the_question_about_many_warns_of_what_the_question_about_one_does() {
        let facts = Consequences {
            production: Some(EnvironmentId::new("shop".parse().unwrap(), "production".parse().unwrap())),
            dependents: vec!["Kustomization/apps/web".to_owned()],
            applied_by: Some("Kustomization/flux-system/apps".to_owned()),
            finalizers: vec!["finalizers.fluxcd.io".to_owned()],
            left: Some("apps/redis".to_owned()),
            ..Consequences::default()
        };
        let orders = ["a", "b"].map(|name| Delete { facts: Some(facts.clone()), ..Delete::new(key(name)) });
        let many = Many::of(orders).unwrap();
        let Question::Type { text, .. } = many.terms().question() else { unreachable!("production has to be typed") };
        for words in [
            "Production is among them: shop/production.",
            "Without them these have no source: Kustomization/apps/web.",
            "come back: Kustomization/apps/a, Kustomization/apps/b.",
            "finalizers are taken away: Kustomization/apps/a, Kustomization/apps/b.",
            "stay, for they are suspended: apps/redis.",
        ] {
            assert!(text.contains(words), "{text}");
        }
        assert_eq!(many.terms().sentences().iter().filter(|s| s.values.iter().any(|(name, _)| *name == "names")).count(), 6);
    }
}
