//! Deployments: what was changed where, newest first, and how far each has come.
//!
//! ```text
//!    ID      ENVIRONMENT    STATUS     STAGES  CHANGE                COMMIT   BY   AGE
//! ▌ ◐ 8fk2qa shop/staging   running    ✓✓◐○    image 1.8.4 → 1.9.0   a41f09c  ada  1m
//!   ✓ 7zk1pd shop/staging   succeeded  ✓✓✓✓    replicas 3 → 6        9e1c21d  bob  2h
//! ──────────────────────────────────────────────────────────────────────────────────────
//!   (the selected one, followed live)
//! ```

use std::sync::Arc;

use domain::Time;
use domain::Trouble;
use domain::change::Draft;
use domain::deployment::{Deployment, Method, StageName, Status};
use domain::history::{Brief, History};
use domain::ident::DeploymentId;
use domain::orders::ManualSync;
use domain::query::{Answer, LogOf, Query};
use domain::restore::Back;
use domain::revision::CommitId;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::command::{Command, command};
use crate::cx::Cx;
use crate::desk::Change;
use crate::effects::{Effect, Effects, Overlay, Ticket};
use crate::memory::Kept;
use crate::place::TabId;
use crate::tab::{Tab, TabMsg};
use crate::widgets::scroll::{SCROLL, Scroll};
use crate::widgets::table::Table;

mod changes;
mod detail;
mod estimate;
mod list;
#[cfg(test)]
mod tests;
mod view;

use changes::Changes;

const OPEN: Command = command("deployments.open", &["enter"], 1);
const BACK: Command = command("deployments.back", &["esc", "enter"], 1);
const SYNC: Command = command("deployments.sync", &["s"], 2);
const LOG: Command = command("deployments.log", &["l"], 3);
const AGAIN: Command = command("deployments.again", &["d"], 4);
const SCOPE: Command = command("deployments.scope", &["f"], 5);
const VISIT: Command = command("deployments.visit", &["o"], 2);
const COPY_LINK: Command = command("deployments.copy-link", &["y"], 3);
const COPY_COMMIT: Command = command("deployments.copy-commit", &["o"], 6);
const CHANGED: Command = command("deployments.changed", &["D"], 7);
const ROLL_BACK: Command = command("deployments.roll-back", &["b"], 4);
const REVERT: Command = command("deployments.revert", &["v"], 8);
const COPY_ID: Command = command("deployments.copy-id", &["c"], 7);

/// How many lines of a log are asked for.
const LOG_LINES: u32 = 500;

/// Says which deployments are listed, the narrowest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Scope {
    /// Those of the chosen environment.
    #[default]
    Environment,
    /// Those of the chosen project.
    Project,
    /// All.
    All,
}

impl Scope {
    const ALL: [Self; 3] = [Self::Environment, Self::Project, Self::All];
}

/// Holds the tab's state.
#[derive(Debug)]
pub struct Deployments {
    table: Table<list::Row>,
    /// The scope that the operator asked for, and the one that is shown: the next wider one where nothing is in it.
    wish: Scope,
    scope: Scope,
    detail: bool,
    scroll: Scroll,
    /// The deployment to select as soon as the world has it.
    wanted: Option<DeploymentId>,
    built: Option<History>,
    /// Those that took others back.
    takers: Vec<Brief>,
    /// The whole record of the selected one, where the history does not hold it.
    read: Option<(Brief, Result<Arc<Deployment>, Trouble>)>,
    reading: Option<(Ticket, Brief)>,
    /// The draft of a rollback that is asked for.
    asked: Option<Ticket>,
    /// What the selected one changed.
    changes: Changes,
}

impl Default for Deployments {
    fn default() -> Self {
        Self {
            table: Table::new(list::COLUMNS),
            wish: Scope::default(),
            scope: Scope::default(),
            detail: false,
            scroll: Scroll::default(),
            wanted: None,
            built: None,
            takers: Vec::new(),
            read: None,
            reading: None,
            asked: None,
            changes: Changes::default(),
        }
    }
}

impl Deployments {
    fn selected(&self) -> Option<&Brief> {
        self.table.selected().map(|row| &row.0)
    }

    /// Returns what came of reading the record of the selected one.
    fn found(&self) -> Option<&Result<Arc<Deployment>, Trouble>> {
        let selected = self.selected()?;
        self.read.as_ref().filter(|(of, _)| of.is_same(selected)).map(|(_, found)| found)
    }

