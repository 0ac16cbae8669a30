//! Which fields the transformations touch: kustomize's defaults and what `configurations:` add to them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::build::defaults::{ANNOTATIONS, IMAGES, NAMES, NAMESPACE, REPLICAS, SELECTORS, TEMPLATES};
use crate::build::fieldspec::FieldSpec;
use crate::yaml::Val;

/// Names a transformation whose fields can be added to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    Prefix,
    Suffix,
    Namespace,
    CommonLabels,
    Labels,
    TemplateLabels,
    Annotations,
    Vars,
    Images,
    Replicas,
}

const PARTS: &[(&str, Part)] = &[
    ("namePrefix", Part::Prefix),
    ("nameSuffix", Part::Suffix),
    ("namespace", Part::Namespace),
    ("commonLabels", Part::CommonLabels),
    ("labels", Part::Labels),
    ("templateLabels", Part::TemplateLabels),
    ("commonAnnotations", Part::Annotations),
    ("varReference", Part::Vars),
    ("images", Part::Images),
    ("replicas", Part::Replicas),
];

impl Part {
    const fn defaults(self) -> (&'static [FieldSpec], &'static [FieldSpec]) {
        match self {
            Self::Prefix | Self::Suffix => (NAMES, &[]),
            Self::Namespace => (NAMESPACE, &[]),
            Self::CommonLabels => (SELECTORS, TEMPLATES),
            Self::Labels | Self::Vars => (&[], &[]),
            Self::TemplateLabels => (TEMPLATES, &[]),
            Self::Annotations => (ANNOTATIONS, &[]),
            Self::Images => (IMAGES, &[]),
            Self::Replicas => (REPLICAS, &[]),
        }
    }
}

/// Holds what refers to a kind by its name.
#[derive(Debug, Clone)]
pub(super) struct Referrers {
    /// The kind that is referred to; its path is empty.
    pub(super) target: FieldSpec,
    /// The fields that refer.
    pub(super) fields: Vec<FieldSpec>,
}

/// Holds what was added to the defaults.
#[derive(Debug, Clone, Default)]
pub(super) struct Config {
    added: BTreeMap<Part, Vec<FieldSpec>>,
    /// Whether the defaults are left out.
    bare: bool,
    /// The names that were added.
    pub(super) references: Vec<Referrers>,
}

impl Config {
    /// Builds a configuration of nothing but some fields of one transformation.
    pub(super) fn only(part: Part, fields: Vec<FieldSpec>) -> Self {
        Self { added: BTreeMap::from([(part, fields)]), bare: true, references: Vec::new() }
    }

    /// Returns the fields of a transformation.
    pub(super) fn fields(&self, part: Part) -> impl Iterator<Item = &FieldSpec> {
        let (one, two) = if self.bare { (&[][..], &[][..]) } else { part.defaults() };
        one.iter().chain(two).chain(self.added.get(&part).into_iter().flatten())
    }

    /// Adds a field; those that are there already are passed over.
    fn add(&mut self, part: Part, field: &FieldSpec) -> Result<(), String> {
        if !known(self.fields(part), field)? {
            self.added.entry(part).or_default().push(field.clone());
        }
        Ok(())
    }

    /// Adds all that another configuration adds.
    pub(super) fn absorb(&mut self, other: &Self) -> Result<(), String> {
        for (part, fields) in &other.added {
            for field in fields {
                self.add(*part, field)?;
            }
        }
        for new in &other.references {
            match self.references.iter_mut().find(|old| old.target == new.target) {
                Some(old) => merge(&mut old.fields, &new.fields)?,
                None => self.references.push(new.clone()),
            }
        }
        Ok(())
    }

    /// Adds what a configuration file says.
    pub(super) fn read(&mut self, file: &Val) -> Result<(), String> {
        let Some(map) = file.as_map() else { return Err("the configuration is no mapping".to_owned()) };
        let mut new = Self::default();
        for (key, value) in map {
            if key == "nameReference" {
                for item in value.items() {
                    let fields = item.get("fieldSpecs").map(Val::items).unwrap_or_default();
                    let fields = fields.iter().map(field).collect::<Result<_, _>>()?;
                    let mut target = item.clone();
                    target.remove("fieldSpecs");
                    new.references.push(Referrers { target: field(&target)?, fields });
                }
                continue;
            }
            let Some((_, part)) = PARTS.iter().find(|(name, _)| name == key) else {
                return Err(format!("{key} is no field of a configuration"));
            };
            for item in value.items() {
                new.added.entry(*part).or_default().push(field(item)?);
            }
        }
        self.absorb(&new)
    }
}

/// Tells whether a field is in a list already; an error when it is, but with another word on whether it is made.
fn known<'f>(mut list: impl Iterator<Item = &'f FieldSpec>, new: &FieldSpec) -> Result<bool, String> {
    let within = |wide: &str, narrow: &str| wide.is_empty() || wide == narrow;
    let same = |old: &&FieldSpec| {
        old.path == new.path
            && within(&new.group, &old.group)
            && within(&new.version, &old.version)
            && within(&new.kind, &old.kind)
    };
    match list.find(same) {
        Some(old) if old.create != new.create => Err(format!("there are two opinions on whether {} is to be made", new.path)),
        found => Ok(found.is_some()),
    }
}

/// Adds fields to a list; those that are there already are passed over.
pub(super) fn merge<'f>(list: &mut Vec<FieldSpec>, more: impl IntoIterator<Item = &'f FieldSpec>) -> Result<(), String> {
    for new in more {
        if !known(list.iter(), new)? {
            list.push(new.clone());
        }
    }
    Ok(())
}

/// Reads a field specification.
pub(super) fn field(item: &Val) -> Result<FieldSpec, String> {
    if let Some(odd) = item
        .as_map()
        .and_then(|map| map.keys().find(|key| !["group", "version", "kind", "path", "create"].contains(&key.as_str())))
    {
        return Err(format!("{odd} is nothing that a field is chosen by"));
    }
    Ok(lenient_field(item))
}

/// Reads a field specification and passes over what is not known.
pub(super) fn lenient_field(item: &Val) -> FieldSpec {
    let text = |key: &str| Cow::Owned(item.get(key).and_then(Val::scalar).unwrap_or_default());
    FieldSpec {
        group: text("group"),
        version: text("version"),
        kind: text("kind"),
        path: text("path"),
        create: item.get("create").is_some_and(Val::is_true),
    }
}
