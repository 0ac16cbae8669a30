//! What becomes of an environment's Flux objects when it is removed: asked before the question whether it shall be.

use domain::ident::EnvironmentId;
use domain::orders::RemoveEnvironment;
use domain::orders::environment::Fate;
use domain::query::{Answer, Query};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::editor::Done;
use crate::command::{Command, command};
use crate::cx::Cx;
use crate::effects::{Effect, Ticket};
use crate::tab::TabMsg;
use crate::theme::Role;
use crate::widgets::dialog;
use crate::widgets::put::put;

static LEAVE: Command = command("environments.remove-leave", &["1", "enter"], 1);
static SUSPEND: Command = command("environments.remove-suspend", &["2", "s"], 2);
static DELETE: Command = command("environments.remove-delete", &["3", "d"], 3);
static CANCEL: Command = command("form.cancel", &["esc", "q"], 80);

/// Holds the choice.
#[derive(Debug)]
pub(super) struct Removal {
    id: EnvironmentId,
    looking: Option<Ticket>,
}

impl Removal {
    pub(super) const fn new(id: EnvironmentId) -> Self {
        Self { id, looking: None }
    }

    pub(super) fn commands(&self) -> Vec<&'static Command> {
        if self.looking.is_some() { vec![&CANCEL] } else { vec![&LEAVE, &SUSPEND, &DELETE, &CANCEL] }
    }

    pub(super) fn update(&mut self, cx: &Cx, msg: TabMsg) -> Done {
        let give = |objects| Done { effects: cx.give(RemoveEnvironment { id: self.id.clone(), objects }), close: true };
        match msg {
            TabMsg::Command("form.cancel") => Done { close: true, ..Done::default() },
            TabMsg::Command("environments.remove-leave") => give(Fate::Leave),
            TabMsg::Command("environments.remove-suspend") => give(Fate::Suspend),
            TabMsg::Command("environments.remove-delete") => {
                let ticket = cx.ticket();
                self.looking = Some(ticket);
                Done { effects: vec![Effect::Ask(ticket, Query::EnvironmentRemoval(self.id.clone()))], close: false }
            }
            TabMsg::Reply(ticket, answer) if self.looking == Some(ticket) => match answer {
                Ok(Answer::EnvironmentRemoval(deletes)) => give(Fate::Delete(deletes)),
                Ok(_) => Done { close: true, ..Done::default() },
                Err(trouble) => Done { effects: vec![Effect::Trouble(trouble)], close: true },
            },
            _ => Done::default(),
        }
    }

    pub(super) fn view(&self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        let title = cx.tf("environments.removal", &[("environment", &self.id.to_string())]);
        let inner = dialog::frame(cx, dialog::centred(area, area.width.saturating_sub(4).min(76), 8), buf, &title);
        if self.looking.is_some() {
            put(buf, (inner.x, inner.y + 1), inner.width, cx.t("confirm.looking"), cx.style(Role::Muted));
            return;
        }
        put(buf, (inner.x, inner.y), inner.width, cx.t("environments.removal-ask"), cx.style(Role::Muted));
        for (y, (key, text)) in (inner.y + 2..inner.bottom()).zip([
            ("1", "environments.removal-leave"),
            ("2", "environments.removal-suspend"),
            ("3", "environments.removal-delete"),
        ]) {
            put(buf, (inner.x, y), 3, key, cx.style(Role::Accent));
            put(buf, (inner.x + 3, y), inner.width.saturating_sub(3), cx.t(text), cx.style(Role::Text));
        }
    }
}
