//! One value anywhere in an object: changed where it is written when that is the environment's own, else overridden.
//!
//! The object is the rendered one, whose values know where they were written. What a value would change besides is asked
//! first: an anchor that others use (`shared`), a patch or a label of a kustomization that speaks of other objects too.

use domain::edit::{Ask, Choice, Edit, Offer};

use crate::build::resource::Resource;
use crate::build::source::Role;
use crate::edit::shared::{self, Standing};
use crate::edit::{Desk, nested, overlay};
use crate::error::Error;
use crate::locate::Located;
use crate::yaml::{
    At, Fragment, Meant, NodeId, Place, Splice, SpliceFault, Tree, Val, insert_entry, insert_item, remove_entry, remove_item,
    set_scalar,
};

/// Names one step down into an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// The value of a key.
    Key(String),
    /// The item of a list that has these values: its merge keys, as a patch has to name them.
    Item(Vec<(&'static str, Fragment)>),
    /// The item of a list at this position, counted from 0.
    Index(usize),
}

impl Step {
    /// Returns the steps down a path of keys.
    pub(crate) fn keys(path: &[&str]) -> Vec<Self> {
        path.iter().map(|key| Self::Key((*key).to_owned())).collect()
    }

    /// Returns the step to the item of a list that has a name.
    pub(crate) fn named(name: &str) -> Self {
        Self::Item(vec![("name", Fragment::Text(name.to_owned()))])
    }

    /// Returns what is there, null taken for nothing.
    pub(crate) fn from<'v>(&self, val: &'v Val) -> Option<&'v Val> {
        match self {
            Self::Key(key) => val.get(key).filter(|v| !v.is_null()),
            Self::Index(at) => val.items().get(*at),
            Self::Item(keys) => val
                .items()
                .iter()
                .find(|item| keys.iter().all(|(key, value)| item.get(key).and_then(Val::scalar).as_deref() == value.text())),
        }
    }

    /// Returns the node that is there, merge keys not followed.
    pub(super) fn node(&self, tree: &Tree<'_>, node: NodeId) -> Option<NodeId> {
        match self {
            Self::Key(key) => tree.get(node, key),
            Self::Index(at) => tree.items(node).get(*at).map(|(_, item)| *item),
            Self::Item(keys) => {
                tree.items(node).iter().map(|(_, item)| *item).find(|item| {
                    keys.iter().all(|(key, value)| tree.get(*item, key).and_then(|n| tree.scalar(n)) == value.text())
                })
            }
        }
    }
}

/// Says what is to be done at a place.
#[derive(Debug, Clone, Copy)]
pub(super) enum Leaf<'a> {
    /// This is to stand there.
    Set(&'a Fragment),
    /// Nothing is to stand there.
    Gone,
}

/// Holds a place in an object that an edit is about.
pub(super) struct Aim<'a> {
    /// The object.
    pub(super) object: &'a Resource,
    /// The steps to the place.
    pub(super) path: Vec<Step>,
    /// How many of the steps lead to what stays when it becomes empty.
    pub(super) floor: usize,
    /// The edit.
    pub(super) edit: &'a Edit,
    /// Whether an override is a JSON patch, whatever the kind is.
    pub(super) operations: bool,
}

impl<'a> Aim<'a> {
    /// Builds an aim below a path of keys that stays.
    pub(super) fn new(object: &'a Resource, path: Vec<Step>, floor: usize, edit: &'a Edit) -> Self {
        Self { object, path, floor, edit, operations: false }
    }

    /// Returns the same aim with more steps.
    pub(super) fn below(&self, more: Vec<Step>) -> Self {
        let path = self.path.iter().cloned().chain(more).collect();
        Self { path, ..*self }
    }

