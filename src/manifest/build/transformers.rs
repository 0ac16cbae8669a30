//! `transformers`: kustomize's own transformations, configured one by one in files or inline. Those that others wrote are
//! programs; they are named and left to kustomize.

use crate::build::accumulate::{Builder, Gathered, opened};
use crate::build::config::{self, Config, Part};
use crate::build::layer::Layer;
use crate::build::origin::{self, Origin};
use crate::build::resource::Resource;
use crate::build::source::{Role, Source};
use crate::build::{images, metadata, patches, replacements};
use crate::error::Error;
use crate::yaml::{Data, Val};

/// The command that runs what others wrote.
const RENDERER: &str = "kustomize build --enable-alpha-plugins";

/// Does what `transformers` says.
pub(super) fn run(builder: &mut Builder<'_>, layer: &Layer, gathered: &mut Gathered) -> Result<(), Error> {
    let mut all = Vec::new();
    for item in layer.list(&builder.sources, "transformers")? {
        let text = item.as_text().unwrap_or_default();
        if text.contains('\n') || text.trim_start().starts_with('{') {
            all.extend(inline(builder, layer, &item)?);
        } else {
            all.extend(builder.listed(layer, &item)?);
        }
    }
    for transformer in &all {
        one(builder, layer, transformer, &mut gathered.resources)?;
        if let (true, Some(Origin::File(path))) = (builder.traces(), &transformer.origin) {
            let by = Origin::Configured { file: path.clone(), kind: transformer.kind(), name: transformer.id().name };
            origin::note(&mut gathered.resources, &by);
        }
    }
    Ok(())
}

fn inline(builder: &mut Builder<'_>, layer: &Layer, item: &Val) -> Result<Vec<Resource>, Error> {
    let text = item.as_text().unwrap_or_default().to_owned();
    let source = Source {
        file: layer.file.clone(),
        layer: layer.folder.clone(),
        role: Role::Kustomization,
        text,
        targeted: false,
        host: item.from,
    };
    let (number, docs) = builder.sources.add(source)?;
    let docs = opened(docs).map_err(|at| layer.meaning(&builder.sources, &at, "its items are no list"))?;
    let origin = builder.beside(layer);
    Ok(docs
        .into_iter()
        .map(|doc| {
            let line = builder.sources.line(doc.from);
            Resource { origin: origin.clone(), ..Resource::new(doc, number, line) }
        })
        .collect())
}

/// Returns a kustomization of nothing but one field.
fn wrapped(layer: &Layer, transformer: &Resource, fields: &[(&str, Option<&Val>)]) -> Layer {
    let mut val = Val::map();
    for (key, value) in fields {
        if let Some(value) = value {
            val.set(key, (*value).clone());
        }
    }
    Layer { val, source: transformer.source, file: layer.file.clone(), folder: layer.folder.clone(), lenient: true }
}

fn one(builder: &mut Builder<'_>, layer: &Layer, transformer: &Resource, resources: &mut Vec<Resource>) -> Result<(), Error> {
    let get = |key: &str| transformer.val.get(key).filter(|v| !v.is_null());
    let kind = transformer.kind();
    let (file, line) = (builder.sources.get(transformer.source).file.clone(), transformer.line);
    let foreign =
        || Error::Unsupported { file: file.clone(), line, field: format!("transformers: {kind}"), by: RENDERER.to_owned() };
    if transformer.api_version() != "builtin" {
        return Err(foreign());
    }
    let specs = get("fieldSpecs").map(Val::items).unwrap_or_default();
    let specs: Vec<_> = specs.iter().map(config::lenient_field).collect();
    let only = |part: Part| Config::only(part, specs.clone());
    let sources = &builder.sources;
    match kind.as_str() {
        "PrefixTransformer" | "SuffixTransformer" | "PrefixSuffixTransformer" => {
            let own = wrapped(layer, transformer, &[("namePrefix", get("prefix")), ("nameSuffix", get("suffix"))]);
            if kind != "SuffixTransformer" {
                metadata::prefix(sources, &own, &only(Part::Prefix), resources)?;
            }
            if kind != "PrefixTransformer" {
                metadata::suffix(sources, &own, &only(Part::Suffix), resources)?;
            }
            Ok(())
        }
        "LabelTransformer" => {
            let own = wrapped(layer, transformer, &[("commonLabels", get("labels"))]);
            metadata::common_labels(sources, &own, &only(Part::CommonLabels), resources)
        }
        "AnnotationsTransformer" => {
            let own = wrapped(layer, transformer, &[("commonAnnotations", get("annotations"))]);
            metadata::annotations(sources, &own, &only(Part::Annotations), resources)
        }
        "NamespaceTransformer" => {
            let namespace = transformer.val.at(&["metadata", "namespace"]);
            let modes = [("unsetOnly", get("unsetOnly")), ("setRoleBindingSubjects", get("setRoleBindingSubjects"))];
            let own = wrapped(layer, transformer, &[("namespace", namespace), modes[0], modes[1]]);
            metadata::namespace(sources, &own, &only(Part::Namespace), resources)
        }
        "ImageTagTransformer" => {
            let own = wrapped(layer, transformer, &[]);
            let item = get("imageTag").cloned().unwrap_or_else(Val::map);
            images::image(sources, (&own, &item), &only(Part::Images), resources)
        }
        "ReplicaCountTransformer" => {
            let own = wrapped(layer, transformer, &[]);
            let item = get("replica").cloned().unwrap_or_else(Val::map);
            images::replica(sources, (&own, &item), &only(Part::Replicas), resources)
        }
        "PatchTransformer" => patches::patch(builder, &wrapped(layer, transformer, &[]), &transformer.val, resources),
        "PatchJson6902Transformer" => {
            let mut item = transformer.val.clone();
            item.set("patch", get("jsonOp").cloned().unwrap_or_else(Val::null));
            patches::json6902(builder, &wrapped(layer, transformer, &[]), &item, resources)
        }
        "PatchStrategicMergeTransformer" => {
            let mut paths = get("paths").map(Val::items).unwrap_or_default().to_vec();
            paths.extend(get("patches").cloned());
            let list = Val { data: Data::List(paths), from: None, image: None };
            patches::strategic(builder, &wrapped(layer, transformer, &[("patchesStrategicMerge", Some(&list))]), resources)
        }
        "ReplacementTransformer" => {
            let own = wrapped(layer, transformer, &[("replacements", get("replacements"))]);
            replacements::run(builder, &own, resources)
        }
        _ => Err(foreign()),
    }
}
