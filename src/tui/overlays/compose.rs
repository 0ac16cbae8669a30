//! The form of an object: a new one, or one that exists. Beside it stands what it comes to, as YAML, while one types.
//!
//! ```text
//! ╭─ New GitRepository ───────────────────────────────────────────────╮
//! │ ▌ Name  shop             │ apiVersion: source.toolkit.fluxcd.io/v1 │
//! │   URL   https://git.ex…  │ kind: GitRepository                     │
//! ```
//!
//! What the form is made of, and what may stand in it, is [`domain::compose`]'s. The server tries it before it is asked about,
//! and what it refuses stands at the field that it names. Values of Secrets are never drawn.

use std::collections::BTreeSet;
use std::sync::Arc;

use domain::compose::{FORMS, Fault, Form as Description, Shape, Values, Yaml, masked};
use domain::flux::{Health, ObjectKey};
use domain::ident::ContextName;
use domain::live::{Edited, LiveText, Private};
use domain::orders::{Create, Order};
use domain::query::{Answer, Query};
use domain::trouble::Trouble;
use domain::written::Written;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use serde_json::Value;

use crate::command::{Command, command};
use crate::cx::Cx;
use crate::effects::{Effect, Effects, OrderTicket, Overlay, Ticket, Toast};
use crate::tab::{Tab, TabMsg};
use crate::widgets::form::{Control, FORM, Form};
use crate::widgets::yaml::YamlText;

mod fields;
mod place;
#[cfg(test)]
mod tests;
mod view;

use place::{Goes, Place};

static SAVE: Command = command("compose.save", &["ctrl-s"], 1);
static CANCEL: Command = command("compose.cancel", &["esc"], 80);

/// How values that are YAML are read and written.
const YAML: Yaml = Yaml { read: manifest::yaml::value_of, write: manifest::yaml::text_of };

/// Says how far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// It has not been shown yet.
    New,
    /// The object is read.
    Reading(Ticket),
    /// The operator types.
    Typing,
    /// The server tries it.
    Trying(Ticket),
    /// A file in Git is looked for that it goes to.
    Placing(Ticket),
    /// It is asked about, or carried out.
    Giving(OrderTicket),
}

/// Holds an object that is edited.
#[derive(Debug)]
struct Base {
    text: Arc<LiveText>,
    object: Value,
    values: Values,
}

/// Holds the form.
#[derive(Debug)]
pub struct Compose {
    description: &'static Description,
    /// What is edited; absent for a new object.
    key: Option<ObjectKey>,
    context: ContextName,
    /// The document in Git that is edited in place of the object in the cluster.
    written: Option<Arc<Written>>,
    /// Where a new object is written.
    place: Place,
    /// What is done in Git once the Secret that it needs is made.
    goes: Option<Goes>,
    base: Option<Base>,
    values: Values,
    form: Form,
    stage: Stage,
    /// Fields whose emptiness is told: those that were typed into, and all once it was tried to save.
    touched: BTreeSet<String>,
    /// Whether it was tried to save what stands there.
    tried: bool,
    refused: Option<Trouble>,
    yaml: YamlText,
}

impl Compose {
    /// Begins a new object.
    pub fn new(cx: &Cx, kind: Option<&'static str>, namespace: &str) -> Self {
        let description = kind.and_then(Description::by_word).unwrap_or(FORMS[0]);
        let known = || cx.world.contexts.first().cloned().unwrap_or_default();
        let context = if cx.context.is_empty() { known() } else { ContextName::from(cx.context) };
        let mut values = description.defaults();
        values.set("namespace", if namespace.is_empty() { "flux-system" } else { namespace });
        let mut compose = Self::of(description, None, context);
        compose.values = values;
        compose.stage = Stage::Typing;
        compose.build(cx, "kind");
        compose
    }

    /// Begins to edit an object in the document in Git that it is written in.
    pub fn of_written(written: &Arc<Written>) -> Self {
        Self { written: Some(Arc::clone(written)), ..Self::edit(written.key.clone()) }
    }

