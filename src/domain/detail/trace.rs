//! The way back: from any object over its owners and what applied it to the source, its revision and the commit.
//!
//! Whoever has a cluster reads what [`links`] names, again and again until nothing new comes; [`trace`] then tells the way, and
//! the commits in it are filled in from a mirror. Nothing here reads anything.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;

use super::{State, judge, list, text};
use crate::Time;
use crate::flux::ObjectKey;
use crate::origin::applied_by;
use crate::revision::{CommitId, Revision};

/// What was read of each object: its JSON, or why there is none.
pub type Known = BTreeMap<ObjectKey, Result<Value, (State, String)>>;

/// Holds the way from an object to the commits that brought it about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Trace {
    /// The steps, from the object on.
    pub steps: Vec<Step>,
    /// Why the way ends earlier than at a commit; empty when it does not.
    pub end: String,
}

/// Says what a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// The object that was asked about.
    Object,
    /// What owns the step before.
    Owner,
    /// What applied the step before.
    Applier,
    /// The chart of a release.
    Chart,
    /// Where the content comes from.
    Source,
    /// The commit that was applied.
    Commit,
}

/// Holds one step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// What it is.
    pub what: What,
    /// The object; none for a commit.
    pub key: Option<ObjectKey>,
    /// How it is doing.
    pub state: State,
    /// What there is to say about that; for a commit, why no more of it is known.
    pub said: String,
    /// The revision that it applied or offers.
    pub revision: Option<Revision>,
    /// The path within the source.
    pub path: Option<String>,
    /// Where the source is.
    pub url: Option<String>,
    /// The commit as its repository tells it.
    pub commit: Option<Landed>,
    /// The newest commit at or below it that changed something under the path, when that is another one.
    pub touched: Option<Landed>,
}

/// Holds a commit as its repository tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Landed {
    /// The commit.
    pub id: CommitId,
    /// The author's name.
    pub author: String,
    /// When it was committed.
    pub time: Option<Time>,
    /// The first line of its message.
    pub subject: String,
    /// The rest of its message.
    pub body: String,
}

impl Step {
    fn new(what: What, key: &ObjectKey, found: Option<&Result<Value, (State, String)>>) -> Self {
        let (state, said) = match found {
            Some(Ok(object)) => judge::judge(object),
            Some(Err((state, said))) => (*state, said.clone()),
            None => (State::Unread, String::new()),
        };
        let (revision, path, url, commit, touched) = (None, None, None, None, None);
        Self { what, key: Some(key.clone()), state, said, revision, path, url, commit, touched }
    }
}

/// Returns what applied an object, by the labels on it.
pub fn applier(key: &ObjectKey, object: &Value) -> Option<ObjectKey> {
    let labels = object.pointer("/metadata/labels")?;
    let (kind, namespace, name) = applied_by(|label| labels.get(label).and_then(Value::as_str))?;
    Some(ObjectKey::new(&key.context(), kind, namespace, name))
}

/// Returns what owns an object.
fn owner(key: &ObjectKey, object: &Value) -> Option<ObjectKey> {
    let owners = list(object, "/metadata/ownerReferences");
    let owner = owners.iter().find(|o| super::flag(o, "/controller")).or(owners.first())?;
    let kind = text(owner, "/kind");
    // A Pod that the kubelet runs by itself is owned by its Node, which nobody applied.
    (kind != "Node").then(|| ObjectKey::new(&key.context(), kind, &key.namespace, text(owner, "/name")))
}

fn reference(key: &ObjectKey, object: &Value, pointer: &str) -> Option<ObjectKey> {
    let found = object.pointer(pointer)?;
    let (kind, name) = (text(found, "/kind"), text(found, "/name"));
    let namespace = Some(text(found, "/namespace")).filter(|n| !n.is_empty()).unwrap_or(&key.namespace);
    (!name.is_empty()).then(|| ObjectKey::new(&key.context(), kind, namespace, name))
}

