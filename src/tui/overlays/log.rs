//! A log over a tab: of a container, of a workload's Pods together, or of a controller about one object.

use domain::flux::ObjectKey;
use domain::link::LinkOf;
use domain::logs::{Containers, Follow};
use domain::query::LogOf;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::command::{Command, command};
use crate::cx::Cx;
use crate::editing::PAGER;
use crate::effects::Effects;
use crate::tab::{Tab, TabMsg};
use crate::widgets::dialog;
use crate::widgets::link;

mod lines;
pub(super) mod pane;
mod rows;
#[cfg(test)]
mod tests;

use pane::Pane;

static AGAIN: Command = command("log.again", &["r"], 20);

/// Holds a log.
#[derive(Debug)]
pub struct Log {
    key: ObjectKey,
    pane: Pane,
}

impl Log {
    /// Shows a container's log.
    pub fn new(of: LogOf) -> Self {
        let containers = if of.container.is_empty() { Containers::Main } else { Containers::Named(of.container) };
        let follow = Follow { containers, previous: of.previous, tail: of.lines, ..Follow::new(of.pod.clone()) };
        Self { key: of.pod, pane: Pane::new(follow) }
    }

    /// Shows the log of an object: its own, its Pods', or its controller's about it.
    pub fn of(key: ObjectKey) -> Self {
        Self { pane: Pane::new(Follow::new(key.clone())), key }
    }
}

impl Tab for Log {
    fn commands(&self, _cx: &Cx) -> Vec<&'static Command> {
        let mut out = self.pane.commands();
        if !self.pane.typing() {
            out.extend([&pane::COPY, &PAGER, &AGAIN]);
        }
        out
    }

    fn typing(&self, _cx: &Cx) -> bool {
        self.pane.typing()
    }

    fn update(&mut self, cx: &Cx, msg: TabMsg) -> Effects {
        match msg {
            TabMsg::Enter | TabMsg::Command("log.again") => self.pane.start(cx),
            msg => self.pane.update(cx, &msg),
        }
    }

    fn view(&self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        let place = dialog::centred(area, area.width.saturating_sub(2), area.height);
        let title = if self.key.flux_kind().is_some() { "log.title-controller" } else { self.pane.title() };
        let inner = dialog::frame(cx, place, buf, &format!("{}  {}", cx.t(title), self.key));
        let cluster = &self.key.cluster;
        let inner = link::banner(cx, inner, buf, |of| matches!(of, LinkOf::Cluster(name) if name == &**cluster));
        self.pane.view(cx, inner, buf);
    }
}
