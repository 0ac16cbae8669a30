//! The other graph: what waits for what, drawn as a tree. What is needed stands above what needs it.

use std::collections::{BTreeMap, VecDeque};

use super::{Lineage, Node};

/// Holds the objects that have dependencies or are some, each in one place: below the one that comes last before it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Order {
    /// Those that wait for nothing, and the first one of each ring.
    pub roots: Vec<Node>,
    below: BTreeMap<Node, Vec<Node>>,
    above: BTreeMap<Node, Node>,
}

impl Order {
    /// Returns what waits for a node and stands below it.
    pub fn below(&self, node: Node) -> &[Node] {
        self.below.get(&node).map_or(&[], Vec::as_slice)
    }

    /// Returns the node that one stands below.
    pub fn above(&self, node: Node) -> Option<Node> {
        self.above.get(&node).copied()
    }

    fn place(&mut self, node: Node, above: Option<Node>) {
        match above {
            None => self.roots.push(node),
            Some(up) => {
                self.below.entry(up).or_default().push(node);
                self.above.insert(node, up);
            }
        }
    }
}

impl Lineage {
    /// Puts everything that depends or is depended on in the order in which it becomes ready.
    pub fn order(&self) -> Order {
        let mut order = Order::default();
        // How many needs of each are still to come, and how deep the deepest one so far stands.
        let mut open: BTreeMap<Node, (usize, Option<(usize, Node)>)> =
            self.ordered().map(|node| (node, (self.needs(node).len(), None))).collect();
        let mut next: VecDeque<(Node, usize)> =
            open.iter().filter(|(_, (left, _))| *left == 0).map(|(node, _)| (*node, 0)).collect();
        for (node, _) in &next {
            order.place(*node, None);
        }
        while let Some((node, deep)) = next.pop_front() {
            open.remove(&node);
            for waiting in self.needed_by(node) {
                let Some((left, deepest)) = open.get_mut(&waiting) else { continue };
                *left = left.saturating_sub(1);
                if deepest.is_none_or(|(known, _)| deep >= known) {
                    *deepest = Some((deep, node));
                }
                if *left == 0 {
                    let (deep, up) = deepest.unwrap_or((deep, node));
                    order.place(waiting, Some(up));
                    next.push_back((waiting, deep + 1));
                }
            }
        }
        self.place_rings(&mut order, open.into_keys().collect());
        order.roots.sort_unstable();
        order
    }

    /// Places what no order leads to: rings, and what waits behind them.
    fn place_rings(&self, order: &mut Order, mut left: std::collections::BTreeSet<Node>) {
        for ring in self.rings() {
            let Some(first) = ring.first().copied().filter(|first| left.remove(first)) else { continue };
            order.place(first, None);
            let mut next = VecDeque::from([first]);
            while let Some(node) = next.pop_front() {
                for waiting in self.needed_by(node) {
                    if left.remove(&waiting) {
                        order.place(waiting, Some(node));
                        next.push_back(waiting);
                    }
                }
            }
        }
    }
}
