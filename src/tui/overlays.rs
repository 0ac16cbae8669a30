//! What can lie over a tab. Each is a pane of its own, built from an [`Overlay`] that says which.

use domain::orders::Order;
use domain::world::Mishap;

use crate::command::Command;
use crate::cx::Cx;
use crate::effects::Overlay;
use crate::tab::Tab;
use crate::tabs::deploy::review::Review;

pub mod adopt;
pub mod change;
pub mod changed;
pub mod commits;
pub mod compose;
pub mod confirm;
pub mod deletion;
pub mod drift;
pub mod edit;
pub mod fleet;
pub mod help;
pub mod log;
pub mod object;
pub mod palette;
pub mod place;
pub mod promotion;
pub mod sides;
pub mod text;
pub mod troubles;

/// Builds the pane of an overlay over what has these commands.
pub fn build(overlay: Overlay, cx: &Cx, commands: &[&'static Command], troubles: &[Mishap]) -> Box<dyn Tab> {
    match overlay {
        Overlay::Help => Box::new(help::Help::new(commands.to_vec())),
        Overlay::Palette => Box::new(palette::Palette::new(cx, commands)),
        Overlay::Troubles => Box::new(troubles::Troubles::new(troubles.to_vec())),
        Overlay::Trouble(trouble) => Box::new(text::Text::of_trouble(cx, &trouble)),
        Overlay::Confirm(ticket, order) => match *order {
            // What was previewed is shown once more, whole.
            Order::Deploy(deploy) if deploy.reviewed.is_some() => Box::new(Review::new(ticket, deploy)),
            order => match fleet::FleetReview::of(ticket, order) {
                Ok(pane) => Box::new(pane),
                Err(order) => match deletion::Deletion::of(ticket, *order) {
                    Ok(pane) => Box::new(pane),
                    Err(order) => Box::new(confirm::Confirm::order(cx, ticket, *order)),
                },
            },
        },
        Overlay::Leave => Box::new(confirm::Confirm::leave(cx)),
        Overlay::Object(key) => Box::new(object::Object::new(key)),
        Overlay::Edit(key) => Box::new(edit::Edit::new(key)),
        Overlay::Place(key, form) => Box::new(place::Place::new(key, form)),
        Overlay::Change(written, text) => Box::new(change::Change::new(written, text)),
        Overlay::FormOf(written) => Box::new(compose::Compose::of_written(&written)),
        Overlay::New(kind, namespace) => Box::new(compose::Compose::new(cx, kind, &namespace)),
        Overlay::Form(key) => Box::new(compose::Compose::edit(key)),
        Overlay::Drift(key) => Box::new(drift::DriftView::new(key)),
        Overlay::Log(of) => Box::new(log::Log::new(of)),
        Overlay::Logs(key) => Box::new(log::Log::of(key)),
        Overlay::Commits(environment) => Box::new(commits::Commits::new(environment)),
        Overlay::Changed(deployment) => Box::new(changed::Changed::new(deployment)),
        Overlay::Promotion(to) => Box::new(promotion::Choosing::new(to)),
        Overlay::Sides(project) => Box::new(sides::SideBySide::new(project)),
        Overlay::Adopt => Box::new(adopt::Adopt::new()),
        Overlay::Text(title, lines) => Box::new(text::Text::new(title, lines)),
    }
}
