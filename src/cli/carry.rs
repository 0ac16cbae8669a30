//! `export` and `import`: projects and environments as one YAML document, to take them to another machine or to keep them in Git.
//!
//! No secret is in it: a record only says where its token is. An import creates nothing in a cluster; what the cluster has
//! otherwise is told by `environment show`.

use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use clap_complete::engine::ArgValueCompleter;
use domain::orders::{Order, Question, SaveEnvironment, SaveProject};
use domain::project::{Environment, Project};
use domain::{Trouble, check};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Format, ask, output, shells};
use crate::launch::Deck;

/// The version of the document; another one is refused.
const VERSION: u32 = 1;
/// The largest document that is read.
const LARGEST: u64 = 16 << 20;

/// Writes the records as YAML.
#[derive(Debug, Args)]
#[command(
    after_long_help = "The document holds records and no secret: where a token is, never the token. What deployments were made stays in \
    the journal (quarterdeck audit export).\n\n\
    Examples:\n  \
    quarterdeck export deck.yaml\n  \
    quarterdeck export --project shop | ssh other quarterdeck import - --yes\n\n\
    JSON: quarterdeck (the version of the document), projects, environments (each as its own command shows its record)."
)]
pub(crate) struct Export {
    /// The file to write; standard output when absent or -.
    file: Option<PathBuf>,
    /// Only this project with its environments; may be given several times.
    #[arg(long, value_name = "PROJECT", add = ArgValueCompleter::new(shells::projects))]
    project: Vec<String>,
    /// Answers the question whether a file that is there is replaced.
    #[arg(long, short)]
    yes: bool,
}

/// Reads records from YAML.
#[derive(Debug, Args)]
#[command(
    after_long_help = "Records that are there already are changed to what the document says, field by field as it is shown before; records \
    that it does not name stay. Nothing is created in a cluster (quarterdeck environment edit PROJECT ENV --create does that); where auto \
    sync is switched, the Kustomization is suspended or resumed.\n\n\
    Examples:\n  \
    quarterdeck import deck.yaml --dry-run\n  \
    quarterdeck import deck.yaml --yes\n\n\
    JSON: a list of object, change (added, changed, same), fields (field, before, after)."
)]
pub(crate) struct Import {
    /// The file to read; standard input when it is -.
    file: PathBuf,
    /// Only shows what would be added and changed.
    #[arg(long)]
    dry_run: bool,
    /// Answers the question.
    #[arg(long, short)]
    yes: bool,
}

/// The document.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Papers {
    quarterdeck: u32,
    #[serde(default)]
    projects: Vec<Project>,
    #[serde(default)]
    environments: Vec<Environment>,
}

/// One field that an import changes.
#[derive(Debug, PartialEq, Serialize)]
struct FieldChange {
    field: String,
    before: Value,
    after: Value,
}

/// What an import does to one record.
#[derive(Debug, Serialize)]
struct RecordChange {
    object: String,
    change: &'static str,
    fields: Vec<FieldChange>,
    #[serde(skip)]
    order: Option<Order>,
}

/// Writes the records to a file or to standard output.
pub(crate) fn export(deck: &Deck, format: Format, export: &Export) -> Result<(), Trouble> {
    let world = deck.world();
    for slug in &export.project {
        deck.project(slug)?;
    }
    let meant = |slug: &str| export.project.is_empty() || export.project.iter().any(|project| project == slug);
    let papers = Papers {
        quarterdeck: VERSION,
        projects: world.projects.iter().filter(|p| meant(p.slug.as_str())).map(|p| (**p).clone()).collect(),
        environments: world.environments.iter().filter(|e| meant(e.id.project.as_str())).map(|e| (**e).clone()).collect(),
    };
    let form = if format == Format::Json { Format::Json } else { Format::Yaml };
    let Some(file) = export.file.as_deref().filter(|file| *file != Path::new("-")) else {
        return output::show(form, &papers, &[]);
    };
    if file.exists() {
        let text = format!("{} is there already. Replace it?", file.display());
        ask::confirm(&Question::Confirm { text }, export.yes)?;
    }
    let text = if form == Format::Json {
        serde_json::to_string_pretty(&papers).map_err(|e| Trouble::failed("Could not print", "JSON").why(e))?
    } else {
        serde_yaml::to_string(&papers).map_err(|e| Trouble::failed("Could not print", "YAML").why(e))?
    };
    write(file, text.trim_end()).map_err(|e| Trouble::failed("The file could not be written", file.display()).why(e))?;
    let (projects, environments) = (papers.projects.len(), papers.environments.len());
    output::note(&format!("{}: projects {projects}, environments {environments}", file.display()));
    Ok(())
}

/// Writes a file beside the one that is there and puts it in its place.
fn write(file: &Path, text: &str) -> io::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let mut fresh = tempfile::NamedTempFile::new_in(folder)?;
    writeln!(fresh, "{text}")?;
    fresh.as_file().sync_all()?;
    fresh.persist(file).map(drop).map_err(|error| error.error)
}