    /// Returns the whole record of the selected one.
    fn whole(&self) -> Option<&Arc<Deployment>> {
        self.selected()?.whole().or_else(|| self.found()?.as_ref().ok())
    }

    /// Returns why it cannot be read.
    fn unread(&self) -> Option<&Trouble> {
        self.found()?.as_ref().err()
    }

    /// Asks for the record of the selected one, where the history does not hold it.
    fn recall(&mut self, cx: &Cx) -> Effects {
        let Some(selected) = self.selected().filter(|d| d.whole().is_none()).cloned() else {
            return self.reading.take().map(|(ticket, _)| Effect::Forget(ticket)).into_iter().collect();
        };
        if self.found().is_some() || self.reading.as_ref().is_some_and(|(_, of)| of.is_same(&selected)) {
            return Effects::new();
        }
        let ticket = cx.ticket();
        let id = selected.to_id();
        let old = self.reading.replace((ticket, selected)).map(|(old, _)| Effect::Forget(old));
        old.into_iter().chain([Effect::Ask(ticket, Query::Record(id))]).collect()
    }

    /// Tells whether a deployment is in a scope; a scope that nothing was chosen for is empty.
    fn within(cx: &Cx, scope: Scope, deployment: &Brief) -> bool {
        match scope {
            Scope::Environment => cx.desk.environment.as_ref() == Some(deployment.environment()),
            Scope::Project => cx.desk.at_project() == Some(&deployment.environment().project),
            Scope::All => true,
        }
    }

    /// Lists the deployments anew when they, or what is chosen, have changed.
    fn refresh(&mut self, cx: &Cx, force: bool) {
        let same = self.built.as_ref().is_some_and(|b| b.is_same(&cx.world.deployments));
        if same && !force {
            return;
        }
        if !same {
            self.takers = detail::takers(&cx.world.deployments);
        }
        self.built = Some(cx.world.deployments.clone());
        let wanted = self.wanted.as_ref().and_then(|id| cx.world.deployment(id));
        let fits = |scope: &Scope| match wanted {
            Some(wanted) => Self::within(cx, *scope, wanted),
            None => cx.world.deployments.iter().any(|d| Self::within(cx, *scope, d)),
        };
        self.scope = Scope::ALL.into_iter().skip(self.wish as usize).find(fits).unwrap_or(Scope::All);
        let rows =
            cx.world.deployments.iter().filter(|d| Self::within(cx, self.scope, d)).map(|d| list::Row(d.clone())).collect();
        let before = self.selected().map(Brief::to_id);
        self.table.set(cx, rows);
        // Where other deployments are listed, one begins at the newest.
        if before.is_some_and(|id| self.table.rows().iter().all(|row| row.0.id() != id.as_str())) {
            self.table.command("list.first");
            self.table.open(cx);
        }
        if let Some(id) = self.wanted.take() {
            if cx.world.deployment(&id).is_some() {
                self.wish = self.scope;
                self.table.select(&id);
            } else {
                self.wanted = Some(id);
            }
        }
    }

    /// Takes the deployment that another tab wants to be shown.
    fn take_wanted(&mut self, cx: &Cx) -> Effects {
        let Some(id) = cx.desk.deployment.clone() else { return Effects::new() };
        self.wanted = Some(id);
        self.detail = true;
        self.scroll.reset();
        self.refresh(cx, true);
        vec![Effect::Desk(Change::Deployment(None))]
    }

    /// Asks for the draft that takes something back.
    fn back(&mut self, cx: &Cx, deployment: &Brief, back: Back) -> Effects {
        let mut effects: Effects = self.asked.take().map(Effect::Forget).into_iter().collect();
        let ticket = cx.ticket();
        self.asked = Some(ticket);
        effects.push(Effect::Ask(ticket, Query::Back(deployment.environment().clone(), back)));
        effects
    }

    fn next_scope(&mut self, cx: &Cx) {
        self.wish = match self.scope {
            Scope::Environment => Scope::Project,
            Scope::Project => Scope::All,
            Scope::All => Scope::Environment,
        };
        self.refresh(cx, true);
    }

