//! Settings: Flux itself in a cluster. What it needs, what we may do there, its controllers, and installing or removing it.
//!
//! ```text
//!  Flux in production  v2.8.3 · Kubernetes v1.33.4                                     as of 14:02:11
//!  PREREQUISITES
//!  ✓ kubernetes  Kubernetes v1.33.4; Flux v2.8.3 asks for 1.33 or newer
//!  ▲ installer   Of what an installer does this is not allowed in all namespaces: create namespaces …
//!                quarterdeck check --role installer prints a role that allows it.
//!  CONTROLLERS
//!  ✓ source-controller     v1.8.0   1/1 ready   0 restarts   queue 3
//!  PROGRESS
//!  ⠋ installing 14/41  Deployment/flux-system/source-controller waits for its Pods
//! ```
//!
//! The controllers' Pods are live, since their namespace is watched as long as the tab is shown; the rest is as of when it was
//! asked, which is said.

use std::sync::Arc;

use domain::Time;
use domain::actor::Role as Permission;
use domain::flux::Health;
use domain::ident::ContextName;
use domain::link::LinkOf;
use domain::orders::{Halt, Install, Uninstall};
use domain::query::{Answer, Query};
use domain::rights::{self, Part};
use domain::toolkit::{Component, NAMESPACE, Toolkit, Work};
use domain::trouble::Trouble;
use domain::workload::Workload;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::command::{Command, command};
use crate::cx::Cx;
use crate::effects::{Effect, Effects, Overlay, Ticket};
use crate::tab::{Tab, TabMsg};
use crate::widgets::form::FORM;
use crate::widgets::link;
use crate::widgets::put::{put_pieces, rule};
use crate::widgets::scroll::{SCROLL, Scroll};
use crate::widgets::sheet;

mod around;
mod release;
#[cfg(test)]
mod tests;
mod view;

use release::Wanted;

static INSTALL: Command = command("settings.install", &["i"], 1);
static REMOVE: Command = command("settings.remove", &["X"], 2);
static STOP: Command = command("settings.stop", &["s"], 1);
static REFRESH: Command = command("settings.refresh", &["r"], 3);
static ROLE: Command = command("settings.role", &["p"], 4);
static CLUSTER: Command = command("settings.cluster", &["c"], 5);
static PLAN: Command = command("settings.plan", &["ctrl-s", "enter"], 1);
static CANCEL: Command = command("form.cancel", &["esc"], 80);

/// Holds the tab's state.
#[derive(Debug, Default)]
pub struct Settings {
    /// The cluster that is looked at, once one was chosen.
    chosen: Option<ContextName>,
    found: Option<Arc<Toolkit>>,
    trouble: Option<Box<Trouble>>,
    asked: Option<Time>,
    asking: Option<Ticket>,
    /// That the controllers' namespace is watched.
    holding: Option<Ticket>,
    /// The form of what is to be installed.
    form: Option<Wanted>,
    /// The question what that would do, or what removing would take away.
    planning: Option<Ticket>,
    removing: Option<Ticket>,
    works: Option<Arc<Vec<Arc<Work>>>>,
    /// How the controllers were when that was asked last.
    live: Vec<(String, Health, i32)>,
    shown: bool,
    scroll: Scroll,
}

impl Settings {
    fn context(&self, cx: &Cx) -> Option<ContextName> {
        let own = (!cx.context.is_empty()).then(|| ContextName::from(cx.context));
        self.chosen.clone().or(own).or_else(|| cx.world.contexts.first().cloned())
    }

