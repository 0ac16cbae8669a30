//! A promotion before it is laid into the form: where it comes from, which fields are taken over, and the commits in between.
//!
//! ```text
//! ╭─ Promote to shop/production ──────────────────────────╮
//! │ from shop/staging  (77aa010)                          │
//! │ ▌[x] image      image tag 1.9.0-rc1                   │
//! │  [ ] replicas   replicas 3                            │
//! │  –   env        nothing differs                       │
//! │ 2 commits in between:                                 │
//! │ a41f09c  2h  Ada: Ship the new basket                 │
//! ╰───────────────────────────────────────────────────────╯
//! ```

use std::sync::Arc;

use domain::Trouble;
use domain::change::Draft;
use domain::edit::{Edit, Field};
use domain::flux::Health;
use domain::ident::EnvironmentId;
use domain::project::Environment;
use domain::promotion::{Promote, PromotePart, Promotion, sources};
use domain::query::{Answer, Query};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::command::{Command, command};
use crate::cx::Cx;
use crate::desk::Change;
use crate::effects::{Effect, Effects, Ticket, Toast};
use crate::place::TabId;
use crate::tab::{Tab, TabMsg};
use crate::tabs::deploy::label;
use crate::theme::Role;
use crate::widgets::dialog;
use crate::widgets::put::{columns, piece, put_pieces, width};
use crate::widgets::scroll::{SCROLL, Scroll};
use crate::widgets::sheet::{self, Row};

static TAKE: Command = command("promotion.take", &["enter"], 1);
static TURN: Command = command("promotion.turn", &["space"], 2);
static FROM: Command = command("promotion.from", &["f"], 3);
static DOWN: Command = command("promotion.down", &["j", "down"], 0);
static UP: Command = command("promotion.up", &["k", "up"], 0);

/// Holds a promotion that is being chosen.
#[derive(Debug)]
pub struct Choosing {
    to: EnvironmentId,
    /// Which of the sources.
    source: usize,
    waiting: Option<Ticket>,
    found: Option<Arc<Promotion>>,
    trouble: Option<String>,
    chosen: Vec<PromotePart>,
    cursor: usize,
    scroll: Scroll,
}

impl Choosing {
    /// Begins to choose what goes to an environment.
    pub fn new(to: EnvironmentId) -> Self {
        Self {
            to,
            source: 0,
            waiting: None,
            found: None,
            trouble: None,
            chosen: vec![PromotePart::Image],
            cursor: 0,
            scroll: Scroll::default(),
        }
    }

