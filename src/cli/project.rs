//! `project`: the records of applications and their repositories.

use clap::{Args, Subcommand};
use domain::Trouble;
use domain::ident::Slug;
use domain::orders::{RemoveProject, SaveProject};
use domain::project::{Credential, Project, Provider, Repository};
use domain::query::{Answer, Query};

use super::{Format, ask, output};
use crate::launch::Deck;

/// What to do with projects.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Adds a project.
    Add(Add),
    /// Edits a project; what is not named stays.
    Edit(Edit),
    /// Shows a project.
    Show(One),
    /// Lists all projects.
    #[command(visible_alias = "ls")]
    List,
    /// Removes a project and its environments from the store.
    #[command(visible_alias = "remove")]
    Rm(Rm),
}

/// The project meant.
#[derive(Debug, Args)]
pub(crate) struct One {
    /// The project's slug.
    pub(crate) slug: String,
}

/// A new project.
#[derive(Debug, Args)]
pub(crate) struct Add {
    /// The slug, for example shop.
    slug: String,
    /// The repository's URL: https, http, ssh, git@host:path or file.
    #[arg(long, value_name = "URL")]
    repo: String,
    #[command(flatten)]
    fields: Fields,
    /// Skips the test of the repository's connection.
    #[arg(long)]
    no_test: bool,
}

/// Changed fields.
#[derive(Debug, Args)]
pub(crate) struct Edit {
    /// The project's slug.
    slug: String,
    /// The repository's URL.
    #[arg(long, value_name = "URL")]
    repo: Option<String>,
    #[command(flatten)]
    fields: Fields,
}

#[derive(Debug, Args)]
struct Fields {
    /// The name that people say.
    #[arg(long)]
    name: Option<String>,
    /// What it is.
    #[arg(long)]
    description: Option<String>,
    /// The organization's slug.
    #[arg(long)]
    organization: Option<String>,
    /// The default branch.
    #[arg(long)]
    branch: Option<String>,
    /// Who hosts the repository: github, gitlab, gitea, git.
    #[arg(long)]
    provider: Option<String>,
    /// Where the token is: none, env:NAME or file:PATH, with USER@ in front if the server wants a user name.
    #[arg(long)]
    credential: Option<String>,
}

/// The project to remove.
#[derive(Debug, Args)]
pub(crate) struct Rm {
    /// The project's slug.
    slug: String,
    /// Answers the question.
    #[arg(long, short)]
    yes: bool,
}

pub(crate) async fn run(deck: &Deck, format: Format, verb: Verb) -> Result<(), Trouble> {
    match verb {
        Verb::Add(add) => self::add(deck, add).await,
        Verb::Edit(edit) => self::edit(deck, edit).await,
        Verb::Show(one) => {
            let project = deck.project(&one.slug)?;
            output::show(format, &project, &rows(std::slice::from_ref(&project)))
        }
        Verb::List => list(deck, format),
        Verb::Rm(rm) => {
            let order = RemoveProject { slug: Slug::new(rm.slug)? };
            deck.project(order.slug.as_str())?;
            let outcome = ask::give(deck, order.into(), rm.yes).await?;
            output::line(&outcome.said);
            Ok(())
        }
    }
}

/// Prints all projects.
pub(crate) fn list(deck: &Deck, format: Format) -> Result<(), Trouble> {
    let projects: Vec<Project> = deck.world().projects.iter().map(|p| (**p).clone()).collect();
    output::show(format, &projects, &rows(&projects))
}

fn rows(projects: &[Project]) -> Vec<Vec<String>> {
    let mut rows = vec![output::row(["PROJECT", "NAME", "ORGANIZATION", "REPOSITORY", "BRANCH"])];
    rows.extend(projects.iter().map(|p| {
        output::row([p.slug.as_str(), &p.name, &p.organization, &p.repository.url, &p.repository.default_branch])
    }));
    rows
}

async fn add(deck: &Deck, add: Add) -> Result<(), Trouble> {
    let slug = Slug::new(add.slug)?;
    let mut project = Project {
        name: slug.to_string(),
        slug,
        description: String::new(),
        organization: "default".to_owned(),
        repository: Repository {
            provider: provider_of(&add.repo),
            url: add.repo,
            default_branch: "main".to_owned(),
            credential: Credential::None,
        },
    };
    fill(&mut project, add.fields)?;
    if !add.no_test {
        let answer = deck.ask(Query::Connect(project.repository.clone())).await?;
        if let Answer::Connected(connected) = answer {
            let names: Vec<&str> = connected.branches.iter().map(|(name, _)| name.as_str()).collect();
            output::note(&format!("The repository answers; branches: {}", if names.is_empty() { "none yet".to_owned() } else { names.join(", ") }));
        }
    }
    let outcome = deck.give(SaveProject { project, new: true }.into()).await?;
    output::line(&outcome.said);
    Ok(())
}

async fn edit(deck: &Deck, edit: Edit) -> Result<(), Trouble> {
    let mut project = deck.project(&edit.slug)?;
    if let Some(url) = edit.repo {
        project.repository.url = url;
    }
    fill(&mut project, edit.fields)?;
    let outcome = deck.give(SaveProject { project, new: false }.into()).await?;
    output::line(&outcome.said);
    Ok(())
}

fn fill(project: &mut Project, fields: Fields) -> Result<(), Trouble> {
    let set = |to: &mut String, from: Option<String>| {
        if let Some(from) = from {
            *to = from;
        }
    };
    set(&mut project.name, fields.name);
    set(&mut project.description, fields.description);
    set(&mut project.organization, fields.organization);
    set(&mut project.repository.default_branch, fields.branch);
    if let Some(credential) = fields.credential {
        project.repository.credential = Credential::parse(&credential)?;
    }
    if let Some(word) = fields.provider {
        project.repository.provider = match word.as_str() {
            "github" => Provider::Github,
            "gitlab" => Provider::Gitlab,
            "gitea" => Provider::Gitea,
            "git" => Provider::Git,
            _ => {
                let trouble = Trouble::usage("That is no provider", format!("\u{201c}{word}\u{201d}"));
                return Err(trouble.next("Choose github, gitlab, gitea or git."));
            }
        };
    }
    Ok(())
}

fn provider_of(url: &str) -> Provider {
    if url.contains("github.com") {
        Provider::Github
    } else if url.contains("gitlab.") {
        Provider::Gitlab
    } else if url.contains("gitea.") || url.contains("codeberg.org") {
        Provider::Gitea
    } else {
        Provider::Git
    }
}
