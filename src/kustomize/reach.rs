//! What a kustomization would lead the kustomize program to: other hosts, and charts that helm inflates.
//!
//! Looked for before the program runs, over every kustomization that it would read. What is not there as a file counts as
//! elsewhere, because the program would try to fetch it.

use std::collections::BTreeSet;

use manifest::Error;
use manifest::files::{self, Files};
use serde::Deserialize as _;
use serde_yaml::Value;

/// The names that a kustomization file may have.
const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];
/// Fields whose items are folders or files of objects; a folder has a kustomization of its own.
const FOLDERS: [&str; 6] = ["resources", "bases", "components", "generators", "transformers", "validators"];
/// Those of them whose objects tell kustomize what to do, and may name files and charts themselves.
const PLUGINS: [&str; 3] = ["generators", "transformers", "validators"];
/// Fields that hold files to be read.
const FILES: [&str; 9] = [
    "patches",
    "patchesStrategicMerge",
    "patchesJson6902",
    "replacements",
    "configMapGenerator",
    "secretGenerator",
    "crds",
    "configurations",
    "openapi",
];
/// Keys below those that hold a path.
const PATHS: [&str; 4] = ["path", "files", "envs", "env"];

/// Holds what was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Reach {
    /// What would be fetched: the kustomization, the line, and what it names.
    pub(crate) remote: Vec<(String, usize, String)>,
    /// Whether charts are inflated.
    pub(crate) helm: bool,
}

/// Finds what a folder's kustomization leads to, and those that it names.
pub(crate) fn reach(files: &Files, folder: &str) -> Result<Reach, Error> {
    let mut reach = Reach::default();
    let mut seen = BTreeSet::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        if !seen.insert(files.resolve(&folder)?) {
            continue;
        }
        let Some(file) = NAMES.iter().map(|name| joined(&folder, name)).find(|file| files.is_file(file)) else {
            return Err(Error::Missing { path: joined(&folder, NAMES[0]), by: None });
        };
        let text = files.text(&file, None)?;
        // As kustomize does it: only the first document counts.
        let first = documents(text).next().transpose();
        let value = first.map_err(|e| Error::Meaning { file: file.clone(), line: 1, why: e.to_string() })?.unwrap_or_default();
        let mut layer = Layer { files, folder: &folder, file: &file, text, reach: &mut reach };
        open.extend(layer.folders(&value)?);
        layer.fetched(&value);
        layer.charts(&value)?;
        layer.plugins(&value)?;
    }
    Ok(reach)
}

fn documents(text: &str) -> impl Iterator<Item = Result<Value, serde_yaml::Error>> {
    serde_yaml::Deserializer::from_str(text).map(Value::deserialize)
}

fn joined(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// One kustomization while it is looked at.
struct Layer<'l> {
    files: &'l Files,
    folder: &'l str,
    file: &'l str,
    text: &'l str,
    reach: &'l mut Reach,
}

impl Layer<'_> {
    /// Notes what lies elsewhere and returns the folders that lie here.
    fn folders(&mut self, value: &Value) -> Result<Vec<String>, Error> {
        let mut below = Vec::new();
        for item in FOLDERS.iter().filter_map(|field| value.get(field)?.as_sequence()).flatten() {
            let Some(written) = item.as_str().filter(|text| !text.contains('\n')) else { continue };
            if elsewhere(written) {
                self.note(written);
                continue;
            }
            let path = files::join(self.folder, written, self.file)?;
            self.files.resolve(&path)?;
            if self.files.is_folder(&path) {
                below.push(path);
            } else if !self.files.is_file(&path) {
                return Err(Error::Missing { path, by: Some(self.file.to_owned()) });
            }
        }
        Ok(below)
    }

    /// Notes files that would be fetched.
    fn fetched(&mut self, value: &Value) {
        let mut found = Vec::new();
        for field in FILES {
            match value.get(field) {
                Some(Value::Sequence(items)) => items.iter().for_each(|item| paths(item, &mut found)),
                Some(other) => paths(other, &mut found),
                None => {}
            }
        }
        self.note_all(&found);
    }

    fn note_all(&mut self, found: &[String]) {
        for path in found.iter().filter(|path| path.contains("://") && !path.contains('\n')) {
            self.note(path);
        }
    }

    /// Notes charts, and where they would be fetched from.
    fn charts(&mut self, value: &Value) -> Result<(), Error> {
        let lists = ["helmCharts", "helmChartInflationGenerator"].into_iter().filter_map(|field| value.get(field)?.as_sequence());
        lists.flatten().try_for_each(|chart| self.chart(chart))
    }

    fn chart(&mut self, chart: &Value) -> Result<(), Error> {
        self.reach.helm = true;
        let text = |key: &&str| chart.get(key)?.as_str().filter(|text| !text.is_empty());
        // kustomize hands the name to helm as it is, and helm has options that run programs.
        if let Some(name) = text(&"releaseName").filter(|name| name.starts_with('-')) {
            let why = format!("{name} is no name of a release");
            return Err(Error::Meaning { file: self.file.to_owned(), line: self.line(name), why });
        }
        if let Some(repo) = ["repo", "chartRepo", "chartRepoUrl"].iter().find_map(text) {
            self.note(repo);
        }
        let mut values = Vec::new();
        for key in ["valuesFile", "values", "additionalValuesFiles"] {
            match chart.get(key) {
                Some(Value::Sequence(items)) => items.iter().for_each(|item| paths(item, &mut values)),
                Some(other) => paths(other, &mut values),
                None => {}
            }
        }
        self.note_all(&values);
        Ok(())
    }

    /// Notes what the configurations of generators and transformers name, wherever they are written.
    fn plugins(&mut self, value: &Value) -> Result<(), Error> {
        for item in PLUGINS.iter().filter_map(|field| value.get(field)?.as_sequence()).flatten().filter_map(Value::as_str) {
            let (files, path) = (self.files, files::join(self.folder, item, self.file));
            let text = if item.contains('\n') { Some(item) } else { path.ok().and_then(|path| files.text(&path, None).ok()) };
            for document in text.into_iter().flat_map(documents) {
                let config = document.map_err(|e| self.unread(&e))?;
                if config.get("kind").and_then(Value::as_str) == Some("HelmChartInflationGenerator") {
                    self.chart(&config)?;
                }
                let mut found = Vec::new();
                paths(&config, &mut found);
                self.note_all(&found);
            }
        }
        Ok(())
    }

    fn unread(&self, why: &serde_yaml::Error) -> Error {
        Error::Meaning { file: self.file.to_owned(), line: 1, why: why.to_string() }
    }

    fn note(&mut self, written: &str) {
        self.reach.remote.push((self.file.to_owned(), self.line(written), written.to_owned()));
    }

    fn line(&self, written: &str) -> usize {
        self.text.lines().position(|line| line.contains(written)).map_or(1, |at| at + 1)
    }
}

