//! A document in Git that is edited: opened in the operator's editor, checked, shown as what it changes in Git and in what is
//! rendered, committed and pushed on `y`, and followed like any deployment.
//!
//! Nothing is lost: as long as something is wrong the text can be edited again, and leaving keeps its file and says where.

use std::sync::Arc;

use domain::actor::Role as Permission;
use domain::change::{Draft, Preview, Severity};
use domain::flux::Health;
use domain::live::{Private, told};
use domain::orders::{Deploy, Fresh, Order};
use domain::query::{Answer, Query};
use domain::trouble::Trouble;
use domain::written::Written as Document;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::command::{Command, command};
use crate::cx::Cx;
use crate::desk;
use crate::editing::{Errand, Written};
use crate::effects::{Effect, Effects, OrderTicket, Ticket, Toast};
use crate::place::TabId;
use crate::tab::{Tab, TabMsg};
use crate::tabs::deploy::pane;
use crate::theme::Role;
use crate::widgets::diff_view::TextDiff;
use crate::widgets::message::{self, Message};
use crate::widgets::put::piece;
use crate::widgets::scroll::{SCROLL, Scroll};
use crate::widgets::sheet::{self, Row};

static COMMIT: Command = command("change.commit", &["y"], 1);
static AGAIN: Command = command("change.again", &["e"], 2);
static LEAVE: Command = command("change.leave", &["n", "esc", "q"], 4);

/// Says how far the edit is.
#[derive(Debug)]
enum Stage {
    New,
    Writing(Ticket),
    Judging(Ticket),
    /// What it would do, and what is shown of that: worked out once, since a diff costs more than a frame.
    Judged(Arc<Preview>, Vec<Row>),
    Committing(OrderTicket),
    /// Something went wrong outside the text: the branch moved, the server did not answer.
    Stuck(Trouble),
    /// The document is read anew, because of that.
    Reading(Ticket, Trouble),
}

/// Holds an edit of a document.
#[derive(Debug)]
pub struct Change {
    base: Arc<Document>,
    /// The document as it is to be.
    text: Option<String>,
    draft: Option<Draft>,
    stage: Stage,
    file: String,
    /// The commit message, once somebody wrote one.
    message: Option<String>,
    input: Option<Message>,
    scroll: Scroll,
}

impl Change {
    /// Begins to edit a document; with a text, that is what becomes of it and the editor is not needed at first.
    pub fn new(base: Arc<Document>, text: Option<String>) -> Self {
        let (stage, scroll) = (Stage::New, Scroll::default());
        Self { base, text, draft: None, stage, file: String::new(), message: None, input: None, scroll }
    }

    fn errand(&mut self, cx: &Cx, errand: Errand) -> Effects {
        let ticket = cx.ticket();
        self.stage = Stage::Writing(ticket);
        self.scroll.reset();
        vec![Effect::Editor(ticket, errand)]
    }

    fn begin(&mut self, cx: &Cx, notes: &[String]) -> Effects {
        let head = self.base.draft(notes);
        let text = match &self.text {
            Some(text) => format!("{}{text}", head.strip_suffix(self.base.text()).unwrap_or_default()),
            None => head,
        };
        self.errand(cx, Errand::Begin { about: self.base.key.to_string(), text: Private::new(text) })
    }

    /// Asks what a text would do.
    fn judge(&mut self, cx: &Cx, text: &str) -> Effects {
        let Some(draft) = self.base.change(text) else {
            let toast = Toast { health: Health::Off, text: cx.t("edit.nothing").to_owned() };
            return vec![Effect::Editor(cx.ticket(), Errand::Discard), Effect::Close, Effect::Toast(toast)];
        };
        self.text = Some(self.base.taken(text).to_owned());
        self.draft = Some(draft.clone());
        let ticket = cx.ticket();
        self.stage = Stage::Judging(ticket);
        vec![Effect::Ask(ticket, Query::Preview(draft))]
    }

    fn answer(&mut self, cx: &Cx, ticket: Ticket, answer: Result<Answer, Trouble>) -> Effects {
        match (&self.stage, answer) {
            (Stage::Judging(mine), Ok(Answer::Preview(preview))) if *mine == ticket => {
                let rows = effect(cx, &preview);
                self.stage = Stage::Judged(preview, rows);
            }
            (Stage::Judging(mine), Err(trouble)) if *mine == ticket => self.stage = Stage::Stuck(trouble),
            (Stage::Reading(mine, why), Ok(Answer::Written(now))) if *mine == ticket => {
                let notes = [why.to_string()];
                let same = now.whole == self.base.whole;
                if self.file.is_empty() || same {
                    return if same && !self.file.is_empty() {
                        self.errand(cx, Errand::Again(notes.into()))
                    } else {
                        self.begin(cx, &notes)
                    };
                }
                let text = Private::new(now.draft(&notes));
                self.base = now;
                return self.errand(cx, Errand::Renew(text));
            }
            (Stage::Reading(mine, _), Err(trouble)) if *mine == ticket => self.stage = Stage::Stuck(trouble),
            _ => {}
        }
        Effects::new()
    }

