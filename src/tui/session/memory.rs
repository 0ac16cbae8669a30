//! Leaving a session and coming back: what is remembered of it, and what has changed since.

use domain::Time;
use domain::deployment::Status;
use domain::flux::{Health, KINDS};
use domain::history::Brief;
use domain::ident::Slug;

use super::{Act, Place, Session};
use crate::desk::Change;
use crate::effects::{Effect, Overlay, Toast};
use crate::memory::Memory;
use crate::place::TabId;
use crate::tab::TabMsg;
use crate::tabs::{self, TABS};

/// How many changes are listed.
const MOST: usize = 200;

/// Tells whether a deployment began or ended since a moment.
fn is_news(deployment: &Brief, left: Time) -> bool {
    deployment.requested() > left || deployment.finished().is_some_and(|at| at > left)
}

impl Session {
    /// Returns what is to be remembered of it.
    pub fn memory(&self) -> Memory {
        let cx = self.base.cx();
        let lists = TABS.iter().zip(&self.tabs).filter_map(|(entry, tab)| Some((entry.title.to_owned(), tab.memory(&cx)?)));
        Memory {
            tab: tabs::entry(self.active).title.to_owned(),
            project: self.base.desk.project.as_ref().map(ToString::to_string),
            kind: self.base.desk.kind.map(str::to_owned),
            lists: lists.collect(),
            left: Some(self.base.now),
        }
    }

    /// Goes back to where an earlier session was left, as far as that is still there, and says what has changed since.
    pub fn recall(&mut self, memory: &Memory) -> Vec<Act> {
        let mut acts = Vec::new();
        let known = |slug: &Slug| self.base.world.project(slug).is_some();
        let project = memory.project.as_ref().and_then(|slug| Slug::new(slug.clone()).ok()).filter(known);
        let kind = memory.kind.as_ref().and_then(|kind| KINDS.iter().find(|known| known.name == *kind)).map(|kind| kind.name);
        let here = Place::Tab(self.active);
        self.carry_out(here, vec![Effect::Desk(Change::Project(project)), Effect::Desk(Change::Kind(kind))], &mut acts);
        for entry in TABS {
            if let Some(kept) = memory.lists.get(entry.title) {
                self.tell(Place::Tab(entry.id), TabMsg::Recall(kept.clone()), &mut acts);
            }
        }
        // What is about a draft is no place to begin at: the draft is kept, and whoever wants it goes there.
        let draft = |id: TabId| matches!(id, TabId::Deploy | TabId::Yaml | TabId::Diff);
        let known = !self.base.world.projects.is_empty();
        if let Some(entry) = TABS.iter().find(|entry| entry.title == memory.tab && known && !draft(entry.id)) {
            self.switch(entry.id, false, &mut acts);
        }
        self.left = memory.left;
        self.look_for_news();
        let since = self.since();
        if !since.is_empty() {
            let failed = since.iter().filter(|deployment| deployment.status() == Status::Failed).count();
            let counts = [("count", since.len().to_string()), ("failed", failed.to_string())];
            let values: Vec<(&str, &str)> = counts.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let text = self.base.cx().tf(if failed > 0 { "since.note-failed" } else { "since.note" }, &values);
            self.toast(Toast { health: if failed > 0 { Health::Warn } else { Health::Ok }, text });
        }
        self.mark();
        acts
    }

    /// Returns the deployments that began or ended since the session before was left, the newest first.
    fn since(&self) -> Vec<&Brief> {
        let Some(left) = self.left else { return Vec::new() };
        self.base.world.deployments.iter().filter(|d| is_news(d, left)).take(MOST).collect()
    }

    /// Looks whether there is something to say about what has changed since. That goes through all deployments: it is done when
    /// there are others, not whenever it is asked what is possible.
    pub(super) fn look_for_news(&mut self) {
        self.news |= self.left.is_some_and(|left| self.base.world.deployments.iter().any(|d| is_news(d, left)));
    }

    /// Lists what has changed since.
    pub(super) fn show_news(&mut self, acts: &mut Vec<Act>) {
        let cx = self.base.cx();
        let Some(left) = self.left else { return };
        let line = |deployment: &Brief| {
            let status = cx.t(match deployment.status() {
                Status::Running => "deployments.status.running",
                Status::Waiting => "deployments.status.waiting",
                Status::Succeeded => "deployments.status.succeeded",
                Status::Failed => "deployments.status.failed",
                Status::Superseded => "deployments.status.superseded",
            });
            let trouble = deployment.whole().and_then(|d| d.trouble()).map(|trouble| format!("  {}", cx.said(&trouble.what)));
            let (at, id, by) = (cx.moment(deployment.requested()), deployment.environment(), deployment.actor());
            domain::text::one_line(&format!(
                "{at}  {status}  {id}  {}  {by}{}",
                cx.changes(deployment.method(), deployment.summary()),
                trouble.unwrap_or_default()
            ))
        };
        let lines = self.since().into_iter().map(line).collect();
        let title = cx.tf("since.title", &[("moment", &cx.moment(left))]);
        self.open(Overlay::Text(title, lines), acts);
    }
}