/// Collects the texts of a value that are paths.
fn paths(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Mapping(map) => {
            for (key, inner) in map {
                if key.as_str().is_some_and(|key| PATHS.contains(&key)) {
                    match inner {
                        Value::Sequence(items) => items.iter().for_each(|item| paths(item, found)),
                        other => paths(other, found),
                    }
                }
            }
        }
        _ => {}
    }
}

/// Tells whether a text names something on another host.
fn elsewhere(written: &str) -> bool {
    let host = written.split('/').next().unwrap_or_default();
    let scheme = written.contains("://") || written.contains("?ref=") || written.contains("?version=");
    let git = written.contains(".git//") || written.contains("git@") || written.starts_with("git::");
    scheme || git || written.starts_with("github.com") || (host.contains(':') && !host.starts_with('.'))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by failing")]
    use super::*;

    #[test]
    fn everything_that_would_be_fetched_is_found_wherever_it_is_named() {
        let base = "resources: [web.yaml]\nconfigMapGenerator:\n- name: x\n  files: [a.txt, k=https://b.invalid/k.txt]\n  literals: [url=https://fine.example]\n";
        let overlay = "resources:\n- ../base\n- https://a.invalid/r.yaml\ncomponents: ['github.com/acme/x?ref=1']\npatches:\n- path: http://c.invalid/p.yaml\n  \
                       target: {kind: Deployment}\n- patch: |\n    - op: add\n      path: /x\n      value: http://fine.example\nhelmCharts:\n- name: y\n  repo: https://d.invalid\n";
        let mut files: Files =
            [("base/kustomization.yaml", base), ("base/web.yaml", ""), ("over/kustomization.yml", overlay)].into_iter().collect();
        let found = reach(&files, "over").unwrap();
        let named: Vec<(&str, usize)> = found.remote.iter().map(|(_, line, what)| (what.as_str(), *line)).collect();
        assert_eq!(
            named,
            [
                ("https://a.invalid/r.yaml", 3),
                ("github.com/acme/x?ref=1", 4),
                ("http://c.invalid/p.yaml", 6),
                ("https://d.invalid", 14),
                ("k=https://b.invalid/k.txt", 4),
            ]
        );
        assert!(found.helm);
        files.insert("over/kustomization.yml", "resources: [../base, ../../out]\n");
        assert!(matches!(reach(&files, "over"), Err(Error::Outside { .. })));
        files.insert("over/kustomization.yml", "resources: [../base, gone]\n");
        assert!(matches!(reach(&files, "over"), Err(Error::Missing { .. })));
    }

    #[test]
    fn what_plugins_and_further_documents_hide_is_found_too() {
        let text = "generators:\n- gen.yaml\ntransformers:\n- |\n  kind: PatchTransformer\n  path: https://a.invalid/p.yaml\n\
                    helmCharts:\n- {name: y, valuesFile: 'https://b.invalid/v.yaml'}\n---\nresources: [nothing.yaml]\n";
        let chart = "kind: HelmChartInflationGenerator\nname: z\nrepo: https://c.invalid\n";
        let mut files: Files = [("k/kustomization.yaml", text), ("k/gen.yaml", chart)].into_iter().collect();
        let found = reach(&files, "k").unwrap();
        let mut named: Vec<&str> = found.remote.iter().map(|(_, _, what)| what.as_str()).collect();
        named.sort_unstable();
        assert_eq!(named, ["https://a.invalid/p.yaml", "https://b.invalid/v.yaml", "https://c.invalid"]);
        files.insert("k/kustomization.yaml", "helmCharts:\n- {name: y, releaseName: --post-renderer=sh}\n");
        assert!(matches!(reach(&files, "k"), Err(Error::Meaning { line: 2, .. })));
        files.insert("k/kustomization.yaml", "resources: [\n");
        assert!(matches!(reach(&files, "k"), Err(Error::Meaning { .. })));
    }
}