    /// Begins to edit an object.
    pub fn edit(key: ObjectKey) -> Self {
        let description = Description::by_word(&key.kind).unwrap_or(FORMS[0]);
        let context = key.context();
        Self::of(description, Some(key), context)
    }

    fn of(description: &'static Description, key: Option<ObjectKey>, context: ContextName) -> Self {
        Self {
            description,
            key,
            context,
            written: None,
            place: Place::default(),
            goes: None,
            base: None,
            values: Values::default(),
            form: Form::default(),
            stage: Stage::New,
            touched: BTreeSet::new(),
            tried: false,
            refused: None,
            yaml: YamlText::default(),
        }
    }

    /// Makes the fields anew and gives one of them the focus.
    fn build(&mut self, cx: &Cx, focus: &str) {
        self.form = Form::new(fields::build(cx, self.description, &self.values, self.key.is_none()));
        self.form.focus(focus);
        self.check(cx);
    }

    /// Takes over what was typed into a field.
    fn typed(&mut self, cx: &Cx, id: &str) {
        let value = self.form.value(id);
        (self.refused, self.tried) = (None, false);
        if id == "kind" {
            return self.turn(cx, &value);
        }
        if self.put(cx, id, &value) {
            return self.check(cx);
        }
        self.touched.insert(id.to_owned());
        self.values.set(id, value);
        self.check(cx);
    }

    /// Makes it the form of another kind; what both have stays.
    fn turn(&mut self, cx: &Cx, kind: &str) {
        let Some(description) = Description::by_word(kind) else { return };
        let mut values = description.defaults();
        for field in description.all().filter(|f| self.touched.contains(f.id) || f.id == "namespace") {
            if self.description.field(field.id).is_some() {
                values.set(field.id, self.values.get(field.id));
            }
        }
        (self.description, self.values) = (description, values);
        self.build(cx, "kind");
    }

    /// Shows what is asked for, what is wrong with it and what it comes to.
    fn check(&mut self, cx: &Cx) {
        let faults = self.faults();
        self.offer(cx);
        for field in &mut self.form.fields {
            let Some(described) = self.description.field(&field.id) else { continue };
            field.hidden = !self.description.shows(described, &self.values)
                || (self.key.is_some() && matches!(described.shape, Shape::Name | Shape::Namespace));
            let fault = faults.iter().find(|fault| fault.field == field.id);
            let told = fault.filter(|fault| fault.key != "needed" || self.touched.contains(&field.id));
            field.note = fields::note(cx, self.description.kind, described, &self.values, &self.context);
            // What is on its way to an object that exists is not wrong yet.
            field.fault = told.filter(|_| field.note.is_empty() || self.tried).map(|fault| fields::words(cx, fault));
            field.changed = self.base.as_ref().is_some_and(|base| base.values.get(&field.id) != self.values.get(&field.id));
        }
        let objects = match &self.base {
            None => self.description.draft(&self.values, YAML),
            Some(base) => {
                let amended = self.description.amend(&base.object, &base.values, &self.values, YAML);
                amended.map_or_else(|_| Vec::new(), |object| vec![object])
            }
        };
        if !objects.is_empty() {
            let texts: Vec<String> = objects.iter().map(|object| manifest::yaml::text_of(&masked(object))).collect();
            self.yaml = YamlText::new(texts.join("---\n"));
        }
    }

    fn faults(&self) -> Vec<Fault> {
        match &self.base {
            None => self.description.faults(&self.values, YAML),
            Some(base) => self.description.amend(&base.object, &base.values, &self.values, YAML).err().unwrap_or_default(),
        }
    }

