//! The rows of the form that have names of their own, `NAME=value`: read as they are typed, all together, since one may take
//! the name of another.

use domain::edit::{Edit, Field};

use super::fields::{Fields, Ground, place};
use super::slot::{Kind, Slot, name_of};
use crate::cx::Cx;

/// Holds a row as it was typed.
struct Typed {
    id: String,
    kind: Kind,
    origin: Option<String>,
    text: String,
    /// Name and value, once there is a `=`.
    parts: Option<(String, String)>,
}

/// Holds what there is to say beside a row.
#[derive(Default)]
struct Verdict {
    fault: Option<String>,
    note: String,
    changed: bool,
    waits: bool,
}

impl Typed {
    fn new(id: &str, kind: Kind, origin: Option<String>, text: String) -> Self {
        // A name may have a `=` of its own, so the one that is known comes first.
        let kept = origin
            .as_ref()
            .and_then(|name| Some((name.clone(), text.strip_prefix(name.as_str())?.strip_prefix('=')?.to_owned())));
        let parts = kept.or_else(|| text.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned())));
        Self { id: id.to_owned(), kind, origin, text, parts }
    }

    fn name(&self) -> Option<&str> {
        self.parts.as_ref().map(|(name, _)| name.as_str())
    }
}

/// Tells whether a value of a variable means a reference.
pub(super) fn refers(value: &str) -> bool {
    value.starts_with("secret:") || value.starts_with("configmap:")
}

impl Fields {
    /// Reads all entries into the edits and says beside each what there is to say.
    pub(super) fn check_entries(&mut self, cx: &Cx, ground: &mut Ground) {
        let rows: Vec<Typed> = self
            .items
            .iter()
            .filter_map(|item| match &item.slot {
                Slot::Entry(kind, origin) => Some(Typed::new(&item.id, *kind, origin.clone(), self.form.value(&item.id))),
                _ => None,
            })
            .collect();
        let fixed: Vec<(Option<Kind>, Option<String>)> = self
            .items
            .iter()
            .filter_map(|item| if let Slot::Fixed(field) = &item.slot { Some((Kind::of(field), name_of(field))) } else { None })
            .collect();
        for kind in Kind::ALL {
            ground.edits.clear(ground.facts, ground.container, kind);
        }
        for row in &rows {
            let taken = row.name().is_some_and(|name| {
                let other = |r: &Typed| r.id != row.id && r.kind == row.kind && r.name() == Some(name);
                rows.iter().any(other) || fixed.iter().any(|(kind, n)| *kind == Some(row.kind) && n.as_deref() == Some(name))
            });
            let verdict = read(cx, ground, row, taken);
            let origin = row.origin.as_deref().and_then(|name| whence(ground, row.kind, name));
            if let Some(field) = self.form.field_mut(&row.id) {
                (field.fault, field.note, field.changed) = (verdict.fault, verdict.note, verdict.changed);
                field.waits = if verdict.waits { cx.t("deploy.waits").to_owned() } else { String::new() };
                field.place = origin.unwrap_or_default();
            }
        }
    }
}

/// Says where an entry stands in Git.
fn whence(ground: &Ground, kind: Kind, name: &str) -> Option<String> {
    let find = |field: &Field| ground.facts.find(Some(ground.container), field).map(place);
    let reference = || (kind == Kind::Variable).then(|| find(&Field::EnvRef(name.to_owned()))).flatten();
    reference().or_else(|| find(&kind.field(name)?))
}

fn read(cx: &Cx, ground: &mut Ground, row: &Typed, taken: bool) -> Verdict {
    let fault = |key: &'static str| Verdict { fault: Some(cx.t(key).to_owned()), ..Verdict::default() };
    let Some((name, value)) = &row.parts else {
        return match &row.origin {
            Some(origin) if row.text.is_empty() => {
                remove(ground, row.kind, origin);
                Verdict { note: cx.tf("deploy.env-removed", &[("name", origin)]), changed: true, ..Verdict::default() }
            }
            None if row.text.is_empty() => Verdict::default(),
            _ => fault(form(row.kind)),
        };
    };
    if taken {
        return fault("deploy.env-twice");
    }
    let Some(field) = row.kind.field(name) else { return fault(form(row.kind)) };
    let mut verdict = match row.kind {
        Kind::Variable => variable(cx, ground, name, value),
        _ => entry(cx, ground, field, value),
    };
    if let Some(origin) = row.origin.as_ref().filter(|origin| *origin != name) {
        remove(ground, row.kind, origin);
        verdict.note = cx.tf("deploy.env-renamed", &[("name", origin)]);
        verdict.changed = true;
    }
    verdict
}

/// Returns the key of the sentence that says how an entry is written.
const fn form(kind: Kind) -> &'static str {
    match kind {
        Kind::Config => "deploy.config-form",
        Kind::Port => "deploy.port-form",
        Kind::Value => "deploy.value-form",
        _ => "deploy.env-form",
    }
}

fn remove(ground: &mut Ground, kind: Kind, name: &str) {
    if kind == Kind::Variable {
        ground.set(Field::EnvRef(name.to_owned()), None);
    }
    if let Some(field) = kind.field(name) {
        ground.set(field, None);
    }
}

fn entry(cx: &Cx, ground: &mut Ground, field: Field, value: &str) -> Verdict {
    let git = ground.git(&field).map(|f| f.value.as_str());
    let changed = git != Some(value);
    let note = match git {
        // What a Secret holds is not shown.
        Some(now) if changed && !now.is_empty() => cx.tf("deploy.now", &[("now", now)]),
        _ => String::new(),
    };
    let edit = Edit::set(field.clone(), value);
    let waits = ground.ask(&field).is_some();
    ground.set(field, Some(value.to_owned()));
    let fault = if changed { edit.fault().map(|fault| cx.said(&fault)) } else { None };
    Verdict { fault, note, changed, waits }
}

/// Reads a variable: what begins with `secret:` or `configmap:` is a reference, unless Git has it as a plain value.
fn variable(cx: &Cx, ground: &mut Ground, name: &str, value: &str) -> Verdict {
    let (plain, reference) = (Field::Env(name.to_owned()), Field::EnvRef(name.to_owned()));
    let (git_plain, git_reference) = (ground.git(&plain), ground.git(&reference));
    let is_reference = refers(value) && git_plain.is_none_or(|f| f.value != value);
    let now = git_reference.or(git_plain).map(|f| f.value.clone());
    let waits = ground.ask(&plain).or_else(|| ground.ask(&reference)).is_some();
    let same = now.as_deref() == Some(value) && (git_reference.is_some() == is_reference);
    let fault = if same {
        None
    } else if is_reference {
        let edit = Edit::set(reference.clone(), value);
        ground.set(reference, Some(value.to_owned()));
        edit.fault()
    } else {
        // A plain value takes the place of a reference only when that is said.
        if git_reference.is_some() {
            ground.set(reference, None);
        }
        let edit = Edit::set(plain.clone(), value);
        ground.set(plain, Some(value.to_owned()));
        edit.fault()
    };
    let note = if same { None } else { now.map(|now| cx.tf("deploy.now", &[("now", &now)])) };
    let fault = fault.map(|fault| cx.said(&fault));
    Verdict { fault, note: note.unwrap_or_default(), changed: !same, waits }
}
