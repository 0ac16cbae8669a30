//! The walk over kustomizations: resources, generators and components first, then the transformations in their fixed order.

use crate::build::generate;
use crate::build::images;
use crate::build::metadata;
use crate::build::order;
use crate::build::patches;
use crate::build::references;
use crate::build::resource::Resource;
use crate::build::source::{Role, Source, Sources};
use crate::error::Error;
use crate::files::{self, Files};
use crate::yaml::{Data, Val};

/// The names that a kustomization file may have.
pub(crate) const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];
/// How deep kustomizations may refer to each other.
const DEPTH_LIMIT: usize = 32;
/// How many objects one rendering may have.
const OBJECT_LIMIT: usize = 10_000;

/// The fields of a kustomization that are rendered here.
pub(crate) const FIELDS: &[&str] = &[
    "$schema",
    "apiVersion",
    "kind",
    "metadata",
    "resources",
    "bases",
    "components",
    "namespace",
    "namePrefix",
    "nameSuffix",
    "labels",
    "commonLabels",
    "commonAnnotations",
    "images",
    "replicas",
    "patches",
    "patchesStrategicMerge",
    "patchesJson6902",
    "configMapGenerator",
    "secretGenerator",
    "generatorOptions",
    "sortOptions",
];

/// Renders one folder.
pub(crate) struct Builder<'f> {
    /// The files.
    pub(crate) files: &'f Files,
    /// The texts that were read.
    pub(crate) sources: Sources,
    stack: Vec<String>,
}

/// Holds one kustomization: its fields and where they stand.
pub(crate) struct Layer {
    /// The fields.
    pub(crate) val: Val,
    /// The number of its source.
    pub(crate) source: u32,
    /// Its file.
    pub(crate) file: String,
    /// Its folder.
    pub(crate) folder: String,
}

impl Layer {
    /// Builds the error for something that does not make sense at a value.
    pub(crate) fn meaning(&self, sources: &Sources, at: &Val, why: impl Into<String>) -> Error {
        Error::Meaning { file: self.file.clone(), line: sources.line(at.from), why: why.into() }
    }

    /// Returns the items of a list field; an error when it is something else.
    pub(crate) fn list(&self, sources: &Sources, field: &str) -> Result<Vec<Val>, Error> {
        match self.val.get(field) {
            None | Some(Val { data: Data::Null, .. }) => Ok(Vec::new()),
            Some(Val { data: Data::List(items), .. }) => Ok(items.clone()),
            Some(other) => Err(self.meaning(sources, other, format!("{field} is no list"))),
        }
    }

    /// Returns a field that is a text.
    pub(crate) fn text(&self, field: &str) -> String {
        self.val.get(field).and_then(Val::scalar).unwrap_or_default()
    }
}

impl<'f> Builder<'f> {
    /// Builds a renderer over some files.
    pub(crate) fn new(files: &'f Files) -> Self {
        Self { files, sources: Sources::default(), stack: Vec::new() }
    }

    /// Renders a folder to its final objects in order.
    pub(crate) fn run(&mut self, path: &str) -> Result<Vec<Resource>, Error> {
        let folder = files::join("", path, path)?;
        if !self.files.is_folder(&folder) {
            return Err(Error::Missing { path: if folder.is_empty() { ".".to_owned() } else { folder }, by: None });
        }
        let mut order = String::new();
        let mut resources = if let Some(file) = self.kustomization(&folder)? {
            let layer = self.layer(&folder, file)?;
            order = layer.val.at(&["sortOptions", "order"]).and_then(Val::scalar).unwrap_or_default();
            let mut resources = Vec::new();
            self.stack.push(folder);
            self.apply(&layer, &mut resources)?;
            resources
        } else {
            self.plain(&folder)?
        };
        for resource in &mut resources {
            generate::suffix(resource);
        }
        references::fix(&mut resources);
        resources.retain(|r| {
            r.val.at(&["metadata", "annotations", "config.kubernetes.io/local-config"]).and_then(Val::scalar).as_deref()
                != Some("true")
        });
        if order != "fifo" {
            order::legacy(&mut resources);
        }
        Ok(resources)
    }

    /// Returns the kustomization file of a folder; an error when there are several.
    fn kustomization(&self, folder: &str) -> Result<Option<String>, Error> {
        let mut there = NAMES.iter().filter_map(|name| {
            let path = if folder.is_empty() { (*name).to_owned() } else { format!("{folder}/{name}") };
            self.files.is_file(&path).then_some(path)
        });
        let first = there.next();
        if let (Some(first), Some(second)) = (&first, there.next()) {
            return Err(Error::Meaning {
                file: second,
                line: 1,
                why: format!("there is {first} beside it; a folder has one kustomization"),
            });
        }
        Ok(first)
    }

