//! Settling where record and cluster part: both are read afresh, and nothing is done if they part otherwise than was shown.

use std::sync::Arc;

use cluster::act::Steer;
use domain::departure::{self, Departure};
use domain::flux::{FluxObject, ObjectKey};
use domain::journal::{Change, Phase};
use domain::orders::{Settle, Side};
use domain::project::{Environment, Project};
use domain::{Trouble, check};
use serde_json::{Value, json};

use super::environment;
use crate::follow::promise::MARK;
use crate::objects;
use crate::orders::{Done, Fault};
use crate::scene::no_environment;
use crate::scribe::Scribe;
use crate::shared::Core;

/// How often the objects are changed anew when they change under our hands.
const CONFLICTS: u32 = 5;

/// What an environment is and what its cluster has, read just now.
struct Now {
    environment: Arc<Environment>,
    project: Arc<Project>,
    source: Option<FluxObject>,
    kustomization: Option<FluxObject>,
}

impl Now {
    async fn read(core: &Core, order: &Settle) -> Result<Self, Trouble> {
        core.refresh().await?;
        let scene = core.scene(&order.environment)?;
        let [source, kustomization] = departure::keys(&scene.environment);
        Ok(Self {
            source: core.fleet.flux(&source).await?,
            kustomization: core.fleet.flux(&kustomization).await?,
            environment: scene.environment,
            project: scene.project,
        })
    }

    fn versions(&self) -> [Option<&str>; 2] {
        self.objects().map(|object| object.map(|object| object.resource_version.as_str()))
    }

    const fn objects(&self) -> [Option<&FluxObject>; 2] {
        [self.source.as_ref(), self.kustomization.as_ref()]
    }

    fn departures(&self) -> Vec<Departure> {
        departure::compare(&self.environment, &self.project, self.objects(), false)
    }
}

pub(super) async fn settle(core: &Arc<Core>, scribe: &Scribe, order: Settle) -> Result<Done, Fault> {
    let mut now = Now::read(core, &order).await?;
    if core.store.state().promises.contains_key(&order.environment) {
        return Err(Trouble::refused("A sync of the environment is under way", &order.environment)
            .next("Wait for it to end.")
            .into());
    }
    let found = now.departures();
    if found.is_empty() {
        return Ok(Done::said(format!("Record and cluster say the same of {}; nothing was changed.", order.environment)));
    }
    if found != order.departures {
        let told: Vec<String> = found.iter().map(Departure::words).collect();
        return Err(Trouble::refused("Record and cluster part otherwise than was shown", &order.environment)
            .why(told.join("; "))
            .next("Look again and decide anew.")
            .into());
    }
    if order.to == Side::Cluster {
        return to_cluster(scribe, &now).await.map_err(Fault::from);
    }
    let mut begun = false;
    for _ in 0..CONFLICTS {
        let fault = match to_record(core, &now).await {
            Ok(done) => return Ok(done),
            Err(fault) => Fault { begun: fault.begun || begun, ..fault },
        };
        begun = fault.begun;
        // A controller that writes a status makes a new version too: as long as they part as was shown, it is tried again.
        let then = Now::read(core, &order).await.map_err(|trouble| Fault::after(begun, trouble))?;
        if then.versions() == now.versions() || then.departures().iter().any(|d| !found.contains(d)) {
            return Err(fault);
        }
        now = then;
    }
    to_record(core, &now).await.map_err(|fault| Fault { begun: fault.begun || begun, ..fault })
}

