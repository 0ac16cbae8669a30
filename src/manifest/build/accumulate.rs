//! The walk over kustomizations: resources, generators and components first, then the transformations in their fixed order.

use std::collections::{HashSet, VecDeque};

use crate::build::config::Config;
use crate::build::flux::Overlay;
use crate::build::layer::{self, Layer};
use crate::build::order::{self, Order};
use crate::build::origin::{self, Origin, Wanted};
use crate::build::resource::{Key, Resource};
use crate::build::source::{Role, Source, Sources};
use crate::build::vars::{self, Var};
use crate::build::{generate, hash, images, metadata, patches, printed, references, replacements, transformers};
use crate::error::Error;
use crate::files::{self, Files};
use crate::yaml::{Data, Val};

/// How deep kustomizations may refer to each other.
const DEPTH_LIMIT: usize = 32;
/// How many objects one rendering may have.
const OBJECT_LIMIT: usize = 10_000;
/// How many kustomizations one rendering may read: a base that many overlays share is read for each of them.
const LAYER_LIMIT: usize = 2_000;

/// Renders one folder.
pub(crate) struct Builder<'f> {
    /// The files.
    pub(crate) files: &'f Files,
    /// The texts that were read.
    pub(crate) sources: Sources,
    stack: Vec<String>,
    layers: usize,
    wanted: Wanted,
    /// Where the present kustomization is, seen from the one that is rendered.
    place: String,
}

/// Holds what a kustomization and those below it came to so far.
#[derive(Default)]
pub(super) struct Gathered {
    pub(super) resources: Vec<Resource>,
    config: Config,
    vars: Vec<Var>,
}

impl<'f> Builder<'f> {
    /// Builds a renderer over some files.
    pub(crate) fn new(files: &'f Files) -> Self {
        Self { files, sources: Sources::default(), stack: Vec::new(), layers: 0, wanted: Wanted::default(), place: String::new() }
    }

    /// Renders a folder to its final objects in order, with what a Flux Kustomization adds when there is one.
    pub(crate) fn run(&mut self, path: &str, overlay: Option<&Overlay>) -> Result<Vec<Resource>, Error> {
        self.rendered(path, overlay).map_err(|error| {
            if self.sources.exhausted() {
                return Error::Limit { file: path.to_owned(), why: error.to_string() };
            }
            error
        })
    }

    fn rendered(&mut self, path: &str, overlay: Option<&Overlay>) -> Result<Vec<Resource>, Error> {
        let folder = files::join("", path, path)?;
        if !self.files.is_folder(&folder) {
            return Err(Error::Missing { path: if folder.is_empty() { ".".to_owned() } else { folder }, by: None });
        }
        let layer = match layer::find(self.files, &folder)? {
            Some(file) => {
                self.layers += 1;
                let mut layer = Layer::read(self.files, &mut self.sources, &folder, file, overlay.is_some())?;
                if let Some(overlay) = overlay {
                    overlay.merge(self.files, &mut layer)?;
                }
                layer
            }
            None => self.unwritten(&folder, overlay)?,
        };
        self.wanted = Wanted::of(&layer);
        self.stack.push(self.files.resolve(&folder)?);
        let mut gathered = Gathered::default();
        self.apply(&layer, &mut gathered)?;
        let default = if overlay.is_some() { None } else { Some(Order::legacy()) };
        self.finish(gathered, order::asked(&self.sources, &layer, default)?)
    }

    /// Does what is done once, when all is gathered.
    fn finish(&self, gathered: Gathered, order: Option<Order>) -> Result<Vec<Resource>, Error> {
        let Gathered { mut resources, config, vars } = gathered;
        resources.iter_mut().for_each(hash::suffix);
        references::fix(&self.sources, &config, &mut resources)?;
        vars::resolve(&self.sources, &config, &vars, &mut resources)?;
        resources.retain(|r| {
            let local = r.val.at(&["metadata", "annotations", "config.kubernetes.io/local-config"]);
            local.is_none_or(|flag| flag.scalar().as_deref() == Some("false"))
        });
        for resource in resources.iter_mut().filter(|r| !r.plain) {
            printed::object(&self.sources, &mut resource.val);
        }
        if let Some(order) = order {
            order.sort(&mut resources);
        }
        origin::finish(&self.sources, &self.wanted, &mut resources);
        Ok(resources)
    }

