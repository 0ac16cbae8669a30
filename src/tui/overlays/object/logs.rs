//! Logs: of a Pod or a workload its own, of a Flux object what its controller says about it.

use domain::logs::Follow;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{Subject, View};
use crate::command::Command;
use crate::cx::Cx;
use crate::effects::Effects;
use crate::overlays::log::pane::Pane;
use crate::tab::TabMsg;

/// Holds the log once it is shown.
#[derive(Debug, Default)]
pub(super) struct Logs {
    pane: Option<Pane>,
}

impl View for Logs {
    fn commands(&self, _cx: &Cx, _of: &Subject) -> Vec<&'static Command> {
        self.pane.as_ref().map(Pane::commands).unwrap_or_default()
    }

    fn typing(&self) -> bool {
        self.pane.as_ref().is_some_and(Pane::typing)
    }

    fn wants(&mut self, cx: &Cx, of: &Subject) -> Effects {
        let pane = self.pane.get_or_insert_with(|| Pane::new(Follow::new(of.key.clone())));
        if pane.is_idle() { pane.start(cx) } else { Effects::new() }
    }

    fn leave(&mut self) -> Effects {
        self.pane.as_mut().map(Pane::stop).unwrap_or_default()
    }

    fn update(&mut self, cx: &Cx, _of: &Subject, msg: &TabMsg) -> Effects {
        self.pane.as_mut().map(|pane| pane.update(cx, msg)).unwrap_or_default()
    }

    fn copy(&self, _cx: &Cx, _of: &Subject) -> Option<String> {
        self.pane.as_ref().map(Pane::text).filter(|text| !text.is_empty())
    }

    fn view(&self, cx: &Cx, _of: &Subject, area: Rect, buf: &mut Buffer) {
        if let Some(pane) = &self.pane {
            pane.view(cx, area, buf);
        }
    }
}
