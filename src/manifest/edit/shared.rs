//! Values that several places of a file use: anchors, aliases and merge keys on the way to a value, who else would change,
//! and how one place gets a value of its own.

use crate::edit::aim::{Leaf, Step};
use crate::yaml::{At, Data, Fragment, Kind, NodeId, Splice, SpliceFault, Tree, Val, inert, insert_entry, replace_alias};

/// Says how a value comes to the place that is asked for from an anchor elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Crossing {
    /// This node is an alias.
    Alias(NodeId),
    /// This mapping merges it in with `<<`.
    Merge(NodeId),
}

/// Holds how a value stands in its file.
pub(super) struct Standing {
    /// The number of the value on the trail that comes from elsewhere, the outermost such.
    crossing: Option<(usize, Crossing)>,
    /// The anchored nodes that are written here and used elsewhere.
    anchored: Vec<NodeId>,
    /// The other places that use the value.
    others: Vec<NodeId>,
    leaf: NodeId,
    here: NodeId,
}

impl Standing {
    /// Looks at the values on the way to a place: those that stand in the same source as the last one.
    pub(super) fn of(tree: &Tree<'_>, trail: &[&Val], number: u32) -> Self {
        let chain = chain(trail, number);
        let Some((_, last)) = chain.last().copied() else {
            let root = tree.documents().first().map_or(NodeId(0), |d| d.root);
            return Self { crossing: None, anchored: Vec::new(), others: Vec::new(), leaf: root, here: root };
        };
        let mut crossing: Option<(usize, Crossing)> = None;
        let mut ours: Vec<NodeId> = Vec::new();
        let mut entered: Vec<NodeId> = Vec::new();
        let mut seen: Vec<NodeId> = Vec::new();
        for (at, (depth, node)) in chain.iter().copied().enumerate() {
            if tree.target(node) != node {
                crossing.get_or_insert((depth, Crossing::Alias(node)));
                ours.push(node);
                entered.push(tree.target(node));
            }
            seen.extend([node, tree.target(node)]);
            let Some((_, next)) = chain.get(at + 1) else { break };
            let parent = tree.node(*next).parent;
            if parent == Some(tree.target(node)) {
                continue;
            }
            let Some(merge) = tree.get(node, "<<") else {
                // A patch begins here.
                (crossing, ours, entered, seen) = (None, Vec::new(), Vec::new(), Vec::new());
                continue;
            };
            crossing.get_or_insert((depth, Crossing::Merge(node)));
            let listed: Vec<NodeId> = tree.items(merge).iter().map(|(_, n)| *n).collect();
            let all = if listed.is_empty() { vec![merge] } else { listed };
            let alias = all.into_iter().find(|n| Some(tree.target(*n)) == parent);
            ours.extend(alias);
            entered.extend(alias.map(|n| tree.target(n)));
        }
        let (anchored, mut others) = users(tree, &seen, &ours);
        let live = entered.iter().filter(|n| !inert(tree, **n)).copied();
        others.splice(0..0, live);
        others.dedup();
        let here = match crossing {
            Some((_, Crossing::Alias(node) | Crossing::Merge(node))) => node,
            None => last,
        };
        Self { crossing, anchored, others, leaf: tree.target(last), here }
    }

    /// Tells whether changing the value where it is written would change another place too.
    pub(super) const fn is_shared(&self) -> bool {
        !self.others.is_empty()
    }

    /// Tells whether it comes through a merge key, over which an entry of the mapping's own goes.
    pub(super) const fn merged(&self) -> bool {
        matches!(self.crossing, Some((_, Crossing::Merge(_))))
    }

    /// Tells whether the place can have a value of its own.
    pub(super) const fn can_part(&self) -> bool {
        self.crossing.is_some() || self.anchored.len() == 1
    }

    /// Returns the node where the value is used.
    pub(super) const fn here(&self) -> NodeId {
        self.here
    }

    /// Returns the node where it is written.
    pub(super) const fn leaf(&self) -> NodeId {
        self.leaf
    }

    /// Returns the other places that use it.
    pub(super) fn others(&self) -> &[NodeId] {
        &self.others
    }
}

/// Returns the nodes of a source at the end of a trail, each with its number on the trail.
fn chain(trail: &[&Val], number: u32) -> Vec<(usize, NodeId)> {
    let mut out: Vec<(usize, NodeId)> = Vec::new();
    for (depth, val) in trail.iter().enumerate().rev() {
        match val.from {
            Some((n, node)) if n == number => out.push((depth, node)),
            _ => break,
        }
    }
    out.reverse();
    out
}

