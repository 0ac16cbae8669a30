//! `get`: Flux objects and the product's own records.

use clap::Args;
use clap_complete::engine::ArgValueCompleter;
use domain::Trouble;
use domain::filter::{Aspect, Filter, Sort, Value, aspect};
use domain::flux::{FluxObject, Health, KINDS, Kind};
use serde::Serialize;

use super::{Format, deployments, environment, flux, output, project, shells, sieve};
use crate::launch::{self, Deck};

/// Lists objects of a kind.
#[derive(Debug, Args)]
#[command(
    after_long_help = "Examples:\n  quarterdeck get ks\n  quarterdeck get all -n flux-system -o wide\n  quarterdeck get ks/shop-production -o json\n  \
    quarterdeck get hr -l team=shop --filter 'ready=false age>2h' --sort changed\n\n\
    A filter is several terms, each of which must hold: text, !text, ~letters, /regex/, \"quoted text\", ns=NAME, name=shop-*, \
    kind=ks,hr, ready=false, suspended=true, age>2h, changed<5m, -l LABELS; before = and < stands anything that --sort takes: \
    kind, namespace, name, cluster, ready, health, suspended, reason, message, revision, age, changed, and what -o wide shows of \
    a kind (url, ref, source, path, chart, version, image, …).\n\n\
    JSON of Flux objects: a list of kind, namespace, name, cluster, health, ready, reason, message, revision, suspended, created, \
    last_reconciled.\nJSON of projects, environments and deployments: see project, environment and history. JSON of contexts: a list of names."
)]
pub(crate) struct Get {
    /// A Flux kind (ks, hr, gitrepo, …), KIND/NAME, `all` of them, or projects, environments, deployments, contexts.
    #[arg(add = ArgValueCompleter::new(shells::kinds))]
    kind: String,
    /// Only the object of this name.
    name: Option<String>,
    /// Only objects of this namespace.
    #[arg(short, long)]
    namespace: Option<String>,
    /// Objects of all namespaces; that is what happens without --namespace too.
    #[arg(short = 'A', long, conflicts_with = "namespace")]
    all_namespaces: bool,
    /// Only Flux objects with these labels: key=value, key!=value, key in (a,b), key, !key; several with commas.
    #[arg(short = 'l', long, value_name = "LABELS")]
    selector: Option<String>,
    /// Only Flux objects or deployments that fit: text, !text, ~letters, /regex/, ready=false, age>2h and more (see --help).
    #[arg(long, value_name = "FILTER", allow_hyphen_values = true)]
    filter: Option<String>,
    /// Sorts Flux objects by a column; times begin with the youngest.
    #[arg(long, value_name = "COLUMN")]
    sort: Option<String>,
    /// Turns the order round.
    #[arg(long, requires = "sort")]
    reverse: bool,
}

