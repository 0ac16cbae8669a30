//! `diff`: what the cluster has against what a Kustomization, a HelmRelease or an environment desires; and what a deployment would
//! change.

mod proposed;

use clap::Args;
use domain::Trouble;
use domain::drift::{Against, Drift, ObjectDrift, Verdict};
use domain::flux::ObjectKey;
use domain::project::Environment;
use domain::query::{Answer, Query};

use super::fields::{self, Fields};
use super::targets::One;
use super::{Format, flux, output};
use crate::launch::Deck;

/// Compares what Flux should have applied with what the cluster has.
#[derive(Debug, Args)]
#[command(
    after_long_help = "What is desired is read where Flux reads it: a Kustomization's from its source's artifact (through the API server's \
    proxy, digest verified), else from Git; a HelmRelease's from the release that Helm stored. What Flux would change is asked of the server \
    by a dry run of its apply. Nothing is changed, and no value of a Secret is shown.\n\n\
    PROJECT ENVIRONMENT in the place of KIND/NAME means the environment's Kustomization; with fields it shows what a deployment with \
    them would change instead (deploy --dry-run shows all of it with message and digest).\n\n\
    Examples:\n  \
    quarterdeck diff ks/shop-production\n  \
    quarterdeck diff hr/podinfo -n apps\n  \
    quarterdeck diff hr/podinfo -n apps --previous\n  \
    quarterdeck diff ks/shop-production -o json\n  \
    quarterdeck diff shop production\n  \
    quarterdeck diff shop production --tag 1.9.0 --rendered\n\n\
    Exit status: 0 everything agrees, 1 something differs or failed (a sentence on the error stream says which), 3 something may not \
    or cannot be compared, the others as everywhere. With fields 0 whatever would change.\n\
    JSON: key, against, desired (source, revision, path, way), checked, left, notes, objects: a list of api_version, kind, namespace, name, \
    verdict (missing, changed, extra, orphaned, unknown, skipped, agrees), why, fields (label, path, live, desired, owners), ignored, \
    others, file. With fields as deploy --dry-run."
)]
pub(crate) struct Diff {
    #[command(flatten)]
    which: One,
    /// Compares a HelmRelease with its release before this one, and not with the cluster.
    #[arg(long)]
    previous: bool,
    /// Lists what differs, without the texts of the objects.
    #[arg(long)]
    short: bool,
    #[command(flatten)]
    side: proposed::Side,
    #[command(flatten)]
    fields: Fields,
}

pub(crate) async fn run(deck: &Deck, format: Format, diff: Diff) -> Result<(), Trouble> {
    let environment = diff.which.environment(deck)?;
    let proposes = diff.side.named() || !fields::maybe(&diff.fields)?.is_empty();
    let key = match environment {
        Some(environment) if proposes => return proposed::run(deck, format, environment, &diff.fields, diff.side).await,
        Some(environment) => desired_by(&environment),
        None if proposes => {
            return Err(Trouble::usage("Fields are those of an environment's workload", "diff")
                .next("Write it as: quarterdeck diff PROJECT ENVIRONMENT FIELDS"));
        }
        None => diff.which.key(deck, |word| flux::kind(word).map(|kind| kind.name.to_owned())).await?,
    };
    let against = if diff.previous { Against::Previous } else { Against::Live };
    let Answer::Drift(drift) = deck.ask(Query::Drift(key.clone(), against)).await? else {
        return Err(Trouble::failed("The answer was another", key));
    };
    match format {
        Format::Table | Format::Wide => people(&drift, diff.short),
        _ => output::show(format, &*drift, &rows(&drift))?,
    }
    let unknown = drift.count(Verdict::Unknown);
    if drift.differing() > 0 {
        let what = if diff.previous { "The releases differ" } else { "The cluster differs from what is desired" };
        return Err(Trouble::failed(what, &drift.key).why(counts(&drift)));
    }
    if unknown > 0 {
        return Err(Trouble::refused("Not everything could be compared", &drift.key)
            .why(counts(&drift))
            .next("See the reason beside each object."));
    }
    Ok(())
}

