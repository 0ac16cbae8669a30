//! The rows of a tree: walked from its roots, folded, filtered. Positions only, so that a hundred thousand are no burden.

use domain::lineage::{Child, Lineage, Node, Order, Way};

/// Stands for no row.
const NONE: u32 = u32::MAX;
/// How many rows there are at most; what lies beyond is not shown and that is said.
pub(super) const MOST: usize = 200_000;

/// Holds a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) node: Node,
    pub(super) way: Way,
    /// The row above which it stands under.
    up: u32,
    pub(super) depth: u16,
    /// Whether it is the last one under the row above.
    last: bool,
    /// Whether what stands under it is shown; nothing when nothing does.
    pub(super) open: Option<bool>,
    /// Whether it is what is sought, and not only on the way there.
    pub(super) hit: bool,
}

/// Holds the rows in the order in which they are shown.
#[derive(Debug, Default)]
pub(super) struct Rows(Vec<Row>);

impl Rows {
    /// Walks down from the roots; `opens` says what is unfolded.
    pub(super) fn walk(
        (lineage, order): (&Lineage, Option<&Order>),
        roots: impl DoubleEndedIterator<Item = Node>,
        opens: impl Fn(Node) -> bool,
    ) -> Self {
        let mut rows: Vec<Row> = Vec::new();
        let mut next: Vec<Row> = roots.rev().map(|node| row(Child { node, way: Way::Feeds }, NONE, 0, true)).collect();
        while let Some(mut one) = next.pop() {
            if rows.len() >= MOST {
                break;
            }
            let at = u32::try_from(rows.len()).unwrap_or(NONE);
            let leaf = one.way == Way::Points || order.map_or_else(|| lineage.leaf(one.node), |o| o.below(one.node).is_empty());
            one.open = (!leaf).then(|| opens(one.node));
            rows.push(one);
            if one.open == Some(true) {
                let children = match order {
                    Some(order) => order.below(one.node).iter().map(|n| Child { node: *n, way: Way::Feeds }).collect(),
                    None => lineage.children(one.node),
                };
                let count = children.len();
                let below = children.into_iter().enumerate().rev();
                next.extend(below.map(|(n, child)| row(child, at, one.depth.saturating_add(1), n + 1 == count)));
            }
        }
        Self(rows)
    }

    /// Keeps the rows that fit and those that lead to them.
    pub(super) fn keep(&mut self, fits: impl Fn(&Row) -> bool) {
        for row in &mut self.0 {
            row.hit = fits(row);
        }
        let mut kept: Vec<bool> = self.0.iter().map(|row| row.hit).collect();
        for at in (0..kept.len()).rev() {
            let up = self.0[at].up;
            if kept[at]
                && let Some(above) = kept.get_mut(up as usize)
            {
                *above = true;
            }
        }
        let mut places = vec![NONE; kept.len()];
        let mut rows: Vec<Row> = Vec::new();
        for (at, row) in self.0.iter().enumerate().filter(|(at, _)| kept[*at]) {
            places[at] = u32::try_from(rows.len()).unwrap_or(NONE);
            rows.push(Row { up: places.get(row.up as usize).copied().unwrap_or(NONE), last: false, ..*row });
        }
        // The last under each row above is the one after which no other of the same comes.
        let mut seen = vec![false; rows.len()];
        for row in rows.iter_mut().rev() {
            row.last = match seen.get_mut(row.up as usize) {
                Some(seen) => !std::mem::replace(seen, true),
                None => true,
            };
        }
        self.0 = rows;
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn get(&self, at: usize) -> Option<&Row> {
        self.0.get(at)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Row> {
        self.0.iter()
    }

    /// Returns the place of the row above.
    pub(super) fn up(&self, at: usize) -> Option<usize> {
        self.0.get(at).map(|row| row.up).filter(|up| *up != NONE).map(|up| up as usize)
    }

    /// Returns what stands in front of a row: `│  ├─ `.
    pub(super) fn front(&self, at: usize) -> String {
        let Some(row) = self.0.get(at).filter(|row| row.depth > 0) else { return String::new() };
        let mut parts = vec![if row.last { "└─" } else { "├─" }];
        let mut up = self.up(at);
        while let Some(above) = up.and_then(|up| self.0.get(up)).filter(|above| above.depth > 0) {
            parts.push(if above.last { "  " } else { "│ " });
            up = up.and_then(|up| self.up(up));
        }
        parts.into_iter().rev().collect()
    }
}

const fn row(child: Child, up: u32, depth: u16, last: bool) -> Row {
    Row { node: child.node, way: child.way, up, depth, last, open: None, hit: true }
}
