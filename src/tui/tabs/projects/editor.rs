//! The form that adds or edits a project, with a test of the repository's connection.

use domain::ident::{Slug, label_fault};
use domain::orders::SaveProject;
use domain::project::{Credential, Project, Provider, Repository};
use domain::query::{Answer, Query};
use domain::trouble::Trouble;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::command::{Command, command};
use crate::cx::Cx;
use crate::effects::{Effect, Effects, OrderTicket, Ticket};
use crate::tab::TabMsg;
use crate::theme::Role;
use crate::widgets::dialog;
use crate::widgets::form::{FORM, Field, Form};
use crate::widgets::format;
use crate::widgets::put::{columns, piece, put, put_pieces, put_wrapped};

static SAVE: Command = command("form.save", &["ctrl-s"], 1);
static TEST: Command = command("projects.test", &["ctrl-t"], 2);
static CANCEL: Command = command("form.cancel", &["esc"], 80);

const PROVIDERS: [(Provider, &str); 4] =
    [(Provider::Git, "git"), (Provider::Github, "github"), (Provider::Gitlab, "gitlab"), (Provider::Gitea, "gitea")];

/// What is known of the connection.
#[derive(Debug)]
enum Test {
    Not,
    Asking(Ticket, String),
    Answers(Vec<String>),
    Failed(Trouble),
}

/// Holds the form.
#[derive(Debug)]
pub(super) struct Editor {
    old: Option<Project>,
    form: Form,
    test: Test,
    saving: Option<OrderTicket>,
}

impl Editor {
    pub(super) fn add(cx: &Cx) -> Self {
        let organization = cx.world.projects.first().map_or("default", |p| p.organization.as_str());
        let mut form = form(cx, None);
        if let Some(field) = form.field_mut("organization") {
            field.set(organization);
        }
        Self { old: None, form, test: Test::Not, saving: None }
    }

    pub(super) fn edit(cx: &Cx, project: &Project) -> Self {
        Self { old: Some(project.clone()), form: form(cx, Some(project)), test: Test::Not, saving: None }
    }

