//! The tour: five things, one after another. Each says its key and is over when the operator has done it; nothing is taken from
//! them meanwhile.

use domain::flux::Health;

use super::Session;
use crate::effects::Toast;
use crate::place::TabId;

/// Holds one thing that the tour points at.
#[derive(Debug)]
pub(crate) struct Stop {
    /// The name of its sentence under `tour` in the language files.
    pub(crate) id: &'static str,
    /// The command that is pointed at.
    pub(crate) command: &'static str,
    /// The tab on which that command is, and the command that goes there; none where it is possible everywhere.
    pub(crate) home: Option<(TabId, &'static str)>,
    done: fn(&Session) -> bool,
}

/// What the tour points at, in order: something is broken, why, what would mend it, and how everything else is found.
pub(crate) const STOPS: [Stop; 5] = [
    Stop {
        id: "broken",
        command: "list.next-fault",
        home: Some((TabId::Environments, "tab.environments")),
        done: |session| session.active == TabId::Environments && session.at_fault(),
    },
    Stop {
        id: "history",
        command: "environments.history",
        home: Some((TabId::Environments, "tab.environments")),
        done: |session| session.active == TabId::Deployments,
    },
    Stop {
        id: "back",
        command: "deployments.roll-back",
        home: Some((TabId::Deployments, "tab.deployments")),
        done: |session| session.base.desk.restoring().is_some(),
    },
    Stop {
        id: "review",
        command: "diff.submit",
        home: Some((TabId::Diff, "tab.diff")),
        done: |session| {
            session.layers.last().is_some_and(|layer| layer.pane.asks())
                || session.base.running.values().any(|order| order.terms().recorded())
        },
    },
    Stop {
        id: "palette",
        command: "shell.palette",
        home: None,
        done: |session| session.layers.last().is_some_and(|layer| layer.by == "shell.palette"),
    },
];

/// Holds where the tour is.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tour {
    at: usize,
    /// Whether something was pressed since it points at this; what is so anyhow is not done yet.
    acted: bool,
}

impl Session {
    /// Begins the tour, from the beginning when it is under way.
    pub fn tour(&mut self) {
        self.tour = Some(Tour::default());
    }

    /// Returns what the tour points at and its number from 1; nothing when there is no tour, and while a question waits.
    pub(crate) fn touring(&self) -> Option<(usize, &'static Stop)> {
        let tour = self.tour.filter(|_| !self.layers.last().is_some_and(|layer| layer.pane.asks()))?;
        STOPS.get(tour.at).map(|stop| (tour.at + 1, stop))
    }

    /// Tells whether what a stop points at is there.
    pub(crate) fn to_be_found(&self, stop: &Stop) -> bool {
        let world = &self.base.world;
        stop.id != "broken" || world.environments.iter().any(|environment| world.environment_health(environment).0 == Health::Bad)
    }

    fn at_fault(&self) -> bool {
        let id = self.tab().environment();
        let environment = id.and_then(|id| self.base.world.environment(&id));
        environment.is_some_and(|environment| self.base.world.environment_health(environment).0 == Health::Bad)
    }

    /// Notes that something was pressed.
    pub(super) fn tour_acted(&mut self) {
        if let Some(tour) = &mut self.tour {
            tour.acted = true;
        }
    }

    /// Goes on to what the operator has not done yet.
    pub(super) fn tour_on(&mut self) {
        let Some(tour) = self.tour.filter(|tour| tour.acted) else { return };
        if STOPS.get(tour.at).is_some_and(|stop| (stop.done)(self)) {
            self.tour_next();
        }
    }

    /// Points at the next thing; after the last the tour is over.
    pub(super) fn tour_next(&mut self) {
        let Some(tour) = &mut self.tour else { return };
        (tour.at, tour.acted) = (tour.at + 1, false);
        if tour.at >= STOPS.len() {
            self.tour = None;
            let text = self.base.cx().t("tour.done").to_owned();
            self.toast(Toast { health: Health::Ok, text });
        }
    }

    /// Ends the tour.
    pub(super) fn tour_leave(&mut self) {
        self.tour = None;
        let text = self.base.cx().t("tour.left").to_owned();
        self.toast(Toast { health: Health::Ok, text });
    }
}
