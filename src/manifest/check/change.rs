//! What a change means: every object before and after it, and what vanishes.

use std::collections::{BTreeSet, HashMap};

use domain::change::Finding;

use crate::build::Object;
use crate::check::hits::Hits;
use crate::check::rules::{self, Look};
use crate::check::subject::{Scene, Subject};

/// Holds what is known of where a change goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    /// Whether it goes to production.
    pub production: bool,
    /// Whether Flux deletes from the cluster what vanishes from Git.
    pub prune: bool,
    /// The objects that it changes, makes or deletes, as `Kind/name`; none means that it changes nothing.
    pub touched: BTreeSet<String>,
}

impl Context {
    /// Builds the context of a change from its objects before and after.
    pub fn new(production: bool, prune: bool, before: &[Object], after: &[Object]) -> Self {
        let side = |objects: &[Object]| -> HashMap<(String, String), usize> {
            objects.iter().enumerate().map(|(at, o)| ((o.key(), o.api_version().to_owned()), at)).collect()
        };
        let (old, new) = (side(before), side(after));
        let label = |object: &Object| format!("{}/{}", object.kind(), object.name());
        let gone = old.iter().filter(|(key, _)| !new.contains_key(*key)).filter_map(|(_, at)| before.get(*at));
        let mut touched: BTreeSet<String> = gone.map(label).collect();
        touched.extend(new.iter().filter_map(|(key, at)| {
            let now = after.get(*at)?;
            let was = old.get(key).and_then(|at| before.get(*at));
            (was.map(|o| &o.value) != Some(&now.value)).then(|| label(now))
        }));
        Self { production, prune, touched }
    }
}

/// Holds one object before and after a change.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step<'s> {
    /// The object before; absent when it is new.
    pub(crate) before: Option<&'s Subject>,
    /// The object after; absent when it vanishes.
    pub(crate) after: Option<&'s Subject>,
}

/// Holds all objects before and after a change.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Changes<'s> {
    /// The objects before.
    pub(crate) before: &'s Scene,
    /// The objects after.
    pub(crate) after: &'s Scene,
    /// Where it goes.
    pub(crate) context: &'s Context,
}

impl<'s> Changes<'s> {
    /// Returns each object with what it was or will be, those that are the same on both sides left out.
    fn steps(self) -> Vec<Step<'s>> {
        let old = |new: &'s Subject| self.before.named(&new.kind, &new.name).find(|old| same(old, new));
        let mut steps: Vec<Step<'s>> = self
            .after
            .subjects
            .iter()
            .map(|after| Step { before: old(after), after: Some(after) })
            .filter(|step| step.before.map(|s| &s.val) != step.after.map(|s| &s.val))
            .collect();
        steps.extend(self.gone().map(|before| Step { before: Some(before), after: None }));
        steps
    }

    /// Returns the objects that vanish. One that only gets another hash behind its name does not.
    pub(crate) fn gone(&self) -> impl Iterator<Item = &'s Subject> {
        let after = self.after;
        self.before.subjects.iter().filter(move |old| {
            let stays = after.named(&old.kind, &old.name).any(|new| same(old, new));
            let follows = |new: &Subject| old.written == new.written && old.namespace == new.namespace;
            !stays && (old.written == old.name || !after.of_kind(&old.kind).any(follows))
        })
    }
}

fn same(old: &Subject, new: &Subject) -> bool {
    old.name == new.name && old.namespace == new.namespace && old.group == new.group
}

/// Lets all rules for changes look at one.
pub(crate) fn look(changes: Changes<'_>) -> Vec<Finding> {
    let steps = changes.steps();
    let mut findings = Vec::new();
    for rule in rules::RULES {
        let mut hits = Hits::default();
        match rule.look {
            Look::Change(look) => {
                for step in &steps {
                    look(step, &mut hits);
                }
                findings.extend(hits.findings(rule, changes.after));
            }
            Look::Changed(look) => {
                look(&changes, &mut hits);
                findings.extend(hits.findings(rule, changes.before));
            }
            _ => {}
        }
    }
    super::ordered(&mut findings);
    findings
}
