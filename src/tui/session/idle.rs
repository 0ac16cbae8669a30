//! Keys that do nothing here: a note says why, so that nobody wonders whether they were heard.

use crossterm::event::KeyCode;
use domain::actor::{Actor, Role};
use domain::flux::Health;
use domain::world::World;

use super::Session;
use crate::command::Command;
use crate::cx::Cx;
use crate::effects::Toast;
use crate::everywhere::{self, SHELL, Standing};
use crate::keys::{Chord, Meaning, label};
use crate::widgets::table::{LIST, PICK_ONE};

impl Session {
    /// Says why keys that were pressed do nothing. Esc with nothing to leave is a habit, and no question; over a question its own
    /// keys stand in it.
    pub(super) fn idle(&mut self, chords: &[Chord]) {
        let asked = self.layers.last().is_some_and(|layer| layer.pane.asks());
        if asked || matches!(chords, [Chord { code: KeyCode::Esc, .. }]) {
            return;
        }
        let text = self.why_idle(chords);
        self.toast(Toast { health: Health::Unknown, text });
    }

    fn why_idle(&self, chords: &[Chord]) -> String {
        let cx = self.base.cx();
        let key = cx.spelled(&label(chords));
        let means = |commands: &[&'static Command]| match cx.keymap.meaning(chords, commands) {
            Meaning::Command(command) => Some(command.id),
            _ => None,
        };
        if self.if_it_may(chords) {
            return cx.tf("idle.looks-only", &[("key", &key)]);
        }
        let here = self.pane(self.front()).map(|pane| pane.commands(&cx)).unwrap_or_default();
        let lists = here.iter().any(|command| command.id == "list.filter");
        let listed: Vec<&'static Command> = LIST.iter().filter(|_| lists).collect();
        let rows = here.iter().any(|command| command.id == "list.down");
        let shell = everywhere::commands(Standing { layered: !self.layers.is_empty(), ..Standing::ANYWHERE });
        match means(&listed).or_else(|| means(&shell)) {
            Some("list.reverse") if rows => cx.tf("idle.no-order", &[("key", &cx.key(&PICK_ONE))]),
            Some("list.next-fault") if rows => cx.t("idle.no-fault").to_owned(),
            Some(id) if id.starts_with("list.") && !rows => cx.t("idle.no-rows").to_owned(),
            Some("shell.earlier") => cx.t("idle.nothing-earlier").to_owned(),
            Some("shell.later") => cx.t("idle.nothing-later").to_owned(),
            _ => {
                let help = SHELL.iter().find(|command| command.id == "shell.help").map(|command| cx.key(command));
                cx.tf("idle.nothing", &[("key", &key), ("help", &help.unwrap_or_default())])
            }
        }
    }

    /// Tells whether the keys would do something if the operator had every right and no context were barred.
    fn if_it_may(&self, chords: &[Chord]) -> bool {
        let cx = self.base.cx();
        let actor = Actor { role: Role::Admin, ..cx.actor.clone() };
        let world = std::sync::Arc::new(World { barred: std::sync::Arc::default(), ..(**cx.world).clone() });
        let commands = self.pane(self.front()).map(|pane| pane.commands(&Cx { actor: &actor, world: &world, ..cx }));
        commands.is_some_and(|commands| matches!(cx.keymap.meaning(chords, &commands), Meaning::Command(_)))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use domain::actor::Role;
    use domain::flux::Health;
    use domain::world::World;

    use crate::fixture::{Stage, world};
    use crate::words::Language;

    fn notes(stage: &Stage) -> String {
        stage.session.toasts().map(|toast| toast.text.clone()).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn a_key_that_does_nothing_says_why() {
        for (keys, said) in [
            ("2 ctrl-y", "^Y does nothing here; ? shows what does."),
            ("2 g x", "g x does nothing here; ? shows what does."),
            ("2 O", "The rows stand in the order in which they come; o picks a column to sort by."),
            ("2 ]", "There is no place after this one."),
            ("2 esc", ""),
        ] {
            let mut stage = Stage::new(120, 36, Language::English);
            stage.keys(keys);
            assert_eq!(notes(&stage), said, "{keys}");
        }
        let mut stage = Stage::over(World::default(), 120, 36, Language::Chinese);
        stage.keys("6 g f");
        assert_eq!(notes(&stage), "此列表为空。");
    }

    #[test]
    fn where_nothing_fails_the_way_to_failures_says_so() {
        let mut fleet = world();
        let well = |e: &&Arc<_>| fleet.environment_health(e).0 == Health::Ok;
        let healthy: Vec<_> = fleet.environments.iter().filter(well).cloned().collect();
        assert!(!healthy.is_empty(), "something is well");
        fleet.environments = Arc::new(healthy);
        let mut stage = Stage::over(fleet, 120, 36, Language::English);
        stage.keys("2 g f");
        assert_eq!(notes(&stage), "Nothing in this list is failed or degraded.");
        let mut stage = Stage::new(120, 36, Language::English);
        stage.keys("2 g f");
        assert_eq!(notes(&stage), "", "something fails, and one is there");
    }

    #[test]
    fn who_may_only_look_is_told_so() {
        let mut stage = Stage::as_role(Role::Viewer);
        stage.keys("6 r");
        assert_eq!(notes(&stage), "r changes something, and here nothing may be changed.");
    }
}
