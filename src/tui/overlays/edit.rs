//! An object of the cluster that is edited: read, opened in the operator's editor, checked, shown as a diff, applied on `y`.
//!
//! Nothing is lost: as long as something is wrong the text can be edited again, and leaving keeps its file and says where.

use std::borrow::Cow;
use std::sync::Arc;

use domain::actor::Role as Permission;
use domain::change::Severity;
use domain::flux::{Health, ObjectKey};
use domain::live::{Edited, LiveReview, LiveText, Private, told};
use domain::orders::{Apply, Order, Terms};
use domain::query::{Answer, Query};
use domain::trouble::Trouble;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::confirm;
use crate::command::{Command, command};
use crate::cx::Cx;
use crate::editing::{Errand, Written};
use crate::effects::{Effect, Effects, OrderTicket, Ticket, Toast};
use crate::tab::{Tab, TabMsg};
use crate::theme::Role;
use crate::widgets::diff_view::TextDiff;
use crate::widgets::scroll::{SCROLL, Scroll};
use crate::widgets::sheet::{self, Row};

static APPLY: Command = command("edit.apply", &["y"], 1);
static AGAIN: Command = command("edit.again", &["e"], 2);
static LEAVE: Command = command("edit.leave", &["n", "esc", "q"], 3);

/// Says how far the edit is.
#[derive(Debug)]
enum Stage {
    Reading(Ticket),
    Writing(Ticket),
    Judging(Ticket),
    /// What came of it, and what is shown of that: worked out once, since a diff costs more than a frame.
    Judged(Arc<LiveReview>, Vec<Row>),
    Applying(OrderTicket),
    /// Something went wrong outside the text: the server did not answer, the order failed.
    Stuck(Trouble),
}

/// Holds an edit.
#[derive(Debug)]
pub struct Edit {
    key: ObjectKey,
    stage: Option<Stage>,
    base: Option<Arc<LiveText>>,
    file: String,
    scroll: Scroll,
}

impl Edit {
    /// Begins to edit an object.
    pub fn new(key: ObjectKey) -> Self {
        Self { key, stage: None, base: None, file: String::new(), scroll: Scroll::default() }
    }

    fn errand(&mut self, cx: &Cx, errand: Errand) -> Effects {
        let ticket = cx.ticket();
        self.stage = Some(Stage::Writing(ticket));
        self.scroll.reset();
        vec![Effect::Editor(ticket, errand)]
    }

    fn answer(&mut self, cx: &Cx, ticket: Ticket, answer: Result<Answer, Trouble>) -> Effects {
        match (&self.stage, answer) {
            (Some(Stage::Reading(mine)), Ok(Answer::Edit(base))) if *mine == ticket => {
                let errand = Errand::Begin { about: self.key.to_string(), text: Private::new(base.draft(&[])) };
                self.base = Some(base);
                self.errand(cx, errand)
            }
            (Some(Stage::Reading(mine)), Err(trouble)) if *mine == ticket => vec![Effect::Close, Effect::Trouble(trouble)],
            (Some(Stage::Judging(mine)), Ok(Answer::Review(review))) if *mine == ticket => {
                if review.is_empty() {
                    return Self::nothing(cx);
                }
                let rows = judged(cx, &review);
                self.stage = Some(Stage::Judged(review, rows));
                Effects::new()
            }
            (Some(Stage::Judging(mine)), Err(trouble)) if *mine == ticket => {
                self.stage = Some(Stage::Stuck(trouble));
                Effects::new()
            }
            _ => Effects::new(),
        }
    }

    /// Ends it: the text is what the cluster has.
    fn nothing(cx: &Cx) -> Effects {
        let toast = Toast { health: Health::Off, text: cx.t("edit.nothing").to_owned() };
        vec![Effect::Editor(cx.ticket(), Errand::Discard), Effect::Close, Effect::Toast(toast)]
    }

    fn written(&mut self, cx: &Cx, written: Result<Written, Trouble>) -> Effects {
        let (Ok(written), Some(base)) = (&written, &self.base) else {
            return written.err().map_or_else(Effects::new, |trouble| {
                self.stage = Some(Stage::Stuck(trouble));
                Effects::new()
            });
        };
        self.file.clone_from(&written.file);
        let blank = written.text.text().lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#'));
        if !written.changed || blank {
            return Self::nothing(cx);
        }
        let ticket = cx.ticket();
        self.stage = Some(Stage::Judging(ticket));
        let edited = Edited { base: Arc::clone(base), text: written.text.clone() };
        vec![Effect::Ask(ticket, Query::Review(Box::new(edited)))]
    }

    fn again(&mut self, cx: &Cx) -> Effects {
        let errand = match &self.stage {
            Some(Stage::Judged(review, _)) => match &review.moved {
                Some(moved) if !moved.both.is_empty() => {
                    let text = moved.again.draft(&review.faults());
                    self.base = Some(Arc::clone(&moved.newest));
                    Errand::Renew(Private::new(text))
                }
                _ => Errand::Again(review.faults()),
            },
            Some(Stage::Stuck(trouble)) => Errand::Again(vec![trouble.to_string()]),
            _ => return Effects::new(),
        };
        self.errand(cx, errand)
    }

    fn leave(&self, cx: &Cx) -> Effects {
        let mut effects = vec![Effect::Editor(cx.ticket(), Errand::Keep), Effect::Close];
        if !self.file.is_empty() {
            let text = cx.tf("edit.kept", &[("file", &self.file)]);
            effects.push(Effect::Toast(Toast { health: Health::Warn, text }));
        }
        effects
    }

