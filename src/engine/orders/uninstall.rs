//! Removing Flux, in the order of `flux uninstall`: controllers first, so that nobody prunes; then what belongs to them; then
//! the finalizers of all custom resources; then the definitions, and with them the custom resources; the namespace last.
//!
//! What Flux applied stays. What is cut off in the middle is finished by giving the order again.

use std::sync::Arc;
use std::time::Duration;

use cluster::act::{self, Target, custom_keys, set_free};
use cluster::{Connection, Error};
use domain::Trouble;
use domain::orders::{Propagation, Terms, Uninstall};
use domain::toolkit::{Defined, Mark, Removal};
use futures::{StreamExt, stream};

use crate::orders::{Done, Fault};
use crate::shared::Core;
use crate::works::Job;

/// How long something may take to be gone.
const GONE: Duration = Duration::from_mins(3);
/// How many custom resources are released at once.
const AT_ONCE: usize = 8;

/// What is done to one line of the work.
enum Step<'a> {
    Erase(Target, Propagation),
    Release(&'a Defined),
}

pub(super) async fn uninstall(core: &Arc<Core>, order: Uninstall) -> Result<Done, Fault> {
    let removal = &*order.removal;
    if removal.is_empty() {
        let trouble = Trouble::not_found("Flux is not installed there", &removal.context);
        return Err(trouble.next("There is nothing to remove.").into());
    }
    let connection = core.fleet.connection(&removal.context).await.map_err(Trouble::from)?;
    let steps = steps(removal);
    let names = steps.iter().map(|(name, _)| name.clone());
    let job = core.works.begin(&removal.context, (order.act(), core.now()), names)?;
    let result = carry_out(&connection, removal, &steps, &job).await;
    job.over(result.as_ref().map_or_else(|fault| Err(fault.trouble.to_string()), |said| Ok(said.clone())));
    Ok(Done::said(result?))
}

fn steps(removal: &Removal) -> Vec<(String, Step<'_>)> {
    let target = |api_version: &str, kind: &str, namespace: &str, name: &str| Target {
        api_version: api_version.to_owned(),
        kind: kind.to_owned(),
        namespace: namespace.to_owned(),
        name: name.to_owned(),
    };
    let mut steps = Vec::new();
    for name in &removal.controllers {
        let deployment = target("apps/v1", "Deployment", &removal.namespace, name);
        steps.push((deployment.to_string(), Step::Erase(deployment, Propagation::Foreground)));
    }
    for (kind, namespace, name) in &removal.others {
        let version = match kind.as_str() {
            "NetworkPolicy" => "networking.k8s.io/v1",
            "RoleBinding" | "ClusterRole" | "ClusterRoleBinding" => "rbac.authorization.k8s.io/v1",
            _ => "v1",
        };
        let other = target(version, kind, namespace, name);
        steps.push((other.to_string(), Step::Erase(other, Propagation::Background)));
    }
    for defined in &removal.definitions {
        steps.push((format!("finalizers of {}", defined.plural), Step::Release(defined)));
    }
    for defined in &removal.definitions {
        let definition = target("apiextensions.k8s.io/v1", "CustomResourceDefinition", "", &defined.name);
        steps.push((definition.to_string(), Step::Erase(definition, Propagation::Background)));
    }
    if removal.with_namespace && removal.strangers.is_empty() {
        let namespace = target("v1", "Namespace", "", &removal.namespace);
        steps.push((namespace.to_string(), Step::Erase(namespace, Propagation::Foreground)));
    }
    steps
}

