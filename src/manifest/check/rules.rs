//! All rules: each one file below this folder (a few that share their look share a file) and one line in [`RULES`].
//!
//! A rule looks at a text, at one rendered object, at all objects of a rendering together, at one object before and after a
//! change, or at all of them before and after. What it finds is as grave as its line says unless it says otherwise itself.

mod autoscaler;
mod backends;
mod eviction;
mod exposed;
mod flux;
mod gone;
mod host;
mod images;
mod immutable;
mod limits;
mod plain_secret;
mod privileged;
mod probes;
mod references;
mod removed;
mod replicas;
mod rights;
mod secret_in_config;
mod selectors;
mod tags;
mod twice;

use domain::change::Severity;

pub(crate) use flux::FOLDER;

use crate::check::change::{Changes, Step};
use crate::check::hidden;
use crate::check::hits::Hits;
use crate::check::subject::{Known, Scene, Subject};
use crate::check::text::{self, Mark, Text};

use Look::{Change, Changed, Object, Reading, Rendering};
use Severity::{Error, Info, Warning};

/// Holds one rule.
#[derive(Debug)]
pub struct Rule {
    /// Its stable short name.
    pub id: &'static str,
    /// How grave its findings are.
    pub severity: Severity,
    /// What it looks for, in one sentence.
    pub about: &'static str,
    pub(crate) look: Look,
}

