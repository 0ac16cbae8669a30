//! Monitor: how deliveries are doing over a span of time.
//!
//! ```text
//!  MONITOR  24h [7d] 30d 90d                                        2026-11-14 14:02 – 2026-11-21 14:02
//!  132 deployments  ✓ 120 succeeded  ✗ 8 failed  · 3 overtaken  ◐ 1 open
//!  success 93.8%   sync success 98.0%   commit to healthy p50 1m 12s  p95 4m 2s
//!
//!  DEPLOYMENTS                              COMMIT TO HEALTHY
//!    9 ▁▃█▅▂                               4m 2s ░ █░
//!    0 █████   failed   1  2                   0 █████
//!
//!  DELIVERY     DEPLOYED  SUCCESS  PER DAY  LEAD TIME  FAILURE RATE  RESTORE  P50  P95
//! ```
//!
//! Figures come from the deployments on record (`domain::monitor`), objects from the world, controllers from the clusters.

use std::sync::Arc;

use domain::Time;
use domain::history::History;
use domain::ident::ContextName;
use domain::link::LinkOf;
use domain::monitor::{DAYS, Monitor as Found, Span, Tally, tallies};
use domain::query::{Answer, Query};
use domain::toolkit::{NAMESPACE, Toolkit};
use domain::trouble::Trouble;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::command::{Command, command};
use crate::cx::Cx;
use crate::effects::{Effect, Effects, Ticket};
use crate::tab::{Tab, TabMsg};
use crate::widgets::link;
use crate::widgets::put::{put_pieces, put_right};
use crate::widgets::scroll::{SCROLL, Scroll};
use crate::widgets::sheet;

#[cfg(test)]
mod tests;
mod view;

static SPAN: Command = command("monitor.span", &["t"], 1);
static BACK: Command = command("monitor.span-back", &["T"], 0);
static REFRESH: Command = command("monitor.refresh", &["r"], 2);

/// How often the figures are worked out anew while nothing happens, in milliseconds: the span goes on with the clock.
const RENEW: i64 = 60_000;

/// What was found of the controllers of one cluster.
#[derive(Debug)]
struct Asked {
    context: ContextName,
    ticket: Option<Ticket>,
    found: Option<Arc<Toolkit>>,
    trouble: Option<Trouble>,
    /// When it was found.
    when: Option<Time>,
}

/// Holds the tab's state.
#[derive(Debug)]
pub struct Monitor {
    /// Which of [`DAYS`].
    span: usize,
    found: Option<Arc<Found>>,
    /// Why there are no figures.
    trouble: Option<Trouble>,
    /// The deployments that were known when the figures were asked for.
    seen: Option<History>,
    asked: Option<Ticket>,
    components: Vec<Asked>,
    /// The namespaces of the controllers that are watched.
    held: Vec<(ContextName, String)>,
    holding: Option<Ticket>,
    scroll: Scroll,
    /// How many objects there are of each kind and state, counted when the world is another.
    tallies: Vec<Tally>,
    shown: bool,
    renewed: Option<Time>,
}

impl Default for Monitor {
    fn default() -> Self {
        Self {
            span: 1,
            found: None,
            trouble: None,
            seen: None,
            asked: None,
            components: Vec::new(),
            held: Vec::new(),
            holding: None,
            scroll: Scroll::default(),
            tallies: Vec::new(),
            shown: false,
            renewed: None,
        }
    }
}

impl Monitor {
    /// Asks for the figures when the deployments have changed, or when told so. While some are on their way, no others are asked for:
    /// where much happens, that would be without end.
    fn renew(&mut self, cx: &Cx, force: bool) -> Effects {
        let same = self.seen.as_ref().is_some_and(|seen| seen.is_same(&cx.world.deployments));
        if !self.shown || (!force && (same || self.asked.is_some())) {
            return Effects::new();
        }
        self.seen = Some(cx.world.deployments.clone());
        self.renewed = Some(cx.now);
        let days = DAYS.get(self.span).copied().unwrap_or(7);
        let ticket = cx.ticket();
        let old = self.asked.replace(ticket).map(Effect::Forget);
        old.into_iter().chain([Effect::Ask(ticket, Query::Monitor(Span::days(days, cx.now)))]).collect()
    }

    /// Takes the figures; what came meanwhile is asked for again.
    fn figures(&mut self, cx: &Cx, answer: Result<Answer, Trouble>) -> Effects {
        self.asked = None;
        match answer {
            Ok(Answer::Monitor(found)) => (self.found, self.trouble) = (Some(found), None),
            Ok(_) => {}
            Err(trouble) => {
                self.trouble = Some(trouble.clone());
                return vec![Effect::Trouble(trouble)];
            }
        }
        self.renew(cx, false)
    }

