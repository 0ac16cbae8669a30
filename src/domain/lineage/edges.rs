//! What joins Flux objects: who feeds whom, who applied whom, who waits for whom. Positions only; states play no part.

use std::sync::Arc;

use super::{Name, referred, search};
use crate::flux::kinds::Family;
use crate::flux::{FluxObject, Kind};
use crate::origin::applied_by;

/// Stands for no position.
const NONE: u32 = u32::MAX;
/// How far up anything is followed; more is a fault of the data.
const DEEP: usize = 256;

/// Holds for each position a list of others, as one.
#[derive(Debug, Clone, Default)]
struct Lists {
    from: Vec<u32>,
    items: Vec<u32>,
}

impl Lists {
    /// Gathers pairs of owner and item; the items of an owner keep their order.
    fn of(count: usize, pairs: &[(u32, u32)]) -> Self {
        let mut from = vec![0u32; count + 1];
        for (owner, _) in pairs {
            from[*owner as usize + 1] += 1;
        }
        for at in 1..from.len() {
            from[at] += from[at - 1];
        }
        let mut next = from.clone();
        let mut items = vec![0; pairs.len()];
        for (owner, item) in pairs {
            let at = &mut next[*owner as usize];
            items[*at as usize] = *item;
            *at += 1;
        }
        Self { from, items }
    }

    fn get(&self, at: u32) -> &[u32] {
        let bounds = self.from.get(at as usize).zip(self.from.get(at as usize + 1));
        bounds.and_then(|(from, to)| self.items.get(*from as usize..*to as usize)).unwrap_or_default()
    }
}

/// Holds all edges between Flux objects, by position.
#[derive(Debug, Clone, Default)]
pub(super) struct Edges {
    parent: Vec<u32>,
    source: Vec<u32>,
    below: Lists,
    fed: Lists,
    needs: Lists,
    needed: Lists,
    rings: Vec<Vec<u32>>,
}

type Slice = [Arc<FluxObject>];

/// Tells whether two slices have the same edges: only states differ.
pub(super) fn same(old: &Slice, new: &Slice) -> bool {
    let alike = |a: &FluxObject, b: &FluxObject| {
        a.key == b.key
            && a.labels == b.labels
            && a.spec.depends_on == b.spec.depends_on
            && a.source() == b.source()
            && a.status.inventory == b.status.inventory
    };
    old.len() == new.len() && old.iter().zip(new).all(|(a, b)| Arc::ptr_eq(a, b) || alike(a, b))
}

impl Edges {
    pub(super) fn of(flux: &Slice) -> Self {
        let count = flux.len();
        let place = |name: &Name| search(flux, |o| &o.key, name).unwrap_or(NONE);
        let source: Vec<u32> =
            flux.iter().map(|o| o.source().map_or(NONE, |reference| place(&referred(o, reference, "GitRepository")))).collect();
        let applier = appliers(flux, &place);
        let parent = parents(flux, &source, &applier);
        let pairs = |of: &[u32]| -> Vec<(u32, u32)> {
            (0u32..).zip(of).filter(|(_, up)| **up != NONE).map(|(at, up)| (*up, at)).collect()
        };
        let mut needs = Vec::new();
        for (at, object) in (0u32..).zip(flux) {
            for reference in &object.spec.depends_on {
                let needed = place(&referred(object, reference, &object.key.kind));
                if needed != NONE {
                    needs.push((at, needed));
                }
            }
        }
        let mut needed: Vec<(u32, u32)> = needs.iter().map(|(at, need)| (*need, *at)).collect();
        needed.sort_unstable();
        let needs = Lists::of(count, &needs);
        let fed: Vec<(u32, u32)> = pairs(&source).into_iter().filter(|(up, at)| parent[*at as usize] != *up).collect();
        Self {
            below: Lists::of(count, &pairs(&parent)),
            fed: Lists::of(count, &fed),
            needed: Lists::of(count, &needed),
            rings: rings(count, &needs),
            needs,
            parent,
            source,
        }
    }

    /// Returns what stands right above.
    pub(super) fn parent(&self, at: u32) -> Option<u32> {
        self.parent.get(at as usize).copied().filter(|up| *up != NONE)
    }

    /// Returns the source.
    pub(super) fn source(&self, at: u32) -> Option<u32> {
        self.source.get(at as usize).copied().filter(|up| *up != NONE)
    }