    /// Does all that one kustomization says to what was gathered so far.
    fn apply(&mut self, layer: &Layer, gathered: &mut Gathered) -> Result<(), Error> {
        let mut there: HashSet<Key> = gathered.resources.iter().map(Resource::key).collect();
        for field in ["resources", "bases"] {
            for item in layer.list(&self.sources, field)? {
                self.resource(layer, &item, gathered, &mut there)?;
            }
        }
        for item in layer.list(&self.sources, "configurations")? {
            self.configuration(layer, &item, &mut gathered.config)?;
        }
        for (field, kind, maker) in generate::GENERATORS {
            for item in layer.list(&self.sources, field)? {
                let (mut new, behavior) = generate::generated(self, layer, &item, kind)?;
                new.origin = self.made(layer, maker);
                generate::absorb(&self.sources, (layer, &item), (new, behavior), &mut gathered.resources)?;
            }
        }
        for item in layer.list(&self.sources, "components")? {
            let path = self.named(layer, &item)?;
            let missing = || Error::Missing { path: path.clone(), by: Some(layer.file.clone()) };
            let file = layer::find(self.files, &path)?.ok_or_else(missing)?;
            self.nested((layer, &item), (&path, file), true, gathered)?;
        }
        self.transform(layer, gathered)?;
        vars::gather(&self.sources, layer, &mut gathered.resources, &mut gathered.vars)
    }

    /// Does the transformations of a kustomization in their order.
    fn transform(&mut self, layer: &Layer, gathered: &mut Gathered) -> Result<(), Error> {
        let Gathered { resources, config, .. } = gathered;
        let filled = |field: &str| layer.val.get(field).is_some_and(|v| !v.is_null() && v.as_text() != Some(""));
        let any = |field: &str| layer.val.get(field).is_some_and(|v| !v.items().is_empty());
        if any("patchesStrategicMerge") {
            patches::strategic(self, layer, resources)?;
            self.done(layer, "PatchStrategicMergeTransformer", resources);
        }
        for item in layer.list(&self.sources, "patches")? {
            patches::patch(self, layer, &item, resources)?;
            self.done(layer, "PatchTransformer", resources);
        }
        if filled("namespace") {
            metadata::namespace(&self.sources, layer, config, resources)?;
            self.done(layer, "NamespaceTransformer", resources);
        }
        if filled("namePrefix") {
            metadata::prefix(&self.sources, layer, config, resources)?;
            self.done(layer, "PrefixTransformer", resources);
        }
        if filled("nameSuffix") {
            metadata::suffix(&self.sources, layer, config, resources)?;
            self.done(layer, "SuffixTransformer", resources);
        }
        for item in layer.list(&self.sources, "labels")? {
            metadata::label(&self.sources, (layer, &item), config, resources)?;
            self.done(layer, "LabelTransformer", resources);
        }
        if any("labels") || layer.val.get("commonLabels").and_then(Val::as_map).is_some_and(|map| !map.is_empty()) {
            metadata::common_labels(&self.sources, layer, config, resources)?;
            self.done(layer, "LabelTransformer", resources);
        }
        if layer.val.get("commonAnnotations").and_then(Val::as_map).is_some_and(|map| !map.is_empty()) {
            metadata::annotations(&self.sources, layer, config, resources)?;
            self.done(layer, "AnnotationsTransformer", resources);
        }
        for item in layer.list(&self.sources, "patchesJson6902")? {
            patches::json6902(self, layer, &item, resources)?;
            self.done(layer, "PatchJson6902Transformer", resources);
        }
        for item in layer.list(&self.sources, "replicas")? {
            images::replica(&self.sources, (layer, &item), config, resources)?;
            self.done(layer, "ReplicaCountTransformer", resources);
        }
        for field in ["images", "imageTags"] {
            for item in layer.list(&self.sources, field)? {
                images::image(&self.sources, (layer, &item), config, resources)?;
                self.done(layer, "ImageTagTransformer", resources);
            }
        }
        if any("replacements") {
            replacements::run(self, layer, resources)?;
            self.done(layer, "ReplacementTransformer", resources);
        }
        transformers::run(self, layer, gathered)
    }

    fn made(&self, layer: &Layer, kind: &'static str) -> Option<Origin> {
        let name = layer.file.rsplit('/').next().unwrap_or_default();
        self.wanted.any().then(|| Origin::Builtin(beside(&self.place, name), kind))
    }

    fn done(&self, layer: &Layer, kind: &'static str, resources: &mut [Resource]) {
        if let Some(by) = self.made(layer, kind) {
            origin::note(resources, &by);
        }
    }

    /// Tells whether it is kept where objects come from.
    pub(super) const fn traces(&self) -> bool {
        self.wanted.any()
    }