    /// Returns the values on the way, the object first, as far as there are any.
    pub(super) fn trail(&self) -> Vec<&'a Val> {
        let mut out = vec![&self.object.val];
        for step in &self.path {
            match out.last().and_then(|val| step.from(val)) {
                Some(next) => out.push(next),
                None => break,
            }
        }
        out
    }

    /// Returns the value that is there.
    pub(super) fn value(&self) -> Option<&'a Val> {
        let trail = self.trail();
        if trail.len() > self.path.len() { trail.last().copied() } else { None }
    }

    /// Builds the error for something that cannot be done.
    pub(super) fn refused(&self, located: &Located, why: impl Into<String>) -> Error {
        let file = self.value().map_or(located.folder.as_str(), |v| located.sources.file(v.from));
        let file = if file.is_empty() { &located.folder } else { file };
        Error::CannotEdit { field: self.edit.field.to_string(), file: file.to_owned(), why: why.into() }
    }

    /// Takes a step towards a value that is to stand there: a single one where there is one, anything where there is none.
    pub(super) fn set(&self, desk: &mut Desk, located: &Located, value: &Fragment) -> Result<(), Error> {
        let trail = self.trail();
        let depth = trail.iter().rposition(|v| v.from.is_some()).unwrap_or(0);
        let Some(place) = trail.get(depth).and_then(|v| v.from) else {
            return overlay::patch(desk, located, self, Leaf::Set(value), 0);
        };
        let full = trail.len() > self.path.len() && depth == self.path.len();
        let typed = trail.get(depth).is_some_and(|v| v.as_text().is_some() || !matches!(value, Fragment::Text(_)));
        let rest = self.path.get(depth..).unwrap_or_default();
        self.act(desk, located, (&trail[..=depth], place), Leaf::Set(value), |tree, node| {
            if full { replace(tree, node, value, typed) } else { into(tree, node, rest, Leaf::Set(value)) }
        })
    }

    /// Takes a step towards nothing standing there; what it leaves empty goes too, down to the floor.
    pub(super) fn remove(&self, desk: &mut Desk, located: &Located) -> Result<(), Error> {
        let trail = self.trail();
        let Some(value) = self.value() else { return Ok(()) };
        // A patch of the environment's own may speak of a part of it only: that goes first.
        let (place, up) = match value.from.filter(|(n, _)| overlay::own(located, *n)) {
            Some(place) => (Some(place), 0),
            None => written_below(located, value).map_or((value.from, 0), |(place, up)| (Some(place), up)),
        };
        let Some(place) = place else { return Err(self.refused(located, "it is computed while rendering")) };
        let spare = self.path.len().saturating_sub(self.floor + 1);
        self.act(desk, located, (&trail, place), Leaf::Gone, |tree, node| {
            let node = (0..up).try_fold(node, |n, _| tree.node(n).parent).ok_or(SpliceFault::Unfit("it stands alone"))?;
            remove(tree, node, spare)
        })
    }

    /// Does something at a place, or in the overlay when the place is not the environment's own to change.
    fn act(
        &self,
        desk: &mut Desk,
        located: &Located,
        (trail, place): (&[&Val], Place),
        leaf: Leaf<'_>,
        splices: impl FnOnce(&Tree<'_>, NodeId) -> Result<Vec<Splice>, SpliceFault>,
    ) -> Result<(), Error> {
        let (number, node) = place;
        let source = located.sources.get(number);
        let full = trail.len() > self.path.len();
        let written = self.edit.choice == Some(Choice::Written);
        if !overlay::own(located, number) && !written && !self.owns(located, trail, number) {
            return overlay::patch(desk, located, self, leaf, 0);
        }
        if full && source.role != Role::Resource && !written && self.speaks_of_others(located, place)? {
            return overlay::patch(desk, located, self, leaf, number);
        }
        let tree = nested::parse(&source.file, &source.text)?;
        let standing = Standing::of(&tree, trail, number);
        let own = standing.is_shared() && !written;
        if own && !standing.merged() && self.edit.choice != Some(Choice::Own) {
            return Err(self.ask(located, number, &tree, &standing));
        }
        nested::change(desk, located, (number, &self.edit.field), |tree| {
            let change = |tree: &Tree<'_>| splices(&tree.clone().regardless(), node);
            if own { shared::own(tree, &standing, (&self.path, leaf), change) } else { change(tree) }
        })
    }

    /// Tells whether an anchor of a base's file is what the operator wants to part from.
    fn owns(&self, located: &Located, trail: &[&Val], number: u32) -> bool {
        let source = located.sources.get(number);
        self.edit.choice == Some(Choice::Own)
            && Tree::parse(&source.text).is_ok_and(|tree| Standing::of(&tree, trail, number).is_shared())
    }

    /// Tells whether to override what a patch or a kustomization says of other objects too; asks when nothing is chosen.
    fn speaks_of_others(&self, located: &Located, place: Place) -> Result<bool, Error> {
        let others = located.users(place, self.object);
        if others.is_empty() {
            return Ok(false);
        }
        let (number, _) = place;
        let source = located.sources.get(number);
        // What a kustomization itself says comes after all of its patches.
        let can = source.role == Role::Patch;
        if can && self.edit.choice == Some(Choice::Overlay) {
            return Ok(true);
        }
        let (file, line) = (source.file.clone(), located.sources.line(Some(place)));
        let this = located.title(self.object);
        let mut offers = Vec::new();
        if can {
            let home = overlay::kustomization(located).map_or_else(|| file.clone(), |n| located.sources.get(n).file.clone());
            offers.push(Offer { choice: Choice::Overlay, file: home, line: 1, what: format!("changes {this} only") });
        }
        let what = format!("changes {this} and {}", listed(&others));
        offers.push(Offer { choice: Choice::Written, file: file.clone(), line, what });
        let why = format!("is written at {file}:{line} for {this} and {}", listed(&others));
        Err(self.choose(why, offers))
    }

    fn ask(&self, located: &Located, number: u32, tree: &Tree<'_>, standing: &Standing) -> Error {
        let source = located.sources.get(number);
        let lead = located.sources.lead(source);
        let line = |node: NodeId| tree.line_of(node) + lead;
        let this = shared::words(tree, standing.here());
        let mut others: Vec<String> = Vec::new();
        for other in standing.others() {
            let words = shared::words(tree, *other);
            if words != this && !others.contains(&words) {
                others.push(words);
            }
        }
        let mut offers = Vec::new();
        if standing.can_part() {
            let what = format!("changes {this} only");
            offers.push(Offer { choice: Choice::Own, file: source.file.clone(), line: line(standing.here()), what });
        }
        let everywhere = if others.is_empty() { "the other places".to_owned() } else { listed(&others) };
        let what = format!("changes {this} and {everywhere}");
        offers.push(Offer { choice: Choice::Written, file: source.file.clone(), line: line(standing.leaf()), what });
        let places: Vec<String> = standing
            .others()
            .iter()
            .filter(|n| **n != standing.leaf())
            .map(|n| format!("{}:{}", source.file, line(*n)))
            .collect();
        let used = if places.is_empty() { String::new() } else { format!(" and used at {}", places.join(", ")) };
        self.choose(format!("is written once, at {}:{}{used}", source.file, line(standing.leaf())), offers)
    }

    /// Builds the question.
    pub(super) fn choose(&self, why: String, offers: Vec<Offer>) -> Error {
        let (container, field) = (self.edit.container.clone(), self.edit.field.clone());
        Error::Choose(Box::new(Ask { container, field, why, offers }))
    }
}