/// Takes in what a document says, after it was shown.
pub(crate) async fn import(deck: &Deck, format: Format, import: &Import) -> Result<(), Trouble> {
    let papers = read(&import.file)?;
    let changes = compared(deck, papers)?;
    if import.dry_run {
        return show(format, &changes);
    }
    if changes.iter().all(|change| change.order.is_none()) {
        output::note("Every record is already as the document says.");
        return show(format, &changes);
    }
    deck.may(import.file.display())?;
    if !import.yes {
        tell(&changes);
    }
    let (added, edited) = (count(&changes, "added"), count(&changes, "changed"));
    let text = format!("Take in {}? Records added: {added}, changed: {edited}.", import.file.display());
    ask::confirm(&Question::Confirm { text }, import.yes)?;
    let mut told = Vec::new();
    for mut change in changes {
        if let Some(order) = change.order.take() {
            deck.give(order).await?;
        }
        told.push(change);
    }
    show(format, &told)
}

fn count(changes: &[RecordChange], word: &str) -> usize {
    changes.iter().filter(|change| change.change == word).count()
}

/// Reads the document; a field that no record has is told, since it would be lost without a word.
fn read(file: &Path) -> Result<Papers, Trouble> {
    let failed = |e: io::Error| Trouble::failed("The file could not be read", file.display()).why(e);
    let piped: Box<dyn Read> =
        if file == Path::new("-") { Box::new(io::stdin().lock()) } else { Box::new(fs::File::open(file).map_err(failed)?) };
    let text = whole(piped).map_err(failed)?;
    parsed(&text, &file.display().to_string())
}

/// Reads a document to its end: the beginning of one that is too long may well read as a shorter one.
fn whole(from: impl Read) -> io::Result<String> {
    let mut text = String::new();
    from.take(LARGEST + 1).read_to_string(&mut text)?;
    if text.len() as u64 > LARGEST {
        return Err(io::Error::other(format!("it is longer than {} MiB", LARGEST >> 20)));
    }
    Ok(text)
}

fn parsed(text: &str, name: &str) -> Result<Papers, Trouble> {
    let wrong = |why: String| {
        Trouble::usage("That is no document of records", name).why(why).next("Write one with: quarterdeck export FILE")
    };
    let said: Value = serde_yaml::from_str(text).map_err(|e| wrong(e.to_string()))?;
    let papers: Papers = serde_yaml::from_str(text).map_err(|e| wrong(e.to_string()))?;
    if papers.quarterdeck != VERSION {
        return Err(wrong(format!("it is of version {}, and {VERSION} is known here", papers.quarterdeck)));
    }
    let kept = serde_json::to_value(&papers).map_err(|e| wrong(e.to_string()))?;
    if let Some(field) = lost(&said, &kept, "") {
        return Err(wrong(format!("no record has the field {field}")));
    }
    for project in &papers.projects {
        check::project(project)?;
        git::check_url(&project.repository.url).map_err(Trouble::from)?;
    }
    for environment in &papers.environments {
        check::environment(environment)?;
    }
    Ok(papers)
}

/// Returns a field that was said and not kept.
fn lost(said: &Value, kept: &Value, place: &str) -> Option<String> {
    match (said, kept) {
        (Value::Object(said), Value::Object(kept)) => said.iter().find_map(|(name, value)| {
            let place = if place.is_empty() { name.clone() } else { format!("{place}.{name}") };
            kept.get(name).map_or_else(|| Some(place.clone()), |kept| lost(value, kept, &place))
        }),
        (Value::Array(said), Value::Array(kept)) => {
            said.iter().zip(kept).enumerate().find_map(|(at, (said, kept))| lost(said, kept, &format!("{place}[{at}]")))
        }
        _ => None,
    }
}

/// Compares a document with the records that there are.
fn compared(deck: &Deck, papers: Papers) -> Result<Vec<RecordChange>, Trouble> {
    let world = deck.world();
    let mut changes = Vec::new();
    let mut known: Vec<_> = world.projects.iter().map(|project| project.slug.clone()).collect();
    known.extend(papers.projects.iter().map(|project| project.slug.clone()));
    for project in papers.projects {
        let before = world.projects.iter().find(|there| there.slug == project.slug);
        let (object, new) = (project.slug.to_string(), before.is_none());
        changes.push(change(object, before.map(|b| &**b), &project, |project| SaveProject { project, new }.into())?);
    }
    for environment in papers.environments {
        if !known.contains(&environment.id.project) {
            return Err(Trouble::not_found("There is no such project", &environment.id.project)
                .why(format!("{} belongs to it, and neither the document nor this console has it", environment.id))
                .next("Export the project along, or add it: quarterdeck project add"));
        }
        let before = world.environment(&environment.id);
        let (object, new) = (environment.id.to_string(), before.is_none());
        let order = |environment| SaveEnvironment { environment, new, create_objects: false, setup: None }.into();
        changes.push(change(object, before.map(|b| &**b), &environment, order)?);
    }
    Ok(changes)
}

