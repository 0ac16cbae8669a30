//! All keys that work here, with a sentence each.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::command::Command;
use crate::cx::Cx;
use crate::effects::Effects;
use crate::keys;
use crate::tab::{Tab, TabMsg};
use crate::theme::Role;
use crate::widgets::dialog;
use crate::widgets::put::{columns, put, width};
use crate::widgets::scroll::{SCROLL, Scroll};

/// Holds what was possible when help was asked for.
#[derive(Debug)]
pub struct Help {
    commands: Vec<&'static Command>,
    scroll: Scroll,
}

impl Help {
    /// Shows these commands.
    pub fn new(commands: Vec<&'static Command>) -> Self {
        Self { commands, scroll: Scroll::default() }
    }
}

impl Tab for Help {
    fn commands(&self, _cx: &Cx) -> Vec<&'static Command> {
        SCROLL.iter().collect()
    }

    fn update(&mut self, _cx: &Cx, msg: TabMsg) -> Effects {
        if let TabMsg::Command(id) = msg {
            self.scroll.command(id);
        }
        Effects::new()
    }

    fn view(&self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        let place =
            dialog::centred(area, area.width.saturating_sub(4).min(100), area.height.min(columns(self.commands.len()) + 2));
        let inner = dialog::frame(cx, place, buf, cx.t("help.title"));
        let labels: Vec<String> = self
            .commands
            .iter()
            .map(|c| cx.keymap.keys(c).iter().map(|k| keys::label(k)).collect::<Vec<_>>().join("  "))
            .collect();
        let wide = columns(labels.iter().map(|l| width(l)).max().unwrap_or(0)).min(inner.width / 3) + 2;
        let titles = columns(self.commands.iter().map(|c| width(cx.title(c))).max().unwrap_or(0)).min(inner.width / 3) + 2;
        let top = self.scroll.fit(self.commands.len(), usize::from(inner.height));
        for (y, at) in (inner.top()..inner.bottom()).zip(top..self.commands.len()) {
            let (title, sentence) = cx.words.command(self.commands[at].id);
            put(buf, (inner.x, y), wide - 2, &labels[at], cx.style(Role::Accent));
            put(buf, (inner.x + wide, y), titles - 1, title, cx.style(Role::Text));
            put(buf, (inner.x + wide + titles, y), inner.width.saturating_sub(wide + titles), sentence, cx.style(Role::Muted));
        }
        crate::widgets::table::scrollbar(cx, inner, buf, top, self.commands.len());
    }
}
