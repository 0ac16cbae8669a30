//! Where an environment's record and its Flux objects say different things, field by field, and what settles that.
//!
//! Another thing than drift, which is between what Git desires and what the cluster has.

use serde::Serialize;

use crate::adopt::{Reason, branch_of};
use crate::check::interval_millis;
use crate::detail::trace::same_repository;
use crate::flux::{FluxObject, ObjectKey};
use crate::ident::ObjectName;
use crate::link::LinkState;
use crate::origin::{Origin, applied_by};
use crate::project::{Environment, Project, plain_path};
use crate::trouble::Trouble;
use crate::world::World;

/// The mark on a Kustomization that was resumed for a manual sync.
const SYNC: &str = "sync";

/// Says that a field of the record and the cluster differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Departure {
    /// The field: `objects`, `url`, `branch`, `path`, `interval`, `auto-sync`, `namespace`, `source`.
    pub field: &'static str,
    /// The object that says otherwise, or is not there.
    pub object: ObjectKey,
    /// What the record says.
    pub record: String,
    /// What the cluster says; empty when the object is not there.
    pub cluster: String,
}

impl Departure {
    /// Returns it in words: `branch: main in the record, develop in the cluster`.
    pub fn words(&self) -> String {
        match self.field {
            "objects" => format!("{} is not there", self.object),
            field => format!("{field}: {} in the record, {} in the cluster", self.record, self.cluster),
        }
    }
}

/// Returns the keys of an environment's GitRepository and Kustomization.
pub fn keys(environment: &Environment) -> [ObjectKey; 2] {
    let gitops = &environment.gitops;
    [("GitRepository", &gitops.source), ("Kustomization", &gitops.kustomization)]
        .map(|(kind, name)| ObjectKey::new(&environment.cluster, kind, &name.namespace, &name.name))
}

/// Says where record and cluster part; nothing when that cannot be told, because the cluster is not heard of.
pub fn departures(world: &World, environment: &Environment) -> Option<Vec<Departure>> {
    if !environment.gitops.enabled {
        return Some(Vec::new());
    }
    let live = |kind: &str| world.kind_link(&environment.cluster, kind).is_some_and(LinkState::is_live);
    let heard = world.cluster_link(&environment.cluster).is_some_and(LinkState::is_live);
    if !(heard && live("GitRepository") && live("Kustomization")) {
        return None;
    }
    let project = world.project(&environment.id.project)?;
    let syncing = world.promises.iter().any(|promise| promise.environment == environment.id);
    let [source, kustomization] = keys(environment);
    let objects = [&source, &kustomization].map(|key| world.flux_object(key).map(AsRef::as_ref));
    Some(compare(environment, project, objects, syncing))
}

/// Compares a record with its GitRepository and its Kustomization, as far as they are there.
///
/// While a manual sync is under way a resumed Kustomization is as it should be.
pub fn compare(
    environment: &Environment,
    project: &Project,
    [source, kustomization]: [Option<&FluxObject>; 2],
    syncing: bool,
) -> Vec<Departure> {
    let gitops = &environment.gitops;
    let [source_key, kustomization_key] = keys(environment);
    let mut out = Vec::new();
    let mut differ = |field, object: &ObjectKey, record: &str, cluster: String| {
        out.push(Departure { field, object: object.clone(), record: record.to_owned(), cluster });
    };
    match source {
        None => differ("objects", &source_key, &gitops.source.to_string(), String::new()),
        Some(source) => {
            let url = source.spec.url.as_deref().unwrap_or_default();
            if !same_repository(url, &project.repository.url) {
                differ("url", &source_key, &project.repository.url, url.to_owned());
            }
            let branch = followed(source);
            if branch != gitops.branch {
                differ("branch", &source_key, &gitops.branch, branch);
            }
        }
    }
    let Some(object) = kustomization else {
        differ("objects", &kustomization_key, &gitops.kustomization.to_string(), String::new());
        return out;
    };
    let spec = &object.spec;
    if let Some(feeds) = feeds(object).filter(|feeds| *feeds != gitops.source.to_string()) {
        differ("source", &kustomization_key, &gitops.source.to_string(), feeds);
    }
    let path = plain_path(spec.path.as_deref().unwrap_or_default());
    if path != plain_path(&gitops.path) {
        differ("path", &kustomization_key, &gitops.path, path);
    }
    if let Some(interval) = spec.interval.as_ref().filter(|text| interval_millis(text) != interval_millis(&gitops.interval)) {
        differ("interval", &kustomization_key, &gitops.interval, interval.to_string());
    }
    let syncing = syncing || object.marks.iter().any(|(name, _)| name == SYNC);
    let resumed = syncing && !object.suspended();
    if object.suspended() == gitops.auto_sync && !resumed {
        differ("auto-sync", &kustomization_key, switch(gitops.auto_sync), switch(!object.suspended()).to_owned());
    }
    if let Some(target) = spec.target_namespace.as_ref().filter(|target| !target.is_empty() && **target != environment.namespace)
    {
        differ("namespace", &kustomization_key, &environment.namespace, target.to_string());
    }
    out
}

