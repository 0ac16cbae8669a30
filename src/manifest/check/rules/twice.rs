//! Objects that are there twice.

use std::collections::HashMap;

use crate::check::hits::Hits;
use crate::check::subject::{Known, Scene, Subject, filled_in};

/// Finds objects with the same kind, name and namespace.
pub(super) fn twice<'s>(scene: &'s Scene, _: &Known, hits: &mut Hits<'s>) {
    let mut seen: HashMap<(&str, &str, &str, &str, &str), &Subject> = HashMap::new();
    for subject in scene.subjects.iter().filter(|s| !filled_in(&s.name) && !s.name.is_empty()) {
        // Files that are applied one by one may be one another's alternatives.
        let file = if scene.loose { subject.home.0.as_str() } else { "" };
        let key = (file, subject.group.as_str(), subject.kind.as_str(), subject.namespace.as_str(), subject.name.as_str());
        if let Some(first) = seen.insert(key, subject) {
            let message = format!("{} is there twice, first at {}:{}", subject.told(), first.home.0, first.home.1);
            hits.near(subject, &[subject.at(&["metadata", "name"])], message);
        }
    }
}
