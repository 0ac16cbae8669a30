//! The manual method: what a commit renders to is applied to the cluster by server-side apply, without Git.
//!
//! It goes out under the console's own field manager, after the server has tried all of it. Where Flux would undo it, it is
//! refused; fields that Flux set are taken over only from a Flux that is suspended, and from nobody else.

use std::collections::BTreeSet;
use std::sync::Arc;

use cluster::Connection;
use cluster::act::{self, Apply, Target};
use domain::Trouble;
use domain::change::{Draft, Manual, Severity};
use domain::deployment::{Deployment, StageName, StageState, Status};
use domain::flux::ObjectKey;
use domain::link::LinkState;
use domain::project::Environment;
use domain::revision::CommitId;
use domain::world::World;
use git::Mirror;
use manifest::Overlay;
use manifest::drift::{Wanted, encrypted, wanted};
use serde_json::{Value, json};

use super::drive::{fail, persist};
use super::promise;
use crate::drift::{target, variables};
use crate::plan::{self, Plan, closure};
use crate::scene::Scene;
use crate::shared::Core;
use crate::steps::before;
use crate::tasks::blocking;

/// The labels by which Flux's controllers say that an object is theirs: `name` and `namespace` follow.
const OWNERS: [(&str, &str); 2] = [("kustomize.toolkit.fluxcd.io", "Kustomization"), ("helm.toolkit.fluxcd.io", "HelmRelease")];
/// The field managers of Flux.
const MANAGERS: [&str; 2] = ["kustomize-controller", "helm-controller"];

/// Holds what is to be applied, in the order in which it is.
pub(crate) struct Load {
    objects: Vec<Wanted>,
    /// Whether each takes over what Flux set.
    force: BTreeSet<usize>,
}

impl Load {
    /// Returns the objects' names, each as `namespace/Kind/name`.
    pub(crate) fn names(&self) -> Vec<String> {
        self.objects.iter().map(|object| shown(&object.value)).collect()
    }
}

fn text<'v>(object: &'v Value, pointer: &str) -> &'v str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn shown(object: &Value) -> String {
    let Target { kind, namespace, name, .. } = target(object);
    if namespace.is_empty() { format!("{kind}/{name}") } else { format!("{namespace}/{kind}/{name}") }
}

/// Returns the commit that a manual deployment takes its manifests from: a branch's head, or a commit by its id or the begin of it.
pub(crate) async fn commit(scene: &Scene, manual: &Manual) -> Result<CommitId, Trouble> {
    let from = manual.from.trim();
    if from.is_empty() {
        return scene.repo.fresh_head(&scene.environment.gitops.branch).await;
    }
    let heads = scene.repo.fetch().await?;
    if let Some(head) = heads.get(from) {
        return Ok(head.clone());
    }
    let wanted = from.to_owned();
    let found = scene.repo.with("the Git history", move |mirror, _| mirror.commit_named(&wanted)).await?;
    found.ok_or_else(|| {
        Trouble::not_found("There is no such branch or commit", from)
            .why(format!("{} has neither a branch nor exactly one commit of that name", scene.repo.url()))
            .next("Name a branch, or a commit by at least seven digits of its id.")
    })
}

/// Says whether an environment may be deployed to by hand, and whether a plan for that may be carried out.
pub(crate) fn may_go(environment: &Environment, plan: &Plan) -> Result<(), Trouble> {
    let object = &environment.id;
    if environment.approval.required {
        return Err(Trouble::refused("The environment is protected", object)
            .why("what is applied by hand nobody approves")
            .next("Deploy without the manual method: the change then waits for approval on the Git host."));
    }
    if let Some(trouble) = &plan.preview.render_trouble {
        return Err(Trouble::refused("It cannot be rendered", object).why(trouble).next("Correct what it names."));
    }
    let errors = plan.preview.findings.iter().filter(|f| f.severity == Severity::Error);
    let told: Vec<_> = errors.map(|f| format!("{}: {}", f.rule, f.message)).collect();
    if !told.is_empty() {
        return Err(Trouble::refused("The checks forbid it", object).why(told.join("; ")).next("Correct what they name."));
    }
    Ok(())
}

