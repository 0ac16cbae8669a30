//! The last lines of a container's log.

use domain::query::{Answer, LogOf, Query};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::command::{Command, command};
use crate::cx::Cx;
use crate::effects::{Effect, Effects, Ticket};
use crate::tab::{Tab, TabMsg};
use crate::theme::Role;
use crate::widgets::dialog;
use crate::widgets::put::{piece, put, put_pieces};
use crate::widgets::scroll::{SCROLL, Scroll};
use crate::widgets::yaml::after;

static AGAIN: Command = command("log.again", &["r"], 20);
static PREVIOUS: Command = command("log.previous", &["p"], 21);

/// Holds a log.
#[derive(Debug)]
pub struct Log {
    of: LogOf,
    waiting: Option<Ticket>,
    lines: Result<Vec<String>, String>,
    scroll: Scroll,
}

impl Log {
    /// Shows a container's log.
    pub fn new(of: LogOf) -> Self {
        Self { of, waiting: None, lines: Ok(Vec::new()), scroll: Scroll::default() }
    }

    fn ask(&mut self, cx: &Cx) -> Effects {
        let ticket = cx.ticket();
        let old = self.waiting.replace(ticket);
        old.map(Effect::Forget).into_iter().chain([Effect::Ask(ticket, Query::Log(self.of.clone()))]).collect()
    }
}

impl Tab for Log {
    fn commands(&self, _cx: &Cx) -> Vec<&'static Command> {
        SCROLL.iter().chain([&AGAIN, &PREVIOUS]).collect()
    }

    fn update(&mut self, cx: &Cx, msg: TabMsg) -> Effects {
        match msg {
            TabMsg::Enter | TabMsg::Command("log.again") => self.ask(cx),
            TabMsg::Command("log.previous") => {
                self.of.previous = !self.of.previous;
                self.ask(cx)
            }
            TabMsg::Command(id) => {
                self.scroll.command(id);
                Effects::new()
            }
            TabMsg::Reply(ticket, answer) if self.waiting == Some(ticket) => {
                self.waiting = None;
                self.lines = match answer {
                    Ok(Answer::Log(lines)) => Ok(lines),
                    Ok(_) => Ok(Vec::new()),
                    Err(trouble) => Err(trouble.to_string()),
                };
                if let Ok(lines) = &self.lines {
                    self.scroll.fit(lines.len(), 1);
                    self.scroll.command("scroll.last");
                }
                Effects::new()
            }
            _ => Effects::new(),
        }
    }

    fn view(&self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        let place = dialog::centred(area, area.width.saturating_sub(2), area.height);
        let which = if self.of.previous { cx.t("log.title-previous") } else { cx.t("log.title") };
        let title = format!("{which}  {}/{} {}", self.of.pod.namespace, self.of.pod.name, self.of.container);
        let inner = dialog::frame(cx, place, buf, &title);
        let lines = match &self.lines {
            Ok(lines) => lines,
            Err(why) => {
                crate::widgets::put::put_wrapped(buf, inner, why, cx.style(Role::Bad));
                return;
            }
        };
        if self.waiting.is_some() || lines.is_empty() {
            let text = if self.waiting.is_some() {
                format!("{} {}", cx.spinner(), cx.t("log.asking"))
            } else {
                cx.t("log.empty").to_owned()
            };
            put(buf, (inner.x, inner.y), inner.width, &text, cx.style(Role::Muted));
            return;
        }
        let top = self.scroll.fit(lines.len(), usize::from(inner.height));
        for (y, line) in (inner.top()..inner.bottom()).zip(&lines[top..]) {
            put_pieces(cx, buf, (inner.x, y), inner.width, &after(vec![piece(line.as_str(), Role::Text)], self.scroll.left));
        }
        crate::widgets::table::scrollbar(cx, inner, buf, top, lines.len());
    }
}