    fn layer(&mut self, folder: &str, file: String) -> Result<Layer, Error> {
        let text = self.files.text(&file, None)?.to_owned();
        let source =
            Source { file: file.clone(), layer: folder.to_owned(), role: Role::Kustomization, text, targeted: false, host: None };
        let (number, mut docs) = self.sources.add(source)?;
        if docs.len() > 1 {
            return Err(Error::Meaning {
                file,
                line: self.sources.line(docs[1].from),
                why: "a kustomization has one document".to_owned(),
            });
        }
        let Some(val) = docs.pop() else {
            return Err(Error::Meaning { file, line: 1, why: "the kustomization is empty".to_owned() });
        };
        let layer = Layer { val, source: number, file, folder: folder.to_owned() };
        self.known(&layer)?;
        Ok(layer)
    }

    fn known(&self, layer: &Layer) -> Result<(), Error> {
        let Some(map) = layer.val.as_map() else {
            return Err(layer.meaning(&self.sources, &layer.val, "the kustomization is no mapping"));
        };
        for (field, value) in map {
            let filled = !value.is_null() && (!value.items().is_empty() || !matches!(value.data, Data::List(_)));
            if !FIELDS.contains(&field.as_str()) && filled {
                return Err(Error::UnknownField {
                    file: layer.file.clone(),
                    line: self.sources.line(value.from),
                    field: field.clone(),
                });
            }
        }
        let legacy = layer.val.at(&["sortOptions", "legacySortOptions"]);
        if let Some(options) = legacy {
            let line = self.sources.line(options.from);
            return Err(Error::UnknownField {
                file: layer.file.clone(),
                line,
                field: "sortOptions.legacySortOptions".to_owned(),
            });
        }
        let kind = layer.text("kind");
        if !matches!(kind.as_str(), "" | "Kustomization" | "Component") {
            return Err(layer.meaning(&self.sources, &layer.val, format!("its kind is {kind}, not Kustomization or Component")));
        }
        let version = layer.text("apiVersion");
        let flux = version.starts_with("kustomize.toolkit.fluxcd.io/");
        if flux {
            return Err(layer.meaning(
                &self.sources,
                &layer.val,
                "this is a Flux Kustomization; kustomize has a file of the same name",
            ));
        }
        Ok(())
    }

    /// Does all that one kustomization says to the resources so far.
    fn apply(&mut self, layer: &Layer, resources: &mut Vec<Resource>) -> Result<(), Error> {
        for field in ["resources", "bases"] {
            for item in layer.list(&self.sources, field)? {
                self.resource(layer, &item, resources)?;
            }
        }
        generate::run(self, layer, resources)?;
        for item in layer.list(&self.sources, "components")? {
            self.component(layer, &item, resources)?;
        }
        patches::strategic(self, layer, resources)?;
        patches::patches(self, layer, resources)?;
        metadata::namespace(layer, resources);
        metadata::affixes(layer, resources);
        metadata::labels(&self.sources, layer, resources)?;
        metadata::annotations(layer, resources);
        patches::json6902(self, layer, resources)?;
        images::replicas(&self.sources, layer, resources)?;
        images::images(&self.sources, layer, resources)
    }

    fn named(&self, layer: &Layer, item: &Val) -> Result<String, Error> {
        let Some(written) = item.as_text() else {
            return Err(layer.meaning(&self.sources, item, "this is no path"));
        };
        if remote(written) {
            let line = self.sources.line(item.from);
            return Err(Error::Remote { file: layer.file.clone(), line, url: written.to_owned() });
        }
        files::join(&layer.folder, written, &layer.file)
    }

    fn resource(&mut self, layer: &Layer, item: &Val, resources: &mut Vec<Resource>) -> Result<(), Error> {
        let path = self.named(layer, item)?;
        self.files.resolve(&path)?;
        let mut more = if self.files.is_file(&path) {
            self.objects(&path, &layer.folder)?
        } else if self.files.is_folder(&path) {
            let file = self
                .kustomization(&path)?
                .ok_or_else(|| Error::Missing { path: format!("{path}/kustomization.yaml"), by: Some(layer.file.clone()) })?;
            let mut inner = Vec::new();
            self.nested(&path, file, &mut inner)?;
            inner
        } else {
            return Err(Error::Missing { path, by: Some(layer.file.clone()) });
        };
        for resource in more.drain(..) {
            self.append(layer, item, resources, resource)?;
        }
        Ok(())
    }

    fn append(&self, layer: &Layer, item: &Val, resources: &mut Vec<Resource>, new: Resource) -> Result<(), Error> {
        let wanted = new.val.at(&["metadata", "name"]).and_then(Val::scalar);
        let twin = resources.iter().any(|r| {
            r.val.at(&["metadata", "name"]).is_some_and(|n| n.as_text() == wanted.as_deref())
                && r.kind() == new.kind()
                && r.group_version().0 == new.group_version().0
                && r.id() == new.id()
        });
        if twin {
            let why = format!("{} {} is there twice", new.kind(), new.id().name);
            return Err(layer.meaning(&self.sources, item, why));
        }
        if resources.len() >= OBJECT_LIMIT {
            return Err(Error::Limit { file: layer.file.clone(), why: format!("there are more than {OBJECT_LIMIT} objects") });
        }
        resources.push(new);
        Ok(())
    }