/// Works out what is to be applied, makes sure that Flux leaves it alone, and lets the server try all of it.
pub(crate) async fn rehearse(core: &Arc<Core>, scene: &Scene, commit: &CommitId, plan: &Plan) -> Result<Load, Trouble> {
    let environment = &scene.environment;
    let connection = core.fleet.connection(&environment.cluster).await?;
    let kustomization = own(&connection, environment).await?;
    let objects = desired(scene, (commit, plan), (&connection, &kustomization)).await?;
    if objects.is_empty() {
        return Err(Trouble::usage("There is nothing to apply", &environment.id).why("the path renders to no objects"));
    }
    stand_back(&connection, environment, &objects).await?;
    let namespaces: Vec<String> = objects
        .iter()
        .filter(|o| text(&o.value, "/kind") == "Namespace")
        .map(|o| text(&o.value, "/metadata/name").to_owned())
        .collect();
    let mut load = Load { objects, force: BTreeSet::new() };
    for at in 0..load.objects.len() {
        let object = &load.objects[at];
        let tried = send(&connection, object, Apply { dry_run: true, force: false }).await;
        match tried {
            Ok(_) => {}
            Err(cluster::Error::Refused { code: 409, message, .. }) if of_flux(&message) => {
                send(&connection, object, Apply { dry_run: true, force: true }).await.map_err(|error| refused(object, error))?;
                load.force.insert(at);
            }
            // It is made a moment before, and then it is there.
            Err(cluster::Error::Refused { code: 404, message, .. })
                if namespaces.iter().any(|name| message.contains(&format!("namespaces \"{name}\" not found"))) => {}
            Err(error) => return Err(refused(object, error)),
        }
    }
    Ok(load)
}