    fn sources<'a>(&self, cx: &Cx<'a>) -> Vec<&'a Arc<Environment>> {
        cx.world.environment(&self.to).map(|to| sources(&cx.world.environments, to)).unwrap_or_default()
    }

    /// Asks for everything that differs; what is taken over is chosen from that.
    fn ask(&mut self, cx: &Cx) -> Effects {
        (self.found, self.trouble) = (None, None);
        let old = self.waiting.take().map(Effect::Forget);
        let Some(from) = self.sources(cx).get(self.source).map(|from| from.id.clone()) else {
            return old.into_iter().chain([Effect::Close]).collect();
        };
        let ticket = cx.ticket();
        self.waiting = Some(ticket);
        let wanted = Promote { from, to: self.to.clone(), parts: PromotePart::ALL.to_vec() };
        old.into_iter().chain([Effect::Ask(ticket, Query::Promote(wanted))]).collect()
    }

    fn edits(&self, part: PromotePart) -> impl Iterator<Item = &Edit> {
        let edits = self.found.iter().flat_map(|found| &found.draft.edits);
        edits.filter(move |edit| PromotePart::of(&edit.field) == Some(part))
    }

    /// Returns the draft of what is chosen.
    fn draft(&self) -> Option<Draft> {
        let draft = &self.found.as_ref()?.draft;
        let chosen = |edit: &&Edit| PromotePart::of(&edit.field).is_some_and(|part| self.chosen.contains(&part));
        let edits: Vec<Edit> = draft.edits.iter().filter(chosen).cloned().collect();
        (!edits.is_empty()).then(|| Draft { edits, ..draft.clone() })
    }

    fn answer(&mut self, cx: &Cx, answer: Result<Answer, Trouble>) -> Effects {
        match answer {
            Ok(Answer::Promotion(found)) if found.draft.edits.is_empty() => {
                let names = [("from", found.from.to_string()), ("to", self.to.to_string())];
                let text = cx.tf("environments.promoted-already", &names.each_ref().map(|(key, name)| (*key, name.as_str())));
                if self.sources(cx).len() > 1 {
                    // Another one may have something else.
                    (self.trouble, self.found) = (Some(text), None);
                    return Effects::new();
                }
                vec![Effect::Close, Effect::Toast(Toast { health: Health::Ok, text })]
            }
            Ok(Answer::Promotion(found)) => {
                self.found = Some(found);
                Effects::new()
            }
            Ok(_) => Effects::new(),
            Err(trouble) => {
                self.trouble = Some(cx.trouble(&trouble));
                Effects::new()
            }
        }
    }

    fn turn(&mut self) {
        let Some(part) = PromotePart::ALL.get(self.cursor).copied() else { return };
        if self.chosen.contains(&part) {
            self.chosen.retain(|held| *held != part);
        } else if self.edits(part).next().is_some() {
            self.chosen.push(part);
        }
    }

    fn command(&mut self, cx: &Cx, id: &str) -> Effects {
        let count = PromotePart::ALL.len();
        match id {
            "promotion.take" => {
                let Some(draft) = self.draft() else { return Effects::new() };
                return vec![
                    Effect::Close,
                    Effect::Desk(Change::Environment(Some(self.to.clone()))),
                    Effect::Desk(Change::Draft(Some(draft))),
                    Effect::Switch(TabId::Deploy),
                ];
            }
            "promotion.turn" => self.turn(),
            "promotion.down" => self.cursor = (self.cursor + 1) % count,
            "promotion.up" => self.cursor = (self.cursor + count - 1) % count,
            "promotion.from" => {
                self.source = (self.source + 1) % self.sources(cx).len().max(1);
                return self.ask(cx);
            }
            id => {
                self.scroll.command(id);
            }
        }
        Effects::new()
    }

    fn rows(&self, cx: &Cx) -> Vec<Row> {
        let from = self.sources(cx).get(self.source).map(|from| from.id.to_string()).unwrap_or_default();
        let mut head = vec![piece(format!("{}  ", cx.t("promotion.from")), Role::Muted), piece(from, Role::Accent)];
        if let Some(found) = &self.found {
            head.push(piece(format!("  {}", found.from_commit.short()), Role::Muted));
        }
        let mut rows = vec![Row::Line(head), Row::Blank];
        if self.waiting.is_some() {
            rows.push(Row::Line(vec![piece(format!("{} {}", cx.spinner(), cx.t("promotion.reading")), Role::Muted)]));
        }
        rows.extend(self.trouble.iter().map(|said| Row::text("", Role::Warn, said.clone(), Role::Warn)));
        let Some(found) = &self.found else { return rows };
        let names = PromotePart::ALL.map(|part| cx.words.get(&format!("promotion.part.{}", part.word())).to_owned());
        let wide = names.iter().map(|name| width(name)).max().unwrap_or(0);
        for (at, (part, name)) in PromotePart::ALL.into_iter().zip(names).enumerate() {
            rows.push(self.part(cx, (at, part), &format!("{name}{}", " ".repeat(wide - width(&name)))));
        }
        rows.push(Row::Blank);
        rows.extend(found.notes.iter().map(|note| Row::text("▲ ", Role::Warn, cx.said(note), Role::Text)));
        rows.extend(commits(cx, found));
        rows
    }

    fn part(&self, cx: &Cx, (at, part): (usize, PromotePart), name: &str) -> Row {
        let bar = if at == self.cursor { "▌" } else { " " };
        let told: Vec<String> = self.edits(part).map(|edit| told(cx, edit)).collect();
        let (mark, role) = match (told.is_empty(), self.chosen.contains(&part)) {
            (true, _) => (" – ", Role::Faint),
            (false, true) => ("[x]", Role::Ok),
            (false, false) => ("[ ]", Role::Muted),
        };
        let lead = format!("{bar}{mark} {name}  ");
        if told.is_empty() {
            return Row::text(lead, role, cx.t("promotion.same"), Role::Faint);
        }
        let lead_role = if at == self.cursor { Role::Accent } else { role };
        Row::text(lead, lead_role, told.join(", "), if self.chosen.contains(&part) { Role::Text } else { Role::Muted })
    }
}