    fn order(&self, cx: &Cx) -> Option<&Apply> {
        match &self.stage {
            Some(Stage::Judged(review, _)) if cx.may(Permission::Operator) => review.order.as_ref(),
            _ => None,
        }
    }

    fn rows(&self, cx: &Cx) -> Cow<'_, [Row]> {
        let wait = |key: &str| Cow::from(vec![Row::text("", Role::Muted, cx.words.get(key), Role::Muted)]);
        match &self.stage {
            None | Some(Stage::Reading(_)) => wait("edit.reading"),
            Some(Stage::Writing(_)) => wait("edit.writing"),
            Some(Stage::Judging(_)) => wait("edit.judging"),
            Some(Stage::Applying(_)) => wait("edit.applying"),
            Some(Stage::Stuck(trouble)) => vec![Row::text("✗ ", Role::Bad, cx.trouble(trouble), Role::Text)].into(),
            Some(Stage::Judged(_, rows)) => rows.into(),
        }
    }
}

/// Returns what the checks say, what somebody else did, what changes, and what becomes of it.
fn judged(cx: &Cx, review: &LiveReview) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for finding in &review.findings {
        let (sign, role) = if finding.severity == Severity::Error { ("✗ ", Role::Bad) } else { ("! ", Role::Warn) };
        rows.push(Row::text(sign, role, told(finding), Role::Text));
    }
    if let Some(trouble) = &review.refused {
        rows.push(Row::text("✗ ", Role::Bad, cx.trouble(trouble), Role::Text));
    }
    if let Some(moved) = &review.moved {
        let (key, sign, role, list) = if moved.both.is_empty() {
            ("edit.moved", "! ", Role::Warn, &moved.theirs)
        } else {
            ("edit.clash", "✗ ", Role::Bad, &moved.both)
        };
        rows.push(Row::text(sign, role, cx.tf(key, &[("fields", &list.join(", "))]), Role::Text));
    }
    if let Some(order) = &review.order {
        let said = confirm::said(cx, order).unwrap_or_else(|| match order.question() {
            domain::orders::Question::Confirm { text } => text,
            _ => String::new(),
        });
        rows.push(Row::text("", Role::Text, said, Role::Text));
    }
    if !review.after.is_empty() {
        let diff = TextDiff::new(review.key.to_string(), Some(&review.before), Some(&review.after));
        let digits = diff.digits();
        for hunk in &diff.hunks {
            rows.push(Row::Blank);
            rows.extend(hunk.lines.iter().map(|line| Row::Change(line.clone(), digits)));
        }
    }
    rows
}

impl Tab for Edit {
    fn commands(&self, cx: &Cx) -> Vec<&'static Command> {
        let idle = matches!(self.stage, Some(Stage::Judged(..) | Stage::Stuck(_)));
        let mut out: Vec<&'static Command> = Vec::new();
        out.extend(self.order(cx).is_some().then_some(&APPLY));
        out.extend((idle && self.base.is_some()).then_some(&AGAIN));
        out.extend((!matches!(self.stage, Some(Stage::Applying(_)))).then_some(&LEAVE));
        out.extend(SCROLL);
        out
    }

    fn asks(&self) -> bool {
        true
    }

    fn update(&mut self, cx: &Cx, msg: TabMsg) -> Effects {
        match msg {
            TabMsg::Enter if self.stage.is_none() => {
                let ticket = cx.ticket();
                self.stage = Some(Stage::Reading(ticket));
                vec![Effect::Ask(ticket, Query::Edit(self.key.clone()))]
            }
            TabMsg::Reply(ticket, answer) => self.answer(cx, ticket, answer),
            TabMsg::Written(ticket, written) if matches!(self.stage, Some(Stage::Writing(mine)) if mine == ticket) => {
                self.written(cx, *written)
            }
            TabMsg::Command("edit.apply") => {
                let Some(order) = self.order(cx).cloned() else { return Effects::new() };
                let ticket = cx.order_ticket();
                self.stage = Some(Stage::Applying(ticket));
                // What was shown is what is asked; nothing else is.
                vec![Effect::Answered(ticket, Order::Apply(order))]
            }
            TabMsg::Command("edit.again") => self.again(cx),
            TabMsg::Command("edit.leave") | TabMsg::OrderDropped(_) => self.leave(cx),
            TabMsg::Command(id) => {
                self.scroll.command(id);
                Effects::new()
            }
            TabMsg::OrderDone(ticket, result) if matches!(self.stage, Some(Stage::Applying(mine)) if mine == ticket) => {
                match result {
                    Ok(_) => vec![Effect::Editor(cx.ticket(), Errand::Discard), Effect::Close],
                    Err(trouble) => {
                        self.stage = Some(Stage::Stuck(trouble));
                        Effects::new()
                    }
                }
            }
            _ => Effects::new(),
        }
    }

    fn view(&self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        let rows = self.rows(cx);
        let title = cx.tf("edit.title", &[("object", &self.key.to_string())]);
        let sheet = sheet::Framed { title: &title, rows: &rows, scroll: &self.scroll, widest: 110, foot: None };
        if let Some(line) = sheet::framed(cx, area, buf, &sheet) {
            sheet::answers(cx, line, buf, self.commands(cx), &["edit."]);
        }
    }
}

#[cfg(test)]
#[path = "edit_tests.rs"]
mod tests;
