//! Lines of a tree: indentation with `├─`, the last child with `└─`.

/// Holds a node and how deep it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node<T> {
    /// How deep: 0 for a root.
    pub depth: usize,
    /// What stands there.
    pub value: T,
}

/// Returns for each node, in the order of a walk from the roots down, what stands in front of it.
pub fn branches<T>(nodes: &[Node<T>]) -> Vec<String> {
    let mut out = vec![String::new(); nodes.len()];
    // From the end backwards: whether a later sibling at each depth is still to come.
    let mut open: Vec<bool> = Vec::new();
    for (at, node) in nodes.iter().enumerate().rev() {
        open.resize(node.depth + 1, false);
        let mut line = String::new();
        for later in open.iter().take(node.depth).skip(1) {
            line.push_str(if *later { "│  " } else { "   " });
        }
        if node.depth > 0 {
            line.push_str(if open[node.depth] { "├─ " } else { "└─ " });
        }
        open[node.depth] = true;
        out[at] = line;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn branches_end_where_the_last_child_is() {
        let nodes = [(0, "a"), (1, "b"), (2, "c"), (1, "d"), (2, "e"), (0, "f")].map(|(depth, value)| Node { depth, value });
        assert_eq!(branches(&nodes), ["", "├─ ", "│  └─ ", "└─ ", "   └─ ", ""]);
    }
}
