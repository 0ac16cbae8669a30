//! A rollback or a revert that lies on the desk: answering what it asks, and giving it. The form has no fields for it, so it is
//! reviewed and submitted here.

use domain::change::{Draft, Preview};
use domain::orders::{Deploy, Outcome};
use domain::restore::{Overlap, Restoring, Side};
use domain::trouble::Trouble;

use super::{Diff, rows};
use crate::command::{Command, command};
use crate::cx::Cx;
use crate::desk::Change;
use crate::effects::{Effect, Effects, OrderTicket, Toast};
use crate::place::TabId;
use crate::tabs::deploy::verdict::of_others;
use crate::theme::Role;
use crate::widgets::put::{piece, wrap};

const SUBMIT: Command = command("diff.submit", &["ctrl-s"], 1);
const THEIRS: Command = command("diff.theirs", &["t"], 1);
const RESTORE: Command = command("diff.restore", &["u"], 1);
const SUSPEND: Command = command("diff.suspend", &["a"], 4);
const DROP: Command = command("diff.drop", &["ctrl-x"], 9);

/// How many lines of a side are shown.
const LINES: usize = 8;

/// Returns what can be done with it.
pub(super) fn commands(cx: &Cx) -> Vec<&'static Command> {
    let (Some(_), Some(preview)) = (cx.desk.restoring(), cx.desk.preview.as_ref()) else { return Vec::new() };
    let mut out: Vec<&'static Command> = Vec::new();
    if preview.open_questions() > 0 {
        out.extend([&THEIRS, &RESTORE]);
    } else if !preview.is_empty() && cx.may(domain::actor::Role::Operator) {
        out.push(&SUBMIT);
    }
    out.extend((!preview.overwriters.is_empty()).then_some(&SUSPEND));
    out.push(&DROP);
    out
}

impl Diff {
    /// Does a command; nothing when it is not one of these.
    pub(super) fn back(&mut self, cx: &Cx, id: &str) -> Option<Effects> {
        let draft = cx.desk.restoring()?.clone();
        Some(match id {
            "diff.theirs" => answered(cx, draft, Side::Theirs),
            "diff.restore" => answered(cx, draft, Side::Restored),
            "diff.suspend" => suspended(cx, draft),
            "diff.submit" => self.submit(cx, draft),
            "diff.drop" => {
                vec![Effect::Desk(Change::Draft(None)), Effect::Desk(Change::Preview(None)), Effect::Switch(TabId::Deployments)]
            }
            _ => return None,
        })
    }

    fn submit(&mut self, cx: &Cx, draft: Draft) -> Effects {
        if self.given.is_some() {
            return Effects::new();
        }
        // It may be asked about anew just now, since the branch has moved: what is shown is what is meant, and its digest says so.
        let Some(preview) = cx.desk.preview.as_ref().filter(|p| p.open_questions() == 0) else {
            return vec![Effect::Toast(Toast { health: domain::flux::Health::Warn, text: cx.t("diff.unanswered").to_owned() })];
        };
        let ticket = cx.order_ticket();
        self.given = Some((ticket, draft.environment.clone()));
        vec![Effect::Give(ticket, Deploy { draft, reviewed: Some(preview.digest.clone()), dry_run: false }.into())]
    }

    /// Takes what came of the order. It may take minutes: who went on to something else meanwhile is left there.
    pub(super) fn done(&mut self, cx: &Cx, ticket: OrderTicket, result: Result<Outcome, Trouble>) -> Effects {
        let Some((_, environment)) = self.given.take_if(|(given, _)| *given == ticket) else { return Effects::new() };
        if cx.desk.restoring().is_none_or(|draft| draft.environment != environment) {
            return Effects::new();
        }
        match result {
            Ok(outcome) if outcome.deployment.is_some() => {
                let mut effects = vec![
                    Effect::Desk(Change::Draft(None)),
                    Effect::Desk(Change::Preview(None)),
                    Effect::Desk(Change::Deployment(outcome.deployment)),
                ];
                effects.extend(self.loading.is_shown().then_some(Effect::Switch(TabId::Deployments)));
                effects
            }
            // What is there by now has to be looked at again.
            _ => vec![Effect::Desk(Change::Preview(None))],
        }
    }
}

/// Lays a changed draft on the desk; what it would do is asked anew.
fn laid(draft: Draft) -> Effects {
    vec![Effect::Desk(Change::Draft(Some(draft))), Effect::Desk(Change::Preview(None))]
}

/// Answers the first question that is open.
fn answered(cx: &Cx, mut draft: Draft, side: Side) -> Effects {
    let Some(restoring) = cx.desk.preview.as_ref().and_then(|p| p.restoring.as_ref()) else { return Effects::new() };
    let Some(restore) = &mut draft.restore else { return Effects::new() };
    match open(restoring) {
        Some(overlap) => restore.settle(&overlap.mark, side),
        None if restore.shared.is_none() => restore.shared = Some(side),
        None => return Effects::new(),
    }
    laid(draft)
}

