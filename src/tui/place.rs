//! The names of tabs, known to all; what they are stands in [`crate::tabs`].

/// Names a tab.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TabId {
    /// Projects.
    Projects,
    /// Environments.
    Environments,
    /// The deploy form.
    Deploy,
    /// What the form yields.
    Yaml,
    /// What it changes.
    Diff,
    /// Flux objects.
    Flux,
    /// Deployments and their stages.
    Deployments,
    /// How deliveries are doing.
    Monitor,
    /// The journal.
    Audit,
    /// Flux itself.
    Settings,
}

impl TabId {
    /// Every name, in the order of the tab line.
    pub const ALL: [Self; 10] = [
        Self::Projects,
        Self::Environments,
        Self::Deploy,
        Self::Yaml,
        Self::Diff,
        Self::Flux,
        Self::Deployments,
        Self::Monitor,
        Self::Audit,
        Self::Settings,
    ];

    /// Returns its place in that order.
    pub const fn index(self) -> usize {
        self as usize
    }
}