    /// Lets the server try it, when nothing is wrong with it here.
    fn save(&mut self, cx: &Cx) -> Effects {
        self.touched.extend(self.description.all().map(|field| field.id.to_owned()));
        (self.refused, self.tried) = (None, true);
        self.check(cx);
        let query = match &self.base {
            None => self.order().map(Query::Rehearse),
            Some(base) => match self.description.amend(&base.object, &base.values, &self.values, YAML) {
                Ok(object) if object == base.object => {
                    let toast = Toast { health: Health::Off, text: cx.t("edit.nothing").to_owned() };
                    return vec![Effect::Close, Effect::Toast(toast)];
                }
                Ok(object) => {
                    if let Some(written) = self.written.clone() {
                        return self.write(written, &object);
                    }
                    let text = Private::new(manifest::yaml::text_of(&object));
                    Some(Query::Review(Box::new(Edited { base: Arc::clone(&base.text), text })))
                }
                Err(_) => None,
            },
        };
        let query = query.filter(|_| !self.form.faulty());
        let Some(query) = query else {
            self.form.to_fault();
            return Effects::new();
        };
        let ticket = cx.ticket();
        self.stage = Stage::Trying(ticket);
        vec![Effect::Ask(ticket, query)]
    }

    fn order(&self) -> Option<Create> {
        let objects = self.description.compose(&self.values, YAML).ok()?;
        Some(Create::of(&self.context, &objects))
    }

    fn give(&mut self, cx: &Cx, order: impl Into<Order>) -> Effects {
        let ticket = cx.order_ticket();
        self.stage = Stage::Giving(ticket);
        vec![Effect::Give(ticket, order.into())]
    }

    /// Shows what the server refused, at the field that it names.
    fn refuse(&mut self, trouble: Trouble) -> Effects {
        self.stage = Stage::Typing;
        if let Some(field) = self.description.blamed(&trouble.why, &self.values) {
            self.form.fault(field.id, Some(trouble.why.clone()));
            self.form.focus(field.id);
        }
        self.refused = Some(trouble);
        Effects::new()
    }

    fn answer(&mut self, cx: &Cx, answer: Result<Answer, Trouble>) -> Effects {
        match (self.stage, answer) {
            (Stage::Reading(_), Ok(Answer::Edit(text))) => self.begun(cx, text),
            (Stage::Reading(_), Err(trouble)) => vec![Effect::Close, Effect::Trouble(trouble)],
            (Stage::Trying(_), Ok(Answer::Rehearsed)) => self.order().map_or_else(Effects::new, |order| self.place(cx, order)),
            (Stage::Placing(_), Ok(Answer::Written(written))) => self.placed(cx, Goes::Document(written)),
            (Stage::Placing(_), Ok(Answer::FolderPlan(plan))) => self.placed(cx, Goes::Folder(plan)),
            (Stage::Trying(_), Ok(Answer::Review(review))) => match (&review.order, review.faults()) {
                (Some(order), _) => self.give(cx, order.clone()),
                (None, faults) if faults.is_empty() => {
                    let toast = Toast { health: Health::Off, text: cx.t("edit.nothing").to_owned() };
                    vec![Effect::Close, Effect::Toast(toast)]
                }
                (None, faults) => {
                    let told = review.refused.clone();
                    self.refuse(
                        told.unwrap_or_else(|| Trouble::usage("That cannot be applied", &review.key).why(faults.join("; "))),
                    )
                }
            },
            (Stage::Trying(_) | Stage::Placing(_), Err(trouble)) => self.refuse(trouble),
            _ => Effects::new(),
        }
    }

    /// Fills the form from the text of an object.
    fn begun(&mut self, cx: &Cx, text: Arc<LiveText>) -> Effects {
        match manifest::yaml::value_of(text.text.text()) {
            Ok(object) => {
                self.values = self.description.read(&object, YAML);
                self.base = Some(Base { text, object, values: self.values.clone() });
                self.stage = Stage::Typing;
                self.build(cx, "");
                // The identity is not asked for: the first field is the one after it.
                self.form.command("form.next");
                Effects::new()
            }
            Err(why) => {
                let trouble = Trouble::failed("The object cannot be read", &text.key).why(why).next("Edit it as YAML.");
                vec![Effect::Close, Effect::Trouble(trouble)]
            }
        }
    }

    /// Puts what changed into the document in Git and shows what that comes to.
    fn write(&mut self, written: Arc<Written>, object: &Value) -> Effects {
        match manifest::amended(written.text(), object) {
            Ok(text) => vec![Effect::Close, Effect::Open(Overlay::Change(written, Some(text)))],
            Err(why) => {
                let place = format!("{}:{}", written.file, written.line);
                self.refuse(Trouble::failed("That cannot be changed by a field", place).why(why).next("Edit it as YAML."))
            }
        }
    }