/// Suspends the automations that would overwrite it, or does not after all.
fn suspended(cx: &Cx, mut draft: Draft) -> Effects {
    let Some(preview) = &cx.desk.preview else { return Effects::new() };
    if let Some(restore) = &mut draft.restore {
        let mut keys: Vec<_> = preview.overwriters.iter().map(|o| o.automation.clone()).collect();
        keys.sort();
        keys.dedup();
        restore.suspend = if restore.suspend.is_empty() { keys } else { Vec::new() };
    }
    laid(draft)
}

fn open(restoring: &Restoring) -> Option<&Overlap> {
    restoring.overlaps.iter().find(|overlap| overlap.answer.is_none())
}

/// Holds the rows that say what is taken back, what is asked, and how it was answered.
struct Sheet<'a> {
    cx: &'a Cx<'a>,
    wide: usize,
    rows: Vec<rows::Row>,
}

/// Says what is taken back, what is asked, and how it was answered.
pub(super) fn head(cx: &Cx, preview: &Preview, wide: usize) -> Vec<rows::Row> {
    let Some(restoring) = &preview.restoring else { return Vec::new() };
    let mut sheet = Sheet { cx, wide, rows: Vec::new() };
    let restore = &restoring.restore;
    let undone: Vec<&str> = restore.undoes.iter().map(|undone| undone.deployment.short()).collect();
    let names = undone.join(", ");
    match &restore.to {
        Some(to) => sheet.say("", &cx.tf("diff.back-to", &[("deployment", to.short()), ("undone", &names)]), Role::Accent),
        None => sheet.say("", &cx.tf("diff.reverts", &[("undone", &names)]), Role::Accent),
    }
    for told in of_others(cx, restore) {
        sheet.say("▲ ", &told, Role::Warn);
    }
    let first = open(restoring).map(|overlap| overlap.mark.as_str());
    for overlap in &restoring.overlaps {
        sheet.overlap(overlap);
        if first == Some(overlap.mark.as_str()) {
            sheet.keys("diff.answer-how");
        }
    }
    for shared in &restoring.shared {
        let names = shared.environments.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let (lead, role) = if restore.shared.is_none() { ("? ", Role::Warn) } else { ("✓ ", Role::Ok) };
        sheet.say(lead, &cx.tf("diff.shared", &[("file", &shared.file), ("environments", &names)]), role);
    }
    if first.is_none() && restore.shared.is_none() && !restoring.shared.is_empty() {
        sheet.keys("diff.shared-how");
    }
    sheet.warnings(preview, restoring);
    sheet.rows
}

impl Sheet<'_> {
    fn say(&mut self, lead: &str, text: &str, role: Role) {
        for (at, line) in wrap(text, self.wide.saturating_sub(2)).into_iter().enumerate() {
            let lead = if at == 0 { lead.to_owned() } else { " ".repeat(lead.chars().count()) };
            self.rows.push(rows::Row::Told(vec![piece(lead, role), piece(line, role)]));
        }
    }

    /// Says which keys answer a question.
    fn keys(&mut self, key: &str) {
        let (theirs, restore) = (self.cx.key(&THEIRS), self.cx.key(&RESTORE));
        self.say("  → ", &self.cx.tf(key, &[("theirs", &theirs), ("restore", &restore)]), Role::Accent);
    }

    /// Shows both sides of an overlap.
    fn overlap(&mut self, overlap: &Overlap) {
        let cx = self.cx;
        let place = overlap.line.map_or_else(|| overlap.file.clone(), |line| format!("{}:{line}", overlap.file));
        let (lead, role) = if overlap.answer.is_none() { ("? ", Role::Warn) } else { ("✓ ", Role::Ok) };
        self.say(lead, &cx.tf("diff.overlap", &[("place", &place), ("by", &overlap.by.join(", "))]), role);
        let sides =
            [("diff.theirs-side", &overlap.theirs, Side::Theirs), ("diff.restored-side", &overlap.restored, Side::Restored)];
        for (name, text, side) in sides {
            let role = if overlap.answer.is_some_and(|answer| answer != side) { Role::Faint } else { Role::Text };
            self.say("    ", cx.words.get(name), Role::Muted);
            match text {
                Some(text) if text.is_empty() => self.say("      ", cx.t("diff.no-lines"), Role::Muted),
                Some(text) => {
                    for line in text.lines().take(LINES) {
                        self.say("      ", &domain::text::display(line, false), role);
                    }
                }
                None => self.say("      ", cx.t("diff.no-file"), role),
            }
        }
    }

    /// Says what stays behind, what would undo it, and why it does not build.
    fn warnings(&mut self, preview: &Preview, restoring: &Restoring) {
        let cx = self.cx;
        for (path, why) in &restoring.left {
            self.say("▲ ", &cx.tf("diff.left", &[("path", path), ("why", &cx.said(why))]), Role::Warn);
        }
        for key in &restoring.restore.suspend {
            self.say("→ ", &cx.tf("diff.suspends", &[("automation", &key.to_string())]), Role::Accent);
        }
        if !preview.overwriters.is_empty() && restoring.restore.suspend.is_empty() {
            self.say("→ ", &cx.tf("diff.suspend-how", &[("key", &cx.key(&SUSPEND))]), Role::Accent);
        }
        if let Some(trouble) = &preview.render_trouble {
            self.say("✗ ", &cx.tf("diff.no-build", &[("why", &cx.trouble(trouble))]), Role::Bad);
        }
    }
}
