//! Deploy: a form on the left, and on the right what it will do, always true.
//!
//! ```text
//!  DEPLOY  shop → production                       │ WILL CHANGE   1 file, 1 line, branch main
//!                                                  │
//!    Image        ghcr.io/acme/shop                │ k8s/overlays/production/kustomization.yaml
//!  ▌ Tag          1.8.5      now 1.8.4, runs 1.8.3 │ - 14     newTag: 1.8.4  # keep in step with api
//!    Replicas     6                                │ + 14     newTag: 1.8.5  # keep in step with api
//! ```
//!
//! Every change is kept as a draft and shown as a preview a moment after the last key. This file says what happens when;
//! `fields` is the form, `pane` what stands beside it, `ask` what is asked of the engine and taken from it.

use crossterm::event::KeyCode;
use domain::Time;
use domain::ident::EnvironmentId;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::command::{Command, command};
use crate::cx::Cx;
use crate::desk::Change;
use crate::effects::{Effect, Effects, OrderTicket, Ticket, Toast};
use crate::place::TabId;
use crate::tab::{Tab, TabMsg};
use crate::widgets::form::FORM;
use crate::widgets::scroll::{SCROLL, Scroll};
use crate::widgets::sheet::Row;

mod answering;
mod ask;
mod choose;
pub(crate) mod edits;
mod entries;
mod fields;
pub(crate) mod loading;
mod open;
pub(crate) mod pane;
pub mod review;
mod rows;
mod running;
#[cfg(test)]
pub(crate) mod scene;
mod slot;
#[cfg(test)]
mod tests;
pub(crate) mod verdict;
mod view;

pub(crate) use slot::label;

const SUBMIT: Command = command("deploy.submit", &["ctrl-s"], 1);
const YAML: Command = command("deploy.yaml", &["ctrl-y"], 11);
const DIFF: Command = command("deploy.diff", &["ctrl-d"], 12);
const ADD: Command = command("deploy.add", &["ctrl-t"], 3);
const ANSWER: Command = command("deploy.answer", &["ctrl-g"], 2);
const PANE: Command = command("deploy.pane", &["ctrl-r"], 9);
const DROP: Command = command("deploy.drop", &["ctrl-x"], 20);
const LEAVE: Command = command("deploy.leave", &["esc"], 30);
const EDIT: Command = command("deploy.edit", &["enter", "i"], 2);
const CHOOSE: Command = command("deploy.choose", &["enter"], 1);
const RETRY: Command = command("deploy.retry", &["ctrl-l"], 0);
const DOWN: Command = command("deploy.pane-down", &["pgdn"], 0);
const UP: Command = command("deploy.pane-up", &["pgup"], 0);

/// How wide the body must be for form and effect to stand side by side.
const TWO_PANES: u16 = 100;

/// Says how far a submit has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Submit {
    /// Nothing is submitted.
    #[default]
    No,
    /// It waits for the preview of what was typed last.
    WhenReady,
    /// It was asked about, or is being carried out.
    Given(OrderTicket),
}

/// Holds the tab's state.
#[derive(Debug, Default)]
pub struct Deploy {
    environment: Option<EnvironmentId>,
    open: Option<Box<open::Open>>,
    asks: ask::Asks,
    /// What the right side says, built when a preview comes.
    rows: Vec<Row>,
    /// The same in one line.
    sentence: String,
    refused: Option<domain::Trouble>,
    submit: Submit,
    dropping: Option<OrderTicket>,
    scroll: Scroll,
    /// What is asked over the form, and the questions that the operator has put off.
    dialog: Option<choose::Dialog>,
    put_off: Vec<domain::edit::Ask>,
    /// Whether keys go into the form.
    focused: bool,
    /// Whether the right side lies over the form, on a narrow screen.
    covered: bool,
    shown: bool,
}

impl Deploy {
    const fn narrow(cx: &Cx) -> bool {
        cx.size.width < TWO_PANES
    }

    fn busy_submitting(&self, cx: &Cx) -> bool {
        matches!(self.submit, Submit::Given(ticket) if cx.running.contains_key(&ticket))
    }