async fn carry_out(connection: &Connection, removal: &Removal, steps: &[(String, Step<'_>)], job: &Job) -> Result<String, Fault> {
    let mut objects = 0;
    for (at, (name, step)) in steps.iter().enumerate() {
        if job.stopped() {
            return Err(stopped(removal, at, steps.len()).into());
        }
        let done = match step {
            Step::Erase(target, how) => erased(connection, target, *how, (job, at)).await,
            Step::Release(defined) => released(connection, defined, (job, at)).await.map(|count| {
                objects += count.unwrap_or(0);
                count.map(|count| format!("{count} released"))
            }),
        };
        match done {
            Ok(Some(said)) => job.mark(at, Mark::Done(said)),
            Ok(None) => return Err(stopped(removal, at, steps.len()).into()),
            Err(error) => {
                let trouble = failed(error, name, (at, steps.len()));
                job.mark(at, Mark::Failed(trouble.why.clone()));
                return Err(Fault::after(at > 0, trouble));
            }
        }
    }
    let kept = if removal.with_namespace && !removal.strangers.is_empty() {
        format!(" The namespace {} stays: {} is in it.", removal.namespace, removal.strangers.join(", "))
    } else {
        String::new()
    };
    let (controllers, definitions) = (removal.controllers.len(), removal.definitions.len());
    Ok(format!(
        "Flux is removed from {}: {controllers} controllers, {definitions} definitions, {objects} custom resources. What it \
         applied stays.{kept}",
        removal.context
    ))
}

/// Deletes an object and waits until it is gone, with what it owns where that goes first; nothing when that was stopped.
async fn erased(
    connection: &Connection,
    target: &Target,
    how: Propagation,
    (job, at): (&Job, usize),
) -> Result<Option<String>, Error> {
    job.mark(at, Mark::Busy("is deleted".to_owned()));
    if !act::erase(connection, target, how).await? {
        return Ok(Some("was gone already".to_owned()));
    }
    let gone = act::until_live(connection, target, GONE, |object| object.is_none());
    match job.unless_stopped(gone).await {
        None => return Ok(None),
        Some(done) => done?,
    }
    if target.kind == "Deployment" {
        pods_gone(connection, target, job).await?;
    }
    Ok(Some("deleted".to_owned()))
}

/// Waits until no Pod of a controller is left: one that still runs would take along what it had applied.
async fn pods_gone(connection: &Connection, target: &Target, job: &Job) -> Result<(), Error> {
    let gone = async {
        loop {
            let label = format!("app={}", target.name);
            match act::labelled(connection, ("v1", "Pod"), &target.namespace, &label).await {
                Ok(pods) if !pods.is_empty() => tokio::time::sleep(Duration::from_millis(500)).await,
                // Who may delete it need not be let to see its Pods; suspending what it reconciles is the second guard.
                Ok(_) | Err(Error::Refused { code: 403, .. }) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    };
    match job.unless_stopped(tokio::time::timeout(GONE, gone)).await {
        None | Some(Err(_)) => Ok(()),
        Some(Ok(done)) => done,
    }
}

/// Takes the finalizers of a kind's objects away and returns how many there were; nothing when that was stopped.
async fn released(connection: &Connection, defined: &Defined, (job, at): (&Job, usize)) -> Result<Option<usize>, Error> {
    job.mark(at, Mark::Busy("is listed".to_owned()));
    let keys = custom_keys(connection, defined).await?;
    let each: Vec<_> = keys.iter().map(|key| set_free(connection, defined, key)).collect();
    let mut released = stream::iter(each).buffer_unordered(AT_ONCE);
    let mut done = 0;
    while let Some(result) = released.next().await {
        result?;
        done += 1;
        if done % 50 == 0 {
            job.mark(at, Mark::Busy(format!("{done} of {}", keys.len())));
            if job.stopped() {
                return Ok(None);
            }
        }
    }
    Ok(Some(done))
}

fn stopped(removal: &Removal, done: usize, all: usize) -> Trouble {
    Trouble::failed("The removal of Flux was stopped", &removal.context)
        .why(format!("{done} of {all} steps are done"))
        .next("Give it again to finish it, or install Flux to have it back.")
}

/// Says what failed, and how far it had come.
fn failed(error: Error, name: &str, (done, all): (usize, usize)) -> Trouble {
    let trouble = Trouble::from(error);
    let why = if trouble.why.is_empty() { trouble.what.clone() } else { trouble.why.clone() };
    Trouble {
        what: "Flux is not removed completely".to_owned(),
        object: name.to_owned(),
        why: format!("{why}; {done} of {all} steps are done"),
        next: format!("{} Then give it again: it goes on where it stopped.", trouble.next),
        ..trouble
    }
}
