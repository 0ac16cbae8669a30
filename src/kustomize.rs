//! The kustomize program, for what is not rendered in-process: found on the PATH, kept to a copy of the files, and bounded.
//!
//! No plugin is switched on, and what it would fetch is looked for beforehand.

mod reach;

use std::path::PathBuf;

use domain::Trouble;
use tokio::process::Command;

use crate::local::Export;
use crate::program::{self, Bounds, Printed, Way};

pub(crate) use reach::reach;

/// Holds a program that renders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Program {
    path: PathBuf,
    /// Its name as it is told: `kustomize`, `kubectl kustomize`.
    pub(crate) name: &'static str,
    verb: &'static str,
}

impl Program {
    /// Finds `kustomize`, else `kubectl`, in the folders of a PATH.
    pub(crate) fn find(path: &str) -> Option<Self> {
        let programs = [("kustomize", "kustomize", "build"), ("kubectl", "kubectl kustomize", "kustomize")];
        programs.into_iter().find_map(|(file, name, verb)| program::find(path, file).map(|path| Self { path, name, verb }))
    }

    /// Renders a folder of a copy.
    pub(crate) async fn render(
        &self,
        export: &Export,
        folder: &str,
        (way, helm): (Way<'_>, bool),
        bounds: Bounds,
    ) -> Result<Printed, Trouble> {
        let mut command = Command::new(&self.path);
        command.arg(self.verb).arg(export.root().join(folder));
        if helm {
            command.arg("--enable-helm");
        }
        program::render(command, (self.name, folder), (export, way), bounds).await
    }
}

#[cfg(test)]
#[path = "kustomize/tests.rs"]
mod tests;
