//! Where an object is changed: in the file in Git that it is written in, or in the cluster only, which Flux undoes.
//!
//! Nobody is asked about what does not come from Git.

use std::sync::Arc;

use domain::flux::ObjectKey;
use domain::live::Private;
use domain::orders::{Apply, Sentence, Terms as _};
use domain::origin::Origin;
use domain::query::{Answer, Query};
use domain::trouble::Trouble;
use domain::written::Written;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::command::{Command, command};
use crate::cx::Cx;
use crate::effects::{Effect, Effects, Overlay, Ticket};
use crate::tab::{Tab, TabMsg};
use crate::tabs::deploy::pane;
use crate::theme::Role;
use crate::widgets::scroll::{SCROLL, Scroll};
use crate::widgets::sheet::{self, Row};

static GIT: Command = command("place.git", &["g", "enter"], 1);
static CLUSTER: Command = command("place.cluster", &["c"], 2);
static LEAVE: Command = command("place.leave", &["esc", "q"], 3);

/// Says how far it is.
#[derive(Debug)]
enum Stage {
    New,
    /// It is asked where the object comes from.
    Reading(Ticket),
    /// It is asked for the document in Git.
    Looking(Ticket, Box<Origin>),
    /// Somebody decides.
    Asking(Box<Origin>, Result<Arc<Written>, Trouble>),
}

/// Holds the question.
#[derive(Debug)]
pub struct Place {
    key: ObjectKey,
    /// Whether it is to be changed by its form.
    form: bool,
    stage: Stage,
    scroll: Scroll,
}

/// Says what becomes of a change in the cluster only, a sentence each.
pub(crate) fn fate(cx: &Cx, key: &ObjectKey, origin: &Origin) -> Vec<String> {
    let apply = Apply {
        key: key.clone(),
        version: String::new(),
        seen: String::new(),
        patch: Private::new(""),
        fields: Vec::new(),
        origin: Some(origin.clone()),
    };
    let say = |sentence: Sentence| {
        let values: Vec<(&str, &str)> = sentence.values.iter().map(|(name, value)| (*name, value.as_str())).collect();
        cx.tf(&format!("question.{}", sentence.key), &values)
    };
    apply.sentences().into_iter().skip(1).map(say).collect()
}

impl Place {
    /// Asks about an object that is to be changed in the editor, or by its form.
    pub fn new(key: ObjectKey, form: bool) -> Self {
        Self { key, form, stage: Stage::New, scroll: Scroll::default() }
    }

    fn cluster(&self) -> Effects {
        let key = self.key.clone();
        vec![Effect::Close, Effect::Open(if self.form { Overlay::Form(key) } else { Overlay::Edit(key) })]
    }

    fn answer(&mut self, cx: &Cx, ticket: Ticket, answer: Result<Answer, Trouble>) -> Effects {
        match (std::mem::replace(&mut self.stage, Stage::New), answer) {
            (Stage::Reading(mine), Ok(Answer::Origin(None))) if mine == ticket => self.cluster(),
            (Stage::Reading(mine), Ok(Answer::Origin(Some(origin)))) if mine == ticket => {
                let ticket = cx.ticket();
                self.stage = Stage::Looking(ticket, origin);
                vec![Effect::Ask(ticket, Query::Written(self.key.clone()))]
            }
            (Stage::Reading(mine), Err(trouble)) if mine == ticket => vec![Effect::Close, Effect::Trouble(trouble)],
            (Stage::Looking(mine, origin), Ok(Answer::Written(written))) if mine == ticket => {
                self.stage = Stage::Asking(origin, Ok(written));
                Effects::new()
            }
            (Stage::Looking(mine, origin), Err(trouble)) if mine == ticket => {
                self.stage = Stage::Asking(origin, Err(trouble));
                Effects::new()
            }
            (stage, _) => {
                self.stage = stage;
                Effects::new()
            }
        }
    }