    /// Returns the work on the cluster: under way, or the last.
    fn work<'a>(&self, cx: &Cx<'a>) -> Option<&'a Arc<Work>> {
        let context = self.context(cx)?;
        cx.world.works.iter().find(|work| work.context == context)
    }

    fn goes_on(&self, cx: &Cx) -> bool {
        self.work(cx).is_some_and(|work| work.over.is_none())
    }

    fn installed(&self) -> bool {
        self.found.as_ref().is_some_and(|found| !found.controllers.is_empty())
    }

    /// Asks how Flux is doing.
    fn ask(&mut self, cx: &Cx) -> Effects {
        let Some(context) = self.context(cx) else { return Effects::new() };
        self.live = self.live(cx);
        let ticket = cx.ticket();
        let old = self.asking.replace(ticket).map(Effect::Forget);
        old.into_iter().chain([Effect::Ask(ticket, Query::Toolkit(context, None))]).collect()
    }

    /// Has the controllers' namespace watched.
    fn hold(&mut self, cx: &Cx) -> Effects {
        let Some(context) = self.context(cx) else { return Effects::new() };
        let found = self.found.as_ref().map(|found| found.namespace.clone()).filter(|namespace| !namespace.is_empty());
        let namespace = found.unwrap_or_else(|| NAMESPACE.to_owned());
        let ticket = cx.ticket();
        let old = self.holding.replace(ticket).map(Effect::Forget);
        old.into_iter().chain([Effect::Ask(ticket, Query::Hold(vec![(context, namespace)]))]).collect()
    }

    /// Takes back what is asked: a question that came up elsewhere would be answered by a key that means something else there.
    fn leave(&mut self) -> Effects {
        let asked = [self.asking.take(), self.holding.take(), self.planning.take(), self.removing.take()];
        asked.into_iter().flatten().map(Effect::Forget).collect()
    }

    /// Goes over to the context that is worked on now: what was found and what was asked are of the one before.
    fn moved(&mut self, cx: &Cx) -> Effects {
        let mut effects = self.leave();
        *self = Self { shown: self.shown, works: self.works.take(), ..Self::default() };
        if self.shown {
            effects.extend(self.ask(cx));
            effects.extend(self.hold(cx));
        }
        effects
    }

    /// Returns how the controllers are now, as their namespace is watched.
    fn live(&self, cx: &Cx) -> Vec<(String, Health, i32)> {
        let Some(found) = &self.found else { return Vec::new() };
        let ours = |w: &&Arc<Workload>| *w.key.cluster == *found.context.0 && *w.key.namespace == *found.namespace;
        let controllers = cx.world.workloads.iter().filter(ours).filter(|w| Component::by_name(&w.key.name).is_some());
        controllers.map(|w| (w.key.name.to_string(), w.health(), w.ready)).collect()
    }

    /// Asks again when what was found is not so any more: work is over, or a controller changed.
    fn world(&mut self, cx: &Cx) -> Effects {
        let works = &cx.world.works;
        let before = self.works.replace(Arc::clone(works));
        let over = before.is_some_and(|before| !Arc::ptr_eq(&before, works)) && self.work(cx).is_some();
        let changed = self.found.is_some() && self.live(cx) != self.live;
        if self.goes_on(cx) || !(over || changed) {
            return Effects::new();
        }
        self.ask(cx)
    }

    fn other_cluster(&mut self, cx: &Cx) -> Effects {
        let (all, here) = (&cx.world.contexts, self.context(cx));
        let at = here.and_then(|here| all.iter().position(|context| *context == here)).map_or(0, |at| at + 1);
        self.chosen = all.get(at).or_else(|| all.first()).cloned();
        (self.found, self.trouble, self.asked) = (None, None, None);
        let mut effects = self.ask(cx);
        effects.extend(self.hold(cx));
        effects
    }

    /// Asks what the wanted release would do.
    fn plan(&mut self, cx: &Cx) -> Effects {
        let Some(context) = self.context(cx) else { return Effects::new() };
        let Some((from, components)) = self.form.as_mut().and_then(|form| form.wanted(cx)) else { return Effects::new() };
        let ticket = cx.ticket();
        let old = self.planning.replace(ticket).map(Effect::Forget);
        let query = Query::Installation { context, from, components };
        old.into_iter().chain([Effect::Ask(ticket, query)]).collect()
    }

    fn remove(&mut self, cx: &Cx) -> Effects {
        let Some(context) = self.context(cx) else { return Effects::new() };
        let ticket = cx.ticket();
        let old = self.removing.replace(ticket).map(Effect::Forget);
        old.into_iter().chain([Effect::Ask(ticket, Query::Removal(context, true))]).collect()
    }

    fn role(cx: &Cx) -> Effects {
        let parts = Part::ALL.map(|part| {
            let title = cx.tf("settings.role-of", &[("part", part.word())]);
            format!("# {title}: quarterdeck check --role {}\n{}", part.word(), rights::role(part, None, None))
        });
        let lines = parts.join("---\n").lines().map(str::to_owned).collect();
        vec![Effect::Open(Overlay::Text(cx.t("settings.roles").to_owned(), lines))]
    }

    fn reply(&mut self, cx: &Cx, ticket: Ticket, answer: Result<Answer, Trouble>) -> Effects {
        if self.asking == Some(ticket) {
            self.asking = None;
            self.asked = Some(cx.now);
            match answer {
                Ok(Answer::Toolkit(found)) => {
                    let moved = self.found.as_ref().is_none_or(|before| before.namespace != found.namespace);
                    let first = self.found.is_none();
                    (self.found, self.trouble) = (Some(found), None);
                    if first {
                        self.live = self.live(cx);
                    }
                    return if moved { self.hold(cx) } else { Effects::new() };
                }
                Ok(_) => {}
                // What was found before would look like the present.
                Err(trouble) => (self.found, self.trouble) = (None, Some(Box::new(trouble))),
            }
        } else if self.planning == Some(ticket) {
            self.planning = None;
            match answer {
                Ok(Answer::Installation(plan)) => {
                    self.form = None;
                    return cx.give(Install { plan });
                }
                Ok(_) => {}
                Err(trouble) => return vec![Effect::Trouble(trouble)],
            }
        } else if self.removing == Some(ticket) {
            self.removing = None;
            match answer {
                Ok(Answer::Removal(removal)) if removal.is_empty() => {
                    let trouble = Trouble::not_found(cx.t("settings.nothing"), &removal.context);
                    return vec![Effect::Trouble(trouble)];
                }
                Ok(Answer::Removal(removal)) => return cx.give(Uninstall { removal }),
                Ok(_) => {}
                Err(trouble) => return vec![Effect::Trouble(trouble)],
            }
        }
        Effects::new()
    }

    fn commanded(&mut self, cx: &Cx, id: &'static str) -> Effects {
        match id {
            "settings.install" => {
                self.form = Some(Wanted::new(cx, self.found.as_deref()));
            }
            "settings.remove" => return self.remove(cx),
            "settings.stop" => {
                return self.context(cx).map(|context| cx.give(Halt { context })).unwrap_or_default();
            }
            "settings.refresh" => return self.ask(cx),
            "settings.role" => return Self::role(cx),
            "settings.cluster" => return self.other_cluster(cx),
            "settings.plan" => return self.plan(cx),
            "form.cancel" => {
                self.form = None;
                return self.planning.take().map(Effect::Forget).into_iter().collect();
            }
            id => match &mut self.form {
                Some(form) => {
                    form.form.command(id);
                }
                None => {
                    self.scroll.command(id);
                }
            },
        }
        Effects::new()
    }
}

