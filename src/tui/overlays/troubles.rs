//! What went wrong so far: the connections that are not live now, then what failed, newest first, one line each.

use domain::world::Mishap;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::command::{Command, command};
use crate::cx::Cx;
use crate::effects::{Effect, Effects, Overlay};
use crate::tab::{Tab, TabMsg};
use crate::theme::Role;
use crate::widgets::dialog;
use crate::widgets::link;
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
        // What is away now went wrong too, though no order failed for it.
        let wide = area.width.saturating_sub(4).min(110);
        let mut links = link::silence(cx, usize::from(wide.saturating_sub(6)), |_| true);
        links.truncate(8);
        let high = columns(self.list.len() + links.len()).clamp(3, 20) + 2;
        let place = dialog::centred(area, wide, high);
        let inner = dialog::frame(cx, place, buf, cx.t("trouble.list"));
        for (line, y) in links.iter().zip(inner.top()..inner.bottom()) {
            put(buf, (inner.x + 1, y), inner.width.saturating_sub(1), line, cx.style(Role::Warn));
        }
        let taken = columns(links.len()).min(inner.height);
        let inner = Rect { y: inner.y + taken, height: inner.height - taken, ..inner };
        if self.list.is_empty() && links.is_empty() {
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use domain::link::{Link, LinkOf, LinkState};
    use domain::world::World;

    use crate::fixture::{Stage, now};
    use crate::words::Language;

    #[test]
    fn a_cluster_that_does_not_answer_is_said_and_nothing_is_claimed_of_what_is_in_it() {
        let away = LinkState::Stale { since: now(), why: "connection refused".to_owned() };
        let links = vec![Link { of: LinkOf::Cluster("edge".to_owned()), state: away }];
        let mut stage = Stage::over(World { links: Arc::new(links), ..World::default() }, 120, 36, Language::English);
        stage.keys("6");
        assert!(!stage.lines().contains("No Flux objects here"), "{}", stage.lines());
        stage.keys("!");
        let drawn = stage.lines();
        let told = drawn.lines().skip(4).any(|line| line.contains("edge") && line.contains("connection refused"));
        assert!(told && !drawn.contains("Nothing went wrong"), "{drawn}");
        stage.keys("esc 1 A");
        assert!(!stage.lines().contains("There is nothing to adopt"), "{}", stage.lines());
    }
}