/// Returns what a Flux object takes its content from, the nearest first.
fn sources(key: &ObjectKey, object: &Value) -> Vec<ObjectKey> {
    let at = |pointer: &str| reference(key, object, pointer);
    match &*key.kind {
        "HelmRelease" => {
            let chart = text(object, "/status/helmChart").split_once('/');
            let chart = chart.map(|(namespace, name)| ObjectKey::new(&key.context(), "HelmChart", namespace, name));
            at("/spec/chartRef").or(chart).or_else(|| at("/spec/chart/spec/sourceRef")).into_iter().collect()
        }
        "ArtifactGenerator" => {
            let of = |source: &Value| reference(key, &serde_json::json!({ "source": source }), "/source");
            list(object, "/spec/sources").iter().filter_map(of).collect()
        }
        _ => at("/spec/sourceRef").into_iter().collect(),
    }
}

/// Returns every object that an object leads to.
pub fn links(key: &ObjectKey, object: &Value) -> Vec<ObjectKey> {
    let mut out = sources(key, object);
    out.extend(owner(key, object));
    out.extend(applier(key, object));
    out
}

/// Tells the way from an object as far as it is known. Its commits still lack what only a repository knows.
pub fn trace(start: &ObjectKey, known: &Known) -> Trace {
    let mut way = Way { known, steps: Vec::new(), seen: BTreeSet::new() };
    let end = way.from(start);
    Trace { steps: way.steps, end }
}

struct Way<'a> {
    known: &'a Known,
    steps: Vec<Step>,
    seen: BTreeSet<ObjectKey>,
}

