//! Where a pointer meets something: what a frame drew leaves the places of its rows, its tabs, its keys and its lines that can be
//! moved. What is drawn over a place takes it away.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ratatui::layout::{Position, Rect};

/// Brings the number of a row that was pointed at to the list that has it.
#[derive(Debug, Clone, Default)]
pub struct Pointed(Arc<AtomicUsize>);

impl Pointed {
    /// Leaves the number of a row.
    pub fn point(&self, at: usize) {
        self.0.store(at.saturating_add(1), Ordering::Relaxed);
    }

    /// Takes the number that was left.
    pub fn take(&self) -> Option<usize> {
        self.0.swap(0, Ordering::Relaxed).checked_sub(1)
    }

    /// Tells whether two bring to the same list.
    pub fn same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// Says what there is at a place.
#[derive(Debug, Clone)]
pub enum Aim {
    /// Rows of a list, one a line.
    Rows {
        /// The number of the first one.
        first: usize,
        /// How many rows the list has.
        total: usize,
        /// Where the number goes.
        to: Pointed,
        /// The command that takes it.
        command: &'static str,
    },
    /// The title of a column that rows can be sorted by.
    Title {
        /// The column's place.
        at: usize,
        /// Where it goes.
        to: Pointed,
    },
    /// A command of what lies in front, or of the shell.
    Command(&'static str),
    /// A line across, above a pane that reaches down to this row.
    Line(u16),
    /// A line down, before a pane that reaches to this column.
    Side(u16),
}

/// Holds a place and what there is.
#[derive(Debug, Clone)]
pub struct Spot {
    /// The place.
    pub area: Rect,
    /// What there is.
    pub aim: Aim,
}

/// Holds the places of a frame.
#[derive(Debug, Default)]
pub struct Spots(Vec<Spot>);

impl Spots {
    /// Forgets all.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Adds one.
    pub fn add(&mut self, area: Rect, aim: Aim) {
        self.0.push(Spot { area, aim });
    }

    /// Takes away what lies under an area.
    pub fn cover(&mut self, area: Rect) {
        self.0.retain(|spot| !spot.area.intersects(area));
    }

    /// Goes through the places where a command is.
    pub fn of(&self, command: &str) -> impl Iterator<Item = Rect> {
        self.0.iter().filter(move |spot| matches!(spot.aim, Aim::Command(id) if id == command)).map(|spot| spot.area)
    }

    /// Returns what there is at a cell.
    pub fn at(&self, x: u16, y: u16) -> Option<&Spot> {
        self.0.iter().rev().find(|spot| spot.area.contains(Position { x, y }))
    }
}