/// Returns the environment's Kustomization as the cluster has it, else one as small as can be.
async fn own(connection: &Connection, environment: &Environment) -> Result<Value, Trouble> {
    let key = promise::kustomization(environment);
    if environment.gitops.enabled {
        match act::get(connection, &key).await {
            Ok(found) => return Ok(found),
            Err(cluster::Error::Refused { code: 404, .. } | cluster::Error::KindAbsent { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(json!({
        "metadata": { "name": &*key.name, "namespace": &*key.namespace },
        "spec": { "path": environment.gitops.path },
    }))
}

/// Renders what is wanted as Flux would, and leaves out the marks by which Flux knows its own.
async fn desired(
    scene: &Scene,
    (commit, plan): (&CommitId, &Plan),
    (connection, kustomization): (&Connection, &Value),
) -> Result<Vec<Wanted>, Trouble> {
    let variables = variables::read(connection, kustomization).await?;
    if let Some(why) = &variables.missing {
        return Err(Trouble::refused("Not all variables are known", &scene.environment.id)
            .why(why)
            .next("Ask for the right to read them."));
    }
    let (at, path) = (commit.clone(), text(kustomization, "/spec/path").to_owned());
    let overlay = Overlay::new(kustomization.get("spec").unwrap_or(&Value::Null));
    let read = move |mirror: &Mirror| Ok(closure::load_for(mirror, &at, &path, Some(&overlay)));
    let mut files = scene.repo.with("reading manifests", move |mirror, _| read(mirror)).await??;
    for change in &plan.preview.files {
        match &change.after {
            Some(text) => files.insert(change.path.clone(), text.clone()),
            None => files.remove(&change.path),
        }
    }
    let (whole, sets) = (kustomization.clone(), variables.sets);
    let mut objects = blocking("rendering an environment", move || wanted(&files, &whole, sets.as_ref(), None)).await??;
    for object in &mut objects {
        if encrypted(&object.value) {
            return Err(Trouble::refused("An object is encrypted", shown(&object.value))
                .why("only Flux has the key that SOPS needs here")
                .next("Deploy through Git."));
        }
        if let Some(why) = &object.unknown {
            return Err(Trouble::refused("An object cannot be rendered", shown(&object.value)).why(why));
        }
        finish(connection, &scene.environment, &mut object.value).await?;
    }
    objects.sort_by_key(|object| rank(text(&object.value, "/kind")));
    Ok(objects)
}

/// Takes Flux's marks out of an object and names the namespace that it goes to.
async fn finish(connection: &Connection, environment: &Environment, object: &mut Value) -> Result<(), Trouble> {
    if let Some(labels) = object.pointer_mut("/metadata/labels").and_then(Value::as_object_mut) {
        labels.retain(|name, _| !OWNERS.iter().any(|(owner, _)| name.starts_with(owner)));
    }
    let bare = text(object, "/metadata/namespace").is_empty();
    if bare && act::namespaced(connection, text(object, "/apiVersion"), text(object, "/kind")).await? {
        object["metadata"]["namespace"] = json!(environment.namespace);
    }
    Ok(())
}

/// Says when an object is applied: what others stand in or are made of comes first.
fn rank(kind: &str) -> u8 {
    match kind {
        "Namespace" => 0,
        "CustomResourceDefinition" => 1,
        "ServiceAccount" | "Role" | "ClusterRole" | "RoleBinding" | "ClusterRoleBinding" | "ConfigMap" | "Secret" => 2,
        "Deployment" | "StatefulSet" | "DaemonSet" | "Job" | "CronJob" => 4,
        "ValidatingWebhookConfiguration" | "MutatingWebhookConfiguration" => 5,
        _ => 3,
    }
}

/// Refuses where Flux would undo it: the environment's Kustomization, or whatever of Flux holds an object, is not suspended.
async fn stand_back(connection: &Connection, environment: &Environment, objects: &[Wanted]) -> Result<(), Trouble> {
    let mut holders: Vec<(ObjectKey, String)> = Vec::new();
    if environment.gitops.enabled {
        holders.push((promise::kustomization(environment), environment.id.to_string()));
    }
    for object in objects {
        let Some(live) = act::live(connection, &target(&object.value)).await? else { continue };
        for (label, kind) in OWNERS {
            let part = |name: &str| {
                let labels = live.pointer("/metadata/labels").and_then(Value::as_object);
                labels.and_then(|l| l.get(&format!("{label}/{name}"))).and_then(Value::as_str).unwrap_or_default()
            };
            if !part("name").is_empty() {
                let key = ObjectKey::new(&environment.cluster, kind, part("namespace"), part("name"));
                if !holders.iter().any(|(known, _)| *known == key) {
                    holders.push((key, shown(&object.value)));
                }
            }
        }
    }
    for (key, holds) in holders {
        let found = match act::get_flux(connection, &key).await {
            Ok(found) => Some(found),
            // Where Flux, or the object, is not there nothing is undone.
            Err(cluster::Error::KindAbsent { .. } | cluster::Error::Refused { code: 404, .. }) => None,
            Err(error) => return Err(error.into()),
        };
        if found.is_some_and(|object| !object.suspended()) {
            let short = if &*key.kind == "HelmRelease" { "hr" } else { "ks" };
            return Err(Trouble::refused("Flux would undo it", &environment.id)
                .why(format!("{key} applies {holds} and is not suspended"))
                .next(format!(
                    "Suspend it first (quarterdeck suspend {short}/{} -n {}), or deploy through Git.",
                    key.name, key.namespace
                )));
        }
    }
    Ok(())
}

/// Tells whether a conflict is with Flux's controllers alone.
fn of_flux(message: &str) -> bool {
    let mut managers = message.split(" with \"").skip(1).filter_map(|rest| rest.split('"').next()).peekable();
    managers.peek().is_some() && managers.all(|manager| MANAGERS.contains(&manager))
}

async fn send(connection: &Connection, object: &Wanted, how: Apply) -> Result<Value, cluster::Error> {
    act::apply(connection, &object.value, how).await
}

fn refused(object: &Wanted, error: cluster::Error) -> Trouble {
    let trouble = match error {
        cluster::Error::Refused { code: 409, message, .. } if message.starts_with("Apply failed") => {
            Trouble::refused("Others set fields of it", shown(&object.value))
                .why(message)
                .next("Leave those fields to them, or have them let go; nothing is taken over but what Flux set.")
        }
        error => Trouble::from(error),
    };
    // What came out of a Secret stays out of what the server says about it.
    let why = object.veil.cover_text(&trouble.why, &[&object.value]);
    Trouble { why, ..trouble }
}

/// Applies what was rehearsed and writes into the record how far that came.
pub(crate) async fn apply(core: &Core, scene: &Scene, deployment: &mut Deployment, load: &Load) -> Result<(), Trouble> {
    let connection = core.fleet.connection(&scene.environment.cluster).await?;
    let all = load.objects.len();
    for (at, object) in load.objects.iter().enumerate() {
        let how = Apply { dry_run: false, force: load.force.contains(&at) };
        before("a change in the cluster");
        if let Err(error) = send(&connection, object, how).await {
            let trouble = refused(object, error);
            let trouble = if at == 0 {
                trouble
            } else {
                let before = load.names().into_iter().take(at).collect::<Vec<_>>().join(", ");
                let why = format!("{}; {before} was applied before and stays", trouble.why);
                Trouble { why, ..trouble }
            };
            fail(deployment, StageName::Apply, core.now(), trouble.clone());
            return Err(trouble);
        }
    }
    let stage = deployment.stage_mut(StageName::Apply);
    stage.state = StageState::Done;
    stage.ended = Some(core.now());
    stage.detail = format!("objects applied by hand: {all}");
    deployment.status = Status::Running;
    Ok(())
}

/// Does again, after an interruption, what was under way: a server-side apply of the same changes nothing twice.
pub(super) async fn take_up(core: &Arc<Core>, scene: &Scene, deployment: &mut Deployment) -> Result<(), Trouble> {
    if deployment.stage(StageName::Apply).is_over() {
        return Ok(());
    }
    heard(core, &scene.environment, deployment).await?;
    let done = again(core, scene, deployment).await;
    if let Err(trouble) = done
        && !deployment.status.is_over()
    {
        fail(deployment, StageName::Apply, core.now(), trouble);
    }
    persist(core, deployment).await
}

/// Waits until the cluster answers: whether it has been applied already can only be learned there.
async fn heard(core: &Arc<Core>, environment: &Environment, deployment: &mut Deployment) -> Result<(), Trouble> {
    let live = |world: &World| world.cluster_link(&environment.cluster).is_some_and(LinkState::is_live);
    let mut worlds = core.world.subscribe();
    if live(&worlds.borrow()) {
        return Ok(());
    }
    let detail = format!("waits until {} answers", environment.cluster);
    if deployment.stage(StageName::Apply).detail != detail {
        deployment.stage_mut(StageName::Apply).detail = detail;
        persist(core, deployment).await?;
    }
    // An error means that the engine ends, and this with it.
    drop(worlds.wait_for(|world| live(world)).await);
    Ok(())
}

async fn again(core: &Arc<Core>, scene: &Scene, deployment: &mut Deployment) -> Result<(), Trouble> {
    let commit =
        deployment.commit.clone().ok_or_else(|| Trouble::failed("The deployment has no commit", &deployment.environment))?;
    let draft = Draft {
        workload: deployment.workload.clone(),
        edits: deployment.edits.clone(),
        manual: Some(Manual { from: commit.to_string() }),
        ..Draft::new(deployment.environment.clone())
    };
    let plan = plan::plan(core, scene, commit.clone(), &draft, &deployment.actor).await?.settled()?;
    if plan.preview.digest != deployment.reviewed {
        return Err(Trouble::refused("What was reviewed has changed", &deployment.environment).next("Deploy again."));
    }
    may_go(&scene.environment, &plan)?;
    let load = rehearse(core, scene, &commit, &plan).await?;
    apply(core, scene, deployment, &load).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_flux_alone_owns_is_taken_over() {
        let table = [
            ("Apply failed with 1 conflict: conflict with \"kustomize-controller\": .spec.replicas", true),
            (
                "Apply failed with 2 conflicts: conflicts with \"kustomize-controller\":\n- .spec.x\nconflicts with \"hpa\":\n- .spec.replicas",
                false,
            ),
            ("Apply failed with 1 conflict: conflict with \"kubectl\" using apps/v1: .spec.replicas", false),
            ("the object has been modified", false),
        ];
        for (message, wanted) in table {
            assert_eq!(of_flux(message), wanted, "{message}");
        }
    }
}