    fn rows(&self, cx: &Cx) -> Vec<Row> {
        let (origin, found) = match &self.stage {
            Stage::New | Stage::Reading(_) => return vec![Row::text("", Role::Muted, cx.t("edit.reading"), Role::Muted)],
            Stage::Looking(_, origin) => (origin, None),
            Stage::Asking(origin, found) => (origin, Some(found)),
        };
        let mut rows = vec![Row::heading(cx.t("place.git"))];
        let pair = |name: &str, value: &str| Row::text(format!("  {}  ", cx.t(name)), Role::Muted, value, Role::Text);
        match found {
            None => rows.push(Row::text("  ", Role::Muted, cx.t("place.looking"), Role::Muted)),
            Some(Err(trouble)) => {
                rows.extend(pane::trouble_rows(cx, trouble));
            }
            Some(Ok(written)) => {
                rows.push(pair("place.repository", &written.url));
                rows.push(pair("place.branch", &format!("{}  ({})", written.branch, written.head.short())));
                rows.push(pair("place.file", &format!("{}:{}", written.file, written.line)));
                rows.push(pair("place.environment", &written.environment.to_string()));
                if !written.decided.is_empty() {
                    rows.push(said(cx, "! ", "place.decided", ("fields", &written.decided.join(", "))));
                }
                if !written.others.is_empty() {
                    rows.push(said(cx, "! ", "place.others", ("environments", &written.names_others())));
                }
            }
        }
        rows.push(Row::Blank);
        rows.push(Row::heading(cx.t("place.cluster")));
        let fate = fate(cx, &self.key, origin).into_iter().skip(1);
        rows.extend(fate.map(|sentence| Row::text("  ! ", Role::Warn, sentence, Role::Text)));
        rows
    }
}

fn said(cx: &Cx, sign: &str, key: &'static str, (name, value): (&str, &str)) -> Row {
    Row::text(format!("  {sign}"), Role::Warn, cx.tf(key, &[(name, value)]), Role::Text)
}

impl Tab for Place {
    fn commands(&self, _cx: &Cx) -> Vec<&'static Command> {
        let mut out: Vec<&'static Command> = Vec::new();
        out.extend(matches!(self.stage, Stage::Asking(_, Ok(_))).then_some(&GIT));
        out.extend(matches!(self.stage, Stage::Asking(..) | Stage::Looking(..)).then_some(&CLUSTER));
        out.push(&LEAVE);
        out.extend(SCROLL);
        out
    }

    fn asks(&self) -> bool {
        true
    }

    fn update(&mut self, cx: &Cx, msg: TabMsg) -> Effects {
        match msg {
            TabMsg::Enter if matches!(self.stage, Stage::New) => {
                let ticket = cx.ticket();
                self.stage = Stage::Reading(ticket);
                vec![Effect::Ask(ticket, Query::Origin(self.key.clone()))]
            }
            TabMsg::Reply(ticket, answer) => self.answer(cx, ticket, answer),
            TabMsg::Command("place.git") => match &self.stage {
                Stage::Asking(_, Ok(written)) => {
                    let written = Arc::clone(written);
                    let next = if self.form { Overlay::FormOf(written) } else { Overlay::Change(written, None) };
                    vec![Effect::Close, Effect::Open(next)]
                }
                _ => Effects::new(),
            },
            TabMsg::Command("place.cluster") => self.cluster(),
            TabMsg::Command("place.leave") => vec![Effect::Close],
            TabMsg::Command(id) => {
                self.scroll.command(id);
                Effects::new()
            }
            _ => Effects::new(),
        }
    }

    fn view(&self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        let rows = self.rows(cx);
        let title = cx.tf("place.title", &[("object", &self.key.to_string())]);
        let sheet = sheet::Framed { title: &title, rows: &rows, scroll: &self.scroll, widest: 90, foot: None };
        if let Some(line) = sheet::framed(cx, area, buf, &sheet) {
            sheet::answers(cx, line, buf, self.commands(cx), &["place."]);
        }
    }
}

#[cfg(test)]
#[path = "place_tests.rs"]
mod tests;
