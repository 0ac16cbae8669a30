//! `environment compare`: the environments of a project side by side.

use clap::Args;
use clap_complete::engine::ArgValueCompleter;
use domain::Trouble;
use domain::ident::Slug;
use domain::query::{Answer, Query};
use domain::sides::{Place, Side, Sides};

use super::{Format, output, shells};
use crate::launch::Deck;

/// The project whose environments are compared.
#[derive(Debug, Args)]
#[command(
    after_long_help = "JSON: project, sides (environment, type, branch, head, applied, workload, agrees, stale, fields (field, \
    container, git, running, drift), git_trouble, live_trouble). What is not known is null."
)]
pub(crate) struct Compare {
    /// The project.
    #[arg(add = ArgValueCompleter::new(shells::projects))]
    project: String,
}

/// Prints the environments of a project side by side.
pub(super) async fn run(deck: &Deck, format: Format, asked: &Compare) -> Result<(), Trouble> {
    let project = asked.project.as_str();
    deck.project(project)?;
    let slug = Slug::new(project)?;
    let environments: Vec<_> = deck.world().environments.iter().filter(|e| e.id.project == slug).map(|e| (**e).clone()).collect();
    deck.settle(&environments).await;
    let Answer::Sides(sides) = deck.ask(Query::Sides(slug)).await? else {
        return Err(Trouble::failed("The engine gave another answer than was asked for", project));
    };
    output::show(format, &*sides, &rows(&sides))?;
    for side in &sides.sides {
        for trouble in [&side.git_trouble, &side.live_trouble].into_iter().flatten() {
            output::note(&format!("{}: {trouble}", side.environment));
        }
    }
    if matches!(format, Format::Table | Format::Wide) {
        output::note("* is another value than in the first environment; “git → running” parts from Git.");
    }
    Ok(())
}

fn rows(sides: &Sides) -> Vec<Vec<String>> {
    let line = |name: &str, cell: &dyn Fn(&Side) -> String| {
        std::iter::once(name.to_owned()).chain(sides.sides.iter().map(cell)).collect::<Vec<_>>()
    };
    let mut rows = vec![line("FIELD", &|side| side.environment.name.as_str().to_uppercase())];
    rows.push(line("git", &|side| {
        side.head.as_ref().map_or_else(|| "-".to_owned(), |h| format!("{}@{}", side.branch, h.short()))
    }));
    rows.push(line("running", &|side| side.applied.as_ref().map_or_else(|| "-".to_owned(), domain::revision::Revision::short)));
    rows.push(line("agrees", &|side| match side.agrees {
        Some(true) => "yes".to_owned(),
        Some(false) => "no".to_owned(),
        None => "unknown".to_owned(),
    }));
    for across in sides.across() {
        let name = across.container.map_or_else(|| across.field.to_owned(), |c| format!("{} ({c})", across.field));
        let cells = across.cells.iter().map(|(place, other)| format!("{}{}", said(*place), if *other { " *" } else { "" }));
        rows.push(std::iter::once(name).chain(cells).collect());
    }
    rows
}

fn said(place: Option<&Place>) -> String {
    let Some(place) = place else { return "-".to_owned() };
    let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
    if place.drift == Some(true) {
        return format!("{} → {}", text(&place.git), text(&place.running));
    }
    place.value().unwrap_or("-").to_owned()
}
