//! From OpenAPI documents and CustomResourceDefinitions to shapes.

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::schema::shape::{Format, Hook, Id, Library, Pattern, Rest, Rules, Shape, types};

/// How deep a schema may nest.
const DEPTH_LIMIT: usize = 100;

/// How every Quantity's pattern in a CustomResourceDefinition begins.
const QUANTITY: &str = r"^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTPE]i)|";

/// What the API server asks for although the schemas call it optional.
const ALSO: &[(&str, &[&str])] = &[
    ("api.apps.v1.DaemonSet", &["spec"]),
    ("api.apps.v1.Deployment", &["spec"]),
    ("api.apps.v1.ReplicaSet", &["spec"]),
    ("api.apps.v1.StatefulSet", &["spec"]),
    ("api.batch.v1.CronJob", &["spec"]),
    ("api.batch.v1.Job", &["spec"]),
    ("api.core.v1.Container", &["image"]),
    ("api.core.v1.PersistentVolume", &["spec"]),
    ("api.core.v1.PersistentVolumeClaim", &["spec"]),
    ("api.core.v1.PersistentVolumeClaimSpec", &["accessModes", "resources"]),
    ("api.core.v1.PersistentVolumeSpec", &["accessModes", "capacity"]),
    ("api.core.v1.Pod", &["spec"]),
    ("api.core.v1.PodTemplateSpec", &["spec"]),
    ("api.core.v1.ReplicationController", &["spec"]),
    ("api.core.v1.ReplicationControllerSpec", &["template"]),
    ("api.core.v1.Service", &["spec"]),
    ("api.core.v1.VolumeResourceRequirements", &["requests"]),
    ("api.networking.v1.Ingress", &["spec"]),
];

/// Reads the kinds that are built in, with the words that their fields may be: by definition, then field.
pub(super) fn built_in(mut document: Value, words: &Value) -> Library {
    let Some(schemas) = document.pointer_mut("/components/schemas") else { return Library::default() };
    for (definition, fields) in words.as_object().into_iter().flatten() {
        for (field, words) in fields.as_object().into_iter().flatten() {
            let Some(property) = schemas.get_mut(definition).and_then(|d| d.get_mut("properties")).and_then(|p| p.get_mut(field))
            else {
                continue;
            };
            let listed = property.get("items").is_some();
            let slot = if listed { property.get_mut("items") } else { Some(property) };
            if let (Some(Value::Object(slot)), Some(words)) = (slot, words.as_array()) {
                // An empty text is an absence to the server's decoders.
                let words = words.iter().cloned().chain([Value::String(String::new())]).collect();
                slot.insert("enum".to_owned(), Value::Array(words));
            }
        }
    }
    for (definition, fields) in ALSO {
        let Some(Value::Object(schema)) = schemas.get_mut(*definition) else { continue };
        if let Value::Array(required) = schema.entry("required").or_insert_with(|| Value::Array(Vec::new())) {
            let missing = fields.iter().filter(|field| !required.iter().any(|known| known.as_str() == Some(**field)));
            let missing: Vec<Value> = missing.map(|field| Value::String((*field).to_owned())).collect();
            required.extend(missing);
        }
    }
    // Its name defaults to nothing, which the bindings' types do not tell.
    if let Some(Value::Object(reference)) = schemas.get_mut("api.core.v1.LocalObjectReference") {
        reference.shift_remove("required");
    }
    openapi(&document)
}

/// Reads the kinds of an OpenAPI document: the schemas below `components` that name their group, version and kind.
pub(super) fn openapi(document: &Value) -> Library {
    let mut loader = Loader::new(false);
    let Some(Value::Object(schemas)) = document.pointer("/components/schemas") else { return loader.library };
    for name in schemas.keys() {
        let id = loader.reserve();
        loader.names.insert(name.clone(), id);
    }
    for (name, schema) in schemas {
        let Some(&id) = loader.names.get(name) else { continue };
        let definition = short(name);
        let mut shape = loader.shape(schema, 0, false);
        shape.hook = Hook::of(definition);
        match definition {
            "api.resource.Quantity" => (shape.types, shape.format) = (types::TEXT | types::NUMBER, Format::Quantity),
            "apis.apiextensions.v1.JSON" => shape.types = 0,
            "apis.meta.v1.ObjectMeta" => loader.library.metadata = Some(id),
            _ => {}
        }
        loader.put(id, shape);
        for named in schema.get("x-kubernetes-group-version-kind").and_then(Value::as_array).into_iter().flatten() {
            let text = |key: &str| named.get(key).and_then(Value::as_str).unwrap_or_default();
            loader.kind(text("group"), text("version"), text("kind"), id);
        }
    }
    loader.library
}

