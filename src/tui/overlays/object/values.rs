//! The values that Helm gets of a HelmRelease: where they come from, and what they come to. What Secrets say is masked.

use std::sync::Arc;

use domain::detail::values::{Effective, Taken};
use domain::flux::ObjectKey;
use domain::query::{Answer, Query};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::asked::Asked;
use super::{Subject, View};
use crate::command::Command;
use crate::cx::Cx;
use crate::effects::Effects;
use crate::tab::TabMsg;
use crate::theme::Role;
use crate::widgets::put::{piece, put_pieces, width};
use crate::widgets::scroll::{SCROLL, Scroll};
use crate::widgets::summary::Line;
use crate::widgets::table::scrollbar;
use crate::widgets::yaml::{YamlText, after};

/// Tells whether an object has values.
pub(super) fn suits(key: &ObjectKey) -> bool {
    &*key.kind == "HelmRelease"
}

/// Holds the values.
#[derive(Debug, Default)]
pub(super) struct Values {
    read: Asked<Arc<Effective>>,
    text: YamlText,
    scroll: Scroll,
}

impl Values {
    /// Says where they come from, the weakest first, and what is not among them.
    fn sources(cx: &Cx, found: &Effective) -> Vec<Line> {
        let wide = found.sources.iter().map(|(source, _)| width(&source.to_string())).max().unwrap_or(0);
        let mut out: Vec<Line> = Vec::new();
        for (source, taken) in &found.sources {
            let (sign, role, said) = match taken {
                Taken::Yes => ("✓", Role::Ok, String::new()),
                Taken::Absent => ("·", Role::Faint, cx.t("values.absent").to_owned()),
                Taken::Missing => ("✗", Role::Bad, cx.t("values.missing").to_owned()),
                Taken::Unread(why) => ("?", Role::Unknown, cx.tf("values.unread", &[("why", &cx.said(why))])),
                Taken::Unfit(why) => ("✗", Role::Bad, cx.said(why)),
            };
            let name = source.to_string();
            let fill = " ".repeat(wide.saturating_sub(width(&name)) + 2);
            out.push(vec![piece(format!("{sign} "), role), piece(format!("{name}{fill}"), Role::Text), piece(said, Role::Muted)]);
        }
        if found.inline {
            out.push(vec![piece("✓ ", Role::Ok), piece("spec.values", Role::Text)]);
        }
        if !found.is_whole() {
            out.push(vec![piece(cx.t("values.part").to_owned(), Role::Warn)]);
        }
        if !out.is_empty() {
            out.push(Line::new());
        }
        out
    }
}

impl View for Values {
    fn commands(&self, _cx: &Cx, _of: &Subject) -> Vec<&'static Command> {
        SCROLL.iter().collect()
    }

    fn wants(&mut self, cx: &Cx, of: &Subject) -> Effects {
        self.read.want(cx, of.turn, || Query::Values(of.key.clone()))
    }

    fn leave(&mut self) -> Effects {
        self.read.leave()
    }

    fn update(&mut self, cx: &Cx, _of: &Subject, msg: &TabMsg) -> Effects {
        match msg {
            TabMsg::Command(id) => {
                self.scroll.command(id);
            }
            TabMsg::Reply(ticket, answer) => {
                let pick = |answer: &Answer| if let Answer::Values(found) = answer { Some(Arc::clone(found)) } else { None };
                if self.read.take(cx, *ticket, answer, pick) {
                    let empty = |found: &&Arc<Effective>| found.values.as_object().is_none_or(serde_json::Map::is_empty);
                    let found = self.read.here().filter(|found| !empty(found));
                    self.text = YamlText::new(found.map(|found| manifest::yaml::text_of(&found.values)).unwrap_or_default());
                }
            }
            _ => {}
        }
        Effects::new()
    }

    fn copy(&self, _cx: &Cx, _of: &Subject) -> Option<String> {
        self.read.here().map(|found| manifest::yaml::text_of(&found.values))
    }

    fn view(&self, cx: &Cx, _of: &Subject, area: Rect, buf: &mut Buffer) {
        let area = self.read.head(cx, area, buf);
        let Some(found) = self.read.here().filter(|_| area.height > 0) else { return };
        self.read.age(cx, area, buf);
        let mut lines = Self::sources(cx, found);
        if self.text.is_empty() || self.text.line(0).is_empty() {
            lines.push(vec![piece(cx.t("values.none").to_owned(), Role::Muted)]);
        }
        let above = lines.len();
        let total = above + self.text.len();
        let top = self.scroll.fit(total, usize::from(area.height));
        for (y, at) in (area.top()..area.bottom()).zip(top..total) {
            match lines.get(at) {
                Some(line) => put_pieces(cx, buf, (area.x, y), area.width, line),
                None => put_pieces(cx, buf, (area.x, y), area.width, &after(self.text.pieces(at - above), self.scroll.left)),
            };
        }
        scrollbar(cx, area, buf, top, total);
    }
}
