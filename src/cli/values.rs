//! `values`: what Helm gets of a HelmRelease, and where each of it comes from. What Secrets say is masked.

use clap::Args;
use domain::Trouble;
use domain::detail::values::{Effective, Taken};
use domain::query::{Answer, Query};

use super::targets::{One, release_kind};
use super::{Format, output};
use crate::launch::Deck;

/// Says what values Helm gets of a HelmRelease.
#[derive(Debug, Args)]
#[command(
    after_long_help = "spec.valuesFrom in its order, spec.values over all of them, put together as Flux does it; of a Secret only the \
    shape is shown. What could not be read is named, and is not among the values.\n\nExamples:\n  \
    quarterdeck values hr/web -n shop > values.yaml\n  \
    quarterdeck values hr/web -n shop -o wide\n\n\
    -o wide says of each value where it comes from.\n\
    JSON: sources (each with what came of it), inline, values, from (path, value, by)."
)]
pub(crate) struct Values {
    #[command(flatten)]
    which: One,
}

/// Prints them.
pub(crate) async fn run(deck: &Deck, format: Format, values: &Values) -> Result<(), Trouble> {
    let key = values.which.key(deck, release_kind).await?;
    let Answer::Values(found) = deck.ask(Query::Values(key.clone())).await? else {
        return Err(Trouble::failed("The engine answered something else", &key));
    };
    match format {
        Format::Json | Format::Yaml => output::show(format, &*found, &[])?,
        Format::Name => sources(&found).into_iter().for_each(|(name, _)| output::line(&name)),
        Format::Wide => {
            output::table(&rows(&found));
            told(&found, false);
        }
        Format::Table => {
            if !found.values.as_object().is_none_or(serde_json::Map::is_empty) {
                output::text(&manifest::yaml::text_of(&found.values));
            }
            told(&found, true);
        }
    }
    Ok(())
}

fn rows(found: &Effective) -> Vec<Vec<String>> {
    let header = output::row(["VALUE", "IS", "FROM"]);
    let rows = found.from.iter().map(|set| output::row([&set.path, &set.value, &set.by]));
    std::iter::once(header).chain(rows).collect()
}

/// Returns the sources with what came of each, the weakest first.
fn sources(found: &Effective) -> Vec<(String, String)> {
    let said = |taken: &Taken| match taken {
        Taken::Yes => String::new(),
        Taken::Absent => "absent, and may be".to_owned(),
        Taken::Missing => "absent: Flux fails because of that".to_owned(),
        Taken::Unread(why) => format!("not read: {why}"),
        Taken::Unfit(why) => why.clone(),
    };
    let listed = found.sources.iter().map(|(source, taken)| (source.to_string(), said(taken)));
    listed.chain(found.inline.then(|| ("spec.values".to_owned(), String::new()))).collect()
}

/// Says on the error stream where the values come from, and what of them is missing.
fn told(found: &Effective, whole: bool) {
    let listed = sources(found);
    if listed.is_empty() {
        return output::note("It sets no values; the chart's own hold.");
    }
    for (name, said) in listed.iter().filter(|(_, said)| whole || !said.is_empty()) {
        let said = if said.is_empty() { String::new() } else { format!(": {said}") };
        output::note(&format!("from {name}{said}"));
    }
    if !found.is_whole() {
        output::note("This is not all that Helm gets: what is not read is not among it.");
    }
}
