//! Diff: what the draft changes, in the files, in the rendered objects and in the cluster; unified, or side by side where there is
//! room.
//!
//! ```text
//!  GIT  shop → production   1 file  +1 -1
//!    image 1.8.4 → 1.8.5 in Deployment shop-web
//!  RISK   35  ━━━━──────  medium
//!
//!  ● k8s/overlays/production/kustomization.yaml  +1 -1
//!  @@ 12
//!   12 12   images:
//!   14    -   newTag: 1.8.4  # keep in step with api
//!      14 +   newTag: 1.8.5  # keep in step with api
//! ```

use std::sync::Arc;

use domain::change::Preview;
use domain::ident::EnvironmentId;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::command::{Command, command};
use crate::cx::Cx;
use crate::editing::PAGER;
use crate::effects::{Effect, Effects, OrderTicket};
use crate::place::TabId;
use crate::tab::{Tab, TabMsg};
use crate::tabs::deploy::loading::Loading;
use crate::tabs::deploy::verdict::next_of;
use crate::widgets::diff_view::TextDiff;
use crate::widgets::scroll::{SCROLL, Scroll};

mod back;
mod live;
mod rows;
#[cfg(test)]
mod tests;
mod view;

const NEXT: Command = command("diff.next", &["n"], 1);
const PREVIOUS: Command = command("diff.previous", &["N"], 0);
const LAYOUT: Command = command("diff.layout", &["v"], 2);
const GIT: Command = command("diff.git", &["f"], 3);
const RENDERED: Command = command("diff.rendered", &["r"], 3);
const LIVE: Command = command("diff.live", &["c"], 3);
const NEXT_FINDING: Command = command("diff.next-finding", &["]"], 4);
const PREVIOUS_FINDING: Command = command("diff.previous-finding", &["["], 0);
const FORM: Command = command("diff.form", &["e", "ctrl-y"], 8);
const CHOOSE: Command = command("diff.choose", &["enter"], 1);

/// How wide the body must be for two sides beside each other, unless the operator asks for them.
const TWO_SIDES: u16 = 120;

/// Says what is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum View {
    /// Files with the branch's head.
    #[default]
    Git,
    /// Rendered objects before and after.
    Rendered,
    /// What the cluster has with what it would have.
    Live,
}

/// Holds the tab's state.
#[derive(Debug, Default)]
pub struct Diff {
    loading: Loading,
    view: View,
    live: live::Live,
    /// Side by side or not, once the operator has chosen; until then the width decides.
    split: Option<bool>,
    built: Option<Arc<Preview>>,
    diffs: Vec<TextDiff>,
    unified: Vec<rows::Row>,
    sides: Vec<rows::Row>,
    /// The finding that was jumped to.
    finding: Option<usize>,
    /// The width that sentences were broken for.
    wide: u16,
    scroll: Scroll,
    /// The order that was given from here.
    given: Option<(OrderTicket, EnvironmentId)>,
}

impl Diff {
    const fn is_split(&self, cx: &Cx) -> bool {
        match self.split {
            Some(split) => split,
            None => cx.size.width >= TWO_SIDES,
        }
    }

    fn rows(&self, cx: &Cx) -> &[rows::Row] {
        if self.is_split(cx) { &self.sides } else { &self.unified }
    }

    fn build(&mut self, cx: &Cx, force: bool) {
        let same = match (&self.built, &cx.desk.preview) {
            (Some(old), Some(new)) => Arc::ptr_eq(old, new),
            (None, None) => true,
            _ => false,
        };
        if same && !force && self.wide == cx.size.width {
            return;
        }
        self.wide = cx.size.width;
        if !same || force {
            self.finding = None;
        }
        self.built.clone_from(&cx.desk.preview);
        (self.diffs, self.unified, self.sides) = (Vec::new(), Vec::new(), Vec::new());
        if let Some(preview) = self.built.as_deref() {
            let trial = self.live.of(preview).and_then(Result::ok);
            self.diffs = match self.view {
                View::Git => rows::of_files(preview),
                View::Rendered => rows::of_objects(preview),
                View::Live => trial.map(live::diffs).unwrap_or_default(),
            };
            let sheet = rows::Sheet { cx, preview, diffs: &self.diffs, view: self.view, trial };
            (self.unified, self.sides) = (sheet.rows(false), sheet.rows(true));
        }
        if force {
            self.scroll.reset();
        }
    }