    fn command(&mut self, cx: &Cx, id: &'static str) -> Effects {
        let Some(deployment) = self.selected().cloned() else {
            if id == "deployments.scope" {
                self.next_scope(cx);
            } else {
                self.table.command(id);
            }
            return Effects::new();
        };
        match id {
            "deployments.open" | "deployments.back" => {
                self.detail = id == "deployments.open";
                self.scroll.reset();
            }
            "deployments.scope" => self.next_scope(cx),
            "deployments.visit" => return self.link().map(|link| Effect::Visit(link.to_owned())).into_iter().collect(),
            "deployments.copy-link" => return self.link().map(|link| Effect::Copy(link.to_owned())).into_iter().collect(),
            "deployments.copy-id" => return vec![Effect::Copy(deployment.id().to_owned())],
            "deployments.copy-commit" => return vec![Effect::Copy(deployment.commit().to_owned())],
            "deployments.changed" => return vec![Effect::Open(Overlay::Changed(deployment.to_id()))],
            "deployments.sync" => {
                let environment = deployment.environment().clone();
                return cx.give(ManualSync { environment, commit: CommitId::parse(deployment.commit()) });
            }
            "deployments.again" => return self.whole().map(|whole| again(whole)).unwrap_or_default(),
            "deployments.roll-back" => return self.back(cx, &deployment, way_back(cx, &deployment)),
            "deployments.revert" => return self.back(cx, &deployment, Back::Revert(deployment.to_id())),
            "deployments.log" => {
                return log_of(cx, &deployment).map(|of| Effect::Open(Overlay::Log(of))).into_iter().collect();
            }
            id if self.detail => {
                self.scroll.command(id);
            }
            id => {
                self.table.command(id);
                if self.selected().is_none_or(|now| now.id() != deployment.id()) {
                    self.scroll.reset();
                }
            }
        }
        Effects::new()
    }
}

/// Returns how far a rollback from a row goes: to the state that it made, or away from it when it is the one that is there now.
fn way_back(cx: &Cx, deployment: &Brief) -> Back {
    let now = cx.world.deployments.of(deployment.environment()).find(|other| other.landed());
    if now.is_some_and(|now| now.id() == deployment.id()) { Back::Previous } else { Back::To(deployment.to_id()) }
}

/// Lays the draft of a rollback on the desk and shows what it would do.
fn reviewed(draft: Draft) -> Effects {
    vec![
        Effect::Desk(Change::Environment(Some(draft.environment.clone()))),
        Effect::Desk(Change::Draft(Some(draft))),
        Effect::Desk(Change::Preview(None)),
        Effect::Desk(Change::Trouble(None)),
        Effect::Switch(TabId::Diff),
    ]
}

/// Tells whether a deployment waits for somebody to sync its environment by hand.
fn waits_for_sync(cx: &Cx, deployment: &Brief) -> bool {
    let by_hand = cx.world.environment(deployment.environment()).is_some_and(|e| !e.gitops.auto_sync);
    deployment.status() == Status::Waiting && deployment.current() == Some(StageName::Apply) && by_hand
}

/// Lays the edits of a deployment into the form of its environment.
fn again(deployment: &Deployment) -> Effects {
    let draft = Draft {
        environment: deployment.environment.clone(),
        workload: deployment.workload.clone(),
        edits: deployment.edits.clone(),
        texts: Vec::new(),
        message: None,
        base: deployment.base.clone(),
        restore: None,
        manual: None,
    };
    let mut effects = vec![Effect::Desk(Change::Environment(Some(deployment.environment.clone())))];
    if !draft.is_empty() {
        effects.push(Effect::Desk(Change::Draft(Some(draft))));
    }
    effects.push(Effect::Switch(TabId::Deploy));
    effects
}

/// Returns the log that would say most: of the Pod that fails, else of one that is not ready.
fn log_of(cx: &Cx, deployment: &Brief) -> Option<LogOf> {
    let environment = cx.world.environment(deployment.environment())?;
    let workloads = cx.world.workloads_of(environment);
    let pods: Vec<_> = workloads.iter().flat_map(|w| cx.world.pods_of(w)).collect();
    let failing = pods.iter().find_map(|p| p.fault().map(|f| (p.key.clone(), f)));
    if let Some((pod, fault)) = failing {
        let previous = fault.reason == "CrashLoopBackOff";
        return Some(LogOf { pod, container: fault.container, previous, lines: LOG_LINES });
    }
    let pod = pods.iter().find(|p| !p.is_ready()).or_else(|| pods.first())?;
    Some(LogOf { pod: pod.key.clone(), container: String::new(), previous: false, lines: LOG_LINES })
}