impl Tab for Settings {
    fn commands(&self, cx: &Cx) -> Vec<&'static Command> {
        if self.form.is_some() {
            return FORM.iter().chain([&PLAN, &CANCEL]).collect();
        }
        let admin = cx.may(Permission::Admin);
        let mut out: Vec<&'static Command> = Vec::new();
        if self.goes_on(cx) {
            out.extend(admin.then_some(&STOP));
        } else if self.context(cx).is_some() && admin {
            out.push(&INSTALL);
            out.extend(self.installed().then_some(&REMOVE));
        }
        out.extend([&REFRESH, &ROLE]);
        out.extend((cx.world.contexts.len() > 1).then_some(&CLUSTER));
        out.extend(SCROLL);
        out
    }

    fn typing(&self, _cx: &Cx) -> bool {
        // Arrows and the space bar are the form's too: most of its fields are choices.
        self.form.is_some()
    }

    fn update(&mut self, cx: &Cx, msg: TabMsg) -> Effects {
        match msg {
            TabMsg::Enter => {
                self.works = Some(Arc::clone(&cx.world.works));
                self.shown = true;
                let mut effects = self.ask(cx);
                effects.extend(self.hold(cx));
                effects
            }
            TabMsg::Leave => {
                self.shown = false;
                self.leave()
            }
            TabMsg::Context => self.moved(cx),
            TabMsg::World => self.world(cx),
            TabMsg::Command(id) => self.commanded(cx, id),
            TabMsg::Key(key) => {
                if let Some(form) = &mut self.form {
                    form.key(cx, key);
                }
                Effects::new()
            }
            TabMsg::Paste(text) => {
                if let Some(form) = &mut self.form {
                    form.form.paste(&text);
                }
                Effects::new()
            }
            TabMsg::Reply(ticket, answer) => self.reply(cx, ticket, answer),
            _ => Effects::new(),
        }
    }

    fn view(&self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        let context = self.context(cx);
        let area =
            link::over(cx, area, buf, |of| matches!(of, LinkOf::Cluster(c) if context.as_ref().is_some_and(|own| own.0 == *c)));
        let inner = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
        put_pieces(cx, buf, (inner.x, inner.y), inner.width, &self.head(cx));
        let mut rest = Rect { y: inner.y + 1, height: inner.height.saturating_sub(1), ..inner };
        if let Some(form) = &self.form {
            let took = form.form.view(cx, rest, buf, true);
            rule(cx, buf, Rect { x: area.x, y: rest.y + took, height: 1, width: area.width });
            rest = Rect { y: rest.y + took + 1, height: rest.height.saturating_sub(took + 1), ..rest };
        }
        sheet::view(cx, rest, buf, &self.rows(cx), &self.scroll);
    }
}
