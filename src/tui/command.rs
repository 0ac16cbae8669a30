//! Commands: what can be done, by id. Footer, help, palette and manual read the same entries.

/// Holds one thing that an operator can tell the screen to do.
///
/// Its title and its sentence of documentation stand in the language files under `command."<id>"`, as `title | sentence`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Command {
    /// A stable id: `flux.reconcile`.
    pub id: &'static str,
    /// Its keys unless the operator gave it others; the first is shown.
    pub keys: &'static [&'static str],
    /// Its place in the footer, 1 first; 0 keeps it out.
    pub footer: u8,
}

/// Builds a command; shorter than the literal in lists.
pub const fn command(id: &'static str, keys: &'static [&'static str], footer: u8) -> Command {
    Command { id, keys, footer }
}
