//! The spec of a Flux object in words: sentences out of clauses, each a key of the language files with what fills its places.
//!
//! Pure and the same for all languages; `spec` is the object's JSON below `/spec`, or what the lean record knows of it.

use serde_json::Value;

use super::{flag, list, names, number, text};
use crate::private::{host, without_credentials};

/// Holds a clause: the key of its words and what fills their places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clause {
    /// The key in the language files.
    pub key: &'static str,
    /// Names of places and what fills them.
    pub values: Vec<(&'static str, String)>,
}

impl Clause {
    /// Fills a place.
    #[must_use]
    pub fn with(mut self, place: &'static str, value: &str) -> Self {
        self.values.push((place, value.to_owned()));
        self
    }
}

/// Builds a clause without places.
pub const fn clause(key: &'static str) -> Clause {
    Clause { key, values: Vec::new() }
}

/// Holds clauses that make one sentence.
pub type Sentence = Vec<Clause>;

/// Returns the spec of an object of a Flux kind in words: one sentence for each thing that it does.
pub fn words(kind: &str, namespace: &str, spec: &Value) -> Vec<Sentence> {
    let of = Spec { namespace, spec };
    let mut out = match kind {
        "GitRepository" => of.git_repository(),
        "OCIRepository" => of.oci_repository(),
        "HelmRepository" => of.helm_repository(),
        "HelmChart" => of.helm_chart(),
        "Bucket" => of.bucket(),
        "ExternalArtifact" => vec![vec![clause("words.made-by").with("object", &of.object("/sourceRef"))]],
        "ArtifactGenerator" => of.generator(),
        "Kustomization" => of.kustomization(),
        "HelmRelease" => of.helm_release(),
        "ImageRepository" => of.image_repository(),
        "ImagePolicy" => of.image_policy(),
        "ImageUpdateAutomation" => of.image_update(),
        "Provider" => of.provider(),
        "Alert" => of.alert(),
        "Receiver" => of.receiver(),
        "FluxInstance" => of.instance(),
        "FluxReport" => vec![vec![clause("words.report")]],
        "ResourceSet" => of.resource_set(),
        "ResourceSetInputProvider" => of.input_provider(),
        _ => Vec::new(),
    };
    if flag(spec, "/suspend") {
        out.insert(0, vec![clause("words.suspended")]);
    }
    out.retain(|sentence| !sentence.is_empty());
    out
}

/// Returns what a lean object's kind does, in words: fewer than of the whole object, but at once.
pub fn of_lean(object: &crate::flux::FluxObject) -> Vec<Sentence> {
    let spec = serde_json::to_value(&object.spec).unwrap_or_default();
    words(&object.key.kind, &object.key.namespace, &spec)
}

/// Holds a spec while its sentences are made.
pub(super) struct Spec<'a> {
    pub(super) namespace: &'a str,
    pub(super) spec: &'a Value,
}

