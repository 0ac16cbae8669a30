//! The parts that tabs are made of. All text reaches the screen through [`put`].

pub mod chart;
pub mod dialog;
pub mod diff_view;
pub mod form;
pub mod format;
pub mod input;
pub mod link;
pub mod message;
pub mod pane;
pub mod put;
pub mod recent;
pub mod scroll;
pub mod sheet;
pub mod stages;
pub mod summary;
pub mod table;
pub mod tree;
pub mod why;
pub mod yaml;
