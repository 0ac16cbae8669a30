//! `install` and `uninstall`: Flux itself, with what that does said before, and told object by object as it is done.

use std::io::Read as _;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use domain::Trouble;
use domain::ident::ContextName;
use domain::orders::{Halt, Install as InstallOrder, Order, Outcome, Uninstall as UninstallOrder};
use domain::query::{Answer, Manifest, Query};
use domain::toolkit::release::HEAVIEST;
use domain::toolkit::{Doing, Installation, LATEST, Mark, Removal, address};
use domain::world::World;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use super::{Format, ask, output};
use crate::launch::Deck;

/// How long the end of the work may take to be published.
const LAST: Duration = Duration::from_secs(1);

/// Where the manifest of a release is.
#[derive(Debug, Args)]
pub(crate) struct Source {
    /// Takes the manifest from a file (- for standard input): no host is asked for it.
    #[arg(long, value_name = "FILE", group = "manifest")]
    from: Option<String>,
    /// Fetches the manifest from this https address.
    #[arg(long, group = "manifest", env = "QUARTERDECK_FLUX_MANIFEST")]
    url: Option<String>,
    /// Fetches the manifest of this official release, for example 2.8.3.
    #[arg(long, group = "manifest", value_name = "VERSION")]
    version: Option<String>,
}

impl Source {
    /// Returns where the manifest is, when that was said.
    pub(crate) fn named(&self) -> Result<Option<Manifest>, Trouble> {
        let failed = |e| Trouble::failed("The manifest cannot be read", "standard input").why(e);
        Ok(match (&self.from, &self.version, &self.url) {
            (Some(file), ..) if file == "-" => {
                let mut text = String::new();
                std::io::stdin().lock().take(HEAVIEST as u64 + 1).read_to_string(&mut text).map_err(failed)?;
                Some(Manifest::Text("standard input".to_owned(), text.into()))
            }
            (Some(file), ..) => Some(Manifest::File(file.clone())),
            (_, Some(version), _) => Some(Manifest::Address(address(version))),
            (.., Some(url)) => Some(Manifest::Address(url.clone())),
            _ => None,
        })
    }
}

/// Installs Flux.
#[derive(Debug, Args)]
#[command(
    after_long_help = "Without --from, --url or --version the newest official release is fetched. Its SHA-256 stands in the \
    question. Every object is applied by the server (server-side apply, as Flux's own program does it), namespace and definitions \
    first; then the controllers are waited for. Given again it finishes what was cut off. Ctrl-C stops it after the object that \
    it is at.\n\n\
    Without --components those are installed that Flux installs by itself, and those that are there are upgraded.\n\n\
    Examples:\n  \
    quarterdeck install --dry-run\n  \
    quarterdeck install --version 2.8.3 --components source,kustomize --yes\n  \
    quarterdeck install --from install.yaml      # a site without internet\n\n\
    JSON: object, said; with --dry-run cluster, version, before, origin, sha256, components, steps (object, component, does, why), \
    stays, owner."
)]
pub(crate) struct Install {
    #[command(flatten)]
    source: Source,
    /// The controllers: source, kustomize, helm, notification, image-reflector, image-automation, source-watcher.
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    components: Vec<String>,
    /// Only says what would be done, and lets the server try it.
    #[arg(long)]
    dry_run: bool,
    /// Answers the question.
    #[arg(long, short)]
    yes: bool,
}

/// Removes Flux.
#[derive(Debug, Args)]
#[command(
    after_long_help = "As flux uninstall does it: the controllers go first, so that nothing is pruned; then what belongs to them, \
    the finalizers of all Flux objects, the definitions and with them the objects, and the namespace unless something else is in \
    it. What Flux applied stays: workloads, Helm releases, their namespaces. The question counts what goes and wants the name of \
    the context.\n\n\
    Examples:\n  \
    quarterdeck uninstall --dry-run\n  \
    quarterdeck uninstall --keep-namespace\n\n\
    JSON: object, said; with --dry-run cluster, version, namespace, controllers, definitions (name, objects), others, \
    namespace_goes, strangers, owner, unread."
)]
pub(crate) struct Uninstall {
    /// Leaves the namespace.
    #[arg(long)]
    keep_namespace: bool,
    /// Only says what would go.
    #[arg(long)]
    dry_run: bool,
    /// Answers the question.
    #[arg(long, short)]
    yes: bool,
}