/// Returns names as a list in a sentence.
pub(super) fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [many @ .., last] if many.len() < 4 => format!("{} and {last}", many.join(", ")),
        many => format!("{} and {} more", many[..3].join(", "), many.len() - 3),
    }
}

/// Returns the first place of the environment's own within a value, and how many steps above it the value stands.
fn written_below(located: &Located, value: &Val) -> Option<(Place, usize)> {
    let below: Box<dyn Iterator<Item = &Val>> = match value.as_map() {
        Some(map) => Box::new(map.values()),
        None => Box::new(value.items().iter()),
    };
    for child in below {
        match child.from.filter(|(number, _)| overlay::own(located, *number)) {
            Some(place) => return Some((place, 1)),
            None => {
                if let Some((place, up)) = written_below(located, child) {
                    return Some((place, up + 1));
                }
            }
        }
    }
    None
}

/// Replaces a single value; a text that would be read as something else gets quotes.
fn replace(tree: &Tree<'_>, node: NodeId, value: &Fragment, typed: bool) -> Result<Vec<Splice>, SpliceFault> {
    let meant = match value {
        Fragment::Text(text) | Fragment::Block(text) => Meant::Text(text),
        Fragment::Quantity(text) => Meant::Quantity(text),
        Fragment::Plain(text) => Meant::Plain(text),
        Fragment::Map(_) | Fragment::List(_) => return Err(SpliceFault::Unfit("something else stands there already")),
    };
    let splices = set_scalar(tree, node, meant)?;
    let place = tree.node(tree.target(node));
    if splices.is_empty() && !typed && place.tag.is_none() {
        return Ok(vec![Splice::new(place.span.clone(), crate::yaml::quote(meant.text()))]);
    }
    Ok(splices)
}

/// Writes a path and what is at its end as one fragment, the way a patch says it.
pub(super) fn nest(path: &[Step], leaf: Leaf<'_>) -> Fragment {
    match (path.split_first(), leaf) {
        (None, Leaf::Set(value)) => value.clone(),
        (None, Leaf::Gone) => Fragment::Plain("null".to_owned()),
        (Some((Step::Key(key), rest)), leaf) => Fragment::entry(key.clone(), nest(rest, leaf)),
        (Some((Step::Index(_), rest)), leaf) => Fragment::List(vec![nest(rest, leaf)]),
        (Some((Step::Item(keys), rest)), leaf) => {
            let mut pairs: Vec<(String, Fragment)> = keys.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
            match (rest.is_empty(), leaf) {
                (true, Leaf::Gone) => pairs.push(("$patch".to_owned(), Fragment::Plain("delete".to_owned()))),
                (_, leaf) => match nest(rest, leaf) {
                    Fragment::Map(more) if rest.is_empty() => {
                        // The item as it is wanted names its keys itself, in its own order.
                        pairs.retain(|(key, _)| !more.iter().any(|(k, _)| k == key));
                        pairs.extend(more);
                    }
                    Fragment::Map(more) => pairs.extend(more),
                    _ => {}
                },
            }
            Fragment::List(vec![Fragment::Map(pairs)])
        }
    }
}