/// Shortens a definition's name as the compiled-in document has it.
fn short(name: &str) -> &str {
    let name = name.strip_prefix("io.k8s.").unwrap_or(name);
    ["apimachinery.pkg.", "kube-aggregator.pkg.", "apiextensions-apiserver.pkg."]
        .iter()
        .find_map(|part| name.strip_prefix(part))
        .unwrap_or(name)
}

/// Reads the served versions of a CustomResourceDefinition.
pub(super) fn crd(crd: &Value) -> Library {
    let mut loader = Loader::new(true);
    let text = |path: &str| crd.pointer(path).and_then(Value::as_str).unwrap_or_default();
    let (group, kind) = (text("/spec/group"), text("/spec/names/kind"));
    for version in crd.pointer("/spec/versions").and_then(Value::as_array).into_iter().flatten() {
        let served = version.get("served").and_then(Value::as_bool).unwrap_or(true);
        let name = version.get("name").and_then(Value::as_str).unwrap_or_default();
        let Some(schema) = version.pointer("/schema/openAPIV3Schema").filter(|_| served && !name.is_empty()) else { continue };
        let mut shape = loader.shape(schema, 0, false);
        shape.object = true;
        let id = loader.reserve();
        loader.put(id, shape);
        loader.kind(group, name, kind, id);
    }
    loader.library
}

struct Loader {
    library: Library,
    names: HashMap<String, Id>,
    /// Whether a mapping without fields has no keys: so it is in a CustomResourceDefinition.
    closed: bool,
}

impl Loader {
    fn new(closed: bool) -> Self {
        // The first shape is the one that fits everything.
        let library = Library { shapes: vec![Shape { rest: Rest::Any, ..Shape::default() }], ..Library::default() };
        Self { library, names: HashMap::new(), closed }
    }

    fn reserve(&mut self) -> Id {
        self.library.shapes.push(Shape { rest: Rest::Any, ..Shape::default() });
        Id::try_from(self.library.shapes.len() - 1).unwrap_or_default()
    }

    fn put(&mut self, id: Id, shape: Shape) {
        if let Some(slot) = self.library.shapes.get_mut(id as usize) {
            *slot = shape;
        }
    }

    fn kind(&mut self, group: &str, version: &str, kind: &str, id: Id) {
        let api_version = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
        if !kind.is_empty() {
            self.library.kinds.entry(api_version).or_default().insert(kind.to_owned(), id);
        }
    }

    /// Returns the number of a schema's shape. Within alternatives (`inner`) fields that are not named are no fault.
    fn id(&mut self, schema: &Value, depth: usize, inner: bool) -> Id {
        if let Some(name) = schema.get("$ref").and_then(Value::as_str) {
            return self.names.get(name.rsplit('/').next().unwrap_or(name)).copied().unwrap_or(0);
        }
        if let (Some([only]), None, None) =
            (schema.get("allOf").and_then(Value::as_array).map(Vec::as_slice), schema.get("properties"), schema.get("type"))
        {
            return self.id(only, depth + 1, inner);
        }
        if depth > DEPTH_LIMIT || schema.as_object().is_none_or(Map::is_empty) {
            return 0;
        }
        let shape = self.shape(schema, depth, inner);
        let id = self.reserve();
        self.put(id, shape);
        id
    }

    fn ids(&mut self, schema: &Value, key: &str, depth: usize) -> Vec<Id> {
        let list = schema.get(key).and_then(Value::as_array);
        list.into_iter().flatten().map(|item| self.id(item, depth + 1, true)).collect()
    }