    /// Puts the hunk after or before the one at the top there.
    fn jump(&self, cx: &Cx, next: bool) {
        let top = self.scroll.top();
        let rows = self.rows(cx);
        let mut starts = rows.iter().enumerate().filter(|(_, r)| matches!(r, rows::Row::Hunk(..))).map(|(at, _)| at);
        let to = if next { starts.find(|at| *at > top) } else { starts.take_while(|at| *at < top).last() };
        if let Some(row) = to {
            self.scroll.to(row);
        }
    }

    /// Goes to the finding after or before the one that was jumped to last, round and round.
    fn go_to_finding(&mut self, cx: &Cx, next: bool) {
        let places = rows::findings(self.rows(cx));
        let Some(at) = next_of(places.len(), self.finding, next) else { return };
        self.finding = Some(at);
        self.scroll.show(places[at]);
    }

    fn command(&mut self, cx: &Cx, id: &str) -> Effects {
        if let Some(effects) = self.back(cx, id) {
            return effects;
        }
        match id {
            "diff.next" => self.jump(cx, true),
            "diff.previous" => self.jump(cx, false),
            "diff.next-finding" => self.go_to_finding(cx, true),
            "diff.previous-finding" => self.go_to_finding(cx, false),
            "diff.layout" => {
                let hunk = rows::hunk_at(self.rows(cx), self.scroll.top());
                self.split = Some(!self.is_split(cx));
                if let Some(row) = hunk.and_then(|h| rows::row_of(self.rows(cx), h)) {
                    self.scroll.to(row);
                }
            }
            "diff.git" | "diff.rendered" => {
                self.view = if id == "diff.git" { View::Git } else { View::Rendered };
                self.build(cx, true);
                return self.live.forget();
            }
            "diff.live" => {
                // Asked for once more, the cluster is asked once more.
                if self.view == View::Live {
                    self.live.again();
                }
                self.view = View::Live;
                let effects = self.live.look(cx);
                self.build(cx, true);
                return effects;
            }
            "text.pager" => return vec![Effect::Pager(self.diffs.iter().map(TextDiff::unified).collect())],
            "diff.form" => return vec![Effect::Switch(TabId::Deploy)],
            "diff.choose" => return vec![Effect::Switch(TabId::Environments)],
            id => {
                self.scroll.command(id);
            }
        }
        Effects::new()
    }
}

impl Tab for Diff {
    fn commands(&self, cx: &Cx) -> Vec<&'static Command> {
        if cx.desk.environment.is_none() {
            return vec![&CHOOSE];
        }
        let mut out: Vec<&'static Command> = back::commands(cx);
        if self.rows(cx).iter().any(|row| matches!(row, rows::Row::Hunk(..))) {
            out.extend([&NEXT, &PREVIOUS, &LAYOUT, &PAGER]);
        }
        out.extend((self.view != View::Git).then_some(&GIT));
        out.extend((self.view != View::Rendered).then_some(&RENDERED));
        out.push(&LIVE);
        if self.rows(cx).iter().any(|row| matches!(row, rows::Row::Finding(..))) {
            out.extend([&NEXT_FINDING, &PREVIOUS_FINDING]);
        }
        out.extend(cx.desk.restoring().is_none().then_some(&FORM));
        out.extend(SCROLL);
        out
    }

    fn update(&mut self, cx: &Cx, msg: TabMsg) -> Effects {
        let mut effects = self.loading.update(cx, &msg);
        match &msg {
            TabMsg::Reply(ticket, answer) if self.live.answered(*ticket, answer) => self.build(cx, true),
            TabMsg::Leave => effects.extend(self.live.forget()),
            TabMsg::Enter | TabMsg::Desk | TabMsg::World if self.view == View::Live => effects.extend(self.live.look(cx)),
            _ => {}
        }
        self.build(cx, false);
        match msg {
            TabMsg::Command(id) => self.command(cx, id),
            TabMsg::OrderDone(ticket, result) => self.done(cx, ticket, result),
            TabMsg::OrderDropped(ticket) => {
                self.given.take_if(|(given, _)| *given == ticket);
                effects
            }
            _ => effects,
        }
    }

    fn view(&self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        self.draw(cx, area, buf);
    }
}
