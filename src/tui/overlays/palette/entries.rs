//! What the palette offers: one function per class. A class has words of its own, after which only its entries are offered:
//! `theme kelp`, `project shop`.

use domain::flux::KINDS;
use domain::ident::{EnvironmentId, Slug};

use crate::command::Command;
use crate::cx::Cx;
use crate::desk::Change;
use crate::effects::{Dress, Effect, Effects};
use crate::place::TabId;
use crate::tabs::TABS;
use crate::theme::Theme;
use crate::trail::Stop;
use crate::words::Language;

/// What choosing an entry does.
#[derive(Debug, Clone)]
pub(super) enum Aim {
    Run(&'static str),
    /// A command that is not possible now: its tab, and its id.
    Elsewhere(TabId, String),
    Project(Slug),
    Environment(EnvironmentId),
    Kind(&'static str),
    Theme(String),
    Language(Language),
    Stop(Box<Stop>),
    Context(String),
    Filter(String),
    /// Writes the word of a class, so that its entries follow.
    Word(&'static str),
}

#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) name: String,
    /// A sentence about it.
    pub(super) said: String,
    pub(super) hint: String,
    /// Other names by which it is found when they are typed whole.
    pub(super) aliases: Vec<String>,
    pub(super) class: &'static str,
    pub(super) aim: Aim,
}

impl Entry {
    fn new(class: &'static str, name: impl Into<String>, aim: Aim) -> Self {
        Self { name: name.into(), said: String::new(), hint: String::new(), aliases: Vec::new(), class, aim }
    }
}

/// The words after which only entries of a class are offered; the first of a class is the one that is shown.
pub(super) const WORDS: &[(&str, &str)] = &[
    ("project", "palette.project"),
    ("proj", "palette.project"),
    ("environment", "palette.environment"),
    ("env", "palette.environment"),
    ("kind", "palette.kind"),
    ("tab", "palette.tab"),
    ("go", "palette.place"),
    ("theme", "palette.theme"),
    ("skin", "palette.theme"),
    ("language", "palette.language"),
    ("lang", "palette.language"),
    ("context", "palette.context"),
    ("ctx", "palette.context"),
    ("filter", "palette.filter"),
];

/// Gathers everything that is offered over something that has these commands.
pub(super) fn all(cx: &Cx, commands: &[&'static Command]) -> Vec<Entry> {
    let mut out = Vec::new();
    recent(cx, &mut out);
    possible(cx, commands, &mut out);
    elsewhere(cx, commands, &mut out);
    words(cx, &mut out);
    projects(cx, &mut out);
    environments(cx, &mut out);
    kinds(&mut out);
    themes(cx, &mut out);
    languages(cx, &mut out);
    contexts(cx, &mut out);
    filters(cx, &mut out);
    out
}

fn possible(cx: &Cx, commands: &[&'static Command], out: &mut Vec<Entry>) {
    let motion = |id: &str| ["list.", "scroll.", "shell.count"].iter().any(|start| id.starts_with(start));
    for command in commands.iter().filter(|c| !motion(c.id)) {
        let (title, sentence) = cx.words.command(command.id);
        let class = if command.id.starts_with("tab.") { "palette.tab" } else { "palette.command" };
        let mut entry = Entry::new(class, title, Aim::Run(command.id));
        sentence.clone_into(&mut entry.said);
        entry.hint = cx.key(command);
        let id = command.id.split('.').next_back().unwrap_or_default().to_owned();
        entry.aliases = vec![entry.hint.clone(), id, command.id.to_owned()];
        if command.id == "shell.quit" {
            entry.aliases.extend(["q!".to_owned(), "exit".to_owned()]);
        }
        out.push(entry);
    }
}

/// The commands of the tabs that are not possible now. Nothing is done to what nobody sees: choosing one goes where it is.
fn elsewhere(cx: &Cx, commands: &[&'static Command], out: &mut Vec<Entry>) {
    for key in cx.words.keys() {
        let Some(id) = key.strip_prefix("command.") else { continue };
        let of = id.split('.').next().unwrap_or_default();
        let Some(tab) = TABS.iter().find(|tab| tab.title.strip_prefix("tab.") == Some(of)) else { continue };
        if commands.iter().any(|command| command.id == id) {
            continue;
        }
        let (title, sentence) = cx.words.get(key).split_once(" | ").unwrap_or_default();
        let mut entry = Entry::new("palette.command", title, Aim::Elsewhere(tab.id, id.to_owned()));
        sentence.clone_into(&mut entry.said);
        entry.hint = format!("{} {}", tab.number, cx.words.get(tab.title));
        entry.aliases = vec![id.split('.').next_back().unwrap_or_default().to_owned(), id.to_owned()];
        out.push(entry);
    }
}

fn words(cx: &Cx, out: &mut Vec<Entry>) {
    for (word, class) in WORDS.iter().filter(|(_, class)| ["palette.theme", "palette.language"].contains(class)) {
        if out.iter().all(|e| !matches!(e.aim, Aim::Word(known) if WORDS.iter().any(|(w, c)| *w == known && c == class))) {
            let mut entry = Entry::new("palette.command", *word, Aim::Word(word));
            cx.words.get(&format!("{class}-said")).clone_into(&mut entry.said);
            entry.aliases = WORDS.iter().filter(|(_, c)| c == class).map(|(w, _)| (*w).to_owned()).collect();
            entry.aliases.push(cx.words.get(class).to_owned());
            out.push(entry);
        }
    }
}

fn projects(cx: &Cx, out: &mut Vec<Entry>) {
    for project in cx.world.projects.iter() {
        let mut entry = Entry::new("palette.project", project.slug.to_string(), Aim::Project(project.slug.clone()));
        entry.said.clone_from(&project.name);
        out.push(entry);
    }
}

fn environments(cx: &Cx, out: &mut Vec<Entry>) {
    for environment in cx.world.environments.iter() {
        let mut entry = Entry::new("palette.environment", environment.id.to_string(), Aim::Environment(environment.id.clone()));
        entry.hint = environment.cluster.to_string();
        out.push(entry);
    }
}

fn kinds(out: &mut Vec<Entry>) {
    for kind in KINDS {
        let mut entry = Entry::new("palette.kind", kind.name, Aim::Kind(kind.name));
        entry.hint = kind.aliases.join(" ");
        entry.aliases = kind.aliases.iter().map(|a| (*a).to_owned()).collect();
        out.push(entry);
    }
}

fn themes(cx: &Cx, out: &mut Vec<Entry>) {
    let own = &cx.preferences.themes;
    let mine = |name: &str| own.iter().any(|(own, _)| own == name);
    for name in [crate::theme::AUTO].into_iter().chain(Theme::names(own)) {
        let mut entry = Entry::new("palette.theme", name, Aim::Theme(name.to_owned()));
        let said = cx.words.find(&format!("theme.{name}")).filter(|_| !mine(name));
        said.unwrap_or_default().clone_into(&mut entry.said);
        if name == cx.theme.name {
            cx.words.get("palette.now").clone_into(&mut entry.hint);
        }
        out.push(entry);
    }
}

fn languages(cx: &Cx, out: &mut Vec<Entry>) {
    for language in Language::ALL {
        let mut entry = Entry::new("palette.language", language.name(), Aim::Language(language));
        language.tag().clone_into(&mut entry.said);
        entry.aliases = vec![language.tag().to_owned(), language.tag().chars().take(2).collect()];
        if language == cx.words.language {
            cx.words.get("palette.now").clone_into(&mut entry.hint);
        }
        out.push(entry);
    }
}

fn contexts(cx: &Cx, out: &mut Vec<Entry>) {
    for context in cx.world.contexts.iter() {
        let mut entry = Entry::new("palette.context", context.0.clone(), Aim::Context(context.0.clone()));
        if context.0 == cx.context {
            cx.words.get("palette.now").clone_into(&mut entry.hint);
        }
        out.push(entry);
    }
}

fn filters(cx: &Cx, out: &mut Vec<Entry>) {
    for (name, text) in &cx.preferences.filters {
        let mut entry = Entry::new("palette.filter", name.clone(), Aim::Filter(text.clone()));
        entry.said.clone_from(text);
        out.push(entry);
    }
}

fn recent(cx: &Cx, out: &mut Vec<Entry>) {
    for stop in cx.trail.recent().into_iter().take(9) {
        let mut name = cx.words.get(crate::tabs::entry(stop.tab).title).to_owned();
        let more = [
            stop.kind.map(str::to_owned),
            stop.environment.as_ref().map(ToString::to_string),
            stop.project.as_ref().map(ToString::to_string),
            stop.object.as_ref().map(ToString::to_string),
        ];
        for part in more.into_iter().flatten() {
            name.push_str("  ");
            name.push_str(&part);
        }
        out.push(Entry::new("palette.place", name, Aim::Stop(Box::new(stop.clone()))));
    }
}

/// Returns what an entry wants when it is chosen; the palette is gone by then.
pub(super) fn effects(aim: Aim) -> Effects {
    match aim {
        Aim::Run(id) => vec![Effect::Run(id)],
        Aim::Elsewhere(tab, id) => vec![Effect::Point(tab, id)],
        Aim::Project(slug) => vec![Effect::Desk(Change::Project(Some(slug))), Effect::Switch(TabId::Environments)],
        Aim::Environment(id) => vec![Effect::Desk(Change::Environment(Some(id))), Effect::Switch(TabId::Environments)],
        Aim::Kind(kind) => vec![Effect::Desk(Change::Kind(Some(kind))), Effect::Switch(TabId::Flux)],
        Aim::Theme(name) => vec![Effect::Dress(Dress::Keep(name))],
        Aim::Language(language) => vec![Effect::Speak(language)],
        Aim::Context(context) => vec![Effect::Context(context)],
        Aim::Filter(text) => vec![Effect::Sift(text)],
        Aim::Stop(stop) => vec![Effect::Return(stop)],
        Aim::Word(_) => Effects::new(),
    }
}
