//! `get`: Flux objects and the product's own records.

use clap::Args;
use domain::Trouble;
use domain::flux::{FluxObject, KINDS};
use serde::Serialize;

use super::{Format, deployments, environment, flux, output, project};
use crate::launch::{self, Deck};

/// Lists objects of a kind.
#[derive(Debug, Args)]
#[command(
    after_long_help = "Examples:\n  quarterdeck get ks\n  quarterdeck get all -n flux-system -o wide\n  quarterdeck get ks/shop-production -o json\n\n\
    JSON of Flux objects: a list of kind, namespace, name, cluster, health, ready, reason, message, revision, suspended, created, \
    last_reconciled.\nJSON of projects, environments and deployments: see project, environment and history. JSON of contexts: a list of names."
)]
pub(crate) struct Get {
    /// A Flux kind (ks, hr, gitrepo, …), KIND/NAME, `all` of them, or projects, environments, deployments, contexts.
    kind: String,
    /// Only the object of this name.
    name: Option<String>,
    /// Only objects of this namespace.
    #[arg(short, long)]
    namespace: Option<String>,
    /// Objects of all namespaces; that is what happens without --namespace too.
    #[arg(short = 'A', long)]
    all_namespaces: bool,
}

/// What `get KIND -o json` prints for each object.
#[derive(Debug, Serialize)]
struct View<'a> {
    kind: &'a str,
    namespace: &'a str,
    name: &'a str,
    cluster: &'a str,
    health: &'a str,
    ready: &'a str,
    reason: &'a str,
    message: &'a str,
    revision: Option<&'a str>,
    suspended: bool,
    created: Option<domain::Time>,
    last_reconciled: Option<domain::Time>,
}

pub(crate) async fn run(deck: &Deck, format: Format, mut get: Get) -> Result<(), Trouble> {
    if let (Some((kind, name)), None) = (get.kind.split_once('/'), &get.name) {
        (get.name, get.kind) = (Some(name.to_owned()), kind.to_owned());
    }
    match get.kind.as_str() {
        "projects" | "project" => project::list(deck, format),
        "environments" | "environment" | "envs" => environment::list(deck, format, get.name.as_deref()).await,
        "deployments" | "deployment" => {
            let history = deployments::history_of(get.name);
            deployments::history(deck, format, &history)
        }
        "contexts" | "context" => {
            let world = deck.world();
            let mut rows = vec![output::row(["CONTEXT"])];
            rows.extend(world.contexts.iter().map(|c| vec![c.0.clone()]));
            output::show(format, &*world.contexts, &rows)
        }
        _ => objects(deck, format, get).await,
    }
}

async fn objects(deck: &Deck, format: Format, get: Get) -> Result<(), Trouble> {
    let wanted: Vec<&str> = match get.kind.as_str() {
        "all" => KINDS.iter().map(|k| k.name).collect(),
        word => vec![flux::kind(word)?.name],
    };
    let context = deck.context()?;
    let complete = deck.listed(&context, &wanted).await;
    let world = deck.world();
    let found: Vec<&FluxObject> = world
        .flux
        .iter()
        .map(AsRef::as_ref)
        .filter(|o| *o.key.cluster == *context.0 && wanted.contains(&o.key.kind.as_ref()))
        .filter(|o| get.namespace.as_ref().is_none_or(|n| *o.key.namespace == **n))
        .filter(|o| get.name.as_ref().is_none_or(|n| *o.key.name == **n))
        .collect();
    if let Err(trouble) = complete {
        // Of many kinds some may be kept from view; what can be seen is shown, and what is missing is said.
        if found.is_empty() || wanted.len() == 1 {
            return Err(trouble);
        }
        output::remark(&trouble);
    }
    if let (Some(name), true) = (&get.name, found.is_empty()) {
        return Err(Trouble::not_found("There is no such object", format!("{}/{name}", get.kind))
            .next("List them: quarterdeck get ".to_owned() + &get.kind));
    }
    let views: Vec<View> = found.iter().map(|o| view(o)).collect();
    let wide = format == Format::Wide;
    let mut header = output::row(["NAME", "KIND", "NAMESPACE", "READY", "SUSPENDED", "REVISION", "AGE"]);
    if wide {
        header.extend(output::row(["CLUSTER", "HEALTH", "REASON", "RECONCILED"]));
    }
    header.push("MESSAGE".to_owned());
    let mut rows = vec![header];
    rows.extend(found.iter().zip(&views).map(|(o, view)| {
        let mut row = vec![
            o.key.name.to_string(),
            o.key.kind.to_string(),
            o.key.namespace.to_string(),
            o.ready().map_or_else(|| "-".to_owned(), |c| c.status.clone()),
            if o.suspended() { "yes" } else { "no" }.to_owned(),
            o.revision().map_or_else(|| "-".to_owned(), domain::revision::Revision::short),
            output::age(launch::now(), o.created),
        ];
        if wide {
            row.extend(output::row([view.cluster, view.health, view.reason, &output::age(launch::now(), view.last_reconciled)]));
        }
        row.push(o.message().to_owned());
        row
    }));
    output::show(format, &views, &rows)
}

fn view(object: &FluxObject) -> View<'_> {
    let ready = object.ready();
    View {
        kind: &object.key.kind,
        namespace: &object.key.namespace,
        name: &object.key.name,
        cluster: &object.key.cluster,
        health: object.health().word(),
        ready: ready.map_or("", |c| c.status.as_str()),
        reason: ready.map_or("", |c| c.reason.as_str()),
        message: object.message(),
        revision: object.revision().map(|r| r.0.as_str()),
        suspended: object.suspended(),
        created: object.created,
        last_reconciled: object.reconciled(),
    }
}
