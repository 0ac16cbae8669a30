//! Why the object is broken: what the world shows at once, the whole explanation as soon as the rest was read.

use std::sync::Arc;

use domain::query::{Answer, Query};
use domain::why::Explanation;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::asked::Asked;
use super::lately::Lately;
use super::{Subject, View};
use crate::command::Command;
use crate::cx::Cx;
use crate::effects::Effects;
use crate::tab::TabMsg;
use crate::widgets::scroll::{SCROLL, Scroll};
use crate::widgets::sheet;
use crate::widgets::why;

/// Holds the explanation.
#[derive(Debug, Default)]
pub(super) struct Why {
    read: Asked<Arc<Explanation>>,
    scroll: Scroll,
    lately: Lately,
}

impl View for Why {
    fn commands(&self, _cx: &Cx, _of: &Subject) -> Vec<&'static Command> {
        SCROLL.iter().collect()
    }

    fn wants(&mut self, cx: &Cx, of: &Subject) -> Effects {
        let mut effects = self.read.want(cx, of.turn, || Query::Why(of.key.clone()));
        effects.extend(self.lately.wants(cx, of));
        effects
    }

    fn leave(&mut self) -> Effects {
        let mut effects = self.read.leave();
        effects.extend(self.lately.leave());
        effects
    }

    fn update(&mut self, cx: &Cx, _of: &Subject, msg: &TabMsg) -> Effects {
        match msg {
            TabMsg::Command(id) => {
                self.scroll.command(id);
            }
            TabMsg::Reply(ticket, answer) => {
                let pick = |a: &Answer| if let Answer::Why(found) = a { Some(Arc::clone(found)) } else { None };
                if !self.read.take(cx, *ticket, answer, pick) {
                    self.lately.take(cx, *ticket, answer);
                }
            }
            _ => {}
        }
        Effects::new()
    }

    fn view(&self, cx: &Cx, of: &Subject, area: Rect, buf: &mut Buffer) {
        let rows = why::sheet(cx, of.key, self.read.here().map(|found| &**found), self.read.failed());
        sheet::view(cx, area, buf, &rows, &self.scroll);
        self.lately.view(cx, area, buf, sheet::height(&rows, area.width));
    }
}