    fn command(&mut self, cx: &Cx, id: &'static str) -> Effects {
        if let Some(effects) = self.dialog_command(cx, id) {
            return effects;
        }
        match id {
            "deploy.add" => {
                (self.focused, self.covered) = (true, false);
                self.dialog = self.open.as_ref().map(|open| choose::Dialog::add(open));
            }
            "deploy.answer" => self.ask_again(),
            "deploy.submit" => return self.submit(cx),
            "deploy.yaml" => return vec![Effect::Switch(TabId::Yaml)],
            "deploy.diff" => return vec![Effect::Switch(TabId::Diff)],
            "deploy.pane" => self.covered = !self.covered,
            "deploy.drop" => return self.drop_draft(cx),
            "deploy.leave" if self.covered => self.covered = false,
            "deploy.leave" => {
                self.focused = false;
                return vec![Effect::Run("shell.back")];
            }
            "deploy.edit" => self.focused = true,
            "deploy.choose" => return vec![Effect::Switch(TabId::Environments)],
            "deploy.retry" => {
                let mut effects = self.ask_form(cx);
                effects.extend(self.preview_now(cx));
                return effects;
            }
            "deploy.pane-down" => {
                self.scroll.command("scroll.half-down");
            }
            "deploy.pane-up" => {
                self.scroll.command("scroll.half-up");
            }
            id => {
                if !self.scroll.command(id)
                    && let Some(open) = &mut self.open
                {
                    open.fields.form.command(id);
                    self.ask_elsewhere();
                }
            }
        }
        Effects::new()
    }

    fn input(&mut self, cx: &Cx, take: impl FnOnce(&mut crate::widgets::form::Form) -> Option<String>) -> Effects {
        let Some(open) = &mut self.open else { return Effects::new() };
        let Some(id) = take(&mut open.fields.form) else {
            self.ask_elsewhere();
            return Effects::new();
        };
        match id.as_str() {
            "workload" => return self.choose_workload(cx),
            "container" => {
                open.choose_container(cx, &self.asks.message());
                return Effects::new();
            }
            "message" => open.write_message(),
            "method" => open.choose_method(cx),
            _ => open.changed(cx, &id),
        }
        self.refused = None;
        self.submit = Submit::No;
        self.touched(cx)
    }

    fn enter(&mut self, cx: &Cx) -> Effects {
        (self.shown, self.focused) = (true, true);
        if self.environment != cx.desk.environment || self.asks.idle(self.open.is_some()) {
            return self.start(cx);
        }
        self.speak(cx);
        let mut effects = self.adopt(cx);
        effects.extend(self.moved(cx));
        effects
    }

    fn speak(&mut self, cx: &Cx) {
        let proposed = self.asks.message();
        if let Some(open) = &mut self.open {
            open.speak(cx, &proposed);
        }
    }

    /// Begins anew with the environment that is chosen.
    fn start(&mut self, cx: &Cx) -> Effects {
        let mut effects = self.asks.forget();
        let (shown, focused) = (self.shown, self.focused);
        *self = Self { environment: cx.desk.environment.clone(), shown, focused, ..Self::default() };
        if self.environment.is_some() {
            if cx.desk.restoring().is_some() {
                // The form has no fields for it; it takes its place.
                effects.extend([Effect::Desk(Change::Draft(None)), Effect::Desk(Change::Preview(None))]);
            }
            self.asks.given(cx.desk.draft.clone().filter(|draft| draft.restore.is_none()));
            effects.extend(self.ask_form(cx));
            effects.extend(self.ask_draft(cx));
        }
        effects
    }

    fn leave(&mut self, cx: &Cx) -> Effects {
        (self.shown, self.covered) = (false, false);
        // Who went elsewhere is not asked there.
        if self.submit == Submit::WhenReady {
            self.submit = Submit::No;
        }
        self.keep_now(cx)
    }

    /// Shows the review, as soon as the preview is one of what was typed last.
    fn submit(&mut self, cx: &Cx) -> Effects {
        let Some(open) = &mut self.open else { return Effects::new() };
        if open.fields.form.faulty() {
            open.fields.show_fault();
            (self.focused, self.covered) = (true, false);
            return vec![warn(cx.t("deploy.faulty"))];
        }
        if self.busy_submitting(cx) {
            return Effects::new();
        }
        if self.asks.stale() {
            self.submit = Submit::WhenReady;
            return self.preview_now(cx);
        }
        self.review(cx)
    }

