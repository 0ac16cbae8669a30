//! The charts of a trial: what a HelmRelease's chart renders to, tried on the cluster as helm-controller would apply it.
//!
//! Where that cannot be said (the chart or some of its values are elsewhere, helm is not here, another cluster is meant) a sentence
//! says so. Nothing is tried whose live side could show what came out of a Secret.

use cluster::act;
use domain::change::ChartState;
use domain::drift::{ObjectDrift, Verdict};
use domain::flux::ObjectKey;
use domain::revision::CommitId;
use futures::StreamExt as _;
use manifest::drift::{Applier, Veil, Wanted, named};
use manifest::{Object, Release};
use serde_json::Value;

use super::compare::Job;
use super::release::dressed;
use super::{rules, target};
use crate::rendered;
use crate::scene::Scene;

/// How many objects of one chart are tried, and how many at once.
const MOST: usize = 100;
const AT_ONCE: usize = 8;

/// Holds a release that changes, before and after, on a commit.
pub(super) struct Chart<'a> {
    pub(super) scene: &'a Scene,
    pub(super) base: &'a CommitId,
    pub(super) sides: (Option<&'a Release>, Option<&'a Release>),
}

impl Chart<'_> {
    /// Tries what the chart renders to; `releases` are the HelmReleases as the change renders them. Says beside it what was tried.
    pub(super) async fn tried(&self, job: Job<'_>, releases: &[Wanted]) -> (Vec<ObjectDrift>, Option<String>) {
        let Some(release) = self.sides.1 else {
            let gone = self.sides.0.map(|gone| format!("{} goes: helm-controller uninstalls what its chart made.", gone.key));
            return (Vec::new(), gone);
        };
        match self.attempt(job, release, releases).await {
            Ok(objects) => (objects, Some(format!("What the chart of {} makes is tried as helm-controller.", release.key))),
            Err(why) => (Vec::new(), Some(format!("What the chart of {} makes is not tried: {why}", release.key))),
        }
    }

    async fn attempt(&self, job: Job<'_>, release: &Release, releases: &[Wanted]) -> Result<Vec<ObjectDrift>, String> {
        let wanted = releases.iter().find(|wanted| is(&wanted.value, release));
        self.may_be_seen(job, wanted).await?;
        let (old, new) = rendered::both(job.core, self.scene, self.base, self.sides).await.map_err(words)?;
        let namespace = match (release.namespace.as_str(), wanted) {
            ("", Some(wanted)) => target(&wanted.value).namespace,
            (namespace, _) => namespace.to_owned(),
        };
        let dress = async |objects: Vec<Object>| {
            let objects = objects.into_iter().map(|object| object.value).filter(|value| !is_hook(value)).collect();
            dressed(job.connection, (&release.name, &namespace), objects).await
        };
        let (old, new) = (dress(old).await, dress(new).await);
        let ignore = wanted.and_then(|wanted| wanted.value.pointer("/spec/driftDetection/ignore"));
        let rules = rules(ignore, "spec.driftDetection.ignore", &mut Vec::new());
        let job = Job { applier: Applier::Helm, rules: &rules, force: false, decrypts: false, ..job };
        let veil = wanted.map(|wanted| wanted.veil.clone()).unwrap_or_default();
        let names: Vec<_> = new.iter().map(target).collect();
        let gone: Vec<Value> = old.iter().filter(|old| !names.contains(&target(old))).cloned().collect();
        let touched = new.into_iter().filter(|new| !old.contains(new)).take(MOST);
        let touched = touched.map(|value| job.one(of_chart(value, &veil)));
        let mut objects: Vec<ObjectDrift> = futures::stream::iter(touched).buffered(AT_ONCE).collect().await;
        for value in gone {
            if let Ok(Some(live)) = act::live(job.connection, &target(&value)).await {
                objects.push(named(&live, Verdict::Extra).why("its chart makes it no more, so Helm deletes it"));
            }
        }
        Ok(objects)
    }

    /// Refuses where values are not known here or came out of a Secret, now or when the release was last made.
    async fn may_be_seen(&self, job: Job<'_>, wanted: Option<&Wanted>) -> Result<(), String> {
        let unknown: Vec<&str> =
            [self.sides.0, self.sides.1].into_iter().flatten().flat_map(|side| &side.unknown).map(String::as_str).collect();
        if !unknown.is_empty() {
            return Err(format!("some of its values are not read here ({}).", unknown.join(", ")));
        }
        if self.sides.1.is_some_and(|release| release.values.contains("${")) {
            return Err("its values have variables that Flux puts in later.".to_owned());
        }
        let Some(wanted) = wanted else { return Ok(()) };
        if wanted.unknown.is_some() || wanted.value.pointer("/spec/kubeConfig").is_some() {
            return Err("it goes to another cluster, or its values are not known.".to_owned());
        }
        let at = target(&wanted.value);
        let key = ObjectKey::new(&self.scene.environment.cluster, &at.kind, &at.namespace, &at.name);
        let live = match act::get(job.connection, &key).await {
            Ok(live) => live,
            Err(cluster::Error::Refused { code: 404, .. } | cluster::Error::KindAbsent { .. }) => return Ok(()),
            Err(error) => return Err(domain::Trouble::from(error).to_string()),
        };
        let number = |pointer: &str| live.pointer(pointer).and_then(Value::as_i64);
        if from_secret(&live) || from_secret(&wanted.value) {
            return Err("some of its values come out of a Secret.".to_owned());
        }
        // What is installed may come from values that were taken out just now.
        if number("/status/observedGeneration") < number("/metadata/generation") {
            return Err("helm-controller has not handled its last change yet.".to_owned());
        }
        Ok(())
    }
}

fn from_secret(release: &Value) -> bool {
    let sources = release.pointer("/spec/valuesFrom").and_then(Value::as_array);
    sources.into_iter().flatten().any(|source| source.get("kind").and_then(Value::as_str) == Some("Secret"))
}

/// Tells whether an object is the HelmRelease that a release was read from.
fn is(object: &Value, release: &Release) -> bool {
    let at = target(object);
    [format!("HelmRelease/{}", at.name), format!("{}/HelmRelease/{}", at.namespace, at.name)].contains(&release.key)
}

/// Tells whether Helm runs an object at some moment instead of keeping it.
fn is_hook(object: &Value) -> bool {
    object.pointer("/metadata/annotations").and_then(|annotations| annotations.get("helm.sh/hook")).is_some()
}

/// Takes an object of a chart; a Secret may have values that the chart makes up anew each time.
fn of_chart(value: Value, veil: &Veil) -> Wanted {
    let secret = value.get("kind").and_then(Value::as_str) == Some("Secret");
    let unknown = secret.then(|| "a Secret out of a chart is not tried: its values may be made up each time".to_owned());
    Wanted { value, file: None, veil: veil.clone(), unknown }
}

fn words(state: ChartState) -> String {
    match state {
        ChartState::NoHelm => "helm is not installed here.".to_owned(),
        ChartState::Elsewhere(chart) => format!("its chart is not in this repository ({chart})."),
        ChartState::Failed(why) => why,
        ChartState::Rendered(_) => String::new(),
    }
}
