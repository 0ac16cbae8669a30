//! The rows of the form as they are at the start: which fields a section shows, and what stands in them.

use domain::edit::{Field, Found, PULL_POLICIES, SERVICE_TYPES};

use super::edits::is_reference;
use super::fields::Ground;
use super::slot::{Kind, Section, label, plain, probes};
use crate::cx::Cx;
use crate::widgets::form::Field as Row;

/// Returns the single fields that a section shows.
pub(super) fn ones(ground: &Ground, section: Section) -> Vec<Field> {
    let shown = |field: &Field| ground.known(field) || ground.useful(field);
    let mut fields: Vec<Field> = plain(section).iter().filter(|f| shown(f)).cloned().collect();
    match section {
        Section::Probes => fields.extend(probes().filter(|f| ground.known(f))),
        Section::Network => {
            fields.extend([Field::ServiceType].into_iter().filter(shown));
            let git = ground.ours().map(|f| &f.field);
            let edited = ground.edits.put(ground.facts, ground.container).map(|(field, _)| field);
            for field in git.chain(edited).filter(|f| matches!(f, Field::ServicePort(_))) {
                if !fields.contains(field) {
                    fields.push(field.clone());
                }
            }
            fields.extend([Field::IngressHost].into_iter().filter(shown));
        }
        _ => {}
    }
    fields
}

/// Returns the values that a field may have, when they are few.
pub(super) fn options(field: &Field) -> Option<&'static [&'static str]> {
    match field {
        Field::PullPolicy => Some(&PULL_POLICIES),
        Field::ServiceType => Some(&SERVICE_TYPES),
        _ => None,
    }
}

pub(super) fn one(cx: &Cx, ground: &Ground, field: &Field) -> Row {
    let id = field.to_string();
    let Some(known) = options(field) else {
        return Row::text(&id, label(cx, field), ground.shown(field)).placeholder(cx.t("deploy.unset"));
    };
    let mut options: Vec<String> = known.iter().map(|p| (*p).to_owned()).collect();
    let shown = ground.shown(field);
    if ground.git(field).is_none() {
        options.insert(0, cx.t("deploy.unset").to_owned());
    }
    if !shown.is_empty() && !options.contains(&shown) {
        options.push(shown.clone());
    }
    Row::choice(&id, label(cx, field), options, &shown)
}

pub(super) fn placeholder(cx: &Cx, kind: Kind) -> String {
    cx.words.get(&format!("deploy.new.{}", kind.word())).to_owned()
}

/// Tells whether a value is one that a field with a name of its own shows already.
pub(super) fn repeated(ground: &Ground, value: &Found) -> bool {
    let same = |f: &&Found| f.file == value.file && f.line == value.line && f.value == value.value;
    ground.facts.found.iter().filter(same).any(|f| !matches!(f.field, Field::Value(_)))
}

/// Tells whether a field can only be shown: what a Pod or a container says of itself.
pub(super) fn is_fixed(ground: &Ground, found: &Found) -> bool {
    match &found.field {
        Field::Env(name) if is_reference(found) => {
            ground.edit(&found.field).is_none() && !ground.known(&Field::EnvRef(name.clone()))
        }
        _ => false,
    }
}

/// Returns the value of an entry as it is to become; nothing when it is removed.
pub(super) fn value(ground: &Ground, kind: Kind, name: &str) -> Option<String> {
    let fields: Vec<Field> = match kind {
        Kind::Variable => vec![Field::Env(name.to_owned()), Field::EnvRef(name.to_owned())],
        kind => kind.field(name).into_iter().collect(),
    };
    let edits: Vec<&Option<String>> = fields.iter().filter_map(|f| ground.edit(f)).collect();
    if !edits.is_empty() {
        return edits.into_iter().flatten().next().cloned();
    }
    // What a Secret holds is not shown; that there is something is.
    fields.iter().rev().find_map(|f| ground.git(f)).map(|f| f.value.clone())
}
