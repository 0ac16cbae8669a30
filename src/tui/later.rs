//! What of a frame may follow a moment later: what says more about a selected row, and how the rest of rows looks.

use ratatui::layout::Rect;

/// Says what of a frame may follow a moment later.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Later {
    /// Areas of which nothing comes now.
    pub areas: Vec<Rect>,
    /// Areas whose rows keep their text and change their look only: of that comes as much as there is room for, in this order.
    pub looks: Vec<Rect>,
}