    fn review(&mut self, cx: &Cx) -> Effects {
        self.submit = Submit::No;
        let (Some(open), Some(preview)) = (&self.open, self.asks.preview()) else {
            return vec![warn(cx.t("deploy.no-preview"))];
        };
        if !preview.asks.is_empty() {
            let fields: Vec<String> = preview.asks.iter().map(|ask| label(cx, &ask.field)).collect();
            self.ask_again();
            return vec![warn(&cx.tf("deploy.unanswered", &[("field", &fields.join(", "))]))];
        }
        if preview.is_empty() && open.draft().manual.is_none() {
            return vec![warn(cx.t("deploy.nothing"))];
        }
        let ticket = cx.order_ticket();
        self.submit = Submit::Given(ticket);
        let draft = edits::sound(&open.draft());
        let order = domain::orders::Deploy { draft, reviewed: Some(preview.digest.clone()), dry_run: false };
        let mut effects = self.keep_now(cx);
        effects.extend([Effect::Desk(Change::Preview(Some(preview))), Effect::Give(ticket, order.into())]);
        effects
    }

    /// Takes over the message that was written in the review.
    fn take_message(&mut self, cx: &Cx) -> Effects {
        let (Submit::Given(_), Some(open)) = (self.submit, self.open.as_mut()) else { return Effects::new() };
        let written = cx.desk.draft.as_ref().filter(|draft| draft.restore.is_none()).and_then(|draft| draft.message.clone());
        if !written.is_some_and(|text| open.take_message(text)) {
            return Effects::new();
        }
        self.keep_message(cx)
    }

    fn drop_draft(&mut self, cx: &Cx) -> Effects {
        let Some(environment) = self.environment.clone() else { return Effects::new() };
        let ticket = cx.order_ticket();
        self.dropping = Some(ticket);
        vec![Effect::Give(ticket, domain::orders::DropDraft { environment }.into())]
    }

    fn done(&mut self, cx: &Cx, ticket: OrderTicket, result: Result<domain::orders::Outcome, domain::Trouble>) -> Effects {
        if self.dropping == Some(ticket) {
            self.dropping = None;
            return if result.is_ok() { self.emptied(cx) } else { Effects::new() };
        }
        if self.asks.chosen(ticket) {
            return self.ask_form(cx);
        }
        self.asks.was_kept(ticket, result.is_ok());
        if self.submit != Submit::Given(ticket) {
            return Effects::new();
        }
        self.submit = Submit::No;
        match result {
            Ok(outcome) if outcome.deployment.is_some() => {
                let here = self.shown;
                let mut effects = vec![
                    Effect::Desk(Change::Draft(None)),
                    Effect::Desk(Change::Preview(None)),
                    Effect::Desk(Change::Busy(false)),
                    Effect::Desk(Change::Deployment(outcome.deployment)),
                ];
                effects.extend(self.asks.forget());
                *self = Self { environment: self.environment.clone(), shown: self.shown, ..Self::default() };
                effects.extend(here.then_some(Effect::Switch(TabId::Deployments)));
                effects
            }
            Ok(_) => self.preview_now(cx),
            Err(trouble) => {
                self.refused = Some(trouble);
                let mut effects = self.ask_form(cx);
                effects.extend(self.preview_now(cx));
                effects
            }
        }
    }
}

/// Tells whether a key goes from field to field.
const fn moves(key: KeyCode) -> bool {
    matches!(key, KeyCode::Up | KeyCode::Down | KeyCode::Enter)
}

fn warn(text: &str) -> Effect {
    Effect::Toast(Toast { health: domain::flux::Health::Warn, text: text.to_owned() })
}