impl<'a> Way<'a> {
    fn object(&self, key: &ObjectKey) -> Option<&'a Value> {
        self.known.get(key).and_then(|found| found.as_ref().ok())
    }

    fn push(&mut self, what: What, key: &ObjectKey) -> &mut Step {
        self.seen.insert(key.clone());
        self.steps.push(Step::new(what, key, self.known.get(key)));
        let last = self.steps.len() - 1;
        &mut self.steps[last]
    }

    /// Goes the whole way; returns why it ends where it does.
    fn from(&mut self, start: &ObjectKey) -> String {
        let mut chain = vec![start.clone()];
        self.push(What::Object, start);
        while let Some(next) = chain.last().and_then(|key| owner(key, self.object(key)?))
            && !self.seen.contains(&next)
        {
            self.push(What::Owner, &next);
            chain.push(next);
        }
        let mut begun = false;
        let mut current = if start.flux_kind().is_some() {
            Some(start.clone())
        } else {
            chain.iter().rev().find_map(|key| applier(key, self.object(key)?))
        };
        while let Some(key) = current {
            begun = true;
            if key != *start {
                if !self.seen.insert(key.clone()) {
                    break;
                }
                self.push(What::Applier, &key);
            }
            self.content(&key);
            current = self.object(&key).and_then(|object| applier(&key, object)).filter(|next| !self.seen.contains(next));
        }
        match self.object(start) {
            None => "It could not be read, so nothing leads on from it.".to_owned(),
            Some(_) if !begun => {
                "It has none of the labels that Flux puts on what it applies: nothing in Flux brought it.".to_owned()
            }
            Some(_) if self.steps.iter().all(|step| step.what != What::Commit) => {
                "No Git commit lies at the end of it.".to_owned()
            }
            Some(_) => String::new(),
        }
    }

    /// Adds where a Flux object takes its content from, and the commit of it that was applied.
    fn content(&mut self, key: &ObjectKey) {
        let Some(object) = self.object(key) else { return };
        let own = |pointer: &str| Some(text(object, pointer)).filter(|t| !t.is_empty()).map(str::to_owned);
        let path = own("/spec/path");
        let applied = own("/status/lastAppliedRevision").or_else(|| own("/status/lastAttemptedRevision"));
        let applied = applied.or_else(|| own("/status/artifact/revision")).map(Revision::from);
        let mut commit = own("/status/lastAppliedOriginRevision").and_then(|r| Revision::from(r).commit());
        commit = commit.or_else(|| applied.as_ref().and_then(Revision::commit));
        let here = self.steps.iter().rposition(|step| step.key.as_ref() == Some(key));
        if let Some(step) = here.and_then(|at| self.steps.get_mut(at)) {
            step.revision.clone_from(&applied);
            step.path.clone_from(&path);
            step.url = own("/spec/url");
        }
        let mut url = if &*key.kind == "GitRepository" { own("/spec/url") } else { None };
        let (mut open, mut taken) = (sources(key, object), BTreeSet::new());
        while let Some(next) = open.pop() {
            // An artifact may be made of what is made of it.
            if !taken.insert(next.clone()) {
                continue;
            }
            if self.steps.iter().any(|step| step.key.as_ref() == Some(&next) && step.what == What::Source && url.is_none()) {
                // Another applier took from it already; its commit may still be another one.
                url = self.object(&next).map(|o| text(o, "/spec/url").to_owned());
                continue;
            }
            self.source(&next, &mut url, &mut commit);
            open.extend(self.object(&next).map(|o| sources(&next, o)).unwrap_or_default());
        }
        if let Some(url) = url.filter(|url| !url.is_empty()) {
            let revision = commit.as_ref().map(|id| Revision::from(id.to_string()));
            let said = if revision.is_some() { String::new() } else { "It has applied no commit yet.".to_owned() };
            let (state, url) = (State::Current, Some(url));
            self.steps.push(Step {
                what: What::Commit,
                key: None,
                state,
                said,
                revision,
                path,
                url,
                commit: None,
                touched: None,
            });
        }
    }

    fn source(&mut self, key: &ObjectKey, url: &mut Option<String>, commit: &mut Option<CommitId>) {
        let object = self.object(key).cloned().unwrap_or_default();
        let own = |pointer: &str| Some(text(&object, pointer)).filter(|t| !t.is_empty()).map(str::to_owned);
        let what = if &*key.kind == "HelmChart" { What::Chart } else { What::Source };
        let revision = own("/status/artifact/revision").map(Revision::from);
        match &*key.kind {
            "GitRepository" => *url = own("/spec/url"),
            "HelmChart" => *commit = own("/status/observedSourceArtifactRevision").and_then(|r| Revision::from(r).commit()),
            _ => {
                // What packs an artifact may write down where it came from.
                let metadata = object.pointer("/status/artifact/metadata");
                let note = |name: &str| metadata.and_then(|m| m.get(name)).and_then(Value::as_str).map(str::to_owned);
                if let Some(origin) = note("org.opencontainers.image.revision").and_then(|r| Revision::from(r).commit()) {
                    *url = note("org.opencontainers.image.source").or(url.take());
                    *commit = Some(origin);
                }
            }
        }
        let step = self.push(what, key);
        step.revision = revision;
        step.path = own("/spec/chart");
        step.url = own("/spec/url").or_else(|| own("/spec/endpoint"));
    }
}

/// Returns where a repository is, the same for all ways to write it: host and path, without scheme, user, usual port, `.git`.
pub fn place(url: &str) -> String {
    let url = url.trim();
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    // `git@host:path`, as ssh is written without a scheme.
    let rest = if scheme.is_empty() && !rest.starts_with('/') { rest.replacen(':', "/", 1) } else { rest.to_owned() };
    let (host, path) = rest.split_once('/').unwrap_or((rest.as_str(), ""));
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host).to_ascii_lowercase();
    let host = [":22", ":443", ":80"].iter().find_map(|port| host.strip_suffix(port)).unwrap_or(&host);
    let path = path.trim_end_matches('/');
    format!("{host}/{}", path.strip_suffix(".git").unwrap_or(path).trim_start_matches('/'))
}

/// Tells whether two addresses are of one repository, however they are written; an empty one is of none.
pub fn same_repository(one: &str, other: &str) -> bool {
    !one.is_empty() && place(one).eq_ignore_ascii_case(&place(other))
}

#[cfg(test)]
mod tests;
