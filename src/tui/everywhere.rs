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
    command("shell.back", &["esc"], 85),
    command("shell.next-tab", &["tab", "]"], 0),
    command("shell.previous-tab", &["s-tab", "["], 0),
    command("tab.projects", &["1", "alt-1"], 0),
    command("tab.environments", &["2", "alt-2"], 0),
    command("tab.deploy", &["3", "alt-3"], 0),
    command("tab.yaml", &["4", "alt-4"], 0),
    command("tab.diff", &["5", "alt-5"], 0),
    command("tab.flux", &["6", "alt-6"], 0),
    command("tab.deployments", &["7", "alt-7"], 0),
    command("tab.monitor", &["8", "alt-8"], 0),
    command("tab.audit", &["9", "alt-9"], 0),
    command("tab.settings", &["0", "alt-0"], 0),
    command("shell.quit", &["q", "ctrl-c"], 0),
];

/// Returns the shell's commands that are possible now.
pub fn commands(asks: bool, layered: bool, back: bool) -> Vec<&'static Command> {
    SHELL
        .iter()
        .filter(|c| match c.id {
            "shell.quit" => true,
            _ if asks => false,
            "shell.close" => layered,
            "shell.palette" | "shell.help" | "shell.troubles" => true,
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