    fn again(&mut self, cx: &Cx) -> Effects {
        match &self.stage {
            Stage::Judged(preview, _) => {
                let notes = self.faults(preview);
                if self.file.is_empty() { self.begin(cx, &notes) } else { self.errand(cx, Errand::Again(notes)) }
            }
            // The branch may have moved: it goes on with what is there now.
            Stage::Stuck(trouble) => {
                let (ticket, why) = (cx.ticket(), trouble.clone());
                self.stage = Stage::Reading(ticket, why);
                vec![Effect::Ask(ticket, self.anew())]
            }
            _ => Effects::new(),
        }
    }

    /// Asks for the document as it is now: where it is, or where a new one would go.
    fn anew(&self) -> Query {
        let key = self.base.key.clone();
        if self.base.fresh.is_none() {
            return Query::Written(key);
        }
        let object = self.text.as_deref().and_then(|text| manifest::yaml::value_of(text).ok()).unwrap_or_default();
        Query::Unwritten(self.base.environment.clone(), Fresh { key, body: Private::new(object.to_string()) })
    }

    fn leave(&self, cx: &Cx) -> Effects {
        let mut effects = vec![Effect::Editor(cx.ticket(), Errand::Keep), Effect::Close];
        if !self.file.is_empty() {
            let text = cx.tf("edit.kept", &[("file", &self.file)]);
            effects.push(Effect::Toast(Toast { health: Health::Warn, text }));
        }
        effects
    }

    /// Returns what forbids it, lines as the editor counts them.
    fn faults(&self, preview: &Preview) -> Vec<String> {
        let errors = preview.findings.iter().filter(|finding| finding.severity == Severity::Error);
        let here = |finding: &domain::change::Finding| {
            let line = finding.line.filter(|_| finding.file.as_deref() == Some(&*self.base.file));
            let line = line.and_then(|line| self.base.line_within(line)).or(finding.line);
            told(&domain::change::Finding { line, ..finding.clone() })
        };
        errors.map(here).chain(preview.render_trouble.iter().map(ToString::to_string)).collect()
    }

    fn order(&self, cx: &Cx) -> Option<Deploy> {
        let (Stage::Judged(preview, _), Some(draft)) = (&self.stage, &self.draft) else { return None };
        if !cx.may(Permission::Operator) || preview.is_empty() || !self.faults(preview).is_empty() {
            return None;
        }
        let draft = Draft { message: self.message.clone().or_else(|| Some(preview.message.clone())), ..draft.clone() };
        Some(Deploy { draft, reviewed: Some(preview.digest.clone()), dry_run: false })
    }

    fn committed(&mut self, cx: &Cx, result: Result<domain::orders::Outcome, Trouble>) -> Effects {
        match result {
            Ok(outcome) => {
                let shown = outcome.deployment.map(|id| Effect::Desk(desk::Change::Deployment(Some(id))));
                let there = shown.is_some().then_some(Effect::Switch(TabId::Deployments));
                let mut effects = vec![Effect::Editor(cx.ticket(), Errand::Discard), Effect::Close];
                effects.extend(shown.into_iter().chain(there));
                effects
            }
            Err(trouble) => {
                self.stage = Stage::Stuck(trouble);
                Effects::new()
            }
        }
    }

    fn rows(&self, cx: &Cx) -> Vec<Row> {
        let wait = |key: &str| vec![Row::text("", Role::Muted, cx.words.get(key), Role::Muted)];
        match &self.stage {
            Stage::New | Stage::Reading(..) => wait("edit.reading"),
            Stage::Writing(_) => wait("edit.writing"),
            Stage::Judging(_) => wait("change.judging"),
            Stage::Committing(_) => wait("change.committing"),
            Stage::Stuck(trouble) => pane::trouble_rows(cx, trouble),
            Stage::Judged(preview, rows) => self.judged(cx, preview, rows),
        }
    }

    /// Returns the commit, and what it does.
    fn judged(&self, cx: &Cx, preview: &Preview, effect: &[Row]) -> Vec<Row> {
        let pair = |key: &str, value: String| Row::text(format!("{}  ", cx.words.get(key)), Role::Muted, value, Role::Text);
        let message = self.message.as_ref().unwrap_or(&preview.message);
        let mut rows = vec![
            pair("place.repository", self.base.url.clone()),
            pair("review.branch", format!("{}  ({})", preview.branch, preview.base.short())),
            pair("place.environment", format!("{}  ({})", self.base.environment, self.base.origin.by)),
            pair("review.author", preview.author.clone()),
            pair("review.message", message.lines().next().unwrap_or_default().to_owned()),
        ];
        rows.extend(message.lines().skip(1).map(|line| Row::text("  ", Role::Text, line, Role::Text)));
        rows.push(Row::Blank);
        rows.extend_from_slice(effect);
        rows
    }

