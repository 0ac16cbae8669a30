//! Marks in the tree: Flux objects that an act is meant for, wherever they stand.

use domain::flux::{FluxObject, ObjectKey};
use domain::lineage::{Node, Way};

use super::Tree;
use super::rows::Row;
use crate::command::{Command, command};
use crate::cx::Cx;
use crate::effects::OrderTicket;

/// The list's keys for marks fold and narrow the tree.
pub(super) static MARKS: [Command; 3] =
    [command("tree.mark", &["m"], 0), command("tree.mark-range", &["v"], 0), command("tree.mark-all", &["M"], 0)];

impl Tree {
    /// Returns the marked objects; without marks, the selected one.
    pub(in super::super) fn meant<'a>(&self, cx: &Cx<'a>) -> Vec<&'a FluxObject> {
        let selected = self.key().filter(|_| self.marks.is_empty());
        let mut keys: Vec<&ObjectKey> = self.marks.iter().chain(&selected).collect();
        keys.sort_unstable();
        keys.into_iter().filter_map(|key| cx.world.flux_object(key)).map(|object| &**object).collect()
    }

    /// Returns how many objects are marked.
    pub(in super::super) fn mark_count(&self) -> usize {
        self.marks.len()
    }

    /// Remembers the order that was given for the marked objects.
    pub(in super::super) fn gave(&mut self, ticket: OrderTicket) {
        self.acting = Some(ticket);
    }

    /// Takes the marks away when their order was carried out; tells whether it was this one.
    pub(in super::super) fn done(&mut self, ticket: OrderTicket) -> bool {
        let mine = self.acting == Some(ticket);
        if mine {
            self.acting = None;
            self.unmark();
        }
        mine
    }

    pub(super) fn unmark(&mut self) {
        self.marks.clear();
        self.anchor = None;
    }

    /// Forgets the marks of what is gone.
    pub(super) fn forget_marks(&mut self, cx: &Cx) {
        self.marks.retain(|key| cx.world.flux_object(key).is_some());
    }

    /// Returns the key of a row that can be marked: it stands there, is what is sought, and something can be done to it.
    fn markable(&self, row: &Row) -> Option<ObjectKey> {
        let can = matches!(row.node, Node::Flux(_)) && row.way != Way::Points && row.hit;
        can.then(|| self.lineage.flux(row.node).map(|object| object.key.clone())).flatten()
    }

    pub(super) fn mark_command(&mut self, id: &str) {
        match id {
            "tree.mark" => {
                if let Some(key) = self.key().filter(|key| key.flux_kind().is_some()) {
                    if !self.marks.remove(&key) {
                        self.marks.insert(key.clone());
                    }
                    self.anchor = Some(key);
                }
                self.go(self.cursor + 1);
            }
            "tree.mark-range" => self.mark_range(),
            "tree.mark-all" => {
                let keys: Vec<ObjectKey> = self.rows.iter().filter_map(|row| self.markable(row)).collect();
                if keys.iter().all(|key| self.marks.contains(key)) {
                    for key in &keys {
                        self.marks.remove(key);
                    }
                } else {
                    self.marks.extend(keys);
                }
            }
            _ => {}
        }
    }

    /// Marks everything from the row that was marked last to the selected one.
    fn mark_range(&mut self) {
        let of = |row: &Row| self.lineage.flux(row.node).map(|object| &object.key);
        let anchor = self.anchor.as_ref().and_then(|key| self.rows.iter().position(|row| of(row) == Some(key)));
        let anchor = anchor.unwrap_or(self.cursor);
        let (from, to) = (anchor.min(self.cursor), anchor.max(self.cursor));
        let rows = self.rows.iter().skip(from).take(to - from + 1);
        let keys: Vec<ObjectKey> = rows.filter_map(|row| self.markable(row)).collect();
        self.marks.extend(keys);
        self.anchor = self.key();
    }
}
