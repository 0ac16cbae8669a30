//! The question before something is deleted: first it is looked up what goes along, then it is asked.

use domain::orders::{Delete, Many, Order};
use domain::query::{Answer, Query};
use domain::trouble::Trouble;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::confirm::Confirm;
use crate::command::{Command, command};
use crate::cx::Cx;
use crate::effects::{Effect, Effects, OrderTicket, Ticket};
use crate::tab::{Tab, TabMsg};
use crate::theme::Role;
use crate::widgets::dialog;
use crate::widgets::put::put;

static NO: Command = command("confirm.no", &["n", "esc", "q"], 2);

/// Holds the question, and before it is known the objects that it is about.
#[derive(Debug)]
pub struct Deletion {
    ticket: OrderTicket,
    wanted: Vec<Delete>,
    asked: Option<Ticket>,
    confirm: Option<Confirm>,
}

impl Deletion {
    /// Builds the pane for an order that deletes without knowing yet what goes along; gives the order back when it is none.
    pub fn of(ticket: OrderTicket, order: Order) -> Result<Self, Box<Order>> {
        let wanted = match &order {
            Order::Delete(delete) if delete.facts.is_none() => vec![delete.clone()],
            Order::Many(many) => match many.orders().iter().map(blind).collect::<Option<Vec<_>>>() {
                Some(wanted) => wanted,
                None => return Err(Box::new(order)),
            },
            _ => return Err(Box::new(order)),
        };
        Ok(Self { ticket, wanted, asked: None, confirm: None })
    }

    fn known(&mut self, cx: &Cx, answer: Result<Answer, Trouble>) -> Effects {
        let found = match answer {
            Ok(Answer::Deletion(found)) => found,
            Ok(_) => return vec![Effect::Close],
            Err(trouble) => return vec![Effect::Close, Effect::Trouble(trouble)],
        };
        let orders =
            found.into_iter().zip(&self.wanted).map(|(found, wanted)| Delete { propagation: wanted.propagation, ..found });
        match Many::of(orders) {
            Some(order) => self.confirm = Some(Confirm::order(cx, self.ticket, order)),
            None => return vec![Effect::Close],
        }
        Effects::new()
    }
}

/// Returns a deletion of which nobody knows what goes along.
fn blind(order: &Order) -> Option<Delete> {
    match order {
        Order::Delete(delete) if delete.facts.is_none() => Some(delete.clone()),
        _ => None,
    }
}

impl Tab for Deletion {
    fn commands(&self, cx: &Cx) -> Vec<&'static Command> {
        self.confirm.as_ref().map_or_else(|| vec![&NO], |confirm| confirm.commands(cx))
    }

    fn typing(&self, cx: &Cx) -> bool {
        self.confirm.as_ref().is_some_and(|confirm| confirm.typing(cx))
    }

    fn asks(&self) -> bool {
        true
    }

    fn update(&mut self, cx: &Cx, msg: TabMsg) -> Effects {
        match (msg, &mut self.confirm) {
            (TabMsg::Enter, None) => {
                let ticket = cx.ticket();
                self.asked = Some(ticket);
                vec![Effect::Ask(ticket, Query::Deletion(self.wanted.iter().map(|d| d.key.clone()).collect()))]
            }
            (TabMsg::Reply(ticket, answer), None) if self.asked == Some(ticket) => self.known(cx, answer),
            (TabMsg::Command("confirm.no"), None) => vec![Effect::Close],
            (msg, Some(confirm)) => confirm.update(cx, msg),
            _ => Effects::new(),
        }
    }

    fn view(&self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        if let Some(confirm) = &self.confirm {
            return confirm.view(cx, area, buf);
        }
        let wide = area.width.saturating_sub(4).min(72);
        let inner = dialog::frame(cx, dialog::centred(area, wide, 6), buf, cx.t("confirm.title"));
        put(buf, (inner.x, inner.y + 1), inner.width, cx.t("confirm.looking"), cx.style(Role::Muted));
    }
}