    pub(super) fn commands(&self) -> Vec<&'static Command> {
        let url = !self.form.value("url").trim().is_empty();
        let save = !self.form.faulty() && self.saving.is_none();
        FORM.iter().chain(save.then_some(&SAVE)).chain(url.then_some(&TEST)).chain([&CANCEL]).collect()
    }

    pub(super) fn update(&mut self, cx: &Cx, msg: TabMsg) -> (Effects, bool) {
        match msg {
            TabMsg::Command("form.save") => return (self.save(cx), false),
            TabMsg::Command("form.cancel") => return (self.forget(), true),
            TabMsg::Command("projects.test") => return (self.ask(cx), false),
            TabMsg::Command(id) => {
                self.form.command(id);
            }
            TabMsg::Key(key) => {
                if let Some(changed) = self.form.key(key) {
                    return (self.changed(cx, &changed), false);
                }
            }
            TabMsg::Paste(text) => {
                if let Some(changed) = self.form.paste(&text) {
                    return (self.changed(cx, &changed), false);
                }
            }
            TabMsg::Reply(ticket, answer) => self.reply(ticket, answer),
            TabMsg::OrderDone(ticket, result) if self.saving == Some(ticket) => {
                self.saving = None;
                return (Effects::new(), result.is_ok());
            }
            TabMsg::OrderDropped(ticket) if self.saving == Some(ticket) => self.saving = None,
            _ => {}
        }
        (Effects::new(), false)
    }

    /// Checks what was typed. A new project's slug follows the repository's name while nobody has typed one.
    fn changed(&mut self, cx: &Cx, id: &str) -> Effects {
        let mut effects = Effects::new();
        match id {
            "slug" => {
                if let Some(field) = self.form.field_mut("slug") {
                    field.changed = true;
                }
            }
            "url" => {
                effects = self.forget();
                let url = self.form.value("url");
                let last = format::url(url.trim()).rsplit(['/', ':']).next().unwrap_or_default().to_lowercase();
                if let Some(field) = self.form.field_mut("slug").filter(|f| !f.changed)
                    && self.old.is_none()
                    && label_fault(&last).is_none()
                {
                    field.set(&last);
                }
                let host = PROVIDERS.iter().find(|(_, word)| *word != "git" && url.contains(word));
                if let Some((_, word)) = host
                    && let Some(field) = self.form.field_mut("provider")
                {
                    field.set(word);
                }
            }
            "credential" | "provider" => effects = self.forget(),
            _ => {}
        }
        self.check(cx);
        effects
    }

    fn check(&mut self, cx: &Cx) {
        if self.old.is_none() {
            let slug = self.form.value("slug");
            let taken = cx.world.projects.iter().any(|p| p.slug.as_str() == slug);
            let fault =
                label_fault(&slug).map(|fault| cx.said(fault)).or_else(|| taken.then(|| cx.t("projects.taken").to_owned()));
            self.form.fault("slug", fault);
        }
        let empty = |form: &Form, id: &str| form.value(id).trim().is_empty().then(|| cx.t("projects.needed").to_owned());
        for id in ["url", "branch", "organization"] {
            let fault = empty(&self.form, id);
            self.form.fault(id, fault);
        }
        let credential = Credential::parse(self.form.value("credential").trim()).err().map(|t| cx.said(&t.next));
        self.form.fault("credential", credential);
    }

    fn repository(&self) -> Option<Repository> {
        let value = |id: &str| self.form.value(id).trim().to_owned();
        let provider = PROVIDERS.iter().find(|(_, word)| *word == value("provider")).map_or(Provider::Git, |(p, _)| *p);
        Some(Repository {
            provider,
            url: value("url"),
            default_branch: value("branch"),
            credential: Credential::parse(&value("credential")).ok()?,
        })
    }

    fn ask(&mut self, cx: &Cx) -> Effects {
        let Some(repository) = self.repository() else { return Effects::new() };
        let mut effects = self.forget();
        let ticket = cx.ticket();
        self.test = Test::Asking(ticket, repository.url.clone());
        effects.push(Effect::Ask(ticket, Query::Connect(repository)));
        effects
    }

    fn forget(&mut self) -> Effects {
        match std::mem::replace(&mut self.test, Test::Not) {
            Test::Asking(ticket, _) => vec![Effect::Forget(ticket)],
            _ => Effects::new(),
        }
    }

    fn reply(&mut self, ticket: Ticket, answer: Result<Answer, Trouble>) {
        if !matches!(self.test, Test::Asking(t, _) if t == ticket) {
            return;
        }
        self.test = match answer {
            Ok(Answer::Connected(connected)) => Test::Answers(connected.branches.into_iter().map(|(name, _)| name).collect()),
            Ok(_) => Test::Not,
            Err(trouble) => Test::Failed(trouble),
        };
    }

    fn save(&mut self, cx: &Cx) -> Effects {
        self.check(cx);
        if self.form.faulty() {
            self.form.to_fault();
            return Effects::new();
        }
        let value = |id: &str| self.form.value(id).trim().to_owned();
        let slug = match &self.old {
            Some(old) => Some(old.slug.clone()),
            None => Slug::new(value("slug")).ok(),
        };
        let (Some(slug), Some(repository)) = (slug, self.repository()) else { return Effects::new() };
        let name = Some(value("name")).filter(|n| !n.is_empty()).unwrap_or_else(|| slug.to_string());
        let project = Project { slug, name, description: value("description"), organization: value("organization"), repository };
        let ticket = cx.order_ticket();
        self.saving = Some(ticket);
        vec![Effect::Give(ticket, SaveProject { project, new: self.old.is_none() }.into())]
    }

    pub(super) fn view(&self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        let title = match &self.old {
            Some(old) => cx.tf("projects.edit", &[("project", old.slug.as_str())]),
            None => cx.t("projects.add").to_owned(),
        };
        let high = columns(self.form.fields.len()) + 9;
        let inner = dialog::frame(cx, dialog::centred(area, dialog::FORM, high), buf, &title);
        let place = Rect { y: inner.y + 1, height: inner.height.saturating_sub(4), ..inner };
        let took = self.form.view(cx, place, buf, self.saving.is_none());
        let below = place.y + took + 1;
        let rest =
            Rect { x: inner.x + 2, y: below, width: inner.width.saturating_sub(2), height: inner.bottom().saturating_sub(below) };
        if rest.height == 0 {
            return;
        }
        if self.saving.is_some() {
            put(buf, (rest.x, rest.y), rest.width, &format!("{} {}", cx.spinner(), cx.t("form.saving")), cx.style(Role::Busy));
            return;
        }
        match &self.test {
            Test::Not => {
                let hint = cx.tf("projects.test-hint", &[("key", &cx.key(&TEST))]);
                put(buf, (rest.x, rest.y), rest.width, &hint, cx.style(Role::Faint));
            }
            Test::Asking(_, url) => {
                let text = format!("{} {}", cx.spinner(), cx.tf("projects.testing", &[("url", format::url(url))]));
                put(buf, (rest.x, rest.y), rest.width, &text, cx.style(Role::Busy));
            }
            Test::Answers(branches) => {
                let text = cx.tf("projects.answers", &[("count", &branches.len().to_string())]);
                put_pieces(cx, buf, (rest.x, rest.y), rest.width, &[piece("✓ ", Role::Ok), piece(text, Role::Text)]);
                let below = Rect { y: rest.y + 1, height: rest.height - 1, ..rest };
                put_wrapped(buf, below, &branches.join("  "), cx.style(Role::Muted));
            }
            Test::Failed(trouble) => {
                put_wrapped(buf, rest, &format!("✗ {}", cx.trouble(trouble)), cx.style(Role::Bad));
            }
        }
    }
}

fn form(cx: &Cx, project: Option<&Project>) -> Form {
    let text = |get: fn(&Project) -> String| project.map(get).unwrap_or_default();
    let mut fields = Vec::new();
    let url = Field::text("url", cx.t("projects.url"), text(|p| p.repository.url.clone()))
        .placeholder(cx.tf("form.example", &[("value", "https://git.example.org/acme/shop.git")]));
    fields.push(url.note(cx.t("projects.url-note")));
    if project.is_none() {
        fields.push(Field::text("slug", cx.t("projects.slug"), "").note(cx.t("projects.slug-note")));
    }
    let words = PROVIDERS.iter().map(|(_, word)| (*word).to_owned()).collect();
    let chosen = project
        .and_then(|p| PROVIDERS.iter().find(|(provider, _)| *provider == p.repository.provider))
        .map_or("git", |(_, word)| word);
    fields.extend([
        Field::text("name", cx.t("projects.name"), text(|p| p.name.clone())),
        Field::text("description", cx.t("projects.description"), text(|p| p.description.clone()))
            .placeholder(cx.t("form.optional")),
        Field::text("organization", cx.t("projects.organization"), text(|p| p.organization.clone()))
            .placeholder(cx.t("form.optional")),
        Field::choice("provider", cx.t("projects.provider"), words, chosen),
        Field::text("branch", cx.t("projects.branch"), project.map_or("main", |p| p.repository.default_branch.as_str())),
        Field::text(
            "credential",
            cx.t("projects.credential"),
            project.map_or_else(|| "none".to_owned(), |p| p.repository.credential.to_string()),
        )
        .note(cx.t("projects.credential-note")),
    ]);
    Form::new(fields)
}