const fn switch(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}

/// Returns the branch that a source follows, or in words what else.
fn followed(source: &FluxObject) -> String {
    match branch_of(source.spec.reference.as_deref()) {
        Ok(branch) => branch,
        Err(Reason::Pinned { word, value }) => format!("{word} {value}"),
        Err(_) => String::new(),
    }
}

/// Returns the source that a Kustomization takes, as `namespace/name`, with its kind when that is no GitRepository.
fn feeds(object: &FluxObject) -> Option<String> {
    let reference = object.spec.source_ref.as_ref()?;
    let name = ObjectName::new(reference.namespace.as_deref().unwrap_or(&object.key.namespace), &*reference.name);
    Some(if reference.kind == "GitRepository" { name.to_string() } else { format!("{}/{name}", reference.kind) })
}

/// Makes of a record what the cluster says; the project too, when the repository is another one.
pub fn as_the_cluster(
    environment: &Environment,
    project: &Project,
    [source, kustomization]: [Option<&FluxObject>; 2],
) -> Result<(Environment, Option<Project>), Trouble> {
    let mut out = environment.clone();
    let (Some(source), Some(object)) = (source, kustomization) else {
        if source.is_none() && kustomization.is_none() {
            out.gitops.enabled = false;
            return Ok((out, None));
        }
        return Err(cannot(environment, "one of its two objects is not there, so the cluster says nothing whole"));
    };
    // What the recorded source says is not what runs when the Kustomization takes another one; that one is compared next.
    let mut moved = None;
    if let Some(feeds) = feeds(object).filter(|feeds| *feeds != out.gitops.source.to_string()) {
        let (namespace, name) = feeds.split_once('/').filter(|(_, name)| !name.contains('/')).ok_or_else(|| {
            cannot(environment, &format!("its Kustomization takes {feeds}, and an environment needs a GitRepository"))
        })?;
        out.gitops.source = ObjectName::new(namespace, name);
    } else {
        out.gitops.branch = branch_of(source.spec.reference.as_deref()).map_err(|why| cannot(environment, &why.words()))?;
        let url = source.spec.url.clone().unwrap_or_default();
        if !same_repository(&url, &project.repository.url) {
            let mut project = project.clone();
            project.repository.url = url.to_string();
            moved = Some(project);
        }
    }
    out.gitops.path = plain_path(object.spec.path.as_deref().unwrap_or_default());
    out.gitops.interval = object.spec.interval.as_ref().map_or(out.gitops.interval, ToString::to_string);
    out.gitops.auto_sync = !object.suspended();
    if let Some(target) = object.spec.target_namespace.clone().filter(|target| !target.is_empty()) {
        out.namespace = target.to_string();
    }
    Ok((out, moved))
}

fn cannot(environment: &Environment, why: &str) -> Trouble {
    Trouble::refused("The record cannot become what the cluster has", &environment.id)
        .why(why)
        .next("Settle it to the record, or edit the environment.")
}