impl Tab for Deploy {
    fn commands(&self, cx: &Cx) -> Vec<&'static Command> {
        if self.environment.is_none() {
            return vec![&CHOOSE];
        }
        if self.open.is_none() {
            return if self.asks.trouble().is_some() { vec![&RETRY, &LEAVE] } else { vec![&LEAVE] };
        }
        if self.dialog.is_some() {
            return choose::Dialog::commands();
        }
        let mut out: Vec<&'static Command> = Vec::new();
        if self.focused && !self.covered {
            out.extend(FORM);
        } else if !self.covered {
            out.push(&EDIT);
        }
        out.extend(self.open.as_ref().is_some_and(|o| !o.asks.is_empty()).then_some(&ANSWER));
        out.extend([&SUBMIT, &ADD, &YAML, &DIFF]);
        out.extend(Self::narrow(cx).then_some(&PANE));
        let kept = self.open.as_ref().is_some_and(|o| !o.draft().is_empty());
        out.extend(kept.then_some(&DROP));
        out.extend([&LEAVE, &DOWN, &UP, &RETRY]);
        if self.covered {
            out.extend(SCROLL);
        }
        out
    }

    fn typing(&self, cx: &Cx) -> bool {
        if self.dialog.is_some() {
            return true;
        }
        let field = self.open.as_ref().and_then(|o| o.fields.form.focused());
        field.is_some() && self.focused && !self.covered && !self.busy_submitting(cx)
    }

    fn follows(&self) -> bool {
        true
    }

    fn update(&mut self, cx: &Cx, msg: TabMsg) -> Effects {
        match msg {
            TabMsg::Enter => self.enter(cx),
            TabMsg::Leave => self.leave(cx),
            TabMsg::Desk if self.environment != cx.desk.environment || (!self.shown && cx.desk.restoring().is_some()) => {
                if self.shown {
                    return self.start(cx);
                }
                // What was typed is already kept; the form is filled again when it is shown.
                let mut effects = self.asks.forget();
                *self = Self { environment: cx.desk.environment.clone(), ..Self::default() };
                effects.retain(|e| matches!(e, Effect::Forget(_)));
                if !effects.is_empty() {
                    effects.push(Effect::Desk(Change::Busy(false)));
                }
                effects
            }
            TabMsg::Desk => self.take_message(cx),
            TabMsg::Written(..) | TabMsg::Recall(_) | TabMsg::Context => Effects::new(),
            TabMsg::World => {
                self.speak(cx);
                if let Some(open) = &mut self.open {
                    open.look(cx);
                }
                self.moved(cx)
            }
            TabMsg::Command(id) => self.command(cx, id),
            TabMsg::Key(key) if self.dialog.is_some() => {
                let chosen = self.dialog.as_mut().is_some_and(|dialog| dialog.key(key));
                if chosen { self.take(cx) } else { Effects::new() }
            }
            TabMsg::Paste(_) if self.dialog.is_some() => Effects::new(),
            TabMsg::Key(key) if self.is_fixed() && !moves(key.code) => Effects::new(),
            TabMsg::Key(key) => self.input(cx, |form| form.key(key)),
            TabMsg::Paste(_) if self.is_fixed() => Effects::new(),
            TabMsg::Paste(text) => self.input(cx, |form| form.paste(&text)),
            TabMsg::Reply(ticket, answer) => self.reply(cx, ticket, answer),
            TabMsg::OrderDone(ticket, result) => self.done(cx, ticket, result),
            TabMsg::OrderDropped(ticket) => {
                self.dropped(ticket);
                Effects::new()
            }
            TabMsg::Wake => self.wake(cx),
        }
    }

    fn view(&self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        self.draw(cx, area, buf);
    }

    fn deadline(&self) -> Option<Time> {
        self.asks.deadline()
    }
}

impl Deploy {
    fn is_fixed(&self) -> bool {
        self.open.as_ref().is_some_and(|o| o.fields.is_fixed())
    }

    fn dropped(&mut self, ticket: OrderTicket) {
        if self.submit == Submit::Given(ticket) {
            self.submit = Submit::No;
        }
        if self.dropping == Some(ticket) {
            self.dropping = None;
        }
        self.asks.not_chosen(ticket);
        self.asks.was_kept(ticket, false);
    }

    fn reply(&mut self, cx: &Cx, ticket: Ticket, answer: Result<domain::query::Answer, domain::Trouble>) -> Effects {
        self.answered(cx, ticket, answer)
    }
}