    /// Takes the object that is proposed for a reference, when the cursor stands at the end of what was typed.
    fn takes(&mut self, cx: &Cx) -> bool {
        let Some(field) = self.form.focused() else { return false };
        let (Control::Text(input), Some(described)) = (&field.control, self.description.field(&field.id)) else { return false };
        if !input.at_end() {
            return false;
        }
        let Some(text) = fields::proposal(cx, self.description.kind, described, &self.values, &self.context) else {
            return false;
        };
        let id = field.id.clone();
        if let Some(field) = self.form.field_mut(&id) {
            field.set(&text);
        }
        self.typed(cx, &id);
        true
    }

    /// Returns what is said of where the object comes from, a sentence each.
    fn origin(&self, cx: &Cx) -> Vec<String> {
        if let Some(written) = &self.written {
            return vec![written.place()];
        }
        let Some(base) = &self.base else { return Vec::new() };
        let Some(origin) = &base.text.origin else { return Vec::new() };
        super::place::fate(cx, &base.text.key, origin)
    }
}

impl Tab for Compose {
    fn commands(&self, _cx: &Cx) -> Vec<&'static Command> {
        match self.stage {
            Stage::Typing => FORM.iter().chain([&SAVE, &CANCEL]).collect(),
            Stage::Giving(_) => Vec::new(),
            _ => vec![&CANCEL],
        }
    }

    fn typing(&self, _cx: &Cx) -> bool {
        self.stage == Stage::Typing
    }

    fn asks(&self) -> bool {
        // The question about it is another pane's, which has to be able to say no.
        !matches!(self.stage, Stage::Giving(_))
    }

    fn update(&mut self, cx: &Cx, msg: TabMsg) -> Effects {
        match msg {
            TabMsg::Enter if self.stage == Stage::New => {
                let Some(key) = self.key.clone() else { return Effects::new() };
                if let Some(written) = &self.written {
                    let (text, none) = (Private::new(written.text()), String::new);
                    let base = LiveText { key, uid: none(), version: none(), text, masked: 0, origin: None };
                    return self.begun(cx, Arc::new(base));
                }
                let ticket = cx.ticket();
                self.stage = Stage::Reading(ticket);
                return vec![Effect::Ask(ticket, Query::Edit(key))];
            }
            TabMsg::Reply(ticket, answer) if matches!(self.stage, Stage::Reading(t) | Stage::Trying(t) | Stage::Placing(t) if t == ticket) =>
            {
                return self.answer(cx, answer);
            }
            TabMsg::Command("compose.save") => return self.save(cx),
            TabMsg::Command("compose.cancel") => return vec![Effect::Close],
            TabMsg::Command(id) => {
                self.form.command(id);
            }
            TabMsg::Key(key) => {
                if key.code == crossterm::event::KeyCode::Right && self.takes(cx) {
                    return Effects::new();
                }
                if let Some(id) = self.form.key(key) {
                    self.typed(cx, &id);
                }
            }
            TabMsg::Paste(text) => {
                if let Some(id) = self.form.paste(&text) {
                    self.typed(cx, &id);
                }
            }
            TabMsg::OrderDone(ticket, result) if self.stage == Stage::Giving(ticket) => match result {
                Ok(_) => return self.given(cx),
                Err(trouble) => return self.refuse(trouble),
            },
            TabMsg::OrderDropped(ticket) if self.stage == Stage::Giving(ticket) => self.stage = Stage::Typing,
            TabMsg::World if self.stage == Stage::Typing => {
                self.offer(cx);
                for field in &mut self.form.fields {
                    if let Some(described) = self.description.field(&field.id) {
                        field.note = fields::note(cx, self.description.kind, described, &self.values, &self.context);
                    }
                }
            }
            _ => {}
        }
        Effects::new()
    }

    fn view(&self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        view::view(self, cx, area, buf);
    }
}
