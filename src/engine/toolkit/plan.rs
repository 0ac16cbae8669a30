//! What installing a release would do: the server says it of every object, in a dry run.

use std::sync::Arc;

use cluster::act::{self, Target};
use cluster::{Connection, Error};
use domain::Trouble;
use domain::ident::ContextName;
use domain::query::Manifest;
use domain::toolkit::{
    COMPONENTS, Component, Doing, Installation, MANAGER, Piece, Release, Step, components, minor_of, oldest_kubernetes,
};
use futures::{StreamExt, stream};
use serde_json::Value;

use super::found;
use crate::shared::Core;

/// How many objects are tried at once.
const AT_ONCE: usize = 8;
/// What the server changes of itself.
const ITS_OWN: [&str; 5] = ["managedFields", "resourceVersion", "generation", "creationTimestamp", "uid"];

/// Says what installing a release would do.
pub(crate) async fn installation(
    core: &Core,
    context: ContextName,
    from: &Manifest,
    words: &[String],
) -> Result<Installation, Trouble> {
    let asked = components(words)?;
    let release = Arc::new(super::release(core, from).await?);
    let connection = core.fleet.connection(&context).await?;
    let there = found::controllers(&connection).await?;
    let components = chosen(&release, &asked, &there.iter().map(|f| f.name.as_str()).collect::<Vec<_>>())?;
    if let Some(other) = there.iter().find(|found| found.namespace != release.namespace) {
        return Err(Trouble::refused("Flux is installed in another namespace", &context)
            .why(format!("{} is in {}; the release goes into {}", other.name, other.namespace, release.namespace))
            .next("Remove it there first, or take a manifest that was made for that namespace."));
    }
    let tries: Vec<_> = release.pieces_for(&components).map(|piece| tried(&connection, piece)).collect();
    let steps: Vec<Step> = stream::iter(tries).buffered(AT_ONCE).collect().await;
    let server = act::probe(&connection).await?.version;
    let too_old = match (oldest_kubernetes(&release.version), minor_of(&server)) {
        (Some(oldest), Some(present)) if present < oldest => Some(server),
        _ => None,
    };
    let stays = there.iter().filter(|found| !components.iter().any(|component| component.name == found.name));
    Ok(Installation {
        stays: stays.map(|found| found.name.clone()).collect(),
        before: found::version(&there),
        owner: found::owner(&there),
        context,
        release,
        components,
        steps,
        too_old,
    })
}

/// Chooses the controllers: those that are asked for, else those that Flux installs by itself and those that are there.
fn chosen(release: &Release, asked: &[&'static Component], there: &[&str]) -> Result<Vec<&'static Component>, Trouble> {
    let held = release.components();
    if let Some(missing) = asked.iter().find(|component| !held.contains(*component)) {
        return Err(Trouble::usage("The release does not hold that component", missing.name)
            .next("Leave it out, or take a release that holds it."));
    }
    let wanted = |component: &&'static Component| match asked {
        [] => held.contains(component) && (!component.extra || there.contains(&component.name)),
        asked => asked.contains(component),
    };
    Ok(COMPONENTS.iter().filter(wanted).collect())
}

/// Returns what a piece of a release is called when it is sent.
pub(crate) fn target(piece: &Piece) -> Target {
    Target {
        api_version: piece.api_version.clone(),
        kind: piece.kind.clone(),
        namespace: piece.namespace.clone(),
        name: piece.name.clone(),
    }
}

/// Returns a piece as JSON.
pub(crate) fn body(piece: &Piece) -> Value {
    // It was JSON when the release was read.
    serde_json::from_str(piece.body.text()).unwrap_or_default()
}

async fn tried(connection: &Connection, piece: &Piece) -> Step {
    let doing = match doing(connection, piece).await {
        Ok(doing) => doing,
        Err(Error::Refused { message, .. }) => Doing::Refused(message),
        Err(error) => Doing::Refused(error.to_string()),
    };
    Step { object: piece.to_string(), component: piece.component, doing }
}

async fn doing(connection: &Connection, piece: &Piece) -> Result<Doing, Error> {
    let before = act::live(connection, &target(piece)).await?;
    match (before, act::apply_as(connection, &body(piece), MANAGER, true).await) {
        (Some(before), Ok(after)) if plain(before.clone()) == plain(after.clone()) => Ok(Doing::Keep),
        (Some(_), Ok(_)) => Ok(Doing::Change),
        // Where its namespace does not exist yet either, nothing can be tried in it.
        (None, Ok(_) | Err(Error::Refused { code: 404, .. })) => Ok(Doing::Create),
        (_, Err(error)) => Err(error),
    }
}

/// Returns an object without what the server changes of itself.
fn plain(mut object: Value) -> Value {
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.retain(|name, _| !ITS_OWN.contains(&name.as_str()));
    }
    if let Some(fields) = object.as_object_mut() {
        fields.remove("status");
    }
    object
}