    fn shape(&mut self, schema: &Value, depth: usize, inner: bool) -> Shape {
        let is = |key: &str| schema.get(key) == Some(&Value::Bool(true));
        let text = |key: &str| schema.get(key).and_then(Value::as_str);
        let either = is("x-kubernetes-int-or-string") || text("format") == Some("int-or-string");
        let quantity = text("pattern").is_some_and(|p| p.starts_with(QUANTITY));
        let mut shape = Shape {
            types: if either { types::TEXT | types::WHOLE } else { type_bits(schema.get("type")) },
            format: match text("format") {
                _ if quantity => Format::Quantity,
                Some("int32") => Format::Int32,
                Some("byte") => Format::Byte,
                Some("date-time") => Format::DateTime,
                _ => Format::Free,
            },
            object: is("x-kubernetes-embedded-resource"),
            ..Shape::default()
        };
        if let Some(Value::Object(fields)) = schema.get("properties") {
            shape.fields = fields.iter().map(|(k, v)| (k.as_str().into(), self.id(v, depth + 1, inner))).collect();
            shape.fields.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        }
        shape.rest = match schema.get("additionalProperties") {
            Some(Value::Bool(false)) => Rest::Closed,
            Some(other @ Value::Object(_)) => Rest::Of(self.id(other, depth + 1, inner)),
            Some(_) => Rest::Any,
            None if inner || is("x-kubernetes-preserve-unknown-fields") => Rest::Any,
            None if shape.fields.is_empty() && !(self.closed && shape.types == types::MAP) => Rest::Any,
            None => Rest::Closed,
        };
        shape.items = schema.get("items").map(|items| self.id(items, depth + 1, inner));
        let required = schema.get("required").and_then(Value::as_array);
        shape.required = required.into_iter().flatten().filter_map(Value::as_str).map(Into::into).collect();
        shape.rules = self.rules(schema, depth, (either, quantity));
        shape
    }

    fn rules(&mut self, schema: &Value, depth: usize, (either, quantity): (bool, bool)) -> Option<Box<Rules>> {
        const WORDS: [&str; 20] = [
            "enum",
            "pattern",
            "minimum",
            "maximum",
            "multipleOf",
            "minLength",
            "maxLength",
            "minItems",
            "maxItems",
            "minProperties",
            "maxProperties",
            "allOf",
            "anyOf",
            "oneOf",
            "not",
            "uniqueItems",
            "x-kubernetes-list-map-keys",
            "x-kubernetes-list-type",
            "exclusiveMinimum",
            "exclusiveMaximum",
        ];
        if !schema.as_object().is_some_and(|map| WORDS.iter().any(|word| map.contains_key(*word))) {
            return None;
        }
        let number = |key: &str| schema.get(key).and_then(Value::as_f64);
        let count = |key: &str| schema.get(key).and_then(Value::as_u64);
        let is = |key: &str| schema.get(key) == Some(&Value::Bool(true));
        let list = |key: &str| schema.get(key).and_then(Value::as_array).into_iter().flatten();
        Some(Box::new(Rules {
            values: list("enum").cloned().collect(),
            pattern: schema.get("pattern").and_then(Value::as_str).filter(|_| !quantity).map(Pattern::new),
            least: number("minimum").map(|n| (n, is("exclusiveMinimum"))),
            most: number("maximum").map(|n| (n, is("exclusiveMaximum"))),
            multiple: number("multipleOf").filter(|n| *n > 0.0),
            length: [
                (count("minLength"), count("maxLength")),
                (count("minItems"), count("maxItems")),
                (count("minProperties"), count("maxProperties")),
            ],
            all: self.ids(schema, "allOf", depth),
            // With it, anyOf only says once more that it is a whole number or a text.
            any: if either { Vec::new() } else { self.ids(schema, "anyOf", depth) },
            one: if either { Vec::new() } else { self.ids(schema, "oneOf", depth) },
            not: schema.get("not").map(|not| self.id(not, depth + 1, true)),
            keys: list("x-kubernetes-list-map-keys").filter_map(Value::as_str).map(str::to_owned).collect(),
            unique: is("uniqueItems") || schema.get("x-kubernetes-list-type").and_then(Value::as_str) == Some("set"),
        }))
    }
}

fn type_bits(word: Option<&Value>) -> u8 {
    let bit = |word: &Value| match word.as_str() {
        Some("string") => types::TEXT,
        Some("integer") => types::WHOLE,
        Some("number") => types::NUMBER,
        Some("boolean") => types::FLAG,
        Some("object") => types::MAP,
        Some("array") => types::LIST,
        _ => 0,
    };
    match word {
        Some(Value::Array(words)) => words.iter().map(bit).fold(0, |all, one| all | one),
        Some(word) => bit(word),
        None => 0,
    }
}