/// Puts a value under a path below a node; what is missing on the way is made.
pub(super) fn into(tree: &Tree<'_>, node: NodeId, path: &[Step], leaf: Leaf<'_>) -> Result<Vec<Splice>, SpliceFault> {
    let Some((first, rest)) = path.split_first() else {
        return match leaf {
            Leaf::Set(value) => replace(tree, node, value, true),
            Leaf::Gone => Err(SpliceFault::Unfit("the patch speaks of it already")),
        };
    };
    match first.node(tree, node).filter(|n| !tree.is_null(*n)) {
        Some(next) if !rest.is_empty() || matches!(leaf, Leaf::Set(_)) => into(tree, next, rest, leaf),
        _ => match (first, nest(path, leaf)) {
            (Step::Key(key), Fragment::Map(mut pairs)) => match (tree.get(node, key), pairs.pop()) {
                (None, Some((key, value))) => insert_entry(tree, node, (&key, &value), neighbour(tree, node, &key)),
                (Some(there), Some((_, value))) => fill(tree, there, &value),
                (_, None) => Err(SpliceFault::Unfit("no field is named")),
            },
            (_, Fragment::List(mut items)) => match items.pop() {
                Some(item) => insert_item(tree, node, &item, false),
                None => Err(SpliceFault::Unfit("no item is named")),
            },
            _ => Err(SpliceFault::Unfit("no field is named")),
        },
    }
}

/// Puts something where nothing or null is written.
fn fill(tree: &Tree<'_>, node: NodeId, value: &Fragment) -> Result<Vec<Splice>, SpliceFault> {
    match value {
        Fragment::Map(pairs) => match pairs.as_slice() {
            [(key, value)] => insert_entry(tree, node, (key, value), At::Last),
            _ => Err(SpliceFault::Unfit("several fields at once")),
        },
        Fragment::List(items) => match items.as_slice() {
            [item] => insert_item(tree, node, item, false),
            _ => Err(SpliceFault::Unfit("several items at once")),
        },
        single => replace(tree, node, single, true),
    }
}

/// Says where among its neighbours a new key goes, as people write it.
fn neighbour<'k>(tree: &Tree<'_>, mapping: NodeId, key: &str) -> At<'k> {
    let has = |key: &str| tree.get(mapping, key).is_some();
    match key {
        "imagePullPolicy" if has("image") => At::After("image"),
        "tag" if has("repository") => At::After("repository"),
        "digest" | "pullPolicy" if has("tag") => At::After("tag"),
        "version" if has("chart") => At::After("chart"),
        "value" | "valueFrom" if has("name") => At::After("name"),
        "protocol" if has("containerPort") => At::After("containerPort"),
        "path" if has("port") => At::First,
        "type" if has("ports") => At::First,
        "replicas" if has("template") || has("selector") => At::First,
        "metadata" if has("spec") && !has("kind") => At::First,
        "labels" if has("annotations") && !has("name") => At::First,
        _ => At::Last,
    }
}

/// Removes the entry or item that a node is, and up to `spare` collections above it that it leaves empty.
pub(super) fn remove(tree: &Tree<'_>, node: NodeId, spare: usize) -> Result<Vec<Splice>, SpliceFault> {
    let mut child = node;
    let mut spare = spare;
    loop {
        let parent = tree.node(child).parent.ok_or(SpliceFault::Unfit("it stands alone"))?;
        if let Some(splices) = operation(tree, parent, child) {
            return splices;
        }
        let entry = tree.entries(parent).iter().position(|e| e.value == child);
        let item = tree.items(parent).iter().position(|(_, n)| *n == child);
        let alone = tree.entries(parent).len() + tree.items(parent).len() == 1;
        match (entry, item) {
            _ if alone && spare > 0 => {
                spare -= 1;
                child = parent;
            }
            (Some(at), _) => return remove_entry(tree, parent, at),
            (None, Some(at)) => return remove_item(tree, parent, at),
            (None, None) => return Err(SpliceFault::Unfit("it is not there")),
        }
    }
}

/// Removes the operation of a JSON patch that a node is the value of.
fn operation(tree: &Tree<'_>, parent: NodeId, child: NodeId) -> Option<Result<Vec<Splice>, SpliceFault>> {
    if tree.get(parent, "op").is_none() || tree.get(parent, "path").is_none() || tree.get(parent, "value") != Some(child) {
        return None;
    }
    let list = tree.node(parent).parent?;
    let at = tree.items(list).iter().position(|(_, n)| *n == parent)?;
    Some(remove_item(tree, list, at))
}
