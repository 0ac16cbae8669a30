//! What the commit of a deployment changed, file by file, as the mirror has it.

use std::sync::Arc;

use domain::change::FileChange;
use domain::ident::DeploymentId;
use domain::query::{Answer, Query};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::command::Command;
use crate::cx::Cx;
use crate::effects::{Effect, Effects, Ticket};
use crate::tab::{Tab, TabMsg};
use crate::theme::Role;
use crate::widgets::dialog;
use crate::widgets::diff_view::TextDiff;
use crate::widgets::put::piece;
use crate::widgets::scroll::{SCROLL, Scroll};
use crate::widgets::sheet::{self, Row};

/// Holds the deployment whose commit is read.
#[derive(Debug)]
pub struct Changed {
    deployment: DeploymentId,
    waiting: Option<Ticket>,
    files: Vec<TextDiff>,
    trouble: Option<String>,
    scroll: Scroll,
}

impl Changed {
    /// Shows what the commit of a deployment changed.
    pub fn new(deployment: DeploymentId) -> Self {
        Self { deployment, waiting: None, files: Vec::new(), trouble: None, scroll: Scroll::default() }
    }

    fn take(&mut self, files: &Arc<Vec<FileChange>>) {
        let diff = |file: &FileChange| TextDiff::new(file.path.clone(), file.before.as_deref(), file.after.as_deref());
        self.files = files.iter().map(diff).collect();
    }

    fn rows(&self, cx: &Cx) -> Vec<Row> {
        if let Some(trouble) = &self.trouble {
            return vec![Row::text("", Role::Bad, trouble.clone(), Role::Bad)];
        }
        if self.waiting.is_some() {
            return vec![Row::Line(vec![piece(format!("{} {}", cx.spinner(), cx.t("deployments.reading")), Role::Muted)])];
        }
        if self.files.is_empty() {
            return vec![Row::text("", Role::Text, cx.t("deployments.nothing-changed"), Role::Muted)];
        }
        sheet::changes(&self.files)
    }
}

impl Tab for Changed {
    fn commands(&self, _cx: &Cx) -> Vec<&'static Command> {
        SCROLL.iter().collect()
    }

    fn update(&mut self, cx: &Cx, msg: TabMsg) -> Effects {
        match msg {
            TabMsg::Enter if self.files.is_empty() => {
                let ticket = cx.ticket();
                let old = self.waiting.replace(ticket).map(Effect::Forget);
                return old.into_iter().chain([Effect::Ask(ticket, Query::Changed(self.deployment.clone()))]).collect();
            }
            TabMsg::Reply(ticket, answer) if self.waiting == Some(ticket) => {
                self.waiting = None;
                match answer {
                    Ok(Answer::Changed(files)) => self.take(&files),
                    Ok(_) => {}
                    Err(trouble) => self.trouble = Some(cx.trouble(&trouble)),
                }
            }
            TabMsg::Command(id) => {
                self.scroll.command(id);
            }
            _ => {}
        }
        Effects::new()
    }

    fn view(&self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        let place = dialog::centred(area, area.width.saturating_sub(4).min(130), area.height.saturating_sub(2));
        let title = cx.tf("deployments.changed", &[("id", self.deployment.short())]);
        let inner = dialog::frame(cx, place, buf, &title);
        sheet::view(cx, inner, buf, &self.rows(cx), &self.scroll);
    }
}