    fn nested(&mut self, folder: &str, file: String, resources: &mut Vec<Resource>) -> Result<(), Error> {
        let real = self.files.resolve(folder)?;
        if self.stack.contains(&real) {
            return Err(Error::Meaning {
                file,
                line: 1,
                why: format!("kustomizations refer to each other in a circle: {}", self.stack.join(" → ")),
            });
        }
        if self.stack.len() >= DEPTH_LIMIT {
            return Err(Error::Limit { file, why: format!("kustomizations nest deeper than {DEPTH_LIMIT}") });
        }
        let layer = self.layer(folder, file)?;
        self.stack.push(real);
        self.apply(&layer, resources)?;
        self.stack.pop();
        Ok(())
    }

    fn component(&mut self, layer: &Layer, item: &Val, resources: &mut Vec<Resource>) -> Result<(), Error> {
        let path = self.named(layer, item)?;
        let file =
            self.kustomization(&path)?.ok_or_else(|| Error::Missing { path: path.clone(), by: Some(layer.file.clone()) })?;
        self.nested(&path, file, resources)
    }

    /// Reads the objects of a file; lists are opened.
    fn objects(&mut self, path: &str, layer: &str) -> Result<Vec<Resource>, Error> {
        // Behind a link, the file is where it really is: that decides whose it is when it is edited.
        let path = &self.files.resolve(path)?;
        let text = self.files.text(path, None)?.to_owned();
        let source =
            Source { file: path.to_owned(), layer: layer.to_owned(), role: Role::Resource, text, targeted: false, host: None };
        let (number, docs) = self.sources.add(source)?;
        let mut out = Vec::new();
        // The items of a list come after all other documents of its file.
        let mut queue: std::collections::VecDeque<Val> = docs.into();
        while let Some(doc) = queue.pop_front() {
            let kind = doc.get("kind").and_then(Val::as_text).unwrap_or_default();
            if kind.ends_with("List") && matches!(doc.get("items").map(|i| &i.data), Some(Data::List(_))) {
                queue.extend(doc.get("items").map(|i| i.items().to_vec()).unwrap_or_default());
                continue;
            }
            let line = self.sources.line(doc.from);
            let named =
                doc.get("kind").and_then(Val::as_text).is_some() && doc.at(&["metadata", "name"]).and_then(Val::scalar).is_some();
            if !named {
                let why = "this is no Kubernetes object: kind or metadata.name is missing".to_owned();
                return Err(Error::Meaning { file: path.to_owned(), line, why });
            }
            out.push(Resource::new(doc, number, line));
        }
        Ok(out)
    }

    /// Reads a folder without a kustomization: every YAML file below it, and every folder below it that has one.
    fn plain(&mut self, folder: &str) -> Result<Vec<Resource>, Error> {
        let mut paths: Vec<String> = self.files.below(folder).map(str::to_owned).collect();
        paths.sort_by(|a, b| a.split('/').cmp(b.split('/')));
        let mut done: Vec<String> = Vec::new();
        let mut resources = Vec::new();
        let pseudo = Layer { val: Val::map(), source: 0, file: folder.to_owned(), folder: folder.to_owned() };
        for path in paths {
            if done.iter().any(|d| files::within(&path, d)) {
                continue;
            }
            let mut more = Vec::new();
            if let Some(inner) = self.outermost(folder, &path) {
                if let Some(file) = self.kustomization(&inner)? {
                    self.nested(&inner, file, &mut more)?;
                }
                done.push(inner);
            } else if files::is_yaml(&path) {
                more = self.objects(&path, folder)?;
            }
            for resource in more {
                let at = Val::null();
                self.append(&pseudo, &at, &mut resources, resource)?;
            }
        }
        Ok(resources)
    }

    /// Returns the outermost folder below `folder` and above a path that has a kustomization.
    fn outermost(&self, folder: &str, path: &str) -> Option<String> {
        let start = if folder.is_empty() { 0 } else { folder.len() + 1 };
        path[start..]
            .match_indices('/')
            .map(|(at, _)| &path[..start + at])
            .find(|dir| NAMES.iter().any(|name| self.files.is_file(&format!("{dir}/{name}"))))
            .map(str::to_owned)
    }
}

fn remote(written: &str) -> bool {
    let host = written.split('/').next().unwrap_or_default();
    written.contains("://")
        || written.contains("?ref=")
        || written.starts_with("git@")
        || written.starts_with("github.com")
        || (host.contains(':') && !host.starts_with('.'))
        || written.contains(".git//")
}
