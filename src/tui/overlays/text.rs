//! A text to read.

use domain::Trouble;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::command::{Command, command};
use crate::cx::Cx;
use crate::editing::PAGER;
use crate::effects::{Effect, Effects};
use crate::tab::{Tab, TabMsg};
use crate::theme::Role;
use crate::widgets::dialog;
use crate::widgets::put::{columns, piece, put_pieces, wrap};
use crate::widgets::scroll::{SCROLL, Scroll};
use crate::widgets::yaml::after;

static COPY: Command = command("text.copy", &["c"], 20);

/// Holds a text.
#[derive(Debug)]
pub struct Text {
    title: String,
    lines: Vec<(String, Role)>,
    scroll: Scroll,
}

impl Text {
    /// Shows lines under a title.
    pub fn new(title: String, lines: Vec<String>) -> Self {
        Self { title, lines: lines.into_iter().map(|l| (l, Role::Text)).collect(), scroll: Scroll::default() }
    }

    /// Shows a trouble: what, to what, why, what to do next.
    pub fn of_trouble(cx: &Cx, trouble: &Trouble) -> Self {
        let trouble = cx.told(trouble);
        let mut lines = vec![(trouble.what.clone(), Role::Bad)];
        let mut add = |key: &'static str, text: &str, role| {
            if !text.is_empty() {
                lines.push((String::new(), Role::Text));
                lines.push((cx.t(key).to_owned(), Role::Faint));
                lines.extend(text.lines().map(|l| (l.to_owned(), role)));
            }
        };
        add("trouble.object", &trouble.object, Role::Text);
        add("trouble.why", &trouble.why, Role::Text);
        add("trouble.next", &trouble.next, Role::Accent);
        Self { title: cx.t("trouble.title").to_owned(), lines, scroll: Scroll::default() }
    }
}

impl Text {
    fn whole(&self) -> String {
        self.lines.iter().map(|(line, _)| line.as_str()).collect::<Vec<_>>().join("\n")
    }
}

impl Tab for Text {
    fn commands(&self, _cx: &Cx) -> Vec<&'static Command> {
        SCROLL.iter().chain([&COPY, &PAGER]).collect()
    }

    fn update(&mut self, _cx: &Cx, msg: TabMsg) -> Effects {
        match msg {
            TabMsg::Command("text.copy") => vec![Effect::Copy(self.whole())],
            TabMsg::Command("text.pager") => vec![Effect::Pager(self.whole())],
            TabMsg::Command(id) => {
                self.scroll.command(id);
                Effects::new()
            }
            _ => Effects::new(),
        }
    }

    fn view(&self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        let wide = area.width.saturating_sub(4).min(100);
        let mut shown = Vec::new();
        for (line, role) in &self.lines {
            if line.is_empty() {
                shown.push((String::new(), *role));
            }
            shown.extend(wrap(line, usize::from(wide.saturating_sub(4))).into_iter().map(|l| (l, *role)));
        }
        let place = dialog::centred(area, wide, columns(shown.len()) + 2);
        let inner = dialog::frame(cx, place, buf, &self.title);
        let top = self.scroll.fit(shown.len(), usize::from(inner.height));
        for (y, (line, role)) in (inner.top()..inner.bottom()).zip(shown.into_iter().skip(top)) {
            put_pieces(cx, buf, (inner.x, y), inner.width, &after(vec![piece(line, role)], self.scroll.left));
        }
    }
}
