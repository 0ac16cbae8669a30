//! A log as text: copied, or written to a file that is asked for. A file that is there already is never touched.

use domain::flux::Health;
use domain::live::Private;
use domain::logs::Line;
use domain::trouble::Trouble;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::Pane;
use crate::command::{Command, command};
use crate::cx::Cx;
use crate::editing::{Errand, Written};
use crate::effects::{Effect, Effects, Ticket, Toast};
use crate::theme::Role;
use crate::widgets::input::Input;
use crate::widgets::put::{columns, cut, put, put_right, width};

/// Copies the lines that are shown; whoever shows the pane offers it, unless it has a copy of its own.
pub(in crate::overlays) static COPY: Command = command("log.copy", &["c"], 19);
pub(super) static SAVE: Command = command("log.save", &["ctrl-s"], 18);
static WRITE: Command = command("log.write", &["enter", "ctrl-s"], 1);
static CANCEL: Command = command("log.cancel", &["esc"], 2);

/// How many lines are copied at most, from the end.
const COPIED: usize = 1_000;

/// Holds the name that is asked for.
#[derive(Debug)]
pub(super) struct Saving {
    pub(super) name: Input,
    /// What is being written, and of how many lines.
    under_way: Option<(Ticket, usize)>,
    failed: Option<String>,
}

impl Saving {
    /// Returns what is possible while the name is asked for.
    pub(super) fn commands() -> Vec<&'static Command> {
        vec![&WRITE, &CANCEL]
    }

    pub(super) fn view(&self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        let took = put(buf, (area.x, area.y), area.width, cx.t("log.save-as"), cx.style(Role::Accent)) + 1;
        let mut room = area.width.saturating_sub(took + 1);
        if let Some(why) = &self.failed {
            let said = format!("✗ {}", cx.said(why));
            let typed = columns(width(self.name.text())) + 2;
            let wide = columns(width(&said)).min(room.saturating_sub(typed).max(room / 2));
            put_right(buf, area, &cut(&said, usize::from(wide)), cx.style(Role::Bad));
            room = room.saturating_sub(wide + 1);
        }
        self.name.view(cx, Rect { x: area.x + took, width: room, ..area }, buf, true, "");
    }
}

impl Pane {
    /// Returns the lines that are shown, as text: the last thousand.
    pub(in crate::overlays) fn text(&self) -> String {
        self.written(self.lines.len().saturating_sub(COPIED))
    }

    fn written(&self, skip: usize) -> String {
        let several = self.reading.len() > 1;
        let line = |line: &Line| {
            let from = line.from.as_ref().filter(|_| several).map(|from| format!("{} ", from.pod)).unwrap_or_default();
            let stamp = line.time.filter(|_| self.stamps).map(|t| format!("{t} ")).unwrap_or_default();
            format!("{stamp}{from}{}\n", line.text())
        };
        self.lines.from(skip).map(|(_, l)| line(l)).collect()
    }

    /// Returns all lines, for the pager.
    pub(super) fn whole(&self) -> String {
        self.written(0)
    }

    /// Asks for the name of a file.
    pub(super) fn ask_name(&mut self) {
        let key = &self.want.key;
        let name = Input::new(format!("{}-{}.log", key.kind.to_lowercase(), key.name));
        self.saving = Some(Saving { name, under_way: None, failed: None });
    }

    /// Carries out what is possible while the name is asked for.
    pub(super) fn save_command(&mut self, cx: &Cx, id: &str) -> Effects {
        let text = self.written(0);
        let count = self.lines.len();
        match (&mut self.saving, id) {
            (Some(saving), "log.write") if saving.under_way.is_none() && !saving.name.text().trim().is_empty() => {
                let ticket = cx.ticket();
                (saving.under_way, saving.failed) = (Some((ticket, count)), None);
                let file = saving.name.text().trim().to_owned();
                vec![Effect::Editor(ticket, Errand::Save { file, text: Private::new(text) })]
            }
            (saving, "log.cancel") => {
                *saving = None;
                Effects::new()
            }
            _ => Effects::new(),
        }
    }

    /// Hears what became of the file.
    pub(super) fn saved(&mut self, cx: &Cx, ticket: Ticket, written: &Result<Written, Trouble>) -> Effects {
        let Some(saving) = &mut self.saving else { return Effects::new() };
        let Some((_, count)) = saving.under_way.take_if(|(mine, _)| *mine == ticket) else { return Effects::new() };
        match written {
            Ok(written) => {
                self.saving = None;
                let text = cx.tf("log.saved", &[("count", &count.to_string()), ("file", &written.file)]);
                vec![Effect::Toast(Toast { health: Health::Ok, text })]
            }
            Err(trouble) => {
                saving.failed = Some(trouble.why.clone());
                Effects::new()
            }
        }
    }
}