impl Get {
    /// Returns the option that only Flux objects know, when one is given.
    fn of_flux_only(&self) -> Option<&'static str> {
        let filter = self.filter.is_some() && !matches!(self.kind.as_str(), "deployment" | "deployments");
        let given = [("--selector", self.selector.is_some()), ("--filter", filter), ("--sort", self.sort.is_some())];
        given.into_iter().find(|(_, is)| *is).map(|(name, _)| name)
    }

    /// Reads what objects have to fit.
    fn filters(&self) -> Result<Vec<Filter<FluxObject>>, Trouble> {
        sieve::filters(self.filter.as_deref(), self.selector.as_deref())
    }

    fn order(&self) -> Result<Option<&'static Aspect<FluxObject>>, Trouble> {
        let Some(word) = &self.sort else { return Ok(None) };
        let found = aspect::<FluxObject>(word).ok_or_else(|| {
            let known: Vec<&str> = <FluxObject as domain::filter::Fields>::aspects().iter().map(|a| a.name).collect();
            Trouble::usage("There is no such column", format!("\u{201c}{word}\u{201d}"))
                .next(format!("Choose one of {}.", known.join(", ")))
        });
        found.map(Some)
    }
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
    let records =
        ["project", "projects", "environment", "environments", "envs", "deployment", "deployments", "context", "contexts"];
    if let Some(option) = get.of_flux_only().filter(|_| records.contains(&get.kind.as_str())) {
        return Err(Trouble::usage("This option is for Flux objects", option).next("Leave it out."));
    }
    match get.kind.as_str() {
        "projects" | "project" => project::list(deck, format),
        "environments" | "environment" | "envs" => environment::list(deck, format, get.name.as_deref()).await,
        "deployments" | "deployment" => {
            let history = deployments::history_of(get.name, get.filter);
            deployments::history(deck, format, &history).await
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
    let (filters, order) = (get.filters()?, get.order()?);
    let context = deck.context()?;
    let complete = deck.listed(&context, &wanted).await;
    let world = deck.world();
    let now = launch::now();
    let mut found: Vec<&FluxObject> = world
        .flux
        .iter()
        .map(AsRef::as_ref)
        .filter(|o| *o.key.cluster == *context.0 && wanted.contains(&o.key.kind.as_ref()))
        .filter(|o| get.namespace.as_ref().is_none_or(|n| *o.key.namespace == **n))
        .filter(|o| get.name.as_ref().is_none_or(|n| *o.key.name == **n))
        .filter(|o| filters.iter().all(|filter| filter.matches(o, now)))
        .collect();
    if let Some(aspect) = order {
        found.sort_by(|a, b| sorted(aspect, a, b));
    }
    if get.reverse {
        found.reverse();
    }
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
    let views: Vec<View> = found.iter().map(|o| view(o, world.is_stale(&o.key))).collect();
    let own = if format == Format::Wide { own(&wanted) } else { Vec::new() };
    let mut rows = vec![header(format, &own)];
    rows.extend(found.iter().zip(&views).map(|(o, view)| row(format, o, view, &own)));
    output::show(format, &views, &rows)
}

/// Compares two objects by a column; of moments the youngest comes first.
fn sorted(aspect: &Aspect<FluxObject>, a: &FluxObject, b: &FluxObject) -> std::cmp::Ordering {
    let found = (aspect.of)(a).cmp(&(aspect.of)(b));
    if matches!(aspect.sort, Sort::Time) { found.reverse() } else { found }
}

/// Returns the columns that only this kind has, when one kind is listed.
fn own(wanted: &[&str]) -> Vec<&'static Aspect<FluxObject>> {
    let [kind] = wanted else { return Vec::new() };
    let columns = Kind::by_name(kind).map_or(&[][..], |k| k.columns);
    columns.iter().filter(|id| **id != "revision").filter_map(|id| aspect(id)).collect()
}

fn header(format: Format, own: &[&'static Aspect<FluxObject>]) -> Vec<String> {
    let mut header = output::row(["NAME", "KIND", "NAMESPACE", "READY", "SUSPENDED", "REVISION", "AGE"]);
    if format == Format::Wide {
        header.extend(output::row(["CLUSTER", "HEALTH", "REASON", "CHANGED"]));
        header.extend(own.iter().map(|aspect| aspect.name.to_uppercase()));
    }
    header.push("MESSAGE".to_owned());
    header
}

fn row(format: Format, o: &FluxObject, view: &View<'_>, own: &[&'static Aspect<FluxObject>]) -> Vec<String> {
    let mut row = vec![
        o.key.name.to_string(),
        o.key.kind.to_string(),
        o.key.namespace.to_string(),
        if view.ready.is_empty() { "-" } else { view.ready }.to_owned(),
        if o.suspended() { "yes" } else { "no" }.to_owned(),
        o.revision().map_or_else(|| "-".to_owned(), domain::revision::Revision::short),
        output::age(launch::now(), o.created),
    ];
    if format == Format::Wide {
        row.extend(output::row([view.cluster, view.health, view.reason, &output::age(launch::now(), view.last_reconciled)]));
        row.extend(own.iter().map(|aspect| said(&(aspect.of)(o))));
    }
    row.push(o.message().to_owned());
    row
}

fn said(value: &Value<'_>) -> String {
    match value {
        Value::None => "-".to_owned(),
        Value::Flag(is) => if *is { "yes" } else { "no" }.to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Time(time) => output::age(launch::now(), Some(*time)),
        Value::Text(text) => text.to_string(),
    }
}

/// Returns what is printed of an object; of one that nothing was heard of since, nobody knows how it is.
fn view(object: &FluxObject, stale: bool) -> View<'_> {
    let ready = object.ready();
    View {
        kind: &object.key.kind,
        namespace: &object.key.namespace,
        name: &object.key.name,
        cluster: &object.key.cluster,
        health: if stale { Health::Unknown.word() } else { object.health().word() },
        ready: ready.map_or("", |c| if stale { "Unknown" } else { c.status.as_str() }),
        reason: ready.map_or("", |c| c.reason.as_str()),
        message: object.message(),
        revision: object.revision().map(|r| r.0.as_str()),
        suspended: object.suspended(),
        created: object.created,
        last_reconciled: object.reconciled(),
    }
}