/// Returns the Kustomization of an environment.
fn desired_by(environment: &Environment) -> ObjectKey {
    let name = &environment.gitops.kustomization;
    ObjectKey::new(&environment.cluster, "Kustomization", &name.namespace, &name.name)
}

/// Returns how many objects stand how.
fn counts(drift: &Drift) -> String {
    let counts = Verdict::ALL.map(|v| (v, drift.count(v)));
    let told = counts.iter().filter(|(_, count)| *count > 0).map(|(v, count)| format!("{count} {v}"));
    told.collect::<Vec<_>>().join(", ")
}

fn rows(drift: &Drift) -> Vec<Vec<String>> {
    let differing = drift.objects.iter().filter(|o| o.verdict != Verdict::Agrees);
    [output::row(["OBJECT"])].into_iter().chain(differing.map(|o| vec![o.title()])).collect()
}

/// Prints it for people: what was compared, what differs field by field with owners, and the texts.
fn people(drift: &Drift, short: bool) {
    let desired = &drift.desired;
    let at = format!("{} at {}, {} ({})", desired.source, desired.revision, desired.path, desired.way.word());
    output::line(&format!("{}: {at}", drift.key));
    for note in &drift.notes {
        output::line(&format!("  {note}"));
    }
    for object in drift.objects.iter().filter(|o| o.verdict != Verdict::Agrees) {
        one(object);
        if let (false, true) = (short, object.live.is_some() || object.desired.is_some()) {
            let side = |text: &Option<std::sync::Arc<str>>| text.as_deref().unwrap_or_default().to_owned();
            output::diff(&manifest::unified(&object.title(), &side(&object.live), &side(&object.desired)));
        }
    }
    for object in drift.objects.iter().filter(|o| o.verdict == Verdict::Agrees) {
        for (owner, count) in &object.others {
            output::line(&format!("  {}: {owner} owns {count} fields that are not desired", object.title()));
        }
    }
    let total = drift.objects.len();
    if drift.agrees() {
        output::line(&format!("agrees, {total} objects, checked at {}", drift.checked.strftime("%Y-%m-%d %H:%M:%SZ")));
    } else {
        output::line(&format!("{}, checked at {}", counts(drift), drift.checked.strftime("%Y-%m-%d %H:%M:%SZ")));
    }
}

fn one(object: &ObjectDrift) {
    let why = if object.why.is_empty() { String::new() } else { format!("  {}", object.why) };
    output::line(&format!("{:<8} {}{why}", object.verdict.word(), object.title()));
    for field in &object.fields {
        let owners = field.owners.iter().map(|owner| {
            let time = owner.time.map(|t| format!(", {}", t.strftime("%Y-%m-%d %H:%M:%SZ"))).unwrap_or_default();
            format!("{owner}{time}")
        });
        let owners = owners.collect::<Vec<_>>().join("; ");
        let owners = if owners.is_empty() { String::new() } else { format!("  by {owners}") };
        output::line(&format!("         {field}{owners}"));
    }
    if object.ignored > 0 {
        output::line(&format!("         {} more differ and are ignored", object.ignored));
    }
    for (owner, count) in &object.others {
        output::line(&format!("         {owner} owns {count} fields that are not desired"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::drift::{Desired, Way};

    #[test]
    fn the_first_name_is_printed_too() {
        let object = |name: &str, verdict| ObjectDrift::new(("v1", "ConfigMap"), ("shop", name), verdict);
        let drift = Drift {
            key: ObjectKey::new(&"c".into(), "Kustomization", "flux-system", "shop"),
            against: Against::Live,
            desired: Desired { source: String::new(), revision: String::new(), path: String::new(), way: Way::Artifact },
            checked: domain::Time::UNIX_EPOCH,
            objects: vec![object("a", Verdict::Changed), object("b", Verdict::Agrees), object("c", Verdict::Missing)],
            left: 0,
            notes: Vec::new(),
        };
        assert_eq!(output::names(&rows(&drift)), [drift.objects[0].title(), drift.objects[2].title()]);
    }
}
