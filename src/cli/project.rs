//! `project`: the records of applications and their repositories.

use clap::{Args, Subcommand};
use clap_complete::engine::ArgValueCompleter;
use domain::ident::Slug;
use domain::orders::{RemoveProject, SaveProject};
use domain::project::{Credential, Project, Provider, Repository};
use domain::query::{Answer, Query};
use domain::{Trouble, check};

use super::{Format, ask, output, shells};
use crate::launch::Deck;

/// What to do with projects.
#[derive(Debug, Subcommand)]
#[command(after_long_help = "Examples:\n  \
    quarterdeck project add shop --repo https://git.example/shop.git --credential bot@env:GIT_TOKEN\n  \
    quarterdeck project edit shop --branch trunk\n  \
    quarterdeck project list -o wide\n\n\
    JSON of show and list: slug, name, description, organization, repository (provider, url, default_branch, \
    credential).\nJSON of add, edit and rm: object, said.")]
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
    #[arg(add = ArgValueCompleter::new(shells::projects))]
    pub(crate) slug: String,
}

/// A new project.
#[derive(Debug, Args)]
#[command(
    after_long_help = "A token is never stored in a record, only where it is; one that is given to `quarterdeck credential add` is kept encrypted. ssh goes through the git program, with your own keys and agent.\n\n\
    Examples:\n  \
    quarterdeck project add shop --repo https://git.example/shop.git --credential bot@env:GIT_TOKEN\n  \
    quarterdeck project add shop --repo git@git.example:acme/shop.git --branch trunk --name \"The shop\"\n  \
    quarterdeck project add shop --repo file:///srv/git/shop.git --no-test"
)]
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
    /// Where the token is: none, env:NAME, file:PATH or sealed:NAME, with USER@ in front if the server wants a user name.
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
        Verb::Add(add) => self::add(deck, format, add).await,
        Verb::Edit(edit) => self::edit(deck, format, edit).await,
        Verb::Show(one) => {
            let project = deck.project(&one.slug)?;
            output::show(format, &project, &rows(format, std::slice::from_ref(&project)))
        }
        Verb::List => list(deck, format),
        Verb::Rm(rm) => {
            let slug = deck.project(&rm.slug)?.slug;
            let outcome = ask::give(deck, RemoveProject { slug: slug.clone() }.into(), rm.yes).await?;
            output::Done::new(slug, outcome.said).show(format)
        }
    }
}

/// Prints all projects.
pub(crate) fn list(deck: &Deck, format: Format) -> Result<(), Trouble> {
    let projects: Vec<Project> = deck.world().projects.iter().map(|p| (**p).clone()).collect();
    output::show(format, &projects, &rows(format, &projects))
}

fn rows(format: Format, projects: &[Project]) -> Vec<Vec<String>> {
    let wide = format == Format::Wide;
    let mut header = output::row(["PROJECT", "NAME", "ORGANIZATION", "REPOSITORY", "BRANCH"]);
    if wide {
        header.extend(output::row(["CREDENTIAL", "DESCRIPTION"]));
    }
    let mut rows = vec![header];
    rows.extend(projects.iter().map(|p| {
        let repository = &p.repository;
        let mut row = output::row([p.slug.as_str(), &p.name, &p.organization, &repository.url, &repository.default_branch]);
        if wide {
            row.extend([repository.credential.to_string(), p.description.clone()]);
        }
        row
    }));
    rows
}

async fn add(deck: &Deck, format: Format, add: Add) -> Result<(), Trouble> {
    let slug = Slug::new(add.slug)?;
    deck.may(&slug)?;
    let mut project = Project {
        name: slug.to_string(),
        slug,
        description: String::new(),
        organization: "default".to_owned(),
        repository: Repository {
            provider: Provider::of(&add.repo),
            url: add.repo,
            default_branch: "main".to_owned(),
            credential: Credential::None,
        },
    };
    fill(&mut project, add.fields)?;
    checked(&project)?;
    // Whether it exists already is for the order to say; a repository need not be asked for that.
    if !add.no_test && deck.project(project.slug.as_str()).is_err() {
        connect(deck, &project).await?;
    }
    save(deck, format, project, true).await
}

async fn connect(deck: &Deck, project: &Project) -> Result<(), Trouble> {
    let repository = &project.repository;
    let Answer::Connected(connected) = deck.ask(Query::Connect(repository.clone())).await? else {
        return Err(Trouble::failed("The engine gave another answer than was asked for", "repository"));
    };
    let names: Vec<&str> = connected.branches.iter().map(|(name, _)| name.as_str()).collect();
    let there = if names.is_empty() { "none yet".to_owned() } else { names.join(", ") };
    output::note(&format!("The repository answers; branches: {there}"));
    if names.is_empty() {
        output::note("Nothing is in it yet; quarterdeck scaffold makes manifests for a project that has none.");
    } else if !names.contains(&repository.default_branch.as_str()) {
        let trouble = Trouble::not_found("The default branch is not there", &repository.default_branch);
        output::remark(&trouble.next(format!("Name another: quarterdeck project edit {} --branch NAME", project.slug)));
    }
    Ok(())
}

async fn edit(deck: &Deck, format: Format, edit: Edit) -> Result<(), Trouble> {
    let mut project = deck.project(&edit.slug)?;
    deck.may(&project.slug)?;
    if let Some(url) = edit.repo {
        project.repository.url = url;
    }
    fill(&mut project, edit.fields)?;
    checked(&project)?;
    save(deck, format, project, false).await
}

fn checked(project: &Project) -> Result<(), Trouble> {
    check::project(project)?;
    git::check_url(&project.repository.url).map_err(Trouble::from)
}

async fn save(deck: &Deck, format: Format, project: Project, new: bool) -> Result<(), Trouble> {
    let slug = project.slug.clone();
    let outcome = deck.give(SaveProject { project, new }.into()).await?;
    output::Done::new(slug, outcome.said).show(format)
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