    /// Returns the origin of what is written in a kustomization itself.
    pub(super) fn beside(&self, layer: &Layer) -> Option<Origin> {
        let name = layer.file.rsplit('/').next().unwrap_or_default();
        self.wanted.any().then(|| Origin::File(beside(&self.place, name)))
    }

    /// Refuses what would have to be fetched.
    pub(super) fn local(&self, layer: &Layer, item: &Val) -> Result<(), Error> {
        let written = item.as_text().unwrap_or_default();
        if remote(written) || written.contains("://") {
            let line = self.sources.line(item.from);
            return Err(Error::Remote { file: layer.file.clone(), line, url: written.to_owned() });
        }
        Ok(())
    }

    fn named(&self, layer: &Layer, item: &Val) -> Result<String, Error> {
        let Some(written) = item.as_text() else {
            return Err(layer.meaning(&self.sources, item, "this is no path"));
        };
        let here = files::join(&layer.folder, written, &layer.file);
        if remote(written) && !here.as_ref().is_ok_and(|path| self.files.is_file(path)) {
            let line = self.sources.line(item.from);
            return Err(Error::Remote { file: layer.file.clone(), line, url: written.to_owned() });
        }
        here
    }

    fn configuration(&mut self, layer: &Layer, item: &Val, config: &mut Config) -> Result<(), Error> {
        self.local(layer, item)?;
        let path = self.named(layer, item)?;
        let text = self.files.text(&path, Some(&layer.file))?.to_owned();
        let file = self.files.resolve(&path)?;
        let source = Source {
            file: file.clone(),
            layer: layer.folder.clone(),
            role: Role::Kustomization,
            text,
            targeted: false,
            host: None,
        };
        let (_, docs) = self.sources.add_file(self.files, source)?;
        docs.first().map_or(Ok(()), |doc| config.read(doc)).map_err(|why| Error::Meaning { file, line: 1, why })
    }

    fn resource(&mut self, layer: &Layer, item: &Val, gathered: &mut Gathered, there: &mut HashSet<Key>) -> Result<(), Error> {
        let (more, inner) = self.read(layer, item)?;
        if let Some(inner) = inner {
            gathered.config.absorb(&inner.config).map_err(|why| layer.meaning(&self.sources, item, why))?;
            vars::absorb(&mut gathered.vars, inner.vars)?;
        }
        for new in more {
            if !there.insert(new.key()) {
                let why = format!("{} {} is there twice", new.kind(), new.id().name);
                return Err(layer.meaning(&self.sources, item, why));
            }
            if gathered.resources.len() >= OBJECT_LIMIT {
                let why = format!("there are more than {OBJECT_LIMIT} objects");
                return Err(Error::Limit { file: layer.file.clone(), why });
            }
            gathered.resources.push(new);
        }
        Ok(())
    }

    /// Returns the objects of a file or folder that are no resources of their own: configured transformers.
    pub(super) fn listed(&mut self, layer: &Layer, item: &Val) -> Result<Vec<Resource>, Error> {
        self.read(layer, item).map(|(objects, _)| objects)
    }

    /// Reads what an item names: a file, or the kustomization of a folder with all that it gathers besides objects.
    fn read(&mut self, layer: &Layer, item: &Val) -> Result<(Vec<Resource>, Option<Gathered>), Error> {
        let path = self.named(layer, item)?;
        self.files.resolve(&path)?;
        if self.files.is_file(&path) {
            let mut more = self.objects(&path, &layer.folder)?;
            if self.wanted.any() {
                let origin = Origin::File(beside(&self.place, item.as_text().unwrap_or_default()));
                for new in &mut more {
                    new.origin = Some(origin.clone());
                }
            }
            Ok((more, None))
        } else if self.files.is_folder(&path) {
            let missing = || Error::Missing { path: format!("{path}/kustomization.yaml"), by: Some(layer.file.clone()) };
            let file = layer::find(self.files, &path)?.ok_or_else(missing)?;
            let mut inner = Gathered::default();
            self.nested((layer, item), (&path, file), false, &mut inner)?;
            Ok((std::mem::take(&mut inner.resources), Some(inner)))
        } else {
            Err(Error::Missing { path, by: Some(layer.file.clone()) })
        }
    }

