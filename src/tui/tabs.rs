//! The registry of tabs: one line each.

pub use crate::place::TabId;
use crate::tab::Tab;

pub mod audit;
pub mod deploy;
pub mod deployments;
pub mod diff;
pub mod environments;
pub mod flux;
pub mod monitor;
pub mod projects;
pub mod settings;
pub mod yaml;

macro_rules! tabs {
    ($($number:literal $id:ident $word:literal $build:expr;)*) => {
        /// Every tab, in the order of the tab line.
        pub const TABS: &[TabEntry] = &[$(TabEntry {
            id: TabId::$id, number: $number, title: concat!("tab.", $word), build: || Box::new($build),
        }),*];
    };
}

/// Describes a tab.
#[derive(Debug, Clone, Copy)]
pub struct TabEntry {
    /// Its name.
    pub id: TabId,
    /// The key that goes to it.
    pub number: char,
    /// The key of its title in the language files.
    pub title: &'static str,
    /// Builds it.
    pub build: fn() -> Box<dyn Tab>,
}

tabs! {
    '1' Projects "projects" projects::Projects::new();
    '2' Environments "environments" environments::Environments::new();
    '3' Deploy "deploy" deploy::Deploy::default();
    '4' Yaml "yaml" yaml::Yaml::default();
    '5' Diff "diff" diff::Diff::default();
    '6' Flux "flux" flux::Flux::new();
    '7' Deployments "deployments" deployments::Deployments::default();
    '8' Monitor "monitor" monitor::Monitor::default();
    '9' Audit "audit" audit::Audit::new();
    '0' Settings "settings" settings::Settings::default();
}

/// Returns a tab's line in [`TABS`].
pub fn entry(id: TabId) -> &'static TabEntry {
    TABS.iter().find(|t| t.id == id).unwrap_or(&TABS[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_has_its_line_in_the_same_order() {
        let lines: Vec<TabId> = TABS.iter().map(|t| t.id).collect();
        assert_eq!(lines, TabId::ALL);
    }
}