/// Installs or upgrades Flux.
pub(crate) async fn install(deck: &Deck, format: Format, install: Install) -> Result<(), Trouble> {
    let context = deck.context()?;
    if !install.dry_run {
        deck.may_in(format!("Flux in {context}"), &context)?;
    }
    let from = install.source.named()?.unwrap_or_else(|| Manifest::Address(LATEST.to_owned()));
    let query = Query::Installation { context: context.clone(), from, components: install.components };
    let Answer::Installation(plan) = deck.ask(query).await? else {
        return Err(Trouble::failed("The engine answered something else", &context));
    };
    if install.dry_run {
        return planned(format, &plan);
    }
    let order = Order::from(InstallOrder { plan: Arc::clone(&plan) });
    let name = order.terms().object();
    let done = carry_out(deck, &context, order, install.yes).await?;
    output::Done::new(name, done.said).show(format)
}

/// Removes Flux.
pub(crate) async fn uninstall(deck: &Deck, format: Format, uninstall: &Uninstall) -> Result<(), Trouble> {
    let context = deck.context()?;
    if !uninstall.dry_run {
        deck.may_in(format!("Flux in {context}"), &context)?;
    }
    let Answer::Removal(removal) = deck.ask(Query::Removal(context.clone(), !uninstall.keep_namespace)).await? else {
        return Err(Trouble::failed("The engine answered something else", &context));
    };
    if uninstall.dry_run {
        return removed(format, &removal);
    }
    if removal.is_empty() {
        return Err(Trouble::not_found("Flux is not installed there", &context).next("There is nothing to remove."));
    }
    let order = Order::from(UninstallOrder { removal });
    let name = order.terms().object();
    let done = carry_out(deck, &context, order, uninstall.yes).await?;
    output::Done::new(name, done.said).show(format)
}

