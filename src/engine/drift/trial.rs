//! The live side of a review: what the cluster would make of each object that a change touches, by server-side dry run with the
//! field manager that Flux applies with. Nothing is changed, and nothing of a Secret is shown.

use std::sync::Arc;

use domain::Trouble;
use domain::trial::Trial;
use futures::StreamExt as _;
use manifest::drift::{Applier, Wanted};
use serde_json::Value;

use super::chart::Chart;
use super::compare::Job;
use super::tried::{self, Stage};
use super::{rules, same, target};
use crate::plan::Plan;
use crate::scene::Scene;
use crate::shared::Core;

/// How many objects are tried, and how many at once.
const MOST: usize = 200;
const AT_ONCE: usize = 8;

/// Tries what a change makes of an environment. By hand everything is applied, so everything is tried, and nothing is deleted.
pub(crate) async fn trial(core: &Arc<Core>, scene: &Scene, plan: &Plan, by_hand: bool) -> Result<Trial, Trouble> {
    let preview = &plan.preview;
    if let Some(trouble) = &preview.render_trouble {
        return Err(trouble.clone());
    }
    let Stage { connection, object, old, new, veil, mut notes } = tried::stage(core, scene, preview).await?;
    let flag = |pointer: &str| object.pointer(pointer).and_then(Value::as_bool).unwrap_or(false);
    let rules = rules(object.pointer("/spec/ignore"), "spec.ignore", &mut notes);
    let applier = Applier::Kustomize;
    let job = Job {
        core,
        connection: &connection,
        applier,
        rules: &rules,
        force: flag("/spec/force"),
        decrypts: object.pointer("/spec/decryption").is_some(),
    };
    let names: Vec<_> = new.iter().map(|w| target(&w.value)).collect();
    let gone: Vec<_> =
        old.iter().map(|w| target(&w.value)).filter(|old| !by_hand && !names.iter().any(|new| same(old, new))).collect();
    let touched: Vec<_> = new.into_iter().filter(|new| by_hand || !old.iter().any(|old| old.value == new.value)).collect();
    let beyond = touched.len().saturating_sub(MOST);
    let releases: Vec<Wanted> =
        touched.iter().filter(|w| w.value.get("kind").and_then(Value::as_str) == Some("HelmRelease")).cloned().collect();
    let mut objects: Vec<_> =
        futures::stream::iter(touched.into_iter().take(MOST).map(|wanted| job.one(wanted))).buffered(AT_ONCE).collect().await;
    for target in &gone {
        objects.extend(job.left(target, flag("/spec/prune"), veil.as_ref()).await);
    }
    for (before, after) in &plan.releases {
        let chart = Chart { scene, base: &preview.base, sides: (before.as_ref(), after.as_ref()) };
        let (tried, note) = chart.tried(job, &releases).await;
        objects.extend(tried);
        notes.extend(note);
    }
    objects.sort_by_key(|object| object.verdict);
    if by_hand {
        notes.push(
            "By hand it is applied as quarterdeck, and what others own is refused; this is what Flux would get.".to_owned(),
        );
    }
    let (base, digest) = (preview.base.clone(), preview.digest.clone());
    Ok(Trial { base, digest, manager: applier.manager(), checked: core.now(), objects, beyond, notes })
}
