//! What the commit of the selected deployment changed, on a screen with room for it: read when the selection has rested.

use domain::Time;
use domain::change::FileChange;
use domain::history::Brief;
use domain::ident::DeploymentId;
use domain::query::{Answer, Query};
use domain::trouble::Trouble;

use crate::cx::Cx;
use crate::effects::{Effect, Effects, Ticket};
use crate::theme::Role;
use crate::widgets::diff_view::TextDiff;
use crate::widgets::sheet::{self, Row};

/// How many lines a screen has at least where it is read.
const ROOMY: u16 = 40;
/// How long the selection rests before it is read, in milliseconds.
const RESTS: i64 = 200;
/// How many lines of it are shown.
const MOST: usize = 24;

/// Holds the first lines of what changed, and how many follow.
#[derive(Debug)]
struct Found {
    rows: Vec<Row>,
    more: usize,
}

/// Holds what was read of one deployment.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// The selected one, and when it is read.
    due: Option<(DeploymentId, Time)>,
    reading: Option<(Ticket, DeploymentId)>,
    here: Option<(DeploymentId, Result<Found, String>)>,
}

impl Changes {
    /// Takes note of what is selected now, or of nothing; what was asked of another one is taken back.
    pub(super) fn of(&mut self, cx: &Cx, selected: Option<&Brief>) -> Effects {
        let selected = selected.filter(|d| cx.size.height >= ROOMY && !d.commit().is_empty());
        let is = |id: &DeploymentId| selected.is_some_and(|d| d.id() == id.as_str());
        let gone = self.reading.take_if(|(_, id)| !is(id));
        self.due.take_if(|(id, _)| !is(id));
        let known = self.reading.is_some() || self.due.is_some() || self.here.as_ref().is_some_and(|(id, _)| is(id));
        if let Some(selected) = selected.filter(|_| !known) {
            let at = Time::from_millisecond(cx.now.as_millisecond() + RESTS).unwrap_or(cx.now);
            self.due = Some((selected.to_id(), at));
        }
        gone.map(|(ticket, _)| Effect::Forget(ticket)).into_iter().collect()
    }

    /// Returns when something is to be read.
    pub(super) fn deadline(&self) -> Option<Time> {
        self.due.as_ref().map(|(_, at)| *at)
    }

    /// Reads what is due.
    pub(super) fn wake(&mut self, cx: &Cx) -> Effects {
        let Some((id, _)) = self.due.take_if(|(_, at)| *at <= cx.now) else { return Effects::new() };
        let ticket = cx.ticket();
        self.reading = Some((ticket, id.clone()));
        vec![Effect::Ask(ticket, Query::Changed(id))]
    }

    /// Takes an answer, if it is to what was asked here; tells whether it was.
    pub(super) fn take(&mut self, cx: &Cx, ticket: Ticket, answer: &Result<Answer, Trouble>) -> bool {
        let Some((_, id)) = self.reading.take_if(|(asked, _)| *asked == ticket) else { return false };
        let diff = |file: &FileChange| TextDiff::new(file.path.clone(), file.before.as_deref(), file.after.as_deref());
        self.here = match answer {
            Ok(Answer::Changed(files)) => Some((id, Ok(Found::of(&files.iter().map(diff).collect::<Vec<_>>())))),
            Ok(_) => None,
            Err(trouble) => Some((id, Err(cx.trouble(trouble)))),
        };
        true
    }

    /// Takes back what is asked.
    pub(super) fn leave(&mut self) -> Option<Ticket> {
        self.due = None;
        self.reading.take().map(|(ticket, _)| ticket)
    }

    /// Returns what a deployment changed; nothing when that was not read. The key shows all of it.
    pub(super) fn rows(&self, cx: &Cx, deployment: &Brief, key: &str) -> Vec<Row> {
        let ours = |(id, _): &&(DeploymentId, Result<Found, String>)| deployment.id() == id.as_str();
        let found = match self.here.as_ref().filter(ours) {
            None => return Vec::new(),
            Some((_, Err(why))) => return vec![Row::Blank, Row::text("! ", Role::Warn, why.clone(), Role::Muted)],
            Some((_, Ok(found))) => found,
        };
        let mut rows = found.rows.clone();
        if found.more > 0 {
            let values = [("key", key), ("count", &found.more.to_string())];
            rows.push(Row::text("", Role::Muted, cx.tf("deployments.more-lines", &values), Role::Muted));
        }
        rows
    }
}

impl Found {
    fn of(files: &[TextDiff]) -> Self {
        let mut rows = sheet::changes(files);
        rows.pop();
        if !rows.is_empty() {
            rows.insert(0, Row::Blank);
        }
        let more = rows.len().saturating_sub(MOST);
        rows.truncate(MOST);
        Self { rows, more }
    }
}