impl<'a> Spec<'a> {
    pub(super) fn text(&self, pointer: &str) -> Option<&'a str> {
        Some(text(self.spec, pointer)).filter(|t| !t.is_empty())
    }

    /// Returns an address without credentials; a dash when there is none.
    pub(super) fn address(&self, pointer: &str) -> String {
        without_credentials(self.text(pointer).unwrap_or("–")).into_owned()
    }

    /// Returns a clause filled with the text at a pointer, when there is one.
    pub(super) fn one(&self, key: &'static str, place: &'static str, pointer: &str) -> Option<Clause> {
        self.text(pointer).map(|t| clause(key).with(place, t))
    }

    pub(super) fn flag(&self, key: &'static str, pointer: &str) -> Option<Clause> {
        flag(self.spec, pointer).then(|| clause(key))
    }

    /// Returns a clause with how many things a list has, when it has any.
    pub(super) fn count(&self, key: &'static str, pointer: &str) -> Option<Clause> {
        let count = list(self.spec, pointer).len();
        (count > 0).then(|| clause(key).with("count", &count.to_string()))
    }

    /// Returns a clause with the texts of a list.
    pub(super) fn texts(&self, key: &'static str, place: &'static str, pointer: &str) -> Option<Clause> {
        let texts: Vec<&str> = list(self.spec, pointer).iter().filter_map(Value::as_str).collect();
        (!texts.is_empty()).then(|| clause(key).with(place, &texts.join(", ")))
    }

    /// Writes a reference: `GitRepository flux-system/apps`.
    pub(super) fn object(&self, pointer: &str) -> String {
        self.spec.pointer(pointer).map_or_else(String::new, |r| self.reference(r, true))
    }

    pub(super) fn reference(&self, reference: &Value, with_kind: bool) -> String {
        let namespace = Some(text(reference, "/namespace")).filter(|n| !n.is_empty()).unwrap_or(self.namespace);
        let (kind, name) = (text(reference, "/kind"), text(reference, "/name"));
        if with_kind && !kind.is_empty() { format!("{kind} {namespace}/{name}") } else { format!("{namespace}/{name}") }
    }

    /// Returns the clause of what must be ready first; names within the namespace go without it.
    fn after(&self) -> Option<Clause> {
        let name = |r: &Value| match text(r, "/namespace") {
            "" => text(r, "/name").to_owned(),
            namespace if namespace == self.namespace => text(r, "/name").to_owned(),
            namespace => format!("{namespace}/{}", text(r, "/name")),
        };
        let all: Vec<String> = list(self.spec, "/dependsOn").iter().map(name).collect();
        (!all.is_empty()).then(|| clause("words.after").with("objects", &all.join(", ")))
    }

    pub(super) fn every(&self) -> Option<Clause> {
        self.one("words.every", "interval", "/interval")
    }

    fn timeout(&self) -> Option<Clause> {
        self.one("words.timeout", "timeout", "/timeout")
    }

    /// Returns how a source proves who it is.
    fn access(&self) -> Sentence {
        let mut out = Vec::new();
        out.extend(self.one("words.secret", "name", "/secretRef/name"));
        out.extend(self.one("words.certificate", "name", "/certSecretRef/name"));
        out.extend(self.one("words.proxy", "name", "/proxySecretRef/name"));
        out.extend(self.one("words.as", "name", "/serviceAccountName"));
        out.extend(self.text("/provider").filter(|p| *p != "generic").map(|p| clause("words.cloud").with("provider", p)));
        out.extend(self.flag("words.insecure", "/insecure"));
        out
    }

    fn verify(&self) -> Option<Clause> {
        let by = self.text("/verify/provider").or_else(|| self.text("/verify/mode"))?;
        let secret = self.text("/verify/secretRef/name").unwrap_or("–");
        Some(clause("words.verify").with("by", by).with("secret", secret))
    }

    fn git_repository(&self) -> Vec<Sentence> {
        let named = |key, pointer| self.one(key, "ref", pointer);
        // In this order source-controller lets one take precedence over the other.
        let follows = named("words.follows-commit", "/ref/commit")
            .or_else(|| named("words.follows-name", "/ref/name"))
            .or_else(|| named("words.follows-semver", "/ref/semver"))
            .or_else(|| named("words.follows-tag", "/ref/tag"))
            .or_else(|| named("words.follows-branch", "/ref/branch"))
            .unwrap_or_else(|| clause("words.follows-branch").with("ref", "master"));
        let mut first = self.fetch();
        first.insert(0, follows.with("url", &self.address("/url")));
        let mut with = Vec::new();
        with.extend(self.flag("words.submodules", "/recurseSubmodules"));
        with.extend(self.texts("words.sparse", "paths", "/sparseCheckout"));
        with.extend(self.count("words.includes", "/include"));
        with.extend(self.text("/ignore").map(|_| clause("words.ignores")));
        with.extend(self.verify());
        vec![first, self.access(), with]
    }

    /// Returns how often a source is asked and how long that may take.
    fn fetch(&self) -> Sentence {
        self.every().into_iter().chain(self.timeout()).collect()
    }

    fn oci_repository(&self) -> Vec<Sentence> {
        let named = |key, pointer| self.one(key, "ref", pointer);
        let follows = named("words.follows-digest", "/ref/digest")
            .or_else(|| named("words.follows-semver", "/ref/semver"))
            .or_else(|| named("words.follows-tag", "/ref/tag"))
            .unwrap_or_else(|| clause("words.follows-tag").with("ref", "latest"));
        let mut first = self.fetch();
        first.insert(0, follows.with("url", &self.address("/url")));
        let mut with = Vec::new();
        with.extend(self.one("words.filter", "filter", "/ref/semverFilter"));
        with.extend(self.one("words.layer", "type", "/layerSelector/mediaType"));
        with.extend(self.text("/ignore").map(|_| clause("words.ignores")));
        with.extend(self.verify());
        vec![first, self.access(), with]
    }

    fn helm_repository(&self) -> Vec<Sentence> {
        let oci = self.text("/type") == Some("oci");
        let lead = if oci { "words.charts-oci" } else { "words.charts" };
        let mut first = vec![clause(lead).with("url", &self.address("/url"))];
        // A registry is only asked when a chart is wanted.
        first.extend(if oci { Vec::new() } else { self.fetch() });
        let mut with = self.access();
        with.extend(self.flag("words.pass-credentials", "/passCredentials"));
        vec![first, with]
    }

    fn helm_chart(&self) -> Vec<Sentence> {
        let mut first = vec![self.chart("/chart", "/version")];
        first.push(clause("words.from").with("object", &self.object("/sourceRef")));
        first.extend(self.every());
        let mut with = Vec::new();
        with.extend(self.texts("words.values-files", "files", "/valuesFiles"));
        with.extend((self.text("/reconcileStrategy") == Some("Revision")).then(|| clause("words.each-revision")));
        with.extend(self.verify());
        vec![first, with]
    }

    fn chart(&self, name: &str, version: &str) -> Clause {
        let version = self.text(version).unwrap_or("*");
        clause("words.chart").with("chart", self.text(name).unwrap_or("–")).with("version", version)
    }

    fn bucket(&self) -> Vec<Sentence> {
        let at = |p| self.text(p).unwrap_or("–");
        let mut first =
            vec![clause("words.bucket").with("bucket", at("/bucketName")).with("endpoint", &self.address("/endpoint"))];
        first.extend(self.one("words.prefix", "prefix", "/prefix"));
        first.extend(self.one("words.region", "region", "/region"));
        first.extend(self.fetch());
        let mut with = self.access();
        with.extend(self.text("/ignore").map(|_| clause("words.ignores")));
        vec![first, with]
    }

    fn generator(&self) -> Vec<Sentence> {
        let made: Vec<&str> = list(self.spec, "/artifacts").iter().map(|a| text(a, "/name")).collect();
        let from: Vec<String> = list(self.spec, "/sources").iter().map(|s| self.reference(s, true)).collect();
        vec![vec![clause("words.generates").with("names", &made.join(", ")).with("objects", &from.join(", "))]]
    }

    fn kustomization(&self) -> Vec<Sentence> {
        let mut first: Sentence = self.every().into_iter().collect();
        first.push(clause("words.from").with("object", &self.object("/sourceRef")));
        first.push(clause("words.at").with("path", self.text("/path").unwrap_or("./")));
        first.extend(self.one("words.into", "namespace", "/targetNamespace"));
        let mut applies = vec![clause(if flag(self.spec, "/prune") { "words.prunes" } else { "words.keeps" })];
        applies.push(self.waits("/timeout"));
        applies.extend(self.after());
        applies.extend(self.flag("words.force", "/force"));
        applies.extend(self.one("words.retry", "interval", "/retryInterval"));
        applies.extend(self.one("words.on-deletion", "policy", "/deletionPolicy"));
        vec![first, applies, self.build(), self.who()]
    }

    /// Returns what an applier waits for, and how long.
    fn waits(&self, timeout: &str) -> Clause {
        let checks = list(self.spec, "/healthChecks").len();
        let lead = if flag(self.spec, "/wait") {
            clause("words.waits-all")
        } else if checks > 0 {
            clause("words.waits-some").with("count", &checks.to_string())
        } else {
            return clause("words.waits-not");
        };
        lead.with("timeout", self.text(timeout).or_else(|| self.text("/interval")).unwrap_or("–"))
    }

    /// Returns what is done to the manifests before they are applied.
    fn build(&self) -> Sentence {
        let mut out = Vec::new();
        out.extend(self.texts("words.components", "paths", "/components"));
        out.extend(self.count("words.patches", "/patches"));
        out.extend(self.count("words.images", "/images"));
        let variables = names(self.spec, "/postBuild/substitute");
        if !variables.is_empty() {
            out.push(clause("words.substitutes").with("names", &variables.join(", ")));
        }
        let from: Vec<String> = list(self.spec, "/postBuild/substituteFrom").iter().map(|s| self.reference(s, true)).collect();
        if !from.is_empty() {
            out.push(clause("words.substitutes-from").with("objects", &from.join(", ")));
        }
        out.extend(self.one("words.name-prefix", "prefix", "/namePrefix"));
        out.extend(self.one("words.name-suffix", "suffix", "/nameSuffix"));
        out.extend(self.one("words.decrypts", "provider", "/decryption/provider"));
        out.extend(self.metadata());
        out
    }

    fn metadata(&self) -> Option<Clause> {
        let all: Vec<&str> =
            ["/commonMetadata/labels", "/commonMetadata/annotations"].iter().flat_map(|p| names(self.spec, p)).collect();
        (!all.is_empty()).then(|| clause("words.metadata").with("names", &all.join(", ")))
    }

    /// Returns as whom and where it applies.
    fn who(&self) -> Sentence {
        let mut out: Sentence = self.one("words.as", "name", "/serviceAccountName").into_iter().collect();
        out.extend(self.one("words.remote", "name", "/kubeConfig/secretRef/name"));
        out.extend(self.one("words.remote-config", "name", "/kubeConfig/configMapRef/name"));
        out
    }

    fn helm_release(&self) -> Vec<Sentence> {
        let mut first: Sentence = self.every().into_iter().collect();
        if self.spec.pointer("/chartRef").is_some() {
            first.push(clause("words.chart-of").with("object", &self.object("/chartRef")));
        } else {
            first.push(self.chart("/chart/spec/chart", "/chart/spec/version"));
            first.push(clause("words.from").with("object", &self.object("/chart/spec/sourceRef")));
        }
        first.extend(self.one("words.release", "name", "/releaseName"));
        first.extend(self.one("words.into", "namespace", "/targetNamespace"));
        first.extend(self.one("words.storage", "namespace", "/storageNamespace"));
        let mut applies: Sentence = self.after().into_iter().collect();
        applies.extend(self.timeout());
        applies.extend(self.flag("words.tests", "/test/enable"));
        let drift = self.text("/driftDetection/mode");
        applies.extend(drift.map(|mode| clause("words.drift").with("mode", mode)));
        applies.extend(self.count("words.drift-ignores", "/driftDetection/ignore"));
        applies.extend(self.metadata());
        vec![first, self.values(), applies, self.remedy(), self.who()]
    }

    fn values(&self) -> Sentence {
        let own = names(self.spec, "/values");
        let mut out = Vec::new();
        if !own.is_empty() {
            out.push(clause("words.values").with("names", &own.join(", ")));
        }
        let from: Vec<String> = list(self.spec, "/valuesFrom").iter().map(|s| self.reference(s, true)).collect();
        if !from.is_empty() {
            out.push(clause("words.values-from").with("objects", &from.join(", ")));
        }
        out.extend(self.texts("words.values-files", "files", "/chart/spec/valuesFiles"));
        out.extend(self.count("words.post-renderers", "/postRenderers"));
        out
    }

    /// Returns what is done when an install or an upgrade fails.
    fn remedy(&self) -> Sentence {
        let mut out = Vec::new();
        let retries = |pointer| number(self.spec, pointer).map(|n| if n < 0 { "∞".to_owned() } else { n.to_string() });
        out.extend(retries("/install/remediation/retries").map(|n| clause("words.install-retries").with("count", &n)));
        out.extend(retries("/upgrade/remediation/retries").map(|n| clause("words.upgrade-retries").with("count", &n)));
        let strategy = self.text("/upgrade/remediation/strategy");
        out.extend(strategy.map(|s| clause("words.remediation").with("strategy", s)));
        out.extend(self.one("words.install-strategy", "name", "/install/strategy/name"));
        out.extend(self.one("words.upgrade-strategy", "name", "/upgrade/strategy/name"));
        out.extend(self.one("words.crds", "policy", "/upgrade/crds"));
        out
    }

    fn image_repository(&self) -> Vec<Sentence> {
        let mut first = vec![clause("words.scans").with("image", self.text("/image").unwrap_or("–"))];
        first.extend(self.fetch());
        first.extend(self.texts("words.excludes", "patterns", "/exclusionList"));
        vec![first, self.access()]
    }

    fn image_policy(&self) -> Vec<Sentence> {
        let object = self.object("/imageRepositoryRef");
        let newest = if let Some(range) = self.text("/policy/semver/range") {
            clause("words.newest-semver").with("range", range)
        } else {
            let kinds = [("/policy/alphabetical", "words.newest-alphabetical"), ("/policy/numerical", "words.newest-numerical")];
            let found = kinds.iter().find(|(pointer, _)| self.spec.pointer(pointer).is_some()).unwrap_or(&kinds[0]);
            clause(found.1).with("order", self.text(&format!("{}/order", found.0)).unwrap_or("asc"))
        };
        let mut first = vec![newest.with("object", &object)];
        first.extend(self.one("words.tags", "pattern", "/filterTags/pattern"));
        first.extend(self.text("/digestReflectionPolicy").filter(|p| *p != "Never").map(|_| clause("words.with-digest")));
        first.extend(self.every());
        vec![first]
    }

    fn image_update(&self) -> Vec<Sentence> {
        let mut first: Sentence = self.every().into_iter().collect();
        first.push(clause("words.writes").with("object", &self.object("/sourceRef")));
        first.push(clause("words.at").with("path", self.text("/update/path").unwrap_or("./")));
        let author = (self.text("/git/commit/author/name"), self.text("/git/commit/author/email"));
        let author = author.0.or(author.1).unwrap_or("–");
        let mut pushes = vec![clause("words.commits-as").with("name", author)];
        pushes.extend(self.one("words.checks-out", "branch", "/git/checkout/ref/branch"));
        pushes.extend(self.one("words.pushes", "branch", "/git/push/branch"));
        pushes.extend(self.one("words.pushes", "branch", "/git/push/refspec"));
        pushes.extend(self.spec.pointer("/git/commit/signingKey").map(|_| clause("words.signs")));
        pushes.extend(self.spec.pointer("/policySelector").map(|_| clause("words.some-policies")));
        vec![first, pushes]
    }

    fn provider(&self) -> Vec<Sentence> {
        let mut first = vec![clause("words.sends").with("type", self.text("/type").unwrap_or("–"))];
        // The rest of an address may be a secret in itself, as with chat webhooks.
        first.extend(self.text("/address").map(|a| clause("words.address").with("host", host(a))));
        first.extend(self.one("words.channel", "channel", "/channel"));
        first.extend(self.one("words.username", "name", "/username"));
        first.extend(self.timeout());
        vec![first, self.access()]
    }

    fn alert(&self) -> Vec<Sentence> {
        let severity = self.text("/eventSeverity").unwrap_or("info");
        let of: Vec<String> = list(self.spec, "/eventSources").iter().map(|s| self.reference(s, true)).collect();
        let provider = self.reference(self.spec.pointer("/providerRef").unwrap_or(&Value::Null), false);
        let lead = if severity == "error" { "words.tells-errors" } else { "words.tells-all" };
        let mut first = vec![clause(lead).with("provider", &provider).with("objects", &of.join(", "))];
        first.extend(self.texts("words.only", "patterns", "/inclusionList"));
        first.extend(self.texts("words.excludes", "patterns", "/exclusionList"));
        first.extend(self.one("words.summary", "text", "/summary"));
        vec![first]
    }

    fn receiver(&self) -> Vec<Sentence> {
        let of: Vec<String> = list(self.spec, "/resources").iter().map(|s| self.reference(s, true)).collect();
        let lead = clause("words.receives").with("type", self.text("/type").unwrap_or("–"));
        let mut first = vec![lead.with("objects", &of.join(", "))];
        first.extend(self.texts("words.on-events", "events", "/events"));
        first.extend(self.text("/resourceFilter").map(|_| clause("words.filtered")));
        vec![first, self.access()]
    }
}

mod operator;
#[cfg(test)]
mod tests;
