//! What went wrong so far, newest first: one line each, the selected one whole below.

use domain::world::Mishap;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::command::{Command, command};
use crate::cx::Cx;
use crate::effects::{Effect, Effects, Overlay};
use crate::tab::{Tab, TabMsg};
use crate::theme::Role;
use crate::widgets::dialog;
use crate::widgets::put::{columns, piece, put, put_pieces};
use crate::widgets::table::LIST;

static OPEN: Command = command("troubles.open", &["enter"], 1);

/// Holds the list and where one is in it.
#[derive(Debug)]
pub struct Troubles {
    list: Vec<Mishap>,
    at: usize,
}

impl Troubles {
    /// Shows these, which come oldest first.
    pub fn new(mut list: Vec<Mishap>) -> Self {
        list.reverse();
        Self { list, at: 0 }
    }
}

impl Tab for Troubles {
    fn commands(&self, _cx: &Cx) -> Vec<&'static Command> {
        let moves = LIST.iter().filter(|c| matches!(c.id, "list.down" | "list.up" | "list.first" | "list.last"));
        moves.chain((!self.list.is_empty()).then_some(&OPEN)).collect()
    }

    fn update(&mut self, _cx: &Cx, msg: TabMsg) -> Effects {
        let last = self.list.len().saturating_sub(1);
        match msg {
            TabMsg::Command("list.down") => self.at = (self.at + 1).min(last),
            TabMsg::Command("list.up") => self.at = self.at.saturating_sub(1),
            TabMsg::Command("list.first") => self.at = 0,
            TabMsg::Command("list.last") => self.at = last,
            TabMsg::Command("troubles.open") => {
                let open = self.list.get(self.at).map(|m| Effect::Open(Overlay::Trouble(Box::new(m.trouble.clone()))));
                return open.into_iter().collect();
            }
            _ => {}
        }
        Effects::new()
    }

    fn view(&self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        let high = columns(self.list.len()).clamp(3, 20) + 2;
        let place = dialog::centred(area, area.width.saturating_sub(4).min(110), high);
        let inner = dialog::frame(cx, place, buf, cx.t("trouble.list"));
        if self.list.is_empty() {
            put(buf, (inner.x, inner.y), inner.width, cx.t("trouble.none"), cx.style(Role::Muted));
        }
        let top = (self.at + 1).saturating_sub(usize::from(inner.height));
        for (y, at) in (inner.top()..inner.bottom()).zip(top..self.list.len()) {
            let mishap = &self.list[at];
            let told = cx.told(&mishap.trouble);
            let line = [
                piece(format!("{}  ", cx.clock(mishap.time)), Role::Faint),
                piece(told.what.as_str(), Role::Bad),
                piece(format!("  {}  ", mishap.trouble.object), Role::Text),
                piece(told.why.as_str(), Role::Muted),
            ];
            put_pieces(cx, buf, (inner.x + 1, y), inner.width.saturating_sub(1), &line);
            if at == self.at {
                crate::widgets::put::lay(buf, Rect { y, height: 1, ..inner }, cx.style(Role::Selection));
            }
        }
    }
}