    /// Asks every cluster that an environment runs in for its controllers.
    fn ask(&mut self, cx: &Cx) -> Effects {
        let mut effects = self.forget();
        let own = (!cx.context.is_empty()).then(|| ContextName::from(cx.context));
        let mut contexts: Vec<ContextName> = cx.world.environments.iter().map(|e| e.cluster.clone()).chain(own).collect();
        contexts.sort();
        contexts.dedup();
        let mut asked = Vec::new();
        for context in contexts {
            let ticket = cx.ticket();
            effects.push(Effect::Ask(ticket, Query::Toolkit(context.clone(), None)));
            let before = self.components.iter().find(|a| a.context == context);
            let (found, when) = before.map(|a| (a.found.clone(), a.when)).unwrap_or_default();
            asked.push(Asked { context, ticket: Some(ticket), found, trouble: None, when });
        }
        self.components = asked;
        effects
    }

    fn forget(&mut self) -> Effects {
        self.components.iter_mut().filter_map(|asked| asked.ticket.take()).map(Effect::Forget).collect()
    }

    fn reply(&mut self, cx: &Cx, ticket: Ticket, answer: Result<Answer, Trouble>) {
        let Some(asked) = self.components.iter_mut().find(|asked| asked.ticket == Some(ticket)) else { return };
        asked.ticket = None;
        asked.when = Some(cx.now);
        match answer {
            Ok(Answer::Toolkit(found)) => (asked.found, asked.trouble) = (Some(found), None),
            Ok(_) => {}
            // What was known before is not shown as if it still were.
            Err(trouble) => (asked.found, asked.trouble) = (None, Some(trouble)),
        }
    }

    /// Has the controllers' namespaces watched, so that they are shown as they are and not as they were.
    fn hold(&mut self, cx: &Cx) -> Effects {
        let place = |asked: &Asked| {
            let found = asked.found.as_ref().map(|found| found.namespace.clone()).filter(|namespace| !namespace.is_empty());
            (asked.context.clone(), found.unwrap_or_else(|| NAMESPACE.to_owned()))
        };
        let places: Vec<_> = self.components.iter().map(place).collect();
        if self.held == places || places.is_empty() {
            return Effects::new();
        }
        self.held.clone_from(&places);
        let ticket = cx.ticket();
        let old = self.holding.replace(ticket).map(Effect::Forget);
        old.into_iter().chain([Effect::Ask(ticket, Query::Hold(places))]).collect()
    }
}

impl Tab for Monitor {
    fn commands(&self, _cx: &Cx) -> Vec<&'static Command> {
        [&SPAN, &BACK, &REFRESH].into_iter().chain(SCROLL).collect()
    }

    fn update(&mut self, cx: &Cx, msg: TabMsg) -> Effects {
        match msg {
            TabMsg::Enter => {
                self.shown = true;
                self.tallies = tallies(cx.world);
                let mut effects = self.renew(cx, true);
                effects.extend(self.ask(cx));
                effects.extend(self.hold(cx));
                return effects;
            }
            TabMsg::Leave => {
                self.shown = false;
                self.held.clear();
                let held = self.holding.take().into_iter().chain(self.asked.take()).map(Effect::Forget);
                return self.forget().into_iter().chain(held).collect();
            }
            TabMsg::World => {
                self.tallies = tallies(cx.world);
                return self.renew(cx, false);
            }
            TabMsg::Command(id @ ("monitor.span" | "monitor.span-back")) => {
                let step = if id == "monitor.span" { 1 } else { DAYS.len() - 1 };
                self.span = (self.span + step) % DAYS.len();
                // Those of another span are not shown as if they were of this one.
                (self.found, self.trouble) = (None, None);
                return self.renew(cx, true);
            }
            TabMsg::Context if !self.shown => {}
            TabMsg::Context => {
                let mut effects = self.ask(cx);
                effects.extend(self.hold(cx));
                return effects;
            }
            TabMsg::Wake | TabMsg::Command("monitor.refresh") => {
                let mut effects = self.renew(cx, true);
                effects.extend(self.ask(cx));
                return effects;
            }
            TabMsg::Command(id) => {
                self.scroll.command(id);
            }
            TabMsg::Reply(ticket, answer) if self.asked == Some(ticket) => return self.figures(cx, answer),
            TabMsg::Reply(ticket, answer) => {
                self.reply(cx, ticket, answer);
                return self.hold(cx);
            }
            _ => {}
        }
        Effects::new()
    }

    fn deadline(&self) -> Option<Time> {
        let last = self.renewed.filter(|_| self.shown)?;
        Time::from_millisecond(last.as_millisecond() + RENEW).ok()
    }

    fn view(&self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        if area.width < 8 || area.height < 2 {
            return;
        }
        let area = link::over(cx, area, buf, |of| matches!(of, LinkOf::Cluster(_)));
        let inner = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
        let (left, right) = self.head(cx);
        let taken = put_pieces(cx, buf, (inner.x, inner.y), inner.width, &left);
        if usize::from(inner.width.saturating_sub(taken)) > right.len() + 2 {
            put_right(buf, inner, &right, cx.style(crate::theme::Role::Muted));
        }
        let body = Rect { y: inner.y + 1, height: inner.height.saturating_sub(1), ..inner };
        let rows = self.rows(cx, usize::from(body.width.saturating_sub(1)));
        sheet::view(cx, body, buf, &rows, &self.scroll);
    }
}