    /// Returns those that stand under nothing.
    pub(super) fn roots(&self) -> impl Iterator<Item = u32> + '_ {
        (0u32..).zip(&self.parent).filter(|(_, up)| **up == NONE).map(|(at, _)| at)
    }

    /// Returns what stands right below.
    pub(super) fn below(&self, at: u32) -> &[u32] {
        self.below.get(at)
    }

    /// Returns what is fed from here and stands elsewhere.
    pub(super) fn fed(&self, at: u32) -> &[u32] {
        self.fed.get(at)
    }

    /// Returns what must be ready first.
    pub(super) fn needs(&self, at: u32) -> &[u32] {
        self.needs.get(at)
    }

    /// Returns what waits for this.
    pub(super) fn needed_by(&self, at: u32) -> &[u32] {
        self.needed.get(at)
    }

    /// Returns the rings of those that wait for each other.
    pub(super) fn rings(&self) -> impl Iterator<Item = &[u32]> {
        self.rings.iter().map(Vec::as_slice)
    }

    /// Tells whether one stands somewhere above another.
    pub(super) fn is_above(&self, high: u32, low: u32) -> bool {
        let mut at = low;
        for _ in 0..DEEP {
            match self.parent(at) {
                Some(up) if up == high => return true,
                Some(up) => at = up,
                None => return false,
            }
        }
        false
    }
}

/// Returns who applied each object: its labels say it, or an inventory names it.
fn appliers(flux: &Slice, place: &impl Fn(&Name) -> u32) -> Vec<u32> {
    let mut out = vec![NONE; flux.len()];
    for (owner, object) in (0u32..).zip(flux) {
        let entries = object.status.inventory.iter().flat_map(crate::flux::Inventory::entries);
        for (namespace, name, group, kind) in entries.filter_map(crate::flux::Applied::parts) {
            if Kind::of_group(kind, group).is_some() {
                let at = place(&Name { cluster: &object.key.cluster, kind, namespace, name });
                if let Some(slot) = out.get_mut(at as usize) {
                    *slot = owner;
                }
            }
        }
    }
    for (object, slot) in flux.iter().zip(&mut out).filter(|(_, slot)| **slot == NONE) {
        let label = |wanted: &str| object.labels.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
        if let Some((kind, namespace, name)) = applied_by(label) {
            *slot = place(&Name { cluster: &object.key.cluster, kind, namespace, name: name.into() });
        }
    }
    out
}

/// Returns what each stands under, with every circle cut: at a source when there is one in it.
fn parents(flux: &Slice, source: &[u32], applier: &[u32]) -> Vec<u32> {
    let mut parent: Vec<u32> = (0u32..)
        .zip(source.iter().zip(applier))
        .map(|(at, (fed, by))| {
            let other = |up: u32| if up == at { NONE } else { up };
            match (other(*fed), other(*by)) {
                (fed, NONE) => fed,
                (NONE, by) => by,
                // Who applied it brought its source as well, and does not live of that itself: the source stands between them.
                (fed, by) if applier.get(fed as usize) == Some(&by) && source.get(by as usize) != Some(&fed) => fed,
                (_, by) => by,
            }
        })
        .collect();
    // 0: not seen, 1: on the way, 2: done.
    let mut seen = vec![0u8; parent.len()];
    for start in 0..parent.len() {
        let mut way = Vec::new();
        let mut at = start;
        while seen[at] == 0 {
            seen[at] = 1;
            way.push(at);
            match parent[at] {
                NONE => break,
                up => at = up as usize,
            }
        }
        if seen[at] == 1
            && parent[at] != NONE
            && let Some(from) = way.iter().position(|w| *w == at)
        {
            let circle = &way[from..];
            let is_source = |at: &&usize| flux[**at].key.flux_kind().is_some_and(|k| k.family == Family::Source);
            let cut = circle.iter().filter(is_source).min().or_else(|| circle.iter().min());
            if let Some(cut) = cut {
                parent[*cut] = NONE;
            }
        }
        for at in way {
            seen[at] = 2;
        }
    }
    parent
}

/// Returns the rings among those that wait for each other: each once, from its first member on, in the order of waiting.
fn rings(count: usize, needs: &Lists) -> Vec<Vec<u32>> {
    let mut out: Vec<Vec<u32>> = Vec::new();
    let mut seen = vec![0u8; if needs.items.is_empty() { 0 } else { count }];
    for start in 0..u32::try_from(seen.len()).unwrap_or(0) {
        if seen[start as usize] != 0 {
            continue;
        }
        // A walk without recursion: the way down, each with the next of its needs to look at.
        let mut way: Vec<(u32, usize)> = vec![(start, 0)];
        seen[start as usize] = 1;
        while let Some((at, next)) = way.last_mut() {
            let Some(need) = needs.get(*at).get(*next).copied() else {
                seen[*at as usize] = 2;
                way.pop();
                continue;
            };
            *next += 1;
            match seen[need as usize] {
                0 => {
                    seen[need as usize] = 1;
                    way.push((need, 0));
                }
                1 => {
                    let from = way.iter().position(|(at, _)| *at == need).unwrap_or(0);
                    let mut ring: Vec<u32> = way[from..].iter().map(|(at, _)| *at).collect();
                    let least = ring.iter().enumerate().min_by_key(|(_, at)| **at).map_or(0, |(i, _)| i);
                    ring.rotate_left(least);
                    if !out.contains(&ring) {
                        out.push(ring);
                    }
                }
                _ => {}
            }
        }
    }
    out
}