/// Gives the order after its question, and tells of every object as it is done; Ctrl-C asks to stop.
async fn carry_out(deck: &Deck, context: &ContextName, order: Order, yes: bool) -> Result<Outcome, Trouble> {
    ask::confirm(&order.terms().question(), yes)?;
    let mut worlds = deck.worlds();
    let given = deck.give(order);
    tokio::pin!(given);
    let mut told = 0;
    // Kept, so that one that comes between two looks is not lost; without it the interruption ends the program as ever.
    let mut interrupts = signal(SignalKind::interrupt()).ok();
    loop {
        let interrupted = async {
            match &mut interrupts {
                Some(interrupts) => interrupts.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            done = &mut given => {
                // The last of it is published a moment later.
                let over = |world: &World| world.works.iter().any(|work| work.context == *context && work.over.is_some());
                drop(tokio::time::timeout(LAST, worlds.wait_for(|world| over(world))).await);
                tell(deck, context, &mut told);
                return done;
            }
            changed = worlds.changed() => if changed.is_ok() {
                tell(deck, context, &mut told);
            },
            Some(()) = interrupted => {
                output::note("Stopping after the object that it is at.");
                drop(deck.give(Halt { context: context.clone() }.into()).await);
            },
        }
    }
}

/// Tells of the objects that are done and were not told of.
fn tell(deck: &Deck, context: &ContextName, told: &mut usize) {
    let world = deck.world();
    let Some(work) = world.works.iter().find(|work| work.context == *context) else { return };
    for line in work.lines.iter().skip(*told) {
        match &line.mark {
            Mark::Done(said) => output::note(&format!("{}: {said}", line.object)),
            Mark::Failed(why) => output::note(&format!("{}: {why}", line.object)),
            Mark::Todo | Mark::Busy(_) => return,
        }
        *told += 1;
    }
}

fn planned(format: Format, plan: &Installation) -> Result<(), Trouble> {
    let why = |doing: &Doing| match doing {
        Doing::Refused(why) => why.clone(),
        _ => String::new(),
    };
    let component = |step: &domain::toolkit::Step| step.component.map_or("-", |component| component.word);
    let mut rows = vec![output::row(["OBJECT", "COMPONENT", "DOES", "WHY"])];
    for step in &plan.steps {
        rows.push(vec![step.object.clone(), component(step).to_owned(), step.doing.word().to_owned(), why(&step.doing)]);
    }
    let steps: Vec<_> = plan
        .steps
        .iter()
        .map(|s| json!({ "object": s.object, "component": component(s), "does": s.doing.word(), "why": why(&s.doing) }))
        .collect();
    let value = json!({
        "cluster": plan.context, "version": plan.release.version, "before": plan.before, "origin": plan.release.origin,
        "sha256": plan.release.digest, "components": plan.components.iter().map(|c| c.name).collect::<Vec<_>>(),
        "steps": steps, "stays": plan.stays, "owner": plan.owner,
    });
    output::show(format, &value, &rows)?;
    if matches!(format, Format::Table | Format::Wide) {
        let [create, change, keep, refused] = plan.counts();
        let (origin, digest) = (&plan.release.origin, &plan.release.digest);
        output::note(&format!("Flux {} from {origin}, SHA-256 {digest}.", plan.version()));
        output::note(&format!("{create} created, {change} changed, {keep} unchanged, {refused} refused. Nothing was done."));
        if let Some(owner) = &plan.owner {
            output::note(&format!("{owner} put Flux there and will undo this: change it where that comes from."));
        }
    }
    Ok(())
}

fn removed(format: Format, removal: &Removal) -> Result<(), Trouble> {
    let goes = removal.with_namespace && removal.strangers.is_empty();
    let mut rows = vec![output::row(["GOES", "OBJECTS"])];
    let mut row = |name: String, count: String| rows.push(vec![name, count]);
    for name in &removal.controllers {
        row(format!("Deployment/{}/{name}", removal.namespace), "-".to_owned());
    }
    for (kind, namespace, name) in &removal.others {
        let place = if namespace.is_empty() { String::new() } else { format!("{namespace}/") };
        row(format!("{kind}/{place}{name}"), "-".to_owned());
    }
    for defined in &removal.definitions {
        let count = defined.count.map_or_else(|| "?".to_owned(), |count| count.to_string());
        row(format!("CustomResourceDefinition/{}", defined.name), count);
    }
    if goes {
        row(format!("Namespace/{}", removal.namespace), "-".to_owned());
    }
    let definitions: Vec<_> = removal.definitions.iter().map(|d| json!({ "name": d.name, "objects": d.count })).collect();
    let others: Vec<_> = removal
        .others
        .iter()
        .map(|(kind, namespace, name)| json!({ "kind": kind, "namespace": namespace, "name": name }))
        .collect();
    let value = json!({
        "cluster": removal.context, "version": removal.version, "namespace": removal.namespace,
        "controllers": removal.controllers, "definitions": definitions, "others": others, "namespace_goes": goes,
        "strangers": removal.strangers, "owner": removal.owner, "unread": removal.unread,
    });
    output::show(format, &value, &rows)?;
    if matches!(format, Format::Table | Format::Wide) {
        if removal.with_namespace && !goes {
            output::note(&format!("The namespace {} stays: {} is in it.", removal.namespace, removal.strangers.join(", ")));
        }
        removal.unread.iter().for_each(|why| output::note(&format!("not seen: {why}")));
        output::note("What Flux applied stays. Nothing was done.");
    }
    Ok(())
}
