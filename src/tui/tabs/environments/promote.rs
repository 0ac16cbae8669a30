//! Promoting: what runs in the environment before the selected one is laid into its form, and the commits in between are shown.

use std::sync::Arc;

use domain::Trouble;
use domain::project::Environment;
use domain::promotion::{Promote, PromotePart, Promotion};
use domain::query::{Answer, Query};

use super::Environments;
use crate::cx::Cx;
use crate::desk::Change;
use crate::effects::{Effect, Effects, Overlay, Toast};
use crate::place::TabId;

/// Returns the environment from which a change comes to another: the last one before it on the way to production.
pub(super) fn source<'a>(cx: &Cx<'a>, to: &Environment) -> Option<&'a Arc<Environment>> {
    let before = |e: &&Arc<Environment>| e.id.project == to.id.project && e.kind < to.kind && e.gitops.enabled;
    cx.world.environments.iter().filter(before).max_by_key(|e| e.kind)
}

impl Environments {
    /// Asks for what runs there as a draft for the selected environment.
    pub(super) fn promote(&mut self, cx: &Cx) -> Effects {
        let Some(line) = self.table.selected() else { return Effects::new() };
        let Some(from) = source(cx, &line.environment) else { return Effects::new() };
        let wanted = Promote { from: from.id.clone(), to: line.environment.id.clone(), parts: vec![PromotePart::Image] };
        let mut effects: Effects = self.asked.take().map(Effect::Forget).into_iter().collect();
        let ticket = cx.ticket();
        self.asked = Some(ticket);
        effects.push(Effect::Ask(ticket, Query::Promote(wanted)));
        effects
    }
}

/// Lays a promotion into the form and shows its commits.
pub(super) fn came(cx: &Cx, answer: Result<Answer, Trouble>) -> Effects {
    let promotion = match answer {
        Ok(Answer::Promotion(promotion)) => promotion,
        Ok(_) => return Effects::new(),
        Err(trouble) => return vec![Effect::Trouble(trouble)],
    };
    let (from, to) = (promotion.from.to_string(), promotion.draft.environment.to_string());
    let names = [("from", from.as_str()), ("to", to.as_str())];
    if promotion.draft.edits.is_empty() {
        let text = cx.tf("environments.promoted-already", &names);
        return vec![Effect::Toast(Toast { health: domain::flux::Health::Ok, text })];
    }
    vec![
        Effect::Desk(Change::Environment(Some(promotion.draft.environment.clone()))),
        Effect::Desk(Change::Draft(Some(promotion.draft.clone()))),
        Effect::Switch(TabId::Deploy),
        Effect::Open(Overlay::Text(cx.tf("environments.promotion", &names), lines(cx, &promotion))),
    ]
}

fn lines(cx: &Cx, promotion: &Promotion) -> Vec<String> {
    let mut out: Vec<String> = promotion.images.iter().map(|(container, image)| format!("{container}  {image}")).collect();
    out.extend(promotion.notes.iter().map(|note| cx.said(note)));
    out.push(String::new());
    let count = promotion.commits.len().to_string();
    let key = if promotion.more { "environments.commits-more" } else { "environments.commits-between" };
    out.push(cx.tf(key, &[("count", &count)]));
    out.extend(promotion.commits.iter().map(|c| {
        let age = c.time.map(|time| cx.age(time)).unwrap_or_default();
        format!("{}  {age:>4}  {}: {}", c.id.short(), c.author, c.subject)
    }));
    out
}