impl Tab for Deployments {
    fn commands(&self, cx: &Cx) -> Vec<&'static Command> {
        if self.table.typing() {
            return self.table.commands();
        }
        let mut out: Vec<&'static Command> = Vec::new();
        if let Some(deployment) = self.selected() {
            out.push(if self.detail { &BACK } else { &OPEN });
            out.extend(waits_for_sync(cx, deployment).then_some(&SYNC));
            let open = self.link().is_some();
            out.extend([&VISIT, &COPY_LINK].into_iter().filter(|_| open));
            out.extend(log_of(cx, deployment).map(|_| &LOG));
            // A text that was edited is in no form.
            let formed = |d: &Arc<Deployment>| d.method != Method::GitopsUi || !d.edits.is_empty();
            out.extend(self.whole().is_some_and(formed).then_some(&AGAIN));
            if deployment.landed() && cx.may(domain::actor::Role::Operator) {
                out.extend([&ROLL_BACK, &REVERT]);
            }
            let committed = !deployment.commit().is_empty();
            out.extend(committed.then_some(&CHANGED));
            out.extend((self.detail && committed && !open).then_some(&COPY_COMMIT));
            out.push(&COPY_ID);
        }
        out.push(&SCOPE);
        if self.detail && self.selected().is_some() {
            out.extend(SCROLL);
        } else {
            out.extend(self.table.commands());
        }
        out
    }

    fn typing(&self, _: &Cx) -> bool {
        self.table.typing()
    }

    fn memory(&self, _cx: &Cx) -> Option<Kept> {
        Some(self.table.kept())
    }

    fn update(&mut self, cx: &Cx, msg: TabMsg) -> Effects {
        let shown = !matches!(msg, TabMsg::Leave);
        let mut effects = self.heard(cx, msg);
        if shown {
            effects.extend(self.recall(cx));
            let selected = self.selected().cloned();
            effects.extend(self.changes.of(cx, selected.as_ref()));
        }
        effects
    }

    fn deadline(&self) -> Option<Time> {
        self.table.deadline().into_iter().chain(self.changes.deadline()).min()
    }

    fn view(&self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        self.draw(cx, area, buf);
    }
}

impl Deployments {
    /// Returns where one that waits for approval can be let through.
    fn link(&self) -> Option<&str> {
        self.whole()?.awaits()?.link.as_deref()
    }

    fn heard(&mut self, cx: &Cx, msg: TabMsg) -> Effects {
        match msg {
            TabMsg::Enter | TabMsg::Desk => {
                self.refresh(cx, true);
                if msg == TabMsg::Enter {
                    self.table.open(cx);
                }
                return self.take_wanted(cx);
            }
            TabMsg::World => self.refresh(cx, false),
            // What takes something back would be laid on the desk, and shown, over what is done elsewhere by then.
            TabMsg::Leave => {
                let reading = self.reading.take().map(|(ticket, _)| ticket);
                let asked = reading.into_iter().chain(self.asked.take()).chain(self.changes.leave());
                return asked.map(Effect::Forget).collect();
            }
            TabMsg::Command(id) => return self.command(cx, id),
            TabMsg::Key(key) => self.table.key(key),
            TabMsg::Paste(text) => self.table.paste(&text),
            TabMsg::Recall(kept) => self.table.recall(&kept),
            TabMsg::Wake => {
                self.table.wake(cx.now);
                return self.changes.wake(cx);
            }
            TabMsg::Reply(ticket, answer) if self.changes.take(cx, ticket, &answer) => {}
            TabMsg::Reply(ticket, answer) if self.asked == Some(ticket) => {
                self.asked = None;
                return match answer {
                    Ok(Answer::Draft(Some(draft))) => reviewed(*draft),
                    Ok(_) => Effects::new(),
                    Err(trouble) => vec![Effect::Trouble(trouble)],
                };
            }
            TabMsg::Reply(ticket, answer) => {
                if let Some((_, of)) = self.reading.take_if(|(asked, _)| *asked == ticket) {
                    let found = match answer {
                        Ok(Answer::Record(whole)) => Ok(whole),
                        Ok(_) => return Effects::new(),
                        Err(trouble) => Err(trouble),
                    };
                    self.read = Some((of, found));
                }
            }
            _ => {}
        }
        Effects::new()
    }
}
