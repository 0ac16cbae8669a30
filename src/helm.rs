//! The helm program, for what a chart renders to: found on the PATH, kept to a copy of the files, and bounded.
//!
//! It speaks to no cluster, so a chart that looks something up there finds nothing, and it reaches no other host unless that
//! is allowed. What a release says is known in the manifests' library.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use domain::Trouble;
use manifest::files::Files;
use manifest::{ChartAt, Release};
use tokio::process::Command;

use crate::local::Export;
use crate::program::{self, Bounds, Printed, Way};

/// How long a chart may take while somebody waits for a preview.
const PREVIEW: Bounds = Bounds { time: Duration::from_secs(10), output: 16 << 20 };

/// Holds the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Helm(PathBuf);

/// Returns the way of an engine to what a chart renders to; nothing when helm is not in the folders of `path`, which is a PATH.
pub(crate) fn for_engine(path: String) -> Option<engine::Helm> {
    let helm = Helm::find(&path)?;
    Some(Arc::new(move |files: Files, release: Release| {
        let (helm, path) = (helm.clone(), path.clone());
        Box::pin(async move {
            let defaults = release.defaults(&files)?;
            let export = Export::of(&files)?;
            let way = Way { path: &path, proxies: &[] };
            let printed = helm.render((&export, way), (&release, defaults.as_deref()), false, PREVIEW).await?;
            Ok(printed.text)
        })
    }))
}

impl Helm {
    /// Finds it in the folders of a PATH.
    pub(crate) fn find(path: &str) -> Option<Self> {
        program::find(path, "helm").map(Self)
    }

    /// Renders the chart of a release out of a copy; a chart on another host only when `remote` is allowed.
    ///
    /// `defaults` stand for the chart's own values.
    pub(crate) async fn render(
        &self,
        (export, way): (&Export, Way<'_>),
        (release, defaults): (&Release, Option<&str>),
        remote: bool,
        bounds: Bounds,
    ) -> Result<Printed, Trouble> {
        let mut command = Command::new(&self.0);
        command.arg("template");
        let mut replaced = None;
        let chart = match &release.chart {
            ChartAt::Git { path, .. } => {
                let chart = export.root().join(path);
                if !chart.exists() {
                    return Err(Trouble::not_found("The chart is not there", format!("{}: {path}", release.key))
                        .next("Correct the release's spec.chart.spec.chart."));
                }
                if let Some(text) = defaults {
                    replaced = Some(Replaced::new(&chart.join("values.yaml"), text).map_err(|e| unwritten(&e))?);
                }
                if remote {
                    command.arg("--dependency-update");
                }
                chart.into_os_string()
            }
            ChartAt::Remote { url: Some(url), chart, version, .. } if remote => {
                from_elsewhere(&mut command, url, chart, version.as_deref()).into()
            }
            other => return Err(Trouble::refused("The chart is not rendered", &release.key).why(elsewhere(other)).next("")),
        };
        if !release.namespace.is_empty() {
            command.args(["--namespace", &release.namespace]);
        }
        let values = export.home().join("values.json");
        fs::write(&values, &release.values).map_err(|e| unwritten(&e))?;
        command.arg("--values").arg(&values).arg("--skip-tests");
        if !release.skip_crds {
            command.arg("--include-crds");
        }
        // What manifests say may begin with a hyphen, and helm has options that run programs: nothing behind this is one.
        command.args(["--", &release.name]).arg(chart);
        let printed = program::render(command, ("helm", &release.key), (export, way), bounds).await;
        drop(replaced);
        printed
    }
}

/// Names a chart on another host; returns its name for helm.
fn from_elsewhere(command: &mut Command, url: &str, chart: &str, version: Option<&str>) -> String {
    if let Some(version) = version {
        command.args(["--version", version]);
    }
    if url.starts_with("oci://") {
        return if chart.is_empty() { url.to_owned() } else { format!("{}/{chart}", url.trim_end_matches('/')) };
    }
    command.args(["--repo", url]);
    chart.to_owned()
}

/// Says why a chart is not rendered.
pub(crate) fn elsewhere(chart: &ChartAt) -> String {
    match chart {
        ChartAt::Git { source, path, .. } => format!("its chart is {path} of GitRepository/{}", source.1),
        ChartAt::Remote { source, url: Some(url), .. } => format!("its chart is on another host: {source}, {url}"),
        ChartAt::Remote { source, url: None, .. } => format!("its chart is on another host: {source}, which is not here"),
        ChartAt::Unknown(why) => why.clone(),
    }
}

fn unwritten(error: &io::Error) -> Trouble {
    Trouble::failed("A chart could not be copied for helm", "the folder for temporary files").why(error)
}

/// Holds a file of a copy that says something else for a while.
struct Replaced {
    file: PathBuf,
    before: Option<Vec<u8>>,
}

impl Replaced {
    fn new(file: &Path, text: &str) -> io::Result<Self> {
        let before = fs::read(file).ok();
        fs::write(file, text)?;
        Ok(Self { file: file.to_owned(), before })
    }
}

impl Drop for Replaced {
    fn drop(&mut self) {
        // The copy goes soon; who cannot write it back renders the next release of the same chart with these values.
        let _ = match &self.before {
            Some(bytes) => fs::write(&self.file, bytes),
            None => fs::remove_file(&self.file),
        };
    }
}

#[cfg(test)]
#[path = "helm/tests.rs"]
mod tests;
