//! The commands that work everywhere: going to tabs, help, palette, leaving.

use crate::command::{Command, command};
use crate::place::TabId;
use crate::tabs::TABS;

/// The shell's own commands.
pub const SHELL: &[Command] = &[
    command("shell.palette", &[":", "ctrl-o"], 95),
    command("shell.help", &["?", "f1"], 96),
    command("shell.troubles", &["!", "f2"], 0),
    command("shell.close", &["esc", "q"], 97),
    command("shell.tour-leave", &["esc"], 86),
    command("shell.tour-next", &["alt-n", "f8"], 0),
    command("shell.tour", &[], 0),
    command("shell.since", &[], 0),
    command("shell.cancel", &["esc"], 84),
    command("shell.back", &["esc"], 85),
    command("shell.earlier", &["[", "alt-left"], 0),
    command("shell.later", &["]", "alt-right"], 0),
    command("shell.next-tab", &["tab"], 0),
    command("shell.previous-tab", &["s-tab"], 0),
    command("shell.count", &["#"], 0),
    command("tab.projects", &["1", "alt-1", "g p"], 0),
    command("tab.environments", &["2", "alt-2", "g e"], 0),
    command("tab.deploy", &["3", "alt-3", "g d"], 0),
    command("tab.yaml", &["4", "alt-4", "g y"], 0),
    command("tab.diff", &["5", "alt-5", "g v"], 0),
    command("tab.flux", &["6", "alt-6", "g k"], 0),
    command("tab.deployments", &["7", "alt-7", "g h"], 0),
    command("tab.monitor", &["8", "alt-8", "g m"], 0),
    command("tab.audit", &["9", "alt-9", "g a"], 0),
    command("tab.settings", &["0", "alt-0", "g s"], 0),
    command("shell.quit", &["q", "ctrl-c"], 0),
];

/// Says what the shell's commands depend on.
#[expect(clippy::struct_excessive_bools, reason = "each holds or does not, whatever the others do")]
#[derive(Debug, Clone, Copy)]
pub struct Standing {
    /// Whether a question lies on top that has to be answered first.
    pub asks: bool,
    /// Whether something lies over the tab.
    pub layered: bool,
    /// Whether Esc leads back to a tab.
    pub back: bool,
    /// Whether there is a place one was at before.
    pub earlier: bool,
    /// Whether there is a place one came back from.
    pub later: bool,
    /// Whether the tour is under way.
    pub tour: bool,
    /// Whether something has changed since the session before.
    pub news: bool,
    /// Whether the tab has waited for an answer for a while.
    pub waiting: bool,
}

impl Standing {
    /// Everything that is possible over a tab.
    pub const ANYWHERE: Self =
        Self { asks: false, layered: false, back: true, earlier: true, later: true, tour: false, news: false, waiting: false };
}

/// Returns the shell's commands that are possible now.
pub fn commands(standing: Standing) -> Vec<&'static Command> {
    let Standing { asks, layered, back, earlier, later, tour, news, waiting } = standing;
    SHELL
        .iter()
        .filter(|c| match c.id {
            "shell.quit" => true,
            _ if asks => false,
            "shell.close" => layered,
            "shell.earlier" => earlier,
            "shell.later" => later,
            "shell.tour-leave" => tour && !layered,
            "shell.tour-next" => tour,
            "shell.since" => news,
            "shell.tour" | "shell.count" | "shell.palette" | "shell.help" | "shell.troubles" => true,
            "shell.cancel" => waiting && !layered,
            "shell.back" => back && !layered,
            id if id.starts_with("tab.") => true,
            _ => !layered,
        })
        .collect()
}

/// Tells whether a command is one of the shell's own.
pub fn owns(command: &Command) -> bool {
    SHELL.iter().any(|c| c.id == command.id)
}

/// Returns the tab that a command goes to.
pub fn tab_of(id: &str) -> Option<TabId> {
    TABS.iter().find(|t| t.title == id).map(|t| t.id)
}