/// Says what one edit brings. What applications read may be secret, so only its name is told.
fn told(cx: &Cx, edit: &Edit) -> String {
    let container = edit.container.as_ref().map(|container| format!("{container} ")).unwrap_or_default();
    let name = format!("{container}{}", label(cx, &edit.field));
    match (&edit.field, &edit.value) {
        (Field::Env(_) | Field::EnvRef(_) | Field::Value(_) | Field::Config(..), Some(_)) => name,
        (_, Some(value)) => format!("{name} {value}"),
        (_, None) => cx.tf("promotion.goes", &[("field", &name)]),
    }
}

fn commits(cx: &Cx, found: &Promotion) -> Vec<Row> {
    let count = found.commits.len().to_string();
    let key = if found.more { "environments.commits-more" } else { "environments.commits-between" };
    let mut rows = vec![Row::heading(cx.tf(key, &[("count", &count)]))];
    rows.extend(found.commits.iter().map(|commit| {
        let age = commit.time.map(|time| cx.age(time)).unwrap_or_default();
        Row::Line(vec![
            piece(commit.id.short().to_owned(), Role::Muted),
            piece(format!("  {age:>4}  "), Role::Faint),
            piece(format!("{}: {}", commit.author, commit.subject), Role::Text),
        ])
    }));
    rows
}

