//! `trace`: from an object back to the commit that brought it about.

use clap::Args;
use domain::Trouble;
use domain::detail::trace::{Landed, Step, Trace as Way, What};
use domain::query::{Answer, Query};
use domain::revision::Revision;

use super::targets::{One, any_kind};
use super::{Format, output};
use crate::launch::{self, Deck};

/// Tells the way from an object to the commit.
#[derive(Debug, Args)]
#[command(
    after_long_help = "Goes over owners to what applied the object, from there to the source, its revision and the commit, and on to what \
    applied the applier.\n\nExamples:\n  \
    quarterdeck trace deploy/shop-web -n shop-production\n  \
    quarterdeck trace pod/shop-web-6c4b-k8s2p -n shop-production -o json\n  \
    quarterdeck trace ks/shop-production\n\n\
    JSON: steps (a list of what, key, state, said, revision, path, url, commit, touched) and end, which says why no commit was reached."
)]
pub(crate) struct Trace {
    #[command(flatten)]
    which: One,
}

/// Asks for the way and prints it.
pub(crate) async fn run(deck: &Deck, format: Format, trace: Trace) -> Result<(), Trouble> {
    let key = trace.which.key(deck, any_kind).await?;
    let Answer::Trace(way) = deck.ask(Query::Trace(key.clone())).await? else {
        return Err(Trouble::failed("The way was not told", key));
    };
    if format == Format::Name {
        for object in objects(&way) {
            output::line(&object);
        }
        return Ok(());
    }
    output::show(format, &*way, &rows(&way, format == Format::Wide))?;
    if !way.end.is_empty() && matches!(format, Format::Table | Format::Wide) {
        output::note(&way.end);
    }
    Ok(())
}

/// Returns the names of the objects on the way, and at its end the commit.
fn objects(way: &Way) -> Vec<String> {
    let commit = |step: &Step| step.revision.as_ref().filter(|_| step.what == What::Commit).map(|r| r.0.to_string());
    way.steps.iter().filter_map(|step| step.key.as_ref().map(ToString::to_string).or_else(|| commit(step))).collect()
}

fn rows(way: &Way, wide: bool) -> Vec<Vec<String>> {
    let mut header = output::row(["STEP", "OBJECT", "STATE", "REVISION"]);
    if wide {
        header.push("URL".to_owned());
    }
    header.push("DETAIL".to_owned());
    let mut rows = vec![header];
    for step in &way.steps {
        let object = step.key.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
        let state = if step.what == What::Commit { "-" } else { step.state.word() };
        let revision = step.revision.as_ref().map_or_else(|| "-".to_owned(), Revision::short);
        let mut row = vec![what(step.what).to_owned(), object, state.to_owned(), revision];
        if wide {
            row.push(step.url.clone().unwrap_or_else(|| "-".to_owned()));
        }
        row.push(detail(step));
        rows.push(row);
    }
    rows
}

const fn what(what: What) -> &'static str {
    match what {
        What::Object => "object",
        What::Owner => "owned by",
        What::Applier => "applied by",
        What::Chart => "chart",
        What::Source => "source",
        What::Commit => "commit",
    }
}

fn detail(step: &Step) -> String {
    let told =
        |commit: &Landed| format!("{} ({}, {} ago)", commit.subject, commit.author, output::age(launch::now(), commit.time));
    let mut parts: Vec<String> = step.commit.iter().map(told).collect();
    if let (Some(touched), Some(path)) = (&step.touched, &step.path) {
        parts.push(format!("{path} last changed by {}: {}", touched.id.short(), told(touched)));
    }
    if step.key.is_some() {
        parts.extend(step.path.clone().or_else(|| step.url.clone()));
    }
    if !step.said.is_empty() {
        parts.push(domain::text::one_line(&step.said));
    }
    parts.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::detail::State;
    use domain::flux::ObjectKey;

    #[test]
    fn names_are_those_of_objects_and_the_commit() {
        let step = |what, name: Option<&str>, revision: Option<&str>| Step {
            what,
            key: name.map(|name| ObjectKey::new(&"c".into(), "Kustomization", "apps", name)),
            state: State::Current,
            said: String::new(),
            revision: revision.map(|r| Revision(r.into())),
            path: None,
            url: None,
            commit: None,
            touched: None,
        };
        let steps = vec![step(What::Object, Some("shop"), Some("main@sha1:c0ffee")), step(What::Commit, None, Some("c0ffee"))];
        let way = Way { steps, end: String::new() };
        assert_eq!(objects(&way), ["Kustomization/apps/shop", "c0ffee"]);
    }
}
