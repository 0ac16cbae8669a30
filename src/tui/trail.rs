//! The places one was at, in the order in which one came to them: back and forth, and the recent ones in the palette.

use domain::flux::ObjectKey;
use domain::ident::{EnvironmentId, Slug};

use crate::desk::Desk;
use crate::place::TabId;

/// How many places are remembered.
const MOST: usize = 50;

/// Names a place: a tab, what it was narrowed to, and the object that was open over it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stop {
    /// The tab.
    pub tab: TabId,
    /// The project that lists were narrowed to.
    pub project: Option<Slug>,
    /// The environment, on tabs that are about one.
    pub environment: Option<EnvironmentId>,
    /// The kind, on the tab that lists kinds.
    pub kind: Option<&'static str>,
    /// The object that was open.
    pub object: Option<ObjectKey>,
}

impl Stop {
    /// Returns where one is.
    pub fn of(tab: TabId, desk: &Desk, object: Option<ObjectKey>) -> Self {
        let of_one = matches!(tab, TabId::Deploy | TabId::Yaml | TabId::Diff);
        let of_many = matches!(tab, TabId::Projects | TabId::Environments);
        Self {
            tab,
            project: desk.project.clone().filter(|_| of_many),
            environment: desk.environment.clone().filter(|_| of_one),
            kind: desk.kind.filter(|_| tab == TabId::Flux),
            object,
        }
    }
}

/// Holds the places one was at.
#[derive(Debug, Default)]
pub struct Trail {
    behind: Vec<Stop>,
    here: Option<Stop>,
    ahead: Vec<Stop>,
}

impl Trail {
    /// Says where one is; another place than the last goes on the trail.
    pub fn mark(&mut self, stop: Stop) {
        if self.here.as_ref() == Some(&stop) {
            return;
        }
        self.behind.extend(self.here.replace(stop));
        self.ahead.clear();
        if self.behind.len() > MOST {
            self.behind.remove(0);
        }
    }

    /// Goes one place back, or forth, and returns it.
    pub fn step(&mut self, forth: bool) -> Option<Stop> {
        let (from, to) = if forth { (&mut self.ahead, &mut self.behind) } else { (&mut self.behind, &mut self.ahead) };
        let next = from.pop()?;
        to.extend(self.here.replace(next.clone()));
        Some(next)
    }

    /// Tells whether there is a place back, or forth.
    pub fn leads(&self, forth: bool) -> bool {
        if forth { !self.ahead.is_empty() } else { !self.behind.is_empty() }
    }

    /// Goes through other places than this one, the last first, each once.
    pub fn recent(&self) -> Vec<&Stop> {
        let mut out: Vec<&Stop> = Vec::new();
        for stop in self.ahead.iter().chain(self.behind.iter().rev()) {
            if self.here.as_ref() != Some(stop) && !out.contains(&stop) {
                out.push(stop);
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stop(tab: TabId) -> Stop {
        Stop::of(tab, &Desk::default(), None)
    }

    #[test]
    fn one_goes_back_and_forth_until_one_turns_off() {
        let mut trail = Trail::default();
        for tab in [TabId::Projects, TabId::Flux, TabId::Flux, TabId::Audit] {
            trail.mark(stop(tab));
        }
        assert_eq!(trail.step(false), Some(stop(TabId::Flux)));
        assert_eq!(trail.step(false), Some(stop(TabId::Projects)));
        assert_eq!(trail.step(false), None);
        assert_eq!(trail.step(true), Some(stop(TabId::Flux)));
        trail.mark(stop(TabId::Flux));
        assert!(trail.leads(true), "arriving is no turning off");
        trail.mark(stop(TabId::Settings));
        assert!(!trail.leads(true) && trail.leads(false));
        let recent: Vec<TabId> = trail.recent().into_iter().map(|s| s.tab).collect();
        assert_eq!(recent, [TabId::Flux, TabId::Projects]);
    }
}