impl Tab for Choosing {
    fn commands(&self, cx: &Cx) -> Vec<&'static Command> {
        let mut out: Vec<&'static Command> = Vec::new();
        out.extend(self.draft().is_some().then_some(&TAKE));
        if self.found.is_some() {
            out.extend([&TURN, &DOWN, &UP]);
        }
        out.extend((self.sources(cx).len() > 1).then_some(&FROM));
        // Up and down choose; the commits are paged through.
        out.extend(
            SCROLL.iter().filter(|c| matches!(c.id, "scroll.half-down" | "scroll.half-up" | "scroll.first" | "scroll.last")),
        );
        out
    }

    fn update(&mut self, cx: &Cx, msg: TabMsg) -> Effects {
        match msg {
            TabMsg::Enter if self.found.is_none() && self.waiting.is_none() => self.ask(cx),
            TabMsg::Reply(ticket, answer) if self.waiting == Some(ticket) => {
                self.waiting = None;
                self.answer(cx, answer)
            }
            TabMsg::Command(id) => self.command(cx, id),
            _ => Effects::new(),
        }
    }

    fn view(&self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        let rows = self.rows(cx);
        let wide = area.width.saturating_sub(4).clamp(20, 104);
        let high = columns(sheet::height(&rows, wide.saturating_sub(4)) + 4).min(area.height);
        let title = cx.tf("promotion.title", &[("environment", &self.to.to_string())]);
        let inner = dialog::frame(cx, dialog::centred(area, wide, high), buf, &title);
        if inner.height < 3 {
            return;
        }
        sheet::view(cx, Rect { height: inner.height - 2, ..inner }, buf, &rows, &self.scroll);
        let mut line = Vec::new();
        for command in self.commands(cx).into_iter().filter(|c| c.footer > 0) {
            line.push(piece(cx.key(command), Role::Accent));
            line.push(piece(format!(" {}   ", cx.title(command)), Role::Text));
        }
        put_pieces(cx, buf, (inner.x, inner.bottom() - 1), inner.width, &line);
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::panic, reason = "a test says which input failed by failing")]
    use domain::edit::WorkloadRef;
    use domain::query::CommitLine;

    use super::*;
    use crate::effects::{Reply, Wish};
    use crate::fixture::{Stage, commit, now};
    use crate::words::Language;

    fn promotion(wanted: &Promote) -> Promotion {
        let edits = vec![
            Edit::set(Field::ImageTag, "1.9.0-rc1"),
            Edit::set(Field::Replicas, "3"),
            Edit::set(Field::Env("TOKEN".to_owned()), "hunter2"),
            Edit::remove(Field::ImageDigest),
        ];
        let workload = Some(WorkloadRef { kind: "Deployment".to_owned(), name: "shop-web".to_owned() });
        let line = |id: &str, subject: &str| CommitLine {
            id: commit(id),
            author: "Ada Byron".to_owned(),
            time: Some(now()),
            subject: subject.to_owned(),
        };
        Promotion {
            from: wanted.from.clone(),
            from_commit: commit("77aa010"),
            to_commit: Some(commit("9e1c21d")),
            images: vec![("web".to_owned(), "ghcr.io/acme/shop:1.9.0-rc1".to_owned())],
            commits: vec![line("a41f09c", "Ship the new basket"), line("1f0c2a9", "Let it breathe")],
            more: false,
            notes: vec!["Container proxy is not in shop/production.".to_owned()],
            draft: Draft { workload, edits, ..Draft::new(wanted.to.clone()) },
        }
    }

    fn asked(stage: &mut Stage) -> Promote {
        let wishes = stage.wishes();
        let found = wishes
            .iter()
            .find_map(|w| if let Wish::Ask(ticket, Query::Promote(p)) = w { Some((*ticket, p.clone())) } else { None });
        let Some((ticket, wanted)) = found else { panic!("{wishes:?}") };
        stage.reply(Reply::Answer(ticket, Ok(Answer::Promotion(Arc::new(promotion(&wanted))))));
        wanted
    }

    #[test]
    fn fields_are_chosen_and_laid_into_the_form() {
        for language in Language::ALL {
            let mut stage = Stage::new(110, 32, language);
            stage.keys("2 G");
            stage.wishes();
            stage.keys("p");
            let wanted = asked(&mut stage);
            assert_eq!((wanted.from.to_string().as_str(), wanted.parts.len()), ("shop/staging", 6));
            stage.keys("down space");
            insta::assert_snapshot!(format!("promotion-{}", language.tag()), stage.frame());
            assert!(!stage.lines().contains("hunter2"), "a value that may be secret is not shown");
            // Where nothing differs there is nothing to choose.
            stage.keys("up up space down space space enter");
            assert_eq!(stage.session.active(), TabId::Deploy);
            let draft = stage.session.cx().desk.draft.clone();
            let fields: Vec<Field> = draft.into_iter().flat_map(|draft| draft.edits).map(|edit| edit.field).collect();
            assert_eq!(fields, [Field::ImageTag, Field::Replicas, Field::ImageDigest]);
        }
    }

    #[test]
    fn another_environment_can_be_where_it_comes_from() {
        let mut stage = Stage::new(110, 32, Language::English);
        stage.keys("2 G");
        stage.wishes();
        stage.keys("p");
        let first = asked(&mut stage);
        stage.keys("f");
        let second = asked(&mut stage);
        assert_ne!(first.from, second.from);
        assert!(stage.lines().contains(&second.from.to_string()), "{}", stage.lines());
    }
}
