//! The last deployments in a few lines, for panes that tell about something else.
//!
//! ```text
//! LAST DEPLOYMENTS
//! ✓   3m  production  image 1.8.3 → 1.8.4  by ada
//! ✗   2h  staging     image 1.9.0-rc1      by grace
//! ```

use std::cell::RefCell;

use domain::deployment::Status;
use domain::history::{Brief, History};

use crate::cx::Cx;
use crate::theme::Role;
use crate::widgets::pane::Room;
use crate::widgets::put::{Piece, piece, width};

/// How many deployments are told where there is little room, and at most.
const FEW: usize = 8;
const MOST: usize = 32;

/// Remembers which deployments are told of what is selected, so that a frame need not go through all there are as the last one did.
#[derive(Debug, Default)]
pub struct Recent(RefCell<Option<(String, History, Vec<Brief>)>>);

impl Recent {
    /// Returns the newest of all deployments that are those of what has this name.
    pub fn of(&self, all: &History, name: String, ours: impl Fn(&Brief) -> bool) -> Vec<Brief> {
        let mut known = self.0.borrow_mut();
        let same = known.as_ref().filter(|(of, then, _)| *of == name && then.is_same(all)).map(|(_, _, found)| found.clone());
        same.unwrap_or_else(|| {
            let found: Vec<Brief> = all.iter().filter(|d| ours(d)).take(MOST).cloned().collect();
            *known = Some((name, all.clone(), found.clone()));
            found
        })
    }
}

/// Returns glyph and role of a status.
pub fn glyph(status: Status) -> (&'static str, Role) {
    match status {
        Status::Succeeded => ("✓", Role::Ok),
        Status::Failed => ("✗", Role::Bad),
        Status::Running => ("◐", Role::Busy),
        Status::Waiting => ("‖", Role::Off),
        Status::Superseded => ("○", Role::Faint),
    }
}

/// Returns a heading and a line for each of the newest deployments, or that there is none; a pane that is high enough tells more.
pub fn lines(cx: &Cx, found: &[Brief], named: bool, room: Room) -> Vec<Vec<Piece<'static>>> {
    let found = if room.whole { found } else { &found[..found.len().min(FEW)] };
    let mut out = vec![vec![piece(cx.t("recent.title").to_owned(), Role::Accent)]];
    if found.is_empty() {
        out.push(vec![piece(cx.t("recent.none").to_owned(), Role::Muted)]);
    }
    let wide = found.iter().map(|d| width(d.environment().name.as_str())).max().unwrap_or(0);
    for deployment in found {
        let (glyph, role) = glyph(deployment.status());
        let mut line = vec![piece(glyph, role), piece(format!(" {:>4}  ", cx.age(deployment.requested())), Role::Muted)];
        if named {
            let name = deployment.environment().name.as_str();
            line.push(piece(format!("{name}{}  ", " ".repeat(wide - width(name))), Role::Text));
        }
        line.push(piece(cx.changes(deployment.method(), deployment.summary()), Role::Text));
        line.push(piece(format!("  {}", cx.tf("deployments.by", &[("who", &deployment.actor().login)])), Role::Muted));
        out.push(line);
    }
    out
}
