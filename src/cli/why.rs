//! `why`: what is wrong with an object and with what it stands on, from evidence.

use std::collections::BTreeMap;

use clap::Args;
use domain::Trouble;
use domain::flux::ObjectKey;
use domain::query::{Answer, Query};
use domain::why::{Cause, Explanation, Origin, Quote};
use serde::Serialize;

use super::targets::{One, running_kind};
use super::{Format, output};
use crate::launch::Deck;

/// Says why an object is broken.
#[derive(Debug, Args)]
#[command(after_long_help = "The root comes first: what keeps a source, a dependency or a Pod, then what follows from it.\n\n\
    Examples:\n  \
    quarterdeck why ks/shop\n  \
    quarterdeck why deployment/web -n shop\n  \
    quarterdeck why hr/web -n shop -o json\n\n\
    JSON: causes (id, what, next, object, certainty, values, evidence), unread (what could not be read). It ends with 0 whether \
    there is a cause or not, and with 4 when there is no such object.")]
pub(crate) struct Why {
    #[command(flatten)]
    which: One,
}

/// Names an object in the output.
#[derive(Debug, Serialize)]
struct Named<'a> {
    kind: &'a str,
    namespace: &'a str,
    name: &'a str,
}

impl<'a> Named<'a> {
    fn of(key: &'a ObjectKey) -> Self {
        Self { kind: &key.kind, namespace: &key.namespace, name: &key.name }
    }
}

#[derive(Debug, Serialize)]
struct Said<'a> {
    from: String,
    object: Named<'a>,
    text: &'a str,
}

#[derive(Debug, Serialize)]
struct Shown<'a> {
    id: &'a str,
    what: String,
    next: String,
    object: Named<'a>,
    certainty: &'a str,
    values: BTreeMap<&'a str, &'a str>,
    evidence: Vec<Said<'a>>,
}

#[derive(Debug, Serialize)]
struct Output<'a> {
    causes: Vec<Shown<'a>>,
    unread: &'a [String],
}

pub(crate) async fn run(deck: &Deck, format: Format, why: &Why) -> Result<(), Trouble> {
    let key = why.which.key(deck, running_kind).await?;
    if let Some(kind) = key.flux_kind() {
        deck.listed(&key.context(), &[kind.name]).await?;
        // What it stands on may be kept from view; it is explained without then.
        drop(deck.listed(&key.context(), &["GitRepository", "Kustomization"]).await);
    }
    let Answer::Why(explained) = deck.ask(Query::Why(key.clone())).await? else {
        return Err(Trouble::failed("The engine answered something else", &key));
    };
    match format {
        Format::Table | Format::Wide => people(&key, &explained),
        Format::Name => explained.causes.iter().for_each(|cause| output::line(cause.id)),
        Format::Json | Format::Yaml => {
            let causes = explained.causes.iter().map(shown).collect();
            output::show(format, &Output { causes, unread: &explained.unread }, &[])?;
        }
    }
    Ok(())
}

fn shown(cause: &Cause) -> Shown<'_> {
    Shown {
        id: cause.id,
        what: cause.what(),
        next: cause.next(),
        object: Named::of(&cause.object),
        certainty: if cause.inferred { "inferred" } else { "stated" },
        values: cause.values.iter().map(|(name, value)| (*name, value.as_str())).collect(),
        evidence: cause.evidence.iter().map(said).collect(),
    }
}

fn said(quote: &Quote) -> Said<'_> {
    Said { from: quote.origin.to_string(), object: Named::of(&quote.object), text: &quote.text }
}

fn people(key: &ObjectKey, explained: &Explanation) {
    if explained.causes.is_empty() {
        output::line(&format!("{key}: nothing is wrong that could be seen."));
    }
    for (at, cause) in explained.causes.iter().enumerate() {
        if at > 0 {
            output::line("");
        }
        let perhaps = if cause.inferred { " (concluded)" } else { "" };
        output::line(&format!("✗ {}{perhaps}", cause.what()));
        output::line(&format!("    {}", cause.object));
        for quote in &cause.evidence {
            quoted(cause, quote);
        }
        output::line(&format!("  → {}", cause.next()));
    }
    for words in &explained.unread {
        output::note(&format!("not seen: {words}"));
    }
}

fn quoted(cause: &Cause, quote: &Quote) {
    let of = if quote.object == cause.object { String::new() } else { format!(" of {}", quote.object) };
    if matches!(quote.origin, Origin::Log { .. }) {
        output::line(&format!("    {}{of}:", quote.origin));
        quote.text.lines().for_each(|line| output::line(&format!("      │ {line}")));
    } else if quote.text.is_empty() {
        output::line(&format!("    {}{of}", quote.origin));
    } else {
        output::line(&format!("    {}{of}: {}", quote.origin, quote.text.trim_end()));
    }
}