/// Returns where a Flux object comes from, as far as the world tells: who applied it, and what that would do to a change.
pub fn origin(world: &World, key: &ObjectKey) -> Option<Origin> {
    let object = world.flux_object(key)?;
    let label = |name: &str| object.labels.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let (kind, namespace, name) = applied_by(label)?;
    let by = ObjectKey::new(&key.context(), kind, namespace, name);
    let applied = world.flux_object(&by);
    let source = applied.and_then(|a| {
        a.source().map(|s| ObjectKey::new(&key.context(), &s.kind, s.namespace.as_deref().unwrap_or(&a.key.namespace), &s.name))
    });
    let from = source.as_ref().and_then(|source| world.flux_object(source));
    Some(Origin {
        url: from.and_then(|s| s.spec.url.as_ref()).map(ToString::to_string).unwrap_or_default(),
        branch: from.and_then(|s| s.spec.reference.as_ref()?.branch.as_ref()).map(ToString::to_string),
        source,
        revision: applied.and_then(|a| a.revision().cloned()),
        path: applied.and_then(|a| a.spec.path.as_deref().map(plain_path)).unwrap_or_default(),
        interval: applied.and_then(|a| a.spec.interval.as_ref()).map(ToString::to_string),
        suspended: applied.is_some_and(|a| a.suspended()),
        place: None,
        unplaced: String::new(),
        environments: Vec::new(),
        by,
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by failing")]
    use serde_json::{Value, json};

    use super::*;
    use crate::project::{Credential, EnvironmentType, Provider, Repository};

    fn object(kind: &str, spec: &Value, marks: &[(&str, &str)]) -> FluxObject {
        let value = json!({
            "key": ObjectKey::new(&"c".into(), kind, "flux-system", "shop-dev"), "uid": "u", "resource_version": "1", "generation": 1,
            "created": null, "deleting": false, "requested_at": null, "labels": [], "marks": marks, "spec": spec, "status": {},
        });
        serde_json::from_value(value).unwrap()
    }

    fn records() -> (Environment, Project) {
        let environment = Environment::with_defaults("shop/dev".parse().unwrap(), EnvironmentType::Development, "c".into());
        let repository = Repository {
            provider: Provider::Git,
            url: "https://git.example/shop.git".to_owned(),
            default_branch: "main".to_owned(),
            credential: Credential::None,
        };
        let project = Project {
            slug: "shop".parse().unwrap(),
            name: "Shop".to_owned(),
            description: String::new(),
            organization: "default".to_owned(),
            repository,
        };
        (environment, project)
    }

    #[test]
    fn each_field_is_compared_as_it_is_meant_and_settles_to_the_cluster() {
        let (environment, project) = records();
        let url = json!({ "url": "ssh://git@git.example/shop", "ref": { "branch": "develop" } });
        let apply = json!({ "path": "./k8s/overlays/development/", "interval": "60s", "targetNamespace": "shop-dev",
            "sourceRef": { "kind": "GitRepository", "name": "shop-dev" } });
        let with = |base: &Value, field: &str, value: Value| {
            let mut out = base.clone();
            out[field] = value;
            out
        };
        let cases: [(&str, Value, Value, &[&str]); 9] = [
            ("the same in other words", url.clone(), apply.clone(), &[]),
            ("branch", with(&url, "ref", json!({ "branch": "main" })), apply.clone(), &["branch develop main"]),
            ("tag", with(&url, "ref", json!({ "tag": "v1" })), apply.clone(), &["branch develop tag v1"]),
            (
                "url",
                with(&url, "url", json!("https://git.example/other")),
                apply.clone(),
                &["url https://git.example/shop.git https://git.example/other"],
            ),
            ("path", url.clone(), with(&apply, "path", json!("./k8s")), &["path k8s/overlays/development k8s"]),
            ("interval", url.clone(), with(&apply, "interval", json!("5m")), &["interval 1m 5m"]),
            ("suspended", url.clone(), with(&apply, "suspend", json!(true)), &["auto-sync on off"]),
            ("namespace", url.clone(), with(&apply, "targetNamespace", json!("other")), &["namespace shop-dev other"]),
            (
                "source",
                url.clone(),
                with(&apply, "sourceRef", json!({ "kind": "GitRepository", "name": "fleet" })),
                &["source flux-system/shop-dev flux-system/fleet"],
            ),
        ];
        for (case, source, kustomization, expect) in cases {
            let (source, kustomization) = (object("GitRepository", &source, &[]), object("Kustomization", &kustomization, &[]));
            let objects = [Some(&source), Some(&kustomization)];
            let found = compare(&environment, &project, objects, false);
            let drawn: Vec<String> = found.iter().map(|d| format!("{} {} {}", d.field, d.record, d.cluster)).collect();
            assert_eq!(drawn, expect, "{case}");
            match as_the_cluster(&environment, &project, objects) {
                Ok((settled, moved)) => {
                    let project = moved.unwrap_or_else(|| project.clone());
                    let left = compare(&settled, &project, [Some(&source), Some(&kustomization)], false);
                    assert!(left.is_empty(), "{case}: {left:?}");
                }
                Err(trouble) => assert!(case == "tag" && trouble.why.contains("tag v1"), "{case}: {trouble}"),
            }
        }
    }

    #[test]
    fn another_source_is_taken_without_what_the_old_one_says() {
        let (environment, project) = records();
        let source = object("GitRepository", &json!({ "url": "https://git.example/old", "ref": { "tag": "v1" } }), &[]);
        let spec = json!({ "path": "./k8s", "interval": "1m", "sourceRef": { "kind": "GitRepository", "name": "fleet" } });
        let kustomization = object("Kustomization", &spec, &[]);
        let (settled, moved) = as_the_cluster(&environment, &project, [Some(&source), Some(&kustomization)]).unwrap();
        assert_eq!(settled.gitops.source.to_string(), "flux-system/fleet");
        assert_eq!((settled.gitops.branch, moved), (environment.gitops.branch, None));
    }

    #[test]
    fn what_is_not_there_departs_and_a_manual_sync_does_not() {
        let (mut environment, project) = records();
        let missing = compare(&environment, &project, [None, None], false);
        assert_eq!(missing.iter().map(|d| d.field).collect::<Vec<_>>(), ["objects", "objects"]);
        assert!(!as_the_cluster(&environment, &project, [None, None]).unwrap().0.gitops.enabled);
        let source =
            object("GitRepository", &json!({ "url": "https://git.example/shop.git", "ref": { "branch": "develop" } }), &[]);
        assert!(as_the_cluster(&environment, &project, [Some(&source), None]).is_err());

        environment.gitops.auto_sync = false;
        let spec = json!({ "path": "k8s/overlays/development", "interval": "1m" });
        let plain = object("Kustomization", &spec, &[]);
        let marked = object("Kustomization", &spec, &[("sync", "t")]);
        let fields = |k: &FluxObject, syncing| compare(&environment, &project, [Some(&source), Some(k)], syncing).len();
        assert_eq!((fields(&plain, false), fields(&plain, true), fields(&marked, false)), (1, 0, 0));
    }
}