/// Changes the objects; the server tries all changes before the first is made.
async fn to_record(core: &Arc<Core>, now: &Now) -> Result<Done, Fault> {
    let environment = &now.environment;
    let [source, kustomization] = departure::keys(environment);
    let found = now.departures();
    let patches: Vec<(ObjectKey, Value, String)> = [(source, &now.source), (kustomization, &now.kustomization)]
        .into_iter()
        .filter_map(|(key, object)| {
            let version = object.as_ref()?.resource_version.clone();
            let patch = patch(environment, &now.project, found.iter().filter(|d| d.object == key))?;
            Some((key, patch, version))
        })
        .collect();
    for (key, patch, version) in &patches {
        core.fleet.patch(key, patch, version, true).await?;
    }
    let mut said: Vec<String> = Vec::new();
    let after = |said: &[String], trouble| Fault::after(!said.is_empty(), trouble);
    for (key, patch, version) in &patches {
        core.fleet.patch(key, patch, version, false).await.map_err(|trouble| after(&said, trouble))?;
        said.push(format!("{key} was changed"));
    }
    if found.iter().any(|d| d.field == "objects") {
        let made = environment::create(core, environment, &now.project.repository, None).await;
        let made = made.map_err(|fault| Fault { begun: fault.begun || !said.is_empty(), ..fault })?;
        said.push(format!("created: {}", made.join(", ")));
    }
    // Whoever settles it means it to stay: a promise that others gave for it is no longer theirs to keep.
    let resumed = found.iter().any(|d| d.field == "auto-sync") && environment.gitops.auto_sync;
    if resumed && let Some(object) = &now.kustomization {
        let by_hand = Steer { expect: None, marks: vec![(MARK.to_owned(), None)] };
        core.fleet.resume(&object.key, &by_hand).await.map_err(|trouble| after(&said, trouble))?;
    }
    Ok(Done::said(format!("The cluster says what the record of {} says: {}.", environment.id, said.join(", "))))
}

/// Returns the merge patch that makes an object say what the record says, of the fields that part.
fn patch<'a>(environment: &Environment, project: &Project, found: impl Iterator<Item = &'a Departure>) -> Option<Value> {
    let gitops = &environment.gitops;
    let mut spec = serde_json::Map::new();
    for departure in found {
        let (field, value) = match departure.field {
            "url" => ("url", json!(objects::flux_url(&project.repository.url))),
            // Whatever else it followed is followed no longer.
            "branch" => ("ref", json!({ "branch": gitops.branch, "tag": null, "semver": null, "commit": null, "name": null })),
            "path" => ("path", json!(objects::flux_path(&gitops.path))),
            "interval" => ("interval", json!(gitops.interval)),
            "auto-sync" => ("suspend", json!(!gitops.auto_sync)),
            "namespace" => ("targetNamespace", json!(environment.namespace)),
            "source" => {
                let source = &gitops.source;
                ("sourceRef", json!({ "kind": "GitRepository", "name": source.name, "namespace": source.namespace }))
            }
            _ => continue,
        };
        spec.insert(field.to_owned(), value);
    }
    (!spec.is_empty()).then(|| json!({ "spec": spec }))
}

/// Changes the record, and the project's when the repository is another one.
async fn to_cluster(scribe: &Scribe, now: &Now) -> Result<Done, Trouble> {
    let (settled, moved) = departure::as_the_cluster(&now.environment, &now.project, now.objects())?;
    check::environment(&settled)?;
    let id = settled.id.clone();
    let before = Arc::clone(&now.environment);
    let same = move |state: &store::State| match state.environments.get(&before.id) {
        None => Err(no_environment(&before.id)),
        Some(now) if **now == *before => Ok(()),
        Some(_) => Err(Trouble::refused("Somebody else has changed the record meanwhile", &before.id).next("Look again.")),
    };
    let mut said = format!("The record of {id} says what the cluster has.");
    if let Some(project) = moved {
        check::project(&project)?;
        git::check_url(&project.repository.url).map_err(Trouble::from)?;
        said = format!("{said} The project {} has the repository {}.", project.slug, project.repository.url);
        let change = ("project.edit", project.slug.to_string(), Change::Project(project));
        scribe.write_all(Phase::Done, "settled to what the cluster has", vec![change], Box::new(same.clone())).await?;
    }
    Ok(Done::said(said).with(Change::Environment(settled)).when(same))
}
