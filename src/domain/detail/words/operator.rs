//! The kinds of the Flux operator in words.

use super::{Sentence, Spec, clause};
use crate::detail::{flag, list, names, text};

impl Spec<'_> {
    pub(super) fn instance(&self) -> Vec<Sentence> {
        let at = |p| self.text(p).unwrap_or("–");
        let first = clause("words.installs").with("version", at("/distribution/version"));
        let mut first = vec![first.with("registry", at("/distribution/registry"))];
        first.extend(self.texts("words.with-components", "names", "/components"));
        let mut how = Vec::new();
        how.extend(self.one("words.cluster-type", "type", "/cluster/type"));
        how.extend(self.one("words.cluster-size", "size", "/cluster/size"));
        how.extend(self.flag("words.multitenant", "/cluster/multitenant"));
        how.extend(self.flag("words.network-policy", "/cluster/networkPolicy"));
        how.extend(self.count("words.patches", "/kustomize/patches"));
        let sync = self.text("/sync/url").map(|_| {
            let what = clause("words.syncs").with("kind", at("/sync/kind")).with("url", &self.address("/sync/url"));
            vec![what.with("ref", at("/sync/ref")), clause("words.at").with("path", at("/sync/path"))]
        });
        vec![first, how, sync.unwrap_or_default()]
    }

    pub(super) fn resource_set(&self) -> Vec<Sentence> {
        let count = list(self.spec, "/resources").len();
        let inputs = list(self.spec, "/inputs").len();
        let mut first = vec![clause("words.templates").with("count", &count.to_string())];
        if inputs > 0 {
            first.push(clause("words.inputs").with("count", &inputs.to_string()));
        }
        let from: Vec<String> = list(self.spec, "/inputsFrom")
            .iter()
            .map(|s| if text(s, "/name").is_empty() { text(s, "/kind").to_owned() } else { self.reference(s, true) })
            .collect();
        if !from.is_empty() {
            first.push(clause("words.inputs-from").with("objects", &from.join(", ")));
        }
        let mut applies = Vec::new();
        applies.extend(flag(self.spec, "/wait").then(|| clause("words.waits-all").with("timeout", "–")));
        let after: Vec<String> = list(self.spec, "/dependsOn").iter().map(|s| self.reference(s, true)).collect();
        if !after.is_empty() {
            applies.push(clause("words.after").with("objects", &after.join(", ")));
        }
        applies.extend(self.one("words.as", "name", "/serviceAccountName"));
        vec![first, applies]
    }

    pub(super) fn input_provider(&self) -> Vec<Sentence> {
        let first = clause("words.provides").with("type", self.text("/type").unwrap_or("–"));
        let mut first = vec![first.with("url", &self.address("/url"))];
        first.extend(self.one("words.only", "patterns", "/filter/includeBranch"));
        first.extend(self.one("words.excludes", "patterns", "/filter/excludeBranch"));
        first.extend(self.texts("words.labelled", "labels", "/filter/labels"));
        first.extend(self.one("words.tags", "pattern", "/filter/semver"));
        let own = names(self.spec, "/defaultValues");
        if !own.is_empty() {
            first.push(clause("words.values").with("names", &own.join(", ")));
        }
        let mut with = Vec::new();
        with.extend(self.one("words.secret", "name", "/secretRef/name"));
        with.extend(self.one("words.certificate", "name", "/certSecretRef/name"));
        with.extend(self.one("words.as", "name", "/serviceAccountName"));
        vec![first, with]
    }
}