/// Says what a rule looks at.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Look {
    /// Nothing: reading or rendering says it.
    Reading,
    /// One text.
    Text(fn(&Text<'_>, &mut Vec<Mark>)),
    /// One object.
    Object(for<'s> fn(&'s Subject, &mut Hits<'s>)),
    /// All objects of one rendering, and the names of those that are there beyond it.
    Rendering(for<'s> fn(&'s Scene, &Known, &mut Hits<'s>)),
    /// One object before and after a change.
    Change(for<'s> fn(&Step<'s>, &mut Hits<'s>)),
    /// All objects before and after a change.
    Changed(for<'s> fn(&Changes<'s>, &mut Hits<'s>)),
}

const fn rule(id: &'static str, severity: Severity, look: Look, about: &'static str) -> Rule {
    Rule { id, severity, about, look }
}

/// All rules.
#[rustfmt::skip]
pub const RULES: &[Rule] = &[
    rule("yaml-syntax", Error, Look::Text(text::syntax), "A text that is no YAML cannot be applied."),
    rule("duplicate-key", Error, Look::Text(text::repeated), "Of a key that is there twice, one value is lost."),
    rule("hidden-character", Warning, Look::Text(hidden::hidden), "A character that nobody sees can make a text mean something else than it shows."),
    rule("mixed-script", Warning, Look::Text(hidden::mixed), "A name with letters of another script is not the name that it looks like."),
    rule("build", Error, Reading, "What kustomize cannot build, Flux does not apply."),
    rule("not-rendered", Info, Reading, "What is fetched or run elsewhere is not checked here."),
    rule("unreadable", Error, Reading, "A file that cannot be read is not checked."),

    rule("image-latest", Warning, Object(images::latest), "An image without a tag, or with the tag latest, is another image tomorrow."),
    rule("no-limits", Warning, Rendering(limits::memory), "A container without a limit for memory can take the whole node."),
    rule("no-requests", Info, Rendering(limits::requests), "A container without requests is placed anywhere and evicted first."),
    rule("privileged", Warning, Object(privileged::privileged), "A privileged container is root on its node."),
    rule("capabilities", Warning, Object(privileged::capabilities), "Some capabilities are as good as being root on the node."),
    rule("runs-as-root", Warning, Object(privileged::root), "A container that runs as root is root on its node when it breaks out."),
    rule("root-refused", Error, Object(privileged::refused), "A container that must not be root and runs as user 0 is not started."),
    rule("host-path", Warning, Object(host::path), "A folder of the node lets a container read or change the node."),
    rule("host-namespace", Warning, Object(host::namespaces), "A Pod in the namespaces of its node sees the node's processes or network."),
    rule("plain-secret", Warning, Object(plain_secret::plain_secret), "A secret in Git is known to everybody who reads it."),
    rule("secret-in-config", Warning, Object(secret_in_config::config), "A password in a ConfigMap, a variable or values is no secret any more."),
    rule("no-probes", Info, Object(probes::missing), "Without a readiness probe, Pods get traffic before they can answer."),
    rule("replicas-zero", Info, Object(replicas::zero), "A workload with no replicas serves nobody."),
    rule("wide-rights", Info, Object(rights::wide), "Whoever may do everything can take over the cluster."),
    rule("chart-unpinned", Warning, Object(flux::unpinned), "A chart without a version is another chart tomorrow."),
    rule("no-prune", Info, Object(flux::prune), "Without prune, what is removed from Git stays in the cluster."),

    rule("duplicate-object", Error, Rendering(twice::twice), "Of an object that is there twice, one is lost, or Flux refuses both."),
    rule("reference-missing", Warning, Rendering(references::missing), "A name that is nearly that of an object that is there is a slip."),
    rule("reference-outside", Info, Rendering(references::outside), "What is not in the folder must be in the cluster."),
    rule("reference-key", Warning, Rendering(references::keys), "A Pod that wants a key that is not there does not start."),
    rule("service-selector", Warning, Rendering(selectors::services), "A Service that selects no Pod leads nowhere."),
    rule("service-port", Warning, Rendering(selectors::ports), "A Service whose port no container has leads nowhere."),
    rule("policy-selector", Info, Rendering(selectors::policies), "A NetworkPolicy that selects no Pod protects nothing."),
    rule("backend-port", Warning, Rendering(backends::ports), "A route to a port that the Service does not have leads nowhere."),
    rule("eviction-blocked", Warning, Rendering(eviction::blocked), "A PodDisruptionBudget that allows no eviction keeps nodes from being drained."),
    rule("replicas-fought-over", Warning, Rendering(autoscaler::fight), "Replicas in Git undo what an autoscaler does at every reconciliation."),
    rule("flux-path", Warning, Rendering(flux::path), "A Kustomization whose path is not there is never ready."),

    rule("replicas-to-zero", Warning, Change(replicas::to_zero), "The change stops a workload."),
    rule("replicas-cut", Warning, Change(replicas::cut), "The change takes away half of a workload's replicas or more."),
    rule("tag-back", Warning, Change(tags::back), "The change goes back to an older version."),
    rule("tag-loosened", Warning, Change(tags::loosened), "The change lets go of a pinned version."),
    rule("image-changed", Info, Change(tags::other), "The change takes the image from elsewhere."),
    rule("volume-removed", Warning, Change(removed::volumes), "The change takes a volume away; what was written there is not there any more."),
    rule("probe-removed", Warning, Change(removed::probes), "The change takes a probe away."),
    rule("limit-removed", Warning, Change(removed::limits), "The change takes a limit or a request away."),
    rule("privilege-added", Warning, Change(privileged::added), "The change gives a container power over its node."),
    rule("rights-added", Warning, Change(rights::added), "The change lets somebody do everything."),
    rule("exposed", Warning, Change(exposed::exposed), "The change opens a Service to the outside."),
    rule("immutable-field", Error, Change(immutable::immutable), "Kubernetes refuses to change some fields of an object that exists."),
    rule("namespace-deleted", Warning, Changed(gone::namespaces), "With a Namespace goes everything in it."),
    rule("crd-deleted", Warning, Changed(gone::definitions), "With a CustomResourceDefinition go all objects of its kind."),
    rule("data-deleted", Warning, Changed(gone::data), "With a claim, a volume or a database goes what was stored."),
    rule("workload-deleted", Warning, Changed(gone::workloads), "The change stops a workload for good."),
    rule("pruned", Info, Changed(gone::pruned), "What vanishes from Git is deleted by Flux."),
    rule("orphaned", Info, Changed(gone::orphaned), "What vanishes from Git without prune stays in the cluster, and nobody cares for it."),
];