    /// Goes into the kustomization of another folder.
    fn nested(
        &mut self,
        (outer, item): (&Layer, &Val),
        (folder, file): (&str, String),
        component: bool,
        gathered: &mut Gathered,
    ) -> Result<(), Error> {
        let real = self.files.resolve(folder)?;
        // A folder that holds one that is being rendered cannot be its base: kustomize takes that for a circle.
        if let Some(inner) = self.stack.iter().find(|inner| files::within(inner, &real)) {
            let shown = |path: &str| if path.is_empty() { ".".to_owned() } else { path.to_owned() };
            let why = format!("kustomizations refer to each other in a circle: {} is in {}", shown(inner), shown(&real));
            return Err(outer.meaning(&self.sources, item, why));
        }
        self.layers += 1;
        if self.stack.len() >= DEPTH_LIMIT {
            return Err(Error::Limit { file, why: format!("kustomizations nest deeper than {DEPTH_LIMIT}") });
        }
        if self.layers > LAYER_LIMIT {
            return Err(Error::Limit { file, why: format!("more than {LAYER_LIMIT} kustomizations are to be read") });
        }
        let layer = Layer::read(self.files, &mut self.sources, folder, file, false)?;
        if layer.is_component() != component {
            let kind = if component {
                "is no component: its kind is not Component"
            } else {
                "is a component: it belongs into components"
            };
            return Err(outer.meaning(&self.sources, item, format!("{folder} {kind}")));
        }
        let place = beside(&self.place, item.as_text().unwrap_or_default());
        let place = std::mem::replace(&mut self.place, place);
        self.stack.push(real);
        self.apply(&layer, gathered)?;
        self.stack.pop();
        self.place = place;
        Ok(())
    }

    /// Reads the objects of a file; lists are opened.
    pub(super) fn objects(&mut self, path: &str, layer: &str) -> Result<Vec<Resource>, Error> {
        // Behind a link, the file is where it really is: that decides whose it is when it is edited.
        let path = &self.files.resolve(path)?;
        let text = self.files.text(path, None)?.to_owned();
        let source =
            Source { file: path.to_owned(), layer: layer.to_owned(), role: Role::Resource, text, targeted: false, host: None };
        let (number, docs) = self.sources.add_file(self.files, source)?;
        let meaning =
            |at: &Val, why: &str| Error::Meaning { file: path.to_owned(), line: self.sources.line(at.from), why: why.to_owned() };
        let docs = opened(docs).map_err(|at| meaning(&at, "its items are no list"))?;
        let mut out = Vec::with_capacity(docs.len());
        for doc in docs {
            let kind = doc.get("kind").and_then(Val::as_text).unwrap_or_default();
            let name = doc.at(&["metadata", "name"]).and_then(Val::scalar).unwrap_or_default();
            if kind.is_empty() || (name.is_empty() && !kind.ends_with("List")) {
                return Err(meaning(&doc, "this is no Kubernetes object: kind or metadata.name is missing"));
            }
            let line = self.sources.line(doc.from);
            out.push(Resource::new(doc, number, line));
        }
        Ok(out)
    }
}

/// Opens the lists among documents: their items come after all others. Empty mappings are left out. An error is the list
/// whose items are none.
pub(super) fn opened(docs: Vec<Val>) -> Result<Vec<Val>, Val> {
    let mut queue: VecDeque<Val> = docs.into();
    let mut out = Vec::with_capacity(queue.len());
    while let Some(doc) = queue.pop_front() {
        if doc.is_null() || doc.as_map().is_some_and(indexmap::IndexMap::is_empty) {
            continue;
        }
        let listed = doc.get("kind").and_then(Val::as_text).is_some_and(|kind| kind.ends_with("List"));
        match doc.get("items").filter(|_| listed).map(|items| &items.data) {
            None => out.push(doc),
            Some(Data::Null) => {}
            Some(Data::List(items)) => queue.extend(items.iter().cloned()),
            Some(_) => return Err(doc),
        }
    }
    Ok(out)
}

/// Returns a written path seen from a folder, cleaned; it may lead upwards.
fn beside(folder: &str, written: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(written.split('/')) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    if parts.is_empty() { ".".to_owned() } else { parts.join("/") }
}

/// Tells whether kustomize would fetch what is written.
fn remote(written: &str) -> bool {
    let lower = written.to_ascii_lowercase();
    let rest = lower.strip_prefix("git::").unwrap_or(&lower);
    let user = rest.split_once('@').map_or("", |(user, _)| user);
    let user = user.starts_with(|c: char| c.is_ascii_alphabetic())
        && user.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        && rest.contains(['/', ':']);
    ["ssh://", "https://", "http://", "file://", "oci://", "github.com/", "github.com:"].iter().any(|p| rest.starts_with(p))
        || user
}