    /// Takes over or drops what was typed as message.
    fn typed(&mut self, take: bool) -> Effects {
        let input = self.input.take();
        if let Some(text) = input.and_then(|input| input.text()).filter(|_| take) {
            self.message = Some(text);
        }
        Effects::new()
    }

    fn command(&mut self, cx: &Cx, id: &'static str) -> Effects {
        match id {
            "change.commit" => {
                let Some(order) = self.order(cx) else { return Effects::new() };
                let ticket = cx.order_ticket();
                self.stage = Stage::Committing(ticket);
                // What was shown is what is asked; nothing else is.
                vec![Effect::Answered(ticket, Order::Deploy(order))]
            }
            "change.again" => self.again(cx),
            "change.leave" => self.leave(cx),
            "message.take" => self.typed(true),
            "message.drop" => self.typed(false),
            "message.write" => {
                if let Stage::Judged(preview, _) = &self.stage {
                    let text = self.message.as_ref().unwrap_or(&preview.message);
                    self.input = Some(Message::new(cx, text));
                }
                Effects::new()
            }
            id => {
                self.scroll.command(id);
                Effects::new()
            }
        }
    }
}

/// Returns what a change does in Git and in what is rendered, what the checks say and what happens then.
fn effect(cx: &Cx, preview: &Preview) -> Vec<Row> {
    let mut rows = pane::rows(cx, preview, &pane::diffs(preview));
    if preview.rendered.is_empty() {
        return rows;
    }
    rows.extend([Row::Blank, Row::heading(cx.t("change.rendered"))]);
    for change in &preview.rendered {
        let diff = TextDiff::new(&change.object, change.before.as_deref(), change.after.as_deref());
        let digits = diff.digits();
        rows.push(Row::Line(vec![piece(diff.name.clone(), Role::Muted)]));
        rows.extend(diff.hunks.iter().flat_map(|hunk| &hunk.lines).map(|line| Row::Change(line.clone(), digits)));
    }
    rows
}

impl Tab for Change {
    fn commands(&self, cx: &Cx) -> Vec<&'static Command> {
        if self.input.is_some() {
            return Message::commands();
        }
        let mut out: Vec<&'static Command> = Vec::new();
        let can = self.order(cx).is_some();
        out.extend(can.then_some(&COMMIT));
        out.extend(matches!(self.stage, Stage::Judged(..) | Stage::Stuck(_)).then_some(&AGAIN));
        out.extend(can.then_some(&message::WRITE));
        out.extend((!matches!(self.stage, Stage::Committing(_))).then_some(&LEAVE));
        out.extend(SCROLL);
        out
    }

    fn typing(&self, _cx: &Cx) -> bool {
        self.input.is_some()
    }

    fn asks(&self) -> bool {
        true
    }

    fn update(&mut self, cx: &Cx, msg: TabMsg) -> Effects {
        match msg {
            TabMsg::Enter if matches!(self.stage, Stage::New) => match self.text.clone() {
                Some(text) => self.judge(cx, &text),
                None => self.begin(cx, &[]),
            },
            TabMsg::Reply(ticket, answer) => self.answer(cx, ticket, answer),
            TabMsg::Written(ticket, written) if matches!(self.stage, Stage::Writing(mine) if mine == ticket) => match *written {
                Ok(Written { text, file, .. }) => {
                    self.file = file;
                    self.judge(cx, text.text())
                }
                Err(trouble) => {
                    self.stage = Stage::Stuck(trouble);
                    Effects::new()
                }
            },
            TabMsg::Key(key) => {
                if let Some(input) = &mut self.input {
                    input.key(key);
                }
                Effects::new()
            }
            TabMsg::Paste(text) => {
                if let Some(input) = &mut self.input {
                    input.paste(&text);
                }
                Effects::new()
            }
            TabMsg::Command(id) => self.command(cx, id),
            TabMsg::OrderDropped(_) => self.leave(cx),
            TabMsg::OrderDone(ticket, result) if matches!(self.stage, Stage::Committing(mine) if mine == ticket) => {
                self.committed(cx, result)
            }
            _ => Effects::new(),
        }
    }

    fn view(&self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        let rows = self.rows(cx);
        let title = cx.tf("change.title", &[("object", &self.base.key.to_string())]);
        let foot = self.input.as_ref().map(|input| input.rows(area.height.saturating_sub(6)));
        let sheet = sheet::Framed { title: &title, rows: &rows, scroll: &self.scroll, widest: 110, foot };
        let Some(foot) = sheet::framed(cx, area, buf, &sheet) else { return };
        if let Some(input) = &self.input {
            return input.view(cx, foot, buf);
        }
        sheet::answers(cx, foot, buf, self.commands(cx), &["change.", "message."]);
    }
}

#[cfg(test)]
#[path = "change_tests.rs"]
mod tests;
