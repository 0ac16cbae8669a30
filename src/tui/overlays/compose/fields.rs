//! The fields of a form on the screen: labels, notes, and which existing objects fit into a reference.

use domain::compose::{FORMS, Fault, Field as Described, Form as Description, Shape, Values};
use domain::flux::FluxObject;
use domain::ident::ContextName;

use crate::cx::Cx;
use crate::widgets::form::Field;

/// Builds the fields of a form; a new object is asked for its kind too.
pub(super) fn build(cx: &Cx, description: &'static Description, values: &Values, new: bool) -> Vec<Field> {
    let mut out = Vec::new();
    if new {
        let kinds = FORMS.iter().map(|form| form.kind.to_owned()).collect();
        let heading = cx.t("compose.section.object");
        out.push(Field::choice("kind", cx.t("compose.kind"), kinds, description.kind).under(heading));
    }
    out.extend(super::place::fields(cx).into_iter().filter(|_| new));
    for field in description.all() {
        let made = one(cx, field, values, new || description.kind == "Secret");
        let first = new && field.id == "name";
        out.push(if field.section.is_empty() || first { made } else { made.under(word(cx, "section", field.section)) });
    }
    out
}

fn one(cx: &Cx, field: &Described, values: &Values, new: bool) -> Field {
    let (label, value) = (word(cx, "field", field.id), values.get(field.id));
    if field.is_switch() {
        return Field::switch(field.id, label, value == "true");
    }
    if !field.options.is_empty() {
        // A Secret is made only along with a new object.
        let kept = |option: &&&str| new || field.id != "auth" || matches!(**option, "none" | "existing");
        let options = field.options.iter().filter(kept).map(|option| (*option).to_owned()).collect();
        return Field::choice(field.id, label, options, value);
    }
    let hint = if field.needed { String::new() } else { cx.t("form.optional").to_owned() };
    match (field.hidden, field.long) {
        (true, true) => Field::secret(field.id, label, value).placeholder(cx.t("compose.paste")),
        (true, false) => Field::secret(field.id, label, value).placeholder(hint),
        (false, true) => Field::area(field.id, label, value, 6),
        (false, false) => Field::text(field.id, label, value).placeholder(hint),
    }
}

/// Returns a word of the language files.
pub(super) fn word(cx: &Cx, group: &str, id: &str) -> String {
    cx.words.get(&format!("compose.{group}.{id}")).to_owned()
}

/// Returns a fault in the operator's language.
pub(super) fn words(cx: &Cx, fault: &Fault) -> String {
    let detail = cx.said(&fault.detail);
    cx.tf(&format!("compose.wrong.{}", fault.key), &[("detail", &detail)])
}

/// Returns what is said beside a field: the object that is proposed for it; nothing when none is.
pub(super) fn note(cx: &Cx, own: &str, field: &Described, values: &Values, context: &ContextName) -> String {
    let proposal = proposal(cx, own, field, values, context);
    proposal.map(|proposal| cx.tf("compose.proposal", &[("object", &proposal)])).unwrap_or_default()
}

/// Returns the text of a field of the form of the kind `own` with its last part completed to an object that exists.
pub(super) fn proposal(cx: &Cx, own: &str, field: &Described, values: &Values, context: &ContextName) -> Option<String> {
    let text = values.get(field.id);
    let namespace = values.get("namespace");
    let here = |object: &&std::sync::Arc<FluxObject>| *object.key.cluster == *context.0;
    match field.shape {
        Shape::Reference(_, kinds) => {
            let fits = |object: &FluxObject| kinds.contains(&&*object.key.kind);
            let name = |object: &FluxObject| match &*object.key.namespace {
                same if same == namespace => format!("{}/{}", object.key.kind, object.key.name),
                other => format!("{}/{other}/{}", object.key.kind, object.key.name),
            };
            let mut found = cx.world.flux.iter().filter(here).filter(|object| fits(object)).map(|object| name(object));
            found.find(|name| begins(name, text))
        }
        Shape::Names(_) if !text.trim().is_empty() => {
            let (before, last) = text.rsplit_once(',').map_or(("", text.trim()), |(before, last)| (before, last.trim()));
            if last.is_empty() {
                return None;
            }
            let name = |object: &FluxObject| match &*object.key.namespace {
                same if same == namespace => object.key.name.to_string(),
                other => format!("{other}/{}", object.key.name),
            };
            let mut found =
                cx.world.flux.iter().filter(here).filter(|object| *object.key.kind == *own).map(|object| name(object));
            let found = found.find(|name| begins(name, last))?;
            Some(if before.is_empty() { found } else { format!("{before}, {found}") })
        }
        _ => None,
    }
}

/// Tells whether a name goes on from what was typed.
fn begins(name: &str, typed: &str) -> bool {
    let typed = typed.trim();
    let head = |text: &str| text.get(..typed.len()).is_some_and(|head| head.eq_ignore_ascii_case(typed));
    name != typed && (head(name) || (!typed.is_empty() && name.split_once('/').is_some_and(|(_, rest)| head(rest))))
}