/// Returns the anchored nodes among some nodes and those above them, and the aliases of them that are not ours.
fn users(tree: &Tree<'_>, seen: &[NodeId], ours: &[NodeId]) -> (Vec<NodeId>, Vec<NodeId>) {
    let mut anchors: Vec<NodeId> = Vec::new();
    for start in seen {
        let mut at = Some(*start);
        while let Some(node) = at {
            if tree.node(node).anchor.is_some() && !anchors.contains(&node) {
                anchors.push(node);
            }
            at = tree.node(node).parent;
        }
    }
    let (mut used, mut others) = (Vec::new(), Vec::new());
    if !anchors.is_empty() {
        for (id, node) in tree.nodes() {
            if let Kind::Alias(alias) = &node.kind
                && anchors.contains(&alias.target)
                && !ours.contains(&id)
            {
                others.push(id);
                if !used.contains(&alias.target) {
                    used.push(alias.target);
                }
            }
        }
    }
    (used, others)
}

/// Gives the place a value of its own; the others keep theirs. `change` makes the change where the value is written.
pub(super) fn own(
    tree: &Tree<'_>,
    standing: &Standing,
    (path, leaf): (&[Step], Leaf<'_>),
    change: impl FnOnce(&Tree<'_>) -> Result<Vec<Splice>, SpliceFault>,
) -> Result<Vec<Splice>, SpliceFault> {
    let unfit = SpliceFault::Unfit("it cannot have a value of its own there");
    match standing.crossing {
        Some((depth, Crossing::Alias(node))) => {
            let whole = plain(tree, node);
            let wanted =
                changed(&whole, path.get(depth..).unwrap_or_default(), leaf).unwrap_or(Fragment::Plain("null".to_owned()));
            Ok(replace_alias(tree, node, &wanted, None))
        }
        Some((depth, Crossing::Merge(node))) => {
            let Some(Step::Key(key)) = path.get(depth) else { return Err(unfit) };
            let Fragment::Map(pairs) = plain(tree, node) else { return Err(unfit) };
            let merged = pairs.into_iter().find(|(k, _)| k == key).map(|(_, value)| value).ok_or(unfit)?;
            let rest = path.get(depth + 1..).unwrap_or_default();
            let wanted = changed(&merged, rest, leaf).unwrap_or(Fragment::Plain("null".to_owned()));
            insert_entry(tree, node, (key, &wanted), At::Last)
        }
        None => {
            let ([anchored], Some(first)) = (standing.anchored.as_slice(), standing.others.first()) else { return Err(unfit) };
            hand_over(tree, (*anchored, *first), change(tree)?)
        }
    }
}

/// Lets the first of the others carry the anchor and its value, so that the anchored place can change alone.
fn hand_over(tree: &Tree<'_>, (anchored, first): (NodeId, NodeId), mut splices: Vec<Splice>) -> Result<Vec<Splice>, SpliceFault> {
    let unfit = SpliceFault::Unfit("it cannot have a value of its own there");
    let node = tree.node(anchored);
    let name = node.anchor.clone().ok_or(unfit)?;
    let head = tree.text.get(node.start..node.span.start).ok_or(unfit)?;
    let mark = format!("&{name}");
    let begin = node.start + head.find(&mark).ok_or(unfit)?;
    let end = begin + mark.len();
    // A value behind it on the line moves up to where the anchor stood; without one, the space before it goes.
    let gap = tree.text[end..].len() - tree.text[end..].trim_start_matches(' ').len();
    let ends_line = tree.text[end + gap..].starts_with(['\n', '\r', '#']) || end + gap == tree.text.len();
    let space = tree.text[..begin].len() - tree.text[..begin].trim_end_matches(' ').len();
    let cut = if ends_line { begin - space..end } else { begin..end + gap };
    if !splices.iter().any(|s| s.range.start <= cut.start && s.range.end >= cut.end) {
        if splices.iter().any(|s| s.range.start < cut.end && s.range.end > cut.start) {
            return Err(unfit);
        }
        splices.push(Splice::new(cut, ""));
    }
    splices.extend(replace_alias(tree, first, &plain(tree, anchored), Some(&name)));
    Ok(splices)
}

/// Returns a node as a fragment, aliases and merge keys within it written out.
fn plain(tree: &Tree<'_>, node: NodeId) -> Fragment {
    let mut count = 0;
    crate::yaml::read(tree, node, 0, &mut count).map_or_else(|_| Fragment::Plain(String::new()), |val| fragment(tree, &val))
}

/// Returns a value as a fragment, numbers as they are written.
fn fragment(tree: &Tree<'_>, val: &Val) -> Fragment {
    match &val.data {
        Data::Null => Fragment::Plain("null".to_owned()),
        Data::Bool(_) | Data::Number(_) => {
            let written = val.from.and_then(|(_, node)| tree.scalar(node)).map(str::to_owned);
            Fragment::Plain(written.or_else(|| val.scalar()).unwrap_or_default())
        }
        Data::Text(text) => Fragment::Text(text.clone()),
        Data::List(items) => Fragment::List(items.iter().map(|item| fragment(tree, item)).collect()),
        Data::Map(map) => Fragment::Map(map.iter().map(|(key, value)| (key.clone(), fragment(tree, value))).collect()),
    }
}

/// Returns a fragment with something else at a path in it; nothing when it is itself to go.
fn changed(whole: &Fragment, path: &[Step], leaf: Leaf<'_>) -> Option<Fragment> {
    let Some((first, rest)) = path.split_first() else {
        return match leaf {
            Leaf::Set(value) => Some(value.clone()),
            Leaf::Gone => None,
        };
    };
    let made = || match leaf {
        Leaf::Set(_) => Some(super::aim::nest(rest, leaf)),
        Leaf::Gone => None,
    };
    Some(match (first, whole) {
        (Step::Key(key), Fragment::Map(pairs)) => {
            let mut pairs = pairs.clone();
            let at = pairs.iter().position(|(k, _)| k == key);
            let new = match at.and_then(|at| pairs.get(at)) {
                Some((_, value)) => changed(value, rest, leaf),
                None => made(),
            };
            put(&mut pairs, at, new.map(|value| (key.clone(), value)));
            Fragment::Map(pairs)
        }
        (Step::Item(keys), Fragment::List(items)) => {
            let mut items = items.clone();
            let fits = |item: &Fragment| match item {
                Fragment::Map(pairs) => keys.iter().all(|(k, v)| pairs.iter().any(|(p, q)| p == k && q.text() == v.text())),
                _ => false,
            };
            let at = items.iter().position(fits);
            let new = match at.and_then(|at| items.get(at)) {
                Some(item) => changed(item, rest, leaf),
                None => match super::aim::nest(path, leaf) {
                    Fragment::List(mut new) => new.pop().filter(|_| matches!(leaf, Leaf::Set(_))),
                    _ => None,
                },
            };
            put(&mut items, at, new);
            Fragment::List(items)
        }
        (Step::Index(at), Fragment::List(items)) => {
            let mut items = items.clone();
            let new = match items.get(*at) {
                Some(item) => changed(item, rest, leaf),
                None => made(),
            };
            let there = (*at < items.len()).then_some(*at);
            put(&mut items, there, new);
            Fragment::List(items)
        }
        (_, other) => other.clone(),
    })
}

fn put<T>(list: &mut Vec<T>, at: Option<usize>, new: Option<T>) {
    match (at, new) {
        (Some(at), Some(new)) => list[at] = new,
        (Some(at), None) => {
            list.remove(at);
        }
        (None, Some(new)) => list.push(new),
        (None, None) => {}
    }
}

/// Says in words what a node belongs to: a container, an object, a line.
pub(super) fn words(tree: &Tree<'_>, node: NodeId) -> String {
    let mut child = node;
    let mut root = node;
    while let Some(parent) = tree.node(child).parent {
        let holder = tree.node(parent).parent.map(|above| tree.entries(above));
        let listed = holder.and_then(|entries| entries.iter().find(|e| e.value == parent)).and_then(|e| tree.scalar(e.key));
        if matches!(listed, Some("containers" | "initContainers"))
            && let Some(name) = tree.get(child, "name").and_then(|n| tree.scalar(n))
        {
            return format!("container {name}");
        }
        root = parent;
        child = parent;
    }
    let text = |path: &[&str]| tree.at(root, path).and_then(|n| tree.scalar(n));
    match (text(&["kind"]), text(&["metadata", "name"])) {
        (Some(kind), Some(name)) => format!("{kind} {name} (line {})", tree.line_of(node)),
        _ => format!("line {}", tree.line_of(node)),
    }
}