/// Compares one record with the one that is there.
fn change<T: Serialize + Clone + PartialEq>(
    object: String,
    before: Option<&T>,
    after: &T,
    order: impl Fn(T) -> Order,
) -> Result<RecordChange, Trouble> {
    let value = |record: &T| serde_json::to_value(record).map_err(|e| Trouble::failed("Could not compare", &object).why(e));
    let (word, fields) = match before {
        None => ("added", Vec::new()),
        Some(before) if before == after => ("same", Vec::new()),
        Some(before) => {
            let mut fields = Vec::new();
            differ(&value(before)?, &value(after)?, "", &mut fields);
            ("changed", fields)
        }
    };
    let order = (word != "same").then(|| order(after.clone()));
    Ok(RecordChange { object, change: word, fields, order })
}

/// Collects the fields in which two records differ.
fn differ(before: &Value, after: &Value, place: &str, fields: &mut Vec<FieldChange>) {
    if let (Value::Object(old), Value::Object(new)) = (before, after) {
        let mut names: Vec<&String> = old.keys().chain(new.keys()).collect();
        names.sort();
        names.dedup();
        for name in names {
            let place = if place.is_empty() { name.clone() } else { format!("{place}.{name}") };
            let side = |of: &serde_json::Map<String, Value>| of.get(name).cloned().unwrap_or(Value::Null);
            differ(&side(old), &side(new), &place, fields);
        }
    } else if before != after {
        fields.push(FieldChange { field: place.to_owned(), before: before.clone(), after: after.clone() });
    }
}

fn rows(changes: &[RecordChange]) -> Vec<Vec<String>> {
    let plain = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Null => "-".to_owned(),
        other => other.to_string(),
    };
    let mut rows = vec![output::row(["RECORD", "CHANGE", "FIELDS"])];
    rows.extend(changes.iter().map(|change| {
        let told = change.fields.iter().map(|f| format!("{} {} \u{2192} {}", f.field, plain(&f.before), plain(&f.after)));
        vec![change.object.clone(), change.change.to_owned(), told.collect::<Vec<_>>().join("; ")]
    }));
    rows
}

fn show(format: Format, changes: &[RecordChange]) -> Result<(), Trouble> {
    output::show(format, &changes, &rows(changes))
}

/// Shows what will be asked about, on the stream where it is asked.
fn tell(changes: &[RecordChange]) {
    for row in rows(changes).iter().skip(1).filter(|row| row[1] != "same") {
        output::note(row.join("   ").trim_end());
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by failing")]
    use super::*;

    const DECK: &str = "quarterdeck: 1
projects:
- slug: shop
  name: The shop
  repository:
    url: https://git.example/shop.git
    credential: {from: env, user: bot, name: GIT_TOKEN}
";

    #[test]
    fn what_is_written_reads_as_the_same_records() {
        let papers = parsed(DECK, "deck.yaml").unwrap();
        let again = parsed(&serde_yaml::to_string(&papers).unwrap(), "deck.yaml").unwrap();
        assert_eq!(again.projects, papers.projects);
        assert_eq!(papers.projects[0].repository.credential.to_string(), "bot@env:GIT_TOKEN");
    }

    #[test]
    fn a_document_that_would_be_taken_in_by_halves_is_refused() {
        let refused = |from: &str, to: &str| parsed(&DECK.replace(from, to), "deck.yaml").unwrap_err().to_string();
        for (from, to, told) in [
            ("name: The shop", "name: The shop\n  brunch: main", "projects[0].brunch"),
            ("    url:", "    branch: trunk\n    url:", "projects[0].repository.branch"),
            ("quarterdeck: 1", "quarterdeck: 2", "version 2"),
            ("quarterdeck: 1", "pipelines: []\nquarterdeck: 1", "pipelines"),
            ("slug: shop", "slug: Shop!", "usable name"),
            ("https://git.example/shop.git", "ext::sh -c id", "ext::"),
            ("projects:", "projects: [", "line"),
        ] {
            let said = refused(from, to);
            assert!(said.contains(told), "{to}: {said}");
        }
    }

    #[test]
    fn a_document_that_is_too_long_is_not_cut() {
        let long = |more| DECK.bytes().chain(std::iter::repeat_n(b'\n', usize::try_from(LARGEST).unwrap() - DECK.len() + more));
        let read = |more| whole(io::Cursor::new(long(more).collect::<Vec<u8>>()));
        assert!(read(0).is_ok_and(|text| parsed(&text, "deck.yaml").is_ok()));
        assert!(read(1).unwrap_err().to_string().contains("16 MiB"));
    }

    #[test]
    fn fields_that_differ_are_named_with_both_sides() {
        let before = parsed(DECK, "a").unwrap().projects.remove(0);
        let after = parsed(&DECK.replace("The shop", "Shop").replace("GIT_TOKEN", "TOKEN"), "b").unwrap().projects.remove(0);
        let order = |project| SaveProject { project, new: false }.into();
        let found = change("shop".to_owned(), Some(&before), &after, order).unwrap();
        let told: Vec<&str> = found.fields.iter().map(|field| field.field.as_str()).collect();
        assert_eq!((found.change, told), ("changed", vec!["name", "repository.credential.name"]));
        let same = change("shop".to_owned(), Some(&before), &before, order).unwrap();
        assert!(same.order.is_none() && same.change == "same");
    }
}
